/*
 * pm_boolean.h - yes and no in several languages
 *
 * Pure: no PostgreSQL, no allocation, no global state; any bytes are legal input.
 */
#ifndef PM_BOOLEAN_H
#define PM_BOOLEAN_H

#include <stdbool.h>

#include "pm_text.h"
#include "pm_value_fault.h"

/* in pm_boolean.c */
extern PmValueFault pm_boolean_read(PmText text, bool *answer);

#endif /* PM_BOOLEAN_H */
