/*
 * definer.c - calls a function of ours with the owner's rights, telling it the caller
 *
 * The functions that change tables must write what their callers may not, and
 * must know which role is calling: jobs run as that role.  SECURITY DEFINER
 * hides it (current_user is then the owner), and a role that is passed as an
 * argument could be forged.  So the public function f(a, b) is this C function:
 * it notes the effective role, switches to the owner of _f(regrole, a, b) in the
 * same schema, which is granted to nobody, and calls that.
 *
 * The user id is switched back on return; on error, the end of the
 * (sub)transaction restores it.  The inner function pins its search_path, and
 * the owner's rights end before anything of the caller's runs.
 */
#include "pm_jobs_module.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

/* What a call site remembers: the inner function and whose rights it has. */
typedef struct Definer
{
	FmgrInfo inner;
	Oid owner;
} Definer;

/*
 * Finds the inner function of the function with this OID.  The result lives in
 * the call site's memory.  Throws if there is none: a fault of the extension's
 * script.
 */
static Definer *
find_inner(FmgrInfo *outer)
{
	Definer *definer = MemoryContextAllocZero(outer->fn_mcxt, sizeof(Definer));
	HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(outer->fn_oid));
	Form_pg_proc form;
	Oid arguments[FUNC_MAX_ARGS];
	Oid inner;
	char *name;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", outer->fn_oid);
	form = (Form_pg_proc) GETSTRUCT(tuple);
	if (form->pronargs >= FUNC_MAX_ARGS)
		elog(ERROR, "too many arguments");
	arguments[0] = REGROLEOID;
	for (int i = 0; i < form->pronargs; i++)
		arguments[i + 1] = form->proargtypes.values[i];
	name = psprintf("_%s", NameStr(form->proname));
	inner = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum(name),
	                        PointerGetDatum(buildoidvector(arguments, form->pronargs + 1)),
	                        ObjectIdGetDatum(form->pronamespace));
	if (!OidIsValid(inner))
		elog(ERROR, "function %s.%s lacks its inner function",
		     get_namespace_name(form->pronamespace), NameStr(form->proname));
	ReleaseSysCache(tuple);

	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(inner));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", inner);
	definer->owner = ((Form_pg_proc) GETSTRUCT(tuple))->proowner;
	ReleaseSysCache(tuple);
	fmgr_info_cxt(inner, &definer->inner, outer->fn_mcxt);
	return definer;
}

PG_FUNCTION_INFO_V1(pm_jobs_as_owner);

/*
 * f(...) calls _f(caller, ...) as the owner of _f.  A set is passed on as the
 * inner function returns it, which must be materialized.
 */
Datum
pm_jobs_as_owner(PG_FUNCTION_ARGS)
{
	Definer *definer = fcinfo->flinfo->fn_extra;
	LOCAL_FCINFO(inner, FUNC_MAX_ARGS);
	Oid caller;
	int context;
	Datum result;

	if (definer == NULL)
		fcinfo->flinfo->fn_extra = definer = find_inner(fcinfo->flinfo);

	GetUserIdAndSecContext(&caller, &context);
	InitFunctionCallInfoData(*inner, &definer->inner, PG_NARGS() + 1, PG_GET_COLLATION(),
	                         fcinfo->context, fcinfo->resultinfo);
	inner->args[0].value = ObjectIdGetDatum(caller);
	inner->args[0].isnull = false;
	for (int i = 0; i < PG_NARGS(); i++)
		inner->args[i + 1] = fcinfo->args[i];

	SetUserIdAndSecContext(definer->owner, context | SECURITY_LOCAL_USERID_CHANGE);
	result = FunctionCallInvoke(inner);
	SetUserIdAndSecContext(caller, context);

	fcinfo->isnull = inner->isnull;
	return result;
}
