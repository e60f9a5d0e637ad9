/*
 * test_resolve.c - single codes: every method, and what must not resolve
 *
 * Each case is a text and the whole answer to it, at the default confidence of
 * 0.5.  Lists and free text are in test_resolve_list.c, random codes in
 * test_resolve_random.c.
 */
#include <math.h>

#include "pm_gtin.h"
#include "pm_resolve.h"
#include "tap.h"

#define A INT64_C(4006381333931)
#define U INT64_C(36000291452)

typedef struct Case
{
	const char *text;
	PmResolveMethod method;
	int64_t gtin;
	float confidence;
	int64_t suggestion;
} Case;

/* clang-format off */
static const Case clean_cases[] = {
    {"4006381333931", PM_METHOD_EXACT, A, 1.00f, 0},
    {"04006381333931", PM_METHOD_EXACT, A, 1.00f, 0},
    {"036000291452", PM_METHOD_EXACT, U, 1.00f, 0},
    {"0036000291452", PM_METHOD_EXACT, U, 1.00f, 0},
    {"40170725", PM_METHOD_EXACT, 40170725, 1.00f, 0},
    {"0000000000208", PM_METHOD_EXACT, 208, 1.00f, 0},
    {"2000000000008", PM_METHOD_EXACT, 2000000000008, 1.00f, 0},

    {"\xEF\xBB\xBF" "4006381333931", PM_METHOD_TRIM, A, 1.00f, 0},
    {"4006381333931\xC2\xA0", PM_METHOD_TRIM, A, 1.00f, 0},
    {"\t4006381333931\r\n", PM_METHOD_TRIM, A, 1.00f, 0},
    {"\xE2\x80\x8B" "4006381333931\xE2\x80\x8B", PM_METHOD_TRIM, A, 1.00f, 0},
    {"\xE2\x80\xAA" "4006381333931\xE2\x80\xAC", PM_METHOD_TRIM, A, 1.00f, 0},
    {"\002" "4006381333931\003", PM_METHOD_TRIM, A, 1.00f, 0},

    {"4 006381 333931", PM_METHOD_SEPARATORS, A, 0.99f, 0},
    {"400-6381333931", PM_METHOD_SEPARATORS, A, 0.99f, 0},
    {"400-638-133393-1", PM_METHOD_SEPARATORS, A, 0.99f, 0},
    {"4.006.381.333.931", PM_METHOD_SEPARATORS, A, 0.99f, 0},
    {"4,006,381,333,931", PM_METHOD_SEPARATORS, A, 0.99f, 0},
    {"4'006'381'333'931", PM_METHOD_SEPARATORS, A, 0.99f, 0},
    {"400\xE2\x80\x93" "6381333931", PM_METHOD_SEPARATORS, A, 0.99f, 0},
    {"4\xC2\xA0" "006381\xC2\xA0" "333931", PM_METHOD_SEPARATORS, A, 0.99f, 0},
    {"4006381\n333931", PM_METHOD_SEPARATORS, A, 0.99f, 0},
    {"400\xE2\x80\x8B" "6381333931", PM_METHOD_SEPARATORS, A, 0.99f, 0},
    {" 4 006381 333931 ", PM_METHOD_SEPARATORS, A, 0.99f, 0},
    {"4006381333931.", PM_METHOD_SEPARATORS, A, 0.99f, 0},
    {"4006381333931;", PM_METHOD_SEPARATORS, A, 0.99f, 0},
    {"4006381333931,", PM_METHOD_SEPARATORS, A, 0.99f, 0},
    {"-4006381333931", PM_METHOD_SEPARATORS, A, 0.90f, 0},
    {"4006381333931-", PM_METHOD_SEPARATORS, A, 0.90f, 0},

    {"'4006381333931", PM_METHOD_QUOTING, A, 0.99f, 0},
    {"\"4006381333931\"", PM_METHOD_QUOTING, A, 0.99f, 0},
    {"=\"4006381333931\"", PM_METHOD_QUOTING, A, 0.99f, 0},
    {"\"\"4006381333931\"\"", PM_METHOD_QUOTING, A, 0.99f, 0},
    {"\xE2\x80\x9E" "4006381333931\xE2\x80\x9C", PM_METHOD_QUOTING, A, 0.99f, 0},
    {"*4006381333931*", PM_METHOD_QUOTING, A, 0.99f, 0},
    {"[\"4006381333931\"]", PM_METHOD_QUOTING, A, 0.99f, 0},
    {"4 006381 333931 >", PM_METHOD_SEPARATORS, A, 0.99f, 0},
    {"400\xC2\xB7" "638\xC2\xB7" "1333931", PM_METHOD_SEPARATORS, A, 0.99f, 0},
    {"(4006381333931)", PM_METHOD_QUOTING, A, 0.99f, 0},

    {"\xEF\xBC\x94\xEF\xBC\x90\xEF\xBC\x91\xEF\xBC\x97\xEF\xBC\x90\xEF\xBC\x97\xEF\xBC\x92\xEF\xBC\x95",
     PM_METHOD_UNICODE_DIGITS, 40170725, 0.98f, 0},
    {"\xD9\xA4\xD9\xA0\xD9\xA1\xD9\xA7\xD9\xA0\xD9\xA7\xD9\xA2\xD9\xA5",
     PM_METHOD_UNICODE_DIGITS, 40170725, 0.98f, 0},
    {"\xDB\xB4\xDB\xB0\xDB\xB1\xDB\xB7\xDB\xB0\xDB\xB7\xDB\xB2\xDB\xB5",
     PM_METHOD_UNICODE_DIGITS, 40170725, 0.98f, 0},
    {"\xE0\xA5\xAA\xE0\xA5\xA6\xE0\xA5\xA7\xE0\xA5\xAD\xE0\xA5\xA6\xE0\xA5\xAD\xE0\xA5\xA8\xE0\xA5\xAB",
     PM_METHOD_UNICODE_DIGITS, 40170725, 0.98f, 0},

    {"4006381333931.0", PM_METHOD_DECIMAL_SUFFIX, A, 0.98f, 0},
    {"4006381333931.00", PM_METHOD_DECIMAL_SUFFIX, A, 0.98f, 0},
    {"4006381333931,00", PM_METHOD_DECIMAL_SUFFIX, A, 0.98f, 0},
    {"4.006.381.333.931,00", PM_METHOD_DECIMAL_SUFFIX, A, 0.98f, 0},
    {"4006381333931\xD9\xAB\xD9\xA0", PM_METHOD_DECIMAL_SUFFIX, A, 0.98f, 0},
    {"4006381333900.0", PM_METHOD_DECIMAL_SUFFIX, 4006381333900, 0.98f, 0},
    {"4006381333931.5", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    {"400638133393.1", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    {"4,00638,133,931", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    {"0,0", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"+4006381333931", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0}, /* a telephone number */
    {"4--------006381333931", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
};

static const Case label_cases[] = {
    {"EAN13: 4006381333931", PM_METHOD_LABEL, A, 0.97f, 0},
    {"EAN: 4006381333931", PM_METHOD_LABEL, A, 0.97f, 0},
    {"ean 4006381333931", PM_METHOD_LABEL, A, 0.97f, 0},
    {"EAN4006381333931", PM_METHOD_LABEL, A, 0.97f, 0},
    {"EAN134006381333931", PM_METHOD_LABEL, A, 0.97f, 0},
    {"EAN-13 4006381333931", PM_METHOD_LABEL, A, 0.97f, 0},
    {"EAN (13): 4006381333931", PM_METHOD_LABEL, A, 0.97f, 0},
    {"GTIN-13 4006381333931", PM_METHOD_LABEL, A, 0.97f, 0},
    {"GTIN-14: 04006381333931", PM_METHOD_LABEL, A, 0.97f, 0},
    {"UPC 036000291452", PM_METHOD_LABEL, U, 0.97f, 0},
    {"UPC-A: 0 36000 29145 2", PM_METHOD_LABEL, U, 0.97f, 0},
    {"UPC 12: 036000291452", PM_METHOD_LABEL, U, 0.97f, 0},
    {"Code EAN : 4006381333931", PM_METHOD_LABEL, A, 0.97f, 0},
    {"Code-barres: 4006381333931", PM_METHOD_LABEL, A, 0.97f, 0},
    {"C\xC3\x93" "DIGO DE BARRAS 4006381333931", PM_METHOD_LABEL, A, 0.97f, 0},
    {"Strichcode Nr. 4006381333931", PM_METHOD_LABEL, A, 0.97f, 0},
    {"EAN/UPC: '4006381333931", PM_METHOD_LABEL, A, 0.97f, 0},
    {"EAN 8: 40170725", PM_METHOD_LABEL, 40170725, 0.97f, 0},
    {"EAN840170725", PM_METHOD_LABEL, 40170725, 0.97f, 0},
    {"ISBN 978-0-306-40615-7", PM_METHOD_LABEL, 9780306406157, 0.97f, 0},
    {"ISBN-13: 9780306406157", PM_METHOD_LABEL, 9780306406157, 0.97f, 0},
    {"ISMN M-2306-7118-7", PM_METHOD_LABEL, 9790230671187, 0.97f, 0},
    {"GTIN: (01)04006381333931", PM_METHOD_GS1_ELEMENT_STRING, A, 0.97f, 0},
    {"\xEF\xBC\xA5\xEF\xBC\xA1\xEF\xBC\xAE\xEF\xBC\x9A" "4006381333931", PM_METHOD_LABEL, A, 0.97f, 0},
    /* the 8 belongs to the code */
    {"EAN 8 712345 678906", PM_METHOD_LABEL, 8712345678906, 0.97f, 0},
    {"EAN 8-712345-678906", PM_METHOD_LABEL, 8712345678906, 0.97f, 0},
    /* label digits must not leak into the code */
    {"EAN 13 400638133393", PM_METHOD_MISSING_CHECK_DIGIT, 0, 0.45f, A},
    {"EAN13 00638133393", PM_METHOD_MISSING_CHECK_DIGIT, 0, 0.40f, 6381333935},
    {"GTIN 14 006381333931", PM_METHOD_MISSING_CHECK_DIGIT, 0, 0.45f, 63813339316},
    {"ISMN M-2306-7118-8", PM_METHOD_BAD_CHECK_DIGIT, 0, 0.00f, 0},
    {"ISMN M", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"ISSN 259471415", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    {"EAN: \"\"", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"EAN (13 4006381333931", PM_METHOD_EXTRACT, A, 0.80f, 0},
    {"EAN 13", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"UPC 036000291453", PM_METHOD_BAD_CHECK_DIGIT, 0, 0.00f, 0},
    {"ISBN 0306406153", PM_METHOD_BAD_CHECK_DIGIT, 0, 0.00f, 0},
    {"ISSN 0264-3597", PM_METHOD_BAD_CHECK_DIGIT, 0, 0.00f, 0},
    {"Colour 4006381333931", PM_METHOD_EXTRACT, A, 0.80f, 0},
};

static const Case form_cases[] = {
    {"(01)04006381333931", PM_METHOD_GS1_ELEMENT_STRING, A, 0.98f, 0},
    {"(01)04006381333931(10)ABC;1", PM_METHOD_GS1_ELEMENT_STRING, A, 0.98f, 0},
    {"(01) 04006381333931 (10) ABC", PM_METHOD_GS1_ELEMENT_STRING, A, 0.98f, 0},
    {"(01)14006381333938(17)271231", PM_METHOD_GS1_ELEMENT_STRING, 14006381333938, 0.98f, 0},
    {"]C10104006381333931", PM_METHOD_GS1_ELEMENT_STRING, A, 0.98f, 0},
    {"]d2010400638133393110ABC\x1D" "17271231", PM_METHOD_GS1_ELEMENT_STRING, A, 0.98f, 0},
    {"\x1D" "0104006381333931", PM_METHOD_GS1_ELEMENT_STRING, A, 0.98f, 0},
    {"]E04006381333931", PM_METHOD_GS1_ELEMENT_STRING, A, 0.98f, 0},
    {"]I104006381333931", PM_METHOD_GS1_ELEMENT_STRING, A, 0.98f, 0},
    {"0104006381333931", PM_METHOD_GS1_ELEMENT_STRING, A, 0.90f, 0},
    {"010400638133393110ABC", PM_METHOD_GS1_ELEMENT_STRING, A, 0.90f, 0},
    {"0104006381333931" "3103000231", PM_METHOD_GS1_ELEMENT_STRING, A, 0.90f, 0},
    {"(01)04006381333932", PM_METHOD_BAD_CHECK_DIGIT, 0, 0.00f, 0},
    {"]E04006381333932", PM_METHOD_BAD_CHECK_DIGIT, 0, 0.00f, 0},
    {"0104006381333932", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    {"(00)340123450000000000", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    {"(10)40170725", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    {"(01)4006381333931", PM_METHOD_EXTRACT, A, 0.80f, 0},
    {"https://id.gs1.org/01/04006381333931", PM_METHOD_DIGITAL_LINK, A, 0.98f, 0},
    {"HTTPS://ID.GS1.ORG/01/04006381333931/10/A?17=271231", PM_METHOD_DIGITAL_LINK, A, 0.98f, 0},
    {"https://brand.example/shoes/01/04006381333931#top", PM_METHOD_DIGITAL_LINK, A, 0.98f, 0},
    {"https://id.gs1.org/gtin/4006381333931", PM_METHOD_DIGITAL_LINK, A, 0.95f, 0},
    {"https://id.gs1.org/01/04006381333932", PM_METHOD_BAD_CHECK_DIGIT, 0, 0.00f, 0},
    {"https://id.gs1.org/00/340123450000000000", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    {"https://shop.example/p/4006381333931?x=1,2", PM_METHOD_EXTRACT, A, 0.80f, 0},

    {"0-306-40615-2", PM_METHOD_ISBN10, 9780306406157, 0.99f, 0},
    {"0-8044-2957-X", PM_METHOD_ISBN10, 9780804429573, 0.99f, 0},
    {"0-8044-2957-x", PM_METHOD_ISBN10, 9780804429573, 0.99f, 0},
    {"ISBN 0306406152", PM_METHOD_ISBN10, 9780306406157, 0.97f, 0},
    {"ISBN-10: 0-306-40615-2", PM_METHOD_ISBN10, 9780306406157, 0.97f, 0},
    {"ISBN 080442957X", PM_METHOD_ISBN10, 9780804429573, 0.97f, 0},
    {"0306406152", PM_METHOD_ISBN10, 9780306406157, 0.97f, 0},
    {"080442957X", PM_METHOD_ISBN10, 9780804429573, 0.97f, 0},
    {"7681815732", PM_METHOD_ISBN10, 9787681815734, 0.80f, 0},
    {"ISBN 7681815732", PM_METHOD_ISBN10, 9787681815734, 0.97f, 0},
    {"ISBN 306406152", PM_METHOD_ISBN10, 9780306406157, 0.80f, 0},
    {"ASIN: 0306406152", PM_METHOD_ISBN10, 9780306406157, 0.97f, 0},
    {"0306406153", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    {"0804429570", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    {"080442958X", PM_METHOD_BAD_CHECK_DIGIT, 0, 0.00f, 0},

    {"ISSN 0264-3596", PM_METHOD_ISSN, 9770264359008, 0.90f, 0},
    {"0264-3596", PM_METHOD_ISSN, 9770264359008, 0.90f, 0},
    {"ISSN 02643596", PM_METHOD_ISSN, 9770264359008, 0.90f, 0},
    {"1144-875X", PM_METHOD_ISSN, 9771144875007, 0.90f, 0},
    {"1144875X", PM_METHOD_ISSN, 9771144875007, 0.90f, 0},
    {"02643596", PM_METHOD_BAD_CHECK_DIGIT, 0, 0.00f, 0},
    {"0264 3596", PM_METHOD_BAD_CHECK_DIGIT, 0, 0.00f, 0},
    {"026-43596", PM_METHOD_BAD_CHECK_DIGIT, 0, 0.00f, 0},
    /* a valid GTIN-8 as well: what the strict type reads wins, unless labelled */
    {"6466-9793", PM_METHOD_SEPARATORS, 64669793, 0.99f, 0},
    {"ISSN 6466-9793", PM_METHOD_ISSN, 9776466979006, 0.90f, 0},

    {"9780306406157 51999", PM_METHOD_ADDON, 9780306406157, 0.90f, 0},
    {"978030640615751999", PM_METHOD_ADDON, 9780306406157, 0.90f, 0},
    {"977026435900812", PM_METHOD_ADDON, 9770264359008, 0.90f, 0},
    {"4006381333931 05", PM_METHOD_ADDON, A, 0.90f, 0},
    {"4006381333931-05", PM_METHOD_ADDON, A, 0.90f, 0},
    {"036000291452 05", PM_METHOD_ADDON, U, 0.90f, 0},
    {"400638133393105", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    {"9780306406158 51999", PM_METHOD_BAD_CHECK_DIGIT, 0, 0.00f, 0},
    {"4006381333931 055", PM_METHOD_EXTRACT, A, 0.80f, 0},
};

static const Case number_cases[] = {
    {"4.006381333931E+12", PM_METHOD_SCI_EXACT, A, 0.95f, 0},
    {"4,006381333931E+12", PM_METHOD_SCI_EXACT, A, 0.95f, 0},
    {"4.006381333931e12", PM_METHOD_SCI_EXACT, A, 0.95f, 0},
    {"4.0063813339310E+12", PM_METHOD_SCI_EXACT, A, 0.95f, 0},
    {"4.006381333931000e+12", PM_METHOD_SCI_EXACT, A, 0.95f, 0},
    {"4006.381333931E+09", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    {"400.6381333931E+10", PM_METHOD_SCI_EXACT, A, 0.95f, 0},
    {"4.73362729425E+12", PM_METHOD_SCI_EXACT, 4733627294250, 0.95f, 0},
    {"3.6000291452E+10", PM_METHOD_ZERO_PAD, U, 0.90f, 0},
    {"EAN: 4.006381333931E+12", PM_METHOD_SCI_EXACT, A, 0.95f, 0},
    {"4.00638E+12", PM_METHOD_SCI_LOSSY, 0, 0.00f, 0},
    {"4,00638E+12", PM_METHOD_SCI_LOSSY, 0, 0.00f, 0},
    {"4E+12", PM_METHOD_SCI_LOSSY, 0, 0.00f, 0},
    {"4.00638133393E+12", PM_METHOD_SCI_LOSSY, 0, 0.00f, 0},
    /* with zeros for the lost digits this one passes the check, by accident */
    {"4.00635E+12", PM_METHOD_SCI_LOSSY, 0, 0.00f, 0},
    {"4.006381333932E+12", PM_METHOD_BAD_CHECK_DIGIT, 0, 0.00f, 0},
    {"4.006381333931E+99", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    {"4.006381333931E+999999999999", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    {"4.006381333931E-12", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    {"4.006381333931E+6", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    {"1.5E+3", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    {"E+12", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    {"4.E+12", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    {"0.0E+0", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},

    {"000004006381333931", PM_METHOD_ZERO_STRIP, A, 0.95f, 0},
    {"000000004006381333931", PM_METHOD_ZERO_STRIP, A, 0.95f, 0},
    {"000000036000291452", PM_METHOD_ZERO_STRIP, U, 0.95f, 0},
    {"000000000040170725", PM_METHOD_ZERO_STRIP, 0, 0.45f, 40170725},
    {"000000000000004711", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    {"000004006381333932", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    {"340123450000000000", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    {"356470902291802", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},

    {"40063813339314006381333931", PM_METHOD_REPEATED, A, 0.90f, 0},
    {"4017072540170725", PM_METHOD_REPEATED, 40170725, 0.90f, 0},
    {"40063813339324006381333932", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    {"40063813339314006381333948", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},

    {"36000291452", PM_METHOD_ZERO_PAD, U, 0.90f, 0},
    {"3 6000 29145 2", PM_METHOD_ZERO_PAD, U, 0.90f, 0},
    {"36000291452.0", PM_METHOD_ZERO_PAD, U, 0.90f, 0},
    {"8215767459", PM_METHOD_ZERO_PAD, 8215767459, 0.75f, 0},
    {"259471415", PM_METHOD_ZERO_PAD, 259471415, 0.60f, 0},
    {"259471416", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    {"8215767458", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    /* a zero is still there, so none was lost */
    {"01200056767", PM_METHOD_MISSING_CHECK_DIGIT, 0, 0.40f, 12000567674},
    {"070876000", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    /* seven digits are never padded, though this one would pass */
    {"1345674", PM_METHOD_MISSING_CHECK_DIGIT, 0, 0.35f, 13456740},

    {"01102323", PM_METHOD_UPCE_EXPAND, 11200000233, 0.85f, 0},
    {"0-110232-3", PM_METHOD_UPCE_EXPAND, 11200000233, 0.85f, 0},
    {"UPC-E 01234565", PM_METHOD_UPCE_EXPAND, 12345000065, 0.85f, 0},
    {"UPCE: 01102323", PM_METHOD_UPCE_EXPAND, 11200000233, 0.85f, 0},
    {"01234565", PM_METHOD_EXACT, 1234565, 1.00f, 0},
    {"21102323", PM_METHOD_BAD_CHECK_DIGIT, 0, 0.00f, 0},
    {"01102324", PM_METHOD_BAD_CHECK_DIGIT, 0, 0.00f, 0},

    {"4OO6381333931", PM_METHOD_OCR_LETTERS, A, 0.70f, 0},
    {"4oo63813339 31", PM_METHOD_OCR_LETTERS, A, 0.70f, 0},
    {"400638l33393I", PM_METHOD_OCR_LETTERS, A, 0.70f, 0},
    {"O36OOO291452", PM_METHOD_OCR_LETTERS, U, 0.70f, 0},
    {"036000291 4S2", PM_METHOD_OCR_LETTERS, U, 0.70f, 0},
    {"40063B1333931", PM_METHOD_OCR_LETTERS, A, 0.70f, 0},
    {"40I7O725", PM_METHOD_OCR_LETTERS, 40170725, 0.70f, 0},
    {"EAN: 4OO6381333931", PM_METHOD_LABEL, A, 0.70f, 0},
    {"4OO6381333932", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    {"40O6381333931X", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    /* article numbers: S and B at an end, eight with a letter at an end */
    {"S9O1234123457", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    {"4017072S", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    {"9638507l", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    /* more than a third letters */
    {"4OO63Bl33393l", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    {"OOOOOOOOOOOO", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
};

static const Case unresolved_cases[] = {
    {"400638133393", PM_METHOD_MISSING_CHECK_DIGIT, 0, 0.45f, A},
    {"4 00638 13339 3", PM_METHOD_MISSING_CHECK_DIGIT, 0, 0.45f, A},
    {"4017072", PM_METHOD_MISSING_CHECK_DIGIT, 0, 0.35f, 40170725},
    {"90311017423", PM_METHOD_MISSING_CHECK_DIGIT, 0, 0.40f, 903110174237},
    {"4006381333932", PM_METHOD_BAD_CHECK_DIGIT, 0, 0.00f, 0},
    {"04006381333932", PM_METHOD_BAD_CHECK_DIGIT, 0, 0.00f, 0},
    {"40170726", PM_METHOD_BAD_CHECK_DIGIT, 0, 0.00f, 0},
    {"978030640615X", PM_METHOD_BAD_CHECK_DIGIT, 0, 0.00f, 0},

    {"0000000000000", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"0", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"00", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"1111111111111", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"9999999999999", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"2222222222222", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0}, /* passes the check */
    {"1111", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"1234567890128", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0}, /* passes the check */
    {"01234567890128", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"123456789012", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0}, /* passes the check */
    {"1234567890123", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"12345", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"EAN 1234567890128", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"N/A", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"n.a.", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"#N/A", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"#NV", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"#REF!", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"#DIV/0!", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"NULL", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"<null>", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"\\N", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"none", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"Does not apply", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {" does  not apply. ", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"\"DOES NOT APPLY\"", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"Nicht zutreffend", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"Non applicable", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"Ne s\xE2\x80\x99" "applique pas", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"Non applicabile", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"No aplicable", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"No aplica", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"Niet van toepassing", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"Nie dotyczy", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"Non renseign\xC3\xA9", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"NON RENSEIGN\xC3\x89", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"\xE8\xA9\xB2\xE5\xBD\x93\xE3\x81\xAA\xE3\x81\x97", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"kein EAN", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"sans EAN", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"Pas de code-barres", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"no barcode", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"EAN:", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"EAN: n/a", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"-", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"---", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"?", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},
    {"xxxxxxxxxxxxx", PM_METHOD_PLACEHOLDER, 0, 0.00f, 0},

    {"B00ABC1234", PM_METHOD_ASIN, 0, 0.00f, 0},
    {"b00abc1234", PM_METHOD_ASIN, 0, 0.00f, 0},
    {"BT00LLINKI", PM_METHOD_ASIN, 0, 0.00f, 0},
    {"ASIN: B9ABCDEFGH", PM_METHOD_ASIN, 0, 0.00f, 0},
    {"BLACKBERRY", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},

    {"", PM_METHOD_EMPTY, 0, 0.00f, 0},
    {"   ", PM_METHOD_EMPTY, 0, 0.00f, 0},
    {"\xEF\xBB\xBF\xC2\xA0", PM_METHOD_EMPTY, 0, 0.00f, 0},
    {"\"\"", PM_METHOD_EMPTY, 0, 0.00f, 0},

    {"Blue cotton shirt", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    {"123", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    {"111", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    {"12,5 kg", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    {"novalues", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    {"\xC3", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
    {"4006381333931\xFF", PM_METHOD_NOT_A_GTIN, 0, 0.00f, 0},
};
/* clang-format on */

/* The text as the name of a test: one line, and no '#', which TAP would read. */
static const char *
test_name(const char *text)
{
	static char name[512];
	size_t used = 0;

	for (; *text != '\0' && used + 5 < sizeof(name); text++)
	{
		if (*text > ' ' && *text != '#' && *text != '\\' && *text != 0x7F)
			name[used++] = *text;
		else
			used += (size_t) snprintf(name + used, 5, "\\x%02X", (unsigned char) *text);
	}
	name[used] = '\0';
	return name;
}

/* Compares one answer with what is expected. */
static void
check_case(const Case *c)
{
	PmResolution got;
	bool good;

	memset(&got, 0xA5, sizeof(got));
	pm_resolve(c->text, strlen(c->text), 0.5f, NULL, 0, &got);
	good = got.method == c->method && got.gtin == c->gtin &&
	       got.confidence == c->confidence && got.suggestion == c->suggestion;
	if (!ok(good, test_name(c->text)))
		printf("# got %s %lld %.2f %lld\n", pm_resolve_method_name(got.method),
		       (long long) got.gtin, (double) got.confidence, (long long) got.suggestion);
}

#define CHECK_CASES(cases)                                          \
	for (size_t i = 0; i < sizeof(cases) / sizeof((cases)[0]); i++) \
	check_case(&(cases)[i])

/* min_confidence moves the number, never the method or the confidence. */
static void
test_min_confidence(void)
{
	PmResolution r;

	pm_resolve("36000291452", 11, 0.90f, NULL, 0, &r);
	is_int(r.gtin, U, "as sure as asked for");
	pm_resolve("36000291452", 11, 0.91f, NULL, 0, &r);
	is_int(r.gtin, 0, "less sure than asked for");
	is_int(r.suggestion, U, "is a suggestion");
	is_str(pm_resolve_method_name(r.method), "zero_pad", "with its method");
	ok(r.confidence == 0.90f, "and its confidence");
	pm_resolve("4006381333931", 13, 1.01f, NULL, 0, &r);
	is_int(r.gtin, 0, "nothing is surer than sure");
	is_int(r.suggestion, A, "not even an exact code");
	pm_resolve("4006381333931", 13, NAN, NULL, 0, &r);
	is_int(r.gtin, 0, "a confidence that is no number applies nothing");
	pm_resolve("400638133393", 12, 0.0f, NULL, 0, &r);
	is_int(r.gtin, 0, "a missing check digit is never made up");
	is_int(r.suggestion, A, "only suggested");
	pm_resolve("4.00638E+12", 11, -1.0f, NULL, 0, &r);
	is_int(r.gtin + r.suggestion, 0, "a rounded number neither");
	pm_resolve("Mug 40170725 red", 16, 0.4f, NULL, 0, &r);
	is_int(r.gtin, 40170725, "eight digits in a text, for who asks for little");
}

/* The range behind a rounded number. */
static void
test_range(void)
{
	PmResolution r;

	pm_resolve("4.00638E+12", 11, 0.5f, NULL, 0, &r);
	is_int(r.low, 4006375000000, "the smallest number that rounds to it");
	is_int(r.high, 4006384999999, "the largest one");
	pm_resolve("4.00638133393E+12", 17, 0.5f, NULL, 0, &r);
	is_int(r.low, 4006381333925, "one digit lost: ten numbers");
	is_int(r.high, 4006381333934, "down to up");
	pm_resolve("9.9999E+13", 10, 0.5f, NULL, 0, &r);
	is_int(r.low, 99998500000000, "at the end of the number space");
	is_int(r.high, 99999499999999, "both ends");
	pm_resolve("1E+14", 5, 0.5f, NULL, 0, &r);
	is_int(r.method, PM_METHOD_NOT_A_GTIN, "beyond it");
}

/* Flags are those of the number, or of the suggestion. */
static void
test_flags(void)
{
	PmResolution r;

	pm_resolve("01234565", 8, 0.5f, NULL, 0, &r);
	ok((r.flags & PM_FLAG_ALSO_UPCE) != 0, "a GTIN-8 that is also a UPC-E");
	pm_resolve("ISBN 0306406152", 15, 0.5f, NULL, 0, &r);
	ok((r.flags & PM_FLAG_ISBN) != 0, "a book");
	pm_resolve("012345678905", 12, 0.5f, NULL, 0, &r);
	ok((r.flags & PM_FLAG_SUSPECT_SAMPLE) != 0 && r.gtin == 12345678905, "a sample");
	pm_resolve("290000000000", 12, 0.5f, NULL, 0, &r);
	is_int(r.flags, pm_gtin_flags(r.suggestion), "flags of a suggestion");
	ok((r.flags & PM_FLAG_RESTRICTED) != 0, "which is restricted");
	pm_resolve("nothing", 7, 0.5f, NULL, 0, &r);
	is_int(r.flags, 0, "no number, no flags");
}

/* Words of the caller. */
static void
test_words(void)
{
	static const PmWord words[] = {
	    {"Restposten",     10},
        {" pending ",      9 },
        {"4006381333931",  13},
        {"",               0 },
	    {"04006381333955", 14},
	};
	PmResolution r;

	pm_resolve("restPOSTEN", 10, 0.5f, words, 5, &r);
	is_int(r.method, PM_METHOD_PLACEHOLDER, "the caller's word in any case");
	pm_resolve(" 'Pending' ", 11, 0.5f, words, 5, &r);
	is_int(r.method, PM_METHOD_PLACEHOLDER, "quoted, with space around");
	pm_resolve("EAN: pending", 12, 0.5f, words, 5, &r);
	is_int(r.method, PM_METHOD_PLACEHOLDER, "behind a label");
	pm_resolve("Restposten!", 11, 0.5f, words, 5, &r);
	is_int(r.method, PM_METHOD_NOT_A_GTIN, "not part of a text");
	pm_resolve("4006381333931", 13, 0.5f, words, 5, &r);
	is_int(r.method, PM_METHOD_PLACEHOLDER, "a good number that the caller disowns");
	pm_resolve("4 006381 333931", 15, 0.5f, words, 5, &r);
	is_int(r.method, PM_METHOD_PLACEHOLDER, "also when it is written with spaces");
	pm_resolve("04006381333931", 14, 0.5f, words, 5, &r);
	is_int(r.method, PM_METHOD_PLACEHOLDER, "or with a zero in front");
	pm_resolve("04006381333955", 14, 0.5f, words, 5, &r);
	is_int(r.method, PM_METHOD_PLACEHOLDER, "a word with a zero in front");
	pm_resolve("4006381333948", 13, 0.5f, words, 5, &r);
	is_int(r.gtin, 4006381333948, "others stay");
	pm_resolve("", 0, 0.5f, words, 5, &r);
	is_int(r.method, PM_METHOD_EMPTY, "an empty word changes nothing");
}

/* Bytes that are no text, and text that is too long. */
static void
test_any_bytes(void)
{
	static char text[PM_RESOLVE_MAX_INPUT + 1];
	PmResolution r;

	pm_resolve("4006381\000333931", 14, 0.5f, NULL, 0, &r);
	is_int(r.method, PM_METHOD_NOT_A_GTIN, "a NUL inside");
	pm_resolve(NULL, 0, 0.5f, NULL, 0, &r);
	is_int(r.method, PM_METHOD_EMPTY, "no text at all");
	memset(text, ' ', sizeof(text));
	memcpy(text, "4006381333931", 13);
	pm_resolve(text, PM_RESOLVE_MAX_INPUT, 0.5f, NULL, 0, &r);
	is_int(r.gtin, A, "as long as may be");
	is_int((long long) r.raw_length, 13, "the code's own length");
	pm_resolve(text, PM_RESOLVE_MAX_INPUT + 1, 0.5f, NULL, 0, &r);
	is_int(r.method, PM_METHOD_NOT_A_GTIN, "too long");
}

/* Names exist for every method and for nothing else. */
static void
test_names(void)
{
	int named = 0;

	for (int i = 0; i < PM_METHOD_COUNT; i++)
		named += pm_resolve_method_name((PmResolveMethod) i) != NULL;
	is_int(named, PM_METHOD_COUNT, "every method has a name");
	is_str(pm_resolve_method_name(PM_METHOD_EMPTY), "empty", "the last one");
	is_str(pm_resolve_method_name(PM_METHOD_COUNT), NULL, "beyond the last one");
}

int
main(void)
{
	CHECK_CASES(clean_cases);
	CHECK_CASES(label_cases);
	CHECK_CASES(form_cases);
	CHECK_CASES(number_cases);
	CHECK_CASES(unresolved_cases);
	test_min_confidence();
	test_range();
	test_flags();
	test_words();
	test_any_bytes();
	test_names();
	return tap_done();
}
