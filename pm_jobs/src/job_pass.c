/*
 * job_pass.c - what is read at the start of a pass: queues, and handlers as they are met
 *
 * It is kept until the next pass; only whose turn it was in a queue with keys outlasts
 * that.
 */
#include "pm_jobs_shared.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

static JobStatement queues_statement = {
    .sql = "SELECT name, concurrency, coalesce(key_concurrency, 0), ordered, events, "
           "rate_per_second IS NOT NULL, own_commit, paused, "
           "coalesce(rate_per_second, 0)::pg_catalog.float8 FROM pm_jobs._queues "
           "WHERE ($2 OR NOT paused) AND ($1 IS NULL OR name = $1) ORDER BY name",
    .nargs = 2,
    .types = {TEXTOID, BOOLOID}
};

/* Due jobs become ready; at most as many as one pass may run. */
static JobStatement promote_statement = {
    .sql =
        "UPDATE pm_jobs._job SET run_at = NULL, "
        "seq = pg_catalog.nextval('pm_jobs._job_id') WHERE id IN (SELECT id FROM pm_jobs._job "
        "WHERE queue = $1 AND run_at IS NOT NULL AND run_at <= $2 ORDER BY run_at LIMIT $3 "
        "FOR NO KEY UPDATE SKIP LOCKED)",
    .nargs = 3,
    .types = {TEXTOID, TIMESTAMPTZOID, INT8OID}
};

static JobStatement handler_statement = {
    .sql = "SELECT handler, transactional FROM pm_jobs._handlers WHERE kind = $1",
    .nargs = 1,
    .types = {TEXTOID}};

/*
 * Reads the queues again, paused ones too or not.  Forgets every place and handler, but
 * not whose turn it was.
 */
void
pm_jobs_read_queues(JobRun *run, bool paused)
{
	Datum values[2];
	char nulls[] = {run->only_queue ? ' ' : 'n', ' ', '\0'};
	MemoryContext old;
	List *turns = NIL;
	ListCell *cell;

	old = MemoryContextSwitchTo(run->scratch);
	foreach (cell, run->queues)
	{
		Queue *queue = lfirst(cell);

		if (queue->last_key != NULL)
			turns =
			    lappend(turns, list_make2(pstrdup(queue->name), pstrdup(queue->last_key)));
	}
	MemoryContextReset(run->pass);
	run->queues = NIL;
	run->handlers = NIL;

	values[0] = run->only_queue ? CStringGetTextDatum(run->only_queue) : (Datum) 0;
	values[1] = BoolGetDatum(paused);
	SPI_connect();
	pm_jobs_query(run, &queues_statement, values, nulls, 0);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple row = SPI_tuptable->vals[i];
		TupleDesc desc = SPI_tuptable->tupdesc;
		Queue *queue = MemoryContextAllocZero(run->pass, sizeof(Queue));
		bool null;

		queue->name = MemoryContextStrdup(run->pass, SPI_getvalue(row, desc, 1));
		queue->concurrency = DatumGetInt32(SPI_getbinval(row, desc, 2, &null));
		queue->key_concurrency = DatumGetInt32(SPI_getbinval(row, desc, 3, &null));
		queue->ordered = DatumGetBool(SPI_getbinval(row, desc, 4, &null));
		queue->events = DatumGetBool(SPI_getbinval(row, desc, 5, &null));
		queue->has_rate = DatumGetBool(SPI_getbinval(row, desc, 6, &null));
		queue->rate = DatumGetFloat8(SPI_getbinval(row, desc, 9, &null));
		queue->own_commit = DatumGetBool(SPI_getbinval(row, desc, 7, &null));
		queue->paused = DatumGetBool(SPI_getbinval(row, desc, 8, &null));
		foreach (cell, turns)
			if (strcmp(linitial(lfirst(cell)), queue->name) == 0)
				pm_jobs_set_last_key(run, queue, lsecond(lfirst(cell)));
		MemoryContextSwitchTo(run->pass);
		run->queues = lappend(run->queues, queue);
		MemoryContextSwitchTo(run->scratch);
	}
	SPI_finish();
	MemoryContextSwitchTo(old);
	MemoryContextReset(run->scratch);
}

/* Begins a pass of a session: reads the queues and makes at most limit due jobs of each ready. */
void
pm_jobs_begin_pass(JobRun *run, int limit)
{
	MemoryContext old;
	Datum values[3];
	ListCell *cell;

	pm_jobs_read_queues(run, false);
	run->pass_began = GetCurrentTimestamp();
	old = MemoryContextSwitchTo(run->scratch);
	SPI_connect();
	foreach (cell, run->queues)
	{
		Queue *queue = lfirst(cell);

		values[0] = CStringGetTextDatum(queue->name);
		values[1] = TimestampTzGetDatum(run->pass_began);
		values[2] = Int64GetDatum(limit);
		pm_jobs_query(run, &promote_statement, values, NULL, 0);
	}
	SPI_finish();
	MemoryContextSwitchTo(old);
	MemoryContextReset(run->scratch);
}

/* What is registered for a kind; signature is NULL if nothing is. */
Handler *
pm_jobs_find_handler(JobRun *run, const char *kind)
{
	Handler *handler;
	MemoryContext old;
	ListCell *cell;
	Datum value;

	foreach (cell, run->handlers)
	{
		Handler *known = lfirst(cell);

		if (strcmp(known->kind, kind) == 0)
			return known;
	}
	handler = MemoryContextAllocZero(run->pass, sizeof(Handler));
	handler->kind = MemoryContextStrdup(run->pass, kind);
	handler->transactional = true;
	handler->mean_us = -1;
	SPI_connect();
	value = CStringGetTextDatum(kind);
	if (pm_jobs_query(run, &handler_statement, &value, NULL, 1) == 1)
	{
		HeapTuple row = SPI_tuptable->vals[0];
		bool null;

		handler->signature =
		    MemoryContextStrdup(run->pass, SPI_getvalue(row, SPI_tuptable->tupdesc, 1));
		handler->transactional =
		    DatumGetBool(SPI_getbinval(row, SPI_tuptable->tupdesc, 2, &null));
	}
	SPI_finish();
	old = MemoryContextSwitchTo(run->pass);
	run->handlers = lappend(run->handlers, handler);
	MemoryContextSwitchTo(old);
	return handler;
}
