/*
 * digest.c - the digest of a row that a supplier sends
 *
 * 128 bits of XXH3 over the row's values, each with its length, so that no value can
 * pass for a part of its neighbour.  Values are hashed in the form that PostgreSQL
 * stores, packed: a row has another digest on a machine of another byte order, where
 * it is merged once more.  A digest is no secret and no defence: whoever can make
 * two rows that collide makes a row of his own go unnoticed.
 */
#include "pm_catalog_module.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "lib/stringinfo.h"
#include "utils/lsyscache.h"
#include "utils/uuid.h"

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
