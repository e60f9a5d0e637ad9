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

/*
 * The keys that the child's column has noted since a position, as an array of text, and
 * where the notes end now.  NULL: not everything since then has been noted.
 */
static char *
child_notes(const Reference *reference, const Position *since, Position *now)
{
	static const Oid types[] = {TEXTOID, TEXTOID, TEXTOID, TEXTOID};
	const char *params[] = {reference->table_name, reference->column,
	                        since == NULL ? NULL : since->seen,
	                        since == NULL ? NULL : since->shape};
	Reference here = {.remote = NULL};
	Answer *answer = pm_xref_ask(&here,
	                             "SELECT c.seen_now, c.shape_now, c.keys FROM "
	                             "pm_xref._changes_since($1, $2, $3, $4) AS c",
	                             lengthof(types), types, params);

	now->seen = answer->values[0];
	now->shape = answer->values[1];
	return answer->values[2];
}

/* Where the notes of the child's column end now; empty if it is not watched. */
void
pm_xref_ask_child_position(const Reference *reference, Position *position)
{
	(void) child_notes(reference, NULL, position);
}

/* Where the notes of the parent's column end now; empty if it is not watched. */
void
pm_xref_ask_parent_position(Reference *reference, Position *position)
{
	static const Oid types[] = {TEXTOID, TEXTOID};
	const char *params[] = {reference->parent_name, reference->remote_column};
	Answer *answer;

	memset(position, 0, sizeof(Position));
	if (!reference->parent_has_notes)
		return;
	answer = pm_xref_ask(reference,
	                     "SELECT c.seen_now, c.shape_now FROM "
	                     "pm_xref._changes_since($1, $2, NULL, NULL) AS c",
	                     lengthof(types), types, params);
	position->seen = answer->values[0];
	position->shape = answer->values[1];
}

/* Throws that a column is not watched: of the parent, or the child. */
static void
pg_attribute_noreturn() not_watched(const Reference *reference, bool parent)
{
	const char *column = parent ? reference->remote_column : reference->column;
	const char *table = parent ? reference->parent_name : reference->table_name;
	bool elsewhere = parent && reference->server != NULL;
	char *watch = psprintf("SELECT pm_xref.watch_key(%s, %s);", quote_literal_cstr(table),
	                       quote_literal_cstr(column));

	ereport(ERROR,
	        (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
	         errmsg("reference \"%s\": column \"%s\" of table %s is not watched%s",
	                reference->name, column, table,
	                elsewhere ? psprintf(" on server \"%s\"", reference->server) : ""),
	         errdetail("Mode incremental looks only at keys that were noted when they "
	                   "came or went."),
	         elsewhere ? errhint("In that database: CREATE EXTENSION pm_xref CASCADE; %s "
	                             "the role of the mapping needs what pm_worker has there.",
	                             watch)
	                   : errhint("%s", watch)));
}

/* What _scan_changed() was called with. */
typedef struct ChangedCall
{
	const char *keys; /* noted by the child; NULL: not everything was */
	Totals totals;
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

/*
 * Finds the children that have one of these keys, an array of text as text, with a
 * snapshot that must live as long as the suspects that they become.
 */
static void
find_children(Reference *reference, ChangedCall *call, const char *keys, Snapshot snapshot)
{
	LocalRows *rows;

	call->suspects = pm_xref_make_suspects(reference, snapshot, call->result->setResult,
	                                       call->result->setDesc);
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

/* What _scan_changed() does while it connects. */
static void
before_scan_changed(Reference *reference, void *context)
{
	ChangedCall *call = context;

	call->keys = child_notes(reference, &reference->child, &call->totals.child);
	if (call->totals.child.shape == NULL)
		not_watched(reference, false);
}

/* The work of _scan_changed(). */
static void
scan_changed(Reference *reference, void *context)
{
	static const Oid types[] = {TEXTARRAYOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID};
	ChangedCall *call = context;
	Totals *totals = &call->totals;
	/* without a start the parent's side only says whether it is watched */
	const char *params[] = {call->keys == NULL ? "{}" : call->keys, reference->parent_name,
	                        reference->remote_column,
	                        call->keys == NULL ? NULL : reference->parent.seen,
	                        reference->parent.shape};
	const char *refusal = pm_xref_stream_refusal(reference);
	Snapshot snapshot;
	Answer *answer;
	char **row;
	bool usable;

	if (refusal != NULL)
		ereport(ERROR,
		        (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		         errmsg("mode incremental cannot check reference \"%s\"", reference->name),
		         errdetail_internal("%s", refusal), errhint("Use mode full.")));
	if (!reference->parent_has_notes)
		not_watched(reference, true);
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
	totals->parent.seen = row[CHANGED_SEEN];
	totals->parent.shape = row[CHANGED_SHAPE];
	if (totals->parent.shape == NULL)
		not_watched(reference, true);
	usable = row[CHANGED_USABLE][0] == 't';
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	if (usable && row[CHANGED_ABSENT] != NULL)
		find_children(reference, call, row[CHANGED_ABSENT], snapshot);
	/* while the other server looks at the last suspects */
	totals->touched =
	    row[CHANGED_KEYS] == NULL ? "{}" : touched_orphans(reference, row[CHANGED_KEYS]);
	if (call->suspects != NULL)
		pm_xref_end_suspects(call->suspects);
	UnregisterSnapshot(snapshot);
	totals->rows = strtoll(row[CHANGED_COUNT], NULL, 10);
	totals->engine = usable ? "lookup" : NULL;
	pm_xref_put_totals(call->result->setResult, call->result->setDesc, totals);
}

PG_FUNCTION_INFO_V1(pm_xref__scan_changed);

/*
 * _scan_changed(reference): as _scan(), but only for the keys that either side has noted
 * since the last check; rows_checked counts keys, touched has the ids of known orphans
 * that have one of them.  engine NULL: what was noted since then is not all that
 * happened, so a full scan is needed.
 */
Datum
pm_xref__scan_changed(PG_FUNCTION_ARGS)
{
	ChangedCall call = {.result = (ReturnSetInfo *) fcinfo->resultinfo};

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		                errmsg("a reference must be named")));
	pm_xref_with_parent(text_to_cstring(PG_GETARG_TEXT_PP(0)), before_scan_changed, false,
	                    scan_changed, &call);
	return (Datum) 0;
}
