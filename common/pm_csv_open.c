/*
 * pm_csv_open.c - open a file of delimiter-separated text: encoding, dialect, header
 *
 * In this order: the encoding, by the first bytes of the file, and its mark; a line "sep=;"
 * of Excel; lines to skip; the dialect, by the text after them; the names of the columns.
 * Lines to skip, and blank ones before the header, are within max_record bytes, so that
 * opening ends soon whatever the file.
 */
#include "pm_csv_private.h"

#include <stdlib.h>
#include <string.h>

#include "pm_char.h"

#define CONTROLS_MAX 8 /* control characters that any text may have */

/* Fails for want of a header, at the place where reading is. */
static bool
no_header(PmReader *reader, const char *detail)
{
	const PmCsv *csv = reader->state;

	reader->failure.line = csv->line;
	reader->failure.offset = csv->offset;
	return pm_reader_fail(&reader->failure, PM_READER_NO_HEADER, 0, detail);
}

/* Steps over lines, all within max_record bytes.  False: failure is set. */
static bool
skip_lines(PmReader *reader, int64_t count)
{
	PmCsv *csv = reader->state;
	int64_t start = csv->offset;

	while (count > 0 && !(csv->at_end && csv->begin == csv->window.size))
	{
		if (pm_csv_skip_line(csv))
			count--;
		else if (!pm_csv_fill(reader))
			return false;
		if (csv->offset - start > (int64_t) reader->options.max_record)
			return no_header(reader, "skip");
	}
	return true;
}

/*
 * The line "sep=;" with which Excel is told the delimiter: takes it, unless one is given.
 * Says whether there is such a line.  False: failure is set.
 */
static bool
take_sep_line(PmReader *reader, char *delimiter, bool *is_there)
{
	PmCsv *csv = reader->state;
	const char *line = csv->window.data + csv->begin;
	size_t left = csv->window.size - csv->begin;
	size_t size = pm_csv_line_end(line, 0, left);

	*is_there = false;
	while (size > 0 && (line[size - 1] == '\n' || line[size - 1] == '\r'))
		size--;
	if (size < 5 || size > 4 + PM_DELIMITER_MAX || pm_lower(line[0]) != 's' ||
	    pm_lower(line[1]) != 'e' || pm_lower(line[2]) != 'p' || line[3] != '=' ||
	    memchr(line, '\0', size) != NULL)
		return true;
	*is_there = true;
	if (delimiter[0] == '\0')
		memcpy(delimiter, line + 4, size - 4);
	return skip_lines(reader, 1);
}

/* Keeps the names of the columns.  False: failure is set. */
static bool
keep_names(PmReader *reader, const PmRecord *record)
{
	PmCsv *csv = reader->state;
	int count = csv->splitter.record.count;
	int needed = 0;
	size_t size = 0;
	char *out;

	for (int i = 0; i < count && i < csv->splitter.max; i++)
	{
		size += record->fields[i].size;
		if (record->fields[i].size > 0)
			needed = i + 1;
	}
	if (!pm_csv_take_columns(reader, count, needed))
		return false;
	csv->names = calloc((size_t) count, sizeof(*csv->names));
	if (csv->names == NULL || !pm_buffer_reserve(&csv->names_text, size))
		return pm_csv_out_of_memory(reader);
	out = csv->names_text.data;
	for (int i = 0; i < count; i++)
	{
		memcpy(out, record->fields[i].data, record->fields[i].size);
		csv->names[i] = (PmText){out, record->fields[i].size};
		out += record->fields[i].size;
	}
	reader->names = csv->names;
	reader->name_count = count;
	return true;
}

/* Reads the names of the columns, all within max_record bytes.  False: failure is set. */
static bool
read_header(PmReader *reader)
{
	PmCsv *csv = reader->state;
	int64_t start = csv->offset;
	PmRecord record;

	for (;;)
	{
		switch (pm_csv_split_next(reader))
		{
			case PM_CSV_NEXT_RECORD:
				break;
			case PM_CSV_NEXT_END:
				return no_header(reader, "");
			case PM_CSV_NEXT_TOO_LONG:
				return no_header(reader, "max_record");
			case PM_CSV_NEXT_MORE:
			case PM_CSV_NEXT_FAILED:
				return false;
		}
		if (!pm_csv_is_nothing(csv))
			break;
		pm_csv_consume(csv, csv->splitter.record.next - csv->begin,
		               csv->splitter.record.lines);
		if (csv->offset - start > (int64_t) reader->options.max_record)
			return no_header(reader, "");
	}
	if (!pm_csv_deliver(reader, &record))
		return false;
	if (record.fault == PM_RECORD_BAD_ENCODING || record.fault == PM_RECORD_NUL ||
	    record.fault == PM_RECORD_UNCLOSED_QUOTE || record.fault == PM_RECORD_TOO_LONG)
	{
		reader->failure.line = record.fault_line;
		reader->failure.offset = record.fault_offset;
		return pm_reader_fail(&reader->failure, PM_READER_NO_HEADER, record.fault, "");
	}
	if (!keep_names(reader, &record))
		return false;
	pm_csv_consume(csv, csv->splitter.record.next - csv->begin, csv->splitter.record.lines);
	return true;
}

/* Finds the encoding and steps over a byte order mark.  False: failure is set. */
static bool
open_encoding(PmReader *reader)
{
	PmCsv *csv = reader->state;
	const PmBuffer *head = &reader->input.head;
	PmEncodingGuess guess;
	char mark[4];

	if (!pm_input_peek(&reader->input))
		return false;
	pm_encoding_detect(head->data, head->size, head->size < PM_INPUT_HEAD, &guess);
	csv->encoding = guess.encoding;
	csv->certain = guess.certain;
	if (reader->options.encoding != PM_ENCODING_DETECT)
	{
		if (reader->options.encoding != guess.encoding)
			guess.mark = 0;
		csv->encoding = reader->options.encoding;
		csv->certain = true;
	}
	if (csv->encoding == PM_ENCODING_DETECT)
		return pm_reader_fail(&reader->failure, PM_READER_BAD_ENCODING, 0, "UTF-32");
	reader->found.encoding = csv->encoding;
	csv->offset = (int64_t) guess.mark;
	csv->line = 1;
	/* it is within head, which gives all that is asked for */
	return guess.mark == 0 || pm_input_read(&reader->input, mark, guess.mark) >= 0;
}

/* Finds the dialect and makes the splitters for it.  False: failure is set. */
static bool
open_dialect(PmReader *reader, char *delimiter)
{
	PmCsv *csv = reader->state;
	PmReaderFound *found = &reader->found;
	PmCsvGuess guess;
	unsigned bad = 0;
	size_t size;
	size_t sample;

	memset(&guess, 0, sizeof(guess));
	memcpy(guess.dialect.delimiter, delimiter, PM_DELIMITER_MAX);
	guess.dialect.quote = reader->options.quote;
	guess.dialect.escape = reader->options.escape;
	if (!pm_csv_dialect_valid(&guess.dialect))
		return pm_reader_fail(&reader->failure, PM_READER_BAD_OPTION, 0,
		                      "delimiter, quote, escape");
	if (!pm_csv_fill_to(reader, PM_INPUT_HEAD))
		return false;
	sample = csv->window.size - csv->begin;
	if (sample > PM_INPUT_HEAD)
		sample = PM_INPUT_HEAD;
	if (!pm_csv_guess(csv->window.data + csv->begin, sample,
	                  csv->at_end && sample == csv->window.size - csv->begin,
	                  reader->options.header, &guess))
		return pm_csv_out_of_memory(reader);

	csv->splitter.dialect = guess.dialect;
	csv->splitter.max = reader->options.max_columns;
	csv->probe = csv->splitter;
	csv->probe.strict = true;
	csv->columns = csv->needed = guess.columns;
	if (csv->columns > reader->options.max_columns)
		csv->columns = csv->needed = 0;

	found->header = guess.header;
	found->quote = guess.dialect.quote;
	found->escape =
	    guess.dialect.escape == guess.dialect.quote ? '\0' : guess.dialect.escape;
	size = strlen(guess.dialect.delimiter);
	{
		char text[PM_DELIMITER_MAX * PM_UTF8_GROWTH];

		size = pm_encoding_convert(pm_csv_text_encoding(csv), guess.dialect.delimiter, size,
		                           text, &bad);
		if (size > PM_DELIMITER_MAX)
			size = PM_DELIMITER_MAX;
		memcpy(found->delimiter, text, size);
		found->delimiter[size] = '\0';
	}
	return true;
}

bool
pm_csv_open(PmReader *reader)
{
	const PmReaderOptions *options = &reader->options;
	char delimiter[PM_DELIMITER_MAX + 1] = {0};
	size_t given = strnlen(options->delimiter, PM_DELIMITER_MAX + 1);
	bool has_sep_line;
	int64_t skip = options->skip;

	reader->state = calloc(1, sizeof(PmCsv));
	if (reader->state == NULL)
		return pm_csv_out_of_memory(reader);
	if (!open_encoding(reader))
		return false;
	if (given > PM_DELIMITER_MAX ||
	    (given > 0 && pm_encoding_from_utf8(pm_csv_text_encoding(reader->state),
	                                        options->delimiter, given, delimiter) == 0))
		return pm_reader_fail(&reader->failure, PM_READER_BAD_OPTION, 0, "delimiter");
	if (!pm_csv_fill_to(reader, PM_INPUT_HEAD))
		return false;
	pm_csv_skip_mark(reader->state); /* a second one; all that can tell is there */
	if (!take_sep_line(reader, delimiter, &has_sep_line))
		return false;
	if (has_sep_line && skip > 0)
		skip--;
	return skip_lines(reader, skip) && open_dialect(reader, delimiter) &&
	       (reader->found.header < 0 || read_header(reader));
}

/* Whatever is text: this format is asked last. */
bool
pm_csv_matches(PmReader *reader)
{
	const PmBuffer *head = &reader->input.head;
	PmEncodingGuess guess;
	size_t controls = 0;

	if (!pm_input_peek(&reader->input))
		return false;
	if (head->size >= 5 && memcmp(head->data, "%PDF-", 5) == 0)
		return false;
	pm_encoding_detect(head->data, head->size, head->size < PM_INPUT_HEAD, &guess);
	if (guess.encoding == PM_ENCODING_UTF16LE || guess.encoding == PM_ENCODING_UTF16BE)
		return true;
	for (size_t i = 0; i < head->size; i++)
	{
		unsigned char c = (unsigned char) head->data[i];

		controls += c < ' ' && (c < '\t' || c > '\r') && c != 0x1A && c != 0x1F;
	}
	return controls <= CONTROLS_MAX || controls * 32 <= head->size;
}
