/*
 * xlsx.c - how fast a sheet of a workbook is read, on one core
 *
 *   xlsx ROWS FILE [PYTHON]
 *
 * Makes a workbook of 12 columns, as Excel writes one: texts are shared, of which some
 * are unlike all others and some repeat, numbers and dates are numbers.  Measures what goes
 * over its sheet: libzip alone, expat without handlers behind it (the floor of a reader that
 * takes all of XML), and pm_reader_next(); and, if its interpreter is given, openpyxl's
 * read-only mode, once.  Prints medians of five rounds of processor time.
 */
#include <errno.h>
#include <expat.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zip.h>

#include "pm_reader.h"

#define ROUNDS  5
#define COLUMNS 12
#define TARGET  150000 /* rows/s */
#define PIECE   262144
#define SHEET   "xl/worksheets/sheet1.xml"

#define RELATION "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"

typedef struct Text
{
	char *data;
	size_t size;
} Text;

static void
fail(const char *what)
{
	fprintf(stderr, "xlsx: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double
seconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double) time.tv_sec + (double) time.tv_nsec / 1e9;
}

/* A part of rows texts, each at most row_max bytes long. */
static Text
make_part(size_t rows, size_t row_max, const char *start, const char *end,
          int (*write_row)(char *out, size_t row))
{
	Text text = {malloc(rows * row_max + 1000), 0};

	if (text.data == NULL)
		fail("memory");
	text.size =
	    (size_t) sprintf(text.data, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>%s", start);
	for (size_t i = 0; i < rows; i++)
		text.size += (size_t) write_row(text.data + text.size, i);
	text.size += (size_t) sprintf(text.data + text.size, "%s", end);
	return text;
}

/*
 * Shared texts of a row: number 3 * row and the next two are its own; those of the first
 * rows are what others repeat.
 */
static int
write_strings(char *out, size_t row)
{
	static const char *const nouns[] = {"Cordless drill", "Reading glasses", "Desk lamp",
	                                    "Espresso cups"};

	return sprintf(out,
	               "<si><t>AC-%zu</t></si><si><t>%s model %06zx, %zu cm</t></si>"
	               "<si><t>https://img.example.com/p/%zu/front.jpg</t></si>",
	               row, nouns[row % 4], row * 2654435761u % 0xFFFFFF, 10 + row % 90, row);
}

static int
write_cells(char *out, size_t row)
{
	size_t r = row + 1;
	int size = sprintf(out, "<row r=\"%zu\" spans=\"1:12\" x14ac:dyDescent=\"0.25\">", r);

	size += sprintf(out + size, "<c r=\"A%zu\"><v>40063%08zu</v></c>", r,
	                row * 7919 % 100000000);
	for (size_t i = 0; i < 3; i++)
		size += sprintf(out + size, "<c r=\"%c%zu\" t=\"s\"><v>%zu</v></c>",
		                (int) ('B' + i), r, 3 * row + i);
	for (size_t i = 0; i < 3; i++)
		size += sprintf(out + size, "<c r=\"%c%zu\" t=\"s\"><v>%zu</v></c>",
		                (int) ('E' + i), r, row * 31 % (200 * (i + 1)));
	size +=
	    sprintf(out + size, "<c r=\"H%zu\" s=\"1\"><v>%zu</v></c>", r, 44000 + row % 1000);
	for (size_t i = 0; i < 3; i++)
		size += sprintf(out + size, "<c r=\"%c%zu\"><v>%zu.%02zu</v></c>", (int) ('I' + i),
		                r, row * (i + 3) % 900, row % 100);
	return size + sprintf(out + size, "<c r=\"L%zu\"><v>%zu</v></c></row>", r, row % 50);
}

static void
add_part(zip_t *zip, const char *name, const char *data, size_t size)
{
	zip_source_t *source = zip_source_buffer(zip, data, size, 0);

	if (source == NULL || zip_file_add(zip, name, source, 0) < 0)
		fail(zip_strerror(zip));
}

static void
make_workbook(const char *path, Text sheet, Text strings)
{
	static const char types[] =
	    "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">"
	    "<Default Extension=\"xml\" ContentType=\"application/xml\"/>"
	    "<Default Extension=\"rels\" "
	    "ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>"
	    "<Override PartName=\"/xl/workbook.xml\" ContentType=\"application/"
	    "vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml\"/>"
	    "<Override PartName=\"/xl/sharedStrings.xml\" ContentType=\"application/"
	    "vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml\"/>"
	    "<Override PartName=\"/xl/styles.xml\" ContentType=\"application/"
	    "vnd.openxmlformats-officedocument.spreadsheetml.styles+xml\"/>"
	    "<Override PartName=\"/" SHEET "\" ContentType=\"application/"
	    "vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml\"/></Types>";
	static const char rels[] =
	    "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">"
	    "<Relationship Id=\"rId1\" Type=\"" RELATION
	    "officeDocument\" Target=\"xl/workbook.xml\"/>"
	    "</Relationships>";
	static const char book[] =
	    "<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" "
	    "xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\">"
	    "<sheets><sheet name=\"Prices\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>";
	static const char book_rels[] =
	    "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">"
	    "<Relationship Id=\"rId1\" Type=\"" RELATION
	    "worksheet\" Target=\"worksheets/sheet1.xml\"/>"
	    "<Relationship Id=\"rId2\" Type=\"" RELATION
	    "sharedStrings\" Target=\"sharedStrings.xml\"/>"
	    "<Relationship Id=\"rId3\" Type=\"" RELATION
	    "styles\" Target=\"styles.xml\"/></Relationships>";
	static const char styles[] =
	    "<styleSheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">"
	    "<fonts count=\"1\"><font/></fonts>"
	    "<fills count=\"1\"><fill><patternFill/></fill></fills>"
	    "<borders count=\"1\"><border/></borders><cellStyleXfs count=\"1\"><xf/></cellStyleXfs>"
	    "<cellXfs count=\"2\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs></styleSheet>";
	zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);

	if (zip == NULL)
		fail(path);
	add_part(zip, "[Content_Types].xml", types, sizeof(types) - 1);
	add_part(zip, "_rels/.rels", rels, sizeof(rels) - 1);
	add_part(zip, "xl/workbook.xml", book, sizeof(book) - 1);
	add_part(zip, "xl/_rels/workbook.xml.rels", book_rels, sizeof(book_rels) - 1);
	add_part(zip, "xl/styles.xml", styles, sizeof(styles) - 1);
	add_part(zip, "xl/sharedStrings.xml", strings.data, strings.size);
	add_part(zip, SHEET, sheet.data, sheet.size);
	if (zip_close(zip) != 0)
		fail(zip_strerror(zip));
}

/* Goes over the sheet with libzip, and with expat if there is a parser. */
static void
expand(const char *path, XML_Parser parser)
{
	static char piece[PIECE];
	zip_t *zip = zip_open(path, ZIP_RDONLY, NULL);
	zip_file_t *file = zip == NULL ? NULL : zip_fopen(zip, SHEET, 0);
	zip_int64_t got;

	if (file == NULL)
		fail(path);
	while ((got = zip_fread(file, piece, PIECE)) > 0)
		if (parser != NULL && XML_Parse(parser, piece, (int) got, 0) != XML_STATUS_OK)
			fail(XML_ErrorString(XML_GetErrorCode(parser)));
	if (got < 0 || (parser != NULL && XML_Parse(parser, piece, 0, 1) != XML_STATUS_OK))
		fail("the sheet");
	zip_fclose(file);
	zip_discard(zip);
}

static size_t
way_libzip(const char *path)
{
	expand(path, NULL);
	return 0;
}

static size_t
way_expat(const char *path)
{
	XML_Parser parser = XML_ParserCreate(NULL);

	expand(path, parser);
	XML_ParserFree(parser);
	return 0;
}

/* Reads all records; returns how many values they had. */
static size_t
way_reader(const char *path)
{
	PmReaderOptions options = {.format = PM_FORMAT_XLSX, .header = -1};
	PmReaderFailure failure;
	int fd = open(path, O_RDONLY);
	PmReader *reader = pm_reader_open(fd, &options, &failure);
	PmReadStatus status = PM_READ_FAILED;
	PmRecord record;
	size_t values = 0;

	if (reader == NULL)
		fail(failure.detail);
	while ((status = pm_reader_next(reader, &record)) == PM_READ_RECORD ||
	       status == PM_READ_AGAIN)
		if (status == PM_READ_RECORD && record.fault == PM_RECORD_GOOD)
			for (int i = 0; i < record.field_count; i++)
				values += record.fields[i].data != NULL;
	if (status == PM_READ_FAILED)
		fail(pm_reader_failure(reader)->detail);
	pm_reader_close(reader);
	close(fd);
	return values;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *) a;
	double y = *(const double *) b;

	return (x > y) - (x < y);
}

/* Median of the rounds' processor time; fails if other values are found than there are. */
static double
measure(size_t (*way)(const char *path), const char *path, size_t values)
{
	double times[ROUNDS];

	for (int i = 0; i < ROUNDS; i++)
	{
		double start = seconds();

		if (way(path) != values)
			fail("other values than those of the workbook");
		times[i] = seconds() - start;
	}
	qsort(times, ROUNDS, sizeof(times[0]), by_value);
	return times[ROUNDS / 2];
}

/* Processor time of openpyxl in a process of its own; zero: it is not there. */
static double
python(const char *interpreter, const char *path)
{
	static const char program[] =
	    "import sys, openpyxl\n"
	    "sheet = openpyxl.load_workbook(sys.argv[1], read_only=True).worksheets[0]\n"
	    "assert sum(len(row) for row in sheet.iter_rows(values_only=True)) > 0\n";
	struct rusage usage;
	int status = 1;
	pid_t child = fork();

	if (child == 0)
	{
		execl(interpreter, interpreter, "-c", program, path, (char *) NULL);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0 ||
	    getrusage(RUSAGE_CHILDREN, &usage) != 0)
		return 0;
	return (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void
print(const char *what, size_t rows, double time, double floor, double target)
{
	double speed = (double) rows / time;

	printf(" %-32s | %7.3f | %8.0f | %6.2f | ", what, time, speed, floor / time);
	if (target > 0)
		printf("%6.0f | %s\n", target, speed >= target ? "met" : "MISSED");
	else
		printf("       |\n");
}

int
main(int argc, char **argv)
{
	size_t rows = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
	Text sheet;
	Text strings;
	double libzip;
	double floor;
	double reader;
	double peer;

	if (rows == 0)
	{
		fprintf(stderr, "usage: xlsx ROWS FILE [PYTHON]\n");
		return 2;
	}
	sheet = make_part(
	    rows, 800,
	    "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" "
	    "xmlns:x14ac=\"http://schemas.microsoft.com/office/spreadsheetml/2009/9/ac\">"
	    "<sheetData>",
	    "</sheetData></worksheet>", write_cells);
	strings = make_part(
	    rows, 300,
	    "<sst xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">",
	    "</sst>", write_strings);
	make_workbook(argv[2], sheet, strings);
	libzip = measure(way_libzip, argv[2], 0);
	floor = measure(way_expat, argv[2], 0);
	reader = measure(way_reader, argv[2], rows * COLUMNS);
	peer = argc > 3 ? python(argv[3], argv[2]) : 0;

	printf(
	    "%zu rows of %d columns, sheet of %.0f MB and %zu shared texts; one core, its time; "
	    "medians of %d rounds.\n",
	    rows, COLUMNS, (double) sheet.size / 1e6, 3 * rows, ROUNDS);
	printf(" %-32s | seconds |   rows/s | floor  | target | verdict\n", "what");
	printf(
	    "----------------------------------+---------+----------+--------+--------+--------\n");
	print("libzip, the sheet alone", rows, libzip, floor, 0);
	print("libzip and expat: the floor", rows, floor, floor, 0);
	print("pm_reader_next(), all parts", rows, reader, floor, TARGET);
	if (peer > 0)
		print("openpyxl, read-only", rows, peer, floor, 0);
	else
		printf(" openpyxl is not there\n");
	unlink(argv[2]);
	return 0;
}
