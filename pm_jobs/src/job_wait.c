/*
 * job_wait.c - wait(), and what is running
 *
 * A waiter looks at the tables, each time with a new snapshot, and sleeps on its
 * latch in between: 1 ms at first, twice as long each time, 100 ms at most.
 */
#include "pm_jobs_shared.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/multixact.h"
#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "access/xlog_internal.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/bufmgr.h"
#include "storage/latch.h"
#include "storage/procarray.h"
#include "utils/timestamp.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#define LONGEST_NAP_MS 100

static JobStatement look_statement = {
    .sql =
        "SELECT j.enqueued_by, NULL::text, j.xmin FROM pm_jobs._job AS j WHERE j.id = $1 "
        "UNION ALL SELECT f.enqueued_by, f.status, NULL FROM pm_jobs._finished AS f WHERE f.id = $1",
    .nargs = 1,
    .types = {INT8OID},
    .latest = true};

/*
 * The status of a finished job in the caller's memory; NULL while it is not
 * finished.  Throws if there is none that the caller may see, or if this
 * transaction enqueued it.
 */
static char *
look(JobRun *run, int64 id)
{
	MemoryContext old = CurrentMemoryContext;
	Datum value = Int64GetDatum(id);
	char *status = NULL;
	Oid role;
	bool null;

	/* the newest snapshot, also in a transaction that reads with its first one */
	PushActiveSnapshot(GetLatestSnapshot());
	SPI_connect();
	if (pm_jobs_query(run, &look_statement, &value, NULL, 1) == 1)
	{
		HeapTuple row = SPI_tuptable->vals[0];
		TupleDesc desc = SPI_tuptable->tupdesc;
		Datum xmin;

		role = DatumGetObjectId(SPI_getbinval(row, desc, 1, &null));
		if (SPI_getvalue(row, desc, 2) != NULL)
			status = MemoryContextStrdup(old, SPI_getvalue(row, desc, 2));
		xmin = SPI_getbinval(row, desc, 3, &null);
		if (!null && TransactionIdIsCurrentTransactionId(DatumGetTransactionId(xmin)))
			ereport(
			    ERROR,
			    (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			     errmsg("job " INT64_FORMAT " was enqueued or changed by this transaction",
			            id),
			     errhint("Nobody can run it before the transaction ends: commit first.")));
		if (run->all_roles || has_privs_of_role(run->caller, role))
		{
			SPI_finish();
			PopActiveSnapshot();
			return status;
		}
	}
	ereport(ERROR,
	        (errcode(ERRCODE_UNDEFINED_OBJECT),
	         errmsg("job " INT64_FORMAT " does not exist", id),
	         errhint("It may belong to another role, or its queue's retention is over.")));
	return NULL;
}

/* Waits until all that has been written to the WAL is on disk. */
static void
flush_all(void)
{
	XLogRecPtr end = GetXLogInsertRecPtr();

	/* the next record would begin behind a page's header, which nobody has written yet */
	if (XLogSegmentOffset(end, wal_segment_size) == SizeOfXLogLongPHD ||
	    end % XLOG_BLCKSZ == SizeOfXLogShortPHD)
		end -= end % XLOG_BLCKSZ;
	XLogFlush(end);
}

PG_FUNCTION_INFO_V1(pm_jobs_wait);

/* wait(id, timeout): the status of a job once it is finished; NULL after the timeout. */
Datum
pm_jobs_wait(PG_FUNCTION_ARGS)
{
	int64 id = PG_GETARG_INT64(0);
	Interval *timeout = PG_GETARG_INTERVAL_P(1);
	TimestampTz end = DatumGetTimestampTz(DirectFunctionCall2(
	    timestamptz_pl_interval, TimestampTzGetDatum(GetCurrentTimestamp()),
	    IntervalPGetDatum(timeout)));
	JobRun run;
	long nap = 1;
	char *status;

	pm_jobs_begin_look(&run);
	while ((status = look(&run, id)) == NULL)
	{
		long left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), end);

		if (left <= 0)
			break;
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
		                 Min(nap, left), PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		nap = Min(nap * 2, LONGEST_NAP_MS);
	}
	pm_jobs_end_look(&run);
	if (status == NULL)
		PG_RETURN_NULL();
	/* a worker may not have waited for the disk yet */
	if (pm_jobs_shared != NULL && !RecoveryInProgress())
		flush_all();
	PG_RETURN_TEXT_P(cstring_to_text(status));
}

/*
 * Has a live transaction other than ours claimed the row, or deleted it after
 * running it?  Weaker locks are not claims.
 */
static bool
is_claimed(HeapTupleHeader header)
{
	TransactionId xmax = HeapTupleHeaderGetRawXmax(header);
	uint16 mask = header->t_infomask;
	MultiXactMember *members;
	int count;
	bool claimed = false;

	if ((mask & HEAP_XMAX_INVALID) || !TransactionIdIsValid(xmax))
		return false;
	if (!(mask & HEAP_XMAX_IS_MULTI))
		return !HEAP_XMAX_IS_SHR_LOCKED(mask) && !HEAP_XMAX_IS_KEYSHR_LOCKED(mask) &&
		       !TransactionIdIsCurrentTransactionId(xmax) &&
		       TransactionIdIsInProgress(xmax);
	count = GetMultiXactIdMembers(xmax, &members, false, HEAP_XMAX_IS_LOCKED_ONLY(mask));
	for (int i = 0; i < count; i++)
		claimed = claimed || (members[i].status >= MultiXactStatusForNoKeyUpdate &&
		                      !TransactionIdIsCurrentTransactionId(members[i].xid) &&
		                      TransactionIdIsInProgress(members[i].xid));
	return claimed;
}

/*
 * Does a live transaction other than ours hold the row of _job to run it?  A
 * runner claims some jobs ahead; they count.  Sets the job's id, 0 if there is no
 * row, and whether an attempt of it is on record.
 */
static bool
look_at_row(ItemPointer row, int64 *id, bool *started)
{
	Oid table = get_relname_relid("_job", get_namespace_oid("pm_jobs", false));
	Relation jobs = table_open(table, AccessShareLock);
	HeapTupleData tuple;
	Buffer buffer;
	bool claimed = false;

	*id = 0;
	*started = false;
	tuple.t_self = *row;
	if (ItemPointerIsValid(&tuple.t_self) &&
	    ItemPointerGetBlockNumber(&tuple.t_self) < RelationGetNumberOfBlocks(jobs) &&
	    heap_fetch(jobs, SnapshotAny, &tuple, &buffer, false))
	{
		TupleDesc desc = RelationGetDescr(jobs);
		bool null;

		*id = DatumGetInt64(heap_getattr(&tuple, JOB_ID, desc, &null));
		(void) heap_getattr(&tuple, JOB_STARTED_AT, desc, &null);
		*started = !null;
		LockBuffer(buffer, BUFFER_LOCK_SHARE);
		claimed = is_claimed(tuple.t_data);
		LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
		ReleaseBuffer(buffer);
	}
	table_close(jobs, AccessShareLock);
	return claimed;
}

/* Does a live transaction other than ours hold the row of _job to run it? */
bool
pm_jobs_row_is_claimed(ItemPointer row)
{
	int64 id;
	bool started;

	return look_at_row(row, &id, &started);
}

PG_FUNCTION_INFO_V1(pm_jobs__is_running);

/*
 * _is_running(ctid of a row of _job): is its handler running, in this session or
 * another, or has a worker claimed it?
 */
Datum
pm_jobs__is_running(PG_FUNCTION_ARGS)
{
	int64 id;
	bool started;
	bool running = look_at_row((ItemPointer) PG_GETARG_POINTER(0), &id, &started);

	running =
	    running || (id != 0 && (id == pm_jobs_running_id() || pm_jobs_is_claimed(id) ||
	                            (started && pm_jobs_job_is_taken(id))));
	PG_RETURN_BOOL(running);
}

PG_FUNCTION_INFO_V1(pm_jobs__is_under_way);

/*
 * _is_under_way(id): is this session running the job, or does one have an attempt
 * with outside effects of it under way?
 */
Datum
pm_jobs__is_under_way(PG_FUNCTION_ARGS)
{
	int64 id = PG_GETARG_INT64(0);

	PG_RETURN_BOOL(id == pm_jobs_running_id() || pm_jobs_job_is_taken(id));
}
