/*
 * test_xlsx_write.c - what pm_xlsx_write.c writes is what our own reader reads
 *
 * Rows are given as the reader has them as CSV.  See render.h for how records are written.
 */
#include <stdlib.h>
#include <string.h>

#include "pm_xlsx_write.h"
#include "render.h"
#include "tap.h"

#define TEXT(s) ((PmText){(s), sizeof(s) - 1})
#define MAX     ((size_t) 1 << 30)

/* A workbook of names, unless there are none, and rows that end with '\2'; one is written. */
static PmXlsxWriter *
written(PmText sheet, int64_t skip, const PmText *names, int name_count, const char *rows,
        size_t max, PmText *file)
{
	PmXlsxWriter *writer = pm_xlsx_write_begin(sheet, skip, max);

	if (writer == NULL)
		exit(2);
	if (name_count > 0)
		pm_xlsx_write_names(writer, names, name_count);
	for (const char *end; (end = strchr(rows, '\2')) != NULL; rows = end + 1)
		pm_xlsx_write_row(writer, (PmText){rows, (size_t) (end - rows)});
	pm_xlsx_write_end(writer, file);
	return writer;
}

/* Rows become records again. */
static void
gives(const char *rows, const char *expected, const char *name, int line)
{
	PmText file;
	PmXlsxWriter *writer = written(TEXT("Sheet1"), 0, NULL, 0, rows, MAX, &file);
	PmReaderOptions options = {.format = PM_FORMAT_XLSX, .header = -1};
	char *got;

	render_types = true;
	got = render_bytes(file.data, file.size, &options, PM_READER_CHUNK);
	tap_is_str(got, expected, name, __FILE__, line);
	free(got);
	pm_xlsx_write_free(writer);
}

#define ROWS(name, rows, expected) gives(rows, expected, name, __LINE__)

static void
test_values(void)
{
	ROWS("numbers and texts that look like some",
	     "1.234,\"1.234\",-2000,\"-2000\",4006381333931,\"0012\"\2",
	     "1@1:-1 #1.234|1.234|#-2000|-2000|#4006381333931|0012\n");
	ROWS(
	    "numbers of any size",
	    "0,0.1,123456789012345680,0.00000000001,1E+300,-1.5E-300,1.7976931348623157E+308\2",
	    "1@1:-1 #0|#0.1|#123456789012345680|#0.00000000001|#1E+300|#-1.5E-300|"
	    "#1.7976931348623157E+308\n");
	ROWS("an unquoted text is one", "abc,é,true,#DIV/0!,(1)\2",
	     "1@1:-1 abc|é|true|#DIV/0!|(1)\n");
	ROWS("what begins like a number only", "1x,2019-03-14,--,1 2,1.,.5,1E,1E+,1e5,-\2",
	     "1@1:-1 1x|2019-03-14|--|1 2|1.|.5|1E|1E+|1e5|-\n");
	ROWS("values that are empty", ",a,,\"\",b,\2,,,,c\2",
	     "1@1:-1 -|a|-|-|b\n2@2:-1 -|-|-|-|c\n");
	ROWS("quotes, commas and lines", "\"a,\"\"b\"\"\",\"x\ny\",\"r\r\nz\",\"\"\"\"\2",
	     "1@1:-1 a,\"b\"|x\ny|r\r\nz|\"\n");
	ROWS("a quote that is not closed, and one that goes on", "\"a,b\2\"c\"d,e\2",
	     "1@1:-1 a,b\n2@2:-1 c|e\n");
	ROWS("blanks at the ends", " a ,\"\tb\t\",\" \n c\"\2", "1@1:-1  a |\tb\t| \n c\n");
	ROWS("what XML has for itself", "<c>&amp;</c>,]]>,&#65;,'\2",
	     "1@1:-1 <c>&amp;</c>|]]>|&#65;|'\n");
	ROWS("what XML cannot have", "a\1b\x1F\b,\xEF\xBF\xBE,\xEF\xBF\xBF,\x7F\2",
	     "1@1:-1 a\1b\x1F\b|\xEF\xBF\xBE|\xEF\xBF\xBF|\x7F\n");
	ROWS(
	    "what looks as if it stood for that",
	    "_x0041_,_x000D_x0041_,__x00e9__,_x0041,_xD83D__xDE00_,_x0000_,_x000D\001_y\2",
	    "1@1:-1 _x0041_|_x000D_x0041_|__x00e9__|_x0041|_xD83D__xDE00_|_x0000_|_x000D\001_y\n");
	ROWS("characters of four bytes", "\xF0\x9F\x98\x80\2", "1@1:-1 \xF0\x9F\x98\x80\n");
	ROWS("bytes that are no UTF-8", "a\xE9z,\xC3\2",
	     "1@1:-1 a\xEF\xBF\xBDz|\xEF\xBF\xBD\n");
	ROWS("no rows", "", "");
}

/* The names of columns are texts, blank rows stand before them. */
static void
test_header(void)
{
	const PmText names[] = {TEXT("EAN"), TEXT(""), TEXT("2024"), TEXT("a<\"b\",c")};
	PmReaderOptions options = {.header = 1, .skip = 3, .sheet = "Tom & <\"J\">"};
	PmText file;
	PmXlsxWriter *writer =
	    written(TEXT("Tom & <\"J\">"), 3, names, 4, "1,2,3,x\2", MAX, &file);
	char *got = render_bytes(file.data, file.size, &options, PM_READER_CHUNK);

	is_str(got, "1@5:-1 #1|#2|#3|x\n[EAN||2024|a<\"b\",c]\n", "a header after blank rows");
	is_str(render_found.sheet, "Tom & <\"J\">", "the sheet's name");
	free(got);
	pm_xlsx_write_free(writer);

	writer = written(TEXT("a\n\1\xE9z_x0041_"), 0, NULL, 0, "1\2", MAX, &file);
	got = render_bytes(file.data, file.size, &(PmReaderOptions){.header = -1},
	                   PM_READER_CHUNK);
	is_str(got, "1@1:-1 #1\n", "a name that no sheet can have");
	is_str(render_found.sheet, "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz_x0041_",
	       "without what it cannot have");
	free(got);
	pm_xlsx_write_free(writer);
}

/* As wide as a sheet may be read, and longer than the pieces that are compressed. */
static void
test_size(void)
{
	PmBuffer row = {0};
	PmBuffer expected = {0};
	PmReaderOptions options = {.header = -1};
	PmXlsxWriter *writer = pm_xlsx_write_begin(TEXT("x"), 0, MAX);
	uint32_t seed = 1;
	PmText file;
	char *got;

	for (int i = 0; i < 2000; i++)
	{
		char value[16];

		render_text(&row, i > 0 ? "," : "");
		render_text(&expected, i > 0 ? "|#" : "1@1:-1 #");
		snprintf(value, sizeof(value), "%u", seed = seed * 1664525 + 1013904223);
		render_text(&row, value);
		render_text(&expected, value);
	}
	render_text(&row, ",");
	render_text(&expected, "\n2@2:-1 ");
	pm_xlsx_write_row(writer, (PmText){row.data, row.size});
	row.size = 0;
	for (int i = 0; i < 300000; i++)
		render_add(&row,
		           (PmText){&"abcdefgh"[(seed = seed * 1664525 + 1013904223) >> 29], 1});
	pm_xlsx_write_row(writer, (PmText){row.data, row.size});
	ok(pm_xlsx_write_end(writer, &file), "a row of 2000 columns, a text of 300 kB");
	render_add(&expected, (PmText){row.data, row.size});
	for (int i = 1; i < 2000; i++)
		render_text(&expected, "|-");
	render_add(&expected, (PmText){"\n", 2});
	got = render_bytes(file.data, file.size, &options, PM_READER_CHUNK);
	ok(strcmp(got, expected.data) == 0, "are read");
	free(got);
	pm_xlsx_write_free(writer);
	pm_buffer_free(&row);
	pm_buffer_free(&expected);
}

/* Texts of any characters, and whole numbers, come back as what they were. */
static void
test_random(void)
{
	static const char *const bits[] = {
	    "a", "_",   "x00", "41_",          ",", "\"", "\n",   "\r", "\1",      "&lt;",
	    "<", "]]>", "é",   "\xEF\xBF\xBF", " ", "-1", "0012", ".5", "_x000D_", "z"};
	PmBuffer row = {0};
	PmBuffer value = {0};
	PmBuffer expected = {0};
	PmXlsxWriter *writer = pm_xlsx_write_begin(TEXT("x"), 0, MAX);
	uint32_t seed = 7;
	PmText file;
	char *got;

	for (int r = 1; r <= 2000; r++)
	{
		char start[32];

		row.size = 0;
		snprintf(start, sizeof(start), "%d@%d:-1 ", r, r);
		render_text(&expected, start);
		for (int i = 0; i < 4; i++)
		{
			bool is_number = (seed >> 28) % 4 == 0;
			PmText field;

			value.size = 0;
			seed = seed * 1664525 + 1013904223;
			if (is_number)
				render_add(&value,
				           (PmText){start, (size_t) sprintf(start, "%d", (int) seed)});
			else
				for (uint32_t left = 1 + (seed >> 8) % 6; left > 0; left--)
					render_text(&value,
					            bits[((seed = seed * 1664525 + 1013904223) >> 8) % 20]);
			render_text(&value, is_number ? "" : "."); /* no blank is the last of a row */
			field = (PmText){value.data, value.size};
			render_text(&row, i > 0 ? "," : "");
			if (!pm_buffer_add_csv(&row, &field, &is_number, 1))
				exit(2);
			render_text(&expected, i > 0 ? "|" : "");
			render_text(&expected, is_number ? "#" : "");
			render_add(&expected, field);
		}
		render_text(&expected, "\n");
		pm_xlsx_write_row(writer, (PmText){row.data, row.size});
	}
	render_add(&expected, (PmText){"", 1});
	ok(pm_xlsx_write_end(writer, &file), "2000 rows of all that is peculiar");
	got = render_bytes(file.data, file.size, &(PmReaderOptions){.header = -1},
	                   PM_READER_CHUNK);
	ok(strcmp(got, expected.data) == 0, "come back as they were");
	free(got);
	pm_xlsx_write_free(writer);
	pm_buffer_free(&row);
	pm_buffer_free(&value);
	pm_buffer_free(&expected);
}

/* A record as long as one may be is no longer as XML, if it is of quotes. */
static void
test_long(void)
{
	size_t size = 1 << 20;
	PmBuffer row = {0};
	PmReaderOptions options = {.header = -1, .max_record = size};
	PmXlsxWriter *writer = pm_xlsx_write_begin(TEXT("x"), 0, MAX);
	PmText file;
	char *got;

	render_text(&row, "\"");
	for (size_t i = 0; i < size; i++)
		render_text(&row, "\"\"");
	render_text(&row, "\"");
	pm_xlsx_write_row(writer, (PmText){row.data, row.size});
	ok(pm_xlsx_write_end(writer, &file), "a record of the largest size");
	got = render_bytes(file.data, file.size, &options, PM_READER_CHUNK);
	is_int((long long) strlen(got), (long long) (strlen("1@1:-1 \n") + size), "is read");
	free(got);
	pm_xlsx_write_free(writer);
	pm_buffer_free(&row);
}

/* The same rows are the same bytes; a file that would be too large is none. */
static void
test_limit(void)
{
	PmText file;
	PmText again;
	PmXlsxWriter *writer = written(TEXT("x"), 0, NULL, 0, "1,a\2", MAX, &file);
	PmXlsxWriter *other = written(TEXT("x"), 0, NULL, 0, "1,a\2", file.size, &again);
	size_t wrong = 0;

	ok(pm_xlsx_write_fault(other) == PM_XLSX_WRITE_FINE && file.size == again.size &&
	       memcmp(file.data, again.data, file.size) == 0,
	   "the same rows, in exactly the room that they take");
	pm_xlsx_write_free(other);
	for (size_t max = 0; max < file.size; max++)
	{
		other = written(TEXT("x"), 0, NULL, 0, "1,a\2", max, &again);
		wrong += pm_xlsx_write_fault(other) != PM_XLSX_WRITE_TOO_LARGE;
		wrong += pm_xlsx_write_row(other, TEXT("1"));
		wrong += pm_xlsx_write_end(other, &again);
		pm_xlsx_write_free(other);
	}
	is_int((long long) wrong, 0, "less room is too little, and said");
	pm_xlsx_write_free(writer);
}

int
main(void)
{
	test_values();
	test_header();
	test_size();
	test_random();
	test_long();
	test_limit();
	return tap_done();
}
