/*
 * test_gs1.c - GS1 element strings: verdicts, positions, canonical form
 *
 * Tables of texts with the verdict that GS1's own checker gives them, or, where
 * ours differs, a comment with the reason; then the compiled table of
 * identifiers against itself, and seeded random messages both ways.
 */
#include <stdlib.h>

#include "pm_gs1_private.h"
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

/* Texts that are wrong: why, whose fault, where. */
static const struct
{
	const char *text;
	PmGs1Status status;
	const char *ai;
	size_t position;
} invalid_cases[] = {
  /* the shape */
    {"",                                                      PM_GS1_EMPTY,           "",     0 },
    {GS,                                                      PM_GS1_EMPTY,           "",     1 },
    {"]C1",                                                   PM_GS1_EMPTY,           "",     3 },
    {"]C1" GS,                                                PM_GS1_EMPTY,           "",     4 },
    {"(",                                                     PM_GS1_SYNTAX,          "",     1 },
    {"()",                                                    PM_GS1_SYNTAX,          "",     1 },
    {"()1",                                                   PM_GS1_SYNTAX,          "",     1 },
    {"(0",                                                    PM_GS1_SYNTAX,          "",     2 },
    {"(01",                                                   PM_GS1_SYNTAX,          "",     3 },
    {"(1A)1",                                                 PM_GS1_SYNTAX,          "",     2 },
    {"( 01)09521234543213",                                   PM_GS1_SYNTAX,          "",     1 },
    {"(12345)1",                                              PM_GS1_SYNTAX,          "",     5 },
    {"(01)09521234543213((10)A",                              PM_GS1_SYNTAX,          "",     19},
    {"(1)2",                                                  PM_GS1_UNKNOWN_AI,      "1",    1 },
    {"(04)1",                                                 PM_GS1_UNKNOWN_AI,      "04",   1 },
    {"(3106)000000",                                          PM_GS1_UNKNOWN_AI,      "3106", 1 },
    {"(3099)000000",                                          PM_GS1_UNKNOWN_AI,      "3099", 1 },
    {"(310)000000",                                           PM_GS1_UNKNOWN_AI,      "310",  1 },
    {"(011)1",                                                PM_GS1_UNKNOWN_AI,      "011",  1 },
    {"(23)1",                                                 PM_GS1_UNKNOWN_AI,      "23",   1 },
    {"(8000)1",                                               PM_GS1_UNKNOWN_AI,      "8000", 1 },
    {"(8299)1",                                               PM_GS1_UNKNOWN_AI,      "8299", 1 },
    {GTIN "x",                                                PM_GS1_BAD_LENGTH,      "01",   4 },
    {"x" GTIN,                                                PM_GS1_SYNTAX,          "",     0 },
    {" " GTIN,                                                PM_GS1_SYNTAX,          "",     0 },
    {GTIN " ",                                                PM_GS1_BAD_LENGTH,      "01",   4 },
    {GTIN "(10) A",                                           PM_GS1_BAD_CHARACTER,   "10",   22},
    {"]",                                                     PM_GS1_SYNTAX,          "",     0 },
    {"]C",                                                    PM_GS1_SYNTAX,          "",     0 },
    {"]C0"
     "0109521234543213",                                 PM_GS1_SYNTAX,          "",     0 },
    {"]c1"
     "0109521234543213",                                 PM_GS1_SYNTAX,          "",     0 },
    {"]C1" GTIN,                                              PM_GS1_SYNTAX,          "",     3 },
    {"]C1" GS GS "0109521234543213",                          PM_GS1_SYNTAX,          "",     4 },
    {"0109521234543213" GS GS,                                PM_GS1_SYNTAX,          "",     17},
    {"01095212345432132",                                     PM_GS1_UNKNOWN_AI,      "2",    16},
    {"010952123454321304X",                                   PM_GS1_UNKNOWN_AI,      "04",   16},
    {"0109521234543213310",                                   PM_GS1_UNKNOWN_AI,      "310",  16},
    {"01095212345432133199000000",                            PM_GS1_UNKNOWN_AI,      "3199", 16},
    {"0109521234543213X",                                     PM_GS1_SYNTAX,          "",     16},
    {"01",                                                    PM_GS1_BAD_LENGTH,      "01",   2 },
    {"01" GS,                                                 PM_GS1_BAD_LENGTH,      "01",   2 },
    {"010952123454321",                                       PM_GS1_BAD_LENGTH,      "01",   2 },
    {"010952123454321" GS "10A",                              PM_GS1_BAD_LENGTH,      "01",   2 },
    {"0109521234543213100" GS GS "21A",                       PM_GS1_SYNTAX,          "",     20},
    {"0109521234543213"
     "10123456789012345678901",                          PM_GS1_BAD_LENGTH,      "10",   18},
    {"811112345",                                             PM_GS1_BAD_LENGTH,      "8111", 4 },
    {"]E0952123454321",                                       PM_GS1_BAD_LENGTH,      "01",   3 },
    {"]E095212345432133",                                     PM_GS1_BAD_LENGTH,      "01",   3 },
    {"]E0952123454321X",                                      PM_GS1_BAD_CHARACTER,   "01",   15},
    {"]E09521234543214",                                      PM_GS1_BAD_CHECK_DIGIT, "01",   15},
    {"]E49520000",                                            PM_GS1_BAD_LENGTH,      "01",   3 },
    {"]E495200003",                                           PM_GS1_BAD_CHECK_DIGIT, "01",   10},
    {"]E4X5200002",                                           PM_GS1_BAD_CHARACTER,   "01",   3 },
 /* lengths and characters */
    {"(01)",                                                  PM_GS1_BAD_LENGTH,      "01",   4 },
    {"(01)9521234543213",                                     PM_GS1_BAD_LENGTH,      "01",   4 },
    {"(01)95200002",                                          PM_GS1_BAD_LENGTH,      "01",   4 },
    {"(01)009521234543213",                                   PM_GS1_BAD_LENGTH,      "01",   4 },
    {GTIN "(10)",                                             PM_GS1_BAD_LENGTH,      "10",   22},
    {GTIN "(10)123456789012345678901",                        PM_GS1_BAD_LENGTH,      "10",   22},
    {"(17)9(90)217",                                          PM_GS1_BAD_LENGTH,      "17",   4 },
    {GTIN "(423)2760",                                        PM_GS1_BAD_LENGTH,      "423",  26},
    {GTIN "(7007)2401312402",                                 PM_GS1_BAD_LENGTH,      "7007", 30},
    {GTIN "(8008)240131235",                                  PM_GS1_BAD_LENGTH,      "8008", 32},
    {GTIN "(7230)12",                                         PM_GS1_BAD_LENGTH,      "7230", 24},
    {"(01)0952123454321O",                                    PM_GS1_BAD_CHARACTER,   "01",   17},
    {GTIN "(10)A\\B",                                         PM_GS1_BAD_CHARACTER,   "10",   23},
    {GTIN "(10)A\\\\",                                        PM_GS1_BAD_CHARACTER,   "10",   23},
    {GTIN "(10)\\\\(",                                        PM_GS1_BAD_CHARACTER,   "10",   22},
    {GTIN "(10)\\(\\(#",                                      PM_GS1_BAD_CHARACTER,   "10",   26},
    {GTIN "(10)A^",                                           PM_GS1_BAD_CHARACTER,   "10",   23},
    {GTIN "(10)A|" GTIN,                                      PM_GS1_BAD_CHARACTER,   "10",   23},
    {GTIN "(10)A" GS,                                         PM_GS1_BAD_CHARACTER,   "10",   23},
    {GTIN "(10)\xC3\xA9",                                     PM_GS1_BAD_CHARACTER,   "10",   22},
    {GTIN "(10)a~",                                           PM_GS1_BAD_CHARACTER,   "10",   23},
    {"(8010)9521a",                                           PM_GS1_BAD_CHARACTER,   "8010", 10},
    {SSCC "(8030)AB:",                                        PM_GS1_BAD_CHARACTER,   "8030", 30},
    {SSCC "(8030)A=B",                                        PM_GS1_BAD_CHARACTER,   "8030", 29},
    {SSCC "(8030)===",                                        PM_GS1_BAD_CHARACTER,   "8030", 28},
    {SSCC "(8030)1===",                                       PM_GS1_BAD_CHARACTER,   "8030", 29},
    {SSCC "(8030)1234=",                                      PM_GS1_BAD_CHARACTER,   "8030", 32},
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
 /* repeated */
    {GTIN "(10)ABC(10)ABD",                                   PM_GS1_REPEATED,        "10",   26},
    {GTIN "(10)ABC(21)1(10)ABCD",                             PM_GS1_REPEATED,        "10",   31},
    {GTIN "(01)00012345678905",                               PM_GS1_REPEATED,        "01",   19},
    {"0109521234543213"
     "10A" GS "10B",
     PM_GS1_REPEATED,                                                                 "10",   20},
 /* must not meet */
    {GTIN "(02)09521234543213",                               PM_GS1_EXCLUDED,        "02",   19},
    {"(02)09521234543213(37)1" GTIN SSCC,                     PM_GS1_EXCLUDED,        "02",   1 },
    {GTIN "(37)1" SSCC,                                       PM_GS1_EXCLUDED,        "01",   1 },
    {GTIN "(255)9521234543213",                               PM_GS1_EXCLUDED,        "01",   1 },
    {GTIN "(21)A(235)B",                                      PM_GS1_EXCLUDED,        "21",   19},
    {GTIN "(3100)000001(3101)000002",                         PM_GS1_EXCLUDED,        "3100", 19},
    {GTIN "(3103)000001(3922)1(3932)9781",                    PM_GS1_EXCLUDED,        "3922", 31},
    {"(255)9521234543213(3940)1234(8111)9999",                PM_GS1_EXCLUDED,        "3940", 19},
    {SSCC "(4330)001200(4331)001200",                         PM_GS1_EXCLUDED,        "4330", 23},
    {"(420)1(421)276A",                                       PM_GS1_EXCLUDED,        "420",  1 },
 /* companions */
    {"(10)ABC",                                               PM_GS1_REQUIRED,        "10",   1 },
    {"10ABC",                                                 PM_GS1_REQUIRED,        "10",   0 },
    {"(02)09521234543213",                                    PM_GS1_REQUIRED,        "02",   1 },
    {"(02)09521234543213(37)1",                               PM_GS1_REQUIRED,        "37",   19},
    {GTIN "(250)A",                                           PM_GS1_REQUIRED,        "250",  19},
    {GTIN "(7004)1",                                          PM_GS1_REQUIRED,        "7004", 19},
    {GTIN "(3922)1",                                          PM_GS1_REQUIRED,        "3922", 19},
    {"(3103)000001",                                          PM_GS1_REQUIRED,        "3103", 1 },
    {"(254)A",                                                PM_GS1_REQUIRED,        "254",  1 },
    {"(8020)A",                                               PM_GS1_REQUIRED,        "8020", 1 },
    {GTIN "(8030)A",                                          PM_GS1_REQUIRED,        "8030", 19},
    {"(8010)9521(8030)A",                                     PM_GS1_REQUIRED,        "8030", 11},
    {"(253)9521234543213(8030)A",                             PM_GS1_REQUIRED,        "253",  1 },
    {"(255)9521234543213(8030)A",                             PM_GS1_REQUIRED,        "255",  1 },
    {"(8003)09521234543213(8030)A",                           PM_GS1_REQUIRED,        "8003", 1 },
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
	for (size_t i = 0; i < LENGTH_OF(valid_values); i++)
		expect_valid(valid_values[i], valid_values[i]);
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
	for (int rule = PM_GS1_RULE_NONE + 1; rule <= PM_GS1_RULE_ZERO; rule++)
		if (strlen(pm_gs1_rule_text((PmGs1Rule) rule)) < 4)
			is_int(rule, 0, "every rule has a text");
}

static void
test_limits(void)
{
	PmGs1Error error;
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
	test_table();
	test_code_lists();
	test_single_errors();
	test_both_forms();
	return tap_done();
}
