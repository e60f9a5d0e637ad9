/*
 * job_order.c - the next job of a key in an ordered queue
 *
 * The key's slot is taken first and the snapshot after it: only then is it certain
 * which job comes first.  One that was tried before holds the key: nothing overtakes
 * it, though its seq may be a later one by now.
 *
 * A crash can undo the end of a job, if its commit did not wait for the disk (queues
 * with own_commit, synchronous_commit = off), and yet the job after it, which crashed
 * its process, has been charged.  What the crash has undone comes before that one.
 */
#include "pm_jobs_shared.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/tableam.h"
#include "miscadmin.h"
#include "utils/snapmgr.h"

/* The job that holds its key in an ordered queue: it was tried before. */
typedef struct Holder
{
	int64 id;
	int32 priority;
	bool attempted; /* not only crashed */
	bool ready;
	HeapTuple row; /* NULL: none does */
	ItemPointerData tid;
} Holder;

/*
 * Finds the job that holds the key.  There is one, unless a crash has undone the end of
 * another: then that one was tried with success before this one crashed.
 */
static Holder
find_holder(JobRun *run, ScanKeyData *keys, Snapshot snapshot)
{
	Relation index = index_open(pm_jobs_index(run, "_job_retry"), AccessShareLock);
	TupleTableSlot *slot = table_slot_create(run->jobs, NULL);
	IndexScanDesc scan = index_beginscan(run->jobs, index, snapshot, 2, 0);
	Holder holder = {0};

	index_rescan(scan, keys, 2, NULL, 0);
	while (index_getnext_slot(scan, ForwardScanDirection, slot))
	{
		bool null;
		int64 id = DatumGetInt64(slot_getattr(slot, JOB_ID, &null));
		bool attempted = DatumGetInt32(slot_getattr(slot, JOB_ATTEMPTS, &null)) > 0;

		if (holder.row != NULL &&
		    (holder.attempted != attempted ? holder.attempted : holder.id < id))
			continue;
		holder.id = id;
		holder.attempted = attempted;
		holder.priority = DatumGetInt32(slot_getattr(slot, JOB_PRIORITY, &null));
		(void) slot_getattr(slot, JOB_RUN_AT, &holder.ready);
		holder.row = ExecCopySlotHeapTuple(slot);
		holder.tid = slot->tts_tid;
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, AccessShareLock);
	return holder;
}

/*
 * Moves on to the job of the key that comes first; false: there is none.  If one that
 * has only crashed holds the key, that is a job which had ended before it: the commit
 * did not wait for the disk, and the crash undid it.  Such a job was ready when it was
 * enqueued, and that was earlier.
 */
static bool
first_of_key(IndexScanDesc scan, const Holder *holder, TupleTableSlot *slot)
{
	while (index_getnext_slot(scan, ForwardScanDirection, slot))
	{
		bool null;
		int64 id = DatumGetInt64(slot_getattr(slot, JOB_ID, &null));
		int64 seq = DatumGetInt64(slot_getattr(slot, JOB_SEQ, &null));
		int32 priority = DatumGetInt32(slot_getattr(slot, JOB_PRIORITY, &null));

		CHECK_FOR_INTERRUPTS();
		if (holder->row == NULL || (seq == id && id < holder->id))
			return holder->row == NULL || priority >= holder->priority;
		if (priority < holder->priority ||
		    (priority == holder->priority && seq > holder->id))
			return false;
	}
	return false;
}

/*
 * Claims the job of a key whose turn it is: the one that was tried before and
 * holds its key, else the first, whether we may run it or not.  The key's only slot is
 * ours, and the snapshot is younger than that.
 */
List *
pm_jobs_claim_head(JobRun *run, ScanKeyData *keys)
{
	Snapshot snapshot = RegisterSnapshot(GetTransactionSnapshot());
	TupleTableSlot *slot = table_slot_create(run->jobs, NULL);
	Holder holder = find_holder(run, keys, snapshot);
	bool found = false;
	List *jobs = NIL;
	Job *job;

	if (!holder.attempted)
	{
		Relation index = index_open(pm_jobs_index(run, "_job_key"), AccessShareLock);
		IndexScanDesc scan = index_beginscan(run->jobs, index, snapshot, 2, 0);

		index_rescan(scan, keys, 2, NULL, 0);
		found = first_of_key(scan, &holder, slot);
		if (found && (job = pm_jobs_make_job(run, slot, false)) != NULL &&
		    pm_jobs_take_job(run, job, snapshot))
			jobs = list_make1(job);
		index_endscan(scan);
		index_close(index, AccessShareLock);
	}
	if (!found && holder.ready)
	{
		ExecForceStoreHeapTuple(holder.row, slot, false);
		slot->tts_tid = holder.tid;
		if ((job = pm_jobs_make_job(run, slot, false)) != NULL &&
		    pm_jobs_take_job(run, job, snapshot))
			jobs = list_make1(job);
	}
	ExecDropSingleTupleTableSlot(slot);
	UnregisterSnapshot(snapshot);
	return jobs;
}
