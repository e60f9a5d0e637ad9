/*
 * pm_resolve_method.c - what the resolver calls its steps, and what they weigh
 *
 * A trail collects the steps that led from a text to a number.  Its confidence
 * is the smallest of all steps.  The method it reports is, in this order:
 *   the structural step   the number was written in another form or place
 *   the repair            letters were read as digits
 *   the cleaning step     marks around or between the digits were left out
 * Cleaning: trim, separators, quoting, unicode_digits, decimal_suffix.
 * Structural: all other methods that name a number, but for ocr_letters.
 */
#include "pm_resolve_internal.h"

typedef enum MethodKind
{
	CLEANING,
	STRUCTURAL,
	REPAIR,
	UNRESOLVED
} MethodKind;

/* Indexed by PmResolveMethod.  Confidence: of the step, or of a suggestion. */
static const struct
{
	const char *name;
	float confidence;
	MethodKind kind;
} methods[PM_METHOD_COUNT] = {
    {"exact",               1.00f, CLEANING  },
    {"trim",                1.00f, CLEANING  },
    {"separators",          0.99f, CLEANING  },
    {"quoting",             0.99f, CLEANING  },
    {"unicode_digits",      0.98f, CLEANING  },
    {"decimal_suffix",      0.98f, CLEANING  },
    {"label",               0.97f, STRUCTURAL},
    {"gs1_element_string",  0.98f, STRUCTURAL},
    {"digital_link",        0.98f, STRUCTURAL},
    {"isbn10",              0.97f, STRUCTURAL},
    {"issn",                0.90f, STRUCTURAL},
    {"addon",               0.90f, STRUCTURAL},
    {"sci_exact",           0.95f, STRUCTURAL},
    {"zero_strip",          0.95f, STRUCTURAL},
    {"repeated",            0.90f, STRUCTURAL},
    {"duplicate_list",      0.97f, STRUCTURAL},
    {"zero_pad",            0.90f, STRUCTURAL},
    {"upce_expand",         0.85f, STRUCTURAL},
    {"extract",             0.80f, STRUCTURAL},
    {"ocr_letters",         0.70f, REPAIR    },
    {"first_valid_of_list", 0.70f, STRUCTURAL},
    {"missing_check_digit", 0.45f, UNRESOLVED},
    {"bad_check_digit",     0.00f, UNRESOLVED},
    {"sci_lossy",           0.00f, UNRESOLVED},
    {"multiple",            0.00f, UNRESOLVED},
    {"placeholder",         0.00f, UNRESOLVED},
    {"asin",                0.00f, UNRESOLVED},
    {"not_a_gtin",          0.00f, UNRESOLVED},
    {"empty",               0.00f, UNRESOLVED},
};

/* The name of a method as SQL shows it; NULL for a value out of range. */
const char *
pm_resolve_method_name(PmResolveMethod method)
{
	return (unsigned) method < PM_METHOD_COUNT ? methods[method].name : NULL;
}

/* No step yet: exact, certain. */
void
pm_trail_init(PmTrail *trail)
{
	trail->confidence = 1.0f;
	trail->cleaning = PM_METHOD_EXACT;
	trail->structural = PM_METHOD_EXACT;
	trail->cleaning_confidence = 1.0f;
	trail->structural_confidence = 1.0f;
	trail->repaired = false;
}

/*
 * Takes a step with a confidence of its own.  Of several structural steps the
 * weakest is kept, the later one if they are equal, and a label only when
 * there is nothing else; of several cleaning steps likewise.
 */
void
pm_trail_add_at(PmTrail *trail, PmResolveMethod method, float confidence)
{
	if (confidence < trail->confidence)
		trail->confidence = confidence;
	switch (methods[method].kind)
	{
		case CLEANING:
			if (confidence <= trail->cleaning_confidence)
			{
				trail->cleaning = method;
				trail->cleaning_confidence = confidence;
			}
			break;
		case STRUCTURAL:
			if (trail->structural == PM_METHOD_EXACT ||
			    trail->structural == PM_METHOD_LABEL ||
			    (method != PM_METHOD_LABEL && confidence <= trail->structural_confidence))
			{
				trail->structural = method;
				trail->structural_confidence = confidence;
			}
			break;
		default:
			trail->repaired = true;
			break;
	}
}

/* Takes a step with the confidence of the table. */
void
pm_trail_add(PmTrail *trail, PmResolveMethod method)
{
	pm_trail_add_at(trail, method, methods[method].confidence);
}

/* The method to report: structural, else the repair, else cleaning. */
PmResolveMethod
pm_trail_method(const PmTrail *trail)
{
	if (trail->structural != PM_METHOD_EXACT)
		return trail->structural;
	return trail->repaired ? PM_METHOD_OCR_LETTERS : trail->cleaning;
}
