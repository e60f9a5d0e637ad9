/*
 * product_history.c - triggers after statements on products: old values and events
 *
 * They read the transition tables, in which the old and the new row of an UPDATE stand
 * at the same place, and insert what they find in batches, with the rights of the
 * table's owner.  A row whose version stayed the same did not change.
 *
 * product_versions gets of each change the columns that changed, with the values they
 * had; of technical_specs only the members that changed or went, and the names of those
 * that came.  Creating writes nothing.
 */
#include "pm_catalog_module.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

/* The columns of product_versions as arrays of a batch. */
enum
{
	V_PRODUCT,
	V_VERSION,
	V_CHANGE,
	V_MADE,
	V_ENDED_BY,
	V_ENDED,
	V_OLD,
	V_LACKED,
	V_COLUMNS
};

static const struct
{
	Oid element;
	Oid array;
	int16 length;
	bool by_value;
	char align;
} version_columns[V_COLUMNS] = {
    {UUIDOID,        UUIDARRAYOID,        UUID_LEN, false, TYPALIGN_CHAR  },
    {INT4OID,        INT4ARRAYOID,        4,        true,  TYPALIGN_INT   },
    {INT8OID,        INT8ARRAYOID,        8,        true,  TYPALIGN_DOUBLE},
    {TIMESTAMPTZOID, TIMESTAMPTZARRAYOID, 8,        true,  TYPALIGN_DOUBLE},
    {INT8OID,        INT8ARRAYOID,        8,        true,  TYPALIGN_DOUBLE},
    {TIMESTAMPTZOID, TIMESTAMPTZARRAYOID, 8,        true,  TYPALIGN_DOUBLE},
    {JSONBOID,       JSONBARRAYOID,       -1,       false, TYPALIGN_INT   },
    {JSONBOID,       JSONBARRAYOID,       -1,       false, TYPALIGN_INT   },
};

/* A payload of an event: the id of the product and columns of it. */
typedef struct Flat
{
	PmFlatJson json;
	PmColumnJson *columns[PM_FLAT_MEMBERS]; /* of the members after the id */
} Flat;

/* What one call of the trigger does. */
typedef struct Work
{
	TupleDesc desc;
	int id; /* columns, numbered from 0 */
	int version;
	int change_id;
	int updated_at;
	int deleted_at;
	int specs;
	PmRowJson *json;     /* the columns that can change */
	MemoryContext batch; /* what is collected lives here, and what is made of it */
	int versions;        /* how many are collected */
	Datum values[V_COLUMNS][PM_EVENTS];
	bool no_lacked[PM_EVENTS];
	Flat created_json;
	Flat deleted_json;
	PmEvents created;
	PmEvents updated;
	PmEvents deleted;
} Work;

/* Inserts the versions that are collected. */
static void
insert_versions(Work *work)
{
	static SPIPlanPtr plan = NULL;
	Oid types[V_COLUMNS];
	Datum arrays[V_COLUMNS];
	int lower_bound = 1;

	if (work->versions == 0)
		return;
	for (int i = 0; i < V_COLUMNS; i++)
	{
		types[i] = version_columns[i].array;
		arrays[i] = PointerGetDatum(construct_md_array(
		    work->values[i], i == V_LACKED ? work->no_lacked : NULL, 1, &work->versions,
		    &lower_bound, version_columns[i].element, version_columns[i].length,
		    version_columns[i].by_value, version_columns[i].align));
	}
	pm_catalog_run(
	    &plan,
	    "INSERT INTO pm_catalog.product_versions "
	    "(product_id, version, change_id, made_at, ended_by, ended_at, old, lacked) "
	    "SELECT * FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), "
	    "pg_catalog.unnest($3), pg_catalog.unnest($4), pg_catalog.unnest($5), "
	    "pg_catalog.unnest($6), pg_catalog.unnest($7), pg_catalog.unnest($8)) AS u",
	    V_COLUMNS, types, arrays, NULL);
	work->versions = 0;
}

/* Writes everything that is collected, and frees it. */
static void
flush(Work *work)
{
	MemoryContext outer = MemoryContextSwitchTo(work->batch);

	insert_versions(work);
	pm_catalog_publish(&work->created);
	pm_catalog_publish(&work->updated);
	pm_catalog_publish(&work->deleted);
	MemoryContextSwitchTo(outer);
	MemoryContextReset(work->batch);
}

/* Makes room for one more of each. */
static void
make_room(Work *work)
{
	CHECK_FOR_INTERRUPTS();
	if (work->versions == PM_EVENTS || work->created.count == PM_EVENTS ||
	    work->updated.count == PM_EVENTS || work->deleted.count == PM_EVENTS ||
	    MemoryContextMemAllocated(work->batch, true) > PM_EVENTS_BYTES)
		flush(work);
}

/* Gets ready for payloads of the id and these columns; pairs of member and column. */
static void
init_flat(Flat *flat, PmRowJson *json, const char *const (*members)[2])
{
	const char *names[PM_FLAT_MEMBERS + 1] = {"id"};

	for (int n = 0; members[n][0] != NULL; n++)
	{
		names[n + 1] = members[n][0];
		for (int i = 0; i < json->count; i++)
		{
			if (strcmp(json->columns[i].name, members[n][1]) == 0)
				flat->columns[n] = &json->columns[i];
		}
		if (flat->columns[n] == NULL)
			elog(ERROR, "table \"products\" has no column \"%s\"", members[n][1]);
	}
	pm_catalog_flat_init(&flat->json, names);
}

/* Adds an event with a payload of a row's columns. */
static void
add_flat_event(PmEvents *events, const Flat *flat, Datum id, TupleTableSlot *row)
{
	text *key = pm_catalog_uuid_text(id);
	JsonbValue values[PM_FLAT_MEMBERS];

	values[0].type = jbvString;
	values[0].val.string.val = VARDATA(key);
	values[0].val.string.len = PM_UUID_TEXT;
	for (int i = 1; i < flat->json.count; i++)
	{
		PmColumnJson *column = flat->columns[i - 1];

		values[i] = pm_catalog_json_value(column, row->tts_values[column->number],
		                                  row->tts_isnull[column->number]);
	}
	pm_catalog_add_event(events, key, pm_catalog_flat_object(&flat->json, values));
}

/* A product has come into being, or back. */
static void
note_created(Work *work, TupleTableSlot *new)
{
	if (pm_catalog_is_wanted(&work->created))
		add_flat_event(&work->created, &work->created_json, new->tts_values[work->id], new);
}

/* A product was deleted. */
static void
note_deleted(Work *work, TupleTableSlot *new)
{
	if (pm_catalog_is_wanted(&work->deleted))
		add_flat_event(&work->deleted, &work->deleted_json, new->tts_values[work->id], new);
}

/* Is the value of a column the same in both rows? */
static bool
same(Work *work, const PmColumnJson *column, TupleTableSlot *old, TupleTableSlot *new)
{
	int i = column->number;

	return pm_catalog_same_value(TupleDescAttr(work->desc, i), old->tts_values[i],
	                             old->tts_isnull[i], new->tts_values[i],
	                             new->tts_isnull[i]);
}

/* Columns of a product were changed: the values they have now. */
static void
note_updated(Work *work, TupleTableSlot *old, TupleTableSlot *new)
{
	JsonbParseState *state = NULL;
	text *key;

	if (!pm_catalog_is_wanted(&work->updated))
		return;
	key = pm_catalog_uuid_text(new->tts_values[work->id]);
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	pm_catalog_push_string(&state, WJB_KEY, "id", 2);
	pm_catalog_push_string(&state, WJB_VALUE, VARDATA(key), PM_UUID_TEXT);
	pm_catalog_push_string(&state, WJB_KEY, "changed", strlen("changed"));
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < work->json->count; i++)
	{
		PmColumnJson *column = &work->json->columns[i];

		if (!same(work, column, old, new))
			pm_catalog_push_column(&state, column, new->tts_values[column->number],
			                       new->tts_isnull[column->number]);
	}
	pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	pm_catalog_add_event(
	    &work->updated, key,
	    JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL))));
}

/* Adds a version that has ended: the values of old that new has otherwise. */
static void
add_version(Work *work, TupleTableSlot *old, TupleTableSlot *new)
{
	JsonbParseState *state = NULL;
	int n = work->versions;
	JsonbValue *lacked = NULL;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < work->json->count; i++)
	{
		PmColumnJson *column = &work->json->columns[i];
		Datum value = old->tts_values[column->number];

		if (same(work, column, old, new))
			continue;
		if (column->number == work->specs && !old->tts_isnull[work->specs] &&
		    !new->tts_isnull[work->specs])
		{
			Jsonb *was = DatumGetJsonbP(value);
			Jsonb *is = DatumGetJsonbP(new->tts_values[column->number]);
			JsonbParseState *names = NULL;

			pm_catalog_push_string(&state, WJB_KEY, column->name, strlen(column->name));
			pm_catalog_push_difference(&state, was, is, false);
			lacked = pm_catalog_push_difference(&names, is, was, true);
			if (lacked->val.array.nElems == 0)
				lacked = NULL;
		}
		else
			pm_catalog_push_column(&state, column, value, old->tts_isnull[column->number]);
	}
	work->values[V_PRODUCT][n] = datumCopy(old->tts_values[work->id], false, UUID_LEN);
	work->values[V_VERSION][n] = old->tts_values[work->version];
	work->values[V_CHANGE][n] = old->tts_values[work->change_id];
	work->values[V_MADE][n] = old->tts_values[work->updated_at];
	work->values[V_ENDED_BY][n] = new->tts_values[work->change_id];
	work->values[V_ENDED][n] = new->tts_values[work->updated_at];
	work->values[V_OLD][n] =
	    JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
	work->no_lacked[n] = lacked == NULL;
	if (lacked != NULL)
		work->values[V_LACKED][n] = JsonbPGetDatum(JsonbValueToJsonb(lacked));
	work->versions++;
}

/* The rows of an INSERT: events. */
static void
after_insert(Work *work, Tuplestorestate *rows)
{
	PmRows new;

	if (!pm_catalog_is_wanted(&work->created))
		return;
	new = pm_catalog_open_rows(rows, work->desc);
	while (pm_catalog_next_row(&new))
	{
		make_room(work);
		if (new.slot->tts_isnull[work->deleted_at])
		{
			MemoryContext outer = MemoryContextSwitchTo(work->batch);

			note_created(work, new.slot);
			MemoryContextSwitchTo(outer);
		}
	}
	pm_catalog_close_rows(&new);
}

/* The rows of an UPDATE: old values and events. */
static void
after_update(Work *work, Tuplestorestate *old_rows, Tuplestorestate *new_rows)
{
	PmRows old = pm_catalog_open_rows(old_rows, work->desc);
	PmRows new = pm_catalog_open_rows(new_rows, work->desc);

	for (;;)
	{
		MemoryContext outer;
		bool more = pm_catalog_next_row(&old);
		bool was_deleted;
		bool is_deleted;

		if (!pm_catalog_next_row(&new) || !more)
			break;
		was_deleted = !old.slot->tts_isnull[work->deleted_at];
		is_deleted = !new.slot->tts_isnull[work->deleted_at];
		make_room(work);
		if (old.slot->tts_values[work->version] == new.slot->tts_values[work->version])
			continue;
		outer = MemoryContextSwitchTo(work->batch);
		add_version(work, old.slot, new.slot);
		if (!was_deleted && is_deleted)
			note_deleted(work, new.slot);
		else if (was_deleted && !is_deleted)
			note_created(work, new.slot);
		else if (!is_deleted)
			note_updated(work, old.slot, new.slot);
		MemoryContextSwitchTo(outer);
	}
	pm_catalog_close_rows(&old);
	pm_catalog_close_rows(&new);
}

PG_FUNCTION_INFO_V1(pm_catalog_note_products);

/* _note_products(): trigger after each statement on products. */
Datum
pm_catalog_note_products(PG_FUNCTION_ARGS)
{
	static const char *const changing[] = {
	    "id", "version", "change_id", "created_at", "updated_at", "filled", NULL};
	static const char *const created_members[][2] = {
	    {"gtin",        "gtin"       },
	    {"sku",         "sku"        },
	    {"name",        "title"      },
	    {"supplier_id", "supplier_id"},
	    {NULL,          NULL         }
    };
	static const char *const deleted_members[][2] = {
	    {"gtin", "gtin"},
        {NULL,   NULL  }
    };
	TriggerData *data = (TriggerData *) fcinfo->context;
	PmCatalogCaller caller;
	Work *work;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(data->tg_event) ||
	    !TRIGGER_FIRED_FOR_STATEMENT(data->tg_event))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
		                errmsg("_note_products() is the trigger of pm_catalog.products")));

	work = palloc0(sizeof(Work));
	work->desc = RelationGetDescr(data->tg_relation);
	work->id = pm_catalog_column(data->tg_relation, "id");
	work->version = pm_catalog_column(data->tg_relation, "version");
	work->change_id = pm_catalog_column(data->tg_relation, "change_id");
	work->updated_at = pm_catalog_column(data->tg_relation, "updated_at");
	work->deleted_at = pm_catalog_column(data->tg_relation, "deleted_at");
	work->specs = pm_catalog_column(data->tg_relation, "technical_specs");
	work->json = pm_catalog_row_json(work->desc, changing);
	init_flat(&work->created_json, work->json, created_members);
	init_flat(&work->deleted_json, work->json, deleted_members);
	work->batch =
	    AllocSetContextCreate(CurrentMemoryContext, "products", ALLOCSET_DEFAULT_SIZES);
	work->created.topic = "catalog.product.created";
	work->updated.topic = "catalog.product.updated";
	work->deleted.topic = "catalog.product.deleted";

	pm_catalog_begin_as_owner(data->tg_relation, &caller);
	SPI_connect();
	if (TRIGGER_FIRED_BY_INSERT(data->tg_event))
		after_insert(work, data->tg_newtable);
	else
		after_update(work, data->tg_oldtable, data->tg_newtable);
	flush(work);
	SPI_finish();
	pm_catalog_end_as_owner(&caller);
	return PointerGetDatum(NULL);
}
