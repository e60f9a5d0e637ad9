/*
 * job_lock.c - limits as locks of a class of our own
 *
 * A limit of n is n slots; a slot is an advisory lock whose objsubid no SQL
 * function can produce, so that no user can take or release one:
 *
 *   27242   slot of a queue     64-bit hash of (queue, slot)
 *   27243   slot of a key       64-bit hash of (queue, key, slot)
 *   27244   job under way       its id
 *   27246   enqueuing in order  64-bit hash of (queue, key)
 *
 * Two names with the same hash share their slots: a limit gets tighter, never
 * looser.  A slot is held until the end of the transaction that runs the jobs,
 * which is when they cease to run for everybody else; a session runs one job at
 * a time, so one slot of a queue or key is enough for all its jobs.  A job with
 * outside effects spans two transactions: the session then keeps its slots, and
 * its lock on the job, beyond the first one.
 */
#include "pm_jobs_module.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"

#define CLASS_QUEUE 27242
#define CLASS_KEY   27243
#define CLASS_JOB   27244
#define CLASS_ORDER 27246

/* The slots of the last claim, and what the session keeps beyond its transaction. */
static LOCKTAG claimed[2];
static int claimed_count;
static bool last_is_new; /* the last slot was not held before */
static LOCKTAG kept[3];
static int kept_count;

/* Sets a tag to a 64-bit number in one of our classes. */
static void
set_tag(LOCKTAG *tag, uint64 number, uint16 lock_class)
{
	SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId, (uint32) (number >> 32), (uint32) number,
	                     lock_class);
}

/* The number of a slot; key may be NULL. */
static uint64
slot_number(const char *queue, const char *key, int slot)
{
	uint64 number = hash_bytes_extended((const unsigned char *) queue, strlen(queue), slot);

	if (key != NULL)
		number = hash_combine64(
		    number, hash_bytes_extended((const unsigned char *) key, strlen(key), 0));
	return number;
}

/*
 * Takes one of limit slots of a queue, or of a key of it, for the transaction.
 * False if others hold them all.  One that is held already is enough.
 */
bool
pm_jobs_take_slot(const char *queue, const char *key, int limit)
{
	uint16 lock_class = key ? CLASS_KEY : CLASS_QUEUE;
	int start = MyBackendId % limit;
	LOCKTAG tag;
	bool taken = false;

	for (int i = 0; i < limit && !taken; i++)
	{
		set_tag(&tag, slot_number(queue, key, i), lock_class);
		taken = LockHeldByMe(&tag, ExclusiveLock);
	}
	last_is_new = !taken;
	for (int i = 0; i < limit && !taken; i++)
	{
		CHECK_FOR_INTERRUPTS();
		set_tag(&tag, slot_number(queue, key, (start + i) % limit), lock_class);
		taken = LockAcquire(&tag, ExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL;
	}
	if (taken)
	{
		if (key == NULL)
			claimed_count = 0;
		if (claimed_count < lengthof(claimed))
			claimed[claimed_count++] = tag;
		else
			claimed[lengthof(claimed) - 1] = tag;
	}
	return taken;
}

/* Gives the slot that was taken last back, unless the transaction held it before. */
void
pm_jobs_give_slot_back(void)
{
	if (!last_is_new)
		return;
	last_is_new = false;
	(void) LockRelease(&claimed[--claimed_count], ExclusiveLock, false);
}

/*
 * Keeps the slots of the last claim, and takes the lock of the job, until
 * pm_jobs_release_kept().  False if another session has the job under way.
 */
bool
pm_jobs_keep(int64 id)
{
	Assert(kept_count == 0);
	set_tag(&kept[0], (uint64) id, CLASS_JOB);
	if (LockAcquire(&kept[0], ExclusiveLock, true, true) == LOCKACQUIRE_NOT_AVAIL)
		return false;
	kept_count = 1;
	for (int i = 0; i < claimed_count; i++)
	{
		kept[kept_count] = claimed[i];
		(void) LockAcquire(&kept[kept_count], ExclusiveLock, true, false);
		kept_count++;
	}
	return true;
}

/* Releases what pm_jobs_keep() took, if anything. */
void
pm_jobs_release_kept(void)
{
	while (kept_count > 0)
		(void) LockRelease(&kept[--kept_count], ExclusiveLock, true);
}

/* Does a session other than this one have the job with outside effects under way? */
bool
pm_jobs_job_is_taken(int64 id)
{
	LOCKTAG tag;
	int count;

	set_tag(&tag, (uint64) id, CLASS_JOB);
	pfree(GetLockConflicts(&tag, ExclusiveLock, &count));
	return count > 0;
}

/* An aborted run keeps nothing; a procedure that rolls back is not one. */
static void
at_end_of_transaction(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_ABORT && pm_jobs_running_id() == 0)
		pm_jobs_release_kept();
}

/* Called once when the module is loaded. */
void
pm_jobs_lock_init(void)
{
	RegisterXactCallback(at_end_of_transaction, NULL);
}

PG_FUNCTION_INFO_V1(pm_jobs__lock_order);

/*
 * _lock_order(queue, limit_key): waits until this transaction alone enqueues
 * jobs of the key, so that their ids are committed in order.
 */
Datum
pm_jobs__lock_order(PG_FUNCTION_ARGS)
{
	LOCKTAG tag;

	set_tag(&tag,
	        slot_number(text_to_cstring(PG_GETARG_TEXT_PP(0)),
	                    text_to_cstring(PG_GETARG_TEXT_PP(1)), 0),
	        CLASS_ORDER);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
	PG_RETURN_VOID();
}
