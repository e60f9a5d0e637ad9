/*
 * job_turns.c - keys that take turns
 *
 * In an ordered queue, or one with a limit per key, each claim is for the next key after
 * the one served last that has a job and a free slot.  How far the jobs of each key have
 * been claimed is remembered until the pass ends, and by a worker until a job with a key
 * is reported.  In an ordered queue the key's slot is taken first: see job_order.c.
 */
#include "pm_jobs_shared.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/tableam.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

/* More key slots than this would fill the table of locks: the rest is for later. */
#define MAX_KEY_SLOTS 1000
/* A place is remembered by a key's first bytes; longer keys share one. */
#define PLACE_KEY     200

typedef struct KeyPlace
{
	char key[PLACE_KEY];
	ScanPlace place;
} KeyPlace;

/* Do the keys of this queue take turns? */
bool
pm_jobs_has_turns(const Queue *queue)
{
	return queue->ordered || queue->key_concurrency > 0 ||
	       (queue->shared != NULL && queue->shared->keyed);
}

/* Forgets how far the jobs of each key have been claimed. */
void
pm_jobs_forget_keys(Queue *queue)
{
	HASH_SEQ_STATUS scan;
	KeyPlace *place;

	if (queue->keys == NULL)
		return;
	hash_seq_init(&scan, queue->keys);
	while ((place = hash_seq_search(&scan)) != NULL)
		(void) hash_search(queue->keys, place->key, HASH_REMOVE, NULL);
}

/* Remembers whose turn it was; NULL: the first key's turn comes. */
void
pm_jobs_set_last_key(JobRun *run, Queue *queue, const char *key)
{
	if (queue->last_key != NULL)
		pfree(queue->last_key);
	queue->last_key = key ? MemoryContextStrdup(run->pass, key) : NULL;
}

/* Moves the places of keys back so that a job there is looked at, whichever key it has. */
void
pm_jobs_move_keys_back(Queue *queue, int32 priority, int64 seq)
{
	HASH_SEQ_STATUS scan;
	KeyPlace *key;

	if (queue->keys == NULL)
		return;
	hash_seq_init(&scan, queue->keys);
	while ((key = hash_seq_search(&scan)) != NULL)
	{
		ScanPlace *place = &key->place;

		if (place->begun && (place->priority < priority ||
		                     (place->priority == priority && place->seq >= seq)))
		{
			place->priority = priority;
			place->seq = seq - 1;
		}
	}
}

/* Keys of a scan of a queue's entries behind a key, NULL: all of them; returns how many. */
static int
keys_behind(ScanKeyData *keys, const Queue *queue, const char *after)
{
	pm_jobs_set_key(&keys[0], 1, BTEqualStrategyNumber, F_TEXTEQ,
	                CStringGetTextDatum(queue->name));
	if (after == NULL)
		return 1;
	pm_jobs_set_key(&keys[1], 2, BTGreaterStrategyNumber, F_TEXT_GT,
	                CStringGetTextDatum(after));
	return 2;
}

/*
 * The next key in line after one (NULL: the first) that has a ready job which
 * this run may run; NULL if there is none.
 */
static char *
next_key(JobRun *run, Relation index, Queue *queue, const char *after)
{
	Snapshot snapshot = RegisterSnapshot(GetTransactionSnapshot());
	ScanKeyData keys[2];
	int nkeys = keys_behind(keys, queue, after);
	List *found;
	char *key = NULL;

	found = pm_jobs_scan(run, index, keys, nkeys, snapshot, 1, false, false, NULL);
	if (found != NIL)
	{
		Job *job = linitial(found);
		bool null;
		Datum value =
		    heap_getattr(job->row, JOB_LIMIT_KEY, RelationGetDescr(run->jobs), &null);

		key = TextDatumGetCString(value);
	}
	UnregisterSnapshot(snapshot);
	return key;
}

/*
 * The next key in the index after one (NULL: the first), whether a job of it can
 * still be seen or not; NULL if there is none.  A worker knows how far each key has
 * been claimed and need not pass its dead entries to reach the next one.
 */
static char *
next_key_of_any(JobRun *run, Relation index, Queue *queue, const char *after)
{
	Snapshot snapshot = RegisterSnapshot(GetTransactionSnapshot());
	IndexScanDesc scan;
	ScanKeyData keys[2];
	int nkeys = keys_behind(keys, queue, after);
	char *key = NULL;

	scan = index_beginscan(run->jobs, index, snapshot, nkeys, 0);
	scan->xs_want_itup = true;
	index_rescan(scan, keys, nkeys, NULL, 0);
	if (index_getnext_tid(scan, ForwardScanDirection) != NULL)
	{
		bool null;
		Datum value = index_getattr(scan->xs_itup, 2, scan->xs_itupdesc, &null);

		key = TextDatumGetCString(value);
	}
	index_endscan(scan);
	UnregisterSnapshot(snapshot);
	return key;
}

/*
 * Claims the next job of a key whose slot is ours, from where the last one was claimed;
 * keys are queue and key.
 */
static List *
claim_next(JobRun *run, Relation index, Queue *queue, const char *key, ScanKeyData *keys)
{
	char name[PLACE_KEY];
	KeyPlace *place;
	ScanPlace before = {false};
	bool blocked = run->blocked;
	bool found;
	List *jobs;

	if (strlen(key) >= PLACE_KEY)
		return pm_jobs_claim_in_order(run, index, keys, 2, 1, false, &before);
	if (queue->keys == NULL)
	{
		HASHCTL info = {
		    .keysize = PLACE_KEY, .entrysize = sizeof(KeyPlace), .hcxt = run->pass};

		queue->keys =
		    hash_create("pm_jobs keys", 64, &info, HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
	}
	strlcpy(name, key, PLACE_KEY);
	place = hash_search(queue->keys, name, HASH_ENTER, &found);
	if (!found)
		memset(&place->place, 0, sizeof(ScanPlace));
	before = place->place;
	run->blocked = false;
	jobs = pm_jobs_claim_in_order(run, index, keys, 2, 1, false, &place->place);
	if (run->worker && run->blocked)
		place->place = before; /* one that was passed over comes first again */
	if (!place->place.begun)
		(void) hash_search(queue->keys, name, HASH_REMOVE, NULL); /* nothing to remember */
	run->blocked = run->blocked || blocked;
	return jobs;
}

/* Claims one job of the key, if a slot and a job of it are free. */
static List *
claim_of_key(JobRun *run, Relation index, Queue *queue, const char *key)
{
	int limit = queue->ordered ? 1 : queue->key_concurrency;
	ScanKeyData keys[4];
	List *jobs;

	if (!run->outside && run->key_slots >= MAX_KEY_SLOTS)
		return NIL;
	if (limit > 0 && !pm_jobs_take_slot(queue->name, key, limit))
	{
		run->blocked = true;
		return NIL;
	}
	pm_jobs_set_key(&keys[0], 1, BTEqualStrategyNumber, F_TEXTEQ,
	                CStringGetTextDatum(queue->name));
	pm_jobs_set_key(&keys[1], 2, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(key));
	jobs = queue->ordered ? pm_jobs_claim_head(run, keys)
	                      : claim_next(run, index, queue, key, keys);
	if (limit > 0 && jobs == NIL)
		pm_jobs_give_slot_back(); /* or many keys without a job would fill the lock table */
	else if (limit > 0)
		run->key_slots++;
	return jobs;
}

/*
 * Keys take turns: claims one job of the first key after the last one served
 * that has a job and a free slot.
 */
List *
pm_jobs_claim_by_turns(JobRun *run, Queue *queue)
{
	Relation index = index_open(pm_jobs_index(run, "_job_key"), AccessShareLock);
	char *start = queue->last_key ? pstrdup(queue->last_key) : NULL;
	char *key = start;
	bool wrapped = start == NULL;
	List *jobs = NIL;

	while (jobs == NIL)
	{
		CHECK_FOR_INTERRUPTS();
		key = run->worker ? next_key_of_any(run, index, queue, key)
		                  : next_key(run, index, queue, key);
		if (key == NULL)
		{
			if (wrapped)
				break;
			wrapped = true;
			continue;
		}
		jobs = claim_of_key(run, index, queue, key);
		if (jobs != NIL)
			pm_jobs_set_last_key(run, queue, key);
		else if (wrapped && start != NULL && strcmp(key, start) == 0)
			break;
	}
	index_close(index, AccessShareLock);
	return jobs;
}
