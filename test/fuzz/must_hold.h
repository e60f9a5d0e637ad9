/*
 * must_hold.h - what a fuzz target asserts: a broken promise ends the run
 *
 * libFuzzer keeps the input that led to the abort.
 */
#ifndef MUST_HOLD_H
#define MUST_HOLD_H

#include <stdint.h>
#include <stdlib.h>

#define MUST_HOLD(condition) \
	do                       \
	{                        \
		if (!(condition))    \
			abort();         \
	} while (0)

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif /* MUST_HOLD_H */
