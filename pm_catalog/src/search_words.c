/*
 * search_words.c - words of a text, near words, what a word is looked up by
 *
 * SQL functions over common/pm_words.c, common/pm_spell.c and common/pm_typed_code.c.
 */
#include "search_module.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "pm_fold.h"
#include "pm_gtin.h"
#include "pm_spell.h"
#include "pm_typed_code.h"

PG_FUNCTION_INFO_V1(pm_catalog_words);

/* _words(line): each word as it is compared, as it is spelled, and in which languages it says nothing */
Datum
pm_catalog_words(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	text *line = PG_GETARG_TEXT_PP(0);
	int len = VARSIZE_ANY_EXHDR(line);
	const char *data = pm_catalog_to_utf8(VARDATA_ANY(line), &len);
	PmWords words;
	PmWord word;

	InitMaterializedSRF(fcinfo, 0);
	pm_words_start(&words, data, len);
	while (pm_words_next(&words, &word))
	{
		Datum values[4];
		bool nulls[4] = {false};

		CHECK_FOR_INTERRUPTS();
		values[0] = PointerGetDatum(pm_catalog_from_utf8(word.text, word.size));
		values[1] =
		    PointerGetDatum(pm_catalog_from_utf8(data + word.start, word.end - word.start));
		values[2] = BoolGetDatum(pm_catalog_stems(&word)->stop_in != 0);
		values[3] = BoolGetDatum(word.is_joined);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* Is a word spelled as it is compared, the case of ASCII letters aside? */
static bool
is_plain(const PmWord *word, const char *spelling, size_t size)
{
	if (size != word->size)
		return false;
	for (size_t i = 0; i < size; i++)
	{
		if (pg_ascii_tolower((unsigned char) spelling[i]) != (unsigned char) word->text[i])
			return false;
	}
	return true;
}

PG_FUNCTION_INFO_V1(pm_catalog_spellings);

/*
 * _spellings(line): each word that is spelled otherwise than it is compared, a tab, and the
 * spelling.  Of a million titles these are few, and no row is made for the others.
 */
Datum
pm_catalog_spellings(PG_FUNCTION_ARGS)
{
	text *line = PG_GETARG_TEXT_PP(0);
	int len = VARSIZE_ANY_EXHDR(line);
	const char *data = pm_catalog_to_utf8(VARDATA_ANY(line), &len);
	ArrayBuildState *spellings = initArrayResult(TEXTOID, CurrentMemoryContext, false);
	StringInfoData pair;
	PmWords words;
	PmWord word;

	initStringInfo(&pair);
	pm_words_start(&words, data, len);
	while (pm_words_next(&words, &word))
	{
		CHECK_FOR_INTERRUPTS();
		if (is_plain(&word, data + word.start, word.end - word.start))
			continue;
		resetStringInfo(&pair);
		appendBinaryStringInfo(&pair, word.text, word.size);
		appendStringInfoChar(&pair, '\t');
		appendBinaryStringInfo(&pair, data + word.start, word.end - word.start);
		accumArrayResult(spellings,
		                 PointerGetDatum(pm_catalog_from_utf8(pair.data, pair.len)), false,
		                 TEXTOID, CurrentMemoryContext);
	}
	PG_RETURN_DATUM(makeArrayResult(spellings, CurrentMemoryContext));
}

PG_FUNCTION_INFO_V1(pm_catalog_word_lexemes);

/* _word_lexemes(word, language): the stems, each after a ~, or the word if it has none */
Datum
pm_catalog_word_lexemes(PG_FUNCTION_ARGS)
{
	text *arg = PG_GETARG_TEXT_PP(0);
	int languages = pm_catalog_language_bits(PG_ARGISNULL(1) ? NULL : PG_GETARG_TEXT_PP(1));
	int len = VARSIZE_ANY_EXHDR(arg);
	PmWords words;
	PmWord word;
	Datum lexemes[PM_STEM_LANGUAGES + 1];
	int count = 0;

	pm_words_start(&words, VARDATA_ANY(arg), len);
	if (languages != 0 && pm_words_next(&words, &word) && word.size == len)
	{
		const PmStems *stems = pm_catalog_stems(&word);

		for (int i = 0; i < stems->count; i++)
		{
			if (stems->stems[i].languages & languages)
				lexemes[count++] =
				    PointerGetDatum(cstring_to_text(psprintf("~%s", stems->stems[i].text)));
		}
	}
	if (count == 0)
		lexemes[count++] = PointerGetDatum(arg);
	PG_RETURN_ARRAYTYPE_P(
	    construct_array(lexemes, count, TEXTOID, -1, false, TYPALIGN_INT));
}

PG_FUNCTION_INFO_V1(pm_catalog_spell_keys);

/* _spell_keys(word) */
Datum
pm_catalog_spell_keys(PG_FUNCTION_ARGS)
{
	text *word = PG_GETARG_TEXT_PP(0);
	int len = VARSIZE_ANY_EXHDR(word);
	const char *data = pm_catalog_to_utf8(VARDATA_ANY(word), &len);
	int32_t keys[PM_SPELL_KEYS];
	Datum elements[PM_SPELL_KEYS];
	size_t count = pm_spell_keys(data, len, keys);

	for (size_t i = 0; i < count; i++)
		elements[i] = Int32GetDatum(keys[i]);
	PG_RETURN_ARRAYTYPE_P(
	    construct_array(elements, count, INT4OID, sizeof(int32), true, TYPALIGN_INT));
}

PG_FUNCTION_INFO_V1(pm_catalog_spell_distance);

/* _spell_distance(typed, known): the errors between them; NULL if they are too many for either */
Datum
pm_catalog_spell_distance(PG_FUNCTION_ARGS)
{
	text *a = PG_GETARG_TEXT_PP(0);
	text *b = PG_GETARG_TEXT_PP(1);
	int a_len = VARSIZE_ANY_EXHDR(a);
	int b_len = VARSIZE_ANY_EXHDR(b);
	const char *a_data = pm_catalog_to_utf8(VARDATA_ANY(a), &a_len);
	const char *b_data = pm_catalog_to_utf8(VARDATA_ANY(b), &b_len);
	int most = Min(pm_spell_errors(a_data, a_len), pm_spell_errors(b_data, b_len));
	int distance = pm_spell_distance(a_data, a_len, b_data, b_len, most);

	if (distance > most)
		PG_RETURN_NULL();
	PG_RETURN_INT32(distance);
}

PG_FUNCTION_INFO_V1(pm_catalog_typed_gtin);

/* _typed_gtin(code): the GTIN of a UPC-E, an element string or a link, in 14 digits; NULL if it is none */
Datum
pm_catalog_typed_gtin(PG_FUNCTION_ARGS)
{
	text *code = PG_GETARG_TEXT_PP(0);
	int len = VARSIZE_ANY_EXHDR(code);
	const char *data = pm_catalog_to_utf8(VARDATA_ANY(code), &len);
	char digits[PM_GTIN_MAX_DIGITS + 1];
	int64_t gtin;

	if (pm_typed_code(data, len, &gtin) == PM_TYPED_OTHER)
		PG_RETURN_NULL();
	pm_gtin_format(gtin, PM_GTIN_MAX_DIGITS, digits);
	PG_RETURN_TEXT_P(cstring_to_text(digits));
}

PG_FUNCTION_INFO_V1(pm_catalog_code_key);

/* _code_key(code): an identifier folded, its ASCII blanks and punctuation left out */
Datum
pm_catalog_code_key(PG_FUNCTION_ARGS)
{
	text *code = PG_GETARG_TEXT_PP(0);
	int len = VARSIZE_ANY_EXHDR(code);
	const char *data = pm_catalog_to_utf8(VARDATA_ANY(code), &len);
	char *folded = palloc(len + 1);
	size_t size = pm_fold(data, len, folded);
	int kept = 0;

	for (size_t i = 0; i < size; i++)
	{
		unsigned char c = (unsigned char) folded[i];

		if (c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'))
			folded[kept++] = folded[i];
	}
	PG_RETURN_TEXT_P(pm_catalog_from_utf8(folded, kept));
}
