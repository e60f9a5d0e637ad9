/*
 * pm_zip.c - members of a ZIP archive, and one of them as a decoder of input
 *
 * libzip reads the archive through a source of ours, which only ever uses pread().  The
 * list of members stands in memory, so archives with a longer one than MAX_DIRECTORY are
 * refused before libzip sees them.  What a member becomes is held against what was read
 * of the file for it, whatever sizes the archive states.
 */
#include "pm_zip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#define MAX_DIRECTORY (16 << 20) /* bytes; 100 000 members have about ten million */

#define PIECE        32768 /* bytes expanded at once */
#define END_SIZE     22    /* end of central directory, without its comment */
#define LOCATOR_SIZE 20    /* where that of ZIP64 is */
#define END64_SIZE   56
#define MAX_COMMENT  65535

struct PmZip
{
	PmInput *input;
	int fd;
	int64_t size;
	int64_t offset; /* of the source */
	zip_t *archive;
	zip_file_t *file; /* the member that is read */
	int64_t taken;    /* bytes of the file for members */
	int64_t given;    /* bytes of members */
	size_t piece_size;
	size_t piece_used;
	char piece[PIECE]; /* of the member */
};

static uint64_t
little_endian(const unsigned char *bytes, int count)
{
	uint64_t value = 0;

	while (count-- > 0)
		value = value << 8 | bytes[count];
	return value;
}

/* Reads exactly so many bytes; false: there are fewer, or failure is set. */
static bool
read_exactly(PmZip *zip, void *buffer, size_t size, int64_t offset)
{
	size_t got = 0;

	while (got < size)
	{
		ptrdiff_t part = pm_input_pread_of(zip->input, zip->fd, (char *) buffer + got,
		                                   size - got, offset + (int64_t) got);

		if (part <= 0)
			return false;
		got += (size_t) part;
	}
	return true;
}

/* How long is the list of members that an end of ZIP64 states?  Zero: there is none. */
static uint64_t
directory_size64(PmZip *zip, const unsigned char *locator)
{
	uint64_t offset = little_endian(locator + 8, 8);
	unsigned char end[END64_SIZE];

	if (offset > (uint64_t) zip->size ||
	    !read_exactly(zip, end, END64_SIZE, (int64_t) offset) ||
	    memcmp(end, "PK\6\6", 4) != 0)
		return 0;
	return little_endian(end + 40, 8);
}

/* Refuses an archive whose end, or what looks like one, states too long a list. */
static bool
check_directory(PmZip *zip)
{
	size_t size = LOCATOR_SIZE + END_SIZE + MAX_COMMENT;
	unsigned char *tail;
	uint64_t longest = 0;

	if ((int64_t) size > zip->size)
		size = (size_t) zip->size;
	tail = malloc(size + 1);
	if (tail == NULL)
		return pm_reader_fail(zip->input->failure, PM_READER_MEMORY, 0, "");
	if (!read_exactly(zip, tail, size, zip->size - (int64_t) size))
		size = 0;
	for (size_t at = 0; at + LOCATOR_SIZE <= size; at++)
	{
		uint64_t stated = 0;

		if (memcmp(tail + at, "PK\5\6", 4) == 0 && at + END_SIZE <= size)
		{
			stated = little_endian(tail + at + 12, 4);
			if (stated == UINT32_MAX)
				stated = 0; /* ZIP64 has it */
		}
		else if (memcmp(tail + at, "PK\6\7", 4) == 0)
			stated = directory_size64(zip, tail + at);
		if (stated > longest)
			longest = stated;
	}
	free(tail);
	if (zip->input->failure->fault != PM_READER_FINE)
		return false;
	return longest <= MAX_DIRECTORY ||
	       pm_reader_fail(zip->input->failure, PM_READER_BOMB, 0, "too many members");
}

/* The source that libzip reads. */
static zip_int64_t
source(void *state, void *data, zip_uint64_t size, zip_source_cmd_t command)
{
	PmZip *zip = state;

	switch (command)
	{
		case ZIP_SOURCE_OPEN:
			zip->offset = 0;
			return 0;
		case ZIP_SOURCE_CLOSE:
		case ZIP_SOURCE_FREE:
			return 0;
		case ZIP_SOURCE_READ:
		{
			ptrdiff_t got =
			    pm_input_pread_of(zip->input, zip->fd, data, (size_t) size, zip->offset);

			if (got > 0)
			{
				zip->offset += got;
				if (zip->file != NULL)
					zip->taken += got;
			}
			return got;
		}
		case ZIP_SOURCE_SEEK:
		{
			zip_error_t error;
			zip_int64_t offset = zip_source_seek_compute_offset(
			    (zip_uint64_t) zip->offset, (zip_uint64_t) zip->size, data, size, &error);

			if (offset < 0)
				return -1;
			zip->offset = offset;
			return 0;
		}
		case ZIP_SOURCE_TELL:
			return zip->offset;
		case ZIP_SOURCE_STAT:
		{
			zip_stat_t *status = data;

			zip_stat_init(status);
			status->size = (zip_uint64_t) zip->size;
			status->valid |= ZIP_STAT_SIZE;
			return sizeof(*status);
		}
		case ZIP_SOURCE_ERROR:
		{
			int codes[2] = {ZIP_ER_READ, zip->input->failure->code};

			if (size < sizeof(codes))
				return -1;
			memcpy(data, codes, sizeof(codes));
			return sizeof(codes);
		}
		case ZIP_SOURCE_SUPPORTS:
			return zip_source_make_command_bitmap(
			    ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT,
			    ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE, ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL,
			    ZIP_SOURCE_SUPPORTS, -1);
		default:
			return -1;
	}
}

/* Notes an error of libzip as a damaged archive, or as lack of memory. */
static bool
zip_failed(PmZip *zip, zip_error_t *error)
{
	int code = zip_error_code_zip(error);

	return pm_reader_fail(zip->input->failure,
	                      code == ZIP_ER_MEMORY ? PM_READER_MEMORY : PM_READER_BAD_ARCHIVE,
	                      code, zip_error_strerror(error));
}

/*
 * Opens an archive in the first size bytes of a descriptor, which stays the caller's.
 * NULL: failure is set.
 */
PmZip *
pm_zip_open(PmInput *input, int fd, int64_t size)
{
	PmZip *zip = calloc(1, sizeof(*zip));
	zip_source_t *made;
	zip_error_t error;

	if (zip == NULL)
	{
		pm_reader_fail(input->failure, PM_READER_MEMORY, 0, "");
		return NULL;
	}
	zip->input = input;
	zip->fd = fd;
	zip->size = size;
	if (!check_directory(zip))
	{
		free(zip);
		return NULL;
	}
	zip_error_init(&error);
	made = zip_source_function_create(source, zip, &error);
	if (made != NULL)
		zip->archive = zip_open_from_source(made, ZIP_RDONLY, &error);
	if (zip->archive == NULL)
	{
		zip_failed(zip, &error);
		zip_source_free(made);
		free(zip);
		zip = NULL;
	}
	zip_error_fini(&error);
	return zip;
}

/* The number of a member, whatever the case of its name; -1: there is none of that name. */
int64_t
pm_zip_find(PmZip *zip, const char *name)
{
	int64_t index = zip_name_locate(zip->archive, name, 0);

	return index >= 0 ? index : zip_name_locate(zip->archive, name, ZIP_FL_NOCASE);
}

/* Notes what is wrong with a member. */
static bool
member_failed(PmZip *zip, int64_t index, const char *what)
{
	const char *name = zip_get_name(zip->archive, (zip_uint64_t) index, ZIP_FL_ENC_GUESS);
	char detail[sizeof(zip->input->failure->detail)];

	snprintf(detail, sizeof(detail), "%s: %s", what, name == NULL ? "" : name);
	return pm_reader_fail(zip->input->failure, PM_READER_BAD_ARCHIVE, 0, detail);
}

/* Begins to read a member from its start, and ends with the one before. */
bool
pm_zip_begin(PmZip *zip, int64_t index)
{
	zip_stat_t status;

	if (zip->file != NULL)
		zip_fclose(zip->file);
	zip->file = NULL;
	zip->piece_size = zip->piece_used = 0;
	if (zip_stat_index(zip->archive, (zip_uint64_t) index, 0, &status) != 0)
		return zip_failed(zip, zip_get_error(zip->archive));
	if ((status.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 &&
	    status.encryption_method != ZIP_EM_NONE)
		return member_failed(zip, index, "encrypted");
	if ((status.valid & ZIP_STAT_COMP_METHOD) != 0 &&
	    zip_compression_method_supported(status.comp_method, 0) == 0)
		return member_failed(zip, index, "unknown compression method");
	zip->file = zip_fopen_index(zip->archive, (zip_uint64_t) index, 0);
	return zip->file != NULL || zip_failed(zip, zip_get_error(zip->archive));
}

/* Expands some more of the member; false: failure is set. */
static bool
expand(PmZip *zip)
{
	zip_int64_t got = zip_fread(zip->file, zip->piece, PIECE);

	if (got < 0)
		return zip_failed(zip, zip_file_get_error(zip->file));
	zip->piece_size = (size_t) got;
	zip->piece_used = 0;
	zip->given += got;
	zip->input->taken = zip->taken < zip->input->size ? zip->taken : zip->input->size;
	return pm_input_allows(zip->input, zip->given, zip->taken);
}

/*
 * Reads on in the member; as pm_input_read().  libzip drops what it had before it met
 * damage, so it always reads by pieces of one size: what comes before depends on the file
 * alone.
 */
ptrdiff_t
pm_zip_read(PmZip *zip, char *buffer, size_t size)
{
	if (zip->piece_used == zip->piece_size && !expand(zip))
		return -1;
	if (size > zip->piece_size - zip->piece_used)
		size = zip->piece_size - zip->piece_used;
	memcpy(buffer, zip->piece + zip->piece_used, size);
	zip->piece_used += size;
	return (ptrdiff_t) size;
}

/* NULL is nothing. */
void
pm_zip_close(PmZip *zip)
{
	if (zip == NULL)
		return;
	if (zip->file != NULL)
		zip_fclose(zip->file);
	zip_discard(zip->archive);
	free(zip);
}

/* Does a name match a pattern?  * stands for any bytes, ? for one character. */
bool
pm_glob(const char *pattern, const char *name)
{
	const char *star = NULL;
	const char *from = NULL;

	while (*name != '\0')
	{
		if (*pattern == '*')
		{
			star = ++pattern;
			from = name;
		}
		else if (*pattern == '?')
		{
			pattern++;
			do
				name++;
			while (((unsigned char) *name & 0xC0) == 0x80);
		}
		else if (*pattern == *name)
		{
			pattern++;
			name++;
		}
		else if (star != NULL)
		{
			pattern = star;
			name = ++from;
		}
		else
			return false;
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

/* Is a member a file that someone packed, and none that a system adds by itself? */
static bool
is_file(const char *name)
{
	const char *base = strrchr(name, '/');

	base = base == NULL ? name : base + 1;
	return *base != '\0' && *base != '.' && strncmp(name, "__MACOSX/", 9) != 0;
}

/* Begins the member that is meant: the one that matches, or the only file. */
static bool
begin_meant(PmInput *input, PmZip *zip)
{
	const char *pattern = input->options->member;
	zip_int64_t count = zip_get_num_entries(zip->archive, 0);
	const char *chosen_name = NULL;
	zip_int64_t chosen = -1;
	char detail[sizeof(input->failure->detail)];

	for (zip_int64_t i = 0; i < count; i++)
	{
		const char *name = zip_get_name(zip->archive, (zip_uint64_t) i, ZIP_FL_ENC_GUESS);

		if (name == NULL || !(pattern == NULL ? is_file(name) : pm_glob(pattern, name)))
			continue;
		if (chosen >= 0)
		{
			snprintf(detail, sizeof(detail), "several: %s, %s", chosen_name, name);
			return pm_reader_fail(input->failure, PM_READER_NO_MEMBER, 0, detail);
		}
		chosen = i;
		chosen_name = name;
	}
	if (chosen < 0)
		return pm_reader_fail(input->failure, PM_READER_NO_MEMBER, 0,
		                      pattern == NULL ? "" : pattern);
	pm_reader_note(input->found->member, sizeof(input->found->member), chosen_name);
	return pm_zip_begin(zip, chosen);
}

static bool
zip_decoder_open(PmInput *input)
{
	input->state = pm_zip_open(input, input->fd, input->size);
	input->found->zip = input->state != NULL;
	return input->state != NULL;
}

static ptrdiff_t
zip_decoder_read(PmInput *input, char *buffer, size_t size)
{
	PmZip *zip = input->state;

	if (zip->file == NULL && !begin_meant(input, zip))
		return -1;
	return pm_zip_read(zip, buffer, size);
}

static void
zip_decoder_close(PmInput *input)
{
	pm_zip_close(input->state);
}

const PmDecoder pm_zip_decoder = {"PK\3\4", 4, zip_decoder_open, zip_decoder_read,
                                  zip_decoder_close};

/* The archive that an input is; NULL: it is none. */
PmZip *
pm_zip_of_input(const PmInput *input)
{
	return input->decoder == &pm_zip_decoder ? input->state : NULL;
}
