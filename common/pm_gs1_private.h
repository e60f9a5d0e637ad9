/*
 * pm_gs1_private.h - what the files of the GS1 parsers share among themselves
 *
 * The table of application identifiers is a constant generated from
 * pm_gtin/data/gs1_application_identifiers.csv by gs1_ai_table.awk, which
 * refuses rows that the code here could not trust: identifiers in order, the
 * same length for the same first two digits, a fixed value length where no
 * FNC1 follows.
 *
 * A message is built element by element: look the identifier up, check the
 * value, add it.  Only when all are there can the associations be checked.
 */
#ifndef PM_GS1_PRIVATE_H
#define PM_GS1_PRIVATE_H

#include "pm_gs1.h"

/* GS1 General Specifications 7.11: which characters a component may have. */
typedef enum PmGs1Charset
{
	PM_GS1_CHARSET_N = 1 << 0, /* digits */
	PM_GS1_CHARSET_X = 1 << 1, /* the 82 of ISO/IEC 646 that are the same everywhere */
	PM_GS1_CHARSET_Y = 1 << 2, /* the 39 */
	PM_GS1_CHARSET_Z = 1 << 3  /* base64url, with padding */
} PmGs1Charset;

/* Further rules of a component, named as in GS1's Barcode Syntax Dictionary. */
typedef enum PmGs1Rule
{
	PM_GS1_RULE_NONE = 0,
	PM_GS1_RULE_COUPONCODE,
	PM_GS1_RULE_COUPONPOSOFFER,
	PM_GS1_RULE_CSUM,
	PM_GS1_RULE_CSUMALPHA,
	PM_GS1_RULE_GCPPOS1,
	PM_GS1_RULE_GCPPOS2,
	PM_GS1_RULE_HASNONDIGIT,
	PM_GS1_RULE_HH,
	PM_GS1_RULE_HHMI,
	PM_GS1_RULE_HYPHEN,
	PM_GS1_RULE_IBAN,
	PM_GS1_RULE_IMPORTERIDX,
	PM_GS1_RULE_ISO3166,
	PM_GS1_RULE_ISO3166999,
	PM_GS1_RULE_ISO3166ALPHA2,
	PM_GS1_RULE_ISO4217,
	PM_GS1_RULE_ISO5218,
	PM_GS1_RULE_LATITUDE,
	PM_GS1_RULE_LONGITUDE,
	PM_GS1_RULE_MEDIATYPE,
	PM_GS1_RULE_MI,
	PM_GS1_RULE_NONZERO,
	PM_GS1_RULE_NOZEROPREFIX,
	PM_GS1_RULE_PACKAGETYPE,
	PM_GS1_RULE_PCENC,
	PM_GS1_RULE_PIECEOFTOTAL,
	PM_GS1_RULE_POSINSEQSLASH,
	PM_GS1_RULE_SS,
	PM_GS1_RULE_WINDING,
	PM_GS1_RULE_YESNO,
	PM_GS1_RULE_YYMMD0,
	PM_GS1_RULE_YYMMDD,
	PM_GS1_RULE_YYYYMMDD,
	PM_GS1_RULE_ZERO
} PmGs1Rule;

#define PM_GS1_MAX_RULES 3 /* of one component */

/* One part of a value.  Only the last part of a format has a range of lengths. */
typedef struct PmGs1Component
{
	uint8_t charset; /* PmGs1Charset */
	uint8_t min;
	uint8_t max;
	bool optional;
	uint8_t rules[PM_GS1_MAX_RULES]; /* PmGs1Rule, applied in order; NONE ends them */
} PmGs1Component;

/* An application identifier, or a range of them with the same facts. */
typedef struct PmGs1Ai
{
	uint16_t from; /* as a number: (01) is 1 */
	uint16_t to;
	uint8_t digits;       /* of the identifier: 2 to 4 */
	bool fnc1;            /* its value ends with FNC1 unless it is the last */
	bool dl_attribute;    /* may stand in the query of a Digital Link */
	bool dl_key;          /* may be the primary key of a Digital Link */
	uint8_t min;          /* length of the value */
	uint8_t max;          /* equal to min unless fnc1 */
	uint8_t n_components; /* at least 1 */
	const PmGs1Component *components;
	const char *format;        /* e.g. "N13 [X..17]" */
	const char *requires;      /* "01|03+21": 01, or 03 and 21; "" for nothing */
	const char *requires_text; /* the same for people: "(01) or (03) with (21)" */
	const char *excludes;   /* "01\0" "31nn\0": each ends with a null byte; "" ends them */
	const char *qualifiers; /* "22 10 21|235": in this order; other choices after bars */
	const char *title;
} PmGs1Ai;

/* All identifiers that begin with the same two digits. */
typedef struct PmGs1AiPrefix
{
	uint8_t digits; /* of each of them; 0 if there is none */
	uint8_t count;  /* rows */
	uint8_t first;  /* row */
} PmGs1AiPrefix;

/* Part of the input. */
typedef struct PmGs1Span
{
	const char *at;
	const char *end;
} PmGs1Span;

/* A message under construction; nothing here outlives the parser's call. */
typedef struct PmGs1Builder
{
	PmGs1Message *message;
	PmGs1Error *error;                       /* never NULL */
	uint64_t present[2];                     /* which first two digits occurred */
	const PmGs1Ai *ais[PM_GS1_MAX_ELEMENTS]; /* of each element */
	uint16_t positions[PM_GS1_MAX_ELEMENTS]; /* of its identifier in the input */
} PmGs1Builder;

/* in pm_gs1_ai.c */
extern int pm_gs1_ai_digits(const char *two_digits);
extern const PmGs1Ai *pm_gs1_ai_lookup(const char *digits, size_t len);

/* in pm_gs1_rules.c */
extern bool
pm_gs1_in_charset(PmGs1Charset charset, const char *str, size_t len, size_t *bad);
extern PmGs1Status pm_gs1_check_rule(PmGs1Rule rule, const char *str, size_t len);
extern const char *pm_gs1_rule_text(PmGs1Rule rule);
extern const char *pm_gs1_charset_text(PmGs1Charset charset);
extern bool pm_gs1_is_date(const char *yymmdd, bool day_may_be_zero);
extern bool pm_gs1_check_digit_holds(const char *digits, size_t len);

/* in pm_gs1_codes.c */
extern bool pm_gs1_is_country_number(int number);
extern bool pm_gs1_is_country_code(const char *two_letters);
extern bool pm_gs1_is_currency_number(int number);

/* in pm_gs1_coupon.c */
extern bool pm_gs1_is_coupon(const char *digits, size_t len);
extern bool pm_gs1_is_positive_offer(const char *digits, size_t len);

/* in pm_gs1_message.c */
extern PmGs1Status pm_gs1_set_error(PmGs1Error *error, PmGs1Status status, size_t position,
                                    const char *ai, size_t ai_len, const char *other);
extern void pm_gs1_begin(PmGs1Builder *builder, PmGs1Message *message, PmGs1Error *error);
extern PmGs1Status pm_gs1_fail(PmGs1Builder *builder, PmGs1Status status, size_t position,
                               const char *ai, size_t ai_len, const char *other);
extern PmGs1Status pm_gs1_check_value(const PmGs1Ai *ai, const char *value, size_t len,
                                      size_t *bad, const char **other);
extern PmGs1Status pm_gs1_add(PmGs1Builder *builder, const PmGs1Ai *ai, const char *digits,
                              size_t position, size_t offset, size_t len);
extern PmGs1Status pm_gs1_finish(PmGs1Builder *builder);

/* in pm_digital_link.c */
extern const char *
pm_digital_link_skip_domain(PmGs1Span uri, const char **bad, const char **wanted);

/* in pm_digital_link_format.c */
extern int
pm_digital_link_place_in(const char *alternative, const char *digits, size_t len);
extern const char *pm_digital_link_next_choice(const char *alternative);

#endif /* PM_GS1_PRIVATE_H */
