/*
 * pm_char.h - what an ASCII character is, whatever the locale
 *
 * The C library's isdigit() and friends depend on the locale and are undefined
 * for bytes above 127.
 */
#ifndef PM_CHAR_H
#define PM_CHAR_H

#include <stdbool.h>

/* 0 .. 9 */
static inline bool
pm_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Space, tab, line feed, vertical tab, form feed, carriage return. */
static inline bool
pm_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Space, tab, line feed, carriage return: white space of XML and JSON. */
static inline bool
pm_is_white(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* A letter, or a byte of a character above ASCII. */
static inline bool
pm_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char) c >= 0x80;
}

static inline char
pm_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}

static inline char
pm_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char) (c - 'a' + 'A') : c;
}

#endif /* PM_CHAR_H */
