/*
 * plan_target.c - the targets of a plan, and where their values come from
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
	*target = (Target){.name = pstrdup(name),
	                   .field = -1,
	                   .default_at = -1,
	                   .try_at = -1,
	                   .confidence = 0.5F};
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
