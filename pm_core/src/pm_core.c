/*
 * pm_core.c - the settings, and what happens when the module is loaded
 *
 * Loaded by shared_preload_libraries, the module makes the shared memory in which failed
 * logins are counted and uses of refresh tokens are noted.  Loaded by a session that calls
 * a function of ours, all else works.
 */
#include "pm_core_module.h"

#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/guc.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

#define BCRYPT_COST_MIN 4
#define BCRYPT_COST_MAX 16
#define YEAR_S          (366 * 86400)
#define MINUTE_MS       60000
#define HOUR_MS         3600000

int pm_core_bcrypt_cost = 12;
int pm_core_lockout_failures = 5;
int pm_core_lockout_delay = 1000;
int pm_core_token_ttl = 3600;
int pm_core_refresh_ttl = 2592000;
char *pm_core_token_role = NULL;
char *pm_core_secret_key_file = NULL;
int pm_core_health_timeout = 800;

static shmem_request_hook_type previous_request;
static shmem_startup_hook_type previous_startup;

/* shmem_request_hook: asks for the memory. */
static void
request_memory(void)
{
	if (previous_request != NULL)
		previous_request();
	RequestAddinShmemSpace(
	    add_size(MAXALIGN(pm_core_attempts_size()), pm_core_uses_size()));
}

/* shmem_startup_hook: makes the memory, or finds it (EXEC_BACKEND). */
static void
make_memory(void)
{
	if (previous_startup != NULL)
		previous_startup();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	pm_core_attempts_make();
	pm_core_uses_make();
	LWLockRelease(AddinShmemInitLock);
}

/* Check hook of pm_core.token_role: what a claim can hold. */
static bool
check_role(char **value, void **extra, GucSource source)
{
	size_t size = strspn(*value, "abcdefghijklmnopqrstuvwxyz0123456789_");

	if (size == 0 || size >= NAMEDATALEN || (*value)[size] != '\0')
	{
		GUC_check_errdetail("The value must be a role's name of a to z, 0 to 9 and _.");
		return false;
	}
	return true;
}

/* Check hook of pm_core.secret_key_file: what is the same file wherever it is named. */
static bool
check_file_name(char **value, void **extra, GucSource source)
{
	if (**value != '\0' && !is_absolute_path(*value))
	{
		GUC_check_errdetail("The value must be an absolute path, or empty.");
		return false;
	}
	return true;
}

/* Defines an integer setting that superusers may change. */
static void
define_number(const char *name, const char *short_text, const char *long_text,
              int *variable, int low, int high, int unit)
{
	DefineCustomIntVariable(name, short_text, long_text, variable, *variable, low, high,
	                        PGC_SUSET, unit, NULL, NULL, NULL);
}

/* Called once when the module is loaded. */
void
_PG_init(void)
{
	define_number("pm_core.bcrypt_cost",
	              "Cost of a password's hash: 2 to this power rounds.",
	              "Hashes of a lower cost are made again when their users log in.",
	              &pm_core_bcrypt_cost, BCRYPT_COST_MIN, BCRYPT_COST_MAX, 0);
	define_number("pm_core.lockout_failures",
	              "Failed logins of one name in a row that cost no delay.", NULL,
	              &pm_core_lockout_failures, 1, 1000, 0);
	define_number("pm_core.lockout_delay",
	              "Delay after one failed login more; each further one doubles it.",
	              "It grows to 15 minutes at most.", &pm_core_lockout_delay, 1, HOUR_MS,
	              GUC_UNIT_MS);
	define_number("pm_core.token_ttl", "How long an access token holds.", NULL,
	              &pm_core_token_ttl, 1, YEAR_S, GUC_UNIT_S);
	define_number("pm_core.refresh_ttl",
	              "How long a refresh token holds, and a signing key after its rotation.",
	              NULL, &pm_core_refresh_ttl, 1, YEAR_S, GUC_UNIT_S);
	DefineCustomStringVariable(
	    "pm_core.token_role", "Role of the database that tokens name.",
	    "PostgREST takes it on; a row of pm_core.roles may name another one.",
	    &pm_core_token_role, "pm_reader", PGC_SUSET, 0, check_role, NULL, NULL);
	DefineCustomStringVariable(
	    "pm_core.secret_key_file", "File of the keys that encrypt secrets.",
	    "It stands outside the data directory and is for the server's user alone.",
	    &pm_core_secret_key_file, "", PGC_SUSET, GUC_SUPERUSER_ONLY, check_file_name, NULL,
	    NULL);
	define_number("pm_core.health_timeout",
	              "How long health() waits for the databases together.", NULL,
	              &pm_core_health_timeout, 10, MINUTE_MS, GUC_UNIT_MS);
	MarkGUCPrefixReserved("pm_core");

	pm_core_changed_init();
	pm_core_identity_init();
	if (process_shared_preload_libraries_in_progress && !IsBinaryUpgrade)
	{
		previous_request = shmem_request_hook;
		shmem_request_hook = request_memory;
		previous_startup = shmem_startup_hook;
		shmem_startup_hook = make_memory;
	}
}
