/*
 * remote.c - connections to foreign servers by libpq, and their errors
 *
 * A connection is made as postgres_fdw makes its own: from the options of the server
 * and of the caller's user mapping, with the same rule for callers that are no
 * superusers (a password, or password_required = false in the mapping).  It is not
 * postgres_fdw's connection: that one keeps one snapshot as long as our transaction
 * lasts, and ours must see what is new.
 *
 * libpq never blocks here: every wait is for the latch and the socket, and interrupts
 * are looked at between calls of libpq, never inside one.  Whoever connects calls
 * pm_xref_disconnect() in PG_FINALLY.
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

/* Version from which a server notices by itself that its client has gone. */
#define WITH_CHECK_INTERVAL 140000

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

/* Throws that no connection could be made. */
static void
pg_attribute_noreturn() no_connection(Remote *remote)
{
	char *message = pchomp(PQerrorMessage(remote->conn));

	ereport(
	    ERROR,
	    (errcode(ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION),
	     errmsg("%s: could not connect to server \"%s\"", remote->purpose, remote->server),
	     errdetail_internal("%s", message),
	     errhint("Is it up? Its address is among the options of the foreign server, "
	             "the role among those of the user mapping; passwords are in the "
	             "passfile of the server's operating system user.")));
}

/* Waits for the socket, or for the latch, and lets interrupts be handled. */
static void
wait_for(Remote *remote, int events)
{
	int happened = WaitLatchOrSocket(MyLatch, WL_LATCH_SET | WL_EXIT_ON_PM_DEATH | events,
	                                 PQsocket(remote->conn), -1, PG_WAIT_EXTENSION);

	if (happened & WL_LATCH_SET)
		ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

/* Takes in what has come from the other server, or waits until something has. */
void
pm_xref_take_in(Remote *remote, bool wait)
{
	if (wait)
		wait_for(remote, WL_SOCKET_READABLE);
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
		wait_for(remote, WL_SOCKET_READABLE | WL_SOCKET_WRITEABLE);
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

/* Is it an option of libpq's that a server or mapping may give? */
static bool
is_connection_option(const PQconninfoOption *options, const char *name)
{
	for (; options->keyword != NULL; options++)
		if (strcmp(options->keyword, name) == 0)
			return strchr(options->dispchar, 'D') == NULL &&
			       strcmp(name, "client_encoding") != 0 &&
			       strcmp(name, "fallback_application_name") != 0;
	return false;
}

/* The value of an option; NULL: it is not given. */
static const char *
option_value(List *options, const char *name)
{
	ListCell *cell;

	foreach (cell, options)
	{
		DefElem *option = lfirst(cell);

		if (strcmp(option->defname, name) == 0)
			return defGetString(option);
	}
	return NULL;
}

/* Must the caller show a password of its own to the other server? */
static bool
needs_password(UserMapping *mapping)
{
	ListCell *cell;

	if (superuser_arg(GetUserId()))
		return false;
	foreach (cell, mapping->options)
	{
		DefElem *option = lfirst(cell);

		if (strcmp(option->defname, "password_required") == 0)
			return defGetBoolean(option);
	}
	return true;
}

/*
 * Fills keywords and values from the options of server and mapping, ours last; they
 * have room for all.
 */
static void
collect_options(ForeignServer *server, UserMapping *mapping, const char **keywords,
                const char **values)
{
	PQconninfoOption *known = PQconndefaults();
	List *lists[] = {server->options, mapping->options};
	int n = 0;

	if (known == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	for (int i = 0; i < lengthof(lists); i++)
	{
		ListCell *cell;

		foreach (cell, lists[i])
		{
			DefElem *option = lfirst(cell);

			if (!is_connection_option(known, option->defname))
				continue;
			keywords[n] = option->defname;
			values[n++] = defGetString(option);
		}
	}
	PQconninfoFree(known);
	keywords[n] = "fallback_application_name";
	values[n++] = "pm_xref";
	keywords[n] = "client_encoding";
	values[n++] = GetDatabaseEncodingName();
	keywords[n] = values[n] = NULL;
}

/* Refuses a connection that the caller has shown no password for. */
static void
pg_attribute_noreturn() password_missing(Remote *remote, const char *detail)
{
	ereport(ERROR,
	        (errcode(ERRCODE_S_R_E_PROHIBITED_SQL_STATEMENT_ATTEMPTED),
	         errmsg("%s: server \"%s\" needs a password", remote->purpose, remote->server),
	         errdetail_internal("%s", detail),
	         errhint("A superuser may set password_required 'false' in the user mapping, "
	                 "or use the other server's passfile as the role of that mapping.")));
}

/*
 * Makes sessions of ours see nothing but what they name, end when we are gone, and
 * change something only if they are meant to.
 */
static void
prepare_session(Remote *remote)
{
	bool notices = PQserverVersion(remote->conn) >= WITH_CHECK_INTERVAL;

	pm_xref_send(
	    remote,
	    psprintf("SET search_path = pg_catalog%s%s",
	             remote->writes
	                 ? ""
	                 : "; SET row_security = off; SET default_transaction_read_only = on",
	             notices ? "; SET client_connection_check_interval = '10s'" : ""),
	    0, NULL);
	while (pm_xref_receive(remote) != NULL)
		;
}

/*
 * Begins to connect to a foreign server as the current role, and does not wait for it.
 * The purpose begins every message; writes: the session may change something there.
 * Throws if the role may not; nothing is left behind then.
 */
Remote *
pm_xref_connect_start(const char *purpose, const char *server_name, bool writes)
{
	Remote *remote = palloc0(sizeof(Remote));
	ForeignServer *server = GetForeignServerByName(server_name, false);
	UserMapping *mapping;
	const char **keywords;
	const char **values;
	const char *password;
	int room;

	remote->purpose = pstrdup(purpose);
	remote->server = pstrdup(server_name);
	remote->writes = writes;
	if (pm_server_aclcheck(server->serverid, GetUserId(), ACL_USAGE) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FOREIGN_SERVER, server_name);
	mapping = GetUserMapping(GetUserId(), server->serverid);
	remote->must_show = needs_password(mapping);
	password = option_value(mapping->options, "password");
	if (remote->must_show && (password == NULL || *password == '\0'))
		password_missing(remote, "The user mapping holds none, and the caller is no "
		                         "superuser.");

	room = list_length(server->options) + list_length(mapping->options) + 3;
	keywords = palloc(room * sizeof(char *));
	values = palloc(room * sizeof(char *));
	collect_options(server, mapping, keywords, values);
	libpqsrv_connect_prepare();
	remote->conn = PQconnectStartParams(keywords, values, false);
	if (remote->conn == NULL)
	{
		ReleaseExternalFD();
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	}
	return remote;
}

/* Waits for the connection.  Throws if the server does not answer, or refuses. */
void
pm_xref_connect_finish(Remote *remote)
{
	PGconn *conn = remote->conn;

	/* an error in there ends the connection */
	remote->conn = NULL;
	libpqsrv_connect_internal(conn, PG_WAIT_EXTENSION);
	remote->conn = conn;
	if (PQstatus(remote->conn) != CONNECTION_OK)
		no_connection(remote);
	if (remote->must_show && !PQconnectionUsedPassword(remote->conn))
		password_missing(remote, "The server did not ask for the one in the user "
		                         "mapping.");
	if (PQsetnonblocking(remote->conn, 1) != 0)
		pm_xref_remote_error(remote);
	prepare_session(remote);
}

/* Both: connects, or leaves nothing behind. */
Remote *
pm_xref_connect(const char *purpose, const char *server_name, bool writes)
{
	Remote *remote = pm_xref_connect_start(purpose, server_name, writes);

	PG_TRY();
	{
		pm_xref_connect_finish(remote);
	}
	PG_CATCH();
	{
		pm_xref_disconnect(remote);
		PG_RE_THROW();
	}
	PG_END_TRY();
	return remote;
}

/* Ends the connection, whatever state it is in; remote may be NULL. */
void
pm_xref_disconnect(Remote *remote)
{
	if (remote == NULL)
		return;
	PQclear(remote->result);
	libpqsrv_disconnect(remote->conn);
	remote->result = NULL;
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

extern PGDLLEXPORT const PmXrefConnections *pm_xref_connections_1(void);

/* What other modules may call: see pm_xref_connection.h. */
const PmXrefConnections *
pm_xref_connections_1(void)
{
	static const PmXrefConnections connections = {.connect = pm_xref_connect,
	                                              .send = send_parameters,
	                                              .receive = pm_xref_receive,
	                                              .next_copied = next_copied,
	                                              .disconnect = pm_xref_disconnect};

	return &connections;
}
