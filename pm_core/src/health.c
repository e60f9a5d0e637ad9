/*
 * health.c - asks every database at once how it is, with one deadline
 *
 * A database is a foreign server of postgres_fdw, or this one.  A probe goes through
 *
 *   connecting --> asking, a question after another --> done
 *        \______________________\________ or it fails, or the deadline comes: done, too
 *
 * All probes wait in one WaitEventSet, so that one that does not answer costs the others
 * nothing.  Connections are those of pm_xref: the options of the server, the user mapping
 * of role pm_worker, its rules about passwords.  What goes wrong with a database is text
 * in its row, never an error; an error (cancel, no memory) ends all connections.
 *
 * Their sessions are read only, and end their statements by themselves when the time is over.
 *
 * The questions are the same for this database, which is asked in our session, while the
 * others think.  Nothing else goes on meanwhile, so it is asked when nothing has happened
 * for a moment, and each question has a share of the time that is left.
 */
#include "pm_core_module.h"

#include <math.h>

#include "executor/spi.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/latch.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "pm_compat.h"

#include "../../pm_xref/src/pm_xref_connection.h"

/* Nothing has happened for a moment when nothing has for this part of the time. */
#define MOMENT 40
/* This database is asked without such a moment once this part of the time is over. */
#define LATEST 4

/* The columns of a row. */
enum
{
	COLUMN_DATABASE,
	COLUMN_REACHABLE,
	COLUMN_LATENCY,
	COLUMN_ANSWERS, /* those of the questions, in their order */
	COLUMN_ERROR = COLUMN_ANSWERS + 10,
	COLUMNS
};

typedef struct Question
{
	const char *extension; /* whom it is about; NULL: every database */
	const char *sql;       /* one row of answers */
	int answers;
} Question;

/*
 * The extensions are the second answer of the first question: which of the others are
 * asked.  Times have forms that depend on no setting, to be written or read.
 */
#define ANSWER_EXTENSIONS 1

static const Question questions[] = {
    {.extension = NULL,
     .sql =
         "SELECT current_setting('server_version'),"
         " (SELECT coalesce(jsonb_object_agg(e.extname, e.extversion), '{}') FROM pg_catalog.pg_extension AS e WHERE e.extname LIKE 'pm\\_%'),"
         " (SELECT s.numbackends FROM pg_catalog.pg_stat_database AS s WHERE s.datname = current_database()),"
         " (SELECT CASE WHEN d.datconnlimit >= 0 THEN d.datconnlimit ELSE current_setting('max_connections')::integer END"
         "  FROM pg_catalog.pg_database AS d WHERE d.datname = current_database())", .answers = 4},
    {.extension = "pm_jobs",
     .sql =
         "SELECT coalesce(sum(s.ready), 0), extract(epoch FROM max(s.oldest_ready)) || ' s',"
         " (SELECT count(*) FROM pm_jobs.workers AS w WHERE w.process = 'worker' AND w.database = current_database() AND w.pid IS NOT NULL),"
         " (SELECT w.trouble FROM pm_jobs.workers AS w WHERE w.process = 'launcher')"
         " FROM pm_jobs.stats AS s",                                                 .answers = 4},
    {.extension = "pm_xref",
     .sql =
         "SELECT CASE WHEN count(*) = count(r.checked_at) THEN to_char(min(r.checked_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') END, sum(r.known_orphans)"
         " FROM pm_xref._references AS r",                                           .answers = 2}
};

/* Before the first question to another server. */
#define PREPARATION (-1)

typedef struct Probe
{
	struct Round *round;
	const char *name;
	PmXrefConnection *connection; /* NULL: none, or this database */
	PGresult *result;             /* the last one, freed with the next or at the end */
	bool connected;
	pgsocket socket; /* what is waited for */
	int events;
	bool ready;   /* it has happened */
	int question; /* which is asked, or PREPARATION; beyond the last one: done */
	int answers;  /* how many answers stand before its own */
	instr_time began;
	char *values[COLUMNS];
	StringInfoData error;
	HeapTuple row;
} Probe;

typedef struct Round
{
	const PmXrefConnections *connections;
	MemoryContext memory;
	instr_time began;
	Probe *probes;
	int count;
	WaitEventSet *set;    /* NULL: nothing is waited for */
	AttInMetadata *input; /* of the rows */
} Round;

/* Milliseconds since a moment. */
static double
elapsed(instr_time since)
{
	instr_time now;

	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, since);
	return INSTR_TIME_GET_MILLISEC(now);
}

/* Milliseconds until the deadline. */
static double
time_left(const Round *round)
{
	return pm_core_health_timeout - elapsed(round->began);
}

/* Notes what went wrong, in one line; about: the extension it concerns, NULL: none. */
static void
complain(Probe *probe, const char *about, const char *message)
{
	if (probe->error.len > 0)
		appendStringInfoString(&probe->error, "; ");
	if (about != NULL)
		appendStringInfo(&probe->error, "%s: ", about);
	for (const char *c = message; *c != '\0'; c++)
		if ((unsigned char) *c > ' ')
			appendStringInfoChar(&probe->error, *c);
		else if (c > message && (unsigned char) c[-1] > ' ')
			appendStringInfoChar(&probe->error, ' ');
}

static bool
is_done(const Probe *probe)
{
	return probe->question >= (int) lengthof(questions);
}

static void
finish(Probe *probe)
{
	probe->question = lengthof(questions);
}

/* The database has answered something for the first time. */
static void
note_reachable(Probe *probe)
{
	if (probe->values[COLUMN_REACHABLE] != NULL)
		return;
	probe->values[COLUMN_REACHABLE] = "t";
	probe->values[COLUMN_LATENCY] = psprintf("%.3f", elapsed(probe->began));
}

/* Goes to the next question that concerns the database, or beyond the last one. */
static void
next_question(Probe *probe)
{
	const char *extensions = probe->values[COLUMN_ANSWERS + ANSWER_EXTENSIONS];

	if (probe->question != PREPARATION)
		probe->answers += questions[probe->question].answers;
	probe->question++;
	while (probe->question > 0 && !is_done(probe) &&
	       (extensions == NULL ||
	        strstr(extensions, psprintf("\"%s\":", questions[probe->question].extension)) ==
	            NULL))
		probe->answers += questions[probe->question++].answers;
}

/* Takes an answer to the question; NULL is NULL. */
static void
take(Probe *probe, int number, const char *value)
{
	probe->values[COLUMN_ANSWERS + probe->answers + number] =
	    value != NULL ? pstrdup(value) : NULL;
}

/* A step: asks this database the question. */
static void
ask_here(void *arg)
{
	Probe *probe = arg;
	const Question *question = &questions[probe->question];

	SPI_connect();
	if (SPI_execute(question->sql, true, 0) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "a question has no row of answers");
	MemoryContextSwitchTo(probe->round->memory);
	for (int i = 0; i < question->answers; i++)
		take(probe, i, SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1));
	SPI_finish();
}

/*
 * Asks this database its next question.  What time is left is shared by its questions and
 * the others, if there are any that have not answered.
 */
static void
probe_here(Round *round, Probe *probe, bool others)
{
	int shares = (int) lengthof(questions) - probe->question + (others ? 1 : 0);
	const char *message;

	if (probe->question == 0)
		INSTR_TIME_SET_CURRENT(probe->began);
	message = pm_core_try(ask_here, probe, Max(1, (int) (time_left(round) / shares)));
	note_reachable(probe);
	if (message != NULL)
		complain(probe, questions[probe->question].extension, message);
	next_question(probe);
}

/* A step: begins to connect. */
static void
begin_to_connect(void *arg)
{
	Probe *probe = arg;

	probe->connection = probe->round->connections->start("health", probe->name, false);
}

/* The database has gone. */
static void
lose(Probe *probe, PGconn *conn)
{
	complain(probe, NULL, pchomp(PQerrorMessage(conn)));
	finish(probe);
}

/* Sends what is in the way, and says what is to be waited for. */
static void
flush(Probe *probe, PGconn *conn)
{
	int left = PQflush(conn);

	if (left < 0)
		lose(probe, conn);
	probe->socket = PQsocket(conn);
	probe->events = WL_SOCKET_READABLE | (left > 0 ? WL_SOCKET_WRITEABLE : 0);
}

/* Sends the question, or what is to be set before the first one. */
static void
ask(Probe *probe, PGconn *conn)
{
	const char *sql;

	if (probe->question == PREPARATION)
		sql = psprintf(
		    "SET search_path = pg_catalog; SET default_transaction_read_only = on; "
		    "SET statement_timeout = %d",
		    pm_core_health_timeout);
	else
		sql = questions[probe->question].sql;
	if (PQsendQuery(conn, sql) == 0)
		lose(probe, conn);
	else
		flush(probe, conn);
}

/* Looks at a result of what was asked. */
static void
look_at(Probe *probe, PGconn *conn)
{
	const PGresult *result = probe->result;
	const Question *question =
	    probe->question != PREPARATION ? &questions[probe->question] : NULL;
	bool refused = PQresultStatus(result) == PGRES_FATAL_ERROR;
	const char *message;

	note_reachable(probe);
	switch (PQresultStatus(result))
	{
		case PGRES_COMMAND_OK:
			return;
		case PGRES_TUPLES_OK:
			if (question == NULL || PQntuples(result) != 1 ||
			    PQnfields(result) != question->answers)
				break;
			for (int i = 0; i < question->answers; i++)
				take(probe, i, PQgetisnull(result, 0, i) ? NULL : PQgetvalue(result, 0, i));
			return;
		default:
			break;
	}
	message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	if (!refused)
		message = "it says something else than was asked";
	else if (message == NULL)
		message = pchomp(PQresultErrorMessage(result));
	complain(probe, question != NULL ? question->extension : NULL, message);
	/* after the beginning of a copy libpq would say so for ever */
	if (question == NULL || !refused || PQstatus(conn) == CONNECTION_BAD)
		finish(probe);
}

/* Takes in what has come, and asks the next question once the last one is answered. */
static void
listen_to(Probe *probe, PGconn *conn)
{
	if (PQconsumeInput(conn) == 0)
	{
		lose(probe, conn);
		return;
	}
	while (!is_done(probe) && PQisBusy(conn) == 0)
	{
		PQclear(probe->result);
		probe->result = PQgetResult(conn);
		if (probe->result != NULL)
		{
			look_at(probe, conn);
			continue;
		}
		next_question(probe);
		if (!is_done(probe))
			ask(probe, conn);
	}
	if (!is_done(probe))
		flush(probe, conn);
}

/* Goes on with a probe as far as that goes without waiting. */
static void
go_on(Round *round, Probe *probe)
{
	PmXrefConnection *connection = probe->connection;
	PostgresPollingStatusType status;

	if (probe->connected)
	{
		listen_to(probe, round->connections->handle(connection));
		return;
	}
	status = round->connections->poll(connection, probe->ready, &probe->socket);
	if (status == PGRES_POLLING_OK)
	{
		probe->connected = true;
		(void) PQsetnonblocking(round->connections->handle(connection), 1);
		ask(probe, round->connections->handle(connection));
	}
	else if (status == PGRES_POLLING_FAILED)
	{
		complain(probe, NULL, round->connections->failure(connection));
		finish(probe);
	}
	else
		probe->events =
		    status == PGRES_POLLING_READING ? WL_SOCKET_READABLE : WL_SOCKET_WRITEABLE;
}

/*
 * Waits until something happens to one of the probes, no longer than so many ms; returns
 * whether it did.  Handles interrupts.  The sockets of connections that are being made come and go,
 * hence a new set each time.
 */
static bool
wait_for_probes(Round *round, double time)
{
	WaitEvent *happened = palloc((round->count + 2) * sizeof(WaitEvent));
	bool any = false;
	int n;

	round->set = pm_create_wait_event_set(round->count + 2);
	AddWaitEventToSet(round->set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	AddWaitEventToSet(round->set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	for (int i = 1; i < round->count; i++)
	{
		Probe *probe = &round->probes[i];

		probe->ready = false;
		if (!is_done(probe))
			AddWaitEventToSet(round->set, probe->events, probe->socket, NULL, probe);
	}
	n = WaitEventSetWait(round->set, (long) ceil(time), happened, round->count + 2,
	                     PG_WAIT_EXTENSION);
	for (int i = 0; i < n; i++)
		if (happened[i].events & WL_LATCH_SET)
			ResetLatch(MyLatch);
		else if (happened[i].user_data != NULL)
			any = ((Probe *) happened[i].user_data)->ready = true;
	FreeWaitEventSet(round->set);
	round->set = NULL;
	pfree(happened);
	CHECK_FOR_INTERRUPTS();
	return any;
}

/* Begins to connect to all servers. */
static void
begin_all(Round *round)
{
	for (int i = 1; i < round->count; i++)
	{
		Probe *probe = &round->probes[i];
		const char *message;

		INSTR_TIME_SET_CURRENT(probe->began);
		message = pm_core_try(begin_to_connect, probe, 0);
		if (message == NULL)
			go_on(round, probe);
		else
		{
			complain(probe, NULL, message);
			finish(probe);
		}
	}
}

/* Has a server still to answer? */
static bool
others_to_answer(const Round *round)
{
	for (int i = 1; i < round->count; i++)
		if (!is_done(&round->probes[i]))
			return true;
	return false;
}

/* Asks all databases, until the deadline. */
static void
ask_all(Round *round)
{
	Probe *here = &round->probes[0];
	double time = pm_core_health_timeout;
	double left;

	begin_all(round);
	while ((left = time_left(round)) > 0)
	{
		bool others = others_to_answer(round);
		bool any = false;

		if (is_done(here) && !others)
			break;
		if (others)
			any = wait_for_probes(round, is_done(here) ? left : Min(left, time / MOMENT));
		for (int i = 1; any && i < round->count; i++)
			if (round->probes[i].ready)
				go_on(round, &round->probes[i]);
		if (!is_done(here) && (!any || left < time - time / LATEST))
			probe_here(round, here, others);
	}
	note_reachable(here);
	for (int i = 0; i < round->count; i++)
	{
		Probe *probe = &round->probes[i];
		const char *what = i == 0 || probe->connected ? "answer" : "connection";

		if (!is_done(probe))
			complain(probe, NULL,
			         psprintf("no %s within %d ms", what, pm_core_health_timeout));
	}
}

/* Ends what is open; nothing of it can fail. */
static void
clean_up(Round *round)
{
	if (round->set != NULL)
		FreeWaitEventSet(round->set);
	for (int i = 0; i < round->count; i++)
	{
		PQclear(round->probes[i].result);
		if (round->probes[i].connection != NULL)
			round->connections->disconnect(round->probes[i].connection);
	}
}

/* Makes the probes: this database, and the servers. */
static void
make_probes(Round *round, char *here, ArrayType *servers)
{
	Datum *names;
	int count;

	deconstruct_array(servers, TEXTOID, -1, false, TYPALIGN_INT, &names, NULL, &count);
	round->count = count + 1;
	round->probes = palloc0(round->count * sizeof(Probe));
	for (int i = 0; i < round->count; i++)
	{
		Probe *probe = &round->probes[i];

		probe->round = round;
		probe->name = i == 0 ? here : TextDatumGetCString(names[i - 1]);
		probe->question = i == 0 ? 0 : PREPARATION;
		probe->values[COLUMN_DATABASE] = (char *) probe->name;
		initStringInfo(&probe->error);
	}
	INSTR_TIME_SET_CURRENT(round->began);
	round->probes[0].began = round->began;
}

/* Asks this database and the servers, as pm_worker if there is one. */
static void
probe_all(Round *round)
{
	Oid worker = get_role_oid("pm_worker", true);
	Oid caller;
	int context;

	GetUserIdAndSecContext(&caller, &context);
	PG_TRY();
	{
		/* if something is thrown, the end of the transaction puts the caller back */
		if (OidIsValid(worker))
			SetUserIdAndSecContext(worker, context | SECURITY_LOCAL_USERID_CHANGE);
		ask_all(round);
		SetUserIdAndSecContext(caller, context);
	}
	PG_FINALLY();
	{
		clean_up(round);
	}
	PG_END_TRY();
}

/*
 * A step: makes the row.  Bytes that are no text of this database become "?".  Throws if an
 * answer is none of its column's type.
 */
static void
make_row(void *arg)
{
	Probe *probe = arg;

	if (probe->values[COLUMN_REACHABLE] == NULL)
		probe->values[COLUMN_REACHABLE] = "f";
	if (probe->error.len > 0)
		probe->values[COLUMN_ERROR] = probe->error.data;
	for (int i = COLUMN_ANSWERS; i < COLUMNS; i++)
	{
		char *value = probe->values[i];

		if (value == NULL || pg_verifymbstr(value, (int) strlen(value), true))
			continue;
		for (; *value != '\0'; value++)
			if (IS_HIGHBIT_SET(*value))
				*value = '?';
	}
	probe->row = BuildTupleFromCStrings(probe->round->input, probe->values);
}

/* The row of a database. */
static HeapTuple
row_of(Probe *probe)
{
	const char *message = pm_core_try(make_row, probe, 0);

	if (message != NULL)
	{
		memset(&probe->values[COLUMN_ANSWERS], 0,
		       (COLUMN_ERROR - COLUMN_ANSWERS) * sizeof(char *));
		complain(probe, NULL, message);
		make_row(probe);
	}
	return probe->row;
}

PG_FUNCTION_INFO_V1(pm_core_ask_databases);

/* _ask_databases(here text, servers text[]): a row for each */
Datum
pm_core_ask_databases(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Round round = {.memory = CurrentMemoryContext};

	InitMaterializedSRF(fcinfo, 0);
	round.input = TupleDescGetAttInMetadata(result->setDesc);
	if (result->setDesc->natts != COLUMNS)
		elog(ERROR, "_ask_databases has not the columns that it fills");
	round.connections = pm_xref_connections();
	make_probes(&round, text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_GETARG_ARRAYTYPE_P(1));
	probe_all(&round);
	for (int i = 0; i < round.count; i++)
		tuplestore_puttuple(result->setResult, row_of(&round.probes[i]));
	return (Datum) 0;
}
