/*
 * pm_imports.c - the settings, and what happens when the module is loaded
 *
 * Nothing needs to be preloaded: the module has no shared memory and no hook.
 */
#include "pm_imports_module.h"

#include <limits.h>

#include "utils/builtins.h"
#include "utils/guc.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(pm_imports__setting);

extern PGDLLEXPORT void _PG_init(void);

char *pm_imports_directories = NULL;
char *pm_imports_catalog = NULL;
int pm_imports_merge_sessions = 2;

#define DAY (24 * 60) /* minutes */

/* read by SQL only, through _setting() */
static char *user_id = NULL;
static char *suppliers = NULL;
static int max_upload = 10240;
static int keep_jobs = 365 * DAY;
static int keep_content = 30 * DAY;
static int keep_uploads = DAY;
static int keep_logs = 365 * DAY;

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
	    "Server that the catalog is on; without one of this name it is this database.",
	    "A foreign server of postgres_fdw.", &pm_imports_catalog, "db_catalog", PGC_SUSET,
	    0, NULL, NULL, NULL);
	DefineCustomIntVariable(
	    "pm_imports.merge_sessions", "How many sessions merge an import at the same time.",
	    "Each takes a processor and up to 16 MB here, and a connection to the catalog's "
	    "server or, if it is this database, a worker process; 0: none there.",
	    &pm_imports_merge_sessions, 2, 0, 4, PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable(
	    "pm_imports.suppliers",
	    "Server that pm_suppliers is on, if it is not in this database.",
	    "A foreign server of postgres_fdw; if there is none of this name, nothing was "
	    "decided about codes.",
	    &suppliers, "db_suppliers", PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("pm_imports.user_id", "User that the client acts for.",
	                           "A UUID of pm_core.users; empty: none.", &user_id, "",
	                           PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("pm_imports.max_upload", "Largest file that may be uploaded.",
	                        NULL, &max_upload, 10240, 1, INT_MAX, PGC_SUSET, GUC_UNIT_MB,
	                        NULL, NULL, NULL);
	DefineCustomIntVariable(
	    "pm_imports.keep_jobs",
	    "How long the nightly job keeps jobs that ended, with their errors.", NULL,
	    &keep_jobs, 365 * DAY, 0, INT_MAX, PGC_USERSET, GUC_UNIT_MIN, NULL, NULL, NULL);
	DefineCustomIntVariable(
	    "pm_imports.keep_content", "How long the nightly job keeps the content of uploads.",
	    "After the last job that reads it ended.", &keep_content, 30 * DAY, 0, INT_MAX,
	    PGC_USERSET, GUC_UNIT_MIN, NULL, NULL, NULL);
	DefineCustomIntVariable("pm_imports.keep_uploads",
	                        "How long the nightly job keeps uploads that are not finished.",
	                        "After what was last appended.", &keep_uploads, DAY, 0, INT_MAX,
	                        PGC_USERSET, GUC_UNIT_MIN, NULL, NULL, NULL);
	DefineCustomIntVariable("pm_imports.keep_logs", "How long the nightly job keeps logs.",
	                        "A month goes when it is as old as a whole.", &keep_logs,
	                        365 * DAY, 0, INT_MAX, PGC_USERSET, GUC_UNIT_MIN, NULL, NULL,
	                        NULL);
	MarkGUCPrefixReserved("pm_imports");
}

/*
 * _setting(name text) returns text: the value of pm_imports.NAME, and its default where the
 * session has not loaded the module before.
 */
Datum
pm_imports__setting(PG_FUNCTION_ARGS)
{
	char *name = psprintf("pm_imports.%s", text_to_cstring(PG_GETARG_TEXT_PP(0)));

	PG_RETURN_TEXT_P(cstring_to_text(GetConfigOptionByName(name, NULL, false)));
}
