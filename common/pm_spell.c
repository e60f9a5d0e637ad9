/*
 * pm_spell.c - how far two words are apart, and keys by which near ones are found
 *
 * The keys of a word are hashes of its first letters with none, one or two of them
 * left out.  Two words with at most that many errors between them share a key: each error
 * costs each word at most one letter, also where it moves what follows past the end of the
 * first letters.  So an index of keys finds every near word, and the distance sorts out
 * the others.
 */
#include "pm_spell.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "pm_utf8.h"

/* The letters of a word; -1 if they are too many.  A byte of no letter counts as one. */
static int
letters_of(const char *word, size_t size, uint32_t letters[PM_SPELL_LETTERS])
{
	int count = 0;

	for (size_t i = 0; i < size;)
	{
		uint32_t cp;
		size_t used = pm_utf8_decode(word + i, size - i, &cp);

		if (count == PM_SPELL_LETTERS)
			return -1;
		letters[count++] =
		    cp == PM_UTF8_INVALID ? UINT32_C(0x110000) + (unsigned char) word[i] : cp;
		i += used;
	}
	return count;
}

static int
least(int a, int b)
{
	return a < b ? a : b;
}

/*
 * The number of errors between two words (no letter is part of two of them); most + 1
 * if there are more than most, which is at most PM_SPELL_LETTERS.
 */
int
pm_spell_distance(const char *a, size_t a_size, const char *b, size_t b_size, int most)
{
	uint32_t x[PM_SPELL_LETTERS];
	uint32_t y[PM_SPELL_LETTERS];
	int rows[3][PM_SPELL_LETTERS + 1];
	int x_count = letters_of(a, a_size, x);
	int y_count = letters_of(b, b_size, y);

	if (x_count < 0 || y_count < 0)
		return a_size == b_size && memcmp(a, b, a_size) == 0 ? 0 : most + 1;
	if (abs(x_count - y_count) > most)
		return most + 1;
	for (int j = 0; j <= y_count; j++)
		rows[0][j] = j;
	for (int i = 1; i <= x_count; i++)
	{
		int *row = rows[i % 3];
		const int *before = rows[(i + 2) % 3];
		const int *before_that = rows[(i + 1) % 3];
		int best;

		row[0] = best = i;
		for (int j = 1; j <= y_count; j++)
		{
			row[j] = least(least(before[j], row[j - 1]) + 1,
			               before[j - 1] + (x[i - 1] != y[j - 1]));
			if (i > 1 && j > 1 && x[i - 1] == y[j - 2] && x[i - 2] == y[j - 1])
				row[j] = least(row[j], before_that[j - 2] + 1);
			best = least(best, row[j]);
		}
		if (best > most)
			return most + 1;
	}
	return least(rows[x_count % 3][y_count], most + 1);
}

/* How many errors a word may have and still be taken for another: the longer, the more. */
int
pm_spell_errors(const char *word, size_t size)
{
	uint32_t letters[PM_SPELL_LETTERS];
	int count = letters_of(word, size, letters);

	for (size_t i = 0; i < size; i++)
	{
		if (word[i] >= '0' && word[i] <= '9')
			return 0; /* another size or model is another product */
	}
	return count < 4 ? 0 : count < 8 ? 1 : 2;
}

/* The hash of the letters that are not left out (FNV-1a). */
static int32_t
hash(const uint32_t *letters, int count, int out1, int out2)
{
	uint32_t h = 2166136261u;

	for (int i = 0; i < count; i++)
	{
		if (i == out1 || i == out2)
			continue;
		for (int byte = 0; byte < 3; byte++)
			h = (h ^ (letters[i] >> 8 * byte & 0xFF)) * 16777619u;
	}
	return (int32_t) h;
}

/* Orders two keys. */
static int
compare_keys(const void *a, const void *b)
{
	int32_t x = *(const int32_t *) a;
	int32_t y = *(const int32_t *) b;

	return (x > y) - (x < y);
}

/* The keys of a word, in order, each once; none for one in which no error is allowed. */
size_t
pm_spell_keys(const char *word, size_t size, int32_t keys[PM_SPELL_KEYS])
{
	uint32_t letters[PM_SPELL_LETTERS];
	int errors = pm_spell_errors(word, size);
	int letter_count = letters_of(word, size, letters);
	size_t count = 0;
	size_t different = 0;

	if (errors == 0 || letter_count < 0)
		return 0;
	letter_count = least(letter_count, PM_SPELL_PREFIX);
	keys[count++] = hash(letters, letter_count, -1, -1);
	for (int i = 0; i < letter_count; i++)
	{
		keys[count++] = hash(letters, letter_count, i, -1);
		for (int j = i + 1; errors == 2 && j < letter_count; j++)
			keys[count++] = hash(letters, letter_count, i, j);
	}
	qsort(keys, count, sizeof(keys[0]), compare_keys);
	for (size_t i = 0; i < count; i++)
	{
		if (different == 0 || keys[different - 1] != keys[i])
			keys[different++] = keys[i];
	}
	return different;
}
