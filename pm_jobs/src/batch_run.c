/*
 * batch_run.c - running the jobs of a batch
 *
 * Each handler runs in a subtransaction.  Begin and end of a call, and what a cancel
 * finds, change under one spinlock.  A job with outside effects has its attempt on
 * record before its handler begins; a procedure runs outside of any transaction of
 * ours.
 */
#include "pm_jobs_shared.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

/*
 * It is the turn of the n-th job of the batch.  True if it is to be cancelled.  If
 * not, and it will not be run now, who cancels it waits until it is given back.
 */
bool
pm_jobs_is_unwanted(int n, bool not_now)
{
	bool unwanted;

	SpinLockAcquire(&pm_jobs_me->mutex);
	unwanted = (pm_jobs_me->unwanted >> n) & 1;
	pm_jobs_me->current = n;
	if (!unwanted && not_now)
	{
		pm_jobs_me->current = n + 1;
		pm_jobs_me->failed |= UINT64CONST(1) << n;
	}
	SpinLockRelease(&pm_jobs_me->mutex);
	return unwanted;
}

/*
 * Shows which job's handler begins, the n-th of the batch; false if it is to be
 * cancelled instead.
 */
static bool
show_begin(const Queue *queue, const Job *job, int n)
{
	bool unwanted;

	SpinLockAcquire(&pm_jobs_me->mutex);
	pm_jobs_me->current = n;
	unwanted = (pm_jobs_me->unwanted >> n) & 1;
	if (unwanted)
	{
		SpinLockRelease(&pm_jobs_me->mutex);
		return false;
	}
	pm_jobs_me->job = job->id;
	pm_jobs_me->attempt = job->attempt;
	pm_jobs_me->role = job->role;
	strlcpy(pm_jobs_me->queue, queue->name, NAME_BYTES);
	strlcpy(pm_jobs_me->kind, job->handler->kind, NAME_BYTES);
	pm_jobs_me->started_at = job->started_at;
	pm_jobs_me->progress = -1;
	pm_jobs_me->message[0] = '\0';
	(void) pg_atomic_fetch_add_u64(&pm_jobs_me->serial, 1);
	SpinLockRelease(&pm_jobs_me->mutex);
	pm_jobs_crash_note(job->id);
	return true;
}

/*
 * The handler of the n-th job has ended.  True if it was to be cancelled.  Who
 * cancels it from now on comes too late, or waits for the commit if it failed, for
 * then it may be scheduled again.
 */
static bool
show_end(int n, bool failed)
{
	bool cancelled;

	pm_jobs_crash_note(0);
	SpinLockAcquire(&pm_jobs_me->mutex);
	cancelled = pm_jobs_cancel_wanted();
	pm_jobs_me->current = n + 1;
	pm_jobs_me->job = 0;
	if (failed && !cancelled)
		pm_jobs_me->failed |= UINT64CONST(1) << n;
	(void) pg_atomic_fetch_add_u64(&pm_jobs_me->serial, 1);
	SpinLockRelease(&pm_jobs_me->mutex);
	QueryCancelPending = false; /* it was for this one */
	return cancelled;
}

/* Remembers how long handlers of the kind take. */
static void
note_time(Handler *handler, int64 us)
{
	if (handler->mean_us < 0)
		handler->mean_us = us;
	else
		handler->mean_us += (us - handler->mean_us) / 8;
}

/*
 * Runs the handler of the n-th job in a subtransaction.  A failure is recorded in
 * the transaction that is open, unless it is one that others of the batch may
 * have caused: that is thrown.
 */
static void
run_handler(JobRun *run, Queue *queue, Job *job, int n, bool shared_transaction)
{
	MemoryContext old = CurrentMemoryContext;
	ResourceOwner resources = CurrentResourceOwner;
	volatile bool ended = false;
	volatile bool cancelled = false;

	if (!job->outside)
		job->started_at = GetCurrentTimestamp();
	if (!show_begin(queue, job, n))
	{
		pm_jobs_cancel_job(run, job, NULL);
		pm_jobs_end_claim(n);
		return;
	}
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(run->scratch);
	PG_TRY();
	{
		job->has_result = pm_jobs_call(run, job, &job->result);
		if (job->has_result)
		{
			MemoryContextSwitchTo(run->batch);
			job->result = PointerGetDatum(PG_DETOAST_DATUM_COPY(job->result));
		}
		MemoryContextSwitchTo(run->scratch);
		PopActiveSnapshot();
		cancelled = show_end(n, false);
		ended = true;
		if (cancelled)
			ereport(ERROR, (errcode(ERRCODE_QUERY_CANCELED),
			                errmsg("the handler caught the cancel of its job")));
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(old);
		CurrentResourceOwner = resources;
		job->finished_at = GetCurrentTimestamp();
		job->succeeded = true;
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(run->scratch);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(old);
		CurrentResourceOwner = resources;
		if (!ended)
			cancelled = show_end(n, true);
		job->handler->function = InvalidOid; /* a failed call's state is not used again */
		if (cancelled)
			pm_jobs_cancel_job(run, job, error);
		else if (shared_transaction &&
		         (error->sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED ||
		          error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE))
			ReThrowError(error);
		else
			pm_jobs_fail(run, job, error);
	}
	PG_END_TRY();
	pm_jobs_end_claim(n);
	note_time(job->handler, GetCurrentTimestamp() - job->started_at);
	MemoryContextReset(run->scratch);
	run->done++;
}

/* Runs the jobs of a batch, as many as its time allows. */
void
pm_jobs_run_jobs(JobRun *run, Queue *queue, List *jobs)
{
	TimestampTz end =
	    TimestampTzPlusMilliseconds(GetCurrentTimestamp(), pm_jobs_batch_time);
	bool enough = false;
	ListCell *cell;
	int n = 0;

	foreach (cell, jobs)
	{
		Job *job = lfirst(cell);

		CHECK_FOR_INTERRUPTS();
		enough = enough || (n > 0 && (GetCurrentTimestamp() >= end || pm_jobs_me->stop));
		if (pm_jobs_is_unwanted(n, enough || job->crashed))
		{
			pm_jobs_cancel_job(run, job, NULL);
			pm_jobs_end_claim(n);
		}
		else if (!enough && job->crashed)
		{
			pm_jobs_fail(run, job, NULL);
			pm_jobs_end_claim(n);
			run->done++;
		}
		else if (!enough)
			run_handler(run, queue, job, n, list_length(jobs) > 1);
		n++;
	}
	pm_jobs_succeed_all(run, jobs);
}

/*
 * Puts the attempt of a job with outside effects on record and begins the
 * transaction that its handler runs in.  False if the job is gone.
 */
bool
pm_jobs_start_outside(JobRun *run, Job *job)
{
	if (!pm_jobs_keep(job->id))
		return false;
	job->outside = true;
	job->started_at = GetCurrentTimestamp();
	pm_jobs_start_attempt(run, job);
	pm_jobs_keep_claims(true);
	pm_jobs_commit(run);
	pm_jobs_begin(run);
	pm_jobs_keep_claims(false);
	return pm_jobs_claim_again(run, job);
}

/*
 * Runs a procedure whose attempt is on record, outside of any transaction of ours, and
 * records its end in one of its own.  What it throws is its failure.
 */
void
pm_jobs_run_procedure(JobRun *run, Queue *queue, List *jobs)
{
	Job *job = linitial(jobs);
	bool super = superuser_arg(job->role);
	Datum argument;

	if (!show_begin(queue, job, 0))
	{
		pm_jobs_cancel_job(run, job, NULL);
		pm_jobs_end_claim(0);
		return;
	}
	MemoryContextSwitchTo(run->batch);
	PushActiveSnapshot(GetTransactionSnapshot()); /* for what is stored out of line */
	argument = pm_jobs_make_argument(run, job);
	PopActiveSnapshot();
	pm_jobs_keep_claims(true);
	pm_jobs_commit(run);
	pm_jobs_begin_as(job->role, super);
	pm_jobs_set_running_id(job->id);
	PG_TRY();
	{
		pm_jobs_call_procedure(job, run->job_type, argument);
		CommitTransactionCommand();
	}
	PG_FINALLY();
	{
		pm_jobs_set_running_id(0);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(run->batch);
	pm_jobs_drop_role(run);
	note_time(job->handler, GetCurrentTimestamp() - job->started_at);
	run->done++;
	job->finished_at = GetCurrentTimestamp();
	if (show_end(0, false))
		ereport(ERROR, (errcode(ERRCODE_QUERY_CANCELED),
		                errmsg("the handler caught the cancel of its job")));
	pm_jobs_begin(run);
	pm_jobs_keep_claims(false);
	if (pm_jobs_claim_again(run, job))
	{
		job->succeeded = true;
		pm_jobs_end_claim(0);
		pm_jobs_succeed_all(run, jobs);
	}
}

/*
 * Is the job's handler a procedure that may end transactions?  Throws what is wrong
 * with it.
 */
bool
pm_jobs_is_free_procedure(JobRun *run, Job *job)
{
	if (!job->outside)
		return false;
	job->handler->function = InvalidOid; /* as it is now */
	pm_jobs_prepare_call(run, job);
	SetUserIdAndSecContext(run->caller, run->caller_context);
	return job->handler->is_procedure;
}
