/*
 * test_typed_code.c - the GTIN in a code that somebody typed or scanned
 */
#include <string.h>

#include "pm_typed_code.h"
#include "tap.h"

/* What a text is, with the GTIN in it. */
static const char *
code_of(const char *text)
{
	static const char *const kinds[] = {"other", "upce", "elements", "link"};
	static char out[64];
	int64_t gtin = -1;
	PmTypedCode kind = pm_typed_code(text, strlen(text), &gtin);

	snprintf(out, sizeof(out), "%s %lld", kinds[kind], (long long) gtin);
	return out;
}

static void
test_upce(void)
{
	is_str(code_of("01234565"), "upce 12345000065", "a UPC-E");
	is_str(code_of("0 123456 5"), "upce 12345000065", "as it is printed");
	is_str(code_of("0-123456-5"), "upce 12345000065", "with hyphens");
	is_str(code_of("01234566"), "other -1", "a wrong check digit");
	is_str(code_of("21234565"), "other -1", "another number system");
	is_str(code_of("123456"), "other -1", "six digits may be anything");
	is_str(code_of("01234565x"), "other -1", "something behind it");
}

static void
test_elements(void)
{
	is_str(code_of("(01)09521234543213(10)ABC"), "elements 9521234543213", "in brackets");
	is_str(code_of(" (01) 0952 1234 543213 (10) ABC\n"), "elements 9521234543213",
	       "with blanks");
	is_str(code_of("010952123454321310ABC"), "elements 9521234543213",
	       "as a scanner sends it");
	is_str(code_of("]d2010952123454321310A\x1D"
	               "21B"),
	       "elements 9521234543213", "with a symbology identifier and FNC1");
	is_str(code_of("(8006)095212345432130102"), "elements 9521234543213", "a piece of it");
	is_str(code_of("(00)395212345678901236"), "other -1", "no GTIN");
	is_str(code_of("(01)09521234543214"), "other -1", "a wrong check digit");
	is_str(code_of("0109521234543213"), "elements 9521234543213", "the GTIN alone");
}

static void
test_links(void)
{
	is_str(code_of("https://id.gs1.org/01/09521234543213/10/ABC?17=271231"),
	       "link 9521234543213", "a link");
	is_str(code_of("id.gs1.org/01/09521234543213"), "link 9521234543213",
	       "without https://");
	is_str(code_of("https://example.com/gtin/9521234543213"), "link 9521234543213",
	       "an old form");
	is_str(code_of("https://example.com/products/17"), "other -1", "another link");
	is_str(code_of("https://id.gs1.org/00/395212345678901236"), "other -1", "no GTIN");
	is_str(code_of("noir/blanc"), "other -1", "words with a slash");
	is_str(code_of("/"), "other -1", "a slash");
}

static void
test_bounds(void)
{
	static char text[20000];

	is_str(code_of(""), "other -1", "nothing");
	is_str(code_of(" \t\n"), "other -1", "blanks");
	memset(text, '1', sizeof(text) - 1);
	is_str(code_of(text), "other -1", "very long");
	memcpy(text, "(01)09521234543213(10)", 22);
	is_str(code_of(text), "other -1", "longer than any symbol");
	memset(text, ' ', sizeof(text) - 1);
	memcpy(text + sizeof(text) - 17, "0109521234543213", 16);
	is_str(code_of(text), "elements 9521234543213", "behind many blanks");
}

int
main(void)
{
	test_upce();
	test_elements();
	test_links();
	test_bounds();
	return tap_done();
}
