/*
 * pm_reader.h - the records of a file, whatever its format
 *
 *   pm_input.c          bytes: plain, gzip, a member of a ZIP; limits against bombs
 *   pm_encoding.c       which encoding text is in, and text as UTF-8
 *   pm_reader.c         opens the reader of a format; what they share
 *   pm_csv.c            delimiter-separated text
 *   pm_csv_dialect.c    its delimiter, quote and header, found by looking
 *   pm_xlsx.c           a sheet of an Office Open XML workbook
 *   pm_xml.c            elements at a path of an XML document
 *   pm_json.c           objects of a JSON array, at a path, or one a line
 *
 * A reader goes through a file once, from its start to its end, in bounded memory.  A
 * record that cannot be taken is a record with a fault: the reader goes on after it.
 * Only a file that cannot be read on ends with PM_READ_FAILED.
 *
 * No PostgreSQL.  Memory is of malloc(), owned by the reader, freed by pm_reader_close().
 * No function calls back into its caller, so nothing can jump out of a library's frame.
 * One call of pm_reader_next() takes in no more than max_record bytes, and returns
 * PM_READ_AGAIN, so that the caller can look for interrupts, where it skips more.
 */
#ifndef PM_READER_H
#define PM_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pm_text.h"

typedef enum PmFormat
{
	PM_FORMAT_DETECT = 0,
	PM_FORMAT_CSV,
	PM_FORMAT_XLSX,
	PM_FORMAT_XML,
	PM_FORMAT_JSON /* one array, an object with an array at a path, or one object a line */
} PmFormat;

typedef enum PmEncoding
{
	PM_ENCODING_DETECT = 0,
	PM_ENCODING_UTF8,
	PM_ENCODING_UTF16LE,
	PM_ENCODING_UTF16BE,
	PM_ENCODING_WINDOWS1252,
	PM_ENCODING_LATIN1, /* ISO 8859-1 */
	PM_ENCODING_LATIN9  /* ISO 8859-15 */
} PmEncoding;

#define PM_DELIMITER_MAX 10 /* bytes */

/* How to read; zero is "find out", or what the comment says. */
typedef struct PmReaderOptions
{
	PmFormat format;
	PmEncoding encoding;
	char delimiter[PM_DELIMITER_MAX + 1]; /* CSV, in UTF-8 */
	char quote;                           /* CSV; '\1': nothing is quoted */
	char escape;                          /* CSV; the quote itself: it is only doubled */
	int header;           /* 1: the first record has the names, -1: none has */
	int64_t skip;         /* lines or rows before the header or first record */
	const char *path;     /* XML, JSON: where the records are, such as catalog/product */
	const char *sheet;    /* XLSX: its name; NULL: the first that is not hidden */
	const char *member;   /* ZIP: its name, * and ? stand for others; NULL: the only file */
	const char *joiner;   /* between values of one name in one record; NULL: "|" */
	size_t max_record;    /* bytes; zero: 8 MB */
	int max_columns;      /* zero: 2000 */
	int64_t max_expanded; /* bytes that compressed data may become; zero: 64 GB */
	int max_ratio;        /* to one compressed byte, above 100 MB; zero: 200 */
	const char *temp_dir; /* for what does not fit into memory; NULL: /tmp */
} PmReaderOptions;

typedef enum PmReadStatus
{
	PM_READ_RECORD, /* a record, with a fault or none */
	PM_READ_AGAIN,  /* nothing yet */
	PM_READ_END,
	PM_READ_FAILED /* pm_reader_failure() says why */
} PmReadStatus;

typedef enum PmRecordFault
{
	PM_RECORD_GOOD = 0,
	PM_RECORD_BAD_ENCODING, /* fault_column has bytes that are not of the encoding */
	PM_RECORD_NUL,          /* fault_column has a zero byte */
	PM_RECORD_STRAY_QUOTE, /* a quote inside an unquoted value, or text after the closing one */
	PM_RECORD_UNCLOSED_QUOTE, /* up to the end of the file */
	PM_RECORD_TOO_FEW,        /* fewer values than columns */
	PM_RECORD_TOO_MANY,
	PM_RECORD_TOO_LONG,       /* more than max_record bytes; fields are not there */
	PM_RECORD_REPEATS_HEADER, /* equals the header */
	PM_RECORD_NOT_AN_OBJECT,  /* JSON */
	PM_RECORD_SYNTAX /* JSON, XML: not well-formed, but the next record can be found */
} PmRecordFault;

/*
 * A record.  What it points to is there until the next call, and is well-formed UTF-8
 * without zero bytes: of a record with PM_RECORD_BAD_ENCODING or PM_RECORD_NUL, U+FFFD
 * stands for each byte that cannot be.  A record none of whose values has anything but
 * blanks is passed over.
 */
typedef struct PmRecord
{
	int64_t number; /* from 1, without header, blank records and what was skipped */
	int64_t line;   /* where it starts, from 1; of a workbook: the row of the sheet */
	int64_t offset; /* of its first byte in the expanded file, from 0; of a workbook: -1 */
	PmText raw; /* as it stands there, no line end; of a workbook: CSV, numbers unquoted */
	int field_count; /* as many as there are columns, or more with PM_RECORD_TOO_MANY */
	const PmText *fields; /* by column; data NULL: the record has none */
	const bool *numbers; /* by column: the file has it as a number; NULL: it has no types */
	PmRecordFault fault;
	int fault_column;   /* from 0; -1: none in particular */
	int64_t fault_line; /* where in a record of several lines */
	int64_t fault_offset;
} PmRecord;

/* Why a file cannot be read. */
typedef enum PmReaderFault
{
	PM_READER_FINE = 0,
	PM_READER_IO, /* errno is in code */
	PM_READER_MEMORY,
	PM_READER_BAD_OPTION, /* detail has its name */
	PM_READER_NO_FORMAT,  /* neither of the known ones */
	PM_READER_BAD_ENCODING,
	PM_READER_BAD_ARCHIVE, /* damaged, encrypted, or of an unknown method */
	PM_READER_NO_MEMBER,   /* none of that name, or several */
	PM_READER_BOMB,        /* max_expanded or max_ratio */
	PM_READER_TOO_MANY_COLUMNS,
	PM_READER_NO_HEADER,
	PM_READER_NO_SHEET,
	PM_READER_NO_PATH,  /* nothing at the path */
	PM_READER_SYNTAX,   /* cannot be read on from there */
	PM_READER_FORBIDDEN /* XML: a document type with entities */
} PmReaderFault;

typedef struct PmReaderFailure
{
	PmReaderFault fault;
	int code;       /* errno, the library's, the header's PmRecordFault, how many columns */
	int64_t line;   /* 0: not known */
	int64_t offset; /* -1: not known */
	char detail[256]; /* UTF-8: a name, what the library says; may be empty */
} PmReaderFailure;

/* What a file turned out to be. */
typedef struct PmReaderFound
{
	PmFormat format;
	PmEncoding encoding;
	bool gzip;
	bool zip;
	char member[256];
	char sheet[256]; /* once its first row was looked for */
	char delimiter[PM_DELIMITER_MAX + 1];
	char quote;
	char escape;  /* zero: a quote is doubled, and only that */
	int header;   /* 1 or -1 */
	bool by_line; /* JSON: an object a line, once the first was looked for */
	/*
	 * XML: the declarations of namespaces before the first record, as pairs of a name such
	 * as xmlns:g and its value, each with its zero; those that do not fit are left out.  Of
	 * a name that comes again the last one counts.
	 */
	char namespaces[2048];
	size_t namespaces_size;
	int64_t bytes_read; /* of the file so far, compressed */
	int64_t size;       /* of the file */
} PmReaderFound;

typedef struct PmReader PmReader;

/*
 * Opens a reader on a descriptor of a regular file, which stays the caller's and must
 * stay open; it is read with pread() alone.  NULL: failure says why.
 */
extern PmReader *
pm_reader_open(int fd, const PmReaderOptions *options, PmReaderFailure *failure);
extern PmReadStatus pm_reader_next(PmReader *reader, PmRecord *record);
extern const PmReaderFailure *pm_reader_failure(const PmReader *reader);
extern const PmReaderFound *pm_reader_found(const PmReader *reader);

/*
 * Names of the columns so far, UTF-8: of a CSV or workbook those of the header (empty
 * and repeated ones as they are), or none; of a workbook they are known with the first
 * record; of XML and JSON in the order in which they were met, more with each record.
 */
extern int pm_reader_columns(const PmReader *reader, const PmText **names);
extern void pm_reader_close(PmReader *reader);

#endif /* PM_READER_H */
