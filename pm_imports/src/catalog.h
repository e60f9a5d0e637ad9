/*
 * catalog.h - the catalog, in this database or behind connections: what its parts share
 *
 *   catalog.c   where it is, and what is asked of it
 *   merge.c     batches that are merged, several at the same time
 *   merger.c    processes that merge, if the catalog is in this database
 *
 * What is asked is the same text in all cases; here it runs in our transaction, in a session
 * it is one of its own, which has been committed when its answer is there.  Parameters are
 * text but for rows, and answers are read as text.
 */
#ifndef CATALOG_H
#define CATALOG_H

#include "import.h"

#include "../../pm_xref/src/pm_xref_connection.h"

#define SESSIONS_MAX 4 /* of the catalog, that merge batches of one import */

/* How far a batch is that a session was given. */
typedef enum SessionState
{
	SESSION_FREE,    /* it has none */
	SESSION_WAITING, /* nothing was sent, or all was undone: until its turn comes */
	SESSION_MERGING, /* it was sent, in a transaction */
	SESSION_ANSWERED /* the answer is there; the transaction waits for its turn to be committed */
} SessionState;

/* A process of this server, as a connection is a process of another one. */
typedef struct Merger Merger;

/* A connection or a merger, and the batch that it merges. */
typedef struct Session
{
	PmXrefConnection *connection; /* NULL: not yet */
	Merger *merger;               /* NULL: none */
	SessionState state;
	bool in_transaction;
	const Batch *batch; /* if it is not free */
	char **answer;      /* in the memory of the batch */
} Session;

struct Catalog
{
	MemoryContextCallback callback;
	MemoryContext memory;
	char *server; /* NULL: it is here */
	const PmXrefConnections *functions;
	Session sessions[SESSIONS_MAX];
	int session_count; /* that may merge at the same time */
	int alone;         /* so many batches are not to be merged beside others */
	int tried;         /* the batch that was tried last; 0: none */
};

/* A parameter. */
typedef struct Parameter
{
	const char *text;           /* NULL, if it is rows */
	const StringInfoData *rows; /* with room for a header at the start */
} Parameter;

/* in catalog.c */

/* Runs a statement here; its rows are in SPI_tuptable. */
extern void pm_imports_ask_here(const char *sql, const Parameter *parameters, int count);

/* Sends a statement to a session. */
extern void pm_imports_ask_there(Catalog *catalog, Session *session, const char *sql,
                                 const Parameter *parameters, int count);

/*
 * The first row of what was asked here (session NULL) or there, in current memory: an
 * array of texts, NULL for NULL; NULL: there is no row.  Waits for it.
 */
extern char **pm_imports_answer(Catalog *catalog, Session *session);

/* Asks, in a session that is free or here, and waits for the answer. */
extern char **
pm_imports_ask(Catalog *catalog, const char *sql, const Parameter *parameters, int count);

/* Has a session no answer yet?  One that is lost is not busy. */
extern bool pm_imports_session_is_busy(Catalog *catalog, Session *session);

/* Waits until a session may have an answer; false: for as long as that, in vain. */
extern bool pm_imports_session_wait(Catalog *catalog, Session *session, long milliseconds);

/* Ends a session, whatever it does; its transaction ends with it. */
extern void pm_imports_session_close(Catalog *catalog, Session *session);

/* in merger.c */
extern Merger *pm_imports_merger_start(void);
extern bool pm_imports_merger_is_ready(Merger *merger);
extern void pm_imports_merger_send(Merger *merger, const char *sql,
                                   const Parameter *parameters, int count);
extern bool pm_imports_merger_is_busy(Merger *merger);
extern char **pm_imports_merger_answer(Merger *merger);
extern void pm_imports_merger_stop(Merger *merger);

#endif /* CATALOG_H */
