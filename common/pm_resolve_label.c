/*
 * pm_resolve_label.c - labels in front of codes
 *
 * "EAN: 4006381333931", "Code EAN-13 no. 4006381333931", "ISBN 0-306-40615-2":
 * a label is a few known words and perhaps the number of digits it announces.
 * It tells what kind of code follows, and its own digits must not leak into
 * the code.  The table of words is in byte order and searched by halves.
 */
#include <string.h>

#include "pm_resolve_internal.h"

/* The other kinds of word in a label, beside the PmLabel values. */
#define FILLER   100 /* says nothing by itself: code, no., number */
#define NEGATION 101 /* turns the label into a placeholder: kein EAN */

/* The words of labels, lower case, in byte order. */
/* clang-format off */
static const struct
{
	const char *word;
	int kind; /* PmLabel, FILLER or NEGATION */
} label_words[] = {
    {"a", FILLER}, {"asin", PM_LABEL_ASIN}, {"asins", PM_LABEL_ASIN},
    {"aucun", NEGATION}, {"aucune", NEGATION}, {"bar", PM_LABEL_ANY},
    {"barcode", PM_LABEL_ANY}, {"barcodenummer", PM_LABEL_ANY},
    {"barcodes", PM_LABEL_ANY}, {"barra", PM_LABEL_ANY}, {"barras", PM_LABEL_ANY},
    {"barre", PM_LABEL_ANY}, {"barres", PM_LABEL_ANY}, {"bez", NEGATION},
    {"brak", NEGATION}, {"code", FILLER}, {"codebarre", PM_LABEL_ANY},
    {"codebarres", PM_LABEL_ANY}, {"codes", FILLER}, {"codice", FILLER},
    {"codigo", FILLER}, {"código", FILLER}, {"d", FILLER}, {"de", FILLER},
    {"dun", PM_LABEL_ANY}, {"ean", PM_LABEL_ANY}, {"eancode", PM_LABEL_ANY},
    {"eancodes", PM_LABEL_ANY}, {"eannr", PM_LABEL_ANY}, {"eannummer", PM_LABEL_ANY},
    {"eans", PM_LABEL_ANY}, {"eissn", PM_LABEL_ISSN}, {"geen", NEGATION},
    {"gencod", PM_LABEL_ANY}, {"gencode", PM_LABEL_ANY}, {"gtin", PM_LABEL_ANY},
    {"gtincode", PM_LABEL_ANY}, {"gtins", PM_LABEL_ANY}, {"id", FILLER},
    {"ingen", NEGATION}, {"isbn", PM_LABEL_ISBN}, {"isbns", PM_LABEL_ISBN},
    {"ismn", PM_LABEL_ISMN}, {"issn", PM_LABEL_ISSN}, {"itf", PM_LABEL_ANY},
    {"jan", PM_LABEL_ANY}, {"jancode", PM_LABEL_ANY}, {"kein", NEGATION},
    {"keine", NEGATION}, {"keinen", NEGATION}, {"keiner", NEGATION}, {"kod", FILLER},
    {"kode", FILLER}, {"koodi", FILLER}, {"kreskowy", PM_LABEL_ANY}, {"kód", FILLER},
    {"missing", NEGATION}, {"n", FILLER}, {"nessun", NEGATION}, {"nessuno", NEGATION},
    {"nincs", NEGATION}, {"ningun", NEGATION}, {"ningún", NEGATION}, {"no", FILLER},
    {"none", NEGATION}, {"nos", FILLER}, {"not", NEGATION}, {"nr", FILLER},
    {"num", FILLER}, {"number", FILLER}, {"numbers", FILLER}, {"numero", FILLER},
    {"nummer", FILLER}, {"numéro", FILLER}, {"n°", FILLER}, {"nº", FILLER},
    {"número", FILLER}, {"ohne", NEGATION}, {"pas", NEGATION},
    {"pissn", PM_LABEL_ISSN}, {"sans", NEGATION}, {"scc", PM_LABEL_ANY},
    {"sem", NEGATION}, {"senza", NEGATION}, {"sin", NEGATION},
    {"streckkod", PM_LABEL_ANY}, {"streepjescode", PM_LABEL_ANY},
    {"stregkode", PM_LABEL_ANY}, {"strekkode", PM_LABEL_ANY},
    {"strichcode", PM_LABEL_ANY}, {"ucc", PM_LABEL_ANY}, {"uden", NEGATION},
    {"upc", PM_LABEL_UPC}, {"upca", PM_LABEL_UPC}, {"upccode", PM_LABEL_UPC},
    {"upce", PM_LABEL_UPCE}, {"upcs", PM_LABEL_UPC}, {"utan", NEGATION},
    {"uten", NEGATION}, {"viivakoodi", PM_LABEL_ANY}, {"vonalkód", PM_LABEL_ANY},
    {"without", NEGATION}, {"zonder", NEGATION}, {"à", FILLER}, {"без", NEGATION},
    {"нет", NEGATION}, {"штрих", PM_LABEL_ANY}, {"штрихкод", PM_LABEL_ANY},
    {"№", FILLER}, {"バーコード", PM_LABEL_ANY}, {"条码", PM_LABEL_ANY}, {"條碼", PM_LABEL_ANY}
};
/* clang-format on */

#define LONGEST_WORD 24 /* bytes; no word of the table is longer */
#define MOST_WORDS   6  /* of one label */
#define MOST_JOINERS 8  /* punctuation between a label and its code */

/* The kind of one label word, any case; 0 if it is none. */
static int
label_word(const char *str, size_t len)
{
	char word[LONGEST_WORD];
	size_t low = 0;
	size_t high = LENGTH_OF(label_words);

	if (len == 0 || len > LONGEST_WORD)
		return 0;
	for (size_t i = 0; i < len; i++)
	{
		word[i] = pm_lower(str[i]);
		if (i > 0 && word[i - 1] == '\xC3')
			word[i] = pm_lower_latin1(word[i]);
	}
	while (low < high)
	{
		size_t middle = low + (high - low) / 2;
		int order = pm_compare_word(label_words[middle].word, word, len);

		if (order == 0)
			return label_words[middle].kind;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return 0;
}

/* Punctuation between the words of a label, or between label and code. */
static inline bool
is_joiner(char c)
{
	return pm_is_blank(c) || c == ':' || c == '-' || c == '.' || c == '/' || c == '=' ||
	       c == '#' || c == '_' || c == ')' || c == '\'' || c == '&' || c == '+';
}

/* May a label of this kind carry this number: EAN-13, UPC-12, ISBN-10? */
static bool
is_label_number(int kind, int number)
{
	switch (kind)
	{
		case PM_LABEL_ANY:
			return number == 8 || (number >= 12 && number <= 14);
		case PM_LABEL_UPC:
			return number == 12;
		case PM_LABEL_ISBN:
			return number == 10 || number == 13;
		default:
			return false;
	}
}

/* Digits from at on, spaces and hyphens between them left out. */
static int
count_digits(const PmText *text, size_t at, size_t end)
{
	int n = 0;

	for (; at < end; at++)
	{
		if (pm_is_digit(text->chars[at]))
			n++;
		else if (text->chars[at] != '-' && !pm_is_blank(text->chars[at]))
			break;
	}
	return n;
}

/*
 * How many characters at the digits that begin at `at` belong to the label and
 * not to the code: the 13 of EAN13.  The danger is both ways: label digits must
 * not leak into the code, and the 8 of "EAN 8 712345 678906" is no label.
 */
static size_t
label_number_length(const PmText *text, size_t at, size_t end, int kind, bool glued,
                    bool attached)
{
	const char *c = text->chars;
	size_t run = 0;
	size_t width;
	int number;

	while (at + run < end && pm_is_digit(c[at + run]))
		run++;
	number = c[at] - '0';
	width = number == 1 ? 2 : 1;
	if (run < width)
		return 0;
	if (width == 2)
		number = 10 + (c[at + 1] - '0');
	if (!is_label_number(kind, number))
		return 0;
	if (run > width) /* EAN13 and 13 digits in one run */
		return glued && run - width == (size_t) number ? width : 0;
	if (number == 8 && !attached && count_digits(text, at + width, end) == 12)
		return 0;
	return width;
}

/*
 * Reads a label at the start of the slice: EAN, "EAN-13:", "Code EAN no.", ...
 * Returns what it says and sets *rest to where the code begins (slice.end if
 * none follows); PM_LABEL_NONE if there is no label, or a negated one before a
 * code.
 */
PmLabel
pm_label_read(const PmText *text, PmSlice slice, size_t *rest)
{
	const char *c = text->chars;
	size_t at = slice.start;
	int label = PM_LABEL_NONE;
	int last = 0; /* kind of the word before */
	bool negated = false;

	for (int words = 0; words < MOST_WORDS; words++)
	{
		size_t end = at;
		int kind;

		while (end < slice.end && pm_is_letter(c[end]) && end - at <= LONGEST_WORD)
			end++;
		kind = label_word(c + at, end - at);
		if (kind == 0 && last == PM_LABEL_UPC && end - at == 1 && pm_lower(c[at]) == 'e')
		{
			kind = PM_LABEL_UPCE; /* UPC-E in two words */
			label = PM_LABEL_NONE;
		}
		if (kind == 0)
			break;
		negated = negated || kind == NEGATION;
		if (kind < FILLER)
			label = label == PM_LABEL_NONE || label == kind ? kind : PM_LABEL_ANY;
		last = kind;
		at = end;

		/* EAN13, EAN-13, EAN (13) */
		while (end < slice.end && (is_joiner(c[end]) || c[end] == '('))
			end++;
		if (end < slice.end && pm_is_digit(c[end]) && kind < FILLER)
		{
			bool glued = end == at;
			bool attached = glued || (end == at + 1 && c[at] == '-');
			size_t width = label_number_length(text, end, slice.end, kind, glued, attached);

			if (width > 0 && end > at && c[end - 1] == '(' &&
			    (end + width == slice.end || c[end + width] != ')'))
				width = 0;
			if (width > 0)
				at = end + width;
		}
		while (at < slice.end && is_joiner(c[at]))
			at++;
		if (at + 1 < slice.end && c[at] == '(' && pm_is_letter(c[at + 1]))
			at++;
	}
	*rest = at;
	if (label == PM_LABEL_NONE || (negated && at < slice.end))
		return PM_LABEL_NONE;
	return (PmLabel) label;
}

/* Is the text from start to end the number of a label, such as 13? */
static bool
is_number_of_label(const char *c, size_t start, size_t end)
{
	if (end - start == 1)
		return c[start] == '8';
	return end - start == 2 && c[start] == '1' &&
	       (c[start + 1] == '0' || (c[start + 1] >= '2' && c[start + 1] <= '4'));
}

/*
 * The label that ends right before position, e.g. in "Mug, EAN: 40170725";
 * PM_LABEL_NONE if there is none.  Looks back over a few words only.
 */
PmLabel
pm_label_before(const PmText *text, PmSlice slice, size_t position)
{
	const char *c = text->chars;
	size_t end = position;

	for (int words = 0; words < MOST_WORDS; words++)
	{
		size_t start;
		int kind;

		for (int i = 0; i < MOST_JOINERS && end > slice.start; i++, end--)
			if (!is_joiner(c[end - 1]) && c[end - 1] != '(')
				break;
		start = end;
		while (start > slice.start && pm_is_digit(c[start - 1]) && end - start < 3)
			start--;
		if (start < end)
		{
			if (!is_number_of_label(c, start, end))
				return PM_LABEL_NONE;
			end = start;
			continue;
		}
		while (start > slice.start && pm_is_letter(c[start - 1]) &&
		       end - start <= LONGEST_WORD)
			start--;
		kind = label_word(c + start, end - start);
		if (kind == 0 || kind == NEGATION)
			return PM_LABEL_NONE;
		if (kind < FILLER)
			return (PmLabel) kind;
		end = start;
	}
	return PM_LABEL_NONE;
}
