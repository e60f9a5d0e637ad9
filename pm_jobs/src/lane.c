/*
 * lane.c - where the jobs of a queue that nobody has claimed begin
 *
 * A worker looks at a queue from the place up to which every job is finished,
 * claimed, or will be reported.  While it looks nobody else does, and reports
 * lower the floor: what it writes as the new place is never beyond the floor.  A
 * priority in which a look came to the end is dry until something is reported;
 * its place is then the last number that had been given out before the look's
 * snapshot.  A job that is passed over for now keeps the place before it.
 *
 * Claim, snapshot, check: the candidates of a look are written into the worker's
 * entry; a snapshot taken after that shows whether each is still unfinished, and
 * its row must have neither lock nor change on it.  Whoever locks a row for
 * another purpose checks afterwards that it is not claimed.
 *
 * In queues where keys take turns the places are for jobs without a key; those
 * of the keys are this worker's own, and hold until a job with a key is reported.
 */
#include "lane.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/multixact.h"
#include "access/transam.h"
#include "commands/sequence.h"
#include "pgstat.h"
#include "storage/bufmgr.h"
#include "storage/procarray.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

/* The queue this process looks at. */
static SharedQueue *looking_at;

/*
 * Ends a look.  The caller has written what was found and holds the queue's mutex,
 * which is released.
 */
void
pm_jobs_lane_end(SharedQueue *shared)
{
	shared->looker = -1;
	SpinLockRelease(&shared->mutex);
	looking_at = NULL;
	ConditionVariableBroadcast(&shared->looked);
}

/* Ends a look without writing anything, also after an error. */
void
pm_jobs_lane_reset(void)
{
	if (looking_at == NULL)
		return;
	SpinLockAcquire(&looking_at->mutex);
	pm_jobs_lane_end(looking_at);
}

/* Waits until nobody looks at the queue, and becomes who does. */
void
pm_jobs_lane_begin(SharedQueue *shared)
{
	int me = pm_jobs_me - pm_jobs_shared->workers;
	uint64 looks = pg_atomic_read_u64(&pm_jobs_my_database->looks);

	for (;;)
	{
		bool mine;

		SpinLockAcquire(&shared->mutex);
		mine = shared->looker < 0;
		if (mine)
		{
			shared->looker = me;
			if (shared->looks != looks)
			{
				shared->looks = looks;
				shared->nplaces = 0;
				shared->bound = BOUND_TOP;
				shared->due = shared->next_due = DT_NOBEGIN;
				shared->key_reports += KEY_REPORTS + 1; /* no place of a key holds */
				shared->resets++;
			}
			for (int i = 0; i < shared->nplaces; i++)
				shared->places[i].floor = NO_FLOOR;
			shared->due_floor = DT_NOEND;
		}
		SpinLockRelease(&shared->mutex);
		if (mine)
			break;
		ConditionVariableSleep(&shared->looked, PG_WAIT_EXTENSION);
	}
	ConditionVariableCancelSleep();
	looking_at = shared;
}

/* May there be something to claim in the queue?  A hint, without the lock. */
bool
pm_jobs_may_claim(const Queue *queue)
{
	const SharedQueue *shared = queue->shared;

	return shared->maybe ||
	       shared->looks != pg_atomic_read_u64(&pm_jobs_my_database->looks);
}

/* The last number that the sequence of ids and places has given out. */
static int64
last_number(JobRun *run)
{
	Oid sequence = get_relname_relid("_job_id", RelationGetNamespace(run->jobs));
	LOCAL_FCINFO(fcinfo, 1);
	Datum last;

	InitFunctionCallInfoData(*fcinfo, NULL, 1, InvalidOid, NULL, NULL);
	fcinfo->args[0].value = ObjectIdGetDatum(sequence);
	fcinfo->args[0].isnull = false;
	last = pg_sequence_last_value(fcinfo);
	return fcinfo->isnull ? 0 : DatumGetInt64(last);
}

/*
 * Is the row free: seen by the snapshot, and nobody has locked, changed or deleted
 * it since?  *gone is set if it cannot be seen any more.
 */
bool
pm_jobs_is_free(JobRun *run, const Job *job, Snapshot snapshot, bool *gone)
{
	HeapTupleData tuple;
	Buffer buffer;
	HeapTupleHeader header;
	TransactionId xmax;
	bool unlocked;

	tuple.t_self = job->tid;
	*gone = !heap_fetch(run->jobs, snapshot, &tuple, &buffer, false);
	if (*gone)
		return false;
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	header = tuple.t_data;
	xmax = HeapTupleHeaderGetRawXmax(header);
	if (header->t_infomask & HEAP_XMAX_INVALID)
		unlocked = true;
	else if (header->t_infomask & HEAP_XMAX_IS_MULTI)
	{
		bool only = HEAP_XMAX_IS_LOCKED_ONLY(header->t_infomask);

		/* one that was also to be changed or deleted is free again after a rollback */
		unlocked = !MultiXactIdIsRunning(xmax, only) &&
		           (only || !TransactionIdDidCommit(HeapTupleHeaderGetUpdateXid(header)));
	}
	else if (TransactionIdIsInProgress(xmax))
		unlocked = false;
	else
		unlocked =
		    HEAP_XMAX_IS_LOCKED_ONLY(header->t_infomask) || !TransactionIdDidCommit(xmax);
	LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
	ReleaseBuffer(buffer);
	return unlocked;
}

/*
 * Claims the candidates: writes them down for all to see, then keeps those that a
 * younger snapshot shows to be unfinished and free.
 */
static List *
claim_candidates(Look *look)
{
	JobRun *run = look->run;
	List *jobs = NIL;
	Snapshot snapshot;
	ListCell *cell;
	int n = 0;

	SpinLockAcquire(&pm_jobs_me->mutex);
	foreach (cell, run->candidates)
		pm_jobs_me->claims[n++] = ((Job *) lfirst(cell))->id;
	pm_jobs_me->nclaims = n;
	pm_jobs_me->current = -1;
	pm_jobs_me->unwanted = 0;
	pm_jobs_me->failed = 0;
	SpinLockRelease(&pm_jobs_me->mutex);

	snapshot = RegisterSnapshot(GetLatestSnapshot());
	foreach (cell, run->candidates)
	{
		Job *job = lfirst(cell);
		bool gone;

		if (pm_jobs_is_free(run, job, snapshot, &gone))
			jobs = lappend(jobs, job);
		else if (!gone)
		{
			/* somebody has it in hand: to be looked at again */
			bool null;
			bool keyed;

			(void) heap_getattr(job->row, JOB_LIMIT_KEY, RelationGetDescr(run->jobs),
			                    &null);
			keyed = !null;
			if (keyed)
				pm_jobs_forget_keys(look->queue);
			else
			{
				Place *place = pm_jobs_lane_place(look, job->priority);

				if (place != NULL)
				{
					place->seq = Min(place->seq, job->seq - 1);
					place->dry = false;
				}
			}
		}
	}
	UnregisterSnapshot(snapshot);

	SpinLockAcquire(&pm_jobs_me->mutex);
	n = 0;
	foreach (cell, jobs)
		pm_jobs_me->claims[n++] = ((Job *) lfirst(cell))->id;
	pm_jobs_me->nclaims = n;
	SpinLockRelease(&pm_jobs_me->mutex);
	return jobs;
}

/* Writes down what was found, as far as no report says otherwise. */
static void
end_look(Look *look, bool found)
{
	SharedQueue *shared = look->shared;

	SpinLockAcquire(&shared->mutex);
	if (shared->resets == look->resets)
	{
		int n = 0;

		for (int i = 0; i < look->nplaces; i++)
		{
			Place *place = &look->places[i];

			/* those that were reported meanwhile for the first time are here too */
			for (int j = 0; j < shared->nplaces; j++)
				if (shared->places[j].priority == place->priority)
				{
					int64 floor = shared->places[j].floor;

					place->dry = place->dry && floor == NO_FLOOR;
					place->seq = Min(place->seq, floor);
				}
		}
		for (int j = 0; j < shared->nplaces; j++)
		{
			bool known = false;

			for (int i = 0; i < look->nplaces && !known; i++)
				known = look->places[i].priority == shared->places[j].priority;
			if (!known)
			{
				Place *place = pm_jobs_lane_place(look, shared->places[j].priority);

				if (place != NULL)
					*place = shared->places[j];
				else
					look->bound = BOUND_TOP;
			}
		}
		/* a dry place says no more than none at all: what is reported makes one */
		for (int i = 0; i < look->nplaces; i++)
			if (!look->places[i].dry || look->nplaces <= PLACES_MAX / 2)
				shared->places[n++] = look->places[i];
		shared->nplaces = n;
		shared->bound = look->bound;
	}
	/* every job of an ordered queue has a key: its places are of no use */
	shared->maybe = shared->bound != BOUND_BOTTOM && !look->queue->ordered;
	for (int i = 0; i < shared->nplaces && !look->queue->ordered; i++)
		shared->maybe = shared->maybe || !shared->places[i].dry;
	if (pm_jobs_has_turns(look->queue))
		shared->maybe = shared->maybe || found || look->run->blocked ||
		                shared->releases != look->releases ||
		                shared->key_reports != look->queue->key_reports;
	pm_jobs_lane_end(shared);
}

/*
 * Claims up to limit jobs of a queue that can share a transaction, in the
 * transaction that is open; they are listed in this worker's entry.  An empty
 * list if there are none.  The queue's slot is the caller's.
 */
List *
pm_jobs_lane_claim(JobRun *run, Queue *queue, int limit)
{
	MemoryContext old = MemoryContextSwitchTo(run->batch);
	Look *look = palloc0(sizeof(Look));
	List *jobs;

	look->run = run;
	look->queue = queue;
	look->shared = queue->shared;
	look->limit = Min(limit, BATCH_MAX);
	run->candidates = NIL;
	run->blocked = false;
	pm_jobs_lane_begin(queue->shared);
	SpinLockAcquire(&queue->shared->mutex);
	look->resets = queue->shared->resets;
	look->releases = queue->shared->releases;
	look->bound = queue->shared->bound;
	look->nplaces = queue->shared->nplaces;
	memcpy(look->places, queue->shared->places, sizeof(look->places));
	SpinLockRelease(&queue->shared->mutex);

	look->last = last_number(run);
	look->snapshot = RegisterSnapshot(GetLatestSnapshot());
	pm_jobs_lane_scan(look);
	UnregisterSnapshot(look->snapshot);
	jobs = claim_candidates(look);
	end_look(look, jobs != NIL);
	run->candidates = NIL;
	MemoryContextSwitchTo(old);
	return jobs;
}
