/*
 * lane_scan.c - the candidates of a look at a queue
 *
 * A scan of _job_ready starts behind the place of each priority and moves it on; where
 * keys take turns, each key's next job and those without a key do.  The candidates can
 * share a transaction: jobs of one role whose handlers are quick, or one job alone.
 */
#include "lane.h"

#include "access/genam.h"
#include "access/tableam.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"

/* Jobs passed over before the look is given up: of another role, and locked. */
#define PASS_OVER   200
#define PASS_LOCKED 10000
/* A handler that takes longer has a transaction of its own. */
#define QUICK_US    1000

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
		Place *place = pm_jobs_lane_place(look, priority);
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

/*
 * Collects candidates of keys, which take turns with each other and with those without:
 * also from one look to the next, where a look takes one job.
 */
static void
look_by_turns(Look *look)
{
	JobRun *run = look->run;
	Queue *queue = look->queue;
	bool unkeyed = !queue->ordered;
	bool keyed = true;
	bool skip = unkeyed && queue->unkeyed_next;
	int tried = 0;

	learn_keys(queue);
	while (!look->full && (keyed || unkeyed))
	{
		if (keyed && !skip)
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
			queue->unkeyed_next = queue->unkeyed_next || keyed;
			if (keyed && ++tried >= look->limit)
				break;
		}
		skip = false;
		if (unkeyed && !look->full)
		{
			int limit = look->limit;
			int before = list_length(run->candidates);

			/* as a key of its own: one job, then the keys again */
			if (keyed)
				look->limit = Min(limit, before + 1);
			look_in_order(look);
			look->limit = limit;
			unkeyed = list_length(run->candidates) > before;
			queue->unkeyed_next = queue->unkeyed_next && !unkeyed;
			look->full =
			    list_length(run->candidates) >= limit ||
			    (run->candidates != NIL && is_alone(look, linitial(run->candidates)));
		}
	}
}

/* Collects the candidates of a look, and moves the places on. */
void
pm_jobs_lane_scan(Look *look)
{
	look->without_key = pm_jobs_has_turns(look->queue);
	if (look->without_key)
		look_by_turns(look);
	else
		look_in_order(look);
}
