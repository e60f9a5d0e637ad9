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

/* A value. */
typedef struct Value
{
	size_t from;
	size_t to;
	size_t next; /* where its delimiter or line end is */
	bool is_escaped;
} Value;

/* The dialect, and the record that is being split. */
typedef struct Split
{
	const char *delimiter;
	size_t delimiter_size;
	int quote;  /* -1: nothing is quoted */
	int escape; /* -1: nothing is escaped */
	bool at_end;
	bool strict;
	PmCsvRecord *record;
} Split;

/* Looks at the last bytes before end, fewer than a block. */
static __attribute__((noinline)) PmCsvBits
load_last(const char *data, size_t left, const PmCsvBytes *bytes)
{
	char last[PM_CSV_BLOCK] = {0};
	uint64_t there = (UINT64_C(1) << left) - 1;
	PmCsvBits bits;

	memcpy(last, data, left);
	pm_csv_block(last, bytes, &bits);
	bits.marks &= there;
	bits.all &= there;
	return bits;
}

/* Looks at the 64 bytes from base; nothing after end counts, or is read. */
PM_CSV_INLINE void
load(Cursor *cursor, size_t base)
{
	cursor->base = base;
	if (cursor->end - base >= PM_CSV_BLOCK)
		pm_csv_block(cursor->data + base, &cursor->bytes, &cursor->bits);
	else
	{
		const PmCsvBytes bytes = cursor->bytes;

		cursor->bits = load_last(cursor->data + base, cursor->end - base, &bytes);
	}
}

/*
 * The next place at or after at that means something, inside a quoted value or not; end if
 * there is none.
 */
PM_CSV_INLINE size_t
seek(Cursor *cursor, size_t at, bool quoted)
{
	for (;;)
	{
		uint64_t bits;

		if (at - cursor->base >= PM_CSV_BLOCK)
		{
			if (at >= cursor->end)
				return cursor->end;
			load(cursor, at);
		}
		bits = (quoted ? cursor->bits.marks : cursor->bits.all) >> (at - cursor->base);
		if (bits != 0)
			return at + (size_t) __builtin_ctzll(bits);
		at = cursor->base + PM_CSV_BLOCK;
	}
}

PM_CSV_INLINE int
byte_at(const Cursor *cursor, size_t at)
{
	return (unsigned char) cursor->data[at];
}

/*
 * The size of the line end at a place; 0 if it is none; -1 if only what follows can tell.
 */
PM_CSV_INLINE int
line_end_size(const char *data, size_t at, size_t end, bool at_end)
{
	if (data[at] == '\n')
		return 1;
	if (data[at] != '\r')
		return 0;
	if (at + 1 < end)
		return data[at + 1] == '\n' ? 2 : 1;
	return at_end ? 1 : -1;
}

/* Is there the whole of a delimiter of several bytes?  -1: only what follows can tell. */
static int
is_long_delimiter(const Split *split, const char *data, size_t left)
{
	if (left >= split->delimiter_size)
		return memcmp(data, split->delimiter, split->delimiter_size) == 0;
	if (memcmp(data, split->delimiter, left) != 0)
		return 0;
	return split->at_end ? 0 : -1;
}

/* Is there a delimiter?  1, 0, or -1 if only what follows can tell. */
PM_CSV_INLINE int
is_delimiter(const Split *split, const Cursor *cursor, size_t at)
{
	if (cursor->data[at] != cursor->bytes.delimiter)
		return 0;
	if (split->delimiter_size == 1)
		return 1;
	return is_long_delimiter(split, cursor->data + at, cursor->end - at);
}

/* Notes the first fault of a record. */
static __attribute__((noinline)) void
note_fault(PmCsvRecord *record, PmCsvFault fault, size_t at, int64_t lines)
{
	if (record->fault != PM_CSV_GOOD)
		return;
	record->fault = fault;
	record->fault_field = record->count;
	record->fault_at = at;
	record->fault_lines = lines;
}

/*
 * The place after what is escaped at a place; stop is STOP_MORE if more is needed to tell,
 * STOP_UNCLEAN if strict forbids it.
 */
static __attribute__((noinline)) size_t
skip_escaped(const Split *split, const char *data, size_t at, size_t end, Stop *stop)
{
	int size;

	*stop = STOP_LINE;
	if (at == end)
	{
		if (!split->at_end)
			*stop = STOP_MORE;
		return at;
	}
	size = line_end_size(data, at, end, split->at_end);
	if (size == 0)
		return at + 1;
	if (split->strict)
		*stop = STOP_UNCLEAN;
	else if (size < 0)
		*stop = STOP_MORE;
	split->record->lines++;
	return at + (size > 0 ? (size_t) size : 1);
}

/*
 * The place after a value such as ="007", by which spreadsheets keep text that looks like a
 * number; at is after its first quote.  0: it is none; -1: more is needed to tell.
 */
static __attribute__((noinline)) ptrdiff_t
text_formula_end(const Split *split, const Cursor *cursor, size_t at)
{
	bool closed = false;

	for (; at < cursor->end; at++)
	{
		int delimiter = is_delimiter(split, cursor, at);
		int c = byte_at(cursor, at);

		if (delimiter < 0)
			return -1;
		if (delimiter > 0 || c == '\n' || c == '\r')
			return closed ? (ptrdiff_t) at : 0;
		if (closed || c == split->escape)
			return 0;
		closed = c == split->quote;
	}
	if (!split->at_end)
		return -1;
	return closed ? (ptrdiff_t) at : 0;
}

/* Reads an unquoted value, or the rest of one, from a place on. */
PM_CSV_INLINE Stop
read_unquoted(const Split *split, Cursor *cursor, size_t at, Value *value)
{
	value->from = at;
	value->is_escaped = false;
	for (;;)
	{
		int found;

		at = seek(cursor, at, false);
		value->to = value->next = at;
		if (at == cursor->end)
			return split->at_end ? STOP_LINE : STOP_MORE;
		found = is_delimiter(split, cursor, at);
		if (found > 0)
			return STOP_DELIMITER;
		if (found < 0)
			return STOP_MORE;
		found = byte_at(cursor, at);
		if (found == '\n' || found == '\r')
			return STOP_LINE;
		if (found == split->quote)
		{
			ptrdiff_t formula = 0;

			if (at == value->from + 1 && byte_at(cursor, value->from) == '=')
				formula = text_formula_end(split, cursor, at + 1);
			if (formula < 0)
				return STOP_MORE;
			if (formula == 0 && split->strict)
				return STOP_UNCLEAN;
			if (formula == 0)
				note_fault(split->record, PM_CSV_STRAY_QUOTE, at, split->record->lines);
			at = formula > 0 ? (size_t) formula : at + 1;
		}
		else if (found == split->escape)
		{
			Stop stop;

			value->is_escaped = true;
			at = skip_escaped(split, cursor->data, at + 1, cursor->end, &stop);
			if (stop != STOP_LINE)
				return stop;
		}
		else
			at++; /* like a delimiter, of several bytes, but is none */
	}
}

/*
 * Finds the quote that closes a value; at is after the one that opened it.  STOP_DELIMITER:
 * it is at value->to; STOP_LINE: the text ends before it.
 */
PM_CSV_INLINE Stop
find_closing(const Split *split, Cursor *cursor, size_t at, Value *value)
{
	value->is_escaped = false;
	for (;;)
	{
		int found;

		at = seek(cursor, at, true);
		value->to = at;
		if (at == cursor->end)
			return split->at_end ? STOP_LINE : STOP_MORE;
		found = byte_at(cursor, at);
		if (found == split->quote)
		{
			if (at + 1 == cursor->end)
				return split->at_end ? STOP_DELIMITER : STOP_MORE;
			if (byte_at(cursor, at + 1) != split->quote)
				return STOP_DELIMITER;
			value->is_escaped = true;
			at += 2;
		}
		else if (found == split->escape)
		{
			Stop stop;

			value->is_escaped = true;
			at = skip_escaped(split, cursor->data, at + 1, cursor->end, &stop);
			if (stop != STOP_LINE)
				return stop;
		}
		else
		{
			int size = line_end_size(cursor->data, at, cursor->end, split->at_end);

			if (size < 0)
				return STOP_MORE;
			split->record->lines++;
			at += (size_t) size;
		}
	}
}

/* Reads a quoted value; open is its first quote. */
PM_CSV_INLINE Stop
read_quoted(const Split *split, Cursor *cursor, size_t open, Value *value)
{
	int64_t lines = split->record->lines;
	Stop stop = find_closing(split, cursor, open + 1, value);
	size_t closing = value->to;
	int found;

	value->from = open + 1;
	value->next = closing + 1;
	if (stop == STOP_LINE)
	{
		if (split->strict)
			return STOP_UNCLEAN;
		split->record->unclosed = true;
		note_fault(split->record, PM_CSV_UNCLOSED_QUOTE, open, lines);
		value->from = open;
		value->next = closing;
		value->is_escaped = false;
	}
	if (stop != STOP_DELIMITER)
		return stop;
	if (value->next == cursor->end)
		return split->at_end ? STOP_LINE : STOP_MORE;
	found = is_delimiter(split, cursor, value->next);
	if (found != 0)
		return found > 0 ? STOP_DELIMITER : STOP_MORE;
	found = byte_at(cursor, value->next);
	if (found == '\n' || found == '\r')
		return STOP_LINE;
	if (split->strict)
		return STOP_UNCLEAN;
	note_fault(split->record, PM_CSV_STRAY_QUOTE, closing, split->record->lines);
	stop = read_unquoted(split, cursor, value->next, value);
	value->from = open;
	value->is_escaped = false;
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

/* Keeps a value.  False: no memory. */
PM_CSV_INLINE bool
keep(PmCsvSplitter *splitter, const char *data, const Value *value, bool quoted)
{
	PmCsvRecord *record = &splitter->record;
	int n = record->count;

	if (n >= splitter->capacity && n < splitter->max && !pm_csv_reserve(splitter, n + 1))
		return false;
	if (n < splitter->capacity)
	{
		splitter->fields[n] = (PmText){data + value->from, value->to - value->from};
		if (value->is_escaped)
			splitter->escaped[record->escaped++] = n * 2 + quoted;
	}
	if (n < INT32_MAX)
		record->count = n + 1;
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
	Cursor cursor;
	size_t at = start;
	int size = 0;

	memset(record, 0, sizeof(*record));
	split.delimiter = dialect->delimiter;
	split.delimiter_size = dialect->delimiter[1] == '\0' ? 1 : strlen(dialect->delimiter);
	split.quote =
	    dialect->quote == PM_CSV_NOTHING_QUOTED ? -1 : (unsigned char) dialect->quote;
	split.escape = dialect->escape == '\0' || dialect->escape == dialect->quote
	                   ? -1
	                   : (unsigned char) dialect->escape;
	split.at_end = at_end;
	split.strict = splitter->strict;
	split.record = record;
	cursor.data = data;
	cursor.end = end;
	cursor.bytes.delimiter = dialect->delimiter[0];
	cursor.bytes.quote = split.quote < 0 ? dialect->delimiter[0] : dialect->quote;
	cursor.bytes.escape = split.escape < 0 ? cursor.bytes.quote : dialect->escape;
	load(&cursor, start);

	for (;;)
	{
		bool quoted = at < end && byte_at(&cursor, at) == split.quote;
		Value value;
		Stop stop = quoted ? read_quoted(&split, &cursor, at, &value)
		                   : read_unquoted(&split, &cursor, at, &value);

		if (stop == STOP_MORE)
			return PM_CSV_MORE;
		if (stop == STOP_UNCLEAN)
			return PM_CSV_UNCLEAN;
		if (!keep(splitter, data, &value, quoted))
			return PM_CSV_MEMORY;
		at = value.next;
		if (stop == STOP_LINE)
			break;
		at += split.delimiter_size;
	}

	if (at < end)
	{
		size = line_end_size(data, at, end, at_end);
		if (size < 0)
			return PM_CSV_MORE;
		record->lines++;
	}
	record->size = at - start;
	record->next = at + (size_t) size;
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

/*
 * Where the next line starts, whatever is quoted; end if none does before it.  A CR at the
 * very end counts, though LF may follow.
 */
size_t
pm_csv_line_end(const char *data, size_t start, size_t end)
{
	const PmCsvBytes bytes = {'\n', '\n', '\n'};
	size_t at = start;
	PmCsvBits bits;

	for (; end - at >= PM_CSV_BLOCK; at += PM_CSV_BLOCK)
	{
		pm_csv_block(data + at, &bytes, &bits);
		if (bits.marks != 0)
		{
			at += (size_t) __builtin_ctzll(bits.marks);
			break;
		}
	}
	while (at < end && data[at] != '\n' && data[at] != '\r')
		at++;
	if (at + 1 < end && data[at] == '\r' && data[at + 1] == '\n')
		at++;
	return at < end ? at + 1 : end;
}
