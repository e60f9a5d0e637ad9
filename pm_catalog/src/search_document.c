/*
 * search_document.c - what is indexed of a product
 *
 * A document is a tsvector without positions: the lexemes that search_module.h lists.
 * The title is what a search mostly asks for and what it is ranked by, so documents
 * tell by a figure in front how many words it has: products with short titles can then
 * be asked for first, and a word that a fifth of the catalog has needs no look at all
 * of them.
 */
#include "search_module.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "tsearch/ts_type.h"
#include "tsearch/ts_utils.h"
#include "utils/array.h"
#include "utils/builtins.h"

#define HEAD_WORDS 200 /* taken of title, brand, category and tags */
#define TAIL_WORDS 400 /* taken of the descriptions */

typedef struct Lexemes
{
	Datum *items;
	int count;
	int room;
	int bytes; /* of all of them */
} Lexemes;

/*
 * Adds one.  What a tsvector has no room for is left out: array_to_tsvector() does not
 * look whether it has.
 */
static void
add_text_datum(Lexemes *lexemes, text *lexeme)
{
	int size = VARSIZE_ANY_EXHDR(lexeme);

	if (size == 0 || size > MAXSTRLEN || lexemes->bytes + size > MAXSTRPOS)
		return;
	if (lexemes->count == lexemes->room)
	{
		lexemes->room = Max(64, 2 * lexemes->room);
		lexemes->items = lexemes->items == NULL
		                     ? palloc(lexemes->room * sizeof(Datum))
		                     : repalloc(lexemes->items, lexemes->room * sizeof(Datum));
	}
	lexemes->items[lexemes->count++] = PointerGetDatum(lexeme);
	lexemes->bytes += size;
}

/* Adds one that is UTF-8. */
static void
add(Lexemes *lexemes, const char *data, int size)
{
	add_text_datum(lexemes, pm_catalog_from_utf8(data, size));
}

/* The figure for a title of so many words. */
static char
figure(int words)
{
	return words <= 6    ? '0' + Max(words - 1, 0)
	       : words <= 8  ? '6'
	       : words <= 11 ? '7'
	                     : '8';
}

/* How many words has a text, joined ones left out? */
static int
count_words(const char *data, int len)
{
	PmWords words;
	PmWord word;
	int count = 0;

	pm_words_start(&words, data, len);
	while (pm_words_next(&words, &word))
		count += word.is_joined ? 0 : 1;
	return count;
}

/* Adds the words of a text, at most so many; tier: the figure, or 0 for texts that have none. */
static void
add_text(Lexemes *lexemes, const char *data, int len, int most, char tier)
{
	char lexeme[PM_WORD_MAX + 3];
	PmWords words;
	PmWord word;

	pm_words_start(&words, data, len);
	for (int n = 0; n < most && pm_words_next(&words, &word); n++)
	{
		const PmStems *stems;

		CHECK_FOR_INTERRUPTS();
		add(lexemes, word.text, word.size);
		stems = pm_catalog_stems(&word);
		for (int i = 0; i < stems->count; i++)
		{
			int size =
			    snprintf(lexeme, sizeof(lexeme), "%c~%s", tier, stems->stems[i].text);

			add(lexemes, lexeme + 1, size - 1);
			if (tier != 0)
				add(lexemes, lexeme, size);
		}
		if (stems->count == 0 && tier != 0)
			add(lexemes, lexeme,
			    snprintf(lexeme, sizeof(lexeme), "%c=%s", tier, word.text));
	}
}

PG_FUNCTION_INFO_V1(pm_catalog_search_document);

/* _search_document(title, head, tail, others): others are lexemes as they are */
Datum
pm_catalog_search_document(PG_FUNCTION_ARGS)
{
	Lexemes lexemes = {0};
	Datum *others;
	bool *nulls;
	int count;
	char tier = 0;

	for (int i = 0; i < 3; i++)
	{
		text *line;
		const char *data;
		int len;

		if (PG_ARGISNULL(i))
			continue;
		line = PG_GETARG_TEXT_PP(i);
		len = VARSIZE_ANY_EXHDR(line);
		data = pm_catalog_to_utf8(VARDATA_ANY(line), &len);
		if (i == 0)
			tier = figure(count_words(data, len));
		add_text(&lexemes, data, len, i == 2 ? TAIL_WORDS : HEAD_WORDS, i == 2 ? 0 : tier);
	}
	if (!PG_ARGISNULL(3))
	{
		deconstruct_array(PG_GETARG_ARRAYTYPE_P(3), TEXTOID, -1, false, TYPALIGN_INT,
		                  &others, &nulls, &count);
		for (int i = 0; i < count; i++)
		{
			CHECK_FOR_INTERRUPTS();
			if (!nulls[i])
				add_text_datum(&lexemes, DatumGetTextPP(others[i]));
		}
	}
	PG_RETURN_DATUM(DirectFunctionCall1(
	    array_to_tsvector,
	    PointerGetDatum(lexemes.count == 0
	                        ? construct_empty_array(TEXTOID)
	                        : construct_array(lexemes.items, lexemes.count, TEXTOID, -1,
	                                          false, TYPALIGN_INT))));
}

PG_FUNCTION_INFO_V1(pm_catalog_document_words);

/* _document_words(document [, beginning]): its words, or those that begin so; each once */
Datum
pm_catalog_document_words(PG_FUNCTION_ARGS)
{
	TSVector document = PG_GETARG_TSVECTOR(0);
	text *beginning = PG_NARGS() > 1 ? PG_GETARG_TEXT_PP(1) : NULL;
	int size = beginning == NULL ? 0 : VARSIZE_ANY_EXHDR(beginning);
	const char *first = beginning == NULL ? "" : VARDATA_ANY(beginning);
	const WordEntry *entries = ARRPTR(document);
	Datum *words = palloc(Max(document->size, 1) * sizeof(Datum));
	int count = 0;

	for (int i = 0; i < document->size; i++)
	{
		const char *lexeme = STRPTR(document) + entries[i].pos;

		if (entries[i].len < size || memcmp(lexeme, first, size) != 0)
			continue;
		if (entries[i].len > 0 && memchr("~#@", lexeme[0], 3) == NULL &&
		    (entries[i].len < 2 || (lexeme[1] != '~' && lexeme[1] != '=')))
			words[count++] =
			    PointerGetDatum(cstring_to_text_with_len(lexeme, entries[i].len));
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(words, count, TEXTOID, -1, false, TYPALIGN_INT));
}
