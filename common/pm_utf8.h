/*
 * pm_utf8.h - UTF-8 text as code points, and what kind of character each one is
 *
 * The few classes that reading dirty codes needs: digits of any script, white
 * space, dashes, and what cannot be seen.  Compiled-in tables of Unicode 14,
 * no locale.
 *
 * Pure: no PostgreSQL, no allocation, no global state; any bytes are legal
 * input and nothing is read outside [str, str + len).
 */
#ifndef PM_UTF8_H
#define PM_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PM_UTF8_INVALID UINT32_C(0xFFFFFFFF) /* what no code point can be */

/* in pm_utf8.c */
extern size_t pm_utf8_decode(const char *str, size_t len, uint32_t *code_point);
extern size_t pm_utf8_encode(uint32_t cp, char *out);
extern size_t pm_utf8_clip(const char *str, size_t len, size_t max_chars);
extern int pm_utf8_digit(uint32_t code_point);
extern bool pm_utf8_is_space(uint32_t code_point);
extern bool pm_utf8_is_dash(uint32_t code_point);
extern bool pm_utf8_is_invisible(uint32_t code_point);

#endif /* PM_UTF8_H */
