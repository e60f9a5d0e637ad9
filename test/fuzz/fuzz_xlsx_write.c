/*
 * fuzz_xlsx_write.c - any bytes as the rows of a workbook that is written
 *
 * The first byte says how many rows are skipped and how large the file may become; then
 * come the sheet's name and its rows, each up to a byte of FF.  What is written without a
 * fault can be read.
 */
#define _GNU_SOURCE /* memfd_create() */
#include "pm_xlsx_write.h"
#include "read_all.h"

/* Takes the bytes up to FF. */
static PmText
take_part(const char **data, const char *end)
{
	const char *stop = memchr(*data, 0xFF, (size_t) (end - *data));
	PmText part = {*data, (size_t) ((stop == NULL ? end : stop) - *data)};

	*data = stop == NULL ? end : stop + 1;
	return part;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const char *data = (const char *) bytes + 1;
	const char *end = (const char *) bytes + size;
	PmReaderOptions options = {.header = -1};
	PmXlsxWriter *writer;
	PmText file;

	if (size == 0)
		return 0;
	options.skip = *bytes & 7;
	writer = pm_xlsx_write_begin(take_part(&data, end), *bytes & 7,
	                             *bytes & 8 ? 900 + 4 * (size_t) (*bytes >> 4) : 1 << 24);
	MUST_HOLD(writer != NULL);
	while (data < end)
		if (!pm_xlsx_write_row(writer, take_part(&data, end)))
			MUST_HOLD(pm_xlsx_write_fault(writer) == PM_XLSX_WRITE_TOO_LARGE);
	if (pm_xlsx_write_end(writer, &file))
	{
		PmReaderFailure failure;
		PmReader *reader =
		    pm_reader_open(file_of(file.data, file.size), &options, &failure);
		PmReadStatus status;
		PmRecord record;

		MUST_HOLD(reader != NULL);
		do
			status = pm_reader_next(reader, &record);
		while (status == PM_READ_RECORD || status == PM_READ_AGAIN);
		MUST_HOLD(status == PM_READ_END ||
		          pm_reader_failure(reader)->fault == PM_READER_TOO_MANY_COLUMNS);
		pm_reader_close(reader);
	}
	else
		MUST_HOLD(pm_xlsx_write_fault(writer) == PM_XLSX_WRITE_TOO_LARGE);
	pm_xlsx_write_free(writer);
	return 0;
}
