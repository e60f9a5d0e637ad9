/*
 * pattern.c - regular expressions, for rules and transforms
 *
 * They are the server's own (advanced ones, as operator ~ has them), compiled once.  A
 * match looks for interrupts by itself.
 */
#include "import.h"

#include "catalog/pg_collation_d.h"
#include "mb/pg_wchar.h"
#include "regex/regex.h"

#define PATTERN_TEXT_MAX (1024 * 1024) /* bytes of a text that is looked at */
#define GROUPS           10

struct Pattern
{
	MemoryContext memory;
	MemoryContextCallback callback;
	regex_t regex;
	pg_wchar *wide; /* the text that is looked at */
	size_t room;    /* characters */
	size_t length;
	const char *replacement; /* NULL: the first group, or all, is taken */
	size_t replacement_size;
};

static void
free_pattern(void *arg)
{
	Pattern *pattern = arg;

	pg_regfree(&pattern->regex);
}

/* Compiles a pattern, for as long as memory lasts.  Throws 2201B if it is none. */
Pattern *
pm_imports_pattern_compile(MemoryContext memory, const char *text)
{
	Pattern *pattern = MemoryContextAllocZero(memory, sizeof(Pattern));
	size_t size = strlen(text);
	pg_wchar *wide = palloc((size + 1) * sizeof(pg_wchar));
	int length = pg_mb2wchar_with_len(text, wide, (int) size);
	int status = pg_regcomp(&pattern->regex, wide, length, REG_ADVANCED, C_COLLATION_OID);

	if (status != REG_OKAY)
	{
		char message[100];

		pg_regerror(status, &pattern->regex, message, sizeof(message));
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_REGULAR_EXPRESSION),
		         errmsg("pattern \"%s\" is no regular expression: %s", text, message)));
	}
	pfree(wide);
	pattern->memory = memory;
	pattern->callback.func = free_pattern;
	pattern->callback.arg = pattern;
	MemoryContextRegisterResetCallback(memory, &pattern->callback);
	return pattern;
}

/* Makes the text the one that is looked at; false: it is too long. */
static bool
look_at(Pattern *pattern, PmText text)
{
	if (text.size > PATTERN_TEXT_MAX)
		return false;
	if (text.size + 1 > pattern->room)
	{
		if (pattern->wide != NULL)
			pfree(pattern->wide);
		pattern->room = Max(1024, text.size * 2);
		pattern->wide =
		    MemoryContextAlloc(pattern->memory, pattern->room * sizeof(pg_wchar));
	}
	pattern->length = pg_mb2wchar_with_len(text.data, pattern->wide, (int) text.size);
	return true;
}

/* Looks for the pattern from a character on.  Throws if the engine gives up. */
static bool
find(Pattern *pattern, size_t start, regmatch_t *groups, int count)
{
	int status = pg_regexec(&pattern->regex, pattern->wide, pattern->length, start, NULL,
	                        count, groups, 0);

	if (status != REG_OKAY && status != REG_NOMATCH)
	{
		char message[100];

		CHECK_FOR_INTERRUPTS();
		pg_regerror(status, &pattern->regex, message, sizeof(message));
		ereport(ERROR, (errcode(ERRCODE_INVALID_REGULAR_EXPRESSION),
		                errmsg("regular expression failed: %s", message)));
	}
	return status == REG_OKAY;
}

/* Does a text match? One that is too long does not. */
bool
pm_imports_pattern_matches(Pattern *pattern, PmText text)
{
	return look_at(pattern, text) && find(pattern, 0, NULL, 0);
}

/* Appends characters of the text; false: the arena is full. */
static bool
append(const Pattern *pattern, size_t from, size_t to, PmArena *arena)
{
	char *bytes = pm_arena_bytes(arena, (to - from) * MAX_MULTIBYTE_CHAR_LEN + 1);

	if (bytes == NULL)
		return false;
	pm_arena_end(arena, bytes + pg_wchar2mb_with_len(pattern->wide + from, bytes,
	                                                 (int) (to - from)));
	return true;
}

/* Appends the replacement of a match; \1 to \9 and \0 are its groups. */
static bool
append_replacement(const Pattern *pattern, const regmatch_t *groups, PmArena *arena)
{
	for (size_t i = 0; i < pattern->replacement_size; i++)
	{
		char c = pattern->replacement[i];

		if (c == '\\' && i + 1 < pattern->replacement_size)
		{
			c = pattern->replacement[++i];
			if (c >= '0' && c <= '9')
			{
				const regmatch_t *group = &groups[c - '0'];

				if (group->rm_so >= 0 &&
				    !append(pattern, group->rm_so, group->rm_eo, arena))
					return false;
				continue;
			}
		}
		if (arena->used == arena->size)
			return false;
		arena->data[arena->used++] = c;
	}
	return true;
}

/* The transform: takes what matches, or replaces all that does. */
static PmTransformStatus
run_pattern(const void *compiled, PmText *value, PmArena *arena, PmValueFault *fault)
{
	Pattern *pattern = unconstify(Pattern *, (const Pattern *) compiled);
	regmatch_t groups[GROUPS];
	size_t start = arena->used;
	size_t at = 0;

	if (value->data == NULL)
		return PM_TRANSFORM_OK;
	if (!look_at(pattern, *value))
	{
		*fault = PM_VALUE_TOO_LONG;
		return PM_TRANSFORM_BAD;
	}
	if (pattern->replacement == NULL)
	{
		if (!find(pattern, 0, groups, GROUPS))
		{
			*fault = PM_VALUE_NO_MATCH;
			return PM_TRANSFORM_BAD;
		}
		if (groups[1].rm_so >= 0 && pattern->regex.re_nsub > 0)
			groups[0] = groups[1];
		if (!append(pattern, groups[0].rm_so, groups[0].rm_eo, arena))
			return PM_TRANSFORM_FULL;
	}
	else
		while (at <= pattern->length)
		{
			size_t end;

			if (!find(pattern, at, groups, GROUPS))
				break;
			end = groups[0].rm_eo;
			if (!append(pattern, at, groups[0].rm_so, arena) ||
			    !append_replacement(pattern, groups, arena))
			{
				arena->used = start;
				return PM_TRANSFORM_FULL;
			}
			at = end;
			/* nothing was matched: the next character stays as it is */
			if (groups[0].rm_so == groups[0].rm_eo)
			{
				if (at < pattern->length && !append(pattern, at, at + 1, arena))
				{
					arena->used = start;
					return PM_TRANSFORM_FULL;
				}
				at++;
			}
		}
	if (pattern->replacement != NULL && at < pattern->length &&
	    !append(pattern, at, pattern->length, arena))
	{
		arena->used = start;
		return PM_TRANSFORM_FULL;
	}
	*value = (PmText){arena->data + start, arena->used - start};
	return PM_TRANSFORM_OK;
}

/*
 * The transform regex: a pattern, whose first group or else all of it is taken, or a
 * pattern and what each match is replaced by.  Throws what is wrong; NULL or what is
 * wrong with the arguments.
 */
const char *
pm_imports_pattern_transform(MemoryContext memory, const PmArgument *arguments, int count,
                             PmTransform *transform)
{
	const PmArgument *pattern = NULL;
	const PmArgument *replacement = NULL;
	Pattern *compiled;

	for (int i = 0; i < count; i++)
	{
		PmText name = arguments[i].name;

		if (name.data == NULL || (name.size == 7 && memcmp(name.data, "pattern", 7) == 0))
			pattern = &arguments[i];
		else if (name.size == 7 && memcmp(name.data, "replace", 7) == 0)
			replacement = &arguments[i];
		else
			return "has a transform regex with an argument that is neither pattern nor "
			       "replace";
	}
	if (pattern == NULL)
		return "has a transform regex without a pattern";
	compiled = pm_imports_pattern_compile(memory, pattern->text.data);
	if (replacement != NULL)
	{
		compiled->replacement = replacement->text.data;
		compiled->replacement_size = replacement->text.size;
	}
	*transform = (PmTransform){run_pattern, compiled};
	return NULL;
}
