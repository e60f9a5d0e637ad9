/*
 * pm_date.h - dates as people write them, and as PostgreSQL counts them
 *
 * Pure: no PostgreSQL, no allocation, no global state; any bytes are legal input.
 */
#ifndef PM_DATE_H
#define PM_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pm_text.h"
#include "pm_value_fault.h"

#define PM_DATE_SIZE 10 /* bytes of YYYY-MM-DD */

/* Which of day, month and year comes first where all are numbers. */
typedef enum PmDateOrder
{
	PM_DATE_AUTO = 0, /* only where there is one way to read it */
	PM_DATE_DMY,
	PM_DATE_MDY,
	PM_DATE_YMD
} PmDateOrder;

/* What a number alone is: the day of a spreadsheet, counted from 1900 or 1904. */
typedef enum PmDateSerial
{
	PM_DATE_NO_SERIAL = 0,
	PM_DATE_SERIAL_1900,
	PM_DATE_SERIAL_1904
} PmDateSerial;

/* A day of the Gregorian calendar, years 1 to 9999. */
typedef struct PmDate
{
	int year;
	int month;
	int day;
} PmDate;

/* in pm_date.c: YYYY-MM-DD */
extern PmValueFault pm_date_read(PmText text, PmDate *date);
extern void pm_date_write(PmDate date, char out[PM_DATE_SIZE]);
extern bool pm_date_exists(PmDate date);
extern int32_t pm_date_days(PmDate date); /* since 2000-01-01, as PostgreSQL counts */
extern bool pm_date_of_days(int32_t days, PmDate *date);

/* in pm_date_parse.c: as people write */
extern PmValueFault
pm_date_parse(PmText text, PmDateOrder order, PmDateSerial serial, PmDate *date);

/* in pm_date_pattern.c: as a pattern has them */
extern bool pm_date_pattern_check(PmText pattern);
extern PmValueFault pm_date_match(PmText text, PmText pattern, PmDate *date);

#endif /* PM_DATE_H */
