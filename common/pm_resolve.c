/*
 * pm_resolve.c - one answer, or one for each code, for any text
 *
 * A clean code returns at once.  Everything else is folded to plain characters
 * and looked at as one code.  Where that fails, the text is cut at the
 * strongest separator it has and each part is looked at again, down through
 *
 *    ; | tab line end      then ,      then / & + "and"      then spaces
 *
 * so that a decimal comma, thousands separators, element strings and addresses
 * have had their chance before their characters are taken for separators.  What
 * is left is free text.  Each level reads each character a bounded number of
 * times, so the whole is linear in the length of the input.
 *
 * The findings are counted by what they are (Collector); the verdict on the
 * whole follows from the counts.  min_confidence is applied last, and never
 * lifts a suggestion of an unresolved method.
 */
#include <string.h>

#include "pm_gtin.h"
#include "pm_resolve_internal.h"

#define LEAST_APPLIED 0.5f /* weaker findings are no evidence beside others */

/* Levels of separators, strongest first. */
enum
{
	LEVEL_LINES,
	LEVEL_COMMA,
	LEVEL_WORDS,
	LEVEL_SPACES,
	LEVEL_TEXT
};

/* What the parts of one text were. */
typedef struct Collector
{
	const PmContext *context;
	PmResolution *results; /* codes go here, if not NULL */
	int max_results;
	int n_results;
	int parts;
	int numbers; /* good ones */
	int failed;  /* codes that are no GTIN */
	int others;  /* text, other kinds of number */
	int voids;   /* placeholders, empty parts */
	bool digits; /* such a part has a digit: a repeated 1, a label's 13 */
	bool list;   /* cut at ; or |, which separate codes rather than words */
	bool differ; /* two good numbers that are not the same */
	bool vague;  /* two weak numbers that are not the same */
	PmFinding number;
	PmFinding failure;
	PmFinding other;
	PmFinding none; /* the first void */
} Collector;

/* Applies min_confidence and looks up the flags. */
static void
finish(PmResolution *result, float min_confidence)
{
	if (result->gtin != 0 && !(result->confidence >= min_confidence))
	{
		result->suggestion = result->gtin;
		result->gtin = 0;
	}
	if (result->gtin != 0)
		result->flags = pm_gtin_flags(result->gtin);
	else if (result->suggestion != 0)
		result->flags = pm_gtin_flags(result->suggestion);
}

/* Stores a code for pm_resolve_all. */
static void
store(Collector *collector, const PmFinding *finding)
{
	if (collector->n_results < collector->max_results)
		collector->results[collector->n_results] = finding->result;
	collector->n_results++;
}

/* Is one of these bytes a digit that counts: 1 to 9? */
static bool
has_digit(const char *str, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (str[i] >= '1' && str[i] <= '9')
			return true;
	return false;
}

/* Counts one part of the text. */
static void
collect(void *target, const PmFinding *finding)
{
	Collector *collector = target;
	const PmResolution *result = &finding->result;

	collector->parts++;
	switch (result->method)
	{
		case PM_METHOD_PLACEHOLDER:
		case PM_METHOD_EMPTY:
			if (has_digit(collector->context->text->raw + result->raw_offset,
			              result->raw_length))
				collector->digits = true;
			if (collector->voids++ == 0 ||
			    (result->method == PM_METHOD_PLACEHOLDER &&
			     collector->none.result.method == PM_METHOD_EMPTY))
				collector->none = *finding;
			return;
		case PM_METHOD_MISSING_CHECK_DIGIT:
		case PM_METHOD_BAD_CHECK_DIGIT:
		case PM_METHOD_SCI_LOSSY:
			if (collector->failed++ == 0)
				collector->failure = *finding;
			store(collector, finding);
			return;
		default:
			break;
	}
	if (result->gtin == 0 || result->confidence < LEAST_APPLIED)
	{
		if (result->gtin != 0 && collector->other.result.gtin != 0 &&
		    result->gtin != collector->other.result.gtin)
			collector->vague = true;
		/* of these, a number that can be suggested or an ASIN says most */
		if (collector->others++ == 0 ||
		    (collector->other.result.method == PM_METHOD_NOT_A_GTIN &&
		     result->method != PM_METHOD_NOT_A_GTIN))
			collector->other = *finding;
		if (result->method != PM_METHOD_NOT_A_GTIN)
			store(collector, finding);
		return;
	}
	if (collector->numbers > 0 && collector->number.result.gtin != result->gtin)
		collector->differ = true;
	if (collector->numbers++ == 0 ||
	    collector->number.result.confidence < result->confidence)
		collector->number = *finding;
	store(collector, finding);
}

/* The verdict on a text of several parts. */
static void
conclude(const Collector *collector, PmFinding *finding)
{
	PmResolution place = finding->result;

	if (collector->parts == 0)
		return;
	if (collector->differ)
		pm_finding_set(finding, PM_METHOD_MULTIPLE);
	else if (collector->numbers > 0)
	{
		*finding = collector->number;
		if (collector->failed > 0 || (collector->list && collector->others > 0))
			pm_trail_add(&finding->trail, PM_METHOD_FIRST_VALID_OF_LIST);
		else if (collector->others > 0 || collector->digits)
			pm_trail_add(&finding->trail, PM_METHOD_EXTRACT);
		else if (collector->numbers > 1)
			pm_trail_add(&finding->trail, PM_METHOD_DUPLICATE_LIST);
		else if (collector->voids > 0)
			pm_trail_add(&finding->trail, PM_METHOD_SEPARATORS);
		pm_finding_number(finding, finding->result.gtin);
		return;
	}
	else if (collector->failed > 0)
	{
		*finding = collector->failure;
		if (collector->failed > 1)
			pm_finding_set(finding, finding->result.method);
	}
	else if (collector->others > 0)
	{
		*finding = collector->other;
		if (collector->vague)
			pm_finding_set(finding, PM_METHOD_NOT_A_GTIN);
	}
	else
		*finding = collector->none;
	if (finding->result.gtin == 0)
	{
		finding->result.raw_offset = place.raw_offset;
		finding->result.raw_length = place.raw_length;
	}
}

/* Length of a word for "and" or "or" after the space at c; 0 if there is none. */
static size_t
conjunction(const char *c, size_t len)
{
	static const char *const words[] = {"and", "or", "und", "oder", "et", "ou",
	                                    "y",   "o",  "e",   "en",   "of", "i"};

	if (len < 3 || memchr("aeiouy", c[1] | 0x20, 6) == NULL)
		return 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
	{
		size_t n = strlen(words[i]);
		size_t same = 0;

		while (same < n && same + 2 < len && (c[same + 1] | 0x20) == words[i][same])
			same++;
		if (same == n && c[n + 1] == ' ')
			return n + 2;
	}
	return 0;
}

/*
 * The level of the separator at position at of the slice, LEVEL_TEXT if there is
 * none; sets *length to how many characters it takes.
 */
static int
separator_at(const PmText *text, PmSlice slice, size_t at, size_t *length)
{
	const char *c = text->chars;

	*length = 1;
	switch (c[at])
	{
		case ';':
		case '|':
		case '\n':
		case '\t':
			return LEVEL_LINES;
		case ',':
			return LEVEL_COMMA;
		case '/':
		case '&':
			return LEVEL_WORDS;
		case '+': /* not that of a telephone number */
			if ((at > slice.start && pm_is_digit(c[at - 1])) ||
			    (at + 1 < slice.end && pm_is_blank(c[at + 1])))
				return LEVEL_WORDS;
			return LEVEL_TEXT;
		case ' ':
			*length = conjunction(c + at, slice.end - at);
			if (*length > 0)
				return LEVEL_WORDS;
			*length = 1;
			return LEVEL_SPACES;
		default:
			return LEVEL_TEXT;
	}
}

/* Is the slice only digits, blanks and single hyphens: a list that spaces separate? */
static bool
is_digits_and_spaces(const PmText *text, PmSlice slice)
{
	for (size_t i = slice.start; i < slice.end; i++)
	{
		char c = text->chars[i];

		if (!pm_is_digit(c) && !pm_is_blank(c) && c != '-')
			return false;
	}
	return true;
}

/* Does the slice hold the "://" of an address? */
static bool
is_address(const PmText *text, PmSlice slice)
{
	const char *c = text->chars + slice.start;
	size_t len = slice.end - slice.start;

	for (size_t i = 0; i + 2 < len; i++)
		if (c[i] == ':' && c[i + 1] == '/' && c[i + 2] == '/')
			return true;
	return false;
}

/* The strongest level, from the given one on, that separates anything in the slice. */
static int
level_of(const PmText *text, PmSlice slice, int level)
{
	int best = LEVEL_TEXT;
	size_t ignored;

	for (size_t i = slice.start; i < slice.end && best > level; i++)
	{
		int here = separator_at(text, slice, i, &ignored);

		if (here >= level && here < best)
			best = here;
	}
	if (best >= LEVEL_COMMA && is_address(text, slice))
		return LEVEL_TEXT;
	if (best == LEVEL_SPACES && !is_digits_and_spaces(text, slice))
		return LEVEL_TEXT;
	return best;
}

/* Counts the codes in free text; if there are none, what the text was as a whole. */
static void
walk_text(Collector *collector, PmSlice slice, const PmFinding *whole)
{
	int before = collector->parts;

	pm_extract(collector->context, slice, collect, collector);
	if (collector->parts == before)
		collect(collector, whole);
}

/*
 * Looks at a slice as one code, else cuts it at separators of this level or a
 * weaker one.  Fills whole with what the slice is by itself.
 */
static void
walk(Collector *collector, PmSlice slice, int level, PmFinding *whole)
{
	const PmText *text = collector->context->text;
	PmFinding part;
	size_t start;

	slice = pm_slice_trim(text, slice);
	if (pm_shape_find(collector->context, slice, whole))
	{
		collect(collector, whole);
		return;
	}
	slice = pm_slice_unbracket(text, slice);
	level = level_of(text, slice, level);
	if (level == LEVEL_TEXT)
	{
		walk_text(collector, slice, whole);
		return;
	}
	start = slice.start;
	for (size_t i = slice.start; i <= slice.end; i++)
	{
		size_t length = 1;

		if (i < slice.end && separator_at(text, slice, i, &length) != level)
			continue;
		if (i < slice.end && (text->chars[i] == ';' || text->chars[i] == '|'))
			collector->list = true;
		walk(collector, (PmSlice){start, i}, level + 1, &part);
		start = i + length;
		i = start - 1;
	}
}

/*
 * Are these 8 to 16 bytes, which pm_gtin_parse has accepted, digits only?  The
 * separators that it accepts differ from digits in the high half of the byte.
 */
static inline bool
is_plain(const char *str, size_t len)
{
	const uint64_t high_halves = UINT64_C(0xF0F0F0F0F0F0F0F0);
	const uint64_t threes = UINT64_C(0x3030303030303030);
	uint64_t first;
	uint64_t last;

	memcpy(&first, str, sizeof(first));
	memcpy(&last, str + len - sizeof(last), sizeof(last));
	return (first & high_halves) == threes && (last & high_halves) == threes;
}

/* May these digits be a placeholder?  Tells most codes by their first two digits. */
static inline bool
may_be_placeholder(const char *str, const PmContext *context)
{
	return str[0] == str[1] || str[0] <= '1' || context->n_placeholders > 0;
}

/* Sets a result that covers the whole input. */
static void
set_result(PmResolution *result, PmResolveMethod method, int64_t gtin, size_t len)
{
	memset(result, 0, sizeof(*result));
	result->method = method;
	result->gtin = gtin;
	result->confidence = gtin != 0 ? 1.0f : 0.0f;
	result->raw_length = len;
}

/*
 * A clean code: 8, 12, 13 or 14 plain digits that are a GTIN and stand for
 * nothing else.  False if the long way is needed.
 */
static inline bool
resolve_clean(const char *str, size_t len, const PmContext *context, PmResolution *result)
{
	int64_t gtin;

	if (len < 8 || len > PM_GTIN_MAX_DIGITS ||
	    pm_gtin_parse(str, len, &gtin, NULL) != PM_GTIN_OK || !is_plain(str, len) ||
	    (may_be_placeholder(str, context) &&
	     pm_words_placeholder_digits(context, str, (int) len)))
		return false;
	set_result(result, PM_METHOD_EXACT, gtin, len);
	return true;
}

/*
 * The long way: sets the verdict on the whole and returns how many codes there
 * are, of which the first max_results are stored.
 */
static int
resolve_dirty(const char *str, size_t len, const PmContext *words, PmResolution *result,
              PmResolution *results, int max_results)
{
	PmText text;
	PmContext context = {&text, words->placeholders, words->n_placeholders};
	Collector collector = {
	    .context = &context, .results = results, .max_results = max_results};
	PmFinding finding;
	PmSlice all;

	if (!pm_text_load(&text, str, len))
	{
		set_result(result, PM_METHOD_NOT_A_GTIN, 0, len);
		return 0;
	}
	all = (PmSlice){0, text.len};
	walk(&collector, all, LEVEL_LINES, &finding);
	if (collector.parts > 1 || finding.result.gtin == 0)
		conclude(&collector, &finding);
	all = pm_slice_trim(&text, all);
	if (finding.result.gtin != 0 && (all.start > 0 || all.end < text.len))
	{
		pm_trail_add(&finding.trail, PM_METHOD_TRIM);
		pm_finding_number(&finding, finding.result.gtin);
	}
	*result = finding.result;
	return collector.n_results;
}

/*
 * Resolves a text to one GTIN.  Always fills *result; placeholders may be NULL
 * if n_placeholders is 0.  The raw range is that of the code, or of the whole
 * without white space around if there is none or several.
 */
void
pm_resolve(const char *str, size_t len, float min_confidence, const PmWord *placeholders,
           int n_placeholders, PmResolution *result)
{
	PmContext words = {NULL, placeholders, n_placeholders};

	if (!resolve_clean(str, len, &words, result))
		resolve_dirty(str, len, &words, result, NULL, 0);
	finish(result, min_confidence);
}

/*
 * Resolves each code of a text, in order, at most max_results of them, and
 * returns how many were written.  A list whose parts look like codes gives one
 * result each, also the failing ones; parts without a code give none.  A text
 * with a single code, or none, gives what pm_resolve gives.
 */
int
pm_resolve_all(const char *str, size_t len, float min_confidence,
               const PmWord *placeholders, int n_placeholders, PmResolution *results,
               int max_results)
{
	PmContext words = {NULL, placeholders, n_placeholders};
	PmResolution whole;
	int n = 0;

	if (max_results <= 0)
		return 0;
	if (!resolve_clean(str, len, &words, &whole))
		n = resolve_dirty(str, len, &words, &whole, results, max_results);
	if (n <= 1)
	{
		results[0] = whole;
		n = 1;
	}
	else if (n > max_results)
		n = max_results;
	for (int i = 0; i < n; i++)
		finish(&results[i], min_confidence);
	return n;
}
