/*
 * pm_suggest.h - which column of a supplier's file is what
 *
 *   pm_heading.c   what a heading says, in English, French, German and Spanish
 *   pm_suggest.c   what the values say, and which column becomes which target
 *
 * A suggestion is for a person to confirm: it is never applied by itself.  Scores are
 * 0 (nothing speaks for it) to 1, and are compared, not added up.
 *
 * Pure: no PostgreSQL, no allocation, no global state; any bytes are legal input.
 */
#ifndef PM_SUGGEST_H
#define PM_SUGGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pm_text.h"

#define PM_SUGGEST_LEAST 0.4f /* what scores less is not suggested */

/* Targets that a column can be recognized as, by pm_suggest_name(). */
typedef enum PmSuggestTarget
{
	PM_SUGGEST_GTIN,
	PM_SUGGEST_ASIN,
	PM_SUGGEST_SKU,
	PM_SUGGEST_SUPPLIER_SKU,
	PM_SUGGEST_MANUFACTURER_REFERENCE,
	PM_SUGGEST_TITLE,
	PM_SUGGEST_SHORT_DESCRIPTION,
	PM_SUGGEST_DESCRIPTION,
	PM_SUGGEST_LONG_DESCRIPTION,
	PM_SUGGEST_BRAND,
	PM_SUGGEST_CATEGORY,
	PM_SUGGEST_IS_ACTIVE,
	PM_SUGGEST_WEIGHT,
	PM_SUGGEST_WIDTH,
	PM_SUGGEST_HEIGHT,
	PM_SUGGEST_DEPTH,
	PM_SUGGEST_TAGS,
	PM_SUGGEST_COST,
	PM_SUGGEST_PRICE,
	PM_SUGGEST_COMPARE_AT_AMOUNT,
	PM_SUGGEST_CURRENCY,
	PM_SUGGEST_STOCK,
	PM_SUGGEST_LEAD_TIME_DAYS,
	PM_SUGGEST_MIN_QUANTITY,
	PM_SUGGEST_IMAGES,
	PM_SUGGEST_COUNT
} PmSuggestTarget;

/* What a column has been seen to hold: of its values that are not blank, how many are what. */
typedef struct PmSuggestColumn
{
	int64_t filled;
	int64_t gtins;      /* GTINs beyond doubt */
	int64_t numbers;    /* numbers, maybe with a currency */
	int64_t integers;   /* of these, without decimals or currency */
	int64_t cents;      /* of these, with two decimals */
	int64_t money;      /* of these, with a currency that is one only */
	int64_t commas;     /* of these, with a decimal mark that can only be a comma */
	int64_t points;     /* likewise a point */
	int64_t quantities; /* numbers, or numbers before a unit */
	int64_t currencies; /* names of currencies alone */
	int64_t booleans;
	int64_t addresses; /* of the web */
	int64_t images;    /* of these, names of images */
	int64_t phrases;   /* of two words or more */
	int64_t marked_up; /* with tags of HTML */
} PmSuggestColumn;

/* Which target a column becomes. */
typedef struct PmSuggestion
{
	PmSuggestTarget target; /* PM_SUGGEST_COUNT: none */
	float score;
} PmSuggestion;

/* in pm_heading.c */
extern const char *pm_suggest_name(PmSuggestTarget target);
extern void pm_heading_read(PmText heading, float scores[PM_SUGGEST_COUNT]);

/* in pm_suggest.c */
extern void pm_suggest_see(PmSuggestColumn *column, PmText value);
extern void pm_suggest_score(const PmSuggestColumn *column, PmText heading,
                             float scores[PM_SUGGEST_COUNT]);
extern void pm_suggest_choose(int count, const float scores[][PM_SUGGEST_COUNT],
                              PmSuggestion suggestions[]);

#endif /* PM_SUGGEST_H */
