/*
 * kinds.c - how long values of a kind live, remembered by each session
 *
 * The table of lifetimes changes seldom and is asked for each value that is stored.  A
 * trigger of the table sends an invalidation of its relation cache entry, after which
 * nothing is remembered any more.  What was read while one came is not remembered either:
 * it may be what was before.
 */
#include "pm_cache.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#define KINDS_MAX 32

static Kind kinds[KINDS_MAX];
static int nkinds;
/* The table that they come from. */
static Oid table_of_ttls;
static uint64 changes;

/* Callback of the relation cache. */
static void
forget_kinds(Datum arg, Oid relation)
{
	if (OidIsValid(relation) && relation != table_of_ttls)
		return;
	nkinds = 0;
	changes++;
}

/*
 * The lifetime of a kind, and its slot with shared memory; false: there is no such kind.
 */
bool
pm_cache_find_kind(const text *name, Kind *kind)
{
	static bool registered = false;
	int len = VARSIZE_ANY_EXHDR(name);
	Datum ttl;
	uint64 before;

	if (len > KIND_MAX)
		return false;
	if (!registered)
	{
		CacheRegisterRelcacheCallback(forget_kinds, (Datum) 0);
		registered = true;
	}
	for (int i = 0; i < nkinds; i++)
		if (kinds[i].len == len && memcmp(kinds[i].name, VARDATA_ANY(name), len) == 0)
		{
			*kind = kinds[i];
			return true;
		}

	table_of_ttls = get_relname_relid("_ttls", get_namespace_oid("pm_cache", false));
	before = changes;
	PushActiveSnapshot(GetTransactionSnapshot());
	if (!pm_cache_call_as_owner("_ttl", 1,
	                            (CallArgument[]){
	                                {TEXTOID, PointerGetDatum(name)}
    },
	                            &ttl))
	{
		PopActiveSnapshot();
		return false;
	}
	kind->ttl = *DatumGetIntervalP(ttl);
	PopActiveSnapshot();
	kind->len = len;
	memset(kind->name, 0, sizeof(kind->name));
	memcpy(kind->name, VARDATA_ANY(name), len);
	kind->slot = pm_cache_shared != NULL ? pm_cache_slot(kind->name) : 0;
	if (changes == before && !IsolationUsesXactSnapshot())
	{
		if (nkinds == KINDS_MAX)
			nkinds = 0;
		kinds[nkinds++] = *kind;
	}
	return true;
}

PG_FUNCTION_INFO_V1(pm_cache__ttls_changed);

/* Statement trigger of _ttls: at commit, every session forgets what it remembers. */
Datum
pm_cache__ttls_changed(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		elog(ERROR, "pm_cache._ttls_changed is a trigger");
	CacheInvalidateRelcache(((TriggerData *) fcinfo->context)->tg_relation);
	PG_RETURN_POINTER(NULL);
}
