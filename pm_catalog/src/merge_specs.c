/*
 * merge_specs.c - the attributes of a product after those of a row are set
 *
 * Each row of a load comes here, so the usual cases, a product without attributes and a
 * row that takes none away, make no new object of their own.
 */
#include "pm_catalog_module.h"

#include "utils/fmgrprotos.h"

/* Is a member of the object null? */
static bool
has_null(Jsonb *object)
{
	JsonbIterator *members = JsonbIteratorInit(&object->root);
	JsonbIteratorToken token;
	JsonbValue value;

	while ((token = JsonbIteratorNext(&members, &value, true)) != WJB_DONE)
	{
		if (token == WJB_VALUE && value.type == jbvNull)
			return true;
	}
	return false;
}

/* The object without the members that are null in the other one. */
static Jsonb *
without_nulls_of(Jsonb *object, Jsonb *other)
{
	JsonbIterator *members = JsonbIteratorInit(&object->root);
	JsonbParseState *state = NULL;
	JsonbIteratorToken token;
	JsonbValue key;
	JsonbValue value;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	while ((token = JsonbIteratorNext(&members, &key, true)) != WJB_DONE)
	{
		JsonbValue *its;

		if (token != WJB_KEY)
			continue;
		(void) JsonbIteratorNext(&members, &value, true);
		its = getKeyJsonValueFromContainer(&other->root, key.val.string.val,
		                                   key.val.string.len, NULL);
		if (its != NULL && its->type == jbvNull)
			continue;
		pushJsonbValue(&state, WJB_KEY, &key);
		pushJsonbValue(&state, WJB_VALUE, &value);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

PG_FUNCTION_INFO_V1(pm_catalog_merge_specs);

/*
 * _merge_specs(before jsonb, set_to jsonb): before with the members of set_to, and without
 * those that are null there.  What is no object is left to the operator ||.
 */
Datum
pm_catalog_merge_specs(PG_FUNCTION_ARGS)
{
	Jsonb *before = PG_GETARG_JSONB_P(0);
	Jsonb *set_to = PG_GETARG_JSONB_P(1);
	bool are_objects = JB_ROOT_IS_OBJECT(before) && JB_ROOT_IS_OBJECT(set_to);
	bool takes_away = are_objects && has_null(set_to);
	Datum both;

	if (are_objects && !takes_away && JB_ROOT_COUNT(before) == 0)
		PG_RETURN_JSONB_P(set_to);
	both =
	    DirectFunctionCall2(jsonb_concat, JsonbPGetDatum(before), JsonbPGetDatum(set_to));
	if (takes_away)
		PG_RETURN_JSONB_P(without_nulls_of(DatumGetJsonbP(both), set_to));
	PG_RETURN_DATUM(both);
}
