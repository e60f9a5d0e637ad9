/*
 * pm_store.h - keys and values in one fixed piece of memory
 *
 * The memory is cut into blocks.  An entry is a chain of them: the first holds the key
 * whole, and the value follows it over as many as it takes, so nothing fragments and
 * nothing has to be moved.  When no block is free, entries are evicted in the order in
 * which they came; one that was marked as used has a second chance.  Entries are found by
 * a hash of their key, which the caller computes with a secret seed, and by a prefix: a
 * treap has them in the order of their keys, its shape decided by the same hash.
 *
 * Blocks are named by number, so the memory may be mapped anywhere.  What changes the
 * store needs it alone; what takes it const may run beside others of that kind.  used may
 * be set by those, too.
 */
#ifndef PM_STORE_H
#define PM_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PM_STORE_BLOCK      512
#define PM_STORE_KEY_MAX    264
#define PM_STORE_TAGS       256
#define PM_STORE_BLOCKS_MIN 16

/* What became of the entries of a tag. */
typedef struct PmStoreCount
{
	uint64_t entries; /* there are now */
	uint64_t bytes;   /* of their blocks */
	uint64_t evicted; /* had to go for others, so far */
	uint64_t removed; /* by their prefix, so far */
} PmStoreCount;

/* An entry; what stands behind the first empty line is the caller's. */
typedef struct PmStoreEntry
{
	uint32_t next;   /* block of its chain; 0: the last */
	uint32_t bucket; /* next entry with this place in the hash table */
	uint32_t left, right;
	uint32_t newer, older;
	uint32_t place;    /* its hash: where it is in the table, */
	uint32_t priority; /* and in the treap: not below those under it */
	uint32_t value_len;
	uint32_t blocks;
	uint16_t key_len;
	uint16_t tag;
	uint8_t used;

	uint8_t state;
	int64_t expires;
	int64_t until;
	uint64_t serial;
	uint64_t lease;
	unsigned char key[PM_STORE_KEY_MAX];
} PmStoreEntry;

typedef struct PmStore
{
	uint32_t blocks; /* 1 to blocks; 0 is none */
	uint32_t places; /* of the hash table, a power of two */
	uint32_t nfree;
	uint32_t free;
	uint32_t root;
	uint32_t newest, oldest;
	PmStoreCount counts[PM_STORE_TAGS];
} PmStore;

/* The memory that so many blocks need; the other way round. */
extern size_t pm_store_size(uint32_t blocks);
extern uint32_t pm_store_fit(size_t size);
/* Makes an empty store of memory aligned for any object. */
extern void pm_store_init(PmStore *store, uint32_t blocks);

/* The entry of a key, or NULL. */
extern PmStoreEntry *
pm_store_find(const PmStore *store, const void *key, size_t len, uint64_t hash);
/*
 * Makes an entry without a value of a key that has none; evicts if need be.  The caller's
 * fields are 0.  NULL if the key is longer than PM_STORE_KEY_MAX.
 */
extern PmStoreEntry *
pm_store_add(PmStore *store, const void *key, size_t len, uint64_t hash, uint16_t tag);
/*
 * Gives an entry that has none a value, and another tag.  Evicts other entries if need
 * be.  False, and nothing is changed, if the value is larger than a quarter of the store.
 */
extern bool pm_store_put(PmStore *store, PmStoreEntry *entry, uint16_t tag,
                         const void *value, size_t len);
/* Copies the value of an entry, value_len bytes. */
extern void pm_store_read(const PmStore *store, const PmStoreEntry *entry, void *value);
extern void pm_store_remove(PmStore *store, PmStoreEntry *entry);
/* The entry that came before this one, the newest if that is NULL; NULL: there is none. */
extern const PmStoreEntry *pm_store_older(const PmStore *store, const PmStoreEntry *entry);
/* Removes the entries whose key begins so, and counts them. */
extern uint64_t pm_store_remove_prefix(PmStore *store, const void *prefix, size_t len);

/* For tests: does everything that is said above hold?  Costs what looking at all costs. */
extern bool pm_store_check(const PmStore *store);

#endif /* PM_STORE_H */
