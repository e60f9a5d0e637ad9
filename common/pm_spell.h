/*
 * pm_spell.h - how far two words are apart, and keys by which near ones are found
 *
 * Words are UTF-8, folded.  An error is a letter too many, too few, another one, or
 * two neighbours exchanged.
 *
 * Pure: no PostgreSQL, no allocation, no global state; any bytes are legal input.
 */
#ifndef PM_SPELL_H
#define PM_SPELL_H

#include <stddef.h>
#include <stdint.h>

#define PM_SPELL_LETTERS 48 /* of a word that is compared; longer ones differ */
#define PM_SPELL_PREFIX  7  /* letters that the keys are made of */
#define PM_SPELL_KEYS \
	29 /* keys of a word at most: with none, one and two letters left out */

/* in pm_spell.c */
extern int
pm_spell_distance(const char *a, size_t a_size, const char *b, size_t b_size, int most);
extern int pm_spell_errors(const char *word, size_t size);
extern size_t pm_spell_keys(const char *word, size_t size, int32_t keys[PM_SPELL_KEYS]);

#endif /* PM_SPELL_H */
