/*
 * pm_attribute.h - one value against the rules of one attribute
 *
 * Numbers are decimal texts, as JSON writes them but without an exponent: they are
 * compared exactly.  Dates are YYYY-MM-DD.
 *
 * Pure: no PostgreSQL, no allocation, no global state.
 */
#ifndef PM_ATTRIBUTE_H
#define PM_ATTRIBUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pm_text.h"

typedef enum PmAttributeType
{
	PM_ATTRIBUTE_TEXT,    /* a string of one or more lines */
	PM_ATTRIBUTE_INTEGER, /* a number without decimals */
	PM_ATTRIBUTE_NUMBER,
	PM_ATTRIBUTE_BOOLEAN,
	PM_ATTRIBUTE_DATE,
	PM_ATTRIBUTE_URL,    /* http or https */
	PM_ATTRIBUTE_CHOICE, /* one of the options */
	PM_ATTRIBUTE_CHOICES /* a list of options, none twice */
} PmAttributeType;

typedef struct PmAttribute
{
	PmAttributeType type;
	PmText low; /* least and greatest number or date; NULL: none */
	PmText high;
	int decimals;          /* how many a number may have; -1: any */
	size_t max_length;     /* characters of a text or URL */
	const PmText *options; /* of a choice, in the order of pm_text_compare */
	size_t option_count;
} PmAttribute;

typedef enum PmValueKind
{
	PM_VALUE_STRING,
	PM_VALUE_NUMBER,
	PM_VALUE_BOOLEAN,
	PM_VALUE_LIST,
	PM_VALUE_OTHER
} PmValueKind;

typedef struct PmValue
{
	PmValueKind kind;
	PmText text; /* of a string or number */
	size_t
	    characters; /* of a string; its size will do if that is no more than max_length */
	const struct PmValue *items; /* of a list */
	size_t item_count;
	uint8_t *seen; /* of a list: a bit for each option, none set; a check sets them */
} PmValue;

/* How many bytes the bits of so many options take. */
#define PM_ATTRIBUTE_SEEN_SIZE(options) ((options) / 8 + 1)

typedef enum PmAttributeFault
{
	PM_ATTRIBUTE_FITS = 0,
	PM_ATTRIBUTE_BAD_TYPE, /* not of the type: a string for a number, 30 February */
	PM_ATTRIBUTE_BLANK,    /* nothing but blanks; an empty list */
	PM_ATTRIBUTE_CONTROL,  /* a control character; in a text, tabs and line ends are none */
	PM_ATTRIBUTE_TOO_LONG,
	PM_ATTRIBUTE_TOO_LOW,
	PM_ATTRIBUTE_TOO_HIGH,
	PM_ATTRIBUTE_TOO_FINE, /* too many decimals */
	PM_ATTRIBUTE_NO_OPTION,
	PM_ATTRIBUTE_OPTION_TWICE
} PmAttributeFault;

/* in pm_attribute.c */
extern PmAttributeFault
pm_attribute_check(const PmAttribute *attribute, const PmValue *value, size_t *item);
extern bool pm_attribute_type(PmText name, PmAttributeType *type);
extern int pm_attribute_compare(PmAttributeType type, PmText a, PmText b);
extern int pm_text_compare(PmText a, PmText b);

#endif /* PM_ATTRIBUTE_H */
