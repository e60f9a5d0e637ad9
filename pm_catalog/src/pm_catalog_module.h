/*
 * pm_catalog_module.h - the map of this folder
 *
 *   pm_catalog.c   the settings, and what happens when the module is loaded
 *   rules.c        rules of single values, behind the CHECKs of columns
 *   change.c       the row that says who changes what in this transaction
 *   statement.c    triggers that keep what is derived from several rows
 *   own.c          what this transaction has done to products
 *   written.c      columns that a row's own writing sets
 *   bulk_insert.c  many rows into several tables, with their triggers and constraints
 *   referred.c     what these rows refer to
 *   merge_scan.c   the rows of a merge's source, those that are unchanged apart
 *   merge_specs.c  attributes of a product after those of a row are set
 *   digest.c       the digest of a row that a supplier sends
 *   search_*.c     search: search_module.h is their map
 *   family.c       families as this process knows them (family.h)
 *   family_check.c, family_formula.c, family_trigger.c
 *                  values against a family; computed ones; the triggers
 *   bits.c         sets of small numbers, from which completeness is computed
 *   product_row.c  trigger before each row of products: version, change, time, status
 *   product_history.c  triggers after statements on products: old values, events
 *   offer_events.c     triggers after statements on prices and stock: events
 *   events.c       events of a statement, collected and published in batches
 *   attribute_history.c  trigger after statements on values per locale and channel
 *   row_json.c     columns of a row as JSON
 *   flat_json.c    JSON objects of a few members, whose names are known before
 */
#ifndef PM_CATALOG_MODULE_H
#define PM_CATALOG_MODULE_H

#include "postgres.h"

#include "access/tupdesc.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "utils/jsonb.h"
#include "utils/relcache.h"
#include "utils/tuplestore.h"

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
extern TriggerData *pm_catalog_statement_trigger(FunctionCallInfo fcinfo, const char *name);
extern void pm_catalog_derive(TriggerData *trigger, int first);

/* own.c */
extern void pm_catalog_own_init(void);

/* search_fold.c */
extern const char *pm_catalog_to_utf8(const char *data, int *len);
extern text *pm_catalog_from_utf8(const char *data, int len);

/* product_row.c */
extern int pm_catalog_column(Relation table, const char *name);
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
extern JsonbValue pm_catalog_json_value(PmColumnJson *column, Datum datum, bool isnull);
extern void pm_catalog_push_value(JsonbParseState **state, PmColumnJson *column,
                                  Datum datum, bool isnull);
extern void pm_catalog_push_column(JsonbParseState **state, PmColumnJson *column,
                                   Datum datum, bool isnull);
extern JsonbValue *pm_catalog_push_difference(JsonbParseState **state, Jsonb *object,
                                              Jsonb *other, bool names);

/* flat_json.c */
#define PM_FLAT_MEMBERS 16

typedef struct PmFlatJson
{
	int count;
	const char *names[PM_FLAT_MEMBERS]; /* sorted */
	int member[PM_FLAT_MEMBERS];        /* the place of each in the list that was given */
} PmFlatJson;

extern void pm_catalog_flat_init(PmFlatJson *json, const char *const *names);
extern Datum pm_catalog_flat_object(const PmFlatJson *json, const JsonbValue *values);

/* events.c */
#define PM_EVENTS       1000              /* are published by one call, or fewer */
#define PM_EVENTS_BYTES (8 * 1024 * 1024) /* if they are large */
#define PM_UUID_TEXT    36

/* Events of one topic that are still to be published. */
typedef struct PmEvents
{
	const char *topic;
	bool asked;
	bool wanted;
	int count;
	Datum keys[PM_EVENTS];
	Datum payloads[PM_EVENTS];
} PmEvents;

/* The rows of a transition table. */
typedef struct PmRows
{
	Tuplestorestate *store;
	int pointer;
	TupleTableSlot *slot;
} PmRows;

extern PmRows pm_catalog_open_rows(Tuplestorestate *store, TupleDesc desc);
extern bool pm_catalog_next_row(PmRows *rows);
extern void pm_catalog_close_rows(PmRows *rows);
extern bool pm_catalog_is_wanted(PmEvents *events);
extern void pm_catalog_publish(PmEvents *events);
extern text *pm_catalog_uuid_text(Datum uuid);
extern void pm_catalog_add_event(PmEvents *events, text *key, Datum payload);

#endif
