/*
 * pm_transform_text.c - transforms of text: trim, collapse, case, split, replace, ...
 */
#include <string.h>

#include "pm_blank.h"
#include "pm_case.h"
#include "pm_char.h"
#include "pm_html.h"
#include "pm_transform_private.h"
#include "pm_utf8.h"

#define LENGTH_MAX   100000 /* characters that arguments may ask for */
#define SEARCHED_MAX 200 /* bytes of a text that is searched for, at every byte at worst */

/* Takes blanks off both ends. */
static PmTransformStatus
run_trim(const void *compiled, PmText *value, PmArena *arena, PmValueFault *fault)
{
	(void) compiled;
	(void) arena;
	(void) fault;
	if (value->data != NULL && !pm_blank_is_trimmed(*value))
		*value = pm_blank_trim(*value);
	return PM_TRANSFORM_OK;
}

/* Makes one space of each run of blanks. */
static PmTransformStatus
run_collapse(const void *compiled, PmText *value, PmArena *arena, PmValueFault *fault)
{
	size_t clean;
	PmText rest;
	char *out;

	(void) compiled;
	(void) fault;
	if (value->data == NULL || pm_blank_is_clean(*value))
		return PM_TRANSFORM_OK;
	clean = pm_blank_clean(*value);
	if (clean == value->size)
		return PM_TRANSFORM_OK;
	/* a space before the run that was met belongs to it */
	if (clean > 0 && value->data[clean - 1] == ' ')
		clean--;
	out = pm_arena_bytes(arena, value->size);
	if (out == NULL)
		return PM_TRANSFORM_FULL;
	memcpy(out, value->data, clean);
	rest.data = value->data + clean;
	rest.size = value->size - clean;
	return pm_done(arena, out, out + clean + pm_blank_collapse(rest, out + clean), value);
}

/* Writes a value in another case. */
static PmTransformStatus
change_case(PmCase form, PmText *value, PmArena *arena)
{
	size_t size;
	char *out;

	if (value->data == NULL || pm_case_done(form, value->data, value->size) == value->size)
		return PM_TRANSFORM_OK;
	out = pm_arena_bytes(arena, PM_CASE_GROWTH(value->size));
	if (out == NULL)
		return PM_TRANSFORM_FULL;
	size = pm_case(form, value->data, value->size, out);
	return pm_done(arena, out, out + size, value);
}

static PmTransformStatus
run_upper(const void *compiled, PmText *value, PmArena *arena, PmValueFault *fault)
{
	(void) compiled;
	(void) fault;
	return change_case(PM_CASE_UPPER, value, arena);
}

static PmTransformStatus
run_lower(const void *compiled, PmText *value, PmArena *arena, PmValueFault *fault)
{
	(void) compiled;
	(void) fault;
	return change_case(PM_CASE_LOWER, value, arena);
}

static PmTransformStatus
run_title(const void *compiled, PmText *value, PmArena *arena, PmValueFault *fault)
{
	(void) compiled;
	(void) fault;
	return change_case(PM_CASE_TITLE, value, arena);
}

/* Takes tags off. */
static PmTransformStatus
run_html_text(const void *compiled, PmText *value, PmArena *arena, PmValueFault *fault)
{
	char *out;

	(void) compiled;
	(void) fault;
	if (value->data == NULL || pm_html_is_plain(*value))
		return PM_TRANSFORM_OK;
	out = pm_arena_bytes(arena, value->size);
	if (out == NULL)
		return PM_TRANSFORM_FULL;
	return pm_done(arena, out, out + pm_html_text(*value, out), value);
}

/*
 * Is it a control character, or one that directs others or marks a file, but is not seen?
 * Joiners and variation selectors are parts of what is seen; line ends and tabs are blanks.
 */
static bool
is_control(uint32_t cp)
{
	return (cp < ' ' && cp != '\t' && cp != '\n' && cp != '\r') ||
	       (cp >= 0x7F && cp < 0xA0 && cp != 0x85) || cp == 0xAD || cp == 0x200B ||
	       cp == 0x200E || cp == 0x200F || (cp >= 0x202A && cp <= 0x202E) ||
	       (cp >= 0x2060 && cp <= 0x206F) || cp == 0xFEFF || (cp >= 0xFFF9 && cp <= 0xFFFB);
}

/* Takes control characters out. */
static PmTransformStatus
run_strip_control(const void *compiled, PmText *value, PmArena *arena, PmValueFault *fault)
{
	size_t i = 0;
	char *out;
	char *at;

	(void) compiled;
	(void) fault;
	while (i < value->size && value->data[i] >= ' ' && value->data[i] < 0x7F)
		i++;
	if (i == value->size)
		return PM_TRANSFORM_OK;
	out = pm_arena_bytes(arena, value->size);
	if (out == NULL)
		return PM_TRANSFORM_FULL;
	memcpy(out, value->data, i);
	at = out + i;
	while (i < value->size)
	{
		uint32_t cp;
		size_t size = pm_utf8_decode(value->data + i, value->size - i, &cp);

		if (cp == PM_UTF8_INVALID || !is_control(cp))
		{
			memcpy(at, value->data + i, size);
			at += size;
		}
		i += size;
	}
	return pm_done(arena, out, at, value);
}

/* Keeps digits, as ASCII. */
static PmTransformStatus
run_digits(const void *compiled, PmText *value, PmArena *arena, PmValueFault *fault)
{
	size_t i = 0;
	char *out;
	char *at;

	(void) compiled;
	(void) fault;
	while (i < value->size && pm_is_digit(value->data[i]))
		i++;
	if (i == value->size)
		return PM_TRANSFORM_OK;
	out = pm_arena_bytes(arena, value->size);
	if (out == NULL)
		return PM_TRANSFORM_FULL;
	at = out;
	for (i = 0; i < value->size;)
	{
		uint32_t cp;
		int digit;

		i += pm_utf8_decode(value->data + i, value->size - i, &cp);
		digit = pm_utf8_digit(cp);
		if (digit >= 0)
			*at++ = (char) ('0' + digit);
	}
	return pm_done(arena, out, at, value);
}

/* Two texts and a number: what most transforms of text are compiled into. */
typedef struct Texts
{
	PmText first;
	PmText second;
	int number;
	int other;
} Texts;

/* Room for what is compiled; NULL if there is none. */
static Texts *
new_texts(PmCompile *from)
{
	return pm_arena_object(from->arena, sizeof(Texts));
}

/* Compiles one text. */
static PmTransformStatus
compile_text(PmCompile *from, const void **compiled)
{
	Texts *texts = new_texts(from);

	*compiled = texts;
	return texts == NULL ? PM_TRANSFORM_FULL : pm_given_text(from, 0, &texts->first);
}

/* Puts texts before and after a value that is there and is not empty. */
static PmTransformStatus
surround(PmText before, PmText after, PmText *value, PmArena *arena, PmValueFault *fault)
{
	size_t size = before.size + value->size + after.size;
	char *out;
	char *at;

	if (value->size == 0)
		return PM_TRANSFORM_OK;
	if (size > PM_TRANSFORM_VALUE_MAX)
	{
		*fault = PM_VALUE_TOO_LONG;
		return PM_TRANSFORM_BAD;
	}
	out = pm_arena_bytes(arena, size);
	if (out == NULL)
		return PM_TRANSFORM_FULL;
	at = out;
	if (before.size > 0)
		memcpy(at, before.data, before.size);
	at += before.size;
	memcpy(at, value->data, value->size);
	at += value->size;
	if (after.size > 0)
		memcpy(at, after.data, after.size);
	return pm_done(arena, out, at + after.size, value);
}

static PmTransformStatus
run_prefix(const void *compiled, PmText *value, PmArena *arena, PmValueFault *fault)
{
	const Texts *texts = compiled;
	PmText nothing = {NULL, 0};

	return surround(texts->first, nothing, value, arena, fault);
}

static PmTransformStatus
run_suffix(const void *compiled, PmText *value, PmArena *arena, PmValueFault *fault)
{
	const Texts *texts = compiled;
	PmText nothing = {NULL, 0};

	return surround(nothing, texts->first, value, arena, fault);
}

/* A text for a value that is not there, or is blank. */
static PmTransformStatus
run_default(const void *compiled, PmText *value, PmArena *arena, PmValueFault *fault)
{
	const Texts *texts = compiled;

	(void) arena;
	(void) fault;
	if (value->data == NULL || pm_blank_trim(*value).size == 0)
		*value = texts->first;
	return PM_TRANSFORM_OK;
}

static PmTransformStatus
compile_replace(PmCompile *from, const void **compiled)
{
	Texts *texts = new_texts(from);

	*compiled = texts;
	if (texts == NULL || pm_given_text(from, 0, &texts->first) != PM_TRANSFORM_OK ||
	    pm_given_text(from, 1, &texts->second) != PM_TRANSFORM_OK)
		return PM_TRANSFORM_FULL;
	return PM_TRANSFORM_OK;
}

/* Where a text is in another one from a place on; NULL if it is not. */
static const char *
find(const char *at, const char *end, PmText text)
{
	while ((size_t) (end - at) >= text.size)
	{
		at = memchr(at, *text.data, (size_t) (end - at) - text.size + 1);
		if (at == NULL || memcmp(at, text.data, text.size) == 0)
			return at;
		at++;
	}
	return NULL;
}

/* Writes one text for another wherever it is. */
static PmTransformStatus
run_replace(const void *compiled, PmText *value, PmArena *arena, PmValueFault *fault)
{
	const Texts *texts = compiled;
	const char *at = value->data;
	const char *end;
	const char *found;
	size_t times = 0;
	size_t size;
	char *out;
	char *put;

	if (at == NULL)
		return PM_TRANSFORM_OK;
	end = at + value->size;
	for (; (found = find(at, end, texts->first)) != NULL; at = found + texts->first.size)
		times++;
	if (times == 0)
		return PM_TRANSFORM_OK;
	size = value->size - times * texts->first.size;
	if (texts->second.size > (PM_TRANSFORM_VALUE_MAX - size) / times)
	{
		*fault = PM_VALUE_TOO_LONG;
		return PM_TRANSFORM_BAD;
	}
	out = pm_arena_bytes(arena, size + times * texts->second.size);
	if (out == NULL)
		return PM_TRANSFORM_FULL;
	put = out;
	for (at = value->data; (found = find(at, end, texts->first)) != NULL;
	     at = found + texts->first.size)
	{
		memcpy(put, at, (size_t) (found - at));
		put += found - at;
		if (texts->second.size > 0)
			memcpy(put, texts->second.data, texts->second.size);
		put += texts->second.size;
	}
	memcpy(put, at, (size_t) (end - at));
	return pm_done(arena, out, put + (end - at), value);
}

static const char *const missing_parts[] = {"none", "fault", NULL};

static PmTransformStatus
compile_split(PmCompile *from, const void **compiled)
{
	Texts *texts = new_texts(from);

	*compiled = texts;
	if (texts == NULL)
		return PM_TRANSFORM_FULL;
	texts->number = pm_given_number(from, 1, 1);
	texts->other = pm_given_choice(from, 2, 0);
	if (texts->number == 0)
		return pm_problem(from, "argument \"which\" must not be \"%.*s\"",
		                  pm_given(from, 1, 0)->text);
	return pm_given_text(from, 0, &texts->first);
}

/* Takes the part at a place, from 1, or from -1 for the last one backwards. */
static PmTransformStatus
run_split(const void *compiled, PmText *value, PmArena *arena, PmValueFault *fault)
{
	const Texts *texts = compiled;
	const char *at = value->data;
	const char *end;
	const char *found;
	int which = texts->number;

	(void) arena;
	if (at == NULL)
		return PM_TRANSFORM_OK;
	end = at + value->size;
	if (which < 0)
	{
		for (which++; (found = find(at, end, texts->first)) != NULL;
		     at = found + texts->first.size)
			which++;
		at = value->data;
	}
	else
		which--;
	for (int i = 0; which >= 0; i++)
	{
		found = find(at, end, texts->first);
		if (i == which)
		{
			value->data = at;
			value->size = (size_t) ((found == NULL ? end : found) - at);
			return PM_TRANSFORM_OK;
		}
		if (found == NULL)
			break;
		at = found + texts->first.size;
	}
	if (texts->other == 1)
	{
		*fault = PM_VALUE_NO_SUCH_PART;
		return PM_TRANSFORM_BAD;
	}
	value->data = NULL;
	value->size = 0;
	return PM_TRANSFORM_OK;
}

static PmTransformStatus
compile_substring(PmCompile *from, const void **compiled)
{
	Texts *texts = new_texts(from);

	*compiled = texts;
	if (texts == NULL)
		return PM_TRANSFORM_FULL;
	texts->number = pm_given_number(from, 0, 1);
	texts->other = pm_given_number(from, 1, -1);
	if (texts->number == 0)
		return pm_problem(from, "argument \"start\" must not be \"%.*s\"",
		                  pm_given(from, 0, 0)->text);
	return PM_TRANSFORM_OK;
}

/* How many characters a text has, up to a limit. */
static size_t
count_chars(PmText text, size_t limit)
{
	size_t chars = 0;
	uint32_t ignored;

	for (size_t i = 0; i < text.size && chars < limit; chars++)
		i += pm_utf8_decode(text.data + i, text.size - i, &ignored);
	return chars;
}

/* Takes characters from a place, from 1, or from -1 for the last one backwards. */
static PmTransformStatus
run_substring(const void *compiled, PmText *value, PmArena *arena, PmValueFault *fault)
{
	const Texts *texts = compiled;
	size_t skip = texts->number > 0 ? (size_t) texts->number - 1 : 0;
	size_t size;

	(void) arena;
	(void) fault;
	if (value->data == NULL)
		return PM_TRANSFORM_OK;
	if (texts->number < 0)
	{
		size_t chars = count_chars(*value, value->size);
		size_t back = (size_t) -texts->number;

		skip = chars > back ? chars - back : 0;
	}
	size = pm_utf8_clip(value->data, value->size, skip);
	value->data += size;
	value->size -= size;
	if (texts->other >= 0)
		value->size = pm_utf8_clip(value->data, value->size, (size_t) texts->other);
	return PM_TRANSFORM_OK;
}

static const char *const sides[] = {"left", "right", NULL};

static PmTransformStatus
compile_pad(PmCompile *from, const void **compiled)
{
	Texts *texts = new_texts(from);
	const PmArgument *with = pm_given(from, 1, 0);

	*compiled = texts;
	if (texts == NULL)
		return PM_TRANSFORM_FULL;
	if (with != NULL && count_chars(with->text, 2) != 1)
		return pm_problem(from, "argument \"with\" must be one character, not \"%.*s\"",
		                  with->text);
	texts->number = pm_given_number(from, 0, 0);
	texts->other = pm_given_choice(from, 2, 0);
	if (pm_given_text(from, 1, &texts->first) != PM_TRANSFORM_OK)
		return PM_TRANSFORM_FULL;
	if (with == NULL)
	{
		texts->first.data = "0";
		texts->first.size = 1;
	}
	return PM_TRANSFORM_OK;
}

/* Makes a value as long as it was before it lost its zeros; an empty one stays. */
static PmTransformStatus
run_pad(const void *compiled, PmText *value, PmArena *arena, PmValueFault *fault)
{
	const Texts *texts = compiled;
	size_t chars = count_chars(*value, (size_t) texts->number);
	size_t gap = (size_t) texts->number - chars;
	char *out;
	char *at;

	(void) fault;
	if (value->size == 0 || gap == 0)
		return PM_TRANSFORM_OK;
	out = pm_arena_bytes(arena, value->size + gap * texts->first.size);
	if (out == NULL)
		return PM_TRANSFORM_FULL;
	at = out;
	if (texts->other == 1)
	{
		memcpy(at, value->data, value->size);
		at += value->size;
	}
	for (size_t i = 0; i < gap; i++, at += texts->first.size)
		memcpy(at, texts->first.data, texts->first.size);
	if (texts->other == 0)
	{
		memcpy(at, value->data, value->size);
		at += value->size;
	}
	return pm_done(arena, out, at, value);
}

/*
 * Joins the values that are there and are not blank; *out is none if there are no such.
 * Not the inverse of split: what is empty leaves no separator behind.
 */
PmTransformStatus
pm_transform_join(const PmText *values, size_t count, PmText separator, PmArena *arena,
                  PmText *out)
{
	PmText only = {NULL, 0};
	size_t used = 0;
	size_t size = 0;
	char *bytes;
	char *at;

	for (size_t i = 0; i < count; i++)
	{
		if (values[i].data == NULL || pm_blank_trim(values[i]).size == 0)
			continue;
		only = values[i];
		used++;
		size += values[i].size + separator.size;
	}
	if (used <= 1)
	{
		*out = only;
		return PM_TRANSFORM_OK;
	}
	bytes = pm_arena_bytes(arena, size);
	if (bytes == NULL)
		return PM_TRANSFORM_FULL;
	at = bytes;
	for (size_t i = 0; i < count; i++)
	{
		if (values[i].data == NULL || pm_blank_trim(values[i]).size == 0)
			continue;
		if (at > bytes && separator.size > 0)
		{
			memcpy(at, separator.data, separator.size);
			at += separator.size;
		}
		memcpy(at, values[i].data, values[i].size);
		at += values[i].size;
	}
	return pm_done(arena, bytes, at, out);
}

/* clang-format off */
const PmTransformKind pm_text_transforms[] = {
    {"trim", run_trim, NULL, {{0}}},
    {"collapse", run_collapse, NULL, {{0}}},
    {"upper", run_upper, NULL, {{0}}},
    {"lower", run_lower, NULL, {{0}}},
    {"title", run_title, NULL, {{0}}},
    {"html_text", run_html_text, NULL, {{0}}},
    {"strip_control", run_strip_control, NULL, {{0}}},
    {"digits", run_digits, NULL, {{0}}},
    {"prefix", run_prefix, compile_text, {PM_TEXT("text", true, 1, 0)}},
    {"suffix", run_suffix, compile_text, {PM_TEXT("text", true, 1, 0)}},
    {"default", run_default, compile_text, {PM_TEXT("text", true, 1, 0)}},
    {"replace", run_replace, compile_replace, {PM_TEXT("from", true, 1, SEARCHED_MAX), PM_TEXT("to", false, 0, 0)}},
    {"split", run_split, compile_split,
     {PM_TEXT("separator", true, 1, SEARCHED_MAX), PM_NUMBER("which", false, -LENGTH_MAX, LENGTH_MAX),
      PM_CHOICE("missing", missing_parts)}},
    {"substring", run_substring, compile_substring,
     {PM_NUMBER("start", true, -LENGTH_MAX, LENGTH_MAX), PM_NUMBER("length", false, 0, LENGTH_MAX)}},
    {"pad", run_pad, compile_pad,
     {PM_NUMBER("length", true, 1, 1000), PM_TEXT("with", false, 1, 0), PM_CHOICE("side", sides)}},
    {NULL, NULL, NULL, {{0}}},
};
/* clang-format on */
