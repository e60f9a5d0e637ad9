/*
 * test_cell.c - numbers, dates and formats of cells of a workbook, as text
 */
#define _GNU_SOURCE /* newlocale() */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "pm_cell.h"
#include "tap.h"

static void
test_numbers(void)
{
	static const char *const numbers[][2] = {
	    {"4.006381333931E12",      "4006381333931"          },
	    {"4006381333931",          "4006381333931"          },
	    {"0.1",	                "0.1"                    },
	    {"0.10",	               "0.1"                    },
	    {"00012",	              "12"                     },
	    {"-0",	                 "0"	                  },
	    {"0",	                  "0"	                  },
	    {"1E3",	                "1000"                   },
	    {"1.5e-3",                 "0.0015"                 },
	    {".5",	                 "0.5"	                },
	    {"5.",	                 "5"	                  },
	    {"+7",	                 "7"	                  },
	    {"-12.50",                 "-12.5"                  },
	    {"100",	                "100"                    },
	    {"1.0E2",	              "100"                    },
	    {"123456789012345",        "123456789012345"        },
	    {"0.30000000000000004",    "0.30000000000000004"    },
	    {"12.300000000000001",     "12.3"                   },
	    {"19.989999999999998",     "19.99"                  },
	    {"9007199254740993",       "9007199254740992"       },
	    {"1.7976931348623157E308", "1.7976931348623157E+308"},
	    {"1e999",	              "1E+999"                 },
	    {"1E-50",	              "1E-50"                  },
	    {"4.9E-324",               "4.9E-324"               },
	    {"1E39",	               NULL	                 },
	    {"",	                   ""	                   },
	    {"-",	                  ""	                   },
	    {".",	                  ""	                   },
	    {"1.2.3",	              ""	                   },
	    {"1e",	                 ""	                   },
	    {"1e+",	                ""	                   },
	    {"0x10",	               ""	                   },
	    {"nan",	                ""	                   },
	    {"1 2",	                ""	                   },
	    {"1,5",	                ""	                   },
	};
	locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t) 0);
	char got[PM_CELL_TEXT_MAX + 1];

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
	{
		size_t size = pm_cell_number(numbers[i][0], strlen(numbers[i][0]), c_locale, got);

		got[size] = '\0';
		if (numbers[i][1] != NULL)
			is_str(got, numbers[i][1], numbers[i][0]);
		else
			is_int((long long) size, 40, numbers[i][0]);
	}

	/* each number there is reads back as itself */
	{
		uint64_t bits = 1;
		bool same = true;

		for (int i = 0; i < 200000 && same; i++)
		{
			double value;
			char text[64];

			bits = bits * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
			memcpy(&value, &bits, sizeof(value));
			if (value != value || value - value != 0)
				continue;
			snprintf(text, sizeof(text), "%.17g", value);
			got[pm_cell_number(text, strlen(text), c_locale, got)] = '\0';
			same = strtod(got, NULL) == value && strlen(got) <= 64;
		}
		ok(same, "what is written is exact");
	}
	freelocale(c_locale);
}

static void
test_dates(void)
{
	static const struct
	{
		const char *text;
		PmCellKind kind;
		bool from_1904;
		const char *expected;
	} dates[] = {
	    {"1",	             PM_CELL_DATE,      false, "1900-01-01"             },
	    {"59",	            PM_CELL_DATE,      false, "1900-02-28"             },
	    {"60",	            PM_CELL_DATE,      false, "1900-02-29"             },
	    {"61",	            PM_CELL_DATE,      false, "1900-03-01"             },
	    {"45351",             PM_CELL_DATE,      false, "2024-02-29"             },
	    {"45351.9",           PM_CELL_DATE,      false, "2024-02-29"             },
	    {"2958465",           PM_CELL_DATE,      false, "9999-12-31"             },
	    {"2958466",           PM_CELL_DATE,      false, ""                       },
	    {"0",	             PM_CELL_DATE,      false, ""                       },
	    {"-1",	            PM_CELL_DATE,      false, ""                       },
	    {"x",	             PM_CELL_DATE,      false, ""                       },
	    {"0",	             PM_CELL_DATE,      true,  "1904-01-01"             },
	    {"43889",             PM_CELL_DATE,      true,  "2024-02-29"             },
	    {"2957004",           PM_CELL_DATE,      true,  ""                       },
	    {"45351.5",           PM_CELL_DATE_TIME, false, "2024-02-29T12:00:00"    },
	    {"45351.999999999",   PM_CELL_DATE_TIME, false, "2024-03-01T00:00:00"    },
	    {"45351.00001446759", PM_CELL_DATE_TIME, false, "2024-02-29T00:00:01.250"},
	    {"0.5",               PM_CELL_DATE_TIME, false, "12:00:00"               },
	    {"0.75",              PM_CELL_TIME,      false, "18:00:00"               },
	    {"3.75",              PM_CELL_TIME,      false, "18:00:00"               },
	    {"1.5",               PM_CELL_DURATION,  false, "36:00:00"               },
	    {"4.52E4",            PM_CELL_DATE,      false, "2023-10-01"             },
	};
	locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t) 0);
	char got[PM_CELL_TEXT_MAX + 1];

	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++)
	{
		got[pm_cell_date(dates[i].text, strlen(dates[i].text), dates[i].kind,
		                 dates[i].from_1904, c_locale, got)] = '\0';
		is_str(got, dates[i].expected, dates[i].text);
	}
	freelocale(c_locale);
}

static void
test_formats(void)
{
	static const struct
	{
		const char *code;
		PmCellKind kind;
	} codes[] = {
	    {"General",	                                            PM_CELL_NUMBER   },
	    {"0.00",	                                               PM_CELL_NUMBER   },
	    {"@",	                                                  PM_CELL_NUMBER   },
	    {"0.00E+00",	                                           PM_CELL_NUMBER   },
	    {"#,##0.00 \"d\"",	                                     PM_CELL_NUMBER   },
	    {"0.00 USD",	                                           PM_CELL_NUMBER   },
	    {"[$USD-409] #,##0.00",	                                PM_CELL_NUMBER   },
	    {"[Red]0;[Blue]-0",	                                    PM_CELL_NUMBER   },
	    {"_-* #,##0\\ \\d_-",	                                  PM_CELL_NUMBER   },
	    {"\"unclosed yyyy",	                                    PM_CELL_NUMBER   },
	    {"",	                                                   PM_CELL_NUMBER   },
	    {"yyyy-mm-dd",	                                         PM_CELL_DATE     },
	    {"DD/MM/YYYY",	                                         PM_CELL_DATE     },
	    {"mmm-yy",	                                             PM_CELL_DATE     },
	    {"mmmm",	                                               PM_CELL_DATE     },
	    {"[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy",                  PM_CELL_DATE     },
	    {"yyyy\"\xE5\xB9\xB4\"m\"\xE6\x9C\x88\"d\"\xE6\x97\xA5\"", PM_CELL_DATE     },
	    {"d.m.yyyy;@",	                                         PM_CELL_DATE     },
	    {"dd/mm/yyyy hh:mm",	                                   PM_CELL_DATE_TIME},
	    {"m/d/yy h:mm AM/PM",	                                  PM_CELL_DATE_TIME},
	    {"hh:mm",	                                              PM_CELL_TIME     },
	    {"mm:ss.0",	                                            PM_CELL_TIME     },
	    {"[h]:mm:ss",	                                          PM_CELL_DURATION },
	    {"[mm]",	                                               PM_CELL_DURATION },
	};
	char text[20];

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		is_int(pm_cell_kind_of_code(codes[i].code, strlen(codes[i].code)), codes[i].kind,
		       codes[i].code);
	is_int(pm_cell_kind_of_id(14), PM_CELL_DATE, "14");
	is_int(pm_cell_kind_of_id(22), PM_CELL_DATE_TIME, "22");
	is_int(pm_cell_kind_of_id(21), PM_CELL_TIME, "21");
	is_int(pm_cell_kind_of_id(46), PM_CELL_DURATION, "46");
	is_int(pm_cell_kind_of_id(4), PM_CELL_NUMBER, "4");
	is_int(pm_cell_kind_of_id(-1), PM_CELL_NUMBER, "none");

	text[pm_cell_unescape(strcpy(text, "a_x0041_"), 8)] = '\0';
	is_str(text, "aA", "an escaped character");
	text[pm_cell_unescape(strcpy(text, "_xD83D__xDE00_"), 14)] = '\0';
	is_str(text, "\xF0\x9F\x98\x80", "a pair");
	text[pm_cell_unescape(strcpy(text, "_x005F_x0041_"), 13)] = '\0';
	is_str(text, "_x0041_", "an escaped escape");
	text[pm_cell_unescape(strcpy(text, "_x0000__xD83D_"), 14)] = '\0';
	is_str(text, "_x0000__xD83D_", "what is no character stays");
}

int
main(void)
{
	test_numbers();
	test_dates();
	test_formats();
	return tap_done();
}
