/*
 * merge_scan.c - the rows of a merge's source: those that are as the supplier sent them
 * before, packed, and the other ones, in key order
 *
 * The query is run once; it gives each row with its digest and, if the supplier's offer
 * has this digest, the product.  Most rows of a file are such.  They are never sorted nor
 * written one by one: their numbers and products come out as two arrays, some thousands of
 * rows in each.  All other rows go through a sort, by key and row_no.
 *
 * Of several rows of one key the first by row_no counts, whichever of the two kinds it is.
 * So the keys of all rows are looked at, by 64 bits of each: a key that seems to come
 * twice takes its unchanged rows through the sort too, where equal keys are neighbours.
 * Two keys of the same 64 bits cost that, and nothing else.
 *
 * Nothing here grows with the source but sorts and stores of the server, which go to
 * files beyond work_mem, and the list of keys that come twice, which ends at work_mem:
 * beyond that every row is sorted.
 */
#include "pm_catalog_module.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "access/htup_details.h"
#include "catalog/pg_operator_d.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "parser/parse_func.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/tuplesort.h"
#include "utils/typcache.h"
#include "utils/uuid.h"

#define CHUNK_ROWS 4096

/* The columns of the query that are not the row's own. */
enum
{
	QUERY_ROW_NO,
	QUERY_DIGEST,
	QUERY_SAME_ID,
	QUERY_COLUMNS /* the first one of the row */
};

/* What comes out before the row's own columns. */
enum
{
	OUT_POS,
	OUT_ROW_NO,
	OUT_DIGEST,
	OUT_SAME_ID,
	OUT_NEW_ID,
	OUT_REASON,
	OUT_ROW_NOS,
	OUT_PRODUCT_IDS,
	OUT_COLUMNS
};

/* A row that is unchanged, as it waits for the end of the query. */
enum
{
	SAME_KEY,
	SAME_ROW_NO,
	SAME_ID,
	SAME_COLUMNS
};

/* The receiver of the query's rows, and what is made of them. */
typedef struct MergeScan
{
	DestReceiver receiver;
	MemoryContext memory; /* as long as the call */
	MemoryContext row;    /* reset for each row */
	const char *key_name;
	int key; /* the query's column, from 0 */
	int16 key_length;
	bool key_by_value;
	TupleDesc desc;        /* of the query; NULL: it has not begun */
	TupleDesc same_desc;   /* of unchanged rows */
	Tuplesortstate *marks; /* 64 bits of each key */
	Tuplestorestate *same; /* rows that are unchanged */
	Tuplesortstate *rows;  /* the other ones */
	int64 *repeated;       /* marks that come twice, ascending */
	Size nrepeated;
	bool all_repeated; /* they were too many to list */
	int64 pos;         /* of the next row that comes out */
	Tuplestorestate *out;
	TupleDesc out_desc;
} MergeScan;

/* 64 bits of a key. */
static int64
key_mark(const MergeScan *scan, Datum key)
{
	struct varlena *packed;

	if (scan->key_by_value)
		return DatumGetInt64(key);
	packed = PG_DETOAST_DATUM_PACKED(key);
	return (int64) XXH3_64bits(VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed));
}

/* The query begins: finds the key, and makes the sorts; error 22023 if it is another query. */
static void
start_rows(DestReceiver *self, int operation, TupleDesc desc)
{
	MergeScan *scan = (MergeScan *) self;
	MemoryContext old = MemoryContextSwitchTo(scan->memory);
	AttrNumber columns[2] = {0, QUERY_ROW_NO + 1};
	Oid operators[2] = {InvalidOid, Int8LessOperator};
	Oid collations[2] = {InvalidOid, InvalidOid};
	bool nulls_first[2] = {false, false};
	Form_pg_attribute key;

	if (scan->desc != NULL || desc->natts <= QUERY_COLUMNS ||
	    TupleDescAttr(desc, QUERY_ROW_NO)->atttypid != INT8OID ||
	    TupleDescAttr(desc, QUERY_DIGEST)->atttypid != UUIDOID ||
	    TupleDescAttr(desc, QUERY_SAME_ID)->atttypid != UUIDOID)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("rows to merge must come from one SELECT of a number, a "
		                       "digest, a product and columns")));
	scan->desc = CreateTupleDescCopy(desc);
	for (scan->key = QUERY_COLUMNS; scan->key < desc->natts; scan->key++)
	{
		if (namestrcmp(&TupleDescAttr(desc, scan->key)->attname, scan->key_name) == 0)
			break;
	}
	if (scan->key == desc->natts)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
		                errmsg("rows to merge have no column \"%s\"", scan->key_name)));
	key = TupleDescAttr(desc, scan->key);
	scan->key_length = key->attlen;
	scan->key_by_value = key->attbyval;
	columns[0] = scan->key + 1;
	operators[0] = lookup_type_cache(key->atttypid, TYPECACHE_LT_OPR)->lt_opr;
	collations[0] = key->attcollation;
	if (!OidIsValid(operators[0]) ||
	    !(key->attlen == -1 || (key->attbyval && key->attlen == sizeof(int64))))
		ereport(ERROR,
		        (errcode(ERRCODE_DATATYPE_MISMATCH),
		         errmsg("type %s cannot be that of a key", format_type_be(key->atttypid))));

	scan->rows = tuplesort_begin_heap(scan->desc, 2, columns, operators, collations,
	                                  nulls_first, work_mem, NULL, TUPLESORT_NONE);
	scan->marks = tuplesort_begin_datum(INT8OID, Int8LessOperator, InvalidOid, false,
	                                    work_mem, NULL, TUPLESORT_NONE);
	scan->same = tuplestore_begin_heap(false, false, work_mem);
	scan->same_desc = CreateTemplateTupleDesc(SAME_COLUMNS);
	TupleDescCopyEntry(scan->same_desc, SAME_KEY + 1, desc, scan->key + 1);
	TupleDescCopyEntry(scan->same_desc, SAME_ROW_NO + 1, desc, QUERY_ROW_NO + 1);
	TupleDescCopyEntry(scan->same_desc, SAME_ID + 1, desc, QUERY_SAME_ID + 1);
	MemoryContextSwitchTo(old);
}

/* Receives a row of the query. */
static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	MergeScan *scan = (MergeScan *) self;
	MemoryContext old = MemoryContextSwitchTo(scan->row);
	Datum values[SAME_COLUMNS];
	bool nulls[SAME_COLUMNS];

	values[SAME_KEY] = slot_getattr(slot, scan->key + 1, &nulls[SAME_KEY]);
	values[SAME_ROW_NO] = slot_getattr(slot, QUERY_ROW_NO + 1, &nulls[SAME_ROW_NO]);
	values[SAME_ID] = slot_getattr(slot, QUERY_SAME_ID + 1, &nulls[SAME_ID]);
	if (!nulls[SAME_KEY])
		tuplesort_putdatum(scan->marks, Int64GetDatum(key_mark(scan, values[SAME_KEY])),
		                   false);
	if (nulls[SAME_KEY] || nulls[SAME_ROW_NO] || nulls[SAME_ID])
		tuplesort_puttupleslot(scan->rows, slot);
	else
		tuplestore_putvalues(scan->same, scan->same_desc, values, nulls);
	MemoryContextSwitchTo(old);
	MemoryContextReset(scan->row);
	return true;
}

/* The query has ended, and the receiver needs no memory of its own. */
static void
ignore_end(DestReceiver *self)
{
}

/* Lists the marks that come twice, unless that takes more than work_mem. */
static void
list_repeated(MergeScan *scan)
{
	Size most = Max(work_mem * (Size) 1024 / sizeof(int64), 64);
	Size room = 64;
	int64 last = 0;
	bool first = true;
	Datum value;
	bool isnull;

	scan->repeated = palloc(sizeof(int64) * room);
	tuplesort_performsort(scan->marks);
	while (!scan->all_repeated && pm_tuplesort_getdatum(scan->marks, &value, &isnull))
	{
		int64 mark = DatumGetInt64(value);

		CHECK_FOR_INTERRUPTS();
		if (!first && mark == last &&
		    (scan->nrepeated == 0 || scan->repeated[scan->nrepeated - 1] != mark))
		{
			if (scan->nrepeated == most)
				scan->all_repeated = true;
			else if (scan->nrepeated == room)
			{
				room = Min(room * 2, most);
				scan->repeated = repalloc_huge(scan->repeated, sizeof(int64) * room);
			}
			if (!scan->all_repeated)
				scan->repeated[scan->nrepeated++] = mark;
		}
		first = false;
		last = mark;
	}
	tuplesort_end(scan->marks);
}

/* Two marks in ascending order. */
static int
compare_marks(const void *a, const void *b)
{
	int64 x = *(const int64 *) a;
	int64 y = *(const int64 *) b;

	return (x > y) - (x < y);
}

/* May another row have this key? */
static bool
seems_repeated(const MergeScan *scan, Datum key)
{
	int64 mark;

	if (scan->all_repeated || scan->nrepeated == 0)
		return scan->all_repeated;
	mark = key_mark(scan, key);
	return bsearch(&mark, scan->repeated, scan->nrepeated, sizeof(int64), compare_marks) !=
	       NULL;
}

/* Gives out a row of the work table that stands for many rows that are unchanged. */
static void
put_chunk(MergeScan *scan, Datum *row_nos, Datum *ids, int count)
{
	MemoryContext old = MemoryContextSwitchTo(scan->row);
	Datum *values = palloc0(sizeof(Datum) * scan->out_desc->natts);
	bool *nulls = palloc(sizeof(bool) * scan->out_desc->natts);

	memset(nulls, true, sizeof(bool) * scan->out_desc->natts);
	values[OUT_POS] = Int64GetDatum(scan->pos);
	values[OUT_ROW_NOS] = PointerGetDatum(construct_array(
	    row_nos, count, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	values[OUT_PRODUCT_IDS] = PointerGetDatum(
	    construct_array(ids, count, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR));
	nulls[OUT_POS] = nulls[OUT_ROW_NOS] = nulls[OUT_PRODUCT_IDS] = false;
	tuplestore_putvalues(scan->out, scan->out_desc, values, nulls);
	scan->pos += CHUNK_ROWS;
	MemoryContextSwitchTo(old);
	MemoryContextReset(scan->row);
}

/* Packs the rows that are unchanged; those whose key seems to come twice join the sort. */
static void
pack_same(MergeScan *scan)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(scan->same_desc, &TTSOpsMinimalTuple);
	TupleTableSlot *row = MakeSingleTupleTableSlot(scan->desc, &TTSOpsVirtual);
	Datum *row_nos = palloc(sizeof(Datum) * CHUNK_ROWS);
	Datum *ids = palloc(sizeof(Datum) * CHUNK_ROWS);
	pg_uuid_t *bytes = palloc(sizeof(pg_uuid_t) * CHUNK_ROWS);
	int count = 0;

	for (int i = 0; i < CHUNK_ROWS; i++)
		ids[i] = UUIDPGetDatum(&bytes[i]);
	while (tuplestore_gettupleslot(scan->same, true, false, slot))
	{
		MemoryContext old = MemoryContextSwitchTo(scan->row);
		bool repeated;

		CHECK_FOR_INTERRUPTS();
		slot_getallattrs(slot);
		repeated = seems_repeated(scan, slot->tts_values[SAME_KEY]);
		MemoryContextSwitchTo(old);
		if (repeated)
		{
			ExecClearTuple(row);
			memset(row->tts_isnull, true, sizeof(bool) * scan->desc->natts);
			row->tts_values[QUERY_ROW_NO] = slot->tts_values[SAME_ROW_NO];
			row->tts_values[QUERY_SAME_ID] = slot->tts_values[SAME_ID];
			row->tts_values[scan->key] = slot->tts_values[SAME_KEY];
			row->tts_isnull[QUERY_ROW_NO] = row->tts_isnull[QUERY_SAME_ID] =
			    row->tts_isnull[scan->key] = false;
			ExecStoreVirtualTuple(row);
			tuplesort_puttupleslot(scan->rows, row);
		}
		else
		{
			row_nos[count] = slot->tts_values[SAME_ROW_NO];
			bytes[count] = *DatumGetUUIDP(slot->tts_values[SAME_ID]);
			if (++count == CHUNK_ROWS)
			{
				put_chunk(scan, row_nos, ids, count);
				count = 0;
			}
		}
		MemoryContextReset(scan->row);
	}
	if (count > 0)
		put_chunk(scan, row_nos, ids, count);
	tuplestore_end(scan->same);
	ExecDropSingleTupleTableSlot(row);
	ExecDropSingleTupleTableSlot(slot);
}

/*
 * Gives out the rows of the sort, each with its place and, if it is neither unchanged nor
 * a conflict, the id of the product that it makes if it is new.
 */
static void
put_rows(MergeScan *scan)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(scan->desc, &TTSOpsMinimalTuple);
	MemoryContext first = AllocSetContextCreate(scan->memory, "pm_catalog first of a key",
	                                            ALLOCSET_SMALL_SIZES);
	Datum *values = palloc0(sizeof(Datum) * scan->out_desc->natts);
	bool *nulls = palloc(sizeof(bool) * scan->out_desc->natts);
	bool has_first = false;
	Datum first_key = 0;
	char *first_row_no = NULL;
	Oid uuid7 = LookupFuncName(list_make2(makeString("pm_xref"), makeString("uuid7")), 0,
	                           NULL, false);
	FmgrInfo make_id;

	fmgr_info(uuid7, &make_id);
	tuplesort_performsort(scan->rows);
	while (tuplesort_gettupleslot(scan->rows, true, false, slot, NULL))
	{
		MemoryContext old = MemoryContextSwitchTo(scan->row);
		const char *reason = NULL;
		bool same;

		CHECK_FOR_INTERRUPTS();
		slot_getallattrs(slot);
		memset(nulls, true, sizeof(bool) * scan->out_desc->natts);
		if (slot->tts_isnull[scan->key])
			reason = psprintf("22004: \"%s\" is NULL", scan->key_name);
		else if (has_first && datum_image_eq(first_key, slot->tts_values[scan->key],
		                                     scan->key_by_value, scan->key_length))
			reason = psprintf("23505: duplicate of row %s", first_row_no);
		else
		{
			MemoryContextReset(first);
			MemoryContextSwitchTo(first);
			first_key = datumCopy(slot->tts_values[scan->key], scan->key_by_value,
			                      scan->key_length);
			first_row_no =
			    slot->tts_isnull[QUERY_ROW_NO]
			        ? ""
			        : psprintf(INT64_FORMAT, DatumGetInt64(slot->tts_values[QUERY_ROW_NO]));
			has_first = true;
			MemoryContextSwitchTo(scan->row);
		}

		same = reason == NULL && !slot->tts_isnull[QUERY_SAME_ID];
		values[OUT_POS] = Int64GetDatum(scan->pos++);
		nulls[OUT_POS] = false;
		values[OUT_ROW_NO] = slot->tts_values[QUERY_ROW_NO];
		nulls[OUT_ROW_NO] = slot->tts_isnull[QUERY_ROW_NO];
		if (reason != NULL)
		{
			values[OUT_REASON] = CStringGetTextDatum(reason);
			nulls[OUT_REASON] = false;
		}
		else if (same)
		{
			values[OUT_SAME_ID] = slot->tts_values[QUERY_SAME_ID];
			nulls[OUT_SAME_ID] = false;
		}
		else
		{
			values[OUT_DIGEST] = slot->tts_values[QUERY_DIGEST];
			nulls[OUT_DIGEST] = slot->tts_isnull[QUERY_DIGEST];
			values[OUT_NEW_ID] = FunctionCall0Coll(&make_id, InvalidOid);
			nulls[OUT_NEW_ID] = false;
			for (int i = QUERY_COLUMNS; i < scan->desc->natts; i++)
			{
				values[OUT_COLUMNS + i - QUERY_COLUMNS] = slot->tts_values[i];
				nulls[OUT_COLUMNS + i - QUERY_COLUMNS] = slot->tts_isnull[i];
			}
		}
		tuplestore_putvalues(scan->out, scan->out_desc, values, nulls);
		MemoryContextSwitchTo(old);
		MemoryContextReset(scan->row);
	}
	tuplesort_end(scan->rows);
	ExecDropSingleTupleTableSlot(slot);
}

/* The columns that come out. */
static TupleDesc
describe_out(TupleDesc query)
{
	TupleDesc desc = CreateTemplateTupleDesc(OUT_COLUMNS + query->natts - QUERY_COLUMNS);

	TupleDescInitEntry(desc, OUT_POS + 1, "pos", INT8OID, -1, 0);
	TupleDescInitEntry(desc, OUT_ROW_NO + 1, "row_no", INT8OID, -1, 0);
	TupleDescInitEntry(desc, OUT_DIGEST + 1, "digest", UUIDOID, -1, 0);
	TupleDescInitEntry(desc, OUT_SAME_ID + 1, "same_id", UUIDOID, -1, 0);
	TupleDescInitEntry(desc, OUT_NEW_ID + 1, "new_id", UUIDOID, -1, 0);
	TupleDescInitEntry(desc, OUT_REASON + 1, "reason", TEXTOID, -1, 0);
	TupleDescInitEntry(desc, OUT_ROW_NOS + 1, "row_nos", INT8ARRAYOID, -1, 0);
	TupleDescInitEntry(desc, OUT_PRODUCT_IDS + 1, "product_ids", UUIDARRAYOID, -1, 0);
	for (int i = QUERY_COLUMNS; i < query->natts; i++)
		TupleDescCopyEntry(desc, OUT_COLUMNS + i - QUERY_COLUMNS + 1, query, i + 1);
	return desc;
}

PG_FUNCTION_INFO_V1(pm_catalog_merge_scan);

/*
 * _merge_scan(query text, key text, batch bytea): rows for _merge_rows, whose first columns are pos,
 * row_no, digest, same_id, new_id, reason, row_nos and product_ids, from a query whose
 * first ones are row_no, digest and same_id; the key is one of the columns that follow,
 * of text or of eight bytes by value.  batch is the query's $1.  Throws what the query throws, 42703 if it has no
 * such column, 42804 if the key is of another type, 22023 if it is no such query.
 */
Datum
pm_catalog_merge_scan(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MergeScan *scan = palloc0(sizeof(MergeScan));
	ParamListInfo params = makeParamList(1);
	SPIExecuteOptions options = {
	    .must_return_tuples = true, .dest = &scan->receiver, .params = params};

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		                errmsg("a query and its key must be given")));
	params->params[0].value = PG_GETARG_DATUM(2);
	params->params[0].isnull = PG_ARGISNULL(2);
	params->params[0].pflags = PARAM_FLAG_CONST;
	params->params[0].ptype = BYTEAOID;
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	scan->memory = CurrentMemoryContext;
	scan->row = AllocSetContextCreate(CurrentMemoryContext, "pm_catalog row to merge",
	                                  ALLOCSET_DEFAULT_SIZES);
	scan->key_name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	scan->out = result->setResult;
	scan->receiver.receiveSlot = receive_row;
	scan->receiver.rStartup = start_rows;
	scan->receiver.rShutdown = ignore_end;
	scan->receiver.rDestroy = ignore_end;
	scan->receiver.mydest = DestSQLFunction;

	SPI_connect();
	if (SPI_execute_extended(text_to_cstring(PG_GETARG_TEXT_PP(0)), &options) !=
	        SPI_OK_SELECT ||
	    scan->desc == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("rows to merge must come from one SELECT of a number, a "
		                       "digest, a product and columns")));
	SPI_finish();

	scan->out_desc = describe_out(scan->desc);
	list_repeated(scan);
	pack_same(scan);
	put_rows(scan);
	/* in the memory of the result: the server compares it with what the call expects */
	MemoryContextSwitchTo(result->econtext->ecxt_per_query_memory);
	result->setDesc = CreateTupleDescCopy(scan->out_desc);
	MemoryContextSwitchTo(scan->memory);
	return (Datum) 0;
}
