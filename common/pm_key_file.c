/*
 * pm_key_file.c - a file of keys for AES-256, read strictly
 */
#include "pm_key_file.h"

#include <stdbool.h>
#include <string.h>

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Part of an id?  Of ASCII alone, whatever the locale. */
static bool
is_id(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_' || c == '-';
}

/* The value of a hexadecimal digit, or -1. */
static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Reads a line that holds a key, without its end, as the next key of the file. */
static PmKeyFault
read_line(const char *at, const char *end, PmKeyFile *file)
{
	const char *start = at;
	PmKey *key = &file->keys[file->nkeys];
	size_t size;

	while (at < end && is_id(*at))
		at++;
	size = (size_t) (at - start);
	if (size == 0 || size > PM_KEY_ID_MAX || at == end || !is_blank(*at))
		return PM_KEY_ID;
	if (pm_key_file_find(file, start, size) != NULL)
		return PM_KEY_TWICE;
	if (file->nkeys == PM_KEYS_MAX)
		return PM_KEY_MANY;
	while (at < end && is_blank(*at))
		at++;
	while (end > at && is_blank(end[-1]))
		end--;
	if (end - at != PM_KEY_SIZE * 2)
		return PM_KEY_VALUE;
	for (int i = 0; i < PM_KEY_SIZE; i++, at += 2)
	{
		int high = digit(at[0]);
		int low = digit(at[1]);

		if (high < 0 || low < 0)
			return PM_KEY_VALUE;
		key->bytes[i] = (uint8_t) (high << 4 | low);
	}
	memcpy(key->id, start, size);
	key->id[size] = '\0';
	file->nkeys++;
	return PM_KEY_OK;
}

/*
 * Reads the text of a file.  Lines end by \n or \r\n.  With a fault the file has no keys,
 * and line says where it is; bytes of keys may be left in *file either way, for the caller
 * to wipe.
 */
PmKeyFault
pm_key_file_read(const char *text, size_t size, PmKeyFile *file)
{
	const char *at = text;
	const char *end = text + size;
	PmKeyFault fault = PM_KEY_OK;

	file->nkeys = 0;
	file->line = 0;
	if (size > PM_KEY_FILE_MAX)
		return PM_KEY_LONG;
	for (int line = 1; at < end && fault == PM_KEY_OK; line++)
	{
		const char *newline = memchr(at, '\n', (size_t) (end - at));
		const char *stop = newline != NULL ? newline : end;
		const char *next = newline != NULL ? newline + 1 : end;

		if (newline != NULL && stop > at && stop[-1] == '\r')
			stop--;
		while (at < stop && is_blank(*at))
			at++;
		if (at < stop && *at != '#')
			fault = read_line(at, stop, file);
		if (fault != PM_KEY_OK)
			file->line = line;
		at = next;
	}
	if (fault == PM_KEY_OK && file->nkeys == 0)
		fault = PM_KEY_NONE;
	if (fault != PM_KEY_OK)
		file->nkeys = 0;
	return fault;
}

/* The key of an id, or NULL. */
const PmKey *
pm_key_file_find(const PmKeyFile *file, const char *id, size_t size)
{
	for (int i = 0; i < file->nkeys; i++)
		if (strlen(file->keys[i].id) == size && memcmp(file->keys[i].id, id, size) == 0)
			return &file->keys[i];
	return NULL;
}
