/*
 * pm_cell.h - numbers and dates of cells, as text
 *
 * A workbook has numbers as binary floating point and dates as numbers of days, which
 * only the format of the cell tells from numbers.
 *
 * Pure: no allocation, no global state; any bytes are legal input.
 */
#ifndef PM_CELL_H
#define PM_CELL_H

#include <locale.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PM_CELL_TEXT_MAX 128 /* bytes that a number or date takes, at most */

typedef enum PmCellKind
{
	PM_CELL_NUMBER = 0,
	PM_CELL_DATE,
	PM_CELL_TIME,
	PM_CELL_DATE_TIME,
	PM_CELL_DURATION /* hours do not end at 24 */
} PmCellKind;

extern PmCellKind pm_cell_kind_of_id(int id);
extern PmCellKind pm_cell_kind_of_code(const char *code, size_t size);
extern size_t pm_cell_number(const char *text, size_t size, locale_t c_locale, char *out);
extern size_t pm_cell_date(const char *text, size_t size, PmCellKind kind, bool from_1904,
                           locale_t c_locale, char *out);
extern size_t pm_cell_unescape(char *text, size_t size);
extern bool pm_cell_is_escape(const char *at, const char *end);

#endif /* PM_CELL_H */
