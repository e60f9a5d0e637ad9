/*
 * enqueue.c - enqueue() and its kin, as fast as an INSERT
 *
 * The usual job takes no SQL: its queue, the grant and its kind are looked up
 * through the indexes and the row is inserted by job_insert.c, all by the rules of
 * pm_jobs._enqueue: first the lock on _job, which drop_queue() waits for, then the
 * snapshot.  Nothing of a table's contents is remembered.
 *
 * Whatever is unusual (a dedup key, a transaction that reads by its first
 * snapshot, a table that is not as the script made it) or wrong goes the long way,
 * by the inner function, which knows what to say.
 */
#include "pm_jobs_enqueue.h"
#include "pm_jobs_shared.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "parser/parse_func.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

/* A session looks for the next partition after so many ids. */
#define PARTITION_CHECK 1000

/* Columns of pm_jobs._queues, _queue_grants. */
enum
{
	QUEUE_MAX_ATTEMPTS = 3,
	QUEUE_ORDERED = 10,
	QUEUE_OWNER = 13,
	QUEUE_COLUMNS = 14,
	GRANT_ROLE = 2
};

/* What enqueuing must know of a queue. */
typedef struct QueueRules
{
	Oid owner;
	int32 max_attempts;
	bool ordered;
} QueueRules;

/* A search for the rows of a table whose primary key begins with a text. */
typedef struct Search
{
	Relation table;
	Relation index;
	IndexScanDesc scan;
	TupleTableSlot *slot;
} Search;

/* Begins a search; the locks stay until the end of the transaction, as a plan's do. */
static void
begin_search(Search *search, Oid table, Datum key, Snapshot snapshot)
{
	ScanKeyData keys[1];

	search->table = table_open(table, AccessShareLock);
	search->index = index_open(pm_primary_key(search->table), AccessShareLock);
	search->slot = table_slot_create(search->table, NULL);
	ScanKeyEntryInitialize(&keys[0], 0, 1, BTEqualStrategyNumber, InvalidOid,
	                       search->index->rd_indcollation[0], F_TEXTEQ, key);
	search->scan = index_beginscan(search->table, search->index, snapshot, 1, 0);
	index_rescan(search->scan, keys, 1, NULL, 0);
}

/* Goes to the next row; false if there is none. */
static bool
next_found(Search *search)
{
	return index_getnext_slot(search->scan, ForwardScanDirection, search->slot);
}

static void
end_search(Search *search)
{
	index_endscan(search->scan);
	ExecDropSingleTupleTableSlot(search->slot);
	index_close(search->index, NoLock);
	table_close(search->table, NoLock);
}

/* Reads what a queue says; false if there is no such queue. */
static bool
find_queue(const EnqueueNames *names, Datum name, Snapshot snapshot, QueueRules *rules)
{
	Search search;
	bool found;

	begin_search(&search, names->queues, name, snapshot);
	if (RelationGetDescr(search.table)->natts != QUEUE_COLUMNS)
		elog(ERROR, "table pm_jobs._queues has %d columns, not %d",
		     RelationGetDescr(search.table)->natts, QUEUE_COLUMNS);
	found = next_found(&search);
	if (found)
	{
		bool null;

		rules->max_attempts =
		    DatumGetInt32(slot_getattr(search.slot, QUEUE_MAX_ATTEMPTS, &null));
		rules->ordered = DatumGetBool(slot_getattr(search.slot, QUEUE_ORDERED, &null));
		rules->owner = DatumGetObjectId(slot_getattr(search.slot, QUEUE_OWNER, &null));
	}
	end_search(&search);
	return found;
}

/* Is a handler registered for the kind? */
static bool
find_kind(const EnqueueNames *names, Datum kind, Snapshot snapshot)
{
	Search search;
	bool found;

	begin_search(&search, names->handlers, kind, snapshot);
	found = next_found(&search);
	end_search(&search);
	return found;
}

/*
 * May the role enqueue in a queue of this owner?  False may also mean that only
 * pm_jobs._may_enqueue() knows.
 */
static bool
may_enqueue(const EnqueueNames *names, Oid role, Datum queue, Oid owner, Snapshot snapshot)
{
	Search search;
	bool may = false;
	Oid admin;

	if (role == owner || has_privs_of_role(role, owner))
		return true;
	begin_search(&search, names->grants, queue, snapshot);
	while (!may && next_found(&search))
	{
		bool null;
		Oid granted = DatumGetObjectId(slot_getattr(search.slot, GRANT_ROLE, &null));

		may = !OidIsValid(granted) || has_privs_of_role(role, granted);
	}
	end_search(&search);
	if (may)
		return true;
	admin = get_role_oid("pm_admin", true);
	return OidIsValid(admin) && has_privs_of_role(role, admin);
}

/* The order of texts by their bytes. */
static int
compare_bytes(const void *a, const void *b)
{
	text *left = *(text *const *) a;
	text *right = *(text *const *) b;
	Size shorter = Min(VARSIZE_ANY_EXHDR(left), VARSIZE_ANY_EXHDR(right));
	int order = memcmp(VARDATA_ANY(left), VARDATA_ANY(right), shorter);

	if (order != 0)
		return order;
	return (VARSIZE_ANY_EXHDR(left) > shorter) - (VARSIZE_ANY_EXHDR(right) > shorter);
}

/*
 * Locks each of the keys in an ordered queue, in the order of their bytes: two that
 * enqueue the same keys cannot wait for each other.
 */
static void
lock_keys(Datum queue, const Datum *keys, int count)
{
	text **sorted = palloc(sizeof(text *) * count);

	for (int i = 0; i < count; i++)
		sorted[i] = DatumGetTextPP(keys[i]);
	qsort(sorted, count, sizeof(text *), compare_bytes);
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (i == 0 || compare_bytes(&sorted[i - 1], &sorted[i]) != 0)
			(void) DirectFunctionCall2(pm_jobs__lock_order, queue,
			                           PointerGetDatum(sorted[i]));
	}
	pfree(sorted);
}

/*
 * Opens _job and completes what new jobs have in common by what their queue says.
 * keys: those of each job by itself, so many, completed as well; NULL: they share one.
 * NULL if they must go the long way; nothing has happened then, but for the lock.
 */
static Relation
enter(NewJobs *common, Datum *keys, int nkeys, const EnqueueNames **names)
{
	Relation jobs = pm_jobs_open_jobs(names);
	Snapshot snapshot;
	QueueRules rules;
	bool entered;

	if (!pm_jobs_can_insert(jobs))
	{
		table_close(jobs, NoLock);
		return NULL;
	}
	/* what this command has done so far counts, as in a statement of its own */
	CommandCounterIncrement();
	snapshot = RegisterSnapshot(GetTransactionSnapshot());
	entered = find_queue(*names, common->queue, snapshot, &rules) &&
	          may_enqueue(*names, common->role, common->queue, rules.owner, snapshot) &&
	          find_kind(*names, common->kind, snapshot);
	UnregisterSnapshot(snapshot);
	if (!entered)
	{
		table_close(jobs, NoLock);
		return NULL;
	}
	if (common->max_attempts == 0)
		common->max_attempts = rules.max_attempts;
	common->limit_keys = keys;
	if (rules.ordered && keys != NULL)
	{
		for (int i = 0; i < nkeys; i++)
			if (keys[i] == (Datum) 0)
				keys[i] = CStringGetTextDatum("");
		lock_keys(common->queue, keys, nkeys);
	}
	else if (rules.ordered)
	{
		if (common->limit_key == (Datum) 0)
			common->limit_key = CStringGetTextDatum("");
		(void) DirectFunctionCall2(pm_jobs__lock_order, common->queue, common->limit_key);
	}
	return jobs;
}

/*
 * Fills in what the arguments say, which stand at these places (queue, kind and
 * payload from the first on; limit_key -1: each job has its own); false if that goes
 * the long way.
 */
static bool
read_arguments(FunctionCallInfo fcinfo, int first, int run_at, int priority, int limit_key,
               int max_attempts, NewJobs *common)
{
	if (PG_ARGISNULL(first) || PG_ARGISNULL(first + 1) || PG_ARGISNULL(first + 2) ||
	    PG_ARGISNULL(priority) ||
	    (!PG_ARGISNULL(max_attempts) && PG_GETARG_INT32(max_attempts) <= 0) ||
	    XactReadOnly || IsolationUsesXactSnapshot() || IsInParallelMode())
		return false;
	common->queue = PointerGetDatum(PG_GETARG_TEXT_PP(first));
	common->kind = PointerGetDatum(PG_GETARG_TEXT_PP(first + 1));
	common->priority = PG_GETARG_INT32(priority);
	common->scheduled =
	    !PG_ARGISNULL(run_at) && PG_GETARG_TIMESTAMPTZ(run_at) > GetCurrentTimestamp();
	common->run_at = common->scheduled ? PG_GETARG_TIMESTAMPTZ(run_at) : 0;
	common->limit_key = limit_key < 0 || PG_ARGISNULL(limit_key)
	                        ? (Datum) 0
	                        : PointerGetDatum(PG_GETARG_TEXT_PP(limit_key));
	common->limit_keys = NULL;
	common->max_attempts = PG_ARGISNULL(max_attempts) ? 0 : PG_GETARG_INT32(max_attempts);
	common->role = GetUserId();
	return true;
}

/*
 * Makes the partitions after an id's if they are missing.  One that is there is
 * not dropped before the ids are past it, so a look now and then is enough; what
 * this session makes and rolls back is missing only until the next look, and who
 * finishes a job makes what is missing.
 */
static void
make_room(Relation jobs, const EnqueueNames *names, int64 id)
{
	static int64 looked_from;
	static int64 looked_to;
	int64 block = id / PARTITION_IDS;
	char name[NAMEDATALEN];

	if (id >= looked_from && id < looked_to)
		return;
	snprintf(name, sizeof(name), "_finished_" INT64_FORMAT, block + 1);
	if (!OidIsValid(get_relname_relid(name, names->schema)))
	{
		List *function = list_make2(makeString("pm_jobs"), makeString("_add_partitions"));
		Oid types[] = {INT8OID};
		Oid user;
		int context;

		GetUserIdAndSecContext(&user, &context);
		SetUserIdAndSecContext(jobs->rd_rel->relowner,
		                       context | SECURITY_LOCAL_USERID_CHANGE);
		(void) OidFunctionCall1(LookupFuncName(function, 1, types, false),
		                        Int64GetDatum(id));
		SetUserIdAndSecContext(user, context);
	}
	looked_from = id;
	looked_to = Min(id + PARTITION_CHECK, (block + 1) * PARTITION_IDS);
}

/* Tells the workers of new jobs, once they are committed; see report.c. */
static void
report(const NewJobs *common, const int64 *ids, int count)
{
	char *queue;

	if (pm_jobs_shared == NULL)
		return;
	queue = text_to_cstring(DatumGetTextPP(common->queue));
	for (int i = 0; i < count; i++)
		pm_jobs_report_job(queue, common->priority, ids[i],
		                   common->scheduled ? common->run_at : 0,
		                   (common->limit_keys != NULL ? common->limit_keys[i]
		                                               : common->limit_key) != (Datum) 0);
	pfree(queue);
}

/*
 * Enqueues the job that the arguments from the first on describe, to run as the role;
 * the long way if need be.
 */
static Datum
enqueue_one(FunctionCallInfo fcinfo, int first, Oid role)
{
	NewJobs common;
	Jsonb *payload;
	const EnqueueNames *names;
	Relation jobs;
	int64 id;

	if (!PG_ARGISNULL(first + 5) ||
	    !read_arguments(fcinfo, first, first + 3, first + 4, first + 6, first + 7, &common))
		return pm_jobs_as_owner(fcinfo);
	common.role = role;
	payload = PG_GETARG_JSONB_P(first + 2);
	if (!JB_ROOT_IS_OBJECT(payload) || (jobs = enter(&common, NULL, 0, &names)) == NULL)
		return pm_jobs_as_owner(fcinfo);
	id = pm_jobs_insert_one(jobs, &common, JsonbPGetDatum(payload));
	report(&common, &id, 1);
	make_room(jobs, names, id);
	table_close(jobs, NoLock);
	PG_RETURN_INT64(id);
}

PG_FUNCTION_INFO_V1(pm_jobs_enqueue);

/*
 * enqueue(queue, kind, payload, run_at, priority, dedup_key, limit_key,
 * max_attempts, dedup_running): the id of the job.
 */
Datum
pm_jobs_enqueue(PG_FUNCTION_ARGS)
{
	return enqueue_one(fcinfo, 0, GetUserId());
}

PG_FUNCTION_INFO_V1(pm_jobs_enqueue_as);

/*
 * enqueue_as(role, queue, kind, ...): the same for a job that runs as a role that the
 * caller could SET ROLE to.  Who may not goes the long way, which says so.
 */
Datum
pm_jobs_enqueue_as(PG_FUNCTION_ARGS)
{
	Oid role = PG_ARGISNULL(0) ? InvalidOid : PG_GETARG_OID(0);

	if (!SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(role)) ||
	    !is_member_of_role(GetUserId(), role))
		return pm_jobs_as_owner(fcinfo);
	return enqueue_one(fcinfo, 1, role);
}

/* The payloads of a list; NULL if one of them cannot be a payload. */
static Datum *
read_payloads(ArrayType *list, int *count)
{
	Datum *payloads;
	bool *nulls;

	deconstruct_array(list, JSONBOID, -1, false, TYPALIGN_INT, &payloads, &nulls, count);
	for (int i = 0; i < *count; i++)
	{
		if (nulls[i])
			return NULL;
		payloads[i] = JsonbPGetDatum(DatumGetJsonbP(payloads[i]));
		if (!JB_ROOT_IS_OBJECT(DatumGetJsonbP(payloads[i])))
			return NULL;
	}
	return payloads;
}

/* Puts ids into the set that the caller returns. */
static void
return_ids(FunctionCallInfo fcinfo, const int64 *ids, int count)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	for (int i = 0; i < count; i++)
	{
		Datum value = Int64GetDatum(ids[i]);
		bool null = false;

		tuplestore_putvalues(result->setResult, result->setDesc, &value, &null);
	}
}

/*
 * Enqueues a job for each payload, with these keys or (NULL) one for all, and returns
 * the ids; the long way if need be.
 */
static Datum
enqueue_several(FunctionCallInfo fcinfo, NewJobs *common, const Datum *payloads,
                Datum *keys, int count)
{
	const EnqueueNames *names;
	Relation jobs = enter(common, keys, count, &names);
	int64 *ids;

	if (jobs == NULL)
		return pm_jobs_as_owner(fcinfo);
	ids = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int64) * Max(count, 1));
	pm_jobs_insert_many(jobs, common, payloads, count, ids);
	report(common, ids, count);
	return_ids(fcinfo, ids, count);
	if (count > 0)
		make_room(jobs, names, ids[count - 1]);
	table_close(jobs, NoLock);
	PG_RETURN_NULL();
}

PG_FUNCTION_INFO_V1(pm_jobs_enqueue_many);

/*
 * enqueue_many(queue, kind, payloads, run_at, priority, limit_key, max_attempts):
 * the ids in the order of the payloads.
 */
Datum
pm_jobs_enqueue_many(PG_FUNCTION_ARGS)
{
	NewJobs common;
	Datum *payloads;
	int count;

	if (!read_arguments(fcinfo, 0, 3, 4, 5, 6, &common) ||
	    (payloads = read_payloads(PG_GETARG_ARRAYTYPE_P(2), &count)) == NULL)
		return pm_jobs_as_owner(fcinfo);
	return enqueue_several(fcinfo, &common, payloads, NULL, count);
}

PG_FUNCTION_INFO_V1(pm_jobs_enqueue_keyed);

/*
 * enqueue_keyed(queue, kind, payloads, limit_keys, run_at, priority, max_attempts):
 * the same, each job with its own key.
 */
Datum
pm_jobs_enqueue_keyed(PG_FUNCTION_ARGS)
{
	NewJobs common;
	Datum *payloads;
	Datum *keys;
	bool *nulls;
	int count;
	int nkeys;

	if (PG_ARGISNULL(3) || !read_arguments(fcinfo, 0, 4, 5, -1, 6, &common) ||
	    (payloads = read_payloads(PG_GETARG_ARRAYTYPE_P(2), &count)) == NULL)
		return pm_jobs_as_owner(fcinfo);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(3), TEXTOID, -1, false, TYPALIGN_INT, &keys,
	                  &nulls, &nkeys);
	if (nkeys != count)
		return pm_jobs_as_owner(fcinfo);
	for (int i = 0; i < nkeys; i++)
		if (nulls[i])
			keys[i] = (Datum) 0;
	return enqueue_several(fcinfo, &common, payloads, keys, count);
}
