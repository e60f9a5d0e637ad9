/*
 * job_claim.c - finding and locking the next jobs of a queue
 *
 * A claim is a row lock, FOR NO KEY UPDATE SKIP LOCKED, taken on rows that an
 * index gives in order: _job_ready for a whole queue, _job_key for one key.  The
 * indexes are read here and not by a plan, so that no statistics can turn a
 * claim into a scan of the backlog, and so that a batch goes on where the last
 * one ended: a run leaves dead entries behind that every search from the start
 * would have to pass.  The place is forgotten with the pass, PASS_MS at most, so
 * that jobs of higher priority get their turn.
 *
 * A row that somebody changed after the snapshot is not locked but left to the
 * next pass.  In an ordered queue the key's slot is taken first: see job_order.c.
 */
#include "pm_jobs_shared.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* More key slots than this would fill the table of locks: the rest is for later. */
#define MAX_KEY_SLOTS 1000
/* A place is remembered by a key's first bytes; longer keys share one. */
#define PLACE_KEY     200

typedef struct KeyPlace
{
	char key[PLACE_KEY];
	ScanPlace place;
} KeyPlace;

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

/* Workers need no lock: the job is claimed. */
static JobStatement again_statements[] = {
    {.sql = "SELECT ctid FROM pm_jobs._job WHERE id = $1 FOR NO KEY UPDATE",
     .nargs = 1,
     .types = {INT8OID}                                                                                    },
    {.sql = "SELECT ctid FROM pm_jobs._job WHERE id = $1",                   .nargs = 1, .types = {INT8OID}}
};

/* Do the keys of this queue take turns? */
bool
pm_jobs_has_turns(const Queue *queue)
{
	return queue->ordered || queue->key_concurrency > 0 ||
	       (queue->shared != NULL && queue->shared->keyed);
}

/* Forgets how far the jobs of each key have been claimed. */
void
pm_jobs_forget_keys(Queue *queue)
{
	HASH_SEQ_STATUS scan;
	KeyPlace *place;

	if (queue->keys == NULL)
		return;
	hash_seq_init(&scan, queue->keys);
	while ((place = hash_seq_search(&scan)) != NULL)
		(void) hash_search(queue->keys, place->key, HASH_REMOVE, NULL);
}

/* Remembers whose turn it was; NULL: the first key's turn comes. */
void
pm_jobs_set_last_key(JobRun *run, Queue *queue, const char *key)
{
	if (queue->last_key != NULL)
		pfree(queue->last_key);
	queue->last_key = key ? MemoryContextStrdup(run->pass, key) : NULL;
}

/* Moves the places of keys back so that a job there is looked at, whichever key it has. */
void
pm_jobs_move_keys_back(Queue *queue, int32 priority, int64 seq)
{
	HASH_SEQ_STATUS scan;
	KeyPlace *key;

	if (queue->keys == NULL)
		return;
	hash_seq_init(&scan, queue->keys);
	while ((key = hash_seq_search(&scan)) != NULL)
	{
		ScanPlace *place = &key->place;

		if (place->begun && (place->priority < priority ||
		                     (place->priority == priority && place->seq >= seq)))
		{
			place->priority = priority;
			place->seq = seq - 1;
		}
	}
}

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

/* Fills a scan key "column strategy value"; functions are for text, int4 and int8. */
void
pm_jobs_set_key(ScanKey key, AttrNumber column, StrategyNumber strategy,
                RegProcedure function, Datum value)
{
	ScanKeyEntryInitialize(
	    key, 0, column, strategy, InvalidOid,
	    function == F_TEXTEQ || function == F_TEXT_GT ? DEFAULT_COLLATION_OID : InvalidOid,
	    function, value);
}

/* The OID of one of our indexes. */
Oid
pm_jobs_index(JobRun *run, const char *name)
{
	Oid index = get_relname_relid(name, RelationGetNamespace(run->jobs));

	if (!OidIsValid(index))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
		                errmsg("index pm_jobs.%s is missing", name),
		                errhint("Create it again as the extension's script does.")));
	return index;
}

/*
 * Makes a Job of a row that a scan found, if this run may run it; NULL if not.
 * Lives in the batch's memory.
 */
Job *
pm_jobs_make_job(JobRun *run, TupleTableSlot *slot, bool only_without_key)
{
	bool null;
	Oid role;
	Job *job;
	Handler *handler;
	Datum started;
	bool crashed = false;

	if (only_without_key)
	{
		(void) slot_getattr(slot, JOB_LIMIT_KEY, &null);
		if (!null)
			return NULL;
	}
	role = DatumGetObjectId(slot_getattr(slot, JOB_ENQUEUED_BY, &null));
	if (!run->all_roles && !is_member_of_role(run->caller, role))
		return NULL;
	handler =
	    pm_jobs_find_handler(run, TextDatumGetCString(slot_getattr(slot, JOB_KIND, &null)));
	if (!handler->transactional && !run->outside)
		return NULL;
	started = slot_getattr(slot, JOB_STARTED_AT, &null);
	if (!null)
	{
		if (pm_jobs_job_is_taken(DatumGetInt64(slot_getattr(slot, JOB_ID, &null))))
		{
			run->blocked = true;
			return NULL;
		}
		crashed = true;
	}

	job = palloc0(sizeof(Job));
	job->id = DatumGetInt64(slot_getattr(slot, JOB_ID, &null));
	job->tid = slot->tts_tid;
	job->row = ExecCopySlotHeapTuple(slot);
	job->handler = handler;
	job->role = role;
	job->priority = DatumGetInt32(slot_getattr(slot, JOB_PRIORITY, &null));
	job->seq = DatumGetInt64(slot_getattr(slot, JOB_SEQ, &null));
	job->crashes = DatumGetInt32(slot_getattr(slot, JOB_CRASHES, &null));
	job->attempt =
	    DatumGetInt32(slot_getattr(slot, JOB_ATTEMPTS, &null)) + (crashed ? 0 : 1);
	job->max_attempts = DatumGetInt32(slot_getattr(slot, JOB_MAX_ATTEMPTS, &null));
	job->earlier_attempts = DatumGetInt32(slot_getattr(slot, JOB_EARLIER_ATTEMPTS, &null));
	job->crashed = crashed;
	if (crashed)
		job->started_at = DatumGetTimestampTz(started);
	return job;
}

/* Locks a row as it was seen; false if another has it or it was changed meanwhile. */
static bool
lock_row(JobRun *run, const Job *job, Snapshot snapshot)
{
	TupleTableSlot *locked = table_slot_create(run->jobs, NULL);
	TM_FailureData failure;
	TM_Result result;
	ItemPointerData tid = job->tid;

	result = table_tuple_lock(run->jobs, &tid, snapshot, locked, GetCurrentCommandId(true),
	                          LockTupleNoKeyExclusive, LockWaitSkip, 0, &failure);
	ExecDropSingleTupleTableSlot(locked);
	return result == TM_Ok;
}

/*
 * Takes a job for this run.  A session locks the row and then makes sure that no
 * worker claims it; a worker will claim it with the others of its batch and then
 * check the row: see lane.c.  A row that is locked, or was under way a moment ago,
 * blocks its key for now: a worker comes back to it.
 */
bool
pm_jobs_take_job(JobRun *run, const Job *job, Snapshot snapshot)
{
	ListCell *cell;
	bool gone;

	if (pm_jobs_is_claimed(job->id))
		return false;
	if (!run->worker)
		return lock_row(run, job, snapshot) && !pm_jobs_is_claimed(job->id);
	foreach (cell, run->candidates)
		if (((Job *) lfirst(cell))->id == job->id)
			return false;
	if (pm_jobs_is_free(run, job, snapshot, &gone))
		return true;
	run->blocked = run->blocked || !gone;
	return false;
}

/*
 * Reads an index from the keys given and claims up to limit jobs; remembers the
 * place.  lock false: looks for the first row only and locks nothing.
 */
static List *
scan_jobs(JobRun *run, Relation index, ScanKey keys, int nkeys, Snapshot snapshot,
          int limit, bool lock, bool only_without_key, ScanPlace *place)
{
	TupleTableSlot *slot = table_slot_create(run->jobs, NULL);
	IndexScanDesc scan = index_beginscan(run->jobs, index, snapshot, nkeys, 0);
	List *jobs = NIL;

	index_rescan(scan, keys, nkeys, NULL, 0);
	while (list_length(jobs) < limit &&
	       index_getnext_slot(scan, ForwardScanDirection, slot))
	{
		Job *job;
		bool null;

		CHECK_FOR_INTERRUPTS();
		if (place != NULL)
		{
			place->begun = true;
			place->priority = DatumGetInt32(slot_getattr(slot, JOB_PRIORITY, &null));
			place->seq = DatumGetInt64(slot_getattr(slot, JOB_SEQ, &null));
		}
		job = pm_jobs_make_job(run, slot, only_without_key);
		if (job != NULL && (!lock || pm_jobs_take_job(run, job, snapshot)))
			jobs = lappend(jobs, job);
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	return jobs;
}

/*
 * Claims up to limit jobs in order of priority and seq, from the place on.  The
 * keys before the priority's column are given; the index has priority descending
 * at that column and seq after it.
 */
static List *
claim_in_order(JobRun *run, Relation index, ScanKeyData *keys, int nkeys, int limit,
               bool only_without_key, ScanPlace *place)
{
	Snapshot snapshot = RegisterSnapshot(GetTransactionSnapshot());
	List *jobs = NIL;

	if (place->begun)
	{
		/* the rest of this priority, then the lower ones */
		int32 priority = place->priority;

		pm_jobs_set_key(&keys[nkeys], nkeys + 1, BTEqualStrategyNumber, F_INT4EQ,
		                Int32GetDatum(priority));
		pm_jobs_set_key(&keys[nkeys + 1], nkeys + 2, BTGreaterStrategyNumber, F_INT8GT,
		                Int64GetDatum(place->seq));
		jobs = scan_jobs(run, index, keys, nkeys + 2, snapshot, limit, true,
		                 only_without_key, place);
		if (list_length(jobs) < limit)
		{
			pm_jobs_set_key(&keys[nkeys], nkeys + 1, BTLessStrategyNumber, F_INT4LT,
			                Int32GetDatum(priority));
			jobs = list_concat(jobs, scan_jobs(run, index, keys, nkeys + 1, snapshot,
			                                   limit - list_length(jobs), true,
			                                   only_without_key, place));
		}
	}
	else
		jobs = scan_jobs(run, index, keys, nkeys, snapshot, limit, true, only_without_key,
		                 place);
	UnregisterSnapshot(snapshot);
	return jobs;
}

/*
 * The next key in line after one (NULL: the first) that has a ready job which
 * this run may run; NULL if there is none.
 */
static char *
next_key(JobRun *run, Relation index, Queue *queue, const char *after)
{
	Snapshot snapshot = RegisterSnapshot(GetTransactionSnapshot());
	ScanKeyData keys[2];
	int nkeys = 1;
	List *found;
	char *key = NULL;

	pm_jobs_set_key(&keys[0], 1, BTEqualStrategyNumber, F_TEXTEQ,
	                CStringGetTextDatum(queue->name));
	if (after != NULL)
	{
		pm_jobs_set_key(&keys[1], 2, BTGreaterStrategyNumber, F_TEXT_GT,
		                CStringGetTextDatum(after));
		nkeys = 2;
	}
	found = scan_jobs(run, index, keys, nkeys, snapshot, 1, false, false, NULL);
	if (found != NIL)
	{
		Job *job = linitial(found);
		bool null;
		Datum value =
		    heap_getattr(job->row, JOB_LIMIT_KEY, RelationGetDescr(run->jobs), &null);

		key = TextDatumGetCString(value);
	}
	UnregisterSnapshot(snapshot);
	return key;
}

/*
 * The next key in the index after one (NULL: the first), whether a job of it can
 * still be seen or not; NULL if there is none.  A worker knows how far each key has
 * been claimed and need not pass its dead entries to reach the next one.
 */
static char *
next_key_of_any(JobRun *run, Relation index, Queue *queue, const char *after)
{
	Snapshot snapshot = RegisterSnapshot(GetTransactionSnapshot());
	IndexScanDesc scan;
	ScanKeyData keys[2];
	char *key = NULL;

	pm_jobs_set_key(&keys[0], 1, BTEqualStrategyNumber, F_TEXTEQ,
	                CStringGetTextDatum(queue->name));
	if (after != NULL)
		pm_jobs_set_key(&keys[1], 2, BTGreaterStrategyNumber, F_TEXT_GT,
		                CStringGetTextDatum(after));
	scan = index_beginscan(run->jobs, index, snapshot, after ? 2 : 1, 0);
	scan->xs_want_itup = true;
	index_rescan(scan, keys, after ? 2 : 1, NULL, 0);
	if (index_getnext_tid(scan, ForwardScanDirection) != NULL)
	{
		bool null;
		Datum value = index_getattr(scan->xs_itup, 2, scan->xs_itupdesc, &null);

		key = TextDatumGetCString(value);
	}
	index_endscan(scan);
	UnregisterSnapshot(snapshot);
	return key;
}

/*
 * Claims the next job of a key whose slot is ours, from where the last one was claimed;
 * keys are queue and key.
 */
static List *
claim_next(JobRun *run, Relation index, Queue *queue, const char *key, ScanKeyData *keys)
{
	char name[PLACE_KEY];
	KeyPlace *place;
	ScanPlace before = {false};
	bool blocked = run->blocked;
	bool found;
	List *jobs;

	if (strlen(key) >= PLACE_KEY)
		return claim_in_order(run, index, keys, 2, 1, false, &before);
	if (queue->keys == NULL)
	{
		HASHCTL info = {
		    .keysize = PLACE_KEY, .entrysize = sizeof(KeyPlace), .hcxt = run->pass};

		queue->keys =
		    hash_create("pm_jobs keys", 64, &info, HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
	}
	strlcpy(name, key, PLACE_KEY);
	place = hash_search(queue->keys, name, HASH_ENTER, &found);
	if (!found)
		memset(&place->place, 0, sizeof(ScanPlace));
	before = place->place;
	run->blocked = false;
	jobs = claim_in_order(run, index, keys, 2, 1, false, &place->place);
	if (run->worker && run->blocked)
		place->place = before; /* one that was passed over comes first again */
	if (!place->place.begun)
		(void) hash_search(queue->keys, name, HASH_REMOVE, NULL); /* nothing to remember */
	run->blocked = run->blocked || blocked;
	return jobs;
}

/* Claims one job of the key, if a slot and a job of it are free. */
static List *
claim_of_key(JobRun *run, Relation index, Queue *queue, const char *key)
{
	int limit = queue->ordered ? 1 : queue->key_concurrency;
	ScanKeyData keys[4];
	List *jobs;

	if (!run->outside && run->key_slots >= MAX_KEY_SLOTS)
		return NIL;
	if (limit > 0 && !pm_jobs_take_slot(queue->name, key, limit))
	{
		run->blocked = true;
		return NIL;
	}
	pm_jobs_set_key(&keys[0], 1, BTEqualStrategyNumber, F_TEXTEQ,
	                CStringGetTextDatum(queue->name));
	pm_jobs_set_key(&keys[1], 2, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(key));
	jobs = queue->ordered ? pm_jobs_claim_head(run, keys)
	                      : claim_next(run, index, queue, key, keys);
	if (limit > 0 && jobs == NIL)
		pm_jobs_give_slot_back(); /* or many keys without a job would fill the lock table */
	else if (limit > 0)
		run->key_slots++;
	return jobs;
}

/*
 * Keys take turns: claims one job of the first key after the last one served
 * that has a job and a free slot.
 */
List *
pm_jobs_claim_by_turns(JobRun *run, Queue *queue)
{
	Relation index = index_open(pm_jobs_index(run, "_job_key"), AccessShareLock);
	char *start = queue->last_key ? pstrdup(queue->last_key) : NULL;
	char *key = start;
	bool wrapped = start == NULL;
	List *jobs = NIL;

	while (jobs == NIL)
	{
		CHECK_FOR_INTERRUPTS();
		key = run->worker ? next_key_of_any(run, index, queue, key)
		                  : next_key(run, index, queue, key);
		if (key == NULL)
		{
			if (wrapped)
				break;
			wrapped = true;
			continue;
		}
		jobs = claim_of_key(run, index, queue, key);
		if (jobs != NIL)
			pm_jobs_set_last_key(run, queue, key);
		else if (wrapped && start != NULL && strcmp(key, start) == 0)
			break;
	}
	index_close(index, AccessShareLock);
	return jobs;
}

/*
 * Claims the next jobs of a queue, at most limit, fewer where limits say so.
 * An empty list sets queue->exhausted.  The caller takes care of tokens.
 */
List *
pm_jobs_claim(JobRun *run, Queue *queue, int limit)
{
	MemoryContext old = MemoryContextSwitchTo(run->batch);
	List *jobs = NIL;

	if (pm_jobs_take_slot(queue->name, NULL, queue->concurrency))
	{
		if (pm_jobs_has_turns(queue))
			jobs = pm_jobs_claim_by_turns(run, queue);
		if (jobs == NIL && !queue->ordered)
		{
			Relation index = index_open(pm_jobs_index(run, "_job_ready"), AccessShareLock);
			ScanKeyData keys[3];

			pm_jobs_set_key(&keys[0], 1, BTEqualStrategyNumber, F_TEXTEQ,
			                CStringGetTextDatum(queue->name));
			jobs = claim_in_order(run, index, keys, 1, limit, pm_jobs_has_turns(queue),
			                      &queue->place);
			index_close(index, AccessShareLock);
		}
	}
	queue->exhausted = jobs == NIL;
	MemoryContextSwitchTo(old);
	return jobs;
}

/*
 * Locks a job again in a later transaction of the session that has it under way
 * and reads its row.  False if it is gone.
 */
bool
pm_jobs_claim_again(JobRun *run, Job *job)
{
	Datum value = Int64GetDatum(job->id);
	bool found;

	SPI_connect();
	found = pm_jobs_query(run, &again_statements[run->worker], &value, NULL, 1) == 1;
	if (found)
	{
		bool null;

		job->tid = *(ItemPointer) DatumGetPointer(
		    SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &null));
	}
	SPI_finish();
	return found;
}
