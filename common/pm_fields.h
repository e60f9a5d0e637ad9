/*
 * pm_fields.h - a record whose columns are met as it is read (XML, JSON)
 *
 * Names form a tree: "price.amount" stands under "price".  A name becomes a column when it
 * has a value for the first time.  Values of one column in one record are joined.
 */
#ifndef PM_FIELDS_H
#define PM_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pm_text.h"

#define PM_FIELDS_ROOT     0    /* the name of the record itself, which is empty */
#define PM_FIELDS_NAME_MAX 1000 /* bytes of a name with those it stands under */

/* What pm_fields_child() and pm_fields_add() return instead of a name, and of zero. */
#define PM_FIELDS_NO_MEMORY -1
#define PM_FIELDS_TOO_MANY  -2 /* columns, or names that are no columns */
#define PM_FIELDS_TOO_LONG  -3 /* a name, or a record: max_size */

typedef struct PmFields PmFields;

extern PmFields *
pm_fields_make(int max_columns, size_t max_size, const char *joiner, char separator);
extern void pm_fields_free(PmFields *fields);

extern void pm_fields_clear(PmFields *fields);
extern int pm_fields_child(PmFields *fields, int parent, const char *key, size_t size);
extern char *pm_fields_room(PmFields *fields, size_t size);
extern int pm_fields_add(PmFields *fields, int name, size_t size, bool is_number);
extern void pm_fields_once(PmFields *fields, int name, int64_t object);
extern int pm_fields_column(const PmFields *fields, int name);
extern bool pm_fields_are_blank(const PmFields *fields);
extern const PmText *pm_fields_finish(PmFields *fields);
extern const bool *pm_fields_numbers(const PmFields *fields);
extern int pm_fields_columns(const PmFields *fields, const PmText **names);

#endif /* PM_FIELDS_H */
