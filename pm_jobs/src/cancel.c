/*
 * cancel.c - cancelling a job that a worker has claimed
 *
 * A job that has not begun is marked in the worker's entry and cancelled when its
 * turn comes.  One that runs is interrupted by SIGUSR2, which no other part of a
 * background worker uses, so that it is never taken for pg_cancel_backend().  Who
 * cancels first writes the serial number of the call into the entry; the handler
 * of the signal compares it with the call that runs.  A signal that comes late
 * finds another number and does nothing.  What the entry says of its jobs changes
 * under the spinlock, so that a cancel finds each job before, in or after its call
 * and never between.
 *
 * If the batch is undone, the worker cancels those that are marked before it gives
 * the others back.  Only the end of the worker itself, by a crash or
 * pg_terminate_backend(), makes it forget: then the job runs again.
 */
#include "pm_jobs_shared.h"

#include <signal.h>

#include "libpq/pqsignal.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/ipc.h"
#include "storage/latch.h"

/* Is the call that runs in this worker to be cancelled?  Also for signal handlers. */
bool
pm_jobs_cancel_wanted(void)
{
	uint64 serial;

	if (pm_jobs_me == NULL)
		return false;
	serial = pg_atomic_read_u64(&pm_jobs_me->serial);
	return (serial & 1) != 0 && pg_atomic_read_u64(&pm_jobs_me->cancel) == serial;
}

/* Makes the next look for interrupts in the handler throw. */
static void
interrupt(void)
{
	InterruptPending = true;
	QueryCancelPending = true;
	SetLatch(MyLatch);
}

/* SIGUSR2: cancels the call that runs, if it is the one that is meant. */
static void
handle_cancel(SIGNAL_ARGS)
{
	int saved = errno;

	if (!proc_exit_inprogress && pm_jobs_cancel_wanted())
		interrupt();
	errno = saved;
}

/* SIGINT, of pg_cancel_backend: the attempt that runs fails, if there is one. */
static void
handle_interrupt(SIGNAL_ARGS)
{
	int saved = errno;

	if (!proc_exit_inprogress && pm_jobs_me != NULL &&
	    (pg_atomic_read_u64(&pm_jobs_me->serial) & 1) != 0)
		interrupt();
	errno = saved;
}

/*
 * Called once by a worker, before it gets signals.  Whoever ends a call forgets
 * QueryCancelPending once the serial number has changed: it was for that call.
 */
void
pm_jobs_cancel_init(void)
{
	pqsignal(SIGINT, handle_interrupt);
	pqsignal(SIGUSR2, handle_cancel);
}

typedef enum CancelAnswer
{
	CANCEL_NOT_CLAIMED,
	CANCEL_NOT_YET, /* nothing is certain before the worker goes on */
	CANCEL_TOO_LATE,
	CANCEL_ASKED
} CancelAnswer;

/* Asks a worker to cancel a job, if it has claimed that. */
static CancelAnswer
ask_worker(SharedWorker *worker, int64 id)
{
	CancelAnswer answer = CANCEL_NOT_CLAIMED;
	int pid = 0;
	int i = 0;

	SpinLockAcquire(&worker->mutex);
	if (worker->database != MyDatabaseId || worker->state == WORKER_FREE)
		i = worker->nclaims;
	while (i < worker->nclaims && worker->claims[i] != id)
		i++;
	if (i == worker->nclaims || (worker == pm_jobs_me && i == worker->current))
		answer = CANCEL_NOT_CLAIMED;
	else if (worker->current < 0)
		answer = CANCEL_NOT_YET;
	else if (i < worker->current)
	{
		/* one that failed can be cancelled once that is committed: not by its neighbour */
		answer = (worker->failed >> i) & 1 ? CANCEL_NOT_YET : CANCEL_TOO_LATE;
		if (answer == CANCEL_NOT_YET && worker == pm_jobs_me)
			answer = CANCEL_NOT_CLAIMED;
	}
	else
	{
		/* marked also if it runs: then the whole batch may be undone */
		answer = CANCEL_ASKED;
		worker->unwanted |= UINT64CONST(1) << i;
		if (i == worker->current && worker->job == id)
		{
			pg_atomic_write_u64(&worker->cancel, pg_atomic_read_u64(&worker->serial));
			pid = worker->pid;
		}
	}
	SpinLockRelease(&worker->mutex);
	if (pid != 0)
		(void) kill(pid, SIGUSR2);
	return answer;
}

PG_FUNCTION_INFO_V1(pm_jobs__cancel_running);

/*
 * _cancel_running(id): asks the worker of this database that has claimed the job
 * to cancel it.  True if it was asked, false if its handler has succeeded already,
 * NULL if no worker has claimed it; the job that calls counts as not claimed.
 * Waits while a worker is just checking its claims, and for the commit of an
 * attempt that failed.  Checks no rights.
 */
Datum
pm_jobs__cancel_running(PG_FUNCTION_ARGS)
{
	int64 id = PG_GETARG_INT64(0);
	CancelAnswer answer = CANCEL_NOT_YET;

	if (pm_jobs_shared == NULL)
		PG_RETURN_NULL();
	while (answer == CANCEL_NOT_YET)
	{
		answer = CANCEL_NOT_CLAIMED;
		for (int i = 0; i < pm_jobs_shared->nworkers && answer == CANCEL_NOT_CLAIMED; i++)
			answer = ask_worker(&pm_jobs_shared->workers[i], id);
		if (answer == CANCEL_NOT_YET)
		{
			(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, 1,
			                 PG_WAIT_EXTENSION);
			ResetLatch(MyLatch);
			CHECK_FOR_INTERRUPTS();
		}
	}
	if (answer == CANCEL_NOT_CLAIMED)
		PG_RETURN_NULL();
	PG_RETURN_BOOL(answer == CANCEL_ASKED);
}

PG_FUNCTION_INFO_V1(pm_jobs__is_claimed);

/* _is_claimed(id): has a worker of this database claimed the job? */
Datum
pm_jobs__is_claimed(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(pm_jobs_is_claimed(PG_GETARG_INT64(0)));
}

PG_FUNCTION_INFO_V1(pm_jobs__has_workers);

/* _has_workers(): is there a worker of this database that may claim jobs? */
Datum
pm_jobs__has_workers(PG_FUNCTION_ARGS)
{
	bool found = false;

	for (int i = 0; pm_jobs_shared != NULL && i < pm_jobs_shared->nworkers && !found; i++)
	{
		SharedWorker *worker = &pm_jobs_shared->workers[i];

		SpinLockAcquire(&worker->mutex);
		found = worker->state != WORKER_FREE && worker->database == MyDatabaseId;
		SpinLockRelease(&worker->mutex);
	}
	PG_RETURN_BOOL(found);
}
