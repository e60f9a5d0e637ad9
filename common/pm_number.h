/*
 * pm_number.h - numbers as people write them
 *
 * 1.234,56 € and (12.50) and 1'234.- become 1234.56, -12.50 and 1234.  What could be read
 * in two ways is not read at all.
 *
 * Pure: no PostgreSQL, no allocation, no global state; any bytes are legal input.
 */
#ifndef PM_NUMBER_H
#define PM_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

#include "pm_text.h"
#include "pm_value_fault.h"

#define PM_NUMBER_EXTRA        128 /* bytes that a result may have more than the text */
#define PM_NUMBER_NO_THOUSANDS 'n' /* whatever stands once is the decimal mark */

typedef enum PmPercent
{
	PM_PERCENT_REFUSED = 0,
	PM_PERCENT_NUMBER,  /* 12 % is 12 */
	PM_PERCENT_FRACTION /* 12 % is 0.12 */
} PmPercent;

/* What is known of the numbers; zero is "find out". */
typedef struct PmNumberStyle
{
	char mark;      /* ',' or '.' */
	char thousands; /* ',' '.' '\'' ' ' or PM_NUMBER_NO_THOUSANDS */
	PmPercent percent;
} PmNumberStyle;

/* in pm_number.c */
extern PmValueFault
pm_number_read(PmText text, const PmNumberStyle *style, char *out, size_t *size);
extern bool pm_number_is_plain(PmText text, const PmNumberStyle *style);

#endif /* PM_NUMBER_H */
