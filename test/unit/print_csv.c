/*
 * print_csv.c - prints the records of a file, for comparing with another reader of CSV
 *
 *   print_csv FILE DELIMITER QUOTE ESCAPE
 *
 * QUOTE and ESCAPE are one character or empty: nothing is quoted, a quote is doubled.  The
 * file is UTF-8 and has no header.  One line a record: its values in hexadecimal between
 * commas, and at last the number of its fault.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pm_csv.h"

int
main(int argc, char **argv)
{
	PmReaderOptions options;
	PmReaderFailure failure;
	PmReadStatus status;
	PmReader *reader;
	PmRecord record;
	int fd;

	if (argc != 5 || strlen(argv[2]) > PM_DELIMITER_MAX)
	{
		fprintf(stderr, "usage: print_csv FILE DELIMITER QUOTE ESCAPE\n");
		return 2;
	}
	memset(&options, 0, sizeof(options));
	options.format = PM_FORMAT_CSV;
	options.encoding = PM_ENCODING_UTF8;
	options.header = -1;
	strcpy(options.delimiter, argv[2]);
	options.quote = argv[3][0] != '\0' ? argv[3][0] : PM_CSV_NOTHING_QUOTED;
	options.escape = argv[4][0];
	fd = open(argv[1], O_RDONLY);
	reader = fd < 0 ? NULL : pm_reader_open(fd, &options, &failure);
	if (reader == NULL)
	{
		fprintf(stderr, "print_csv: cannot read %s\n", argv[1]);
		return 1;
	}
	while ((status = pm_reader_next(reader, &record)) == PM_READ_RECORD ||
	       status == PM_READ_AGAIN)
	{
		if (status == PM_READ_AGAIN)
			continue;
		for (int i = 0; i < record.field_count; i++)
		{
			for (size_t k = 0; k < record.fields[i].size; k++)
				printf("%02x", (unsigned char) record.fields[i].data[k]);
			printf(",");
		}
		printf(" %d\n", record.fault);
	}
	pm_reader_close(reader);
	close(fd);
	return status == PM_READ_END ? 0 : 1;
}
