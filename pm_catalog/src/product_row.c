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
 *
 * This runs for each row of every bulk load.  The columns that are always set stand at
 * the front of the table, of fixed size and NOT NULL, so each has one place in all rows
 * and is written there, into a copy; only rarely a row is put together anew.
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

/* What a product is grouped by: it can go, so that this changes in deleted products too. */
static const char *const reference_names[] = {"supplier_id", "category_id", "brand_id",
                                              "family_id"};

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
	int references[4];
} Columns;

/* Is it the same value, as stored? */
bool
pm_catalog_same_value(Form_pg_attribute attribute, Datum a, bool a_null, Datum b,
                      bool b_null)
{
	struct varlena *p = (struct varlena *) DatumGetPointer(a);
	struct varlena *q = (struct varlena *) DatumGetPointer(b);

	if (a_null || b_null)
		return a_null == b_null;
	if (attribute->attbyval)
		return a == b;
	/* nearly always they are stored alike, or differ in size */
	if (attribute->attlen == -1 && VARSIZE_ANY(p) == VARSIZE_ANY(q) &&
	    memcmp(p, q, VARSIZE_ANY(p)) == 0)
		return true;
	return datum_image_eq(a, b, attribute->attbyval, attribute->attlen);
}

/* The number of a column of a table, which has it, from 0. */
int
pm_catalog_column(Relation table, const char *name)
{
	AttrNumber number = get_attnum(RelationGetRelid(table), name);

	if (number <= 0)
		elog(ERROR, "table \"%s\" has no column \"%s\"", RelationGetRelationName(table),
		     name);
	return number - 1;
}

/* The same for one that has one place in all rows. */
static int
fixed_column(Relation products, const char *name)
{
	TupleDesc desc = RelationGetDescr(products);
	int number = pm_catalog_column(products, name);

	for (int i = 0; i <= number; i++)
	{
		if (TupleDescAttr(desc, i)->attlen <= 0 || !TupleDescAttr(desc, i)->attnotnull)
			elog(ERROR, "column \"%s\" has no fixed place", name);
	}
	return number;
}

/* The columns of the table, kept as long as the trigger is ready to run. */
static const Columns *
get_columns(FmgrInfo *flinfo, Relation products)
{
	Columns *columns = flinfo->fn_extra;

	if (columns == NULL)
	{
		columns = MemoryContextAlloc(flinfo->fn_mcxt, sizeof(Columns));
		columns->id = fixed_column(products, "id");
		columns->version = fixed_column(products, "version");
		columns->change_id = fixed_column(products, "change_id");
		columns->created_at = fixed_column(products, "created_at");
		columns->updated_at = fixed_column(products, "updated_at");
		columns->status = pm_catalog_column(products, "status");
		columns->deleted_at = pm_catalog_column(products, "deleted_at");
		columns->filled = pm_catalog_column(products, "filled");
		for (int i = 0; i < lengthof(reference_names); i++)
			columns->references[i] = pm_catalog_column(products, reference_names[i]);
		flinfo->fn_extra = columns;
	}
	return columns;
}

/*
 * Writes a value of pass-by-value type into a row where it stands, unless the statement
 * left NULL there: then the server refuses the row.
 */
static void
put(HeapTuple row, TupleDesc desc, int number, Datum value)
{
	char *place = (char *) row->t_data + row->t_data->t_hoff;
	int offset = 0;

	for (int i = 0;; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (HeapTupleHasNulls(row) && att_isnull(i, row->t_data->t_bits))
			return;
		offset = att_align_nominal(offset, attribute->attalign);
		if (i == number)
		{
			store_att_byval(place + offset, value, attribute->attlen);
			return;
		}
		offset += attribute->attlen;
	}
}

/* Is the value of a column the same in both rows? */
static bool
same(int number, TupleTableSlot *a, TupleTableSlot *b)
{
	return pm_catalog_same_value(TupleDescAttr(a->tts_tupleDescriptor, number),
	                             a->tts_values[number], a->tts_isnull[number],
	                             b->tts_values[number], b->tts_isnull[number]);
}

/* The id of a product, to be shown. */
static char *
id_text(const Columns *columns, TupleTableSlot *row)
{
	return DatumGetCString(DirectFunctionCall1(uuid_out, row->tts_values[columns->id]));
}

/* Is it a column by which products are grouped? */
static bool
is_reference(const Columns *columns, int number)
{
	for (int i = 0; i < lengthof(columns->references); i++)
	{
		if (columns->references[i] == number)
			return true;
	}
	return false;
}

/*
 * Does a column differ that is not kept by the server, other than deleted_at, and unless
 * references count other than those?
 */
static bool
has_changed(const Columns *columns, TupleTableSlot *old, TupleTableSlot *new,
            bool references)
{
	TupleDesc desc = old->tts_tupleDescriptor;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (attribute->attisdropped || attribute->attgenerated != '\0' ||
		    i == columns->version || i == columns->change_id || i == columns->created_at ||
		    i == columns->updated_at || i == columns->deleted_at || i == columns->filled ||
		    (!references && is_reference(columns, i)))
			continue;
		if (!same(i, old, new))
			return true;
	}
	return false;
}

/* Why a product must not get from one status to another; NULL: it may. */
static const char *
illegal_move(const char *from, const char *to)
{
	if (strcmp(from, to) == 0)
		return NULL;
	for (int i = 0; i < lengthof(illegal_moves); i++)
	{
		if ((illegal_moves[i].from == NULL || strcmp(illegal_moves[i].from, from) == 0) &&
		    strcmp(illegal_moves[i].to, to) == 0)
			return illegal_moves[i].rule;
	}
	return NULL;
}

PG_FUNCTION_INFO_V1(pm_catalog_is_illegal_move);

/* _is_illegal_move(from text, to text) */
Datum
pm_catalog_is_illegal_move(PG_FUNCTION_ARGS)
{
	char *from = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char *to = text_to_cstring(PG_GETARG_TEXT_PP(1));

	PG_RETURN_BOOL(illegal_move(from, to) != NULL);
}

/* Throws 23514 if a product must not get from the old status to the new one. */
static void
check_status(Relation products, const Columns *columns, TupleTableSlot *old,
             TupleTableSlot *new)
{
	const char *rule;
	char *from;
	char *to;

	if (new->tts_isnull[columns->status] || same(columns->status, old, new))
		return;
	from = TextDatumGetCString(old->tts_values[columns->status]);
	to = TextDatumGetCString(new->tts_values[columns->status]);
	rule = illegal_move(from, to);
	if (rule != NULL)
		ereport(ERROR,
		        (errcode(ERRCODE_CHECK_VIOLATION),
		         errmsg("status of product \"%s\" cannot change from \"%s\" to \"%s\"",
		                id_text(columns, old), from, to),
		         errdetail("%s", rule), errtablecol(products, columns->status + 1)));
}

/* What an INSERT writes. */
static HeapTuple
insert(TriggerData *data, const Columns *columns)
{
	TupleDesc desc = RelationGetDescr(data->tg_relation);
	HeapTuple row = heap_copytuple(data->tg_trigtuple);

	put(row, desc, columns->version, Int32GetDatum(1));
	put(row, desc, columns->change_id, Int64GetDatum(pm_catalog_current_change()));
	put(row, desc, columns->updated_at,
	    TimestampTzGetDatum(GetCurrentTransactionStartTimestamp()));
	return row;
}

/*
 * What an UPDATE writes.  Throws 23514 for another id or a move of status, 55000 if a
 * product changes that is deleted and stays so, but for its references.
 */
static HeapTuple
update(TriggerData *data, const Columns *columns)
{
	Relation products = data->tg_relation;
	TupleDesc desc = RelationGetDescr(products);
	TupleTableSlot *old = data->tg_trigslot;
	TupleTableSlot *new = data->tg_newslot;
	TimestampTz now = GetCurrentTransactionStartTimestamp();
	const int kept[] = {columns->version, columns->change_id, columns->created_at,
	                    columns->updated_at};
	HeapTuple row = data->tg_newtuple;
	bool as_it_is = true;
	bool was_deleted;
	bool is_deleted;
	bool touched;
	bool changed;
	int32 version;

	slot_getallattrs(old);
	slot_getallattrs(new);
	version = DatumGetInt32(old->tts_values[columns->version]);
	was_deleted = !old->tts_isnull[columns->deleted_at];
	is_deleted = !new->tts_isnull[columns->deleted_at];
	if (!same(columns->id, old, new))
		ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION),
		                errmsg("id of product \"%s\" cannot change", id_text(columns, old)),
		                errdetail("History and other databases refer to it."),
		                errtablecol(products, columns->id + 1)));
	check_status(products, columns, old, new);
	touched = !new->tts_isnull[columns->version] &&
	          DatumGetInt32(new->tts_values[columns->version]) == version + 1;
	changed = touched || has_changed(columns, old, new, true);
	if (was_deleted && is_deleted &&
	    (!same(columns->deleted_at, old, new) ||
	     (changed && (touched || has_changed(columns, old, new, false)))))
		ereport(ERROR,
		        (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		         errmsg("product \"%s\" is deleted", id_text(columns, old)),
		         errhint("Bring it back first: SELECT pm_catalog.restore_product('%s');",
		                 id_text(columns, old))));

	changed = changed || was_deleted != is_deleted;
	for (int i = 0; i < lengthof(kept); i++)
		as_it_is = as_it_is && same(kept[i], old, new);
	if (!changed && as_it_is)
		return row;
	if (is_deleted && !was_deleted)
	{
		int number = columns->deleted_at + 1;
		Datum value = TimestampTzGetDatum(now);
		bool isnull = false;

		row = heap_modify_tuple_by_cols(row, desc, 1, &number, &value, &isnull);
	}
	else
		row = heap_copytuple(row);
	for (int i = 0; i < lengthof(kept); i++)
		put(row, desc, kept[i], old->tts_values[kept[i]]);
	if (changed)
	{
		TimestampTz before = DatumGetTimestampTz(old->tts_values[columns->updated_at]);

		put(row, desc, columns->version, Int32GetDatum(version + 1));
		put(row, desc, columns->change_id, Int64GetDatum(pm_catalog_current_change()));
		put(row, desc, columns->updated_at, TimestampTzGetDatum(Max(before, now)));
	}
	return row;
}

/* Throws 55000 if the row of a product is to go that has not been deleted. */
static HeapTuple delete (TriggerData *data, const Columns *columns)
{
	TupleTableSlot *row = data->tg_trigslot;

	slot_getallattrs(row);
	if (row->tts_isnull[columns->deleted_at])
		ereport(ERROR,
		        (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		         errmsg("product \"%s\" is not deleted", id_text(columns, row)),
		         errdetail("Only the row of a product that is deleted can be removed."),
		         errhint("SELECT pm_catalog.delete_product('%s', 'reason'); keeps the row.",
		                 id_text(columns, row))));
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
