/*
 * table.c - values in tables, where the library is not preloaded
 *
 * What is done stands in functions of the schema, which are granted to nobody and called
 * here with their owner's rights.  An entry carries the snapshot of the miss that led to
 * it; MVCC decides whether it is still true.
 */
#include "pm_cache.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parse_func.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#define ARGUMENTS_MAX 5

/* Calls a function of our schema as its owner; false: it returned NULL. */
bool
pm_cache_call_as_owner(const char *name, int count, const CallArgument *arguments,
                       Datum *result)
{
	LOCAL_FCINFO(call, ARGUMENTS_MAX);
	Oid types[ARGUMENTS_MAX];
	FmgrInfo function;
	HeapTuple tuple;
	Oid oid, owner, caller;
	int context;

	for (int i = 0; i < count; i++)
		types[i] = arguments[i].type;
	oid = LookupFuncName(list_make2(makeString("pm_cache"), makeString(pstrdup(name))),
	                     count, types, false);
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(oid));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", oid);
	owner = ((Form_pg_proc) GETSTRUCT(tuple))->proowner;
	ReleaseSysCache(tuple);
	fmgr_info(oid, &function);
	InitFunctionCallInfoData(*call, &function, count, InvalidOid, NULL, NULL);
	for (int i = 0; i < count; i++)
	{
		call->args[i].value = arguments[i].value;
		call->args[i].isnull = false;
	}
	GetUserIdAndSecContext(&caller, &context);
	SetUserIdAndSecContext(owner, context | SECURITY_LOCAL_USERID_CHANGE);
	*result = FunctionCallInvoke(call);
	SetUserIdAndSecContext(caller, context);
	return !call->isnull;
}

/* The text of a key, without the database. */
static Datum
text_of(const Key *key)
{
	return PointerGetDatum(cstring_to_text_with_len((const char *) key->bytes + sizeof(Oid),
	                                                key->len - (int) sizeof(Oid)));
}

/* The value of a key as of now, or NULL. */
Jsonb *
pm_cache_table_get(const Key *key)
{
	CallArgument arguments[] = {
	    {TEXTOID, text_of(key)}
    };
	Datum value;
	Jsonb *found = NULL;

	/* what this statement has stored counts, too */
	PushActiveSnapshot(GetTransactionSnapshot());
	if (pm_cache_call_as_owner("_entry", 1, arguments, &value))
		found = DatumGetJsonbP(value);
	PopActiveSnapshot();
	return found;
}

/* Gives a lease: what is read from now on is at least as new as the oldest snapshot. */
void
pm_cache_table_miss(const Key *key)
{
	Snapshot oldest = pm_oldest_snapshot();
	Lease *lease = pm_cache_find_lease(key);
	Datum snapshot;
	MemoryContext previous;

	if (oldest == NULL)
		return;
	if (lease == NULL)
		lease = pm_cache_spare_lease();
	PushActiveSnapshot(oldest);
	snapshot = DirectFunctionCall1(pg_current_snapshot, (Datum) 0);
	PopActiveSnapshot();
	previous = MemoryContextSwitchTo(TopMemoryContext);
	if (lease->snapshot != NULL)
		pfree(lease->snapshot);
	lease->snapshot = PG_DETOAST_DATUM_COPY(snapshot);
	MemoryContextSwitchTo(previous);
	pm_cache_hold(lease, key);
}

/* Stores a value; false if it is too large, or somebody else is storing one. */
bool
pm_cache_table_set(const Lease *lease, Jsonb *value, text *kind, TimestampTz expires)
{
	CallArgument arguments[] = {
	    {TEXTOID,        text_of(&lease->key)            },
	    {JSONBOID,       JsonbPGetDatum(value)           },
	    {TEXTOID,        PointerGetDatum(kind)           },
	    {TIMESTAMPTZOID, TimestampTzGetDatum(expires)    },
	    {PG_SNAPSHOTOID, PointerGetDatum(lease->snapshot)}
    };
	Datum stored;

	if (XactReadOnly || VARSIZE(value) > (Size) pm_cache_max_value * 1024)
		return false;
	return pm_cache_call_as_owner("_store", 5, arguments, &stored) && DatumGetBool(stored);
}

void
pm_cache_table_invalidate(text *prefix)
{
	CallArgument arguments[] = {
	    {TEXTOID, PointerGetDatum(prefix)}
    };
	Datum nothing;

	(void) pm_cache_call_as_owner("_invalidate", 1, arguments, &nothing);
}
