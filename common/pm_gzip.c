/*
 * pm_gzip.c - gzip as a decoder of input
 *
 * Members one after another are one file, as gzip(1) has it.  After a member only zero bytes
 * may follow, or another one; a file that ends within a member is damaged.  So is one
 * that goes on without giving anything, be it members, blocks or zero bytes, as the caller
 * would wait for a byte until all of it was read.
 */
#include "pm_reader_private.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define TAKEN_AT_ONCE 65536
#define IDLE_MAX      (16 << 20) /* bytes of the file in vain */
#define PAID_BY_BYTE  32 /* bytes of the file for one that came out are not in vain */

typedef struct Gzip
{
	z_stream stream;
	bool is_made;
	bool between; /* a member has ended, and none begun since */
	bool at_end;
	int64_t idle; /* bytes in vain */
	unsigned char data[TAKEN_AT_ONCE];
} Gzip;

static bool
gzip_open(PmInput *input)
{
	Gzip *gzip = calloc(1, sizeof(*gzip));

	input->state = gzip;
	if (gzip == NULL || inflateInit2(&gzip->stream, 15 + 16) != Z_OK)
		return pm_reader_fail(input->failure, PM_READER_MEMORY, 0, "");
	gzip->is_made = true;
	input->found->gzip = true;
	return true;
}

/* More of the file for the stream; false: failure is set. */
static bool
take(PmInput *input, Gzip *gzip)
{
	ptrdiff_t got = pm_input_pread(input, (char *) gzip->data, TAKEN_AT_ONCE, input->taken);

	if (got < 0)
		return false;
	input->taken += got;
	gzip->stream.next_in = gzip->data;
	gzip->stream.avail_in = (uInt) got;
	gzip->at_end = got == 0;
	return true;
}

/* Is there another member, after zero bytes or none?  False with failure set: something else. */
static bool
begin_member(PmInput *input, Gzip *gzip)
{
	z_stream *stream = &gzip->stream;

	while (stream->avail_in > 0 && *stream->next_in == 0)
	{
		stream->next_in++;
		stream->avail_in--;
	}
	if (stream->avail_in == 0)
		return true;
	if (*stream->next_in == 0x1F)
	{
		gzip->between = false;
		return inflateReset(stream) == Z_OK;
	}
	return pm_reader_fail(input->failure, PM_READER_BAD_ARCHIVE, 0,
	                      "something follows the compressed data");
}

/* Bytes of the file that the stream has gone through. */
static int64_t
gone_through(const PmInput *input, const Gzip *gzip)
{
	return input->taken - (int64_t) gzip->stream.avail_in;
}

static ptrdiff_t
gzip_read(PmInput *input, char *buffer, size_t size)
{
	Gzip *gzip = input->state;
	z_stream *stream = &gzip->stream;
	int64_t before = gone_through(input, gzip) - gzip->idle;
	size_t got = 0;

	if (size > INT32_MAX)
		size = INT32_MAX;
	stream->next_out = (unsigned char *) buffer;
	stream->avail_out = (uInt) size;
	while (got == 0)
	{
		int status;

		if (stream->avail_in == 0 && !gzip->at_end && !take(input, gzip))
			return -1;
		if (gone_through(input, gzip) - before > IDLE_MAX)
		{
			pm_reader_fail(input->failure, PM_READER_BAD_ARCHIVE, 0,
			               "nothing comes out of more than 16 MiB");
			return -1;
		}
		if (gzip->between)
		{
			if (gzip->at_end)
				return 0;
			if (!begin_member(input, gzip))
				return -1;
			continue;
		}
		if (gzip->at_end)
		{
			pm_reader_fail(input->failure, PM_READER_BAD_ARCHIVE, 0,
			               "the compressed data ends too early");
			return -1;
		}
		status = inflate(stream, Z_NO_FLUSH);
		got = size - stream->avail_out;
		if (status == Z_STREAM_END)
			gzip->between = true;
		else if (got > 0)
			break; /* what comes before damage; the next call meets it again */
		else if (status == Z_MEM_ERROR)
		{
			pm_reader_fail(input->failure, PM_READER_MEMORY, 0, "");
			return -1;
		}
		else if (status != Z_OK && status != Z_BUF_ERROR)
		{
			pm_reader_fail(input->failure, PM_READER_BAD_ARCHIVE, status,
			               stream->msg == NULL ? "" : stream->msg);
			return -1;
		}
	}
	gzip->idle = gone_through(input, gzip) - before - PAID_BY_BYTE * (int64_t) got;
	if (gzip->idle < 0)
		gzip->idle = 0;
	if (!pm_input_allows(input, input->given + (int64_t) got, gone_through(input, gzip)))
		return -1;
	return (ptrdiff_t) got;
}

static void
gzip_close(PmInput *input)
{
	Gzip *gzip = input->state;

	if (gzip != NULL && gzip->is_made)
		inflateEnd(&gzip->stream);
	free(gzip);
}

const PmDecoder pm_gzip_decoder = {"\x1F\x8B", 2, gzip_open, gzip_read, gzip_close};
