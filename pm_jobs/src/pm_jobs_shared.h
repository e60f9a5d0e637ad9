/*
 * pm_jobs_shared.h - what the processes of one server share
 *
 * There is shared memory only if the library was preloaded: pm_jobs_shared is NULL
 * otherwise, and whatever only helps the workers is then not done.
 *
 *   shared.c     the memory itself: databases, queues, workers; waking
 *   report.c     what a transaction tells the workers when it commits
 *   launcher.c   the process that starts workers; launcher_view.c is what it sees,
 *                launcher_room.c who leaves for whom
 *   hold.c       statements that need a database without workers
 *   worker.c     a worker: its life, idle and busy; worker_time.c is what it does at some time
 *   lane.c       where the jobs of a queue that nobody has claimed begin; see lane.h
 *   claims.c     what this worker has claimed, and how it is given back
 *   transact.c   the transactions of a worker
 *   batch.c      a batch of jobs, in one of them
 *   batch_run.c  running the jobs of a batch
 *   procedure.c  calling a procedure that may end transactions
 *   crash.c      which job a process was running when it crashed
 *   cancel.c     cancelling a job that a worker has claimed
 *   running.c    progress, and the views of what is running
 *
 * Locks: the table of queues and the list of databases change under
 * pm_jobs_shared->lock; each entry has a spinlock for its own fields.  An entry of a
 * database or queue stays where it is while anybody is connected to the database,
 * so pointers to it can be kept.  No spinlock is held while another is taken, but
 * that a worker's may be taken last.
 */
#ifndef PM_JOBS_SHARED_H
#define PM_JOBS_SHARED_H

#include "pm_jobs_module.h"

#include "port/atomics.h"
#include "storage/condition_variable.h"
#include "storage/lwlock.h"
#include "storage/spin.h"
#include "utils/snapshot.h"

/* Databases that have the extension, and a few more. */
#define DATABASES_MAX 1024
/* Queues of all databases that workers serve, and those dropped since the start. */
#define QUEUES_MAX    4096
/* Bytes of a queue's or kind's name of 63 characters, with the end. */
#define NAME_BYTES    256
/* Jobs that one transaction of a worker runs: what a snapshot lists without overflow. */
#define BATCH_MAX     60
/* Reports of jobs with a limit_key that are remembered one by one. */
#define KEY_REPORTS   32
/* SharedQueue.bound: nothing, and everything, has been looked at. */
#define BOUND_TOP     PG_INT64_MAX
#define BOUND_BOTTOM  PG_INT64_MIN
/* Priorities of a queue whose places are remembered one by one. */
#define PLACES_MAX    16
/* What ended with an error of our own is tried again after this time. */
#define TROUBLE_MS    1000
/* What is due is left so long to the workers that are there. */
#define BUSY_MS       100
/* Bytes of a progress message, with the end. */
#define MESSAGE_BYTES 256

/* A database that has, or may have, the extension. */
typedef struct SharedDatabase
{
	Oid oid;                   /* InvalidOid: the entry is free */
	pg_atomic_uint64 reports;  /* grows with everything that may give workers work */
	pg_atomic_uint64 settings; /* grows when queues, handlers or schedules change */
	pg_atomic_uint64 looks;    /* grows when everything is to be looked at again */
	pg_atomic_uint32 prepared; /* 1: a prepared transaction had something to tell */
	pg_atomic_uint32 holders;  /* sessions that need it without workers */
	slock_t mutex;             /* guards the rest */
	bool wanted;               /* one more worker is asked for */
	bool absent;               /* a worker found no extension: until somebody reports */
	bool disabled;             /* a worker found pm_jobs.enabled off: until that changes */
	TimestampTz next_due; /* a worker must look then; DT_NOEND: one will, or is asked for */
	TimestampTz last_poll; /* when everything was last looked at unasked */
	/* of the launcher alone */
	TimestampTz not_before; /* after a failure to start a worker */
	int failures;
} SharedDatabase;

/* How far the ready jobs of one priority have been claimed. */
typedef struct Place
{
	int32 priority;
	bool dry;    /* nothing was reported since a look found nothing after seq */
	int64 seq;   /* those up to it are finished, claimed, or will be reported */
	int64 floor; /* least reported during the look that is under way */
} Place;

/* Where a job with a limit_key was reported. */
typedef struct KeyReport
{
	int32 priority;
	int64 seq;
} KeyReport;

typedef struct QueueKey
{
	Oid database;
	char name[NAME_BYTES];
} QueueKey;

/* A queue, as far as workers have looked at it; see lane.c. */
typedef struct SharedQueue
{
	QueueKey key;
	ConditionVariable looked; /* the look that was under way is over */
	slock_t mutex;            /* guards the rest */
	int looker;               /* index of the worker that looks, -1: none */
	bool maybe;               /* there may be a job to claim */
	int busy;                 /* workers that have a batch of it */
	int concurrency;          /* of the queue; -1: it is paused; 0: not read yet */
	bool keyed;               /* jobs with a limit_key have been seen: keys take turns */
	uint64 key_reports;       /* grows with reports of jobs with a limit_key */
	KeyReport key_ring[KEY_REPORTS]; /* the last of them, by that number */
	uint64 releases;                 /* grows when keys may have become free */
	uint64 looks;                    /* the database's count when the places were begun */
	uint32 resets;                   /* grows when the places are begun again */
	int64 bound;                     /* priorities from here on have been looked at */
	int nplaces;
	Place places[PLACES_MAX]; /* highest priority first */
	TimestampTz due;          /* what was due up to here is ready */
	TimestampTz due_floor;    /* least reported during the look that is under way */
	TimestampTz next_due;     /* the next job that becomes due; DT_NOEND: none is known */
} SharedQueue;

typedef enum WorkerState
{
	WORKER_FREE,     /* the entry is free */
	WORKER_STARTING, /* registered with the postmaster */
	WORKER_IDLE,     /* asleep until something is reported */
	WORKER_BUSY
} WorkerState;

/* A worker, and what it is doing. */
typedef struct SharedWorker
{
	slock_t mutex; /* guards the rest, but the atomics */
	WorkerState state;
	bool stop; /* is to leave; set by the launcher and by hold.c */
	bool done; /* it ended of its own accord: exit 0; read by the launcher afterwards */
	Oid database;
	int pid;           /* 0 until it has started */
	int pgprocno;      /* whose latch wakes it */
	TimestampTz since; /* of the state */
	/* jobs that nobody else may run: the batch, until it has committed */
	int nclaims;
	int64 claims[BATCH_MAX];
	uint64 unwanted; /* bit i: claims[i] is to be cancelled instead of run */
	uint64 failed;   /* bit i: its attempt failed, it may be scheduled again */
	/*
	 * The job whose handler runs.  current, job and serial change together: when a
	 * call begins, which looks at unwanted, and when it ends.
	 */
	int current; /* index in claims of it, or the next one; -1: claims may still change */
	int64 job;   /* 0: none */
	int32 attempt;
	Oid role;
	char queue[NAME_BYTES];
	char kind[NAME_BYTES];
	TimestampTz started_at;
	float8 progress; /* 0 to 1; -1: unknown */
	char message[MESSAGE_BYTES];
	pg_atomic_uint64 serial; /* counts handlers called; odd while one runs */
	pg_atomic_uint64 cancel; /* serial of the call that is to be cancelled */
} SharedWorker;

typedef struct PmJobsShared
{
	LWLock *lock;
	int launcher_pid;                  /* 0: none */
	int launcher_pgprocno;             /* whose latch wakes it */
	TimestampTz launcher_sleeps_until; /* DT_NOEND: it is awake */
	slock_t mutex;                     /* guards the launcher's fields */
	char
	    trouble[MESSAGE_BYTES]; /* why the launcher could not start a worker; empty: none */
	SharedDatabase databases[DATABASES_MAX];
	int nworkers;
	SharedWorker workers[FLEXIBLE_ARRAY_MEMBER];
} PmJobsShared;

extern PmJobsShared *pm_jobs_shared;

/* The settings pm_jobs.*; in pm_jobs.c. */
extern int pm_jobs_max_workers;
extern bool pm_jobs_enabled;
extern char *pm_jobs_databases;
extern int pm_jobs_idle_exit;     /* s */
extern int pm_jobs_poll_interval; /* s */
extern int pm_jobs_batch_jobs;
extern int pm_jobs_batch_time; /* ms */
extern int pm_jobs_max_crashes;
extern int pm_jobs_event_interval; /* ms */

/* in shared.c */
extern void pm_jobs_shared_init(void);
extern SharedDatabase *pm_jobs_find_database(Oid oid, bool create);
extern void pm_jobs_forget_database(Oid oid);
extern SharedQueue *pm_jobs_find_queue(const char *name);
extern void pm_jobs_wake(SharedDatabase *database, int jobs);
extern void pm_jobs_begin_anew(SharedDatabase *database);
extern void pm_jobs_wake_launcher(void);
extern void pm_jobs_set_latch(int pgprocno);
extern bool pm_jobs_is_claimed(int64 id);

/* in report.c */
extern void pm_jobs_report_init(void);
extern void pm_jobs_report_all(void);
extern void pm_jobs_report_prepared(void);
extern void pm_jobs_move_back(SharedQueue *queue, int32 priority, int64 seq, bool keyed);
extern void pm_jobs_report_job(const char *queue, int32 priority, int64 seq,
                               TimestampTz run_at, bool keyed);

/* in launcher.c */
extern void pm_jobs_launcher_init(void);

/* in hold.c */
extern void pm_jobs_hold_init(void);
extern int pm_jobs_ask_to_leave(Oid database, bool force);

/* in worker.c: this process, if it is a worker */
extern SharedWorker *pm_jobs_me;
extern SharedDatabase *pm_jobs_my_database;

/* in worker_time.c */
extern void pm_jobs_leave_word_at_work(JobRun *run);

/* in lane.c */
extern List *pm_jobs_lane_claim(JobRun *run, Queue *queue, int limit);
extern void pm_jobs_lane_reset(void);
extern bool pm_jobs_may_claim(const Queue *queue);
extern bool pm_jobs_is_free(JobRun *run, const Job *job, Snapshot snapshot, bool *gone);

/* in lane_due.c */
extern int pm_jobs_lane_promote(JobRun *run, Queue *queue);

/* in claims.c */
extern void pm_jobs_claims_init(void);
extern void pm_jobs_hold_claims(JobRun *run, Queue *queue, List *jobs);
extern int pm_jobs_claims_held(void);
extern void pm_jobs_keep_claims(bool keep);
extern void pm_jobs_end_claim(int n);
extern void pm_jobs_release_claims(void);

/* in transact.c */
extern void pm_jobs_begin(JobRun *run);
extern void pm_jobs_begin_as(Oid role, bool super);
extern void pm_jobs_adopt_role(JobRun *run, Oid role);
extern void pm_jobs_drop_role(JobRun *run);
extern void pm_jobs_commit(JobRun *run);
extern void pm_jobs_commit_soon(JobRun *run);
extern ErrorData *pm_jobs_undo(JobRun *run);
extern bool pm_jobs_transact(JobRun *run, void (*work)(JobRun *run, void *arg), void *arg);
extern void pm_jobs_flush(void);
extern void pm_jobs_flush_in_time(void);

/* in batch.c */
extern bool pm_jobs_run_batch(JobRun *run, Queue *queue);

/* in batch_run.c */
extern bool pm_jobs_is_unwanted(int n, bool not_now);
extern void pm_jobs_run_jobs(JobRun *run, Queue *queue, List *jobs);
extern bool pm_jobs_start_outside(JobRun *run, Job *job);
extern bool pm_jobs_is_free_procedure(JobRun *run, Job *job);
extern void pm_jobs_run_procedure(JobRun *run, Queue *queue, List *jobs);

/* in procedure.c */
extern void pm_jobs_call_procedure(const Job *job, Oid job_type, Datum argument);
extern void pm_jobs_discard_session(void);

/* in crash.c */
extern void pm_jobs_crash_init(void);
extern void pm_jobs_crash_enter(int worker);
extern void pm_jobs_crash_note(int64 job);
extern void pm_jobs_crash_leave(int code);
extern int pm_jobs_crashed(Oid database, int64 *jobs, int max);
extern bool pm_jobs_charge_crash(JobRun *run, int64 job);
extern void pm_jobs_crash_settled(Oid database, int64 job);

/* in cancel.c */
extern void pm_jobs_cancel_init(void);
extern bool pm_jobs_cancel_wanted(void);

#endif /* PM_JOBS_SHARED_H */
