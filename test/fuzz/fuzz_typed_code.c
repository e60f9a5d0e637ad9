/*
 * fuzz_typed_code.c - any bytes as a code that somebody typed or scanned
 *
 * A GTIN is one by its check digit, and the same one is found with blanks around the
 * code; without one nothing is written.
 */
#include <string.h>

#include "must_hold.h"
#include "pm_gtin.h"
#include "pm_typed_code.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char spaced[1 << 16];
	int64_t gtin = -1;
	int64_t again = -1;
	PmTypedCode kind = pm_typed_code((const char *) data, size, &gtin);

	MUST_HOLD((kind == PM_TYPED_OTHER) == (gtin == -1));
	if (kind != PM_TYPED_OTHER)
		MUST_HOLD(pm_gtin_is_number(gtin));
	if (size > sizeof(spaced) - 3)
		return 0;
	memcpy(spaced, " \t", 2);
	memcpy(spaced + 2, data, size);
	spaced[size + 2] = '\n';
	MUST_HOLD(pm_typed_code(spaced, size + 3, &again) == kind && again == gtin);
	return 0;
}
