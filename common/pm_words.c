/*
 * pm_words.c - the words of a text, folded, as search counts and compares them
 *
 * One pass from left to right.  Each step takes the next run of letters and digits;
 * runs that single hyphens, dots or slashes link and of which one has a digit are
 * given once more as one word, marked is_joined, when the last of them has been given.
 */
#include "pm_words.h"

#include <string.h>

#include "pm_fold.h"
#include "pm_utf8.h"

#define LENGTH(table) (sizeof(table) / sizeof((table)[0]))

/* Units that belong to the number before them, in order. */
static const char units[][4] = {"ah", "cl",  "cm", "dl", "ft",  "g",  "gb", "ghz",
                                "go", "hz",  "kb", "kg", "km",  "kw", "l",  "lb",
                                "m",  "mah", "mb", "mg", "mhz", "ml", "mm", "mo",
                                "oz", "tb",  "to", "v",  "w",   "wh"};

/* Characters past ASCII that are neither letters nor digits, in order. */
static const uint32_t separators[][2] = {
    {0x0080,  0x00A9  },
    {0x00AB,  0x00B1  },
    {0x00B4,  0x00B4  },
    {0x00B6,  0x00B8  },
    {0x00BB,  0x00BF  },
    {0x00D7,  0x00D7  },
    {0x00F7,  0x00F7  },
    {0x02C2,  0x02DF  },
    {0x037E,  0x037E  },
    {0x0387,  0x0387  },
    {0x0589,  0x058A  },
    {0x05BE,  0x05BE  },
    {0x05C0,  0x05C0  },
    {0x05C3,  0x05C3  },
    {0x05F3,  0x05F4  },
    {0x060C,  0x060D  },
    {0x061B,  0x061F  },
    {0x066A,  0x066D  },
    {0x06D4,  0x06D4  },
    {0x0964,  0x0965  },
    {0x1680,  0x1680  },
    {0x2000,  0x206F  },
    {0x20A0,  0x20CF  },
    {0x2100,  0x2BFF  },
    {0x2E00,  0x2E7F  },
    {0x3000,  0x3004  },
    {0x3008,  0x3020  },
    {0x3030,  0x3030  },
    {0x303D,  0x303F  },
    {0x30A0,  0x30A0  },
    {0x30FB,  0x30FB  },
    {0xE000,  0xF8FF  },
    {0xFE10,  0xFE1F  },
    {0xFE30,  0xFE6F  },
    {0xFF5F,  0xFF65  },
    {0xFFE0,  0xFFFF  },
    {0x1F000, 0x1FAFF },
    {0xE0000, 0x10FFFF}
};

/* Scripts that put no blanks between words. */
static const uint32_t unspaced[][2] = {
    {0x0E01,  0x0EFF },
    {0x1000,  0x109F },
    {0x1780,  0x17FF },
    {0x3005,  0x3007 },
    {0x3041,  0x30FF },
    {0x3400,  0x4DBF },
    {0x4E00,  0x9FFF },
    {0xF900,  0xFAFF },
    {0x20000, 0x3FFFF}
};

typedef enum CharKind
{
	SEPARATOR,
	LETTER,  /* or digit */
	ONE_WORD /* a word by itself */
} CharKind;

/* Is a code point in one of the ranges? */
static bool
in_ranges(const uint32_t ranges[][2], size_t count, uint32_t cp)
{
	for (size_t i = 0; i < count; i++)
	{
		if (cp <= ranges[i][1])
			return cp >= ranges[i][0];
	}
	return false;
}

/* What the character at a place is, how many bytes it has, and what it folds to. */
static CharKind
look(const PmWords *words, size_t at, size_t *used, char letters[PM_FOLD_MAX], size_t *size)
{
	uint32_t cp;

	*used = pm_utf8_decode(words->str + at, words->len - at, &cp);
	*size = 0;
	if (cp == PM_UTF8_INVALID)
		return SEPARATOR;
	*size = pm_fold_char(cp, letters);
	if (*size == 0)
		return LETTER; /* a mark: part of the word around it */
	if ((unsigned char) letters[0] < 0x80)
		return (letters[0] >= 'a' && letters[0] <= 'z') ||
		               (letters[0] >= '0' && letters[0] <= '9')
		           ? LETTER
		           : SEPARATOR;
	if (in_ranges(separators, LENGTH(separators), cp) || pm_utf8_is_space(cp) ||
	    pm_utf8_is_dash(cp))
		return SEPARATOR;
	return in_ranges(unspaced, LENGTH(unspaced), cp) ? ONE_WORD : LETTER;
}

/* Adds bytes of one folded character to a word, if there is room for all of them. */
static void
add(PmWord *word, const char *letters, size_t size)
{
	if (size == 0 || word->size + size > PM_WORD_MAX)
		return;
	memcpy(word->text + word->size, letters, size);
	word->size += size;
	for (size_t i = 0; i < size; i++)
	{
		if (letters[i] >= '0' && letters[i] <= '9')
			word->has_digit = true;
		if (letters[i] < 'a' || letters[i] > 'z')
			word->is_latin = false;
	}
}

/* Makes a word empty, to begin at a place. */
static void
begin(PmWord *word, size_t start)
{
	word->size = 0;
	word->start = word->end = start;
	word->is_latin = true;
	word->has_digit = false;
	word->is_joined = false;
}

/* Does an ASCII digit stand at a place? */
static bool
digit_at(const PmWords *words, size_t at)
{
	return at < words->len && words->str[at] >= '0' && words->str[at] <= '9';
}

/* Has a word nothing but digits and dots? */
static bool
is_number(const PmWord *word)
{
	for (size_t i = 0; i < word->size; i++)
	{
		if (word->text[i] != '.' && (word->text[i] < '0' || word->text[i] > '9'))
			return false;
	}
	return word->size > 0;
}

/*
 * Takes the run of letters and digits at a place into word, which begin() has made
 * ready; returns where it ends.  The run is empty if none stands there.
 */
static size_t
take_run(const PmWords *words, size_t at, PmWord *word)
{
	while (at < words->len)
	{
		char letters[PM_FOLD_MAX];
		size_t used;
		size_t size;
		CharKind kind = look(words, at, &used, letters, &size);

		if (kind == ONE_WORD)
		{
			if (word->size > 0)
				break;
			add(word, letters, size);
			return at + used;
		}
		if (kind == SEPARATOR)
		{
			/* a decimal point, or comma, between digits */
			if ((words->str[at] == '.' || words->str[at] == ',') && is_number(word) &&
			    digit_at(words, at + 1))
				add(word, ".", 1);
			else
				break;
		}
		else
			add(word, letters, size);
		at += used;
	}
	return at;
}

/* Takes the unit that stands after blanks behind a number, too; returns where it ends. */
static size_t
take_unit(const PmWords *words, size_t at, PmWord *word)
{
	PmWord unit;
	size_t start = at;
	size_t end;

	while (start < words->len && words->str[start] == ' ')
		start++;
	if (start + 1 < words->len && memcmp(words->str + start, "\xC2\xA0", 2) == 0)
		start += 2;
	if (start == at || start == words->len)
		return at;
	begin(&unit, start);
	end = take_run(words, start, &unit);
	unit.text[unit.size] = '\0';
	for (size_t i = 0; i < LENGTH(units); i++)
	{
		if (strcmp(unit.text, units[i]) == 0)
		{
			add(word, unit.text, unit.size);
			return end;
		}
	}
	return at;
}

/* Begins with a text, which must stay where it is. */
void
pm_words_start(PmWords *words, const char *str, size_t len)
{
	words->str = str;
	words->len = len;
	words->at = 0;
	words->parts = 0;
	words->linked = false;
	begin(&words->joined, 0);
}

/* Gives the next word; false: there is none, and word is as it was. */
bool
pm_words_next(PmWords *words, PmWord *word)
{
	/* the parts given before end here: once more as one word */
	if (!words->linked && words->parts > 1 && words->joined.has_digit)
	{
		*word = words->joined;
		word->text[word->size] = '\0';
		word->is_joined = true;
		words->parts = 0;
		return true;
	}
	if (!words->linked)
		words->parts = 0;

	while (words->at < words->len)
	{
		PmWord next;
		size_t start = words->at;
		size_t end;

		begin(&next, start);
		end = take_run(words, start, &next);
		if (end == start)
		{
			char letters[PM_FOLD_MAX];
			size_t used;
			size_t size;

			(void) look(words, start, &used, letters, &size);
			words->at = start + used;
			continue;
		}
		if (next.size == 0) /* marks alone */
		{
			words->at = end;
			continue;
		}
		if (is_number(&next))
			end = take_unit(words, end, &next);
		next.end = end;
		if (words->parts == 0)
			begin(&words->joined, start);
		add(&words->joined, next.text, next.size);
		words->joined.end = end;
		words->parts++;
		words->linked =
		    end + 1 < words->len && strchr("-./_", words->str[end]) != NULL &&
		    ((unsigned char) words->str[end + 1] >= 0x80 || digit_at(words, end + 1) ||
		     ((words->str[end + 1] | 0x20) >= 'a' && (words->str[end + 1] | 0x20) <= 'z'));
		words->at = end + (words->linked ? 1 : 0);
		next.text[next.size] = '\0';
		*word = next;
		return true;
	}
	words->linked = false;
	if (words->parts > 1 && words->joined.has_digit)
		return pm_words_next(words, word);
	return false;
}
