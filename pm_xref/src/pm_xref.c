/*
 * pm_xref.c - the settings, and what happens when the module is loaded
 *
 * Nothing needs to be preloaded: the module has no shared memory and no hook.
 */
#include "pm_xref_module.h"

#include <limits.h>

#include "utils/builtins.h"
#include "utils/guc.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

#define WORK_MEM_MIN 1024
#define WORK_MEM     262144

#define MAX_REPAIR_RATIO 0.05

#define DAY          (24 * 60) /* minutes */
#define KEEP_CHECKS  (90 * DAY)
#define KEEP_DELETED (30 * DAY)

int pm_xref_work_mem = WORK_MEM;

/* read by SQL only, through _setting() */
static double max_repair_ratio = MAX_REPAIR_RATIO;
static int keep_checks = KEEP_CHECKS;
static int keep_deleted = KEEP_DELETED;

/* Called once when the module is loaded. */
void
_PG_init(void)
{
	DefineCustomIntVariable(
	    "pm_xref.work_mem", "Memory for the keys of one reference that is checked.",
	    "What does not fit is written to temporary files and matched in parts.",
	    &pm_xref_work_mem, WORK_MEM, WORK_MEM_MIN, MAX_KILOBYTES, PGC_USERSET, GUC_UNIT_KB,
	    NULL, NULL, NULL);
	DefineCustomRealVariable(
	    "pm_xref.max_repair_ratio",
	    "Largest part of a table's rows that a repair takes away.",
	    "Of the rows with a key, as the last good check counted them. A repair that would "
	    "take more is refused.",
	    &max_repair_ratio, MAX_REPAIR_RATIO, 0, 1, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable(
	    "pm_xref.keep_checks", "How long the nightly job keeps the records of checks.",
	    "The last good one of each reference is kept for ever.", &keep_checks, KEEP_CHECKS,
	    0, INT_MAX, PGC_USERSET, GUC_UNIT_MIN, NULL, NULL, NULL);
	DefineCustomIntVariable(
	    "pm_xref.keep_deleted",
	    "How long the nightly job keeps copies of rows that a repair deleted.",
	    "Copies of rows in quarantine or set null stay until they are restored or forgotten.",
	    &keep_deleted, KEEP_DELETED, 0, INT_MAX, PGC_USERSET, GUC_UNIT_MIN, NULL, NULL,
	    NULL);
	pm_xref_call_init();
	pm_xref_outbox_init();
	MarkGUCPrefixReserved("pm_xref");
}

PG_FUNCTION_INFO_V1(pm_xref__setting);

/* _setting(name): a setting of ours, also if the module was not loaded before. */
Datum
pm_xref__setting(PG_FUNCTION_ARGS)
{
	char *name = psprintf("pm_xref.%s", text_to_cstring(PG_GETARG_TEXT_PP(0)));

	PG_RETURN_TEXT_P(cstring_to_text(GetConfigOptionByName(name, NULL, false)));
}
