/*
 * pm_imports.c - the settings, and what happens when the module is loaded
 *
 * Nothing needs to be preloaded: the module has no shared memory and no hook.
 */
#include "pm_imports_module.h"

#include "utils/guc.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

char *pm_imports_directories = NULL;
char *pm_imports_catalog = NULL;

/* read by SQL only */
static char *user_id = NULL;

/* Called once when the module is loaded. */
void
_PG_init(void)
{
	DefineCustomStringVariable(
	    "pm_imports.directories", "Directories whose files may be imported.",
	    "Absolute paths, separated by colons; what is below them counts too. Empty: none.",
	    &pm_imports_directories, "", PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable(
	    "pm_imports.catalog",
	    "Server that the catalog is on, if it is not in this database.",
	    "A foreign server of postgres_fdw.", &pm_imports_catalog, "db_catalog", PGC_SUSET,
	    0, NULL, NULL, NULL);
	DefineCustomStringVariable("pm_imports.user_id", "User that the client acts for.",
	                           "A UUID of pm_core.users; empty: none.", &user_id, "",
	                           PGC_USERSET, 0, NULL, NULL, NULL);
	MarkGUCPrefixReserved("pm_imports");
}
