/*
 * pm_catalog.c - the settings, and what happens when the module is loaded
 *
 * Nothing needs to be preloaded: the module has no shared memory.
 */
#include "pm_catalog_module.h"
#include "family.h"

#include <limits.h>

#include "utils/guc.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

/* default and least half-life of popularity, in seconds */
#define HALF_LIFE     (7 * 24 * 60 * 60)
#define HALF_LIFE_MIN 60

static int popularity_half_life; /* read by SQL */

/* Called once when the module is loaded. */
void
_PG_init(void)
{
	DefineCustomIntVariable(
	    "pm_catalog.popularity_half_life",
	    "Time after which an event counts for half as much in popular_products.",
	    "The same for all sessions: set it for the database.", &popularity_half_life,
	    HALF_LIFE, HALF_LIFE_MIN, INT_MAX, PGC_SUSET, GUC_UNIT_S, NULL, NULL, NULL);
	pm_catalog_change_init();
	pm_catalog_family_init();
	MarkGUCPrefixReserved("pm_catalog");
}
