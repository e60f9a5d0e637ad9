/*
 * pm_date_pattern.c - dates as a pattern has them, such as DD/MM/YYYY
 */
#include "pm_char.h"
#include "pm_date.h"
#include "pm_date_scan.h"
#include "pm_utf8.h"

/* What a pattern has at a place. */
typedef enum Token
{
	TOKEN_TEXT,
	TOKEN_YEAR,
	TOKEN_MONTH,
	TOKEN_DAY,
	TOKEN_MONTH_NAME
} Token;

/* Takes the next token of a pattern; *count is how many letters it has.  TOKEN_TEXT is one byte. */
static Token
next_token(PmDateScan *pattern, int *count)
{
	const char *start = pattern->at;
	char letter = pm_upper(*start);

	if (pattern->end - start >= 3 && letter == 'M' && pm_upper(start[1]) == 'O' &&
	    pm_upper(start[2]) == 'N')
	{
		pattern->at += 3;
		*count = 3;
		return TOKEN_MONTH_NAME;
	}
	do
		pattern->at++;
	while (pattern->at < pattern->end && pm_upper(*pattern->at) == letter &&
	       (letter == 'Y' || letter == 'M' || letter == 'D'));
	*count = (int) (pattern->at - start);
	return letter == 'Y'   ? TOKEN_YEAR
	       : letter == 'M' ? TOKEN_MONTH
	       : letter == 'D' ? TOKEN_DAY
	                       : TOKEN_TEXT;
}

/*
 * Is it a pattern: one of YYYY, YY; of MM, M, MON; of DD, D; of no other letters?  D and
 * M stand for one or two digits, MON for the name of a month.
 */
bool
pm_date_pattern_check(PmText pattern)
{
	PmDateScan scan = {pattern.data, pattern.data + pattern.size};
	int years = 0;
	int months = 0;
	int days = 0;

	if (pattern.size > 64)
		return false;
	while (scan.at < scan.end)
	{
		char first = *scan.at;
		int count;

		switch (next_token(&scan, &count))
		{
			case TOKEN_YEAR:
				years += count == 2 || count == 4 ? 1 : 2;
				break;
			case TOKEN_MONTH:
				months += count <= 2 ? 1 : 2;
				break;
			case TOKEN_MONTH_NAME:
				months++;
				break;
			case TOKEN_DAY:
				days += count <= 2 ? 1 : 2;
				break;
			case TOKEN_TEXT:
				if ((pm_lower(first) >= 'a' && pm_lower(first) <= 'z') ||
				    pm_is_digit(first))
					return false;
		}
	}
	return years == 1 && months == 1 && days == 1;
}

/* Reads exactly so many digits, or one or two if count is 1. */
static bool
match_number(PmDateScan *scan, int count, PmDatePart *part)
{
	part->value = 0;
	part->digits = 0;
	while (part->digits < (count == 1 ? 2 : count))
	{
		uint32_t cp;
		size_t size = pm_date_peek(scan, &cp);
		int digit = size == 0 ? -1 : pm_utf8_digit(cp);

		if (digit < 0)
			break;
		part->value = part->value * 10 + digit;
		part->digits++;
		scan->at += size;
	}
	return part->digits > 0 && part->digits >= count;
}

/* Reads a date as a pattern has it, of those that pm_date_pattern_check() takes. */
PmValueFault
pm_date_match(PmText text, PmText pattern, PmDate *date)
{
	PmDateScan scan = {text.data, text.data + text.size};
	PmDateScan form = {pattern.data, pattern.data + pattern.size};

	pm_date_skip_blanks(&scan);
	while (form.at < form.end)
	{
		char first = *form.at;
		char word[PM_DATE_WORD_MAX];
		PmDatePart part;
		int count;
		Token token = next_token(&form, &count);

		if (token == TOKEN_TEXT)
		{
			if (first == ' ' ? !pm_date_skip_blanks(&scan) : !pm_date_skip(&scan, first))
				return PM_VALUE_NOT_A_DATE;
			continue;
		}
		if (token == TOKEN_MONTH_NAME)
		{
			date->month = pm_date_read_word(&scan, word) ? pm_date_find_word(word) : -1;
			if (date->month <= 0)
				return PM_VALUE_NOT_A_DATE;
			continue;
		}
		if (!match_number(&scan, count, &part))
			return PM_VALUE_NOT_A_DATE;
		if (token == TOKEN_YEAR)
			date->year = pm_date_year(&part);
		else if (token == TOKEN_MONTH)
			date->month = part.value;
		else
			date->day = part.value;
	}
	if (!pm_date_is_time(&scan))
		return PM_VALUE_NOT_A_DATE;
	return pm_date_exists(*date) ? PM_VALUE_GOOD : PM_VALUE_NO_SUCH_DAY;
}
