/*
 * fuzz_values.c - any bytes as a number, quantity, currency, date, boolean, HTML and text
 *
 * The first bytes choose how it is read.  What is read can be read again: a number as a
 * decimal number, a date as an ISO date; what is cleaned is clean; results have the room
 * that is promised, which the sanitizer watches.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "must_hold.h"
#include "pm_blank.h"
#include "pm_boolean.h"
#include "pm_case.h"
#include "pm_currency.h"
#include "pm_date.h"
#include "pm_decimal.h"
#include "pm_html.h"
#include "pm_number.h"
#include "pm_unit.h"
#include "pm_utf8.h"

/* Room of exactly so many bytes. */
static char *
room(size_t size)
{
	char *bytes = malloc(size == 0 ? 1 : size);

	MUST_HOLD(bytes != NULL);
	return bytes;
}

static int
int16_at(const char *at)
{
	return (int16_t) ((unsigned char) at[0] << 8 | (unsigned char) at[1]);
}

/* Numeric has digits below its base, none of them useless; an integer is its number. */
static void
check_decimal(PmText text, int precision, int scale, bool round)
{
	char out[PM_NUMERIC_MAX];
	PmDecimalType type = {precision, scale, round};
	PmDecimal decimal;
	size_t size;
	int64_t integer;
	PmValueFault fault = pm_decimal_read(text, &decimal);

	if (pm_decimal_numeric(text, &type, out, &size) == PM_VALUE_GOOD)
	{
		int count = int16_at(out);

		MUST_HOLD(fault == PM_VALUE_GOOD);
		MUST_HOLD(size == 8 + 2 * (size_t) count && size <= sizeof(out));
		MUST_HOLD(int16_at(out + 4) == 0 || (int16_at(out + 4) == 0x4000 && count > 0));
		MUST_HOLD(int16_at(out + 6) == (precision > 0 ? scale : decimal.scale));
		for (int i = 0; i < count; i++)
			MUST_HOLD(int16_at(out + 8 + 2 * i) >= 0 && int16_at(out + 8 + 2 * i) < 10000);
		if (count > 0)
			MUST_HOLD(int16_at(out + 8) != 0 && int16_at(out + size - 2) != 0);
	}
	if (pm_decimal_integer(text, -1000, INT64_MAX, &integer) == PM_VALUE_GOOD)
	{
		char digits[32];
		PmText same = {digits, 0};
		PmDecimal other;

		same.size = (size_t) snprintf(digits, sizeof(digits), "%lld", (long long) integer);
		MUST_HOLD(integer >= -1000 && fault == PM_VALUE_GOOD);
		MUST_HOLD(pm_decimal_read(same, &other) == PM_VALUE_GOOD);
		MUST_HOLD(pm_decimal_compare(&decimal, &other) == 0);
	}
	if (fault == PM_VALUE_GOOD)
		MUST_HOLD(pm_decimal_compare(&decimal, &decimal) == 0);
}

/* A number that is read is a decimal number, which is read as itself. */
static void
check_number(PmText text, const PmNumberStyle *style)
{
	char *out = room(text.size + PM_NUMBER_EXTRA);
	PmText number = {out, 0};
	PmDecimal decimal;
	bool plain = pm_number_is_plain(text, style);

	if (pm_number_read(text, style, out, &number.size) == PM_VALUE_GOOD)
	{
		PmNumberStyle exact = {'.', PM_NUMBER_NO_THOUSANDS, PM_PERCENT_REFUSED};

		MUST_HOLD(number.size <= text.size + PM_NUMBER_EXTRA);
		MUST_HOLD(pm_decimal_read(number, &decimal) == PM_VALUE_GOOD);
		MUST_HOLD(pm_number_is_plain(number, &exact) || *number.data == '-');
		if (plain)
			MUST_HOLD(number.size == text.size && memcmp(out, text.data, text.size) == 0);
	}
	else
		MUST_HOLD(!plain);
	free(out);
}

/* A quantity that is converted is a decimal number. */
static void
check_unit(PmText text, PmUnitStyle *style, int to)
{
	static const char *const names[] = {"kg", "lb", "in", "m", "ml", "gal", "kJ", "h"};
	char out[PM_UNIT_VALUE_MAX];
	PmText number = {out, 0};
	PmText name = {names[to % 8], strlen(names[to % 8])};
	PmDecimal decimal;

	if (pm_unit_find(name, PM_UNIT_US, &style->to) != PM_VALUE_GOOD)
		abort();
	style->from = to & 8 ? style->to : NULL;
	if (pm_unit_convert(text, style, out, &number.size) == PM_VALUE_GOOD)
	{
		MUST_HOLD(number.size <= sizeof(out));
		MUST_HOLD(pm_decimal_read(number, &decimal) == PM_VALUE_GOOD);
		if (style->decimals >= 0)
			MUST_HOLD(decimal.scale <= style->decimals);
	}
}

/* A day that is read exists, and is itself as an ISO date and as a number. */
static void
check_date(PmText text, PmDateOrder order, PmDateSerial serial, PmText pattern)
{
	char iso[PM_DATE_SIZE];
	PmText written = {iso, sizeof(iso)};
	PmDate date;
	PmDate again;

	for (int i = 0; i < 2; i++)
	{
		PmValueFault fault = PM_VALUE_NOT_A_DATE;

		if (i == 0)
			fault = pm_date_parse(text, order, serial, &date);
		else if (pm_date_pattern_check(pattern))
			fault = pm_date_match(text, pattern, &date);
		if (fault != PM_VALUE_GOOD)
			continue;
		MUST_HOLD(pm_date_exists(date));
		pm_date_write(date, iso);
		MUST_HOLD(pm_date_read(written, &again) == PM_VALUE_GOOD);
		MUST_HOLD(pm_date_days(date) == pm_date_days(again));
		MUST_HOLD(pm_date_of_days(pm_date_days(date), &again));
		MUST_HOLD(again.year == date.year && again.month == date.month &&
		          again.day == date.day);
		MUST_HOLD(pm_date_parse(written, order, serial, &again) == PM_VALUE_GOOD &&
		          pm_date_days(date) == pm_date_days(again));
	}
}

/* Text without blanks at its ends and in runs has no more of them. */
static void
check_blanks(PmText text)
{
	PmText trimmed = pm_blank_trim(text);
	PmText again = pm_blank_trim(trimmed);
	char *out = room(text.size);
	PmText collapsed = {out, pm_blank_collapse(text, out)};
	size_t clean = pm_blank_clean(text);

	MUST_HOLD(trimmed.data >= text.data &&
	          trimmed.data + trimmed.size <= text.data + text.size);
	MUST_HOLD(again.data == trimmed.data && again.size == trimmed.size);
	MUST_HOLD(collapsed.size <= text.size && clean <= text.size);
	MUST_HOLD(pm_blank_clean(collapsed) == collapsed.size);
	MUST_HOLD(clean <= collapsed.size && memcmp(text.data, out, clean) == 0);
	free(out);
}

/* Letters in another case have their room, and small ones stay small. */
static void
check_case(PmText text)
{
	for (PmCase form = PM_CASE_UPPER; form <= PM_CASE_TITLE; form++)
	{
		char *out = room(PM_CASE_GROWTH(text.size));
		size_t done = pm_case_done(form, text.data, text.size);
		size_t size = pm_case(form, text.data, text.size, out);

		MUST_HOLD(size <= PM_CASE_GROWTH(text.size) && done <= size);
		MUST_HOLD(memcmp(text.data, out, done) == 0);
		free(out);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char marks[] = {'\0', ',', '.'};
	static const char thousands[] = {'\0', PM_NUMBER_NO_THOUSANDS, ',', '.', '\'', ' '};
	PmUnitStyle style;
	PmText text;
	PmText pattern;
	PmText preferred = {"CAD", 3};
	char code[3];
	bool answer;
	char *out;

	if (size < 4)
		return 0;
	text.data = (const char *) data + 4;
	text.size = size - 4;
	pattern.data = text.data;
	pattern.size = text.size < data[3] % 20u ? text.size : data[3] % 20u;
	style.number.mark = marks[data[0] % 3];
	style.number.thousands = thousands[data[0] / 3 % 6];
	style.number.percent = (PmPercent) (data[0] / 18 % 3);
	style.system = (PmUnitSystem) (data[1] % 3);
	style.pack = (PmUnitPack) (data[1] / 3 % 3);
	style.decimals = data[1] / 9 % 14 - 1;
	check_number(text, &style.number);
	check_decimal(text, data[2] % 40, data[2] % 40 == 0 ? 0 : data[3] % 41, data[1] & 1);
	check_unit(text, &style, data[2]);
	pattern.data += text.size - pattern.size;
	text.size -= pattern.size;
	check_date(text, (PmDateOrder) (data[2] % 4), (PmDateSerial) (data[2] / 4 % 3),
	           pattern);
	text.size += pattern.size;
	check_blanks(text);
	check_case(text);
	if (pm_boolean_read(text, &answer) == PM_VALUE_GOOD)
		MUST_HOLD(text.size > 0);
	if (data[3] & 1)
		preferred.data = NULL;
	if (pm_currency_find(text, preferred, code) == PM_VALUE_GOOD)
	{
		PmText found = {code, sizeof(code)};

		MUST_HOLD(pm_currency_is_code(found));
	}
	out = room(text.size);
	MUST_HOLD(pm_html_text(text, out) <= text.size);
	free(out);
	return 0;
}
