/*
 * test_cron.c - cron lines: a table of what they mean, and random lines against
 * a search of every minute
 *
 * The search knows the meaning of a field in another form: a list of texts, each
 * value tried against each of them.
 */
#include <stdlib.h>

#include "pm_cron.h"
#include "tap.h"

typedef struct Next
{
	const char *line;
	PmCronTime after;
	PmCronTime next;
} Next;

static const Next nexts[] = {
    {"* * * * *",           {2026, 1, 1, 0, 0},     {2026, 1, 1, 0, 1}    },
    {"* * * * *",           {2026, 12, 31, 23, 59}, {2027, 1, 1, 0, 0}    },
    {"*/15 * * * *",        {2026, 1, 1, 0, 15},    {2026, 1, 1, 0, 30}   },
    {"5/20 * * * *",        {2026, 1, 1, 0, 46},    {2026, 1, 1, 1, 5}    },
    {"0 9-17/4 * * *",      {2026, 1, 1, 9, 0},     {2026, 1, 1, 13, 0}   },
    {"0 9-17/4 * * *",      {2026, 1, 1, 17, 0},    {2026, 1, 2, 9, 0}    },
    {"30 4 * * mon-fri",    {2026, 1, 2, 4, 30},    {2026, 1, 5, 4, 30}   },
    {"30 4 * * MON-Fri",    {2026, 1, 4, 23, 0},    {2026, 1, 5, 4, 30}   },
    {"0 0 * * 0",           {2026, 1, 1, 0, 0},     {2026, 1, 4, 0, 0}    },
    {"0 0 * * 7",           {2026, 1, 1, 0, 0},     {2026, 1, 4, 0, 0}    },
    {"0 0 * * sat-sun",     {2026, 1, 3, 0, 0},     {2026, 1, 4, 0, 0}    },
    {"0 0 * * 5-7",         {2026, 1, 4, 0, 0},     {2026, 1, 9, 0, 0}    },
    {"0 0 * * */2",         {2026, 1, 3, 0, 0},     {2026, 1, 4, 0, 0}    },
    {"0 0 29 2 *",          {2026, 1, 1, 0, 0},     {2028, 2, 29, 0, 0}   },
    {"0 0 29 2 *",          {2096, 2, 29, 0, 0},    {2104, 2, 29, 0, 0}   },
    {"0 0 */7 3 */7",       {2092, 3, 31, 0, 0},    {2093, 3, 1, 0, 0}    },
    {"0 0 */7 3 */7",       {2093, 3, 31, 0, 0},    {2099, 3, 1, 0, 0}    },
    {"1 2 29 2 */7",        {2088, 3, 1, 0, 0},     {2128, 2, 29, 2, 1}   },
    {"0 0 31 * *",          {2026, 1, 31, 0, 0},    {2026, 3, 31, 0, 0}   },
    {"0 0 31 4 1",          {2026, 4, 1, 0, 0},     {2026, 4, 6, 0, 0}    },
    {"0 0 13 * fri",        {2026, 1, 1, 0, 0},     {2026, 1, 2, 0, 0}    },
    {"0 0 13 * fri",        {2026, 1, 9, 0, 0},     {2026, 1, 13, 0, 0}   },
    {"0 0 */2 * mon",       {2026, 1, 1, 0, 0},     {2026, 1, 5, 0, 0}    },
    {"0 0 1,15 jan,jul *",  {2026, 1, 15, 0, 0},    {2026, 7, 1, 0, 0}    },
    {"59 23 31 12 *",       {2026, 12, 31, 23, 59}, {2027, 12, 31, 23, 59}},
    {"@hourly",             {2026, 1, 1, 0, 0},     {2026, 1, 1, 1, 0}    },
    {"@daily",              {2026, 1, 31, 0, 0},    {2026, 2, 1, 0, 0}    },
    {"@midnight",           {2026, 1, 31, 0, 0},    {2026, 2, 1, 0, 0}    },
    {"@weekly",             {2026, 1, 1, 0, 0},     {2026, 1, 4, 0, 0}    },
    {"@monthly",            {2026, 1, 1, 0, 0},     {2026, 2, 1, 0, 0}    },
    {"@yearly",             {2026, 1, 1, 0, 0},     {2027, 1, 1, 0, 0}    },
    {"@annually",           {2026, 1, 1, 0, 0},     {2027, 1, 1, 0, 0}    },
    {"  0\t12   *  *  *  ", {2026, 1, 1, 0, 0},     {2026, 1, 1, 12, 0}   },
};

typedef struct Bad
{
	const char *line;
	PmCronStatus status;
	PmCronField field;
	size_t position;
} Bad;

static const Bad bads[] = {
    {"",                PM_CRON_TOO_FEW_FIELDS, PM_CRON_MINUTE,  0 },
    {"* * * *",         PM_CRON_TOO_FEW_FIELDS, PM_CRON_WEEKDAY, 7 },
    {"60 * * * *",      PM_CRON_OUT_OF_RANGE,   PM_CRON_MINUTE,  2 },
    {"* 24 * * *",      PM_CRON_OUT_OF_RANGE,   PM_CRON_HOUR,    4 },
    {"* * 0 * *",       PM_CRON_OUT_OF_RANGE,   PM_CRON_DAY,     5 },
    {"* * 32 * *",      PM_CRON_OUT_OF_RANGE,   PM_CRON_DAY,     6 },
    {"* * * 13 *",      PM_CRON_OUT_OF_RANGE,   PM_CRON_MONTH,   8 },
    {"* * * * 8",       PM_CRON_OUT_OF_RANGE,   PM_CRON_WEEKDAY, 9 },
    {"99999 * * * *",   PM_CRON_OUT_OF_RANGE,   PM_CRON_MINUTE,  4 },
    {"-1 * * * *",      PM_CRON_BAD_VALUE,      PM_CRON_MINUTE,  0 },
    {"mon * * * *",     PM_CRON_BAD_VALUE,      PM_CRON_MINUTE,  0 },
    {"* * * jan1 *",    PM_CRON_BAD_SYNTAX,     PM_CRON_MONTH,   9 },
    {"* * * january *", PM_CRON_BAD_VALUE,      PM_CRON_MONTH,   9 },
    {"* * * * mo",      PM_CRON_BAD_VALUE,      PM_CRON_WEEKDAY, 8 },
    {"30-10 * * * *",   PM_CRON_BACKWARD_RANGE, PM_CRON_MINUTE,  5 },
    {"*/0 * * * *",     PM_CRON_BAD_STEP,       PM_CRON_MINUTE,  3 },
    {"*/60 * * * *",    PM_CRON_BAD_STEP,       PM_CRON_MINUTE,  4 },
    {"*/ * * * *",      PM_CRON_BAD_STEP,       PM_CRON_MINUTE,  2 },
    {"1, * * * *",      PM_CRON_BAD_VALUE,      PM_CRON_MINUTE,  2 },
    {"1;2 * * * *",     PM_CRON_BAD_SYNTAX,     PM_CRON_MINUTE,  1 },
    {"** * * * *",      PM_CRON_BAD_SYNTAX,     PM_CRON_MINUTE,  1 },
    {"0 0 30 2 *",      PM_CRON_NEVER,          PM_CRON_DAY,     10},
    {"0 0 31 4,6 *",    PM_CRON_NEVER,          PM_CRON_DAY,     12},
    {"@reboot",         PM_CRON_UNKNOWN_MACRO,  PM_CRON_FIELDS,  0 },
    {"@hourlyx",        PM_CRON_UNKNOWN_MACRO,  PM_CRON_FIELDS,  0 },
    {"@",               PM_CRON_UNKNOWN_MACRO,  PM_CRON_FIELDS,  0 },
};

/* A field of a random line: its text, and the values that it means. */
typedef struct RandomField
{
	char text[64];
	bool values[64];
	bool star;
} RandomField;

static uint64_t state = 88172645463325252u;

/* A number below n; the sequence is the same in each run. */
static int
below(int n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (int) (state % (uint64_t) n);
}

/* Makes a field of values from low to high. */
static void
make_field(RandomField *field, int low, int high)
{
	size_t used = 0;
	int elements = 1 + below(3);

	memset(field, 0, sizeof(*field));
	for (int i = 0; i < elements; i++)
	{
		int kind = below(5);
		int first = low + below(high - low + 1);
		int last = first + below(high - first + 1);
		int step = 1 + below(high < 10 ? 3 : 10);
		const char *comma = i ? "," : "";

		if (kind == 0)
			used += (size_t) snprintf(field->text + used, sizeof(field->text) - used, "%s*",
			                          comma);
		else if (kind == 1)
			used += (size_t) snprintf(field->text + used, sizeof(field->text) - used,
			                          "%s*/%d", comma, step);
		else if (kind == 2)
			used += (size_t) snprintf(field->text + used, sizeof(field->text) - used,
			                          "%s%d", comma, first);
		else if (kind == 3)
			used += (size_t) snprintf(field->text + used, sizeof(field->text) - used,
			                          "%s%d-%d", comma, first, last);
		else
			used += (size_t) snprintf(field->text + used, sizeof(field->text) - used,
			                          "%s%d-%d/%d", comma, first, last, step);
		for (int value = low; value <= high; value++)
		{
			bool in = kind == 0 || (kind == 1 && (value - low) % step == 0) ||
			          (kind == 2 && value == first) ||
			          (kind == 3 && value >= first && value <= last) ||
			          (kind == 4 && value >= first && value <= last &&
			           (value - first) % step == 0);

			field->values[value] = field->values[value] || in;
		}
	}
	field->star = field->text[0] == '*';
}

/* Moves to the next minute, one by one; days by the rule of leap years written out. */
static void
step_minute(PmCronTime *time, int *weekday)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int length = lengths[time->month - 1];

	if (time->month == 2 &&
	    ((time->year % 4 == 0 && time->year % 100 != 0) || time->year % 400 == 0))
		length = 29;
	if (++time->minute < 60)
		return;
	time->minute = 0;
	if (++time->hour < 24)
		return;
	time->hour = 0;
	*weekday = (*weekday + 1) % 7;
	if (++time->day <= length)
		return;
	time->day = 1;
	if (++time->month <= 12)
		return;
	time->month = 1;
	time->year++;
}

/* Does the minute match the fields, by the rules as they are told? */
static bool
matches(const RandomField *fields, const PmCronTime *time, int weekday)
{
	bool day = fields[2].values[time->day];
	bool on_weekday = fields[4].values[weekday];
	bool date = !fields[2].star && !fields[4].star ? day || on_weekday : day && on_weekday;

	return date && fields[0].values[time->minute] && fields[1].values[time->hour] &&
	       fields[3].values[time->month];
}

/* Random lines against the search; few of them, because each minute is tried. */
static void
compare_with_search(int lines)
{
	static const int low[] = {0, 0, 1, 1, 0};
	static const int high[] = {59, 23, 31, 12, 6};
	int wrong = 0;
	int compared = 0;

	for (int i = 0; i < lines; i++)
	{
		RandomField fields[5];
		char line[400];
		PmCron cron;
		PmCronTime time = {1990 + below(120), 1, 1, 0, 0};
		PmCronTime got;
		int weekday = pm_cron_weekday(time.year, 1, 1);
		size_t used;

		for (int f = 0; f < 5; f++)
			make_field(&fields[f], low[f], high[f]);
		snprintf(line, sizeof(line), "%s %s %s %s %s", fields[0].text, fields[1].text,
		         fields[2].text, fields[3].text, fields[4].text);
		if (pm_cron_parse(line, strlen(line), &cron, &used, NULL) != PM_CRON_OK)
		{
			/* 30 February and its like */
			continue;
		}
		for (int skip = below(500000); skip > 0; skip--)
			step_minute(&time, &weekday);
		got = time;
		if (!pm_cron_next(&cron, &got))
		{
			printf("# none for %s\n", line);
			wrong++;
			continue;
		}
		for (long minutes = 0; minutes < 9L * 366 * 1440; minutes++)
		{
			step_minute(&time, &weekday);
			if (matches(fields, &time, weekday))
				break;
		}
		compared++;
		if (memcmp(&time, &got, sizeof(time)) != 0)
		{
			printf("# %s: got %d-%d-%d %d:%d, expected %d-%d-%d %d:%d\n", line, got.year,
			       got.month, got.day, got.hour, got.minute, time.year, time.month,
			       time.day, time.hour, time.minute);
			wrong++;
		}
	}
	is_int(wrong, 0, "random lines agree with a search of every minute");
	ok(compared > lines * 9 / 10, "most random lines name a day that exists");
}

int
main(void)
{
	char name[200];
	PmCron cron;
	size_t used;

	for (size_t i = 0; i < sizeof(nexts) / sizeof(nexts[0]); i++)
	{
		PmCronTime time = nexts[i].after;

		snprintf(name, sizeof(name), "\"%s\" parses", nexts[i].line);
		is_int(pm_cron_parse(nexts[i].line, strlen(nexts[i].line), &cron, &used, NULL),
		       PM_CRON_OK, name);
		snprintf(name, sizeof(name), "next of \"%s\"", nexts[i].line);
		ok(pm_cron_next(&cron, &time) && memcmp(&time, &nexts[i].next, sizeof(time)) == 0,
		   name);
		is_int((long long) used, (long long) strlen(nexts[i].line), "all of it is used");
	}
	for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++)
	{
		PmCronError error;

		snprintf(name, sizeof(name), "\"%s\" is refused", bads[i].line);
		is_int(pm_cron_parse(bads[i].line, strlen(bads[i].line), &cron, &used, &error),
		       bads[i].status, name);
		is_int(error.field, bads[i].field, "in the right field");
		is_int((long long) error.position, (long long) bads[i].position, "and place");
	}

	is_int(pm_cron_parse("0 4 * * * Europe/Paris", 22, &cron, &used, NULL), PM_CRON_OK,
	       "what follows the fields");
	is_int((long long) used, 10, "is left to the caller");
	is_int(pm_cron_parse("@daily Europe/Paris", 19, &cron, &used, NULL), PM_CRON_OK,
	       "also after a word");
	is_int((long long) used, 7, "which is used alone");
	is_int(pm_cron_parse("* * * * *", 8, &cron, &used, NULL), PM_CRON_TOO_FEW_FIELDS,
	       "nothing is read beyond the length");
	ok(pm_cron_parse("0 0 * * 0,7", 11, &cron, &used, NULL) == PM_CRON_OK &&
	       cron.masks[PM_CRON_WEEKDAY] == 1,
	   "0 and 7 are one Sunday");
	is_int(pm_cron_weekday(1970, 1, 1), 4, "1970 began on a Thursday");
	is_int(pm_cron_weekday(2000, 2, 29), 2, "29 February 2000 was a Tuesday");
	is_int(pm_cron_weekday(1, 1, 1), 1, "the first day of the calendar is a Monday");
	compare_with_search(600);
	return tap_done();
}
