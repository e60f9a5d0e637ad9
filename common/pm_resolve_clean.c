/*
 * pm_resolve_clean.c - from bytes to plain characters to the digits of a code
 *
 * Two stages, both linear.  pm_text_load folds every character to ASCII and
 * remembers where it came from.  pm_code_scan then reads one slice of it as
 * digits with separators, a fraction of zeros, an exponent, and notes what it
 * left out; whether the digits make a GTIN is decided elsewhere.
 *
 * Grammar of the separators, all between digits only:
 *   ' ' '-' '_'    anywhere, up to four in a row (line ends and tabs too)
 *   '.'            like these, but one lone dot is a decimal point
 *   ',' '\''       only as thousands separators: groups of three from the right
 */
#include <string.h>

#include "pm_gs1.h"
#include "pm_resolve_internal.h"
#include "pm_utf8.h"

#define MAX_GAP      4  /* separators in a row */
#define MAX_QUOTES   8  /* layers of quoting */
#define MAX_EXPONENT 99 /* larger ones name no GTIN */

/* The ASCII character that stands for a punctuation mark of another script; 0: none. */
static char
fold_punctuation(uint32_t cp)
{
	switch (cp)
	{
		case 0x00B4: /* acute accent typed as an apostrophe */
		case 0x2018:
		case 0x2019:
		case 0x201A:
		case 0x201B:
		case 0x2032: /* prime */
		case 0x066C: /* Arabic thousands separator */
			return '\'';
		case 0x00AB:
		case 0x00BB:
		case 0x201C:
		case 0x201D:
		case 0x201E:
		case 0x201F:
		case 0x2033: /* double prime */
		case 0x2039:
		case 0x203A:
		case 0x300C: /* corner brackets */
		case 0x300D:
			return '"';
		case 0x00B7: /* middle dot */
		case 0x2024:
		case 0x2027:
		case 0x22C5:
		case 0x3002: /* ideographic full stop */
			return '.';
		case 0x066B: /* Arabic decimal separator */
		case 0x060C: /* Arabic comma */
		case 0x3001: /* ideographic comma */
			return ',';
		case 0x061B: /* Arabic semicolon */
			return ';';
		case 0x2044: /* fraction slash */
			return '/';
		default:
			return 0;
	}
}

/* The ASCII character that a code point above ASCII means here; 0: none. */
static char
fold(uint32_t cp)
{
	int digit = pm_utf8_digit(cp);

	if (digit >= 0)
		return (char) ('0' + digit);
	if (pm_utf8_is_space(cp))
		return cp == 0x0085 || cp == 0x2028 || cp == 0x2029 ? '\n' : ' ';
	if (pm_utf8_is_invisible(cp))
		return PM_INVISIBLE;
	if (pm_utf8_is_dash(cp))
		return '-';
	if (cp >= 0xFF01 && cp <= 0xFF5E) /* fullwidth forms of ! .. ~ */
		return (char) (cp - 0xFF01 + '!');
	return fold_punctuation(cp);
}

/* The character that an ASCII byte other than NUL becomes. */
static inline char
fold_ascii(char c)
{
	if (c >= ' ' && c != 0x7F)
		return c;
	if (c == '\t' || c == '\n' || c == PM_GS1_FNC1)
		return c;
	return c >= '\v' && c <= '\r' ? '\n' : PM_INVISIBLE;
}

/*
 * Fills text from the input, which must stay while text is used.  False if the
 * input is too long, holds a NUL or is not UTF-8.
 */
bool
pm_text_load(PmText *text, const char *str, size_t len)
{
	size_t used = 0;
	size_t at = 0;

	if (len > PM_RESOLVE_MAX_INPUT)
		return false;
	text->raw = str;
	text->has_fnc1 = false;
	while (at < len)
	{
		size_t size = 1;
		uint32_t cp;
		char c;

		if ((unsigned char) str[at] < 0x80)
		{
			if (str[at] == '\0')
				return false;
			c = fold_ascii(str[at]);
			text->has_fnc1 = text->has_fnc1 || c == PM_GS1_FNC1;
		}
		else
		{
			size = pm_utf8_decode(str + at, len - at, &cp);
			if (cp == PM_UTF8_INVALID)
				return false;
			c = fold(cp);
		}
		if (c != 0)
		{
			text->chars[used] = c;
			text->origin[used++] = (uint16_t) at;
			at += size;
			continue;
		}
		for (; size > 0; size--, at++)
		{
			text->chars[used] = str[at];
			text->origin[used++] = (uint16_t) at;
		}
	}
	text->len = used;
	text->origin[used] = (uint16_t) len;
	return true;
}

/* The slice without white space and invisible characters around it. */
PmSlice
pm_slice_trim(const PmText *text, PmSlice slice)
{
	while (slice.start < slice.end && pm_is_blank(text->chars[slice.start]))
		slice.start++;
	while (slice.start < slice.end && pm_is_blank(text->chars[slice.end - 1]))
		slice.end--;
	return slice;
}

/*
 * Characters put around a code: quotes, the start and stop mark of Code 39, and
 * the marks that keep the margins of an EAN symbol free (9 780306 406157 >).
 */
static inline bool
is_quote(char c)
{
	return c == '"' || c == '\'' || c == '`' || c == '*' || c == '<' || c == '>';
}

/* The bracket that closes c; 0 if c opens none. */
static inline char
closing(char c)
{
	switch (c)
	{
		case '(':
			return ')';
		case '[':
			return ']';
		case '{':
			return '}';
		case '<':
			return '>';
		default:
			return 0;
	}
}

/* Is the slice one pair of brackets with none of its kind inside? */
static bool
is_bracketed(const PmText *text, PmSlice slice)
{
	const char *start = text->chars + slice.start;
	size_t inside = slice.end - slice.start;
	char close;

	if (inside < 2)
		return false;
	inside -= 2;
	close = closing(start[0]);
	return close != 0 && start[inside + 1] == close && !memchr(start + 1, close, inside) &&
	       !memchr(start + 1, start[0], inside);
}

/* The slice without a pair of brackets around the whole, trimmed. */
PmSlice
pm_slice_unbracket(const PmText *text, PmSlice slice)
{
	if (is_bracketed(text, slice))
	{
		slice.start++;
		slice.end--;
	}
	return pm_slice_trim(text, slice);
}

/*
 * The slice without quotes, brackets around the whole and a spreadsheet's '='
 * in front, trimmed.  Quotes may be unpaired: a lone apostrophe in front is
 * how spreadsheets mark text.
 */
PmSlice
pm_slice_unquote(const PmText *text, PmSlice slice)
{
	for (int layer = 0; layer < MAX_QUOTES && slice.start < slice.end; layer++)
	{
		const char *c = text->chars;

		if (is_bracketed(text, slice))
		{
			slice.start++;
			slice.end--;
		}
		else if (c[slice.start] == '=' || is_quote(c[slice.start]))
			slice.start++;
		else if (is_quote(c[slice.end - 1]))
			slice.end--;
		else
			break;
		slice = pm_slice_trim(text, slice);
	}
	return slice;
}

/* Do the breaks cut n digits into groups of three, counted from the right? */
static bool
is_thousands(uint64_t breaks, int n)
{
	uint64_t expected = 0;

	for (int i = n - 3; i > 0; i -= 3)
		expected |= UINT64_C(1) << i;
	return breaks == expected;
}

/*
 * If the slice ends in a decimal point or comma and nothing but zeros, cuts
 * them off.  Not when the same mark stands further left: then it separates
 * groups.
 */
static bool
cut_zero_fraction(const PmText *text, PmSlice *slice)
{
	size_t at = slice->end;
	char mark;

	while (at > slice->start && text->chars[at - 1] == '0')
		at--;
	if (at == slice->end || at < slice->start + 2)
		return false;
	mark = text->chars[at - 1];
	if ((mark != '.' && mark != ',') || !pm_is_digit(text->chars[at - 2]) ||
	    memchr(text->chars + slice->start, mark, at - 1 - slice->start))
		return false;
	slice->end = at - 1;
	return true;
}

/* The digit that a letter is often misread for; 0 for other characters. */
static inline char
digit_of_letter(char c)
{
	switch (c)
	{
		case 'O':
		case 'o':
			return '0';
		case 'l':
		case 'I':
			return '1';
		case 'S':
		case 's':
			return '5';
		case 'B':
			return '8';
		default:
			return 0;
	}
}

/* Appends one digit; false if there are too many. */
static inline bool
append(PmCode *code, char digit)
{
	if (code->n >= PM_CODE_DIGITS)
		return false;
	code->digits[code->n++] = digit;
	return true;
}

/* Separators met since the last digit, and over the whole code. */
typedef struct Separators
{
	int gap;
	bool visible;
	bool line;
	bool hyphen;
	int dots;
	int commas;
	int apostrophes;
} Separators;

/* Notes one separator; false if c is none. */
static bool
note_separator(Separators *s, char c)
{
	switch (c)
	{
		case PM_INVISIBLE:
			return true;
		case '\t':
		case '\n':
			s->line = true;
			break;
		case '-':
			s->hyphen = true;
			break;
		case '.':
			s->dots++;
			break;
		case ',':
			s->commas++;
			break;
		case '\'':
			s->apostrophes++;
			break;
		case ' ':
		case '_':
			break;
		default:
			return false;
	}
	s->visible = true;
	return ++s->gap <= MAX_GAP;
}

/* Turns the gap before the digit that comes next into bits of the masks. */
static inline void
close_gap(Separators *s, PmCode *code)
{
	uint64_t bit = UINT64_C(1) << (code->n & 63);

	if (s->visible)
	{
		code->breaks |= bit;
		if (s->hyphen && s->gap == 1)
			code->hyphens |= bit;
		if (s->line)
			code->lines |= bit;
	}
	s->gap = 0;
	s->visible = s->line = s->hyphen = false;
}

/* Do the dots, commas and apostrophes stand where separators may? */
static bool
separators_fit(const Separators *s, const PmCode *code)
{
	int marks = __builtin_popcountll(code->breaks);

	if (s->commas + s->apostrophes > 0)
		return (s->commas == marks || s->apostrophes == marks) && s->dots == 0 &&
		       marks >= 2 && is_thousands(code->breaks, code->n);
	return s->dots == 0 || marks >= 2;
}

/*
 * Reads the whole slice as one code (see the grammar above) into *code; false
 * if it is none.  With letters, letters that look like digits count as digits.
 */
bool
pm_code_scan(const PmText *text, PmSlice slice, bool letters, PmCode *code)
{
	const char *c = text->chars;
	Separators separators = {0};
	size_t at;

	memset(&code->n, 0, sizeof(*code) - offsetof(PmCode, n));
	if (slice.start < slice.end && (c[slice.start] == '-' || c[slice.end - 1] == '-'))
	{
		code->minus = true;
		if (c[slice.start] == '-')
			slice.start++;
		else
			slice.end--;
		slice = pm_slice_trim(text, slice);
	}
	if (slice.end - slice.start >= 2 && c[slice.end - 1] == '.')
	{
		code->separated = true;
		slice.end--;
	}
	code->decimal = cut_zero_fraction(text, &slice);

	for (at = slice.start; at < slice.end; at++)
	{
		char digit = pm_is_digit(c[at]) ? c[at] : 0;

		if (letters && digit == 0)
		{
			digit = digit_of_letter(c[at]);
			if (digit != 0)
			{
				bool edge = at == slice.start || at + 1 == slice.end;

				code->letters++;
				code->edge_letter = code->edge_letter || edge;
				code->edge_risky = code->edge_risky || (edge && digit >= '5');
			}
		}
		if (digit != 0)
		{
			if (separators.visible)
				close_gap(&separators, code);
			if ((unsigned char) text->raw[text->origin[at]] >= 0x80)
				code->unicode = true;
			if (!append(code, digit))
				return false;
		}
		else if ((c[at] == 'X' || c[at] == 'x') && at + 1 == slice.end && code->n > 0)
		{
			if (separators.visible)
				close_gap(&separators, code);
			code->check_x = true;
		}
		else if (code->n > 0 && note_separator(&separators, c[at]))
			code->separated = true;
		else
			return false;
	}
	return code->n > 0 && !separators.visible && separators_fit(&separators, code);
}

/*
 * Reads the slice as a number with an exponent: 4.006381333931E+12, also with
 * a decimal comma, e, and without sign.  The digits are those of the integer,
 * zeros standing for the code->missing ones that the mantissa does not show.
 * False if it is no such number or has a fraction left.
 */
bool
pm_code_scan_scientific(const PmText *text, PmSlice slice, PmCode *code)
{
	const char *c = text->chars;
	size_t at = slice.start;
	int whole = 0;
	int fraction = 0;
	int exponent = 0;
	int shift;
	bool unicode = false;
	bool point;

	memset(&code->n, 0, sizeof(*code) - offsetof(PmCode, n));
	for (; at < slice.end && pm_is_digit(c[at]); at++, whole++)
		if (!append(code, c[at]))
			return false;
	point = at < slice.end && (c[at] == '.' || c[at] == ',');
	if (point)
		for (at++; at < slice.end && pm_is_digit(c[at]); at++, fraction++)
			if (!append(code, c[at]))
				return false;
	if (at == slice.end || (c[at] != 'E' && c[at] != 'e'))
		return false;
	if (whole < 1 || whole > (point ? 3 : 1) || (point && fraction == 0))
		return false;

	at++;
	if (at < slice.end && c[at] == '+')
		at++;
	if (at == slice.end)
		return false;
	for (; at < slice.end && pm_is_digit(c[at]); at++)
	{
		exponent = exponent * 10 + (c[at] - '0');
		if (exponent > MAX_EXPONENT)
			return false;
	}
	if (at != slice.end)
		return false;

	/* bring the point behind the last digit */
	for (shift = exponent - fraction; shift < 0; shift++)
		if (code->digits[--code->n] != '0' || code->n == 0)
			return false;
	code->missing = shift;
	for (; shift > 0; shift--)
		if (!append(code, '0'))
			return false;

	for (at = slice.start; at < slice.end && !unicode; at++)
		unicode = (unsigned char) text->raw[text->origin[at]] >= 0x80;
	code->unicode = unicode;
	code->scientific = true;
	return true;
}
