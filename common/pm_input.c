/*
 * pm_input.c - the bytes of a file, expanded
 *
 * The file is read with pread() at offsets of our own, so that its descriptor's position
 * is neither used nor changed.  Which decoder expands it, the first bytes say, never its
 * name.
 */
#include "pm_reader_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RATIO_COUNTS_ABOVE (100 << 20) /* expanded bytes */

static ptrdiff_t plain_read(PmInput *input, char *buffer, size_t size);

static const PmDecoder plain_decoder = {"", 0, NULL, plain_read, NULL};

/* Asked in this order; the last one takes what no other does. */
static const PmDecoder *const decoders[] = {
    &pm_gzip_decoder,
    &pm_zip_decoder,
    &plain_decoder,
};

/*
 * Reads up to size bytes of the file itself at an offset.  Returns how many, 0 at its
 * end, -1 with failure set.
 */
ptrdiff_t
pm_input_pread(PmInput *input, char *buffer, size_t size, int64_t offset)
{
	return pm_input_pread_of(input, input->fd, buffer, size, offset);
}

/* The same of another file that belongs to the input. */
ptrdiff_t
pm_input_pread_of(PmInput *input, int fd, char *buffer, size_t size, int64_t offset)
{
	ssize_t got;

	do
		got = pread(fd, buffer, size, (off_t) offset);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		pm_reader_fail(input->failure, PM_READER_IO, errno, strerror(errno));
	return got;
}

/* May so many bytes become so many expanded ones?  False: a bomb, failure is set. */
bool
pm_input_allows(PmInput *input, int64_t expanded, int64_t compressed)
{
	const PmReaderOptions *options = input->options;

	if (expanded > options->max_expanded)
		return pm_reader_fail(input->failure, PM_READER_BOMB, 0, "max_expanded");
	return expanded <= RATIO_COUNTS_ABOVE || expanded / options->max_ratio <= compressed ||
	       pm_reader_fail(input->failure, PM_READER_BOMB, 0, "max_ratio");
}

/* The file as it is. */
static ptrdiff_t
plain_read(PmInput *input, char *buffer, size_t size)
{
	ptrdiff_t got = pm_input_pread(input, buffer, size, input->taken);

	if (got > 0)
		input->taken += got;
	return got;
}

/*
 * Finds and opens the decoder.  The caller has set fd, size, options, found and failure,
 * and all else is zero.  False: failure is set; pm_input_close() is still called.
 */
bool
pm_input_open(PmInput *input)
{
	char magic[PM_INPUT_MAGIC];
	ptrdiff_t got = pm_input_pread(input, magic, sizeof(magic), 0);
	size_t i = 0;

	if (got < 0)
		return false;
	while (i < sizeof(decoders) / sizeof(decoders[0]) - 1 &&
	       (decoders[i]->magic_size > (size_t) got ||
	        memcmp(decoders[i]->magic, magic, decoders[i]->magic_size) != 0))
		i++;
	input->decoder = decoders[i];
	return input->decoder->open == NULL || input->decoder->open(input);
}

/*
 * Fills head with the first PM_INPUT_HEAD bytes, or all there are; later calls do
 * nothing.  False: failure is set.
 */
bool
pm_input_peek(PmInput *input)
{
	PmBuffer *head = &input->head;

	if (head->data != NULL)
		return true;
	if (!pm_buffer_reserve(head, PM_INPUT_HEAD))
		return pm_reader_fail(input->failure, PM_READER_MEMORY, 0, "");
	while (head->size < PM_INPUT_HEAD)
	{
		ptrdiff_t got = input->decoder->read(input, head->data + head->size,
		                                     PM_INPUT_HEAD - head->size);

		if (got < 0)
			return false;
		if (got == 0)
			break;
		head->size += (size_t) got;
		input->given += got;
	}
	return true;
}

/*
 * Reads size bytes (size > 0), those of head first; fewer only before the end or a failure.
 * Returns how many, 0 at the end, -1 with failure set.  A caller that asks for twice as much
 * each time gets it, so that looking at all it has again and again is linear.
 */
ptrdiff_t
pm_input_read(PmInput *input, char *buffer, size_t size)
{
	size_t got = input->head.size - input->head_used;

	if (got > size)
		got = size;
	if (got > 0)
		memcpy(buffer, input->head.data + input->head_used, got);
	input->head_used += got;
	if (got < size && input->late.fault != PM_READER_FINE)
		*input->failure = input->late;
	while (got < size && input->failure->fault == PM_READER_FINE)
	{
		ptrdiff_t part = input->decoder->read(input, buffer + got, size - got);

		if (part <= 0)
			break;
		got += (size_t) part;
		input->given += part;
	}
	if (input->failure->fault == PM_READER_FINE)
		return (ptrdiff_t) got;
	if (got == 0)
		return -1;
	/* first what comes before it */
	input->late = *input->failure;
	input->failure->fault = PM_READER_FINE;
	return (ptrdiff_t) got;
}

/* Frees what the input owns; the descriptor is the caller's. */
void
pm_input_close(PmInput *input)
{
	if (input->decoder != NULL && input->decoder->close != NULL)
		input->decoder->close(input);
	pm_buffer_free(&input->head);
}
