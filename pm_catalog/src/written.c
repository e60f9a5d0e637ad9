/*
 * written.c - columns that a row's own writing sets
 *
 * product_prices has the end of a period twice: ends_at, as somebody wrote it, and
 * valid_until, as it holds, which the next period may shorten.  Who writes valid_until
 * alone, writes ends_at: it is told by the values, as some clients set all columns.
 * Then, and for the path of a category, the statement that _after_statement() runs has
 * the last word.
 */
#include "pm_catalog_module.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "storage/proc.h"
#include "utils/array.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

/* The trigger that called; throws if it is none before a row. */
static TriggerData *
row_trigger(FunctionCallInfo fcinfo, const char *name)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_FOR_ROW(trigger->tg_event) ||
	    !TRIGGER_FIRED_BEFORE(trigger->tg_event))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
		                errmsg("%s() was not called by a trigger before each row", name)));
	return trigger;
}

/* The number of a column; throws if the trigger's table has none of this name. */
static int
column_number(const TriggerData *trigger, const char *name)
{
	int number = SPI_fnumber(RelationGetDescr(trigger->tg_relation), name);

	if (number <= 0)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
		                errmsg("table \"%s\" has no column \"%s\"",
		                       RelationGetRelationName(trigger->tg_relation), name)));
	return number;
}

PG_FUNCTION_INFO_V1(pm_catalog_set_updated_at);

/* _set_updated_at(): a trigger before each row that is updated. */
Datum
pm_catalog_set_updated_at(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = row_trigger(fcinfo, "_set_updated_at");
	int column = column_number(trigger, "updated_at");
	Datum now = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	bool isnull = false;

	if (trigger->tg_newtuple == NULL)
		PG_RETURN_POINTER(trigger->tg_trigtuple);
	PG_RETURN_POINTER(heap_modify_tuple_by_cols(trigger->tg_newtuple,
	                                            RelationGetDescr(trigger->tg_relation), 1,
	                                            &column, &now, &isnull));
}

/* Does an update change the value of a column, of a type that is passed by value? */
static bool
is_changed(const TriggerData *trigger, int column)
{
	TupleDesc columns = RelationGetDescr(trigger->tg_relation);
	bool old_null;
	bool new_null;
	Datum old_value = heap_getattr(trigger->tg_trigtuple, column, columns, &old_null);
	Datum new_value = heap_getattr(trigger->tg_newtuple, column, columns, &new_null);

	return old_null != new_null || (!old_null && old_value != new_value);
}

static LocalTransactionId priced; /* the last transaction that wrote prices */

PG_FUNCTION_INFO_V1(pm_catalog_price_written);

/* _price_written(): a trigger before each row of product_prices that is written */
Datum
pm_catalog_price_written(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = row_trigger(fcinfo, "_price_written");
	bool update = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
	HeapTuple row = update ? trigger->tg_newtuple : trigger->tg_trigtuple;
	TupleDesc columns = RelationGetDescr(trigger->tg_relation);
	int until = column_number(trigger, "valid_until");
	int end = column_number(trigger, "ends_at");
	int target;
	Datum value;
	bool isnull;

	priced = MyProc->lxid;
	if (!update)
		target = heap_attisnull(row, end, columns) ? end : until;
	else if (pm_catalog_is_derived(RelationGetRelid(trigger->tg_relation)))
		PG_RETURN_POINTER(row);
	else if (is_changed(trigger, end))
		target = until;
	else if (is_changed(trigger, until))
		target = end;
	else if (is_changed(trigger, column_number(trigger, "valid_from")))
		target = until; /* the period after it may not be the next any more */
	else
		PG_RETURN_POINTER(row);

	value = heap_getattr(row, target == end ? until : end, columns, &isnull);
	if (isnull && heap_attisnull(row, target, columns))
		PG_RETURN_POINTER(row);
	PG_RETURN_POINTER(heap_modify_tuple_by_cols(row, columns, 1, &target, &value, &isnull));
}

PG_FUNCTION_INFO_V1(pm_catalog_has_priced);

/* _has_priced(): has this transaction tried to write a price? */
Datum
pm_catalog_has_priced(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(priced == MyProc->lxid);
}

PG_FUNCTION_INFO_V1(pm_catalog_category_written);

/*
 * _category_written(): a trigger before each row of categories that is written.  The
 * path of a new one is itself until the statement's end.
 */
Datum
pm_catalog_category_written(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = row_trigger(fcinfo, "_category_written");
	TupleDesc columns = RelationGetDescr(trigger->tg_relation);
	int path = column_number(trigger, "path");
	Datum value;
	bool isnull;

	if (!TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
	{
		value = heap_getattr(trigger->tg_trigtuple, column_number(trigger, "number"),
		                     columns, &isnull);
		value = PointerGetDatum(
		    construct_array(&value, 1, INT4OID, sizeof(int32), true, TYPALIGN_INT));
		isnull = false;
		PG_RETURN_POINTER(heap_modify_tuple_by_cols(trigger->tg_trigtuple, columns, 1,
		                                            &path, &value, &isnull));
	}
	if (pm_catalog_is_derived(RelationGetRelid(trigger->tg_relation)))
		PG_RETURN_POINTER(trigger->tg_newtuple);
	value = heap_getattr(trigger->tg_trigtuple, path, columns, &isnull);
	PG_RETURN_POINTER(heap_modify_tuple_by_cols(trigger->tg_newtuple, columns, 1, &path,
	                                            &value, &isnull));
}
