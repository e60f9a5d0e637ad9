/*
 * places.h - what is noted about keys in shared memory of a fixed size
 *
 * A key stands in one of some places of a row, which is chosen by its hash with a seed that
 * nobody knows.  If all of them are taken, the one goes that was used longest ago, but one
 * that stays goes after the others.
 *
 * A spinlock guards a row: between pm_core_place_lock() and pm_core_place_unlock() nothing
 * may be called that waits, allocates or throws.
 */
#ifndef PLACES_H
#define PLACES_H

#include "postgres.h"

#include "fmgr.h"
#include "datatype/timestamp.h"
#include "storage/spin.h"

typedef struct Places Places;

/* What each place begins with; its key comes next. */
typedef struct Place
{
	Oid database; /* InvalidOid: the place is free */
	bool stays;
	TimestampTz last; /* use */
} Place;

/* A row that is locked for a key. */
typedef struct PlaceLock
{
	Places *places;
	const void *key;
	slock_t *mutex;
	Place *place; /* of the key in this database; NULL: it has none */
	Place *next;  /* to be taken, if it has none */
} PlaceLock;

/* Bytes of shared memory for places of this size. */
extern Size pm_core_places_size(Size place_size);

/* Makes the memory, or finds it (EXEC_BACKEND); under AddinShmemInitLock. */
extern Places *pm_core_places_make(const char *name, Size place_size, Size key_size);

/* Does any place stay?  One read of a counter. */
extern bool pm_core_places_any_stays(Places *places);

extern void pm_core_place_lock(Places *places, const void *key, PlaceLock *lock);
extern void pm_core_place_unlock(PlaceLock *lock);

/* Takes a place for the key that has none: all but the key is zero. */
extern Place *pm_core_place_take(PlaceLock *lock);

/* Has a place go after the others; makes it free. */
extern void pm_core_place_keep(PlaceLock *lock, Place *place);
extern void pm_core_place_leave(PlaceLock *lock, Place *place);

/* The values of a place, PLACE_VALUES at most, none of them NULL. */
#define PLACE_VALUES 3
typedef void (*PlaceValues)(const Place *place, Datum *values);

/* Gives a row for each place of this database, for a function that returns a set. */
extern Datum
pm_core_places_list(FunctionCallInfo fcinfo, Places *places, PlaceValues values);

#endif /* PLACES_H */
