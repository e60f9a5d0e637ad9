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

#define PM_CSV_INLINE static inline __attribute__((always_inline))

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
	uint64_t marks; /* quotes, escapes, LF, CR: what counts in quotes too */
	uint64_t all;   /* and delimiters */
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
		bits->all |= pm_csv_equal8(word, delimiter) << i;
		bits->marks |= (pm_csv_equal8(word, quote) | pm_csv_equal8(word, escape) |
		                pm_csv_equal8(word, ones * '\n') | pm_csv_equal8(word, ones * '\r'))
		               << i;
	}
	bits->all |= bits->marks;
}

#ifdef __SSE2__
/* Sixteen bytes. */
PM_CSV_INLINE void
pm_csv_block16(const char *data, const PmCsvBytes *bytes, int place, PmCsvBits *bits)
{
	__m128i part = _mm_loadu_si128((const __m128i *) (data + place));
	__m128i quotes = _mm_or_si128(_mm_cmpeq_epi8(part, _mm_set1_epi8(bytes->quote)),
	                              _mm_cmpeq_epi8(part, _mm_set1_epi8(bytes->escape)));
	__m128i lines = _mm_or_si128(_mm_cmpeq_epi8(part, _mm_set1_epi8('\n')),
	                             _mm_cmpeq_epi8(part, _mm_set1_epi8('\r')));
	__m128i marks = _mm_or_si128(quotes, lines);
	__m128i all =
	    _mm_or_si128(marks, _mm_cmpeq_epi8(part, _mm_set1_epi8(bytes->delimiter)));

	bits->marks |= (uint64_t) (unsigned) _mm_movemask_epi8(marks) << place;
	bits->all |= (uint64_t) (unsigned) _mm_movemask_epi8(all) << place;
}

PM_CSV_INLINE void
pm_csv_block(const char *data, const PmCsvBytes *bytes, PmCsvBits *bits)
{
	bits->marks = 0;
	bits->all = 0;
	pm_csv_block16(data, bytes, 0, bits);
	pm_csv_block16(data, bytes, 16, bits);
	pm_csv_block16(data, bytes, 32, bits);
	pm_csv_block16(data, bytes, 48, bits);
}
#else
#define pm_csv_block pm_csv_block_portable
#endif

#endif /* PM_CSV_BLOCK_H */
