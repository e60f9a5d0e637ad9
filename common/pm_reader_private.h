/*
 * pm_reader_private.h - what the readers of formats share among themselves
 *
 * Bytes come from a PmInput: a decoder expands what is in the file, none if it is plain.
 * Its first PM_INPUT_HEAD bytes can be looked at before they are read; that is how the
 * format, the encoding and the dialect are found.  A workbook is no stream: its reader
 * takes the archive that the decoder of ZIP opened out of the PmInput's state.
 *
 * A format is a line in the table of pm_reader.c, a decoder one in that of pm_input.c.
 * Both are asked in the order of their table.
 */
#ifndef PM_READER_PRIVATE_H
#define PM_READER_PRIVATE_H

#include "pm_reader.h"

#define PM_INPUT_HEAD   65536  /* bytes that can be looked at before they are read */
#define PM_INPUT_MAGIC  8      /* bytes of the file by which a decoder is known */
#define PM_READER_CHUNK 262144 /* bytes read at once */
#define PM_READER_SHOWN 1024   /* bytes of a record that is too long */

/* Bytes that grow; data is NULL at first. */
typedef struct PmBuffer
{
	char *data;
	size_t size;
	size_t capacity;
} PmBuffer;

typedef struct PmInput PmInput;

/* How to expand a file that begins with magic; open is NULL if there is nothing to do. */
typedef struct PmDecoder
{
	const char *magic;
	size_t magic_size;
	bool (*open)(PmInput *input); /* false: failure is set */
	/* up to size bytes: how many, 0 at the end, -1 with failure set */
	ptrdiff_t (*read)(PmInput *input, char *buffer, size_t size);
	void (*close)(PmInput *input); /* also after open failed */
} PmDecoder;

struct PmInput
{
	int fd;
	int64_t size;                   /* of the file when it was opened */
	int64_t taken;                  /* bytes of the file, for progress */
	int64_t given;                  /* bytes that came out of the decoder, head included */
	const PmReaderOptions *options; /* with defaults filled in */
	PmReaderFound *found;
	PmReaderFailure *failure;
	const PmDecoder *decoder;
	void *state; /* the decoder's */
	PmBuffer head;
	size_t head_used;     /* bytes of it that were read */
	PmReaderFailure late; /* failure after the bytes that were read last */
};

typedef struct PmReaderFormat
{
	PmFormat format;
	bool (*matches)(PmReader *reader); /* the file looks like it; failure may be set */
	bool (*open)(PmReader *reader);    /* false: failure is set */
	PmReadStatus (*next)(PmReader *reader, PmRecord *record);
	void (*close)(PmReader *reader); /* also after open failed */
} PmReaderFormat;

struct PmReader
{
	const PmReaderFormat *format;
	PmInput input;
	PmReaderOptions options; /* with defaults filled in; the texts are the reader's own */
	PmReaderFound found;
	PmReaderFailure failure;
	size_t chunk;        /* bytes to read at once; the result is the same whatever it is */
	const PmText *names; /* of the columns, the format's memory */
	int name_count;
	void *state; /* the format's */
};

/* in pm_reader.c */
extern PmReader *pm_reader_open_chunked(int fd, const PmReaderOptions *options,
                                        size_t chunk, PmReaderFailure *failure);
extern bool
pm_reader_fail(PmReaderFailure *failure, PmReaderFault fault, int code, const char *detail);
extern void pm_reader_note(char *out, size_t room, const char *text);
extern size_t pm_reader_begins(PmReader *reader, char *start, size_t size);
extern size_t pm_reader_shown(const PmReader *reader, const char *raw, size_t size);
extern bool pm_buffer_reserve(PmBuffer *buffer, size_t size);
extern bool pm_buffer_add(PmBuffer *buffer, const char *data, size_t size);
extern bool
pm_buffer_add_csv(PmBuffer *buffer, const PmText *fields, const bool *numbers, int count);
extern void pm_buffer_free(PmBuffer *buffer);

/* in pm_json.c, pm_xlsx.c, pm_xml.c */
extern const PmReaderFormat pm_json_format;
extern const PmReaderFormat pm_xlsx_format;
extern const PmReaderFormat pm_xml_format;

/* in pm_gzip.c, pm_zip.c */
extern const PmDecoder pm_gzip_decoder;
extern const PmDecoder pm_zip_decoder;

/* in pm_input.c */
extern bool pm_input_open(PmInput *input);
extern bool pm_input_peek(PmInput *input);
extern ptrdiff_t pm_input_read(PmInput *input, char *buffer, size_t size);
extern ptrdiff_t pm_input_pread(PmInput *input, char *buffer, size_t size, int64_t offset);
extern ptrdiff_t
pm_input_pread_of(PmInput *input, int fd, char *buffer, size_t size, int64_t offset);
extern bool pm_input_allows(PmInput *input, int64_t expanded, int64_t compressed);
extern void pm_input_close(PmInput *input);

/* in pm_csv.c */
extern const PmReaderFormat pm_csv_format;

#endif /* PM_READER_PRIVATE_H */
