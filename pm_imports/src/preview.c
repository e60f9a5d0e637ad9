/*
 * preview.c - the first records of a file, as an import would read them
 *
 * Nothing is written and the catalog is not asked.  The reader, the plan and the rows are
 * those of an import; what is shown of a value is what it became.
 */
#include "import.h"
#include "pm_imports_module.h"

#include <unistd.h>

#include "funcapi.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/tuplestore.h"

#include "pm_gtin.h"

/* A reader that is closed with memory. */
typedef struct Opened
{
	MemoryContextCallback callback;
	PmReader *reader;
} Opened;

static void
close_opened(void *arg)
{
	Opened *opened = arg;

	if (opened->reader != NULL)
		pm_reader_close(opened->reader);
	opened->reader = NULL;
}

/*
 * Opens a reader for a function of (plan, path, content, rows), on the file at path if it is
 * not NULL, else of content, and compiles the plan, for as long as memory lasts.  Throws
 * 22004 if what is needed is NULL, 22P04 if the file is none.
 */
PmReader *
pm_imports_preview_open(FunctionCallInfo fcinfo, MemoryContext memory,
                        ImportPlan **compiled)
{
	Opened *opened = MemoryContextAllocZero(memory, sizeof(Opened));
	PmReaderFailure failure = {0};
	ImportPlan *plan;
	int fd;

	if (PG_ARGISNULL(0) || (PG_ARGISNULL(1) && PG_ARGISNULL(2)) || PG_ARGISNULL(3))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
		                errmsg("plan, file or rows are NULL")));
	*compiled = plan = pm_imports_plan_compile(memory, PG_GETARG_JSONB_P(0));
	if (PG_ARGISNULL(1))
	{
		const bytea *content = PG_GETARG_BYTEA_PP(2);

		fd = pm_imports_source_of_bytes(memory, VARDATA_ANY(content),
		                                VARSIZE_ANY_EXHDR(content));
	}
	else
		fd = pm_imports_source_of_file(memory, text_to_cstring(PG_GETARG_TEXT_PP(1)));

	plan->reader.temp_dir = pm_imports_source_temporary(memory);
	opened->callback.func = close_opened;
	opened->callback.arg = opened;
	MemoryContextRegisterResetCallback(memory, &opened->callback);
	opened->reader = pm_reader_open(fd, &plan->reader, &failure);
	if (opened->reader == NULL)
		ereport(ERROR, (errcode(ERRCODE_BAD_COPY_FILE_FORMAT),
		                errmsg("%s", pm_imports_reader_fault(&failure))));
	return opened->reader;
}

/* Reads the next record; false: there is none.  Throws 22P04 if it cannot. */
bool
pm_imports_preview_next(PmReader *reader, PmRecord *record)
{
	PmReadStatus status;

	do
	{
		CHECK_FOR_INTERRUPTS();
		status = pm_reader_next(reader, record);
	} while (status == PM_READ_AGAIN);
	if (status == PM_READ_FAILED)
		ereport(ERROR, (errcode(ERRCODE_BAD_COPY_FILE_FORMAT),
		                errmsg("%s", pm_imports_reader_fault(pm_reader_failure(reader)))));
	return status == PM_READ_RECORD;
}

/* The values of the record that was read, as JSON. */
static Datum
values_as_json(const ImportPlan *plan)
{
	StringInfoData json;

	initStringInfo(&json);
	for (int i = 0; i < plan->target_count; i++)
	{
		const Target *target = &plan->targets[i];
		PmText text = plan->texts[i];

		appendStringInfoString(&json, json.len == 0 ? "{" : ", ");
		escape_json(&json, target->name);
		appendStringInfoString(&json, ": ");
		if (plan->values[i].data == NULL || plan->broken[i])
			appendStringInfoString(&json, "null");
		else if (target->type == TARGET_GTIN)
		{
			char digits[PM_GTIN_MAX_DIGITS + 1];
			uint64 number;

			memcpy(&number, plan->values[i].data, sizeof(number));
			digits[pm_gtin_format((int64) pg_ntoh64(number), 0, digits)] = '\0';
			escape_json(&json, digits);
		}
		else
			escape_json(&json, pnstrdup(text.data, text.size));
	}
	appendStringInfoString(&json, json.len == 0 ? "{}" : "}");
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}

/* The errors of the record that was read last, as JSON. */
static Datum
errors_as_json(const Batch *batch)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '[');
	for (int i = 0; i < batch->error_count; i++)
	{
		const ImportError *error = &batch->errors[i];
		const struct
		{
			const char *name;
			const char *text;
		} members[] = {
		    {"column",   error->column                       },
		    {"target",   error->target                       },
		    {"value",    error->value                        },
		    {"code",     error->code                         },
		    {"message",  error->message                      },
		    {"severity", error->warning ? "warning" : "error"}
        };

		appendStringInfoString(&json, i == 0 ? "{" : ", {");
		for (int j = 0; j < lengthof(members); j++)
		{
			appendStringInfo(&json, "%s\"%s\": ", j == 0 ? "" : ", ", members[j].name);
			if (members[j].text == NULL)
				appendStringInfoString(&json, "null");
			else
				escape_json(&json, members[j].text);
		}
		appendStringInfoChar(&json, '}');
	}
	appendStringInfoChar(&json, ']');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}

/* Puts a record into the result. */
static void
put_record(ReturnSetInfo *result, ImportPlan *plan, const PmReader *reader,
           const PmRecord *record, Batch *batch)
{
	bool good = pm_imports_row_read(plan, reader, record, batch) == ROW_GOOD &&
	            !pm_imports_row_repeats_gtin(plan, reader, record, batch);
	bool readable = record->fault == PM_RECORD_GOOD;
	Datum values[6];
	bool nulls[6] = {false};

	values[0] = Int64GetDatum(record->number);
	values[1] = Int64GetDatum(record->line);
	values[2] = BoolGetDatum(!good);
	nulls[3] = !readable;
	values[3] = readable ? values_as_json(plan) : (Datum) 0;
	values[4] = errors_as_json(batch);
	nulls[5] = record->raw.data == NULL;
	values[5] = nulls[5] ? (Datum) 0
	                     : PointerGetDatum(cstring_to_text_with_len(
	                           record->raw.data, (int) record->raw.size));
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

PG_FUNCTION_INFO_V1(pm_imports__preview);

/*
 * _preview(plan, path, content, rows): the first records of the file at path, or of
 * content.  Throws what keeps the file from being read.
 */
Datum
pm_imports__preview(PG_FUNCTION_ARGS)
{
	MemoryContext memory =
	    AllocSetContextCreate(CurrentMemoryContext, "preview", ALLOCSET_DEFAULT_SIZES);
	int64 rows = PG_GETARG_INT32(3);
	ImportPlan *plan;
	PmReader *reader;
	Batch *batch;
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext old;
	PmRecord record;
	int number = 0;

	InitMaterializedSRF(fcinfo, 0);
	reader = pm_imports_preview_open(fcinfo, memory, &plan);
	batch = pm_imports_batch_create(memory);
	while (number < rows && pm_imports_preview_next(reader, &record))
	{
		pm_imports_batch_reset(batch, ++number);
		old = MemoryContextSwitchTo(batch->memory);
		put_record((ReturnSetInfo *) fcinfo->resultinfo, plan, reader, &record, batch);
		MemoryContextSwitchTo(old);
	}
	pm_imports_computed_close(plan);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(memory);
	return (Datum) 0;
}
