/*
 * job_call.c - calling a handler as the job's role, leaving nothing behind
 *
 * The caller has begun the job's subtransaction; it undoes everything when an
 * error is thrown here.  The handler runs with the role that enqueued the job
 * under SECURITY_LOCAL_USERID_CHANGE, which refuses SET ROLE, SET SESSION
 * AUTHORIZATION and their RESETs, and in a GUC nest level that is rolled back
 * after it.  Transaction commands fail: the call is atomic (see procedure.c for the
 * one kind of which it is not).
 *
 * What a handler can leave to run later would run as the runner.  Deferred
 * triggers are therefore fired here, still as the job's role; cursors that it
 * left open are closed (a WITH HOLD cursor runs its query at COMMIT), and its
 * temporary objects are dropped, for they would hide tables from the runner's
 * unqualified names.  If the job's role is the caller's, cursors and temporary
 * objects are its own affair.
 */
#include "pm_jobs_module.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/prepare.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

/* The job whose handler runs in this session; 0: none. */
static int64 running_id;
static bool is_guest; /* it is not the caller's own, in the caller's session */

static JobStatement cursors_statement = {.sql = "SELECT name FROM pg_catalog.pg_cursors"};

/* Others' tables, views, sequences, types and functions; what belongs to them goes with them. */
static JobStatement temporary_statement = {
    .sql = "SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid, c.oid, "
           "c.relowner, c.xmin "
           "FROM pg_catalog.pg_class AS c WHERE c.relnamespace = $1 AND c.relowner <> $2 "
           "AND c.relkind IN ('r', 'p', 'v', 'S', 'c', 'f') UNION ALL "
           "SELECT 'pg_catalog.pg_type'::pg_catalog.regclass::pg_catalog.oid, t.oid, "
           "t.typowner, t.xmin "
           "FROM pg_catalog.pg_type AS t WHERE t.typnamespace = $1 AND t.typowner <> $2 "
           "AND t.typrelid = 0 AND t.typtype IN ('d', 'e', 'r') UNION ALL "
           "SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass::pg_catalog.oid, p.oid, "
           "p.proowner, p.xmin "
           "FROM pg_catalog.pg_proc AS p WHERE p.pronamespace = $1 AND p.proowner <> $2",
    .nargs = 2,
    .types = {OIDOID, OIDOID}
};

/* The job whose handler runs in this session; 0: none. */
int64
pm_jobs_running_id(void)
{
	return running_id;
}

/* Does it run in the session of somebody else? */
bool
pm_jobs_is_guest(void)
{
	return is_guest;
}

/* Says which one that is, for a handler that pm_jobs_call() does not call. */
void
pm_jobs_set_running_id(int64 id)
{
	running_id = id;
}

/*
 * Finds the function of a handler and checks that it is one.  Looks it up as the
 * current role, whose rights on schemas count.
 */
static void
resolve(JobRun *run, Handler *handler)
{
	HeapTuple tuple;
	Form_pg_proc form;
	Oid function;
	bool fits;

	if (handler->signature == NULL)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
		                errmsg("no handler is registered for kind \"%s\"", handler->kind),
		                errhint("Register one with pm_jobs.register_handler.")));
	function = DatumGetObjectId(
	    DirectFunctionCall1(regprocedurein, CStringGetDatum(handler->signature)));
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	form = (Form_pg_proc) GETSTRUCT(tuple);
	handler->is_procedure = form->prokind == PROKIND_PROCEDURE;
	fits = form->pronargs == 1 && form->proargtypes.values[0] == run->job_type &&
	       !form->proretset &&
	       (handler->is_procedure
	            ? form->prorettype == VOIDOID
	            : form->prokind == PROKIND_FUNCTION && form->prorettype == JSONBOID);
	handler->schema = form->pronamespace;
	ReleaseSysCache(tuple);
	if (!fits)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_FUNCTION_DEFINITION),
		         errmsg("%s is not a handler", handler->signature),
		         errhint("A handler is a function f(pm_jobs.job) RETURNS jsonb, or a "
		                 "procedure with that argument.")));
	fmgr_info_cxt(function, &handler->flinfo, run->pass);
	handler->function = function;
}

/* May the current role call the handler? */
static void
check_rights(const Handler *handler)
{
	AclResult result;

	result = pm_schema_aclcheck(handler->schema, GetUserId(), ACL_USAGE);
	if (result != ACLCHECK_OK)
		aclcheck_error(result, OBJECT_SCHEMA, get_namespace_name(handler->schema));
	result = pm_function_aclcheck(handler->function, GetUserId(), ACL_EXECUTE);
	if (result != ACLCHECK_OK)
		aclcheck_error(result, handler->is_procedure ? OBJECT_PROCEDURE : OBJECT_FUNCTION,
		               handler->signature);
}

/* A handler's argument: a value of type pm_jobs.job, in the current memory context. */
Datum
pm_jobs_make_argument(JobRun *run, const Job *job)
{
	TupleDesc row = RelationGetDescr(run->jobs);
	TupleDesc desc = lookup_rowtype_tupdesc(run->job_type, -1);
	Datum values[7];
	bool nulls[7] = {false};
	HeapTuple tuple;
	bool null;

	if (desc->natts != lengthof(values))
		elog(ERROR, "type pm_jobs.job has %d columns, not %d", desc->natts,
		     (int) lengthof(values));
	values[0] = Int64GetDatum(job->id);
	values[1] = heap_getattr(job->row, JOB_QUEUE, row, &null);
	values[2] = heap_getattr(job->row, JOB_KIND, row, &null);
	values[3] = heap_getattr(job->row, JOB_PAYLOAD, row, &null);
	values[4] = Int32GetDatum(job->attempt);
	values[5] = Int32GetDatum(job->max_attempts);
	values[6] = heap_getattr(job->row, JOB_ENQUEUED_AT, row, &null);
	tuple = heap_form_tuple(desc, values, nulls);
	ReleaseTupleDesc(desc);
	return HeapTupleGetDatum(tuple);
}

/*
 * Fires, as the job's role, what the handler deferred.  The operation is security
 * restricted meanwhile: a trigger that defers another one would get past us.
 */
static void
fire_deferred(JobRun *run, const Job *job)
{
	ConstraintsSetStmt immediate = {.type = T_ConstraintsSetStmt};

	SetUserIdAndSecContext(job->role, run->caller_context | SECURITY_LOCAL_USERID_CHANGE |
	                                      SECURITY_RESTRICTED_OPERATION);
	AfterTriggerSetState(&immediate);
}

/* Closes the cursors that were opened in this subtransaction. */
static void
close_cursors(JobRun *run)
{
	SPI_connect();
	pm_jobs_query(run, &cursors_statement, NULL, NULL, 0);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		Portal portal =
		    GetPortalByName(SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1));

		if (PortalIsValid(portal) && portal->createSubid == GetCurrentSubTransactionId() &&
		    portal->status != PORTAL_ACTIVE && portal->portalPinned == false)
			PortalDrop(portal, false);
	}
	SPI_finish();
}

/*
 * Drops the temporary objects of a role in the caller's session, and those that the
 * subtransaction has made as anybody else but the caller.
 */
static void
drop_temporary(JobRun *run, Oid role)
{
	TransactionId since = GetCurrentTransactionId();
	ObjectAddresses *objects = new_object_addresses();
	Oid schema, toast;
	Datum values[2];

	GetTempNamespaceState(&schema, &toast);
	values[0] = ObjectIdGetDatum(schema);
	values[1] = ObjectIdGetDatum(run->caller);
	SPI_connect();
	pm_jobs_query(run, &temporary_statement, values, NULL, 0);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple row = SPI_tuptable->vals[i];
		ObjectAddress object = {0};
		bool null;

		object.classId =
		    DatumGetObjectId(SPI_getbinval(row, SPI_tuptable->tupdesc, 1, &null));
		object.objectId =
		    DatumGetObjectId(SPI_getbinval(row, SPI_tuptable->tupdesc, 2, &null));
		if (DatumGetObjectId(SPI_getbinval(row, SPI_tuptable->tupdesc, 3, &null)) != role &&
		    TransactionIdPrecedes(
		        DatumGetTransactionId(SPI_getbinval(row, SPI_tuptable->tupdesc, 4, &null)),
		        since))
			continue;
		add_exact_object_address(&object, objects);
	}
	SPI_finish();
	performMultipleDeletions(objects, DROP_CASCADE,
	                         PERFORM_DELETION_INTERNAL | PERFORM_DELETION_QUIETLY);
	free_object_addresses(objects);
}

/*
 * The current role becomes the job's, its handler is found, and may be called.  The
 * role stays if something of that is not so, until the transaction is undone.
 */
void
pm_jobs_prepare_call(JobRun *run, Job *job)
{
	if (!SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(job->role)))
		ereport(ERROR,
		        (errcode(ERRCODE_UNDEFINED_OBJECT),
		         errmsg("the role that enqueued the job, with OID %u, does not exist",
		                job->role)));
	SetUserIdAndSecContext(job->role, run->caller_context | SECURITY_LOCAL_USERID_CHANGE);
	if (!OidIsValid(job->handler->function))
		resolve(run, job->handler);
	check_rights(job->handler);
}

/*
 * Calls the job's handler in the current subtransaction.  True if it returned a
 * value, which is in the current memory context, and its snapshot is still the
 * active one.  Throws what the handler throws; the end of the subtransaction then
 * restores role and settings.
 */
bool
pm_jobs_call(JobRun *run, Job *job, Datum *result)
{
	LOCAL_FCINFO(fcinfo, 1);
	PgStat_FunctionCallUsage usage;
	int level = NewGUCNestLevel();

	pm_jobs_prepare_call(run, job);
	PushActiveSnapshot(GetTransactionSnapshot());
	InitFunctionCallInfoData(*fcinfo, &job->handler->flinfo, 1, InvalidOid, NULL, NULL);
	fcinfo->args[0].value = pm_jobs_make_argument(run, job);
	fcinfo->args[0].isnull = false;
	running_id = job->id;
	is_guest = !run->worker && job->role != run->caller;
	PG_TRY();
	{
		pgstat_init_function_usage(fcinfo, &usage);
		*result = FunctionCallInvoke(fcinfo);
		pgstat_end_function_usage(&usage, true);
		fire_deferred(run, job);
	}
	PG_FINALLY();
	{
		running_id = 0;
		is_guest = false;
	}
	PG_END_TRY();

	SetUserIdAndSecContext(run->caller, run->caller_context);
	AtEOXact_GUC(false, level);
	if (run->worker || job->role != run->caller)
	{
		if (!ThereAreNoReadyPortals())
			close_cursors(run);
		if ((MyXactFlags & XACT_FLAGS_ACCESSEDTEMPNAMESPACE) && run->worker)
			ResetTempTableNamespace();
		else if (MyXactFlags & XACT_FLAGS_ACCESSEDTEMPNAMESPACE)
			drop_temporary(run, job->role);
		if (run->worker)
			DropAllPreparedStatements();
	}
	return !fcinfo->isnull && !job->handler->is_procedure;
}
