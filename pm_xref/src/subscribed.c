/*
 * subscribed.c - is anybody subscribed to a topic, so that publishing can be left out?
 *
 * Who finds that nobody is, and so publishes nothing, holds a lock until its transaction
 * ends.  subscribe() inserts its row, waits for the transactions that hold that lock,
 * and only then takes the snapshot from which on events are delivered: what they did is
 * visible in it.  Whoever looks later sees the row, though it is not committed yet.  So
 * every change is either in the snapshot of a subscription or in an event after it.
 *
 * Nobody waits to publish: subscribe() waits for those that were there, without queueing
 * for the lock, as CREATE INDEX CONCURRENTLY does.  The lock is one of table _topics,
 * for all topics together; nothing but a change of topics takes it otherwise.
 *
 * Rows of _subscriptions are updated all the time.  The rows that are not committed are
 * looked for first, in place, then the committed ones by a snapshot that is newer: a row
 * that is committed and updated in between is found by the second look.
 */
#include "pm_xref_module.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#define SKIP_LOCK RowExclusiveLock      /* of those who publish nothing */
#define WAIT_LOCK ShareRowExclusiveLock /* what conflicts with it */

/* The OID of a table of ours, which exists. */
static Oid
our_table(const char *name)
{
	return get_relname_relid(name, get_namespace_oid("pm_xref", false));
}

/* Is the topic meant by a subscription's, which may end in *? */
static bool
is_of(const char *topic, const text *pattern)
{
	const char *data = VARDATA_ANY(pattern);
	int size = VARSIZE_ANY_EXHDR(pattern);

	if (size > 0 && data[size - 1] == '*')
		return strncmp(topic, data, size - 1) == 0;
	return strlen(topic) == size && memcmp(topic, data, size) == 0;
}

/* Does the table have a row for the topic, by this snapshot? */
static bool
has_row(Relation subscriptions, Snapshot snapshot, const char *topic)
{
	AttrNumber column = get_attnum(RelationGetRelid(subscriptions), "topic");
	TupleTableSlot *slot = table_slot_create(subscriptions, NULL);
	TableScanDesc scan = table_beginscan(subscriptions, snapshot, 0, NULL);
	bool found = false;

	while (!found && table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		bool isnull;
		Datum pattern = slot_getattr(slot, column, &isnull);

		found = is_of(topic, DatumGetTextPP(pattern));
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	return found;
}

PG_FUNCTION_INFO_V1(pm_xref_is_subscribed);

/* is_subscribed(topic): see above. */
Datum
pm_xref_is_subscribed(PG_FUNCTION_ARGS)
{
	char *topic = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Oid topics = our_table("_topics");
	Relation subscriptions;
	SnapshotData dirty;
	bool found;

	LockRelationOid(topics, SKIP_LOCK);
	subscriptions = table_open(our_table("_subscriptions"), AccessShareLock);
	InitDirtySnapshot(dirty);
	found = has_row(subscriptions, &dirty, topic);
	if (!found)
	{
		Snapshot committed = RegisterSnapshot(GetLatestSnapshot());

		found = has_row(subscriptions, committed, topic);
		UnregisterSnapshot(committed);
	}
	table_close(subscriptions, AccessShareLock);
	if (found)
		UnlockRelationOid(topics, SKIP_LOCK);
	PG_RETURN_BOOL(found);
}

PG_FUNCTION_INFO_V1(pm_xref__wait_for_skippers);

/*
 * _wait_for_skippers(): returns when the transactions that had found nobody subscribed
 * have ended.  Throws if the transaction would not see what they did.
 */
Datum
pm_xref__wait_for_skippers(PG_FUNCTION_ARGS)
{
	LOCKTAG tag;

	if (IsolationUsesXactSnapshot())
		ereport(
		    ERROR,
		    (errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
		     errmsg("cannot subscribe in a transaction of isolation level repeatable read "
		            "or serializable"),
		     errhint(
		         "It does not see what others commit before the subscription begins.")));
	SET_LOCKTAG_RELATION(tag, MyDatabaseId, our_table("_topics"));
	WaitForLockers(tag, WAIT_LOCK, false);
	PG_RETURN_VOID();
}
