/*
 * pm_cron.h - five-field cron lines
 *
 * A line is parsed into bit masks; the next matching minute is looked for on a
 * calendar without time zones: what a local minute is in time is the caller's
 * affair.
 *
 * Pure: no PostgreSQL, no allocation, no global state.
 */
#ifndef PM_CRON_H
#define PM_CRON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum PmCronStatus
{
	PM_CRON_OK = 0,
	PM_CRON_TOO_FEW_FIELDS,
	PM_CRON_UNKNOWN_MACRO,  /* @something */
	PM_CRON_BAD_VALUE,      /* neither a number nor a name that the field knows */
	PM_CRON_OUT_OF_RANGE,   /* 60 in minutes */
	PM_CRON_BACKWARD_RANGE, /* 5-3 */
	PM_CRON_BAD_STEP,       /* a step of 0, or larger than the field */
	PM_CRON_BAD_SYNTAX,     /* anything else in a field */
	PM_CRON_NEVER           /* no day exists that matches, as 30 February */
} PmCronStatus;

typedef enum PmCronField
{
	PM_CRON_MINUTE,
	PM_CRON_HOUR,
	PM_CRON_DAY,
	PM_CRON_MONTH,
	PM_CRON_WEEKDAY,
	PM_CRON_FIELDS
} PmCronField;

/*
 * Bit n of a mask stands for the value n: minutes 0-59, hours 0-23, days 1-31,
 * months 1-12, weekdays 0-6 from Sunday.  If both days and weekdays are
 * restricted, a day matches that is in either; a field that begins with an
 * asterisk restricts nothing in this sense.
 */
typedef struct PmCron
{
	uint64_t masks[PM_CRON_FIELDS];
	bool any_day;
	bool any_weekday;
} PmCron;

/* Where an error is. */
typedef struct PmCronError
{
	PmCronField field; /* of the error; PM_CRON_FIELDS: none in particular */
	size_t position;   /* byte of the line */
} PmCronError;

/* A minute of the proleptic Gregorian calendar. */
typedef struct PmCronTime
{
	int year;
	int month; /* 1-12 */
	int day;   /* 1-31 */
	int hour;
	int minute;
} PmCronTime;

/* in pm_cron.c */
extern PmCronStatus
pm_cron_parse(const char *str, size_t len, PmCron *cron, size_t *used, PmCronError *error);
extern bool pm_cron_next(const PmCron *cron, PmCronTime *time);
extern int pm_cron_weekday(int year, int month, int day);
extern int pm_cron_month_days(int year, int month);

#endif /* PM_CRON_H */
