/*
 * pm_store.c - keys and values in one fixed piece of memory
 *
 * The memory holds the head, the hash table and the blocks.  An entry stands at the start
 * of its first block; its value begins in what its key leaves of that block.  Free blocks
 * are a chain by their first word, as those of an entry are.
 */
#include "pm_store.h"

#include <string.h>

/* Entries that may be passed over for one that is to go, so that one call is bounded. */
#define SPARED_MAX 64
#define HEAD       offsetof(PmStoreEntry, key)
#define FIRST_ROOM (PM_STORE_BLOCK - HEAD)
#define OTHER_ROOM (PM_STORE_BLOCK - sizeof(uint32_t))

_Static_assert(HEAD + PM_STORE_KEY_MAX <= PM_STORE_BLOCK, "the first block holds a key");

static size_t
aligned(size_t size)
{
	return (size + 63) & ~(size_t) 63;
}

static uint32_t
places_for(uint32_t blocks)
{
	uint32_t places = 16;

	while (places < blocks && places < UINT32_C(1) << 31)
		places *= 2;
	return places;
}

static uint32_t *
table_of(const PmStore *store)
{
	return (uint32_t *) ((char *) store + aligned(sizeof(PmStore)));
}

/* Where a block begins. */
static unsigned char *
block_at(const PmStore *store, uint32_t block)
{
	return (unsigned char *) store + aligned(sizeof(PmStore)) +
	       aligned((size_t) store->places * sizeof(uint32_t)) +
	       (size_t) (block - 1) * PM_STORE_BLOCK;
}

static PmStoreEntry *
entry_at(const PmStore *store, uint32_t block)
{
	return (PmStoreEntry *) (void *) block_at(store, block);
}

static uint32_t
block_of(const PmStore *store, const PmStoreEntry *entry)
{
	return (uint32_t) (((const unsigned char *) entry - block_at(store, 1)) /
	                   PM_STORE_BLOCK) +
	       1;
}

/* Where the value of an entry begins. */
static unsigned char *
value_at(const PmStore *store, const PmStoreEntry *entry)
{
	return block_at(store, block_of(store, entry)) + HEAD + entry->key_len;
}

/* The block that follows in a chain. */
static uint32_t *
next_of(const PmStore *store, uint32_t block)
{
	return (uint32_t *) (void *) block_at(store, block);
}

size_t
pm_store_size(uint32_t blocks)
{
	return aligned(sizeof(PmStore)) +
	       aligned((size_t) places_for(blocks) * sizeof(uint32_t)) +
	       (size_t) blocks * PM_STORE_BLOCK;
}

uint32_t
pm_store_fit(size_t size)
{
	size_t blocks = size / PM_STORE_BLOCK;

	if (blocks > UINT32_C(1) << 31)
		blocks = UINT32_C(1) << 31;
	while (blocks > 0 && pm_store_size((uint32_t) blocks) > size)
		blocks -= blocks / 256 + 1;
	return (uint32_t) blocks;
}

void
pm_store_init(PmStore *store, uint32_t blocks)
{
	memset(store, 0, sizeof(PmStore));
	store->blocks = blocks;
	store->places = places_for(blocks);
	memset(table_of(store), 0, (size_t) store->places * sizeof(uint32_t));
	for (uint32_t block = blocks; block > 0; block--)
	{
		*next_of(store, block) = store->free;
		store->free = block;
	}
	store->nfree = blocks;
}

/* Order of keys: by their bytes, a shorter one first. */
static int
compare(const void *key, size_t len, const PmStoreEntry *entry)
{
	size_t common = len < entry->key_len ? len : entry->key_len;
	int order = memcmp(key, entry->key, common);

	if (order != 0)
		return order;
	return len < entry->key_len ? -1 : len > entry->key_len;
}

/* Does the key of an entry begin so? */
static bool
begins(const PmStoreEntry *entry, const void *prefix, size_t len)
{
	return entry->key_len >= len && memcmp(entry->key, prefix, len) == 0;
}

PmStoreEntry *
pm_store_find(const PmStore *store, const void *key, size_t len, uint64_t hash)
{
	uint32_t place = (uint32_t) hash;
	uint32_t block = table_of(store)[place & (store->places - 1)];

	while (block != 0)
	{
		PmStoreEntry *entry = entry_at(store, block);

		if (entry->place == place && entry->key_len == len &&
		    memcmp(entry->key, key, len) == 0)
			return entry;
		block = entry->bucket;
	}
	return NULL;
}

/*
 * Splits a tree: into what is before a key, and the rest.  With past, the entries that
 * begin with the key are before it, too.
 */
static void
split(PmStore *store, uint32_t tree, const void *key, size_t len, bool past,
      uint32_t *before, uint32_t *rest)
{
	while (tree != 0)
	{
		PmStoreEntry *entry = entry_at(store, tree);

		if (compare(key, len, entry) > 0 || (past && begins(entry, key, len)))
		{
			*before = tree;
			before = &entry->right;
			tree = entry->right;
		}
		else
		{
			*rest = tree;
			rest = &entry->left;
			tree = entry->left;
		}
	}
	*before = 0;
	*rest = 0;
}

/* Joins two trees, all of the first before all of the second. */
static uint32_t
join(PmStore *store, uint32_t first, uint32_t second)
{
	uint32_t tree;
	uint32_t *at = &tree;

	while (first != 0 && second != 0)
	{
		PmStoreEntry *a = entry_at(store, first);
		PmStoreEntry *b = entry_at(store, second);

		if (a->priority >= b->priority)
		{
			*at = first;
			at = &a->right;
			first = a->right;
		}
		else
		{
			*at = second;
			at = &b->left;
			second = b->left;
		}
	}
	*at = first != 0 ? first : second;
	return tree;
}

/* Puts an entry into the tree. */
static void
plant(PmStore *store, uint32_t block)
{
	PmStoreEntry *entry = entry_at(store, block);
	uint32_t *at = &store->root;

	while (*at != 0)
	{
		PmStoreEntry *above = entry_at(store, *at);

		if (above->priority < entry->priority)
			break;
		at = compare(entry->key, entry->key_len, above) < 0 ? &above->left : &above->right;
	}
	split(store, *at, entry->key, entry->key_len, false, &entry->left, &entry->right);
	*at = block;
}

/* Takes an entry out of the tree. */
static void
uproot(PmStore *store, uint32_t block)
{
	PmStoreEntry *entry = entry_at(store, block);
	uint32_t *at = &store->root;

	while (*at != block)
	{
		PmStoreEntry *above = entry_at(store, *at);

		at = compare(entry->key, entry->key_len, above) < 0 ? &above->left : &above->right;
	}
	*at = join(store, entry->left, entry->right);
}

/* Makes an entry the newest. */
static void
enlist(PmStore *store, uint32_t block)
{
	PmStoreEntry *entry = entry_at(store, block);

	entry->newer = 0;
	entry->older = store->newest;
	if (store->newest != 0)
		entry_at(store, store->newest)->newer = block;
	else
		store->oldest = block;
	store->newest = block;
}

static void
delist(PmStore *store, PmStoreEntry *entry)
{
	if (entry->newer != 0)
		entry_at(store, entry->newer)->older = entry->older;
	else
		store->newest = entry->older;
	if (entry->older != 0)
		entry_at(store, entry->older)->newer = entry->newer;
	else
		store->oldest = entry->newer;
}

/* Adds an entry to the counts of its tag, or takes it off. */
static void
count(PmStore *store, const PmStoreEntry *entry, bool add)
{
	PmStoreCount *counts = &store->counts[entry->tag];
	uint64_t bytes = (uint64_t) entry->blocks * PM_STORE_BLOCK;

	counts->entries += add ? 1 : UINT64_MAX;
	counts->bytes += add ? bytes : -bytes;
}

/* Frees an entry that is in the tree no more. */
static void
drop(PmStore *store, uint32_t block)
{
	PmStoreEntry *entry = entry_at(store, block);
	uint32_t *at = &table_of(store)[entry->place & (store->places - 1)];
	uint32_t last = block;

	while (*at != block)
		at = &entry_at(store, *at)->bucket;
	*at = entry->bucket;
	delist(store, entry);
	count(store, entry, false);
	store->nfree += entry->blocks;
	while (*next_of(store, last) != 0)
		last = *next_of(store, last);
	*next_of(store, last) = store->free;
	store->free = block;
}

void
pm_store_remove(PmStore *store, PmStoreEntry *entry)
{
	uint32_t block = block_of(store, entry);

	uproot(store, block);
	drop(store, block);
}

uint64_t
pm_store_remove_prefix(PmStore *store, const void *prefix, size_t len)
{
	uint32_t before, tree, after;
	uint64_t removed = 0;

	split(store, store->root, prefix, len, false, &before, &tree);
	split(store, tree, prefix, len, true, &tree, &after);
	store->root = join(store, before, after);
	while (tree != 0)
	{
		PmStoreEntry *entry = entry_at(store, tree);
		uint32_t left = entry->left;
		uint32_t right = entry->right;

		if (left != 0)
		{
			/* turned until the first is on top */
			entry->left = entry_at(store, left)->right;
			entry_at(store, left)->right = tree;
			tree = left;
			continue;
		}
		store->counts[entry->tag].removed++;
		drop(store, tree);
		removed++;
		tree = right;
	}
	return removed;
}

/* Evicts until so many blocks are free; an entry that is kept is not touched. */
static void
make_room(PmStore *store, uint32_t blocks, uint32_t kept)
{
	int spared = 0;

	while (store->nfree < blocks && store->oldest != 0)
	{
		uint32_t block = store->oldest;
		PmStoreEntry *entry = entry_at(store, block);

		if (block == kept || (entry->used != 0 && spared++ < SPARED_MAX))
		{
			if (store->newest == block)
				return; /* it is the only one */
			delist(store, entry);
			enlist(store, block);
			entry->used = 0;
			continue;
		}
		store->counts[entry->tag].evicted++;
		uproot(store, block);
		drop(store, block);
	}
}

/* Takes a free block; there is one. */
static uint32_t
take(PmStore *store)
{
	uint32_t block = store->free;

	store->free = *next_of(store, block);
	store->nfree--;
	*next_of(store, block) = 0;
	return block;
}

PmStoreEntry *
pm_store_add(PmStore *store, const void *key, size_t len, uint64_t hash, uint16_t tag)
{
	PmStoreEntry *entry;
	uint32_t *head;
	uint32_t block;

	if (len > PM_STORE_KEY_MAX)
		return NULL;
	make_room(store, 1, 0);
	block = take(store);
	entry = entry_at(store, block);
	memset(entry, 0, HEAD);
	memcpy(entry->key, key, len);
	entry->key_len = (uint16_t) len;
	entry->place = (uint32_t) hash;
	entry->priority = (uint32_t) (hash >> 32);
	entry->tag = tag;
	entry->blocks = 1;
	head = &table_of(store)[entry->place & (store->places - 1)];
	entry->bucket = *head;
	*head = block;
	plant(store, block);
	enlist(store, block);
	count(store, entry, true);
	return entry;
}

bool
pm_store_put(PmStore *store, PmStoreEntry *entry, uint16_t tag, const void *value,
             size_t len)
{
	uint32_t block = block_of(store, entry);
	const char *from = value;
	size_t room = FIRST_ROOM - entry->key_len;
	size_t piece = len < room ? len : room;
	size_t left = len - piece;
	uint32_t more = (uint32_t) ((left + OTHER_ROOM - 1) / OTHER_ROOM);

	if (len / PM_STORE_BLOCK >= store->blocks / 4)
		return false;
	make_room(store, more, block);
	count(store, entry, false);
	entry->tag = tag;
	entry->value_len = (uint32_t) len;
	entry->blocks = 1 + more;
	count(store, entry, true);
	if (piece > 0)
		memcpy(value_at(store, entry), from, piece);
	while (left > 0)
	{
		uint32_t next = take(store);

		from += piece;
		piece = left < OTHER_ROOM ? left : OTHER_ROOM;
		memcpy(block_at(store, next) + sizeof(uint32_t), from, piece);
		left -= piece;
		*next_of(store, block) = next;
		block = next;
	}
	return true;
}

void
pm_store_read(const PmStore *store, const PmStoreEntry *entry, void *value)
{
	char *to = value;
	size_t room = FIRST_ROOM - entry->key_len;
	size_t left = entry->value_len;
	size_t piece = left < room ? left : room;
	uint32_t block = entry->next;

	memcpy(to, value_at(store, entry), piece);
	while (left > piece)
	{
		left -= piece;
		to += piece;
		piece = left < OTHER_ROOM ? left : OTHER_ROOM;
		memcpy(to, block_at(store, block) + sizeof(uint32_t), piece);
		block = *next_of(store, block);
	}
}

/* Are the entries under this one in order, and none above it in priority? */
static bool
check_tree(const PmStore *store, uint32_t *entries)
{
	const PmStoreEntry *last = NULL;
	uint32_t tree = store->root;
	uint32_t seen = 0;

	/* in order without a stack: the next one is looked for from the top */
	while (tree != 0)
	{
		const PmStoreEntry *next = NULL;

		for (tree = store->root; tree != 0;)
		{
			const PmStoreEntry *entry = entry_at(store, tree);

			if ((entry->left != 0 &&
			     entry_at(store, entry->left)->priority > entry->priority) ||
			    (entry->right != 0 &&
			     entry_at(store, entry->right)->priority > entry->priority))
				return false;
			if (last == NULL || compare(last->key, last->key_len, entry) < 0)
			{
				next = entry;
				tree = entry->left;
			}
			else
				tree = entry->right;
		}
		if (next == NULL)
			break;
		if (pm_store_find(store, next->key, next->key_len, next->place) != next)
			return false;
		seen++;
		last = next;
		tree = block_of(store, next);
	}
	*entries = seen;
	return true;
}

const PmStoreEntry *
pm_store_older(const PmStore *store, const PmStoreEntry *entry)
{
	uint32_t block = entry == NULL ? store->newest : entry->older;

	return block == 0 ? NULL : entry_at(store, block);
}

bool
pm_store_check(const PmStore *store)
{
	uint32_t in_tree, in_list = 0, nfree = 0, blocks = 0;
	uint64_t entries = 0, bytes = 0;
	uint32_t newer = 0;

	if (!check_tree(store, &in_tree))
		return false;
	for (uint32_t block = store->newest; block != 0; block = entry_at(store, block)->older)
	{
		const PmStoreEntry *entry = entry_at(store, block);
		uint32_t chain = 0;

		for (uint32_t next = block; next != 0 && chain <= store->blocks;
		     next = *next_of(store, next))
			chain++;
		if (entry->newer != newer || chain != entry->blocks || ++in_list > store->blocks)
			return false;
		blocks += chain;
		newer = block;
	}
	for (uint32_t block = store->free; block != 0 && nfree <= store->blocks;
	     block = *next_of(store, block))
		nfree++;
	for (int tag = 0; tag < PM_STORE_TAGS; tag++)
	{
		entries += store->counts[tag].entries;
		bytes += store->counts[tag].bytes;
	}
	return store->oldest == newer && in_tree == in_list && nfree == store->nfree &&
	       nfree + blocks == store->blocks && entries == in_list &&
	       bytes == (uint64_t) blocks * PM_STORE_BLOCK;
}
