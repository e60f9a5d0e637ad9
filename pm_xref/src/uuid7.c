/*
 * uuid7.c - uuid7(): UUIDs that grow with time
 *
 * The work is done by common/pm_uuid7.c.  The generator belongs to this process: it
 * knows the process by its pid and starts anew in a forked one.  Random bytes come in
 * blocks, because a call of the random source costs as much as hundreds of bytes.
 */
#include "pm_xref_module.h"

#include <time.h>

#include "miscadmin.h"
#include "utils/uuid.h"

#include "pm_uuid7.h"

StaticAssertDecl(UUID_LEN == PM_UUID7_SIZE, "a uuid has 16 bytes");

/* The random source of the server. */
static bool
fill_random(void *buffer, size_t size)
{
	return pg_strong_random(buffer, size);
}

PG_FUNCTION_INFO_V1(pm_xref_uuid7);

/* uuid7(): the next one.  Throws only if the server has no random source. */
Datum
pm_xref_uuid7(PG_FUNCTION_ARGS)
{
	static PmUuid7 generator;
	pg_uuid_t *uuid = palloc(sizeof(pg_uuid_t));
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (!pm_uuid7_next(&generator, MyProcPid,
	                   (uint64_t) now.tv_sec * 1000000000 + now.tv_nsec, fill_random,
	                   uuid->data))
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
		                errmsg("could not generate random values")));
	PG_RETURN_UUID_P(uuid);
}
