/*
 * entry.c - values in shared memory: finding them, lending the right to load, storing
 *
 * A hit takes one lock, shared.  A miss looks again with all of them, and then gives the
 * caller a lease, or waits for who has one.  A value is copied under the lock.
 */
#include "pm_cache.h"

#include "miscadmin.h"
#include "pgstat.h"
#include "storage/proc.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

typedef enum Found
{
	FOUND_VALUE,
	FOUND_NOTHING, /* nothing, or something that has expired */
	FOUND_LOADING,
	FOUND_SKIPPED,
	FOUND_DOUBT /* whatever there is, it must not be used */
} Found;

/*
 * Does a snapshot see every invalidation of the key that is settled?  May say no though it
 * does.  Called under a lock.
 *
 * Which settled transactions does it not see?  Those that ended since it was taken, so
 * they ran then or got their id later.  Of the marks that went into the ring since, they
 * share it with those whose commit was visible before and which were settled later.  No
 * more than one a process ran, and one a process was about to be settled; the rest has ids
 * from the snapshot's xmax on.  So if those are few the ring has all, and the rest of it
 * need not be looked at.
 */
static bool
sees_all(Snapshot snapshot, const Key *key)
{
	const Shared *shared = pm_cache_shared;
	uint64 next;
	uint32 behind;
	uint64 depth;

	if (snapshot == NULL || !IsMVCCSnapshot(snapshot) || snapshot->takenDuringRecovery)
		return false;
	next = U64FromFullTransactionId(ReadNextFullTransactionId());
	behind = (uint32) next - snapshot->xmax;
	if (behind > BEHIND_MAX)
		return false;
	depth = Min(MARKS_MAX * ((uint64) behind + 2 * MaxBackends), shared->nsettled);
	for (uint64 i = 1; i <= depth; i++)
	{
		int place = (int) ((shared->nsettled - i) % shared->settled_max);
		uint64 full = pm_cache_settled_xids[place];

		/* so old that its number says nothing */
		if (next - full >= UINT64CONST(1) << 31 ||
		    TransactionIdPrecedes((TransactionId) full, snapshot->xmin))
			continue;
		if (pm_cache_covers(&pm_cache_settled_marks[place], key) &&
		    XidInMVCCSnapshot((TransactionId) full, snapshot))
			return false;
	}
	return true;
}

/* May a value that is there be returned?  Called under a lock. */
static bool
is_sure(const Key *key)
{
	for (int i = 0; i < pm_cache_shared->ndoubts; i++)
		if (pm_cache_covers(&pm_cache_doubts[i].mark, key))
			return false;
	/* a transaction that always reads by one snapshot must not see what came later */
	return !IsolationUsesXactSnapshot() || sees_all(pm_oldest_snapshot(), key);
}

/*
 * Looks for a key and copies its value.  Called under a lock.  *entry: what there is, NULL
 * if nothing.
 */
static Found
look(const Key *key, PmStoreEntry **entry, Jsonb **value)
{
	*entry = pm_store_find(pm_cache_store, key->bytes, key->len, key->hash);
	if (!is_sure(key))
		return FOUND_DOUBT;
	if (*entry == NULL)
		return FOUND_NOTHING;
	if ((*entry)->state == ENTRY_LOADING)
		return FOUND_LOADING;
	if ((*entry)->expires <= GetCurrentTimestamp())
		return FOUND_NOTHING;
	if ((*entry)->state == ENTRY_SKIPPED)
		return FOUND_SKIPPED;
	*value = palloc((*entry)->value_len);
	pm_store_read(pm_cache_store, *entry, *value);
	if ((*entry)->used == 0)
		(*entry)->used = 1;
	return FOUND_VALUE;
}

/* The slot of keys of unknown kind. */
static Slot *
my_slot(void)
{
	static uint16 mine = 0;

	if (mine == 0)
		mine = pm_cache_slot("");
	return &pm_cache_shared->slots[mine];
}

static void
add_one(pg_atomic_uint64 *count)
{
	(void) pg_atomic_fetch_add_u64(count, 1);
}

/* Counts a call that did not look. */
void
pm_cache_count_bypass(void)
{
	add_one(&my_slot()->bypasses);
}

/* Is there a value?  False: the caller has to call pm_cache_miss(). */
bool
pm_cache_look(const Key *key, Jsonb **value)
{
	PmStoreEntry *entry;
	Found found;

	pm_cache_lock_one();
	found = look(key, &entry, value);
	if (found == FOUND_VALUE)
		add_one(&pm_cache_shared->slots[entry->tag].hits);
	pm_cache_unlock_one();
	return found == FOUND_VALUE;
}

/*
 * Gives the lease of a key, of an entry that is made or of one whose lease is over.
 * Called under all locks.
 */
static void
lend(const Key *key, PmStoreEntry *entry, Lease *lease, TimestampTz now)
{
	uint64 number = ++pm_cache_shared->serial;

	if (entry == NULL)
	{
		entry = pm_store_add(pm_cache_store, key->bytes, key->len, key->hash, 0);
		entry->state = ENTRY_LOADING;
		entry->serial = number;
	}
	entry->lease = number;
	entry->until = TimestampTzPlusMilliseconds(now, pm_cache_load_timeout);
	lease->serial = entry->serial;
	lease->number = number;
	pm_cache_hold(lease, key);
}

/*
 * What the session's own lease of a key has to offer: the value that waits for the commit,
 * or NULL, and then it still has the lease.
 */
static Jsonb *
own_value(const Lease *own)
{
	Jsonb *copy;

	if (own->value == NULL)
		return NULL;
	copy = palloc(VARSIZE(own->value));
	memcpy(copy, own->value, VARSIZE(own->value));
	return copy;
}

/*
 * What pm_cache_look() did not find: the value if another session loads it in time;
 * otherwise NULL, with a lease if the caller may store and nobody else is loading.
 */
Jsonb *
pm_cache_miss(const Key *key, bool may_store)
{
	ConditionVariable *wake = &pm_cache_shared->wakes[key->hash % WAKES];
	Slot *slot = my_slot();
	Snapshot snapshot = pm_oldest_snapshot();
	TimestampTz deadline =
	    TimestampTzPlusMilliseconds(GetCurrentTimestamp(), pm_cache_load_timeout);
	bool may_wait =
	    pm_cache_load_timeout > 0 && !pm_cache_has_lease() && !pm_cache_has_written();
	Lease *own = pm_cache_find_lease(key);
	Lease *lease = may_store && own == NULL ? pm_cache_spare_lease() : NULL;
	bool prepared = false;
	Jsonb *value = NULL;

	for (;;)
	{
		PmStoreEntry *entry;
		TimestampTz now, until;
		Found found;

		pm_cache_lock_all();
		now = GetCurrentTimestamp();
		found = look(key, &entry, &value);
		if (found == FOUND_NOTHING && entry != NULL)
		{
			pm_store_remove(pm_cache_store, entry);
			entry = NULL;
		}
		if (found == FOUND_LOADING && own != NULL && entry->serial == own->serial)
		{
			pm_cache_unlock_all();
			value = own_value(own);
			add_one(value != NULL ? &slot->hits : &slot->misses);
			return value;
		}
		if (found == FOUND_LOADING && entry->until <= now)
			found = FOUND_NOTHING;
		if (found == FOUND_NOTHING && may_store && sees_all(snapshot, key))
		{
			/* one that it had was of an entry that is gone */
			lend(key, entry, own != NULL ? own : lease, now);
		}
		if (found == FOUND_VALUE)
			add_one(&pm_cache_shared->slots[entry->tag].hits);
		until = found == FOUND_LOADING ? Min(entry->until, deadline) : 0;
		pm_cache_unlock_all();

		if (found != FOUND_LOADING || !may_wait || now >= deadline)
		{
			if (prepared)
				(void) ConditionVariableCancelSleep();
			if (found == FOUND_VALUE && prepared)
				add_one(&slot->waits);
			else if (found == FOUND_DOUBT)
				add_one(&slot->bypasses);
			else if (found != FOUND_VALUE)
				add_one(&slot->misses);
			return value;
		}
		if (!prepared)
		{
			/* what happened before is seen by the next look */
			ConditionVariablePrepareToSleep(wake);
			prepared = true;
			continue;
		}
		(void) ConditionVariableTimedSleep(
		    wake, Max(1, TimestampDifferenceMilliseconds(now, until)), PG_WAIT_EXTENSION);
	}
}

/*
 * Stores the value for which a lease was given, unless its entry is gone or has one.
 * Returns whether it was.  Does not throw.
 */
bool
pm_cache_keep(const Lease *lease, const Jsonb *value, uint16 slot, TimestampTz expires)
{
	const Key *key = &lease->key;
	Size size = VARSIZE(value);
	PmStoreEntry *entry;
	bool stored = false;

	pm_cache_lock_all();
	entry = pm_store_find(pm_cache_store, key->bytes, key->len, key->hash);
	if (entry != NULL && entry->state == ENTRY_LOADING && entry->serial == lease->serial)
	{
		stored = size <= (Size) pm_cache_max_value * 1024 &&
		         pm_store_put(pm_cache_store, entry, slot, value, size);
		if (!stored)
			(void) pm_store_put(pm_cache_store, entry, slot, "", 0);
		entry->state = stored ? ENTRY_READY : ENTRY_SKIPPED;
		entry->expires = expires;
	}
	pm_cache_unlock_all();
	ConditionVariableBroadcast(&pm_cache_shared->wakes[key->hash % WAKES]);
	add_one(stored ? &pm_cache_shared->slots[slot].stored
	               : &pm_cache_shared->slots[slot].dropped);
	return stored;
}

/* The value will not come: another session may load.  Does not throw. */
void
pm_cache_give_back(const Lease *lease)
{
	const Key *key = &lease->key;
	PmStoreEntry *entry;

	pm_cache_lock_all();
	entry = pm_store_find(pm_cache_store, key->bytes, key->len, key->hash);
	if (entry != NULL && entry->state == ENTRY_LOADING && entry->lease == lease->number)
		pm_store_remove(pm_cache_store, entry);
	pm_cache_unlock_all();
	ConditionVariableBroadcast(&pm_cache_shared->wakes[key->hash % WAKES]);
}
