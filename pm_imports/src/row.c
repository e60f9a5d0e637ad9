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

#include "catalog/pg_type.h"
#include "common/string.h"
#include "port/pg_bswap.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "pm_asin.h"
#include "pm_boolean.h"
#include "pm_date.h"
#include "pm_gtin.h"

/* What is wrong with a record as it stands in the file. */
static const struct
{
	const char *code;
	const char *message;
} record_faults[] = {
    [PM_RECORD_BAD_ENCODING] = {"bad_encoding",    "has bytes that are not of the encoding"                      },
    [PM_RECORD_NUL] = {"nul_byte",        "has a zero byte"                                             },
    [PM_RECORD_STRAY_QUOTE] =
        {"stray_quote",     "has a quote inside of a value, or text after the closing one"},
    [PM_RECORD_UNCLOSED_QUOTE] =
        {"unclosed_quote",  "has a quote that is not closed before the end of the file"   },
    [PM_RECORD_TOO_FEW] = {"too_few_values",  "has fewer values than there are columns"                     },
    [PM_RECORD_TOO_MANY] = {"too_many_values", "has more values than there are columns"                      },
    [PM_RECORD_TOO_LONG] = {"record_too_long", "is longer than a record may be"                              },
    [PM_RECORD_REPEATS_HEADER] = {"repeated_header", "is the header again"                                         },
    [PM_RECORD_NOT_AN_OBJECT] = {"not_an_object",   "is no object"                                                },
    [PM_RECORD_SYNTAX] = {"syntax",          "is not well-formed"                                          },
};

/* The name of the column that a target was read from; NULL: of none. */
static char *
column_of(const PmReader *reader, const Target *target)
{
	const PmText *columns;
	int count = pm_reader_columns(reader, &columns);

	if (target->field < 0)
		return NULL;
	if (target->field < count)
		return pnstrdup(columns[target->field].data, columns[target->field].size);
	return psprintf("%d", target->field + 1);
}

/* Notes that a target's value is wrong. */
static void
target_error(ImportPlan *plan, const PmReader *reader, const PmRecord *record, Batch *batch,
             int target, const char *code, const char *message, bool warning)
{
	if (!warning)
		plan->broken[target] = true;
	pm_imports_batch_error(batch, record, column_of(reader, &plan->targets[target]),
	                       plan->targets[target].name, plan->inputs[target], code, message,
	                       warning);
}

/* The record itself is wrong. */
static void
record_error(const PmReader *reader, const PmRecord *record, Batch *batch)
{
	Target column = {.field = record->fault_column};
	PmRecord at = *record;
	PmText value = {NULL, 0};

	if (record->fault_line > 0)
	{
		at.line = record->fault_line;
		at.offset = record->fault_offset;
	}
	if (record->fault_column >= 0 && record->fault_column < record->field_count)
		value = record->fields[record->fault_column];
	pm_imports_batch_error(batch, &at, column_of(reader, &column), NULL, value,
	                       record_faults[record->fault].code,
	                       psprintf("the record %s", record_faults[record->fault].message),
	                       false);
}

/* Without the blanks around. */
static inline PmText
trimmed(PmText text)
{
	while (text.size > 0 && (unsigned char) text.data[0] <= ' ')
	{
		text.data++;
		text.size--;
	}
	while (text.size > 0 && (unsigned char) text.data[text.size - 1] <= ' ')
		text.size--;
	return text;
}

/* Puts a number of eight bytes into the arena; false: it is full. */
static inline bool
put_int64(PmArena *arena, int64 number, Field *field)
{
	uint64 swapped = pg_hton64((uint64) number);
	char *bytes = pm_arena_bytes(arena, sizeof(swapped));

	if (bytes == NULL)
		return false;
	memcpy(bytes, &swapped, sizeof(swapped));
	*field = (Field){bytes, sizeof(swapped)};
	return true;
}

static inline char *
put_int32(char *at, int32 number)
{
	uint32 swapped = pg_hton32((uint32) number);

	memcpy(at, &swapped, sizeof(swapped));
	return at + sizeof(swapped);
}

/* The binary form of text[]: parts between bars, without blanks around and empty ones. */
static bool
put_texts(PmArena *arena, PmText text, Field *field)
{
	size_t room = 20 + text.size + 4;
	int count = 0;
	char *start;
	char *at;

	for (size_t i = 0; i < text.size; i++)
		room += text.data[i] == '|' ? 4 : 0;
	start = pm_arena_bytes(arena, room);
	if (start == NULL)
		return false;
	at = start + 20;
	while (text.data != NULL)
	{
		const char *bar = memchr(text.data, '|', text.size);
		PmText part = {text.data, bar == NULL ? text.size : (size_t) (bar - text.data)};

		text =
		    bar == NULL ? (PmText){NULL, 0} : (PmText){bar + 1, text.size - part.size - 1};
		part = trimmed(part);
		if (part.size == 0)
			continue;
		at = put_int32(at, (int32) part.size);
		memcpy(at, part.data, part.size);
		at += part.size;
		count++;
	}
	(void) put_int32(start, count > 0 ? 1 : 0);
	(void) put_int32(start + 4, 0);
	(void) put_int32(start + 8, TEXTOID);
	(void) put_int32(start + 12, count);
	(void) put_int32(start + 16, 1);
	pm_arena_end(arena, at);
	*field = (Field){start, count > 0 ? (int32) (at - start) : 12};
	if (count == 0)
		pm_arena_end(arena, start + 12);
	return true;
}

/* What the resolver says of a code that is no GTIN. */
static void
gtin_error(ImportPlan *plan, const PmReader *reader, const PmRecord *record, Batch *batch,
           int target, const PmResolution *resolution)
{
	const char *method = pm_resolve_method_name(resolution->method);

	if (resolution->suggestion != 0)
	{
		char digits[PM_GTIN_MAX_DIGITS + 1];

		digits[pm_gtin_format(resolution->suggestion, 0, digits)] = '\0';
		target_error(plan, reader, record, batch, target, method,
		             psprintf("the value is no GTIN that is sure enough: %s; it may be %s "
		                      "(confidence %.2f)",
		                      method, digits, resolution->confidence),
		             false);
	}
	else
		target_error(plan, reader, record, batch, target, method,
		             psprintf("the value is no GTIN: %s", method), false);
}

/*
 * Converts the value of a target to binary form.  false: the arena is full.
 */
static bool
convert(ImportPlan *plan, const PmReader *reader, const PmRecord *record, Batch *batch,
        int i, PmText text)
{
	const Target *target = &plan->targets[i];
	Field *value = &plan->values[i];
	PmValueFault fault = PM_VALUE_GOOD;

	if (target->type != TARGET_TEXT)
		text = trimmed(text);
	*value = (Field){NULL, -1};
	if (text.data == NULL || text.size == 0)
		return true;
	switch (target->type)
	{
		case TARGET_TEXT:
			*value = (Field){text.data, (int32) text.size};
			break;
		case TARGET_GTIN:
		{
			PmResolution resolution;
			const char *rejected = pm_imports_codes_read(
			    plan, batch, target, plan->inputs[i], text, &resolution);

			if (rejected != NULL)
				target_error(plan, reader, record, batch, i, "rejected_code",
				             psprintf("the code was rejected: %s", rejected), false);
			else if (resolution.gtin == 0)
				gtin_error(plan, reader, record, batch, i, &resolution);
			else if (!put_int64(&plan->arena, resolution.gtin, value))
				return false;
			break;
		}
		case TARGET_ASIN:
		{
			PmGtinError error;
			int64 asin;

			if (pm_asin_parse(text.data, text.size, &asin, &error) != PM_GTIN_OK)
				target_error(plan, reader, record, batch, i, "not_an_asin",
				             "the value is no ASIN", false);
			else if (!put_int64(&plan->arena, asin, value))
				return false;
			break;
		}
		case TARGET_BOOLEAN:
		{
			static const char answers[2] = {0, 1};
			bool answer;

			fault = pm_boolean_read(text, &answer);
			if (fault == PM_VALUE_GOOD)
				*value = (Field){&answers[answer], 1};
			break;
		}
		case TARGET_INTEGER:
		{
			char *bytes = pm_arena_bytes(&plan->arena, sizeof(int32));
			int64 number = 0;

			if (bytes == NULL)
				return false;
			fault = pm_decimal_integer(text, PG_INT32_MIN, PG_INT32_MAX, &number);
			if (fault == PM_VALUE_GOOD)
			{
				(void) put_int32(bytes, (int32) number);
				*value = (Field){bytes, sizeof(int32)};
			}
			break;
		}
		case TARGET_NUMERIC:
		{
			static const PmDecimalType any = {0};
			char *bytes = pm_arena_bytes(&plan->arena, PM_NUMERIC_MAX);
			size_t size = 0;

			if (bytes == NULL)
				return false;
			fault = pm_decimal_numeric(text, &any, bytes, &size);
			pm_arena_end(&plan->arena, bytes + size);
			if (fault == PM_VALUE_GOOD)
				*value = (Field){bytes, (int32) size};
			break;
		}
		case TARGET_TEXTS:
			return put_texts(&plan->arena, text, value);
		case TARGET_JSONB:
			target_error(plan, reader, record, batch, i, "not_supported",
			             "technical_specs is made of its attributes", false);
			break;
	}
	if (fault != PM_VALUE_GOOD)
		target_error(plan, reader, record, batch, i, pm_value_fault_code(fault),
		             psprintf("the value %s", pm_value_fault_message(fault)), false);
	return true;
}

/* Reads the value of a target.  false: the arena is full. */
static bool
read_target(ImportPlan *plan, const PmReader *reader, const PmRecord *record, Batch *batch,
            int i)
{
	Target *target = &plan->targets[i];
	PmText text = {NULL, 0};

	if (target->is_constant)
		text = target->constant;
	else if (target->is_joined)
	{
		int count = 0;

		for (int j = 0; j < target->name_count; j++)
			if (target->fields[j] >= 0 && target->fields[j] < record->field_count)
				plan->parts[count++] = record->fields[target->fields[j]];
		if (pm_transform_join(plan->parts, count, target->separator, &plan->arena, &text) !=
		    PM_TRANSFORM_OK)
			return false;
	}
	else if (target->field >= 0 && target->field < record->field_count)
		text = record->fields[target->field];
	plan->inputs[i] = text;
	plan->broken[i] = false;
	plan->texts[i] = (PmText){NULL, 0};
	plan->values[i] = (Field){NULL, -1};
	if (target->chain_length > 0)
	{
		PmValueFault fault;
		size_t at;

		switch (pm_transform_run(target->chain, target->chain_length, &text, &plan->arena,
		                         &fault, &at))
		{
			case PM_TRANSFORM_OK:
				break;
			case PM_TRANSFORM_FULL:
				return false;
			case PM_TRANSFORM_BAD:
				target_error(plan, reader, record, batch, i, pm_value_fault_code(fault),
				             psprintf("the value %s", pm_value_fault_message(fault)),
				             false);
				return true;
		}
	}
	if (target->has_default && (text.data == NULL || text.size == 0))
		text = target->default_value;
	plan->texts[i] = text;
	return convert(plan, reader, record, batch, i, text);
}

/* Characters of a text in UTF-8. */
static int64
characters(Field value)
{
	int64 count = 0;

	for (int32 i = 0; i < value.size; i++)
		count += (value.data[i] & 0xC0) != 0x80;
	return count;
}

/* The value of 128 bits that stands for a field in a set. */
static inline SeenValue
field_value(Field field)
{
	XXH128_hash_t hash = XXH3_128bits(field.data, field.size);

	return (SeenValue){hash.high64, hash.low64};
}

/* Is a number on the wrong side of a rule's bound? */
static bool
is_beyond(const ImportPlan *plan, const Rule *rule)
{
	PmDecimal number;
	int order;

	if (pm_decimal_read(trimmed(plan->texts[rule->target]), &number) != PM_VALUE_GOOD)
		return false;
	order = pm_decimal_compare(&number, &rule->bound);
	return rule->kind == RULE_MIN ? order < 0 : order > 0;
}

/* Is a text none of a rule's words? */
static bool
is_not_listed(const Rule *rule, PmText text)
{
	int low = 0;
	int high = rule->word_count;

	while (low < high)
	{
		int middle = (low + high) / 2;
		const PmText *word = &rule->words[middle];
		int order = memcmp(text.data, word->data, Min(text.size, word->size));

		if (order == 0)
			order = text.size < word->size ? -1 : text.size > word->size;
		if (order == 0)
			return false;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return true;
}

/* What rules of type say. */
static const char *const type_messages[] = {
    [VALUE_TEXT] = "the value is no text",
    [VALUE_INTEGER] = "the value is not a whole number",
    [VALUE_NUMBER] = "the value is not a number",
    [VALUE_BOOLEAN] = "the value is neither true nor false",
    [VALUE_DATE] = "the value is not a date such as 2024-12-31",
    [VALUE_GTIN] = "the value is not a GTIN",
    [VALUE_URL] = "the value is no address that begins with http:// or https://"};

/* Is a text a value of the type? */
static bool
has_type(PmText text, ValueType type)
{
	PmDecimal number;
	PmDate date;
	PmGtinError error;
	int64 integer;
	bool answer;

	switch (type)
	{
		case VALUE_TEXT:
			return true;
		case VALUE_INTEGER:
			return pm_decimal_integer(text, PG_INT64_MIN, PG_INT64_MAX, &integer) ==
			       PM_VALUE_GOOD;
		case VALUE_NUMBER:
			return pm_decimal_read(text, &number) == PM_VALUE_GOOD;
		case VALUE_BOOLEAN:
			return pm_boolean_read(text, &answer) == PM_VALUE_GOOD;
		case VALUE_DATE:
			return pm_date_read(text, &date) == PM_VALUE_GOOD;
		case VALUE_GTIN:
			return pm_gtin_parse(text.data, text.size, &integer, &error) == PM_GTIN_OK;
		case VALUE_URL:
			return (text.size > 7 && pg_strncasecmp(text.data, "http://", 7) == 0) ||
			       (text.size > 8 && pg_strncasecmp(text.data, "https://", 8) == 0);
	}
	return false;
}

/* Asks a rule.  false: it is broken. */
static bool
ask_rule(ImportPlan *plan, const Rule *rule, const char **code, const char **message)
{
	Field value = plan->values[rule->target];

	if (rule->kind == RULE_REQUIRED)
	{
		*code = "required";
		*message = "there is no value, and one is required";
		return value.data != NULL;
	}
	if (value.data == NULL)
		return true;
	switch (rule->kind)
	{
		case RULE_MIN:
			*code = "too_low";
			*message = "the value is too low";
			return !is_beyond(plan, rule);
		case RULE_MAX:
			*code = "too_high";
			*message = "the value is too high";
			return !is_beyond(plan, rule);
		case RULE_LENGTH:
		{
			int64 length = characters(value);

			*code = length < rule->least ? "too_short" : "too_long";
			*message =
			    length < rule->least ? "the value is too short" : "the value is too long";
			return length >= rule->least && length <= rule->most;
		}
		case RULE_TYPE:
			*code = "wrong_type";
			*message = type_messages[rule->type];
			return has_type(trimmed(plan->texts[rule->target]), rule->type);
		case RULE_PATTERN:
			*code = "no_match";
			*message = "the value does not match the pattern";
			return pm_imports_pattern_matches(rule->pattern, plan->texts[rule->target]);
		case RULE_LIST:
			*code = "not_listed";
			*message = "the value is none of those that are allowed";
			return !is_not_listed(rule, trimmed(plan->texts[rule->target]));
		case RULE_UNIQUE:
			*code = "not_unique";
			*message = "the value was in the file before";
			return pm_imports_seen_add(rule->seen, field_value(value));
		default:
			return true;
	}
}

/* Asks all rules of values that could be converted. */
static void
ask_rules(ImportPlan *plan, const PmReader *reader, const PmRecord *record, Batch *batch)
{
	for (int i = 0; i < plan->rule_count; i++)
	{
		const Rule *rule = &plan->rules[i];
		const char *code;
		const char *message;

		if (rule->expression != NULL || plan->broken[rule->target] ||
		    ask_rule(plan, rule, &code, &message))
			continue;
		pm_imports_batch_error(
		    batch, record, column_of(reader, &plan->targets[rule->target]),
		    plan->targets[rule->target].name, plan->inputs[rule->target], code,
		    rule->message != NULL ? rule->message : message, rule->warning);
	}
}

/* Appends a text as a string of JSON; false: the arena is full. */
static bool
put_json_string(PmArena *arena, const char *data, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	char *start = pm_arena_bytes(arena, size * 6 + 2);
	char *at = start;

	if (start == NULL)
		return false;
	*at++ = '"';
	for (size_t i = 0; i < size; i++)
	{
		unsigned char c = data[i];

		if (c < ' ')
		{
			memcpy(at, "\\u00", 4);
			at[4] = digits[c >> 4];
			at[5] = digits[c & 15];
			at += 6;
			continue;
		}
		if (c == '"' || c == '\\')
			*at++ = '\\';
		*at++ = c;
	}
	*at++ = '"';
	pm_arena_end(arena, at);
	return true;
}

static bool
put_bytes(PmArena *arena, const char *data, size_t size)
{
	char *at = pm_arena_bytes(arena, size);

	if (at == NULL)
		return false;
	memcpy(at, data, size);
	return true;
}

/* Appends the value of an attribute. */
static bool
put_attribute(ImportPlan *plan, const PmReader *reader, const PmRecord *record,
              Batch *batch, int i)
{
	const Target *target = &plan->targets[i];
	PmArena *arena = &plan->arena;
	Field value = plan->values[i];
	PmText text = trimmed((PmText){value.data, Max(0, value.size)});
	PmDecimal number;
	bool answer;

	if (value.data == NULL)
		return put_bytes(arena, "null", 4);
	switch (target->form)
	{
		case ATTRIBUTE_NUMBER:
			if (pm_decimal_read(text, &number) == PM_VALUE_GOOD &&
			    (text.data[0] == '-' || (text.data[0] >= '1' && text.data[0] <= '9') ||
			     (text.data[0] == '0' && (text.size == 1 || text.data[1] == '.'))) &&
			    text.data[text.size - 1] >= '0')
				return put_bytes(arena, text.data, text.size);
			target_error(plan, reader, record, batch, i, "not_a_number",
			             "the value is not a number", false);
			return put_bytes(arena, "null", 4);
		case ATTRIBUTE_BOOLEAN:
			if (pm_boolean_read(text, &answer) == PM_VALUE_GOOD)
				return answer ? put_bytes(arena, "true", 4) : put_bytes(arena, "false", 5);
			target_error(plan, reader, record, batch, i, "not_a_boolean",
			             "the value is neither true nor false", false);
			return put_bytes(arena, "null", 4);
		default:
			return put_json_string(arena, value.data, value.size);
	}
}

/* Makes technical_specs of the attributes.  false: the arena is full. */
static bool
make_specs(ImportPlan *plan, const PmReader *reader, const PmRecord *record, Batch *batch,
           Field *specs)
{
	size_t start = plan->arena.used;
	bool first = true;

	if (!put_bytes(&plan->arena, "\1{", 2))
		return false;
	for (int i = 0; i < plan->target_count; i++)
	{
		const char *code = plan->targets[i].attribute;

		if (code == NULL || plan->broken[i])
			continue;
		if ((!first && !put_bytes(&plan->arena, ",", 1)) ||
		    !put_json_string(&plan->arena, code, strlen(code)) ||
		    !put_bytes(&plan->arena, ":", 1) ||
		    !put_attribute(plan, reader, record, batch, i))
			return false;
		first = false;
	}
	if (!put_bytes(&plan->arena, "}", 1))
		return false;
	*specs = (Field){plan->arena.data + start, (int32) (plan->arena.used - start)};
	return true;
}

/* Makes technical_specs, if the plan has attributes.  false: the arena is full. */
static bool
put_specs(ImportPlan *plan, const PmReader *reader, const PmRecord *record, Batch *batch)
{
	for (int i = 0; i < plan->target_count; i++)
		if (plan->targets[i].attribute != NULL)
			return make_specs(plan, reader, record, batch,
			                  &plan->fields[plan->targets[i].column]);
	return true;
}

/* Notes what an expression threw. */
static void
expression_error(const PmRecord *record, Batch *batch, const char *target,
                 const ErrorData *error)
{
	pm_imports_batch_error(batch, record, NULL, target, (PmText){NULL, 0},
	                       unpack_sql_state(error->sqlerrcode), error->message, false);
}

/* Computes targets.  false: the arena is full. */
static bool
compute(ImportPlan *plan, const PmReader *reader, const PmRecord *record, Batch *batch)
{
	ErrorData *error;
	int at;

	if (!pm_imports_computed_evaluate(plan, false, plan->results, &at, &error))
	{
		plan->broken[at] = true;
		expression_error(record, batch, plan->targets[at].name, error);
		return true;
	}
	for (int i = 0; i < plan->target_count; i++)
	{
		if (plan->targets[i].computed == NULL)
			continue;
		plan->values[i] = plan->results[i].value;
		plan->texts[i] = plan->results[i].text;
		if (plan->targets[i].attribute == NULL)
			plan->fields[plan->targets[i].column] = plan->values[i];
	}
	return !plan->has_computed_attributes || put_specs(plan, reader, record, batch);
}

/* Asks the rules that are expressions. */
static void
ask_expressions(ImportPlan *plan, const PmReader *reader, const PmRecord *record,
                Batch *batch)
{
	ErrorData *error;
	int at;

	if (!pm_imports_computed_evaluate(plan, true, plan->results, &at, &error))
	{
		const Rule *rule = &plan->rules[at];

		expression_error(record, batch,
		                 rule->target < 0 ? NULL : plan->targets[rule->target].name, error);
		return;
	}
	for (int i = 0; i < plan->rule_count; i++)
	{
		const Rule *rule = &plan->rules[i];
		const Target *target = rule->target < 0 ? NULL : &plan->targets[rule->target];

		if (rule->expression != NULL && plan->results[i].is_false)
			pm_imports_batch_error(
			    batch, record, target == NULL ? NULL : column_of(reader, target),
			    target == NULL ? NULL : target->name,
			    target == NULL ? (PmText){NULL, 0} : plan->inputs[rule->target],
			    "expression",
			    rule->message != NULL ? rule->message : "the record does not meet the rule",
			    rule->warning);
	}
}

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
		if (!read_target(plan, reader, record, batch, i))
			return false;
		if (plan->targets[i].attribute == NULL)
			plan->fields[plan->targets[i].column] = plan->values[i];
	}
	if (!put_specs(plan, reader, record, batch))
		return false;
	/* of a row that is not all there nothing can be computed */
	return !plan->has_computed || has_error(batch, errors, warnings) ||
	       compute(plan, reader, record, batch);
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
		record_error(reader, record, batch);
		return ROW_REJECTED;
	}
	pm_imports_plan_bind(plan, reader);
	while (!read_targets(plan, reader, record, batch))
	{
		/* errors and codes will be found again */
		batch->error_count = errors;
		batch->code_count = codes;
		batch->warnings = warnings;
		if (!grow_arena(plan))
		{
			pm_imports_batch_error(
			    batch, record, NULL, NULL, (PmText){NULL, 0}, "values_too_long",
			    "the values of the record are too long once they are transformed", false);
			return ROW_REJECTED;
		}
	}
	ask_rules(plan, reader, record, batch);
	if (plan->has_rule_expressions && !has_error(batch, errors, warnings))
		ask_expressions(plan, reader, record, batch);
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
	XXH128_canonicalFromHash(&canonical, hash);
	memcpy(start + head - 16, canonical.digest, 16);
	rows->len += size;
	rows->data[rows->len] = '\0';
	return (SeenValue){hash.high64, hash.low64};
}
