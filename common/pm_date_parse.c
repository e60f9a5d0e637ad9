/*
 * pm_date_parse.c - dates as people write them
 *
 * A text is cut into numbers, month names and what separates them; three of these make a
 * date, and a time of day may follow, which is left out.  Where numbers alone could be read
 * in more than one way, every way that gives a day of the calendar is tried, and only one
 * may be left.
 */
#include <string.h>

#include "pm_char.h"
#include "pm_date.h"
#include "pm_fold.h"
#include "pm_utf8.h"

#define WORD_MAX   12
#define DIGITS_MAX 8
#define PARTS      3

typedef struct Word
{
	char name[WORD_MAX];
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

/* A number or a month of a date. */
typedef struct Part
{
	int value;
	int digits; /* 0: the name of a month */
} Part;

/* Where a text is being read. */
typedef struct Scan
{
	const char *at;
	const char *end;
} Scan;

/* The character that comes next; returns its size, 0 at the end. */
static size_t
peek(const Scan *scan, uint32_t *cp)
{
	*cp = PM_UTF8_INVALID;
	if (scan->at == scan->end)
		return 0;
	return pm_utf8_decode(scan->at, (size_t) (scan->end - scan->at), cp);
}

/* Goes past blanks; were there any? */
static bool
skip_blanks(Scan *scan)
{
	const char *start = scan->at;
	uint32_t cp;
	size_t size;

	while ((size = peek(scan, &cp)) > 0 && pm_utf8_is_space(cp))
		scan->at += size;
	return scan->at > start;
}

/* Reads a number of at most DIGITS_MAX digits; false if there is none. */
static bool
read_number(Scan *scan, Part *part)
{
	Scan ahead = *scan;
	uint32_t cp;
	size_t size;
	int digit;

	part->value = 0;
	part->digits = 0;
	while ((size = peek(&ahead, &cp)) > 0 && (digit = pm_utf8_digit(cp)) >= 0)
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
static bool
read_word(Scan *scan, char out[WORD_MAX])
{
	Scan ahead = *scan;
	uint32_t cp;
	size_t size;
	size_t length = 0;

	while ((size = peek(&ahead, &cp)) > 0 && is_letter(cp))
	{
		char letters[PM_FOLD_MAX];
		size_t n = pm_fold_char(cp, letters);

		if (length + n >= WORD_MAX)
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
static int
find_word(const char *name)
{
	size_t low = 0;
	size_t high = sizeof(words) / sizeof(words[0]);

	while (low < high)
	{
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, words[middle].name);

		if (order == 0)
			return words[middle].month;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return -1;
}

/* Goes past what makes a number an ordinal: 1st, 1er, 1º. */
static void
skip_ordinal(Scan *scan)
{
	static const char *const endings[] = {"st", "nd", "rd", "th", "er",
	                                      "e",  "re", "o",  "a"};
	Scan ahead = *scan;
	char word[WORD_MAX];
	uint32_t cp;
	size_t size = peek(scan, &cp);

	if (cp == 0xB0)
	{
		scan->at += size;
		return;
	}
	if (!read_word(&ahead, word))
		return;
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
	{
		if (strcmp(word, endings[i]) == 0)
			*scan = ahead;
	}
}

/* Reads a number of one or two digits below a limit. */
static bool
read_below(Scan *scan, int limit)
{
	Part part;

	return read_number(scan, &part) && part.digits <= 2 && part.value < limit;
}

/* Goes past a character if it comes next. */
static bool
skip(Scan *scan, char c)
{
	if (scan->at == scan->end || *scan->at != c)
		return false;
	scan->at++;
	return true;
}

/* Is what is left a time of day with an optional zone, or nothing?  10:30, T10:30:00.5+01:00, 9:05 PM. */
static bool
is_time(Scan *scan)
{
	Part fraction;
	char word[WORD_MAX];
	bool separated = skip_blanks(scan);

	if (scan->at == scan->end)
		return true;
	if (skip(scan, ','))
		separated = true;
	skip_blanks(scan);
	if (!separated && !skip(scan, 'T') && !skip(scan, 't'))
		return false;
	if (!read_below(scan, 25) || !skip(scan, ':') || !read_below(scan, 60))
		return false;
	if (skip(scan, ':'))
	{
		if (!read_below(scan, 61))
			return false;
		if (skip(scan, '.') || skip(scan, ','))
		{
			if (!read_number(scan, &fraction))
				return false;
			while (read_number(scan, &fraction))
				;
		}
	}
	skip_blanks(scan);
	if (read_word(scan, word) && strcmp(word, "z") != 0 && strcmp(word, "utc") != 0 &&
	    strcmp(word, "gmt") != 0 && strcmp(word, "am") != 0 && strcmp(word, "pm") != 0)
		return false;
	if (skip(scan, '+') || skip(scan, '-'))
	{
		Part zone;

		if (!read_number(scan, &zone) || (zone.digits != 2 && zone.digits != 4))
			return false;
		if (zone.digits == 2 && skip(scan, ':') && !read_below(scan, 60))
			return false;
	}
	skip_blanks(scan);
	return scan->at == scan->end;
}

/* The year of a number: as it is, or of two digits in 1970 to 2069. */
static int
year_of(const Part *part)
{
	if (part->digits > 2)
		return part->value;
	return part->value + (part->value < 70 ? 2000 : 1900);
}

/* Makes a date of parts in an order; false if they cannot be that. */
static bool
arrange(const Part parts[PARTS], PmDateOrder order, PmDate *date)
{
	static const int places[][PARTS] = {
	    {0, 0, 0},
        {2, 1, 0},
        {2, 0, 1},
        {0, 1, 2}
    }; /* of year, month, day */
	const Part *year = &parts[places[order][0]];
	const Part *month = &parts[places[order][1]];
	const Part *day = &parts[places[order][2]];

	if ((year->digits != 2 && year->digits != 4) || month->digits > 2 || day->digits > 2 ||
	    day->digits == 0)
		return false;
	date->year = year_of(year);
	date->month = month->value;
	date->day = day->value;
	return true;
}

/* Makes a date of three numbers: in the order that was told, or in the only one there is. */
static PmValueFault
decide(const Part parts[PARTS], PmDateOrder order, PmDate *date)
{
	PmDateOrder first = PM_DATE_DMY;
	PmDateOrder last = PM_DATE_YMD;
	bool fits = false;
	int found = 0;

	if (parts[0].digits == 4)
		first = PM_DATE_YMD; /* nobody writes the day before the month then */
	else if (order != PM_DATE_AUTO &&
	         !(order == PM_DATE_YMD && parts[PARTS - 1].digits == 4))
		first = last = order;
	for (PmDateOrder i = first; i <= last; i++)
	{
		PmDate one;

		if (!arrange(parts, i, &one))
			continue;
		fits = true;
		if (!pm_date_exists(one) || (found > 0 && one.year == date->year &&
		                             one.month == date->month && one.day == date->day))
			continue;
		*date = one;
		found++;
	}
	if (found > 1)
		return PM_VALUE_AMBIGUOUS_DATE;
	if (found == 0)
		return fits ? PM_VALUE_NO_SUCH_DAY : PM_VALUE_NOT_A_DATE;
	return PM_VALUE_GOOD;
}

/* Makes a date of two numbers and the name of a month: the day is before the year, unless told. */
static PmValueFault
decide_named(const Part parts[PARTS], int name, PmDateOrder order, PmDate *date)
{
	Part sorted[PARTS];
	int other = name == 0 ? 1 : 0;
	bool year_first = parts[other].digits == 4 ||
	                  (order == PM_DATE_YMD && parts[PARTS - 1].digits != 4 && name == 1);

	sorted[1] = parts[name];
	sorted[0] = parts[other];
	sorted[2] = parts[name == PARTS - 1 ? 1 : PARTS - 1];
	if (!arrange(sorted, year_first ? PM_DATE_YMD : PM_DATE_DMY, date))
		return PM_VALUE_NOT_A_DATE;
	return pm_date_exists(*date) ? PM_VALUE_GOOD : PM_VALUE_NO_SUCH_DAY;
}

/* Takes digits out of a number: count of them, with rest more after them. */
static Part
cut(const Part *part, int count, int rest)
{
	static const int powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000};
	Part piece = {part->value / powers[rest] % powers[count], count};

	return piece;
}

/* Makes a date of one number: YYYYMMDD, or DDMMYYYY and the like if the order is told. */
static PmValueFault
decide_compact(const Part *part, PmDateOrder order, PmDate *date)
{
	Part parts[PARTS];
	int year = part->digits - 4; /* digits of it */

	if (part->digits == 8 && order == PM_DATE_AUTO)
		order = PM_DATE_YMD;
	if ((part->digits != 8 && part->digits != 6) || order == PM_DATE_AUTO)
		return PM_VALUE_NOT_A_DATE;
	if (order == PM_DATE_YMD)
	{
		parts[0] = cut(part, year, 4);
		parts[1] = cut(part, 2, 2);
		parts[2] = cut(part, 2, 0);
	}
	else
	{
		parts[0] = cut(part, 2, year + 2);
		parts[1] = cut(part, 2, year);
		parts[2] = cut(part, year, 0);
	}
	if (!arrange(parts, order, date))
		return PM_VALUE_NOT_A_DATE;
	return pm_date_exists(*date) ? PM_VALUE_GOOD : PM_VALUE_NO_SUCH_DAY;
}

/*
 * The day of a spreadsheet, with a time of day as its fraction.  The spreadsheet of 1900
 * has a 29 February 1900, which is its day 60.
 */
static PmValueFault
read_serial(Scan scan, PmDateSerial serial, PmDate *date)
{
	Part part;
	Part fraction;
	int32_t days;

	if (!read_number(&scan, &part))
		return PM_VALUE_NOT_A_DATE;
	if (skip(&scan, '.') || skip(&scan, ','))
	{
		while (read_number(&scan, &fraction))
			;
	}
	/* a fraction of many digits */
	while (scan.at < scan.end && pm_is_digit(*scan.at))
		scan.at++;
	skip_blanks(&scan);
	if (scan.at < scan.end || part.value > 2958465)
		return PM_VALUE_NOT_A_DATE;
	if (serial == PM_DATE_SERIAL_1904)
		days = part.value - 35064; /* day 0 is 1904-01-01 */
	else if (part.value == 60 || part.value == 0)
		return PM_VALUE_NO_SUCH_DAY;
	else
		days = part.value - (part.value < 60 ? 36525 : 36526);
	return pm_date_of_days(days, date) ? PM_VALUE_GOOD : PM_VALUE_NO_SUCH_DAY;
}

/* Goes past what may stand between two parts: blanks with a sign or a comma among them. */
static char
skip_separator(Scan *scan)
{
	char separator = skip_blanks(scan) ? ' ' : '\0';
	uint32_t cp;
	size_t size = peek(scan, &cp);

	if (size > 0 && (cp == '/' || cp == '.' || cp == ',' || pm_utf8_is_dash(cp)))
	{
		separator = cp < 0x80 ? (char) cp : '-';
		scan->at += size;
		skip_blanks(scan);
	}
	return separator;
}

/*
 * Reads a date.  Blanks around it are none of it; what it has besides its day is a time of
 * day at its end at most.
 */
PmValueFault
pm_date_parse(PmText text, PmDateOrder order, PmDateSerial serial, PmDate *date)
{
	Scan scan = {text.data, text.data + text.size};
	Part parts[PARTS] = {
	    {0, 0}
    };
	int count = 0;
	int name = -1;
	char separators[PARTS] = "";

	if (pm_date_read(text, date) == PM_VALUE_GOOD)
		return PM_VALUE_GOOD;
	skip_blanks(&scan);
	if (serial != PM_DATE_NO_SERIAL &&
	    read_serial(scan, serial, date) != PM_VALUE_NOT_A_DATE)
		return read_serial(scan, serial, date);
	while (count < PARTS && scan.at < scan.end)
	{
		char word[WORD_MAX];
		bool named = !read_number(&scan, &parts[count]);

		if (named)
		{
			int month = read_word(&scan, word) ? find_word(word) : -1;

			if (month < 0 || (month > 0 && name >= 0))
				return PM_VALUE_NOT_A_DATE;
			if (month > 0)
			{
				parts[count].value = month;
				parts[count].digits = 0;
				name = count++;
			}
		}
		else if (++count < PARTS && parts[count - 1].digits <= 2)
			skip_ordinal(&scan);
		if (count < PARTS)
		{
			char separator = skip_separator(&scan);

			/* Jan. 5: a dot and a blank or comma */
			if (named && separator == '.')
				skip_separator(&scan);
			if (count > 0)
				separators[count - 1] = separator;
		}
	}
	if (count == 1 && name < 0 && scan.at == scan.end && separators[0] == '\0')
		return decide_compact(&parts[0], order, date);
	if (count < PARTS)
		return PM_VALUE_NOT_A_DATE;
	if (name < 0 && (separators[0] != separators[1] || separators[0] == ','))
		return PM_VALUE_NOT_A_DATE;
	if (!is_time(&scan))
		return PM_VALUE_NOT_A_DATE;
	return name < 0 ? decide(parts, order, date) : decide_named(parts, name, order, date);
}

/* What a pattern has at a place. */
typedef enum Token
{
	TOKEN_TEXT,
	TOKEN_YEAR,
	TOKEN_MONTH,
	TOKEN_DAY,
	TOKEN_MONTH_NAME
} Token;

/* Takes the next token of a pattern; *count is how many letters it has.  TOKEN_TEXT is one byte. */
static Token
next_token(Scan *pattern, int *count)
{
	const char *start = pattern->at;
	char letter = pm_upper(*start);

	if (pattern->end - start >= 3 && letter == 'M' && pm_upper(start[1]) == 'O' &&
	    pm_upper(start[2]) == 'N')
	{
		pattern->at += 3;
		*count = 3;
		return TOKEN_MONTH_NAME;
	}
	do
		pattern->at++;
	while (pattern->at < pattern->end && pm_upper(*pattern->at) == letter &&
	       (letter == 'Y' || letter == 'M' || letter == 'D'));
	*count = (int) (pattern->at - start);
	return letter == 'Y'   ? TOKEN_YEAR
	       : letter == 'M' ? TOKEN_MONTH
	       : letter == 'D' ? TOKEN_DAY
	                       : TOKEN_TEXT;
}

/*
 * Is it a pattern: one of YYYY, YY; of MM, M, MON; of DD, D; of no other letters?  D and
 * M stand for one or two digits, MON for the name of a month.
 */
bool
pm_date_pattern_check(PmText pattern)
{
	Scan scan = {pattern.data, pattern.data + pattern.size};
	int years = 0;
	int months = 0;
	int days = 0;

	if (pattern.size > 64)
		return false;
	while (scan.at < scan.end)
	{
		char first = *scan.at;
		int count;

		switch (next_token(&scan, &count))
		{
			case TOKEN_YEAR:
				years += count == 2 || count == 4 ? 1 : 2;
				break;
			case TOKEN_MONTH:
				months += count <= 2 ? 1 : 2;
				break;
			case TOKEN_MONTH_NAME:
				months++;
				break;
			case TOKEN_DAY:
				days += count <= 2 ? 1 : 2;
				break;
			case TOKEN_TEXT:
				if ((pm_lower(first) >= 'a' && pm_lower(first) <= 'z') ||
				    pm_is_digit(first))
					return false;
		}
	}
	return years == 1 && months == 1 && days == 1;
}

/* Reads exactly so many digits, or one or two if count is 1. */
static bool
match_number(Scan *scan, int count, Part *part)
{
	part->value = 0;
	part->digits = 0;
	while (part->digits < (count == 1 ? 2 : count))
	{
		uint32_t cp;
		size_t size = peek(scan, &cp);
		int digit = size == 0 ? -1 : pm_utf8_digit(cp);

		if (digit < 0)
			break;
		part->value = part->value * 10 + digit;
		part->digits++;
		scan->at += size;
	}
	return part->digits > 0 && part->digits >= count;
}

/* Reads a date as a pattern has it, of those that pm_date_pattern_check() takes. */
PmValueFault
pm_date_match(PmText text, PmText pattern, PmDate *date)
{
	Scan scan = {text.data, text.data + text.size};
	Scan form = {pattern.data, pattern.data + pattern.size};

	skip_blanks(&scan);
	while (form.at < form.end)
	{
		char first = *form.at;
		char word[WORD_MAX];
		Part part;
		int count;
		Token token = next_token(&form, &count);

		if (token == TOKEN_TEXT)
		{
			if (first == ' ' ? !skip_blanks(&scan) : !skip(&scan, first))
				return PM_VALUE_NOT_A_DATE;
			continue;
		}
		if (token == TOKEN_MONTH_NAME)
		{
			date->month = read_word(&scan, word) ? find_word(word) : -1;
			if (date->month <= 0)
				return PM_VALUE_NOT_A_DATE;
			continue;
		}
		if (!match_number(&scan, count, &part))
			return PM_VALUE_NOT_A_DATE;
		if (token == TOKEN_YEAR)
			date->year = year_of(&part);
		else if (token == TOKEN_MONTH)
			date->month = part.value;
		else
			date->day = part.value;
	}
	if (!is_time(&scan))
		return PM_VALUE_NOT_A_DATE;
	return pm_date_exists(*date) ? PM_VALUE_GOOD : PM_VALUE_NO_SUCH_DAY;
}
