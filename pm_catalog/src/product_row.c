/*
 * product_row.c - trigger before each row of products: version, change, time, status
 *
 * It compares what an UPDATE would write with what is there.  Columns that the server
 * keeps do not count, nor do those that are computed from others: of a row that stays
 * the same, version, change_id and updated_at stay too.  A statement that sets version
 * to one more than it is touches the product: something of it changes that stands in
 * another table.
 *
 * Versions of a product follow one another as the transactions that made them commit,
 * since the row is locked; updated_at never goes back from one version to the next, even
 * if a transaction that began later was faster.
 *
 * Values are compared as they are stored, so 1.0 is not 1.00; of two toast pointers
 * that are the same, nothing is fetched.
 */
#include "pm_catalog_module.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

/* Moves of status that are not: from any other one (NULL), or from one. */
static const struct
{
	const char *from;
	const char *to;
	const char *rule;
} illegal_moves[] = {
    {NULL,           "draft",    "A product never becomes a draft again."        },
    {"discontinued", "inactive", "A discontinued product can only become active."},
};

/* The columns that are looked at by name, looked up once a statement. */
typedef struct Columns
{
	int id; /* each is the number of the column, from 0 */
	int status;
	int version;
	int change_id;
	int created_at;
	int updated_at;
	int deleted_at;
	int filled;
} Columns;

/* A row, taken apart. */
typedef struct Row
{
	Datum *values;
	bool *nulls;
} Row;

/* Is it the same value, as stored? */
bool
pm_catalog_same_value(Form_pg_attribute attribute, Datum a, bool a_null, Datum b,
                      bool b_null)
{
	if (a_null || b_null)
		return a_null == b_null;
	if (attribute->attlen == -1 && VARATT_IS_EXTERNAL_ONDISK(DatumGetPointer(a)) &&
	    VARATT_IS_EXTERNAL_ONDISK(DatumGetPointer(b)) &&
	    memcmp(DatumGetPointer(a), DatumGetPointer(b),
	           VARSIZE_EXTERNAL(DatumGetPointer(a))) == 0)
		return true;
	return datum_image_eq(a, b, attribute->attbyval, attribute->attlen);
}

/* The number of a column of products, which has it, from 0. */
static int
column(Relation products, const char *name)
{
	AttrNumber number = get_attnum(RelationGetRelid(products), name);

	if (number <= 0)
		elog(ERROR, "table \"%s\" has no column \"%s\"", RelationGetRelationName(products),
		     name);
	return number - 1;
}

/* The columns of the table, kept as long as the trigger is ready to run. */
static const Columns *
get_columns(FmgrInfo *flinfo, Relation products)
{
	Columns *columns = flinfo->fn_extra;

	if (columns == NULL)
	{
		columns = MemoryContextAlloc(flinfo->fn_mcxt, sizeof(Columns));
		columns->id = column(products, "id");
		columns->status = column(products, "status");
		columns->version = column(products, "version");
		columns->change_id = column(products, "change_id");
		columns->created_at = column(products, "created_at");
		columns->updated_at = column(products, "updated_at");
		columns->deleted_at = column(products, "deleted_at");
		columns->filled = column(products, "filled");
		flinfo->fn_extra = columns;
	}
	return columns;
}

/* Takes a row apart; its values are those of the tuple. */
static Row
take_apart(HeapTuple tuple, TupleDesc desc)
{
	Row row = {palloc(desc->natts * sizeof(Datum)), palloc(desc->natts * sizeof(bool))};

	heap_deform_tuple(tuple, desc, row.values, row.nulls);
	return row;
}

/* Sets a value of a row. */
static void
set(Row *row, int number, Datum value)
{
	row->values[number] = value;
	row->nulls[number] = false;
}

/* Is the value of a column the same in both rows? */
static bool
same(TupleDesc desc, int number, const Row *a, const Row *b)
{
	return pm_catalog_same_value(TupleDescAttr(desc, number), a->values[number],
	                             a->nulls[number], b->values[number], b->nulls[number]);
}

/* The id of a product, to be shown. */
static char *
id_text(const Columns *columns, const Row *row)
{
	return DatumGetCString(DirectFunctionCall1(uuid_out, row->values[columns->id]));
}

/* Does a column differ that is not kept by the server, other than deleted_at? */
static bool
has_changed(TupleDesc desc, const Columns *columns, const Row *old, const Row *new)
{
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (attribute->attisdropped || attribute->attgenerated != '\0' ||
		    i == columns->version || i == columns->change_id || i == columns->created_at ||
		    i == columns->updated_at || i == columns->deleted_at || i == columns->filled)
			continue;
		if (!same(desc, i, old, new))
			return true;
	}
	return false;
}

/* Throws 23514 if a product must not get from the old status to the new one. */
static void
check_status(Relation products, const Columns *columns, const Row *old, const Row *new)
{
	char *from;
	char *to;

	if (new->nulls[columns->status] ||
	    same(RelationGetDescr(products), columns->status, old, new))
		return;
	from = TextDatumGetCString(old->values[columns->status]);
	to = TextDatumGetCString(new->values[columns->status]);
	for (int i = 0; i < lengthof(illegal_moves); i++)
	{
		if ((illegal_moves[i].from == NULL || strcmp(illegal_moves[i].from, from) == 0) &&
		    strcmp(illegal_moves[i].to, to) == 0)
			ereport(ERROR,
			        (errcode(ERRCODE_CHECK_VIOLATION),
			         errmsg("status of product \"%s\" cannot change from \"%s\" to \"%s\"",
			                id_text(columns, old), from, to),
			         errdetail("%s", illegal_moves[i].rule),
			         errtablecol(products, columns->status + 1)));
	}
}

/* What an INSERT writes. */
static HeapTuple
insert(TriggerData *data, const Columns *columns)
{
	TupleDesc desc = RelationGetDescr(data->tg_relation);
	Row row = take_apart(data->tg_trigtuple, desc);

	set(&row, columns->version, Int32GetDatum(1));
	set(&row, columns->change_id, Int64GetDatum(pm_catalog_current_change()));
	set(&row, columns->updated_at,
	    TimestampTzGetDatum(GetCurrentTransactionStartTimestamp()));
	return heap_form_tuple(desc, row.values, row.nulls);
}

/*
 * What an UPDATE writes.  Throws 23514 for another id or a move of status, 55000 if a
 * product that is deleted does more than come back.
 */
static HeapTuple
update(TriggerData *data, const Columns *columns)
{
	Relation products = data->tg_relation;
	TupleDesc desc = RelationGetDescr(products);
	Row old = take_apart(data->tg_trigtuple, desc);
	Row new = take_apart(data->tg_newtuple, desc);
	int32 version = DatumGetInt32(old.values[columns->version]);
	TimestampTz now = GetCurrentTransactionStartTimestamp();
	bool changed;
	bool was_deleted = !old.nulls[columns->deleted_at];
	bool is_deleted = !new.nulls[columns->deleted_at];
	const int kept[] = {columns->version, columns->change_id, columns->created_at,
	                    columns->updated_at};
	bool as_it_is = true;

	if (!same(desc, columns->id, &old, &new))
		ereport(ERROR,
		        (errcode(ERRCODE_CHECK_VIOLATION),
		         errmsg("id of product \"%s\" cannot change", id_text(columns, &old)),
		         errdetail("History and other databases refer to it."),
		         errtablecol(products, columns->id + 1)));
	check_status(products, columns, &old, &new);
	changed = (!new.nulls[columns->version] &&
	           DatumGetInt32(new.values[columns->version]) == version + 1) ||
	          has_changed(desc, columns, &old, &new);
	if (was_deleted &&
	    (is_deleted ? changed || !same(desc, columns->deleted_at, &old, &new) : changed))
		ereport(ERROR,
		        (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		         errmsg("product \"%s\" is deleted", id_text(columns, &old)),
		         errhint("Bring it back first: SELECT pm_catalog.restore_product('%s');",
		                 id_text(columns, &old))));

	if (is_deleted && !was_deleted)
	{
		set(&new, columns->deleted_at, TimestampTzGetDatum(now));
		as_it_is = false;
	}
	for (int i = 0; i < lengthof(kept); i++)
	{
		as_it_is = as_it_is && same(desc, kept[i], &old, &new);
		set(&new, kept[i], old.values[kept[i]]);
	}
	if (changed || was_deleted != is_deleted)
	{
		TimestampTz before = DatumGetTimestampTz(old.values[columns->updated_at]);

		set(&new, columns->version, Int32GetDatum(version + 1));
		set(&new, columns->change_id, Int64GetDatum(pm_catalog_current_change()));
		set(&new, columns->updated_at, TimestampTzGetDatum(Max(before, now)));
		as_it_is = false;
	}
	return as_it_is ? data->tg_newtuple : heap_form_tuple(desc, new.values, new.nulls);
}

/* Throws 55000 if the row of a product is to go that has not been deleted. */
static HeapTuple delete (TriggerData *data, const Columns *columns)
{
	TupleDesc desc = RelationGetDescr(data->tg_relation);
	Row row = take_apart(data->tg_trigtuple, desc);

	if (row.nulls[columns->deleted_at])
		ereport(ERROR,
		        (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		         errmsg("product \"%s\" is not deleted", id_text(columns, &row)),
		         errdetail("Only the row of a product that is deleted can be removed."),
		         errhint("SELECT pm_catalog.delete_product('%s', 'reason'); keeps the row.",
		                 id_text(columns, &row))));
	return data->tg_trigtuple;
}

PG_FUNCTION_INFO_V1(pm_catalog_product_row);

/* _product_row(): trigger before each row of products. */
Datum
pm_catalog_product_row(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	const Columns *columns;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(data->tg_event) ||
	    !TRIGGER_FIRED_FOR_ROW(data->tg_event))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
		                errmsg("_product_row() is the trigger of pm_catalog.products")));
	columns = get_columns(fcinfo->flinfo, data->tg_relation);
	if (TRIGGER_FIRED_BY_INSERT(data->tg_event))
		PG_RETURN_POINTER(insert(data, columns));
	if (TRIGGER_FIRED_BY_UPDATE(data->tg_event))
		PG_RETURN_POINTER(update(data, columns));
	PG_RETURN_POINTER(delete (data, columns));
}
