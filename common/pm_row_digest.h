/*
 * pm_row_digest.h - the digest of a row that a supplier sends
 *
 * 128 bits, kept by the catalog with the offer as a uuid.  Whoever reads the row hashes its
 * values and what question they answer (key, columns, options).  Sixteen of the bits, bytes
 * 6 and 7, are the catalog's: of which areas of it the row says something.  They are zero
 * where digests are compared.
 */
#ifndef PM_ROW_DIGEST_H
#define PM_ROW_DIGEST_H

#include <stdint.h>

#define PM_ROW_DIGEST_AREAS UINT64_C(0xFFFF) /* of the first eight bytes, big-endian */

#endif /* PM_ROW_DIGEST_H */
