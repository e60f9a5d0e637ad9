/*
 * row.c - a record becomes a row in the binary format of COPY, or errors
 *
 * Each target takes its value from the record, runs its transforms, and is converted to
 * the binary form of its type by pure code; a value points into the record where it can,
 * else into an arena that is emptied for each record.  All targets are gone through,
 * whatever is wrong, so that a record has all of its errors at once; rules are asked of
 * values that could be converted.  A row is the same bytes for the same values on every
 * machine, so its digest is too.
 */
#include "import.h"

#include "row.h"

#include "pm_gtin.h"
#include "pm_row_digest.h"

/* Has the record an error, not counting warnings, since there were so many? */
static inline bool
has_error(const Batch *batch, int errors, int64 warnings)
{
	return batch->error_count - errors > batch->warnings - warnings;
}

/* Reads all targets of a record.  false: the arena is full. */
static bool
read_targets(ImportPlan *plan, const PmReader *reader, const PmRecord *record, Batch *batch)
{
	int errors = batch->error_count;
	int64 warnings = batch->warnings;

	plan->arena.used = 0;
	for (int i = 0; i < plan->target_count; i++)
	{
		if (!pm_imports_row_value(plan, reader, record, batch, i))
			return false;
		if (plan->targets[i].attribute == NULL)
		{
			Field *field = &plan->fields[plan->targets[i].column];

			/* one by one, as they were just stored: a load of both would wait for them */
			field->data = plan->values[i].data;
			field->size = plan->values[i].size;
		}
	}
	if (!pm_imports_row_specs(plan, reader, record, batch))
		return false;
	if (!plan->has_computed)
		return true;
	/* of a row that is not all there nothing can be computed */
	if (has_error(batch, errors, warnings))
	{
		pm_imports_row_not_computed(plan);
		return true;
	}
	return pm_imports_row_compute(plan, reader, record, batch);
}

/*
 * Reads the key alone of a record whose values do not fit together, and takes all others for
 * broken: what they point to was given back.
 */
static void
read_key_alone(ImportPlan *plan, const PmReader *reader, const PmRecord *record,
               Batch *batch)
{
	int key = plan->key_target;

	for (int i = 0; i < plan->target_count; i++)
	{
		plan->inputs[i] = plan->texts[i] = (PmText){NULL, 0};
		plan->values[i] = (Field){NULL, -1};
		plan->broken[i] = true;
	}
	plan->arena.used = 0;
	if (!pm_imports_row_value(plan, reader, record, batch, key))
		plan->broken[key] = true;
}

/* A larger arena.  false: it has become as large as it may. */
static bool
grow_arena(ImportPlan *plan)
{
	size_t size = plan->arena.size * 4;

	if (plan->arena.size >= ARENA_BYTES_MAX)
		return false;
	pfree(plan->arena.data);
	plan->arena.data = MemoryContextAlloc(plan->memory, size);
	plan->arena.size = size;
	return true;
}

/*
 * Reads a record into plan->fields, or notes its errors in the batch.  Rules of
 * uniqueness remember it.
 */
RowOutcome
pm_imports_row_read(ImportPlan *plan, const PmReader *reader, const PmRecord *record,
                    Batch *batch)
{
	int errors = batch->error_count;
	int codes = batch->code_count;
	int64 warnings = batch->warnings;

	if (record->fault != PM_RECORD_GOOD)
	{
		pm_imports_row_record_error(reader, record, batch);
		return ROW_REJECTED;
	}
	pm_imports_plan_bind(plan, reader);
	while (!read_targets(plan, reader, record, batch))
	{
		bool grown = grow_arena(plan);

		if (!grown)
			read_key_alone(plan, reader, record, batch);
		/* errors and codes will be found again */
		batch->error_count = errors;
		batch->code_count = codes;
		batch->warnings = warnings;
		if (!grown)
		{
			pm_imports_batch_error(
			    batch, record, NULL, NULL, (PmText){NULL, 0}, "values_too_long",
			    "the values of the record are too long once they are transformed", false);
			return ROW_REJECTED;
		}
	}
	pm_imports_row_ask_rules(plan, reader, record, batch);
	if (plan->has_rule_expressions && !has_error(batch, errors, warnings))
		pm_imports_row_ask_expressions(plan, reader, record, batch);
	return has_error(batch, errors, warnings) ? ROW_REJECTED : ROW_GOOD;
}

/* What stands for the key of the record that was read; false: it has none. */
bool
pm_imports_row_key(ImportPlan *plan, SeenValue *key)
{
	Field value = plan->values[plan->key_target];

	if (plan->broken[plan->key_target] || value.data == NULL)
		return false;
	*key = field_value(value);
	return true;
}

/* The same for a key as the catalog writes it; false: it is none. */
bool
pm_imports_row_key_of_text(ImportPlan *plan, PmText text, SeenValue *key)
{
	if (plan->targets[plan->key_target].type == TARGET_GTIN)
	{
		PmGtinError error;
		int64 gtin;
		uint64 swapped;

		if (pm_gtin_parse(text.data, text.size, &gtin, &error) != PM_GTIN_OK)
			return false;
		swapped = pg_hton64((uint64) gtin);
		*key = field_value((Field){(char *) &swapped, sizeof(swapped)});
	}
	else
		*key = field_value((Field){text.data, (int32) text.size});
	return true;
}

/*
 * Appends the row that was read last to rows, and returns its digest.  A row is the
 * number of its fields, row_no, digest, and the columns of the plan.
 */
SeenValue
pm_imports_row_append(ImportPlan *plan, const PmRecord *record, StringInfo rows)
{
	const int head = 2 + 4 + 8 + 4 + 16;
	size_t size = head;
	uint16 count = pg_hton16(plan->column_count + 2);
	uint64 number = pg_hton64((uint64) record->number);
	XXH128_hash_t hash;
	XXH128_canonical_t canonical;
	char *start;
	char *at;

	for (int i = 0; i < plan->column_count; i++)
		size += 4 + Max(0, plan->fields[plan->columns[i]].size);
	enlargeStringInfo(rows, size);
	start = rows->data + rows->len;
	memcpy(start, &count, 2);
	at = put_int32(start + 2, 8);
	memcpy(at, &number, 8);
	(void) put_int32(at + 8, 16);
	at = start + head;
	for (int i = 0; i < plan->column_count; i++)
	{
		Field field = plan->fields[plan->columns[i]];

		at = put_int32(at, field.data == NULL ? -1 : field.size);
		if (field.data != NULL)
		{
			memcpy(at, field.data, field.size);
			at += field.size;
		}
	}
	hash = XXH3_128bits_withSeed(start + head, at - start - head, plan->shape);
	hash.high64 &= ~PM_ROW_DIGEST_AREAS;
	XXH128_canonicalFromHash(&canonical, hash);
	memcpy(start + head - 16, canonical.digest, 16);
	rows->len += size;
	rows->data[rows->len] = '\0';
	return (SeenValue){hash.high64, hash.low64};
}
