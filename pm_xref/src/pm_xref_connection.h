/*
 * pm_xref_connection.h - connections to foreign servers, for C code of other modules
 *
 * Symbols of a module are hidden from the others, but for one function that is found by
 * its name:
 *
 *   const PmXrefConnections *connections = pm_xref_connections();
 *   PmXrefConnection *connection = connections->connect("import", "pm_catalog", true);
 *
 * A connection belongs to its maker, in memory that was current then, and not to a
 * transaction: it lasts until disconnect(), which must be called, also after an error.
 * A statement that was sent runs there while the caller does something else.
 *
 * All but disconnect() and those that do not wait throw, with the purpose in the message
 * and the SQLSTATE of the other server, or 08006 if the connection is lost; then nothing
 * but disconnect() may follow.
 */
#ifndef PM_XREF_CONNECTION_H
#define PM_XREF_CONNECTION_H

#include "postgres.h"

#include "fmgr.h"

#include "libpq-fe.h"

typedef struct Remote PmXrefConnection;

/* A parameter of a statement; its type is what the statement makes of it. */
typedef struct PmXrefParameter
{
	const char *value; /* NULL: NULL; text ends with a zero byte */
	int length;        /* of binary ones */
	bool binary;
} PmXrefParameter;

typedef struct PmXrefConnections
{
	/*
	 * Begins to connect as the current role, and does not wait.  Throws if the role may
	 * not; nothing is left behind then.
	 */
	PmXrefConnection *(*start)(const char *purpose, const char *server, bool writes);

	/*
	 * How far that is.  PGRES_POLLING_READING or WRITING: *socket is to be waited for, and
	 * then ready to be said about it.  PGRES_POLLING_OK: it is there, and handle() is
	 * libpq's.  PGRES_POLLING_FAILED: failure() is why.  These three do not wait.
	 */
	PostgresPollingStatusType (*poll)(PmXrefConnection *connection, bool ready,
	                                  pgsocket *socket);
	PGconn *(*handle)(PmXrefConnection *connection);
	const char *(*failure)(PmXrefConnection *connection);

	/* Connects as the current role; writes: the session may change something there. */
	PmXrefConnection *(*connect)(const char *purpose, const char *server, bool writes);

	/* Sends a statement; returns when all of it is on its way. */
	void (*send)(PmXrefConnection *connection, const char *sql, int nparams,
	             const PmXrefParameter *params);

	/*
	 * The next result of what was sent, kept until the next call; NULL after the last one.
	 * Waits for it, and handles interrupts meanwhile.
	 */
	const PGresult *(*receive)(PmXrefConnection *connection);

	/*
	 * After receive() gave PGRES_COPY_OUT: the next message of the copy, to be freed by
	 * PQfreemem(), and its length; 0 after the last one: receive() then says whether it
	 * came to its end.
	 */
	int (*next_copied)(PmXrefConnection *connection, char **message);

	/* Ends it, in whatever state it is; NULL is none. */
	void (*disconnect)(PmXrefConnection *connection);
} PmXrefConnections;

#define PM_XREF_CONNECTIONS "pm_xref_connections_2" /* the number is that of this shape */

typedef const PmXrefConnections *(*PmXrefConnectionsFunction)(void);

/* The functions.  Throws if the module is not there, or is of another shape. */
static inline const PmXrefConnections *
pm_xref_connections(void)
{
	PmXrefConnectionsFunction get = (PmXrefConnectionsFunction) load_external_function(
	    "$libdir/pm_xref", PM_XREF_CONNECTIONS, true, NULL);

	return get();
}

#endif /* PM_XREF_CONNECTION_H */
