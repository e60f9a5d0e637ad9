/*
 * rules.c - rules of single values, behind the CHECKs of columns
 *
 * They run for every value that is written, so they look at bytes: in each encoding
 * that a database may have, the bytes below 0x80 are the ASCII characters.  No
 * function throws.
 */
#include "pm_catalog_module.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#define LABEL_CHARACTERS     500
#define REFERENCE_CHARACTERS 255
#define SLUG_CHARACTERS      200

/* ISO 4217: the codes of currencies in use, in order. */
static const char currencies[][4] = {
    "AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD",
    "BDT", "BGN", "BHD", "BIF", "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN",
    "BZD", "CAD", "CDF", "CHF", "CLP", "CNY", "COP", "CRC", "CUP", "CVE", "CZK", "DJF",
    "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS",
    "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR",
    "IQD", "IRR", "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW",
    "KWD", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "LYD", "MAD", "MDL", "MGA",
    "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN", "MYR", "MZN", "NAD",
    "NGN", "NIO", "NOK", "NPR", "NZD", "OMR", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN",
    "PYG", "QAR", "RON", "RSD", "RUB", "RWF", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD",
    "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT",
    "TND", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "UZS", "VED",
    "VES", "VND", "VUV", "WST", "XAF", "XCD", "XCG", "XOF", "XPF", "YER", "ZAR", "ZMW",
    "ZWG"};

/* Orders two codes of three letters. */
static int
compare_codes(const void *a, const void *b)
{
	return memcmp(a, b, 3);
}

/* Has a text at most so many characters, and no ASCII control character? */
static bool
is_printable(const char *text, int size, int characters)
{
	/* a character has at most MAX_MULTIBYTE_CHAR_LEN bytes: no need to count in a huge text */
	if (size > characters * MAX_MULTIBYTE_CHAR_LEN)
		return false;
	for (int i = 0; i < size; i++)
	{
		if ((unsigned char) text[i] < ' ' || text[i] == 0x7f)
			return false;
	}
	return size <= characters || pg_mbstrlen_with_len(text, size) <= characters;
}

PG_FUNCTION_INFO_V1(pm_catalog_is_currency);

/* is_currency(text) */
Datum
pm_catalog_is_currency(PG_FUNCTION_ARGS)
{
	text *code = PG_GETARG_TEXT_PP(0);

	PG_RETURN_BOOL(VARSIZE_ANY_EXHDR(code) == 3 &&
	               bsearch(VARDATA_ANY(code), currencies, lengthof(currencies),
	                       sizeof(currencies[0]), compare_codes) != NULL);
}

PG_FUNCTION_INFO_V1(pm_catalog_is_label);

/* is_label(text) */
Datum
pm_catalog_is_label(PG_FUNCTION_ARGS)
{
	text *line = PG_GETARG_TEXT_PP(0);
	const char *data = VARDATA_ANY(line);
	int size = VARSIZE_ANY_EXHDR(line);
	int blanks = 0;

	while (blanks < size && data[blanks] == ' ')
		blanks++;
	PG_RETURN_BOOL(blanks < size && is_printable(data, size, LABEL_CHARACTERS));
}

PG_FUNCTION_INFO_V1(pm_catalog_is_reference);

/* is_reference(text) */
Datum
pm_catalog_is_reference(PG_FUNCTION_ARGS)
{
	text *code = PG_GETARG_TEXT_PP(0);
	const char *data = VARDATA_ANY(code);
	int size = VARSIZE_ANY_EXHDR(code);

	PG_RETURN_BOOL(size > 0 && data[0] != ' ' && data[size - 1] != ' ' &&
	               is_printable(data, size, REFERENCE_CHARACTERS));
}

PG_FUNCTION_INFO_V1(pm_catalog_is_slug);

/* is_slug(text) */
Datum
pm_catalog_is_slug(PG_FUNCTION_ARGS)
{
	text *word = PG_GETARG_TEXT_PP(0);
	const char *data = VARDATA_ANY(word);
	int size = VARSIZE_ANY_EXHDR(word);
	bool hyphen = true; /* is the byte before one? None may come first or last. */

	if (size > SLUG_CHARACTERS)
		PG_RETURN_BOOL(false);
	for (int i = 0; i < size; i++)
	{
		if (data[i] == '-' ? hyphen
		                   : !((data[i] >= 'a' && data[i] <= 'z') ||
		                       (data[i] >= '0' && data[i] <= '9')))
			PG_RETURN_BOOL(false);
		hyphen = data[i] == '-';
	}
	PG_RETURN_BOOL(!hyphen);
}

PG_FUNCTION_INFO_V1(pm_catalog_is_locale);

/* is_locale(text) */
Datum
pm_catalog_is_locale(PG_FUNCTION_ARGS)
{
	text *tag = PG_GETARG_TEXT_PP(0);
	const char *data = VARDATA_ANY(tag);
	int size = VARSIZE_ANY_EXHDR(tag);
	int language = 0;

	while (language < size && data[language] >= 'a' && data[language] <= 'z')
		language++;
	if (language != 2 && language != 3)
		PG_RETURN_BOOL(false);
	if (language == size)
		PG_RETURN_BOOL(true);
	PG_RETURN_BOOL(size == language + 3 && data[language] == '-' &&
	               data[language + 1] >= 'A' && data[language + 1] <= 'Z' &&
	               data[language + 2] >= 'A' && data[language + 2] <= 'Z');
}
