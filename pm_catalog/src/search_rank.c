/*
 * search_rank.c - how well a product answers a query, and where its title does
 *
 * A query comes as terms, one for each word that was typed: what it may be, in the
 * order of preference, each after a letter and all joined by bars.
 *
 *   e  the word as it was typed
 *   c  a word that it may be, spelled right
 *   p  how longer words begin that it may be
 *   s  a stem, after a ~
 *
 * Such as 'echocolt|cchocolat|s~chocolat'.  A product is asked about only after the
 * index has found it, so a term that is in neither title nor head is in its other texts.
 */
#include "search_module.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#define TERMS     16
#define VARIANTS  24
#define TOKENS    64 /* words of a title that count */
#define UNMATCHED 0.3

typedef struct Variant
{
	char kind;
	const char *text;
	size_t size;
} Variant;

typedef struct Term
{
	int count;
	Variant variants[VARIANTS];
} Term;

/* A query, kept from row to row. */
typedef struct SearchQuery
{
	MemoryContext memory; /* where it and its texts are */
	ArrayType *source;    /* what it was read from */
	int count;
	Term terms[TERMS];
	bool begins[256]; /* is it the first byte of any variant, and so of all that match? */
} SearchQuery;

/* Reads one term; text lives as long as the query. */
static void
read_term(Term *term, const char *text, int len)
{
	int start = 0;

	term->count = 0;
	for (int i = 0; i <= len; i++)
	{
		if (i < len && text[i] != '|')
			continue;
		if (i - start >= 2 && term->count < VARIANTS)
		{
			term->variants[term->count].kind = text[start];
			term->variants[term->count].text = text + start + 1;
			term->variants[term->count].size = i - start - 1;
			term->count++;
		}
		start = i + 1;
	}
}

/* The query of argument n, read again only if it is not that of the row before. */
static SearchQuery *
query_of(FunctionCallInfo fcinfo, int n)
{
	ArrayType *source = PG_GETARG_ARRAYTYPE_P(n);
	SearchQuery *query = fcinfo->flinfo->fn_extra;
	MemoryContext memory;
	MemoryContext old;
	Datum *terms;
	bool *nulls;
	int count;

	if (query != NULL && VARSIZE(query->source) == VARSIZE(source) &&
	    memcmp(query->source, source, VARSIZE(source)) == 0)
		return query;
	if (query != NULL)
	{
		fcinfo->flinfo->fn_extra = NULL;
		MemoryContextDelete(query->memory);
	}
	memory = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "search query",
	                               ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(memory);
	query = palloc0(sizeof(SearchQuery));
	query->memory = memory;
	query->source = palloc(VARSIZE(source));
	memcpy(query->source, source, VARSIZE(source));
	deconstruct_array(query->source, TEXTOID, -1, false, TYPALIGN_INT, &terms, &nulls,
	                  &count);
	query->count = Min(count, TERMS);
	for (int i = 0; i < query->count; i++)
	{
		int len = nulls[i] ? 0 : VARSIZE_ANY_EXHDR(DatumGetPointer(terms[i]));
		const char *data =
		    nulls[i] ? ""
		             : pm_catalog_to_utf8(VARDATA_ANY(DatumGetPointer(terms[i])), &len);

		read_term(&query->terms[i], data, len);
		for (int j = 0; j < query->terms[i].count; j++)
		{
			const Variant *variant = &query->terms[i].variants[j];

			/* a stem begins as its word does */
			query->begins[(unsigned char) variant->text[variant->kind == 's']] = true;
		}
	}
	MemoryContextSwitchTo(old);
	fcinfo->flinfo->fn_extra = query;
	return query;
}

/* Is a word this variant? */
static bool
is_variant(const Variant *variant, const PmWord *word, const PmStems *stems)
{
	if (variant->kind == 's')
	{
		for (int i = 0; i < stems->count; i++)
		{
			if (strncmp(stems->stems[i].text, variant->text + 1, variant->size - 1) == 0 &&
			    stems->stems[i].text[variant->size - 1] == '\0')
				return true;
		}
		return false;
	}
	if (variant->kind == 'p' ? word->size < variant->size : word->size != variant->size)
		return false;
	return memcmp(word->text, variant->text, variant->size) == 0;
}

/* How good a match a word is for a term: 1 as typed, 0 none. */
static double
match(const Term *term, const PmWord *word, const PmStems *stems)
{
	double best = 0;

	for (int i = 0; i < term->count; i++)
	{
		double worth;

		switch (term->variants[i].kind)
		{
			case 'e':
				worth = 1;
				break;
			case 's':
				worth = 0.9;
				break;
			case 'c':
				worth = 0.85 - 0.02 * Min(i, 10);
				break;
			default:
				worth = 0.7;
		}
		if (worth > best && is_variant(&term->variants[i], word, stems))
			best = worth;
	}
	return best;
}

PG_FUNCTION_INFO_V1(pm_catalog_search_score);

/*
 * _search_score(title, head, terms): from 0 to 1.  More than half is how well each
 * term is met; the rest are the share of the title that was asked for, words in
 * the order of the query, and how early the first of them comes.
 */
Datum
pm_catalog_search_score(PG_FUNCTION_ARGS)
{
	SearchQuery *query = query_of(fcinfo, 2);
	double worth[TERMS] = {0};
	int first = -1;
	int words_met = 0;
	int tokens = 0;
	int pairs = 0;
	int term_before = -1;
	double sum = 0;

	if (query->count == 0)
		PG_RETURN_FLOAT4(0);
	for (int field = 0; field < 2; field++)
	{
		text *line;
		const char *data;
		int len;
		PmWords words;
		PmWord word;

		if (PG_ARGISNULL(field))
			continue;
		line = PG_GETARG_TEXT_PP(field);
		len = VARSIZE_ANY_EXHDR(line);
		data = pm_catalog_to_utf8(VARDATA_ANY(line), &len);
		pm_words_start(&words, data, len);
		for (int n = 0; n < TOKENS && pm_words_next(&words, &word); n++)
		{
			const PmStems *stems;
			int term = -1;

			if (field == 0)
				tokens += word.is_joined ? 0 : 1;
			if (!query->begins[(unsigned char) word.text[0]])
			{
				term_before = -1;
				continue;
			}
			stems = pm_catalog_stems(&word);
			for (int i = 0; i < query->count; i++)
			{
				double found = match(&query->terms[i], &word, stems);

				if (found > 0 && (term < 0 || i == term_before + 1))
					term = i;
				worth[i] = Max(worth[i], field == 0 ? found : 0.8 * found);
			}
			if (field == 1)
				continue;
			if (term >= 0)
			{
				first = first < 0 ? n : first;
				words_met += word.is_joined ? 0 : 1;
				pairs += term > 0 && term == term_before + 1;
			}
			term_before = term;
		}
	}
	for (int i = 0; i < query->count; i++)
		sum += worth[i] == 0 ? UNMATCHED : worth[i];
	PG_RETURN_FLOAT4(
	    0.55 * sum / query->count + (tokens == 0 ? 0 : 0.25 * words_met / tokens) +
	    0.1 * (query->count == 1
	               ? (first >= 0)
	               : (double) Min(pairs, query->count - 1) / (query->count - 1)) +
	    (first < 0 ? 0 : 0.1 / (1 + first)));
}

/* Appends text of the server's UTF-8, what HTML would take for markup written otherwise. */
static void
append_escaped(StringInfo out, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
	{
		switch (data[i])
		{
			case '<':
				appendStringInfoString(out, "&lt;");
				break;
			case '>':
				appendStringInfoString(out, "&gt;");
				break;
			case '&':
				appendStringInfoString(out, "&amp;");
				break;
			case '"':
				appendStringInfoString(out, "&quot;");
				break;
			case '\'':
				appendStringInfoString(out, "&#39;");
				break;
			default:
				appendStringInfoChar(out, data[i]);
		}
	}
}

PG_FUNCTION_INFO_V1(pm_catalog_highlight);

/* _highlight(line, terms): the line as HTML, words that were asked for within <mark> */
Datum
pm_catalog_highlight(PG_FUNCTION_ARGS)
{
	text *line = PG_GETARG_TEXT_PP(0);
	int len = VARSIZE_ANY_EXHDR(line);
	const char *data = pm_catalog_to_utf8(VARDATA_ANY(line), &len);
	SearchQuery *query = query_of(fcinfo, 1);
	StringInfoData out;
	PmWords words;
	PmWord word;
	size_t done = 0;

	initStringInfo(&out);
	pm_words_start(&words, data, len);
	while (pm_words_next(&words, &word))
	{
		const PmStems *stems;
		bool found = false;

		CHECK_FOR_INTERRUPTS();
		if (!query->begins[(unsigned char) word.text[0]])
			continue;
		stems = pm_catalog_stems(&word);
		for (int i = 0; i < query->count && !found; i++)
			found = match(&query->terms[i], &word, stems) > 0;
		if (!found || word.start < done)
			continue;
		append_escaped(&out, data + done, word.start - done);
		appendStringInfoString(&out, "<mark>");
		append_escaped(&out, data + word.start, word.end - word.start);
		appendStringInfoString(&out, "</mark>");
		done = word.end;
	}
	append_escaped(&out, data + done, len - done);
	PG_RETURN_TEXT_P(pm_catalog_from_utf8(out.data, out.len));
}
