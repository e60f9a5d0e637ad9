/*
 * launcher_room.c - who leaves when a database asks for a worker and there is no room
 *
 * When all entries, or all processes of the server, are taken and a database asks,
 * an idle worker of another database is sent away.  For a database without any worker
 * that may also be one of the database that has the most of them; a database's only
 * worker, while it is busy, goes after SHARE_MS at the earliest.  One that is still
 * there SHARE_MS later, at work, is not waited for: another one is asked.
 */
#include "launcher.h"

#include "utils/timestamp.h"

/*
 * How long the only worker of a database may stay while another one waits, an idle one
 * while a database that has workers asks for more, and one that was asked to leave may
 * take before another is asked.
 */
#define SHARE_MS 1000
/* A worker that has not begun yet is looked at again after this time. */
#define BEGIN_MS 100

/* Asks a worker to leave; one that is busy is wanted again afterwards. */
static void
send_away(int index, bool busy)
{
	SharedWorker *worker = &pm_jobs_shared->workers[index];
	SharedDatabase *database =
	    pm_jobs_find_database(pm_jobs_view.slots[index].database, false);
	int pgprocno = -1;

	if (busy && database != NULL)
	{
		SpinLockAcquire(&database->mutex);
		database->wanted = true;
		SpinLockRelease(&database->mutex);
	}
	SpinLockAcquire(&worker->mutex);
	if (worker->state != WORKER_FREE && worker->pid != 0)
	{
		worker->stop = true;
		pgprocno = worker->pgprocno;
	}
	SpinLockRelease(&worker->mutex);
	if (pgprocno >= 0)
		pm_jobs_set_latch(pgprocno);
}

/*
 * Is a worker leaving?  Sets *again to when it is not waited for any longer.  One that
 * others have asked to leave counts from when that is seen.
 */
static bool
is_leaving(int index, TimestampTz now, TimestampTz *again)
{
	WorkerSlot *slot = &pm_jobs_view.slots[index];
	SharedWorker *worker = &pm_jobs_shared->workers[index];
	TimestampTz until;
	WorkerState state;

	SpinLockAcquire(&worker->mutex);
	state = worker->state;
	if (worker->stop && slot->asked == 0)
		slot->asked = now;
	SpinLockRelease(&worker->mutex);
	if (state == WORKER_FREE)
		return true;
	until = TimestampTzPlusMilliseconds(slot->asked, SHARE_MS);
	if (slot->asked == 0 || until <= now)
		return false;
	*again = Min(*again, until);
	return true;
}

/*
 * May a worker be asked to leave for a database?  If so, returns which goes first: the
 * number of workers of its own database, a whole table more if it is idle.  If not,
 * returns 0, and sets *again to when it may.
 */
static int
rank_victim(int index, const KnownDatabase *asking, TimestampTz now, TimestampTz *again)
{
	WorkerSlot *slot = &pm_jobs_view.slots[index];
	SharedWorker *worker = &pm_jobs_shared->workers[index];
	KnownDatabase *known =
	    hash_search(pm_jobs_view.databases, &slot->database, HASH_FIND, NULL);
	int rank = known != NULL ? known->workers : 1;
	TimestampTz may_go = now;
	TimestampTz since;
	WorkerState state;

	SpinLockAcquire(&worker->mutex);
	state = worker->state;
	since = worker->since;
	SpinLockRelease(&worker->mutex);
	if (slot->asked != 0 || known == asking)
		return 0;
	if (state == WORKER_IDLE)
	{
		rank += pm_jobs_shared->nworkers;
		if (asking->workers > 0)
			may_go = TimestampTzPlusMilliseconds(since, SHARE_MS);
	}
	else if (asking->workers > 0)
		may_go = TimestampTzPlusMilliseconds(now, SHARE_MS);
	else if (state == WORKER_STARTING)
		may_go = TimestampTzPlusMilliseconds(now, BEGIN_MS);
	else if (rank == 1)
		may_go = TimestampTzPlusMilliseconds(slot->since, SHARE_MS);
	if (may_go <= now)
		return rank;
	*again = Min(*again, Max(may_go, TimestampTzPlusMilliseconds(now, BEGIN_MS)));
	return 0;
}

/*
 * Asks a worker to leave for a database, unless as many as are waited for are leaving
 * already.  Returns when to try again.
 */
TimestampTz
pm_jobs_make_room(const KnownDatabase *asking, int waiting)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz again = TimestampTzPlusMilliseconds(now, SHARE_MS);
	int leaving = 0;
	int victim = -1;
	int most = 0;

	for (int i = 0; i < pm_jobs_shared->nworkers; i++)
	{
		int rank;

		if (!pm_jobs_view.slots[i].used)
			continue;
		if (is_leaving(i, now, &again))
		{
			leaving++;
			continue;
		}
		rank = rank_victim(i, asking, now, &again);
		if (rank > most || (rank == most && rank > 0 &&
		                    pm_jobs_view.slots[i].since < pm_jobs_view.slots[victim].since))
		{
			victim = i;
			most = rank;
		}
	}
	if (leaving < Max(waiting, 1) && victim >= 0)
	{
		pm_jobs_view.slots[victim].asked = now;
		send_away(victim, most <= pm_jobs_shared->nworkers);
	}
	return again;
}
