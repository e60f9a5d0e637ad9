/*
 * ask.c - one query to where the parent is, here or on another server
 *
 * The same text runs in both places, so every name in it is qualified.  Parameters and
 * answers are text.  Each question is read with a snapshot of its own: there because
 * it is a transaction of its own, here because the newest one is taken.
 */
#include "pm_xref_module.h"

#include "executor/spi.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* An answer with room for so many values, in the current memory context. */
static Answer *
make_answer(int rows, int columns)
{
	Answer *answer = palloc0(sizeof(Answer));

	answer->rows = rows;
	answer->columns = columns;
	answer->values = palloc0(Max(1, rows * columns) * sizeof(char *));
	return answer;
}

/* Asks this database, with the rights of the caller. */
static Answer *
ask_here(const char *sql, int nparams, const Oid *types, const char *const *params)
{
	MemoryContext context = CurrentMemoryContext;
	Datum values[5];
	Oid argtypes[5];
	char nulls[5];
	SPIPlanPtr plan;
	Answer *answer;

	Assert(nparams <= lengthof(values));
	SPI_connect();
	for (int i = 0; i < nparams; i++)
	{
		Oid input;
		Oid element;

		getTypeInputInfo(types[i], &input, &element);
		nulls[i] = params[i] == NULL ? 'n' : ' ';
		values[i] = (Datum) 0; /* PL/pgSQL looks at it even so */
		if (params[i] != NULL)
			values[i] =
			    OidInputFunctionCall(input, unconstify(char *, params[i]), element, -1);
		argtypes[i] = types[i];
	}
	/* not read only: it may lock rows */
	plan = SPI_prepare(sql, nparams, argtypes);
	if (plan == NULL ||
	    SPI_execute_snapshot(plan, values, nulls, GetLatestSnapshot(), InvalidSnapshot,
	                         false, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "unexpected result of \"%s\"", sql);

	MemoryContextSwitchTo(context);
	answer = make_answer((int) SPI_processed, SPI_tuptable->tupdesc->natts);
	for (int row = 0; row < answer->rows; row++)
		for (int column = 0; column < answer->columns; column++)
		{
			char *value =
			    SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column + 1);

			answer->values[row * answer->columns + column] = value;
		}
	SPI_finish();
	return answer;
}

/* Copies a result of the other server. */
static Answer *
copy_result(const PGresult *result)
{
	Answer *answer = make_answer(PQntuples(result), PQnfields(result));

	for (int row = 0; row < answer->rows; row++)
		for (int column = 0; column < answer->columns; column++)
			if (!PQgetisnull(result, row, column))
				answer->values[row * answer->columns + column] =
				    pstrdup(PQgetvalue(result, row, column));
	return answer;
}

/*
 * Asks and goes on: a foreign server works while we do.  Only one question may be
 * open.  The parameters are of these types here, and cast in the text there.
 */
void
pm_xref_ask_start(Reference *reference, const char *sql, int nparams, const Oid *types,
                  const char *const *params)
{
	Assert(!reference->asked);
	if (reference->remote == NULL)
		reference->answer = ask_here(sql, nparams, types, params);
	else
		pm_xref_send(reference->remote, sql, nparams, params);
	reference->asked = true;
}

/* The answer to the open question, in the current memory context or an outer one. */
Answer *
pm_xref_ask_finish(Reference *reference)
{
	Answer *answer = reference->answer;
	const PGresult *result;

	Assert(reference->asked);
	reference->asked = false;
	reference->answer = NULL;
	if (reference->remote != NULL)
		while ((result = pm_xref_receive(reference->remote)) != NULL)
			answer = copy_result(result);
	return answer;
}

/* Asks and waits for the answer. */
Answer *
pm_xref_ask(Reference *reference, const char *sql, int nparams, const Oid *types,
            const char *const *params)
{
	pm_xref_ask_start(reference, sql, nparams, types, params);
	return pm_xref_ask_finish(reference);
}
