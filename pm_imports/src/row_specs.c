/*
 * row_specs.c - technical_specs: the attributes of a record as an object of JSON
 *
 * It can be a value of the record as a whole, single attributes, or both: then these go
 * before.  What is sent must be JSON that jsonb takes, since what does not would be an
 * error of the batch, not of the row.
 */
#include "row.h"

#include "common/jsonapi.h"
#include "mb/pg_wchar.h"

#include "pm_boolean.h"
#include "pm_char.h"
#include "pm_decimal.h"

#define JSON_DEPTH  64
#define JSON_NUMBER 100 /* characters; numeric holds whatever they say, but for exponents */

/* Is a number outside of strings, or the nesting, more than jsonb is asked to take? */
static bool
is_extreme(PmText text)
{
	int depth = 0;
	int number = 0;
	int exponent = -1; /* its digits; -1: there is none */
	bool quoted = false;

	for (size_t i = 0; i < text.size; i++)
	{
		char c = text.data[i];

		if (quoted)
		{
			i += c == '\\';
			quoted = c != '"';
			continue;
		}
		quoted = c == '"';
		depth += (c == '{' || c == '[') - (c == '}' || c == ']');
		if ((c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+')
		{
			number++;
			exponent += exponent >= 0 && c >= '0';
		}
		else if ((c == 'e' || c == 'E') && number > 0)
			exponent = 0;
		else
		{
			number = 0;
			exponent = -1;
		}
		if (depth > JSON_DEPTH || number > JSON_NUMBER || exponent > 3)
			return true;
	}
	return false;
}

/* Is a text an object of JSON that jsonb takes? */
bool
pm_imports_row_is_object(ImportPlan *plan, PmText text)
{
	MemoryContext old;
	JsonLexContext *lex;
	bool good;

	if (text.size > MaxAllocSize / 8 || text.data[0] != '{' || is_extreme(text))
		return false;
	old = MemoryContextSwitchTo(plan->scratch);
	lex = pm_json_lexer(text.data, (int) text.size);
	good = pg_parse_json(lex, &nullSemAction) == JSON_SUCCESS;
	MemoryContextSwitchTo(old);
	MemoryContextReset(plan->scratch);
	return good;
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

/* Is a text a number as JSON has it, and no extreme one? */
static bool
is_json_number(PmText text)
{
	size_t at = text.data[0] == '-';
	size_t start = at;
	size_t digits;

	while (at < text.size && pm_is_digit(text.data[at]))
		at++;
	digits = at - start;
	if (digits == 0 || (digits > 1 && text.data[start] == '0'))
		return false;
	if (at < text.size && text.data[at] == '.')
	{
		start = ++at;
		while (at < text.size && pm_is_digit(text.data[at]))
			at++;
		if (at == start)
			return false;
	}
	if (at < text.size && (text.data[at] == 'e' || text.data[at] == 'E'))
	{
		at++;
		at += at < text.size && (text.data[at] == '-' || text.data[at] == '+');
		start = at;
		while (at < text.size && pm_is_digit(text.data[at]))
			at++;
		if (at == start || at - start > 3)
			return false;
	}
	return at == text.size && text.size <= JSON_NUMBER;
}

/* Appends the digits of a number from one of them on, zeros behind the last one. */
static char *
put_digits(char *at, const PmDecimal *number, int from, int to)
{
	int head = (int) number->head.size;
	int all = head + (int) number->tail.size;

	for (int i = from; i < to; i++)
		*at++ = i < head  ? number->head.data[i]
		        : i < all ? number->tail.data[i - head]
		                  : '0';
	return at;
}

/*
 * Appends a number that may be written in another way than JSON has it: 007, +5, .5, 5.
 * false: the arena is full.  *is_extreme: it has too many digits, and nothing was appended.
 */
static bool
put_number(PmArena *arena, PmText text, const PmDecimal *number, bool *is_extreme)
{
	int all = (int) (number->head.size + number->tail.size);
	char *start;
	char *at;

	*is_extreme = false;
	if (is_json_number(text))
		return put_bytes(arena, text.data, text.size);
	*is_extreme =
	    all > JSON_NUMBER || number->point > JSON_NUMBER || number->point < -JSON_NUMBER;
	if (*is_extreme)
		return true;
	start = at = pm_arena_bytes(arena, 3 * JSON_NUMBER + 4);
	if (start == NULL)
		return false;
	if (number->negative)
		*at++ = '-';
	if (number->point <= 0)
	{
		*at++ = '0';
		if (all > 0)
		{
			*at++ = '.';
			memset(at, '0', -number->point);
			at = put_digits(at - number->point, number, 0, all);
		}
	}
	else
	{
		at = put_digits(at, number, 0, number->point);
		if (all > number->point)
		{
			*at++ = '.';
			at = put_digits(at, number, number->point, all);
		}
	}
	pm_arena_end(arena, at);
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
	PmText text;
	PmDecimal number;
	bool answer;
	bool is_extreme = true;

	if (value.data == NULL)
		return put_bytes(arena, "null", 4);
	text = trimmed((PmText){value.data, Max(0, value.size)});
	switch (target->form)
	{
		case ATTRIBUTE_NUMBER:
			if (pm_decimal_read(text, &number) == PM_VALUE_GOOD &&
			    !put_number(arena, text, &number, &is_extreme))
				return false;
			if (!is_extreme)
				return true;
			if (target->form_warning)
				break;
			pm_imports_row_target_error(plan, reader, record, batch, i, "not_a_number",
			                            "the value is not a number", false);
			return put_bytes(arena, "null", 4);
		case ATTRIBUTE_BOOLEAN:
			if (pm_boolean_read(text, &answer) == PM_VALUE_GOOD)
				return answer ? put_bytes(arena, "true", 4) : put_bytes(arena, "false", 5);
			if (target->form_warning)
				break;
			pm_imports_row_target_error(plan, reader, record, batch, i, "not_a_boolean",
			                            "the value is neither true nor false", false);
			return put_bytes(arena, "null", 4);
		default:
			break;
	}
	return put_json_string(arena, value.data, value.size);
}

/* The value of the record that is technical_specs as a whole; data NULL: there is none. */
static Field
whole_specs(const ImportPlan *plan)
{
	for (int i = 0; i < plan->target_count; i++)
		if (plan->targets[i].type == TARGET_JSONB && !plan->broken[i])
			return plan->values[i];
	return (Field){NULL, -1};
}

/*
 * Makes technical_specs of the attributes, and the value that has them as a whole.  false:
 * the arena is full.
 */
static bool
make_specs(ImportPlan *plan, const PmReader *reader, const PmRecord *record, Batch *batch,
           Field *specs)
{
	size_t start = plan->arena.used;
	bool first = true;
	Field whole = whole_specs(plan);

	if (whole.data != NULL)
	{
		/* without the brace that closes it; of a name that comes again jsonb has the last one */
		if (!put_bytes(&plan->arena, whole.data, whole.size - 1))
			return false;
		first = trimmed((PmText){whole.data + 2, whole.size - 3}).size == 0;
	}
	else if (!put_bytes(&plan->arena, "\1{", 2))
		return false;
	for (int i = 0; i < plan->target_count; i++)
	{
		const char *code = plan->targets[i].attribute;

		if (code == NULL || plan->broken[i] || plan->targets[i].is_absent)
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
bool
pm_imports_row_specs(ImportPlan *plan, const PmReader *reader, const PmRecord *record,
                     Batch *batch)
{
	for (int i = 0; i < plan->target_count; i++)
		if (plan->targets[i].attribute != NULL)
			return make_specs(plan, reader, record, batch,
			                  &plan->fields[plan->targets[i].column]);
	return true;
}
