/*
 * pm_xlsx.c - a sheet of an Office Open XML workbook
 *
 * The small parts are read first (pm_workbook.c), then the shared strings (pm_strings.c),
 * then the sheet, row by row (pm_xlsx_sheet.c).  A workbook that is itself
 * compressed is expanded into a temporary file, as its archive is no stream.
 */
#define _GNU_SOURCE /* memmem() */
#include "pm_xlsx_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STRINGS_MEMORY (16 << 20)
#define MAX_TAG        65536 /* bytes, more than a record may have */

/* Goes on to the next part. */
static void
next_phase(PmXlsx *xlsx)
{
	xlsx->phase++;
	xlsx->is_begun = false;
}

/* Begins with a part; if there is none: goes on to the next one, or fails if it must be. */
static bool
begin_part(PmXlsx *xlsx, const char *name, PmReaderFault must_be)
{
	int64_t member = name == NULL ? -1 : pm_zip_find(xlsx->zip, name);

	if (member < 0 && must_be != PM_READER_FINE)
		return pm_reader_fail(&xlsx->reader->failure, must_be, 0, name == NULL ? "" : name);
	if (member < 0)
	{
		next_phase(xlsx);
		return true;
	}
	xlsx->is_begun = true;
	return pm_tags_begin(&xlsx->tags, xlsx->zip, member);
}

/* Begins the part of the phase.  False: failure is set. */
static bool
begin_phase(PmXlsx *xlsx)
{
	PmReader *reader = xlsx->reader;
	PmWorkbook *book = &xlsx->book;
	char *part;
	bool done;

	switch (xlsx->phase)
	{
		case PM_XLSX_ROOT_RELS:
			book->workbook = strdup("xl/workbook.xml");
			return book->workbook != NULL ? begin_part(xlsx, "_rels/.rels", PM_READER_FINE)
			                              : pm_xlsx_no_memory(xlsx);
		case PM_XLSX_WORKBOOK_RELS:
			part = pm_workbook_rels_part(book);
			if (part == NULL)
				return pm_xlsx_no_memory(xlsx);
			done = begin_part(xlsx, part, PM_READER_FINE);
			free(part);
			return done;
		case PM_XLSX_WORKBOOK:
			return begin_part(xlsx, book->workbook, PM_READER_BAD_ARCHIVE);
		case PM_XLSX_STYLES:
			return begin_part(xlsx, book->styles, PM_READER_FINE);
		case PM_XLSX_STRINGS:
			xlsx->strings = pm_strings_make(STRINGS_MEMORY, reader->options.temp_dir);
			return xlsx->strings != NULL ? begin_part(xlsx, book->strings, PM_READER_FINE)
			                             : pm_xlsx_no_memory(xlsx);
		default:
			if (!pm_strings_ready(xlsx->strings, &reader->failure))
				return false;
			if (book->sheet == NULL)
				return pm_reader_fail(
				    &reader->failure, PM_READER_NO_SHEET, 0,
				    reader->options.sheet == NULL ? "" : reader->options.sheet);
			return begin_part(xlsx, book->sheet, PM_READER_NO_SHEET);
	}
}

/* Expands some more of a workbook that is itself compressed. */
static bool
expand(PmXlsx *xlsx)
{
	PmReader *reader = xlsx->reader;
	ptrdiff_t got;

	if (xlsx->temp_fd < 0)
		xlsx->temp_fd = pm_temp_file(reader->options.temp_dir, &reader->failure);
	if (xlsx->temp_fd < 0)
		return false;
	if (!pm_buffer_reserve(&xlsx->raw, reader->chunk))
		return pm_xlsx_no_memory(xlsx);
	got = pm_input_read(&reader->input, xlsx->raw.data, reader->chunk);
	if (got < 0)
		return false;
	for (ptrdiff_t done = 0; done < got;)
	{
		ssize_t wrote = pwrite(xlsx->temp_fd, xlsx->raw.data + done, (size_t) (got - done),
		                       (off_t) (xlsx->temp_size));

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return pm_reader_fail(&reader->failure, PM_READER_IO,
			                      wrote < 0 ? errno : ENOSPC, "a temporary file");
		done += wrote;
		xlsx->temp_size += wrote;
	}
	if (got > 0)
		return true;
	xlsx->own_zip = xlsx->zip = pm_zip_open(&reader->input, xlsx->temp_fd, xlsx->temp_size);
	next_phase(xlsx);
	return xlsx->zip != NULL;
}

/* The end of the sheet. */
static PmReadStatus
finish_sheet(PmXlsx *xlsx)
{
	if (xlsx->is_started || xlsx->reader->options.header <= 0)
		return PM_READ_END;
	pm_reader_fail(&xlsx->reader->failure, PM_READER_NO_HEADER, 0, "");
	return PM_READ_FAILED;
}

static PmReadStatus
xlsx_next(PmReader *reader, PmRecord *record)
{
	PmXlsx *xlsx = reader->state;

	if (xlsx->phase == PM_XLSX_EXPAND)
		return expand(xlsx) ? PM_READ_AGAIN : PM_READ_FAILED;
	if (!xlsx->is_begun)
		return begin_phase(xlsx) ? PM_READ_AGAIN : PM_READ_FAILED;
	for (;;)
	{
		PmTagsEvent event = pm_tags_next(&xlsx->tags);
		PmReadStatus status = PM_READ_AGAIN;
		bool done = true;

		if (event == PM_TAGS_MORE)
			return PM_READ_AGAIN;
		if (event == PM_TAGS_FAILED)
			return PM_READ_FAILED;
		if (event == PM_TAGS_END)
		{
			if (xlsx->phase == PM_XLSX_SHEET)
				return finish_sheet(xlsx);
			next_phase(xlsx);
			return PM_READ_AGAIN;
		}
		switch (xlsx->phase)
		{
			case PM_XLSX_ROOT_RELS:
				done = pm_workbook_root_rels(&xlsx->book, &xlsx->tags, event);
				break;
			case PM_XLSX_WORKBOOK_RELS:
				done = pm_workbook_rels(&xlsx->book, &xlsx->tags, event);
				break;
			case PM_XLSX_WORKBOOK:
				done = pm_workbook_sheets(&xlsx->book, &xlsx->tags, event);
				break;
			case PM_XLSX_STYLES:
				done = pm_workbook_styles(&xlsx->book, &xlsx->tags, event);
				break;
			case PM_XLSX_STRINGS:
				done = pm_xlsx_take_shared(xlsx, event);
				break;
			default:
				status = pm_xlsx_take_sheet(xlsx, event, record);
				break;
		}
		if (!done)
			return PM_READ_FAILED;
		if (status != PM_READ_AGAIN)
			return status;
	}
}

/* Does a file begin like an archive that has a workbook? */
static bool
begins_like_workbook(const PmBuffer *head)
{
	return head->size >= 4 && memcmp(head->data, "PK\3\4", 4) == 0 &&
	       (memmem(head->data, head->size, "[Content_Types].xml", 19) != NULL ||
	        memmem(head->data, head->size, "xl/", 3) != NULL);
}

/* A workbook, or a compressed one?  Excel's other files are refused by name. */
static bool
xlsx_matches(PmReader *reader)
{
	PmZip *zip = pm_zip_of_input(&reader->input);
	const PmBuffer *head = &reader->input.head;

	if (zip != NULL && pm_zip_find(zip, "[Content_Types].xml") >= 0)
		return true;
	if (!pm_input_peek(&reader->input))
		return false;
	if (head->size >= 8 && memcmp(head->data, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8) == 0)
		return pm_reader_fail(&reader->failure, PM_READER_NO_FORMAT, 0,
		                      "an encrypted workbook, or one of Excel 97 (.xls)");
	return begins_like_workbook(head);
}

static bool
xlsx_open(PmReader *reader)
{
	PmXlsx *xlsx = calloc(1, sizeof(*xlsx));
	size_t columns = (size_t) reader->options.max_columns;

	reader->state = xlsx;
	if (xlsx == NULL)
		return pm_reader_fail(&reader->failure, PM_READER_MEMORY, 0, "");
	xlsx->reader = reader;
	xlsx->temp_fd = -1;
	pm_tags_make(&xlsx->tags, &reader->input, reader->chunk,
	             reader->options.max_record + MAX_TAG);
	xlsx->c_locale = newlocale(LC_ALL_MASK, "C", (locale_t) 0);
	xlsx->cells = calloc(columns, sizeof(PmXlsxCell));
	xlsx->fields = calloc(columns, sizeof(PmText));
	xlsx->numbers = calloc(columns, sizeof(bool));
	if (xlsx->c_locale == (locale_t) 0 || xlsx->cells == NULL || xlsx->fields == NULL ||
	    xlsx->numbers == NULL || !pm_buffer_reserve(&xlsx->text, 1) ||
	    !pm_buffer_reserve(&xlsx->value, 1))
		return pm_xlsx_no_memory(xlsx);
	reader->found.encoding = PM_ENCODING_UTF8;
	xlsx->zip = pm_zip_of_input(&reader->input);
	if (xlsx->zip != NULL && pm_zip_find(xlsx->zip, "[Content_Types].xml") >= 0)
	{
		xlsx->phase = PM_XLSX_ROOT_RELS;
		return true;
	}
	if (!pm_input_peek(&reader->input))
		return false;
	return begins_like_workbook(&reader->input.head) ||
	       pm_reader_fail(&reader->failure, PM_READER_BAD_ARCHIVE, 0, "no workbook");
}

static void
xlsx_close(PmReader *reader)
{
	PmXlsx *xlsx = reader->state;

	if (xlsx == NULL)
		return;
	pm_zip_close(xlsx->own_zip);
	if (xlsx->temp_fd >= 0)
		close(xlsx->temp_fd);
	if (xlsx->c_locale != (locale_t) 0)
		freelocale(xlsx->c_locale);
	pm_tags_free(&xlsx->tags);
	pm_workbook_free(&xlsx->book);
	pm_strings_free(xlsx->strings);
	pm_buffer_free(&xlsx->value);
	pm_buffer_free(&xlsx->text);
	pm_buffer_free(&xlsx->header);
	pm_buffer_free(&xlsx->raw);
	free(xlsx->cells);
	free(xlsx->fields);
	free(xlsx->numbers);
	free(xlsx->names);
	free(xlsx);
}

const PmReaderFormat pm_xlsx_format = {PM_FORMAT_XLSX, xlsx_matches, xlsx_open, xlsx_next,
                                       xlsx_close};
