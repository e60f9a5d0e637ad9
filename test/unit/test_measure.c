/*
 * test_measure.c - variable-measure numbers and ASINs
 */
#include "pm_asin.h"
#include "pm_measure.h"
#include "tap.h"

typedef struct MeasureCase
{
	const char *region;
	int64_t gtin;
	PmMeasureStatus status;
	PmMeasureKind kind;
	int value;
	int decimals;
} MeasureCase;

/* Numbers on real goods, or with the measure 12.34 or 1.234 in a made-up item. */
static const MeasureCase cases[] = {
    {"DE", 2211114002394,  PM_MEASURE_OK,              PM_MEASURE_PRICE,  239,  2},
    {"DE", 2330714002396,  PM_MEASURE_OK,              PM_MEASURE_PRICE,  239,  2},
    {"de", 2511119000129,  PM_MEASURE_OK,              PM_MEASURE_COUNT,  12,   0},
    {"DE", 2811111068708,  PM_MEASURE_OK,              PM_MEASURE_WEIGHT, 6870, 3},
    {"DE", 2930711068700,  PM_MEASURE_OK,              PM_MEASURE_WEIGHT, 6870, 3},
    {"DE", 2511118000120,  PM_MEASURE_BAD_CHECK_DIGIT, 0,                 0,    0},
    {"DK", 2135040039753,  PM_MEASURE_OK,              PM_MEASURE_PRICE,  3975, 2},
    {"DK", 2623570001505,  PM_MEASURE_OK,              PM_MEASURE_WEIGHT, 150,  3},
    {"DK", 2712341002251,  PM_MEASURE_OK,              PM_MEASURE_WEIGHT, 225,  3},
    {"GB", 2011122912346,  PM_MEASURE_OK,              PM_MEASURE_PRICE,  1234, 2},
    {"GB", 2011122812349,  PM_MEASURE_BAD_CHECK_DIGIT, 0,                 0,    0},
    {"FI", 2388060112344,  PM_MEASURE_OK,              PM_MEASURE_WEIGHT, 1234, 3},
    {"SE", 2188060112340,  PM_MEASURE_OK,              PM_MEASURE_PRICE,  1234, 1},
    {"NO", 2302148210869,  PM_MEASURE_OK,              PM_MEASURE_WEIGHT, 1086, 3},
    {"LV", 2511111112349,  PM_MEASURE_OK,              PM_MEASURE_WEIGHT, 1234, 1},
    {"LV", 2911111111111,  PM_MEASURE_NONE,            0,                 0,    0},
    {"SE", 4006381333931,  PM_MEASURE_NONE,            0,                 0,    0},
    {"SE", 21880601123407, PM_MEASURE_NONE,            0,                 0,    0},
    {"FR", 2388060112344,  PM_MEASURE_UNKNOWN_REGION,  0,                 0,    0},
    {"",   2388060112344,  PM_MEASURE_UNKNOWN_REGION,  0,                 0,    0},
};

static void
test_measure(void)
{
	PmMeasure m = {0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const MeasureCase *c = &cases[i];
		char name[64];

		snprintf(name, sizeof(name), "%s %lld", c->region, (long long) c->gtin);
		is_int(pm_measure_parse(c->gtin, c->region, strlen(c->region), &m), c->status,
		       name);
		if (c->status != PM_MEASURE_OK)
			continue;
		is_int(m.kind, c->kind, "its kind");
		is_int(m.value, c->value, "its value");
		is_int(m.decimals, c->decimals, "its decimals");
		is_int(pm_gtin_check_number(m.item, NULL), PM_GTIN_OK, "its item is a GTIN");
		is_int(pm_measure_parse(m.item, c->region, 2, &m), PM_MEASURE_OK, "with a measure");
		is_int(m.value, 0, "of zero");
	}
	pm_measure_parse(2388060112344, "SE", 2, &m);
	is_int(m.item, 2388060100006, "goods of any weight share an item");
}

static void
test_asin(void)
{
	int64_t asin = 0;
	int64_t larger = 0;
	int64_t gtin = 0;
	PmGtinError error;
	char text[11] = {0};

	is_int(pm_asin_parse(" b07pgl2zsl\n", 12, &asin, NULL), PM_GTIN_OK, "an ASIN");
	ok(pm_asin_check_number(asin), "whose number is one");
	pm_asin_format(asin, text);
	is_str(text, "B07PGL2ZSL", "prints in upper case");
	is_int(pm_asin_parse("BT00LLINKI", 10, &larger, NULL), PM_GTIN_OK, "B without 0");
	ok(larger > asin, "order of numbers is order of texts");
	ok(!pm_asin_gtin(asin, &gtin), "no GTIN in it");
	is_int(pm_asin_parse("080442957X", 10, &asin, NULL), PM_GTIN_OK, "a book");
	ok(pm_asin_gtin(asin, &gtin), "has a GTIN");
	is_int(gtin, 9780804429573, "its ISBN-13");
	ok(pm_asin_from_gtin(gtin, &larger) && larger == asin, "and back");
	ok(!pm_asin_from_gtin(4006381333931, &larger), "no ASIN for other goods");
	is_int(pm_asin_parse("0804429570", 10, &asin, NULL), PM_GTIN_BAD_CHECK_DIGIT,
	       "no ISBN-10");
	is_int(pm_asin_parse("A07PGL2ZSL", 10, &asin, NULL), PM_GTIN_BAD_CHARACTER, "not B");
	is_int(pm_asin_parse("B07PGL2ZS", 9, &asin, &error), PM_GTIN_BAD_LENGTH,
	       "nine characters");
	is_int(error.digits, 9, "counted");
	is_int(pm_asin_parse("B07PGL2ZSLX", 11, &asin, NULL), PM_GTIN_BAD_LENGTH, "eleven");
	is_int(pm_asin_parse(" B07-GL2ZSL", 11, &asin, &error), PM_GTIN_BAD_CHARACTER,
	       "a hyphen");
	is_int(error.position, 4, "where it stands");
	is_int(pm_asin_parse("  ", 2, &asin, NULL), PM_GTIN_EMPTY, "nothing");
	is_int(pm_asin_parse("0000000000", 10, &asin, NULL), PM_GTIN_ALL_ZERO, "all zeros");
	ok(!pm_asin_check_number(0), "nor as a number");
	ok(!pm_asin_check_number(-1) && !pm_asin_check_number(INT64_MAX),
	   "numbers out of range");
}

int
main(void)
{
	test_measure();
	test_asin();
	return tap_done();
}
