/*
 * job_insert.c - new rows of _job, and their index entries, without a plan
 *
 * What the session knows of the table (its indexes and their predicates, ready to
 * be evaluated) is kept until the relation cache says that the table or one of its
 * indexes changed.  It is looked at only while this transaction has the table
 * locked, so it is as good as what a plan goes by: whoever builds or drops an
 * index waits for those locks.
 *
 * pm_jobs_can_insert() says no to a table that is not as the extension's script
 * makes it: with triggers, rules, constraints or indexes of somebody else, jobs
 * are inserted by SQL.  What the table's own constraints ask for, the caller has
 * checked.
 */
#include "pm_jobs_enqueue.h"

#include "access/genam.h"
#include "access/tableam.h"
#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "catalog/pg_trigger.h"
#include "commands/sequence.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

/* A table with more indexes is not as the script makes it. */
#define INDEXES_MAX 16
/* CHECK constraints of the table: of payload and max_attempts. */
#define JOB_CHECKS  2
/* Rows, and bytes of their payloads, that are written at once. */
#define MANY_ROWS   500
#define MANY_BYTES  65536

typedef struct JobIndex
{
	Oid oid;
	IndexInfo *info;
	ExprState *predicate; /* NULL: every row has an entry */
} JobIndex;

/* What the session knows. */
static EnqueueNames names;
static bool names_known;
static MemoryContext index_context;
static JobIndex indexes[INDEXES_MAX];
static int nindexes;
static bool can_insert;
static bool indexes_known;
static bool changed; /* while it was being read */

/* The relation cache says that a relation changed, or (InvalidOid) any of them. */
static void
forget(Datum arg, Oid relation)
{
	bool ours = !OidIsValid(relation) || relation == names.jobs ||
	            relation == names.sequence || relation == names.queues ||
	            relation == names.grants || relation == names.handlers;

	for (int i = 0; i < nindexes && !ours; i++)
		ours = indexes[i].oid == relation;
	if (ours)
	{
		names_known = indexes_known = false;
		changed = true;
	}
}

/* Finds a relation of ours by name. */
static Oid
find_relation(const char *name)
{
	Oid oid = get_relname_relid(name, names.schema);

	if (!OidIsValid(oid))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
		                errmsg("relation pm_jobs.%s is missing", name),
		                errhint("Create the extension again, or restore the relation.")));
	return oid;
}

static void
find_names(void)
{
	static bool registered = false;

	if (!registered)
	{
		CacheRegisterRelcacheCallback(forget, (Datum) 0);
		registered = true;
	}
	changed = false;
	names.schema = get_namespace_oid("pm_jobs", false);
	names.jobs = find_relation("_job");
	names.sequence = find_relation("_job_id");
	names.queues = find_relation("_queues");
	names.grants = find_relation("_queue_grants");
	names.handlers = find_relation("_handlers");
	names_known = !changed;
}

/*
 * Opens _job and locks it ROW EXCLUSIVE until the end of the transaction: who
 * drops a queue waits for that.  The caller closes it with NoLock.
 */
Relation
pm_jobs_open_jobs(const EnqueueNames **found)
{
	Relation jobs = NULL;

	while (jobs == NULL)
	{
		Oid oid;

		CHECK_FOR_INTERRUPTS();
		if (!names_known)
			find_names();
		oid = names.jobs;
		jobs = try_table_open(oid, RowExclusiveLock);
		if (!names_known)
			find_names();
		if (jobs != NULL && names.jobs != oid)
		{
			table_close(jobs, RowExclusiveLock);
			jobs = NULL;
		}
	}
	*found = &names;
	return jobs;
}

/* Is the function somebody's, who may do anything in it? */
static bool
is_foreign(Oid function, void *context)
{
	return function >= FirstNormalObjectId;
}

static bool
calls_foreign(Node *node, void *context)
{
	return node != NULL && (check_functions_in_node(node, is_foreign, context) ||
	                        expression_tree_walker(node, calls_foreign, context));
}

/*
 * Reads an index in the current memory context; false if entries of it are more
 * than we can make.
 */
static bool
read_index(Oid oid, JobIndex *entry)
{
	Relation index = index_open(oid, AccessShareLock);
	bool good = index->rd_rel->relam == BTREE_AM_OID && index->rd_index->indimmediate &&
	            RelationGetIndexExpressions(index) == NIL &&
	            !calls_foreign((Node *) RelationGetIndexPredicate(index), NULL);

	entry->oid = oid;
	entry->predicate = NULL;
	if (good)
	{
		entry->info = BuildIndexInfo(index);
		good = entry->info->ii_ExclusionOps == NULL;
		if (entry->info->ii_Predicate != NIL)
			entry->predicate = ExecInitQual(
			    (List *) expression_planner((Expr *) entry->info->ii_Predicate), NULL);
	}
	index_close(index, AccessShareLock);
	return good;
}

/* Does this row trigger report new jobs, which enqueue.c does itself? */
static bool
is_report(const Trigger *trigger)
{
	char *name = get_func_name(trigger->tgfoid);

	return name != NULL && strcmp(name, "_report") == 0 &&
	       get_func_namespace(trigger->tgfoid) == names.schema &&
	       trigger->tgenabled == TRIGGER_FIRES_ALWAYS;
}

/* Does the table have what the script gives it, and no more, apart from indexes? */
static bool
is_plain(Relation jobs)
{
	static const AttrNumber left_out[] = {JOB_RUN_AT, JOB_DEDUP_KEY, JOB_LIMIT_KEY,
	                                      JOB_LAST_ERROR, JOB_STARTED_AT};
	TupleConstr *constraints = RelationGetDescr(jobs)->constr;
	TriggerDesc *triggers = jobs->trigdesc;
	bool reports = false;

	if (RelationGetDescr(jobs)->natts != JOB_COLUMNS || jobs->rd_rules != NULL ||
	    jobs->rd_rel->relkind != RELKIND_RELATION || jobs->rd_rel->relforcerowsecurity ||
	    constraints == NULL || constraints->num_check != JOB_CHECKS ||
	    constraints->has_generated_stored)
		return false;
	for (int i = 0; i < lengthof(left_out); i++)
		if (TupleDescAttr(RelationGetDescr(jobs), left_out[i] - 1)->attnotnull)
			return false;
	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		Trigger *trigger = &triggers->triggers[i];

		if (is_report(trigger))
			reports = true;
		else if (TRIGGER_FOR_INSERT(trigger->tgtype))
			return false;
	}
	return reports;
}

/*
 * Can rows be inserted by the functions below?  The table must be open, as
 * pm_jobs_open_jobs() does it.
 */
bool
pm_jobs_can_insert(Relation jobs)
{
	MemoryContext old;
	List *list;
	ListCell *cell;

	if (indexes_known)
		return can_insert;

	if (index_context == NULL)
		index_context = AllocSetContextCreate(CacheMemoryContext, "pm_jobs indexes",
		                                      ALLOCSET_SMALL_SIZES);
	nindexes = 0;
	MemoryContextReset(index_context);
	list = RelationGetIndexList(jobs);
	changed = false;
	can_insert = is_plain(jobs) && list_length(list) <= INDEXES_MAX;
	old = MemoryContextSwitchTo(index_context);
	foreach (cell, list)
	{
		if (can_insert)
			can_insert = read_index(lfirst_oid(cell), &indexes[nindexes++]);
	}
	MemoryContextSwitchTo(old);
	list_free(list);
	indexes_known = !changed; /* if it did: good for now, to be read again later */
	return can_insert;
}

/* What is not the same in all new rows of a statement. */
typedef struct NewRow
{
	Datum payload;
	Datum limit_key; /* 0: none */
	int64 id;
} NewRow;

/* Sets that in a slot of the table that has been filled. */
static void
set_row(TupleTableSlot *slot, const NewRow *row)
{
	slot->tts_values[JOB_ID - 1] = Int64GetDatum(row->id);
	slot->tts_values[JOB_SEQ - 1] = Int64GetDatum(row->id);
	slot->tts_values[JOB_PAYLOAD - 1] = row->payload;
	slot->tts_values[JOB_LIMIT_KEY - 1] = row->limit_key;
	slot->tts_isnull[JOB_LIMIT_KEY - 1] = row->limit_key == (Datum) 0;
}

/* Fills a slot of the table with a new row. */
static void
fill_slot(TupleTableSlot *slot, const NewJobs *common, const NewRow *row)
{
	ExecClearTuple(slot);
	memset(slot->tts_isnull, false, sizeof(bool) * JOB_COLUMNS);
#define SET(column, value)  slot->tts_values[(column) -1] = (value)
#define SET_NULL(column, n) slot->tts_isnull[(column) -1] = (n)
	set_row(slot, row);
	SET(JOB_QUEUE, common->queue);
	SET(JOB_KIND, common->kind);
	SET(JOB_PRIORITY, Int32GetDatum(common->priority));
	SET(JOB_RUN_AT, TimestampTzGetDatum(common->run_at));
	SET_NULL(JOB_RUN_AT, !common->scheduled);
	SET_NULL(JOB_DEDUP_KEY, true);
	SET(JOB_DEDUP_RUNNING, BoolGetDatum(false));
	SET(JOB_DEDUP_SLOT, Int16GetDatum(0));
	SET(JOB_MAX_ATTEMPTS, Int32GetDatum(common->max_attempts));
	SET(JOB_ATTEMPTS, Int32GetDatum(0));
	SET(JOB_EARLIER_ATTEMPTS, Int32GetDatum(0));
	SET(JOB_CRASHES, Int32GetDatum(0));
	SET(JOB_ENQUEUED_BY, ObjectIdGetDatum(common->role));
	SET(JOB_ENQUEUED_AT, TimestampTzGetDatum(GetCurrentTransactionStartTimestamp()));
	SET_NULL(JOB_LAST_ERROR, true);
	SET_NULL(JOB_STARTED_AT, true);
#undef SET
#undef SET_NULL
	ExecStoreVirtualTuple(slot);
}

/*
 * Makes the index entries of rows that are in the table, one index after the
 * other.  Indexes are opened when they have an entry; the locks stay.  The rows'
 * values are taken from where they came from: those in the table would have to be
 * taken apart again.
 */
static void
insert_entries(Relation jobs, const NewJobs *common, TupleTableSlot **slots,
               const NewRow *rows, int count)
{
	TupleTableSlot *row_values =
	    MakeSingleTupleTableSlot(RelationGetDescr(jobs), &TTSOpsVirtual);
	ExprContext context = {.type = T_ExprContext,
	                       .ecxt_per_tuple_memory = CurrentMemoryContext,
	                       .ecxt_scantuple = row_values};
	Datum values[INDEX_MAX_KEYS];
	bool nulls[INDEX_MAX_KEYS];

	fill_slot(row_values, common, &rows[0]);
	for (int i = 0; i < nindexes; i++)
	{
		JobIndex *entry = &indexes[i];
		Relation index = NULL;

		if (!entry->info->ii_ReadyForInserts)
			continue;
		for (int row = 0; row < count; row++)
		{
			set_row(row_values, &rows[row]);
			if (entry->predicate != NULL && !ExecQual(entry->predicate, &context))
				continue;
			if (index == NULL)
				index = index_open(entry->oid, RowExclusiveLock);
			FormIndexDatum(entry->info, row_values, NULL, values, nulls);
			(void) index_insert(index, values, nulls, &slots[row]->tts_tid, jobs,
			                    entry->info->ii_Unique ? UNIQUE_CHECK_YES : UNIQUE_CHECK_NO,
			                    false, entry->info);
		}
		if (index != NULL)
			index_close(index, NoLock);
	}
	ExecDropSingleTupleTableSlot(row_values);
}

/* Inserts a job; returns its id. */
int64
pm_jobs_insert_one(Relation jobs, const NewJobs *common, Datum payload)
{
	NewRow row = {payload, common->limit_key, nextval_internal(names.sequence, false)};
	TupleTableSlot *slot = table_slot_create(jobs, NULL);

	fill_slot(slot, common, &row);
	table_tuple_insert(jobs, slot, GetCurrentCommandId(true), 0, NULL);
	insert_entries(jobs, common, &slot, &row, 1);
	ExecDropSingleTupleTableSlot(slot);
	return row.id;
}

/* Inserts a job for each payload; ids are theirs, in the same order. */
void
pm_jobs_insert_many(Relation jobs, const NewJobs *common, const Datum *payloads, int count,
                    int64 *ids)
{
	CommandId command = GetCurrentCommandId(true);
	MemoryContext batch = AllocSetContextCreate(CurrentMemoryContext, "pm_jobs batch",
	                                            ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(batch);
	TupleTableSlot *slots[MANY_ROWS];
	NewRow news[MANY_ROWS];
	int nslots = 0;
	int done = 0;

	while (done < count)
	{
		Size bytes = 0;
		int rows = 0;

		CHECK_FOR_INTERRUPTS();
		while (rows < MANY_ROWS && done + rows < count && bytes < MANY_BYTES)
		{
			NewRow *row = &news[rows];

			if (rows == nslots)
			{
				MemoryContextSwitchTo(old);
				slots[nslots++] = table_slot_create(jobs, NULL);
				MemoryContextSwitchTo(batch);
			}
			row->payload = payloads[done + rows];
			row->limit_key = common->limit_keys != NULL ? common->limit_keys[done + rows]
			                                            : common->limit_key;
			row->id = ids[done + rows] = nextval_internal(names.sequence, false);
			bytes += VARSIZE_ANY(DatumGetPointer(row->payload));
			fill_slot(slots[rows], common, row);
			rows++;
		}
		table_multi_insert(jobs, slots, rows, command, 0, NULL);
		insert_entries(jobs, common, slots, news, rows);
		for (int i = 0; i < rows; i++)
			ExecClearTuple(slots[i]);
		done += rows;
		MemoryContextReset(batch);
	}
	while (nslots > 0)
		ExecDropSingleTupleTableSlot(slots[--nslots]);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(batch);
}
