/*
 * pm_csv_record.c - what was split as a record: text as UTF-8, faults, values without quotes
 */
#include "pm_csv_private.h"

#include <string.h>

/* Notes a fault of the record, unless it has one. */
static void
note_fault(PmRecord *record, PmRecordFault fault, int column)
{
	if (record->fault != PM_RECORD_GOOD)
		return;
	record->fault = fault;
	record->fault_column = column;
}

/* Says where in the record, so many bytes from its start, its fault is. */
static void
place_fault(const PmCsv *csv, PmRecord *record, size_t size)
{
	const char *data = csv->window.data + csv->begin;

	record->fault_offset = record->offset + pm_csv_file_size(csv, data, size);
	record->fault_line = record->line;
	for (size_t i = 0; i < size; i++)
		if (data[i] == '\n' || (data[i] == '\r' && data[i + 1] != '\n'))
			record->fault_line++;
}

/* Decides what the encoding is, by the first record that has more than ASCII. */
static void
settle_encoding(PmReader *reader, PmText raw)
{
	PmCsv *csv = reader->state;
	PmEncodingGuess guess;

	pm_encoding_detect(raw.data, raw.size, true, &guess);
	if (guess.encoding == PM_ENCODING_WINDOWS1252 || guess.encoding == PM_ENCODING_LATIN1 ||
	    guess.encoding == PM_ENCODING_LATIN9)
		csv->encoding = guess.encoding;
	csv->certain = true;
	reader->found.encoding = csv->encoding;
}

/*
 * Writes the record as UTF-8 and makes its values part of that; notes what cannot be
 * written.  False: no memory.
 */
static bool
convert(PmCsv *csv, PmRecord *record, int count)
{
	const PmEncoding encoding = pm_csv_text_encoding(csv);
	const PmText raw = record->raw;
	PmText *fields = csv->splitter.fields;
	const char *from = raw.data;
	const char *end = raw.data + raw.size;
	size_t used = 0;

	if (raw.size > SIZE_MAX / PM_UTF8_GROWTH ||
	    !pm_buffer_reserve(&csv->text, raw.size * PM_UTF8_GROWTH))
		return false;
	for (int i = 0; i <= count; i++)
	{
		/* what is before the value, then the value; at last what is after all */
		const char *start = i < count ? fields[i].data : end;
		unsigned between = 0;
		unsigned inside = 0;
		size_t size;

		used += pm_encoding_convert(encoding, from, (size_t) (start - from),
		                            csv->text.data + used, &between);
		from = start;
		if (i < count)
		{
			size = pm_encoding_convert(encoding, start, fields[i].size,
			                           csv->text.data + used, &inside);
			from += fields[i].size;
			fields[i].data = csv->text.data + used;
			fields[i].size = size;
			used += size;
		}
		if ((inside | between) != 0)
			note_fault(record,
			           ((inside | between) & PM_TEXT_BAD) != 0 ? PM_RECORD_BAD_ENCODING
			                                                   : PM_RECORD_NUL,
			           inside != 0 ? i : -1);
	}
	record->raw.data = csv->text.data;
	record->raw.size = used;
	return true;
}

/* Makes sure that the record is UTF-8 without zero bytes.  False: no memory. */
static bool
make_utf8(PmReader *reader, PmRecord *record, int count)
{
	PmCsv *csv = reader->state;
	const PmText raw = record->raw;
	unsigned found = pm_encoding_survey(raw.data, raw.size);
	bool was_good = record->fault == PM_RECORD_GOOD;

	if (found == 0)
		return true;
	if ((found & PM_TEXT_HIGH) != 0 && !csv->certain)
		settle_encoding(reader, raw);
	if ((found & PM_TEXT_NUL) == 0 && pm_csv_text_encoding(csv) == PM_ENCODING_UTF8 &&
	    pm_encoding_is_utf8(raw.data, raw.size))
		return true;
	if (!convert(csv, record, count))
		return false;
	if (was_good && record->fault != PM_RECORD_GOOD)
		place_fault(csv, record,
		            pm_encoding_bad_at(pm_csv_text_encoding(csv), raw.data, raw.size));
	return true;
}

/* Takes quotes and escapes out of the values that have them.  False: no memory. */
static bool
take_out_quotes(PmCsv *csv)
{
	PmCsvSplitter *splitter = &csv->splitter;
	size_t size = 0;
	size_t used = 0;

	for (int i = 0; i < splitter->record.escaped; i++)
		size += splitter->fields[splitter->escaped[i] / 2].size;
	if (!pm_buffer_reserve(&csv->values, size))
		return false;
	for (int i = 0; i < splitter->record.escaped; i++)
	{
		char *out = csv->values.data + used;
		PmText *field = &splitter->fields[splitter->escaped[i] / 2];

		field->size = pm_csv_value(splitter, i, out);
		field->data = out;
		used += field->size;
	}
	return true;
}

/* Are the values the names of the columns? */
static bool
repeats_header(const PmReader *reader)
{
	const PmCsv *csv = reader->state;
	const PmText *fields = csv->splitter.fields;

	if (reader->name_count == 0)
		return false;
	for (int i = 0; i < reader->name_count; i++)
		if (fields[i].size != reader->names[i].size || fields[i].data == NULL ||
		    memcmp(fields[i].data, reader->names[i].data, fields[i].size) != 0)
			return false;
	return true;
}

/* Takes as many columns as a record has.  False: failure is set, they are too many. */
bool
pm_csv_take_columns(PmReader *reader, int count, int needed)
{
	PmCsv *csv = reader->state;

	if (count > reader->options.max_columns)
	{
		reader->failure.line = csv->line;
		reader->failure.offset = csv->offset;
		return pm_reader_fail(&reader->failure, PM_READER_TOO_MANY_COLUMNS, count, "");
	}
	csv->columns = count;
	csv->needed = needed;
	return true;
}

/* Makes the record that was split one for the caller.  False: failure is set. */
bool
pm_csv_deliver(PmReader *reader, PmRecord *record)
{
	PmCsv *csv = reader->state;
	const PmCsvSplitter *splitter = &csv->splitter;
	const PmCsvRecord *split = &splitter->record;
	bool too_long = split->size > reader->options.max_record;
	int kept = split->count < splitter->max ? split->count : splitter->max;

	record->number = csv->number;
	record->line = csv->line;
	record->offset = csv->offset;
	record->raw.data = csv->window.data + csv->begin;
	record->raw.size = split->size;
	record->numbers = NULL;
	record->fault = PM_RECORD_GOOD;
	record->fault_column = -1;
	record->fault_line = record->line;
	record->fault_offset = record->offset;
	if (too_long)
	{
		note_fault(record, PM_RECORD_TOO_LONG, -1);
		record->raw.size = pm_reader_shown(reader, record->raw.data, split->size);
		kept = 0;
	}
	else if (split->fault != PM_CSV_GOOD)
	{
		note_fault(record,
		           split->fault == PM_CSV_STRAY_QUOTE ? PM_RECORD_STRAY_QUOTE
		                                              : PM_RECORD_UNCLOSED_QUOTE,
		           split->fault_field);
		record->fault_line += split->fault_lines;
		record->fault_offset +=
		    pm_csv_file_size(csv, record->raw.data, split->fault_at - csv->begin);
	}
	if (csv->columns == 0 && !pm_csv_take_columns(reader, split->count, split->count))
		return false;

	if (!make_utf8(reader, record, kept) ||
	    (kept > 0 && split->escaped > 0 && !take_out_quotes(csv)) ||
	    !pm_csv_reserve(&csv->splitter, csv->columns))
		return pm_csv_out_of_memory(reader);
	for (int i = kept; i < csv->columns; i++)
		csv->splitter.fields[i] = (PmText){NULL, 0};
	record->fields = splitter->fields;
	record->field_count = csv->columns;
	if (kept < csv->needed)
		note_fault(record, PM_RECORD_TOO_FEW, kept);
	else if (kept > csv->columns && !pm_csv_count_fits(csv, splitter))
	{
		note_fault(record, PM_RECORD_TOO_MANY, csv->columns);
		record->field_count = kept;
	}
	if (repeats_header(reader))
		note_fault(record, PM_RECORD_REPEATS_HEADER, -1);
	return true;
}
