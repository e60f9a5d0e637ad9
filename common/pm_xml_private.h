/*
 * pm_xml_private.h - the state of a reader of an XML document
 */
#ifndef PM_XML_PRIVATE_H
#define PM_XML_PRIVATE_H

#include <expat.h>

#include "pm_encoding.h"
#include "pm_fields.h"
#include "pm_reader_private.h"

#define PM_XML_DEPTH 64
#define PM_XML_STEPS 63                        /* of the path: a bit each */
#define PM_XML_SHOWN (2 * PM_READER_SHOWN + 8) /* bytes of the file, for as many of UTF-8 */

/* An element within the record of the moment. */
typedef struct PmXmlElement
{
	int name;
	size_t start;    /* of its text */
	bool has_others; /* elements or attributes */
	bool has_text;   /* of its own, not only blanks */
} PmXmlElement;

typedef struct PmXml
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

	PmText steps[PM_XML_STEPS];
	int step_count;
	bool anywhere; /* the path starts with // */
	bool found;
	int depth;
	uint64_t
	    matched[PM_XML_DEPTH + 1]; /* by depth: bit n: the last n + 1 names are steps */
	PmFields *seen;                /* names outside of records: the parser keeps each one */
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
	PmXmlElement elements[PM_XML_DEPTH];
	PmBuffer attribute;
	PmBuffer raw;   /* if the file is not in UTF-8 */
	PmBuffer shown; /* of a record that is too long */
	PmRecord record;
	bool is_ready;
	int64_t count;
} PmXml;

/* expat may call a handler once more after it was told to stop. */
static inline bool
pm_xml_has_failed(const PmXml *xml)
{
	return xml->reader->failure.fault != PM_READER_FINE;
}

/* in pm_xml.c */
extern void pm_xml_fail(PmXml *xml, PmReaderFault fault, const char *detail);

/* in pm_xml_record.c; three of them are handlers of expat */
extern void pm_xml_give_up(PmXml *xml);
extern bool pm_xml_keep_shown(PmXml *xml, size_t size);
extern void pm_xml_start_element(void *data, const char *name, const char **attributes);
extern void pm_xml_character_data(void *data, const char *text, int size);
extern void pm_xml_end_element(void *data, const char *name);

#endif /* PM_XML_PRIVATE_H */
