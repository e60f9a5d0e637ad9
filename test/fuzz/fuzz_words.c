/*
 * fuzz_words.c - any bytes as a text to take words from
 *
 * Words follow each other within the text, are not empty, not too long and fold to themselves; the
 * distance of two of them is the same both ways, and near ones share a key.
 */
#include <stdlib.h>
#include <string.h>

#include "must_hold.h"
#include "pm_fold.h"
#include "pm_spell.h"
#include "pm_words.h"

/* Do two lists of keys, each in order, have one in common? */
static int
share(const int32_t *x, size_t x_count, const int32_t *y, size_t y_count)
{
	for (size_t i = 0, j = 0; i < x_count && j < y_count;)
	{
		if (x[i] == y[j])
			return 1;
		if (x[i] < y[j])
			i++;
		else
			j++;
	}
	return 0;
}

/* What must hold of a word and the one before it. */
static void
compare(const PmWord *a, const PmWord *b)
{
	int32_t a_keys[PM_SPELL_KEYS];
	int32_t b_keys[PM_SPELL_KEYS];
	size_t a_count = pm_spell_keys(a->text, a->size, a_keys);
	size_t b_count = pm_spell_keys(b->text, b->size, b_keys);
	int errors = pm_spell_errors(a->text, a->size);
	int distance;

	if (pm_spell_errors(b->text, b->size) < errors)
		errors = pm_spell_errors(b->text, b->size);
	distance = pm_spell_distance(a->text, a->size, b->text, b->size, errors);
	MUST_HOLD(distance == pm_spell_distance(b->text, b->size, a->text, a->size, errors));
	MUST_HOLD((distance == 0) ==
	          (a->size == b->size && memcmp(a->text, b->text, a->size) == 0));
	MUST_HOLD(a_count <= PM_SPELL_KEYS && b_count <= PM_SPELL_KEYS);
	if (errors > 0 && distance <= errors)
		MUST_HOLD(share(a_keys, a_count, b_keys, b_count));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PmWords words;
	PmWord word;
	PmWord before;
	size_t end = 0;
	size_t count = 0;

	pm_words_start(&words, (const char *) data, size);
	while (pm_words_next(&words, &word))
	{
		char folded[PM_WORD_MAX];

		MUST_HOLD(word.size > 0 && word.size <= PM_WORD_MAX &&
		          word.text[word.size] == '\0');
		MUST_HOLD(word.start < word.end && word.end <= size);
		if (!word.is_joined)
		{
			MUST_HOLD(word.start >= end);
			end = word.end;
		}
		MUST_HOLD(pm_fold(word.text, word.size, folded) == word.size &&
		          memcmp(folded, word.text, word.size) == 0);
		if (count > 0)
			compare(&word, &before);
		before = word;
		MUST_HOLD(++count <= 2 * size);
	}
	return 0;
}
