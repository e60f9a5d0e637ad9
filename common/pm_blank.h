/*
 * pm_blank.h - blanks of any kind: at the ends of a text, and in runs inside it
 *
 * White space of Unicode, no-break spaces and line ends included, and what takes no room:
 * the byte order mark and the zero width space.
 *
 * Most values have nothing to be taken off: what shows that at a glance is inline.
 *
 * Pure: no PostgreSQL, no allocation, no global state; any bytes are legal input.
 */
#ifndef PM_BLANK_H
#define PM_BLANK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "pm_text.h"

/* Is it an ASCII character that is seen, so that no blank has it as a byte? */
static inline bool
pm_blank_is_seen(char c)
{
	return c > ' ' && c <= '~';
}

/* Are the bytes at both ends ASCII that is seen?  Then pm_blank_trim() takes nothing off. */
static inline bool
pm_blank_is_trimmed(PmText text)
{
	return text.size > 0 && pm_blank_is_seen(text.data[0]) &&
	       pm_blank_is_seen(text.data[text.size - 1]);
}

#ifdef __SSE2__

/* Which of sixteen bytes are not ASCII, control characters, or a space after a space. */
static inline __m128i
pm_blank_unclean(const char *at)
{
	__m128i bytes = _mm_loadu_si128((const __m128i *) at);
	__m128i blank = _mm_set1_epi8(' ');
	__m128i spaces = _mm_cmpeq_epi8(bytes, blank);

	/* what is not ASCII is negative */
	return _mm_or_si128(_mm_cmplt_epi8(bytes, blank),
	                    _mm_and_si128(spaces, _mm_slli_si128(spaces, 1)));
}

/*
 * Is a text of 16 to 46 bytes ASCII without a blank but single spaces?  False of any other:
 * pm_blank_clean() tells.  Three times sixteen bytes, which overlap by one so that no pair
 * is missed: the size of values varies, and no branch depends on it.
 */
static inline bool
pm_blank_is_clean(PmText text)
{
	size_t last = text.size - 16; /* of a shorter one: very large */
	size_t middle = last < 15 ? last : 15;
	__m128i found;

	if (last > 30)
		return false;
	found = _mm_or_si128(pm_blank_unclean(text.data),
	                     _mm_or_si128(pm_blank_unclean(text.data + middle),
	                                  pm_blank_unclean(text.data + last)));
	return _mm_movemask_epi8(found) == 0;
}

#else

static inline bool
pm_blank_is_clean(PmText text)
{
	(void) text;
	return false;
}

#endif

/* in pm_blank.c */
extern bool pm_is_blank(uint32_t code_point);
extern PmText pm_blank_trim(PmText text);
extern size_t pm_blank_clean(PmText text);
extern size_t pm_blank_collapse(PmText text, char *out);

#endif /* PM_BLANK_H */
