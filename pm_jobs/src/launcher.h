/*
 * launcher.h - what the launcher sees; between launcher_view.c, launcher_room.c and launcher.c
 */
#ifndef PM_JOBS_LAUNCHER_H
#define PM_JOBS_LAUNCHER_H

#include "pm_jobs_shared.h"

#include "postmaster/bgworker.h"

/* A database of pg_database. */
typedef struct KnownDatabase
{
	Oid oid;
	NameData name;
	bool there;             /* seen in this turn */
	bool served;            /* may have workers */
	bool probe;             /* nobody has looked whether there is something to do */
	int workers;            /* it has */
	SharedDatabase *shared; /* NULL: it has no entry, or is not served */
	TimestampTz looked;     /* when a worker was started or ended there last */
	TimestampTz failed;     /* when one ended with an error last */
} KnownDatabase;

/* What is known of the entry of the same index in the table of workers. */
typedef struct WorkerSlot
{
	bool used;
	BackgroundWorkerHandle *handle; /* NULL: a former launcher's */
	Oid database;
	TimestampTz since; /* when it was registered */
	TimestampTz asked; /* when it was asked to leave; 0: it was not */
} WorkerSlot;

typedef struct LauncherView
{
	HTAB *databases;    /* of KnownDatabase, by oid */
	WorkerSlot *slots;  /* as many as workers */
	bool entries_short; /* a database has no entry, and none is free */
	bool ended;         /* a worker has ended since the last look: a process is free */
} LauncherView;

/* in launcher_view.c */
extern LauncherView pm_jobs_view;
extern void pm_jobs_view_init(void);
extern void pm_jobs_view_set_names(void);
extern void pm_jobs_look_around(void);

/* in launcher_room.c */
extern TimestampTz pm_jobs_make_room(const KnownDatabase *asking, int waiting);

#endif /* PM_JOBS_LAUNCHER_H */
