/*
 * pm_date_scan.c - numbers, names of months and times of day in a text
 *
 * A name is folded before it is looked for, so that case and accents do not matter.
 */
#include <string.h>

#include "pm_char.h"
#include "pm_date_scan.h"
#include "pm_find.h"
#include "pm_fold.h"
#include "pm_utf8.h"

#define DIGITS_MAX 8 /* of a number */

typedef struct Word
{
	char name[PM_DATE_WORD_MAX];
	int month; /* 0: a day of the week, or a word that says nothing */
} Word;

/* clang-format off */

/* Folded, in order: English, French, German, Italian, Spanish. */
static const Word words[] = {
    {"abr", 4}, {"abril", 4}, {"ago", 8}, {"agosto", 8}, {"am", 0}, {"aout", 8},
    {"apr", 4}, {"april", 4}, {"aprile", 4}, {"aug", 8}, {"august", 8}, {"avr", 4},
    {"avril", 4}, {"de", 0}, {"dec", 12}, {"december", 12}, {"decembre", 12}, {"del", 0},
    {"dem", 0}, {"den", 0}, {"der", 0}, {"dez", 12}, {"dezember", 12}, {"di", 0},
    {"dic", 12}, {"dicembre", 12}, {"diciembre", 12}, {"dienstag", 0}, {"dim", 0},
    {"dimanche", 0}, {"do", 0}, {"dom", 0}, {"domenica", 0}, {"domingo", 0},
    {"donnerstag", 0}, {"du", 0}, {"el", 0}, {"ene", 1}, {"enero", 1}, {"feb", 2},
    {"febbraio", 2}, {"febrero", 2}, {"februar", 2}, {"february", 2}, {"fev", 2},
    {"fevr", 2}, {"fevrier", 2}, {"fr", 0}, {"freitag", 0}, {"fri", 0}, {"friday", 0},
    {"gen", 1}, {"gennaio", 1}, {"gio", 0}, {"giovedi", 0}, {"giu", 6}, {"giugno", 6},
    {"il", 0}, {"jaenner", 1}, {"jan", 1}, {"janner", 1}, {"januar", 1}, {"january", 1},
    {"janv", 1}, {"janvier", 1}, {"jeu", 0}, {"jeudi", 0}, {"jue", 0}, {"jueves", 0},
    {"juil", 7}, {"juillet", 7}, {"juin", 6}, {"jul", 7}, {"juli", 7}, {"julio", 7},
    {"july", 7}, {"jun", 6}, {"june", 6}, {"juni", 6}, {"junio", 6}, {"le", 0}, {"lug", 7},
    {"luglio", 7}, {"lun", 0}, {"lundi", 0}, {"lunedi", 0}, {"lunes", 0}, {"maerz", 3},
    {"mag", 5}, {"maggio", 5}, {"mai", 5}, {"mar", 3}, {"march", 3}, {"mardi", 0},
    {"mars", 3}, {"martedi", 0}, {"martes", 0}, {"marz", 3}, {"marzo", 3}, {"may", 5},
    {"mayo", 5}, {"mer", 0}, {"mercoledi", 0}, {"mercredi", 0}, {"mi", 0}, {"mie", 0},
    {"miercoles", 0}, {"mittwoch", 0}, {"mo", 0}, {"mon", 0}, {"monday", 0}, {"montag", 0},
    {"mrz", 3}, {"nov", 11}, {"november", 11}, {"novembre", 11}, {"noviembre", 11},
    {"oct", 10}, {"october", 10}, {"octobre", 10}, {"octubre", 10}, {"of", 0}, {"okt", 10},
    {"oktober", 10}, {"on", 0}, {"ott", 10}, {"ottobre", 10}, {"sa", 0}, {"sab", 0},
    {"sabado", 0}, {"sam", 0}, {"samedi", 0}, {"samstag", 0}, {"sat", 0}, {"saturday", 0},
    {"sep", 9}, {"sept", 9}, {"september", 9}, {"septembre", 9}, {"septiembre", 9},
    {"set", 9}, {"setiembre", 9}, {"settembre", 9}, {"so", 0}, {"sonnabend", 0},
    {"sonntag", 0}, {"sun", 0}, {"sunday", 0}, {"the", 0}, {"thu", 0}, {"thursday", 0},
    {"tue", 0}, {"tuesday", 0}, {"ven", 0}, {"vendredi", 0}, {"venerdi", 0}, {"vie", 0},
    {"viernes", 0}, {"wed", 0}, {"wednesday", 0},
};

/* clang-format on */

/* The character that comes next; returns its size, 0 at the end. */
size_t
pm_date_peek(const PmDateScan *scan, uint32_t *cp)
{
	*cp = PM_UTF8_INVALID;
	if (scan->at == scan->end)
		return 0;
	return pm_utf8_decode(scan->at, (size_t) (scan->end - scan->at), cp);
}

/* Goes past blanks; were there any? */
bool
pm_date_skip_blanks(PmDateScan *scan)
{
	const char *start = scan->at;
	uint32_t cp;
	size_t size;

	while ((size = pm_date_peek(scan, &cp)) > 0 && pm_utf8_is_space(cp))
		scan->at += size;
	return scan->at > start;
}

/* Reads a number of at most DIGITS_MAX digits; false if there is none. */
bool
pm_date_read_number(PmDateScan *scan, PmDatePart *part)
{
	PmDateScan ahead = *scan;
	uint32_t cp;
	size_t size;
	int digit;

	part->value = 0;
	part->digits = 0;
	while ((size = pm_date_peek(&ahead, &cp)) > 0 && (digit = pm_utf8_digit(cp)) >= 0)
	{
		if (++part->digits > DIGITS_MAX)
			return false;
		part->value = part->value * 10 + digit;
		ahead.at += size;
	}
	if (part->digits == 0)
		return false;
	*scan = ahead;
	return true;
}

/* Is it a letter of a word, and not a digit? */
static bool
is_letter(uint32_t cp)
{
	return cp != PM_UTF8_INVALID && cp < 0x3000 &&
	       (cp >= 0x80 || pm_is_letter((char) cp)) && pm_utf8_digit(cp) < 0 &&
	       !pm_utf8_is_space(cp) && !pm_utf8_is_dash(cp) && cp != 0xB0 &&
	       !(cp >= 0x2000 && cp < 0x2C00);
}

/* Reads a word of letters, folded; false if there is none, or a longer one than we know. */
bool
pm_date_read_word(PmDateScan *scan, char out[PM_DATE_WORD_MAX])
{
	PmDateScan ahead = *scan;
	uint32_t cp;
	size_t size;
	size_t length = 0;

	while ((size = pm_date_peek(&ahead, &cp)) > 0 && is_letter(cp))
	{
		char letters[PM_FOLD_MAX];
		size_t n = pm_fold_char(cp, letters);

		if (length + n >= PM_DATE_WORD_MAX)
			return false;
		memcpy(out + length, letters, n);
		length += n;
		ahead.at += size;
	}
	out[length] = '\0';
	if (length == 0)
		return false;
	*scan = ahead;
	return true;
}

/* The month of a folded word, 0 for one that says nothing, -1 for one we do not know. */
int
pm_date_find_word(const char *name)
{
	const Word *row = PM_FIND(words, name, pm_compare_characters);

	return row == NULL ? -1 : row->month;
}

/* Reads a number of one or two digits below a limit. */
static bool
read_below(PmDateScan *scan, int limit)
{
	PmDatePart part;

	return pm_date_read_number(scan, &part) && part.digits <= 2 && part.value < limit;
}

/* Goes past a character if it comes next. */
bool
pm_date_skip(PmDateScan *scan, char c)
{
	if (scan->at == scan->end || *scan->at != c)
		return false;
	scan->at++;
	return true;
}

/* Goes past a mark and the digits after it, if there is one; false if it has no digits. */
bool
pm_date_skip_fraction(PmDateScan *scan)
{
	const char *start;
	uint32_t cp;
	size_t size;

	if (!pm_date_skip(scan, '.') && !pm_date_skip(scan, ','))
		return true;
	start = scan->at;
	while ((size = pm_date_peek(scan, &cp)) > 0 && pm_utf8_digit(cp) >= 0)
		scan->at += size;
	return scan->at > start;
}

/* Is what is left a time of day with an optional zone, or nothing?  10:30, T10:30:00.5+01:00, 9:05 PM. */
bool
pm_date_is_time(PmDateScan *scan)
{
	char word[PM_DATE_WORD_MAX];
	bool separated = pm_date_skip_blanks(scan);

	if (scan->at == scan->end)
		return true;
	if (pm_date_skip(scan, ','))
		separated = true;
	pm_date_skip_blanks(scan);
	if (!separated && !pm_date_skip(scan, 'T') && !pm_date_skip(scan, 't'))
		return false;
	if (!read_below(scan, 25) || !pm_date_skip(scan, ':') || !read_below(scan, 60))
		return false;
	if (pm_date_skip(scan, ':'))
	{
		if (!read_below(scan, 61))
			return false;
		if (!pm_date_skip_fraction(scan))
			return false;
	}
	pm_date_skip_blanks(scan);
	if (pm_date_read_word(scan, word) && strcmp(word, "z") != 0 &&
	    strcmp(word, "utc") != 0 && strcmp(word, "gmt") != 0 && strcmp(word, "am") != 0 &&
	    strcmp(word, "pm") != 0)
		return false;
	if (pm_date_skip(scan, '+') || pm_date_skip(scan, '-'))
	{
		PmDatePart zone;

		if (!pm_date_read_number(scan, &zone) || (zone.digits != 2 && zone.digits != 4))
			return false;
		if (zone.digits == 2 && pm_date_skip(scan, ':') && !read_below(scan, 60))
			return false;
	}
	pm_date_skip_blanks(scan);
	return scan->at == scan->end;
}

/* The year of a number: as it is, or of two digits in 1970 to 2069. */
int
pm_date_year(const PmDatePart *part)
{
	if (part->digits > 2)
		return part->value;
	return part->value + (part->value < 70 ? 2000 : 1900);
}
