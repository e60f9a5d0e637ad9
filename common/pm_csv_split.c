/*
 * pm_csv_split.c - split one record of delimiter-separated text
 *
 * A value that begins with the quote is quoted, up to the next quote that is neither
 * doubled nor escaped; delimiters and line ends in it are text.  Any other value ends at
 * the next delimiter or line end.  LF, CRLF and CR end a line, in one file as they come.
 * The escape, if the dialect has one, makes the byte after it text, in either kind of
 * value; CRLF counts as one byte then.
 *
 * Reading is forgiving and says so: a quote inside an unquoted value is text, as is
 * everything of a value that goes on after its closing quote, with its quotes; the first
 * such place is the record's fault.
 *
 * The text is looked at 64 bytes at a time (pm_csv_block.h), and only bytes that mean
 * something are then visited.  Splitting keeps no state between calls: a record that is
 * not all there is split again when more is, and what comes out depends on nothing else.
 */
#include "pm_csv.h"

#include <stdlib.h>
#include <string.h>

#include "pm_csv_block.h"

#define FIRST_CAPACITY 64

/* What is being read, and the bits of the 64 bytes from base. */
typedef struct Cursor
{
	const char *data;
	size_t end;
	size_t base;
	PmCsvBits bits;
	PmCsvBytes bytes;
} Cursor;

/* How a value ended. */
typedef enum Stop
{
	STOP_DELIMITER,
	STOP_LINE,
	STOP_MORE,
	STOP_UNCLEAN
} Stop;

/* One record as it is being split. */
typedef struct Split
{
	Cursor cursor;
	const PmCsvDialect *dialect;
	size_t delimiter_size;
	int quote;  /* -1: nothing is quoted */
	int escape; /* -1: nothing is escaped */
	bool at_end;
	bool strict;
	PmCsvRecord *record;
	size_t from; /* of the value last read */
	size_t to;
	bool is_escaped;
} Split;

/* Looks at the 64 bytes from base; nothing after end counts, or is read. */
static inline void
load(Cursor *cursor, size_t base)
{
	size_t left = cursor->end - base;

	cursor->base = base;
	if (left >= PM_CSV_BLOCK)
		pm_csv_block(cursor->data + base, &cursor->bytes, &cursor->bits);
	else
	{
		char last[PM_CSV_BLOCK] = {0};
		uint64_t there = (UINT64_C(1) << left) - 1;

		memcpy(last, cursor->data + base, left);
		pm_csv_block(last, &cursor->bytes, &cursor->bits);
		cursor->bits.delimiters &= there;
		cursor->bits.quotes &= there;
		cursor->bits.lines &= there;
	}
}

/*
 * The next place at or after at that means something, inside a quoted value or not; end if
 * there is none.
 */
static inline size_t
seek(Cursor *cursor, size_t at, bool quoted)
{
	for (;;)
	{
		uint64_t bits;

		if (at >= cursor->end)
			return cursor->end;
		if (at - cursor->base >= PM_CSV_BLOCK)
			load(cursor, at);
		bits = cursor->bits.quotes | cursor->bits.lines;
		if (!quoted)
			bits |= cursor->bits.delimiters;
		bits >>= at - cursor->base;
		if (bits != 0)
			return at + (size_t) __builtin_ctzll(bits);
		at = cursor->base + PM_CSV_BLOCK;
	}
}

static inline int
byte_at(const Split *split, size_t at)
{
	return (unsigned char) split->cursor.data[at];
}

/*
 * The size of the line end at a place; 0 if it is none; -1 if only what follows can tell.
 */
static inline int
line_end_size(const Split *split, size_t at)
{
	int c = byte_at(split, at);

	if (c == '\n')
		return 1;
	if (c != '\r')
		return 0;
	if (at + 1 < split->cursor.end)
		return byte_at(split, at + 1) == '\n' ? 2 : 1;
	return split->at_end ? 1 : -1;
}

/* Is there a delimiter?  1, 0, or -1 if only what follows can tell. */
static inline int
is_delimiter(const Split *split, size_t at)
{
	const char *delimiter = split->dialect->delimiter;
	size_t left = split->cursor.end - at;

	if (split->cursor.data[at] != delimiter[0])
		return 0;
	if (split->delimiter_size == 1)
		return 1;
	if (left >= split->delimiter_size)
		return memcmp(split->cursor.data + at, delimiter, split->delimiter_size) == 0;
	if (memcmp(split->cursor.data + at, delimiter, left) != 0)
		return 0;
	return split->at_end ? 0 : -1;
}

/* Notes the first fault of a record. */
static void
note_fault(Split *split, PmCsvFault fault, size_t at)
{
	PmCsvRecord *record = split->record;

	if (record->fault != PM_CSV_GOOD)
		return;
	record->fault = fault;
	record->fault_field = record->count;
	record->fault_at = at;
	record->fault_lines = record->lines;
}

/*
 * Steps over an escape and what it escapes.  False: more is needed, or strict forbids it;
 * *stop says which.
 */
static bool
skip_escaped(Split *split, size_t *at, Stop *stop)
{
	int size = 1;

	split->is_escaped = true;
	(*at)++;
	if (*at == split->cursor.end)
	{
		*stop = STOP_MORE;
		return split->at_end;
	}
	size = line_end_size(split, *at);
	if (size != 0)
	{
		*stop = split->strict ? STOP_UNCLEAN : STOP_MORE;
		if (split->strict || size < 0)
			return false;
		split->record->lines++;
	}
	*at += size > 0 ? (size_t) size : 1;
	return true;
}

/* Reads an unquoted value, or the rest of one, from a place on. */
static inline Stop
read_unquoted(Split *split, size_t at)
{
	Cursor *cursor = &split->cursor;
	Stop stop = STOP_MORE;

	for (;;)
	{
		int found;

		at = seek(cursor, at, false);
		split->to = at;
		if (at == cursor->end)
			return split->at_end ? STOP_LINE : STOP_MORE;
		found = is_delimiter(split, at);
		if (found > 0)
			return STOP_DELIMITER;
		if (found < 0)
			return STOP_MORE;
		found = byte_at(split, at);
		if (found == '\n' || found == '\r')
			return STOP_LINE;
		if (found == split->quote)
		{
			if (split->strict)
				return STOP_UNCLEAN;
			note_fault(split, PM_CSV_STRAY_QUOTE, at);
			at++;
		}
		else if (found == split->escape)
		{
			if (!skip_escaped(split, &at, &stop))
				return stop;
		}
		else
			at++; /* like a delimiter, of several bytes, but is none */
	}
}

/*
 * Finds the quote that closes a value; at is after the one that opened it.  Returns where
 * it is, or end with *stop: STOP_LINE if the text is at its end.
 */
static inline size_t
find_closing(Split *split, size_t at, Stop *stop)
{
	Cursor *cursor = &split->cursor;

	*stop = STOP_MORE;
	for (;;)
	{
		int found;

		at = seek(cursor, at, true);
		if (at == cursor->end)
		{
			if (split->at_end)
				*stop = STOP_LINE;
			return at;
		}
		found = byte_at(split, at);
		if (found == split->quote)
		{
			if (at + 1 == cursor->end)
				return split->at_end ? at : cursor->end;
			if (byte_at(split, at + 1) != split->quote)
				return at;
			split->is_escaped = true;
			at += 2;
		}
		else if (found == split->escape)
		{
			if (!skip_escaped(split, &at, stop))
				return cursor->end;
		}
		else
		{
			int size = line_end_size(split, at);

			if (size < 0)
				return cursor->end;
			split->record->lines++;
			at += (size_t) size;
		}
	}
}

/* Reads a quoted value; open is its first quote. */
static inline Stop
read_quoted(Split *split, size_t open)
{
	Stop stop;
	size_t closing = find_closing(split, open + 1, &stop);
	size_t after = closing + 1;
	int found;

	if (closing == split->cursor.end)
	{
		if (stop != STOP_LINE)
			return stop;
		if (split->strict)
			return STOP_UNCLEAN;
		split->record->unclosed = true;
		split->from = open;
		split->to = closing;
		split->is_escaped = false;
		return STOP_LINE;
	}
	split->from = open + 1;
	split->to = closing;
	if (after == split->cursor.end)
		return split->at_end ? STOP_LINE : STOP_MORE;
	found = is_delimiter(split, after);
	if (found > 0)
		return STOP_DELIMITER;
	if (found < 0)
		return STOP_MORE;
	found = byte_at(split, after);
	if (found == '\n' || found == '\r')
		return STOP_LINE;
	if (split->strict)
		return STOP_UNCLEAN;
	note_fault(split, PM_CSV_STRAY_QUOTE, closing);
	stop = read_unquoted(split, after);
	split->from = open;
	split->is_escaped = false;
	return stop;
}

/* Makes room for count values, no more than max.  False: no memory. */
bool
pm_csv_reserve(PmCsvSplitter *splitter, int count)
{
	int capacity = splitter->capacity > 0 ? splitter->capacity : FIRST_CAPACITY;
	PmText *fields;
	int *escaped;

	while (capacity < count)
		capacity *= 2;
	if (capacity > splitter->max)
		capacity = splitter->max;
	if (capacity <= splitter->capacity)
		return true;
	fields = realloc(splitter->fields, (size_t) capacity * sizeof(*fields));
	if (fields == NULL)
		return false;
	splitter->fields = fields;
	escaped = realloc(splitter->escaped, (size_t) capacity * sizeof(*escaped));
	if (escaped == NULL)
		return false;
	splitter->escaped = escaped;
	splitter->capacity = capacity;
	return true;
}

/* Keeps the value just read.  False: no memory. */
static inline bool
keep(PmCsvSplitter *splitter, const Split *split, bool quoted)
{
	PmCsvRecord *record = &splitter->record;

	if (record->count >= splitter->capacity && record->count < splitter->max &&
	    !pm_csv_reserve(splitter, record->count + 1))
		return false;
	if (record->count < splitter->capacity)
	{
		PmText *field = &splitter->fields[record->count];

		field->data = split->cursor.data + split->from;
		field->size = split->to - split->from;
		if (split->is_escaped)
			splitter->escaped[record->escaped++] = record->count * 2 + quoted;
	}
	if (record->count < INT32_MAX)
		record->count++;
	return true;
}

/*
 * Splits the record at start (start < end); at_end if the text ends at end.  Values are
 * those of data, without the quotes around them: pm_csv_value() gives the ones that have
 * more to take out.  What was split before is gone, also where the status is another than
 * PM_CSV_RECORD.
 */
PmCsvStatus
pm_csv_split(PmCsvSplitter *splitter, const char *data, size_t start, size_t end,
             bool at_end)
{
	const PmCsvDialect *dialect = &splitter->dialect;
	PmCsvRecord *record = &splitter->record;
	Split split;
	size_t at = start;

	memset(record, 0, sizeof(*record));
	split.dialect = dialect;
	split.delimiter_size = strlen(dialect->delimiter);
	split.quote =
	    dialect->quote == PM_CSV_NOTHING_QUOTED ? -1 : (unsigned char) dialect->quote;
	split.escape = dialect->escape == '\0' || dialect->escape == dialect->quote
	                   ? -1
	                   : (unsigned char) dialect->escape;
	split.at_end = at_end;
	split.strict = splitter->strict;
	split.record = record;
	split.cursor.data = data;
	split.cursor.end = end;
	split.cursor.bytes.delimiter = dialect->delimiter[0];
	split.cursor.bytes.quote = split.quote < 0 ? dialect->delimiter[0] : dialect->quote;
	split.cursor.bytes.escape =
	    split.escape < 0 ? split.cursor.bytes.quote : dialect->escape;
	load(&split.cursor, start);

	for (;;)
	{
		bool quoted = at < end && byte_at(&split, at) == split.quote;
		int64_t lines = record->lines;
		Stop stop;

		split.from = at;
		split.is_escaped = false;
		stop = quoted ? read_quoted(&split, at) : read_unquoted(&split, at);
		if (stop == STOP_MORE)
			return PM_CSV_MORE;
		if (stop == STOP_UNCLEAN)
			return PM_CSV_UNCLEAN;
		if (record->unclosed && record->fault == PM_CSV_GOOD)
		{
			note_fault(&split, PM_CSV_UNCLOSED_QUOTE, at);
			record->fault_lines = lines;
		}
		if (!keep(splitter, &split, quoted))
			return PM_CSV_MEMORY;
		at = split.to + (quoted && split.from != at);
		if (stop == STOP_LINE)
			break;
		at += split.delimiter_size;
	}

	record->size = at - start;
	record->next = at;
	if (at < end)
	{
		int size = line_end_size(&split, at);

		if (size < 0)
			return PM_CSV_MORE;
		record->next += (size_t) size;
		record->lines++;
	}
	return PM_CSV_RECORD;
}

/*
 * Writes the value of the n-th entry of escaped without what is there only to quote or
 * escape.  out has room for as many bytes as its field.  Returns the bytes written.
 */
size_t
pm_csv_value(const PmCsvSplitter *splitter, int escaped, char *out)
{
	const PmText *field = &splitter->fields[splitter->escaped[escaped] / 2];
	bool quoted = splitter->escaped[escaped] % 2 != 0;
	char quote = splitter->dialect.quote;
	char escape = splitter->dialect.escape;
	size_t used = 0;

	for (size_t i = 0; i < field->size; i++)
	{
		if (i + 1 < field->size &&
		    ((escape != '\0' && escape != quote && field->data[i] == escape) ||
		     (quoted && field->data[i] == quote)))
			i++;
		out[used++] = field->data[i];
	}
	return used;
}

/* Frees what a splitter holds. */
void
pm_csv_splitter_free(PmCsvSplitter *splitter)
{
	free(splitter->fields);
	free(splitter->escaped);
	splitter->fields = NULL;
	splitter->escaped = NULL;
	splitter->capacity = 0;
}

/* Can text be split by this?  Every byte must mean one thing. */
bool
pm_csv_dialect_valid(const PmCsvDialect *dialect)
{
	const char *specials = "\r\n";
	bool quotes = dialect->quote != PM_CSV_NOTHING_QUOTED;

	if (strpbrk(dialect->delimiter, specials) != NULL)
		return false;
	if (quotes && dialect->quote != '\0' &&
	    ((dialect->quote & 0x80) != 0 || strchr(specials, dialect->quote) != NULL ||
	     strchr(dialect->delimiter, dialect->quote) != NULL))
		return false;
	return dialect->escape == '\0' ||
	       ((dialect->escape & 0x80) == 0 && strchr(specials, dialect->escape) == NULL &&
	        strchr(dialect->delimiter, dialect->escape) == NULL);
}

/* Where the next line starts, whatever is quoted; end if none does. */
size_t
pm_csv_line_end(const char *data, size_t start, size_t end)
{
	for (size_t i = start; i < end; i++)
		if (data[i] == '\n' || (data[i] == '\r' && (i + 1 == end || data[i + 1] != '\n')))
			return i + 1;
	return end;
}
