/*
 * run.c - run_import(): reads, sends, counts, commits
 *
 * A batch is read while no transaction of ours holds anything.  Then it is merged: here
 * in the transaction that counts it, or there by statements that are sent and not waited
 * for, while the next batches are read.  There batches are committed in their order, and
 * each is counted before the next one is committed.  So at any time the catalog is at most
 * one batch ahead of our counts, and remembers what became of it: see "Exactly once" in
 * ARCHITECTURE.md.
 *
 * What can be mended by trying again is thrown, and pm_jobs tries again.  What cannot is
 * the end of the import: it has failed, and the job of pm_jobs is done.
 */
#include "run.h"
#include "pm_imports_module.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#define KEYS_KILOBYTES    (32 * 1024)
#define DIGESTS_KILOBYTES (40 * 1024)
#define SMALL_FILE        (64 * 1024) /* is not worth a process that merges */

/* Begins a piece of work with the database. */
void
pm_imports_run_begin(void)
{
	PushActiveSnapshot(GetTransactionSnapshot());
}

/* Commits it. */
void
pm_imports_run_commit(void)
{
	PopActiveSnapshot();
	SPI_commit();
}

/* Runs a statement about the job, $1; returns how many rows it had. */
uint64
pm_imports_run_sql(const Run *run, const char *sql, const char *text)
{
	Oid types[] = {TEXTOID, TEXTOID};
	Datum values[] = {CStringGetTextDatum(run->job), (Datum) 0};
	char nulls[] = {' ', 'n', '\0'};
	MemoryContext memory = CurrentMemoryContext;

	if (text != NULL)
	{
		values[1] = CStringGetTextDatum(text);
		nulls[1] = ' ';
	}
	if (SPI_execute_with_args(sql, 2, types, values, nulls, false, 0) < 0)
		elog(ERROR, "a statement of an import failed");
	/* SPI leaves its own, which lasts as long as the run */
	MemoryContextSwitchTo(memory);
	return SPI_processed;
}

/* Notes the encoding of a text that had begun with ASCII alone: a later record decided it. */
static void
note_encoding(const Run *run)
{
	if (run->reader == NULL)
		return;
	(void) pm_imports_run_sql(
	    run,
	    "UPDATE pm_imports.import_jobs AS j SET found = j.found || "
	    "pg_catalog.jsonb_build_object('encoding', $2::pg_catalog.jsonb -> 'encoding') "
	    "WHERE j.id = $1::pg_catalog.uuid "
	    "AND j.found -> 'encoding' <> $2::pg_catalog.jsonb -> 'encoding'",
	    pm_imports_found(run->reader));
}

/* Ends the import in this status; commits. */
static void
end_import(Run *run, const char *status)
{
	pm_imports_run_begin();
	note_encoding(run);
	(void) pm_imports_run_sql(
	    run,
	    psprintf("SELECT pm_imports._end_job($1::pg_catalog.uuid, %s, $2)",
	             quote_literal_cstr(status)),
	    run->fault);
	pm_imports_run_commit();
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
	if (first && !rejected)
		rejected = pm_imports_row_repeats_gtin(run->plan, run->reader, record, batch);

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
					pm_imports_run_look(run);
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
		pm_imports_batch_take(batch, run->plan, run->reader, merged);
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
	if (!run->dry_run)
		pm_imports_codes_publish(batch, run->job);
	run->cancelled |= !pm_imports_batch_count(batch, run->job);
	if (run->by_worker)
	{
		(void) pm_imports_run_sql(
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

/*
 * Gives memory that is free back to the system.  The allocator keeps what merging has taken
 * in pieces that the next merge may not find fit, so that more and more is taken.
 */
void
pm_imports_give_back(void)
{
#ifdef __GLIBC__
	(void) malloc_trim(0);
#endif
}

/* Merges and counts a batch here, in one transaction. */
static void
merge_here(Run *run, Batch *batch)
{
	Merged merged = {0};
	MemoryContext old = MemoryContextSwitchTo(batch->memory);

	pm_imports_run_begin();
	if (batch->sent_count > 0)
	{
		pm_imports_merge_here(run->catalog, &run->order, batch, &merged);
		take_batch(run, batch, &merged);
	}
	else
		take_batch(run, batch, NULL);
	count_batch(run, batch);
	pm_imports_run_commit();
	MemoryContextSwitchTo(old);
	if (batch->sent_count > 0)
		pm_imports_give_back();
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
	{
		pm_imports_run_begin();
		take_batch(run, batch,
		           pm_imports_catalog_counts(run->catalog, run->job, batch->number, &merged)
		               ? &merged
		               : NULL);
		pm_imports_run_commit();
	}
	else if (batch->sent_count > 0)
	{
		pm_imports_merge_end(run->catalog, &run->order, batch, &merged);
		take_batch(run, batch, &merged);
	}
	else
		take_batch(run, batch, NULL);
	MemoryContextSwitchTo(old);
}

/* Counts a batch that was merged there. */
static void
count_there(Run *run, Batch *batch)
{
	MemoryContext old = MemoryContextSwitchTo(batch->memory);

	pm_imports_run_begin();
	count_batch(run, batch);
	pm_imports_run_commit();
	MemoryContextSwitchTo(old);
}

/*
 * Goes through the file, merging there: while batches are merged the one before them is
 * counted and the next one is read.  What is not committed once the import may not go on
 * is undone, so that it ends after the same batch as one that is merged here.
 */
static void
run_there(Run *run)
{
	int first = run->counted + 1; /* of those that are under way, or the next one */
	int number = first;           /* of the next one */
	char *fault = NULL;           /* of the file: what was read before it counts */
	bool more = true;

	while (more || first < number)
	{
		Batch *batch = run->batches[number % (run->sessions + 1)];
		Batch *answered = NULL;

		more = more && read_batch(run, batch, number);
		if (run->fault != NULL)
			fault = run->fault;
		run->fault = NULL;
		if (first < number && (!more || number - first == run->sessions))
		{
			answered = run->batches[first++ % (run->sessions + 1)];
			take_answer(run, answered);
		}
		if (more && !is_beyond_limits(run))
		{
			if (batch->number > run->merged && batch->sent_count > 0)
				pm_imports_merge_begin(run->catalog, &run->order, batch);
			number++;
		}
		if (answered != NULL)
			count_there(run, answered);
		if (run->cancelled || is_beyond_limits(run))
		{
			pm_imports_merge_abandon(run->catalog);
			return;
		}
	}
	run->fault = fault;
}

/* Gets the catalog and what is compared with it. */
static void
open_catalog(Run *run)
{
	/* in a dry run the session that has tried the batches before knows what they would have left */
	int sessions =
	    run->dry_run ? Min(pm_imports_merge_sessions, 1) : pm_imports_merge_sessions;

	pm_imports_run_begin();
	pm_imports_codes_open(run->plan, run->job, run->attempt, run->max_attempts);
	pm_imports_run_commit();
	pm_imports_run_begin();
	run->catalog = pm_imports_catalog_open(run->memory, sessions,
	                                       run->size < SMALL_FILE ? 0 : sessions);
	run->supplier = MemoryContextStrdup(
	    run->memory, pm_imports_catalog_supplier(run->catalog, run->plan->supplier_code));
	run->keys = pm_imports_seen_create(run->memory, KEYS_KILOBYTES);
	run->digests = pm_imports_seen_create(run->memory, DIGESTS_KILOBYTES);
	run->merged = pm_imports_catalog_last_batch(run->catalog, run->job);
	pm_imports_catalog_digests(run->catalog, run->supplier, run->plan->column_list,
	                           run->digests);
	run->order = (MergeOrder){run->job, run->supplier, run->plan, run->dry_run};
	run->sessions = pm_imports_catalog_sessions(run->catalog);
	run->batches = MemoryContextAlloc(run->memory, (run->sessions + 1) * sizeof(Batch *));
	for (int i = 0; i <= run->sessions; i++)
		run->batches[i] = pm_imports_batch_create(run->memory);
	pm_imports_run_commit();
}

/* Logs how many values the catalog has rounded, where they were not all noted. */
static void
log_rounded(Run *run)
{
	for (int i = 0; i < run->plan->rule_count; i++)
	{
		const Rule *rule = &run->plan->rules[i];

		if (rule->rounded <= ROUNDED_NOTED)
			continue;
		pm_imports_run_begin();
		(void) pm_imports_run_sql(
		    run,
		    "SELECT pm_imports._log($1::pg_catalog.uuid, 'warning', "
		    "'values have more decimals than the catalog keeps; the first ones are among the "
		    "errors', $2::pg_catalog.jsonb)",
		    psprintf(
		        "{\"target\": \"%s\", \"decimals\": %d, \"values\": %lld, \"noted\": %d}",
		        run->plan->targets[rule->target].name, rule->decimals,
		        (long long) rule->rounded, ROUNDED_NOTED));
		SPI_freetuptable(SPI_tuptable);
		pm_imports_run_commit();
	}
}

/* Ends the import as it went. */
static void
finish(Run *run)
{
	/* a file without a record may be none of the config's at all */
	if (run->fault == NULL && !run->cancelled && !run->bound && run->reader != NULL)
		pm_imports_run_look(run);
	if (run->fault == NULL && !run->cancelled)
		(void) is_beyond_limits(run);
	if (run->fault == NULL && !run->cancelled && run->path != NULL)
		run->fault = pm_imports_source_change(run->fd, run->size, run->modified_at);
	if (run->fault == NULL && !run->cancelled && run->plan->full)
		pm_imports_run_end_missing(run);
	log_rounded(run);
	end_import(run, run->fault != NULL ? "failed"
	                : run->cancelled   ? "cancelled"
	                                   : "completed");
	if (run->catalog != NULL)
	{
		pm_imports_run_begin();
		pm_imports_catalog_forget(run->catalog, run->job);
		pm_imports_run_commit();
	}
}

/* A number of the job of pm_jobs; 0 for NULL. */
static int
argument_of(FunctionCallInfo fcinfo, const char *name)
{
	bool is_null;
	Datum value = GetAttributeByName(PG_GETARG_HEAPTUPLEHEADER(0), name, &is_null);

	return is_null ? 0 : DatumGetInt32(value);
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
	run->attempt = argument_of(fcinfo, "attempt");
	run->max_attempts = argument_of(fcinfo, "max_attempts");
	run->job =
	    MemoryContextStrdup(memory, pnstrdup(id->val.string.val, id->val.string.len));
	if (SPI_connect_ext(SPI_OPT_NONATOMIC) != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect_ext failed");
	MemoryContextSwitchTo(memory);

	pm_imports_run_begin();
	if (pm_imports_run_take_up(run, &document))
	{
		pm_imports_run_open(run, document);
		pm_imports_run_commit();
		if (run->fault == NULL)
		{
			open_catalog(run);
			if (run->sessions > 0)
				run_there(run);
			else
				run_here(run);
		}
		finish(run);
	}
	else
		pm_imports_run_commit();
	SPI_finish();
	MemoryContextDelete(memory);
	PG_RETURN_VOID();
}
