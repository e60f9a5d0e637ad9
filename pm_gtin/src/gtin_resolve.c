/*
 * gtin_resolve.c - gtin_resolve and gtin_resolve_all
 *
 * Wrappers of the pure resolver.  A call that comes once per row must not pay
 * for what never changes, so the row type, the method names and the last flag
 * list are kept in fn_extra for the duration of the query.
 */
#include "pm_gtin_module.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_type_d.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "pm_resolve.h"

/* What one call site keeps; lives in fn_mcxt. */
typedef struct ResolveState
{
	TupleDesc tupdesc; /* only for gtin_resolve */
	Datum methods[PM_METHOD_COUNT];
	uint32 flags; /* the bits that flags_array shows */
	Datum flags_array;
} ResolveState;

/* A text in UTF-8, which the resolver reads, and where it came from. */
typedef struct Utf8Text
{
	const char *str;
	size_t len;
	const char *source; /* in the database's encoding; str if nothing was converted */
} Utf8Text;

/* The arguments of a call. */
typedef struct ResolveCall
{
	Utf8Text code;
	float min_confidence;
	PmWord *words;
	int n_words;
} ResolveCall;

/* Is it plain ASCII, which is the same in every encoding of a server? */
static bool
is_ascii(const char *str, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (IS_HIGHBIT_SET(str[i]))
			return false;
	return true;
}

/* The conversion from the database's encoding to UTF-8; InvalidOid if there is none. */
static Oid
to_utf8_conversion(void)
{
	return FindDefaultConversionProc(GetDatabaseEncoding(), PG_UTF8);
}

/*
 * Writes one character of the database's encoding in UTF-8 and returns how many
 * bytes that are, at most MAX_UTF8_LENGTH.  A character that Unicode does not
 * have becomes U+FFFD: no text may be an error.
 */
#define MAX_UTF8_LENGTH (4 * MAX_CONVERSION_GROWTH)
static size_t
char_to_utf8(Oid conversion, const char *character, int len, char *out)
{
	unsigned char buffer[MAX_UTF8_LENGTH + 1];
	size_t size;

	if (len == 1 && !IS_HIGHBIT_SET(*character))
	{
		*out = *character;
		return 1;
	}
	if (!OidIsValid(conversion) ||
	    pg_do_encoding_conversion_buf(conversion, GetDatabaseEncoding(), PG_UTF8,
	                                  (unsigned char *) character, len, buffer,
	                                  sizeof(buffer), true) != len)
	{
		memcpy(out, "\xEF\xBF\xBD", 3);
		return 3;
	}
	size = strlen((char *) buffer);
	memcpy(out, buffer, size);
	return size;
}

/*
 * The text in UTF-8: the database's own bytes unless it has another encoding and
 * the text is not plain ASCII.  A text that the resolver does not read, for its
 * length, stays as it is.
 */
static Utf8Text
to_utf8(const text *value)
{
	const char *source = VARDATA_ANY(value);
	size_t len = VARSIZE_ANY_EXHDR(value);
	Utf8Text result = {source, len, source};
	Oid conversion;
	char *out;

	if (GetDatabaseEncoding() == PG_UTF8 || GetDatabaseEncoding() == PG_SQL_ASCII ||
	    len > PM_RESOLVE_MAX_INPUT || is_ascii(source, len))
		return result;

	conversion = to_utf8_conversion();
	out = (char *) palloc(len * MAX_CONVERSION_GROWTH + 1);
	result.str = out;
	for (size_t i = 0, n; i < len; i += n)
	{
		n = Min((size_t) pg_mblen(source + i), len - i);
		out += char_to_utf8(conversion, source + i, (int) n, out);
	}
	result.len = (size_t) (out - result.str);
	return result;
}

/* The byte of the source where a byte of the UTF-8 text came from. */
static size_t
source_offset(const Utf8Text *utf8, size_t offset)
{
	Oid conversion;
	char character[MAX_UTF8_LENGTH];
	size_t i = 0;

	if (utf8->str == utf8->source)
		return offset;
	conversion = to_utf8_conversion();
	for (size_t passed = 0; passed < offset;)
	{
		int n = pg_mblen(utf8->source + i);

		passed += char_to_utf8(conversion, utf8->source + i, n, character);
		i += n;
	}
	return i;
}

/*
 * Reads (code, min_confidence, placeholders); false if the first or second is
 * NULL.  22023 if min_confidence is not within 0 .. 1.
 */
static bool
read_call(FunctionCallInfo fcinfo, ResolveCall *call)
{
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return false;
	call->code = to_utf8(PG_GETARG_TEXT_PP(0));
	call->min_confidence = PG_GETARG_FLOAT4(1);
	if (!(call->min_confidence >= 0 && call->min_confidence <= 1))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("min_confidence must be between 0 and 1, not %g",
		                       call->min_confidence)));
	call->words = NULL;
	call->n_words = 0;
	if (!PG_ARGISNULL(2))
	{
		Datum *elements;
		bool *nulls;
		int n_elements;

		deconstruct_array(PG_GETARG_ARRAYTYPE_P(2), TEXTOID, -1, false, TYPALIGN_INT,
		                  &elements, &nulls, &n_elements);
		call->words = (PmWord *) palloc(sizeof(PmWord) * Max(n_elements, 1));
		for (int i = 0; i < n_elements; i++)
		{
			Utf8Text word;

			if (nulls[i])
				continue;
			word = to_utf8(DatumGetTextPP(elements[i]));
			call->words[call->n_words++] = (PmWord){word.str, word.len};
		}
	}
	return true;
}

/* The flags as text[], allocated in the current context. */
static Datum
flags_to_array(uint32 flags)
{
	Datum names[PM_FLAG_COUNT];
	int count = 0;

	for (int bit = 0; bit < PM_FLAG_COUNT; bit++)
		if (flags & (1u << bit))
			names[count++] = CStringGetTextDatum(pm_gtin_flag_name(bit));
	return PointerGetDatum(construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT));
}

/* The state of this call site, made at its first call. */
static ResolveState *
get_state(FunctionCallInfo fcinfo)
{
	ResolveState *state = (ResolveState *) fcinfo->flinfo->fn_extra;
	MemoryContext old;

	if (state)
		return state;
	old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	state = (ResolveState *) palloc0(sizeof(ResolveState));
	for (int method = 0; method < PM_METHOD_COUNT; method++)
		state->methods[method] = CStringGetTextDatum(pm_resolve_method_name(method));
	state->flags_array = flags_to_array(0);
	MemoryContextSwitchTo(old);
	fcinfo->flinfo->fn_extra = state;
	return state;
}

/*
 * Fills the five columns that both functions share: gtin, method, confidence,
 * suggestion, flags.
 */
static void
fill_columns(FunctionCallInfo fcinfo, ResolveState *state, const PmResolution *resolution,
             Datum *values, bool *nulls)
{
	if (resolution->flags != state->flags)
	{
		MemoryContext old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
		Datum flags_array = flags_to_array(resolution->flags);

		MemoryContextSwitchTo(old);
		pfree(DatumGetPointer(state->flags_array));
		state->flags_array = flags_array;
		state->flags = resolution->flags;
	}
	values[0] = GtinGetDatum(resolution->gtin);
	nulls[0] = resolution->gtin == 0;
	values[1] = state->methods[resolution->method];
	values[2] = Float4GetDatum(resolution->confidence);
	values[3] = GtinGetDatum(resolution->suggestion);
	nulls[3] = resolution->suggestion == 0;
	values[4] = state->flags_array;
}

/* gtin_resolve(code, min_confidence, placeholders): one row; NULL if code is NULL. */
PG_FUNCTION_INFO_V1(pm_gtin_gtin_resolve);
Datum
pm_gtin_gtin_resolve(PG_FUNCTION_ARGS)
{
	ResolveCall call;
	ResolveState *state;
	PmResolution resolution;
	Datum values[5];
	bool nulls[5] = {false};

	if (!read_call(fcinfo, &call))
		PG_RETURN_NULL();
	state = get_state(fcinfo);
	if (!state->tupdesc)
	{
		MemoryContext old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
		TupleDesc tupdesc;

		if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "gtin_resolve must return a row");
		state->tupdesc = BlessTupleDesc(tupdesc);
		MemoryContextSwitchTo(old);
	}

	pm_resolve(call.code.str, call.code.len, call.min_confidence, call.words, call.n_words,
	           &resolution);
	fill_columns(fcinfo, state, &resolution, values, nulls);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(state->tupdesc, values, nulls)));
}

/* The smallest GTIN that is not below a number; step -1: the largest not above it. */
static int64
nearest_gtin(int64 number, int step)
{
	int64 payload = number / 10;
	int64 gtin = payload * 10 + pm_gtin_check_digit_of(payload);

	if (step > 0 ? gtin < number : gtin > number)
	{
		payload += step;
		gtin = payload * 10 + pm_gtin_check_digit_of(payload);
	}
	return gtin;
}

/* The part of the code that an answer came from, as it stood there. */
static Datum
raw_part(const ResolveCall *call, const PmResolution *resolution)
{
	size_t start = source_offset(&call->code, resolution->raw_offset);
	size_t end =
	    source_offset(&call->code, resolution->raw_offset + resolution->raw_length);

	return PointerGetDatum(
	    cstring_to_text_with_len(call->code.source + start, (int) (end - start)));
}

/*
 * gtin_resolve_all(code, min_confidence, placeholders): a row for each code in
 * the text, in order; no row if code is NULL.
 */
PG_FUNCTION_INFO_V1(pm_gtin_gtin_resolve_all);
Datum
pm_gtin_gtin_resolve_all(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	ResolveState *state;
	ResolveCall call;
	PmResolution resolutions[PM_RESOLVE_MAX_PARTS];
	int count;

	InitMaterializedSRF(fcinfo, 0);
	if (!read_call(fcinfo, &call))
		PG_RETURN_NULL();
	state = get_state(fcinfo);
	count = pm_resolve_all(call.code.str, call.code.len, call.min_confidence, call.words,
	                       call.n_words, resolutions, lengthof(resolutions));
	for (int i = 0; i < count; i++)
	{
		const PmResolution *resolution = &resolutions[i];
		Datum values[9];
		bool nulls[9] = {false};
		int64 low;
		int64 high;

		values[0] = Int32GetDatum(i + 1);
		values[1] = raw_part(&call, resolution);
		fill_columns(fcinfo, state, resolution, values + 2, nulls + 2);
		low = nearest_gtin(resolution->low, 1);
		high = nearest_gtin(resolution->high, -1);
		values[7] = GtinGetDatum(low);
		values[8] = GtinGetDatum(high);
		nulls[7] = nulls[8] = resolution->high == 0 || low > high;
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
