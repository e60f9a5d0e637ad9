/*
 * test_gtin.c - the pure GTIN core against plain arithmetic
 *
 * Fixed cases for every verdict, then seeded random numbers against a check
 * written the slow way.
 */
#include <stdlib.h>

#include "pm_gtin.h"
#include "tap.h"

/* The check digit rule, digit by digit. */
static int
slow_sum(int64_t number)
{
	int sum = 0;

	for (int weight = 1; number > 0; number /= 10, weight = 4 - weight)
		sum += (int) (number % 10) * weight;
	return sum;
}

static int64_t
random_below(int64_t limit)
{
	uint64_t r = 0;

	for (int i = 0; i < 5; i++)
		r = r << 15 | (uint64_t) (rand() & 0x7FFF);
	return (int64_t) (r % (uint64_t) limit);
}

typedef struct ParseCase
{
	const char *text;
	PmGtinStatus status;
	int64_t gtin; /* when OK */
} ParseCase;

static const ParseCase parse_cases[] = {
    {"4006381333931",             PM_GTIN_OK,              4006381333931 },
    {"04006381333931",            PM_GTIN_OK,              4006381333931 },
    {"036000291452",              PM_GTIN_OK,              36000291452   },
    {"0036000291452",             PM_GTIN_OK,              36000291452   },
    {"40170725",                  PM_GTIN_OK,              40170725      },
    {"00000040170725",            PM_GTIN_OK,              40170725      },
    {"14006381333938",            PM_GTIN_OK,              14006381333938},
    {" \t4006381333931\r\n",      PM_GTIN_OK,              4006381333931 },
    {"400-638133393-1",           PM_GTIN_OK,              4006381333931 },
    {"4 006381 333931",           PM_GTIN_OK,              4006381333931 },
    {"4-0-0-6-3-8-1-3-3-3-9-3-1", PM_GTIN_OK,              4006381333931 },
    {"",                          PM_GTIN_EMPTY,           0             },
    {"  \n",                      PM_GTIN_EMPTY,           0             },
    {"0000000000000",             PM_GTIN_ALL_ZERO,        0             },
    {"00000000",                  PM_GTIN_ALL_ZERO,        0             },
    {"4006381333932",             PM_GTIN_BAD_CHECK_DIGIT, 0             },
    {"400638133393",              PM_GTIN_BAD_CHECK_DIGIT, 0             },
    {"40063813339",               PM_GTIN_BAD_LENGTH,      0             },
    {"400638133393100",           PM_GTIN_BAD_LENGTH,      0             },
    {"4006381333931!",            PM_GTIN_BAD_CHARACTER,   0             },
    {"400638133393x",             PM_GTIN_BAD_CHARACTER,   0             },
    {"400638133:931",             PM_GTIN_BAD_CHARACTER,   0             },
    {"400638133/931",             PM_GTIN_BAD_CHARACTER,   0             },
    {"-4006381333931",            PM_GTIN_BAD_CHARACTER,   0             },
    {"4006381333931-",            PM_GTIN_BAD_CHARACTER,   0             },
    {"400--6381333931",           PM_GTIN_BAD_CHARACTER,   0             },
    {"400 -6381333931",           PM_GTIN_BAD_CHARACTER,   0             },
    {"400\t6381333931",           PM_GTIN_BAD_CHARACTER,   0             },
    {"4.006381333931E+12",        PM_GTIN_BAD_CHARACTER,   0             },
    {"\xEF\xBC\x94"
     "006381333931",         PM_GTIN_BAD_CHARACTER,   0             },
};

static void
test_parse(void)
{
	PmGtinError error;
	int64_t gtin;

	for (size_t i = 0; i < sizeof(parse_cases) / sizeof(parse_cases[0]); i++)
	{
		const ParseCase *c = &parse_cases[i];

		gtin = 0;
		is_int(pm_gtin_parse(c->text, strlen(c->text), &gtin, NULL), c->status, c->text);
		is_int(gtin, c->gtin, "and its number");
	}

	pm_gtin_parse("4006381333932", 13, &gtin, &error);
	is_int(error.found, '2', "check digit as found");
	is_int(error.expected, '1', "check digit as expected");
	pm_gtin_parse(" 40x", 4, &gtin, &error);
	is_int(error.position, 3, "position of a bad character");
	pm_gtin_parse("123456789012345678", 18, &gtin, &error);
	is_int(error.digits, 18, "number of digits");
	is_int(pm_gtin_parse("4006381333931\0", 14, &gtin, NULL), PM_GTIN_BAD_CHARACTER,
	       "a NUL byte is a bad character");
}

static void
test_random(unsigned seed)
{
	int wrong = 0;
	int not_printed = 0;
	int accepted = 0;

	srand(seed);
	for (int i = 0; i < 200000; i++)
	{
		static const int64_t limits[] = {PM_GTIN8_LIMIT, PM_GTIN12_LIMIT, PM_GTIN13_LIMIT,
		                                 PM_GTIN14_LIMIT};
		int64_t number = 1 + random_below(limits[i % 4] - 1);
		bool valid = slow_sum(number) % 10 == 0;
		char text[PM_GTIN_MAX_DIGITS + 1];
		char plain[32];
		int64_t gtin = -1;
		int width = pm_gtin_kind(number);
		PmGtinError error;
		PmGtinStatus status = pm_gtin_check_number(number, &error);

		snprintf(plain, sizeof(plain), "%0*lld", width, (long long) number);
		if (pm_gtin_format(number, 0, text) != width || strcmp(text, plain) != 0)
			not_printed++;
		if (valid != (status == PM_GTIN_OK) || valid != pm_gtin_is_number(number) ||
		    pm_gtin_parse(text, (size_t) width, &gtin, NULL) != status ||
		    gtin != (valid ? number : -1))
			wrong++;
		if (!valid && slow_sum(number - number % 10 + (error.expected - '0')) % 10 != 0)
			wrong++;
		if (pm_gtin_check_digit(text, (size_t) width - 1) !=
		    pm_gtin_check_digit_of(number / 10))
			wrong++;
		accepted += valid;
	}
	printf("# seed %u\n", seed);
	is_int(wrong, 0, "200 000 random numbers get the verdict of plain arithmetic");
	is_int(not_printed, 0, "and print as printf does");
	ok(accepted > 19000 && accepted < 21000, "one in ten passes by chance");
}

static void
test_numbers(void)
{
	char text[PM_GTIN_MAX_DIGITS + 1];

	is_int(pm_gtin_check_number(0, NULL), PM_GTIN_ALL_ZERO, "0 is no GTIN");
	is_int(pm_gtin_check_number(-1, NULL), PM_GTIN_OUT_OF_RANGE,
	       "nor is a negative number");
	is_int(pm_gtin_check_number(INT64_MIN, NULL), PM_GTIN_OUT_OF_RANGE, "nor the smallest");
	is_int(pm_gtin_check_number(INT64_MAX, NULL), PM_GTIN_OUT_OF_RANGE, "nor the largest");
	is_int(pm_gtin_check_number(PM_GTIN14_LIMIT, NULL), PM_GTIN_OUT_OF_RANGE,
	       "10^14 is too large");
	is_int(pm_gtin_check_number(99999999999997, NULL), PM_GTIN_OK, "the largest GTIN");

	ok(!pm_gtin_is_number(0) && !pm_gtin_is_number(-1) && !pm_gtin_is_number(INT64_MIN) &&
	       !pm_gtin_is_number(INT64_MAX) && !pm_gtin_is_number(PM_GTIN14_LIMIT) &&
	       pm_gtin_is_number(99999999999997),
	   "the short question has the same bounds");

	is_int(pm_gtin_kind(99999999), 8, "kind 8");
	is_int(pm_gtin_kind(100000000), 12, "kind 12");
	is_int(pm_gtin_kind(1000000000000), 13, "kind 13");
	is_int(pm_gtin_kind(10000000000000), 14, "kind 14");

	is_int(pm_gtin_format(4006381333931, 12, text), -1, "13 digits do not fit into 12");
	is_int(pm_gtin_format(4006381333931, 15, text), -1, "15 digits are no GTIN");
	pm_gtin_format(40170725, 14, text);
	is_str(text, "00000040170725", "a GTIN-8 with 14 digits");

	is_int(pm_gtin_indicator(14006381333938), 1, "indicator");
	is_int(pm_gtin_indicator(4006381333931), 0, "no indicator");
	is_int(pm_gtin_inner(14006381333938), 4006381333931, "inner trade item");
	is_int(pm_gtin_inner(40170725), 40170725, "a GTIN-8 is its own inner trade item");
	is_int(pm_gtin_inner(10000000000007), 0, "an empty package has none");
	is_int(pm_gtin_with_indicator(4006381333931, 1), 14006381333938, "package of an item");
	is_int(pm_gtin_with_indicator(14006381333938, 0), 4006381333931, "indicator 0 unpacks");
	is_int(pm_gtin_check_digit("37610425002123456", 17), 9, "check digit of an SSCC");
	is_int(pm_gtin_check_digit("", 0), -1, "nothing has no check digit");
	is_int(pm_gtin_check_digit("12a", 3), -1, "letters have no check digit");
}

static void
test_upce(void)
{
	/* one of each expansion rule, X6 = 0 .. 9 */
	static const struct
	{
		const char *upce;
		int64_t upca;
	} pairs[] = {
	    {"04252614", 42100005264},
        {"01234505", 12000003455},
        {"01234514", 12100003454},
	    {"01234523", 12200003453},
        {"01234531", 12300000451},
        {"01234543", 12340000053},
	    {"01234558", 12345000058},
        {"01234565", 12345000065},
        {"01234572", 12345000072},
	    {"01234589", 12345000089},
        {"01234596", 12345000096},
	};
	char out[9] = {0};
	int64_t gtin;
	int round_trips = 0;
	int compressed = 0;

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
	{
		gtin = 0;
		is_int(pm_upce_expand(pairs[i].upce, 8, &gtin, NULL), PM_GTIN_OK, pairs[i].upce);
		is_int(gtin, pairs[i].upca, "expands to its UPC-A");
		ok(pm_upce_compress(gtin, out), "which compresses");
		is_str(out, pairs[i].upce, "to where it came from");
	}
	is_int(pm_upce_expand("425261", 6, &gtin, NULL), PM_GTIN_OK, "6 digits");
	is_int(gtin, 42100005264, "mean number system 0");
	is_int(pm_upce_expand("0425261", 7, &gtin, NULL), PM_GTIN_OK,
	       "7 digits lack the check digit");
	is_int(pm_upce_expand("04252615", 8, &gtin, NULL), PM_GTIN_BAD_CHECK_DIGIT,
	       "wrong check digit");
	is_int(pm_upce_expand("24252614", 8, &gtin, NULL), PM_GTIN_BAD_CHARACTER,
	       "number system 2");
	is_int(pm_upce_expand("", 0, &gtin, NULL), PM_GTIN_BAD_LENGTH, "nothing");
	ok(!pm_upce_compress(36000291452, out), "a UPC-A without zeros has no UPC-E");
	ok(!pm_upce_compress(4006381333931, out), "a GTIN-13 has none");
	ok(!pm_upce_compress(40170725, out), "a GTIN-8 has none");

	/* whatever compresses must expand to the same number; all 2 x 10^6 bodies */
	for (int body = 0; body < 2000000; body++)
	{
		char text[16];
		int64_t again = 0;

		snprintf(text, sizeof(text), "%07d", body);
		if (pm_upce_expand(text, 7, &gtin, NULL) != PM_GTIN_OK ||
		    !pm_upce_compress(gtin, out))
			continue;
		compressed++;
		round_trips += pm_upce_expand(out, 8, &again, NULL) == PM_GTIN_OK && again == gtin;
	}
	is_int(round_trips, compressed, "every compressed UPC-A expands to itself");
	ok(compressed > 1900000, "and nearly all bodies have one");
}

static void
test_books(void)
{
	char text[11] = {0};
	int64_t gtin = 0;
	int variant;
	PmGtinError error;

	is_int(pm_isbn10_parse("0-306-40615-2", 13, &gtin, NULL), PM_GTIN_OK, "ISBN-10");
	is_int(gtin, 9780306406157, "as ISBN-13");
	ok(pm_isbn10_format(gtin, text), "and back");
	is_str(text, "0306406152", "ISBN-10 digits");
	is_int(pm_isbn10_parse("080442957x", 10, &gtin, NULL), PM_GTIN_OK, "check character x");
	pm_isbn10_format(gtin, text);
	is_str(text, "080442957X", "is printed as X");
	is_int(pm_isbn10_parse("0306406153", 10, &gtin, &error), PM_GTIN_BAD_CHECK_DIGIT,
	       "wrong check");
	is_int(error.expected, '2', "should be 2");
	is_int(pm_isbn10_parse("X306406152", 10, &gtin, NULL), PM_GTIN_BAD_CHARACTER,
	       "X only at the end");
	is_int(pm_isbn10_parse("0-306--406152", 13, &gtin, NULL), PM_GTIN_BAD_CHARACTER,
	       "double hyphen");
	is_int(pm_isbn10_parse("030640615", 9, &gtin, NULL), PM_GTIN_BAD_LENGTH, "nine digits");
	is_int(pm_isbn10_parse("0000000000", 10, &gtin, NULL), PM_GTIN_ALL_ZERO, "all zeros");
	is_int(pm_issn_parse("0000-0000", 9, &gtin, NULL), PM_GTIN_ALL_ZERO,
	       "likewise as ISSN");
	ok(!pm_isbn10_format(9798886451740, text), "979 has no ISBN-10");
	ok(pm_isbn_is(9798886451740) && pm_isbn_is(9780306406157), "978 and 979 are books");
	ok(!pm_isbn_is(9790230671187) && pm_ismn_is(9790230671187), "979-0 is music");
	ok(!pm_isbn_is(4006381333931) && !pm_issn_is(4006381333931), "400 is neither");

	is_int(pm_issn_parse("0264-3596", 9, &gtin, NULL), PM_GTIN_OK, "ISSN");
	is_int(gtin, 9770264359008, "as GTIN-13, variant 00");
	memset(text, 0, sizeof(text));
	ok(pm_issn_format(9771144875038, text, &variant), "an issue's GTIN-13");
	is_str(text, "1144-875X", "its ISSN");
	is_int(variant, 3, "its variant");
	is_int(pm_issn_parse("0264-3597", 9, &gtin, NULL), PM_GTIN_BAD_CHECK_DIGIT,
	       "wrong ISSN check");
	ok(!pm_issn_format(4006381333931, text, NULL), "no ISSN outside 977");

	is_int(pm_ismn_parse("M-2306-7118-7", 13, &gtin, NULL), PM_GTIN_OK, "ISMN");
	is_int(gtin, 9790230671187, "as GTIN-13");
	is_int(pm_ismn_parse("M230671188", 10, &gtin, NULL), PM_GTIN_BAD_CHECK_DIGIT,
	       "wrong ISMN check");
	is_int(pm_ismn_parse("2306711877", 10, &gtin, NULL), PM_GTIN_BAD_CHARACTER, "no M");
}

static void
test_flags(void)
{
	is_int(pm_gtin_flags(4006381333931), 0, "an ordinary number has no flag");
	is_int(pm_gtin_flags(2012345678900), PM_FLAG_RESTRICTED | PM_FLAG_VARIABLE_MEASURE,
	       "20");
	is_int(pm_gtin_flags(212345678903), PM_FLAG_RESTRICTED | PM_FLAG_VARIABLE_MEASURE,
	       "UPC 2");
	is_int(pm_gtin_flags(412345678905), PM_FLAG_RESTRICTED, "UPC 4");
	is_int(pm_gtin_flags(512345000107), PM_FLAG_COUPON, "UPC 5");
	is_int(pm_gtin_flags(9812345678908), PM_FLAG_COUPON, "981");
	is_int(pm_gtin_flags(9912345678907), PM_FLAG_COUPON, "99");
	is_int(pm_gtin_flags(9802345678901), PM_FLAG_REFUND, "980");
	is_int(pm_gtin_flags(9521234543213), PM_FLAG_DEMO, "952");
	is_int(pm_gtin_flags(1402345678901), PM_FLAG_UNASSIGNED_PREFIX, "140");
	is_int(pm_gtin_flags(9780306406157), PM_FLAG_ISBN, "978");
	is_int(pm_gtin_flags(9770264359008), PM_FLAG_ISSN, "977");
	is_int(pm_gtin_flags(9790230671187), PM_FLAG_ISMN, "979-0");
	is_int(pm_gtin_flags(94006381333934), PM_FLAG_VARIABLE_MEASURE, "indicator 9");
	is_int(pm_gtin_flags(20123451), PM_FLAG_RESTRICTED, "GTIN-8 with 2");
	ok(pm_gtin_flags(123457) & PM_FLAG_RESTRICTED, "GTIN-8 with 0");
	is_int(pm_gtin_flags(12345670), PM_FLAG_SUSPECT_SAMPLE | PM_FLAG_ALSO_UPCE, "12345670");
	is_int(pm_gtin_flags(1234567890128), PM_FLAG_SUSPECT_SAMPLE, "1234567890128");
	is_int(pm_gtin_flags(7777777777770), PM_FLAG_SUSPECT_SAMPLE, "one digit repeated");
	is_str(pm_gtin_flag_name(0), "restricted", "flag names begin");
	is_str(pm_gtin_flag_name(PM_FLAG_COUNT - 1), "suspect_sample", "and end");
}

int
main(void)
{
	const char *seed = getenv("PM_SEED");

	test_parse();
	test_numbers();
	test_upce();
	test_books();
	test_flags();
	test_random(seed ? (unsigned) atoi(seed) : 20261121u);
	return tap_done();
}
