/*
 * fuzz_suggest.c - any bytes as headings and values of columns
 *
 * The input is cut at line feeds: each line is a column, cut at zero bytes: a heading, then
 * values.  Scores are 0 to 1, no target is suggested twice, and what is suggested has the
 * score that it says.
 */
#include <string.h>

#include "must_hold.h"
#include "pm_suggest.h"

#define COLUMNS_MAX 30

/* The bytes up to a separator, which is passed over. */
static PmText
next_part(const char **at, const char *end, char separator)
{
	const char *found = memchr(*at, separator, (size_t) (end - *at));
	PmText part = {*at, (size_t) ((found == NULL ? end : found) - *at)};

	*at = found == NULL ? end : found + 1;
	return part;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static float scores[COLUMNS_MAX][PM_SUGGEST_COUNT];
	PmSuggestion suggestions[COLUMNS_MAX];
	const char *at = (const char *) data;
	const char *end = at + size;
	bool taken[PM_SUGGEST_COUNT] = {false};
	int count = 0;

	while (size > 0 && at < end && count < COLUMNS_MAX)
	{
		PmSuggestColumn column = {0};
		PmText line = next_part(&at, end, '\n');
		const char *part = line.data;
		const char *line_end = line.data + line.size;
		PmText heading = next_part(&part, line_end, '\0');

		while (part < line_end)
			pm_suggest_see(&column, next_part(&part, line_end, '\0'));
		MUST_HOLD(column.numbers <= column.quantities &&
		          column.quantities <= column.filled);
		MUST_HOLD(column.gtins <= column.filled && column.images <= column.addresses);
		MUST_HOLD(column.integers + column.money <= column.numbers);
		pm_suggest_score(&column, heading, scores[count]);
		for (int i = 0; i < PM_SUGGEST_COUNT; i++)
			MUST_HOLD(scores[count][i] >= 0 && scores[count][i] <= 1);
		count++;
	}
	pm_suggest_choose(count, (const float(*)[PM_SUGGEST_COUNT]) scores, suggestions);
	for (int i = 0; i < count; i++)
	{
		PmSuggestTarget target = suggestions[i].target;

		if (target == PM_SUGGEST_COUNT)
			continue;
		MUST_HOLD(!taken[target] && suggestions[i].score == scores[i][target]);
		MUST_HOLD(suggestions[i].score >= PM_SUGGEST_LEAST);
		taken[target] = true;
	}
	return 0;
}
