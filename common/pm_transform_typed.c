/*
 * pm_transform_typed.c - transforms that read something: decimal, currency, unit, date, boolean
 *
 * What they write is what typed readers take: 1234.50, EUR, 2026-03-05, true.
 */
#include <string.h>

#include "pm_blank.h"
#include "pm_boolean.h"
#include "pm_currency.h"
#include "pm_date.h"
#include "pm_number.h"
#include "pm_transform_private.h"
#include "pm_unit.h"

/* Takes the blanks off a value and makes none of an empty one; is there anything to read? */
static inline bool
prepare(PmText *value)
{
	if (value->data == NULL)
		return false;
	*value = pm_blank_trim(*value);
	if (value->size > 0)
		return true;
	value->data = NULL;
	return false;
}

/* Tells a fault, if there is one. */
static inline PmTransformStatus
told(PmValueFault found, PmValueFault *fault)
{
	if (found == PM_VALUE_GOOD)
		return PM_TRANSFORM_OK;
	*fault = found;
	return PM_TRANSFORM_BAD;
}

static const char *const mark_names[] = {"auto", ",", ".", NULL};
static const char *const thousands_names[] = {"auto", "none", ",", ".", "'", " ", NULL};
static const char *const percent_names[] = {"number", "fraction", NULL};

static const char mark_chars[] = {'\0', ',', '.'};
static const char thousands_chars[] = {'\0', PM_NUMBER_NO_THOUSANDS, ',', '.', '\'', ' '};

/* Reads the arguments of numbers; false if their characters are the same. */
static bool
compile_number(const PmCompile *from, int mark, int thousands, PmNumberStyle *style)
{
	style->mark = mark_chars[pm_given_choice(from, mark, 0)];
	style->thousands = thousands_chars[pm_given_choice(from, thousands, 0)];
	style->percent = PM_PERCENT_REFUSED;
	return style->mark == '\0' || style->mark != style->thousands;
}

static PmTransformStatus
compile_decimal(PmCompile *from, const void **compiled)
{
	PmNumberStyle *style = pm_arena_object(from->arena, sizeof(*style));

	*compiled = style;
	if (style == NULL)
		return PM_TRANSFORM_FULL;
	if (!compile_number(from, 0, 1, style))
		return pm_problem(from, "arguments \"mark\" and \"thousands\" are both \"%.*s\"",
		                  pm_given(from, 0, 0)->text);
	style->percent = (PmPercent) (pm_given_choice(from, 2, -1) + 1);
	return PM_TRANSFORM_OK;
}

/* Writes a number as PostgreSQL takes it. */
static PmTransformStatus
run_decimal(const void *compiled, PmText *value, PmArena *arena, PmValueFault *fault)
{
	const PmNumberStyle *style = compiled;
	PmText text = *value;
	PmValueFault found;
	char *out;
	size_t size;

	if (!prepare(&text) || pm_number_is_plain(text, style))
	{
		*value = text;
		return PM_TRANSFORM_OK;
	}
	out = pm_arena_bytes(arena, text.size + PM_NUMBER_EXTRA);
	if (out == NULL)
		return PM_TRANSFORM_FULL;
	found = pm_number_read(text, style, out, &size);
	if (found != PM_VALUE_GOOD)
		return told(found, fault);
	return pm_done(arena, out, out + size, value);
}

static PmTransformStatus
compile_currency(PmCompile *from, const void **compiled)
{
	PmText *preferred = pm_arena_object(from->arena, sizeof(*preferred));
	const PmArgument *argument = pm_given(from, 0, 0);

	*compiled = preferred;
	if (preferred == NULL)
		return PM_TRANSFORM_FULL;
	if (argument != NULL && !pm_currency_is_code(argument->text))
		return pm_problem(from,
		                  "argument \"default\" must be a code of ISO 4217, not \"%.*s\"",
		                  argument->text);
	return pm_given_text(from, 0, preferred);
}

/* Writes the code of the currency that a value names. */
static PmTransformStatus
run_currency(const void *compiled, PmText *value, PmArena *arena, PmValueFault *fault)
{
	const PmText *preferred = compiled;
	PmText text = *value;
	PmValueFault found;
	char *out;

	if (!prepare(&text))
	{
		*value = text;
		return PM_TRANSFORM_OK;
	}
	out = pm_arena_bytes(arena, 3);
	if (out == NULL)
		return PM_TRANSFORM_FULL;
	found = pm_currency_find(text, *preferred, out);
	if (found != PM_VALUE_GOOD)
		return told(found, fault);
	return pm_done(arena, out, out + 3, value);
}

static const char *const system_names[] = {"us", "imperial", NULL};
static const char *const pack_names[] = {"total", "each", NULL};

/* Finds the unit of an argument; NULL if none was given. */
static PmTransformStatus
given_unit(PmCompile *from, int which, PmUnitSystem system, const PmUnit **unit)
{
	const PmArgument *argument = pm_given(from, which, 0);

	*unit = NULL;
	if (argument == NULL)
		return PM_TRANSFORM_OK;
	switch (pm_unit_find(argument->text, system, unit))
	{
		case PM_VALUE_GOOD:
			return PM_TRANSFORM_OK;
		case PM_VALUE_AMBIGUOUS_UNIT:
			return pm_problem(from, "the size of a \"%.*s\" needs the argument \"system\"",
			                  argument->text);
		default:
			return pm_problem(from, "there is no unit \"%.*s\"", argument->text);
	}
}

static PmTransformStatus
compile_unit(PmCompile *from, const void **compiled)
{
	PmUnitStyle *style = pm_arena_object(from->arena, sizeof(*style));
	PmTransformStatus status;

	*compiled = style;
	if (style == NULL)
		return PM_TRANSFORM_FULL;
	style->system = (PmUnitSystem) (pm_given_choice(from, 3, -1) + 1);
	style->pack = (PmUnitPack) (pm_given_choice(from, 2, -1) + 1);
	style->decimals = pm_given_number(from, 4, -1);
	status = given_unit(from, 0, style->system, &style->to);
	if (status == PM_TRANSFORM_OK)
		status = given_unit(from, 1, style->system, &style->from);
	if (status != PM_TRANSFORM_OK)
		return status;
	if (style->from != NULL && !pm_unit_same_kind(style->from, style->to))
		return pm_problem(from, "\"%.*s\" is a unit of another kind",
		                  pm_given(from, 1, 0)->text);
	if (!compile_number(from, 5, 6, &style->number))
		return pm_problem(from, "arguments \"mark\" and \"thousands\" are both \"%.*s\"",
		                  pm_given(from, 5, 0)->text);
	return PM_TRANSFORM_OK;
}

/* Writes a quantity in another unit, without the unit. */
static PmTransformStatus
run_unit(const void *compiled, PmText *value, PmArena *arena, PmValueFault *fault)
{
	PmText text = *value;
	PmValueFault found;
	char *out;
	size_t size;

	if (!prepare(&text))
	{
		*value = text;
		return PM_TRANSFORM_OK;
	}
	out = pm_arena_bytes(arena, PM_UNIT_VALUE_MAX);
	if (out == NULL)
		return PM_TRANSFORM_FULL;
	found = pm_unit_convert(text, compiled, out, &size);
	if (found != PM_VALUE_GOOD)
		return told(found, fault);
	return pm_done(arena, out, out + size, value);
}

static const char *const order_names[] = {"auto", "DMY", "MDY", "YMD", NULL};
static const char *const serial_names[] = {"none", "1900", "1904", NULL};

typedef struct DateStyle
{
	PmText *patterns;
	size_t count;
	PmDateOrder order;
	PmDateSerial serial;
} DateStyle;

static PmTransformStatus
compile_date(PmCompile *from, const void **compiled)
{
	DateStyle *style = pm_arena_object(from->arena, sizeof(*style));
	const PmArgument *argument;

	*compiled = style;
	if (style == NULL)
		return PM_TRANSFORM_FULL;
	style->order = (PmDateOrder) pm_given_choice(from, 1, PM_DATE_AUTO);
	style->serial = (PmDateSerial) pm_given_choice(from, 2, PM_DATE_NO_SERIAL);
	style->count = 0;
	style->patterns = pm_arena_object(from->arena, from->count * sizeof(PmText));
	if (style->patterns == NULL)
		return PM_TRANSFORM_FULL;
	while ((argument = pm_given(from, 0, style->count)) != NULL)
	{
		if (!pm_date_pattern_check(argument->text))
			return pm_problem(from,
			                  "\"%.*s\" is no format of year, month and day, such as "
			                  "DD/MM/YYYY",
			                  argument->text);
		if (!pm_copy_text(from->arena, argument->text, &style->patterns[style->count++]))
			return PM_TRANSFORM_FULL;
	}
	return PM_TRANSFORM_OK;
}

/* Reads a date by its formats, or as what people write if there are none. */
static PmValueFault
read_date(PmText text, const DateStyle *style, PmDate *date)
{
	PmValueFault found = PM_VALUE_NOT_A_DATE;

	if (style->count == 0)
		return pm_date_parse(text, style->order, style->serial, date);
	for (size_t i = 0; i < style->count; i++)
	{
		PmValueFault one = pm_date_match(text, style->patterns[i], date);

		if (one == PM_VALUE_GOOD)
			return one;
		if (one == PM_VALUE_NO_SUCH_DAY)
			found = one;
	}
	return found;
}

/* Writes a date as YYYY-MM-DD. */
static PmTransformStatus
run_date(const void *compiled, PmText *value, PmArena *arena, PmValueFault *fault)
{
	PmText text = *value;
	PmValueFault found;
	PmDate date;
	char *out;

	if (!prepare(&text))
	{
		*value = text;
		return PM_TRANSFORM_OK;
	}
	out = pm_arena_bytes(arena, PM_DATE_SIZE);
	if (out == NULL)
		return PM_TRANSFORM_FULL;
	found = read_date(text, compiled, &date);
	if (found != PM_VALUE_GOOD)
		return told(found, fault);
	pm_date_write(date, out);
	return pm_done(arena, out, out + PM_DATE_SIZE, value);
}

static const PmText answers[] = {
    {"false", 5},
    {"true",  4}
};
static const char *const blank_names[] = {"none", "false", "true", NULL};

typedef struct BooleanStyle
{
	PmKeys keys; /* no entries: the words of pm_boolean_read() */
	PmText blank;
} BooleanStyle;

static PmTransformStatus
compile_boolean(PmCompile *from, const void **compiled)
{
	BooleanStyle *style = pm_arena_object(from->arena, sizeof(*style));
	int blank = pm_given_choice(from, 2, 0);

	*compiled = style;
	if (style == NULL)
		return PM_TRANSFORM_FULL;
	style->blank.data = NULL;
	style->blank.size = 0;
	if (blank > 0)
		style->blank = answers[blank - 1];
	style->keys.exact = false;
	if (!pm_keys_make(from, &style->keys, from->count))
		return PM_TRANSFORM_FULL;
	for (int which = 0; which < 2; which++)
	{
		const PmArgument *argument;

		for (size_t i = 0; (argument = pm_given(from, which, i)) != NULL; i++)
		{
			if (pm_keys_add(from, &style->keys, argument->text, answers[which == 0]) !=
			    PM_TRANSFORM_OK)
				return PM_TRANSFORM_FULL;
		}
	}
	return pm_keys_sort(from, &style->keys);
}

/* Writes true or false. */
static PmTransformStatus
run_boolean(const void *compiled, PmText *value, PmArena *arena, PmValueFault *fault)
{
	const BooleanStyle *style = compiled;
	PmText text = *value;
	bool answer;

	if (!prepare(&text))
	{
		*value = style->blank;
		return PM_TRANSFORM_OK;
	}
	if (style->keys.count > 0)
	{
		const PmKeyEntry *entry;

		if (pm_keys_find(&style->keys, text, arena, &entry) != PM_TRANSFORM_OK)
			return PM_TRANSFORM_FULL;
		if (entry == NULL)
			return told(PM_VALUE_NOT_A_BOOLEAN, fault);
		*value = entry->value;
		return PM_TRANSFORM_OK;
	}
	if (pm_boolean_read(text, &answer) != PM_VALUE_GOOD)
		return told(PM_VALUE_NOT_A_BOOLEAN, fault);
	*value = answers[answer];
	return PM_TRANSFORM_OK;
}

/* clang-format off */
const PmTransformKind pm_typed_transforms[] = {
    {"decimal", run_decimal, compile_decimal,
     {PM_CHOICE("mark", mark_names), PM_CHOICE("thousands", thousands_names),
      PM_CHOICE("percent", percent_names)}},
    {"currency", run_currency, compile_currency, {PM_TEXT("default", false, 1, 3)}},
    {"unit", run_unit, compile_unit,
     {PM_TEXT("to", true, 1, 0), PM_TEXT("from", false, 1, 0), PM_CHOICE("pack", pack_names),
      PM_CHOICE("system", system_names), PM_NUMBER("decimals", false, 0, 12),
      PM_CHOICE("mark", mark_names), PM_CHOICE("thousands", thousands_names)}},
    {"date", run_date, compile_date,
     {PM_LIST("format"), PM_CHOICE("order", order_names), PM_CHOICE("serial", serial_names)}},
    {"boolean", run_boolean, compile_boolean,
     {PM_LIST("true"), PM_LIST("false"), PM_CHOICE("blank", blank_names)}},
    {NULL, NULL, NULL, {{0}}},
};
/* clang-format on */
