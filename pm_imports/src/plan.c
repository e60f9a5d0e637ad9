/*
 * plan.c - the plan of a job, compiled
 *
 * A plan is the document that a config was frozen into: the members that
 * import_configs has as columns, merged with what it inherits.  It was checked when it
 * was saved; it is checked here again, since tables can be written by other ways.  What
 * is compiled is as flat as it can be: a record is read by going once over targets.
 */
#include "plan.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/formatting.h"
#include "utils/json.h"

/* The target itself, until the next one is made. */
static Target *
target_named(ImportPlan *plan, const char *name)
{
	int number = pm_imports_plan_target(plan, name);

	return &plan->targets[number];
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
	JsonbValue *options = pm_imports_document_member(document, "file_options");
	JsonbValue *header = pm_imports_document_member(options, "header");
	char *format = pm_imports_document_string(document, "file_format");
	char *encoding = pm_imports_document_string(document, "encoding");
	char *delimiter = pm_imports_document_string(document, "delimiter");
	char *quote = pm_imports_document_string(options, "quote");
	char *escape = pm_imports_document_string(options, "escape");

	for (int i = 0; format != NULL && i < lengthof(formats); i++)
		if (strcmp(format, formats[i].name) == 0)
			reader->format = formats[i].format;
	for (int i = 0; encoding != NULL && i < lengthof(encodings); i++)
		if (strcmp(encoding, encodings[i].name) == 0)
			reader->encoding = encodings[i].encoding;
	if (delimiter != NULL)
	{
		if (strlen(delimiter) > PM_DELIMITER_MAX)
			pm_imports_plan_bad("delimiter", "is too long");
		strlcpy(reader->delimiter, delimiter, sizeof(reader->delimiter));
	}
	if (quote != NULL)
		reader->quote = *quote == '\0' ? '\1' : *quote;
	if (escape != NULL)
		reader->escape = *escape;
	if (header != NULL && header->type == jbvBool)
		reader->header = header->val.boolean ? 1 : -1;
	reader->skip = (int64) pm_imports_document_number(options, "skip", 0);
	reader->path = pm_imports_document_string(options, "path");
	reader->sheet = pm_imports_document_string(options, "sheet");
	reader->member = pm_imports_document_string(options, "member");
	reader->joiner = pm_imports_document_string(options, "joiner");
}

/* What is done with rows. */
static void
compile_options(ImportPlan *plan, JsonbValue *document)
{
	JsonbValue *options = pm_imports_document_member(document, "import_options");
	static const char *const merged[] = {"content", "prices", "taxonomy"};
	char *key = pm_imports_document_string(options, "key");
	char *duplicates = pm_imports_document_string(options, "duplicates");
	char *missing = pm_imports_document_string(options, "missing");
	StringInfoData json;

	plan->key = key != NULL ? key : "gtin";
	plan->batch_rows = (int) Max(
	    1, Min(100000, pm_imports_document_number(options, "batch_rows", BATCH_ROWS)));
	plan->max_errors = (int64) pm_imports_document_number(options, "max_errors", -1);
	plan->max_error_ratio = pm_imports_document_number(options, "max_error_ratio", 1);
	plan->reject_duplicates = duplicates != NULL && strcmp(duplicates, "reject") == 0;
	plan->full = missing != NULL && strcmp(missing, "deactivate") == 0;
	plan->missing_ratio = pm_imports_document_number(options, "missing_ratio", 0.1);

	initStringInfo(&json);
	for (int i = 0; i < lengthof(merged); i++)
	{
		char *value = pm_imports_document_string(options, merged[i]);

		if (value != NULL)
		{
			appendStringInfo(&json, "%s\"%s\": ", json.len == 0 ? "{" : ", ", merged[i]);
			escape_json(&json, value);
		}
	}
	appendStringInfoString(&json, json.len == 0 ? "{}" : "}");
	plan->merge_options = json.data;
}

/* How the file writes numbers and dates. */
static FileStyle
file_style(JsonbValue *document)
{
	JsonbValue *options = pm_imports_document_member(document, "file_options");
	char *order = pm_imports_document_string(options, "date_order");

	return (FileStyle){
	    .mark = pm_imports_document_string(options, "decimal_mark"),
	    .order = order == NULL ? NULL : asc_toupper(order, strlen(order)),
	};
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
	FileStyle style;
	int count;

	if (GetDatabaseEncoding() != PG_UTF8)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		                errmsg("imports need a database whose encoding is UTF8, not %s",
		                       GetDatabaseEncodingName())));
	root.val.binary.data = &document->root;
	root.val.binary.len = VARSIZE(document) - VARHDRSZ;
	if (!pm_imports_document_is_object(&root))
		pm_imports_plan_bad("document", "is no object");
	plan->memory = memory;
	plan->supplier_code = pm_imports_document_string(&root, "supplier_code");
	compile_reader(plan, &root);
	compile_options(plan, &root);

	style = file_style(&root);

	count = pm_imports_document_members(pm_imports_document_member(&root, "field_mapping"),
	                                    "field_mapping", &names, &values);
	for (int i = 0; i < count; i++)
		if (values[i].type != jbvNull)
			pm_imports_plan_source(target_named(plan, names[i]), &values[i]);
	count = pm_imports_document_members(
	    pm_imports_document_member(&root, "transformation_rules"), "transformation_rules",
	    &names, &values);
	for (int i = 0; i < count; i++)
		if (values[i].type != jbvNull)
			pm_imports_plan_chain(target_named(plan, names[i]), &values[i], &style);
	count = pm_imports_document_members(pm_imports_document_member(&root, "default_values"),
	                                    "default_values", &names, &values);
	for (int i = 0; i < count; i++)
		if (values[i].type != jbvNull)
		{
			Target *target = target_named(plan, names[i]);

			target->has_default = true;
			target->default_value = pm_imports_document_scalar(&values[i], names[i]);
		}
	count = pm_imports_document_members(
	    pm_imports_document_member(&root, "computed_attributes"), "computed_attributes",
	    &names, &values);
	for (int i = 0; i < count; i++)
		if (values[i].type == jbvString)
		{
			int target = pm_imports_plan_target(plan, names[i]);
			bool is_attribute = plan->targets[target].attribute != NULL;
			bool is_specs = is_attribute || plan->targets[target].type == TARGET_JSONB;

			plan->targets[target].computed = pm_imports_computed_compile(
			    plan, pm_imports_document_scalar(&values[i], names[i]).data,
			    is_attribute
			        ? TEXTOID
			        : pm_imports_computed_type(plan, plan->targets[target].column));
			plan->has_computed = true;
			plan->has_computed_specs |= is_specs;
		}
	if (pm_imports_document_member(&root, "validation_rules") != NULL)
	{
		values = pm_imports_document_elements(
		    pm_imports_document_member(&root, "validation_rules"), &count);
		plan->rules = palloc0(Max(1, count) * sizeof(Rule));
		for (int i = 0; i < count; i++)
			pm_imports_plan_rule(plan, &values[i]);
	}
	pm_imports_plan_warn(plan);
	for (int i = 0; i < plan->target_count; i++)
		pm_imports_plan_style(&plan->targets[i], &style);
	pm_imports_plan_choose(plan);

	plan->scratch = AllocSetContextCreate(memory, "value", ALLOCSET_SMALL_SIZES);
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
