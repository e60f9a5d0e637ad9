/*
 * pm_suggest.c - what the values of a column say, and which column becomes which target
 *
 * A heading that names a target counts as much as the values fit it: a price that is never
 * a number is none.  What values are alone says GTINs, prices, currencies and addresses of
 * images, and, with less weight, the title.  Then the best pair of target and column is
 * taken, the best one of those that are left, and so on.
 */
#include <string.h>

#include "pm_boolean.h"
#include "pm_char.h"
#include "pm_currency.h"
#include "pm_number.h"
#include "pm_resolve.h"
#include "pm_suggest.h"
#include "pm_utf8.h"

#define VALUE_MAX       200 /* bytes of a value that are looked at */
#define GTIN_CONFIDENCE 0.9f
#define MOST            0.8f
#define HALF            0.5f

/* How values of a target look. */
typedef enum Kind
{
	KIND_TEXT = 0,
	KIND_CODE, /* text, which may be numbers */
	KIND_GTIN,
	KIND_AMOUNT,
	KIND_MEASURE, /* a number, maybe with a unit */
	KIND_COUNT,
	KIND_BOOLEAN,
	KIND_CURRENCY,
	KIND_IMAGE
} Kind;

static const Kind kinds[PM_SUGGEST_COUNT] = {
    [PM_SUGGEST_GTIN] = KIND_GTIN,
    [PM_SUGGEST_ASIN] = KIND_CODE,
    [PM_SUGGEST_SKU] = KIND_CODE,
    [PM_SUGGEST_SUPPLIER_SKU] = KIND_CODE,
    [PM_SUGGEST_MANUFACTURER_REFERENCE] = KIND_CODE,
    [PM_SUGGEST_IS_ACTIVE] = KIND_BOOLEAN,
    [PM_SUGGEST_WEIGHT] = KIND_MEASURE,
    [PM_SUGGEST_WIDTH] = KIND_MEASURE,
    [PM_SUGGEST_HEIGHT] = KIND_MEASURE,
    [PM_SUGGEST_DEPTH] = KIND_MEASURE,
    [PM_SUGGEST_COST] = KIND_AMOUNT,
    [PM_SUGGEST_PRICE] = KIND_AMOUNT,
    [PM_SUGGEST_COMPARE_AT_AMOUNT] = KIND_AMOUNT,
    [PM_SUGGEST_CURRENCY] = KIND_CURRENCY,
    [PM_SUGGEST_STOCK] = KIND_COUNT,
    [PM_SUGGEST_LEAD_TIME_DAYS] = KIND_COUNT,
    [PM_SUGGEST_MIN_QUANTITY] = KIND_COUNT,
    [PM_SUGGEST_IMAGES] = KIND_IMAGE,
};

/* A text without blanks around it, and no longer than is looked at. */
static PmText
trimmed(PmText text)
{
	while (text.size > 0 && pm_is_space(text.data[0]))
	{
		text.data++;
		text.size--;
	}
	while (text.size > 0 && pm_is_space(text.data[text.size - 1]))
		text.size--;
	if (text.size > VALUE_MAX)
		text.size = VALUE_MAX;
	return text;
}

/* Does a text begin with another one, in small letters, whatever its case? */
static bool
starts_with(PmText text, const char *start)
{
	size_t size = strlen(start);

	if (text.size < size)
		return false;
	for (size_t i = 0; i < size; i++)
	{
		if (pm_lower(text.data[i]) != start[i])
			return false;
	}
	return true;
}

/* Is one of some texts, in small letters, in a text? */
static bool
has_any(PmText text, const char *const *parts, size_t count)
{
	for (; text.size > 0; text.data++, text.size--)
	{
		for (size_t i = 0; i < count; i++)
		{
			if (starts_with(text, parts[i]))
				return true;
		}
	}
	return false;
}

/* Sees a value that may be a number. */
static void
see_number(PmSuggestColumn *column, PmText value)
{
	const PmNumberStyle comma = {.mark = ','};
	const PmNumberStyle point = {.mark = '.'};
	char number[VALUE_MAX + PM_NUMBER_EXTRA];
	char code[3];
	size_t size = 0;
	bool by_comma = pm_number_read(value, &comma, number, &size) == PM_VALUE_GOOD;
	bool by_point = pm_number_read(value, &point, number, &size) == PM_VALUE_GOOD;
	const char *mark;

	if (!by_comma && !by_point)
	{
		column->quantities += pm_is_digit(value.data[0]);
		return;
	}
	if (!by_point)
		(void) pm_number_read(value, &comma, number, &size);
	mark = memchr(number, '.', size);
	column->numbers++;
	column->quantities++;
	column->commas += !by_point;
	column->points += !by_comma;
	if (mark != NULL)
		column->cents += number + size - mark == 3;
	if (pm_currency_find(value, (PmText){NULL, 0}, code) == PM_VALUE_GOOD)
		column->money++;
	else
		column->integers += mark == NULL;
}

/* Sees a value of a column. */
void
pm_suggest_see(PmSuggestColumn *column, PmText value)
{
	static const char *const images[] = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif"};
	static const char *const tags[] = {"<p>", "<br", "<li>", "<b>", "<div", "<span", "</"};
	PmResolution resolution;
	PmText text = trimmed(value);
	char code[3];
	bool answer;

	if (text.size == 0)
		return;
	column->filled++;
	pm_resolve(text.data, text.size, GTIN_CONFIDENCE, NULL, 0, &resolution);
	column->gtins += resolution.gtin != 0;
	see_number(column, text);
	column->booleans += pm_boolean_read(text, &answer) == PM_VALUE_GOOD;
	column->currencies += !pm_is_digit(text.data[0]) && text.size <= 4 &&
	                      pm_currency_find(text, (PmText){NULL, 0}, code) == PM_VALUE_GOOD;
	if (starts_with(text, "http://") || starts_with(text, "https://"))
	{
		column->addresses++;
		column->images += has_any(text, images, sizeof(images) / sizeof(images[0]));
	}
	else
		column->phrases += memchr(text.data, ' ', text.size) != NULL;
	column->marked_up += has_any(text, tags, sizeof(tags) / sizeof(tags[0]));
}

/* How well the values of a column fit a target that its heading names, 0 to 1. */
static float
fit(const PmSuggestColumn *column, Kind kind)
{
	float filled = (float) column->filled;
	float share;

	switch (kind)
	{
		case KIND_GTIN:
			/* codes that a spreadsheet has spoilt are codes all the same */
			return HALF + HALF * (float) column->gtins / filled;
		case KIND_AMOUNT:
			share = (float) column->numbers / filled;
			break;
		case KIND_MEASURE:
			share = (float) column->quantities / filled;
			break;
		case KIND_COUNT:
			share = (float) column->integers / filled;
			break;
		case KIND_BOOLEAN:
			share = (float) column->booleans / filled;
			break;
		case KIND_CURRENCY:
			share = (float) column->currencies / filled;
			break;
		case KIND_IMAGE:
			share = (float) column->addresses / filled;
			break;
		case KIND_CODE:
			return (float) column->gtins / filled >= MOST ? 0.7f : 1;
		case KIND_TEXT:
		default:
			return (float) column->numbers / filled >= MOST ||
			               (float) column->addresses / filled >= MOST
			           ? 0
			           : 1;
	}
	/* some values may be wrong, half of them may not */
	return share < HALF ? 0 : HALF + HALF * share;
}

/* How much speaks for each target, by the heading and the values of a column. */
void
pm_suggest_score(const PmSuggestColumn *column, PmText heading,
                 float scores[PM_SUGGEST_COUNT])
{
	float filled = (float) column->filled;
	bool named = false;

	pm_heading_read(heading, scores);
	if (column->filled == 0)
	{
		for (int i = 0; i < PM_SUGGEST_COUNT; i++)
			scores[i] *= HALF;
		return;
	}
	for (int i = 0; i < PM_SUGGEST_COUNT; i++)
	{
		named |= scores[i] >= PM_SUGGEST_LEAST;
		scores[i] *= fit(column, kinds[i]);
	}
	if ((float) column->gtins / filled >= MOST && scores[PM_SUGGEST_GTIN] < MOST)
		scores[PM_SUGGEST_GTIN] = MOST * (float) column->gtins / filled;
	if (named)
		return;
	if ((float) column->numbers / filled >= MOST && (float) column->gtins / filled < HALF &&
	    (float) (column->cents + column->money) / filled >= HALF)
		scores[PM_SUGGEST_PRICE] = HALF;
	if ((float) column->currencies / filled >= MOST)
		scores[PM_SUGGEST_CURRENCY] = 0.7f;
	if ((float) column->images / filled >= MOST)
		scores[PM_SUGGEST_IMAGES] = 0.7f;
	if ((float) column->phrases / filled >= HALF &&
	    (float) column->quantities / filled < HALF)
		scores[PM_SUGGEST_TITLE] = PM_SUGGEST_LEAST;
}

/*
 * Chooses a target for each column, if one is good enough, and a column for each target
 * at most: the best pairs first, of equal ones the first column.
 */
void
pm_suggest_choose(int count, const float scores[][PM_SUGGEST_COUNT],
                  PmSuggestion suggestions[])
{
	bool taken[PM_SUGGEST_COUNT] = {false};

	for (int i = 0; i < count; i++)
		suggestions[i] = (PmSuggestion){PM_SUGGEST_COUNT, 0};
	for (int round = 0; round < PM_SUGGEST_COUNT; round++)
	{
		float best = 0;
		int column = -1;
		int target = -1;

		for (int i = 0; i < count; i++)
		{
			if (suggestions[i].target != PM_SUGGEST_COUNT)
				continue;
			for (int j = 0; j < PM_SUGGEST_COUNT; j++)
			{
				if (!taken[j] && scores[i][j] >= PM_SUGGEST_LEAST && scores[i][j] > best)
				{
					best = scores[i][j];
					column = i;
					target = j;
				}
			}
		}
		if (column < 0)
			return;
		taken[target] = true;
		suggestions[column] = (PmSuggestion){(PmSuggestTarget) target, best};
	}
}
