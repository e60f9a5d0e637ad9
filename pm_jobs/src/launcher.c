/*
 * launcher.c - the process that starts workers
 *
 * It is connected to no database, so it blocks none.  A database that it sees for the
 * first time gets a worker to find out whether there is anything to do; later ones get
 * workers when a report, the time of a job or the poll asks for it.  Those without any
 * come first.
 *
 * Workers that are at work do not look at the time: what becomes due meanwhile gets
 * another worker.
 *
 * When all entries, or all processes of the server, are taken see launcher_room.c.
 *
 * The launcher may end and come back at any time; see launcher_view.c.
 */
#include "launcher.h"

#include <signal.h>

#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#define RESTART_S    1
/* The longest sleep; with workers of a former launcher, which do not wake this one; and
 * with databases for which no entry was free. */
#define SLEEP_MS     60000
#define ORPHAN_MS    500
#define ENTRY_MS     1000
/* Waiting for a free background worker process: doubled each time. */
#define SLOT_MS      100
#define SLOT_MAX_MS  1000
/* The log tells at most so often that there was none. */
#define LOG_AGAIN_MS 60000

/* No background worker process was free: how long is waited (0: one was), until when. */
static long slot_wait_ms = 0;
static TimestampTz slot_not_before = DT_NOBEGIN;

extern PGDLLEXPORT void pm_jobs_launcher_main(Datum arg);

/* Callback at the end of the process. */
static void
leave(int code, Datum arg)
{
	SpinLockAcquire(&pm_jobs_shared->mutex);
	if (pm_jobs_shared->launcher_pid == MyProcPid)
		pm_jobs_shared->launcher_pid = 0;
	SpinLockRelease(&pm_jobs_shared->mutex);
}

/*
 * When a database is to have one more worker: now or before if it is time, DT_NOEND
 * if nobody asks for it.
 */
static TimestampTz
when_due(KnownDatabase *known)
{
	SharedDatabase *database = known->shared;
	TimestampTz due = DT_NOEND;

	/* not held: the launcher is woken when that is over */
	if (!known->there || !known->served || database == NULL ||
	    pg_atomic_read_u32(&database->holders) > 0)
		return DT_NOEND;
	SpinLockAcquire(&database->mutex);
	if (database->wanted)
		due = DT_NOBEGIN;
	else if (known->workers == 0 && !database->absent && !database->disabled)
	{
		due = TimestampTzPlusMilliseconds(known->looked,
		                                  pm_jobs_poll_interval * INT64CONST(1000));
		due = known->probe ? DT_NOBEGIN : Min(due, database->next_due);
	}
	else if (known->workers > 0 && database->next_due < DT_NOEND)
		due = TimestampTzPlusMilliseconds(database->next_due, BUSY_MS);
	due = Max(due, database->not_before);
	SpinLockRelease(&database->mutex);
	return due;
}

/*
 * The database whose turn it is, NULL if none asks now: one without workers before one
 * that has some, then the one with fewer, then the one that has waited longest.  Sets
 * waiting to how many without workers ask, and next to when another one will.
 */
static KnownDatabase *
whose_turn(TimestampTz now, int *waiting, TimestampTz *next)
{
	HASH_SEQ_STATUS scan;
	KnownDatabase *known;
	KnownDatabase *best = NULL;

	*waiting = 0;
	*next = DT_NOEND;
	hash_seq_init(&scan, pm_jobs_view.databases);
	while ((known = hash_seq_search(&scan)) != NULL)
	{
		TimestampTz due = when_due(known);

		if (due > now)
		{
			*next = Min(*next, due);
			continue;
		}
		*waiting += known->workers == 0;
		if (best == NULL || known->workers < best->workers ||
		    (known->workers == best->workers && known->looked < best->looked))
			best = known;
	}
	return best;
}

/*
 * Registers a worker of a database in a free entry.  False if the server has no
 * process left for it.
 */
static bool
start(KnownDatabase *known, int index)
{
	WorkerSlot *slot = &pm_jobs_view.slots[index];
	SharedWorker *worker = &pm_jobs_shared->workers[index];
	SharedDatabase *database = known->shared;
	BackgroundWorker registration;
	TimestampTz next_due;
	bool wanted;
	bool registered = false;
	bool slots_short = false;

	/* reserved before holders are counted: see hold.c */
	SpinLockAcquire(&worker->mutex);
	worker->state = WORKER_STARTING;
	worker->stop = false;
	worker->done = false;
	worker->database = known->oid;
	worker->pid = 0;
	worker->since = GetCurrentTimestamp();
	worker->nclaims = 0;
	worker->unwanted = 0;
	worker->job = 0;
	SpinLockRelease(&worker->mutex);
	pg_memory_barrier();
	SpinLockAcquire(&database->mutex);
	wanted = database->wanted;
	database->wanted = false;
	next_due = database->next_due;
	database->next_due = DT_NOEND; /* it will look */
	SpinLockRelease(&database->mutex);

	if (pg_atomic_read_u32(&database->holders) == 0)
	{
		memset(&registration, 0, sizeof(registration));
		registration.bgw_flags =
		    BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
		registration.bgw_start_time = BgWorkerStart_RecoveryFinished;
		registration.bgw_restart_time = BGW_NEVER_RESTART;
		strlcpy(registration.bgw_library_name, "pm_jobs", BGW_MAXLEN);
		strlcpy(registration.bgw_function_name, "pm_jobs_worker_main", BGW_MAXLEN);
		strlcpy(registration.bgw_type, "pm_jobs worker", BGW_MAXLEN);
		snprintf(registration.bgw_name, BGW_MAXLEN, "pm_jobs worker for %s",
		         NameStr(known->name));
		registration.bgw_main_arg = Int32GetDatum(index);
		memcpy(registration.bgw_extra, &known->oid, sizeof(Oid));
		registration.bgw_notify_pid = MyProcPid;
		registered = RegisterDynamicBackgroundWorker(&registration, &slot->handle);
		slots_short = !registered;
	}
	if (registered)
	{
		slot_wait_ms = 0;
		slot->used = true;
		slot->database = known->oid;
		slot->since = known->looked = GetCurrentTimestamp();
		slot->asked = 0;
		known->probe = false;
		known->workers++;
		return true;
	}

	SpinLockAcquire(&worker->mutex);
	worker->state = WORKER_FREE;
	SpinLockRelease(&worker->mutex);
	SpinLockAcquire(&database->mutex);
	database->wanted = database->wanted || wanted;
	database->next_due = Min(database->next_due, next_due);
	SpinLockRelease(&database->mutex);
	return !slots_short;
}

/* No process was left for a worker.  Returns when to try again. */
static TimestampTz
wait_for_slot(void)
{
	static TimestampTz logged = DT_NOBEGIN;
	TimestampTz now = GetCurrentTimestamp();

	if (logged == DT_NOBEGIN || TimestampDifferenceExceeds(logged, now, LOG_AGAIN_MS))
	{
		logged = now;
		ereport(
		    LOG,
		    (errmsg(
		         "pm_jobs could not start a worker: all background worker processes are in use"),
		     errhint(
		         "Consider increasing max_worker_processes (now %d), or lowering pm_jobs.max_workers (now %d).",
		         max_worker_processes, pm_jobs_max_workers)));
	}
	slot_wait_ms = slot_wait_ms == 0 ? SLOT_MS : Min(slot_wait_ms * 2, SLOT_MAX_MS);
	slot_not_before = TimestampTzPlusMilliseconds(now, slot_wait_ms);
	return slot_not_before;
}

/* Publishes why workers are missing, or that none is. */
static void
tell_trouble(void)
{
	char trouble[MESSAGE_BYTES] = "";
	HASH_SEQ_STATUS scan;
	KnownDatabase *known;

	hash_seq_init(&scan, pm_jobs_view.databases);
	while ((known = hash_seq_search(&scan)) != NULL)
	{
		int failures = 0;

		if (known->there && known->served && known->shared != NULL)
		{
			SpinLockAcquire(&known->shared->mutex);
			failures = known->shared->failures;
			SpinLockRelease(&known->shared->mutex);
		}
		if (failures > 1)
			snprintf(
			    trouble, sizeof(trouble),
			    "workers of database \"%s\" ended with an error %d times in a row: see the server's log",
			    NameStr(known->name), failures);
	}
	if (pm_jobs_view.entries_short)
		snprintf(trouble, sizeof(trouble), "%d databases have jobs: more are not served",
		         DATABASES_MAX);
	if (slot_wait_ms > 0)
		snprintf(trouble, sizeof(trouble),
		         "all background worker processes are in use: max_worker_processes is %d",
		         max_worker_processes);
	SpinLockAcquire(&pm_jobs_shared->mutex);
	strlcpy(pm_jobs_shared->trouble, trouble, MESSAGE_BYTES);
	SpinLockRelease(&pm_jobs_shared->mutex);
}

/* Starts what workers can be started.  Returns when to look again. */
static TimestampTz
start_workers(void)
{
	for (;;)
	{
		TimestampTz now = GetCurrentTimestamp();
		TimestampTz next;
		int waiting;
		int index = 0;
		KnownDatabase *known = whose_turn(now, &waiting, &next);

		if (known == NULL)
		{
			slot_wait_ms = 0;
			slot_not_before = DT_NOBEGIN;
			return next;
		}
		if (slot_not_before > now)
			return Min(next, slot_not_before);
		while (index < pm_jobs_shared->nworkers && pm_jobs_view.slots[index].used)
			index++;
		if (index == pm_jobs_shared->nworkers)
			return Min(next, pm_jobs_make_room(known, waiting));
		if (!start(known, index))
			return Min(Min(next, wait_for_slot()), pm_jobs_make_room(known, waiting));
	}
}

/* Obeys signals. */
static void
obey(void)
{
	bool enabled = pm_jobs_enabled;

	/* with 1: the postmaster starts the launcher again, unless it ends itself */
	if (ProcDiePending)
		proc_exit(1);
	CHECK_FOR_INTERRUPTS();
	if (!ConfigReloadPending)
		return;
	ConfigReloadPending = false;
	ProcessConfigFile(PGC_SIGHUP);
	pm_jobs_view_set_names();
	for (int i = 0; i < DATABASES_MAX && pm_jobs_enabled && !enabled; i++)
	{
		SharedDatabase *database = &pm_jobs_shared->databases[i];

		if (OidIsValid(database->oid) && database->disabled)
			pm_jobs_begin_anew(database);
	}
}

/* Says until when the launcher sleeps: what is due before that wakes it. */
static void
show_sleep(TimestampTz until)
{
	SpinLockAcquire(&pm_jobs_shared->mutex);
	pm_jobs_shared->launcher_sleeps_until = until;
	SpinLockRelease(&pm_jobs_shared->mutex);
	pg_memory_barrier();
}

/* Milliseconds until a time, within the longest sleep. */
static long
sleep_until(TimestampTz next)
{
	long longest = pm_jobs_view.entries_short ? ENTRY_MS : SLEEP_MS;

	for (int i = 0; i < pm_jobs_shared->nworkers; i++)
		if (pm_jobs_view.slots[i].used && pm_jobs_view.slots[i].handle == NULL)
			longest = Min(longest, ORPHAN_MS);
	return Min(longest, TimestampDifferenceMilliseconds(GetCurrentTimestamp(), next));
}

/* The launcher's process. */
void
pm_jobs_launcher_main(Datum arg)
{
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	before_shmem_exit(leave, 0);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);

	pm_jobs_view_init();
	/* one that came before its handler was there is lost */
	ConfigReloadPending = true;

	SpinLockAcquire(&pm_jobs_shared->mutex);
	pm_jobs_shared->launcher_pid = MyProcPid;
	pm_jobs_shared->launcher_pgprocno = MyProc - ProcGlobal->allProcs;
	SpinLockRelease(&pm_jobs_shared->mutex);

	for (;;)
	{
		TimestampTz next;

		ResetLatch(MyLatch);
		show_sleep(DT_NOEND);
		obey();
		pm_jobs_look_around();
		if (pm_jobs_view.ended)
			slot_not_before = DT_NOBEGIN;
		next = start_workers();
		tell_trouble();
		show_sleep(next);
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
		                 sleep_until(next), PG_WAIT_EXTENSION);
	}
}

/* Registers the launcher; called once when the library is preloaded. */
void
pm_jobs_launcher_init(void)
{
	BackgroundWorker launcher;

	memset(&launcher, 0, sizeof(launcher));
	launcher.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	launcher.bgw_start_time = BgWorkerStart_RecoveryFinished;
	launcher.bgw_restart_time = RESTART_S;
	strlcpy(launcher.bgw_library_name, "pm_jobs", BGW_MAXLEN);
	strlcpy(launcher.bgw_function_name, "pm_jobs_launcher_main", BGW_MAXLEN);
	strlcpy(launcher.bgw_name, "pm_jobs launcher", BGW_MAXLEN);
	strlcpy(launcher.bgw_type, "pm_jobs launcher", BGW_MAXLEN);
	RegisterBackgroundWorker(&launcher);
}
