/*
 * pm_typed_code.h - the GTIN in a code that somebody typed or scanned
 *
 * For forms that are not the number itself: a UPC-E, a GS1 element string, a GS1
 * Digital Link.
 *
 * Pure: no PostgreSQL, no allocation, no global state; any bytes are legal input.
 */
#ifndef PM_TYPED_CODE_H
#define PM_TYPED_CODE_H

#include <stddef.h>
#include <stdint.h>

typedef enum PmTypedCode
{
	PM_TYPED_OTHER,    /* none of these, or one without a GTIN */
	PM_TYPED_UPCE,     /* 8 digits, which may be a GTIN-8 as well */
	PM_TYPED_ELEMENTS, /* an element string */
	PM_TYPED_LINK      /* a Digital Link, with or without https:// */
} PmTypedCode;

/* in pm_typed_code.c */
extern PmTypedCode pm_typed_code(const char *str, size_t len, int64_t *gtin);

#endif /* PM_TYPED_CODE_H */
