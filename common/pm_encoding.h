/*
 * pm_encoding.h - which encoding a text is in, and the text as UTF-8 or back
 *
 * Pure: no allocation, no global state; any bytes are legal input and nothing is read
 * outside of it.
 */
#ifndef PM_ENCODING_H
#define PM_ENCODING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pm_reader.h"

/* What a text has; flags. */
#define PM_TEXT_HIGH 1u /* bytes above 0x7F */
#define PM_TEXT_NUL  2u /* zero bytes */
#define PM_TEXT_BAD  4u /* bytes that are not of the encoding */

#define PM_UTF8_GROWTH   3 /* bytes of UTF-8 for one of another encoding, at most */
#define PM_ENCODE_GROWTH 2 /* and the other way round */

typedef struct PmEncodingGuess
{
	PmEncoding encoding;
	size_t mark;  /* bytes of a byte order mark */
	bool certain; /* false: all was ASCII, which says nothing of what follows */
} PmEncodingGuess;

/* The halves of what pm_utf16_convert() has seen of a character; zero at first. */
typedef struct PmUtf16
{
	uint16_t high; /* the first of a pair; zero: none */
	bool has_byte;
	unsigned char byte; /* the first of a unit */
} PmUtf16;

/* in pm_encoding.c */
extern const char *pm_encoding_name(PmEncoding encoding);
extern void
pm_encoding_detect(const char *data, size_t size, bool whole, PmEncodingGuess *guess);
extern unsigned pm_encoding_survey(const char *data, size_t size);
extern bool pm_encoding_is_utf8(const char *data, size_t size);
extern size_t pm_encoding_bad_at(PmEncoding encoding, const char *data, size_t size);
extern size_t pm_encoding_convert(PmEncoding encoding, const char *data, size_t size,
                                  char *out, unsigned *found);
extern size_t
pm_encoding_from_utf8(PmEncoding encoding, const char *data, size_t size, char *out);
extern size_t
pm_encoding_encode(PmEncoding encoding, const char *data, size_t size, char *out);
extern size_t pm_utf16_convert(PmUtf16 *state, bool big_endian, const char *data,
                               size_t size, bool at_end, char *out);
extern size_t pm_utf16_size(const char *data, size_t size);

#endif /* PM_ENCODING_H */
