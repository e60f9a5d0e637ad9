/*
 * render.h - the records of a text as one string, for tests of pm_reader.h
 *
 * One line a record: "number@line:offset value|value", a value that is not there as "-",
 * and if there is a fault "!fault column@line:offset raw" after it, with numbers for
 * names; the names of the columns first, in brackets, or last if they were not known at
 * first; then how it ended unless well.  With render_types a number of the file has "#"
 * before it.
 */
#ifndef RENDER_H
#define RENDER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pm_reader_private.h"
#include "tap.h"

static PmReaderFound render_found; /* of the last text */
static bool render_types;

/* A descriptor of a file with these bytes, which is gone once it is closed. */
static inline int
file_of(const char *data, size_t size)
{
	FILE *file = tmpfile();
	int fd;

	if (file == NULL || fwrite(data, 1, size, file) != size || fflush(file) != 0)
		exit(2);
	fd = dup(fileno(file));
	fclose(file);
	return fd;
}

static inline void
render_add(PmBuffer *out, PmText text)
{
	if (!pm_buffer_add(out, text.data, text.size))
		exit(2);
}

static inline void
render_text(PmBuffer *out, const char *text)
{
	render_add(out, (PmText){text, strlen(text)});
}

static inline void
render_record(PmBuffer *out, const PmRecord *record)
{
	char number[200];

	snprintf(number, sizeof(number), "%lld@%lld:%lld ", (long long) record->number,
	         (long long) record->line, (long long) record->offset);
	render_text(out, number);
	for (int i = 0; i < record->field_count; i++)
	{
		if (i > 0)
			render_text(out, "|");
		if (render_types && record->numbers != NULL && record->numbers[i])
			render_text(out, "#");
		if (record->fields[i].data == NULL)
			render_text(out, "-");
		else
			render_add(out, record->fields[i]);
	}
	if (record->fault != PM_RECORD_GOOD)
	{
		snprintf(number, sizeof(number), " !%d %d@%lld:%lld ", record->fault,
		         record->fault_column, (long long) record->fault_line,
		         (long long) record->fault_offset);
		render_text(out, number);
		render_add(out, record->raw);
	}
	render_text(out, "\n");
}

/* Why a file cannot be read, as "failed fault code line:offset detail". */
static inline void
render_failure(PmBuffer *out, const PmReaderFailure *failure)
{
	char number[400];

	snprintf(number, sizeof(number), "failed %d %d %lld:%lld %s\n", failure->fault,
	         failure->code, (long long) failure->line, (long long) failure->offset,
	         failure->detail);
	render_text(out, number);
}

static inline void
render_names(PmBuffer *out, const PmReader *reader)
{
	const PmText *names;
	int count = pm_reader_columns(reader, &names);

	for (int i = 0; i < count; i++)
	{
		render_text(out, i > 0 ? "|" : "[");
		render_add(out, names[i]);
	}
	if (count > 0)
		render_text(out, "]\n");
}

/* The records of some bytes read chunk at once; the caller frees it. */
static inline char *
render_bytes(const char *data, size_t size, const PmReaderOptions *options, size_t chunk)
{
	PmBuffer out = {0};
	PmReaderFailure failure;
	int fd = file_of(data, size);
	PmReader *reader = pm_reader_open_chunked(fd, options, chunk, &failure);
	PmReadStatus status = PM_READ_FAILED;
	PmRecord record;
	bool is_header;

	if (reader == NULL)
		render_failure(&out, &failure);
	else
	{
		is_header = pm_reader_found(reader)->header > 0;
		if (is_header)
			render_names(&out, reader);
		while ((status = pm_reader_next(reader, &record)) == PM_READ_RECORD ||
		       status == PM_READ_AGAIN)
			if (status == PM_READ_RECORD)
				render_record(&out, &record);
		if (!is_header)
			render_names(&out, reader);
		if (status == PM_READ_FAILED)
			render_failure(&out, pm_reader_failure(reader));
		render_found = *pm_reader_found(reader);
		pm_reader_close(reader);
	}
	close(fd);
	if (!pm_buffer_add(&out, "", 1))
		exit(2);
	return out.data;
}

/* Reads some bytes whole and in pieces, and compares what comes of it. */
static inline void
reads(const char *text, size_t size, const PmReaderOptions *options, const char *expected,
      const char *name, int line)
{
	static const size_t chunks[] = {PM_READER_CHUNK, 1, 3, 7};

	for (size_t i = 0; i < sizeof(chunks) / sizeof(*chunks); i++)
	{
		char *got = render_bytes(text, size, options, chunks[i]);
		bool same = strcmp(got, expected) == 0;

		/* one line of TAP a text, unless a piece makes a difference */
		if (i == 0 || !same)
			tap_is_str(got, expected, name, __FILE__, line);
		free(got);
	}
}

#endif /* RENDER_H */
