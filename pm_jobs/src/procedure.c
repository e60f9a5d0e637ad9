/*
 * procedure.c - calling a procedure that may end transactions
 *
 * A procedure that is registered for effects outside is called by a worker as a
 * client's CALL is: outside of any transaction of ours, so it may COMMIT and
 * ROLLBACK.  After COMMIT it has an empty transaction: no snapshot, no number and
 * no lock, so that it can wait for the world without being in anybody's way.
 *
 * What guards the other handlers does not outlast a COMMIT: the security context
 * and the GUC nest level.  So the session itself is one of the job's role, from
 * before the transaction begins (a ROLLBACK goes back to the role of that moment),
 * role and session_authorization cannot be set meanwhile, no parallel worker runs
 * for it (there they could be), and afterwards the session is discarded.
 */
#include "pm_jobs_shared.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/prepare.h"
#include "commands/sequence.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "pgstat.h"
#include "storage/latch.h"
#include "tcop/cmdtag.h"
#include "tcop/dest.h"
#include "tcop/pquery.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/guc.h"
#include "utils/guc_tables.h"
#include "utils/plancache.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"

/* What would lead from the job's role back to the worker's. */
static const char *const guarded[] = {"role", "session_authorization",
                                      "max_parallel_workers"};

/* Sets who may change the guarded settings.  Does not throw. */
static void
guard(GucContext context)
{
	int n;
	struct config_generic **settings = pm_settings(&n);

	for (int i = 0; i < n; i++)
		for (int j = 0; j < lengthof(guarded); j++)
			if (strcmp(settings[i]->name, guarded[j]) == 0)
				settings[i]->context = context;
}

/*
 * CALLs a job's procedure, in a transaction that began as the job's role; argument
 * is its value of type pm_jobs.job.  Another transaction may be open afterwards.
 * Throws what the procedure throws.
 */
void
pm_jobs_call_procedure(const Job *job, Oid job_type, Datum argument)
{
	Portal portal = CreateNewPortal();
	MemoryContext old = MemoryContextSwitchTo(portal->portalContext);
	CallStmt *call = makeNode(CallStmt);
	PlannedStmt *statement = makeNode(PlannedStmt);
	HeapTupleHeader tuple = DatumGetHeapTupleHeaderCopy(argument);
	QueryCompletion completion;
	int parallel = max_parallel_workers;

	call->funcexpr =
	    makeFuncExpr(job->handler->function, VOIDOID,
	                 list_make1(makeConst(job_type, -1, InvalidOid, -1,
	                                      HeapTupleHeaderGetDatum(tuple), false, false)),
	                 InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);
	statement->commandType = CMD_UTILITY;
	statement->canSetTag = true;
	statement->utilityStmt = (Node *) call;
	statement->stmt_location = -1;
	portal->visible = false; /* not in pg_cursors */
	PortalDefineQuery(portal, NULL, psprintf("CALL %s", job->handler->signature),
	                  CMDTAG_CALL, list_make1(statement), NULL);
	MemoryContextSwitchTo(old);
	PortalStart(portal, NULL, 0, InvalidSnapshot);
	guard(PGC_INTERNAL);
	max_parallel_workers = 0;
	PG_TRY();
	{
		(void) pm_portal_run(portal, None_Receiver, &completion);
	}
	PG_FINALLY();
	{
		max_parallel_workers = parallel;
		guard(PGC_USERSET);
	}
	PG_END_TRY();
	PortalDrop(portal, false);
}

/*
 * Forgets what a procedure has left in the session: cursors, settings, prepared
 * statements, temporary objects.  In a transaction, as the worker.
 */
void
pm_jobs_discard_session(void)
{
	PortalHashTableDeleteAll();
	ResetAllOptions();
	DropAllPreparedStatements();
	PushActiveSnapshot(GetTransactionSnapshot());
	ResetTempTableNamespace();
	PopActiveSnapshot();
	ResetSequenceCaches();
}

PG_FUNCTION_INFO_V1(pm_jobs_sleep);

/*
 * sleep(duration): commits, and waits in an empty transaction.  Can be cancelled.
 * An error where COMMIT would be one.
 */
Datum
pm_jobs_sleep(PG_FUNCTION_ARGS)
{
	CallContext *call = (CallContext *) fcinfo->context;
	TimestampTz now;
	TimestampTz end;

	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		                errmsg("the duration of pm_jobs.sleep is NULL")));
	if (call == NULL || !IsA(call, CallContext) || call->atomic)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_INVALID_TRANSACTION_TERMINATION),
		     errmsg("pm_jobs.sleep commits and cannot be called inside a transaction"),
		     errhint(
		         "Call it from a procedure that a worker runs and that is registered with "
		         "transactional => false, or use pg_sleep.")));
	now = GetCurrentTimestamp();
	end = DatumGetTimestampTz(DirectFunctionCall2(
	    timestamptz_pl_interval, TimestampTzGetDatum(now), PG_GETARG_DATUM(0)));
	if (end < now)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("the duration of pm_jobs.sleep is negative: %s",
		                       DatumGetCString(DirectFunctionCall1(interval_out,
		                                                           PG_GETARG_DATUM(0))))));
	if (SPI_connect_ext(SPI_OPT_NONATOMIC) != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect_ext failed");
	SPI_commit();
	while ((now = GetCurrentTimestamp()) < end)
	{
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
		                 Min(TimestampDifferenceMilliseconds(now, end), INT_MAX),
		                 PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
	SPI_finish();
	PG_RETURN_VOID();
}
