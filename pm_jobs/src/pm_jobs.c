/*
 * pm_jobs.c - module magic
 */
#include "pm_jobs_module.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

/* Called once when the module is loaded. */
void
_PG_init(void)
{
	pm_jobs_lock_init();
}
