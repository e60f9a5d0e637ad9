/*
 * test_gs1_rules.c - the content rules of GS1 values, and the table behind them
 *
 * For each rule of content the values beside its limits, with the verdict of
 * GS1's own checker; then the compiled table of identifiers against itself, so
 * that its next version cannot bring rows that name what does not exist.
 */
#include "pm_gs1_private.h"
#include "tap.h"

#define GTIN         "(01)09521234543213"
#define SSCC         "(00)006141411234567890"
#define LENGTH_OF(a) (sizeof(a) / sizeof((a)[0]))

static PmGs1Message message;
static char text[1024];

/* One line for each rule of content, and its neighbours on both sides. */
static const char *const valid_values[] = {
    /* csum */
    "(00)006141411234567890",
    "(03)09521234543213",
    "(02)09521234543213(37)12" SSCC,
    "(402)95212345678901235",
    "(410)9521234543213(411)9521234543213(412)9521234543213(413)9521234543213",
    "(8017)952123456789012345",
    "(8018)952123456789012345(8019)1",
    "(253)9521234543213",
    "(253)9521234543213ABC",
    "(255)9521234543213",
    "(255)9521234543213000000000001",
    "(8003)09521234543213",
    "(8003)09521234543213ABC",
    /* csumalpha, gcppos1, hasnondigit */
    "(8013)1987654Ad4X4bL5ttr2310c2K",
    "(8013)12345678901234567890123NT",
    "(8013)12345_!\"%&'\\()*+,-./LC",
    GTIN "(8014)1987654Ad4X4bL5ttr2310c2K",
    "(8004)9521A",
    "(401)9521234ABC",
    "(7023)95212345",
    "(8010)9521-/#AZ09",
    "(8010)9521A(8011)1",
    /* dates and times */
    GTIN "(17)240229",
    GTIN "(17)000229",
    GTIN "(17)991231",
    GTIN "(17)240200",
    GTIN "(11)240101(13)240101(15)240101(16)240101",
    SSCC "(4326)240131",
    SSCC "(4324)2401312359(4325)2401000000",
    GTIN "(7003)2401312359",
    GTIN "(7007)240131",
    GTIN "(7007)240131240201",
    GTIN "(7011)240131",
    GTIN "(7011)2401310000",
    GTIN "(8008)24013123",
    GTIN "(8008)2401312359",
    GTIN "(8008)240131235959",
    "(8018)952123456789012345(7250)20240229",
    "(8018)952123456789012345(7251)200002290000",
    /* codes */
    GTIN "(422)276",
    GTIN "(423)276040",
    GTIN "(423)276040756250380",
    "(421)276ABC",
    GTIN "(7030)999ABC(7039)004X",
    SSCC "(4307)DE",
    GTIN "(3930)978123(30)1",
    GTIN "(3930)924123(30)1",
    "(8018)952123456789012345(7252)9",
    "(8018)952123456789012345(7241)01",
    "(8018)952123456789012345(7241)10",
    "(8018)952123456789012345(7241)99",
    SSCC "(7041)PX",
    SSCC "(7041)8",
    SSCC "(7041)200",
    "(7040)1AB-",
    "(7040)1!)_",
    /* numbers */
    SSCC "(4309)18000000003600000000",
    SSCC "(4309)00000000000000000000",
    SSCC "(4321)0(4322)1",
    SSCC "(4330)001200",
    SSCC "(4330)001200-",
    "(8006)095212345432130102",
    "(8006)095212345432139999",
    "(8018)952123456789012345(7258)1/2(7259)BABY",
    "(8018)952123456789012345(7258)9/9(7259)BABY",
    GTIN "(8001)00010000100110",
    GTIN "(8001)99999999999919",
    "(8010)9521A(8011)999999999999",
    /* text */
    SSCC "(4300)A%20B%c3%BC",
    "(415)9521234543213(8020)1(8007)DE89370400440532013000",
    "(415)9521234543213(8020)1(8007)GB82WEST12345698765432",
    SSCC "(8030)ABC-_xyz019",
    SSCC "(8030)12=",
    SSCC "(8030)1==",
    SSCC "(8030)12==",
    SSCC "(8030)123=", /* RFC 4648's padding; GS1's checker counts in threes */
    /* coupons */
    "(8110)106141416543213150110120",
    "(8110)106141416543213500110000310123196000",
    "(8110)012345612345611110123",
    "(8110)01234561234561111012310110123012345691000",
    "(8110)012345612345611110123101101239",
    "(8110)0123456123456111101232110123012345691000",
    "(8110)01234561234561111012330006074000607",
    "(8110)01234561234561111012350123456612345678",
    "(8110)01234561234561111012390001",
    "(8112)001234561234560123456",
    "(8112)16123456789012123456912345678901234"
    "5",
};

/* Values that break a rule: how, whose, where. */
static const struct
{
	const char *text;
	PmGs1Status status;
	const char *ai;
	size_t position;
} invalid_values[] = {
  /* check digits and pairs */
    {"(01)09521234543214",                                    PM_GS1_BAD_CHECK_DIGIT, "01",   17},
    {"(00)006141411234567891",                                PM_GS1_BAD_CHECK_DIGIT, "00",   21},
    {"(8003)09521234543214",                                  PM_GS1_BAD_CHECK_DIGIT, "8003", 19},
    {"(8006)095212345432140102",                              PM_GS1_BAD_CHECK_DIGIT, "8006", 19},
    {"(8013)1987654Ad4X4bL5ttr2310c2X",                       PM_GS1_BAD_CHECK_DIGIT, "8013", 6 },
    {"(8013)1",                                               PM_GS1_BAD_CHECK_DIGIT, "8013", 6 },
    {"(415)9521234543213(8020)1(8007)DE88370400440532013000", PM_GS1_BAD_CHECK_DIGIT,
     "8007",                                                                                  31},
 /* other rules */
    {"(8004)952",                                             PM_GS1_BAD_VALUE,       "8004", 6 },
    {"(8004)952A1",                                           PM_GS1_BAD_VALUE,       "8004", 6 },
    {GTIN "(8014)100096",                                     PM_GS1_BAD_VALUE,       "8014", 24},
    {GTIN "(17)230229",                                       PM_GS1_BAD_VALUE,       "17",   22},
    {GTIN "(17)240230",                                       PM_GS1_BAD_VALUE,       "17",   22},
    {GTIN "(17)240431",                                       PM_GS1_BAD_VALUE,       "17",   22},
    {GTIN "(17)241301",                                       PM_GS1_BAD_VALUE,       "17",   22},
    {GTIN "(17)240001",                                       PM_GS1_BAD_VALUE,       "17",   22},
    {GTIN "(17)240000",                                       PM_GS1_BAD_VALUE,       "17",   22},
    {SSCC "(4326)240100",                                     PM_GS1_BAD_VALUE,       "4326", 28},
    {SSCC "(4324)2401312400",                                 PM_GS1_BAD_VALUE,       "4324", 34},
    {SSCC "(4324)2401312360",                                 PM_GS1_BAD_VALUE,       "4324", 34},
    {GTIN "(8008)24013124",                                   PM_GS1_BAD_VALUE,       "8008", 30},
    {GTIN "(8008)2401310060",                                 PM_GS1_BAD_VALUE,       "8008", 32},
    {GTIN "(8008)240131000060",                               PM_GS1_BAD_VALUE,       "8008", 34},
    {"(8018)952123456789012345(7250)19000229",                PM_GS1_BAD_VALUE,       "7250", 30},
    {"(8018)952123456789012345(7250)20240200",                PM_GS1_BAD_VALUE,       "7250", 30},
    {GTIN "(422)999",                                         PM_GS1_BAD_VALUE,       "422",  23},
    {GTIN "(423)276000",                                      PM_GS1_BAD_VALUE,       "423",  26},
    {GTIN "(7030)998A",                                       PM_GS1_BAD_VALUE,       "7030", 24},
    {SSCC "(4307)AA",                                         PM_GS1_BAD_VALUE,       "4307", 28},
    {SSCC "(4307)de",                                         PM_GS1_BAD_VALUE,       "4307", 28},
    {GTIN "(3930)191123(30)1",                                PM_GS1_BAD_VALUE,       "3930", 24},
    {"(8018)952123456789012345(7252)3",                       PM_GS1_BAD_VALUE,       "7252", 30},
    {"(8018)952123456789012345(7241)00",                      PM_GS1_BAD_VALUE,       "7241", 30},
    {"(8018)952123456789012345(7241)11",                      PM_GS1_BAD_VALUE,       "7241", 30},
    {"(8018)952123456789012345(7241)79",                      PM_GS1_BAD_VALUE,       "7241", 30},
    {SSCC "(7041)px",                                         PM_GS1_BAD_VALUE,       "7041", 28},
    {SSCC "(7041)ABCD",                                       PM_GS1_BAD_VALUE,       "7041", 28},
    {"(7040)1AB=",                                            PM_GS1_BAD_VALUE,       "7040", 9 },
    {SSCC "(4309)18000000013600000000",                       PM_GS1_BAD_VALUE,       "4309", 28},
    {SSCC "(4309)18000000003600000001",                       PM_GS1_BAD_VALUE,       "4309", 38},
    {SSCC "(4321)2",                                          PM_GS1_BAD_VALUE,       "4321", 28},
    {SSCC "(4330)001200+",                                    PM_GS1_BAD_VALUE,       "4330", 34},
    {"(8006)095212345432130001",                              PM_GS1_BAD_VALUE,       "8006", 20},
    {"(8006)095212345432130100",                              PM_GS1_BAD_VALUE,       "8006", 20},
    {"(8006)095212345432130302",                              PM_GS1_BAD_VALUE,       "8006", 20},
    {"(8018)952123456789012345(7258)2/1(7259)B",              PM_GS1_BAD_VALUE,       "7258", 30},
    {"(8018)952123456789012345(7258)0/1(7259)B",              PM_GS1_BAD_VALUE,       "7258", 30},
    {"(8018)952123456789012345(7258)111(7259)B",              PM_GS1_BAD_VALUE,       "7258", 30},
    {GTIN "(8001)00000000100110",                             PM_GS1_BAD_VALUE,       "8001", 24},
    {GTIN "(8001)00010000000110",                             PM_GS1_BAD_VALUE,       "8001", 28},
    {GTIN "(8001)00010000100010",                             PM_GS1_BAD_VALUE,       "8001", 33},
    {GTIN "(8001)00010000100120",                             PM_GS1_BAD_VALUE,       "8001", 36},
    {"(8003)19521234543213",                                  PM_GS1_BAD_VALUE,       "8003", 6 },
    {"(8010)9521A(8011)01",                                   PM_GS1_BAD_VALUE,       "8011", 17},
    {"(8010)9521A(8011)0",                                    PM_GS1_BAD_VALUE,       "8011", 17},
    {SSCC "(4300)A%2",                                        PM_GS1_BAD_VALUE,       "4300", 28},
    {SSCC "(4300)A%",                                         PM_GS1_BAD_VALUE,       "4300", 28},
    {SSCC "(4300)A%2G",                                       PM_GS1_BAD_VALUE,       "4300", 28},
    {"(415)9521234543213(8020)1(8007)XX89370400440532013000", PM_GS1_BAD_VALUE,       "8007", 31},
    {"(415)9521234543213(8020)1(8007)DE89370400440532013a00", PM_GS1_BAD_VALUE,       "8007", 31},
    {"(415)9521234543213(8020)1(8007)DE89",                   PM_GS1_BAD_VALUE,       "8007", 31},
    {"(8110)106141416543213150",                              PM_GS1_BAD_VALUE,       "8110", 6 },
    {"(8110)712345678901234567890123",                        PM_GS1_BAD_VALUE,       "8110", 6 },
    {"(8110)0123456123456011101230",                          PM_GS1_BAD_VALUE,       "8110", 6 },
    {"(8110)012345612345611115123",                           PM_GS1_BAD_VALUE,       "8110", 6 },
    {"(8110)01234561234561111012314110123",                   PM_GS1_BAD_VALUE,       "8110", 6 },
    {"(8110)01234561234561111012300",                         PM_GS1_BAD_VALUE,       "8110", 6 },
    {"(8110)01234561234561111012335006064500607",             PM_GS1_BAD_VALUE,       "8110", 6 },
    {"(8110)0123456123456111101233200010",                    PM_GS1_BAD_VALUE,       "8110", 6 },
    {"(8110)01234561234561111012390002",                      PM_GS1_BAD_VALUE,       "8110", 6 },
    {"(8110)01234561234561111012X",                           PM_GS1_BAD_VALUE,       "8110", 6 },
    {"(8112)2012345612345601234567",                          PM_GS1_BAD_VALUE,       "8112", 6 },
    {"(8112)0012345612345601234567",                          PM_GS1_BAD_VALUE,       "8112", 6 },
};

static void
test_values(void)
{
	for (size_t i = 0; i < LENGTH_OF(valid_values); i++)
	{
		const char *input = valid_values[i];
		PmGs1Error error;
		PmGs1Status status = pm_gs1_parse(input, strlen(input), &message, &error);

		if (!ok(status == PM_GS1_OK, input))
			printf("# status %d for (%s) at %zu: %s\n", status, error.ai, error.position,
			       error.other ? error.other : "-");
		pm_gs1_format(&message, text, sizeof(text));
		is_str(text, input, "... stays what it is");
	}
	for (size_t i = 0; i < LENGTH_OF(invalid_values); i++)
	{
		const char *input = invalid_values[i].text;
		PmGs1Error error = {0, "", NULL};

		is_int(pm_gs1_parse(input, strlen(input), &message, &error),
		       invalid_values[i].status, input);
		is_str(error.ai, invalid_values[i].ai, "... whose fault");
		is_int((long long) error.position, (long long) invalid_values[i].position,
		       "... where");
		ok(error.other != NULL && strlen(error.other) > 2, "... and why");
	}
}

/* Every rule can say what a value is not. */
static void
test_texts(void)
{
	for (int rule = PM_GS1_RULE_NONE + 1; rule <= PM_GS1_RULE_ZERO; rule++)
		ok(strlen(pm_gs1_rule_text((PmGs1Rule) rule)) > 3,
		   pm_gs1_rule_text((PmGs1Rule) rule));
}

/* Writes number with leading zeros as len digits, terminated; false if it is longer. */
static bool
spell(char *digits, size_t len, int number)
{
	digits[len] = '\0';
	for (size_t i = len; i > 0; i--, number /= 10)
		digits[i - 1] = (char) ('0' + number % 10);
	return number == 0;
}

/* Are all identifiers that a list names in the table? */
static bool
all_known(const char *list)
{
	while (*list != '\0')
	{
		size_t len = strspn(list, "0123456789n");
		bool known = false;

		for (int number = 0; number < 10000 && !known; number++)
		{
			char digits[5];

			known = len <= 4 && spell(digits, len, number) && pm_gs1_ai_lookup(digits, len);
			for (size_t i = 0; i < len; i++)
				known = known && (list[i] == 'n' || list[i] == digits[i]);
		}
		if (!known)
			return false;
		list += len;
		list += *list != '\0';
	}
	return true;
}

/* The table holds together, whatever its next version says. */
static void
test_table(void)
{
	int count = 0;
	int keys = 0;
	int without_fnc1 = 0;
	bool consistent = true;
	bool known = true;

	for (size_t len = 2; len <= 4; len++)
		for (int number = 0; number < 10000; number++)
		{
			char digits[5];
			const PmGs1Ai *ai;
			int min = 0;
			int max = 0;

			if (!spell(digits, len, number))
				break;
			ai = pm_gs1_ai_lookup(digits, len);
			if (ai == NULL)
				continue;
			count++;
			keys += ai->dl_key;
			without_fnc1 += !ai->fnc1;
			for (int i = 0; i < ai->n_components; i++)
			{
				min += ai->components[i].optional ? 0 : ai->components[i].min;
				max += ai->components[i].max;
			}
			consistent = consistent && ai->digits == len && ai->from <= number &&
			             number <= ai->to && (size_t) pm_gs1_ai_digits(digits) == len &&
			             ai->min == min && ai->max == max && min > 0 && max <= 90 &&
			             (ai->fnc1 || min == max) && (!ai->dl_key || ai->dl_attribute) &&
			             (ai->dl_key || *ai->qualifiers == '\0');
			known = known && all_known(ai->requires) && all_known(ai->qualifiers);
			for (const char *ex = ai->excludes; *ex != '\0'; ex += strlen(ex) + 1)
				known = known && all_known(ex);
		}
	is_int(count, 541, "identifiers in the table");
	is_int(keys, 16, "primary keys of Digital Link");
	is_int(without_fnc1, 337, "identifiers whose value has a predefined length");
	ok(consistent, "lengths and flags of every identifier fit together");
	ok(known, "every identifier named by another exists");
	ok(pm_gs1_ai_lookup("01", 1) == NULL && pm_gs1_ai_lookup("", 0) == NULL &&
	       pm_gs1_ai_lookup("0x", 2) == NULL && pm_gs1_ai_lookup("310x", 4) == NULL,
	   "what is not 2 to 4 digits is not looked up");
}

/* The sizes of the lists, which GS1's checker has too. */
static void
test_code_lists(void)
{
	int countries = 0;
	int letters = 0;
	int currencies = 0;

	for (int i = -1; i <= 1000; i++)
	{
		countries += pm_gs1_is_country_number(i);
		currencies += pm_gs1_is_currency_number(i);
	}
	for (int i = 0; i < 65536; i++)
	{
		char pair[3] = {(char) (i >> 8), (char) (i & 255), '\0'};

		letters += pm_gs1_is_country_code(pair);
	}
	is_int(countries, 249, "numeric country codes");
	is_int(letters, 249, "alpha-2 country codes");
	is_int(currencies, 179, "numeric currency codes");
}

int
main(void)
{
	test_values();
	test_texts();
	test_table();
	test_code_lists();
	return tap_done();
}
