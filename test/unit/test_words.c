/*
 * test_words.c - the words of a text, and how far words are apart
 */
#include <stdlib.h>
#include <string.h>

#include "pm_spell.h"
#include "pm_words.h"
#include "tap.h"

/* The words of a text, joined by blanks; joined ones in brackets. */
static const char *
words_of(const char *text)
{
	static char out[4096];
	PmWords words;
	PmWord word;

	out[0] = '\0';
	pm_words_start(&words, text, strlen(text));
	while (pm_words_next(&words, &word))
		snprintf(out + strlen(out), sizeof(out) - strlen(out),
		         word.is_joined ? "%s[%s]" : "%s%s", out[0] == '\0' ? "" : " ", word.text);
	return out;
}

/* What is a word. */
static void
test_words(void)
{
	is_str(words_of("Crème Brûlée (à l'œuf)"), "creme brulee a l oeuf", "accents go");
	is_str(words_of("1,5 L; 2.25kg, 500 g"), "1.5l 2.25kg 500g", "numbers with units");
	is_str(words_of("2 in 1, 3 a 4"), "2 in 1 3 a 4", "other short words are no units");
	is_str(words_of("500\xC2\xA0ml"), "500ml", "a blank that does not break");
	is_str(words_of("Sony WH-1000XM4/B noir"), "sony wh 1000xm4 b [wh1000xm4b] noir",
	       "a code comes as parts and as a whole");
	is_str(words_of("sous-vêtement"), "sous vetement", "without a digit as parts alone");
	is_str(words_of("A-1"), "a 1 [a1]", "at the end");
	is_str(words_of("1.2.3 v1.2"), "1.2.3 v1 2 [v12]", "versions");
	is_str(words_of("日本ab"), "日 本 ab", "a word a character");
	is_str(words_of("한국 커피"), "한국 커피", "Korean has blanks");
	is_str(words_of("קפה שחור"), "קפה שחור", "right to left");
	is_str(words_of("☕ € ™ « » … 🍫"), "", "no words");
	is_str(words_of(""), "", "nothing");
	is_str(words_of("e\xCC\x81t\xCC\x81"), "et", "marks by themselves");
	is_str(words_of("\xFF\xFE"
	                "a\xFF"
	                "b"),
	       "a b", "bytes of no character separate");
	is_str(words_of("a & b | !c:* <-> 'd'"), "a b c d", "operators are no words");
}

/* A word too long is cut between characters; places are those of the input. */
static void
test_bounds(void)
{
	char text[200];
	PmWords words;
	PmWord word;

	memset(text, 'x', sizeof(text));
	memcpy(text + 46, "\xCE\xA9\xCE\xA9", 4); /* the second does not fit */
	pm_words_start(&words, text, sizeof(text));
	ok(pm_words_next(&words, &word), "a long word");
	is_int((long long) word.size, 48, "is cut");
	is_int((long long) word.end, 200, "but taken as a whole");
	ok(!pm_words_next(&words, &word), "there is no other");
	pm_words_start(&words, " \xC3\x89t\xC3\xA9!", 7);
	ok(pm_words_next(&words, &word) && word.start == 1 && word.end == 6, "its place");
}

/* Distance of two words, at most 3. */
static int
distance(const char *a, const char *b)
{
	return pm_spell_distance(a, strlen(a), b, strlen(b), 3);
}

static void
test_distance(void)
{
	is_int(distance("chocolat", "chocolat"), 0, "the same");
	is_int(distance("chocolat", "chcolat"), 1, "one too few");
	is_int(distance("chocolat", "chocolatt"), 1, "one too many");
	is_int(distance("chocolat", "shocolat"), 1, "another one");
	is_int(distance("chocolat", "chocloat"), 1, "two exchanged");
	is_int(distance("кофе", "кофа"), 1, "letters, not bytes");
	is_int(distance("ca", "abc"), 3, "no letter is part of two errors");
	is_int(distance("abcdef", "ghijkl"), 4, "more than asked for");
	is_int(distance("", "abc"), 3, "nothing and three letters");
	is_int(pm_spell_errors("abc", 3), 0, "three letters must be right");
	is_int(pm_spell_errors("abcd", 4), 1, "four may have an error");
	is_int(pm_spell_errors("abcdefgh", 8), 2, "eight may have two");
	is_int(pm_spell_errors("iphone13", 8), 0, "digits must be right");
}

/* Do two words share a key? */
static bool
share(const char *a, const char *b)
{
	int32_t x[PM_SPELL_KEYS];
	int32_t y[PM_SPELL_KEYS];
	size_t x_count = pm_spell_keys(a, strlen(a), x);
	size_t y_count = pm_spell_keys(b, strlen(b), y);

	for (size_t i = 0, j = 0; i < x_count && j < y_count;)
	{
		if (x[i] == y[j])
			return true;
		if (x[i] < y[j])
			i++;
		else
			j++;
	}
	return false;
}

/* Puts a random error into a word of small letters. */
static void
spoil(char *word)
{
	size_t size = strlen(word);
	size_t at = (size_t) rand() % (size > 0 ? size : 1);
	char letter = (char) ('a' + rand() % 4);

	switch (rand() % 4)
	{
		case 0:
			memmove(word + at, word + at + 1, size - at);
			break;
		case 1:
			memmove(word + at + 1, word + at, size - at + 1);
			word[at] = letter;
			break;
		case 2:
			word[at] = letter;
			break;
		default:
			if (at + 1 < size)
			{
				char other = word[at];

				word[at] = word[at + 1];
				word[at + 1] = other;
			}
	}
}

/* Every near word is found by a key, whatever the errors are. */
static void
test_keys(void)
{
	int missed = 0;
	int near = 0;

	srand(1);
	for (int i = 0; i < 200000; i++)
	{
		char a[32] = "";
		char b[32];
		int length = 4 + rand() % 12;
		int errors;

		for (int j = 0; j < length; j++)
			a[j] = (char) ('a' + rand() % 4);
		strcpy(b, a);
		spoil(b);
		if (rand() % 2)
			spoil(b);
		errors = pm_spell_errors(a, strlen(a));
		if (pm_spell_errors(b, strlen(b)) < errors)
			errors = pm_spell_errors(b, strlen(b));
		if (errors == 0 || pm_spell_distance(a, strlen(a), b, strlen(b), errors) > errors)
			continue;
		near++;
		if (!share(a, b))
			missed++;
	}
	ok(near > 100000, "most of the pairs are near");
	is_int(missed, 0, "every near pair shares a key");
	ok(!share("chocolat", "fromages"), "others do not");
}

int
main(void)
{
	test_words();
	test_bounds();
	test_distance();
	test_keys();
	return tap_done();
}
