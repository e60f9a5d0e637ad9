/*
 * uses.c - uses of refresh tokens, noted in shared memory
 *
 * A refresh token is good once, also for who rolls back: before the answer it is noted
 * here which generation of the session is the next one, or that a token came a second
 * time, which ends the session.  The higher of this generation and the table's counts.  A
 * job writes to _sessions what the table lacks, and forgets what the table has, so that
 * the uses of about a minute are kept.
 *
 * A session may stand in one of WAYS places, chosen by its hash with a seed that nobody
 * knows.  If all are taken, the oldest goes, and one that is ended after the others: who
 * wants a use forgotten has to use tokens of thousands of sessions within that minute, each
 * opened by a login.
 *
 * One spinlock guards a row of places; held for some instructions.  Whether any session
 * at all is ended here is one read of a counter: all that most verifications do.
 */
#include "pm_core_module.h"

#include "common/hashfn.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/shmem.h"
#include "storage/spin.h"
#include "utils/timestamp.h"

#define WAYS 8
#define ROWS 2048

typedef struct Use
{
	Oid database; /* InvalidOid: the place is free */
	pg_uuid_t session;
	int64 generation; /* of the refresh token that is good */
	bool ended;
	TimestampTz last; /* use */
} Use;

typedef struct Row
{
	slock_t mutex;
	Use ways[WAYS];
} Row;

typedef struct Shared
{
	uint64 seed;
	pg_atomic_uint32 nended; /* places of sessions that are ended */
	Row rows[ROWS];
} Shared;

static Shared *shared = NULL;

/* Bytes of shared memory. */
Size
pm_core_uses_size(void)
{
	return sizeof(Shared);
}

/* Makes the memory, or finds it (EXEC_BACKEND). */
void
pm_core_uses_make(void)
{
	bool found;

	shared = ShmemInitStruct("pm_core uses", sizeof(Shared), &found);
	if (found)
		return;
	memset(shared, 0, sizeof(Shared));
	shared->seed = pm_core_memory_seed();
	pg_atomic_init_u32(&shared->nended, 0);
	for (int i = 0; i < ROWS; i++)
		SpinLockInit(&shared->rows[i].mutex);
}

/* Is the place a better one to take than another? */
static bool
goes_before(const Use *way, const Use *other)
{
	if (way->database == InvalidOid || other->database == InvalidOid)
		return other->database != InvalidOid;
	if (way->ended != other->ended)
		return other->ended;
	return way->last < other->last;
}

/* The place of a session in a row, or NULL; *first: one to take instead. */
static Use *
find(Row *row, const pg_uuid_t *session, Use **first)
{
	*first = &row->ways[0];
	for (int i = 0; i < WAYS; i++)
	{
		Use *way = &row->ways[i];

		if (way->database == MyDatabaseId &&
		    memcmp(&way->session, session, sizeof(*session)) == 0)
			return way;
		if (goes_before(way, *first))
			*first = way;
	}
	return NULL;
}

static Row *
row_of(const pg_uuid_t *session)
{
	return &shared->rows[hash_bytes_extended(session->data, UUID_LEN,
	                                         shared->seed ^ MyDatabaseId) %
	                     ROWS];
}

/* Makes a place free. */
static void
leave(Use *way)
{
	if (way->database != InvalidOid && way->ended)
		pg_atomic_fetch_sub_u32(&shared->nended, 1);
	way->database = InvalidOid;
	way->ended = false;
}

/* Did a token of the session come a second time, as far as is known here? */
bool
pm_core_is_ended(const pg_uuid_t *session)
{
	Use *way;
	Use *first;
	Row *row;
	bool ended;

	if (shared == NULL || pg_atomic_read_u32(&shared->nended) == 0)
		return false;
	row = row_of(session);
	SpinLockAcquire(&row->mutex);
	way = find(row, session, &first);
	ended = way != NULL && way->ended;
	SpinLockRelease(&row->mutex);
	return ended;
}

PG_FUNCTION_INFO_V1(pm_core_use_generation);

/*
 * _use_generation(session, known, given): is the generation of a token the one that is
 * good?  Then the next one is from now on; else the session is ended.  known is what the
 * table says, whose row the caller has locked.
 */
Datum
pm_core_use_generation(PG_FUNCTION_ARGS)
{
	const pg_uuid_t *session = PG_GETARG_UUID_P(0);
	int64 known = PG_GETARG_INT64(1);
	int64 given = PG_GETARG_INT64(2);
	TimestampTz now = GetCurrentTimestamp();
	Use *way;
	Use *first;
	Row *row;
	bool good;

	if (shared == NULL)
		PG_RETURN_BOOL(given == known);
	row = row_of(session);
	SpinLockAcquire(&row->mutex);
	way = find(row, session, &first);
	if (way == NULL)
	{
		way = first;
		leave(way);
		way->database = MyDatabaseId;
		way->session = *session;
		way->generation = known;
	}
	way->generation = Max(way->generation, known);
	way->last = now;
	good = !way->ended && way->generation == given;
	if (good)
		way->generation++;
	else if (!way->ended)
	{
		way->ended = true;
		pg_atomic_fetch_add_u32(&shared->nended, 1);
	}
	SpinLockRelease(&row->mutex);
	PG_RETURN_BOOL(good);
}

PG_FUNCTION_INFO_V1(pm_core_forget_use);

/* _forget_use(session, generation, ended): unless there is more to say by now */
Datum
pm_core_forget_use(PG_FUNCTION_ARGS)
{
	const pg_uuid_t *session = PG_GETARG_UUID_P(0);
	int64 generation = PG_GETARG_INT64(1);
	bool ended = PG_GETARG_BOOL(2);
	Use *way;
	Use *first;
	Row *row;

	if (shared == NULL)
		PG_RETURN_VOID();
	row = row_of(session);
	SpinLockAcquire(&row->mutex);
	way = find(row, session, &first);
	if (way != NULL && way->generation == generation && way->ended == ended)
		leave(way);
	SpinLockRelease(&row->mutex);
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(pm_core_uses);

/* _uses(): what this database's part of the memory holds */
Datum
pm_core_uses(PG_FUNCTION_ARGS)
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

			if (copy.ways[j].database != MyDatabaseId)
				continue;
			values[0] = UUIDPGetDatum(&copy.ways[j].session);
			values[1] = Int64GetDatum(copy.ways[j].generation);
			values[2] = BoolGetDatum(copy.ways[j].ended);
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
	}
	return (Datum) 0;
}
