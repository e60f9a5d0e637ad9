/*
 * batch.c - one transaction of a worker
 *
 * A batch is some claimed jobs of one queue and one role.  Each handler runs in a
 * subtransaction; the completions of those that succeeded are written together
 * at the end, so they and what the handlers did commit as one, and each job's
 * work is atomic with its completion.  If anything but a handler fails, all is
 * undone and the jobs of the batch get a transaction each; if it was one job,
 * its attempt has failed.
 *
 * Claims end in the callback after COMMIT or ABORT, when everybody can see what
 * the transaction did; jobs that it did not end can then be claimed again.
 */
#include "pm_jobs_shared.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_authid.h"
#include "commands/sequence.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "replication/syncrep.h"
#include "storage/ipc.h"
#include "storage/lock.h"
#include "utils/datum.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

/* A queue whose jobs are all locked or blocked is tried again after this time. */
#define BLOCKED_MS 100

/* What the worker's entry claims, and how to give it back. */
typedef struct Held
{
	int32 priority;
	int64 seq;
	bool keyed;
	bool ended; /* finished, or scheduled again */
} Held;

static Queue *held_queue; /* NULL: nothing is claimed */
static Held held[BATCH_MAX];
static int nheld;
static List *batch_jobs; /* not local: it is looked at after an error */
static bool keep_claims; /* beyond the end of this transaction */
static bool to_discard;  /* a procedure has had the session to itself */
static Oid last_role;

/* The end of the last commit that may not be on disk yet; since when there is one. */
static XLogRecPtr unflushed = InvalidXLogRecPtr;
static TimestampTz unflushed_since;
static int commit_level = -1; /* synchronous_commit while it is off for a commit */

/* Gives the claims back.  Does not throw. */
static void
release(void)
{
	SharedQueue *shared = held_queue->shared;
	bool turns = pm_jobs_has_turns(held_queue);

	SpinLockAcquire(&pm_jobs_me->mutex);
	pm_jobs_me->nclaims = 0;
	pm_jobs_me->job = 0;
	SpinLockRelease(&pm_jobs_me->mutex);
	for (int i = 0; i < nheld; i++)
		if (!held[i].ended)
			pm_jobs_move_back(shared, held[i].priority, held[i].seq, held[i].keyed);
	SpinLockAcquire(&shared->mutex);
	shared->busy--;
	if (turns)
	{
		shared->releases++;
		shared->maybe = true;
	}
	SpinLockRelease(&shared->mutex);
	nheld = 0;
	held_queue = NULL;
	keep_claims = false;
}

static void
at_end_of_transaction(XactEvent event, void *arg)
{
	if (held_queue == NULL)
		return;
	if (event == XACT_EVENT_ABORT)
		for (int i = 0; i < nheld; i++)
			held[i].ended = false;
	if ((event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT) && !keep_claims)
		release();
}

/* The process ends: as after an abort.  Runs once its transaction is undone. */
static void
at_exit(int code, Datum arg)
{
	if (held_queue != NULL)
		release();
	pm_jobs_lane_reset();
}

/* Called once by a worker, before it is connected: its exit must come last. */
void
pm_jobs_batch_init(void)
{
	RegisterXactCallback(at_end_of_transaction, NULL);
	before_shmem_exit(at_exit, (Datum) 0);
}

/* Begins a transaction that reads what is committed when each statement begins. */
static void
begin(JobRun *run)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	XactIsoLevel = XACT_READ_COMMITTED;
	XactReadOnly = false;
	if (to_discard)
		pm_jobs_discard_session();
	pm_jobs_begin_jobs(run);
}

/* The session becomes the worker's own again. */
static void
drop_role(JobRun *run)
{
	SetSessionAuthorization(BOOTSTRAP_SUPERUSERID, true);
	run->caller = BOOTSTRAP_SUPERUSERID;
}

/* Commits it. */
static void
commit(JobRun *run)
{
	pm_jobs_end_jobs(run);
	CommitTransactionCommand();
	to_discard = false;
	drop_role(run);
}

/*
 * Commits it without waiting for the disk; pm_jobs_flush() waits for it and all the
 * others since.  If the server crashes before that, none of it has happened.
 */
static void
commit_soon(JobRun *run)
{
	if (synchronous_commit == SYNCHRONOUS_COMMIT_OFF)
	{
		commit(run);
		return;
	}
	commit_level = synchronous_commit;
	synchronous_commit = SYNCHRONOUS_COMMIT_OFF;
	commit(run);
	synchronous_commit = commit_level;
	commit_level = -1;
	if (unflushed == InvalidXLogRecPtr)
		unflushed_since = GetCurrentTimestamp();
	unflushed = XactLastCommitEnd;
}

/* Waits until what was committed soon is on disk, and on standbys if commits wait for them. */
void
pm_jobs_flush(void)
{
	if (unflushed == InvalidXLogRecPtr)
		return;
	XLogFlush(unflushed);
	if (synchronous_commit > SYNCHRONOUS_COMMIT_LOCAL_FLUSH)
	{
		HOLD_INTERRUPTS();
		SyncRepWaitForLSN(unflushed, true);
		RESUME_INTERRUPTS();
	}
	unflushed = InvalidXLogRecPtr;
}

/* The same once the first of them has waited for as long as a batch may take. */
void
pm_jobs_flush_in_time(void)
{
	if (unflushed != InvalidXLogRecPtr &&
	    TimestampDifferenceExceeds(unflushed_since, GetCurrentTimestamp(),
	                               pm_jobs_batch_time))
		pm_jobs_flush();
}

/*
 * After an error: its copy in the run's memory; the transaction is undone.
 */
static ErrorData *
undo(JobRun *run)
{
	ErrorData *error;

	MemoryContextSwitchTo(run->context);
	error = CopyErrorData();
	FlushErrorState();
	pm_jobs_lane_reset();
	AbortCurrentTransaction();
	PortalErrorCleanup(); /* the cursors of a procedure's loops */
	if (commit_level >= 0)
		synchronous_commit = commit_level;
	commit_level = -1;
	drop_role(run);
	run->jobs = NULL;
	run->target = NULL;
	LockReleaseSession(USER_LOCKMETHOD);
	if (held_queue == NULL)
	{
		SpinLockAcquire(&pm_jobs_me->mutex);
		pm_jobs_me->nclaims = 0;
		SpinLockRelease(&pm_jobs_me->mutex);
	}
	return error;
}

/*
 * Does some work of the worker's own in a transaction.  False if it failed: the
 * error is in the log and everything undone.
 */
bool
pm_jobs_transact(JobRun *run, void (*work)(JobRun *run, void *arg), void *arg)
{
	volatile bool good = false;

	MemoryContextReset(run->batch);
	PG_TRY();
	{
		begin(run);
		work(run, arg);
		commit(run);
		good = true;
	}
	PG_CATCH();
	{
		ErrorData *error = undo(run);

		ereport(LOG,
		        (errcode(error->sqlerrcode),
		         errmsg("pm_jobs worker: %s", error->message ? error->message : "error")));
		FreeErrorData(error);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(run->context);
	return good;
}

/* The session becomes one of the batch's role. */
static void
adopt_role(JobRun *run, Oid role)
{
	if (role != last_role)
		ResetSequenceCaches();
	last_role = role;
	SetSessionAuthorization(role, superuser_arg(role));
	GetUserIdAndSecContext(&run->caller, &run->caller_context);
}

/* Notes how to give the jobs back. */
static void
hold(JobRun *run, Queue *queue, List *jobs)
{
	ListCell *cell;

	nheld = 0;
	foreach (cell, jobs)
	{
		Job *job = lfirst(cell);
		bool null;

		(void) heap_getattr(job->row, JOB_LIMIT_KEY, RelationGetDescr(run->jobs), &null);
		held[nheld++] = (Held){.priority = job->priority, .seq = job->seq, .keyed = !null};
	}
	held_queue = queue;
	keep_claims = false;
	SpinLockAcquire(&queue->shared->mutex);
	queue->shared->busy++;
	SpinLockRelease(&queue->shared->mutex);
}

/*
 * It is the turn of the n-th job of the batch.  True if it is to be cancelled.  If
 * not, and it will not be run now, who cancels it waits until it is given back.
 */
static bool
is_unwanted(int n, bool not_now)
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
		held[n].ended = true;
		return;
	}
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(run->scratch);
	PG_TRY();
	{
		job->has_result = pm_jobs_call(run, job, &job->result);
		PopActiveSnapshot();
		if (job->has_result)
		{
			MemoryContextSwitchTo(run->batch);
			job->result = PointerGetDatum(PG_DETOAST_DATUM_COPY(job->result));
		}
		MemoryContextSwitchTo(run->scratch);
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
	held[n].ended = true;
	note_time(job->handler, GetCurrentTimestamp() - job->started_at);
	MemoryContextReset(run->scratch);
	run->done++;
}

/* Runs the jobs of a batch, as many as its time allows. */
static void
run_jobs(JobRun *run, Queue *queue, List *jobs)
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
		if (is_unwanted(n, enough || job->crashed))
		{
			pm_jobs_cancel_job(run, job, NULL);
			held[n].ended = true;
		}
		else if (!enough && job->crashed)
		{
			pm_jobs_fail(run, job, NULL);
			held[n].ended = true;
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
static bool
start_outside(JobRun *run, Job *job)
{
	if (!pm_jobs_keep(job->id))
		return false;
	job->outside = true;
	job->started_at = GetCurrentTimestamp();
	pm_jobs_start_attempt(run, job);
	keep_claims = true;
	commit(run);
	begin(run);
	keep_claims = false;
	return pm_jobs_claim_again(run, job);
}

/*
 * Runs a procedure whose attempt is on record, outside of any transaction of ours, and
 * records its end in one of its own.  What it throws is its failure.
 */
static void
run_procedure(JobRun *run, Queue *queue, List *jobs)
{
	Job *job = linitial(jobs);
	bool super = superuser_arg(job->role);
	Datum argument;

	if (!show_begin(queue, job, 0))
	{
		pm_jobs_cancel_job(run, job, NULL);
		held[0].ended = true;
		return;
	}
	MemoryContextSwitchTo(run->batch);
	argument = pm_jobs_make_argument(run, job);
	keep_claims = true;
	commit(run);
	SetSessionAuthorization(job->role, super);
	to_discard = true;
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
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
	drop_role(run);
	note_time(job->handler, GetCurrentTimestamp() - job->started_at);
	run->done++;
	job->finished_at = GetCurrentTimestamp();
	if (show_end(0, false))
		ereport(ERROR, (errcode(ERRCODE_QUERY_CANCELED),
		                errmsg("the handler caught the cancel of its job")));
	begin(run);
	keep_claims = false;
	if (pm_jobs_claim_again(run, job))
	{
		job->succeeded = held[0].ended = true;
		pm_jobs_succeed_all(run, jobs);
	}
}

/*
 * Is the job's handler a procedure that may end transactions?  Throws what is wrong
 * with it.
 */
static bool
is_free_procedure(JobRun *run, Job *job)
{
	if (!job->outside)
		return false;
	job->handler->function = InvalidOid; /* as it is now */
	pm_jobs_prepare_call(run, job);
	SetUserIdAndSecContext(run->caller, run->caller_context);
	return job->handler->is_procedure;
}

/* The transaction of a batch; false if nothing could be claimed. */
static bool
transaction(JobRun *run, Queue *queue)
{
	Job *first;
	bool single = queue->has_rate || queue->own_commit;

	if (queue->has_rate)
	{
		bool taken;

		begin(run);
		taken = pm_jobs_take_token(run, queue);
		/* if this commit is lost, so is what follows it */
		commit_soon(run);
		queue->firm = !taken;
		if (!taken)
			return false;
	}
	begin(run);
	if (pm_jobs_take_slot(queue->name, NULL, queue->concurrency))
		batch_jobs = pm_jobs_lane_claim(run, queue, single ? 1 : pm_jobs_batch_jobs);
	if (batch_jobs == NIL)
	{
		if (queue->has_rate)
			pm_jobs_give_back(run, queue);
		commit(run);
		queue->not_before = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), BLOCKED_MS);
		return false;
	}
	hold(run, queue, batch_jobs);
	first = linitial(batch_jobs);
	if (!first->handler->transactional && !first->crashed && !is_unwanted(0, false) &&
	    !start_outside(run, first))
	{
		commit(run);
		pm_jobs_release_kept();
		return true;
	}
	/* what may take long does not keep others from the disk */
	if (!queue->own_commit || first->handler->mean_us < 0 ||
	    first->handler->mean_us > pm_jobs_batch_time * 1000.0)
		pm_jobs_flush();
	if (is_free_procedure(run, first))
		run_procedure(run, queue, batch_jobs);
	else
	{
		adopt_role(run, first->role);
		run_jobs(run, queue, batch_jobs);
	}
	if (queue->own_commit && !first->outside)
		commit_soon(run);
	else
		commit(run);
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

	keep_claims = false;
	foreach (cell, failure->jobs)
	{
		Job *job = lfirst(cell);
		int n = foreach_current_index(cell);
		bool cancel = (failure->unwanted >> n) & 1;
		Snapshot snapshot;
		bool is_free;
		bool gone;

		if (!cancel && nheld > 1)
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
			pm_jobs_cancel_job(run, job, nheld == 1 ? failure->error : NULL);
		else
			pm_jobs_fail(run, job, failure->error);
		held[n].ended = true;
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
		keep_claims = held_queue != NULL && (nheld == 1 || unwanted != 0);
		if (held_queue != NULL && nheld > 1)
			remember_alone(run, queue, batch_jobs);
		error = undo(run);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(run->context);
	LockReleaseSession(USER_LOCKMETHOD);
	if (error != NULL)
	{
		if (keep_claims)
		{
			Failure failure = {.jobs = batch_jobs, .unwanted = unwanted, .error = error};
			MemoryContext kept = run->batch;

			/* the job lives in the batch's memory */
			run->batch = AllocSetContextCreate(run->context, "pm_jobs batch",
			                                   ALLOCSET_DEFAULT_SIZES);
			if (!pm_jobs_transact(run, record_failure, &failure))
			{
				/* the job runs again; not at once, for that may go on like this */
				if (held_queue != NULL)
					release();
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
