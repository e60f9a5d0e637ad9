/*
 * pm_decimal.h - decimal numbers, exactly
 *
 * A number is text as PostgreSQL takes it: an optional sign, digits with an optional point,
 * an optional exponent; no blanks, no separators (the transform "decimal" makes that of
 * what people write).  It becomes an integer, or the binary form of numeric: what
 * numeric_recv() takes and COPY BINARY sends.
 *
 * Pure: no PostgreSQL, no allocation, no global state; any bytes are legal input.
 */
#ifndef PM_DECIMAL_H
#define PM_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pm_text.h"
#include "pm_value_fault.h"

#define PM_DECIMAL_DIGITS 1000 /* before and after the point together */
#define PM_NUMERIC_MAX    (8 + 2 * (PM_DECIMAL_DIGITS / 4 + 2)) /* bytes */

/* A number in parts. */
typedef struct PmDecimal
{
	bool negative; /* not of zero */
	PmText head; /* its digits, head then tail, without zeros at either end; none of zero */
	PmText tail;
	int point; /* it is 0.DIGITS times ten to this power */
	int scale; /* decimals as written */
} PmDecimal;

/* numeric(precision, scale); precision 0: any number, with the decimals it was written with */
typedef struct PmDecimalType
{
	int precision;
	int scale;
	bool round; /* decimals beyond scale; else they are a fault, unless they are zeros */
} PmDecimalType;

/* in pm_decimal.c */
extern PmValueFault pm_decimal_read(PmText text, PmDecimal *decimal);
extern int pm_decimal_places(const PmDecimal *decimal);
extern int pm_decimal_compare(const PmDecimal *a, const PmDecimal *b);
extern PmValueFault
pm_decimal_integer(PmText text, int64_t low, int64_t high, int64_t *number);
extern PmValueFault pm_decimal_numeric(PmText text, const PmDecimalType *type,
                                       char out[PM_NUMERIC_MAX], size_t *size);

#endif /* PM_DECIMAL_H */
