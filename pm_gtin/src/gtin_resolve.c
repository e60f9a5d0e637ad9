/*
 * gtin_resolve.c - gtin_resolve and gtin_resolve_all
 *
 * Wrappers of the pure resolver.  A call that comes once per row must not pay
 * for what never changes, so the row type, the method names and the last flag
 * list are kept in fn_extra for the duration of the query.
 */
#include "pm_gtin_module.h"

#include "access/htup_details.h"
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

/* The arguments of a call, text in UTF-8. */
typedef struct ResolveCall
{
	const char *code;
	size_t len;
	float min_confidence;
	PmWord *words;
	int n_words;
} ResolveCall;

/*
 * The text in UTF-8, which the resolver reads: the database's own bytes unless
 * it has another encoding and the text is not plain ASCII.
 */
static const char *
to_utf8(const text *value, size_t *len)
{
	const char *str = VARDATA_ANY(value);
	const char *utf8 = str;

	*len = VARSIZE_ANY_EXHDR(value);
	if (GetDatabaseEncoding() != PG_UTF8 && GetDatabaseEncoding() != PG_SQL_ASCII)
	{
		utf8 = pg_server_to_any(str, (int) *len, PG_UTF8);
		if (utf8 != str)
			*len = strlen(utf8);
	}
	return utf8;
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
	call->code = to_utf8(PG_GETARG_TEXT_PP(0), &call->len);
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
			PmWord *word = &call->words[call->n_words];

			if (nulls[i])
				continue;
			word->str = to_utf8(DatumGetTextPP(elements[i]), &word->len);
			call->n_words++;
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

	pm_resolve(call.code, call.len, call.min_confidence, call.words, call.n_words,
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

/* The part of the code that an answer came from, in the database's encoding. */
static Datum
raw_part(const ResolveCall *call, const PmResolution *resolution)
{
	char *part = pnstrdup(call->code + resolution->raw_offset, resolution->raw_length);

	if (GetDatabaseEncoding() != PG_UTF8 && GetDatabaseEncoding() != PG_SQL_ASCII)
		part = pg_any_to_server(part, (int) resolution->raw_length, PG_UTF8);
	return CStringGetTextDatum(part);
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
	count = pm_resolve_all(call.code, call.len, call.min_confidence, call.words,
	                       call.n_words, resolutions, lengthof(resolutions));
	for (int i = 0; i < count; i++)
	{
		const PmResolution *resolution = &resolutions[i];
		Datum values[9];
		bool nulls[9] = {false};

		values[0] = Int32GetDatum(i + 1);
		values[1] = raw_part(&call, resolution);
		fill_columns(fcinfo, state, resolution, values + 2, nulls + 2);
		nulls[7] = nulls[8] = resolution->low == 0 && resolution->high == 0;
		if (!nulls[7])
		{
			values[7] = GtinGetDatum(nearest_gtin(resolution->low, 1));
			values[8] = GtinGetDatum(nearest_gtin(resolution->high, -1));
		}
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
