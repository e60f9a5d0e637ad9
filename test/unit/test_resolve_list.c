/*
 * test_resolve_list.c - lists of codes and codes in free text
 *
 * The verdict on the whole (pm_resolve), the codes one by one and where they
 * stand (pm_resolve_all), and what must not be cut or found.
 */
#include "pm_resolve.h"
#include "tap.h"

#define A INT64_C(4006381333931)
#define B INT64_C(4006381333948)

typedef struct Case
{
	const char *text;
	PmResolveMethod method;
	int64_t gtin;
	float confidence;
	int count; /* what pm_resolve_all returns */
} Case;

/* clang-format off */
static const Case cases[] = {
    /* the same code twice or more */
    {"4006381333931;4006381333931", PM_METHOD_DUPLICATE_LIST, A, 0.97f, 2},
    {"4006381333931, 4006381333931", PM_METHOD_DUPLICATE_LIST, A, 0.97f, 2},
    {"4006381333931 | 04006381333931", PM_METHOD_DUPLICATE_LIST, A, 0.97f, 2},
    {"4006381333931\r\n4006381333931\r\n", PM_METHOD_DUPLICATE_LIST, A, 0.97f, 2},
    {"4006381333931 4006381333931", PM_METHOD_DUPLICATE_LIST, A, 0.97f, 2},
    {"4006381333931/4006381333931/4006381333931", PM_METHOD_DUPLICATE_LIST, A, 0.97f, 3},
    {"0306406152; 9780306406157", PM_METHOD_DUPLICATE_LIST, 9780306406157, 0.97f, 2},
    {"36000291452;036000291452", PM_METHOD_DUPLICATE_LIST, 36000291452, 0.97f, 2},
    {"40170725\n40170725", PM_METHOD_DUPLICATE_LIST, 40170725, 0.97f, 2},

    /* different codes */
    {"4006381333931;4006381333948", PM_METHOD_MULTIPLE, 0, 0.0f, 2},
    {"4006381333931,4006381333948", PM_METHOD_MULTIPLE, 0, 0.0f, 2},
    {"4006381333931/4006381333948", PM_METHOD_MULTIPLE, 0, 0.0f, 2},
    {"4006381333931 & 4006381333948", PM_METHOD_MULTIPLE, 0, 0.0f, 2},
    {"4006381333931 + 4006381333948", PM_METHOD_MULTIPLE, 0, 0.0f, 2},
    {"4006381333931 and 4006381333948", PM_METHOD_MULTIPLE, 0, 0.0f, 2},
    {"4006381333931 UND 4006381333948", PM_METHOD_MULTIPLE, 0, 0.0f, 2},
    {"4006381333931\xD8\x9B" "4006381333948", PM_METHOD_MULTIPLE, 0, 0.0f, 2},
    {"4006381333931\xE2\x81\x84" "4006381333948", PM_METHOD_MULTIPLE, 0, 0.0f, 2},
    {"4006381333931\t4006381333948", PM_METHOD_MULTIPLE, 0, 0.0f, 2},
    {"4006381333931 4006381333948", PM_METHOD_MULTIPLE, 0, 0.0f, 2},
    {"4006381333931-4006381333948", PM_METHOD_MULTIPLE, 0, 0.0f, 2},
    {"EAN: 4006381333931 / UPC: 036000291452", PM_METHOD_MULTIPLE, 0, 0.0f, 2},
    {"EAN 4006381333931 4006381333948", PM_METHOD_MULTIPLE, 0, 0.0f, 2},
    {"{4006381333931,4006381333948}", PM_METHOD_MULTIPLE, 0, 0.0f, 2},
    {"[\"4006381333931\", \"4006381333948\"]", PM_METHOD_MULTIPLE, 0, 0.0f, 2},
    {"4006381333931, 4006381333948 and 40170725", PM_METHOD_MULTIPLE, 0, 0.0f, 3},
    {"4006381333931,00;4006381333948,00", PM_METHOD_MULTIPLE, 0, 0.0f, 2},
    {"4 006381 333931; 4 006381 333948", PM_METHOD_MULTIPLE, 0, 0.0f, 2},
    {"(01)04006381333931;(01)04006381333948", PM_METHOD_MULTIPLE, 0, 0.0f, 2},
    {"https://id.gs1.org/01/04006381333931\nhttps://id.gs1.org/01/04006381333948",
     PM_METHOD_MULTIPLE, 0, 0.0f, 2},
    {"0-306-40615-2, 0-8044-2957-X", PM_METHOD_MULTIPLE, 0, 0.0f, 2},

    /* one good code in a list */
    {"4006381333932;4006381333931", PM_METHOD_FIRST_VALID_OF_LIST, A, 0.70f, 2},
    {"4006381333931;4006381333932", PM_METHOD_FIRST_VALID_OF_LIST, A, 0.70f, 2},
    {"4006381333932, 4006381333931, 4006381333931", PM_METHOD_FIRST_VALID_OF_LIST, A, 0.70f, 3},
    {"400638133393 4006381333931", PM_METHOD_FIRST_VALID_OF_LIST, A, 0.70f, 2},
    {"4.00638E+12;4006381333931", PM_METHOD_FIRST_VALID_OF_LIST, A, 0.70f, 2},
    {"4006381333931;n/a", PM_METHOD_SEPARATORS, A, 0.99f, 1},
    {";;4006381333931;;", PM_METHOD_SEPARATORS, A, 0.99f, 1},
    {"4006381333931;Mug, blue", PM_METHOD_FIRST_VALID_OF_LIST, A, 0.70f, 1},
    {"Mug|4006381333931|12.50|EUR", PM_METHOD_FIRST_VALID_OF_LIST, A, 0.70f, 1},
    {"B00ABC1234;4006381333931", PM_METHOD_FIRST_VALID_OF_LIST, A, 0.70f, 2},
    {"96385074\n123", PM_METHOD_EXTRACT, 96385074, 0.80f, 1},

    /* none */
    {"4006381333932;4006381333933", PM_METHOD_BAD_CHECK_DIGIT, 0, 0.0f, 2},
    {"n/a;;-", PM_METHOD_PLACEHOLDER, 0, 0.0f, 1},
    {"B00ABC1234;B00ABC1235", PM_METHOD_ASIN, 0, 0.0f, 2},
    {"red/blue, green", PM_METHOD_NOT_A_GTIN, 0, 0.0f, 1},
    {"400638133393;x", PM_METHOD_MISSING_CHECK_DIGIT, 0, 0.45f, 1},

    /* free text */
    {"SKU-4006381333931-BLK", PM_METHOD_EXTRACT, A, 0.80f, 1},
    {"ART4006381333931X", PM_METHOD_EXTRACT, A, 0.80f, 1},
    {"Mug blue (EAN 4006381333931), new", PM_METHOD_EXTRACT, A, 0.80f, 1},
    {"<td>4006381333931</td>", PM_METHOD_EXTRACT, A, 0.80f, 1},
    {"4006381333931 Mug 4006381333931", PM_METHOD_EXTRACT, A, 0.80f, 2},
    {"4006381333931 Mug 4006381333948", PM_METHOD_MULTIPLE, 0, 0.0f, 2},
    {"ISBN 978-0-306-40615-7 (hardback)", PM_METHOD_EXTRACT, 9780306406157, 0.80f, 1},
    {"978-0-306-40615-7 (hardback)", PM_METHOD_EXTRACT, 9780306406157, 0.80f, 1},
    {"ISBN 0-8044-2957-X (hardback)", PM_METHOD_EXTRACT, 9780804429573, 0.80f, 1},
    {"ISSN 1144-875X (print)", PM_METHOD_EXTRACT, 9771144875007, 0.80f, 1},
    {"12 4006381333931", PM_METHOD_EXTRACT, A, 0.80f, 1},
    {"Mug EAN: 40170725 blue", PM_METHOD_EXTRACT, 40170725, 0.80f, 1},
    {"4006381333931-1", PM_METHOD_EXTRACT, A, 0.80f, 1},
    {"Mug \xEF\xBC\x94" "006381333931", PM_METHOD_EXTRACT, A, 0.80f, 1},
    {"img_04006381333931_a.jpg", PM_METHOD_EXTRACT, A, 0.80f, 1},

    /* what is no code in free text */
    {"Mug 4006381333932", PM_METHOD_NOT_A_GTIN, 0, 0.0f, 1},
    {"Mug 14006381333931", PM_METHOD_NOT_A_GTIN, 0, 0.0f, 1},
    {"Mug 4006381333931.25", PM_METHOD_NOT_A_GTIN, 0, 0.0f, 1},
    {"Tel +4006381333931", PM_METHOD_NOT_A_GTIN, 0, 0.0f, 1},
    {"Mug 0.4006381333931", PM_METHOD_NOT_A_GTIN, 0, 0.0f, 1},
    {"Mug 36000291452", PM_METHOD_NOT_A_GTIN, 0, 0.0f, 1},
    {"Mug 0306406152", PM_METHOD_NOT_A_GTIN, 0, 0.0f, 1},
    {"Mug 0000000000000", PM_METHOD_NOT_A_GTIN, 0, 0.0f, 1},
    {"Mug 1234567890128", PM_METHOD_NOT_A_GTIN, 0, 0.0f, 1},
    {"Mug 20240115123041.jpg", PM_METHOD_NOT_A_GTIN, 0, 0.0f, 1},
    {"(10)4006381333931(99)x", PM_METHOD_NOT_A_GTIN, 0, 0.0f, 1},
    {"12/05/2024", PM_METHOD_NOT_A_GTIN, 0, 0.0f, 1},
};
/* clang-format on */

/* The verdict on the whole, and that pm_resolve_all agrees where there is one code. */
static void
check_case(const Case *c)
{
	PmResolution whole;
	PmResolution all[PM_RESOLVE_MAX_PARTS];
	char name[200];
	int n;

	snprintf(name, sizeof(name), "case %d", (int) (c - cases));
	pm_resolve(c->text, strlen(c->text), 0.5f, NULL, 0, &whole);
	if (!ok(whole.method == c->method && whole.gtin == c->gtin &&
	            whole.confidence == c->confidence,
	        name))
		printf("# %s: got %s %lld %.2f\n", c->text, pm_resolve_method_name(whole.method),
		       (long long) whole.gtin, (double) whole.confidence);
	n = pm_resolve_all(c->text, strlen(c->text), 0.5f, NULL, 0, all, PM_RESOLVE_MAX_PARTS);
	if (!ok(n == c->count &&
	            (n != 1 || (all[0].method == whole.method && all[0].gtin == whole.gtin &&
	                        all[0].confidence == whole.confidence &&
	                        all[0].raw_offset == whole.raw_offset &&
	                        all[0].raw_length == whole.raw_length)),
	        name))
		printf("# %s: got %d results\n", c->text, n);
}

/* Compares one of the results with the text, method and number it should have. */
static void
check_part(const char *text, const PmResolution *r, const char *raw, PmResolveMethod method,
           int64_t gtin)
{
	ok(r->raw_length == strlen(raw) &&
	       memcmp(text + r->raw_offset, raw, r->raw_length) == 0,
	   raw);
	is_str(pm_resolve_method_name(r->method), pm_resolve_method_name(method), "its method");
	is_int(r->gtin, gtin, "its number");
}

/* Where the codes stand, and what each is by itself. */
static void
test_parts(void)
{
	static const char list[] = " EAN 4006381333931;'0306406152' ,n/a| mug\n4006381333932 ";
	static const char text[] = "Mug 4006381333931, lid 4006381333948, bowl 40170725.";
	static const char words[] = "\xEF\xBB\xBF"
	                            "4006381333931 oder \xEF\xBC\x94"
	                            "006381333948";
	PmResolution r[8];

	is_int(pm_resolve_all(list, strlen(list), 0.5f, NULL, 0, r, 8), 3, "three codes");
	check_part(list, &r[0], "EAN 4006381333931", PM_METHOD_LABEL, A);
	check_part(list, &r[1], "'0306406152'", PM_METHOD_ISBN10, 9780306406157);
	check_part(list, &r[2], "4006381333932", PM_METHOD_BAD_CHECK_DIGIT, 0);

	is_int(pm_resolve_all(text, strlen(text), 0.5f, NULL, 0, r, 8), 3, "three in a text");
	check_part(text, &r[0], "4006381333931", PM_METHOD_EXTRACT, A);
	check_part(text, &r[1], "4006381333948", PM_METHOD_EXTRACT, B);
	check_part(text, &r[2], "40170725", PM_METHOD_EXTRACT, 0);
	is_int(r[2].suggestion, 40170725, "eight digits are only suggested");

	is_int(pm_resolve_all(words, strlen(words), 0.5f, NULL, 0, r, 8), 2, "two, in UTF-8");
	check_part(words, &r[0], "4006381333931", PM_METHOD_EXACT, A);
	check_part(words, &r[1],
	           "\xEF\xBC\x94"
	           "006381333948",
	           PM_METHOD_UNICODE_DIGITS, B);

	is_int(pm_resolve_all("4006381333931", 13, 0.5f, NULL, 0, r, 8), 1, "a clean code");
	check_part("4006381333931", &r[0], "4006381333931", PM_METHOD_EXACT, A);
	is_int(pm_resolve_all("", 0, 0.5f, NULL, 0, r, 8), 1, "nothing");
	is_int(r[0].method, PM_METHOD_EMPTY, "is empty");
	is_int(pm_resolve_all(list, strlen(list), 0.99f, NULL, 0, r, 8), 3, "asking for more");
	is_int(r[0].gtin, 0, "holds numbers back");
	is_int(r[0].suggestion, A, "as suggestions");
}

/* No more results than there is room for, in any long text. */
static void
test_limits(void)
{
	static char text[PM_RESOLVE_MAX_INPUT];
	static PmResolution r[PM_RESOLVE_MAX_PARTS + 1];
	size_t used = 0;

	while (used + 14 <= sizeof(text))
	{
		memcpy(text + used, "4006381333931;", 14);
		used += 14;
	}
	memset(r, 0x5A, sizeof(r));
	is_int(pm_resolve_all(text, used, 0.5f, NULL, 0, r, PM_RESOLVE_MAX_PARTS),
	       PM_RESOLVE_MAX_PARTS, "as many as there is room for");
	is_int(r[PM_RESOLVE_MAX_PARTS - 1].gtin, A, "the last of them is whole");
	ok(((unsigned char *) &r[PM_RESOLVE_MAX_PARTS])[0] == 0x5A, "nothing behind it");
	is_int(pm_resolve_all(text, used, 0.5f, NULL, 0, r, 1), 1, "room for one");
	is_int(r[0].method, PM_METHOD_EXACT, "gives the first");
	is_int(pm_resolve_all(text, used, 0.5f, NULL, 0, r, 0), 0, "room for none");
	pm_resolve(text, used, 0.5f, NULL, 0, r);
	is_int(r[0].method, PM_METHOD_DUPLICATE_LIST, "the whole list counts for the verdict");
	text[used - 2] = '0';
	pm_resolve(text, used, 0.5f, NULL, 0, r);
	is_int(r[0].method, PM_METHOD_FIRST_VALID_OF_LIST, "its very last part too");
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_case(&cases[i]);
	test_parts();
	test_limits();
	return tap_done();
}
