/*
 * fuzz_xml.c - any bytes as XML; the first one says how to read the others
 */
#define _GNU_SOURCE /* memfd_create() */
#include "read_all.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const paths[] = {NULL, "//p", "c/p", "*/*/p"};
	PmReaderOptions options = {.format = PM_FORMAT_XML, .max_columns = 20};

	if (size == 0)
		return 0;
	options.path = paths[data[0] & 3];
	if (data[0] & 4)
		options.max_record = 30;
	if (data[0] & 8)
		options.encoding = (PmEncoding) (data[0] >> 4 & 7) % (PM_ENCODING_LATIN9 + 1);
	read_all(data + 1, size - 1, &options);
	return 0;
}
