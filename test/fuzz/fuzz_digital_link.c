/*
 * fuzz_digital_link.c - any bytes as a GS1 Digital Link URI
 *
 * What is refused leaves an empty message and says where; what is accepted
 * prints as a canonical URI that holds the same pairs and prints as itself, and
 * as an element string that parses.  Allowing old forms changes nothing for a
 * URI without them.
 */
#include <string.h>

#include "must_hold.h"
#include "pm_gs1.h"

static PmGs1Message message;
static PmGs1Message again;
static char text[PM_GS1_MAX_INPUT + 1];
static char uri[4 * PM_GS1_MAX_INPUT];
static char uri_again[4 * PM_GS1_MAX_INPUT];

/* Do both messages hold the same pairs, in any order? */
static bool
are_same_pairs(void)
{
	if (message.count != again.count)
		return false;
	for (int i = 0; i < message.count; i++)
	{
		const PmGs1Element *a = &message.elements[i];
		const PmGs1Element *b = pm_gs1_find(&again, a->ai);

		if (b == NULL || a->length != b->length ||
		    memcmp(message.values + a->offset, again.values + b->offset, a->length) != 0)
			return false;
	}
	return true;
}

/* Checks what message can be written as. */
static void
check_forms(void)
{
	size_t length = pm_gs1_format(&message, text, sizeof(text));

	MUST_HOLD(length < sizeof(text));
	MUST_HOLD(pm_gs1_parse(text, length, &again, NULL) == PM_GS1_OK && are_same_pairs());

	MUST_HOLD(pm_digital_link_format(&message, NULL, 0, uri, sizeof(uri), &length, NULL) ==
	          PM_GS1_OK);
	MUST_HOLD(length < sizeof(uri) && strlen(uri) == length);
	if (length > PM_GS1_MAX_INPUT)
		return;
	MUST_HOLD(pm_digital_link_parse(uri, length, 0, &again, NULL, NULL) == PM_GS1_OK);
	MUST_HOLD(are_same_pairs());
	MUST_HOLD(pm_digital_link_format(&again, NULL, 0, uri_again, sizeof(uri_again), &length,
	                                 NULL) == PM_GS1_OK);
	MUST_HOLD(strcmp(uri, uri_again) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *str = (const char *) data;
	PmGs1Error error;
	bool legacy;
	PmGs1Status strict = pm_digital_link_parse(str, size, 0, &message, &legacy, &error);
	bool strict_legacy = legacy;
	PmGs1Status lenient;

	if (strict == PM_GS1_OK)
	{
		MUST_HOLD(!legacy && message.count > 0);
		check_forms();
	}
	lenient =
	    pm_digital_link_parse(str, size, PM_DIGITAL_LINK_LEGACY, &message, &legacy, &error);
	MUST_HOLD(strict != PM_GS1_OK || (lenient == PM_GS1_OK && !legacy));
	MUST_HOLD(strict_legacy ? legacy : lenient == strict || legacy);
	if (lenient == PM_GS1_OK)
	{
		MUST_HOLD(legacy == (strict != PM_GS1_OK));
		check_forms();
		return 0;
	}
	MUST_HOLD(message.count == 0 && message.used == 0);
	MUST_HOLD(error.position <= size && strlen(error.ai) <= 4);

	/* The same bytes as a stem. */
	if (pm_gs1_parse("(01)09521234543213(10)A", 23, &message, NULL) == PM_GS1_OK)
	{
		size_t length = 0;

		if (pm_digital_link_format(&message, str, size, uri, sizeof(uri), &length, NULL) ==
		        PM_GS1_OK &&
		    length <= PM_GS1_MAX_INPUT)
		{
			MUST_HOLD(pm_digital_link_parse(uri, length, 0, &again, NULL, NULL) ==
			          PM_GS1_OK);
			MUST_HOLD(are_same_pairs());
		}
	}
	return 0;
}
