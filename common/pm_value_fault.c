/*
 * pm_value_fault.c - codes and messages of the faults of values
 */
#include "pm_value_fault.h"

/* Its code, such as not_a_number. */
const char *
pm_value_fault_code(PmValueFault fault)
{
	static const char *const codes[] = {"",
#define PM_VALUE_FAULT_CODE(name, code, message) code,
	                                    PM_VALUE_FAULTS(PM_VALUE_FAULT_CODE)
#undef PM_VALUE_FAULT_CODE
	};

	return codes[fault];
}

/* What is wrong with the value, to be read after it: "1.234" may have ... */
const char *
pm_value_fault_message(PmValueFault fault)
{
	static const char *const messages[] = {"",
#define PM_VALUE_FAULT_MESSAGE(name, code, message) message,
	                                       PM_VALUE_FAULTS(PM_VALUE_FAULT_MESSAGE)
#undef PM_VALUE_FAULT_MESSAGE
	};

	return messages[fault];
}
