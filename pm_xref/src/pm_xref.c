/*
 * pm_xref.c - the settings, and what happens when the module is loaded
 *
 * Nothing needs to be preloaded: the module has no shared memory and no hook.
 */
#include "pm_xref_module.h"

#include <limits.h>

#include "utils/guc.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

#define WORK_MEM_MIN 1024
#define WORK_MEM     262144

int pm_xref_work_mem = WORK_MEM;

/* Called once when the module is loaded. */
void
_PG_init(void)
{
	DefineCustomIntVariable(
	    "pm_xref.work_mem", "Memory for the keys of one reference that is checked.",
	    "What does not fit is written to temporary files and matched in parts.",
	    &pm_xref_work_mem, WORK_MEM, WORK_MEM_MIN, MAX_KILOBYTES, PGC_USERSET, GUC_UNIT_KB,
	    NULL, NULL, NULL);
	pm_xref_call_init();
	pm_xref_outbox_init();
	MarkGUCPrefixReserved("pm_xref");
}
