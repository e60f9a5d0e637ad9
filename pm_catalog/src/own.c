/*
 * own.c - what this transaction has done to products, as far as later statements need it
 *
 * A load writes a product and then what belongs to it, one table after the other.  The
 * triggers of the later tables would look at what is settled: a product that this
 * transaction has made is locked, and has no prices but those of this transaction;
 * search need not be told twice of one.  So the ids are kept in a table of this process.
 *
 * Forgetting is always safe: what is not known is looked up, or told again.  The table
 * is forgotten when the transaction or one of its subtransactions fails or the former
 * ends, when search takes up what it was told, and when it outgrows work_mem.
 */
#include "pm_catalog_module.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"
#include "utils/uuid.h"

#define NOTE_IDS 1000 /* in one note */

#define IS_MADE   1 /* by this transaction */
#define IS_PRICED 2 /* has got a price since */
#define IS_NOTED  4 /* for search */

typedef struct OwnProduct
{
	pg_uuid_t id;
	uint8 flags;
} OwnProduct;

/* What one takes in the table, about. */
#define OWN_PRODUCT_SIZE \
	(MAXALIGN(sizeof(HASHELEMENT)) + MAXALIGN(sizeof(OwnProduct)) + sizeof(HASHELEMENT *))

static HTAB *products; /* NULL: none */

/* Forgets all. */
static void
forget(void)
{
	if (products != NULL)
		hash_destroy(products);
	products = NULL;
}

/* The transaction has ended, and takes the memory along. */
static void
forget_at_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT ||
	    event == XACT_EVENT_PREPARE)
		products = NULL;
}

/* What a subtransaction did is undone; whose it was is not kept. */
static void
forget_at_sub_end(SubXactEvent event, SubTransactionId sub, SubTransactionId parent,
                  void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		forget();
}

/* Called once when the module is loaded. */
void
pm_catalog_own_init(void)
{
	RegisterXactCallback(forget_at_end, NULL);
	RegisterSubXactCallback(forget_at_sub_end, NULL);
}

/* What is known of a product, which is known from here on. */
static OwnProduct *
remember(const pg_uuid_t *id)
{
	OwnProduct *product;
	bool found;

	if (products != NULL &&
	    hash_get_num_entries(products) * OWN_PRODUCT_SIZE > work_mem * (Size) 1024)
		forget();
	if (products == NULL)
	{
		HASHCTL layout = {.keysize = sizeof(pg_uuid_t),
		                  .entrysize = sizeof(OwnProduct),
		                  .hcxt = TopTransactionContext};

		products = hash_create("pm_catalog products of this transaction", 256, &layout,
		                       HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	product = hash_search(products, id, HASH_ENTER, &found);
	if (!found)
		product->flags = 0;
	return product;
}

/* Writes down ids that search is to look at. */
static void
write_note(Datum *ids, int count)
{
	static SPIPlanPtr plan = NULL;
	Oid type = UUIDARRAYOID;
	Datum value;

	if (count == 0)
		return;
	SPI_connect();
	value = PointerGetDatum(
	    construct_array(ids, count, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR));
	pm_catalog_run(&plan,
	               "INSERT INTO pm_catalog._search_pending (product_ids) VALUES ($1)", 1,
	               &type, &value, NULL);
	SPI_finish();
}

/* Ids that are to be written down, some of them yet. */
typedef struct Note
{
	Datum ids[NOTE_IDS];
	pg_uuid_t values[NOTE_IDS];
	int count;
} Note;

/* Search is to look at a product, which it is told once in a transaction. */
static void
note_product(Note *note, OwnProduct *product)
{
	if ((product->flags & IS_NOTED) != 0)
		return;
	product->flags |= IS_NOTED;
	note->values[note->count] = product->id;
	note->ids[note->count] = UUIDPGetDatum(&note->values[note->count]);
	if (++note->count == NOTE_IDS)
	{
		write_note(note->ids, note->count);
		note->count = 0;
	}
}

PG_FUNCTION_INFO_V1(pm_catalog_note_for_search);

/* _note_products(ids uuid[]): search is to look at these products. */
Datum
pm_catalog_note_for_search(PG_FUNCTION_ARGS)
{
	Note *note = palloc(sizeof(Note));
	Datum *ids;
	bool *nulls;
	int count;

	note->count = 0;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), UUIDOID, UUID_LEN, false, TYPALIGN_CHAR,
	                  &ids, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		if (!nulls[i])
			note_product(note, remember(DatumGetUUIDP(ids[i])));
	}
	write_note(note->ids, note->count);
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(pm_catalog_forget_noted);

/* _forget_noted(): search takes up what it was told; from here on it is told again. */
Datum
pm_catalog_forget_noted(PG_FUNCTION_ARGS)
{
	forget();
	PG_RETURN_VOID();
}

/* Rows of a transition table, from the first one on. */
static TupleTableSlot *
open_rows(Tuplestorestate *store, TupleDesc desc)
{
	tuplestore_select_read_pointer(store,
	                               tuplestore_alloc_read_pointer(store, EXEC_FLAG_REWIND));
	tuplestore_rescan(store);
	return MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
}

PG_FUNCTION_INFO_V1(pm_catalog_products_made);

/* _products_made(): a trigger after INSERT into products; search is to look at them. */
Datum
pm_catalog_products_made(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = pm_catalog_statement_trigger(fcinfo, "_products_made");
	TupleDesc desc = RelationGetDescr(trigger->tg_relation);
	int column = SPI_fnumber(desc, "id");
	Note *note = palloc(sizeof(Note));
	TupleTableSlot *slot;

	if (!TRIGGER_FIRED_BY_INSERT(trigger->tg_event) || trigger->tg_newtable == NULL)
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
		                errmsg("_products_made() is a trigger of pm_catalog.products")));
	note->count = 0;
	slot = open_rows(trigger->tg_newtable, desc);
	while (tuplestore_gettupleslot(trigger->tg_newtable, true, false, slot))
	{
		bool isnull;
		OwnProduct *product = remember(DatumGetUUIDP(slot_getattr(slot, column, &isnull)));

		CHECK_FOR_INTERRUPTS();
		product->flags |= IS_MADE;
		note_product(note, product);
	}
	write_note(note->ids, note->count);
	ExecDropSingleTupleTableSlot(slot);
	PG_RETURN_POINTER(NULL);
}

/*
 * Notes the products that prices belong to; true: each of them was made by this
 * transaction and had no price before, and no two of the prices are of one.
 */
static bool
are_first_prices(Tuplestorestate *store, TupleDesc desc)
{
	TupleTableSlot *slot = open_rows(store, desc);
	int column = SPI_fnumber(desc, "product_id");
	bool all_first = true;

	while (tuplestore_gettupleslot(store, true, false, slot))
	{
		bool isnull;
		Datum id = slot_getattr(slot, column, &isnull);
		OwnProduct *product;

		CHECK_FOR_INTERRUPTS();
		product = remember(DatumGetUUIDP(id));
		all_first = all_first && (product->flags & (IS_MADE | IS_PRICED)) == IS_MADE;
		product->flags |= IS_PRICED;
	}
	ExecDropSingleTupleTableSlot(slot);
	return all_first;
}

PG_FUNCTION_INFO_V1(pm_catalog_after_prices);

/*
 * _after_prices(sql, ...): a trigger on product_prices; what _after_statement() does,
 * unless the rows are the first prices of products that this transaction has made: there
 * nobody is to be locked out, and no other period to end.
 */
Datum
pm_catalog_after_prices(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = pm_catalog_statement_trigger(fcinfo, "_after_prices");
	bool settled = false;

	if (trigger->tg_newtable != NULL)
		settled = are_first_prices(trigger->tg_newtable,
		                           RelationGetDescr(trigger->tg_relation)) &&
		          TRIGGER_FIRED_BY_INSERT(trigger->tg_event);
	if (!settled)
		pm_catalog_derive(trigger, 0);
	PG_RETURN_POINTER(NULL);
}

PG_FUNCTION_INFO_V1(pm_catalog_is_own);

/* _is_own(written_by): is it this transaction, or one of its subtransactions? */
Datum
pm_catalog_is_own(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(TransactionIdIsCurrentTransactionId(PG_GETARG_TRANSACTIONID(0)));
}
