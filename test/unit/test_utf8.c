/*
 * test_utf8.c - decoding and classes of characters
 *
 * Every code point is encoded and must come back, those at the edges of the forms as
 * the bytes of the standard; every sequence of two bytes, and the edges of the longer
 * forms, must be judged as the standard says.
 */
#include <string.h>

#include "pm_utf8.h"
#include "tap.h"

/* The first and last code points of each form. */
static void
test_encode(void)
{
	static const struct
	{
		uint32_t cp;
		const char *bytes;
	} edges[] = {
	    {0x01,     "\x01"            },
	    {0x7F,     "\x7F"            },
	    {0x80,     "\xC2\x80"        },
	    {0x7FF,    "\xDF\xBF"        },
	    {0x800,    "\xE0\xA0\x80"    },
	    {0x20AC,   "\xE2\x82\xAC"    },
	    {0xFFFF,   "\xEF\xBF\xBF"    },
	    {0x10000,  "\xF0\x90\x80\x80"},
	    {0x10FFFF, "\xF4\x8F\xBF\xBF"}
    };

	for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++)
	{
		char text[4];
		size_t len = pm_utf8_encode(edges[i].cp, text);

		ok(len == strlen(edges[i].bytes) && memcmp(text, edges[i].bytes, len) == 0,
		   "the bytes of a code point at an edge");
	}
}

/* Every code point comes back; surrogates and what lies beyond do not. */
static void
test_round_trip(void)
{
	int wrong = 0;
	int wrong_cut = 0;

	for (uint32_t cp = 0; cp < 0x120000; cp++)
	{
		char text[4];
		size_t len = pm_utf8_encode(cp, text);
		bool legal = cp < 0xD800 || (cp > 0xDFFF && cp < 0x110000);
		uint32_t got = 0;
		size_t used = pm_utf8_decode(text, len, &got);

		if (legal ? used != len || got != cp : used != 1 || got != PM_UTF8_INVALID)
			wrong++;
		if (len > 1 && (pm_utf8_decode(text, len - 1, &got) != 1 || got != PM_UTF8_INVALID))
			wrong_cut++;
	}
	is_int(wrong, 0, "every code point decodes to itself, no other does");
	is_int(wrong_cut, 0, "a sequence cut short is invalid");
}

/* All pairs of bytes: valid exactly for C2..DF and a continuation byte. */
static void
test_pairs(void)
{
	int wrong = 0;

	for (int i = 0x80; i < 0x10000; i++)
	{
		char text[2] = {(char) (i >> 8), (char) (i & 0xFF)};
		int first = i >> 8;
		bool legal = first >= 0xC2 && first <= 0xDF && (i & 0xC0) == 0x80;
		uint32_t got;
		size_t used = pm_utf8_decode(text, 2, &got);

		if (first < 0x80)
			wrong += used != 1 || got != (uint32_t) first;
		else if (legal)
			wrong += used != 2;
		else
			wrong += used != 1 || got != PM_UTF8_INVALID;
	}
	is_int(wrong, 0, "all pairs of bytes");
}

typedef struct Sequence
{
	const char *bytes;
	size_t used;
	uint32_t code_point;
} Sequence;

static const Sequence sequences[] = {
    {"\xE0\x9F\xBF",     1, PM_UTF8_INVALID}, /* overlong */
    {"\xE0\xA0\x80",     3, 0x800          },
    {"\xED\x9F\xBF",     3, 0xD7FF         },
    {"\xED\xA0\x80",     1, PM_UTF8_INVALID}, /* surrogate */
    {"\xF0\x8F\xBF\xBF", 1, PM_UTF8_INVALID}, /* overlong */
    {"\xF0\x90\x80\x80", 4, 0x10000        },
    {"\xF4\x8F\xBF\xBF", 4, 0x10FFFF       },
    {"\xF4\x90\x80\x80", 1, PM_UTF8_INVALID}, /* beyond Unicode */
    {"\xF5\x80\x80\x80", 1, PM_UTF8_INVALID},
    {"\xE2\x82x",        1, PM_UTF8_INVALID},
    {"\xF0\x9F\x98x",    1, PM_UTF8_INVALID},
    {"\xFF",             1, PM_UTF8_INVALID},
};

/* The edges of the longer forms. */
static void
test_sequences(void)
{
	for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++)
	{
		const Sequence *s = &sequences[i];
		uint32_t got;

		is_int((long long) pm_utf8_decode(s->bytes, strlen(s->bytes), &got),
		       (long long) s->used, "length of a sequence");
		is_int(got, s->code_point, "its code point");
	}
}

/* Digits of all scripts; the count is that of Unicode 14. */
static void
test_digits(void)
{
	int digits = 0;
	int in_order = 0;
	int previous = -1;

	for (uint32_t cp = 0; cp < 0x110000; cp++)
	{
		int digit = pm_utf8_digit(cp);

		if (digit >= 0)
		{
			digits++;
			in_order += digit == (previous + 1) % 10;
			previous = digit;
		}
	}
	is_int(digits, 660, "Unicode 14 has 66 rows of decimal digits");
	is_int(in_order, 660, "each row counts from 0 to 9");
	is_int(pm_utf8_digit('7'), 7, "ASCII");
	is_int(pm_utf8_digit(0x0667), 7, "Arabic-Indic");
	is_int(pm_utf8_digit(0x06F7), 7, "Persian");
	is_int(pm_utf8_digit(0x096D), 7, "Devanagari");
	is_int(pm_utf8_digit(0xFF17), 7, "fullwidth");
	is_int(pm_utf8_digit(0x1D7D5), 7, "mathematical bold");
	is_int(pm_utf8_digit(0x00B2), -1, "superscript two is no decimal digit");
	is_int(pm_utf8_digit(0x2460), -1, "circled one neither");
	is_int(pm_utf8_digit('A'), -1, "a letter");
	is_int(pm_utf8_digit(PM_UTF8_INVALID), -1, "an invalid byte");
}

/* A few of each class, and that no character is in two of them. */
static void
test_classes(void)
{
	static const uint32_t spaces[] = {' ',  '\t',   '\n',   '\r',   0x85,
	                                  0xA0, 0x2003, 0x2028, 0x202F, 0x3000};
	static const uint32_t dashes[] = {'-', 0x2010, 0x2011, 0x2013, 0x2014, 0x2212, 0xFF0D};
	static const uint32_t invisibles[] = {0,      0x1D,   0x7F,   0xAD,   0x200B, 0x200E,
	                                      0x202A, 0x2060, 0x2069, 0xFE0F, 0xFEFF, 0xE0020};
	static const uint32_t plain[] = {'0', 'A', '_', 0xE9, 0x20AC, 0x4E00, PM_UTF8_INVALID};
	int both = 0;

	for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++)
		ok(pm_utf8_is_space(spaces[i]), "white space");
	for (size_t i = 0; i < sizeof(dashes) / sizeof(dashes[0]); i++)
		ok(pm_utf8_is_dash(dashes[i]), "dash");
	for (size_t i = 0; i < sizeof(invisibles) / sizeof(invisibles[0]); i++)
		ok(pm_utf8_is_invisible(invisibles[i]), "invisible");
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		ok(!pm_utf8_is_space(plain[i]) && !pm_utf8_is_dash(plain[i]) &&
		       !pm_utf8_is_invisible(plain[i]),
		   "none of these");
	for (uint32_t cp = 0; cp < 0x110000; cp++)
		both += pm_utf8_is_space(cp) + pm_utf8_is_dash(cp) + pm_utf8_is_invisible(cp) +
		            (pm_utf8_digit(cp) >= 0) >
		        1;
	is_int(both, 0, "no character is in two classes");
}

/* Clipping keeps characters whole. */
static void
test_clip(void)
{
	static const char text[] =
	    "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z"; /* a é € smiley z */

	is_int((long long) pm_utf8_clip(text, 11, 0), 0, "no character");
	is_int((long long) pm_utf8_clip(text, 11, 1), 1, "one byte");
	is_int((long long) pm_utf8_clip(text, 11, 2), 3, "two bytes more");
	is_int((long long) pm_utf8_clip(text, 11, 3), 6, "three bytes more");
	is_int((long long) pm_utf8_clip(text, 11, 4), 10, "four bytes more");
	is_int((long long) pm_utf8_clip(text, 11, 5), 11, "all");
	is_int((long long) pm_utf8_clip(text, 11, 99), 11, "more than there is");
	is_int((long long) pm_utf8_clip(text, 2, 2), 2, "a cut character counts by bytes");
	is_int((long long) pm_utf8_clip("\xFF\xFE\xFD", 3, 2), 2,
	       "invalid bytes count one each");
	is_int((long long) pm_utf8_clip(text, 0, 5), 0, "nothing");
}

int
main(void)
{
	test_encode();
	test_round_trip();
	test_pairs();
	test_sequences();
	test_digits();
	test_classes();
	test_clip();
	return tap_done();
}
