/*
 * fuzz_input.c - any bytes as gzip, an archive, a workbook or a text, found by their start
 */
#define _GNU_SOURCE /* memfd_create() */
#include "read_all.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PmReaderOptions options = {
	    .max_expanded = 1 << 20, .max_record = 10000, .max_columns = 50};

	if (size == 0)
		return 0;
	if (data[0] & 1)
		options.member = "*.csv";
	read_all(data + 1, size - 1, &options);
	return 0;
}
