/*
 * pm_compat.h - the differences between PostgreSQL's versions
 *
 * The only file that tests PG_VERSION_NUM.  Written and tested with 15; the
 * branches for 16 to 18 follow the documentation and are untested.  Include it
 * after postgres.h.
 */
#ifndef PM_COMPAT_H
#define PM_COMPAT_H

#include "nodes/nodes.h"

#if PG_VERSION_NUM < 150000
#error "ProductsManager needs PostgreSQL 15 or later"
#endif

/*
 * Soft errors came with 16: an input function that finds an ErrorSaveContext in
 * fcinfo->context reports there and returns.  Before, every report throws.
 */
#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h" /* untested */
#else
#define errsave(context, ...)        \
	do                               \
	{                                \
		(void) (context);            \
		ereport(ERROR, __VA_ARGS__); \
	} while (0)
#define ereturn(context, dummy_value, ...) \
	do                                     \
	{                                      \
		errsave(context, __VA_ARGS__);     \
		return dummy_value;                \
	} while (0)
#define SOFT_ERROR_OCCURRED(context) ((void) (context), false)
#endif

/* Checks of privileges take the catalog's OID since 16. */
#if PG_VERSION_NUM >= 160000
#define pm_schema_aclcheck(oid, role, mode) \
	object_aclcheck(NamespaceRelationId, oid, role, mode) /* untested */
#define pm_function_aclcheck(oid, role, mode) \
	object_aclcheck(ProcedureRelationId, oid, role, mode) /* untested */
#else
#define pm_schema_aclcheck(oid, role, mode)   pg_namespace_aclcheck(oid, role, mode)
#define pm_function_aclcheck(oid, role, mode) pg_proc_aclcheck(oid, role, mode)
#endif

#endif /* PM_COMPAT_H */
