/*
 * pm_value_fault.h - why a value of a file cannot be taken
 *
 * One list for transforms and typed readers.  A fault has a code, which is stored with the
 * error and never changes, and a message, which says what is wrong with "the value".
 */
#ifndef PM_VALUE_FAULT_H
#define PM_VALUE_FAULT_H

/* name, code, message */
#define PM_VALUE_FAULTS(FAULT)                                                            \
	FAULT(NOT_A_NUMBER, "not_a_number", "is not a number")                                \
	FAULT(                                                                                \
	    AMBIGUOUS_NUMBER, "ambiguous_number",                                             \
	    "may have a decimal mark or a thousands separator: the argument mark says which") \
	FAULT(BAD_GROUPS, "bad_groups", "has thousands separators in the wrong places")       \
	FAULT(PERCENT, "percent",                                                             \
	      "is a percentage: the argument percent says what it becomes")                   \
	FAULT(NOT_AN_INTEGER, "not_an_integer", "is not a whole number")                      \
	FAULT(TOO_LOW, "too_low", "is too low")                                               \
	FAULT(TOO_HIGH, "too_high", "is too high")                                            \
	FAULT(TOO_PRECISE, "too_precise", "has too many decimals")                            \
	FAULT(TOO_LARGE, "too_large", "has too many digits before the decimal mark")          \
	FAULT(NO_CURRENCY, "no_currency", "names no currency")                                \
	FAULT(UNKNOWN_CURRENCY, "unknown_currency", "names a currency that is not known")     \
	FAULT(AMBIGUOUS_CURRENCY, "ambiguous_currency",                                       \
	      "has a sign of several currencies: the argument default says which")            \
	FAULT(NO_UNIT, "no_unit", "has no unit: the argument from says which")                \
	FAULT(UNKNOWN_UNIT, "unknown_unit", "has a unit that is not known")                   \
	FAULT(AMBIGUOUS_UNIT, "ambiguous_unit",                                               \
	      "has a unit that differs by country: the argument system says which")           \
	FAULT(OTHER_UNIT, "other_unit", "has a unit of another kind")                         \
	FAULT(PACK, "pack", "is of several pieces: the argument pack says what it becomes")   \
	FAULT(NOT_A_DATE, "not_a_date", "is not a date")                                      \
	FAULT(AMBIGUOUS_DATE, "ambiguous_date",                                               \
	      "may have its day or its month first: the argument order says which")           \
	FAULT(NO_SUCH_DAY, "no_such_day", "is a day that the calendar does not have")         \
	FAULT(NOT_A_BOOLEAN, "not_a_boolean", "is neither true nor false")                    \
	FAULT(NOT_IN_TABLE, "not_in_table", "is not in the table")                            \
	FAULT(NO_SUCH_PART, "no_such_part", "has no such part")                               \
	FAULT(NO_MATCH, "no_match", "does not match the pattern")                             \
	FAULT(TOO_LONG, "too_long", "is too long")

typedef enum PmValueFault
{
	PM_VALUE_GOOD = 0,
#define PM_VALUE_FAULT_NAME(name, code, message) PM_VALUE_##name,
	PM_VALUE_FAULTS(PM_VALUE_FAULT_NAME)
#undef PM_VALUE_FAULT_NAME
} PmValueFault;

/* in pm_value_fault.c; of a fault, not of PM_VALUE_GOOD */
extern const char *pm_value_fault_code(PmValueFault fault);
extern const char *pm_value_fault_message(PmValueFault fault);

#endif /* PM_VALUE_FAULT_H */
