/*
 * lease.c - the leases of this session
 *
 * A lease outlives its transaction, so that a client may look, read and store in three.
 * It ends when it is used, with an abort (what was read may have been undone), and with
 * the session.  A transaction that has written stores at its commit: the value waits in
 * its lease, in the transaction's memory.
 */
#include "pm_cache.h"

#include "storage/ipc.h"

static Lease leases[LEASES_MAX];
static int nheld;
static uint64 given;

/* Callback at the end of the process. */
static void
at_exit(int code, Datum arg)
{
	pm_cache_end_leases();
}

/* The session's lease of a key, or NULL. */
Lease *
pm_cache_find_lease(const Key *key)
{
	for (int i = 0; i < LEASES_MAX && nheld > 0; i++)
		if (leases[i].held && leases[i].key.len == key->len &&
		    memcmp(leases[i].key.bytes, key->bytes, key->len) == 0)
			return &leases[i];
	return NULL;
}

/* Could another session be waiting for this one? */
bool
pm_cache_has_lease(void)
{
	return nheld > 0;
}

/* Room for a lease; ends the oldest if all are held. */
Lease *
pm_cache_spare_lease(void)
{
	static bool registered = false;
	Lease *spare = &leases[0];

	if (!registered)
	{
		before_shmem_exit(at_exit, 0);
		registered = true;
	}
	for (int i = 1; i < LEASES_MAX && spare->held; i++)
		if (!leases[i].held || leases[i].given < spare->given)
			spare = &leases[i];
	if (spare->held)
		pm_cache_end_lease(spare, true);
	return spare;
}

/* Notes that a lease is held, the rest of which the caller has filled in. */
void
pm_cache_hold(Lease *lease, const Key *key)
{
	if (!lease->held)
		nheld++;
	lease->held = true;
	lease->key = *key;
	lease->given = ++given;
	lease->value = NULL;
}

/* Ends a lease; lets another session load if it was not used.  Does not throw. */
void
pm_cache_end_lease(Lease *lease, bool give_back)
{
	if (!lease->held)
		return;
	lease->held = false;
	lease->value = NULL;
	nheld--;
	if (lease->snapshot != NULL)
		pfree(lease->snapshot);
	lease->snapshot = NULL;
	if (give_back && pm_cache_shared != NULL)
		pm_cache_give_back(lease);
}

/* Ends all leases of the session.  Does not throw. */
void
pm_cache_end_leases(void)
{
	for (int i = 0; i < LEASES_MAX && nheld > 0; i++)
		pm_cache_end_lease(&leases[i], true);
}

/* Stores what waited for the commit, which has become visible.  Does not throw. */
void
pm_cache_keep_waiting_values(void)
{
	for (int i = 0; i < LEASES_MAX && nheld > 0; i++)
		if (leases[i].held && leases[i].value != NULL)
		{
			(void) pm_cache_keep(&leases[i], leases[i].value, leases[i].slot,
			                     leases[i].expires);
			pm_cache_end_lease(&leases[i], false);
		}
}
