/*
 * pm_gs1_ai.c - finding an application identifier in the compiled table
 *
 * All identifiers that share their first two digits have the same number of
 * digits, so those two say how many to read; the rows of one prefix are then
 * searched by halves, five steps at most.
 */
#include "pm_gs1_private.h"
#include "pm_gs1_ai_table.h"

/* The prefix entry of two characters; NULL unless both are digits. */
static const PmGs1AiPrefix *
prefix_of(const char *two)
{
	unsigned tens = (unsigned) (unsigned char) two[0] - '0';
	unsigned units = (unsigned) (unsigned char) two[1] - '0';

	return tens <= 9 && units <= 9 ? &prefixes[tens * 10 + units] : NULL;
}

/* How many digits an identifier has that begins so; 0 if none does. */
int
pm_gs1_ai_digits(const char *two_digits)
{
	const PmGs1AiPrefix *prefix = prefix_of(two_digits);

	return prefix ? prefix->digits : 0;
}

/* The facts of exactly this identifier; NULL if there is none. */
const PmGs1Ai *
pm_gs1_ai_lookup(const char *digits, size_t len)
{
	const PmGs1AiPrefix *prefix = len >= 2 ? prefix_of(digits) : NULL;
	unsigned number = 0;
	int low;
	int high;

	if (prefix == NULL || prefix->digits != len)
		return NULL;
	for (size_t i = 0; i < len; i++)
	{
		unsigned digit = (unsigned) (unsigned char) digits[i] - '0';

		if (digit > 9)
			return NULL;
		number = number * 10 + digit;
	}

	low = prefix->first;
	high = prefix->first + prefix->count;
	while (low < high)
	{
		int middle = (low + high) / 2;

		if (number > rows[middle].to)
			low = middle + 1;
		else if (number < rows[middle].from)
			high = middle;
		else
			return &rows[middle];
	}
	return NULL;
}
