/*
 * suspects.c - rows without a parent, looked at again before they count
 *
 * The two sides are read at different times, so a row that seemed to have no parent
 * may be right: its parent came, or the row itself went, in between.  A suspect is an
 * orphan if
 *
 *   1. its key was not among the parents (that made it a suspect),
 *   2. then a newer snapshot of this database still shows it with that key,
 *   3. and then a still newer one of the parent's database still lacks the key.
 *
 * At the moment of 2 the row was there and its parent was not, unless the parent came
 * and went again between 1 and 3.  So a batch is looked at again only after all
 * parents have been read.
 *
 * The question of step 3 goes to the other server while the next batch is collected.
 */
#include "pm_xref_module.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#define BATCH_SUSPECTS 8192

/* A suspect that is known by name. */
typedef struct NamedRow
{
	Datum row_key; /* jsonb */
	char *key;     /* NULL: it is there after all */
} NamedRow;

struct Suspects
{
	Reference *reference;
	Snapshot first; /* with which they were found */
	Tuplestorestate *store;
	TupleDesc desc;
	RowPlace *row;
	int count;
	int room;
	char *question;   /* which keys are there? */
	char *still_text; /* which rows still have their key? NULL: no primary key */
	/* those that the open question is about */
	MemoryContext context;
	NamedRow *asked;
	int asked_count;
	int asked_room;
	/* those that have been changed since they were found */
	Datum *changed_row_keys; /* jsonb */
	Datum *changed_keys;     /* text */
	int changed_count;
};

/* The statement that finds rows by primary key and key; NULL if there is no primary key. */
static char *
make_still_text(const Reference *reference)
{
	StringInfoData sql;

	if (reference->primary_key == NIL)
		return NULL;
	initStringInfo(&sql);
	appendStringInfo(
	    &sql,
	    "SELECT s.n FROM ROWS FROM (pg_catalog.unnest($1), "
	    "pg_catalog.unnest($2)) WITH ORDINALITY AS s(r, k, n) WHERE EXISTS (SELECT FROM %s AS t WHERE t.%s::pg_catalog.text "
	    "COLLATE pg_catalog.\"C\" OPERATOR(pg_catalog.=) s.k AND ",
	    reference->table_name, reference->quoted_column);
	pm_xref_append_primary_key_match(&sql, reference);
	appendStringInfoString(&sql, ")");
	return sql.data;
}

/* No suspects yet; orphans will be put into the store. */
Suspects *
pm_xref_make_suspects(Reference *reference, Snapshot first, Tuplestorestate *store,
                      TupleDesc desc)
{
	Suspects *suspects = palloc0(sizeof(Suspects));

	suspects->reference = reference;
	suspects->first = first;
	suspects->store = store;
	suspects->desc = desc;
	suspects->room = BATCH_SUSPECTS * 2;
	suspects->row = palloc(suspects->room * sizeof(RowPlace));
	suspects->context = AllocSetContextCreate(CurrentMemoryContext, "pm_xref suspects",
	                                          ALLOCSET_DEFAULT_SIZES);
	suspects->question = pm_xref_key_question(reference, false);
	suspects->still_text = make_still_text(reference);
	return suspects;
}

/* Notes a row. */
void
pm_xref_add_suspect(Suspects *suspects, const RowPlace *row)
{
	if (suspects->count == suspects->room)
	{
		suspects->room *= 2;
		suspects->row = repalloc_huge(suspects->row, suspects->room * sizeof(RowPlace));
	}
	suspects->row[suspects->count++] = *row;
}

/* Order by table, then place. */
static int
compare_rows(const void *a, const void *b)
{
	const RowPlace *x = a;
	const RowPlace *y = b;

	if (x->table != y->table)
		return x->table < y->table ? -1 : 1;
	return ItemPointerCompare((ItemPointer) &x->tid, (ItemPointer) &y->tid);
}

/* Appends the expression that names a row of a table: primary key, or place. */
static void
append_row_key(StringInfo sql, const Reference *reference, Oid table)
{
	const char *separator = "";
	ListCell *cell;

	appendStringInfoString(sql, "pg_catalog.jsonb_build_object(");
	foreach (cell, reference->primary_key)
	{
		char *name = lfirst(cell);

		appendStringInfo(sql, "%s%s, t.%s", separator, quote_literal_cstr(name),
		                 quote_identifier(name));
		separator = ", ";
	}
	if (reference->primary_key == NIL)
		appendStringInfoString(sql, "'ctid', t.ctid");
	if (reference->primary_key == NIL && table != reference->table)
		appendStringInfo(
		    sql, ", 'table', %s",
		    quote_literal_cstr(quote_qualified_identifier(
		        get_namespace_name(get_rel_namespace(table)), get_rel_name(table))));
	appendStringInfoString(sql, ")");
}

/* Notes a row that the next question will be about. */
static void
add_named(Suspects *suspects, Datum row_key, const char *key)
{
	MemoryContext old = MemoryContextSwitchTo(suspects->context);

	if (suspects->asked_count == suspects->asked_room)
	{
		suspects->asked_room = Max(1024, 2 * suspects->asked_room);
		suspects->asked =
		    suspects->asked == NULL
		        ? palloc(suspects->asked_room * sizeof(NamedRow))
		        : repalloc(suspects->asked, suspects->asked_room * sizeof(NamedRow));
	}
	suspects->asked[suspects->asked_count].row_key =
	    PointerGetDatum(PG_DETOAST_DATUM_COPY(row_key));
	suspects->asked[suspects->asked_count++].key = pstrdup(key);
	MemoryContextSwitchTo(old);
}

/* Runs one of our statements with the active snapshot; SPI must be connected. */
static void
run(const char *sql, int nargs, const Oid *types, const Datum *values)
{
	if (SPI_execute_with_args(sql, nargs, unconstify(Oid *, types),
	                          unconstify(Datum *, values), NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "unexpected result of \"%s\"", sql);
}

/*
 * Finds those of the rows, of one table and in order, that the active snapshot shows,
 * and calls take for each of them.  Sets missing to the number of others, which are
 * moved to the front of rows.
 */
static void
name_rows(Suspects *suspects, RowPlace *rows, int count, int *missing,
          void (*take)(Suspects *suspects, Datum row_key, const char *key))
{
	static const Oid type = TIDARRAYOID;
	Datum *tids = palloc(count * sizeof(Datum));
	Oid table = rows[0].table;
	StringInfoData sql;
	Datum array;
	int level;
	int next = 0;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT t.ctid, ");
	append_row_key(&sql, suspects->reference, table);
	appendStringInfo(
	    &sql,
	    ", t.%s::pg_catalog.text FROM ONLY %s AS t WHERE "
	    "t.ctid OPERATOR(pg_catalog.=) ANY ($1) ORDER BY t.ctid",
	    suspects->reference->quoted_column,
	    quote_qualified_identifier(get_namespace_name(get_rel_namespace(table)),
	                               get_rel_name(table)));
	for (int i = 0; i < count; i++)
		tids[i] = PointerGetDatum(&rows[i].tid);
	array = PointerGetDatum(construct_array(tids, count, TIDOID, sizeof(ItemPointerData),
	                                        false, TYPALIGN_SHORT));
	/* by their places: reading the whole table for each batch only seems cheaper */
	level = NewGUCNestLevel();
	(void) set_config_option("enable_seqscan", "off", PGC_USERSET, PGC_S_SESSION,
	                         GUC_ACTION_SAVE, true, 0, false);
	run(sql.data, 1, &type, &array);
	AtEOXact_GUC(true, level);
	*missing = 0;
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple row = SPI_tuptable->vals[i];
		bool null;
		ItemPointer tid = (ItemPointer) DatumGetPointer(
		    SPI_getbinval(row, SPI_tuptable->tupdesc, 1, &null));
		Datum row_key = SPI_getbinval(row, SPI_tuptable->tupdesc, 2, &null);
		char *key = SPI_getvalue(row, SPI_tuptable->tupdesc, 3);

		while (next < count && !ItemPointerEquals(tid, &rows[next].tid))
			rows[(*missing)++] = rows[next++];
		next++;
		take(suspects, row_key, key);
		pfree(key);
	}
	while (next < count)
		rows[(*missing)++] = rows[next++];
	SPI_freetuptable(SPI_tuptable);
	pfree(tids);
}

/* Notes a row that has been changed; there is room for it. */
static void
add_changed(Suspects *suspects, Datum row_key, const char *key)
{
	int n = suspects->changed_count++;

	suspects->changed_row_keys[n] = PointerGetDatum(PG_DETOAST_DATUM_COPY(row_key));
	suspects->changed_keys[n] = CStringGetTextDatum(key);
}

/*
 * Rows that a newer snapshot does not show at their place have been changed or deleted
 * since.  They are named by the snapshot that found them, then looked for by primary
 * key with a newer one.  Without a primary key they cannot be found: the next check
 * will see them, if they are orphans.
 */
static void
find_changed(Suspects *suspects, RowPlace *rows, int count)
{
	static const Oid types[] = {JSONBARRAYOID, TEXTARRAYOID};
	Datum values[2];
	int missing;

	if (count == 0 || suspects->still_text == NULL)
		return;
	suspects->changed_row_keys = palloc(count * sizeof(Datum));
	suspects->changed_keys = palloc(count * sizeof(Datum));
	suspects->changed_count = 0;
	PushActiveSnapshot(suspects->first);
	name_rows(suspects, rows, count, &missing, add_changed);
	PopActiveSnapshot();

	values[0] =
	    PointerGetDatum(construct_array(suspects->changed_row_keys, suspects->changed_count,
	                                    JSONBOID, -1, false, TYPALIGN_INT));
	values[1] = PointerGetDatum(construct_array(
	    suspects->changed_keys, suspects->changed_count, TEXTOID, -1, false, TYPALIGN_INT));
	PushActiveSnapshot(GetLatestSnapshot());
	run(suspects->still_text, 2, types, values);
	PopActiveSnapshot();
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool null;
		int64 n = DatumGetInt64(
		    SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &null));

		add_named(suspects, suspects->changed_row_keys[n - 1],
		          TextDatumGetCString(suspects->changed_keys[n - 1]));
	}
}

/* Puts the rows into the store, but for those whose keys the answer says are there. */
static void
take_answer(Suspects *suspects)
{
	Answer *answer;

	if (!suspects->reference->asked)
		return;
	answer = pm_xref_ask_finish(suspects->reference);
	for (int i = 0; i < answer->rows; i++)
		suspects->asked[atoi(answer->values[i]) - 1].key = NULL;
	for (int i = 0; i < suspects->asked_count; i++)
	{
		const NamedRow *row = &suspects->asked[i];

		Datum values[SCAN_COLUMNS] = {row->row_key};
		bool nulls[SCAN_COLUMNS] = {false, false, true, true, true,
		                            true,  true,  true, true, true};

		if (row->key == NULL)
			continue;
		values[1] = CStringGetTextDatum(row->key);
		tuplestore_putvalues(suspects->store, suspects->desc, values, nulls);
	}
	suspects->asked = NULL;
	suspects->asked_count = suspects->asked_room = 0;
	MemoryContextReset(suspects->context);
}

/* Asks which of the named rows' keys are there after all. */
static void
ask_for_keys(Suspects *suspects)
{
	static const Oid type = TEXTARRAYOID;
	Datum *keys = palloc(suspects->asked_count * sizeof(Datum));
	MemoryContext old;
	const char *parameter;

	for (int i = 0; i < suspects->asked_count; i++)
		keys[i] = CStringGetTextDatum(suspects->asked[i].key);
	parameter = pm_xref_key_parameter(suspects->reference, keys, suspects->asked_count);
	/* the answer may be there at once, and must last until it is taken */
	old = MemoryContextSwitchTo(suspects->context);
	pm_xref_ask_start(suspects->reference, suspects->question, 1, &type, &parameter);
	MemoryContextSwitchTo(old);
}

/*
 * Looks again at the suspects, if there is a batch of them or all are to be.  The
 * question about the last of them may still be open then.  All parents must have been
 * read.  Not to be called while the executor hands on a row.
 */
void
pm_xref_check_suspects(Suspects *suspects, bool all)
{
	MemoryContext scratch;
	MemoryContext old;

	if (suspects->count < BATCH_SUSPECTS && !all)
		return;
	scratch = AllocSetContextCreate(CurrentMemoryContext, "pm_xref suspects scratch",
	                                ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(scratch);
	qsort(suspects->row, suspects->count, sizeof(RowPlace), compare_rows);
	for (int from = 0; from < suspects->count;)
	{
		RowPlace *rows = suspects->row + from;
		int count = 1;
		int missing;

		CHECK_FOR_INTERRUPTS();
		while (from + count < suspects->count && count < BATCH_SUSPECTS &&
		       rows[count].table == rows->table)
			count++;
		from += count;
		take_answer(suspects);
		SPI_connect();
		PushActiveSnapshot(GetLatestSnapshot());
		name_rows(suspects, rows, count, &missing, add_named);
		PopActiveSnapshot();
		find_changed(suspects, rows, missing);
		SPI_finish();
		if (suspects->asked_count > 0)
			ask_for_keys(suspects);
		MemoryContextReset(scratch);
	}
	suspects->count = 0;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(scratch);
}

/* Looks again at all that are left, and waits until it is known what they are. */
void
pm_xref_end_suspects(Suspects *suspects)
{
	pm_xref_check_suspects(suspects, true);
	take_answer(suspects);
}

/* Puts the last row of a result: the totals. */
void
pm_xref_put_totals(Tuplestorestate *store, TupleDesc desc, const Totals *totals)
{
	const char *texts[] = {totals->engine, totals->child.seen, totals->child.shape,
	                       totals->parent.seen, totals->parent.shape};
	Datum values[SCAN_COLUMNS] = {0, 0, Int64GetDatum(totals->rows),
	                              Int64GetDatum(totals->nulls)};
	bool isnull[SCAN_COLUMNS] = {true, true};

	for (int i = 0; i < lengthof(texts); i++)
	{
		isnull[4 + i] = texts[i] == NULL;
		if (texts[i] != NULL)
			values[4 + i] = CStringGetTextDatum(texts[i]);
	}
	isnull[SCAN_COLUMNS - 1] = totals->touched == NULL;
	if (totals->touched != NULL)
		values[SCAN_COLUMNS - 1] = OidInputFunctionCall(
		    F_ARRAY_IN, unconstify(char *, totals->touched), UUIDOID, -1);
	tuplestore_putvalues(store, desc, values, isnull);
}
