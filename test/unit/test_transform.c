/*
 * test_transform.c - transforms: every example of docs/imports_transforms.md, and more
 *
 * An example is compiled and run in arenas of growing size: as long as one is too small it
 * must say so and leave the value as it was.
 */
#include <stdlib.h>

#include "pm_transform.h"
#include "pm_utf8.h"
#include "tap.h"

#define PAGE          "docs/imports_transforms.md" /* tests are run from the top */
#define ARGUMENTS_MAX 3000
#define CHAIN_MAX     8

/* A string that stands in memory. */
static PmText
text_of(const char *string)
{
	PmText text = {string, strlen(string)};

	return text;
}

static bool
same(PmText a, PmText b)
{
	if (a.data == NULL || b.data == NULL)
		return a.data == b.data;
	return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

/* One transform as JSON has it. */
typedef struct Step
{
	PmText name;
	PmArgument arguments[ARGUMENTS_MAX];
	size_t count;
} Step;

static Step steps[CHAIN_MAX];

/* Where JSON is being read, and where its strings go. */
typedef struct Json
{
	const char *at;
	const char *end;
	char strings[1 << 16];
	size_t used;
	bool broken;
} Json;

static Json json;

static char
next(void)
{
	while (json.at < json.end && *json.at == ' ')
		json.at++;
	return json.at < json.end ? *json.at : '\0';
}

/* Goes past a character if it comes next. */
static bool
skip(char c)
{
	if (next() != c)
		return false;
	json.at++;
	return true;
}

static void
expect(char c)
{
	if (!skip(c))
		json.broken = true;
}

/* Reads a string. */
static PmText
read_string(void)
{
	PmText text = {json.strings + json.used, 0};

	expect('"');
	while (!json.broken && json.at < json.end && *json.at != '"')
	{
		char c = *json.at++;

		if (c == '\\' && *json.at == 'u')
		{
			char digits[5] = "";

			memcpy(digits, json.at + 1, 4);
			json.used += pm_utf8_encode((uint32_t) strtoul(digits, NULL, 16),
			                            json.strings + json.used);
			json.at += 5;
			continue;
		}
		if (c == '\\')
		{
			c = *json.at++;
			c = c == 'n' ? '\n' : c == 't' ? '\t' : c;
		}
		json.strings[json.used++] = c;
	}
	expect('"');
	text.size = (size_t) (json.strings + json.used - text.data);
	return text;
}

/* Reads a string, number, true, false or null. */
static PmText
read_scalar(void)
{
	PmText text;

	if (next() == '"')
		return read_string();
	text.data = json.at;
	while (json.at < json.end && strchr(",]} ", *json.at) == NULL)
		json.at++;
	text.size = (size_t) (json.at - text.data);
	if (text.size == 0)
		json.broken = true;
	if (same(text, text_of("null")))
		text.data = NULL;
	return text;
}

static void
add_argument(Step *step, PmText name, PmText key, PmText text)
{
	PmArgument argument = {name, key, text};

	if (step->count < ARGUMENTS_MAX)
		step->arguments[step->count++] = argument;
}

/* Reads the value of an argument: one, a list of them, or an object. */
static void
read_argument(Step *step, PmText name)
{
	PmText none = {NULL, 0};

	if (skip('['))
	{
		while (!json.broken && !skip(']'))
		{
			add_argument(step, name, none, read_scalar());
			skip(',');
		}
	}
	else if (skip('{'))
	{
		while (!json.broken && !skip('}'))
		{
			PmText key = read_string();

			expect(':');
			add_argument(step, name, key, read_scalar());
			skip(',');
		}
	}
	else
		add_argument(step, name, none, read_scalar());
}

/* Reads a transform: its name, or an object of the name and its arguments. */
static void
read_step(Step *step)
{
	PmText none = {NULL, 0};

	step->count = 0;
	if (!skip('{'))
	{
		step->name = next() == '"' ? read_string() : read_scalar();
		return;
	}
	step->name = read_string();
	expect(':');
	if (skip('{'))
	{
		while (!json.broken && !skip('}'))
		{
			PmText name = read_string();

			expect(':');
			read_argument(step, name);
			skip(',');
		}
	}
	else
		read_argument(step, none);
	expect('}');
}

/* Reads a transform, or a list of them; returns how many. */
static size_t
read_steps(PmText text)
{
	size_t count = 0;

	json.at = text.data;
	json.end = text.data + text.size;
	json.used = 0;
	json.broken = false;
	if (skip('['))
	{
		while (!json.broken && count < CHAIN_MAX && !skip(']'))
		{
			read_step(&steps[count++]);
			skip(',');
		}
	}
	else
		read_step(&steps[count++]);
	if (json.at != json.end || json.broken)
		return 0;
	return count;
}

/* What came of a value. */
typedef struct Outcome
{
	PmTransformStatus status;
	PmText value;
	PmValueFault fault;
	size_t at;
	char problem[PM_TRANSFORM_PROBLEM_MAX];
	bool sound; /* arenas that were too small were told so, and changed nothing */
} Outcome;

static char memory[1 << 20];
static char more_memory[1 << 20];

/* Compiles what read_steps() read. */
static PmTransformStatus
compile_steps(size_t count, PmArena *arena, PmTransform *chain, char *problem)
{
	for (size_t i = 0; i < count; i++)
	{
		PmTransformStatus status = pm_transform_compile(
		    steps[i].name, steps[i].arguments, steps[i].count, arena, &chain[i], problem);

		if (status != PM_TRANSFORM_OK)
			return status;
	}
	return PM_TRANSFORM_OK;
}

/* Compiles and runs transforms in arenas of each size from nothing on until one will do. */
static void
run(PmText transforms, PmText value, Outcome *outcome)
{
	PmTransform chain[CHAIN_MAX];
	PmArena arena = {memory, 0, 0};
	size_t count = read_steps(transforms);

	memset(outcome, 0, sizeof(*outcome));
	outcome->sound = count > 0;
	do
	{
		arena.used = 0;
		outcome->status = compile_steps(count, &arena, chain, outcome->problem);
	} while (outcome->status == PM_TRANSFORM_FULL && ++arena.size < sizeof(memory));
	if (outcome->status != PM_TRANSFORM_OK)
		return;
	arena.data = more_memory;
	arena.size = 0;
	for (;;)
	{
		arena.used = 0;
		outcome->value = value;
		outcome->status = pm_transform_run(chain, count, &outcome->value, &arena,
		                                   &outcome->fault, &outcome->at);
		outcome->sound = outcome->sound && arena.used <= arena.size;
		if (outcome->status == PM_TRANSFORM_OK)
			break;
		outcome->sound = outcome->sound && outcome->value.data == value.data &&
		                 outcome->value.size == value.size;
		if (outcome->status == PM_TRANSFORM_BAD || ++arena.size == sizeof(more_memory))
			break;
	}
}

/* The code of a cell of a table: what is between backquotes, with \| as |. */
static PmText
read_cell(const char **at, char *out)
{
	PmText cell = {NULL, 0};
	const char *from = strchr(*at, '`');

	if (from == NULL)
		return cell;
	cell.data = out;
	for (from++; *from != '`' && *from != '\0'; from++)
	{
		if (from[0] == '\\' && from[1] == '|')
			from++;
		out[cell.size++] = *from;
	}
	*at = *from == '\0' ? from : from + 1;
	return cell;
}

static char seen_names[64]; /* by place: the page has an example of it */

/* Runs one example: transform, value, result. */
static void
run_example(const char *line)
{
	char cells[3][2048];
	char name[4096];
	char values[2][2048];
	PmText transforms;
	PmText value;
	PmText result;
	PmText read[2];
	Outcome outcome;

	snprintf(name, sizeof(name), "%.*s", (int) strcspn(line, "\n"), line);
	transforms = read_cell(&line, cells[0]);
	value = read_cell(&line, cells[1]);
	result = read_cell(&line, cells[2]);
	if (result.data == NULL)
	{
		ok(false, name);
		return;
	}
	for (int i = 0; i < 2; i++)
	{
		PmText from = i == 0 ? value : result;

		json.at = from.data;
		json.end = from.data + from.size;
		json.used = 0;
		json.broken = false;
		read[i] = read_scalar();
		if (read[i].data != NULL)
		{
			memcpy(values[i], read[i].data, read[i].size);
			read[i].data = values[i];
		}
	}
	run(transforms, read[0], &outcome);
	for (size_t i = 0; pm_transform_name(i) != NULL; i++)
	{
		if (same(steps[0].name, text_of(pm_transform_name(i))))
			seen_names[i] = 1;
	}
	if (*result.data != '"' && read[1].data != NULL)
		ok(outcome.sound && outcome.status == PM_TRANSFORM_BAD && outcome.fault != 0 &&
		       same(result, text_of(pm_value_fault_code(outcome.fault))),
		   name);
	else
		ok(outcome.sound && outcome.status == PM_TRANSFORM_OK &&
		       same(outcome.value, read[1]),
		   name);
	if (outcome.status == PM_TRANSFORM_BAD)
		printf("# %s\n",
		       outcome.fault == 0 ? outcome.problem : pm_value_fault_code(outcome.fault));
	else
		printf("# %.*s\n", (int) outcome.value.size,
		       outcome.value.size == 0 ? "" : outcome.value.data);
}

/* Is there a line that starts so? */
static bool
has_line(const char *page, const char *start)
{
	for (const char *found = page; (found = strstr(found, start)) != NULL; found++)
	{
		if (found == page || found[-1] == '\n')
			return true;
	}
	return false;
}

/* Runs the examples of the page, and looks for what it does not tell. */
static void
test_page(void)
{
	static char page[1 << 17];
	FILE *file = fopen(PAGE, "rb");
	size_t size;
	bool examples = false;
	int count = 0;
	char start[512];

	ok(file != NULL, PAGE);
	if (file == NULL)
		return;
	size = fread(page, 1, sizeof(page) - 1, file);
	fclose(file);
	page[size] = '\0';
	for (char *line = page; line != NULL;)
	{
		char *end = strchr(line, '\n');

		if (strncmp(line, "| transform | value | result |", 30) == 0)
			examples = true;
		else if (*line != '|')
			examples = false;
		else if (examples && line[2] == '`')
		{
			run_example(line);
			count++;
		}
		line = end == NULL ? NULL : end + 1;
	}
	ok(count > 100, "it has examples");
	for (size_t i = 0; pm_transform_name(i) != NULL; i++)
	{
		ok(seen_names[i] == 1, pm_transform_name(i));
		for (size_t j = 0; pm_transform_argument(i, j) != NULL; j++)
		{
			snprintf(start, sizeof(start), "| `%s` |", pm_transform_argument(i, j));
			ok(has_line(page, start), start);
		}
	}
	for (int fault = PM_VALUE_GOOD + 1; fault <= PM_VALUE_TOO_LONG; fault++)
	{
		snprintf(start, sizeof(start), "| `%s` | %s |", pm_value_fault_code(fault),
		         pm_value_fault_message(fault));
		ok(has_line(page, start), start);
	}
}

/* What is wrong with a transform that cannot be compiled. */
static void
test_problems(void)
{
	static const struct
	{
		const char *transform;
		const char *problem;
	} cases[] = {
	    {"trimm",	                                                           "there is no transform \"trimm\""                      },
	    {"{\"trim\": \"x\"}",	                                               "transform \"trim\": takes no argument, \"x\" is given"},
	    {"{\"decimal\": {\"marks\": \",\"}}",
	     "transform \"decimal\": has no argument \"marks\""	                                                                        },
	    {"{\"decimal\": \";\"}",
	     "transform \"decimal\": argument \"mark\" must not be \";\""                                                                  },
	    {"{\"decimal\": [\",\", \".\"]}",
	     "transform \"decimal\": argument \"mark\" has more than one value"                                                            },
	    {"{\"decimal\": {\"mark\": \",\", \"thousands\": \",\"}}",
	     "transform \"decimal\": arguments \"mark\" and \"thousands\" are both \",\""                                                  },
	    {"{\"unit\": {\"to\": \"kg\", \"mark\": \",\", \"thousands\": \",\"}}",
	     "transform \"unit\": arguments \"mark\" and \"thousands\" are both \",\""                                                     },
	    {"{\"decimal\": null}",	                                             "transform \"decimal\": argument \"mark\" is null"     },
	    {"{\"decimal\": {\"mark\": {\"a\": \"b\"}}}",
	     "transform \"decimal\": argument \"mark\" is an object"	                                                                   },
	    {"replace",	                                                         "transform \"replace\": argument \"from\" is missing"  },
	    {"{\"replace\": \"\"}",
	     "transform \"replace\": argument \"from\" must not be empty"                                                                  },
	    {"{\"split\": {\"separator\": \",\", \"which\": 0}}",
	     "transform \"split\": argument \"which\" must not be \"0\""                                                                   },
	    {"{\"substring\": 0}",
	     "transform \"substring\": argument \"start\" must not be \"0\""                                                               },
	    {"{\"pad\": 1001}",
	     "transform \"pad\": argument \"length\" must be a whole number from 1 to 1000, not \"1001\""                                  },
	    {"{\"pad\": 1.5}",
	     "transform \"pad\": argument \"length\" must be a whole number from 1 to 1000, not \"1.5\""                                   },
	    {"{\"pad\": 99999999999999}",
	     "transform \"pad\": argument \"length\" must be a whole number from 1 to 1000, not \"99999999999999\""                        },
	    {"{\"pad\": {\"length\": 3, \"with\": \"ab\"}}",
	     "transform \"pad\": argument \"with\" must be one character, not \"ab\""                                                      },
	    {"{\"currency\": \"euro\"}",
	     "transform \"currency\": argument \"default\" is too long"	                                                                },
	    {"{\"currency\": \"eur\"}",
	     "transform \"currency\": argument \"default\" must be a code of ISO 4217, not \"eur\""                                        },
	    {"{\"unit\": \"foo\"}",	                                             "transform \"unit\": there is no unit \"foo\""         },
	    {"{\"unit\": \"gal\"}",
	     "transform \"unit\": the size of a \"gal\" needs the argument \"system\""                                                     },
	    {"{\"unit\": {\"to\": \"kg\", \"from\": \"cm\"}}",
	     "transform \"unit\": \"cm\" is a unit of another kind"	                                                                    },
	    {"{\"date\": \"DD/MM\"}",
	     "transform \"date\": \"DD/MM\" is no format of year, month and day, such as DD/MM/YYYY"                                       },
	    {"{\"lookup\": {\"else\": \"keep\"}}",
	     "transform \"lookup\": argument \"table\" is missing"	                                                                     },
	    {"{\"lookup\": {\"table\": \"x\"}}",
	     "transform \"lookup\": argument \"table\" must be an object"                                                                  },
	    {"{\"lookup\": {\"table\": {\"a\": \"1\", \"Á \": \"2\"}}}",
	     "transform \"lookup\": \"a\" is there twice, with different values"                                                           },
	    {"{\"boolean\": {\"true\": \"on\", \"false\": \"ON\"}}",
	     "transform \"boolean\": \"on\" is there twice, with different values"                                                         },
	};
	char long_name[400];
	Outcome outcome;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		run(text_of(cases[i].transform), text_of("x"), &outcome);
		ok(outcome.status == PM_TRANSFORM_BAD, cases[i].transform);
		is_str(outcome.problem, cases[i].problem, cases[i].transform);
	}
	memset(long_name, 'x', sizeof(long_name));
	long_name[sizeof(long_name) - 1] = '\0';
	run(text_of(long_name), text_of("x"), &outcome);
	ok(outcome.status == PM_TRANSFORM_BAD && strlen(outcome.problem) < 80,
	   "long names are cut");
	run(text_of("{\"lookup\": {\"table\": {\"a\": \"1\", \"A\": \"1\"}}}"), text_of("a"),
	    &outcome);
	ok(outcome.status == PM_TRANSFORM_OK && same(outcome.value, text_of("1")),
	   "the same key with the same value is none");
}

/* What a caller runs itself: here it counts the bytes, and refuses an empty value. */
static PmTransformStatus
run_own(const void *compiled, PmText *value, PmArena *arena, PmValueFault *fault)
{
	char *out;

	if (value->size == 0)
	{
		*fault = PM_VALUE_NO_MATCH;
		return PM_TRANSFORM_BAD;
	}
	out = pm_arena_bytes(arena, 1);
	if (out == NULL)
		return PM_TRANSFORM_FULL;
	*out = (char) ('0' + value->size + strlen(compiled));
	value->data = out;
	value->size = 1;
	return PM_TRANSFORM_OK;
}

static void
test_own(void)
{
	PmTransform chain[2] = {
	    {NULL,    NULL},
        {run_own, "ab"}
    };
	PmArena arena = {memory, sizeof(memory), 0};
	PmText value = text_of("  abc ");
	PmText blank = text_of("  ");
	PmValueFault fault;
	size_t at = 9;
	char problem[PM_TRANSFORM_PROBLEM_MAX];

	pm_transform_compile(text_of("trim"), NULL, 0, &arena, &chain[0], problem);
	ok(pm_transform_run(chain, 2, &value, &arena, &fault, &at) == PM_TRANSFORM_OK &&
	       same(value, text_of("5")),
	   "a transform of the caller");
	ok(pm_transform_run(chain, 2, &blank, &arena, &fault, &at) == PM_TRANSFORM_BAD &&
	       fault == PM_VALUE_NO_MATCH && at == 1 && blank.size == 2,
	   "its fault, its place, and the value as it was");
}

static void
test_join(void)
{
	PmText values[] = {
	    text_of("a"), {NULL, 0},
         text_of("  "), text_of("b"), text_of("c")
    };
	PmArena arena = {memory, 4, 0};
	PmText out = text_of("old");

	ok(pm_transform_join(values, 5, text_of(", "), &arena, &out) == PM_TRANSFORM_FULL &&
	       same(out, text_of("old")) && arena.used == 0,
	   "too little room");
	arena.size = sizeof(memory);
	ok(pm_transform_join(values, 5, text_of(", "), &arena, &out) == PM_TRANSFORM_OK &&
	       same(out, text_of("a, b, c")),
	   "values are joined, blanks and none left out");
	ok(pm_transform_join(values, 3, text_of(", "), &arena, &out) == PM_TRANSFORM_OK &&
	       out.data == values[0].data,
	   "one value is itself");
	ok(pm_transform_join(values + 1, 2, text_of(", "), &arena, &out) == PM_TRANSFORM_OK &&
	       out.data == NULL,
	   "no value is none");
}

/* A value may not grow without end. */
static void
test_growth(void)
{
	static char big[1 << 20];
	char transform[256];
	PmTransform chain[CHAIN_MAX];
	PmArena arena = {memory, sizeof(memory), 0};
	PmArena room = {more_memory, sizeof(more_memory), 0};
	char problem[PM_TRANSFORM_PROBLEM_MAX];
	PmText value = {big, sizeof(big)};
	PmValueFault fault;
	size_t at;

	memset(big, 'a', sizeof(big));
	snprintf(transform, sizeof(transform),
	         "{\"replace\": {\"from\": \"a\", \"to\": \"%0*d\"}}", 100, 0);
	read_steps(text_of(transform));
	compile_steps(1, &arena, chain, problem);
	ok(pm_transform_run(chain, 1, &value, &room, &fault, &at) == PM_TRANSFORM_BAD &&
	       fault == PM_VALUE_TOO_LONG && value.size == sizeof(big),
	   "a value that would grow too long");
}

/* A large table finds what is in it and nothing else. */
static void
test_large_table(void)
{
	enum
	{
		COUNT = 2500
	};
	static char keys[COUNT][16];
	static char values[COUNT][16];
	PmArena arena = {memory, sizeof(memory), 0};
	PmArena room = {more_memory, sizeof(more_memory), 0};
	PmTransform lookup;
	char problem[PM_TRANSFORM_PROBLEM_MAX];
	PmValueFault fault;
	size_t at;
	int wrong = 0;
	Step *step = &steps[0];

	step->count = 0;
	for (int i = 0; i < COUNT; i++)
	{
		/* 7919 is a prime: all different, in no order */
		snprintf(keys[i], sizeof(keys[i]), "Key %d", i * 7919 % 1000003);
		snprintf(values[i], sizeof(values[i]), "%d", i);
		add_argument(step, text_of("table"), text_of(keys[i]), text_of(values[i]));
	}
	ok(pm_transform_compile(text_of("lookup"), step->arguments, step->count, &arena,
	                        &lookup, problem) == PM_TRANSFORM_OK,
	   "a table of 2 500 values");
	for (int i = 0; i < COUNT; i++)
	{
		PmText value = text_of(keys[i]);
		char other[32];
		PmText none;

		wrong +=
		    pm_transform_run(&lookup, 1, &value, &room, &fault, &at) != PM_TRANSFORM_OK ||
		    !same(value, text_of(values[i]));
		snprintf(other, sizeof(other), "%s0000000", keys[i]);
		none = text_of(other);
		wrong +=
		    pm_transform_run(&lookup, 1, &none, &room, &fault, &at) != PM_TRANSFORM_BAD ||
		    fault != PM_VALUE_NOT_IN_TABLE;
	}
	is_int(wrong, 0, "has them, and no others");
}

int
main(void)
{
	test_page();
	test_problems();
	test_own();
	test_join();
	test_growth();
	test_large_table();
	return tap_done();
}
