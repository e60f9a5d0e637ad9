/*
 * pm_number.c - numbers as people write them
 *
 * First what stands around the digits is taken off from both sides: blanks, a sign, a
 * currency, parentheses, a percent sign.  Then the separators between the digits are
 * looked at together: which of them may be the decimal mark, and do the others stand where
 * thousands are separated?
 */
#include <string.h>

#include "pm_char.h"
#include "pm_currency.h"
#include "pm_number.h"
#include "pm_utf8.h"

#define SEPARATORS_MAX 24
#define EXPONENT_MAX   99

/* The digits between signs, and what the signs say. */
typedef struct Number
{
	PmText body;                     /* from the first digit or mark on */
	int groups[SEPARATORS_MAX + 1];  /* digits before, between and after separators */
	char separators[SEPARATORS_MAX]; /* ',' '.' '\'' or ' ' for all blanks */
	int count;                       /* of separators */
	size_t size;                     /* bytes of the body up to the last digit */
	bool leading_zero;               /* is the first digit of several a zero? */
	bool negative;
	bool percent;
	bool has_exponent;
	int exponent;
} Number;

/* Takes a character off the start of a text. */
static inline void
advance(PmText *text, size_t size)
{
	text->data += size;
	text->size -= size;
}

/* The character that a text starts with; returns its size, 0 if there is none. */
static inline size_t
first_char(PmText text, uint32_t *cp)
{
	*cp = PM_UTF8_INVALID;
	if (text.size == 0)
		return 0;
	if ((unsigned char) *text.data >= 0x80)
		return pm_utf8_decode(text.data, text.size, cp);
	*cp = (unsigned char) *text.data;
	return 1;
}

/* The value of a digit of any script, -1 of others. */
static inline int
digit_of(uint32_t cp)
{
	return cp < 0x80 ? (pm_is_digit((char) cp) ? (int) cp - '0' : -1) : pm_utf8_digit(cp);
}

/* The separator that a character is, '\0' if it is none. */
static char
separator_of(uint32_t cp)
{
	if (cp == ',' || cp == '.' || cp == '\'')
		return (char) cp;
	if (cp == 0x2018 || cp == 0x2019 || cp == '`' || cp == 0xB4)
		return '\'';
	return cp != '\n' && cp != '\r' && pm_utf8_is_space(cp) ? ' ' : '\0';
}

/*
 * Takes the digits and their separators off the start of a text; false if there are none,
 * or more separators than any number has.
 */
static bool
take_body(PmText *text, Number *number)
{
	bool digits = false;

	number->body = *text;
	number->count = 0;
	number->size = 0;
	number->groups[0] = 0;
	number->leading_zero = false;
	for (;;)
	{
		uint32_t cp;
		size_t size;
		int digit;
		PmText after;
		uint32_t next;
		char separator;

		size = first_char(*text, &cp);
		digit = size == 0 ? -1 : digit_of(cp);
		if (digit >= 0)
		{
			if (!digits)
				number->leading_zero = digit == 0 && number->count == 0;
			digits = true;
			number->groups[number->count]++;
			advance(text, size);
			number->size = (size_t) (text->data - number->body.data);
			continue;
		}
		separator = size == 0 ? '\0' : separator_of(cp);
		if (separator == '\0')
			break;
		after = *text;
		advance(&after, size);
		if (first_char(after, &next) == 0 || digit_of(next) < 0)
			break;
		if (number->count == SEPARATORS_MAX)
			return false;
		number->separators[number->count++] = separator;
		number->groups[number->count] = 0;
		*text = after;
	}
	return digits;
}

/*
 * Takes off what may stand in the place of decimals: "12.-" and "12,--" have none, and a
 * mark may end a number.
 */
static void
take_dashes(PmText *text)
{
	PmText ahead = *text;
	uint32_t cp;
	size_t size = first_char(ahead, &cp);

	if (cp != ',' && cp != '.')
		return;
	do
		advance(&ahead, size);
	while ((size = first_char(ahead, &cp)) > 0 && pm_utf8_is_dash(cp));
	*text = ahead;
}

/* Takes an exponent off; false if there is one that is not sound. */
static bool
take_exponent(PmText *text, Number *number)
{
	PmText ahead = *text;
	bool negative = false;
	int digits = 0;

	number->has_exponent = false;
	number->exponent = 0;
	if (ahead.size < 2 || pm_lower(*ahead.data) != 'e')
		return true;
	advance(&ahead, 1);
	if (*ahead.data == '+' || *ahead.data == '-')
	{
		negative = *ahead.data == '-';
		advance(&ahead, 1);
	}
	for (; ahead.size > 0 && pm_is_digit(*ahead.data); advance(&ahead, 1))
	{
		if (++digits > 3)
			return false;
		number->exponent = number->exponent * 10 + (*ahead.data - '0');
	}
	if (digits == 0)
		return true; /* EUR */
	if (number->exponent > EXPONENT_MAX)
		return false;
	if (negative)
		number->exponent = -number->exponent;
	number->has_exponent = true;
	*text = ahead;
	return true;
}

/* What may stand around a number, once each. */
typedef struct Around
{
	bool sign;
	bool currency;
	bool percent;
	bool opened; /* parenthesis */
	bool closed;
} Around;

/* Takes off blanks, a sign, a currency and the like, in any order, on one side of the digits. */
static void
take_around(PmText *text, Around *around, Number *number)
{
	for (;;)
	{
		uint32_t cp;
		size_t size = first_char(*text, &cp);
		PmCurrency currency;

		if (size == 0)
			return;
		if (pm_utf8_is_space(cp))
			;
		else if ((cp == '+' || pm_utf8_is_dash(cp)) && !around->sign)
		{
			around->sign = true;
			number->negative = cp != '+';
		}
		else if (cp == '%' && !around->percent)
			around->percent = true;
		else if (cp == '(' && !around->opened && !around->sign && !around->closed)
			around->opened = true;
		else if (cp == ')' && around->opened && !around->closed)
			around->closed = true;
		else if (!around->currency && (size = pm_currency_starts(*text, &currency)) > 0 &&
		         currency.count > 0)
			around->currency = true;
		else
			return;
		advance(text, size);
	}
}

/* Takes a number apart. */
static PmValueFault
take_number(PmText text, Number *number)
{
	Around around = {false, false, false, false, false};

	number->negative = false;
	take_around(&text, &around, number);
	if (around.closed || around.percent || !take_body(&text, number))
		return PM_VALUE_NOT_A_NUMBER;
	if (!take_exponent(&text, number))
		return PM_VALUE_NOT_A_NUMBER;
	if (!number->has_exponent)
		take_dashes(&text);
	take_around(&text, &around, number);
	if (text.size > 0 || around.opened != around.closed || (around.opened && around.sign))
		return PM_VALUE_NOT_A_NUMBER;
	if (around.opened)
		number->negative = true;
	number->percent = around.percent;
	return PM_VALUE_GOOD;
}

/*
 * Do the first so many separators stand between thousands: all the same one, a group of 1 to
 * 3 digits, then groups of 3?  In India they are 2, but for the last: 12,34,567.
 */
static bool
are_thousands(const Number *number, int count, char thousands)
{
	bool threes = true;
	bool twos = true;

	if (count == 0)
		return true;
	for (int i = 0; i < count; i++)
	{
		int wanted = i == count - 1 ? 3 : 2;

		if (number->separators[i] != number->separators[0])
			return false;
		threes = threes && number->groups[i + 1] == 3;
		twos = twos && number->groups[i + 1] == wanted;
	}
	if (number->groups[0] == 0 || number->leading_zero ||
	    (thousands != '\0' && number->separators[0] != thousands))
		return false;
	if (number->separators[0] == ',' && count > 1 && number->groups[0] <= 2 && twos)
		return true;
	return number->groups[0] <= 3 && threes;
}

/* How many times a separator is there. */
static int
times(const Number *number, char separator)
{
	int found = 0;

	for (int i = 0; i < number->count; i++)
		found += number->separators[i] == separator;
	return found;
}

/* Which character is the decimal mark, if the last separator is one; '\0': it depends on the digits. */
static char
known_mark(const Number *number, const PmNumberStyle *style)
{
	char last = number->separators[number->count - 1];

	if (style->mark != '\0')
		return style->mark;
	if (style->thousands == ',')
		return '.';
	if (style->thousands == '.')
		return ',';
	if (last == ' ' || last == '\'')
		return '.'; /* whichever it is, it is not there */
	/* beside another one, with an exponent, or if nothing separates thousands, it is the mark */
	if (style->thousands != '\0' || number->has_exponent ||
	    (number->count > 1 && times(number, last) < number->count))
		return last;
	/* several times it is not the mark; nor does a group of thousands look so */
	if (number->count > 1)
		return last == ',' ? '.' : ',';
	if (number->groups[1] != 3 || number->groups[0] == 0 || number->groups[0] > 3 ||
	    number->leading_zero)
		return last;
	return '\0';
}

/* Finds out whether the last separator is the decimal mark, and checks the others. */
static PmValueFault
find_mark(const Number *number, const PmNumberStyle *style, bool *has_mark)
{
	char thousands = style->thousands;
	char last;
	char mark;

	*has_mark = false;
	if (number->count == 0)
		return PM_VALUE_GOOD;
	last = number->separators[number->count - 1];
	mark = known_mark(number, style);
	if (mark == '\0')
		return PM_VALUE_AMBIGUOUS_NUMBER;
	*has_mark = last == mark;
	if (times(number, mark) > *has_mark)
		return PM_VALUE_BAD_GROUPS;
	if (thousands == PM_NUMBER_NO_THOUSANDS && number->count > *has_mark)
		return PM_VALUE_BAD_GROUPS;
	return are_thousands(number, number->count - *has_mark, thousands)
	           ? PM_VALUE_GOOD
	           : PM_VALUE_BAD_GROUPS;
}

/*
 * Writes digits with a point after the first so many of them, or zeros where they have
 * none there; without zeros before the number.
 */
static size_t
write_number(const Number *number, int whole, int decimals, char *out)
{
	int shift = number->exponent;
	char *at = out;
	char *first; /* of the number, after the sign */
	int point;   /* digits before the point */
	int place = 0;
	bool zero = true;

	point = whole + shift;
	if (number->negative)
		*at++ = '-';
	first = at;
	if (point <= 0)
	{
		*at++ = '0';
		if (whole + decimals > point)
			*at++ = '.';
		for (int i = point; i < 0; i++)
			*at++ = '0';
	}
	for (size_t i = 0; i < number->size;)
	{
		PmText rest = {number->body.data + i, number->size - i};
		uint32_t cp;
		int digit;

		i += first_char(rest, &cp);
		digit = digit_of(cp);
		if (digit < 0)
			continue;
		if (place == point && point > 0)
			*at++ = '.';
		zero = zero && digit == 0;
		/* a zero before the number is left out, but not its only digit */
		if (digit != 0 || at > first || place >= point - 1)
			*at++ = (char) ('0' + digit);
		place++;
	}
	for (; place < point; place++)
	{
		if (!zero)
			*at++ = '0';
	}
	if (at == first)
		*at++ = '0';
	if (zero && number->negative)
	{
		memmove(out, out + 1, (size_t) (at - out - 1));
		at--;
	}
	return (size_t) (at - out);
}

/*
 * Is a text what pm_number_read() would make of it: digits without useless zeros before them,
 * a point that can only be the mark, a minus?
 */
bool
pm_number_is_plain(PmText text, const PmNumberStyle *style)
{
	const char *at = text.data;
	const char *end = at + text.size;
	const char *whole;
	const char *fraction;

	if (at < end && *at == '-')
		at++;
	whole = at;
	while (at < end && pm_is_digit(*at))
		at++;
	if (at == whole || (*whole == '0' && (at - whole > 1 || whole > text.data)))
		return false;
	if (at == end)
		return true;
	if (*at++ != '.' || style->mark == ',' || style->thousands == '.')
		return false;
	fraction = at;
	while (at < end && pm_is_digit(*at))
		at++;
	if (at < end || at == fraction)
		return false;
	return style->mark == '.' || style->thousands != '\0' || at - fraction != 3 ||
	       fraction - whole > 4 || *whole == '0';
}

/*
 * Reads a number and writes it as a decimal number, with the decimals it was written with,
 * into out, which has room for PM_NUMBER_EXTRA bytes more than the text has.
 */
PmValueFault
pm_number_read(PmText text, const PmNumberStyle *style, char *out, size_t *size)
{
	Number number;
	bool has_mark;
	int digits = 0;
	int decimals;
	PmValueFault fault = take_number(text, &number);

	if (fault == PM_VALUE_GOOD)
		fault = find_mark(&number, style, &has_mark);
	if (fault != PM_VALUE_GOOD)
		return fault;
	if (number.percent && style->percent == PM_PERCENT_REFUSED)
		return PM_VALUE_PERCENT;
	if (number.percent && style->percent == PM_PERCENT_FRACTION)
		number.exponent -= 2;
	for (int i = 0; i <= number.count; i++)
		digits += number.groups[i];
	decimals = has_mark ? number.groups[number.count] : 0;
	*size = write_number(&number, digits - decimals, decimals, out);
	return PM_VALUE_GOOD;
}
