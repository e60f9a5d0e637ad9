/*
 * open.c - what a run needs before its first record: the job, its plan, its file
 *
 * What cannot be mended by trying again is kept as the fault of the run; anything else is
 * thrown.
 */
#include "run.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/resowner.h"

#include "pm_utf8.h"

#define NAMES_SHOWN 20 /* of columns, in a message */
#define NAME_SHOWN  64 /* characters of one */

/* A value of the first row as text, in the memory of the run; NULL for NULL. */
static char *
value_of(const Run *run, int column)
{
	char *value = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column);

	return value == NULL ? NULL : MemoryContextStrdup(run->memory, value);
}

static int64
number_of(const Run *run, int column)
{
	char *value = value_of(run, column);

	return value == NULL ? -1 : pg_strtoint64(value);
}

/* Closes the reader with the memory of the run. */
static void
close_reader(void *arg)
{
	Run *run = arg;

	if (run->reader != NULL)
		pm_reader_close(run->reader);
	run->reader = NULL;
}

/*
 * Takes up the job.  false: there is nothing to do.
 */
bool
pm_imports_run_take_up(Run *run, Jsonb **document)
{
	bool is_null;
	MemoryContext old;

	if (pm_imports_run_sql(
	        run,
	        "SELECT j.status = 'running', j.dry_run, j.plan, j.file_id, f.path, f.size, "
	        "f.device, f.inode, "
	        "(pg_catalog.date_part('epoch', f.modified_at) * 1000000)::bigint, f.sha256, "
	        "j.processed_rows, j.failed_rows, b.batch, b.last_record, "
	        "(pg_catalog.date_part('epoch', f.changed_at) * 1000000)::bigint "
	        "FROM pm_imports._begin_job($1::pg_catalog.uuid) AS j "
	        "JOIN pm_imports.import_files AS f ON f.id = j.file_id "
	        "LEFT JOIN LATERAL (SELECT c.batch, c.last_record "
	        "FROM pm_imports.import_batches AS c WHERE c.job_id = j.id "
	        "ORDER BY c.batch DESC LIMIT 1) AS b ON true",
	        NULL) != 1)
		elog(ERROR, "import \"%s\" has no file", run->job);
	if (strcmp(value_of(run, 1), "t") != 0)
		return false;
	run->dry_run = strcmp(value_of(run, 2), "t") == 0;
	run->file_id = value_of(run, 4);
	run->path = value_of(run, 5);
	run->size = number_of(run, 6);
	run->device = number_of(run, 7);
	run->inode = number_of(run, 8);
	run->modified_at = number_of(run, 9);
	run->processed = number_of(run, 11);
	run->failed = number_of(run, 12);
	/* a dry run begins with the first record: what was counted has just been taken back */
	run->counted = run->dry_run ? 0 : (int) Max(0, number_of(run, 13));
	run->last_record = run->dry_run ? 0 : Max(0, number_of(run, 14));
	run->changed_at = number_of(run, 15);
	run->sha256 = MemoryContextAlloc(run->memory, 32);
	memcpy(run->sha256,
	       VARDATA_ANY(DatumGetByteaPP(
	           SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 10, &is_null))),
	       32);
	old = MemoryContextSwitchTo(run->memory);
	*document = DatumGetJsonbPCopy(
	    SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 3, &is_null));
	MemoryContextSwitchTo(old);
	return true;
}

/* Opens what the job needs.  Throws what cannot be. */
static void
open_all(Run *run, Jsonb *document)
{
	PmReaderFailure failure = {0};

	run->plan = pm_imports_plan_compile(run->memory, document);
	run->fd = run->path != NULL
	              ? pm_imports_source_of_path(run->memory, run->path, run->device,
	                                          run->inode, run->size, run->modified_at)
	              : pm_imports_source_of_upload(run->memory, run->file_id, run->size);
	/* what was uploaded are rows of this database, which nobody else writes */
	if (run->path != NULL && !pm_imports_source_is_settled(run->fd, run->changed_at))
		pm_imports_source_check_digest(run->fd, run->sha256);

	run->plan->reader.temp_dir = pm_imports_source_temporary(run->memory);
	run->callback.func = close_reader;
	run->callback.arg = run;
	MemoryContextRegisterResetCallback(run->memory, &run->callback);
	run->reader = pm_reader_open(run->fd, &run->plan->reader, &failure);
	if (run->reader == NULL)
		run->fault = MemoryContextStrdup(run->memory, pm_imports_reader_fault(&failure));
}

/*
 * Opens what the job needs, in a subtransaction: what is wrong with the plan or the file
 * for good makes the import fail; anything else is thrown.
 */
void
pm_imports_run_open(Run *run, Jsonb *document)
{
	MemoryContext memory = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(memory);
	PG_TRY();
	{
		open_all(run, document);
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(memory);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(memory);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(memory);
		CurrentResourceOwner = owner;
		switch (error->sqlerrcode)
		{
			case ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE:
			case ERRCODE_INVALID_PARAMETER_VALUE:
			case ERRCODE_INSUFFICIENT_PRIVILEGE:
			case ERRCODE_UNDEFINED_FILE:
			case ERRCODE_WRONG_OBJECT_TYPE:
			case ERRCODE_FEATURE_NOT_SUPPORTED:
				run->fault = MemoryContextStrdup(
				    run->memory, psprintf("%s: %s", unpack_sql_state(error->sqlerrcode),
				                          error->message));
				break;
			default:
				ReThrowError(error);
		}
	}
	PG_END_TRY();
}

/* What a file turned out to be, as JSON: once its first record was read. */
char *
pm_imports_found(const PmReader *reader)
{
	static const char *const formats[] = {"", "csv", "xlsx", "xml", "json"};
	static const char *const encodings[] = {
	    "", "UTF-8", "UTF-16LE", "UTF-16BE", "Windows-1252", "ISO-8859-1", "ISO-8859-15"};
	const PmReaderFound *found = pm_reader_found(reader);
	const PmText *columns;
	int count = pm_reader_columns(reader, &columns);
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfo(&json, "{\"format\": \"%s\", \"encoding\": \"%s\"",
	                 found->by_line ? "ndjson" : formats[found->format],
	                 encodings[found->encoding]);
	appendStringInfo(&json, ", \"gzip\": %s, \"zip\": %s, \"header\": %s",
	                 found->gzip ? "true" : "false", found->zip ? "true" : "false",
	                 found->header == 1 ? "true" : "false");
	if (found->zip)
	{
		appendStringInfoString(&json, ", \"member\": ");
		escape_json(&json, found->member);
	}
	if (found->format == PM_FORMAT_XLSX)
	{
		appendStringInfoString(&json, ", \"sheet\": ");
		escape_json(&json, found->sheet);
	}
	if (found->format == PM_FORMAT_CSV)
	{
		char quote[2] = {found->quote, '\0'};

		appendStringInfoString(&json, ", \"delimiter\": ");
		escape_json(&json, found->delimiter);
		appendStringInfoString(&json, ", \"quote\": ");
		escape_json(&json, found->quote == '\1' ? "" : quote);
	}
	if (found->format == PM_FORMAT_XML)
	{
		const char *at = found->namespaces;

		appendStringInfoString(&json, ", \"namespaces\": {");
		while (at < found->namespaces + found->namespaces_size)
		{
			appendStringInfoString(&json, at > found->namespaces ? ", " : "");
			escape_json(&json, at);
			appendStringInfoString(&json, ": ");
			at += strlen(at) + 1;
			escape_json(&json, at);
			at += strlen(at) + 1;
		}
		appendStringInfoChar(&json, '}');
	}
	appendStringInfoString(&json, ", \"columns\": [");
	for (int i = 0; i < count; i++)
	{
		appendStringInfoString(&json, i > 0 ? ", " : "");
		escape_json(&json, pnstrdup(columns[i].data, columns[i].size));
	}
	appendStringInfoString(&json, "]}");
	return json.data;
}

/* Appends the first names of columns that the file has; returns how many more there are. */
static int
append_names(StringInfo text, const PmReader *reader)
{
	const PmText *columns;
	int count = pm_reader_columns(reader, &columns);

	for (int i = 0; i < Min(count, NAMES_SHOWN); i++)
	{
		appendStringInfoString(text, i > 0 ? ", " : "");
		escape_json(text,
		            pnstrdup(columns[i].data,
		                     pm_utf8_clip(columns[i].data, columns[i].size, NAME_SHOWN)));
	}
	return Max(0, count - NAMES_SHOWN);
}

/* Leaves out what is mapped from columns that the file does not have, and logs them. */
static void
leave_out_absent(const Run *run)
{
	StringInfoData json;

	if (pm_imports_plan_leave_out(run->plan) == 0)
		return;
	initStringInfo(&json);
	for (int i = 0; i < run->plan->target_count; i++)
	{
		const Target *target = &run->plan->targets[i];

		if (!target->is_absent)
			continue;
		appendStringInfoString(&json, json.len == 0 ? "{\"columns\": [" : ", ");
		escape_json(&json, target->names[0]);
	}
	appendStringInfoString(&json, "], \"file\": [");
	(void) append_names(&json, run->reader);
	appendStringInfoString(&json, "]}");
	(void) pm_imports_run_sql(
	    run,
	    "SELECT pm_imports._log($1::pg_catalog.uuid, 'warning', "
	    "'the file does not have columns that are mapped; what they feed stays as it is', "
	    "$2::pg_catalog.jsonb)",
	    json.data);
	SPI_freetuptable(SPI_tuptable);
}

/* Notes what the file turned out to be, once its first record was read, or it has none. */
void
pm_imports_run_look(Run *run)
{
	const PmReaderFound *found = pm_reader_found(run->reader);
	const Target *key = &run->plan->targets[run->plan->key_target];
	bool has_names = found->format == PM_FORMAT_CSV || found->format == PM_FORMAT_XLSX;
	bool lacks_key;
	StringInfoData json;
	int start;
	int more;

	run->bound = true;
	pm_imports_plan_bind(run->plan, run->reader);
	lacks_key = key->field < 0 && key->name_count > 0 && !key->has_default;
	pm_imports_run_begin();
	(void) pm_imports_run_sql(
	    run,
	    "UPDATE pm_imports.import_jobs AS j SET found = $2::pg_catalog.jsonb "
	    "WHERE j.id = $1::pg_catalog.uuid AND j.found IS NULL",
	    pm_imports_found(run->reader));
	if (has_names && !lacks_key)
		leave_out_absent(run);
	pm_imports_run_commit();
	if (has_names && lacks_key)
	{
		initStringInfo(&json);
		appendStringInfo(&json, "the file has no column \"%s\"", key->names[0]);
		for (int i = 1; i < key->name_count; i++)
			appendStringInfo(&json, " or \"%s\"", key->names[i]);
		appendStringInfo(&json, ", which becomes %s, the key; it has ", key->name);
		start = json.len;
		more = append_names(&json, run->reader);
		if (json.len == start)
			appendStringInfoString(&json, "no header");
		if (more > 0)
			appendStringInfo(&json, " and %d more", more);
		run->fault = MemoryContextStrdup(run->memory, json.data);
	}
}
