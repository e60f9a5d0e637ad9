/*
 * read_all.h - what must hold of any bytes that are read with pm_reader.h
 *
 * A reader ends; what it gives is UTF-8 without zero bytes, numbered without a gap, and
 * the same whatever the pieces are in which it reads.
 */
#ifndef READ_ALL_H
#define READ_ALL_H

#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "must_hold.h"
#include "pm_encoding.h"
#include "pm_reader_private.h"

/* A descriptor of a file in memory with these bytes; the same one each time. */
static inline int
file_of(const void *data, size_t size)
{
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("fuzz", 0);
	MUST_HOLD(fd >= 0 && ftruncate(fd, 0) == 0);
	MUST_HOLD(pwrite(fd, data, size, 0) == (ssize_t) size);
	return fd;
}

static inline uint64_t
add_hash(uint64_t hash, const void *data, size_t size)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
	return (hash ^ size) * UINT64_C(1099511628211);
}

static inline uint64_t
add_text(uint64_t hash, PmText text)
{
	MUST_HOLD(text.data != NULL || text.size == 0);
	MUST_HOLD(text.size == 0 || (pm_encoding_is_utf8(text.data, text.size) &&
	                             memchr(text.data, '\0', text.size) == NULL));
	return add_hash(hash, text.data == NULL ? "-" : text.data, text.size) +
	       (text.data == NULL);
}

static inline uint64_t
add_record(uint64_t hash, const PmRecord *record)
{
	int64_t numbers[] = {record->number,      record->line,        record->offset,
	                     record->field_count, record->fault,       record->fault_column,
	                     record->fault_line,  record->fault_offset};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		hash = (hash ^ (uint64_t) numbers[i]) * UINT64_C(1099511628211);
	hash = add_text(hash, record->raw);
	for (int i = 0; i < record->field_count; i++)
		hash = add_text(hash, record->fields[i]);
	return hash;
}

/* Reads a file chunk bytes at once; returns a digest of all that came of it. */
static inline uint64_t
read_file(int fd, const PmReaderOptions *options, size_t chunk, size_t size)
{
	PmReaderFailure failure;
	PmReader *reader = pm_reader_open_chunked(fd, options, chunk, &failure);
	uint64_t hash = UINT64_C(14695981039346656037);
	PmReadStatus status;
	PmRecord record;
	int64_t number = 0;
	size_t waits = 0;
	const PmText *names;

	if (reader == NULL)
	{
		MUST_HOLD(failure.fault != PM_READER_FINE);
		return failure.fault;
	}
	while ((status = pm_reader_next(reader, &record)) != PM_READ_END &&
	       status != PM_READ_FAILED)
	{
		int columns = pm_reader_columns(reader, &names);

		if (status == PM_READ_AGAIN)
		{
			/* expanded bytes may be a thousand times those of the file */
			MUST_HOLD(++waits < 10000 + 3000 * size);
			continue;
		}
		MUST_HOLD(record.number == ++number && record.line > 0);
		MUST_HOLD(record.field_count == 0 || record.fields != NULL);
		MUST_HOLD(columns == 0 || record.field_count <= columns ||
		          record.fault != PM_RECORD_GOOD);
		/* of CSV it may be one beyond what was kept */
		MUST_HOLD(pm_reader_found(reader)->format == PM_FORMAT_CSV ||
		          record.fault_column <
		              (columns > record.field_count ? columns : record.field_count));
		hash = add_record(hash, &record);
	}
	MUST_HOLD((status == PM_READ_FAILED) ==
	          (pm_reader_failure(reader)->fault != PM_READER_FINE));
	hash += pm_reader_failure(reader)->fault;
	for (int i = 0, count = pm_reader_columns(reader, &names); i < count; i++)
		hash = add_text(hash, names[i]);
	/* how much of a bomb is read depends on the pieces */
	if (pm_reader_failure(reader)->fault == PM_READER_BOMB)
		hash = PM_READER_BOMB;
	pm_reader_close(reader);
	return hash;
}

/* Reads some bytes whole and in pieces. */
static inline void
read_all(const void *data, size_t size, const PmReaderOptions *options)
{
	int fd = file_of(data, size);
	uint64_t whole = read_file(fd, options, size + 1, size);

	MUST_HOLD(read_file(fd, options, 1 + size % 17, size) == whole);
}

#endif /* READ_ALL_H */
