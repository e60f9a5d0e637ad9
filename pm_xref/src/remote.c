/*
 * remote.c - statements on foreign servers by libpq, and their errors
 *
 * libpq never blocks here: every wait is for the latch and the socket, and interrupts
 * are looked at between calls of libpq, never inside one.  Whoever connects (connect.c)
 * calls pm_xref_disconnect() in PG_FINALLY.
 */
#include "pm_xref_module.h"
#include "pm_xref_connection.h"

#include "catalog/pg_foreign_server.h"
#include "commands/defrem.h"
#include "foreign/foreign.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/latch.h"
#include "utils/acl.h"

#include "libpq/libpq-be-fe-helpers.h"

/*
 * Throws what the connection or the last result complains about, naming purpose and
 * server.  The SQLSTATE is the other server's; 08006 if the connection is lost.
 */
void
pm_xref_remote_error(Remote *remote)
{
	const PGresult *result = remote->result;
	const char *state;
	const char *primary;
	const char *detail;
	const char *hint;
	int code = ERRCODE_CONNECTION_FAILURE;
	bool lost;

	/* without a result the fields are NULL */
	state = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
	lost = PQstatus(remote->conn) == CONNECTION_BAD ||
	       (state != NULL && (strcmp(state, "FATAL") == 0 || strcmp(state, "PANIC") == 0));
	state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
	hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
	if (state != NULL && strcmp(state, "42501") == 0 && remote->permission_hint != NULL)
		hint = remote->permission_hint;
	if (state != NULL && strcmp(state, "55P03") == 0 && hint == NULL)
		hint =
		    "Another transaction there holds a lock on it. Run it again once that has ended.";
	if (primary == NULL)
		primary = pchomp(PQerrorMessage(remote->conn));
	if (state != NULL && !lost)
		code = MAKE_SQLSTATE(state[0], state[1], state[2], state[3], state[4]);
	if (lost)
		ereport(ERROR,
		        (errcode(code),
		         errmsg("%s: the connection to server \"%s\" was lost", remote->purpose,
		                remote->server),
		         errdetail_internal("%s", primary),
		         errhint("Nothing was found out. Run it again once the server is up.")));
	ereport(ERROR,
	        (errcode(code),
	         errmsg("%s: server \"%s\" says: %s", remote->purpose, remote->server, primary),
	         detail ? errdetail_internal("%s", detail) : 0,
	         hint ? errhint("%s", hint)
	              : errhint("It was role \"%s\" there, the one of the user mapping.",
	                        PQuser(remote->conn))));
}

/*
 * Waits for a socket, or for the latch, and lets interrupts be handled.  Returns whether it
 * was the socket.
 */
bool
pm_xref_wait_for(pgsocket socket, int events)
{
	int happened = WaitLatchOrSocket(MyLatch, WL_LATCH_SET | WL_EXIT_ON_PM_DEATH | events,
	                                 socket, -1, PG_WAIT_EXTENSION);

	if (happened & WL_LATCH_SET)
		ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
	return (happened & events) != 0;
}

/* Takes in what has come from the other server, or waits until something has. */
void
pm_xref_take_in(Remote *remote, bool wait)
{
	if (wait)
		pm_xref_wait_for(PQsocket(remote->conn), WL_SOCKET_READABLE);
	if (PQconsumeInput(remote->conn) == 0)
		pm_xref_remote_error(remote);
}

/* Waits until what was given to libpq is on its way. */
static void
flush(Remote *remote, bool sent)
{
	int left = 1;

	if (!sent)
		pm_xref_remote_error(remote);
	while ((left = PQflush(remote->conn)) > 0)
	{
		pm_xref_wait_for(PQsocket(remote->conn), WL_SOCKET_READABLE | WL_SOCKET_WRITEABLE);
		if (PQconsumeInput(remote->conn) == 0)
			pm_xref_remote_error(remote);
	}
	if (left < 0)
		pm_xref_remote_error(remote);
}

/*
 * Sends a statement with parameters as text; without parameters it may be several.
 * Throws if it cannot be sent.
 */
void
pm_xref_send(Remote *remote, const char *sql, int nparams, const char *const *params)
{
	flush(remote, nparams == 0 ? PQsendQuery(remote->conn, sql)
	                           : PQsendQueryParams(remote->conn, sql, nparams, NULL, params,
	                                               NULL, NULL, 0));
}

/*
 * The next result of what was sent, which lasts until the next one is asked for; NULL
 * after the last.  Throws if it is an error.
 */
const PGresult *
pm_xref_receive(Remote *remote)
{
	PQclear(remote->result);
	remote->result = NULL;
	while (PQisBusy(remote->conn))
		pm_xref_take_in(remote, true);
	remote->result = PQgetResult(remote->conn);
	switch (PQresultStatus(remote->result))
	{
		case PGRES_COMMAND_OK:
		case PGRES_TUPLES_OK:
		case PGRES_COPY_OUT:
			return remote->result;
		default:
			if (remote->result == NULL && PQstatus(remote->conn) == CONNECTION_OK)
				return NULL;
			pm_xref_remote_error(remote);
	}
}

/* Ends the connection, whatever state it is in; remote may be NULL. */
void
pm_xref_disconnect(Remote *remote)
{
	if (remote == NULL)
		return;
	PQclear(remote->result);
	pm_xref_lookup_end(remote->lookup);
	libpqsrv_disconnect(remote->conn);
	remote->result = NULL;
	remote->lookup = NULL;
	remote->conn = NULL;
}

/* send() of PmXrefConnections. */
static void
send_parameters(Remote *remote, const char *sql, int nparams, const PmXrefParameter *params)
{
	const char **values = palloc(Max(1, nparams) * sizeof(char *));
	int *lengths = palloc(Max(1, nparams) * sizeof(int));
	int *formats = palloc(Max(1, nparams) * sizeof(int));

	for (int i = 0; i < nparams; i++)
	{
		values[i] = params[i].value;
		lengths[i] = params[i].length;
		formats[i] = params[i].binary ? 1 : 0;
	}
	flush(remote,
	      PQsendQueryParams(remote->conn, sql, nparams, NULL, values, lengths, formats, 0));
	pfree(values);
	pfree(lengths);
	pfree(formats);
}

/* next_copied() of PmXrefConnections. */
static int
next_copied(Remote *remote, char **message)
{
	int length;

	while ((length = PQgetCopyData(remote->conn, message, true)) == 0)
		pm_xref_take_in(remote, true);
	if (length < -1)
		pm_xref_remote_error(remote);
	return Max(0, length);
}

/* handle() of PmXrefConnections. */
static PGconn *
handle(Remote *remote)
{
	return remote->conn;
}

extern PGDLLEXPORT const PmXrefConnections *pm_xref_connections_2(void);

/* What other modules may call: see pm_xref_connection.h. */
const PmXrefConnections *
pm_xref_connections_2(void)
{
	static const PmXrefConnections connections = {.start = pm_xref_connect_start,
	                                              .poll = pm_xref_connect_poll,
	                                              .handle = handle,
	                                              .failure = pm_xref_connect_failure,
	                                              .connect = pm_xref_connect,
	                                              .send = send_parameters,
	                                              .receive = pm_xref_receive,
	                                              .next_copied = next_copied,
	                                              .disconnect = pm_xref_disconnect};

	return &connections;
}
