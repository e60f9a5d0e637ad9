/*
 * catalog.h - the catalog, in this database or behind connections: what its parts share
 *
 *   catalog.c   where it is, and what is asked of it
 *   merge.c     batches that are merged, several at the same time
 *
 * What is asked is the same text in both cases; here it runs in our transaction, there it
 * is one of its own, which has been committed when its answer is there.  Parameters are
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

/* A connection, and the batch that it merges. */
typedef struct Session
{
	PmXrefConnection *connection; /* NULL: not yet */
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
	int alone; /* so many batches are not to be merged beside others */
	int tried; /* the batch that was tried last; 0: none */
};

/* A parameter. */
typedef struct Parameter
{
	const char *text;           /* NULL, if it is rows */
	const StringInfoData *rows; /* with room for a header at the start */
} Parameter;

/* in catalog.c */

/* The connection of a session, which is made if it is not there. */
extern PmXrefConnection *pm_imports_catalog_connect(Catalog *catalog, Session *session);

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

/* Asks, in a session that is free, and waits for the answer. */
extern char **
pm_imports_ask(Catalog *catalog, const char *sql, const Parameter *parameters, int count);

#endif /* CATALOG_H */
