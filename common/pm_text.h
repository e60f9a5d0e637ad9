/*
 * pm_text.h - some bytes of text
 */
#ifndef PM_TEXT_H
#define PM_TEXT_H

#include <stddef.h>

/* Some bytes; data is NULL if there is no text at all. */
typedef struct PmText
{
	const char *data;
	size_t size;
} PmText;

#endif /* PM_TEXT_H */
