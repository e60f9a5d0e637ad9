/*
 * asin_type.c - type asin: Amazon's ten characters in eight bytes
 */
#include "pm_gtin_module.h"

#include "libpq/pqformat.h"
#include "utils/builtins.h"

#include "pm_asin.h"

/* Input: upper-cases; soft errors. */
PG_FUNCTION_INFO_V1(pm_gtin_asin_in);
Datum
pm_gtin_asin_in(PG_FUNCTION_ARGS)
{
	const char *str = PG_GETARG_CSTRING(0);
	size_t len = strlen(str);
	PmGtinError error;
	int64 asin = 0;
	PmGtinStatus status = pm_asin_parse(str, len, &asin, &error);

	if (status != PM_GTIN_OK)
		pm_gtin_report_text((Node *) fcinfo->context, "asin", str, len, status, &error);
	PG_RETURN_INT64(asin);
}

/* Output: ten characters. */
PG_FUNCTION_INFO_V1(pm_gtin_asin_out);
Datum
pm_gtin_asin_out(PG_FUNCTION_ARGS)
{
	char *text = (char *) palloc(PM_ASIN_LENGTH + 1);

	pm_asin_format(PG_GETARG_INT64(0), text);
	text[PM_ASIN_LENGTH] = '\0';
	PG_RETURN_CSTRING(text);
}

/* Receive: the ten characters as a base-36 number in eight bytes, checked. */
PG_FUNCTION_INFO_V1(pm_gtin_asin_recv);
Datum
pm_gtin_asin_recv(PG_FUNCTION_ARGS)
{
	int64 number = pq_getmsgint64((StringInfo) PG_GETARG_POINTER(0));

	if (!pm_asin_check_number(number))
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
		         errmsg("invalid binary value for type asin: %lld", (long long) number)));
	PG_RETURN_INT64(number);
}

/* asin_try(text): NULL instead of an error. */
PG_FUNCTION_INFO_V1(pm_gtin_asin_try);
Datum
pm_gtin_asin_try(PG_FUNCTION_ARGS)
{
	const text *code = PG_GETARG_TEXT_PP(0);
	int64 asin;

	if (pm_asin_parse(VARDATA_ANY(code), VARSIZE_ANY_EXHDR(code), &asin, NULL) !=
	    PM_GTIN_OK)
		PG_RETURN_NULL();
	PG_RETURN_INT64(asin);
}

/* asin_isbn(asin): the ISBN-13 of a book's ASIN, NULL for any other. */
PG_FUNCTION_INFO_V1(pm_gtin_asin_isbn);
Datum
pm_gtin_asin_isbn(PG_FUNCTION_ARGS)
{
	int64 gtin;

	if (!pm_asin_gtin(PG_GETARG_INT64(0), &gtin))
		PG_RETURN_NULL();
	PG_RETURN_GTIN(gtin);
}

/* asin_of(gtin): the ASIN that a 978 ISBN has as a book, NULL for any other GTIN. */
PG_FUNCTION_INFO_V1(pm_gtin_asin_of);
Datum
pm_gtin_asin_of(PG_FUNCTION_ARGS)
{
	int64 asin;

	if (!pm_asin_from_gtin(PG_GETARG_GTIN(0), &asin))
		PG_RETURN_NULL();
	PG_RETURN_INT64(asin);
}
