/*
 * pm_html.h - the text that a reader of HTML sees
 *
 * What comes out is text: a < in it is a character, and whoever shows it in a page writes it as
 * &lt; again.
 *
 * Pure: no PostgreSQL, no allocation, no global state; any bytes are legal input.
 */
#ifndef PM_HTML_H
#define PM_HTML_H

#include <stdbool.h>
#include <stddef.h>

#include "pm_text.h"

/* in pm_html.c */
extern bool pm_html_is_plain(PmText text);
extern size_t pm_html_text(PmText text, char *out);

#endif /* PM_HTML_H */
