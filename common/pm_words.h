/*
 * pm_words.h - the words of a text, folded, as search counts and compares them
 *
 * A word is a run of letters and digits.  A decimal number is one word (1,5 is 1.5), and so is a
 * number with the unit after it (500 ml is 500ml), so that it is found however it
 * was written.  Scripts that put no blanks between words give one word a character.
 *
 * Pure: no PostgreSQL, no allocation, no global state; any bytes are legal input.
 */
#ifndef PM_WORDS_H
#define PM_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#define PM_WORD_MAX 48 /* bytes of a folded word; what comes after them is left out */

typedef struct PmWord
{
	char text[PM_WORD_MAX + 1]; /* folded, ended by a zero byte */
	size_t size;                /* its bytes */
	size_t start;               /* the bytes of the input that it is made of: from here */
	size_t end;                 /* to before here */
	bool is_latin;              /* letters a to z alone: it may have stems */
	bool has_digit;
	bool is_joined; /* parts of a code that were words before: wh, 1000, wh1000 */
} PmWord;

typedef struct PmWords
{
	const char *str;
	size_t len;
	size_t at;     /* where to go on */
	PmWord joined; /* the parts since the last blank, as one word */
	int parts;     /* how many they are */
	bool linked;   /* does a single hyphen, dot or slash lead to what comes? */
} PmWords;

/* in pm_words.c */
extern void pm_words_start(PmWords *words, const char *str, size_t len);
extern bool pm_words_next(PmWords *words, PmWord *word);

#endif /* PM_WORDS_H */
