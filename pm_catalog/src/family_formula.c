/*
 * family_formula.c - computed attributes
 *
 * A value that a formula needs and that is not there, or not a number where arithmetic
 * wants one, or a division by zero, leaves the computed attribute without a value.
 * Numbers are numeric and exact but for divisions, which have 16 significant digits at
 * least; the result is rounded to the decimals of the attribute.
 */
#include "family.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

/* The product whose values are computed. */
typedef struct Product
{
	HeapTuple row;
	TupleDesc desc;
	const ProductColumns *columns;
	JsonbValue *values;
} Product;

/* Appends a value of technical_specs; false if there is none that a text can show. */
static bool
append_value(StringInfo text, const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvString:
			appendBinaryStringInfo(text, value->val.string.val, value->val.string.len);
			return true;
		case jbvNumeric:
			appendStringInfoString(text, numeric_normalize(value->val.numeric));
			return true;
		case jbvBool:
			appendStringInfoString(text, value->val.boolean ? "true" : "false");
			return true;
		default:
			return false;
	}
}

/* Appends a column; false if it is NULL. */
static bool
append_column(StringInfo text, const Product *product, int bit)
{
	AttrNumber column = product->columns->by_bit[bit];
	Oid type = TupleDescAttr(product->desc, column - 1)->atttypid;
	bool isnull;
	Datum value = heap_getattr(product->row, column, product->desc, &isnull);
	Oid output;
	bool is_varlena;

	if (isnull)
		return false;
	if (type == NUMERICOID)
	{
		appendStringInfoString(text, numeric_normalize(DatumGetNumeric(value)));
		return true;
	}
	getTypeOutputInfo(type, &output, &is_varlena);
	appendStringInfoString(text, OidOutputFunctionCall(output, value));
	return true;
}

/* Fills in a template; false if a value is missing. */
static bool
fill_template(const FamilyAttribute *attribute, const Product *product, JsonbValue *result)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < attribute->formula->count; i++)
	{
		const PmStep *step = &attribute->formula->steps[i];
		const Operand *operand = &attribute->operands[i];

		if (step->kind == PM_STEP_LITERAL)
			appendBinaryStringInfo(&text, attribute->expression + step->start, step->size);
		else if (operand->column >= 0)
		{
			if (!append_column(&text, product, operand->column))
				return false;
		}
		else if (operand->attribute < 0 ||
		         !append_value(&text, &product->values[operand->attribute]))
			return false;
	}
	result->type = jbvString;
	result->val.string.val = text.data;
	result->val.string.len = text.len;
	return true;
}

/* The number that a name stands for; NULL if there is none. */
static Numeric
find_number(const Operand *operand, const Product *product)
{
	if (operand->column >= 0)
	{
		AttrNumber column = product->columns->by_bit[operand->column];
		bool isnull;
		Datum value = heap_getattr(product->row, column, product->desc, &isnull);

		if (isnull || TupleDescAttr(product->desc, column - 1)->atttypid != NUMERICOID)
			return NULL;
		return DatumGetNumeric(value);
	}
	if (operand->attribute < 0 || product->values[operand->attribute].type != jbvNumeric)
		return NULL;
	return product->values[operand->attribute].val.numeric;
}

/* Applies a sign to two numbers; NULL if that gives none. */
static Numeric
apply(PmStepKind kind, Numeric a, Numeric b)
{
	bool error = false;
	Numeric result;

	switch (kind)
	{
		case PM_STEP_ADD:
			result = numeric_add_opt_error(a, b, &error);
			break;
		case PM_STEP_SUBTRACT:
			result = numeric_sub_opt_error(a, b, &error);
			break;
		case PM_STEP_MULTIPLY:
			result = numeric_mul_opt_error(a, b, &error);
			break;
		default:
			result = numeric_div_opt_error(a, b, &error);
	}
	return error ? NULL : result;
}

/* Calculates; false if a value is missing, or is no number. */
static bool
calculate(const FamilyAttribute *attribute, const Product *product, JsonbValue *result)
{
	Numeric stack[PM_FORMULA_STEPS] = {NULL};
	int depth = 0;

	for (int i = 0; i < attribute->formula->count; i++)
	{
		const PmStep *step = &attribute->formula->steps[i];

		switch (step->kind)
		{
			case PM_STEP_LITERAL:
				stack[depth++] = DatumGetNumeric(DirectFunctionCall3(
				    numeric_in,
				    CStringGetDatum(
				        pnstrdup(attribute->expression + step->start, step->size)),
				    ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
				break;
			case PM_STEP_NAME:
				stack[depth++] = find_number(&attribute->operands[i], product);
				break;
			case PM_STEP_NEGATE:
				stack[depth - 1] = DatumGetNumeric(
				    DirectFunctionCall1(numeric_uminus, NumericGetDatum(stack[depth - 1])));
				break;
			default:
				depth--;
				stack[depth - 1] = apply(step->kind, stack[depth - 1], stack[depth]);
		}
		if (stack[depth - 1] == NULL)
			return false;
	}
	result->type = jbvNumeric;
	result->val.numeric = DatumGetNumeric(
	    DirectFunctionCall2(numeric_round, NumericGetDatum(stack[0]),
	                        Int32GetDatum(Max(attribute->rule.decimals, 0))));
	return true;
}

/*
 * The object with the computed attributes as the product's other values have them,
 * whatever it had for them.
 */
Jsonb *
pm_catalog_family_compute(const Family *family, Jsonb *object, HeapTuple row,
                          TupleDesc desc, const ProductColumns *columns)
{
	Product product = {row, desc, columns, pm_catalog_family_values(family, object)};
	JsonbIterator *iterator = JsonbIteratorInit(&object->root);
	JsonbParseState *state = NULL;
	JsonbValue key;
	JsonbValue value;
	JsonbIteratorToken token;
	int next = 0;
	int found = -1;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			found = pm_catalog_family_match(family, &value, &next);
		if ((token == WJB_KEY || token == WJB_VALUE) &&
		    (found < 0 || family->attributes[found].expression == NULL))
			pushJsonbValue(&state, token, &value);
	}
	for (int i = 0; i < family->attribute_count; i++)
	{
		const FamilyAttribute *attribute = &family->attributes[i];

		if (attribute->expression == NULL ||
		    !(attribute->rule.type == PM_ATTRIBUTE_TEXT
		          ? fill_template(attribute, &product, &value)
		          : calculate(attribute, &product, &value)))
			continue;
		key.type = jbvString;
		key.val.string.val = (char *) attribute->code.data;
		key.val.string.len = attribute->code.size;
		pushJsonbValue(&state, WJB_KEY, &key);
		pushJsonbValue(&state, WJB_VALUE, &value);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}
