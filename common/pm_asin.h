/*
 * pm_asin.h - Amazon Standard Identification Numbers as integers
 *
 * Ten characters, held as a number in base 36 (51.7 bits), so that integer
 * order is text order.  Amazon publishes no rule; what is seen is B and nine
 * of [0-9A-Z], or for books the ISBN-10 with a right check character.
 *
 * Pure: no PostgreSQL, no allocation, no global state.
 */
#ifndef PM_ASIN_H
#define PM_ASIN_H

#include "pm_gtin.h"

#define PM_ASIN_LENGTH 10

/* in pm_asin.c */
extern PmGtinStatus
pm_asin_parse(const char *str, size_t len, int64_t *asin, PmGtinError *error);
extern bool pm_asin_check_number(int64_t number);
extern void pm_asin_format(int64_t asin, char out[PM_ASIN_LENGTH]);
extern bool pm_asin_gtin(int64_t asin, int64_t *gtin);
extern bool pm_asin_from_gtin(int64_t gtin, int64_t *asin);

#endif /* PM_ASIN_H */
