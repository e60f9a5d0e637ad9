/*
 * gtin_func.c - strict functions on GTINs
 *
 * Each takes exactly what its comment says and raises an error for anything
 * else; a question that a valid GTIN cannot answer is NULL.
 */
#include "pm_gtin_module.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "pm_measure.h"

/* gtin_kind(gtin): digits of the shortest form, 8, 12, 13 or 14. */
PG_FUNCTION_INFO_V1(pm_gtin_gtin_kind);
Datum
pm_gtin_gtin_kind(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(pm_gtin_kind(PG_GETARG_GTIN(0)));
}

/* gtin_digits(gtin, width): zero-padded; 22023 for no GTIN width, 22003 if it does not fit. */
PG_FUNCTION_INFO_V1(pm_gtin_gtin_digits);
Datum
pm_gtin_gtin_digits(PG_FUNCTION_ARGS)
{
	int64 gtin = PG_GETARG_GTIN(0);
	int32 width = PG_GETARG_INT32(1);
	char digits[PM_GTIN_MAX_DIGITS + 1];

	if (width != 8 && width != 12 && width != 13 && width != 14)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("invalid number of digits for a gtin: %d", width),
		                errhint("A GTIN is written with 8, 12, 13 or 14 digits.")));
	if (pm_gtin_format(gtin, width, digits) < 0)
	{
		pm_gtin_format(gtin, 0, digits);
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
		                errmsg("gtin %s does not fit into %d digits", digits, width)));
	}
	PG_RETURN_TEXT_P(cstring_to_text_with_len(digits, width));
}

/* The check digit behind a text of digits; 22P02 if it has other characters or no digit. */
static int
check_digit_of_text(const text *payload)
{
	const char *str = VARDATA_ANY(payload);
	size_t len = VARSIZE_ANY_EXHDR(payload);
	int digit = pm_gtin_check_digit(str, len);

	if (digit < 0)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
		         errmsg("invalid digits for a check digit: \"%s\"", pm_gtin_echo(str, len)),
		         errdetail("The value must consist of ASCII digits.")));
	return digit;
}

/* gtin_check_digit(digits): the digit that belongs behind them, for any length. */
PG_FUNCTION_INFO_V1(pm_gtin_gtin_check_digit);
Datum
pm_gtin_gtin_check_digit(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(check_digit_of_text(PG_GETARG_TEXT_PP(0)));
}

/* gtin_complete(digits): the GTIN of 7, 11, 12 or 13 digits that lack the check digit. */
PG_FUNCTION_INFO_V1(pm_gtin_gtin_complete);
Datum
pm_gtin_gtin_complete(PG_FUNCTION_ARGS)
{
	const text *payload = PG_GETARG_TEXT_PP(0);
	size_t len = VARSIZE_ANY_EXHDR(payload);
	int digit = check_digit_of_text(payload);
	char digits[PM_GTIN_MAX_DIGITS];
	int64 gtin;

	if (len != 7 && len != 11 && len != 12 && len != 13)
		ereport(ERROR, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
		                errmsg("invalid length for a gtin without check digit: \"%s\"",
		                       pm_gtin_echo(VARDATA_ANY(payload), len)),
		                errdetail("It has 7, 11, 12 or 13 digits, this value has %d.",
		                          (int) len)));
	memcpy(digits, VARDATA_ANY(payload), len);
	digits[len] = (char) ('0' + digit);
	if (pm_gtin_parse(digits, len + 1, &gtin, NULL) != PM_GTIN_OK)
		ereport(ERROR, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
		                errmsg("gtin cannot be all zeros")));
	PG_RETURN_GTIN(gtin);
}

/* gtin_indicator(gtin): packaging indicator, 0 if there is none. */
PG_FUNCTION_INFO_V1(pm_gtin_gtin_indicator);
Datum
pm_gtin_gtin_indicator(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(pm_gtin_indicator(PG_GETARG_GTIN(0)));
}

/* gtin_inner(gtin): the trade item inside the package; NULL if only zeros would remain. */
PG_FUNCTION_INFO_V1(pm_gtin_gtin_inner);
Datum
pm_gtin_gtin_inner(PG_FUNCTION_ARGS)
{
	int64 inner = pm_gtin_inner(PG_GETARG_GTIN(0));

	if (inner == 0)
		PG_RETURN_NULL();
	PG_RETURN_GTIN(inner);
}

/* gtin_with_indicator(gtin, indicator): 22023 unless indicator is 0 .. 9. */
PG_FUNCTION_INFO_V1(pm_gtin_gtin_with_indicator);
Datum
pm_gtin_gtin_with_indicator(PG_FUNCTION_ARGS)
{
	int32 indicator = PG_GETARG_INT32(1);
	int64 gtin;

	if (indicator < 0 || indicator > 9)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		     errmsg("invalid packaging indicator: %d", indicator),
		     errhint(
		         "Use 1 to 8 for a package, 9 for variable measure, 0 for the item itself.")));
	gtin = pm_gtin_with_indicator(PG_GETARG_GTIN(0), indicator);
	if (gtin == 0)
		PG_RETURN_NULL();
	PG_RETURN_GTIN(gtin);
}

/*
 * upc_e_to_gtin(code, short_forms): 8 digits; with short_forms also 7 without
 * check digit and 6 without number system and check digit.  22P02 otherwise.
 */
PG_FUNCTION_INFO_V1(pm_gtin_upc_e_to_gtin);
Datum
pm_gtin_upc_e_to_gtin(PG_FUNCTION_ARGS)
{
	const text *code = PG_GETARG_TEXT_PP(0);
	const char *str = VARDATA_ANY(code);
	size_t len = VARSIZE_ANY_EXHDR(code);
	bool short_forms = PG_GETARG_BOOL(1);
	PmGtinError error;
	PmGtinStatus status = PM_GTIN_BAD_LENGTH;
	int64 gtin;

	if (len == 8 || short_forms)
		status = pm_upce_expand(str, len, &gtin, &error);
	if (status == PM_GTIN_BAD_LENGTH)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
		     errmsg("invalid length for a UPC-E: \"%s\"", pm_gtin_echo(str, len)),
		     errdetail("A UPC-E has 8 digits."),
		     errhint(
		         "With short_forms => true, 7 digits without check digit and 6 digits without number system and check digit are taken too.")));
	if (status == PM_GTIN_BAD_CHECK_DIGIT)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
		         errmsg("invalid check digit for a UPC-E: \"%s\"", pm_gtin_echo(str, len)),
		         errdetail("The check digit is %c, but the other digits call for %c.",
		                   error.found, error.expected)));
	if (status != PM_GTIN_OK)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
		     errmsg("invalid input syntax for a UPC-E: \"%s\"", pm_gtin_echo(str, len)),
		     errdetail("A UPC-E is 0 or 1, six digits and a check digit, not all zero.")));
	PG_RETURN_GTIN(gtin);
}

/* gtin_to_upc_e(gtin): eight digits, or NULL if the number has no UPC-E. */
PG_FUNCTION_INFO_V1(pm_gtin_gtin_to_upc_e);
Datum
pm_gtin_gtin_to_upc_e(PG_FUNCTION_ARGS)
{
	char digits[8];

	if (!pm_upce_compress(PG_GETARG_GTIN(0), digits))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text_with_len(digits, sizeof(digits)));
}

/* isbn10(gtin): ten characters, or NULL if the number is no ISBN of prefix 978. */
PG_FUNCTION_INFO_V1(pm_gtin_isbn10);
Datum
pm_gtin_isbn10(PG_FUNCTION_ARGS)
{
	char digits[10];

	if (!pm_isbn10_format(PG_GETARG_GTIN(0), digits))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text_with_len(digits, sizeof(digits)));
}

/* issn_of(gtin): NNNN-NNNC, or NULL if the number is none of a serial publication. */
PG_FUNCTION_INFO_V1(pm_gtin_issn_of);
Datum
pm_gtin_issn_of(PG_FUNCTION_ARGS)
{
	char digits[9];

	if (!pm_issn_format(PG_GETARG_GTIN(0), digits, NULL))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text_with_len(digits, sizeof(digits)));
}

/* issn_variant(gtin): the two digits behind the ISSN (price, edition), or NULL. */
PG_FUNCTION_INFO_V1(pm_gtin_issn_variant);
Datum
pm_gtin_issn_variant(PG_FUNCTION_ARGS)
{
	char digits[9];
	int variant;

	if (!pm_issn_format(PG_GETARG_GTIN(0), digits, &variant))
		PG_RETURN_NULL();
	PG_RETURN_INT32(variant);
}

/* is_restricted(gtin): does the number circulate within a company or region only? */
PG_FUNCTION_INFO_V1(pm_gtin_is_restricted);
Datum
pm_gtin_is_restricted(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL((pm_gtin_flags(PG_GETARG_GTIN(0)) & PM_FLAG_RESTRICTED) != 0);
}

/* is_coupon(gtin): is the number that of a coupon? */
PG_FUNCTION_INFO_V1(pm_gtin_is_coupon);
Datum
pm_gtin_is_coupon(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL((pm_gtin_flags(PG_GETARG_GTIN(0)) & PM_FLAG_COUPON) != 0);
}

/*
 * gtin_measure(gtin, region): (kind, value, unit, item), or NULL if the region
 * has no rule for the number or the measure's own check digit is wrong; 22023
 * for a region without rules.
 */
PG_FUNCTION_INFO_V1(pm_gtin_gtin_measure);
Datum
pm_gtin_gtin_measure(PG_FUNCTION_ARGS)
{
	static const char *const kinds[] = {"price", "weight", "count"};
	const text *region = PG_GETARG_TEXT_PP(1);
	PmMeasure measure;
	PmMeasureStatus status;
	TupleDesc tupdesc;
	Datum values[4];
	bool nulls[4] = {false};
	const char *unit;

	status = pm_measure_parse(PG_GETARG_GTIN(0), VARDATA_ANY(region),
	                          VARSIZE_ANY_EXHDR(region), &measure);
	if (status == PM_MEASURE_UNKNOWN_REGION)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		         errmsg("no rules for variable-measure numbers of region \"%s\"",
		                pm_gtin_echo(VARDATA_ANY(region), VARSIZE_ANY_EXHDR(region))),
		         errhint("Regions with rules are DE, DK, EE, FI, GB, LT, LV, NO and SE.")));
	if (status != PM_MEASURE_OK)
		PG_RETURN_NULL();
	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "gtin_measure must return a row");
	tupdesc = BlessTupleDesc(tupdesc);

	unit = measure.kind == PM_MEASURE_WEIGHT ? "kg" : measure.currency;
	values[0] = CStringGetTextDatum(kinds[measure.kind]);
	values[1] = NumericGetDatum(int64_div_fast_to_numeric(measure.value, measure.decimals));
	if (unit)
		values[2] = CStringGetTextDatum(unit);
	else
		nulls[2] = true;
	values[3] = GtinGetDatum(measure.item);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(tupdesc, values, nulls)));
}
