/*
 * crash.c - which job a process was running when it crashed
 *
 * After a crash the postmaster wipes shared memory.  What each worker runs is
 * therefore also noted in memory of the postmaster's own, mapped before anything
 * is forked, which stays as long as the postmaster does: two writes a call, no
 * file, nothing that can fail.  A process that is told to quit because another
 * crashed, or because the server stops at once, marks its entry.  When shared
 * memory is made again, entries that name a job and are not marked belong to
 * processes that died by themselves; they are kept until a worker of their
 * database has charged the job.  So is one whose handler made the worker end
 * without a crash: it would take one worker after the other from its database.
 *
 * A postmaster that ends after a crash (restart_after_crash = off, or recovery
 * failed) leaves them in a small file for the next one.  One that is killed leaves
 * nothing, and so does a machine that loses power: nobody is blamed.
 *
 * Without the memory (no preload, or mmap failed) nothing is charged.
 */
#include "pm_jobs_shared.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "libpq/pqsignal.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/fd.h"
#include "storage/ipc.h"
#include "storage/pmsignal.h"
#include "tcop/tcopprot.h"
#include "utils/timestamp.h"

/* Crashes that wait to be charged; the oldest go first when there are more. */
#define CRASHES_MAX 256
#define SAVED_FILE  PG_STAT_TMP_DIR "/pm_jobs.crashed"
#define SAVED_TITLE "pm_jobs crashed jobs, version 1"

/* What the worker with this index runs.  Written by it alone. */
typedef struct Running
{
	pg_atomic_uint64 job; /* 0: none; written last, so that the rest is valid with it */
	TimestampTz started_at;
	Oid database;
	int pid;
	volatile sig_atomic_t quit; /* it was told to end */
	char pad[PG_CACHE_LINE_SIZE - 28];
} Running;

StaticAssertDecl(sizeof(Running) == PG_CACHE_LINE_SIZE, "an entry has lines of its own");

typedef struct Crash
{
	int64 job; /* 0: free */
	Oid database;
	int pid;
	int owner; /* process that is about to charge it, 0: none */
	TimestampTz started_at;
} Crash;

typedef struct CrashMemory
{
	slock_t mutex; /* guards the crashes */
	int oldest;
	int nrunning;
	Crash crashes[CRASHES_MAX];
	Running running[FLEXIBLE_ARRAY_MEMBER];
} CrashMemory;

static CrashMemory *memory;
static Running *mine;              /* of this process, if it is a worker */
static volatile sig_atomic_t told; /* another process wants this one to end */
static shmem_startup_hook_type previous_startup;

static JobStatement charge_statement = {
    .sql = "SELECT pm_jobs._charge_crash($1, $2)", .nargs = 2, .types = {INT8OID, INT4OID}
};

/* Keeps a crash.  In the postmaster there is nobody else. */
static void
keep(Oid database, int64 job, int pid, TimestampTz started_at)
{
	int place = -1;

	SpinLockAcquire(&memory->mutex);
	for (int i = 0; i < CRASHES_MAX && place < 0; i++)
		if (memory->crashes[i].job == 0)
			place = i;
	if (place < 0)
	{
		place = memory->oldest;
		memory->oldest = (memory->oldest + 1) % CRASHES_MAX;
	}
	memory->crashes[place] =
	    (Crash){.job = job, .database = database, .pid = pid, .started_at = started_at};
	SpinLockRelease(&memory->mutex);
}

/* Empties an entry.  Keeps what it names if its process died by itself. */
static void
settle(Running *running)
{
	int64 job = (int64) pg_atomic_read_u64(&running->job);

	if (job != 0 && !running->quit)
		keep(running->database, job, running->pid, running->started_at);
	pg_atomic_write_u64(&running->job, 0);
	running->quit = 0;
}

/* In the postmaster, which has no worker any more: who died by itself? */
static void
collect(void)
{
	SpinLockInit(&memory->mutex);
	for (int i = 0; i < CRASHES_MAX; i++)
		memory->crashes[i].owner = 0;
	for (int i = 0; i < memory->nrunning; i++)
	{
		Running *running = &memory->running[i];
		int64 job = (int64) pg_atomic_read_u64(&running->job);

		/* a postmaster that fails can end before its workers do */
		if (job != 0 && kill(running->pid, 0) == 0)
			running->quit = 1;
		if (job != 0 && !running->quit)
			ereport(LOG, (errmsg("process %d crashed while it ran job " INT64_FORMAT
			                     " of pm_jobs in the database with OID %u",
			                     running->pid, job, running->database)));
		settle(running);
	}
}

/* on_proc_exit of the postmaster: leaves the crashes to the next one. */
static void
save(int code, Datum arg)
{
	FILE *file = NULL;
	bool failed = false;

	collect();
	for (int i = 0; i < CRASHES_MAX && !failed; i++)
	{
		Crash *crash = &memory->crashes[i];

		if (crash->job == 0)
			continue;
		if (file == NULL)
		{
			file = AllocateFile(SAVED_FILE, PG_BINARY_W);
			if (file == NULL)
			{
				failed = true;
				break;
			}
			failed = fprintf(file, "%s\n", SAVED_TITLE) < 0;
		}
		failed = failed ||
		         fprintf(file, "%u %d " INT64_FORMAT " " INT64_FORMAT "\n", crash->database,
		                 crash->pid, crash->job, crash->started_at) < 0;
	}
	failed = (file != NULL && FreeFile(file) != 0) || failed;
	if (failed)
	{
		ereport(LOG, (errcode_for_file_access(),
		              errmsg("could not write file \"%s\": %m", SAVED_FILE)));
		(void) unlink(SAVED_FILE);
	}
}

/* Reads what the postmaster before this one has left.  A damaged rest is left out. */
static void
restore(void)
{
	FILE *file = AllocateFile(SAVED_FILE, PG_BINARY_R);
	char line[200];

	if (file == NULL)
		return;
	if (fgets(line, sizeof(line), file) != NULL && strcmp(line, SAVED_TITLE "\n") == 0)
	{
		Oid database;
		int pid;
		long long job, started_at;

		for (int i = 0; i < CRASHES_MAX && fgets(line, sizeof(line), file) != NULL; i++)
		{
			if (sscanf(line, "%u %d %lld %lld", &database, &pid, &job, &started_at) != 4 ||
			    job <= 0)
				break;
			keep(database, job, pid, started_at);
		}
	}
	(void) FreeFile(file);
	(void) unlink(SAVED_FILE);
}

/* shmem_startup_hook: maps the memory at first, then looks who crashed. */
static void
start_up(void)
{
	if (previous_startup != NULL)
		previous_startup();
	if (IsUnderPostmaster || pm_jobs_max_workers == 0)
		return;
	if (memory == NULL)
	{
		Size size = add_size(offsetof(CrashMemory, running),
		                     mul_size(pm_jobs_max_workers, sizeof(Running)));
		void *mapped =
		    mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

		if (mapped == MAP_FAILED)
		{
			ereport(LOG, (errmsg("could not map memory for the jobs of pm_jobs that crash "
			                     "their process: %m"),
			              errdetail("Such jobs will be run again without limit.")));
			return;
		}
		memory = mapped;
		memset(memory, 0, size);
		memory->nrunning = pm_jobs_max_workers;
		for (int i = 0; i < memory->nrunning; i++)
			pg_atomic_init_u64(&memory->running[i].job, 0);
		SpinLockInit(&memory->mutex);
		restore();
		on_proc_exit(save, 0);
	}
	collect();
}

/* Called once when the library is preloaded. */
void
pm_jobs_crash_init(void)
{
	previous_startup = shmem_startup_hook;
	shmem_startup_hook = start_up;
}

/* SIGTERM: notes whether another process sent it. */
static void
handle_terminate(int signo, siginfo_t *info, void *context)
{
	if (info->si_pid != MyProcPid)
		told = true;
	die(signo);
}

/*
 * SIGQUIT: another process crashed, or the server stops at once.  One that the
 * postmaster has not sent does not count, for a handler could end its own process
 * by one again and again.
 */
static void
handle_quit(SIGNAL_ARGS)
{
	if (mine != NULL && GetQuitSignalReason() != PMQUIT_NOT_SENT)
		mine->quit = 1;
	_exit(2);
}

/*
 * Called once by the worker that has the entry with this index, before it gets
 * signals.
 */
void
pm_jobs_crash_enter(int worker)
{
	struct sigaction action = {.sa_sigaction = handle_terminate,
	                           .sa_flags = SA_SIGINFO | SA_RESTART};

	sigemptyset(&action.sa_mask);
	(void) sigaction(SIGTERM, &action, NULL);
	pqsignal(SIGQUIT, handle_quit);
	if (memory == NULL)
		return;
	mine = &memory->running[worker];
	settle(mine); /* who had it before ended without a word */
	mine->pid = MyProcPid;
}

/*
 * The worker gives its entry back and ends.  If it does so while a handler runs,
 * and nobody told it to, it is the handler's doing: FATAL, its own SIGTERM, or
 * exit() behind PostgreSQL's back, which shows as code -1.
 */
void
pm_jobs_crash_leave(int code)
{
	if (mine == NULL)
		return;
	if (code != -1 && (told || code == 0 || !PostmasterIsAlive()))
		mine->quit = 1;
	settle(mine);
	mine = NULL;
	SpinLockAcquire(&memory->mutex);
	for (int i = 0; i < CRASHES_MAX; i++)
		if (memory->crashes[i].owner == MyProcPid)
			memory->crashes[i].owner = 0;
	SpinLockRelease(&memory->mutex);
}

/*
 * This worker begins to run a job (which its entry in shared memory shows since
 * when), or has none any more (0).  A kill before or after each write leaves the
 * entry naming the job or none, and never half of it.
 */
void
pm_jobs_crash_note(int64 job)
{
	if (mine == NULL)
		return;
	if (job != 0)
	{
		mine->database = MyDatabaseId;
		mine->started_at = pm_jobs_me->started_at;
		pg_write_barrier();
	}
	pg_atomic_write_u64(&mine->job, (uint64) job);
}

/*
 * Fills in the jobs of a database that crashed their process and are not charged
 * yet, at most max; returns how many.  They are this process's to charge, and are
 * given to it again until they are settled.
 */
int
pm_jobs_crashed(Oid database, int64 *jobs, int max)
{
	int count = 0;

	if (memory == NULL)
		return 0;
	SpinLockAcquire(&memory->mutex);
	for (int i = 0; i < CRASHES_MAX && count < max; i++)
	{
		Crash *crash = &memory->crashes[i];

		if (crash->job != 0 && crash->database == database &&
		    (crash->owner == 0 || crash->owner == MyProcPid))
		{
			crash->owner = MyProcPid;
			jobs[count++] = crash->job;
		}
	}
	SpinLockRelease(&memory->mutex);
	return count;
}

/* The crash of a job that this process is to charge; false if there is none. */
static bool
find_crash(Oid database, int64 job, bool forget, Crash *found)
{
	bool is_there = false;

	if (memory == NULL)
		return false;
	SpinLockAcquire(&memory->mutex);
	for (int i = 0; i < CRASHES_MAX && !is_there; i++)
	{
		Crash *crash = &memory->crashes[i];

		is_there =
		    crash->job == job && crash->database == database && crash->owner == MyProcPid;
		if (is_there)
		{
			*found = *crash;
			if (forget)
				crash->job = 0;
		}
	}
	SpinLockRelease(&memory->mutex);
	return is_there;
}

/* The transaction that charged the job has committed. */
void
pm_jobs_crash_settled(Oid database, int64 job)
{
	Crash crash;

	(void) find_crash(database, job, true, &crash);
}

/*
 * Charges a crash in this transaction.  False if somebody is running the job: it
 * is to be asked for again later.
 */
bool
pm_jobs_charge_crash(JobRun *run, int64 job)
{
	Datum values[2] = {Int64GetDatum(job), Int32GetDatum(pm_jobs_max_crashes)};
	bool charged;
	bool null;

	SPI_connect();
	if (pm_jobs_query(run, &charge_statement, values, NULL, 0) != 1)
		elog(ERROR, "pm_jobs._charge_crash returned no row");
	charged =
	    DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &null));
	SPI_finish();
	return charged;
}

PG_FUNCTION_INFO_V1(pm_jobs__crash);

/* _crash(job): the process that crashed with it and when it began, as (pid, started_at). */
Datum
pm_jobs__crash(PG_FUNCTION_ARGS)
{
	Datum values[2];
	bool nulls[2] = {true, true};
	TupleDesc desc;
	Crash crash;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (find_crash(MyDatabaseId, PG_GETARG_INT64(0), false, &crash))
	{
		values[0] = Int32GetDatum(crash.pid);
		values[1] = TimestampTzGetDatum(crash.started_at);
		nulls[0] = false;
		nulls[1] = crash.started_at == 0;
	}
	PG_RETURN_DATUM(
	    HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
