/*
 * row_error.c - what is wrong with a record: noted in its batch
 */
#include "row.h"

/* What is wrong with a record as it stands in the file. */
static const struct
{
	const char *code;
	const char *message;
} record_faults[] = {
    [PM_RECORD_BAD_ENCODING] = {"bad_encoding",    "has bytes that are not of the encoding"                      },
    [PM_RECORD_NUL] = {"nul_byte",        "has a zero byte"                                             },
    [PM_RECORD_STRAY_QUOTE] =
        {"stray_quote",     "has a quote inside of a value, or text after the closing one"},
    [PM_RECORD_UNCLOSED_QUOTE] =
        {"unclosed_quote",  "has a quote that is not closed before the end of the file"   },
    [PM_RECORD_TOO_FEW] = {"too_few_values",  "has fewer values than there are columns"                     },
    [PM_RECORD_TOO_MANY] = {"too_many_values", "has more values than there are columns"                      },
    [PM_RECORD_TOO_LONG] = {"record_too_long", "is longer than a record may be"                              },
    [PM_RECORD_REPEATS_HEADER] = {"repeated_header", "is the header again"                                         },
    [PM_RECORD_NOT_AN_OBJECT] = {"not_an_object",   "is no object"                                                },
    [PM_RECORD_SYNTAX] = {"syntax",          "is not well-formed"                                          },
};

/* The name of the column that a target was read from; NULL: of none. */
char *
pm_imports_row_column(const PmReader *reader, const Target *target)
{
	const PmText *columns;
	int count;

	if (target->field < 0)
		return NULL;
	count = pm_reader_columns(reader, &columns);
	if (target->field < count)
		return pnstrdup(columns[target->field].data, columns[target->field].size);
	return psprintf("%d", target->field + 1);
}

/* Notes that a target's value is wrong. */
void
pm_imports_row_target_error(ImportPlan *plan, const PmReader *reader,
                            const PmRecord *record, Batch *batch, int target,
                            const char *code, const char *message, bool warning)
{
	if (!warning)
		plan->broken[target] = true;
	pm_imports_batch_error(
	    batch, record, pm_imports_row_column(reader, &plan->targets[target]),
	    plan->targets[target].name, plan->inputs[target], code, message, warning);
}

/* The record itself is wrong. */
void
pm_imports_row_record_error(const PmReader *reader, const PmRecord *record, Batch *batch)
{
	Target column = {.field = record->fault_column};
	PmRecord at = *record;
	PmText value = {NULL, 0};

	if (record->fault_line > 0)
	{
		at.line = record->fault_line;
		at.offset = record->fault_offset;
	}
	if (record->fault_column >= 0 && record->fault_column < record->field_count)
		value = record->fields[record->fault_column];
	pm_imports_batch_error(batch, &at, pm_imports_row_column(reader, &column), NULL, value,
	                       record_faults[record->fault].code,
	                       psprintf("the record %s", record_faults[record->fault].message),
	                       false);
}

/* Notes what an expression threw. */
void
pm_imports_row_expression_error(const PmRecord *record, Batch *batch, const char *target,
                                const ErrorData *error)
{
	pm_imports_batch_error(batch, record, NULL, target, (PmText){NULL, 0},
	                       unpack_sql_state(error->sqlerrcode), error->message, false);
}
