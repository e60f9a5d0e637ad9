/*
 * pm_json.c - objects of a JSON array, at a path, or one a line
 *
 * A text is scanned once (pm_json_scan.c), in a window of the file that holds the record
 * of the moment; a record that was scanned to its end is then taken apart
 * (pm_json_record.c).
 *
 * A record that is no JSON is skipped up to the comma or bracket after it, by counting
 * brackets outside of strings; one on a line of its own ends with the line.
 */
#include "pm_json_private.h"

#include <stdlib.h>
#include <string.h>

#include "pm_char.h"

/* The line of a place in the window, at or after the one asked for before. */
int64_t
pm_json_line_of(PmJson *json, size_t place)
{
	const char *data = json->window.data;

	while (json->line_at < place)
	{
		const char *end = memchr(data + json->line_at, '\n', place - json->line_at);

		if (end == NULL)
			break;
		json->line++;
		json->line_at = (size_t) (end - data) + 1;
	}
	json->line_at = json->line_at < place ? place : json->line_at;
	return json->line;
}

/* Notes why the text cannot be read on from a place in the window. */
PmReadStatus
pm_json_failed(PmJson *json, PmReaderFault fault, size_t place, const char *detail)
{
	pm_reader_fail(&json->reader->failure, fault, 0, detail);
	json->reader->failure.line = pm_json_line_of(json, place);
	json->reader->failure.offset = json->base + (int64_t) place;
	return PM_READ_FAILED;
}

/* Reads more behind the window, without what is before keep; PM_READ_AGAIN: go on. */
static PmReadStatus
fill(PmJson *json, size_t keep)
{
	size_t chunk = json->reader->chunk;
	ptrdiff_t size;

	if (keep > 0)
	{
		pm_json_line_of(json, keep);
		json->line_at -= keep;
		json->base += (int64_t) keep;
		json->window.size -= keep;
		json->at -= keep;
		json->start -= json->start < keep ? json->start : keep;
		memmove(json->window.data, json->window.data + keep, json->window.size);
	}
	if (!pm_buffer_reserve(&json->window, json->window.size + chunk))
		return pm_json_failed(json, PM_READER_MEMORY, json->at, "");
	size =
	    pm_input_read(&json->reader->input, json->window.data + json->window.size, chunk);
	if (size < 0)
		return PM_READ_FAILED;
	json->window.size += (size_t) size;
	json->at_end = size == 0;
	return PM_READ_AGAIN;
}

/* Begins a record at a place of the window. */
static void
begin(PmJson *json, size_t place)
{
	memset(&json->record, 0, sizeof(json->record));
	json->record.fault_column = -1;
	json->record.line = pm_json_line_of(json, place);
	json->record.offset = json->base + (int64_t) place;
	json->record.fault_line = json->record.line;
	json->record.fault_offset = json->record.offset;
	json->in_record = true;
	json->is_long = false;
	json->start = place;
}

/* Does the key that was told equal the next step of the path? */
static bool
is_step(PmJson *json)
{
	const PmText *step = &json->steps[json->matched];
	const char *bad;
	PmRecordFault kind;
	char key[3 * PM_JSON_KEY_MAX];
	size_t size;

	if (json->scan.is_cut)
		return false;
	size = pm_json_decode(json->scan.key, json->scan.key + json->scan.key_size, key, &bad,
	                      &kind);
	return bad == NULL && size == step->size && memcmp(key, step->data, size) == 0;
}

/* A value begins outside of records. */
static void
value_begins(PmJson *json)
{
	char c = json->window.data[json->at];
	int depth = json->scan.depth;
	bool pending = json->pending;

	json->pending = false;
	if (json->in_array)
	{
		if (depth == json->step_count + 1)
		{
			json->depth = depth;
			begin(json, json->at);
		}
	}
	else if (!pending)
		return;
	else if (json->matched + 1 < json->step_count)
		json->matched += c == '{';
	else if (c == '[')
		json->found = json->in_array = true;
	else if (c == '{')
	{
		json->found = true;
		json->depth = depth;
		begin(json, json->at);
	}
}

/* Goes on over a record that is no JSON; true: at its end, which is not taken. */
static bool
skip(PmJson *json)
{
	for (; json->at < json->window.size && json->skipped <= (int64_t) json->max_record;
	     json->at++, json->skipped++)
	{
		char c = json->window.data[json->at];

		if (json->skip_escape)
			json->skip_escape = false;
		else if (json->skip_string)
		{
			json->skip_escape = c == '\\';
			json->skip_string = c != '"';
		}
		else if (c == '"')
			json->skip_string = true;
		else if (c == '{' || c == '[')
			json->skip_depth++;
		else if (json->skip_depth <= 0 && (c == ',' || c == ']' || c == '}'))
			return true;
		else if (c == ']' || c == '}')
			json->skip_depth--;
	}
	return false;
}

/* What is in the window is scanned: reads on, or ends. */
static PmReadStatus
scanned(PmJson *json)
{
	bool one_by_one = json->step_count == 0 && !json->in_array;

	if (!json->at_end)
	{
		if (json->in_record && !json->is_long &&
		    json->window.size - json->start > json->max_record &&
		    !pm_json_give_up(json, json->start))
			return pm_json_failed(json, PM_READER_MEMORY, json->at, "");
		return fill(json, json->in_record && !json->is_long ? json->start : json->at);
	}
	if (!pm_json_scan_is_over(&json->scan) &&
	    !(one_by_one && json->found && pm_json_scan_is_new(&json->scan)))
		return pm_json_failed(json, PM_READER_SYNTAX, json->at, "the text ends too early");
	if (!json->found)
		return pm_json_failed(json, PM_READER_NO_PATH, json->at, "");
	return PM_READ_END;
}

/* The next element of the array at the path, or value where there is no path. */
static PmReadStatus
next_in_document(PmJson *json, PmRecord *record)
{
	for (;;)
	{
		const char *at = json->window.data + json->at;
		PmJsonEvent event;

		if (json->skipping)
		{
			if (skip(json))
			{
				json->skipping = false;
				pm_json_scan_go_on(&json->scan, json->depth);
				return pm_json_give(json, json->start, json->at, record);
			}
			if (json->at_end || json->skipped > (int64_t) json->max_record)
			{
				pm_json_failed(json, PM_READER_SYNTAX, json->at, "a record has no end");
				json->reader->failure.line = json->record.fault_line;
				json->reader->failure.offset = json->record.fault_offset;
				return PM_READ_FAILED;
			}
			return scanned(json);
		}

		event = pm_json_scan(&json->scan, &at, json->window.data + json->window.size);
		json->at = (size_t) (at - json->window.data);
		switch (event)
		{
			case PM_JSON_MORE:
				return scanned(json);
			case PM_JSON_ERROR:
				if (!json->in_record || json->depth == 0)
					return pm_json_failed(json, PM_READER_SYNTAX, json->at, "no JSON");
				pm_json_fault(json, PM_RECORD_SYNTAX, -1, json->at);
				json->skipping = true;
				json->skipped = 0;
				json->skip_depth = json->scan.depth - json->depth;
				json->skip_string = pm_json_scan_in_string(&json->scan);
				json->skip_escape = false;
				break;
			case PM_JSON_BEGIN:
				if (!json->in_record)
					value_begins(json);
				break;
			case PM_JSON_KEY:
				if (!json->in_record && !json->in_array &&
				    json->scan.depth == json->matched + 1 &&
				    json->matched < json->step_count)
					json->pending = is_step(json);
				break;
			case PM_JSON_FINISH:
				if (json->in_record && json->scan.depth == json->depth)
				{
					if (json->step_count == 0 && !json->in_array)
					{
						pm_json_scan_start(&json->scan, 1);
						json->pending = true;
					}
					return pm_json_give(json, json->start, json->at, record);
				}
				if (json->in_record)
					break;
				if (json->in_array && json->scan.depth == json->step_count)
					json->in_array = false;
				else if (json->matched > 0 && json->scan.depth == json->matched)
					json->matched--;
				break;
		}
	}
}

/* Scans what must be one JSON value; notes where it is none. */
static void
check_line(PmJson *json, size_t start, size_t end)
{
	const char *at = json->window.data + start;
	PmJsonEvent event;

	pm_json_scan_start(&json->scan, 0);
	do
		event = pm_json_scan(&json->scan, &at, json->window.data + end);
	while (event == PM_JSON_BEGIN || event == PM_JSON_FINISH);
	if (event == PM_JSON_ERROR || !pm_json_scan_is_over(&json->scan))
		pm_json_fault(json, PM_RECORD_SYNTAX, -1, (size_t) (at - json->window.data));
}

/* The next line; PM_READ_AGAIN: it is blank, or not all there yet. */
static PmReadStatus
next_line(PmJson *json, PmRecord *record)
{
	const char *data = json->window.data;
	size_t end = json->window.size;
	const char *newline;

	if (!json->in_record)
	{
		while (json->at < end && pm_is_white(data[json->at]))
			json->at++;
		if (json->at == end)
			return json->at_end ? PM_READ_END : fill(json, end);
		begin(json, json->at);
	}

	/* json->start: up to there no line end was found */
	newline = memchr(data + json->start, '\n', end - json->start);
	if (newline != NULL)
		end = (size_t) (newline - data);
	if (end - json->at > json->max_record && !json->is_long &&
	    !pm_json_give_up(json, json->at))
		return pm_json_failed(json, PM_READER_MEMORY, json->at, "");
	if (newline == NULL && !json->at_end)
	{
		json->start = end;
		if (json->is_long)
			json->at = end;
		return fill(json, json->at);
	}
	json->start = json->at;
	json->at = end + (newline != NULL);
	if (json->is_long)
		return pm_json_give(json, json->start, end, record);
	while (pm_is_white(data[end - 1]))
		end--;
	check_line(json, json->start, end);
	return pm_json_give(json, json->start, end, record);
}

/*
 * Looks at the start of the text: skips a byte order mark and blanks, and finds out
 * whether each line has an object of its own.  A line that ends within an object, after
 * what a line of a document ends with, is one of a document; one with several objects, as
 * where lines end with a carriage return alone, is one of objects one after another.
 */
static PmReadStatus
decide(PmJson *json)
{
	PmBuffer *window = &json->window;
	const char *at;
	const char *end;
	PmJsonEvent event;
	bool is_over = false;

	if (!json->at_end && window->size < 4)
		return fill(json, 0);
	if (json->at == 0 && json->base == 0 && window->size >= 3 &&
	    memcmp(window->data, "\xEF\xBB\xBF", 3) == 0)
		json->at = 3;
	if (json->at == 0 && json->base == 0 &&
	    memchr(window->data, '\0', window->size < 4 ? window->size : 4) != NULL)
		return pm_json_failed(json, PM_READER_BAD_ENCODING, 0, "JSON is in UTF-8");
	while (json->at < window->size && pm_is_white(window->data[json->at]))
		json->at++;
	if (json->at == window->size && !json->at_end)
		return fill(json, json->at);

	pm_json_scan_start(&json->scan, json->step_count + 1);
	json->pending = json->step_count == 0;
	json->mode = PM_JSON_DOCUMENT;
	at = window->data + json->at;
	end = window->data + window->size;
	if (at == end || *at != '{' || json->step_count > 0)
		return PM_READ_AGAIN;
	if ((size_t) (end - at) > json->max_record)
		end = at + json->max_record;
	if (memchr(at, '\n', (size_t) (end - at)) != NULL)
		end = memchr(at, '\n', (size_t) (end - at));
	else if (!json->at_end && (size_t) (end - at) < json->max_record)
	{
		json->mode = PM_JSON_UNDECIDED;
		return fill(json, json->at);
	}

	json->mode = PM_JSON_LINES;
	while ((event = pm_json_scan(&json->scan, &at, end)) != PM_JSON_MORE &&
	       event != PM_JSON_ERROR)
		is_over = pm_json_scan_is_over(&json->scan);
	while (pm_is_white(end[-1]))
		end--;
	if (event == PM_JSON_ERROR && is_over && *at == '{')
		json->mode = PM_JSON_DOCUMENT;
	if (event == PM_JSON_MORE && !pm_json_scan_is_over(&json->scan) &&
	    !pm_json_scan_in_string(&json->scan) && strchr("{[,:", end[-1]) != NULL)
		json->mode = PM_JSON_DOCUMENT;
	json->reader->found.by_line = json->mode == PM_JSON_LINES;
	pm_json_scan_start(&json->scan, 1);
	return PM_READ_AGAIN;
}

static PmReadStatus
json_next(PmReader *reader, PmRecord *record)
{
	PmJson *json = reader->state;

	if (json->mode == PM_JSON_UNDECIDED)
		return decide(json);
	return json->mode == PM_JSON_LINES ? next_line(json, record)
	                                   : next_in_document(json, record);
}

/* Does the text begin like an object, or an array of some? */
static bool
json_matches(PmReader *reader)
{
	char start[PM_INPUT_HEAD < 256 ? PM_INPUT_HEAD : 256];
	size_t size = pm_reader_begins(reader, start, sizeof(start));
	size_t at = 1;

	while (at < size && pm_is_white(start[at]))
		at++;
	if (at >= size)
		return size > 0 && start[0] == '{';
	return start[0] == '{' ? start[at] == '"' || start[at] == '}'
	                       : start[0] == '[' && (start[at] == '{' || start[at] == ']');
}

/* Splits the path at its dots.  False: it is none. */
static bool
take_path(PmJson *json, const char *path)
{
	if (path == NULL)
		return true;
	while (*path != '\0')
	{
		size_t size = strcspn(path, ".");

		if (size == 0 || json->step_count == PM_JSON_DEPTH - 1)
			return false;
		json->steps[json->step_count].data = path;
		json->steps[json->step_count++].size = size;
		path += size;
		if (*path == '.' && *++path == '\0')
			return false;
	}
	return true;
}

static bool
json_open(PmReader *reader)
{
	const PmReaderOptions *options = &reader->options;
	PmJson *json = calloc(1, sizeof(*json));

	reader->state = json;
	if (json == NULL)
		return pm_reader_fail(&reader->failure, PM_READER_MEMORY, 0, "");
	json->reader = reader;
	json->line = 1;
	json->max_record = options->max_record;
	if (!take_path(json, options->path))
		return pm_reader_fail(&reader->failure, PM_READER_BAD_OPTION, 0, "path");
	if (options->encoding != PM_ENCODING_DETECT && options->encoding != PM_ENCODING_UTF8)
		return pm_reader_fail(&reader->failure, PM_READER_BAD_OPTION, 0, "encoding");
	reader->found.encoding = PM_ENCODING_UTF8;
	json->fields =
	    pm_fields_make(options->max_columns, options->max_record, options->joiner, '.');
	return json->fields != NULL ||
	       pm_reader_fail(&reader->failure, PM_READER_MEMORY, 0, "");
}

static void
json_close(PmReader *reader)
{
	PmJson *json = reader->state;

	if (json == NULL)
		return;
	pm_fields_free(json->fields);
	pm_buffer_free(&json->window);
	pm_buffer_free(&json->key);
	pm_buffer_free(&json->clean);
	free(json);
}

const PmReaderFormat pm_json_format = {PM_FORMAT_JSON, json_matches, json_open, json_next,
                                       json_close};
