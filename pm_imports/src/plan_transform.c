/*
 * plan_transform.c - the transforms of a plan's targets, and how the file writes numbers
 *
 * Text that is read as a number or date is read as the file writes them.  A number that is
 * one in the file (a cell of a workbook, a number of JSON) is not text that somebody wrote:
 * its chain is the same, but reads a point as the mark of decimals.
 */
#include "plan.h"

/* Appends the arguments that a value of this name stands for. */
static int
append_arguments(PmArgument **arguments, int count, PmText name, JsonbValue *value,
                 const char *path)
{
	char **keys = NULL;
	JsonbValue *values;
	int more;

	if (pm_imports_document_is_object(value))
		more = pm_imports_document_members(value, path, &keys, &values);
	else
		values = pm_imports_document_elements(value, &more);
	*arguments = *arguments == NULL
	                 ? palloc((more + 1) * sizeof(PmArgument))
	                 : repalloc(*arguments, (count + more + 1) * sizeof(PmArgument));
	for (int i = 0; i < more; i++)
		(*arguments)[count + i] = (PmArgument){
		    .name = name,
		    .key = keys != NULL ? (PmText){keys[i], strlen(keys[i])}
                  : (PmText){NULL,    0              },
		    .text = pm_imports_document_scalar(&values[i], path)
        };
	return count + more;
}

/* Compiles a transform of this name with these arguments. */
static void
compile_one(const char *path, PmText name, const PmArgument *arguments, int count,
            PmTransform *transform)
{
	char problem[PM_TRANSFORM_PROBLEM_MAX];
	PmArena arena = {.size = 1024};
	PmTransformStatus status;

	if (strcmp(name.data, "regex") == 0)
	{
		const char *wrong =
		    pm_imports_pattern_transform(CurrentMemoryContext, arguments, count, transform);

		if (wrong != NULL)
			pm_imports_plan_bad(path, wrong);
		return;
	}
	for (;;)
	{
		arena.data = palloc(arena.size);
		arena.used = 0;
		status = pm_transform_compile(name, arguments, count, &arena, transform, problem);
		if (status != PM_TRANSFORM_FULL || arena.size >= MaxAllocSize / 4)
			break;
		pfree(arena.data);
		arena.size *= 4;
	}
	if (status != PM_TRANSFORM_OK)
		pm_imports_plan_bad(path, status == PM_TRANSFORM_BAD ? problem : "is too large");
}

static inline bool
is_name(PmText text, const char *name)
{
	return text.size == strlen(name) && memcmp(text.data, name, text.size) == 0;
}

/* Appends an argument. */
static int
append_argument(PmArgument **arguments, int count, const char *name, const char *value)
{
	*arguments = *arguments == NULL
	                 ? palloc(sizeof(PmArgument))
	                 : repalloc(*arguments, (count + 1) * sizeof(PmArgument));
	(*arguments)[count] = (PmArgument){
	    .name = {name,  strlen(name) },
          .text = {value, strlen(value)}
    };
	return count + 1;
}

/* Is a transform one that reads a number with a mark of decimals? */
static bool
reads_number(PmText name)
{
	return is_name(name, "decimal") || is_name(name, "unit");
}

/* Do arguments say with which mark a number is read, or in which order a date? */
static bool
says_style(PmText name, const PmArgument *arguments, int count)
{
	bool is_date = is_name(name, "date");

	for (int i = 0; i < count; i++)
	{
		PmText given = arguments[i].name;

		/* a format has an order; without a name it is the first: mark, to, format */
		if (given.data == NULL ? !is_name(name, "unit")
		                       : is_name(given, is_date ? "order" : "mark") ||
		                             (is_date && is_name(given, "format")))
			return true;
	}
	return false;
}

/* Adds how the file writes values to the arguments of a transform that reads them so. */
static int
append_style(PmArgument **arguments, int count, PmText name, const FileStyle *style)
{
	bool is_date = is_name(name, "date");
	const char *value = is_date ? style->order : style->mark;

	if (value == NULL || (!is_date && !reads_number(name)) ||
	    says_style(name, *arguments, count))
		return count;
	return append_argument(arguments, count, is_date ? "order" : "mark", value);
}

/* Compiles a transform that reads a number for one that has a point. */
static void
compile_for_number(const char *path, PmText name, const PmArgument *arguments, int count,
                   PmTransform *transform)
{
	PmArgument *own = palloc((count + 2) * sizeof(PmArgument));
	int kept = 0;

	for (int i = 0; i < count; i++)
	{
		PmText given = arguments[i].name;

		if (given.data == NULL ? is_name(name, "unit")
		                       : !is_name(given, "mark") && !is_name(given, "thousands"))
			own[kept++] = arguments[i];
	}
	kept = append_argument(&own, kept, "mark", ".");
	kept = append_argument(&own, kept, "thousands", "none");
	compile_one(path, name, own, kept, transform);
}

/* Whose writing a transform leaves. */
static Writing
written_by(PmText name, const PmArgument *arguments, int count)
{
	static const char *const readers[] = {"decimal", "unit",    "date",
	                                      "digits",  "boolean", "currency"};

	for (int i = 0; i < lengthof(readers); i++)
		if (is_name(name, readers[i]))
			return WRITING_OURS;
	if (is_name(name, "replace") || is_name(name, "regex"))
		return WRITING_UNKNOWN;
	if (!is_name(name, "lookup"))
		return WRITING_OF_FILE;
	for (int i = 0; i < count; i++)
		if (arguments[i].name.data != NULL && is_name(arguments[i].name, "else") &&
		    is_name(arguments[i].text, "keep"))
			return WRITING_UNKNOWN;
	return WRITING_OF_PLAN;
}

/* Notes what a transform of a chain leaves. */
static void
note_writing(Target *target, int at, PmText name, const PmArgument *arguments, int count)
{
	Writing writing = written_by(name, arguments, count);

	/* of ours, what is not replaced has its point */
	if (writing != WRITING_OF_FILE &&
	    !(writing == WRITING_UNKNOWN && target->writing == WRITING_OURS))
		target->writing = writing;
	if (writing == WRITING_UNKNOWN)
		target->rewritten_by = pnstrdup(name.data, name.size);
	if (target->default_at < 0 && is_name(name, "default"))
		target->default_at = at;
}

/* The name of a transform, and the arguments that are written there. */
static PmText
read_transform(Target *target, JsonbValue *transform, PmArgument **arguments, int *count)
{
	char **names;
	JsonbValue *values;

	if (!pm_imports_document_is_object(transform))
		return pm_imports_document_scalar(transform, target->name);
	if (pm_imports_document_members(transform, target->name, &names, &values) != 1)
		pm_imports_plan_bad(target->name, "has a transform of several names");
	if (pm_imports_document_is_object(&values[0]))
	{
		char **argument_names;
		JsonbValue *argument_values;
		int n = pm_imports_document_members(&values[0], target->name, &argument_names,
		                                    &argument_values);

		for (int i = 0; i < n; i++)
			*count = append_arguments(
			    arguments, *count, (PmText){argument_names[i], strlen(argument_names[i])},
			    &argument_values[i], target->name);
	}
	else
		*count =
		    append_arguments(arguments, 0, (PmText){NULL, 0}, &values[0], target->name);
	return (PmText){names[0], strlen(names[0])};
}

/* transformation_rules of a target. */
void
pm_imports_plan_chain(Target *target, JsonbValue *rules, const FileStyle *style)
{
	int length;
	JsonbValue *all = pm_imports_document_elements(rules, &length);

	target->chain = palloc0((length + 1) * sizeof(PmTransform));
	target->number_chain = palloc0((length + 1) * sizeof(PmTransform));
	target->chain_length = length;
	for (int i = 0; i < length; i++)
	{
		PmArgument *arguments = NULL;
		int count = 0;
		PmText name = read_transform(target, &all[i], &arguments, &count);
		bool is_ours = target->writing == WRITING_OURS && reads_number(name);
		bool is_read = reads_number(name) && (target->writing == WRITING_OF_FILE ||
		                                      target->writing == WRITING_UNKNOWN);

		if (target->writing != WRITING_OURS && target->writing != WRITING_OF_PLAN)
			count = append_style(&arguments, count, name, style);
		if (is_ours)
			compile_for_number(target->name, name, arguments, count, &target->chain[i]);
		else
			compile_one(target->name, name, arguments, count, &target->chain[i]);
		target->number_chain[i] = target->chain[i];
		if (is_read)
			compile_for_number(target->name, name, arguments, count,
			                   &target->number_chain[i]);
		note_writing(target, i, name, arguments, count);
	}
}

/*
 * Numbers and dates are read as the file writes them, unless they are ours, as what a
 * transform has made of them or stands in for them.  Of what is written in a way that
 * nobody knows the plan has to say how.  What need be neither stays as it is if it is not.
 */
void
pm_imports_plan_style(Target *target, const FileStyle *style)
{
	bool is_typed = target->type == TARGET_NUMERIC || target->type == TARGET_INTEGER;
	bool is_number = is_typed || target->is_number;
	bool must_be = is_typed || ((target->form == ATTRIBUTE_NUMBER || target->is_date) &&
	                            !target->form_warning);
	const char *word = is_number ? "decimal" : "date";
	PmText name = {word, strlen(word)};
	PmArgument *argument = NULL;
	int at = target->default_at >= 0 ? target->default_at : target->chain_length;
	int after = target->chain_length - at;

	if (target->is_constant || target->writing == WRITING_OURS ||
	    target->writing == WRITING_OF_PLAN ||
	    (target->writing == WRITING_UNKNOWN && !must_be) ||
	    !(is_number || target->is_date) || append_style(&argument, 0, name, style) == 0)
		return;
	if (target->writing == WRITING_UNKNOWN)
		pm_imports_plan_bad(
		    psprintf("transformation_rules.%s", target->name),
		    psprintf("must say how a %s is written after \"%s\": add {\"%s\": ...}",
		             is_number ? "number" : "date", target->rewritten_by, word));
	if (target->chain == NULL)
	{
		target->chain = palloc0(sizeof(PmTransform));
		target->number_chain = palloc0(sizeof(PmTransform));
	}
	memmove(&target->chain[at + 1], &target->chain[at], after * sizeof(PmTransform));
	memmove(&target->number_chain[at + 1], &target->number_chain[at],
	        after * sizeof(PmTransform));
	compile_one(target->name, name, argument, 1, &target->chain[at]);
	target->number_chain[at] = target->chain[at];
	if (is_number)
		compile_for_number(target->name, name, argument, 1, &target->number_chain[at]);
	if (!must_be)
		target->try_at = at;
	target->chain_length++;
}
