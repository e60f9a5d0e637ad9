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
#include "varatt.h"          /* untested: VARDATA_ANY and the like left postgres.h */
#else
#define errsave(context, ...)        \
	do                               \
	{                                \
		(void) (context);            \
		ereport(ERROR, __VA_ARGS__); \
	} while (0)
#endif

/* 18 writes pg_noreturn in front of a declaration and dropped this; untested. */
#ifndef pg_attribute_noreturn
#define pg_attribute_noreturn() __attribute__((noreturn))
#endif

/* Checks of privileges take the catalog's OID since 16. */
#if PG_VERSION_NUM >= 160000
#define pm_schema_aclcheck(oid, role, mode) \
	object_aclcheck(NamespaceRelationId, oid, role, mode) /* untested */
#define pm_function_aclcheck(oid, role, mode) \
	object_aclcheck(ProcedureRelationId, oid, role, mode) /* untested */
#define pm_database_ownercheck(oid, role) \
	object_ownercheck(DatabaseRelationId, oid, role) /* untested */
#define pm_extension_ownercheck(oid, role) \
	object_ownercheck(ExtensionRelationId, oid, role) /* untested */
#define pm_server_aclcheck(oid, role, mode) \
	object_aclcheck(ForeignServerRelationId, oid, role, mode) /* untested */
#else
#define pm_schema_aclcheck(oid, role, mode)   pg_namespace_aclcheck(oid, role, mode)
#define pm_function_aclcheck(oid, role, mode) pg_proc_aclcheck(oid, role, mode)
#define pm_database_ownercheck(oid, role)     pg_database_ownercheck(oid, role)
#define pm_extension_ownercheck(oid, role)    pg_extension_ownercheck(oid, role)
#define pm_server_aclcheck(oid, role, mode)   pg_foreign_server_aclcheck(oid, role, mode)
#endif

/* The index of a table's primary key, which is not deferrable; 18 asks about that. */
#if PG_VERSION_NUM >= 180000
#define pm_primary_key(table) RelationGetPrimaryKeyIndex(table, false) /* untested */
#else
#define pm_primary_key(table) RelationGetPrimaryKeyIndex(table)
#endif

/* The next value of a sort of datums, upwards; since 16 it can be a copy or not. */
#if PG_VERSION_NUM >= 160000
#define pm_tuplesort_getdatum(sort, value, null) \
	tuplesort_getdatum(sort, true, false, value, null, NULL) /* untested */
#else
#define pm_tuplesort_getdatum(sort, value, null) \
	tuplesort_getdatum(sort, true, value, null, NULL)
#endif

/* A set of events to wait for, to be freed by FreeWaitEventSet(); 17 can hang it on an owner. */
#if PG_VERSION_NUM >= 170000
#define pm_create_wait_event_set(n) CreateWaitEventSet(NULL, n) /* untested */
#else
#define pm_create_wait_event_set(n) CreateWaitEventSet(CurrentMemoryContext, n)
#endif

/* All settings there are; *n: how many. */
#if PG_VERSION_NUM >= 160000
#define pm_settings(n) get_guc_variables(n) /* untested */
#else
#define pm_settings(n) (*(n) = GetNumConfigOptions(), get_guc_variables())
#endif

/* Runs a portal to its end as a client's statement; 18 dropped an argument. */
#if PG_VERSION_NUM >= 180000
#define pm_portal_run(portal, dest, completion) \
	PortalRun(portal, FETCH_ALL, true, dest, dest, completion) /* untested */
#else
#define pm_portal_run(portal, dest, completion) \
	PortalRun(portal, FETCH_ALL, true, true, dest, dest, completion)
#endif

/*
 * Makes the only table of an executor's state the one that rows go into; since 16 the
 * permissions, which the caller has checked, stand beside it.  Needs executor.h.
 */
#if PG_VERSION_NUM >= 160000
#define pm_range_table(estate, entry)                                              \
	do                                                                             \
	{                                                                              \
		List *permissions = NIL;                                                   \
		addRTEPermissionInfo(&permissions, entry);                                 \
		ExecInitRangeTable(estate, list_make1(entry), permissions); /* untested */ \
	} while (0)
#else
#define pm_range_table(estate, entry) ExecInitRangeTable(estate, list_make1(entry))
#endif

/* Index entries of a new row; 16 also updates only those of summarizing indexes. */
#if PG_VERSION_NUM >= 160000
#define pm_insert_index_entries(result, slot, estate)                    \
	ExecInsertIndexTuples(result, slot, estate, false, false, NULL, NIL, \
	                      false) /* untested */
#else
#define pm_insert_index_entries(result, slot, estate) \
	ExecInsertIndexTuples(result, slot, estate, false, false, NULL, NIL)
#endif

/* A lexer of JSON text in UTF-8 that looks into strings; 17 takes one to fill.  Needs jsonapi.h. */
#if PG_VERSION_NUM >= 170000
#define pm_json_lexer(text, size) \
	makeJsonLexContextCstringLen(NULL, text, size, PG_UTF8, true) /* untested */
#else
#define pm_json_lexer(text, size) \
	makeJsonLexContextCstringLen(unconstify(char *, text), size, PG_UTF8, true)
#endif

/* The number of this process among all; 17 gave it a name.  Needs proc.h. */
#if PG_VERSION_NUM >= 170000
#define pm_my_number() MyProcNumber /* untested */
#else
#define pm_my_number() MyProc->pgprocno
#endif

/* The first of the snapshots that are in use, NULL if there is none; 18 dropped it. */
#if PG_VERSION_NUM >= 180000
#define pm_oldest_snapshot() \
	(ThereAreNoPriorRegisteredSnapshots() ? GetActiveSnapshot() : NULL) /* untested */
#else
#define pm_oldest_snapshot() GetOldestSnapshot()
#endif

#endif /* PM_COMPAT_H */
