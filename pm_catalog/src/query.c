/*
 * query.c - statements of ours
 */
#include "pm_catalog_module.h"

/*
 * Runs a statement of ours, inside SPI; its plan is kept.  nulls as for SPI_execute_plan.
 * Throws what the statement throws.
 */
void
pm_catalog_run(SPIPlanPtr *plan, const char *sql, int nargs, Oid *types, Datum *values,
               const char *nulls)
{
	if (*plan == NULL)
	{
		SPIPlanPtr made = SPI_prepare(sql, nargs, types);

		if (made == NULL || SPI_keepplan(made) != 0)
			elog(ERROR, "could not prepare \"%s\": %s", sql,
			     SPI_result_code_string(SPI_result));
		*plan = made;
	}
	if (SPI_execute_plan(*plan, values, nulls, false, 0) < 0)
		elog(ERROR, "could not execute \"%s\": %s", sql,
		     SPI_result_code_string(SPI_result));
}
