/*
 * run.h - one call of run_import(): what its parts share
 *
 *   run.c      records become batches, batches are merged and counted
 *   open.c     the job, its plan and its file
 *   missing.c  products that a full file has no more
 */
#ifndef RUN_H
#define RUN_H

#include "import.h"

/* One call of run_import(). */
typedef struct Run
{
	MemoryContext memory;
	MemoryContextCallback callback;
	char *job;
	bool by_worker; /* which shows how far it is */
	int attempt;    /* which one this is */
	int max_attempts;
	ImportPlan *plan;
	char *supplier; /* its id */
	bool dry_run;
	Catalog *catalog;
	int fd;
	PmReader *reader;
	bool bound; /* the file has been looked at */
	Seen *keys;
	Seen *digests;
	MergeOrder order;
	int sessions;    /* of the catalog, that merge; 0: it is merged here */
	Batch **batches; /* one more than sessions */

	/* the file as it must be */
	char *file_id;
	char *path; /* NULL: an upload */
	int64 size;
	int64 device;
	int64 inode;
	int64 modified_at;
	int64 changed_at; /* -1: unknown */
	uint8 *sha256;

	int counted;       /* batches that are */
	int64 last_record; /* of them */
	int merged;        /* the last batch that the catalog had merged when we began */
	int64 processed;
	int64 failed;
	bool cancelled;
	bool ended;  /* the last record was read */
	char *fault; /* why the import has failed */
} Run;

/* in run.c */

/* Begins a piece of work with the database, and commits it. */
extern void pm_imports_run_begin(void);
extern void pm_imports_run_commit(void);

/* Runs a statement about the job, $1; text: $2; returns how many rows it had. */
extern uint64 pm_imports_run_sql(const Run *run, const char *sql, const char *text);

/* in open.c */
extern bool pm_imports_run_take_up(Run *run, Jsonb **document);
extern void pm_imports_run_open(Run *run, Jsonb *document);
extern void pm_imports_run_look(Run *run);

/* in missing.c */
extern void pm_imports_run_end_missing(Run *run);

#endif /* RUN_H */
