/*
 * pm_upce.c - UPC-E, the zero-suppressed printing of some UPC-A numbers
 *
 * A UPC-E is N X1..X6 C: number system 0 or 1, six digits of which the last
 * says where zeros were left out, and the check digit of the *expanded* number
 * (GS1 General Specifications 5.2.2.4).  Several bodies expand to the same
 * UPC-A, compression picks one of them: expand is total, compress after expand
 * need not give the same body back.
 */
#include <string.h>

#include "pm_gtin.h"

/*
 * Expands 8 digits N X1..X6 C; also, when the caller explicitly holds such
 * forms, 7 digits N X1..X6 and 6 digits X1..X6 (N is 0), where the check digit
 * is computed.  N other than 0 or 1 is a bad character.
 */
PmGtinStatus
pm_upce_expand(const char *digits, size_t len, int64_t *gtin, PmGtinError *error)
{
	char number[13] = "0000000000000";
	char *upca = number + 1;
	const char *body; /* X1..X6 */
	size_t company;   /* how many digits of the body lead the expanded number */

	if (len < 6 || len > 8)
	{
		if (error)
			error->digits = (int) len;
		return PM_GTIN_BAD_LENGTH;
	}
	for (size_t i = 0; i < len; i++)
	{
		if (digits[i] < '0' || digits[i] > '9' || (i == 0 && len > 6 && digits[0] > '1'))
		{
			if (error)
				error->position = i;
			return PM_GTIN_BAD_CHARACTER;
		}
	}

	body = len == 6 ? digits : digits + 1;
	if (len > 6)
		upca[0] = digits[0];
	company = body[5] <= '2' ? 2 : body[5] == '3' ? 3 : body[5] == '4' ? 4 : 5;
	memcpy(upca + 1, body, company);
	if (body[5] <= '2')
	{
		upca[3] = body[5];
		memcpy(upca + 8, body + 2, 3);
	}
	else if (company < 5)
		memcpy(upca + 11 - (5 - company), body + company, 5 - company);
	else
		upca[10] = body[5];

	if (len == 8)
		upca[11] = digits[7];
	else
		upca[11] = (char) ('0' + pm_gtin_check_digit(upca, 11));
	return pm_gtin_parse(number, sizeof(number), gtin, error);
}

/* Is the run of digits d[from .. to] all zero? */
static bool
zeros(const char *d, int from, int to)
{
	for (int i = from; i <= to; i++)
		if (d[i] != '0')
			return false;
	return true;
}

/*
 * Writes the eight digits (not terminated) of the UPC-E of a GTIN-12; false if
 * it has none.
 */
bool
pm_upce_compress(int64_t gtin, char out[8])
{
	char d[PM_GTIN_MAX_DIGITS + 1]; /* d[1] .. d[12], numbered as the standard does */

	if (gtin >= PM_GTIN12_LIMIT || gtin < PM_GTIN8_LIMIT || pm_gtin_format(gtin, 13, d) < 0)
		return false;
	if (d[1] > '1')
		return false;

	memcpy(out, d + 1, 7);
	out[7] = d[12];
	if (zeros(d, 7, 10) && d[11] >= '5' && d[6] != '0')
		out[6] = d[11];
	else if (zeros(d, 6, 10) && d[5] != '0')
	{
		out[5] = d[11];
		out[6] = '4';
	}
	else if (zeros(d, 5, 8) && d[4] <= '2')
	{
		memcpy(out + 3, d + 9, 3);
		out[6] = d[4];
	}
	else if (zeros(d, 5, 9) && d[4] >= '3')
	{
		memcpy(out + 4, d + 10, 2);
		out[6] = '3';
	}
	else
		return false;
	return true;
}
