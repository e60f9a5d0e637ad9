/*
 * lane.h - a look of a worker at one queue
 *
 *   lane.c       beginning and ending it; claiming what it found
 *   lane_scan.c  reading the indexes for candidates
 *   lane_due.c   jobs that have become due
 */
#ifndef PM_JOBS_LANE_H
#define PM_JOBS_LANE_H

#include "pm_jobs_shared.h"

#define NO_FLOOR PG_INT64_MAX

/* A look at one queue. */
typedef struct Look
{
	JobRun *run;
	Queue *queue;
	SharedQueue *shared;
	Snapshot snapshot;
	uint64 releases;
	uint32 resets; /* what is found is forgotten if the queue's differ in the end */
	int64 bound;
	int nplaces;
	Place places[PLACES_MAX];
	int64 last; /* the last number given out before the snapshot */
	int limit;
	bool full; /* no more jobs fit */
	bool without_key;
} Look;

/* in lane.c */
extern void pm_jobs_lane_begin(SharedQueue *shared);
extern void pm_jobs_lane_end(SharedQueue *shared);

/* in lane_scan.c */
extern void pm_jobs_lane_scan(Look *look);

/* The place of a priority in this look, added if it is new; NULL if there is no room. */
static inline Place *
pm_jobs_lane_place(Look *look, int32 priority)
{
	int i = 0;

	while (i < look->nplaces && look->places[i].priority > priority)
		i++;
	if (i < look->nplaces && look->places[i].priority == priority)
		return &look->places[i];
	if (look->nplaces == PLACES_MAX)
		return NULL;
	memmove(&look->places[i + 1], &look->places[i], (look->nplaces - i) * sizeof(Place));
	look->nplaces++;
	look->places[i] = (Place){.priority = priority, .seq = PG_INT64_MIN, .floor = NO_FLOOR};
	return &look->places[i];
}

#endif /* PM_JOBS_LANE_H */
