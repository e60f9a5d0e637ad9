/*
 * shared.c - the shared memory: its parts, its locks, and the counts by kind
 *
 * Made by the postmaster before anything runs, or again after a crash; empty then.
 *
 * Readers take one of 16 locks, by their process, so that they do not fight for a cache
 * line; who changes anything takes all of them, in their order.  Nothing may throw while
 * something is half changed.
 */
#include "pm_cache.h"

#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/proc.h"
#include "storage/shmem.h"

#define TRANCHE "pm_cache"

Shared *pm_cache_shared = NULL;
Doubt *pm_cache_doubts = NULL;
uint64 *pm_cache_settled_xids = NULL;
Mark *pm_cache_settled_marks = NULL;
PmStore *pm_cache_store = NULL;

static shmem_request_hook_type previous_request;
static shmem_startup_hook_type previous_startup;

/* Marks that the ring must hold: see pm_cache_sees_all(). */
static int
ring_size(void)
{
	return MARKS_MAX * (BEHIND_MAX + 2 * MaxBackends);
}

static Size
store_size(void)
{
	return (Size) pm_cache_size * 1024;
}

/* The memory of everything, and of what comes before each part. */
static Size
shared_size(Size *doubts, Size *xids, Size *marks, Size *store)
{
	Size size = CACHELINEALIGN(sizeof(Shared));

	*doubts = size;
	size = add_size(size, CACHELINEALIGN(mul_size(MARKS_MAX * MaxBackends, sizeof(Doubt))));
	*xids = size;
	size = add_size(size, CACHELINEALIGN(mul_size(ring_size(), sizeof(uint64))));
	*marks = size;
	size = add_size(size, CACHELINEALIGN(mul_size(ring_size(), sizeof(Mark))));
	*store = size;
	return add_size(size, store_size());
}

/* shmem_request_hook: asks for the memory. */
static void
request_memory(void)
{
	Size doubts, xids, marks, store;

	if (previous_request != NULL)
		previous_request();
	RequestAddinShmemSpace(shared_size(&doubts, &xids, &marks, &store));
	RequestNamedLWLockTranche(TRANCHE, LOCKS);
}

static void
clear_slot(Slot *slot)
{
	slot->database = InvalidOid;
	memset(slot->kind, 0, sizeof(slot->kind));
	pg_atomic_write_u64(&slot->hits, 0);
	pg_atomic_write_u64(&slot->misses, 0);
	pg_atomic_write_u64(&slot->waits, 0);
	pg_atomic_write_u64(&slot->bypasses, 0);
	pg_atomic_write_u64(&slot->stored, 0);
	pg_atomic_write_u64(&slot->dropped, 0);
}

/* Makes everything empty. */
static void
fill_memory(void)
{
	Shared *shared = pm_cache_shared;

	memset(shared, 0, sizeof(Shared));
	shared->locks = GetNamedLWLockTranche(TRANCHE);
	shared->settled_max = ring_size();
	if (!pg_strong_random(&shared->seed, sizeof(shared->seed)))
		elog(FATAL, "could not get a random number");
	for (int i = 0; i < WAKES; i++)
		ConditionVariableInit(&shared->wakes[i]);
	for (int i = 0; i < PM_STORE_TAGS; i++)
	{
		Slot *slot = &shared->slots[i];

		pg_atomic_init_u64(&slot->hits, 0);
		pg_atomic_init_u64(&slot->misses, 0);
		pg_atomic_init_u64(&slot->waits, 0);
		pg_atomic_init_u64(&slot->bypasses, 0);
		pg_atomic_init_u64(&slot->stored, 0);
		pg_atomic_init_u64(&slot->dropped, 0);
	}
	pm_store_init(pm_cache_store, pm_store_fit(store_size()));
}

/* shmem_startup_hook: makes the memory, or finds it (EXEC_BACKEND). */
static void
make_memory(void)
{
	Size doubts, xids, marks, store, size;
	bool found;
	char *memory;

	if (previous_startup != NULL)
		previous_startup();
	size = shared_size(&doubts, &xids, &marks, &store);
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	memory = ShmemInitStruct("pm_cache", size, &found);
	pm_cache_shared = (Shared *) memory;
	pm_cache_doubts = (Doubt *) (memory + doubts);
	pm_cache_settled_xids = (uint64 *) (memory + xids);
	pm_cache_settled_marks = (Mark *) (memory + marks);
	pm_cache_store = (PmStore *) (memory + store);
	if (!found)
		fill_memory();
	LWLockRelease(AddinShmemInitLock);
}

/* Called once when the library is preloaded. */
void
pm_cache_shared_init(void)
{
	previous_request = shmem_request_hook;
	shmem_request_hook = request_memory;
	previous_startup = shmem_startup_hook;
	shmem_startup_hook = make_memory;
}

/* The lock by which this process reads. */
static LWLock *
my_lock(void)
{
	return &pm_cache_shared->locks[pm_my_number() % LOCKS].lock;
}

void
pm_cache_lock_one(void)
{
	LWLockAcquire(my_lock(), LW_SHARED);
}

void
pm_cache_unlock_one(void)
{
	LWLockRelease(my_lock());
}

void
pm_cache_lock_all(void)
{
	for (int i = 0; i < LOCKS; i++)
		LWLockAcquire(&pm_cache_shared->locks[i].lock, LW_EXCLUSIVE);
}

void
pm_cache_unlock_all(void)
{
	for (int i = LOCKS - 1; i >= 0; i--)
		LWLockRelease(&pm_cache_shared->locks[i].lock);
}

/* The slot of a kind of this database; made if there is none, 0 if there is no room. */
uint16
pm_cache_slot(const char *kind)
{
	uint16 found = 0;

	pm_cache_lock_all();
	for (uint16 i = 1; i < PM_STORE_TAGS && found == 0; i++)
	{
		Slot *slot = &pm_cache_shared->slots[i];

		if (slot->database == InvalidOid)
		{
			slot->database = MyDatabaseId;
			strlcpy(slot->kind, kind, sizeof(slot->kind));
		}
		if (slot->database == MyDatabaseId && strcmp(slot->kind, kind) == 0)
			found = i;
	}
	pm_cache_unlock_all();
	return found;
}

/* Removes what there is of a database that is gone.  Does not throw. */
void
pm_cache_forget_database(Oid database)
{
	pm_cache_lock_all();
	(void) pm_store_remove_prefix(pm_cache_store, &database, sizeof(database));
	for (int i = 1; i < PM_STORE_TAGS; i++)
		if (pm_cache_shared->slots[i].database == database)
		{
			clear_slot(&pm_cache_shared->slots[i]);
			pm_cache_store->counts[i] = (PmStoreCount){0};
		}
	pm_cache_unlock_all();
}
