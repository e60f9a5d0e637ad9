/*
 * pm_xml.c - elements at a path of an XML document
 *
 * expat reads the document; it is suspended at the end of each record.  The bytes that it
 * was given are kept from the start of the record of the moment on, to show it as it
 * stands there.
 *
 * The path is a list of names from the root, "catalog/product", or of names with any others
 * before, "//product"; "*" is any name.  Without one, records are the children of the root.
 * What is within a record becomes columns by path from there:
 *
 *   name, price/amount     the text of an element, with that of those within it.  One that
 *                          has others within it, or attributes, and no text but blanks has
 *                          no value.
 *   @id, image/@url        an attribute.  Defaults of a document type are not read.
 *   .                      the text of the record itself
 *
 * No entity is ever declared and nothing is fetched: a document type that declares one is
 * refused, and a record that uses one of a document type elsewhere has a fault.
 */
#include "pm_reader_private.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>

#include "pm_char.h"
#include "pm_encoding.h"
#include "pm_fields.h"
#include "pm_utf8.h"

#define MAX_DEPTH   64
#define MAX_STEPS   63                        /* of the path: a bit each */
#define MAX_DOCTYPE (1 << 20)                 /* bytes */
#define SHOWN_BYTES (2 * PM_READER_SHOWN + 8) /* of the file, for as many of UTF-8 */
#define ANY_OF_THEM "*/*"                     /* path if there is none */

/* An element within the record of the moment. */
typedef struct Element
{
	int name;
	size_t start;    /* of its text */
	bool has_others; /* elements or attributes */
	bool has_text;   /* of its own, not only blanks */
} Element;

typedef struct Xml
{
	PmReader *reader;
	XML_Parser parser;
	PmEncoding encoding;
	bool is_known; /* the encoding, whatever the document says */
	bool is_last;  /* the parser has all of the file */
	bool is_suspended;

	/* bytes of the file from offset base on */
	PmBuffer source;
	int64_t base;
	int64_t parsed; /* offset up to which the parser is done */

	PmText steps[MAX_STEPS];
	int step_count;
	bool anywhere; /* the path starts with // */
	bool found;
	int depth;
	uint64_t matched[MAX_DEPTH + 1]; /* by depth: bit n: the last n + 1 names are steps */
	PmFields *seen; /* names outside of records: the parser keeps each one */
	bool in_doctype;
	bool has_outer_doctype; /* entities may be declared where nobody looks */
	int64_t doctype;        /* its offset */

	/* the record of the moment */
	PmFields *fields;
	bool in_record;
	bool is_long;
	bool is_shown; /* and its start is kept */
	int record_depth;
	int64_t start;
	PmBuffer text;
	Element elements[MAX_DEPTH];
	PmBuffer attribute;
	PmBuffer raw;   /* if the file is not in UTF-8 */
	PmBuffer shown; /* of a record that is too long */
	PmRecord record;
	bool is_ready;
	int64_t count;
} Xml;

/* expat may call a handler once more after it was told to stop. */
static inline bool
has_failed(const Xml *xml)
{
	return xml->reader->failure.fault != PM_READER_FINE;
}

/* Ends with the document; the first failure counts. */
static void
fail(Xml *xml, PmReaderFault fault, const char *detail)
{
	PmReaderFailure *failure = &xml->reader->failure;

	if (!has_failed(xml))
	{
		pm_reader_fail(failure, fault, 0, detail);
		failure->line = (int64_t) XML_GetCurrentLineNumber(xml->parser);
		failure->offset = XML_GetCurrentByteIndex(xml->parser);
	}
	XML_StopParser(xml->parser, XML_FALSE);
}

/* Fails for a negative status of pm_fields.h; true: it is none, or is only too long. */
static bool
check(Xml *xml, int status)
{
	if (status == PM_FIELDS_NO_MEMORY)
		fail(xml, PM_READER_MEMORY, "");
	else if (status == PM_FIELDS_TOO_MANY)
		fail(xml, PM_READER_TOO_MANY_COLUMNS, "");
	else
		return true;
	return false;
}

/* The bytes of the file at an offset that is kept, as UTF-8; false: no memory. */
static bool
show(Xml *xml, int64_t offset, size_t size)
{
	const char *data = xml->source.data + (offset - xml->base);
	unsigned found = 0;
	PmUtf16 state = {0};

	xml->record.raw.data = data;
	xml->record.raw.size = size;
	if (xml->encoding == PM_ENCODING_UTF8)
		return true; /* the parser has seen that it is */
	if (!pm_buffer_reserve(&xml->raw, PM_UTF8_GROWTH * (size + 4)))
		return false;
	if (xml->encoding == PM_ENCODING_UTF16LE || xml->encoding == PM_ENCODING_UTF16BE)
		size = pm_utf16_convert(&state, xml->encoding == PM_ENCODING_UTF16BE, data, size,
		                        false, xml->raw.data);
	else
		size = pm_encoding_convert(xml->encoding, data, size, xml->raw.data, &found);
	xml->record.raw.data = xml->raw.data;
	xml->record.raw.size = size;
	return true;
}

/* The rest of the record is passed over: it is too long. */
static void
give_up(Xml *xml)
{
	xml->is_long = true;
	xml->record.fault = PM_RECORD_TOO_LONG;
}

/* Keeps what is shown of a record that is too long, of which size bytes are there. */
static bool
keep_shown(Xml *xml, size_t size)
{
	PmText *raw = &xml->record.raw;

	xml->shown.size = 0;
	if (!show(xml, xml->start, size < SHOWN_BYTES ? size : SHOWN_BYTES))
		return false;
	raw->size = pm_reader_shown(xml->reader, raw->data, raw->size);
	if (!pm_buffer_add(&xml->shown, raw->data, raw->size))
		return false;
	raw->data = xml->shown.data;
	xml->is_shown = true;
	return true;
}

/* Is a name outside of a record known, or may it be one more? */
static bool
know(Xml *xml, const char *name)
{
	int status = pm_fields_child(xml->seen, PM_FIELDS_ROOT, name, strlen(name));

	if (status == PM_FIELDS_TOO_LONG)
		fail(xml, PM_READER_SYNTAX, "a name is too long");
	return status != PM_FIELDS_TOO_LONG && check(xml, status);
}

/* Which steps a name equals: a bit each. */
static uint64_t
steps_of(const Xml *xml, const char *name)
{
	size_t size = strlen(name);
	uint64_t steps = 0;

	for (int i = 0; i < xml->step_count; i++)
		if ((xml->steps[i].size == 1 && *xml->steps[i].data == '*') ||
		    (xml->steps[i].size == size && memcmp(xml->steps[i].data, name, size) == 0))
			steps |= UINT64_C(1) << i;
	return steps;
}

/* Takes the attributes that a tag has as values under a name. */
static void
take_attributes(Xml *xml, int parent, const char **attributes)
{
	int count = XML_GetSpecifiedAttributeCount(xml->parser);

	for (int i = 0; i < count && attributes[i] != NULL; i += 2)
	{
		size_t name_size = strlen(attributes[i]);
		size_t size = strlen(attributes[i + 1]);
		char *room;
		int name;

		if (!pm_buffer_reserve(&xml->attribute, name_size + 1))
		{
			fail(xml, PM_READER_MEMORY, "");
			return;
		}
		xml->attribute.data[0] = '@';
		memcpy(xml->attribute.data + 1, attributes[i], name_size);
		name = pm_fields_child(xml->fields, parent, xml->attribute.data, name_size + 1);
		if (!check(xml, name))
			return;
		room = name < 0 ? NULL : pm_fields_room(xml->fields, size);
		if (room == NULL)
		{
			give_up(xml);
			return;
		}
		memcpy(room, attributes[i + 1], size);
		name = pm_fields_add(xml->fields, name, size);
		if (!check(xml, name))
			return;
		if (name < 0)
			give_up(xml);
	}
}

/* Begins an element within a record, or the record itself. */
static void
begin_element(Xml *xml, int name, const char **attributes)
{
	Element *element = &xml->elements[xml->depth - xml->record_depth];

	if (element > xml->elements)
		element[-1].has_others = true;
	element->name = name;
	element->start = xml->text.size;
	element->has_others = *attributes != NULL;
	element->has_text = false;
	take_attributes(xml, name, attributes);
}

/* Begins a record with the tag of the moment. */
static void
begin_record(Xml *xml)
{
	xml->found = true;
	xml->in_record = true;
	xml->is_long = false;
	xml->is_shown = false;
	xml->record_depth = xml->depth;
	xml->start = XML_GetCurrentByteIndex(xml->parser);
	xml->text.size = 0;
	memset(&xml->record, 0, sizeof(xml->record));
	xml->record.fault_column = -1;
	xml->record.line = (int64_t) XML_GetCurrentLineNumber(xml->parser);
	xml->record.offset = xml->start;
	pm_fields_clear(xml->fields);
}

/* Handler of expat: a tag opens an element. */
static void
start_element(void *data, const char *name, const char **attributes)
{
	Xml *xml = data;
	uint64_t above = xml->matched[xml->depth] << 1;
	int id;

	if (has_failed(xml))
		return;
	if (++xml->depth > MAX_DEPTH)
	{
		fail(xml, PM_READER_SYNTAX, "nested too deep");
		return;
	}
	if (!xml->in_record)
	{
		if (xml->anywhere || xml->depth == 1)
			above |= 1;
		xml->matched[xml->depth] = above & steps_of(xml, name);
		if (xml->matched[xml->depth] >> (xml->step_count - 1) & 1)
		{
			begin_record(xml);
			begin_element(xml, PM_FIELDS_ROOT, attributes);
			return;
		}
	}
	else if (!xml->is_long)
	{
		const Element *parent = &xml->elements[xml->depth - 1 - xml->record_depth];

		id = pm_fields_child(xml->fields, parent->name, name, strlen(name));
		if (!check(xml, id))
			return;
		if (id >= 0 && XML_GetCurrentByteIndex(xml->parser) - xml->start <=
		                   (int64_t) xml->reader->options.max_record)
		{
			begin_element(xml, id, attributes);
			return;
		}
		give_up(xml);
	}
	for (; *attributes != NULL && know(xml, *attributes); attributes += 2)
		;
	know(xml, name);
}

/* Handler of expat: text, some of it. */
static void
character_data(void *data, const char *text, int size)
{
	Xml *xml = data;
	Element *element;

	if (!xml->in_record || xml->is_long || has_failed(xml))
		return;
	element = &xml->elements[xml->depth - xml->record_depth];
	if (xml->text.size + (size_t) size > xml->reader->options.max_record)
	{
		give_up(xml);
		return;
	}
	for (int i = 0; i < size && !element->has_text; i++)
		element->has_text = !pm_is_space(text[i]);
	if (!pm_buffer_add(&xml->text, text, (size_t) size))
		fail(xml, PM_READER_MEMORY, "");
}

/* Takes the text of an element that ends as a value. */
static void
finish_element(Xml *xml)
{
	const Element *element = &xml->elements[xml->depth - xml->record_depth];
	size_t size = xml->text.size - element->start;
	int name = element->name;
	char *room;

	/* the record itself only if it has text: of many it is an empty tag */
	if (!element->has_text && (element->has_others || name == PM_FIELDS_ROOT))
		return;
	if (name == PM_FIELDS_ROOT)
	{
		name = pm_fields_child(xml->fields, PM_FIELDS_ROOT, ".", 1);
		if (!check(xml, name))
			return;
	}
	room = pm_fields_room(xml->fields, size);
	if (room == NULL)
	{
		give_up(xml);
		return;
	}
	if (size > 0)
		memcpy(room, xml->text.data + element->start, size);
	name = pm_fields_add(xml->fields, name, size);
	if (check(xml, name) && name < 0)
		give_up(xml);
}

/* Behind what starts at a place of a text with some mark and goes on to another one. */
static const char *
behind(const char *at, const char *end, const char *mark)
{
	size_t size = strlen(mark);

	for (; (size_t) (end - at) >= size; at++)
		if (memcmp(at, mark, size) == 0)
			return at + size;
	return end;
}

/* Has well-formed XML a reference to an entity that XML itself does not have? */
static bool
has_entity(const PmText *raw)
{
	static const char *const known[] = {"amp;", "lt;", "gt;", "quot;", "apos;", "#"};
	const char *at = raw->data;
	const char *end = at + raw->size;

	while (at < end)
	{
		size_t left = (size_t) (end - at);
		bool is_known = false;

		if (left >= 9 && memcmp(at, "<![CDATA[", 9) == 0)
			at = behind(at, end, "]]>");
		else if (left >= 4 && memcmp(at, "<!--", 4) == 0)
			at = behind(at, end, "-->");
		else if (left >= 2 && memcmp(at, "<?", 2) == 0)
			at = behind(at, end, "?>");
		else if (*at++ == '&')
		{
			for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
				is_known |=
				    left > strlen(known[i]) && memcmp(at, known[i], strlen(known[i])) == 0;
			if (!is_known)
				return true;
		}
	}
	return false;
}

/* Ends the record; the parser stops if there is one to give. */
static void
finish_record(Xml *xml)
{
	PmRecord *record = &xml->record;
	int64_t end =
	    XML_GetCurrentByteIndex(xml->parser) + XML_GetCurrentByteCount(xml->parser);

	size_t size = (size_t) (end - xml->start);
	bool done;

	xml->in_record = false;
	if (!xml->is_long && size > xml->reader->options.max_record)
		give_up(xml);
	done = !xml->is_long ? show(xml, xml->start, size)
	                     : xml->is_shown || keep_shown(xml, size);
	if (done && !xml->is_long)
	{
		if (xml->has_outer_doctype && has_entity(&record->raw))
			record->fault = PM_RECORD_SYNTAX;
		else if (pm_fields_are_blank(xml->fields))
			return;
		record->fields = pm_fields_finish(xml->fields);
		xml->reader->name_count = pm_fields_columns(xml->fields, &xml->reader->names);
		record->field_count = xml->reader->name_count;
		done = record->fields != NULL;
	}
	if (!done)
	{
		fail(xml, PM_READER_MEMORY, "");
		return;
	}
	record->fault_line = record->line;
	record->fault_offset = record->offset;
	record->number = ++xml->count;
	xml->is_ready = true;
	XML_StopParser(xml->parser, XML_TRUE);
}

/* Handler of expat: an element ends. */
static void
end_element(void *data, const char *name)
{
	Xml *xml = data;

	(void) name;
	if (has_failed(xml))
		return;
	if (xml->in_record && !xml->is_long)
		finish_element(xml);
	if (has_failed(xml))
		return;
	if (xml->in_record && xml->depth == xml->record_depth)
		finish_record(xml);
	xml->depth--;
}

/* Handler of expat: an entity is declared. */
static void
entity_declaration(void *data, const char *name, int is_parameter, const char *value,
                   int value_size, const char *base, const char *system_id,
                   const char *public_id, const char *notation)
{
	(void) is_parameter;
	(void) value;
	(void) value_size;
	(void) base;
	(void) system_id;
	(void) public_id;
	(void) notation;
	fail(data, PM_READER_FORBIDDEN, name);
}

/* Handler of expat: a document type begins. */
static void
start_doctype(void *data, const char *name, const char *system_id, const char *public_id,
              int has_internal)
{
	Xml *xml = data;

	(void) name;
	(void) has_internal;
	xml->in_doctype = true;
	xml->doctype = XML_GetCurrentByteIndex(xml->parser);
	xml->has_outer_doctype = system_id != NULL || public_id != NULL;
}

/* Handler of expat: a document type ends. */
static void
end_doctype(void *data)
{
	((Xml *) data)->in_doctype = false;
}

/* Which encoding a name means; PM_ENCODING_DETECT: none that is known. */
static PmEncoding
encoding_of(const char *name)
{
	static const struct
	{
		const char *name;
		PmEncoding encoding;
	} known[] = {
	    {"UTF-8",        PM_ENCODING_UTF8       },
	    {"US-ASCII",     PM_ENCODING_UTF8       },
	    {"UTF-16LE",     PM_ENCODING_UTF16LE    },
	    {"UTF-16BE",     PM_ENCODING_UTF16BE    },
	    {"ISO-8859-1",   PM_ENCODING_LATIN1     },
	    {"latin1",       PM_ENCODING_LATIN1     },
	    {"windows-1252", PM_ENCODING_WINDOWS1252},
	    {"cp1252",       PM_ENCODING_WINDOWS1252},
	    {"ISO-8859-15",  PM_ENCODING_LATIN9     },
	    {"latin9",       PM_ENCODING_LATIN9     },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
	{
		const char *a = name;
		const char *b = known[i].name;

		while (*a != '\0' && pm_lower(*a) == pm_lower(*b))
		{
			a++;
			b++;
		}
		if (*a == '\0' && *b == '\0')
			return known[i].encoding;
	}
	return PM_ENCODING_DETECT;
}

/* Handler of expat: what the declaration says of the encoding. */
static void
declaration(void *data, const char *version, const char *encoding, int standalone)
{
	Xml *xml = data;

	(void) version;
	(void) standalone;
	if (encoding == NULL || xml->is_known)
		return;
	xml->encoding = encoding_of(encoding);
	xml->reader->found.encoding = xml->encoding;
}

/* Handler of expat: the characters of an encoding that it does not know. */
static int
unknown_encoding(void *data, const char *name, XML_Encoding *info)
{
	Xml *xml = data;
	PmEncoding encoding = encoding_of(name);

	if (encoding < PM_ENCODING_WINDOWS1252)
	{
		fail(xml, PM_READER_BAD_ENCODING, name);
		return XML_STATUS_ERROR;
	}
	for (int i = 0; i < 256; i++)
	{
		char byte = (char) i;
		char text[PM_UTF8_GROWTH];
		unsigned found = 0;
		size_t size = pm_encoding_convert(encoding, &byte, 1, text, &found);
		uint32_t code;

		pm_utf8_decode(text, size, &code);
		info->map[i] = found == 0 || i == 0 ? (int) code : -1;
	}
	info->map[0] = 0;
	info->data = NULL;
	info->convert = NULL;
	info->release = NULL;
	return XML_STATUS_OK;
}

/* Why the parser cannot go on. */
static PmReadStatus
parser_failed(Xml *xml)
{
	enum XML_Error error = XML_GetErrorCode(xml->parser);
	PmReaderFault fault = PM_READER_SYNTAX;

	if (error == XML_ERROR_NO_MEMORY)
		fault = PM_READER_MEMORY;
	else if (error == XML_ERROR_UNKNOWN_ENCODING || error == XML_ERROR_INCORRECT_ENCODING)
		fault = PM_READER_BAD_ENCODING;
	else if (error == XML_ERROR_AMPLIFICATION_LIMIT_BREACH)
		fault = PM_READER_FORBIDDEN;
	if (!has_failed(xml))
	{
		fail(xml, fault, XML_ErrorString(error));
		xml->reader->failure.code = (int) error;
	}
	return PM_READ_FAILED;
}

/* Fails for what would make the parser keep more and more of the document. */
static PmReadStatus
too_long(Xml *xml, PmReaderFault fault, const char *detail)
{
	fail(xml, fault, detail);
	return PM_READ_FAILED;
}

/* Gives the parser some more of the file. */
static enum XML_Status
feed(Xml *xml)
{
	PmReader *reader = xml->reader;
	int64_t keep = xml->parsed;
	size_t drop;
	size_t waiting = (size_t) (xml->base + (int64_t) xml->source.size - xml->parsed);
	size_t size = waiting > reader->chunk ? waiting : reader->chunk;
	ptrdiff_t got;
	char *room;

	if (xml->in_record && xml->is_long && !xml->is_shown &&
	    xml->parsed - xml->start > SHOWN_BYTES &&
	    !keep_shown(xml, (size_t) (xml->parsed - xml->start)))
	{
		fail(xml, PM_READER_MEMORY, "");
		return XML_STATUS_ERROR;
	}
	if (xml->in_record && !xml->is_shown)
		keep = xml->start;
	drop = (size_t) (keep - xml->base);
	if (drop > 0)
	{
		memmove(xml->source.data, xml->source.data + drop, xml->source.size - drop);
		xml->source.size -= drop;
		xml->base = keep;
	}
	if (!pm_buffer_reserve(&xml->source, xml->source.size + size))
	{
		fail(xml, PM_READER_MEMORY, "");
		return XML_STATUS_ERROR;
	}
	room = xml->source.data + xml->source.size;
	got = pm_input_read(&reader->input, room, size);
	if (got < 0)
		return XML_STATUS_ERROR;
	xml->source.size += (size_t) got;
	xml->is_last = got == 0;
	return XML_Parse(xml->parser, room, (int) got, xml->is_last);
}

static PmReadStatus
xml_next(PmReader *reader, PmRecord *record)
{
	Xml *xml = reader->state;
	enum XML_Status status;
	int64_t end;

	if (xml->is_last && !xml->is_suspended)
		return PM_READ_END;
	status = xml->is_suspended ? XML_ResumeParser(xml->parser) : feed(xml);
	xml->is_suspended = status == XML_STATUS_SUSPENDED;
	if (XML_GetCurrentByteIndex(xml->parser) > xml->parsed)
		xml->parsed = XML_GetCurrentByteIndex(xml->parser);
	if (xml->is_ready)
	{
		xml->is_ready = false;
		*record = xml->record;
		return PM_READ_RECORD;
	}
	if (status == XML_STATUS_ERROR)
		return reader->failure.fault == PM_READER_FINE ? parser_failed(xml)
		                                               : PM_READ_FAILED;

	end = xml->base + (int64_t) xml->source.size;
	if (xml->in_doctype && end - xml->doctype > MAX_DOCTYPE)
		return too_long(xml, PM_READER_FORBIDDEN, "a long document type");
	if (end - xml->parsed > 2 * (int64_t) reader->options.max_record + MAX_DOCTYPE)
		return too_long(xml, PM_READER_SYNTAX, "a tag or comment is too long");
	if (!xml->is_last)
		return PM_READ_AGAIN;
	if (!xml->found)
		return too_long(xml, PM_READER_NO_PATH,
		                reader->options.path == NULL ? "" : reader->options.path);
	return PM_READ_END;
}

/* Does it begin like a document? */
static bool
xml_matches(PmReader *reader)
{
	char start[2];

	return pm_reader_begins(reader, start, sizeof(start)) == sizeof(start) &&
	       start[0] == '<' &&
	       (start[1] == '?' || start[1] == '!' || pm_is_letter(start[1]));
}

/* Splits the path at its slashes.  False: it is none. */
static bool
take_path(Xml *xml, const char *path)
{
	if (path == NULL || *path == '\0')
		path = ANY_OF_THEM;
	xml->anywhere = strncmp(path, "//", 2) == 0;
	path += xml->anywhere ? 2 : *path == '/';
	for (;;)
	{
		size_t size = strcspn(path, "/");

		if (size == 0 || xml->step_count == MAX_STEPS)
			return false;
		xml->steps[xml->step_count].data = path;
		xml->steps[xml->step_count++].size = size;
		path += size;
		if (*path == '\0')
			return true;
		path++;
	}
}

/*
 * Finds the encoding where the document does not say it: set, or by a byte order mark, or
 * of a text without declaration that is not UTF-8.
 */
static bool
take_encoding(Xml *xml)
{
	PmReader *reader = xml->reader;
	const PmBuffer *head = &reader->input.head;
	PmEncodingGuess guess;
	bool is_declared = false;

	xml->encoding = reader->options.encoding;
	xml->is_known = xml->encoding != PM_ENCODING_DETECT;
	if (xml->is_known)
		return true;
	if (!pm_input_peek(&reader->input))
		return false;
	pm_encoding_detect(head->data, head->size, head->size < PM_INPUT_HEAD, &guess);
	for (size_t i = 0; i + 8 < head->size && head->data[i] != '>'; i++)
		is_declared |= memcmp(head->data + i, "encoding", 8) == 0;
	xml->is_known = guess.mark > 0 || guess.encoding == PM_ENCODING_UTF16LE ||
	                guess.encoding == PM_ENCODING_UTF16BE ||
	                (guess.certain && !is_declared);
	xml->encoding = xml->is_known ? guess.encoding : PM_ENCODING_UTF8;
	return true;
}

static bool
xml_open(PmReader *reader)
{
	const PmReaderOptions *options = &reader->options;
	Xml *xml = calloc(1, sizeof(*xml));

	reader->state = xml;
	if (xml == NULL)
		return pm_reader_fail(&reader->failure, PM_READER_MEMORY, 0, "");
	xml->reader = reader;
	if (!take_path(xml, options->path))
		return pm_reader_fail(&reader->failure, PM_READER_BAD_OPTION, 0, "path");
	if (!take_encoding(xml))
		return false;
	xml->parser = XML_ParserCreate(xml->is_known ? pm_encoding_name(xml->encoding) : NULL);
	xml->fields =
	    pm_fields_make(options->max_columns, options->max_record, options->joiner, '/');
	xml->seen = pm_fields_make(options->max_columns, 0, "", '/');
	if (xml->parser == NULL || xml->fields == NULL || xml->seen == NULL)
		return pm_reader_fail(&reader->failure, PM_READER_MEMORY, 0, "");
	reader->found.encoding = xml->encoding;
	XML_SetUserData(xml->parser, xml);
	XML_SetElementHandler(xml->parser, start_element, end_element);
	XML_SetCharacterDataHandler(xml->parser, character_data);
	XML_SetEntityDeclHandler(xml->parser, entity_declaration);
	XML_SetDoctypeDeclHandler(xml->parser, start_doctype, end_doctype);
	XML_SetXmlDeclHandler(xml->parser, declaration);
	XML_SetUnknownEncodingHandler(xml->parser, unknown_encoding, xml);
	return true;
}

static void
xml_close(PmReader *reader)
{
	Xml *xml = reader->state;

	if (xml == NULL)
		return;
	if (xml->parser != NULL)
		XML_ParserFree(xml->parser);
	pm_fields_free(xml->fields);
	pm_fields_free(xml->seen);
	pm_buffer_free(&xml->source);
	pm_buffer_free(&xml->text);
	pm_buffer_free(&xml->attribute);
	pm_buffer_free(&xml->raw);
	pm_buffer_free(&xml->shown);
	free(xml);
}

const PmReaderFormat pm_xml_format = {PM_FORMAT_XML, xml_matches, xml_open, xml_next,
                                      xml_close};
