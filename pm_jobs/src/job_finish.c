/*
 * job_finish.c - the end of an attempt: finished, scheduled again, dead
 *
 * Success is the common case: without a plan a row of _finished is inserted in the
 * job's own subtransaction, and the one of _job deleted right after it.  That row
 * must still be the one that was claimed; otherwise (the handler changed it) the
 * subtransaction is undone and the attempt has failed.  Failures go through SQL.
 */
#include "pm_jobs_module.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

/* Columns of pm_jobs._finished. */
enum
{
	FINISHED_ID = 1,
	FINISHED_QUEUE,
	FINISHED_KIND,
	FINISHED_PAYLOAD,
	FINISHED_PRIORITY,
	FINISHED_RUN_AT,
	FINISHED_DEDUP_KEY,
	FINISHED_DEDUP_RUNNING,
	FINISHED_LIMIT_KEY,
	FINISHED_MAX_ATTEMPTS,
	FINISHED_ATTEMPTS,
	FINISHED_EARLIER_ATTEMPTS,
	FINISHED_CRASHES,
	FINISHED_ENQUEUED_BY,
	FINISHED_ENQUEUED_AT,
	FINISHED_STARTED_AT,
	FINISHED_FINISHED_AT,
	FINISHED_STATUS,
	FINISHED_RESULT,
	FINISHED_LAST_ERROR,
	FINISHED_COLUMNS = FINISHED_LAST_ERROR
};

/* Columns that are copied: of _finished, of _job. */
static const AttrNumber copied[][2] = {
    {FINISHED_ID,               JOB_ID              },
    {FINISHED_QUEUE,            JOB_QUEUE           },
    {FINISHED_KIND,             JOB_KIND            },
    {FINISHED_PAYLOAD,          JOB_PAYLOAD         },
    {FINISHED_PRIORITY,         JOB_PRIORITY        },
    {FINISHED_RUN_AT,           JOB_RUN_AT          },
    {FINISHED_DEDUP_KEY,        JOB_DEDUP_KEY       },
    {FINISHED_DEDUP_RUNNING,    JOB_DEDUP_RUNNING   },
    {FINISHED_LIMIT_KEY,        JOB_LIMIT_KEY       },
    {FINISHED_MAX_ATTEMPTS,     JOB_MAX_ATTEMPTS    },
    {FINISHED_EARLIER_ATTEMPTS, JOB_EARLIER_ATTEMPTS},
    {FINISHED_CRASHES,          JOB_CRASHES         },
    {FINISHED_ENQUEUED_BY,      JOB_ENQUEUED_BY     },
    {FINISHED_ENQUEUED_AT,      JOB_ENQUEUED_AT     },
    {FINISHED_LAST_ERROR,       JOB_LAST_ERROR      },
};

/* A partition of _finished, ready to be inserted into. */
struct FinishTarget
{
	int64 number; /* of the partition */
	EState *estate;
	ResultRelInfo *relation;
	TupleTableSlot *slot;
	Datum succeeded; /* the status */
};

static JobStatement attempt_statement = {
    .sql =
        "INSERT INTO pm_jobs._attempts (job_id, attempt, started_at, finished_at, outcome, "
        "sqlstate, message, detail, hint, context, pid) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, pg_catalog.pg_backend_pid())",
    .nargs = 10,
    .types = {INT8OID, INT4OID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID, TEXTOID, TEXTOID,
              TEXTOID, TEXTOID, TEXTOID}
};

/* The same for an attempt whose start is on record; it keeps that time. */
static JobStatement close_statement = {
    .sql = "UPDATE pm_jobs._attempts SET finished_at = $4, outcome = $5, sqlstate = $6, "
           "message = $7, detail = $8, hint = $9, context = $10 "
           "WHERE job_id = $1 AND attempt = $2 AND started_at <= $3",
    .nargs = 10,
    .types = {INT8OID, INT4OID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID, TEXTOID, TEXTOID,
              TEXTOID, TEXTOID, TEXTOID}
};

/* The wait grows with the attempts; a tenth more or less keeps retries apart. */
static JobStatement retry_statement = {
    .sql =
        "UPDATE pm_jobs._job AS j SET attempts = $2, last_error = $3, started_at = NULL, "
        "run_at = $4 + q.backoff[least($2, pg_catalog.cardinality(q.backoff))] "
        "* (0.9 + pg_catalog.random() / 5) "
        "FROM pm_jobs._queues AS q WHERE j.id = $1 AND q.name = j.queue",
    .nargs = 4,
    .types = {INT8OID, INT4OID, TEXTOID, TIMESTAMPTZOID}
};

/* The job ends in the status given; without an error it keeps its last one. */
static JobStatement finish_statement = {
    .sql =
        "WITH gone AS (DELETE FROM pm_jobs._job WHERE id = $1 RETURNING *) "
        "INSERT INTO pm_jobs._finished (id, queue, kind, payload, priority, run_at, dedup_key, "
        "dedup_running, limit_key, max_attempts, attempts, earlier_attempts, crashes, enqueued_by, "
        "enqueued_at, started_at, finished_at, status, last_error) "
        "SELECT id, queue, kind, payload, priority, run_at, dedup_key, dedup_running, limit_key, "
        "max_attempts, $2, earlier_attempts, crashes, enqueued_by, enqueued_at, $5, $4, $6, "
        "coalesce($3, last_error) FROM gone",
    .nargs = 6,
    .types = {INT8OID, INT4OID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID}
};

static JobStatement start_statement = {
    .sql = "UPDATE pm_jobs._job SET attempts = $2, started_at = $3 WHERE id = $1",
    .nargs = 3,
    .types = {INT8OID, INT4OID, TIMESTAMPTZOID}
};

static JobStatement started_statement = {
    .sql = "INSERT INTO pm_jobs._attempts (job_id, attempt, started_at, pid) "
           "VALUES ($1, $2, $3, pg_catalog.pg_backend_pid())",
    .nargs = 3,
    .types = {INT8OID, INT4OID, TIMESTAMPTZOID}
};

static JobStatement end_statement = {
    .sql = "UPDATE pm_jobs._attempts SET finished_at = $3, outcome = 'succeeded' "
           "WHERE job_id = $1 AND attempt = $2",
    .nargs = 3,
    .types = {INT8OID, INT4OID, TIMESTAMPTZOID}
};

static JobStatement partition_statement = {
    .sql = "SELECT pm_jobs._add_partitions($1)", .nargs = 1, .types = {INT8OID}};

/*
 * Opens the partition of a table that holds the id, for inserting: it stays until
 * the end of the transaction.  Made if it is missing: retention drops what is old
 * without waiting for jobs that are still unfinished, also between a look and the
 * lock.
 */
static Relation
open_partition(JobRun *run, const char *table, int64 id)
{
	char *name = psprintf("%s_" INT64_FORMAT, table, id / PARTITION_IDS);
	Relation partition = NULL;

	while (partition == NULL)
	{
		Oid oid = get_relname_relid(name, RelationGetNamespace(run->jobs));

		CHECK_FOR_INTERRUPTS();
		if (!OidIsValid(oid))
		{
			Datum value = Int64GetDatum(id);

			SPI_connect();
			pm_jobs_query(run, &partition_statement, &value, NULL, 0);
			SPI_finish();
			oid = get_relname_relid(name, RelationGetNamespace(run->jobs));
		}
		if (!OidIsValid(oid))
			elog(ERROR, "partition pm_jobs.%s was not made", name);
		partition = try_table_open(oid, RowExclusiveLock);
	}
	pfree(name);
	return partition;
}

/* Makes sure that the partition of a table that holds the id is there and stays. */
static void
keep_partition(JobRun *run, const char *table, int64 id)
{
	table_close(open_partition(run, table, id), NoLock);
}

/* A job that changed under its handler is a failed attempt. */
static void
report_changed(const Job *job)
{
	ereport(ERROR,
	        (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
	         errmsg("job " INT64_FORMAT " was changed while its handler ran", job->id),
	         errhint("A handler must not cancel or change its own job.")));
}

/* Opens the partition that holds the id, for the current resource owner. */
void
pm_jobs_open_target(JobRun *run, int64 id)
{
	MemoryContext old = MemoryContextSwitchTo(run->batch);
	FinishTarget *target = palloc0(sizeof(FinishTarget));
	int64 number = id / PARTITION_IDS;
	Relation relation = open_partition(run, "_finished", id);

	if (RelationGetDescr(relation)->natts != FINISHED_COLUMNS)
		elog(ERROR, "table pm_jobs.%s has %d columns, not %d",
		     RelationGetRelationName(relation), RelationGetDescr(relation)->natts,
		     FINISHED_COLUMNS);
	target->number = number;
	target->estate = CreateExecutorState();
	target->relation = makeNode(ResultRelInfo);
	InitResultRelInfo(target->relation, relation, 0, NULL, 0);
	ExecOpenIndices(target->relation, false);
	target->slot = table_slot_create(relation, NULL);
	target->succeeded = CStringGetTextDatum("succeeded");
	run->target = target;
	MemoryContextSwitchTo(old);
}

/* Closes what pm_jobs_open_target() opened. */
void
pm_jobs_close_target(JobRun *run)
{
	FinishTarget *target = run->target;

	ExecDropSingleTupleTableSlot(target->slot);
	ExecCloseIndices(target->relation);
	table_close(target->relation->ri_RelationDesc, NoLock);
	FreeExecutorState(target->estate);
	run->target = NULL;
}

/* Fills a slot of the open partition with the row of a finished job. */
static void
fill_finished(JobRun *run, const Job *job, TupleTableSlot *slot)
{
	Datum row[JOB_COLUMNS];
	bool nulls[JOB_COLUMNS];

	heap_deform_tuple(job->row, RelationGetDescr(run->jobs), row, nulls);
	ExecClearTuple(slot);
	for (int i = 0; i < lengthof(copied); i++)
	{
		slot->tts_values[copied[i][0] - 1] = row[copied[i][1] - 1];
		slot->tts_isnull[copied[i][0] - 1] = nulls[copied[i][1] - 1];
	}
#define SET_COLUMN(column, datum, null) \
	(slot->tts_values[(column) -1] = (datum), slot->tts_isnull[(column) -1] = (null))
	SET_COLUMN(FINISHED_ATTEMPTS, Int32GetDatum(job->attempt), false);
	SET_COLUMN(FINISHED_STARTED_AT, TimestampTzGetDatum(job->started_at), false);
	SET_COLUMN(FINISHED_FINISHED_AT, TimestampTzGetDatum(job->finished_at), false);
	SET_COLUMN(FINISHED_STATUS, run->target->succeeded, false);
	SET_COLUMN(FINISHED_RESULT, job->result, !job->has_result);
#undef SET_COLUMN
	ExecStoreVirtualTuple(slot);
}

/* Is the claimed row as it was, but for locks? */
static bool
is_unchanged(JobRun *run, const Job *job)
{
	HeapTupleData tuple;
	Buffer buffer;
	bool unchanged;

	tuple.t_self = job->tid;
	if (!heap_fetch(run->jobs, SnapshotAny, &tuple, &buffer, false))
		return false;
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	unchanged = HeapTupleHeaderIsOnlyLocked(tuple.t_data);
	LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
	ReleaseBuffer(buffer);
	return unchanged;
}

/* The attempt with outside effects that is on record has succeeded. */
static void
end_attempt(JobRun *run, const Job *job)
{
	Datum values[3] = {Int64GetDatum(job->id),
	                   Int32GetDatum(job->earlier_attempts + job->attempt),
	                   TimestampTzGetDatum(job->finished_at)};

	(void) pm_jobs_query_once(run, &end_statement, values, NULL);
}

/*
 * The handler returned: what must fail with it if it fails.  Called in the job's
 * subtransaction; throws unless the claimed row is there to be deleted.
 */
void
pm_jobs_succeed(JobRun *run, Job *job, bool has_result, Datum result)
{
	FinishTarget *batch_target = run->target;

	if (!is_unchanged(run, job))
		report_changed(job);
	if (batch_target->number != job->id / PARTITION_IDS)
		pm_jobs_open_target(run, job->id);
	job->has_result = has_result;
	job->result = result;
	job->finished_at = GetCurrentTimestamp();
	fill_finished(run, job, run->target->slot);
	ExecSimpleRelationInsert(run->target->relation, run->target->estate, run->target->slot);
	ResetPerTupleExprContext(run->target->estate);
	if (run->target != batch_target)
	{
		pm_jobs_close_target(run);
		run->target = batch_target;
	}
	if (job->outside)
		end_attempt(run, job);
}

/* Inserts the rows in the slots into the open partition, and clears them. */
static void
insert_slots(JobRun *run, TupleTableSlot **slots, int n)
{
	FinishTarget *target = run->target;

	if (n == 0)
		return;
	PushActiveSnapshot(GetTransactionSnapshot()); /* for what is stored out of line */
	table_multi_insert(target->relation->ri_RelationDesc, slots, n,
	                   GetCurrentCommandId(true), 0, NULL);
	for (int i = 0; i < n; i++)
	{
		(void) ExecInsertIndexTuples(target->relation, slots[i], target->estate, false,
		                             false, NULL, NIL);
		ResetPerTupleExprContext(target->estate);
		ExecDropSingleTupleTableSlot(slots[i]);
	}
	PopActiveSnapshot();
}

/*
 * The end of a worker's batch: moves those that succeeded to _finished.  Throws if
 * the row of one is not as it was claimed; everything must then be undone.
 */
void
pm_jobs_succeed_all(JobRun *run, List *jobs)
{
	TupleTableSlot **slots = palloc(list_length(jobs) * sizeof(TupleTableSlot *));
	ListCell *cell;
	int n = 0;

	LockRelationOid(RelationGetRelid(run->jobs), RowExclusiveLock);
	foreach (cell, jobs)
	{
		Job *job = lfirst(cell);

		if (!job->succeeded)
			continue;
		if (run->target == NULL || run->target->number != job->id / PARTITION_IDS)
		{
			if (run->target != NULL)
			{
				insert_slots(run, slots, n);
				n = 0;
				pm_jobs_close_target(run);
			}
			pm_jobs_open_target(run, job->id);
		}
		slots[n] = table_slot_create(run->target->relation->ri_RelationDesc, NULL);
		fill_finished(run, job, slots[n]);
		n++;
		if (job->outside)
			end_attempt(run, job);
	}
	if (run->target != NULL)
	{
		insert_slots(run, slots, n);
		pm_jobs_close_target(run);
	}
	foreach (cell, jobs)
	{
		Job *job = lfirst(cell);

		if (!job->succeeded)
			continue;
		if (!is_unchanged(run, job))
			report_changed(job);
		pm_jobs_delete(run, job);
	}
	pfree(slots);
}

/*
 * Deletes the row of a job whose subtransaction is part of the transaction now.
 * The transaction that holds the lock deletes: a subtransaction of it would need
 * a multixact for each job.
 */
void
pm_jobs_delete(JobRun *run, const Job *job)
{
	TM_FailureData failure;
	ItemPointerData tid = job->tid;
	TM_Result result;

	PushActiveSnapshot(GetTransactionSnapshot()); /* for what is stored out of line */
	result =
	    table_tuple_delete(run->jobs, &tid, GetCurrentCommandId(true), GetActiveSnapshot(),
	                       InvalidSnapshot, true, &failure, false);
	PopActiveSnapshot();
	if (result != TM_Ok)
		report_changed(job);
}

/*
 * Records how an attempt ended that did not succeed.  error is NULL if its process
 * died.  Within SPI_connect().
 */
static void
record_attempt(JobRun *run, const Job *job, const char *outcome, const char *message,
               const ErrorData *error, TimestampTz now)
{
	Datum values[10];
	char nulls[] = "          ";

	values[0] = Int64GetDatum(job->id);
	values[1] = Int32GetDatum(job->earlier_attempts + job->attempt);
	values[2] = TimestampTzGetDatum(job->started_at);
	values[3] = TimestampTzGetDatum(now);
	values[4] = CStringGetTextDatum(outcome);
	values[6] = CStringGetTextDatum(message);
	nulls[5] = nulls[7] = nulls[8] = nulls[9] = 'n';
#define SET_TEXT(column, text)                      \
	if (error != NULL && (text) != NULL)            \
	{                                               \
		values[column] = CStringGetTextDatum(text); \
		nulls[column] = ' ';                        \
	}
	SET_TEXT(5, unpack_sql_state(error->sqlerrcode));
	SET_TEXT(7, error->detail);
	SET_TEXT(8, error->hint);
	SET_TEXT(9, error->context);
#undef SET_TEXT
	if (!(job->outside || job->crashed) ||
	    pm_jobs_query(run, &close_statement, values, nulls, 0) == 0)
		pm_jobs_query(run, &attempt_statement, values, nulls, 0);
}

/*
 * The attempt failed with this error, or its process died (NULL): records it, and
 * the job is scheduled again or dead.
 */
void
pm_jobs_fail(JobRun *run, Job *job, const ErrorData *error)
{
	TimestampTz now = GetCurrentTimestamp();
	const char *message =
	    error ? error->message : "the process that ran this attempt ended";
	bool again = job->attempt < job->max_attempts;
	Datum values[6];

	if (message == NULL)
		message = "missing error text";
	keep_partition(run, "_attempts", job->id);
	if (!again)
		keep_partition(run, "_finished", job->id);
	SPI_connect();
	record_attempt(run, job, error ? "failed" : "crashed", message, error, now);

	values[0] = Int64GetDatum(job->id);
	values[1] = Int32GetDatum(job->attempt);
	values[2] = CStringGetTextDatum(message);
	values[3] = TimestampTzGetDatum(now);
	values[4] = TimestampTzGetDatum(job->started_at);
	values[5] = CStringGetTextDatum("dead");
	if (pm_jobs_query(run, again ? &retry_statement : &finish_statement, values, NULL, 0) !=
	    1)
		report_changed(job);
	SPI_finish();
}

/*
 * The job was cancelled: while its handler ran, which ended with this error, or
 * before that began (NULL).
 */
void
pm_jobs_cancel_job(JobRun *run, Job *job, const ErrorData *error)
{
	TimestampTz now = GetCurrentTimestamp();
	bool counted = error != NULL || job->outside || job->crashed;
	const char *message = "the job was cancelled before its handler was called";
	Datum values[6];
	char nulls[] = "  n   ";

	if (error != NULL)
		message = error->message ? error->message : "missing error text";
	else if (job->crashed)
		message = "the process that ran this attempt ended";
	keep_partition(run, "_finished", job->id);
	if (counted)
		keep_partition(run, "_attempts", job->id);
	SPI_connect();
	if (counted)
		record_attempt(run, job, job->crashed ? "crashed" : "cancelled", message, error,
		               now);

	values[0] = Int64GetDatum(job->id);
	values[1] = Int32GetDatum(counted ? job->attempt : job->attempt - 1);
	values[3] = TimestampTzGetDatum(now);
	values[4] = TimestampTzGetDatum(job->started_at);
	nulls[4] = counted ? ' ' : 'n';
	values[5] = CStringGetTextDatum("cancelled");
	if (pm_jobs_query(run, &finish_statement, values, nulls, 0) != 1)
		report_changed(job);
	SPI_finish();
}

/* An attempt with outside effects begins: what the next transaction may not lose. */
void
pm_jobs_start_attempt(JobRun *run, Job *job)
{
	Datum values[3];

	job->started_at = GetCurrentTimestamp();
	values[0] = Int64GetDatum(job->id);
	values[1] = Int32GetDatum(job->attempt);
	values[2] = TimestampTzGetDatum(job->started_at);
	keep_partition(run, "_attempts", job->id);
	SPI_connect();
	pm_jobs_query(run, &start_statement, values, NULL, 0);
	values[1] = Int32GetDatum(job->earlier_attempts + job->attempt);
	pm_jobs_query(run, &started_statement, values, NULL, 0);
	SPI_finish();
}
