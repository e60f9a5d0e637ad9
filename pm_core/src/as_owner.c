/*
 * as_owner.c - runs functions of ours with their owner's rights
 *
 * Users' rows, sessions and keys are for nobody to read; functions that are granted to
 * roles work on them.  The public function f(a, b) is the C function here: it switches to
 * the owner of _f(a, b) in the same schema, which is granted to nobody, and calls that.
 * Who may call f is a matter of grants.
 *
 * Row-level security is forced for the owner too, so the policies ask _is_inside():
 * true while such a call lasts, in this session alone.  No setting, and nothing that a
 * caller's SQL can reach, makes it true: inner functions pin their search_path and run
 * nothing of the caller's.
 *
 * Servers of other databases are reached with the user mappings of pm_worker.  What asks
 * them is f likewise, a C function that calls _f as pm_worker: only for owners to call.
 *
 * The user id and the depth are put back on return; on error, the depth by us, the user id
 * by the end of the (sub)transaction.
 */
#include "pm_core_module.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

static int depth = 0;

/* Is a function of ours running with its owner's rights? */
bool
pm_core_inside(void)
{
	return depth > 0;
}

PG_FUNCTION_INFO_V1(pm_core_is_inside);

/* _is_inside() */
Datum
pm_core_is_inside(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(depth > 0);
}

/* Calls a function with the rights of an owner. */
static Datum
invoke(FunctionCallInfo inner, Oid owner)
{
	Oid caller;
	int context;
	volatile Datum result = (Datum) 0;

	GetUserIdAndSecContext(&caller, &context);
	depth++;
	PG_TRY();
	{
		SetUserIdAndSecContext(owner, context | SECURITY_LOCAL_USERID_CHANGE);
		result = FunctionCallInvoke(inner);
		SetUserIdAndSecContext(caller, context);
	}
	PG_FINALLY();
	{
		depth--;
	}
	PG_END_TRY();
	return result;
}

/*
 * Finds a function in the schema of the function with this OID, and its owner.  Throws if
 * there is none: a fault of the extension's script.
 */
static Oid
find_inner(Oid outer, const char *name, int nargs, const Oid *types, Oid *owner)
{
	Oid schema = get_func_namespace(outer);
	Oid inner = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum(name),
	                            PointerGetDatum(buildoidvector(types, nargs)),
	                            ObjectIdGetDatum(schema));
	HeapTuple tuple;

	if (!OidIsValid(inner))
		elog(ERROR, "function %s is missing", name);
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(inner));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", inner);
	*owner = ((Form_pg_proc) GETSTRUCT(tuple))->proowner;
	ReleaseSysCache(tuple);
	return inner;
}

/*
 * Calls the function of this name and these arguments, none of them NULL, that stands in
 * the schema of the caller's, as its owner.
 */
Datum
pm_core_call_inner(FmgrInfo *caller, const char *name, int nargs, const Oid *types,
                   const Datum *args, bool *isnull)
{
	LOCAL_FCINFO(inner, FUNC_MAX_ARGS);
	FmgrInfo function;
	Oid owner;
	Datum result;

	fmgr_info(find_inner(caller->fn_oid, name, nargs, types, &owner), &function);
	InitFunctionCallInfoData(*inner, &function, nargs, InvalidOid, NULL, NULL);
	for (int i = 0; i < nargs; i++)
	{
		inner->args[i].value = args[i];
		inner->args[i].isnull = false;
	}
	result = invoke(inner, owner);
	*isnull = inner->isnull;
	return result;
}

/* What a call site remembers: the inner function and whose rights it has. */
typedef struct Definer
{
	FmgrInfo inner;
	Oid owner;
} Definer;

/* f(...) calls _f(...) as the owner of _f, or as pm_worker if there is such a role. */
static Datum
call_inner_of(FunctionCallInfo fcinfo, bool as_worker)
{
	Definer *definer = fcinfo->flinfo->fn_extra;
	LOCAL_FCINFO(inner, FUNC_MAX_ARGS);
	Datum result;
	Oid role;

	if (definer == NULL)
	{
		HeapTuple tuple =
		    SearchSysCache1(PROCOID, ObjectIdGetDatum(fcinfo->flinfo->fn_oid));
		Form_pg_proc form;
		Oid oid;

		if (!HeapTupleIsValid(tuple))
			elog(ERROR, "cache lookup failed for function %u", fcinfo->flinfo->fn_oid);
		form = (Form_pg_proc) GETSTRUCT(tuple);
		definer = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(Definer));
		oid = find_inner(form->oid, psprintf("_%s", NameStr(form->proname)), form->pronargs,
		                 form->proargtypes.values, &definer->owner);
		ReleaseSysCache(tuple);
		fmgr_info_cxt(oid, &definer->inner, fcinfo->flinfo->fn_mcxt);
		fcinfo->flinfo->fn_extra = definer;
	}
	InitFunctionCallInfoData(*inner, &definer->inner, PG_NARGS(), PG_GET_COLLATION(),
	                         fcinfo->context, fcinfo->resultinfo);
	for (int i = 0; i < PG_NARGS(); i++)
		inner->args[i] = fcinfo->args[i];
	role = as_worker ? get_role_oid("pm_worker", true) : InvalidOid;
	result = invoke(inner, OidIsValid(role) ? role : definer->owner);
	fcinfo->isnull = inner->isnull;
	return result;
}

PG_FUNCTION_INFO_V1(pm_core_as_owner);

/* f(...) calls _f(...) as the owner of _f. */
Datum
pm_core_as_owner(PG_FUNCTION_ARGS)
{
	return call_inner_of(fcinfo, false);
}

PG_FUNCTION_INFO_V1(pm_core_as_worker);

/* f(...) calls _f(...) as pm_worker; where there is none, as the owner. */
Datum
pm_core_as_worker(PG_FUNCTION_ARGS)
{
	return call_inner_of(fcinfo, true);
}
