/*
 * run.c - run_import(): reads, sends, counts, commits
 *
 * A batch is read while no transaction of ours holds anything.  Then it is merged: here
 * in the transaction that counts it, or there by a statement that is sent and not waited
 * for, while the next batch is read.  Its answer is taken before the next one is sent, and
 * it is counted while that one runs.  So at any time the catalog is at most two batches
 * ahead of our counts, and remembers what became of them: see "Exactly once" in
 * ARCHITECTURE.md.
 *
 * What can be mended by trying again is thrown, and pm_jobs tries again.  What cannot is
 * the end of the import: it has failed, and the job of pm_jobs is done.
 */
#include "import.h"
#include "pm_imports_module.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/tablespace.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"

#define KEYS_KILOBYTES    (32 * 1024)
#define DIGESTS_KILOBYTES (40 * 1024)

/* One call of run_import(). */
typedef struct Run
{
	MemoryContext memory;
	MemoryContextCallback callback;
	char *job;
	bool by_worker; /* which shows how far it is */
	ImportPlan *plan;
	char *supplier; /* its id */
	bool dry_run;
	Catalog *catalog;
	int fd;
	PmReader *reader;
	bool bound; /* the file has been looked at */
	Seen *keys;
	Seen *digests;
	Batch *batches[2];

	/* the file as it must be */
	char *file_id;
	char *path; /* NULL: an upload */
	int64 size;
	int64 device;
	int64 inode;
	int64 modified_at;
	uint8 *sha256;

	int counted;       /* batches that are */
	int64 last_record; /* of them */
	int merged;        /* the last batch that the catalog had merged when we began */
	int64 processed;
	int64 failed;
	bool cancelled;
	bool ended;  /* the last record was read */
	char *fault; /* why the import has failed */
} Run;

/* Begins a piece of work with the database. */
static void
begin_work(void)
{
	PushActiveSnapshot(GetTransactionSnapshot());
}

/* Commits it. */
static void
end_work(void)
{
	PopActiveSnapshot();
	SPI_commit();
}

/* Runs a statement about the job, $1; returns how many rows it had. */
static uint64
run_sql(const Run *run, const char *sql, const char *text)
{
	Oid types[] = {TEXTOID, TEXTOID};
	Datum values[] = {CStringGetTextDatum(run->job), (Datum) 0};
	char nulls[] = {' ', 'n', '\0'};

	if (text != NULL)
	{
		values[1] = CStringGetTextDatum(text);
		nulls[1] = ' ';
	}
	if (SPI_execute_with_args(sql, 2, types, values, nulls, false, 0) < 0)
		elog(ERROR, "a statement of an import failed");
	return SPI_processed;
}

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

/* Ends the import in this status; commits. */
static void
end_import(Run *run, const char *status)
{
	begin_work();
	(void) run_sql(run,
	               psprintf("SELECT pm_imports._end_job($1::pg_catalog.uuid, %s, $2)",
	                        quote_literal_cstr(status)),
	               run->fault);
	end_work();
}

/*
 * Takes up the job.  false: there is nothing to do.
 */
static bool
take_up(Run *run, Jsonb **document)
{
	bool is_null;
	MemoryContext old;

	if (run_sql(
	        run,
	        "SELECT j.status = 'running', j.dry_run, j.plan, j.file_id, f.path, f.size, "
	        "f.device, f.inode, "
	        "(pg_catalog.date_part('epoch', f.modified_at) * 1000000)::bigint, f.sha256, "
	        "j.processed_rows, j.failed_rows, b.batch, b.last_record "
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
	run->counted = (int) Max(0, number_of(run, 13));
	run->last_record = Max(0, number_of(run, 14));
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
	char directory[MAXPGPATH];

	run->plan = pm_imports_plan_compile(run->memory, document);
	run->fd = run->path != NULL
	              ? pm_imports_source_of_path(run->memory, run->path, run->device,
	                                          run->inode, run->size, run->modified_at)
	              : pm_imports_source_of_upload(run->memory, run->file_id, run->size);
	pm_imports_source_check_digest(run->fd, run->sha256);

	TempTablespacePath(directory, MyDatabaseTableSpace);
	run->plan->reader.temp_dir = MemoryContextStrdup(run->memory, directory);
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
static void
try_to_open(Run *run, Jsonb *document)
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

/* Notes what the file turned out to be, once its first record was read. */
static void
look_at_file(Run *run)
{
	static const char *const formats[] = {"", "csv", "xlsx", "xml", "json"};
	static const char *const encodings[] = {
	    "", "UTF-8", "UTF-16LE", "UTF-16BE", "Windows-1252", "ISO-8859-1", "ISO-8859-15"};
	const PmReaderFound *found = pm_reader_found(run->reader);
	const PmText *columns;
	int count = pm_reader_columns(run->reader, &columns);
	const Target *key = &run->plan->targets[run->plan->key_target];
	StringInfoData json;

	run->bound = true;
	pm_imports_plan_bind(run->plan, run->reader);
	initStringInfo(&json);
	appendStringInfo(&json, "{\"format\": \"%s\", \"encoding\": \"%s\"",
	                 formats[found->format], encodings[found->encoding]);
	appendStringInfo(&json, ", \"gzip\": %s, \"zip\": %s, \"header\": %s",
	                 found->gzip ? "true" : "false", found->zip ? "true" : "false",
	                 found->header == 1 ? "true" : "false");
	if (found->zip)
	{
		appendStringInfoString(&json, ", \"member\": ");
		escape_json(&json, found->member);
	}
	if (found->format == PM_FORMAT_CSV)
	{
		char quote[2] = {found->quote, '\0'};

		appendStringInfoString(&json, ", \"delimiter\": ");
		escape_json(&json, found->delimiter);
		appendStringInfoString(&json, ", \"quote\": ");
		escape_json(&json, found->quote == '\1' ? "" : quote);
	}
	appendStringInfoString(&json, ", \"columns\": [");
	for (int i = 0; i < count; i++)
	{
		appendStringInfoString(&json, i > 0 ? ", " : "");
		escape_json(&json, pnstrdup(columns[i].data, columns[i].size));
	}
	appendStringInfoString(&json, "]}");
	begin_work();
	(void) run_sql(run,
	               "UPDATE pm_imports.import_jobs AS j SET found = $2::pg_catalog.jsonb "
	               "WHERE j.id = $1::pg_catalog.uuid AND j.found IS NULL",
	               json.data);
	end_work();
	if (key->field < 0 && key->name_count > 0 && !key->has_default &&
	    (found->format == PM_FORMAT_CSV || found->format == PM_FORMAT_XLSX))
	{
		initStringInfo(&json);
		appendStringInfo(&json, "the file has no column \"%s\"", key->names[0]);
		for (int i = 1; i < key->name_count; i++)
			appendStringInfo(&json, " or \"%s\"", key->names[i]);
		appendStringInfo(&json, ", which becomes %s, the key", key->name);
		run->fault = MemoryContextStrdup(run->memory, json.data);
	}
}

/*
 * Is the record, whose key has this hash, if any, the first one of it in the file?  Notes
 * what is wrong if it has none, or may not come again.
 */
static bool
is_first(Run *run, const PmRecord *record, Batch *batch, const SeenValue *hash,
         bool *rejected)
{
	const ImportPlan *plan = run->plan;
	const Target *key = &plan->targets[plan->key_target];
	PmText value = plan->inputs[plan->key_target];

	if (hash == NULL)
	{
		if (!plan->broken[plan->key_target])
		{
			pm_imports_batch_error(batch, record, NULL, key->name, value, "required",
			                       "there is no value, and it is the key", false);
			*rejected = true;
		}
		return true;
	}
	if (pm_imports_seen_add(run->keys, *hash))
		return true;
	if (!*rejected && plan->reject_duplicates)
	{
		pm_imports_batch_error(batch, record, NULL, key->name, value, "duplicate",
		                       "the key was in the file before", false);
		*rejected = true;
	}
	return false;
}

/* Takes a record into the batch. */
static void
take_record(Run *run, const PmRecord *record, Batch *batch)
{
	int errors = batch->error_count;
	int start = batch->rows.len;
	bool counted = record->number <= run->last_record;
	bool rejected =
	    pm_imports_row_read(run->plan, run->reader, record, batch) == ROW_REJECTED;
	bool readable = record->fault == PM_RECORD_GOOD;
	bool first = true;
	SeenValue digest = {0, 0};
	SeenValue hash;
	bool has_key = readable && pm_imports_row_key(run->plan, &hash);

	/* the places of both come to the cache while there is something else to do */
	if (has_key)
		pm_imports_seen_prefetch(run->keys, hash);
	if (has_key && !rejected && !counted)
	{
		digest = pm_imports_row_append(run->plan, record, &batch->rows);
		pm_imports_seen_prefetch(run->digests, digest);
	}
	if (readable)
		first = is_first(run, record, batch, has_key ? &hash : NULL, &rejected);

	batch->records++;
	batch->last_record = record->number;
	batch->line = record->line;
	batch->offset = record->offset;
	batch->bytes += record->raw.size;
	if (rejected)
		pm_imports_batch_reject(batch, record, errors);
	else if (!first)
		batch->duplicates++;
	else if (!counted)
	{
		batch->bytes += batch->rows.len - start;
		batch->good++;
		/* of a batch that was merged the catalog says what was sent */
		if (batch->number <= run->merged || !pm_imports_seen_has(run->digests, digest))
		{
			pm_imports_batch_send(batch, record);
			return;
		}
		batch->unchanged++;
	}
	batch->rows.len = start;
}

/*
 * Reads a batch.  Records that were counted before are read for what later ones are
 * compared with.  false: there was none.
 */
static bool
read_batch(Run *run, Batch *batch, int number)
{
	MemoryContext old;
	PmRecord record;

	pm_imports_batch_reset(batch, number);
	old = MemoryContextSwitchTo(batch->memory);
	while (!run->ended && run->fault == NULL && batch->records < run->plan->batch_rows &&
	       batch->bytes < BATCH_BYTES)
	{
		CHECK_FOR_INTERRUPTS();
		switch (pm_reader_next(run->reader, &record))
		{
			case PM_READ_AGAIN:
				break;
			case PM_READ_END:
				run->ended = true;
				break;
			case PM_READ_FAILED:
				run->fault = MemoryContextStrdup(
				    run->memory, pm_imports_reader_fault(pm_reader_failure(run->reader)));
				break;
			case PM_READ_RECORD:
				if (!run->bound)
					look_at_file(run);
				if (run->fault == NULL)
					take_record(run, &record, batch);
				/* a batch begins after what was counted */
				if (record.number == run->last_record ||
				    (record.number < run->last_record &&
				     (batch->records >= run->plan->batch_rows ||
				      batch->bytes >= BATCH_BYTES)))
					pm_imports_batch_reset(batch, number);
				break;
		}
	}
	pm_imports_computed_close(run->plan);
	batch->file_bytes = pm_reader_found(run->reader)->bytes_read;
	MemoryContextSwitchTo(old);
	return run->fault == NULL && batch->records > 0;
}

/* Has the import more errors than it may? */
static bool
is_beyond_limits(Run *run)
{
	const ImportPlan *plan = run->plan;

	if (plan->max_errors >= 0 && run->failed > plan->max_errors)
		run->fault = MemoryContextStrdup(
		    run->memory, psprintf("%lld records were rejected, more than max_errors (%lld)",
		                          (long long) run->failed, (long long) plan->max_errors));
	else if (run->processed > 0 &&
	         (double) run->failed > plan->max_error_ratio * (double) run->processed)
		run->fault = MemoryContextStrdup(
		    run->memory,
		    psprintf("%lld of %lld records were rejected, more than max_error_ratio (%g)",
		             (long long) run->failed, (long long) run->processed,
		             plan->max_error_ratio));
	return run->fault != NULL;
}

/* Adds what became of a batch to the counts of the run. */
static void
take_batch(Run *run, Batch *batch, const Merged *merged)
{
	if (merged != NULL)
	{
		if (batch->number <= run->merged)
			batch->unchanged = batch->good - merged->created - merged->updated -
			                   merged->unchanged - merged->conflicts;
		pm_imports_batch_take(batch, merged);
	}
	else if (batch->number <= run->merged)
		batch->unchanged = batch->good;
	run->processed += batch->records;
	run->failed += batch->failed;
}

/* Counts a batch, in the transaction that is under way; tells how far we are. */
static void
count_batch(Run *run, Batch *batch)
{
	run->cancelled |= !pm_imports_batch_count(batch, run->job);
	if (run->by_worker)
	{
		(void) run_sql(
		    run,
		    psprintf(
		        "SELECT pm_jobs.set_progress(%.6f::pg_catalog.float8, $2) WHERE $1 <> ''",
		        run->size > 0 ? Min(1.0, (double) batch->file_bytes / (double) run->size)
		                      : 1.0),
		    psprintf("%lld rows", (long long) run->processed));
		SPI_freetuptable(SPI_tuptable);
	}
	run->counted = batch->number;
}

/* Merges and counts a batch here, in one transaction. */
static void
merge_here(Run *run, Batch *batch)
{
	Merged merged = {0};
	MemoryContext old = MemoryContextSwitchTo(batch->memory);

	begin_work();
	if (batch->sent_count > 0)
	{
		pm_imports_catalog_merge(run->catalog, run->job, run->supplier, run->plan, batch,
		                         run->dry_run);
		pm_imports_catalog_merged(run->catalog, &merged);
		take_batch(run, batch, &merged);
	}
	else
		take_batch(run, batch, NULL);
	count_batch(run, batch);
	end_work();
	MemoryContextSwitchTo(old);
}

/* Goes through the file, merging here. */
static void
run_here(Run *run)
{
	int number = run->counted + 1;

	while (!run->cancelled && read_batch(run, run->batches[0], number))
	{
		merge_here(run, run->batches[0]);
		number++;
		if (is_beyond_limits(run))
			break;
	}
}

/* Takes the answer about a batch that was sent, or what is remembered of it. */
static void
take_answer(Run *run, Batch *batch)
{
	Merged merged = {0};
	MemoryContext old = MemoryContextSwitchTo(batch->memory);

	if (batch->number <= run->merged)
		take_batch(run, batch,
		           pm_imports_catalog_counts(run->catalog, run->job, batch->number, &merged)
		               ? &merged
		               : NULL);
	else if (batch->sent_count > 0)
	{
		pm_imports_catalog_merged(run->catalog, &merged);
		take_batch(run, batch, &merged);
	}
	else
		take_batch(run, batch, NULL);
	MemoryContextSwitchTo(old);
}

/*
 * Goes through the file, merging there: while a batch is merged the one before it is
 * counted and the next one is read.
 */
static void
run_there(Run *run)
{
	Batch *sent = NULL; /* not yet answered */
	int number = run->counted + 1;

	for (;;)
	{
		Batch *batch = run->batches[number % 2];
		bool more = !run->cancelled && read_batch(run, batch, number);
		Batch *answered = sent;

		sent = NULL;
		if (answered != NULL)
			take_answer(run, answered);
		if (more && !is_beyond_limits(run))
		{
			if (batch->number > run->merged && batch->sent_count > 0)
				pm_imports_catalog_merge(run->catalog, run->job, run->supplier, run->plan,
				                         batch, run->dry_run);
			sent = batch;
			number++;
		}
		if (answered != NULL)
		{
			MemoryContext old = MemoryContextSwitchTo(answered->memory);

			begin_work();
			count_batch(run, answered);
			end_work();
			MemoryContextSwitchTo(old);
		}
		if (sent == NULL)
			break;
	}
}

/* Gets the catalog and what is compared with it. */
static void
open_catalog(Run *run)
{
	begin_work();
	run->catalog = pm_imports_catalog_open(run->memory);
	run->supplier = MemoryContextStrdup(
	    run->memory, pm_imports_catalog_supplier(run->catalog, run->plan->supplier_code));
	run->keys = pm_imports_seen_create(run->memory, KEYS_KILOBYTES);
	run->digests = pm_imports_seen_create(run->memory, DIGESTS_KILOBYTES);
	run->merged = pm_imports_catalog_last_batch(run->catalog, run->job);
	pm_imports_catalog_digests(run->catalog, run->supplier, run->digests);
	run->batches[0] = pm_imports_batch_create(run->memory);
	run->batches[1] = pm_imports_batch_create(run->memory);
	end_work();
}

/* Products that the supplier offers and the file has not. */
typedef struct Missing
{
	Run *run;
	int64 offers;
	int64 count;
	StringInfoData products; /* an array */
	StringInfoData key;
} Missing;

/* Looks for an offer of the catalog among the keys of the file. */
static void
look_for_key(void *context, const char *text, int length)
{
	const int id_length = 36;
	Missing *missing = context;
	SeenValue key;

	if (length < id_length)
		return;
	resetStringInfo(&missing->key);
	for (int i = id_length; i + 1 < length; i += 2)
		appendStringInfoChar(&missing->key, pm_imports_hex_digit(text[i]) << 4 |
		                                        pm_imports_hex_digit(text[i + 1]));
	missing->offers++;
	if (!pm_imports_row_key_of_text(missing->run->plan,
	                                (PmText){missing->key.data, missing->key.len}, &key) ||
	    pm_imports_seen_has(missing->run->keys, key))
		return;
	missing->count++;
	appendStringInfoChar(&missing->products, missing->products.len == 0 ? '{' : ',');
	appendBinaryStringInfo(&missing->products, text, id_length);
}

/*
 * Ends the offers that a full file has no more, unless there are too many of them for
 * that to be believed.
 */
static void
end_missing(Run *run)
{
	Missing missing = {.run = run};

	initStringInfo(&missing.products);
	initStringInfo(&missing.key);
	begin_work();
	pm_imports_catalog_keys(run->catalog, run->supplier, run->plan->key, look_for_key,
	                        &missing);
	if ((double) missing.count > run->plan->missing_ratio * (double) missing.offers)
		(void) run_sql(
		    run,
		    "SELECT pm_imports._log($1::pg_catalog.uuid, 'warning', 'too many "
		    "products are missing: they stay', $2::pg_catalog.jsonb)",
		    psprintf("{\"missing\": %lld, \"offers\": %lld, \"missing_ratio\": %g}",
		             (long long) missing.count, (long long) missing.offers,
		             run->plan->missing_ratio));
	else
	{
		appendStringInfoString(&missing.products, missing.count == 0 ? "{}" : "}");
		if (!run->dry_run)
			missing.count = pm_imports_catalog_end_offers(
			    run->catalog, run->job, run->supplier, missing.products.data);
		(void) run_sql(run,
		               "UPDATE pm_imports.import_jobs AS j "
		               "SET products_missing = $2::bigint WHERE j.id = $1::pg_catalog.uuid",
		               psprintf("%lld", (long long) missing.count));
	}
	end_work();
}

/* Ends the import as it went. */
static void
finish(Run *run)
{
	if (run->fault == NULL && !run->cancelled)
		(void) is_beyond_limits(run);
	if (run->fault == NULL && !run->cancelled && run->path != NULL)
		run->fault = pm_imports_source_change(run->fd, run->size, run->modified_at);
	if (run->fault == NULL && !run->cancelled && run->plan->full)
		end_missing(run);
	end_import(run, run->fault != NULL ? "failed"
	                : run->cancelled   ? "cancelled"
	                                   : "completed");
	if (run->catalog != NULL && !run->dry_run)
	{
		begin_work();
		pm_imports_catalog_forget(run->catalog, run->job);
		end_work();
	}
}

PG_FUNCTION_INFO_V1(pm_imports_run_import);

/*
 * run_import(job pm_jobs.job): runs the import that the payload names.  Commits; throws
 * what may be mended by trying again.
 */
Datum
pm_imports_run_import(PG_FUNCTION_ARGS)
{
	CallContext *call = (CallContext *) fcinfo->context;
	Run *run;
	Jsonb *document;
	MemoryContext memory;
	bool is_null;
	Datum payload;
	JsonbValue *id;

	if (call == NULL || !IsA(call, CallContext) || call->atomic)
		ereport(ERROR, (errcode(ERRCODE_INVALID_TRANSACTION_TERMINATION),
		                errmsg("an import commits and cannot run inside a transaction"),
		                errhint("A worker of pm_jobs runs it: see pm_jobs.max_workers.")));
	payload = GetAttributeByName(PG_GETARG_HEAPTUPLEHEADER(0), "payload", &is_null);
	id = is_null
	         ? NULL
	         : getKeyJsonValueFromContainer(&DatumGetJsonbP(payload)->root, "job", 3, NULL);
	if (id == NULL || id->type != jbvString)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("the payload names no import")));

	memory = AllocSetContextCreate(PortalContext, "import", ALLOCSET_DEFAULT_SIZES);
	run = MemoryContextAllocZero(memory, sizeof(Run));
	run->memory = memory;
	run->fd = -1;
	(void) GetAttributeByName(PG_GETARG_HEAPTUPLEHEADER(0), "id", &is_null);
	run->by_worker = !is_null;
	run->job =
	    MemoryContextStrdup(memory, pnstrdup(id->val.string.val, id->val.string.len));
	if (SPI_connect_ext(SPI_OPT_NONATOMIC) != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect_ext failed");
	MemoryContextSwitchTo(memory);

	begin_work();
	if (take_up(run, &document))
	{
		try_to_open(run, document);
		end_work();
		if (run->fault == NULL)
		{
			open_catalog(run);
			if (pm_imports_catalog_is_remote(run->catalog))
				run_there(run);
			else
				run_here(run);
		}
		finish(run);
	}
	else
		end_work();
	SPI_finish();
	MemoryContextDelete(memory);
	PG_RETURN_VOID();
}
