/*
 * pm_resolve_code.c - what the digits of one code are, judged by their number
 *
 *    8       GTIN-8, else ISSN (when hyphen, label or X say so), else UPC-E
 *    9..11   a number that lost its zeros; 10 is an ISBN-10 first
 *   12..14   GTIN-12, -13, -14
 *   over 14  add-on symbol, the same code twice, surplus zeros, (01) without
 *            brackets; else it is another kind of number
 *
 * A check digit passes by accident once in ten.  That is why nothing is ever
 * computed to make a number fit: a missing check digit gives a suggestion, a
 * wrong one not even that.
 */
#include <string.h>

#include "pm_gs1.h"
#include "pm_gtin.h"
#include "pm_resolve_internal.h"

#define BIT(i) (UINT64_C(1) << (i))

/* Confidences that differ from the method's usual one. */
#define NEGATIVE_NUMBER       0.90f
#define ISBN10_HYPHENS        0.99f /* four groups, the last of one character */
#define ISBN10_OR_NUMBER      0.80f /* modulo 10 holds as well */
#define ISBN10_LOST_ZERO      0.80f /* nine digits that a label calls an ISBN */
#define ZERO_PAD_10           0.75f
#define ZERO_PAD_9            0.60f
#define ZERO_STRIP_SHORT      0.45f /* more likely an article number padded to 18 */
#define ELEMENT_STRING_DIGITS 0.90f /* neither brackets nor a scanner's mark */
#define APPEND_TO_12          0.45f
#define APPEND_TO_11          0.40f
#define APPEND_TO_7           0.35f

/* Numbers that surplus zeros may hide: of eight digits, and surely of eleven. */
#define LEAST_STRIPPED      INT64_C(10000000)
#define LEAST_STRIPPED_SURE INT64_C(10000000000)

/* Empties the result but for its place, and sets a method without a number. */
void
pm_finding_set(PmFinding *finding, PmResolveMethod unresolved)
{
	PmResolution *result = &finding->result;

	result->gtin = 0;
	result->suggestion = 0;
	result->method = unresolved;
	result->confidence = 0.0f;
	result->flags = 0;
	result->low = 0;
	result->high = 0;
}

/* The same with a number that may only be suggested. */
void
pm_finding_suggest(PmFinding *finding, PmResolveMethod unresolved, int64_t gtin,
                   float confidence)
{
	pm_finding_set(finding, unresolved);
	finding->result.suggestion = gtin;
	finding->result.confidence =
	    finding->trail.confidence < confidence ? finding->trail.confidence : confidence;
}

/* Sets the number that was found; method and confidence follow from the trail. */
void
pm_finding_number(PmFinding *finding, int64_t gtin)
{
	pm_finding_set(finding, pm_trail_method(&finding->trail));
	finding->result.gtin = gtin;
	finding->result.confidence = finding->trail.confidence;
}

/* Is the value of n (1 .. 14) digits a number with a right check digit? */
static bool
check_number(const char *digits, int n, int64_t *gtin)
{
	int64_t number = 0;

	for (int i = 0; i < n; i++)
		number = number * 10 + (digits[i] - '0');
	if (pm_gtin_check_number(number, NULL) != PM_GTIN_OK)
		return false;
	*gtin = number;
	return true;
}

static inline bool
is_gtin_length(int n)
{
	return n == 8 || (n >= 12 && n <= 14);
}

/* Are these digits a GTIN as they stand: 8, 12, 13 or 14 with a right check digit? */
bool
pm_code_is_valid(const char *digits, int n, int64_t *gtin)
{
	return is_gtin_length(n) && check_number(digits, n, gtin);
}

/* Takes a structural step and sets the number. */
static bool
found(PmFinding *finding, PmResolveMethod method, float confidence, int64_t gtin)
{
	pm_trail_add_at(&finding->trail, method, confidence);
	pm_finding_number(finding, gtin);
	return true;
}

/* Notes in the trail what scanning the code left out. */
static void
add_cleaning(PmTrail *trail, const PmCode *code)
{
	if (code->separated)
		pm_trail_add(trail, PM_METHOD_SEPARATORS);
	if (code->unicode)
		pm_trail_add(trail, PM_METHOD_UNICODE_DIGITS);
	if (code->decimal)
		pm_trail_add(trail, PM_METHOD_DECIMAL_SUFFIX);
	if (code->minus)
		pm_trail_add_at(trail, PM_METHOD_SEPARATORS, NEGATIVE_NUMBER);
	if (code->letters > 0)
		pm_trail_add(trail, PM_METHOD_OCR_LETTERS);
}

/* ISBN-10: ten digits or nine and X; with a label also nine that lost their zero. */
static bool
find_isbn10(const PmCode *code, bool labelled, PmFinding *finding)
{
	char text[10];
	int64_t gtin;
	int64_t ignored;
	bool grouped = __builtin_popcountll(code->breaks) == 3 && (code->breaks & BIT(9)) != 0;
	bool short_form = code->n == 9 && !code->check_x;
	float confidence = 0.97f;

	if (code->n + code->check_x != 10 && !(short_form && labelled))
		return false;
	text[0] = '0';
	memcpy(text + short_form, code->digits, (size_t) code->n);
	if (code->check_x)
		text[9] = 'X';
	if (pm_isbn10_parse(text, sizeof(text), &gtin, NULL) != PM_GTIN_OK)
		return false;
	if (short_form)
		confidence = ISBN10_LOST_ZERO;
	else if (grouped)
		confidence = ISBN10_HYPHENS;
	else if (!labelled && !code->check_x && check_number(code->digits, 10, &ignored))
		confidence = ISBN10_OR_NUMBER;
	return found(finding, PM_METHOD_ISBN10, confidence, gtin);
}

/* ISSN: eight digits or seven and X.  Whether anything says so is the caller's to see. */
static bool
find_issn(const PmCode *code, PmFinding *finding)
{
	char text[8];
	int64_t gtin;

	if (code->n + code->check_x != 8)
		return false;
	memcpy(text, code->digits, (size_t) code->n);
	if (code->check_x)
		text[7] = 'X';
	if (pm_issn_parse(text, sizeof(text), &gtin, NULL) != PM_GTIN_OK)
		return false;
	return found(finding, PM_METHOD_ISSN, 0.90f, gtin);
}

/* UPC-E: eight digits that expand to a UPC-A with this check digit. */
static bool
find_upce(const PmCode *code, PmFinding *finding)
{
	int64_t gtin;

	if (pm_upce_expand(code->digits, 8, &gtin, NULL) != PM_GTIN_OK)
		return false;
	return found(finding, PM_METHOD_UPCE_EXPAND, 0.85f, gtin);
}

/* Suggests the digits (at most 13) with the check digit that belongs behind them. */
static void
append_check_digit(const PmCode *code, float confidence, PmFinding *finding)
{
	int64_t number = 0;

	for (int i = 0; i < code->n; i++)
		number = number * 10 + (code->digits[i] - '0');
	number = number * 10 + pm_gtin_check_digit_of(number);
	pm_finding_suggest(finding, PM_METHOD_MISSING_CHECK_DIGIT, number, confidence);
}

/* Eight digits, or seven and X. */
static void
judge_8(const PmCode *code, PmLabel label, PmFinding *finding)
{
	int64_t gtin;
	bool hyphen = code->breaks == BIT(4) && code->hyphens == BIT(4);

	if (label == PM_LABEL_ISSN || code->check_x)
	{
		if (!find_issn(code, finding))
			pm_finding_set(finding, PM_METHOD_BAD_CHECK_DIGIT);
	}
	else if (label == PM_LABEL_UPCE && find_upce(code, finding))
		return;
	else if (pm_code_is_valid(code->digits, 8, &gtin))
		pm_finding_number(finding, gtin);
	else if (label == PM_LABEL_NONE && hyphen && find_issn(code, finding))
		return;
	else if (label == PM_LABEL_ISBN || !find_upce(code, finding))
		pm_finding_set(finding, PM_METHOD_BAD_CHECK_DIGIT);
}

/*
 * Nine to eleven digits, or nine and X: zeros in front may be lost.  Not if one
 * is still there: such codes pass the check no more often than chance allows,
 * and are UPC-A that were printed without their check digit.
 */
static void
judge_short(const PmCode *code, PmLabel label, PmFinding *finding)
{
	bool book = label == PM_LABEL_ISBN || label == PM_LABEL_ASIN;
	int64_t gtin;

	if (find_isbn10(code, book, finding))
		return;
	if (code->check_x || (label == PM_LABEL_ISBN && code->n == 10))
		pm_finding_set(finding, PM_METHOD_BAD_CHECK_DIGIT);
	else if (book || label == PM_LABEL_ISSN)
		pm_finding_set(finding, PM_METHOD_NOT_A_GTIN);
	else if (code->digits[0] != '0' && check_number(code->digits, code->n, &gtin))
		found(finding, PM_METHOD_ZERO_PAD,
		      code->n == 11   ? 0.90f
		      : code->n == 10 ? ZERO_PAD_10
		                      : ZERO_PAD_9,
		      gtin);
	else if (code->n == 11)
		append_check_digit(code, APPEND_TO_11, finding);
	else
		pm_finding_set(finding, PM_METHOD_NOT_A_GTIN);
}

/*
 * An EAN-13 with the two or five digits of an add-on symbol, a UPC-A with them
 * when a space or hyphen stands between.  Without one only serials, books and
 * Japanese magazines (491) are believed: 15 digits may be a device's IMEI, 18 a
 * logistic unit.
 */
static bool
find_addon(const PmCode *code, PmFinding *finding)
{
	int main_digits = code->n == 14 || code->n == 17 ? 12 : 13;
	int extra = code->n - main_digits;
	int64_t gtin;

	if ((extra != 2 && extra != 5) || !pm_code_is_valid(code->digits, main_digits, &gtin))
		return false;
	if ((code->breaks & BIT(main_digits)) == 0)
	{
		int prefix = (int) (gtin / INT64_C(10000000000));

		if (main_digits != 13 ||
		    !((prefix >= 977 && prefix <= 979) || (prefix == 491 && extra == 5)))
			return false;
	}
	return found(finding, PM_METHOD_ADDON, 0.90f, gtin);
}

/* The same code twice in a row without anything between. */
static bool
find_repeated(const PmCode *code, PmFinding *finding)
{
	int half = code->n / 2;
	int64_t gtin;

	if (code->n % 2 != 0 || code->breaks != 0 || !is_gtin_length(half) ||
	    memcmp(code->digits, code->digits + half, (size_t) half) != 0 ||
	    !pm_code_is_valid(code->digits, half, &gtin))
		return false;
	return found(finding, PM_METHOD_REPEATED, 0.90f, gtin);
}

/* More than 14 digits, but only zeros too many. */
static bool
find_zero_stripped(const PmCode *code, PmFinding *finding)
{
	const char *digits = code->digits;
	int rest = code->n;
	int64_t gtin;

	for (; rest > PM_GTIN_MAX_DIGITS && *digits == '0'; rest--)
		digits++;
	if (rest > PM_GTIN_MAX_DIGITS || !check_number(digits, rest, &gtin) ||
	    gtin < LEAST_STRIPPED)
		return false;
	return found(finding, PM_METHOD_ZERO_STRIP,
	             gtin < LEAST_STRIPPED_SURE ? ZERO_STRIP_SHORT : 0.95f, gtin);
}

/* (01) and more application identifiers as bare digits. */
static bool
find_element_digits(const PmCode *code, PmFinding *finding)
{
	PmGs1Message message;
	int64_t gtin;

	if (code->n < 16 || memcmp(code->digits, "01", 2) != 0 ||
	    !pm_code_is_valid(code->digits + 2, 14, &gtin) ||
	    pm_gs1_parse(code->digits, (size_t) code->n, &message, NULL) != PM_GS1_OK ||
	    !pm_gs1_gtin(&message, &gtin))
		return false;
	return found(finding, PM_METHOD_GS1_ELEMENT_STRING, ELEMENT_STRING_DIGITS, gtin);
}

/* More than 14 digits. */
static void
judge_long(const PmCode *code, PmFinding *finding)
{
	if (code->lines != 0 || code->decimal ||
	    (!find_repeated(code, finding) && !find_addon(code, finding) &&
	     !find_zero_stripped(code, finding) && !find_element_digits(code, finding)))
		pm_finding_set(finding, PM_METHOD_NOT_A_GTIN);
}

/*
 * A number with an exponent.  With one digit missing, a right check digit is
 * evidence that it was a zero: had another digit been rounded away, the rounded
 * number would hardly ever pass.  With two or more missing it passes often, so
 * there only the range that rounds to it is known.  Returns false if all digits
 * are there and the usual rules apply.
 */
static bool
judge_scientific(const PmCode *code, PmFinding *finding)
{
	int64_t number = 0;
	int64_t unit = 1;
	int64_t gtin;

	if (code->n > PM_GTIN_MAX_DIGITS || code->n < 8 || code->digits[0] == '0')
	{
		pm_finding_set(finding, PM_METHOD_NOT_A_GTIN);
		return true;
	}
	if (code->missing == 0)
	{
		pm_trail_add(&finding->trail, PM_METHOD_SCI_EXACT);
		return false;
	}
	if (code->missing == 1 && pm_code_is_valid(code->digits, code->n, &gtin))
		return found(finding, PM_METHOD_SCI_EXACT, 0.95f, gtin);

	for (int i = 0; i < code->n; i++)
		number = number * 10 + (code->digits[i] - '0');
	for (int i = 0; i < code->missing; i++)
		unit *= 10;
	pm_finding_set(finding, PM_METHOD_SCI_LOSSY);
	finding->result.low = number - unit / 2;
	finding->result.high = number + unit / 2 - 1;
	return true;
}

/* Is one of the pieces that these breaks make, of least digits or more, a GTIN by itself? */
static bool
has_valid_piece(const PmCode *code, uint64_t breaks, int least)
{
	int start = 0;
	int64_t ignored;

	for (int i = 1; i <= code->n; i++)
	{
		if (i < code->n && (breaks & BIT(i)) == 0)
			continue;
		if (i - start >= least &&
		    pm_code_is_valid(code->digits + start, i - start, &ignored))
			return true;
		start = i;
	}
	return false;
}

/*
 * Digits that tabs or line ends cut in pieces are one code only if together
 * they are a GTIN and no piece is one by itself; otherwise they are a list.
 */
static bool
lines_make_one(const PmCode *code)
{
	int64_t ignored;

	return !code->check_x && pm_code_is_valid(code->digits, code->n, &ignored) &&
	       !has_valid_piece(code, code->lines, 8);
}

/*
 * Judges the digits of one code.  Returns false if they may also be a list or
 * hold a code among other numbers; the finding then says what remains if they
 * do not.
 */
bool
pm_code_judge(const PmContext *context, const PmCode *code, PmLabel label,
              PmFinding *finding)
{
	int64_t gtin;

	add_cleaning(&finding->trail, code);
	pm_finding_set(finding, PM_METHOD_NOT_A_GTIN);
	if (pm_words_placeholder_digits(context, code->digits, code->n))
	{
		pm_finding_set(finding, PM_METHOD_PLACEHOLDER);
		return true;
	}
	if (code->scientific && judge_scientific(code, finding))
		return true;
	if (code->lines != 0 && !lines_make_one(code))
		return false;

	if (label == PM_LABEL_ISMN && code->n == 9 && !code->check_x)
	{
		char ismn[10] = "M";

		memcpy(ismn + 1, code->digits, 9);
		if (pm_ismn_parse(ismn, sizeof(ismn), &gtin, NULL) == PM_GTIN_OK)
			pm_finding_number(finding, gtin);
		else
			pm_finding_set(finding, PM_METHOD_BAD_CHECK_DIGIT);
	}
	else if (code->n + code->check_x == 8)
		judge_8(code, label, finding);
	else if ((code->n >= 9 && code->n <= 11 && !code->check_x) ||
	         (code->n == 9 && code->check_x))
		judge_short(code, label, finding);
	else if (code->check_x)
	{
		if (code->n == 12)
			pm_finding_set(finding, PM_METHOD_BAD_CHECK_DIGIT);
		else
			return false;
	}
	else if (pm_code_is_valid(code->digits, code->n, &gtin))
		pm_finding_number(finding, gtin);
	else if (code->n == 12 && label != PM_LABEL_UPC)
		append_check_digit(code, APPEND_TO_12, finding);
	else if (code->n == 7 && label != PM_LABEL_ISSN)
		append_check_digit(code, APPEND_TO_7, finding);
	else if (code->n >= 12 && code->n <= 14)
	{
		if (code->n != 14 || !find_addon(code, finding))
			pm_finding_set(finding, PM_METHOD_BAD_CHECK_DIGIT);
	}
	else if (code->n > 14)
	{
		judge_long(code, finding);
		return finding->result.gtin != 0 || code->breaks == 0;
	}
	/* a code and something small behind it: 4006381333931-1 */
	return finding->result.gtin != 0 || !has_valid_piece(code, code->breaks, 12);
}
