/*
 * pm_utf8.c - decode UTF-8 and classify code points
 *
 * Decoding accepts exactly the well-formed sequences of the Unicode Standard
 * (table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF).  A
 * byte that starts no such sequence counts as one invalid character of one
 * byte, so that a reader always advances and always ends.
 *
 * Tables are sorted ranges, searched by halves; the ASCII half of every
 * question is answered without them.
 */
#include "pm_utf8.h"

typedef struct CodeRange
{
	uint32_t first;
	uint32_t last;
} CodeRange;

/* The zero of each run of ten decimal digits (general category Nd) above ASCII. */
static const uint32_t digit_zeros[] = {
    0x0660,  0x06F0,  0x07C0,  0x0966,  0x09E6,  0x0A66,  0x0AE6,  0x0B66,  0x0BE6,
    0x0C66,  0x0CE6,  0x0D66,  0x0DE6,  0x0E50,  0x0ED0,  0x0F20,  0x1040,  0x1090,
    0x17E0,  0x1810,  0x1946,  0x19D0,  0x1A80,  0x1A90,  0x1B50,  0x1BB0,  0x1C40,
    0x1C50,  0xA620,  0xA8D0,  0xA900,  0xA9D0,  0xA9F0,  0xAA50,  0xABF0,  0xFF10,
    0x104A0, 0x10D30, 0x11066, 0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0,
    0x11650, 0x116C0, 0x11730, 0x118E0, 0x11950, 0x11C50, 0x11D50, 0x11DA0, 0x16A60,
    0x16AC0, 0x16B50, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0,
    0x1E950, 0x1FBF0,
};

/* White space (property White_Space). */
static const CodeRange spaces[] = {
    {0x0009, 0x000D},
    {0x0020, 0x0020},
    {0x0085, 0x0085},
    {0x00A0, 0x00A0},
    {0x1680, 0x1680},
    {0x2000, 0x200A},
    {0x2028, 0x2029},
    {0x202F, 0x202F},
    {0x205F, 0x205F},
    {0x3000, 0x3000},
};

/* Dashes that stand between groups of digits, and the minus sign. */
static const CodeRange dashes[] = {
    {0x002D, 0x002D},
    {0x058A, 0x058A},
    {0x05BE, 0x05BE},
    {0x2010, 0x2015},
    {0x2043, 0x2043},
    {0x207B, 0x207B},
    {0x208B, 0x208B},
    {0x2212, 0x2212},
    {0x2E3A, 0x2E3B},
    {0xFE31, 0xFE32},
    {0xFE58, 0xFE58},
    {0xFE63, 0xFE63},
    {0xFF0D, 0xFF0D},
};

/*
 * Characters without a shape of their own: controls that are no white space,
 * and the default ignorable ones (joiners, direction marks, byte order mark,
 * soft hyphen, variation selectors, fillers, tags).
 */
static const CodeRange invisibles[] = {
    {0x0000,  0x0008 },
    {0x000E,  0x001F },
    {0x007F,  0x0084 },
    {0x0086,  0x009F },
    {0x00AD,  0x00AD },
    {0x034F,  0x034F },
    {0x061C,  0x061C },
    {0x115F,  0x1160 },
    {0x17B4,  0x17B5 },
    {0x180B,  0x180F },
    {0x200B,  0x200F },
    {0x202A,  0x202E },
    {0x2060,  0x206F },
    {0x3164,  0x3164 },
    {0xFE00,  0xFE0F },
    {0xFEFF,  0xFEFF },
    {0xFFA0,  0xFFA0 },
    {0xFFF0,  0xFFFB },
    {0x1BCA0, 0x1BCA3},
    {0x1D173, 0x1D17A},
    {0xE0000, 0xE0FFF},
};

/* Does one of n sorted ranges hold the code point? */
static bool
in_ranges(const CodeRange *ranges, size_t n, uint32_t code_point)
{
	size_t low = 0;

	while (low < n)
	{
		size_t middle = low + (n - low) / 2;

		if (code_point > ranges[middle].last)
			low = middle + 1;
		else if (code_point < ranges[middle].first)
			n = middle;
		else
			return true;
	}
	return false;
}

#define IN_RANGES(table, cp) in_ranges((table), sizeof(table) / sizeof((table)[0]), (cp))

/* Is this byte a continuation byte within [low, high]? */
static inline bool
continues(char byte, unsigned low, unsigned high)
{
	unsigned char b = (unsigned char) byte;

	return b >= low && b <= high;
}

/*
 * Reads one character at str (len > 0) and returns its length in bytes, 1 to 4.
 * A byte that starts no well-formed sequence gives PM_UTF8_INVALID and 1.
 */
size_t
pm_utf8_decode(const char *str, size_t len, uint32_t *code_point)
{
	uint32_t lead = (unsigned char) str[0];
	unsigned low = 0x80;
	unsigned high = 0xBF;
	size_t size;

	if (lead < 0x80)
	{
		*code_point = lead;
		return 1;
	}
	*code_point = PM_UTF8_INVALID;
	if (lead < 0xC2 || lead > 0xF4)
		return 1;
	size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
	if (size > len)
		return 1;

	/* the second byte's range shuts out overlong forms, surrogates and > 10FFFF */
	if (lead == 0xE0)
		low = 0xA0;
	else if (lead == 0xED)
		high = 0x9F;
	else if (lead == 0xF0)
		low = 0x90;
	else if (lead == 0xF4)
		high = 0x8F;
	if (!continues(str[1], low, high))
		return 1;
	for (size_t i = 2; i < size; i++)
		if (!continues(str[i], 0x80, 0xBF))
			return 1;

	lead &= 0xFFu >> (size + 1);
	for (size_t i = 1; i < size; i++)
		lead = lead << 6 | ((unsigned char) str[i] & 0x3F);
	*code_point = lead;
	return size;
}

/* Writes a code point below 0x110000 as UTF-8; returns the number of bytes. */
size_t
pm_utf8_encode(uint32_t cp, char *out)
{
	if (cp < 0x80)
	{
		out[0] = (char) cp;
		return 1;
	}
	if (cp < 0x800)
	{
		out[0] = (char) (0xC0 | cp >> 6);
		out[1] = (char) (0x80 | (cp & 0x3F));
		return 2;
	}
	if (cp < 0x10000)
	{
		out[0] = (char) (0xE0 | cp >> 12);
		out[1] = (char) (0x80 | (cp >> 6 & 0x3F));
		out[2] = (char) (0x80 | (cp & 0x3F));
		return 3;
	}
	out[0] = (char) (0xF0 | cp >> 18);
	out[1] = (char) (0x80 | (cp >> 12 & 0x3F));
	out[2] = (char) (0x80 | (cp >> 6 & 0x3F));
	out[3] = (char) (0x80 | (cp & 0x3F));
	return 4;
}

/*
 * How many bytes the first max_chars characters take: len if there are fewer.
 * Never cuts a character; an invalid byte counts as one.
 */
size_t
pm_utf8_clip(const char *str, size_t len, size_t max_chars)
{
	size_t used = 0;
	uint32_t ignored;

	for (size_t chars = 0; chars < max_chars && used < len; chars++)
		used += pm_utf8_decode(str + used, len - used, &ignored);
	return used;
}

/* The value 0 .. 9 of a decimal digit of any script; -1 for anything else. */
int
pm_utf8_digit(uint32_t code_point)
{
	size_t low = 0;
	size_t high = sizeof(digit_zeros) / sizeof(digit_zeros[0]);

	if (code_point < 0x80)
		return code_point >= '0' && code_point <= '9' ? (int) (code_point - '0') : -1;
	while (low < high)
	{
		size_t middle = low + (high - low) / 2;

		if (code_point < digit_zeros[middle])
			high = middle;
		else if (code_point > digit_zeros[middle] + 9)
			low = middle + 1;
		else
			return (int) (code_point - digit_zeros[middle]);
	}
	return -1;
}

/* White space of any kind, line ends and no-break spaces included. */
bool
pm_utf8_is_space(uint32_t code_point)
{
	return IN_RANGES(spaces, code_point);
}

/* Hyphens, dashes and minus signs. */
bool
pm_utf8_is_dash(uint32_t code_point)
{
	return IN_RANGES(dashes, code_point);
}

/* Characters that leave no mark: control, format and filler characters. */
bool
pm_utf8_is_invisible(uint32_t code_point)
{
	return IN_RANGES(invisibles, code_point);
}
