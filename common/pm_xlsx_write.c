/*
 * pm_xlsx_write.c - write a workbook of one sheet
 *
 * The file is a ZIP archive in memory (APPNOTE 4.3).  What a part says goes through a
 * piece of fixed size into the compressor, and from there to the end of the file; the
 * sizes and the CRC, known once the part ends, are then put into its header.
 */
#include "pm_xlsx_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "pm_cell.h"
#include "pm_char.h"
#include "pm_reader_private.h"
#include "pm_utf8.h"

#define PARTS_MAX   8
#define PIECE       65536
#define LOCAL_SIZE  30 /* of a header without its name */
#define LOCAL_SUMS  14 /* where CRC and sizes are in it */
#define NAMESPACE   "http://schemas.openxmlformats.org/"
#define DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
#define TYPE        "application/vnd.openxmlformats-"
#define BOOK        "officedocument.spreadsheetml.sheet.main+xml"
#define SHEET       "officedocument.spreadsheetml.worksheet+xml"
#define NO_TEXT     "\xEF\xBF\xBD" /* U+FFFD */

static const char types[] = DECLARATION
    "<Types xmlns=\"" NAMESPACE "package/2006/content-types\">"
    "<Default Extension=\"rels\" ContentType=\"" TYPE "package.relationships+xml\"/>"
    "<Override PartName=\"/xl/workbook.xml\" ContentType=\"" TYPE BOOK "\"/>"
    "<Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"" TYPE SHEET
    "\"/></Types>";
static const char package_relations[] =
    DECLARATION "<Relationships xmlns=\"" NAMESPACE "package/2006/relationships\">"
                "<Relationship Id=\"rId1\" Type=\"" NAMESPACE
                "officeDocument/2006/relationships/officeDocument\" "
                "Target=\"xl/workbook.xml\"/></Relationships>";
static const char book_relations[] =
    DECLARATION "<Relationships xmlns=\"" NAMESPACE "package/2006/relationships\">"
                "<Relationship Id=\"rId1\" Type=\"" NAMESPACE
                "officeDocument/2006/relationships/worksheet\" "
                "Target=\"worksheets/sheet1.xml\"/></Relationships>";
static const char book_start[] = DECLARATION
    "<workbook xmlns=\"" NAMESPACE "spreadsheetml/2006/main\" xmlns:r=\"" NAMESPACE
    "officeDocument/2006/relationships\"><sheets><sheet name=\"";
static const char book_end[] = "\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>";
static const char sheet_start[] =
    DECLARATION "<worksheet xmlns=\"" NAMESPACE "spreadsheetml/2006/main\"><sheetData>";
static const char sheet_end[] = "</sheetData></worksheet>";

typedef struct Part
{
	const char *name;
	size_t place; /* of its header */
	uint32_t crc;
	uint32_t packed;
	uint32_t expanded;
} Part;

struct PmXlsxWriter
{
	PmXlsxWriteFault fault;
	size_t max;
	PmBuffer file;
	z_stream stream;

	/* the part of the moment is the last one */
	Part parts[PARTS_MAX];
	int part_count;
	uint64_t expanded;
	size_t piece_size;
	char piece[PIECE];

	int64_t row;    /* the last one */
	PmBuffer value; /* of CSV, without its quotes */
};

static void
fail(PmXlsxWriter *writer, PmXlsxWriteFault fault)
{
	if (writer->fault == PM_XLSX_WRITE_FINE)
		writer->fault = fault;
}

/* Appends bytes to the file. */
static void
append(PmXlsxWriter *writer, const char *data, size_t size)
{
	if (writer->fault != PM_XLSX_WRITE_FINE)
		return;
	if (size > writer->max || writer->file.size > writer->max - size)
		fail(writer, PM_XLSX_WRITE_TOO_LARGE);
	else if (!pm_buffer_add(&writer->file, data, size))
		fail(writer, PM_XLSX_WRITE_MEMORY);
}

/* Appends a number, its low byte first. */
static void
append_number(PmXlsxWriter *writer, uint32_t number, size_t size)
{
	char bytes[4];

	for (size_t i = 0; i < size; i++)
		bytes[i] = (char) (number >> 8 * i & 0xFF);
	append(writer, bytes, size);
}

/* Compresses the piece that was collected; at_end with the last one of a part. */
static void
compress_piece(PmXlsxWriter *writer, bool at_end)
{
	z_stream *stream = &writer->stream;
	Part *part = &writer->parts[writer->part_count - 1];
	char packed[PIECE];

	part->crc = (uint32_t) crc32(part->crc, (const Bytef *) writer->piece,
	                             (uInt) writer->piece_size);
	writer->expanded += writer->piece_size;
	if (writer->expanded > UINT32_MAX)
		fail(writer, PM_XLSX_WRITE_TOO_LARGE);
	stream->next_in = (Bytef *) writer->piece;
	stream->avail_in = (uInt) writer->piece_size;
	do
	{
		stream->next_out = (Bytef *) packed;
		stream->avail_out = sizeof(packed);
		(void) deflate(stream, at_end ? Z_FINISH : Z_NO_FLUSH);
		append(writer, packed, sizeof(packed) - stream->avail_out);
	} while (stream->avail_out == 0);
	writer->piece_size = 0;
}

/* Adds to the part of the moment. */
static void
put(PmXlsxWriter *writer, const char *data, size_t size)
{
	while (size > 0 && writer->fault == PM_XLSX_WRITE_FINE)
	{
		size_t some = PIECE - writer->piece_size;

		if (some > size)
			some = size;
		memcpy(writer->piece + writer->piece_size, data, some);
		writer->piece_size += some;
		data += some;
		size -= some;
		if (writer->piece_size == PIECE)
			compress_piece(writer, false);
	}
}

static void
put_string(PmXlsxWriter *writer, const char *text)
{
	put(writer, text, strlen(text));
}

/* What stands in both headers of a part. */
static void
append_header(PmXlsxWriter *writer, const Part *part)
{
	append_number(writer, 20, 2);   /* version of the format */
	append_number(writer, 0, 2);    /* flags */
	append_number(writer, 8, 2);    /* deflate */
	append_number(writer, 0, 2);    /* time */
	append_number(writer, 0x21, 2); /* 1980-01-01 */
	append_number(writer, part->crc, 4);
	append_number(writer, part->packed, 4);
	append_number(writer, part->expanded, 4);
	append_number(writer, (uint32_t) strlen(part->name), 2);
	append_number(writer, 0, 2); /* extra field */
}

static void
begin_part(PmXlsxWriter *writer, const char *name)
{
	Part *part = &writer->parts[writer->part_count++];

	part->name = name;
	part->place = writer->file.size;
	part->crc = (uint32_t) crc32(0, NULL, 0);
	append_number(writer, 0x04034B50, 4);
	append_header(writer, part);
	append(writer, name, strlen(name));
	(void) deflateReset(&writer->stream);
	writer->expanded = 0;
}

static void
end_part(PmXlsxWriter *writer)
{
	Part *part = &writer->parts[writer->part_count - 1];
	uint32_t sums[3];
	char *place;

	compress_piece(writer, true);
	if (writer->fault != PM_XLSX_WRITE_FINE)
		return;
	part->packed =
	    (uint32_t) (writer->file.size - part->place - LOCAL_SIZE - strlen(part->name));
	part->expanded = (uint32_t) writer->expanded;
	sums[0] = part->crc;
	sums[1] = part->packed;
	sums[2] = part->expanded;
	place = writer->file.data + part->place + LOCAL_SUMS;
	for (int i = 0; i < 12; i++)
		place[i] = (char) (sums[i / 4] >> i % 4 * 8 & 0xFF);
}

/* Adds a part that is all there. */
static void
put_part(PmXlsxWriter *writer, const char *name, const char *text)
{
	begin_part(writer, name);
	put_string(writer, text);
	end_part(writer);
}

/* Can XML, or a cell, not have a character as it is? */
static bool
must_escape(uint32_t cp)
{
	return (cp < ' ' && cp != '\t' && cp != '\n') || cp == 0xFFFE || cp == 0xFFFF;
}

/* Would a text, once the characters after it are escaped, be read as one that is? */
static bool
begins_escape(const char *at, const char *end)
{
	char begin[7];
	uint32_t cp;

	if (pm_cell_is_escape(at, end))
		return true;
	if (end - at <= 6)
		return false;
	pm_utf8_decode(at + 6, (size_t) (end - at - 6), &cp);
	memcpy(begin, at, 6);
	begin[6] = '_';
	return cp != 0 && cp != PM_UTF8_INVALID && must_escape(cp) &&
	       pm_cell_is_escape(begin, begin + 7);
}

/*
 * Adds text as XML: of a cell, where a character that XML cannot have is written as a
 * workbook does (ECMA-376, 22.9.2.19), or a name, which has no such way.
 */
static void
put_text(PmXlsxWriter *writer, PmText text, bool is_name)
{
	const char *end = text.data + text.size;
	const char *from = text.data;
	size_t size;

	for (const char *at = text.data; at < end; at += size)
	{
		char code[8];
		const char *instead = NULL;
		uint32_t cp;

		size = pm_utf8_decode(at, (size_t) (end - at), &cp);
		if (cp == PM_UTF8_INVALID || cp == 0)
			instead = NO_TEXT;
		else if (cp == '&')
			instead = "&amp;";
		else if (cp == '<')
			instead = "&lt;";
		else if (cp == '>')
			instead = "&gt;";
		else if (is_name && cp == '"')
			instead = "&quot;";
		else if (is_name)
			instead = cp < ' ' || cp == 0xFFFE || cp == 0xFFFF ? NO_TEXT : NULL;
		else if (must_escape(cp) || (cp == '_' && begins_escape(at, end)))
		{
			snprintf(code, sizeof(code), "_x%04X_", (unsigned) cp);
			instead = code;
		}
		if (instead == NULL)
			continue;
		put(writer, from, (size_t) (at - from));
		put_string(writer, instead);
		from = at + size;
	}
	put(writer, from, (size_t) (end - from));
}

static void
begin_row(PmXlsxWriter *writer)
{
	char text[40];

	snprintf(text, sizeof(text), "<row r=\"%lld\">", (long long) ++writer->row);
	put_string(writer, text);
}

/* Adds a cell of the row of the moment, by its column from 0; none without text. */
static void
put_cell(PmXlsxWriter *writer, int column, PmText value, bool is_number)
{
	char letters[8];
	char place[48];
	char *first = letters + sizeof(letters) - 1;

	if (value.size == 0)
		return;
	*first = '\0';
	for (int left = column + 1; left > 0; left = (left - 1) / 26)
		*--first = (char) ('A' + (left - 1) % 26);
	snprintf(place, sizeof(place), "<c r=\"%s%lld\"", first, (long long) writer->row);
	put_string(writer, place);
	put_string(writer,
	           is_number ? "><v>" : " t=\"inlineStr\"><is><t xml:space=\"preserve\">");
	put_text(writer, value, false);
	put_string(writer, is_number ? "</v></c>" : "</t></is></c>");
}

/* Where the digits from here end; NULL: there is none. */
static const char *
digits_end(const char *at, const char *end)
{
	const char *from = at;

	while (at < end && pm_is_digit(*at))
		at++;
	return at > from ? at : NULL;
}

/* Is an unquoted value a number, as the reader writes them? */
static bool
is_number(PmText value)
{
	const char *end = value.data + value.size;
	const char *at = value.data;

	if (at < end && *at == '-')
		at++;
	at = digits_end(at, end);
	if (at != NULL && at < end && *at == '.')
		at = digits_end(at + 1, end);
	if (at != NULL && at < end && *at == 'E')
	{
		at++;
		if (at < end && (*at == '+' || *at == '-'))
			at++;
		at = digits_end(at, end);
	}
	return at == end;
}

/* The value that a quote begins, without its quotes; at becomes where it ends. */
static PmText
unquoted(PmXlsxWriter *writer, const char **at, const char *end)
{
	PmText value = {NULL, 0};
	const char *from = *at + 1;
	char *out;

	if (!pm_buffer_reserve(&writer->value, (size_t) (end - from)))
	{
		fail(writer, PM_XLSX_WRITE_MEMORY);
		*at = end;
		return value;
	}
	value.data = out = writer->value.data;
	while (from < end)
	{
		if (*from == '"' && ++from < end && *from != '"')
			break;
		if (from < end)
			*out++ = *from++;
	}
	value.size = (size_t) (out - writer->value.data);
	*at = from;
	return value;
}

PmXlsxWriter *
pm_xlsx_write_begin(PmText sheet, int64_t skip, size_t max)
{
	PmXlsxWriter *writer = calloc(1, sizeof(*writer));

	if (writer == NULL)
		return NULL;
	if (deflateInit2(&writer->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8,
	                 Z_DEFAULT_STRATEGY) != Z_OK)
	{
		free(writer);
		return NULL;
	}
	writer->max = max < UINT32_MAX ? max : UINT32_MAX;
	writer->row = skip;
	put_part(writer, "[Content_Types].xml", types);
	put_part(writer, "_rels/.rels", package_relations);
	put_part(writer, "xl/_rels/workbook.xml.rels", book_relations);
	begin_part(writer, "xl/workbook.xml");
	put_string(writer, book_start);
	put_text(writer, sheet, true);
	put_string(writer, book_end);
	end_part(writer);
	begin_part(writer, "xl/worksheets/sheet1.xml");
	put_string(writer, sheet_start);
	return writer;
}

/* Adds a row of texts, whatever they look like. */
bool
pm_xlsx_write_names(PmXlsxWriter *writer, const PmText *names, int count)
{
	begin_row(writer);
	for (int i = 0; i < count; i++)
		put_cell(writer, i, names[i], false);
	put_string(writer, "</row>");
	return writer->fault == PM_XLSX_WRITE_FINE;
}

/* Adds a row of CSV, separated by commas, without its line end. */
bool
pm_xlsx_write_row(PmXlsxWriter *writer, PmText raw)
{
	const char *at = raw.data;
	const char *end = at + raw.size;

	begin_row(writer);
	for (int column = 0; at < end && writer->fault == PM_XLSX_WRITE_FINE; column++)
	{
		bool is_quoted = *at == '"';
		PmText value = {at, 0};
		const char *comma;

		if (is_quoted)
			value = unquoted(writer, &at, end);
		comma = memchr(at, ',', (size_t) (end - at));
		if (comma == NULL)
			comma = end;
		if (!is_quoted)
			value.size = (size_t) (comma - at);
		put_cell(writer, column, value, !is_quoted && is_number(value));
		at = comma < end ? comma + 1 : end;
	}
	put_string(writer, "</row>");
	return writer->fault == PM_XLSX_WRITE_FINE;
}

bool
pm_xlsx_write_end(PmXlsxWriter *writer, PmText *file)
{
	size_t start;
	size_t size;

	put_string(writer, sheet_end);
	end_part(writer);
	start = writer->file.size;
	for (int i = 0; i < writer->part_count; i++)
	{
		const Part *part = &writer->parts[i];

		append_number(writer, 0x02014B50, 4);
		append_number(writer, 20, 2); /* made by this version */
		append_header(writer, part);
		append_number(writer, 0, 4); /* comment, disk */
		append_number(writer, 0, 2); /* attributes */
		append_number(writer, 0, 4);
		append_number(writer, (uint32_t) part->place, 4);
		append(writer, part->name, strlen(part->name));
	}
	size = writer->file.size - start;
	append_number(writer, 0x06054B50, 4);
	append_number(writer, 0, 4); /* disks */
	append_number(writer, (uint32_t) writer->part_count, 2);
	append_number(writer, (uint32_t) writer->part_count, 2);
	append_number(writer, (uint32_t) size, 4);
	append_number(writer, (uint32_t) start, 4);
	append_number(writer, 0, 2); /* comment */
	file->data = writer->file.data;
	file->size = writer->file.size;
	return writer->fault == PM_XLSX_WRITE_FINE;
}

PmXlsxWriteFault
pm_xlsx_write_fault(const PmXlsxWriter *writer)
{
	return writer->fault;
}

/* NULL is nothing. */
void
pm_xlsx_write_free(PmXlsxWriter *writer)
{
	if (writer == NULL)
		return;
	(void) deflateEnd(&writer->stream);
	pm_buffer_free(&writer->file);
	pm_buffer_free(&writer->value);
	free(writer);
}
