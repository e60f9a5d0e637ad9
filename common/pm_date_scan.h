/*
 * pm_date_scan.h - numbers, names of months and times of day in a text
 */
#ifndef PM_DATE_SCAN_H
#define PM_DATE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PM_DATE_WORD_MAX 12 /* bytes of a folded word, with a zero byte */

/* A number or a month of a date. */
typedef struct PmDatePart
{
	int value;
	int digits; /* 0: the name of a month */
} PmDatePart;

/* Where a text is being read. */
typedef struct PmDateScan
{
	const char *at;
	const char *end;
} PmDateScan;

/* in pm_date_scan.c */
extern size_t pm_date_peek(const PmDateScan *scan, uint32_t *cp);
extern bool pm_date_skip(PmDateScan *scan, char c);
extern bool pm_date_skip_fraction(PmDateScan *scan);
extern bool pm_date_skip_blanks(PmDateScan *scan);
extern bool pm_date_read_number(PmDateScan *scan, PmDatePart *part);
extern bool pm_date_read_word(PmDateScan *scan, char out[PM_DATE_WORD_MAX]);
extern int pm_date_find_word(const char *name);
extern int pm_date_year(const PmDatePart *part);
extern bool pm_date_is_time(PmDateScan *scan);

#endif /* PM_DATE_SCAN_H */
