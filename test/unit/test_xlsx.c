/*
 * test_xlsx.c - workbooks: what cells become, which sheet, and files that are none
 *
 * Workbooks are made here, part by part.  Each is read whole and by pieces of 1 and 7
 * bytes.  See render.h for how records are written.
 */
#define _GNU_SOURCE /* memmem() */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "archive.h"
#include "pm_strings.h"
#include "tap.h"

#define TYPES \
	"<Types xmlns='http://schemas.openxmlformats.org/package/2006/content-types'/>"
#define RELATION "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
#define STRICT   "http://purl.oclc.org/ooxml/officeDocument/relationships/"

#define ROOT_RELS                                                                       \
	"<Relationships><Relationship Id='rId1' Type='" RELATION "officeDocument' Target='" \
	"xl/workbook.xml'/></Relationships>"
#define BOOK_RELS                                                                       \
	"<Relationships>"                                                                   \
	"<Relationship Id='rId1' Type='" RELATION "worksheet' Target='worksheets/s1.xml'/>" \
	"<Relationship Id='rId2' Type='" RELATION                                           \
	"worksheet' Target='/xl/worksheets/s2.xml'/>"                                       \
	"<Relationship Id='rId3' Type='" RELATION                                           \
	"sharedStrings' Target='./x/../strings.xml'/>"                                      \
	"<Relationship Id='rId4' Type='" RELATION "styles' Target='styles.xml'/>"           \
	"</Relationships>"
#define BOOK                                                            \
	"<workbook xmlns:r='" RELATION "'><workbookPr/><sheets>"            \
	"<sheet name='Hidden' sheetId='1' state='veryHidden' r:id='rId2'/>" \
	"<sheet name='Tom &amp; Jerry' sheetId='2' state='visible' r:id='rId1'/></sheets></workbook>"
#define STYLES                                                                               \
	"<styleSheet><numFmts count='2'><numFmt numFmtId='164' formatCode='0.00&quot;d&quot;'/>" \
	"<numFmt numFmtId='165' formatCode='dd/mm/yyyy\\ hh:mm'/></numFmts>"                     \
	"<cellStyleXfs><xf numFmtId='22'/></cellStyleXfs>"                                       \
	"<cellXfs><xf numFmtId='0'/><xf numFmtId='14'/><xf numFmtId='164'/>"                     \
	"<xf numFmtId='165'/><xf numFmtId='20'/><xf numFmtId='46'/></cellXfs></styleSheet>"
#define STRINGS                                                                                \
	"<sst><si><t>ean</t></si><si><r><rPr/><t>na</t></r><r><t xml:space='preserve'>me </t></r>" \
	"<rPh sb='0' eb='1'><t>no</t></rPh></si><si><t>a &lt; b_x000D_</t></si><si><t/></si></sst>"
#define SHEET(rows) "<worksheet><sheetData>" rows "</sheetData><mergeCells/></worksheet>"
#define EURO5       "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC"
#define EUROS                                                                           \
	EURO5 EURO5 EURO5 EURO5 EURO5 EURO5 EURO5 EURO5 EURO5 EURO5 EURO5 EURO5 EURO5 EURO5 \
	    EURO5 EURO5 EURO5 EURO5
#define HEADER \
	"<row r='1'><c r='A1' t='s'><v>0</v></c><c r='B1' t='inlineStr'><is><t>b</t></is></c></row>"

/* Which parts a workbook of a test has; NULL: as above. */
typedef struct Parts
{
	const char *root_rels;
	const char *book_rels;
	const char *book;
	const char *styles;
	const char *strings;
	const char *sheet;
	const char *other_sheet;
} Parts;

static char *
workbook(const Parts *parts, size_t *size)
{
	Member members[] = {
	    {"[Content_Types].xml",        TYPES,	                                               0},
	    {"_rels/.rels",                parts->root_rels == NULL ? ROOT_RELS : parts->root_rels, 0},
	    {"xl/_rels/workbook.xml.rels",
	     parts->book_rels == NULL ? BOOK_RELS : parts->book_rels,                               0},
	    {"xl/workbook.xml",            parts->book == NULL ? BOOK : parts->book,                0},
	    {"xl/styles.xml",              parts->styles == NULL ? STYLES : parts->styles,          0},
	    {"xl/strings.xml",             parts->strings == NULL ? STRINGS : parts->strings,       0},
	    {"xl/worksheets/s1.xml",       parts->sheet == NULL ? SHEET(HEADER) : parts->sheet,     0},
	    {"xl/worksheets/s2.xml",
	     parts->other_sheet == NULL ? SHEET(HEADER "<row><c><v>2</v></c></row>")
	                                : parts->other_sheet,
	     0	                                                                                   },
	};

	return archive_of(members, sizeof(members) / sizeof(members[0]), ZIP_CM_DEFLATE,
	                  ZIP_EM_NONE, size);
}

static void
gives(const Parts *parts, const PmReaderOptions *options, const char *expected,
      const char *name, int line)
{
	static const size_t chunks[] = {PM_READER_CHUNK, 1, 7};
	size_t size;
	char *bytes = workbook(parts, &size);

	for (size_t i = 0; i < 3; i++)
	{
		char *got = render_bytes(bytes, size, options, chunks[i]);
		bool same = strcmp(got, expected) == 0;

		/* one line of TAP a workbook, unless a piece makes a difference */
		if (i == 0 || !same)
			tap_is_str(got, expected, name, __FILE__, line);
		free(got);
	}
	free(bytes);
}

/* A sheet of some rows, read with options (initializers of PmReaderOptions). */
#define ROWS(name, rows, expected, ...)                                                \
	gives(&(Parts){.sheet = SHEET(rows)}, &(PmReaderOptions){__VA_ARGS__}, (expected), \
	      (name), __LINE__)
#define BOOKS(name, parts, expected, ...) \
	gives(&(Parts) parts, &(PmReaderOptions){__VA_ARGS__}, (expected), (name), __LINE__)
#define PART(...)   \
	{               \
		__VA_ARGS__ \
	}

static void
test_cells(void)
{
	ROWS("numbers",
	     "<row r='1'><c r='A1'><v>4.006381333931E12</v></c><c r='B1' t='n'><v>1.50</v></c>"
	     "<c r='C1' s='2'><v>3</v></c><c r='D1'><v>-1.0E-3</v></c></row>",
	     "1@1:-1 4006381333931|1.5|3|-0.001\n", .header = -1);
	ROWS(
	    "texts",
	    "<row><c t='s'><v>0</v></c><c t='s'><v>1</v></c><c t='s'><v>2</v></c>"
	    "<c t='s'><v>3</v></c><c t='str'><f>1+1</f><v>x&amp;y</v></c>"
	    "<c t='inlineStr'><is><r><t>00</t></r><r><t>1_x0041_</t></r><rPh><t>no</t></rPh></is></c></row>",
	    "1@1:-1 ean|name |a < b\r||x&y|001A\n", .header = -1);
	ROWS(
	    "formulas are what was saved",
	    "<row><c><f>SUM(A1:A9)</f><v>3</v></c><c><f>NOW()</f></c><c t='str'><f>A1</f><v></v></c>"
	    "<c t='inlineStr'><is><t>=1+1</t></is></c></row>",
	    "1@1:-1 3|-||=1+1\n", .header = -1);
	ROWS("booleans and errors",
	     "<row><c t='b'><v>1</v></c><c t='b'><v>0</v></c><c t='e'><v>#N/A</v></c>"
	     "<c t='e'><v>#DIV/0!</v></c></row>",
	     "1@1:-1 true|false|-|#DIV/0!\n", .header = -1);
	ROWS(
	    "dates and times",
	    "<row><c s='1'><v>45000</v></c><c s='3'><v>45000.5208333333</v></c>"
	    "<c s='4'><v>0.75</v></c><c s='5'><v>1.25</v></c><c t='d'><v>2024-02-29T00:00:00</v></c>"
	    "<c s='1'><v>-5</v></c><c s='99'><v>45000</v></c></row>",
	    "1@1:-1 2023-03-15|2023-03-15T12:30:00|18:00:00|30:00:00|2024-02-29T00:00:00|-5|45000\n",
	    .header = -1);
	BOOKS("days from 1904",
	      PART(.book = "<workbook xmlns:r='" RELATION "'><workbookPr date1904='1'/><sheets>"
	                   "<sheet name='A' r:id='rId1'/></sheets></workbook>",
	           .sheet = SHEET("<row><c s='1'><v>0</v></c><c s='1'><v>43538</v></c></row>")),
	      "1@1:-1 1904-01-01|2023-03-15\n", .header = -1);
	ROWS("what is no number stays",
	     "<row><c><v> 1,5 </v></c><c t='b'><v>maybe</v></c></row>", "1@1:-1 1,5|maybe\n",
	     .header = -1);
	ROWS(
	    "a shared string that is not there",
	    "<row><c><v>1</v></c><c t='s'><v>4</v></c><c t='s'><v>-1</v></c><c><v>2</v></c></row>",
	    "1@1:-1 1|||2 !10 1@1:-1 1,,,2\n", .header = -1);
	ROWS("merged cells",
	     "<row><c r='A1'><v>1</v></c><c r='B1' s='1'/><c r='C1'><v>2</v></c></row>",
	     "1@1:-1 1|-|2\n", .header = -1);
	ROWS("bytes that are no UTF-8", "<row><c t='str'><v>x\xE9</v></c><c><v>1</v></c></row>",
	     "1@1:-1 x\xEF\xBF\xBD|1 !1 0@1:-1 x\xEF\xBF\xBD,1\n", .header = -1);
	render_types = true;
	ROWS(
	    "numbers are no texts, also as CSV",
	    "<row><c><v>1.234</v></c><c t='str'><v>1.234</v></c><c s='1'><v>43538</v></c>"
	    "<c><v>1,5</v></c><c t='b'><v>1</v></c><c/><c><v>-2E3</v></c><c t='s'><v>9</v></c></row>",
	    "1@1:-1 #1.234|1.234|2019-03-14|1,5|true|-|#-2000 !10 -1@1:-1 "
	    "1.234,\"1.234\",\"2019-03-14\",\"1,5\",true,,-2000\n",
	    .header = -1);
	render_types = false;
	ROWS(
	    "as CSV",
	    "<row><c t='str'><v>a,b</v></c><c t='str'><v>&quot;x&quot;</v></c><c t='s'><v>9</v></c></row>",
	    "1@1:-1 a,b|\"x\" !10 -1@1:-1 \"a,b\",\"\"\"x\"\"\"\n", .header = -1);
}

static void
test_rows(void)
{
	ROWS("a header",
	     HEADER
	     "<row r='2'><c r='B2'><v>2</v></c></row><row r='5'><c r='A5'><v>1</v></c></row>",
	     "1@2:-1 -|2\n2@5:-1 1|-\n[ean|b]\n", .header = 1);
	ROWS("found by looking", HEADER "<row><c><v>1</v></c></row>", "1@2:-1 1|-\n[ean|b]\n",
	     .header = 0);
	is_int(render_found.header, 1, "which is told");
	ROWS("a number is no name", "<row><c t='s'><v>0</v></c><c><v>1</v></c></row>",
	     "1@1:-1 ean|1\n", .header = 0);
	is_int(render_found.header, -1, "which is told");
	ROWS(
	    "names that are empty or repeated",
	    "<row><c t='s'><v>0</v></c><c/><c t='s'><v>0</v></c></row><row><c><v>1</v></c></row>",
	    "1@2:-1 1|-|-\n[ean||ean]\n", .header = 1);
	ROWS("rows and cells without places, and out of order",
	     "<row><c t='s'><v>0</v></c><c t='s'><v>1</v></c></row>"
	     "<row r='7'><c r='B7'><v>2</v></c><c r='A7'><v>1</v></c></row>"
	     "<row><c><v>3</v></c></row><row r='3'><c><v>4</v></c></row>",
	     "1@7:-1 1|2\n2@8:-1 3|-\n3@3:-1 4|-\n[ean|name ]\n", .header = 1);
	ROWS("the last one of two cells at one place",
	     "<row><c r='A1'><v>1</v></c><c r='A1'><v>2</v></c></row>", "1@1:-1 2\n",
	     .header = -1);
	ROWS("rows to skip are those of the sheet",
	     "<row r='1'><c><v>9</v></c></row>"
	     "<row r='4'><c t='s'><v>0</v></c></row><row r='5'><c><v>1</v></c></row>",
	     "1@5:-1 1\n[ean]\n", .header = 1, .skip = 3);
	ROWS("blank rows",
	     HEADER "<row r='2'/><row r='3'><c t='s'><v>3</v></c><c t='str'><v> </v></c></row>"
	            "<row r='4'><c><v>1</v></c></row>",
	     "1@4:-1 1|-\n[ean|b]\n", .header = 1);
	ROWS(
	    "values beyond the header",
	    HEADER
	    "<row><c><v>1</v></c><c/><c><v>3</v></c></row><row><c><v>2</v></c><c/><c s='1'/></row>",
	    "1@2:-1 1|-|3 !6 2@2:-1 1,,3\n2@3:-1 2|-\n[ean|b]\n", .header = 1);
	ROWS("the header again", HEADER HEADER "<row r='3'><c><v>1</v></c></row>",
	     "1@1:-1 ean|b !8 -1@1:-1 ean,b\n2@3:-1 1|-\n[ean|b]\n", .header = 1);
	ROWS(
	    "rows grow without a header",
	    "<row><c><v>1</v></c></row><row><c/><c><v>2</v></c></row><row><c><v>3</v></c></row>",
	    "1@1:-1 1\n2@2:-1 -|2\n3@3:-1 3|-\n", .header = -1);
	ROWS(
	    "elements where the format has none",
	    "<row><c><v>1</v><row/></c><c><row><c><v>2</v></c></row></c></row>"
	    "<x><row><c><v>3</v></c></row></x><c><v>4</v></c><row><v>5</v><c><x><v>6</v></x></c>"
	    "<sheetData/><c><v>7</v></c></row>",
	    "1@1:-1 1\n2@2:-1 -|7\n", .header = -1);
	ROWS("too long of one shared text",
	     "<row><c t='s'><v>1</v></c><c t='s'><v>1</v></c><c t='s'><v>1</v></c></row>"
	     "<row><c t='s'><v>1</v></c><c t='s'><v>1</v></c><c t='s'><v>0</v></c></row>",
	     "1@1:-1  !7 -1@1:-1 \n2@2:-1 name |name |ean\n", .header = -1, .max_record = 14);
	ROWS("no rows", "", "", .header = -1);
	ROWS("no header", "", "failed 10 0 0:-1 \n", .header = 1);
	ROWS("too many columns", "<row><c r='XFD1' s='1'/><c r='CYV1'><v>1</v></c></row>",
	     "failed 9 0 0:-1 \n", .header = -1, .max_columns = 2000);
	ROWS("too long, and a fault before that",
	     "<row><c t='s'><v>99</v></c><c t='str'><v>xxxxxxxxxxxxxxxxxxxx</v></c></row>",
	     "1@1:-1  !7 -1@1:-1 \n", .header = -1, .max_record = 14);
	ROWS("too long",
	     HEADER
	     "<row r='2'><c t='str'><v>xxxxxxxxxx</v></c><c t='str'><v>yyyyyyyyyy</v></c></row>"
	     "<row r='3'><c><v>1</v></c></row>",
	     "1@2:-1  !7 -1@2:-1 \n2@3:-1 1|-\n[ean|b]\n", .header = 1, .max_record = 15);
}

static void
test_sheets(void)
{
	BOOKS("the first one that is visible",
	      PART(.sheet = SHEET("<row><c><v>1</v></c></row>")), "1@1:-1 1\n", .header = -1);
	is_str(render_found.sheet, "Tom & Jerry", "which is told");
	is_int(render_found.format, PM_FORMAT_XLSX, "the format is found");
	BOOKS("a name that is too long to tell",
	      PART(.book =
	               "<workbook xmlns:r='" RELATION
	               "'><sheets><sheet r:id='rId1' name='x" EUROS "'/></sheets></workbook>",
	           .sheet = SHEET("<row><c><v>1</v></c></row>")),
	      "1@1:-1 1\n", .header = -1);
	is_int((long long) strlen(render_found.sheet), 253, "is cut between characters");
	BOOKS("a name that nobody has",
	      PART(.book = "<workbook xmlns:r='" RELATION
	                   "'><sheets><sheet r:id='rId1' name='" EUROS EUROS EUROS EUROS
	                   "'/></sheets></workbook>"),
	      "failed 13 0 0:-1 too long a name\n", .header = -1);
	BOOKS("by name", PART(.sheet = SHEET("<row><c><v>1</v></c></row>")), "1@1:-1 1\n",
	      .header = -1, .sheet = "tom & JERRY");
	BOOKS("a hidden one by name", PART(.sheet = NULL), "1@2:-1 2|-\n[ean|b]\n", .header = 1,
	      .sheet = "Hidden");
	BOOKS("none of that name", PART(.sheet = NULL), "failed 11 0 0:-1 Prices\n",
	      .sheet = "Prices");
	BOOKS(
	    "Strict Open XML, prefixes, a part elsewhere",
	    PART(.root_rels = "<Relationships><Relationship Type='" STRICT
	                      "officeDocument' Target='/xl/workbook.xml'/></Relationships>",
	         .book_rels = "<Relationships><Relationship Id='x' Type='" STRICT
	                      "worksheet' Target='worksheets/s1.xml'/></Relationships>",
	         .book =
	             "<x:workbook xmlns:x='http://purl.oclc.org/ooxml/spreadsheetml/main'><x:sheets>"
	             "<x:sheet name='A' y:id='x'/></x:sheets></x:workbook>",
	         .sheet =
	             "\xEF\xBB\xBF<?xml version='1.0'?>\n<x:worksheet><!-- > --><x:sheetData><x:row>"
	             "<x:c a='>' t='inlineStr'><x:is><x:t>1</x:t></x:is></x:c><x:c><x:v><![CDATA[2]]></x:v></x:c>"
	             "</x:row></x:sheetData></x:worksheet>\n"),
	    "1@1:-1 1|2\n", .header = -1);
	BOOKS("no relationships of the package",
	      PART(.root_rels = "<x/>", .sheet = SHEET("<row><c><v>1</v></c></row>")),
	      "1@1:-1 1\n", .header = -1);
	BOOKS("no styles and strings",
	      PART(.book_rels = "<Relationships><Relationship Id='rId1' Type='" RELATION
	                        "worksheet' Target='worksheets/s1.xml'/></Relationships>",
	           .sheet = SHEET("<row><c s='1'><v>45000</v></c></row>")),
	      "1@1:-1 45000\n", .header = -1);
}

static void
test_damage(void)
{
	static const char *const bad[] = {
	    "<worksheet><sheetData><row><c><v>1</v></c></row></sheetData>", /* cut off */
	    "<worksheet><sheetData><row><c><v>1</v></row></sheetData></worksheet>",
	    "<worksheet><sheetData><row><c r=1><v>1</v></c></row></sheetData></worksheet>",
	    "<worksheet><sheetData></sheetData></worksheet><x/>",
	    "<worksheet><sheetData></sheetData></worksheet>x",
	    "<worksheet",
	    "<",
	    "x",
	    "<>",
	    "</a>",
	    "<!x>",
	    "<![CDATA[x]]>",
	};
	size_t size;
	char *bytes;
	char *got;
	Parts parts = {.sheet = SHEET("<row><c><v>1</v></c></row>")};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		parts.sheet = bad[i];
		bytes = workbook(&parts, &size);
		for (size_t chunk = 1; chunk <= 1000; chunk += 999)
		{
			got = render_bytes(bytes, size, &(PmReaderOptions){.header = -1}, chunk);
			if (!ok(strstr(got, "failed 13 0 0:-1 a part ") != NULL, bad[i]))
				printf("# got \"%s\"\n", got);
			free(got);
		}
		free(bytes);
	}
	BOOKS("a document type", PART(.sheet = "<!DOCTYPE x [<!ENTITY a 'b'>]><worksheet/>"),
	      "failed 14 0 0:-1 a document type\n", .header = -1);
	BOOKS("a part in UTF-16", PART(.sheet = "\xFF\xFE<worksheet/>"),
	      "failed 5 0 0:-1 a part is not in UTF-8\n", .header = -1);
	BOOKS("a sheet that is not there",
	      PART(.book_rels = "<Relationships><Relationship Id='rId1' Type='" RELATION
	                        "worksheet' Target='s9.xml'/></Relationships>"),
	      "failed 11 0 0:-1 xl/s9.xml\n", .header = -1);
	BOOKS("a workbook that is not there",
	      PART(.root_rels = "<Relationships><Relationship Type='" RELATION
	                        "officeDocument' Target='x/y.xml'/></Relationships>"),
	      "failed 6 0 0:-1 x/y.xml\n", .header = -1);

	parts.sheet = SHEET("<row><c><v>1</v></c></row>");
	bytes = workbook(&parts, &size);
	for (size_t cut = 0; cut < size; cut += 31)
	{
		got = render_bytes(bytes, cut, &(PmReaderOptions){.format = PM_FORMAT_XLSX}, 4096);
		if (strncmp(got, "failed 6 ", 9) != 0)
			ok(false, "cut off anywhere");
		free(got);
	}
	for (size_t at = 0; at < size; at += 3)
	{
		bytes[at] ^= 0x55;
		free(render_bytes(bytes, size, &(PmReaderOptions){.format = PM_FORMAT_XLSX}, 4096));
		bytes[at] ^= 0x55;
	}
	ok(true, "damage of any byte ends");
	free(bytes);
	got = render_bytes("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 more", 13, &(PmReaderOptions){0},
	                   4096);
	is_str(got, "failed 4 0 0:-1 an encrypted workbook, or one of Excel 97 (.xls)\n",
	       "Excel 97");
	free(got);
}

/* A workbook that is itself compressed. */
static void
test_nested(void)
{
	Parts parts = {.sheet = SHEET("<row><c><v>1</v></c></row>")};
	size_t size;
	char *bytes = workbook(&parts, &size);
	Member members[] = {
	    {"readme.txt",  "x",   0   },
        {"prices.xlsx", bytes, size}
    };
	size_t outer_size;
	char *outer = archive_of(members, 2, ZIP_CM_DEFLATE, ZIP_EM_NONE, &outer_size);
	z_stream stream = {0};
	unsigned char packed[16384];
	char *got;

	got = render_bytes(outer, outer_size,
	                   &(PmReaderOptions){.header = -1, .member = "*.xlsx"}, 100);
	is_str(got, "1@1:-1 1\n", "in a ZIP");
	is_str(render_found.member, "prices.xlsx", "its name is told");
	free(got);
	free(outer);

	if (deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
		exit(2);
	stream.next_in = (unsigned char *) bytes;
	stream.avail_in = (uInt) size;
	stream.next_out = packed;
	stream.avail_out = sizeof(packed);
	ok(deflate(&stream, Z_FINISH) == Z_STREAM_END, "is compressed");
	got = render_bytes((char *) packed, stream.total_out, &(PmReaderOptions){.header = -1},
	                   100);
	is_str(got, "1@1:-1 1\n", "in gzip");
	free(got);
	got = render_bytes((char *) packed, stream.total_out,
	                   &(PmReaderOptions){.header = -1, .temp_dir = "/nowhere"}, 100);
	ok(strncmp(got, "failed 1 2 0:-1 /nowhere", 24) == 0, "no place for a temporary file");
	free(got);
	deflateEnd(&stream);
	free(bytes);
}

/* Shared strings beyond what stands in memory, found in any order. */
static void
test_strings(void)
{
	PmReaderFailure failure = {0};
	PmStrings *strings = pm_strings_make(1000, "/tmp");
	PmBuffer buffer = {0};
	uint32_t seed = 1;
	bool same = true;
	PmRecordFault fault;
	PmText text;

	for (int i = 0; i < 20000; i++)
	{
		char data[600];
		int size = i % 7 == 0 ? 0 : sprintf(data, "%d%*s", i, i % 500, ".");

		if (!pm_strings_add(strings, data, (size_t) size,
		                    i % 11 == 0 ? PM_RECORD_BAD_ENCODING : PM_RECORD_GOOD,
		                    &failure))
			same = false;
	}
	same = same && pm_strings_ready(strings, &failure);
	is_int(pm_strings_count(strings), 20000, "how many");
	for (int i = 0; i < 40000 && same; i++)
	{
		/* in order, then in any */
		int number =
		    i < 20000 ? i : (int) ((seed = seed * 1664525 + 1013904223) >> 8) % 20000;
		char data[600];
		int size = number % 7 == 0 ? 0 : sprintf(data, "%d%*s", number, number % 500, ".");

		buffer.size = 0;
		same = pm_strings_get(strings, number, &buffer, &text, &fault, &failure) &&
		       text.size == (size_t) size &&
		       memcmp(text.data == NULL ? buffer.data : text.data, data, text.size) == 0 &&
		       fault == (number % 11 == 0 ? PM_RECORD_BAD_ENCODING : PM_RECORD_GOOD);
	}
	ok(same, "each is what was added");
	is_int(failure.fault, PM_READER_FINE, "without failure");
	pm_strings_free(strings);
	pm_buffer_free(&buffer);
}

/* More shared strings than stand in memory, in a workbook. */
static void
test_many_strings(void)
{
	PmBuffer strings = {0};
	PmBuffer rows = {0};
	Parts parts = {0};
	char *bytes;
	char *got;
	char *at;
	size_t size;
	bool same = true;

	pm_buffer_add(&strings, "<sst>", 5);
	pm_buffer_add(&rows, "<worksheet><sheetData>", 22);
	for (int i = 0; i < 24000; i++)
	{
		char text[1200];

		pm_buffer_add(&strings, text,
		              (size_t) sprintf(text, "<si><t>%d%1000s</t></si>", i, "."));
		/* every other row from the end */
		pm_buffer_add(&rows, text,
		              (size_t) sprintf(text, "<row><c t='s'><v>%d</v></c></row>",
		                               i % 2 == 0 ? i : 24000 - i));
	}
	pm_buffer_add(&strings, "</sst>", 7);
	pm_buffer_add(&rows, "</sheetData></worksheet>", 25);
	parts.strings = strings.data;
	parts.sheet = rows.data;
	bytes = workbook(&parts, &size);
	got = render_bytes(bytes, size, &(PmReaderOptions){.header = -1}, PM_READER_CHUNK);
	at = got;
	for (int i = 0; i < 24000 && same; i++)
	{
		char text[1200];
		int length = sprintf(text, "%d@%d:-1 %d%1000s\n", i + 1, i + 1,
		                     i % 2 == 0 ? i : 24000 - i, ".");

		same = strncmp(at, text, (size_t) length) == 0;
		at += length;
	}
	ok(same && *at == '\0', "24 MB of shared strings");
	free(got);
	free(bytes);
	pm_buffer_free(&strings);
	pm_buffer_free(&rows);
}

int
main(void)
{
	test_cells();
	test_rows();
	test_sheets();
	test_damage();
	test_nested();
	test_strings();
	test_many_strings();
	return tap_done();
}
