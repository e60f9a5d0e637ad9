/*
 * plan.c - the plan of a job, compiled
 *
 * A plan is the document that a config was frozen into: the members that
 * import_configs has as columns, merged with what it inherits.  It was checked when it
 * was saved; it is checked here again, since tables can be written by other ways.  What
 * is compiled is as flat as it can be: a record is read by going once over targets.
 */
#include "import.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/numeric.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/* The columns of target_row, in its order. */
static const struct
{
	const char *name;
	TargetType type;
	bool merged; /* merge_batch() takes it */
} known_columns[] = {
    {"gtin",                   TARGET_GTIN,    true },
    {"asin",                   TARGET_ASIN,    true },
    {"sku",                    TARGET_TEXT,    true },
    {"supplier_sku",           TARGET_TEXT,    true },
    {"manufacturer_reference", TARGET_TEXT,    true },
    {"external_id",            TARGET_TEXT,    true },
    {"title",                  TARGET_TEXT,    true },
    {"short_description",      TARGET_TEXT,    true },
    {"description",            TARGET_TEXT,    true },
    {"long_description",       TARGET_TEXT,    true },
    {"brand",                  TARGET_TEXT,    true },
    {"category",               TARGET_TEXT,    true },
    {"family",                 TARGET_TEXT,    true },
    {"status",                 TARGET_TEXT,    true },
    {"is_active",              TARGET_BOOLEAN, true },
    {"is_featured",            TARGET_BOOLEAN, true },
    {"weight",                 TARGET_NUMERIC, true },
    {"width",                  TARGET_NUMERIC, true },
    {"height",                 TARGET_NUMERIC, true },
    {"depth",                  TARGET_NUMERIC, true },
    {"technical_specs",        TARGET_JSONB,   true },
    {"slug",                   TARGET_TEXT,    true },
    {"tags",                   TARGET_TEXTS,   true },
    {"cost",                   TARGET_NUMERIC, true },
    {"stock",                  TARGET_INTEGER, true },
    {"lead_time_days",         TARGET_INTEGER, true },
    {"min_quantity",           TARGET_INTEGER, true },
    {"price",                  TARGET_NUMERIC, true },
    {"compare_at_amount",      TARGET_NUMERIC, true },
    {"price_type",             TARGET_TEXT,    true },
    {"price_min_quantity",     TARGET_INTEGER, true },
    {"currency",               TARGET_TEXT,    true },
    {"location",               TARGET_TEXT,    true },
    {"on_hand",                TARGET_INTEGER, true },
    {"low_stock_threshold",    TARGET_INTEGER, true },
    {"images",                 TARGET_TEXTS,   false},
};

StaticAssertDecl(lengthof(known_columns) < COLUMNS_MAX, "columns are counted in arrays");

/* The number of a column of target_row, from 1, and its type; 0: there is none. */
int
pm_imports_plan_column(const char *name, TargetType *type)
{
	for (int i = 0; i < lengthof(known_columns); i++)
		if (strcmp(known_columns[i].name, name) == 0)
		{
			*type = known_columns[i].type;
			return i + 1;
		}
	return 0;
}

/* The name of a column of target_row. */
const char *
pm_imports_plan_column_name(int column)
{
	return known_columns[column - 1].name;
}

/* Throws that the plan is wrong. */
static void
pg_attribute_noreturn() bad_plan(const char *path, const char *what)
{
	ereport(ERROR,
	        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	         errmsg("%s of the plan %s", path, what),
	         errhint("Plans are made from configs, whose check refuses this: was the row "
	                 "of import_jobs changed?")));
}

/* A member of an object; NULL: it has none, or null. */
static JsonbValue *
member(JsonbValue *object, const char *name)
{
	JsonbValue *value;

	if (object == NULL || object->type != jbvBinary ||
	    !JsonContainerIsObject(object->val.binary.data))
		return NULL;
	value = getKeyJsonValueFromContainer(object->val.binary.data, name, strlen(name), NULL);
	return value == NULL || value->type == jbvNull ? NULL : value;
}

static bool
is_object(const JsonbValue *value)
{
	return value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data);
}

static bool
is_array(const JsonbValue *value)
{
	return value->type == jbvBinary && JsonContainerIsArray(value->val.binary.data);
}

/* The elements of an array, or a scalar as an array of one. */
static JsonbValue *
elements(JsonbValue *value, int *count)
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
static int
members(JsonbValue *object, const char *path, char ***names, JsonbValue **values)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue value;
	int count;
	int n = 0;

	if (object == NULL)
		return 0;
	if (!is_object(object))
		bad_plan(path, "is no object");
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
static PmText
scalar(const JsonbValue *value, const char *path)
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
			bad_plan(path, "is no scalar");
	}
}

/* A string; NULL: it is not there. */
static char *
string_member(JsonbValue *object, const char *name)
{
	JsonbValue *value = member(object, name);

	return value == NULL ? NULL : unconstify(char *, scalar(value, name).data);
}

/* A number; otherwise: it is not there. */
static double
number_member(JsonbValue *object, const char *name, double otherwise)
{
	JsonbValue *value = member(object, name);

	if (value == NULL)
		return otherwise;
	if (value->type != jbvNumeric)
		bad_plan(name, "is no number");
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
	                                          NumericGetDatum(value->val.numeric)));
}

/* The number of a target by its name; made if it is not there. */
static int
target_of(ImportPlan *plan, const char *name)
{
	Target *target;

	for (int i = 0; i < plan->target_count; i++)
		if (strcmp(plan->targets[i].name, name) == 0)
			return i;
	if (plan->target_count == TARGETS_MAX)
		bad_plan("field_mapping", "has more than 1000 targets");
	if (plan->target_count % 64 == 0)
		plan->targets =
		    plan->targets == NULL
		        ? palloc(64 * sizeof(Target))
		        : repalloc(plan->targets, (plan->target_count + 64) * sizeof(Target));
	target = &plan->targets[plan->target_count];
	*target = (Target){.name = pstrdup(name), .field = -1, .confidence = 0.5F};
	if (strncmp(name, "technical_specs.", 16) == 0 || strncmp(name, "attributes.", 11) == 0)
	{
		target->attribute = pstrdup(strchr(name, '.') + 1);
		target->type = TARGET_TEXT;
		target->column = pm_imports_plan_column("technical_specs", &(TargetType){0});
	}
	else
		target->column = pm_imports_plan_column(name, &target->type);
	if (target->column == 0)
		bad_plan(psprintf("target \"%s\"", name), "is not known");
	return plan->target_count++;
}

/* The target itself, until the next one is made. */
static Target *
target_named(ImportPlan *plan, const char *name)
{
	int number = target_of(plan, name);

	return &plan->targets[number];
}

/* field_mapping: where values come from. */
static void
compile_source(Target *target, JsonbValue *source)
{
	JsonbValue *constant = is_object(source) ? member(source, "const") : NULL;

	if (constant != NULL)
	{
		target->is_constant = true;
		target->constant = scalar(constant, target->name);
	}
	else if (source->type == jbvNumeric)
		target->position = DatumGetInt32(
		    DirectFunctionCall1(numeric_int4, NumericGetDatum(source->val.numeric)));
	else if (is_object(source))
	{
		JsonbValue *joined = member(source, "concat");
		char *separator = string_member(source, "separator");
		JsonbValue *parts;

		if (joined == NULL)
			bad_plan(target->name, "has a source that is not known");
		if (separator == NULL)
			separator = " ";
		parts = elements(joined, &target->name_count);
		target->is_joined = true;
		target->separator = (PmText){separator, strlen(separator)};
		target->names = palloc0(Max(1, target->name_count) * sizeof(char *));
		target->positions = palloc0(Max(1, target->name_count) * sizeof(int));
		target->fields = palloc0(Max(1, target->name_count) * sizeof(int));
		for (int i = 0; i < target->name_count; i++)
			if (parts[i].type == jbvNumeric)
				target->positions[i] = DatumGetInt32(DirectFunctionCall1(
				    numeric_int4, NumericGetDatum(parts[i].val.numeric)));
			else
				target->names[i] = unconstify(char *, scalar(&parts[i], target->name).data);
	}
	else
	{
		JsonbValue *names = elements(source, &target->name_count);

		target->names = palloc(Max(1, target->name_count) * sizeof(char *));
		for (int i = 0; i < target->name_count; i++)
			target->names[i] = unconstify(char *, scalar(&names[i], target->name).data);
	}
}

/* Appends the arguments that a value of this name stands for. */
static int
append_arguments(PmArgument **arguments, int count, PmText name, JsonbValue *value,
                 const char *path)
{
	char **keys = NULL;
	JsonbValue *values;
	int more;

	if (is_object(value))
		more = members(value, path, &keys, &values);
	else
		values = elements(value, &more);
	*arguments = *arguments == NULL
	                 ? palloc((more + 1) * sizeof(PmArgument))
	                 : repalloc(*arguments, (count + more + 1) * sizeof(PmArgument));
	for (int i = 0; i < more; i++)
		(*arguments)[count + i] = (PmArgument){
		    .name = name,
		    .key = keys != NULL ? (PmText){keys[i], strlen(keys[i])}
                  : (PmText){NULL,    0              },
		    .text = scalar(&values[i], path)
        };
	return count + more;
}

/* Compiles a transform of this name with these arguments. */
static void
compile_one(const char *path, PmText name, const PmArgument *arguments, int count,
            PmTransform *transform)
{
	char problem[PM_TRANSFORM_PROBLEM_MAX];
	PmArena arena = {.size = 1024};
	PmTransformStatus status;

	if (strcmp(name.data, "regex") == 0)
	{
		const char *wrong =
		    pm_imports_pattern_transform(CurrentMemoryContext, arguments, count, transform);

		if (wrong != NULL)
			bad_plan(path, wrong);
		return;
	}
	for (;;)
	{
		arena.data = palloc(arena.size);
		arena.used = 0;
		status = pm_transform_compile(name, arguments, count, &arena, transform, problem);
		if (status != PM_TRANSFORM_FULL || arena.size >= MaxAllocSize / 4)
			break;
		pfree(arena.data);
		arena.size *= 4;
	}
	if (status != PM_TRANSFORM_OK)
		bad_plan(path, status == PM_TRANSFORM_BAD ? problem : "is too large");
}

/* transformation_rules of a target. */
static void
compile_chain(Target *target, JsonbValue *rules)
{
	JsonbValue *all = elements(rules, &target->chain_length);

	target->chain = palloc0((target->chain_length + 1) * sizeof(PmTransform));
	for (int i = 0; i < target->chain_length; i++)
	{
		PmArgument *arguments = NULL;
		char **names;
		JsonbValue *values;
		int count = 0;
		PmText name;

		if (is_object(&all[i]))
		{
			if (members(&all[i], target->name, &names, &values) != 1)
				bad_plan(target->name, "has a transform of several names");
			name = (PmText){names[0], strlen(names[0])};
			if (is_object(&values[0]))
			{
				char **argument_names;
				JsonbValue *argument_values;
				int n =
				    members(&values[0], target->name, &argument_names, &argument_values);

				for (int j = 0; j < n; j++)
					count = append_arguments(
					    &arguments, count,
					    (PmText){argument_names[j], strlen(argument_names[j])},
					    &argument_values[j], target->name);
			}
			else
				count = append_arguments(&arguments, 0, (PmText){NULL, 0}, &values[0],
				                         target->name);
		}
		else
			name = scalar(&all[i], target->name);
		compile_one(target->name, name, arguments, count, &target->chain[i]);
	}
}

/* Numbers of a file that says which decimal mark it has are read with it. */
static void
add_decimal(Target *target, const char *mark)
{
	PmArgument argument = {
	    .name = {"mark", 4           },
          .text = {mark,   strlen(mark)}
    };

	if (target->chain == NULL)
		target->chain = palloc0(sizeof(PmTransform));
	if (target->chain_length > 0)
		return;
	compile_one(target->name, (PmText){"decimal", 7}, &argument, 1,
	            &target->chain[target->chain_length++]);
}

/* Orders words by their bytes. */
static int
compare_words(const void *left, const void *right)
{
	const PmText *a = left;
	const PmText *b = right;
	int order = memcmp(a->data, b->data, Min(a->size, b->size));

	return order != 0 ? order : a->size < b->size ? -1 : a->size > b->size;
}

/* One of validation_rules. */
static void
compile_rule(ImportPlan *plan, JsonbValue *object)
{
	static const char *const kinds[] = {"required",        "type",      "min",  "max",
	                                    "length",          "pattern",   "list", "unique",
	                                    "gtin_confidence", "expression"};
	static const char *const types[] = {"text", "integer", "number", "boolean",
	                                    "date", "gtin",    "url"};
	char *kind = string_member(object, "rule");
	char *name = string_member(object, "target");
	char *severity = string_member(object, "severity");
	JsonbValue *value = member(object, "value");
	Rule *rule = &plan->rules[plan->rule_count];
	Target *target;

	*rule = (Rule){.kind = -1, .target = -1, .message = string_member(object, "message")};
	for (int i = 0; kind != NULL && i < lengthof(kinds); i++)
		if (strcmp(kind, kinds[i]) == 0)
			rule->kind = i;
	if ((int) rule->kind == -1)
		bad_plan("a rule", "is not known");
	rule->warning = severity != NULL && strcmp(severity, "warning") == 0;
	if (rule->kind == RULE_EXPRESSION)
	{
		if (value == NULL || value->type != jbvString)
			bad_plan(kind, "has no text");
		rule->target = name == NULL ? -1 : target_of(plan, name);
		rule->expression =
		    pm_imports_computed_compile(plan, scalar(value, kind).data, BOOLOID);
		plan->has_rule_expressions = true;
		plan->rule_count++;
		return;
	}
	if (name == NULL)
		bad_plan(kind, "has no target");
	rule->target = target_of(plan, name);
	target = &plan->targets[rule->target];
	switch (rule->kind)
	{
		case RULE_REQUIRED:
			if (value != NULL && value->type == jbvBool && !value->val.boolean)
				return;
			break;
		case RULE_TYPE:
		{
			char *type = value == NULL ? "" : unconstify(char *, scalar(value, name).data);
			int i = 0;

			while (i < lengthof(types) && strcmp(types[i], type) != 0)
				i++;
			if (i == lengthof(types))
				bad_plan(name, "has a type that is not known");
			rule->type = i;
			/* of an attribute it also says how the value stands in technical_specs */
			if (target->attribute != NULL && (i == VALUE_INTEGER || i == VALUE_NUMBER))
				target->form = ATTRIBUTE_NUMBER;
			else if (target->attribute != NULL && i == VALUE_BOOLEAN)
				target->form = ATTRIBUTE_BOOLEAN;
			break;
		}
		case RULE_MIN:
		case RULE_MAX:
			if (value == NULL || value->type != jbvNumeric ||
			    pm_decimal_read(scalar(value, name), &rule->bound) != PM_VALUE_GOOD)
				bad_plan(name, "has a bound that is no number");
			break;
		case RULE_LENGTH:
			rule->most = PG_INT64_MAX;
			if (value != NULL && value->type == jbvNumeric)
				rule->most = DatumGetInt64(
				    DirectFunctionCall1(numeric_int8, NumericGetDatum(value->val.numeric)));
			else
			{
				rule->least = (int64) number_member(value, "min", 0);
				rule->most = (int64) number_member(value, "max", 1e18);
			}
			break;
		case RULE_LIST:
			if (value == NULL)
				bad_plan(name, "has no list");
			else
			{
				JsonbValue *words = elements(value, &rule->word_count);

				rule->words = palloc(Max(1, rule->word_count) * sizeof(PmText));
				for (int i = 0; i < rule->word_count; i++)
					rule->words[i] = scalar(&words[i], name);
				qsort(rule->words, rule->word_count, sizeof(PmText), compare_words);
			}
			break;
		case RULE_UNIQUE:
			if (value != NULL && value->type == jbvBool && !value->val.boolean)
				return;
			rule->seen = pm_imports_seen_create(plan->memory, 8 * 1024);
			break;
		case RULE_GTIN_CONFIDENCE:
			if (target->type != TARGET_GTIN || target->attribute != NULL)
				bad_plan(name, "is no GTIN");
			target->confidence = (float) number_member(object, "value", 0.5);
			return;
		case RULE_PATTERN:
			if (value == NULL)
				bad_plan(name, "has no pattern");
			rule->pattern =
			    pm_imports_pattern_compile(plan->memory, scalar(value, name).data);
			break;
		case RULE_EXPRESSION:
			break;
	}
	plan->rule_count++;
}

/* How the file is read. */
static void
compile_reader(ImportPlan *plan, JsonbValue *document)
{
	static const struct
	{
		const char *name;
		PmFormat format;
	} formats[] = {
	    {"csv",    PM_FORMAT_CSV },
	    {"xlsx",   PM_FORMAT_XLSX},
	    {"xml",    PM_FORMAT_XML },
	    {"json",   PM_FORMAT_JSON},
	    {"ndjson", PM_FORMAT_JSON}
    };
	static const struct
	{
		const char *name;
		PmEncoding encoding;
	} encodings[] = {
	    {"UTF-8",        PM_ENCODING_UTF8       },
        {"UTF-16LE",     PM_ENCODING_UTF16LE    },
	    {"UTF-16BE",     PM_ENCODING_UTF16BE    },
        {"Windows-1252", PM_ENCODING_WINDOWS1252},
	    {"ISO-8859-1",   PM_ENCODING_LATIN1     },
        {"ISO-8859-15",  PM_ENCODING_LATIN9     }
    };
	PmReaderOptions *reader = &plan->reader;
	JsonbValue *options = member(document, "file_options");
	JsonbValue *header = member(options, "header");
	char *format = string_member(document, "file_format");
	char *encoding = string_member(document, "encoding");
	char *delimiter = string_member(document, "delimiter");
	char *quote = string_member(options, "quote");
	char *escape = string_member(options, "escape");

	for (int i = 0; format != NULL && i < lengthof(formats); i++)
		if (strcmp(format, formats[i].name) == 0)
			reader->format = formats[i].format;
	for (int i = 0; encoding != NULL && i < lengthof(encodings); i++)
		if (strcmp(encoding, encodings[i].name) == 0)
			reader->encoding = encodings[i].encoding;
	if (delimiter != NULL)
	{
		if (strlen(delimiter) > PM_DELIMITER_MAX)
			bad_plan("delimiter", "is too long");
		strlcpy(reader->delimiter, delimiter, sizeof(reader->delimiter));
	}
	if (quote != NULL)
		reader->quote = *quote == '\0' ? '\1' : *quote;
	if (escape != NULL)
		reader->escape = *escape;
	if (header != NULL && header->type == jbvBool)
		reader->header = header->val.boolean ? 1 : -1;
	reader->skip = (int64) number_member(options, "skip", 0);
	reader->path = string_member(options, "path");
	reader->sheet = string_member(options, "sheet");
	reader->member = string_member(options, "member");
	reader->joiner = string_member(options, "joiner");
}

/* What is done with rows. */
static void
compile_options(ImportPlan *plan, JsonbValue *document)
{
	JsonbValue *options = member(document, "import_options");
	static const char *const merged[] = {"content", "prices", "taxonomy"};
	char *key = string_member(options, "key");
	char *duplicates = string_member(options, "duplicates");
	char *missing = string_member(options, "missing");
	StringInfoData json;

	plan->key = key != NULL ? key : "gtin";
	plan->batch_rows =
	    (int) Max(1, Min(100000, number_member(options, "batch_rows", BATCH_ROWS)));
	plan->max_errors = (int64) number_member(options, "max_errors", -1);
	plan->max_error_ratio = number_member(options, "max_error_ratio", 1);
	plan->reject_duplicates = duplicates != NULL && strcmp(duplicates, "reject") == 0;
	plan->full = missing != NULL && strcmp(missing, "deactivate") == 0;
	plan->missing_ratio = number_member(options, "missing_ratio", 0.1);

	initStringInfo(&json);
	for (int i = 0; i < lengthof(merged); i++)
	{
		char *value = string_member(options, merged[i]);

		if (value != NULL)
		{
			appendStringInfo(&json, "%s\"%s\": ", json.len == 0 ? "{" : ", ", merged[i]);
			escape_json(&json, value);
		}
	}
	appendStringInfoString(&json, json.len == 0 ? "{}" : "}");
	plan->merge_options = json.data;
}

/* Which columns rows are sent with, and what makes their digests those of this plan. */
static void
choose_columns(ImportPlan *plan)
{
	StringInfoData list;
	char *shape;

	initStringInfo(&list);
	for (int column = 1; column <= lengthof(known_columns); column++)
	{
		bool used = false;

		for (int i = 0; i < plan->target_count; i++)
			used |= plan->targets[i].column == column &&
			        (plan->targets[i].name_count > 0 || plan->targets[i].position > 0 ||
			         plan->targets[i].is_constant || plan->targets[i].has_default ||
			         plan->targets[i].computed != NULL);
		if (used && known_columns[column - 1].merged)
		{
			plan->columns[plan->column_count++] = column;
			appendStringInfo(&list, "%s%s", list.len == 0 ? "{" : ",",
			                 pm_imports_plan_column_name(column));
		}
	}
	appendStringInfoChar(&list, '}');
	plan->column_list = list.data;
	plan->key_target = -1;
	for (int i = 0; i < plan->target_count; i++)
		if (strcmp(plan->targets[i].name, plan->key) == 0)
			plan->key_target = i;
	if (plan->key_target < 0 || strstr(plan->column_list, plan->key) == NULL)
		bad_plan(psprintf("key \"%s\"", plan->key), "has no source");

	shape = psprintf("%s %s %s", plan->column_list, plan->key, plan->merge_options);
	plan->shape = XXH3_64bits(shape, strlen(shape));
}

/*
 * Compiles the plan of a job, into memory.  Throws 22023 if there is something in it that
 * a check should have refused.
 */
ImportPlan *
pm_imports_plan_compile(MemoryContext memory, Jsonb *document)
{
	MemoryContext old = MemoryContextSwitchTo(memory);
	ImportPlan *plan = palloc0(sizeof(ImportPlan));
	JsonbValue root = {.type = jbvBinary};
	JsonbValue *values;
	char **names;
	char *mark;
	int count;

	if (GetDatabaseEncoding() != PG_UTF8)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		                errmsg("imports need a database whose encoding is UTF8, not %s",
		                       GetDatabaseEncodingName())));
	root.val.binary.data = &document->root;
	root.val.binary.len = VARSIZE(document) - VARHDRSZ;
	if (!is_object(&root))
		bad_plan("document", "is no object");
	plan->memory = memory;
	plan->supplier_code = string_member(&root, "supplier_code");
	compile_reader(plan, &root);
	compile_options(plan, &root);

	count = members(member(&root, "field_mapping"), "field_mapping", &names, &values);
	for (int i = 0; i < count; i++)
		if (values[i].type != jbvNull)
			compile_source(target_named(plan, names[i]), &values[i]);
	count = members(member(&root, "transformation_rules"), "transformation_rules", &names,
	                &values);
	for (int i = 0; i < count; i++)
		if (values[i].type != jbvNull)
			compile_chain(target_named(plan, names[i]), &values[i]);
	count = members(member(&root, "default_values"), "default_values", &names, &values);
	for (int i = 0; i < count; i++)
		if (values[i].type != jbvNull)
		{
			Target *target = target_named(plan, names[i]);

			target->has_default = true;
			target->default_value = scalar(&values[i], names[i]);
		}
	count = members(member(&root, "computed_attributes"), "computed_attributes", &names,
	                &values);
	for (int i = 0; i < count; i++)
		if (values[i].type == jbvString)
		{
			int target = target_of(plan, names[i]);
			bool is_attribute = plan->targets[target].attribute != NULL;

			plan->targets[target].computed = pm_imports_computed_compile(
			    plan, scalar(&values[i], names[i]).data,
			    is_attribute
			        ? TEXTOID
			        : pm_imports_computed_type(plan, plan->targets[target].column));
			plan->has_computed = true;
			plan->has_computed_attributes |= is_attribute;
		}
	if (member(&root, "validation_rules") != NULL)
	{
		values = elements(member(&root, "validation_rules"), &count);
		plan->rules = palloc0(Max(1, count) * sizeof(Rule));
		for (int i = 0; i < count; i++)
			compile_rule(plan, &values[i]);
	}
	mark = string_member(member(&root, "file_options"), "decimal_mark");
	for (int i = 0; mark != NULL && i < plan->target_count; i++)
		if (plan->targets[i].type == TARGET_NUMERIC ||
		    plan->targets[i].type == TARGET_INTEGER)
			add_decimal(&plan->targets[i], mark);
	choose_columns(plan);

	plan->arena.size = ARENA_BYTES;
	plan->arena.data = palloc(plan->arena.size);
	plan->values = palloc0(plan->target_count * sizeof(Field));
	plan->inputs = palloc0(plan->target_count * sizeof(PmText));
	plan->texts = palloc0(plan->target_count * sizeof(PmText));
	count = 0;
	for (int i = 0; i < plan->target_count; i++)
		count = Max(count, plan->targets[i].name_count);
	plan->parts = palloc0((count + 1) * sizeof(PmText));
	plan->results =
	    palloc0(Max(plan->target_count, plan->rule_count) * sizeof(ComputedResult));
	plan->broken = palloc0(plan->target_count * sizeof(bool));
	plan->columns_known = -1;
	MemoryContextSwitchTo(old);
	return plan;
}

/* The number of the column of this name, from 0; -1: there is none. */
static int
field_of(const PmText *columns, int count, const char *name)
{
	size_t size = strlen(name);

	for (int i = 0; i < count; i++)
		if (columns[i].size == size && memcmp(columns[i].data, name, size) == 0)
			return i;
	return -1;
}

/*
 * Finds the columns of the file that sources name.  Called again when the reader has met
 * more of them, as those of XML and JSON do.
 */
void
pm_imports_plan_bind(ImportPlan *plan, const PmReader *reader)
{
	const PmText *columns;
	int count = pm_reader_columns(reader, &columns);

	if (count == plan->columns_known)
		return;
	plan->columns_known = count;
	for (int i = 0; i < plan->target_count; i++)
	{
		Target *target = &plan->targets[i];

		target->field = target->position - 1;
		if (target->is_joined)
			for (int j = 0; j < target->name_count; j++)
				target->fields[j] = target->positions[j] > 0
				                        ? target->positions[j] - 1
				                        : field_of(columns, count, target->names[j]);
		else
			for (int j = 0; target->field < 0 && j < target->name_count; j++)
				target->field = field_of(columns, count, target->names[j]);
	}
}
