/*
 * test_encoding.c - encodings told apart and turned into UTF-8
 */
#include <stdlib.h>
#include <string.h>

#include "pm_csv_block.h"
#include "pm_encoding.h"
#include "pm_utf8.h"
#include "tap.h"

#define TEXT(literal) (literal), sizeof(literal) - 1

/* What a whole text is guessed to be; "?" after it if it could be something else. */
static const char *
guess(const char *data, size_t size)
{
	static char out[64];
	PmEncodingGuess found;

	pm_encoding_detect(data, size, true, &found);
	snprintf(out, sizeof(out), "%s%s", pm_encoding_name(found.encoding),
	         found.certain ? "" : "?");
	return out;
}

static void
test_detection(void)
{
	PmEncodingGuess found;

	is_str(guess(TEXT("")), "UTF-8?", "nothing");
	is_str(guess(TEXT("ean;name\n1;plain\n")), "UTF-8?", "ASCII says nothing");
	is_str(guess(TEXT("\xEF\xBB\xBF"
	                  "ean")),
	       "UTF-8", "a mark of UTF-8");
	is_str(guess(TEXT("\xFF\xFE"
	                  "e\0")),
	       "UTF-16LE", "a mark of UTF-16");
	is_str(guess(TEXT("\xFE\xFF"
	                  "\0e")),
	       "UTF-16BE", "the other way round");
	is_str(guess(TEXT("\xFF\xFE\0\0"
	                  "e\0\0\0")),
	       "", "UTF-32 is not read");
	is_str(guess(TEXT("e\0a\0n\0;\0\xAC\x20\n\0")), "UTF-16LE", "without a mark");
	is_str(guess(TEXT("\0e\0a\0n\0;\x20\xAC\0\n")), "UTF-16BE", "and the other way round");
	is_str(guess(TEXT("a\0b")), "UTF-8?", "one zero byte is no UTF-16");
	is_str(guess(TEXT("caf\xC3\xA9")), "UTF-8", "UTF-8");
	is_str(guess(TEXT("caf\xC3\xA9 \xE2\x82\xAC \xE9")), "UTF-8", "with one strange byte");
	is_str(guess(TEXT("caf\xE9")), "windows-1252", "one byte a character");
	is_str(guess(TEXT("12,50 \x80")), "windows-1252", "a euro sign of Windows");
	is_str(guess(TEXT("l\x92\xE9t\xE9")), "windows-1252", "an apostrophe of Windows");
	is_str(guess(TEXT("12,50 \xA4")), "ISO-8859-15", "a euro sign of ISO 8859-15");
	is_str(guess(TEXT("c\xBDur de b\xBDuf, \xBCufs")), "ISO-8859-15", "oe of ISO 8859-15");
	is_str(guess(TEXT("\xA6koda")), "ISO-8859-15", "S with caron");
	is_str(guess(TEXT("1\xBD inch, \xBC inch")), "windows-1252",
	       "fractions are no letters");
	is_str(guess(TEXT("d\xB4or, l\xB4\xE9t\xE9")), "windows-1252",
	       "an accent for an apostrophe");
	is_str(guess(TEXT("a\x81\xE9")), "ISO-8859-1", "a byte that Windows-1252 has not");

	pm_encoding_detect(TEXT("abc \xC3"), false, &found);
	ok(found.encoding == PM_ENCODING_UTF8 && !found.certain,
	   "a character that is cut off says nothing");
	pm_encoding_detect(TEXT("abc \xE9"), true, &found);
	ok(found.encoding == PM_ENCODING_WINDOWS1252, "at the end of the text it does");
	pm_encoding_detect(TEXT("\xEF\xBB\xBF"), true, &found);
	is_int((long long) found.mark, 3, "the size of a mark");
}

/* A text as UTF-8; flags of what was found are in bad. */
static const char *
convert(PmEncoding encoding, const char *data, size_t size, unsigned *bad)
{
	static char out[1024];
	size_t used;

	*bad = 0;
	used = pm_encoding_convert(encoding, data, size, out, bad);
	out[used] = '\0';
	return out;
}

static void
test_conversion(void)
{
	unsigned bad;
	char out[16];

	is_str(convert(PM_ENCODING_WINDOWS1252,
	               TEXT("10 \x80 \x96 caf\xE9, l\x92"
	                    "eau de vie"),
	               &bad),
	       "10 € – café, l’eau de vie", "Windows-1252");
	is_int(bad, 0, "has nothing strange");
	is_str(convert(PM_ENCODING_LATIN9,
	               TEXT("10 \xA4 c\xBDur \xA6\xA8\xB4\xB8\xBC\xBE \xE9"), &bad),
	       "10 € cœur ŠšŽžŒŸ é", "ISO 8859-15");
	is_str(convert(PM_ENCODING_LATIN1, TEXT("\xA4\xBD\x85"), &bad), "¤½\xC2\x85",
	       "ISO 8859-1");
	is_int(bad, 0, "has every byte");
	is_str(convert(PM_ENCODING_WINDOWS1252, TEXT("a\x81z"), &bad), "a\xEF\xBF\xBDz",
	       "no character");
	is_int(bad, PM_TEXT_BAD, "is said");
	is_str(convert(PM_ENCODING_UTF8,
	               TEXT("12345678\0"
	                    "abcdefgh\xC3"),
	               &bad),
	       "12345678\xEF\xBF\xBD"
	       "abcdefgh\xEF\xBF\xBD",
	       "a zero byte and half a character");
	is_int(bad, PM_TEXT_BAD | PM_TEXT_NUL, "are said both");
	is_int((long long) pm_encoding_bad_at(PM_ENCODING_UTF8, TEXT("\xC3\xA9"
	                                                             "a\0")),
	       3, "the place of a zero byte");
	is_int((long long) pm_encoding_bad_at(PM_ENCODING_WINDOWS1252, TEXT("\xE9\x9D")), 1,
	       "the place of no character");

	is_int((long long) pm_encoding_from_utf8(PM_ENCODING_LATIN9, TEXT("€¦"), out), 0,
	       "a broken bar is not in ISO 8859-15");
	is_int((long long) pm_encoding_from_utf8(PM_ENCODING_WINDOWS1252, TEXT("€¦"), out), 2,
	       "it is in Windows-1252");
	ok(memcmp(out, "\x80\xA6", 2) == 0, "as these bytes");
	is_int((long long) pm_encoding_from_utf8(PM_ENCODING_UTF8, TEXT("€"), out), 3,
	       "UTF-8 stays");
}

/* UTF-8 as another encoding. */
static void
test_encode(void)
{
	static const PmEncoding encodings[] = {PM_ENCODING_UTF8,    PM_ENCODING_UTF16LE,
	                                       PM_ENCODING_UTF16BE, PM_ENCODING_WINDOWS1252,
	                                       PM_ENCODING_LATIN1,  PM_ENCODING_LATIN9};
	static const char text[] = "a\né€¤\xF0\x9F\x98\x80\xEF\xBF\xBD\xC3";
	static const char *const expected[] = {
	    "a\né€¤\xF0\x9F\x98\x80\xEF\xBF\xBD?",
	    "a\0\n\0\xE9\0\xAC\x20\xA4\0\x3D\xD8\x00\xDE\xFD\xFF?\0",
	    "\0a\0\n\0\xE9\x20\xAC\0\xA4\xD8\x3D\xDE\x00\xFF\xFD\0?",
	    "a\n\xE9\x80\xA4???",
	    "a\n\xE9?\xA4???",
	    "a\n\xE9\xA4????"};
	static const size_t sizes[] = {17, 18, 18, 8, 8, 8};
	char out[sizeof(text) * PM_ENCODE_GROWTH];

	for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++)
		ok(pm_encoding_encode(encodings[i], text, sizeof(text) - 1, out) == sizes[i] &&
		       memcmp(out, expected[i], sizes[i]) == 0,
		   pm_encoding_name(encodings[i]));
}

/* All that an encoding of one byte has comes back as it was. */
static void
test_there_and_back(void)
{
	static const PmEncoding encodings[] = {PM_ENCODING_WINDOWS1252, PM_ENCODING_LATIN1,
	                                       PM_ENCODING_LATIN9};
	int wrong = 0;
	int none = 0;

	for (size_t e = 0; e < 3; e++)
		for (int byte = 1; byte <= 0xFF; byte++)
		{
			char in = (char) byte;
			char utf8[4];
			char back[4];
			unsigned bad = 0;
			size_t size = pm_encoding_convert(encodings[e], &in, 1, utf8, &bad);

			if (bad != 0)
				none++;
			else if (!pm_encoding_is_utf8(utf8, size) ||
			         pm_encoding_from_utf8(encodings[e], utf8, size, back) != 1 ||
			         back[0] != in)
				wrong++;
		}
	is_int(wrong, 0, "every character of one byte, there and back");
	is_int(none, 5, "but five bytes that Windows-1252 has not");
}

/* UTF-16 in pieces of one size, as UTF-8. */
static size_t
utf16(bool big_endian, const char *data, size_t size, size_t piece, char *out)
{
	PmUtf16 state = {0, false, 0};
	size_t used = 0;

	for (size_t at = 0; at < size; at += piece)
		used += pm_utf16_convert(&state, big_endian, data + at,
		                         size - at < piece ? size - at : piece, false, out + used);
	return used + pm_utf16_convert(&state, big_endian, NULL, 0, true, out + used);
}

static void
test_utf16(void)
{
	const char *text =
	    "ean;name\n0123456789;caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x8D\xAB end\n";
	size_t size = strlen(text);
	char units[2][256];
	size_t used = 0;
	char out[512];
	int wrong = 0;

	for (size_t at = 0; at < size;)
	{
		uint32_t cp;
		uint16_t pair[2];
		int count = 1;

		at += pm_utf8_decode(text + at, size - at, &cp);
		pair[0] = (uint16_t) cp;
		if (cp > 0xFFFF)
		{
			pair[0] = (uint16_t) (0xD800 + ((cp - 0x10000) >> 10));
			pair[1] = (uint16_t) (0xDC00 + ((cp - 0x10000) & 0x3FF));
			count = 2;
		}
		for (int i = 0; i < count; i++)
		{
			units[0][used] = units[1][used + 1] = (char) (pair[i] & 0xFF);
			units[0][used + 1] = units[1][used] = (char) (pair[i] >> 8);
			used += 2;
		}
	}
	for (size_t piece = 1; piece <= used; piece++)
		for (int big = 0; big < 2; big++)
			if (utf16(big != 0, units[big], used, piece, out) != size ||
			    memcmp(out, text, size) != 0)
				wrong++;
	is_int(wrong, 0, "UTF-16 in pieces of any size, both ways round");
	is_int((long long) pm_utf16_size(text, size), (long long) used,
	       "how much UTF-16 it was");

	used = utf16(false,
	             TEXT("a\0\x00\xD8"
	                  "b\0\x00\xDCz"),
	             4, out);
	ok(!pm_encoding_is_utf8(out, used), "halves of pairs are no UTF-8");
	is_int((long long) pm_utf16_size(out, used), 9, "but are counted as what they were");
}

/* The survey of a text against a look at each byte, for each size and place. */
static void
test_survey(void)
{
	char text[80];
	int wrong = 0;

	for (size_t size = 0; size <= sizeof(text); size++)
		for (size_t at = 0; at <= size; at++)
			for (int kind = 0; kind < 3; kind++)
			{
				static const char bytes[] = {'\x7F', '\x80', '\0'};
				static const unsigned flags[] = {0, PM_TEXT_HIGH, PM_TEXT_NUL};

				memset(text, '\x01', sizeof(text));
				if (at < size)
					text[at] = bytes[kind];
				wrong += pm_encoding_survey(text, size) != (at < size ? flags[kind] : 0);
				wrong += pm_encoding_is_utf8(text, size) != (at == size || kind != 1);
			}
	is_int(wrong, 0, "a byte that matters is seen wherever it is");
}

/* The bits of 64 bytes: the portable way and the one of this machine against a loop. */
static void
test_block(void)
{
	static const char some[] = ";\"\\\n\rab\0\x80\xFF";
	PmCsvBytes bytes = {';', '"', '\\'};
	int wrong = 0;

	srand(1);
	for (int round = 0; round < 100000; round++)
	{
		char block[PM_CSV_BLOCK];
		PmCsvBits expected = {0, 0};
		PmCsvBits bits;

		for (int i = 0; i < PM_CSV_BLOCK; i++)
		{
			char c = round % 2 ? some[(size_t) rand() % (sizeof(some) - 1)] : (char) rand();
			uint64_t bit = UINT64_C(1) << i;

			block[i] = c;
			if (c == '"' || c == '\\' || c == '\n' || c == '\r')
				expected.marks |= bit;
			if (c == ';')
				expected.all |= bit;
		}
		expected.all |= expected.marks;
		pm_csv_block_portable(block, &bytes, &bits);
		wrong += memcmp(&bits, &expected, sizeof(bits)) != 0;
		pm_csv_block(block, &bytes, &bits);
		wrong += memcmp(&bits, &expected, sizeof(bits)) != 0;
	}
	is_int(wrong, 0, "bits of blocks");
}

int
main(void)
{
	test_detection();
	test_conversion();
	test_encode();
	test_there_and_back();
	test_utf16();
	test_survey();
	test_block();
	return tap_done();
}
