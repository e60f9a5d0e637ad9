/*
 * search_module.h - what the files of search share
 *
 *   search_fold.c      fold(): text as people compare it
 *   search_stems.c     stems of words in five languages, remembered
 *   search_words.c     words of a text, near words, what a word is looked up by
 *   search_document.c  what is indexed of a product
 *   search_rank.c      how well a product answers a query, and where its title does
 *
 * Lexemes of a document, told apart by a character that no word has:
 *
 *   word     a word of any of its texts
 *   ~stem    a stem of such a word, in any of the languages
 *   3~stem   a stem of a word of its title, brand, category or tags; the figure says how
 *            long the title is.  A word without stems is 3=word
 *   #code    an identifier, letters and digits alone
 *   @x...    what filters ask for, such as @b and the brand's id
 */
#ifndef SEARCH_MODULE_H
#define SEARCH_MODULE_H

#include "pm_catalog_module.h"

#include "pm_words.h"

#define PM_STEM_LANGUAGES 5
#define PM_STEM_ALL       ((1 << PM_STEM_LANGUAGES) - 1)

typedef struct PmStem
{
	uint8 languages; /* bits of those in which it is the word's stem */
	char text[PM_WORD_MAX + 1];
} PmStem;

typedef struct PmStems
{
	uint8 stop_in; /* bits of the languages in which the word says nothing */
	uint8 count;
	PmStem stems[PM_STEM_LANGUAGES];
} PmStems;

/* search_stems.c */
extern const PmStems *pm_catalog_stems(const PmWord *word);
extern int pm_catalog_language_bits(text *language);

#endif
