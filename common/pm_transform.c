/*
 * pm_transform.c - the list of transforms, their arguments, and chains of them
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "pm_char.h"
#include "pm_transform_private.h"
#include "pm_utf8.h"

#define SHOWN_MAX 40 /* characters of a value in a problem */

static const PmTransformKind *const lists[] = {pm_text_transforms, pm_table_transforms,
                                               pm_typed_transforms};

/* The transform at a place of all lists; NULL after the last one. */
static const PmTransformKind *
kind_at(size_t i)
{
	for (size_t list = 0; list < sizeof(lists) / sizeof(lists[0]); list++)
	{
		for (const PmTransformKind *kind = lists[list]; kind->name != NULL; kind++)
		{
			if (i-- == 0)
				return kind;
		}
	}
	return NULL;
}

/* Is it this name? */
static bool
is_named(PmText text, const char *name)
{
	return text.size == strlen(name) && memcmp(text.data, name, text.size) == 0;
}

/* The name of the transform at a place, from 0; NULL after the last one. */
const char *
pm_transform_name(size_t i)
{
	const PmTransformKind *kind = kind_at(i);

	return kind == NULL ? NULL : kind->name;
}

/* The name of an argument of a transform, both from 0; NULL after the last one. */
const char *
pm_transform_argument(size_t i, size_t j)
{
	const PmTransformKind *kind = kind_at(i);

	return kind == NULL || j >= PM_TRANSFORM_ARGUMENTS ? NULL : kind->parameters[j].name;
}

/* Says what the problem is; the format has a value in quotes as its %.*s. */
PmTransformStatus
pm_problem(PmCompile *from, const char *format, PmText value)
{
	size_t shown = value.size == 0 ? 0 : pm_utf8_clip(value.data, value.size, SHOWN_MAX);
	int used = snprintf(from->problem, PM_TRANSFORM_PROBLEM_MAX,
	                    "transform \"%s\": ", from->kind->name);

	snprintf(from->problem + used, PM_TRANSFORM_PROBLEM_MAX - (size_t) used, format,
	         (int) shown, shown == 0 ? "" : value.data);
	return PM_TRANSFORM_BAD;
}

/* Is an argument of this parameter?  One without a name is of the first. */
static bool
is_of(const PmCompile *from, const PmArgument *argument, int which)
{
	return argument->name.data == NULL
	           ? which == 0
	           : is_named(argument->name, from->kind->parameters[which].name);
}

/* The argument of a parameter, after so many others of it; NULL if there is none. */
const PmArgument *
pm_given(const PmCompile *from, int which, size_t skip)
{
	for (size_t i = 0; i < from->count; i++)
	{
		if (is_of(from, &from->arguments[i], which) && skip-- == 0)
			return &from->arguments[i];
	}
	return NULL;
}

/* Reads a whole number; false if it is none of nine digits. */
static bool
read_number(PmText text, int *number)
{
	bool negative = text.size > 0 && *text.data == '-';
	size_t i = negative;

	*number = 0;
	if (text.size == i || text.size > i + 9)
		return false;
	for (; i < text.size; i++)
	{
		if (!pm_is_digit(text.data[i]))
			return false;
		*number = *number * 10 + (text.data[i] - '0');
	}
	if (negative)
		*number = -*number;
	return true;
}

/* A number that was given, or another one. */
int
pm_given_number(const PmCompile *from, int which, int otherwise)
{
	const PmArgument *argument = pm_given(from, which, 0);
	int number = otherwise;

	if (argument != NULL)
		read_number(argument->text, &number);
	return number;
}

/* Which of its choices was given, from 0, or another number. */
int
pm_given_choice(const PmCompile *from, int which, int otherwise)
{
	const PmArgument *argument = pm_given(from, which, 0);
	const char *const *choices = from->kind->parameters[which].choices;

	for (int i = 0; argument != NULL && choices[i] != NULL; i++)
	{
		if (is_named(argument->text, choices[i]))
			return i;
	}
	return otherwise;
}

/* Copies a text into an arena; false if that is too small. */
bool
pm_copy_text(PmArena *arena, PmText text, PmText *copy)
{
	char *bytes = pm_arena_bytes(arena, text.size);

	if (bytes == NULL)
		return false;
	if (text.size > 0)
		memcpy(bytes, text.data, text.size);
	copy->data = bytes;
	copy->size = text.size;
	return true;
}

/* A copy of a text that was given; data is NULL if none was. */
PmTransformStatus
pm_given_text(const PmCompile *from, int which, PmText *text)
{
	const PmArgument *argument = pm_given(from, which, 0);

	text->data = NULL;
	text->size = 0;
	return argument == NULL || pm_copy_text(from->arena, argument->text, text)
	           ? PM_TRANSFORM_OK
	           : PM_TRANSFORM_FULL;
}

/* What was written into the arena up to end is the value now. */
PmTransformStatus
pm_done(PmArena *arena, char *out, const char *end, PmText *value)
{
	pm_arena_end(arena, end);
	value->data = out;
	value->size = (size_t) (end - out);
	return PM_TRANSFORM_OK;
}

/* Checks one argument against its parameter. */
static PmTransformStatus
check_argument(PmCompile *from, const PmArgument *argument, int which)
{
	const PmParameter *parameter = &from->kind->parameters[which];
	PmText name = {parameter->name, strlen(parameter->name)};
	char format[128];
	int number;

	if ((argument->key.data != NULL) != (parameter->kind == PM_ARGUMENT_TABLE))
		return pm_problem(from,
		                  parameter->kind == PM_ARGUMENT_TABLE
		                      ? "argument \"%.*s\" must be an object"
		                      : "argument \"%.*s\" is an object",
		                  name);
	if (argument->text.data == NULL && parameter->kind != PM_ARGUMENT_TABLE)
		return pm_problem(from, "argument \"%.*s\" is null", name);
	switch (parameter->kind)
	{
		case PM_ARGUMENT_LIST:
		case PM_ARGUMENT_TABLE:
			return PM_TRANSFORM_OK;
		case PM_ARGUMENT_TEXT:
			if (argument->text.size < (size_t) parameter->low)
				return pm_problem(from, "argument \"%.*s\" must not be empty", name);
			if (parameter->high > 0 && argument->text.size > (size_t) parameter->high)
				return pm_problem(from, "argument \"%.*s\" is too long", name);
			break;
		case PM_ARGUMENT_CHOICE:
			for (int i = 0; parameter->choices[i] != NULL; i++)
			{
				if (is_named(argument->text, parameter->choices[i]))
					break;
				if (parameter->choices[i + 1] == NULL)
				{
					snprintf(format, sizeof(format),
					         "argument \"%s\" must not be \"%%.*s\"", parameter->name);
					return pm_problem(from, format, argument->text);
				}
			}
			break;
		case PM_ARGUMENT_NUMBER:
			if (read_number(argument->text, &number) && number >= parameter->low &&
			    number <= parameter->high)
				break;
			snprintf(format, sizeof(format),
			         "argument \"%s\" must be a whole number from %d to %d, not \"%%.*s\"",
			         parameter->name, parameter->low, parameter->high);
			return pm_problem(from, format, argument->text);
	}
	if (pm_given(from, which, 1) != NULL)
		return pm_problem(from, "argument \"%.*s\" has more than one value", name);
	return PM_TRANSFORM_OK;
}

/* Checks that all arguments are known, and sound, and that none is missing. */
static PmTransformStatus
check_arguments(PmCompile *from)
{
	const PmParameter *parameters = from->kind->parameters;
	int known = 0;

	while (known < PM_TRANSFORM_ARGUMENTS && parameters[known].name != NULL)
		known++;
	for (size_t i = 0; i < from->count; i++)
	{
		const PmArgument *argument = &from->arguments[i];
		int which = 0;
		PmTransformStatus status;

		while (which < known && !is_of(from, argument, which))
			which++;
		if (which == known)
			return known == 0
			           ? pm_problem(from, "takes no argument, \"%.*s\" is given",
			                        argument->text)
			           : pm_problem(from, "has no argument \"%.*s\"", argument->name);
		status = check_argument(from, argument, which);
		if (status != PM_TRANSFORM_OK)
			return status;
	}
	for (int i = 0; i < known; i++)
	{
		PmText name = {parameters[i].name, strlen(parameters[i].name)};

		if (parameters[i].required && pm_given(from, i, 0) == NULL)
			return pm_problem(from, "argument \"%.*s\" is missing", name);
	}
	return PM_TRANSFORM_OK;
}

/*
 * Compiles a transform into the arena, which it needs as long as it is run.  Of
 * PM_TRANSFORM_BAD, problem is one line that says what is wrong.
 */
PmTransformStatus
pm_transform_compile(PmText name, const PmArgument *arguments, size_t count, PmArena *arena,
                     PmTransform *transform, char problem[PM_TRANSFORM_PROBLEM_MAX])
{
	PmCompile from = {NULL, arguments, count, arena, problem};
	PmTransformStatus status;
	size_t i = 0;

	while ((from.kind = kind_at(i)) != NULL && !is_named(name, from.kind->name))
		i++;
	if (from.kind == NULL)
	{
		size_t shown = name.size == 0 ? 0 : pm_utf8_clip(name.data, name.size, SHOWN_MAX);

		snprintf(problem, PM_TRANSFORM_PROBLEM_MAX, "there is no transform \"%.*s\"",
		         (int) shown, shown == 0 ? "" : name.data);
		return PM_TRANSFORM_BAD;
	}
	status = check_arguments(&from);
	transform->run = from.kind->run;
	transform->compiled = NULL;
	if (status == PM_TRANSFORM_OK && from.kind->compile != NULL)
		status = from.kind->compile(&from, &transform->compiled);
	return status;
}

/*
 * Runs transforms one after the other.  OK: *value is the result; else it is as it was, and
 * of BAD *at is the place of the transform, from 0, that could not take what it got.
 */
PmTransformStatus
pm_transform_run(const PmTransform *chain, size_t count, PmText *value, PmArena *arena,
                 PmValueFault *fault, size_t *at)
{
	PmText before = *value;

	for (size_t i = 0; i < count; i++)
	{
		PmTransformStatus status = chain[i].run(chain[i].compiled, value, arena, fault);

		if (status != PM_TRANSFORM_OK)
		{
			*value = before;
			*at = i;
			return status;
		}
	}
	return PM_TRANSFORM_OK;
}
