/*
 * pm_gtin.c - parse, check and print GTINs
 *
 * The check digit rule (GS1 General Specifications 7.9.1) weighs the digits
 * 1, 3, 1, 3 ... from the right, check digit included, and wants a multiple of
 * ten.  Because weighing starts at the right, a number may be padded with
 * zeros to any width: all work is done on 16 digits held as two words of eight
 * digit bytes, first digit in the lowest byte, and one pair of weights serves
 * every length.  Parsing, checking a number and printing are the same few
 * multiplications in the two directions (see "digits8" below).
 */
#include <string.h>

#include "pm_char.h"
#include "pm_gtin.h"

/* Eight digit bytes in one word, the first (most significant) in the lowest byte. */
typedef uint64_t digits8;

#define ASCII_ZEROS UINT64_C(0x3030303030303030)
#define HIGH_HALVES UINT64_C(0xF0F0F0F0F0F0F0F0)
#define EVEN_BYTES  UINT64_C(0x00FF00FF00FF00FF)

/* Reads eight bytes at p, whatever the machine's byte order and alignment rules. */
static inline uint64_t
load8(const char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

/* The reverse of load8. */
static inline void
store8(char *p, uint64_t word)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	memcpy(p, &word, sizeof(word));
}

/* Is each of the eight bytes an ASCII digit? */
static inline bool
all_digits(uint64_t ascii)
{
	/* 0x30..0x39 keep a high half of 3 when 6 is added; 0x3A..0x3F do not */
	return ((ascii & HIGH_HALVES) == ASCII_ZEROS) &&
	       (((ascii + UINT64_C(0x0606060606060606)) & HIGH_HALVES) == ASCII_ZEROS);
}

/* The number that eight digits spell: pairs, then fours, then all eight. */
static inline uint32_t
digits8_to_number(digits8 d)
{
	d = d * 10 + (d >> 8);
	return (
	    uint32_t) ((((d & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x000F424000000064)) +
	                (((d >> 16) & UINT64_C(0x000000FF000000FF)) *
	                 UINT64_C(0x0000271000000001))) >>
	               32);
}

/* The eight digits of a number below 10^8: fours, then pairs, then single digits. */
static inline digits8
digits8_from_number(uint32_t number)
{
	uint64_t d = (number / 10000) | ((uint64_t) (number % 10000) << 32);
	uint64_t quotients;

	quotients = ((d * 10486) >> 20) & UINT64_C(0x0000007F0000007F);
	d = quotients | ((d - quotients * 100) << 16);
	quotients = ((d * 103) >> 10) & UINT64_C(0x000F000F000F000F);
	return quotients | ((d - quotients * 10) << 8);
}

/* Sum of the weighted digits of two words, the second one ending in the check digit. */
static inline unsigned
weighted_sum(digits8 high, digits8 low)
{
	uint64_t threes = (high & EVEN_BYTES) + (low & EVEN_BYTES);
	uint64_t ones = ((high >> 8) & EVEN_BYTES) + ((low >> 8) & EVEN_BYTES);

	/* four lanes of at most 72; their sum, at most 288, lands in the top lane */
	return (unsigned) (((threes * 3 + ones) * UINT64_C(0x0001000100010001)) >> 48);
}

/*
 * Reads exactly len (8 .. 16) digits.  Returns false, touching nothing, if a
 * byte is no digit; otherwise sets the number and the weighted sum.  Reads
 * only within [str, str + len).
 */
static inline bool
read_digits(const char *str, size_t len, int64_t *number, unsigned *sum)
{
	uint64_t low = load8(str + len - 8);
	uint64_t high = ASCII_ZEROS;

	/* right-align the digits before the last eight, zeros in front */
	if (len > 8)
	{
		unsigned shift = 8 * (unsigned) (16 - len);

		high = load8(str);
		if (shift != 0)
			high = (high << shift) | (ASCII_ZEROS >> (64 - shift));
	}
	if (!all_digits(low) || !all_digits(high))
		return false;
	low -= ASCII_ZEROS;
	high -= ASCII_ZEROS;
	*number = (int64_t) digits8_to_number(high) * PM_GTIN8_LIMIT + digits8_to_number(low);
	*sum = weighted_sum(high, low);
	return true;
}

#define ONES(s) s, s + 1, s + 2, s + 3, s + 4, s + 5, s + 6, s + 7, s + 8, s + 9
#define TENS(s)                                                                 \
	ONES(s), ONES(s + 3), ONES(s + 6), ONES(s + 9), ONES(s + 12), ONES(s + 15), \
	    ONES(s + 18), ONES(s + 21), ONES(s + 24), ONES(s + 27)
#define HUNDREDS(s)                                                                        \
	TENS(s), TENS(s + 1), TENS(s + 2), TENS(s + 3), TENS(s + 4), TENS(s + 5), TENS(s + 6), \
	    TENS(s + 7), TENS(s + 8), TENS(s + 9)
#define THOUSANDS(s)                                                                  \
	HUNDREDS(s), HUNDREDS(s + 3), HUNDREDS(s + 6), HUNDREDS(s + 9), HUNDREDS(s + 12), \
	    HUNDREDS(s + 15), HUNDREDS(s + 18), HUNDREDS(s + 21), HUNDREDS(s + 24),       \
	    HUNDREDS(s + 27)

const uint8_t pm_gtin_sum_of_four[10000] = {THOUSANDS(0)};

/* May a GTIN be written with this many digits? */
static inline bool
is_gtin_length(size_t digits)
{
	return digits == 8 || (digits >= 12 && digits <= 14);
}

/*
 * Settles the verdict on a number of legal length whose weighted sum, check
 * digit included, is known.
 */
static inline PmGtinStatus
judge(int64_t number, unsigned sum, int64_t *gtin, PmGtinError *error)
{
	if (sum % 10 != 0)
	{
		int found = (int) (number % 10);

		if (error)
		{
			error->found = (char) ('0' + found);
			error->expected = (char) ('0' + (10 + found - (int) (sum % 10)) % 10);
		}
		return PM_GTIN_BAD_CHECK_DIGIT;
	}
	if (number == 0)
		return PM_GTIN_ALL_ZERO;
	*gtin = number;
	return PM_GTIN_OK;
}

/*
 * The full grammar: white space around, single '-' or ' ' between digits.
 * Collects the digits and hands them on; says where the first byte stands that
 * fits nowhere.
 */
static PmGtinStatus
parse_spaced(const char *str, size_t len, int64_t *gtin, PmGtinError *error)
{
	char digits[PM_GTIN_MAX_DIGITS];
	size_t start = 0;
	size_t end = len;
	int count = 0;
	int64_t number;
	unsigned sum;

	while (start < end && pm_is_space(str[start]))
		start++;
	while (end > start && pm_is_space(str[end - 1]))
		end--;
	if (start == end)
		return PM_GTIN_EMPTY;

	for (size_t i = start; i < end; i++)
	{
		bool separator = (str[i] == '-' || str[i] == ' ') && i > start && i + 1 < end &&
		                 pm_is_digit(str[i - 1]) && pm_is_digit(str[i + 1]);

		if (pm_is_digit(str[i]))
		{
			if (count < PM_GTIN_MAX_DIGITS)
				digits[count] = str[i];
			count++;
		}
		else if (!separator)
		{
			if (error)
				error->position = i;
			return PM_GTIN_BAD_CHARACTER;
		}
	}
	if (!is_gtin_length((size_t) count))
	{
		if (error)
			error->digits = count;
		return PM_GTIN_BAD_LENGTH;
	}
	if (!read_digits(digits, (size_t) count, &number, &sum))
		return PM_GTIN_BAD_CHARACTER; /* cannot happen: only digits were collected */
	return judge(number, sum, gtin, error);
}

/*
 * The strict text form: 8, 12, 13 or 14 ASCII digits with a right check digit,
 * ASCII white space around and single '-' or ' ' between digits allowed.  Sets
 * *gtin on PM_GTIN_OK only; error may be NULL.
 */
PmGtinStatus
pm_gtin_parse(const char *str, size_t len, int64_t *gtin, PmGtinError *error)
{
	int64_t number;
	unsigned sum;

	if (is_gtin_length(len) && read_digits(str, len, &number, &sum))
		return judge(number, sum, gtin, error);
	return parse_spaced(str, len, gtin, error);
}

/*
 * Is this integer a GTIN?  Returns PM_GTIN_OK, PM_GTIN_ALL_ZERO,
 * PM_GTIN_OUT_OF_RANGE or PM_GTIN_BAD_CHECK_DIGIT; error may be NULL.
 */
PmGtinStatus
pm_gtin_check_number(int64_t number, PmGtinError *error)
{
	digits8 high;
	digits8 low;
	int64_t ignored;

	if (number < 0 || number >= PM_GTIN14_LIMIT)
		return PM_GTIN_OUT_OF_RANGE;
	high = digits8_from_number((uint32_t) (number / PM_GTIN8_LIMIT));
	low = digits8_from_number((uint32_t) (number % PM_GTIN8_LIMIT));
	return judge(number, weighted_sum(high, low), &ignored, error);
}

/* Digits of the shortest form of a GTIN: 8, 12, 13 or 14. */
int
pm_gtin_kind(int64_t gtin)
{
	if (gtin >= PM_GTIN13_LIMIT)
		return 14;
	if (gtin >= PM_GTIN12_LIMIT)
		return 13;
	return gtin >= PM_GTIN8_LIMIT ? 12 : 8;
}

/*
 * Writes the GTIN with width digits (8 .. 14; 0 means its kind), zero-padded
 * and terminated; returns the number of digits, or -1 if they do not suffice.
 */
int
pm_gtin_format(int64_t gtin, int width, char *out)
{
	int kind = pm_gtin_kind(gtin);
	uint64_t high;
	uint64_t low;

	if (width == 0)
		width = kind;
	if (width < kind || width > PM_GTIN_MAX_DIGITS)
		return -1;
	high = digits8_from_number((uint32_t) (gtin / PM_GTIN8_LIMIT)) + ASCII_ZEROS;
	low = digits8_from_number((uint32_t) (gtin % PM_GTIN8_LIMIT)) + ASCII_ZEROS;

	/* drop the zeros in front of the width; every width is 8 at least */
	if (width > 8)
		store8(out, high >> (8 * (16 - width)));
	store8(out + width - 8, low);
	out[width] = '\0';
	return width;
}

/*
 * The check digit (0 .. 9) that belongs behind len digits, for any length (GTIN,
 * GLN, SSCC); -1 if len is 0 or a byte is no digit.
 */
int
pm_gtin_check_digit(const char *digits, size_t len)
{
	unsigned sum = 0;

	if (len == 0)
		return -1;
	for (size_t i = 0; i < len; i++)
	{
		unsigned digit = (unsigned) (unsigned char) digits[len - 1 - i] - '0';

		if (digit > 9)
			return -1;
		sum += i % 2 == 0 ? digit * 3 : digit;
	}
	return (int) ((10 - sum % 10) % 10);
}

/* The check digit that belongs behind a number of at most 13 digits. */
int
pm_gtin_check_digit_of(int64_t payload)
{
	int64_t number = payload * 10;
	unsigned sum = weighted_sum(digits8_from_number((uint32_t) (number / PM_GTIN8_LIMIT)),
	                            digits8_from_number((uint32_t) (number % PM_GTIN8_LIMIT)));

	return (int) ((10 - sum % 10) % 10);
}

/* The packaging indicator: first digit of the 14-digit form, 0 for a GTIN-8 to -13. */
int
pm_gtin_indicator(int64_t gtin)
{
	return (int) (gtin / PM_GTIN13_LIMIT);
}

/*
 * The trade item inside a package: the indicator dropped, the check digit made
 * anew.  A GTIN without indicator is returned as it is; 0 if nothing but zeros
 * would remain.
 */
int64_t
pm_gtin_inner(int64_t gtin)
{
	int64_t payload;

	if (gtin < PM_GTIN13_LIMIT)
		return gtin;
	payload = gtin % PM_GTIN13_LIMIT / 10;
	return payload == 0 ? 0 : payload * 10 + pm_gtin_check_digit_of(payload);
}

/*
 * The GTIN-14 of a package of the same trade item: any indicator there is goes,
 * the given one (0 .. 9) comes, the check digit is made anew.  Indicator 0
 * gives the inner trade item.  0 if the inner trade item has no number.
 */
int64_t
pm_gtin_with_indicator(int64_t gtin, int indicator)
{
	int64_t inner = pm_gtin_inner(gtin);
	int64_t payload;

	if (indicator == 0 || inner == 0)
		return inner;
	payload = indicator * PM_GTIN12_LIMIT + inner / 10;
	return payload * 10 + pm_gtin_check_digit_of(payload);
}
