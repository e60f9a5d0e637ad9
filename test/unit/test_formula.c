/*
 * test_formula.c - what formulas are parsed into, and what is refused, and where
 */
#include <stdlib.h>

#include "pm_formula.h"
#include "tap.h"

typedef struct Case
{
	const char *formula;
	const char *steps; /* or where and why it is refused */
} Case;

static const Case templates[] = {
    {"{title}",           "title"               },
    {"{title} ({index})", "title ' (' index ')'"},
    {"{{{title}}}",       "'{' title '}'"       },
    {"\xc3\xa9 {a_1}",    "'\xc3\xa9 ' a_1"     },
    {"{title",            "0: open"             },
    {"a{",                "2: name"             },
    {"a}",                "1: open"             },
    {"{Title}",           "1: name"             },
    {"{title }",          "7: name"             },
    {"{}",                "1: name"             },
    {"no name",           "0: constant"         },
    {"",                  "0: constant"         },
};

static const Case sums[] = {
    {"a",            "a"             },
    {"a+b*c",        "a b c * +"     },
    {"(a + b) * c",  "a b + c *"     },
    {"a - b - c",    "a b - c -"     },
    {"a / b / 2.50", "a b / '2.50' /"},
    {"-a * -b",      "a neg b neg *" },
    {"--a",          "a neg neg"     },
    {" ( ( a ) ) ",  "a"             },
    {"(a",           "0: open"       },
    {"a)",           "1: syntax"     },
    {"(a b)",        "3: syntax"     },
    {"a +",          "3: syntax"     },
    {"* a",          "0: syntax"     },
    {"1.",           "2: syntax"     },
    {"a b",          "2: syntax"     },
    {"A",            "0: name"       },
    {"1 + 2",        "0: constant"   },
    {"",             "0: syntax"     },
};

/* Writes the steps, or the error, as the tables do. */
static void
describe(const char *str, bool template, char *out, size_t size)
{
	static const char *const names[] = {"", "", "+", "-", "*", "/", "neg"};
	static const char *const errors[] = {"", "long", "name", "open", "syntax", "constant"};
	PmFormula formula;
	size_t position;
	PmFormulaStatus status =
	    template ? pm_formula_template(str, strlen(str), &formula, &position)
	             : pm_formula_arithmetic(str, strlen(str), &formula, &position);

	*out = '\0';
	if (status != PM_FORMULA_OK)
	{
		snprintf(out, size, "%d: %s", (int) position, errors[status]);
		if (formula.count != 0)
			strcat(out, " and steps are left");
		return;
	}
	for (int i = 0; i < formula.count; i++)
	{
		const PmStep *step = &formula.steps[i];
		size_t used = strlen(out);
		const char *quote = step->kind == PM_STEP_LITERAL ? "'" : "";

		if (step->kind >= PM_STEP_ADD)
			snprintf(out + used, size - used, "%s%s", i > 0 ? " " : "", names[step->kind]);
		else
			snprintf(out + used, size - used, "%s%s%.*s%s", i > 0 ? " " : "", quote,
			         (int) step->size, str + step->start, quote);
	}
}

/* Nests a name in so many parentheses, or adds it so many times. */
static PmFormulaStatus
parse_large(int count, bool nested)
{
	char *str = malloc((size_t) count * 2 + 2);
	size_t len = 0;
	PmFormula formula;
	size_t position;
	PmFormulaStatus status;

	for (int i = 0; i < count; i++)
	{
		str[len++] = nested ? '(' : 'a';
		if (!nested)
			str[len++] = '+';
	}
	str[len++] = 'a';
	for (int i = 0; nested && i < count; i++)
		str[len++] = ')';
	status = pm_formula_arithmetic(str, len, &formula, &position);
	free(str);
	return status;
}

int
main(void)
{
	char out[200];

	for (size_t i = 0; i < sizeof(templates) / sizeof(templates[0]); i++)
	{
		describe(templates[i].formula, true, out, sizeof(out));
		is_str(out, templates[i].steps, templates[i].formula);
	}
	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++)
	{
		describe(sums[i].formula, false, out, sizeof(out));
		is_str(out, sums[i].steps, sums[i].formula);
	}
	is_int(parse_large(31, false), PM_FORMULA_OK, "32 names and 31 signs");
	is_int(parse_large(32, false), PM_FORMULA_TOO_LONG, "one more");
	is_int(parse_large(60, true), PM_FORMULA_OK, "60 parentheses");
	is_int(parse_large(1000000, true), PM_FORMULA_TOO_LONG, "a million parentheses");
	return tap_done();
}
