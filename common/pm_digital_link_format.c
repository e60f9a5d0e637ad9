/*
 * pm_digital_link_format.c - GS1 Digital Link URIs: from pairs to URI
 *
 * The canonical form: the primary key and every qualifier that one of the key's
 * sequences allows in the path, all else in the query, values of fixed length
 * before the others, in the order of the message otherwise; percent-encoding of
 * everything but RFC 3986's unreserved characters.  Of several keys the first
 * is taken under which every element has a place.
 */
#include <string.h>

#include "pm_gs1_private.h"

static const char canonical_stem[] = "https://id.gs1.org";

/*
 * The place of an identifier in the first alternative of a list such as
 * "22 10 21|235", or -1.
 */
int
pm_digital_link_place_in(const char *alternative, const char *digits, size_t len)
{
	int place = 0;

	for (const char *at = alternative; *at != '\0' && *at != '|'; place++)
	{
		size_t size = strcspn(at, " |");

		if (size == len && memcmp(at, digits, len) == 0)
			return place;
		at += size;
		at += *at == ' ';
	}
	return -1;
}

/* The alternative after this one; NULL if it is the last. */
const char *
pm_digital_link_next_choice(const char *alternative)
{
	const char *bar = strchr(alternative, '|');

	return bar != NULL ? bar + 1 : NULL;
}

/* Text that grows as long as there is room, and is counted beyond. */
typedef struct Output
{
	char *text;
	size_t size;
	size_t length;
} Output;

/* Appends one character. */
static void
put_char(Output *out, char c)
{
	if (out->length < out->size)
		out->text[out->length] = c;
	out->length++;
}

/* Appends len bytes. */
static void
put_text(Output *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		put_char(out, text[i]);
}

/* RFC 3986: characters that stand for themselves anywhere in a URI. */
static bool
is_unreserved(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

/* Writes one pair: separator, identifier, joint, percent-encoded value. */
static void
put_pair(Output *out, const PmGs1Message *message, int i, char separator, char joint)
{
	static const char hex[] = "0123456789ABCDEF";
	const PmGs1Element *element = &message->elements[i];
	const char *value = message->values + element->offset;

	put_char(out, separator);
	put_text(out, element->ai, strlen(element->ai));
	put_char(out, joint);
	for (size_t j = 0; j < element->length; j++)
	{
		unsigned char c = (unsigned char) value[j];

		if (is_unreserved(value[j]))
		{
			put_char(out, value[j]);
			continue;
		}
		put_char(out, '%');
		put_char(out, hex[c >> 4]);
		put_char(out, hex[c & 15]);
	}
}

/* How a message is laid out as a URI: its key and the qualifiers that it uses. */
typedef struct Layout
{
	const PmGs1Ai *ais[PM_GS1_MAX_ELEMENTS];
	int key;                 /* element */
	const char *alternative; /* of the key's qualifiers */
} Layout;

/* Is element i a repetition of an earlier one? */
static bool
is_repeated(const PmGs1Message *message, int i)
{
	return pm_gs1_find(message, message->elements[i].ai) != &message->elements[i];
}

/* Is element i a qualifier in this layout? */
static bool
is_qualifier(const PmGs1Message *message, const Layout *layout, int i)
{
	const char *digits = message->elements[i].ai;

	return pm_digital_link_place_in(layout->alternative, digits, strlen(digits)) >= 0;
}

/*
 * How many qualifiers this layout has, or -1 if an element has no place in it;
 * *homeless is then that element.
 */
static int
count_qualifiers(const PmGs1Message *message, const Layout *layout, int *homeless)
{
	int count = 0;

	for (int i = 0; i < message->count; i++)
	{
		if (i == layout->key || is_repeated(message, i))
			continue;
		if (is_qualifier(message, layout, i))
			count++;
		else if (!layout->ais[i]->dl_attribute)
		{
			*homeless = i;
			return -1;
		}
	}
	return count;
}

/*
 * Finds the layout: the first key of the message under which every element has a
 * place, and the alternative that takes most of them into the path.  Returns
 * false if there is none; layout->key is then -1 if there is no key at all, and
 * *homeless is otherwise what did not fit under the first.
 */
static bool
find_layout(const PmGs1Message *message, Layout *layout, int *homeless)
{
	int first_homeless = -1;

	layout->key = -1;
	for (int i = 0; i < message->count; i++)
		layout->ais[i] =
		    pm_gs1_ai_lookup(message->elements[i].ai, strlen(message->elements[i].ai));
	for (int i = 0; i < message->count; i++)
	{
		const char *best = NULL;
		int most = -1;

		if (!layout->ais[i]->dl_key || is_repeated(message, i))
			continue;
		layout->key = i;
		for (layout->alternative = layout->ais[i]->qualifiers; layout->alternative != NULL;
		     layout->alternative = pm_digital_link_next_choice(layout->alternative))
		{
			int count = count_qualifiers(message, layout, homeless);

			if (count < 0 && first_homeless < 0)
				first_homeless = *homeless;
			if (count > most)
			{
				most = count;
				best = layout->alternative;
			}
		}
		if (best != NULL)
		{
			layout->alternative = best;
			return true;
		}
	}
	*homeless = first_homeless;
	return false;
}

/* Writes the key, the qualifiers in their order, and the attributes: fixed lengths first. */
static void
put_layout(Output *out, const PmGs1Message *message, const Layout *layout)
{
	char separator = '?';

	put_pair(out, message, layout->key, '/', '/');
	for (const char *at = layout->alternative; *at != '\0' && *at != '|';)
	{
		size_t size = strcspn(at, " |");

		for (int i = 0; i < message->count; i++)
			if (layout->ais[i]->digits == size &&
			    memcmp(message->elements[i].ai, at, size) == 0)
			{
				put_pair(out, message, i, '/', '/');
				break;
			}
		at += size;
		at += *at == ' ';
	}
	for (int fnc1 = 0; fnc1 <= 1; fnc1++)
		for (int i = 0; i < message->count; i++)
			if (i != layout->key && layout->ais[i]->fnc1 == (fnc1 == 1) &&
			    !is_repeated(message, i) && !is_qualifier(message, layout, i))
			{
				put_pair(out, message, i, separator, '=');
				separator = '&';
			}
}

/* Is this scheme, domain and path only?  If not, *bad and *wanted say why. */
static bool
is_stem(PmGs1Span stem, const char **bad, const char **wanted)
{
	const char *path = pm_digital_link_skip_domain(stem, bad, wanted);

	if (path == NULL)
		return false;
	*wanted = "a stem without query and fragment";
	for (*bad = path; *bad < stem.end; ++*bad)
		if (**bad == '?' || **bad == '#')
			return false;
	return true;
}

/*
 * Writes a parsed message as a Digital Link, terminated, if it fits into size
 * bytes; else an empty string if size is not 0.  *length is the length of the
 * whole, without the terminator.  The stem is scheme, domain and any path, with
 * or without a slash at its end; NULL stands for https://id.gs1.org.
 *
 * PM_GS1_REQUIRED: no element is a primary key.  PM_GS1_EXCLUDED: error->ai has
 * no place in a Digital Link beside the others.  PM_GS1_SYNTAX: the stem is bad,
 * at error->position.  Nothing is written then; error may be NULL.
 */
PmGs1Status
pm_digital_link_format(const PmGs1Message *message, const char *stem, size_t stem_len,
                       char *out, size_t size, size_t *length, PmGs1Error *error)
{
	Output output = {out, size, 0};
	PmGs1Span whole;
	PmGs1Error ignored;
	Layout layout;
	int homeless;
	const char *bad;
	const char *wanted;

	if (error == NULL)
		error = &ignored;
	*length = 0;
	if (stem == NULL || stem_len == 0)
	{
		stem = canonical_stem;
		stem_len = strlen(canonical_stem);
	}
	whole.at = stem;
	whole.end = stem + stem_len;
	if (!is_stem(whole, &bad, &wanted))
		return pm_gs1_set_error(error, PM_GS1_SYNTAX, (size_t) (bad - whole.at), "", 0,
		                        wanted);
	if (!find_layout(message, &layout, &homeless))
	{
		const char *ai = homeless < 0 ? "" : message->elements[homeless].ai;

		if (homeless < 0)
			return pm_gs1_set_error(error, PM_GS1_REQUIRED, 0, "", 0,
			                        "a primary key of Digital Links, such as (01)");
		return pm_gs1_set_error(error, PM_GS1_EXCLUDED, 0, ai, strlen(ai), "Digital Link");
	}
	if (whole.end[-1] == '/')
		whole.end--;
	put_text(&output, whole.at, (size_t) (whole.end - whole.at));
	put_layout(&output, message, &layout);
	if (output.length < size)
		out[output.length] = '\0';
	else if (size > 0)
		out[0] = '\0';
	*length = output.length;
	return PM_GS1_OK;
}
