/*
 * statement.c - triggers that keep what is derived from several rows
 *
 * _after_statement() runs the SQL that stands in the trigger's definition, once for
 * all the rows of a statement, which the SQL sees as the transition tables.  What is
 * derived depends on rows of others, so the SQL first locks what others would have to
 * lock, too, and then looks: each of its statements sees all that has been committed
 * until then, also in a transaction that is REPEATABLE READ.  There a row that is to be
 * changed, and that the transaction's own snapshot does not show, is error 40001, as
 * for a foreign key's action.
 *
 * _after_change() does the same if a row that an UPDATE wrote is other than before in
 * columns that matter, which is found out here: most statements change none of them.
 *
 * _lock_writers() lets the writers of a table work side by side or one by one until
 * their transactions end.  The lock is on the table as an object of the catalog, which
 * nothing else locks: the locks of the table itself are taken before any trigger runs,
 * and those of its rows in the order of the rows.
 */
#include "pm_catalog_module.h"

#include "access/xact.h"
#include "catalog/pg_class.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "storage/lmgr.h"
#include "utils/fmgrprotos.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

/*
 * A statement over at most so many rows uses a plan that is kept; planning takes
 * longer than such a plan can waste.  One over more is planned for their number.
 */
#define ROWS_FOR_KEPT_PLAN 100

typedef struct PlanKey
{
	Oid trigger;
	int32 argument;
} PlanKey;

typedef struct KeptPlan
{
	PlanKey key;
	SPIPlanPtr plan; /* NULL: not made yet */
} KeptPlan;

static HTAB *kept_plans; /* of this process */

/* The statement of a trigger that runs, the innermost one. */
static struct
{
	Oid table; /* of its trigger; InvalidOid: none runs */
	int depth; /* of its trigger among those that fired one another */
} deriving;

/* How many triggers that fired one another are running? */
static int
trigger_depth(void)
{
	return DatumGetInt32(DirectFunctionCall1(pg_trigger_depth, (Datum) 0));
}

/*
 * Was the calling trigger of a table fired by what is derived for this table, not by
 * somebody's statement?
 */
bool
pm_catalog_is_derived(Oid table)
{
	return deriving.table == table && deriving.depth == trigger_depth() - 1;
}

/* The number of rows that a trigger's statement wrote. */
static int64
rows_written(const TriggerData *trigger)
{
	int64 rows = 0;

	if (trigger->tg_newtable != NULL)
		rows = tuplestore_tuple_count(trigger->tg_newtable);
	if (trigger->tg_oldtable != NULL)
		rows = Max(rows, tuplestore_tuple_count(trigger->tg_oldtable));
	return rows;
}

/* Prepares one argument of a trigger; throws if it is no SQL. */
static SPIPlanPtr
prepare(const char *sql)
{
	SPIPlanPtr plan = SPI_prepare(sql, 0, NULL);

	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	return plan;
}

/* The plan of one argument of a trigger that is kept, made by the first call. */
static SPIPlanPtr
kept_plan(const Trigger *trigger, int argument)
{
	PlanKey key = {trigger->tgoid, argument};
	KeptPlan *kept;
	bool found;

	if (kept_plans == NULL)
	{
		HASHCTL layout = {.keysize = sizeof(PlanKey), .entrysize = sizeof(KeptPlan)};

		kept_plans = hash_create("pm_catalog plans of triggers", 32, &layout,
		                         HASH_ELEM | HASH_BLOBS);
	}
	kept = hash_search(kept_plans, &key, HASH_ENTER, &found);
	if (!found)
		kept->plan = NULL;
	if (kept->plan == NULL)
	{
		SPIPlanPtr plan = prepare(trigger->tgargs[argument]);

		SPI_keepplan(plan);
		kept->plan = plan;
	}
	return kept->plan;
}

/* The trigger that called; throws if none did, or one for each row. */
TriggerData *
pm_catalog_statement_trigger(FunctionCallInfo fcinfo, const char *name)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event))
		ereport(ERROR,
		        (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
		         errmsg("%s() was not called by a trigger for each statement", name)));
	return trigger;
}

/* Runs one argument of a trigger, which sees what has been committed until now. */
static void
run_argument(const Trigger *trigger, int argument, bool for_many_rows)
{
	SPIPlanPtr plan =
	    for_many_rows ? prepare(trigger->tgargs[argument]) : kept_plan(trigger, argument);
	Snapshot crosscheck =
	    IsolationUsesXactSnapshot() ? GetTransactionSnapshot() : InvalidSnapshot;
	int result;

	CommandCounterIncrement();
	result = SPI_execute_snapshot(plan, NULL, NULL, GetLatestSnapshot(), crosscheck, false,
	                              true, 0);
	if (result < 0)
		elog(ERROR, "SPI_execute_snapshot failed: %s", SPI_result_code_string(result));
	SPI_freetuptable(SPI_tuptable);
}

/* Runs the arguments of a trigger, from one on; what they write counts as derived for its table. */
static void
run_arguments(const TriggerData *trigger, int first, bool for_many_rows)
{
	Oid outer_table = deriving.table;
	int outer_depth = deriving.depth;

	PG_TRY();
	{
		deriving.table = RelationGetRelid(trigger->tg_relation);
		deriving.depth = trigger_depth();
		for (int i = first; i < trigger->tg_trigger->tgnargs; i++)
			run_argument(trigger->tg_trigger, i, for_many_rows);
	}
	PG_FINALLY();
	{
		deriving.table = outer_table;
		deriving.depth = outer_depth;
	}
	PG_END_TRY();
}

/*
 * Runs the SQL of a trigger, its arguments from first on; does nothing if the statement
 * wrote no row, or was itself derived for the table.
 */
void
pm_catalog_derive(TriggerData *trigger, int first)
{
	int64 rows = rows_written(trigger);
	bool has_tables = trigger->tg_newtable != NULL || trigger->tg_oldtable != NULL;

	if ((has_tables && rows == 0) ||
	    pm_catalog_is_derived(RelationGetRelid(trigger->tg_relation)))
		return;
	SPI_connect();
	if (SPI_register_trigger_data(trigger) < 0)
		elog(ERROR, "transition tables cannot be used");
	run_arguments(trigger, first, rows > ROWS_FOR_KEPT_PLAN);
	SPI_finish();
}

PG_FUNCTION_INFO_V1(pm_catalog_after_statement);

/* _after_statement(sql, ...): a trigger: see pm_catalog_derive. */
Datum
pm_catalog_after_statement(PG_FUNCTION_ARGS)
{
	pm_catalog_derive(pm_catalog_statement_trigger(fcinfo, "_after_statement"), 0);
	PG_RETURN_POINTER(NULL);
}

/* Does a row that an UPDATE wrote differ from what it was in one of these columns, "a, b"? */
static bool
has_changed(const TriggerData *trigger, const char *names)
{
	TupleDesc desc = RelationGetDescr(trigger->tg_relation);
	PmRows old = pm_catalog_open_rows(trigger->tg_oldtable, desc);
	PmRows new = pm_catalog_open_rows(trigger->tg_newtable, desc);
	char *rest = pstrdup(names);
	int columns[MaxHeapAttributeNumber];
	int count = 0;
	bool changed = false;

	for (char *name = strtok_r(rest, ", ", &rest); name != NULL;
	     name = strtok_r(NULL, ", ", &rest))
		columns[count++] = pm_catalog_column(trigger->tg_relation, name);
	while (!changed && pm_catalog_next_row(&old) && pm_catalog_next_row(&new))
	{
		for (int i = 0; i < count && !changed; i++)
		{
			int n = columns[i];

			changed = !pm_catalog_same_value(
			    TupleDescAttr(desc, n), old.slot->tts_values[n], old.slot->tts_isnull[n],
			    new.slot->tts_values[n], new.slot->tts_isnull[n]);
		}
	}
	pm_catalog_close_rows(&old);
	pm_catalog_close_rows(&new);
	return changed;
}

PG_FUNCTION_INFO_V1(pm_catalog_after_change);

/* _after_change(columns, sql, ...): the same after an UPDATE that changes one of the columns */
Datum
pm_catalog_after_change(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = pm_catalog_statement_trigger(fcinfo, "_after_change");

	if (trigger->tg_oldtable == NULL || trigger->tg_newtable == NULL)
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
		                errmsg("_after_change() was not called after an UPDATE, with "
		                       "transition tables")));
	if (has_changed(trigger, trigger->tg_trigger->tgargs[0]))
		pm_catalog_derive(trigger, 1);
	PG_RETURN_POINTER(NULL);
}

/* Locks a table as an object, for this transaction. */
static void
lock_as_object(Oid table, bool alone)
{
	LockDatabaseObject(RelationRelationId, table, 0, alone ? ExclusiveLock : ShareLock);
}

PG_FUNCTION_INFO_V1(pm_catalog_lock_writers);

/* _lock_writers('together' or 'alone' [, table]): a trigger; its own table if none is named */
Datum
pm_catalog_lock_writers(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = pm_catalog_statement_trigger(fcinfo, "_lock_writers");
	char **arguments = trigger->tg_trigger->tgargs;
	int count = trigger->tg_trigger->tgnargs;
	Oid table = RelationGetRelid(trigger->tg_relation);

	if (count > 1)
		table = DatumGetObjectId(
		    DirectFunctionCall1(regclassin, CStringGetDatum(arguments[1])));
	lock_as_object(table, count > 0 && strcmp(arguments[0], "alone") == 0);
	PG_RETURN_POINTER(NULL);
}

PG_FUNCTION_INFO_V1(pm_catalog_lock_table);

/* _lock_table(regclass, boolean): what _lock_writers() does, for functions. */
Datum
pm_catalog_lock_table(PG_FUNCTION_ARGS)
{
	lock_as_object(PG_GETARG_OID(0), PG_GETARG_BOOL(1));
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(pm_catalog_kept_by_server);

/*
 * _kept_by_server(): a trigger before an INSERT into a table that only triggers write;
 * throws 55000 if none does.
 */
Datum
pm_catalog_kept_by_server(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = pm_catalog_statement_trigger(fcinfo, "_kept_by_server");

	if (trigger_depth() < 2)
		ereport(ERROR,
		        (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		         errmsg("table \"%s.%s\" is kept by the server",
		                get_namespace_name(RelationGetNamespace(trigger->tg_relation)),
		                RelationGetRelationName(trigger->tg_relation)),
		         errhint("A dump is restored with PGOPTIONS='-c "
		                 "session_replication_role=replica', as deploy/restore.sh does it: "
		                 "else what it brings would be derived once more."),
		         errtable(trigger->tg_relation)));
	PG_RETURN_POINTER(NULL);
}
