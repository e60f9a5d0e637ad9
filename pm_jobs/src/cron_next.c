/*
 * cron_next.c - the next time of a schedule
 *
 * A schedule is an interval, or a cron line with an optional time zone, UTC
 * without one: a time must not depend on whose session looks.  A local minute
 * that the zone skips means the first instant after the gap; one that comes twice
 * means its first instant.
 */
#include "pm_jobs_module.h"

#include "miscadmin.h"
#include "pgtime.h"
#include "pm_cron.h"
#include "utils/builtins.h"
#include "utils/datetime.h"

/* Further from a local time than any offset from UTC, twice. */
#define MARGIN_SECONDS (2 * 86400)
#define HINT \
	"A schedule is five cron fields with an optional time zone, as in \"30 4 * * mon-fri Europe/Paris\", a word like @hourly, or an interval of at least one second."

/* The n-th word of a text and its length; NULL if there are fewer. */
static const char *
word(const char *str, int n, size_t *len)
{
	for (;;)
	{
		str += strspn(str, " \t");
		*len = strcspn(str, " \t");
		if (*len == 0)
			return NULL;
		if (n-- == 0)
			return str;
		str += *len;
	}
}

/*
 * Is it meant as a cron line?  The second word of an interval with five words is
 * a unit; that of a cron line has no letters.
 */
static bool
is_cron(const char *spec)
{
	size_t len;
	const char *first = word(spec, 0, &len);
	const char *second;

	if (first == NULL)
		return false;
	if (first[0] == '@' && len > 1)
		return true;
	if (strchr(spec, '*') != NULL)
		return true;
	second = word(spec, 1, &len);
	return word(spec, 4, &len) != NULL && strchr("0123456789", second[0]) != NULL;
}

/* Reports a line that is none. */
static void
report_cron(const char *spec, PmCronStatus status, const PmCronError *error)
{
	static const char *const fields[] = {"minute", "hour", "day of month", "month",
	                                     "day of week"};
	static const char *const details[] = {
	    [PM_CRON_TOO_FEW_FIELDS] = "It has fewer than five fields.",
	    [PM_CRON_UNKNOWN_MACRO] =
	        "The words are @yearly, @monthly, @weekly, @daily and @hourly.",
	    [PM_CRON_BAD_VALUE] = "a value that is neither a number nor a name",
	    [PM_CRON_OUT_OF_RANGE] = "a value out of its range",
	    [PM_CRON_BACKWARD_RANGE] = "a range that ends before it begins",
	    [PM_CRON_BAD_STEP] = "a step that is 0 or larger than the field",
	    [PM_CRON_BAD_SYNTAX] = "something that is no list of values, ranges and steps",
	    [PM_CRON_NEVER] = "No month that it names has such a day."};

	if (status >= PM_CRON_BAD_VALUE && status <= PM_CRON_BAD_SYNTAX)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("invalid schedule: \"%s\"", spec),
		         errdetail("The field %s has %s, at character %d.", fields[error->field],
		                   details[status], (int) error->position + 1),
		         errhint(HINT)));
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	                errmsg("invalid schedule: \"%s\"", spec),
	                errdetail("%s", details[status]), errhint(HINT)));
}

/* The instant of a local time: seconds as if the zone were UTC, to UTC. */
static pg_time_t
local_to_time(pg_time_t local, const pg_tz *zone)
{
	pg_time_t start = local - MARGIN_SECONDS;
	bool first = true;

	for (;;)
	{
		long before = 0;
		long after;
		int ignored_before, ignored_after;
		pg_time_t boundary;
		int found = pg_next_dst_boundary(&start, &before, &ignored_before, &boundary,
		                                 &after, &ignored_after, zone);

		if (!first && local - before < start)
			return start; /* skipped by the change at start */
		if (found <= 0 || local - before < boundary)
			return local - before;
		start = boundary;
		first = false;
	}
}

/* The first time after one that a cron line names. */
static TimestampTz
next_by_cron(const char *spec, TimestampTz after)
{
	PmCron cron;
	PmCronTime time;
	PmCronError error;
	size_t used;
	PmCronStatus status = pm_cron_parse(spec, strlen(spec), &cron, &used, &error);
	char *zone_name = pstrdup(spec + (status == PM_CRON_OK ? used : 0));
	pg_tz *zone;
	struct pg_tm *local;
	pg_time_t unix_after = timestamptz_to_time_t(after);

	if (status != PM_CRON_OK)
		report_cron(spec, status, &error);
	for (size_t end = strlen(zone_name); end > 0 && strchr(" \t", zone_name[end - 1]);
	     end--)
		zone_name[end - 1] = '\0';
	zone = pg_tzset(zone_name[0] ? zone_name : "UTC");
	if (zone == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("unknown time zone in schedule: \"%s\"", zone_name),
		                errhint(HINT)));
	local = pg_localtime(&unix_after, zone);
	if (local == NULL)
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
		                errmsg("timestamp out of range")));
	time = (PmCronTime){local->tm_year + 1900, local->tm_mon + 1, local->tm_mday,
	                    local->tm_hour, local->tm_min};
	for (;;)
	{
		TimestampTz next;
		pg_time_t seconds;

		CHECK_FOR_INTERRUPTS();
		if (!pm_cron_next(&cron, &time))
			report_cron(spec, PM_CRON_NEVER, NULL);
		seconds = ((pg_time_t) date2j(time.year, time.month, time.day) - UNIX_EPOCH_JDATE) *
		              SECS_PER_DAY +
		          time.hour * SECS_PER_HOUR + time.minute * SECS_PER_MINUTE;
		next = time_t_to_timestamptz(local_to_time(seconds, zone));
		/* the second pass over an hour that comes twice is behind us already */
		if (next > after)
			return next;
	}
}

/* Reads an interval of at least a second. */
static Interval *
read_interval(const char *spec)
{
	char buffer[MAXDATELEN + MAXDATEFIELDS];
	char *fields[MAXDATEFIELDS];
	int types[MAXDATEFIELDS];
	int count, type;
	struct pg_itm_in parts = {0};
	Interval *interval = palloc0(sizeof(Interval));
	Interval least = {.time = USECS_PER_SEC};

	if (ParseDateTime(spec, buffer, sizeof(buffer), fields, types, MAXDATEFIELDS, &count) !=
	        0 ||
	    DecodeInterval(fields, types, count, INTERVAL_FULL_RANGE, &type, &parts) != 0 ||
	    type != DTK_DELTA || itmin2interval(&parts, interval) != 0)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("invalid schedule: \"%s\"", spec),
		         errdetail("It is neither a cron line nor an interval."), errhint(HINT)));
	if (interval->month < 0 || interval->day < 0 || interval->time < 0 ||
	    DatumGetBool(DirectFunctionCall2(interval_lt, IntervalPGetDatum(interval),
	                                     IntervalPGetDatum(&least))))
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("invalid schedule: \"%s\"", spec),
		         errdetail("The interval is shorter than one second."), errhint(HINT)));
	return interval;
}

/* Adds an interval; its days and months are those of the calendar in UTC. */
static TimestampTz
add_interval(TimestampTz after, Interval *interval)
{
	Datum local = DirectFunctionCall2(timestamp_pl_interval, TimestampGetDatum(after),
	                                  IntervalPGetDatum(interval));

	return (TimestampTz) DatumGetTimestamp(local);
}

PG_FUNCTION_INFO_V1(pm_jobs__next_run);

/* _next_run(spec, after): the first time after one that the schedule names. */
Datum
pm_jobs__next_run(PG_FUNCTION_ARGS)
{
	char *spec = text_to_cstring(PG_GETARG_TEXT_PP(0));
	TimestampTz after = PG_GETARG_TIMESTAMPTZ(1);

	if (TIMESTAMP_NOT_FINITE(after))
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
		                errmsg("the time of a schedule is infinite")));
	if (is_cron(spec))
		PG_RETURN_TIMESTAMPTZ(next_by_cron(spec, after));
	return TimestampTzGetDatum(add_interval(after, read_interval(spec)));
}
