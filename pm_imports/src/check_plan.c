/*
 * check_plan.c - a plan is compiled to see whether it can be
 *
 * What a transform takes is known to its code alone.  So a config that is written is
 * compiled as a job would, and thrown away; so are values that it has itself.
 */
#include "row.h"
#include "pm_imports_module.h"

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(pm_imports__check_plan);

/* _check_plan(plan jsonb) returns void: throws what is wrong. */
Datum
pm_imports__check_plan(PG_FUNCTION_ARGS)
{
	MemoryContext memory = AllocSetContextCreate(
	    CurrentMemoryContext, "plan that is checked", ALLOCSET_DEFAULT_SIZES);

	pm_imports_computed_close(pm_imports_plan_compile(memory, PG_GETARG_JSONB_P(0)));
	MemoryContextDelete(memory);
	PG_RETURN_VOID();
}

/*
 * Converts the constant of a target as an import does, and puts what is wrong with it into
 * the result.
 */
static void
check_constant(ReturnSetInfo *result, ImportPlan *plan, Batch *batch, int target,
               const char *document)
{
	static const PmRecord none = {0};

	pm_imports_batch_reset(batch, 1);
	plan->arena.used = 0;
	for (int i = 0; i < plan->target_count; i++)
		plan->values[i] = (Field){NULL, -1};
	/* how an attribute stands in technical_specs is seen when they are made */
	if (pm_imports_row_value(plan, NULL, &none, batch, target) &&
	    plan->targets[target].attribute != NULL)
		(void) pm_imports_row_specs(plan, NULL, &none, batch);
	for (int i = 0; i < batch->error_count; i++)
	{
		Datum values[] = {CStringGetTextDatum(document),
		                  CStringGetTextDatum(plan->targets[target].name),
		                  CStringGetTextDatum(batch->errors[i].message)};
		bool nulls[lengthof(values)] = {false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

PG_FUNCTION_INFO_V1(pm_imports__check_values);

/*
 * _check_values(plan jsonb) returns table (document, target, problem): what is wrong with
 * values of the plan itself: the constants of field_mapping, default_values, and defaults
 * among transforms.
 */
Datum
pm_imports__check_values(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext memory = AllocSetContextCreate(
	    CurrentMemoryContext, "values that are checked", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old;
	ImportPlan *plan;
	Batch *batch;

	InitMaterializedSRF(fcinfo, 0);
	plan = pm_imports_plan_compile(memory, PG_GETARG_JSONB_P(0));
	old = MemoryContextSwitchTo(memory);
	batch = pm_imports_batch_create(memory);
	for (int i = 0; i < plan->target_count; i++)
	{
		Target *target = &plan->targets[i];
		bool has_default = target->has_default;

		target->has_default = false;
		if (target->is_constant)
			check_constant(result, plan, batch, i, "field_mapping");
		else if (target->default_at >= 0)
		{
			/* none comes out of its transforms as the default */
			target->is_constant = true;
			target->constant = (PmText){NULL, 0};
			check_constant(result, plan, batch, i, "transformation_rules");
		}
		if (!has_default)
			continue;
		/* no transform sees a default */
		target->is_constant = true;
		target->constant = target->default_value;
		target->chain_length = 0;
		check_constant(result, plan, batch, i, "default_values");
	}
	pm_imports_computed_close(plan);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(memory);
	return (Datum) 0;
}
