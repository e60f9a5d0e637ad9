/*
 * pm_blank.c - blanks of any kind: at the ends of a text, and in runs inside it
 *
 * Most values have nothing to be taken off: that is found out from the bytes at the ends,
 * and eight bytes at a time inside.
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

/* Is it an ASCII character that is seen, so that no blank has it as a byte? */
static inline bool
is_plain(char c)
{
	return c > ' ' && c <= '~';
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

/* The text without the blanks at its ends; data stays other than NULL. */
PmText
pm_blank_trim(PmText text)
{
	size_t size;

	if (text.size > 0 && is_plain(text.data[0]) && is_plain(text.data[text.size - 1]))
		return text;
	while ((size = blank_at_start(text)) > 0)
	{
		text.data += size;
		text.size -= size;
	}
	while ((size = blank_at_end(text)) > 0)
		text.size -= size;
	return text;
}

/* Sets the high bit of each byte that is below n <= 0x80, of bytes that are below 0x80. */
static inline uint64_t
bytes_below(uint64_t bytes, unsigned n)
{
	return ~(bytes + ONES * (0x80 - n)) & HIGHS;
}

/*
 * How many bytes at the start of a text have no blank but single spaces.  May be fewer
 * than there are, but not if there are no others.
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

		while (end - at >= 8)
		{
			uint64_t bytes;
			uint64_t spaces;

			memcpy(&bytes, at, 8);
			if (bytes & HIGHS)
				break;
			spaces = bytes_below(bytes, ' ' + 1);
			if (spaces != 0 && (bytes_below(bytes, ' ') != 0 ||
			                    (spaces & (spaces << 8)) != 0 || (spaced && *at == ' ')))
				break;
			spaced = at[7] == ' ';
			at += 8;
		}
		if (at == end)
			break;
		if (is_plain(*at) || (*at == ' ' && !spaced))
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
