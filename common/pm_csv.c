/*
 * pm_csv.c - the records of a file of delimiter-separated text
 *
 * The file goes through a window that holds at least the record being read.  A record
 * that is not all there is split again once more is, twice as much each time, so what
 * comes out does not depend on how the bytes came in.  UTF-16 becomes UTF-8 on its way
 * into the window; everything else is split as bytes, and only records with bytes above
 * 0x7F are looked at again, so that offsets are those of the file.
 *
 * A stray quote must not swallow the file.  The rule, for a record of several lines that
 * has a quote where none can be, ends in quotes, or has not as many values as there are
 * columns: it ends before the first of its lines, from the second on, that reads as a
 * record without fault with as many values as there are columns, quotes included; what is
 * before it is one faulty record.  If none of its lines does, a record whose quotes are
 * never closed, or not within max_record, is its first line alone, and any other is what
 * it seemed to be.
 *
 * The search costs no more than reading the lines it goes over: where the record is inside
 * quotes a line that is tried is outside of them, and ends with the line or at a fault.
 */
#include "pm_csv_private.h"

#include <stdlib.h>
#include <string.h>

#define LINE_END_MAX 2      /* bytes of CRLF */
#define DOS_END      '\x1A' /* ends files of old programs */
#define MARK_SIZE    3      /* bytes of a byte order mark in UTF-8 */

bool
pm_csv_out_of_memory(PmReader *reader)
{
	return pm_reader_fail(&reader->failure, PM_READER_MEMORY, 0, "");
}

/* How many bytes of the file some text of the window is. */
int64_t
pm_csv_file_size(const PmCsv *csv, const char *data, size_t size)
{
	return (int64_t) (pm_csv_is_utf16(csv) ? pm_utf16_size(data, size) : size);
}

/* Is done with the first bytes of the window. */
void
pm_csv_consume(PmCsv *csv, size_t size, int64_t lines)
{
	csv->offset += pm_csv_file_size(csv, csv->window.data + csv->begin, size);
	csv->line += lines;
	csv->begin += size;
}

/* Bytes that one record may need in the window. */
static size_t
window_limit(const PmReader *reader)
{
	return reader->options.max_record + LINE_END_MAX;
}

/*
 * Reads more into the window, as much as it has left but never much more than a record may
 * need; sets at_end if there is no more.  Moves what is left to its front.  False: failure
 * is set.
 */
bool
pm_csv_fill(PmReader *reader)
{
	PmCsv *csv = reader->state;
	PmBuffer *window = &csv->window;
	size_t left = window->size - csv->begin;
	size_t more = left > reader->chunk ? left : reader->chunk;
	PmBuffer *into = window;
	ptrdiff_t got;

	if (left + more > window_limit(reader) + reader->chunk)
		more =
		    left <= window_limit(reader) ? window_limit(reader) + 1 - left : reader->chunk;
	if (csv->begin > 0 && left > 0)
		memmove(window->data, window->data + csv->begin, left);
	window->size = left;
	csv->begin = 0;
	if (pm_csv_is_utf16(csv))
	{
		into = &csv->units;
		into->size = 0;
	}
	/* UTF-16 grows by half, and what it held back of a character comes on top */
	if (!pm_buffer_reserve(window,
	                       left + more + (pm_csv_is_utf16(csv) ? more / 2 + 16 : 0)) ||
	    !pm_buffer_reserve(into, into->size + more))
		return pm_csv_out_of_memory(reader);
	got = pm_input_read(&reader->input, into->data + into->size, more);
	if (got < 0)
		return false;
	csv->at_end = got == 0;
	if (pm_csv_is_utf16(csv))
		window->size +=
		    pm_utf16_convert(&csv->utf16, csv->encoding == PM_ENCODING_UTF16BE, into->data,
		                     (size_t) got, csv->at_end, window->data + window->size);
	else
		window->size += (size_t) got;
	return true;
}

/* Has the window size bytes, or all there are?  False: failure is set. */
bool
pm_csv_fill_to(PmReader *reader, size_t size)
{
	PmCsv *csv = reader->state;

	while (!csv->at_end && csv->window.size - csv->begin < size)
		if (!pm_csv_fill(reader))
			return false;
	return true;
}

/* Are there as many values as columns?  Values of nothing at the end do not count. */
bool
pm_csv_count_fits(const PmCsv *csv, const PmCsvSplitter *splitter)
{
	int count = splitter->record.count;

	if (csv->columns == 0)
		return true;
	if (count <= csv->columns)
		return count >= csv->needed;
	if (count > splitter->max)
		return false;
	for (int i = csv->columns; i < count; i++)
		if (splitter->fields[i].size > 0)
			return false;
	return true;
}

static bool
is_blank_value(PmText value)
{
	for (size_t i = 0; i < value.size; i++)
		if (value.data[i] != ' ' && value.data[i] != '\t')
			return false;
	return true;
}

/* Has a record nothing in it but delimiters, quotes and blanks? */
static bool
is_blank(const PmCsvSplitter *splitter)
{
	if (splitter->record.count > splitter->max)
		return false;
	for (int i = 0; i < splitter->record.count; i++)
		if (!is_blank_value(splitter->fields[i]))
			return false;
	return true;
}

/*
 * Finds the first line of the window that begins after begin and before to, and reads as
 * a good record: its place, or to if there is none.  PM_CSV_NEXT_MORE: only more text can tell.
 */
static PmCsvNext
find_good_line(PmCsv *csv, size_t to, size_t end, bool at_end, bool is_full, size_t *place)
{
	const char *data = csv->window.data;
	size_t at = csv->begin;

	*place = to;
	if (csv->columns == 0)
		return PM_CSV_NEXT_RECORD;
	while ((at = pm_csv_line_end(data, at, to)) < to)
		switch (pm_csv_split(&csv->probe, data, at, end, at_end))
		{
			case PM_CSV_RECORD:
				if (!pm_csv_count_fits(csv, &csv->probe) || is_blank(&csv->probe))
					break;
				*place = at;
				return PM_CSV_NEXT_RECORD;
			case PM_CSV_MORE:
				if (is_full)
					break;
				return PM_CSV_NEXT_MORE;
			case PM_CSV_UNCLEAN:
				break;
			case PM_CSV_MEMORY:
				return PM_CSV_NEXT_FAILED;
		}
	return PM_CSV_NEXT_RECORD;
}

/* Splits the record once more, as if it ended before the line that begins at a place. */
static PmCsvNext
cut(PmCsv *csv, size_t place)
{
	const char *data = csv->window.data;
	size_t end = place - 1;
	PmCsvRecord *record = &csv->splitter.record;

	if (data[end] == '\n' && end > csv->begin && data[end - 1] == '\r')
		end--;
	if (pm_csv_split(&csv->splitter, data, csv->begin, end, true) != PM_CSV_RECORD)
		return PM_CSV_NEXT_FAILED;
	record->next = place;
	record->lines++;
	return PM_CSV_NEXT_RECORD;
}

/*
 * Steps over a byte order mark before a record, as there is where files were put together.
 * False: only more text can tell whether there is one.
 */
bool
pm_csv_skip_mark(PmCsv *csv)
{
	static const char mark[MARK_SIZE] = "\xEF\xBB\xBF";
	const char *data = csv->window.data + csv->begin;
	size_t left = csv->window.size - csv->begin;

	if (left == 0 || *data != mark[0] || pm_csv_text_encoding(csv) != PM_ENCODING_UTF8)
		return true;
	if (left < MARK_SIZE && !csv->at_end)
		return memcmp(data, mark, left) != 0;
	if (left >= MARK_SIZE && memcmp(data, mark, MARK_SIZE) == 0)
		pm_csv_consume(csv, MARK_SIZE, 0);
	return true;
}

/* Is what was split the end of file of old programs, if nothing comes after it? */
static bool
is_dos_end(const PmCsv *csv)
{
	const PmCsvRecord *record = &csv->splitter.record;

	return record->size == 1 && csv->window.data[csv->begin] == DOS_END &&
	       record->next == csv->window.size;
}

/*
 * Splits what is at the beginning of the window, as far as it is there, and finds the end
 * of what is no good record by the rule above.
 */
static PmCsvNext
split_window(PmReader *reader)
{
	PmCsv *csv = reader->state;
	PmCsvSplitter *splitter = &csv->splitter;
	size_t left;
	bool is_full;
	bool at_end;
	size_t end;
	size_t to;
	size_t place;
	size_t second;
	bool has_end = false;
	PmCsvNext next;

	if (!pm_csv_skip_mark(csv))
		return PM_CSV_NEXT_MORE;
	left = csv->window.size - csv->begin;
	if (left == 0)
		return csv->at_end ? PM_CSV_NEXT_END : PM_CSV_NEXT_MORE;
	is_full = left > window_limit(reader);
	at_end = csv->at_end && !is_full;
	end = to = csv->begin + (is_full ? window_limit(reader) : left);
	switch (pm_csv_split(splitter, csv->window.data, csv->begin, end, at_end))
	{
		case PM_CSV_RECORD:
			if (is_dos_end(csv) && !csv->at_end)
				return PM_CSV_NEXT_MORE;
			if (splitter->record.lines <= 1 && !splitter->record.unclosed)
				return PM_CSV_NEXT_RECORD;
			if (splitter->record.fault == PM_CSV_GOOD && pm_csv_count_fits(csv, splitter))
				return PM_CSV_NEXT_RECORD;
			to = splitter->record.next;
			has_end = !splitter->record.unclosed;
			break;
		case PM_CSV_MORE:
			if (!is_full)
				return PM_CSV_NEXT_MORE;
			break;
		case PM_CSV_UNCLEAN:
		case PM_CSV_MEMORY:
			return PM_CSV_NEXT_FAILED;
	}

	next = find_good_line(csv, to, end, at_end, is_full, &place);
	if (next != PM_CSV_NEXT_RECORD)
		return next;
	if (place < to)
		return cut(csv, place);
	if (has_end)
		return PM_CSV_NEXT_RECORD;
	second = pm_csv_line_end(csv->window.data, csv->begin, end);
	if (second < end)
		return cut(csv, second);
	if (at_end)
		return PM_CSV_NEXT_RECORD;
	memset(&splitter->record, 0, sizeof(splitter->record));
	splitter->record.size = reader->options.max_record + 1;
	return PM_CSV_NEXT_TOO_LONG;
}

/* Splits the next record, reading as much as it takes. */
PmCsvNext
pm_csv_split_next(PmReader *reader)
{
	for (;;)
	{
		PmCsvNext next = split_window(reader);

		if (next == PM_CSV_NEXT_FAILED)
			pm_csv_out_of_memory(reader);
		if (next != PM_CSV_NEXT_MORE)
			return next;
		if (!pm_csv_fill(reader))
			return PM_CSV_NEXT_FAILED;
	}
}

/*
 * Steps over the rest of a line, no further than the window.  True: it is done.  False:
 * there is more of it to come.
 */
bool
pm_csv_skip_line(PmCsv *csv)
{
	const char *data = csv->window.data;
	size_t end = csv->window.size;
	size_t place = pm_csv_line_end(data, csv->begin, end);
	bool ended = place > csv->begin && (data[place - 1] == '\n' || data[place - 1] == '\r');

	if (ended && place == end && data[end - 1] == '\r' && !csv->at_end)
	{
		/* perhaps the first half of CRLF */
		place--;
		ended = false;
	}
	pm_csv_consume(csv, place - csv->begin, ended);
	return ended || csv->at_end;
}

/* Is what was split no record: blanks, or the end of file of old programs? */
bool
pm_csv_is_nothing(const PmCsv *csv)
{
	return is_blank(&csv->splitter) || (csv->at_end && is_dos_end(csv));
}

static PmReadStatus
csv_next(PmReader *reader, PmRecord *record)
{
	PmCsv *csv = reader->state;
	int64_t start = csv->offset;

	for (;;)
	{
		if (csv->skipping)
		{
			csv->skipping = !pm_csv_skip_line(csv);
			if (csv->skipping)
				return pm_csv_fill(reader) ? PM_READ_AGAIN : PM_READ_FAILED;
		}
		if (csv->offset - start > PM_READER_CHUNK)
			return PM_READ_AGAIN;
		switch (pm_csv_split_next(reader))
		{
			case PM_CSV_NEXT_RECORD:
				if (pm_csv_is_nothing(csv))
				{
					pm_csv_consume(csv, csv->splitter.record.next - csv->begin,
					               csv->splitter.record.lines);
					continue;
				}
				break;
			case PM_CSV_NEXT_TOO_LONG:
				csv->skipping = true;
				break;
			case PM_CSV_NEXT_END:
				return PM_READ_END;
			case PM_CSV_NEXT_MORE:
			case PM_CSV_NEXT_FAILED:
				return PM_READ_FAILED;
		}
		csv->number++;
		if (!pm_csv_deliver(reader, record))
			return PM_READ_FAILED;
		if (!csv->skipping)
			pm_csv_consume(csv, csv->splitter.record.next - csv->begin,
			               csv->splitter.record.lines);
		return PM_READ_RECORD;
	}
}

static void
csv_close(PmReader *reader)
{
	PmCsv *csv = reader->state;

	if (csv == NULL)
		return;
	pm_csv_splitter_free(&csv->splitter);
	pm_csv_splitter_free(&csv->probe);
	pm_buffer_free(&csv->units);
	pm_buffer_free(&csv->window);
	pm_buffer_free(&csv->text);
	pm_buffer_free(&csv->values);
	pm_buffer_free(&csv->names_text);
	free(csv->names);
	free(csv);
}

const PmReaderFormat pm_csv_format = {
    PM_FORMAT_CSV, pm_csv_matches, pm_csv_open, csv_next, csv_close,
};
