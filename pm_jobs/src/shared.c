/*
 * shared.c - the shared memory: databases, queues and workers; waking
 *
 * Made by the postmaster before anything runs, or again after a crash; empty
 * then, which only means that workers look at their tables from the beginning.
 * Waking is a latch: a worker that goes to sleep first shows itself idle, then
 * looks at its database's count of reports; who reports counts first, then looks
 * for an idle worker.  One of the two sees the other.
 */
#include "pm_jobs_shared.h"

#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/proc.h"
#include "storage/shmem.h"
#include "utils/hsearch.h"
#include "utils/timestamp.h"

#define TRANCHE "pm_jobs"

PmJobsShared *pm_jobs_shared = NULL;
static HTAB *queues;

static shmem_request_hook_type previous_request;
static shmem_startup_hook_type previous_startup;

static Size
shared_size(void)
{
	return add_size(offsetof(PmJobsShared, workers),
	                mul_size(pm_jobs_max_workers, sizeof(SharedWorker)));
}

/* shmem_request_hook: asks for the memory. */
static void
request_memory(void)
{
	if (previous_request != NULL)
		previous_request();
	RequestAddinShmemSpace(shared_size());
	RequestAddinShmemSpace(hash_estimate_size(QUEUES_MAX, sizeof(SharedQueue)));
	RequestNamedLWLockTranche(TRANCHE, 1);
}

/* shmem_startup_hook: makes the memory, or finds it (EXEC_BACKEND). */
static void
make_memory(void)
{
	HASHCTL info = {.keysize = sizeof(QueueKey), .entrysize = sizeof(SharedQueue)};
	bool found;

	if (previous_startup != NULL)
		previous_startup();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	pm_jobs_shared = ShmemInitStruct("pm_jobs", shared_size(), &found);
	if (!found)
	{
		memset(pm_jobs_shared, 0, shared_size());
		pm_jobs_shared->lock = &GetNamedLWLockTranche(TRANCHE)->lock;
		SpinLockInit(&pm_jobs_shared->mutex);
		for (int i = 0; i < DATABASES_MAX; i++)
		{
			SharedDatabase *database = &pm_jobs_shared->databases[i];

			SpinLockInit(&database->mutex);
			pg_atomic_init_u64(&database->reports, 0);
			pg_atomic_init_u64(&database->settings, 0);
			pg_atomic_init_u64(&database->looks, 0);
			pg_atomic_init_u32(&database->prepared, 1); /* before the server started */
			pg_atomic_init_u32(&database->holders, 0);
		}
		pm_jobs_shared->nworkers = pm_jobs_max_workers;
		for (int i = 0; i < pm_jobs_shared->nworkers; i++)
		{
			SharedWorker *worker = &pm_jobs_shared->workers[i];

			SpinLockInit(&worker->mutex);
			pg_atomic_init_u64(&worker->serial, 0);
			pg_atomic_init_u64(&worker->cancel, 0);
		}
	}
	queues = ShmemInitHash("pm_jobs queues", QUEUES_MAX, QUEUES_MAX, &info,
	                       HASH_ELEM | HASH_BLOBS);
	LWLockRelease(AddinShmemInitLock);
}

/* Called once when the library is preloaded. */
void
pm_jobs_shared_init(void)
{
	previous_request = shmem_request_hook;
	shmem_request_hook = request_memory;
	previous_startup = shmem_startup_hook;
	shmem_startup_hook = make_memory;
}

/*
 * The entry of a database.  NULL if there is none and none is to be made, or all
 * entries are in use.
 */
SharedDatabase *
pm_jobs_find_database(Oid oid, bool create)
{
	SharedDatabase *found = NULL;
	SharedDatabase *unused = NULL;

	LWLockAcquire(pm_jobs_shared->lock, LW_SHARED);
	for (int i = 0; i < DATABASES_MAX && found == NULL; i++)
		if (pm_jobs_shared->databases[i].oid == oid)
			found = &pm_jobs_shared->databases[i];
	LWLockRelease(pm_jobs_shared->lock);
	if (found != NULL || !create)
		return found;

	LWLockAcquire(pm_jobs_shared->lock, LW_EXCLUSIVE);
	for (int i = 0; i < DATABASES_MAX && found == NULL; i++)
	{
		SharedDatabase *entry = &pm_jobs_shared->databases[i];

		if (entry->oid == oid)
			found = entry;
		else if (entry->oid == InvalidOid && unused == NULL)
			unused = entry;
	}
	if (found == NULL && unused != NULL)
	{
		/* holders is left alone: a session may be about to give it back */
		unused->oid = oid;
		unused->wanted = false;
		unused->absent = false;
		unused->disabled = false;
		unused->next_due = DT_NOEND;
		unused->last_poll = DT_NOBEGIN;
		unused->not_before = DT_NOBEGIN;
		unused->failures = 0;
		found = unused;
	}
	LWLockRelease(pm_jobs_shared->lock);
	return found;
}

/* Frees the entries of a database that is gone, and of its queues. */
void
pm_jobs_forget_database(Oid oid)
{
	HASH_SEQ_STATUS scan;
	SharedQueue *queue;

	LWLockAcquire(pm_jobs_shared->lock, LW_EXCLUSIVE);
	hash_seq_init(&scan, queues);
	while ((queue = hash_seq_search(&scan)) != NULL)
		if (queue->key.database == oid)
			(void) hash_search(queues, &queue->key, HASH_REMOVE, NULL);
	for (int i = 0; i < DATABASES_MAX; i++)
		if (pm_jobs_shared->databases[i].oid == oid)
			pm_jobs_shared->databases[i].oid = InvalidOid;
	LWLockRelease(pm_jobs_shared->lock);
}

/*
 * The entry of a queue of this database, made if there is none.  NULL if all
 * entries are in use, or the name is longer than any queue's.
 */
SharedQueue *
pm_jobs_find_queue(const char *name)
{
	QueueKey key;
	SharedQueue *queue;
	bool found;

	if (strlen(name) >= NAME_BYTES)
		return NULL;
	memset(&key, 0, sizeof(key));
	key.database = MyDatabaseId;
	strlcpy(key.name, name, NAME_BYTES);
	LWLockAcquire(pm_jobs_shared->lock, LW_SHARED);
	queue = hash_search(queues, &key, HASH_FIND, NULL);
	LWLockRelease(pm_jobs_shared->lock);
	if (queue != NULL)
		return queue;

	LWLockAcquire(pm_jobs_shared->lock, LW_EXCLUSIVE);
	if (hash_get_num_entries(queues) < QUEUES_MAX)
		queue = hash_search(queues, &key, HASH_ENTER_NULL, &found);
	else
		queue = hash_search(queues, &key, HASH_FIND, &found);
	if (queue != NULL && !found)
	{
		ConditionVariableInit(&queue->looked);
		SpinLockInit(&queue->mutex);
		queue->looker = -1;
		queue->maybe = true;
		queue->busy = queue->concurrency = 0;
		queue->keyed = false;
		queue->key_reports = queue->releases = queue->looks = 0;
		queue->resets = 0;
		queue->bound = BOUND_TOP;
		queue->nplaces = 0;
		queue->due = DT_NOBEGIN;
		queue->due_floor = DT_NOEND;
		queue->next_due = DT_NOBEGIN;
	}
	LWLockRelease(pm_jobs_shared->lock);
	return queue;
}

/* Sets the latch of a process; a wrong one does no harm. */
void
pm_jobs_set_latch(int pgprocno)
{
	SetLatch(&ProcGlobal->allProcs[pgprocno].procLatch);
}

/* Wakes the launcher, if there is one. */
void
pm_jobs_wake_launcher(void)
{
	int pgprocno = -1;

	SpinLockAcquire(&pm_jobs_shared->mutex);
	if (pm_jobs_shared->launcher_pid != 0)
		pgprocno = pm_jobs_shared->launcher_pgprocno;
	SpinLockRelease(&pm_jobs_shared->mutex);
	if (pgprocno >= 0)
		pm_jobs_set_latch(pgprocno);
}

/*
 * Tells the workers of a database that there may be so many jobs more: wakes that
 * many idle ones, and asks for another if there were fewer.  Does not throw.
 */
void
pm_jobs_wake(SharedDatabase *database, int jobs)
{
	int total = 0;

	(void) pg_atomic_fetch_add_u64(&database->reports, 1);
	pg_memory_barrier();
	for (int i = 0; i < pm_jobs_shared->nworkers && jobs > 0; i++)
	{
		SharedWorker *worker = &pm_jobs_shared->workers[i];
		int pgprocno = -1;

		/* a look without the lock: what is missed sees the count of reports */
		if (worker->database != database->oid || worker->state == WORKER_FREE)
			continue;
		SpinLockAcquire(&worker->mutex);
		if (worker->database == database->oid && worker->state == WORKER_IDLE)
		{
			worker->state = WORKER_BUSY;
			pgprocno = worker->pgprocno;
			jobs--;
		}
		else if (worker->state == WORKER_STARTING)
			jobs--;
		SpinLockRelease(&worker->mutex);
		total++;
		if (pgprocno >= 0)
			pm_jobs_set_latch(pgprocno);
	}
	if (jobs > 0 && total < pm_jobs_shared->nworkers)
	{
		bool news;

		SpinLockAcquire(&database->mutex);
		news = !database->disabled && !database->wanted;
		database->wanted = database->wanted || !database->disabled;
		database->absent = false;
		SpinLockRelease(&database->mutex);
		if (news)
			pm_jobs_wake_launcher();
	}
}

/* Lets a worker find out again whether there is anything to do.  Does not throw. */
void
pm_jobs_begin_anew(SharedDatabase *database)
{
	SpinLockAcquire(&database->mutex);
	database->wanted = true;
	database->absent = false;
	database->disabled = false;
	SpinLockRelease(&database->mutex);
}

/* Has a worker of this database claimed the job? */
bool
pm_jobs_is_claimed(int64 id)
{
	bool claimed = false;

	if (pm_jobs_shared == NULL)
		return false;
	for (int i = 0; i < pm_jobs_shared->nworkers && !claimed; i++)
	{
		SharedWorker *worker = &pm_jobs_shared->workers[i];

		if (worker->database != MyDatabaseId || worker->nclaims == 0)
			continue;
		SpinLockAcquire(&worker->mutex);
		if (worker->database == MyDatabaseId)
			for (int j = 0; j < worker->nclaims && !claimed; j++)
				claimed = worker->claims[j] == id;
		SpinLockRelease(&worker->mutex);
	}
	return claimed;
}
