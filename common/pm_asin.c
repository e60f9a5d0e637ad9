/*
 * pm_asin.c - parse, check and print ASINs
 *
 * See pm_asin.h for the number that stands for an ASIN.
 */
#include "pm_char.h"
#include "pm_asin.h"

/* The base-36 digit of a character, letters in either case; -1 for any other. */
static inline int
base36_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 10;
	return -1;
}

/*
 * Ten characters, ASCII white space around allowed: B and nine letters or
 * digits, or a valid ISBN-10 without separators.  Letters in either case.  Sets
 * *asin on PM_GTIN_OK only; error may be NULL.
 */
PmGtinStatus
pm_asin_parse(const char *str, size_t len, int64_t *asin, PmGtinError *error)
{
	size_t start = 0;
	int64_t number = 0;
	int64_t isbn;

	while (len > 0 && pm_is_space(str[len - 1]))
		len--;
	while (start < len && pm_is_space(str[start]))
		start++;
	if (start == len)
		return PM_GTIN_EMPTY;
	for (size_t i = start; i < len; i++)
	{
		int digit = base36_digit(str[i]);

		if (digit < 0)
		{
			if (error)
				error->position = i;
			return PM_GTIN_BAD_CHARACTER;
		}
		if (i - start < PM_ASIN_LENGTH)
			number = number * 36 + digit;
	}
	if (len - start != PM_ASIN_LENGTH)
	{
		if (error)
			error->digits = (int) (len - start);
		return PM_GTIN_BAD_LENGTH;
	}
	if (number == 0)
		return PM_GTIN_ALL_ZERO;
	if (base36_digit(str[start]) != base36_digit('B'))
	{
		PmGtinStatus status = pm_isbn10_parse(str + start, PM_ASIN_LENGTH, &isbn, error);

		if (status != PM_GTIN_OK)
		{
			if (status == PM_GTIN_BAD_CHARACTER && error)
				error->position += start;
			return status;
		}
	}
	*asin = number;
	return PM_GTIN_OK;
}

/* Is this integer an ASIN? */
bool
pm_asin_check_number(int64_t number)
{
	char text[PM_ASIN_LENGTH];
	int64_t again;

	if (number < 0 || number >= INT64_C(3656158440062976)) /* 36^10 */
		return false;
	pm_asin_format(number, text);
	return pm_asin_parse(text, PM_ASIN_LENGTH, &again, NULL) == PM_GTIN_OK;
}

/* Writes the ten characters, not terminated. */
void
pm_asin_format(int64_t asin, char out[PM_ASIN_LENGTH])
{
	for (int i = PM_ASIN_LENGTH - 1; i >= 0; i--)
	{
		out[i] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[asin % 36];
		asin /= 36;
	}
}

/* The ISBN-13 of a book's ASIN; false for any other ASIN. */
bool
pm_asin_gtin(int64_t asin, int64_t *gtin)
{
	char text[PM_ASIN_LENGTH];

	pm_asin_format(asin, text);
	return text[0] != 'B' &&
	       pm_isbn10_parse(text, PM_ASIN_LENGTH, gtin, NULL) == PM_GTIN_OK;
}

/* The ASIN that a 978 ISBN has as a book on Amazon; false for any other GTIN. */
bool
pm_asin_from_gtin(int64_t gtin, int64_t *asin)
{
	char text[PM_ASIN_LENGTH];

	return pm_isbn10_format(gtin, text) &&
	       pm_asin_parse(text, PM_ASIN_LENGTH, asin, NULL) == PM_GTIN_OK;
}
