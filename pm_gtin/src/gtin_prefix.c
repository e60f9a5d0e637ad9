/*
 * gtin_prefix.c - gtin ^@ text: which numbers begin with these digits?
 *
 * The comparison is on the 13-digit form of numbers below 10^13, so that a UPC
 * is found by 0 and its own digits; a package (GTIN-14 with indicator 1-9) has
 * no such form and never matches.  In that form text order is number order,
 * and a prefix is a range of numbers.  The planner support function turns the
 * operator into that range, exactly and for btree and BRIN alike, for constants
 * and for prefixes that are known only when the query runs.
 */
#include "pm_gtin_module.h"

#include "access/stratnum.h"
#include "catalog/pg_type_d.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "parser/parse_func.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#define PREFIX_DIGITS 13

/*
 * The numbers low .. high that begin with the prefix; false, with an empty
 * range, if the prefix is not made of at most 13 digits.
 */
static bool
prefix_range(const text *prefix, int64 *low, int64 *high)
{
	const char *str = VARDATA_ANY(prefix);
	size_t len = VARSIZE_ANY_EXHDR(prefix);
	int64 first = 0;
	int64 span = 1;

	*low = 1;
	*high = 0;
	if (len > PREFIX_DIGITS)
		return false;
	for (size_t i = 0; i < PREFIX_DIGITS; i++)
	{
		if (i < len && (str[i] < '0' || str[i] > '9'))
			return false;
		first = first * 10 + (i < len ? str[i] - '0' : 0);
		if (i >= len)
			span *= 10;
	}
	*low = first;
	*high = first + span - 1;
	return true;
}

/* gtin ^@ text */
PG_FUNCTION_INFO_V1(pm_gtin_gtin_starts_with);
Datum
pm_gtin_gtin_starts_with(PG_FUNCTION_ARGS)
{
	int64 gtin = PG_GETARG_GTIN(0);
	int64 low;
	int64 high;

	prefix_range(PG_GETARG_TEXT_PP(1), &low, &high);
	PG_RETURN_BOOL(gtin >= low && gtin <= high);
}

/*
 * _prefix_low(text), _prefix_high(text): the ends of the range, for prefixes
 * that the planner does not know.  They need not be valid GTINs.
 */
PG_FUNCTION_INFO_V1(pm_gtin__prefix_low);
Datum
pm_gtin__prefix_low(PG_FUNCTION_ARGS)
{
	int64 low;
	int64 high;

	prefix_range(PG_GETARG_TEXT_PP(0), &low, &high);
	PG_RETURN_GTIN(low);
}

PG_FUNCTION_INFO_V1(pm_gtin__prefix_high);
Datum
pm_gtin__prefix_high(PG_FUNCTION_ARGS)
{
	int64 low;
	int64 high;

	prefix_range(PG_GETARG_TEXT_PP(0), &low, &high);
	PG_RETURN_GTIN(high);
}

/* A call of one of the two functions above, found beside gtin_starts_with. */
static Expr *
range_end_call(Oid starts_with, const char *name, Expr *prefix, Oid gtin_oid)
{
	char *schema = get_namespace_name(get_func_namespace(starts_with));
	Oid argtype = TEXTOID;
	Oid function;

	function = LookupFuncName(list_make2(makeString(schema), makeString(pstrdup(name))), 1,
	                          &argtype, false);
	return (Expr *) makeFuncExpr(function, gtin_oid, list_make1(prefix), InvalidOid,
	                             exprCollation((Node *) prefix), COERCE_EXPLICIT_CALL);
}

/* A constant of type gtin. */
static Expr *
gtin_const(Oid gtin_oid, int64 value)
{
	return (Expr *) makeConst(gtin_oid, -1, InvalidOid, sizeof(int64), GtinGetDatum(value),
	                          false, true);
}

/*
 * Planner support of gtin_starts_with: rewrites "indexed ^@ prefix" to
 * "indexed >= low AND indexed <= high".  Declines (NULL) whatever it does not
 * know; then the operator is evaluated row by row.
 */
PG_FUNCTION_INFO_V1(pm_gtin__starts_with_support);
Datum
pm_gtin__starts_with_support(PG_FUNCTION_ARGS)
{
	Node *request = (Node *) PG_GETARG_POINTER(0);
	SupportRequestIndexCondition *req;
	List *args;
	Expr *indexed;
	Expr *prefix;
	Expr *low;
	Expr *high;
	Oid gtin_oid;
	Oid at_least;
	Oid at_most;

	if (!IsA(request, SupportRequestIndexCondition))
		PG_RETURN_POINTER(NULL);
	req = (SupportRequestIndexCondition *) request;
	if (is_opclause(req->node))
		args = ((OpExpr *) req->node)->args;
	else if (is_funcclause(req->node))
		args = ((FuncExpr *) req->node)->args;
	else
		PG_RETURN_POINTER(NULL);
	if (list_length(args) != 2 || req->indexarg != 0)
		PG_RETURN_POINTER(NULL);
	indexed = (Expr *) linitial(args);
	prefix = (Expr *) lsecond(args);
	if (!is_pseudo_constant_for_index(req->root, (Node *) prefix, req->index))
		PG_RETURN_POINTER(NULL);

	/* btree and BRIN minmax number their comparisons alike; hash has no such members */
	gtin_oid = exprType((Node *) indexed);
	at_least = get_opfamily_member(req->opfamily, gtin_oid, gtin_oid,
	                               BTGreaterEqualStrategyNumber);
	at_most =
	    get_opfamily_member(req->opfamily, gtin_oid, gtin_oid, BTLessEqualStrategyNumber);
	if (!OidIsValid(at_least) || !OidIsValid(at_most))
		PG_RETURN_POINTER(NULL);

	if (IsA(prefix, Const))
	{
		int64 low_value;
		int64 high_value;

		if (((Const *) prefix)->constisnull)
			PG_RETURN_POINTER(NULL);
		prefix_range(DatumGetTextPP(((Const *) prefix)->constvalue), &low_value,
		             &high_value);
		low = gtin_const(gtin_oid, low_value);
		high = gtin_const(gtin_oid, high_value);
	}
	else
	{
		low = range_end_call(req->funcid, "_prefix_low", prefix, gtin_oid);
		high = range_end_call(req->funcid, "_prefix_high", (Expr *) copyObject(prefix),
		                      gtin_oid);
	}

	req->lossy = false;
	PG_RETURN_POINTER(list_make2(
	    make_opclause(at_least, BOOLOID, false, indexed, low, InvalidOid, InvalidOid),
	    make_opclause(at_most, BOOLOID, false, (Expr *) copyObject(indexed), high,
	                  InvalidOid, InvalidOid)));
}
