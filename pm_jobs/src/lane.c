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
#include "pm_jobs_shared.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/multixact.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/bufmgr.h"
#include "storage/procarray.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

/* Jobs passed over before the look is given up: of another role, and locked. */
#define PASS_OVER       200
#define PASS_LOCKED     10000
/* Due jobs made ready at once. */
#define PROMOTE_MAX     1000
/* A handler that takes longer has a transaction of its own. */
#define QUICK_US        1000
/* When a locked row is tried again. */
#define LOCKED_AGAIN_US 100000
#define NO_FLOOR        PG_INT64_MAX

/* A look at one queue. */
typedef struct Look
{
	JobRun *run;
	Queue *queue;
	SharedQueue *shared;
	Snapshot snapshot;
	uint64 releases;
	uint32 resets; /* what is found is forgotten if the queue's differ in the end */
	int64 bound;
	int nplaces;
	Place places[PLACES_MAX];
	int64 last; /* the last number given out before the snapshot */
	int limit;
	bool full; /* no more jobs fit */
	bool without_key;
} Look;

/* The queue this process looks at. */
static SharedQueue *looking_at;

static JobStatement promote_statement = {
    .sql = "UPDATE pm_jobs._job SET run_at = NULL, "
           "seq = pg_catalog.nextval('pm_jobs._job_id') "
           "WHERE id IN (SELECT id FROM pm_jobs._job WHERE id = ANY ($1) AND run_at <= $2 "
           "FOR NO KEY UPDATE SKIP LOCKED)",
    .nargs = 2,
    .types = {INT8ARRAYOID, TIMESTAMPTZOID}
};

/* Ends a look without writing anything, also after an error. */
void
pm_jobs_lane_reset(void)
{
	if (looking_at == NULL)
		return;
	SpinLockAcquire(&looking_at->mutex);
	looking_at->looker = -1;
	SpinLockRelease(&looking_at->mutex);
	ConditionVariableBroadcast(&looking_at->looked);
	looking_at = NULL;
}

/* Waits until nobody looks at the queue, and becomes who does. */
static void
begin_look(SharedQueue *shared)
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

/* Must the job have a transaction of its own? */
static bool
is_alone(const Look *look, const Job *job)
{
	ListCell *cell;

	if (look->queue->own_commit || job->crashed || job->crashes > 0 ||
	    !job->handler->transactional || job->handler->mean_us < 0 ||
	    job->handler->mean_us > QUICK_US)
		return true;
	foreach (cell, look->queue->alone)
		if (*(int64 *) lfirst(cell) == job->id)
			return true;
	return false;
}

/*
 * Adds a job to the candidates if it fits: the first one always does, others if
 * they can share its transaction.  Sets look->full when no other would.
 */
static bool
add_candidate(Look *look, Job *job)
{
	JobRun *run = look->run;
	bool alone = is_alone(look, job);

	if (run->candidates != NIL)
	{
		if (alone || ((Job *) linitial(run->candidates))->role != job->role)
			return false;
	}
	else if (alone)
		look->full = true;
	run->candidates = lappend(run->candidates, job);
	if (list_length(run->candidates) >= look->limit)
		look->full = true;
	return true;
}

/* The place of a priority in this look, added if it is new; NULL if there is no room. */
static Place *
place_of(Look *look, int32 priority)
{
	int i = 0;

	while (i < look->nplaces && look->places[i].priority > priority)
		i++;
	if (i < look->nplaces && look->places[i].priority == priority)
		return &look->places[i];
	if (look->nplaces == PLACES_MAX)
		return NULL;
	memmove(&look->places[i + 1], &look->places[i], (look->nplaces - i) * sizeof(Place));
	look->nplaces++;
	look->places[i] = (Place){.priority = priority, .seq = PG_INT64_MIN, .floor = NO_FLOOR};
	return &look->places[i];
}

/* Is the job among the candidates already? */
static bool
is_candidate(const JobRun *run, int64 id)
{
	ListCell *cell;

	foreach (cell, run->candidates)
		if (((Job *) lfirst(cell))->id == id)
			return true;
	return false;
}

/*
 * Reads _job_ready with these keys and collects candidates, moving places on.
 * True if it came to the end of the index, passed over no job that has to wait,
 * and had room to remember every priority.
 */
static bool
scan(Look *look, Relation index, ScanKey keys, int nkeys)
{
	JobRun *run = look->run;
	TupleTableSlot *slot = table_slot_create(run->jobs, NULL);
	IndexScanDesc scan = index_beginscan(run->jobs, index, look->snapshot, nkeys, 0);
	bool complete = true;
	int passed_over = 0;
	int locked = 0;
	Place *held = NULL; /* of the priority in which a job was passed over */

	index_rescan(scan, keys, nkeys, NULL, 0);
	while (!look->full && index_getnext_slot(scan, ForwardScanDirection, slot))
	{
		bool null;
		int32 priority = DatumGetInt32(slot_getattr(slot, JOB_PRIORITY, &null));
		int64 seq = DatumGetInt64(slot_getattr(slot, JOB_SEQ, &null));
		int64 id = DatumGetInt64(slot_getattr(slot, JOB_ID, &null));
		Place *place = place_of(look, priority);
		bool done = true;

		CHECK_FOR_INTERRUPTS();
		if (place == NULL)
			complete = false; /* what is here is looked at each time */
		else
		{
			look->bound = Min(look->bound, priority);
			if (seq <= place->seq)
				continue;
		}
		(void) slot_getattr(slot, JOB_LIMIT_KEY, &null);
		if (!null && !look->without_key)
		{
			/* a queue with keys after all: they take turns from now on */
			SpinLockAcquire(&look->shared->mutex);
			look->shared->keyed = true;
			SpinLockRelease(&look->shared->mutex);
			complete = false;
			break;
		}
		if (null && !pm_jobs_is_claimed(id) && !is_candidate(run, id))
		{
			Job *job = pm_jobs_make_job(run, slot, false);
			bool gone;

			/* NULL: a session has it under way */
			if (job == NULL || !pm_jobs_is_free(run, job, look->snapshot, &gone))
			{
				done = false;
				locked++;
			}
			else if (!add_candidate(look, job))
			{
				done = false;
				passed_over++;
			}
		}
		if (!done)
		{
			complete = false;
			held = place;
			if (passed_over > PASS_OVER || locked > PASS_LOCKED)
				break;
		}
		if (place != NULL && place != held)
			place->seq = seq;
	}
	if (look->full)
		complete = false;
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	return complete;
}

/* Collects candidates in order of priority and place. */
static void
look_in_order(Look *look)
{
	JobRun *run = look->run;
	Relation index = index_open(pm_jobs_index(run, "_job_ready"), AccessShareLock);
	ScanKeyData keys[3];

	pm_jobs_set_key(&keys[0], 1, BTEqualStrategyNumber, F_TEXTEQ,
	                CStringGetTextDatum(look->queue->name));
	for (int i = 0; i < look->nplaces && !look->full; i++)
	{
		Place *place = &look->places[i];

		if (place->dry || place->priority < look->bound)
			continue;
		pm_jobs_set_key(&keys[1], 2, BTEqualStrategyNumber, F_INT4EQ,
		                Int32GetDatum(place->priority));
		pm_jobs_set_key(&keys[2], 3, BTGreaterStrategyNumber, F_INT8GT,
		                Int64GetDatum(place->seq));
		if (scan(look, index, keys, 3))
		{
			place->dry = true;
			place->seq = Max(place->seq, look->last);
		}
	}
	if (look->bound != BOUND_BOTTOM && !look->full)
	{
		int64 bound = look->bound;
		int nkeys = 1;

		if (bound != BOUND_TOP)
		{
			pm_jobs_set_key(&keys[1], 2, BTLessStrategyNumber, F_INT4LT,
			                Int32GetDatum((int32) bound));
			nkeys = 2;
		}
		if (scan(look, index, keys, nkeys))
		{
			for (int i = 0; i < look->nplaces; i++)
			{
				Place *place = &look->places[i];

				if (place->priority >= bound)
					continue;
				place->dry = true;
				place->seq = Max(place->seq, look->last);
			}
			look->bound = BOUND_BOTTOM;
		}
	}
	index_close(index, AccessShareLock);
}

/* Moves the places of keys back for jobs that were reported since the last look. */
static void
learn_keys(Queue *queue)
{
	SharedQueue *shared = queue->shared;
	KeyReport first = {0};
	bool any = false;
	bool all;

	SpinLockAcquire(&shared->mutex);
	all = shared->key_reports - queue->key_reports > KEY_REPORTS;
	for (uint64 i = queue->key_reports; !all && i < shared->key_reports; i++)
	{
		KeyReport *report = &shared->key_ring[i % KEY_REPORTS];

		if (!any || report->priority > first.priority ||
		    (report->priority == first.priority && report->seq < first.seq))
			first = *report;
		any = true;
	}
	queue->key_reports = shared->key_reports;
	SpinLockRelease(&shared->mutex);
	if (all)
		pm_jobs_forget_keys(queue);
	else if (any)
		pm_jobs_move_keys_back(queue, first.priority, first.seq);
}

/* Collects candidates of keys, which take turns with each other and with those without. */
static void
look_by_turns(Look *look)
{
	JobRun *run = look->run;
	Queue *queue = look->queue;
	bool unkeyed = !queue->ordered;
	bool keyed = true;
	int tried = 0;

	learn_keys(queue);
	while (!look->full && (keyed || unkeyed))
	{
		if (keyed)
		{
			char *before = queue->last_key ? pstrdup(queue->last_key) : NULL;
			List *found = pm_jobs_claim_by_turns(run, queue);

			keyed = found != NIL;
			if (keyed && !add_candidate(look, linitial(found)))
			{
				/* not with these: its turn is the next time */
				pm_jobs_set_last_key(run, queue, before);
				pm_jobs_forget_keys(queue);
				look->shared->maybe = true;
				break;
			}
			if (++tried >= look->limit)
				break;
		}
		if (unkeyed && !look->full)
		{
			int limit = look->limit;

			/* as a key of its own: one job, then the keys again */
			if (keyed)
				look->limit = Min(limit, list_length(run->candidates) + 1);
			tried = list_length(run->candidates);
			look_in_order(look);
			look->limit = limit;
			unkeyed = list_length(run->candidates) > tried;
			look->full =
			    list_length(run->candidates) >= limit ||
			    (run->candidates != NIL && is_alone(look, linitial(run->candidates)));
		}
	}
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
				Place *place = place_of(look, job->priority);

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
				Place *place = place_of(look, shared->places[j].priority);

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
	shared->looker = -1;
	SpinLockRelease(&shared->mutex);
	looking_at = NULL;
	ConditionVariableBroadcast(&shared->looked);
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
	begin_look(queue->shared);
	SpinLockAcquire(&queue->shared->mutex);
	look->resets = queue->shared->resets;
	look->releases = queue->shared->releases;
	look->bound = queue->shared->bound;
	look->nplaces = queue->shared->nplaces;
	memcpy(look->places, queue->shared->places, sizeof(look->places));
	SpinLockRelease(&queue->shared->mutex);

	look->last = last_number(run);
	look->snapshot = RegisterSnapshot(GetLatestSnapshot());
	look->without_key = pm_jobs_has_turns(queue);
	if (look->without_key)
		look_by_turns(look);
	else
		look_in_order(look);
	UnregisterSnapshot(look->snapshot);
	jobs = claim_candidates(look);
	end_look(look, jobs != NIL);
	run->candidates = NIL;
	MemoryContextSwitchTo(old);
	return jobs;
}

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

	begin_look(shared);
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
	shared->looker = -1;
	SpinLockRelease(&shared->mutex);
	looking_at = NULL;
	ConditionVariableBroadcast(&shared->looked);
	MemoryContextSwitchTo(old);
	return n;
}
