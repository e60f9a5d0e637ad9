/*
 * fuzz_xlsx.c - any bytes as the parts of a workbook
 *
 * The first byte says how to read it; then come sheet, shared strings, styles, workbook and
 * its relationships, each up to a byte of FF.  A part that is empty is a plain one.
 */
#define _GNU_SOURCE /* memfd_create() */
#include <zlib.h>

#include "read_all.h"

#define RELATION "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"

typedef struct Archive
{
	PmBuffer members;
	PmBuffer directory;
	unsigned count;
} Archive;

static void
add_number(PmBuffer *buffer, uint64_t value, int size)
{
	char bytes[8];

	for (int i = 0; i < size; i++)
		bytes[i] = (char) (value >> 8 * i);
	MUST_HOLD(pm_buffer_add(buffer, bytes, (size_t) size));
}

/* What the entry of a member and that of the directory have in common. */
static void
add_header(PmBuffer *buffer, const char *name, const void *data, size_t size)
{
	add_number(buffer, 20, 2);     /* version */
	add_number(buffer, 0, 4);      /* flags, method */
	add_number(buffer, 0x5821, 4); /* time, date */
	add_number(buffer, crc32(0, data, (uInt) size), 4);
	add_number(buffer, size, 4);
	add_number(buffer, size, 4);
	add_number(buffer, strlen(name), 2);
	add_number(buffer, 0, 2); /* extra */
}

/* Adds a member as it is. */
static void
add_member(Archive *archive, const char *name, const void *data, size_t size)
{
	size_t offset = archive->members.size;

	MUST_HOLD(pm_buffer_add(&archive->members, "PK\3\4", 4));
	add_header(&archive->members, name, data, size);
	MUST_HOLD(pm_buffer_add(&archive->members, name, strlen(name)) &&
	          pm_buffer_add(&archive->members, data, size));
	MUST_HOLD(pm_buffer_add(&archive->directory, "PK\1\2\24\0", 6));
	add_header(&archive->directory, name, data, size);
	add_number(&archive->directory, 0, 8); /* comment, disk, attributes */
	add_number(&archive->directory, 0, 2);
	add_number(&archive->directory, offset, 4);
	MUST_HOLD(pm_buffer_add(&archive->directory, name, strlen(name)));
	archive->count++;
}

/* Ends the archive, which then is all in members. */
static void
finish(Archive *archive)
{
	size_t offset = archive->members.size;

	MUST_HOLD(
	    pm_buffer_add(&archive->members, archive->directory.data, archive->directory.size));
	MUST_HOLD(pm_buffer_add(&archive->members, "PK\5\6\0\0\0\0", 8));
	add_number(&archive->members, archive->count, 2);
	add_number(&archive->members, archive->count, 2);
	add_number(&archive->members, archive->directory.size, 4);
	add_number(&archive->members, offset, 4);
	add_number(&archive->members, 0, 2);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct
	{
		const char *name;
		const char *plain;
	} parts[] = {
	    {"xl/worksheets/s1.xml",
	     "<worksheet><sheetData><row><c t='s'><v>0</v></c></row></sheetData></worksheet>"},
	    {"xl/strings.xml",             "<sst><si><t>a</t></si><si><t>b</t></si></sst>"   },
	    {"xl/styles.xml",
	     "<styleSheet><numFmts><numFmt numFmtId='164' formatCode='yyyy'/></numFmts><cellXfs><xf "
	     "numFmtId='0'/><xf numFmtId='164'/><xf numFmtId='22'/></cellXfs></styleSheet>"  },
	    {"xl/workbook.xml",
	     "<workbook><sheets><sheet name='A' id='i'/></sheets></workbook>"                },
	    {"xl/_rels/workbook.xml.rels",
	     "<Relationships><Relationship Id='i' Type='" RELATION
	     "worksheet' Target='worksheets/s1.xml'/><Relationship Id='j' Type='" RELATION
	     "sharedStrings' Target='strings.xml'/><Relationship Id='k' Type='" RELATION
	     "styles' Target='styles.xml'/></Relationships>"                                 },
	};
	PmReaderOptions options = {.max_columns = 30};
	Archive archive = {{0}, {0}, 0};
	const uint8_t *end = data + size;

	if (size == 0)
		return 0;
	options.header = (int) (data[0] & 3) % 3 - 1;
	options.skip = data[0] >> 2 & 1;
	if (data[0] & 8)
		options.max_record = 20;
	if (data[0] & 16)
		options.sheet = "A";
	data++;
	add_member(&archive, "[Content_Types].xml", "<Types/>", 8);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
	{
		const uint8_t *stop = memchr(data, 0xFF, (size_t) (end - data));

		if (stop == NULL)
			stop = end;
		if (stop == data)
			add_member(&archive, parts[i].name, parts[i].plain, strlen(parts[i].plain));
		else
			add_member(&archive, parts[i].name, data, (size_t) (stop - data));
		data = stop < end ? stop + 1 : end;
	}
	finish(&archive);
	read_all(archive.members.data, archive.members.size, &options);
	pm_buffer_free(&archive.members);
	pm_buffer_free(&archive.directory);
	return 0;
}
