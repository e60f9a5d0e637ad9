/*
 * pm_isbn.c - ISBN, ISSN and ISMN as parts of the GTIN-13 number space
 *
 * Books are 978 and 979 without 979-0, printed music is 979-0, serials are
 * 977 (GS1 prefix list).  Their older short forms have check digits of their
 * own: ISBN-10 and ISSN modulo 11 with X for ten, ISMN the GTIN's.
 */
#include <string.h>

#include "pm_char.h"
#include "pm_gtin.h"

#define PREFIX_OF(gtin)  ((gtin) / INT64_C(10000000000)) /* first three of 13 digits */
#define PREFIX4_OF(gtin) ((gtin) / INT64_C(1000000000))  /* first four of 13 digits */

/* Is this GTIN an ISBN-13? */
bool
pm_isbn_is(int64_t gtin)
{
	return PREFIX_OF(gtin) == 978 || (PREFIX_OF(gtin) == 979 && !pm_ismn_is(gtin));
}

/* Is this GTIN that of a serial publication? */
bool
pm_issn_is(int64_t gtin)
{
	return PREFIX_OF(gtin) == 977;
}

/* Is this GTIN that of printed music? */
bool
pm_ismn_is(int64_t gtin)
{
	return PREFIX4_OF(gtin) == 9790;
}

/*
 * Collects exactly want characters: an optional letter in front (lead, 0 for
 * none), digits, and at the end a digit or, if x_allowed, X.  Skips white
 * space around and single '-' or ' ' inside.  All zeros are refused.
 */
static PmGtinStatus
collect(const char *str, size_t len, char lead, size_t want, bool x_allowed, char *out,
        PmGtinError *error)
{
	size_t count = 0;
	bool separated = true; /* no separator may come first, or twice */
	bool zeros = true;

	while (len > 0 && pm_is_space(str[len - 1]))
		len--;
	for (size_t i = 0; i < len; i++)
	{
		char c = str[i];

		if (c >= 'a' && c <= 'z')
			c = (char) (c - 'a' + 'A');
		if (count == 0 && pm_is_space(c))
			continue;
		if ((c == '-' || c == ' ') && !separated && i + 1 < len)
		{
			separated = true;
			continue;
		}
		separated = false;
		if (!((count == 0 && lead) ? c == lead : (c >= '0' && c <= '9')) &&
		    !(x_allowed && c == 'X' && count == want - 1))
		{
			if (error)
				error->position = i;
			return PM_GTIN_BAD_CHARACTER;
		}
		if (count < want)
			out[count] = c;
		if (c >= '1' && c <= '9')
			zeros = false;
		count++;
	}
	if (count == 0)
		return PM_GTIN_EMPTY;
	if (count != want)
	{
		if (error)
			error->digits = (int) count;
		return PM_GTIN_BAD_LENGTH;
	}
	return zeros ? PM_GTIN_ALL_ZERO : PM_GTIN_OK;
}

/* The modulo-11 check character behind n digits that weigh n+1, n, .. 2. */
static char
mod11_check(const char *digits, int n)
{
	int sum = 0;

	for (int i = 0; i < n; i++)
		sum += (digits[i] - '0') * (n + 1 - i);
	sum = (11 - sum % 11) % 11;
	return sum == 10 ? 'X' : (char) ('0' + sum);
}

/* Compares the check character as found and as computed; fills error. */
static PmGtinStatus
compare_check(char found, char expected, PmGtinError *error)
{
	if (found == expected)
		return PM_GTIN_OK;
	if (error)
	{
		error->found = found;
		error->expected = expected;
	}
	return PM_GTIN_BAD_CHECK_DIGIT;
}

/* The number spelled by n digits. */
static int64_t
number_of(const char *digits, int n)
{
	int64_t number = 0;

	for (int i = 0; i < n; i++)
		number = number * 10 + (digits[i] - '0');
	return number;
}

/* Completes a payload of 12 digits to the GTIN-13. */
static int64_t
complete(int64_t payload)
{
	return payload * 10 + pm_gtin_check_digit_of(payload);
}

/*
 * Nine digits and a check character (digit or X), separators allowed; sets the
 * GTIN with prefix 978.
 */
PmGtinStatus
pm_isbn10_parse(const char *str, size_t len, int64_t *gtin, PmGtinError *error)
{
	char text[10];
	PmGtinStatus status = collect(str, len, 0, 10, true, text, error);

	if (status == PM_GTIN_OK)
		status = compare_check(text[9], mod11_check(text, 9), error);
	if (status == PM_GTIN_OK)
		*gtin = complete(INT64_C(978000000000) + number_of(text, 9));
	return status;
}

/* Writes the ISBN-10 (not terminated) of a 978 ISBN; false for any other number. */
bool
pm_isbn10_format(int64_t gtin, char out[10])
{
	char digits[PM_GTIN_MAX_DIGITS + 1];

	if (PREFIX_OF(gtin) != 978)
		return false;
	pm_gtin_format(gtin, 13, digits);
	memcpy(out, digits + 3, 9);
	out[9] = mod11_check(out, 9);
	return true;
}

/*
 * Seven digits and a check character, usually written NNNN-NNNC; sets the GTIN
 * with prefix 977 and variant 00.
 */
PmGtinStatus
pm_issn_parse(const char *str, size_t len, int64_t *gtin, PmGtinError *error)
{
	char text[8];
	PmGtinStatus status = collect(str, len, 0, 8, true, text, error);

	if (status == PM_GTIN_OK)
		status = compare_check(text[7], mod11_check(text, 7), error);
	if (status == PM_GTIN_OK)
		*gtin = complete(INT64_C(977000000000) + number_of(text, 7) * 100);
	return status;
}

/*
 * Writes NNNN-NNNC (not terminated) and the variant (0 .. 99) of a 977 number;
 * false for any other.  variant may be NULL.
 */
bool
pm_issn_format(int64_t gtin, char out[9], int *variant)
{
	char digits[PM_GTIN_MAX_DIGITS + 1];

	if (!pm_issn_is(gtin))
		return false;
	pm_gtin_format(gtin, 13, digits);
	memcpy(out, digits + 3, 4);
	out[4] = '-';
	memcpy(out + 5, digits + 7, 3);
	out[8] = mod11_check(digits + 3, 7);
	if (variant)
		*variant = (int) number_of(digits + 10, 2);
	return true;
}

/* M and nine digits, the last a GTIN check digit; sets the GTIN with prefix 979-0. */
PmGtinStatus
pm_ismn_parse(const char *str, size_t len, int64_t *gtin, PmGtinError *error)
{
	char text[10];
	int64_t number;
	PmGtinStatus status = collect(str, len, 'M', 10, false, text, error);

	if (status != PM_GTIN_OK)
		return status;
	number = complete(INT64_C(979000000000) + number_of(text + 1, 8));
	status = compare_check(text[9], (char) ('0' + number % 10), error);
	if (status == PM_GTIN_OK)
		*gtin = number;
	return status;
}
