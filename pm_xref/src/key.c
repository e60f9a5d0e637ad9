/*
 * key.c - which types have keys that compare by their bytes, and batches of keys
 *
 * Two values are the same key exactly if their bytes are.  That holds for uuid, for
 * integers once they are widened, for text of a deterministic collation, and for
 * pm_gtin's types, which are known by name: this extension does not need pm_gtin.
 * It does not hold for numeric (1.0 and 1.00), char(n) or nondeterministic
 * collations; those are KEY_OTHER, or refused by whoever knows the collation.
 */
#include "pm_xref_module.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "port/pg_bswap.h"
#include "utils/memutils.h"
#include "utils/uuid.h"

/* The kind of a base type's keys. */
KeyKind
pm_xref_key_kind(const char *schema, const char *type)
{
	static const struct
	{
		const char *schema;
		const char *type;
		KeyKind kind;
	} kinds[] = {
	    {"pg_catalog", "uuid",      KEY_UUID},
        {"pg_catalog", "int8",      KEY_INT },
	    {"pg_catalog", "int4",      KEY_INT },
        {"pg_catalog", "int2",      KEY_INT },
	    {"pg_catalog", "text",      KEY_TEXT},
        {"pg_catalog", "varchar",   KEY_TEXT},
	    {"pm_gtin",    "gtin",      KEY_GTIN},
        {"pm_gtin",    "gtin8",     KEY_GTIN},
	    {"pm_gtin",    "gtin12",    KEY_GTIN},
        {"pm_gtin",    "gtin13",    KEY_GTIN},
	    {"pm_gtin",    "gtin14",    KEY_GTIN},
        {"pm_gtin",    "gtin_isbn", KEY_GTIN},
	    {"pm_gtin",    "gtin_issn", KEY_GTIN},
        {"pm_gtin",    "gtin_ismn", KEY_GTIN},
	    {"pm_gtin",    "asin",      KEY_ASIN},
	};

	for (int i = 0; i < lengthof(kinds); i++)
		if (strcmp(schema, kinds[i].schema) == 0 && strcmp(type, kinds[i].type) == 0)
			return kinds[i].kind;
	return KEY_OTHER;
}

/* An empty batch in the current memory context. */
KeyBatch *
pm_xref_make_batch(KeyKind kind)
{
	KeyBatch *batch = palloc0(sizeof(KeyBatch));

	batch->kind = kind;
	initStringInfo(&batch->bytes);
	return batch;
}

void
pm_xref_clear_batch(KeyBatch *batch)
{
	batch->count = 0;
	resetStringInfo(&batch->bytes);
}

/* Adds the bytes of a text. */
static void
add_text(KeyBatch *batch, const char *bytes, int length)
{
	batch->word[batch->count][0] = batch->bytes.len;
	batch->word[batch->count][1] = length;
	appendBinaryStringInfo(&batch->bytes, bytes, length);
	batch->count++;
}

/* Adds a value that is not NULL, of the base type; there must be room. */
void
pm_xref_add_datum(KeyBatch *batch, Oid type, Datum value)
{
	uint64 *word = batch->word[batch->count];

	if (batch->kind == KEY_TEXT)
	{
		struct varlena *text = PG_DETOAST_DATUM_PACKED(value);

		add_text(batch, VARDATA_ANY(text), VARSIZE_ANY_EXHDR(text));
		if ((Pointer) text != DatumGetPointer(value))
			pfree(text);
		return;
	}
	if (batch->kind == KEY_UUID)
		memcpy(word, DatumGetUUIDP(value)->data, UUID_LEN);
	else
	{
		word[0] = type == INT2OID   ? (uint64) (int64) DatumGetInt16(value)
		          : type == INT4OID ? (uint64) (int64) DatumGetInt32(value)
		                            : (uint64) DatumGetInt64(value);
		word[1] = 0;
	}
	batch->count++;
}

/*
 * Adds a key as it is in binary COPY; there must be room.  False if its length is not
 * one that the kind has.
 */
bool
pm_xref_add_bytes(KeyBatch *batch, const char *bytes, int length)
{
	uint64 *word = batch->word[batch->count];
	uint16 small;
	uint32 middle;

	if (batch->kind == KEY_TEXT)
	{
		add_text(batch, bytes, length);
		return true;
	}
	if (batch->kind == KEY_UUID)
	{
		if (length != UUID_LEN)
			return false;
		memcpy(word, bytes, UUID_LEN);
		batch->count++;
		return true;
	}
	switch (length)
	{
		case sizeof(int64):
			memcpy(word, bytes, sizeof(int64));
			word[0] = pg_ntoh64(word[0]);
			break;
		case sizeof(int32):
			memcpy(&middle, bytes, sizeof(middle));
			word[0] = (uint64) (int64) (int32) pg_ntoh32(middle);
			break;
		case sizeof(int16):
			memcpy(&small, bytes, sizeof(small));
			word[0] = (uint64) (int64) (int16) pg_ntoh16(small);
			break;
		default:
			return false;
	}
	word[1] = 0;
	batch->count++;
	return true;
}

/* Every bit of the result depends on every bit of the argument (murmurhash3). */
static inline uint64
mix(uint64 hash)
{
	hash ^= hash >> 33;
	hash *= UINT64CONST(0xff51afd7ed558ccd);
	hash ^= hash >> 33;
	hash *= UINT64CONST(0xc4ceb9fe1a85ec53);
	hash ^= hash >> 33;
	return hash;
}

/*
 * Sets the hash of each key.  A seed of this process, made at the first use, keeps
 * hashes from being known in advance: nobody can choose keys that collide.
 */
void
pm_xref_hash_batch(KeyBatch *batch)
{
	static uint64 seed = 0;

	while (unlikely(seed == 0))
		if (!pg_strong_random(&seed, sizeof(seed)))
			ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
			                errmsg("could not generate random values")));
	for (int i = 0; i < batch->count; i++)
	{
		uint64 *word = batch->word[i];

		if (batch->kind == KEY_TEXT)
			batch->hash[i] = hash_bytes_extended(
			    (unsigned char *) batch->bytes.data + word[0], (int) word[1], seed);
		else
			batch->hash[i] = mix(mix(word[0] ^ seed) + word[1]);
	}
}
