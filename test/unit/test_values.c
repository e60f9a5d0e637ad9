/*
 * test_values.c - numbers, integers, booleans and cases of letters as they are read
 *
 * Random numbers are made into numeric by naive code too.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "pm_boolean.h"
#include "pm_case.h"
#include "pm_decimal.h"
#include "pm_utf8.h"
#include "tap.h"

/* A string that stands in memory. */
static PmText
text_of(const char *string)
{
	PmText text = {string, strlen(string)};

	return text;
}

/* Two bytes in network order. */
static int
int16_at(const char *at)
{
	return (int16_t) ((unsigned char) at[0] << 8 | (unsigned char) at[1]);
}

/* The binary form of a number as text: "weight sign scale: digits", or the fault. */
static const char *
numeric_of(const char *number, int precision, int scale, bool round)
{
	static char shown[8192];
	char out[PM_NUMERIC_MAX];
	PmDecimalType type = {precision, scale, round};
	size_t size;
	PmValueFault fault = pm_decimal_numeric(text_of(number), &type, out, &size);

	if (fault != PM_VALUE_GOOD)
		return pm_value_fault_code(fault);
	if (size != 8 + 2 * (size_t) int16_at(out))
		return "wrong size";
	snprintf(shown, sizeof(shown), "%d %s %d:", int16_at(out + 2),
	         int16_at(out + 4) == 0        ? "+"
	         : int16_at(out + 4) == 0x4000 ? "-"
	                                       : "?",
	         int16_at(out + 6));
	for (size_t i = 8; i < size; i += 2)
		snprintf(shown + strlen(shown), sizeof(shown) - strlen(shown), " %d",
		         int16_at(out + i));
	return shown;
}

static void
test_numeric(void)
{
	is_str(numeric_of("12.50", 0, 0, false), "0 + 2: 12 5000", "a price");
	is_str(numeric_of("-12.50", 0, 0, false), "0 - 2: 12 5000", "a negative one");
	is_str(numeric_of("0", 0, 0, false), "0 + 0:", "zero");
	is_str(numeric_of("-0.00", 0, 0, false), "0 + 2:", "zero with a minus and decimals");
	is_str(numeric_of("0.0001", 0, 0, false), "-1 + 4: 1", "a ten-thousandth");
	is_str(numeric_of("0.00001", 0, 0, false), "-2 + 5: 1000", "less than that");
	is_str(numeric_of("10000", 0, 0, false), "1 + 0: 1", "ten thousand");
	is_str(numeric_of("12345678901234567890.5", 0, 0, false),
	       "4 + 1: 1234 5678 9012 3456 7890 5000", "more digits than an integer has");
	is_str(numeric_of("+.5", 0, 0, false), "-1 + 1: 5000",
	       "without a digit before the point");
	is_str(numeric_of("5.", 0, 0, false), "0 + 0: 5", "without one after it");
	is_str(numeric_of("1.5e3", 0, 0, false), "0 + 0: 1500", "an exponent");
	is_str(numeric_of("1.5E-3", 0, 0, false), "-1 + 4: 15", "a negative exponent");
	is_str(numeric_of("5.90131E+12", 0, 0, false), "3 + 0: 5 9013 1000",
	       "what a spreadsheet writes");
	is_str(numeric_of("12.5", 12, 2, false), "0 + 2: 12 5000", "a type gives its scale");
	is_str(numeric_of("12.5000", 12, 2, false), "0 + 2: 12 5000", "zeros too many");
	is_str(numeric_of("12.505", 12, 2, false), "too_precise", "decimals too many");
	is_str(numeric_of("12.505", 12, 2, true), "0 + 2: 12 5100", "rounded away from zero");
	is_str(numeric_of("-12.504999", 12, 2, true), "0 - 2: 12 5000", "rounded to zero");
	is_str(numeric_of("99.995", 4, 2, true), "too_large", "too large once rounded");
	is_str(numeric_of("99.994", 4, 2, true), "0 + 2: 99 9900", "not yet");
	is_str(numeric_of("99999999999999999999.995", 30, 2, true), "5 + 2: 1",
	       "nines of a long number");
	is_str(numeric_of("0.0000000000000000000000001", 12, 2, true),
	       "0 + 2:", "rounded to nothing");
	is_str(numeric_of("0.0000000000000000000000001", 12, 2, false), "too_precise",
	       "or refused");
	is_str(numeric_of("1e400", 0, 0, false), "100 + 0: 1", "a large exponent");
	is_str(numeric_of("1e1000", 0, 0, false), "too_large", "one too large");
	is_str(numeric_of("1e-1001", 0, 0, false), "too_precise", "one too small");
	is_str(numeric_of("1e99999999999999999999", 0, 0, false), "too_large", "an absurd one");
	is_str(numeric_of("0e99999999999999999999", 0, 0, false), "0 + 0:", "of zero");
	is_str(numeric_of("10000000000.00", 12, 2, false), "too_large",
	       "too many digits before the point");
	is_str(numeric_of("9999999999.99", 12, 2, false), "2 + 2: 99 9999 9999 9900",
	       "as many as there may be");
	is_str(numeric_of("0.001", 2, 3, false), "-1 + 3: 10", "a scale above the precision");
	is_str(numeric_of("0.1", 2, 3, false), "too_large", "leaves no room for tenths");
	is_str(numeric_of("0", 2, 3, false), "0 + 3:", "but for zero");
	is_str(numeric_of("", 0, 0, false), "not_a_number", "nothing");
	is_str(numeric_of(".", 0, 0, false), "not_a_number", "a point");
	is_str(numeric_of("-", 0, 0, false), "not_a_number", "a sign");
	is_str(numeric_of("1,5", 0, 0, false), "not_a_number", "a comma");
	is_str(numeric_of("1.2.3", 0, 0, false), "not_a_number", "two points");
	is_str(numeric_of("1e", 0, 0, false), "not_a_number", "an exponent without digits");
	is_str(numeric_of("1e5x", 0, 0, false), "not_a_number", "one with a letter");
	is_str(numeric_of(" 1", 0, 0, false), "not_a_number", "a blank");
	is_str(numeric_of("NaN", 0, 0, false), "not_a_number", "no number");
	is_str(numeric_of("0x1F", 0, 0, false), "not_a_number", "hexadecimal");
}

/*
 * The same by naive code: the digits are written out with so many zeros on both sides that
 * groups of four begin at the point.
 */
static const char *
naive_numeric(const char *whole, const char *fraction, bool negative)
{
	static char shown[8192];
	char digits[400] = "";
	size_t groups;
	size_t before; /* groups before the point */
	size_t first = 0;
	size_t last;

	for (size_t i = strlen(whole); i % 4 != 0; i++)
		strcat(digits, "0");
	strcat(digits, whole);
	before = strlen(digits) / 4;
	strcat(digits, fraction);
	while (strlen(digits) % 4 != 0)
		strcat(digits, "0");
	last = groups = strlen(digits) / 4;
	while (first < groups && strncmp(digits + first * 4, "0000", 4) == 0)
		first++;
	while (last > first && strncmp(digits + (last - 1) * 4, "0000", 4) == 0)
		last--;
	if (first == last)
	{
		snprintf(shown, sizeof(shown), "0 + %zu:", strlen(fraction));
		return shown;
	}
	snprintf(shown, sizeof(shown), "%d %c %zu:", (int) before - (int) first - 1,
	         negative ? '-' : '+', strlen(fraction));
	for (size_t i = first; i < last; i++)
		snprintf(shown + strlen(shown), sizeof(shown) - strlen(shown), " %d",
		         (digits[i * 4] - '0') * 1000 + (digits[i * 4 + 1] - '0') * 100 +
		             (digits[i * 4 + 2] - '0') * 10 + digits[i * 4 + 3] - '0');
	return shown;
}

/* Random digits, zeros and nines more often than others. */
static void
random_digits(char *out, int count)
{
	for (int i = 0; i < count; i++)
		out[i] = "0000999123456789"[rand() % 16];
	out[count] = '\0';
}

static void
test_random_numeric(void)
{
	int wrong = 0;

	for (int i = 0; i < 200000 && wrong == 0; i++)
	{
		char whole[64];
		char fraction[64];
		char number[160];
		bool negative = rand() % 2;
		int most = rand() % 4 == 0 ? 40 : 9;

		random_digits(whole, 1 + rand() % most);
		random_digits(fraction, rand() % most);
		snprintf(number, sizeof(number), "%s%s%s%s", negative ? "-" : "", whole,
		         *fraction == '\0' ? "" : ".", fraction);
		if (strcmp(numeric_of(number, 0, 0, false),
		           naive_numeric(whole, fraction, negative)) != 0)
		{
			wrong++;
			printf("# %s: %s, not %s\n", number, numeric_of(number, 0, 0, false),
			       naive_numeric(whole, fraction, negative));
		}
	}
	is_int(wrong, 0, "200 000 random numbers as naive code makes them");
}

/*
 * Rounding by naive code, of numbers that fit an integer: a number of 6 decimals is rounded
 * to a scale and made into the text of its type.
 */
static void
test_random_rounding(void)
{
	static const long long tens[] = {1,         10,         100,         1000,
	                                 10000,     100000,     1000000,     10000000,
	                                 100000000, 1000000000, 10000000000, 100000000000};
	int wrong = 0;
	int refused = 0;

	for (int i = 0; i < 200000 && wrong == 0; i++)
	{
		int digits = 1 + rand() % 12;
		int scale = rand() % 6;
		int precision = scale + 1 + rand() % 6;
		long long value = 0; /* in millionths */
		long long unit = tens[6 - scale];
		long long rounded;
		char number[80];
		char whole[32];
		char fraction[32];
		const char *expected;
		bool negative = rand() % 2;
		/* the long way reads more than 16 digits */
		const char *zeros = rand() % 2 ? "000000000000000000" : "";

		for (int j = 0; j < digits; j++)
			value = value * 10 + "0009995123456789"[rand() % 16] - '0';
		snprintf(number, sizeof(number), "%s%s%lld.%06lld", negative ? "-" : "", zeros,
		         value / 1000000, value % 1000000);
		rounded = (value + unit / 2) / unit;
		snprintf(whole, sizeof(whole), "%lld", rounded / tens[scale]);
		snprintf(fraction, sizeof(fraction), "%0*lld", scale, rounded % tens[scale]);
		if (scale == 0)
			fraction[0] = '\0';
		expected = rounded >= tens[precision] ? "too_large"
		                                      : naive_numeric(whole, fraction, negative);
		if (strcmp(numeric_of(number, precision, scale, true), expected) != 0)
		{
			wrong++;
			printf("# %s as (%d, %d): %s\n", number, precision, scale,
			       numeric_of(number, precision, scale, true));
			printf("# not %s\n", expected);
		}
		if (value % unit != 0 && strcmp(expected, "too_large") != 0)
		{
			refused++;
			if (strcmp(numeric_of(number, precision, scale, false), "too_precise") != 0)
				wrong++;
		}
	}
	is_int(wrong, 0, "200 000 random numbers rounded as naive code rounds them");
	ok(refused > 10000, "many of them are refused unless they may be rounded");
}

/* Reads an integer between bounds: as text, or the fault. */
static const char *
integer_of(const char *number, int64_t low, int64_t high)
{
	static char shown[32];
	int64_t value = 0;
	PmValueFault fault = pm_decimal_integer(text_of(number), low, high, &value);

	if (fault != PM_VALUE_GOOD)
		return pm_value_fault_code(fault);
	snprintf(shown, sizeof(shown), "%" PRId64, value);
	return shown;
}

static void
test_integers(void)
{
	is_str(integer_of("42", 0, 100), "42", "an integer");
	is_str(integer_of("42.000", 0, 100), "42", "with decimals that are zeros");
	is_str(integer_of("42.5", 0, 100), "not_an_integer", "with others");
	is_str(integer_of("4.2E1", 0, 100), "42", "with an exponent");
	is_str(integer_of("4.2E0", 0, 100), "not_an_integer", "with too small a one");
	is_str(integer_of("-1", 0, 100), "too_low", "below the bounds");
	is_str(integer_of("101", 0, 100), "too_high", "above them");
	is_str(integer_of("2147483647", INT32_MIN, INT32_MAX), "2147483647",
	       "the largest of 32 bits");
	is_str(integer_of("2147483648", INT32_MIN, INT32_MAX), "too_high", "one more");
	is_str(integer_of("9223372036854775807", INT64_MIN, INT64_MAX), "9223372036854775807",
	       "the largest");
	is_str(integer_of("9223372036854775808", INT64_MIN, INT64_MAX), "too_high", "one more");
	is_str(integer_of("-9223372036854775808", INT64_MIN, INT64_MAX), "-9223372036854775808",
	       "the least");
	is_str(integer_of("-9223372036854775809", INT64_MIN, INT64_MAX), "too_low", "one less");
	is_str(integer_of("99999999999999999999", INT64_MIN, INT64_MAX), "too_high",
	       "twenty digits");
	is_str(integer_of("-1e30", INT64_MIN, INT64_MAX), "too_low", "a large exponent");
	is_str(integer_of("-0", 0, 100), "0", "minus zero");
	is_str(integer_of("0000000000000000000000000007", 0, 100), "7", "zeros before it");
	is_str(integer_of("", 0, 100), "not_a_number", "nothing");
	is_str(integer_of("12a", 0, 100), "not_a_number", "a letter");
}

/* Orders two numbers: "<", "=" or ">". */
static const char *
order_of(const char *a, const char *b)
{
	PmDecimal x;
	PmDecimal y;
	int order;

	if (pm_decimal_read(text_of(a), &x) != PM_VALUE_GOOD ||
	    pm_decimal_read(text_of(b), &y) != PM_VALUE_GOOD)
		return "fault";
	order = pm_decimal_compare(&x, &y);
	return order < 0 ? "<" : order > 0 ? ">" : "=";
}

static void
test_order(void)
{
	int wrong = 0;

	is_str(order_of("1.50", "1.5"), "=", "zeros at the end do not count");
	is_str(order_of("0015", "1.5e1"), "=", "nor at the start, nor an exponent");
	is_str(order_of("-0", "0.00"), "=", "zero has no sign");
	is_str(order_of("-2", "1"), "<", "a sign does");
	is_str(order_of("-2", "-10"), ">", "negative ones are ordered backwards");
	is_str(order_of("0", "0.001"), "<", "zero and a fraction");
	is_str(order_of("0", "-0.001"), ">", "zero and a negative one");
	is_str(order_of("9.99", "10"), "<", "by size, not by letters");
	is_str(order_of("1.23", "1.234"), "<", "one that goes on");
	for (int i = 0; i < 100000; i++)
	{
		int x = rand() % 2001 - 1000;
		int y = rand() % 2001 - 1000;
		char a[32];
		char b[32];

		snprintf(a, sizeof(a), "%s%d.%02d", x < 0 ? "-" : "", abs(x) / 100, abs(x) % 100);
		snprintf(b, sizeof(b), "%s%de-2", y < 0 ? "-" : "", abs(y));
		wrong += *order_of(a, b) != (x < y ? '<' : x > y ? '>' : '=');
	}
	is_int(wrong, 0, "100 000 pairs are ordered as integers are");
}

static void
test_booleans(void)
{
	static const char *const yes[] = {"1",    "x",         "X",    "true", "TRUE", "yes",
	                                  "Yes",  "y",         "oui",  "Oui",  "O",    "ja",
	                                  "J",    "si",        "sí",   "SÌ",   "S",    "vrai",
	                                  "wahr", "verdadero", "vero", "on",   "✓"};
	static const char *const no[] = {"0",      "false", "False", "no",   "No",
	                                 "n",      "non",   "NON",   "nein", "faux",
	                                 "falsch", "falso", "off",   "✗"};
	static const char *const neither[] = {
	    "", "2", "maybe", "-1", "00", "oui oui", "yesss", "verdaderoverdadero", "ou"};
	bool answer;
	PmText text = {"x\0y", 3};

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		ok(pm_boolean_read(text_of(yes[i]), &answer) == PM_VALUE_GOOD && answer, yes[i]);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		ok(pm_boolean_read(text_of(no[i]), &answer) == PM_VALUE_GOOD && !answer, no[i]);
	for (size_t i = 0; i < sizeof(neither) / sizeof(neither[0]); i++)
		ok(pm_boolean_read(text_of(neither[i]), &answer) == PM_VALUE_NOT_A_BOOLEAN,
		   neither[i]);
	ok(pm_boolean_read(text, &answer) == PM_VALUE_NOT_A_BOOLEAN,
	   "a zero byte ends nothing");
}

/* A text in another case. */
static const char *
case_of(PmCase form, const char *string)
{
	static char out[512];

	out[pm_case(form, string, strlen(string), out)] = '\0';
	return out;
}

static void
test_case(void)
{
	char out[8];
	char back[PM_CASE_GROWTH(8)];
	int wrong = 0;

	is_str(case_of(PM_CASE_UPPER, "crème brûlée, œuf"), "CRÈME BRÛLÉE, ŒUF",
	       "French capitals");
	is_str(case_of(PM_CASE_UPPER, "Straße Maß"), "STRASSE MASS", "the sharp s");
	is_str(case_of(PM_CASE_UPPER, "año ﬁn ŝ"), "AÑO FIN Ŝ", "a ligature");
	is_str(case_of(PM_CASE_UPPER, "привет αβγς"), "ПРИВЕТ ΑΒΓΣ", "other scripts");
	is_str(case_of(PM_CASE_LOWER, "ÉTÉ Ñ Ü ẞ İ"), "été ñ ü ß i", "small letters");
	is_str(case_of(PM_CASE_LOWER, "ΟΔΟΣ ΣΑΣ Σ"), "οδος σας σ", "the final sigma");
	is_str(case_of(PM_CASE_TITLE, "CRÈME SOLAIRE spf50 l'oréal"),
	       "Crème Solaire Spf50 L'Oréal", "words begin with capitals");
	is_str(case_of(PM_CASE_TITLE, "DON'T o'neill D’ARTAGNAN qu'il"),
	       "Don't O'Neill D’Artagnan Qu'il", "apostrophes");
	is_str(case_of(PM_CASE_TITLE, "jean-pierre 100ml (noir)"), "Jean-Pierre 100ml (Noir)",
	       "hyphens, digits, parentheses");
	is_str(case_of(PM_CASE_TITLE, "ǆep ǆEP"), "ǅep ǅep", "a digraph");
	is_str(case_of(PM_CASE_UPPER, "a\xFF\xC3z"), "A\xFF\xC3Z",
	       "bytes of no character stay");
	is_str(case_of(PM_CASE_UPPER, "ɐ"), "Ɐ", "two bytes become three");
	/* every character: small of capital is small; nothing grows by more than the room */
	for (uint32_t cp = 0; cp < 0x110000; cp++)
	{
		size_t size;
		size_t lower;

		if (cp >= 0xD800 && cp < 0xE000)
			continue;
		size = pm_utf8_encode(cp, out);
		wrong += pm_case(PM_CASE_UPPER, out, size, back) > PM_CASE_GROWTH(size);
		lower = pm_case(PM_CASE_LOWER, out, size, back);
		wrong += lower > PM_CASE_GROWTH(size);
		memcpy(out, back, lower);
		wrong += pm_case(PM_CASE_LOWER, out, lower, back) != lower ||
		         memcmp(out, back, lower) != 0;
	}
	is_int(wrong, 0, "every character has room, and small letters stay small");
	is_int((long long) pm_case_done(PM_CASE_UPPER, "ABC-12a", 7), 6, "capitals so far");
	is_int((long long) pm_case_done(PM_CASE_LOWER, "abc 12", 6), 6,
	       "small letters all through");
	is_int((long long) pm_case_done(PM_CASE_LOWER, "ab\xC3\xA9", 4), 2,
	       "as far as ASCII goes");
}

int
main(void)
{
	srand(1);
	test_numeric();
	test_random_numeric();
	test_random_rounding();
	test_integers();
	test_order();
	test_booleans();
	test_case();
	return tap_done();
}
