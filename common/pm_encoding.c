/*
 * pm_encoding.c - tell encodings apart, and turn text into UTF-8 or back
 *
 * What a text is, is decided in this order: a byte order mark; zero bytes, or low ones, in
 * every other place (UTF-16); more well-formed UTF-8 characters than bytes that are none;
 * else one byte is one character.  Which of the three sets of those is meant, only some
 * bytes tell:
 *
 *   80 .. 9F         characters in Windows-1252, but controls, which nobody writes, in the
 *                    ISO sets; five of them Windows-1252 does not have
 *   A4 A6 A8 B4      letters and the euro sign in ISO 8859-15, in the other two signs
 *   B8 BC BD BE      that hardly stand beside letters as letters do
 *
 * Without either, the sets are the same and Windows-1252 stands for all.
 */
#include "pm_encoding.h"

#include <string.h>

#include "pm_char.h"
#include "pm_utf8.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define HIGH_BITS UINT64_C(0x8080808080808080)
#define LOW_BITS  UINT64_C(0x0101010101010101)

/* 80 .. 9F in Windows-1252; zero: there is none. */
static const uint16_t windows1252[32] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178,
};

/* The code point of a byte above 0x7F; zero: there is none. */
static uint32_t
code_point(PmEncoding encoding, unsigned char byte)
{
	if (encoding == PM_ENCODING_WINDOWS1252 && byte < 0xA0)
		return windows1252[byte - 0x80];
	if (encoding == PM_ENCODING_LATIN9)
		switch (byte)
		{
			case 0xA4:
				return 0x20AC;
			case 0xA6:
				return 0x0160;
			case 0xA8:
				return 0x0161;
			case 0xB4:
				return 0x017D;
			case 0xB8:
				return 0x017E;
			case 0xBC:
				return 0x0152;
			case 0xBD:
				return 0x0153;
			case 0xBE:
				return 0x0178;
			default:
				break;
		}
	return byte;
}

/* As PostgreSQL and IANA call it. */
const char *
pm_encoding_name(PmEncoding encoding)
{
	switch (encoding)
	{
		case PM_ENCODING_UTF8:
			return "UTF-8";
		case PM_ENCODING_UTF16LE:
			return "UTF-16LE";
		case PM_ENCODING_UTF16BE:
			return "UTF-16BE";
		case PM_ENCODING_WINDOWS1252:
			return "windows-1252";
		case PM_ENCODING_LATIN1:
			return "ISO-8859-1";
		case PM_ENCODING_LATIN9:
			return "ISO-8859-15";
		case PM_ENCODING_DETECT:
			break;
	}
	return "";
}

/* Eight bytes as a number. */
static inline uint64_t
load_word(const char *data)
{
	uint64_t word;

	memcpy(&word, data, sizeof(word));
	return word;
}

/* Are eight bytes ASCII and not zero? */
static inline bool
is_plain(uint64_t word)
{
	return ((word | (word - LOW_BITS)) & HIGH_BITS) == 0;
}

/* How many bytes from here are ASCII. */
static inline size_t
ascii_run(const char *data, size_t size)
{
	size_t run = 0;

#ifdef __SSE2__
	for (; size - run >= 16; run += 16)
	{
		int high = _mm_movemask_epi8(_mm_loadu_si128((const __m128i *) (data + run)));

		if (high != 0)
			return run + (size_t) __builtin_ctz((unsigned) high);
	}
#endif
	while (size - run >= 8 && (load_word(data + run) & HIGH_BITS) == 0)
		run += 8;
	while (run < size && (data[run] & 0x80) == 0)
		run++;
	return run;
}

/* Has a text bytes above 0x7F, or zero bytes?  PM_TEXT_HIGH, PM_TEXT_NUL or both. */
unsigned
pm_encoding_survey(const char *data, size_t size)
{
	uint64_t high = 0;
	uint64_t zero = 0;
	size_t at = 0;

#ifdef __SSE2__
	if (size >= 16)
	{
		__m128i all = _mm_setzero_si128();
		__m128i least = _mm_set1_epi8((char) 0xFF);
		__m128i bytes;

		for (; at + 16 <= size; at += 16)
		{
			bytes = _mm_loadu_si128((const __m128i *) (data + at));
			all = _mm_or_si128(all, bytes);
			least = _mm_min_epu8(least, bytes);
		}
		bytes = _mm_loadu_si128((const __m128i *) (data + size - 16));
		all = _mm_or_si128(all, bytes);
		least = _mm_min_epu8(least, bytes);
		return (_mm_movemask_epi8(all) != 0 ? PM_TEXT_HIGH : 0) |
		       (_mm_movemask_epi8(_mm_cmpeq_epi8(least, _mm_setzero_si128())) != 0
		            ? PM_TEXT_NUL
		            : 0);
	}
#endif
	for (; size - at >= 8; at += 8)
	{
		uint64_t word = load_word(data + at);

		high |= word;
		zero |= (word - LOW_BITS) & ~word;
	}
	for (; at < size; at++)
	{
		high |= (unsigned char) data[at];
		if (data[at] == '\0')
			zero = HIGH_BITS;
	}
	return ((high & HIGH_BITS) != 0 ? PM_TEXT_HIGH : 0) |
	       ((zero & HIGH_BITS) != 0 ? PM_TEXT_NUL : 0);
}

/* Is all of it well-formed UTF-8? */
bool
pm_encoding_is_utf8(const char *data, size_t size)
{
	size_t at = 0;

	while ((at += ascii_run(data + at, size - at)) < size)
	{
		unsigned char lead = (unsigned char) data[at];
		uint32_t cp;

		/* two bytes are what most texts with accents have */
		if (lead >= 0xC2 && lead < 0xE0 && size - at >= 2 && (data[at + 1] & 0xC0) == 0x80)
			at += 2;
		else
		{
			at += pm_utf8_decode(data + at, size - at, &cp);
			if (cp == PM_UTF8_INVALID)
				return false;
		}
	}
	return true;
}

/* Where the first byte is that is zero or not of the encoding; size if there is none. */
size_t
pm_encoding_bad_at(PmEncoding encoding, const char *data, size_t size)
{
	size_t at = 0;

	while (at < size && data[at] != '\0')
	{
		unsigned char byte = (unsigned char) data[at];
		size_t length = 1;
		uint32_t cp = byte;

		if (encoding == PM_ENCODING_UTF8)
			length = pm_utf8_decode(data + at, size - at, &cp);
		else if (byte >= 0x80 && code_point(encoding, byte) == 0)
			cp = PM_UTF8_INVALID;
		if (cp == PM_UTF8_INVALID)
			break;
		at += length;
	}
	return at;
}

/*
 * Writes a text of bytes (not UTF-16) as UTF-8 without zero bytes, U+FFFD for a zero byte
 * and for each one that is not of the encoding.  out has room for size * PM_UTF8_GROWTH.
 * Returns the bytes written; adds PM_TEXT_NUL and PM_TEXT_BAD to found.
 */
size_t
pm_encoding_convert(PmEncoding encoding, const char *data, size_t size, char *out,
                    unsigned *found)
{
	size_t used = 0;
	size_t at = 0;

	while (at < size)
	{
		size_t length = 1;
		unsigned char byte;
		uint32_t cp;

		while (size - at >= 8 && is_plain(load_word(data + at)))
		{
			memcpy(out + used, data + at, 8);
			used += 8;
			at += 8;
		}
		if (at == size)
			break;
		byte = (unsigned char) data[at];
		if (byte != 0 && byte < 0x80)
		{
			out[used++] = data[at++];
			continue;
		}
		cp = byte;
		if (byte == 0)
		{
			*found |= PM_TEXT_NUL;
			cp = 0xFFFD;
		}
		else
		{
			if (encoding == PM_ENCODING_UTF8)
				length = pm_utf8_decode(data + at, size - at, &cp);
			else
				cp = code_point(encoding, byte);
			if (cp == PM_UTF8_INVALID || cp == 0)
			{
				*found |= PM_TEXT_BAD;
				cp = 0xFFFD;
			}
		}
		used += pm_utf8_encode(cp, out + used);
		at += length;
	}
	return used;
}

/* Is one byte one character? */
static bool
is_single_byte(PmEncoding encoding)
{
	return encoding == PM_ENCODING_WINDOWS1252 || encoding == PM_ENCODING_LATIN1 ||
	       encoding == PM_ENCODING_LATIN9;
}

/* The byte of a character in such an encoding; -1: there is none. */
static int
byte_of(PmEncoding encoding, uint32_t cp)
{
	if (cp < 0x80)
		return (int) cp;
	for (int byte = 0x80; byte <= 0xFF; byte++)
		if (code_point(encoding, (unsigned char) byte) == cp)
			return byte;
	return -1;
}

/*
 * Writes well-formed UTF-8 in an encoding of one byte a character, or as it is for the
 * others.  out has room for size.  Returns the bytes written; 0: some character is not
 * in it, or not well-formed.
 */
size_t
pm_encoding_from_utf8(PmEncoding encoding, const char *data, size_t size, char *out)
{
	size_t used = 0;

	for (size_t at = 0; at < size;)
	{
		uint32_t cp;
		size_t length = pm_utf8_decode(data + at, size - at, &cp);
		int byte;

		if (cp == PM_UTF8_INVALID)
			return 0;
		if (!is_single_byte(encoding))
		{
			memcpy(out + used, data + at, length);
			used += length;
		}
		else if ((byte = byte_of(encoding, cp)) < 0)
			return 0;
		else
			out[used++] = (char) byte;
		at += length;
	}
	return used;
}

/* Writes a unit of UTF-16. */
static size_t
put_unit(bool big_endian, uint32_t unit, char *out)
{
	out[big_endian ? 0 : 1] = (char) (unit >> 8);
	out[big_endian ? 1 : 0] = (char) (unit & 0xFF);
	return 2;
}

/*
 * Writes UTF-8 in another encoding, "?" for a character that is not in it or not
 * well-formed.  out has room for size * PM_ENCODE_GROWTH.  Returns the bytes written.
 */
size_t
pm_encoding_encode(PmEncoding encoding, const char *data, size_t size, char *out)
{
	bool is_utf16 = encoding == PM_ENCODING_UTF16LE || encoding == PM_ENCODING_UTF16BE;
	bool big_endian = encoding == PM_ENCODING_UTF16BE;
	size_t used = 0;

	for (size_t at = 0; at < size;)
	{
		size_t length = is_utf16 ? 0 : ascii_run(data + at, size - at);
		uint32_t cp;
		int byte;

		if (length > 0)
		{
			memcpy(out + used, data + at, length);
			used += length;
			at += length;
			continue;
		}
		length = pm_utf8_decode(data + at, size - at, &cp);
		if (cp == PM_UTF8_INVALID)
			cp = '?';
		if (is_utf16 && cp >= 0x10000)
		{
			used += put_unit(big_endian, 0xD800 + ((cp - 0x10000) >> 10), out + used);
			used += put_unit(big_endian, 0xDC00 + ((cp - 0x10000) & 0x3FF), out + used);
		}
		else if (is_utf16)
			used += put_unit(big_endian, cp, out + used);
		else if (is_single_byte(encoding))
		{
			byte = byte_of(encoding, cp);
			out[used++] = byte < 0 ? '?' : (char) byte;
		}
		else
			used += pm_utf8_encode(cp, out + used);
		at += length;
	}
	return used;
}

/* Writes the ASCII that UTF-16 begins with, by eight characters; returns how many. */
static inline size_t
ascii_units(const char *data, size_t size, bool big_endian, char *out)
{
	size_t count = 0;

#ifdef __SSE2__
	const __m128i other = _mm_set1_epi16((short) (big_endian ? 0x80FF : 0xFF80));

	for (; size - count * 2 >= 16; count += 8)
	{
		__m128i units = _mm_loadu_si128((const __m128i *) (data + count * 2));
		__m128i strange = _mm_and_si128(units, other);

		if (_mm_movemask_epi8(_mm_cmpeq_epi8(strange, _mm_setzero_si128())) != 0xFFFF)
			break;
		if (big_endian)
			units = _mm_srli_epi16(units, 8);
		_mm_storel_epi64((__m128i *) (out + count), _mm_packus_epi16(units, units));
	}
#endif
	for (; size - count * 2 >= 2; count++)
	{
		char zero = data[count * 2 + !big_endian];
		char byte = data[count * 2 + big_endian];

		if (zero != '\0' || (byte & 0x80) != 0)
			break;
		out[count] = byte;
	}
	return count;
}

/*
 * Turns UTF-16 into UTF-8, as it comes in pieces; at_end with the last one.  Half of a
 * pair becomes the three bytes that would be its UTF-8, and a single last byte becomes FF:
 * both are no UTF-8, so that their record is found to be bad, and pm_utf16_size() can
 * still tell where in the file something was.  out has room for 3 * (size / 2 + 2) + 1.
 */
size_t
pm_utf16_convert(PmUtf16 *state, bool big_endian, const char *data, size_t size,
                 bool at_end, char *out)
{
	const unsigned char *bytes = (const unsigned char *) data;
	size_t used = 0;

	for (size_t i = 0; i < size; i++)
	{
		uint32_t unit;
		uint16_t high = state->high;

		if (!state->has_byte)
		{
			if (high == 0)
			{
				size_t run = ascii_units(data + i, size - i, big_endian, out + used);

				used += run;
				i += run * 2;
				if (i == size)
					break;
			}
			state->byte = bytes[i];
			state->has_byte = true;
			continue;
		}
		state->has_byte = false;
		unit = big_endian ? (uint32_t) state->byte << 8 | bytes[i]
		                  : (uint32_t) bytes[i] << 8 | state->byte;
		if (high != 0)
		{
			state->high = 0;
			if (unit >= 0xDC00 && unit <= 0xDFFF)
			{
				used += pm_utf8_encode(0x10000 + ((uint32_t) (high - 0xD800) << 10) +
				                           (unit - 0xDC00),
				                       out + used);
				continue;
			}
			used += pm_utf8_encode(high, out + used);
		}
		if (unit < 0x80)
			out[used++] = (char) unit;
		else if (unit >= 0xD800 && unit <= 0xDBFF)
			state->high = (uint16_t) unit;
		else
			used += pm_utf8_encode(unit, out + used);
	}
	if (at_end)
	{
		if (state->high != 0)
			used += pm_utf8_encode(state->high, out + used);
		if (state->has_byte)
			out[used++] = (char) 0xFF;
		memset(state, 0, sizeof(*state));
	}
	return used;
}

/* How many bytes of UTF-16 pm_utf16_convert() made this text of. */
size_t
pm_utf16_size(const char *data, size_t size)
{
	size_t bytes = 0;

	for (size_t i = 0; i < size; i++)
	{
		size_t run = ascii_run(data + i, size - i);
		unsigned char byte;

		bytes += run * 2;
		i += run;
		if (i == size)
			break;
		byte = (unsigned char) data[i];
		if (byte == 0xFF)
			bytes += 1;
		else if ((byte & 0xC0) != 0x80)
			bytes += byte >= 0xF0 ? 4 : 2;
	}
	return bytes;
}

/*
 * Is it UTF-16, by zero bytes?  In the encoding of the characters that are ASCII: a quarter
 * of them at least, unless almost all others are of the alphabets before U+0900.
 */
static PmEncoding
detect_utf16(const char *data, size_t size)
{
	size_t pairs = size / 2;
	size_t zeros[2] = {0, 0};
	size_t low[2] = {0, 0}; /* zero too */

	for (size_t i = 0; i < pairs * 2; i++)
	{
		zeros[i & 1] += data[i] == '\0';
		low[i & 1] += (unsigned char) data[i] < 0x09;
	}
	/* a zero byte or two may be in any text */
	for (int half = 0; half < 2; half++)
		if (zeros[half] > 1 && zeros[!half] * 10 < zeros[half] &&
		    (zeros[half] * 4 > pairs || low[half] * 10 > pairs * 9))
			return half == 1 ? PM_ENCODING_UTF16LE : PM_ENCODING_UTF16BE;
	return PM_ENCODING_DETECT;
}

/* Is this byte a letter in all of the sets of one byte a character? */
static bool
is_letter(unsigned char byte)
{
	return pm_is_letter((char) byte) || byte >= 0xC0;
}

/*
 * Does a byte that is a letter or the euro sign in ISO 8859-15 alone stand as such (1), or
 * as the sign it is in the other sets (-1)?  before and after are its neighbours, blanks
 * at the ends.
 */
static int
vote_latin9(unsigned char before, unsigned char byte, unsigned char after)
{
	switch (byte)
	{
		case 0xA4: /* euro, or the sign of any currency, which nobody writes */
			return 1;
		case 0xB4: /* Z with caron, or an accent, which some write for an apostrophe */
			return before >= 'a' && before <= 'z' ? -1 : is_letter(after) ? 1 : -1;
		case 0xA6: /* capital S with caron, or a broken bar */
		case 0xBC: /* capital OE, or a quarter */
			return is_letter(after) ? 1 : -1;
		case 0xA8: /* s with caron, or a diaeresis */
		case 0xB8: /* z with caron, or a cedilla */
		case 0xBD: /* oe, or a half */
			return is_letter(after) || is_letter(before) ? 1 : -1;
		case 0xBE: /* Y with diaeresis, or three quarters */
			return is_letter(after) && is_letter(before) ? 1 : -1;
		default:
			return 0;
	}
}

/* Which set of one byte a character. */
static PmEncoding
detect_single_byte(const char *data, size_t size)
{
	const unsigned char *bytes = (const unsigned char *) data;
	size_t windows = 0;
	size_t controls = 0;
	long latin9 = 0;

	for (size_t i = 0; i < size; i++)
	{
		if (bytes[i] < 0x80)
			continue;
		if (bytes[i] < 0xA0)
		{
			if (windows1252[bytes[i] - 0x80] != 0)
				windows++;
			else
				controls++;
		}
		else
			latin9 += vote_latin9(i > 0 ? bytes[i - 1] : ' ', bytes[i],
			                      i + 1 < size ? bytes[i + 1] : ' ');
	}
	if (windows > 0)
		return PM_ENCODING_WINDOWS1252;
	if (latin9 > 0)
		return PM_ENCODING_LATIN9;
	return controls > 0 ? PM_ENCODING_LATIN1 : PM_ENCODING_WINDOWS1252;
}

/*
 * Guesses the encoding of a text from its beginning; whole if that is all there is.
 * PM_ENCODING_DETECT: it is UTF-32, which is not read.
 */
void
pm_encoding_detect(const char *data, size_t size, bool whole, PmEncodingGuess *guess)
{
	size_t characters = 0;
	size_t strange = 0;

	memset(guess, 0, sizeof(*guess));
	guess->certain = true;
	if (size >= 4 &&
	    (memcmp(data, "\xFF\xFE\0\0", 4) == 0 || memcmp(data, "\0\0\xFE\xFF", 4) == 0))
		return;
	guess->mark = 2;
	if (size >= 2 && memcmp(data, "\xFF\xFE", 2) == 0)
		guess->encoding = PM_ENCODING_UTF16LE;
	else if (size >= 2 && memcmp(data, "\xFE\xFF", 2) == 0)
		guess->encoding = PM_ENCODING_UTF16BE;
	else if (size >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0)
	{
		guess->encoding = PM_ENCODING_UTF8;
		guess->mark = 3;
	}
	if (guess->encoding != PM_ENCODING_DETECT)
		return;
	guess->mark = 0;
	guess->encoding = detect_utf16(data, size);
	if (guess->encoding != PM_ENCODING_DETECT)
		return;

	guess->encoding = PM_ENCODING_UTF8;
	for (size_t at = 0; (at += ascii_run(data + at, size - at)) < size;)
	{
		uint32_t cp;
		size_t length = pm_utf8_decode(data + at, size - at, &cp);

		if (cp != PM_UTF8_INVALID)
			characters++;
		else if (whole || size - at >= 4) /* else it may only be cut off */
			strange++;
		at += length;
	}
	if (strange > characters)
		guess->encoding = detect_single_byte(data, size);
	guess->certain = characters + strange > 0;
}
