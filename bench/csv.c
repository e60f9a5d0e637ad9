/*
 * csv.c - how fast delimiter-separated text is split and read, on one core
 *
 *   csv ROWS FILE
 *
 * Makes a supplier's file of 12 columns and about 395 bytes a row, in which a tenth of the
 * rows have quoted values, and measures what goes over it in memory (memcpy, memchr for
 * line ends, a plain loop over the bytes that finds the same values, pm_csv_split()) and
 * from the file, which is in the page cache (read() alone, pm_reader_next()).  Prints
 * medians of five rounds of processor time in GB/s, and as a share of memcpy.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "pm_csv.h"

#define ROUNDS      5
#define COLUMNS     12
#define ROW_MAX     1200
#define PIECE       (1 << 20)
#define UTF16_BYTES 2

static const char *const nouns[] = {"Cordless drill", "Reading glasses", "Desk lamp",
                                    "Espresso cups",  "Garden hose",     "Running shoes",
                                    "Fountain pen",   "Winter gloves"};
static const char *const sentence =
    "A sturdy product for every day, easy to clean and made to last. ";

typedef struct Text
{
	char *data;
	size_t size;
} Text;

/* What one way over the text found: to compare, and so that nothing is left out. */
typedef struct Sum
{
	uint64_t records;
	uint64_t values;
	uint64_t bytes; /* of values */
} Sum;

static void
fail(const char *what)
{
	fprintf(stderr, "csv: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Seconds of this process; it waits for nothing. */
static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double) time.tv_sec + (double) time.tv_nsec / 1e9;
}

/* One row; accent stands in its title, nothing if it is empty. */
static size_t
write_row(char *out, size_t i, const char *accent)
{
	const char *quote = i % 10 == 0 ? "\"" : "";
	int size =
	    snprintf(out, ROW_MAX,
	             "%013" PRIu64 ";AC-%zu;%s%s model %06zx%s, %zu cm%s;%s%s%s%s;Brand %zu;"
	             "Range %zu > Group %zu > Kind %zu;%zu.%03zu;%zu.%02zu;%zu.%02zu;%zu;%zu;"
	             "https://img.example.com/p/%zu/front-%zu.jpg\n",
	             ((uint64_t) i * UINT64_C(618033988749)) % UINT64_C(8999999999981) +
	                 UINT64_C(1000000000000),
	             i, quote, nouns[i % 8], i * 2654435761u % 0xFFFFFF, accent, 10 + i % 90,
	             quote, sentence, i % 3 > 0 ? sentence : "", i % 3 > 1 ? sentence : "",
	             sentence, i * 31 % 2000, i % 10, i % 100, i % 2900, i % 5, i % 1000,
	             i % 900, i % 100, i % 1500, i % 100, i % 200, i % 50, i, i * 7 % 1000003);

	return (size_t) size;
}

static Text
make_text(size_t rows, const char *accent)
{
	Text text;

	text.data = malloc(rows * ROW_MAX / 2 + ROW_MAX);
	if (text.data == NULL)
		fail("memory");
	text.size = (size_t) sprintf(
	    text.data, "ean;sku;title;description;brand;category;weight;cost;price;stock;"
	               "on_hand;image\n");
	for (size_t i = 0; i < rows; i++)
		text.size += write_row(text.data + text.size, i, accent);
	return text;
}

/* The same ASCII as UTF-16, little-endian. */
static Text
make_utf16(Text ascii)
{
	Text text = {calloc(ascii.size, UTF16_BYTES), ascii.size * UTF16_BYTES};

	if (text.data == NULL)
		fail("memory");
	for (size_t i = 0; i < ascii.size; i++)
		text.data[i * UTF16_BYTES] = ascii.data[i];
	return text;
}

static Sum
way_memcpy(Text text, int fd)
{
	static char piece[PIECE];
	Sum sum = {0, 0, 0};

	(void) fd;
	for (size_t at = 0; at < text.size; at += PIECE)
	{
		size_t size = text.size - at < PIECE ? text.size - at : PIECE;

		memcpy(piece, text.data + at, size);
		sum.bytes += size + (unsigned char) piece[size / 2];
	}
	return sum;
}

static Sum
way_memchr(Text text, int fd)
{
	const char *at = text.data;
	const char *end = text.data + text.size;
	Sum sum = {0, 0, 0};

	(void) fd;
	while ((at = memchr(at, '\n', (size_t) (end - at))) != NULL)
	{
		sum.records++;
		at++;
	}
	return sum;
}

/* The textbook's loop: one byte, one state. */
static Sum
way_loop(Text text, int fd)
{
	static PmText fields[COLUMNS + 1];
	bool quoted = false;
	size_t start = 0;
	size_t count = 0;
	Sum sum = {0, 0, 0};

	(void) fd;
	for (size_t i = 0; i < text.size; i++)
	{
		char c = text.data[i];

		if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == ';' || c == '\n'))
		{
			bool has_quotes = text.data[start] == '"';
			PmText *field = &fields[count < COLUMNS ? count : COLUMNS];

			field->data = text.data + start + has_quotes;
			field->size = i - start - 2 * has_quotes;
			sum.bytes += field->size;
			count++;
			start = i + 1;
			if (c == '\n')
			{
				sum.records++;
				sum.values += count;
				count = 0;
			}
		}
	}
	return sum;
}

static Sum
way_split(Text text, int fd)
{
	PmCsvSplitter splitter;
	Sum sum = {0, 0, 0};

	(void) fd;
	memset(&splitter, 0, sizeof(splitter));
	splitter.dialect.delimiter[0] = ';';
	splitter.dialect.quote = '"';
	splitter.max = 2000;
	for (size_t at = 0; at < text.size; at = splitter.record.next)
	{
		if (pm_csv_split(&splitter, text.data, at, text.size, true) != PM_CSV_RECORD)
			fail("pm_csv_split");
		sum.records++;
		sum.values += (uint64_t) splitter.record.count;
		for (int i = 0; i < splitter.record.count; i++)
			sum.bytes += splitter.fields[i].size;
	}
	pm_csv_splitter_free(&splitter);
	return sum;
}

static Sum
way_read(Text text, int fd)
{
	static char piece[PIECE / 4];
	Sum sum = {0, 0, 0};
	ssize_t got;

	(void) text;
	while ((got = pread(fd, piece, sizeof(piece), (off_t) sum.bytes)) > 0)
		sum.bytes += (uint64_t) got;
	return sum;
}

static Sum
way_reader(Text text, int fd)
{
	PmReaderOptions options;
	PmReaderFailure failure;
	PmReader *reader;
	PmRecord record;
	PmReadStatus status;
	Sum sum = {1, COLUMNS, 0}; /* the header */

	(void) text;
	memset(&options, 0, sizeof(options));
	reader = pm_reader_open(fd, &options, &failure);
	if (reader == NULL)
		fail(failure.detail);
	while ((status = pm_reader_next(reader, &record)) != PM_READ_END)
	{
		if (status == PM_READ_FAILED || record.fault != PM_RECORD_GOOD)
			fail("pm_reader_next");
		if (status != PM_READ_RECORD)
			continue;
		sum.records++;
		sum.values += (uint64_t) record.field_count;
		for (int i = 0; i < record.field_count; i++)
			sum.bytes += record.fields[i].size;
	}
	pm_reader_close(reader);
	return sum;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *) a;
	double y = *(const double *) b;

	return (x > y) - (x < y);
}

/* One way over one text, and how long it took each time. */
typedef struct Way
{
	const char *name;
	Sum (*go)(Text text, int fd);
	double target; /* GB/s; zero: none */
	double seconds[ROUNDS];
	Sum sum;
} Way;

/*
 * Measures some ways over a text, one after the other in each round, so that what else the
 * machine does meets all of them; prints a line each.  base is the speed of memcpy(); zero:
 * the first way is.  Returns it.
 */
static double
measure(Way *ways, size_t count, Text text, int fd, double base)
{
	for (int round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < count; i++)
		{
			double start = now();

			ways[i].sum = ways[i].go(text, fd);
			ways[i].seconds[round] = now() - start;
		}
	for (size_t i = 0; i < count; i++)
	{
		Way *way = &ways[i];
		double median;
		double speed;

		qsort(way->seconds, ROUNDS, sizeof(way->seconds[0]), compare);
		median = way->seconds[ROUNDS / 2];
		speed = (double) text.size / median / 1e9;
		if (base == 0)
			base = speed;
		printf(" %-34s | %5.2f | ", way->name, speed);
		if (way->sum.records > 0)
			printf("%8.2f | ", (double) way->sum.records / median / 1e6);
		else
			printf("         | ");
		printf("%6.2f | ", speed / base);
		if (way->target > 0)
			printf("%6.1f | %s\n", way->target, speed >= way->target ? "met" : "MISSED");
		else
			printf("       |\n");
	}
	return base;
}

/* A file with a text, in the page cache. */
static int
write_file(const char *path, Text text)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	size_t done = 0;

	if (fd < 0)
		fail(path);
	while (done < text.size)
	{
		ssize_t got = write(fd, text.data + done, text.size - done);

		if (got < 0)
			fail(path);
		done += (size_t) got;
	}
	return fd;
}

/* Reads another text of the same rows, and frees it. */
static void
measure_reader(const char *name, const char *path, Text text, double base)
{
	Way way = {
	    name, way_reader, 0, {0 },
           { 0, 0, 0}
    };
	int fd = write_file(path, text);

	measure(&way, 1, text, fd, base);
	close(fd);
	free(text.data);
}

int
main(int argc, char **argv)
{
	static Way ways[] = {
	    {"memcpy",                way_memcpy, 0,   {0}, {0, 0, 0}},
	    {"memchr, for line ends", way_memchr, 0,   {0}, {0, 0, 0}},
	    {"loop over bytes",       way_loop,   0,   {0}, {0, 0, 0}},
	    {"pm_csv_split",          way_split,  1.0, {0}, {0, 0, 0}},
	    {"read of the file",      way_read,   0,   {0}, {0, 0, 0}},
	    {"pm_reader_next",        way_reader, 0.6, {0}, {0, 0, 0}},
	};
	size_t rows = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
	double base;
	Text text;
	Sum loop;
	Sum split;
	Sum reader;
	int fd;

	if (rows == 0)
	{
		fprintf(stderr, "usage: csv ROWS FILE\n");
		return 2;
	}
	text = make_text(rows, "");
	fd = write_file(argv[2], text);
	loop = way_loop(text, fd);
	split = way_split(text, fd);
	reader = way_reader(text, fd);
	if (memcmp(&loop, &split, sizeof(Sum)) != 0 || reader.records != loop.records ||
	    reader.values != loop.values)
	{
		fprintf(stderr, "csv: the ways find different values\n");
		return 1;
	}

	printf("%zu rows of %d columns, %.0f MB; one core, its time; medians of %d rounds.\n", rows,
	       COLUMNS, (double) text.size / 1e6, ROUNDS);
	printf(" %-34s |  GB/s | M rows/s | memcpy | target | verdict\n", "what");
	base = measure(ways, sizeof(ways) / sizeof(ways[0]), text, fd, 0);
	close(fd);
	measure_reader("pm_reader_next, UTF-8 with accents", argv[2],
	               make_text(rows, " \xC3\xA9t\xC3\xA9 "), base);
	measure_reader("pm_reader_next, Windows-1252", argv[2], make_text(rows, " \xE9t\xE9 "),
	               base);
	measure_reader("pm_reader_next, UTF-16", argv[2], make_utf16(text), base);
	free(text.data);
	if (unlink(argv[2]) != 0)
		fail(argv[2]);
	return 0;
}
