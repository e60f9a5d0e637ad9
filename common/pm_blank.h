/*
 * pm_blank.h - blanks of any kind: at the ends of a text, and in runs inside it
 *
 * White space of Unicode, no-break spaces and line ends included, and what takes no room:
 * the byte order mark and the zero width space.
 *
 * Pure: no PostgreSQL, no allocation, no global state; any bytes are legal input.
 */
#ifndef PM_BLANK_H
#define PM_BLANK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pm_text.h"

/* in pm_blank.c */
extern bool pm_is_blank(uint32_t code_point);
extern PmText pm_blank_trim(PmText text);
extern size_t pm_blank_clean(PmText text);
extern size_t pm_blank_collapse(PmText text, char *out);

#endif /* PM_BLANK_H */
