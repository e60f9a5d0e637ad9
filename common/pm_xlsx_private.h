/*
 * pm_xlsx_private.h - the state of a reader of a workbook's sheet
 */
#ifndef PM_XLSX_PRIVATE_H
#define PM_XLSX_PRIVATE_H

#include <locale.h>

#include "pm_reader_private.h"
#include "pm_strings.h"
#include "pm_tags.h"
#include "pm_workbook.h"
#include "pm_zip.h"

typedef enum PmXlsxPhase
{
	PM_XLSX_EXPAND, /* into a temporary file */
	PM_XLSX_ROOT_RELS,
	PM_XLSX_WORKBOOK_RELS,
	PM_XLSX_WORKBOOK,
	PM_XLSX_STYLES,
	PM_XLSX_STRINGS,
	PM_XLSX_SHEET
} PmXlsxPhase;

typedef enum PmXlsxType
{
	PM_XLSX_NUMBER,
	PM_XLSX_SHARED,
	PM_XLSX_TEXT, /* in the cell, or of a formula */
	PM_XLSX_BOOLEAN,
	PM_XLSX_ERROR
} PmXlsxType;

typedef struct PmXlsxCell
{
	bool has_value;
	bool is_text;     /* not a number, date, boolean or error */
	bool is_number;   /* neither a date nor a time */
	const char *data; /* NULL: at start in the row's text */
	size_t start;
	size_t size;
} PmXlsxCell;

typedef struct PmXlsx
{
	PmReader *reader;
	locale_t c_locale;
	PmXlsxPhase phase;
	bool is_begun; /* the part of the phase */
	int temp_fd;   /* -1: none */
	int64_t temp_size;
	PmZip *own_zip; /* in the temporary file */
	PmZip *zip;
	PmTags tags;
	PmWorkbook book;
	PmStrings *strings;

	/* a text, shared or of the cell of the moment */
	PmBuffer value;
	PmRecordFault value_fault;
	bool in_value; /* text belongs to it */
	int phonetic;  /* depth of elements that tell how to read it */

	/* the row of the moment */
	int data_depth; /* of the sheet's rows, as depth of tags; zero: outside of them */
	int64_t row;
	int column; /* of the cell of the moment */
	PmXlsxType type;
	int style;
	bool has_value;
	PmXlsxCell *cells;
	int cell_count; /* up to the last one with a value */
	PmBuffer text;
	size_t size; /* of its values; many may be one shared text */
	bool is_long;
	PmRecordFault fault;
	int fault_column;

	PmBuffer header;
	PmText *names;
	int name_count;
	bool is_started; /* the first row was seen */
	PmText *fields;
	bool *numbers;
	int width; /* without a header: columns so far */
	PmBuffer raw;
	int64_t count;
} PmXlsx;

static inline bool
pm_xlsx_no_memory(PmXlsx *xlsx)
{
	return pm_reader_fail(&xlsx->reader->failure, PM_READER_MEMORY, 0, "");
}

/* in pm_xlsx_sheet.c */
extern bool pm_xlsx_take_shared(PmXlsx *xlsx, PmTagsEvent event);
extern PmReadStatus pm_xlsx_take_sheet(PmXlsx *xlsx, PmTagsEvent event, PmRecord *record);

#endif /* PM_XLSX_PRIVATE_H */
