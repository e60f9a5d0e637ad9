/*
 * pm_key_file.h - a file of keys for AES-256: one a line, the first of them the current one
 *
 *   # made on 2026-11-27
 *   2026-11 <64 hexadecimal digits>
 *   2026-05 <64 hexadecimal digits>
 *
 * A line is an id, blanks, and a key; empty lines and those that begin with # are passed
 * over.  The whole file is read strictly, since half of a key is none: a file with a
 * fault gives no key.
 *
 * Pure: no allocation, no global state.
 */
#ifndef PM_KEY_FILE_H
#define PM_KEY_FILE_H

#include <stddef.h>
#include <stdint.h>

#define PM_KEY_SIZE     32    /* bytes of a key */
#define PM_KEY_ID_MAX   32    /* characters of an id: A-Z a-z 0-9 . _ - */
#define PM_KEYS_MAX     64    /* keys of a file */
#define PM_KEY_FILE_MAX 16384 /* bytes of a file */

typedef enum PmKeyFault
{
	PM_KEY_OK,
	PM_KEY_LONG,  /* the file is longer than PM_KEY_FILE_MAX */
	PM_KEY_NONE,  /* no key */
	PM_KEY_ID,    /* a line does not begin with an id */
	PM_KEY_VALUE, /* what follows is not a key, or not all that follows */
	PM_KEY_TWICE, /* an id that an earlier line has */
	PM_KEY_MANY   /* more than PM_KEYS_MAX keys */
} PmKeyFault;

typedef struct PmKey
{
	char id[PM_KEY_ID_MAX + 1];
	uint8_t bytes[PM_KEY_SIZE];
} PmKey;

typedef struct PmKeyFile
{
	PmKey keys[PM_KEYS_MAX]; /* keys[0] is the current one */
	int nkeys;
	int line; /* that has the fault, from 1; 0: none has */
} PmKeyFile;

extern PmKeyFault pm_key_file_read(const char *text, size_t size, PmKeyFile *file);
extern const PmKey *pm_key_file_find(const PmKeyFile *file, const char *id, size_t size);

#endif /* PM_KEY_FILE_H */
