/*
 * plan_target.c - the targets of a plan: where their values come from, and transforms
 */
#include "plan.h"

#include "utils/builtins.h"
#include "utils/numeric.h"

/* The number of a target by its name; made if it is not there. */
int
pm_imports_plan_target(ImportPlan *plan, const char *name)
{
	Target *target;

	for (int i = 0; i < plan->target_count; i++)
		if (strcmp(plan->targets[i].name, name) == 0)
			return i;
	if (plan->target_count == TARGETS_MAX)
		pm_imports_plan_bad("field_mapping", "has more than 1000 targets");
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
		pm_imports_plan_bad(psprintf("target \"%s\"", name), "is not known");
	return plan->target_count++;
}

/* field_mapping: where values come from. */
void
pm_imports_plan_source(Target *target, JsonbValue *source)
{
	JsonbValue *constant = pm_imports_document_is_object(source)
	                           ? pm_imports_document_member(source, "const")
	                           : NULL;

	if (constant != NULL)
	{
		target->is_constant = true;
		target->constant = pm_imports_document_scalar(constant, target->name);
	}
	else if (source->type == jbvNumeric)
		target->position = DatumGetInt32(
		    DirectFunctionCall1(numeric_int4, NumericGetDatum(source->val.numeric)));
	else if (pm_imports_document_is_object(source))
	{
		JsonbValue *joined = pm_imports_document_member(source, "concat");
		char *separator = pm_imports_document_string(source, "separator");
		JsonbValue *parts;

		if (joined == NULL)
			pm_imports_plan_bad(target->name, "has a source that is not known");
		if (separator == NULL)
			separator = " ";
		parts = pm_imports_document_elements(joined, &target->name_count);
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
				target->names[i] = unconstify(
				    char *, pm_imports_document_scalar(&parts[i], target->name).data);
	}
	else
	{
		JsonbValue *names = pm_imports_document_elements(source, &target->name_count);

		target->names = palloc(Max(1, target->name_count) * sizeof(char *));
		for (int i = 0; i < target->name_count; i++)
			target->names[i] = unconstify(
			    char *, pm_imports_document_scalar(&names[i], target->name).data);
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

	if (pm_imports_document_is_object(value))
		more = pm_imports_document_members(value, path, &keys, &values);
	else
		values = pm_imports_document_elements(value, &more);
	*arguments = *arguments == NULL
	                 ? palloc((more + 1) * sizeof(PmArgument))
	                 : repalloc(*arguments, (count + more + 1) * sizeof(PmArgument));
	for (int i = 0; i < more; i++)
		(*arguments)[count + i] = (PmArgument){
		    .name = name,
		    .key = keys != NULL ? (PmText){keys[i], strlen(keys[i])}
                  : (PmText){NULL,    0              },
		    .text = pm_imports_document_scalar(&values[i], path)
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
			pm_imports_plan_bad(path, wrong);
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
		pm_imports_plan_bad(path, status == PM_TRANSFORM_BAD ? problem : "is too large");
}

/* Is a name one of those in a list that ends with NULL? */
static bool
is_one_of(PmText name, const char *const *names)
{
	for (; *names != NULL; names++)
		if (name.size == strlen(*names) && memcmp(name.data, *names, name.size) == 0)
			return true;
	return false;
}

/* Adds how the file writes values to the arguments of a transform that reads them so. */
static int
append_style(PmArgument **arguments, int count, PmText name, const FileStyle *style)
{
	static const char *const numbers[] = {"decimal", "unit", NULL};
	static const char *const dates[] = {"date", NULL};
	bool is_date = is_one_of(name, dates);
	const char *argument = is_date ? "order" : "mark";
	const char *value = is_date ? style->order : style->mark;

	if (value == NULL || (!is_date && !is_one_of(name, numbers)))
		return count;
	for (int i = 0; i < count; i++)
	{
		PmText given = (*arguments)[i].name;

		/* a format has an order; without a name it is the first: mark, to, format */
		if (given.data == NULL ? strcmp(name.data, "unit") != 0
		                       : strcmp(given.data, argument) == 0 ||
		                             (is_date && strcmp(given.data, "format") == 0))
			return count;
	}
	*arguments = *arguments == NULL
	                 ? palloc(sizeof(PmArgument))
	                 : repalloc(*arguments, (count + 1) * sizeof(PmArgument));
	(*arguments)[count] = (PmArgument){
	    .name = {argument, strlen(argument)},
          .text = {value,    strlen(value)   }
    };
	return count + 1;
}

/* transformation_rules of a target. */
void
pm_imports_plan_chain(Target *target, JsonbValue *rules, const FileStyle *style)
{
	static const char *const cleaning[] = {
	    "trim",  "collapse", "strip_control", "html_text", "upper",
	    "lower", "empty",    "split",         "substring", NULL};
	JsonbValue *all = pm_imports_document_elements(rules, &target->chain_length);

	target->chain = palloc0((target->chain_length + 1) * sizeof(PmTransform));
	for (int i = 0; i < target->chain_length; i++)
	{
		PmArgument *arguments = NULL;
		char **names;
		JsonbValue *values;
		int count = 0;
		PmText name;

		if (pm_imports_document_is_object(&all[i]))
		{
			if (pm_imports_document_members(&all[i], target->name, &names, &values) != 1)
				pm_imports_plan_bad(target->name, "has a transform of several names");
			name = (PmText){names[0], strlen(names[0])};
			if (pm_imports_document_is_object(&values[0]))
			{
				char **argument_names;
				JsonbValue *argument_values;
				int n = pm_imports_document_members(&values[0], target->name,
				                                    &argument_names, &argument_values);

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
			name = pm_imports_document_scalar(&all[i], target->name);
		count = append_style(&arguments, count, name, style);
		compile_one(target->name, name, arguments, count, &target->chain[i]);
		target->rewrites |= !is_one_of(name, cleaning);
	}
}

/*
 * Numbers and dates are read as the file writes them, unless they are ours or a transform
 * has made them.
 */
void
pm_imports_plan_style(Target *target, const FileStyle *style)
{
	bool is_number = target->type == TARGET_NUMERIC || target->type == TARGET_INTEGER ||
	                 (target->form == ATTRIBUTE_NUMBER && !target->form_warning);
	const char *name = is_number ? "decimal" : "date";
	PmArgument *argument = NULL;

	if (target->is_constant || target->rewrites || !(is_number || target->is_date) ||
	    append_style(&argument, 0, (PmText){name, strlen(name)}, style) == 0)
		return;
	if (target->chain == NULL)
		target->chain = palloc0(sizeof(PmTransform));
	compile_one(target->name, (PmText){name, strlen(name)}, argument, 1,
	            &target->chain[target->chain_length++]);
}
