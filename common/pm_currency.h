/*
 * pm_currency.h - signs, abbreviations and codes of currencies
 *
 * Pure: no PostgreSQL, no allocation, no global state; any bytes are legal input.
 */
#ifndef PM_CURRENCY_H
#define PM_CURRENCY_H

#include <stdbool.h>
#include <stddef.h>

#include "pm_text.h"
#include "pm_value_fault.h"

/* What a name stands for: codes of ISO 4217, 4 bytes from each to the next. */
typedef struct PmCurrency
{
	const char *codes;
	size_t count; /* 0: no currency has that name */
} PmCurrency;

/* in pm_currency.c */
extern size_t pm_currency_starts(PmText text, PmCurrency *currency);
extern bool pm_currency_is_code(PmText text);
extern PmValueFault pm_currency_find(PmText text, PmText preferred, char code[3]);

#endif /* PM_CURRENCY_H */
