/*
 * catalog.c - the catalog: where it is, and what is asked of it
 *
 * The catalog is where the server leads that pm_imports.catalog names, or this database,
 * which has pm_catalog, if there is no such server.
 */
#include "catalog.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "foreign/foreign.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "port/pg_bswap.h"
#include "storage/latch.h"
#include "tcop/dest.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/wait_event.h"

#include "pm_imports_module.h"
#include "pm_row_digest.h"

#define PURPOSE         "import"
#define DIGESTS_WAITING 16

/* Ends a session, whatever it does; its transaction ends with it. */
void
pm_imports_session_close(Catalog *catalog, Session *session)
{
	if (session->connection != NULL)
		catalog->functions->disconnect(session->connection);
	session->connection = NULL;
	if (session->merger != NULL)
		pm_imports_merger_stop(session->merger);
	session->merger = NULL;
	session->in_transaction = false;
}

/* Ends all sessions with the memory of the catalog. */
static void
close_all(void *arg)
{
	Catalog *catalog = arg;

	for (int i = 0; i < SESSIONS_MAX; i++)
		pm_imports_session_close(catalog, &catalog->sessions[i]);
}

/* The connection of a session, which is made if it is not there. */
static PmXrefConnection *
connection_of(Catalog *catalog, Session *session)
{
	if (session->connection == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(catalog->memory);

		session->connection = catalog->functions->connect(PURPOSE, catalog->server, true);
		MemoryContextSwitchTo(old);
		/* what is merged waits for its turn in a transaction */
		catalog->functions->send(session->connection,
		                         "SET idle_in_transaction_session_timeout = 0", 0, NULL);
		while (catalog->functions->receive(session->connection) != NULL)
			;
	}
	return session->connection;
}

/* Starts as many mergers as there can be, at most so many; waits until they are ready. */
static void
start_mergers(Catalog *catalog, int most)
{
	MemoryContext old = MemoryContextSwitchTo(catalog->memory);
	int started = 0;

	while (started < most &&
	       (catalog->sessions[started].merger = pm_imports_merger_start()) != NULL)
		started++;
	for (int i = 0; i < started; i++)
	{
		Session *session = &catalog->sessions[i];

		/* it stays where it is found until it is known, should waiting be interrupted */
		if (!pm_imports_merger_is_ready(session->merger))
			pm_imports_session_close(catalog, session);
		else if (catalog->session_count++ < i)
		{
			catalog->sessions[catalog->session_count - 1].merger = session->merger;
			session->merger = NULL;
		}
	}
	MemoryContextSwitchTo(old);
}

/*
 * Finds the catalog, for as long as memory lasts: elsewhere, to be merged in so many
 * sessions at the same time, one at least, or here, where so many mergers are started if
 * they can be.  Throws 55000 if nobody has said where it is.
 */
Catalog *
pm_imports_catalog_open(MemoryContext memory, int sessions, int mergers)
{
	Catalog *catalog = MemoryContextAllocZero(memory, sizeof(Catalog));

	catalog->memory = memory;
	catalog->callback.func = close_all;
	catalog->callback.arg = catalog;
	MemoryContextRegisterResetCallback(memory, &catalog->callback);
	if (OidIsValid(get_foreign_server_oid(pm_imports_catalog, true)))
	{
		catalog->server = MemoryContextStrdup(memory, pm_imports_catalog);
		catalog->functions = pm_xref_connections();
		catalog->session_count = Max(1, Min(sessions, SESSIONS_MAX));
		(void) connection_of(catalog, &catalog->sessions[0]);
	}
	else if (OidIsValid(get_extension_oid("pm_catalog", true)))
		start_mergers(catalog, Min(mergers, SESSIONS_MAX));
	else
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		                errmsg("nobody has said where the catalog is"),
		                errhint("Set pm_imports.catalog to the foreign server that "
		                        "pm_xref.add_database() made for it.")));
	return catalog;
}

/* How many batches can be merged at the same time; 0: they are merged here. */
int
pm_imports_catalog_sessions(const Catalog *catalog)
{
	return catalog->session_count;
}

/* Runs a statement here; its rows are in SPI_tuptable. */
void
pm_imports_ask_here(const char *sql, const Parameter *parameters, int count)
{
	Oid types[8];
	Datum values[8];
	MemoryContext memory = CurrentMemoryContext;

	for (int i = 0; i < count; i++)
	{
		types[i] = parameters[i].rows != NULL ? BYTEAOID : TEXTOID;
		if (parameters[i].rows != NULL)
		{
			bytea *rows = (bytea *) parameters[i].rows->data;

			SET_VARSIZE(rows, parameters[i].rows->len);
			values[i] = PointerGetDatum(rows);
		}
		else
			values[i] = CStringGetTextDatum(parameters[i].text);
	}
	if (SPI_execute_with_args(sql, count, types, values, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "the catalog was not asked by SELECT");
	/* SPI leaves its own, which lasts as long as the run */
	MemoryContextSwitchTo(memory);
}

/* Sends a statement to a session. */
void
pm_imports_ask_there(Catalog *catalog, Session *session, const char *sql,
                     const Parameter *parameters, int count)
{
	PmXrefParameter params[8];

	if (session->merger != NULL)
	{
		pm_imports_merger_send(session->merger, sql, parameters, count);
		return;
	}
	for (int i = 0; i < count; i++)
		params[i] = parameters[i].rows != NULL
		                ? (PmXrefParameter){parameters[i].rows->data + VARHDRSZ,
		                                    parameters[i].rows->len - VARHDRSZ, true}
		                : (PmXrefParameter){parameters[i].text, 0, false};
	catalog->functions->send(connection_of(catalog, session), sql, count, params);
}

/*
 * The first row of what was asked here (session NULL) or there, in current memory: an
 * array of texts, NULL for NULL; NULL: there is no row.  Waits for it.
 */
char **
pm_imports_answer(Catalog *catalog, Session *session)
{
	char **row = NULL;

	if (session != NULL && session->merger != NULL)
		return pm_imports_merger_answer(session->merger);
	if (session == NULL)
	{
		if (SPI_processed > 0)
		{
			int columns = SPI_tuptable->tupdesc->natts;

			row = palloc(columns * sizeof(char *));
			for (int i = 0; i < columns; i++)
				row[i] = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1);
		}
		SPI_freetuptable(SPI_tuptable);
	}
	else
	{
		const PGresult *result;

		while ((result = catalog->functions->receive(session->connection)) != NULL)
		{
			int columns = PQnfields(result);

			if (row != NULL || PQntuples(result) == 0)
				continue;
			row = palloc(columns * sizeof(char *));
			for (int i = 0; i < columns; i++)
				row[i] =
				    PQgetisnull(result, 0, i) ? NULL : pstrdup(PQgetvalue(result, 0, i));
		}
	}
	return row;
}

/* Has a session no answer yet?  One that is lost is not busy. */
bool
pm_imports_session_is_busy(Catalog *catalog, Session *session)
{
	PGconn *conn;

	if (session->merger != NULL)
		return pm_imports_merger_is_busy(session->merger);
	conn = catalog->functions->handle(session->connection);
	/* a connection that is lost is not busy, and then the answer is an error */
	(void) PQconsumeInput(conn);
	return PQisBusy(conn);
}

/* Waits until a session may have an answer; false: for as long as that, in vain. */
bool
pm_imports_session_wait(Catalog *catalog, Session *session, long milliseconds)
{
	int events = WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH;
	pgsocket socket = PGINVALID_SOCKET;
	int happened;

	/* a merger sets our latch */
	if (session->merger == NULL)
	{
		events |= WL_SOCKET_READABLE;
		socket = PQsocket(catalog->functions->handle(session->connection));
	}
	happened = WaitLatchOrSocket(MyLatch, events, socket, milliseconds, PG_WAIT_EXTENSION);
	if (happened & WL_LATCH_SET)
		ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
	return (happened & WL_TIMEOUT) == 0;
}

/* A session that merges nothing; NULL: the catalog is here. */
static Session *
free_session(Catalog *catalog)
{
	if (catalog->server == NULL)
		return NULL;
	for (int i = 0; i < SESSIONS_MAX; i++)
		if (catalog->sessions[i].state == SESSION_FREE)
			return &catalog->sessions[i];
	elog(ERROR, "all sessions of an import are busy");
}

/* Asks, in a session that is free, and waits for the answer. */
char **
pm_imports_ask(Catalog *catalog, const char *sql, const Parameter *parameters, int count)
{
	Session *session = free_session(catalog);

	if (session == NULL)
		pm_imports_ask_here(sql, parameters, count);
	else
		pm_imports_ask_there(catalog, session, sql, parameters, count);
	return pm_imports_answer(catalog, session);
}

/* The id of a supplier by its code.  Throws 23503 if the catalog does not know it. */
char *
pm_imports_catalog_supplier(Catalog *catalog, const char *code)
{
	Parameter parameter = {.text = code};
	char **row =
	    pm_imports_ask(catalog,
	                   "SELECT s.id FROM pm_catalog.suppliers AS s "
	                   "WHERE pg_catalog.upper(s.code) = pg_catalog.upper($1::text)",
	                   &parameter, 1);

	if (row == NULL)
		ereport(ERROR,
		        (errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
		         errmsg("supplier \"%s\" is not in the catalog", code),
		         errhint("Suppliers come from pm_suppliers by its events; one that is new "
		                 "there arrives within seconds.")));
	return row[0];
}

/* The last batch of the job that the catalog has merged; 0: none. */
int
pm_imports_catalog_last_batch(Catalog *catalog, const char *job)
{
	Parameter parameter = {.text = job};
	char **row = pm_imports_ask(
	    catalog, "SELECT pm_catalog.last_batch($1::pg_catalog.uuid)", &parameter, 1);

	return row == NULL || row[0] == NULL ? 0 : pg_strtoint32(row[0]);
}

/* The number of a hexadecimal digit; -1: it is none. */
int
pm_imports_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* A receiver of rows that calls a function. */
typedef struct Receiver
{
	DestReceiver destination;
	TextSeen seen;
	void *context;
} Receiver;

/* Calls seen for a row. */
static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	Receiver *receiver = (Receiver *) self;
	int16 size = TupleDescAttr(slot->tts_tupleDescriptor, 0)->attlen;
	bool is_null;
	Datum value = slot_getattr(slot, 1, &is_null);

	if (is_null)
		return true;
	if (size > 0)
		receiver->seen(receiver->context, DatumGetPointer(value), size);
	else
	{
		struct varlena *bytes = PG_DETOAST_DATUM_PACKED(value);

		receiver->seen(receiver->context, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	}
	return true;
}

static void
start_receiver(DestReceiver *self, int operation, TupleDesc desc)
{
}

static void
end_receiver(DestReceiver *self)
{
}

/* Calls seen for each row of a message in the binary format of COPY. */
static void
receive_copied(StringInfo message, bool is_first, TextSeen seen, void *context)
{
	const int signature = 11;

	if (is_first)
	{
		(void) pq_getmsgbytes(message, signature);
		(void) pq_getmsgint(message, 4);
		(void) pq_getmsgbytes(message, (int) pq_getmsgint(message, 4));
	}
	while (message->cursor < message->len)
	{
		int size;

		if ((int16) pq_getmsgint(message, 2) < 0)
			return;
		size = (int) pq_getmsgint(message, 4);
		if (size >= 0)
			seen(context, pq_getmsgbytes(message, size), size);
	}
}

/*
 * Calls seen for each row of a query of one column of type text or uuid, with its bytes;
 * what is NULL is left out.
 */
static void
stream(Catalog *catalog, const char *sql, TextSeen seen, void *context)
{
	Session *session = free_session(catalog);

	if (session != NULL)
	{
		bool is_first = true;
		StringInfoData message = {0};

		pm_imports_ask_there(catalog, session,
		                     psprintf("COPY (%s) TO STDOUT (FORMAT binary)", sql), NULL, 0);
		(void) catalog->functions->receive(session->connection);
		while ((message.len = catalog->functions->next_copied(session->connection,
		                                                      &message.data)) > 0)
		{
			message.cursor = 0;
			receive_copied(&message, is_first, seen, context);
			is_first = false;
			PQfreemem(message.data);
		}
		while (catalog->functions->receive(session->connection) != NULL)
			;
	}
	else
	{
		Receiver receiver = {
		    .destination = {receive_row, start_receiver, end_receiver, end_receiver,
		                    DestNone},
		    .seen = seen,
		    .context = context
        };
		SPIExecuteOptions options = {.read_only = true, .dest = &receiver.destination};
		MemoryContext memory = CurrentMemoryContext;

		if (SPI_execute_extended(sql, &options) < 0)
			elog(ERROR, "the catalog could not be asked");
		MemoryContextSwitchTo(memory);
	}
}

/* Digests that are on their way to a set: each waits until its place has come to the cache. */
typedef struct Digests
{
	Seen *seen;
	SeenValue waiting[DIGESTS_WAITING];
	int64 count;
} Digests;

/* Adds a digest. */
static void
add_digest(void *context, const char *bytes, int size)
{
	Digests *digests = context;
	SeenValue *place = &digests->waiting[digests->count % DIGESTS_WAITING];
	uint64 words[2];

	if (size != sizeof(words))
		elog(ERROR, "the catalog gave a digest of %d bytes", size);
	memcpy(words, bytes, sizeof(words));
	if (digests->count++ >= DIGESTS_WAITING)
		(void) pm_imports_seen_add(digests->seen, *place);
	*place = (SeenValue){pg_ntoh64(words[0]) & ~PM_ROW_DIGEST_AREAS, pg_ntoh64(words[1])};
	pm_imports_seen_prefetch(digests->seen, *place);
}

/*
 * Adds the digests of the rows with these columns, or fewer, that the catalog would find
 * unchanged.
 */
void
pm_imports_catalog_digests(Catalog *catalog, const char *supplier, const char *columns,
                           Seen *seen)
{
	Digests digests = {.seen = seen};

	stream(catalog,
	       psprintf("SELECT d FROM pm_catalog.supplier_digests(%s, %s) AS d",
	                quote_literal_cstr(supplier), quote_literal_cstr(columns)),
	       add_digest, &digests);
	for (int i = 0; i < Min(digests.count, DIGESTS_WAITING); i++)
		(void) pm_imports_seen_add(seen, digests.waiting[i]);
}

/* Calls seen for each product that the supplier offers: its id, then its key in hex. */
void
pm_imports_catalog_keys(Catalog *catalog, const char *supplier, const char *key,
                        TextSeen seen, void *context)
{
	stream(
	    catalog,
	    psprintf("SELECT k.product_id || pg_catalog.encode(pg_catalog.convert_to("
	             "k.key_value, 'UTF8'), 'hex') "
	             "FROM pm_catalog.supplier_keys(%s, %s) AS k WHERE k.key_value IS NOT NULL",
	             quote_literal_cstr(supplier), quote_literal_cstr(key)),
	    seen, context);
}

/* Ends the offers of these products, an array; returns how many that were. */
int64
pm_imports_catalog_end_offers(Catalog *catalog, const char *job, const char *supplier,
                              const char *products)
{
	Parameter parameters[] = {{.text = job}, {.text = supplier}, {.text = products}};
	char **row = pm_imports_ask(catalog,
	                            "SELECT pm_catalog.end_offers($1::pg_catalog.uuid, "
	                            "$2::text::pg_catalog.uuid, $3::text::pg_catalog.uuid[])",
	                            parameters, lengthof(parameters));

	return row == NULL || row[0] == NULL ? 0 : pg_strtoint64(row[0]);
}

/*
 * Lets the catalog forget the outcomes of a job, which has ended in a transaction that was
 * committed, or what its session remembers of a dry run.
 */
void
pm_imports_catalog_forget(Catalog *catalog, const char *job)
{
	Parameter parameter = {.text = job};

	/* should that commit be lost, the job would run again and must be remembered */
	if (catalog->server != NULL && !XLogRecPtrIsInvalid(XactLastCommitEnd))
		XLogFlush(XactLastCommitEnd);
	(void) pm_imports_ask(catalog, "SELECT pm_catalog.forget_job($1::pg_catalog.uuid)",
	                      &parameter, 1);
}
