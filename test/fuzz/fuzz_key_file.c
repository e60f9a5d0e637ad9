/*
 * fuzz_key_file.c - any bytes as a file of keys
 *
 * What is taken has keys that are found by their ids, each its own, and is taken again
 * when written anew; what is not has none.
 */
#include <stdio.h>
#include <string.h>

#include "must_hold.h"
#include "pm_key_file.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char again[PM_KEYS_MAX * (PM_KEY_ID_MAX + PM_KEY_SIZE * 2 + 3)];
	PmKeyFile file;
	PmKeyFile copy;
	char *to = again;

	if (pm_key_file_read((const char *) data, size, &file) != PM_KEY_OK)
	{
		MUST_HOLD(file.nkeys == 0);
		MUST_HOLD(pm_key_file_find(&file, "a", 1) == NULL);
		return 0;
	}
	MUST_HOLD(size <= PM_KEY_FILE_MAX && file.line == 0);
	MUST_HOLD(file.nkeys >= 1 && file.nkeys <= PM_KEYS_MAX);
	for (int i = 0; i < file.nkeys; i++)
	{
		const PmKey *key = &file.keys[i];

		MUST_HOLD(strlen(key->id) >= 1 && strlen(key->id) <= PM_KEY_ID_MAX);
		MUST_HOLD(pm_key_file_find(&file, key->id, strlen(key->id)) == key);
		to += sprintf(to, "%s ", key->id);
		for (int j = 0; j < PM_KEY_SIZE; j++)
			to += sprintf(to, "%02x", key->bytes[j]);
		*to++ = '\n';
	}
	if ((size_t) (to - again) <= PM_KEY_FILE_MAX)
	{
		MUST_HOLD(pm_key_file_read(again, (size_t) (to - again), &copy) == PM_KEY_OK);
		MUST_HOLD(copy.nkeys == file.nkeys);
		for (int i = 0; i < file.nkeys; i++)
		{
			MUST_HOLD(strcmp(copy.keys[i].id, file.keys[i].id) == 0);
			MUST_HOLD(memcmp(copy.keys[i].bytes, file.keys[i].bytes, PM_KEY_SIZE) == 0);
		}
	}
	return 0;
}
