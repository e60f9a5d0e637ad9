/*
 * pm_resolve.h - from a dirty code to a GTIN, with method and confidence
 *
 * Suppliers' files hold codes as spreadsheets, humans and scanners left them.
 * The resolver names what it had to undo (method), how sure that makes the
 * result (confidence, 0..1) and never applies a guess: below min_confidence
 * the number is only a suggestion.
 *
 * Pure: no PostgreSQL, no allocation, no global state; any bytes are legal
 * input.  Text is UTF-8; what is not, or holds a NUL, is not_a_gtin.
 */
#ifndef PM_RESOLVE_H
#define PM_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Methods, in the order of the table in docs/pm_gtin.md. */
typedef enum PmResolveMethod
{
	PM_METHOD_EXACT = 0,
	PM_METHOD_TRIM,
	PM_METHOD_SEPARATORS,
	PM_METHOD_QUOTING,
	PM_METHOD_UNICODE_DIGITS,
	PM_METHOD_DECIMAL_SUFFIX,
	PM_METHOD_LABEL,
	PM_METHOD_GS1_ELEMENT_STRING,
	PM_METHOD_DIGITAL_LINK,
	PM_METHOD_ISBN10,
	PM_METHOD_ISSN,
	PM_METHOD_ADDON,
	PM_METHOD_SCI_EXACT,
	PM_METHOD_ZERO_STRIP,
	PM_METHOD_REPEATED,
	PM_METHOD_DUPLICATE_LIST,
	PM_METHOD_ZERO_PAD,
	PM_METHOD_UPCE_EXPAND,
	PM_METHOD_EXTRACT,
	PM_METHOD_OCR_LETTERS,
	PM_METHOD_FIRST_VALID_OF_LIST,
	/* unresolved: gtin is 0 */
	PM_METHOD_MISSING_CHECK_DIGIT,
	PM_METHOD_BAD_CHECK_DIGIT,
	PM_METHOD_SCI_LOSSY,
	PM_METHOD_MULTIPLE,
	PM_METHOD_PLACEHOLDER,
	PM_METHOD_ASIN,
	PM_METHOD_NOT_A_GTIN,
	PM_METHOD_EMPTY,
	PM_METHOD_COUNT
} PmResolveMethod;

/* One answer.  gtin and suggestion are 0 when there is none. */
typedef struct PmResolution
{
	int64_t gtin;
	int64_t suggestion; /* the number that min_confidence or the method held back */
	PmResolveMethod method;
	float confidence;  /* 0..1, of gtin or else of suggestion */
	uint32_t flags;    /* PmGtinFlag bits of gtin, or else of suggestion */
	int64_t low;       /* sci_lossy: the smallest and largest number that */
	int64_t high;      /*   the rounded form can stand for; else 0 */
	size_t raw_offset; /* the part of the input that it came from, in bytes; all */
	size_t raw_length; /*   but white space around, if there is none or several */
} PmResolution;

/* Extra placeholder words of the caller, compared after trimming, ASCII case folded. */
typedef struct PmWord
{
	const char *str;
	size_t len;
} PmWord;

#define PM_RESOLVE_MAX_INPUT 4096 /* bytes looked at; longer text is not_a_gtin */
#define PM_RESOLVE_MAX_PARTS 32   /* codes that resolve_all returns at most */

extern void
pm_resolve(const char *str, size_t len, float min_confidence, const PmWord *placeholders,
           int n_placeholders, PmResolution *result);
extern int pm_resolve_all(const char *str, size_t len, float min_confidence,
                          const PmWord *placeholders, int n_placeholders,
                          PmResolution *results, int max_results);
extern const char *pm_resolve_method_name(PmResolveMethod method);

#endif /* PM_RESOLVE_H */
