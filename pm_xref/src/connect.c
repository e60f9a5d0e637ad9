/*
 * connect.c - connections to foreign servers by libpq
 *
 * A connection is made as postgres_fdw makes its own: from the options of the server
 * and of the caller's user mapping, with the same rule for callers that are no
 * superusers (a password, or password_required = false in the mapping).  It is not
 * postgres_fdw's connection: that one keeps one snapshot as long as our transaction
 * lasts, and ours must see what is new.
 *
 * Nothing here waits but pm_xref_connect_finish(), which handles interrupts meanwhile.
 * First the addresses of hosts are looked up, if names are given (lookup.c), then libpq
 * connects.  A host that only libpq knows, by PGHOST or a service file, it looks up itself.
 */
#include "pm_xref_module.h"

#include "catalog/pg_foreign_server.h"
#include "commands/defrem.h"
#include "foreign/foreign.h"
#include "mb/pg_wchar.h"
#include "storage/latch.h"
#include "utils/acl.h"

#include "libpq/libpq-be-fe-helpers.h"

/* Version from which a server notices by itself that its client has gone. */
#define WITH_CHECK_INTERVAL 140000

/* Keywords that are ours: where it is, after a lookup, what we are called, a terminator. */
#define OWN_OPTIONS 6

#define NOT_ASKED_FOR "The server did not ask for the one in the user mapping."

/* Throws that no connection could be made. */
static void
pg_attribute_noreturn() no_connection(Remote *remote)
{
	ereport(
	    ERROR,
	    (errcode(ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION),
	     errmsg("%s: could not connect to server \"%s\"", remote->purpose, remote->server),
	     errdetail_internal("%s", pm_xref_connect_failure(remote)),
	     errhint("Is it up? Its address is among the options of the foreign server, "
	             "the role among those of the user mapping; passwords are in the "
	             "passfile of the server's operating system user.")));
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

/* Adds an option, of which the last one of a name counts. */
static void
add_option(Remote *remote, const char *keyword, const char *value)
{
	remote->keywords[remote->options] = keyword;
	remote->values[remote->options] = value;
	remote->options++;
	remote->keywords[remote->options] = remote->values[remote->options] = NULL;
}

/* Collects the options of server and mapping, ours last. */
static void
collect_options(Remote *remote, ForeignServer *server, UserMapping *mapping)
{
	PQconninfoOption *known;
	List *lists[] = {server->options, mapping->options};
	int room = list_length(server->options) + list_length(mapping->options) + OWN_OPTIONS;

	remote->keywords = palloc(room * sizeof(char *));
	remote->values = palloc(room * sizeof(char *));
	known = PQconndefaults();

	if (known == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	for (int i = 0; i < lengthof(lists); i++)
	{
		ListCell *cell;

		foreach (cell, lists[i])
		{
			DefElem *option = lfirst(cell);

			if (is_connection_option(known, option->defname))
				add_option(remote, option->defname, defGetString(option));
		}
	}
	PQconninfoFree(known);
	add_option(remote, "fallback_application_name", "pm_xref");
	add_option(remote, "client_encoding", GetDatabaseEncodingName());
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

/* Lets libpq begin. */
static void
begin(Remote *remote)
{
	libpqsrv_connect_prepare();
	remote->conn = PQconnectStartParams(remote->keywords, remote->values, false);
	if (remote->conn == NULL)
	{
		ReleaseExternalFD();
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	}
	/* until its socket is ready for the first time, libpq is not to be asked */
	remote->connecting = PQstatus(remote->conn) == CONNECTION_BAD ? PGRES_POLLING_FAILED
	                                                              : PGRES_POLLING_WRITING;
}

/* Lets libpq begin with what was looked up, or fails. */
static void
begin_with_addresses(Remote *remote)
{
	char *hosts;
	char *addresses;
	char *ports;
	bool found =
	    pm_xref_lookup_answer(remote->lookup, &hosts, &addresses, &ports, &remote->failure);

	/* first, so that there is a file for the connection: it had one */
	pm_xref_lookup_end(remote->lookup);
	remote->lookup = NULL;
	if (found)
	{
		add_option(remote, "host", hosts);
		add_option(remote, "hostaddr", addresses);
		add_option(remote, "port", ports);
		begin(remote);
	}
	else
		remote->connecting = PGRES_POLLING_FAILED;
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
	const char *password;
	const char *host = option_value(server->options, "host");
	const char *port = option_value(server->options, "port");

	if (port == NULL)
		port = "";
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
	collect_options(remote, server, mapping);
	if (host != NULL && option_value(server->options, "hostaddr") == NULL &&
	    pm_xref_lookup_needed(host, port))
	{
		remote->lookup = pm_xref_lookup_start(host, port);
		remote->connecting = PGRES_POLLING_READING;
	}
	else
		begin(remote);
	return remote;
}

/*
 * How far the connection is, without waiting.  READING or WRITING: *socket is to be waited
 * for, and then ready to be said, about the socket that was given last.  OK: it is there.
 * FAILED: pm_xref_connect_failure() says why.
 */
PostgresPollingStatusType
pm_xref_connect_poll(Remote *remote, bool ready, pgsocket *socket)
{
	if (remote->lookup != NULL)
	{
		if (ready && pm_xref_lookup_done(remote->lookup))
			begin_with_addresses(remote);
	}
	else if (ready && remote->connecting != PGRES_POLLING_OK &&
	         remote->connecting != PGRES_POLLING_FAILED)
		remote->connecting = PQconnectPoll(remote->conn);
	if (remote->connecting == PGRES_POLLING_OK && remote->must_show &&
	    !PQconnectionUsedPassword(remote->conn))
	{
		remote->connecting = PGRES_POLLING_FAILED;
		remote->unshown = true;
		remote->failure = NOT_ASKED_FOR;
	}
	*socket = remote->lookup != NULL ? pm_xref_lookup_socket(remote->lookup)
	                                 : PQsocket(remote->conn);
	return remote->connecting;
}

/* Why it failed, for people; no password is in it. */
const char *
pm_xref_connect_failure(Remote *remote)
{
	return remote->failure != NULL ? remote->failure : pchomp(PQerrorMessage(remote->conn));
}

/* Waits for the connection.  Throws if the server does not answer, or refuses. */
void
pm_xref_connect_finish(Remote *remote)
{
	PostgresPollingStatusType status;
	pgsocket socket;
	bool ready = false;

	while ((status = pm_xref_connect_poll(remote, ready, &socket)) ==
	           PGRES_POLLING_READING ||
	       status == PGRES_POLLING_WRITING)
	{
		ready =
		    pm_xref_wait_for(socket, status == PGRES_POLLING_READING ? WL_SOCKET_READABLE
		                                                             : WL_SOCKET_WRITEABLE);
	}
	if (remote->unshown)
		password_missing(remote, remote->failure);
	if (status != PGRES_POLLING_OK)
		no_connection(remote);
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
