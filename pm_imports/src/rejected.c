/*
 * rejected.c - rejected records as bytes: text in the encoding of the source, workbooks
 *
 * Imports need a database in UTF-8, so that is what texts are.
 */
#include "pm_imports_module.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "pm_encoding.h"
#include "pm_xlsx_write.h"

#define ROWS_AT_ONCE 1000

PG_FUNCTION_INFO_V1(pm_imports__encoded);
PG_FUNCTION_INFO_V1(pm_imports__rejected_workbook);

/* A file is more than a value of the server may have. */
static void
too_large(void)
{
	ereport(ERROR,
	        (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
	         errmsg("the file of rejected records would have more than 1 GB"),
	         errhint("Take the records from pm_imports.import_errors, in several parts.")));
}

static PmText
text_of(const text *value)
{
	return (PmText){VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)};
}

/*
 * _encoded(content text, encoding text) returns bytea: a text in one of the encodings that
 * files have, "?" for what is not in it.
 */
Datum
pm_imports__encoded(PG_FUNCTION_ARGS)
{
	PmText content = text_of(PG_GETARG_TEXT_PP(0));
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	PmEncoding encoding = PM_ENCODING_UTF8;
	bytea *result;
	size_t size;

	while (encoding <= PM_ENCODING_LATIN9 &&
	       pg_strcasecmp(pm_encoding_name(encoding), name) != 0)
		encoding++;
	if (encoding > PM_ENCODING_LATIN9)
		elog(ERROR, "no file has encoding \"%s\"", name);
	if (content.size > (MaxAllocSize - VARHDRSZ) / PM_ENCODE_GROWTH)
		too_large();
	result = palloc(VARHDRSZ + content.size * PM_ENCODE_GROWTH);
	size = pm_encoding_encode(encoding, content.data, content.size, VARDATA(result));
	SET_VARSIZE(result, VARHDRSZ + size);
	PG_RETURN_BYTEA_P(result);
}

/* Throws why a workbook cannot be written. */
static void
check_writer(const PmXlsxWriter *writer)
{
	PmXlsxWriteFault fault =
	    writer == NULL ? PM_XLSX_WRITE_MEMORY : pm_xlsx_write_fault(writer);

	if (fault == PM_XLSX_WRITE_MEMORY)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	if (fault == PM_XLSX_WRITE_TOO_LARGE)
		too_large();
}

/* Writes the names of the columns, unless there are none. */
static void
write_names(PmXlsxWriter *writer, ArrayType *array)
{
	Datum *values;
	PmText *names;
	int count;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &values, NULL, &count);
	if (count == 0)
		return;
	names = palloc(count * sizeof(PmText));
	for (int i = 0; i < count; i++)
		names[i] = text_of(DatumGetTextPP(values[i]));
	pm_xlsx_write_names(writer, names, count);
	check_writer(writer);
}

/* Writes rejected rows of an import: see _rejected_rows(). */
static void
write_rows(PmXlsxWriter *writer, const NullableDatum *job, const NullableDatum *again)
{
	Oid types[2] = {UUIDOID, TEXTARRAYOID};
	Datum values[2] = {job->value, again->value};
	char nulls[2] = {' ', again->isnull ? 'n' : ' '};
	Portal rows = SPI_cursor_open_with_args(
	    NULL, "SELECT r.raw FROM pm_imports._rejected_rows($1, $2) AS r ORDER BY r.record",
	    2, types, values, nulls, true, 0);

	for (;;)
	{
		SPI_cursor_fetch(rows, true, ROWS_AT_ONCE);
		if (SPI_processed == 0)
			break;
		for (uint64 i = 0; i < SPI_processed; i++)
		{
			bool is_null;
			Datum stored =
			    SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &is_null);
			text *raw = DatumGetTextPP(stored);

			CHECK_FOR_INTERRUPTS();
			pm_xlsx_write_row(writer, text_of(raw));
			check_writer(writer);
			if ((Pointer) raw != DatumGetPointer(stored))
				pfree(raw); /* fetched from the TOAST table, megabytes each */
		}
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_cursor_close(rows);
}

/*
 * _rejected_workbook(job uuid, again text[], sheet text, skip bigint, names text[]) returns
 * bytea: a workbook of the rejected rows of an import whose file was one, as _rejected_rows()
 * has them.  names: its header, empty if it has none.
 */
Datum
pm_imports__rejected_workbook(PG_FUNCTION_ARGS)
{
	PmText sheet = text_of(PG_GETARG_TEXT_PP(2));
	MemoryContext outer = CurrentMemoryContext;
	PmXlsxWriter *volatile writer = NULL;
	bytea *volatile result = NULL;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	PG_TRY();
	{
		PmText file;

		writer = pm_xlsx_write_begin(sheet, PG_GETARG_INT64(3), MaxAllocSize - VARHDRSZ);
		check_writer(writer);
		write_names(writer, PG_GETARG_ARRAYTYPE_P(4));
		write_rows(writer, &fcinfo->args[0], &fcinfo->args[1]);
		pm_xlsx_write_end(writer, &file);
		check_writer(writer);
		result = MemoryContextAlloc(outer, VARHDRSZ + file.size);
		SET_VARSIZE(result, VARHDRSZ + file.size);
		memcpy(VARDATA(result), file.data, file.size);
	}
	PG_FINALLY();
	{
		pm_xlsx_write_free(writer);
	}
	PG_END_TRY();
	SPI_finish();
	PG_RETURN_BYTEA_P(result);
}
