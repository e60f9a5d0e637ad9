/*
 * offer_events.c - triggers after statements on prices and stock: their events
 *
 * A price event tells that from some moment on another amount is asked for a line (of a
 * product or variant, type, currency, quantity and supplier) than before it, by one row
 * that was written.  What was asked before, or will be instead, is looked up beside it
 * in the index of the periods, as the statement left them.  A price of the future is told
 * when it is written, not when its time comes.  What the periods of other rows become by
 * a statement is told with it.
 *
 * Stock is told when it falls to its threshold, or comes into being so low; not again
 * while it stays.
 *
 * Events are published with the rights of the table's owner, in the order of the rows.
 */
#include "pm_catalog_module.h"

#include "access/genam.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgroids.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

/* The members of an event of prices, and of one of stock. */
enum
{
	P_ID,
	P_AMOUNT,
	P_CURRENCY,
	P_PREVIOUS,
	P_FROM,
	P_TYPE,
	P_QUANTITY,
	P_SUPPLIER,
	P_VARIANT,
	P_MEMBERS
};
static const char *const price_members[] = {
    "id",         "amount",       "currency",    "previous",   "valid_from",
    "price_type", "min_quantity", "supplier_id", "variant_id", NULL};

enum
{
	S_ID,
	S_QUANTITY,
	S_THRESHOLD,
	S_WAREHOUSE,
	S_VARIANT,
	S_MEMBERS
};
static const char *const stock_members[] = {"id",        "quantity",   "threshold",
                                            "warehouse", "variant_id", NULL};

/* Columns of product_prices, by number from 0. */
typedef struct PriceColumns
{
	int product;
	int variant;
	int supplier;
	int type;
	int currency;
	int quantity;
	int price;
	int from;
	int until;
	int active;
} PriceColumns;

/* What one call of a trigger does. */
typedef struct Work
{
	PmFlatJson json;
	PmEvents events;
	MemoryContext batch; /* events are collected here */
	PriceColumns columns;
	TimestampTz now;
	Relation table;
	IndexScanDesc periods; /* NULL: nothing has been looked up */
	Relation index;
	TupleTableSlot *slot;
	TimestampTz shown; /* a time as JSON, which is often the next one's too */
	char shown_text[MAXDATELEN + 1];
} Work;

/* A row, or none. */
typedef struct Row
{
	const Datum *values; /* NULL: none */
	const bool *nulls;
} Row;

/* A price that is asked, or none. */
typedef struct Amount
{
	bool none;
	Numeric value;
} Amount;

static const Amount no_amount = {.none = true};

/* The row of a transition table. */
static Row
row_of(const PmRows *rows)
{
	Row row = {rows->slot->tts_values, rows->slot->tts_isnull};

	return row;
}

/* Is the value of a column the same, as a uuid or NULL? */
static bool
same_uuid(Row row, int column, TupleTableSlot *other)
{
	if (row.nulls[column] || other->tts_isnull[column])
		return row.nulls[column] && other->tts_isnull[column];
	return memcmp(DatumGetUUIDP(row.values[column]),
	              DatumGetUUIDP(other->tts_values[column]), UUID_LEN) == 0;
}

/* A price, to be kept with the batch. */
static Amount
amount_of(Datum price)
{
	Amount amount = {false, DatumGetNumericCopy(price)};

	return amount;
}

/* Is it the same amount, or none? */
static bool
same_amount(Amount a, Amount b)
{
	if (a.none || b.none)
		return a.none && b.none;
	return DatumGetBool(DirectFunctionCall2(numeric_eq, NumericGetDatum(a.value),
	                                        NumericGetDatum(b.value)));
}

/* Begins to look things up: as the statement, and what is derived from it, left them. */
static void
open_periods(Work *work)
{
	Oid index =
	    get_relname_relid("product_prices_period", RelationGetNamespace(work->table));

	if (!OidIsValid(index))
		elog(ERROR, "index \"product_prices_period\" is missing");
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	work->index = index_open(index, AccessShareLock);
	work->periods = index_beginscan(work->table, work->index, GetActiveSnapshot(), 5, 0);
	work->slot = table_slot_create(work->table, NULL);
}

static void
close_periods(Work *work)
{
	if (work->periods == NULL)
		return;
	index_endscan(work->periods);
	index_close(work->index, AccessShareLock);
	ExecDropSingleTupleTableSlot(work->slot);
	PopActiveSnapshot();
}

/*
 * Goes to the price of a row's line that is asked at a time (inclusive), or was right
 * before it; false: there is none.
 */
static bool
find_price(Work *work, Row row, TimestampTz at, bool inclusive)
{
	const PriceColumns *c = &work->columns;
	ScanKeyData keys[5];

	if (work->periods == NULL)
		open_periods(work);
	/* the first columns of the index */
	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_UUID_EQ, row.values[c->product]);
	ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_TEXTEQ, row.values[c->type]);
	ScanKeyInit(&keys[2], 3, BTEqualStrategyNumber, F_TEXTEQ, row.values[c->currency]);
	ScanKeyInit(&keys[3], 4, BTEqualStrategyNumber, F_INT4EQ, row.values[c->quantity]);
	ScanKeyInit(&keys[4], 5, inclusive ? BTLessEqualStrategyNumber : BTLessStrategyNumber,
	            inclusive ? F_TIMESTAMPTZ_LE : F_TIMESTAMPTZ_LT, TimestampTzGetDatum(at));
	index_rescan(work->periods, keys, lengthof(keys), NULL, 0);
	while (index_getnext_slot(work->periods, BackwardScanDirection, work->slot))
	{
		const Datum *values = work->slot->tts_values;

		CHECK_FOR_INTERRUPTS();
		slot_getallattrs(work->slot);
		if (DatumGetBool(values[c->active]) && same_uuid(row, c->variant, work->slot) &&
		    same_uuid(row, c->supplier, work->slot) &&
		    (work->slot->tts_isnull[c->until] ||
		     DatumGetTimestampTz(values[c->until]) > at ||
		     (!inclusive && DatumGetTimestampTz(values[c->until]) == at)))
			return true;
	}
	return false;
}

/* The same price; none if there is none. */
static Amount
price_at(Work *work, Row row, TimestampTz at, bool inclusive)
{
	/* the scan outlives the batch */
	MemoryContext batch = MemoryContextSwitchTo(GetMemoryChunkContext(work));
	bool found = find_price(work, row, at, inclusive);

	MemoryContextSwitchTo(batch);
	return found ? amount_of(work->slot->tts_values[work->columns.price]) : no_amount;
}

static JsonbValue
json_string(const char *string, int size)
{
	JsonbValue value = {.type = jbvString};

	value.val.string.val = unconstify(char *, string);
	value.val.string.len = size;
	return value;
}

static JsonbValue
json_text(Datum datum)
{
	text *string = DatumGetTextPP(datum);

	return json_string(VARDATA_ANY(string), VARSIZE_ANY_EXHDR(string));
}

static JsonbValue
json_number(Numeric number)
{
	JsonbValue value = {.type = jbvNumeric};

	value.val.numeric = number;
	return value;
}

static JsonbValue
json_amount(Amount amount)
{
	static const JsonbValue null = {.type = jbvNull};

	return amount.none ? null : json_number(amount.value);
}

/* A uuid of a row, or null. */
static JsonbValue
json_uuid(Row row, int column)
{
	static const JsonbValue null = {.type = jbvNull};

	if (row.nulls[column])
		return null;
	return json_string(VARDATA(pm_catalog_uuid_text(row.values[column])), PM_UUID_TEXT);
}

static JsonbValue
json_time(Work *work, TimestampTz time)
{
	if (work->shown_text[0] == '\0' || work->shown != time)
	{
		JsonEncodeDateTime(work->shown_text, TimestampTzGetDatum(time), TIMESTAMPTZOID,
		                   NULL);
		work->shown = time;
	}
	return json_string(work->shown_text, strlen(work->shown_text));
}

/* Publishes what is collected, if that is much or all; a row has two events at most. */
static void
flush(Work *work, bool all)
{
	MemoryContext outer;

	if (!all && work->events.count < PM_EVENTS - 1 &&
	    MemoryContextMemAllocated(work->batch, false) < PM_EVENTS_BYTES)
		return;
	outer = MemoryContextSwitchTo(work->batch);
	pm_catalog_publish(&work->events);
	MemoryContextSwitchTo(outer);
	MemoryContextReset(work->batch);
}

/* From a moment on another amount is asked for a row's line than before it. */
static void
note_price(Work *work, Row row, Amount amount, TimestampTz since, Amount previous)
{
	const PriceColumns *c = &work->columns;
	JsonbValue values[P_MEMBERS];
	text *key;

	if (same_amount(amount, previous))
		return;
	key = pm_catalog_uuid_text(row.values[c->product]);
	values[P_ID] = json_string(VARDATA(key), PM_UUID_TEXT);
	values[P_AMOUNT] = json_amount(amount);
	values[P_CURRENCY] = json_text(row.values[c->currency]);
	values[P_PREVIOUS] = json_amount(previous);
	values[P_FROM] = json_time(work, since);
	values[P_TYPE] = json_text(row.values[c->type]);
	values[P_QUANTITY] =
	    json_number(int64_to_numeric(DatumGetInt32(row.values[c->quantity])));
	values[P_SUPPLIER] = json_uuid(row, c->supplier);
	values[P_VARIANT] = json_uuid(row, c->variant);
	pm_catalog_add_event(&work->events, key, pm_catalog_flat_object(&work->json, values));
}

/* Is the price of a row asked, or will it be? */
static bool
is_asked(const Work *work, Row row)
{
	const PriceColumns *c = &work->columns;

	return row.values != NULL && DatumGetBool(row.values[c->active]) &&
	       (row.nulls[c->until] || DatumGetTimestampTz(row.values[c->until]) > work->now);
}

/* Is the end of the period the same? */
static bool
same_end(const Work *work, Row old, Row new)
{
	int until = work->columns.until;

	if (old.values == NULL || old.nulls[until] || new.nulls[until])
		return new.nulls[until] && (old.values == NULL || old.nulls[until]);
	return old.values[until] == new.values[until];
}

/* A row of product_prices was written: old and new, or one of them. */
static void
note_price_row(Work *work, Row old, Row new)
{
	const PriceColumns *c = &work->columns;
	Row row = new.values != NULL ? new : old;
	bool was = is_asked(work, old);
	bool is = is_asked(work, new);
	Amount old_price = old.values != NULL ? amount_of(old.values[c->price]) : no_amount;
	Amount price = new.values != NULL ? amount_of(new.values[c->price]) : no_amount;
	TimestampTz old_from =
	    old.values != NULL ? DatumGetTimestampTz(old.values[c->from]) : 0;
	TimestampTz from = new.values != NULL ? DatumGetTimestampTz(new.values[c->from]) : 0;
	bool same_start = was && is && old_from == from;

	/* a price is asked that was not, or another one */
	if (is && !(same_start && same_amount(old_price, price)) &&
	    (from >= work->now || same_amount(price_at(work, row, work->now, true), price)))
		note_price(work, row, price, Max(from, work->now),
		           same_start ? old_price : price_at(work, row, from, false));
	/* a price is not asked any more: another takes its place, or none */
	if (was && !is)
		note_price(work, row, price_at(work, row, Max(old_from, work->now), true),
		           Max(old_from, work->now), old_price);
	/* a price will end, and none follows */
	if (is && !new.nulls[c->until] && !same_end(work, old, new))
	{
		TimestampTz until = DatumGetTimestampTz(new.values[c->until]);

		if (price_at(work, row, until, true).none)
			note_price(work, row, no_amount, until, price);
	}
}

/* Is stock at most its threshold? */
static bool
is_low(Row row, int available, int threshold)
{
	return row.values != NULL && !row.nulls[threshold] &&
	       DatumGetInt32(row.values[available]) <= DatumGetInt32(row.values[threshold]);
}

/* Begins the work of a trigger after a statement, of this name, for a topic. */
static Work *
begin(FunctionCallInfo fcinfo, const char *name, const char *topic,
      const char *const *members)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	Work *work;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(data->tg_event) ||
	    !TRIGGER_FIRED_FOR_STATEMENT(data->tg_event) ||
	    (data->tg_newtable == NULL && data->tg_oldtable == NULL))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
		                errmsg("%s() is a trigger after statements, with transition tables",
		                       name)));
	work = palloc0(sizeof(Work));
	work->table = data->tg_relation;
	work->now = GetCurrentTransactionStartTimestamp();
	work->events.topic = topic;
	work->batch =
	    AllocSetContextCreate(CurrentMemoryContext, "events", ALLOCSET_DEFAULT_SIZES);
	pm_catalog_flat_init(&work->json, members);
	return work;
}

/* The numbers of the columns of product_prices. */
static PriceColumns
price_columns(Relation table)
{
	PriceColumns columns = {
	    .product = pm_catalog_column(table, "product_id"),
	    .variant = pm_catalog_column(table, "variant_id"),
	    .supplier = pm_catalog_column(table, "supplier_id"),
	    .type = pm_catalog_column(table, "price_type"),
	    .currency = pm_catalog_column(table, "currency"),
	    .quantity = pm_catalog_column(table, "min_quantity"),
	    .price = pm_catalog_column(table, "price"),
	    .from = pm_catalog_column(table, "valid_from"),
	    .until = pm_catalog_column(table, "valid_until"),
	    .active = pm_catalog_column(table, "is_active"),
	};

	return columns;
}

/* What a statement wrote: old rows, new ones, or both in pairs. */
typedef struct Written
{
	PmRows old;
	PmRows new;
} Written;

static Written
open_written(const TriggerData *data)
{
	TupleDesc desc = RelationGetDescr(data->tg_relation);
	Written written = {.old = {.store = NULL}, .new = {.store = NULL}};

	if (data->tg_oldtable != NULL)
		written.old = pm_catalog_open_rows(data->tg_oldtable, desc);
	if (data->tg_newtable != NULL)
		written.new = pm_catalog_open_rows(data->tg_newtable, desc);
	return written;
}

/* Goes to the next row, or pair; false: there was none. */
static bool
next_written(Written *written, Row *old, Row *new)
{
	old->values = new->values = NULL;
	if (written->old.store != NULL)
	{
		if (!pm_catalog_next_row(&written->old))
			return false;
		*old = row_of(&written->old);
	}
	if (written->new.store != NULL)
	{
		if (!pm_catalog_next_row(&written->new))
			return false;
		*new = row_of(&written->new);
	}
	return true;
}

static void
close_written(Written *written)
{
	pm_catalog_close_rows(&written->old);
	pm_catalog_close_rows(&written->new);
}

PG_FUNCTION_INFO_V1(pm_catalog_note_prices);

/* _note_prices(): trigger after each statement on product_prices. */
Datum
pm_catalog_note_prices(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	Work *work = begin(fcinfo, "_note_prices", "catalog.price.changed", price_members);
	PmCatalogCaller caller;

	if (pm_catalog_is_derived(RelationGetRelid(data->tg_relation)))
		return PointerGetDatum(NULL);
	pm_catalog_begin_as_owner(data->tg_relation, &caller);
	SPI_connect();
	if (pm_catalog_is_wanted(&work->events))
	{
		Written written = open_written(data);
		Row old;
		Row new;

		work->columns = price_columns(data->tg_relation);
		while (next_written(&written, &old, &new))
		{
			MemoryContext outer = MemoryContextSwitchTo(work->batch);

			CHECK_FOR_INTERRUPTS();
			note_price_row(work, old, new);
			MemoryContextSwitchTo(outer);
			flush(work, false);
		}
		close_written(&written);
		close_periods(work);
		flush(work, true);
	}
	SPI_finish();
	pm_catalog_end_as_owner(&caller);
	return PointerGetDatum(NULL);
}

PG_FUNCTION_INFO_V1(pm_catalog_note_stocks);

/* _note_stocks(): trigger after each INSERT and UPDATE of product_stocks. */
Datum
pm_catalog_note_stocks(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	Work *work = begin(fcinfo, "_note_stocks", "catalog.stock.low", stock_members);
	int product = pm_catalog_column(data->tg_relation, "product_id");
	int variant = pm_catalog_column(data->tg_relation, "variant_id");
	int available = pm_catalog_column(data->tg_relation, "available");
	int threshold = pm_catalog_column(data->tg_relation, "low_stock_threshold");
	int location = pm_catalog_column(data->tg_relation, "location");
	PmCatalogCaller caller;
	Written written;
	Row old;
	Row new;

	pm_catalog_begin_as_owner(data->tg_relation, &caller);
	SPI_connect();
	written = open_written(data);
	while (next_written(&written, &old, &new))
	{
		MemoryContext outer = MemoryContextSwitchTo(work->batch);

		CHECK_FOR_INTERRUPTS();
		if (is_low(new, available, threshold) && !is_low(old, available, threshold) &&
		    pm_catalog_is_wanted(&work->events))
		{
			JsonbValue values[S_MEMBERS];
			text *key = pm_catalog_uuid_text(new.values[product]);

			values[S_ID] = json_string(VARDATA(key), PM_UUID_TEXT);
			values[S_QUANTITY] =
			    json_number(int64_to_numeric(DatumGetInt32(new.values[available])));
			values[S_THRESHOLD] =
			    json_number(int64_to_numeric(DatumGetInt32(new.values[threshold])));
			values[S_WAREHOUSE] = json_text(new.values[location]);
			values[S_VARIANT] = json_uuid(new, variant);
			pm_catalog_add_event(&work->events, key,
			                     pm_catalog_flat_object(&work->json, values));
		}
		MemoryContextSwitchTo(outer);
		flush(work, false);
	}
	close_written(&written);
	flush(work, true);
	SPI_finish();
	pm_catalog_end_as_owner(&caller);
	return PointerGetDatum(NULL);
}
