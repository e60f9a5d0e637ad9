/*
 * pm_json.c - objects of a JSON array, at a path, or one a line
 *
 * A text is scanned once (pm_json_scan.c), in a window of the file that holds the record
 * of the moment; a record that was scanned to its end is then taken apart (pm_fields.c):
 * nested objects become names like "price.amount", values of arrays are joined.
 *
 * A record that is no JSON is skipped up to the comma or bracket after it, by counting
 * brackets outside of strings; one on a line of its own ends with the line.
 */
#include "pm_reader_private.h"

#include <stdlib.h>
#include <string.h>

#include "pm_char.h"
#include "pm_encoding.h"
#include "pm_fields.h"
#include "pm_json_scan.h"
#include "pm_utf8.h"

typedef enum Mode
{
	UNDECIDED,
	DOCUMENT, /* records are elements of an array, or values one after another */
	LINES
} Mode;

typedef struct Json
{
	PmReader *reader;
	PmFields *fields;
	size_t max_record;

	/* the file from offset base on; what is before at is done with */
	PmBuffer window;
	size_t at;
	int64_t base;
	bool at_end;  /* the window holds all that is left */
	int64_t line; /* of window.data[line_at] */
	size_t line_at;

	Mode mode;
	PmJsonScan scan;
	PmText steps[PM_JSON_DEPTH];
	int step_count;
	int matched;   /* steps whose object is open, without the last step */
	bool pending;  /* the next value is that of the next step */
	bool found;    /* something is at the path */
	bool in_array; /* at the path */

	/* the record of the moment */
	bool in_record;
	bool is_long;
	bool skipping;
	bool skip_string;
	bool skip_escape;
	int skip_depth;
	int64_t skipped;
	int depth; /* containers around it */
	size_t start;
	PmRecord record;
	PmBuffer key;
	PmBuffer clean;
	int64_t object; /* number of the last object */
	int64_t count;
} Json;

/* The line of a place in the window, at or after the one asked for before. */
static int64_t
line_of(Json *json, size_t place)
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
static PmReadStatus
failed(Json *json, PmReaderFault fault, size_t place, const char *detail)
{
	pm_reader_fail(&json->reader->failure, fault, 0, detail);
	json->reader->failure.line = line_of(json, place);
	json->reader->failure.offset = json->base + (int64_t) place;
	return PM_READ_FAILED;
}

/* Reads more behind the window, without what is before keep; PM_READ_AGAIN: go on. */
static PmReadStatus
fill(Json *json, size_t keep)
{
	size_t chunk = json->reader->chunk;
	ptrdiff_t size;

	if (keep > 0)
	{
		line_of(json, keep);
		json->line_at -= keep;
		json->base += (int64_t) keep;
		json->window.size -= keep;
		json->at -= keep;
		json->start -= json->start < keep ? json->start : keep;
		memmove(json->window.data, json->window.data + keep, json->window.size);
	}
	if (!pm_buffer_reserve(&json->window, json->window.size + chunk))
		return failed(json, PM_READER_MEMORY, json->at, "");
	size =
	    pm_input_read(&json->reader->input, json->window.data + json->window.size, chunk);
	if (size < 0)
		return PM_READ_FAILED;
	json->window.size += (size_t) size;
	json->at_end = size == 0;
	return PM_READ_AGAIN;
}

/* Notes the first fault of a record; name: that of the value, or negative. */
static void
fault(Json *json, PmRecordFault kind, int name, size_t place)
{
	if (json->record.fault != PM_RECORD_GOOD)
		return;
	json->record.fault = kind;
	json->record.fault_column = name < 0 ? -1 : pm_fields_column(json->fields, name);
	json->record.fault_line = line_of(json, place);
	json->record.fault_offset = json->base + (int64_t) place;
}

/* The four digits after \u, which are there. */
static uint32_t
hex4(const char *at)
{
	uint32_t value = 0;

	for (int i = 0; i < 4; i++)
		value = value << 4 |
		        (uint32_t) (pm_is_digit(at[i]) ? at[i] - '0' : pm_lower(at[i]) - 'a' + 10);
	return value;
}

/* One escaped character, after its backslash; PM_UTF8_INVALID: half of a pair. */
static uint32_t
unescape(const char **at, const char *end)
{
	static const char names[] = "bfnrt";
	static const char values[] = "\b\f\n\r\t";
	char c = *(*at)++;
	const char *name;
	uint32_t code;

	if (c != 'u')
	{
		name = strchr(names, c);
		return name == NULL ? (unsigned char) c : (unsigned char) values[name - names];
	}
	code = hex4(*at);
	*at += 4;
	if (code < 0xD800 || code > 0xDFFF)
		return code;
	if (code < 0xDC00 && end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u')
	{
		uint32_t low = hex4(*at + 2);

		if (low >= 0xDC00 && low <= 0xDFFF)
		{
			*at += 6;
			return 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
		}
	}
	return PM_UTF8_INVALID;
}

/*
 * A string without its quotes as UTF-8 to out, which has three times its bytes; returns
 * how many it took.  *bad is where the first character is that cannot be, with its fault.
 */
static size_t
decode(const char *at, const char *end, char *out, const char **bad, PmRecordFault *kind)
{
	size_t size = 0;

	*bad = NULL;
	while (at < end)
	{
		const char *start = at;
		uint32_t code;

		if (*at == '\\')
		{
			at++;
			code = unescape(&at, end);
		}
		else if ((unsigned char) *at < 0x80)
		{
			out[size++] = *at++;
			continue;
		}
		else
			at += pm_utf8_decode(at, (size_t) (end - at), &code);
		if (code == PM_UTF8_INVALID || code == 0)
		{
			if (*bad == NULL)
			{
				*bad = start;
				*kind = code == 0 ? PM_RECORD_NUL : PM_RECORD_BAD_ENCODING;
			}
			code = 0xFFFD;
		}
		size += pm_utf8_encode(code, out + size);
	}
	return size;
}

static inline bool
is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static inline const char *
skip_blanks(const char *at)
{
	while (is_blank(*at))
		at++;
	return at;
}

/* The closing quote of a string that starts before at. */
static const char *
string_end(const char *at)
{
	while (*at != '"')
		at += *at == '\\' ? 2 : 1;
	return at;
}

/* Takes a string, number, true or false as a value of name. */
static int
take_scalar(Json *json, const char **at, const char *end, int name)
{
	const char *from = *at;
	const char *bad = NULL;
	PmRecordFault kind = PM_RECORD_GOOD;
	const char *to;
	size_t size;
	char *room;
	int status;

	if (*from == '"')
	{
		to = string_end(++from);
		*at = to + 1;
	}
	else
	{
		for (to = from; to < end && strchr(",]} \n\r\t", *to) == NULL;)
			to++;
		*at = to;
		if (*from == 'n')
			return 0; /* null */
	}

	room = pm_fields_room(json->fields, (size_t) (to - from));
	if (room == NULL)
		return PM_FIELDS_TOO_LONG;
	size = decode(from, to, room, &bad, &kind);
	status = pm_fields_add(json->fields, name, size);
	if (bad != NULL && status == 0)
		fault(json, kind, name, (size_t) (bad - json->window.data));
	return status;
}

/*
 * Takes a value apart, of a text that was scanned and goes on until end; *at moves behind
 * it.  Recurses as deep as the scan allows.  Returns zero or a status of pm_fields.h.
 */
static int
take_value(Json *json, const char **at, const char *end, int name)
{
	bool is_object = **at == '{';
	int64_t object = 0;
	int status;

	if (!is_object && **at != '[')
		return take_scalar(json, at, end, name);
	if (is_object)
		object = ++json->object;
	for (*at = skip_blanks(*at + 1); **at != '}' && **at != ']';)
	{
		int child = name;

		if (is_object)
		{
			const char *from = *at + 1;
			const char *to = string_end(from);
			const char *bad;
			PmRecordFault kind;

			if (!pm_buffer_reserve(&json->key, 3 * (size_t) (to - from) + 1))
				return PM_FIELDS_NO_MEMORY;
			json->key.size = decode(from, to, json->key.data, &bad, &kind);
			if (bad != NULL)
				fault(json, kind, -1, (size_t) (bad - json->window.data));
			child = pm_fields_child(json->fields, name, json->key.data, json->key.size);
			if (child < 0)
				return child;
			pm_fields_once(json->fields, child, object);
			*at = skip_blanks(skip_blanks(to + 1) + 1); /* behind the colon */
		}
		status = take_value(json, at, end, child);
		if (status < 0)
			return status;
		*at = skip_blanks(*at);
		if (**at == ',')
			*at = skip_blanks(*at + 1);
	}
	(*at)++;
	return 0;
}

/* Makes a text what is shown of the record, without what is no UTF-8; false: no memory. */
static bool
clean_raw(Json *json, const char *data, size_t size)
{
	unsigned found = 0;

	if (!pm_buffer_reserve(&json->clean, size * PM_UTF8_GROWTH + 1))
		return false;
	json->record.raw.data = json->clean.data;
	json->record.raw.size =
	    pm_encoding_convert(PM_ENCODING_UTF8, data, size, json->clean.data, &found);
	return true;
}

/* Is done with a record but for its end: it is too long.  False: no memory. */
static bool
give_up(Json *json, size_t start)
{
	const char *data = json->window.data + start;

	json->is_long = true;
	return clean_raw(json, data,
	                 pm_reader_shown(json->reader, data, json->window.size - start));
}

/* Takes a record apart that is good so far; PM_READ_AGAIN: it has nothing but blanks. */
static PmReadStatus
take_record(Json *json, size_t start, size_t end)
{
	const char *at = json->window.data + start;
	int status;

	pm_fields_clear(json->fields);
	status = take_value(json, &at, json->window.data + end, PM_FIELDS_ROOT);
	if (status == PM_FIELDS_TOO_MANY)
		return failed(json, PM_READER_TOO_MANY_COLUMNS, start, "");
	if (status == PM_FIELDS_NO_MEMORY)
		return failed(json, PM_READER_MEMORY, start, "");
	if (status == PM_FIELDS_TOO_LONG)
	{
		json->record.fault = PM_RECORD_TOO_LONG;
		return PM_READ_RECORD;
	}
	if (pm_fields_are_blank(json->fields))
		return PM_READ_AGAIN;
	json->record.fields = pm_fields_finish(json->fields);
	if (json->record.fields == NULL)
		return failed(json, PM_READER_MEMORY, start, "");
	json->reader->name_count = pm_fields_columns(json->fields, &json->reader->names);
	json->record.field_count = json->reader->name_count;
	return PM_READ_RECORD;
}

/* Gives the record that stands in the window from start to end, unless it is blank. */
static PmReadStatus
give(Json *json, size_t start, size_t end, PmRecord *record)
{
	PmRecord *own = &json->record;

	json->in_record = false;
	if (end - start > json->max_record && !json->is_long && !give_up(json, start))
		return failed(json, PM_READER_MEMORY, start, "");
	if (json->is_long)
		own->fault = PM_RECORD_TOO_LONG;
	else
	{
		own->raw.data = json->window.data + start;
		own->raw.size = end - start;
		if (own->fault == PM_RECORD_GOOD && own->raw.data[0] != '{')
			own->fault = PM_RECORD_NOT_AN_OBJECT;
	}
	if (own->fault == PM_RECORD_GOOD)
	{
		PmReadStatus status = take_record(json, start, end);

		if (status != PM_READ_RECORD)
			return status;
	}
	if (own->fault != PM_RECORD_GOOD && !json->is_long)
	{
		if (!clean_raw(json, own->raw.data, own->raw.size))
			return failed(json, PM_READER_MEMORY, start, "");
	}
	own->number = ++json->count;
	*record = *own;
	return PM_READ_RECORD;
}

/* Begins a record at a place of the window. */
static void
begin(Json *json, size_t place)
{
	memset(&json->record, 0, sizeof(json->record));
	json->record.fault_column = -1;
	json->record.line = line_of(json, place);
	json->record.offset = json->base + (int64_t) place;
	json->record.fault_line = json->record.line;
	json->record.fault_offset = json->record.offset;
	json->in_record = true;
	json->is_long = false;
	json->start = place;
}

/* Does the key that was told equal the next step of the path? */
static bool
is_step(Json *json)
{
	const PmText *step = &json->steps[json->matched];
	const char *bad;
	PmRecordFault kind;
	char key[3 * PM_JSON_KEY_MAX];
	size_t size;

	if (json->scan.is_cut)
		return false;
	size = decode(json->scan.key, json->scan.key + json->scan.key_size, key, &bad, &kind);
	return bad == NULL && size == step->size && memcmp(key, step->data, size) == 0;
}

/* A value begins outside of records. */
static void
value_begins(Json *json)
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
skip(Json *json)
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
scanned(Json *json)
{
	bool one_by_one = json->step_count == 0 && !json->in_array;

	if (!json->at_end)
	{
		if (json->in_record && !json->is_long &&
		    json->window.size - json->start > json->max_record &&
		    !give_up(json, json->start))
			return failed(json, PM_READER_MEMORY, json->at, "");
		return fill(json, json->in_record && !json->is_long ? json->start : json->at);
	}
	if (!pm_json_scan_is_over(&json->scan) &&
	    !(one_by_one && json->found && pm_json_scan_is_new(&json->scan)))
		return failed(json, PM_READER_SYNTAX, json->at, "the text ends too early");
	if (!json->found)
		return failed(json, PM_READER_NO_PATH, json->at, "");
	return PM_READ_END;
}

/* The next element of the array at the path, or value where there is no path. */
static PmReadStatus
next_in_document(Json *json, PmRecord *record)
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
				return give(json, json->start, json->at, record);
			}
			if (json->at_end || json->skipped > (int64_t) json->max_record)
			{
				failed(json, PM_READER_SYNTAX, json->at, "a record has no end");
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
					return failed(json, PM_READER_SYNTAX, json->at, "no JSON");
				fault(json, PM_RECORD_SYNTAX, -1, json->at);
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
					return give(json, json->start, json->at, record);
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
check_line(Json *json, size_t start, size_t end)
{
	const char *at = json->window.data + start;
	PmJsonEvent event;

	pm_json_scan_start(&json->scan, 0);
	do
		event = pm_json_scan(&json->scan, &at, json->window.data + end);
	while (event == PM_JSON_BEGIN || event == PM_JSON_FINISH);
	if (event == PM_JSON_ERROR || !pm_json_scan_is_over(&json->scan))
		fault(json, PM_RECORD_SYNTAX, -1, (size_t) (at - json->window.data));
}

/* The next line; PM_READ_AGAIN: it is blank, or not all there yet. */
static PmReadStatus
next_line(Json *json, PmRecord *record)
{
	const char *data = json->window.data;
	size_t end = json->window.size;
	const char *newline;

	if (!json->in_record)
	{
		while (json->at < end && is_blank(data[json->at]))
			json->at++;
		if (json->at == end)
			return json->at_end ? PM_READ_END : fill(json, end);
		begin(json, json->at);
	}

	/* json->start: up to there no line end was found */
	newline = memchr(data + json->start, '\n', end - json->start);
	if (newline != NULL)
		end = (size_t) (newline - data);
	if (end - json->at > json->max_record && !json->is_long && !give_up(json, json->at))
		return failed(json, PM_READER_MEMORY, json->at, "");
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
		return give(json, json->start, end, record);
	while (is_blank(data[end - 1]))
		end--;
	check_line(json, json->start, end);
	return give(json, json->start, end, record);
}

/*
 * Looks at the start of the text: skips a byte order mark and blanks, and finds out
 * whether each line has an object of its own.  A line that ends within an object, after
 * what a line of a document ends with, is one of a document.
 */
static PmReadStatus
decide(Json *json)
{
	PmBuffer *window = &json->window;
	const char *at;
	const char *end;
	PmJsonEvent event;

	if (!json->at_end && window->size < 4)
		return fill(json, 0);
	if (json->at == 0 && window->size >= 3 && memcmp(window->data, "\xEF\xBB\xBF", 3) == 0)
		json->at = 3;
	if (json->at == 0 && json->base == 0 &&
	    memchr(window->data, '\0', window->size < 4 ? window->size : 4) != NULL)
		return failed(json, PM_READER_BAD_ENCODING, 0, "JSON is in UTF-8");
	while (json->at < window->size && is_blank(window->data[json->at]))
		json->at++;
	if (json->at == window->size && !json->at_end)
		return fill(json, json->at);

	pm_json_scan_start(&json->scan, json->step_count + 1);
	json->pending = json->step_count == 0;
	json->mode = DOCUMENT;
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
		json->mode = UNDECIDED;
		return fill(json, json->at);
	}

	json->mode = LINES;
	do
		event = pm_json_scan(&json->scan, &at, end);
	while (event != PM_JSON_MORE && event != PM_JSON_ERROR);
	while (is_blank(end[-1]))
		end--;
	if (event == PM_JSON_MORE && !pm_json_scan_is_over(&json->scan) &&
	    !pm_json_scan_in_string(&json->scan) && strchr("{[,:", end[-1]) != NULL)
		json->mode = DOCUMENT;
	pm_json_scan_start(&json->scan, 1);
	return PM_READ_AGAIN;
}

static PmReadStatus
json_next(PmReader *reader, PmRecord *record)
{
	Json *json = reader->state;

	if (json->mode == UNDECIDED)
		return decide(json);
	return json->mode == LINES ? next_line(json, record) : next_in_document(json, record);
}

/* Does the text begin like an object, or an array of some? */
static bool
json_matches(PmReader *reader)
{
	char start[PM_INPUT_HEAD < 256 ? PM_INPUT_HEAD : 256];
	size_t size = pm_reader_begins(reader, start, sizeof(start));
	size_t at = 1;

	while (at < size && is_blank(start[at]))
		at++;
	if (at >= size)
		return size > 0 && start[0] == '{';
	return start[0] == '{' ? start[at] == '"' || start[at] == '}'
	                       : start[0] == '[' && (start[at] == '{' || start[at] == ']');
}

/* Splits the path at its dots.  False: it is none. */
static bool
take_path(Json *json, const char *path)
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
	Json *json = calloc(1, sizeof(*json));

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
	Json *json = reader->state;

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
