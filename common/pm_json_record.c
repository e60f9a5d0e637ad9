/*
 * pm_json_record.c - a JSON value that was scanned to its end as a record
 *
 * Nested objects become names like "price.amount", values of arrays are joined; of a key
 * that an object has more than once the last value counts (pm_fields.c).
 */
#include "pm_json_private.h"

#include <string.h>

#include "pm_char.h"
#include "pm_encoding.h"
#include "pm_utf8.h"

/* Notes the first fault of a record; name: that of the value, or negative. */
void
pm_json_fault(PmJson *json, PmRecordFault kind, int name, size_t place)
{
	if (json->record.fault != PM_RECORD_GOOD)
		return;
	json->record.fault = kind;
	json->record.fault_column = name < 0 ? -1 : pm_fields_column(json->fields, name);
	json->record.fault_line = pm_json_line_of(json, place);
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
size_t
pm_json_decode(const char *at, const char *end, char *out, const char **bad,
               PmRecordFault *kind)
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

static inline const char *
skip_blanks(const char *at)
{
	while (pm_is_white(*at))
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
take_scalar(PmJson *json, const char **at, const char *end, int name)
{
	const char *from = *at;
	bool is_number = *from == '-' || pm_is_digit(*from);
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
	size = pm_json_decode(from, to, room, &bad, &kind);
	status = pm_fields_add(json->fields, name, size, is_number);
	if (bad != NULL && status == 0)
		pm_json_fault(json, kind, name, (size_t) (bad - json->window.data));
	return status;
}

/*
 * Takes a value apart, of a text that was scanned and goes on until end; *at moves behind
 * it.  Recurses as deep as the scan allows.  Returns zero or a status of pm_fields.h.
 */
static int
take_value(PmJson *json, const char **at, const char *end, int name)
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
			json->key.size = pm_json_decode(from, to, json->key.data, &bad, &kind);
			if (bad != NULL)
				pm_json_fault(json, kind, -1, (size_t) (bad - json->window.data));
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
clean_raw(PmJson *json, const char *data, size_t size)
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
bool
pm_json_give_up(PmJson *json, size_t start)
{
	const char *data = json->window.data + start;

	json->is_long = true;
	return clean_raw(json, data,
	                 pm_reader_shown(json->reader, data, json->window.size - start));
}

/* Takes a record apart that is good so far; PM_READ_AGAIN: it has nothing but blanks. */
static PmReadStatus
take_record(PmJson *json, size_t start, size_t end)
{
	const char *at = json->window.data + start;
	int status;

	pm_fields_clear(json->fields);
	status = take_value(json, &at, json->window.data + end, PM_FIELDS_ROOT);
	if (status == PM_FIELDS_TOO_MANY)
		return pm_json_failed(json, PM_READER_TOO_MANY_COLUMNS, start, "");
	if (status == PM_FIELDS_NO_MEMORY)
		return pm_json_failed(json, PM_READER_MEMORY, start, "");
	if (status == PM_FIELDS_TOO_LONG)
	{
		json->record.fault = PM_RECORD_TOO_LONG;
		return PM_READ_RECORD;
	}
	if (pm_fields_are_blank(json->fields))
		return PM_READ_AGAIN;
	json->record.fields = pm_fields_finish(json->fields);
	if (json->record.fields == NULL)
		return pm_json_failed(json, PM_READER_MEMORY, start, "");
	json->record.numbers = pm_fields_numbers(json->fields);
	json->reader->name_count = pm_fields_columns(json->fields, &json->reader->names);
	json->record.field_count = json->reader->name_count;
	return PM_READ_RECORD;
}

/* Gives the record that stands in the window from start to end, unless it is blank. */
PmReadStatus
pm_json_give(PmJson *json, size_t start, size_t end, PmRecord *record)
{
	PmRecord *own = &json->record;

	json->in_record = false;
	if (end - start > json->max_record && !json->is_long && !pm_json_give_up(json, start))
		return pm_json_failed(json, PM_READER_MEMORY, start, "");
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
			return pm_json_failed(json, PM_READER_MEMORY, start, "");
	}
	own->number = ++json->count;
	*record = *own;
	return PM_READ_RECORD;
}
