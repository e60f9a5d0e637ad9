/*
 * family_trigger.c - what checks products against their families, and tells what is wrong
 *
 * products_attributes on products, and attributes on product_attributes, run before
 * each row; check_specs() answers the same for an object that is not written.
 */
#include "family.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "parser/parse_type.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#define SHOWN_TITLE 60

/* Throws unless the function runs as a trigger before a row is inserted or updated. */
static TriggerData *
expect_before_row(FunctionCallInfo fcinfo, const char *function)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(trigger->tg_event) ||
	    !TRIGGER_FIRED_FOR_ROW(trigger->tg_event) ||
	    TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		ereport(ERROR, errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
		        errmsg("function \"%s\" was not called before a row is written", function));
	return trigger;
}

/* The row that is about to be written. */
static HeapTuple
new_row(const TriggerData *trigger)
{
	return TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple
	                                                  : trigger->tg_trigtuple;
}

/* The bits up to the last one that is set, as the column has them. */
static bytea *
make_filled(const uint8 *bits, int bytes)
{
	bytea *filled;

	while (bytes > 0 && bits[bytes - 1] == 0)
		bytes--;
	filled = palloc(VARHDRSZ + bytes);
	SET_VARSIZE(filled, VARHDRSZ + bytes);
	memcpy(VARDATA(filled), bits, bytes);
	return filled;
}

/* Sets the bits of the columns of a product that have a value. */
static void
set_column_bits(HeapTuple row, TupleDesc desc, const ProductColumns *columns, uint8 *bits)
{
	for (int bit = 0; pm_catalog_column_name(bit) != NULL; bit++)
	{
		Form_pg_attribute column = TupleDescAttr(desc, columns->by_bit[bit] - 1);
		bool isnull;
		Datum value = heap_getattr(row, columns->by_bit[bit], desc, &isnull);

		if (isnull ||
		    (column->attlen == -1 && !VARATT_IS_EXTERNAL(DatumGetPointer(value)) &&
		     VARSIZE_ANY_EXHDR(DatumGetPointer(value)) == 0))
			continue;
		bits[bit / 8] |= 1 << bit % 8;
	}
}

/* Adds a fault for each column that the family wants and the product lacks. */
static void
check_columns(const Family *family, const uint8 *bits, Findings *findings)
{
	const char *root = findings->root;

	if (family->mandatory_columns == 0)
		return;
	findings->root = "";
	for (int bit = 0; pm_catalog_column_name(bit) != NULL; bit++)
	{
		if ((family->mandatory_columns >> bit & 1) && !(bits[bit / 8] >> bit % 8 & 1))
			pm_catalog_family_fault(findings, pm_catalog_column_name(bit), NULL,
			                        "mandatory", "must have a value");
	}
	findings->root = root;
}

/* Names a product: id and title. */
static char *
describe_product(HeapTuple row, TupleDesc desc, const ProductColumns *columns)
{
	bool isnull;
	Datum id = heap_getattr(row, columns->id, desc, &isnull);
	char *shown = isnull ? "?" : DatumGetCString(DirectFunctionCall1(uuid_out, id));
	Datum title = heap_getattr(row, columns->title, desc, &isnull);
	char *words = isnull ? "" : TextDatumGetCString(title);
	int size = strlen(words);
	int cut = pg_mbcliplen(words, size, SHOWN_TITLE);

	return psprintf("product %s \"%.*s%s\"", shown, cut, words, cut < size ? "..." : "");
}

/*
 * Adds to findings what of a product does not fit its family, and the bits of what has a
 * value; returns the values with what is computed.
 */
static Jsonb *
check_product(const Family *family, Jsonb *object, HeapTuple row, TupleDesc desc,
              const ProductColumns *columns, Findings *findings)
{
	findings->filled = palloc0(family->bytes);
	set_column_bits(row, desc, columns, findings->filled);
	check_columns(family, findings->filled, findings);
	if (family->computed_count > 0)
		object = pm_catalog_family_compute(family, object, row, desc, columns);
	pm_catalog_family_check(family, object, false, false, findings);
	return object;
}

PG_FUNCTION_INFO_V1(pm_catalog_products_attributes);

/*
 * _products_attributes(): a product before it is written.  Computes what is computed,
 * throws 23514 with all that does not fit its family, sets filled.
 */
Datum
pm_catalog_products_attributes(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = expect_before_row(fcinfo, "_products_attributes");
	Relation products = trigger->tg_relation;
	TupleDesc desc = RelationGetDescr(products);
	const ProductColumns *columns = pm_catalog_product_columns(products);
	HeapTuple row = new_row(trigger);
	uint8 column_bits[FIRST_ATTRIBUTE_BIT / 8] = {0};
	uint8 *bits = column_bits;
	int bytes = sizeof(column_bits);
	bool isnull;
	bool no_specs;
	Datum family_id = heap_getattr(row, columns->family_id, desc, &isnull);
	const Family *family = isnull ? NULL : pm_catalog_family(DatumGetUUIDP(family_id));
	Datum specs = heap_getattr(row, columns->technical_specs, desc, &no_specs);
	int changed[2];
	Datum values[2];
	bool nulls[2] = {false, false};
	int count = 0;
	bytea *filled;
	Datum old;

	/* no such family, or no object: constraints say so later */
	if (family != NULL && !no_specs && JB_ROOT_IS_OBJECT(DatumGetJsonbP(specs)))
	{
		Jsonb *object = DatumGetJsonbP(specs);
		Findings findings = {"technical_specs", NIL, NULL};

		object = check_product(family, object, row, desc, columns, &findings);
		bits = findings.filled;
		bytes = family->bytes;
		if (family->computed_count > 0)
		{
			changed[count] = columns->technical_specs;
			values[count++] = JsonbPGetDatum(object);
		}
		if (findings.faults != NIL)
			pm_catalog_family_report(family, &findings, products,
			                         describe_product(row, desc, columns));
	}
	else
		set_column_bits(row, desc, columns, bits);

	filled = make_filled(bits, bytes);
	old = heap_getattr(row, columns->filled, desc, &isnull);
	if (isnull || !DatumGetBool(DirectFunctionCall2(byteaeq, old, PointerGetDatum(filled))))
	{
		changed[count] = columns->filled;
		values[count++] = PointerGetDatum(filled);
	}
	if (count > 0)
		row = heap_modify_tuple_by_cols(row, desc, count, changed, values, nulls);
	return PointerGetDatum(row);
}

/* A product that is a value, with the family that it has. */
typedef struct ProductValue
{
	Relation products;
	TupleDesc desc;
	const ProductColumns *columns;
	HeapTupleData row;
	Jsonb *specs; /* NULL: they are NULL */
	const Family
	    *family; /* NULL: it has none, or specs are no object, which nothing fits */
} ProductValue;

/* Takes a value of type products apart; close it by table_close(). */
static void
open_product(HeapTupleHeader header, ProductValue *product)
{
	bool is_null;
	Datum value;

	product->products =
	    table_open(typeidTypeRelid(HeapTupleHeaderGetTypeId(header)), AccessShareLock);
	product->desc = RelationGetDescr(product->products);
	product->columns = pm_catalog_product_columns(product->products);
	product->row =
	    (HeapTupleData){.t_len = HeapTupleHeaderGetDatumLength(header), .t_data = header};
	value = heap_getattr(&product->row, product->columns->technical_specs, product->desc,
	                     &is_null);
	product->specs = is_null ? NULL : DatumGetJsonbP(value);
	value =
	    heap_getattr(&product->row, product->columns->family_id, product->desc, &is_null);
	product->family =
	    is_null || product->specs == NULL || !JB_ROOT_IS_OBJECT(product->specs)
	        ? NULL
	        : pm_catalog_family(DatumGetUUIDP(value));
}

PG_FUNCTION_INFO_V1(pm_catalog_unfit_product);

/*
 * _unfit_product(products): the message and detail that _products_attributes() would
 * throw with; NULL if the product fits its family, or has none.
 */
Datum
pm_catalog_unfit_product(PG_FUNCTION_ARGS)
{
	ProductValue product;
	Findings findings = {"technical_specs", NIL, NULL};
	text *reason = NULL;

	open_product(PG_GETARG_HEAPTUPLEHEADER(0), &product);
	if (product.family != NULL)
		(void) check_product(product.family, product.specs, &product.row, product.desc,
		                     product.columns, &findings);
	if (findings.faults != NIL)
		reason = cstring_to_text(
		    psprintf("%s does not fit its family \"%s\"\n%s",
		             describe_product(&product.row, product.desc, product.columns),
		             product.family->code, pm_catalog_family_describe(&findings)));
	table_close(product.products, NoLock);
	if (reason == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(reason);
}

PG_FUNCTION_INFO_V1(pm_catalog_computed_specs);

/*
 * _computed_specs(products): the values of a product as _products_attributes() would
 * write them.
 */
Datum
pm_catalog_computed_specs(PG_FUNCTION_ARGS)
{
	ProductValue product;
	Jsonb *specs;

	open_product(PG_GETARG_HEAPTUPLEHEADER(0), &product);
	specs = product.specs;
	if (product.family != NULL && product.family->computed_count > 0)
		specs = pm_catalog_family_compute(product.family, specs, &product.row, product.desc,
		                                  product.columns);
	table_close(product.products, NoLock);
	if (specs == NULL)
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(specs);
}

/*
 * The family of a product as the latest commit, or this command, has left it; false if
 * it has none.  Throws 23503 if there is no such product.
 */
static bool
find_family_of(Datum product_id, pg_uuid_t *family_id)
{
	static SPIPlanPtr plan;
	bool found = false;

	SPI_connect();
	if (plan == NULL)
	{
		Oid type = UUIDOID;

		plan = SPI_prepare("SELECT p.family_id FROM pm_catalog.products AS p "
		                   "WHERE p.id OPERATOR(pg_catalog.=) $1",
		                   1, &type);
		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "could not prepare the search for a family");
	}
	if (SPI_execute_snapshot(plan, &product_id, NULL, GetLatestSnapshot(), InvalidSnapshot,
	                         true, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not look for a family");
	if (SPI_processed != 1)
		ereport(ERROR, errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
		        errmsg("there is no product \"%s\"",
		               DatumGetCString(DirectFunctionCall1(uuid_out, product_id))));
	else
	{
		bool isnull;
		Datum id = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);

		if (!isnull)
			*family_id = *DatumGetUUIDP(id);
		found = !isnull;
	}
	SPI_finish();
	return found;
}

/* A column of the row that is written, as a string; NULL if it is. */
static char *
show_column(HeapTuple row, TupleDesc desc, AttrNumber column)
{
	return SPI_getvalue(row, desc, column);
}

PG_FUNCTION_INFO_V1(pm_catalog_attributes);

/*
 * _attributes(): a row of product_attributes before it is written.  Sets family_id to
 * the product's, throws 23514 with all that does not fit it, sets filled.
 */
Datum
pm_catalog_attributes(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = expect_before_row(fcinfo, "_attributes");
	Relation table = trigger->tg_relation;
	TupleDesc desc = RelationGetDescr(table);
	HeapTuple row = new_row(trigger);
	AttrNumber product_column = SPI_fnumber(desc, "product_id");
	AttrNumber locale_column = SPI_fnumber(desc, "locale");
	AttrNumber channel_column = SPI_fnumber(desc, "channel");
	AttrNumber attributes_column = SPI_fnumber(desc, "attributes");
	int changed[2] = {SPI_fnumber(desc, "family_id"), SPI_fnumber(desc, "filled")};
	bool nulls[2] = {false, false};
	Datum values[2];
	Findings findings = {"attributes", NIL, NULL};
	pg_uuid_t family_id;
	const Family *family;
	char *locale = show_column(row, desc, locale_column);
	char *channel = show_column(row, desc, channel_column);
	char *product = show_column(row, desc, product_column);
	bool isnull;
	Datum attributes = heap_getattr(row, attributes_column, desc, &isnull);

	/* NULL, or no object: constraints say so later */
	if (product == NULL || isnull || !JB_ROOT_IS_OBJECT(DatumGetJsonbP(attributes)))
		return PointerGetDatum(row);
	if (!find_family_of(heap_getattr(row, product_column, desc, &isnull), &family_id) ||
	    (family = pm_catalog_family(&family_id)) == NULL)
		ereport(ERROR, errcode(ERRCODE_CHECK_VIOLATION),
		        errmsg("product %s has no family, so no attributes per locale or channel",
		               product),
		        errhint("Set its family_id first; values that no family declares can be in "
		                "technical_specs."),
		        errtablecol(table, product_column));
	findings.filled = palloc0(family->bytes);
	/* with neither, a constraint says so later */
	if (locale != NULL || channel != NULL)
		pm_catalog_family_check(family, DatumGetJsonbP(attributes), locale != NULL,
		                        channel != NULL, &findings);
	if (findings.faults != NIL)
		pm_catalog_family_report(family, &findings, table,
		                         psprintf("product %s, locale \"%s\", channel \"%s\",",
		                                  product, locale ? locale : "",
		                                  channel ? channel : ""));
	values[0] = UUIDPGetDatum(&family_id);
	values[1] = PointerGetDatum(make_filled(findings.filled, family->bytes));
	return PointerGetDatum(heap_modify_tuple_by_cols(row, desc, 2, changed, values, nulls));
}

/* The family of an id that a caller gave; throws 42704 if there is none. */
static const Family *
expect_family(const pg_uuid_t *id)
{
	const Family *family = pm_catalog_family(id);

	if (family == NULL)
		ereport(ERROR, errcode(ERRCODE_UNDEFINED_OBJECT),
		        errmsg("there is no family \"%s\"",
		               DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(id)))));
	return family;
}

PG_FUNCTION_INFO_V1(pm_catalog_check_specs);

/*
 * check_specs(uuid, jsonb): one row a fault.  _check_attributes(uuid, jsonb, boolean,
 * boolean): the same of an object with a locale, a channel.
 */
Datum
pm_catalog_check_specs(PG_FUNCTION_ARGS)
{
	const Family *family = expect_family(PG_GETARG_UUID_P(0));
	Jsonb *object = PG_GETARG_JSONB_P(1);
	bool has_locale = PG_NARGS() > 2 && PG_GETARG_BOOL(2);
	bool has_channel = PG_NARGS() > 2 && PG_GETARG_BOOL(3);
	Findings findings = {has_locale || has_channel ? "attributes" : "technical_specs", NIL,
	                     NULL};
	ReturnSetInfo *result;
	ListCell *cell;

	if (!JB_ROOT_IS_OBJECT(object))
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		        errmsg("the values of a product are not an object"),
		        errhint("Give an object such as {\"weight\": 3}."));
	pm_catalog_family_check(family, object, has_locale, has_channel, &findings);
	InitMaterializedSRF(fcinfo, 0);
	result = (ReturnSetInfo *) fcinfo->resultinfo;
	foreach (cell, findings.faults)
	{
		const Fault *fault = lfirst(cell);
		Datum values[4] = {CStringGetTextDatum(fault->path), (Datum) 0,
		                   CStringGetTextDatum(fault->rule),
		                   CStringGetTextDatum(fault->message)};
		bool nulls[4] = {false, fault->value == NULL, false, false};

		if (fault->value != NULL)
			values[1] = CStringGetTextDatum(fault->value);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* Parses a formula as the type of its attribute wants it. */
static PmFormulaStatus
parse(text *expression, text *data_type, PmFormula *formula, size_t *position)
{
	PmText type_name = {VARDATA_ANY(data_type), VARSIZE_ANY_EXHDR(data_type)};
	const char *str = VARDATA_ANY(expression);
	size_t len = VARSIZE_ANY_EXHDR(expression);
	PmAttributeType type;

	*position = 0;
	formula->count = 0;
	if (!pm_attribute_type(type_name, &type))
		return PM_FORMULA_BAD_SYNTAX;
	if (type == PM_ATTRIBUTE_TEXT)
		return pm_formula_template(str, len, formula, position);
	if (type == PM_ATTRIBUTE_INTEGER || type == PM_ATTRIBUTE_NUMBER)
		return pm_formula_arithmetic(str, len, formula, position);
	return PM_FORMULA_BAD_SYNTAX;
}

PG_FUNCTION_INFO_V1(pm_catalog_is_formula);

/* is_formula(text, text) */
Datum
pm_catalog_is_formula(PG_FUNCTION_ARGS)
{
	PmFormula formula;
	size_t position;

	PG_RETURN_BOOL(parse(PG_GETARG_TEXT_PP(0), PG_GETARG_TEXT_PP(1), &formula, &position) ==
	               PM_FORMULA_OK);
}

PG_FUNCTION_INFO_V1(pm_catalog_formula_names);

/* _formula_names(text, text): the names in a formula, in order; none if it is none. */
Datum
pm_catalog_formula_names(PG_FUNCTION_ARGS)
{
	text *expression = PG_GETARG_TEXT_PP(0);
	PmFormula formula;
	size_t position;
	ReturnSetInfo *result;

	parse(expression, PG_GETARG_TEXT_PP(1), &formula, &position);
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	result = (ReturnSetInfo *) fcinfo->resultinfo;
	for (int i = 0; i < formula.count; i++)
	{
		const PmStep *step = &formula.steps[i];
		Datum name;
		bool isnull = false;

		if (step->kind != PM_STEP_NAME)
			continue;
		name = PointerGetDatum(
		    cstring_to_text_with_len(VARDATA_ANY(expression) + step->start, step->size));
		tuplestore_putvalues(result->setResult, result->setDesc, &name, &isnull);
	}
	return (Datum) 0;
}
