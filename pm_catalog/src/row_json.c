/*
 * row_json.c - columns of a row as JSON
 *
 * What to_jsonb() would give, column by column.  For the types of our columns the catalog
 * is not asked for each value: how they are written is looked up once a statement.
 * to_jsonb() itself writes the others, which users may add, so that what is read back is
 * the same whatever DateStyle says.
 */
#include "pm_catalog_module.h"

#include "access/transam.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgroids.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

/* Is a name in the list, which ends with NULL? */
static bool
is_in(const char *name, const char *const *list)
{
	for (; *list != NULL; list++)
	{
		if (strcmp(name, *list) == 0)
			return true;
	}
	return false;
}

/* Is a value of the type a string in JSON, as its output function gives it? */
static bool
is_string(Oid type)
{
	Oid cast;

	if (type == TEXTOID || type == UUIDOID)
		return true;
	return type >= FirstNormalObjectId && get_typtype(type) == TYPTYPE_BASE &&
	       !OidIsValid(get_element_type(type)) &&
	       find_coercion_pathway(JSONOID, type, COERCION_EXPLICIT, &cast) !=
	           COERCION_PATH_FUNC;
}

/* Looks up the function that writes the values of a column, whose type is there. */
static void
find_output(PmColumnJson *column)
{
	Oid output = F_TO_JSONB;
	bool varlena;

	column->is_string = is_string(column->type);
	if (column->is_string)
		getTypeOutputInfo(column->type, &output, &varlena);
	fmgr_info(output, &column->output);
	/* by which to_jsonb() knows the type of its argument */
	if (!column->is_string)
		fmgr_info_set_expr(
		    (Node *) makeFuncExpr(F_TO_JSONB, JSONBOID,
		                          list_make1(makeNullConst(column->type, -1, InvalidOid)),
		                          InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL),
		    &column->output);
}

/*
 * How to write the columns of a table that are neither dropped nor generated nor in the
 * list left_out, which ends with NULL; in the current memory context.
 */
PmRowJson *
pm_catalog_row_json(TupleDesc desc, const char *const *left_out)
{
	PmRowJson *row =
	    palloc(offsetof(PmRowJson, columns) + desc->natts * sizeof(PmColumnJson));

	row->count = 0;
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);
		PmColumnJson *column = &row->columns[row->count];

		if (attribute->attisdropped || attribute->attgenerated != '\0' ||
		    is_in(NameStr(attribute->attname), left_out))
			continue;
		column->number = i;
		column->type = getBaseType(attribute->atttypid);
		column->name = NameStr(attribute->attname);
		find_output(column);
		row->count++;
	}
	return row;
}

/* A string as a member's name or value. */
void
pm_catalog_push_string(JsonbParseState **state, JsonbIteratorToken token,
                       const char *string, int size)
{
	JsonbValue value;

	value.type = jbvString;
	value.val.string.val = unconstify(char *, string);
	value.val.string.len = size;
	pushJsonbValue(state, token, &value);
}

/* The value of a jsonb. */
static JsonbValue
json_value(Jsonb *json)
{
	JsonbValue value;

	if (JB_ROOT_IS_SCALAR(json))
		JsonbExtractScalar(&json->root, &value);
	else
	{
		value.type = jbvBinary;
		value.val.binary.data = &json->root;
		value.val.binary.len = VARSIZE(json) - VARHDRSZ;
	}
	return value;
}

/* A column's value. */
JsonbValue
pm_catalog_json_value(PmColumnJson *column, Datum datum, bool isnull)
{
	JsonbValue value;

	if (isnull)
		value.type = jbvNull;
	else if (column->type == BOOLOID)
	{
		value.type = jbvBool;
		value.val.boolean = DatumGetBool(datum);
	}
	else if (column->type == NUMERICOID && !numeric_is_nan(DatumGetNumeric(datum)) &&
	         !numeric_is_inf(DatumGetNumeric(datum)))
	{
		value.type = jbvNumeric;
		value.val.numeric = DatumGetNumeric(datum);
	}
	else if (column->type == INT4OID || column->type == INT8OID)
	{
		value.type = jbvNumeric;
		value.val.numeric = int64_to_numeric(
		    column->type == INT4OID ? DatumGetInt32(datum) : DatumGetInt64(datum));
	}
	else if (column->type == JSONBOID)
		value = json_value(DatumGetJsonbP(datum));
	else if (column->type == TIMESTAMPTZOID || column->is_string)
	{
		value.type = jbvString;
		value.val.string.val =
		    column->is_string
		        ? OutputFunctionCall(&column->output, datum)
		        : JsonEncodeDateTime(palloc(MAXDATELEN + 1), datum, TIMESTAMPTZOID, NULL);
		value.val.string.len = strlen(value.val.string.val);
	}
	else
		value = json_value(DatumGetJsonbP(FunctionCall1(&column->output, datum)));
	return value;
}

/* A column's value as the value of a member. */
void
pm_catalog_push_value(JsonbParseState **state, PmColumnJson *column, Datum datum,
                      bool isnull)
{
	JsonbValue value = pm_catalog_json_value(column, datum, isnull);

	pushJsonbValue(state, WJB_VALUE, &value);
}

/* A column as a member. */
void
pm_catalog_push_column(JsonbParseState **state, PmColumnJson *column, Datum datum,
                       bool isnull)
{
	pm_catalog_push_string(state, WJB_KEY, column->name, strlen(column->name));
	pm_catalog_push_value(state, column, datum, isnull);
}

/* Is it the same value, as stored? */
static bool
same_json(const JsonbValue *a, const JsonbValue *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type)
	{
		case jbvNull:
			return true;
		case jbvBool:
			return a->val.boolean == b->val.boolean;
		case jbvNumeric:
			return VARSIZE_ANY(a->val.numeric) == VARSIZE_ANY(b->val.numeric) &&
			       memcmp(a->val.numeric, b->val.numeric, VARSIZE_ANY(a->val.numeric)) == 0;
		case jbvString:
			return a->val.string.len == b->val.string.len &&
			       memcmp(a->val.string.val, b->val.string.val, a->val.string.len) == 0;
		case jbvBinary:
			return a->val.binary.len == b->val.binary.len &&
			       memcmp(a->val.binary.data, b->val.binary.data, a->val.binary.len) == 0;
		default:
			elog(ERROR, "unexpected type of a JSON value: %d", (int) a->type);
	}
}

/*
 * Pushes, and returns, what of an object another has not: names false, an object of the
 * members that it lacks or has otherwise; true, an array of the names of those it lacks.
 */
JsonbValue *
pm_catalog_push_difference(JsonbParseState **state, Jsonb *object, Jsonb *other, bool names)
{
	JsonbIterator *members = JsonbIteratorInit(&object->root);
	JsonbIteratorToken token;
	JsonbValue key;
	JsonbValue value;

	pushJsonbValue(state, names ? WJB_BEGIN_ARRAY : WJB_BEGIN_OBJECT, NULL);
	while ((token = JsonbIteratorNext(&members, &key, true)) != WJB_DONE)
	{
		JsonbValue *its;

		if (token != WJB_KEY)
			continue;
		(void) JsonbIteratorNext(&members, &value, true);
		its = getKeyJsonValueFromContainer(&other->root, key.val.string.val,
		                                   key.val.string.len, NULL);
		if (names && its == NULL)
			pushJsonbValue(state, WJB_ELEM, &key);
		if (!names && (its == NULL || !same_json(&value, its)))
		{
			pushJsonbValue(state, WJB_KEY, &key);
			pushJsonbValue(state, WJB_VALUE, &value);
		}
	}
	return pushJsonbValue(state, names ? WJB_END_ARRAY : WJB_END_OBJECT, NULL);
}
