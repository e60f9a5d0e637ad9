/*
 * bulk_insert.h - what bulk_insert.c and referred.c know of each other
 */
#ifndef BULK_INSERT_H
#define BULK_INSERT_H

#include "pm_catalog_module.h"

#include "executor/tuptable.h"
#include "nodes/bitmapset.h"
#include "nodes/pg_list.h"
#include "utils/rel.h"

/* referred.c; keys: of NewKeys, referred: of Referred */
extern List *
pm_catalog_keep_keys(const Datum *targets, int current, int count, List **keys);
extern void pm_catalog_add_keys(List *keys, TupleTableSlot *slot);
extern bool pm_catalog_find_referred(Relation table, const Bitmapset *given, List *keys,
                                     List **referred);
extern void pm_catalog_note_referred(List *referred, TupleTableSlot *slot);
extern void pm_catalog_check_referred(Relation table, List *referred);

#endif
