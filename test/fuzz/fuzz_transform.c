/*
 * fuzz_transform.c - any bytes as a chain of transforms and a value
 *
 * Lines up to an empty one are transforms: a name, then arguments, each a name, a key and a
 * text, all with tabs between them ("~" for one that is not there); the rest is the value.  Compiled
 * and run in arenas of exactly the size that they need, which the sanitizer watches, and in smaller ones:
 * those must say so and leave the value as it was.
 */
#include <stdlib.h>
#include <string.h>

#include "must_hold.h"
#include "pm_transform.h"

#define CHAIN_MAX     6
#define ARGUMENTS_MAX 16
#define ROOM          (1 << 16)

typedef struct Line
{
	PmText name;
	PmArgument arguments[ARGUMENTS_MAX];
	size_t count;
} Line;

/* Takes a field off a line. */
static PmText
take_field(PmText *line)
{
	PmText field = *line;
	const char *tab = line->size == 0 ? NULL : memchr(line->data, '\t', line->size);

	if (tab != NULL)
		field.size = (size_t) (tab - line->data);
	line->data += field.size + (tab != NULL);
	line->size -= field.size + (tab != NULL);
	if (field.size == 1 && *field.data == '~')
	{
		field.data = NULL;
		field.size = 0;
	}
	return field;
}

static void
read_line(PmText text, Line *line)
{
	line->name = take_field(&text);
	for (line->count = 0; line->count < ARGUMENTS_MAX && text.size > 0; line->count++)
	{
		line->arguments[line->count].name = take_field(&text);
		line->arguments[line->count].key = take_field(&text);
		line->arguments[line->count].text = take_field(&text);
	}
}

/* Compiles all lines into an arena. */
static PmTransformStatus
compile(const Line *lines, size_t count, PmArena *arena, PmTransform *chain)
{
	for (size_t i = 0; i < count; i++)
	{
		char problem[PM_TRANSFORM_PROBLEM_MAX] = "";
		PmTransformStatus status = pm_transform_compile(
		    lines[i].name, lines[i].arguments, lines[i].count, arena, &chain[i], problem);

		MUST_HOLD((status == PM_TRANSFORM_BAD) == (*problem != '\0'));
		if (status != PM_TRANSFORM_OK)
			return status;
	}
	return PM_TRANSFORM_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char room[ROOM];
	static char expected[ROOM];
	static Line lines[CHAIN_MAX];
	PmTransform chain[CHAIN_MAX];
	PmArena compiled = {room, ROOM, 0};
	PmText value = {(const char *) data, size};
	PmText result;
	PmValueFault fault;
	PmTransformStatus status;
	size_t at;
	size_t count = 0;

	while (count < CHAIN_MAX && value.size > 0)
	{
		const char *end = memchr(value.data, '\n', value.size);
		PmText line = {value.data, end == NULL ? value.size : (size_t) (end - value.data)};

		value.data += line.size + (end != NULL);
		value.size -= line.size + (end != NULL);
		if (line.size == 0)
			break;
		read_line(line, &lines[count++]);
	}
	if (compile(lines, count, &compiled, chain) != PM_TRANSFORM_OK)
		return 0;
	if (value.size == 1 && *value.data == '~')
	{
		value.data = NULL;
		value.size = 0;
	}

	/* as much room as it wants, then less and less: the result is the same or there is none */
	for (size_t wanted = ROOM;;)
	{
		PmArena arena = {malloc(wanted + 1), wanted, 0};

		MUST_HOLD(arena.data != NULL);
		result = value;
		status = pm_transform_run(chain, count, &result, &arena, &fault, &at);
		MUST_HOLD(arena.used <= arena.size);
		if (status == PM_TRANSFORM_OK)
			MUST_HOLD(result.data != NULL || result.size == 0);
		else
			MUST_HOLD(result.data == value.data && result.size == value.size);
		if (status == PM_TRANSFORM_BAD)
			MUST_HOLD(fault > PM_VALUE_GOOD && fault <= PM_VALUE_TOO_LONG && at < count);
		if (status == PM_TRANSFORM_OK && result.size > 0 && result.size <= ROOM)
		{
			if (wanted == ROOM)
				memcpy(expected, result.data, result.size);
			MUST_HOLD(memcmp(expected, result.data, result.size) == 0);
		}
		free(arena.data);
		if (status == PM_TRANSFORM_FULL || arena.used == 0)
			return 0;
		wanted = wanted > arena.used ? arena.used : arena.used - 1;
	}
}
