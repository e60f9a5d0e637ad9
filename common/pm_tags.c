/*
 * pm_tags.c - tags and text of the parts of a workbook, one after another
 *
 * A token that does not end within the window is scanned again once more of the part is
 * there; as no token may be longer than max_token, that is bounded.
 */
#define _GNU_SOURCE /* memmem() */
#include "pm_tags.h"

#include <stdlib.h>
#include <string.h>

#include "pm_char.h"
#include "pm_utf8.h"

/* A scanner of parts that are read chunk bytes at once. */
void
pm_tags_make(PmTags *tags, PmInput *input, size_t chunk, size_t max_token)
{
	memset(tags, 0, sizeof(*tags));
	tags->input = input;
	tags->chunk = chunk;
	tags->max_token = max_token;
}

void
pm_tags_free(PmTags *tags)
{
	pm_buffer_free(&tags->window);
	pm_buffer_free(&tags->names);
}

/* Begins with a member of an archive.  False: the input's failure is set. */
bool
pm_tags_begin(PmTags *tags, PmZip *zip, int64_t member)
{
	tags->zip = zip;
	tags->window.size = 0;
	tags->at = 0;
	tags->at_end = false;
	tags->was_empty = false;
	tags->is_begun = false;
	tags->is_looked_at = false;
	tags->depth = 0;
	tags->names.size = 0;
	return pm_zip_begin(zip, member);
}

/* Notes why the part cannot be read on. */
PmTagsEvent
pm_tags_failed(PmTags *tags, PmReaderFault fault, const char *detail)
{
	pm_reader_fail(tags->input->failure, fault, 0, detail);
	return PM_TAGS_FAILED;
}

/* Reads more behind what is left of the window. */
static PmTagsEvent
fill(PmTags *tags)
{
	size_t left = tags->window.size - tags->at;
	ptrdiff_t got;

	if (tags->at_end)
		return pm_tags_failed(tags, PM_READER_SYNTAX, "a part ends too early");
	if (left > tags->max_token)
		return pm_tags_failed(tags, PM_READER_SYNTAX, "a part has too long a text or tag");
	if (tags->at > 0)
		memmove(tags->window.data, tags->window.data + tags->at, left);
	tags->window.size = left;
	tags->at = 0;
	if (!pm_buffer_reserve(&tags->window, left + tags->chunk))
		return pm_tags_failed(tags, PM_READER_MEMORY, "");
	got = pm_zip_read(tags->zip, tags->window.data + left, tags->chunk);
	if (got < 0)
		return PM_TAGS_FAILED;
	tags->window.size += (size_t) got;
	tags->at_end = got == 0;
	return PM_TAGS_MORE;
}

/* A name without its prefix. */
static inline PmText
local_name(const char *start, const char *end)
{
	PmText name = {start, (size_t) (end - start)};

	for (const char *at = start; at < end; at++)
		if (*at == ':')
		{
			name.data = at + 1;
			name.size = (size_t) (end - at) - 1;
		}
	return name;
}

/* Where a name ends. */
static inline const char *
name_end(const char *at, const char *end)
{
	while (at < end && !pm_is_white(*at) && *at != '=' && *at != '/' && *at != '>' &&
	       *at != '<' && *at != '"' && *at != '\'')
		at++;
	return at;
}

static inline const char *
skip_blanks(const char *at, const char *end)
{
	while (at < end && pm_is_white(*at))
		at++;
	return at;
}

static PmTagsEvent
bad_tag(PmTags *tags)
{
	return pm_tags_failed(tags, PM_READER_SYNTAX, "a part is no XML");
}

/* An opening tag, of which at is the first byte of its name. */
static PmTagsEvent
open_tag(PmTags *tags, const char *at, const char *end)
{
	const char *start = at;
	size_t size;

	at = name_end(at, end);
	size = (size_t) (at - start);
	if (at == end)
		return fill(tags);
	if (size == 0)
		return bad_tag(tags);
	tags->name = local_name(start, at);
	tags->attribute_count = 0;
	for (;;)
	{
		const char *name;
		const char *name_stop;
		const char *value;

		at = skip_blanks(at, end);
		if (at == end)
			return fill(tags);
		if (*at == '>')
			break;
		if (*at == '/')
		{
			if (++at == end)
				return fill(tags);
			if (*at != '>')
				return bad_tag(tags);
			tags->was_empty = true;
			break;
		}
		name = at;
		at = name_stop = name_end(at, end);
		at = skip_blanks(at, end);
		if (at == end)
			return fill(tags);
		if (name_stop == name || *at != '=')
			return bad_tag(tags);
		at = skip_blanks(at + 1, end);
		if (at == end)
			return fill(tags);
		if (*at != '"' && *at != '\'')
			return bad_tag(tags);
		value = at + 1;
		at = memchr(value, *at, (size_t) (end - value));
		if (at == NULL)
			return fill(tags);
		if (tags->attribute_count < PM_TAGS_ATTRIBUTES)
		{
			PmAttribute *attribute = &tags->attributes[tags->attribute_count++];

			attribute->name = local_name(name, name_stop);
			attribute->value.data = value;
			attribute->value.size = (size_t) (at - value);
		}
		at++;
	}

	if (tags->depth == PM_TAGS_DEPTH)
		return pm_tags_failed(tags, PM_READER_SYNTAX, "a part is nested too deep");
	if (tags->depth == 0 && tags->is_begun)
		return bad_tag(tags);
	tags->is_begun = true;
	tags->starts[tags->depth++] = tags->names.size;
	if (!pm_buffer_add(&tags->names, start, size))
		return pm_tags_failed(tags, PM_READER_MEMORY, "");
	tags->at = (size_t) (at + 1 - tags->window.data);
	return PM_TAGS_OPEN;
}

/* Ends the innermost element. */
static void
close_element(PmTags *tags)
{
	tags->names.size = tags->starts[--tags->depth];
}

/* A closing tag, of which at is the first byte of its name. */
static PmTagsEvent
close_tag(PmTags *tags, const char *at, const char *end)
{
	const char *start = at;
	const char *stop;
	size_t size;

	at = stop = name_end(at, end);
	at = skip_blanks(at, end);
	if (at == end)
		return fill(tags);
	size = (size_t) (stop - start);
	if (*at != '>' || tags->depth == 0 ||
	    tags->names.size - tags->starts[tags->depth - 1] != size ||
	    memcmp(tags->names.data + tags->starts[tags->depth - 1], start, size) != 0)
		return bad_tag(tags);
	close_element(tags);
	tags->name = local_name(start, stop);
	tags->at = (size_t) (at + 1 - tags->window.data);
	return PM_TAGS_CLOSE;
}

/* Where a mark of some bytes ends, from at on; NULL: not in the window. */
static const char *
behind(const char *at, const char *end, const char *mark)
{
	const char *found = memmem(at, (size_t) (end - at), mark, strlen(mark));

	return found == NULL ? NULL : found + strlen(mark);
}

/* A comment, CDATA or processing instruction; at is its "<". */
static PmTagsEvent
special(PmTags *tags, const char *at, const char *end)
{
	size_t left = (size_t) (end - at);
	const char *stop;

	if (at[1] == '?')
		stop = behind(at + 2, end, "?>");
	else if (left >= 4 && memcmp(at, "<!--", 4) == 0)
		stop = behind(at + 4, end, "-->");
	else if (left >= 9 && memcmp(at, "<![CDATA[", 9) == 0)
	{
		stop = behind(at + 9, end, "]]>");
		if (stop != NULL)
		{
			tags->text.data = at + 9;
			tags->text.size = (size_t) (stop - at) - 12;
			tags->is_cdata = true;
			tags->at = (size_t) (stop - tags->window.data);
			return tags->depth > 0 ? PM_TAGS_TEXT : bad_tag(tags);
		}
	}
	else if (left >= 9)
		return memcmp(at, "<!DOCTYPE", 9) == 0
		           ? pm_tags_failed(tags, PM_READER_FORBIDDEN, "a document type")
		           : bad_tag(tags);
	else
		stop = NULL;
	if (stop == NULL)
		return fill(tags);
	tags->at = (size_t) (stop - tags->window.data);
	return PM_TAGS_MORE;
}

/* Looks at the first bytes: a byte order mark is skipped, other encodings are refused. */
static PmTagsEvent
look(PmTags *tags)
{
	const char *data = tags->window.data;
	size_t size = tags->window.size;

	if (size < 4 && !tags->at_end)
		return fill(tags);
	tags->is_looked_at = true;
	if (size >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0)
		tags->at = 3;
	else if (size >= 2 && (data[0] == '\0' || data[1] == '\0' || (data[0] & 0xFE) == 0xFE))
		return pm_tags_failed(tags, PM_READER_BAD_ENCODING, "a part is not in UTF-8");
	return PM_TAGS_MORE;
}

/* The next tag or text; PM_TAGS_MORE: call again. */
PmTagsEvent
pm_tags_next(PmTags *tags)
{
	if (tags->was_empty)
	{
		tags->was_empty = false;
		close_element(tags);
		return PM_TAGS_CLOSE;
	}
	if (!tags->is_looked_at)
		return look(tags);
	for (;;)
	{
		const char *at = tags->window.data + tags->at;
		const char *end = tags->window.data + tags->window.size;

		if (at == end)
			return tags->at_end && tags->is_begun && tags->depth == 0 ? PM_TAGS_END
			                                                          : fill(tags);
		if (*at != '<')
		{
			const char *stop = memchr(at, '<', (size_t) (end - at));

			if (tags->depth > 0)
			{
				if (stop == NULL)
					return fill(tags);
				tags->text.data = at;
				tags->text.size = (size_t) (stop - at);
				tags->is_cdata = false;
				tags->at = (size_t) (stop - tags->window.data);
				return PM_TAGS_TEXT;
			}
			if (skip_blanks(at, end) != (stop == NULL ? end : stop))
				return bad_tag(tags);
			tags->at = (size_t) ((stop == NULL ? end : stop) - tags->window.data);
			continue;
		}
		if (end - at < 2)
			return fill(tags);
		if (at[1] == '/')
			return close_tag(tags, at + 2, end);
		if (at[1] != '!' && at[1] != '?')
			return open_tag(tags, at + 1, end);
		return special(tags, at, end);
	}
}

/* The value of an attribute of the tag that was told, as it stands there; NULL: none. */
const PmText *
pm_tags_attribute(const PmTags *tags, const char *name)
{
	size_t size = strlen(name);

	for (int i = 0; i < tags->attribute_count; i++)
		if (tags->attributes[i].name.size == size &&
		    memcmp(tags->attributes[i].name.data, name, size) == 0)
			return &tags->attributes[i].value;
	return NULL;
}

/* The character that a reference stands for, at its "&"; zero: none.  Moves *at behind. */
static uint32_t
reference(const char **at, const char *end)
{
	static const struct
	{
		const char *text;
		char c;
	} named[] = {
	    {"amp;",  '&' },
        {"lt;",   '<' },
        {"gt;",   '>' },
        {"quot;", '"' },
        {"apos;", '\''},
	};
	const char *from = *at + 1;
	uint32_t code = 0;
	bool is_hex;

	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
	{
		size_t size = strlen(named[i].text);

		if ((size_t) (end - from) >= size && memcmp(from, named[i].text, size) == 0)
		{
			*at = from + size;
			return (unsigned char) named[i].c;
		}
	}
	if (end - from < 3 || from[0] != '#')
		return 0;
	is_hex = from[1] == 'x';
	for (from += is_hex ? 2 : 1; from < end && *from != ';'; from++)
	{
		char c = pm_lower(*from);

		if (pm_is_digit(c))
			code = code * (is_hex ? 16 : 10) + (uint32_t) (c - '0');
		else if (is_hex && c >= 'a' && c <= 'f')
			code = code * 16 + (uint32_t) (c - 'a' + 10);
		else
			return 0;
		if (code > 0x10FFFF)
			return 0;
	}
	if (from == end || (code >= 0xD800 && code <= 0xDFFF) || code == 0xFFFE ||
	    code == 0xFFFF || (code < 0x20 && code != '\t' && code != '\n' && code != '\r'))
		return 0;
	*at = from + 1;
	return code;
}

/*
 * Text as it is meant to out, which has room for three times as many bytes: references
 * are replaced, line ends become line feeds.  What cannot be becomes U+FFFD, byte by byte,
 * and sets *fault.  Returns how many bytes it takes.
 */
size_t
pm_tags_decode(const char *data, size_t size, char *out, bool is_cdata,
               PmRecordFault *fault)
{
	const char *at = data;
	const char *end = data + size;
	size_t used = 0;

	while (at < end)
	{
		unsigned char c = (unsigned char) *at;
		uint32_t code;

		if (c >= 0x20 && c < 0x80 && (c != '&' || is_cdata))
		{
			out[used++] = *at++;
			continue;
		}
		if (c == '\r')
		{
			at += end - at > 1 && at[1] == '\n' ? 2 : 1;
			out[used++] = '\n';
			continue;
		}
		if (c == '\n' || c == '\t')
		{
			out[used++] = *at++;
			continue;
		}
		if (c >= 0x80)
		{
			at += pm_utf8_decode(at, (size_t) (end - at), &code);
			if (code == PM_UTF8_INVALID)
				*fault = PM_RECORD_BAD_ENCODING;
		}
		else
		{
			code = c == '&' ? reference(&at, end) : 0;
			if (code == 0)
			{
				at++;
				*fault = c == 0 ? PM_RECORD_NUL : PM_RECORD_SYNTAX;
				code = PM_UTF8_INVALID;
			}
		}
		used += pm_utf8_encode(code == PM_UTF8_INVALID ? 0xFFFD : code, out + used);
	}
	return used;
}
