/*
 * outbox.c - publish(), publish_many(): events as part of the caller's transaction
 *
 * The event is a row of pm_xref._events, inserted with the owner's rights by a plan
 * that is kept; the statement itself checks topic and payload.  Many are inserted without
 * one, see event_rows.c.  What is wrong is found out and said by pm_xref._refuse_event.
 *
 * The first event of a topic in a transaction wakes the topic's subscriptions, by jobs
 * that start at the commit; later ones need not.  If a subtransaction ends by rolling
 * back, its wake-ups may have gone with it, so everything is forgotten and the next
 * event wakes again: a job too many finds nothing to do.
 *
 * An epoch is a run of this server on this database's history.  A number stands for it
 * that no other run has, so whoever restores an older state and starts it, by whatever
 * means, begins another epoch, and the transaction ids of both are not taken for one
 * another.
 */
#include "pm_xref_module.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "replication/message.h"
#include "storage/proc.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include <limits.h>

#include "utils/guc.h"

/* Seconds that delivered events are kept. */
#define KEEP_EVENTS 604800

/* A statement of ours; planned when it is first used. */
typedef struct Statement
{
	const char *sql;
	int nargs;
	Oid types[5];
	SPIPlanPtr plan;
} Statement;

static Statement insert_statement = {
    .sql = "INSERT INTO pm_xref._events (epoch, topic, key, payload) "
           "SELECT $4, $1, $2, $3 FROM pm_xref._topics AS t "
           "WHERE t.topic OPERATOR(pg_catalog.=) $1 "
           "AND pg_catalog.jsonb_typeof($3) OPERATOR(pg_catalog.=) 'object' "
           "AND $3 OPERATOR(pg_catalog.?&) t.required RETURNING id",
    .nargs = 4,
    .types = {TEXTOID, TEXTOID, JSONBOID, INT8OID}
};
static Statement required_statement = {
    .sql =
        "SELECT t.required FROM pm_xref._topics AS t WHERE t.topic OPERATOR(pg_catalog.=) $1",
    .nargs = 1,
    .types = {TEXTOID}};
static Statement insert_many_statement = {
    .sql =
        "INSERT INTO pm_xref._events (epoch, xid, topic, key, payload, published_at) "
        "SELECT $4, pg_catalog.pg_current_xact_id(), $1, u.key, u.payload, $5 "
        "FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) AS u(key, payload)",
    .nargs = 5,
    .types = {TEXTOID, TEXTARRAYOID, JSONBARRAYOID, INT8OID, TIMESTAMPTZOID}
};
static Statement refuse_statement = {
    .sql = "SELECT pm_xref._refuse_event($1, $2)",
    .nargs = 2,
    .types = {TEXTOID, JSONBOID}
};
static Statement wake_statement = {
    .sql = "SELECT pm_xref._wake($1)", .nargs = 1, .types = {TEXTOID}};

static int keep_events = KEEP_EVENTS; /* read by SQL */

/* What this transaction has published; lxid says which one it is. */
static LocalTransactionId published_lxid = InvalidLocalTransactionId;
static List *woken; /* topics, in TopTransactionContext */

/* Runs a statement, inside SPI.  Throws what it throws. */
static void
run_statement(Statement *statement, Datum *values)
{
	if (statement->plan == NULL)
	{
		SPIPlanPtr plan = SPI_prepare(statement->sql, statement->nargs, statement->types);

		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "could not prepare \"%s\": %s", statement->sql,
			     SPI_result_code_string(SPI_result));
		statement->plan = plan;
	}
	if (SPI_execute_plan(statement->plan, values, NULL, false, 0) < 0)
		elog(ERROR, "could not execute \"%s\": %s", statement->sql,
		     SPI_result_code_string(SPI_result));
}

/* The number of this run of the server on this history of this database. */
static int64
current_epoch(void)
{
	static int64 epoch = 0;
	struct
	{
		uint64 system;
		int64 started;
		uint32 timeline;
		uint32 database;
	} run;

	if (epoch == 0)
	{
		memset(&run, 0, sizeof(run));
		run.system = GetSystemIdentifier();
		run.started = PgStartTime;
		run.timeline = GetWALInsertionTimeLine();
		run.database = MyDatabaseId;
		epoch =
		    DatumGetInt64(hash_any_extended((unsigned char *) &run, (int) sizeof(run), 0));
		if (epoch == 0)
			epoch = 1;
	}
	return epoch;
}

PG_FUNCTION_INFO_V1(pm_xref__epoch);

/* _epoch(): the epoch that events published now belong to.  Throws on a standby. */
Datum
pm_xref__epoch(PG_FUNCTION_ARGS)
{
	if (RecoveryInProgress())
		ereport(ERROR,
		        (errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
		         errmsg("a standby delivers no events"),
		         errhint("Its primary does; the standby will when it is promoted.")));
	PG_RETURN_INT64(current_epoch());
}

PG_FUNCTION_INFO_V1(pm_xref__make_durable);

/*
 * _make_durable(): returns when a crash could undo nothing that is visible now, nor
 * give out a transaction id again.  Commits that do not wait for the disk are visible
 * before they are there.
 */
Datum
pm_xref__make_durable(PG_FUNCTION_ARGS)
{
	if (GetXLogInsertRecPtr() > GetFlushRecPtr(NULL))
		XLogFlush(LogLogicalMessage("pm_xref", "", 0, false));
	PG_RETURN_VOID();
}

/* Has this transaction woken the subscriptions of the topic?  If not, it has now. */
static bool
is_woken(const char *topic)
{
	MemoryContext old;
	ListCell *cell;

	if (published_lxid != MyProc->lxid)
	{
		published_lxid = MyProc->lxid;
		woken = NIL;
	}
	foreach (cell, woken)
	{
		if (strcmp(lfirst(cell), topic) == 0)
			return true;
	}
	old = MemoryContextSwitchTo(TopTransactionContext);
	woken = lappend(woken, pstrdup(topic));
	MemoryContextSwitchTo(old);
	return false;
}

/* What a subtransaction did that rolls back is not known: wake again. */
static void
at_end_of_subtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent,
                         void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB && published_lxid == MyProc->lxid)
		woken = NIL;
}

/*
 * An event's transaction must have ended when its epoch has: a prepared one could
 * outlast it.
 */
static void
at_end_of_transaction(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_PRE_PREPARE && published_lxid == MyProc->lxid)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		                errmsg("cannot PREPARE a transaction that has published events"),
		                errhint("Publish in a transaction that ends with COMMIT.")));
}

/* Called once when the module is loaded. */
void
pm_xref_outbox_init(void)
{
	DefineCustomIntVariable(
	    "pm_xref.keep_events", "How long delivered events are kept.",
	    "A subscriber that is restored to a state so old is sent them again.", &keep_events,
	    KEEP_EVENTS, 0, INT_MAX, PGC_USERSET, GUC_UNIT_S, NULL, NULL, NULL);
	RegisterXactCallback(at_end_of_transaction, NULL);
	RegisterSubXactCallback(at_end_of_subtransaction, NULL);
}

/* The owner of a function. */
static Oid
function_owner(Oid function)
{
	HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Oid owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	owner = ((Form_pg_proc) GETSTRUCT(tuple))->proowner;
	ReleaseSysCache(tuple);
	return owner;
}

/* Throws that an argument is NULL. */
static void
pg_attribute_noreturn() missing(const char *what)
{
	ereport(ERROR,
	        (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
	         errmsg("%s of an event is NULL", what),
	         errhint("An event has a topic, a key (the id of what it is about) and a "
	                 "payload.")));
}

/* Wakes the subscriptions of a topic, once a transaction; inside SPI, as the owner. */
static void
wake(Datum topic)
{
	if (!is_woken(TextDatumGetCString(topic)))
		run_statement(&wake_statement, &topic);
}

/* Throws why an event is none; inside SPI, as the owner. */
static void
pg_attribute_noreturn() refuse(Datum topic, Datum payload)
{
	Datum values[] = {topic, payload};

	run_statement(&refuse_statement, values);
	elog(ERROR, "an event was refused without a reason");
}

PG_FUNCTION_INFO_V1(pm_xref_publish);

/*
 * publish(topic, key, payload): the id of the event; NULL, and nothing is published,
 * under session_replication_role = replica: where the change came from, it has been.
 */
Datum
pm_xref_publish(PG_FUNCTION_ARGS)
{
	Datum values[4];
	Oid caller;
	int context;
	bool null;
	int64 id;

	if (PG_ARGISNULL(0))
		missing("topic");
	if (PG_ARGISNULL(1))
		missing("key");
	if (PG_ARGISNULL(2))
		missing("payload");
	if (SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA)
		PG_RETURN_NULL();

	for (int i = 0; i < 3; i++)
		values[i] = PG_GETARG_DATUM(i);
	values[3] = Int64GetDatum(RecoveryInProgress() ? 0 : current_epoch());
	GetUserIdAndSecContext(&caller, &context);
	SetUserIdAndSecContext(function_owner(fcinfo->flinfo->fn_oid),
	                       context | SECURITY_LOCAL_USERID_CHANGE);
	SPI_connect();
	run_statement(&insert_statement, values);
	if (SPI_processed != 1)
		refuse(values[0], values[2]);
	id = DatumGetInt64(
	    SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &null));
	wake(values[0]);
	SPI_finish();
	SetUserIdAndSecContext(caller, context);
	PG_RETURN_INT64(id);
}

/* The elements of an array of which none may be NULL; throws 22004 naming what they are. */
static Datum *
elements(Datum array, Oid type, const char *what, int *count)
{
	ArrayType *values = DatumGetArrayTypeP(array);
	Datum *list;

	if (array_contains_nulls(values))
		missing(what);
	deconstruct_array(values, type, -1, false, TYPALIGN_INT, &list, NULL, count);
	return list;
}

/* Refuses the first payload that is no object with the members that the topic asks for. */
static void
check_payloads(Datum topic, Datum *payloads, int count)
{
	Datum *needs;
	int nneeds;
	bool null;
	ArrayType *required;

	run_statement(&required_statement, &topic);
	if (SPI_processed != 1)
		refuse(topic, payloads[0]);
	required = DatumGetArrayTypePCopy(
	    SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &null));
	needs = elements(PointerGetDatum(required), TEXTOID, "name of a member", &nneeds);
	for (int i = 0; i < count; i++)
	{
		Jsonb *payload = DatumGetJsonbP(payloads[i]);
		bool whole = JB_ROOT_IS_OBJECT(payload);

		CHECK_FOR_INTERRUPTS();
		for (int n = 0; n < nneeds && whole; n++)
		{
			JsonbValue member;

			whole =
			    getKeyJsonValueFromContainer(&payload->root, VARDATA_ANY(needs[n]),
			                                 VARSIZE_ANY_EXHDR(needs[n]), &member) != NULL;
		}
		if (!whole)
			refuse(topic, payloads[i]);
	}
}

PG_FUNCTION_INFO_V1(pm_xref_publish_many);

/*
 * publish_many(topic, keys, payloads): how many events were published, in the order of
 * the arrays; 0 under session_replication_role = replica.  All or none: throws for the
 * first that is no event.
 */
Datum
pm_xref_publish_many(PG_FUNCTION_ARGS)
{
	Datum values[5];
	Datum *keys;
	Datum *payloads;
	int nkeys;
	int npayloads;
	Oid caller;
	int context;

	if (PG_ARGISNULL(0))
		missing("topic");
	if (PG_ARGISNULL(1))
		missing("key");
	if (PG_ARGISNULL(2))
		missing("payload");
	for (int i = 0; i < 3; i++)
		values[i] = PG_GETARG_DATUM(i);
	keys = elements(values[1], TEXTOID, "key", &nkeys);
	payloads = elements(values[2], JSONBOID, "payload", &npayloads);
	if (nkeys != npayloads)
		ereport(ERROR,
		        (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
		         errmsg("%d keys and %d payloads of events", nkeys, npayloads),
		         errhint("Each event has a key and a payload, at the same place of both "
		                 "arrays.")));
	if (nkeys == 0 || SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA)
		PG_RETURN_INT64(0);

	values[3] = Int64GetDatum(RecoveryInProgress() ? 0 : current_epoch());
	values[4] = TimestampTzGetDatum(GetCurrentTimestamp());
	GetUserIdAndSecContext(&caller, &context);
	SetUserIdAndSecContext(function_owner(fcinfo->flinfo->fn_oid),
	                       context | SECURITY_LOCAL_USERID_CHANGE);
	SPI_connect();
	check_payloads(values[0], payloads, npayloads);
	if (!pm_xref_insert_events(values[0], keys, payloads, nkeys, values[3], values[4]))
		run_statement(&insert_many_statement, values);
	wake(values[0]);
	SPI_finish();
	SetUserIdAndSecContext(caller, context);
	PG_RETURN_INT64(nkeys);
}
