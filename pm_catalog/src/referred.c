/*
 * referred.c - what the rows of bulk_insert.c refer to
 *
 * Keys that differ are noted while rows come, and looked for when all have come, by one
 * statement for each foreign key.  Keys that an earlier query of the same call has
 * inserted are known here, and not looked for.
 */
#include "bulk_insert.h"

#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/uuid.h"

/* The keys of one column that this call has inserted, in ascending order once used. */
typedef struct NewKeys
{
	Oid table;
	AttrNumber column;
	bool ascending;
	int count;
	int room;
	int last; /* where the last search ended */
	pg_uuid_t *keys;
} NewKeys;

/* A foreign key of one uuid column. */
typedef struct Referred
{
	char *constraint;
	AttrNumber column;
	Oid table; /* that it refers to */
	AttrNumber key;
	NewKeys *new_keys; /* inserted by this call; NULL: none */
	HTAB *asked;       /* the other ones */
} Referred;

/* Two keys in the order of uuid. */
static int
compare_keys(const void *a, const void *b)
{
	return memcmp(a, b, UUID_LEN);
}

/* Notes a key that is inserted. */
static void
add_new_key(NewKeys *new_keys, const pg_uuid_t *key)
{
	if (new_keys->count == new_keys->room)
	{
		new_keys->room *= 2;
		new_keys->keys =
		    repalloc_huge(new_keys->keys, sizeof(pg_uuid_t) * (Size) new_keys->room);
	}
	if (new_keys->count > 0 && new_keys->ascending)
		new_keys->ascending = compare_keys(&new_keys->keys[new_keys->count - 1], key) <= 0;
	new_keys->keys[new_keys->count++] = *key;
}

/* Notes the keys of a row that is inserted. */
void
pm_catalog_add_keys(List *keys, TupleTableSlot *slot)
{
	ListCell *cell;

	foreach (cell, keys)
	{
		NewKeys *new_keys = lfirst(cell);
		bool isnull;
		Datum key = slot_getattr(slot, new_keys->column, &isnull);

		if (!isnull)
			add_new_key(new_keys, DatumGetUUIDP(key));
	}
}

/* Is the key one that this call has inserted?  Fast when asked for in their order. */
static bool
is_new_key(NewKeys *new_keys, const pg_uuid_t *key)
{
	pg_uuid_t *found;

	if (new_keys->count == 0)
		return false;
	if (!new_keys->ascending)
	{
		qsort(new_keys->keys, new_keys->count, sizeof(pg_uuid_t), compare_keys);
		new_keys->ascending = true;
	}
	for (int i = 0; i < 2; i++)
	{
		if (compare_keys(&new_keys->keys[new_keys->last], key) == 0)
			return true;
		new_keys->last = (new_keys->last + 1) % new_keys->count;
	}
	found = bsearch(key, new_keys->keys, new_keys->count, sizeof(pg_uuid_t), compare_keys);
	if (found == NULL)
		return false;
	new_keys->last = found - new_keys->keys;
	return true;
}

/* Notes what a row refers to, unless this call has inserted it. */
void
pm_catalog_note_referred(List *referred, TupleTableSlot *slot)
{
	ListCell *cell;

	foreach (cell, referred)
	{
		Referred *each = lfirst(cell);
		bool isnull;
		Datum key = slot_getattr(slot, each->column, &isnull);

		if (!isnull &&
		    (each->new_keys == NULL || !is_new_key(each->new_keys, DatumGetUUIDP(key))))
			(void) hash_search(each->asked, DatumGetUUIDP(key), HASH_ENTER, NULL);
	}
}

/* Is the foreign key one of a single uuid? */
static bool
is_uuid_key(const ForeignKeyCacheInfo *key)
{
	return key->nkeys == 1 && get_atttype(key->conrelid, key->conkey[0]) == UUIDOID &&
	       get_atttype(key->confrelid, key->confkey[0]) == UUIDOID;
}

/*
 * The foreign keys of the table, into *referred; false if one cannot be checked here.
 * given: the columns that the query has.  A key of several columns is left to the query:
 * without a value in one of them it holds.
 */
bool
pm_catalog_find_referred(Relation table, const Bitmapset *given, List *keys,
                         List **referred)
{
	ListCell *cell;

	foreach (cell, RelationGetFKeyList(table))
	{
		ForeignKeyCacheInfo *key = lfirst(cell);
		HASHCTL control = {
		    .keysize = UUID_LEN, .entrysize = UUID_LEN, .hcxt = CurrentMemoryContext};
		Referred *found;
		ListCell *other;
		bool absent = false;

		if (!is_uuid_key(key) || get_rel_relkind(key->confrelid) != RELKIND_RELATION)
		{
			for (int i = 0; i < key->nkeys; i++)
				absent =
				    absent || (!bms_is_member(key->conkey[i], given) &&
				               !TupleDescAttr(RelationGetDescr(table), key->conkey[i] - 1)
				                    ->atthasdef);
			if (!absent)
				return false;
			continue;
		}
		found = palloc0(sizeof(Referred));
		found->constraint = get_constraint_name(key->conoid);
		found->column = key->conkey[0];
		found->table = key->confrelid;
		found->key = key->confkey[0];
		found->asked = hash_create("pm_catalog referred keys", 256, &control,
		                           HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
		foreach (other, keys)
		{
			NewKeys *new_keys = lfirst(other);

			if (new_keys->table == key->confrelid && new_keys->column == key->confkey[0])
				found->new_keys = new_keys;
		}
		*referred = lappend(*referred, found);
	}
	return true;
}

/*
 * Looks for what the rows refer to, as the owner of the table it is in, and locks it
 * as a foreign key does; error 23503 if a key is not there.
 */
static void
check_key(Relation table, const Referred *referred)
{
	Relation target = table_open(referred->table, RowShareLock);
	char *key = get_attname(referred->table, referred->key, false);
	long count = hash_get_num_entries(referred->asked);
	Datum *keys = palloc(sizeof(Datum) * Max(count, 1));
	Oid types[] = {UUIDARRAYOID};
	Datum values[1];
	StringInfoData query;
	HASH_SEQ_STATUS scan;
	pg_uuid_t *each;
	Oid user;
	int context;
	int n = 0;

	hash_seq_init(&scan, referred->asked);
	while ((each = hash_seq_search(&scan)) != NULL)
		keys[n++] = UUIDPGetDatum(each);
	values[0] =
	    PointerGetDatum(construct_array(keys, n, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR));
	initStringInfo(&query);
	appendStringInfo(
	    &query,
	    "SELECT k FROM pg_catalog.unnest($1) AS k WHERE NOT EXISTS (SELECT "
	    "FROM ONLY %s AS t WHERE t.%s OPERATOR(pg_catalog.=) k FOR KEY SHARE)",
	    quote_qualified_identifier(get_namespace_name(RelationGetNamespace(target)),
	                               RelationGetRelationName(target)),
	    quote_identifier(key));

	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(target->rd_rel->relowner,
	                       context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
	if (SPI_execute_with_args(query.data, 1, types, values, NULL, false, 1) !=
	    SPI_OK_SELECT)
		elog(ERROR, "referred rows of \"%s\" could not be read",
		     RelationGetRelationName(target));
	SetUserIdAndSecContext(user, context);
	if (SPI_processed > 0)
		ereport(ERROR,
		        (errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
		         errmsg("insert or update on table \"%s\" violates foreign key "
		                "constraint \"%s\"",
		                RelationGetRelationName(table), referred->constraint),
		         errdetail("Key (%s)=(%s) is not present in table \"%s\".",
		                   get_attname(RelationGetRelid(table), referred->column, false),
		                   SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1),
		                   RelationGetRelationName(target)),
		         errtableconstraint(table, referred->constraint)));
	SPI_freetuptable(SPI_tuptable);
	table_close(target, NoLock);
}

/* Looks for all that the rows of a query refer to; error 23503. */
void
pm_catalog_check_referred(Relation table, List *referred)
{
	ListCell *cell;

	foreach (cell, referred)
	{
		Referred *each = lfirst(cell);

		if (hash_get_num_entries(each->asked) > 0)
			check_key(table, each);
		hash_destroy(each->asked);
	}
}

/*
 * Starts to keep the keys of a target that the foreign keys of later ones refer to;
 * returns them, and adds them to *keys.
 */
List *
pm_catalog_keep_keys(const Datum *targets, int current, int count, List **keys)
{
	Oid table = DatumGetObjectId(targets[current]);
	Bitmapset *columns = NULL;
	List *kept = NIL;
	int column = -1;

	for (int i = current + 1; i < count; i++)
	{
		Relation later = table_open(DatumGetObjectId(targets[i]), RowExclusiveLock);
		ListCell *cell;

		foreach (cell, RelationGetFKeyList(later))
		{
			ForeignKeyCacheInfo *key = lfirst(cell);

			if (key->confrelid == table && is_uuid_key(key))
				columns = bms_add_member(columns, key->confkey[0]);
		}
		table_close(later, NoLock);
	}
	while ((column = bms_next_member(columns, column)) >= 0)
	{
		NewKeys *new_keys = palloc0(sizeof(NewKeys));

		new_keys->table = table;
		new_keys->column = column;
		new_keys->ascending = true;
		new_keys->room = 1024;
		new_keys->keys = palloc(sizeof(pg_uuid_t) * new_keys->room);
		kept = lappend(kept, new_keys);
		*keys = lappend(*keys, new_keys);
	}
	return kept;
}
