/*
 * fuzz_spell.c - any bytes as two words, the first of so many bytes as the first byte says
 *
 * The distance is that of the plain definition, computed here by a whole matrix, as far as
 * it is asked for; it is the same both ways.  Keys are in order, each once, and two words
 * that are near share one.
 */
#include <string.h>

#include "must_hold.h"
#include "pm_spell.h"
#include "pm_utf8.h"

#define LETTERS 256

/* The letters of a word, a byte of none as a letter of its own. */
static int
letters_of(const char *word, size_t size, uint32_t *letters)
{
	int count = 0;

	for (size_t i = 0; i < size;)
	{
		uint32_t cp;
		size_t used = pm_utf8_decode(word + i, size - i, &cp);

		letters[count++] = cp == PM_UTF8_INVALID ? 0x200000 + (unsigned char) word[i] : cp;
		i += used;
	}
	return count;
}

/* Optimal string alignment, as it is defined. */
static int
plain_distance(const uint32_t *x, int x_count, const uint32_t *y, int y_count)
{
	static int d[LETTERS + 1][LETTERS + 1];

	for (int i = 0; i <= x_count; i++)
	{
		for (int j = 0; j <= y_count; j++)
		{
			int least = i == 0 ? j : i;

			if (i > 0 && j > 0)
			{
				least = d[i - 1][j - 1] + (x[i - 1] != y[j - 1]);
				least = d[i - 1][j] + 1 < least ? d[i - 1][j] + 1 : least;
				least = d[i][j - 1] + 1 < least ? d[i][j - 1] + 1 : least;
				if (i > 1 && j > 1 && x[i - 1] == y[j - 2] && x[i - 2] == y[j - 1] &&
				    d[i - 2][j - 2] + 1 < least)
					least = d[i - 2][j - 2] + 1;
			}
			d[i][j] = least;
		}
	}
	return d[x_count][y_count];
}

/* Do two lists of keys have one in common?  Each must be in order, without repetition. */
static int
share(const int32_t *x, size_t x_count, const int32_t *y, size_t y_count)
{
	int shared = 0;

	for (size_t i = 0; i < x_count; i++)
	{
		MUST_HOLD(i == 0 || x[i - 1] < x[i]);
		for (size_t j = 0; j < y_count; j++)
			shared = shared || x[i] == y[j];
	}
	return shared;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t x[LETTERS];
	uint32_t y[LETTERS];
	int32_t a_keys[PM_SPELL_KEYS];
	int32_t b_keys[PM_SPELL_KEYS];
	const char *a = (const char *) data + 1;
	const char *b;
	size_t a_size;
	size_t b_size;
	int x_count;
	int y_count;
	int errors;

	if (size < 1 || size > 2 * LETTERS)
		return 0;
	a_size = data[0] < size - 1 ? data[0] : size - 1;
	b = a + a_size;
	b_size = size - 1 - a_size;
	if (b_size >= LETTERS)
		return 0;
	x_count = letters_of(a, a_size, x);
	y_count = letters_of(b, b_size, y);
	for (int most = 0; most <= 3; most++)
	{
		int distance = pm_spell_distance(a, a_size, b, b_size, most);
		int plain = plain_distance(x, x_count, y, y_count);

		if (x_count > PM_SPELL_LETTERS || y_count > PM_SPELL_LETTERS)
			plain = a_size == b_size && memcmp(a, b, a_size) == 0 ? 0 : most + 1;
		MUST_HOLD(distance == (plain > most ? most + 1 : plain));
		MUST_HOLD(distance == pm_spell_distance(b, b_size, a, a_size, most));
	}
	errors = pm_spell_errors(a, a_size);
	if (pm_spell_errors(b, b_size) < errors)
		errors = pm_spell_errors(b, b_size);
	MUST_HOLD(errors >= 0 && errors <= 2);
	{
		size_t a_count = pm_spell_keys(a, a_size, a_keys);
		size_t b_count = pm_spell_keys(b, b_size, b_keys);

		MUST_HOLD(a_count <= PM_SPELL_KEYS && b_count <= PM_SPELL_KEYS);
		MUST_HOLD(share(b_keys, b_count, a_keys, a_count) ==
		          share(a_keys, a_count, b_keys, b_count));
		if (errors > 0 && x_count <= PM_SPELL_LETTERS && y_count <= PM_SPELL_LETTERS &&
		    pm_spell_distance(a, a_size, b, b_size, errors) <= errors)
			MUST_HOLD(share(a_keys, a_count, b_keys, b_count));
	}
	return 0;
}
