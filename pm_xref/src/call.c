/*
 * call.c - _call(): a statement on another server, for SQL; and what is done on request
 *
 * One statement is one transaction there: when _call() returns it has been committed.
 * When it throws, it may have been committed as well, if the connection was lost or
 * the caller was cancelled while it ran; so whatever is called must be such that
 * calling it again does no harm.  A rollback here does not undo it.
 *
 * The connection is kept until the end of the transaction here, for the next call of
 * the same role to the same server: connecting takes longer than most statements.
 */
#include "pm_xref_module.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/uuid.h"

/* The connection of the last call in this transaction, and the role that made it. */
static Remote *kept;
static Oid kept_by;

/* Ends the connection, if there is one. */
static void
end_kept(void)
{
	Remote *remote = kept;

	kept = NULL;
	pm_xref_disconnect(remote);
}

static void
at_end_of_transaction(XactEvent event, void *arg)
{
	if (event != XACT_EVENT_PRE_COMMIT && event != XACT_EVENT_PARALLEL_PRE_COMMIT &&
	    event != XACT_EVENT_PRE_PREPARE)
		end_kept();
}

static void
at_end_of_subtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent,
                         void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		end_kept();
}

/* Called once when the module is loaded. */
void
pm_xref_call_init(void)
{
	RegisterXactCallback(at_end_of_transaction, NULL);
	RegisterSubXactCallback(at_end_of_subtransaction, NULL);
}

/* The connection to the server: the one that was kept, or a new one. */
static Remote *
connection_to(const char *purpose, const char *server)
{
	MemoryContext old = MemoryContextSwitchTo(TopTransactionContext);

	if (kept != NULL && (strcmp(kept->server, server) != 0 || kept_by != GetUserId() ||
	                     PQtransactionStatus(kept->conn) != PQTRANS_IDLE))
		end_kept();
	if (kept == NULL)
	{
		kept = pm_xref_connect(purpose, server, true);
		kept_by = GetUserId();
	}
	else if (strcmp(kept->purpose, purpose) != 0)
		kept->purpose = pstrdup(purpose);
	MemoryContextSwitchTo(old);
	return kept;
}

/* The elements of an array of text; NULL is NULL. */
static const char **
text_elements(ArrayType *array, int *count)
{
	Datum *elements;
	bool *nulls;
	const char **texts;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, count);
	texts = palloc(Max(1, *count) * sizeof(char *));
	for (int i = 0; i < *count; i++)
		texts[i] = nulls[i] ? NULL : TextDatumGetCString(elements[i]);
	return texts;
}

/* An array of text from how it is written. */
static Datum
texts_from(char *written)
{
	Oid input, element;

	getTypeInputInfo(TEXTARRAYOID, &input, &element);
	return OidInputFunctionCall(input, written, element, -1);
}

/* Puts the rows of a result into the store, each as one array of text. */
static void
put_rows(ReturnSetInfo *target, const PGresult *result)
{
	int columns = PQnfields(result);
	Datum *values = palloc(Max(1, columns) * sizeof(Datum));
	bool *nulls = palloc(Max(1, columns) * sizeof(bool));

	for (int row = 0; row < PQntuples(result); row++)
	{
		int lower_bound = 1;
		Datum array;
		bool null = false;

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < columns; i++)
		{
			nulls[i] = PQgetisnull(result, row, i);
			values[i] =
			    nulls[i] ? (Datum) 0 : CStringGetTextDatum(PQgetvalue(result, row, i));
		}
		array = PointerGetDatum(construct_md_array(values, nulls, 1, &columns, &lower_bound,
		                                           TEXTOID, -1, false, TYPALIGN_INT));
		tuplestore_putvalues(target->setResult, target->setDesc, &array, &null);
	}
}

PG_FUNCTION_INFO_V1(pm_xref__call);

/*
 * _call(purpose, server, statement, params): runs the statement there and returns its
 * rows, each as an array of text.  Throws what goes wrong there, with its SQLSTATE;
 * 08001 and 08006 if there is no connection, or no longer.
 */
Datum
pm_xref__call(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *target = (ReturnSetInfo *) fcinfo->resultinfo;
	char *purpose = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char *statement = text_to_cstring(PG_GETARG_TEXT_PP(2));
	int nparams;
	const char **params = text_elements(PG_GETARG_ARRAYTYPE_P(3), &nparams);
	Remote *remote;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	/*
	 * What is done there may rest on what was committed here without waiting for the
	 * disk, and must not outlive it.  All of that is before our own last record.
	 */
	if (!XLogRecPtrIsInvalid(XactLastRecEnd))
		XLogFlush(XactLastRecEnd);
	remote = connection_to(purpose, NameStr(*PG_GETARG_NAME(1)));
	PG_TRY();
	{
		const PGresult *result;

		pm_xref_send(remote, statement, nparams, params);
		while ((result = pm_xref_receive(remote)) != NULL)
			put_rows(target, result);
	}
	PG_CATCH();
	{
		end_kept();
		PG_RE_THROW();
	}
	PG_END_TRY();
	return (Datum) 0;
}

/* Says what is missing if there is no server, or no user mapping, for who is to be asked. */
static void
say_how_to_ask(void *asker)
{
	if (geterrcode() == ERRCODE_UNDEFINED_OBJECT)
		errhint(
		    "In this database, make a server \"%s\" for the database of that name, which has pm_core, by pm_xref.add_database(), and grant pm_worker USAGE on it.",
		    (const char *) asker);
}

/*
 * The words of a request to erase a person, as the database that has pm_core knows it, for
 * one of its databases and one round; false: there is none.  The caller has no say in them.
 */
static bool
requested_words(const char *asker, const char *const *request, Datum *words)
{
	ErrorContextCallback callback = {
	    .callback = say_how_to_ask, .arg = (void *) asker, .previous = error_context_stack};
	Remote *remote;
	volatile bool found = false;

	error_context_stack = &callback;
	remote = connection_to(psprintf("erasure of user %s", request[0]), asker);
	error_context_stack = callback.previous;
	PG_TRY();
	{
		const PGresult *result;

		pm_xref_send(remote, "SELECT pm_core.erasure_words($1::uuid, $2, $3::integer)", 3,
		             request);
		while ((result = pm_xref_receive(remote)) != NULL)
			if (PQntuples(result) == 1 && PQnfields(result) == 1 &&
			    !PQgetisnull(result, 0, 0))
			{
				*words = texts_from(PQgetvalue(result, 0, 0));
				found = true;
			}
	}
	PG_CATCH();
	{
		end_kept();
		PG_RE_THROW();
	}
	PG_END_TRY();
	return found;
}

PG_FUNCTION_INFO_V1(pm_xref_erase_on_request);

/*
 * erase_on_request(asker, database, person, round): erase_person() for who may not call it
 * but was asked to.  Who was is for another database to say, which only C can ask as the
 * caller, and then go on as the owner: erase_person() is SECURITY DEFINER, and a call from
 * here is not asked for EXECUTE.
 */
Datum
pm_xref_erase_on_request(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {UUIDOID, TEXTARRAYOID};
	Datum person = PG_GETARG_DATUM(2);
	const char *request[] = {DatumGetCString(DirectFunctionCall1(uuid_out, person)),
	                         text_to_cstring(PG_GETARG_TEXT_PP(1)),
	                         psprintf("%d", PG_GETARG_INT32(3))};
	Datum words;

	if (!requested_words(NameStr(*PG_GETARG_NAME(0)), request, &words))
		PG_RETURN_NULL();
	return OidFunctionCall2(
	    LookupFuncName(list_make2(makeString("pm_xref"), makeString("erase_person")),
	                   lengthof(types), types, false),
	    person, words);
}
