/*
 * gtin_type.c - text and binary forms of gtin and its subtypes, casts
 *
 * All nine types hold the same number and are binary-coercible to gtin; they
 * differ in which numbers they take and how many digits they print.  Text
 * input is strict and knows no setting: what a dump wrote, a restore reads.
 */
#include "pm_gtin_module.h"

#include "libpq/pqformat.h"
#include "port/pg_bswap.h"

static const GtinType gtin_type = {
    .name = "gtin", .low = PM_GTIN_MIN, .high = PM_GTIN14_LIMIT};
static const GtinType gtin8_type = {
    .name = "gtin8", .width = 8, .low = PM_GTIN_MIN, .high = PM_GTIN8_LIMIT};
static const GtinType gtin12_type = {
    .name = "gtin12", .width = 12, .low = PM_GTIN8_LIMIT, .high = PM_GTIN12_LIMIT};
static const GtinType gtin13_type = {
    .name = "gtin13", .width = 13, .low = PM_GTIN8_LIMIT, .high = PM_GTIN13_LIMIT};
static const GtinType gtin14_type = {
    .name = "gtin14", .width = 14, .low = PM_GTIN_MIN, .high = PM_GTIN14_LIMIT};
static const GtinType gtin_isbn_type = {
    .name = "gtin_isbn",
    .width = 13,
    .low = PM_GTIN12_LIMIT,
    .high = PM_GTIN13_LIMIT,
    .accepts = pm_isbn_is,
    .noun = "an ISBN",
    .rule = "An ISBN begins with 978 or 979, but not with 9790.",
    .parse_short = pm_isbn10_parse};
static const GtinType gtin_issn_type = {
    .name = "gtin_issn",
    .width = 13,
    .low = PM_GTIN12_LIMIT,
    .high = PM_GTIN13_LIMIT,
    .accepts = pm_issn_is,
    .noun = "an ISSN",
    .rule = "The GTIN-13 of a serial publication begins with 977.",
    .parse_short = pm_issn_parse};
static const GtinType gtin_ismn_type = {
    .name = "gtin_ismn",
    .width = 13,
    .low = PM_GTIN12_LIMIT,
    .high = PM_GTIN13_LIMIT,
    .accepts = pm_ismn_is,
    .noun = "an ISMN",
    .rule = "The GTIN-13 of printed music begins with 9790.",
    .parse_short = pm_ismn_parse};

/* Does the type take this GTIN? */
static inline bool
fits(const GtinType *type, int64 gtin)
{
	return gtin >= type->low && gtin < type->high &&
	       (!type->accepts || type->accepts(gtin));
}

/*
 * Text to number.  Errors are soft if escontext takes them; then the result is
 * 0 and means nothing.
 */
static int64
read_text(Node *escontext, const GtinType *type, const char *str, size_t len)
{
	PmGtinError error;
	PmGtinError short_error;
	PmGtinStatus status;
	int64 gtin;

	status = pm_gtin_parse(str, len, &gtin, &error);
	if (type->parse_short && (status != PM_GTIN_OK || !fits(type, gtin)))
	{
		PmGtinStatus short_status = type->parse_short(str, len, &gtin, &short_error);

		/* a text of the short form's shape is judged as that, except all zeros */
		if (short_status == PM_GTIN_OK ||
		    (short_status == PM_GTIN_BAD_CHECK_DIGIT && status != PM_GTIN_ALL_ZERO))
		{
			status = short_status;
			error = short_error;
		}
	}
	if (status != PM_GTIN_OK)
	{
		pm_gtin_report_text(escontext, type->name, str, len, status, &error);
		return 0;
	}
	if (unlikely(!fits(type, gtin)))
	{
		pm_gtin_report_misfit(escontext, type, gtin);
		return 0;
	}
	return gtin;
}

/* The input function of every type. */
static inline Datum
type_in(FunctionCallInfo fcinfo, const GtinType *type)
{
	const char *str = PG_GETARG_CSTRING(0);

	PG_RETURN_GTIN(read_text((Node *) fcinfo->context, type, str, strlen(str)));
}

/* The output function of every type. */
static inline Datum
type_out(FunctionCallInfo fcinfo, const GtinType *type)
{
	char *digits = (char *) palloc(PM_GTIN_MAX_DIGITS + 1);

	pm_gtin_format(PG_GETARG_GTIN(0), type->width, digits);
	PG_RETURN_CSTRING(digits);
}

/*
 * Eight bytes of a message, as pq_getmsgint64() reads them.  Inlined, because the
 * time saved pays for the check that bigint does not have.
 */
static inline int64
get_int64(StringInfo message)
{
	uint64 bytes;

	if (unlikely(message->len - message->cursor < (int) sizeof(bytes)))
		return pq_getmsgint64(message); /* says that data is missing */
	memcpy(&bytes, message->data + message->cursor, sizeof(bytes));
	message->cursor += sizeof(bytes);
	return (int64) pg_ntoh64(bytes);
}

/* Raises the error for a number that a type does not take. */
static void
pg_attribute_noreturn() refuse_number(int sqlstate, const GtinType *type, int64 number)
{
	PmGtinError error;
	PmGtinStatus status = pm_gtin_check_number(number, &error);

	if (status != PM_GTIN_OK)
		pm_gtin_report_number(sqlstate, type->name, number, status, &error);
	pm_gtin_report_misfit(NULL, type, number);
	pg_unreachable();
}

/* The receive function of every type: a client's number is believed no more than its text. */
static inline Datum
type_recv(FunctionCallInfo fcinfo, const GtinType *type)
{
	int64 number = get_int64((StringInfo) PG_GETARG_POINTER(0));

	if (unlikely(!pm_gtin_is_number(number) || !fits(type, number)))
		refuse_number(ERRCODE_INVALID_BINARY_REPRESENTATION, type, number);
	PG_RETURN_GTIN(number);
}

/* The cast from gtin to a narrower type. */
static inline Datum
type_cast(FunctionCallInfo fcinfo, const GtinType *type)
{
	int64 gtin = PG_GETARG_GTIN(0);

	if (unlikely(!fits(type, gtin)))
		pm_gtin_report_misfit(NULL, type, gtin);
	PG_RETURN_GTIN(gtin);
}

/* The three functions by which a type reads and prints. */
#define GTIN_TYPE_IO(type)                        \
	PG_FUNCTION_INFO_V1(pm_gtin_##type##_in);     \
	Datum pm_gtin_##type##_in(PG_FUNCTION_ARGS)   \
	{                                             \
		return type_in(fcinfo, &type##_type);     \
	}                                             \
	PG_FUNCTION_INFO_V1(pm_gtin_##type##_out);    \
	Datum pm_gtin_##type##_out(PG_FUNCTION_ARGS)  \
	{                                             \
		return type_out(fcinfo, &type##_type);    \
	}                                             \
	PG_FUNCTION_INFO_V1(pm_gtin_##type##_recv);   \
	Datum pm_gtin_##type##_recv(PG_FUNCTION_ARGS) \
	{                                             \
		return type_recv(fcinfo, &type##_type);   \
	}

/* The same for a subtype, and the cast that checks. */
#define GTIN_SUBTYPE(type)                      \
	GTIN_TYPE_IO(type)                          \
	PG_FUNCTION_INFO_V1(pm_gtin_##type);        \
	Datum pm_gtin_##type(PG_FUNCTION_ARGS)      \
	{                                           \
		return type_cast(fcinfo, &type##_type); \
	}

GTIN_TYPE_IO(gtin)
GTIN_SUBTYPE(gtin8)
GTIN_SUBTYPE(gtin12)
GTIN_SUBTYPE(gtin13)
GTIN_SUBTYPE(gtin14)
GTIN_SUBTYPE(gtin_isbn)
GTIN_SUBTYPE(gtin_issn)
GTIN_SUBTYPE(gtin_ismn)

/* text -> gtin without the detour over a C string; same rules and errors as input. */
PG_FUNCTION_INFO_V1(pm_gtin_gtin_text);
Datum
pm_gtin_gtin_text(PG_FUNCTION_ARGS)
{
	const text *code = PG_GETARG_TEXT_PP(0);

	PG_RETURN_GTIN(read_text(NULL, &gtin_type, VARDATA_ANY(code), VARSIZE_ANY_EXHDR(code)));
}

/* A number that is said to be a GTIN; 22003 out of range, 22P02 wrong check digit or 0. */
static Datum
gtin_from_number(int64 number)
{
	if (unlikely(!pm_gtin_is_number(number)))
		refuse_number(ERRCODE_INVALID_TEXT_REPRESENTATION, &gtin_type, number);
	PG_RETURN_GTIN(number);
}

/* bigint -> gtin, checked. */
PG_FUNCTION_INFO_V1(pm_gtin_gtin_bigint);
Datum
pm_gtin_gtin_bigint(PG_FUNCTION_ARGS)
{
	return gtin_from_number(PG_GETARG_INT64(0));
}

/* integer -> gtin, checked: literals of a GTIN-8 are integers. */
PG_FUNCTION_INFO_V1(pm_gtin_gtin_integer);
Datum
pm_gtin_gtin_integer(PG_FUNCTION_ARGS)
{
	return gtin_from_number(PG_GETARG_INT32(0));
}

/* text -> gtin, or NULL where input would raise an error. */
PG_FUNCTION_INFO_V1(pm_gtin_gtin_try);
Datum
pm_gtin_gtin_try(PG_FUNCTION_ARGS)
{
	const text *code = PG_GETARG_TEXT_PP(0);
	int64 gtin;

	if (pm_gtin_parse(VARDATA_ANY(code), VARSIZE_ANY_EXHDR(code), &gtin, NULL) !=
	    PM_GTIN_OK)
		PG_RETURN_NULL();
	PG_RETURN_GTIN(gtin);
}

/* Is gtin_try(code) a GTIN? */
PG_FUNCTION_INFO_V1(pm_gtin_gtin_valid);
Datum
pm_gtin_gtin_valid(PG_FUNCTION_ARGS)
{
	const text *code = PG_GETARG_TEXT_PP(0);
	int64 gtin;

	PG_RETURN_BOOL(pm_gtin_parse(VARDATA_ANY(code), VARSIZE_ANY_EXHDR(code), &gtin, NULL) ==
	               PM_GTIN_OK);
}
