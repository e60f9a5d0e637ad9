/*
 * codes.c - what was decided about codes of the supplier, and what was read
 *
 * A person's decision goes before what pm_resolve() reads.  It is about the code as it
 * stands in the file, before transforms, without regard to the white space around it and
 * to the case of a to z: the key of pm_suppliers.  A key stands in the table as its 128
 * bits of XXH3.
 *
 * Decisions are copied once, at the start of the import (_codes() in sql/37_codes.sql), so
 * a record that is read again is read as before.  What was read in another way than as it
 * stands goes back by the outbox, in the transaction that counts the batch.
 */
#include "import.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/json.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "pm_gtin.h"

#define CODE_BYTES 800 /* 200 characters: pm_suppliers remembers no longer ones */

/* A decision. */
typedef struct Decision
{
	SeenValue key;
	int64 gtin;   /* 0: rejected */
	char *reason; /* of one that was rejected */
} Decision;

static inline bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Without the white space around. */
static PmText
code_of(PmText text)
{
	while (text.size > 0 && is_space(text.data[0]))
	{
		text.data++;
		text.size--;
	}
	while (text.size > 0 && is_space(text.data[text.size - 1]))
		text.size--;
	return text;
}

/* What stands for the code; false: it is empty, or too long to be remembered. */
static bool
key_of(PmText code, SeenValue *key)
{
	char folded[CODE_BYTES];
	XXH128_hash_t hash;

	if (code.size == 0 || code.size > sizeof(folded))
		return false;
	for (size_t i = 0; i < code.size; i++)
		folded[i] = pg_ascii_toupper((unsigned char) code.data[i]);
	hash = XXH3_128bits(folded, code.size);
	*key = (SeenValue){hash.high64, hash.low64};
	return true;
}

/* Has the plan a target that codes are read for? */
static bool
reads_codes(const ImportPlan *plan)
{
	for (int i = 0; i < plan->target_count; i++)
		if (plan->targets[i].type == TARGET_GTIN)
			return true;
	return false;
}

/*
 * Gets the decisions that the import goes by, in the transaction of the caller, who has a
 * snapshot.  Throws if they cannot be had and this attempt is not the last one that waits
 * for them.
 */
void
pm_imports_codes_open(ImportPlan *plan, const char *job, int attempt, int max_attempts)
{
	Oid types[] = {TEXTOID, INT4OID, INT4OID};
	Datum values[] = {CStringGetTextDatum(job), Int32GetDatum(attempt),
	                  Int32GetDatum(max_attempts)};

	if (!reads_codes(plan))
		return;
	if (SPI_execute_with_args("SELECT c.key, c.gtin, c.reason "
	                          "FROM pm_imports._codes($1::pg_catalog.uuid, $2, $3) AS c",
	                          lengthof(types), types, values, NULL, false,
	                          0) != SPI_OK_SELECT)
		elog(ERROR, "the decisions about codes could not be read");
	if (SPI_processed > 0)
	{
		HASHCTL control = {.keysize = sizeof(SeenValue),
		                   .entrysize = sizeof(Decision),
		                   .hcxt = plan->memory};

		plan->codes = hash_create("decided codes", (long) SPI_processed, &control,
		                          HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple tuple = SPI_tuptable->vals[i];
		TupleDesc desc = SPI_tuptable->tupdesc;
		char *code = SPI_getvalue(tuple, desc, 1);
		char *reason = SPI_getvalue(tuple, desc, 3);
		SeenValue key;
		bool is_null;
		Datum gtin = SPI_getbinval(tuple, desc, 2, &is_null);

		if (key_of((PmText){code, strlen(code)}, &key))
		{
			Decision *decision = hash_search(plan->codes, &key, HASH_ENTER, NULL);

			decision->gtin = is_null ? 0 : DatumGetInt64(gtin);
			decision->reason = is_null && reason != NULL
			                       ? MemoryContextStrdup(plan->memory, reason)
			                       : NULL;
		}
		pfree(code);
	}
	SPI_freetuptable(SPI_tuptable);
}

/* Notes how a code was read, for pm_suppliers. */
static void
note_code(Batch *batch, PmText code, const char *method, const PmResolution *resolution)
{
	MemoryContext old;

	if (code.size == 0 || code.size > CODE_BYTES)
		return;
	old = MemoryContextSwitchTo(batch->memory);
	if (batch->code_count == batch->code_room)
	{
		batch->code_room = Max(64, batch->code_room * 2);
		batch->codes = batch->codes == NULL
		                   ? palloc(batch->code_room * sizeof(ReadCode))
		                   : repalloc(batch->codes, batch->code_room * sizeof(ReadCode));
	}
	batch->codes[batch->code_count++] = (ReadCode){
	    .code = {pnstrdup(code.data, code.size), code.size},
	    .method = method,
	    .gtin = resolution->gtin,
	    .suggestion = resolution->suggestion,
	    .confidence = resolution->confidence
    };
	MemoryContextSwitchTo(old);
}

/*
 * Reads a code: as it was decided, else as pm_resolve() reads it.  input: as it stands in
 * the file; text: after the transforms.  Returns the reason of one that was rejected, else
 * NULL.
 */
const char *
pm_imports_codes_read(const ImportPlan *plan, Batch *batch, const Target *target,
                      PmText input, PmText text, PmResolution *resolution)
{
	PmText code = code_of(input);
	const Decision *decision = NULL;
	SeenValue key;

	if (plan->codes != NULL && key_of(code, &key))
		decision = hash_search(plan->codes, &key, HASH_FIND, NULL);
	if (decision != NULL)
	{
		*resolution = (PmResolution){.gtin = decision->gtin,
		                             .method = decision->gtin != 0 ? PM_METHOD_EXACT
		                                                           : PM_METHOD_NOT_A_GTIN,
		                             .confidence = decision->gtin != 0 ? 1 : 0};
		note_code(batch, code, decision->gtin != 0 ? "confirmed" : "rejected", resolution);
		return decision->reason;
	}
	pm_resolve(text.data, text.size, target->confidence, NULL, 0, resolution);
	if (resolution->method != PM_METHOD_EXACT && resolution->method != PM_METHOD_TRIM)
		note_code(batch, code, pm_resolve_method_name(resolution->method), resolution);
	return NULL;
}

/* Appends a number of JSON and its name, unless it is 0. */
static void
append_gtin(StringInfo json, const char *name, int64 gtin)
{
	char digits[PM_GTIN_MAX_DIGITS + 1];

	if (gtin == 0)
		return;
	digits[pm_gtin_format(gtin, 0, digits)] = '\0';
	appendStringInfo(json, ", \"%s\": \"%s\"", name, digits);
}

/* Tells how codes of a batch were read, in the transaction of the caller. */
void
pm_imports_codes_publish(const Batch *batch, const char *job)
{
	Oid types[] = {TEXTOID, TEXTOID};
	Datum values[2];
	StringInfoData json;
	MemoryContext memory = CurrentMemoryContext;

	if (batch->code_count == 0)
		return;
	initStringInfo(&json);
	for (int i = 0; i < batch->code_count; i++)
	{
		const ReadCode *code = &batch->codes[i];

		appendStringInfo(&json, "%s{\"code\": ", i == 0 ? "[" : ", ");
		escape_json(&json, code->code.data);
		appendStringInfo(&json, ", \"method\": \"%s\", \"confidence\": %.6g", code->method,
		                 code->confidence);
		append_gtin(&json, "gtin", code->gtin);
		append_gtin(&json, "suggestion", code->suggestion);
		appendStringInfoChar(&json, '}');
	}
	appendStringInfoChar(&json, ']');
	values[0] = CStringGetTextDatum(job);
	values[1] = CStringGetTextDatum(json.data);
	if (SPI_execute_with_args("SELECT pm_imports._publish_codes($1::pg_catalog.uuid, "
	                          "$2::pg_catalog.jsonb)",
	                          lengthof(types), types, values, NULL, false,
	                          0) != SPI_OK_SELECT)
		elog(ERROR, "codes of an import could not be published");
	SPI_freetuptable(SPI_tuptable);
	MemoryContextSwitchTo(memory);
}
