/*
 * pm_fold.h - text as people compare it: small letters without accents
 *
 * One place says when two names are the same but for case and accents: search, the
 * names of brands, whatever needs a key to compare by.  Compiled-in tables, no locale.
 *
 * Pure: no PostgreSQL, no allocation, no global state; any bytes are legal input.
 */
#ifndef PM_FOLD_H
#define PM_FOLD_H

#include <stddef.h>
#include <stdint.h>

#define PM_FOLD_MAX 4 /* bytes that one character becomes at most */

/* in pm_fold.c */
extern size_t pm_fold_char(uint32_t code_point, char out[PM_FOLD_MAX]);
extern size_t pm_fold(const char *str, size_t len, char *out);

#endif /* PM_FOLD_H */
