/*
 * worker_time.c - what a worker does at some time though nobody reports
 *
 * Queues, handlers and schedules are read again when they have changed, and at each
 * poll; schedules fire and due jobs become ready in whichever worker is awake first.
 * A worker that leaves or begins a batch tells the launcher when another must look.
 */
#include "worker.h"

#include "commands/async.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define EVENT_CHANNEL "pm_jobs_events"
/* What is known of queues and handlers is read again when it has grown by this. */
#define KNOWN_BYTES   (256 * 1024)
/* A schedule that is due but locked is looked at again after this time. */
#define SCHEDULE_MS   100
/* Crashed jobs charged at once. */
#define CRASHED_MAX   64

KnownTimes pm_jobs_known;

static JobStatement schedule_statement = {
    .sql = "SELECT min(next_run) FROM pm_jobs._schedules"};
static JobStatement before_statement = {.sql = "SELECT pm_jobs._before_run(NULL)"};
static JobStatement after_statement = {.sql = "SELECT pm_jobs._after_run()"};

/* Reads queues and schedules again. */
static void
read_settings(JobRun *run, void *arg)
{
	ListCell *cell;

	run->only_queue = NULL;
	pm_jobs_read_queues(run, true);
	foreach (cell, run->queues)
	{
		Queue *queue = lfirst(cell);

		queue->shared = pm_jobs_find_queue(queue->name);
		if (queue->shared == NULL)
		{
			ereport(LOG,
			        (errmsg("pm_jobs cannot serve queue \"%s\": all %d entries of "
			                "shared memory are in use",
			                queue->name, QUEUES_MAX),
			         errhint("A restart frees those of dropped queues; CALL pm_jobs.run() "
			                 "needs none.")));
			continue;
		}
		SpinLockAcquire(&queue->shared->mutex);
		queue->shared->concurrency = queue->paused ? -1 : queue->concurrency;
		SpinLockRelease(&queue->shared->mutex);
	}
	SPI_connect();
	pm_jobs_known.next_schedule = DT_NOEND;
	if (pm_jobs_query(run, &schedule_statement, NULL, NULL, 1) == 1)
	{
		bool null;
		Datum value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &null);

		if (!null)
			pm_jobs_known.next_schedule = DatumGetTimestampTz(value);
	}
	SPI_finish();
}

/* Enqueues what schedules ask for. */
static void
fire_schedules(JobRun *run, void *arg)
{
	(void) pm_jobs_query_once(run, &before_statement, NULL, NULL);
}

/* Drops finished jobs that no queue keeps any more. */
static void
drop_old(JobRun *run, void *arg)
{
	(void) pm_jobs_query_once(run, &after_statement, NULL, NULL);
}

/* Makes due jobs of a queue ready. */
static void
promote(JobRun *run, void *arg)
{
	(void) pm_jobs_lane_promote(run, arg);
}

/* Charges a job with the crash of the process that ran it; makes it 0 if that is done. */
static void
charge_crash(JobRun *run, void *arg)
{
	int64 *job = arg;

	if (pm_jobs_charge_crash(run, *job))
		*job = 0;
}

/* Tells listeners which queues have finished jobs. */
static void
send_events(JobRun *run, void *arg)
{
	ListCell *cell;

	pm_jobs_flush();
	foreach (cell, pm_jobs_known.events)
		Async_Notify(EVENT_CHANNEL, lfirst(cell));
}

/* Charges the jobs that were running in processes that crashed. */
void
pm_jobs_settle_crashes(JobRun *run)
{
	int64 jobs[CRASHED_MAX];
	int n = pm_jobs_crashed(MyDatabaseId, jobs, CRASHED_MAX);

	/* what cannot be charged now is there again at the next poll */
	for (int i = 0; i < n; i++)
	{
		int64 job = jobs[i];

		if (pm_jobs_transact(run, charge_crash, &job) && job == 0)
			pm_jobs_crash_settled(MyDatabaseId, jobs[i]);
	}
}

/* Remembers that the queue has something to tell. */
void
pm_jobs_note_event(JobRun *run, const Queue *queue)
{
	MemoryContext old = MemoryContextSwitchTo(run->context);
	ListCell *cell;
	bool noted = false;

	foreach (cell, pm_jobs_known.events)
		noted = noted || strcmp(lfirst(cell), queue->name) == 0;
	if (!noted)
		pm_jobs_known.events = lappend(pm_jobs_known.events, pstrdup(queue->name));
	MemoryContextSwitchTo(old);
}

/* Reads queues and schedules; pm_jobs_known.read tells whether that went well. */
static void
learn(JobRun *run, uint64 settings)
{
	pm_jobs_known.read = pm_jobs_transact(run, read_settings, NULL);
	pm_jobs_known.settings = settings;
	pm_jobs_known.bytes = MemoryContextMemAllocated(run->pass, true);
	if (!pm_jobs_known.read)
		run->queues = NIL;
}

/* Does what is to be done at some time; true if that may have made work. */
bool
pm_jobs_keep_time(JobRun *run)
{
	TimestampTz now = GetCurrentTimestamp();
	uint64 settings = pg_atomic_read_u64(&pm_jobs_my_database->settings);
	bool work = false;
	bool poll;
	ListCell *cell;

	SpinLockAcquire(&pm_jobs_my_database->mutex);
	poll = now >= TimestampTzPlusMilliseconds(pm_jobs_my_database->last_poll,
	                                          pm_jobs_poll_interval * INT64CONST(1000));
	if (poll)
		pm_jobs_my_database->last_poll = now;
	SpinLockRelease(&pm_jobs_my_database->mutex);
	if (poll)
	{
		(void) pg_atomic_fetch_add_u64(&pm_jobs_my_database->looks, 1);
		pm_jobs_settle_crashes(run);
		(void) pm_jobs_transact(run, drop_old, NULL);
	}
	if (!pm_jobs_known.read || poll || pm_jobs_known.settings != settings ||
	    MemoryContextMemAllocated(run->pass, true) > pm_jobs_known.bytes + KNOWN_BYTES)
	{
		learn(run, settings);
		work = true;
	}
	if (now >= pm_jobs_known.next_schedule)
	{
		bool fired = pm_jobs_transact(run, fire_schedules, NULL);

		learn(run, settings);
		/* somebody else is at it, or it failed: not at once again */
		if (pm_jobs_known.next_schedule <= now)
			pm_jobs_known.next_schedule =
			    TimestampTzPlusMilliseconds(now, fired ? SCHEDULE_MS : TROUBLE_MS);
		work = true;
	}
	foreach (cell, run->queues)
	{
		Queue *queue = lfirst(cell);

		if (queue->paused || queue->shared == NULL || now < queue->shared->next_due)
			continue;
		if (!pm_jobs_transact(run, promote, queue))
		{
			/* what was written down about it is not so */
			SpinLockAcquire(&queue->shared->mutex);
			queue->shared->due = DT_NOBEGIN;
			queue->shared->next_due =
			    TimestampTzPlusMilliseconds(GetCurrentTimestamp(), 1000);
			SpinLockRelease(&queue->shared->mutex);
		}
		work = true;
	}
	if (pm_jobs_known.events != NIL && now >= pm_jobs_known.next_event)
	{
		if (pm_jobs_transact(run, send_events, NULL))
		{
			list_free_deep(pm_jobs_known.events);
			pm_jobs_known.events = NIL;
		}
		pm_jobs_known.next_event = TimestampTzPlusMilliseconds(now, pm_jobs_event_interval);
	}
	return work;
}

/* May the worker claim jobs of the queue now? */
bool
pm_jobs_is_open(const Queue *queue)
{
	return !queue->paused && queue->shared != NULL && pm_jobs_may_claim(queue) &&
	       queue->shared->busy < queue->concurrency;
}

/* When something is to be done though nobody reports. */
TimestampTz
pm_jobs_next_time(JobRun *run)
{
	TimestampTz next = pm_jobs_known.next_schedule;
	ListCell *cell;

	foreach (cell, run->queues)
	{
		Queue *queue = lfirst(cell);

		if (queue->paused || queue->shared == NULL)
			continue;
		next = Min(next, queue->shared->next_due);
		if (pm_jobs_is_open(queue))
			next = Min(next, queue->not_before);
	}
	return next;
}

/* Tells the launcher when a worker must be here. */
void
pm_jobs_leave_word(TimestampTz next)
{
	bool earlier;

	SpinLockAcquire(&pm_jobs_my_database->mutex);
	pm_jobs_my_database->next_due = next;
	SpinLockRelease(&pm_jobs_my_database->mutex);
	pg_memory_barrier();
	/* a look without the lock: while it is awake it has yet to look at this */
	earlier = next < DT_NOEND && TimestampTzPlusMilliseconds(next, BUSY_MS) <
	                                 pm_jobs_shared->launcher_sleeps_until;
	if (earlier)
		pm_jobs_wake_launcher();
}

/*
 * The worker will not look at the time until its batch has ended: tells the launcher
 * when another one must.
 */
void
pm_jobs_leave_word_at_work(JobRun *run)
{
	TimestampTz next = pm_jobs_next_time(run);

	next = Min(next, TimestampTzPlusMilliseconds(pm_jobs_my_database->last_poll,
	                                             pm_jobs_poll_interval * INT64CONST(1000)));
	pm_jobs_leave_word(Max(next, GetCurrentTimestamp()));
}

/* Tells listeners what has not been told yet. */
void
pm_jobs_tell_events(JobRun *run)
{
	if (pm_jobs_known.events != NIL)
		(void) pm_jobs_transact(run, send_events, NULL);
}

/* Called once by a worker. */
void
pm_jobs_time_init(void)
{
	pm_jobs_known.next_schedule = DT_NOEND;
	pm_jobs_known.next_event = DT_NOBEGIN;
}
