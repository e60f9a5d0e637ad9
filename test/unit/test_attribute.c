/*
 * test_attribute.c - values against rules, and the order of decimal numbers
 *
 * Random numbers are compared as integers of a fixed scale too.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "pm_attribute.h"
#include "tap.h"

#define STRING(literal)              \
	{                                \
		literal, sizeof(literal) - 1 \
	}
#define NONE    \
	{           \
		NULL, 0 \
	}

static const PmText materials[] = {STRING("MR-8"), STRING("CR-39"), STRING("mineral")};

typedef struct Case
{
	const char *name;
	PmAttribute attribute;
	PmValueKind kind;
	const char *value;
	PmAttributeFault fault;
} Case;

#define TEXT(max)                                       \
	{                                                   \
		PM_ATTRIBUTE_TEXT, NONE, NONE, -1, max, NULL, 0 \
	}
#define URL(max)                                       \
	{                                                  \
		PM_ATTRIBUTE_URL, NONE, NONE, -1, max, NULL, 0 \
	}
#define DATE(low, high)                              \
	{                                                \
		PM_ATTRIBUTE_DATE, low, high, -1, 0, NULL, 0 \
	}
#define INTEGER(low, high)                              \
	{                                                   \
		PM_ATTRIBUTE_INTEGER, low, high, -1, 0, NULL, 0 \
	}
#define NUMBER(low, high, n)                          \
	{                                                 \
		PM_ATTRIBUTE_NUMBER, low, high, n, 0, NULL, 0 \
	}
#define BOOLEAN                                          \
	{                                                    \
		PM_ATTRIBUTE_BOOLEAN, NONE, NONE, -1, 0, NULL, 0 \
	}
#define CHOICE                                               \
	{                                                        \
		PM_ATTRIBUTE_CHOICE, NONE, NONE, -1, 0, materials, 3 \
	}

/* clang-format off */
static const Case cases[] = {
    {"a text", TEXT(5), PM_VALUE_STRING, "abcde", PM_ATTRIBUTE_FITS},
    {"a text of one character more", TEXT(5), PM_VALUE_STRING, "abcdef", PM_ATTRIBUTE_TOO_LONG},
    {"no text", TEXT(5), PM_VALUE_STRING, "", PM_ATTRIBUTE_BLANK},
    {"a blank text", TEXT(5), PM_VALUE_STRING, " \n\t", PM_ATTRIBUTE_BLANK},
    {"a text of two lines", TEXT(5), PM_VALUE_STRING, "a\nb", PM_ATTRIBUTE_FITS},
    {"a bell", TEXT(5), PM_VALUE_STRING, "a\ab", PM_ATTRIBUTE_CONTROL},
    {"a deletion", TEXT(5), PM_VALUE_STRING, "a\x7f", PM_ATTRIBUTE_CONTROL},
    {"a number for a text", TEXT(5), PM_VALUE_NUMBER, "1", PM_ATTRIBUTE_BAD_TYPE},
    {"an address", URL(30), PM_VALUE_STRING, "https://example.com/a?b", PM_ATTRIBUTE_FITS},
    {"an address by number", URL(30), PM_VALUE_STRING, "http://[::1]/", PM_ATTRIBUTE_FITS},
    {"an address without a host", URL(30), PM_VALUE_STRING, "http:///a", PM_ATTRIBUTE_BAD_TYPE},
    {"a scheme alone", URL(30), PM_VALUE_STRING, "https://", PM_ATTRIBUTE_BAD_TYPE},
    {"another scheme", URL(30), PM_VALUE_STRING, "javascript:alert(1)", PM_ATTRIBUTE_BAD_TYPE},
    {"an address with a blank", URL(30), PM_VALUE_STRING, "http://a/ b", PM_ATTRIBUTE_BAD_TYPE},
    {"an address of two lines", URL(30), PM_VALUE_STRING, "http://a/\nb", PM_ATTRIBUTE_CONTROL},
    {"a long address", URL(10), PM_VALUE_STRING, "http://abcd", PM_ATTRIBUTE_TOO_LONG},
    {"the least", INTEGER(STRING("0"), STRING("100")), PM_VALUE_NUMBER, "0", PM_ATTRIBUTE_FITS},
    {"minus zero", INTEGER(STRING("0"), STRING("100")), PM_VALUE_NUMBER, "-0.0", PM_ATTRIBUTE_FITS},
    {"the greatest", INTEGER(STRING("0"), STRING("100")), PM_VALUE_NUMBER, "100.00", PM_ATTRIBUTE_FITS},
    {"too low", INTEGER(STRING("0"), STRING("100")), PM_VALUE_NUMBER, "-1", PM_ATTRIBUTE_TOO_LOW},
    {"too high", INTEGER(STRING("0"), STRING("100")), PM_VALUE_NUMBER, "101", PM_ATTRIBUTE_TOO_HIGH},
    {"not whole", INTEGER(STRING("0"), STRING("100")), PM_VALUE_NUMBER, "1.5", PM_ATTRIBUTE_BAD_TYPE},
    {"digits in a string", INTEGER(NONE, NONE), PM_VALUE_STRING, "1", PM_ATTRIBUTE_BAD_TYPE},
    {"an index", NUMBER(STRING("1.0"), STRING("2.0"), 2), PM_VALUE_NUMBER, "1.67", PM_ATTRIBUTE_FITS},
    {"an index at its bound", NUMBER(STRING("1.0"), STRING("2.0"), 2), PM_VALUE_NUMBER, "2", PM_ATTRIBUTE_FITS},
    {"an index past it", NUMBER(STRING("1.0"), STRING("2.0"), 2), PM_VALUE_NUMBER, "2.01", PM_ATTRIBUTE_TOO_HIGH},
    {"an index below", NUMBER(STRING("1.0"), STRING("2.0"), 2), PM_VALUE_NUMBER, "0.99", PM_ATTRIBUTE_TOO_LOW},
    {"too many decimals", NUMBER(NONE, NONE, 2), PM_VALUE_NUMBER, "1.675", PM_ATTRIBUTE_TOO_FINE},
    {"decimals that are zeros", NUMBER(NONE, NONE, 2), PM_VALUE_NUMBER, "1.67000", PM_ATTRIBUTE_FITS},
    {"no number", NUMBER(NONE, NONE, -1), PM_VALUE_NUMBER, "1e5", PM_ATTRIBUTE_BAD_TYPE},
    {"a point alone", NUMBER(NONE, NONE, -1), PM_VALUE_NUMBER, "1.", PM_ATTRIBUTE_BAD_TYPE},
    {"a sign alone", NUMBER(NONE, NONE, -1), PM_VALUE_NUMBER, "-", PM_ATTRIBUTE_BAD_TYPE},
    {"true", BOOLEAN, PM_VALUE_BOOLEAN, "", PM_ATTRIBUTE_FITS},
    {"true in a string", BOOLEAN, PM_VALUE_STRING, "true", PM_ATTRIBUTE_BAD_TYPE},
    {"a leap day", DATE(NONE, NONE), PM_VALUE_STRING, "2024-02-29", PM_ATTRIBUTE_FITS},
    {"a leap day of a century", DATE(NONE, NONE), PM_VALUE_STRING, "1900-02-29", PM_ATTRIBUTE_BAD_TYPE},
    {"a leap day of four centuries", DATE(NONE, NONE), PM_VALUE_STRING, "2000-02-29", PM_ATTRIBUTE_FITS},
    {"31 April", DATE(NONE, NONE), PM_VALUE_STRING, "2026-04-31", PM_ATTRIBUTE_BAD_TYPE},
    {"month 13", DATE(NONE, NONE), PM_VALUE_STRING, "2026-13-01", PM_ATTRIBUTE_BAD_TYPE},
    {"day 0", DATE(NONE, NONE), PM_VALUE_STRING, "2026-01-00", PM_ATTRIBUTE_BAD_TYPE},
    {"year 0", DATE(NONE, NONE), PM_VALUE_STRING, "0000-01-01", PM_ATTRIBUTE_BAD_TYPE},
    {"a date and a time", DATE(NONE, NONE), PM_VALUE_STRING, "2026-01-01T00", PM_ATTRIBUTE_BAD_TYPE},
    {"letters in a date", DATE(NONE, NONE), PM_VALUE_STRING, "2026-0a-01", PM_ATTRIBUTE_BAD_TYPE},
    {"a date too early", DATE(STRING("2026-01-02"), NONE), PM_VALUE_STRING, "2026-01-01", PM_ATTRIBUTE_TOO_LOW},
    {"a date too late", DATE(NONE, STRING("2025-12-31")), PM_VALUE_STRING, "2026-01-01", PM_ATTRIBUTE_TOO_HIGH},
    {"an option", CHOICE, PM_VALUE_STRING, "CR-39", PM_ATTRIBUTE_FITS},
    {"the first option", CHOICE, PM_VALUE_STRING, "MR-8", PM_ATTRIBUTE_FITS},
    {"the last option", CHOICE, PM_VALUE_STRING, "mineral", PM_ATTRIBUTE_FITS},
    {"no option", CHOICE, PM_VALUE_STRING, "cr-39", PM_ATTRIBUTE_NO_OPTION},
    {"a number for an option", CHOICE, PM_VALUE_NUMBER, "1", PM_ATTRIBUTE_BAD_TYPE},
    {"an object", TEXT(5), PM_VALUE_OTHER, "", PM_ATTRIBUTE_BAD_TYPE},
};
/* clang-format on */

/* A string that stands in memory. */
static PmText
text_of(const char *string)
{
	PmText text = {string, strlen(string)};

	return text;
}

/* Checks a list of strings against the materials. */
static void
check_list(const char *name, const char *const *strings, int count, PmAttributeFault fault,
           size_t place)
{
	PmAttribute attribute = {PM_ATTRIBUTE_CHOICES, NONE, NONE, -1, 0, materials, 3};
	PmValue items[4];
	uint8_t seen[PM_ATTRIBUTE_SEEN_SIZE(3)] = {0};
	PmValue list = {PM_VALUE_LIST, NONE, 0, items, (size_t) count, seen};
	size_t item;

	for (int i = 0; i < count; i++)
	{
		PmValue value = {
		    PM_VALUE_STRING, text_of(strings[i]), strlen(strings[i]), NULL, 0, NULL};

		items[i] = value;
	}
	is_int(pm_attribute_check(&attribute, &list, &item), fault, name);
	is_int((long long) item, (long long) place, name);
}

/*
 * Checks a list of all of very many options, backwards, then with the last one once
 * more.  Comparing each with those before it would take minutes.
 */
static void
check_long_list(void)
{
	enum
	{
		COUNT = 500000
	};
	PmText *options = calloc(COUNT, sizeof(PmText));
	PmValue *items = calloc(COUNT + 1, sizeof(PmValue));
	char(*names)[12] = calloc(COUNT, sizeof(*names));
	PmAttribute attribute = {PM_ATTRIBUTE_CHOICES, NONE, NONE, -1, 0, options, COUNT};
	PmValue list = {PM_VALUE_LIST, NONE, 0, items, COUNT, NULL};
	size_t item;

	for (int i = 0; i < COUNT; i++)
	{
		snprintf(names[i], sizeof(names[i]), "%06d", i);
		options[i] = text_of(names[i]);
		items[COUNT - 1 - i].kind = PM_VALUE_STRING;
		items[COUNT - 1 - i].text = options[i];
	}
	items[COUNT] = items[COUNT - 1];
	list.seen = calloc(1, PM_ATTRIBUTE_SEEN_SIZE(COUNT));
	is_int(pm_attribute_check(&attribute, &list, &item), PM_ATTRIBUTE_FITS,
	       "500000 options");
	memset(list.seen, 0, PM_ATTRIBUTE_SEEN_SIZE(COUNT));
	list.item_count++;
	is_int(pm_attribute_check(&attribute, &list, &item), PM_ATTRIBUTE_OPTION_TWICE,
	       "500000 options and the last one again");
	is_int((long long) item, COUNT, "which is found at its place");
	free(list.seen);
	free(names);
	free(items);
	free(options);
}

/* A random number in hundredths, written with useless zeros or without. */
static int
random_number(unsigned *seed, char *text, size_t size)
{
	int hundredths = rand_r(seed) % 40001 - 20000;
	int zeros = rand_r(seed) % 3;

	if (rand_r(seed) % 4 == 0)
		hundredths /= 100;
	snprintf(text, size, "%s%.*s%d.%02d%.*s", hundredths < 0 ? "-" : "", zeros, "000",
	         abs(hundredths) / 100, abs(hundredths) % 100, zeros, "000");
	return hundredths;
}

int
main(void)
{
	const char *const two[] = {"mineral", "MR-8"};
	const char *const wrong[] = {"mineral", "glass"};
	const char *const twice[] = {"MR-8", "mineral", "MR-8"};
	unsigned seed = 20260101;
	int wrong_orders = 0;
	PmAttributeType type;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		PmValue value = {
		    cases[i].kind, text_of(cases[i].value), strlen(cases[i].value), NULL, 0, NULL};
		size_t item = 7;

		is_int(pm_attribute_check(&cases[i].attribute, &value, &item), cases[i].fault,
		       cases[i].name);
		is_int((long long) item, 0, "no item of a list is meant");
	}
	check_list("two options", two, 2, PM_ATTRIBUTE_FITS, 0);
	check_list("an empty list", two, 0, PM_ATTRIBUTE_BLANK, 0);
	check_list("the second is none", wrong, 2, PM_ATTRIBUTE_NO_OPTION, 1);
	check_list("the third was there", twice, 3, PM_ATTRIBUTE_OPTION_TWICE, 2);
	check_long_list();
	{
		/* four bytes, two characters */
		PmAttribute attribute = TEXT(2);
		PmValue value = {PM_VALUE_STRING, STRING("\xc3\xa9\xc3\xa9"), 2, NULL, 0, NULL};
		size_t item;

		is_int(pm_attribute_check(&attribute, &value, &item), PM_ATTRIBUTE_FITS,
		       "characters count, not bytes");
	}
	for (int i = 0; i < 20000; i++)
	{
		char a[32];
		char b[32];
		int x = random_number(&seed, a, sizeof(a));
		int y = random_number(&seed, b, sizeof(b));
		int order = pm_attribute_compare(PM_ATTRIBUTE_NUMBER, text_of(a), text_of(b));

		if ((order > 0) - (order < 0) != (x > y) - (x < y) && wrong_orders++ < 3)
			printf("# %s and %s: %d\n", a, b, order);
	}
	is_int(wrong_orders, 0, "20000 pairs of numbers are in the order of integers");
	ok(pm_attribute_type(text_of("choices"), &type) && type == PM_ATTRIBUTE_CHOICES,
	   "the type choices");
	ok(pm_attribute_type(text_of("text"), &type) && type == PM_ATTRIBUTE_TEXT,
	   "the type text");
	ok(!pm_attribute_type(text_of("choice "), &type), "no type of that name");
	ok(pm_text_compare(text_of("z"), text_of("aa")) < 0, "a shorter key comes first");
	return tap_done();
}
