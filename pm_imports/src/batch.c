/*
 * batch.c - records that are merged and counted as one
 *
 * A batch has the rows that are sent, the errors of records that were rejected, and
 * enough of each row that was sent to make an error of it should the catalog refuse it.
 * It ends after so many records, or when records, rows and errors have so many bytes:
 * both are the same whenever the file is read again.
 */
#include "import.h"
#include "row.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#define TEXT_OVERHEAD 32 /* bytes that a text takes beyond its own, about */
#define ERROR_TEXTS   5  /* of an error, but for its record */

/* An empty batch, which lives in memory. */
Batch *
pm_imports_batch_create(MemoryContext memory)
{
	Batch *batch = MemoryContextAllocZero(memory, sizeof(Batch));

	batch->memory = AllocSetContextCreate(memory, "import batch", ALLOCSET_DEFAULT_SIZES);
	return batch;
}

/* Empties it for the batch of this number. */
void
pm_imports_batch_reset(Batch *batch, int number)
{
	MemoryContext memory = batch->memory;
	MemoryContext old;

	MemoryContextReset(memory);
	*batch = (Batch){.memory = memory, .number = number};
	old = MemoryContextSwitchTo(memory);
	initStringInfo(&batch->rows);
	appendStringInfoSpaces(&batch->rows, VARHDRSZ);
	initStringInfo(&batch->raws);
	MemoryContextSwitchTo(old);
}

/* The first characters of a text; NULL of none. */
static char *
beginning(PmText text, int most)
{
	if (text.data == NULL)
		return NULL;
	return pnstrdup(text.data,
	                pg_mbcharcliplen(text.data, (int) Min(text.size, INT_MAX), most));
}

/*
 * Notes what is wrong with a record.  value: as it stands in the file.  The first error
 * of a record that is no warning keeps the record itself.
 */
void
pm_imports_batch_error(Batch *batch, const PmRecord *record, const char *column,
                       const char *target, PmText value, const char *code,
                       const char *message, bool warning)
{
	MemoryContext old = MemoryContextSwitchTo(batch->memory);
	ImportError *error;

	if (batch->error_count == batch->error_room)
	{
		batch->error_room = Max(64, batch->error_room * 2);
		batch->errors = batch->errors == NULL
		                    ? palloc(batch->error_room * sizeof(ImportError))
		                    : repalloc_huge(batch->errors,
		                                    (Size) batch->error_room * sizeof(ImportError));
	}
	error = &batch->errors[batch->error_count++];
	*error = (ImportError){.record = record->number,
	                       .line = record->line,
	                       .offset = record->offset,
	                       .column = column == NULL ? NULL : pstrdup(column),
	                       .target = target == NULL ? NULL : pstrdup(target),
	                       .value = beginning(value, ERROR_VALUE),
	                       .code = pstrdup(code),
	                       .message = pstrdup(message),
	                       .warning = warning};
	batch->warnings += warning;
	batch->bytes += sizeof(ImportError) + strlen(message) + Min(value.size, ERROR_VALUE) +
	                ERROR_TEXTS * TEXT_OVERHEAD;
	MemoryContextSwitchTo(old);
}

/* Notes that the row which was appended last is of this record. */
void
pm_imports_batch_send(Batch *batch, const PmRecord *record)
{
	MemoryContext old = MemoryContextSwitchTo(batch->memory);

	if (batch->sent_count == batch->sent_room)
	{
		batch->sent_room = Max(1024, batch->sent_room * 2);
		batch->sent = batch->sent == NULL
		                  ? palloc(batch->sent_room * sizeof(SentRow))
		                  : repalloc(batch->sent, batch->sent_room * sizeof(SentRow));
	}
	batch->sent[batch->sent_count++] = (SentRow){.record = record->number,
	                                             .line = record->line,
	                                             .offset = record->offset,
	                                             .raw = batch->raws.len,
	                                             .raw_size = (int32) record->raw.size};
	appendBinaryStringInfo(&batch->raws, record->raw.data, (int) record->raw.size);
	MemoryContextSwitchTo(old);
}

/* Notes that a record was rejected: its errors are those from this one on. */
void
pm_imports_batch_reject(Batch *batch, const PmRecord *record, int first_error)
{
	MemoryContext old = MemoryContextSwitchTo(batch->memory);

	batch->failed++;
	if (record->raw.data != NULL)
	{
		batch->errors[first_error].raw = pnstrdup(record->raw.data, record->raw.size);
		batch->bytes += record->raw.size + TEXT_OVERHEAD;
	}
	MemoryContextSwitchTo(old);
}

/* Which of two errors comes first; those of a record stay in their order. */
static int
compare_errors(const void *left, const void *right)
{
	const ImportError *a = left;
	const ImportError *b = right;

	if (a->record != b->record)
		return a->record < b->record ? -1 : 1;
	return a->ordinal < b->ordinal ? -1 : a->ordinal > b->ordinal;
}

/* The row of a record that was sent; NULL: there is none. */
static const SentRow *
sent_row(const Batch *batch, int64 record)
{
	int low = 0;
	int high = batch->sent_count;

	while (low < high)
	{
		int middle = low + (high - low) / 2;

		if (batch->sent[middle].record < record)
			low = middle + 1;
		else
			high = middle;
	}
	return low < batch->sent_count && batch->sent[low].record == record ? &batch->sent[low]
	                                                                    : NULL;
}

/* Before the name of the rule in the message of a broken CHECK. */
#define RULE  "constraint \""
/* Before the column in the message of a value that is missing. */
#define NEEDS "needs a "
/* In the message of a product that does not fit its family; lines "attribute: fault" follow. */
#define FITS  " does not fit its family "

/* The target whose name a text begins with, before a character; NULL: none. */
static const Target *
target_before(const ImportPlan *plan, const char *text, char end)
{
	const Target *found = NULL;
	size_t longest = 0;

	for (int i = 0; i < plan->target_count; i++)
	{
		size_t size = strlen(plan->targets[i].name);

		if (size > longest && strncmp(text, plan->targets[i].name, size) == 0 &&
		    text[size] == end)
		{
			found = &plan->targets[i];
			longest = size;
		}
	}
	return found;
}

/* Where the next of a row's reasons begins, on a line of its own; NULL: this is the last. */
static char *
next_reason(char *reason)
{
	while ((reason = strchr(reason, '\n')) != NULL)
	{
		reason++;
		if (reason[0] == '2' && (reason[1] == '2' || reason[1] == '3') &&
		    strspn(reason, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5 &&
		    strncmp(reason + 5, ": ", 2) == 0)
			return reason;
	}
	return NULL;
}

/* Is the same rule of another table among the errors from this one on, for this value? */
static bool
is_told(const Batch *batch, int first_error, const char *constraint, PmText value)
{
	for (int i = first_error; i < batch->error_count; i++)
	{
		const ImportError *error = &batch->errors[i];
		const char *told = strstr(error->message, RULE);

		if (told != NULL && strcmp(told, constraint) == 0 && error->value != NULL &&
		    value.data != NULL && strcmp(error->value, value.data) == 0)
			return true;
	}
	return false;
}

/*
 * Notes one reason why the catalog did not merge a record: SQLSTATE, colon, blank, message,
 * and mostly a line "column: value".  A CHECK names its constraint, which is named after
 * its column, such as title_is_a_label.  What does not fit a family has lines as well.
 */
static void
take_reason(Batch *batch, const ImportPlan *plan, const PmReader *reader,
            const PmRecord *record, int first_error, char *reason)
{
	const char *constraint;
	const Target *target = NULL;
	PmText value = {NULL, 0};
	char code[6] = "";
	char *values;

	if (strlen(reason) > 7 && reason[5] == ':')
	{
		strlcpy(code, reason, sizeof(code));
		reason += 7;
	}
	values = strchr(reason, '\n');
	constraint = strcmp(code, "23514") == 0 ? strstr(reason, RULE) : NULL;
	if (constraint != NULL)
		target = target_before(plan, constraint + strlen(RULE), '_');
	else if (strcmp(code, "23502") == 0 && strstr(reason, NEEDS) != NULL)
		target = target_before(plan, strstr(reason, NEEDS) + strlen(NEEDS), '\0');
	if (target == NULL && values != NULL && strstr(reason, FITS) == NULL)
		target = target_before(plan, values + 1, ':');
	if (target != NULL && values != NULL && strchr(values + 1, '\n') == NULL)
	{
		/* the only one: of this column */
		*values = '\0';
		value.data = strstr(values + 1, ": ");
		if (value.data != NULL)
			value = (PmText){value.data + 2, strlen(value.data + 2)};
	}
	if (constraint != NULL && is_told(batch, first_error, constraint, value))
		return;
	pm_imports_batch_error(
	    batch, record, target == NULL ? NULL : pm_imports_row_column(reader, target),
	    target == NULL ? NULL : target->name, value, code, reason, false);
}

/*
 * Takes in what the catalog made of the rows that were sent; each reason of a conflict is
 * an error, whose code is its SQLSTATE.
 */
void
pm_imports_batch_take(Batch *batch, const ImportPlan *plan, const PmReader *reader,
                      const Merged *merged)
{
	batch->created = merged->created;
	batch->updated = merged->updated;
	batch->unchanged += merged->unchanged;
	for (int i = 0; i < merged->conflict_count; i++)
	{
		const SentRow *sent = sent_row(batch, merged->row_nos[i]);
		int first_error = batch->error_count;
		char *reason = pstrdup(merged->reasons[i]);
		PmRecord record;

		if (sent == NULL)
			ereport(ERROR,
			        (errcode(ERRCODE_DATA_CORRUPTED),
			         errmsg("the catalog names row %lld of batch %d, which was not sent",
			                (long long) merged->row_nos[i], batch->number)));
		record = (PmRecord){
		    .number = sent->record,
		    .line = sent->line,
		    .offset = sent->offset,
		    .raw = {batch->raws.data + sent->raw, sent->raw_size}
        };
		while (reason != NULL)
		{
			char *next = next_reason(reason);

			if (next != NULL)
				next[-1] = '\0';
			take_reason(batch, plan, reader, &record, first_error, reason);
			reason = next;
		}
		pm_imports_batch_reject(batch, &record, first_error);
	}
}

/* Puts errors in order, counts them within their records, and their raw rows first. */
static void
order_errors(Batch *batch)
{
	ImportError *first = NULL;

	for (int i = 0; i < batch->error_count; i++)
		batch->errors[i].ordinal = i;
	qsort(batch->errors, batch->error_count, sizeof(ImportError), compare_errors);
	for (int i = 0; i < batch->error_count; i++)
	{
		ImportError *error = &batch->errors[i];

		if (first == NULL || first->record != error->record)
			first = error;
		else if (error->raw != NULL)
		{
			first->raw = error->raw;
			error->raw = NULL;
		}
		error->ordinal = (int) (error - first) + 1;
	}
}

#define ERROR_COLUMNS  11
#define ERRORS_AT_ONCE 1000

/* An array of one dimension, of what is not NULL. */
static Datum
make_array(Datum *values, bool *nulls, int count, Oid type, int length, bool by_value,
           char align)
{
	int low = 1;

	return PointerGetDatum(
	    construct_md_array(values, nulls, 1, &count, &low, type, length, by_value, align));
}

/* Inserts some errors into import_errors. */
static void
insert_errors(const ImportError *errors, int count, const char *job)
{
	static const char *const sql =
	    "INSERT INTO pm_imports.import_errors (job_id, record, ordinal, line, byte_offset, "
	    "column_name, target, value, code, message, severity, raw_row) "
	    "SELECT $1::pg_catalog.uuid, e.* "
	    "FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3), "
	    "pg_catalog.unnest($4), pg_catalog.unnest($5), pg_catalog.unnest($6), "
	    "pg_catalog.unnest($7), pg_catalog.unnest($8), pg_catalog.unnest($9), "
	    "pg_catalog.unnest($10), pg_catalog.unnest($11), "
	    "pg_catalog.unnest($12)) AS e";
	MemoryContext memory = AllocSetContextCreate(CurrentMemoryContext, "import errors",
	                                             ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(memory);
	Oid types[ERROR_COLUMNS + 1] = {TEXTOID};
	Datum arrays[ERROR_COLUMNS + 1] = {CStringGetTextDatum(job)};
	Datum *values = palloc(count * sizeof(Datum));
	bool *nulls = palloc(count * sizeof(bool));

	for (int column = 0; column < ERROR_COLUMNS; column++)
	{
		for (int i = 0; i < count; i++)
		{
			const ImportError *error = &errors[i];
			const char *text = NULL;

			nulls[i] = false;
			switch (column)
			{
				case 0:
					values[i] = Int64GetDatum(error->record);
					continue;
				case 1:
					values[i] = Int32GetDatum(error->ordinal);
					continue;
				case 2:
					values[i] = Int64GetDatum(error->line);
					continue;
				case 3:
					values[i] = Int64GetDatum(error->offset);
					continue;
				case 4:
					text = error->column;
					break;
				case 5:
					text = error->target;
					break;
				case 6:
					text = error->value;
					break;
				case 7:
					text = error->code;
					break;
				case 8:
					text = error->message;
					break;
				case 9:
					text = error->warning ? "warning" : "error";
					break;
				case 10:
					text = error->raw;
					break;
			}
			nulls[i] = text == NULL;
			values[i] = text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
		}
		if (column == 1)
		{
			types[column + 1] = INT4ARRAYOID;
			arrays[column + 1] =
			    make_array(values, nulls, count, INT4OID, 4, true, TYPALIGN_INT);
		}
		else if (column < 4)
		{
			types[column + 1] = INT8ARRAYOID;
			arrays[column + 1] =
			    make_array(values, nulls, count, INT8OID, 8, true, TYPALIGN_DOUBLE);
		}
		else
		{
			types[column + 1] = TEXTARRAYOID;
			arrays[column + 1] =
			    make_array(values, nulls, count, TEXTOID, -1, false, TYPALIGN_INT);
		}
	}
	if (SPI_execute_with_args(sql, ERROR_COLUMNS + 1, types, arrays, NULL, false, 0) !=
	    SPI_OK_INSERT)
		elog(ERROR, "errors of an import could not be inserted");
	/* not SPI's, which lasts as long as the run */
	MemoryContextSwitchTo(old);
	MemoryContextDelete(memory);
}

/*
 * Counts the batch, with its errors, in the transaction of the caller, who has a snapshot.
 * false: the job was cancelled.
 */
bool
pm_imports_batch_count(Batch *batch, const char *job)
{
	int64 numbers[] = {batch->number,
	                   batch->last_record,
	                   batch->line,
	                   batch->offset,
	                   batch->created + batch->updated,
	                   batch->failed,
	                   batch->created,
	                   batch->updated,
	                   batch->unchanged,
	                   batch->duplicates,
	                   batch->error_count - batch->warnings,
	                   batch->warnings,
	                   batch->file_bytes};
	Oid types[lengthof(numbers) + 1] = {TEXTOID};
	Datum values[lengthof(numbers) + 1] = {CStringGetTextDatum(job)};
	MemoryContext old = MemoryContextSwitchTo(batch->memory);
	bool is_null;
	bool goes_on;

	order_errors(batch);
	for (int i = 0; i < batch->error_count; i += ERRORS_AT_ONCE)
		insert_errors(&batch->errors[i], Min(ERRORS_AT_ONCE, batch->error_count - i), job);
	for (int i = 0; i < lengthof(numbers); i++)
	{
		types[i + 1] = INT8OID;
		values[i + 1] = Int64GetDatum(numbers[i]);
	}
	if (SPI_execute_with_args(
	        "SELECT pm_imports._count_batch(ROW($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, "
	        "$11, $12, $13, NULL)::pm_imports.import_batches, $14)",
	        lengthof(types), types, values, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "a batch of an import could not be counted");
	goes_on = DatumGetBool(
	    SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null));
	SPI_freetuptable(SPI_tuptable);
	MemoryContextSwitchTo(old);
	return goes_on;
}
