/*
 * worker.c - a worker: its life, idle and busy
 *
 * A worker belongs to one database.  It knows the queues and handlers until they
 * change, and lets the queues take turns, a batch each, as long as one may have
 * something to claim.  Then it shows itself idle, looks once more at the count of
 * reports, and sleeps on its latch.  What has to be done at some time though
 * nobody reports (due jobs, schedules, the poll) is done by whoever is awake
 * first; a worker that leaves or begins a batch tells the launcher when that is.
 */
#include "worker.h"

#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "commands/extension.h"
#include "libpq/pqsignal.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/* Not worth leaving if there is something to do so soon. */
#define SOON_MS 1000
/* How long a worker stays that has not had any job. */
#define LOOK_MS 5000

extern PGDLLEXPORT void pm_jobs_worker_main(Datum arg);

SharedWorker *pm_jobs_me = NULL;
SharedDatabase *pm_jobs_my_database = NULL;

/* How far this worker has looked. */
typedef struct Seen
{
	uint64 reports; /* the count of them before the last look */
	bool busy;      /* it has not looked through everything since it had work */
	bool had_job;   /* it has had a job */
	int turn;       /* which queue goes first */
} Seen;

static Seen seen;

/* Leaves the entry.  May be called before the worker is connected. */
static void
detach(int code, Datum arg)
{
	SharedWorker *me = pm_jobs_me;

	if (me == NULL)
		return;
	pm_jobs_crash_leave(code);
	SpinLockAcquire(&me->mutex);
	me->state = WORKER_FREE;
	me->database = InvalidOid;
	me->pid = 0;
	me->nclaims = 0;
	me->job = 0;
	me->done = code == 0; /* if not, the launcher starts another one */
	SpinLockRelease(&me->mutex);
	pm_jobs_me = NULL;
	pg_memory_barrier();
	/* somebody else is to go on; or who reported since may have counted on this one */
	if (pm_jobs_my_database != NULL &&
	    (seen.busy || pg_atomic_read_u64(&pm_jobs_my_database->reports) != seen.reports))
		pm_jobs_wake(pm_jobs_my_database, 1);
	pm_jobs_wake_launcher();
}

/*
 * Takes the entry that the launcher reserved; false if it did not.  Sets *stop if the
 * worker is to leave again.
 */
static bool
attach(int index, Oid database, bool *stop)
{
	SharedWorker *me = &pm_jobs_shared->workers[index];
	bool mine;

	SpinLockAcquire(&me->mutex);
	*stop = me->stop;
	mine = me->state == WORKER_STARTING && me->database == database && me->pid == 0;
	if (mine)
	{
		me->pid = MyProcPid;
		me->pgprocno = MyProc->pgprocno;
		me->state = WORKER_BUSY;
		me->since = GetCurrentTimestamp();
		me->nclaims = 0;
		me->current = -1;
		me->job = 0;
		me->unwanted = 0;
	}
	SpinLockRelease(&me->mutex);
	if (!mine)
		return false;
	pg_atomic_write_u64(&me->serial,
	                    (pg_atomic_read_u64(&me->serial) + 2) & ~UINT64CONST(1));
	pg_atomic_write_u64(&me->cancel, 0);
	pm_jobs_me = me;
	return true;
}

/* Is there anything for a worker in this database? */
static bool
is_served(void)
{
	bool served;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	served = pm_jobs_enabled && OidIsValid(get_extension_oid("pm_jobs", true));
	CommitTransactionCommand();
	return served;
}

/* Notes that there is nothing for a worker: no extension, or workers are disabled. */
static void
be_absent(void)
{
	SpinLockAcquire(&pm_jobs_my_database->mutex);
	pm_jobs_my_database->absent = true;
	pm_jobs_my_database->disabled = !pm_jobs_enabled;
	pm_jobs_my_database->next_due = DT_NOEND;
	SpinLockRelease(&pm_jobs_my_database->mutex);
	seen.busy = false;
}

/* Was there nothing to claim a moment ago, and nothing new since? */
static bool
has_to_wait(const Queue *queue)
{
	return GetCurrentTimestamp() < queue->not_before &&
	       (queue->firm ||
	        (queue->reports == pg_atomic_read_u64(&pm_jobs_my_database->reports) &&
	         queue->releases == queue->shared->releases));
}

/* Lets each queue have a batch; true if any had one. */
static bool
take_turns(JobRun *run)
{
	int n = list_length(run->queues);
	bool found = false;

	for (int i = 0; i < n && !pm_jobs_me->stop; i++)
	{
		Queue *queue = list_nth(run->queues, (seen.turn + i) % n);

		if (!pm_jobs_is_open(queue) || has_to_wait(queue))
			continue;
		pgstat_report_activity(STATE_RUNNING, queue->name);
		if (!pm_jobs_run_batch(run, queue))
			continue;
		pm_jobs_flush_in_time();
		found = true;
		if (queue->events)
			pm_jobs_note_event(run, queue);
		/* more than one worker has work */
		if (pm_jobs_is_open(queue) && queue->concurrency > queue->shared->busy + 1)
			pm_jobs_wake(pm_jobs_my_database, 1);
	}
	if (n > 0)
		seen.turn = (seen.turn + 1) % n;
	return found;
}

/* Sleeps until something is reported or is due; false: it is time to leave. */
static bool
sleep_until_report(JobRun *run, TimestampTz idle_since)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz leave = TimestampTzPlusMilliseconds(
	    idle_since, seen.had_job ? pm_jobs_idle_exit * INT64CONST(1000)
	                             : Min(LOOK_MS, pm_jobs_idle_exit * INT64CONST(1000)));
	TimestampTz next = pm_jobs_next_time(run);
	TimestampTz until = Min(
	    next, TimestampTzPlusMilliseconds(now, pm_jobs_poll_interval * INT64CONST(1000)));
	bool slept = true;
	bool woken;

	if (pm_jobs_known.events != NIL)
		until = Min(until, pm_jobs_known.next_event);
	else if (now >= leave && next > TimestampTzPlusMilliseconds(now, SOON_MS))
	{
		pm_jobs_leave_word(next);
		slept = false;
	}
	else if (now < leave)
		until = Min(until, leave);

	SpinLockAcquire(&pm_jobs_me->mutex);
	pm_jobs_me->state = WORKER_IDLE;
	pm_jobs_me->since = now;
	SpinLockRelease(&pm_jobs_me->mutex);
	/* nobody needs another worker, as far as this one has looked and while it does */
	SpinLockAcquire(&pm_jobs_my_database->mutex);
	pm_jobs_my_database->wanted = false;
	if (slept)
		pm_jobs_my_database->next_due = DT_NOEND;
	SpinLockRelease(&pm_jobs_my_database->mutex);
	pg_memory_barrier();
	/* whoever waited for something since has emptied the latch, whatever had set it */
	if (pg_atomic_read_u64(&pm_jobs_my_database->reports) != seen.reports ||
	    ConfigReloadPending || pm_jobs_me->stop ||
	    pg_atomic_read_u32(&pm_jobs_my_database->holders) > 0)
		slept = true;
	else if (slept)
	{
		/* what is due may be due since ever, which is too far from now to subtract */
		until = Max(until, now);
		pgstat_report_stat(true);
		pgstat_report_activity(STATE_IDLE, NULL);
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
		                 TimestampDifferenceMilliseconds(GetCurrentTimestamp(), until),
		                 PG_WAIT_EXTENSION);
	}
	SpinLockAcquire(&pm_jobs_me->mutex);
	woken = pm_jobs_me->state != WORKER_IDLE;
	pm_jobs_me->state = WORKER_BUSY;
	SpinLockRelease(&pm_jobs_me->mutex);
	return slept || woken;
}

/*
 * Works until it is told to stop, or has been without a job for long; less long if it
 * never had one.
 */
static void
work(JobRun *run)
{
	TimestampTz idle_since = GetCurrentTimestamp();

	for (;;)
	{
		bool busy;

		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
			if (!pm_jobs_enabled)
			{
				be_absent();
				break;
			}
		}
		if (pm_jobs_me->stop || pg_atomic_read_u32(&pm_jobs_my_database->holders) > 0)
		{
			pm_jobs_leave_word(pm_jobs_next_time(run));
			break;
		}
		seen.reports = pg_atomic_read_u64(&pm_jobs_my_database->reports);
		pg_memory_barrier();
		seen.busy = true;
		busy = pm_jobs_keep_time(run);
		if (!pm_jobs_known.read)
		{
			/* the error is in the log */
			if (is_served())
				proc_exit(1);
			be_absent();
			break;
		}
		if (take_turns(run))
		{
			busy = seen.had_job = true;
			idle_since = GetCurrentTimestamp();
		}
		pgstat_report_stat(false);
		seen.busy = busy;
		if (!busy)
			pm_jobs_flush();
		if (!busy && !sleep_until_report(run, idle_since))
			break;
	}
	pm_jobs_tell_events(run);
	pm_jobs_flush();
}

/* Fills in a run that lasts as long as the worker. */
static void
begin_run(JobRun *run)
{
	memset(run, 0, sizeof(JobRun));
	run->worker = run->outside = run->all_roles = true;
	run->caller = BOOTSTRAP_SUPERUSERID;
	run->context =
	    AllocSetContextCreate(TopMemoryContext, "pm_jobs worker", ALLOCSET_DEFAULT_SIZES);
	run->pass =
	    AllocSetContextCreate(run->context, "pm_jobs known", ALLOCSET_DEFAULT_SIZES);
	run->batch =
	    AllocSetContextCreate(run->context, "pm_jobs batch", ALLOCSET_DEFAULT_SIZES);
	run->scratch =
	    AllocSetContextCreate(run->context, "pm_jobs job", ALLOCSET_DEFAULT_SIZES);
	pm_jobs_time_init();
}

/*
 * Main function of a worker.  arg is the index of its entry, bgw_extra holds the
 * database's OID.
 */
void
pm_jobs_worker_main(Datum arg)
{
	Oid database;
	bool stop;
	JobRun run;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pm_jobs_cancel_init();

	memcpy(&database, MyBgworkerEntry->bgw_extra, sizeof(Oid));
	before_shmem_exit(detach, (Datum) 0);
	if (!attach(DatumGetInt32(arg), database, &stop) || stop)
		proc_exit(0);
	pm_jobs_claims_init();
	pm_jobs_crash_enter(DatumGetInt32(arg));
	BackgroundWorkerUnblockSignals();
	/* one that came before its handler was there is lost */
	ConfigReloadPending = true;

	BackgroundWorkerInitializeConnectionByOid(database, InvalidOid, 0);
	pm_jobs_my_database = pm_jobs_find_database(database, true);
	if (pm_jobs_my_database == NULL)
		proc_exit(0);
	seen.busy = true;
	seen.reports = pg_atomic_read_u64(&pm_jobs_my_database->reports);
	pg_memory_barrier();
	SetConfigOption("application_name", "pm_jobs worker", PGC_USERSET, PGC_S_OVERRIDE);
	SetConfigOption("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_OVERRIDE);
	if (!is_served())
	{
		be_absent();
		proc_exit(0);
	}
	begin_run(&run);
	pm_jobs_settle_crashes(&run);
	work(&run);
	proc_exit(0);
}
