/*
 * pm_xlsx_write.h - a workbook of one sheet, as bytes
 *
 * Rows are what pm_buffer_add_csv() makes of the records of a workbook: an unquoted value
 * that is a number becomes one, all else text in its cell; a value that is empty has no
 * cell.  There are no styles and no shared texts.  The same rows give the same bytes.
 *
 * No PostgreSQL.  Memory is of malloc(), owned by the writer, freed by
 * pm_xlsx_write_free().  Any bytes are legal input.  After a fault every function but that
 * one returns false, and what the file has is of no use.
 */
#ifndef PM_XLSX_WRITE_H
#define PM_XLSX_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pm_text.h"

typedef enum PmXlsxWriteFault
{
	PM_XLSX_WRITE_FINE = 0,
	PM_XLSX_WRITE_MEMORY,
	PM_XLSX_WRITE_TOO_LARGE /* more than max bytes, or 4 GB of XML */
} PmXlsxWriteFault;

typedef struct PmXlsxWriter PmXlsxWriter;

/* Begins after so many blank rows; max is below 4 GB.  NULL: no memory. */
extern PmXlsxWriter *pm_xlsx_write_begin(PmText sheet, int64_t skip, size_t max);
extern bool pm_xlsx_write_names(PmXlsxWriter *writer, const PmText *names, int count);
extern bool pm_xlsx_write_row(PmXlsxWriter *writer, PmText raw);
/* The file is the writer's memory. */
extern bool pm_xlsx_write_end(PmXlsxWriter *writer, PmText *file);
extern PmXlsxWriteFault pm_xlsx_write_fault(const PmXlsxWriter *writer);
extern void pm_xlsx_write_free(PmXlsxWriter *writer);

#endif /* PM_XLSX_WRITE_H */
