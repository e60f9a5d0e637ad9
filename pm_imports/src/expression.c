/*
 * expression.c - expressions of SQL over a row of targets
 *
 * An expression comes from a config, which one role writes and another one runs.  So it
 * may use what cannot harm: columns of pm_imports.target_row, and immutable functions
 * that a superuser, or who owns this extension, made.  A function is marked immutable by
 * its owner, who might as well lie.  The owner is asked before anything is evaluated,
 * which simplifying an expression does.
 *
 * Names are looked up in pg_catalog and pm_gtin, whoever runs it.
 */
#include "pm_imports_module.h"

#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_relation.h"
#include "parser/parser.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/rel.h"
#include "utils/syscache.h"

PG_FUNCTION_INFO_V1(pm_imports__check_expression);

/* The owner of the extension's schema. */
static Oid
our_owner(void)
{
	HeapTuple tuple = SearchSysCache1(
	    NAMESPACEOID, ObjectIdGetDatum(get_namespace_oid("pm_imports", false)));
	Oid owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for schema pm_imports");
	owner = ((Form_pg_namespace) GETSTRUCT(tuple))->nspowner;
	ReleaseSysCache(tuple);
	return owner;
}

/* Throws unless the owner of what an expression uses is trusted. */
static void
check_owner(Oid owner, const char *what)
{
	if (!superuser_arg(owner) && owner != our_owner())
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
		                errmsg("%s is owned by role \"%s\", who is no superuser", what,
		                       GetUserNameFromId(owner, false)),
		                errhint("Others run this expression: use what a superuser made.")));
}

/* Checks one function that an expression calls; for check_functions_in_node(). */
static bool
check_function(Oid function, void *context)
{
	HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Oid owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	owner = ((Form_pg_proc) GETSTRUCT(tuple))->proowner;
	ReleaseSysCache(tuple);
	check_owner(owner, psprintf("function %s", format_procedure(function)));
	return false;
}

/* Checks a node and those below it; throws. */
static bool
check_node(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Var) && ((Var *) node)->varattno <= 0)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		                errmsg("the whole row cannot be used in an expression"),
		                errhint("Name its columns.")));
	if (IsA(node, CoerceToDomain))
	{
		Oid type = ((CoerceToDomain *) node)->resulttype;
		HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
		Oid owner;

		if (!HeapTupleIsValid(tuple))
			elog(ERROR, "cache lookup failed for type %u", type);
		owner = ((Form_pg_type) GETSTRUCT(tuple))->typowner;
		ReleaseSysCache(tuple);
		check_owner(owner, psprintf("type %s", format_type_be(type)));
	}
	check_functions_in_node(node, check_function, context);
	return expression_tree_walker(node, check_node, context);
}

/* The one expression in the text, as the grammar has it; throws. */
static Node *
parse(const char *text)
{
	List *statements = raw_parser(text, RAW_PARSE_PLPGSQL_EXPR);
	SelectStmt *s = castNode(SelectStmt, linitial_node(RawStmt, statements)->stmt);
	ResTarget *target = s->targetList ? linitial_node(ResTarget, s->targetList) : NULL;

	if (list_length(s->targetList) != 1 || target->name || target->indirection ||
	    s->distinctClause || s->intoClause || s->fromClause || s->whereClause ||
	    s->groupClause || s->havingClause || s->windowClause || s->valuesLists ||
	    s->sortClause || s->limitOffset || s->limitCount || s->lockingClause ||
	    s->withClause || s->op != SETOP_NONE ||
	    (IsA(target->val, ColumnRef) &&
	     IsA(llast(castNode(ColumnRef, target->val)->fields), A_Star)))
		ereport(ERROR,
		        (errcode(ERRCODE_SYNTAX_ERROR), errmsg("it is not one plain expression")));
	return target->val;
}

/* See pm_imports_module.h. */
Expr *
pm_imports_expression(const char *text, Oid type)
{
	int nest_level = NewGUCNestLevel();
	Oid row_type;
	Relation row;
	ParseState *pstate;
	ParseNamespaceItem *item;
	Node *node;
	Oid from;
	Expr *expr;

	(void) set_config_option("search_path", "pg_catalog, pm_gtin, pg_temp", PGC_USERSET,
	                         PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	row_type = get_relname_relid("target_row", get_namespace_oid("pm_imports", false));
	if (!OidIsValid(row_type))
		elog(ERROR, "type pm_imports.target_row does not exist");
	row = relation_open(row_type, AccessShareLock);

	pstate = make_parsestate(NULL);
	pstate->p_sourcetext = text;
	item = addRangeTableEntryForRelation(pstate, row, AccessShareLock, NULL, false, false);
	addNSItemToQuery(pstate, item, false, true, true);
	node = transformExpr(pstate, parse(text), EXPR_KIND_GENERATED_COLUMN);
	from = exprType(node);
	node = coerce_to_target_type(pstate, node, from, type, -1, COERCION_ASSIGNMENT,
	                             COERCE_IMPLICIT_CAST, -1);
	if (node == NULL)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
		                errmsg("it is of type %s, and %s is needed", format_type_be(from),
		                       format_type_be(type))));
	assign_expr_collations(pstate, node);
	(void) check_node(node, NULL);
	expr = expression_planner((Expr *) node);
	if (contain_mutable_functions((Node *) expr))
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
		         errmsg("it uses functions that are not immutable"),
		         errhint("The same row must always give the same value, whenever and "
		                 "for whomever it is read.")));
	free_parsestate(pstate);
	relation_close(row, NoLock);
	AtEOXact_GUC(true, nest_level);
	return expr;
}

/* _check_expression(expression text, type regtype) returns void: throws what is wrong. */
Datum
pm_imports__check_expression(PG_FUNCTION_ARGS)
{
	(void) pm_imports_expression(text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_GETARG_OID(1));
	PG_RETURN_VOID();
}
