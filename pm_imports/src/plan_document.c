/*
 * plan_document.c - the members of a plan's document
 */
#include "plan.h"

#include "utils/builtins.h"
#include "utils/numeric.h"

/* Throws that the plan is wrong. */
void
pg_attribute_noreturn() pm_imports_plan_bad(const char *path, const char *what)
{
	ereport(ERROR,
	        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	         errmsg("%s of the plan %s", path, what),
	         errhint("Plans are made from configs, whose check refuses this: was the row "
	                 "of import_jobs changed?")));
}

/* A member of an object; NULL: it has none, or null. */
JsonbValue *
pm_imports_document_member(JsonbValue *object, const char *name)
{
	JsonbValue *value;

	if (object == NULL || object->type != jbvBinary ||
	    !JsonContainerIsObject(object->val.binary.data))
		return NULL;
	value = getKeyJsonValueFromContainer(object->val.binary.data, name, strlen(name), NULL);
	return value == NULL || value->type == jbvNull ? NULL : value;
}

bool
pm_imports_document_is_object(const JsonbValue *value)
{
	return value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data);
}

static bool
is_array(const JsonbValue *value)
{
	return value->type == jbvBinary && JsonContainerIsArray(value->val.binary.data);
}

/* The elements of an array, or a scalar as an array of one. */
JsonbValue *
pm_imports_document_elements(JsonbValue *value, int *count)
{
	JsonbValue *all;

	if (!is_array(value))
	{
		*count = 1;
		return value;
	}
	*count = JsonContainerSize(value->val.binary.data);
	all = palloc(Max(1, *count) * sizeof(JsonbValue));
	for (int i = 0; i < *count; i++)
		all[i] = *getIthJsonbValueFromContainer(value->val.binary.data, i);
	return all;
}

/* The members of an object: names and values. */
int
pm_imports_document_members(JsonbValue *object, const char *path, char ***names,
                            JsonbValue **values)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue value;
	int count;
	int n = 0;

	if (object == NULL)
		return 0;
	if (!pm_imports_document_is_object(object))
		pm_imports_plan_bad(path, "is no object");
	count = JsonContainerSize(object->val.binary.data);
	*names = palloc(Max(1, count) * sizeof(char *));
	*values = palloc(Max(1, count) * sizeof(JsonbValue));
	iterator = JsonbIteratorInit(object->val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			(*names)[n] = pnstrdup(value.val.string.val, value.val.string.len);
		else if (token == WJB_VALUE)
			(*values)[n++] = value;
	}
	return n;
}

/* A scalar as text. */
PmText
pm_imports_document_scalar(const JsonbValue *value, const char *path)
{
	char *text;

	switch (value->type)
	{
		case jbvString:
			text = pnstrdup(value->val.string.val, value->val.string.len);
			return (PmText){text, value->val.string.len};
		case jbvNumeric:
			text = DatumGetCString(
			    DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
			return (PmText){text, strlen(text)};
		case jbvBool:
			text = value->val.boolean ? "true" : "false";
			return (PmText){text, strlen(text)};
		default:
			pm_imports_plan_bad(path, "is no scalar");
	}
}

/* A string; NULL: it is not there. */
char *
pm_imports_document_string(JsonbValue *object, const char *name)
{
	JsonbValue *value = pm_imports_document_member(object, name);

	return value == NULL ? NULL
	                     : unconstify(char *, pm_imports_document_scalar(value, name).data);
}

/* A number; otherwise: it is not there. */
double
pm_imports_document_number(JsonbValue *object, const char *name, double otherwise)
{
	JsonbValue *value = pm_imports_document_member(object, name);

	if (value == NULL)
		return otherwise;
	if (value->type != jbvNumeric)
		pm_imports_plan_bad(name, "is no number");
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
	                                          NumericGetDatum(value->val.numeric)));
}
