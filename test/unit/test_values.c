/*
 * test_values.c - numbers, integers, days, booleans and cases of letters as they are read
 *
 * Random numbers are made into numeric by naive code too, and every day of the calendar is
 * counted.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "pm_blank.h"
#include "pm_boolean.h"
#include "pm_case.h"
#include "pm_date.h"
#include "pm_decimal.h"
#include "pm_utf8.h"
#include "tap.h"

/* A string that stands in memory. */
static PmText
text_of(const char *string)
{
	PmText text = {string, strlen(string)};

	return text;
}

/* Two bytes in network order. */
static int
int16_at(const char *at)
{
	return (int16_t) ((unsigned char) at[0] << 8 | (unsigned char) at[1]);
}

/* The binary form of a number as text: "weight sign scale: digits", or the fault. */
static const char *
numeric_of(const char *number, int precision, int scale, bool round)
{
	static char shown[8192];
	char out[PM_NUMERIC_MAX];
	PmDecimalType type = {precision, scale, round};
	size_t size;
	PmValueFault fault = pm_decimal_numeric(text_of(number), &type, out, &size);

	if (fault != PM_VALUE_GOOD)
		return pm_value_fault_code(fault);
	if (size != 8 + 2 * (size_t) int16_at(out))
		return "wrong size";
	snprintf(shown, sizeof(shown), "%d %s %d:", int16_at(out + 2),
	         int16_at(out + 4) == 0        ? "+"
	         : int16_at(out + 4) == 0x4000 ? "-"
	                                       : "?",
	         int16_at(out + 6));
	for (size_t i = 8; i < size; i += 2)
		snprintf(shown + strlen(shown), sizeof(shown) - strlen(shown), " %d",
		         int16_at(out + i));
	return shown;
}

static void
test_numeric(void)
{
	is_str(numeric_of("12.50", 0, 0, false), "0 + 2: 12 5000", "a price");
	is_str(numeric_of("-12.50", 0, 0, false), "0 - 2: 12 5000", "a negative one");
	is_str(numeric_of("0", 0, 0, false), "0 + 0:", "zero");
	is_str(numeric_of("-0.00", 0, 0, false), "0 + 2:", "zero with a minus and decimals");
	is_str(numeric_of("0.0001", 0, 0, false), "-1 + 4: 1", "a ten-thousandth");
	is_str(numeric_of("0.00001", 0, 0, false), "-2 + 5: 1000", "less than that");
	is_str(numeric_of("10000", 0, 0, false), "1 + 0: 1", "ten thousand");
	is_str(numeric_of("12345678901234567890.5", 0, 0, false),
	       "4 + 1: 1234 5678 9012 3456 7890 5000", "more digits than an integer has");
	is_str(numeric_of("+.5", 0, 0, false), "-1 + 1: 5000",
	       "without a digit before the point");
	is_str(numeric_of("5.", 0, 0, false), "0 + 0: 5", "without one after it");
	is_str(numeric_of("1.5e3", 0, 0, false), "0 + 0: 1500", "an exponent");
	is_str(numeric_of("1.5E-3", 0, 0, false), "-1 + 4: 15", "a negative exponent");
	is_str(numeric_of("5.90131E+12", 0, 0, false), "3 + 0: 5 9013 1000",
	       "what a spreadsheet writes");
	is_str(numeric_of("12.5", 12, 2, false), "0 + 2: 12 5000", "a type gives its scale");
	is_str(numeric_of("12.5000", 12, 2, false), "0 + 2: 12 5000", "zeros too many");
	is_str(numeric_of("12.505", 12, 2, false), "too_precise", "decimals too many");
	is_str(numeric_of("12.505", 12, 2, true), "0 + 2: 12 5100", "rounded away from zero");
	is_str(numeric_of("-12.504999", 12, 2, true), "0 - 2: 12 5000", "rounded to zero");
	is_str(numeric_of("99.995", 4, 2, true), "too_large", "too large once rounded");
	is_str(numeric_of("99.994", 4, 2, true), "0 + 2: 99 9900", "not yet");
	is_str(numeric_of("99999999999999999999.995", 30, 2, true), "5 + 2: 1",
	       "nines of a long number");
	is_str(numeric_of("0.0000000000000000000000001", 12, 2, true),
	       "0 + 2:", "rounded to nothing");
	is_str(numeric_of("0.0000000000000000000000001", 12, 2, false), "too_precise",
	       "or refused");
	is_str(numeric_of("1e400", 0, 0, false), "100 + 0: 1", "a large exponent");
	is_str(numeric_of("1e1000", 0, 0, false), "too_large", "one too large");
	is_str(numeric_of("1e-1001", 0, 0, false), "too_precise", "one too small");
	is_str(numeric_of("1e99999999999999999999", 0, 0, false), "too_large", "an absurd one");
	is_str(numeric_of("0e99999999999999999999", 0, 0, false), "0 + 0:", "of zero");
	is_str(numeric_of("10000000000.00", 12, 2, false), "too_large",
	       "too many digits before the point");
	is_str(numeric_of("9999999999.99", 12, 2, false), "2 + 2: 99 9999 9999 9900",
	       "as many as there may be");
	is_str(numeric_of("0.001", 2, 3, false), "-1 + 3: 10", "a scale above the precision");
	is_str(numeric_of("0.1", 2, 3, false), "too_large", "leaves no room for tenths");
	is_str(numeric_of("0", 2, 3, false), "0 + 3:", "but for zero");
	is_str(numeric_of("", 0, 0, false), "not_a_number", "nothing");
	is_str(numeric_of(".", 0, 0, false), "not_a_number", "a point");
	is_str(numeric_of("-", 0, 0, false), "not_a_number", "a sign");
	is_str(numeric_of("1,5", 0, 0, false), "not_a_number", "a comma");
	is_str(numeric_of("1.2.3", 0, 0, false), "not_a_number", "two points");
	is_str(numeric_of("1e", 0, 0, false), "not_a_number", "an exponent without digits");
	is_str(numeric_of("1e5x", 0, 0, false), "not_a_number", "one with a letter");
	is_str(numeric_of(" 1", 0, 0, false), "not_a_number", "a blank");
	is_str(numeric_of("NaN", 0, 0, false), "not_a_number", "no number");
	is_str(numeric_of("0x1F", 0, 0, false), "not_a_number", "hexadecimal");
}

/*
 * The same by naive code: the digits are written out with so many zeros on both sides that
 * groups of four begin at the point.
 */
static const char *
naive_numeric(const char *whole, const char *fraction, bool negative)
{
	static char shown[8192];
	char digits[400] = "";
	size_t groups;
	size_t before; /* groups before the point */
	size_t first = 0;
	size_t last;

	for (size_t i = strlen(whole); i % 4 != 0; i++)
		strcat(digits, "0");
	strcat(digits, whole);
	before = strlen(digits) / 4;
	strcat(digits, fraction);
	while (strlen(digits) % 4 != 0)
		strcat(digits, "0");
	last = groups = strlen(digits) / 4;
	while (first < groups && strncmp(digits + first * 4, "0000", 4) == 0)
		first++;
	while (last > first && strncmp(digits + (last - 1) * 4, "0000", 4) == 0)
		last--;
	if (first == last)
	{
		snprintf(shown, sizeof(shown), "0 + %zu:", strlen(fraction));
		return shown;
	}
	snprintf(shown, sizeof(shown), "%d %c %zu:", (int) before - (int) first - 1,
	         negative ? '-' : '+', strlen(fraction));
	for (size_t i = first; i < last; i++)
		snprintf(shown + strlen(shown), sizeof(shown) - strlen(shown), " %d",
		         (digits[i * 4] - '0') * 1000 + (digits[i * 4 + 1] - '0') * 100 +
		             (digits[i * 4 + 2] - '0') * 10 + digits[i * 4 + 3] - '0');
	return shown;
}

/* Random digits, zeros and nines more often than others. */
static void
random_digits(char *out, int count)
{
	for (int i = 0; i < count; i++)
		out[i] = "0000999123456789"[rand() % 16];
	out[count] = '\0';
}

static void
test_random_numeric(void)
{
	int wrong = 0;

	for (int i = 0; i < 200000 && wrong == 0; i++)
	{
		char whole[64];
		char fraction[64];
		char number[160];
		bool negative = rand() % 2;
		int most = rand() % 4 == 0 ? 40 : 9;

		random_digits(whole, 1 + rand() % most);
		random_digits(fraction, rand() % most);
		snprintf(number, sizeof(number), "%s%s%s%s", negative ? "-" : "", whole,
		         *fraction == '\0' ? "" : ".", fraction);
		if (strcmp(numeric_of(number, 0, 0, false),
		           naive_numeric(whole, fraction, negative)) != 0)
		{
			wrong++;
			printf("# %s: %s, not %s\n", number, numeric_of(number, 0, 0, false),
			       naive_numeric(whole, fraction, negative));
		}
	}
	is_int(wrong, 0, "200 000 random numbers as naive code makes them");
}

/*
 * Rounding by naive code, of numbers that fit an integer: a number of 6 decimals is rounded
 * to a scale and made into the text of its type.
 */
static void
test_random_rounding(void)
{
	static const long long tens[] = {1,         10,         100,         1000,
	                                 10000,     100000,     1000000,     10000000,
	                                 100000000, 1000000000, 10000000000, 100000000000};
	int wrong = 0;
	int refused = 0;

	for (int i = 0; i < 200000 && wrong == 0; i++)
	{
		int digits = 1 + rand() % 12;
		int scale = rand() % 6;
		int precision = scale + 1 + rand() % 6;
		long long value = 0; /* in millionths */
		long long unit = tens[6 - scale];
		long long rounded;
		char number[80];
		char whole[32];
		char fraction[32];
		const char *expected;
		bool negative = rand() % 2;
		/* the long way reads more than 16 digits */
		const char *zeros = rand() % 2 ? "000000000000000000" : "";

		for (int j = 0; j < digits; j++)
			value = value * 10 + "0009995123456789"[rand() % 16] - '0';
		snprintf(number, sizeof(number), "%s%s%lld.%06lld", negative ? "-" : "", zeros,
		         value / 1000000, value % 1000000);
		rounded = (value + unit / 2) / unit;
		snprintf(whole, sizeof(whole), "%lld", rounded / tens[scale]);
		snprintf(fraction, sizeof(fraction), "%0*lld", scale, rounded % tens[scale]);
		if (scale == 0)
			fraction[0] = '\0';
		expected = rounded >= tens[precision] ? "too_large"
		                                      : naive_numeric(whole, fraction, negative);
		if (strcmp(numeric_of(number, precision, scale, true), expected) != 0)
		{
			wrong++;
			printf("# %s as (%d, %d): %s\n", number, precision, scale,
			       numeric_of(number, precision, scale, true));
			printf("# not %s\n", expected);
		}
		if (value % unit != 0 && strcmp(expected, "too_large") != 0)
		{
			refused++;
			if (strcmp(numeric_of(number, precision, scale, false), "too_precise") != 0)
				wrong++;
		}
	}
	is_int(wrong, 0, "200 000 random numbers rounded as naive code rounds them");
	ok(refused > 10000, "many of them are refused unless they may be rounded");
}

/* Reads an integer between bounds: as text, or the fault. */
static const char *
integer_of(const char *number, int64_t low, int64_t high)
{
	static char shown[32];
	int64_t value = 0;
	PmValueFault fault = pm_decimal_integer(text_of(number), low, high, &value);

	if (fault != PM_VALUE_GOOD)
		return pm_value_fault_code(fault);
	snprintf(shown, sizeof(shown), "%" PRId64, value);
	return shown;
}

static void
test_integers(void)
{
	is_str(integer_of("42", 0, 100), "42", "an integer");
	is_str(integer_of("42.000", 0, 100), "42", "with decimals that are zeros");
	is_str(integer_of("42.5", 0, 100), "not_an_integer", "with others");
	is_str(integer_of("4.2E1", 0, 100), "42", "with an exponent");
	is_str(integer_of("4.2E0", 0, 100), "not_an_integer", "with too small a one");
	is_str(integer_of("-1", 0, 100), "too_low", "below the bounds");
	is_str(integer_of("101", 0, 100), "too_high", "above them");
	is_str(integer_of("2147483647", INT32_MIN, INT32_MAX), "2147483647",
	       "the largest of 32 bits");
	is_str(integer_of("2147483648", INT32_MIN, INT32_MAX), "too_high", "one more");
	is_str(integer_of("9223372036854775807", INT64_MIN, INT64_MAX), "9223372036854775807",
	       "the largest");
	is_str(integer_of("9223372036854775808", INT64_MIN, INT64_MAX), "too_high", "one more");
	is_str(integer_of("-9223372036854775808", INT64_MIN, INT64_MAX), "-9223372036854775808",
	       "the least");
	is_str(integer_of("-9223372036854775809", INT64_MIN, INT64_MAX), "too_low", "one less");
	is_str(integer_of("99999999999999999999", INT64_MIN, INT64_MAX), "too_high",
	       "twenty digits");
	is_str(integer_of("-1e30", INT64_MIN, INT64_MAX), "too_low", "a large exponent");
	is_str(integer_of("-0", 0, 100), "0", "minus zero");
	is_str(integer_of("0000000000000000000000000007", 0, 100), "7", "zeros before it");
	is_str(integer_of("", 0, 100), "not_a_number", "nothing");
	is_str(integer_of("12a", 0, 100), "not_a_number", "a letter");
}

/* Orders two numbers: "<", "=" or ">". */
static const char *
order_of(const char *a, const char *b)
{
	PmDecimal x;
	PmDecimal y;
	int order;

	if (pm_decimal_read(text_of(a), &x) != PM_VALUE_GOOD ||
	    pm_decimal_read(text_of(b), &y) != PM_VALUE_GOOD)
		return "fault";
	order = pm_decimal_compare(&x, &y);
	return order < 0 ? "<" : order > 0 ? ">" : "=";
}

static void
test_order(void)
{
	int wrong = 0;

	is_str(order_of("1.50", "1.5"), "=", "zeros at the end do not count");
	is_str(order_of("0015", "1.5e1"), "=", "nor at the start, nor an exponent");
	is_str(order_of("-0", "0.00"), "=", "zero has no sign");
	is_str(order_of("-2", "1"), "<", "a sign does");
	is_str(order_of("-2", "-10"), ">", "negative ones are ordered backwards");
	is_str(order_of("0", "0.001"), "<", "zero and a fraction");
	is_str(order_of("0", "-0.001"), ">", "zero and a negative one");
	is_str(order_of("9.99", "10"), "<", "by size, not by letters");
	is_str(order_of("1.23", "1.234"), "<", "one that goes on");
	for (int i = 0; i < 100000; i++)
	{
		int x = rand() % 2001 - 1000;
		int y = rand() % 2001 - 1000;
		char a[32];
		char b[32];

		snprintf(a, sizeof(a), "%s%d.%02d", x < 0 ? "-" : "", abs(x) / 100, abs(x) % 100);
		snprintf(b, sizeof(b), "%s%de-2", y < 0 ? "-" : "", abs(y));
		wrong += *order_of(a, b) != (x < y ? '<' : x > y ? '>' : '=');
	}
	is_int(wrong, 0, "100 000 pairs are ordered as integers are");
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

static void
test_booleans(void)
{
	static const char *const yes[] = {"1",    "x",         "X",    "true", "TRUE", "yes",
	                                  "Yes",  "y",         "oui",  "Oui",  "O",    "ja",
	                                  "J",    "si",        "sí",   "SÌ",   "S",    "vrai",
	                                  "wahr", "verdadero", "vero", "on",   "✓"};
	static const char *const no[] = {"0",      "false", "False", "no",   "No",
	                                 "n",      "non",   "NON",   "nein", "faux",
	                                 "falsch", "falso", "off",   "✗"};
	static const char *const neither[] = {
	    "", "2", "maybe", "-1", "00", "oui oui", "yesss", "verdaderoverdadero", "ou"};
	bool answer;
	PmText text = {"x\0y", 3};

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		ok(pm_boolean_read(text_of(yes[i]), &answer) == PM_VALUE_GOOD && answer, yes[i]);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		ok(pm_boolean_read(text_of(no[i]), &answer) == PM_VALUE_GOOD && !answer, no[i]);
	for (size_t i = 0; i < sizeof(neither) / sizeof(neither[0]); i++)
		ok(pm_boolean_read(text_of(neither[i]), &answer) == PM_VALUE_NOT_A_BOOLEAN,
		   neither[i]);
	ok(pm_boolean_read(text, &answer) == PM_VALUE_NOT_A_BOOLEAN,
	   "a zero byte ends nothing");
}

/* A text in another case. */
static const char *
case_of(PmCase form, const char *string)
{
	static char out[512];

	out[pm_case(form, string, strlen(string), out)] = '\0';
	return out;
}

static void
test_case(void)
{
	char out[8];
	char back[PM_CASE_GROWTH(8)];
	int wrong = 0;

	is_str(case_of(PM_CASE_UPPER, "crème brûlée, œuf"), "CRÈME BRÛLÉE, ŒUF",
	       "French capitals");
	is_str(case_of(PM_CASE_UPPER, "Straße Maß"), "STRASSE MASS", "the sharp s");
	is_str(case_of(PM_CASE_UPPER, "año ﬁn ŝ"), "AÑO FIN Ŝ", "a ligature");
	is_str(case_of(PM_CASE_UPPER, "привет αβγς"), "ПРИВЕТ ΑΒΓΣ", "other scripts");
	is_str(case_of(PM_CASE_LOWER, "ÉTÉ Ñ Ü ẞ İ"), "été ñ ü ß i", "small letters");
	is_str(case_of(PM_CASE_LOWER, "ΟΔΟΣ ΣΑΣ Σ"), "οδος σας σ", "the final sigma");
	is_str(case_of(PM_CASE_TITLE, "CRÈME SOLAIRE spf50 l'oréal"),
	       "Crème Solaire Spf50 L'Oréal", "words begin with capitals");
	is_str(case_of(PM_CASE_TITLE, "DON'T o'neill D’ARTAGNAN qu'il"),
	       "Don't O'Neill D’Artagnan Qu'il", "apostrophes");
	is_str(case_of(PM_CASE_TITLE, "jean-pierre 100ml (noir)"), "Jean-Pierre 100ml (Noir)",
	       "hyphens, digits, parentheses");
	is_str(case_of(PM_CASE_TITLE, "ǆep ǆEP"), "ǅep ǅep", "a digraph");
	is_str(case_of(PM_CASE_UPPER, "a\xFF\xC3z"), "A\xFF\xC3Z",
	       "bytes of no character stay");
	is_str(case_of(PM_CASE_UPPER, "ɐ"), "Ɐ", "two bytes become three");
	/* every character: small of capital is small; nothing grows by more than the room */
	for (uint32_t cp = 0; cp < 0x110000; cp++)
	{
		size_t size;
		size_t lower;

		if (cp >= 0xD800 && cp < 0xE000)
			continue;
		size = pm_utf8_encode(cp, out);
		wrong += pm_case(PM_CASE_UPPER, out, size, back) > PM_CASE_GROWTH(size);
		lower = pm_case(PM_CASE_LOWER, out, size, back);
		wrong += lower > PM_CASE_GROWTH(size);
		memcpy(out, back, lower);
		wrong += pm_case(PM_CASE_LOWER, out, lower, back) != lower ||
		         memcmp(out, back, lower) != 0;
	}
	is_int(wrong, 0, "every character has room, and small letters stay small");
	is_int((long long) pm_case_done(PM_CASE_UPPER, "ABC-12a", 7), 6, "capitals so far");
	is_int((long long) pm_case_done(PM_CASE_LOWER, "abc 12", 6), 6,
	       "small letters all through");
	is_int((long long) pm_case_done(PM_CASE_LOWER, "ab\xC3\xA9", 4), 2,
	       "as far as ASCII goes");
}

/* Is it a blank, by its list? */
static bool
naive_blank(uint32_t cp)
{
	static const uint32_t blanks[] = {
	    9,      10,     11,     12,     13,     32,     0x85,   0xA0,   0x1680,
	    0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008,
	    0x2009, 0x200A, 0x200B, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF};

	for (size_t i = 0; i < sizeof(blanks) / sizeof(blanks[0]); i++)
	{
		if (blanks[i] == cp)
			return true;
	}
	return false;
}

/* Random texts of blanks and others, trimmed and collapsed by naive code on code points. */
static void
test_blanks(void)
{
	static const uint32_t alphabet[] = {
	    ' ',  ' ',    '\t',   '\n',   'a',    'b',  'c',    '.',     0x7F, 0,
	    0xA0, 0x202F, 0x3000, 0xFEFF, 0x200B, 0xE9, 0x20AC, 0x1F600, 0x85, 0xA1};
	int wrong = 0;

	for (int i = 0; i < 300000; i++)
	{
		uint32_t points[40];
		int count = rand() % 40;
		bool mostly_plain = rand() % 2;
		char text[200];
		char expected[200] = "";
		char got[200];
		size_t size = 0;
		size_t expected_size = 0;
		size_t clean = 0;
		size_t got_size;
		int first = 0;
		int last;
		bool before = false;
		PmText whole = {text, 0};
		PmText trimmed;

		for (int j = 0; j < count; j++)
		{
			points[j] = mostly_plain && rand() % 8 != 0 ? (uint32_t) "abc d"[rand() % 5]
			                                            : alphabet[rand() % 20];
			size += pm_utf8_encode(points[j], text + size);
		}
		whole.size = size;
		/* trim */
		last = count;
		while (first < last && naive_blank(points[first]))
			first++;
		while (last > first && naive_blank(points[last - 1]))
			last--;
		for (int j = first; j < last; j++)
			expected_size += pm_utf8_encode(points[j], expected + expected_size);
		trimmed = pm_blank_trim(whole);
		wrong += trimmed.size != expected_size ||
		         memcmp(trimmed.data, expected, expected_size) != 0;
		/* collapse */
		expected_size = 0;
		for (int j = 0; j < count; j++)
		{
			bool blank = naive_blank(points[j]);

			if (!blank)
				expected_size += pm_utf8_encode(points[j], expected + expected_size);
			else if (!before)
				expected[expected_size++] = ' ';
			before = blank;
		}
		got_size = pm_blank_collapse(whole, got);
		wrong += got_size != expected_size || memcmp(got, expected, got_size) != 0;
		/* what is clean is clean, and all of it if nothing changed */
		clean = pm_blank_clean(whole);
		wrong += clean > size || memcmp(text, expected, clean) != 0;
		wrong +=
		    (clean == size) != (size == expected_size && memcmp(text, expected, size) == 0);
	}
	is_int(wrong, 0, "300 000 random texts, trimmed and collapsed as naive code does");
}

int
main(void)
{
	srand(1);
	test_numeric();
	test_random_numeric();
	test_random_rounding();
	test_integers();
	test_order();
	test_days();
	test_dates();
	test_patterns();
	test_booleans();
	test_case();
	test_blanks();
	return tap_done();
}
