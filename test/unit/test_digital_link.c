/*
 * test_digital_link.c - Digital Link URIs: verdicts, legacy forms, canonical URI
 *
 * Verdicts are those of GS1's own checker.  Every URI that is right is printed
 * again and parsed again: the same pairs, and from then on the same text.
 */
#include "pm_gs1.h"
#include "tap.h"

#define LENGTH_OF(a) (sizeof(a) / sizeof((a)[0]))
#define GTIN         "/01/09521234543213"
#define A_GTIN       "https://a" GTIN

static PmGs1Message message;
static PmGs1Message again;
static char text[2 * PM_GS1_MAX_INPUT];
static char uri[4 * PM_GS1_MAX_INPUT];
static char uri_again[4 * PM_GS1_MAX_INPUT];

/* A URI, the pairs in it, and the canonical URI after https://id.gs1.org (NULL: see below). */
static const struct
{
	const char *uri;
	const char *pairs;
	const char *canonical;
} valid_cases[] = {
  /* scheme, domain, stem */
    {"http://a/00/006141411234567890",                               "(00)006141411234567890",                   "/00/006141411234567890"                             },
    {"HTTP://a/00/006141411234567890",                               "(00)006141411234567890",                   "/00/006141411234567890"                             },
    {"HTTPS://A" GTIN,                                               "(01)09521234543213",                       GTIN                                                 },
    {A_GTIN,                                                         "(01)09521234543213",                       GTIN                                                 },
    {"https://id.gs1.org" GTIN,                                      "(01)09521234543213",                       GTIN                                                 },
    {"https://xn--fsq.xn--0zwm56d" GTIN,                             "(01)09521234543213",                       GTIN                                                 },
    {"https://a." GTIN,                                              "(01)09521234543213",                       GTIN                                                 },
    {"https://a:65535" GTIN,                                         "(01)09521234543213",                       GTIN                                                 },
    {"https://192.0.2.1" GTIN,                                       "(01)09521234543213",                       GTIN                                                 },
    {"https://[2001:db8::1]" GTIN,                                   "(01)09521234543213",                       GTIN                                                 },
    {"https://a/stem" GTIN,                                          "(01)09521234543213",                       GTIN                                                 },
    {"https://a/more/st%20em/~x" GTIN,                               "(01)09521234543213",                       GTIN                                                 },
    {"https://a//" GTIN,                                             "(01)09521234543213",                       GTIN                                                 },
    {"https://a/01/x" GTIN,                                          "(01)09521234543213",                       GTIN                                                 },
    {"https://a/01/09521234543213" GTIN,                             "(01)09521234543213",                       GTIN                                                 },
    {"https://a/414/9521234543213" GTIN,                             "(01)09521234543213",                       GTIN                                                 },
    {"https://a/00" GTIN,                                            "(01)09521234543213",                       GTIN                                                 },
 /* keys and qualifiers */
    {A_GTIN "/22/V/10/L/21/S",                                       "(01)09521234543213(22)V(10)L(21)S",        GTIN "/22/V/10/L/21/S"                               },
    {A_GTIN "/22/V",                                                 "(01)09521234543213(22)V",                  GTIN "/22/V"                                         },
    {A_GTIN "/10/L",                                                 "(01)09521234543213(10)L",                  GTIN "/10/L"                                         },
    {A_GTIN "/21/S",                                                 "(01)09521234543213(21)S",                  GTIN "/21/S"                                         },
    {A_GTIN "/22/V/21/S",                                            "(01)09521234543213(22)V(21)S",             GTIN "/22/V/21/S"                                    },
    {A_GTIN "/235/T",                                                "(01)09521234543213(235)T",                 GTIN "/235/T"                                        },
    {A_GTIN "/235/T?10=L",                                           "(01)09521234543213(235)T(10)L",            GTIN "/235/T?10=L"                                   },
    {"https://a/253/9521234543213ABC",                               "(253)9521234543213ABC",                    "/253/9521234543213ABC"                              },
    {"https://a/255/9521234543213",                                  "(255)9521234543213",                       "/255/9521234543213"                                 },
    {"https://a/401/12345678",                                       "(401)12345678",                            "/401/12345678"                                      },
    {"https://a/414/9521234543213/254/32a%2Fb",                      "(414)9521234543213(254)32a/b",
     "/414/9521234543213/254/32a%2Fb"                                                                                                                                 },
    {"https://a/414/9521234543213/7040/1ABC",                        "(414)9521234543213(7040)1ABC",
     "/414/9521234543213/7040/1ABC"                                                                                                                                   },
    {"https://a/415/9521234543213/8020/1",                           "(415)9521234543213(8020)1",
     "/415/9521234543213/8020/1"                                                                                                                                      },
    {"https://a/8003/09521234543213",                                "(8003)09521234543213",                     "/8003/09521234543213"                               },
    {"https://a/8004/9521A/7040/1ABC",                               "(8004)9521A(7040)1ABC",                    "/8004/9521A/7040/1ABC"                              },
    {"https://a/8006/095212345432130102/10/L",                       "(8006)095212345432130102(10)L",
     "/8006/095212345432130102/10/L"                                                                                                                                  },
    {"https://a/8010/9521%23A/8011/1",                               "(8010)9521#A(8011)1",                      "/8010/9521%23A/8011/1"                              },
    {"https://a/8018/952123456789012345/8019/1",                     "(8018)952123456789012345(8019)1",
     "/8018/952123456789012345/8019/1"                                                                                                                                },
 /* the query */
    {A_GTIN "?",                                                     "(01)09521234543213",                       GTIN                                                 },
    {A_GTIN "?&&",                                                   "(01)09521234543213",                       GTIN                                                 },
    {A_GTIN "?99=ABC",                                               "(01)09521234543213(99)ABC",                GTIN "?99=ABC"                                       },
    {A_GTIN "?99=ABC&17=271231&98=X",                                "(01)09521234543213(99)ABC(17)271231(98)X",
     GTIN "?17=271231&99=ABC&98=X"                                                                                                                                    },
    {A_GTIN "?&&&99=ABC&&&98=X&&",                                   "(01)09521234543213(99)ABC(98)X",           GTIN "?99=ABC&98=X"                                  },
    {A_GTIN "?linkType=gs1:pip&99=ABC&single&x9=1",                  "(01)09521234543213(99)ABC",
     GTIN "?99=ABC"                                                                                                                                                   },
    {A_GTIN "?99&98=X&9999999",                                      "(01)09521234543213(98)X",                  GTIN "?98=X"                                         },
    {A_GTIN "?99=A=B",                                               "(01)09521234543213(99)A=B",                GTIN "?99=A%3DB"                                     },
    {A_GTIN "?99=A/B?C",                                             "(01)09521234543213(99)A/B?C",              GTIN "?99=A%2FB%3FC"                                 },
    {A_GTIN "?3103=000195&3922=0299",                                "(01)09521234543213(3103)000195(3922)0299",
     GTIN "?3103=000195&3922=0299"                                                                                                                                    },
    {"https://a/00/006141411234567890?02=09521234543213&37=25&10=L",
     "(00)006141411234567890(02)09521234543213(37)25(10)L",                                                      "/00/006141411234567890?02=09521234543213&37=25&10=L"},
    {"https://a/8004/9521A?01=09521234543213",                       "(8004)9521A(01)09521234543213",
     "/8004/9521A?01=09521234543213"                                                                                                                                  },
 /* the fragment */
    {A_GTIN "#",                                                     "(01)09521234543213",                       GTIN                                                 },
    {A_GTIN "#17=x&89=1/01/2",                                       "(01)09521234543213",                       GTIN                                                 },
    {A_GTIN "?99=A#98=B",                                            "(01)09521234543213(99)A",                  GTIN "?99=A"                                         },
    {A_GTIN "/10/L#?99=A",                                           "(01)09521234543213(10)L",                  GTIN "/10/L"                                         },
 /* encoding */
    {A_GTIN "/10/A%2d%2F%28%41",                                     "(01)09521234543213(10)A-/\\(A",            GTIN "/10/A-%2F%28A"                                 },
    {A_GTIN "/10/A+B",                                               "(01)09521234543213(10)A+B",                GTIN "/10/A%2BB"                                     },
    {A_GTIN "/10/A%",                                                "(01)09521234543213(10)A%",                 GTIN "/10/A%25"                                      },
    {A_GTIN "/10/A%2",                                               "(01)09521234543213(10)A%2",                GTIN "/10/A%252"                                     },
    {A_GTIN "/10/A%4G%g4",                                           "(01)09521234543213(10)A%4G%g4",            GTIN "/10/A%254G%25g4"                               },
    {A_GTIN "/10/%/21/%",                                            "(01)09521234543213(10)%(21)%",             GTIN "/10/%25/21/%25"                                },
    {"https://a/01/%30%39521234543213",                              "(01)09521234543213",                       GTIN                                                 },
    {A_GTIN "/10/..",                                                "(01)09521234543213(10)..",                 GTIN "/10/.."                                        },
    {A_GTIN "/10/(A)!'*;:,",                                         "(01)09521234543213(10)\\(A)!'*;:,",
     GTIN "/10/%28A%29%21%27%2A%3B%3A%2C"                                                                                                                             },
};

/* URIs that are wrong: why, whose fault, where. */
static const struct
{
	const char *uri;
	PmGs1Status status;
	const char *ai;
	size_t position;
} invalid_cases[] = {
  /* scheme and domain */
    {"",                                            PM_GS1_EMPTY,           "",     0 },
    {"ftp://a" GTIN,                                PM_GS1_SYNTAX,          "",     0 },
    {"HtTp://a" GTIN,                               PM_GS1_SYNTAX,          "",     0 },
    {"https:/a" GTIN,                               PM_GS1_SYNTAX,          "",     0 },
    {"id.gs1.org" GTIN,                             PM_GS1_SYNTAX,          "",     0 },
    {"https://",                                    PM_GS1_SYNTAX,          "",     8 },
    {"https:///" GTIN,                              PM_GS1_SYNTAX,          "",     8 },
    {"https://a",                                   PM_GS1_SYNTAX,          "",     9 },
    {"https://a/",                                  PM_GS1_SYNTAX,          "",     9 },
    {"https://a/b",                                 PM_GS1_SYNTAX,          "",     9 },
    {"https://a/b/",                                PM_GS1_SYNTAX,          "",     9 },
    {"https://01/09521234543213",                   PM_GS1_SYNTAX,          "",     10},
    {"https://a_b" GTIN,                            PM_GS1_SYNTAX,          "",     9 },
    {"https://user@a" GTIN,                         PM_GS1_SYNTAX,          "",     12},
    {"https://[fe80::1%25lo]" GTIN,                 PM_GS1_SYNTAX,          "",     16},
    {"https://a?99=A" GTIN,                         PM_GS1_SYNTAX,          "",     9 },
    {"https://a#" GTIN,                             PM_GS1_SYNTAX,          "",     9 },
    {A_GTIN "/10/A B",                              PM_GS1_SYNTAX,          "",     32},
    {A_GTIN "<",                                    PM_GS1_SYNTAX,          "",     27},
    {A_GTIN "\\",                                   PM_GS1_SYNTAX,          "",     27},
    {A_GTIN "?99=^",                                PM_GS1_SYNTAX,          "",     31},
    {A_GTIN "#\xC3\xA9",                            PM_GS1_SYNTAX,          "",     28},
    {A_GTIN "\n",                                   PM_GS1_SYNTAX,          "",     27},
 /* the path */
    {A_GTIN "/",                                    PM_GS1_SYNTAX,          "",     9 },
    {A_GTIN "/x",                                   PM_GS1_SYNTAX,          "",     9 },
    {A_GTIN "/x/y",                                 PM_GS1_SYNTAX,          "",     9 },
    {A_GTIN "/89/A",                                PM_GS1_SYNTAX,          "",     9 },
    {"https://a/10/L",                              PM_GS1_SYNTAX,          "",     9 },
    {"https://a/1/09521234543213",                  PM_GS1_SYNTAX,          "",     9 },
    {"https://a/001/09521234543213",                PM_GS1_SYNTAX,          "",     9 },
    {"https://a/%30%31/09521234543213",             PM_GS1_SYNTAX,          "",     9 },
    {"https://a//09521234543213",                   PM_GS1_SYNTAX,          "",     9 },
    {"https://a/01/",                               PM_GS1_BAD_LENGTH,      "01",   13},
    {"https://a/01//10/L",                          PM_GS1_BAD_LENGTH,      "01",   13},
    {A_GTIN "/10/",                                 PM_GS1_BAD_LENGTH,      "10",   31},
    {A_GTIN "/10//21/S",                            PM_GS1_BAD_LENGTH,      "10",   31},
    {A_GTIN "/21/S/10/L",                           PM_GS1_SYNTAX,          "21",   28},
    {A_GTIN "/10/L/22/V",                           PM_GS1_SYNTAX,          "10",   28},
    {A_GTIN "/10/L/235/T",                          PM_GS1_SYNTAX,          "10",   28},
    {A_GTIN "/99/A",                                PM_GS1_SYNTAX,          "99",   28},
    {"https://a/00/006141411234567890/10/L",        PM_GS1_SYNTAX,          "10",   32},
    {"https://a/414/9521234543213/254/A/7040/1ABC", PM_GS1_SYNTAX,          "254",  28},
    {A_GTIN "/10/L/10/L",                           PM_GS1_REPEATED,        "10",   33},
    {"https://a/01/9521234543213",                  PM_GS1_BAD_LENGTH,      "01",   13},
    {"https://a/01/95200002",                       PM_GS1_BAD_LENGTH,      "01",   13},
    {"https://a/01/09521234543214",                 PM_GS1_BAD_CHECK_DIGIT, "01",   26},
    {"https://a/01/%30952123454321%34",             PM_GS1_BAD_CHECK_DIGIT, "01",   28},
    {"https://a/01/0952123454321%58",               PM_GS1_BAD_CHARACTER,   "01",   26},
    {"https://a/01/0952123454321%003",              PM_GS1_BAD_CHARACTER,   "01",   26},
    {A_GTIN "/10/A%20B",                            PM_GS1_BAD_CHARACTER,   "10",   32},
    {A_GTIN "/10/%2A%2A%7E",                        PM_GS1_BAD_CHARACTER,   "10",   37},
    {A_GTIN "/10/123456789012345678901",            PM_GS1_BAD_LENGTH,      "10",   31},
 /* the query */
    {A_GTIN "?99=",                                 PM_GS1_BAD_LENGTH,      "99",   31},
    {A_GTIN "?99=&98=X",                            PM_GS1_BAD_LENGTH,      "99",   31},
    {A_GTIN "?89=A",                                PM_GS1_UNKNOWN_AI,      "89",   28},
    {A_GTIN "?999=A",                               PM_GS1_UNKNOWN_AI,      "999",  28},
    {A_GTIN "?98=A&1=A",                            PM_GS1_SYNTAX,          "",     33},
    {A_GTIN "?99999=A",                             PM_GS1_SYNTAX,          "",     28},
    {A_GTIN "?=A",                                  PM_GS1_SYNTAX,          "",     28},
    {A_GTIN "?10=L",                                PM_GS1_SYNTAX,          "10",   28},
    {A_GTIN "?235=T",                               PM_GS1_SYNTAX,          "235",  28},
    {A_GTIN "/22/V?10=L",                           PM_GS1_SYNTAX,          "10",   33},
    {A_GTIN "/22/V?235=T",                          PM_GS1_SYNTAX,          "235",  33},
    {A_GTIN "?8200=http:",                          PM_GS1_SYNTAX,          "8200", 28},
    {"https://a/8004/9521A?03=09521234543213",      PM_GS1_SYNTAX,          "03",   21},
    {A_GTIN "?01=09521234543213",                   PM_GS1_REPEATED,        "01",   28},
    {A_GTIN "/10/L?10=L",                           PM_GS1_REPEATED,        "10",   33},
    {A_GTIN "?99=A&99=A",                           PM_GS1_REPEATED,        "99",   33},
    {A_GTIN "?99=A+B",                              PM_GS1_BAD_CHARACTER,   "99",   32},
    {A_GTIN "?99=A%00B",                            PM_GS1_BAD_CHARACTER,   "99",   32},
    {A_GTIN "?99=A;B%7D",                           PM_GS1_BAD_CHARACTER,   "99",   34},
    {A_GTIN "?17=271301",                           PM_GS1_BAD_VALUE,       "17",   31},
    {"https://a/8004/9521A?01=9521234543213",       PM_GS1_BAD_LENGTH,      "01",   24},
 /* what the pairs mean together */
    {A_GTIN "?37=1",                                PM_GS1_EXCLUDED,        "01",   10},
    {"https://a/00/006141411234567890?10=L",        PM_GS1_REQUIRED,        "10",   32},
    {"https://a/415/9521234543213",                 PM_GS1_REQUIRED,        "415",  10},
    {A_GTIN "?3922=1",                              PM_GS1_REQUIRED,        "3922", 28},
};

/* Old forms, and what they stand for; NULL: refused in spite of the option. */
static const struct
{
	const char *uri;
	const char *pairs;
} legacy_cases[] = {
    {"https://a/01/9521234543213",                     "(01)09521234543213"               },
    {"https://a/01/012345678905",                      "(01)00012345678905"               },
    {"https://a/01/95200002",                          "(01)00000095200002"               },
    {"https://a/8004/9521A?01=9521234543213",          "(8004)9521A(01)09521234543213"    },
    {"https://a/gtin/09521234543213",                  "(01)09521234543213"               },
    {"https://a/gtin/9521234543213/cpv/V/lot/L/ser/S", "(01)09521234543213(22)V(10)L(21)S"},
    {"https://a/gtin/09521234543213/10/L",             "(01)09521234543213(10)L"          },
    {"https://a/01/09521234543213/lot/L",              "(01)09521234543213(10)L"          },
    {"https://a/sscc/006141411234567890",              "(00)006141411234567890"           },
    {"https://a/gdti/9521234543213",                   "(253)9521234543213"               },
    {"https://a/gcn/9521234543213",                    "(255)9521234543213"               },
    {"https://a/ginc/9521A",                           "(401)9521A"                       },
    {"https://a/gsin/95212345678901235",               "(402)95212345678901235"           },
    {"https://a/gln/9521234543213/glnx/A",             "(414)9521234543213(254)A"         },
    {"https://a/party/9521234543213",                  "(417)9521234543213"               },
    {"https://a/grai/09521234543213",                  "(8003)09521234543213"             },
    {"https://a/giai/9521A",                           "(8004)9521A"                      },
    {"https://a/itip/095212345432130102",              "(8006)095212345432130102"         },
    {"https://a/cpid/9521A/cpsn/1",                    "(8010)9521A(8011)1"               },
    {"https://a/gmn/1987654Ad4X4bL5ttr2310c2K",        "(8013)1987654Ad4X4bL5ttr2310c2K"  },
    {"https://a/gsrnp/952123456789012345/srin/1",      "(8017)952123456789012345(8019)1"  },
    {"https://a/gsrn/952123456789012345",              "(8018)952123456789012345"         },
    {"https://a/415/9521234543213/refno/1",            "(415)9521234543213(8020)1"        },
    {"https://a/01/9521234543214",                     NULL                               },
    {"https://a/01/952123454321X",                     NULL                               },
    {"https://a/gtin/09521234543213/ser/S/lot/L",      NULL                               },
    {"https://a/lot/L",                                NULL                               },
};

/* Are the two messages the same, apart from the order of their pairs? */
static bool
are_same_pairs(const PmGs1Message *one, const PmGs1Message *two)
{
	if (one->count != two->count)
		return false;
	for (int i = 0; i < one->count; i++)
	{
		const PmGs1Element *a = &one->elements[i];
		const PmGs1Element *b = pm_gs1_find(two, a->ai);

		if (b == NULL || a->length != b->length ||
		    memcmp(one->values + a->offset, two->values + b->offset, a->length) != 0)
			return false;
	}
	return true;
}

static void
test_valid(void)
{
	for (size_t i = 0; i < LENGTH_OF(valid_cases); i++)
	{
		const char *input = valid_cases[i].uri;
		PmGs1Error error;
		bool legacy = true;
		size_t length = 0;
		PmGs1Status status =
		    pm_digital_link_parse(input, strlen(input), 0, &message, &legacy, &error);

		if (!ok(status == PM_GS1_OK, input))
			printf("# status %d for (%s) at %zu: %s\n", status, error.ai, error.position,
			       error.other ? error.other : "-");
		ok(!legacy, "... is no old form");
		pm_gs1_format(&message, text, sizeof(text));
		is_str(text, valid_cases[i].pairs, "... has these pairs");
		status =
		    pm_digital_link_format(&message, NULL, 0, uri, sizeof(uri), &length, &error);
		is_int(status, PM_GS1_OK, "... can be written");
		is_str(uri + strlen("https://id.gs1.org"), valid_cases[i].canonical,
		       "... canonically");
		is_int((long long) length, (long long) strlen(uri), "... of this length");
		pm_digital_link_parse(uri, length, 0, &again, NULL, NULL);
		ok(are_same_pairs(&message, &again), "... which says the same");
		pm_digital_link_format(&again, NULL, 0, uri_again, sizeof(uri_again), &length,
		                       NULL);
		is_str(uri_again, uri, "... and stays the same");
	}
}

static void
test_invalid(void)
{
	for (size_t i = 0; i < LENGTH_OF(invalid_cases); i++)
	{
		const char *input = invalid_cases[i].uri;
		PmGs1Error error = {0, "", NULL};

		is_int(pm_digital_link_parse(input, strlen(input), 0, &message, NULL, &error),
		       invalid_cases[i].status, input);
		is_str(error.ai, invalid_cases[i].ai, "... whose fault");
		is_int((long long) error.position, (long long) invalid_cases[i].position,
		       "... where");
		is_int(message.count, 0, "... leaves the message empty");
	}
}

static void
test_legacy(void)
{
	for (size_t i = 0; i < LENGTH_OF(legacy_cases); i++)
	{
		const char *input = legacy_cases[i].uri;
		size_t len = strlen(input);
		bool legacy = false;

		ok(pm_digital_link_parse(input, len, 0, &message, &legacy, NULL) != PM_GS1_OK,
		   input);
		ok(legacy, "... is seen to be an old form");
		legacy = false;
		is_int(pm_digital_link_parse(input, len, PM_DIGITAL_LINK_LEGACY, &message, &legacy,
		                             NULL) == PM_GS1_OK,
		       legacy_cases[i].pairs != NULL, "... is allowed by option");
		ok(legacy, "... and said to be one");
		pm_gs1_format(&message, text, sizeof(text));
		is_str(text, legacy_cases[i].pairs ? legacy_cases[i].pairs : "",
		       "... has these pairs");
	}

	/* Names are old only where an identifier stands, and only these, in small letters. */
	for (int options = 0; options <= PM_DIGITAL_LINK_LEGACY; options++)
	{
		static const char stem[] = "https://a/gtin/9/lot/01/09521234543213/10/ser";
		static const char query[] = "https://a/01/09521234543213?lot=L";
		static const char *const unknown[] = {"https://a/GTIN/09521234543213",
		                                      "https://a/gti/09521234543213",
		                                      "https://a/gtins/09521234543213"};
		bool legacy = true;

		is_int(pm_digital_link_parse(stem, strlen(stem), options, &message, &legacy, NULL),
		       PM_GS1_OK, "short names in stem and value");
		ok(!legacy, "... are no old form");
		is_int(
		    pm_digital_link_parse(query, strlen(query), options, &message, &legacy, NULL),
		    PM_GS1_OK, "a short name in the query");
		is_int(message.count, 1, "... is skipped");
		for (size_t i = 0; i < LENGTH_OF(unknown); i++)
			is_int(pm_digital_link_parse(unknown[i], strlen(unknown[i]), options, &message,
			                             &legacy, NULL),
			       PM_GS1_SYNTAX, unknown[i]);
	}
}

/* Element strings as URIs: which key, what goes where, what has no place. */
static void
test_format(void)
{
	static const struct
	{
		const char *pairs;
		const char *stem;
		PmGs1Status status;
		const char *uri; /* or the identifier at fault */
	} cases[] = {
	    {"(01)09521234543213(21)abc",                                NULL,              PM_GS1_OK,       "https://id.gs1.org" GTIN "/21/abc"},
	    {"(01)09521234543213",	                                   "",                PM_GS1_OK,       "https://id.gs1.org" GTIN          },
	    {"(01)09521234543213",	                                   "https://a",       PM_GS1_OK,       A_GTIN                             },
	    {"(01)09521234543213",	                                   "https://a/",      PM_GS1_OK,       A_GTIN                             },
	    {"(01)09521234543213",	                                   "HTTP://A:80/b/c", PM_GS1_OK,       "HTTP://A:80/b/c" GTIN             },
	    {"(21)S(17)271231(01)09521234543213(10)L(99)X(22)V",         "https://a",       PM_GS1_OK,
	     A_GTIN "/22/V/10/L/21/S?17=271231&99=X"	                                                                                        },
	    {"(99)X(01)09521234543213(17)271231",                        "https://a",       PM_GS1_OK,
	     A_GTIN "?17=271231&99=X"	                                                                                                       },
	    {"(01)09521234543213(10)A+B(99)C+D%",                        "https://a",       PM_GS1_OK,
	     A_GTIN "/10/A%2BB?99=C%2BD%25"	                                                                                                 },
	    {"(8017)952123456789012345(99)1(253)9521234543213",          "https://a",       PM_GS1_OK,
	     "https://a/8017/952123456789012345?99=1&253=9521234543213"	                                                                     },
	    {"(253)9521234543213(99)1(8017)952123456789012345",          "https://a",       PM_GS1_OK,
	     "https://a/253/9521234543213?99=1&8017=952123456789012345"	                                                                     },
	    {"(01)09521234543213(10)L(01)09521234543213(99)X(10)L(99)X", "https://a",       PM_GS1_OK,
	     A_GTIN "/10/L?99=X"	                                                                                                            },
 /* either sequence of qualifiers would do for one of the two, only one for both */
	    {"(01)09521234543213(235)T(10)L",                            "https://a",       PM_GS1_OK,       A_GTIN "/235/T?10=L"               },
 /* a serial number has a place under the second key only */
	    {"(253)9521234543213(01)09521234543213(21)S",                "https://a",       PM_GS1_OK,
	     A_GTIN "/21/S?253=9521234543213"	                                                                                               },
	    {"(414)9521234543213(254)A",                                 "https://a",       PM_GS1_OK,
	     "https://a/414/9521234543213/254/A"	                                                                                            },
	    {"(414)9521234543213(7040)1ABC(254)A",                       "https://a",       PM_GS1_EXCLUDED, "7040"                             },
	    {"(01)09521234543213(8200)http://a",                         "https://a",       PM_GS1_EXCLUDED, "8200"                             },
	    {"(01)09521234543213(235)T(22)V",                            "https://a",       PM_GS1_EXCLUDED, "235"                              },
	    {"(03)09521234543213",	                                   "https://a",       PM_GS1_REQUIRED, ""                                 },
	    {"(99)X",	                                                "https://a",       PM_GS1_REQUIRED, ""                                 },
	    {"(01)09521234543213",	                                   "a",               PM_GS1_SYNTAX,   ""                                 },
	    {"(01)09521234543213",	                                   "https://",        PM_GS1_SYNTAX,   ""                                 },
	    {"(01)09521234543213",	                                   "https:///",       PM_GS1_SYNTAX,   ""                                 },
	    {"(01)09521234543213",	                                   "ftp://a",         PM_GS1_SYNTAX,   ""                                 },
	    {"(01)09521234543213",	                                   "https://a/?b",    PM_GS1_SYNTAX,   ""                                 },
	    {"(01)09521234543213",	                                   "https://a/#b",    PM_GS1_SYNTAX,   ""                                 },
	    {"(01)09521234543213",	                                   "https://a/ b",    PM_GS1_SYNTAX,   ""                                 },
	};

	for (size_t i = 0; i < LENGTH_OF(cases); i++)
	{
		PmGs1Error error = {0, "", NULL};
		size_t length = 1;

		is_int(pm_gs1_parse(cases[i].pairs, strlen(cases[i].pairs), &message, NULL),
		       PM_GS1_OK, cases[i].pairs);
		is_int(pm_digital_link_format(&message, cases[i].stem,
		                              cases[i].stem ? strlen(cases[i].stem) : 0, uri,
		                              sizeof(uri), &length, &error),
		       cases[i].status, "... as a URI");
		if (cases[i].status == PM_GS1_OK)
			is_str(uri, cases[i].uri, "... which is this");
		else
		{
			is_str(error.ai, cases[i].uri, "... because of this identifier");
			is_int((long long) length, 0, "... so nothing is written");
		}
	}
}

static void
test_lengths(void)
{
	static const char expected[] = A_GTIN "/10/A%2FB";
	size_t len = strlen(expected);
	size_t length = 0;
	size_t n;

	pm_gs1_parse("(01)09521234543213(10)A/B", 25, &message, NULL);
	is_int(pm_digital_link_format(&message, "https://a", 9, NULL, 0, &length, NULL),
	       PM_GS1_OK, "length without room");
	is_int((long long) length, (long long) len, "... is that of the whole");
	memset(uri, 'x', sizeof(uri));
	pm_digital_link_format(&message, "https://a", 9, uri, len, &length, NULL);
	is_str(uri, "", "one byte short gives an empty string");
	is_int((long long) length, (long long) len, "... and the length of the whole");
	pm_digital_link_format(&message, "https://a", 9, uri, len + 1, &length, NULL);
	is_str(uri, expected, "just enough gives the whole");

	/* the longest URI, its stem all x */
	memset(uri, 'x', sizeof(uri));
	memcpy(uri, "https://a/", 10);
	n = PM_GS1_MAX_INPUT - strlen(GTIN);
	memcpy(uri + n, GTIN, strlen(GTIN));
	is_int(pm_digital_link_parse(uri, PM_GS1_MAX_INPUT, 0, &message, NULL, NULL), PM_GS1_OK,
	       "the longest URI");
	is_int(pm_digital_link_parse(uri, PM_GS1_MAX_INPUT + 1, 0, &message, NULL, NULL),
	       PM_GS1_TOO_LONG, "one byte more");

	/* a value that fills the rest; its check digit cannot hold, but it must fit */
	memset(uri, '1', sizeof(uri));
	memcpy(uri, "http://a/00/", 12);
	is_int(pm_digital_link_parse(uri, PM_GS1_MAX_INPUT, 0, &message, NULL, NULL),
	       PM_GS1_BAD_LENGTH, "the longest value");
	memset(uri, '/', sizeof(uri));
	memcpy(uri, "http://a/", 9);
	is_int(pm_digital_link_parse(uri, PM_GS1_MAX_INPUT, 0, &message, NULL, NULL),
	       PM_GS1_SYNTAX, "nothing but slashes");
	is_int(pm_digital_link_parse(NULL, 0, 0, &message, NULL, NULL), PM_GS1_EMPTY,
	       "no bytes at all");
	is_int(pm_digital_link_parse(A_GTIN "/10/L", strlen(A_GTIN), 0, &message, NULL, NULL),
	       PM_GS1_OK, "the length counts, not a terminator");
	is_int(message.count, 1, "... so (10) is not there");
	is_int(pm_digital_link_parse(A_GTIN "\0", strlen(A_GTIN) + 1, 0, &message, NULL, NULL),
	       PM_GS1_SYNTAX, "a null byte is a byte");

	/* more parameters than elements */
	n = (size_t) sprintf(uri, A_GTIN "?");
	for (int i = 0; i <= PM_GS1_MAX_ELEMENTS; i++)
		n += (size_t) sprintf(uri + n, "x%d=1&", i);
	n += (size_t) sprintf(uri + n, "99=A");
	is_int(pm_digital_link_parse(uri, n, 0, &message, NULL, NULL), PM_GS1_OK,
	       "parameters of others do not count");
	is_int(message.count, 2, "... only pairs do");
}

int
main(void)
{
	test_valid();
	test_invalid();
	test_legacy();
	test_format();
	test_lengths();
	return tap_done();
}
