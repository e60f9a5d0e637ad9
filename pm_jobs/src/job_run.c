/*
 * job_run.c - run_pending() and run(): the loops over queues
 *
 * run_pending() runs transactional jobs in the caller's transaction, each in a
 * subtransaction.  run() commits after each job and runs both kinds: for a
 * handler with outside effects it first commits the attempt, with locks of the
 * session on the job and its slots, and runs the handler in a second transaction
 * that also holds the result.
 *
 * A run is a sequence of passes.  A pass reads the queues, makes due jobs ready,
 * and lets the queues take turns until none has a job left or PASS_MS are over.
 * The run ends with a pass that finds nothing.
 *
 * Our own statements run as the owner of the tables, with the search_path
 * pinned: the caller's may name operators of somebody else.
 */
#include "pm_jobs_module.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/async.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

/* A pass is over after this time: higher priorities and pauses get their turn. */
#define PASS_MS       250
/* Jobs claimed at once by run_pending(). */
#define BATCH_JOBS    100
/* Due jobs made ready by one pass, at most. */
#define PASS_DUE_JOBS 1000
#define EVENT_CHANNEL "pm_jobs_events"

static JobStatement before_statement = {
    .sql = "SELECT pm_jobs._before_run($1)", .nargs = 1, .types = {TEXTOID}};
static JobStatement after_statement = {.sql = "SELECT pm_jobs._after_run()"};
static JobStatement queue_statement = {
    .sql = "SELECT 1 FROM pm_jobs._queues WHERE name = $1", .nargs = 1, .types = {TEXTOID}};

/* The bucket as it is now, locked; nothing while another transaction has it. */
static JobStatement bucket_statement = {
    .sql =
        "SELECT least(q.rate_burst, b.tokens + q.rate_per_second * greatest(0, "
        "extract(epoch FROM pg_catalog.clock_timestamp() - b.filled_at))) "
        "FROM pm_jobs._buckets AS b JOIN pm_jobs._queues AS q ON q.name = b.queue "
        "WHERE b.queue = $1 AND q.rate_per_second IS NOT NULL FOR NO KEY UPDATE OF b SKIP LOCKED",
    .nargs = 1,
    .types = {TEXTOID}};
static JobStatement take_statement = {
    .sql = "UPDATE pm_jobs._buckets SET tokens = $2 - 1, "
           "filled_at = greatest(filled_at, pg_catalog.clock_timestamp()) "
           "WHERE queue = $1 AND $2 >= 1",
    .nargs = 2,
    .types = {TEXTOID, NUMERICOID}
};
static JobStatement give_back_statement = {
    .sql = "UPDATE pm_jobs._buckets SET tokens = tokens + 1 WHERE queue = $1",
    .nargs = 1,
    .types = {TEXTOID}};

/*
 * Executes one of our statements as the owner, within SPI_connect().  Returns the
 * number of rows; a result is in SPI_tuptable.
 */
int64
pm_jobs_query(JobRun *run, JobStatement *statement, Datum *values, const char *nulls,
              long limit)
{
	Oid user;
	int context;
	int code;
	bool outermost = !ActiveSnapshotSet(); /* in a worker, where no statement is running */

	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(run->owner, context | SECURITY_LOCAL_USERID_CHANGE);
	if (outermost)
		PushActiveSnapshot(GetTransactionSnapshot());
	if (statement->plan == NULL)
	{
		SPIPlanPtr plan = SPI_prepare(statement->sql, statement->nargs, statement->types);

		if (plan == NULL)
			elog(ERROR, "could not prepare \"%s\": %s", statement->sql,
			     SPI_result_code_string(SPI_result));
		SPI_keepplan(plan);
		statement->plan = plan;
	}
	code = SPI_execute_plan(statement->plan, values, nulls, statement->latest, limit);
	if (code < 0)
		elog(ERROR, "could not execute \"%s\": %s", statement->sql,
		     SPI_result_code_string(code));
	if (outermost)
		PopActiveSnapshot();
	SetUserIdAndSecContext(user, context);
	return (int64) SPI_processed;
}

/* The same for one statement that returns nothing of interest. */
int64
pm_jobs_query_once(JobRun *run, JobStatement *statement, Datum *values, const char *nulls)
{
	int64 rows;

	SPI_connect();
	rows = pm_jobs_query(run, statement, values, nulls, 0);
	SPI_finish();
	return rows;
}

/* Handlers and our statements find the catalog only; until the GUC level ends. */
static void
pin_search_path(void)
{
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET,
	                         PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

/* Is the role an administrator of pm_jobs?  As pm_jobs._is_admin() says it. */
static bool
is_admin(Oid role, Oid owner)
{
	Oid admin = get_role_oid("pm_admin", true);

	return superuser_arg(role) || is_member_of_role(role, owner) ||
	       (OidIsValid(admin) && is_member_of_role(role, admin));
}

/*
 * Makes the transaction ready to run jobs: pins the search_path, fires what the
 * caller deferred (it must not fire as a job's role) and opens the table.
 */
void
pm_jobs_begin_jobs(JobRun *run)
{
	ConstraintsSetStmt immediate = {.type = T_ConstraintsSetStmt};
	Oid schema = get_namespace_oid("pm_jobs", false);

	PushActiveSnapshot(GetTransactionSnapshot());
	AfterTriggerSetState(&immediate);
	PopActiveSnapshot();

	run->guc_level = NewGUCNestLevel();
	/* a worker's session has it; a setting makes the end of each subtransaction costly */
	if (!run->worker)
		pin_search_path();
	/* a worker changes it at the end of its batch: a long job is not in anybody's way */
	run->jobs = table_open(get_relname_relid("_job", schema),
	                       run->worker ? AccessShareLock : RowExclusiveLock);
	if (RelationGetDescr(run->jobs)->natts != JOB_COLUMNS)
		elog(ERROR, "table pm_jobs._job has %d columns, not %d",
		     RelationGetDescr(run->jobs)->natts, JOB_COLUMNS);
	run->owner = run->jobs->rd_rel->relowner;
	run->job_type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("job"),
	                                ObjectIdGetDatum(schema));
	run->key_slots = 0;
}

/* Undoes pm_jobs_begin_jobs(); the transaction goes on. */
void
pm_jobs_end_jobs(JobRun *run)
{
	table_close(run->jobs, NoLock);
	run->jobs = NULL;
	AtEOXact_GUC(false, run->guc_level);
}

/* Begins the next transaction of run(). */
static void
next_transaction(JobRun *run)
{
	pm_jobs_end_jobs(run);
	SPI_commit();
	pm_jobs_begin_jobs(run);
}

/* Was this raised by the server because the runner is to stop? */
static bool
is_cancel(const ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_QUERY_CANCELED && error->funcname != NULL &&
	       strcmp(error->funcname, "ProcessInterrupts") == 0;
}

/*
 * Runs one attempt of a claimed job: the handler and the end of the job in a
 * subtransaction, or the record of its failure.
 */
static void
run_job(JobRun *run, Job *job)
{
	MemoryContext old = CurrentMemoryContext;
	ResourceOwner resources = CurrentResourceOwner;
	volatile bool succeeded = false;

	run->done++;
	if (job->crashed)
	{
		pm_jobs_fail(run, job, NULL);
		return;
	}
	if (!job->outside)
		job->started_at = GetCurrentTimestamp();
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(run->scratch);
	PG_TRY();
	{
		Datum result;
		bool has_result = pm_jobs_call(run, job, &result);

		pm_jobs_succeed(run, job, has_result, result);
		PopActiveSnapshot();
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(old);
		CurrentResourceOwner = resources;
		succeeded = true;
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
		if (is_cancel(error))
			ReThrowError(error);
		job->handler->function = InvalidOid; /* a failed call's state is not used again */
		pm_jobs_fail(run, job, error);
	}
	PG_END_TRY();
	if (succeeded)
		pm_jobs_delete(run, job);
	MemoryContextReset(run->scratch);
}

/* Runs claimed jobs of one queue. */
static void
run_jobs(JobRun *run, Queue *queue, List *jobs)
{
	ListCell *cell;

	pm_jobs_open_target(run, ((Job *) linitial(jobs))->id);
	foreach (cell, jobs)
	{
		CHECK_FOR_INTERRUPTS();
		run_job(run, lfirst(cell));
	}
	pm_jobs_close_target(run);
	if (queue->events)
		Async_Notify(EVENT_CHANNEL, queue->name);
}

/*
 * Takes a token of the queue's bucket; false if there is none or another has it.
 * queue->not_before then says when to try again.
 */
bool
pm_jobs_take_token(JobRun *run, Queue *queue)
{
	Datum values[2];
	bool taken = false;
	double wait = 0.1; /* if somebody else has the bucket */

	SPI_connect();
	values[0] = CStringGetTextDatum(queue->name);
	if (pm_jobs_query(run, &bucket_statement, values, NULL, 1) == 1)
	{
		bool null;

		wait = 0;
		values[1] = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &null);
		taken = pm_jobs_query(run, &take_statement, values, NULL, 0) == 1;
		if (!taken)
			wait = (1 - DatumGetFloat8(DirectFunctionCall1(numeric_float8, values[1]))) /
			       queue->rate;
	}
	SPI_finish();
	queue->not_before =
	    GetCurrentTimestamp() + (int64) (Min(Max(wait, 0.001), 3600) * USECS_PER_SEC);
	return taken;
}

/* Returns a token that no job was found for. */
void
pm_jobs_give_back(JobRun *run, Queue *queue)
{
	Datum value = CStringGetTextDatum(queue->name);

	(void) pm_jobs_query_once(run, &give_back_statement, &value, NULL);
}

/* Runs up to limit jobs of a queue in this transaction; false if there was none. */
static bool
run_here(JobRun *run, Queue *queue, int64 limit)
{
	List *jobs;

	MemoryContextReset(run->batch);
	if (queue->has_rate && !pm_jobs_take_token(run, queue))
	{
		queue->exhausted = true;
		return false;
	}
	jobs = pm_jobs_claim(run, queue, queue->has_rate ? 1 : Min(limit, BATCH_JOBS));
	if (jobs == NIL)
	{
		if (queue->has_rate)
			pm_jobs_give_back(run, queue);
		return false;
	}
	run_jobs(run, queue, jobs);
	return true;
}

/* Runs one job of a queue and commits; false if there was none. */
static bool
run_and_commit(JobRun *run, Queue *queue)
{
	List *jobs;
	Job *job;

	MemoryContextReset(run->batch);
	if (queue->has_rate)
	{
		/* committed first: nobody waits for the bucket while the job runs */
		queue->exhausted = !pm_jobs_take_token(run, queue);
		next_transaction(run);
		if (queue->exhausted)
			return false;
	}
	jobs = pm_jobs_claim(run, queue, 1);
	if (jobs == NIL)
	{
		if (queue->has_rate)
			pm_jobs_give_back(run, queue);
		next_transaction(run);
		return false;
	}
	job = linitial(jobs);
	if (!job->handler->transactional && !job->crashed)
	{
		if (!pm_jobs_keep(job->id))
		{
			next_transaction(run);
			return false;
		}
		job->outside = true;
		pm_jobs_start_attempt(run, job);
		next_transaction(run);
		if (!pm_jobs_claim_again(run, job))
		{
			pm_jobs_release_kept();
			return true;
		}
	}
	run_jobs(run, queue, jobs);
	next_transaction(run);
	pm_jobs_release_kept();
	return true;
}

/* Lets the queues take turns until limit jobs are done or none has a job. */
static void
run_queues(JobRun *run, int64 limit)
{
	/* what is allocated on the way is gone with the next claim */
	MemoryContext old = MemoryContextSwitchTo(run->batch);
	bool found = true;

	while (found && run->done < limit)
	{
		bool progress = true;

		found = false;
		pm_jobs_begin_pass(run, (int) Min(limit - run->done, PASS_DUE_JOBS));
		if (run->outside)
			next_transaction(run);
		while (progress)
		{
			ListCell *cell;

			progress = false;
			foreach (cell, run->queues)
			{
				Queue *queue = lfirst(cell);

				CHECK_FOR_INTERRUPTS();
				if (queue->exhausted || run->done >= limit)
					continue;
				if (run->outside ? run_and_commit(run, queue)
				                 : run_here(run, queue, limit - run->done))
					progress = found = true;
			}
			if (run->done >= limit ||
			    TimestampDifferenceExceeds(run->pass_began, GetCurrentTimestamp(), PASS_MS))
				break;
		}
	}
	MemoryContextSwitchTo(old);
}

/* Starts a run for the caller: arguments, rights, schedules. */
static void
begin_run(JobRun *run, FunctionCallInfo fcinfo, bool outside)
{
	Datum value = (Datum) 0;

	if (pm_jobs_running_id() != 0)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		                errmsg("a handler cannot run jobs"),
		                errhint("Enqueue the jobs; they run after this one.")));
	PreventCommandIfReadOnly(outside ? "CALL pm_jobs.run()" : "pm_jobs.run_pending()");
	PreventCommandIfParallelMode("pm_jobs.run_pending()");
	memset(run, 0, sizeof(JobRun));
	GetUserIdAndSecContext(&run->caller, &run->caller_context);
	run->outside = outside;
	run->context =
	    AllocSetContextCreate(CurrentMemoryContext, "pm_jobs run", ALLOCSET_DEFAULT_SIZES);
	run->pass = AllocSetContextCreate(run->context, "pm_jobs pass", ALLOCSET_DEFAULT_SIZES);
	run->batch =
	    AllocSetContextCreate(run->context, "pm_jobs batch", ALLOCSET_DEFAULT_SIZES);
	run->scratch =
	    AllocSetContextCreate(run->context, "pm_jobs job", ALLOCSET_DEFAULT_SIZES);
	if (!PG_ARGISNULL(0))
		run->only_queue =
		    MemoryContextStrdup(run->context, text_to_cstring(PG_GETARG_TEXT_PP(0)));
	if (!PG_ARGISNULL(1) && PG_GETARG_INT32(1) < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("max_jobs is negative: %d", PG_GETARG_INT32(1)),
		                errhint("Leave it out to run all jobs.")));

	pm_jobs_begin_jobs(run);
	run->all_roles = is_admin(run->caller, run->owner);
	if (run->only_queue != NULL)
	{
		value = CStringGetTextDatum(run->only_queue);
		if (pm_jobs_query_once(run, &queue_statement, &value, NULL) == 0)
			ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
			                errmsg("queue \"%s\" does not exist", run->only_queue),
			                errhint("Create it with pm_jobs.create_queue.")));
	}
	(void) pm_jobs_query_once(run, &before_statement, &value, run->only_queue ? " " : "n");
}

/* Lets the caller read as the owner, with a pinned search_path: for wait(). */
void
pm_jobs_begin_look(JobRun *run)
{
	Oid schema = get_namespace_oid("pm_jobs", false);
	Relation jobs;

	memset(run, 0, sizeof(JobRun));
	GetUserIdAndSecContext(&run->caller, &run->caller_context);
	jobs = table_open(get_relname_relid("_job", schema), AccessShareLock);
	run->owner = jobs->rd_rel->relowner;
	table_close(jobs, AccessShareLock);
	run->all_roles = is_admin(run->caller, run->owner);
	run->guc_level = NewGUCNestLevel();
	pin_search_path();
}

/* Undoes pm_jobs_begin_look(). */
void
pm_jobs_end_look(JobRun *run)
{
	AtEOXact_GUC(false, run->guc_level);
}

PG_FUNCTION_INFO_V1(pm_jobs_run_pending);

/* run_pending(queue, max_jobs): the number of attempts made. */
Datum
pm_jobs_run_pending(PG_FUNCTION_ARGS)
{
	JobRun run;

	begin_run(&run, fcinfo, false);
	run_queues(&run, PG_ARGISNULL(1) ? PG_INT32_MAX : PG_GETARG_INT32(1));
	pm_jobs_end_jobs(&run);
	MemoryContextDelete(run.context);
	PG_RETURN_INT32((int32) run.done);
}

PG_FUNCTION_INFO_V1(pm_jobs_run);

/* CALL run(queue, max_jobs): a transaction for each job. */
Datum
pm_jobs_run(PG_FUNCTION_ARGS)
{
	CallContext *call = (CallContext *) fcinfo->context;
	JobRun run;

	if (call == NULL || !IsA(call, CallContext) || call->atomic)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_TRANSACTION_TERMINATION),
		         errmsg("pm_jobs.run commits each job and cannot run inside a transaction"),
		         errhint("Call it outside of a transaction block, or use "
		                 "pm_jobs.run_pending.")));
	if (SPI_connect_ext(SPI_OPT_NONATOMIC) != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect_ext failed");
	begin_run(&run, fcinfo, true);
	next_transaction(&run);
	run_queues(&run, PG_ARGISNULL(1) ? PG_INT64_MAX : PG_GETARG_INT32(1));
	pm_jobs_end_jobs(&run);
	SPI_commit();
	/* Retention must see what was committed before it had its locks. */
	XactIsoLevel = XACT_READ_COMMITTED;
	pm_jobs_begin_jobs(&run);
	(void) pm_jobs_query_once(&run, &after_statement, NULL, NULL);
	pm_jobs_end_jobs(&run);
	MemoryContextDelete(run.context);
	SPI_finish();
	PG_RETURN_VOID();
}
