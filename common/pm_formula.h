/*
 * pm_formula.h - the formulas of computed attributes
 *
 * A template, "{title} ({index})", or arithmetic over numbers, "width * height / 100".
 * Both are parsed into steps that a stack of values executes; what a name stands for
 * and how numbers are added is the caller's affair.
 *
 * Pure: no PostgreSQL, no allocation, no global state.
 */
#ifndef PM_FORMULA_H
#define PM_FORMULA_H

#include <stdbool.h>
#include <stddef.h>

#define PM_FORMULA_STEPS     64
#define PM_FORMULA_NAME_SIZE 63

typedef enum PmFormulaStatus
{
	PM_FORMULA_OK = 0,
	PM_FORMULA_TOO_LONG, /* too many steps */
	PM_FORMULA_BAD_NAME, /* not letters a-z, digits and underscores, or too long */
	PM_FORMULA_OPEN,     /* a brace or parenthesis has no counterpart */
	PM_FORMULA_BAD_SYNTAX,
	PM_FORMULA_CONSTANT /* it names nothing */
} PmFormulaStatus;

typedef enum PmStepKind
{
	PM_STEP_LITERAL, /* puts start, size of the formula on the stack: a text or number */
	PM_STEP_NAME,    /* puts the value of the name there */
	PM_STEP_ADD,     /* these take two values and put one */
	PM_STEP_SUBTRACT,
	PM_STEP_MULTIPLY,
	PM_STEP_DIVIDE,
	PM_STEP_NEGATE /* takes one value and puts one */
} PmStepKind;

typedef struct PmStep
{
	PmStepKind kind;
	size_t start;
	size_t size;
} PmStep;

/*
 * A template has only steps that put, and its value is all of them in a row.  The
 * steps of arithmetic never take what is not there and leave one value.
 */
typedef struct PmFormula
{
	PmStep steps[PM_FORMULA_STEPS];
	int count;
} PmFormula;

/* in pm_formula.c */
extern PmFormulaStatus
pm_formula_template(const char *str, size_t len, PmFormula *formula, size_t *position);
extern PmFormulaStatus
pm_formula_arithmetic(const char *str, size_t len, PmFormula *formula, size_t *position);

#endif /* PM_FORMULA_H */
