/*
 * pending.c - what this transaction invalidates: noted, in doubt, settled
 *
 * A prefix is noted under the subtransaction that named it.  Before the commit the noted
 * prefixes are put among the doubts of everybody; once it is visible they are settled; an
 * abort only takes them out again.  The three numbered steps of ARCHITECTURE.md.
 */
#include "pm_cache.h"

#include "catalog/objectaccess.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/memutils.h"

typedef struct Prefix
{
	int level; /* of the subtransaction it goes with */
	uint16 len;
	unsigned char bytes[sizeof(Oid) + KEY_MAX];
} Prefix;

static Prefix *prefixes; /* PREFIXES_MAX, made when first needed */
static int nprefixes;
static bool in_doubt;
static FullTransactionId my_xid;
/* A database that this transaction drops. */
static Oid dropped;

static object_access_hook_type previous_access;

/* How long is what two prefixes have in common? */
static uint16
common_length(const Prefix *a, const Prefix *b)
{
	uint16 len = 0;

	while (len < a->len && len < b->len && a->bytes[len] == b->bytes[len])
		len++;
	return len;
}

/* One prefix that covers all, with the lowest level of them. */
static Prefix
cover_all(void)
{
	Prefix all = prefixes[0];

	for (int i = 1; i < nprefixes; i++)
	{
		all.len = common_length(&all, &prefixes[i]);
		all.level = Min(all.level, prefixes[i].level);
	}
	return all;
}

static Mark
mark_of(const Prefix *prefix)
{
	Mark mark = {.len = Min(prefix->len, sizeof(mark.bytes))};

	memcpy(mark.bytes, prefix->bytes, mark.len);
	return mark;
}

/* Marks that cover what is noted, at most MARKS_MAX; returns how many. */
static int
make_marks(Mark *marks)
{
	if (nprefixes > MARKS_MAX)
	{
		Prefix all = cover_all();

		marks[0] = mark_of(&all);
		return 1;
	}
	for (int i = 0; i < nprefixes; i++)
		marks[i] = mark_of(&prefixes[i]);
	return nprefixes;
}

/* Takes this process's doubts out.  Called under all locks. */
static void
remove_doubts(void)
{
	Shared *shared = pm_cache_shared;

	for (int i = shared->ndoubts - 1; i >= 0; i--)
		if (pm_cache_doubts[i].owner == pm_my_number())
			pm_cache_doubts[i] = pm_cache_doubts[--shared->ndoubts];
}

/* Step 1: nobody may use these keys until it is known how this transaction ended. */
static void
begin_doubt(void)
{
	Mark marks[MARKS_MAX];
	int nmarks = make_marks(marks);

	pm_cache_lock_all();
	remove_doubts();
	for (int i = 0; i < nmarks; i++)
	{
		Doubt *doubt = &pm_cache_doubts[pm_cache_shared->ndoubts++];

		doubt->owner = pm_my_number();
		doubt->mark = marks[i];
	}
	in_doubt = true;
	pm_cache_unlock_all();
}

/* After an abort: nothing has changed. */
static void
end_doubt(void)
{
	pm_cache_lock_all();
	remove_doubts();
	pm_cache_unlock_all();
	in_doubt = false;
}

/* Step 3: the commit is visible.  Does not throw. */
static void
settle(void)
{
	Shared *shared = pm_cache_shared;
	Mark marks[MARKS_MAX];
	int nmarks = make_marks(marks);

	pm_cache_lock_all();
	for (int i = 0; i < nprefixes; i++)
		(void) pm_store_remove_prefix(pm_cache_store, prefixes[i].bytes, prefixes[i].len);
	for (int i = 0; i < nmarks; i++)
	{
		int place = (int) (shared->nsettled++ % shared->settled_max);

		pm_cache_settled_xids[place] = U64FromFullTransactionId(my_xid);
		pm_cache_settled_marks[place] = marks[i];
	}
	remove_doubts();
	pm_cache_unlock_all();
	in_doubt = false;
	for (int i = 0; i < WAKES; i++)
		ConditionVariableBroadcast(&shared->wakes[i]);
}

/* Notes a prefix for the end of this transaction. */
void
pm_cache_add_prefix(const char *prefix, int len)
{
	Prefix new = {.level = GetCurrentTransactionNestLevel(),
	              .len = (uint16) (sizeof(Oid) + len)};

	memcpy(new.bytes, &MyDatabaseId, sizeof(Oid));
	memcpy(new.bytes + sizeof(Oid), prefix, len);
	/* the transaction is in the ring by its id, and that is how snapshots tell */
	my_xid = GetTopFullTransactionId();
	if (prefixes == NULL)
		prefixes = MemoryContextAlloc(TopMemoryContext, PREFIXES_MAX * sizeof(Prefix));
	for (int i = 0; i < nprefixes; i++)
		if (common_length(&prefixes[i], &new) == prefixes[i].len)
			return; /* covered, and not undone before the new one would be */
	if (nprefixes == PREFIXES_MAX)
	{
		prefixes[0] = cover_all();
		nprefixes = 1;
		if (common_length(&prefixes[0], &new) == prefixes[0].len)
			return;
	}
	prefixes[nprefixes++] = new;
	if (in_doubt)
		begin_doubt(); /* called while the transaction is being committed */
}

/* Has this transaction invalidated the key? */
bool
pm_cache_is_pending(const Key *key)
{
	for (int i = 0; i < nprefixes; i++)
		if (prefixes[i].len <= key->len &&
		    memcmp(prefixes[i].bytes, key->bytes, prefixes[i].len) == 0)
			return true;
	return false;
}

/* Callback at the end of transactions. */
static void
at_end_of_transaction(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
			if (nprefixes > 0 && pm_cache_shared != NULL)
				begin_doubt();
			return;
		case XACT_EVENT_PRE_PREPARE:
			if (nprefixes > 0)
				ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				                errmsg("cannot PREPARE a transaction that has invalidated "
				                       "cache keys"),
				                errhint("Commit the change in a transaction of its own.")));
			return;
		case XACT_EVENT_COMMIT:
			if (nprefixes > 0 && pm_cache_shared != NULL)
				settle();
			pm_cache_keep_waiting_values();
			if (OidIsValid(dropped) && pm_cache_shared != NULL)
				pm_cache_forget_database(dropped);
			break;
		case XACT_EVENT_ABORT:
			if (in_doubt)
				end_doubt();
			pm_cache_end_leases();
			break;
		case XACT_EVENT_PREPARE:
			pm_cache_end_leases();
			break;
		default:
			return; /* of a parallel worker, which has nothing of this */
	}
	nprefixes = 0;
	dropped = InvalidOid;
}

/*
 * Callback at the end of subtransactions.  What was read in one that is undone may be in
 * the hands of who would store it, if anything was written.
 */
static void
at_end_of_subtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent,
                         void *arg)
{
	int level = GetCurrentTransactionNestLevel();
	int kept = 0;

	if (event == SUBXACT_EVENT_COMMIT_SUB)
	{
		for (int i = 0; i < nprefixes; i++)
			prefixes[i].level = Min(prefixes[i].level, level - 1);
	}
	else if (event == SUBXACT_EVENT_ABORT_SUB)
	{
		for (int i = 0; i < nprefixes; i++)
			if (prefixes[i].level < level)
				prefixes[kept++] = prefixes[i];
		nprefixes = kept;
		if (pm_cache_has_written())
			pm_cache_end_leases();
	}
}

/* object_access_hook: notes a database that is dropped; its oid may be given out again. */
static void
access_object(ObjectAccessType access, Oid class, Oid object, int sub, void *arg)
{
	if (previous_access != NULL)
		previous_access(access, class, object, sub, arg);
	if (access == OAT_DROP && class == DatabaseRelationId)
		dropped = object;
}

/* Called once when the module is loaded. */
void
pm_cache_pending_init(void)
{
	RegisterXactCallback(at_end_of_transaction, NULL);
	RegisterSubXactCallback(at_end_of_subtransaction, NULL);
	previous_access = object_access_hook;
	object_access_hook = access_object;
}
