/*
 * pm_resolve_words.c - words and digits that stand where a code should be
 *
 * Words are compared squeezed: ASCII and Latin-1 letters in lower case, digits,
 * a leading '#', backslashes, and the UTF-8 bytes of everything else; spaces
 * and punctuation are left out, so that "N/A", "n.a." and "<na>" are one word.
 * The table is in byte order and searched by halves.  It holds the words that
 * spreadsheets, databases and the marketplaces' forms use in the languages of
 * their sites; callers bring their own besides.
 */
#include <string.h>

#include "pm_resolve_internal.h"

/* Words for "there is no code", squeezed, in byte order. */
/* clang-format off */
static const char *const placeholder_words[] = {
    "#bezug", "#brak", "#calc", "#div0", "#error", "#getal", "#na", "#naam", "#name",
    "#nd", "#nom", "#nombre", "#nome", "#null", "#num", "#nv", "#nvt", "#ref", "#rif",
    "#spill", "#valeur", "#valor", "#valore", "#value", "#verw", "#waarde", "#wert",
    "#zahl", "\\n", "assente", "aucun", "aucune", "blank", "brak", "brakdanych",
    "desconhecido", "desconocido", "doesnotapply", "doesntapply", "eiole",
    "eisaatavilla", "eisovellu", "ejtillämplig", "ejtillämpligt", "empty", "entfällt",
    "exempt", "exempted", "fehlt", "geen", "geçerlideğil", "gtinexempt",
    "gtinexemption", "gällerinte", "ikkeaktuelt", "ikkerelevant", "ikketilgjengelig",
    "ikketilgængelig", "inconnu", "indisponible", "ingen", "ka", "kein", "keine",
    "keineangabe", "keineangaben", "keiner", "keines", "leer", "missing", "na", "nan",
    "naoaplicavel", "naoseaplica", "nc", "nd", "nemalkalmazható", "nenhum", "není",
    "neníkdispozici", "nesappliquepas", "nessuna", "nessuno", "neuvedeno",
    "nichtanwendbar", "nichtverfügbar", "nichtvorhanden", "nichtzutreffend",
    "niedostępny", "niedotyczy", "nietbeschikbaar", "nietvantoepassing", "nieznany",
    "nil", "nincs", "ninguna", "ninguno", "no", "noaplica", "noaplicable", "nodata",
    "nodisponible", "nonapplicabile", "nonapplicable", "noncommuniqué",
    "nondisponibile", "nondisponible", "none", "nonrenseigné", "nonrenseignée",
    "notapplicable", "notassigned", "notavailable", "novalue", "nuestecazul", "null",
    "nuseaplică", "nv", "nvt", "nãoaplicável", "nãodisponível", "nãoseaplica", "néant",
    "ohne", "onbekend", "puuttuu", "saknas", "sansobjet", "sconosciuto", "semgtin",
    "sindatos", "so", "tba", "tbc", "tbd", "unassigned", "unbekannt", "undefined",
    "unknown", "uygulanamaz", "vide", "void", "yok", "žiadny", "Немає", "Неприменимо",
    "Неприменяется", "Нет", "Отсутствует", "немає", "неприменимо", "неприменяется",
    "нет", "отсутствует", "なし", "不适用", "不適用", "无", "無", "該当なし", "없음", "해당없음"
};
/* clang-format on */

#define LONGEST_WORD      32 /* bytes; no word of the table is longer */
#define LEAST_SAME_DIGITS 4  /* 1111 is nobody's number, 111 may be a count */
#define LEAST_COUNTED     5  /* 12345 */

/* Is this squeezed text a placeholder word, a row of x, or nothing at all? */
static bool
is_placeholder_word(const char *str, size_t len)
{
	size_t low = 0;
	size_t high = LENGTH_OF(placeholder_words);

	while (low < high)
	{
		size_t middle = low + (high - low) / 2;
		int order = pm_compare_word(placeholder_words[middle], str, len);

		if (order == 0)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t i = 0; i < len; i++)
		if (str[i] != 'x')
			return false;
	return true;
}

/*
 * Is the input one of the caller's words?  Both are trimmed of ASCII white
 * space and compared without regard to ASCII case.
 */
bool
pm_words_caller(const PmContext *context, const char *str, size_t len)
{
	for (int i = 0; i < context->n_placeholders; i++)
	{
		const char *word = context->placeholders[i].str;
		size_t n = context->placeholders[i].len;
		size_t same = 0;

		while (n > 0 &&
		       (word[n - 1] == ' ' || (word[n - 1] >= '\t' && word[n - 1] <= '\r')))
			n--;
		while (n > 0 && (word[0] == ' ' || (word[0] >= '\t' && word[0] <= '\r')))
			word++, n--;
		if (n != len || n == 0)
			continue;
		while (same < n && pm_lower(word[same]) == pm_lower(str[same]))
			same++;
		if (same == n)
			return true;
	}
	return false;
}

/* Does the (trimmed) slice stand for "no code": a known word, or only punctuation? */
bool
pm_words_placeholder(const PmContext *context, PmSlice slice)
{
	const PmText *text = context->text;
	char squeezed[LONGEST_WORD];
	size_t len = 0;
	int digits = 0;

	if (context->n_placeholders > 0 &&
	    pm_words_caller(context, text->raw + text->origin[slice.start],
	                    (size_t) (text->origin[slice.end] - text->origin[slice.start])))
		return true;

	for (size_t i = slice.start; i < slice.end; i++)
	{
		char c = pm_lower(text->chars[i]);

		if (pm_is_digit(c) && ++digits > 1)
			return false; /* #DIV/0! has one, no word has more */
		if (!pm_is_digit(c) && !pm_is_letter(c) && c != '\\' &&
		    !(c == '#' && i == slice.start))
			continue;
		if (len == LONGEST_WORD)
			return false;
		if (len > 0 && squeezed[len - 1] == '\xC3')
			c = pm_lower_latin1(c);
		squeezed[len++] = c;
	}
	return is_placeholder_word(squeezed, len) || (len == 1 && squeezed[0] == '#');
}

/*
 * Do these digits stand for "no code": zeros, one digit over and over, counting
 * up from 0 or 1 (also with the check digit that makes 1234567890128), or one of
 * the caller's words, with zeros in front or without?
 */
bool
pm_words_placeholder_digits(const PmContext *context, const char *digits, int n)
{
	static const char counted[] = "0123456789012345";
	static const char complete[] = "1234567890128";
	int skip = n > 0 && digits[0] == '1';
	int same = 1;

	while (same < n && digits[same] == digits[0])
		same++;
	if (same == n && (digits[0] == '0' || n >= LEAST_SAME_DIGITS))
		return true;
	if (n >= LEAST_COUNTED + !skip && (size_t) (n + skip) < sizeof(counted) &&
	    memcmp(digits, counted + skip, (size_t) n) == 0)
		return true;
	if (context->n_placeholders > 0 && pm_words_caller(context, digits, (size_t) n))
		return true;
	while (n > 13 && digits[0] == '0')
		digits++, n--;
	if (n == 13 && memcmp(digits, complete, 13) == 0)
		return true;
	return context->n_placeholders > 0 && pm_words_caller(context, digits, (size_t) n);
}
