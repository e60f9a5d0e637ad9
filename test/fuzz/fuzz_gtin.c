/*
 * fuzz_gtin.c - any bytes as a strict GTIN, and any eight bytes as a number
 *
 * What is accepted holds nothing but digits, white space around and single
 * separators between, has a right check digit by plain arithmetic, and prints as
 * a text that means the same; what is refused is explained within the input.
 * Text and number are judged alike.
 */
#include <string.h>

#include "must_hold.h"
#include "pm_gtin.h"

/* The weighted sum of a number's digits, one by one. */
static int
slow_sum(int64_t number)
{
	int sum = 0;

	for (int weight = 1; number > 0; number /= 10, weight = 4 - weight)
		sum += (int) (number % 10) * weight;
	return sum;
}

/* What holds for every valid number. */
static void
check_valid(int64_t gtin)
{
	char text[PM_GTIN_MAX_DIGITS + 1];
	int64_t again = 0;
	int64_t inner = pm_gtin_inner(gtin);
	int kind = pm_gtin_kind(gtin);

	MUST_HOLD(gtin >= PM_GTIN_MIN && gtin < PM_GTIN14_LIMIT && slow_sum(gtin) % 10 == 0);
	MUST_HOLD(pm_gtin_is_number(gtin) && pm_gtin_check_number(gtin, NULL) == PM_GTIN_OK);
	for (int width = 0; width <= PM_GTIN_MAX_DIGITS + 1; width++)
	{
		int digits = pm_gtin_format(gtin, width, text);

		if (width != 0 && (width < kind || width > PM_GTIN_MAX_DIGITS))
		{
			MUST_HOLD(digits == -1);
			continue;
		}
		MUST_HOLD(digits == (width == 0 ? kind : width) && strlen(text) == (size_t) digits);
		if (digits != 8 && digits < 12)
			continue; /* printed, but no form of a GTIN */
		MUST_HOLD(pm_gtin_parse(text, (size_t) digits, &again, NULL) == PM_GTIN_OK);
		MUST_HOLD(again == gtin);
		MUST_HOLD(pm_gtin_check_digit(text, (size_t) digits - 1) == text[digits - 1] - '0');
	}
	MUST_HOLD(inner == 0 || pm_gtin_is_number(inner));
	for (int indicator = 0; inner != 0 && indicator <= 9; indicator++)
	{
		int64_t package = pm_gtin_with_indicator(gtin, indicator);

		MUST_HOLD(pm_gtin_is_number(package) && pm_gtin_inner(package) == inner);
		MUST_HOLD(pm_gtin_indicator(package) == indicator);
	}
	(void) pm_gtin_flags(gtin);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *str = (const char *) data;
	int64_t gtin = -1;
	int64_t number;
	PmGtinError error;
	PmGtinStatus status = pm_gtin_parse(str, size, &gtin, &error);
	int64_t spelled = 0;

	MUST_HOLD((status == PM_GTIN_OK) == (gtin != -1));
	MUST_HOLD(status != PM_GTIN_BAD_CHARACTER || error.position < size);
	MUST_HOLD(
	    status != PM_GTIN_BAD_CHECK_DIGIT ||
	    (error.found != error.expected && error.expected >= '0' && error.expected <= '9'));
	if (status == PM_GTIN_OK)
	{
		for (size_t i = 0; i < size; i++)
			if (str[i] >= '0' && str[i] <= '9')
				spelled = spelled * 10 + (str[i] - '0');
			else
				MUST_HOLD(strchr(" -\t\n\v\f\r", str[i]) != NULL && str[i] != '\0');
		MUST_HOLD(spelled == gtin);
		check_valid(gtin);
	}

	if (size >= sizeof(number))
	{
		memcpy(&number, data, sizeof(number));
		status = pm_gtin_check_number(number, &error);
		MUST_HOLD(pm_gtin_is_number(number) == (status == PM_GTIN_OK));
		if (status == PM_GTIN_OK)
			check_valid(number);
		/* one in ten of the numbers in range is valid: look at one near this */
		number = (int64_t) ((uint64_t) number % (PM_GTIN14_LIMIT / 10));
		if (number > 0)
			check_valid(number * 10 + pm_gtin_check_digit_of(number));
	}
	return 0;
}
