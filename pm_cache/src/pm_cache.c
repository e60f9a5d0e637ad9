/*
 * pm_cache.c - the settings, and what happens when the module is loaded
 *
 * Loaded by shared_preload_libraries, the module makes shared memory.  Loaded by a session
 * that calls a function of ours, it knows its settings and keeps values in tables.
 */
#include "pm_cache.h"

#include "miscadmin.h"
#include "utils/guc.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

#define SIZE_MIN    1024 /* kB */
#define SIZE_MAX_KB (1 << 30)
#define LOAD_MAX    3600000 /* ms */

int pm_cache_size = 64 * 1024;
int pm_cache_max_value = 1024;
int pm_cache_load_timeout = 5000;
bool pm_cache_enabled = true;

/* Called once when the module is loaded. */
void
_PG_init(void)
{
	bool preloaded = process_shared_preload_libraries_in_progress;

	DefineCustomIntVariable(
	    "pm_cache.size", "Memory for cached values.",
	    "Shared memory if pm_cache is in shared_preload_libraries, and what the table of "
	    "values is trimmed to if not.",
	    &pm_cache_size, pm_cache_size, SIZE_MIN, SIZE_MAX_KB,
	    preloaded ? PGC_POSTMASTER : PGC_SIGHUP, GUC_UNIT_KB, NULL, NULL, NULL);
	DefineCustomIntVariable("pm_cache.max_value",
	                        "Size of the largest value that is stored.",
	                        "Nothing over a quarter of the shared memory is, either.",
	                        &pm_cache_max_value, pm_cache_max_value, 1, SIZE_MAX_KB / 1024,
	                        PGC_SIGHUP, GUC_UNIT_KB, NULL, NULL, NULL);
	DefineCustomIntVariable(
	    "pm_cache.load_timeout",
	    "Time for which others wait for the session that loads a value.",
	    "Also how long this session waits at most.  0: nobody does.",
	    &pm_cache_load_timeout, pm_cache_load_timeout, 0, LOAD_MAX, PGC_USERSET,
	    GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomBoolVariable("pm_cache.enabled", "Lets values be found and stored.",
	                         "Invalidations count all the same.", &pm_cache_enabled,
	                         pm_cache_enabled, PGC_SUSET, 0, NULL, NULL, NULL);
	MarkGUCPrefixReserved("pm_cache");
	pm_cache_pending_init();
	if (preloaded && !IsBinaryUpgrade)
		pm_cache_shared_init();
}
