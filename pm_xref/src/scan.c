/*
 * scan.c - _scan(): the engines
 *
 * Engine stream reads both columns and matches them here.  One of the two becomes a
 * set in memory, the one that seems to be much smaller:
 *
 *   parents in the set    read the parents into it, then read the children and look up
 *                         each
 *   children in the set   read the children into it, then mark what the parents have,
 *                         then read the children once more and look for the mark
 *
 * If the set outgrows pm_xref.work_mem, parents and then children go to partitions in
 * files (key_spill.c).  While parents come from another server and there is memory to
 * spare, the children are read in the pauses and held back until the set is complete.
 *
 * Engine fdw is a query with NOT EXISTS through postgres_fdw, by a temporary foreign
 * table, or through nothing if the parent is in this database.  It compares as the
 * types' own equality does, so it takes what stream must refuse.
 *
 * Both only find suspects; suspects.c decides.
 */
#include "pm_xref_module.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* Rows that are read between two looks at the suspects, or at a socket. */
#define PORTION_ROWS  4096
/* The children go into the set only if the parents are so many times as many: they
 * have to be read twice. */
#define MUCH_LARGER   3
#define FOREIGN_TABLE "pg_temp._pm_xref_parent"

typedef struct KeyScan
{
	Reference *reference;
	Suspects *suspects;
	Size limit; /* bytes for keys */
	KeySet *set;
	KeySpill *spill;     /* NULL: everything is in memory */
	bool by_children;    /* the set is of children */
	bool collecting;     /* children are read into the set */
	bool overflow;       /* and do not fit */
	KeyBatch *children;  /* the batch that is being filled */
	int64 rows;          /* children that were read */
	int64 nulls;         /* those without a key */
	LocalRows *rows_now; /* the children's rows, while they are read */
	bool more_rows;
	List *held;      /* of KeyBatch: children that wait for the set */
	Size held_limit; /* bytes for them */
	Size held_bytes;
} KeyScan;

/* How many keys the smaller side has, as estimated. */
static double
smaller_side(const KeyScan *scan)
{
	return Min(scan->reference->child_rows, scan->reference->parent_rows);
}

/* Calls for partitions, and puts what parents the set has there. */
static void
start_spilling(KeyScan *scan)
{
	KeyBatch *batch = pm_xref_make_batch(scan->reference->kind);
	uint64 place = 0;

	scan->spill =
	    pm_xref_make_spill(scan->reference->kind, smaller_side(scan), scan->limit);
	if (!scan->by_children)
		while (pm_xref_set_next(scan->set, &place, batch))
		{
			pm_xref_spill_parents(scan->spill, batch);
			pm_xref_clear_batch(batch);
		}
	pm_xref_free_set(scan->set);
	scan->set = NULL;
}

/* Takes a batch of parents. */
static void
take_parents(void *context, KeyBatch *batch)
{
	KeyScan *scan = context;

	pm_xref_hash_batch(batch);
	if (scan->spill == NULL && scan->by_children)
	{
		pm_xref_set_mark(scan->set, batch);
		return;
	}
	if (scan->spill == NULL && pm_xref_set_add(scan->set, batch))
		return;
	if (scan->spill == NULL)
		start_spilling(scan);
	pm_xref_spill_parents(scan->spill, batch);
}

/* Looks a batch of children up, or puts it where that will be done. */
static void
match_children(KeyScan *scan, KeyBatch *batch)
{
	bool lacks[BATCH_KEYS];

	if (scan->spill != NULL)
	{
		pm_xref_spill_children(scan->spill, batch);
		return;
	}
	pm_xref_set_lacks(scan->set, batch, lacks);
	for (int i = 0; i < batch->count; i++)
		if (lacks[i])
			pm_xref_add_suspect(scan->suspects, &batch->row[i]);
}

/* Empties the batch of children. */
static void
flush_children(KeyScan *scan)
{
	KeyBatch *batch = scan->children;

	if (batch->count > 0 && !scan->overflow)
	{
		pm_xref_hash_batch(batch);
		if (scan->collecting)
			scan->overflow = !pm_xref_set_add(scan->set, batch);
		else if (scan->held_limit > 0)
		{
			scan->held = lappend(scan->held, batch);
			scan->held_bytes += sizeof(KeyBatch) + batch->bytes.maxlen;
			scan->children = pm_xref_make_batch(batch->kind);
			return;
		}
		else
			match_children(scan, batch);
	}
	pm_xref_clear_batch(batch);
}

/* Takes one row of the children: table, place, key. */
static void
take_child(void *context, TupleTableSlot *slot)
{
	KeyScan *scan = context;
	KeyBatch *batch = scan->children;
	RowPlace *row = &batch->row[batch->count];

	slot_getallattrs(slot);
	scan->rows++;
	if (slot->tts_isnull[2])
	{
		scan->nulls++;
		return;
	}
	row->table = DatumGetObjectId(slot->tts_values[0]);
	row->tid = *(ItemPointer) DatumGetPointer(slot->tts_values[1]);
	pm_xref_add_datum(batch, scan->reference->type, slot->tts_values[2]);
	if (batch->count == BATCH_KEYS)
		flush_children(scan);
}

/* Starts reading the children with the snapshot of the scan. */
static void
open_children(KeyScan *scan, Snapshot snapshot)
{
	scan->rows = scan->nulls = 0;
	scan->more_rows = true;
	scan->rows_now = pm_xref_open_rows(
	    psprintf("SELECT t.tableoid, t.ctid, t.%s FROM %s AS t",
	             scan->reference->quoted_column, scan->reference->table_name),
	    snapshot, take_child, scan);
}

/* Ends reading the children. */
static void
close_children(KeyScan *scan)
{
	flush_children(scan);
	pm_xref_close_rows(scan->rows_now);
	scan->rows_now = NULL;
}

/*
 * Reads some children while another server keeps us waiting.  False: there is nothing
 * to do but wait.
 */
static bool
read_meanwhile(void *context)
{
	KeyScan *scan = context;

	if (scan->rows_now == NULL || !scan->more_rows || scan->spill != NULL ||
	    scan->held_bytes >= scan->held_limit)
		return false;
	scan->more_rows = pm_xref_next_rows(scan->rows_now, BATCH_KEYS);
	return true;
}

/* Takes one row of parents of this database. */
static void
take_parent(void *context, TupleTableSlot *slot)
{
	void **both = context;
	KeyBatch *batch = both[1];

	slot_getallattrs(slot);
	if (slot->tts_isnull[0])
		return;
	pm_xref_add_datum(batch,
	                  getBaseType(TupleDescAttr(slot->tts_tupleDescriptor, 0)->atttypid),
	                  slot->tts_values[0]);
	if (batch->count == BATCH_KEYS)
	{
		take_parents(both[0], batch);
		pm_xref_clear_batch(batch);
	}
}

/* Reads all parents. */
static void
read_parents(KeyScan *scan, Snapshot snapshot)
{
	Reference *reference = scan->reference;
	KeyBatch *batch = pm_xref_make_batch(reference->kind);
	void *both[] = {scan, batch};
	LocalRows *rows;

	if (reference->remote != NULL)
	{
		pm_xref_stream_keys(reference, batch, take_parents, read_meanwhile, scan);
		return;
	}
	rows = pm_xref_open_rows(psprintf("SELECT p.%s FROM %s AS p", reference->parent_column,
	                                  reference->parent_name),
	                         snapshot, take_parent, both);
	while (pm_xref_next_rows(rows, PORTION_ROWS))
		;
	pm_xref_close_rows(rows);
	take_parents(scan, batch);
}

/* A row that a partition in files has found. */
static void
take_spilled(void *context, const RowPlace *row)
{
	Suspects *suspects = context;

	pm_xref_add_suspect(suspects, row);
	pm_xref_check_suspects(suspects, false);
}

/* Engine stream. */
static void
scan_by_stream(KeyScan *scan, Snapshot snapshot)
{
	Reference *reference = scan->reference;
	ListCell *cell;

	scan->limit = (Size) pm_xref_work_mem * 1024;
	scan->by_children = reference->child_rows * MUCH_LARGER < reference->parent_rows;
	scan->children = pm_xref_make_batch(reference->kind);
	scan->set = pm_xref_make_set(reference->kind, smaller_side(scan), scan->limit,
	                             scan->by_children);
	if (scan->by_children)
	{
		scan->collecting = true;
		open_children(scan, snapshot);
		while (!scan->overflow && pm_xref_next_rows(scan->rows_now, PORTION_ROWS))
			;
		close_children(scan);
		scan->collecting = false;
		if (scan->overflow)
			start_spilling(scan);
		scan->overflow = false;
	}
	else if (reference->remote != NULL && reference->kind != KEY_TEXT)
	{
		/* memory that the set of parents is not likely to need */
		double need = pm_xref_set_need(reference->kind, reference->parent_rows);

		scan->held_limit = need < scan->limit ? (scan->limit - need) / 2 : 0;
		scan->limit -= scan->held_limit;
		open_children(scan, snapshot);
	}
	read_parents(scan, snapshot);

	/* what was held back comes first, then the rest */
	scan->held_limit = 0;
	foreach (cell, scan->held)
	{
		match_children(scan, lfirst(cell));
		pfree(((KeyBatch *) lfirst(cell))->bytes.data);
		pfree(lfirst(cell));
		pm_xref_check_suspects(scan->suspects, false);
	}
	if (scan->rows_now == NULL)
		open_children(scan, snapshot);
	while (scan->more_rows)
	{
		scan->more_rows = pm_xref_next_rows(scan->rows_now, PORTION_ROWS);
		pm_xref_check_suspects(scan->suspects, false);
	}
	close_children(scan);
	if (scan->spill != NULL)
		pm_xref_match_spilled(scan->spill, take_spilled, scan->suspects);
}

/* Runs a statement that changes the catalog. */
static void
run_utility(const char *sql)
{
	SPI_connect();
	if (SPI_execute(sql, false, 0) != SPI_OK_UTILITY)
		elog(ERROR, "unexpected result of \"%s\"", sql);
	SPI_finish();
}

/* Takes one row of the query of engine fdw: table, place. */
static void
take_unmatched(void *context, TupleTableSlot *slot)
{
	RowPlace row;

	slot_getallattrs(slot);
	row.table = DatumGetObjectId(slot->tts_values[0]);
	row.tid = *(ItemPointer) DatumGetPointer(slot->tts_values[1]);
	pm_xref_add_suspect(((KeyScan *) context)->suspects, &row);
}

/* Takes the one row of the counts. */
static void
take_counts(void *context, TupleTableSlot *slot)
{
	KeyScan *scan = context;

	slot_getallattrs(slot);
	scan->rows = DatumGetInt64(slot->tts_values[0]);
	scan->nulls = DatumGetInt64(slot->tts_values[1]);
}

/* Engine fdw. */
static void
scan_by_fdw(KeyScan *scan, Snapshot snapshot)
{
	Reference *reference = scan->reference;
	bool foreign = reference->remote != NULL;
	LocalRows *rows;

	if (foreign)
		run_utility(psprintf(
		    "CREATE FOREIGN TABLE " FOREIGN_TABLE " (k %s OPTIONS (column_name %s)) "
		    "SERVER %s OPTIONS (schema_name %s, table_name %s)",
		    reference->parent_type, quote_literal_cstr(reference->remote_column),
		    quote_identifier(reference->server),
		    quote_literal_cstr(reference->parent_schema),
		    quote_literal_cstr(reference->parent_table)));

	rows = pm_xref_open_rows(
	    psprintf("SELECT pg_catalog.count(*), pg_catalog.count(*) - pg_catalog.count(t.%s) "
	             "FROM %s AS t",
	             reference->quoted_column, reference->table_name),
	    snapshot, take_counts, scan);
	(void) pm_xref_next_rows(rows, PORTION_ROWS);
	pm_xref_close_rows(rows);

	rows = pm_xref_open_rows(
	    psprintf("SELECT t.tableoid, t.ctid FROM %s AS t WHERE t.%s IS NOT NULL AND NOT "
	             "EXISTS (SELECT FROM %s AS p WHERE p.%s OPERATOR(%s.=) t.%s)",
	             reference->table_name, reference->quoted_column,
	             foreign ? FOREIGN_TABLE : reference->parent_name,
	             foreign ? "k" : reference->parent_column, reference->operator_schema,
	             reference->quoted_column),
	    snapshot, take_unmatched, scan);
	while (pm_xref_next_rows(rows, PORTION_ROWS))
		;
	pm_xref_close_rows(rows);
	if (foreign)
		run_utility("DROP FOREIGN TABLE " FOREIGN_TABLE);
}

/*
 * Which engine shall it be?  NULL: stream if that can do it.  The parent has been
 * looked at.  Throws if stream is asked for and cannot.
 */
static bool
choose_stream(const Reference *reference, const char *engine)
{
	const char *refusal;

	if (engine != NULL && strcmp(engine, "fdw") == 0)
		return false;
	refusal = pm_xref_stream_refusal(reference);
	if (refusal != NULL && engine != NULL)
		ereport(ERROR,
		        (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		         errmsg("engine stream cannot check reference \"%s\"", reference->name),
		         errdetail_internal("%s", refusal),
		         errhint("Use pm_xref.find_orphans(%s, engine => 'fdw'); "
		                 "pm_xref.check() chooses by itself.",
		                 quote_literal_cstr(reference->name))));
	return refusal == NULL;
}

/* What _scan() was called with. */
typedef struct ScanCall
{
	const char *engine;
	bool with_positions;
	Totals totals;
	ReturnSetInfo *result;
} ScanCall;

/* What _scan() does while it connects. */
static void
before_scan(Reference *reference, void *context)
{
	ScanCall *call = context;

	if (call->with_positions)
		pm_xref_ask_child_position(reference, &call->totals.child);
}

/* The work of _scan(). */
static void
scan_reference(Reference *reference, void *context)
{
	ScanCall *call = context;
	Tuplestorestate *store = call->result->setResult;
	TupleDesc desc = call->result->setDesc;
	KeyScan scan = {.reference = reference};
	Snapshot snapshot;
	bool stream = choose_stream(reference, call->engine);

	if (call->with_positions)
		pm_xref_ask_parent_position(reference, &call->totals.parent);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	scan.suspects = pm_xref_make_suspects(reference, snapshot, store, desc);
	if (stream)
		scan_by_stream(&scan, snapshot);
	else
		scan_by_fdw(&scan, snapshot);
	pm_xref_end_suspects(scan.suspects);
	UnregisterSnapshot(snapshot);
	call->totals.rows = scan.rows;
	call->totals.nulls = scan.nulls;
	call->totals.engine = stream ? "stream" : "fdw";
	pm_xref_put_totals(store, desc, &call->totals);
}

PG_FUNCTION_INFO_V1(pm_xref__scan);

/*
 * _scan(reference, engine, with_positions): a row (row_key, key) for each orphan, then
 * one row with the totals: rows_checked, nulls, engine, and up to where the changes of
 * both sides were known before anything was read.
 */
Datum
pm_xref__scan(PG_FUNCTION_ARGS)
{
	char *engine = PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1));
	ScanCall call = {.engine = engine,
	                 .with_positions = !PG_ARGISNULL(2) && PG_GETARG_BOOL(2),
	                 .result = (ReturnSetInfo *) fcinfo->resultinfo};

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		                errmsg("a reference must be named")));
	if (engine != NULL && strcmp(engine, "stream") != 0 && strcmp(engine, "fdw") != 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("invalid engine: \"%.64s\"", engine),
		                errhint("The engines are stream and fdw.")));
	pm_xref_with_parent(text_to_cstring(PG_GETARG_TEXT_PP(0)), before_scan, true,
	                    scan_reference, &call);
	return (Datum) 0;
}
