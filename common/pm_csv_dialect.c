/*
 * pm_csv_dialect.c - find delimiter, quote, escape and header of a text by looking at it
 *
 * The first records are split by every delimiter that people use; the right one gives
 * most records the same number of values, the first record too, and no quote where none
 * can be.  Three things are weighed beside that, in this order of weight: a delimiter
 * that is rarely one (":", blank) needs a clear lead; more values are better than fewer;
 * a comma that only ever stands between digits is the one of decimals.
 *
 * The first record is a header if its values are not of the kind that the values below
 * them are; if all is text, if it has a word that headers have, or if none of its values
 * comes again below.  That all of it comes again says nothing: a header may, where files
 * were put together.
 */
#include "pm_csv.h"

#include <string.h>

#include "pm_char.h"
#include "pm_fold.h"

#define MAX_RECORDS 1000 /* to look at */
#define MAX_COLUMNS 256  /* of which kinds are counted */
#define MAX_FIELDS  10000
#define MAX_WORD    64

/* Delimiters, and the weight of their being one. */
static const struct
{
	char delimiter;
	double weight;
} delimiters[] = {
    {';',    1.0 },
    {'\t',   1.0 },
    {',',    1.0 },
    {'|',    1.0 },
    {'\x1F', 1.0 },
    {'^',    0.7 },
    {'~',    0.7 },
    {':',    0.45},
    {' ',    0.3 },
};

#define DELIMITER_COUNT (sizeof(delimiters) / sizeof(delimiters[0]))

/* Words of column names, folded: what suppliers call codes, names, prices, stock. */
static const char *const header_words[] = {
    "article",     "artikel",      "artikelnummer", "asin",     "barcode",
    "bestand",     "bezeichnung",  "bild",          "brand",    "categoria",
    "categorie",   "category",     "code",          "codigo",   "color",
    "couleur",     "cost",         "currency",      "date",     "denomination",
    "descripcion", "description",  "designation",   "devise",   "ean",
    "ean13",       "existencias",  "farbe",         "gewicht",  "gtin",
    "hersteller",  "id",           "image",         "imagen",   "isbn",
    "kategorie",   "lagerbestand", "libelle",       "marca",    "marke",
    "marque",      "menge",        "mpn",           "name",     "nom",
    "nombre",      "peso",         "photo",         "poids",    "precio",
    "preis",       "price",        "prix",          "produit",  "product",
    "producto",    "produkt",      "qty",           "quantite", "quantity",
    "ref",         "reference",    "referencia",    "sku",      "stock",
    "supplier",    "taille",       "title",         "titre",    "titulo",
    "type",        "upc",          "url",           "weight",
};

/* What the records of a text look like when they are split by one dialect. */
typedef struct Look
{
	int records;
	int usual;  /* values of most good records */
	int agree;  /* good records that have as many */
	int faulty; /* records with a stray or unclosed quote */
	int first;  /* values of the first record */
	int quoted; /* records with a quoted value */
} Look;

/* Kinds of the values of one column. */
typedef struct Column
{
	int numbers;
	int texts;
	bool repeats; /* a value equals the first record's */
} Column;

/* Is it a number, a date, a code: nothing but digits and what stands between them? */
static bool
is_number(PmText value)
{
	size_t digits = 0;

	for (size_t i = 0; i < value.size; i++)
	{
		char c = value.data[i];

		if (pm_is_digit(c))
			digits++;
		else if (c == '\0' || strchr(" .,-+/:%'", c) == NULL)
			return false;
	}
	return digits > 0;
}

/* Is it an address of the web? */
static bool
is_address(PmText value)
{
	for (size_t i = 0; i + 3 <= value.size; i++)
		if (memcmp(value.data + i, "://", 3) == 0)
			return true;
	return false;
}

/* Is a number a year, as columns are named by? */
static bool
is_year(PmText value)
{
	return value.size == 4 &&
	       (memcmp(value.data, "19", 2) == 0 || memcmp(value.data, "20", 2) == 0);
}

/* A text without the blanks around it. */
static PmText
trim(PmText text)
{
	while (text.size > 0 && pm_is_space(text.data[0]))
	{
		text.data++;
		text.size--;
	}
	while (text.size > 0 && pm_is_space(text.data[text.size - 1]))
		text.size--;
	return text;
}

/* How many of a record's values were kept. */
static int
kept(const PmCsvSplitter *splitter)
{
	return splitter->record.count < splitter->capacity ? splitter->record.count
	                                                   : splitter->capacity;
}

/* Is the record one value of nothing: a blank line? */
static bool
is_blank(const PmCsvSplitter *splitter)
{
	return splitter->record.count == 1 && trim(splitter->fields[0]).size == 0;
}

/*
 * Splits the next record that is no blank line; after a faulty one reading goes on with the
 * line after its first.  PM_CSV_MORE: there is none.
 */
static PmCsvStatus
next_record(PmCsvSplitter *splitter, const char *data, size_t size, size_t *at)
{
	while (*at < size)
	{
		PmCsvStatus status = pm_csv_split(splitter, data, *at, size, true);

		if (status != PM_CSV_RECORD)
			return status;
		if (splitter->record.fault != PM_CSV_GOOD)
			*at = pm_csv_line_end(data, *at, size);
		else
			*at = splitter->record.next;
		if (!is_blank(splitter))
			return PM_CSV_RECORD;
	}
	return PM_CSV_MORE;
}

/* Has the record a value in quotes? */
static bool
has_quoted(const PmCsvSplitter *splitter, const char *data)
{
	for (int i = 0; i < kept(splitter); i++)
		if (splitter->fields[i].data > data &&
		    splitter->fields[i].data[-1] == splitter->dialect.quote)
			return true;
	return false;
}

/* Looks at the text as of a dialect.  False: no memory. */
static bool
look(PmCsvSplitter *splitter, const char *data, size_t size, Look *out)
{
	int counts[MAX_COLUMNS + 1] = {0};
	size_t at = 0;
	PmCsvStatus status = PM_CSV_RECORD;

	memset(out, 0, sizeof(*out));
	while (out->records < MAX_RECORDS)
	{
		int count;

		status = next_record(splitter, data, size, &at);
		if (status != PM_CSV_RECORD)
			break;
		count = splitter->record.count < MAX_COLUMNS ? splitter->record.count : MAX_COLUMNS;
		if (out->records == 0)
			out->first = count;
		out->records++;
		if (splitter->record.fault == PM_CSV_GOOD)
			counts[count]++;
		else
			out->faulty++;
		out->quoted += has_quoted(splitter, data);
	}
	for (int i = 1; i <= MAX_COLUMNS; i++)
		if (counts[i] > out->agree)
		{
			out->agree = counts[i];
			out->usual = i;
		}
	return status != PM_CSV_MEMORY;
}

/* Do commas stand between two digits, each of them? */
static bool
is_decimal_comma(const char *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (data[i] == ',' && !(i > 0 && i + 1 < size && pm_is_digit(data[i - 1]) &&
		                        pm_is_digit(data[i + 1])))
			return false;
	return true;
}

/* How well a delimiter of this weight explains the text; 0: not at all. */
static double
score(const Look *seen, double weight)
{
	double share;

	if (seen->records == 0 || seen->usual < 2)
		return 0;
	share = (double) seen->agree / seen->records;
	if (seen->first != seen->usual)
		share /= 2;
	return weight * share * share * (1.0 - 0.5 / seen->usual);
}

/* Finds the delimiter, with the quote as it is in the splitter.  False: no memory. */
static bool
guess_delimiter(PmCsvSplitter *splitter, const char *data, size_t size, double *best)
{
	char found = '\0';

	*best = 0;
	for (size_t i = 0; i < DELIMITER_COUNT; i++)
	{
		double weight = delimiters[i].weight;
		double reached;
		Look seen;

		if (memchr(data, delimiters[i].delimiter, size) == NULL)
			continue;
		if (delimiters[i].delimiter == ',' && is_decimal_comma(data, size))
			weight = 0.5;
		splitter->dialect.delimiter[0] = delimiters[i].delimiter;
		splitter->dialect.delimiter[1] = '\0';
		if (!pm_csv_dialect_valid(&splitter->dialect))
			continue;
		if (!look(splitter, data, size, &seen))
			return false;
		reached = score(&seen, weight);
		if (reached > *best)
		{
			*best = reached;
			found = delimiters[i].delimiter;
		}
	}
	/* one column: what does not stand in it cannot split it */
	for (size_t i = 0; found == '\0' && i < DELIMITER_COUNT; i++)
		if (memchr(data, delimiters[i].delimiter, size) == NULL)
			found = delimiters[i].delimiter;
	splitter->dialect.delimiter[0] = found != '\0' ? found : ',';
	splitter->dialect.delimiter[1] = '\0';
	return true;
}

/*
 * Finds the delimiter, and the quote with it: a single one if half of the records have
 * values in such quotes and none has one where it cannot be.  False: no memory.
 */
static bool
guess_dialect(PmCsvSplitter *splitter, const char *data, size_t size)
{
	PmCsvDialect *dialect = &splitter->dialect;
	PmCsvDialect given = *dialect;
	double best = 0;
	Look seen;

	if (dialect->quote == '\0')
		dialect->quote = '"';
	if (dialect->delimiter[0] == '\0' && !guess_delimiter(splitter, data, size, &best))
		return false;
	if (given.quote != '\0' || memchr(data, '\'', size) == NULL || given.escape == '\'' ||
	    strchr(given.delimiter, '\'') != NULL)
		return true;

	{
		PmCsvDialect with_double = *dialect;
		double with_single = 0;

		if (!look(splitter, data, size, &seen))
			return false;
		if (seen.quoted > 0)
			return true;
		dialect->quote = '\'';
		if (given.delimiter[0] == '\0' &&
		    !guess_delimiter(splitter, data, size, &with_single))
			return false;
		if (!look(splitter, data, size, &seen))
			return false;
		if (seen.faulty > 0 || seen.quoted * 2 < seen.records || with_single < best)
			*dialect = with_double;
	}
	return true;
}

/*
 * Finds whether quotes are escaped by backslashes: there are faults that this explains.
 * False: no memory.
 */
static bool
guess_escape(PmCsvSplitter *splitter, const char *data, size_t size)
{
	PmCsvDialect *dialect = &splitter->dialect;
	Look doubled;
	Look escaped;

	if (dialect->escape != '\0' || memchr(data, '\\', size) == NULL)
		return true;
	if (!look(splitter, data, size, &doubled))
		return false;
	dialect->escape = '\\';
	if (doubled.faulty > 0 && pm_csv_dialect_valid(dialect))
	{
		if (!look(splitter, data, size, &escaped))
			return false;
		if (escaped.faulty < doubled.faulty && escaped.agree >= doubled.agree)
			return true;
	}
	dialect->escape = '\0';
	return true;
}

/* Is one of a name's words one that headers have? */
static bool
is_header_word(PmText name)
{
	char folded[MAX_WORD];
	size_t size;

	if (name.size > sizeof(folded) / 2)
		return false;
	size = pm_fold(name.data, name.size, folded);
	for (size_t i = 0; i < size;)
	{
		size_t end = i;

		while (end < size && (pm_is_letter(folded[end]) || pm_is_digit(folded[end])))
			end++;
		for (size_t w = 0; w < sizeof(header_words) / sizeof(header_words[0]); w++)
			if (strlen(header_words[w]) == end - i &&
			    memcmp(header_words[w], folded + i, end - i) == 0)
				return true;
		i = end + 1;
	}
	return false;
}

/* Has the record the values of the first one, of which there are several? */
static bool
is_first_again(const PmCsvSplitter *splitter, const PmText *first, int first_count)
{
	if (first_count < 2 || kept(splitter) < first_count)
		return false;
	for (int i = 0; i < first_count; i++)
	{
		PmText value = trim(splitter->fields[i]);

		if (value.size != first[i].size ||
		    (value.size > 0 && memcmp(value.data, first[i].data, value.size) != 0))
			return false;
	}
	return true;
}

/* Counts the kinds of the values below the first record.  False: no memory. */
static bool
count_kinds(PmCsvSplitter *splitter, const char *data, size_t size, size_t at,
            const PmText *first, int first_count, Column *columns)
{
	PmCsvStatus status = PM_CSV_RECORD;

	for (int n = 0; n < MAX_RECORDS; n++)
	{
		status = next_record(splitter, data, size, &at);
		if (status != PM_CSV_RECORD)
			break;
		if (is_first_again(splitter, first, first_count))
			continue;
		for (int i = 0; i < first_count && i < kept(splitter); i++)
		{
			PmText value = trim(splitter->fields[i]);

			if (value.size == 0)
				continue;
			if (is_number(value))
				columns[i].numbers++;
			else
				columns[i].texts++;
			if (value.size == first[i].size &&
			    memcmp(value.data, first[i].data, value.size) == 0)
				columns[i].repeats = true;
		}
	}
	return status != PM_CSV_MEMORY;
}

/* Is the first record a header?  1, -1, or 0: no memory. */
static int
guess_header(PmCsvSplitter *splitter, const char *data, size_t size)
{
	PmText first[MAX_COLUMNS];
	Column columns[MAX_COLUMNS];
	size_t at = 0;
	int count;
	int votes = 0;
	int named = 0;
	int words = 0;
	int others = 0; /* values that name nothing */
	int repeated = 0;

	switch (next_record(splitter, data, size, &at))
	{
		case PM_CSV_RECORD:
			break;
		case PM_CSV_MEMORY:
			return 0;
		default:
			return -1;
	}
	count = kept(splitter) < MAX_COLUMNS ? kept(splitter) : MAX_COLUMNS;
	for (int i = 0; i < count; i++)
		first[i] = trim(splitter->fields[i]);
	memset(columns, 0, sizeof(columns));
	if (!count_kinds(splitter, data, size, at, first, count, columns))
		return 0;

	for (int i = 0; i < count; i++)
	{
		bool below = columns[i].numbers > 2 * columns[i].texts;

		if (first[i].size == 0)
			continue;
		if (is_address(first[i]))
			others++;
		else if (is_number(first[i]))
		{
			others++;
			votes -= below && !is_year(first[i]);
		}
		else
		{
			named++;
			votes += below;
			words += is_header_word(first[i]);
			repeated += columns[i].repeats;
		}
	}
	if (named == 0)
		return -1;
	if (votes != 0)
		return votes > 0 ? 1 : -1;
	if (words > 0)
		return 1;
	return others == 0 && repeated == 0 && named * 2 >= count ? 1 : -1;
}

/*
 * Finds what is not set in guess->dialect, whether there is a header (unless header says
 * it), and how many columns there are, from the beginning of a text; whole if that is all,
 * else its last line is left out.  False: no memory.
 */
bool
pm_csv_guess(const char *data, size_t size, bool whole, int header, PmCsvGuess *guess)
{
	PmCsvSplitter splitter;
	Look seen;
	size_t lines = size;
	bool done;

	while (!whole && lines > 0 && data[lines - 1] != '\n' && data[lines - 1] != '\r')
		lines--;
	if (lines > 0)
		size = lines;
	memset(&splitter, 0, sizeof(splitter));
	splitter.dialect = guess->dialect;
	splitter.max = MAX_FIELDS;
	done = guess_dialect(&splitter, data, size) && guess_escape(&splitter, data, size) &&
	       look(&splitter, data, size, &seen);
	if (done)
	{
		guess->dialect = splitter.dialect;
		guess->columns = seen.usual < MAX_COLUMNS ? seen.usual : 0;
		guess->header = header != 0 ? header : guess_header(&splitter, data, size);
		done = guess->header != 0;
	}
	pm_csv_splitter_free(&splitter);
	return done;
}
