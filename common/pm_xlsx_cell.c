/*
 * pm_xlsx_cell.c - the cells of a workbook's sheet, and its shared texts
 *
 * What a cell has becomes text:
 *   number     the shortest exact decimal text; a date or time if its format is one
 *   formula    the value that was saved with it, none if there is none; nothing is computed
 *   boolean    true or false
 *   error      #N/A is no value; others are their text, so that no number is taken for them
 *   merged     the value is in the first of the cells
 */
#include "pm_xlsx_private.h"

#include <string.h>

#include "pm_cell.h"
#include "pm_char.h"

#define MAX_ROW 2000000000

/* Appends text as it is meant to the value of the moment. */
bool
pm_xlsx_add_value(PmXlsx *xlsx)
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
bool
pm_xlsx_take_text(PmXlsx *xlsx, PmTagsEvent event)
{
	if (event == PM_TAGS_TEXT)
		return !xlsx->in_value || pm_xlsx_add_value(xlsx);
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
		return pm_xlsx_take_text(xlsx, event);
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
bool
pm_xlsx_reference(const PmText *text, int *column, int64_t *row)
{
	const char *at = text->data;
	const char *end = at + text->size;

	*column = 0;
	*row = 0;
	for (; at < end && pm_upper(*at) >= 'A' && pm_upper(*at) <= 'Z'; at++)
		if (*column < 100000)
			*column = *column * 26 + (pm_upper(*at) - 'A' + 1);
	for (; at < end && pm_is_digit(*at); at++)
		if (*row < MAX_ROW)
			*row = *row * 10 + (*at - '0');
	(*column)--;
	return at == end && text->size > 0;
}

/* Begins a cell: where it is, what type its value has. */
void
pm_xlsx_begin_cell(PmXlsx *xlsx)
{
	const PmTags *tags = &xlsx->tags;

	clear_value(xlsx);
	xlsx->has_value = false;
	xlsx->type = PM_XLSX_NUMBER;
	xlsx->style = 0;
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
				if (pm_xlsx_reference(value, &column, &row) && column >= 0)
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
		used = pm_cell_number(digits, size, xlsx->c_locale, out);
	if (used == 0)
		return set_text(xlsx, cell, digits, size);
	cell->data = NULL;
	cell->start = xlsx->text.size;
	cell->size = used;
	xlsx->text.size += used;
	return true;
}

/* Ends a cell: its value becomes one of the row. */
bool
pm_xlsx_finish_cell(PmXlsx *xlsx)
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
