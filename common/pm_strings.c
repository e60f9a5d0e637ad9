/*
 * pm_strings.c - the texts that the cells of a workbook share, by number
 *
 * A text is known by where it ends; it starts where the one before ends.  Texts are
 * numbered in the order in which the sheets use them first, so the ones most used tend to
 * be in memory, and a sheet that is read in order finds its next ones in the blocks read
 * last.
 */
#define _GNU_SOURCE /* mkostemp() */
#include "pm_strings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_SIZE  8192
#define BLOCK_COUNT 256    /* kept of each file */
#define WRITE_SIZE  262144 /* bytes written at once */
#define FAULT_BITS  4      /* of an end: the text's fault */

/* A file that is first written from its start to its end, then read anywhere. */
typedef struct Spool
{
	int fd; /* -1: none */
	int64_t size;
	PmBuffer unwritten;
	char *blocks;
	int64_t *block_numbers; /* -1: none */
} Spool;

struct PmStrings
{
	const char *temp_dir;
	size_t memory; /* bytes that texts and ends may take */
	int64_t count;

	/* the first ones */
	PmBuffer text;
	uint64_t *ends;
	int64_t ends_room;
	int64_t in_memory;
	bool is_full;

	/* the others */
	Spool texts;
	Spool spooled_ends; /* those before the first and of each */
};

/* An open file in a directory that is gone when it is closed; -1: failure is set. */
int
pm_temp_file(const char *directory, PmReaderFailure *failure)
{
	char path[4096];
	int fd = -1;

	if ((size_t) snprintf(path, sizeof(path), "%s/pm_reader.XXXXXX", directory) <
	    sizeof(path))
		fd = mkostemp(path, O_CLOEXEC);
	else
		errno = ENAMETOOLONG;
	if (fd < 0)
	{
		pm_reader_fail(failure, PM_READER_IO, errno, directory);
		return -1;
	}
	unlink(path);
	return fd;
}

/* Writes what is not written yet.  False: failure is set. */
static bool
spool_flush(Spool *spool, PmReaderFailure *failure)
{
	size_t done = 0;

	while (done < spool->unwritten.size)
	{
		ssize_t wrote =
		    write(spool->fd, spool->unwritten.data + done, spool->unwritten.size - done);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return pm_reader_fail(failure, PM_READER_IO, wrote < 0 ? errno : ENOSPC,
			                      "a temporary file");
		done += (size_t) wrote;
	}
	spool->unwritten.size = 0;
	return true;
}

/* Appends.  False: failure is set. */
static bool
spool_add(Spool *spool, const char *data, size_t size, PmReaderFailure *failure)
{
	if (!pm_buffer_add(&spool->unwritten, data, size))
		return pm_reader_fail(failure, PM_READER_MEMORY, 0, "");
	spool->size += (int64_t) size;
	return spool->unwritten.size < WRITE_SIZE || spool_flush(spool, failure);
}

/* Makes the file ready to be read. */
static bool
spool_ready(Spool *spool, PmReaderFailure *failure)
{
	if (spool->fd < 0)
		return true;
	if (!spool_flush(spool, failure))
		return false;
	pm_buffer_free(&spool->unwritten);
	spool->blocks = malloc((size_t) BLOCK_COUNT * BLOCK_SIZE);
	spool->block_numbers = malloc(BLOCK_COUNT * sizeof(*spool->block_numbers));
	if (spool->blocks == NULL || spool->block_numbers == NULL)
		return pm_reader_fail(failure, PM_READER_MEMORY, 0, "");
	for (int i = 0; i < BLOCK_COUNT; i++)
		spool->block_numbers[i] = -1;
	return true;
}

/* Some bytes, all of which the file has. */
static bool
spool_read(Spool *spool, char *out, size_t size, int64_t offset, PmReaderFailure *failure)
{
	while (size > 0)
	{
		int64_t number = offset / BLOCK_SIZE;
		size_t from = (size_t) (offset % BLOCK_SIZE);
		size_t part = BLOCK_SIZE - from < size ? BLOCK_SIZE - from : size;
		int slot = (int) (number % BLOCK_COUNT);
		char *block = spool->blocks + (size_t) slot * BLOCK_SIZE;

		if (spool->block_numbers[slot] != number)
		{
			ssize_t got;

			spool->block_numbers[slot] = -1;
			do
				got = pread(spool->fd, block, BLOCK_SIZE, (off_t) (number * BLOCK_SIZE));
			while (got < 0 && errno == EINTR);
			if (got < (ssize_t) (from + part))
				return pm_reader_fail(failure, PM_READER_IO, got < 0 ? errno : EIO,
				                      "a temporary file");
			spool->block_numbers[slot] = number;
		}
		memcpy(out, block + from, part);
		out += part;
		offset += (int64_t) part;
		size -= part;
	}
	return true;
}

static void
spool_free(Spool *spool)
{
	if (spool->fd >= 0)
		close(spool->fd);
	pm_buffer_free(&spool->unwritten);
	free(spool->blocks);
	free(spool->block_numbers);
}

/* No texts.  temp_dir must stay there.  NULL: no memory. */
PmStrings *
pm_strings_make(size_t memory, const char *temp_dir)
{
	PmStrings *strings = calloc(1, sizeof(*strings));

	if (strings == NULL)
		return NULL;
	strings->memory = memory;
	strings->temp_dir = temp_dir;
	strings->texts.fd = strings->spooled_ends.fd = -1;
	return strings;
}

/* Keeps one in memory; false: there is no room for it. */
static bool
keep(PmStrings *strings, const char *data, size_t size, uint64_t fault)
{
	if (strings->is_full ||
	    strings->text.size + size + (size_t) (strings->count + 1) * sizeof(uint64_t) >
	        strings->memory)
		return false;
	if (strings->count == strings->ends_room)
	{
		int64_t room = strings->ends_room == 0 ? 1024 : strings->ends_room * 2;
		uint64_t *ends = realloc(strings->ends, (size_t) room * sizeof(uint64_t));

		if (ends == NULL)
			return false;
		strings->ends = ends;
		strings->ends_room = room;
	}
	if (!pm_buffer_add(&strings->text, data, size))
		return false;
	strings->ends[strings->count++] = (uint64_t) strings->text.size << FAULT_BITS | fault;
	strings->in_memory = strings->count;
	return true;
}

/* Adds the next text, with what is wrong with it.  False: failure is set. */
bool
pm_strings_add(PmStrings *strings, const char *data, size_t size, PmRecordFault fault,
               PmReaderFailure *failure)
{
	uint64_t end = 0;

	if (keep(strings, data, size, (uint64_t) fault))
		return true;
	if (!strings->is_full)
	{
		strings->is_full = true;
		strings->texts.fd = pm_temp_file(strings->temp_dir, failure);
		if (strings->texts.fd < 0)
			return false;
		strings->spooled_ends.fd = pm_temp_file(strings->temp_dir, failure);
		if (strings->spooled_ends.fd < 0 ||
		    !spool_add(&strings->spooled_ends, (char *) &end, sizeof(end), failure))
			return false;
	}
	if (!spool_add(&strings->texts, data, size, failure))
		return false;
	end = (uint64_t) strings->texts.size << FAULT_BITS | (uint64_t) fault;
	strings->count++;
	return spool_add(&strings->spooled_ends, (char *) &end, sizeof(end), failure);
}

/* No more are added; they can be looked up.  False: failure is set. */
bool
pm_strings_ready(PmStrings *strings, PmReaderFailure *failure)
{
	return spool_ready(&strings->texts, failure) &&
	       spool_ready(&strings->spooled_ends, failure);
}

int64_t
pm_strings_count(const PmStrings *strings)
{
	return strings->count;
}

/*
 * The text of a number below the count: where it stands in memory, or, with data NULL, the
 * last size bytes that were added to buffer.  False: failure is set.
 */
bool
pm_strings_get(PmStrings *strings, int64_t number, PmBuffer *buffer, PmText *text,
               PmRecordFault *fault, PmReaderFailure *failure)
{
	uint64_t ends[2] = {0, 0};
	uint64_t start;

	if (number < strings->in_memory)
	{
		ends[1] = strings->ends[number];
		ends[0] = number == 0 ? 0 : strings->ends[number - 1];
	}
	else if (!spool_read(&strings->spooled_ends, (char *) ends, sizeof(ends),
	                     (number - strings->in_memory) * (int64_t) sizeof(uint64_t),
	                     failure))
		return false;
	*fault = (PmRecordFault) (ends[1] & ((1u << FAULT_BITS) - 1));
	start = ends[0] >> FAULT_BITS;
	text->size = (size_t) ((ends[1] >> FAULT_BITS) - start);
	text->data = NULL;
	if (number < strings->in_memory)
	{
		/* an empty text has an address too */
		text->data = text->size == 0 ? "" : strings->text.data + start;
		return true;
	}
	if (!pm_buffer_reserve(buffer, buffer->size + text->size + 1))
		return pm_reader_fail(failure, PM_READER_MEMORY, 0, "");
	if (!spool_read(&strings->texts, buffer->data + buffer->size, text->size,
	                (int64_t) start, failure))
		return false;
	buffer->size += text->size;
	return true;
}

/* NULL is nothing. */
void
pm_strings_free(PmStrings *strings)
{
	if (strings == NULL)
		return;
	pm_buffer_free(&strings->text);
	free(strings->ends);
	spool_free(&strings->texts);
	spool_free(&strings->spooled_ends);
	free(strings);
}
