/*
 * pm_csv_block.h - where in 64 bytes are those that mean something in CSV
 *
 * One bit a byte, the first one lowest.  With SSE2, which every x86-64 has, 16 bytes are
 * compared at once, elsewhere 8 in a register; both give the same bits.
 */
#ifndef PM_CSV_BLOCK_H
#define PM_CSV_BLOCK_H

#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define PM_CSV_BLOCK 64

/* The bytes looked for, besides line ends. */
typedef struct PmCsvBytes
{
	char delimiter; /* its first byte */
	char quote;     /* one of the others if there is none */
	char escape;
} PmCsvBytes;

/* Where they are. */
typedef struct PmCsvBits
{
	uint64_t delimiters;
	uint64_t quotes; /* or escapes */
	uint64_t lines;  /* LF and CR */
} PmCsvBits;

/* The bytes of eight that equal a repeated one, as eight bits. */
static inline uint64_t
pm_csv_equal8(uint64_t word, uint64_t repeated)
{
	const uint64_t low = UINT64_C(0x7F7F7F7F7F7F7F7F);
	uint64_t differs = word ^ repeated;
	uint64_t equal = ~(((differs & low) + low) | differs | low);

	return (equal >> 7) * UINT64_C(0x0102040810204080) >> 56;
}

/* Any machine. */
static inline void
pm_csv_block_portable(const char *data, const PmCsvBytes *bytes, PmCsvBits *bits)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t delimiter = ones * (unsigned char) bytes->delimiter;
	uint64_t quote = ones * (unsigned char) bytes->quote;
	uint64_t escape = ones * (unsigned char) bytes->escape;

	memset(bits, 0, sizeof(*bits));
	for (int i = 0; i < PM_CSV_BLOCK; i += 8)
	{
		uint64_t word;

		memcpy(&word, data + i, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
		word = __builtin_bswap64(word);
#endif
		bits->delimiters |= pm_csv_equal8(word, delimiter) << i;
		bits->quotes |= (pm_csv_equal8(word, quote) | pm_csv_equal8(word, escape)) << i;
		bits->lines |= (pm_csv_equal8(word, ones * '\n') | pm_csv_equal8(word, ones * '\r'))
		               << i;
	}
}

#ifdef __SSE2__
/* Sixteen bits of where bytes equal a repeated one or another, shifted to their place. */
static inline uint64_t
pm_csv_equal16(__m128i data, __m128i one, __m128i other, int place)
{
	__m128i equal = _mm_or_si128(_mm_cmpeq_epi8(data, one), _mm_cmpeq_epi8(data, other));

	return (uint64_t) (unsigned) _mm_movemask_epi8(equal) << place;
}

static inline void
pm_csv_block(const char *data, const PmCsvBytes *bytes, PmCsvBits *bits)
{
	const __m128i delimiter = _mm_set1_epi8(bytes->delimiter);
	const __m128i quote = _mm_set1_epi8(bytes->quote);
	const __m128i escape = _mm_set1_epi8(bytes->escape);
	const __m128i lf = _mm_set1_epi8('\n');
	const __m128i cr = _mm_set1_epi8('\r');

	memset(bits, 0, sizeof(*bits));
	for (int i = 0; i < PM_CSV_BLOCK; i += 16)
	{
		__m128i part = _mm_loadu_si128((const __m128i *) (data + i));

		bits->delimiters |= pm_csv_equal16(part, delimiter, delimiter, i);
		bits->quotes |= pm_csv_equal16(part, quote, escape, i);
		bits->lines |= pm_csv_equal16(part, lf, cr, i);
	}
}
#else
#define pm_csv_block pm_csv_block_portable
#endif

#endif /* PM_CSV_BLOCK_H */
