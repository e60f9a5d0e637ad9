/*
 * pm_xlsx_row.c - the rows of a workbook's sheet as records, and its header
 */
#include "pm_xlsx_private.h"

#include <stdlib.h>
#include <string.h>

#include "pm_char.h"

/* Begins a row. */
static void
begin_row(PmXlsx *xlsx)
{
	const PmText *text = pm_tags_attribute(&xlsx->tags, "r");
	int64_t row = xlsx->row + 1;
	int column;

	if (text != NULL && pm_xlsx_reference(text, &column, &row) && column == -1 && row > 0)
		xlsx->row = row;
	else
		xlsx->row++;
	xlsx->column = -1;
	xlsx->cell_count = 0;
	xlsx->text.size = 0;
	xlsx->size = 0;
	xlsx->is_long = false;
	xlsx->fault = PM_RECORD_GOOD;
	xlsx->fault_column = -1;
}

static inline PmText
cell_text(const PmXlsx *xlsx, int column)
{
	const PmXlsxCell *cell = &xlsx->cells[column];
	PmText text = {NULL, 0};

	if (column >= xlsx->cell_count || !cell->has_value)
		return text;
	text.data = cell->data == NULL ? xlsx->text.data + cell->start : cell->data;
	text.size = cell->size;
	return text;
}

static bool
text_is_blank(PmText text)
{
	for (size_t i = 0; i < text.size; i++)
		if (!pm_is_space(text.data[i]))
			return false;
	return true;
}

/* Takes the cells without anything but blanks off the end; how many are left? */
static int
trim_row(PmXlsx *xlsx)
{
	while (xlsx->cell_count > 0 && text_is_blank(cell_text(xlsx, xlsx->cell_count - 1)))
		xlsx->cell_count--;
	return xlsx->cell_count;
}

/* Does the first row look like a header?  All of it is text, and none of that a number. */
static bool
looks_like_header(const PmXlsx *xlsx)
{
	for (int i = 0; i < xlsx->cell_count; i++)
	{
		PmText text = cell_text(xlsx, i);
		bool has_letter = false;

		if (text.data == NULL)
			continue;
		for (size_t j = 0; j < text.size; j++)
			has_letter |= pm_is_letter(text.data[j]);
		if (!xlsx->cells[i].is_text || !has_letter)
			return false;
	}
	return true;
}

/* Takes the row as names of the columns. */
static bool
take_header(PmXlsx *xlsx)
{
	size_t size = 0;

	xlsx->names = calloc((size_t) xlsx->cell_count, sizeof(PmText));
	for (int i = 0; i < xlsx->cell_count; i++)
		size += cell_text(xlsx, i).size;
	if (xlsx->names == NULL || !pm_buffer_reserve(&xlsx->header, size + 1))
		return pm_xlsx_no_memory(xlsx);
	for (int i = 0; i < xlsx->cell_count; i++)
	{
		PmText text = cell_text(xlsx, i);

		xlsx->names[i].data = xlsx->header.data + xlsx->header.size;
		xlsx->names[i].size = text.size;
		pm_buffer_add(&xlsx->header, text.data, text.size);
	}
	xlsx->name_count = xlsx->cell_count;
	xlsx->reader->names = xlsx->names;
	xlsx->reader->name_count = xlsx->name_count;
	return true;
}

/* Does the row have the names of the columns again? */
static bool
repeats_header(const PmXlsx *xlsx)
{
	if (xlsx->cell_count != xlsx->name_count || xlsx->name_count == 0)
		return false;
	for (int i = 0; i < xlsx->name_count; i++)
	{
		PmText text = cell_text(xlsx, i);

		if (text.size != xlsx->names[i].size ||
		    (text.size > 0 && memcmp(text.data, xlsx->names[i].data, text.size) != 0))
			return false;
	}
	return true;
}

/* Gives the row as a record. */
static PmReadStatus
give_row(PmXlsx *xlsx, PmRecord *record)
{
	int count = xlsx->cell_count;

	if (xlsx->width < count)
		xlsx->width = count;
	if (count < xlsx->name_count)
		count = xlsx->name_count;
	if (xlsx->name_count == 0)
		count = xlsx->width;
	else if (count > xlsx->name_count && xlsx->fault == PM_RECORD_GOOD)
	{
		xlsx->fault = PM_RECORD_TOO_MANY;
		xlsx->fault_column = xlsx->name_count;
	}
	else if (xlsx->fault == PM_RECORD_GOOD && repeats_header(xlsx))
		xlsx->fault = PM_RECORD_REPEATS_HEADER;

	/* a blank at the end is no value, whatever is wrong with it */
	if (xlsx->fault_column >= count)
		xlsx->fault_column = -1;

	memset(record, 0, sizeof(*record));
	record->number = ++xlsx->count;
	record->line = xlsx->row;
	record->offset = -1;
	record->fault_column = xlsx->fault_column;
	record->fault_line = xlsx->row;
	record->fault_offset = -1;
	if (xlsx->is_long)
	{
		record->fault = PM_RECORD_TOO_LONG;
		return PM_READ_RECORD;
	}
	record->fault = xlsx->fault;
	for (int i = 0; i < count; i++)
		xlsx->fields[i] = cell_text(xlsx, i);
	xlsx->raw.size = 0;
	if (!pm_buffer_add_csv(&xlsx->raw, xlsx->fields, count))
	{
		pm_xlsx_no_memory(xlsx);
		return PM_READ_FAILED;
	}
	record->raw.data = xlsx->raw.data;
	record->raw.size = xlsx->raw.size;
	record->fields = xlsx->fields;
	record->field_count = count;
	return PM_READ_RECORD;
}

/* Ends a row: PM_READ_AGAIN if it is the header, blank, or one to skip. */
static PmReadStatus
finish_row(PmXlsx *xlsx, PmRecord *record)
{
	const PmReaderOptions *options = &xlsx->reader->options;

	if (xlsx->row <= options->skip || (trim_row(xlsx) == 0 && !xlsx->is_long))
		return PM_READ_AGAIN;
	if (!xlsx->is_started)
	{
		bool is_header =
		    options->header > 0 || (options->header == 0 && looks_like_header(xlsx));

		xlsx->is_started = true;
		xlsx->reader->found.header = is_header ? 1 : -1;
		if (is_header && xlsx->is_long)
		{
			pm_reader_fail(&xlsx->reader->failure, PM_READER_NO_HEADER, 0, "");
			return PM_READ_FAILED;
		}
		if (is_header)
			return take_header(xlsx) ? PM_READ_AGAIN : PM_READ_FAILED;
	}
	return give_row(xlsx, record);
}

/*
 * A tag or text of the sheet; PM_READ_AGAIN: no row has ended.  Rows, cells and values are
 * what stands where the format has them: anywhere else the same names say nothing.
 */
PmReadStatus
pm_xlsx_take_sheet(PmXlsx *xlsx, PmTagsEvent event, PmRecord *record)
{
	PmTags *tags = &xlsx->tags;
	bool is_open = event == PM_TAGS_OPEN;
	int level = tags->depth + !is_open - xlsx->data_depth;
	bool done = true;

	if (event == PM_TAGS_TEXT)
		done = !xlsx->in_value || pm_xlsx_add_value(xlsx);
	else if (xlsx->data_depth == 0)
		xlsx->data_depth = is_open && pm_tags_is(tags, "sheetData") ? tags->depth : 0;
	else if (level == 0)
		xlsx->data_depth = 0;
	else if (level == 3 && pm_tags_is(tags, "v"))
	{
		xlsx->in_value = is_open;
		xlsx->has_value |= is_open;
	}
	else if (level == 2 && pm_tags_is(tags, "c"))
	{
		if (is_open)
			pm_xlsx_begin_cell(xlsx);
		else
			done = pm_xlsx_finish_cell(xlsx);
	}
	else if (level == 1 && pm_tags_is(tags, "row"))
	{
		if (!is_open)
			return finish_row(xlsx, record);
		begin_row(xlsx);
	}
	else if (level == 3 && pm_tags_is(tags, "is"))
		xlsx->has_value = true;
	else
		pm_xlsx_take_text(xlsx, event);
	return done ? PM_READ_AGAIN : PM_READ_FAILED;
}
