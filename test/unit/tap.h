/*
 * tap.h - the few lines of TAP that the plain-C unit tests need
 *
 * A test program calls the ok functions and ends with `return tap_done();`.
 * Each check is one TAP line, so that prove counts them; a failing one prints
 * where it stands and what it got.
 */
#ifndef PM_TAP_H
#define PM_TAP_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_count;
static int tap_failures;

#define ok(cond, name) tap_ok((cond), (name), __FILE__, __LINE__)
#define is_int(got, expected, name) \
	tap_is_int((got), (expected), (name), __FILE__, __LINE__)
#define is_str(got, expected, name) \
	tap_is_str((got), (expected), (name), __FILE__, __LINE__)

/* Prints one TAP line; returns cond so that a caller can add diagnostics. */
static inline bool
tap_ok(bool cond, const char *name, const char *file, int line)
{
	printf("%s %d - %s\n", cond ? "ok" : "not ok", ++tap_count, name);
	if (!cond)
	{
		tap_failures++;
		printf("# failed at %s line %d\n", file, line);
	}
	return cond;
}

/* Compares two integers. */
static inline void
tap_is_int(long long got, long long expected, const char *name, const char *file, int line)
{
	if (!tap_ok(got == expected, name, file, line))
		printf("# got %lld, expected %lld\n", got, expected);
}

/* Compares two terminated strings; NULL equals only NULL. */
static inline void
tap_is_str(const char *got, const char *expected, const char *name, const char *file,
           int line)
{
	bool same = got && expected ? strcmp(got, expected) == 0 : got == expected;

	if (!tap_ok(same, name, file, line))
		printf("# got \"%s\", expected \"%s\"\n", got ? got : "(null)",
		       expected ? expected : "(null)");
}

/* Prints the plan; returns the program's exit code. */
static inline int
tap_done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failures == 0 ? 0 : 1;
}

#endif /* PM_TAP_H */
