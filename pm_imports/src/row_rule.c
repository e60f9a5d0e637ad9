/*
 * row_rule.c - rules that the values of a record must meet, and expressions over them
 *
 * A rule is asked of a value that could be converted; expressions of a record without
 * errors.
 */
#include "row.h"

#include "common/string.h"

#include "pm_boolean.h"
#include "pm_date.h"
#include "pm_gtin.h"

/* Characters of a text in UTF-8. */
static int64
characters(Field value)
{
	int64 count = 0;

	for (int32 i = 0; i < value.size; i++)
		count += (value.data[i] & 0xC0) != 0x80;
	return count;
}

/* Is a value a number on the right side of a rule's bound?  A blank one is none at all. */
static bool
keeps_bound(PmText text, const Rule *rule, const char **code, const char **message)
{
	PmDecimal number;
	int order;

	if (text.size == 0)
		return true;
	if (pm_decimal_read(text, &number) != PM_VALUE_GOOD)
	{
		*code = "not_a_number";
		*message = "the value is not a number";
		return false;
	}
	order = pm_decimal_compare(&number, &rule->bound);
	*code = rule->kind == RULE_MIN ? "too_low" : "too_high";
	*message = rule->kind == RULE_MIN ? "the value is too low" : "the value is too high";
	return rule->kind == RULE_MIN ? order >= 0 : order <= 0;
}

/* Has a number, value in numeric's binary form, more decimals than so many, zeros aside? */
static bool
is_rounded(Field value, PmText text, int decimals)
{
	uint16 written;
	PmDecimal number;

	/* the last of four numbers that the binary form begins with */
	memcpy(&written, value.data + 6, sizeof(written));
	return pg_ntoh16(written) > decimals &&
	       pm_decimal_read(text, &number) == PM_VALUE_GOOD &&
	       pm_decimal_places(&number) > decimals;
}

/* Is a number none of those among a rule's words? */
static bool
is_other_number(const Rule *rule, const PmDecimal *number)
{
	int low = 0;
	int high = rule->number_count;

	while (low < high)
	{
		int middle = (low + high) / 2;
		int order = pm_decimal_compare(number, &rule->numbers[middle]);

		if (order == 0)
			return false;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return true;
}

/* Is a value none of a rule's words?  Numbers of a target that has them: by what they are. */
static bool
is_not_listed(const Target *target, const Rule *rule, PmText text)
{
	PmDecimal number;
	int low = 0;
	int high = rule->word_count;

	if ((target->type == TARGET_NUMERIC || target->type == TARGET_INTEGER ||
	     target->form == ATTRIBUTE_NUMBER) &&
	    pm_decimal_read(text, &number) == PM_VALUE_GOOD)
		return is_other_number(rule, &number);
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

/* Has a value nothing but blanks, or no element? */
static bool
is_blank(TargetType type, Field value)
{
	if (type == TARGET_TEXTS || type == TARGET_ADDRESSES)
		return value.size <= EMPTY_ARRAY;
	return type == TARGET_TEXT && trimmed((PmText){value.data, value.size}).size == 0;
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
		return value.data != NULL && !is_blank(plan->targets[rule->target].type, value);
	}
	if (value.data == NULL)
		return true;
	switch (rule->kind)
	{
		case RULE_MIN:
		case RULE_MAX:
			return keeps_bound(trimmed(plan->texts[rule->target]), rule, code, message);
		case RULE_LENGTH:
		{
			PmText text = trimmed(plan->texts[rule->target]);
			int64 length = plan->targets[rule->target].type == TARGET_TEXT
			                   ? characters(value)
			                   : characters((Field){text.data, (int32) text.size});

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
			return !is_not_listed(&plan->targets[rule->target], rule,
			                      trimmed(plan->texts[rule->target]));
		case RULE_DECIMALS:
			*code = "too_precise";
			*message = "the value has more decimals than the catalog keeps, and is rounded";
			return !is_rounded(value, trimmed(plan->texts[rule->target]), rule->decimals);
		case RULE_UNIQUE:
			*code = "not_unique";
			*message = "the value was in the file before";
			return pm_imports_seen_add(rule->seen, field_value(value));
		default:
			return true;
	}
}

/*
 * Asks all rules of values that could be converted.  What the catalog rounds is in whole
 * columns or nowhere: it is noted of the first values.
 */
void
pm_imports_row_ask_rules(ImportPlan *plan, const PmReader *reader, const PmRecord *record,
                         Batch *batch)
{
	for (int i = 0; i < plan->rule_count; i++)
	{
		Rule *rule = &plan->rules[i];
		const char *code;
		const char *message;

		if (rule->expression != NULL || plan->broken[rule->target] ||
		    ask_rule(plan, rule, &code, &message))
			continue;
		if (rule->kind == RULE_DECIMALS && ++rule->rounded > ROUNDED_NOTED)
			continue;
		pm_imports_batch_error(
		    batch, record, pm_imports_row_column(reader, &plan->targets[rule->target]),
		    plan->targets[rule->target].name, plan->inputs[rule->target], code,
		    rule->message != NULL ? rule->message : message, rule->warning);
	}
}

/*
 * Has a good record of another key the GTIN of this one?  One product has one offer of a
 * supplier, which would change hands with each of them, and end with the one that is
 * merged last.
 */
bool
pm_imports_row_repeats_gtin(ImportPlan *plan, const PmReader *reader,
                            const PmRecord *record, Batch *batch)
{
	int gtin = plan->gtin_target;

	if (gtin < 0 || plan->values[gtin].data == NULL ||
	    pm_imports_seen_add(plan->gtins, field_value(plan->values[gtin])))
		return false;
	pm_imports_batch_error(batch, record,
	                       pm_imports_row_column(reader, &plan->targets[gtin]),
	                       plan->targets[gtin].name, plan->inputs[gtin], "not_unique",
	                       psprintf("the GTIN was in the file before, with another %s",
	                                plan->targets[plan->key_target].name),
	                       false);
	return true;
}

/* Notes which targets have no value as they were not computed, so that no rule misses it. */
void
pm_imports_row_not_computed(ImportPlan *plan)
{
	for (int i = 0; i < plan->target_count; i++)
		if (plan->targets[i].computed != NULL && plan->values[i].data == NULL)
			plan->broken[i] = true;
}

/* Computes targets.  false: the arena is full. */
bool
pm_imports_row_compute(ImportPlan *plan, const PmReader *reader, const PmRecord *record,
                       Batch *batch)
{
	ErrorData *error;
	int at;

	if (!pm_imports_computed_evaluate(plan, false, plan->results, &at, &error))
	{
		pm_imports_row_not_computed(plan);
		pm_imports_row_expression_error(record, batch, plan->targets[at].name, error);
		return true;
	}
	for (int i = 0; i < plan->target_count; i++)
	{
		if (plan->targets[i].computed == NULL)
			continue;
		plan->values[i] = plan->results[i].value;
		plan->texts[i] = plan->results[i].text;
		/* the binary form of jsonb has a version before the text */
		if (plan->targets[i].type == TARGET_JSONB && plan->targets[i].attribute == NULL &&
		    plan->values[i].data != NULL && plan->values[i].data[1] != '{')
		{
			plan->broken[i] = true;
			pm_imports_row_target_error(plan, reader, record, batch, i, "not_json",
			                            "the value is no object of JSON", false);
		}
		if (plan->targets[i].attribute == NULL)
			plan->fields[plan->targets[i].column] = plan->values[i];
	}
	return !plan->has_computed_specs || pm_imports_row_specs(plan, reader, record, batch);
}

/* Asks the rules that are expressions. */
void
pm_imports_row_ask_expressions(ImportPlan *plan, const PmReader *reader,
                               const PmRecord *record, Batch *batch)
{
	ErrorData *error;
	int at;

	if (!pm_imports_computed_evaluate(plan, true, plan->results, &at, &error))
	{
		const Rule *rule = &plan->rules[at];

		pm_imports_row_expression_error(
		    record, batch, rule->target < 0 ? NULL : plan->targets[rule->target].name,
		    error);
		return;
	}
	for (int i = 0; i < plan->rule_count; i++)
	{
		const Rule *rule = &plan->rules[i];
		const Target *target = rule->target < 0 ? NULL : &plan->targets[rule->target];

		if (rule->expression != NULL && plan->results[i].is_false)
			pm_imports_batch_error(
			    batch, record,
			    target == NULL ? NULL : pm_imports_row_column(reader, target),
			    target == NULL ? NULL : target->name,
			    target == NULL ? (PmText){NULL, 0} : plan->inputs[rule->target],
			    "expression",
			    rule->message != NULL ? rule->message : "the record does not meet the rule",
			    rule->warning);
	}
}
