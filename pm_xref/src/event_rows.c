/*
 * event_rows.c - many rows of _events at once
 *
 * What INSERT ... SELECT does with them, by the routines that COPY uses: the values are
 * here already, and all that is left is the table and its indexes.  A table that has been
 * given triggers, rules, row-level security or columns gets the statement instead.
 */
#include "pm_xref_module.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "commands/sequence.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/xid8.h"

#define ROWS 256 /* go into the table at a time */

/* The columns of _events. */
enum
{
	E_ID,
	E_EPOCH,
	E_XID,
	E_TOPIC,
	E_KEY,
	E_PAYLOAD,
	E_PUBLISHED,
	E_COLUMNS
};

/* Can rows go into the table by the path of this file? */
static bool
is_plain(Relation events)
{
	Oid id = RelationGetRelid(events);

	return events->rd_rel->relkind == RELKIND_RELATION && !events->rd_rel->relispartition &&
	       events->rd_rel->relam == HEAP_TABLE_AM_OID && events->rd_rules == NULL &&
	       events->trigdesc == NULL && RelationGetNumberOfAttributes(events) == E_COLUMNS &&
	       RelationGetDescr(events)->constr->num_check == 0 &&
	       check_enable_rls(id, InvalidOid, true) != RLS_ENABLED &&
	       pg_class_aclcheck(id, GetUserId(), ACL_INSERT) == ACLCHECK_OK;
}

/* Puts rows into the table and its indexes. */
static void
insert_rows(Relation events, ResultRelInfo *result, EState *estate, TupleTableSlot **slots,
            int count)
{
	MemoryContext old = MemoryContextSwitchTo(GetPerTupleMemoryContext(estate));

	CHECK_FOR_INTERRUPTS();
	table_multi_insert(events, slots, count, GetCurrentCommandId(true), 0, NULL);
	MemoryContextSwitchTo(old);
	for (int i = 0; i < count; i++)
	{
		pm_insert_index_entries(result, slots[i], estate);
		ExecClearTuple(slots[i]);
	}
	ResetPerTupleExprContext(estate);
}

/*
 * Inserts events of a topic, in the order of the arrays, with the rights of the current
 * user; false: not by this path, and nothing was done.
 */
bool
pm_xref_insert_events(Datum topic, const Datum *keys, const Datum *payloads, int count,
                      Datum epoch, Datum published_at)
{
	Oid table = get_relname_relid("_events", get_namespace_oid("pm_xref", false));
	Relation events = table_open(table, RowExclusiveLock);
	Datum xid = FullTransactionIdGetDatum(GetTopFullTransactionId());
	Oid sequence;
	EState *estate;
	ResultRelInfo *result;
	TupleTableSlot *slots[ROWS];
	int nslots = Min(count, ROWS);

	if (!is_plain(events))
	{
		table_close(events, NoLock);
		return false;
	}
	PreventCommandIfReadOnly("INSERT");
	PreventCommandIfParallelMode("INSERT");
	sequence = getIdentitySequence(table, E_ID + 1, false);
	estate = CreateExecutorState();
	result = makeNode(ResultRelInfo);
	InitResultRelInfo(result, events, 0, NULL, 0);
	ExecOpenIndices(result, false);
	for (int i = 0; i < nslots; i++)
		slots[i] = table_slot_create(events, NULL);
	for (int done = 0; done < count;)
	{
		int rows = Min(count - done, ROWS);

		for (int i = 0; i < rows; i++)
		{
			Datum *values = slots[i]->tts_values;

			values[E_ID] = Int64GetDatum(nextval_internal(sequence, false));
			values[E_EPOCH] = epoch;
			values[E_XID] = xid;
			values[E_TOPIC] = topic;
			values[E_KEY] = keys[done + i];
			values[E_PAYLOAD] = payloads[done + i];
			values[E_PUBLISHED] = published_at;
			memset(slots[i]->tts_isnull, false, E_COLUMNS);
			ExecStoreVirtualTuple(slots[i]);
		}
		insert_rows(events, result, estate, slots, rows);
		done += rows;
	}
	for (int i = 0; i < nslots; i++)
		ExecDropSingleTupleTableSlot(slots[i]);
	ExecCloseIndices(result);
	FreeExecutorState(estate);
	table_close(events, NoLock);
	return true;
}
