/*
 * fuzz_gs1.c - any bytes as a GS1 element string
 *
 * What is refused leaves an empty message and says where; what is accepted
 * prints as a text that parses back to the same pairs in the same order, and,
 * where a Digital Link can hold it, as a URI that holds the same pairs.
 */
#include <string.h>

#include "must_hold.h"
#include "pm_gs1.h"

static PmGs1Message message;
static PmGs1Message again;
static char text[PM_GS1_MAX_INPUT + 1];
static char text_again[PM_GS1_MAX_INPUT + 1];
static char uri[4 * PM_GS1_MAX_INPUT];

/* Has the other message this element's identifier with the same value? */
static bool
has_same(const PmGs1Message *other, const PmGs1Element *element)
{
	const PmGs1Element *found = pm_gs1_find(other, element->ai);

	return found != NULL && found->length == element->length &&
	       memcmp(other->values + found->offset, message.values + element->offset,
	              element->length) == 0;
}

/* Checks the bracketed form of message. */
static void
check_brackets(void)
{
	size_t length = pm_gs1_format(&message, text, sizeof(text));

	MUST_HOLD(length > 0 && length < sizeof(text) && strlen(text) == length);
	MUST_HOLD(pm_gs1_parse(text, length, &again, NULL) == PM_GS1_OK);
	MUST_HOLD(again.count == message.count && again.used == message.used);
	MUST_HOLD(memcmp(again.values, message.values, message.used) == 0);
	for (int i = 0; i < message.count; i++)
	{
		const PmGs1Element *a = &message.elements[i];
		const PmGs1Element *b = &again.elements[i];

		MUST_HOLD(strcmp(a->ai, b->ai) == 0 && a->title == b->title);
		MUST_HOLD(a->offset == b->offset && a->length == b->length && a->length > 0);
		MUST_HOLD(a->offset + a->length <= message.used && has_same(&message, a));
	}
	pm_gs1_format(&again, text_again, sizeof(text_again));
	MUST_HOLD(strcmp(text, text_again) == 0);
}

/* Checks the Digital Link of message, if there is one. */
static void
check_uri(void)
{
	size_t length = 0;
	bool legacy = true;

	if (pm_digital_link_format(&message, NULL, 0, uri, sizeof(uri), &length, NULL) !=
	    PM_GS1_OK)
		return;
	MUST_HOLD(length < sizeof(uri) && strlen(uri) == length);
	if (length > PM_GS1_MAX_INPUT)
		return;
	MUST_HOLD(pm_digital_link_parse(uri, length, 0, &again, &legacy, NULL) == PM_GS1_OK);
	MUST_HOLD(!legacy);
	for (int i = 0; i < message.count; i++)
		MUST_HOLD(has_same(&again, &message.elements[i]));
	MUST_HOLD(again.count <= message.count);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PmGs1Error error;
	PmGs1Status status = pm_gs1_parse((const char *) data, size, &message, &error);
	int64_t gtin = 0;

	if (status != PM_GS1_OK)
	{
		MUST_HOLD(message.count == 0 && message.used == 0);
		MUST_HOLD(error.position <= size && strlen(error.ai) <= 4);
		MUST_HOLD(error.other == NULL || strlen(error.other) > 1);
		return 0;
	}
	MUST_HOLD(message.count > 0);
	MUST_HOLD(!pm_gs1_gtin(&message, &gtin) ||
	          (gtin > 0 && gtin < INT64_C(100000000000000)));
	check_brackets();
	check_uri();
	return 0;
}
