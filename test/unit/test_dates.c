/*
 * test_dates.c - days as they are counted, as people write them and as patterns have them
 */
#include "pm_date.h"
#include "tap.h"

/* A string that stands in memory. */
static PmText
text_of(const char *string)
{
	PmText text = {string, strlen(string)};

	return text;
}

/* Every day of the calendar has its number, one after the other, and its text. */
static void
test_days(void)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	PmDate date = {1, 1, 1};
	int32_t days = -730119;
	int wrong = 0;

	for (; date.year <= 9999; days++)
	{
		PmDate back;
		char text[PM_DATE_SIZE + 1] = "";
		PmText read = {text, PM_DATE_SIZE};
		bool leap = date.year % 4 == 0 && (date.year % 100 != 0 || date.year % 400 == 0);

		wrong += pm_date_days(date) != days;
		wrong += !pm_date_of_days(days, &back) || back.year != date.year ||
		         back.month != date.month || back.day != date.day;
		pm_date_write(date, text);
		wrong += pm_date_read(read, &back) != PM_VALUE_GOOD || back.day != date.day ||
		         back.month != date.month || back.year != date.year;
		if (++date.day > lengths[date.month - 1] + (date.month == 2 && leap))
		{
			wrong += pm_date_exists(date);
			date.day = 1;
			date.month++;
		}
		if (date.month > 12)
		{
			date.month = 1;
			date.year++;
		}
	}
	is_int(wrong, 0, "every day from year 1 to 9999");
	is_int(days, 2921940, "they are as many as they should be");
	ok(!pm_date_of_days(days, &date) && !pm_date_of_days(-730120, &date),
	   "there are no others");
	date.year = 2000;
	date.month = 1;
	date.day = 1;
	is_int(pm_date_days(date), 0, "the first day that PostgreSQL counts");
}

/* Reads a date as people write it: YYYY-MM-DD, or the fault. */
static const char *
date_of(const char *string, PmDateOrder order, PmDateSerial serial)
{
	static char shown[PM_DATE_SIZE + 1];
	PmDate date;
	PmValueFault fault = pm_date_parse(text_of(string), order, serial, &date);

	if (fault != PM_VALUE_GOOD)
		return pm_value_fault_code(fault);
	pm_date_write(date, shown);
	return shown;
}

/* Dates of five languages and of machines. */
static void
test_dates(void)
{
	static const struct
	{
		const char *text;
		PmDateOrder order;
		const char *date;
	} cases[] = {
	    {"2026-03-05",	                   PM_DATE_AUTO, "2026-03-05"    },
	    {" 2026/3/5 ",	                   PM_DATE_AUTO, "2026-03-05"    },
	    {"2026.03.05",	                   PM_DATE_DMY,  "2026-03-05"    },
	    {"20260305",	                     PM_DATE_AUTO, "2026-03-05"    },
	    {"05032026",	                     PM_DATE_AUTO, "no_such_day"   },
	    {"05032026",	                     PM_DATE_DMY,  "2026-03-05"    },
	    {"260305",	                       PM_DATE_AUTO, "not_a_date"    },
	    {"260305",	                       PM_DATE_YMD,  "2026-03-05"    },
	    {"050326",	                       PM_DATE_DMY,  "2026-03-05"    },
	    {"2026-03-05T10:30:00Z",             PM_DATE_AUTO, "2026-03-05"    },
	    {"2026-03-05T10:30:00.123456+01:00", PM_DATE_AUTO, "2026-03-05"    },
	    {"2026-03-05T10:30:00.123456789Z",   PM_DATE_AUTO, "2026-03-05"    },
	    {"2026-03-05 00:00:00",              PM_DATE_AUTO, "2026-03-05"    },
	    {"2026-03-05 00:00:00 UTC",          PM_DATE_AUTO, "2026-03-05"    },
	    {"25/12/2026 9:05 PM",               PM_DATE_AUTO, "2026-12-25"    },
	    {"2026-03-05 25:61",                 PM_DATE_AUTO, "not_a_date"    },
	    {"2026-03-05x",                      PM_DATE_AUTO, "not_a_date"    },
	    {"25/12/2026",	                   PM_DATE_AUTO, "2026-12-25"    },
	    {"12/25/2026",	                   PM_DATE_AUTO, "2026-12-25"    },
	    {"12/25/2026",	                   PM_DATE_DMY,  "no_such_day"   },
	    {"05/03/2026",	                   PM_DATE_AUTO, "ambiguous_date"},
	    {"05.03.2026",	                   PM_DATE_AUTO, "ambiguous_date"},
	    {"05/03/2026",	                   PM_DATE_DMY,  "2026-03-05"    },
	    {"05/03/2026",	                   PM_DATE_MDY,  "2026-05-03"    },
	    {"05/03/2026",	                   PM_DATE_YMD,  "ambiguous_date"},
	    {"5/5/2026",	                     PM_DATE_AUTO, "2026-05-05"    },
	    {"5.3.26",	                       PM_DATE_DMY,  "2026-03-05"    },
	    {"5. 3. 2026",	                   PM_DATE_DMY,  "2026-03-05"    },
	    {"31/12/99",	                     PM_DATE_AUTO, "1999-12-31"    },
	    {"25/12/26",	                     PM_DATE_AUTO, "ambiguous_date"},
	    {"31/04/2026",	                   PM_DATE_AUTO, "no_such_day"   },
	    {"29.02.2023",	                   PM_DATE_DMY,  "no_such_day"   },
	    {"29.02.2024",	                   PM_DATE_DMY,  "2024-02-29"    },
	    {"00/00/0000",	                   PM_DATE_DMY,  "no_such_day"   },
	    {"0000-00-00",	                   PM_DATE_AUTO, "no_such_day"   },
	    {"5 mars 2026",                      PM_DATE_AUTO, "2026-03-05"    },
	    {"1er août 2026",                   PM_DATE_AUTO, "2026-08-01"    },
	    {"lundi 2 février 2026",            PM_DATE_AUTO, "2026-02-02"    },
	    {"le 14 juil. 2026",                 PM_DATE_AUTO, "2026-07-14"    },
	    {"March 5, 2026",                    PM_DATE_AUTO, "2026-03-05"    },
	    {"Monday, 5th of January 2026",      PM_DATE_AUTO, "2026-01-05"    },
	    {"5-Mar-26",	                     PM_DATE_AUTO, "2026-03-05"    },
	    {"05MAR2026",	                    PM_DATE_AUTO, "2026-03-05"    },
	    {"2026 Mar 5",	                   PM_DATE_AUTO, "2026-03-05"    },
	    {"26-Mar-05",	                    PM_DATE_YMD,  "2026-03-05"    },
	    {"Jan. 5, 2026",                     PM_DATE_AUTO, "2026-01-05"    },
	    {"5. März 2026",                    PM_DATE_AUTO, "2026-03-05"    },
	    {"5. Maerz 2026",                    PM_DATE_AUTO, "2026-03-05"    },
	    {"Donnerstag, den 5. März 2026",    PM_DATE_AUTO, "2026-03-05"    },
	    {"24.Dez.2026",                      PM_DATE_AUTO, "2026-12-24"    },
	    {"5 de marzo de 2026",               PM_DATE_AUTO, "2026-03-05"    },
	    {"jueves 5 de septiembre del 2026",  PM_DATE_AUTO, "2026-09-05"    },
	    {"1º gennaio 2026",                 PM_DATE_AUTO, "2026-01-01"    },
	    {"5 maggio 2026",                    PM_DATE_AUTO, "2026-05-05"    },
	    {"31 giugno 2026",                   PM_DATE_AUTO, "no_such_day"   },
	    {"٢٠٢٦-٠٣-٠٥",               PM_DATE_AUTO, "2026-03-05"    },
	    {"5 brumaire 2026",                  PM_DATE_AUTO, "not_a_date"    },
	    {"mars 2026",	                    PM_DATE_AUTO, "not_a_date"    },
	    {"mars mars 2026",                   PM_DATE_AUTO, "not_a_date"    },
	    {"5/3-2026",	                     PM_DATE_DMY,  "not_a_date"    },
	    {"5,3,2026",	                     PM_DATE_DMY,  "not_a_date"    },
	    {"46086",	                        PM_DATE_AUTO, "not_a_date"    },
	    {"12.50",	                        PM_DATE_DMY,  "not_a_date"    },
	    {"123456789",	                    PM_DATE_DMY,  "not_a_date"    },
	    {"",	                             PM_DATE_AUTO, "not_a_date"    },
	    {"-",	                            PM_DATE_AUTO, "not_a_date"    },
	    {"TBD",	                          PM_DATE_AUTO, "not_a_date"    },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_str(date_of(cases[i].text, cases[i].order, PM_DATE_NO_SERIAL), cases[i].date,
		       cases[i].text);
	is_str(date_of("46086", PM_DATE_AUTO, PM_DATE_SERIAL_1900), "2026-03-05",
	       "a day of a spreadsheet");
	is_str(date_of("46086.75", PM_DATE_AUTO, PM_DATE_SERIAL_1900), "2026-03-05",
	       "with a time");
	is_str(date_of("46086.4371527777800000", PM_DATE_AUTO, PM_DATE_SERIAL_1900),
	       "2026-03-05", "with many decimals");
	is_str(date_of("44624", PM_DATE_AUTO, PM_DATE_SERIAL_1904), "2026-03-05",
	       "counted from 1904");
	is_str(date_of("0", PM_DATE_AUTO, PM_DATE_SERIAL_1904), "1904-01-01", "its first day");
	is_str(date_of("1", PM_DATE_AUTO, PM_DATE_SERIAL_1900), "1900-01-01", "the first day");
	is_str(date_of("59", PM_DATE_AUTO, PM_DATE_SERIAL_1900), "1900-02-28",
	       "the last one before the gap");
	is_str(date_of("60", PM_DATE_AUTO, PM_DATE_SERIAL_1900), "no_such_day",
	       "29 February 1900");
	is_str(date_of("61", PM_DATE_AUTO, PM_DATE_SERIAL_1900), "1900-03-01",
	       "the first one after it");
	is_str(date_of("20260305", PM_DATE_AUTO, PM_DATE_SERIAL_1900), "2026-03-05",
	       "a number that no spreadsheet has");
}

/* Reads a date as a pattern has it. */
static const char *
match_of(const char *string, const char *pattern)
{
	static char shown[PM_DATE_SIZE + 1];
	PmDate date;
	PmValueFault fault;

	if (!pm_date_pattern_check(text_of(pattern)))
		return "bad pattern";
	fault = pm_date_match(text_of(string), text_of(pattern), &date);
	if (fault != PM_VALUE_GOOD)
		return pm_value_fault_code(fault);
	pm_date_write(date, shown);
	return shown;
}

static void
test_patterns(void)
{
	is_str(match_of("05/03/2026", "DD/MM/YYYY"), "2026-03-05", "a pattern");
	is_str(match_of("05/03/2026", "mm/dd/yyyy"), "2026-05-03",
	       "another one, in small letters");
	is_str(match_of("5/3/2026", "DD/MM/YYYY"), "not_a_date", "two digits are two");
	is_str(match_of("5/3/2026", "D/M/YYYY"), "2026-03-05", "one may be two");
	is_str(match_of("15/11/2026", "D/M/YYYY"), "2026-11-15", "and is");
	is_str(match_of("5.3.26", "D.M.YY"), "2026-03-05", "a short year");
	is_str(match_of("050326", "DDMMYY"), "2026-03-05", "without separators");
	is_str(match_of("5-août-2026", "D-MON-YYYY"), "2026-08-05", "the name of a month");
	is_str(match_of("5   août  2026", "D MON YYYY"), "2026-08-05", "more blanks than one");
	is_str(match_of("05/03/2026 10:30", "DD/MM/YYYY"), "2026-03-05", "a time after it");
	is_str(match_of("05/03/2026 foo", "DD/MM/YYYY"), "not_a_date",
	       "something else after it");
	is_str(match_of("05-03-2026", "DD/MM/YYYY"), "not_a_date", "other separators");
	is_str(match_of("31/02/2026", "DD/MM/YYYY"), "no_such_day", "a day that there is not");
	is_str(match_of("2026年3月5日", "YYYY年M月D日"), "2026-03-05",
	       "other characters stand for themselves");
	is_str(match_of("", "DD/MM/YYYY"), "not_a_date", "nothing");
	is_str(match_of("", "DD/MM"), "bad pattern", "no year");
	is_str(match_of("", "DD/MM/YYYY/DD"), "bad pattern", "two days");
	is_str(match_of("", "DDD/MM/YYYY"), "bad pattern", "three digits of a day");
	is_str(match_of("", "DD/MM/YYY"), "bad pattern", "three of a year");
	is_str(match_of("", "DD/MM/YYYY HH"), "bad pattern", "an hour");
	is_str(match_of("", ""), "bad pattern", "nothing");
}

int
main(void)
{
	test_days();
	test_dates();
	test_patterns();
	return tap_done();
}
