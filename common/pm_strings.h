/*
 * pm_strings.h - the texts that the cells of a workbook share, by number
 *
 * Up to a limit they stand in memory, further ones in temporary files with an index.
 */
#ifndef PM_STRINGS_H
#define PM_STRINGS_H

#include "pm_reader_private.h"

typedef struct PmStrings PmStrings;

extern PmStrings *pm_strings_make(size_t memory, const char *temp_dir);
extern bool pm_strings_add(PmStrings *strings, const char *data, size_t size,
                           PmRecordFault fault, PmReaderFailure *failure);
extern bool pm_strings_ready(PmStrings *strings, PmReaderFailure *failure);
extern int64_t pm_strings_count(const PmStrings *strings);
extern bool pm_strings_get(PmStrings *strings, int64_t number, PmBuffer *buffer,
                           PmText *text, PmRecordFault *fault, PmReaderFailure *failure);
extern void pm_strings_free(PmStrings *strings);
extern int pm_temp_file(const char *directory, PmReaderFailure *failure);

#endif /* PM_STRINGS_H */
