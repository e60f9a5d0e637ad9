/*
 * merge.c - batches that are merged, several at the same time
 *
 * Here a batch is merged at once, in our transaction.  With sessions each is merged in one,
 * in a transaction of its own, and they are committed in their order.  One
 * that is sent while others are not committed is ahead of its turn: the catalog merges it
 * only if nothing stands against any of its rows, as that might be the doing of the
 * others.  What was undone is sent again when nothing stands before it: see "Side by
 * side" in ARCHITECTURE.md.
 */
#include "catalog.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"

#define PATIENCE \
	100 /* ms that another session may wait for a batch that waits for its turn */
#define BATCHES_ALONE 8 /* that are merged alone after one that was ahead in vain */

#define COUNTS "m.created, m.updated, m.unchanged, m.conflicts, m.row_nos, m.reasons"

/* Reads an answer of batch_counts() and merge_batch(). */
static void
read_merged(char **row, Merged *merged)
{
	int64 *counts[] = {&merged->created, &merged->updated, &merged->unchanged,
	                   &merged->conflicts};
	Datum *row_nos;
	Datum *reasons;
	int count;

	for (int i = 0; i < lengthof(counts); i++)
		*counts[i] = pg_strtoint64(row[i]);
	deconstruct_array(
	    DatumGetArrayTypeP(OidInputFunctionCall(F_ARRAY_IN, row[4], INT8OID, -1)), INT8OID,
	    8, true, TYPALIGN_DOUBLE, &row_nos, NULL, &merged->conflict_count);
	deconstruct_array(
	    DatumGetArrayTypeP(OidInputFunctionCall(F_ARRAY_IN, row[5], TEXTOID, -1)), TEXTOID,
	    -1, false, TYPALIGN_INT, &reasons, NULL, &count);
	if (count != merged->conflict_count)
		elog(ERROR, "the catalog gave %d conflicts %d reasons", merged->conflict_count,
		     count);
	merged->row_nos = palloc(Max(1, count) * sizeof(int64));
	merged->reasons = palloc(Max(1, count) * sizeof(char *));
	for (int i = 0; i < count; i++)
	{
		merged->row_nos[i] = DatumGetInt64(row_nos[i]);
		merged->reasons[i] = TextDatumGetCString(reasons[i]);
	}
}

/* What the catalog remembers of a batch, in the current memory; false: it merged none. */
bool
pm_imports_catalog_counts(Catalog *catalog, const char *job, int batch, Merged *merged)
{
	Parameter parameters[] = {{.text = job}, {.text = psprintf("%d", batch)}};
	char **row = pm_imports_ask(catalog,
	                            "SELECT " COUNTS
	                            " FROM pm_catalog.batch_counts($1::pg_catalog.uuid, "
	                            "$2::text::pg_catalog.int4) AS m",
	                            parameters, lengthof(parameters));

	if (row != NULL)
		read_merged(row, merged);
	return row != NULL;
}

/*
 * Asks for a batch to be merged, or only tried, here or in a session.  What is tried goes
 * on from what this catalog was asked to try before.
 */
static void
ask_for_merge(Catalog *catalog, Session *session, const MergeOrder *order,
              const Batch *batch, bool is_ahead)
{
	const char *sql = psprintf(
	    "SELECT " COUNTS
	    " FROM pm_catalog.%s($1::pg_catalog.uuid, $2::text::pg_catalog.int4, "
	    "$3::text::pg_catalog.text[], $4::pg_catalog.bytea, $5::text::pg_catalog.uuid, $6::text, "
	    "$7::text::pg_catalog.jsonb, $8::text::%s) AS m",
	    order->is_trial ? "try_batch" : "merge_batch",
	    order->is_trial ? "pg_catalog.int4" : "pg_catalog.bool");
	Parameter parameters[] = {{.text = order->job},
	                          {.text = psprintf("%d", batch->number)},
	                          {.text = order->plan->column_list},
	                          {.rows = &batch->rows},
	                          {.text = order->supplier},
	                          {.text = order->plan->key},
	                          {.text = order->plan->merge_options},
	                          {.text = order->is_trial ? psprintf("%d", catalog->tried)
	                                   : is_ahead      ? "true"
	                                                   : "false"}};

	if (order->is_trial)
		catalog->tried = batch->number;
	if (session == NULL)
		pm_imports_ask_here(sql, parameters, lengthof(parameters));
	else
		pm_imports_ask_there(catalog, session, sql, parameters, lengthof(parameters));
}

/* Merges a batch here, in our transaction. */
void
pm_imports_merge_here(Catalog *catalog, const MergeOrder *order, const Batch *batch,
                      Merged *merged)
{
	ask_for_merge(catalog, NULL, order, batch, false);
	read_merged(pm_imports_answer(catalog, NULL), merged);
}

/* Has a session run a statement without an answer. */
static void
tell(Catalog *catalog, Session *session, const char *sql)
{
	pm_imports_ask_there(catalog, session, sql, NULL, 0);
	(void) pm_imports_answer(catalog, session);
}

/* Sends the batch of a session, in a transaction unless it is only tried. */
static void
start(Catalog *catalog, Session *session, const MergeOrder *order, bool is_ahead)
{
	session->in_transaction = !order->is_trial;
	if (session->in_transaction)
		tell(catalog, session, "BEGIN");
	ask_for_merge(catalog, session, order, session->batch, is_ahead);
	session->state = SESSION_MERGING;
}

/* Ends the transaction of a session. */
static void
end(Catalog *catalog, Session *session, const char *sql)
{
	if (session->in_transaction)
		tell(catalog, session, sql);
	session->in_transaction = false;
}

/* Undoes what a session has merged, until its turn comes. */
static void
undo(Catalog *catalog, Session *session)
{
	end(catalog, session, "ROLLBACK");
	session->state = SESSION_WAITING;
}

/* The session with the batch that is to be committed next; NULL: there is none. */
static Session *
first_session(Catalog *catalog)
{
	Session *first = NULL;

	for (int i = 0; i < SESSIONS_MAX; i++)
	{
		Session *session = &catalog->sessions[i];

		if (session->state != SESSION_FREE &&
		    (first == NULL || session->batch->number < first->batch->number))
			first = session;
	}
	return first;
}

/*
 * Has a batch merged, or only tried, by a session that is free, and does not wait for it.
 * Its order lasts until pm_imports_merge_end().
 */
void
pm_imports_merge_begin(Catalog *catalog, const MergeOrder *order, const Batch *batch)
{
	bool is_ahead = first_session(catalog) != NULL;
	Session *session = catalog->sessions;
	MemoryContext old = MemoryContextSwitchTo(batch->memory);

	while (session->state != SESSION_FREE)
		session++;
	session->batch = batch;
	session->state = SESSION_WAITING;
	if (!is_ahead || catalog->alone == 0)
		start(catalog, session, order, is_ahead);
	if (catalog->alone > 0)
		catalog->alone--;
	MemoryContextSwitchTo(old);
}

/*
 * Takes the answer of a session, if it is there.  One that was ahead in vain waits for its
 * turn then.
 */
static void
take_answer(Catalog *catalog, Session *session)
{
	MemoryContext old;

	if (pm_imports_session_is_busy(catalog, session))
		return;
	old = MemoryContextSwitchTo(session->batch->memory);
	session->answer = pm_imports_answer(catalog, session);
	MemoryContextSwitchTo(old);
	if (session->answer == NULL)
		elog(ERROR, "the catalog gave no answer to a batch");
	session->state = SESSION_ANSWERED;
	if (session->answer[0] == NULL)
	{
		undo(catalog, session);
		catalog->alone = BATCHES_ALONE;
	}
}

/*
 * Undoes what is merged and waits for its turn, if any session waits for its locks: that
 * may be the first one, whose turn it is, or one that the first one waits for.
 */
static void
make_way(Catalog *catalog, const Session *first)
{
	for (int i = 0; i < SESSIONS_MAX; i++)
	{
		Session *session = &catalog->sessions[i];
		char **row;

		if (session == first)
			continue;
		if (session->state == SESSION_MERGING)
			take_answer(catalog, session);
		if (session->state != SESSION_ANSWERED)
			continue;
		pm_imports_ask_there(
		    catalog, session,
		    "SELECT EXISTS (SELECT FROM pg_catalog.pg_locks AS l WHERE NOT l.granted AND "
		    "pg_catalog.pg_backend_pid() = ANY (pg_catalog.pg_blocking_pids(l.pid)))",
		    NULL, 0);
		row = pm_imports_answer(catalog, session);
		if (row != NULL && strcmp(row[0], "t") == 0)
			undo(catalog, session);
	}
}

/* Waits until the session whose turn it is has an answer. */
static void
await_answer(Catalog *catalog, Session *session)
{
	take_answer(catalog, session);
	while (session->state == SESSION_MERGING)
	{
		if (!pm_imports_session_wait(catalog, session, PATIENCE))
			make_way(catalog, session);
		take_answer(catalog, session);
	}
}

/*
 * Waits until the batch, whose turn it is, is merged, and commits it; starts the next one,
 * if that has waited for this.  What became of the batch is in current memory.
 */
void
pm_imports_merge_end(Catalog *catalog, const MergeOrder *order, const Batch *batch,
                     Merged *merged)
{
	Session *session = first_session(catalog);
	Session *next;

	Assert(session != NULL && session->batch == batch);
	while (session->state != SESSION_ANSWERED)
	{
		if (session->state == SESSION_WAITING)
			start(catalog, session, order, false);
		await_answer(catalog, session);
	}
	end(catalog, session, "COMMIT");
	read_merged(session->answer, merged);
	session->state = SESSION_FREE;
	next = first_session(catalog);
	if (next != NULL && next->state == SESSION_WAITING)
		start(catalog, next, order, false);
}

/* Undoes all batches that are not committed. */
void
pm_imports_merge_abandon(Catalog *catalog)
{
	for (int i = 0; i < SESSIONS_MAX; i++)
	{
		Session *session = &catalog->sessions[i];

		if (session->state == SESSION_ANSWERED)
			undo(catalog, session);
		else if (session->state == SESSION_MERGING)
			pm_imports_session_close(catalog, session);
		session->state = SESSION_FREE;
	}
}
