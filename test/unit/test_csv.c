/*
 * test_csv.c - files of delimiter-separated text, as suppliers write them
 *
 * Each text is read whole, and by pieces of 1 and 3 bytes, with the same result.  See
 * render.h for how records are written here; faults have the numbers of PmRecordFault.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "pm_csv.h"
#include "render.h"
#include "tap.h"

/* Reads a text (a literal) with options (initializers of PmReaderOptions). */
#define READS(name, text, expected, ...)                                                 \
	reads((text), sizeof(text) - 1, &(PmReaderOptions){__VA_ARGS__}, (expected), (name), \
	      __LINE__)

static void
test_well_formed(void)
{
	READS("LF", "a;b\n1;2\n", "[a|b]\n1@2:4 1|2\n", .header = 1);
	READS("CRLF", "a;b\r\n1;2\r\n", "[a|b]\n1@2:5 1|2\n", .header = 1);
	READS("CR", "a;b\r1;2\r3;4", "[a|b]\n1@2:4 1|2\n2@3:8 3|4\n", .header = 1);
	READS("all of them", "a;b\n1;2\r3;4\r\n5;6\n",
	      "[a|b]\n1@2:4 1|2\n2@3:8 3|4\n3@4:13 5|6\n", .header = 1);
	READS("no line end at the end", "a;b\n1;2", "[a|b]\n1@2:4 1|2\n", .header = 1);
	READS("empty values", "a;b;c\n;;1\n1;;\n\"\";x;\"\"\n",
	      "[a|b|c]\n1@2:6 ||1\n2@3:10 1||\n3@4:14 |x|\n", .header = 1);
	READS("quotes", "a;b\n\"1;1\";\"x \"\"y\"\"\"\n\"\"\"\";\"\"\"\"\"\"\n",
	      "[a|b]\n1@2:4 1;1|x \"y\"\n2@3:20 \"|\"\"\n", .header = 1);
	READS("lines in quotes", "a;b\n\"1\n2\r\n3\r4\";x\n5;y\n",
	      "[a|b]\n1@2:4 1\n2\r\n3\r4|x\n2@6:17 5|y\n", .header = 1);
	READS("an escaped quote", "a;b\n\"x \\\"y\\\"\";1\n\"\\\\\";2\n\"z\"\"\";3\n",
	      "[a|b]\n1@2:4 x \"y\"|1\n2@3:16 \\|2\n3@4:23 z\"|3\n", .header = 1,
	      .escape = '\\');
	READS("escapes that are found", "a;b\n\"24\\\" wide\";1\n\"x\";2\n",
	      "[a|b]\n1@2:4 24\" wide|1\n2@3:18 x|2\n", .header = 1);
	READS("a backslash that is none", "a;b\n\"C:\\\";1\n\"x\\\\y\";2\n",
	      "[a|b]\n1@2:4 C:\\|1\n2@3:12 x\\\\y|2\n", .header = 1);
	READS("escapes that are said to be none", "a;b\n\"24\\\" wide\";1\n",
	      "[a|b]\n1@2:4 \"24\\\" wide\"|1 !3 0@2:8 \"24\\\" wide\";1\n", .header = 1,
	      .escape = '"');
	READS("escapes without quotes", "a;b\nx\\;y;1\\\n2\nz\\\r\n;3\n",
	      "[a|b]\n1@2:4 x;y|1\n2\n2@4:14 z\r\n|3\n", .header = 1, .escape = '\\');
	READS("a single quote", "a,b\n'1,1','it''s'\n", "[a|b]\n1@2:4 1,1|it's\n", .header = 1,
	      .quote = '\'');
	READS("nothing is quoted", "a;b\n24\";\"x\n\"y;z\"\n",
	      "[a|b]\n1@2:4 24\"|\"x\n2@3:11 \"y|z\"\n", .header = 1, .quote = '\1');
	READS("a delimiter of several bytes", "a||b\n1||2|3\n\"x||y\"||||\n|||\n",
	      "[a|b]\n1@2:5 1|2|3\n2@3:12 x||y|\n3@4:23 ||\n", .header = 1, .delimiter = "||");
	READS("a delimiter of ten bytes", "a<=======>b\n1<=======>2<======>\n",
	      "[a|b]\n1@2:12 1|2<======>\n", .header = 1, .delimiter = "<=======>");
	READS("a delimiter that is no ASCII",
	      "a\xC2\xA6"
	      "b\n1\xC2\xA6\xC2\xA7\n",
	      "[a|b]\n1@2:5 1|\xC2\xA7\n", .header = 1, .delimiter = "\xC2\xA6");
	READS("it has one byte in Windows-1252",
	      "a\xA6"
	      "b\n\xE9\xA6"
	      "2\n",
	      "[a|b]\n1@2:4 \xC3\xA9|2\n", .header = 1, .delimiter = "\xC2\xA6",
	      .encoding = PM_ENCODING_WINDOWS1252);
	READS("no header", "1;2\n3;4\n", "1@1:0 1|2\n2@2:4 3|4\n", .header = -1);
	READS("one column", "ean\n1\n2\n", "[ean]\n1@2:4 1\n2@3:6 2\n", .header = 1);
	READS("nothing at all", "", "", .format = PM_FORMAT_DETECT);
	READS("a formula is data", "a;b\n=1+1;@x\n", "[a|b]\n1@2:4 =1+1|@x\n", .header = 1);
}

static void
test_around(void)
{
	READS("blank lines", "\n\na;b\n\n1;2\n \t\n;\n\"\"; \n3;4\n\n",
	      "[a|b]\n1@5:7 1|2\n2@9:21 3|4\n", .header = 1, .delimiter = ";");
	READS("a byte order mark",
	      "\xEF\xBB\xBF"
	      "a;b\n1;2\n",
	      "[a|b]\n1@2:7 1|2\n", .header = 1);
	READS("the line of Excel", "sep=|\r\na|b\r\n1;|2\r\n", "[a|b]\n1@3:12 1;|2\n",
	      .header = 1);
	READS("and a mark", "\xEF\xBB\xBFSEP=^\na^b\n1;^2\n", "[a|b]\n1@3:13 1;|2\n",
	      .header = 1);
	READS("it is one of the lines to skip", "sep=;\nfrom 2024\na;b\n1;2\n",
	      "[a|b]\n1@4:20 1|2\n", .header = 1, .skip = 2);
	READS("what is given counts", "sep=;\na|b\n1;|2\n", "[a|b]\n1@3:10 1;|2\n", .header = 1,
	      .delimiter = "|");
	READS("lines to skip, whatever is in them", "\"unclosed\nx\ra;b\n1;2\n",
	      "[a|b]\n1@4:16 1|2\n", .header = 1, .skip = 2);
	READS("more than there are", "a;b\n", "failed 10 0 2:4 \n", .header = 1, .skip = 2);
	READS(
	    "marks where files were put together",
	    "\xEF\xBB\xBF\xEF\xBB\xBF\"a\";b\n1;2\n\xEF\xBB\xBF\"a\";b\n\xEF\xBB\xBF\"3\";4\n\xEF\xBB\xBF",
	    "[a|b]\n1@2:12 1|2\n2@3:19 a|b !8 -1@3:19 \"a\";b\n3@4:28 3|4\n", .header = 1);
	READS("marks of UTF-16",
	      "\xFF\xFE\xFF\xFE"
	      "a\0\n\0\xFF\xFE\"\0"
	      "1\0\"\0",
	      "[a]\n1@2:10 1\n", .header = 1);
	READS("the end of file of DOS", "a;b\r\n1;2\r\n\x1A", "[a|b]\n1@2:5 1|2\n",
	      .header = 1);
	READS("the header again", "a;b\n1;2\na;b\n\"a\";b\n3;4\n",
	      "[a|b]\n1@2:4 1|2\n2@3:8 a|b !8 -1@3:8 a;b\n3@4:12 a|b !8 -1@4:12 \"a\";b\n"
	      "4@5:18 3|4\n",
	      .header = 1);
	READS("a header of two lines", "\"a\nb\";c\n1;2\n", "[a\nb|c]\n1@3:8 1|2\n",
	      .header = 1);
	READS("names as they are", "a;a;;x \n1;2;3;4\n", "[a|a||x ]\n1@2:8 1|2|3|4\n",
	      .header = 1);
}

static void
test_counts(void)
{
	READS("too few", "a;b;c\n1;2\n3;4;5\n",
	      "[a|b|c]\n1@2:6 1|2|- !5 2@2:6 1;2\n2@3:10 3|4|5\n", .header = 1);
	READS("too many", "a;b\n1;2;3\n4;5\n",
	      "[a|b]\n1@2:4 1|2|3 !6 2@2:4 1;2;3\n2@3:10 4|5\n", .header = 1);
	READS("empty ones at the end are none", "a;b\n1;2;;\n", "[a|b]\n1@2:4 1|2\n",
	      .header = 1);
	READS("columns without a name at the end", "a;b;;\n1;2\n1;2;3;\n1\n",
	      "[a|b||]\n1@2:6 1|2|-|-\n2@3:10 1|2|3|\n3@4:17 1|-|-|- !5 1@4:17 1\n",
	      .header = 1);
	READS("without header as most have", "1\n2;3\n4;5\n6;7;8\n",
	      "1@1:0 1|- !5 1@1:0 1\n2@2:2 2|3\n3@3:6 4|5\n4@4:10 6|7|8 !6 2@4:10 6;7;8\n",
	      .header = -1, .delimiter = ";");
}

/* A quote where none can be, and where the record with it ends. */
static void
test_quotes(void)
{
	READS("a quote in a value", "a;b\n1;24\" wide\n2;x\n",
	      "[a|b]\n1@2:4 1|24\" wide !3 1@2:8 1;24\" wide\n2@3:15 2|x\n", .header = 1);
	READS(
	    "text after the closing one", "a;b\n\"1\"x;2\n3;\"4\" \n5;6\n",
	    "[a|b]\n1@2:4 \"1\"x|2 !3 0@2:6 \"1\"x;2\n2@3:11 3|\"4\"  !3 1@3:15 3;\"4\" \n3@4:18 5|6\n",
	    .header = 1);
	READS("text as spreadsheets keep it",
	      "a;b\n=\"007\";=\"4006381333931\"\n=\"1\"x;=\"2\n",
	      "[a|b]\n1@2:4 =\"007\"|=\"4006381333931\"\n"
	      "2@3:28 =\"1\"x|=\"2 !3 0@3:29 =\"1\"x;=\"2\n",
	      .header = 1);
	READS("one that is not closed ends with its line", "a;b\n1;\"x\n2;y\n3;\"z\"\n",
	      "[a|b]\n1@2:4 1|\"x !4 1@2:6 1;\"x\n2@3:9 2|y\n3@4:13 3|z\n", .header = 1);
	READS("up to the end of the file", "a;b\n1;2\n3;\"x",
	      "[a|b]\n1@2:4 1|2\n2@3:8 3|\"x !4 1@3:10 3;\"x\n", .header = 1);
	READS(
	    "also if no line after it is good", "a;b\n1;\"x\nyy\nzz\n",
	    "[a|b]\n1@2:4 1|\"x !4 1@2:6 1;\"x\n2@3:9 yy|- !5 1@3:9 yy\n3@4:12 zz|- !5 1@4:12 zz\n",
	    .header = 1, .delimiter = ";");
	READS("one quote among many quoted",
	      "a;b\n\"1\";\"x\"\n\"2\";\"y\n\"3\";\"z\"\n\"4\";\"w\"\n",
	      "[a|b]\n1@2:4 1|x\n2@3:12 2|\"y !4 1@3:16 \"2\";\"y\n3@4:19 3|z\n4@5:27 4|w\n",
	      .header = 1);
	READS("closed by the opening one of the next", "a;b;c\n1;\"x;2\n2;\"y\";3\n3;u;v\n",
	      "[a|b|c]\n1@2:6 1|\"x;2|- !4 1@2:8 1;\"x;2\n2@3:13 2|y|3\n3@4:21 3|u|v\n",
	      .header = 1);
	READS("and one of several lines", "a;b;c\n1;\"x;2\n2;\"y\nz\";3\n3;u;v\n",
	      "[a|b|c]\n1@2:6 1|\"x;2|- !4 1@2:8 1;\"x;2\n2@3:13 2|y\nz|3\n3@5:23 3|u|v\n",
	      .header = 1);
	READS("some lines later", "a;b;c\n1;\"x;2\n2;y;3\n4;z;5\n6;\"w\";7\n8;9;0\n",
	      "[a|b|c]\n1@2:6 1|\"x;2|- !4 1@2:8 1;\"x;2\n2@3:13 2|y|3\n3@4:19 4|z|5\n"
	      "4@5:25 6|w|7\n5@6:33 8|9|0\n",
	      .header = 1);
	READS("closed where one can be, but too few", "a;b;c\n1;\"x;2\n2;y;3\n4;z;5\"\n6;7;8\n",
	      "[a|b|c]\n1@2:6 1|\"x;2|- !4 1@2:8 1;\"x;2\n2@3:13 2|y|3\n"
	      "3@4:19 4|z|5\" !3 2@4:24 4;z;5\"\n4@5:26 6|7|8\n",
	      .header = 1);
	READS("no line in it is good", "a;b;c\n1;\"x;2\n2;y;z\"\n3;u;v\n",
	      "[a|b|c]\n1@2:6 1|x;2\n2;y;z|- !5 2@2:6 1;\"x;2\n2;y;z\"\n2@4:20 3|u|v\n",
	      .header = 1);
	READS("text after the closing one in its second line", "a;b;c\n1;\"x\ny\" z;3\n3;u;v\n",
	      "[a|b|c]\n1@2:6 1|\"x\ny\" z|3 !3 1@3:12 1;\"x\ny\" z;3\n2@4:18 3|u|v\n",
	      .header = 1);
	READS("a good record of several lines stays one", "a;b\n\"x\n1;2\n3;4\n\";y\n5;6\n",
	      "[a|b]\n1@2:4 x\n1;2\n3;4\n|y\n2@6:19 5|6\n", .header = 1);
	READS("a header that is not closed", "\"a;b\n1;2\n3;4\n", "failed 10 4 1:0 \n",
	      .header = 1, .delimiter = ";");
}

static void
test_limits(void)
{
	READS("a record that is too long", "a;b\n1;2345678901234567\n2;x\n",
	      "[a|b]\n1@2:4 -|- !7 -1@2:4 1;2345678901\n2@3:23 2|x\n", .header = 1,
	      .max_record = 12);
	READS("by one byte", "a;b\n1;2345\n2;34567\r\n3;4\n",
	      "[a|b]\n1@2:4 1|2345\n2@3:11 -|- !7 -1@3:11 2;3456\n3@4:20 3|4\n", .header = 1,
	      .max_record = 6);
	READS("at the end of the file", "a;b\n1;2345\n2;345678",
	      "[a|b]\n1@2:4 1|2345\n"
	      "2@3:11 -|- !7 -1@3:11 2;3456\n",
	      .header = 1, .max_record = 6);
	READS("ended by CRLF", "a;b\r\n2;3456789\r\n3;4\r\n",
	      "[a|b]\n1@2:5 -|- !7 -1@2:5 2;3456\n2@3:16 3|4\n", .header = 1, .max_record = 6);
	READS("by much, ended by CRLF", "a;b\r\n2;3456789abcdefghijklmnopqrs\r\n3;4\r\n",
	      "[a|b]\n1@2:5 -|- !7 -1@2:5 2;3456\n2@3:35 3|4\n", .header = 1, .max_record = 6);
	READS("by much, ended by CR", "a;b\r2;3456789abcdefghijklmnopqrs\r3;4\r",
	      "[a|b]\n1@2:4 -|- !7 -1@2:4 2;3456\n2@3:33 3|4\n", .header = 1, .max_record = 6);
	READS("no part of a character is shown", "a;b\n1;234\xC3\xA9 67\n3;4\n",
	      "[a|b]\n1@2:4 -|- !7 -1@2:4 1;234\n2@3:15 3|4\n", .header = 1, .max_record = 6);
	READS("a quoted value that is longer ends with its line",
	      "a;b\n1;\"23\n45\n67\n89\n\"\n2;x\n",
	      "[a|b]\n1@2:4 1|\"23 !4 1@2:6 1;\"23\n2@3:10 45|- !5 1@3:10 45\n"
	      "3@4:13 67|- !5 1@4:13 67\n4@5:16 89|- !5 1@5:16 89\n5@6:19 \"|- !4 0@6:19 \"\n"
	      "6@7:21 2|x\n",
	      .header = 1, .max_record = 8);
	READS("the header is", "abcdefgh;b\n1;2\n", "failed 10 0 1:0 max_record\n", .header = 1,
	      .max_record = 6);
	READS("too many columns", "a;b;c\n1;2;3\n", "failed 9 3 1:0 \n", .header = 1,
	      .max_columns = 2);
	READS("without a header too", "1;2;3\n", "failed 9 3 1:0 \n", .header = -1,
	      .max_columns = 2);
	READS("more lines to skip than max_record", "12345678\n12345678\na;b\n",
	      "failed 10 0 2:9 skip\n", .header = 1, .max_record = 8, .skip = 2);
	READS("more blank lines too", "\n\n\n\n\na;b\n", "failed 10 0 6:5 \n", .header = 1,
	      .max_record = 4);
	READS("too many values", "a;b\n1;2;3;4;5\n2;3\n",
	      "[a|b]\n1@2:4 1|2|3 !6 2@2:4 1;2;3;4;5\n2@3:14 2|3\n", .header = 1,
	      .max_columns = 3);
	READS("a delimiter that is part of a line end", "a\n",
	      "failed 3 0 0:-1 delimiter, quote, escape\n", .format = PM_FORMAT_CSV,
	      .delimiter = ";\n");
	READS("a quote that is the delimiter", "a\n",
	      "failed 3 0 0:-1 delimiter, quote, escape\n", .format = PM_FORMAT_CSV,
	      .delimiter = ";", .quote = ';');
	READS("a delimiter that the encoding has not", "a\n", "failed 3 0 0:-1 delimiter\n",
	      .format = PM_FORMAT_CSV, .delimiter = "\xE2\x98\x83",
	      .encoding = PM_ENCODING_LATIN1);
	READS("no text", "\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\1\0\0\0\1\0\x08\x02\0\0\0",
	      "failed 4 0 0:-1 \n", .header = 1);
}

static void
test_encodings(void)
{
	READS("Windows-1252", "nom;prix\ncaf\xE9;12 \x80\nth\xE9;\n",
	      "[nom|prix]\n1@2:9 caf\xC3\xA9|12 \xE2\x82\xAC\n2@3:19 th\xC3\xA9|\n",
	      .header = 1);
	is_int(render_found.encoding, PM_ENCODING_WINDOWS1252, "is found");
	READS("quotes and places in it", "nom;prix\n\"\xE9;\"\"\xE9\";1\n\xE9\"x;\xE9y\n",
	      "[nom|prix]\n1@2:9 \xC3\xA9;\"\xC3\xA9|1\n2@3:19 \xC3\xA9\"x|\xC3\xA9y !3 0@3:20 "
	      "\xC3\xA9\"x;\xC3\xA9y\n",
	      .header = 1);
	READS(
	    "a byte that it has not", "a;b\n\xE9;\x80\nx;\"\n\x81\"\n",
	    "[a|b]\n1@2:4 \xC3\xA9|\xE2\x82\xAC\n2@3:8 x|\n\xEF\xBF\xBD !1 1@4:12 x;\"\n\xEF\xBF\xBD\"\n",
	    .header = 1);
	READS(
	    "UTF-8 with one strange byte",
	    "a;b\n\xC3\xA9;\xC3\xA8\n\xC3\xA9\xE9;1\n\xC3\xA9;2\n",
	    "[a|b]\n1@2:4 \xC3\xA9|\xC3\xA8\n2@3:10 \xC3\xA9\xEF\xBF\xBD|1 !1 0@3:12 \xC3\xA9\xEF\xBF\xBD;1\n"
	    "3@4:16 \xC3\xA9|2\n",
	    .header = 1);
	READS("it is as given", "a;b\n\xE9;1\n",
	      "[a|b]\n1@2:4 \xEF\xBF\xBD|1 !1 0@2:4 \xEF\xBF\xBD;1\n", .header = 1,
	      .encoding = PM_ENCODING_UTF8);
	READS(
	    "UTF-16 without a mark, of few ASCII characters: little end first",
	    "\110\004\060\004\077\004\072\004\060\004\073\000\110\004\060\004\100\004\104\004\012\000\102\004\121\004\077\004\073\004\060\004\117\004\073\000\101\004\070\004\075\004\070\004\071\004\012\000",
	    "[\321\210\320\260\320\277\320\272\320\260|\321\210\320\260\321\200\321\204]\n1@2:22 \321\202\321\221\320\277\320\273\320\260\321\217|\321\201\320\270\320\275\320\270\320\271\n",
	    .header = 1, .delimiter = ";");
	READS(
	    "UTF-16 without a mark, of few ASCII characters: big end first",
	    "\004\110\004\060\004\077\004\072\004\060\000\073\004\110\004\060\004\100\004\104\000\012\004\102\004\121\004\077\004\073\004\060\004\117\000\073\004\101\004\070\004\075\004\070\004\071\000\012",
	    "[\321\210\320\260\320\277\320\272\320\260|\321\210\320\260\321\200\321\204]\n1@2:22 \321\202\321\221\320\277\320\273\320\260\321\217|\321\201\320\270\320\275\320\270\320\271\n",
	    .header = 1, .delimiter = ";");
	READS("a zero byte", "a;b\n1;x\0y\n2;z\n",
	      "[a|b]\n1@2:4 1|x\xEF\xBF\xBDy !2 1@2:7 1;x\xEF\xBF\xBDy\n"
	      "2@3:10 2|z\n",
	      .header = 1);
	READS("UTF-16",
	      "\xFF\xFE"
	      "a\0;\0b\0\r\0\n\0"
	      "1\0;\0\xAC\x20\r\0\n\0"
	      "2\0;\0x\0\"\0\n\0",
	      "[a|b]\n1@2:12 1|\xE2\x82\xAC\n2@3:22 2|x\" !3 1@3:28 2;x\"\n", .header = 1);
	READS(
	    "half a pair in it",
	    "\xFE\xFF"
	    "\0a\0;\0b\0\n"
	    "\0001\0;\xD8\x3C\0\n"
	    "\0002\0;\xD8\x3C\xDF\x6B\0\n"
	    "\0003",
	    "[a|b]\n1@2:10 1|\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD !1 1@2:14 1;\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\n"
	    "2@3:18 2|\xF0\x9F\x8D\xAB\n3@4:28 3|- !5 1@4:28 3\n",
	    .header = 1);
	READS("half a character at its end",
	      "\xFF\xFE"
	      "a\0;\0b\0\n\0"
	      "1\0;\0x\0y",
	      "[a|b]\n1@2:10 1|x\xEF\xBF\xBD !1 1@2:16 1;x\xEF\xBF\xBD\n", .header = 1);
	READS("UTF-32", "\xFF\xFE\0\0a\0\0\0", "failed 5 0 0:-1 UTF-32\n",
	      .format = PM_FORMAT_CSV);
}

/* A descriptor that cannot be read. */
static void
test_unreadable(void)
{
	PmReaderOptions options = {.header = 1};
	PmReaderFailure failure;
	int fd = open("/", O_RDONLY);

	ok(pm_reader_open(fd, &options, &failure) == NULL && failure.fault == PM_READER_IO &&
	       failure.code == EISDIR,
	   "a directory");
	close(fd);
	ok(pm_reader_open(fd, &options, &failure) == NULL && failure.fault == PM_READER_IO &&
	       failure.code == EBADF && failure.detail[0] != '\0',
	   "nothing open");
}

/* What only comes after the beginning that is looked at. */
static void
test_late_encoding(void)
{
	const size_t lines = 2 * PM_INPUT_HEAD / 8;
	PmBuffer text = {0};
	PmReaderOptions options = {.header = -1, .delimiter = ";"};
	char *got;

	for (size_t i = 0; i < lines; i++)
		render_text(&text, "1;23456\n");
	render_text(&text, "1;caf\xE9\n2;\x80\n");
	got = render_bytes(text.data, text.size, &options, PM_READER_CHUNK);
	ok(strstr(got,
	          "16385@16385:131072 1|caf\xC3\xA9\n16386@16386:131079 2|\xE2\x82\xAC\n") !=
	       NULL,
	   "the first bytes above ASCII decide, however late");
	is_int(render_found.encoding, PM_ENCODING_WINDOWS1252, "and are reported");
	free(got);
	pm_buffer_free(&text);
}

/* The end of file of DOS is none of a record's, however long the file and its pieces. */
static void
test_dos_end(void)
{
	static const size_t chunks[] = {PM_READER_CHUNK, 1000, 7};
	PmReaderOptions options = {.header = -1};
	PmBuffer text = {0};
	size_t size;

	while (text.size < 100000)
		render_text(&text, "1;23456\n");
	size = text.size;
	for (size_t i = 0; i < sizeof(chunks) / sizeof(*chunks); i++)
	{
		char *plain = render_bytes(text.data, size, &options, chunks[i]);
		char *ended;

		text.size = size;
		render_text(&text, "\x1A\r\n");
		ended = render_bytes(text.data, text.size, &options, chunks[i]);
		ok(strcmp(plain, ended) == 0, "the end of file of DOS on a line of its own");
		free(ended);
		free(plain);
	}
	pm_buffer_free(&text);
}

/* The dialect that is found, as delimiter, quote, and "header" or "data". */
static const char *
dialect(const char *text)
{
	static char out[64];
	PmReaderOptions options = {.format = PM_FORMAT_CSV};
	char *got = render_bytes(text, strlen(text), &options, PM_READER_CHUNK);

	free(got);
	snprintf(out, sizeof(out), "%s %c %s", render_found.delimiter,
	         render_found.quote == PM_CSV_NOTHING_QUOTED ? '-' : render_found.quote,
	         render_found.header > 0 ? "header" : "data");
	return out;
}

static void
test_dialects(void)
{
	is_str(dialect("ean,name,price\n1,a,2.5\n2,b,3.5\n"), ", \" header", "commas");
	is_str(dialect("ean\tname\n1\ta, b\n2\tc, d\n"), "\t \" header", "tabs");
	is_str(dialect("ean|name\n1|a\n2|b\n"), "| \" header", "bars");
	is_str(dialect("ean;name;price\n1;a;2,50\n2;b;3,50\n"), "; \" header",
	       "decimal commas");
	is_str(dialect("A;1,50\nB;2,50\nC;3,50\n"), "; \" data", "without a header too");
	is_str(dialect("1,2,3\n4,5,6\n7,8,9\n"), ", \" data", "numbers and commas alone");
	is_str(dialect("a,b\n\"1;2;3\",x\n\"4;5;6\",y\n"), ", \" header",
	       "what is quoted does not count");
	is_str(dialect("when,what\n2024-01-01 10:00:00,a\n2024-01-02 11:00:00,b\n"),
	       ", \" header", "times are not split");
	is_str(dialect("id^name\n1^a\n2^b\n"), "^ \" header", "a caret");
	is_str(dialect("id,name\n'1','a, b'\n'2','c, d'\n"), ", ' header", "single quotes");
	is_str(dialect("id;name\n'1';\"l'eau\"\n'2';\"x\"\n"), "; \" header",
	       "both: the double one");
	is_str(dialect("id;name\n1;l'eau d'or\n2;'tis\n"), "; \" header",
	       "apostrophes are none");
	is_str(dialect("ean\n4006381333931\n4006381333948\n"), "; \" header", "one column");
	is_str(dialect("4006381333931\n4006381333948\n"), "; \" data", "of codes");
	is_str(dialect("name\nred, green\nblue\nblack; white\n"), "\t \" header",
	       "of text: what it has not cannot split it");
	is_str(dialect("Bezeichnung;Marke\nLampe;Osram\nStuhl;Ikea\n"), "; \" header",
	       "names of columns");
	is_str(dialect("Foo;Bar\nLampe;Osram\nFoo;Bar\nStuhl;Ikea\n"), "; \" header",
	       "which come again");
	is_str(dialect("Foo;Bar\nLampe;Osram\nFoo;Ikea\n"), "; \" data", "not all of them");
	is_str(dialect("Foo\nLampe\nFoo\nStuhl\n"), "; \" data", "one may be a value");
	READS("names that nobody knows, again at once and later",
	      "Foo;Bar\nFoo;Bar\nLampe;Osram\nFoo;Bar\nStuhl;Ikea\n",
	      "[Foo|Bar]\n1@2:8 Foo|Bar !8 -1@2:8 Foo;Bar\n2@3:16 Lampe|Osram\n"
	      "3@4:28 Foo|Bar !8 -1@4:28 Foo;Bar\n4@5:36 Stuhl|Ikea\n",
	      .skip = 0);
	is_str(dialect("Lampe;Osram\nStuhl;Ikea\nTisch;Osram\nLampe;Osram\n"), "; \" data",
	       "values that come again");
	is_str(dialect("Alpha;Beta\nLampe;Osram\nStuhl;Ikea\n"), "; \" header",
	       "names nobody knows");
	is_str(dialect("4006381333931;Lampe;12,50\n4006381333948;Stuhl;99,00\n"), "; \" data",
	       "values of the kinds of those below");
	is_str(dialect("https://a/image.jpg;Lampe\nhttps://b/2.jpg;Stuhl\n"), "; \" data",
	       "addresses name nothing");
	is_str(dialect("ean;2023;2024\n4006381333931;1;2\n4006381333948;3;4\n"), "; \" header",
	       "years are names too");
}

int
main(void)
{
	test_well_formed();
	test_around();
	test_counts();
	test_quotes();
	test_limits();
	test_encodings();
	test_late_encoding();
	test_dos_end();
	test_unreadable();
	test_dialects();
	return tap_done();
}
