/*
 * pm_jobs_enqueue.h - between enqueue.c, which decides about new jobs, and
 * job_insert.c, which puts them into the table
 */
#ifndef PM_JOBS_ENQUEUE_H
#define PM_JOBS_ENQUEUE_H

#include "pm_jobs_module.h"

/* OIDs of what enqueuing uses; looked up again whenever one of them changes. */
typedef struct EnqueueNames
{
	Oid schema;
	Oid jobs;     /* _job */
	Oid sequence; /* _job_id */
	Oid queues;   /* _queues */
	Oid grants;   /* _queue_grants */
	Oid handlers; /* _handlers */
} EnqueueNames;

/* What new jobs have in common. */
typedef struct NewJobs
{
	Datum queue; /* text */
	Datum kind;  /* text */
	int32 priority;
	TimestampTz run_at; /* if scheduled */
	bool scheduled;
	Datum limit_key;         /* text; 0: none */
	const Datum *limit_keys; /* of each job by itself; NULL: they share the one above */
	int32 max_attempts;
	Oid role;
} NewJobs;

/* in definer.c and job_lock.c: SQL functions that are called from here too */
extern PGDLLEXPORT Datum pm_jobs_as_owner(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum pm_jobs__lock_order(PG_FUNCTION_ARGS);

/* in job_insert.c */
extern Relation pm_jobs_open_jobs(const EnqueueNames **names);
extern bool pm_jobs_can_insert(Relation jobs);
extern int64 pm_jobs_insert_one(Relation jobs, const NewJobs *common, Datum payload);
extern void pm_jobs_insert_many(Relation jobs, const NewJobs *common, const Datum *payloads,
                                int count, int64 *ids);

#endif /* PM_JOBS_ENQUEUE_H */
