/*
 * pm_gs1_message.c - checking values and building messages from them
 *
 * Both parsers come here with an identifier and a value: a value is checked
 * component by component against its format, an element is added, and at the
 * end every element is asked which companions it needs and which it cannot
 * bear.  A bit per pair of leading digits answers most of those questions
 * without looking at an element.
 */
#include <string.h>

#include "pm_gs1_private.h"

/* Starts a message; only its counters are written, it is too large to clear. */
void
pm_gs1_begin(PmGs1Builder *builder, PmGs1Message *message, PmGs1Error *error)
{
	builder->message = message;
	builder->error = error;
	builder->present[0] = builder->present[1] = 0;
	message->count = 0;
	message->used = 0;
}

/* Records what is wrong; returns status.  ai is cut to four digits. */
PmGs1Status
pm_gs1_set_error(PmGs1Error *error, PmGs1Status status, size_t position, const char *ai,
                 size_t ai_len, const char *other)
{
	if (ai_len >= sizeof(error->ai))
		ai_len = sizeof(error->ai) - 1;
	error->position = position;
	memcpy(error->ai, ai, ai_len);
	error->ai[ai_len] = '\0';
	error->other = other;
	return status;
}

/* Records why the input is refused and empties the message; returns status. */
PmGs1Status
pm_gs1_fail(PmGs1Builder *builder, PmGs1Status status, size_t position, const char *ai,
            size_t ai_len, const char *other)
{
	builder->message->count = 0;
	builder->message->used = 0;
	return pm_gs1_set_error(builder->error, status, position, ai, ai_len, other);
}

/*
 * Judges a value of any bytes and length.  Unless it is right, *bad is the
 * offset in the value of what is wrong and *other a text for PmGs1Error.
 */
PmGs1Status
pm_gs1_check_value(const PmGs1Ai *ai, const char *value, size_t len, size_t *bad,
                   const char **other)
{
	size_t at = 0;

	*bad = 0;
	*other = ai->format;
	if (len < ai->min || len > ai->max)
		return PM_GS1_BAD_LENGTH;

	for (const PmGs1Component *part = ai->components;
	     part < ai->components + ai->n_components; part++)
	{
		size_t size = len - at < part->max ? len - at : part->max;

		if (size == 0 && part->optional)
			continue;
		if (size < part->min)
		{
			*bad = at;
			return PM_GS1_BAD_LENGTH;
		}
		if (!pm_gs1_in_charset(part->charset, value + at, size, bad))
		{
			*bad += at;
			*other = pm_gs1_charset_text(part->charset);
			return PM_GS1_BAD_CHARACTER;
		}
		for (int i = 0; i < PM_GS1_MAX_RULES && part->rules[i] != PM_GS1_RULE_NONE; i++)
		{
			PmGs1Status status = pm_gs1_check_rule(part->rules[i], value + at, size);

			if (status != PM_GS1_OK)
			{
				*bad = part->rules[i] == PM_GS1_RULE_CSUM ? at + size - 1 : at;
				*other = pm_gs1_rule_text(part->rules[i]);
				return status;
			}
		}
		at += size;
	}
	return PM_GS1_OK;
}

/* The number that the first two digits of an identifier spell. */
static unsigned
prefix_number(const char *digits)
{
	return (unsigned) (digits[0] - '0') * 10 + (unsigned) (digits[1] - '0');
}

/* Does any element begin with these two digits? */
static bool
is_prefix_present(const PmGs1Builder *builder, const char *digits)
{
	unsigned prefix = prefix_number(digits);

	return builder->present[prefix / 64] >> prefix % 64 & 1;
}

/*
 * Adds an element whose value is right and stands at offset in the values; the
 * digits of the identifier stand at position in the input.  Fails if there are
 * too many elements, or if the same identifier came before with another value.
 */
PmGs1Status
pm_gs1_add(PmGs1Builder *builder, const PmGs1Ai *ai, const char *digits, size_t position,
           size_t offset, size_t len)
{
	PmGs1Message *message = builder->message;
	PmGs1Element *element = &message->elements[message->count];
	unsigned prefix = prefix_number(digits);

	if (message->count == PM_GS1_MAX_ELEMENTS)
		return pm_gs1_fail(builder, PM_GS1_TOO_LONG, position, "", 0, NULL);
	if (is_prefix_present(builder, digits))
		for (int i = 0; i < message->count; i++)
		{
			const PmGs1Element *earlier = &message->elements[i];

			if (builder->ais[i] == ai && memcmp(earlier->ai, digits, ai->digits) == 0 &&
			    (earlier->length != len || memcmp(message->values + earlier->offset,
			                                      message->values + offset, len) != 0))
				return pm_gs1_fail(builder, PM_GS1_REPEATED, position, digits, ai->digits,
				                   NULL);
		}

	memcpy(element->ai, digits, ai->digits);
	element->ai[ai->digits] = '\0';
	element->title = ai->title;
	element->offset = offset;
	element->length = len;
	builder->ais[message->count] = ai;
	builder->positions[message->count] = (uint16_t) position;
	builder->present[prefix / 64] |= UINT64_C(1) << prefix % 64;
	message->count++;
	message->used = offset + len;
	return PM_GS1_OK;
}

/*
 * The element that a pattern such as "01" or "31nn" means, an n being any digit;
 * NULL if there is none but those with the identifier self.
 */
static const PmGs1Element *
find_companion(const PmGs1Builder *builder, const char *pattern, size_t len,
               const char *self)
{
	const PmGs1Message *message = builder->message;
	size_t fixed = len;

	if (!is_prefix_present(builder, pattern))
		return NULL;
	while (pattern[fixed - 1] == 'n')
		fixed--;
	for (int i = 0; i < message->count; i++)
		if (builder->ais[i]->digits == len &&
		    memcmp(message->elements[i].ai, pattern, fixed) == 0 &&
		    strcmp(message->elements[i].ai, self) != 0)
			return &message->elements[i];
	return NULL;
}

/* Is one alternative of a list such as "01|03+21" there in full? */
static bool
are_companions_present(const PmGs1Builder *builder, const char *requires, const char *self)
{
	bool complete = true;

	for (const char *at = requires; *at != '\0'; at++)
	{
		size_t len = strcspn(at, "+|");

		complete = complete && find_companion(builder, at, len, self) != NULL;
		at += len;
		if (*at == '+')
			continue;
		if (complete || *at == '\0')
			return complete;
		complete = true;
	}
	return complete;
}

/*
 * A digital signature (8030) signs one object, so documents, coupons and assets
 * beside it need their serial number, which is optional otherwise.
 */
static bool
lacks_serial(const PmGs1Builder *builder, int i)
{
	static const char *const serialised[] = {"253", "255", "8003"};
	const PmGs1Element *element = &builder->message->elements[i];

	if (element->length > builder->ais[i]->min)
		return false;
	for (size_t j = 0; j < sizeof(serialised) / sizeof(serialised[0]); j++)
		if (strcmp(element->ai, serialised[j]) == 0)
			return find_companion(builder, "8030", 4, "") != NULL;
	return false;
}

/*
 * Judges the complete message: it must not be longer in brackets than what can
 * be read back (escapes may double a value), and every element is asked for what
 * it excludes and needs.
 */
PmGs1Status
pm_gs1_finish(PmGs1Builder *builder)
{
	const PmGs1Message *message = builder->message;

	if (2 * message->used + 6 * (size_t) message->count > PM_GS1_MAX_INPUT &&
	    pm_gs1_format(message, NULL, 0) > PM_GS1_MAX_INPUT)
		return pm_gs1_fail(builder, PM_GS1_TOO_LONG, builder->positions[message->count - 1],
		                   "", 0, NULL);

	for (int i = 0; i < message->count; i++)
	{
		const PmGs1Ai *ai = builder->ais[i];
		const char *self = message->elements[i].ai;
		size_t position = builder->positions[i];

		for (const char *excluded = ai->excludes; *excluded != '\0';
		     excluded += strlen(excluded) + 1)
			if (find_companion(builder, excluded, strlen(excluded), self) != NULL)
				return pm_gs1_fail(builder, PM_GS1_EXCLUDED, position, self, ai->digits,
				                   excluded);
		if (!are_companions_present(builder, ai->requires, self))
			return pm_gs1_fail(builder, PM_GS1_REQUIRED, position, self, ai->digits,
			                   ai->requires_text);
		if (lacks_serial(builder, i))
			return pm_gs1_fail(builder, PM_GS1_REQUIRED, position, self, ai->digits,
			                   "a serial number within, because of (8030)");
	}
	return PM_GS1_OK;
}
