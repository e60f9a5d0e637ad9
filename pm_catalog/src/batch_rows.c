/*
 * batch_rows.c - rows that come in one value, in the binary format of COPY
 *
 * A batch travels as one parameter of one statement.  Its rows have the form that COPY
 * BINARY gives each tuple: the number of fields, then of each one its length, -1 for
 * NULL, and its bytes as the type's receive function takes them.  There is no header
 * and no trailer.  The bytes come from a client: every length is checked against what
 * is left, and values are checked by their types.
 */
#include "pm_catalog_module.h"

#include "executor/executor.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"

/* How a column is received. */
typedef struct Column
{
	FmgrInfo receive;
	Oid io_param;
	int32 typmod;
} Column;

/* Throws that the bytes are not what they should be. */
static void
pg_attribute_noreturn() bad_rows(int64 row, const char *what)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
	                errmsg("rows are not in the binary format of COPY"),
	                errdetail_internal("row %lld: %s", (long long) row, what)));
}

/* A number of size bytes that comes next. */
static int32
next_number(StringInfo bytes, int size, int64 row)
{
	if (bytes->len - bytes->cursor < size)
		bad_rows(row, "it ends within a number");
	return size == 2 ? (int16) pq_getmsgint(bytes, 2) : (int32) pq_getmsgint(bytes, 4);
}

/* The value that comes next. */
static Datum
next_value(StringInfo bytes, Column *column, int64 row, bool *is_null)
{
	StringInfoData field;
	int32 length = next_number(bytes, 4, row);
	char kept;
	Datum value;

	*is_null = length == -1;
	if (*is_null)
		return ReceiveFunctionCall(&column->receive, NULL, column->io_param,
		                           column->typmod);
	if (length < 0 || length > bytes->len - bytes->cursor)
		bad_rows(row, "it ends within a value");

	/* receive functions may count on a zero byte behind the value */
	field.data = bytes->data + bytes->cursor;
	field.len = field.maxlen = length;
	field.cursor = 0;
	bytes->cursor += length;
	kept = bytes->data[bytes->cursor];
	bytes->data[bytes->cursor] = '\0';
	value = ReceiveFunctionCall(&column->receive, &field, column->io_param, column->typmod);
	bytes->data[bytes->cursor] = kept;
	if (field.cursor != length)
		bad_rows(row, "a value is longer than its type");
	return value;
}

PG_FUNCTION_INFO_V1(pm_catalog_batch_rows);

/*
 * _batch_rows(rows): the rows, of the columns that the call gives it.  Throws 22P03 if
 * the bytes are not such rows, and what the types say of their values.
 */
Datum
pm_catalog_batch_rows(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	bytea *rows = PG_GETARG_BYTEA_PP(0);
	StringInfoData bytes;
	TupleDesc desc;
	Column *columns;
	Datum *values;
	bool *nulls;
	MemoryContext memory;
	MemoryContext old;
	int64 row = 0;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	desc = result->setDesc;
	columns = palloc(desc->natts * sizeof(Column));
	values = palloc(desc->natts * sizeof(Datum));
	nulls = palloc(desc->natts * sizeof(bool));
	for (int i = 0; i < desc->natts; i++)
	{
		Oid receive;

		getTypeBinaryInputInfo(TupleDescAttr(desc, i)->atttypid, &receive,
		                       &columns[i].io_param);
		fmgr_info(receive, &columns[i].receive);
		columns[i].typmod = TupleDescAttr(desc, i)->atttypmod;
	}

	/* a copy: values are ended with a zero byte where they stand */
	initStringInfo(&bytes);
	appendBinaryStringInfo(&bytes, VARDATA_ANY(rows), VARSIZE_ANY_EXHDR(rows));

	memory =
	    AllocSetContextCreate(CurrentMemoryContext, "batch row", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(memory);
	while (bytes.cursor < bytes.len)
	{
		CHECK_FOR_INTERRUPTS();
		row++;
		if (next_number(&bytes, 2, row) != desc->natts)
			bad_rows(row, "it has another number of fields than there are columns");
		for (int i = 0; i < desc->natts; i++)
			values[i] = next_value(&bytes, &columns[i], row, &nulls[i]);
		tuplestore_putvalues(result->setResult, desc, values, nulls);
		MemoryContextReset(memory);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(memory);
	return (Datum) 0;
}
