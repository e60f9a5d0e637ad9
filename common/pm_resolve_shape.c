/*
 * pm_resolve_shape.c - what one slice of text is, taken as a single code
 *
 * From the outside in: quotes, words that stand for "no code", the forms that
 * name themselves (element string, Digital Link), a label, and at last the
 * digits, read as they are or with letters that look like digits.
 */
#include <string.h>

#include "pm_gs1.h"
#include "pm_gtin.h"
#include "pm_resolve_internal.h"

#define DIGITAL_LINK_LEGACY 0.95f
#define ASIN_LENGTH         10

/* The bytes of the input behind a slice. */
static const char *
raw_of(const PmText *text, PmSlice slice, size_t *len)
{
	*len = (size_t) (text->origin[slice.end] - text->origin[slice.start]);
	return text->raw + text->origin[slice.start];
}

/* Settles the slice as something that is no GTIN. */
static bool
settled(PmFinding *finding, PmResolveMethod method)
{
	pm_finding_set(finding, method);
	return true;
}

/* Does the slice begin with an application identifier in brackets? */
static bool
is_bracketed_ai(const PmText *text, PmSlice slice)
{
	const char *c = text->chars + slice.start;
	size_t len = slice.end - slice.start;
	size_t n = 1;

	if (len < 4 || c[0] != '(')
		return false;
	while (n < len && n <= 4 && pm_is_digit(c[n]))
		n++;
	return n >= 3 && n < len && c[n] == ')';
}

/* Does it begin with (01) and go on with letters, as bare characters? */
static bool
is_bare_ai(const PmText *text, PmSlice slice)
{
	const char *c = text->chars + slice.start;
	int64_t ignored;

	if (slice.end - slice.start <= 16 || c[0] != '0' || c[1] != '1')
		return false;
	for (int i = 2; i < 16; i++)
		if (!pm_is_digit(c[i]))
			return false;
	return pm_code_is_valid(c + 2, 14, &ignored);
}

/* Copies the characters of a slice without the blank ones; returns how many. */
static size_t
copy_without_blanks(const PmText *text, PmSlice slice, char *out)
{
	size_t used = 0;

	for (size_t i = slice.start; i < slice.end; i++)
	{
		char c = text->chars[i];

		if (c != ' ' && c != '\t' && c != '\n' && c != PM_INVISIBLE)
			out[used++] = c;
	}
	return used;
}

/*
 * Reads a GS1 element string.  Returns false if it is none after all, or one
 * with a fault that leaves its GTIN in doubt.
 */
static bool
find_element_string(const PmText *text, PmSlice slice, bool bare, PmFinding *finding)
{
	PmGs1Message message;
	PmGs1Error error;
	size_t len;
	const char *raw = raw_of(text, slice, &len);
	PmGs1Status status = pm_gs1_parse(raw, len, &message, &error);
	int64_t gtin;

	if (status != PM_GS1_OK)
	{
		char copy[PM_RESOLVE_MAX_INPUT];
		size_t used = copy_without_blanks(text, slice, copy);

		/* printed with spaces to be read by people */
		if (used < len)
		{
			status = pm_gs1_parse(copy, used, &message, &error);
			if (status == PM_GS1_OK)
				pm_trail_add(&finding->trail, PM_METHOD_SEPARATORS);
		}
	}
	if (status == PM_GS1_BAD_CHECK_DIGIT && !bare && strcmp(error.ai, "01") == 0)
		return settled(finding, PM_METHOD_BAD_CHECK_DIGIT);
	if (status != PM_GS1_OK)
		return false;
	if (!pm_gs1_gtin(&message, &gtin))
		return settled(finding, PM_METHOD_NOT_A_GTIN);
	if (bare)
		pm_trail_add_at(&finding->trail, PM_METHOD_GS1_ELEMENT_STRING, 0.90f);
	else
		pm_trail_add(&finding->trail, PM_METHOD_GS1_ELEMENT_STRING);
	pm_finding_number(finding, gtin);
	return true;
}

/* Does the slice begin with this (upper case) text, in any case? */
static bool
begins_with(const PmText *text, PmSlice slice, const char *prefix)
{
	size_t at = slice.start;

	for (; *prefix != '\0'; prefix++, at++)
		if (at == slice.end || pm_upper(text->chars[at]) != *prefix)
			return false;
	return true;
}

/* Reads a GS1 Digital Link; false if this address is none. */
static bool
find_digital_link(const PmText *text, PmSlice slice, PmFinding *finding)
{
	PmGs1Message message;
	PmGs1Error error;
	bool legacy = false;
	size_t len;
	const char *raw = raw_of(text, slice, &len);
	int64_t gtin;
	PmGs1Status status =
	    pm_digital_link_parse(raw, len, PM_DIGITAL_LINK_LEGACY, &message, &legacy, &error);

	if (status == PM_GS1_BAD_CHECK_DIGIT && strcmp(error.ai, "01") == 0)
		return settled(finding, PM_METHOD_BAD_CHECK_DIGIT);
	if (status != PM_GS1_OK)
		return false;
	if (!pm_gs1_gtin(&message, &gtin))
		return settled(finding, PM_METHOD_NOT_A_GTIN);
	if (legacy)
		pm_trail_add_at(&finding->trail, PM_METHOD_DIGITAL_LINK, DIGITAL_LINK_LEGACY);
	else
		pm_trail_add(&finding->trail, PM_METHOD_DIGITAL_LINK);
	pm_finding_number(finding, gtin);
	return true;
}

/*
 * Is the slice an Amazon number of the kind that holds no GTIN?  Only B0 and BT
 * with a digit more: other words of ten letters begin with B as well.  After
 * its label any B will do.
 */
static bool
is_asin(const PmText *text, PmSlice slice, PmLabel label)
{
	const char *c = text->chars + slice.start;
	int digits = 0;

	if (slice.end - slice.start != ASIN_LENGTH || pm_upper(c[0]) != 'B')
		return false;
	for (int i = 1; i < ASIN_LENGTH; i++)
	{
		char letter = pm_upper(c[i]);

		if (pm_is_digit(letter))
			digits++;
		else if (letter < 'A' || letter > 'Z')
			return false;
	}
	return label == PM_LABEL_ASIN || c[1] == '0' || (pm_upper(c[1]) == 'T' && digits >= 2);
}

/*
 * Reads letters as the digits they look like.  Only whole GTINs, at most a third
 * letters, and no S or B at an end: article numbers look like that.  Eight
 * digits are so few that none of them may open or close with a letter.
 */
static bool
find_letters(const PmContext *context, PmSlice slice, PmFinding *finding)
{
	PmCode code;
	int64_t gtin;

	if (!pm_code_scan(context->text, slice, true, &code) || code.letters == 0 ||
	    code.letters * 3 > code.n || code.edge_risky || code.check_x || code.lines != 0 ||
	    (code.n == 8 && code.edge_letter) || !pm_code_is_valid(code.digits, code.n, &gtin))
		return false;
	return pm_code_judge(context, &code, PM_LABEL_NONE, finding);
}

/* The digits of a slice whose marks and label are gone. */
static bool
find_digits(const PmContext *context, PmSlice slice, PmLabel label, PmFinding *finding)
{
	const PmText *text = context->text;
	const char *c = text->chars;
	PmCode code;

	/* printed music: M in front of nine digits */
	if (label == PM_LABEL_ISMN && slice.start < slice.end &&
	    pm_upper(c[slice.start]) == 'M')
	{
		slice.start++;
		while (slice.start < slice.end && (c[slice.start] == '-' || c[slice.start] == ' '))
			slice.start++;
	}
	if (slice.start == slice.end)
		return settled(finding, PM_METHOD_PLACEHOLDER);
	if (pm_code_scan(text, slice, false, &code) ||
	    pm_code_scan_scientific(text, slice, &code))
		return pm_code_judge(context, &code, label, finding);
	if (is_asin(text, slice, label))
		return settled(finding, PM_METHOD_ASIN);
	return find_letters(context, slice, finding);
}

/* The forms that name themselves: element strings and Digital Links. */
static bool
find_named_form(const PmContext *context, PmSlice slice, PmFinding *finding)
{
	const PmText *text = context->text;
	char first = text->chars[slice.start];

	if (first == '(' && is_bracketed_ai(text, slice))
		return find_element_string(text, slice, false, finding);
	if (first == ']' && slice.end - slice.start > 3)
	{
		PmSlice rest = {slice.start + 3, slice.end};

		if (find_element_string(text, slice, false, finding))
			return true;
		/* another symbology, such as ]E3 or ]I1: the digits follow */
		pm_trail_add(&finding->trail, PM_METHOD_GS1_ELEMENT_STRING);
		return find_digits(context, rest, PM_LABEL_NONE, finding);
	}
	if (text->has_fnc1 &&
	    memchr(text->chars + slice.start, PM_GS1_FNC1, slice.end - slice.start) != NULL)
		return find_element_string(text, slice, false, finding);
	if (pm_upper(first) == 'H' &&
	    (begins_with(text, slice, "HTTP://") || begins_with(text, slice, "HTTPS://")))
		return find_digital_link(text, slice, finding);
	return false;
}

/*
 * Takes the whole slice for one code and sets the finding.  Returns false if it
 * is none in this form, so that a list or free text is the next guess; the
 * finding then holds the verdict that stands if those fail too.
 */
bool
pm_shape_find(const PmContext *context, PmSlice slice, PmFinding *finding)
{
	const PmText *text = context->text;
	PmResolution *result = &finding->result;
	PmSlice inner;
	PmLabel label;
	size_t rest;

	pm_trail_init(&finding->trail);
	pm_finding_set(finding, PM_METHOD_NOT_A_GTIN);
	slice = pm_slice_trim(text, slice);
	result->raw_offset = text->origin[slice.start];
	result->raw_length = (size_t) (text->origin[slice.end] - text->origin[slice.start]);
	if (slice.start == slice.end)
		return settled(finding, PM_METHOD_EMPTY);

	inner = pm_slice_unquote(text, slice);
	if (inner.start == inner.end)
		return settled(finding, PM_METHOD_EMPTY);
	if (pm_words_placeholder(context, inner))
		return settled(finding, PM_METHOD_PLACEHOLDER);
	if (inner.start != slice.start || inner.end != slice.end)
	{
		if (pm_words_placeholder(context, slice))
			return settled(finding, PM_METHOD_PLACEHOLDER);
		pm_trail_add(&finding->trail, PM_METHOD_QUOTING);
	}

	if (find_named_form(context, inner, finding))
		return true;
	label = pm_label_read(text, inner, &rest);
	if (label != PM_LABEL_NONE)
	{
		PmSlice labelled = {rest, inner.end};
		PmSlice bare = pm_slice_unquote(text, pm_slice_trim(text, labelled));

		if (bare.start == bare.end || pm_words_placeholder(context, bare))
			return settled(finding, PM_METHOD_PLACEHOLDER);
		pm_trail_add(&finding->trail, PM_METHOD_LABEL);
		if (bare.start != labelled.start || bare.end != labelled.end)
			pm_trail_add(&finding->trail, PM_METHOD_QUOTING);
		return find_named_form(context, bare, finding) ||
		       find_digits(context, bare, label, finding);
	}
	if (find_digits(context, inner, PM_LABEL_NONE, finding))
		return true;
	if (is_bare_ai(text, inner) && find_element_string(text, inner, true, finding))
		return true;
	return false;
}
