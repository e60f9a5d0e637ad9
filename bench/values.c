/*
 * values.c - what a transform or a typed reader costs a value, on one core
 *
 *   values [ROUNDS]
 *
 * Each way goes over 1024 different values, again and again, in the cache as values of a
 * record are.  Beside them: memcpy of the same values, and strtod() of those that are numbers for
 * it.  Prints medians of the rounds in ns a value, which include the loop.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pm_date.h"
#include "pm_decimal.h"
#include "pm_transform.h"

#define VALUES     1024
#define VALUE_MAX  256
#define PASSES     100
#define ROUNDS_MAX 99

/* Values of one kind, each ended by a zero byte for strtod(). */
typedef struct Values
{
	PmText values[VALUES];
	char bytes[VALUES * VALUE_MAX];
} Values;

static Values values;
static char memory[1 << 20];
static char compiled[1 << 20];
static int rounds = 9;

/* A way to take a value; what it gives is added up, so that nothing is left out. */
typedef uint64_t (*Way)(PmText value, const void *with);

/* Time of the processor in ns: others that run meanwhile do not count. */
static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double) time.tv_sec * 1e9 + (double) time.tv_nsec;
}

static void
fail(const char *what)
{
	fprintf(stderr, "values: %s\n", what);
	exit(1);
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *) a;
	double y = *(const double *) b;

	return (x > y) - (x < y);
}

/* Makes values of a pattern: %d is a number below 100, %s a word. */
static void
make_values(const char *pattern, int number_max)
{
	static const char *const words[] = {"drill", "glasses", "lamp", "cups",
	                                    "hose",  "shoes",   "pen"};
	char *at = values.bytes;

	srand(1);
	for (int i = 0; i < VALUES; i++)
	{
		int size;

		if (strstr(pattern, "%s") != NULL)
			size = snprintf(at, VALUE_MAX, pattern, words[rand() % 7], rand() % number_max);
		else
			size = snprintf(at, VALUE_MAX, pattern, rand() % number_max, rand() % 10,
			                rand() % 10);
		if (size >= VALUE_MAX)
			fail("a value is too long");
		values.values[i].data = at;
		values.values[i].size = (size_t) size;
		at += size + 1;
	}
}

/* Measures one way over the values; returns ns a value. */
static double
measure(const char *name, Way way, const void *with, double target)
{
	double times[ROUNDS_MAX] = {0};
	volatile uint64_t sum = 0;

	for (int round = -1; round < rounds; round++)
	{
		double start = now();
		uint64_t found = 0;

		for (int pass = 0; pass < PASSES; pass++)
		{
			for (int i = 0; i < VALUES; i++)
				found += way(values.values[i], with);
		}
		sum += found;
		if (round >= 0)
			times[round] = (now() - start) / PASSES / VALUES;
	}
	qsort(times, (size_t) rounds, sizeof(times[0]), compare);
	printf(" %-34s | %-22s | %6.1f | ", name, values.values[0].data, times[rounds / 2]);
	if (target > 0)
		printf("%6.0f | %s\n", target, times[rounds / 2] <= target ? "met" : "missed");
	else
		printf("       |\n");
	return times[rounds / 2];
}

static uint64_t
way_memcpy(PmText value, const void *with)
{
	char *volatile out = memory;

	(void) with;
	memcpy(out, value.data, value.size);
	return value.size;
}

static uint64_t
way_strtod(PmText value, const void *with)
{
	double number = strtod(value.data, NULL);

	(void) with;
	return number > 0;
}

static uint64_t
way_numeric(PmText value, const void *with)
{
	char out[PM_NUMERIC_MAX];
	size_t size = 0;

	if (pm_decimal_numeric(value, with, out, &size) != PM_VALUE_GOOD)
		fail("a number is none");
	return size + (unsigned char) out[size - 1];
}

static uint64_t
way_integer(PmText value, const void *with)
{
	int64_t number = 0;

	(void) with;
	if (pm_decimal_integer(value, 0, INT32_MAX, &number) != PM_VALUE_GOOD)
		fail("an integer is none");
	return (uint64_t) number;
}

static uint64_t
way_days(PmText value, const void *with)
{
	PmDate date;

	(void) with;
	if (pm_date_read(value, &date) != PM_VALUE_GOOD)
		fail("a date is none");
	return (uint64_t) pm_date_days(date);
}

/* A chain that is compiled. */
typedef struct Chain
{
	PmTransform steps[4];
	size_t count;
} Chain;

static uint64_t
way_chain(PmText value, const void *with)
{
	const Chain *chain = with;
	PmArena arena = {memory, sizeof(memory), 0};
	PmValueFault fault;
	size_t at;

	if (pm_transform_run(chain->steps, chain->count, &value, &arena, &fault, &at) !=
	    PM_TRANSFORM_OK)
		fail(pm_value_fault_message(fault));
	return value.size;
}

/* Adds a transform to a chain, with one argument or none. */
static void
add(Chain *chain, PmArena *arena, const char *name, const char *argument_name,
    const char *text)
{
	PmArgument argument = {
	    {argument_name, argument_name == NULL ? 0 : strlen(argument_name)},
	    {NULL,          0	                                            },
	    {text,          text == NULL ? 0 : strlen(text)                  }
    };
	PmText kind = {name, strlen(name)};
	char problem[PM_TRANSFORM_PROBLEM_MAX];

	if (pm_transform_compile(kind, &argument, text != NULL, arena,
	                         &chain->steps[chain->count++], problem) != PM_TRANSFORM_OK)
		fail(problem);
}

/* Measures one or two transforms over values of a pattern. */
static void
measure_chain(const char *name, const char *first, const char *argument, const char *text,
              const char *second, const char *pattern, int number_max, double target)
{
	PmArena arena = {compiled, sizeof(compiled), 0};
	Chain chain = {.count = 0};

	add(&chain, &arena, first, argument, text);
	if (second != NULL)
		add(&chain, &arena, second, NULL, NULL);
	make_values(pattern, number_max);
	measure(name, way_chain, &chain, target);
}

/* Measures a lookup in a table of a thousand. */
static void
measure_lookup(void)
{
	enum
	{
		COUNT = 1000
	};
	static PmArgument arguments[COUNT];
	static char keys[COUNT][24];
	PmArena arena = {compiled, sizeof(compiled), 0};
	PmText name = {"lookup", 6};
	Chain chain = {.count = 1};
	char problem[PM_TRANSFORM_PROBLEM_MAX];

	for (int i = 0; i < COUNT; i++)
	{
		arguments[i].name.data = "table";
		arguments[i].name.size = 5;
		arguments[i].key.data = keys[i];
		arguments[i].key.size =
		    (size_t) snprintf(keys[i], sizeof(keys[i]), "Colour %d00", i);
		arguments[i].text.data = "x";
		arguments[i].text.size = 1;
	}
	if (pm_transform_compile(name, arguments, COUNT, &arena, &chain.steps[0], problem) !=
	    PM_TRANSFORM_OK)
		fail(problem);
	make_values("COLOUR %d00", COUNT);
	measure("lookup, 1000 values", way_chain, &chain, 0);
}

int
main(int argc, char **argv)
{
	static const PmDecimalType price = {12, 2, false};
	static const PmDecimalType any = {0, 0, false};

	if (argc > 1)
		rounds = atoi(argv[1]);
	if (argc > 2 || rounds < 1 || rounds > ROUNDS_MAX)
	{
		fprintf(stderr, "usage: values [ROUNDS]\n");
		return 2;
	}
	printf("%d values of each kind; one core; medians of %d rounds.\n", VALUES, rounds);
	printf(" %-34s | %-22s | ns     | target | verdict\n", "what", "such as");
	make_values("%d.%d0", 100);
	measure("memcpy", way_memcpy, NULL, 0);
	measure("strtod", way_strtod, NULL, 0);
	measure("decimal to numeric(12,2)", way_numeric, &price, 30);
	measure("decimal to numeric", way_numeric, &any, 30);
	make_values("%d12345678901.2345678", 100);
	measure("strtod", way_strtod, NULL, 0);
	measure("decimal to numeric", way_numeric, &any, 0);
	make_values("%d", 1000);
	measure("decimal to integer", way_integer, NULL, 30);
	make_values("20%02d-11-1%d", 100);
	measure("ISO date to days", way_days, NULL, 30);
	measure_chain("trim, collapse", "trim", NULL, NULL, "collapse", "Cordless %s %d V", 100,
	              10);
	make_values("Cordless %s %d V", 100);
	measure("memcpy", way_memcpy, NULL, 0);
	measure_chain(
	    "trim, collapse: 78 bytes", "trim", NULL, NULL, "collapse",
	    "Cordless %s %d V, with a case of steel and two batteries, 2 Ah, made to last", 100,
	    0);
	measure_chain("trim, collapse: accents", "trim", NULL, NULL, "collapse",
	              "Perceuse été %s %d V", 100, 0);
	measure_chain("trim, collapse: dirty", "trim", NULL, NULL, "collapse",
	              " Cordless  %s\t%d V ", 100, 0);
	measure_chain("upper", "upper", NULL, NULL, NULL, "Cordless %s %d V", 100, 0);
	measure_chain("title: accents", "title", NULL, NULL, NULL, "perceuse été %s %d", 100,
	              0);
	measure_chain("empty", "empty", NULL, NULL, NULL, "Cordless %s %d V", 100, 0);
	measure_chain("decimal: plain", "decimal", NULL, NULL, NULL, "%d.%d0", 100, 0);
	measure_chain("decimal: comma", "decimal", NULL, ",", NULL, "%d,%d0", 100, 0);
	measure_chain("decimal: found out", "decimal", NULL, NULL, NULL, "1%d.234,%d0 €", 10,
	              0);
	measure_chain("currency", "currency", NULL, NULL, NULL, "%d,%d0 €", 100, 0);
	measure_chain("unit: kg to kg", "unit", NULL, "kg", NULL, "%d,%d5 kg", 100, 0);
	measure_chain("unit: lb to kg", "unit", NULL, "kg", NULL, "%d,%d5 lb", 100, 0);
	measure_chain("date: ISO", "date", NULL, NULL, NULL, "20%02d-11-1%d", 100, 0);
	measure_chain("date: DD/MM/YYYY", "date", NULL, "DD/MM/YYYY", NULL, "1%d/11/202%d", 10,
	              0);
	measure_chain("date: found out", "date", NULL, NULL, NULL, "1%d mars 202%d", 10, 0);
	measure_chain("boolean", "boolean", NULL, NULL, NULL, "Oui", 10, 0);
	measure_lookup();
	measure_chain("html_text", "html_text", NULL, NULL, NULL,
	              "<p>A %s &amp; <b>%d</b> others</p>", 100, 0);
	measure_chain("html_text: no HTML", "html_text", NULL, NULL, NULL, "Cordless %s %d V",
	              100, 0);
	return 0;
}
