/*
 * pm_gtin.h - Global Trade Item Numbers as integers
 *
 * A GTIN is held as the plain number that its digits spell: 4006381333931 for
 * "4006381333931", 96385074 for "96385074".  Leading zeros carry no meaning
 * (GS1 General Specifications 7.9.1: zero-padding never changes the check
 * digit), so GTIN-8, -12, -13 and -14 share one number space and equal
 * integers mean the same trade item.  The form follows from the value:
 *
 *      < 10^8  GTIN-8     < 10^12  GTIN-12     < 10^13  GTIN-13     else GTIN-14
 *
 * Everything here is pure: no PostgreSQL, no allocation, no locale, no global
 * state; input is (pointer, length) and need not be terminated.  Functions
 * that can fail return a PmGtinStatus and leave their result untouched unless
 * it is PM_GTIN_OK.
 */
#ifndef PM_GTIN_H
#define PM_GTIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PM_GTIN_MIN        INT64_C(1)
#define PM_GTIN8_LIMIT     INT64_C(100000000)     /* 10^8:  first value that is no GTIN-8 */
#define PM_GTIN12_LIMIT    INT64_C(1000000000000) /* 10^12: first value that is no GTIN-12 */
#define PM_GTIN13_LIMIT    INT64_C(10000000000000) /* 10^13: first value that is no GTIN-13 */
#define PM_GTIN14_LIMIT    INT64_C(100000000000000) /* 10^14: first value that is no GTIN */
#define PM_GTIN_MAX_DIGITS 14

/* Why a text is not a GTIN. */
typedef enum PmGtinStatus
{
	PM_GTIN_OK = 0,
	PM_GTIN_BAD_CHARACTER,   /* position says where */
	PM_GTIN_BAD_LENGTH,      /* not 8, 12, 13 or 14 digits; digits says how many */
	PM_GTIN_BAD_CHECK_DIGIT, /* found and expected say which */
	PM_GTIN_ALL_ZERO,        /* well-formed, but every digit is 0 */
	PM_GTIN_OUT_OF_RANGE,    /* a number, but not within 1 .. 10^14 - 1 */
	PM_GTIN_EMPTY            /* nothing but white space */
} PmGtinStatus;

/* The facts behind a PmGtinStatus; only the fields its comment names are set. */
typedef struct PmGtinError
{
	size_t position; /* byte offset of the offending character, from 0 */
	int digits;      /* digits found */
	char found;      /* check digit as written, '0'..'9' or 'X' */
	char expected;   /* check digit that the other digits call for */
} PmGtinError;

/*
 * Weighted digit sum of every four-digit group: what a number needs to be checked
 * without taking it apart.
 */
extern const uint8_t pm_gtin_sum_of_four[10000];

/*
 * Is this integer a GTIN?  As pm_gtin_check_number, without the reason: inline,
 * because binary input has no more than 5 ns a row to spare.
 */
static inline bool
pm_gtin_is_number(int64_t number)
{
	uint32_t high;
	uint32_t low;
	unsigned sum;

	if (number < PM_GTIN_MIN || number >= PM_GTIN14_LIMIT)
		return false;
	high = (uint32_t) (number / PM_GTIN8_LIMIT);
	low = (uint32_t) (number % PM_GTIN8_LIMIT);
	sum = pm_gtin_sum_of_four[high / 10000] + pm_gtin_sum_of_four[high % 10000];
	sum += pm_gtin_sum_of_four[low / 10000] + pm_gtin_sum_of_four[low % 10000];
	return sum % 10 == 0;
}

/*
 * in pm_gtin.c: strict text form, numbers, check digits
 *
 * A width of 0 asks pm_gtin_format for the shortest form; out holds
 * PM_GTIN_MAX_DIGITS + 1 bytes.
 */
extern PmGtinStatus
pm_gtin_parse(const char *str, size_t len, int64_t *gtin, PmGtinError *error);
extern PmGtinStatus pm_gtin_check_number(int64_t number, PmGtinError *error);
extern int pm_gtin_kind(int64_t gtin);
extern int pm_gtin_format(int64_t gtin, int width, char *out);
extern int pm_gtin_check_digit(const char *digits, size_t len);
extern int pm_gtin_check_digit_of(int64_t payload);
extern int pm_gtin_indicator(int64_t gtin);
extern int64_t pm_gtin_inner(int64_t gtin);
extern int64_t pm_gtin_with_indicator(int64_t gtin, int indicator);

/* in pm_upce.c: the zero-suppressed form of UPC-A */
extern PmGtinStatus
pm_upce_expand(const char *digits, size_t len, int64_t *gtin, PmGtinError *error);
extern bool pm_upce_compress(int64_t gtin, char out[8]);

/* in pm_isbn.c: ISBN-10, ISSN, ISMN */
extern bool pm_isbn_is(int64_t gtin);
extern bool pm_issn_is(int64_t gtin);
extern bool pm_ismn_is(int64_t gtin);
extern PmGtinStatus
pm_isbn10_parse(const char *str, size_t len, int64_t *gtin, PmGtinError *error);
extern bool pm_isbn10_format(int64_t gtin, char out[10]);
extern PmGtinStatus
pm_issn_parse(const char *str, size_t len, int64_t *gtin, PmGtinError *error);
extern bool pm_issn_format(int64_t gtin, char out[9], int *variant);
extern PmGtinStatus
pm_ismn_parse(const char *str, size_t len, int64_t *gtin, PmGtinError *error);

/* in pm_gtin_class.c: what the compiled prefix ranges say of a number */
typedef enum PmGtinFlag
{
	PM_FLAG_RESTRICTED = 1 << 0,        /* circulates within a company or region only */
	PM_FLAG_COUPON = 1 << 1,            /* a coupon, no trade item */
	PM_FLAG_REFUND = 1 << 2,            /* a refund receipt (980) */
	PM_FLAG_DEMO = 1 << 3,              /* 952: demonstrations and examples */
	PM_FLAG_UNASSIGNED_PREFIX = 1 << 4, /* no organisation issues this prefix */
	PM_FLAG_ISBN = 1 << 5,
	PM_FLAG_ISSN = 1 << 6,
	PM_FLAG_ISMN = 1 << 7,
	PM_FLAG_VARIABLE_MEASURE = 1 << 8, /* 02, 2x or indicator 9: weight or price inside */
	PM_FLAG_ALSO_UPCE = 1 << 9,        /* the same 8 digits are a valid UPC-E too */
	PM_FLAG_SUSPECT_SAMPLE = 1 << 10   /* a pattern people type as an example */
} PmGtinFlag;
#define PM_FLAG_COUNT 11

extern uint32_t pm_gtin_flags(int64_t gtin);
extern const char *pm_gtin_flag_name(int bit);

#endif /* PM_GTIN_H */
