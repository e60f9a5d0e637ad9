/*
 * pm_gtin_class.c - what the prefix of a GTIN says about it
 *
 * A prefix names the organisation that issued the number, never the country of
 * origin.  GTIN-8 have a prefix table of their own (GS1 General Specifications
 * 1.4.3) and must not be looked up as 00000...; a GTIN-14 is judged by the
 * trade item inside.  The ranges are compiled in, so that these answers are
 * immutable; names of organisations change and live in a table.
 */
#include "pm_gtin.h"
#include "pm_gs1_prefix_table.h"

#define GTIN8_PREFIX_UNIT  INT64_C(100000)      /* 8 digits: value / this = 3 digits */
#define GTIN13_PREFIX_UNIT INT64_C(10000000000) /* 13 digits: likewise */

static const char *const flag_names[PM_FLAG_COUNT] = {
    "restricted", "coupon", "refund",           "demo",      "unassigned_prefix", "isbn",
    "issn",       "ismn",   "variable_measure", "also_upce", "suspect_sample",
};

/* Numbers that stand in manuals and tutorials, so that people copy them. */
static const int64_t samples[] = {
    INT64_C(12345678905), /* 012345678905 */
    INT64_C(36000291452), /* 036000291452 */
    INT64_C(123456789012),  INT64_C(614141000036),  INT64_C(1234567890128),
    INT64_C(4012345678901), INT64_C(5901234123457), INT64_C(12345678901231),
};

/*
 * Do the digits before the check digit repeat one digit, or count up from 1?
 * Such numbers may be valid, but nobody was ever given them.
 */
static bool
is_pattern(int64_t gtin)
{
	int64_t payload = gtin / 10;
	int last = (int) (payload % 10);
	int expected = last;
	bool same = true;
	bool counting = true;

	for (; payload > 0 && (same || counting); payload /= 10, expected = (expected + 9) % 10)
	{
		int digit = (int) (payload % 10);

		same = same && digit == last;
		counting = counting && digit == expected;
	}
	return same || (counting && expected == 0);
}

/* Is this number one that people type as an example? */
static bool
is_sample(int64_t gtin)
{
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
		if (samples[i] == gtin)
			return true;
	return is_pattern(gtin);
}

/* Are the eight digits of this GTIN-8 a valid UPC-E too? */
static bool
is_also_upce(int64_t gtin)
{
	char digits[PM_GTIN_MAX_DIGITS + 1];
	int64_t upca;

	return gtin < INT64_C(20000000) && pm_gtin_format(gtin, 8, digits) == 8 &&
	       pm_upce_expand(digits, 8, &upca, NULL) == PM_GTIN_OK;
}

/* The PmGtinFlag bits of a valid GTIN. */
uint32_t
pm_gtin_flags(int64_t gtin)
{
	uint32_t flags = 0;
	int64_t item = gtin % PM_GTIN13_LIMIT; /* the 13 digits behind the indicator */
	int prefix;
	char class;

	if (gtin < PM_GTIN8_LIMIT)
	{
		prefix = (int) (gtin / GTIN8_PREFIX_UNIT);
		class = prefix8_classes[prefix];
		if (class == 'm' && prefix_classes[prefix] == '.')
			flags |= PM_FLAG_UNASSIGNED_PREFIX;
		if (is_also_upce(gtin))
			flags |= PM_FLAG_ALSO_UPCE;
	}
	else
	{
		prefix = (int) (item / GTIN13_PREFIX_UNIT);
		class = prefix_classes[prefix];
		if (pm_isbn_is(item))
			flags |= PM_FLAG_ISBN;
		else if (pm_issn_is(item))
			flags |= PM_FLAG_ISSN;
		else if (pm_ismn_is(item))
			flags |= PM_FLAG_ISMN;
		if ((prefix >= 20 && prefix <= 29) || (prefix >= 200 && prefix <= 299) ||
		    pm_gtin_indicator(gtin) == 9)
			flags |= PM_FLAG_VARIABLE_MEASURE;
		if (prefix >= 50 && prefix <= 59)
			class = 'c'; /* reserved today, but US coupons were printed with it */
	}

	switch (class)
	{
		case 'r':
			flags |= PM_FLAG_RESTRICTED;
			break;
		case 'c':
			flags |= PM_FLAG_COUPON;
			break;
		case 'f':
			flags |= PM_FLAG_REFUND;
			break;
		case 'd':
			flags |= PM_FLAG_DEMO;
			break;
		case '.':
		case 'x':
			flags |= PM_FLAG_UNASSIGNED_PREFIX;
			break;
		default:
			break;
	}
	if (is_sample(gtin))
		flags |= PM_FLAG_SUSPECT_SAMPLE;
	return flags;
}

/* The name of flag bit number 0 .. PM_FLAG_COUNT - 1, as SQL shows it. */
const char *
pm_gtin_flag_name(int bit)
{
	return flag_names[bit];
}
