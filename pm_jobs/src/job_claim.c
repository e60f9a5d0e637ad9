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
 * next pass.  Where keys take turns see job_turns.c.
 */
#include "pm_jobs_shared.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

/* Workers need no lock: the job is claimed. */
static JobStatement again_statements[] = {
    {.sql = "SELECT ctid FROM pm_jobs._job WHERE id = $1 FOR NO KEY UPDATE",
     .nargs = 1,
     .types = {INT8OID}                                                                                    },
    {.sql = "SELECT ctid FROM pm_jobs._job WHERE id = $1",                   .nargs = 1, .types = {INT8OID}}
};

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
List *
pm_jobs_scan(JobRun *run, Relation index, ScanKey keys, int nkeys, Snapshot snapshot,
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
List *
pm_jobs_claim_in_order(JobRun *run, Relation index, ScanKeyData *keys, int nkeys, int limit,
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
		jobs = pm_jobs_scan(run, index, keys, nkeys + 2, snapshot, limit, true,
		                    only_without_key, place);
		if (list_length(jobs) < limit)
		{
			pm_jobs_set_key(&keys[nkeys], nkeys + 1, BTLessStrategyNumber, F_INT4LT,
			                Int32GetDatum(priority));
			jobs = list_concat(jobs, pm_jobs_scan(run, index, keys, nkeys + 1, snapshot,
			                                      limit - list_length(jobs), true,
			                                      only_without_key, place));
		}
	}
	else
		jobs = pm_jobs_scan(run, index, keys, nkeys, snapshot, limit, true,
		                    only_without_key, place);
	UnregisterSnapshot(snapshot);
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
			jobs = pm_jobs_claim_in_order(run, index, keys, 1, limit,
			                              pm_jobs_has_turns(queue), &queue->place);
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
