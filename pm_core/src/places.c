/*
 * places.c - what is noted about keys in shared memory of a fixed size: see places.h
 */
#include "places.h"

#include "pm_core_module.h"

#include "common/hashfn.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/shmem.h"
#include "storage/spin.h"

#define WAYS 8
#define ROWS 2048

struct Places
{
	uint64 seed;
	Size place_size;
	Size key_size;
	pg_atomic_uint32 staying; /* places */
	char rows[FLEXIBLE_ARRAY_MEMBER];
};

/* Bytes of a row: its lock, then its places. */
static Size
row_size(Size place_size)
{
	return MAXALIGN(sizeof(slock_t)) + WAYS * place_size;
}

static char *
row_at(Places *places, uint64 number)
{
	return (char *) places + MAXALIGN(offsetof(Places, rows)) +
	       number * row_size(places->place_size);
}

static Place *
place_at(const Places *places, char *row, int number)
{
	return (Place *) (row + MAXALIGN(sizeof(slock_t)) + number * places->place_size);
}

static void *
key_of(Place *place)
{
	return place + 1;
}

Size
pm_core_places_size(Size place_size)
{
	return MAXALIGN(offsetof(Places, rows)) + ROWS * row_size(place_size);
}

Places *
pm_core_places_make(const char *name, Size place_size, Size key_size)
{
	bool found;
	Size size = pm_core_places_size(place_size);
	Places *places = ShmemInitStruct(name, size, &found);

	if (found)
		return places;
	memset(places, 0, size);
	places->place_size = place_size;
	places->key_size = key_size;
	pg_atomic_init_u32(&places->staying, 0);
	if (!pg_strong_random(&places->seed, sizeof(places->seed)))
		ereport(FATAL, errcode(ERRCODE_INTERNAL_ERROR),
		        errmsg("could not generate random bytes"));
	for (int i = 0; i < ROWS; i++)
		SpinLockInit((slock_t *) row_at(places, i));
	return places;
}

bool
pm_core_places_any_stays(Places *places)
{
	return pg_atomic_read_u32(&places->staying) > 0;
}

/* Is a place a better one to take than another? */
static bool
goes_before(const Place *place, const Place *other)
{
	if (place->database == InvalidOid || other->database == InvalidOid)
		return other->database != InvalidOid;
	if (place->stays != other->stays)
		return other->stays;
	return place->last < other->last;
}

void
pm_core_place_lock(Places *places, const void *key, PlaceLock *lock)
{
	uint64 hash =
	    hash_bytes_extended(key, (int) places->key_size, places->seed ^ MyDatabaseId);
	char *row = row_at(places, hash % ROWS);

	*lock = (PlaceLock){.places = places, .key = key, .mutex = (slock_t *) row};
	SpinLockAcquire(lock->mutex);
	for (int i = 0; i < WAYS && lock->place == NULL; i++)
	{
		Place *place = place_at(places, row, i);

		if (place->database == MyDatabaseId &&
		    memcmp(key_of(place), key, places->key_size) == 0)
			lock->place = place;
		else if (lock->next == NULL || goes_before(place, lock->next))
			lock->next = place;
	}
}

void
pm_core_place_unlock(PlaceLock *lock)
{
	SpinLockRelease(lock->mutex);
}

Place *
pm_core_place_take(PlaceLock *lock)
{
	pm_core_place_leave(lock, lock->next);
	memset(lock->next, 0, lock->places->place_size);
	lock->next->database = MyDatabaseId;
	memcpy(key_of(lock->next), lock->key, lock->places->key_size);
	return lock->place = lock->next;
}

void
pm_core_place_keep(PlaceLock *lock, Place *place)
{
	if (!place->stays)
		pg_atomic_fetch_add_u32(&lock->places->staying, 1);
	place->stays = true;
}

void
pm_core_place_leave(PlaceLock *lock, Place *place)
{
	if (place->stays)
		pg_atomic_fetch_sub_u32(&lock->places->staying, 1);
	place->stays = false;
	place->database = InvalidOid;
}

Datum
pm_core_places_list(FunctionCallInfo fcinfo, Places *places, PlaceValues values)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	char *copy;

	InitMaterializedSRF(fcinfo, 0);
	if (places == NULL)
		return (Datum) 0;
	copy = palloc(row_size(places->place_size));
	for (int i = 0; i < ROWS; i++)
	{
		char *row = row_at(places, i);

		SpinLockAcquire((slock_t *) row);
		memcpy(copy, row, row_size(places->place_size));
		SpinLockRelease((slock_t *) row);
		for (int j = 0; j < WAYS; j++)
		{
			Place *place = place_at(places, copy, j);
			Datum columns[PLACE_VALUES] = {0};
			bool nulls[PLACE_VALUES] = {false};

			if (place->database != MyDatabaseId)
				continue;
			values(place, columns);
			tuplestore_putvalues(result->setResult, result->setDesc, columns, nulls);
		}
	}
	return (Datum) 0;
}
