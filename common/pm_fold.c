/*
 * pm_fold.c - text as people compare it: small letters without accents
 *
 * Latin letters become the ASCII letters that people type for them (an e for each
 * accented e, ss, ae, oe, th), those of Greek, Cyrillic and Armenian become small and lose
 * accents that do not make another letter, digits of every script become ASCII
 * digits, full-width forms the ordinary ones.  Marks that stand by themselves, vowel
 * signs of Hebrew and Arabic and what cannot be seen go.  Everything else stays.
 *
 * Folding what is folded changes nothing, and the result is never longer than what
 * it was made of.
 */
#include "pm_char.h"
#include "pm_fold.h"

#include <string.h>

#include "pm_utf8.h"

#define LENGTH(table) (sizeof(table) / sizeof((table)[0]))

/* U+00C0 to U+024F; "": stays as it is */
static const char latin[][4] = {
    "a",  "a",  "a",  "a", "a", "a",  "ae", "c",  "e",  "e",  "e",  "e",  "i",  "i",  "i",
    "i",  "d",  "n",  "o", "o", "o",  "o",  "o",  "",   "o",  "u",  "u",  "u",  "u",  "y",
    "th", "ss", "a",  "a", "a", "a",  "a",  "a",  "ae", "c",  "e",  "e",  "e",  "e",  "i",
    "i",  "i",  "i",  "d", "n", "o",  "o",  "o",  "o",  "o",  "",   "o",  "u",  "u",  "u",
    "u",  "y",  "th", "y", "a", "a",  "a",  "a",  "a",  "a",  "c",  "c",  "c",  "c",  "c",
    "c",  "c",  "c",  "d", "d", "d",  "d",  "e",  "e",  "e",  "e",  "e",  "e",  "e",  "e",
    "e",  "e",  "g",  "g", "g", "g",  "g",  "g",  "g",  "g",  "h",  "h",  "h",  "h",  "i",
    "i",  "i",  "i",  "i", "i", "i",  "i",  "i",  "i",  "ij", "ij", "j",  "j",  "k",  "k",
    "k",  "l",  "l",  "l", "l", "l",  "l",  "l",  "l",  "l",  "l",  "n",  "n",  "n",  "n",
    "n",  "n",  "n",  "n", "n", "o",  "o",  "o",  "o",  "o",  "o",  "oe", "oe", "r",  "r",
    "r",  "r",  "r",  "r", "s", "s",  "s",  "s",  "s",  "s",  "s",  "s",  "t",  "t",  "t",
    "t",  "t",  "t",  "u", "u", "u",  "u",  "u",  "u",  "u",  "u",  "u",  "u",  "u",  "u",
    "w",  "w",  "y",  "y", "y", "z",  "z",  "z",  "z",  "z",  "z",  "s",  "b",  "b",  "b",
    "b",  "",   "",   "o", "c", "c",  "d",  "d",  "d",  "d",  "",   "e",  "e",  "e",  "f",
    "f",  "g",  "",   "",  "",  "i",  "k",  "k",  "l",  "",   "",   "n",  "n",  "o",  "o",
    "o",  "",   "",   "p", "p", "",   "",   "",   "",   "",   "t",  "t",  "t",  "t",  "u",
    "u",  "",   "v",  "y", "y", "z",  "z",  "",   "",   "",   "",   "",   "",   "",   "",
    "",   "",   "",   "",  "",  "dz", "dz", "dz", "lj", "lj", "lj", "nj", "nj", "nj", "a",
    "a",  "i",  "i",  "o", "o", "u",  "u",  "u",  "u",  "u",  "u",  "u",  "u",  "u",  "u",
    "e",  "a",  "a",  "a", "a", "ae", "ae", "g",  "g",  "g",  "g",  "k",  "k",  "o",  "o",
    "o",  "o",  "",   "",  "j", "dz", "dz", "dz", "g",  "g",  "",   "",   "n",  "n",  "a",
    "a",  "ae", "ae", "o", "o", "a",  "a",  "a",  "a",  "e",  "e",  "e",  "e",  "i",  "i",
    "i",  "i",  "o",  "o", "o", "o",  "r",  "r",  "r",  "r",  "u",  "u",  "u",  "u",  "s",
    "s",  "t",  "t",  "",  "",  "h",  "h",  "n",  "d",  "",   "",   "z",  "z",  "a",  "a",
    "e",  "e",  "o",  "o", "o", "o",  "o",  "o",  "o",  "o",  "y",  "y",  "l",  "n",  "t",
    "j",  "",   "",   "a", "c", "c",  "l",  "t",  "s",  "z",  "",   "",   "b",  "u",  "",
    "e",  "e",  "j",  "j", "q", "q",  "r",  "r",  "y",  "y",
};
/* U+1E00 to U+1EFF; "": stays as it is */
static const char latin_additional[][4] = {
    "a", "a", "b", "b", "b", "b", "b", "b", "c", "c", "d",  "d",  "d", "d", "d",  "d",
    "d", "d", "d", "d", "e", "e", "e", "e", "e", "e", "e",  "e",  "e", "e", "f",  "f",
    "g", "g", "h", "h", "h", "h", "h", "h", "h", "h", "h",  "h",  "i", "i", "i",  "i",
    "k", "k", "k", "k", "k", "k", "l", "l", "l", "l", "l",  "l",  "l", "l", "m",  "m",
    "m", "m", "m", "m", "n", "n", "n", "n", "n", "n", "n",  "n",  "o", "o", "o",  "o",
    "o", "o", "o", "o", "p", "p", "p", "p", "r", "r", "r",  "r",  "r", "r", "r",  "r",
    "s", "s", "s", "s", "s", "s", "s", "s", "s", "s", "t",  "t",  "t", "t", "t",  "t",
    "t", "t", "u", "u", "u", "u", "u", "u", "u", "u", "u",  "u",  "v", "v", "v",  "v",
    "w", "w", "w", "w", "w", "w", "w", "w", "w", "w", "x",  "x",  "x", "x", "y",  "y",
    "z", "z", "z", "z", "z", "z", "h", "t", "w", "y", "a",  "s",  "s", "s", "ss", "",
    "a", "a", "a", "a", "a", "a", "a", "a", "a", "a", "a",  "a",  "a", "a", "a",  "a",
    "a", "a", "a", "a", "a", "a", "a", "a", "e", "e", "e",  "e",  "e", "e", "e",  "e",
    "e", "e", "e", "e", "e", "e", "e", "e", "i", "i", "i",  "i",  "o", "o", "o",  "o",
    "o", "o", "o", "o", "o", "o", "o", "o", "o", "o", "o",  "o",  "o", "o", "o",  "o",
    "o", "o", "o", "o", "u", "u", "u", "u", "u", "u", "u",  "u",  "u", "u", "u",  "u",
    "u", "u", "y", "y", "y", "y", "y", "y", "y", "y", "ll", "ll", "v", "v", "y",  "y",
};
/* U+0370 to U+052F; 0: stays as it is */
static const uint16_t greek_and_cyrillic[] = {
    0x0371, 0,      0x0373, 0,      0x02B9, 0,      0x0377, 0,      0,      0,      0,
    0,      0,      0,      0,      0x03F3, 0,      0,      0,      0,      0,      0,
    0x03B1, 0,      0x03B5, 0x03B7, 0x03B9, 0,      0x03BF, 0,      0x03C5, 0x03C9, 0x03B9,
    0x03B1, 0x03B2, 0x03B3, 0x03B4, 0x03B5, 0x03B6, 0x03B7, 0x03B8, 0x03B9, 0x03BA, 0x03BB,
    0x03BC, 0x03BD, 0x03BE, 0x03BF, 0x03C0, 0x03C1, 0,      0x03C3, 0x03C4, 0x03C5, 0x03C6,
    0x03C7, 0x03C8, 0x03C9, 0x03B9, 0x03C5, 0x03B1, 0x03B5, 0x03B7, 0x03B9, 0x03C5, 0,
    0,      0,      0,      0,      0,      0,      0,      0,      0,      0,      0,
    0,      0,      0,      0,      0,      0x03C3, 0,      0,      0,      0,      0,
    0,      0,      0x03B9, 0x03C5, 0x03BF, 0x03C5, 0x03C9, 0x03D7, 0x03B2, 0x03B8, 0x03C5,
    0x03C5, 0x03C5, 0x03C6, 0x03C0, 0,      0x03D9, 0,      0x03DB, 0,      0x03DD, 0,
    0x03DF, 0,      0x03E1, 0,      0x03E3, 0,      0x03E5, 0,      0x03E7, 0,      0x03E9,
    0,      0x03EB, 0,      0x03ED, 0,      0x03EF, 0,      0x03BA, 0x03C1, 0x03C3, 0,
    0x03B8, 0x03B5, 0,      0x03F8, 0,      0x03C3, 0x03FB, 0,      0,      0x037B, 0x037C,
    0x037D, 0x0435, 0x0435, 0x0452, 0x0453, 0x0454, 0x0455, 0x0456, 0x0457, 0x0458, 0x0459,
    0x045A, 0x045B, 0x045C, 0x0438, 0x045E, 0x045F, 0x0430, 0x0431, 0x0432, 0x0433, 0x0434,
    0x0435, 0x0436, 0x0437, 0x0438, 0x0439, 0x043A, 0x043B, 0x043C, 0x043D, 0x043E, 0x043F,
    0x0440, 0x0441, 0x0442, 0x0443, 0x0444, 0x0445, 0x0446, 0x0447, 0x0448, 0x0449, 0x044A,
    0x044B, 0x044C, 0x044D, 0x044E, 0x044F, 0,      0,      0,      0,      0,      0,
    0,      0,      0,      0,      0,      0,      0,      0,      0,      0,      0,
    0,      0,      0,      0,      0,      0,      0,      0,      0,      0,      0,
    0,      0,      0,      0,      0x0435, 0x0435, 0,      0,      0,      0,      0,
    0,      0,      0,      0,      0,      0,      0x0438, 0,      0,      0x0461, 0,
    0x0463, 0,      0x0465, 0,      0x0467, 0,      0x0469, 0,      0x046B, 0,      0x046D,
    0,      0x046F, 0,      0x0471, 0,      0x0473, 0,      0x0475, 0,      0x0475, 0x0475,
    0x0479, 0,      0x047B, 0,      0x047D, 0,      0x047F, 0,      0x0481, 0,      0,
    0,      0,      0,      0,      0,      0,      0,      0x048B, 0,      0x048D, 0,
    0x048F, 0,      0x0491, 0,      0x0493, 0,      0x0495, 0,      0x0497, 0,      0x0499,
    0,      0x049B, 0,      0x049D, 0,      0x049F, 0,      0x04A1, 0,      0x04A3, 0,
    0x04A5, 0,      0x04A7, 0,      0x04A9, 0,      0x04AB, 0,      0x04AD, 0,      0x04AF,
    0,      0x04B1, 0,      0x04B3, 0,      0x04B5, 0,      0x04B7, 0,      0x04B9, 0,
    0x04BB, 0,      0x04BD, 0,      0x04BF, 0,      0x04CF, 0x0436, 0x0436, 0x04C4, 0,
    0x04C6, 0,      0x04C8, 0,      0x04CA, 0,      0x04CC, 0,      0x04CE, 0,      0,
    0x0430, 0x0430, 0x0430, 0x0430, 0x04D5, 0,      0x0435, 0x0435, 0x04D9, 0,      0x04D9,
    0x04D9, 0x0436, 0x0436, 0x0437, 0x0437, 0x04E1, 0,      0x0438, 0x0438, 0x0438, 0x0438,
    0x043E, 0x043E, 0x04E9, 0,      0x04E9, 0x04E9, 0x044D, 0x044D, 0x0443, 0x0443, 0x0443,
    0x0443, 0x0443, 0x0443, 0x0447, 0x0447, 0x04F7, 0,      0x044B, 0x044B, 0x04FB, 0,
    0x04FD, 0,      0x04FF, 0,      0x0501, 0,      0x0503, 0,      0x0505, 0,      0x0507,
    0,      0x0509, 0,      0x050B, 0,      0x050D, 0,      0x050F, 0,      0x0511, 0,
    0x0513, 0,      0x0515, 0,      0x0517, 0,      0x0519, 0,      0x051B, 0,      0x051D,
    0,      0x051F, 0,      0x0521, 0,      0x0523, 0,      0x0525, 0,      0x0527, 0,
    0x0529, 0,      0x052B, 0,      0x052D, 0,      0x052F, 0,
};
/* U+1F00 to U+1FFF; 0: stays as it is */
static const uint16_t greek_extended[] = {
    0x03B1, 0x03B1, 0x03B1, 0x03B1, 0x03B1, 0x03B1, 0x03B1, 0x03B1, 0x03B1, 0x03B1, 0x03B1,
    0x03B1, 0x03B1, 0x03B1, 0x03B1, 0x03B1, 0x03B5, 0x03B5, 0x03B5, 0x03B5, 0x03B5, 0x03B5,
    0,      0,      0x03B5, 0x03B5, 0x03B5, 0x03B5, 0x03B5, 0x03B5, 0,      0,      0x03B7,
    0x03B7, 0x03B7, 0x03B7, 0x03B7, 0x03B7, 0x03B7, 0x03B7, 0x03B7, 0x03B7, 0x03B7, 0x03B7,
    0x03B7, 0x03B7, 0x03B7, 0x03B7, 0x03B9, 0x03B9, 0x03B9, 0x03B9, 0x03B9, 0x03B9, 0x03B9,
    0x03B9, 0x03B9, 0x03B9, 0x03B9, 0x03B9, 0x03B9, 0x03B9, 0x03B9, 0x03B9, 0x03BF, 0x03BF,
    0x03BF, 0x03BF, 0x03BF, 0x03BF, 0,      0,      0x03BF, 0x03BF, 0x03BF, 0x03BF, 0x03BF,
    0x03BF, 0,      0,      0x03C5, 0x03C5, 0x03C5, 0x03C5, 0x03C5, 0x03C5, 0x03C5, 0x03C5,
    0,      0x03C5, 0,      0x03C5, 0,      0x03C5, 0,      0x03C5, 0x03C9, 0x03C9, 0x03C9,
    0x03C9, 0x03C9, 0x03C9, 0x03C9, 0x03C9, 0x03C9, 0x03C9, 0x03C9, 0x03C9, 0x03C9, 0x03C9,
    0x03C9, 0x03C9, 0x03B1, 0x03B1, 0x03B5, 0x03B5, 0x03B7, 0x03B7, 0x03B9, 0x03B9, 0x03BF,
    0x03BF, 0x03C5, 0x03C5, 0x03C9, 0x03C9, 0,      0,      0x03B1, 0x03B1, 0x03B1, 0x03B1,
    0x03B1, 0x03B1, 0x03B1, 0x03B1, 0x03B1, 0x03B1, 0x03B1, 0x03B1, 0x03B1, 0x03B1, 0x03B1,
    0x03B1, 0x03B7, 0x03B7, 0x03B7, 0x03B7, 0x03B7, 0x03B7, 0x03B7, 0x03B7, 0x03B7, 0x03B7,
    0x03B7, 0x03B7, 0x03B7, 0x03B7, 0x03B7, 0x03B7, 0x03C9, 0x03C9, 0x03C9, 0x03C9, 0x03C9,
    0x03C9, 0x03C9, 0x03C9, 0x03C9, 0x03C9, 0x03C9, 0x03C9, 0x03C9, 0x03C9, 0x03C9, 0x03C9,
    0x03B1, 0x03B1, 0x03B1, 0x03B1, 0x03B1, 0,      0x03B1, 0x03B1, 0x03B1, 0x03B1, 0x03B1,
    0x03B1, 0x03B1, 0,      0x03B9, 0,      0,      0,      0x03B7, 0x03B7, 0x03B7, 0,
    0x03B7, 0x03B7, 0x03B5, 0x03B5, 0x03B7, 0x03B7, 0x03B7, 0,      0,      0,      0x03B9,
    0x03B9, 0x03B9, 0x03B9, 0,      0,      0x03B9, 0x03B9, 0x03B9, 0x03B9, 0x03B9, 0x03B9,
    0,      0,      0,      0,      0x03C5, 0x03C5, 0x03C5, 0x03C5, 0x03C1, 0x03C1, 0x03C5,
    0x03C5, 0x03C5, 0x03C5, 0x03C5, 0x03C5, 0x03C1, 0,      0,      0,      0,      0,
    0x03C9, 0x03C9, 0x03C9, 0,      0x03C9, 0x03C9, 0x03BF, 0x03BF, 0x03C9, 0x03C9, 0x03C9,
    0,      0,      0,
};
/* Letters of Arabic that are written one for the other. */
static const uint16_t arabic[][2] = {
    {0x0622, 0x0627},
    {0x0623, 0x0627},
    {0x0625, 0x0627},
    {0x0629, 0x0647},
    {0x0649, 0x064A},
    {0x0671, 0x0627},
    {0x06A9, 0x0643},
    {0x06CC, 0x064A},
};

/* U+FB00 to U+FB06 */
static const char ligatures[][4] = {"ff", "fi", "fl", "ffi", "ffl", "st", "st"};

/* Is it a mark that changes the letter before it, no letter itself? */
static int
is_mark(uint32_t cp)
{
	return (cp >= 0x0300 && cp <= 0x036F) || (cp >= 0x0483 && cp <= 0x0489) ||
	       (cp >= 0x0591 && cp <= 0x05BD) || cp == 0x05BF || cp == 0x05C1 || cp == 0x05C2 ||
	       cp == 0x05C4 || cp == 0x05C5 || cp == 0x05C7 || cp == 0x0640 ||
	       (cp >= 0x0610 && cp <= 0x061A) || (cp >= 0x064B && cp <= 0x065F) ||
	       cp == 0x0670 || (cp >= 0x1AB0 && cp <= 0x1AFF) ||
	       (cp >= 0x1DC0 && cp <= 0x1DFF) || (cp >= 0x20D0 && cp <= 0x20F0) ||
	       (cp >= 0xFE00 && cp <= 0xFE0F) || (cp >= 0xFE20 && cp <= 0xFE2F);
}

/* Writes letters of a table, or the character itself if it has none there. */
static size_t
put_letters(const char *letters, uint32_t cp, char *out)
{
	size_t len = strnlen(letters, PM_FOLD_MAX - 1);

	if (len == 0)
		return pm_utf8_encode(cp, out);
	memcpy(out, letters, len);
	return len;
}

/* What a letter becomes that becomes one letter, of the scripts after Latin. */
static uint32_t
fold_code(uint32_t cp)
{
	uint32_t other = 0;

	if (cp >= 0x0370 && cp < 0x0370 + LENGTH(greek_and_cyrillic))
		other = greek_and_cyrillic[cp - 0x0370];
	else if (cp >= 0x1F00 && cp < 0x1F00 + LENGTH(greek_extended))
		other = greek_extended[cp - 0x1F00];
	else if (cp >= 0x0531 && cp <= 0x0556)
		other = cp + 0x30;
	else if (cp >= 0x0622 && cp <= 0x06CC)
	{
		for (size_t i = 0; i < LENGTH(arabic); i++)
		{
			if (arabic[i][0] == cp)
				other = arabic[i][1];
		}
	}
	return other == 0 ? cp : other;
}

/*
 * What a character becomes, as UTF-8; returns the number of bytes, 0 for one that
 * goes.  code_point is one that UTF-8 can encode.
 */
size_t
pm_fold_char(uint32_t code_point, char out[PM_FOLD_MAX])
{
	uint32_t cp = code_point;
	int digit;

	if (cp >= 0xFF01 && cp <= 0xFF5E)
		cp -= 0xFEE0;
	if (cp < 0x80)
	{
		out[0] = (char) (cp >= 'A' && cp <= 'Z' ? cp + ('a' - 'A') : cp);
		return 1;
	}
	if (is_mark(cp) || pm_utf8_is_invisible(cp))
		return 0;
	if (cp >= 0xC0 && cp < 0xC0 + LENGTH(latin))
		return put_letters(latin[cp - 0xC0], cp, out);
	if (cp >= 0x1E00 && cp < 0x1E00 + LENGTH(latin_additional))
		return put_letters(latin_additional[cp - 0x1E00], cp, out);
	if (cp >= 0xFB00 && cp < 0xFB00 + LENGTH(ligatures))
		return put_letters(ligatures[cp - 0xFB00], cp, out);
	digit = cp == 0xB9                     ? 1
	        : cp == 0xB2 || cp == 0xB3     ? (int) cp - 0xB0
	        : cp == 0x2070                 ? 0
	        : cp >= 0x2074 && cp <= 0x2079 ? (int) cp - 0x2070
	        : cp >= 0x2080 && cp <= 0x2089 ? (int) cp - 0x2080
	                                       : pm_utf8_digit(cp);
	if (digit >= 0)
		return pm_utf8_encode('0' + (uint32_t) digit, out);
	if (cp == 0xAA || cp == 0xBA)
		return pm_utf8_encode(cp == 0xAA ? 'a' : 'o', out);
	return pm_utf8_encode(fold_code(cp), out);
}

/*
 * Folds a text into out, which has room for len bytes; returns how many it has.  A byte that is
 * no part of a character stays as it is.
 */
size_t
pm_fold(const char *str, size_t len, char *out)
{
	size_t size = 0;

	for (size_t i = 0; i < len;)
	{
		uint32_t cp;
		size_t used;
		char letters[PM_FOLD_MAX];
		size_t n;

		if ((unsigned char) str[i] < 0x80)
		{
			out[size++] = pm_lower(str[i++]);
			continue;
		}
		used = pm_utf8_decode(str + i, len - i, &cp);
		if (cp == PM_UTF8_INVALID)
		{
			out[size++] = str[i];
			i += used;
			continue;
		}
		n = pm_fold_char(cp, letters);
		memcpy(out + size, letters, n);
		size += n;
		i += used;
	}
	return size;
}
