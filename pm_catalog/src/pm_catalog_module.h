/*
 * pm_catalog_module.h - the map of this folder
 *
 *   pm_catalog.c   the settings, and what happens when the module is loaded
 *   rules.c        rules of single values, behind the CHECKs of columns
 *   change.c       the row that says who changes what in this transaction
 *   statement.c    triggers that keep what is derived from several rows
 *   written.c      columns that a row's own writing sets
 *   bulk_insert.c  many rows into several tables, with their triggers and constraints
 *   referred.c     what these rows refer to
 *   merge_scan.c   the rows of a merge's source, those that are unchanged apart
 *   digest.c       the digest of a row that a supplier sends
 *   search_*.c     search: search_module.h is their map
 *   family.c       families as this process knows them (family.h)
 *   family_check.c, family_formula.c, family_trigger.c
 *                  values against a family; computed ones; the triggers
 *   bits.c         sets of small numbers, from which completeness is computed
 *   product_row.c  trigger before each row of products: version, change, time, status
 *   product_history.c  triggers after statements on products: old values, events
 *   attribute_history.c  trigger after statements on values per locale and channel
 *   row_json.c     columns of a row as JSON
 */
#ifndef PM_CATALOG_MODULE_H
#define PM_CATALOG_MODULE_H

#include "postgres.h"

#include "access/tupdesc.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/jsonb.h"
#include "utils/relcache.h"

#include "pm_compat.h"

/* query.c */
extern void pm_catalog_run(SPIPlanPtr *plan, const char *sql, int nargs, Oid *types,
                           Datum *values, const char *nulls);

/* change.c */
typedef struct PmCatalogCaller
{
	Oid user;
	int context;
} PmCatalogCaller;

extern int64 pm_catalog_current_change(void);
extern void pm_catalog_begin_as_owner(Relation table, PmCatalogCaller *caller);
extern void pm_catalog_end_as_owner(const PmCatalogCaller *caller);
extern void pm_catalog_change_init(void);

/* statement.c */
extern bool pm_catalog_is_derived(Oid table);

/* search_fold.c */
extern const char *pm_catalog_to_utf8(const char *data, int *len);
extern text *pm_catalog_from_utf8(const char *data, int len);

/* product_row.c */
extern int pm_catalog_column(Relation products, const char *name);
extern bool pm_catalog_same_value(Form_pg_attribute attribute, Datum a, bool a_null,
                                  Datum b, bool b_null);

/* row_json.c */
typedef struct PmColumnJson
{
	int number; /* of the column, from 0 */
	Oid type;
	const char *name;
	bool is_string;
	FmgrInfo output; /* of the type if it is a string, else to_jsonb() */
} PmColumnJson;

typedef struct PmRowJson
{
	int count;
	PmColumnJson columns[FLEXIBLE_ARRAY_MEMBER];
} PmRowJson;

extern PmRowJson *pm_catalog_row_json(TupleDesc desc, const char *const *left_out);
extern void pm_catalog_push_string(JsonbParseState **state, JsonbIteratorToken token,
                                   const char *string, int size);
extern void pm_catalog_push_value(JsonbParseState **state, PmColumnJson *column,
                                  Datum datum, bool isnull);
extern void pm_catalog_push_column(JsonbParseState **state, PmColumnJson *column,
                                   Datum datum, bool isnull);
extern JsonbValue *pm_catalog_push_difference(JsonbParseState **state, Jsonb *object,
                                              Jsonb *other, bool names);

#endif
