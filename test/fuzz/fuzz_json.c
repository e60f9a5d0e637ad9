/*
 * fuzz_json.c - any bytes as JSON; the first one says how to read the others
 */
#define _GNU_SOURCE /* memfd_create() */
#include "read_all.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PmReaderOptions options = {.format = PM_FORMAT_JSON, .max_columns = 20};

	if (size == 0)
		return 0;
	if (data[0] & 1)
		options.path = "a.b";
	if (data[0] & 2)
		options.max_record = 30;
	read_all(data + 1, size - 1, &options);
	return 0;
}
