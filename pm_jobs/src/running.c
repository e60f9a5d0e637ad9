/*
 * running.c - progress, and the views of what is running
 *
 * A worker's entry in shared memory says what it runs and how far that is.  The
 * worker writes it, anybody reads it; a reader copies an entry under its
 * spinlock and works on the copy.  What is running is shown to the role whose job
 * it is and to administrators, as row-level security has it for the tables.
 *
 * The functions behind the columns of view jobs look at the entries once per
 * query, so that a row costs a few nanoseconds; the view calls them only for
 * columns that are asked for.
 */
#include "pm_jobs_shared.h"

#include "access/transam.h"
#include "access/xlog.h"
#include "commands/dbcommands.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"

/* A job that a worker of this database runs, as it was when a query first asked. */
typedef struct RunningJob
{
	int64 id;
	TimestampTz started_at;
	float8 progress;
	char message[MESSAGE_BYTES];
} RunningJob;

/* What a call site remembers until its query ends. */
typedef struct RunningJobs
{
	int count;
	RunningJob jobs[FLEXIBLE_ARRAY_MEMBER];
} RunningJobs;

typedef struct Claims
{
	TimestampTz now;
	int count;
	int64 ids[FLEXIBLE_ARRAY_MEMBER]; /* ascending */
} Claims;

/* Copies the entry of a worker; false if nobody has it. */
static bool
copy_worker(int index, SharedWorker *copy)
{
	SharedWorker *worker = &pm_jobs_shared->workers[index];

	SpinLockAcquire(&worker->mutex);
	memcpy(copy, worker, sizeof(SharedWorker));
	SpinLockRelease(&worker->mutex);
	return copy->state != WORKER_FREE;
}

/* May the current role see every job? */
static bool
sees_all(void)
{
	JobRun run;

	pm_jobs_begin_look(&run);
	pm_jobs_end_look(&run);
	return run.all_roles;
}

/* The call's argument 0 is a job's id: what is running of it, if the role may see that. */
static const RunningJob *
find_running(FunctionCallInfo fcinfo)
{
	RunningJobs *running = fcinfo->flinfo->fn_extra;
	int64 id = PG_GETARG_INT64(0);

	if (pm_jobs_shared == NULL)
		return NULL;
	if (running == NULL)
	{
		bool known = false;
		bool all = false;

		running = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt,
		                             offsetof(RunningJobs, jobs) +
		                                 pm_jobs_shared->nworkers * sizeof(RunningJob));
		running->count = 0;
		for (int i = 0; i < pm_jobs_shared->nworkers; i++)
		{
			RunningJob *job = &running->jobs[running->count];
			SharedWorker worker;

			if (!copy_worker(i, &worker) || worker.database != MyDatabaseId ||
			    worker.job == 0)
				continue;
			if (worker.role != GetUserId())
			{
				if (!known)
					all = sees_all();
				known = true;
				if (!all)
					continue;
			}
			job->id = worker.job;
			job->started_at = worker.started_at;
			job->progress = worker.progress;
			memcpy(job->message, worker.message, MESSAGE_BYTES);
			running->count++;
		}
		fcinfo->flinfo->fn_extra = running;
	}
	for (int i = 0; i < running->count; i++)
		if (running->jobs[i].id == id)
			return &running->jobs[i];
	return NULL;
}

PG_FUNCTION_INFO_V1(pm_jobs__progress);

/* _progress(id): how far the job is, 0 to 1; NULL if it is not running or has not said. */
Datum
pm_jobs__progress(PG_FUNCTION_ARGS)
{
	const RunningJob *job = find_running(fcinfo);

	if (job == NULL || job->progress < 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(job->progress);
}

PG_FUNCTION_INFO_V1(pm_jobs__progress_message);

/* _progress_message(id): what its handler said last. */
Datum
pm_jobs__progress_message(PG_FUNCTION_ARGS)
{
	const RunningJob *job = find_running(fcinfo);

	if (job == NULL || job->message[0] == '\0')
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(job->message));
}

PG_FUNCTION_INFO_V1(pm_jobs__running_since);

/* _running_since(id): when the handler was called. */
Datum
pm_jobs__running_since(PG_FUNCTION_ARGS)
{
	const RunningJob *job = find_running(fcinfo);

	if (job == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(job->started_at);
}

PG_FUNCTION_INFO_V1(pm_jobs__eta);

/* _eta(id): when the job ends if the rest takes as long for its share as all so far. */
Datum
pm_jobs__eta(PG_FUNCTION_ARGS)
{
	const RunningJob *job = find_running(fcinfo);
	TimestampTz now = GetCurrentTimestamp();
	double left;

	if (job == NULL || !(job->progress > 0))
		PG_RETURN_NULL();
	left = (double) (now - job->started_at) * (1 - job->progress) / job->progress;
	if (!(left < (double) (END_TIMESTAMP - now)))
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(now + (TimestampTz) left);
}

static int
compare_ids(const void *a, const void *b)
{
	int64 left = *(const int64 *) a;
	int64 right = *(const int64 *) b;

	return (left > right) - (left < right);
}

/* The jobs that workers of this database have claimed, in memory of the call site. */
static Claims *
read_claims(FunctionCallInfo fcinfo)
{
	int workers = pm_jobs_shared != NULL ? pm_jobs_shared->nworkers : 0;
	Claims *claims =
	    MemoryContextAlloc(fcinfo->flinfo->fn_mcxt,
	                       offsetof(Claims, ids) + sizeof(int64) * BATCH_MAX * workers);

	claims->now = GetCurrentTimestamp();
	claims->count = 0;
	for (int i = 0; i < workers; i++)
	{
		SharedWorker worker;

		if (!copy_worker(i, &worker) || worker.database != MyDatabaseId)
			continue;
		memcpy(&claims->ids[claims->count], worker.claims, worker.nclaims * sizeof(int64));
		claims->count += worker.nclaims;
	}
	qsort(claims->ids, claims->count, sizeof(int64), compare_ids);
	fcinfo->flinfo->fn_extra = claims;
	return claims;
}

PG_FUNCTION_INFO_V1(pm_jobs__status);

/*
 * _status(ctid, xmax, id, run_at, started_at of a row of _job): scheduled, ready
 * or running; NULL if one of the first three is.  Who counts a million rows pays for a look at the row itself only
 * where somebody has locked it.
 */
Datum
pm_jobs__status(PG_FUNCTION_ARGS)
{
	ItemPointer row = (ItemPointer) PG_GETARG_POINTER(0);
	TransactionId xmax = PG_GETARG_TRANSACTIONID(1);
	int64 id = PG_ARGISNULL(2) ? 0 : PG_GETARG_INT64(2);
	Claims *claims = fcinfo->flinfo->fn_extra;
	const char *status = "ready";

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		PG_RETURN_NULL();
	if (claims == NULL)
		claims = read_claims(fcinfo);
	if (!PG_ARGISNULL(3) && PG_ARGISNULL(4) && PG_GETARG_TIMESTAMPTZ(3) > claims->now)
		status = "scheduled";
	else if (bsearch(&id, claims->ids, claims->count, sizeof(int64), compare_ids) != NULL ||
	         id == pm_jobs_running_id() || (!PG_ARGISNULL(4) && pm_jobs_job_is_taken(id)) ||
	         (TransactionIdIsValid(xmax) && pm_jobs_row_is_claimed(row)))
		status = "running";
	PG_RETURN_TEXT_P(cstring_to_text(status));
}

PG_FUNCTION_INFO_V1(pm_jobs_set_progress);

/*
 * set_progress(fraction, message): notes how far the job is whose handler calls.
 * NULL leaves the last message.  In a session's run nobody could see it: then the
 * arguments are checked and nothing more is done.
 */
Datum
pm_jobs_set_progress(PG_FUNCTION_ARGS)
{
	float8 fraction = PG_ARGISNULL(0) ? -1 : PG_GETARG_FLOAT8(0);
	const char *message = NULL;
	int length = 0;

	if (pm_jobs_running_id() == 0)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		                errmsg("no job is running in this session"),
		                errhint("set_progress() is for handlers: it tells how far the "
		                        "job is that calls it.")));
	if (!(fraction >= 0 && fraction <= 1))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("progress is not a fraction: %s",
		                       PG_ARGISNULL(0) ? "NULL"
		                                       : DatumGetCString(DirectFunctionCall1(
		                                             float8out, PG_GETARG_DATUM(0)))),
		                errhint("It goes from 0 to 1: rows done / rows in all.")));
	if (!PG_ARGISNULL(1))
	{
		text *value = PG_GETARG_TEXT_PP(1);

		message = VARDATA_ANY(value);
		length = pg_mbcliplen(message, VARSIZE_ANY_EXHDR(value), MESSAGE_BYTES - 1);
	}
	if (pm_jobs_me != NULL)
	{
		SpinLockAcquire(&pm_jobs_me->mutex);
		pm_jobs_me->progress = fraction;
		if (message != NULL)
		{
			memcpy(pm_jobs_me->message, message, length);
			pm_jobs_me->message[length] = '\0';
		}
		SpinLockRelease(&pm_jobs_me->mutex);
	}
	PG_RETURN_VOID();
}

/* Columns of _workers(). */
enum
{
	WORKERS_PROCESS,
	WORKERS_PID,
	WORKERS_DATABASE,
	WORKERS_STATE,
	WORKERS_SINCE,
	WORKERS_QUEUE,
	WORKERS_KIND,
	WORKERS_JOB,
	WORKERS_ATTEMPT,
	WORKERS_ROLE,
	WORKERS_STARTED_AT,
	WORKERS_PROGRESS,
	WORKERS_MESSAGE,
	WORKERS_TROUBLE,
	WORKERS_COLUMNS
};

/* What a worker does, in a word. */
static const char *
state_name(const SharedWorker *worker)
{
	if (worker->state == WORKER_STARTING)
		return "starting";
	if (worker->job != 0)
		return "running";
	if (worker->stop)
		return "leaving";
	return worker->state == WORKER_IDLE ? "idle" : "busy";
}

/* Adds the row of a worker. */
static void
put_worker(ReturnSetInfo *result, const SharedWorker *worker, bool all)
{
	Datum values[WORKERS_COLUMNS];
	bool nulls[WORKERS_COLUMNS];
	char *database = get_database_name(worker->database);

	memset(nulls, true, sizeof(nulls));
#define SET_COLUMN(column, datum) \
	(values[WORKERS_##column] = (datum), nulls[WORKERS_##column] = false)
	SET_COLUMN(PROCESS, CStringGetTextDatum("worker"));
	if (worker->pid != 0)
		SET_COLUMN(PID, Int32GetDatum(worker->pid));
	if (database != NULL)
		SET_COLUMN(DATABASE, CStringGetTextDatum(database));
	SET_COLUMN(STATE, CStringGetTextDatum(state_name(worker)));
	if (worker->database == MyDatabaseId)
		SET_COLUMN(SINCE, TimestampTzGetDatum(worker->since));
	if (worker->database == MyDatabaseId && worker->job != 0 &&
	    (all || worker->role == GetUserId()))
	{
		SET_COLUMN(QUEUE, CStringGetTextDatum(worker->queue));
		SET_COLUMN(KIND, CStringGetTextDatum(worker->kind));
		SET_COLUMN(JOB, Int64GetDatum(worker->job));
		SET_COLUMN(ATTEMPT, Int32GetDatum(worker->attempt));
		SET_COLUMN(ROLE, ObjectIdGetDatum(worker->role));
		SET_COLUMN(STARTED_AT, TimestampTzGetDatum(worker->started_at));
		if (worker->progress >= 0)
			SET_COLUMN(PROGRESS, Float8GetDatum(worker->progress));
		if (worker->message[0] != '\0')
			SET_COLUMN(MESSAGE, CStringGetTextDatum(worker->message));
	}
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* Adds the row of the launcher, with what keeps it from starting workers. */
static void
put_launcher(ReturnSetInfo *result)
{
	Datum values[WORKERS_COLUMNS];
	bool nulls[WORKERS_COLUMNS];
	char trouble[MESSAGE_BYTES];
	int pid;

	SpinLockAcquire(&pm_jobs_shared->mutex);
	pid = pm_jobs_shared->launcher_pid;
	memcpy(trouble, pm_jobs_shared->trouble, MESSAGE_BYTES);
	SpinLockRelease(&pm_jobs_shared->mutex);
	if (trouble[0] == '\0' && !pm_jobs_enabled)
		strlcpy(trouble, "pm_jobs.enabled is off", MESSAGE_BYTES);
	else if (trouble[0] == '\0' && pid == 0 && RecoveryInProgress())
		strlcpy(trouble, "the server is a standby: workers start when it is promoted",
		        MESSAGE_BYTES);

	memset(nulls, true, sizeof(nulls));
	SET_COLUMN(PROCESS, CStringGetTextDatum("launcher"));
	if (pid != 0)
		SET_COLUMN(PID, Int32GetDatum(pid));
	SET_COLUMN(STATE, CStringGetTextDatum(pid != 0 ? "up" : "down"));
	if (trouble[0] != '\0')
		SET_COLUMN(TROUBLE, CStringGetTextDatum(trouble));
#undef SET_COLUMN
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

PG_FUNCTION_INFO_V1(pm_jobs__workers);

/* _workers(): the launcher and the workers; nothing without shared memory. */
Datum
pm_jobs__workers(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	bool all;

	InitMaterializedSRF(fcinfo, 0);
	if (pm_jobs_shared == NULL)
		return (Datum) 0;
	all = sees_all();
	put_launcher(result);
	for (int i = 0; i < pm_jobs_shared->nworkers; i++)
	{
		SharedWorker worker;

		if (copy_worker(i, &worker))
			put_worker(result, &worker, all);
	}
	return (Datum) 0;
}
