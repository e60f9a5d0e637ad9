/*
 * pm_csv.h - delimiter-separated text in memory: split a record, find the dialect
 *
 *   pm_csv_split.c     one record's values, as they stand there
 *   pm_csv_dialect.c   delimiter, quote and header of a text that is given without them
 *   pm_csv.c           the reader: the window of the file, where faulty records end
 *   pm_csv_record.c    what was split as a record: encodings, faults
 *
 * Text is bytes of which the ASCII ones mean what they mean in ASCII: UTF-8 and the
 * encodings of one byte a character, not UTF-16.
 */
#ifndef PM_CSV_H
#define PM_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pm_reader.h"

#define PM_CSV_NOTHING_QUOTED '\1' /* for PmCsvDialect.quote */

typedef struct PmCsvDialect
{
	char delimiter[PM_DELIMITER_MAX + 1]; /* as in the text; empty: to be found */
	char quote;                           /* zero: to be found */
	char escape;                          /* zero, or the quote: it is doubled, only that */
} PmCsvDialect;

typedef enum PmCsvFault
{
	PM_CSV_GOOD = 0,
	PM_CSV_STRAY_QUOTE, /* a quote in an unquoted value, or text after the closing one */
	PM_CSV_UNCLOSED_QUOTE
} PmCsvFault;

/* One record. */
typedef struct PmCsvRecord
{
	size_t size;   /* without its line end */
	size_t next;   /* where the next one begins */
	int64_t lines; /* line ends in it, with its own */
	int count;     /* values, of which no more than max are in fields */
	int escaped;   /* values in escaped */
	bool unclosed; /* a quoted value ended with the text */
	PmCsvFault fault;
	int fault_field;
	size_t fault_at; /* the quote that is meant */
	int64_t fault_lines;
} PmCsvRecord;

/* Splits records of one dialect; zero but for dialect and max at first. */
typedef struct PmCsvSplitter
{
	PmCsvDialect dialect;
	int max;     /* values to keep of a record */
	bool strict; /* a record that has a fault or an escaped line end is given up */
	PmText *fields;
	int *escaped; /* which fields have quotes or escapes to take out: see pm_csv_value() */
	int capacity;
	PmCsvRecord record;
} PmCsvSplitter;

typedef enum PmCsvStatus
{
	PM_CSV_RECORD,
	PM_CSV_MORE,    /* it goes on after end */
	PM_CSV_UNCLEAN, /* strict */
	PM_CSV_MEMORY
} PmCsvStatus;

/* What was found about a text without its dialect. */
typedef struct PmCsvGuess
{
	PmCsvDialect dialect;
	int header;  /* 1 or -1 */
	int columns; /* values of most records; zero: there are none, or too many */
} PmCsvGuess;

/* in pm_csv_split.c */
extern PmCsvStatus pm_csv_split(PmCsvSplitter *splitter, const char *data, size_t start,
                                size_t end, bool at_end);
extern size_t pm_csv_value(const PmCsvSplitter *splitter, int escaped, char *out);
extern bool pm_csv_reserve(PmCsvSplitter *splitter, int count);
extern void pm_csv_splitter_free(PmCsvSplitter *splitter);
extern bool pm_csv_dialect_valid(const PmCsvDialect *dialect);
extern size_t pm_csv_line_end(const char *data, size_t start, size_t end);

/* in pm_csv_dialect.c */
extern bool
pm_csv_guess(const char *data, size_t size, bool whole, int header, PmCsvGuess *guess);

#endif /* PM_CSV_H */
