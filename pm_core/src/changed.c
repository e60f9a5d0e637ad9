/*
 * changed.c - when what a session remembers about rights and sessions is out of date
 *
 * A change of a table that rights or sessions are read from invalidates, by a statement
 * trigger, the relation cache's entry of one of two empty tables, _rights_changed and
 * _sessions_changed.  The server carries that message as it carries those about tables:
 *
 *   in the changing transaction   at the end of the command, so its next one sees it;
 *   at its end, if it is undone   once more, so what was read meanwhile is forgotten;
 *   at commit                     to all sessions, before COMMIT returns, with the
 *                                 transaction's record in WAL (so on a standby, too), and
 *                                 by COMMIT PREPARED.
 *
 * Each message makes the generation one higher; what was read under another generation is
 * read again.  Who reads (1) takes in the messages that have come, (2) notes the
 * generation, (3) takes a new snapshot, (4) reads, and (5) keeps what it read only if the
 * generation is still the same.  A commit becomes visible before its message is sent: if the
 * snapshot is too old to see it, the message comes after (1), thus either before (5),
 * which sees it, or with a later (1).  A call that begins after COMMIT has returned finds
 * the message at (1).
 */
#include "pm_core_module.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "commands/trigger.h"
#include "storage/sinval.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#define CHANGES 2

static const char *const markers[CHANGES] = {"_rights_changed", "_sessions_changed"};

static uint64 generations[CHANGES];

/* A table of ours whose messages count; InvalidOid: to be found by the next reading. */
static Oid marker_oids[CHANGES];

/*
 * Called for each message about a table, or about all of them.  It may be that the table
 * was dropped, with the extension, and the next one is another.
 */
static void
on_message(Datum unused, Oid relid)
{
	for (int i = 0; i < CHANGES; i++)
		if (relid == InvalidOid || relid == marker_oids[i])
		{
			generations[i]++;
			marker_oids[i] = InvalidOid;
		}
}

void
pm_core_changed_init(void)
{
	CacheRegisterRelcacheCallback(on_message, (Datum) 0);
}

/* The marker's OID.  Throws if there is none. */
static Oid
find_marker(PmCoreChange what, Oid schema)
{
	Oid marker = get_relname_relid(markers[what], schema);

	if (!OidIsValid(marker))
		elog(ERROR, "table %s is missing", markers[what]);
	return marker;
}

/* Takes in the messages that have come, and returns the generation. */
uint64
pm_core_generation(PmCoreChange what)
{
	AcceptInvalidationMessages();
	if (!OidIsValid(marker_oids[what]))
	{
		marker_oids[what] = find_marker(what, get_namespace_oid("pm_core", false));
		generations[what]++;
	}
	return generations[what];
}

/*
 * Makes a new snapshot the active one, with the transaction's own changes; the caller pops
 * it.  False in a parallel query, which can take none: the query's own is the active one,
 * what is read is not to be kept, and nothing is to be popped.
 */
bool
pm_core_push_latest_snapshot(void)
{
	if (IsInParallelMode())
		return false;
	PushActiveSnapshot(GetLatestSnapshot());
	return true;
}

PG_FUNCTION_INFO_V1(pm_core_changed);

/* Statement trigger _changed('rights', 'sessions'): tells all sessions, at commit. */
Datum
pm_core_changed(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		elog(ERROR, "not called as a trigger");
	for (int i = 0; i < trigger->tg_trigger->tgnargs; i++)
	{
		bool rights = strcmp(trigger->tg_trigger->tgargs[i], "rights") == 0;

		CacheInvalidateRelcacheByRelid(
		    find_marker(rights ? CHANGED_RIGHTS : CHANGED_SESSIONS,
		                get_func_namespace(fcinfo->flinfo->fn_oid)));
	}
	return PointerGetDatum(NULL);
}
