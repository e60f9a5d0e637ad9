/*
 * fuzz_store.c - any sequence of calls on the store of keys and values
 *
 * Each call is four bytes: what, a key, two for a size or a hash.  After each the store
 * must be in order, and an entry must have what was stored last.
 */
#include <string.h>

#include "must_hold.h"
#include "pm_store.h"

#define BLOCKS 24

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint64_t memory[8 * 1024];
	static unsigned char value[BLOCKS * PM_STORE_BLOCK];
	static unsigned char got[BLOCKS * PM_STORE_BLOCK];
	PmStore *store = (PmStore *) memory;

	MUST_HOLD(pm_store_size(BLOCKS) <= sizeof(memory));
	pm_store_init(store, BLOCKS);
	for (; size >= 4; data += 4, size -= 4)
	{
		unsigned char key[PM_STORE_KEY_MAX];
		/* a key of 1 to 4 letters of two, so that prefixes are met */
		size_t len = (size_t) (data[1] & 3) + 1;
		size_t value_len = (size_t) (data[2] << 8 | data[3]) % sizeof(value);
		uint64_t hash;
		PmStoreEntry *entry;

		for (size_t i = 0; i < len; i++)
			key[i] = (unsigned char) ('a' + (data[1] >> (2 + i) & 1));
		/* few places and priorities, so that both collide */
		hash = len | (uint64_t) (key[len - 1] & 3) << 32;
		entry = pm_store_find(store, key, len, hash);
		switch (data[0] % 4)
		{
			case 0:
				if (entry != NULL)
					break;
				entry = pm_store_add(store, key, len, hash, data[2]);
				MUST_HOLD(entry != NULL);
				memset(value, data[3], value_len);
				if (pm_store_put(store, entry, data[3], value, value_len))
				{
					entry = pm_store_find(store, key, len, hash);
					MUST_HOLD(entry != NULL && entry->value_len == value_len);
					pm_store_read(store, entry, got);
					MUST_HOLD(memcmp(got, value, value_len) == 0);
				}
				else
					MUST_HOLD(value_len / PM_STORE_BLOCK >= BLOCKS / 4);
				break;
			case 1:
				if (entry != NULL)
					pm_store_remove(store, entry);
				MUST_HOLD(pm_store_find(store, key, len, hash) == NULL);
				break;
			case 2:
				(void) pm_store_remove_prefix(store, key, len);
				MUST_HOLD(pm_store_find(store, key, len, hash) == NULL);
				break;
			default:
				if (entry != NULL)
					entry->used = 1;
		}
		MUST_HOLD(pm_store_check(store));
	}
	return 0;
}
