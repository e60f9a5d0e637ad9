/*
 * test_store.c - the store of keys and values: what each call does, and random calls
 * against a plain table
 *
 * Which keys are evicted cannot be told beforehand: what the store still has must be as it
 * was stored, and what was removed must be gone.
 */
#include <stdlib.h>

#include "pm_store.h"
#include "tap.h"

#define BLOCKS 200
#define KEYS   300

static uint64_t seed = 42;

static uint32_t
dice(uint32_t sides)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t) (seed >> 33) % sides;
}

/* Any function of the key will do; one that often collides tries the chains. */
static uint64_t
hash_of(const char *key, size_t len, uint64_t kinds)
{
	uint64_t hash = 1469598103934665603u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char) key[i]) * 1099511628211u;
	hash ^= hash >> 29;
	return kinds == 0 ? hash : hash % kinds | hash % kinds << 32;
}

static PmStore *
make_store(uint32_t blocks)
{
	PmStore *store = malloc(pm_store_size(blocks));

	pm_store_init(store, blocks);
	return store;
}

static PmStoreEntry *
put(PmStore *store, const char *key, const void *value, size_t len)
{
	uint64_t hash = hash_of(key, strlen(key), 0);
	PmStoreEntry *entry = pm_store_add(store, key, strlen(key), hash, 0);

	return pm_store_put(store, entry, 1, value, len) ? entry : NULL;
}

static PmStoreEntry *
find(PmStore *store, const char *key)
{
	return pm_store_find(store, key, strlen(key), hash_of(key, strlen(key), 0));
}

static void
test_sizes(void)
{
	bool good = true;

	for (size_t size = pm_store_size(PM_STORE_BLOCKS_MIN); size < 3000000; size += 7919)
	{
		uint32_t blocks = pm_store_fit(size);

		/* no more than fits, and not much less */
		good = good && pm_store_size(blocks) <= size &&
		       pm_store_size(blocks + blocks / 64 + 2) > size;
	}
	ok(good, "what fits into a size");
	is_int(pm_store_fit(0), 0, "nothing fits into nothing");
}

static void
test_values(void)
{
	static const size_t sizes[] = {0,   1,   400, 425, 426, 427,  428,  429,
	                               430, 431, 934, 938, 939, 5000, 20000};
	PmStore *store = make_store(BLOCKS);
	char value[20000];
	char got[20000];
	char key[32];
	bool good = true;

	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = (char) dice(256);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
	{
		PmStoreEntry *entry;

		snprintf(key, sizeof(key), "size %zu", sizes[i]);
		put(store, key, value, sizes[i]);
		entry = find(store, key);
		good = good && entry != NULL && entry->value_len == sizes[i];
		if (entry == NULL)
			continue;
		memset(got, 0, sizeof(got));
		pm_store_read(store, entry, got);
		good = good && memcmp(got, value, sizes[i]) == 0;
	}
	ok(good, "values of all sizes come back");
	ok(pm_store_check(store), "the store is in order");
	ok(put(store, "big", value, BLOCKS / 4 * PM_STORE_BLOCK) == NULL,
	   "a value over a quarter of the store is refused");
	ok(find(store, "big") != NULL && find(store, "big")->value_len == 0 &&
	       pm_store_check(store),
	   "and its entry is as it was");
	memset(value, 'k', PM_STORE_KEY_MAX + 1);
	ok(pm_store_add(store, value, PM_STORE_KEY_MAX + 1, 1, 0) == NULL,
	   "a key that is too long is refused");
	ok(pm_store_add(store, value, PM_STORE_KEY_MAX, 1, 0) != NULL && pm_store_check(store),
	   "the longest one is not");
	free(store);
}

static void
test_prefixes(void)
{
	static const char *const keys[] = {"a", "ab",     "aba",        "abb", "ac",
	                                   "b", "ab\xff", "ab\xff\xff", "aa"};
	PmStore *store = make_store(BLOCKS);

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		put(store, keys[i], "v", 1);
	is_int((long long) pm_store_remove_prefix(store, "ab", 2), 5,
	       "five keys begin with ab");
	ok(find(store, "aa") && find(store, "a") && find(store, "ac") && find(store, "b"),
	   "the others are there");
	ok(!find(store, "ab") && !find(store, "abb") && !find(store, "ab\xff\xff"),
	   "they are not");
	is_int((long long) pm_store_remove_prefix(store, "abc", 3), 0, "none begins with abc");
	is_int((long long) store->counts[1].removed, 5, "counted");
	is_int((long long) pm_store_remove_prefix(store, "", 0), 4, "all begin with nothing");
	ok(store->root == 0 && store->nfree == BLOCKS && pm_store_check(store), "it is empty");
	free(store);
}

/* From one entry to the one before it. */
static void
test_older(void)
{
	PmStore *store = make_store(64);
	const PmStoreEntry *entry = NULL;
	char keys[8] = "";

	ok(pm_store_older(store, NULL) == NULL, "older: nothing is the newest of none");
	put(store, "a", "1", 1);
	put(store, "b", "2", 1);
	put(store, "c", "3", 1);
	pm_store_remove(store, find(store, "b"));
	while ((entry = pm_store_older(store, entry)) != NULL)
		strncat(keys, (const char *) entry->key, entry->key_len);
	is_str(keys, "ca", "older: the newest first");
	free(store);
}

static void
test_eviction(void)
{
	PmStore *store = make_store(PM_STORE_BLOCKS_MIN);
	char key[16];

	for (int i = 0; i < PM_STORE_BLOCKS_MIN; i++)
	{
		snprintf(key, sizeof(key), "%d", i);
		put(store, key, "v", 1);
	}
	find(store, "0")->used = 1;
	find(store, "2")->used = 1;
	put(store, "new", "v", 1);
	ok(find(store, "0") != NULL && find(store, "1") == NULL,
	   "the oldest that was not used goes");
	put(store, "newer", "v", 1);
	ok(find(store, "2") != NULL && find(store, "3") == NULL, "and the next one");
	is_int(find(store, "0")->used, 0, "a second chance is used up");
	is_int((long long) (store->counts[0].evicted + store->counts[1].evicted), 2, "counted");
	ok(pm_store_check(store), "the store is in order");
	free(store);
}

/* However many were used, one call passes over a few and then evicts. */
static void
test_spared(void)
{
	PmStore *store = make_store(1000);
	char key[16];
	int left = 0;

	for (int i = 0; i < 1000; i++)
	{
		snprintf(key, sizeof(key), "%d", i);
		put(store, key, "v", 1)->used = 1;
	}
	put(store, "new", "v", 1);
	for (int i = 0; i < 1000; i++)
	{
		snprintf(key, sizeof(key), "%d", i);
		left += find(store, key) != NULL && find(store, key)->used == 1;
	}
	is_int(left, 1000 - 65, "64 were passed over, one went");
	free(store);
}

typedef struct Stored
{
	bool there;
	size_t len;
	uint8_t first;
} Stored;

/* Is what the store has what was stored?  Forgets what was evicted, and counts it. */
static bool
same(PmStore *store, Stored *table, uint64_t kinds, uint64_t *lost)
{
	unsigned char value[BLOCKS * PM_STORE_BLOCK];
	bool good = true;

	for (int i = 0; i < KEYS; i++)
	{
		char key[32];
		int len = snprintf(key, sizeof(key), "%d/%d", i % 7, i);
		PmStoreEntry *entry =
		    pm_store_find(store, key, (size_t) len, hash_of(key, (size_t) len, kinds));

		if (!table[i].there)
			good = good && entry == NULL;
		else if (entry == NULL)
		{
			table[i].there = false;
			(*lost)++;
		}
		else
		{
			good = good && entry->value_len == table[i].len;
			pm_store_read(store, entry, value);
			for (size_t at = 0; good && at < table[i].len; at++)
				good = value[at] == (uint8_t) (table[i].first + at);
		}
	}
	return good;
}

static void
test_random(uint64_t kinds, const char *name)
{
	PmStore *store = make_store(BLOCKS);
	static Stored table[KEYS];
	unsigned char value[BLOCKS * PM_STORE_BLOCK];
	uint64_t lost = 0;
	bool good = true;
	char title[80];

	memset(table, 0, sizeof(table));
	for (int step = 0; step < 20000 && good; step++)
	{
		uint32_t i = dice(KEYS);
		uint32_t what = dice(100);
		char key[32];
		size_t len = (size_t) snprintf(key, sizeof(key), "%u/%u", i % 7, i);
		PmStoreEntry *entry = pm_store_find(store, key, len, hash_of(key, len, kinds));

		if (what < 5)
		{
			uint32_t group = dice(7);
			char prefix[8];
			size_t prefix_len = (size_t) snprintf(prefix, sizeof(prefix), "%u/", group);

			pm_store_remove_prefix(store, prefix, prefix_len);
			for (uint32_t other = group; other < KEYS; other += 7)
			{
				snprintf(key, sizeof(key), "%u/%u", group, other);
				table[other].there = false;
			}
		}
		else if (entry != NULL && what < 30)
		{
			pm_store_remove(store, entry);
			table[i].there = false;
		}
		else if (entry != NULL)
			entry->used = 1;
		else
		{
			size_t size = dice(4) != 0 ? dice(600)
			                           : dice(BLOCKS / 4 * PM_STORE_BLOCK - PM_STORE_BLOCK);
			uint8_t first = (uint8_t) dice(256);

			for (size_t at = 0; at < size; at++)
				value[at] = (uint8_t) (first + at);
			entry = pm_store_add(store, key, len, hash_of(key, len, kinds),
			                     (uint16_t) dice(PM_STORE_TAGS));
			good = pm_store_put(store, entry, (uint16_t) dice(PM_STORE_TAGS), value, size);
			table[i] = (Stored){true, size, first};
		}
		good = good && pm_store_check(store) &&
		       (step % 16 != 0 || same(store, table, kinds, &lost));
	}
	snprintf(title, sizeof(title), "random calls, %s", name);
	ok(good, title);
	snprintf(title, sizeof(title), "evicted now and then, %s", name);
	ok(lost > 100, title);
	free(store);
}

int
main(void)
{
	test_sizes();
	test_values();
	test_prefixes();
	test_older();
	test_eviction();
	test_spared();
	test_random(0, "scattered hashes");
	test_random(5, "five hashes for all keys");
	return tap_done();
}
