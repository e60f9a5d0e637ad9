/*
 * check_plan.c - a plan is compiled to see whether it can be
 *
 * What a transform takes is known to its code alone.  So a config that is written is
 * compiled as a job would, and thrown away.
 */
#include "import.h"
#include "pm_imports_module.h"

#include "utils/jsonb.h"
#include "utils/memutils.h"

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
