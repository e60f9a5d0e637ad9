/*
 * statement.c - the statements that find rows and keys again
 *
 * They are the same for a check, which looks at what it found again, and for a repair,
 * which locks it.  Every name in them is qualified.
 */
#include "pm_xref_module.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "parser/parse_coerce.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

/* Appends the equality operator of a type, qualified. */
static void
append_equality(StringInfo sql, Oid type)
{
	TypeCacheEntry *entry = lookup_type_cache(getBaseType(type), TYPECACHE_EQ_OPR_FINFO);

	if (!OidIsValid(entry->eq_opr_finfo.fn_oid))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_FUNCTION),
		                errmsg("type %s has no equality", format_type_be(type))));
	appendStringInfo(sql, " OPERATOR(%s.=) ",
	                 quote_identifier(get_namespace_name(
	                     get_func_namespace(entry->eq_opr_finfo.fn_oid))));
}

/*
 * The type that a child's key is compared in where the parent is: one that has every
 * value of the child's, and with which an index of the parent's serves.
 */
const char *
pm_xref_question_type(const Reference *reference)
{
	if (reference->kind == KEY_INT && reference->parent_kind == KEY_INT)
		return "pg_catalog.int8";
	if (reference->kind == KEY_TEXT && reference->parent_kind == KEY_TEXT)
		return "pg_catalog.text";
	if (reference->kind == KEY_GTIN && reference->parent_kind == KEY_GTIN)
		return "pm_gtin.gtin";
	return reference->type_name;
}

/*
 * The question which of the keys in array $1 are there, to be asked where the parent
 * is, which must have been looked at; the answer is their places in the array.  lock:
 * those that are stay until the asker's transaction ends.  FOR KEY SHARE keeps the key
 * only if a unique index could serve a foreign key; else the row must not change.
 */
char *
pm_xref_key_question(const Reference *reference, bool lock)
{
	char *match = psprintf("%s AS p %s p.%s OPERATOR(%s.=) s.k::%s", reference->parent_name,
	                       lock ? "ON" : "WHERE", reference->parent_column,
	                       reference->operator_schema, pm_xref_question_type(reference));
	char *found = lock ? psprintf("JOIN %s FOR %s OF p", match,
	                              reference->parent_unique ? "KEY SHARE" : "SHARE")
	                   : psprintf("WHERE EXISTS (SELECT FROM %s)", match);

	return psprintf("SELECT s.n FROM pg_catalog.unnest($1::pg_catalog.text[]) "
	                "WITH ORDINALITY AS s(k, n) %s",
	                found);
}

/* Has the text an equivalent in another encoding, for which there is this conversion? */
static bool
has_equivalent(const char *text, Oid conversion, int encoding)
{
	int length = strlen(text);
	Size room = ((Size) length + 1) * MAX_CONVERSION_GROWTH;
	char *converted = palloc(room);
	int done =
	    pg_do_encoding_conversion_buf(conversion, GetDatabaseEncoding(), encoding,
	                                  (unsigned char *) unconstify(char *, text), length,
	                                  (unsigned char *) converted, (int) room, true);

	pfree(converted);
	return done == length;
}

/*
 * The parameter of the question: an array of these keys, which are texts, as text.  A
 * key that cannot be written in the encoding of the parent's database is not there, and
 * must not be sent: it becomes NULL.
 */
char *
pm_xref_key_parameter(const Reference *reference, const Datum *keys, int count)
{
	Oid conversion =
	    reference->parent_encoding == GetDatabaseEncoding()
	        ? InvalidOid
	        : FindDefaultConversionProc(GetDatabaseEncoding(), reference->parent_encoding);
	bool *nulls = palloc0(count * sizeof(bool));
	int lower_bound = 1;
	ArrayType *array;

	if (OidIsValid(conversion))
		for (int i = 0; i < count; i++)
			nulls[i] = !has_equivalent(TextDatumGetCString(keys[i]), conversion,
			                           reference->parent_encoding);
	array = construct_md_array(unconstify(Datum *, keys), nulls, 1, &count, &lower_bound,
	                           TEXTOID, -1, false, TYPALIGN_INT);
	return OidOutputFunctionCall(F_ARRAY_OUT, PointerGetDatum(array));
}

/* Is the type's JSON something else than its text? */
static bool
has_json_of_its_own(Oid type)
{
	Oid function;

	return type_is_array_domain(type) || type_is_rowtype(type) ||
	       (type >= FirstNormalObjectId &&
	        find_coercion_pathway(JSONOID, type, COERCION_EXPLICIT, &function) ==
	            COERCION_PATH_FUNC);
}

/* Appends the condition that row t has the primary key in s.r, as jsonb. */
void
pm_xref_append_primary_key_match(StringInfo sql, const Reference *reference)
{
	const char *separator = "";
	ListCell *cell;

	foreach (cell, reference->primary_key)
	{
		char *name = lfirst(cell);
		Oid type = get_atttype(reference->table, get_attnum(reference->table, name));

		appendStringInfoString(sql, separator);
		separator = " AND ";
		if (has_json_of_its_own(getBaseType(type)))
		{
			appendStringInfo(sql,
			                 "pg_catalog.to_jsonb(t.%s) OPERATOR(pg_catalog.=) "
			                 "(s.r OPERATOR(pg_catalog.->) %s)",
			                 quote_identifier(name), quote_literal_cstr(name));
			continue;
		}
		appendStringInfo(sql, "t.%s", quote_identifier(name));
		append_equality(sql, type);
		appendStringInfo(sql, "(s.r OPERATOR(pg_catalog.->>) %s)::%s",
		                 quote_literal_cstr(name),
		                 format_type_extended(type, -1, FORMAT_TYPE_TYPEMOD_GIVEN));
	}
}

PG_FUNCTION_INFO_V1(pm_xref__row_lock);

/*
 * _row_lock(reference): the statement that finds rows by the names in $1 (jsonb[]) that
 * have the keys in $2 (text[]; NULL: none), and locks them.  Its one row has three
 * arrays: places in $1 and $2, tables (of partitions), ctids.
 */
Datum
pm_xref__row_lock(PG_FUNCTION_ARGS)
{
	Reference *reference = pm_xref_read_reference(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(
	    &sql,
	    "SELECT pg_catalog.array_agg(l.n), pg_catalog.array_agg(l.part), "
	    "pg_catalog.array_agg(l.place) FROM (SELECT s.n, t.tableoid AS part, t.ctid AS "
	    "place FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) WITH "
	    "ORDINALITY AS s(r, k, n) JOIN %s AS t ON (t.%s",
	    reference->table_name, reference->quoted_column);
	append_equality(&sql, reference->type);
	appendStringInfo(&sql, "s.k::%s OR s.k IS NULL AND t.%s IS NULL) AND ",
	                 reference->type_name, reference->quoted_column);
	if (reference->primary_key != NIL)
		pm_xref_append_primary_key_match(&sql, reference);
	else
		appendStringInfo(
		    &sql,
		    "t.ctid OPERATOR(pg_catalog.=) (s.r OPERATOR(pg_catalog.->>) "
		    "'ctid')::pg_catalog.tid AND t.tableoid OPERATOR(pg_catalog.=) "
		    "coalesce(pg_catalog.to_regclass(s.r OPERATOR(pg_catalog.->>) 'table'), "
		    "%s::pg_catalog.regclass)",
		    quote_literal_cstr(reference->table_name));
	appendStringInfoString(&sql, " FOR UPDATE OF t) AS l");
	PG_RETURN_TEXT_P(cstring_to_text_with_len(sql.data, sql.len));
}
