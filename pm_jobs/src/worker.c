/*
 * worker.c - a worker: its life, idle and busy
 *
 * A worker belongs to one database.  It knows the queues and handlers until they
 * change, and lets the queues take turns, a batch each, as long as one may have
 * something to claim.  Then it shows itself idle, looks once more at the count of
 * reports, and sleeps on its latch.  What has to be done at some time though
 * nobody reports (due jobs, schedules, the poll) is done by whoever is awake
 * first; the last worker that leaves tells the launcher when that is.
 */
#include "pm_jobs_shared.h"

#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "commands/async.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "libpq/pqsignal.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#define EVENT_CHANNEL "pm_jobs_events"
/* What is known of queues and handlers is read again when it has grown by this. */
#define KNOWN_BYTES   (256 * 1024)
/* A schedule that is due but locked is looked at again after this time. */
#define SCHEDULE_MS   100
/* Not worth leaving if there is something to do so soon. */
#define SOON_MS       1000
/* How long a worker stays that has not had any job. */
#define LOOK_MS       5000
/* Crashed jobs charged at once. */
#define CRASHED_MAX   64

extern PGDLLEXPORT void pm_jobs_worker_main(Datum arg);

SharedWorker *pm_jobs_me = NULL;
SharedDatabase *pm_jobs_my_database = NULL;

/* What this worker knows. */
typedef struct Known
{
	uint64 seen;               /* the count of reports before the last look */
	bool busy;                 /* it has not looked through everything since it had work */
	uint64 settings;           /* the count when queues were read */
	bool read;                 /* they have been */
	Size bytes;                /* what they took then */
	bool had_job;              /* it has had a job */
	TimestampTz next_schedule; /* when one is due; DT_NOEND: none */
	TimestampTz next_event;    /* when events may be sent again */
	List *events;              /* names of queues with something to tell, in run->context */
	int turn;                  /* which queue goes first */
} Known;

static Known known;

static JobStatement schedule_statement = {
    .sql = "SELECT min(next_run) FROM pm_jobs._schedules"};
static JobStatement before_statement = {.sql = "SELECT pm_jobs._before_run(NULL)"};
static JobStatement after_statement = {.sql = "SELECT pm_jobs._after_run()"};

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
	    (known.busy || pg_atomic_read_u64(&pm_jobs_my_database->reports) != known.seen))
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
	known.busy = false;
}

/* Reads queues and schedules again. */
static void
read_settings(JobRun *run, void *arg)
{
	ListCell *cell;

	run->only_queue = NULL;
	pm_jobs_read_queues(run, true);
	foreach (cell, run->queues)
	{
		Queue *queue = lfirst(cell);

		queue->shared = pm_jobs_find_queue(queue->name);
		if (queue->shared == NULL)
		{
			ereport(LOG,
			        (errmsg("pm_jobs cannot serve queue \"%s\": all %d entries of "
			                "shared memory are in use",
			                queue->name, QUEUES_MAX),
			         errhint("A restart frees those of dropped queues; CALL pm_jobs.run() "
			                 "needs none.")));
			continue;
		}
		SpinLockAcquire(&queue->shared->mutex);
		queue->shared->concurrency = queue->paused ? -1 : queue->concurrency;
		SpinLockRelease(&queue->shared->mutex);
	}
	SPI_connect();
	known.next_schedule = DT_NOEND;
	if (pm_jobs_query(run, &schedule_statement, NULL, NULL, 1) == 1)
	{
		bool null;
		Datum value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &null);

		if (!null)
			known.next_schedule = DatumGetTimestampTz(value);
	}
	SPI_finish();
}

/* Enqueues what schedules ask for. */
static void
fire_schedules(JobRun *run, void *arg)
{
	(void) pm_jobs_query_once(run, &before_statement, NULL, NULL);
}

/* Drops finished jobs that no queue keeps any more. */
static void
drop_old(JobRun *run, void *arg)
{
	(void) pm_jobs_query_once(run, &after_statement, NULL, NULL);
}

/* Makes due jobs of a queue ready. */
static void
promote(JobRun *run, void *arg)
{
	(void) pm_jobs_lane_promote(run, arg);
}

/* Charges a job with the crash of the process that ran it; makes it 0 if that is done. */
static void
charge_crash(JobRun *run, void *arg)
{
	int64 *job = arg;

	if (pm_jobs_charge_crash(run, *job))
		*job = 0;
}

/* Tells listeners which queues have finished jobs. */
static void
send_events(JobRun *run, void *arg)
{
	ListCell *cell;

	pm_jobs_flush();
	foreach (cell, known.events)
		Async_Notify(EVENT_CHANNEL, lfirst(cell));
}

/* Charges the jobs that were running in processes that crashed. */
static void
settle_crashes(JobRun *run)
{
	int64 jobs[CRASHED_MAX];
	int n = pm_jobs_crashed(MyDatabaseId, jobs, CRASHED_MAX);

	/* what cannot be charged now is there again at the next poll */
	for (int i = 0; i < n; i++)
	{
		int64 job = jobs[i];

		if (pm_jobs_transact(run, charge_crash, &job) && job == 0)
			pm_jobs_crash_settled(MyDatabaseId, jobs[i]);
	}
}

/* Remembers that the queue has something to tell. */
static void
note_event(JobRun *run, const Queue *queue)
{
	MemoryContext old = MemoryContextSwitchTo(run->context);
	ListCell *cell;
	bool noted = false;

	foreach (cell, known.events)
		noted = noted || strcmp(lfirst(cell), queue->name) == 0;
	if (!noted)
		known.events = lappend(known.events, pstrdup(queue->name));
	MemoryContextSwitchTo(old);
}

/* Reads queues and schedules; known.read tells whether that went well. */
static void
learn(JobRun *run, uint64 settings)
{
	known.read = pm_jobs_transact(run, read_settings, NULL);
	known.settings = settings;
	known.bytes = MemoryContextMemAllocated(run->pass, true);
	if (!known.read)
		run->queues = NIL;
}

/* Does what is to be done at some time; true if that may have made work. */
static bool
keep_time(JobRun *run)
{
	TimestampTz now = GetCurrentTimestamp();
	uint64 settings = pg_atomic_read_u64(&pm_jobs_my_database->settings);
	bool work = false;
	bool poll;
	ListCell *cell;

	SpinLockAcquire(&pm_jobs_my_database->mutex);
	poll = now >= TimestampTzPlusMilliseconds(pm_jobs_my_database->last_poll,
	                                          pm_jobs_poll_interval * INT64CONST(1000));
	if (poll)
		pm_jobs_my_database->last_poll = now;
	SpinLockRelease(&pm_jobs_my_database->mutex);
	if (poll)
	{
		(void) pg_atomic_fetch_add_u64(&pm_jobs_my_database->looks, 1);
		settle_crashes(run);
		(void) pm_jobs_transact(run, drop_old, NULL);
	}
	if (!known.read || poll || known.settings != settings ||
	    MemoryContextMemAllocated(run->pass, true) > known.bytes + KNOWN_BYTES)
	{
		learn(run, settings);
		work = true;
	}
	if (now >= known.next_schedule)
	{
		bool fired = pm_jobs_transact(run, fire_schedules, NULL);

		learn(run, settings);
		/* somebody else is at it, or it failed: not at once again */
		if (known.next_schedule <= now)
			known.next_schedule =
			    TimestampTzPlusMilliseconds(now, fired ? SCHEDULE_MS : TROUBLE_MS);
		work = true;
	}
	foreach (cell, run->queues)
	{
		Queue *queue = lfirst(cell);

		if (queue->paused || queue->shared == NULL || now < queue->shared->next_due)
			continue;
		if (!pm_jobs_transact(run, promote, queue))
		{
			/* what was written down about it is not so */
			SpinLockAcquire(&queue->shared->mutex);
			queue->shared->due = DT_NOBEGIN;
			queue->shared->next_due =
			    TimestampTzPlusMilliseconds(GetCurrentTimestamp(), 1000);
			SpinLockRelease(&queue->shared->mutex);
		}
		work = true;
	}
	if (known.events != NIL && now >= known.next_event)
	{
		if (pm_jobs_transact(run, send_events, NULL))
		{
			list_free_deep(known.events);
			known.events = NIL;
		}
		known.next_event = TimestampTzPlusMilliseconds(now, pm_jobs_event_interval);
	}
	return work;
}

/* May the worker claim jobs of the queue now? */
static bool
is_open(const Queue *queue)
{
	return !queue->paused && queue->shared != NULL && pm_jobs_may_claim(queue) &&
	       queue->shared->busy < queue->concurrency;
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
		Queue *queue = list_nth(run->queues, (known.turn + i) % n);

		if (!is_open(queue) || has_to_wait(queue))
			continue;
		pgstat_report_activity(STATE_RUNNING, queue->name);
		if (!pm_jobs_run_batch(run, queue))
			continue;
		pm_jobs_flush_in_time();
		found = true;
		if (queue->events)
			note_event(run, queue);
		/* more than one worker has work */
		if (is_open(queue) && queue->concurrency > queue->shared->busy + 1)
			pm_jobs_wake(pm_jobs_my_database, 1);
	}
	if (n > 0)
		known.turn = (known.turn + 1) % n;
	return found;
}

/* When something is to be done though nobody reports. */
static TimestampTz
next_time(JobRun *run)
{
	TimestampTz next = known.next_schedule;
	ListCell *cell;

	foreach (cell, run->queues)
	{
		Queue *queue = lfirst(cell);

		if (queue->paused || queue->shared == NULL)
			continue;
		next = Min(next, queue->shared->next_due);
		if (is_open(queue))
			next = Min(next, queue->not_before);
	}
	return next;
}

/* Tells the launcher when a worker must be here again. */
static void
leave_word(JobRun *run)
{
	TimestampTz next = next_time(run);

	SpinLockAcquire(&pm_jobs_my_database->mutex);
	pm_jobs_my_database->next_due = next;
	SpinLockRelease(&pm_jobs_my_database->mutex);
}

/* Sleeps until something is reported or is due; false: it is time to leave. */
static bool
sleep_until_report(JobRun *run, TimestampTz idle_since)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz leave = TimestampTzPlusMilliseconds(
	    idle_since, known.had_job ? pm_jobs_idle_exit * INT64CONST(1000)
	                              : Min(LOOK_MS, pm_jobs_idle_exit * INT64CONST(1000)));
	TimestampTz next = next_time(run);
	TimestampTz until = Min(
	    next, TimestampTzPlusMilliseconds(now, pm_jobs_poll_interval * INT64CONST(1000)));
	bool slept = true;
	bool woken;

	if (known.events != NIL)
		until = Min(until, known.next_event);
	else if (now >= leave && next > TimestampTzPlusMilliseconds(now, SOON_MS))
	{
		leave_word(run);
		slept = false;
	}
	else if (now < leave)
		until = Min(until, leave);

	SpinLockAcquire(&pm_jobs_me->mutex);
	pm_jobs_me->state = WORKER_IDLE;
	pm_jobs_me->since = now;
	SpinLockRelease(&pm_jobs_me->mutex);
	/* nobody needs another worker, as far as this one has looked */
	SpinLockAcquire(&pm_jobs_my_database->mutex);
	pm_jobs_my_database->wanted = false;
	SpinLockRelease(&pm_jobs_my_database->mutex);
	pg_memory_barrier();
	/* whoever waited for something since has emptied the latch, whatever had set it */
	if (pg_atomic_read_u64(&pm_jobs_my_database->reports) != known.seen ||
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
			leave_word(run);
			break;
		}
		known.seen = pg_atomic_read_u64(&pm_jobs_my_database->reports);
		pg_memory_barrier();
		known.busy = true;
		busy = keep_time(run);
		if (!known.read)
		{
			/* the error is in the log */
			if (is_served())
				proc_exit(1);
			be_absent();
			break;
		}
		if (take_turns(run))
		{
			busy = known.had_job = true;
			idle_since = GetCurrentTimestamp();
		}
		pgstat_report_stat(false);
		known.busy = busy;
		if (!busy)
			pm_jobs_flush();
		if (!busy && !sleep_until_report(run, idle_since))
			break;
	}
	if (known.events != NIL)
		(void) pm_jobs_transact(run, send_events, NULL);
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
	known.next_schedule = DT_NOEND;
	known.next_event = DT_NOBEGIN;
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
	known.busy = true;
	known.seen = pg_atomic_read_u64(&pm_jobs_my_database->reports);
	pg_memory_barrier();
	SetConfigOption("application_name", "pm_jobs worker", PGC_USERSET, PGC_S_OVERRIDE);
	SetConfigOption("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_OVERRIDE);
	if (!is_served())
	{
		be_absent();
		proc_exit(0);
	}
	begin_run(&run);
	settle_crashes(&run);
	work(&run);
	proc_exit(0);
}
