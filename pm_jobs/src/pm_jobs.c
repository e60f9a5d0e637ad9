/*
 * pm_jobs.c - the settings, and what happens when the module is loaded
 *
 * Loaded by shared_preload_libraries, the module makes shared memory and has the
 * launcher started.  Loaded by a session that calls a function of ours, it only
 * knows its settings.
 */
#include "pm_jobs_shared.h"

#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/varlena.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

#define WORKERS_MAX 256
#define DAY_S       86400
#define HOUR_MS     3600000

int pm_jobs_max_workers = 4;
bool pm_jobs_enabled = true;
char *pm_jobs_databases = NULL;
int pm_jobs_idle_exit = 60;
int pm_jobs_poll_interval = 60;
int pm_jobs_batch_jobs = BATCH_MAX;
int pm_jobs_batch_time = 10;
int pm_jobs_max_crashes = 3;
int pm_jobs_event_interval = 100;

/* Check hook of pm_jobs.databases: a list of names, as in SQL. */
static bool
check_databases(char **value, void **extra, GucSource source)
{
	char *copy = pstrdup(*value);
	List *names;
	bool valid = SplitIdentifierString(copy, ',', &names);

	if (!valid)
		GUC_check_errdetail("The value must be \"*\" or a list of database names.");
	list_free(names);
	pfree(copy);
	return valid;
}

/* Defines an integer setting of the configuration file. */
static void
define_number(const char *name, const char *short_text, const char *long_text,
              int *variable, int low, int high, GucContext context, int unit)
{
	DefineCustomIntVariable(name, short_text, long_text, variable, *variable, low, high,
	                        context, unit, NULL, NULL, NULL);
}

/* Defines the settings pm_jobs.*. */
static void
define_settings(void)
{
	/* sizes shared memory: where there is none, it is accepted and has no effect */
	define_number(
	    "pm_jobs.max_workers", "Most workers that run jobs, of all databases.",
	    "Each takes one of max_worker_processes, and so does the launcher. "
	    "Without pm_jobs in shared_preload_libraries there are none.",
	    &pm_jobs_max_workers, 1, WORKERS_MAX,
	    process_shared_preload_libraries_in_progress ? PGC_POSTMASTER : PGC_SIGHUP, 0);
	DefineCustomBoolVariable(
	    "pm_jobs.enabled", "Lets workers run jobs.",
	    "ALTER DATABASE ... SET pm_jobs.enabled = off keeps them out of one database; "
	    "pm_jobs.run() and pm_jobs.run_pending() work all the same.",
	    &pm_jobs_enabled, pm_jobs_enabled, PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable(
	    "pm_jobs.databases", "Databases whose jobs are run by workers, or * for all.",
	    "A list of names, separated by commas.", &pm_jobs_databases, "*", PGC_SIGHUP,
	    GUC_LIST_INPUT, check_databases, NULL, NULL);
	define_number("pm_jobs.idle_exit", "Time without a job after which a worker leaves.",
	              "Another one is started when there is something to do; until then the "
	              "database has no connection of ours.",
	              &pm_jobs_idle_exit, 1, DAY_S, PGC_SIGHUP, GUC_UNIT_S);
	define_number("pm_jobs.poll_interval",
	              "Time after which workers look for jobs that nobody told them of.",
	              "Those that came while triggers were disabled, for example.",
	              &pm_jobs_poll_interval, 1, DAY_S, PGC_SIGHUP, GUC_UNIT_S);
	define_number("pm_jobs.batch_jobs", "Most jobs that share one commit.",
	              "Each is undone alone if it fails. A queue with own_commit shares none.",
	              &pm_jobs_batch_jobs, 1, BATCH_MAX, PGC_SIGHUP, 0);
	define_number("pm_jobs.batch_time",
	              "Time after which a worker commits the jobs it ran.", NULL,
	              &pm_jobs_batch_time, 0, HOUR_MS, PGC_SIGHUP, GUC_UNIT_MS);
	define_number("pm_jobs.max_crashes",
	              "Crashes of its server process after which a job is dead.",
	              "They are counted apart from its attempts.", &pm_jobs_max_crashes, 1, 100,
	              PGC_SIGHUP, 0);
	define_number("pm_jobs.event_interval",
	              "Least time between two notifications of a worker on pm_jobs_events.",
	              "Ends of jobs in between are told together.", &pm_jobs_event_interval, 0,
	              HOUR_MS, PGC_SIGHUP, GUC_UNIT_MS);
	MarkGUCPrefixReserved("pm_jobs");
}

/* Called once when the module is loaded. */
void
_PG_init(void)
{
	define_settings();
	pm_jobs_lock_init();
	pm_jobs_guard_init();
	if (!process_shared_preload_libraries_in_progress || IsBinaryUpgrade)
		return;
	pm_jobs_shared_init();
	pm_jobs_crash_init();
	pm_jobs_report_init();
	pm_jobs_launcher_init();
	pm_jobs_hold_init();
}
