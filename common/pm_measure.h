/*
 * pm_measure.h - price, weight or count inside a variable-measure number
 *
 * Goods weighed in the shop carry 13 digits that begin with 2 and hold an item
 * reference and a measure.  Which digits mean what is national, so the region
 * is an argument.
 *
 * Pure: no PostgreSQL, no allocation, no global state.
 */
#ifndef PM_MEASURE_H
#define PM_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum PmMeasureKind
{
	PM_MEASURE_PRICE,
	PM_MEASURE_WEIGHT, /* kg */
	PM_MEASURE_COUNT
} PmMeasureKind;

typedef enum PmMeasureStatus
{
	PM_MEASURE_OK = 0,
	PM_MEASURE_UNKNOWN_REGION,
	PM_MEASURE_NONE,           /* the region has no rule for this number */
	PM_MEASURE_BAD_CHECK_DIGIT /* the measure's own check digit is wrong */
} PmMeasureStatus;

typedef struct PmMeasure
{
	PmMeasureKind kind;
	int32_t value;        /* the digits as written, e.g. 1234 */
	int decimals;         /* how many of them are decimals, e.g. 3 for 1.234 */
	const char *currency; /* static, ISO 4217, of a price; NULL if not known */
	int64_t item;         /* the number with the measure zeroed: what to look up */
} PmMeasure;

/* in pm_measure.c; region is an ISO 3166-1 alpha-2 code, either case */
extern PmMeasureStatus
pm_measure_parse(int64_t gtin, const char *region, size_t region_len, PmMeasure *measure);

#endif /* PM_MEASURE_H */
