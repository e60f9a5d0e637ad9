/*
 * fuzz_csv.c - any bytes as a file, with any options of a reader
 *
 * The first bytes of the input choose the options, the rest is the file.  It is read twice,
 * in large and in small pieces, with the same result: records follow each other and do not
 * overlap, what is between them is line ends or blank, faults are inside of their record,
 * all text is UTF-8 without zero bytes, and reading ends with the file.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "must_hold.h"
#include "pm_csv.h"
#include "pm_encoding.h"
#include "pm_reader_private.h"

#define OPTION_BYTES 6

/* What must be the same: a hash of all that a reader gave, and where it ended. */
typedef struct Result
{
	uint64_t hash;
	int64_t records;
	int64_t end;
	PmReaderFault fault;
} Result;

static void
hash_bytes(uint64_t *hash, const void *data, size_t size)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < size; i++)
		*hash = (*hash ^ bytes[i]) * UINT64_C(1099511628211);
	*hash = (*hash ^ 0x100) * UINT64_C(1099511628211);
}

static void
hash_text(uint64_t *hash, PmText text)
{
	MUST_HOLD(text.data != NULL || text.size == 0);
	if (text.data == NULL)
		return;
	MUST_HOLD(pm_encoding_is_utf8(text.data, text.size));
	MUST_HOLD((pm_encoding_survey(text.data, text.size) & PM_TEXT_NUL) == 0);
	hash_bytes(hash, text.data, text.size);
}

/* Is some of the file that no record has nothing but what separates blank values, or a mark? */
static int
is_nothing(const char *data, size_t size, const PmReaderFound *found)
{
	for (size_t i = 0; i < size; i++)
		if (data[i] == '\0' || (strchr(" \t\r\n\x1A\xEF\xBB\xBF", data[i]) == NULL &&
		                        strchr(found->delimiter, data[i]) == NULL &&
		                        data[i] != found->quote && data[i] != found->escape))
			return 0;
	return 1;
}

/* Options that some bytes choose. */
static PmReaderOptions
options_of(const uint8_t *choice)
{
	static const char *const delimiters[] = {"",   ";",        ",",   "\t",
	                                         "||", "\xC2\xA6", "::=", "x"};
	static const char quotes[] = {'\0', '"', '\'', PM_CSV_NOTHING_QUOTED};
	static const char escapes[] = {'\0', '\\', '"', '^'};
	PmReaderOptions options;

	memset(&options, 0, sizeof(options));
	options.format = PM_FORMAT_CSV;
	options.encoding = (PmEncoding) (choice[0] % (PM_ENCODING_LATIN9 + 1));
	strcpy(options.delimiter, delimiters[choice[1] % 8]);
	options.quote = quotes[choice[2] % 4];
	options.escape = escapes[choice[2] / 4 % 4];
	options.header = choice[3] % 3 - 1;
	options.skip = choice[3] / 3 % 3;
	options.max_record = choice[4] % 4 == 0 ? 0 : choice[4];
	options.max_columns = choice[5] % 4 == 0 ? 0 : choice[5];
	return options;
}

/* Reads a file in pieces; looks into it where it has one byte a character. */
static Result
read_all(int fd, const PmReaderOptions *options, size_t chunk, const char *data,
         size_t size)
{
	Result result = {UINT64_C(14695981039346656037), 0, 0, PM_READER_FINE};
	PmReaderFailure failure;
	PmReader *reader = pm_reader_open_chunked(fd, options, chunk, &failure);
	int64_t line = 1;
	int64_t steps = 0;
	bool was_long = false;
	const PmText *names;
	PmReadStatus status;
	PmRecord record;

	if (reader == NULL)
	{
		MUST_HOLD(failure.fault != PM_READER_FINE);
		result.fault = failure.fault;
		hash_bytes(&result.hash, &failure.line, sizeof(failure.line));
		hash_bytes(&result.hash, &failure.offset, sizeof(failure.offset));
		return result;
	}
	for (int i = 0, n = pm_reader_columns(reader, &names); i < n; i++)
		hash_text(&result.hash, names[i]);
	result.end = -1; /* the first record may come after a mark, lines to skip, a header */

	while ((status = pm_reader_next(reader, &record)) != PM_READ_END)
	{
		const PmReaderFound *found = pm_reader_found(reader);
		bool is_plain = found->encoding == PM_ENCODING_UTF8 &&
		                record.fault != PM_RECORD_BAD_ENCODING &&
		                record.fault != PM_RECORD_NUL;

		/* the encoding may be found late, so there are no more steps than bytes */
		MUST_HOLD(steps++ <= (int64_t) (2 * size + size / chunk + 2));
		if (status == PM_READ_AGAIN)
			continue;
		if (status == PM_READ_FAILED)
		{
			result.fault = pm_reader_failure(reader)->fault;
			MUST_HOLD(result.fault == PM_READER_TOO_MANY_COLUMNS);
			break;
		}
		MUST_HOLD(record.number == ++result.records);
		MUST_HOLD(record.line >= line && record.offset >= result.end &&
		          record.offset < (int64_t) size);
		MUST_HOLD(record.fault_line >= record.line &&
		          record.fault_offset >= record.offset &&
		          record.fault_offset <= (int64_t) size);
		MUST_HOLD(record.fault_column >= -1);
		if (result.end >= 0 && !was_long && is_plain)
			MUST_HOLD(is_nothing(data + result.end, (size_t) (record.offset - result.end),
			                     found));
		line = record.line;
		was_long = record.fault == PM_RECORD_TOO_LONG;
		result.end = record.offset;
		if (is_plain)
		{
			/* what is shown of a record is what is there, unless it was made fit to show */
			bool same = record.raw.size <= size - (size_t) record.offset &&
			            memcmp(record.raw.data, data + record.offset, record.raw.size) == 0;

			MUST_HOLD(same || record.fault != PM_RECORD_GOOD);
			if (same)
				result.end += (int64_t) record.raw.size;
			else
				was_long = true;
		}
		else
			was_long = true;
		hash_bytes(&result.hash, &record.line, sizeof(record.line));
		hash_bytes(&result.hash, &record.offset, sizeof(record.offset));
		hash_bytes(&result.hash, &record.fault, sizeof(record.fault));
		hash_bytes(&result.hash, &record.fault_column, sizeof(record.fault_column));
		hash_bytes(&result.hash, &record.fault_line, sizeof(record.fault_line));
		hash_bytes(&result.hash, &record.fault_offset, sizeof(record.fault_offset));
		hash_text(&result.hash, record.raw);
		for (int i = 0; i < record.field_count; i++)
			hash_text(&result.hash, record.fields[i]);
	}
	if (status == PM_READ_END)
	{
		MUST_HOLD(pm_reader_next(reader, &record) == PM_READ_END);
		MUST_HOLD(pm_reader_found(reader)->bytes_read == (int64_t) size);
		if (result.end >= 0 && !was_long)
			MUST_HOLD(is_nothing(data + result.end, size - (size_t) result.end,
			                     pm_reader_found(reader)));
	}
	pm_reader_close(reader);
	return result;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	PmReaderOptions options;
	const char *text = (const char *) data + OPTION_BYTES;
	Result whole;
	Result pieces;

	if (size < OPTION_BYTES)
		return 0;
	size -= OPTION_BYTES;
	/* gzip, ZIP: their bytes are not those of the records */
	if (size >= 2 && (memcmp(text, "\x1F\x8B", 2) == 0 || memcmp(text, "PK", 2) == 0))
		return 0;
	options = options_of(data);
	if (fd < 0)
		fd = memfd_create("fuzz_csv", 0);
	MUST_HOLD(fd >= 0 && ftruncate(fd, 0) == 0);
	MUST_HOLD(pwrite(fd, text, size, 0) == (ssize_t) size);

	whole = read_all(fd, &options, 4096, text, size);
	pieces = read_all(fd, &options, 1 + data[0] / 8, text, size);
	MUST_HOLD(whole.hash == pieces.hash && whole.records == pieces.records &&
	          whole.end == pieces.end && whole.fault == pieces.fault);
	return 0;
}
