/*
 * search_stems.c - stems of words in five languages, remembered
 *
 * The stemmers are the server's own dictionaries (french_stem and so on).  They get
 * folded words, so that a word and the same one typed without accents have the same
 * stems.  Only words of the letters a to z are stemmed: these are the same bytes in
 * every encoding of a server, and so are their stems.
 *
 * A process remembers the stems of the words that it met: few words make most of any text.
 * When too many are remembered, all are forgotten.
 */
#include "search_module.h"

#include "catalog/namespace.h"
#include "mb/pg_wchar.h"
#include "nodes/value.h"
#include "tsearch/ts_cache.h"
#include "tsearch/ts_public.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#define REMEMBERED 50000 /* words, of some 300 bytes each */

typedef struct Remembered
{
	char word[PM_WORD_MAX + 1]; /* the key, padded with zero bytes */
	PmStems stems;
} Remembered;

static const struct
{
	const char *code;
	char *dictionary;
} languages[PM_STEM_LANGUAGES] = {
    {"fr", "french_stem" },
    {"en", "english_stem"},
    {"de", "german_stem" },
    {"es", "spanish_stem"},
    {"it", "italian_stem"}
};

static HTAB *remembered;

/* Asks one dictionary for a word, and adds what it says to the word's stems. */
static void
ask(int language, const PmWord *word, PmStems *stems)
{
	Oid oid = get_ts_dict_oid(
	    list_make2(makeString("pg_catalog"), makeString(languages[language].dictionary)),
	    false);
	TSDictionaryCacheEntry *dictionary = lookup_ts_dictionary_cache(oid);
	TSLexeme *lexeme = (TSLexeme *) DatumGetPointer(FunctionCall4(
	    &dictionary->lexize, PointerGetDatum(dictionary->dictData),
	    PointerGetDatum(word->text), Int32GetDatum(word->size), PointerGetDatum(NULL)));
	const char *stem = word->text;

	if (lexeme != NULL && lexeme->lexeme == NULL)
		stems->stop_in |= 1 << language;
	else if (lexeme != NULL && strlen(lexeme->lexeme) <= PM_WORD_MAX)
		stem = lexeme->lexeme;
	for (int i = 0; i < stems->count; i++)
	{
		if (strcmp(stems->stems[i].text, stem) == 0)
		{
			stems->stems[i].languages |= 1 << language;
			return;
		}
	}
	stems->stems[stems->count].languages = 1 << language;
	strlcpy(stems->stems[stems->count++].text, stem, PM_WORD_MAX + 1);
}

/*
 * The stems of a word, none for one that is not of letters a to z alone.  The result
 * is good until the next call.  Throws if a dictionary of the server is missing.
 */
const PmStems *
pm_catalog_stems(const PmWord *word)
{
	static const PmStems none;
	char key[PM_WORD_MAX + 1] = {0};
	Remembered *entry;
	PmStems stems = {0};

	if (!word->is_latin || word->size == 0)
		return &none;
	if (remembered != NULL && hash_get_num_entries(remembered) >= REMEMBERED)
	{
		hash_destroy(remembered);
		remembered = NULL;
	}
	if (remembered == NULL)
	{
		HASHCTL control = {.keysize = sizeof(key),
		                   .entrysize = sizeof(Remembered),
		                   .hcxt = TopMemoryContext};

		remembered = hash_create("stems of words", 1024, &control,
		                         HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	memcpy(key, word->text, word->size);
	entry = hash_search(remembered, key, HASH_FIND, NULL);
	if (entry == NULL)
	{
		/* a dictionary may throw: nothing is remembered before all have answered */
		for (int i = 0; i < PM_STEM_LANGUAGES; i++)
			ask(i, word, &stems);
		entry = hash_search(remembered, key, HASH_ENTER, NULL);
		entry->stems = stems;
	}
	return &entry->stems;
}

/* The bits of a language given by its code, of all for NULL; throws 22023 if there is none. */
int
pm_catalog_language_bits(text *language)
{
	char *code;

	if (language == NULL)
		return PM_STEM_ALL;
	code = text_to_cstring(language);
	for (int i = 0; i < PM_STEM_LANGUAGES; i++)
	{
		if (strcmp(code, languages[i].code) == 0)
			return 1 << i;
	}
	if (strcmp(code, "simple") == 0)
		return 0;
	ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	        errmsg("unknown language \"%.*s\"", pg_mbcliplen(code, strlen(code), 64), code),
	        errhint("Words are taken in fr, en, de, es, it, or as they are: simple."));
}
