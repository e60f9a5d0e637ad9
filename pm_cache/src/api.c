/*
 * api.c - the SQL functions: arguments, and which of the two ways
 */
#include "pm_cache.h"

#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "parser/parse_func.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

/* The longest piece of an argument that an error repeats. */
#define SHOWN_MAX 64

/* A text for an error, cut if it is long. */
static char *
shown(const text *value)
{
	const char *bytes = VARDATA_ANY(value);
	int len = VARSIZE_ANY_EXHDR(value);

	return pnstrdup(bytes, pg_mbcliplen(bytes, len, SHOWN_MAX));
}

static void
pg_attribute_noreturn() refuse_null(const char *argument)
{
	ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
	                errmsg("the %s of a cached value cannot be NULL", argument)));
}

/* Makes a key of its text. */
static void
make_key(const text *name, Key *key)
{
	int len = VARSIZE_ANY_EXHDR(name);

	if (len < 1 || len > KEY_MAX)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("invalid cache key \"%s\"", shown(name)),
		                errdetail("It has %d bytes; 1 to %d are possible.", len, KEY_MAX)));
	memcpy(key->bytes, &MyDatabaseId, sizeof(Oid));
	memcpy(key->bytes + sizeof(Oid), VARDATA_ANY(name), len);
	key->len = (uint16) (sizeof(Oid) + len);
	key->hash = pm_cache_shared == NULL
	                ? 0
	                : hash_bytes_extended(key->bytes, key->len, pm_cache_shared->seed);
}

/* Is nothing to be found or stored here and now? */
static bool
is_bypassed(const Key *key)
{
	return !pm_cache_enabled || IsolationIsSerializable() || pm_cache_is_pending(key) ||
	       RecoveryInProgress();
}

/* May the caller store?  Who may not gets no lease: nobody should wait for it. */
static bool
may_store(void)
{
	static const Oid types[] = {TEXTOID, JSONBOID, TEXTOID, INTERVALOID};
	Oid function = LookupFuncName(
	    list_make2(makeString("pm_cache"), makeString("cache_set")), 4, types, true);

	return OidIsValid(function) &&
	       pm_function_aclcheck(function, GetUserId(), ACL_EXECUTE) == ACLCHECK_OK;
}

PG_FUNCTION_INFO_V1(pm_cache_get);

/* cache_get(key): the value, or NULL. */
Datum
pm_cache_get(PG_FUNCTION_ARGS)
{
	Jsonb *value = NULL;
	Key key;

	make_key(PG_GETARG_TEXT_PP(0), &key);
	if (is_bypassed(&key))
	{
		if (pm_cache_shared != NULL)
			pm_cache_count_bypass();
		PG_RETURN_NULL();
	}
	if (pm_cache_shared != NULL)
	{
		if (!pm_cache_look(&key, &value))
			value = pm_cache_miss(&key, may_store());
	}
	else
	{
		value = pm_cache_table_get(&key);
		if (value == NULL && may_store())
			pm_cache_table_miss(&key);
	}
	if (value == NULL)
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(value);
}

/* When a value expires that lives so long from now. */
static TimestampTz
expires_at(const Interval *ttl)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz expires;

	expires = DatumGetTimestampTz(DirectFunctionCall2(
	    timestamptz_pl_interval, TimestampTzGetDatum(now), IntervalPGetDatum(ttl)));
	if (expires <= now)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("invalid lifetime \"%s\"",
		                       DatumGetCString(DirectFunctionCall1(
		                           interval_out, IntervalPGetDatum(ttl)))),
		                errdetail("A cached value must live for some time.")));
	return expires;
}

/* Keeps a value in its lease until the commit. */
static void
wait_for_commit(Lease *lease, const Jsonb *value, uint16 slot, TimestampTz expires)
{
	Jsonb *copy = MemoryContextAlloc(TopTransactionContext, VARSIZE(value));

	memcpy(copy, value, VARSIZE(value));
	lease->value = copy;
	lease->slot = slot;
	lease->expires = expires;
}

PG_FUNCTION_INFO_V1(pm_cache_set);

/* cache_set(key, value, kind, ttl): whether the value is, or at commit will be, stored. */
Datum
pm_cache_set(PG_FUNCTION_ARGS)
{
	Lease *lease;
	Jsonb *value;
	text *name;
	Kind kind;
	TimestampTz expires;
	bool stored;
	Key key;

	if (PG_ARGISNULL(0))
		refuse_null("key");
	if (PG_ARGISNULL(2))
		refuse_null("kind");
	make_key(PG_GETARG_TEXT_PP(0), &key);
	name = PG_GETARG_TEXT_PP(2);
	if (!pm_cache_find_kind(name, &kind))
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("unknown kind of cached values \"%s\"", shown(name)),
		         errhint("pm_cache.set_ttl(kind, ttl) makes one; view pm_cache.kinds "
		                 "shows those there are.")));
	expires = expires_at(PG_ARGISNULL(3) ? &kind.ttl : PG_GETARG_INTERVAL_P(3));
	lease = pm_cache_find_lease(&key);
	value = PG_ARGISNULL(1) ? NULL : PG_GETARG_JSONB_P(1);
	if (lease == NULL || value == NULL || is_bypassed(&key))
	{
		if (lease != NULL)
			pm_cache_end_lease(lease, true);
		PG_RETURN_BOOL(false);
	}
	if (pm_cache_shared != NULL)
	{
		if (pm_cache_has_written())
		{
			wait_for_commit(lease, value, kind.slot, expires);
			PG_RETURN_BOOL(true);
		}
		stored = pm_cache_keep(lease, value, kind.slot, expires);
	}
	else
		stored = pm_cache_table_set(lease, value, name, expires);
	pm_cache_end_lease(lease, false);
	PG_RETURN_BOOL(stored);
}

PG_FUNCTION_INFO_V1(pm_cache_invalidate);

/* cache_invalidate(prefix): at commit, no key that begins so has a value. */
Datum
pm_cache_invalidate(PG_FUNCTION_ARGS)
{
	text *prefix = PG_GETARG_TEXT_PP(0);
	int len = VARSIZE_ANY_EXHDR(prefix);

	PreventCommandDuringRecovery("pm_cache.cache_invalidate()");
	if (len > KEY_MAX)
		PG_RETURN_VOID(); /* no key is so long */
	pm_cache_add_prefix(VARDATA_ANY(prefix), len);
	if (pm_cache_shared == NULL)
		pm_cache_table_invalidate(prefix);
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(pm_cache__is_shared);

/* Are values in shared memory? */
Datum
pm_cache__is_shared(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(pm_cache_shared != NULL);
}

PG_FUNCTION_INFO_V1(pm_cache__counts);

/* What became of the values of this database, by kind; nothing without shared memory. */
Datum
pm_cache__counts(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 1; pm_cache_shared != NULL && i < PM_STORE_TAGS; i++)
	{
		Slot *slot = &pm_cache_shared->slots[i];
		char kind[KIND_MAX + 1];
		PmStoreCount count;
		bool mine;
		Datum values[11];
		bool nulls[11] = {false};

		pm_cache_lock_one();
		mine = slot->database == MyDatabaseId;
		memcpy(kind, slot->kind, sizeof(kind));
		count = pm_cache_store->counts[i];
		pm_cache_unlock_one();
		if (!mine)
			continue;
		nulls[0] = kind[0] == '\0';
		values[0] = CStringGetTextDatum(kind);
		values[1] = Int64GetDatum((int64) count.entries);
		values[2] = Int64GetDatum((int64) count.bytes);
		values[3] = Int64GetDatum((int64) pg_atomic_read_u64(&slot->hits));
		values[4] = Int64GetDatum((int64) pg_atomic_read_u64(&slot->misses));
		values[5] = Int64GetDatum((int64) pg_atomic_read_u64(&slot->waits));
		values[6] = Int64GetDatum((int64) pg_atomic_read_u64(&slot->bypasses));
		values[7] = Int64GetDatum((int64) pg_atomic_read_u64(&slot->stored));
		values[8] = Int64GetDatum((int64) pg_atomic_read_u64(&slot->dropped));
		values[9] = Int64GetDatum((int64) count.evicted);
		values[10] = Int64GetDatum((int64) count.removed);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* Which entry a key is of; the key follows the database's oid. */
typedef struct Place
{
	uint32 hash;
	uint16 len;
	unsigned char bytes[sizeof(Oid) + KEY_MAX];
} Place;

/* The entries of this database that have a value, expired ones too, and their number. */
static Place *
find_places(uint64 *count)
{
	uint64 room = 64;
	Place *places = palloc(room * sizeof(Place));

	*count = 0;
	pm_cache_lock_one();
	for (const PmStoreEntry *entry = pm_store_older(pm_cache_store, NULL); entry != NULL;
	     entry = pm_store_older(pm_cache_store, entry))
	{
		Place *place;

		if (entry->state != ENTRY_READY ||
		    memcmp(entry->key, &MyDatabaseId, sizeof(Oid)) != 0)
			continue;
		if (*count == room)
		{
			room *= 2;
			places = repalloc_huge(places, room * sizeof(Place));
		}
		place = &places[(*count)++];
		place->hash = entry->place;
		place->len = entry->key_len;
		memcpy(place->bytes, entry->key, entry->key_len);
	}
	pm_cache_unlock_one();
	return places;
}

PG_FUNCTION_INFO_V1(pm_cache__values);

/*
 * _values(): keys and values of this database in shared memory.  One value is copied at a
 * time, so that no lock is held for long; what has gone meanwhile is left out.
 */
Datum
pm_cache__values(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	uint64 count = 0;
	Place *places = pm_cache_shared == NULL ? NULL : find_places(&count);

	InitMaterializedSRF(fcinfo, 0);
	for (uint64 i = 0; i < count; i++)
	{
		const Place *place = &places[i];
		const PmStoreEntry *entry;
		Datum values[2];
		bool nulls[2] = {false};
		void *value = NULL;

		CHECK_FOR_INTERRUPTS();
		pm_cache_lock_one();
		entry = pm_store_find(pm_cache_store, place->bytes, place->len, place->hash);
		if (entry != NULL && entry->state == ENTRY_READY)
		{
			value = palloc(entry->value_len);
			pm_store_read(pm_cache_store, entry, value);
		}
		pm_cache_unlock_one();
		if (value == NULL)
			continue;
		values[0] = PointerGetDatum(cstring_to_text_with_len(
		    (const char *) place->bytes + sizeof(Oid), place->len - (int) sizeof(Oid)));
		values[1] = PointerGetDatum(value);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		pfree(value);
	}
	return (Datum) 0;
}
