/*
 * lane_due.c - the jobs of a queue that have become due
 *
 * They are looked for from the time up to which every job that was due is ready, by
 * one worker at a time; reports lower the floor meanwhile as they do for places.
 */
#include "lane.h"

#include "access/genam.h"
#include "access/tableam.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

/* Due jobs made ready at once. */
#define PROMOTE_MAX     1000
/* When a locked row is tried again. */
#define LOCKED_AGAIN_US 100000

static JobStatement promote_statement = {
    .sql = "UPDATE pm_jobs._job SET run_at = NULL, "
           "seq = pg_catalog.nextval('pm_jobs._job_id') "
           "WHERE id IN (SELECT id FROM pm_jobs._job WHERE id = ANY ($1) AND run_at <= $2 "
           "FOR NO KEY UPDATE SKIP LOCKED)",
    .nargs = 2,
    .types = {INT8ARRAYOID, TIMESTAMPTZOID}
};

/*
 * Makes due jobs of the queue ready, in the transaction that is open, and learns
 * when the next one is due.  Returns how many.
 */
int
pm_jobs_lane_promote(JobRun *run, Queue *queue)
{
	MemoryContext old = MemoryContextSwitchTo(run->batch);
	SharedQueue *shared = queue->shared;
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz from, due, next = DT_NOEND;
	Relation index = index_open(pm_jobs_index(run, "_job_scheduled"), AccessShareLock);
	TupleTableSlot *slot = table_slot_create(run->jobs, NULL);
	Snapshot snapshot;
	IndexScanDesc scan;
	ScanKeyData keys[2];
	Datum ids[PROMOTE_MAX];
	int n = 0;

	pm_jobs_lane_begin(shared);
	SpinLockAcquire(&shared->mutex);
	from = due = shared->due;
	SpinLockRelease(&shared->mutex);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	pm_jobs_set_key(&keys[0], 1, BTEqualStrategyNumber, F_TEXTEQ,
	                CStringGetTextDatum(queue->name));
	pm_jobs_set_key(&keys[1], 2, BTGreaterEqualStrategyNumber, F_TIMESTAMPTZ_GE,
	                TimestampTzGetDatum(due));
	scan = index_beginscan(run->jobs, index, snapshot, 2, 0);
	index_rescan(scan, keys, 2, NULL, 0);
	while (index_getnext_slot(scan, ForwardScanDirection, slot))
	{
		bool null;
		TimestampTz run_at = DatumGetTimestampTz(slot_getattr(slot, JOB_RUN_AT, &null));

		CHECK_FOR_INTERRUPTS();
		due = run_at;
		if (run_at > now || n == PROMOTE_MAX)
		{
			next = run_at;
			break;
		}
		ids[n++] = slot_getattr(slot, JOB_ID, &null);
	}
	if (next == DT_NOEND)
		due = Max(due, now);
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	UnregisterSnapshot(snapshot);
	index_close(index, AccessShareLock);
	if (n > 0)
	{
		Datum values[2] = {PointerGetDatum(construct_array(ids, n, INT8OID, 8, true, 'd')),
		                   TimestampTzGetDatum(now)};

		if (pm_jobs_query_once(run, &promote_statement, values, NULL) < n)
		{
			/* somebody has a row locked: soon again */
			due = from;
			next = Min(next, now + LOCKED_AGAIN_US);
		}
	}

	SpinLockAcquire(&shared->mutex);
	shared->due = Min(due, shared->due_floor);
	shared->next_due = Min(next, shared->due_floor);
	pm_jobs_lane_end(shared);
	MemoryContextSwitchTo(old);
	return n;
}
