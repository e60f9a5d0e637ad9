/*
 * pm_reader.c - opens the reader of a file's format, and what the readers share
 *
 * A reader is a struct of its own, the input it reads from, and the state of its format.
 * Whatever fails while it is opened is undone by pm_reader_close(), which knows how far
 * it came: decoder and format are set before they are opened, and freed after a failure
 * as after success.
 */
#include "pm_reader_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "pm_char.h"
#include "pm_utf8.h"

#define DEFAULT_MAX_RECORD   (8 << 20)
#define DEFAULT_MAX_COLUMNS  2000
#define DEFAULT_MAX_EXPANDED (INT64_C(64) << 30)
#define DEFAULT_MAX_RATIO    200
#define COLUMNS_MAX          1000000

/* Asked in this order whether a file is theirs. */
static const PmReaderFormat *const formats[] = {
    &pm_xlsx_format, &pm_xml_format, &pm_json_format, &pm_csv_format, NULL,
};

/* Makes room for size bytes in all.  False: no memory, the buffer is as it was. */
bool
pm_buffer_reserve(PmBuffer *buffer, size_t size)
{
	size_t capacity = buffer->capacity > 0 ? buffer->capacity : 1024;
	char *data;

	if (size <= buffer->capacity && buffer->data != NULL)
		return true;
	while (capacity < size)
	{
		if (capacity > SIZE_MAX / 2)
			return false;
		capacity *= 2;
	}
	data = realloc(buffer->data, capacity);
	if (data == NULL)
		return false;
	buffer->data = data;
	buffer->capacity = capacity;
	return true;
}

/* Appends some bytes.  False: no memory. */
bool
pm_buffer_add(PmBuffer *buffer, const char *data, size_t size)
{
	if (size > SIZE_MAX - buffer->size || !pm_buffer_reserve(buffer, buffer->size + size))
		return false;
	if (size > 0)
		memcpy(buffer->data + buffer->size, data, size);
	buffer->size += size;
	return true;
}

/* Is one of the eight bytes of a word that of a pattern, which has it eight times? */
static inline bool
has_byte(uint64_t word, uint64_t pattern)
{
	word ^= pattern;
	return ((word - UINT64_C(0x0101010101010101)) & ~word & UINT64_C(0x8080808080808080)) !=
	       0;
}

/* Does a value of CSV need quotes? */
static bool
needs_quotes(PmText value)
{
	const char *at = value.data;
	size_t left = value.size;

	for (; left >= 8; at += 8, left -= 8)
	{
		uint64_t word;

		memcpy(&word, at, 8);
		if (has_byte(word, UINT64_C(0x2C2C2C2C2C2C2C2C)) || /* comma */
		    has_byte(word, UINT64_C(0x2222222222222222)) || /* quote */
		    has_byte(word, UINT64_C(0x0A0A0A0A0A0A0A0A)) ||
		    has_byte(word, UINT64_C(0x0D0D0D0D0D0D0D0D)))
			return true;
	}
	for (; left > 0; at++, left--)
		if (*at == ',' || *at == '"' || *at == '\n' || *at == '\r')
			return true;
	return false;
}

/* Does a text begin like a number? */
static bool
begins_like_number(PmText value)
{
	return value.size > 0 && (pm_is_digit(*value.data) || *value.data == '-' ||
	                          *value.data == '+' || *value.data == '.');
}

/*
 * Appends a record as a line of CSV (RFC 4180, without its line end): how a record of a
 * format that is no text is shown.  Text that begins like a number is quoted, a number is
 * not.  False: no memory.
 */
bool
pm_buffer_add_csv(PmBuffer *buffer, const PmText *fields, const bool *numbers, int count)
{
	size_t size = buffer->size;
	char *out;

	for (int i = 0; i < count; i++)
		size += 2 * fields[i].size + 3;
	if (!pm_buffer_reserve(buffer, size))
		return false;
	out = buffer->data + buffer->size;
	for (int i = 0; i < count; i++)
	{
		if (i > 0)
			*out++ = ',';
		if (fields[i].data == NULL)
			continue;
		if (numbers[i] || (!begins_like_number(fields[i]) && !needs_quotes(fields[i])))
		{
			memcpy(out, fields[i].data, fields[i].size);
			out += fields[i].size;
			continue;
		}
		*out++ = '"';
		for (size_t at = 0; at < fields[i].size; at++)
		{
			if (fields[i].data[at] == '"')
				*out++ = '"';
			*out++ = fields[i].data[at];
		}
		*out++ = '"';
	}
	buffer->size = (size_t) (out - buffer->data);
	return true;
}

/* Frees what a buffer holds. */
void
pm_buffer_free(PmBuffer *buffer)
{
	free(buffer->data);
	memset(buffer, 0, sizeof(*buffer));
}

/*
 * Copies a text, cut to what fits into room bytes, the zero byte included; bytes that are no
 * UTF-8 become "?".
 */
void
pm_reader_note(char *out, size_t room, const char *text)
{
	size_t left = strlen(text);
	size_t used = 0;

	while (left > 0)
	{
		uint32_t cp;
		size_t size = pm_utf8_decode(text, left, &cp);

		if (used + size >= room)
			break;
		if (cp == PM_UTF8_INVALID)
			out[used] = '?';
		else
			memcpy(out + used, text, size);
		used += size;
		text += size;
		left -= size;
	}
	out[used] = '\0';
}

/*
 * Notes why a file cannot be read, unless that is noted already; detail is cut to what
 * fits.  Returns false, for the caller to return.
 */
bool
pm_reader_fail(PmReaderFailure *failure, PmReaderFault fault, int code, const char *detail)
{
	if (failure->fault != PM_READER_FINE)
		return false;
	failure->fault = fault;
	failure->code = code;
	pm_reader_note(failure->detail, sizeof(failure->detail), detail);
	return false;
}

/*
 * The first characters of a text in whatever encoding, for telling formats apart: what is
 * ASCII, without byte order mark, zero bytes and blanks before the first other character.
 * Returns how many there are, at most size; 0 also if the file cannot be read, with
 * failure set.
 */
size_t
pm_reader_begins(PmReader *reader, char *start, size_t size)
{
	const PmBuffer *head = &reader->input.head;
	size_t count = 0;

	if (!pm_input_peek(&reader->input))
		return 0;
	for (size_t i = 0; i < head->size && count < size; i++)
	{
		unsigned char c = (unsigned char) head->data[i];

		if (c == '\0' || (i < 3 && c >= 0x80) ||
		    (count == 0 && (c == ' ' || (c >= '\t' && c <= '\r'))))
			continue;
		start[count++] = (char) c;
	}
	return count;
}

/* How many bytes to show of a record that is too long: no part of a character of UTF-8. */
size_t
pm_reader_shown(const PmReader *reader, const char *raw, size_t size)
{
	size_t most = reader->options.max_record < PM_READER_SHOWN ? reader->options.max_record
	                                                           : PM_READER_SHOWN;
	size_t least = most > 3 ? most - 3 : 0;

	if (size <= most)
		return size;
	while (most > least && (raw[most] & 0xC0) == 0x80)
		most--;
	return most;
}

/* A copy of a text that may be NULL.  False: no memory. */
static bool
copy_text(const char **text)
{
	if (*text == NULL)
		return true;
	*text = strdup(*text);
	return *text != NULL;
}

/* Takes the options over, with defaults for what is not set.  False: no memory. */
static bool
take_options(PmReader *reader, const PmReaderOptions *options)
{
	PmReaderOptions *own = &reader->options;
	bool copied;

	*own = *options;
	if (own->joiner == NULL)
		own->joiner = "|";
	if (own->temp_dir == NULL)
		own->temp_dir = "/tmp";
	if (own->max_record == 0)
		own->max_record = DEFAULT_MAX_RECORD;
	if (own->max_columns == 0)
		own->max_columns = DEFAULT_MAX_COLUMNS;
	if (own->max_expanded == 0)
		own->max_expanded = DEFAULT_MAX_EXPANDED;
	if (own->max_ratio == 0)
		own->max_ratio = DEFAULT_MAX_RATIO;

	/* every one, so that none is left as a pointer of the caller's */
	copied = copy_text(&own->path);
	copied = copy_text(&own->sheet) && copied;
	copied = copy_text(&own->member) && copied;
	copied = copy_text(&own->joiner) && copied;
	copied = copy_text(&own->temp_dir) && copied;
	return copied || pm_reader_fail(&reader->failure, PM_READER_MEMORY, 0, "");
}

/* Checks the numbers among the options.  False: failure is set. */
static bool
check_options(PmReader *reader)
{
	const PmReaderOptions *options = &reader->options;
	const char *wrong = NULL;

	if (options->max_columns < 1 || options->max_columns > COLUMNS_MAX)
		wrong = "max_columns";
	if (options->max_record > PTRDIFF_MAX / 8)
		wrong = "max_record";
	if (options->skip < 0)
		wrong = "skip";
	if (options->max_expanded < 0)
		wrong = "max_expanded";
	if (options->max_ratio < 0)
		wrong = "max_ratio";
	return wrong == NULL ||
	       pm_reader_fail(&reader->failure, PM_READER_BAD_OPTION, 0, wrong);
}

/* Finds the format and opens its reader.  False: failure is set. */
static bool
open_format(PmReader *reader)
{
	for (size_t i = 0; formats[i] != NULL; i++)
	{
		if (reader->options.format != PM_FORMAT_DETECT
		        ? reader->options.format == formats[i]->format
		        : formats[i]->matches(reader))
		{
			reader->format = formats[i];
			reader->found.format = formats[i]->format;
			return formats[i]->open(reader);
		}
		if (reader->failure.fault != PM_READER_FINE)
			return false;
	}
	return pm_reader_fail(&reader->failure, PM_READER_NO_FORMAT, 0, "");
}

/* pm_reader_open() that reads chunk bytes at once: tests compare sizes. */
PmReader *
pm_reader_open_chunked(int fd, const PmReaderOptions *options, size_t chunk,
                       PmReaderFailure *failure)
{
	PmReader *reader = calloc(1, sizeof(*reader));
	struct stat status;
	bool opened;

	memset(failure, 0, sizeof(*failure));
	failure->offset = -1;
	if (reader == NULL)
	{
		pm_reader_fail(failure, PM_READER_MEMORY, 0, "");
		return NULL;
	}
	reader->failure.offset = -1;
	reader->chunk = chunk;
	opened = take_options(reader, options) && check_options(reader);
	if (opened && fstat(fd, &status) != 0)
		opened = pm_reader_fail(&reader->failure, PM_READER_IO, errno, strerror(errno));
	if (opened)
	{
		reader->input.fd = fd;
		reader->input.size = status.st_size;
		reader->input.options = &reader->options;
		reader->input.found = &reader->found;
		reader->input.failure = &reader->failure;
		reader->found.size = status.st_size;
		opened = pm_input_open(&reader->input) && open_format(reader);
	}
	if (opened)
		return reader;
	*failure = reader->failure;
	pm_reader_close(reader);
	return NULL;
}

PmReader *
pm_reader_open(int fd, const PmReaderOptions *options, PmReaderFailure *failure)
{
	return pm_reader_open_chunked(fd, options, PM_READER_CHUNK, failure);
}

/* After PM_READ_END or PM_READ_FAILED: the same again. */
PmReadStatus
pm_reader_next(PmReader *reader, PmRecord *record)
{
	PmReadStatus status;

	if (reader->failure.fault != PM_READER_FINE)
		return PM_READ_FAILED;
	status = reader->format->next(reader, record);
	reader->found.bytes_read = reader->input.taken;
	return status;
}

const PmReaderFailure *
pm_reader_failure(const PmReader *reader)
{
	return &reader->failure;
}

const PmReaderFound *
pm_reader_found(const PmReader *reader)
{
	return &reader->found;
}

int
pm_reader_columns(const PmReader *reader, const PmText **names)
{
	*names = reader->names;
	return reader->name_count;
}

/* NULL is nothing. */
void
pm_reader_close(PmReader *reader)
{
	if (reader == NULL)
		return;
	if (reader->format != NULL)
		reader->format->close(reader);
	pm_input_close(&reader->input);
	free((char *) reader->options.path);
	free((char *) reader->options.sheet);
	free((char *) reader->options.member);
	free((char *) reader->options.joiner);
	free((char *) reader->options.temp_dir);
	free(reader);
}
