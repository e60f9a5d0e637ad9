/*
 * pm_csv_private.h - the state of a reader of delimiter-separated text
 */
#ifndef PM_CSV_PRIVATE_H
#define PM_CSV_PRIVATE_H

#include "pm_csv.h"
#include "pm_encoding.h"
#include "pm_reader_private.h"

typedef struct PmCsv
{
	PmCsvSplitter splitter;
	PmCsvSplitter probe; /* the same dialect, strict: for lines that may begin a record */
	PmEncoding encoding;
	bool certain; /* false: only ASCII so far */
	PmUtf16 utf16;
	PmBuffer units;  /* UTF-16 as it was read */
	PmBuffer window; /* text, of which that before begin is done with */
	size_t begin;
	bool at_end;    /* nothing comes after the window */
	int64_t offset; /* of begin in the file */
	int64_t line;   /* which it is in, from 1 */
	int64_t number; /* of records so far */
	int columns;    /* zero: as many as the first record has */
	int needed;     /* columns without unnamed ones at the end */
	bool skipping;  /* the rest of this line is of a record that was too long */
	PmText *names;
	PmBuffer names_text;
	PmBuffer text;   /* the record as UTF-8 */
	PmBuffer values; /* of the record, without quotes and escapes */
} PmCsv;

/* What is at the beginning of the window. */
typedef enum PmCsvNext
{
	PM_CSV_NEXT_RECORD,
	PM_CSV_NEXT_TOO_LONG, /* its first line is */
	PM_CSV_NEXT_MORE,     /* cannot be told yet */
	PM_CSV_NEXT_END,
	PM_CSV_NEXT_FAILED
} PmCsvNext;

static inline bool
pm_csv_is_utf16(const PmCsv *csv)
{
	return csv->encoding == PM_ENCODING_UTF16LE || csv->encoding == PM_ENCODING_UTF16BE;
}

/* What the text in the window is in. */
static inline PmEncoding
pm_csv_text_encoding(const PmCsv *csv)
{
	return pm_csv_is_utf16(csv) ? PM_ENCODING_UTF8 : csv->encoding;
}

/* in pm_csv.c */
extern bool pm_csv_out_of_memory(PmReader *reader);
extern int64_t pm_csv_file_size(const PmCsv *csv, const char *data, size_t size);
extern void pm_csv_consume(PmCsv *csv, size_t size, int64_t lines);
extern bool pm_csv_fill(PmReader *reader);
extern bool pm_csv_fill_to(PmReader *reader, size_t size);
extern bool pm_csv_skip_mark(PmCsv *csv);
extern PmCsvNext pm_csv_split_next(PmReader *reader);
extern bool pm_csv_skip_line(PmCsv *csv);
extern bool pm_csv_count_fits(const PmCsv *csv, const PmCsvSplitter *splitter);
extern bool pm_csv_is_nothing(const PmCsv *csv);

/* in pm_csv_record.c */
extern bool pm_csv_take_columns(PmReader *reader, int count, int needed);
extern bool pm_csv_deliver(PmReader *reader, PmRecord *record);

/* in pm_csv_open.c */
extern bool pm_csv_matches(PmReader *reader);
extern bool pm_csv_open(PmReader *reader);

#endif /* PM_CSV_PRIVATE_H */
