/*
 * transact.c - the transactions of a worker
 *
 * Each begins as the worker's own; a batch then adopts the role that its jobs run
 * as.  A commit may leave the disk for later: pm_jobs_flush() waits for all of them
 * together.  If the server crashes before that, none of them has happened.
 */
#include "pm_jobs_shared.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_authid.h"
#include "commands/sequence.h"
#include "miscadmin.h"
#include "replication/syncrep.h"
#include "storage/lock.h"
#include "utils/memutils.h"
#include "utils/portal.h"

static bool to_discard; /* a procedure has had the session to itself */
static Oid last_role;

/* The end of the last commit that may not be on disk yet; since when there is one. */
static XLogRecPtr unflushed = InvalidXLogRecPtr;
static TimestampTz unflushed_since;
static int commit_level = -1; /* synchronous_commit while it is off for a commit */

/* Begins a transaction that reads what is committed when each statement begins. */
void
pm_jobs_begin(JobRun *run)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	XactIsoLevel = XACT_READ_COMMITTED;
	XactReadOnly = false;
	if (to_discard)
		pm_jobs_discard_session();
	pm_jobs_begin_jobs(run);
}

/*
 * Begins a transaction that is a procedure's alone, and the role's.  What it leaves
 * in the session goes when the worker's next transaction begins.
 */
void
pm_jobs_begin_as(Oid role, bool super)
{
	SetSessionAuthorization(role, super);
	to_discard = true;
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
}

/* The session becomes the worker's own again. */
void
pm_jobs_drop_role(JobRun *run)
{
	SetSessionAuthorization(BOOTSTRAP_SUPERUSERID, true);
	run->caller = BOOTSTRAP_SUPERUSERID;
}

/* The session becomes one of the batch's role. */
void
pm_jobs_adopt_role(JobRun *run, Oid role)
{
	if (role != last_role)
		ResetSequenceCaches();
	last_role = role;
	SetSessionAuthorization(role, superuser_arg(role));
	GetUserIdAndSecContext(&run->caller, &run->caller_context);
}

/* Commits it. */
void
pm_jobs_commit(JobRun *run)
{
	pm_jobs_end_jobs(run);
	CommitTransactionCommand();
	to_discard = false;
	pm_jobs_drop_role(run);
}

/*
 * Commits it without waiting for the disk; pm_jobs_flush() waits for it and all the
 * others since.  If the server crashes before that, none of it has happened.
 */
void
pm_jobs_commit_soon(JobRun *run)
{
	if (synchronous_commit == SYNCHRONOUS_COMMIT_OFF)
	{
		pm_jobs_commit(run);
		return;
	}
	commit_level = synchronous_commit;
	synchronous_commit = SYNCHRONOUS_COMMIT_OFF;
	pm_jobs_commit(run);
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
ErrorData *
pm_jobs_undo(JobRun *run)
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
	pm_jobs_drop_role(run);
	run->jobs = NULL;
	run->target = NULL;
	LockReleaseSession(USER_LOCKMETHOD);
	if (pm_jobs_claims_held() == 0)
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
		pm_jobs_begin(run);
		work(run, arg);
		pm_jobs_commit(run);
		good = true;
	}
	PG_CATCH();
	{
		ErrorData *error = pm_jobs_undo(run);

		ereport(LOG,
		        (errcode(error->sqlerrcode),
		         errmsg("pm_jobs worker: %s", error->message ? error->message : "error")));
		FreeErrorData(error);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(run->context);
	return good;
}
