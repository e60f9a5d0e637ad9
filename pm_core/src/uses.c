/*
 * uses.c - uses of refresh tokens, noted in shared memory
 *
 * A refresh token is good once, also for who rolls back: before the answer it is noted
 * here which generation of the session is the next one, or that a token came a second
 * time, which ends the session.  The higher of this generation and the table's counts.  A
 * job writes to _sessions what the table lacks, and forgets what the table has, so that
 * the uses of about a minute are kept.
 *
 * If there are too many, the oldest goes, and one that is ended after the others
 * (places.h): who wants a use forgotten has to use tokens of thousands of sessions within
 * that minute, each opened by a login.  Whether any session at all is ended here is one
 * read of a counter: all that most verifications do.
 */
#include "pm_core_module.h"
#include "places.h"

#include "utils/timestamp.h"

/* A session that is ended stays. */
typedef struct Use
{
	Place place;
	pg_uuid_t session;
	int64 generation; /* of the refresh token that is good */
} Use;

static Places *uses = NULL;

/* Bytes of shared memory. */
Size
pm_core_uses_size(void)
{
	return pm_core_places_size(sizeof(Use));
}

/* Makes the memory, or finds it (EXEC_BACKEND). */
void
pm_core_uses_make(void)
{
	uses = pm_core_places_make("pm_core uses", sizeof(Use), sizeof(pg_uuid_t));
}

/* Did a token of the session come a second time, as far as is known here? */
bool
pm_core_is_ended(const pg_uuid_t *session)
{
	PlaceLock lock;
	bool ended;

	if (uses == NULL || !pm_core_places_any_stays(uses))
		return false;
	pm_core_place_lock(uses, session, &lock);
	ended = lock.place != NULL && lock.place->stays;
	pm_core_place_unlock(&lock);
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
	PlaceLock lock;
	Use *use;
	bool good;

	if (uses == NULL)
		PG_RETURN_BOOL(given == known);
	pm_core_place_lock(uses, session, &lock);
	use = (Use *) (lock.place != NULL ? lock.place : pm_core_place_take(&lock));
	use->generation = Max(use->generation, known);
	use->place.last = now;
	good = !use->place.stays && use->generation == given;
	if (good)
		use->generation++;
	else
		pm_core_place_keep(&lock, &use->place);
	pm_core_place_unlock(&lock);
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
	PlaceLock lock;

	if (uses == NULL)
		PG_RETURN_VOID();
	pm_core_place_lock(uses, session, &lock);
	if (lock.place != NULL && ((Use *) lock.place)->generation == generation &&
	    lock.place->stays == ended)
		pm_core_place_leave(&lock, lock.place);
	pm_core_place_unlock(&lock);
	PG_RETURN_VOID();
}

/* What is known of a session, for _uses(). */
static void
use_values(const Place *place, Datum *values)
{
	const Use *use = (const Use *) place;
	pg_uuid_t *session = palloc(sizeof(pg_uuid_t));

	*session = use->session;
	values[0] = UUIDPGetDatum(session);
	values[1] = Int64GetDatum(use->generation);
	values[2] = BoolGetDatum(place->stays);
}

PG_FUNCTION_INFO_V1(pm_core_uses);

/* _uses(): what this database's part of the memory holds */
Datum
pm_core_uses(PG_FUNCTION_ARGS)
{
	return pm_core_places_list(fcinfo, uses, use_values);
}
