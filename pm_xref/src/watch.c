/*
 * watch.c - the trigger that notes keys which come or go
 *
 * watch_key() puts it on a table and everything that inherits from it, after each
 * statement, with transition tables.  It notes keys as text with the transaction's id,
 * into a table that only checks read.  Writers never wait for each other here, nor for
 * a check.
 *
 * Of an UPDATE only rows whose key is another one count.  Old and new rows come in
 * pairs.
 */
#include "pm_xref_module.h"

#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

/* More keys than this of one statement are noted as one: everything. */
#define MANY_KEYS 100000

/* The rows of a transition table, with a read position of our own. */
typedef struct Rows
{
	Tuplestorestate *store;
	int pointer;
	TupleTableSlot *slot;
} Rows;

/* The column that is watched, and its keys as they are collected. */
typedef struct Keys
{
	AttrNumber column;
	Form_pg_attribute attribute;
	FmgrInfo output;
	Datum *texts;
	int count;
} Keys;

/* Opens a transition table. */
static void
open_transition(Rows *rows, Tuplestorestate *store, TupleDesc desc)
{
	rows->store = store;
	rows->pointer = tuplestore_alloc_read_pointer(store, EXEC_FLAG_REWIND);
	tuplestore_select_read_pointer(store, rows->pointer);
	tuplestore_rescan(store);
	rows->slot = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
}

/* The next row's key; false: there is no further row. */
static bool
next_key(Rows *rows, const Keys *keys, Datum *key, bool *isnull)
{
	tuplestore_select_read_pointer(rows->store, rows->pointer);
	if (!tuplestore_gettupleslot(rows->store, true, false, rows->slot))
		return false;
	*key = slot_getattr(rows->slot, keys->column, isnull);
	return true;
}

/*
 * Collects the keys of a transition table, but for those whose row has the same key in
 * the other one; either may be NULL.  False: there are too many.
 */
static bool
collect(Keys *keys, Tuplestorestate *store, Tuplestorestate *other, TupleDesc desc)
{
	Rows rows;
	Rows others;
	bool paired = other != NULL;
	bool few = true;
	Datum key;
	bool isnull;

	if (store == NULL)
		return true;
	open_transition(&rows, store, desc);
	if (paired)
		open_transition(&others, other, desc);
	while (few && next_key(&rows, keys, &key, &isnull))
	{
		Datum other_key;
		bool other_null;

		CHECK_FOR_INTERRUPTS();
		paired = paired && next_key(&others, keys, &other_key, &other_null);
		if (isnull || (paired && !other_null &&
		               datum_image_eq(key, other_key, keys->attribute->attbyval,
		                              keys->attribute->attlen)))
			continue;
		few = keys->count < MANY_KEYS;
		if (!few)
			break;
		if ((keys->count & (keys->count - 1)) == 0) /* at each power of two */
			keys->texts = keys->count == 0
			                  ? palloc(sizeof(Datum))
			                  : repalloc(keys->texts, 2 * keys->count * sizeof(Datum));
		keys->texts[keys->count++] =
		    CStringGetTextDatum(OutputFunctionCall(&keys->output, key));
	}
	ExecDropSingleTupleTableSlot(rows.slot);
	if (other != NULL)
		ExecDropSingleTupleTableSlot(others.slot);
	return few;
}

/* Notes keys, a NULL stands for everything. */
static void
note(Oid table, const char *column, Datum *texts, int count)
{
	static SPIPlanPtr plan = NULL;
	int lower_bound = 1;
	bool null = true;
	Datum values[3] = {ObjectIdGetDatum(table), CStringGetTextDatum(column)};

	values[2] = PointerGetDatum(
	    texts != NULL ? construct_array(texts, count, TEXTOID, -1, false, TYPALIGN_INT)
	                  : construct_md_array(values, &null, 1, (int[]){1}, &lower_bound,
	                                       TEXTOID, -1, false, TYPALIGN_INT));
	SPI_connect();
	if (plan == NULL)
	{
		Oid types[3] = {OIDOID, TEXTOID, TEXTARRAYOID};
		SPIPlanPtr made =
		    SPI_prepare("INSERT INTO pm_xref._changes (table_id, column_name, key) "
		                "SELECT DISTINCT $1, $2, k FROM pg_catalog.unnest($3) AS u(k)",
		                lengthof(types), types);

		if (made == NULL || SPI_keepplan(made) != 0)
			elog(ERROR, "could not prepare the statement that notes keys");
		plan = made;
	}
	if (SPI_execute_plan(plan, values, NULL, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "unexpected result of noting keys");
	SPI_finish();
}

PG_FUNCTION_INFO_V1(pm_xref__note_changes);

/*
 * _note_changes(column): trigger after a statement; notes the keys of old and of new
 * rows.  Everything counts as changed if the table was truncated, if the column has
 * another name now, or if there are too many keys.
 */
Datum
pm_xref__note_changes(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	Keys keys = {0};
	TupleDesc desc;
	Oid table;
	char *column;
	bool few = false;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(data->tg_event) ||
	    !TRIGGER_FIRED_FOR_STATEMENT(data->tg_event) || data->tg_trigger->tgnargs != 1)
		ereport(ERROR,
		        (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
		         errmsg("_note_changes() is a trigger that pm_xref.watch_key() makes")));
	column = data->tg_trigger->tgargs[0];
	table = RelationGetRelid(data->tg_relation);
	desc = RelationGetDescr(data->tg_relation);
	keys.column = get_attnum(table, column);
	if (keys.column > 0 && !TRIGGER_FIRED_BY_TRUNCATE(data->tg_event))
	{
		Oid output;
		bool varlena;

		keys.attribute = TupleDescAttr(desc, keys.column - 1);
		getTypeOutputInfo(keys.attribute->atttypid, &output, &varlena);
		fmgr_info(output, &keys.output);
		few = collect(&keys, data->tg_oldtable, data->tg_newtable, desc) &&
		      collect(&keys, data->tg_newtable, data->tg_oldtable, desc);
	}
	if (!few)
		note(table, column, NULL, 0);
	else if (keys.count > 0)
		note(table, column, keys.texts, keys.count);
	return PointerGetDatum(NULL);
}
