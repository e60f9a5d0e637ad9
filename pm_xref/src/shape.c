/*
 * shape.c - what stands for a column as it is watched
 *
 * As long as the shape stays the same, and only then, everything that happened was
 * noted: it changes with the server's history, the set of tables, their files, the
 * column and the triggers, also when a trigger was disabled for a while.
 *
 * The catalogs are read with the snapshot of the calling statement, which is the one
 * that notes are read with: what has changed since belongs to the next check.  It is no
 * query, because a session that has just begun plans one over these catalogs for longer
 * than all the rest takes.
 */
#include "pm_xref_module.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_control.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "common/controldata_utils.h"
#include "common/md5.h"
#include "miscadmin.h"
#include "parser/parse_func.h"
#include "storage/lwlock.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/* The events after which keys are noted. */
#define NOTED_EVENTS                                                   \
	(TRIGGER_TYPE_INSERT | TRIGGER_TYPE_UPDATE | TRIGGER_TYPE_DELETE | \
	 TRIGGER_TYPE_TRUNCATE)

/* Rows of a catalog that have this OID in the first column of an index. */
typedef struct CatalogRows
{
	Relation catalog;
	SysScanDesc scan;
} CatalogRows;

/* Begins to read them; name: the second column of the index, NULL: whatever it is. */
static void
open_catalog(CatalogRows *rows, Oid catalog, Oid index, AttrNumber column, Oid oid,
             AttrNumber name_column, const char *name)
{
	ScanKeyData keys[2];

	ScanKeyInit(&keys[0], column, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(oid));
	if (name != NULL)
		ScanKeyInit(&keys[1], name_column, BTEqualStrategyNumber, F_NAMEEQ,
		            CStringGetDatum(name));
	rows->catalog = table_open(catalog, AccessShareLock);
	rows->scan = systable_beginscan(rows->catalog, index, true, GetActiveSnapshot(),
	                                name == NULL ? 1 : 2, keys);
}

static void
close_catalog(CatalogRows *rows)
{
	systable_endscan(rows->scan);
	table_close(rows->catalog, AccessShareLock);
}

/* A table with all that inherits from it, partitions too, in order of their OIDs. */
static List *
members_of(Oid watched)
{
	List *members = list_make1_oid(watched);

	for (int i = 0; i < list_length(members); i++)
	{
		CatalogRows rows;
		HeapTuple row;

		CHECK_FOR_INTERRUPTS();
		open_catalog(&rows, InheritsRelationId, InheritsParentIndexId,
		             Anum_pg_inherits_inhparent, list_nth_oid(members, i), 0, NULL);
		while (HeapTupleIsValid(row = systable_getnext(rows.scan)))
			members = list_append_unique_oid(members,
			                                 ((Form_pg_inherits) GETSTRUCT(row))->inhrelid);
		close_catalog(&rows);
	}
	list_sort(members, list_oid_cmp);
	return members;
}

/* Appends a table's file; false: the table is not there. */
static bool
append_file(StringInfo shape, Oid table)
{
	CatalogRows rows;
	HeapTuple row;

	open_catalog(&rows, RelationRelationId, ClassOidIndexId, Anum_pg_class_oid, table, 0,
	             NULL);
	row = systable_getnext(rows.scan);
	if (HeapTupleIsValid(row))
		appendStringInfo(shape, " %u %u", table,
		                 ((Form_pg_class) GETSTRUCT(row))->relfilenode);
	close_catalog(&rows);
	return HeapTupleIsValid(row);
}

/* Appends the column's place and type, nothing if it is not there. */
static void
append_column(StringInfo shape, Oid table, const char *column)
{
	CatalogRows rows;
	HeapTuple row;
	NameData name;

	namestrcpy(&name, column);
	open_catalog(&rows, AttributeRelationId, AttributeRelidNameIndexId,
	             Anum_pg_attribute_attrelid, table, Anum_pg_attribute_attname,
	             NameStr(name));
	row = systable_getnext(rows.scan);
	if (HeapTupleIsValid(row))
		appendStringInfo(shape, " %d %u", ((Form_pg_attribute) GETSTRUCT(row))->attnum,
		                 ((Form_pg_attribute) GETSTRUCT(row))->atttypid);
	close_catalog(&rows);
}

/* Is it a trigger that notes keys of the column, and fires? */
static bool
notes_column(Relation catalog, HeapTuple row, Oid function, const char *column)
{
	Form_pg_trigger trigger = (Form_pg_trigger) GETSTRUCT(row);
	bool null;
	bytea *arguments;

	if (trigger->tgisinternal || trigger->tgfoid != function ||
	    (trigger->tgenabled != TRIGGER_FIRES_ON_ORIGIN &&
	     trigger->tgenabled != TRIGGER_FIRES_ALWAYS))
		return false;
	arguments = DatumGetByteaPP(
	    heap_getattr(row, Anum_pg_trigger_tgargs, RelationGetDescr(catalog), &null));
	return VARSIZE_ANY_EXHDR(arguments) == strlen(column) + 1 &&
	       memcmp(VARDATA_ANY(arguments), column, strlen(column) + 1) == 0;
}

/* Appends a table's triggers that note keys; false: not all events are noted. */
static bool
append_triggers(StringInfo shape, Oid table, Oid function, const char *column)
{
	CatalogRows rows;
	HeapTuple row;
	int events = 0;

	open_catalog(&rows, TriggerRelationId, TriggerRelidNameIndexId, Anum_pg_trigger_tgrelid,
	             table, 0, NULL);
	while (HeapTupleIsValid(row = systable_getnext(rows.scan)))
		if (notes_column(rows.catalog, row, function, column))
		{
			events |= ((Form_pg_trigger) GETSTRUCT(row))->tgtype & NOTED_EVENTS;
			appendStringInfo(shape, " %u %u", ((Form_pg_trigger) GETSTRUCT(row))->oid,
			                 HeapTupleHeaderGetRawXmin(row->t_data));
		}
	close_catalog(&rows);
	return events == NOTED_EVENTS;
}

/* Begins the shape with what stands for the history of this database. */
static void
append_history(StringInfo shape)
{
	ControlFileData *control;
	bool sound;

	LWLockAcquire(ControlFileLock, LW_SHARED);
	control = get_controlfile(DataDir, &sound);
	LWLockRelease(ControlFileLock);
	if (!sound)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_DATA_CORRUPTED),
		     errmsg("calculated CRC checksum does not match value stored in file \"%s\"",
		            "pg_control")));
	appendStringInfo(shape, UINT64_FORMAT " %u %u", control->system_identifier,
	                 control->checkPointCopy.ThisTimeLineID, MyDatabaseId);
	pfree(control);
}

PG_FUNCTION_INFO_V1(pm_xref__watch_shape);

/* _watch_shape(watched, column_name): a digest of the shape; NULL: some of it is not watched. */
Datum
pm_xref__watch_shape(PG_FUNCTION_ARGS)
{
	char *column = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Oid function = LookupFuncName(
	    list_make2(makeString("pm_xref"), makeString("_note_changes")), 0, NULL, false);
	List *members = members_of(PG_GETARG_OID(0));
	StringInfoData shape;
	char digest[MD5_DIGEST_LENGTH * 2 + 1];
	const char *error = NULL;
	int found = 0;
	ListCell *cell;

	initStringInfo(&shape);
	append_history(&shape);
	foreach (cell, members)
	{
		if (!append_file(&shape, lfirst_oid(cell)))
			continue;
		found++;
		append_column(&shape, lfirst_oid(cell), column);
		if (!append_triggers(&shape, lfirst_oid(cell), function, column))
			PG_RETURN_NULL();
	}
	if (found == 0)
		PG_RETURN_NULL();
	if (!pg_md5_hash(shape.data, shape.len, digest, &error))
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
		                errmsg("could not compute %s hash: %s", "MD5", error)));
	PG_RETURN_TEXT_P(cstring_to_text(digest));
}
