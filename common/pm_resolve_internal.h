/*
 * pm_resolve_internal.h - what the files of the resolver share
 *
 * pm_resolve.c           the two entry points; lists of codes and their verdict
 * pm_resolve_clean.c     bytes -> plain characters -> the digits of one code
 * pm_resolve_shape.c     one slice -> one finding: label, GS1, digits, letters
 * pm_resolve_code.c      the digits of one code -> one finding, by length
 * pm_resolve_extract.c   codes inside free text
 * pm_resolve_method.c    method names and confidences, the trail of steps
 * pm_resolve_words.c     words and digits that stand for "no code"
 * pm_resolve_label.c     labels in front of codes
 *
 * A finding is a PmResolution before min_confidence is applied: its gtin is
 * the number that was found, whatever its confidence.  The trail beside it
 * remembers the steps that led there, so that an outer step (a list, free
 * text) can be added later.
 */
#ifndef PM_RESOLVE_INTERNAL_H
#define PM_RESOLVE_INTERNAL_H

#include <string.h>

#include "pm_char.h"
#include "pm_resolve.h"

#define LENGTH_OF(array) (sizeof(array) / sizeof((array)[0]))

/*
 * The input with every character folded to ASCII where it means the same:
 * digits of any script, fullwidth forms, spaces, dashes, quotes.  White space
 * becomes ' ', '\t' or '\n', what cannot be seen becomes PM_INVISIBLE, and all
 * other characters keep their UTF-8 bytes.  origin[i] is where chars[i] comes
 * from; origin[len] is the end of the input.
 */
typedef struct PmText
{
	const char *raw;
	size_t len;
	bool has_fnc1; /* holds the GS1 separator character */
	char chars[PM_RESOLVE_MAX_INPUT];
	uint16_t origin[PM_RESOLVE_MAX_INPUT + 1];
} PmText;

#define PM_INVISIBLE '\001'

/* Nothing to be seen, in a PmText? */
static inline bool
pm_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == PM_INVISIBLE;
}

/* Lower case for the second byte of a Latin-1 letter in UTF-8 (after 0xC3). */
static inline char
pm_lower_latin1(char c)
{
	unsigned char b = (unsigned char) c;

	return b >= 0x80 && b <= 0x9E && b != 0x97 ? (char) (b + 0x20) : c;
}

/* Orders a terminated word against len bytes. */
static inline int
pm_compare_word(const char *word, const char *str, size_t len)
{
	int order = strncmp(word, str, len);

	return order != 0 ? order : word[len] != '\0';
}

/* A part of a PmText, start included, end not. */
typedef struct PmSlice
{
	size_t start;
	size_t end;
} PmSlice;

/* The steps taken so far. */
typedef struct PmTrail
{
	float confidence;           /* the smallest of all steps */
	PmResolveMethod cleaning;   /* weakest cleaning step; PM_METHOD_EXACT: none */
	PmResolveMethod structural; /* weakest structural step; PM_METHOD_EXACT: none */
	float cleaning_confidence;
	float structural_confidence;
	bool repaired; /* letters were read as digits */
} PmTrail;

/* What was found in one slice; see above. */
typedef struct PmFinding
{
	PmResolution result;
	PmTrail trail;
} PmFinding;

/* What a label says the code is. */
typedef enum PmLabel
{
	PM_LABEL_NONE = 0,
	PM_LABEL_ANY, /* EAN, GTIN, JAN, barcode, or several kinds at once */
	PM_LABEL_UPC,
	PM_LABEL_UPCE,
	PM_LABEL_ISBN,
	PM_LABEL_ISSN,
	PM_LABEL_ISMN,
	PM_LABEL_ASIN
} PmLabel;

#define PM_CODE_DIGITS 64 /* more digits than any form of a code has */

/*
 * The digits of one code and how they were written.  Bit i of a mask: between
 * digit i - 1 and digit i there is such a separator.
 */
typedef struct PmCode
{
	char digits[PM_CODE_DIGITS];
	int n;
	uint64_t breaks;  /* anything visible, or a space */
	uint64_t hyphens; /* exactly one '-' */
	uint64_t lines;   /* a tab or a line end */
	bool separated;   /* any separator, or something invisible, was left out */
	bool unicode;     /* a digit of another script, or fullwidth */
	bool minus;       /* a '-' in front or behind */
	bool check_x;     /* ends in X, which is not in digits */
	bool decimal;     /* an all-zero fraction was cut off */
	bool scientific;  /* written with an exponent */
	int missing;      /* scientific: digits that the mantissa does not show */
	int letters;      /* letters read as digits */
	bool edge_letter; /* ... one of them opens or closes the code */
	bool edge_risky;  /* ... and that one is no O, l or I */
} PmCode;

/* What every step needs to know. */
typedef struct PmContext
{
	const PmText *text;
	const PmWord *placeholders;
	int n_placeholders;
} PmContext;

/* in pm_resolve_method.c */
extern void pm_trail_init(PmTrail *trail);
extern void pm_trail_add(PmTrail *trail, PmResolveMethod method);
extern void pm_trail_add_at(PmTrail *trail, PmResolveMethod method, float confidence);
extern PmResolveMethod pm_trail_method(const PmTrail *trail);

/* in pm_resolve_words.c */
extern bool pm_words_placeholder(const PmContext *context, PmSlice slice);
extern bool
pm_words_placeholder_digits(const PmContext *context, const char *digits, int n);
extern bool pm_words_caller(const PmContext *context, const char *str, size_t len);

/* in pm_resolve_label.c */
extern PmLabel pm_label_read(const PmText *text, PmSlice slice, size_t *rest);
extern PmLabel pm_label_before(const PmText *text, PmSlice slice, size_t position);

/* in pm_resolve_clean.c */
extern bool pm_text_load(PmText *text, const char *str, size_t len);
extern PmSlice pm_slice_trim(const PmText *text, PmSlice slice);
extern PmSlice pm_slice_unbracket(const PmText *text, PmSlice slice);
extern PmSlice pm_slice_unquote(const PmText *text, PmSlice slice);
extern bool pm_code_scan(const PmText *text, PmSlice slice, bool letters, PmCode *code);
extern bool pm_code_scan_scientific(const PmText *text, PmSlice slice, PmCode *code);

/* in pm_resolve_code.c */
extern void pm_finding_set(PmFinding *finding, PmResolveMethod unresolved);
extern void pm_finding_suggest(PmFinding *finding, PmResolveMethod unresolved, int64_t gtin,
                               float confidence);
extern void pm_finding_number(PmFinding *finding, int64_t gtin);
extern bool pm_code_is_valid(const char *digits, int n, int64_t *gtin);
extern bool pm_code_judge(const PmContext *context, const PmCode *code, PmLabel label,
                          PmFinding *finding);

/* in pm_resolve_shape.c */
extern bool pm_shape_find(const PmContext *context, PmSlice slice, PmFinding *finding);

/* in pm_resolve_extract.c: calls back for each code in the text */
typedef void (*PmFindingSink)(void *target, const PmFinding *finding);
extern void
pm_extract(const PmContext *context, PmSlice slice, PmFindingSink sink, void *target);

#endif /* PM_RESOLVE_INTERNAL_H */
