/*
 * pm_formula.c - the formulas of computed attributes
 *
 * Template: text, in which {name} stands for a value, {{ and }} for braces.
 * Arithmetic: sum = product {(+|-) product}; product = factor {(*|/) factor};
 * factor = number | name | - factor | ( sum ).
 */
#include "pm_char.h"
#include "pm_formula.h"

#define MAX_NESTING PM_FORMULA_STEPS

/* What is left of a formula, and what has been made of it. */
typedef struct Parser
{
	const char *str;
	size_t len;
	size_t position;
	PmFormula *formula;
	bool named;
	int nesting;
} Parser;

static PmFormulaStatus parse_sum(Parser *parser);

/* The byte at the position; 0 at the end. */
static char
peek(const Parser *parser)
{
	return parser->position < parser->len ? parser->str[parser->position] : '\0';
}

/* Adds a step. */
static PmFormulaStatus
add_step(Parser *parser, PmStepKind kind, size_t start, size_t size)
{
	PmFormula *formula = parser->formula;

	if (formula->count == PM_FORMULA_STEPS)
		return PM_FORMULA_TOO_LONG;
	formula->steps[formula->count].kind = kind;
	formula->steps[formula->count].start = start;
	formula->steps[formula->count].size = size;
	formula->count++;
	return PM_FORMULA_OK;
}

/* Reads a name and adds the step that puts its value. */
static PmFormulaStatus
parse_name(Parser *parser)
{
	size_t start = parser->position;
	char c = peek(parser);

	if (c < 'a' || c > 'z')
		return PM_FORMULA_BAD_NAME;
	while ((c >= 'a' && c <= 'z') || pm_is_digit(c) || c == '_')
	{
		parser->position++;
		c = peek(parser);
	}
	if (parser->position - start > PM_FORMULA_NAME_SIZE)
		return PM_FORMULA_BAD_NAME;
	parser->named = true;
	return add_step(parser, PM_STEP_NAME, start, parser->position - start);
}

/* Reads a number and adds the step that puts it. */
static PmFormulaStatus
parse_number(Parser *parser)
{
	size_t start = parser->position;

	while (pm_is_digit(peek(parser)))
		parser->position++;
	if (peek(parser) == '.')
	{
		parser->position++;
		if (!pm_is_digit(peek(parser)))
			return PM_FORMULA_BAD_SYNTAX;
		while (pm_is_digit(peek(parser)))
			parser->position++;
	}
	return add_step(parser, PM_STEP_LITERAL, start, parser->position - start);
}

/* Skips blanks. */
static void
skip_blanks(Parser *parser)
{
	while (pm_is_space(peek(parser)))
		parser->position++;
}

/* factor, and the blanks after it */
static PmFormulaStatus
parse_factor(Parser *parser)
{
	PmFormulaStatus status;

	if (++parser->nesting > MAX_NESTING)
		return PM_FORMULA_TOO_LONG;
	skip_blanks(parser);
	if (peek(parser) == '-')
	{
		parser->position++;
		status = parse_factor(parser);
		if (status == PM_FORMULA_OK)
			status = add_step(parser, PM_STEP_NEGATE, parser->position, 0);
	}
	else if (peek(parser) == '(')
	{
		size_t open = parser->position++;

		status = parse_sum(parser);
		if (status == PM_FORMULA_OK && peek(parser) != ')')
		{
			parser->position = parser->position == parser->len ? open : parser->position;
			status = parser->position == open ? PM_FORMULA_OPEN : PM_FORMULA_BAD_SYNTAX;
		}
		else if (status == PM_FORMULA_OK)
			parser->position++;
	}
	else if (pm_is_digit(peek(parser)))
		status = parse_number(parser);
	else if (pm_is_letter(peek(parser)))
		status = parse_name(parser);
	else
		status = PM_FORMULA_BAD_SYNTAX;
	parser->nesting--;
	if (status == PM_FORMULA_OK)
		skip_blanks(parser);
	return status;
}

/* product */
static PmFormulaStatus
parse_product(Parser *parser)
{
	PmFormulaStatus status = parse_factor(parser);

	while (status == PM_FORMULA_OK && (peek(parser) == '*' || peek(parser) == '/'))
	{
		PmStepKind kind = peek(parser) == '*' ? PM_STEP_MULTIPLY : PM_STEP_DIVIDE;
		size_t sign = parser->position++;

		status = parse_factor(parser);
		if (status == PM_FORMULA_OK)
			status = add_step(parser, kind, sign, 1);
	}
	return status;
}

/* sum */
static PmFormulaStatus
parse_sum(Parser *parser)
{
	PmFormulaStatus status = parse_product(parser);

	while (status == PM_FORMULA_OK && (peek(parser) == '+' || peek(parser) == '-'))
	{
		PmStepKind kind = peek(parser) == '+' ? PM_STEP_ADD : PM_STEP_SUBTRACT;
		size_t sign = parser->position++;

		status = parse_product(parser);
		if (status == PM_FORMULA_OK)
			status = add_step(parser, kind, sign, 1);
	}
	return status;
}

/* Text up to the next brace, a brace that was doubled, or {name}. */
static PmFormulaStatus
parse_piece(Parser *parser)
{
	size_t start = parser->position;
	char c = peek(parser);
	PmFormulaStatus status;

	if (c != '{' && c != '}')
	{
		while (parser->position < parser->len && c != '{' && c != '}')
		{
			parser->position++;
			c = peek(parser);
		}
		return add_step(parser, PM_STEP_LITERAL, start, parser->position - start);
	}
	parser->position++;
	if (peek(parser) == c)
	{
		parser->position++;
		return add_step(parser, PM_STEP_LITERAL, start, 1);
	}
	if (c == '}')
	{
		parser->position = start;
		return PM_FORMULA_OPEN;
	}
	status = parse_name(parser);
	if (status != PM_FORMULA_OK)
		return status;
	if (parser->position == parser->len)
	{
		parser->position = start;
		return PM_FORMULA_OPEN;
	}
	return parser->str[parser->position++] == '}' ? PM_FORMULA_OK : PM_FORMULA_BAD_NAME;
}

/* Starts to parse. */
static Parser
make_parser(const char *str, size_t len, PmFormula *formula)
{
	Parser parser = {str, len, 0, formula, false, 0};

	formula->count = 0;
	return parser;
}

/* Ends with a status: what is refused leaves no steps, and *position says where. */
static PmFormulaStatus
finish(Parser *parser, PmFormulaStatus status, size_t *position)
{
	if (status == PM_FORMULA_OK && !parser->named)
	{
		parser->position = 0;
		status = PM_FORMULA_CONSTANT;
	}
	if (status != PM_FORMULA_OK)
		parser->formula->count = 0;
	*position = parser->position;
	return status;
}

/* Parses a template; *position is the byte where an error is. */
PmFormulaStatus
pm_formula_template(const char *str, size_t len, PmFormula *formula, size_t *position)
{
	Parser parser = make_parser(str, len, formula);
	PmFormulaStatus status = PM_FORMULA_OK;

	while (status == PM_FORMULA_OK && parser.position < len)
		status = parse_piece(&parser);
	return finish(&parser, status, position);
}

/* Parses arithmetic; *position is the byte where an error is. */
PmFormulaStatus
pm_formula_arithmetic(const char *str, size_t len, PmFormula *formula, size_t *position)
{
	Parser parser = make_parser(str, len, formula);
	PmFormulaStatus status = parse_sum(&parser);

	if (status == PM_FORMULA_OK && parser.position < len)
		status = PM_FORMULA_BAD_SYNTAX;
	return finish(&parser, status, position);
}
