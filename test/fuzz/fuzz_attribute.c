/*
 * fuzz_attribute.c - any bytes as a value of each type, and as a formula
 *
 * The first bytes choose the type and bounds.  What fits a number is ordered like
 * itself and between its bounds; what a formula is parsed into can be executed: no
 * step takes what is not there, and arithmetic leaves one value.
 */
#include <string.h>

#include "must_hold.h"
#include "pm_attribute.h"
#include "pm_formula.h"

static const PmText options[] = {
    {"b",   1},
    {"ab",  2},
    {"abc", 3}
};

/* Checks the steps of a formula. */
static void
check_formula(const char *str, size_t len, bool template)
{
	static PmFormula formula;
	size_t position;
	int depth = 0;
	int names = 0;
	PmFormulaStatus status = template
	                             ? pm_formula_template(str, len, &formula, &position)
	                             : pm_formula_arithmetic(str, len, &formula, &position);

	MUST_HOLD(position <= len);
	if (status != PM_FORMULA_OK)
	{
		MUST_HOLD(formula.count == 0);
		return;
	}
	MUST_HOLD(formula.count > 0 && formula.count <= PM_FORMULA_STEPS);
	for (int i = 0; i < formula.count; i++)
	{
		const PmStep *step = &formula.steps[i];

		MUST_HOLD(step->start <= len && step->size <= len - step->start);
		if (step->kind == PM_STEP_NAME)
			names++;
		if (step->kind == PM_STEP_NEGATE)
			MUST_HOLD(depth >= 1);
		else if (step->kind >= PM_STEP_ADD)
			MUST_HOLD(depth-- >= 2);
		else
			depth++;
	}
	MUST_HOLD(names > 0 && (template || depth == 1));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PmAttribute attribute = {
	    PM_ATTRIBUTE_TEXT, {NULL, 0},
         {NULL, 0},
         -1, 10, options, 3
    };
	PmValue value = {
	    PM_VALUE_STRING, {NULL, 0},
         0, NULL, 0, NULL
    };
	PmValue items[5];
	uint8_t seen[PM_ATTRIBUTE_SEEN_SIZE(3)] = {0};
	size_t item;
	size_t cut;

	if (size < 4)
		return 0;
	attribute.type = (PmAttributeType) (data[0] % (PM_ATTRIBUTE_CHOICES + 1));
	value.kind = (PmValueKind) (data[1] % (PM_VALUE_OTHER + 1));
	attribute.decimals = data[2] % 5 - 1;
	value.text.data = (const char *) data + 4;
	value.text.size = size - 4;
	value.characters = value.text.size;
	cut = value.text.size * (data[3] % 4) / 4;
	attribute.low.data = value.text.data;
	attribute.low.size = cut;
	for (int i = 0; i < 5; i++)
	{
		items[i] = value;
		items[i].text.size = i < (int) value.text.size ? 1 : 0;
		items[i].text.data = value.text.data + (items[i].text.size ? i : 0);
	}
	if (value.kind == PM_VALUE_LIST)
	{
		for (int i = 0; i < 5; i++)
			items[i].kind = PM_VALUE_STRING;
		value.items = items;
		value.item_count = data[3] % 6;
		value.seen = seen;
	}
	if (pm_attribute_check(&attribute, &value, &item) == PM_ATTRIBUTE_FITS)
	{
		MUST_HOLD(item == 0);
		MUST_HOLD(pm_attribute_compare(attribute.type, value.text, value.text) == 0);
		if (value.kind == PM_VALUE_NUMBER)
			MUST_HOLD(pm_attribute_compare(attribute.type, value.text, attribute.low) >=
			              0 &&
			          pm_attribute_compare(attribute.type, attribute.low, value.text) <= 0);
	}
	else
		MUST_HOLD(value.kind == PM_VALUE_LIST ? item <= value.item_count : item == 0);
	check_formula((const char *) data + 4, size - 4, true);
	check_formula((const char *) data + 4, size - 4, false);
	return 0;
}
