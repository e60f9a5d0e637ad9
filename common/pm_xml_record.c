/*
 * pm_xml_record.c - the record of an XML document, as its tags and text are met
 *
 * What is within a record becomes columns by path from there:
 *
 *   name, price/amount     the text of an element, with that of those within it.  One that
 *                          has others within it, or attributes, and no text but blanks has
 *                          no value.
 *   @id, image/@url        an attribute.  Defaults of a document type are not read.
 *   .                      the text of the record itself
 */
#include "pm_xml_private.h"

#include <string.h>

#include "pm_char.h"

/* Fails for a negative status of pm_fields.h; true: it is none, or is only too long. */
static bool
check(PmXml *xml, int status)
{
	if (status == PM_FIELDS_NO_MEMORY)
		pm_xml_fail(xml, PM_READER_MEMORY, "");
	else if (status == PM_FIELDS_TOO_MANY)
		pm_xml_fail(xml, PM_READER_TOO_MANY_COLUMNS, "");
	else
		return true;
	return false;
}

/* The bytes of the file at an offset that is kept, as UTF-8; false: no memory. */
static bool
show(PmXml *xml, int64_t offset, size_t size)
{
	const char *source = xml->source.data + (offset - xml->base);
	const char *clean = NULL;
	unsigned found = 0;
	PmUtf16 state = {0};

	xml->record.raw.data = source;
	xml->record.raw.size = size;
	if (xml->encoding == PM_ENCODING_UTF8)
		return true; /* the parser has seen that it is */
	if (!pm_buffer_reserve(&xml->raw, PM_UTF8_GROWTH * (size + 4)))
		return false;
	if (xml->encoding == PM_ENCODING_UTF16LE || xml->encoding == PM_ENCODING_UTF16BE)
	{
		size = pm_utf16_convert(&state, xml->encoding == PM_ENCODING_UTF16BE, source, size,
		                        false, xml->raw.data);
		/* half of a pair, which the parser takes for one with whatever follows */
		if (!pm_encoding_is_utf8(xml->raw.data, size))
		{
			if (!pm_buffer_reserve(&xml->raw, size + PM_UTF8_GROWTH * size))
				return false;
			if (xml->record.fault == PM_RECORD_GOOD)
				xml->record.fault = PM_RECORD_BAD_ENCODING;
			clean = xml->raw.data + size;
			size = pm_encoding_convert(PM_ENCODING_UTF8, xml->raw.data, size,
			                           xml->raw.data + size, &found);
		}
	}
	else
		size = pm_encoding_convert(xml->encoding, source, size, xml->raw.data, &found);
	xml->record.raw.data = clean == NULL ? xml->raw.data : clean;
	xml->record.raw.size = size;
	return true;
}

/* The rest of the record is passed over: it is too long. */
void
pm_xml_give_up(PmXml *xml)
{
	xml->is_long = true;
	xml->record.fault = PM_RECORD_TOO_LONG;
}

/* Keeps what is shown of a record that is too long, of which size bytes are there. */
bool
pm_xml_keep_shown(PmXml *xml, size_t size)
{
	PmText *raw = &xml->record.raw;

	xml->shown.size = 0;
	if (!show(xml, xml->start, size < PM_XML_SHOWN ? size : PM_XML_SHOWN))
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
know(PmXml *xml, const char *name)
{
	int status = pm_fields_child(xml->seen, PM_FIELDS_ROOT, name, strlen(name));

	if (status == PM_FIELDS_TOO_LONG)
		pm_xml_fail(xml, PM_READER_SYNTAX, "a name is too long");
	return status != PM_FIELDS_TOO_LONG && check(xml, status);
}

/* Which steps a name equals: a bit each. */
static uint64_t
steps_of(const PmXml *xml, const char *name)
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
take_attributes(PmXml *xml, int parent, const char **attributes)
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
			pm_xml_fail(xml, PM_READER_MEMORY, "");
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
			pm_xml_give_up(xml);
			return;
		}
		memcpy(room, attributes[i + 1], size);
		name = pm_fields_add(xml->fields, name, size, false);
		if (!check(xml, name))
			return;
		if (name < 0)
			pm_xml_give_up(xml);
	}
}

/* Begins an element within a record, or the record itself. */
static void
begin_element(PmXml *xml, int name, const char **attributes)
{
	PmXmlElement *element = &xml->elements[xml->depth - xml->record_depth];

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
begin_record(PmXml *xml)
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

/* Notes what a tag before the first record declares of namespaces. */
static void
take_namespaces(PmXml *xml, const char **attributes)
{
	PmReaderFound *found = &xml->reader->found;

	for (; *attributes != NULL; attributes += 2)
	{
		size_t name_size = strlen(attributes[0]) + 1;
		size_t size = name_size + strlen(attributes[1]) + 1;

		if (strncmp(attributes[0], "xmlns", 5) != 0 ||
		    (attributes[0][5] != '\0' && attributes[0][5] != ':') ||
		    size > sizeof(found->namespaces) - found->namespaces_size)
			continue;
		memcpy(found->namespaces + found->namespaces_size, attributes[0], name_size);
		memcpy(found->namespaces + found->namespaces_size + name_size, attributes[1],
		       size - name_size);
		found->namespaces_size += size;
	}
}

/*
 * Is the parser where the record is too long?  It may be told so only when more is read, and
 * what comes of the record must not depend on that.
 */
static bool
is_beyond(const PmXml *xml)
{
	return XML_GetCurrentByteIndex(xml->parser) - xml->start >
	       (int64_t) xml->reader->options.max_record;
}

/* Handler of expat: a tag opens an element. */
void
pm_xml_start_element(void *data, const char *name, const char **attributes)
{
	PmXml *xml = data;
	uint64_t above = xml->matched[xml->depth] << 1;
	int id;

	if (pm_xml_has_failed(xml))
		return;
	if (++xml->depth > PM_XML_DEPTH)
	{
		pm_xml_fail(xml, PM_READER_SYNTAX, "nested too deep");
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
		if (!xml->found)
			take_namespaces(xml, attributes);
	}
	else if (!xml->is_long)
	{
		const PmXmlElement *parent = &xml->elements[xml->depth - 1 - xml->record_depth];

		id = is_beyond(xml)
		         ? PM_FIELDS_TOO_LONG
		         : pm_fields_child(xml->fields, parent->name, name, strlen(name));
		if (!check(xml, id))
			return;
		if (id >= 0)
		{
			begin_element(xml, id, attributes);
			return;
		}
		pm_xml_give_up(xml);
	}
	for (; *attributes != NULL && know(xml, *attributes); attributes += 2)
		;
	know(xml, name);
}

/* Handler of expat: text, some of it. */
void
pm_xml_character_data(void *data, const char *text, int size)
{
	PmXml *xml = data;
	PmXmlElement *element;

	if (!xml->in_record || xml->is_long || pm_xml_has_failed(xml))
		return;
	element = &xml->elements[xml->depth - xml->record_depth];
	if (xml->text.size + (size_t) size > xml->reader->options.max_record)
	{
		pm_xml_give_up(xml);
		return;
	}
	for (int i = 0; i < size && !element->has_text; i++)
		element->has_text = !pm_is_space(text[i]);
	if (!pm_buffer_add(&xml->text, text, (size_t) size))
		pm_xml_fail(xml, PM_READER_MEMORY, "");
}

/* Takes the text of an element that ends as a value. */
static void
finish_element(PmXml *xml)
{
	const PmXmlElement *element = &xml->elements[xml->depth - xml->record_depth];
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
		pm_xml_give_up(xml);
		return;
	}
	if (size > 0)
		memcpy(room, xml->text.data + element->start, size);
	name = pm_fields_add(xml->fields, name, size, false);
	if (check(xml, name) && name < 0)
		pm_xml_give_up(xml);
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
finish_record(PmXml *xml)
{
	PmRecord *record = &xml->record;
	int64_t end =
	    XML_GetCurrentByteIndex(xml->parser) + XML_GetCurrentByteCount(xml->parser);

	size_t size = (size_t) (end - xml->start);
	bool done;

	xml->in_record = false;
	if (!xml->is_long && size > xml->reader->options.max_record)
		pm_xml_give_up(xml);
	done = !xml->is_long ? show(xml, xml->start, size)
	                     : xml->is_shown || pm_xml_keep_shown(xml, size);
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
		pm_xml_fail(xml, PM_READER_MEMORY, "");
		return;
	}
	record->fault_line = record->line;
	record->fault_offset = record->offset;
	record->number = ++xml->count;
	xml->is_ready = true;
	XML_StopParser(xml->parser, XML_TRUE);
}

/* Handler of expat: an element ends. */
void
pm_xml_end_element(void *data, const char *name)
{
	PmXml *xml = data;

	(void) name;
	if (pm_xml_has_failed(xml))
		return;
	if (xml->in_record && !xml->is_long && is_beyond(xml))
		pm_xml_give_up(xml);
	else if (xml->in_record && !xml->is_long)
		finish_element(xml);
	if (pm_xml_has_failed(xml))
		return;
	if (xml->in_record && xml->depth == xml->record_depth)
		finish_record(xml);
	xml->depth--;
}
