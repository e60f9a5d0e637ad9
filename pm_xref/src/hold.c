/*
 * hold.c - keys of another server that stay until our transaction ends
 *
 * Who repairs or restores must know more than that a parent was there a moment ago: it
 * must still be there when our transaction commits.  So the question is asked in a
 * transaction of the other server that locks what it finds, and stays open as long as
 * ours.  Its connection is neither postgres_fdw's, whose snapshot may be old, nor that
 * of a check, which is closed with the statement.
 *
 * A connection belongs to the (sub)transaction that made it, and is handed to the outer
 * one by its commit.  Only its own level uses it: so whatever goes wrong there undoes
 * just what relied on its locks.  Before our commit each connection is asked for a sign
 * of life: if the other server has been restarted meanwhile, nobody has kept the keys,
 * and nothing is committed.
 */
#include "pm_xref_module.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"

/* A connection whose transaction is open, in TopTransactionContext. */
typedef struct Held
{
	Remote *remote;
	Oid role;
	int level; /* of nested transactions */
	struct Held *next;
} Held;

static Held *held = NULL;

/* Closes the connections of a level and of those within.  Throws nothing. */
static void
release(int level)
{
	Held **link = &held;

	while (*link != NULL)
	{
		Held *this = *link;

		if (this->level < level)
		{
			link = &this->next;
			continue;
		}
		*link = this->next;
		pm_xref_disconnect(this->remote);
	}
}

/* Throws if a key may not have been kept till now. */
static void
confirm(void)
{
	for (Held *this = held; this != NULL; this = this->next)
	{
		pm_xref_send(this->remote, "SELECT", 0, NULL);
		while (pm_xref_receive(this->remote) != NULL)
			;
	}
}

/* Called when a transaction ends. */
static void
end_transaction(XactEvent event, void *arg)
{
	if (held == NULL)
		return;
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PARALLEL_PRE_COMMIT:
			confirm();
			break;
		case XACT_EVENT_PRE_PREPARE:
			ereport(
			    ERROR,
			    (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			     errmsg("cannot PREPARE a transaction that holds keys of another server"),
			     errhint("COMMIT it instead: nobody could hold them until COMMIT "
			             "PREPARED.")));
			break;
		default:
			release(1);
			break;
	}
}

/* Called when a subtransaction ends. */
static void
end_subtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent,
                   void *arg)
{
	int level = GetCurrentTransactionNestLevel();

	if (event == SUBXACT_EVENT_ABORT_SUB)
		release(level);
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
		for (Held *this = held; this != NULL; this = this->next)
			this->level = Min(this->level, level - 1);
}

/* The connection to the reference's server that this level has, or a new one. */
static Remote *
held_connection(const Reference *reference)
{
	static bool registered = false;
	MemoryContext old = MemoryContextSwitchTo(TopTransactionContext);
	char *purpose = psprintf("reference \"%s\"", reference->name);
	Held *this = held;

	while (this != NULL &&
	       (this->level != GetCurrentTransactionNestLevel() || this->role != GetUserId() ||
	        strcmp(this->remote->server, reference->server) != 0))
		this = this->next;
	if (this == NULL)
	{
		if (!registered)
		{
			RegisterXactCallback(end_transaction, NULL);
			RegisterSubXactCallback(end_subtransaction, NULL);
			registered = true;
		}
		this = palloc0(sizeof(Held));
		this->remote = pm_xref_connect(purpose, reference->server, true);
		this->role = GetUserId();
		this->level = GetCurrentTransactionNestLevel();
		this->next = held;
		held = this;
		/*
		 * What a policy hides would be taken for gone.  Two repairs in opposite
		 * directions could wait for each other, which no server would notice.
		 */
		pm_xref_send(this->remote,
		             "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; "
		             "SET LOCAL row_security = off; "
		             "SET LOCAL lock_timeout = '10s'; "
		             "SET LOCAL idle_in_transaction_session_timeout = 0",
		             0, NULL);
		while (pm_xref_receive(this->remote) != NULL)
			;
	}
	this->remote->purpose = purpose;
	this->remote->permission_hint = psprintf(
	    "To keep a key from being deleted its role there needs UPDATE on a column: "
	    "GRANT SELECT, UPDATE (%s) ON %s TO %s; and no policy may hide rows from it.",
	    quote_identifier(reference->remote_column), reference->remote_table,
	    quote_identifier(PQuser(this->remote->conn)));
	MemoryContextSwitchTo(old);
	return this->remote;
}

PG_FUNCTION_INFO_V1(pm_xref__hold);

/*
 * _hold(reference, keys): the places of those keys whose parent is there.  It is kept
 * from being deleted, and its key from being changed, until this transaction ends.
 */
Datum
pm_xref__hold(PG_FUNCTION_ARGS)
{
	static const Oid type = TEXTARRAYOID;
	ReturnSetInfo *target = (ReturnSetInfo *) fcinfo->resultinfo;
	Reference *reference = pm_xref_read_reference(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	const char *parameter;
	Datum *keys;
	int count;
	Answer *answer;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	if (reference->server != NULL)
		reference->remote = held_connection(reference);
	pm_xref_look_at_parent(reference, true);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT, &keys,
	                  NULL, &count);
	parameter = pm_xref_key_parameter(reference, keys, count);
	answer =
	    pm_xref_ask(reference, pm_xref_key_question(reference, true), 1, &type, &parameter);
	for (int i = 0; i < answer->rows; i++)
	{
		Datum place = DirectFunctionCall1(int8in, CStringGetDatum(answer->values[i]));
		bool null = false;

		tuplestore_putvalues(target->setResult, target->setDesc, &place, &null);
	}
	return (Datum) 0;
}
