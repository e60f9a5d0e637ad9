/*
 * spread.c - the aggregate _spread(from, until): median and 95th percentile of times
 *
 * What percentile_cont says of the differences, for view stats.  percentile_cont
 * needs its input sorted by group and compares intervals; this one can be hashed
 * by group and sorts plain numbers, which takes a fourth of the time.  The sorts
 * keep to work_mem and go to disk beyond it.
 */
#include "pm_jobs_module.h"

#include <math.h>

#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/tuplesort.h"

typedef struct Spread
{
	Tuplesortstate *sort; /* of microseconds */
	int64 count;
	/* once sorted: how many have been read, and the last two of them */
	int64 read;
	int64 last;
	int64 before;
} Spread;

/* Frees the sort's memory and files when the aggregate's own go. */
static void
end_sort(Datum state)
{
	Spread *spread = (Spread *) DatumGetPointer(state);

	if (spread->sort != NULL)
		tuplesort_end(spread->sort);
	spread->sort = NULL;
}

PG_FUNCTION_INFO_V1(pm_jobs__spread_add);

/* Transition of _spread: adds the time between two times; NULL is no time. */
Datum
pm_jobs__spread_add(PG_FUNCTION_ARGS)
{
	Spread *spread;
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "pm_jobs._spread_add is part of an aggregate");
	if (PG_ARGISNULL(0))
	{
		MemoryContext old = MemoryContextSwitchTo(context);

		spread = palloc0(sizeof(Spread));
		spread->sort = tuplesort_begin_datum(INT8OID, Int8LessOperator, InvalidOid, false,
		                                     work_mem, NULL, TUPLESORT_NONE);
		AggRegisterCallback(fcinfo, end_sort, PointerGetDatum(spread));
		MemoryContextSwitchTo(old);
	}
	else
		spread = (Spread *) PG_GETARG_POINTER(0);
	if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2))
	{
		int64 time = PG_GETARG_TIMESTAMPTZ(2) - PG_GETARG_TIMESTAMPTZ(1);

		tuplesort_putdatum(spread->sort, Int64GetDatum(time), false);
		spread->count++;
	}
	PG_RETURN_POINTER(spread);
}

/* The value with this rank, from 0: the last one read, the one before, or a later one. */
static int64
value_at(Spread *spread, int64 rank)
{
	Datum value = (Datum) 0;
	bool null;

	if (rank == spread->read - 2)
		return spread->before;
	if (rank == spread->read - 1)
		return spread->last;
	if (!tuplesort_skiptuples(spread->sort, rank - spread->read, true) ||
	    !pm_tuplesort_getdatum(spread->sort, &value, &null))
		elog(ERROR, "missing value in a sort");
	spread->before = spread->read == rank ? spread->last : 0;
	spread->last = DatumGetInt64(value);
	spread->read = rank + 1;
	return spread->last;
}

/* A percentile, between two values if need be; of those asked for, the lower first. */
static Datum
percentile(Spread *spread, double fraction)
{
	double rank = fraction * (double) (spread->count - 1);
	double whole = floor(rank);
	int64 low = value_at(spread, (int64) whole);
	int64 high = rank > whole ? value_at(spread, (int64) whole + 1) : low;
	Interval *interval = palloc0(sizeof(Interval));

	interval->time = low + (int64) rint((double) (high - low) * (rank - whole));
	return DirectFunctionCall1(interval_justify_hours, IntervalPGetDatum(interval));
}

PG_FUNCTION_INFO_V1(pm_jobs__spread);

/* End of _spread: the median and the 95th percentile; NULL if there was no time. */
Datum
pm_jobs__spread(PG_FUNCTION_ARGS)
{
	Spread *spread = PG_ARGISNULL(0) ? NULL : (Spread *) PG_GETARG_POINTER(0);
	Datum both[2];

	if (spread == NULL || spread->count == 0)
		PG_RETURN_NULL();
	tuplesort_performsort(spread->sort);
	both[0] = percentile(spread, 0.5);
	both[1] = percentile(spread, 0.95);
	PG_RETURN_ARRAYTYPE_P(
	    construct_array(both, 2, INTERVALOID, sizeof(Interval), false, TYPALIGN_DOUBLE));
}
