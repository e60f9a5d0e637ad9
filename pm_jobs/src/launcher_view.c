/*
 * launcher_view.c - what the launcher sees: pg_database and the table of workers
 *
 * Each look reads pg_database in a transaction that ends at once, and finds out which
 * workers have ended.  An entry of the table of workers is reserved by the launcher
 * alone; it is freed by the worker when it ends, or here if the worker never began.
 * So after the end the entry still tells how it went.  A worker that ended otherwise
 * than of its own accord or on request counts as a failure of its database, and the
 * next one waits, longer each time.
 *
 * A launcher that finds workers of a former one has no handle of them: it watches
 * their entries instead.
 */
#include "launcher.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "storage/procarray.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

/* A worker without handle that has not begun by then never will. */
#define ORPHAN_START_MS 10000
/* Waiting after failures: doubled each time; forgotten after a while without one. */
#define FAILURE_MS      1000
#define FAILURE_MAX_MS  300000
#define FORGIVEN_MS     60000
/* Entries of databases kept free for those that come. */
#define SPARE_DATABASES 16

LauncherView pm_jobs_view;

static List *names; /* pm_jobs.databases */

/* Called once by the launcher. */
void
pm_jobs_view_init(void)
{
	HASHCTL info = {.keysize = sizeof(Oid), .entrysize = sizeof(KnownDatabase)};

	pm_jobs_view.databases =
	    hash_create("pm_jobs databases", 64, &info, HASH_ELEM | HASH_BLOBS);
	pm_jobs_view.slots = MemoryContextAllocZero(TopMemoryContext, pm_jobs_shared->nworkers *
	                                                                  sizeof(WorkerSlot));
	pm_jobs_view_set_names();
}

/* Reads pm_jobs.databases again. */
void
pm_jobs_view_set_names(void)
{
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);
	static char *copy = NULL;

	list_free(names);
	if (copy != NULL)
		pfree(copy);
	copy = pstrdup(pm_jobs_databases);
	if (!SplitIdentifierString(copy, ',', &names)) /* the check hook has seen it */
		names = NIL;
	MemoryContextSwitchTo(old);
}

/* May this database have workers? */
static bool
is_served(Form_pg_database form)
{
	ListCell *cell;

	/* -2: a DROP DATABASE of it was interrupted */
	if (form->datistemplate || !form->datallowconn || form->datconnlimit == -2)
		return false;
	foreach (cell, names)
		if (strcmp(lfirst(cell), "*") == 0 ||
		    strcmp(lfirst(cell), NameStr(form->datname)) == 0)
			return true;
	return false;
}

/* Notes what a row of pg_database says. */
static void
note_database(Form_pg_database form)
{
	bool found;
	bool served;
	KnownDatabase *known =
	    hash_search(pm_jobs_view.databases, &form->oid, HASH_ENTER, &found);

	known->there = true;
	known->shared = NULL;
	known->workers = 0;
	known->name = form->datname;
	served = is_served(form);
	if (!found || (served && !known->served))
	{
		known->probe = true;
		known->looked = GetCurrentTimestamp();
	}
	known->served = served;
}

/* Reads pg_database. */
static void
read_databases(void)
{
	Relation relation;
	TableScanDesc scan;
	HeapTuple tuple;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	relation = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(relation, 0, NULL);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
		note_database((Form_pg_database) GETSTRUCT(tuple));
	table_endscan(scan);
	table_close(relation, AccessShareLock);
	CommitTransactionCommand();
}

/* Milliseconds to wait after so many failures in a row; one alone is as good as none. */
static long
failure_wait(int failures)
{
	if (failures <= 1)
		return 0;
	return Min(FAILURE_MAX_MS, (long) FAILURE_MS << Min(failures - 2, 20));
}

/* Draws the consequences of the end of a worker, whose entry is free again. */
static void
note_end(int index)
{
	WorkerSlot *slot = &pm_jobs_view.slots[index];
	SharedWorker *worker = &pm_jobs_shared->workers[index];
	SharedDatabase *database = pm_jobs_find_database(slot->database, false);
	KnownDatabase *known =
	    hash_search(pm_jobs_view.databases, &slot->database, HASH_FIND, NULL);
	TimestampTz now = GetCurrentTimestamp();
	bool done;
	bool stopped;

	slot->used = false;
	pm_jobs_view.ended = true;
	if (known != NULL)
		known->looked = now;
	if (database == NULL)
		return;

	SpinLockAcquire(&worker->mutex);
	done = worker->done;
	stopped = worker->stop;
	SpinLockRelease(&worker->mutex);

	SpinLockAcquire(&database->mutex);
	if (done || stopped || TimestampDifferenceExceeds(slot->since, now, FORGIVEN_MS))
		database->failures = 0;
	if (!done && !stopped)
	{
		/* of those that were there when one failed, that one counts */
		if (known == NULL || slot->since >= known->failed)
		{
			database->failures++;
			if (known != NULL)
				known->failed = now;
		}
		database->not_before =
		    TimestampTzPlusMilliseconds(now, failure_wait(database->failures));
		database->wanted = true;
	}
	SpinLockRelease(&database->mutex);
}

/* Looks which workers have ended, and counts those that are there. */
static void
look_at_workers(void)
{
	TimestampTz now = GetCurrentTimestamp();

	for (int i = 0; i < pm_jobs_shared->nworkers; i++)
	{
		WorkerSlot *slot = &pm_jobs_view.slots[i];
		SharedWorker *worker = &pm_jobs_shared->workers[i];
		bool ended;
		bool free;
		pid_t pid;
		KnownDatabase *known;

		ended = slot->handle != NULL &&
		        GetBackgroundWorkerPid(slot->handle, &pid) == BGWH_STOPPED;
		SpinLockAcquire(&worker->mutex);
		if (!slot->used && worker->state != WORKER_FREE)
		{
			/* a former launcher's */
			slot->used = true;
			slot->database = worker->database;
			slot->since = worker->since;
			slot->asked = 0;
		}
		if (worker->state == WORKER_STARTING && worker->pid == 0 &&
		    (ended || (slot->handle == NULL &&
		               TimestampDifferenceExceeds(slot->since, now, ORPHAN_START_MS))))
			worker->state = WORKER_FREE; /* it never began */
		free = worker->state == WORKER_FREE;
		SpinLockRelease(&worker->mutex);

		if (ended)
		{
			pfree(slot->handle);
			slot->handle = NULL;
		}
		if (slot->used && slot->handle == NULL && free)
			note_end(i);
		else if (slot->used)
		{
			known = hash_search(pm_jobs_view.databases, &slot->database, HASH_FIND, NULL);
			if (known != NULL)
				known->workers++;
		}
	}
}

/* Is a worker of this database known? */
static bool
has_workers(Oid database)
{
	for (int i = 0; i < pm_jobs_shared->nworkers; i++)
		if (pm_jobs_view.slots[i].used && pm_jobs_view.slots[i].database == database)
			return true;
	return false;
}

/*
 * Is there nothing to do in a database, and nobody who has a pointer to its entry:
 * a session in it, or one that holds it?
 */
static bool
is_unused(KnownDatabase *known)
{
	SharedDatabase *database = known->shared;
	bool idle;

	SpinLockAcquire(&database->mutex);
	idle = (database->absent || database->disabled) && !database->wanted;
	SpinLockRelease(&database->mutex);
	return idle && known->workers == 0 && pg_atomic_read_u32(&database->holders) == 0 &&
	       CountDBBackends(known->oid) == 0;
}

/*
 * Reads pg_database and the table of workers.  Forgets databases that are gone, sends
 * workers away from those that may have none, and finds the entries of the others.
 */
void
pm_jobs_look_around(void)
{
	Oid before[DATABASES_MAX];
	int unused = 0;
	HASH_SEQ_STATUS scan;
	KnownDatabase *known;

	hash_seq_init(&scan, pm_jobs_view.databases);
	while ((known = hash_seq_search(&scan)) != NULL)
		known->there = false;
	/* an entry that is there before the look belongs to a database that is seen, or gone */
	for (int i = 0; i < DATABASES_MAX; i++)
		before[i] = pm_jobs_shared->databases[i].oid;
	pg_memory_barrier();
	pm_jobs_view.ended = false;
	read_databases();
	look_at_workers();

	for (int i = 0; i < DATABASES_MAX; i++)
	{
		known = hash_search(pm_jobs_view.databases, &before[i], HASH_FIND, NULL);
		if (OidIsValid(before[i]) && (known == NULL || !known->there) &&
		    !has_workers(before[i]))
			pm_jobs_forget_database(before[i]);
		unused += !OidIsValid(pm_jobs_shared->databases[i].oid);
	}

	pm_jobs_view.entries_short = false;
	hash_seq_init(&scan, pm_jobs_view.databases);
	while ((known = hash_seq_search(&scan)) != NULL)
	{
		if (!known->there)
		{
			if (!has_workers(known->oid))
				(void) hash_search(pm_jobs_view.databases, &known->oid, HASH_REMOVE, NULL);
			continue;
		}
		if (!known->served)
		{
			(void) pm_jobs_ask_to_leave(known->oid, false);
			continue;
		}
		known->probe = known->probe && known->workers == 0;
		known->shared = pm_jobs_find_database(known->oid, known->probe);
		if (known->shared == NULL)
			pm_jobs_view.entries_short =
			    pm_jobs_view.entries_short || known->probe || unused == 0;
		else if (unused < SPARE_DATABASES && is_unused(known))
		{
			pm_jobs_forget_database(known->oid);
			known->shared = NULL;
			unused++;
		}
	}
}
