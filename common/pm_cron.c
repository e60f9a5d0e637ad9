/*
 * pm_cron.c - five-field cron lines
 *
 * minute hour day-of-month month day-of-week, each a list of "*", a value, a
 * range a-b, or one of these with a step /n; a single value with a step runs to
 * the end of the field.  Months and weekdays have English names of three letters,
 * in any case; Sunday is 0 and 7.  Instead of the fields: @yearly, @annually,
 * @monthly, @weekly, @daily, @midnight, @hourly.
 */
#include "pm_char.h"
#include "pm_cron.h"

#include <string.h>

/*
 * 29 February comes again on the same weekday after forty years at most, and a line
 * can ask for that: with an asterisk and a step, day and weekday must agree.
 */
#define SEARCH_DAYS (41 * 366)

typedef struct FieldRule
{
	int low;
	int high;          /* 7 for weekdays: Sunday again */
	const char *names; /* three letters each, from low on; or NULL */
} FieldRule;

static const FieldRule rules[PM_CRON_FIELDS] = {
    {0, 59, NULL                                  },
    {0, 23, NULL                                  },
    {1, 31, NULL                                  },
    {1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
    {0, 7,  "sunmontuewedthufrisat"               },
};

static const struct
{
	const char *name;
	const char *line;
} macros[] = {
    {"@yearly",   "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
    {"@monthly",  "0 0 1 * *"},
    {"@weekly",   "0 0 * * 0"},
    {"@daily",    "0 0 * * *"},
    {"@midnight", "0 0 * * *"},
    {"@hourly",   "0 * * * *"},
};

/* What is left of a line. */
typedef struct Cursor
{
	const char *str;
	size_t len;
	size_t position;
} Cursor;

/* The byte at the cursor; 0 at the end. */
static char
peek(const Cursor *cursor)
{
	return cursor->position < cursor->len ? cursor->str[cursor->position] : '\0';
}

/* A letter in lower case; 0 if it is none. */
static char
letter(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char) (c - 'A' + 'a');
	return c >= 'a' && c <= 'z' ? c : '\0';
}

/* Reads a number of at most four digits; false if there is none. */
static bool
read_number(Cursor *cursor, int *value)
{
	int digits = 0;

	*value = 0;
	while (pm_is_digit(peek(cursor)) && digits < 4)
	{
		*value = *value * 10 + (peek(cursor) - '0');
		cursor->position++;
		digits++;
	}
	return digits > 0 && !pm_is_digit(peek(cursor));
}

/* Reads a number or a name of the field. */
static PmCronStatus
read_value(Cursor *cursor, const FieldRule *rule, int *value)
{
	if (pm_is_digit(peek(cursor)))
	{
		if (!read_number(cursor, value) || *value < rule->low || *value > rule->high)
			return PM_CRON_OUT_OF_RANGE;
		return PM_CRON_OK;
	}
	if (rule->names != NULL && cursor->len - cursor->position >= 3)
	{
		const char *str = cursor->str + cursor->position;

		for (int i = 0; rule->names[3 * i] != '\0'; i++)
		{
			const char *name = rule->names + 3 * i;

			if (letter(str[0]) != name[0] || letter(str[1]) != name[1] ||
			    letter(str[2]) != name[2])
				continue;
			cursor->position += 3;
			*value = rule->low + i;
			return letter(peek(cursor)) ? PM_CRON_BAD_VALUE : PM_CRON_OK;
		}
	}
	return PM_CRON_BAD_VALUE;
}

/* Reads one element of a list and adds its values to the mask. */
static PmCronStatus
read_element(Cursor *cursor, const FieldRule *rule, uint64_t *mask)
{
	int first;
	int last;
	int step = 1;
	bool single = false;
	PmCronStatus status;

	if (peek(cursor) == '*')
	{
		cursor->position++;
		first = rule->low;
		last = rule->high;
	}
	else
	{
		status = read_value(cursor, rule, &first);
		if (status != PM_CRON_OK)
			return status;
		last = first;
		single = true;
		if (peek(cursor) == '-')
		{
			cursor->position++;
			status = read_value(cursor, rule, &last);
			if (status != PM_CRON_OK)
				return status;
			single = false;
			/* fri-sun ends on Sunday as 7 */
			if (rule->high == 7 && last == 0 && first > 0)
				last = 7;
			if (last < first)
				return PM_CRON_BACKWARD_RANGE;
		}
	}
	if (peek(cursor) == '/')
	{
		cursor->position++;
		if (!read_number(cursor, &step) || step < 1 || step > rule->high)
			return PM_CRON_BAD_STEP;
		if (single)
			last = rule->high;
	}
	/* a Sunday that comes twice is one: "*" and "x/n" stop at Saturday */
	if (rule->high == 7 && last == 7 && (single || first == 0) && first != 7)
		last = 6;
	for (int value = first; value <= last; value += step)
		*mask |= UINT64_C(1) << (rule->high == 7 ? value % 7 : value);
	return PM_CRON_OK;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Reads one field. */
static PmCronStatus
read_field(Cursor *cursor, const FieldRule *rule, uint64_t *mask)
{
	PmCronStatus status;

	*mask = 0;
	while ((status = read_element(cursor, rule, mask)) == PM_CRON_OK)
	{
		if (peek(cursor) != ',')
			break;
		cursor->position++;
	}
	if (status == PM_CRON_OK && cursor->position < cursor->len && !is_blank(peek(cursor)))
		return PM_CRON_BAD_SYNTAX;
	return status;
}

/* Is there a month that has one of the days? */
static bool
has_day(const PmCron *cron)
{
	if (!cron->any_weekday || cron->any_day)
		return true;
	for (int month = 1; month <= 12; month++)
	{
		uint64_t days = (UINT64_C(2) << pm_cron_month_days(2000, month)) - 1;

		if (cron->masks[PM_CRON_MONTH] >> month & 1 && cron->masks[PM_CRON_DAY] & days)
			return true;
	}
	return false;
}

/*
 * Parses a line.  used is set to the bytes up to what follows the fields (a time
 * zone, or the end).  On failure cron is zeroed; error, which may be NULL, says
 * where.
 */
PmCronStatus
pm_cron_parse(const char *str, size_t len, PmCron *cron, size_t *used, PmCronError *error)
{
	Cursor cursor = {str, len, 0};
	PmCronStatus status = PM_CRON_OK;
	int field = PM_CRON_FIELDS;

	memset(cron, 0, sizeof(PmCron));
	*used = 0;
	while (is_blank(peek(&cursor)))
		cursor.position++;
	if (peek(&cursor) == '@')
	{
		size_t end = cursor.position + 1;

		status = PM_CRON_UNKNOWN_MACRO;
		while (end < len && !is_blank(str[end]))
			end++;
		for (size_t i = 0; i < sizeof(macros) / sizeof(macros[0]); i++)
		{
			size_t ignored;

			if (strlen(macros[i].name) != end - cursor.position ||
			    memcmp(macros[i].name, str + cursor.position, end - cursor.position) != 0)
				continue;
			status =
			    pm_cron_parse(macros[i].line, strlen(macros[i].line), cron, &ignored, NULL);
			cursor.position = end;
			break;
		}
	}
	else
	{
		for (field = 0; field < PM_CRON_FIELDS && status == PM_CRON_OK; field++)
		{
			while (is_blank(peek(&cursor)))
				cursor.position++;
			if (cursor.position >= len)
				status = PM_CRON_TOO_FEW_FIELDS;
			else
			{
				if (field == PM_CRON_DAY)
					cron->any_day = peek(&cursor) == '*';
				if (field == PM_CRON_WEEKDAY)
					cron->any_weekday = peek(&cursor) == '*';
				status = read_field(&cursor, &rules[field], &cron->masks[field]);
			}
			if (status != PM_CRON_OK)
				break;
		}
		if (status == PM_CRON_OK && !has_day(cron))
		{
			status = PM_CRON_NEVER;
			field = PM_CRON_DAY;
		}
	}
	if (status != PM_CRON_OK)
	{
		memset(cron, 0, sizeof(PmCron));
		if (error != NULL)
			*error = (PmCronError){(PmCronField) field, cursor.position};
		return status;
	}
	while (is_blank(peek(&cursor)))
		cursor.position++;
	*used = cursor.position;
	return PM_CRON_OK;
}

/* The days of a month; 0 if there is no such month. */
int
pm_cron_month_days(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	if (month < 1 || month > 12)
		return 0;
	return days[month - 1] + (month == 2 && leap);
}

/* The weekday of a date from year 1 on, 0 is Sunday. */
int
pm_cron_weekday(int year, int month, int day)
{
	/* days before the month, counted in years that begin in March */
	int y = month <= 2 ? year - 1 : year;
	int m = month <= 2 ? month + 9 : month - 3;

	return (int) (((int64_t) y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day +
	               2) %
	              7);
}

/* Does the date match? */
static bool
matches_date(const PmCron *cron, const PmCronTime *time)
{
	bool day = cron->masks[PM_CRON_DAY] >> time->day & 1;
	bool weekday = cron->masks[PM_CRON_WEEKDAY] >>
	                   pm_cron_weekday(time->year, time->month, time->day) &
	               1;

	if (!(cron->masks[PM_CRON_MONTH] >> time->month & 1))
		return false;
	return cron->any_day || cron->any_weekday ? day && weekday : day || weekday;
}

/* The lowest bit of a mask from one on; -1 if there is none. */
static int
bit_from(uint64_t mask, int from)
{
	for (; from < 64; from++)
	{
		if (mask >> from & 1)
			return from;
	}
	return -1;
}

/*
 * Moves time to the first matching minute after it.  False, and time is spent, if
 * there is none in forty years, which only a mask that matches no day has.
 */
bool
pm_cron_next(const PmCron *cron, PmCronTime *time)
{
	time->minute++;
	for (int days = 0; days <= SEARCH_DAYS; days++)
	{
		if (matches_date(cron, time))
		{
			int minute = bit_from(cron->masks[PM_CRON_MINUTE], time->minute);
			int hour = bit_from(cron->masks[PM_CRON_HOUR], time->hour);

			if (hour != time->hour || minute < 0)
			{
				hour = bit_from(cron->masks[PM_CRON_HOUR], time->hour + 1);
				minute = bit_from(cron->masks[PM_CRON_MINUTE], 0);
			}
			if (hour >= 0 && minute >= 0)
			{
				time->hour = hour;
				time->minute = minute;
				return true;
			}
		}
		time->hour = 0;
		time->minute = 0;
		if (++time->day > pm_cron_month_days(time->year, time->month))
		{
			time->day = 1;
			if (++time->month > 12)
			{
				time->month = 1;
				time->year++;
			}
		}
	}
	return false;
}
