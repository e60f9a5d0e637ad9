/*
 * attempts.c - failed logins, counted in shared memory
 *
 * An attempt is counted as failed before the password is looked at, and no longer once it
 * was right: whoever rolls back, cancels, or tries in many sessions at once has been
 * counted.  Failures beyond pm_core.lockout_failures cost a delay, doubled by each further
 * one; attempts during a delay are refused, and not counted, so that a name can be used
 * again however often others try it.  Failures are forgotten a day after the last one.
 *
 * A name (in fact a digest: _attempt_key()) may stand in one of WAYS places, chosen by its
 * hash with a seed that nobody knows.  If all are taken, the oldest goes: who wants a name
 * forgotten has to fail with thousands of others, at a bcrypt each.
 *
 * One spinlock guards a row of places; held for some instructions.  Memory is empty after
 * a restart; the job that writes the counts to _login_failures gives them back then.
 */
#include "pm_core_module.h"

#include "common/hashfn.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/shmem.h"
#include "storage/spin.h"
#include "utils/timestamp.h"

#define KEY       32 /* bytes of a digest */
#define WAYS      8
#define ROWS      2048
#define DELAY_MAX (INT64CONST(900) * 1000) /* ms */
#define DOUBLES   20
#define FORGOTTEN USECS_PER_DAY

typedef struct Attempts
{
	Oid database; /* InvalidOid: the place is free */
	uint8 key[KEY];
	int32 failures;   /* in a row; 0: the last attempt was right */
	TimestampTz last; /* attempt */
} Attempts;

typedef struct Row
{
	slock_t mutex;
	Attempts ways[WAYS];
} Row;

typedef struct Shared
{
	uint64 seed;
	Row rows[ROWS];
} Shared;

static Shared *shared = NULL;

/* Bytes of shared memory. */
Size
pm_core_attempts_size(void)
{
	return sizeof(Shared);
}

/* Makes the memory, or finds it (EXEC_BACKEND). */
void
pm_core_attempts_make(void)
{
	bool found;

	shared = ShmemInitStruct("pm_core attempts", sizeof(Shared), &found);
	if (found)
		return;
	memset(shared, 0, sizeof(Shared));
	shared->seed = pm_core_memory_seed();
	for (int i = 0; i < ROWS; i++)
		SpinLockInit(&shared->rows[i].mutex);
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

/* The place of a key in a row, or NULL; *oldest: one to take instead. */
static Attempts *
find(Row *row, const uint8 *key, Attempts **oldest)
{
	*oldest = &row->ways[0];
	for (int i = 0; i < WAYS; i++)
	{
		Attempts *way = &row->ways[i];

		if (way->database == MyDatabaseId && memcmp(way->key, key, KEY) == 0)
			return way;
		if ((*oldest)->database != InvalidOid &&
		    (way->database == InvalidOid || way->last < (*oldest)->last))
			*oldest = way;
	}
	return NULL;
}

static Row *
row_of(const uint8 *key)
{
	return &shared->rows[hash_bytes_extended(key, KEY, shared->seed ^ MyDatabaseId) % ROWS];
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
	TimestampTz now = GetCurrentTimestamp();
	Attempts *way;
	Attempts *oldest;
	int64 rest;
	Row *row;

	if (shared == NULL)
		PG_RETURN_NULL();
	row = row_of(key);
	SpinLockAcquire(&row->mutex);
	way = find(row, key, &oldest);
	if (way == NULL)
	{
		way = oldest;
		way->database = MyDatabaseId;
		memcpy(way->key, key, KEY);
		way->failures = PG_GETARG_INT32(1);
		way->last = Min(PG_GETARG_TIMESTAMPTZ(2), now);
	}
	rest = count_one(&way->failures, &way->last, now);
	SpinLockRelease(&row->mutex);
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
	Attempts *way;
	Attempts *oldest;
	Row *row;

	if (shared == NULL)
		PG_RETURN_VOID();
	row = row_of(key);
	SpinLockAcquire(&row->mutex);
	way = find(row, key, &oldest);
	if (way != NULL)
		way->failures = 0;
	SpinLockRelease(&row->mutex);
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(pm_core_attempts);

/* _attempts(): what this database's part of the memory holds */
Datum
pm_core_attempts(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; shared != NULL && i < ROWS; i++)
	{
		Row copy;

		SpinLockAcquire(&shared->rows[i].mutex);
		copy = shared->rows[i];
		SpinLockRelease(&shared->rows[i].mutex);
		for (int j = 0; j < WAYS; j++)
		{
			Datum values[3];
			bool nulls[3] = {false};
			bytea *key;

			if (copy.ways[j].database != MyDatabaseId)
				continue;
			key = palloc(VARHDRSZ + KEY);
			SET_VARSIZE(key, VARHDRSZ + KEY);
			memcpy(VARDATA(key), copy.ways[j].key, KEY);
			values[0] = PointerGetDatum(key);
			values[1] = Int32GetDatum(copy.ways[j].failures);
			values[2] = TimestampTzGetDatum(copy.ways[j].last);
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
	}
	return (Datum) 0;
}
