/*
 * plan_rule.c - validation_rules of a plan
 */
#include "plan.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

/* Orders words by their bytes. */
static int
compare_words(const void *left, const void *right)
{
	const PmText *a = left;
	const PmText *b = right;
	int order = memcmp(a->data, b->data, Min(a->size, b->size));

	return order != 0 ? order : a->size < b->size ? -1 : a->size > b->size;
}

/* Orders numbers. */
static int
compare_numbers(const void *left, const void *right)
{
	return pm_decimal_compare(left, right);
}

/* Sorts the words of a list, and those of them that are numbers as numbers. */
static void
sort_list(Rule *rule)
{
	rule->numbers = palloc(Max(1, rule->word_count) * sizeof(PmDecimal));
	for (int i = 0; i < rule->word_count; i++)
		if (pm_decimal_read(rule->words[i], &rule->numbers[rule->number_count]) ==
		    PM_VALUE_GOOD)
			rule->number_count++;
	qsort(rule->numbers, rule->number_count, sizeof(PmDecimal), compare_numbers);
	qsort(rule->words, rule->word_count, sizeof(PmText), compare_words);
}

/* One of validation_rules. */
void
pm_imports_plan_rule(ImportPlan *plan, JsonbValue *object)
{
	static const char *const kinds[] = {"required",        "type",      "min",  "max",
	                                    "length",          "pattern",   "list", "unique",
	                                    "gtin_confidence", "expression"};
	static const char *const types[] = {"text", "integer", "number", "boolean",
	                                    "date", "gtin",    "url"};
	char *kind = pm_imports_document_string(object, "rule");
	char *name = pm_imports_document_string(object, "target");
	char *severity = pm_imports_document_string(object, "severity");
	JsonbValue *value = pm_imports_document_member(object, "value");
	Rule *rule = &plan->rules[plan->rule_count];
	Target *target;

	*rule = (Rule){
	    .kind = -1, .target = -1, .message = pm_imports_document_string(object, "message")};
	for (int i = 0; kind != NULL && i < lengthof(kinds); i++)
		if (strcmp(kind, kinds[i]) == 0)
			rule->kind = i;
	if ((int) rule->kind == -1)
		pm_imports_plan_bad("a rule", "is not known");
	rule->warning = severity != NULL && strcmp(severity, "warning") == 0;
	if (rule->kind == RULE_EXPRESSION)
	{
		if (value == NULL || value->type != jbvString)
			pm_imports_plan_bad(kind, "has no text");
		rule->target = name == NULL ? -1 : pm_imports_plan_target(plan, name);
		rule->expression = pm_imports_computed_compile(
		    plan, pm_imports_document_scalar(value, kind).data, BOOLOID);
		plan->has_rule_expressions = true;
		plan->rule_count++;
		return;
	}
	if (name == NULL)
		pm_imports_plan_bad(kind, "has no target");
	rule->target = pm_imports_plan_target(plan, name);
	target = &plan->targets[rule->target];
	switch (rule->kind)
	{
		case RULE_REQUIRED:
			if (value != NULL && value->type == jbvBool && !value->val.boolean)
				return;
			break;
		case RULE_TYPE:
		{
			char *type =
			    value == NULL
			        ? ""
			        : unconstify(char *, pm_imports_document_scalar(value, name).data);
			int i = 0;

			while (i < lengthof(types) && strcmp(types[i], type) != 0)
				i++;
			if (i == lengthof(types))
				pm_imports_plan_bad(name, "has a type that is not known");
			rule->type = i;
			target->is_date |= i == VALUE_DATE;
			/* of an attribute it also says how the value stands in technical_specs */
			target->form_warning = rule->warning;
			target->is_number |=
			    target->attribute != NULL && (i == VALUE_INTEGER || i == VALUE_NUMBER);
			if (target->attribute != NULL && (i == VALUE_INTEGER || i == VALUE_NUMBER))
				target->form = ATTRIBUTE_NUMBER;
			else if (target->attribute != NULL && i == VALUE_BOOLEAN)
				target->form = ATTRIBUTE_BOOLEAN;
			break;
		}
		case RULE_MIN:
		case RULE_MAX:
			if (value == NULL || value->type != jbvNumeric ||
			    pm_decimal_read(pm_imports_document_scalar(value, name), &rule->bound) !=
			        PM_VALUE_GOOD)
				pm_imports_plan_bad(name, "has a bound that is no number");
			target->is_number |= target->attribute != NULL;
			break;
		case RULE_LENGTH:
			rule->most = PG_INT64_MAX;
			if (value != NULL && value->type == jbvNumeric)
				rule->most = DatumGetInt64(
				    DirectFunctionCall1(numeric_int8, NumericGetDatum(value->val.numeric)));
			else
			{
				rule->least = (int64) pm_imports_document_number(value, "min", 0);
				rule->most = (int64) pm_imports_document_number(value, "max", 1e18);
			}
			break;
		case RULE_LIST:
			if (value == NULL)
				pm_imports_plan_bad(name, "has no list");
			else
			{
				JsonbValue *words = pm_imports_document_elements(value, &rule->word_count);

				rule->words = palloc(Max(1, rule->word_count) * sizeof(PmText));
				for (int i = 0; i < rule->word_count; i++)
					rule->words[i] = pm_imports_document_scalar(&words[i], name);
				sort_list(rule);
				target->is_number |= target->attribute != NULL && rule->word_count > 0 &&
				                     rule->number_count == rule->word_count;
			}
			break;
		case RULE_UNIQUE:
			if (value != NULL && value->type == jbvBool && !value->val.boolean)
				return;
			rule->seen = pm_imports_seen_create(plan->memory, UNIQUE_KILOBYTES);
			break;
		case RULE_GTIN_CONFIDENCE:
			if (target->type != TARGET_GTIN || target->attribute != NULL)
				pm_imports_plan_bad(name, "is no GTIN");
			target->confidence = (float) pm_imports_document_number(object, "value", 0.5);
			return;
		case RULE_PATTERN:
			if (value == NULL)
				pm_imports_plan_bad(name, "has no pattern");
			rule->pattern = pm_imports_pattern_compile(
			    plan->memory, pm_imports_document_scalar(value, name).data);
			break;
		case RULE_EXPRESSION:
		case RULE_DECIMALS:
			break;
	}
	plan->rule_count++;
}

/* Rules that warn of decimals which the catalog does not keep. */
void
pm_imports_plan_warn(ImportPlan *plan)
{
	for (int i = 0; i < plan->target_count; i++)
	{
		int decimals = pm_imports_plan_decimals(&plan->targets[i]);

		if (decimals == 0)
			continue;
		plan->rules = plan->rules == NULL
		                  ? palloc(sizeof(Rule))
		                  : repalloc(plan->rules, (plan->rule_count + 1) * sizeof(Rule));
		plan->rules[plan->rule_count++] = (Rule){
		    .kind = RULE_DECIMALS, .target = i, .warning = true, .decimals = decimals};
	}
}
