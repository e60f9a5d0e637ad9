/*
 * pm_case.h - small letters, capital letters, and words that start with one
 *
 * Pure: no PostgreSQL, no allocation, no global state; any bytes are legal input.
 */
#ifndef PM_CASE_H
#define PM_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What so many bytes become at most: characters of two bytes may have forms of three. */
#define PM_CASE_GROWTH(len) ((len) + (len) / 2)

typedef enum PmCase
{
	PM_CASE_UPPER,
	PM_CASE_LOWER,
	PM_CASE_TITLE
} PmCase;

/* in pm_case.c */
extern size_t pm_case(PmCase form, const char *str, size_t len, char *out);
extern size_t pm_case_done(PmCase form, const char *str, size_t len);

#endif /* PM_CASE_H */
