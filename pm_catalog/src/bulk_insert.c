/*
 * bulk_insert.c - many rows into several tables, as INSERT ... SELECT would do it
 *
 * The queries are run one after the other; each row goes from the executor's slot into
 * a buffer of the table's slots and from there, a thousand at a time, into the table.
 * Defaults, BEFORE ROW triggers, stored generated columns, NOT NULL and CHECK, index
 * entries and statement triggers with their transition tables are the executor's own
 * routines, as COPY uses them.
 *
 * What is left out is the trigger that looks for the referred row of each new row.
 * Instead, the keys that differ are looked for at the end of each query, all by one
 * statement, with the same lock and the same error; and those that an earlier query of
 * the same call has inserted are not looked for: nobody else sees them, so nobody can
 * delete them, but a trigger of the user's on one of the tables.  Where there is such a
 * trigger they are looked for like others.
 *
 * A table that is not plain enough (see is_plain) gets an INSERT ... SELECT.
 */
#include "bulk_insert.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/index.h"
#include "catalog/pg_am.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "executor/nodeModifyTable.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"
#include "utils/rel.h"
#include "utils/rls.h"

#define BUFFER_ROWS  1000
#define BUFFER_BYTES 131072

/* The receiver of a query's rows, and the table that they go into. */
typedef struct Inserter
{
	DestReceiver receiver;
	Relation table;
	EState *estate;
	ResultRelInfo *result;
	TransitionCaptureState *capture;
	AttrNumber *column_of; /* of the query: the table's column */
	int ncolumns;
	ExprState **defaults; /* by column of the table, NULL: none, or the query has it */
	BulkInsertState bulk;
	TupleTableSlot *slots[BUFFER_ROWS];
	int nslots;
	int rows; /* in the buffer */
	Size bytes;
	uint64 inserted;
	List *referred; /* of Referred */
	List *kept;     /* of NewKeys: columns that a later query's table refers to */
} Inserter;

/* Adds the rows of the buffer to one index. */
static void
insert_entries(Inserter *inserter, Relation index, IndexInfo *info)
{
	EState *estate = inserter->estate;
	ExprContext *context = GetPerTupleExprContext(estate);
	IndexUniqueCheck check =
	    index->rd_index->indisunique ? UNIQUE_CHECK_YES : UNIQUE_CHECK_NO;
	Datum values[INDEX_MAX_KEYS];
	bool nulls[INDEX_MAX_KEYS];

	if (info->ii_Predicate != NIL && info->ii_PredicateState == NULL)
		info->ii_PredicateState = ExecPrepareQual(info->ii_Predicate, estate);
	for (int i = 0; i < inserter->rows; i++)
	{
		TupleTableSlot *slot = inserter->slots[i];

		context->ecxt_scantuple = slot;
		if (info->ii_Predicate == NIL || ExecQual(info->ii_PredicateState, context))
		{
			FormIndexDatum(info, slot, estate, values, nulls);
			index_insert(index, values, nulls, &slot->tts_tid, inserter->table, check,
			             false, info);
		}
		ResetPerTupleExprContext(estate);
	}
}

/*
 * Writes the rows of the buffer into the table and its indexes, one index after the
 * other: its pages are at hand then.
 */
static void
flush(Inserter *inserter)
{
	EState *estate = inserter->estate;
	ResultRelInfo *result = inserter->result;
	MemoryContext old = MemoryContextSwitchTo(GetPerTupleMemoryContext(estate));

	CHECK_FOR_INTERRUPTS();
	table_multi_insert(inserter->table, inserter->slots, inserter->rows,
	                   estate->es_output_cid, 0, inserter->bulk);
	MemoryContextSwitchTo(old);
	for (int i = 0; i < result->ri_NumIndices; i++)
	{
		if (result->ri_IndexRelationInfo[i]->ii_ReadyForInserts)
			insert_entries(inserter, result->ri_IndexRelationDescs[i],
			               result->ri_IndexRelationInfo[i]);
	}
	for (int i = 0; i < inserter->rows; i++)
	{
		TupleTableSlot *slot = inserter->slots[i];

		ExecARInsertTriggers(estate, result, slot, NIL, inserter->capture);
		ExecClearTuple(slot);
		ResetPerTupleExprContext(estate);
	}
	inserter->inserted += inserter->rows;
	inserter->rows = 0;
	inserter->bytes = 0;
}

/* The buffer's next slot, empty. */
static TupleTableSlot *
next_slot(Inserter *inserter)
{
	if (inserter->rows == inserter->nslots)
	{
		MemoryContext old = MemoryContextSwitchTo(inserter->estate->es_query_cxt);

		inserter->slots[inserter->nslots++] =
		    table_slot_create(inserter->table, &inserter->estate->es_tupleTable);
		MemoryContextSwitchTo(old);
	}
	return inserter->slots[inserter->rows];
}

/* Receives a row of the query: everything that is done before it is in the table. */
static bool
receive_row(TupleTableSlot *from, DestReceiver *self)
{
	Inserter *inserter = (Inserter *) self;
	EState *estate = inserter->estate;
	TupleDesc desc = RelationGetDescr(inserter->table);
	ExprContext *context = GetPerTupleExprContext(estate);
	TupleTableSlot *slot = next_slot(inserter);
	HeapTuple tuple;

	ResetPerTupleExprContext(estate);
	slot_getallattrs(from);
	memset(slot->tts_isnull, true, sizeof(bool) * desc->natts);
	for (int i = 0; i < inserter->ncolumns; i++)
	{
		int column = inserter->column_of[i] - 1;

		slot->tts_values[column] = from->tts_values[i];
		slot->tts_isnull[column] = from->tts_isnull[i];
	}
	for (int i = 0; i < desc->natts; i++)
	{
		if (inserter->defaults[i] != NULL)
			slot->tts_values[i] = ExecEvalExprSwitchContext(inserter->defaults[i], context,
			                                                &slot->tts_isnull[i]);
	}
	ExecStoreVirtualTuple(slot);
	slot->tts_tableOid = RelationGetRelid(inserter->table);

	if (inserter->result->ri_TrigDesc != NULL &&
	    inserter->result->ri_TrigDesc->trig_insert_before_row &&
	    !ExecBRInsertTriggers(estate, inserter->result, slot))
	{
		ExecClearTuple(slot);
		return true;
	}
	if (desc->constr != NULL)
	{
		if (desc->constr->has_generated_stored)
			ExecComputeStoredGenerated(inserter->result, estate, slot, CMD_INSERT);
		ExecConstraints(inserter->result, slot, estate);
	}
	pm_catalog_note_referred(inserter->referred, slot);
	pm_catalog_add_keys(inserter->kept, slot);

	ExecMaterializeSlot(slot);
	tuple = ExecFetchSlotHeapTuple(slot, true, NULL);
	inserter->bytes += tuple->t_len;
	inserter->rows++;
	if (inserter->rows == BUFFER_ROWS || inserter->bytes > BUFFER_BYTES)
		flush(inserter);
	return true;
}

/*
 * The query begins: finds the column of the table for each of its own, by name, and
 * the defaults of the other ones.  A query of other types is an error (42804).
 */
static void
start_rows(DestReceiver *self, int operation, TupleDesc from)
{
	Inserter *inserter = (Inserter *) self;
	TupleDesc desc = RelationGetDescr(inserter->table);
	MemoryContext old = MemoryContextSwitchTo(inserter->estate->es_query_cxt);
	bool *given = palloc0(sizeof(bool) * desc->natts);

	inserter->ncolumns = from->natts;
	inserter->column_of = palloc(sizeof(AttrNumber) * from->natts);
	inserter->defaults = palloc0(sizeof(ExprState *) * desc->natts);
	for (int i = 0; i < from->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(from, i);
		AttrNumber number =
		    get_attnum(RelationGetRelid(inserter->table), NameStr(column->attname));
		Form_pg_attribute target = number > 0 ? TupleDescAttr(desc, number - 1) : NULL;

		if (target == NULL || target->attgenerated != '\0' ||
		    target->attidentity == ATTRIBUTE_IDENTITY_ALWAYS || given[number - 1])
			ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
			                errmsg("table \"%s\" takes no value for column \"%s\"",
			                       RelationGetRelationName(inserter->table),
			                       NameStr(column->attname))));
		if (target->atttypid != column->atttypid ||
		    (target->atttypmod >= 0 && target->atttypmod != column->atttypmod))
			ereport(
			    ERROR,
			    (errcode(ERRCODE_DATATYPE_MISMATCH),
			     errmsg("column \"%s\" is of type %s, not %s", NameStr(column->attname),
			            format_type_with_typemod(target->atttypid, target->atttypmod),
			            format_type_with_typemod(column->atttypid, column->atttypmod))));
		inserter->column_of[i] = number;
		given[number - 1] = true;
	}
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute target = TupleDescAttr(desc, i);
		Expr *expr;

		if (given[i] || target->attisdropped || target->attgenerated != '\0')
			continue;
		expr = (Expr *) build_column_default(inserter->table, i + 1);
		if (expr != NULL)
			inserter->defaults[i] = ExecInitExpr(expression_planner(expr), NULL);
	}
	MemoryContextSwitchTo(old);
}

/* The query has ended, and the receiver needs no memory of its own. */
static void
ignore_end(DestReceiver *self)
{
}

/*
 * Has the table a trigger for INSERT that is no extension's?  Such a one may look at the
 * table, where rows of the buffer are not yet, or delete rows that are.
 */
static bool
has_users_trigger(Relation table, bool for_row)
{
	TriggerDesc *triggers = table->trigdesc;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		Trigger *trigger = &triggers->triggers[i];

		if (TRIGGER_FOR_INSERT(trigger->tgtype) && !trigger->tgisinternal &&
		    (TRIGGER_FOR_ROW(trigger->tgtype) || !for_row) &&
		    !OidIsValid(getExtensionOfObject(ProcedureRelationId, trigger->tgfoid)))
			return true;
	}
	return false;
}

/*
 * Does a trigger forbid the path of this file?  One of each row does if it is the user's
 * or comes after the row; a foreign key's does if it is not that which check_referred
 * stands for: it waits for the end of the transaction, or is off.
 */
static bool
triggers_forbid(Relation table)
{
	TriggerDesc *triggers = table->trigdesc;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		Trigger *trigger = &triggers->triggers[i];

		if (!TRIGGER_FOR_ROW(trigger->tgtype) || !TRIGGER_FOR_INSERT(trigger->tgtype) ||
		    !TRIGGER_FOR_AFTER(trigger->tgtype))
			continue;
		if (RI_FKey_trigger_type(trigger->tgfoid) != RI_TRIGGER_FK ||
		    trigger->tgdeferrable ||
		    (trigger->tgenabled != TRIGGER_FIRES_ON_ORIGIN &&
		     trigger->tgenabled != TRIGGER_FIRES_ALWAYS))
			return true;
	}
	return has_users_trigger(table, true);
}

/*
 * Can rows go into the table by the path of this file?  Not if they are hidden from
 * their writer or rewritten, if a trigger forbids it or the session lets no trigger
 * fire, if a unique index waits for the end of the transaction, or if a column is of a
 * domain, whose rules the executor does not look at where no value is given.  A caller
 * who may not insert gets the server's error from the other path.
 */
static bool
is_plain(Relation table)
{
	Oid relid = RelationGetRelid(table);
	TupleDesc desc = RelationGetDescr(table);
	List *indexes;
	ListCell *cell;
	bool plain = true;

	if (table->rd_rel->relkind != RELKIND_RELATION || table->rd_rel->relispartition ||
	    table->rd_rules != NULL || table->rd_rel->relam != HEAP_TABLE_AM_OID ||
	    SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA ||
	    check_enable_rls(relid, InvalidOid, true) == RLS_ENABLED ||
	    pg_class_aclcheck(relid, GetUserId(), ACL_INSERT) != ACLCHECK_OK ||
	    triggers_forbid(table))
		return false;
	for (int i = 0; i < desc->natts; i++)
	{
		if (!TupleDescAttr(desc, i)->attisdropped &&
		    get_typtype(TupleDescAttr(desc, i)->atttypid) == TYPTYPE_DOMAIN)
			return false;
	}
	indexes = RelationGetIndexList(table);
	foreach (cell, indexes)
	{
		Relation index = index_open(lfirst_oid(cell), AccessShareLock);

		plain = plain && index->rd_index->indimmediate && !index->rd_index->indisexclusion;
		index_close(index, NoLock);
	}
	list_free(indexes);
	return plain;
}

/*
 * The columns of the table that a query gives; their names are appended to names.
 * What is not one SELECT is an error (22023).
 */
static Bitmapset *
query_columns(Relation table, SPIPlanPtr plan, StringInfo names)
{
	List *sources = SPI_plan_get_plan_sources(plan);
	CachedPlanSource *source = sources == NIL ? NULL : linitial(sources);
	TupleDesc desc;
	Bitmapset *given = NULL;

	if (list_length(sources) != 1 || source->commandTag != CMDTAG_SELECT ||
	    source->resultDesc == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("rows to insert into \"%s\" must come from one SELECT",
		                       RelationGetRelationName(table))));
	desc = source->resultDesc;

	for (int i = 0; i < desc->natts; i++)
	{
		char *name = NameStr(TupleDescAttr(desc, i)->attname);
		AttrNumber number = get_attnum(RelationGetRelid(table), name);

		appendStringInfo(names, "%s%s", i > 0 ? ", " : "", quote_identifier(name));
		if (number > 0)
			given = bms_add_member(given, number);
	}
	return given;
}

/* Runs the query and puts its rows into the table by the path of this file. */
static void
insert_rows(Inserter *inserter, SPIPlanPtr plan)
{
	SPIExecuteOptions options = {.must_return_tuples = true, .dest = &inserter->receiver};
	EState *estate = CreateExecutorState();
	MemoryContext old = MemoryContextSwitchTo(estate->es_query_cxt);
	ResultRelInfo *result = makeNode(ResultRelInfo);
	RangeTblEntry *entry = makeNode(RangeTblEntry);

	inserter->receiver.receiveSlot = receive_row;
	inserter->receiver.rStartup = start_rows;
	inserter->receiver.rShutdown = ignore_end;
	inserter->receiver.rDestroy = ignore_end;
	inserter->receiver.mydest = DestSQLFunction;
	inserter->estate = estate;
	inserter->result = result;
	entry->rtekind = RTE_RELATION;
	entry->relid = RelationGetRelid(inserter->table);
	entry->relkind = inserter->table->rd_rel->relkind;
	entry->rellockmode = RowExclusiveLock;
	pm_range_table(estate, entry);
	ExecInitResultRelation(estate, result, 1);
	MemoryContextSwitchTo(old);

	PreventCommandIfReadOnly("INSERT");
	CheckValidResultRel(result, CMD_INSERT);
	ExecOpenIndices(result, false);
	estate->es_output_cid = GetCurrentCommandId(true);
	inserter->bulk = GetBulkInsertState();

	AfterTriggerBeginQuery();
	inserter->capture = MakeTransitionCaptureState(
	    inserter->table->trigdesc, RelationGetRelid(inserter->table), CMD_INSERT);
	if (result->ri_TrigDesc != NULL) /* a copy: of the foreign keys, see check_referred */
		result->ri_TrigDesc->trig_insert_after_row = false;
	ExecBSInsertTriggers(estate, result);
	if (SPI_execute_plan_extended(plan, &options) != SPI_OK_SELECT)
		elog(ERROR, "rows for \"%s\" were not read",
		     RelationGetRelationName(inserter->table));
	if (inserter->rows > 0)
		flush(inserter);
	FreeBulkInsertState(inserter->bulk);
	table_finish_bulk_insert(inserter->table, 0);
	pm_catalog_check_referred(inserter->table, inserter->referred);
	ExecASInsertTriggers(estate, result, inserter->capture);
	AfterTriggerEndQuery(estate);

	ExecResetTupleTable(estate->es_tupleTable, false);
	ExecCloseResultRelations(estate);
	ExecCloseRangeTableRelations(estate);
	FreeExecutorState(estate);
}

/*
 * Puts the rows of a query into a target; returns how many there were.  keeps: keys that
 * are inserted stay.
 */
static uint64
insert_into(const Datum *targets, int current, int count, const char *query, bool keeps,
            List **keys)
{
	Relation table = table_open(DatumGetObjectId(targets[current]), RowExclusiveLock);
	SPIPlanPtr plan = SPI_prepare(query, 0, NULL);
	Inserter *inserter = palloc0(sizeof(Inserter));
	StringInfoData names;
	Bitmapset *given;
	uint64 inserted;

	if (plan == NULL)
		elog(ERROR, "query was not prepared: %s", SPI_result_code_string(SPI_result));
	initStringInfo(&names);
	inserter->table = table;
	given = query_columns(table, plan, &names);
	if (is_plain(table) &&
	    pm_catalog_find_referred(table, given, *keys, &inserter->referred))
	{
		if (keeps)
			inserter->kept = pm_catalog_keep_keys(targets, current, count, keys);
		insert_rows(inserter, plan);
		inserted = inserter->inserted;
	}
	else
	{
		StringInfoData insert;

		initStringInfo(&insert);
		appendStringInfo(
		    &insert, "INSERT INTO %s (%s) %s",
		    quote_qualified_identifier(get_namespace_name(RelationGetNamespace(table)),
		                               RelationGetRelationName(table)),
		    names.data, query);
		if (SPI_execute(insert.data, false, 0) != SPI_OK_INSERT)
			elog(ERROR, "nothing was inserted into \"%s\"", RelationGetRelationName(table));
		inserted = SPI_processed;
	}
	SPI_freeplan(plan);
	table_close(table, NoLock);
	return inserted;
}

PG_FUNCTION_INFO_V1(pm_catalog_bulk_insert);

/*
 * _bulk_insert(targets regclass[], queries text[]): puts the rows of each query, a
 * SELECT whose columns have the names and types of the target's, into the target of
 * the same place.  Returns how many each one has got.  Throws what INSERT throws.
 */
Datum
pm_catalog_bulk_insert(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	List *keys = NIL;
	bool keeps = true;
	Datum *targets;
	Datum *queries;
	Datum *inserted;
	bool *target_nulls;
	bool *query_nulls;
	int count;
	int nqueries;
	ArrayType *result;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), REGCLASSOID, sizeof(Oid), true,
	                  TYPALIGN_INT, &targets, &target_nulls, &count);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT, &queries,
	                  &query_nulls, &nqueries);
	if (nqueries != count)
		ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
		                errmsg("%d targets have %d queries", count, nqueries)));
	inserted = palloc(sizeof(Datum) * Max(count, 1));

	for (int i = 0; i < count; i++)
	{
		Relation table;

		if (target_nulls[i] || query_nulls[i])
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			                errmsg("a target or a query is NULL")));
		table = table_open(DatumGetObjectId(targets[i]), RowExclusiveLock);
		keeps = keeps && !has_users_trigger(table, false);
		table_close(table, NoLock);
	}

	SPI_connect();
	for (int i = 0; i < count; i++)
	{
		inserted[i] = Int64GetDatum(
		    insert_into(targets, i, count, TextDatumGetCString(queries[i]), keeps, &keys));
	}
	SPI_finish();

	MemoryContextSwitchTo(caller);
	result = construct_array(inserted, count, INT8OID, sizeof(int64), FLOAT8PASSBYVAL,
	                         TYPALIGN_DOUBLE);
	PG_RETURN_ARRAYTYPE_P(result);
}
