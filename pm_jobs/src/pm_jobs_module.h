/*
 * pm_jobs_module.h - the map of this folder
 *
 * This half needs no shared memory: jobs run in the sessions that ask for it.  A C
 * symbol is "pm_jobs_" followed by the name of the SQL function.
 *
 *   pm_jobs.c      the settings, and what happens when the module is loaded
 *   definer.c      API functions run with the owner's rights and know their caller
 *   job_run.c      run_pending() and run(): the loops over queues
 *   job_pass.c     what is read at the start of a pass
 *   job_claim.c    finding and locking the next jobs of a queue
 *   job_turns.c    keys that take turns
 *   job_order.c    the next job of a key in an ordered queue
 *   job_lock.c     limits: slots of queues and keys as locks of a class of our own
 *   job_call.c     calling a handler as the job's role, leaving nothing behind
 *   guard.c        what a handler may not do to the session that runs it
 *   job_finish.c   the end of an attempt: finished, scheduled again, dead
 *   job_wait.c     wait(), and what is running
 *   enqueue.c      enqueue() and its kin
 *   job_insert.c   new rows of _job and their index entries
 *   cron_next.c    the next time of a schedule
 *   spread.c       percentiles of times, for view stats
 *
 * pm_jobs_shared.h is the map of the workers.
 *
 * One run is one call of run_pending() or run(), described by a JobRun.  It
 * claims jobs in batches; a claimed job is a row lock of the transaction.  See
 * ARCHITECTURE.md for the order of things that makes a job run exactly once.
 */
#ifndef PM_JOBS_MODULE_H
#define PM_JOBS_MODULE_H

#include "postgres.h"

#include "access/relation.h"
#include "access/skey.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "nodes/pg_list.h"
#include "storage/itemptr.h"
#include "storage/lock.h"
#include "utils/hsearch.h"
#include "utils/rel.h"
#include "utils/snapshot.h"
#include "utils/timestamp.h"

#include "pm_compat.h"

/* Ids in one partition of _finished and _attempts, as pm_jobs._block() has it. */
#define PARTITION_IDS INT64CONST(10000000)

/* Columns of pm_jobs._job; job_run.c checks their number once per run. */
enum
{
	JOB_ID = 1,
	JOB_QUEUE,
	JOB_KIND,
	JOB_PAYLOAD,
	JOB_PRIORITY,
	JOB_RUN_AT,
	JOB_DEDUP_KEY,
	JOB_DEDUP_RUNNING,
	JOB_DEDUP_SLOT,
	JOB_LIMIT_KEY,
	JOB_MAX_ATTEMPTS,
	JOB_ATTEMPTS,
	JOB_EARLIER_ATTEMPTS,
	JOB_CRASHES,
	JOB_ENQUEUED_BY,
	JOB_ENQUEUED_AT,
	JOB_LAST_ERROR,
	JOB_STARTED_AT,
	JOB_SEQ,
	JOB_COLUMNS = JOB_SEQ
};

/* What is behind a kind, as it was found once in this pass. */
typedef struct Handler
{
	char *kind;
	char *signature;    /* as registered; NULL: no handler is registered */
	bool transactional; /* may run inside the caller's transaction */
	Oid function;       /* InvalidOid: not looked for yet */
	bool is_procedure;
	double mean_us;  /* how long calls took, the latest weighing most; -1: not called yet */
	Oid schema;      /* of the function */
	FmgrInfo flinfo; /* valid once function is */
} Handler;

/* A claimed job.  The row is locked by this transaction. */
typedef struct Job
{
	int64 id;
	ItemPointerData tid;
	HeapTuple row; /* copy of the row, in the batch's memory */
	Handler *handler;
	Oid role; /* who enqueued it */
	int32 priority;
	int64 seq;
	int32 attempt; /* this attempt, from 1 */
	int32 max_attempts;
	int32 earlier_attempts;
	int32 crashes;
	TimestampTz started_at;
	bool outside; /* a handler with outside effects: its attempt is on record */
	bool crashed; /* an attempt with outside effects began and nobody runs it */
	/* in a worker's batch, once the handler has returned */
	bool succeeded;
	bool has_result;
	Datum result;
	TimestampTz finished_at;
} Job;

/* Where a scan of one queue, or of one key of it, goes on. */
typedef struct ScanPlace
{
	bool begun;
	int32 priority;
	int64 seq;
} ScanPlace;

/* A queue as it was read at the start of a pass. */
typedef struct Queue
{
	char *name;
	int32 concurrency;
	int32 key_concurrency; /* 0: no limit per key */
	bool ordered;
	bool events;
	bool has_rate;
	double rate; /* tokens a second; 0: no limit */
	bool own_commit;
	bool paused;       /* read by workers only */
	bool exhausted;    /* nothing more to claim in this pass */
	ScanPlace place;   /* of the scan over all jobs, or over those without a key */
	HTAB *keys;        /* ScanPlace by key, in queues with limits per key */
	char *last_key;    /* whose turn it was; NULL: the first key's turn comes */
	bool unkeyed_next; /* a worker's: then it is the turn of those without a key */
	bool keys_done;    /* every key has had its turn and none had a job */
	/* of a worker */
	struct SharedQueue *shared; /* NULL: no entry is free */
	uint64 key_reports; /* the places of keys hold while this is the queue's count */
	TimestampTz
	    not_before; /* nothing could be claimed: again then, or when there is news */
	List *alone;    /* ids that are to have a transaction of their own, in pass */
	uint64 reports, releases; /* the counts before that: news if they have grown */
	bool firm;                /* not before then, whatever the news */
} Queue;

/* A statement of ours, prepared at its first use and kept for the session. */
typedef struct JobStatement
{
	const char *sql; /* every name qualified */
	int nargs;
	Oid types[10];
	bool latest; /* reads with the active snapshot */
	void *plan;  /* SPIPlanPtr */
} JobStatement;

/* The partition of _finished that most jobs of a batch go to; see job_finish.c. */
typedef struct FinishTarget FinishTarget;

/* One call of run_pending() or run(). */
typedef struct JobRun
{
	Oid caller;            /* whose call it is */
	int caller_context;    /* its security context */
	Oid owner;             /* of the extension's tables */
	bool all_roles;        /* else only jobs of roles that the caller is a member of */
	bool outside;          /* may run handlers with outside effects: run() */
	bool worker;           /* claims are numbers in shared memory */
	bool blocked;          /* a key had a job, but no free slot */
	char *only_queue;      /* or NULL */
	MemoryContext context; /* lives as long as the call */
	MemoryContext pass;    /* what was read at the start of a pass */
	MemoryContext batch;   /* the claimed jobs */
	MemoryContext scratch; /* one job */
	Relation jobs;         /* pm_jobs._job, open while a batch runs */
	FinishTarget *target;  /* open while a batch runs */
	int guc_level;         /* where the pinned search_path ends */
	int key_slots;         /* slots of keys that this transaction has asked for */
	List *queues;          /* of Queue, in pass */
	List *handlers;        /* of Handler, in pass */
	List *candidates;      /* of a worker: jobs of the claim that is being made */
	Oid job_type;          /* pm_jobs.job */
	TimestampTz pass_began;
	int64 done; /* jobs whose attempt is over */
} JobRun;

/* in job_lock.c */
extern bool pm_jobs_take_slot(const char *queue, const char *key, int limit);
extern void pm_jobs_give_slot_back(void);
extern bool pm_jobs_keep(int64 id);
extern void pm_jobs_release_kept(void);
extern bool pm_jobs_job_is_taken(int64 id);
extern void pm_jobs_lock_init(void);

/* in job_pass.c */
extern void pm_jobs_begin_pass(JobRun *run, int limit);
extern void pm_jobs_read_queues(JobRun *run, bool paused);
extern Handler *pm_jobs_find_handler(JobRun *run, const char *kind);

/* in job_claim.c */
extern void pm_jobs_set_key(ScanKey key, AttrNumber column, StrategyNumber strategy,
                            RegProcedure function, Datum value);
extern Oid pm_jobs_index(JobRun *run, const char *name);
extern Job *pm_jobs_make_job(JobRun *run, TupleTableSlot *slot, bool only_without_key);
extern bool pm_jobs_take_job(JobRun *run, const Job *job, Snapshot snapshot);
extern List *
pm_jobs_scan(JobRun *run, Relation index, ScanKey keys, int nkeys, Snapshot snapshot,
             int limit, bool lock, bool only_without_key, ScanPlace *place);
extern List *
pm_jobs_claim_in_order(JobRun *run, Relation index, ScanKeyData *keys, int nkeys, int limit,
                       bool only_without_key, ScanPlace *place);
extern List *pm_jobs_claim(JobRun *run, Queue *queue, int limit);
extern bool pm_jobs_claim_again(JobRun *run, Job *job);

/* in job_turns.c */
extern bool pm_jobs_has_turns(const Queue *queue);
extern void pm_jobs_forget_keys(Queue *queue);
extern void pm_jobs_set_last_key(JobRun *run, Queue *queue, const char *key);
extern void pm_jobs_move_keys_back(Queue *queue, int32 priority, int64 seq);
extern List *pm_jobs_claim_by_turns(JobRun *run, Queue *queue);

/* in job_order.c */
extern List *pm_jobs_claim_head(JobRun *run, ScanKeyData *keys);

/* in job_call.c */
extern void pm_jobs_prepare_call(JobRun *run, Job *job);
extern Datum pm_jobs_make_argument(JobRun *run, const Job *job);
extern void pm_jobs_set_running_id(int64 id);
extern bool pm_jobs_is_guest(void);
extern bool pm_jobs_call(JobRun *run, Job *job, Datum *result);
extern int64 pm_jobs_running_id(void);

/* in guard.c */
extern void pm_jobs_guard_init(void);

/* in job_finish.c */
extern void pm_jobs_open_target(JobRun *run, int64 id);
extern void pm_jobs_close_target(JobRun *run);
extern void pm_jobs_succeed(JobRun *run, Job *job, bool has_result, Datum result);
extern void pm_jobs_succeed_all(JobRun *run, List *jobs);
extern void pm_jobs_delete(JobRun *run, const Job *job);
extern void pm_jobs_fail(JobRun *run, Job *job, const ErrorData *error);
extern void pm_jobs_cancel_job(JobRun *run, Job *job, const ErrorData *error);
extern void pm_jobs_start_attempt(JobRun *run, Job *job);

/* in job_wait.c */
extern bool pm_jobs_row_is_claimed(ItemPointer row);

/* in job_run.c */
extern void pm_jobs_begin_jobs(JobRun *run);
extern void pm_jobs_end_jobs(JobRun *run);
extern bool pm_jobs_take_token(JobRun *run, Queue *queue);
extern void pm_jobs_give_back(JobRun *run, Queue *queue);
extern int64
pm_jobs_query_once(JobRun *run, JobStatement *statement, Datum *values, const char *nulls);
extern int64 pm_jobs_query(JobRun *run, JobStatement *statement, Datum *values,
                           const char *nulls, long limit);
extern void pm_jobs_begin_look(JobRun *run);
extern void pm_jobs_end_look(JobRun *run);

#endif /* PM_JOBS_MODULE_H */
