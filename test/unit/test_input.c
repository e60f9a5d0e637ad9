/*
 * test_input.c - gzip and ZIP: what is in them, what is wrong with them, and bombs
 */
#define _GNU_SOURCE /* memmem() */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "archive.h"
#include "pm_zip.h"
#include "tap.h"

#define TEXT     "a;b\n1;2\n"
#define RENDERED "[a|b]\n1@2:4 1|2\n"

/* Some bytes as a member of gzip; appended to out. */
static void
add_gzip(PmBuffer *out, const char *data, size_t size)
{
	z_stream stream;

	memset(&stream, 0, sizeof(stream));
	if (deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK ||
	    !pm_buffer_reserve(out, out->size + deflateBound(&stream, size) + 64))
		exit(2);
	stream.next_in = (unsigned char *) data;
	stream.avail_in = (uInt) size;
	stream.next_out = (unsigned char *) out->data + out->size;
	stream.avail_out = (uInt) (out->capacity - out->size);
	if (deflate(&stream, Z_FINISH) != Z_STREAM_END)
		exit(2);
	out->size += stream.total_out;
	deflateEnd(&stream);
}

/* What comes out of some bytes, read whole and by pieces. */
static void
gives(const char *data, size_t size, const PmReaderOptions *options, const char *expected,
      const char *name, int line)
{
	static const size_t chunks[] = {PM_READER_CHUNK, 1};

	for (size_t i = 0; i < 2; i++)
	{
		char *got = render_bytes(data, size, options, chunks[i]);

		tap_is_str(got, expected, name, __FILE__, line);
		free(got);
	}
}

#define GIVES(data, size, expected, name, ...) \
	gives((data), (size), &(PmReaderOptions){__VA_ARGS__}, (expected), (name), __LINE__)

static void
test_gzip(void)
{
	PmBuffer out = {0};
	char *text;
	size_t one;

	add_gzip(&out, TEXT, strlen(TEXT));
	one = out.size;
	GIVES(out.data, out.size, RENDERED, "gzip", .header = 1);
	ok(render_found.gzip && !render_found.zip, "which is told");
	is_int(render_found.bytes_read, (long long) out.size, "read to its end");

	add_gzip(&out, "3;4\n", 4);
	GIVES(out.data, out.size, RENDERED "2@3:8 3|4\n", "two members", .header = 1);
	GIVES(out.data, out.size - 1, "failed 6 0 0:-1 the compressed data ends too early\n",
	      "the second one is cut off", .header = 1);
	pm_buffer_add(&out, "\0\0\0\0", 4);
	GIVES(out.data, out.size, RENDERED "2@3:8 3|4\n", "zero bytes after them", .header = 1);
	add_gzip(&out, "5;6\n", 4);
	GIVES(out.data, out.size, RENDERED "2@3:8 3|4\n3@4:12 5|6\n", "a member after those",
	      .header = 1);
	pm_buffer_add(&out, "x", 1);
	GIVES(out.data, out.size, "failed 6 0 0:-1 something follows the compressed data\n",
	      "something else", .header = 1);
	for (size_t size = 2; size < one; size++)
	{
		char *got = render_bytes(out.data, size, &(PmReaderOptions){.header = 1}, 100);

		if (strcmp(got, "failed 6 0 0:-1 the compressed data ends too early\n") != 0)
			ok(false, "cut off anywhere");
		free(got);
	}
	out.data[one - 6] ^= 1;
	GIVES(out.data, one, "failed 6 -3 0:-1 incorrect data check\n", "a wrong sum",
	      .header = 1);

	/* what was before the damage is given */
	text = malloc(300000);
	for (int i = 0; i < 300000; i += 6)
		memcpy(text + i, "12345\n", 6);
	out.size = 0;
	add_gzip(&out, text, 300000);
	{
		char *got =
		    render_bytes(out.data, out.size - 1, &(PmReaderOptions){.header = -1}, 4096);

		ok(strstr(got, "1@1:0 12345\n") == got &&
		       strstr(got, "\nfailed 6 0 0:-1 the compressed data ends too early\n") !=
		           NULL,
		   "records before the end of a file that is cut off");
		free(got);
	}
	free(text);
	pm_buffer_free(&out);
}

/* Some bytes again and again, until they are as many as size; appended to out. */
static void
add_again(PmBuffer *out, const char *piece, size_t piece_size, size_t size)
{
	for (size_t added = 0; added < size; added += piece_size)
		if (!pm_buffer_add(out, piece, piece_size))
			exit(2);
}

/* What gives nothing may go on for a while, but not for ever. */
static void
test_idle(void)
{
	static const struct
	{
		const char *name;
		char begin[11];
		size_t begin_size;
		char piece[20];
		size_t piece_size;
		char end[12];
		size_t end_size;
	} ways[] = {
	    {"empty members", "",                             0,  "\x1F\x8B\x08\0\0\0\0\0\0\3\3\0\0\0\0\0\0\0\0\0", 20, "",
	     0	                                                                                                                                  },
	    {"zero bytes",    "",	                         0,  "\0",	                                         1,  "",                       0 },
	    {"empty blocks",  "\x1F\x8B\x08\0\0\0\0\0\0\3",   10, "\0\0\0\xFF\xFF",                                 5,
	     "\3\0\0\0\0\0\0\0\0\0",	                                                                                                          10},
	    {"a name",        "\x1F\x8B\x08\x08\0\0\0\0\0\3", 10, "n",                                              1,  "\0\3\0\0\0\0\0\0\0\0\0",
	     11	                                                                                                                                 },
	};
	static const char failure[] = "failed 6 0 0:-1 nothing comes out of more than 16 MiB\n";
	size_t margin = 1 << 17;
	size_t most = 1 << 24;
	PmBuffer out = {0};
	PmBuffer piece = {0};

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		for (int above = 0; above < 2; above++)
		{
			out.size = 0;
			add_gzip(&out, "a;b\n", 4);
			pm_buffer_add(&out, ways[i].begin, ways[i].begin_size);
			add_again(&out, ways[i].piece, ways[i].piece_size,
			          above ? most + margin : most - margin);
			pm_buffer_add(&out, ways[i].end, ways[i].end_size);
			add_gzip(&out, "1;2\n", 4);
			GIVES(out.data, out.size, above ? failure : RENDERED, ways[i].name,
			      .header = 1);
		}

	/* a byte now and then is nothing; one a member is a file */
	for (int often = 0; often < 2; often++)
	{
		out.size = piece.size = 0;
		add_gzip(&piece, "x", 1);
		if (!often)
			add_again(&piece, ways[0].piece, 20, 2000);
		add_gzip(&out, "a\n", 2);
		add_again(&out, piece.data, piece.size, 2 * most);
		if (often)
		{
			char *got = render_bytes(out.data, out.size, &(PmReaderOptions){.header = 1},
			                         PM_READER_CHUNK);

			ok(strncmp(got, "[a]\n1@2:2 xxxx", 14) == 0 && strstr(got, "failed") == NULL,
			   "a byte a member");
			free(got);
		}
		else
			GIVES(out.data, out.size, failure, "a byte for 40 000", .header = 1);
	}
	pm_buffer_free(&piece);
	pm_buffer_free(&out);
}

static void
test_bombs(void)
{
	size_t size = 110 << 20;
	char *zeros = calloc(1, size);
	PmBuffer out = {0};
	Member member = {"a.csv", zeros, size};
	char *archive = NULL;
	size_t archive_size;

	memset(zeros, 'x', size);
	for (size_t i = 1000; i < size; i += 1000)
		zeros[i] = '\n';
	add_gzip(&out, zeros, size);
	for (int kind = 0; kind < 2; kind++)
	{
		static const char *const names[2][3] = {
		    {"gzip: max_ratio", "gzip: max_ratio may be set", "gzip: max_expanded"},
		    {"ZIP: max_ratio",  "ZIP: max_ratio may be set",  "ZIP: max_expanded" },
		};
		const char *data = out.data;
		char *got;

		if (kind == 0)
			archive_size = out.size;
		else
			data = archive =
			    archive_of(&member, 1, ZIP_CM_DEFLATE, ZIP_EM_NONE, &archive_size);
		got = render_bytes(data, archive_size, &(PmReaderOptions){.header = -1}, 1 << 20);
		ok(strstr(got, "\nfailed 8 0 0:-1 max_ratio\n") != NULL, names[kind][0]);
		free(got);
		got = render_bytes(data, archive_size,
		                   &(PmReaderOptions){.header = -1, .max_ratio = 2000}, 1 << 20);
		ok(strstr(got, "failed") == NULL, names[kind][1]);
		free(got);
		got = render_bytes(data, archive_size,
		                   &(PmReaderOptions){.header = -1, .max_expanded = 1 << 20}, 4096);
		ok(strstr(got, "\nfailed 8 0 0:-1 max_expanded\n") != NULL, names[kind][2]);
		free(got);
	}
	free(archive);
	pm_buffer_free(&out);
	free(zeros);
}

static void
test_zip(void)
{
	static const Member members[] = {
	    {"readme.txt",           "hello",      0},
	    {"data/prices.csv",      TEXT,         0},
	    {"data/caf\xC3\xA9.csv", "x;y\n3;4\n", 0},
	};
	static const Member one[] = {
	    {"folder/",	                "",     0},
	    {"folder/only.csv",            TEXT,   0},
	    {"__MACOSX/folder/._only.csv", "junk", 0},
	    {"folder/.DS_Store",           "junk", 0},
	};
	size_t size;
	char *archive = archive_of(members, 3, ZIP_CM_DEFLATE, ZIP_EM_NONE, &size);

	GIVES(archive, size, "failed 7 0 0:-1 several: readme.txt, data/prices.csv\n",
	      "several members", .header = 1);
	GIVES(archive, size, RENDERED, "by name", .header = 1, .member = "data/prices.csv");
	is_str(render_found.member, "data/prices.csv", "which is told");
	GIVES(archive, size, RENDERED, "by pattern", .header = 1, .member = "*price?.csv");
	GIVES(archive, size, "[x|y]\n1@2:4 3|4\n", "a character that is no ASCII", .header = 1,
	      .member = "*/caf?.csv");
	GIVES(archive, size, "failed 7 0 0:-1 several: data/prices.csv, data/caf\xC3\xA9.csv\n",
	      "a pattern of several", .member = "*.csv");
	GIVES(archive, size, "failed 7 0 0:-1 *.xml\n", "none", .member = "*.xml");
	for (size_t cut = 4; cut < size; cut += 7)
	{
		char *got =
		    render_bytes(archive, cut, &(PmReaderOptions){.member = "data/p*"}, 4096);

		if (strncmp(got, "failed 6 ", 9) != 0)
			ok(false, "cut off anywhere");
		free(got);
	}
	free(archive);

	archive = archive_of(one, 4, ZIP_CM_STORE, ZIP_EM_NONE, &size);
	GIVES(archive, size, RENDERED, "the only file", .header = 1);
	is_str(render_found.member, "folder/only.csv", "folders and what systems add are none");
	*(char *) memmem(archive, size, "1;2", 3) = '9';
	GIVES(archive, size, "failed 6 7 0:-1 CRC error\n", "a wrong sum", .header = 1);
	free(archive);

	archive = archive_of(one + 1, 1, ZIP_CM_BZIP2, ZIP_EM_NONE, &size);
	GIVES(archive, size, RENDERED, "bzip2", .header = 1);
	/* in the entry of the member, and in the directory */
	((char *) memmem(archive, size, "PK\3\4", 4))[8] = 98;
	((char *) memmem(archive, size, "PK\1\2", 4))[10] = 98;
	GIVES(archive, size, "failed 6 0 0:-1 unknown compression method: folder/only.csv\n",
	      "an unknown method", .header = 1);
	free(archive);

	archive = archive_of(one + 1, 1, ZIP_CM_DEFLATE, ZIP_EM_AES_256, &size);
	GIVES(archive, size, "failed 6 0 0:-1 encrypted: folder/only.csv\n", "encrypted",
	      .header = 1);
	free(archive);
	GIVES("PK\3\4 no archive", 15, "failed 6 19 0:-1 Not a zip archive\n", "no archive",
	      .header = 1);
}

/* Whatever a decoder gives at once, as much is read as was asked for. */
static void
asks_for_much(const char *data, size_t size, const char *name)
{
	PmReaderFailure failure;
	int fd = file_of(data, size);
	PmReader *reader = pm_reader_open(fd, &(PmReaderOptions){.header = -1}, &failure);
	char *buffer = malloc(500000);

	ok(reader != NULL && pm_input_read(&reader->input, buffer, 500000) == 500000, name);
	pm_reader_close(reader);
	close(fd);
	free(buffer);
}

static void
test_much(void)
{
	Member member = {"a.csv", NULL, 1000000};
	PmBuffer out = {0};
	uint32_t random = 1;
	char *text = malloc(member.size);
	char *archive;
	size_t size;

	for (size_t i = 0; i < member.size; i++)
	{
		random = random * 1664525 + 1013904223;
		text[i] = i % 50 == 49 ? '\n' : (char) ('A' + (random >> 16) % 60);
	}
	member.data = text;
	archive = archive_of(&member, 1, ZIP_CM_DEFLATE, ZIP_EM_NONE, &size);
	add_gzip(&out, text, member.size);
	asks_for_much(archive, size, "of an archive");
	asks_for_much(out.data, out.size, "of gzip");
	asks_for_much(text, member.size, "of a text");
	free(archive);
	free(text);
	pm_buffer_free(&out);
}

/* Many members: found within bounds, or refused; ZIP64 where there are more than 65535. */
static void
test_many(void)
{
	size_t count = 100000;
	Member *members = calloc(count, sizeof(*members));
	char *names = malloc(count * 20);
	char *archive;
	size_t size;
	char *end;

	for (size_t i = 0; i < count; i++)
	{
		members[i].name = names + i * 20;
		members[i].data = TEXT;
		sprintf(names + i * 20, "%zu.csv", i);
	}
	archive = archive_of(members, count, ZIP_CM_STORE, ZIP_EM_NONE, &size);
	ok(memmem(archive, size, "PK\6\6", 4) != NULL,
	   "the archive of 100 000 is one of ZIP64");
	GIVES(archive, size, RENDERED, "one of 100 000 members", .header = 1,
	      .member = "99999.csv");
	GIVES(archive, size, "failed 7 0 0:-1 several: 0.csv, 1.csv\n", "all of them");

	/* a directory that is said to have 4 GB */
	end = memmem(archive, size, "PK\6\6", 4);
	end[44] = 1;
	GIVES(archive, size, "failed 8 0 0:-1 too many members\n",
	      "a directory that is too long");
	free(archive);
	free(members);
	free(names);
}

/* Numbers that mean nothing are refused, whatever the format. */
static void
test_options(void)
{
	static const char *const texts[] = {"a;b\n1;2\n", "<a><b>1</b></a>", "[{\"a\":1}]",
	                                    "PK\3\4"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
	{
		size_t size = strlen(texts[i]);

		GIVES(texts[i], size, "failed 3 0 0:-1 max_columns\n", "no columns",
		      .max_columns = -1);
		GIVES(texts[i], size, "failed 3 0 0:-1 max_columns\n", "too many columns",
		      .max_columns = 1000001);
		GIVES(texts[i], size, "failed 3 0 0:-1 max_record\n", "a record without end",
		      .max_record = SIZE_MAX);
		GIVES(texts[i], size, "failed 3 0 0:-1 skip\n", "lines to skip", .skip = -1);
		GIVES(texts[i], size, "failed 3 0 0:-1 max_ratio\n", "a ratio", .max_ratio = -1);
		GIVES(texts[i], size, "failed 3 0 0:-1 max_expanded\n", "bytes to expand",
		      .max_expanded = -1);
	}
}

static void
test_glob(void)
{
	ok(pm_glob("*", "a/b"), "* is anything");
	ok(pm_glob("a*b*c", "aXXbYYbc"), "several stars");
	ok(!pm_glob("a*b", "aXXbc"), "up to the end");
	ok(pm_glob("?.csv", "\xC3\xA9.csv"), "? is a character");
	ok(!pm_glob("?", ""), "not none");
	ok(pm_glob("", "") && pm_glob("**", ""), "nothing");
	ok(!pm_glob("A.csv", "a.csv"), "case counts");
}

int
main(void)
{
	test_gzip();
	test_idle();
	test_zip();
	test_much();
	test_many();
	test_bombs();
	test_options();
	test_glob();
	return tap_done();
}
