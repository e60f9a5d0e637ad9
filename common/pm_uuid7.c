/*
 * pm_uuid7.c - UUIDs of version 7 that grow strictly; the header says how
 */
#include "pm_uuid7.h"

#include <string.h>

#define NS_PER_MS 1000000
#define TAIL_BITS 62
#define TAIL_MAX  ((UINT64_C(1) << TAIL_BITS) - 1)
#define TAIL_NEW  (TAIL_MAX >> 1) /* highest bit clear */

/*
 * Takes size random bytes out of the pool, at most 8, as a number.  The pool is
 * filled when it lacks them.  False if it could not be.
 */
static bool
take_random(PmUuid7 *state, PmRandomFill fill, size_t size, uint64_t *number)
{
	uint8_t *bytes;

	if (state->left < size)
	{
		if (!fill(state->pool, sizeof(state->pool)))
			return false;
		state->left = sizeof(state->pool);
	}
	bytes = state->pool + sizeof(state->pool) - state->left;
	*number = 0;
	memcpy(number, bytes, size);
	/* what was given out cannot be found in memory afterwards */
	memset(bytes, 0, size);
	state->left -= size;
	return true;
}

/* Writes the upper size bytes of a number's lower size * 8 bits, highest first. */
static void
put_bytes(uint8_t *out, uint64_t number, int size)
{
	for (int i = size - 1; i >= 0; i--, number >>= 8)
		out[i] = (uint8_t) number;
}

bool
pm_uuid7_next(PmUuid7 *state, int64_t owner, uint64_t time_ns, PmRandomFill fill,
              uint8_t uuid[PM_UUID7_SIZE])
{
	uint64_t time = (time_ns / NS_PER_MS) << 12 | (time_ns % NS_PER_MS) * 4096 / NS_PER_MS;
	uint64_t random;

	if (state->owner != owner)
	{
		memset(state, 0, sizeof(*state));
		state->owner = owner;
	}
	if (time <= state->time)
	{
		if (!take_random(state, fill, 4, &random))
			return false;
		time = state->time;
		if (state->tail < TAIL_MAX - random)
			random += state->tail + 1;
		else
			time++;
	}
	if (time > state->time)
	{
		if (!take_random(state, fill, 8, &random))
			return false;
		random &= TAIL_NEW;
	}
	state->time = time;
	state->tail = random;

	put_bytes(uuid, time >> 12, 6);
	put_bytes(uuid + 6, UINT64_C(7) << 12 | (time & 0xFFF), 2);
	put_bytes(uuid + 8, UINT64_C(2) << TAIL_BITS | random, 8);
	return true;
}
