/*
 * pm_measure.c - national layouts of variable-measure numbers
 *
 * Every layout is: item reference (which includes the two-digit prefix), an
 * optional check digit of the measure, the measure, the GTIN's check digit.
 * The measure's own check digit weighs each of its digits by a small
 * permutation (GS1 General Specifications 7.9.2 to 7.9.4).
 */
#include "pm_char.h"
#include "pm_gtin.h"
#include "pm_measure.h"

typedef struct MeasureRule
{
	char region[3];
	int first_prefix; /* two digits */
	int last_prefix;
	PmMeasureKind kind;
	int measure_digits;
	bool has_check_digit;
	int decimals;
	const char *currency;
} MeasureRule;

/*
 * Sources: the GS1 organisations of the countries (gs1.dk, gs1.fi,
 * gs1-germany.de, gs1uk.org, gs1.se, gs1lv.org for the Baltic states); Norway
 * publishes none, its goods follow the Swedish rules.
 */
static const MeasureRule rules[] = {
    {"DE", 22, 23, PM_MEASURE_PRICE,  5, true,  2, "EUR"},
    {"DE", 25, 26, PM_MEASURE_COUNT,  5, true,  0, NULL },
    {"DE", 28, 29, PM_MEASURE_WEIGHT, 5, true,  3, NULL },
    {"DK", 21, 24, PM_MEASURE_PRICE,  6, false, 2, "DKK"},
    {"DK", 26, 26, PM_MEASURE_WEIGHT, 6, false, 3, NULL },
    {"DK", 27, 27, PM_MEASURE_WEIGHT, 5, false, 3, NULL },
    {"DK", 28, 28, PM_MEASURE_WEIGHT, 6, false, 3, NULL },
    {"EE", 23, 23, PM_MEASURE_WEIGHT, 4, false, 3, NULL },
    {"EE", 24, 24, PM_MEASURE_WEIGHT, 4, false, 2, NULL },
    {"EE", 25, 25, PM_MEASURE_WEIGHT, 4, false, 1, NULL },
    {"FI", 23, 23, PM_MEASURE_WEIGHT, 4, false, 3, NULL },
    {"FI", 24, 24, PM_MEASURE_WEIGHT, 4, false, 2, NULL },
    {"FI", 25, 25, PM_MEASURE_WEIGHT, 4, false, 1, NULL },
    {"GB", 20, 20, PM_MEASURE_PRICE,  4, true,  2, "GBP"},
    {"LT", 23, 23, PM_MEASURE_WEIGHT, 4, false, 3, NULL },
    {"LT", 24, 24, PM_MEASURE_WEIGHT, 4, false, 2, NULL },
    {"LT", 25, 25, PM_MEASURE_WEIGHT, 4, false, 1, NULL },
    {"LV", 23, 23, PM_MEASURE_WEIGHT, 4, false, 3, NULL },
    {"LV", 24, 24, PM_MEASURE_WEIGHT, 4, false, 2, NULL },
    {"LV", 25, 25, PM_MEASURE_WEIGHT, 4, false, 1, NULL },
    {"NO", 20, 20, PM_MEASURE_PRICE,  4, false, 2, "NOK"},
    {"NO", 21, 21, PM_MEASURE_PRICE,  4, false, 1, "NOK"},
    {"NO", 22, 22, PM_MEASURE_PRICE,  4, false, 0, "NOK"},
    {"NO", 23, 23, PM_MEASURE_WEIGHT, 4, false, 3, NULL },
    {"NO", 24, 24, PM_MEASURE_WEIGHT, 4, false, 2, NULL },
    {"NO", 25, 25, PM_MEASURE_WEIGHT, 4, false, 1, NULL },
    {"SE", 20, 20, PM_MEASURE_PRICE,  4, false, 2, "SEK"},
    {"SE", 21, 21, PM_MEASURE_PRICE,  4, false, 1, "SEK"},
    {"SE", 22, 22, PM_MEASURE_PRICE,  4, false, 0, "SEK"},
    {"SE", 23, 23, PM_MEASURE_WEIGHT, 4, false, 3, NULL },
    {"SE", 24, 24, PM_MEASURE_WEIGHT, 4, false, 2, NULL },
    {"SE", 25, 25, PM_MEASURE_WEIGHT, 4, false, 1, NULL },
};

static const int32_t powers_of_ten[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};

/* The standard's weights: "2-" takes the carry off, "5+" and "5-" likewise by sign. */
static int
two_minus(int digit)
{
	return (2 * digit - 2 * digit / 10) % 10;
}

static int
five_plus(int digit)
{
	return (5 * digit + 5 * digit / 10) % 10;
}

static int
five_minus(int digit)
{
	return (5 * digit - 5 * digit / 10) % 10;
}

/* The check digit in front of a four- or five-digit measure. */
static int
measure_check_digit(int32_t value, int digits)
{
	int d[5] = {0};
	int sum;

	for (int i = digits - 1; i >= 0; i--, value /= 10)
		d[i] = (int) (value % 10);
	if (digits == 4)
	{
		sum = two_minus(d[0]) + two_minus(d[1]) + 3 * d[2] + five_minus(d[3]);
		return sum * 3 % 10;
	}
	sum = five_plus(d[0]) + two_minus(d[1]) + five_minus(d[2]) + five_plus(d[3]) +
	      two_minus(d[4]);
	sum = (10 - sum % 10) % 10;
	for (int digit = 0; digit < 10; digit++)
		if (five_minus(digit) == sum)
			return digit;
	return -1; /* cannot happen: the weight is a permutation */
}

/*
 * Takes the measure out of a number.  Sets *measure on PM_MEASURE_OK only.  The
 * item has the measure zeroed and both check digits made anew.
 */
PmMeasureStatus
pm_measure_parse(int64_t gtin, const char *region, size_t region_len, PmMeasure *measure)
{
	int prefix = (int) (gtin / INT64_C(100000000000)); /* first two of 13 digits */
	bool region_known = false;

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
	{
		const MeasureRule *rule = &rules[i];
		int32_t scale = powers_of_ten[rule->measure_digits];
		int32_t value = (int32_t) (gtin / 10 % scale);
		int64_t item = gtin / 10 / scale;

		if (region_len != 2 || pm_upper(region[0]) != rule->region[0] ||
		    pm_upper(region[1]) != rule->region[1])
			continue;
		region_known = true;
		if (prefix < rule->first_prefix || prefix > rule->last_prefix)
			continue;

		if (rule->has_check_digit)
		{
			if (item % 10 != measure_check_digit(value, rule->measure_digits))
				return PM_MEASURE_BAD_CHECK_DIGIT;
			item = item / 10 * 10 + measure_check_digit(0, rule->measure_digits);
		}
		item *= scale;
		measure->kind = rule->kind;
		measure->value = value;
		measure->decimals = rule->decimals;
		measure->currency = rule->currency;
		measure->item = item * 10 + pm_gtin_check_digit_of(item);
		return PM_MEASURE_OK;
	}
	return region_known ? PM_MEASURE_NONE : PM_MEASURE_UNKNOWN_REGION;
}
