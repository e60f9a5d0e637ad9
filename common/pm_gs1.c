/*
 * pm_gs1.c - GS1 element strings: from text to pairs and back
 *
 * Two written forms.  Bracketed, as printed below a symbol: (01)...(10)...,
 * where "\(" stands for a "(" within a value; nothing else is escaped, because
 * no value may hold a backslash, so "\\" is refused like any other foreign
 * character.  And as a scanner sends it: identifiers without brackets, FNC1 (as
 * GS, 0x1D) after each value whose length is not fixed; FNC1 is also tolerated
 * before the first element, after a value of fixed length and at the very end,
 * but never twice in a row.  A scanner's symbology identifier (]C1 ]d2 ]Q3 ]e0
 * ]J1, ISO/IEC 15424) may lead the latter; ]E0 and ]E4 announce a plain EAN-13 or
 * EAN-8, which becomes (01).
 *
 * No white space is skipped, and the input may hold any bytes.
 */
#include <string.h>

#include "pm_gs1_private.h"

#define GTIN_DIGITS 14

/* Appends bytes to the values; the input limit guarantees that they fit. */
static void
append(PmGs1Message *message, size_t *end, const char *bytes, size_t len)
{
	memcpy(message->values + *end, bytes, len);
	*end += len;
}

/* How many digits there are at str, four at most. */
static size_t
leading_digits(const char *str, size_t len)
{
	size_t n = 0;

	while (n < len && n < 4 && str[n] >= '0' && str[n] <= '9')
		n++;
	return n;
}

/* Checks the value at offset of the values and adds it; position is the identifier's. */
static PmGs1Status
add_checked(PmGs1Builder *builder, const PmGs1Ai *ai, const char *digits, size_t position,
            size_t offset, size_t len, size_t *bad)
{
	const char *other;
	PmGs1Status status =
	    pm_gs1_check_value(ai, builder->message->values + offset, len, bad, &other);

	if (status != PM_GS1_OK)
		return pm_gs1_fail(builder, status, position, digits, ai->digits, other);
	return pm_gs1_add(builder, ai, digits, position, offset, len);
}

/*
 * Where in the input the byte at offset bad of a bracketed value stands: each
 * "(" before it was written with a backslash.
 */
static size_t
escaped_position(const char *value, size_t bad, size_t start)
{
	size_t position = start + bad;

	for (size_t i = 0; i < bad; i++)
		position += value[i] == '(';
	return position;
}

/* Copies a bracketed value, without its escapes, to the end of the values. */
static const char *
copy_escaped(PmGs1Message *message, const char *at, const char *end, size_t *used)
{
	for (;;)
	{
		const char *bracket = memchr(at, '(', (size_t) (end - at));

		if (bracket == NULL)
		{
			append(message, used, at, (size_t) (end - at));
			return end;
		}
		if (bracket == at || bracket[-1] != '\\')
		{
			append(message, used, at, (size_t) (bracket - at));
			return bracket;
		}
		append(message, used, at, (size_t) (bracket - at) - 1);
		append(message, used, "(", 1);
		at = bracket + 1;
	}
}

/* Parses (01)...(10)...; str begins with "(". */
static PmGs1Status
parse_bracketed(PmGs1Builder *builder, const char *str, size_t len)
{
	PmGs1Message *message = builder->message;
	const char *at = str;
	const char *end = str + len;

	while (at < end)
	{
		const char *digits = at + 1;
		size_t n = leading_digits(digits, (size_t) (end - digits));
		size_t offset = message->used;
		size_t used = offset;
		size_t start = (size_t) (digits - str) + n + 1;
		size_t bad = 0;
		const PmGs1Ai *ai;
		PmGs1Status status;

		if (n == 0 || digits + n == end || digits[n] != ')')
			return pm_gs1_fail(builder, PM_GS1_SYNTAX, start - 1, "", 0,
			                   "an identifier of 2 to 4 digits in brackets");
		ai = pm_gs1_ai_lookup(digits, n);
		if (ai == NULL)
			return pm_gs1_fail(builder, PM_GS1_UNKNOWN_AI, (size_t) (digits - str), digits,
			                   n, NULL);
		at = copy_escaped(message, str + start, end, &used);
		status = add_checked(builder, ai, digits, (size_t) (digits - str), offset,
		                     used - offset, &bad);
		if (status == PM_GS1_REPEATED || status == PM_GS1_TOO_LONG)
			return status;
		if (status != PM_GS1_OK)
		{
			builder->error->position =
			    escaped_position(message->values + offset, bad, start);
			return status;
		}
	}
	return PM_GS1_OK;
}

/* Parses elements between FNC1s; base is where str stands in the whole input. */
static PmGs1Status
parse_separated(PmGs1Builder *builder, const char *str, size_t len, size_t base)
{
	PmGs1Message *message = builder->message;
	const char *at = str;
	const char *end = str + len;

	if (at < end && *at == PM_GS1_FNC1)
		at++;
	while (at < end)
	{
		size_t position = base + (size_t) (at - str);
		size_t n = leading_digits(at, (size_t) (end - at));
		size_t wanted = n >= 2 ? (size_t) pm_gs1_ai_digits(at) : 2;
		size_t rest;
		size_t bad = 0;
		size_t offset = message->used;
		const char *digits = at;
		const char *separator;
		const PmGs1Ai *ai;
		PmGs1Status status;

		if (n == 0)
			return pm_gs1_fail(builder, PM_GS1_SYNTAX, position, "", 0,
			                   "an identifier of 2 to 4 digits");
		if (wanted == 0)
			wanted = 2;
		ai = n >= wanted ? pm_gs1_ai_lookup(digits, wanted) : NULL;
		if (ai == NULL)
			return pm_gs1_fail(builder, PM_GS1_UNKNOWN_AI, position, digits,
			                   n < wanted ? n : wanted, NULL);

		at += wanted;
		rest = (size_t) (end - at);
		if (!ai->fnc1 && rest > ai->max)
			rest = ai->max;
		separator = memchr(at, PM_GS1_FNC1, rest);
		if (separator != NULL)
			rest = (size_t) (separator - at);
		memcpy(message->values + offset, at, rest);
		status = add_checked(builder, ai, digits, position, offset, rest, &bad);
		if (status == PM_GS1_REPEATED || status == PM_GS1_TOO_LONG)
			return status;
		if (status != PM_GS1_OK)
		{
			builder->error->position = base + (size_t) (at - str) + bad;
			return status;
		}
		at += rest;
		if (at < end && *at == PM_GS1_FNC1)
			at++;
	}
	return PM_GS1_OK;
}

/* Parses the digits of a plain EAN-13 or EAN-8 after its symbology identifier. */
static PmGs1Status
parse_plain(PmGs1Builder *builder, const char *str, size_t len, size_t expected,
            size_t base)
{
	PmGs1Message *message = builder->message;
	const PmGs1Ai *ai = pm_gs1_ai_lookup("01", 2);
	size_t zeros = GTIN_DIGITS - expected;
	size_t bad = 0;
	PmGs1Status status;

	if (len != expected)
		return pm_gs1_fail(builder, PM_GS1_BAD_LENGTH, base, "01", 2,
		                   expected == 13 ? "N13" : "N8");
	memset(message->values, '0', zeros);
	memcpy(message->values + zeros, str, len);
	status = add_checked(builder, ai, "01", base, 0, GTIN_DIGITS, &bad);
	if (status != PM_GS1_OK)
		builder->error->position = base + (bad > zeros ? bad - zeros : 0);
	return status;
}

/* Parses what a scanner sent with its symbology identifier; str begins with "]". */
static PmGs1Status
parse_scanned(PmGs1Builder *builder, const char *str, size_t len)
{
	static const char *const carriers[] = {"]C1", "]d2", "]Q3", "]e0", "]J1"};

	if (len >= 3 && memcmp(str, "]E0", 3) == 0)
		return parse_plain(builder, str + 3, len - 3, 13, 3);
	if (len >= 3 && memcmp(str, "]E4", 3) == 0)
		return parse_plain(builder, str + 3, len - 3, 8, 3);
	for (size_t i = 0; i < sizeof(carriers) / sizeof(carriers[0]); i++)
		if (len >= 3 && memcmp(str, carriers[i], 3) == 0)
			return parse_separated(builder, str + 3, len - 3, 3);
	return pm_gs1_fail(builder, PM_GS1_SYNTAX, 0, "", 0,
	                   "one of the symbology identifiers ]C1 ]d2 ]Q3 ]e0 ]J1 ]E0 ]E4");
}

/*
 * Parses an element string in any of its forms.  Text that begins with neither
 * "(" nor "]" is taken for the FNC1 form, so that any row of digits may turn out
 * to be one: callers that guess must look for a symbology identifier or GS
 * first.  Unless the result is PM_GS1_OK the message is empty; error may be NULL.
 */
PmGs1Status
pm_gs1_parse(const char *str, size_t len, PmGs1Message *message, PmGs1Error *error)
{
	PmGs1Error ignored;
	PmGs1Builder builder;
	PmGs1Status status;

	pm_gs1_begin(&builder, message, error != NULL ? error : &ignored);
	if (len > PM_GS1_MAX_INPUT)
		return pm_gs1_fail(&builder, PM_GS1_TOO_LONG, PM_GS1_MAX_INPUT, "", 0, NULL);
	if (len == 0)
		return pm_gs1_fail(&builder, PM_GS1_EMPTY, 0, "", 0, NULL);
	if (*str == '(')
		status = parse_bracketed(&builder, str, len);
	else if (*str == ']')
		status = parse_scanned(&builder, str, len);
	else
		status = parse_separated(&builder, str, len, 0);
	if (status != PM_GS1_OK)
		return status;
	if (message->count == 0)
		return pm_gs1_fail(&builder, PM_GS1_EMPTY, len, "", 0, NULL);
	return pm_gs1_finish(&builder);
}

/*
 * Writes the message in brackets, terminated, if it fits into size bytes; else
 * an empty string if size is not 0.  Returns the length of the whole, without
 * the terminator, so that a caller can ask with size 0.  The result parses back
 * to the same message.
 */
size_t
pm_gs1_format(const PmGs1Message *message, char *out, size_t size)
{
	size_t length = 0;
	char *to = out;

	for (int i = 0; i < message->count; i++)
	{
		const PmGs1Element *element = &message->elements[i];
		const char *value = message->values + element->offset;

		length += strlen(element->ai) + 2 + element->length;
		for (size_t j = 0; j < element->length; j++)
			length += value[j] == '(';
	}
	if (length >= size)
	{
		if (size > 0)
			*out = '\0';
		return length;
	}

	for (int i = 0; i < message->count; i++)
	{
		const PmGs1Element *element = &message->elements[i];
		const char *value = message->values + element->offset;
		size_t digits = strlen(element->ai);

		*to++ = '(';
		memcpy(to, element->ai, digits);
		to += digits;
		*to++ = ')';
		for (size_t j = 0; j < element->length; j++)
		{
			if (value[j] == '(')
				*to++ = '\\';
			*to++ = value[j];
		}
	}
	*to = '\0';
	return length;
}

/* The first element with this identifier; NULL if there is none. */
const PmGs1Element *
pm_gs1_find(const PmGs1Message *message, const char *ai)
{
	for (int i = 0; i < message->count; i++)
		if (strcmp(message->elements[i].ai, ai) == 0)
			return &message->elements[i];
	return NULL;
}

/*
 * The trade item that a parsed message names: (01), else the contained (02), the
 * made-to-order (03), or that of which this is a piece (8006, 8026).  Returns
 * false and leaves *gtin alone if there is none, or only zeros.
 */
bool
pm_gs1_gtin(const PmGs1Message *message, int64_t *gtin)
{
	static const char *const carriers[] = {"01", "02", "03", "8006", "8026"};

	for (size_t i = 0; i < sizeof(carriers) / sizeof(carriers[0]); i++)
	{
		const PmGs1Element *element = pm_gs1_find(message, carriers[i]);
		int64_t number = 0;

		if (element == NULL)
			continue;
		for (int j = 0; j < GTIN_DIGITS; j++)
			number = number * 10 + (message->values[element->offset + (size_t) j] - '0');
		if (number == 0)
			return false;
		*gtin = number;
		return true;
	}
	return false;
}
