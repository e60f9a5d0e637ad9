/*
 * gs1_type.c - type gs1_elements, element strings and Digital Links
 *
 * A gs1_elements value is stored as its canonical text, (ai)value(ai)value...,
 * so that comparison, hashing and binary coercion need no code of their own.
 * Everything that makes one goes through the parser in ../common.
 */
#include "pm_gtin_module.h"

#include "catalog/namespace.h"
#include "common/string.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "pm_gs1.h"

/*
 * Says why a text is not what it should be ("GS1 element string" or the like);
 * hint may be NULL.  Returns only if escontext takes soft errors.
 */
static void
report(Node *escontext, const char *what, const char *str, size_t len, PmGs1Status status,
       const PmGs1Error *error, const char *hint)
{
	const char *ai = error->ai;
	const char *other = error->other ? error->other : "what its format asks for";
	char *detail = NULL;

	switch (status)
	{
		case PM_GS1_OK:
		case PM_GS1_EMPTY:
			detail = pstrdup("It has no element.");
			break;
		case PM_GS1_TOO_LONG:
			detail = psprintf("It is longer than %d bytes or has more than %d elements.",
			                  PM_GS1_MAX_INPUT, PM_GS1_MAX_ELEMENTS);
			break;
		case PM_GS1_SYNTAX:
			detail = psprintf("The syntax is wrong at byte %zu.", error->position + 1);
			break;
		case PM_GS1_UNKNOWN_AI:
			detail = psprintf("\"%s\" is no application identifier.", ai);
			break;
		case PM_GS1_BAD_LENGTH:
			detail = psprintf("The value of (%s) is too short or too long, it must be %s.",
			                  ai, other);
			break;
		case PM_GS1_BAD_CHARACTER:
			detail = psprintf(
			    "The value of (%s) has a character that is not allowed there, it must be %s.",
			    ai, other);
			break;
		case PM_GS1_BAD_CHECK_DIGIT:
			detail = psprintf("The check digit in the value of (%s) is wrong.", ai);
			break;
		case PM_GS1_BAD_VALUE:
			detail = psprintf("The value of (%s) is not %s.", ai, other);
			break;
		case PM_GS1_REPEATED:
			detail = psprintf("(%s) occurs twice.", ai);
			break;
		case PM_GS1_EXCLUDED:
			detail = error->other
			             ? psprintf("(%s) must not occur together with %s.", ai, other)
			             : psprintf("(%s) has no place beside the others.", ai);
			break;
		case PM_GS1_REQUIRED:
			detail =
			    ai[0] ? psprintf("(%s) needs a companion that is missing: %s.", ai, other)
			          : pstrdup("No element can be the key.");
			break;
	}
	errsave(escontext, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
	                    errmsg("invalid %s: \"%s\"", what, pm_gtin_echo(str, len)),
	                    errdetail("%s", detail), hint ? errhint("%s", hint) : 0));
}

/* A message in palloc'd memory: too large for the stack of a deep call chain. */
static PmGs1Message *
parse_elements(Node *escontext, const char *str, size_t len)
{
	PmGs1Message *message = (PmGs1Message *) palloc(sizeof(PmGs1Message));
	PmGs1Error error = {0};
	PmGs1Status status = pm_gs1_parse(str, len, message, &error);

	if (status == PM_GS1_OK)
		return message;
	pfree(message);
	report(escontext, "GS1 element string", str, len, status, &error, NULL);
	return NULL;
}

/* The stored form of a message. */
static text *
message_to_elements(const PmGs1Message *message)
{
	size_t size = pm_gs1_format(message, NULL, 0);
	text *result = (text *) palloc(VARHDRSZ + size + 1);

	pm_gs1_format(message, VARDATA(result), size + 1);
	SET_VARSIZE(result, VARHDRSZ + size);
	return result;
}

/* Input: any written form; soft errors. */
PG_FUNCTION_INFO_V1(pm_gtin_gs1_elements_in);
Datum
pm_gtin_gs1_elements_in(PG_FUNCTION_ARGS)
{
	const char *str = PG_GETARG_CSTRING(0);
	PmGs1Message *message = parse_elements((Node *) fcinfo->context, str, strlen(str));

	if (!message)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(message_to_elements(message));
}

/* Output: the canonical bracketed form. */
PG_FUNCTION_INFO_V1(pm_gtin_gs1_elements_out);
Datum
pm_gtin_gs1_elements_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(TextDatumGetCString(PG_GETARG_DATUM(0)));
}

/* Receive: text, checked like input. */
PG_FUNCTION_INFO_V1(pm_gtin_gs1_elements_recv);
Datum
pm_gtin_gs1_elements_recv(PG_FUNCTION_ARGS)
{
	StringInfo buf = (StringInfo) PG_GETARG_POINTER(0);
	int len;
	char *str = pq_getmsgtext(buf, buf->len - buf->cursor, &len);

	PG_RETURN_TEXT_P(message_to_elements(parse_elements(NULL, str, len)));
}

/* Send: text. */
PG_FUNCTION_INFO_V1(pm_gtin_gs1_elements_send);
Datum
pm_gtin_gs1_elements_send(PG_FUNCTION_ARGS)
{
	text *value = PG_GETARG_TEXT_PP(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendtext(&buf, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* The message of an argument of type text or gs1_elements. */
static PmGs1Message *
getarg_message(FunctionCallInfo fcinfo, int n)
{
	const text *value = PG_GETARG_TEXT_PP(n);

	return parse_elements(NULL, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
}

/*
 * A title of the compiled list, which is UTF-8, in the database's encoding.  Where
 * that lacks a character, square and cubic become 2 and 3, others a question mark.
 */
static text *
title_to_server(const char *title)
{
	int len = (int) strlen(title);
	int encoding = GetDatabaseEncoding();
	unsigned char *out;
	Oid conversion;
	char *end;

	if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII || pg_is_ascii(title))
		return cstring_to_text_with_len(title, len);
	out = (unsigned char *) palloc(len * MAX_CONVERSION_GROWTH + 1);
	conversion = FindDefaultConversionProc(PG_UTF8, encoding);
	if (OidIsValid(conversion) &&
	    pg_do_encoding_conversion_buf(conversion, PG_UTF8, encoding,
	                                  (unsigned char *) title, len, out,
	                                  len * MAX_CONVERSION_GROWTH + 1, true) == len)
		return cstring_to_text((char *) out);

	end = (char *) out;
	for (const char *c = title; *c; c += pg_encoding_mblen(PG_UTF8, c))
	{
		if (!IS_HIGHBIT_SET(*c))
			*end++ = *c;
		else if (c[0] == '\xC2' && (c[1] == '\xB2' || c[1] == '\xB3'))
			*end++ = c[1] == '\xB2' ? '2' : '3';
		else
			*end++ = '?';
	}
	return cstring_to_text_with_len((char *) out, (int) (end - (char *) out));
}

/* gs1_parse(text or gs1_elements): rows (ai, value, title). */
PG_FUNCTION_INFO_V1(pm_gtin_gs1_parse);
Datum
pm_gtin_gs1_parse(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	const PmGs1Message *message = getarg_message(fcinfo, 0);

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < message->count; i++)
	{
		const PmGs1Element *element = &message->elements[i];
		Datum values[3];
		bool nulls[3] = {false};

		values[0] = CStringGetTextDatum(element->ai);
		values[1] = PointerGetDatum(cstring_to_text_with_len(
		    message->values + element->offset, (int) element->length));
		values[2] = PointerGetDatum(title_to_server(element->title));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* gs1_gtin(text or gs1_elements): the GTIN of 01, 02, 03, 8006 or 8026; NULL without one. */
PG_FUNCTION_INFO_V1(pm_gtin_gs1_gtin);
Datum
pm_gtin_gs1_gtin(PG_FUNCTION_ARGS)
{
	int64 gtin;

	if (!pm_gs1_gtin(getarg_message(fcinfo, 0), &gtin))
		PG_RETURN_NULL();
	PG_RETURN_GTIN(gtin);
}

/* gs1_value(gs1_elements, ai): the value of an application identifier; NULL if absent. */
PG_FUNCTION_INFO_V1(pm_gtin_gs1_value);
Datum
pm_gtin_gs1_value(PG_FUNCTION_ARGS)
{
	const PmGs1Message *message = getarg_message(fcinfo, 0);
	const PmGs1Element *element =
	    pm_gs1_find(message, text_to_cstring(PG_GETARG_TEXT_PP(1)));

	if (!element)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(
	    cstring_to_text_with_len(message->values + element->offset, (int) element->length));
}

/*
 * gs1_digital_link(gs1_elements, stem): a canonical URI; stem NULL means GS1's
 * resolver.  22P02 if the elements have no key of a Digital Link.
 */
PG_FUNCTION_INFO_V1(pm_gtin_gs1_digital_link);
Datum
pm_gtin_gs1_digital_link(PG_FUNCTION_ARGS)
{
	const PmGs1Message *message;
	const text *stem = PG_ARGISNULL(1) ? NULL : PG_GETARG_TEXT_PP(1);
	const char *stem_str = stem ? VARDATA_ANY(stem) : NULL;
	size_t stem_len = stem ? VARSIZE_ANY_EXHDR(stem) : 0;
	PmGs1Error error = {0};
	PmGs1Status status;
	size_t length = 0;
	char *uri;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	message = getarg_message(fcinfo, 0);
	status = pm_digital_link_format(message, stem_str, stem_len, NULL, 0, &length, &error);
	if (status == PM_GS1_SYNTAX && stem)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		     errmsg("invalid stem of a GS1 Digital Link: \"%s\"",
		            pm_gtin_echo(stem_str, stem_len)),
		     errhint(
		         "Use a URI such as https://example.com/products, without query and fragment.")));
	if (status != PM_GS1_OK)
	{
		const text *value = PG_GETARG_TEXT_PP(0);

		report(NULL, "element string for a GS1 Digital Link", VARDATA_ANY(value),
		       VARSIZE_ANY_EXHDR(value), status, &error, NULL);
	}
	uri = (char *) palloc(length + 1);
	pm_digital_link_format(message, stem_str, stem_len, uri, length + 1, &length, &error);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(uri, (int) length));
}

/* The message of a Digital Link URI; 22P02 if it is none. */
static PmGs1Message *
getarg_link(FunctionCallInfo fcinfo)
{
	const text *uri = PG_GETARG_TEXT_PP(0);
	int options = PG_GETARG_BOOL(1) ? PM_DIGITAL_LINK_LEGACY : 0;
	PmGs1Message *message = (PmGs1Message *) palloc(sizeof(PmGs1Message));
	PmGs1Error error = {0};
	bool legacy = false;
	PmGs1Status status = pm_digital_link_parse(VARDATA_ANY(uri), VARSIZE_ANY_EXHDR(uri),
	                                           options, message, &legacy, &error);

	if (status != PM_GS1_OK)
		report(
		    NULL, "GS1 Digital Link", VARDATA_ANY(uri), VARSIZE_ANY_EXHDR(uri), status,
		    &error,
		    legacy && !options
		        ? "With legacy => true, GTINs without leading zeros and key names are taken too."
		        : NULL);
	return message;
}

/* digital_link_gtin(uri, legacy): the GTIN in it; NULL if its key is another one. */
PG_FUNCTION_INFO_V1(pm_gtin_digital_link_gtin);
Datum
pm_gtin_digital_link_gtin(PG_FUNCTION_ARGS)
{
	int64 gtin;

	if (!pm_gs1_gtin(getarg_link(fcinfo), &gtin))
		PG_RETURN_NULL();
	PG_RETURN_GTIN(gtin);
}

/* digital_link_elements(uri, legacy): all that it says, as an element string. */
PG_FUNCTION_INFO_V1(pm_gtin_digital_link_elements);
Datum
pm_gtin_digital_link_elements(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(message_to_elements(getarg_link(fcinfo)));
}
