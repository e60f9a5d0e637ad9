/*
 * fuzz_resolve.c - libFuzzer target for the resolver of dirty codes
 *
 * The input is the text.  Whatever it is, the answers must bear out the promises
 * of pm_resolve.h: numbers are valid, confidences and ranges in bounds, exact
 * means exactly what the strict parser takes, min_confidence only moves a number
 * to the suggestion, and pm_resolve_all agrees with pm_resolve on single codes.
 */
#include <string.h>

#include "must_hold.h"
#include "pm_gtin.h"
#include "pm_resolve.h"

#define FEW 3

static const PmWord words[] = {
    {"pending",       7 },
    {"4006381333931", 13},
    {"",              0 },
};

/* Are all bytes digits? */
static bool
only_digits(const char *str, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (str[i] < '0' || str[i] > '9')
			return false;
	return true;
}

/* What holds for every answer. */
static void
check_result(const PmResolution *r, size_t len, float min_confidence)
{
	MUST_HOLD((unsigned) r->method < PM_METHOD_COUNT);
	MUST_HOLD(pm_resolve_method_name(r->method) != NULL);
	MUST_HOLD(r->confidence >= 0.0f && r->confidence <= 1.0f);
	MUST_HOLD(r->raw_offset <= len && r->raw_length <= len - r->raw_offset);
	MUST_HOLD(r->gtin == 0 || r->suggestion == 0);
	if (r->gtin != 0)
	{
		MUST_HOLD(pm_gtin_check_number(r->gtin, NULL) == PM_GTIN_OK);
		MUST_HOLD(r->method < PM_METHOD_MISSING_CHECK_DIGIT);
		MUST_HOLD(r->confidence >= min_confidence && r->confidence > 0.0f);
		MUST_HOLD(r->flags == pm_gtin_flags(r->gtin));
	}
	else if (r->suggestion != 0)
	{
		MUST_HOLD(pm_gtin_check_number(r->suggestion, NULL) == PM_GTIN_OK);
		MUST_HOLD(r->method <= PM_METHOD_MISSING_CHECK_DIGIT);
		MUST_HOLD(r->confidence > 0.0f);
		MUST_HOLD(r->flags == pm_gtin_flags(r->suggestion));
	}
	else
		MUST_HOLD(r->method >= PM_METHOD_MISSING_CHECK_DIGIT && r->flags == 0);
	if (r->method == PM_METHOD_SCI_LOSSY && r->high != 0)
		MUST_HOLD(r->low > 0 && r->low < r->high && r->high < PM_GTIN14_LIMIT);
	else
		MUST_HOLD(r->low == 0 && r->high == 0);
}

/* Exact is what the strict parser takes, and nothing but digits. */
static void
check_exact(const char *str, size_t len, const PmResolution *r)
{
	int64_t strict = 0;

	if (pm_gtin_parse(str, len, &strict, NULL) != PM_GTIN_OK)
	{
		MUST_HOLD(r->method != PM_METHOD_EXACT);
		return;
	}
	if (r->method == PM_METHOD_PLACEHOLDER || len > PM_RESOLVE_MAX_INPUT)
		return;
	MUST_HOLD(r->gtin == strict && r->method <= PM_METHOD_SEPARATORS);
	MUST_HOLD((r->method == PM_METHOD_EXACT) == only_digits(str, len));
}

/* Field by field: padding may differ. */
static bool
same(const PmResolution *a, const PmResolution *b)
{
	return a->gtin == b->gtin && a->suggestion == b->suggestion && a->method == b->method &&
	       a->confidence == b->confidence && a->flags == b->flags && a->low == b->low &&
	       a->high == b->high && a->raw_offset == b->raw_offset &&
	       a->raw_length == b->raw_length;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PmResolution plain;
	PmResolution eager;
	PmResolution strict;
	PmResolution again;
	PmResolution parts[PM_RESOLVE_MAX_PARTS];
	char *str = malloc(size > 0 ? size : 1);
	size_t last = 0;
	int n;
	int few;

	/* a copy of exactly this size, so that reading beyond it is seen */
	MUST_HOLD(str != NULL);
	if (size > 0)
		memcpy(str, data, size);

	pm_resolve(str, size, 0.5f, NULL, 0, &plain);
	check_result(&plain, size, 0.5f);
	check_exact(str, size, &plain);

	pm_resolve(str, size, 0.0f, NULL, 0, &eager);
	check_result(&eager, size, 0.0f);
	pm_resolve(str, size, 1.5f, NULL, 0, &strict);
	check_result(&strict, size, 1.5f);
	MUST_HOLD(plain.method == eager.method && plain.confidence == eager.confidence);
	MUST_HOLD(plain.method == strict.method && plain.confidence == strict.confidence);
	MUST_HOLD(plain.gtin + plain.suggestion == eager.gtin + eager.suggestion);
	MUST_HOLD(plain.gtin + plain.suggestion == strict.suggestion && strict.gtin == 0);

	pm_resolve(str, size, 0.5f, words, 3, &again);
	check_result(&again, size, 0.5f);

	n = pm_resolve_all(str, size, 0.5f, NULL, 0, parts, PM_RESOLVE_MAX_PARTS);
	MUST_HOLD(n >= 1 && n <= PM_RESOLVE_MAX_PARTS);
	if (n == 1)
		MUST_HOLD(same(&parts[0], &plain));
	for (int i = 0; i < n; i++)
	{
		check_result(&parts[i], size, 0.5f);
		if (n > 1)
		{
			/* in order, one behind the other, and each what it is by itself */
			MUST_HOLD(parts[i].raw_offset >= last && parts[i].raw_length > 0);
			last = parts[i].raw_offset + parts[i].raw_length;
			if (parts[i].gtin != 0 && parts[i].method != PM_METHOD_EXTRACT)
			{
				pm_resolve(str + parts[i].raw_offset, parts[i].raw_length, 0.5f, NULL, 0,
				           &again);
				MUST_HOLD(again.gtin == parts[i].gtin && again.method == parts[i].method);
			}
		}
	}
	few = pm_resolve_all(str, size, 0.5f, NULL, 0, parts, FEW);
	MUST_HOLD(few == (n < FEW ? n : FEW));

	free(str);
	return 0;
}
