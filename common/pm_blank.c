/*
 * pm_blank.c - blanks of any kind: at the ends of a text, and in runs inside it
 *
 * Clean ASCII is found eight bytes at a time.
 */
#include <string.h>

#include "pm_blank.h"
#include "pm_utf8.h"

#define ONES  UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

/* White space, or a character that is nothing but a place between others. */
bool
pm_is_blank(uint32_t code_point)
{
	return pm_utf8_is_space(code_point) || code_point == 0xFEFF || code_point == 0x200B;
}

/* The size of a blank that a text starts with, 0 if it starts with none. */
static size_t
blank_at_start(PmText text)
{
	uint32_t cp;
	size_t size = text.size == 0 ? 0 : pm_utf8_decode(text.data, text.size, &cp);

	return size > 0 && pm_is_blank(cp) ? size : 0;
}

/* The size of a blank that a text ends with, 0 if it ends with none. */
static size_t
blank_at_end(PmText text)
{
	size_t size = 1;
	PmText last;

	while (size < 3 && size < text.size &&
	       ((unsigned char) text.data[text.size - size] & 0xC0) == 0x80)
		size++;
	if (text.size == 0)
		return 0;
	last.data = text.data + text.size - size;
	last.size = size;
	return blank_at_start(last) == size ? size : 0;
}

/* Takes blanks off, of any text. */
static __attribute__((noinline)) PmText
trim(PmText text)
{
	size_t size;

	while ((size = blank_at_start(text)) > 0)
	{
		text.data += size;
		text.size -= size;
	}
	while ((size = blank_at_end(text)) > 0)
		text.size -= size;
	return text;
}

/* The text without the blanks at its ends; data stays other than NULL. */
PmText
pm_blank_trim(PmText text)
{
	return pm_blank_is_trimmed(text) ? text : trim(text);
}

/* Sets the high bit of each byte that is below n <= 0x80, of bytes that are below 0x80. */
static inline uint64_t
bytes_below(uint64_t bytes, unsigned n)
{
	return ~(bytes + ONES * (0x80 - n)) & HIGHS;
}

/* Not zero if eight bytes are not ASCII, or have a control character or two spaces in a row. */
static inline uint64_t
unclean(const char *at)
{
	uint64_t bytes;
	uint64_t spaces;

	memcpy(&bytes, at, 8);
	spaces = bytes_below(bytes, ' ' + 1);
	return (bytes & HIGHS) | bytes_below(bytes, ' ') | (spaces & (spaces << 8));
}

/*
 * How many bytes at the start of a text have no blank but single spaces: all of it, or as
 * many as there are before a blank of another kind or the second one of a run.
 */
size_t
pm_blank_clean(PmText text)
{
	const char *at = text.data;
	const char *end = at + text.size;
	bool spaced = false; /* is the byte before a space? */

	while (at < end)
	{
		uint32_t cp;
		size_t size;

		if (end - at >= 8 && !(spaced && *at == ' ') && unclean(at) == 0)
		{
			at += 8;
			spaced = at[-1] == ' ';
			continue;
		}
		if (pm_blank_is_seen(*at) || (*at == ' ' && !spaced))
		{
			spaced = *at++ == ' ';
			continue;
		}
		size = pm_utf8_decode(at, (size_t) (end - at), &cp);
		if (pm_is_blank(cp))
			break;
		spaced = false;
		at += size;
	}
	return (size_t) (at - text.data);
}

/* Writes a text with one space for each run of blanks into out, which has room for all of it. */
size_t
pm_blank_collapse(PmText text, char *out)
{
	char *put = out;
	bool blank = false;

	for (size_t i = 0; i < text.size;)
	{
		uint32_t cp;
		size_t size = pm_utf8_decode(text.data + i, text.size - i, &cp);

		if (!pm_is_blank(cp))
		{
			memcpy(put, text.data + i, size);
			put += size;
			blank = false;
		}
		else if (!blank)
		{
			*put++ = ' ';
			blank = true;
		}
		i += size;
	}
	return (size_t) (put - out);
}
