/*
 * guard.c - what a handler may not do to the session that runs it
 *
 * Role, settings, cursors and temporary objects are put back after a handler
 * (job_call.c).  Its LISTENs and session-level advisory locks cannot be: they belong to
 * the session, and a handler could also end those of the session's own, or the
 * slots that a worker keeps.  So these are errors while a handler runs: LISTEN, UNLISTEN
 * and pg_advisory_unlock_all(), and the other functions for session-level locks
 * where the session is somebody else's; a worker drops those at the end of its batch.
 */
#include "pm_jobs_module.h"

#include "catalog/objectaccess.h"
#include "catalog/pg_proc.h"
#include "tcop/utility.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

static ProcessUtility_hook_type previous_utility;
static object_access_hook_type previous_access;

/* Refuses a function of session-level locks, in a handler. */
static void
check_function(Oid function)
{
	switch (function)
	{
		case F_PG_ADVISORY_LOCK_INT8:
		case F_PG_ADVISORY_LOCK_INT4_INT4:
		case F_PG_ADVISORY_LOCK_SHARED_INT8:
		case F_PG_ADVISORY_LOCK_SHARED_INT4_INT4:
		case F_PG_TRY_ADVISORY_LOCK_INT8:
		case F_PG_TRY_ADVISORY_LOCK_INT4_INT4:
		case F_PG_TRY_ADVISORY_LOCK_SHARED_INT8:
		case F_PG_TRY_ADVISORY_LOCK_SHARED_INT4_INT4:
		case F_PG_ADVISORY_UNLOCK_INT8:
		case F_PG_ADVISORY_UNLOCK_INT4_INT4:
		case F_PG_ADVISORY_UNLOCK_SHARED_INT8:
		case F_PG_ADVISORY_UNLOCK_SHARED_INT4_INT4:
			if (!pm_jobs_is_guest())
				return;
			break;
		case F_PG_ADVISORY_UNLOCK_ALL:
			break;
		default:
			return;
	}
	ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
	                errmsg("a handler cannot call %s here", get_func_name(function)),
	                errdetail("The locks of this session are not the handler's."),
	                errhint("Use pg_advisory_xact_lock: its lock ends with the job.")));
}

/* object_access_hook. */
static void
access_object(ObjectAccessType access, Oid class_id, Oid object, int sub_id, void *arg)
{
	if (previous_access != NULL)
		previous_access(access, class_id, object, sub_id, arg);
	if (access == OAT_FUNCTION_EXECUTE && pm_jobs_running_id() != 0)
		check_function(object);
}

/* ProcessUtility_hook. */
static void
process_utility(PlannedStmt *planned, const char *query, bool read_only_tree,
                ProcessUtilityContext context, ParamListInfo params,
                QueryEnvironment *environment, DestReceiver *dest,
                QueryCompletion *completion)
{
	if (pm_jobs_running_id() != 0 &&
	    (IsA(planned->utilityStmt, ListenStmt) || IsA(planned->utilityStmt, UnlistenStmt)))
		ereport(
		    ERROR,
		    (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		     errmsg("a handler cannot %s",
		            IsA(planned->utilityStmt, ListenStmt) ? "LISTEN" : "UNLISTEN"),
		     errhint("Nobody would read what comes to its session; LISTEN in a client.")));
	(previous_utility != NULL ? previous_utility : standard_ProcessUtility)(
	    planned, query, read_only_tree, context, params, environment, dest, completion);
}

/* Registers the hooks; called once when the module is loaded. */
void
pm_jobs_guard_init(void)
{
	previous_utility = ProcessUtility_hook;
	ProcessUtility_hook = process_utility;
	previous_access = object_access_hook;
	object_access_hook = access_object;
}
