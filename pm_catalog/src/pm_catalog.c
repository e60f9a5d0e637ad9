/*
 * pm_catalog.c - the settings, and what happens when the module is loaded
 *
 * Nothing needs to be preloaded: the module has no shared memory.
 */
#include "pm_catalog_module.h"
#include "family.h"

#include <limits.h>

#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/uuid.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

/* default and least half-life of popularity, in seconds */
#define HALF_LIFE     (7 * 24 * 60 * 60)
#define HALF_LIFE_MIN 60

static int popularity_half_life; /* read by SQL */

char *pm_catalog_user_id;
char *pm_catalog_reason;

/* Can the text be cast to uuid: 32 digits, a hyphen after every fourth one or not? */
static bool
is_uuid(const char *text)
{
	int digits = 0;
	bool hyphen = true; /* none may be here */

	for (; *text != '\0'; text++)
	{
		if (*text == '-' ? hyphen : strchr("0123456789abcdefABCDEF", *text) == NULL)
			return false;
		if (*text != '-')
			digits++;
		hyphen = *text == '-' || digits % 4 != 0 || digits == 2 * UUID_LEN;
	}
	return digits == 2 * UUID_LEN;
}

/* A setting that is a UUID or empty: says whether the new value is one. */
static bool
check_user_id(char **value, void **extra, GucSource source)
{
	if (**value != '\0' && !is_uuid(*value))
	{
		GUC_check_errhint("It is the UUID of a user, or empty.");
		return false;
	}
	return true;
}

/* What changes products says something else about itself from now on. */
static void
assign_who(const char *value, void *extra)
{
	pm_catalog_forget_change();
}

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

/* Called once when the module is loaded. */
void
_PG_init(void)
{
	DefineCustomStringVariable(
	    "pm_catalog.user_id", "The user for whom products are changed, a UUID.",
	    "Kept in changes.user_id, as the client says it.", &pm_catalog_user_id, "",
	    PGC_USERSET, 0, check_user_id, assign_who, NULL);
	DefineCustomStringVariable("pm_catalog.reason", "Why products are changed.",
	                           "Kept in changes.reason.", &pm_catalog_reason, "",
	                           PGC_USERSET, 0, NULL, assign_who, NULL);
	DefineCustomIntVariable(
	    "pm_catalog.popularity_half_life",
	    "Time after which an event counts for half as much in popular_products.",
	    "The same for all sessions: set it for the database.", &popularity_half_life,
	    HALF_LIFE, HALF_LIFE_MIN, INT_MAX, PGC_SUSET, GUC_UNIT_S, NULL, NULL, NULL);
	pm_catalog_change_init();
	pm_catalog_own_init();
	pm_catalog_family_init();
	MarkGUCPrefixReserved("pm_catalog");
}
