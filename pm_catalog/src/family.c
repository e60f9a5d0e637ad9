/*
 * family.c - families of products as this process knows them
 *
 * A family is read when the first product of it is written, and kept until something
 * is declared anew: a row trigger sends the relation cache's invalidation for the
 * table that changed, which reaches every process at the commit, and this one at the
 * end of the command and again if it is undone.  A process that writes products
 * receives it when it locks products, and who declares holds a lock on products that
 * excludes writers until its commit: so no product is written by a declaration that
 * another commit has replaced.
 *
 * A family is read with the latest snapshot, not the transaction's: in REPEATABLE READ
 * a product must fit the declaration that is in force, not the one of then.
 */
#include "family.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* What a text or URL may have if its attribute says nothing. */
#define DEFAULT_TEXT_LENGTH 10000
#define DEFAULT_URL_LENGTH  2000

/* The tables that declare families. */
static const char *const table_names[] = {"families", "family_attributes", "family_options",
                                          "family_rules"};

/* Columns of products that a family can require: the place is the bit, for ever. */
static const char *const column_names[] = {"short_description",
                                           "description",
                                           "long_description",
                                           "gtin",
                                           "asin",
                                           "sku",
                                           "manufacturer_reference",
                                           "external_id",
                                           "supplier_id",
                                           "category_id",
                                           "brand_id",
                                           "weight",
                                           "width",
                                           "height",
                                           "depth",
                                           "slug",
                                           "title"};

static Oid tables[lengthof(table_names)];
static MemoryContext family_context; /* of the families; NULL: none is known */
static HTAB *families;
static bool families_valid;

static Oid products_oid; /* that product_columns are of; InvalidOid: not known */
static ProductColumns product_columns;

/* A table has changed, or (InvalidOid) anything may have: forgets what was read of it. */
static void
forget(Datum arg, Oid relid)
{
	if (!OidIsValid(relid) || relid == products_oid)
		products_oid = InvalidOid;
	for (int i = 0; i < lengthof(tables); i++)
	{
		if (!OidIsValid(relid) || relid == tables[i])
			families_valid = false;
	}
}

/* Makes an empty cache, once what was in it is no longer valid. */
static void
renew_cache(void)
{
	Oid schema = get_namespace_oid("pm_catalog", false);
	HASHCTL control;

	if (family_context != NULL)
		MemoryContextDelete(family_context);
	family_context = AllocSetContextCreate(TopMemoryContext, "pm_catalog families",
	                                       ALLOCSET_DEFAULT_SIZES);
	for (int i = 0; i < lengthof(tables); i++)
		tables[i] = get_relname_relid(table_names[i], schema);
	memset(&control, 0, sizeof(control));
	control.keysize = sizeof(pg_uuid_t);
	control.entrysize = sizeof(Family);
	control.hcxt = family_context;
	families = hash_create("pm_catalog families", 32, &control,
	                       HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	families_valid = true;
}

/* A column of a row that was read, as a string in the current context; NULL if it is. */
static char *
read_string(HeapTuple row, TupleDesc desc, int column)
{
	bool isnull;
	Datum value = heap_getattr(row, column, desc, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

/* The same as bytes; no data if it is NULL. */
static PmText
read_text(HeapTuple row, TupleDesc desc, int column)
{
	PmText text = {read_string(row, desc, column), 0};

	if (text.data != NULL)
		text.size = strlen(text.data);
	return text;
}

/* The same as an integer; fallback if it is NULL. */
static int
read_int(HeapTuple row, TupleDesc desc, int column, int fallback)
{
	bool isnull;
	Datum value = heap_getattr(row, column, desc, &isnull);

	return isnull ? fallback : DatumGetInt32(value);
}

/* The same as a truth value; the column is NOT NULL. */
static bool
read_bool(HeapTuple row, TupleDesc desc, int column)
{
	bool isnull;

	return DatumGetBool(heap_getattr(row, column, desc, &isnull));
}

/* Reads the options of a choice. */
static void
read_options(HeapTuple row, TupleDesc desc, int column, PmAttribute *rule)
{
	bool isnull;
	Datum value = heap_getattr(row, column, desc, &isnull);
	Datum *elements;
	int count;
	PmText *options;

	deconstruct_array(DatumGetArrayTypeP(value), TEXTOID, -1, false, TYPALIGN_INT,
	                  &elements, NULL, &count);
	options = palloc(Max(count, 1) * sizeof(PmText));
	for (int i = 0; i < count; i++)
	{
		options[i].data = TextDatumGetCString(elements[i]);
		options[i].size = strlen(options[i].data);
	}
	rule->options = options;
	rule->option_count = count;
}

/* The attribute of a code; -1 if there is none. */
static int
find_attribute(const Family *family, PmText code)
{
	for (int i = 0; i < family->attribute_count; i++)
	{
		if (pm_text_compare(family->attributes[i].code, code) == 0)
			return i;
	}
	return -1;
}

/* Parses the formula of a computed attribute; the table's CHECK has seen that it can be. */
static void
parse_formula(FamilyAttribute *attribute)
{
	size_t position;
	size_t size = strlen(attribute->expression);

	attribute->formula = palloc(sizeof(PmFormula));
	if (attribute->rule.type == PM_ATTRIBUTE_TEXT)
		pm_formula_template(attribute->expression, size, attribute->formula, &position);
	else
		pm_formula_arithmetic(attribute->expression, size, attribute->formula, &position);
}

/* Looks up what the names of a formula stand for. */
static void
find_operands(const Family *family, FamilyAttribute *attribute)
{
	attribute->operands = palloc(Max(attribute->formula->count, 1) * sizeof(Operand));
	for (int i = 0; i < attribute->formula->count; i++)
	{
		const PmStep *step = &attribute->formula->steps[i];
		PmText name = {attribute->expression + step->start, step->size};

		attribute->operands[i].attribute = attribute->operands[i].column = -1;
		if (step->kind != PM_STEP_NAME)
			continue;
		attribute->operands[i].column = pm_catalog_column_bit(name);
		if (attribute->operands[i].column < 0)
			attribute->operands[i].attribute = find_attribute(family, name);
	}
}

/* Reads one row of read_attributes. */
static void
read_attribute(HeapTuple row, TupleDesc desc, FamilyAttribute *attribute)
{
	char *pattern;

	attribute->code = read_text(row, desc, 1);
	if (!pm_attribute_type(read_text(row, desc, 2), &attribute->rule.type))
		elog(ERROR, "attribute \"%s\" has an unknown type", attribute->code.data);
	attribute->bit = read_int(row, desc, 3, 0);
	attribute->is_mandatory = read_bool(row, desc, 4);
	attribute->per_locale = read_bool(row, desc, 5);
	attribute->per_channel = read_bool(row, desc, 6);
	attribute->rule.low = read_text(row, desc, 7);
	attribute->rule.high = read_text(row, desc, 8);
	attribute->rule.decimals = read_int(row, desc, 9, -1);
	attribute->rule.max_length =
	    read_int(row, desc, 10,
	             attribute->rule.type == PM_ATTRIBUTE_URL ? DEFAULT_URL_LENGTH
	                                                      : DEFAULT_TEXT_LENGTH);
	pattern = read_string(row, desc, 11);
	if (pattern != NULL)
	{
		attribute->pattern_shown = pattern;
		attribute->pattern = cstring_to_text(psprintf("^(?:%s)$", pattern));
	}
	attribute->expression = read_string(row, desc, 12);
	if (attribute->expression != NULL)
		parse_formula(attribute);
	read_options(row, desc, 13, &attribute->rule);
}

/* Runs a query with the family's id as $1, and by a snapshot. */
static void
query_family(const char *query, const pg_uuid_t *id, Snapshot snapshot)
{
	Oid type = UUIDOID;
	Datum value = UUIDPGetDatum(id);
	SPIPlanPtr plan = SPI_prepare(query, 1, &type);

	if (plan == NULL || SPI_execute_snapshot(plan, &value, NULL, snapshot, InvalidSnapshot,
	                                         true, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read a family: %s", SPI_result_code_string(SPI_result));
	SPI_freeplan(plan);
}

/* Reads the attributes; those that are columns of products only leave their bits. */
static void
read_attributes(Family *family)
{
	query_family(
	    "SELECT a.code, a.data_type, a.bit, a.is_mandatory, a.per_locale, a.per_channel, "
	    "coalesce(a.min_value::pg_catalog.text, pg_catalog.to_char(a.min_date, 'YYYY-MM-DD')), "
	    "coalesce(a.max_value::pg_catalog.text, pg_catalog.to_char(a.max_date, 'YYYY-MM-DD')), "
	    "a.decimals, a.max_length, a.pattern, a.expression, "
	    "ARRAY(SELECT o.code FROM pm_catalog.family_options AS o "
	    "WHERE o.family_id OPERATOR(pg_catalog.=) a.family_id AND o.attribute OPERATOR(pg_catalog.=) a.code "
	    "ORDER BY pg_catalog.octet_length(o.code), o.code COLLATE pg_catalog.\"C\") "
	    "FROM pm_catalog.family_attributes AS a WHERE a.family_id OPERATOR(pg_catalog.=) $1 "
	    "ORDER BY pg_catalog.octet_length(a.code), a.code COLLATE pg_catalog.\"C\"",
	    &family->id, GetLatestSnapshot());
	family->attributes = MemoryContextAllocZero(
	    family_context, Max(SPI_processed, 1) * sizeof(FamilyAttribute));
	family->bytes = FIRST_ATTRIBUTE_BIT / 8;
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple row = SPI_tuptable->vals[i];
		TupleDesc desc = SPI_tuptable->tupdesc;
		int bit = read_int(row, desc, 3, 0);
		MemoryContext old;

		if (bit < FIRST_ATTRIBUTE_BIT)
		{
			if (read_bool(row, desc, 4))
				family->mandatory_columns |= (uint32) 1 << bit;
			continue;
		}
		old = MemoryContextSwitchTo(family_context);
		read_attribute(row, desc, &family->attributes[family->attribute_count]);
		MemoryContextSwitchTo(old);
		if (family->attributes[family->attribute_count].expression != NULL)
			family->computed_count++;
		family->bytes = Max(family->bytes, bit / 8 + 1);
		family->attribute_count++;
	}
}

/* Reads the rules between two attributes. */
static void
read_rules(Family *family)
{
	MemoryContext old;

	query_family(
	    "SELECT r.left_code, r.right_code, r.comparison "
	    "FROM pm_catalog.family_rules AS r WHERE r.family_id OPERATOR(pg_catalog.=) $1 "
	    "ORDER BY 1, 3, 2",
	    &family->id, GetLatestSnapshot());
	old = MemoryContextSwitchTo(family_context);
	family->rules = palloc(Max(SPI_processed, 1) * sizeof(FamilyRule));
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple row = SPI_tuptable->vals[i];
		TupleDesc desc = SPI_tuptable->tupdesc;
		FamilyRule *rule = &family->rules[family->rule_count];

		rule->left = find_attribute(family, read_text(row, desc, 1));
		rule->right = find_attribute(family, read_text(row, desc, 2));
		rule->comparison = read_string(row, desc, 3);
		if (rule->left < 0 || rule->right < 0)
			continue; /* of columns: refused when it is declared */
		rule->shown = psprintf("%s %s %s", family->attributes[rule->left].code.data,
		                       rule->comparison, family->attributes[rule->right].code.data);
		family->rule_count++;
	}
	MemoryContextSwitchTo(old);
}

/* How often the family was declared, by a snapshot; -1 if it does not show the family. */
static int
read_version(const Family *family, Snapshot snapshot)
{
	query_family(
	    "SELECT f.version, f.code FROM pm_catalog.families AS f WHERE f.id OPERATOR(pg_catalog.=) $1",
	    &family->id, snapshot);
	if (SPI_processed != 1)
		return -1;
	return read_int(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, 0);
}

/*
 * Throws 40001 if the transaction's snapshot shows another declaration than the one in
 * force: triggers in SQL, which note unique values, go by that snapshot.
 */
static void
expect_no_newer(const Family *family, int version)
{
	if (IsolationUsesXactSnapshot() &&
	    read_version(family, GetTransactionSnapshot()) != version)
		ereport(
		    ERROR, errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
		    errmsg(
		        "could not serialize access due to a concurrent declaration of a family"),
		    errhint("The transaction might succeed if retried."));
}

/* Reads a family; false if there is none of that id. */
static bool
read_family(Family *family)
{
	int version;
	bool found;

	SPI_connect();
	version = read_version(family, GetLatestSnapshot());
	found = version >= 0;
	if (found)
	{
		MemoryContext old = MemoryContextSwitchTo(family_context);

		family->code = read_string(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2);
		MemoryContextSwitchTo(old);
		expect_no_newer(family, version);
		read_attributes(family);
		read_rules(family);
		for (int i = 0; i < family->attribute_count; i++)
		{
			if (family->attributes[i].expression == NULL)
				continue;
			old = MemoryContextSwitchTo(family_context);
			find_operands(family, &family->attributes[i]);
			MemoryContextSwitchTo(old);
		}
	}
	SPI_finish();
	return found;
}

/*
 * The family of an id, NULL if there is none.  It is valid until the next call.
 * Throws what reading the tables throws, such as 42501.
 */
const Family *
pm_catalog_family(const pg_uuid_t *id)
{
	Family family;
	Family *entry;

	if (!families_valid)
		renew_cache();
	entry = hash_search(families, id, HASH_FIND, NULL);
	if (entry != NULL)
		return entry;
	/* an error while it is read leaves no entry, only memory until the next change */
	memset(&family, 0, sizeof(family));
	family.id = *id;
	if (!read_family(&family))
		return NULL;
	entry = hash_search(families, id, HASH_ENTER, NULL);
	*entry = family;
	return entry;
}

/* Where the columns of products are. */
const ProductColumns *
pm_catalog_product_columns(Relation products)
{
	TupleDesc desc = RelationGetDescr(products);

	if (products_oid == RelationGetRelid(products))
		return &product_columns;
	product_columns.id = SPI_fnumber(desc, "id");
	product_columns.title = SPI_fnumber(desc, "title");
	product_columns.family_id = SPI_fnumber(desc, "family_id");
	product_columns.technical_specs = SPI_fnumber(desc, "technical_specs");
	product_columns.filled = SPI_fnumber(desc, "filled");
	for (int i = 0; i < lengthof(column_names); i++)
	{
		product_columns.by_bit[i] = SPI_fnumber(desc, column_names[i]);
		if (product_columns.by_bit[i] <= 0)
			elog(ERROR, "products has no column \"%s\"", column_names[i]);
	}
	products_oid = RelationGetRelid(products);
	return &product_columns;
}

/* The bit of a column of products in filled; -1 if it has none. */
int
pm_catalog_column_bit(PmText name)
{
	for (int i = 0; i < lengthof(column_names); i++)
	{
		if (strlen(column_names[i]) == name.size &&
		    memcmp(column_names[i], name.data, name.size) == 0)
			return i;
	}
	return -1;
}

/* The name of the column that has a bit; NULL if none has. */
const char *
pm_catalog_column_name(int bit)
{
	return bit < lengthof(column_names) ? column_names[bit] : NULL;
}

/* Called once when the module is loaded. */
void
pm_catalog_family_init(void)
{
	CacheRegisterRelcacheCallback(forget, (Datum) 0);
}

PG_FUNCTION_INFO_V1(pm_catalog_forget_family);

/* _forget_family(): row trigger of the tables that declare families. */
Datum
pm_catalog_forget_family(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR, errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
		        errmsg("function \"%s\" was not called as a trigger", "_forget_family"));
	/* the command is marked, so that its end is one: then this process forgets, too */
	(void) GetCurrentCommandId(true);
	CacheInvalidateRelcache(trigger->tg_relation);
	return PointerGetDatum(NULL);
}

PG_FUNCTION_INFO_V1(pm_catalog_column_bit_sql);

/* _column_bit(text) */
Datum
pm_catalog_column_bit_sql(PG_FUNCTION_ARGS)
{
	text *name = PG_GETARG_TEXT_PP(0);
	PmText bytes = {VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name)};
	int bit = pm_catalog_column_bit(bytes);

	if (bit < 0)
		PG_RETURN_NULL();
	PG_RETURN_INT32(bit);
}
