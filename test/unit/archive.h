/*
 * archive.h - ZIP archives that tests make
 */
#ifndef ARCHIVE_H
#define ARCHIVE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "render.h"

typedef struct Member
{
	const char *name;
	const char *data;
	size_t size; /* zero: that of the text */
} Member;

/* An archive of members as bytes; the caller frees it.  Methods are ZIP_CM_, ZIP_EM_. */
static inline char *
archive_of(const Member *members, size_t count, zip_int32_t method, zip_uint16_t encryption,
           size_t *size)
{
	zip_error_t error;
	zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, &error);
	zip_t *zip = zip_open_from_source(source, ZIP_TRUNCATE, &error);
	zip_stat_t status;
	char *bytes;

	if (zip == NULL)
		exit(2);
	zip_source_keep(source);
	for (size_t i = 0; i < count; i++)
	{
		size_t member_size =
		    members[i].size > 0 ? members[i].size : strlen(members[i].data);
		zip_source_t *data = zip_source_buffer(zip, members[i].data, member_size, 0);
		zip_int64_t index = zip_file_add(zip, members[i].name, data, ZIP_FL_ENC_UTF_8);

		if (index < 0 ||
		    zip_set_file_compression(zip, (zip_uint64_t) index, method, 0) != 0 ||
		    (encryption != ZIP_EM_NONE &&
		     zip_file_set_encryption(zip, (zip_uint64_t) index, encryption, "secret") != 0))
			exit(2);
	}
	if (zip_close(zip) != 0 || zip_source_stat(source, &status) != 0 ||
	    zip_source_open(source) != 0)
		exit(2);
	bytes = malloc(status.size);
	if (bytes == NULL ||
	    zip_source_read(source, bytes, status.size) != (zip_int64_t) status.size)
		exit(2);
	zip_source_close(source);
	zip_source_free(source);
	*size = status.size;
	return bytes;
}

#endif /* ARCHIVE_H */
