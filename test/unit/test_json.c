/*
 * test_json.c - JSON: elements of an array, at a path, one a line
 *
 * Each text is read whole, and by pieces of 1 and 7 bytes, with the same result.  See
 * render.h for how records are written here; faults have the numbers of PmRecordFault.
 */
#include <stdlib.h>
#include <string.h>

#include "render.h"
#include "tap.h"

/* Reads a text (a literal) with options (initializers of PmReaderOptions). */
#define READS(name, text, expected, ...)                                                 \
	reads((text), sizeof(text) - 1,                                                      \
	      &(PmReaderOptions){.format = PM_FORMAT_JSON, __VA_ARGS__}, (expected), (name), \
	      __LINE__)

static void
test_values(void)
{
	READS("an array", "[{\"a\":1,\"b\":\"x\"},\n {\"b\":\"y\",\"a\":2}]",
	      "1@1:1 1|x\n2@2:19 2|y\n[a|b]\n", .skip = 0);
	READS("numbers as they are written", "[{\"a\":1.50,\"b\":-0,\"c\":1E+2,\"d\":0.1e-3}]",
	      "1@1:1 1.50|-0|1E+2|0.1e-3\n[a|b|c|d]\n", .skip = 0);
	READS("literals", "[{\"a\":true,\"b\":false,\"c\":null}]", "1@1:1 true|false\n[a|b]\n",
	      .skip = 0);
	READS("null is no value", "[{\"a\":1},{\"a\":null,\"b\":2}]",
	      "1@1:1 1\n2@1:9 -|2\n[a|b]\n", .skip = 0);
	READS("an empty text is one", "[{\"a\":\"\",\"b\":1}]", "1@1:1 |1\n[a|b]\n", .skip = 0);
	READS("objects in objects", "[{\"a\":{\"b\":{\"c\":1},\"d\":2}}]",
	      "1@1:1 1|2\n[a.b.c|a.d]\n", .skip = 0);
	READS("an array of values", "[{\"a\":[1,\"x\",true,null,[2,3]]}]",
	      "1@1:1 1|x|true|2|3\n[a]\n", .skip = 0);
	READS("another joiner", "[{\"a\":[1,2]}]", "1@1:1 1, 2\n[a]\n", .joiner = ", ");
	READS("an array of objects", "[{\"a\":[{\"b\":1,\"c\":2},{\"b\":3}]}]",
	      "1@1:1 1|3|2\n[a.b|a.c]\n", .skip = 0);
	READS("empty containers", "[{\"a\":{},\"b\":[],\"c\":1}]", "1@1:1 1\n[c]\n", .skip = 0);
	READS("a record without values is none", "[{},{\"a\":\" \"},{\"a\":{}},{\"a\":1}]",
	      "1@1:23 1\n[a]\n", .skip = 0);
	READS("a key with a dot", "[{\"a.b\":1},{\"a\":{\"b\":2}}]",
	      "1@1:1 1\n2@1:11 2\n[a.b]\n", .skip = 0);
	READS("escapes", "[{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\uDE00\"}]",
	      "1@1:1 \"\\/\b\f\n\r\t\xC3\xA9\xF0\x9F\x98\x80\n[a]\n", .skip = 0);
	READS("escaped keys", "[{\"\\u0061\":1}]", "1@1:1 1\n[a]\n", .skip = 0);
	READS("a byte order mark", "\xEF\xBB\xBF [{\"a\":1}]", "1@1:5 1\n[a]\n", .skip = 0);
	READS("none after blanks", "        \xEF\xBB\xBF{\"a\":1}\n{\"a\":2}\n",
	      "failed 13 0 1:8 no JSON\n", .skip = 0);
	READS("nothing in the array", " [ ] ", "", .skip = 0);
}

/* Which values the file has as numbers. */
static void
test_types(void)
{
	render_types = true;
	READS("numbers are no texts",
	      "[{\"a\":1.234,\"b\":\"1.234\",\"c\":-1e2,\"d\":true,\"e\":[1]},"
	      "{\"a\":\"2\",\"e\":[1,2]},{\"b\":3}]",
	      "1@1:1 #1.234|1.234|#-1e2|true|#1\n2@1:51 2|-|-|-|1|2\n3@1:71 -|#3|-|-|-\n"
	      "[a|b|c|d|e]\n",
	      .skip = 0);
	READS("the last one of a key", "[{\"a\":1,\"a\":\"2\"},{\"a\":\"1\",\"a\":2}]",
	      "1@1:1 2\n2@1:17 #2\n[a]\n", .skip = 0);
	render_types = false;
}

static void
test_duplicates(void)
{
	READS("the last one wins", "[{\"a\":1,\"b\":2,\"a\":3}]", "1@1:1 3|2\n[a|b]\n",
	      .skip = 0);
	READS("over an object", "[{\"a\":{\"b\":1,\"c\":2},\"a\":{\"b\":3}}]",
	      "1@1:1 3|-\n[a.b|a.c]\n", .skip = 0);
	READS("over an array", "[{\"a\":[1,2],\"a\":null}, {\"a\":4}]", "1@1:23 4\n[a]\n",
	      .skip = 0);
	READS("with others between", "[{\"a\":{\"x\":1},\"b\":2,\"a\":3,\"b\":4}]",
	      "1@1:1 -|4|3\n[a.x|b|a]\n", .skip = 0);
	READS("a key that is written like another's path",
	      "[{\"a\":{\"b\":1},\"a.b\":2,\"a\":3}]", "1@1:1 2|3\n[a.b|a]\n", .skip = 0);
	READS("in the middle of the values of a column",
	      "[{\"x.y\":1,\"x\":{\"y\":2},\"x.y\":[4,5],\"x\":{\"z\":6}}]",
	      "1@1:1 4|5|6\n[x.y|x.z]\n", .skip = 0);
	READS("objects of an array are not the same", "[{\"a\":[{\"b\":1},{\"b\":2,\"b\":3}]}]",
	      "1@1:1 1|3\n[a.b]\n", .skip = 0);
}

static void
test_paths(void)
{
	READS(
	    "a path",
	    "{\"products\":[{\"a\":9}],\"data\":{\"x\":[{\"products\":[{\"a\":8}]}],"
	    "\"products\":[{\"a\":1},{\"a\":2}],\"y\":{\"products\":[{\"a\":7}]}},\"z\":\"]\"}",
	    "1@1:71 1\n2@1:79 2\n[a]\n", .path = "data.products");
	READS("one object there", "{\"data\":{\"product\":{\"a\":{\"b\":1}}}}",
	      "1@1:19 1\n[a.b]\n", .path = "data.product");
	READS("escaped in the text", "{\"d\\u00e9j\\u00e0\":[{\"a\":1}]}", "1@1:19 1\n[a]\n",
	      .path = "d\xC3\xA9j\xC3\xA0");
	READS("nothing there", "{\"data\":{\"products\":null}}", "failed 12 0 1:26 \n",
	      .path = "data.products");
	READS("an array above it", "{\"data\":[{\"products\":[{\"a\":1}]}]}",
	      "failed 12 0 1:33 \n", .path = "data.products");
	READS("no path", "[]", "failed 3 0 0:-1 path\n", .path = "a..b");
	READS("no path either", "[]", "failed 3 0 0:-1 path\n", .path = "a.");
	READS("an object of several lines", "{\n  \"a\": 1\n}\n{\"a\":2} {\"a\":3}",
	      "1@1:0 1\n2@4:13 2\n3@4:21 3\n[a]\n", .skip = 0);
}

static void
test_lines(void)
{
	READS("a line each", "{\"a\":1}\n\r\n {\"a\":2}\r\n{\"a\":3}",
	      "1@1:0 1\n2@3:11 2\n3@4:20 3\n[a]\n", .skip = 0);
	READS(
	    "a broken one", "{\"a\":1}\n{\"a\":\n{\"a\":3} x\n{\"a\":4}\n",
	    "1@1:0 1\n2@2:8  !10 -1@2:13 {\"a\":\n3@3:14  !10 -1@3:22 {\"a\":3} x\n4@4:24 4\n[a]\n",
	    .skip = 0);
	READS("carriage returns alone", "{\"a\":1}\r{\"a\":2}\r\r{\"a\":3}\r",
	      "1@1:0 1\n2@1:8 2\n3@1:17 3\n[a]\n", .skip = 0);
	READS("several on the first line", "{\"a\":1}{\"a\":2} {\"a\":3}\n{\"a\":4}\n",
	      "1@1:0 1\n2@1:7 2\n3@1:15 3\n4@2:23 4\n[a]\n", .skip = 0);
	READS("something else after the first one", "{\"a\":1} x\n{\"a\":2}\n",
	      "1@1:0  !10 -1@1:8 {\"a\":1} x\n2@2:10 2\n[a]\n", .skip = 0);
	READS("carriage returns, more than a record may have",
	      "{\"a\":1}\r{\"a\":2}\r{\"a\":\"xxxxxxxxxx\"}\r{\"a\":3}",
	      "1@1:0 1\n2@1:8 2\n3@1:16  !7 -1@1:16 {\"a\":\"xxxx\n4@1:35 3\n[a]\n",
	      .max_record = 10);
	READS("the first one is broken", "{\"a\":\"x\n{\"a\":2}\n",
	      "1@1:0  !10 -1@1:7 {\"a\":\"x\n2@2:8 2\n[a]\n", .skip = 0);
	READS("no objects", "{\"a\":1}\n[1]\n5\n\"x\"\nnull\n",
	      "1@1:0 1\n2@2:8  !9 -1@2:8 [1]\n3@3:12  !9 -1@3:12 5\n4@4:14  !9 -1@4:14 \"x\"\n"
	      "5@5:18  !9 -1@5:18 null\n[a]\n",
	      .skip = 0);
	READS("too long", "{\"a\":1}\n{\"a\":\"xxxxxxxxxx\"}\n{\"a\":2}\n",
	      "1@1:0 1\n2@2:8  !7 -1@2:8 {\"a\":\"xxxx\n3@3:27 2\n[a]\n", .max_record = 10);
}

/* What is no JSON, in an array: the next element is found. */
static void
test_syntax(void)
{
	static const char *const bad[] = {
	    "{\"a\":1,}",
	    "{\"a\":01}",
	    "{\"a\":1.}",
	    "{\"a\":.5}",
	    "{\"a\":+1}",
	    "{\"a\":1e}",
	    "{\"a\":-}",
	    "{\"a\":tru}",
	    "{\"a\":nul}",
	    "{\"a\":True}",
	    "{\"a\":NaN}",
	    "{'a':1}",
	    "{a:1}",
	    "{\"a\" 1}",
	    "{\"a\":1 \"b\":2}",
	    "{\"a\":[1,]}",
	    "{\"a\":[1}}",
	    "{\"a\":\"\\x\"}",
	    "{\"a\":\"\\u12g4\"}",
	    "{\"a\":\"\x01\"}",
	    "{\"a\":\"\t\"}",
	    "{,}",
	    "{\"a\"}",
	    "{\"a\":}",
	    "{\"a\":1}}",
	    "{\"a\":0x1}",
	    "{\"a\":1,,\"b\":{\"c\":\"]\"}}",
	    "{\"a\":1/*x*/}",
	    "{\"a\":\xC3\xA9}",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		static const size_t chunks[] = {PM_READER_CHUNK, 1};
		char text[200];
		PmReaderOptions options = {.format = PM_FORMAT_JSON};

		snprintf(text, sizeof(text), "[{\"z\":1},%s,{\"z\":2}]", bad[i]);
		for (size_t j = 0; j < 2; j++)
		{
			char *got = render_bytes(text, strlen(text), &options, chunks[j]);
			bool one = strstr(got, "1@1:1 1\n2@1:9  !10 -1@1:") == got;
			bool last = strstr(got, " 2\n[z]\n") != NULL && strstr(got, "\n3@") != NULL;

			/* a bracket too many ends the array */
			if (strcmp(bad[i], "{\"a\":1}}") == 0)
				ok(strstr(got, "failed 13 0 1:16 no JSON\n") != NULL, bad[i]);
			else if (!ok(one && last, bad[i]))
				printf("# got \"%s\"\n", got);
			free(got);
		}
	}
	READS("the record before the end", "[{\"a\":1},{\"a\":\"",
	      "1@1:1 1\n[a]\nfailed 13 0 1:15 the text ends too early\n", .skip = 0);
	READS("a record that has no end", "[{\"a\":1},{\"a\":x,\"b\":\"}]",
	      "1@1:1 1\n[a]\nfailed 13 0 1:14 a record has no end\n", .skip = 0);
	READS("more after the array", "[{\"a\":1}] x",
	      "1@1:1 1\n[a]\nfailed 13 0 1:10 no JSON\n", .skip = 0);
	READS("nothing", "", "failed 13 0 1:0 the text ends too early\n", .skip = 0);
	READS("UTF-16", "[\0{\0}\0]\0", "failed 5 0 1:0 JSON is in UTF-8\n", .skip = 0);
	READS("another encoding", "[]", "failed 3 0 0:-1 encoding\n",
	      .encoding = PM_ENCODING_LATIN1);
}

static void
test_faults(void)
{
	READS(
	    "no UTF-8", "[{\"a\":1,\"b\":\"x\xE9y\"},{\"a\":2}]",
	    "1@1:1 1|x\xEF\xBF\xBDy !1 1@1:14 {\"a\":1,\"b\":\"x\xEF\xBF\xBDy\"}\n2@1:19 2|-\n[a|b]\n",
	    .skip = 0);
	READS("half of a pair", "[{\"a\":\"\\uD83D\"},{\"a\":\"\\uDE00\\uD83D\"}]",
	      "1@1:1 \xEF\xBF\xBD !1 0@1:7 {\"a\":\"\\uD83D\"}\n"
	      "2@1:16 \xEF\xBF\xBD\xEF\xBF\xBD !1 0@1:22 {\"a\":\"\\uDE00\\uD83D\"}\n[a]\n",
	      .skip = 0);
	READS("a zero byte", "[{\"a\":\"x\\u0000\"}]",
	      "1@1:1 x\xEF\xBF\xBD !2 0@1:8 {\"a\":\"x\\u0000\"}\n[a]\n", .skip = 0);
	READS("a bad key", "[{\"\xFF\":1}]",
	      "1@1:1 1 !1 -1@1:3 {\"\xEF\xBF\xBD\":1}\n[\xEF\xBF\xBD]\n", .skip = 0);
	READS("too long", "[{\"a\":1},{\"a\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"},{\"a\":2}]",
	      "1@1:1 1\n2@1:9  !7 -1@1:9 {\"a\":\"xxxxxxxxxxxxxx\n3@1:47 2\n[a]\n",
	      .max_record = 20);
	READS(
	    "no object", "[1,\"x\",{\"a\":1},[2]]",
	    "1@1:1  !9 -1@1:1 1\n2@1:3  !9 -1@1:3 \"x\"\n3@1:7 1\n4@1:15  !9 -1@1:15 [2]\n[a]\n",
	    .skip = 0);
	READS("too many columns", "[{\"a\":1,\"b\":2,\"c\":3}]", "failed 9 0 1:1 \n",
	      .max_columns = 2);
}

/* Many keys under several parents, in other orders from record to record, are told apart. */
static void
test_many_keys(void)
{
	enum
	{
		KEYS = 1009,
		RECORDS = 5
	}; /* a prime number: every step meets every key */
	static const int steps[RECORDS] = {1, 1, KEYS - 1, 7, 500};
	size_t room = (size_t) KEYS * 40 * RECORDS;
	char *text = malloc(room);
	char *expected = malloc(room);
	PmReaderOptions options = {.format = PM_FORMAT_JSON};
	size_t size = 0;
	size_t length = 0;
	char *got;

	for (int record = 0; record < RECORDS; record++)
	{
		length += (size_t) sprintf(expected + length, "%d@%d:%zu ", record + 1, record + 1,
		                           size + 1);
		size += (size_t) sprintf(text + size, "%c{", record == 0 ? '[' : ',');
		for (int i = 0; i < KEYS; i++)
		{
			int key = (int) ((long) i * steps[record] % KEYS);

			size += (size_t) sprintf(text + size, "%s\"%x\":{\"%x\":\"%d.%d\"}",
			                         i == 0 ? "" : ",", key, key % 10, record, key);
			length += (size_t) sprintf(expected + length, "%s%d.%d", i == 0 ? "" : "|",
			                           record, i);
		}
		size += (size_t) sprintf(text + size, "}\n");
		expected[length++] = '\n';
	}
	text[size++] = ']';
	expected[length++] = '[';
	for (int i = 0; i < KEYS; i++)
		length +=
		    (size_t) sprintf(expected + length, "%s%x.%x", i == 0 ? "" : "|", i, i % 10);
	sprintf(expected + length, "]\n");

	got = render_bytes(text, size, &options, PM_READER_CHUNK);
	is_str(got, expected, "many keys in other orders");
	free(got);
	free(expected);
	free(text);
}

/* Nesting: 64 containers are taken apart, one more is a fault. */
static void
test_depth(void)
{
	for (int depth = 64; depth <= 100000; depth += depth == 64 ? 1 : 99935)
	{
		char *text = malloc(2 * (size_t) depth + 100);
		PmReaderOptions options = {.format = PM_FORMAT_JSON};
		char *got;
		size_t size = 0;

		/* the array, the object, and as many arrays */
		size += (size_t) sprintf(text, "[{\"a\":");
		for (int i = 2; i < depth; i++)
			text[size++] = '[';
		text[size++] = '1';
		for (int i = 2; i < depth; i++)
			text[size++] = ']';
		size += (size_t) sprintf(text + size, "},{\"a\":2}]");
		got = render_bytes(text, size, &options, PM_READER_CHUNK);
		if (depth == 64)
			ok(strncmp(got, "1@1:1 1\n2@1:", 12) == 0, "64 containers");
		else
			ok(strncmp(got, "1@1:1  !10 -1@1:68 ", 18) == 0 &&
			       strstr(got, " 2\n[a]\n") != NULL,
			   depth == 65 ? "one more" : "very many");
		free(got);
		free(text);
	}
}

/* Which format a text has is found by its start. */
static void
test_detect(void)
{
	static const struct
	{
		const char *text;
		PmFormat format;
		const char *name;
	} texts[] = {
	    {"[{\"a\":1}]",        PM_FORMAT_JSON, "an array"            },
	    {" \n[ ]",             PM_FORMAT_JSON, "an empty one"        },
	    {"{\"a\":1}\n",        PM_FORMAT_JSON, "an object"           },
	    {"[id];[name]\n1;2\n", PM_FORMAT_CSV,  "brackets in a header"},
	    {"{id};{name}\n1;2\n", PM_FORMAT_CSV,  "braces in a header"  },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		PmReaderOptions options = {0};

		free(render_bytes(texts[i].text, strlen(texts[i].text), &options, PM_READER_CHUNK));
		is_int(render_found.format, texts[i].format, texts[i].name);
	}
}

int
main(void)
{
	test_values();
	test_types();
	test_duplicates();
	test_paths();
	test_lines();
	test_syntax();
	test_faults();
	test_many_keys();
	test_depth();
	test_detect();
	return tap_done();
}
