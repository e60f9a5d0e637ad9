/*
 * test_csv_random.c - random and hostile texts of values with delimiters
 *
 * The splitter against one that looks at byte after byte and builds every value; what a
 * writer wrote is what is read, in any encoding; what comes out depends on no size of
 * reads; nothing takes more than linear time.  And a real file, if it is there.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "pm_csv.h"
#include "pm_encoding.h"
#include "render.h"
#include "tap.h"

#define REAL_FILE   "data/openfoodfacts-sample.csv" /* in PM_SHARED, or ../shared */
#define REAL_DIGEST UINT64_C(0x4634e67202c736f1)    /* FNV-1a, 0x100 after each value */
#define TEXT_MAX    300

/* A record as the byte-after-byte splitter sees it. */
typedef struct Naive
{
	char values[2 * TEXT_MAX];
	size_t ends[TEXT_MAX + 1]; /* of values in values */
	int count;
	size_t next;
	PmCsvFault fault;
	size_t fault_at;
} Naive;

static bool
is_line_end(char c)
{
	return c == '\n' || c == '\r';
}

static bool
has_delimiter(const PmCsvDialect *dialect, const char *text, size_t at, size_t size)
{
	size_t length = strlen(dialect->delimiter);

	return at + length <= size && memcmp(text + at, dialect->delimiter, length) == 0;
}

static void
naive_fault(Naive *out, PmCsvFault fault, size_t at)
{
	if (out->fault == PM_CSV_GOOD)
	{
		out->fault = fault;
		out->fault_at = at;
	}
}

/* Copies an escaped byte, or both of CRLF; returns the place after it. */
static size_t
naive_escaped(const char *text, size_t at, size_t size, char **value)
{
	if (at + 1 < size && text[at] == '\r' && text[at + 1] == '\n')
		*(*value)++ = text[at++];
	*(*value)++ = text[at];
	return at + 1;
}

/* Where a value such as ="007" ends, at being after its first quote; 0: it is none. */
static size_t
naive_formula(const PmCsvDialect *dialect, const char *text, size_t at, size_t size)
{
	while (at < size && text[at] != dialect->quote && text[at] != dialect->escape &&
	       !is_line_end(text[at]) && !has_delimiter(dialect, text, at, size))
		at++;
	if (at == size || text[at] != dialect->quote)
		return 0;
	at++;
	return at == size || is_line_end(text[at]) || has_delimiter(dialect, text, at, size)
	           ? at
	           : 0;
}

/* Splits the first record of a text (size > 0). */
static void
naive_split(const PmCsvDialect *dialect, const char *text, size_t size, Naive *out)
{
	bool quotes = dialect->quote != PM_CSV_NOTHING_QUOTED;
	char quote = dialect->quote;
	char escape = dialect->escape == quote ? '\0' : dialect->escape;
	char *value = out->values;
	size_t at = 0;

	out->count = 0;
	out->fault = PM_CSV_GOOD;
	for (;;)
	{
		size_t start = at;
		char *start_value = value;
		bool quoted = quotes && at < size && text[at] == quote;
		bool literal = !quoted;
		bool unclosed = false;

		if (quoted)
		{
			at++;
			while (at < size &&
			       (text[at] != quote || (at + 1 < size && text[at + 1] == quote)))
			{
				if (text[at] == quote)
					at++;
				else if (escape != '\0' && text[at] == escape && ++at < size)
				{
					at = naive_escaped(text, at, size, &value);
					continue;
				}
				if (at < size)
					*value++ = text[at++];
			}
			unclosed = at == size;
			if (unclosed)
				naive_fault(out, PM_CSV_UNCLOSED_QUOTE, start);
			else if (++at < size && !is_line_end(text[at]) &&
			         !has_delimiter(dialect, text, at, size))
			{
				naive_fault(out, PM_CSV_STRAY_QUOTE, at - 1);
				literal = true;
			}
		}
		while (literal && at < size && !is_line_end(text[at]) &&
		       !has_delimiter(dialect, text, at, size))
		{
			if (quotes && text[at] == quote)
			{
				size_t formula = at == start + 1 && text[start] == '='
				                     ? naive_formula(dialect, text, at + 1, size)
				                     : 0;

				if (formula == 0)
					naive_fault(out, PM_CSV_STRAY_QUOTE, at);
				while (at < formula)
					*value++ = text[at++];
				if (formula > 0)
					continue;
			}
			if (escape != '\0' && text[at] == escape && at + 1 < size)
				at = naive_escaped(text, at + 1, size, &value);
			else
				*value++ = text[at++];
		}
		/* a value that is not what it should be is shown as it stands there */
		if (quoted && (literal || unclosed))
		{
			value = start_value;
			memcpy(value, text + start, at - start);
			value += at - start;
		}
		out->ends[out->count++] = (size_t) (value - out->values);
		if (at == size || is_line_end(text[at]))
			break;
		at += strlen(dialect->delimiter);
	}
	if (at < size)
		at += text[at] == '\r' && at + 1 < size && text[at + 1] == '\n' ? 2 : 1;
	out->next = at;
}

/* Does the splitter see the first record as the other one does? */
static bool
same_record(PmCsvSplitter *splitter, const char *text, size_t size, const Naive *naive)
{
	const PmCsvRecord *record = &splitter->record;
	size_t start = 0;

	if (pm_csv_split(splitter, text, 0, size, true) != PM_CSV_RECORD ||
	    record->count != naive->count || record->next != naive->next ||
	    record->fault != naive->fault ||
	    (record->fault != PM_CSV_GOOD && record->fault_at != naive->fault_at))
		return false;
	for (int i = 0, escaped = 0; i < record->count; i++)
	{
		char value[TEXT_MAX];
		PmText field = splitter->fields[i];

		if (escaped < record->escaped && splitter->escaped[escaped] / 2 == i)
		{
			field.size = pm_csv_value(splitter, escaped++, value);
			field.data = value;
		}
		if (field.size != naive->ends[i] - start ||
		    memcmp(field.data, naive->values + start, field.size) != 0)
			return false;
		start = naive->ends[i];
	}
	return true;
}

/*
 * Does every beginning of the text give the same record or none yet?  And strict the same
 * one or none?
 */
static bool
same_beginnings(PmCsvSplitter *splitter, const char *text, size_t size, const Naive *naive)
{
	bool clean = naive->fault == PM_CSV_GOOD;
	PmCsvStatus status;

	for (size_t end = 1; end < size; end++)
	{
		status = pm_csv_split(splitter, text, 0, end, false);
		if (status == PM_CSV_RECORD ? splitter->record.next != naive->next ||
		                                  splitter->record.count != naive->count ||
		                                  splitter->record.fault != naive->fault
		                            : status != PM_CSV_MORE || end > naive->next + 1)
			return false;
	}
	splitter->strict = true;
	status = pm_csv_split(splitter, text, 0, size, true);
	splitter->strict = false;
	return status == PM_CSV_RECORD
	           ? clean && splitter->record.next == naive->next
	           : status == PM_CSV_UNCLEAN && (!clean || splitter->dialect.escape != '\0');
}

static const PmCsvDialect dialects[] = {
    {";",   '"',                   '\0'},
    {",",   '"',                   '\\'},
    {"\t",  '\'',                  '\0'},
    {"||",  '"',                   '\0'},
    {"|+|", '"',                   '\\'},
    {";",   PM_CSV_NOTHING_QUOTED, '\0'},
    {";",   PM_CSV_NOTHING_QUOTED, '\\'},
    {"|",   '"',                   '"' },
};

#define DIALECT_COUNT (sizeof(dialects) / sizeof(dialects[0]))

static void
test_splitter(void)
{
	int wrong = 0;
	int faulty = 0;

	for (int round = 0; round < 60000; round++)
	{
		PmCsvSplitter splitter = {.dialect = dialects[round % DIALECT_COUNT], .max = 1000};
		static const char some[] = "==;,\t||+\"\"''\\\\\r\n\nabc";
		size_t kinds = round % 3 == 0 ? 6 : sizeof(some) - 1;
		char text[TEXT_MAX];
		size_t size = 1 + (size_t) rand() % (round % 10 == 0 ? TEXT_MAX - 1 : 40);
		Naive naive = {.count = 0};

		for (size_t i = 0; i < size; i++)
			text[i] =
			    rand() % 4 == 0 ? 'x' : some[sizeof(some) - 2 - (size_t) rand() % kinds];
		if (round % 5 == 0) /* long values, across blocks */
			memset(text + size / 4, 'y', size / 2);
		naive_split(&splitter.dialect, text, size, &naive);
		faulty += naive.fault != PM_CSV_GOOD;
		if (!same_record(&splitter, text, size, &naive) ||
		    !same_beginnings(&splitter, text, size, &naive))
		{
			if (wrong++ == 0)
				printf("# round %d: %.*s\n", round, (int) size, text);
		}
		pm_csv_splitter_free(&splitter);
	}
	is_int(wrong, 0, "records as a splitter of single bytes sees them");
	ok(faulty > 5000 && faulty < 50000, "with faults and without");
}

/* A random value of some characters that every encoding here has. */
static size_t
random_value(char *out, bool rich)
{
	static const char *const some[] = {"a",  "b",    "1",   " ", ";", "\"",
	                                   "\n", "\r\n", "x y", "é", "Ü", "ß"};
	size_t size = 0;

	for (int n = rand() % 8; n > 0; n--)
	{
		const char *piece = some[(size_t) rand() % (rich ? 12 : 9)];

		memcpy(out + size, piece, strlen(piece));
		size += strlen(piece);
	}
	return size;
}

/* A value as a writer writes it: in quotes if it must, or sometimes. */
static void
write_value(PmBuffer *out, const char *value, size_t size)
{
	bool quoted = rand() % 4 == 0;

	for (size_t i = 0; i < size; i++)
		quoted = quoted || strchr(";\"\r\n", value[i]) != NULL;
	if (quoted)
		render_text(out, "\"");
	for (size_t i = 0; i < size; i++)
	{
		if (value[i] == '"')
			render_text(out, "\"");
		render_add(out, (PmText){value + i, 1});
	}
	if (quoted)
		render_text(out, "\"");
}

/* A text in another encoding. */
static PmBuffer
encode(PmEncoding encoding, const PmBuffer *text)
{
	PmBuffer out = {0};

	if (!pm_buffer_reserve(&out, text->size * 2 + 2))
		exit(2);
	if (encoding != PM_ENCODING_UTF16LE && encoding != PM_ENCODING_UTF16BE)
		out.size = pm_encoding_from_utf8(encoding, text->data, text->size, out.data);
	else
		for (size_t i = 0; i < text->size; i++)
		{
			/* no character here needs more than two bytes of UTF-8 */
			unsigned char byte = (unsigned char) text->data[i];
			unsigned unit = byte;

			if (byte >= 0xC0)
				unit = (byte & 0x1Fu) << 6 | ((unsigned char) text->data[++i] & 0x3Fu);
			out.data[out.size++] =
			    (char) (encoding == PM_ENCODING_UTF16LE ? unit & 0xFF : unit >> 8);
			out.data[out.size++] =
			    (char) (encoding == PM_ENCODING_UTF16LE ? unit >> 8 : unit & 0xFF);
		}
	return out;
}

/* Writes random records, reads them in every encoding and in pieces of random size. */
static void
test_there_and_back(void)
{
	static const PmEncoding encodings[] = {PM_ENCODING_UTF8, PM_ENCODING_WINDOWS1252,
	                                       PM_ENCODING_LATIN9, PM_ENCODING_UTF16LE,
	                                       PM_ENCODING_UTF16BE};
	int wrong = 0;

	for (int round = 0; round < 1500; round++)
	{
		PmEncoding encoding = encodings[round % 5];
		PmBuffer text = {0};
		PmBuffer expected = {0};
		int lines = 1;
		PmReaderOptions options = {
		    .header = -1, .delimiter = ";", .quote = '"', .encoding = encoding};
		PmBuffer encoded;
		char *got;

		for (int i = 1; i <= 1 + round % 40; i++)
		{
			PmBuffer part = {.data = text.data, .size = text.size};
			PmBuffer before = encode(encoding, &part);
			char place[64];

			snprintf(place, sizeof(place), "%d@%d:%zu ", i, lines, before.size);
			render_text(&expected, place);
			pm_buffer_free(&before);
			for (int column = 0; column < 3; column++)
			{
				char value[64] = "x";
				size_t size = random_value(value + 1, round % 2 == 0) + 1;

				if (column > 0)
				{
					render_text(&text, ";");
					render_text(&expected, "|");
				}
				write_value(&text, value, size);
				render_add(&expected, (PmText){value, size});
				for (size_t k = 0; k < size; k++)
					lines += value[k] == '\n';
			}
			render_text(&text, i % 2 ? "\n" : "\r\n");
			render_text(&expected, "\n");
			lines++;
		}
		render_add(&expected, (PmText){"", 1});
		encoded = encode(encoding, &text);
		got = render_bytes(encoded.data, encoded.size, &options, 1 + (size_t) rand() % 100);
		if (strcmp(got, expected.data) != 0 && wrong++ == 0)
			printf("# encoding %d\n# %s\n# got %s\n# expected %s\n", encoding, text.data,
			       got, expected.data);
		free(got);
		pm_buffer_free(&text);
		pm_buffer_free(&expected);
		pm_buffer_free(&encoded);
	}
	is_int(wrong, 0, "what was written is read, in every encoding");
}

/* Garbage gives the same whatever the size of reads, limits included. */
static void
test_pieces(void)
{
	int wrong = 0;

	for (int round = 0; round < 4000; round++)
	{
		static const char some[] = "\"\"\"\n\n\r;;;abc\\\0\xC3\xA9\xE9 ";
		PmReaderOptions options = {.format = PM_FORMAT_CSV,
		                           .header = round % 3 - 1,
		                           .max_record = round % 2 ? 20 : 0,
		                           .escape = round % 7 == 0 ? '\\' : '\0'};
		char text[400];
		size_t size = (size_t) rand() % sizeof(text);
		char *whole;
		char *pieces;

		for (size_t i = 0; i < size; i++)
			text[i] = some[(size_t) rand() % (sizeof(some) - 1)];
		if (round % 5 > 0)
			strcpy(options.delimiter, ";");
		whole = render_bytes(text, size, &options, PM_READER_CHUNK);
		pieces = render_bytes(text, size, &options, 1 + (size_t) rand() % 30);
		if (strcmp(whole, pieces) != 0 && wrong++ == 0)
			printf("# %.*s\n# whole %s\n# pieces %s\n", (int) size, text, whole, pieces);
		free(whole);
		free(pieces);
	}
	is_int(wrong, 0, "the size of reads makes no difference");
}

/* Seconds of this process to read a unit again and again; records are added to count. */
static double
seconds_for(const char *unit, size_t times, const PmReaderOptions *options, int *count)
{
	PmBuffer text = {0};
	PmReaderFailure failure;
	PmReadStatus status;
	PmRecord record;
	PmReader *reader;
	clock_t start;
	int fd;

	render_text(&text, "a;b\n1;2\n");
	for (size_t i = 0; i < times; i++)
		render_text(&text, unit);
	fd = file_of(text.data, text.size);
	pm_buffer_free(&text);
	start = clock();
	reader = pm_reader_open(fd, options, &failure);
	if (reader == NULL)
		exit(2);
	while ((status = pm_reader_next(reader, &record)) == PM_READ_RECORD ||
	       status == PM_READ_AGAIN)
		*count += status == PM_READ_RECORD;
	pm_reader_close(reader);
	close(fd);
	return (double) (clock() - start) / CLOCKS_PER_SEC;
}

/* Texts made to be searched again and again take time as their size does. */
static void
test_hostile(void)
{
	static const char *const units[] = {
	    "\"a\n",
	    "\"\n",
	    "\"a\"b\n",
	    ";\"\n",
	    "\";\"\n",
	    "\"\"\"\n",
	    "a;\"b\nc\"d\n",
	    "\\\n",
	    "\\\n;\"\n",
	    "\"\\\n",
	    ";\";\n",
	    "1;\"2\n3;4\"x\n",
	    "\n",
	    "\"",
	    ";",
	    "\\",
	    "x",
	    "\"\r",
	    "1;2;\"3\n",
	};
	PmReaderOptions options = {.header = 1, .delimiter = ";", .max_record = 1 << 18};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		for (int escape = 0; escape < 2; escape++)
		{
			char name[100];
			int count = 0;
			double small;
			double large;

			options.escape = escape ? '\\' : '\0';
			small = seconds_for(units[i], 1 << 12, &options, &count);
			large = seconds_for(units[i], 1 << 16, &options, &count);
			snprintf(name, sizeof(name),
			         "16 times unit %zu%s take no more than 80 times as long", i,
			         escape ? " with escapes" : "");
			/* 256 times if it were quadratic; what is near nothing is let pass */
			if (!ok(large < 80 * small + 0.5, name))
				printf("# %.3f s, %.3f s, %d records\n", small, large, count);
		}
}

/* A gigabyte without a line end, in a value, in quotes, as a header: in little memory. */
static void
test_gigabyte(void)
{
	static const char *const starts[] = {"a;b\n1;x", "a;b\n1;\"x", "a;b"};
	const off_t size = (off_t) 1 << 30;

	for (int i = 0; i < 3; i++)
	{
		const char *end = "\n2;3\n";
		PmReaderOptions options = {.format = PM_FORMAT_CSV, .header = 1, .delimiter = ";"};
		int fd = file_of(starts[i], strlen(starts[i]));
		PmReaderFailure failure;
		PmReader *reader;
		PmRecord record;
		PmReadStatus status;
		struct rusage before;
		struct rusage after;
		int again = 0;

		if (pwrite(fd, end, strlen(end), size) != (ssize_t) strlen(end))
			exit(2);
		getrusage(RUSAGE_SELF, &before);
		reader = pm_reader_open(fd, &options, &failure);
		if (i == 2)
		{
			ok(reader == NULL && failure.fault == PM_READER_NO_HEADER && failure.line == 1,
			   "a gigabyte is no header");
			close(fd);
			continue;
		}
		ok(reader != NULL && pm_reader_next(reader, &record) == PM_READ_RECORD &&
		       record.fault == PM_RECORD_TOO_LONG && record.line == 2 &&
		       record.raw.size >= 1020,
		   "a line of a gigabyte is too long");
		while ((status = pm_reader_next(reader, &record)) == PM_READ_AGAIN)
			again++;
		ok(status == PM_READ_RECORD && record.fault == PM_RECORD_GOOD && record.line == 3 &&
		       record.offset == size + 1,
		   "the next one is found");
		ok(again > 1000, "while callers can look around");
		getrusage(RUSAGE_SELF, &after);
		ok(after.ru_maxrss - before.ru_maxrss < 64 * 1024, "in no more than 64 MB");
		pm_reader_close(reader);
		close(fd);
	}
}

/* As many columns as there may be, and one more. */
static void
test_many_columns(void)
{
	PmReaderOptions options = {.header = 1, .delimiter = ";"};

	for (int more = 0; more < 2; more++)
	{
		PmBuffer text = {0};
		char *got;

		for (int line = 0; line < 3; line++)
		{
			for (int i = 1; i < 2000 + more; i++)
				render_text(&text, line == 0 ? "name;" : "1;");
			render_text(&text, "last\n");
		}
		got = render_bytes(text.data, text.size, &options, PM_READER_CHUNK);
		if (more)
			is_str(got, "failed 9 2001 1:0 \n", "2 001 columns are refused");
		else
			ok(strstr(got, "\n2@3:") != NULL && strstr(got, " !") == NULL,
			   "2 000 columns are read");
		free(got);
		pm_buffer_free(&text);
	}
}

/* Records of a file, and how many have a fault; -1: it is not there. */
static int
count_file(const char *path, int *faults, uint64_t *digest)
{
	PmReaderOptions options = {.format = PM_FORMAT_DETECT};
	PmReaderFailure failure;
	PmReader *reader;
	PmRecord record;
	FILE *file = fopen(path, "rb");
	int count = 0;

	if (file == NULL)
		return -1;
	reader = pm_reader_open(fileno(file), &options, &failure);
	if (reader == NULL)
		exit(2);
	while (pm_reader_next(reader, &record) == PM_READ_RECORD)
	{
		count++;
		*faults += record.fault != PM_RECORD_GOOD;
		for (int i = 0; i < record.field_count; i++)
			for (size_t k = 0; k <= record.fields[i].size; k++)
				*digest = (*digest ^ (k < record.fields[i].size
				                          ? (unsigned char) record.fields[i].data[k]
				                          : 0x100u)) *
				          UINT64_C(1099511628211);
	}
	is_int(pm_reader_found(reader)->bytes_read, pm_reader_found(reader)->size,
	       "all of the file was read");
	pm_reader_close(reader);
	fclose(file);
	return count;
}

static void
test_real_file(void)
{
	const char *shared = getenv("PM_SHARED");
	uint64_t digest = UINT64_C(14695981039346656037);
	char path[1024];
	int faults = 0;
	int count;

	snprintf(path, sizeof(path), "%s/%s", shared != NULL ? shared : "../shared", REAL_FILE);
	count = count_file(path, &faults, &digest);
	if (count < 0)
	{
		printf("# %s is not there: its records are not read\n", path);
		return;
	}
	is_int(count, 51178, "records of the real file");
	is_int(faults, 0, "none has a fault");
	ok(digest == REAL_DIGEST, "its values are those that Python's csv module reads");
}

int
main(void)
{
	srand(1);
	test_splitter();
	test_there_and_back();
	test_pieces();
	test_hostile();
	test_gigabyte();
	test_many_columns();
	test_real_file();
	return tap_done();
}
