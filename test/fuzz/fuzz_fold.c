/*
 * fuzz_fold.c - any bytes as a text to fold
 *
 * What is folded is no longer than it was, folds to itself if the text is UTF-8, and is the
 * same whether the text is folded as a whole or in two parts between characters.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "must_hold.h"
#include "pm_fold.h"
#include "pm_utf8.h"

/* Is it UTF-8 throughout? */
static bool
is_utf8(const char *text, size_t size)
{
	for (size_t i = 0; i < size;)
	{
		uint32_t cp;

		i += pm_utf8_decode(text + i, size - i, &cp);
		if (cp == PM_UTF8_INVALID)
			return false;
	}
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *) data;
	char *folded = malloc(size + 1);
	char *again = malloc(size + 1);
	size_t count = pm_fold(text, size, folded);
	size_t used;
	size_t first;
	uint32_t cp;

	MUST_HOLD(count <= size);
	if (is_utf8(text, size))
	{
		MUST_HOLD(pm_fold(folded, count, again) == count);
		MUST_HOLD(memcmp(folded, again, count) == 0);
	}
	if (size > 0)
	{
		used = pm_utf8_decode(text, size, &cp);
		MUST_HOLD(used >= 1 && used <= size);
		first = pm_fold(text, used, again);
		MUST_HOLD(first + pm_fold(text + used, size - used, again + first) == count);
		MUST_HOLD(memcmp(folded, again, count) == 0);
	}
	free(folded);
	free(again);
	return 0;
}
