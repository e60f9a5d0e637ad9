/*
 * family_check.c - the values of a product against its family
 *
 * An object of jsonb has its keys in the order in which a family has its attributes:
 * one pass over both finds them all.  All faults are collected, then reported at once.
 */
#include "family.h"

#include "catalog/pg_collation.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "regex/regex.h"
#include "utils/builtins.h"
#include "utils/numeric.h"
#include "utils/rel.h"

#define SHOWN_VALUE  100 /* bytes of a value in a message */
#define SHOWN_FAULTS 50

/* A value as text, cut if it is long. */
static char *
show_value(const JsonbValue *value)
{
	char *string;
	int size;

	switch (value->type)
	{
		case jbvString:
			string = value->val.string.val;
			size = value->val.string.len;
			break;
		case jbvNumeric:
			string = DatumGetCString(
			    DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
			size = strlen(string);
			break;
		case jbvBool:
			string = value->val.boolean ? "true" : "false";
			size = strlen(string);
			break;
		case jbvBinary:
			string = JsonbToCString(NULL, value->val.binary.data, value->val.binary.len);
			size = strlen(string);
			break;
		default:
			return pstrdup("null");
	}
	if (size <= SHOWN_VALUE)
		return pnstrdup(string, size);
	return psprintf("%.*s...", pg_mbcliplen(string, size, SHOWN_VALUE), string);
}

/* Adds a fault; all but the path must live as long as the findings. */
void
pm_catalog_family_fault(Findings *findings, const char *path, char *value, const char *rule,
                        char *message)
{
	Fault *fault = palloc(sizeof(Fault));

	fault->path = psprintf("%s%s%s", findings->root, *findings->root ? "." : "", path);
	fault->value = value;
	fault->rule = pstrdup(rule);
	fault->message = message;
	findings->faults = lappend(findings->faults, fault);
}

/* A value as the pure part wants it. */
static PmValue
make_value(const JsonbValue *value, size_t max_length)
{
	PmValue made = {
	    PM_VALUE_OTHER, {NULL, 0},
         0, NULL, 0, NULL
    };

	if (value->type == jbvString)
	{
		made.kind = PM_VALUE_STRING;
		made.text.data = value->val.string.val;
		made.text.size = made.characters = value->val.string.len;
		if (made.text.size > max_length)
			made.characters =
			    pg_mbstrlen_with_len(value->val.string.val, value->val.string.len);
	}
	else if (value->type == jbvNumeric)
	{
		made.kind = PM_VALUE_NUMBER;
		made.text.data = numeric_normalize(value->val.numeric);
		made.text.size = strlen(made.text.data);
	}
	else if (value->type == jbvBool)
		made.kind = PM_VALUE_BOOLEAN;
	return made;
}

/* The same of a list; one that is longer than any without repetitions is cut behind that. */
static PmValue
make_list(const JsonbValue *value, size_t options)
{
	PmValue made = {
	    PM_VALUE_OTHER, {NULL, 0},
         0, NULL, 0, NULL
    };
	JsonbContainer *container;
	PmValue *items;
	size_t count;

	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		return make_value(value, 0);
	container = value->val.binary.data;
	count = Min(JsonContainerSize(container), options + 1);
	items = palloc(Max(count, 1) * sizeof(PmValue));
	for (size_t i = 0; i < count; i++)
		items[i] = make_value(getIthJsonbValueFromContainer(container, i), SIZE_MAX);
	made.kind = PM_VALUE_LIST;
	made.items = items;
	made.item_count = count;
	made.seen = palloc0(PM_ATTRIBUTE_SEEN_SIZE(options));
	return made;
}

/* What a type wants, for a message. */
static char *
describe_type(PmAttributeType type)
{
	static char *const words[] = {"must be a string",
	                              "must be a whole number",
	                              "must be a number",
	                              "must be true or false",
	                              "must be a date, YYYY-MM-DD",
	                              "must be an address of the web, http or https",
	                              "must be a string, one of the options",
	                              "must be a list of strings, each one of the options"};

	return words[type];
}

/* The name of the rule that is broken, and what it says. */
static const char *
describe_fault(const PmAttribute *rule, PmAttributeFault fault, char **message)
{
	switch (fault)
	{
		case PM_ATTRIBUTE_BAD_TYPE:
			*message = describe_type(rule->type);
			return "data_type";
		case PM_ATTRIBUTE_BLANK:
			*message = "must not be empty: leave it out";
			return "not_blank";
		case PM_ATTRIBUTE_CONTROL:
			*message = "must not contain control characters";
			return "printable";
		case PM_ATTRIBUTE_TOO_LONG:
			*message = psprintf("must have at most %zu characters", rule->max_length);
			return "max_length";
		case PM_ATTRIBUTE_TOO_LOW:
			*message = psprintf("must be at least %s", rule->low.data);
			return rule->type == PM_ATTRIBUTE_DATE ? "min_date" : "min_value";
		case PM_ATTRIBUTE_TOO_HIGH:
			*message = psprintf("must be at most %s", rule->high.data);
			return rule->type == PM_ATTRIBUTE_DATE ? "max_date" : "max_value";
		case PM_ATTRIBUTE_TOO_FINE:
			*message = rule->decimals == 1
			               ? "must have at most 1 decimal"
			               : psprintf("must have at most %d decimals", rule->decimals);
			return "decimals";
		case PM_ATTRIBUTE_NO_OPTION:
			*message = "must be one of the options";
			return "options";
		case PM_ATTRIBUTE_OPTION_TWICE:
			*message = "must not have an option twice";
			return "options";
		case PM_ATTRIBUTE_FITS:
			break;
	}
	*message = NULL;
	return NULL;
}

/* Checks one value; says whether it fits. */
static bool
check_value(const FamilyAttribute *attribute, const JsonbValue *value, Findings *findings)
{
	PmValue made = attribute->rule.type == PM_ATTRIBUTE_CHOICES
	                   ? make_list(value, attribute->rule.option_count)
	                   : make_value(value, attribute->rule.max_length);
	size_t item;
	PmAttributeFault fault = pm_attribute_check(&attribute->rule, &made, &item);
	char *message;
	const char *rule;

	if (fault == PM_ATTRIBUTE_FITS)
	{
		if (attribute->pattern == NULL ||
		    RE_compile_and_execute(attribute->pattern, value->val.string.val,
		                           value->val.string.len, REG_ADVANCED | REG_NOSUB,
		                           C_COLLATION_OID, 0, NULL))
			return true;
		rule = "pattern";
		message = psprintf("must match %s", attribute->pattern_shown);
	}
	else
		rule = describe_fault(&attribute->rule, fault, &message);
	if (made.kind == PM_VALUE_LIST && made.item_count > 0)
		pm_catalog_family_fault(
		    findings, psprintf("%s[%zu]", attribute->code.data, item),
		    show_value(getIthJsonbValueFromContainer(value->val.binary.data, item)), rule,
		    message);
	else
		pm_catalog_family_fault(findings, attribute->code.data, show_value(value), rule,
		                        message);
	return false;
}

/* Where the values of an attribute stand, for a message. */
static char *
describe_place(const FamilyAttribute *attribute)
{
	if (attribute->per_locale && attribute->per_channel)
		return "has a value per locale and channel: in product_attributes";
	if (attribute->per_locale)
		return "has a value per locale, for all channels: in product_attributes";
	if (attribute->per_channel)
		return "has a value per channel, for all locales: in product_attributes";
	return "has one value: in technical_specs";
}

/*
 * The place of a key's attribute, -1 if there is none.  Keys come in order: *next is
 * where the search for the next one begins, 0 at first.
 */
int
pm_catalog_family_match(const Family *family, const JsonbValue *key, int *next)
{
	PmText code = {key->val.string.val, key->val.string.len};
	int order = 1;

	while (*next < family->attribute_count &&
	       (order = pm_text_compare(family->attributes[*next].code, code)) < 0)
		++*next;
	return order == 0 ? *next : -1;
}

/*
 * The values that an object has for the attributes of the family, in their order;
 * jbvNull: none.  Keys of no attribute are passed over.
 */
JsonbValue *
pm_catalog_family_values(const Family *family, Jsonb *object)
{
	JsonbValue *values = palloc(Max(family->attribute_count, 1) * sizeof(JsonbValue));
	JsonbIterator *iterator = JsonbIteratorInit(&object->root);
	JsonbValue value;
	JsonbIteratorToken token;
	int next = 0;
	int found = -1;

	for (int i = 0; i < family->attribute_count; i++)
		values[i].type = jbvNull;
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			found = pm_catalog_family_match(family, &value, &next);
		else if (token == WJB_VALUE && found >= 0)
			values[found] = value;
	}
	return values;
}

/* Does the value of the left attribute compare with that of the right one as the rule says? */
static bool
rule_holds(const Family *family, const FamilyRule *rule, const JsonbValue *values)
{
	PmAttributeType type = family->attributes[rule->left].rule.type;
	PmValue left = make_value(&values[rule->left], SIZE_MAX);
	PmValue right = make_value(&values[rule->right], SIZE_MAX);
	int order;

	/* one of another type has its own fault */
	if (left.text.data == NULL || left.kind != right.kind)
		return true;
	order = pm_attribute_compare(type, left.text, right.text);
	if (strcmp(rule->comparison, "<") == 0)
		return order < 0;
	if (strcmp(rule->comparison, "<=") == 0)
		return order <= 0;
	if (strcmp(rule->comparison, "=") == 0)
		return order == 0;
	return order != 0;
}

/* Checks what the attributes say together: mandatory ones, and rules between two. */
static void
check_together(const Family *family, const JsonbValue *values, bool everywhere,
               Findings *findings)
{
	for (int i = 0; everywhere && i < family->attribute_count; i++)
	{
		if (family->attributes[i].is_mandatory && values[i].type == jbvNull)
			pm_catalog_family_fault(findings, family->attributes[i].code.data, NULL,
			                        "mandatory", "must have a value");
	}
	for (int i = 0; i < family->rule_count; i++)
	{
		const FamilyRule *rule = &family->rules[i];

		if (values[rule->left].type != jbvNull && values[rule->right].type != jbvNull &&
		    !rule_holds(family, rule, values))
			pm_catalog_family_fault(findings, family->attributes[rule->left].code.data,
			                        show_value(&values[rule->left]), rule->shown,
			                        psprintf("%s is %s",
			                                 family->attributes[rule->right].code.data,
			                                 show_value(&values[rule->right])));
	}
}

/*
 * Checks an object of values: technical_specs, which has neither locale nor channel,
 * or attributes of product_attributes.  Adds to findings all faults, and sets the bits
 * of what has a value (findings->filled has family->bytes; NULL: no matter).
 */
void
pm_catalog_family_check(const Family *family, Jsonb *object, bool has_locale,
                        bool has_channel, Findings *findings)
{
	JsonbValue *values = palloc(Max(family->attribute_count, 1) * sizeof(JsonbValue));
	JsonbIterator *iterator = JsonbIteratorInit(&object->root);
	JsonbValue value;
	JsonbIteratorToken token;
	const FamilyAttribute *attribute = NULL;
	char *unknown = NULL;
	int next = 0;
	int found = -1;

	for (int i = 0; i < family->attribute_count; i++)
		values[i].type = jbvNull;
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			found = pm_catalog_family_match(family, &value, &next);
			attribute = found < 0 ? NULL : &family->attributes[found];
			if (attribute == NULL)
				unknown = show_value(&value);
		}
		if (token != WJB_VALUE)
			continue;
		if (attribute == NULL)
			pm_catalog_family_fault(findings, unknown, show_value(&value), "declared",
			                        "is no attribute of the family");
		else if (attribute->per_locale != has_locale ||
		         attribute->per_channel != has_channel)
			pm_catalog_family_fault(findings, attribute->code.data, show_value(&value),
			                        "place", describe_place(attribute));
		else if (value.type != jbvNull)
		{
			values[found] = value;
			if (check_value(attribute, &value, findings) && findings->filled != NULL)
				findings->filled[attribute->bit / 8] |= 1 << attribute->bit % 8;
		}
	}
	check_together(family, values, !has_locale && !has_channel, findings);
}

/* The faults, one a line. */
char *
pm_catalog_family_describe(const Findings *findings)
{
	StringInfoData detail;
	int shown = 0;
	ListCell *cell;

	initStringInfo(&detail);
	foreach (cell, findings->faults)
	{
		const Fault *fault = lfirst(cell);

		if (shown == SHOWN_FAULTS)
		{
			appendStringInfo(&detail, "\nand %d more",
			                 list_length(findings->faults) - shown);
			break;
		}
		if (shown++ > 0)
			appendStringInfoChar(&detail, '\n');
		appendStringInfoString(&detail, fault->path);
		if (fault->value != NULL)
			appendStringInfo(&detail, " = \"%s\"", fault->value);
		appendStringInfo(&detail, ": %s (%s)", fault->message, fault->rule);
	}
	return detail.data;
}

/* Throws 23514 with all faults. */
void
pm_catalog_family_report(const Family *family, const Findings *findings, Relation table,
                         const char *subject)
{
	ereport(ERROR, errcode(ERRCODE_CHECK_VIOLATION),
	        errmsg("%s does not fit its family \"%s\"", subject, family->code),
	        errdetail_internal("%s", pm_catalog_family_describe(findings)),
	        errtableconstraint(table, "attributes_fit_the_family"));
}
