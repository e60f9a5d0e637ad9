/*
 * pm_zip.h - members of a ZIP archive, one after another
 *
 * Read with pread() from a descriptor, with the limits and the failure of an input.
 */
#ifndef PM_ZIP_H
#define PM_ZIP_H

#include "pm_reader_private.h"

typedef struct PmZip PmZip;

extern PmZip *pm_zip_open(PmInput *input, int fd, int64_t size);
extern int64_t pm_zip_find(PmZip *zip, const char *name);
extern bool pm_zip_begin(PmZip *zip, int64_t index);
extern ptrdiff_t pm_zip_read(PmZip *zip, char *buffer, size_t size);
extern void pm_zip_close(PmZip *zip);
extern PmZip *pm_zip_of_input(const PmInput *input);
extern bool pm_glob(const char *pattern, const char *name);

#endif /* PM_ZIP_H */
