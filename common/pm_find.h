/*
 * pm_find.h - look a name up in a table
 *
 * The rows of the table begin with their name and stand in the order of its bytes.
 */
#ifndef PM_FIND_H
#define PM_FIND_H

#include <stdlib.h>
#include <string.h>

/* For rows that begin with the characters of their name. */
static inline int
pm_compare_characters(const void *name, const void *row)
{
	return strcmp(name, row);
}

/* For rows that begin with a pointer to them. */
static inline int
pm_compare_pointed(const void *name, const void *row)
{
	return strcmp(name, *(const char *const *) row);
}

/* The row of a name, by one of the two; NULL if there is none. */
#define PM_FIND(table, name, compare)                                                \
	bsearch((name), (table), sizeof(table) / sizeof((table)[0]), sizeof((table)[0]), \
	        (compare))

#endif /* PM_FIND_H */
