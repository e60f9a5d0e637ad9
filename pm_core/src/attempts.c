/*
 * attempts.c - failed logins, counted in shared memory
 *
 * An attempt is counted as failed before the password is looked at, and no longer once it
 * was right: whoever rolls back, cancels, or tries in many sessions at once has been
 * counted.  Failures beyond pm_core.lockout_failures cost a delay, doubled by each further
 * one; attempts during a delay are refused, and not counted, so that a name can be used
 * again however often others try it.  Failures are forgotten a day after the last one.
 *
 * A name stands in a place (places.h) by a digest: _attempt_key().  If there are too many,
 * the oldest goes: who wants a name forgotten has to fail with thousands of others, at a
 * bcrypt each.  Memory is empty after a restart; the job that writes the counts to
 * _login_failures gives them back then.
 */
#include "pm_core_module.h"
#include "places.h"

#include "funcapi.h"
#include "utils/timestamp.h"

#define KEY       32                       /* bytes of a digest */
#define DELAY_MAX (INT64CONST(900) * 1000) /* ms */
#define DOUBLES   20
#define FORGOTTEN USECS_PER_DAY

typedef struct Attempts
{
	Place place; /* last: the last attempt */
	uint8 key[KEY];
	int32 failures; /* in a row; 0: the last attempt was right */
} Attempts;

static Places *attempts = NULL;

/* Bytes of shared memory. */
Size
pm_core_attempts_size(void)
{
	return pm_core_places_size(sizeof(Attempts));
}

/* Makes the memory, or finds it (EXEC_BACKEND). */
void
pm_core_attempts_make(void)
{
	attempts = pm_core_places_make("pm_core attempts", sizeof(Attempts), KEY);
}

/* How long attempts are refused after so many failures, in microseconds. */
static int64
delay_after(int32 failures)
{
	int32 beyond = failures - pm_core_lockout_failures;

	if (beyond <= 0)
		return 0;
	return Min((int64) pm_core_lockout_delay << Min(beyond - 1, DOUBLES), DELAY_MAX) * 1000;
}

/* The digest in an argument. */
static const uint8 *
key_argument(bytea *key)
{
	if (VARSIZE_ANY_EXHDR(key) != KEY)
		elog(ERROR, "a key has %d bytes", KEY);
	return (const uint8 *) VARDATA_ANY(key);
}

/*
 * Counts one more failure, of a name whose last attempt is known, unless a delay lasts.
 * The microseconds that it still lasts, or 0.
 */
static int64
count_one(int32 *failures, TimestampTz *last, TimestampTz now)
{
	int64 rest;

	if (now - *last >= FORGOTTEN)
		*failures = 0;
	rest = Max(*last + delay_after(*failures) - now, 0);
	if (rest == 0)
	{
		*failures = Min(*failures, 1000000) + 1;
		*last = now;
	}
	return rest;
}

PG_FUNCTION_INFO_V1(pm_core_count_attempt);

/*
 * _count_attempt(key, failures, last): seconds to wait, or 0 and the attempt is counted;
 * failures and last are what the table says, for a key that is not in memory.  NULL: there
 * is no shared memory.
 */
Datum
pm_core_count_attempt(PG_FUNCTION_ARGS)
{
	const uint8 *key = key_argument(PG_GETARG_BYTEA_PP(0));
	int32 failures = PG_GETARG_INT32(1);
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz last = Min(PG_GETARG_TIMESTAMPTZ(2), now);
	PlaceLock lock;
	Attempts *found;
	int64 rest;

	if (attempts == NULL)
		PG_RETURN_NULL();
	pm_core_place_lock(attempts, key, &lock);
	found = (Attempts *) lock.place;
	if (found == NULL)
	{
		found = (Attempts *) pm_core_place_take(&lock);
		found->failures = failures;
		found->place.last = last;
	}
	rest = count_one(&found->failures, &found->place.last, now);
	pm_core_place_unlock(&lock);
	PG_RETURN_FLOAT8((float8) rest / USECS_PER_SEC);
}

PG_FUNCTION_INFO_V1(pm_core_next_attempt);

/*
 * _next_attempt(INOUT failures, INOUT last, OUT rest): the same without shared memory,
 * for what the table says
 */
Datum
pm_core_next_attempt(PG_FUNCTION_ARGS)
{
	int32 failures = PG_GETARG_INT32(0);
	TimestampTz last = PG_GETARG_TIMESTAMPTZ(1);
	int64 rest = count_one(&failures, &last, GetCurrentTimestamp());
	TupleDesc row;
	Datum values[3];
	bool nulls[3] = {false};

	if (get_call_result_type(fcinfo, NULL, &row) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = Int32GetDatum(failures);
	values[1] = TimestampTzGetDatum(last);
	values[2] = Float8GetDatum((float8) rest / USECS_PER_SEC);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls)));
}

PG_FUNCTION_INFO_V1(pm_core_forgive);

/* _forgive(key): the password was right; no failure counts any more */
Datum
pm_core_forgive(PG_FUNCTION_ARGS)
{
	const uint8 *key = key_argument(PG_GETARG_BYTEA_PP(0));
	PlaceLock lock;

	if (attempts == NULL)
		PG_RETURN_VOID();
	pm_core_place_lock(attempts, key, &lock);
	if (lock.place != NULL)
		((Attempts *) lock.place)->failures = 0;
	pm_core_place_unlock(&lock);
	PG_RETURN_VOID();
}

/* What is known of a name, for _attempts(). */
static void
attempt_values(const Place *place, Datum *values)
{
	const Attempts *found = (const Attempts *) place;
	bytea *key = palloc(VARHDRSZ + KEY);

	SET_VARSIZE(key, VARHDRSZ + KEY);
	memcpy(VARDATA(key), found->key, KEY);
	values[0] = PointerGetDatum(key);
	values[1] = Int32GetDatum(found->failures);
	values[2] = TimestampTzGetDatum(place->last);
}

PG_FUNCTION_INFO_V1(pm_core_attempts);

/* _attempts(): what this database's part of the memory holds */
Datum
pm_core_attempts(PG_FUNCTION_ARGS)
{
	return pm_core_places_list(fcinfo, attempts, attempt_values);
}
