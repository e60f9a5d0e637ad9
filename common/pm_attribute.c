/*
 * pm_attribute.c - one value against the rules of one attribute
 *
 * The rules are tried in the order of the faults, and the first one that is broken is
 * told: a text that is too long for its attribute need not be searched for a pattern.
 */
#include "pm_attribute.h"
#include "pm_char.h"
#include "pm_date.h"
#include "pm_decimal.h"

#include <string.h>

static const char *const type_names[] = {"text", "integer", "number", "boolean",
                                         "date", "url",     "choice", "choices"};

/* Reads a number without exponent, as JSON writes it; false if it is none. */
static bool
read_number(PmText text, PmDecimal *number)
{
	const char *first = text.data;
	const char *end = text.data + text.size;

	if (first < end && *first == '-')
		first++;
	return first < end && pm_is_digit(*first) && pm_is_digit(end[-1]) &&
	       memchr(first, 'e', (size_t) (end - first)) == NULL &&
	       memchr(first, 'E', (size_t) (end - first)) == NULL &&
	       pm_decimal_read(text, number) == PM_VALUE_GOOD;
}

/* Orders two sizes without sign. */
static int
compare_sizes(size_t a, size_t b)
{
	return a < b ? -1 : a > b;
}

/* Orders bytes as strings are ordered: a beginning comes first. */
static int
compare_bytes(PmText a, PmText b)
{
	size_t size = a.size < b.size ? a.size : b.size;
	int order = size == 0 ? 0 : memcmp(a.data, b.data, size);

	return order != 0 ? order : compare_sizes(a.size, b.size);
}

/* Orders two numbers; one that is none counts as zero. */
static int
compare_numbers(PmText a, PmText b)
{
	static const PmDecimal zero;
	PmDecimal x;
	PmDecimal y;

	if (!read_number(a, &x))
		x = zero;
	if (!read_number(b, &y))
		y = zero;
	return pm_decimal_compare(&x, &y);
}

/* Is it an address of the web: http or https, a host, no blank? */
static bool
is_url(PmText text)
{
	static const char *const schemes[] = {"http://", "https://"};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
	{
		size_t size = strlen(schemes[i]);

		if (text.size <= size || memcmp(text.data, schemes[i], size) != 0)
			continue;
		if (!pm_is_letter(text.data[size]) && !pm_is_digit(text.data[size]) &&
		    text.data[size] != '[')
			return false;
		return memchr(text.data, ' ', text.size) == NULL;
	}
	return false;
}

/* Is there nothing but blanks in it? */
static bool
is_blank(PmText text)
{
	for (size_t i = 0; i < text.size; i++)
	{
		if (!pm_is_space(text.data[i]))
			return false;
	}
	return true;
}

/* Is there an ASCII control character in it?  In several lines, white space is none. */
static bool
has_control(PmText text, bool lines)
{
	for (size_t i = 0; i < text.size; i++)
	{
		unsigned char c = (unsigned char) text.data[i];

		if ((c < ' ' || c == 0x7f) && !(lines && (c == '\t' || c == '\n' || c == '\r')))
			return true;
	}
	return false;
}

/* Checks a string that people wrote: a text or an address. */
static PmAttributeFault
check_string(const PmAttribute *attribute, const PmValue *value)
{
	if (value->kind != PM_VALUE_STRING)
		return PM_ATTRIBUTE_BAD_TYPE;
	if (value->text.size > attribute->max_length &&
	    value->characters > attribute->max_length)
		return PM_ATTRIBUTE_TOO_LONG;
	if (is_blank(value->text))
		return PM_ATTRIBUTE_BLANK;
	if (has_control(value->text, attribute->type == PM_ATTRIBUTE_TEXT))
		return PM_ATTRIBUTE_CONTROL;
	if (attribute->type == PM_ATTRIBUTE_URL && !is_url(value->text))
		return PM_ATTRIBUTE_BAD_TYPE;
	return PM_ATTRIBUTE_FITS;
}

/* Checks that a value is between the bounds, if there are any. */
static PmAttributeFault
check_bounds(const PmAttribute *attribute, PmText text)
{
	if (attribute->low.data != NULL &&
	    pm_attribute_compare(attribute->type, text, attribute->low) < 0)
		return PM_ATTRIBUTE_TOO_LOW;
	if (attribute->high.data != NULL &&
	    pm_attribute_compare(attribute->type, text, attribute->high) > 0)
		return PM_ATTRIBUTE_TOO_HIGH;
	return PM_ATTRIBUTE_FITS;
}

/* Checks a number, whole or not. */
static PmAttributeFault
check_number(const PmAttribute *attribute, const PmValue *value)
{
	PmDecimal number;
	PmAttributeFault fault;

	if (value->kind != PM_VALUE_NUMBER || !read_number(value->text, &number))
		return PM_ATTRIBUTE_BAD_TYPE;
	if (attribute->type == PM_ATTRIBUTE_INTEGER && pm_decimal_places(&number) > 0)
		return PM_ATTRIBUTE_BAD_TYPE;
	fault = check_bounds(attribute, value->text);
	if (fault == PM_ATTRIBUTE_FITS && attribute->decimals >= 0 &&
	    pm_decimal_places(&number) > attribute->decimals)
		return PM_ATTRIBUTE_TOO_FINE;
	return fault;
}

/* Checks that a value is one of the options; *option: its place among them. */
static PmAttributeFault
check_option(const PmAttribute *attribute, const PmValue *value, size_t *option)
{
	size_t low = 0;
	size_t high = attribute->option_count;

	if (value->kind != PM_VALUE_STRING)
		return PM_ATTRIBUTE_BAD_TYPE;
	while (low < high)
	{
		int order;

		*option = low + (high - low) / 2;
		order = pm_text_compare(value->text, attribute->options[*option]);
		if (order == 0)
			return PM_ATTRIBUTE_FITS;
		if (order < 0)
			high = *option;
		else
			low = *option + 1;
	}
	return PM_ATTRIBUTE_NO_OPTION;
}

/* Checks a list of options; *item: the first one that does not fit. */
static PmAttributeFault
check_options(const PmAttribute *attribute, const PmValue *value, size_t *item)
{
	if (value->kind != PM_VALUE_LIST)
		return PM_ATTRIBUTE_BAD_TYPE;
	if (value->item_count == 0)
		return PM_ATTRIBUTE_BLANK;
	for (*item = 0; *item < value->item_count; ++*item)
	{
		size_t option;
		PmAttributeFault fault = check_option(attribute, &value->items[*item], &option);
		uint8_t bit;

		if (fault != PM_ATTRIBUTE_FITS)
			return fault;
		bit = (uint8_t) (1 << option % 8);
		if (value->seen[option / 8] & bit)
			return PM_ATTRIBUTE_OPTION_TWICE;
		value->seen[option / 8] |= bit;
	}
	return PM_ATTRIBUTE_FITS;
}

/*
 * Which rule of the attribute does the value break first?  Of a list, *item is then
 * the place of the element that does, from 0; else it is 0.
 */
PmAttributeFault
pm_attribute_check(const PmAttribute *attribute, const PmValue *value, size_t *item)
{
	PmAttributeFault fault = PM_ATTRIBUTE_BAD_TYPE;
	PmDate day;
	size_t option;

	*item = 0;
	switch (attribute->type)
	{
		case PM_ATTRIBUTE_TEXT:
		case PM_ATTRIBUTE_URL:
			return check_string(attribute, value);
		case PM_ATTRIBUTE_INTEGER:
		case PM_ATTRIBUTE_NUMBER:
			return check_number(attribute, value);
		case PM_ATTRIBUTE_BOOLEAN:
			return value->kind == PM_VALUE_BOOLEAN ? PM_ATTRIBUTE_FITS
			                                       : PM_ATTRIBUTE_BAD_TYPE;
		case PM_ATTRIBUTE_DATE:
			if (value->kind != PM_VALUE_STRING ||
			    pm_date_read(value->text, &day) != PM_VALUE_GOOD)
				return PM_ATTRIBUTE_BAD_TYPE;
			return check_bounds(attribute, value->text);
		case PM_ATTRIBUTE_CHOICE:
			return check_option(attribute, value, &option);
		case PM_ATTRIBUTE_CHOICES:
			fault = check_options(attribute, value, item);
			if (fault == PM_ATTRIBUTE_FITS)
				*item = 0;
			break;
	}
	return fault;
}

/* The type of a name such as text; false if there is none of that name. */
bool
pm_attribute_type(PmText name, PmAttributeType *type)
{
	for (size_t i = 0; i < sizeof(type_names) / sizeof(type_names[0]); i++)
	{
		if (name.size == strlen(type_names[i]) &&
		    memcmp(name.data, type_names[i], name.size) == 0)
		{
			*type = (PmAttributeType) i;
			return true;
		}
	}
	return false;
}

/* Orders two values of a type: numbers by value, all others by their bytes. */
int
pm_attribute_compare(PmAttributeType type, PmText a, PmText b)
{
	return type == PM_ATTRIBUTE_INTEGER || type == PM_ATTRIBUTE_NUMBER
	           ? compare_numbers(a, b)
	           : compare_bytes(a, b);
}

/* Orders texts as keys of jsonb are ordered: by size, then by bytes. */
int
pm_text_compare(PmText a, PmText b)
{
	if (a.size != b.size)
		return compare_sizes(a.size, b.size);
	return a.size == 0 ? 0 : memcmp(a.data, b.data, a.size);
}
