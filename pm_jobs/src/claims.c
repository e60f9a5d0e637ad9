/*
 * claims.c - what this worker has claimed, and how it is given back
 *
 * The jobs of a batch are listed in the worker's entry, where nobody else may take
 * them, until the callback after COMMIT or ABORT, when everybody can see what the
 * transaction did.  Jobs that it did not end can then be claimed again.  Claims that
 * are to outlast a transaction are kept.
 */
#include "pm_jobs_shared.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "storage/ipc.h"

/* What the worker's entry claims, and how to give it back. */
typedef struct Held
{
	int32 priority;
	int64 seq;
	bool keyed;
	bool ended; /* finished, or scheduled again */
} Held;

static Queue *held_queue; /* NULL: nothing is claimed */
static Held held[BATCH_MAX];
static int nheld;
static bool keep_claims; /* beyond the end of this transaction */

/* Gives the claims back.  Does not throw. */
void
pm_jobs_release_claims(void)
{
	SharedQueue *shared = held_queue->shared;
	bool turns = pm_jobs_has_turns(held_queue);

	SpinLockAcquire(&pm_jobs_me->mutex);
	pm_jobs_me->nclaims = 0;
	pm_jobs_me->job = 0;
	SpinLockRelease(&pm_jobs_me->mutex);
	for (int i = 0; i < nheld; i++)
		if (!held[i].ended)
			pm_jobs_move_back(shared, held[i].priority, held[i].seq, held[i].keyed);
	SpinLockAcquire(&shared->mutex);
	shared->busy--;
	if (turns)
	{
		shared->releases++;
		shared->maybe = true;
	}
	SpinLockRelease(&shared->mutex);
	nheld = 0;
	held_queue = NULL;
	keep_claims = false;
}

static void
at_end_of_transaction(XactEvent event, void *arg)
{
	if (held_queue == NULL)
		return;
	if (event == XACT_EVENT_ABORT)
		for (int i = 0; i < nheld; i++)
			held[i].ended = false;
	if ((event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT) && !keep_claims)
		pm_jobs_release_claims();
}

/* The process ends: as after an abort.  Runs once its transaction is undone. */
static void
at_exit(int code, Datum arg)
{
	if (held_queue != NULL)
		pm_jobs_release_claims();
	pm_jobs_lane_reset();
}

/* Called once by a worker, before it is connected: its exit must come last. */
void
pm_jobs_claims_init(void)
{
	RegisterXactCallback(at_end_of_transaction, NULL);
	before_shmem_exit(at_exit, (Datum) 0);
}

/* The jobs are claimed: notes how to give them back when the transaction ends. */
void
pm_jobs_hold_claims(JobRun *run, Queue *queue, List *jobs)
{
	ListCell *cell;

	nheld = 0;
	foreach (cell, jobs)
	{
		Job *job = lfirst(cell);
		bool null;

		(void) heap_getattr(job->row, JOB_LIMIT_KEY, RelationGetDescr(run->jobs), &null);
		held[nheld++] = (Held){.priority = job->priority, .seq = job->seq, .keyed = !null};
	}
	held_queue = queue;
	keep_claims = false;
	SpinLockAcquire(&queue->shared->mutex);
	queue->shared->busy++;
	SpinLockRelease(&queue->shared->mutex);
}

/* How many jobs are claimed. */
int
pm_jobs_claims_held(void)
{
	return nheld;
}

/* Are the claims to outlast the transaction that is open? */
void
pm_jobs_keep_claims(bool keep)
{
	keep_claims = keep;
}

/* The n-th job is finished or scheduled again, if the transaction commits. */
void
pm_jobs_end_claim(int n)
{
	held[n].ended = true;
}
