/*
 * test_xml.c - XML: elements at a path as records
 *
 * Each text is read whole, and by pieces of 1 and 7 bytes, with the same result.  See
 * render.h for how records are written here; faults have the numbers of PmRecordFault.
 */
#include <stdlib.h>
#include <string.h>

#include "render.h"
#include "tap.h"

/* Reads a text (a literal) with options (initializers of PmReaderOptions). */
#define READS(name, text, expected, ...)                                                \
	reads((text), sizeof(text) - 1,                                                     \
	      &(PmReaderOptions){.format = PM_FORMAT_XML, __VA_ARGS__}, (expected), (name), \
	      __LINE__)

#define PRODUCT .path = "catalog/product"

static void
test_fields(void)
{
	READS(
	    "elements",
	    "<catalog><product><a>1</a><b>x</b></product>\n<product><b>y</b></product></catalog>",
	    "1@1:9 1|x\n2@2:45 -|y\n[a|b]\n", PRODUCT);
	READS("nested ones", "<catalog><product><p><a>1</a><b>2</b></p></product></catalog>",
	      "1@1:9 1|2\n[p/a|p/b]\n", PRODUCT);
	READS("blanks between them are no text",
	      "<catalog><product>\n <p>\n  <a> 1 </a>\n </p>\n</product></catalog>",
	      "1@1:9  1 \n[p/a]\n", PRODUCT);
	READS("attributes",
	      "<catalog><product id='1'><image url=\"a&amp;b\"/></product></catalog>",
	      "1@1:9 1|a&b\n[@id|image/@url]\n", PRODUCT);
	READS("repeated ones are joined",
	      "<catalog><product><i u='1'>a</i><x/><i>b</i><i u='2'/></product></catalog>",
	      "1@1:9 1|2|a|b|\n[i/@u|i|x]\n", PRODUCT);
	READS("by what is set", "<catalog><product><i>a</i><i>b</i></product></catalog>",
	      "1@1:9 a; b\n[i]\n", PRODUCT, .joiner = "; ");
	READS("mixed content",
	      "<catalog><product><d>Some <b>bold <i>and</i></b> text</d></product></catalog>",
	      "1@1:9 and|bold and|Some bold and text\n[d/b/i|d/b|d]\n", PRODUCT);
	READS(
	    "CDATA, references, comments",
	    "<catalog><product><d>a&lt;<![CDATA[<b>&amp;]]>&#xE9;<!-- no -->&#8364;<?no?></d></product></catalog>",
	    "1@1:9 a<<b>&amp;\xC3\xA9\xE2\x82\xAC\n[d]\n", PRODUCT);
	READS("line ends", "<catalog><product><d>a\r\nb\rc&#13;</d></product></catalog>",
	      "1@1:9 a\nb\nc\r\n[d]\n", PRODUCT);
	READS("prefixes as they are written",
	      "<catalog xmlns:g='u'><product g:k='1'><g:id>2</g:id></product></catalog>",
	      "1@1:21 1|2\n[@g:k|g:id]\n", PRODUCT);
	is_int((long) render_found.namespaces_size, 10, "what they are is told");
	ok(memcmp(render_found.namespaces, "xmlns:g\0u", 10) == 0, "by name and value");
	READS("declarations before the first record alone",
	      "<c xmlns='a&amp;b' xmlnsx='no'><l xmlns:g='u'><p xmlns:h='v'><a>1</a></p>"
	      "<p xmlns:i='w'><a>2</a></p></l></c>",
	      "1@1:46 v|1\n2@1:73 -|2|w\n[@xmlns:h|a|@xmlns:i]\n", .path = "//p");
	is_int((long) render_found.namespaces_size, 20, "are told");
	ok(memcmp(render_found.namespaces, "xmlns\0a&b\0xmlns:g\0u", 20) == 0,
	   "as they are meant");
	READS("an empty element is an empty text",
	      "<catalog><product><a/><b></b><c>1</c></product></catalog>",
	      "1@1:9 ||1\n[a|b|c]\n", PRODUCT);
	READS(
	    "a record without values is none",
	    "<catalog><product/><product> </product><product><a/></product><product>1</product></catalog>",
	    "1@1:62 -|1\n[a|.]\n", PRODUCT);
	READS("text and an attribute of the record",
	      "<catalog><product id='1'>x</product></catalog>", "1@1:9 1|x\n[@id|.]\n",
	      PRODUCT);
}

static void
test_paths(void)
{
	static const char text[] =
	    "<shop><head><product><a>0</a></product></head><list><product><a>1</a>"
	    "<product><a>2</a></product></product></list><product><a>3</a></product></shop>";
	static const struct
	{
		const char *path;
		const char *expected;
	} paths[] = {
	    {"shop/product",   "1@1:113 3\n[a]\n"                                  },
	    {"/shop/product",  "1@1:113 3\n[a]\n"                                  },
	    {"//product",      "1@1:12 0\n2@1:52 1|2\n3@1:113 3|-\n[a|product/a]\n"},
	    {"//list/product", "1@1:52 1|2\n[a|product/a]\n"                       },
	    {"shop/*/product", "1@1:12 0\n2@1:52 1|2\n[a|product/a]\n"             },
	    {"//*/product",    "1@1:12 0\n2@1:52 1|2\n3@1:113 3|-\n[a|product/a]\n"},
	    {NULL,             "1@1:6 0\n2@1:46 1|2\n3@1:113 -|-|3\n"
	           "[product/a|product/product/a|a]\n"               },
	    {"product",        "failed 12 0 1:147 product\n"                       },
	    {"shop/product/a", "1@1:122 3\n[.]\n"                                  },
	    {"shop//product",  "failed 3 0 0:-1 path\n"                            },
	    {"shop/",          "failed 3 0 0:-1 path\n"                            },
	    {"//",             "failed 3 0 0:-1 path\n"                            },
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		reads(text, sizeof(text) - 1,
		      &(PmReaderOptions){.format = PM_FORMAT_XML, .path = paths[i].path},
		      paths[i].expected, paths[i].path == NULL ? "no path" : paths[i].path,
		      __LINE__);
}

/* One text, caf\xE9 and a euro sign, in each encoding. */
static void
test_encodings(void)
{
	READS("UTF-8", "<c><p><a>caf\xC3\xA9 \xE2\x82\xAC</a></p></c>",
	      "1@1:3 caf\xC3\xA9 \xE2\x82\xAC\n[a]\n", .path = "c/p");
	READS("with a mark", "\xEF\xBB\xBF<c><p><a>caf\xC3\xA9</a></p></c>",
	      "1@1:6 caf\xC3\xA9\n[a]\n", .path = "c/p");
	READS("ISO-8859-1",
	      "<?xml version='1.0' encoding='iso-8859-1'?><c><p><a>caf\xE9</a></p></c>",
	      "1@1:46 caf\xC3\xA9\n[a]\n", .path = "c/p");
	is_int(render_found.encoding, PM_ENCODING_LATIN1, "which is told");
	READS("Windows-1252",
	      "<?xml version='1.0' encoding='Windows-1252'?><c><p><a>caf\xE9 \x80</a></p></c>",
	      "1@1:48 caf\xC3\xA9 \xE2\x82\xAC\n[a]\n", .path = "c/p");
	is_int(render_found.encoding, PM_ENCODING_WINDOWS1252, "which is told");
	READS("ISO-8859-15",
	      "<?xml version='1.0' encoding='ISO-8859-15'?><c><p><a>caf\xE9 \xA4</a></p></c>",
	      "1@1:47 caf\xC3\xA9 \xE2\x82\xAC\n[a]\n", .path = "c/p");
	READS("set, whatever is declared",
	      "<?xml version='1.0' encoding='utf-8'?><c><p><a>\x80</a></p></c>",
	      "1@1:41 \xE2\x82\xAC\n[a]\n", .path = "c/p", .encoding = PM_ENCODING_WINDOWS1252);
	READS("not declared", "<c><p><a>caf\xE9 cr\xE8me</a></p></c>",
	      "1@1:3 caf\xC3\xA9 cr\xC3\xA8me\n[a]\n", .path = "c/p");
	READS(
	    "UTF-16LE with a mark",
	    "\xFF\xFE<\0c\0>\0<\0p\0>\0<\0a\0>\0\xE9\0\xAC\x20<\0/\0a\0>\0<\0/\0p\0>\0<\0/\0c\0>\0",
	    "1@1:8 \xC3\xA9\xE2\x82\xAC\n[a]\n", .path = "c/p");
	READS("UTF-16BE without",
	      "\0<\0c\0>\0<\0p\0>\0<\0a\0>\0\xE9\x20\xAC\0<\0/\0a\0>\0<\0/\0p\0>\0<\0/\0c\0>",
	      "1@1:6 \xC3\xA9\xE2\x82\xAC\n[a]\n", .path = "c/p");
	READS("an unknown one", "<?xml version='1.0' encoding='koi8-r'?><c/>",
	      "failed 5 0 1:0 koi8-r\n", .path = "c/p");
	READS("bytes that are none", "<c><p><a>1</a></p><p><a>\xFF</a></p></c>",
	      "1@1:3 1\n[a]\nfailed 13 4 1:24 not well-formed (invalid token)\n", .path = "c/p",
	      .encoding = PM_ENCODING_UTF8);
}

/* The first record at a path, as it stands in a document. */
static void
is_raw(const char *text, size_t size, const char *path, const char *raw, const char *name)
{
	PmReaderFailure failure;
	PmReaderOptions options = {.path = path};
	PmRecord record = {0};
	int fd = file_of(text, size);
	PmReader *reader = pm_reader_open(fd, &options, &failure);

	while (pm_reader_next(reader, &record) == PM_READ_AGAIN)
		;
	ok(record.raw.size == strlen(raw) && memcmp(record.raw.data, raw, strlen(raw)) == 0,
	   name);
	is_int(pm_reader_found(reader)->format, PM_FORMAT_XML, "the format is found");
	pm_reader_close(reader);
	close(fd);
}

/* The fragment as it stands there, in UTF-8. */
static void
test_raw(void)
{
	static const char text[] =
	    "<?xml version='1.0' encoding='windows-1252'?><c><p  k='1'\n><a>\x80 &amp;</a><!-- x --></p ></c>";
	static const char wide[] =
	    "<\0p\0>\0<\0a\0>\0c\0>\x20<\0/\0a\0>\0<\0/\0p\0>\0e\0\0\0\0<\0/\0c\0>";

	is_raw(text, sizeof(text) - 1, "c/p",
	       "<p  k='1'\n><a>\xE2\x82\xAC &amp;</a><!-- x --></p >",
	       "the source of a record");
	is_raw(wide, sizeof(wide), "p/a", "<a>c\xE2\x80\xBE</a>",
	       "in UTF-16 that only the first \"<\" shows");
}

static void
test_failures(void)
{
	READS("not well-formed", "<c>\n<p><a>1</a></p>\n<p><a>2</b></p></c>",
	      "1@2:4 1\n[a]\nfailed 13 7 3:29 mismatched tag\n", .path = "c/p");
	READS("cut off", "<c><p><a>1</a></p><p><a>2",
	      "1@1:3 1\n[a]\nfailed 13 3 1:25 no element found\n", .path = "c/p");
	READS("more after the end", "<c><p><a>1</a></p></c><d/>",
	      "1@1:3 1\n[a]\nfailed 13 9 1:22 junk after document element\n", .path = "c/p");
	READS("an entity that is not declared", "<c><p><a>&nbsp;</a></p></c>",
	      "failed 13 11 1:9 undefined entity\n", .path = "c/p");
	READS(
	    "an entity of a document type elsewhere",
	    "<!DOCTYPE c SYSTEM 'c.dtd'><c><p><a>x&nbsp;y</a></p><p a='&nbsp;'/>"
	    "<p><a><![CDATA[&nbsp;]]>&amp;</a></p></c>",
	    "1@1:30 xy !10 -1@1:30 <p><a>x&nbsp;y</a></p>\n2@1:52 -| !10 -1@1:52 <p a='&nbsp;'/>\n3@1:67 &nbsp;&|-\n[a|@a]\n",
	    .path = "c/p");
	READS("entities that grow",
	      "<!DOCTYPE c [<!ENTITY a 'xxxx'><!ENTITY b '&a;&a;&a;&a;'>]><c><p>&b;</p></c>",
	      "failed 14 0 1:24 a\n", .path = "c/p");
	READS("an entity of a file",
	      "<!DOCTYPE c [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><c><p>&a;</p></c>",
	      "failed 14 0 1:51 a\n", .path = "c/p");
	READS("a parameter entity",
	      "<!DOCTYPE c [<!ENTITY % a SYSTEM 'http://localhost/x'> %a;]><c><p>1</p></c>",
	      "failed 14 0 1:53 a\n", .path = "c/p");
	READS("defaults of attributes are not read",
	      "<!DOCTYPE c [<!ATTLIST p k CDATA 'x'>]><c><p><a>1</a></p></c>",
	      "1@1:42 1\n[a]\n", .path = "c/p");
	READS("too long",
	      "<c><p><a>1</a></p><p><a>xxxxxxxxxxxxxxxxxxxxxx</a></p><p><a>2</a></p></c>",
	      "1@1:3 1\n2@1:18  !7 -1@1:18 <p><a>xxxxxxxxxxxxxx\n3@1:54 2\n[a]\n",
	      .path = "c/p", .max_record = 20);
	READS("too many columns", "<c><p><a>1</a><b>1</b><d>1</d></p></c>",
	      "failed 9 0 1:26 \n", .path = "c/p", .max_columns = 2);
	READS("zero bytes", "<c><p><a>1\0</a></p></c>",
	      "failed 13 4 1:10 not well-formed (invalid token)\n", .path = "c/p",
	      .encoding = PM_ENCODING_UTF8);
	READS(
	    "half of a pair of UTF-16",
	    "\xFF\xFE<\0c\0>\0<\0p\0>\0x\0\xBC\xD8y\0<\0/\0p\0>\0<\0/\0c\0>\0",
	    "1@1:8 x\xF0\xBF\x81\xB9 !1 -1@1:8 <p>x\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDy</p>\n[.]\n",
	    .path = "c/p");
	READS("UTF-16 that is said to be UTF-8",
	      "\xFF\xFE<\0c\0>\0<\0p\0>\0\xE9\0<\0/\0p\0>\0<\0/\0c\0>\0",
	      "1@1:8 \xC3\xA9\n[.]\n", .path = "c/p", .encoding = PM_ENCODING_UTF8);
	READS("too long, whatever was read of it",
	      "<c><p><a>xxxxxxxxxxxxxxxxxxxxxxxxxxxxx</a></p><p>1</p></c>",
	      "1@1:3  !7 -1@1:3 <p><a>xxxxxxxxxxxxxxxxxxxxxxxx\n2@1:46 1\n[.]\n", .path = "c/p",
	      .max_record = 30);
	READS("nothing", "", "failed 13 3 1:0 no element found\n", .path = "c/p");
}

/* What a document has many of: each has an end. */
static void
test_bounds(void)
{
	PmReaderOptions options = {.format = PM_FORMAT_XML, .path = "c/p", .max_record = 10000};
	size_t room = 4000000;
	char *text = malloc(room);
	size_t size;
	char *got;

	size = (size_t) sprintf(text, "<c>");
	for (int i = 0; i < 100; i++)
		size += (size_t) sprintf(text + size, "<d>");
	got = render_bytes(text, size, &options, PM_READER_CHUNK);
	is_str(got, "failed 13 0 1:192 nested too deep\n", "depth");
	free(got);

	size = (size_t) sprintf(text, "<c>");
	for (int i = 0; i < 100000; i++)
		size += (size_t) sprintf(text + size, "<d%d/>", i);
	got = render_bytes(text, size, &options, PM_READER_CHUNK);
	ok(strncmp(got, "failed 9 0 ", 11) == 0, "names outside of records");
	free(got);

	size = (size_t) sprintf(text, "<c><p k='");
	memset(text + size, 'x', room - size);
	got = render_bytes(text, room, &options, 65536);
	ok(strncmp(got, "failed 13 0 ", 12) == 0 && strstr(got, "too long") != NULL,
	   "an attribute");
	free(got);

	size = (size_t) sprintf(text, "<!DOCTYPE c [<!--");
	memset(text + size, ' ', room - size);
	for (; size + 24 <= room; size += 24)
		memcpy(text + size, " --><!ELEMENT e ANY><!--", 24);
	got = render_bytes(text, room, &options, 65536);
	ok(strncmp(got, "failed 14 0 ", 12) == 0, "a document type");
	free(got);
	free(text);
}

int
main(void)
{
	test_fields();
	test_paths();
	test_encodings();
	test_raw();
	test_failures();
	test_bounds();
	return tap_done();
}
