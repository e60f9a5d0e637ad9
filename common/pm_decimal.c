/*
 * pm_decimal.c - decimal text to integers and to the binary form of numeric
 *
 * Almost every number of a file is short: at most 16 digits fit an integer, which is cut
 * into the base of numeric by division.  The others are taken digit by digit.
 */
#include <string.h>

#include "pm_char.h"
#include "pm_decimal.h"

#define SHORT_DIGITS 16    /* times 1000 it still fits 64 bits */
#define BASE_DIGITS  4     /* of a digit of numeric */
#define EXPONENT_MAX 99999 /* a larger one is this, too large for any type */

static const uint64_t powers[] = {
    UINT64_C(1),
    UINT64_C(10),
    UINT64_C(100),
    UINT64_C(1000),
    UINT64_C(10000),
    UINT64_C(100000),
    UINT64_C(1000000),
    UINT64_C(10000000),
    UINT64_C(100000000),
    UINT64_C(1000000000),
    UINT64_C(10000000000),
    UINT64_C(100000000000),
    UINT64_C(1000000000000),
    UINT64_C(10000000000000),
    UINT64_C(100000000000000),
    UINT64_C(1000000000000000),
    UINT64_C(10000000000000000),
};

/* Reads an exponent up to the end; false if it is none. */
static bool
read_exponent(const char *at, const char *end, int *exponent)
{
	bool negative = at < end && *at == '-';
	int number = 0;

	if (at < end && (*at == '-' || *at == '+'))
		at++;
	if (at == end)
		return false;
	for (; at < end; at++)
	{
		if (!pm_is_digit(*at))
			return false;
		if (number <= EXPONENT_MAX)
			number = number * 10 + (*at - '0');
	}
	if (number > EXPONENT_MAX)
		number = EXPONENT_MAX;
	*exponent = negative ? -number : number;
	return true;
}

/* Takes the zeros at both ends off the digits, and moves the point accordingly. */
static void
strip_zeros(PmDecimal *decimal)
{
	while (decimal->head.size > 0 && *decimal->head.data == '0')
	{
		decimal->head.data++;
		decimal->head.size--;
		decimal->point--;
	}
	if (decimal->head.size == 0)
	{
		while (decimal->tail.size > 0 && *decimal->tail.data == '0')
		{
			decimal->tail.data++;
			decimal->tail.size--;
			decimal->point--;
		}
	}
	while (decimal->tail.size > 0 && decimal->tail.data[decimal->tail.size - 1] == '0')
		decimal->tail.size--;
	if (decimal->tail.size == 0)
	{
		while (decimal->head.size > 0 && decimal->head.data[decimal->head.size - 1] == '0')
			decimal->head.size--;
	}
	if (decimal->head.size == 0 && decimal->tail.size == 0)
	{
		decimal->point = 0;
		decimal->negative = false;
	}
}

/* Takes a number apart.  Its digits are those of the text, whatever their count. */
PmValueFault
pm_decimal_read(PmText text, PmDecimal *decimal)
{
	const char *at = text.data;
	const char *end = at + text.size;
	int exponent = 0;
	int written;

	if (text.size > INT32_MAX / 2)
		return PM_VALUE_TOO_LONG;
	decimal->negative = at < end && *at == '-';
	if (at < end && (*at == '-' || *at == '+'))
		at++;
	decimal->head.data = at;
	while (at < end && pm_is_digit(*at))
		at++;
	decimal->head.size = (size_t) (at - decimal->head.data);
	if (at < end && *at == '.')
		at++;
	decimal->tail.data = at;
	while (at < end && pm_is_digit(*at))
		at++;
	decimal->tail.size = (size_t) (at - decimal->tail.data);
	if (decimal->head.size == 0 && decimal->tail.size == 0)
		return PM_VALUE_NOT_A_NUMBER;
	if (at < end && !((*at == 'e' || *at == 'E') && read_exponent(at + 1, end, &exponent)))
		return PM_VALUE_NOT_A_NUMBER;
	written = (int) decimal->tail.size - exponent;
	decimal->scale = written > 0 ? written : 0;
	decimal->point = (int) decimal->head.size + exponent;
	strip_zeros(decimal);
	return PM_VALUE_GOOD;
}

/* How many digits a number has. */
static inline size_t
count_digits(const PmDecimal *decimal)
{
	return decimal->head.size + decimal->tail.size;
}

/* How many decimals a number has, but for zeros at its end. */
int
pm_decimal_places(const PmDecimal *decimal)
{
	int places = (int) count_digits(decimal) - decimal->point;

	return places > 0 ? places : 0;
}

/* The digit at a place, '0' after the last one. */
static inline char
digit_at(const PmDecimal *decimal, size_t i)
{
	if (i < decimal->head.size)
		return decimal->head.data[i];
	i -= decimal->head.size;
	return i < decimal->tail.size ? decimal->tail.data[i] : '0';
}

/* Orders two numbers: negative, 0 or positive as a is lower than, is or is higher than b. */
int
pm_decimal_compare(const PmDecimal *a, const PmDecimal *b)
{
	size_t a_count = count_digits(a);
	size_t b_count = count_digits(b);
	int order = 0;

	if (a->negative != b->negative)
		return a->negative ? -1 : 1;
	if (a_count == 0 || b_count == 0)
		order = (a_count > 0) - (b_count > 0);
	else if (a->point != b->point)
		order = a->point < b->point ? -1 : 1;
	else
	{
		for (size_t i = 0; order == 0 && (i < a_count || i < b_count); i++)
			order = digit_at(a, i) - digit_at(b, i);
	}
	return a->negative ? -order : order;
}

/* A number of few digits: an integer, and how many of its digits are decimals. */
typedef struct Short
{
	uint64_t value;
	int scale;
	bool negative;
} Short;

/* Reads one; false if it is none, or none of the plainest form. */
static inline bool
read_short(PmText text, Short *number)
{
	const char *at = text.data;
	const char *end = at + text.size;
	const char *point = NULL;
	uint64_t value = 0;

	number->negative = text.size > 0 && *at == '-';
	if (number->negative)
		at++;
	if (at == end || end - at > SHORT_DIGITS + 1 || !pm_is_digit(*at))
		return false;
	for (; at < end; at++)
	{
		unsigned digit = (unsigned) (*at - '0');

		if (digit <= 9)
			value = value * 10 + digit;
		else if (*at == '.' && point == NULL)
			point = at;
		else
			return false;
	}
	if (value >= powers[SHORT_DIGITS])
		return false;
	number->value = value;
	number->scale = point == NULL ? 0 : (int) (end - point - 1);
	return true;
}

/*
 * Reads a whole number, of which decimals may be written if they are zeros, and which is
 * between low and high.
 */
PmValueFault
pm_decimal_integer(PmText text, int64_t low, int64_t high, int64_t *number)
{
	Short brief;
	PmDecimal decimal;
	PmValueFault fault;
	uint64_t size = 0; /* without sign */

	if (read_short(text, &brief) && brief.scale == 0)
		size = brief.value;
	else
	{
		fault = pm_decimal_read(text, &decimal);
		if (fault != PM_VALUE_GOOD)
			return fault;
		if (pm_decimal_places(&decimal) > 0)
			return PM_VALUE_NOT_AN_INTEGER;
		brief.negative = decimal.negative;
		/* 19 digits fit 64 bits; INT64_MAX has as many */
		if (decimal.point > 19)
			return decimal.negative ? PM_VALUE_TOO_LOW : PM_VALUE_TOO_HIGH;
		for (int i = 0; i < decimal.point; i++)
			size = size * 10 + (uint64_t) (digit_at(&decimal, (size_t) i) - '0');
	}
	if (brief.negative)
	{
		if (size > (uint64_t) INT64_MAX + 1)
			return PM_VALUE_TOO_LOW;
		*number = size == 0 ? 0 : -(int64_t) (size - 1) - 1;
	}
	else
	{
		if (size > INT64_MAX)
			return PM_VALUE_TOO_HIGH;
		*number = (int64_t) size;
	}
	if (*number < low)
		return PM_VALUE_TOO_LOW;
	return *number > high ? PM_VALUE_TOO_HIGH : PM_VALUE_GOOD;
}

/* Two bytes in network order. */
static inline char *
put_int16(char *out, int number)
{
	out[0] = (char) (number >> 8);
	out[1] = (char) number;
	return out + 2;
}

/* What stands before the digits of numeric. */
static inline char *
put_header(char *out, int count, int weight, bool negative, int scale)
{
	out = put_int16(out, count);
	out = put_int16(out, weight);
	out = put_int16(out, negative ? 0x4000 : 0);
	return put_int16(out, scale);
}

/* Makes a short number fit the type. */
static inline PmValueFault
fit_short(Short *number, const PmDecimalType *type)
{
	int excess = number->scale - type->scale;
	int whole = type->precision - type->scale; /* digits before the point */

	if (excess > 0)
	{
		uint64_t unit = powers[excess];
		uint64_t rest = number->value % unit;

		if (rest != 0 && !type->round)
			return PM_VALUE_TOO_PRECISE;
		number->value = number->value / unit + (rest * 2 >= unit && rest != 0);
		number->scale = type->scale;
	}
	whole += number->scale;
	if (number->value == 0 || whole > SHORT_DIGITS)
		return PM_VALUE_GOOD;
	return whole < 0 || number->value >= powers[whole] ? PM_VALUE_TOO_LARGE : PM_VALUE_GOOD;
}

/* The binary form of a short number. */
static inline size_t
write_short(const Short *number, int scale, char *out)
{
	int gap = -number->scale & (BASE_DIGITS - 1);
	uint64_t value = number->value * powers[gap];
	int fraction =
	    (number->scale + gap) / BASE_DIGITS; /* digits of numeric after the point */
	int digits[6];                           /* from the last one that is not zero */
	int count = 0;
	int zeros = 0; /* after that */
	char *at;

	for (; value != 0; value /= 10000)
	{
		int digit = (int) (value % 10000);

		if (digit != 0 || count > 0)
			digits[count++] = digit;
		else
			zeros++;
	}
	if (count == 0)
		return (size_t) (put_header(out, 0, 0, false, scale) - out);
	at = put_header(out, count, count + zeros - fraction - 1, number->negative, scale);
	for (int i = count - 1; i >= 0; i--)
		at = put_int16(at, digits[i]);
	return (size_t) (at - out);
}

/* Digits of a number that is being made to fit: 0.DIGITS times ten to the power of point. */
typedef struct Digits
{
	char digit[PM_DECIMAL_DIGITS + 1];
	int count;
	int point;
} Digits;

/* Keeps so many digits and rounds half away from zero. */
static void
round_digits(const PmDecimal *decimal, int keep, Digits *digits)
{
	bool up = keep >= 0 && digit_at(decimal, (size_t) keep) >= '5';

	digits->count = keep > 0 ? keep : 0;
	digits->point = decimal->point;
	for (int i = 0; i < digits->count; i++)
		digits->digit[i] = digit_at(decimal, (size_t) i);
	if (!up)
		return;
	for (int i = digits->count - 1; i >= 0; i--)
	{
		if (digits->digit[i] < '9')
		{
			digits->digit[i]++;
			return;
		}
		digits->digit[i] = '0';
	}
	/* nothing but nines, or nothing at all: 1 and that many zeros */
	digits->digit[0] = '1';
	digits->count = 1;
	digits->point++;
}

/* The binary form of digits. */
static size_t
write_digits(Digits *digits, bool negative, int scale, char *out)
{
	int count;
	int weight;
	int lead;
	char *at;

	while (digits->count > 0 && digits->digit[digits->count - 1] == '0')
		digits->count--;
	if (digits->count == 0)
		return (size_t) (put_header(out, 0, 0, false, scale) - out);
	/* the first digit of numeric holds lead of ours, 1 to 4 */
	weight = digits->point > 0 ? (digits->point - 1) / BASE_DIGITS
	                           : -((BASE_DIGITS - digits->point) / BASE_DIGITS);
	lead = digits->point - weight * BASE_DIGITS;
	count = digits->count <= lead ? 1 : 1 + (digits->count - lead + 3) / BASE_DIGITS;
	at = put_header(out, count, weight, negative, scale);
	for (int i = 0, next = 0; i < count; i++)
	{
		int number = 0;

		for (int j = i == 0 ? BASE_DIGITS - lead : 0; j < BASE_DIGITS; j++, next++)
			number = number * 10 + (next < digits->count ? digits->digit[next] - '0' : 0);
		at = put_int16(at, number);
	}
	return (size_t) (at - out);
}

/* A number of any length. */
static PmValueFault
write_long(PmText text, const PmDecimalType *type, char *out, size_t *size)
{
	PmDecimal decimal;
	Digits digits;
	PmValueFault fault = pm_decimal_read(text, &decimal);
	int whole = type->precision > 0 ? type->precision - type->scale : PM_DECIMAL_DIGITS;
	int scale;
	int count;

	if (fault != PM_VALUE_GOOD)
		return fault;
	scale = type->precision > 0 ? type->scale : decimal.scale;
	if (decimal.point > whole && count_digits(&decimal) > 0)
		return PM_VALUE_TOO_LARGE;
	if (scale > PM_DECIMAL_DIGITS)
		return PM_VALUE_TOO_PRECISE;
	count = count_digits(&decimal) > 0 ? decimal.point + scale : 0;
	if (type->precision == 0 && count > PM_DECIMAL_DIGITS)
		return PM_VALUE_TOO_LARGE;
	if ((int) count_digits(&decimal) <= count)
		count = (int) count_digits(&decimal);
	else if (!type->round && count_digits(&decimal) > 0)
		return PM_VALUE_TOO_PRECISE;
	round_digits(&decimal, count, &digits);
	if (digits.count > 0 && digits.point > whole)
		return PM_VALUE_TOO_LARGE;
	*size = write_digits(&digits, decimal.negative, scale, out);
	return PM_VALUE_GOOD;
}

/*
 * Writes the binary form of a number: count of digits, weight, sign and scale, then digits
 * to the base of 10000, two bytes each in network order.  It is what PostgreSQL makes of the text.
 */
PmValueFault
pm_decimal_numeric(PmText text, const PmDecimalType *type, char out[PM_NUMERIC_MAX],
                   size_t *size)
{
	Short number;

	if (!read_short(text, &number))
		return write_long(text, type, out, size);
	if (type->precision > 0)
	{
		PmValueFault fault = fit_short(&number, type);

		if (fault != PM_VALUE_GOOD)
			return fault;
	}
	*size = write_short(&number, type->precision > 0 ? type->scale : number.scale, out);
	return PM_VALUE_GOOD;
}
