/*
 * pm_boolean.c - yes and no in English, French, German, Italian, Spanish
 */
#include <string.h>

#include "pm_boolean.h"
#include "pm_fold.h"

#define WORD_MAX 12

static const char *const yes[] = {
    "1",  "x", "true", "t",    "yes",       "y",    "oui", "o", "ja", "j",
    "si", "s", "vrai", "wahr", "verdadero", "vero", "v",   "✓", "✔",  "on",
};

static const char *const no[] = {
    "0", "false", "f", "no", "n", "non", "nein", "faux", "falsch", "falso", "off", "✗", "✘",
};

/* Is a folded word in a list? */
static bool
is_in(const char *const *words, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++)
	{
		if (strcmp(words[i], word) == 0)
			return true;
	}
	return false;
}

/* Reads a word that says yes or no, in any case, with or without accents, without blanks around it. */
PmValueFault
pm_boolean_read(PmText text, bool *answer)
{
	char word[WORD_MAX + 1];

	if (text.size == 4 && memcmp(text.data, "true", 4) == 0)
		*answer = true;
	else if (text.size == 5 && memcmp(text.data, "false", 5) == 0)
		*answer = false;
	else
	{
		if (text.size == 0 || text.size > WORD_MAX || memchr(text.data, '\0', text.size))
			return PM_VALUE_NOT_A_BOOLEAN;
		word[pm_fold(text.data, text.size, word)] = '\0';
		*answer = is_in(yes, sizeof(yes) / sizeof(yes[0]), word);
		if (!*answer && !is_in(no, sizeof(no) / sizeof(no[0]), word))
			return PM_VALUE_NOT_A_BOOLEAN;
	}
	return PM_VALUE_GOOD;
}
