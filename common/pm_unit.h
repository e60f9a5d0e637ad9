/*
 * pm_unit.h - quantities with a unit, and the same in another unit
 *
 * Arithmetic is decimal and exact; only a quotient that does not end is rounded.
 *
 * Pure: no PostgreSQL, no allocation, no global state; any bytes are legal input.
 */
#ifndef PM_UNIT_H
#define PM_UNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pm_number.h"
#include "pm_text.h"
#include "pm_value_fault.h"

#define PM_UNIT_VALUE_MAX 96 /* bytes of a result */

/* What a gallon is, and what is made of it. */
typedef enum PmUnitSystem
{
	PM_UNIT_NO_SYSTEM = 0,
	PM_UNIT_US,
	PM_UNIT_IMPERIAL
} PmUnitSystem;

/* What "6 x 33 cl" is. */
typedef enum PmUnitPack
{
	PM_UNIT_PACK_REFUSED = 0,
	PM_UNIT_PACK_TOTAL, /* 198 cl */
	PM_UNIT_PACK_EACH   /* 33 cl */
} PmUnitPack;

typedef struct PmUnit PmUnit;

typedef struct PmUnitStyle
{
	PmNumberStyle number;
	const PmUnit *to;
	const PmUnit *from; /* of a number without a unit; NULL: that is a fault */
	PmUnitSystem system;
	PmUnitPack pack;
	int decimals; /* at most so many, rounded; -1: all there are, 6 if they do not end */
} PmUnitStyle;

/* in pm_unit.c */
extern PmValueFault pm_unit_find(PmText name, PmUnitSystem system, const PmUnit **unit);
extern bool pm_unit_same_kind(const PmUnit *a, const PmUnit *b);
extern PmValueFault pm_unit_convert(PmText text, const PmUnitStyle *style,
                                    char out[PM_UNIT_VALUE_MAX], size_t *size);

#endif /* PM_UNIT_H */
