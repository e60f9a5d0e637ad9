/*
 * local_rows.c - rows of this database, a portion at a time
 *
 * A statement is run by the executor and each row is handed on as it stands in its
 * slot: nothing is copied or kept.  So it works for tables, partitioned tables and
 * views, with the rights of the caller.
 */
#include "pm_xref_module.h"

#include "access/xact.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "tcop/dest.h"
#include "tcop/tcopprot.h"
#include "utils/snapmgr.h"

/* The receiver that the executor calls.  What is seen may keep memory. */
typedef struct RowReceiver
{
	DestReceiver receiver;
	LocalRowSeen seen;
	void *context;
	MemoryContext memory; /* of whoever opened it */
} RowReceiver;

struct LocalRows
{
	QueryDesc *query;
	RowReceiver receiver;
};

static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	RowReceiver *receiver = (RowReceiver *) self;
	MemoryContext old = MemoryContextSwitchTo(receiver->memory);

	receiver->seen(receiver->context, slot);
	MemoryContextSwitchTo(old);
	return true;
}

static void
start_receiving(DestReceiver *self, int operation, TupleDesc desc)
{
}

static void
end_receiving(DestReceiver *self)
{
}

/*
 * Starts a statement that reads with this snapshot, which must live longer.  Throws
 * what the statement does wrong, or that the caller may not read.  After an error the
 * transaction cleans up.
 */
LocalRows *
pm_xref_open_rows(const char *sql, Snapshot snapshot, LocalRowSeen seen, void *context)
{
	LocalRows *rows = palloc0(sizeof(LocalRows));
	RawStmt *raw = linitial_node(RawStmt, pg_parse_query(sql));
	List *rewritten = pg_analyze_and_rewrite_fixedparams(raw, sql, NULL, 0, NULL);
	PlannedStmt *plan;

	rows->receiver.receiver.receiveSlot = receive_row;
	rows->receiver.receiver.rStartup = start_receiving;
	rows->receiver.receiver.rShutdown = end_receiving;
	rows->receiver.receiver.rDestroy = end_receiving;
	rows->receiver.receiver.mydest = DestNone;
	rows->receiver.seen = seen;
	rows->receiver.context = context;
	rows->receiver.memory = CurrentMemoryContext;

	PushActiveSnapshot(snapshot);
	plan = pg_plan_query(linitial_node(Query, rewritten), sql, 0, NULL);
	rows->query = CreateQueryDesc(plan, sql, GetActiveSnapshot(), InvalidSnapshot,
	                              &rows->receiver.receiver, NULL, NULL, 0);
	ExecutorStart(rows->query, 0);
	PopActiveSnapshot();
	return rows;
}

/* Hands on the next rows, count at most; false: there are no more. */
bool
pm_xref_next_rows(LocalRows *rows, uint64 count)
{
	CHECK_FOR_INTERRUPTS();
	PushActiveSnapshot(rows->query->snapshot);
	ExecutorRun(rows->query, ForwardScanDirection, count, false);
	PopActiveSnapshot();
	return rows->query->estate->es_processed == count;
}

/* Ends the statement. */
void
pm_xref_close_rows(LocalRows *rows)
{
	ExecutorFinish(rows->query);
	ExecutorEnd(rows->query);
	FreeQueryDesc(rows->query);
	pfree(rows);
}
