/*
 * report.c - what a transaction tells the workers when it commits
 *
 * Whoever brings a job notes where it stands; changes of queues, handlers and
 * schedules note that settings have changed; NOTIFY pm_jobs asks for a look at
 * everything.  The notes are this session's until the transaction has committed
 * and everybody can see its rows; then the callback moves the places in shared
 * memory back and wakes.  It takes spinlocks of the queues concerned and sets
 * latches: no allocation, no error, nothing that waits.  An abort forgets the
 * notes; one by a subtransaction leaves them, which costs a look in vain.
 */
#include "pm_jobs_shared.h"

#include "access/xact.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* Queue and priority of a job; more than these are told as "look at everything". */
#define NOTES_MAX 32

typedef struct Note
{
	SharedQueue *queue;
	bool ready;
	int32 priority;     /* if ready */
	int64 seq;          /* if ready: the least */
	TimestampTz run_at; /* if not ready: the earliest */
	int jobs;
	bool keyed;
} Note;

static SharedDatabase
    *database; /* this one; NULL: not looked for yet, or no entry is free */
static Note notes[NOTES_MAX];
static int nnotes;
static bool look_at_all;
static bool settings_changed;

/* Forgets the notes. */
static void
forget(void)
{
	nnotes = 0;
	look_at_all = false;
	settings_changed = false;
}

/* Moves the place of a priority back so that seq is looked at.  The mutex is held. */
static void
move_back(SharedQueue *queue, int32 priority, int64 seq)
{
	int i = 0;

	while (i < queue->nplaces && queue->places[i].priority > priority)
		i++;
	if (i < queue->nplaces && queue->places[i].priority == priority)
	{
		Place *place = &queue->places[i];

		place->dry = false;
		place->seq = Min(place->seq, seq - 1);
		place->floor = Min(place->floor, seq - 1);
	}
	else if (queue->nplaces < PLACES_MAX)
	{
		/* where nobody has looked yet, earlier ones may wait too */
		int64 before = priority >= queue->bound ? seq - 1 : PG_INT64_MIN;

		memmove(&queue->places[i + 1], &queue->places[i],
		        (queue->nplaces - i) * sizeof(Place));
		queue->nplaces++;
		queue->places[i] = (Place){.priority = priority, .seq = before, .floor = seq - 1};
	}
	else
	{
		/* too many priorities to remember: from the beginning */
		queue->nplaces = 0;
		queue->bound = BOUND_TOP;
		queue->resets++;
	}
}

/* The job can be claimed again, or for the first time.  Does not throw. */
void
pm_jobs_move_back(SharedQueue *queue, int32 priority, int64 seq, bool keyed)
{
	SpinLockAcquire(&queue->mutex);
	if (keyed)
	{
		queue->keyed = true;
		queue->key_ring[queue->key_reports++ % KEY_REPORTS] =
		    (KeyReport){.priority = priority, .seq = seq};
	}
	move_back(queue, priority, seq);
	queue->maybe = true;
	SpinLockRelease(&queue->mutex);
}

/* How many more workers a queue can use.  A look without the lock: it is a hint. */
static int
room(const SharedQueue *queue, int jobs)
{
	if (queue->concurrency == 0)
		return 1;
	return Max(0, Min(jobs, queue->concurrency - queue->busy));
}

/*
 * Tells what was noted: the rows can be seen by everybody now.  Does not throw.
 */
static void
tell(void)
{
	int workers = 0;

	for (int i = 0; i < nnotes; i++)
	{
		Note *note = &notes[i];
		SharedQueue *queue = note->queue;

		if (note->ready)
		{
			pm_jobs_move_back(queue, note->priority, note->seq, note->keyed);
			workers += room(queue, note->jobs);
		}
		else
		{
			SpinLockAcquire(&queue->mutex);
			if (note->run_at < queue->next_due)
				workers++;
			queue->due = Min(queue->due, note->run_at);
			queue->due_floor = Min(queue->due_floor, note->run_at);
			queue->next_due = Min(queue->next_due, note->run_at);
			SpinLockRelease(&queue->mutex);
		}
	}
	if (look_at_all)
		(void) pg_atomic_fetch_add_u64(&database->looks, 1);
	if (settings_changed || look_at_all)
	{
		(void) pg_atomic_fetch_add_u64(&database->settings, 1);
		workers = Max(workers, 1);
	}
	pm_jobs_wake(database, workers);
}

static void
at_end_of_transaction(XactEvent event, void *arg)
{
	if (database != NULL && (nnotes > 0 || look_at_all || settings_changed))
	{
		if (event == XACT_EVENT_COMMIT)
			tell();
		else if (event == XACT_EVENT_PREPARE)
			pg_atomic_write_u32(&database->prepared, 1); /* the notes are lost */
	}
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT ||
	    event == XACT_EVENT_PREPARE)
		forget();
}

/* Called once when the library is preloaded. */
void
pm_jobs_report_init(void)
{
	RegisterXactCallback(at_end_of_transaction, NULL);
}

/* Is there anybody to tell?  Finds the database's entry. */
static bool
can_tell(void)
{
	if (pm_jobs_shared == NULL)
		return false;
	if (database == NULL)
		database = pm_jobs_find_database(MyDatabaseId, true);
	return database != NULL;
}

/*
 * Notes a job of this transaction: ready at its place (run_at 0), or due then.
 * Nothing to do without shared memory.
 */
void
pm_jobs_report_job(const char *queue, int32 priority, int64 seq, TimestampTz run_at,
                   bool keyed)
{
	bool ready = run_at == 0;
	SharedQueue *shared;

	if (look_at_all || !can_tell())
		return;
	for (int i = 0; i < nnotes; i++)
	{
		Note *note = &notes[i];

		if (note->ready == ready && (!ready || note->priority == priority) &&
		    strcmp(note->queue->key.name, queue) == 0)
		{
			note->seq = Min(note->seq, seq);
			note->run_at = Min(note->run_at, run_at);
			note->keyed = note->keyed || keyed;
			note->jobs++;
			return;
		}
	}
	shared = nnotes < NOTES_MAX ? pm_jobs_find_queue(queue) : NULL;
	if (shared == NULL)
	{
		look_at_all = true;
		return;
	}
	notes[nnotes++] = (Note){.queue = shared,
	                         .ready = ready,
	                         .priority = priority,
	                         .seq = seq,
	                         .run_at = run_at,
	                         .jobs = 1,
	                         .keyed = keyed};
}

/* Notes that the workers are to look at everything again. */
void
pm_jobs_report_all(void)
{
	look_at_all = can_tell();
}

/*
 * A prepared transaction is about to be committed here: nobody knows what it would
 * tell, so everything is looked at if one had something to tell.
 */
void
pm_jobs_report_prepared(void)
{
	if (can_tell() && pg_atomic_read_u32(&database->prepared) != 0)
		look_at_all = true;
}

PG_FUNCTION_INFO_V1(pm_jobs__report);

/* Row trigger of _job, before INSERT or UPDATE: notes the row. */
Datum
pm_jobs__report(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	HeapTuple row;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_FOR_ROW(trigger->tg_event))
		elog(ERROR, "pm_jobs._report is a row trigger");
	row = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple
	                                                 : trigger->tg_trigtuple;
	if (pm_jobs_shared != NULL)
	{
		TupleDesc desc = RelationGetDescr(trigger->tg_relation);
		char name[NAME_BYTES];
		bool no_queue, no_priority, no_seq, no_run_at, no_key;
		Datum queue = heap_getattr(row, JOB_QUEUE, desc, &no_queue);
		Datum priority = heap_getattr(row, JOB_PRIORITY, desc, &no_priority);
		Datum seq = heap_getattr(row, JOB_SEQ, desc, &no_seq);
		Datum run_at = heap_getattr(row, JOB_RUN_AT, desc, &no_run_at);

		(void) heap_getattr(row, JOB_LIMIT_KEY, desc, &no_key);
		if (!no_queue && !no_priority && !no_seq)
		{
			text_to_cstring_buffer(DatumGetTextPP(queue), name, sizeof(name));
			TimestampTz due = no_run_at ? 0 : DatumGetTimestampTz(run_at);

			if (!no_run_at && due == 0)
				due = -1; /* 0 says ready */
			pm_jobs_report_job(name, DatumGetInt32(priority), DatumGetInt64(seq), due,
			                   !no_key);
		}
	}
	return PointerGetDatum(row);
}

PG_FUNCTION_INFO_V1(pm_jobs__report_settings);

/* Statement trigger of _queues, _handlers and _schedules: notes that they changed. */
Datum
pm_jobs__report_settings(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		elog(ERROR, "pm_jobs._report_settings is a trigger");
	settings_changed = can_tell();
	PG_RETURN_POINTER(NULL);
}

PG_FUNCTION_INFO_V1(pm_jobs__report_gone);

/*
 * _report_gone(queue, priority, seq): notes that a job which may have held its key
 * is gone with this transaction, so that another of the key may run.
 */
Datum
pm_jobs__report_gone(PG_FUNCTION_ARGS)
{
	pm_jobs_report_job(text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_GETARG_INT32(1),
	                   PG_GETARG_INT64(2), 0, true);
	PG_RETURN_VOID();
}
