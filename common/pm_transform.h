/*
 * pm_transform.h - named transforms of the values of a file
 *
 *   pm_transform.c         the list of them; arguments checked; chains run
 *   pm_transform_text.c    trim, collapse, case, split, replace, ...
 *   pm_transform_typed.c   decimal, currency, unit, date, boolean, html_text
 *   pm_transform_table.c   empty, lookup
 *
 * A transform is compiled once from its name and arguments, and then run on each value: a
 * function and what it was compiled into.  What a caller runs itself (a regular expression)
 * is a transform that it makes of a function of its own.  docs/imports_transforms.md has
 * all of them with examples, which the unit test runs.
 *
 * A value is UTF-8, or none: data is NULL, size 0.  None stays none, except where a transform says
 * what it becomes (default, boolean with blank).  Transforms that read something (decimal,
 * currency, unit, date, boolean) make none of a value of blanks alone.
 *
 * Pure: no PostgreSQL, no allocation, no global state; any bytes are legal input.
 */
#ifndef PM_TRANSFORM_H
#define PM_TRANSFORM_H

#include <stdbool.h>
#include <stddef.h>

#include "pm_arena.h"
#include "pm_text.h"
#include "pm_value_fault.h"

#define PM_TRANSFORM_PROBLEM_MAX 256        /* bytes, with the zero byte */
#define PM_TRANSFORM_VALUE_MAX   (64 << 20) /* bytes that a value may grow to */

typedef enum PmTransformStatus
{
	PM_TRANSFORM_OK = 0,
	PM_TRANSFORM_BAD, /* the value, or what was to be compiled */
	PM_TRANSFORM_FULL /* the arena is too small: bring a larger one and call again */
} PmTransformStatus;

/*
 * One argument.  As JSON writes them, {"NAME": VALUE}, a string, number or boolean is one
 * argument, a list is one an element, and an object is one a member, whose name is the key.
 * {"pad": 13} is an argument without a name (name.data NULL): that is the transform's first.
 */
typedef struct PmArgument
{
	PmText name;
	PmText key; /* of a member of an object; else data is NULL */
	PmText
	    text; /* of a string; a number, true, false as JSON writes them; null: data NULL */
} PmArgument;

/*
 * Transforms *value, which may be none.  OK: *value is the result, which may point into
 * the old value, the arena, or what was compiled.  Else *value is as it was, and of BAD
 * *fault is set.
 */
typedef PmTransformStatus (*PmTransformRun)(const void *compiled, PmText *value,
                                            PmArena *arena, PmValueFault *fault);

typedef struct PmTransform
{
	PmTransformRun run;
	const void *compiled; /* in the arena that it was compiled into, or the caller's */
} PmTransform;

/* in pm_transform.c */
extern PmTransformStatus
pm_transform_compile(PmText name, const PmArgument *arguments, size_t count, PmArena *arena,
                     PmTransform *transform, char problem[PM_TRANSFORM_PROBLEM_MAX]);
extern PmTransformStatus
pm_transform_run(const PmTransform *chain, size_t count, PmText *value, PmArena *arena,
                 PmValueFault *fault, size_t *at);
extern const char *pm_transform_name(size_t i);
extern const char *pm_transform_argument(size_t i, size_t j);

/* in pm_transform_text.c */
extern PmTransformStatus pm_transform_join(const PmText *values, size_t count,
                                           PmText separator, PmArena *arena, PmText *out);

#endif /* PM_TRANSFORM_H */
