/*
 * worker.h - what a worker knows; between worker.c and worker_time.c
 */
#ifndef PM_JOBS_WORKER_H
#define PM_JOBS_WORKER_H

#include "pm_jobs_shared.h"

/* What there is to do at some time. */
typedef struct KnownTimes
{
	bool read;                 /* queues have been */
	uint64 settings;           /* the count when they were */
	Size bytes;                /* what they took then */
	TimestampTz next_schedule; /* when one is due; DT_NOEND: none */
	TimestampTz next_event;    /* when events may be sent again */
	List *events;              /* names of queues with something to tell, in run->context */
} KnownTimes;

/* in worker_time.c */
extern KnownTimes pm_jobs_known;
extern void pm_jobs_time_init(void);
extern bool pm_jobs_keep_time(JobRun *run);
extern void pm_jobs_settle_crashes(JobRun *run);
extern bool pm_jobs_is_open(const Queue *queue);
extern TimestampTz pm_jobs_next_time(JobRun *run);
extern void pm_jobs_leave_word(TimestampTz next);
extern void pm_jobs_note_event(JobRun *run, const Queue *queue);
extern void pm_jobs_tell_events(JobRun *run);

#endif /* PM_JOBS_WORKER_H */
