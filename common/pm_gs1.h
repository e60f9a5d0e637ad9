/*
 * pm_gs1.h - GS1 element strings and GS1 Digital Link URIs
 *
 * An element string is a list of (application identifier, value) pairs, e.g.
 * (01)09521234543213(10)ABC.  The table of identifiers (format, check digits,
 * which identifiers need or exclude each other) is compiled in from
 * pm_gtin/data/gs1_application_identifiers.csv, so that what is valid never
 * depends on the contents of a table.
 *
 * Pure: no PostgreSQL, no allocation, no global state.  Parsed elements hold
 * offsets into the caller's value buffer, which must outlive them.
 */
#ifndef PM_GS1_H
#define PM_GS1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PM_GS1_MAX_ELEMENTS 64   /* more pairs than any symbol can carry */
#define PM_GS1_MAX_INPUT    8192 /* bytes; the longest symbol carries 7 089 digits */
#define PM_GS1_FNC1         0x1D /* ASCII GS, what scanners send for FNC1 */

/* Why a text is not a valid element string or Digital Link. */
typedef enum PmGs1Status
{
	PM_GS1_OK = 0,
	PM_GS1_EMPTY,           /* no element at all */
	PM_GS1_TOO_LONG,        /* over PM_GS1_MAX_INPUT bytes, also in brackets, or over
	                         * PM_GS1_MAX_ELEMENTS pairs */
	PM_GS1_SYNTAX,          /* not the shape of an element string or Digital Link */
	PM_GS1_UNKNOWN_AI,      /* ai is no application identifier */
	PM_GS1_BAD_LENGTH,      /* the value of ai is too short or too long */
	PM_GS1_BAD_CHARACTER,   /* the value of ai has a character its format forbids */
	PM_GS1_BAD_CHECK_DIGIT, /* the value of ai has a wrong check digit or check characters */
	PM_GS1_BAD_VALUE,       /* the value of ai breaks another rule (date, country ...) */
	PM_GS1_REPEATED,        /* ai occurs twice with different values */
	PM_GS1_EXCLUDED,        /* ai must not occur together with other */
	PM_GS1_REQUIRED         /* ai needs a companion that is missing; other lists them */
} PmGs1Status;

/*
 * The facts behind a PmGs1Status; set only if it is not PM_GS1_OK.  other is a
 * static text or NULL:
 *
 *      EXCLUDED         the other identifier, an n being any digit: "37", "310n"
 *      REQUIRED         what is missing: "(01), (02) or (03) with (21)"
 *      BAD_LENGTH       the format, as GS1 writes it: "N14", "N13 [X..17]"
 *      SYNTAX, BAD_...  what should be there: "a digit", "a date YYMMDD"
 *      REPEATED         NULL, or why even the same value is refused
 */
typedef struct PmGs1Error
{
	size_t position; /* byte offset into the input, from 0 */
	char ai[5];      /* the identifier concerned, terminated; "" if none */
	const char *other;
} PmGs1Error;

/* One pair. */
typedef struct PmGs1Element
{
	char ai[5];        /* terminated, 2 to 4 digits */
	const char *title; /* static, e.g. "BATCH/LOT" */
	size_t offset;     /* of the value, in PmGs1Message.values */
	size_t length;     /* bytes */
} PmGs1Element;

/* A parsed message: unescaped values, in the order they were written. */
typedef struct PmGs1Message
{
	int count;
	PmGs1Element elements[PM_GS1_MAX_ELEMENTS];
	size_t used;
	char values[PM_GS1_MAX_INPUT];
} PmGs1Message;

/* in pm_gs1.c: element strings, bracketed or with FNC1, optional symbology identifier */
extern PmGs1Status
pm_gs1_parse(const char *str, size_t len, PmGs1Message *message, PmGs1Error *error);
extern size_t pm_gs1_format(const PmGs1Message *message, char *out, size_t size);
extern const PmGs1Element *pm_gs1_find(const PmGs1Message *message, const char *ai);
extern bool pm_gs1_gtin(const PmGs1Message *message, int64_t *gtin);

/* in pm_digital_link.c */
#define PM_DIGITAL_LINK_LEGACY 1 /* accept zero-suppressed GTINs and /gtin/ style names */
extern PmGs1Status
pm_digital_link_parse(const char *uri, size_t len, int options, PmGs1Message *message,
                      bool *legacy, PmGs1Error *error);

/* in pm_digital_link_format.c */
extern PmGs1Status
pm_digital_link_format(const PmGs1Message *message, const char *stem, size_t stem_len,
                       char *out, size_t size, size_t *length, PmGs1Error *error);

#endif /* PM_GS1_H */
