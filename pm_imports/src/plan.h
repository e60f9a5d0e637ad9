/*
 * plan.h - what the parts of compiling a plan share
 *
 *   plan.c            the document as a whole, how the file is read
 *   plan_document.c   its members
 *   plan_target.c     targets and their sources
 *   plan_transform.c  their transforms
 *   plan_rule.c       rules
 *   plan_columns.c    columns of rows and of the file
 */
#ifndef PLAN_H
#define PLAN_H

#include "import.h"

#define UNIQUE_KILOBYTES (4 * 1024) /* of a target whose values may not come again */

/* How a file writes numbers and dates, unless a transform says otherwise; NULL: unknown. */
typedef struct FileStyle
{
	const char *mark;  /* of decimals */
	const char *order; /* of day, month and year */
} FileStyle;

/* in plan_document.c */
extern void pg_attribute_noreturn() pm_imports_plan_bad(const char *path, const char *what);
extern JsonbValue *pm_imports_document_member(JsonbValue *object, const char *name);
extern bool pm_imports_document_is_object(const JsonbValue *value);
extern JsonbValue *pm_imports_document_elements(JsonbValue *value, int *count);
extern int pm_imports_document_members(JsonbValue *object, const char *path, char ***names,
                                       JsonbValue **values);
extern PmText pm_imports_document_scalar(const JsonbValue *value, const char *path);
extern char *pm_imports_document_string(JsonbValue *object, const char *name);
extern double
pm_imports_document_number(JsonbValue *object, const char *name, double otherwise);

/* in plan_target.c */
extern int pm_imports_plan_target(ImportPlan *plan, const char *name);
extern void pm_imports_plan_source(Target *target, JsonbValue *source);

/* in plan_transform.c */
extern void
pm_imports_plan_chain(Target *target, JsonbValue *rules, const FileStyle *style);
extern void pm_imports_plan_style(Target *target, const FileStyle *style);

/* in plan_rule.c */
extern void pm_imports_plan_rule(ImportPlan *plan, JsonbValue *object);
extern void pm_imports_plan_warn(ImportPlan *plan);

/* in plan_columns.c */
extern void pm_imports_plan_choose(ImportPlan *plan);
extern int pm_imports_plan_decimals(const Target *target);

#endif /* PLAN_H */
