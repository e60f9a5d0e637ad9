/*
 * pm_xml.c - elements at a path of an XML document
 *
 * expat reads the document; it is suspended at the end of each record (pm_xml_record.c).
 * The bytes that it was given are kept from the start of the record of the moment on, to
 * show it as it stands there.
 *
 * The path is a list of names from the root, "catalog/product", or of names with any others
 * before, "//product"; "*" is any name.  Without one, records are the children of the root.
 *
 * No entity is ever declared and nothing is fetched: a document type that declares one is
 * refused, and a record that uses one of a document type elsewhere has a fault.
 */
#include "pm_xml_private.h"

#include <stdlib.h>
#include <string.h>

#include "pm_char.h"
#include "pm_utf8.h"

#define MAX_DOCTYPE (1 << 20) /* bytes */
#define ANY_OF_THEM "*/*"     /* path if there is none */

/* Ends with the document; the first failure counts. */
void
pm_xml_fail(PmXml *xml, PmReaderFault fault, const char *detail)
{
	PmReaderFailure *failure = &xml->reader->failure;
	XML_Index offset = XML_GetCurrentByteIndex(xml->parser);

	if (!pm_xml_has_failed(xml))
	{
		pm_reader_fail(failure, fault, 0, detail);
		failure->line = (int64_t) XML_GetCurrentLineNumber(xml->parser);
		/* of a document without a byte some versions of expat know none, -1 */
		failure->offset = offset < 0 ? 0 : offset;
	}
	XML_StopParser(xml->parser, XML_FALSE);
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
	pm_xml_fail(data, PM_READER_FORBIDDEN, name);
}

/* Handler of expat: a document type begins. */
static void
start_doctype(void *data, const char *name, const char *system_id, const char *public_id,
              int has_internal)
{
	PmXml *xml = data;

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
	((PmXml *) data)->in_doctype = false;
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
	PmXml *xml = data;

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
	PmXml *xml = data;
	PmEncoding encoding = encoding_of(name);

	if (encoding < PM_ENCODING_WINDOWS1252)
	{
		pm_xml_fail(xml, PM_READER_BAD_ENCODING, name);
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
parser_failed(PmXml *xml)
{
	enum XML_Error error = XML_GetErrorCode(xml->parser);
	PmReaderFault fault = PM_READER_SYNTAX;

	if (error == XML_ERROR_NO_MEMORY)
		fault = PM_READER_MEMORY;
	else if (error == XML_ERROR_UNKNOWN_ENCODING || error == XML_ERROR_INCORRECT_ENCODING)
		fault = PM_READER_BAD_ENCODING;
	else if (error == XML_ERROR_AMPLIFICATION_LIMIT_BREACH)
		fault = PM_READER_FORBIDDEN;
	if (!pm_xml_has_failed(xml))
	{
		pm_xml_fail(xml, fault, XML_ErrorString(error));
		xml->reader->failure.code = (int) error;
	}
	return PM_READ_FAILED;
}

/* Fails for what would make the parser keep more and more of the document. */
static PmReadStatus
too_long(PmXml *xml, PmReaderFault fault, const char *detail)
{
	pm_xml_fail(xml, fault, detail);
	return PM_READ_FAILED;
}

/* Gives the parser some more of the file. */
static enum XML_Status
feed(PmXml *xml)
{
	PmReader *reader = xml->reader;
	int64_t keep = xml->parsed;
	size_t drop;
	size_t waiting = (size_t) (xml->base + (int64_t) xml->source.size - xml->parsed);
	size_t size = waiting > reader->chunk ? waiting : reader->chunk;
	ptrdiff_t got;
	char *room;

	/* also of comments, of which no handler hears */
	if (xml->in_record && !xml->is_long &&
	    xml->parsed - xml->start > (int64_t) reader->options.max_record)
		pm_xml_give_up(xml);
	if (xml->in_record && xml->is_long && !xml->is_shown &&
	    xml->parsed - xml->start > PM_XML_SHOWN &&
	    !pm_xml_keep_shown(xml, (size_t) (xml->parsed - xml->start)))
	{
		pm_xml_fail(xml, PM_READER_MEMORY, "");
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
		pm_xml_fail(xml, PM_READER_MEMORY, "");
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
	PmXml *xml = reader->state;
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
take_path(PmXml *xml, const char *path)
{
	if (path == NULL || *path == '\0')
		path = ANY_OF_THEM;
	xml->anywhere = strncmp(path, "//", 2) == 0;
	path += xml->anywhere ? 2 : *path == '/';
	for (;;)
	{
		size_t size = strcspn(path, "/");

		if (size == 0 || xml->step_count == PM_XML_STEPS)
			return false;
		xml->steps[xml->step_count].data = path;
		xml->steps[xml->step_count++].size = size;
		path += size;
		if (*path == '\0')
			return true;
		path++;
	}
}

/* Which UTF-16 a document begins as, by its byte order mark or a zero byte; DETECT: none. */
static PmEncoding
begins_as_utf16(const PmBuffer *head)
{
	const char *start = head->data;

	if (head->size < 2)
		return PM_ENCODING_DETECT;
	if (memcmp(start, "\xFF\xFE", 2) == 0 || start[1] == '\0')
		return PM_ENCODING_UTF16LE;
	if (memcmp(start, "\xFE\xFF", 2) == 0 || start[0] == '\0')
		return PM_ENCODING_UTF16BE;
	return PM_ENCODING_DETECT;
}

/*
 * Finds the encoding where the document does not say it: set, or by a byte order mark, or
 * as the parser does by how "<" is written (XML 1.0, appendix F), or of a text without
 * declaration that is not UTF-8.
 */
static bool
take_encoding(PmXml *xml)
{
	PmReader *reader = xml->reader;
	const PmBuffer *head = &reader->input.head;
	PmEncodingGuess guess;
	bool is_declared = false;

	xml->encoding = reader->options.encoding;
	xml->is_known = xml->encoding != PM_ENCODING_DETECT;
	if (!pm_input_peek(&reader->input))
		return false;
	/* of what the parser knows itself it takes none but this for what begins so */
	if (xml->is_known && xml->encoding != PM_ENCODING_WINDOWS1252 &&
	    xml->encoding != PM_ENCODING_LATIN9 && begins_as_utf16(head) != PM_ENCODING_DETECT)
		xml->encoding = begins_as_utf16(head);
	if (xml->is_known)
		return true;
	pm_encoding_detect(head->data, head->size, head->size < PM_INPUT_HEAD, &guess);
	if (begins_as_utf16(head) != PM_ENCODING_DETECT)
		guess.encoding = begins_as_utf16(head);
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
	PmXml *xml = calloc(1, sizeof(*xml));

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
	XML_SetElementHandler(xml->parser, pm_xml_start_element, pm_xml_end_element);
	XML_SetCharacterDataHandler(xml->parser, pm_xml_character_data);
	XML_SetEntityDeclHandler(xml->parser, entity_declaration);
	XML_SetDoctypeDeclHandler(xml->parser, start_doctype, end_doctype);
	XML_SetXmlDeclHandler(xml->parser, declaration);
	XML_SetUnknownEncodingHandler(xml->parser, unknown_encoding, xml);
	return true;
}

static void
xml_close(PmReader *reader)
{
	PmXml *xml = reader->state;

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
