/*
 * row.h - what the parts of reading a row share
 *
 *   row.c         a record becomes a row, or errors
 *   row_value.c   the value of a target
 *   row_specs.c   technical_specs of the attributes
 *   row_rule.c    rules and expressions
 *   row_error.c   what is wrong with it
 */
#ifndef ROW_H
#define ROW_H

#include "import.h"

#include "port/pg_bswap.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define EMPTY_ARRAY 12 /* bytes of the binary form of an array without elements */

/* Without the blanks around. */
static inline PmText
trimmed(PmText text)
{
	while (text.size > 0 && (unsigned char) text.data[0] <= ' ')
	{
		text.data++;
		text.size--;
	}
	while (text.size > 0 && (unsigned char) text.data[text.size - 1] <= ' ')
		text.size--;
	return text;
}

static inline char *
put_int32(char *at, int32 number)
{
	uint32 swapped = pg_hton32((uint32) number);

	memcpy(at, &swapped, sizeof(swapped));
	return at + sizeof(swapped);
}

/* The value of 128 bits that stands for a field in a set. */
static inline SeenValue
field_value(Field field)
{
	XXH128_hash_t hash = XXH3_128bits(field.data, field.size);

	return (SeenValue){hash.high64, hash.low64};
}

/* in row_value.c */
extern bool pm_imports_row_value(ImportPlan *plan, const PmReader *reader,
                                 const PmRecord *record, Batch *batch, int i);

/* in row_specs.c */
extern bool pm_imports_row_is_object(ImportPlan *plan, PmText text);
extern bool pm_imports_row_specs(ImportPlan *plan, const PmReader *reader,
                                 const PmRecord *record, Batch *batch);

/* in row_rule.c */
extern void pm_imports_row_ask_rules(ImportPlan *plan, const PmReader *reader,
                                     const PmRecord *record, Batch *batch);
extern void pm_imports_row_not_computed(ImportPlan *plan);
extern bool pm_imports_row_compute(ImportPlan *plan, const PmReader *reader,
                                   const PmRecord *record, Batch *batch);
extern void pm_imports_row_ask_expressions(ImportPlan *plan, const PmReader *reader,
                                           const PmRecord *record, Batch *batch);

/* in row_error.c */
extern char *pm_imports_row_column(const PmReader *reader, const Target *target);
extern void
pm_imports_row_target_error(ImportPlan *plan, const PmReader *reader,
                            const PmRecord *record, Batch *batch, int target,
                            const char *code, const char *message, bool warning);
extern void
pm_imports_row_record_error(const PmReader *reader, const PmRecord *record, Batch *batch);
extern void pm_imports_row_expression_error(const PmRecord *record, Batch *batch,
                                            const char *target, const ErrorData *error);

#endif /* ROW_H */
