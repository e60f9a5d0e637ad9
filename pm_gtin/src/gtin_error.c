/*
 * gtin_error.c - what is said when a text or a number is not a GTIN
 *
 * One place for the wording, so that every type and function says the same.
 * Text errors are soft where the server has soft errors (16 and later): the
 * caller passes fcinfo->context and returns after the report.
 */
#include "pm_gtin_module.h"

#include "mb/pg_wchar.h"

/* The value for a message: at most ECHO_LENGTH characters, then "...". */
char *
pm_gtin_echo(const char *str, size_t len)
{
	int clipped = pg_mbcharcliplen(str, (int) len, ECHO_LENGTH);

	return psprintf("%.*s%s", clipped, str, (size_t) clipped < len ? "..." : "");
}

/* Is this how a spreadsheet writes a large number: digits, one point or comma, E+12? */
static bool
looks_scientific(const char *str, size_t len)
{
	size_t i = 0;

	while (i < len && str[i] >= '0' && str[i] <= '9')
		i++;
	if (i == 0 || i == len)
		return false;
	if (str[i] == '.' || str[i] == ',')
		for (i++; i < len && str[i] >= '0' && str[i] <= '9'; i++)
			;
	return i + 2 < len && (str[i] == 'E' || str[i] == 'e') &&
	       (str[i + 1] == '+' || (str[i + 1] >= '0' && str[i + 1] <= '9'));
}

/* The hint that helps with this text, or NULL; palloc'd or static. */
static const char *
text_hint(const char *str, size_t len, PmGtinStatus status)
{
	char digits[PM_GTIN_MAX_DIGITS + 1];
	int64 gtin;

	if (looks_scientific(str, len))
		return "The value looks like scientific notation, in which digits may be lost; see gtin_resolve().";
	if (len <= 13 && pm_isbn10_parse(str, len, &gtin, NULL) == PM_GTIN_OK)
	{
		pm_gtin_format(gtin, 0, digits);
		return psprintf(
		    "The value is an ISBN-10; as ISBN-13 it is %s, and type gtin_isbn accepts it.",
		    digits);
	}
	if (status == PM_GTIN_BAD_CHECK_DIGIT && len == 8 &&
	    pm_upce_expand(str, len, &gtin, NULL) == PM_GTIN_OK)
	{
		pm_gtin_format(gtin, 0, digits);
		return psprintf("The value is a valid UPC-E; upc_e_to_gtin() expands it to %s.",
		                digits);
	}
	if (status == PM_GTIN_BAD_CHECK_DIGIT)
		return "Any digit may be wrong; see gtin_resolve().";
	if (status == PM_GTIN_BAD_LENGTH)
		return "Leading zeros or the check digit may be missing; see gtin_resolve().";
	return NULL;
}

/*
 * Reports why a text is not of the type; status is not PM_GTIN_OK.  Returns only
 * if escontext takes soft errors.
 */
void
pm_gtin_report_text(Node *escontext, const char *type_name, const char *str, size_t len,
                    PmGtinStatus status, const PmGtinError *error)
{
	const char *echo = pm_gtin_echo(str, len);
	const char *hint = text_hint(str, len, status);

	switch (status)
	{
		case PM_GTIN_BAD_LENGTH:
			errsave(
			    escontext,
			    (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			     errmsg("invalid length for type %s: \"%s\"", type_name, echo),
			     strcmp(type_name, "asin") == 0
			         ? errdetail("An ASIN has 10 characters, this value has %d.",
			                     error->digits)
			         : errdetail("A GTIN has 8, 12, 13 or 14 digits, this value has %d.",
			                     error->digits),
			     hint ? errhint("%s", hint) : 0));
			break;
		case PM_GTIN_BAD_CHECK_DIGIT:
			errsave(escontext,
			        (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			         errmsg("invalid check digit for type %s: \"%s\"", type_name, echo),
			         errdetail("The check digit is %c, but the other digits call for %c.",
			                   error->found, error->expected),
			         hint ? errhint("%s", hint) : 0));
			break;
		case PM_GTIN_ALL_ZERO:
			errsave(escontext, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			                    errmsg("%s cannot be all zeros", type_name)));
			break;
		case PM_GTIN_BAD_CHARACTER:
		{
			const char *at = str + error->position;
			int position = pg_mbstrlen_with_len(str, (int) error->position) + 1;

			errsave(
			    escontext,
			    (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			     errmsg("invalid input syntax for type %s: \"%s\"", type_name, echo),
			     errdetail(
			         strcmp(type_name, "asin") == 0
			             ? "Character \"%.*s\" at position %d does not fit: an ASIN is B and nine letters or digits, or an ISBN-10."
			             : "Character \"%.*s\" at position %d is not a digit.",
			         pg_mblen(at), at, position),
			     hint ? errhint("%s", hint) : 0));
			break;
		}
		default:
			errsave(escontext,
			        (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			         errmsg("invalid input syntax for type %s: \"%s\"", type_name, echo),
			         errdetail("The value is empty.")));
			break;
	}
}

/*
 * Reports why a number is no GTIN; status is PM_GTIN_ALL_ZERO,
 * PM_GTIN_OUT_OF_RANGE or PM_GTIN_BAD_CHECK_DIGIT.  sqlstate is used for all but
 * the range, which is 22003.
 */
void
pm_gtin_report_number(int sqlstate, const char *type_name, int64 number,
                      PmGtinStatus status, const PmGtinError *error)
{
	if (status == PM_GTIN_ALL_ZERO)
		ereport(ERROR, (errcode(sqlstate), errmsg("%s cannot be all zeros", type_name)));
	if (status == PM_GTIN_BAD_CHECK_DIGIT)
		ereport(ERROR,
		        (errcode(sqlstate),
		         errmsg("invalid check digit for type %s: \"%lld\"", type_name,
		                (long long) number),
		         errdetail("The check digit is %c, but the other digits call for %c.",
		                   error->found, error->expected),
		         errhint("Any digit may be wrong; see gtin_resolve().")));
	ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
	                errmsg("bigint %lld is out of range for type %s", (long long) number,
	                       type_name),
	                errdetail("A GTIN is a number of at most 14 digits.")));
}

/*
 * Reports why a GTIN is not of a narrower type.  Returns only if escontext takes
 * soft errors.
 */
void
pm_gtin_report_misfit(Node *escontext, const GtinType *type, int64 gtin)
{
	char digits[PM_GTIN_MAX_DIGITS + 1];
	int kind = pm_gtin_kind(gtin);

	pm_gtin_format(gtin, 0, digits);
	if (type->accepts)
		errsave(escontext, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
		                    errmsg("gtin %s is not %s", digits, type->noun),
		                    errdetail("%s", type->rule)));
	else
		errsave(escontext,
		        (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
		         errmsg("gtin %s is out of range for type %s", digits, type->name),
		         kind == 14
		             ? errdetail("It has packaging indicator %d.", pm_gtin_indicator(gtin))
		             : errdetail("It is a GTIN-%d.", kind)));
}
