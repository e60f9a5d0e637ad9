/*
 * pm_uuid7.h - UUIDs of version 7 (RFC 9562) that grow strictly
 *
 * A generator belongs to one process; the caller keeps it and says which process
 * asks.  A value is
 *
 *   48 bits  Unix time in milliseconds
 *    4 bits  version, 7
 *   12 bits  the part of the millisecond, in 1/4096 (RFC 9562, 6.2, method 3)
 *    2 bits  variant, binary 10
 *   62 bits  random (method 2)
 *
 * If the clock has not moved on since the last value, or has stepped back, the time
 * stays and the 62 bits grow by a random step from 1 to 2^32.  A new time starts with
 * the highest of them clear, which leaves room for 2^29 steps at least; should they be
 * used up, the time goes on by one 4096th of a millisecond.
 */
#ifndef PM_UUID7_H
#define PM_UUID7_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PM_UUID7_SIZE 16
#define PM_UUID7_POOL 2048 /* random bytes fetched at a time */

/* Fills a buffer with random bytes; false: it could not. */
typedef bool (*PmRandomFill)(void *buffer, size_t size);

/* All zero is a valid start. */
typedef struct PmUuid7
{
	int64_t owner; /* the process whose state this is; 0: nobody's */
	uint64_t time; /* of the last value: milliseconds << 12 | 4096ths */
	uint64_t tail; /* its lower 62 bits */
	size_t left;   /* bytes at the end of pool that are not used yet */
	uint8_t pool[PM_UUID7_POOL];
} PmUuid7;

/*
 * Writes the next value.  owner is the process that asks: a state of another one's,
 * inherited by a fork, is given up with its random bytes.  The time is Unix time in
 * nanoseconds.  Random bytes are wiped as they are used.  False, and nothing changed in
 * *uuid, if there are no random bytes.
 */
extern bool pm_uuid7_next(PmUuid7 *state, int64_t owner, uint64_t time_ns,
                          PmRandomFill fill, uint8_t uuid[PM_UUID7_SIZE]);

#endif /* PM_UUID7_H */
