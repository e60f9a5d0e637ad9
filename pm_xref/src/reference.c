/*
 * reference.c - a reference as declared, and the two columns as they are now
 *
 * Nothing about the columns is stored with a reference: both are looked at each time,
 * the parent's with a query that is the same here and on another server.
 */
#include "pm_xref_module.h"

#include "access/relation.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/syscache.h"

/*
 * About how many rows a table or partitioned table has: what the planner would think.
 * $1 is its OID.
 */
#define ESTIMATE                                                                           \
	"(SELECT coalesce(pg_catalog.sum(CASE WHEN r.relpages > 0 "                            \
	"THEN r.reltuples::float8 / r.relpages * (pg_catalog.pg_relation_size(r.oid) / 8192) " \
	"ELSE pg_catalog.pg_relation_size(r.oid) / 64 END), 0) "                               \
	"FROM pg_catalog.pg_class AS r WHERE r.relkind IN ('r', 'm') AND (r.oid = c.oid "      \
	"OR r.oid IN (SELECT t.relid FROM pg_catalog.pg_partition_tree(c.oid) AS t)))"

/* Columns of the answer to parent_query. */
enum
{
	PARENT_NAME,
	PARENT_SCHEMA,
	PARENT_TABLE,
	PARENT_COLUMN,
	PARENT_TYPE,
	PARENT_TYPE_SCHEMA,
	PARENT_TYPE_NAME,
	PARENT_DETERMINISTIC,
	PARENT_OPERATOR_SCHEMA,
	PARENT_ENCODING,
	PARENT_HAS_NOTES,
	PARENT_UNIQUE,
	PARENT_ROWS
};

/*
 * The question about the parent's column, in three parts; the middle one is for those
 * who look closely.  In a session that has just begun it costs more than the rest.
 *
 * The equality of a type that is no built-in one is looked for where the type is, and
 * must have the same owner: nobody else can put one there for us to call.
 */
static const char parent_select[] =
    "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), n.nspname, c.relname, "
    "pg_catalog.quote_ident(a.attname), pg_catalog.format_type(t.oid, -1), "
    "s.nspname, t.typname, coalesce(o.collisdeterministic, true)::int, "
    "CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_operator AS e WHERE e.oprname = '=' AND "
    "e.oprnamespace = t.typnamespace AND e.oprowner = t.typowner AND t.typtype = 'b') "
    "THEN pg_catalog.quote_ident(s.nspname) ELSE 'pg_catalog' END, "
    "pg_catalog.current_setting('server_encoding'), "
    "CASE WHEN "
    "pg_catalog.to_regprocedure('pm_xref._changes_since(text,text,text,text)') "
    "IS NOT NULL THEN (pg_catalog.has_function_privilege("
    "'pm_xref._changes_since(text,text,text,text)', 'EXECUTE') AND "
    "pg_catalog.has_table_privilege('pm_xref._changes', 'SELECT'))::int END";
static const char parent_closely[] =
    ", EXISTS (SELECT FROM pg_catalog.pg_index AS i, pg_catalog.generate_series(0, i.indnkeyatts - 1) AS k "
    "WHERE i.indrelid = c.oid AND i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL "
    "AND i.indkey[k] = a.attnum)::int, " ESTIMATE;
static const char parent_from[] =
    " FROM pg_catalog.pg_class AS c "
    "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
    "LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid "
    "AND a.attname = $2::pg_catalog.text AND a.attnum > 0 AND NOT a.attisdropped "
    /* the type that a domain is based on */
    "LEFT JOIN LATERAL (WITH RECURSIVE b AS ("
    "SELECT d.oid, d.typtype, d.typbasetype FROM pg_catalog.pg_type AS d WHERE d.oid = a.atttypid "
    "UNION ALL SELECT d.oid, d.typtype, d.typbasetype FROM b "
    "JOIN pg_catalog.pg_type AS d ON d.oid = b.typbasetype WHERE b.typtype = 'd') "
    "SELECT b.oid FROM b WHERE b.typtype <> 'd') AS b ON true "
    "LEFT JOIN pg_catalog.pg_type AS t ON t.oid = b.oid "
    "LEFT JOIN pg_catalog.pg_namespace AS s ON s.oid = t.typnamespace "
    "LEFT JOIN pg_catalog.pg_collation AS o ON o.oid = a.attcollation "
    "WHERE c.oid = pg_catalog.to_regclass($1::pg_catalog.text)";

/* The names of the primary key's columns. */
static List *
primary_key_of(Oid table)
{
	Relation relation = relation_open(table, AccessShareLock);
	Oid key = pm_primary_key(relation);
	List *names = NIL;

	if (OidIsValid(key))
	{
		Relation index = relation_open(key, AccessShareLock);

		for (int i = 0; i < index->rd_index->indnkeyatts; i++)
			names = lappend(names,
			                get_attname(table, index->rd_index->indkey.values[i], false));
		relation_close(index, AccessShareLock);
	}
	relation_close(relation, AccessShareLock);
	return names;
}

/* Looks at the child's column and fills in what is known of it. */
static void
look_at_child(Reference *reference)
{
	char *table = get_rel_name(reference->table);
	AttrNumber column;
	int32 typmod;
	Oid collation;

	if (table == NULL)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
		                errmsg("the table of reference \"%s\" does not exist any more",
		                       reference->name),
		                errhint("SELECT pm_xref.drop_reference(%s);",
		                        quote_literal_cstr(reference->name))));
	reference->table_name = quote_qualified_identifier(
	    get_namespace_name(get_rel_namespace(reference->table)), table);
	column = get_attnum(reference->table, reference->column);
	if (column == InvalidAttrNumber)
		ereport(ERROR,
		        (errcode(ERRCODE_UNDEFINED_COLUMN),
		         errmsg("reference \"%s\": column \"%s\" of table %s does not exist",
		                reference->name, reference->column, reference->table_name),
		         errhint("If it was renamed or dropped, drop the reference and add it "
		                 "anew.")));
	reference->quoted_column = pstrdup(quote_identifier(reference->column));
	get_atttypetypmodcoll(reference->table, column, &reference->type, &typmod, &collation);
	reference->type = getBaseType(reference->type);
	/* qualified unless it is a built-in one: the search_path is pinned, there too */
	reference->type_name =
	    format_type_extended(reference->type, -1, FORMAT_TYPE_TYPEMOD_GIVEN);
	reference->deterministic =
	    !OidIsValid(collation) || get_collation_isdeterministic(collation);
	reference->primary_key = primary_key_of(reference->table);
}

/* Sets the kind of the child's keys from its base type. */
static void
set_child_kind(Reference *reference)
{
	HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(reference->type));
	Form_pg_type type;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", reference->type);
	type = (Form_pg_type) GETSTRUCT(tuple);
	reference->kind =
	    pm_xref_key_kind(get_namespace_name(type->typnamespace), NameStr(type->typname));
	ReleaseSysCache(tuple);
}

/*
 * Reads a reference and looks at its child, in the current memory context.  Throws if
 * there is none of this name, or its table or column is gone.
 */
Reference *
pm_xref_read_reference(const char *name)
{
	static const char query[] =
	    "SELECT f.local_table, f.local_column, f.server, f.remote_table, f.remote_column, "
	    "f.child_seen, f.child_shape, f.parent_seen, f.parent_shape, " ESTIMATE " "
	    "FROM pm_xref._references AS f "
	    "LEFT JOIN pg_catalog.pg_class AS c ON c.oid = f.local_table WHERE f.name = $1";
	MemoryContext context = CurrentMemoryContext;
	Reference *reference = palloc0(sizeof(Reference));
	Oid type = TEXTOID;
	Datum argument = CStringGetTextDatum(name);
	TupleDesc desc;
	HeapTuple row;
	bool null;

	reference->name = pstrdup(name);
	SPI_connect();
	if (SPI_execute_with_args(query, 1, &type, &argument, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "unexpected result of \"%s\"", query);
	if (SPI_processed == 0)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
		                errmsg("reference \"%s\" does not exist", name),
		                errhint("View pm_xref.coverage lists references; "
		                        "pm_xref.add_reference() declares one.")));
	MemoryContextSwitchTo(context);
	row = SPI_tuptable->vals[0];
	desc = SPI_tuptable->tupdesc;
	reference->table = DatumGetObjectId(SPI_getbinval(row, desc, 1, &null));
	reference->column = SPI_getvalue(row, desc, 2);
	reference->server = SPI_getvalue(row, desc, 3);
	reference->remote_table = SPI_getvalue(row, desc, 4);
	reference->remote_column = SPI_getvalue(row, desc, 5);
	reference->child.seen = SPI_getvalue(row, desc, 6);
	reference->child.shape = SPI_getvalue(row, desc, 7);
	reference->parent.seen = SPI_getvalue(row, desc, 8);
	reference->parent.shape = SPI_getvalue(row, desc, 9);
	reference->child_rows = DatumGetFloat8(SPI_getbinval(row, desc, 10, &null));
	SPI_finish();
	look_at_child(reference);
	set_child_kind(reference);
	return reference;
}

/* Where the parent is, for messages. */
static char *
parent_place(const Reference *reference)
{
	return reference->server == NULL ? pstrdup("in this database")
	                                 : psprintf("on server \"%s\"", reference->server);
}

/*
 * Asks where the parent is for its column; closely: also whether it is unique, and how
 * many rows there are.  The reference must be connected to it, if that is another
 * server.  Throws if table or column are not there.
 */
void
pm_xref_look_at_parent(Reference *reference, bool closely)
{
	static const Oid types[] = {TEXTOID, TEXTOID};
	const char *params[] = {reference->remote_table, reference->remote_column};
	Answer *answer = pm_xref_ask(
	    reference,
	    psprintf("%s%s%s", parent_select, closely ? parent_closely : "", parent_from), 2,
	    types, params);
	char **row = answer->values;

	if (answer->rows == 0)
		ereport(ERROR,
		        (errcode(ERRCODE_UNDEFINED_TABLE),
		         errmsg("reference \"%s\": table %s does not exist %s", reference->name,
		                reference->remote_table, parent_place(reference)),
		         errhint("It may have been renamed or dropped, or the role may not use "
		                 "its schema; a changed reference is dropped and added anew.")));
	if (row[PARENT_COLUMN] == NULL)
		ereport(ERROR,
		        (errcode(ERRCODE_UNDEFINED_COLUMN),
		         errmsg("reference \"%s\": column \"%s\" of table %s does not exist %s",
		                reference->name, reference->remote_column, reference->remote_table,
		                parent_place(reference)),
		         errhint("If it was renamed or dropped, drop the reference and add it "
		                 "anew.")));
	reference->parent_name = row[PARENT_NAME];
	reference->parent_schema = row[PARENT_SCHEMA];
	reference->parent_table = row[PARENT_TABLE];
	reference->parent_column = row[PARENT_COLUMN];
	reference->parent_type = row[PARENT_TYPE];
	reference->parent_deterministic = row[PARENT_DETERMINISTIC][0] == '1';
	reference->operator_schema = row[PARENT_OPERATOR_SCHEMA];
	reference->parent_encoding = pg_char_to_encoding(row[PARENT_ENCODING]);
	reference->parent_has_notes =
	    row[PARENT_HAS_NOTES] != NULL && row[PARENT_HAS_NOTES][0] == '1';
	reference->parent_kind =
	    pm_xref_key_kind(row[PARENT_TYPE_SCHEMA], row[PARENT_TYPE_NAME]);
	if (closely)
	{
		reference->parent_unique = row[PARENT_UNIQUE][0] == '1';
		reference->parent_rows = strtod(row[PARENT_ROWS], NULL);
	}

	if (reference->kind != reference->parent_kind &&
	    (reference->kind == KEY_UUID || reference->parent_kind == KEY_UUID))
		ereport(ERROR,
		        (errcode(ERRCODE_DATATYPE_MISMATCH),
		         errmsg("reference \"%s\": the types of the two columns do not match",
		                reference->name),
		         errdetail("Column \"%s\" of %s is of type %s; column \"%s\" of %s %s "
		                   "is of type %s.",
		                   reference->column, reference->table_name, reference->type_name,
		                   reference->remote_column, reference->parent_name,
		                   parent_place(reference), reference->parent_type),
		         errhint("Give both columns the same type.")));
}

/*
 * Why engine stream cannot check the reference, whose parent has been looked at; NULL:
 * it can.
 */
const char *
pm_xref_stream_refusal(const Reference *reference)
{
	if (reference->kind == KEY_OTHER || reference->kind != reference->parent_kind)
		return psprintf("The columns are of types %s and %s, whose values do not compare "
		                "by their bytes.",
		                reference->type_name, reference->parent_type);
	if (reference->kind != KEY_TEXT)
		return NULL;
	if (!reference->deterministic || !reference->parent_deterministic)
		return "A collation is nondeterministic: texts that differ can be equal.";
	if (reference->parent_encoding != GetDatabaseEncoding())
		return "The two databases have different encodings.";
	return NULL;
}

/* Adds to an error which reference it is about. */
static void
tell_reference(void *context)
{
	const Reference *reference = context;

	if (reference->server == NULL)
		errcontext("checking reference \"%s\"", reference->name);
	else
		errcontext("checking reference \"%s\" to server \"%s\"", reference->name,
		           reference->server);
}

/*
 * Reads what is declared about a reference, connects to the parent's server, looks at
 * the parent, closely or not, and calls body; disconnects whatever happens.  before,
 * unless NULL, is called while the connection is made.
 */
void
pm_xref_with_parent(const char *name, ReferenceBody before, bool closely,
                    ReferenceBody body, void *context)
{
	Reference *reference = pm_xref_read_reference(name);
	ErrorContextCallback callback = {
	    .callback = tell_reference, .arg = reference, .previous = error_context_stack};

	error_context_stack = &callback;
	PG_TRY();
	{
		if (reference->server != NULL)
			reference->remote = pm_xref_connect_start(
			    psprintf("reference \"%s\"", reference->name), reference->server, false);
		if (before != NULL)
			before(reference, context);
		if (reference->server != NULL)
			pm_xref_connect_finish(reference->remote);
		pm_xref_look_at_parent(reference, closely);
		body(reference, context);
	}
	PG_FINALLY();
	{
		pm_xref_disconnect(reference->remote);
	}
	PG_END_TRY();
	error_context_stack = callback.previous;
}
