/*
 * pm_cell.c - numbers and dates of cells, as text
 *
 * A decimal number of up to 15 digits comes back unchanged from binary floating point
 * (DBL_DIG), so its digits are its shortest exact text already.  Of a longer one it is
 * the shortest of 15 to 17 digits that reads as the same number.
 */
#define _GNU_SOURCE /* strtod_l() */
#include "pm_cell.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pm_char.h"
#include "pm_utf8.h"

#define EXACT_DIGITS 15
#define NUMBER_MAX   100 /* bytes of a number in a file */
#define PLAIN_DIGITS 40  /* before or after the point; others are written as 1.5E+100 */

#define DAY_MILLISECONDS 86400000
#define LAST_DAY         2958465 /* 9999-12-31 */
#define DAYS_TO_1904     1462
#define NO_SUCH_DAY      60 /* 1900-02-29, which Excel has */

/* A number in decimal: 0.d1d2d3... times ten to the exponent. */
typedef struct Decimal
{
	bool negative;
	char digits[NUMBER_MAX + 1]; /* no zeros at either end */
	int count;
	int exponent;
} Decimal;

/* Reads a number; false: it is none, or too long. */
static bool
read_decimal(const char *text, size_t size, Decimal *decimal)
{
	const char *at = text;
	const char *end = text + size;
	bool any = false;
	bool point = false;
	int exponent = 0;
	bool negative_exponent = false;

	if (size == 0 || size > NUMBER_MAX)
		return false;
	decimal->count = decimal->exponent = 0;
	decimal->negative = *at == '-';
	if (*at == '-' || *at == '+')
		at++;
	for (; at < end && (pm_is_digit(*at) || (*at == '.' && !point)); at++)
	{
		if (*at == '.')
		{
			point = true;
			continue;
		}
		any = true;
		if (decimal->count > 0 || *at != '0')
			decimal->digits[decimal->count++] = *at;
		else if (point)
			decimal->exponent--; /* a zero before the first digit */
		if (!point && decimal->count > 0)
			decimal->exponent++;
	}
	if (!any)
		return false;
	if (at < end && (*at == 'e' || *at == 'E'))
	{
		at++;
		if (at < end && (*at == '-' || *at == '+'))
			negative_exponent = *at++ == '-';
		if (at == end)
			return false;
		for (; at < end && pm_is_digit(*at); at++)
			if (exponent < 100000)
				exponent = exponent * 10 + (*at - '0');
	}
	if (at < end)
		return false;
	decimal->exponent += negative_exponent ? -exponent : exponent;
	while (decimal->count > 0 && decimal->digits[decimal->count - 1] == '0')
		decimal->count--;
	return true;
}

/* A number as binary floating point; not finite: it is none. */
static double
read_double(const char *text, size_t size, locale_t c_locale)
{
	char copy[NUMBER_MAX + 1];
	Decimal decimal;

	if (!read_decimal(text, size, &decimal))
		return NAN;
	memcpy(copy, text, size);
	copy[size] = '\0';
	return strtod_l(copy, NULL, c_locale);
}

/* The shortest digits that read as the same number; false: it is too large. */
static bool
shorten(const char *text, size_t size, locale_t c_locale, Decimal *decimal)
{
	double value = read_double(text, size, c_locale);

	if (!isfinite(value))
		return false;
	for (int digits = EXACT_DIGITS; digits <= 17; digits++)
	{
		char written[64];
		const char *at;

		/* the point is the locale's, so only digits are taken */
		snprintf(written, sizeof(written), "%.*e", digits - 1, fabs(value));
		decimal->count = 0;
		for (at = written; *at != 'e'; at++)
			if (pm_is_digit(*at))
				decimal->digits[decimal->count++] = *at;
		decimal->exponent = atoi(at + 1) + 1;
		snprintf(written, sizeof(written), "%s.%.*se%d", value < 0 ? "-" : "",
		         decimal->count, decimal->digits, decimal->exponent);
		if (strtod_l(written, NULL, c_locale) == value)
			break;
	}
	while (decimal->count > 0 && decimal->digits[decimal->count - 1] == '0')
		decimal->count--;
	return true;
}

/* Writes some of a decimal's digits, and zeros where it has none. */
static char *
write_digits(const Decimal *decimal, int from, int to, char *out)
{
	for (int i = from; i < to; i++)
		*out++ = i >= 0 && i < decimal->count ? decimal->digits[i] : '0';
	return out;
}

/*
 * A number as its shortest exact decimal text to out, which has PM_CELL_TEXT_MAX bytes:
 * 4.006381333931E12 is 4006381333931.  Returns its size; zero: it is no number.
 */
size_t
pm_cell_number(const char *text, size_t size, locale_t c_locale, char *out)
{
	Decimal decimal;
	char *at = out;

	if (!read_decimal(text, size, &decimal))
		return 0;
	if (decimal.count > EXACT_DIGITS && !shorten(text, size, c_locale, &decimal))
		return 0;
	if (decimal.count == 0)
	{
		*out = '0';
		return 1;
	}
	if (decimal.negative)
		*at++ = '-';
	if (decimal.exponent > PLAIN_DIGITS || decimal.exponent < -PLAIN_DIGITS)
	{
		*at++ = decimal.digits[0];
		if (decimal.count > 1)
			*at++ = '.';
		at = write_digits(&decimal, 1, decimal.count, at);
		return (size_t) (at - out) + (size_t) sprintf(at, "E%+d", decimal.exponent - 1);
	}
	if (decimal.exponent <= 0)
		*at++ = '0';
	else
		at = write_digits(&decimal, 0, decimal.exponent, at);
	if (decimal.exponent < decimal.count)
	{
		*at++ = '.';
		at = write_digits(&decimal, decimal.exponent, decimal.count, at);
	}
	return (size_t) (at - out);
}

/* Year, month and day of a day since 1970-01-01 (Howard Hinnant's civil_from_days). */
static void
civil(int64_t days, int *year, int *month, int *day)
{
	int64_t era = (days + 719468) / 146097;
	int64_t of_era = days + 719468 - era * 146097;
	int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t shifted = (5 * of_year + 2) / 153;

	*day = (int) (of_year - (153 * shifted + 2) / 5 + 1);
	*month = (int) (shifted < 10 ? shifted + 3 : shifted - 9);
	*year = (int) (year_of_era + era * 400 + (*month <= 2));
}

/*
 * A number of days as ISO 8601 text to out, which has PM_CELL_TEXT_MAX bytes.  Returns its
 * size; zero: it is no date.  Day 60 of 1900 is written as it is shown, 1900-02-29.
 */
size_t
pm_cell_date(const char *text, size_t size, PmCellKind kind, bool from_1904,
             locale_t c_locale, char *out)
{
	double value = read_double(text, size, c_locale);
	int64_t days;
	int64_t time;
	int year = 1900;
	int month = 2;
	int day = 29;
	int used = 0;

	if (!isfinite(value) || value < 0 || value > LAST_DAY + 1)
		return 0;
	days = (int64_t) floor(value);
	time = llround((value - (double) days) * DAY_MILLISECONDS);
	if (time == DAY_MILLISECONDS)
	{
		days++;
		time = 0;
	}
	if (kind == PM_CELL_DURATION)
		time += days * DAY_MILLISECONDS;
	else if (from_1904)
		days += DAYS_TO_1904;

	if (kind == PM_CELL_DATE || kind == PM_CELL_DATE_TIME)
	{
		if (days > LAST_DAY || (days == 0 && kind == PM_CELL_DATE))
			return 0;
		if (days == 0)
			kind = PM_CELL_TIME; /* the day before the first one: a time alone */
		else if (days != NO_SUCH_DAY)
			civil(days - 25569 + (days < NO_SUCH_DAY), &year, &month, &day);
	}
	if (kind == PM_CELL_DATE || kind == PM_CELL_DATE_TIME)
		used = sprintf(out, "%04d-%02d-%02d", year, month, day);
	if (kind == PM_CELL_DATE)
		return (size_t) used;
	if (kind == PM_CELL_DATE_TIME)
		out[used++] = 'T';
	used += sprintf(out + used, "%02d:%02d:%02d", (int) (time / 3600000),
	                (int) (time / 60000 % 60), (int) (time / 1000 % 60));
	if (time % 1000 != 0)
		used += sprintf(out + used, ".%03d", (int) (time % 1000));
	return (size_t) used;
}

/* What the formats mean that a workbook does not define (ECMA-376, 18.8.30). */
PmCellKind
pm_cell_kind_of_id(int id)
{
	if (id == 22)
		return PM_CELL_DATE_TIME;
	if (id == 46)
		return PM_CELL_DURATION;
	if ((id >= 18 && id <= 21) || (id >= 32 && id <= 35) || id == 45 || id == 47 ||
	    id == 55 || id == 56)
		return PM_CELL_TIME;
	if ((id >= 14 && id <= 17) || (id >= 27 && id <= 36) || (id >= 50 && id <= 58))
		return PM_CELL_DATE;
	return PM_CELL_NUMBER;
}

/* Behind what is not part of a format's code itself: quoted, escaped, in brackets. */
static const char *
skip_literal(const char *at, const char *end)
{
	char close = *at == '"' ? '"' : ']';

	if (*at == '\\' || *at == '_' || *at == '*')
		return end - at < 2 ? end : at + 2;
	for (at++; at < end && *at != close; at++)
		;
	return at < end ? at + 1 : end;
}

/* Is it [h], [mm], [ss] or the like? */
static bool
is_elapsed(const char *at, const char *end)
{
	char c;

	if (*at != '[' || end - at < 3)
		return false;
	c = pm_lower(at[1]);
	if (c != 'h' && c != 'm' && c != 's')
		return false;
	for (at += 2; at < end && pm_lower(*at) == c; at++)
		;
	return at < end && *at == ']';
}

/*
 * What a format's code shows, by its first section: letters of dates make one, unless a
 * place of a digit comes before them ("0.00 USD").
 */
PmCellKind
pm_cell_kind_of_code(const char *code, size_t size)
{
	const char *end = code + size;
	const char *at = code;
	bool date = false;
	bool time = false;
	bool month = false;

	if (size >= 7 && pm_lower(at[0]) == 'g' && pm_lower(at[1]) == 'e' &&
	    pm_lower(at[2]) == 'n')
		return PM_CELL_NUMBER; /* General */
	while (at < end && *at != ';')
	{
		switch (pm_lower(*at))
		{
			case '[':
				if (is_elapsed(at, end))
					return PM_CELL_DURATION;
				at = skip_literal(at, end);
				continue;
			case '"':
			case '\\':
			case '_':
			case '*':
				at = skip_literal(at, end);
				continue;
			case '0':
			case '#':
			case '?':
				if (!date && !time && !month)
					return PM_CELL_NUMBER;
				break;
			case 'y':
			case 'd':
				date = true;
				break;
			case 'h':
			case 's':
				time = true;
				break;
			case 'm':
				month = true;
				break;
			default:
				break;
		}
		at++;
	}
	if (date)
		return time ? PM_CELL_DATE_TIME : PM_CELL_DATE;
	if (time)
		return PM_CELL_TIME;
	return month ? PM_CELL_DATE : PM_CELL_NUMBER;
}

/* The code unit of an escape "_xHHHH_"; PM_UTF8_INVALID: it is none. */
static uint32_t
escaped(const char *at, const char *end)
{
	uint32_t unit = 0;

	if (end - at < 7 || at[0] != '_' || at[1] != 'x' || at[6] != '_')
		return PM_UTF8_INVALID;
	for (int i = 2; i < 6; i++)
	{
		char c = pm_lower(at[i]);

		if (!pm_is_digit(c) && (c < 'a' || c > 'f'))
			return PM_UTF8_INVALID;
		unit = unit << 4 | (uint32_t) (pm_is_digit(c) ? c - '0' : c - 'a' + 10);
	}
	return unit;
}

/*
 * Replaces in place the characters that a workbook writes as _x000D_, and so on (ECMA-376,
 * 22.9.2.19); what stands for no character is left as it is.  Returns the new size.
 */
size_t
pm_cell_unescape(char *text, size_t size)
{
	const char *end = text + size;
	const char *at = memchr(text, '_', size);
	char *out;

	if (at == NULL)
		return size;
	for (out = text + (at - text); at < end;)
	{
		uint32_t unit = *at == '_' ? escaped(at, end) : PM_UTF8_INVALID;
		uint32_t low;

		if (unit >= 0xD800 && unit <= 0xDBFF && (low = escaped(at + 7, end)) >= 0xDC00 &&
		    low <= 0xDFFF)
		{
			out += pm_utf8_encode(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00), out);
			at += 14;
		}
		else if (unit == PM_UTF8_INVALID || unit == 0 || (unit >= 0xD800 && unit <= 0xDFFF))
			*out++ = *at++;
		else
		{
			out += pm_utf8_encode(unit, out);
			at += 7;
		}
	}
	return (size_t) (out - text);
}

/* Does an escape begin here, so that a text which means it needs one itself? */
bool
pm_cell_is_escape(const char *at, const char *end)
{
	return escaped(at, end) != PM_UTF8_INVALID;
}
