/*
 * row_value.c - the value of a target: from the record through its transforms to the
 * binary form of its type
 *
 * A value points into the record or the plan where it can, else into the arena.
 */
#include "row.h"

#include "catalog/pg_type.h"

#include "pm_asin.h"
#include "pm_boolean.h"
#include "pm_char.h"
#include "pm_gtin.h"
#include "pm_resolve.h"

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

/* Is it an address that product_images can have? */
static bool
is_address(PmText text)
{
	size_t start = text.size > 4 && (text.data[4] == 's' || text.data[4] == 'S') ? 5 : 4;

	if (text.size > 2000 || text.size < start + 4 ||
	    pg_strncasecmp(text.data, "http", 4) != 0 ||
	    memcmp(text.data + start, "://", 3) != 0)
		return false;
	for (size_t i = start + 3; i < text.size; i++)
		if ((unsigned char) text.data[i] <= ' ' || text.data[i] == 0x7F)
			return false;
	return true;
}

/* Does a text begin as an address does? */
static bool
begins_address(const char *text, const char *end)
{
	size_t size = end - text;

	return (size >= 7 && pg_strncasecmp(text, "http://", 7) == 0) ||
	       (size >= 8 && pg_strncasecmp(text, "https://", 8) == 0);
}

/* What may stand between addresses: the end of it. */
static const char *
end_of_gap(const char *at, const char *end)
{
	while (at < end && (*at == ',' || *at == ';' || (unsigned char) *at <= ' '))
		at++;
	return at;
}

/*
 * Cuts the first of several addresses off: it ends before commas, semicolons or blanks that
 * nothing or another one follows, as it can have some inside.
 */
static PmText
cut_address(PmText *rest)
{
	const char *end = rest->data + rest->size;
	const char *start = end_of_gap(rest->data, end);

	for (const char *at = start; at < end;)
	{
		const char *next = end_of_gap(at, end);

		if (next > at && (next == end || begins_address(next, end)))
		{
			*rest = (PmText){next, end - next};
			return (PmText){start, at - start};
		}
		at = next + 1;
	}
	*rest = (PmText){end, 0};
	return (PmText){start, end - start};
}

/*
 * The binary form of text[]: parts between bars, without blanks around and empty ones; of
 * addresses each one in a part, without those that are none, which *others counts.
 */
static bool
put_texts(PmArena *arena, PmText text, bool addresses, int *others, Field *field)
{
	/* an address that is cut off has eight bytes or more, and takes four besides */
	size_t room = 20 + text.size + 4 + (addresses ? text.size / 2 : 0);
	int count = 0;
	char *start;
	char *at;

	for (const char *bar = text.data;
	     (bar = memchr(bar, '|', text.data + text.size - bar)) != NULL; bar++)
		room += 4;
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
		while (part.size > 0)
		{
			PmText one = part;

			if (addresses)
				one = cut_address(&part);
			else
				part.size = 0;
			one = trimmed(one);
			if (one.size == 0)
				continue;
			if (addresses && !is_address(one))
			{
				(*others)++;
				continue;
			}
			at = put_int32(at, (int32) one.size);
			memcpy(at, one.data, one.size);
			at += one.size;
			count++;
		}
	}
	(void) put_int32(start, count > 0 ? 1 : 0);
	(void) put_int32(start + 4, 0);
	(void) put_int32(start + 8, TEXTOID);
	(void) put_int32(start + 12, count);
	(void) put_int32(start + 16, 1);
	pm_arena_end(arena, at);
	*field = (Field){start, count > 0 ? (int32) (at - start) : EMPTY_ARRAY};
	if (count == 0)
		pm_arena_end(arena, start + EMPTY_ARRAY);
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
		pm_imports_row_target_error(
		    plan, reader, record, batch, target, method,
		    psprintf("the value is no GTIN that is sure enough: %s; it may be %s "
		             "(confidence %.2f)",
		             method, digits, resolution->confidence),
		    false);
	}
	else
		pm_imports_row_target_error(plan, reader, record, batch, target, method,
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
				pm_imports_row_target_error(plan, reader, record, batch, i, "rejected_code",
				                            psprintf("the code was rejected: %s", rejected),
				                            false);
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
				pm_imports_row_target_error(plan, reader, record, batch, i, "not_an_asin",
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
		case TARGET_ADDRESSES:
		{
			bool addresses = target->type == TARGET_ADDRESSES;
			int others = 0;

			if (!put_texts(&plan->arena, text, addresses, &others, value))
				return false;
			if (others > 0)
				pm_imports_row_target_error(
				    plan, reader, record, batch, i, "not_an_address",
				    "an image has no address such as https://..., and is left out", true);
			break;
		}
		case TARGET_JSONB:
			if (!pm_imports_row_is_object(plan, text))
				pm_imports_row_target_error(plan, reader, record, batch, i, "not_json",
				                            "the value is no object of JSON", false);
			else
			{
				/* the binary form has a version before the text */
				char *bytes = pm_arena_bytes(&plan->arena, text.size + 1);

				if (bytes == NULL)
					return false;
				bytes[0] = 1;
				memcpy(bytes + 1, text.data, text.size);
				*value = (Field){bytes, (int32) text.size + 1};
			}
			break;
	}
	if (fault != PM_VALUE_GOOD)
		pm_imports_row_target_error(
		    plan, reader, record, batch, i, pm_value_fault_code(fault),
		    psprintf("the value %s", pm_value_fault_message(fault)), false);
	return true;
}

/* Is a number of the file, and nothing else that has digits, among what is joined? */
static bool
is_one_number(const Target *target, const PmRecord *record)
{
	int numbers = 0;

	for (int i = 0; record->numbers != NULL && i < target->name_count; i++)
	{
		int field = target->fields[i];

		if (field < 0 || field >= record->field_count)
			continue;
		numbers += record->numbers[field];
		for (size_t j = 0; !record->numbers[field] && j < record->fields[field].size; j++)
			if (pm_is_digit(record->fields[field].data[j]))
				return false;
	}
	return numbers == 1;
}

/* Reads the value of a target.  false: the arena is full. */
bool
pm_imports_row_value(ImportPlan *plan, const PmReader *reader, const PmRecord *record,
                     Batch *batch, int i)
{
	Target *target = &plan->targets[i];
	PmTransform *chain = target->chain;
	PmText text = {NULL, 0};

	if (target->is_constant)
		text = target->constant;
	else if (target->is_joined)
	{
		int count = 0;

		for (int j = 0; j < target->name_count; j++)
			if (target->fields[j] >= 0 && target->fields[j] < record->field_count)
				plan->parts[count++] = record->fields[target->fields[j]];
		if (is_one_number(target, record))
			chain = target->number_chain;
		if (pm_transform_join(plan->parts, count, target->separator, &plan->arena, &text) !=
		    PM_TRANSFORM_OK)
			return false;
	}
	else if (target->field >= 0 && target->field < record->field_count)
	{
		text = record->fields[target->field];
		if (record->numbers != NULL && record->numbers[target->field])
			chain = target->number_chain;
	}
	plan->inputs[i] = text;
	plan->broken[i] = false;
	plan->texts[i] = (PmText){NULL, 0};
	plan->values[i] = (Field){NULL, -1};
	if (target->chain_length > 0)
	{
		PmValueFault fault;
		size_t at;

		switch (
		    pm_transform_run(chain, target->chain_length, &text, &plan->arena, &fault, &at))
		{
			case PM_TRANSFORM_OK:
				break;
			case PM_TRANSFORM_FULL:
				return false;
			case PM_TRANSFORM_BAD:
				/* what need not be a number stays as it was before */
				if ((int) at == target->try_at)
				{
					if (pm_transform_run(chain, at, &text, &plan->arena, &fault, &at) ==
					    PM_TRANSFORM_FULL)
						return false;
					break;
				}
				pm_imports_row_target_error(
				    plan, reader, record, batch, i, pm_value_fault_code(fault),
				    psprintf("the value %s", pm_value_fault_message(fault)), false);
				return true;
		}
	}
	if (target->has_default && (text.data == NULL || text.size == 0 ||
	                            (target->type != TARGET_TEXT && trimmed(text).size == 0)))
		text = target->default_value;
	plan->texts[i] = text;
	return convert(plan, reader, record, batch, i, text);
}
