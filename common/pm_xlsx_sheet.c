/*
 * pm_xlsx_sheet.c - the rows and cells of a workbook's sheet, and its shared texts
 *
 * What a cell has becomes text:
 *   number     the shortest exact decimal text; a date or time if its format is one
 *   formula    the value that was saved with it, none if there is none; nothing is computed
 *   boolean    true or false
 *   error      #N/A is no value; others are their text, so that no number is taken for them
 *   merged     the value is in the first of the cells
 */
#include "pm_xlsx_private.h"

#include <stdlib.h>
#include <string.h>

#include "pm_cell.h"
#include "pm_char.h"

#define MAX_ROW    2000000000
#define MAX_COLUMN 100000 /* beyond what any sheet has */

/* Appends text as it is meant to the value of the moment. */
static bool
add_value(PmXlsx *xlsx)
{
	const PmText *text = &xlsx->tags.text;
	size_t size = xlsx->value.size;

	if (size > xlsx->reader->options.max_record)
	{
		xlsx->value_fault = PM_RECORD_TOO_LONG;
		return true;
	}
	if (!pm_buffer_reserve(&xlsx->value, size + 3 * text->size))
		return pm_xlsx_no_memory(xlsx);
	xlsx->value.size += pm_tags_decode(text->data, text->size, xlsx->value.data + size,
	                                   xlsx->tags.is_cdata, &xlsx->value_fault);
	return true;
}

/*
 * Takes what a text is made of, of a shared string or of a cell itself: the "t" elements
 * outside of phonetic hints.
 */
static bool
take_text(PmXlsx *xlsx, PmTagsEvent event)
{
	if (event == PM_TAGS_TEXT)
		return !xlsx->in_value || add_value(xlsx);
	if (pm_tags_is(&xlsx->tags, "rPh"))
		xlsx->phonetic += event == PM_TAGS_OPEN ? 1 : -1;
	else if (pm_tags_is(&xlsx->tags, "t"))
		xlsx->in_value = event == PM_TAGS_OPEN && xlsx->phonetic == 0;
	return true;
}

/* Begins with an empty value. */
static void
clear_value(PmXlsx *xlsx)
{
	xlsx->value.size = 0;
	xlsx->value_fault = PM_RECORD_GOOD;
	xlsx->in_value = false;
	xlsx->phonetic = 0;
}

/* A tag or text of the shared strings. */
bool
pm_xlsx_take_shared(PmXlsx *xlsx, PmTagsEvent event)
{
	if (event == PM_TAGS_TEXT || !pm_tags_is(&xlsx->tags, "si"))
		return take_text(xlsx, event);
	if (event == PM_TAGS_OPEN)
	{
		clear_value(xlsx);
		return true;
	}
	if (xlsx->value_fault == PM_RECORD_TOO_LONG)
		xlsx->value.size = 0;
	else if (xlsx->value.size > 0)
		xlsx->value.size = pm_cell_unescape(xlsx->value.data, xlsx->value.size);
	return pm_strings_add(xlsx->strings, xlsx->value.data, xlsx->value.size,
	                      xlsx->value_fault, &xlsx->reader->failure);
}

/* The row and column of a reference such as BC12, from 1 and 0; false: it is none. */
static bool
read_reference(const PmText *text, int *column, int64_t *row)
{
	const char *at = text->data;
	const char *end = at + text->size;

	*column = 0;
	*row = 0;
	for (; at < end && pm_upper(*at) >= 'A' && pm_upper(*at) <= 'Z'; at++)
		if (*column < MAX_COLUMN)
			*column = *column * 26 + (pm_upper(*at) - 'A' + 1);
	for (; at < end && pm_is_digit(*at); at++)
		if (*row < MAX_ROW)
			*row = *row * 10 + (*at - '0');
	(*column)--;
	return at == end && text->size > 0;
}

/* Begins a cell: where it is, what type its value has. */
static void
begin_cell(PmXlsx *xlsx)
{
	const PmTags *tags = &xlsx->tags;

	clear_value(xlsx);
	xlsx->has_value = false;
	xlsx->type = PM_XLSX_NUMBER;
	xlsx->style = 0;
	/* those without a value are counted for nothing */
	if (xlsx->column < MAX_COLUMN)
		xlsx->column++;
	for (int i = 0; i < tags->attribute_count; i++)
	{
		const PmText *value = &tags->attributes[i].value;
		int64_t row;
		int column;

		if (tags->attributes[i].name.size != 1 || value->size == 0)
			continue;
		switch (tags->attributes[i].name.data[0])
		{
			case 'r':
				if (read_reference(value, &column, &row) && column >= 0)
					xlsx->column = column;
				break;
			case 's':
				for (size_t j = 0; j < value->size && pm_is_digit(value->data[j]); j++)
					if (xlsx->style < 1000000)
						xlsx->style = xlsx->style * 10 + (value->data[j] - '0');
				break;
			case 't': /* s, str, inlineStr, b, e, d, n */
				if (value->data[0] == 's')
					xlsx->type = value->size == 1 ? PM_XLSX_SHARED : PM_XLSX_TEXT;
				else if (value->data[0] == 'i' || value->data[0] == 'd')
					xlsx->type = PM_XLSX_TEXT;
				else if (value->data[0] == 'b')
					xlsx->type = PM_XLSX_BOOLEAN;
				else if (value->data[0] == 'e')
					xlsx->type = PM_XLSX_ERROR;
				break;
			default:
				break;
		}
	}
}

/* Notes the first fault of the row. */
static void
note_fault(PmXlsx *xlsx, PmRecordFault fault)
{
	if (xlsx->fault != PM_RECORD_GOOD || fault == PM_RECORD_GOOD)
		return;
	xlsx->fault = fault;
	xlsx->fault_column = xlsx->column;
}

/* The value of a cell is text that is copied into the row. */
static bool
set_text(PmXlsx *xlsx, PmXlsxCell *cell, const char *data, size_t size)
{
	cell->data = NULL;
	cell->start = xlsx->text.size;
	cell->size = size;
	return pm_buffer_add(&xlsx->text, data, size) || pm_xlsx_no_memory(xlsx);
}

/* The value of a cell is a shared string. */
static bool
set_shared(PmXlsx *xlsx, PmXlsxCell *cell, const char *digits, size_t size)
{
	PmRecordFault fault = PM_RECORD_GOOD;
	int64_t number = 0;
	PmText text;

	for (size_t i = 0; i < size; i++)
		number = pm_is_digit(digits[i]) && number < INT32_MAX
		             ? number * 10 + (digits[i] - '0')
		             : INT64_C(1) << 40;
	if (size == 0 || xlsx->strings == NULL || number >= pm_strings_count(xlsx->strings))
	{
		note_fault(xlsx, PM_RECORD_SYNTAX);
		return set_text(xlsx, cell, "", 0);
	}
	cell->start = xlsx->text.size;
	if (!pm_strings_get(xlsx->strings, number, &xlsx->text, &text, &fault,
	                    &xlsx->reader->failure))
		return false;
	note_fault(xlsx, fault);
	cell->data = text.data;
	cell->size = text.size;
	return true;
}

/* The value of a cell is a number, or the date or time that it shows. */
static bool
set_number(PmXlsx *xlsx, PmXlsxCell *cell, const char *digits, size_t size)
{
	const PmWorkbook *book = &xlsx->book;
	PmCellKind kind = xlsx->style < book->kind_count ? (PmCellKind) book->kinds[xlsx->style]
	                                                 : PM_CELL_NUMBER;
	size_t used = 0;
	char *out;

	if (!pm_buffer_reserve(&xlsx->text, xlsx->text.size + PM_CELL_TEXT_MAX))
		return pm_xlsx_no_memory(xlsx);
	out = xlsx->text.data + xlsx->text.size;
	if (kind != PM_CELL_NUMBER)
		used = pm_cell_date(digits, size, kind, book->from_1904, xlsx->c_locale, out);
	if (used == 0)
	{
		used = pm_cell_number(digits, size, xlsx->c_locale, out);
		cell->is_number = used > 0;
	}
	if (used == 0)
		return set_text(xlsx, cell, digits, size);
	cell->data = NULL;
	cell->start = xlsx->text.size;
	cell->size = used;
	xlsx->text.size += used;
	return true;
}

/* Ends a cell: its value becomes one of the row. */
static bool
finish_cell(PmXlsx *xlsx)
{
	const char *data = xlsx->value.data;
	size_t size = xlsx->value.size;
	PmXlsxCell *cell;
	bool done;

	if (!xlsx->has_value || xlsx->is_long)
		return true;
	if (xlsx->type != PM_XLSX_TEXT)
	{
		while (size > 0 && pm_is_space(data[size - 1]))
			size--;
		while (size > 0 && pm_is_space(*data))
		{
			data++;
			size--;
		}
		if (size == 0 ||
		    (xlsx->type == PM_XLSX_ERROR && size == 4 && memcmp(data, "#N/A", 4) == 0))
			return true;
	}
	if (xlsx->column >= xlsx->reader->options.max_columns)
		return pm_reader_fail(&xlsx->reader->failure, PM_READER_TOO_MANY_COLUMNS, 0, "");
	while (xlsx->cell_count <= xlsx->column)
		xlsx->cells[xlsx->cell_count++].has_value = false;

	cell = &xlsx->cells[xlsx->column];
	cell->has_value = true;
	cell->is_number = false;
	cell->is_text = xlsx->type == PM_XLSX_TEXT || xlsx->type == PM_XLSX_SHARED;
	switch (xlsx->type)
	{
		case PM_XLSX_SHARED:
			done = set_shared(xlsx, cell, data, size);
			break;
		case PM_XLSX_NUMBER:
			done = set_number(xlsx, cell, data, size);
			break;
		case PM_XLSX_BOOLEAN:
			if (size == 1 && (*data == '0' || *data == '1'))
			{
				data = *data == '1' ? "true" : "false";
				size = strlen(data);
			}
			done = set_text(xlsx, cell, data, size);
			break;
		case PM_XLSX_TEXT:
			if (size > 0)
				size = pm_cell_unescape(xlsx->value.data, size);
			done = set_text(xlsx, cell, data, size);
			break;
		default:
			done = set_text(xlsx, cell, data, size);
			break;
	}
	note_fault(xlsx, xlsx->value_fault);
	xlsx->size += cell->size;
	if (xlsx->size > xlsx->reader->options.max_record)
	{
		/* the row is told without its values */
		xlsx->is_long = true;
		xlsx->text.size = 0;
	}
	return done;
}

/* Begins a row. */
static void
begin_row(PmXlsx *xlsx)
{
	const PmText *text = pm_tags_attribute(&xlsx->tags, "r");
	int64_t row = xlsx->row + 1;
	int column;

	if (text != NULL && read_reference(text, &column, &row) && column == -1 && row > 0)
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

		if (text_is_blank(text))
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
		record->fault_column = -1;
		return PM_READ_RECORD;
	}
	record->fault = xlsx->fault;
	for (int i = 0; i < count; i++)
	{
		xlsx->fields[i] = cell_text(xlsx, i);
		xlsx->numbers[i] = xlsx->fields[i].data != NULL && xlsx->cells[i].is_number;
	}
	xlsx->raw.size = 0;
	if (!pm_buffer_add_csv(&xlsx->raw, xlsx->fields, xlsx->numbers, count))
	{
		pm_xlsx_no_memory(xlsx);
		return PM_READ_FAILED;
	}
	record->raw.data = xlsx->raw.data;
	record->raw.size = xlsx->raw.size;
	record->fields = xlsx->fields;
	record->numbers = xlsx->numbers;
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
		done = !xlsx->in_value || add_value(xlsx);
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
			begin_cell(xlsx);
		else
			done = finish_cell(xlsx);
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
		take_text(xlsx, event);
	return done ? PM_READ_AGAIN : PM_READ_FAILED;
}
