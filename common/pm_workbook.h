/*
 * pm_workbook.h - what of a workbook a reader of one sheet needs: which parts, which formats
 *
 * The parts are read in this order, each tag by tag:
 *
 *   _rels/.rels                    where the workbook is
 *   xl/_rels/workbook.xml.rels     where its sheets, shared strings and styles are
 *   xl/workbook.xml                names of the sheets, and the first day of its calendar
 *   xl/styles.xml                  which styles of cells show dates
 *
 * Their places are those that most programs use, not the only ones.  Namespaces are told by
 * what they end with, as those of Strict Open XML have other beginnings.
 */
#ifndef PM_WORKBOOK_H
#define PM_WORKBOOK_H

#include "pm_cell.h"
#include "pm_tags.h"

typedef struct PmSheet
{
	char *id;
	char *part;
} PmSheet;

typedef struct PmNumberFormat
{
	int id;
	PmCellKind kind;
} PmNumberFormat;

typedef struct PmWorkbook
{
	char *workbook; /* places of parts; NULL: there is none */
	char *strings;
	char *styles;
	char *sheet; /* the one that is meant */
	PmSheet *sheets;
	int sheet_count;
	int sheet_room;
	bool from_1904;
	bool in_cell_styles;
	PmNumberFormat *formats;
	int format_count;
	int format_room;
	uint8_t *kinds; /* by style of a cell: PmCellKind */
	int kind_count;
	int kind_room;
} PmWorkbook;

/* Take the tag that an event tells; false: the failure of tags' input is set. */
extern bool pm_workbook_root_rels(PmWorkbook *book, PmTags *tags, PmTagsEvent event);
extern bool pm_workbook_rels(PmWorkbook *book, PmTags *tags, PmTagsEvent event);
extern bool pm_workbook_sheets(PmWorkbook *book, PmTags *tags, PmTagsEvent event);
extern bool pm_workbook_styles(PmWorkbook *book, PmTags *tags, PmTagsEvent event);
extern char *pm_workbook_rels_part(const PmWorkbook *book);
extern void pm_workbook_free(PmWorkbook *book);

#endif /* PM_WORKBOOK_H */
