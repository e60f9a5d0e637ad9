/*
 * batch.c - a batch of jobs in one transaction of a worker
 *
 * A batch is some claimed jobs of one queue and one role.  Each handler runs in a
 * subtransaction; the completions of those that succeeded are written together
 * at the end, so they and what the handlers did commit as one, and each job's
 * work is atomic with its completion.  If anything but a handler fails, all is
 * undone and the jobs of the batch get a transaction each; if it was one job,
 * its attempt has failed.
 */
#include "pm_jobs_shared.h"

#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* A queue whose jobs are all locked or blocked is tried again after this time. */
#define BLOCKED_MS 100

static List *batch_jobs; /* not local: it is looked at after an error */

/* The transaction of a batch; false if nothing could be claimed. */
static bool
transaction(JobRun *run, Queue *queue)
{
	Job *first;
	bool single = queue->has_rate || queue->own_commit;

	if (queue->has_rate)
	{
		bool taken;

		pm_jobs_begin(run);
		taken = pm_jobs_take_token(run, queue);
		/* if this commit is lost, so is what follows it */
		pm_jobs_commit_soon(run);
		queue->firm = !taken;
		if (!taken)
			return false;
	}
	pm_jobs_begin(run);
	if (pm_jobs_take_slot(queue->name, NULL, queue->concurrency))
		batch_jobs = pm_jobs_lane_claim(run, queue, single ? 1 : pm_jobs_batch_jobs);
	if (batch_jobs == NIL)
	{
		if (queue->has_rate)
			pm_jobs_give_back(run, queue);
		pm_jobs_commit(run);
		queue->not_before = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), BLOCKED_MS);
		return false;
	}
	pm_jobs_hold_claims(run, queue, batch_jobs);
	pm_jobs_leave_word_at_work(run);
	first = linitial(batch_jobs);
	if (!first->handler->transactional && !first->crashed &&
	    !pm_jobs_is_unwanted(0, false) && !pm_jobs_start_outside(run, first))
	{
		pm_jobs_commit(run);
		pm_jobs_release_kept();
		return true;
	}
	/* what may take long does not keep others from the disk */
	if (!queue->own_commit || first->handler->mean_us < 0 ||
	    first->handler->mean_us > pm_jobs_batch_time * 1000.0)
		pm_jobs_flush();
	if (pm_jobs_is_free_procedure(run, first))
		pm_jobs_run_procedure(run, queue, batch_jobs);
	else
	{
		pm_jobs_adopt_role(run, first->role);
		pm_jobs_run_jobs(run, queue, batch_jobs);
	}
	if (queue->own_commit && !first->outside)
		pm_jobs_commit_soon(run);
	else
		pm_jobs_commit(run);
	pm_jobs_release_kept();
	return true;
}

/* A batch whose transaction failed. */
typedef struct Failure
{
	List *jobs;
	uint64 unwanted; /* bit i: the i-th is to be cancelled */
	ErrorData *error;
} Failure;

/*
 * The batch is undone: returns which jobs are to be cancelled, a bit each.  Who
 * cancels another one from now on waits until it is given back.
 */
static uint64
show_undone(void)
{
	uint64 unwanted;

	pm_jobs_crash_note(0);
	SpinLockAcquire(&pm_jobs_me->mutex);
	if ((pg_atomic_read_u64(&pm_jobs_me->serial) & 1) != 0)
	{
		/* the error was not the handler's, but came before its call had ended */
		pm_jobs_me->job = 0;
		(void) pg_atomic_fetch_add_u64(&pm_jobs_me->serial, 1);
	}
	unwanted = pm_jobs_me->unwanted;
	pm_jobs_me->current = pm_jobs_me->nclaims;
	pm_jobs_me->failed = ~UINT64CONST(0);
	SpinLockRelease(&pm_jobs_me->mutex);
	QueryCancelPending = false; /* it was for the call */
	return unwanted;
}

/*
 * The transaction of a batch failed: cancels those that are to be cancelled; a
 * single job has failed with it.  The others are given back.
 */
static void
record_failure(JobRun *run, void *arg)
{
	Failure *failure = arg;
	ListCell *cell;

	pm_jobs_keep_claims(false);
	foreach (cell, failure->jobs)
	{
		Job *job = lfirst(cell);
		int n = foreach_current_index(cell);
		bool cancel = (failure->unwanted >> n) & 1;
		Snapshot snapshot;
		bool is_free;
		bool gone;

		if (!cancel && pm_jobs_claims_held() > 1)
			continue;
		snapshot = RegisterSnapshot(GetLatestSnapshot());
		if (job->outside)
			is_free = pm_jobs_claim_again(run, job);
		else
			is_free = pm_jobs_is_free(run, job, snapshot, &gone);
		UnregisterSnapshot(snapshot);
		if (!is_free)
			continue;
		if (cancel)
			pm_jobs_cancel_job(run, job,
			                   pm_jobs_claims_held() == 1 ? failure->error : NULL);
		else
			pm_jobs_fail(run, job, failure->error);
		pm_jobs_end_claim(n);
	}
}

/* Remembers that the jobs of a batch need a transaction each. */
static void
remember_alone(JobRun *run, Queue *queue, List *jobs)
{
	MemoryContext old = MemoryContextSwitchTo(run->pass);
	ListCell *cell;

	list_free_deep(queue->alone);
	queue->alone = NIL;
	foreach (cell, jobs)
	{
		int64 *id = palloc(sizeof(int64));

		*id = ((Job *) lfirst(cell))->id;
		queue->alone = lappend(queue->alone, id);
	}
	MemoryContextSwitchTo(old);
}

/* After an error of our own the queue is left alone for a while, whatever is reported. */
static void
rest(Queue *queue)
{
	queue->firm = true;
	queue->not_before = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), TROUBLE_MS);
}

/*
 * Claims and runs some jobs of the queue.  False if there was nothing to claim;
 * queue->not_before then says when to try again although nothing is reported.
 */
bool
pm_jobs_run_batch(JobRun *run, Queue *queue)
{
	volatile uint64 unwanted = 0;
	ErrorData *volatile error = NULL;
	volatile bool found = false;
	volatile bool keep = false; /* the claims, beyond the failed transaction */

	MemoryContextReset(run->batch);
	batch_jobs = NIL;
	queue->not_before = DT_NOBEGIN;
	queue->firm = false;
	queue->reports = pg_atomic_read_u64(&pm_jobs_my_database->reports);
	queue->releases = queue->shared->releases;
	pg_memory_barrier();
	PG_TRY();
	{
		found = transaction(run, queue);
	}
	PG_CATCH();
	{
		/* claims are needed for the record of failures and cancels */
		unwanted = show_undone();
		keep = pm_jobs_claims_held() == 1 || (pm_jobs_claims_held() > 1 && unwanted != 0);
		pm_jobs_keep_claims(keep);
		if (pm_jobs_claims_held() > 1)
			remember_alone(run, queue, batch_jobs);
		error = pm_jobs_undo(run);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(run->context);
	LockReleaseSession(USER_LOCKMETHOD);
	if (error != NULL)
	{
		if (keep)
		{
			Failure failure = {.jobs = batch_jobs, .unwanted = unwanted, .error = error};
			MemoryContext kept = run->batch;

			/* the job lives in the batch's memory */
			run->batch = AllocSetContextCreate(run->context, "pm_jobs batch",
			                                   ALLOCSET_DEFAULT_SIZES);
			if (!pm_jobs_transact(run, record_failure, &failure))
			{
				/* the job runs again; not at once, for that may go on like this */
				if (pm_jobs_claims_held() > 0)
					pm_jobs_release_claims();
				rest(queue);
			}
			MemoryContextDelete(kept);
		}
		else if (list_length(batch_jobs) <= 1)
		{
			ereport(LOG, (errcode(error->sqlerrcode),
			              errmsg("pm_jobs worker: %s",
			                     error->message ? error->message : "error")));
			rest(queue);
		}
		FreeErrorData(error);
		return batch_jobs != NIL && !queue->firm;
	}
	return found;
}
