/*
 * fuzz_short_codes.c - any bytes as ISBN-10, ISSN, ISMN, UPC-E and ASIN
 *
 * What is accepted is a valid GTIN (or ASIN) of its kind and prints as a text
 * that reads back the same; what is refused leaves the result alone.
 */
#include <string.h>

#include "must_hold.h"
#include "pm_asin.h"
#include "pm_measure.h"

/* Reads the bytes as one kind of short code; the number, or -1 if they are none. */
static int64_t
parse(PmGtinStatus (*function)(const char *, size_t, int64_t *, PmGtinError *),
      const char *str, size_t size)
{
	int64_t number = -1;
	PmGtinError error;
	PmGtinStatus status = function(str, size, &number, &error);

	MUST_HOLD((status == PM_GTIN_OK) == (number != -1));
	MUST_HOLD(status != PM_GTIN_BAD_CHARACTER || error.position < size);
	MUST_HOLD(function(str, size, &number, NULL) == status);
	return number;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *str = (const char *) data;
	char text[PM_ASIN_LENGTH];
	int64_t number;
	int64_t again;
	int variant;

	number = parse(pm_isbn10_parse, str, size);
	if (number != -1)
	{
		MUST_HOLD(pm_gtin_is_number(number) && pm_isbn_is(number));
		MUST_HOLD(pm_isbn10_format(number, text));
		MUST_HOLD(parse(pm_isbn10_parse, text, 10) == number);
		MUST_HOLD(pm_asin_from_gtin(number, &again) && pm_asin_gtin(again, &number));
	}

	number = parse(pm_issn_parse, str, size);
	if (number != -1)
	{
		MUST_HOLD(pm_gtin_is_number(number) && pm_issn_is(number));
		MUST_HOLD(pm_issn_format(number, text, &variant) && variant == 0);
		MUST_HOLD(parse(pm_issn_parse, text, 9) == number);
	}

	number = parse(pm_ismn_parse, str, size);
	MUST_HOLD(number == -1 || (pm_gtin_is_number(number) && pm_ismn_is(number)));

	number = parse(pm_upce_expand, str, size);
	if (number != -1)
	{
		MUST_HOLD(pm_gtin_is_number(number) && number < PM_GTIN12_LIMIT);
		if (pm_upce_compress(number, text))
			MUST_HOLD(parse(pm_upce_expand, text, 8) == number);
	}

	number = parse(pm_asin_parse, str, size);
	if (number != -1)
	{
		MUST_HOLD(pm_asin_check_number(number));
		pm_asin_format(number, text);
		MUST_HOLD(parse(pm_asin_parse, text, PM_ASIN_LENGTH) == number);
	}

	if (size >= sizeof(number) + 2)
	{
		PmMeasure measure;

		memcpy(&number, data, sizeof(number));
		(void) pm_asin_check_number(number);
		number = (int64_t) ((uint64_t) number % PM_GTIN12_LIMIT);
		number = number * 10 + pm_gtin_check_digit_of(number);
		if (pm_measure_parse(number, str + sizeof(number), 2, &measure) == PM_MEASURE_OK)
			MUST_HOLD(pm_gtin_is_number(measure.item));
	}
	return 0;
}
