/*
 * events.c - events of a statement, collected and published in batches
 *
 * Triggers after statements read the transition tables, in which the old and the new row
 * of an UPDATE stand at the same place.  Events are published if somebody is subscribed
 * when the first one of the statement is found: see pm_xref/src/subscribed.c.
 */
#include "pm_catalog_module.h"

#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/uuid.h"

/* Opens a transition table, to be read beside others. */
PmRows
pm_catalog_open_rows(Tuplestorestate *store, TupleDesc desc)
{
	PmRows rows = {store, tuplestore_alloc_read_pointer(store, EXEC_FLAG_REWIND),
	               MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple)};

	tuplestore_select_read_pointer(store, rows.pointer);
	tuplestore_rescan(store);
	return rows;
}

/* Goes to the next row; false: there was none. */
bool
pm_catalog_next_row(PmRows *rows)
{
	tuplestore_select_read_pointer(rows->store, rows->pointer);
	if (!tuplestore_gettupleslot(rows->store, true, false, rows->slot))
		return false;
	slot_getallattrs(rows->slot);
	return true;
}

/* Ends the reading of a table, if it is open. */
void
pm_catalog_close_rows(PmRows *rows)
{
	if (rows->store != NULL)
		ExecDropSingleTupleTableSlot(rows->slot);
}

/* Is somebody subscribed to the topic?  Asked once a statement; inside SPI. */
bool
pm_catalog_is_wanted(PmEvents *events)
{
	static SPIPlanPtr plan = NULL;
	Oid types[] = {TEXTOID};
	Datum values[] = {0};
	bool isnull;

	if (!events->asked)
	{
		values[0] = CStringGetTextDatum(events->topic);
		pm_catalog_run(&plan, "SELECT pm_xref.is_subscribed($1)", lengthof(types), types,
		               values, NULL);
		events->wanted = DatumGetBool(
		    SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
		events->asked = true;
	}
	return events->wanted;
}

/* Publishes what is collected of a topic; inside SPI. */
void
pm_catalog_publish(PmEvents *events)
{
	static SPIPlanPtr plan = NULL;
	Oid types[] = {TEXTOID, TEXTARRAYOID, JSONBARRAYOID};
	Datum values[lengthof(types)];

	if (events->count == 0)
		return;
	values[0] = CStringGetTextDatum(events->topic);
	values[1] = PointerGetDatum(
	    construct_array(events->keys, events->count, TEXTOID, -1, false, TYPALIGN_INT));
	values[2] = PointerGetDatum(construct_array(events->payloads, events->count, JSONBOID,
	                                            -1, false, TYPALIGN_INT));
	pm_catalog_run(&plan, "SELECT pm_xref.publish_many($1, $2, $3)", lengthof(types), types,
	               values, NULL);
	SPI_freetuptable(SPI_tuptable);
	events->count = 0;
}

/* A uuid as a text. */
text *
pm_catalog_uuid_text(Datum uuid)
{
	static const char digits[] = "0123456789abcdef";
	const pg_uuid_t *id = DatumGetUUIDP(uuid);
	text *made = palloc(VARHDRSZ + PM_UUID_TEXT);
	char *place = VARDATA(made);

	SET_VARSIZE(made, VARHDRSZ + PM_UUID_TEXT);
	for (int i = 0; i < UUID_LEN; i++)
	{
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*place++ = '-';
		*place++ = digits[id->data[i] >> 4];
		*place++ = digits[id->data[i] & 15];
	}
	return made;
}

/* Adds an event, of which there is room for one; what it is made of must stay. */
void
pm_catalog_add_event(PmEvents *events, text *key, Datum payload)
{
	events->keys[events->count] = PointerGetDatum(key);
	events->payloads[events->count] = payload;
	events->count++;
}
