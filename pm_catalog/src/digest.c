/*
 * digest.c - the digest of a row that a supplier sends
 *
 * 128 bits of XXH3 over the row's values, each with its length, so that no value can
 * pass for a part of its neighbour.  Values are hashed in the form that PostgreSQL
 * stores, packed: a row has another digest on a machine of another byte order, where
 * it is merged once more.  A digest is no secret and no defence: whoever can make
 * two rows that collide makes a row of his own go unnoticed.
 *
 * One offer has digests of several files, as long as none of them has written what another
 * one says: of which areas of the catalog a row says something stands in its digest.
 */
#include "pm_catalog_module.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/uuid.h"

#include "pm_row_digest.h"

#define OTHERS_MAX 4 /* digests of an offer beside the latest one */

/* How the arguments are stored; kept between the calls of one statement. */
typedef struct Digester
{
	StringInfoData bytes;
	struct
	{
		int16 length;
		bool by_value;
	} types[FUNC_MAX_ARGS];
} Digester;

/* Makes it, in the memory that lasts as long as the statement. */
static Digester *
make_digester(FunctionCallInfo fcinfo)
{
	MemoryContext old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	Digester *digester = palloc(sizeof(Digester));

	for (int i = 0; i < PG_NARGS(); i++)
		get_typlenbyval(get_fn_expr_argtype(fcinfo->flinfo, i), &digester->types[i].length,
		                &digester->types[i].by_value);
	initStringInfo(&digester->bytes);
	MemoryContextSwitchTo(old);
	return fcinfo->flinfo->fn_extra = digester;
}

/* Appends a value: its length, then its bytes; -1 for NULL. */
static void
append_value(StringInfo bytes, Datum value, int16 length, bool by_value)
{
	struct varlena *packed = NULL;
	const void *start = &value;
	int32 size = sizeof(Datum);

	if (length == -1)
	{
		packed = PG_DETOAST_DATUM_PACKED(value);
		start = VARDATA_ANY(packed);
		size = VARSIZE_ANY_EXHDR(packed);
	}
	else if (!by_value)
	{
		start = DatumGetPointer(value);
		size = length > 0 ? length : (int32) strlen(start);
	}
	appendBinaryStringInfo(bytes, (const char *) &size, sizeof(size));
	appendBinaryStringInfo(bytes, start, size);
	if (packed != NULL && (Pointer) packed != DatumGetPointer(value))
		pfree(packed);
}

PG_FUNCTION_INFO_V1(pm_catalog_digest);

/*
 * _digest(shape text, VARIADIC "any"): the digest of the values, and of the shape that
 * says what they are.  Error 54000 for a row of 1 GB, which cannot be.
 */
Datum
pm_catalog_digest(PG_FUNCTION_ARGS)
{
	Digester *digester = fcinfo->flinfo->fn_extra;
	pg_uuid_t *result = palloc(sizeof(pg_uuid_t));
	XXH128_canonical_t canonical;

	if (digester == NULL)
		digester = make_digester(fcinfo);
	resetStringInfo(&digester->bytes);
	for (int i = 0; i < PG_NARGS(); i++)
	{
		const int32 none = -1;

		if (PG_ARGISNULL(i))
			appendBinaryStringInfo(&digester->bytes, (const char *) &none, sizeof(none));
		else
			append_value(&digester->bytes, PG_GETARG_DATUM(i), digester->types[i].length,
			             digester->types[i].by_value);
	}
	XXH128_canonicalFromHash(&canonical,
	                         XXH3_128bits(digester->bytes.data, digester->bytes.len));
	StaticAssertStmt(sizeof(canonical.digest) == UUID_LEN, "a digest fits a uuid");
	memcpy(result->data, canonical.digest, UUID_LEN);
	PG_RETURN_UUID_P(result);
}

/* The areas of a digest, of sixteen bits. */
static inline int32
areas_of(const pg_uuid_t *digest)
{
	uint64 first;

	memcpy(&first, digest->data, sizeof(first));
	return (int32) (pg_ntoh64(first) & PM_ROW_DIGEST_AREAS);
}

PG_FUNCTION_INFO_V1(pm_catalog_digest_of);

/* _digest_of(digest uuid, areas integer): the digest of a row that is of these areas. */
Datum
pm_catalog_digest_of(PG_FUNCTION_ARGS)
{
	pg_uuid_t *result = palloc(sizeof(pg_uuid_t));
	uint64 first;

	memcpy(result, PG_GETARG_UUID_P(0), sizeof(pg_uuid_t));
	memcpy(&first, result->data, sizeof(first));
	first = pg_hton64((pg_ntoh64(first) & ~PM_ROW_DIGEST_AREAS) |
	                  ((uint64) PG_GETARG_INT32(1) & PM_ROW_DIGEST_AREAS));
	memcpy(result->data, &first, sizeof(first));
	PG_RETURN_UUID_P(result);
}

PG_FUNCTION_INFO_V1(pm_catalog_areas_of);

/* _areas_of(digest uuid): the areas that a digest was given. */
Datum
pm_catalog_areas_of(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(areas_of(PG_GETARG_UUID_P(0)));
}

PG_FUNCTION_INFO_V1(pm_catalog_kept_digests);

/*
 * _kept_digests(latest uuid, others uuid[], merged uuid, written integer): those of latest
 * and the others that are of other areas than merged, and whose rows say nothing of those
 * that were written; NULL: none.
 */
Datum
pm_catalog_kept_digests(PG_FUNCTION_ARGS)
{
	Datum kept[OTHERS_MAX];
	int kept_count = 0;
	Datum *others = NULL;
	bool *nulls = NULL;
	int count = 0;

	if (PG_ARGISNULL(3))
		PG_RETURN_NULL();
	if (!PG_ARGISNULL(1))
		deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), UUIDOID, UUID_LEN, false, TYPALIGN_CHAR,
		                  &others, &nulls, &count);
	for (int i = -1; i < count && kept_count < OTHERS_MAX; i++)
	{
		Datum digest = i < 0 ? PG_GETARG_DATUM(0) : others[i];
		const pg_uuid_t *uuid = DatumGetUUIDP(digest);

		if (i < 0 ? PG_ARGISNULL(0) : nulls[i])
			continue;
		if ((areas_of(uuid) & PG_GETARG_INT32(3)) == 0 &&
		    (PG_ARGISNULL(2) || areas_of(uuid) != areas_of(PG_GETARG_UUID_P(2))))
			kept[kept_count++] = digest;
	}
	if (kept_count == 0)
		PG_RETURN_NULL();
	PG_RETURN_ARRAYTYPE_P(
	    construct_array(kept, kept_count, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR));
}
