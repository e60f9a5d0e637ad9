/*
 * pm_typed_code.c - the GTIN in a code that somebody typed or scanned
 *
 * Blanks are left out before anything is read: no value of GS1 has one, but
 * people write (01) 0950... for what they see below a symbol.
 */
#include "pm_typed_code.h"

#include <stdbool.h>
#include <string.h>

#include "pm_gs1.h"
#include "pm_gtin.h"

#define SCHEME "https://"

/* Is there such a text within another? */
static bool
has(const char *str, size_t len, const char *part)
{
	size_t size = strlen(part);

	for (size_t i = 0; i + size <= len; i++)
	{
		if (memcmp(str + i, part, size) == 0)
			return true;
	}
	return false;
}

/* Reads 8 digits, hyphens aside, as a UPC-E. */
static bool
read_upce(const char *str, size_t len, int64_t *gtin)
{
	char digits[8];
	size_t count = 0;

	for (size_t i = 0; i < len; i++)
	{
		if (str[i] == '-')
			continue;
		if (str[i] < '0' || str[i] > '9' || count == sizeof(digits))
			return false;
		digits[count++] = str[i];
	}
	return count == sizeof(digits) &&
	       pm_upce_expand(digits, count, gtin, NULL) == PM_GTIN_OK;
}

/* Does it look like an element string: brackets, FNC1, a symbology, or a GTIN's identifier? */
static bool
may_be_elements(const char *str, size_t len)
{
	return len >= 16 && (str[0] == '(' || str[0] == ']' || str[0] == PM_GS1_FNC1 ||
	                     (str[0] == '0' && str[1] >= '1' && str[1] <= '3') ||
	                     memchr(str, PM_GS1_FNC1, len) != NULL);
}

/* What a text is, and its GTIN; gtin is left as it was if it is PM_TYPED_OTHER. */
PmTypedCode
pm_typed_code(const char *str, size_t len, int64_t *gtin)
{
	char text[sizeof(SCHEME) + PM_GS1_MAX_INPUT];
	char *code = text + strlen(SCHEME);
	size_t size = 0;
	PmGs1Message message;
	PmGs1Error error;

	for (size_t i = 0; i < len; i++)
	{
		if (str[i] == ' ' || (str[i] >= '\t' && str[i] <= '\r'))
			continue;
		if (size == PM_GS1_MAX_INPUT)
			return PM_TYPED_OTHER;
		code[size++] = str[i];
	}
	if (read_upce(code, size, gtin))
		return PM_TYPED_UPCE;
	if (may_be_elements(code, size))
	{
		return pm_gs1_parse(code, size, &message, &error) == PM_GS1_OK &&
		               pm_gs1_gtin(&message, gtin)
		           ? PM_TYPED_ELEMENTS
		           : PM_TYPED_OTHER;
	}
	/* a link has a host and a path */
	if (size == 0 || code[0] == '/' || memchr(code, '/', size) == NULL)
		return PM_TYPED_OTHER;
	if (!has(code, size, "://"))
	{
		code = text;
		memcpy(code, SCHEME, strlen(SCHEME));
		size += strlen(SCHEME);
	}
	return pm_digital_link_parse(code, size, PM_DIGITAL_LINK_LEGACY, &message, NULL,
	                             &error) == PM_GS1_OK &&
	               pm_gs1_gtin(&message, gtin)
	           ? PM_TYPED_LINK
	           : PM_TYPED_OTHER;
}
