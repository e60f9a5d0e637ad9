/*
 * hold.c - statements that need a database without workers
 *
 * A worker is a connection: it would make DROP DATABASE and its like wait and then
 * fail, and it must not run jobs while the extension is changed under it.  So before
 * such a statement runs, a hook asks the workers of the database to leave, ends
 * those that do not (their jobs are undone and ready again), and holds new ones off
 * until the end of the transaction: committed or not, workers then come back if there
 * is anything to do.
 *
 * Holding is a count in the database's entry.  This session remembers what it holds
 * and gives each back once, at the end of its transaction or of its process.  The
 * launcher reserves a worker's entry first and then looks at the count, a holder
 * counts first and then looks at the entries: one of them sees the other.
 *
 * Only who may run the statement makes workers leave: for everybody else it will
 * fail, and must not disturb anyone before that.
 */
#include "pm_jobs_shared.h"

#include <signal.h>

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "commands/dbcommands.h"
#include "commands/defrem.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

/* Databases that one transaction holds; further ones are asked to leave, not held. */
#define HELD_MAX       16
/* How long a worker is left to end its transaction, and how long it is waited for. */
#define PATIENCE_MS    200
#define DEADLINE_MS    5000
#define LONGEST_NAP_MS 20

static SharedDatabase *held[HELD_MAX];
static int nheld;
/* At commit: the launcher is to look at pg_database; a database, or all, has new settings. */
static bool databases_changed;
static Oid settings_of;
static bool settings_of_all;

static ProcessUtility_hook_type previous_hook;

/* Gives back what this session holds.  Does not throw. */
static void
release(void)
{
	if (nheld == 0)
		return;
	while (nheld > 0)
		(void) pg_atomic_fetch_sub_u32(&held[--nheld]->holders, 1);
	pm_jobs_wake_launcher();
}

/* Callback at the end of the process. */
static void
at_exit(int code, Datum arg)
{
	release();
}

/*
 * Makes the workers of a database leave: sets stop, and ends those of them that still
 * run if force says so.  Returns how many there are.  Does not throw.
 */
int
pm_jobs_ask_to_leave(Oid database, bool force)
{
	int count = 0;

	for (int i = 0; i < pm_jobs_shared->nworkers; i++)
	{
		SharedWorker *worker = &pm_jobs_shared->workers[i];
		int pid = 0;
		int pgprocno = 0;
		bool found;
		bool news;

		if (worker == pm_jobs_me)
			continue;
		SpinLockAcquire(&worker->mutex);
		found = worker->state != WORKER_FREE && worker->database == database;
		news = found && !worker->stop;
		if (found)
		{
			worker->stop = true;
			pid = worker->pid;
			pgprocno = worker->pgprocno;
			count++;
		}
		SpinLockRelease(&worker->mutex);
		if (pid == 0)
			continue; /* it looks at stop when it has started */
		if (force)
			(void) kill(pid, SIGTERM);
		else if (news)
			pm_jobs_set_latch(pgprocno);
	}
	return count;
}

/*
 * Holds workers off a database until the end of the transaction, and waits until
 * there are none, for 5 s at most.
 */
static void
hold(SharedDatabase *database)
{
	static bool registered = false;
	TimestampTz began = GetCurrentTimestamp();
	long nap = 1;
	bool forced = false;
	bool known = false;

	if (!registered)
	{
		before_shmem_exit(at_exit, 0);
		registered = true;
	}
	for (int i = 0; i < nheld; i++)
		known = known || held[i] == database;
	if (!known && nheld < HELD_MAX)
	{
		/* noted before it is counted: nothing in between can throw */
		held[nheld++] = database;
		(void) pg_atomic_fetch_add_u32(&database->holders, 1);
	}
	pg_memory_barrier();

	while (pm_jobs_ask_to_leave(database->oid, false) > 0)
	{
		TimestampTz now = GetCurrentTimestamp();

		/* they come back afterwards, if there is something to do then */
		SpinLockAcquire(&database->mutex);
		database->wanted = true;
		SpinLockRelease(&database->mutex);
		if (!forced && TimestampDifferenceExceeds(began, now, PATIENCE_MS))
		{
			forced = true;
			(void) pm_jobs_ask_to_leave(database->oid, true);
		}
		if (TimestampDifferenceExceeds(began, now, DEADLINE_MS))
			break;
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, nap,
		                 PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		nap = Min(nap * 2, LONGEST_NAP_MS);
	}
}

/* Holds a database if it has, or may get, workers. */
static void
hold_database(Oid oid, bool create)
{
	SharedDatabase *database = NULL;

	/* a worker does not wait for itself, nor for its neighbours */
	if (OidIsValid(oid) && !(pm_jobs_me != NULL && oid == MyDatabaseId))
		database = pm_jobs_find_database(oid, create);
	if (database != NULL)
		hold(database);
}

/* Holds the database of this name if this role may drop or rename it. */
static void
hold_own(const char *name)
{
	Oid oid = get_database_oid(name, true);

	if (OidIsValid(oid) && pm_database_ownercheck(oid, GetUserId()))
		hold_database(oid, true);
}

/* Holds the database that CREATE DATABASE copies, if this role may do that. */
static void
hold_template(CreatedbStmt *statement)
{
	const char *template = NULL;
	Oid oid;
	HeapTuple role;
	bool may_create;
	ListCell *cell;

	foreach (cell, statement->options)
	{
		DefElem *option = lfirst(cell);

		if (strcmp(option->defname, "template") == 0 && option->arg != NULL)
			template = defGetString(option);
	}
	oid = get_database_oid(template != NULL ? template : "template1", true);
	if (!OidIsValid(oid))
		return;
	role = SearchSysCache1(AUTHOID, ObjectIdGetDatum(GetUserId()));
	may_create = superuser() || (HeapTupleIsValid(role) &&
	                             ((Form_pg_authid) GETSTRUCT(role))->rolcreatedb &&
	                             pm_database_ownercheck(oid, GetUserId()));
	if (HeapTupleIsValid(role))
		ReleaseSysCache(role);
	if (may_create)
		hold_database(oid, template != NULL);
}

/*
 * Holds this database before our extension is changed or dropped in it, and makes
 * workers look at everything afterwards: they may find other tables.
 */
static void
hold_extension(void)
{
	Oid extension = get_extension_oid("pm_jobs", true);

	if (OidIsValid(extension) && pm_extension_ownercheck(extension, GetUserId()))
	{
		hold_database(MyDatabaseId, true);
		pm_jobs_report_all();
	}
}

/* Is this our name, as an extension, schema or channel? */
static bool
is_ours(const char *name)
{
	return strcmp(name, "pm_jobs") == 0;
}

/* Does ALTER DATABASE move its files? */
static bool
moves_database(AlterDatabaseStmt *statement)
{
	ListCell *cell;

	foreach (cell, statement->options)
		if (strcmp(((DefElem *) lfirst(cell))->defname, "tablespace") == 0)
			return true;
	return false;
}

/* Does SET change a setting of ours, or RESET all of them? */
static bool
sets_ours(VariableSetStmt *statement)
{
	return statement->name == NULL ||
	       pg_strncasecmp(statement->name, "pm_jobs.", strlen("pm_jobs.")) == 0;
}

/* Notes that ALTER DATABASE ... SET may change what workers there are to do. */
static void
note_settings(AlterDatabaseSetStmt *statement)
{
	Oid oid = get_database_oid(statement->dbname, true);

	if (sets_ours(statement->setstmt) && OidIsValid(oid) &&
	    pm_database_ownercheck(oid, GetUserId()))
		settings_of = oid;
}

/* Does DROP name our extension or its schema? */
static bool
drops_us(DropStmt *statement)
{
	ListCell *cell;

	if (statement->removeType == OBJECT_EXTENSION || statement->removeType == OBJECT_SCHEMA)
		foreach (cell, statement->objects)
			if (is_ours(strVal(lfirst(cell))))
				return true;
	return false;
}

/* Would DROP OWNED BY these roles drop our extension? */
static bool
drops_our_owner(List *roles)
{
	Oid extension = get_extension_oid("pm_jobs", true);
	ListCell *cell;

	foreach (cell, roles)
	{
		Oid role = get_rolespec_oid(lfirst(cell), true);

		/* a superuser passes for the owner of everything, at worst in vain */
		if (OidIsValid(extension) && OidIsValid(role) &&
		    pm_extension_ownercheck(extension, role) &&
		    has_privs_of_role(GetUserId(), role))
			return true;
	}
	return false;
}

/*
 * Does what is to be done before a statement runs.  Whatever it notes for the end of
 * the transaction does no harm if the statement fails and its error is caught.
 */
static void
look_at(Node *node)
{
	switch (nodeTag(node))
	{
		case T_DropdbStmt:
			databases_changed = true;
			hold_own(((DropdbStmt *) node)->dbname);
			break;
		case T_CreatedbStmt:
			databases_changed = true;
			hold_template((CreatedbStmt *) node);
			break;
		case T_RenameStmt:
			if (((RenameStmt *) node)->renameType == OBJECT_DATABASE)
			{
				databases_changed = true;
				hold_own(((RenameStmt *) node)->subname);
			}
			break;
		case T_AlterDatabaseStmt:
			databases_changed = true; /* it may take no connections from now on */
			if (moves_database((AlterDatabaseStmt *) node))
				hold_own(((AlterDatabaseStmt *) node)->dbname);
			break;
		case T_AlterDatabaseSetStmt:
			note_settings((AlterDatabaseSetStmt *) node);
			break;
		case T_AlterRoleSetStmt:
			/* of the workers' own role, perhaps */
			if (superuser() && sets_ours(((AlterRoleSetStmt *) node)->setstmt))
				settings_of_all = true;
			break;
		case T_CreateExtensionStmt:
			if (is_ours(((CreateExtensionStmt *) node)->extname))
				pm_jobs_report_all();
			break;
		case T_AlterExtensionStmt:
			if (is_ours(((AlterExtensionStmt *) node)->extname))
				hold_extension();
			break;
		case T_AlterExtensionContentsStmt:
			if (is_ours(((AlterExtensionContentsStmt *) node)->extname))
				hold_extension();
			break;
		case T_AlterObjectSchemaStmt:
			if (((AlterObjectSchemaStmt *) node)->objectType == OBJECT_EXTENSION &&
			    is_ours(strVal(((AlterObjectSchemaStmt *) node)->object)))
				hold_extension();
			break;
		case T_DropStmt:
			if (drops_us((DropStmt *) node))
				hold_extension();
			break;
		case T_DropOwnedStmt:
			if (drops_our_owner(((DropOwnedStmt *) node)->roles))
				hold_extension();
			break;
		case T_TransactionStmt:
			if (((TransactionStmt *) node)->kind == TRANS_STMT_COMMIT_PREPARED)
				pm_jobs_report_prepared();
			break;
		case T_NotifyStmt:
			if (is_ours(((NotifyStmt *) node)->conditionname))
				pm_jobs_report_all();
			break;
		default:
			break;
	}
}

/* ProcessUtility_hook. */
static void
process_utility(PlannedStmt *planned, const char *query, bool read_only_tree,
                ProcessUtilityContext context, ParamListInfo params,
                QueryEnvironment *environment, DestReceiver *dest,
                QueryCompletion *completion)
{
	look_at(planned->utilityStmt);
	(previous_hook != NULL ? previous_hook : standard_ProcessUtility)(
	    planned, query, read_only_tree, context, params, environment, dest, completion);
}

/* Starts the workers of a database anew, after its settings have changed.  Does not throw. */
static void
renew(Oid oid)
{
	SharedDatabase *database = pm_jobs_find_database(oid, false);

	if (database == NULL)
		return; /* the launcher looks at it for the first time anyway */
	(void) pm_jobs_ask_to_leave(oid, false);
	pm_jobs_begin_anew(database);
	pm_jobs_wake_launcher();
}

/* The same for all databases. */
static void
renew_all(void)
{
	for (int i = 0; i < DATABASES_MAX; i++)
		if (OidIsValid(pm_jobs_shared->databases[i].oid))
			renew(pm_jobs_shared->databases[i].oid);
}

static void
at_end_of_transaction(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_COMMIT:
			if (settings_of_all)
				renew_all();
			else if (OidIsValid(settings_of))
				renew(settings_of);
			if (databases_changed)
				pm_jobs_wake_launcher();
			break;
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
		case XACT_EVENT_PARALLEL_COMMIT:
		case XACT_EVENT_PARALLEL_ABORT:
			break;
		default:
			return; /* it goes on */
	}
	settings_of = InvalidOid;
	settings_of_all = false;
	databases_changed = false;
	release();
}

/* Registers the hook; called once when the library is preloaded. */
void
pm_jobs_hold_init(void)
{
	previous_hook = ProcessUtility_hook;
	ProcessUtility_hook = process_utility;
	RegisterXactCallback(at_end_of_transaction, NULL);
}
