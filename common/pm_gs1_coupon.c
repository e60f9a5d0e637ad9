/*
 * pm_gs1_coupon.c - North American coupon codes, identifiers 8110 and 8112
 *
 * Both are chains of fields, many led by one digit that says how long the next
 * one is (length = digit + base).  8110 ends with up to seven optional fields,
 * each announced by its own number, in ascending order.  (GS1 US: North
 * American Coupon Application Guideline Using GS1 DataBar Expanded Symbols.)
 *
 * A cursor walks the digits; the first field that does not fit leaves it
 * broken, and a broken cursor takes nothing more.  So a chain of calls needs
 * one test, at its end.
 */
#include <string.h>

#include "pm_gs1_private.h"

#define COMPANY_BASE 6 /* digits of a company prefix whose length digit is 0 */
#define SERIAL_BASE  6 /* digits of a serial number whose length digit is 0 */

typedef struct Cursor
{
	const char *at;
	const char *end;
	bool broken;
} Cursor;

/* Moves past n digits; returns where they are, or NULL if there are fewer. */
static const char *
take(Cursor *cursor, int n)
{
	const char *taken = cursor->at;

	if (cursor->broken || cursor->end - cursor->at < n)
	{
		cursor->broken = true;
		return NULL;
	}
	cursor->at += n;
	return taken;
}

/* Moves past one digit that must be among those listed; returns its value, or 0. */
static int
take_among(Cursor *cursor, const char *allowed)
{
	const char *digit = take(cursor, 1);

	if (digit == NULL || strchr(allowed, *digit) == NULL)
	{
		cursor->broken = true;
		return 0;
	}
	return *digit - '0';
}

/* Moves past a length digit among those listed, and that many digits more. */
static void
take_sized(Cursor *cursor, const char *allowed, int base)
{
	int length = take_among(cursor, allowed);

	take(cursor, length + base);
}

/* Moves past what has to be bought: how much, in which unit, of which family. */
static void
take_purchase(Cursor *cursor)
{
	take_sized(cursor, "12345", 0);
	take_among(cursor, "012349");
	take(cursor, 3);
}

/* Moves past the company of a further purchase; 9 means the first one's. */
static void
take_other_company(Cursor *cursor)
{
	if (cursor->at < cursor->end && *cursor->at == '9')
		take(cursor, 1);
	else
		take_sized(cursor, "0123456", COMPANY_BASE);
}

/* Moves past a date; returns where it is, or NULL if it is none. */
static const char *
take_date(Cursor *cursor)
{
	const char *date = take(cursor, 6);

	if (date != NULL && !pm_gs1_is_date(date, false))
	{
		cursor->broken = true;
		return NULL;
	}
	return date;
}

/* Moves past the number of an optional field, if that is what comes next. */
static bool
take_option(Cursor *cursor, char number)
{
	if (cursor->broken || cursor->at == cursor->end || *cursor->at != number)
		return false;
	cursor->at++;
	return true;
}

/* The optional fields of 8110. */
static void
take_options(Cursor *cursor)
{
	const char *expires = NULL;

	if (take_option(cursor, '1'))
	{
		take_among(cursor, "0123");
		take_purchase(cursor);
		take_other_company(cursor);
	}
	if (take_option(cursor, '2'))
	{
		take_purchase(cursor);
		take_other_company(cursor);
	}
	if (take_option(cursor, '3'))
		expires = take_date(cursor);
	if (take_option(cursor, '4'))
	{
		const char *starts = take_date(cursor);

		if (starts != NULL && expires != NULL && memcmp(starts, expires, 6) > 0)
			cursor->broken = true;
	}
	if (take_option(cursor, '5'))
		take_sized(cursor, "0123456789", SERIAL_BASE);
	if (take_option(cursor, '6'))
		take_sized(cursor, "1234567", COMPANY_BASE);
	if (take_option(cursor, '9'))
	{
		take_among(cursor, "01256"); /* what the save value is */
		take_among(cursor, "012");   /* which item it applies to */
		take(cursor, 1);             /* store coupon */
		take_among(cursor, "01");    /* may it be multiplied */
	}
}

/* Are these bytes digits, and a North American coupon code (8110)? */
bool
pm_gs1_is_coupon(const char *digits, size_t len)
{
	Cursor cursor = {digits, digits + len, false};
	size_t bad;

	if (!pm_gs1_in_charset(PM_GS1_CHARSET_N, digits, len, &bad))
		return false;
	take_sized(&cursor, "0123456", COMPANY_BASE);
	take(&cursor, 6);                /* offer */
	take_sized(&cursor, "12345", 0); /* save value */
	take_purchase(&cursor);
	take_options(&cursor);
	return !cursor.broken && cursor.at == cursor.end;
}

/* Are these bytes digits, and a positive offer file coupon code (8112)? */
bool
pm_gs1_is_positive_offer(const char *digits, size_t len)
{
	Cursor cursor = {digits, digits + len, false};
	size_t bad;

	if (!pm_gs1_in_charset(PM_GS1_CHARSET_N, digits, len, &bad))
		return false;
	take_among(&cursor, "01"); /* format */
	take_sized(&cursor, "0123456", COMPANY_BASE);
	take(&cursor, 6); /* offer */
	take_sized(&cursor, "0123456789", SERIAL_BASE);
	return !cursor.broken && cursor.at == cursor.end;
}
