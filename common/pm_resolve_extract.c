/*
 * pm_resolve_extract.c - codes inside free text
 *
 * A candidate is a run of 8, 12, 13 or 14 digits with a right check digit and
 * no digit next to it, not part of a decimal number, no date with time and no
 * telephone number with '+'.
 * If no piece of a run joined by single hyphens is one, the whole run may be
 * (978-3-16-148410-0); ISBN-10 and ISSN count only behind their label.  Eight
 * digits are in texts far more often a date, an article or a telephone number
 * than a GTIN-8: without a label such a candidate is too weak to be applied.
 *
 * One pass from left to right; what is looked at behind each run is bounded.
 */
#include <string.h>

#include "pm_gtin.h"
#include "pm_resolve_internal.h"

#define EIGHT_DIGITS_IN_TEXT 0.45f

/* The number of two digits. */
static inline int
two(const char *c)
{
	return (c[0] - '0') * 10 + (c[1] - '0');
}

/* Do 14 digits read as year, month, day, hour, minute, second of our times? */
static bool
is_timestamp(const char *c)
{
	int century = two(c);
	int month = two(c + 4);
	int day = two(c + 6);

	return (century == 19 || century == 20) && month >= 1 && month <= 12 && day >= 1 &&
	       day <= 31 && two(c + 8) < 24 && two(c + 10) < 60 && two(c + 12) < 60;
}

/* Is there a decimal point or comma between the digits at start .. end and others? */
static bool
is_in_decimal(const PmText *text, PmSlice slice, size_t start, size_t end)
{
	const char *c = text->chars;

	if (start >= slice.start + 2 && (c[start - 1] == '.' || c[start - 1] == ',') &&
	    pm_is_digit(c[start - 2]))
		return true;
	return end + 1 < slice.end && (c[end] == '.' || c[end] == ',') &&
	       pm_is_digit(c[end + 1]);
}

/* Hands a code at start .. end to the sink. */
static void
report(const PmText *text, PmSlice place, const PmCode *code, float confidence,
       int64_t gtin, PmFindingSink sink, void *target)
{
	PmFinding finding;

	pm_trail_init(&finding.trail);
	if (code->separated)
		pm_trail_add(&finding.trail, PM_METHOD_SEPARATORS);
	if (code->unicode)
		pm_trail_add(&finding.trail, PM_METHOD_UNICODE_DIGITS);
	pm_trail_add_at(&finding.trail, PM_METHOD_EXTRACT, confidence);
	pm_finding_number(&finding, gtin);
	finding.result.raw_offset = text->origin[place.start];
	finding.result.raw_length =
	    (size_t) (text->origin[place.end] - text->origin[place.start]);
	sink(target, &finding);
}

/* How many characters an X that ends a run takes: X or -X with no word behind it. */
static size_t
x_behind(const char *c, size_t len)
{
	size_t n = len > 0 && c[0] == '-' ? 1 : 0;

	if (n >= len || (c[n] != 'X' && c[n] != 'x'))
		return 0;
	n++;
	if (n < len && (pm_is_digit(c[n]) || (c[n] >= 'A' && c[n] <= 'Z') ||
	                (c[n] >= 'a' && c[n] <= 'z') || (unsigned char) c[n] >= 0x80))
		return 0;
	return n;
}

/* Looks at the digits place.start .. place.end, nothing but digits around them. */
static bool
find_in_piece(const PmContext *context, PmSlice slice, PmSlice place, PmFindingSink sink,
              void *target)
{
	const PmText *text = context->text;
	const char *c = text->chars + place.start;
	int n = (int) (place.end - place.start);
	float confidence = 0.80f;
	PmCode code;
	int64_t gtin;

	if (!pm_code_is_valid(c, n, &gtin) ||
	    is_in_decimal(text, slice, place.start, place.end) ||
	    pm_words_placeholder_digits(context, c, n) || (n == 14 && is_timestamp(c)) ||
	    !pm_code_scan(text, place, false, &code))
		return false;
	if (n == 8 && pm_label_before(text, slice, place.start) == PM_LABEL_NONE)
		confidence = EIGHT_DIGITS_IN_TEXT;
	report(text, place, &code, confidence, gtin, sink, target);
	return true;
}

/* Looks at a whole run of digits and hyphens, with X at the end if there is one. */
static void
find_in_run(const PmContext *context, PmSlice slice, PmSlice place, PmFindingSink sink,
            void *target)
{
	const PmText *text = context->text;
	PmLabel label = pm_label_before(text, slice, place.start);
	PmFinding finding;
	PmCode code;
	int64_t gtin;

	if (!pm_code_scan(text, place, false, &code) ||
	    pm_words_placeholder_digits(context, code.digits, code.n) ||
	    is_in_decimal(text, slice, place.start, place.end))
		return;
	if (label == PM_LABEL_ISBN || label == PM_LABEL_ISSN)
	{
		pm_trail_init(&finding.trail);
		if (pm_code_judge(context, &code, label, &finding) && finding.result.gtin != 0)
			report(text, place, &code, 0.80f, finding.result.gtin, sink, target);
	}
	else if (!code.check_x && code.n >= 12 && pm_code_is_valid(code.digits, code.n, &gtin))
		report(text, place, &code, 0.80f, gtin, sink, target);
}

/*
 * Finds the codes in a slice and calls sink(target, finding) for each, in order.
 * In what begins like an element string, only values behind (01) count: others
 * are batches, dates and weights.
 */
void
pm_extract(const PmContext *context, PmSlice slice, PmFindingSink sink, void *target)
{
	const PmText *text = context->text;
	const char *c = text->chars;
	bool elements = slice.end - slice.start > 4 && c[slice.start] == '(' &&
	                pm_is_digit(c[slice.start + 1]) && pm_is_digit(c[slice.start + 2]) &&
	                c[slice.start + 3] == ')';
	size_t at = slice.start;

	while (at < slice.end)
	{
		size_t start = at;
		size_t end;
		bool found = false;
		bool counts;

		if (!pm_is_digit(c[at]))
		{
			at++;
			continue;
		}
		if (elements)
			counts = start >= slice.start + 4 && memcmp(c + start - 4, "(01)", 4) == 0;
		else
			counts = start == slice.start || c[start - 1] != '+';

		/* pieces of digits, single hyphens between */
		for (;;)
		{
			PmSlice piece = {at, at};

			while (at < slice.end && pm_is_digit(c[at]))
				at++;
			piece.end = at;
			if (counts)
				found = find_in_piece(context, slice, piece, sink, target) || found;
			if (at + 1 >= slice.end || c[at] != '-' || !pm_is_digit(c[at + 1]))
				break;
			at++;
		}
		end = at + x_behind(c + at, slice.end - at);
		if (counts && !found && end - start <= PM_CODE_DIGITS)
			find_in_run(context, slice, (PmSlice){start, end}, sink, target);
	}
}
