/*
 * computed.c - expressions of SQL over a row, run by the server's own engine
 *
 * An expression is compiled once (expression.c says which are allowed) and evaluated over
 * a virtual slot of type pm_imports.target_row, whose columns are received from their
 * binary form; only those that expressions use are.
 *
 * What an expression throws rejects its record, and the next one goes on.  For that it
 * runs in a subtransaction, which is opened by the first record of a batch that needs it,
 * shared by all that follow, and left at the end of the batch; after an error another
 * one is opened.  Expressions change nothing, so there is nothing to undo.
 */
#include "import.h"
#include "pm_imports_module.h"

#include "access/tupdesc.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "nodes/bitmapset.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

/* A compiled expression. */
struct Expression
{
	ExprState *state;
	FmgrInfo send;
	FmgrInfo output;
};

/* What the expressions of a plan share. */
struct Computed
{
	TupleTableSlot *slot;
	ExprContext *context;
	Bitmapset *used; /* columns */
	FmgrInfo receive[COLUMNS_MAX];
	Oid io_param[COLUMNS_MAX];
	StringInfoData bytes;
	int at;       /* the expression that is evaluated */
	bool is_open; /* the subtransaction */
	MemoryContext outer_memory;
	ResourceOwner outer_owner;
};

/* Makes it, in the plan's memory. */
static Computed *
make_computed(ImportPlan *plan)
{
	Computed *computed = palloc0(sizeof(Computed));
	Oid type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("target_row"),
	                           ObjectIdGetDatum(get_namespace_oid("pm_imports", false)));
	TupleDesc desc = lookup_rowtype_tupdesc_copy(type, -1);

	if (desc->natts >= COLUMNS_MAX)
		elog(ERROR, "type pm_imports.target_row has too many columns");
	for (int i = 0; i < desc->natts; i++)
	{
		Oid receive;
		TargetType known;

		if (pm_imports_plan_column(NameStr(TupleDescAttr(desc, i)->attname), &known) !=
		    i + 1)
			elog(ERROR, "column \"%s\" of pm_imports.target_row is not where it should be",
			     NameStr(TupleDescAttr(desc, i)->attname));
		getTypeBinaryInputInfo(TupleDescAttr(desc, i)->atttypid, &receive,
		                       &computed->io_param[i + 1]);
		fmgr_info_cxt(receive, &computed->receive[i + 1], plan->memory);
	}
	computed->slot = MakeSingleTupleTableSlot(desc, &TTSOpsVirtual);
	computed->context = CreateStandaloneExprContext();
	computed->context->ecxt_scantuple = computed->slot;
	initStringInfo(&computed->bytes);
	return computed;
}

/* The type of a column of target_row. */
Oid
pm_imports_computed_type(ImportPlan *plan, int column)
{
	if (plan->computed == NULL)
		plan->computed = make_computed(plan);
	return TupleDescAttr(plan->computed->slot->tts_tupleDescriptor, column - 1)->atttypid;
}

/* Compiles an expression of this type.  Throws what is wrong with it. */
Expression *
pm_imports_computed_compile(ImportPlan *plan, const char *text, Oid type)
{
	Expression *expression = palloc0(sizeof(Expression));
	Expr *expr = pm_imports_expression(text, type);
	Bitmapset *used = NULL;
	Oid function;
	bool is_varlena;
	int column = -1;

	if (plan->computed == NULL)
		plan->computed = make_computed(plan);
	pull_varattnos((Node *) expr, 1, &used);
	while ((column = bms_next_member(used, column)) >= 0)
		plan->computed->used = bms_add_member(plan->computed->used,
		                                      column + FirstLowInvalidHeapAttributeNumber);
	expression->state = ExecInitExpr(expr, NULL);
	getTypeBinaryOutputInfo(type, &function, &is_varlena);
	fmgr_info_cxt(function, &expression->send, plan->memory);
	getTypeOutputInfo(type, &function, &is_varlena);
	fmgr_info_cxt(function, &expression->output, plan->memory);
	return expression;
}

/* Opens the subtransaction, unless it is. */
static void
open_computed(Computed *computed)
{
	if (computed->is_open)
		return;
	computed->outer_memory = CurrentMemoryContext;
	computed->outer_owner = CurrentResourceOwner;
	BeginInternalSubTransaction(NULL);
	PushActiveSnapshot(GetTransactionSnapshot());
	computed->is_open = true;
	MemoryContextSwitchTo(computed->outer_memory);
}

/* Leaves the subtransaction; to be called before anything is done in the transaction. */
void
pm_imports_computed_close(ImportPlan *plan)
{
	Computed *computed = plan->computed;

	if (computed == NULL || !computed->is_open)
		return;
	computed->is_open = false;
	PopActiveSnapshot();
	ReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(computed->outer_memory);
	CurrentResourceOwner = computed->outer_owner;
}

/* Throws what must not be taken for a mistake of the record. */
static void
rethrow_unless_harmless(ErrorData *error)
{
	switch (ERRCODE_TO_CATEGORY(error->sqlerrcode))
	{
		case ERRCODE_OPERATOR_INTERVENTION:
		case ERRCODE_INSUFFICIENT_RESOURCES:
		case ERRCODE_SYSTEM_ERROR:
		case ERRCODE_INTERNAL_ERROR:
			ReThrowError(error);
	}
}

/* Fills the slot with the columns that expressions use. */
static void
fill_slot(ImportPlan *plan)
{
	Computed *computed = plan->computed;
	TupleTableSlot *slot = computed->slot;
	int column = -1;

	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts * sizeof(bool));
	while ((column = bms_next_member(computed->used, column)) >= 0)
	{
		Field field = plan->fields[column];

		if (field.data == NULL)
			continue;
		/* receive functions may write a zero byte behind a value */
		resetStringInfo(&computed->bytes);
		appendBinaryStringInfo(&computed->bytes, field.data, field.size);
		slot->tts_values[column - 1] = ReceiveFunctionCall(
		    &computed->receive[column], &computed->bytes, computed->io_param[column], -1);
		slot->tts_isnull[column - 1] = false;
	}
	ExecStoreVirtualTuple(slot);
}

/* Evaluates all expressions that have no error: computed targets, or rules. */
static void
evaluate(ImportPlan *plan, bool rules, int *at, ComputedResult results[])
{
	int count = rules ? plan->rule_count : plan->target_count;

	fill_slot(plan);
	for (*at = 0; *at < count; (*at)++)
	{
		Expression *expression =
		    rules ? plan->rules[*at].expression : plan->targets[*at].computed;
		ComputedResult *result = &results[*at];
		bool is_null;
		Datum value;

		if (expression == NULL)
			continue;
		value = ExecEvalExpr(expression->state, plan->computed->context, &is_null);
		*result = (ComputedResult){
		    .value = {NULL, -1}
        };
		if (rules)
			result->is_false = !is_null && !DatumGetBool(value);
		else if (!is_null)
		{
			bytea *sent = SendFunctionCall(&expression->send, value);
			char *text = OutputFunctionCall(&expression->output, value);

			result->value = (Field){VARDATA(sent), (int32) (VARSIZE(sent) - VARHDRSZ)};
			result->text = (PmText){text, strlen(text)};
		}
	}
}

/*
 * Evaluates the computed targets of the record, or its rules, into results, which last
 * until the next record.  false: one threw, at says which; error is copied into the
 * current memory.
 */
bool
pm_imports_computed_evaluate(ImportPlan *plan, bool rules, ComputedResult results[],
                             int *at, ErrorData **error)
{
	Computed *computed = plan->computed;
	MemoryContext memory = CurrentMemoryContext;
	volatile bool good = true;

	open_computed(computed);
	/* rules are asked after what was computed, if anything was */
	if (!rules || !plan->has_computed)
		ResetExprContext(computed->context);
	MemoryContextSwitchTo(computed->context->ecxt_per_tuple_memory);
	PG_TRY();
	{
		evaluate(plan, rules, &computed->at, results);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(memory);
		*error = CopyErrorData();
		FlushErrorState();
		rethrow_unless_harmless(*error);
		computed->is_open = false;
		RollbackAndReleaseCurrentSubTransaction();
		CurrentResourceOwner = computed->outer_owner;
		good = false;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(memory);
	*at = computed->at;
	return good;
}
