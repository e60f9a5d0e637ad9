/*
 * test_gs1.c - GS1 element strings: verdicts, positions, canonical form
 *
 * Tables of texts with the verdict that GS1's own checker gives them, or, where
 * ours differs, a comment with the reason; then seeded random messages both ways.
 */
#include <stdlib.h>

#include "pm_gs1.h"
#include "tap.h"

#define GS           "\x1D"
#define GTIN         "(01)09521234543213"
#define SSCC         "(00)006141411234567890"
#define LENGTH_OF(a) (sizeof(a) / sizeof((a)[0]))

static PmGs1Message message;
static char text[2 * PM_GS1_MAX_INPUT + 64];

/* Texts that are right, and their bracketed form; NULL: the same. */
static const struct
{
	const char *text;
	const char *canonical;
} valid_cases[] = {
  /* bracketed */
    {GTIN,                                                 NULL                              },
    {GTIN "(10)ABC",                                       NULL                              },
    {"(10)ABC" GTIN,                                       NULL                              },
    {GTIN "(10)A\\(B",                                     NULL                              },
    {GTIN "(10)\\(\\((21)\\(",                             NULL                              },
    {GTIN "(10)A)B(21))",                                  NULL                              },
    {GTIN "(10)!\"%&'\\()*+,-./:;<=>?_",                   NULL                              },
    {GTIN "(10)ABC(10)ABC",                                NULL                              },
    {GTIN "(01)09521234543213",                            NULL                              },
    {GTIN "(10)12345678901234567890",                      NULL                              },
    {"(01)00000000000000",                                 NULL                              },
    {"(400)X",                                             NULL                              },
    {"(90)1(91)2(92)3(93)4(94)5(95)6(96)7(97)8(98)9(99)0", NULL                              },
 /* as scanned */
    {"0109521234543213",                                   GTIN                              },
    {"010952123454321310ABC",                              GTIN "(10)ABC"                    },
    {"]C1010952123454321310ABC",                           GTIN "(10)ABC"                    },
    {"]d2010952123454321310ABC",                           GTIN "(10)ABC"                    },
    {"]Q3010952123454321310ABC",                           GTIN "(10)ABC"                    },
    {"]e0010952123454321310ABC",                           GTIN "(10)ABC"                    },
    {"]J1010952123454321310ABC",                           GTIN "(10)ABC"                    },
    {"]C110ABC" GS "0109521234543213",                     "(10)ABC" GTIN                    },
    {"10ABC" GS "0109521234543213" GS,                     "(10)ABC" GTIN                    },
    {"0109521234543213" GS "10ABC",                        GTIN "(10)ABC"                    },
    {"010952123454321310ABC" GS,                           GTIN "(10)ABC"                    },
    {"0109521234543213" GS,                                GTIN                              },
    {"]C1010952123454321317100200310300012310X",           GTIN "(17)100200(3103)000123(10)X"},
    {"01095212345432133103000123392201299",                GTIN "(3103)000123(3922)01299"    },
    {"3925125990" GS "300" GS "0109521234543213",          "(3925)125990(30)0" GTIN          },
    {"010952123454321310A(B",                              GTIN "(10)A\\(B"                  },
    {"010952123454321310(01)",                             GTIN "(10)\\(01)"                 },
    {"0109521234543213"
     "10"
     "12345678901234567890" GS "21X",
     GTIN "(10)12345678901234567890(21)X"                                                    },
 /* FNC1 in the first position, which some readers report: GS1's checker refuses it */
    {GS "0109521234543213",                                GTIN                              },
    {"]C1" GS "0109521234543213",                          GTIN                              },
 /* plain EAN */
    {"]E09521234543213",                                   "(01)09521234543213"              },
    {"]E00012345678905",                                   "(01)00012345678905"              },
    {"]E495200002",                                        "(01)00000095200002"              },
};

/* Texts that are wrong: why, whose fault, where. */
static const struct
{
	const char *text;
	PmGs1Status status;
	const char *ai;
	size_t position;
} invalid_cases[] = {
  /* the shape */
    {"",                                       PM_GS1_EMPTY,           "",     0 },
    {GS,                                       PM_GS1_EMPTY,           "",     1 },
    {"]C1",                                    PM_GS1_EMPTY,           "",     3 },
    {"]C1" GS,                                 PM_GS1_EMPTY,           "",     4 },
    {"(",                                      PM_GS1_SYNTAX,          "",     1 },
    {"()",                                     PM_GS1_SYNTAX,          "",     1 },
    {"()1",                                    PM_GS1_SYNTAX,          "",     1 },
    {"(0",                                     PM_GS1_SYNTAX,          "",     2 },
    {"(01",                                    PM_GS1_SYNTAX,          "",     3 },
    {"(1A)1",                                  PM_GS1_SYNTAX,          "",     2 },
    {"( 01)09521234543213",                    PM_GS1_SYNTAX,          "",     1 },
    {"(12345)1",                               PM_GS1_SYNTAX,          "",     5 },
    {"(01)09521234543213((10)A",               PM_GS1_SYNTAX,          "",     19},
    {"(1)2",                                   PM_GS1_UNKNOWN_AI,      "1",    1 },
    {"(04)1",                                  PM_GS1_UNKNOWN_AI,      "04",   1 },
    {"(3106)000000",                           PM_GS1_UNKNOWN_AI,      "3106", 1 },
    {"(3099)000000",                           PM_GS1_UNKNOWN_AI,      "3099", 1 },
    {"(310)000000",                            PM_GS1_UNKNOWN_AI,      "310",  1 },
    {"(011)1",                                 PM_GS1_UNKNOWN_AI,      "011",  1 },
    {"(23)1",                                  PM_GS1_UNKNOWN_AI,      "23",   1 },
    {"(8000)1",                                PM_GS1_UNKNOWN_AI,      "8000", 1 },
    {"(8299)1",                                PM_GS1_UNKNOWN_AI,      "8299", 1 },
    {GTIN "x",                                 PM_GS1_BAD_LENGTH,      "01",   4 },
    {"x" GTIN,                                 PM_GS1_SYNTAX,          "",     0 },
    {" " GTIN,                                 PM_GS1_SYNTAX,          "",     0 },
    {GTIN " ",                                 PM_GS1_BAD_LENGTH,      "01",   4 },
    {GTIN "(10) A",                            PM_GS1_BAD_CHARACTER,   "10",   22},
    {"]",                                      PM_GS1_SYNTAX,          "",     0 },
    {"]C",                                     PM_GS1_SYNTAX,          "",     0 },
    {"]C0"
     "0109521234543213",                  PM_GS1_SYNTAX,          "",     0 },
    {"]c1"
     "0109521234543213",                  PM_GS1_SYNTAX,          "",     0 },
    {"]C1" GTIN,                               PM_GS1_SYNTAX,          "",     3 },
    {"]C1" GS GS "0109521234543213",           PM_GS1_SYNTAX,          "",     4 },
    {"0109521234543213" GS GS,                 PM_GS1_SYNTAX,          "",     17},
    {"01095212345432132",                      PM_GS1_UNKNOWN_AI,      "2",    16},
    {"010952123454321304X",                    PM_GS1_UNKNOWN_AI,      "04",   16},
    {"0109521234543213310",                    PM_GS1_UNKNOWN_AI,      "310",  16},
    {"01095212345432133199000000",             PM_GS1_UNKNOWN_AI,      "3199", 16},
    {"0109521234543213X",                      PM_GS1_SYNTAX,          "",     16},
    {"01",                                     PM_GS1_BAD_LENGTH,      "01",   2 },
    {"01" GS,                                  PM_GS1_BAD_LENGTH,      "01",   2 },
    {"010952123454321",                        PM_GS1_BAD_LENGTH,      "01",   2 },
    {"010952123454321" GS "10A",               PM_GS1_BAD_LENGTH,      "01",   2 },
    {"0109521234543213100" GS GS "21A",        PM_GS1_SYNTAX,          "",     20},
    {"0109521234543213"
     "10123456789012345678901",           PM_GS1_BAD_LENGTH,      "10",   18},
    {"811112345",                              PM_GS1_BAD_LENGTH,      "8111", 4 },
    {"]E0952123454321",                        PM_GS1_BAD_LENGTH,      "01",   3 },
    {"]E095212345432133",                      PM_GS1_BAD_LENGTH,      "01",   3 },
    {"]E0952123454321X",                       PM_GS1_BAD_CHARACTER,   "01",   15},
    {"]E09521234543214",                       PM_GS1_BAD_CHECK_DIGIT, "01",   15},
    {"]E49520000",                             PM_GS1_BAD_LENGTH,      "01",   3 },
    {"]E495200003",                            PM_GS1_BAD_CHECK_DIGIT, "01",   10},
    {"]E4X5200002",                            PM_GS1_BAD_CHARACTER,   "01",   3 },
 /* lengths and characters */
    {"(01)",                                   PM_GS1_BAD_LENGTH,      "01",   4 },
    {"(01)9521234543213",                      PM_GS1_BAD_LENGTH,      "01",   4 },
    {"(01)95200002",                           PM_GS1_BAD_LENGTH,      "01",   4 },
    {"(01)009521234543213",                    PM_GS1_BAD_LENGTH,      "01",   4 },
    {GTIN "(10)",                              PM_GS1_BAD_LENGTH,      "10",   22},
    {GTIN "(10)123456789012345678901",         PM_GS1_BAD_LENGTH,      "10",   22},
    {"(17)9(90)217",                           PM_GS1_BAD_LENGTH,      "17",   4 },
    {GTIN "(423)2760",                         PM_GS1_BAD_LENGTH,      "423",  26},
    {GTIN "(7007)2401312402",                  PM_GS1_BAD_LENGTH,      "7007", 30},
    {GTIN "(8008)240131235",                   PM_GS1_BAD_LENGTH,      "8008", 32},
    {GTIN "(7230)12",                          PM_GS1_BAD_LENGTH,      "7230", 24},
    {"(01)0952123454321O",                     PM_GS1_BAD_CHARACTER,   "01",   17},
    {GTIN "(10)A\\B",                          PM_GS1_BAD_CHARACTER,   "10",   23},
    {GTIN "(10)A\\\\",                         PM_GS1_BAD_CHARACTER,   "10",   23},
    {GTIN "(10)\\\\(",                         PM_GS1_BAD_CHARACTER,   "10",   22},
    {GTIN "(10)\\(\\(#",                       PM_GS1_BAD_CHARACTER,   "10",   26},
    {GTIN "(10)A^",                            PM_GS1_BAD_CHARACTER,   "10",   23},
    {GTIN "(10)A|" GTIN,                       PM_GS1_BAD_CHARACTER,   "10",   23},
    {GTIN "(10)A" GS,                          PM_GS1_BAD_CHARACTER,   "10",   23},
    {GTIN "(10)\xC3\xA9",                      PM_GS1_BAD_CHARACTER,   "10",   22},
    {GTIN "(10)a~",                            PM_GS1_BAD_CHARACTER,   "10",   23},
    {"(8010)9521a",                            PM_GS1_BAD_CHARACTER,   "8010", 10},
    {SSCC "(8030)AB:",                         PM_GS1_BAD_CHARACTER,   "8030", 30},
    {SSCC "(8030)A=B",                         PM_GS1_BAD_CHARACTER,   "8030", 29},
    {SSCC "(8030)===",                         PM_GS1_BAD_CHARACTER,   "8030", 28},
    {SSCC "(8030)1===",                        PM_GS1_BAD_CHARACTER,   "8030", 29},
    {SSCC "(8030)1234=",                       PM_GS1_BAD_CHARACTER,   "8030", 32},
 /* repeated */
    {GTIN "(10)ABC(10)ABD",                    PM_GS1_REPEATED,        "10",   26},
    {GTIN "(10)ABC(21)1(10)ABCD",              PM_GS1_REPEATED,        "10",   31},
    {GTIN "(01)00012345678905",                PM_GS1_REPEATED,        "01",   19},
    {"0109521234543213"
     "10A" GS "10B",
     PM_GS1_REPEATED,                                                  "10",   20},
 /* must not meet */
    {GTIN "(02)09521234543213",                PM_GS1_EXCLUDED,        "02",   19},
    {"(02)09521234543213(37)1" GTIN SSCC,      PM_GS1_EXCLUDED,        "02",   1 },
    {GTIN "(37)1" SSCC,                        PM_GS1_EXCLUDED,        "01",   1 },
    {GTIN "(255)9521234543213",                PM_GS1_EXCLUDED,        "01",   1 },
    {GTIN "(21)A(235)B",                       PM_GS1_EXCLUDED,        "21",   19},
    {GTIN "(3100)000001(3101)000002",          PM_GS1_EXCLUDED,        "3100", 19},
    {GTIN "(3103)000001(3922)1(3932)9781",     PM_GS1_EXCLUDED,        "3922", 31},
    {"(255)9521234543213(3940)1234(8111)9999", PM_GS1_EXCLUDED,        "3940", 19},
    {SSCC "(4330)001200(4331)001200",          PM_GS1_EXCLUDED,        "4330", 23},
    {"(420)1(421)276A",                        PM_GS1_EXCLUDED,        "420",  1 },
 /* companions */
    {"(10)ABC",                                PM_GS1_REQUIRED,        "10",   1 },
    {"10ABC",                                  PM_GS1_REQUIRED,        "10",   0 },
    {"(02)09521234543213",                     PM_GS1_REQUIRED,        "02",   1 },
    {"(02)09521234543213(37)1",                PM_GS1_REQUIRED,        "37",   19},
    {GTIN "(250)A",                            PM_GS1_REQUIRED,        "250",  19},
    {GTIN "(7004)1",                           PM_GS1_REQUIRED,        "7004", 19},
    {GTIN "(3922)1",                           PM_GS1_REQUIRED,        "3922", 19},
    {"(3103)000001",                           PM_GS1_REQUIRED,        "3103", 1 },
    {"(254)A",                                 PM_GS1_REQUIRED,        "254",  1 },
    {"(8020)A",                                PM_GS1_REQUIRED,        "8020", 1 },
    {GTIN "(8030)A",                           PM_GS1_REQUIRED,        "8030", 19},
    {"(8010)9521(8030)A",                      PM_GS1_REQUIRED,        "8030", 11},
    {"(253)9521234543213(8030)A",              PM_GS1_REQUIRED,        "253",  1 },
    {"(255)9521234543213(8030)A",              PM_GS1_REQUIRED,        "255",  1 },
    {"(8003)09521234543213(8030)A",            PM_GS1_REQUIRED,        "8003", 1 },
};

/* A text is right, and its canonical form is that one. */
static void
expect_valid(const char *input, const char *canonical)
{
	PmGs1Error error;
	PmGs1Status status = pm_gs1_parse(input, strlen(input), &message, &error);

	if (!ok(status == PM_GS1_OK, input))
		printf("# status %d for (%s) at %zu: %s\n", status, error.ai, error.position,
		       error.other ? error.other : "-");
	pm_gs1_format(&message, text, sizeof(text));
	is_str(text, canonical, "... is canonical");
}

static void
test_verdicts(void)
{
	for (size_t i = 0; i < LENGTH_OF(valid_cases); i++)
		expect_valid(valid_cases[i].text, valid_cases[i].canonical
		                                      ? valid_cases[i].canonical
		                                      : valid_cases[i].text);
	for (size_t i = 0; i < LENGTH_OF(invalid_cases); i++)
	{
		const char *input = invalid_cases[i].text;
		PmGs1Error error = {0, "", NULL};

		is_int(pm_gs1_parse(input, strlen(input), &message, &error),
		       invalid_cases[i].status, input);
		is_str(error.ai, invalid_cases[i].ai, "... whose fault");
		is_int((long long) error.position, (long long) invalid_cases[i].position,
		       "... where");
		is_int(message.count, 0, "... leaves the message empty");
		is_int(pm_gs1_parse(input, strlen(input), &message, NULL), invalid_cases[i].status,
		       "... the same without PmGs1Error");
	}
}

/* What the texts beside a status say. */
static void
test_explanations(void)
{
	static const struct
	{
		const char *text;
		const char *other;
	} cases[] = {
	    {"(10)ABC",	                   "(01), (02), (03), (8006) or (8026)"                },
	    {GTIN "(250)A",                   "(01) with (21), (03) with (21) or (8006) with (21)"},
	    {"(254)A",	                    "(414)"	                                         },
	    {"(253)9521234543213(8030)A",     "a serial number within, because of (8030)"         },
	    {GTIN "(3100)000001(3101)000002", "310n"                                              },
	    {GTIN "(37)1" SSCC,               "37"	                                            },
	    {"(01)1",	                     "N14"	                                           },
	    {"(253)1",	                    "N13 [X..17]"	                                   },
	    {GTIN "(423)2760",                "N3 [N3] [N3] [N3] [N3]"                            },
	    {"(01)0952123454321O",            "a digit"	                                       },
	    {GTIN "(10)~",                    "one of GS1's 82 characters"                        },
	    {"(8010)9521a",                   "one of GS1's 39 characters"                        },
	    {SSCC "(8030)~",                  "a base64url character"                             },
	    {GTIN "(17)241301",               "a date YYMMDD (the day may be 00)"                 },
	    {GTIN "(422)999",                 "an ISO 3166-1 numeric country code"                },
	    {GTIN "(10)A(10)B",               NULL	                                            },
	    {"(04)1",	                     NULL	                                            },
	};

	for (size_t i = 0; i < LENGTH_OF(cases); i++)
	{
		PmGs1Error error = {0, "", ""};

		pm_gs1_parse(cases[i].text, strlen(cases[i].text), &message, &error);
		is_str(error.other, cases[i].other, cases[i].text);
	}
}

static void
test_limits(void)
{
	PmGs1Error error = {0};
	size_t len = 0;

	/* 64 elements, the same one again and again, then 65 */
	for (int i = 0; i <= PM_GS1_MAX_ELEMENTS; i++)
	{
		PmGs1Status expected = i < PM_GS1_MAX_ELEMENTS ? PM_GS1_OK : PM_GS1_TOO_LONG;

		len += (size_t) sprintf(text + len, "(90)A");
		if (i >= PM_GS1_MAX_ELEMENTS - 1)
			is_int(pm_gs1_parse(text, len, &message, &error), expected,
			       "number of elements");
	}
	is_int((long long) error.position, 5 * PM_GS1_MAX_ELEMENTS + 1, "... where");

	/* bytes */
	memset(text, 'A', sizeof(text));
	memcpy(text, "(90)", 4);
	is_int(pm_gs1_parse(text, PM_GS1_MAX_INPUT, &message, &error), PM_GS1_BAD_LENGTH,
	       "the longest input");
	is_int(pm_gs1_parse(text, PM_GS1_MAX_INPUT + 1, &message, &error), PM_GS1_TOO_LONG,
	       "one byte more");
	is_int((long long) error.position, PM_GS1_MAX_INPUT, "... where");
	memset(text, '(', sizeof(text));
	is_int(pm_gs1_parse(text, PM_GS1_MAX_INPUT, &message, &error), PM_GS1_SYNTAX,
	       "nothing but brackets");
	is_int(pm_gs1_parse(GTIN "(10)A\0B", strlen(GTIN) + 7, &message, &error),
	       PM_GS1_BAD_CHARACTER, "a null byte is a byte");
	is_int(pm_gs1_parse(GTIN "(10)ABC", strlen(GTIN) + 5, &message, &error), PM_GS1_OK,
	       "the length counts, not a terminator");
	is_int((long long) message.elements[1].length, 1, "... one character of (10)");

	/* what is short enough without escapes, but not with them */
	len = 0;
	for (int i = 0; i < PM_GS1_MAX_ELEMENTS; i++)
	{
		memcpy(text + len, "91", 2);
		memset(text + len + 2, '(', 90);
		text[len + 92] = PM_GS1_FNC1;
		len += 93;
		if (i == 43 || i == 44)
			is_int(pm_gs1_parse(text, len, &message, &error),
			       i == 43 ? PM_GS1_OK : PM_GS1_TOO_LONG, "length in brackets");
		if (i == 43)
			is_int((long long) pm_gs1_format(&message, NULL, 0), 44 * 184, "... counts");
	}
	is_int((long long) error.position, 44 * 93, "... where");

	/* the longest values that there are */
	memset(text, 'A', sizeof(text));
	memcpy(text, "(91)", 4);
	is_int(pm_gs1_parse(text, 94, &message, &error), PM_GS1_OK, "90 characters");
	is_int(pm_gs1_parse(text, 95, &message, &error), PM_GS1_BAD_LENGTH, "91 characters");
}

static void
test_format(void)
{
	static const char input[] = GTIN "(10)A\\(B";
	size_t len = strlen(input);

	pm_gs1_parse(input, len, &message, NULL);
	is_int((long long) pm_gs1_format(&message, NULL, 0), (long long) len,
	       "length without room");
	memset(text, 'x', sizeof(text));
	is_int((long long) pm_gs1_format(&message, text, len), (long long) len,
	       "one byte short");
	is_str(text, "", "... gives an empty string");
	is_int((long long) pm_gs1_format(&message, text, len + 1), (long long) len,
	       "just enough");
	is_str(text, input, "... gives the whole");
	message.count = 0;
	is_int((long long) pm_gs1_format(&message, text, 1), 0, "an empty message");
	is_str(text, "", "... is an empty string");
}

static void
test_find(void)
{
	static const char input[] = GTIN "(10)A\\(B(3103)000123(10)A\\(B";
	const PmGs1Element *element;

	pm_gs1_parse(input, strlen(input), &message, NULL);
	is_int(message.count, 4, "a repeated element is kept");
	element = pm_gs1_find(&message, "10");
	ok(element == &message.elements[1], "the first of two is found");
	is_str(element->title, "BATCH/LOT", "... with its title");
	is_int((long long) element->length, 3, "... and its unescaped length");
	ok(memcmp(message.values + element->offset, "A(B", 3) == 0, "... and value");
	is_str(pm_gs1_find(&message, "3103")->title, "NET WEIGHT (kg)", "the title of a range");
	ok(pm_gs1_find(&message, "310") == NULL, "a part of an identifier is none");
	ok(pm_gs1_find(&message, "21") == NULL, "what is not there is not found");
	ok(pm_gs1_find(&message, "") == NULL, "nothing is not found");
}

static void
test_gtin(void)
{
	static const struct
	{
		const char *text;
		int64_t gtin; /* 0: none */
	} cases[] = {
	    {GTIN,	                             INT64_C(9521234543213) },
	    {"(01)19521234543210",                 INT64_C(19521234543210)},
	    {"(01)00000095200002",                 INT64_C(95200002)      },
	    {"]E495200002",	                    INT64_C(95200002)      },
	    {"]C10109521234543213",                INT64_C(9521234543213) },
	    {"(10)A(01)09521234543213",            INT64_C(9521234543213) },
	    {SSCC "(02)09521234543213(37)5",       INT64_C(9521234543213) },
	    {"(03)09521234543213",                 INT64_C(9521234543213) },
	    {"(8006)095212345432130102",           INT64_C(9521234543213) },
	    {SSCC "(37)2(8026)095212345432130102", INT64_C(9521234543213) },
	    {SSCC,	                             0	                  },
	    {"(414)9521234543213",                 0                      },
	    {"(01)00000000000000",                 0                      },
	};

	for (size_t i = 0; i < LENGTH_OF(cases); i++)
	{
		int64_t gtin = -1;
		bool found;

		is_int(pm_gs1_parse(cases[i].text, strlen(cases[i].text), &message, NULL),
		       PM_GS1_OK, cases[i].text);
		found = pm_gs1_gtin(&message, &gtin);
		is_int(found, cases[i].gtin != 0, "... names a trade item");
		is_int(gtin, found ? cases[i].gtin : -1, "... this one");
	}
}

/* No single wrong digit of a GTIN gets through. */
static void
test_single_errors(void)
{
	int accepted = 0;

	for (size_t place = 4; place < 18; place++)
		for (char digit = '0'; digit <= '9'; digit++)
		{
			char input[] = GTIN;

			if (input[place] == digit)
				continue;
			input[place] = digit;
			accepted += pm_gs1_parse(input, 18, &message, NULL) != PM_GS1_BAD_CHECK_DIGIT;
		}
	is_int(accepted, 0, "each single wrong digit is a wrong check digit");
}

/* Random messages: brackets and FNC1 say the same, and print as what they were. */
static void
test_both_forms(void)
{
	static const struct
	{
		const char *ai;
		size_t min;
		size_t max;
		bool fnc1;
	} parts[] = {
	    {"10",   1, 20, true },
        {"21",   1, 20, true },
        {"240",  1, 30, true },
	    {"400",  1, 30, true },
        {"7002", 1, 30, true },
        {"99",   1, 90, true },
	    {"20",   2, 2,  false},
        {"3103", 6, 6,  false},
	};
	static const char set82[] = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
	                            "abcdefghijklmnopqrstuvwxyz";
	static char bracketed[4096];
	static char scanned[4096];
	int wrong = 0;

	srand(20260101);
	for (int round = 0; round < 2000; round++)
	{
		size_t b = (size_t) sprintf(bracketed, "%s", GTIN);
		size_t s = (size_t) sprintf(scanned, "%s", "]C10109521234543213");
		unsigned used = 0;

		for (int n = rand() % 6; n > 0; n--)
		{
			size_t p = (size_t) rand() % LENGTH_OF(parts);
			size_t len = parts[p].min + (size_t) rand() % (parts[p].max - parts[p].min + 1);

			if (used >> p & 1)
				continue;
			used |= 1u << p;
			b += (size_t) sprintf(bracketed + b, "(%s)", parts[p].ai);
			s += (size_t) sprintf(scanned + s, "%s", parts[p].ai);
			while (len-- > 0)
			{
				char c = parts[p].fnc1 ? set82[rand() % 82] : (char) ('0' + rand() % 10);

				if (c == '(')
					bracketed[b++] = '\\';
				bracketed[b++] = c;
				scanned[s++] = c;
			}
			if (parts[p].fnc1)
				scanned[s++] = PM_GS1_FNC1;
		}
		bracketed[b] = '\0';
		for (int form = 0; form < 2; form++)
		{
			const char *input = form == 0 ? bracketed : scanned;

			if (pm_gs1_parse(input, form == 0 ? b : s, &message, NULL) != PM_GS1_OK ||
			    pm_gs1_format(&message, text, sizeof(text)) != b ||
			    strcmp(text, bracketed) != 0)
				wrong++;
		}
	}
	is_int(wrong, 0, "4000 random messages in both forms");
}

int
main(void)
{
	test_verdicts();
	test_explanations();
	test_limits();
	test_format();
	test_find();
	test_gtin();
	test_single_errors();
	test_both_forms();
	return tap_done();
}
