/*
 * pm_date_parse.c - dates as people write them
 *
 * A text is cut into numbers, month names and what separates them; three of these make a
 * date, and a time of day may follow, which is left out.  Where numbers alone could be read
 * in more than one way, every way that gives a day of the calendar is tried, and only one
 * may be left.
 */
#include <string.h>

#include "pm_char.h"
#include "pm_date.h"
#include "pm_date_scan.h"
#include "pm_utf8.h"

#define PARTS 3

/* Goes past what makes a number an ordinal: 1st, 1er, 1º. */
static void
skip_ordinal(PmDateScan *scan)
{
	static const char *const endings[] = {"st", "nd", "rd", "th", "er",
	                                      "e",  "re", "o",  "a"};
	PmDateScan ahead = *scan;
	char word[PM_DATE_WORD_MAX];
	uint32_t cp;
	size_t size = pm_date_peek(scan, &cp);

	if (cp == 0xB0)
	{
		scan->at += size;
		return;
	}
	if (!pm_date_read_word(&ahead, word))
		return;
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
	{
		if (strcmp(word, endings[i]) == 0)
			*scan = ahead;
	}
}

/* Makes a date of parts in an order; false if they cannot be that. */
static bool
arrange(const PmDatePart parts[PARTS], PmDateOrder order, PmDate *date)
{
	static const int places[][PARTS] = {
	    {0, 0, 0},
        {2, 1, 0},
        {2, 0, 1},
        {0, 1, 2}
    }; /* of year, month, day */
	const PmDatePart *year = &parts[places[order][0]];
	const PmDatePart *month = &parts[places[order][1]];
	const PmDatePart *day = &parts[places[order][2]];

	if ((year->digits != 2 && year->digits != 4) || month->digits > 2 || day->digits > 2 ||
	    day->digits == 0)
		return false;
	date->year = pm_date_year(year);
	date->month = month->value;
	date->day = day->value;
	return true;
}

/* Makes a date of three numbers: in the order that was told, or in the only one there is. */
static PmValueFault
decide(const PmDatePart parts[PARTS], PmDateOrder order, PmDate *date)
{
	PmDateOrder first = PM_DATE_DMY;
	PmDateOrder last = PM_DATE_YMD;
	bool fits = false;
	int found = 0;

	if (parts[0].digits == 4)
		first = PM_DATE_YMD; /* nobody writes the day before the month then */
	else if (order != PM_DATE_AUTO &&
	         !(order == PM_DATE_YMD && parts[PARTS - 1].digits == 4))
		first = last = order;
	for (PmDateOrder i = first; i <= last; i++)
	{
		PmDate one;

		if (!arrange(parts, i, &one))
			continue;
		fits = true;
		if (!pm_date_exists(one) || (found > 0 && one.year == date->year &&
		                             one.month == date->month && one.day == date->day))
			continue;
		*date = one;
		found++;
	}
	if (found > 1)
		return PM_VALUE_AMBIGUOUS_DATE;
	if (found == 0)
		return fits ? PM_VALUE_NO_SUCH_DAY : PM_VALUE_NOT_A_DATE;
	return PM_VALUE_GOOD;
}

/* Makes a date of two numbers and the name of a month: the day is before the year, unless told. */
static PmValueFault
decide_named(const PmDatePart parts[PARTS], int name, PmDateOrder order, PmDate *date)
{
	PmDatePart sorted[PARTS];
	int other = name == 0 ? 1 : 0;
	bool year_first = parts[other].digits == 4 ||
	                  (order == PM_DATE_YMD && parts[PARTS - 1].digits != 4 && name == 1);

	sorted[1] = parts[name];
	sorted[0] = parts[other];
	sorted[2] = parts[name == PARTS - 1 ? 1 : PARTS - 1];
	if (!arrange(sorted, year_first ? PM_DATE_YMD : PM_DATE_DMY, date))
		return PM_VALUE_NOT_A_DATE;
	return pm_date_exists(*date) ? PM_VALUE_GOOD : PM_VALUE_NO_SUCH_DAY;
}

/* Takes digits out of a number: count of them, with rest more after them. */
static PmDatePart
cut(const PmDatePart *part, int count, int rest)
{
	static const int powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000};
	PmDatePart piece = {part->value / powers[rest] % powers[count], count};

	return piece;
}

/* Makes a date of one number: YYYYMMDD, or DDMMYYYY and the like if the order is told. */
static PmValueFault
decide_compact(const PmDatePart *part, PmDateOrder order, PmDate *date)
{
	PmDatePart parts[PARTS];
	int year = part->digits - 4; /* digits of it */

	if (part->digits == 8 && order == PM_DATE_AUTO)
		order = PM_DATE_YMD;
	if ((part->digits != 8 && part->digits != 6) || order == PM_DATE_AUTO)
		return PM_VALUE_NOT_A_DATE;
	if (order == PM_DATE_YMD)
	{
		parts[0] = cut(part, year, 4);
		parts[1] = cut(part, 2, 2);
		parts[2] = cut(part, 2, 0);
	}
	else
	{
		parts[0] = cut(part, 2, year + 2);
		parts[1] = cut(part, 2, year);
		parts[2] = cut(part, year, 0);
	}
	if (!arrange(parts, order, date))
		return PM_VALUE_NOT_A_DATE;
	return pm_date_exists(*date) ? PM_VALUE_GOOD : PM_VALUE_NO_SUCH_DAY;
}

/*
 * The day of a spreadsheet, with a time of day as its fraction.  The spreadsheet of 1900
 * has a 29 February 1900, which is its day 60.
 */
static PmValueFault
read_serial(PmDateScan scan, PmDateSerial serial, PmDate *date)
{
	PmDatePart part;
	int32_t days;

	if (!pm_date_read_number(&scan, &part) || !pm_date_skip_fraction(&scan))
		return PM_VALUE_NOT_A_DATE;
	pm_date_skip_blanks(&scan);
	if (scan.at < scan.end || part.value > 2958465)
		return PM_VALUE_NOT_A_DATE;
	if (serial == PM_DATE_SERIAL_1904)
		days = part.value - 35064; /* day 0 is 1904-01-01 */
	else if (part.value == 60 || part.value == 0)
		return PM_VALUE_NO_SUCH_DAY;
	else
		days = part.value - (part.value < 60 ? 36525 : 36526);
	return pm_date_of_days(days, date) ? PM_VALUE_GOOD : PM_VALUE_NO_SUCH_DAY;
}

/* Goes past what may stand between two parts: blanks with a sign or a comma among them. */
static char
skip_separator(PmDateScan *scan)
{
	char separator = pm_date_skip_blanks(scan) ? ' ' : '\0';
	uint32_t cp;
	size_t size = pm_date_peek(scan, &cp);

	if (size > 0 && (cp == '/' || cp == '.' || cp == ',' || pm_utf8_is_dash(cp)))
	{
		separator = cp < 0x80 ? (char) cp : '-';
		scan->at += size;
		pm_date_skip_blanks(scan);
	}
	return separator;
}

/*
 * Reads a date.  Blanks around it are none of it; what it has besides its day is a time of
 * day at its end at most.
 */
PmValueFault
pm_date_parse(PmText text, PmDateOrder order, PmDateSerial serial, PmDate *date)
{
	PmDateScan scan = {text.data, text.data + text.size};
	PmDatePart parts[PARTS] = {
	    {0, 0}
    };
	int count = 0;
	int name = -1;
	char separators[PARTS] = "";

	if (pm_date_read(text, date) == PM_VALUE_GOOD)
		return PM_VALUE_GOOD;
	pm_date_skip_blanks(&scan);
	if (serial != PM_DATE_NO_SERIAL &&
	    read_serial(scan, serial, date) != PM_VALUE_NOT_A_DATE)
		return read_serial(scan, serial, date);
	while (count < PARTS && scan.at < scan.end)
	{
		char word[PM_DATE_WORD_MAX];
		bool named = !pm_date_read_number(&scan, &parts[count]);

		if (named)
		{
			int month = pm_date_read_word(&scan, word) ? pm_date_find_word(word) : -1;

			if (month < 0 || (month > 0 && name >= 0))
				return PM_VALUE_NOT_A_DATE;
			if (month > 0)
			{
				parts[count].value = month;
				parts[count].digits = 0;
				name = count++;
			}
		}
		else if (++count < PARTS && parts[count - 1].digits <= 2)
			skip_ordinal(&scan);
		if (count < PARTS)
		{
			char separator = skip_separator(&scan);

			/* Jan. 5: a dot and a blank or comma */
			if (named && separator == '.')
				skip_separator(&scan);
			if (count > 0)
				separators[count - 1] = separator;
		}
	}
	if (count == 1 && name < 0 && scan.at == scan.end && separators[0] == '\0')
		return decide_compact(&parts[0], order, date);
	if (count < PARTS)
		return PM_VALUE_NOT_A_DATE;
	if (name < 0 && (separators[0] != separators[1] || separators[0] == ','))
		return PM_VALUE_NOT_A_DATE;
	if (!pm_date_is_time(&scan))
		return PM_VALUE_NOT_A_DATE;
	return name < 0 ? decide(parts, order, date) : decide_named(parts, name, order, date);
}
