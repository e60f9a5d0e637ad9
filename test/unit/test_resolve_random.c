/*
 * test_resolve_random.c - the resolver against random codes
 *
 * Each kind of dirt is put on random valid codes, and must come off again with
 * the right number and method.  Random digits and random rubbish must never
 * give a number that the strict rules refuse.  The generator is seeded with a
 * fixed number, so that a failure repeats.
 */
#include "pm_gtin.h"
#include "pm_resolve.h"
#include "tap.h"

#define ROUNDS 2000

static uint64_t state = 20240229;

/* A random number below limit (xorshift). */
static int64_t
random_below(int64_t limit)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (int64_t) ((state >> 1) % (uint64_t) limit);
}

/* A random valid number of exactly this many digits, none that people make up. */
static int64_t
random_gtin(int digits)
{
	for (;;)
	{
		int64_t low = 1;
		int64_t payload;
		int64_t gtin;

		for (int i = 2; i < digits; i++)
			low *= 10;
		payload = low + random_below(9 * low);
		gtin = payload * 10 + pm_gtin_check_digit_of(payload);
		if ((pm_gtin_flags(gtin) & PM_FLAG_SUSPECT_SAMPLE) == 0)
			return gtin;
	}
}

/* A kind of dirt: format of printf with one number, and what it should be called. */
typedef struct Dirt
{
	const char *format;
	int digits; /* of the code; 0: any length */
	PmResolveMethod method;
	double confidence;
} Dirt;

/* clang-format off */
static const Dirt dirts[] = {
    {"%lld", 13, PM_METHOD_EXACT, 1.00},
    {"%014lld", 0, PM_METHOD_EXACT, 1.00},
    {"%012lld", 11, PM_METHOD_EXACT, 1.00},
    {"\xEF\xBB\xBF%014lld\xC2\xA0\r\n", 0, PM_METHOD_TRIM, 1.00},
    {"'%014lld", 0, PM_METHOD_QUOTING, 0.99},
    {"=\"%014lld\"", 0, PM_METHOD_QUOTING, 0.99},
    {"{%013lld}", 13, PM_METHOD_QUOTING, 0.99},
    {"-%014lld", 0, PM_METHOD_SEPARATORS, 0.90},
    {"%014lld.", 0, PM_METHOD_SEPARATORS, 0.99},
    {";%014lld", 0, PM_METHOD_SEPARATORS, 0.99},
    {"%014lld.00", 0, PM_METHOD_DECIMAL_SUFFIX, 0.98},
    {"%014lld,0", 0, PM_METHOD_DECIMAL_SUFFIX, 0.98},
    {"\"%014lld,0\"", 0, PM_METHOD_DECIMAL_SUFFIX, 0.98},
    {"EAN: %013lld", 13, PM_METHOD_LABEL, 0.97},
    {"EAN13%013lld", 13, PM_METHOD_LABEL, 0.97},
    {"EAN-13 %013lld", 13, PM_METHOD_LABEL, 0.97},
    {"GTIN-14: %014lld", 0, PM_METHOD_LABEL, 0.97},
    {"Code-barres (EAN) : %013lld", 13, PM_METHOD_LABEL, 0.97},
    {"EAN8: %08lld", 8, PM_METHOD_LABEL, 0.97},
    {"UPC %012lld", 12, PM_METHOD_LABEL, 0.97},
    {"(01)%014lld", 0, PM_METHOD_GS1_ELEMENT_STRING, 0.98},
    {"]C101%014lld10LOT\x1D" "21X", 0, PM_METHOD_GS1_ELEMENT_STRING, 0.98},
    {"01%014lld", 0, PM_METHOD_GS1_ELEMENT_STRING, 0.90},
    {"https://example.com/01/%014lld", 0, PM_METHOD_DIGITAL_LINK, 0.98},
    {"%013lld 51999", 13, PM_METHOD_ADDON, 0.90},
    {"%013lld+12", 13, PM_METHOD_EXTRACT, 0.80},
    {"00000%013lld", 13, PM_METHOD_ZERO_STRIP, 0.95},
    {"0000%014lld", 14, PM_METHOD_ZERO_STRIP, 0.95},
    {"%lld", 11, PM_METHOD_ZERO_PAD, 0.90},
    {"%lld.0", 11, PM_METHOD_ZERO_PAD, 0.90},
    {"%lld", 9, PM_METHOD_ZERO_PAD, 0.60},
    {"SKU-%013lld/BLK", 13, PM_METHOD_EXTRACT, 0.80},
    {"Mug, GTIN %08lld (blue)", 8, PM_METHOD_EXTRACT, 0.80},
    {"n/a;%013lld;-", 13, PM_METHOD_SEPARATORS, 0.99},
};
/* clang-format on */

/* Checks one answer; reports the first few that are wrong. */
static int
differs(const char *text, int64_t gtin, PmResolveMethod method, double confidence)
{
	PmResolution r;

	pm_resolve(text, strlen(text), 0.5f, NULL, 0, &r);
	if (r.gtin == gtin && r.method == method && r.confidence == (float) confidence)
		return 0;
	printf("# %s: got %s %lld %.2f\n", text, pm_resolve_method_name(r.method),
	       (long long) r.gtin, (double) r.confidence);
	return 1;
}

/* Every kind of dirt comes off. */
static void
test_dirts(void)
{
	for (size_t i = 0; i < sizeof(dirts) / sizeof(dirts[0]); i++)
	{
		const Dirt *dirt = &dirts[i];
		int wrong = 0;

		for (int j = 0; j < ROUNDS && wrong < 5; j++)
		{
			static const int lengths[] = {8, 11, 12, 13, 14};
			int digits = dirt->digits != 0 ? dirt->digits : lengths[j % 5];
			int64_t gtin = random_gtin(digits);
			char text[100];

			snprintf(text, sizeof(text), dirt->format, (long long) gtin);
			wrong += differs(text, gtin, dirt->method, dirt->confidence);
		}
		is_int(wrong, 0, "a kind of dirt");
	}
}

/* Separators at random places, digits of other scripts, exponents, letters. */
static void
test_rewritten(void)
{
	static const char *const separators[] = {
	    " ", "-", "_", " - ", "\xC2\xA0", "\xE2\x80\x93", "\xE2\x80\x8B"};
	int wrong[4] = {0};

	for (int j = 0; j < ROUNDS; j++)
	{
		int64_t gtin = random_gtin(13);
		char digits[20];
		char text[100];
		char *to = text;
		int letters = 0;

		snprintf(digits, sizeof(digits), "%lld", (long long) gtin);
		for (int i = 0; i < 13; i++)
		{
			if (i == 1 || (i > 1 && random_below(3) == 0))
				to += sprintf(to, "%s", separators[random_below(7)]);
			*to++ = digits[i];
		}
		*to = '\0';
		wrong[0] += differs(text, gtin, PM_METHOD_SEPARATORS, 0.99);

		to = text;
		for (int i = 0; i < 13; i++)
			to += sprintf(to, "\xD9%c", 0xA0 + digits[i] - '0');
		wrong[1] += differs(text, gtin, PM_METHOD_UNICODE_DIGITS, 0.98);

		snprintf(text, sizeof(text), "%c%c%sE+12", digits[0], j % 2 ? '.' : ',',
		         digits + 1);
		wrong[2] += differs(text, gtin, PM_METHOD_SCI_EXACT, 0.95);

		memcpy(text, digits, 14);
		for (int i = 1; i < 12 && letters < 4; i++)
		{
			static const char misread[] = "Ol\0\0\0S\0\0B";
			char letter = digits[i] == '9' ? '\0' : misread[digits[i] - '0'];

			if (letter != '\0')
			{
				text[i] = letter;
				letters++;
			}
		}
		if (letters > 0)
			wrong[3] += differs(text, gtin, PM_METHOD_OCR_LETTERS, 0.70);
	}
	is_int(wrong[0], 0, "separators anywhere");
	is_int(wrong[1], 0, "Arabic-Indic digits");
	is_int(wrong[2], 0, "exponents");
	is_int(wrong[3], 0, "letters for digits");
}

/* Codes with check digits of their own, and lists of two. */
static void
test_other_forms(void)
{
	int isbn = 0;
	int issn = 0;
	int upce = 0;
	int lists = 0;

	for (int j = 0; j < ROUNDS; j++)
	{
		int64_t book = INT64_C(978000000000) + random_below(INT64_C(1000000000));
		int64_t serial = INT64_C(977000000000) + random_below(10000000) * 100;
		int64_t gtin = random_gtin(13);
		int64_t other = random_gtin(13);
		char digits[16];
		char text[100];

		book = book * 10 + pm_gtin_check_digit_of(book);
		pm_isbn10_format(book, digits);
		snprintf(text, sizeof(text), "%c-%.4s-%.4s-%c", digits[0], digits + 1, digits + 5,
		         digits[9]);
		isbn += differs(text, book, PM_METHOD_ISBN10, 0.99);
		snprintf(text, sizeof(text), "ISBN %.10s", digits);
		isbn += differs(text, book, PM_METHOD_ISBN10, 0.97);

		serial = serial * 10 + pm_gtin_check_digit_of(serial);
		pm_issn_format(serial, digits, NULL);
		snprintf(text, sizeof(text), "ISSN %.9s", digits);
		issn += differs(text, serial, PM_METHOD_ISSN, 0.90);

		snprintf(digits, sizeof(digits), "0%07d", (int) random_below(10000000));
		if (pm_upce_expand(digits, 8, &gtin, NULL) == PM_GTIN_OK &&
		    pm_gtin_parse(digits, 8, &other, NULL) != PM_GTIN_OK)
			upce += differs(digits, gtin, PM_METHOD_UPCE_EXPAND, 0.85);

		gtin = random_gtin(13);
		other = random_gtin(13);
		snprintf(text, sizeof(text), "%lld%lld", (long long) gtin, (long long) gtin);
		lists += differs(text, gtin, PM_METHOD_REPEATED, 0.90);
		snprintf(text, sizeof(text), "%lld / %lld", (long long) gtin, (long long) gtin);
		lists += differs(text, gtin, PM_METHOD_DUPLICATE_LIST, 0.97);
		snprintf(text, sizeof(text), "%lld, %lld", (long long) gtin, (long long) other);
		lists += gtin == other ? 0 : differs(text, 0, PM_METHOD_MULTIPLE, 0.0);
		snprintf(text, sizeof(text), "%lld;%lld",
		         (long long) gtin / 10 * 10 + (gtin + 1) % 10, (long long) other);
		lists += differs(text, other, PM_METHOD_FIRST_VALID_OF_LIST, 0.70);
	}
	is_int(isbn, 0, "ISBN-10");
	is_int(issn, 0, "ISSN");
	is_int(upce, 0, "UPC-E");
	is_int(lists, 0, "lists of two");
}

/* Is this answer one that the strict rules bear out? */
static bool
is_sound(const char *text, size_t len, const PmResolution *r)
{
	int64_t strict = 0;
	bool parsed = pm_gtin_parse(text, len, &strict, NULL) == PM_GTIN_OK;

	if (r->gtin != 0 && pm_gtin_check_number(r->gtin, NULL) != PM_GTIN_OK)
		return false;
	if (r->suggestion != 0 && pm_gtin_check_number(r->suggestion, NULL) != PM_GTIN_OK)
		return false;
	if (r->gtin != 0 &&
	    (r->method >= PM_METHOD_MISSING_CHECK_DIGIT || r->confidence < 0.5f))
		return false;
	if (r->raw_offset > len || r->raw_length > len - r->raw_offset)
		return false;
	if (parsed && r->method != PM_METHOD_PLACEHOLDER)
		return r->gtin == strict && r->method <= PM_METHOD_SEPARATORS;
	return r->method != PM_METHOD_EXACT;
}

/* Random digits, and random characters that codes are made of. */
static void
test_rubbish(void)
{
	static const char characters[] =
	    "00112233445566778899012345678901234567890123456789 -.,;/|'\"()=+EeXOlISB\n";
	int unsound = 0;
	int64_t found = 0;

	for (int j = 0; j < 100 * ROUNDS; j++)
	{
		size_t len = (size_t) random_below(40);
		int64_t choice = j % 2 ? 10 : (int64_t) sizeof(characters) - 1;
		PmResolution r;
		char text[40];

		for (size_t i = 0; i < len; i++)
			text[i] = choice == 10 ? (char) ('0' + random_below(10))
			                       : characters[random_below(choice)];
		pm_resolve(text, len, 0.5f, NULL, 0, &r);
		found += r.gtin != 0;
		if (!is_sound(text, len, &r) && unsound++ < 5)
			printf("# %.*s: got %s %lld\n", (int) len, text,
			       pm_resolve_method_name(r.method), (long long) r.gtin);
	}
	is_int(unsound, 0, "no answer that the strict rules would not bear out");
	ok(found > 1000, "and many of them were numbers");
}

int
main(void)
{
	test_dirts();
	test_rewritten();
	test_other_forms();
	test_rubbish();
	return tap_done();
}
