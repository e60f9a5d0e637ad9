/*
 * changed.c - _scan_changed(): only keys that have been noted
 *
 * Where a column is watched, triggers note the keys that come or go (watch.c).  Whether
 * a row is an orphan cannot change unless its key is among what either side has noted
 * since the last check.  So it is enough to
 *
 *   1. read what the parent's side has noted, and ask there which of all these keys and
 *      of those noted by the child's side are not there,
 *   2. find the children with such a key, by an index if there is one,
 *   3. treat those as suspects, as any engine does (suspects.c),
 *   4. say which known orphans have one of the keys: if they were not found again, they
 *      are none any more.
 *
 * Up to where each side's notes have been read is a snapshot of that side, taken with
 * them.  What is noted later than that, the next check reads.
 */
#include "pm_xref_module.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

/* Columns of the answer about changed keys. */
enum
{
	CHANGED_USABLE,
	CHANGED_SEEN,
	CHANGED_SHAPE,
	CHANGED_COUNT,
	CHANGED_KEYS,
	CHANGED_ABSENT
};

/* Does the parent's database have what notes changes, for this role? */
static bool
parent_has_notes(Reference *reference)
{
	static const char *sql =
	    "SELECT CASE WHEN "
	    "pg_catalog.to_regprocedure('pm_xref._changes_since(text,text,text,text)') "
	    "IS NOT NULL THEN pg_catalog.has_function_privilege("
	    "'pm_xref._changes_since(text,text,text,text)', 'EXECUTE') AND "
	    "pg_catalog.has_table_privilege('pm_xref._changes', 'SELECT') END";
	const char *has = pm_xref_ask(reference, sql, 0, NULL, NULL)->values[0];

	return has != NULL && has[0] == 't';
}

/* Where the notes of the parent's column end now; empty if it is not watched. */
void
pm_xref_ask_position(Reference *reference, Position *position)
{
	static const Oid types[] = {TEXTOID, TEXTOID};
	const char *params[] = {reference->parent_name, reference->remote_column};
	Answer *answer;

	memset(position, 0, sizeof(Position));
	if (!parent_has_notes(reference))
		return;
	answer = pm_xref_ask(reference,
	                     "SELECT c.seen_now, c.shape_now FROM "
	                     "pm_xref._changes_since($1, $2, NULL, NULL) AS c",
	                     2, types, params);
	position->seen = answer->values[0];
	position->shape = answer->values[1];
}

/* Throws that the parent's column is not watched. */
static void
pg_attribute_noreturn() not_watched(const Reference *reference)
{
	const char *where =
	    reference->server == NULL ? "" : psprintf(" on server \"%s\"", reference->server);

	ereport(
	    ERROR,
	    (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
	     errmsg("reference \"%s\": column \"%s\" of table %s is not watched%s",
	            reference->name, reference->remote_column, reference->parent_name, where),
	     errdetail("Mode incremental looks only at keys that were noted when they "
	               "came or went."),
	     reference->server == NULL
	         ? errhint("SELECT pm_xref.watch_reference(%s);",
	                   quote_literal_cstr(reference->name))
	         : errhint("In that database: CREATE EXTENSION pm_xref CASCADE; SELECT "
	                   "pm_xref.watch_key(%s, %s); the role of the mapping needs what "
	                   "pm_worker has there.",
	                   quote_literal_cstr(reference->parent_name),
	                   quote_literal_cstr(reference->remote_column))));
}

/* What _scan_changed() was called with. */
typedef struct ChangedCall
{
	char *keys; /* an array of text, as text */
	Position since;
	ReturnSetInfo *result;
	Suspects *suspects;
} ChangedCall;

/* Takes one row of the children: table, place. */
static void
take_child(void *context, TupleTableSlot *slot)
{
	ChangedCall *call = context;
	RowPlace row;

	slot_getallattrs(slot);
	row.table = DatumGetObjectId(slot->tts_values[0]);
	row.tid = *(ItemPointer) DatumGetPointer(slot->tts_values[1]);
	pm_xref_add_suspect(call->suspects, &row);
}

/* Finds the children that have one of these keys, an array of text as text. */
static void
find_children(const Reference *reference, ChangedCall *call, const char *keys)
{
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
	LocalRows *rows;

	call->suspects = pm_xref_make_suspects(unconstify(Reference *, reference), snapshot,
	                                       call->result->setResult, call->result->setDesc);
	rows = pm_xref_open_rows(
	    psprintf("SELECT t.tableoid, t.ctid FROM %s AS t JOIN "
	             "pg_catalog.unnest(%s::pg_catalog.text[]) AS s(k) ON t.%s OPERATOR(%s.=) "
	             "s.k::%s",
	             reference->table_name, quote_literal_cstr(keys), reference->quoted_column,
	             reference->operator_schema, pm_xref_question_type(reference)),
	    snapshot, take_child, call);
	while (pm_xref_next_rows(rows, BATCH_KEYS))
		pm_xref_check_suspects(call->suspects, false);
	pm_xref_close_rows(rows);
	pm_xref_check_suspects(call->suspects, true);
	UnregisterSnapshot(snapshot);
}

/*
 * The ids of known orphans that have one of these keys, an array of text as text.  The
 * same GTIN may be written in another way on the other side.
 */
static char *
touched_orphans(const Reference *reference, const char *keys)
{
	static const Oid types[] = {TEXTOID, TEXTARRAYOID};
	const char *params[] = {reference->name, keys};
	Reference here = {.remote = NULL};
	const char *known =
	    reference->kind == KEY_GTIN
	        ? "SELECT o.id FROM pm_xref.orphans AS o WHERE o.reference = $1 "
	          "AND o.state = 'orphan' AND EXISTS (SELECT FROM "
	          "pg_catalog.unnest($2) AS s(k) WHERE s.k::pm_gtin.gtin "
	          "OPERATOR(pm_gtin.=) o.key::pm_gtin.gtin)"
	        : "SELECT o.id FROM pg_catalog.unnest($2) AS s(k) CROSS JOIN "
	          "LATERAL (SELECT h.id, h.reference FROM pm_xref.orphans AS h "
	          "WHERE h.key = s.k AND h.state = 'orphan' OFFSET 0) AS o "
	          "WHERE o.reference = $1";

	return pm_xref_ask(&here, psprintf("SELECT ARRAY(%s)", known), lengthof(types), types,
	                   params)
	    ->values[0];
}

/* The work of _scan_changed(). */
static void
scan_changed(Reference *reference, void *context)
{
	static const Oid types[] = {TEXTARRAYOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID};
	ChangedCall *call = context;
	const char *params[] = {call->keys, reference->parent_name, reference->remote_column,
	                        call->since.seen, call->since.shape};
	const char *refusal = pm_xref_stream_refusal(reference);
	Totals totals = {0};
	Answer *answer;
	char **row;
	bool usable;

	if (refusal != NULL)
		ereport(ERROR,
		        (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		         errmsg("mode incremental cannot check reference \"%s\"", reference->name),
		         errdetail_internal("%s", refusal), errhint("Use mode full.")));
	if (!parent_has_notes(reference))
		not_watched(reference);
	answer = pm_xref_ask(
	    reference,
	    psprintf(
	        "WITH c AS MATERIALIZED (SELECT * FROM "
	        "pm_xref._changes_since($2, $3, $4, $5)), "
	        "k AS MATERIALIZED (SELECT pg_catalog.unnest($1::pg_catalog.text[]) AS k "
	        "UNION SELECT pg_catalog.unnest(c.keys) FROM c) "
	        "SELECT c.usable, c.seen_now, c.shape_now, "
	        "(SELECT pg_catalog.count(*) FROM k), "
	        "(SELECT pg_catalog.array_agg(k.k) FROM k), "
	        "(SELECT pg_catalog.array_agg(k.k) FROM k WHERE NOT EXISTS (SELECT FROM %s AS p WHERE p.%s OPERATOR(%s.=) "
	        "k.k::%s)) FROM c",
	        reference->parent_name, reference->parent_column, reference->operator_schema,
	        pm_xref_question_type(reference)),
	    lengthof(types), types, params);
	row = answer->values;
	totals.position.seen = row[CHANGED_SEEN];
	totals.position.shape = row[CHANGED_SHAPE];
	if (totals.position.shape == NULL)
		not_watched(reference);
	usable = row[CHANGED_USABLE][0] == 't';
	if (usable && row[CHANGED_ABSENT] != NULL)
		find_children(reference, call, row[CHANGED_ABSENT]);
	totals.rows = strtoll(row[CHANGED_COUNT], NULL, 10);
	totals.touched =
	    row[CHANGED_KEYS] == NULL ? "{}" : touched_orphans(reference, row[CHANGED_KEYS]);
	totals.engine = usable ? "lookup" : NULL;
	pm_xref_put_totals(call->result->setResult, call->result->setDesc, &totals);
}

PG_FUNCTION_INFO_V1(pm_xref__scan_changed);

/*
 * _scan_changed(reference, keys, seen, shape): as _scan(), but only for these keys and
 * for those that the parent's side noted since then; rows_checked counts keys, touched
 * has the ids of known orphans that have one of them.  engine NULL: what was noted since then is not
 * all that happened, so a full scan is needed.
 */
Datum
pm_xref__scan_changed(PG_FUNCTION_ARGS)
{
	ChangedCall call = {.result = (ReturnSetInfo *) fcinfo->resultinfo};

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		                errmsg("a reference must be named, and keys given")));
	call.keys = OidOutputFunctionCall(F_ARRAY_OUT, PG_GETARG_DATUM(1));
	call.since.seen = PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2));
	call.since.shape = PG_ARGISNULL(3) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(3));
	pm_xref_with_parent(text_to_cstring(PG_GETARG_TEXT_PP(0)), scan_changed, &call);
	return (Datum) 0;
}
