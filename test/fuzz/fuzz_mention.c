/*
 * fuzz_mention.c - any bytes as words and a text that may mention them
 *
 * The first line is a strong word, the second a weak one, the rest the text.  What is
 * found is in the text, is the word, and is found in every wider scope, there or before.
 */
#include <stdlib.h>
#include <string.h>

#include "must_hold.h"
#include "pm_mention.h"

/* Where the first mention is, found in pieces of one byte. */
static size_t
in_pieces(const char *text, size_t size, size_t from, const PmNaming *words,
          PmMentionScope scope)
{
	const PmNaming *found = NULL;

	for (; found == NULL && from < size; from += found == NULL)
		(void) pm_mention_find(text, size, from, from + 1, words, 2, scope, &found);
	return from;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *) data;
	PmNaming words[2];
	size_t count = 0;
	size_t from = 0;

	while (count < 2)
	{
		const char *end = memchr(text, '\n', size);

		if (end == NULL || end == text)
			return 0;
		words[count] = (PmNaming){text, (size_t) (end - text), count == 0};
		(void) pm_mention_member(text, words[count].size);
		(void) pm_mention_is_strong(text, words[count].size);
		size -= words[count++].size + 1;
		text = end + 1;
	}
	for (;;)
	{
		size_t at = size;

		for (PmMentionScope scope = PM_MENTION_ALL + 1; scope-- > PM_MENTION_STRONG;)
		{
			const PmNaming *found;
			size_t here = pm_mention_find(text, size, from, size, words, 2, scope, &found);

			MUST_HOLD((here == size) == (found == NULL));
			MUST_HOLD(in_pieces(text, size, from, words, scope) == here);
			MUST_HOLD(scope == PM_MENTION_ALL || here >= at);
			at = here;
			if (found == NULL)
				continue;
			MUST_HOLD(here >= from && found->size <= size - here);
			MUST_HOLD(found->strong || scope != PM_MENTION_STRONG);
			MUST_HOLD(pm_mention_is_word(text + here, found->size, found, 1));
		}
		if (from == size)
			return 0;
		from++;
	}
}
