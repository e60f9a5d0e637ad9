/*
 * suggest.c - which column of a file is what: its first records are looked at
 *
 * The file is read as an import would read it; nothing is written and the catalog is not
 * asked.  What headings and values say is pm_suggest.h's; 64_suggest.sql makes documents of
 * a config out of it.
 */
#include "import.h"
#include "pm_imports_module.h"

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/json.h"

#include "pm_suggest.h"
#include "pm_utf8.h"

#define SAMPLES    3
#define SAMPLE_MAX 100 /* characters */
#define OTHERS     3   /* targets that a column could be as well */

/* A column, with values of it that differ. */
typedef struct Column
{
	PmSuggestColumn seen;
	char *samples[SAMPLES];
	int sample_count;
} Column;

/* Columns, as many as were met. */
typedef struct Columns
{
	Column *all;
	int count;
	int room;
} Columns;

/* Has at least so many columns. */
static void
have_columns(Columns *columns, int count)
{
	if (count > columns->room)
	{
		int room = Max(count, 2 * columns->room);
		Column *all = palloc0(room * sizeof(Column));

		for (int i = 0; i < columns->count; i++)
			all[i] = columns->all[i];
		columns->all = all;
		columns->room = room;
	}
	columns->count = Max(columns->count, count);
}

/* Keeps a value as an example, unless there are enough or it is one. */
static void
keep_sample(Column *column, PmText value)
{
	char *sample;

	if (column->sample_count == SAMPLES || value.size == 0)
		return;
	sample = pnstrdup(value.data, pm_utf8_clip(value.data, value.size, SAMPLE_MAX));
	for (int i = 0; i < column->sample_count; i++)
		if (strcmp(column->samples[i], sample) == 0)
			return;
	column->samples[column->sample_count++] = sample;
}

/* Looks at the first records; returns how many there were. */
static int
look(PmReader *reader, int rows, Columns *columns)
{
	PmRecord record;
	int number = 0;

	while (number < rows && pm_imports_preview_next(reader, &record))
	{
		number++;
		if (record.fault != PM_RECORD_GOOD)
			continue;
		have_columns(columns, record.field_count);
		for (int i = 0; i < record.field_count; i++)
		{
			Column *column = &columns->all[i];

			if (record.fields[i].data == NULL)
				continue;
			pm_suggest_see(&column->seen, record.fields[i]);
			keep_sample(column, record.fields[i]);
		}
	}
	return number;
}

/* Appends the targets that a column could be as well, the likeliest first. */
static void
append_others(StringInfo json, const float scores[PM_SUGGEST_COUNT], PmSuggestTarget chosen)
{
	bool shown[PM_SUGGEST_COUNT] = {false};

	appendStringInfoString(json, ", \"others\": [");
	for (int n = 0; n < OTHERS; n++)
	{
		int best = -1;

		for (int i = 0; i < PM_SUGGEST_COUNT; i++)
			if (i != (int) chosen && !shown[i] && scores[i] >= PM_SUGGEST_LEAST &&
			    (best < 0 || scores[i] > scores[best]))
				best = i;
		if (best < 0)
			break;
		shown[best] = true;
		appendStringInfo(json, "%s\"%s\"", n > 0 ? ", " : "",
		                 pm_suggest_name((PmSuggestTarget) best));
	}
	appendStringInfoChar(json, ']');
}

/* Appends a column with what it may be, and what was seen in it. */
static void
append_column(StringInfo json, int number, const Column *column, const PmText *name,
              const float scores[PM_SUGGEST_COUNT], PmSuggestion suggestion)
{
	const struct
	{
		const char *name;
		int64 count;
	} counts[] = {
	    {"filled",     column->seen.filled    },
        {"gtins",      column->seen.gtins     },
	    {"numbers",    column->seen.numbers   },
        {"commas",     column->seen.commas    },
	    {"points",     column->seen.points    },
        {"money",      column->seen.money     },
	    {"quantities", column->seen.quantities},
        {"marked_up",  column->seen.marked_up }
    };

	appendStringInfo(json, "%s{\"position\": %d, \"column\": ", number > 1 ? ", " : "",
	                 number);
	if (name == NULL)
		appendStringInfoString(json, "null");
	else
		escape_json(json, pnstrdup(name->data, name->size));
	if (suggestion.target == PM_SUGGEST_COUNT)
		appendStringInfoString(json, ", \"target\": null, \"confidence\": null");
	else
		appendStringInfo(json, ", \"target\": \"%s\", \"confidence\": %.2f",
		                 pm_suggest_name(suggestion.target), suggestion.score);
	append_others(json, scores, suggestion.target);
	appendStringInfoString(json, ", \"samples\": [");
	for (int i = 0; i < column->sample_count; i++)
	{
		appendStringInfoString(json, i > 0 ? ", " : "");
		escape_json(json, column->samples[i]);
	}
	appendStringInfoString(json, "], \"seen\": {");
	for (int i = 0; i < lengthof(counts); i++)
		appendStringInfo(json, "%s\"%s\": " INT64_FORMAT, i > 0 ? ", " : "", counts[i].name,
		                 counts[i].count);
	appendStringInfoString(json, "}}");
}

PG_FUNCTION_INFO_V1(pm_imports__suggest);

/*
 * _suggest(plan, path, content, rows): what the columns of the file at path, or of content,
 * may be, and what the file is.  Throws what keeps the file from being read.
 */
Datum
pm_imports__suggest(PG_FUNCTION_ARGS)
{
	MemoryContext memory =
	    AllocSetContextCreate(CurrentMemoryContext, "suggest", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(memory);
	ImportPlan *plan;
	Columns columns = {NULL, 0, 0};
	const PmText *names;
	int name_count;
	float(*scores)[PM_SUGGEST_COUNT];
	PmSuggestion *suggestions;
	StringInfoData json;
	PmReader *reader;
	char *found;
	int rows;
	Datum result;

	reader = pm_imports_preview_open(fcinfo, memory, &plan);
	rows = look(reader, PG_GETARG_INT32(3), &columns);
	found = pm_imports_found(reader);
	name_count = pm_reader_columns(reader, &names);
	have_columns(&columns, name_count);
	scores = palloc0(Max(1, columns.count) * sizeof(*scores));
	suggestions = palloc0(Max(1, columns.count) * sizeof(PmSuggestion));
	for (int i = 0; i < columns.count; i++)
		pm_suggest_score(&columns.all[i].seen, i < name_count ? names[i] : (PmText){"", 0},
		                 scores[i]);
	pm_suggest_choose(columns.count, (const float(*)[PM_SUGGEST_COUNT]) scores,
	                  suggestions);

	initStringInfo(&json);
	appendStringInfo(&json, "{\"rows\": %d, \"found\": %s, \"columns\": [", rows, found);
	for (int i = 0; i < columns.count; i++)
		append_column(&json, i + 1, &columns.all[i], i < name_count ? &names[i] : NULL,
		              scores[i], suggestions[i]);
	appendStringInfoString(&json, "]}");
	MemoryContextSwitchTo(old);
	result = DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
	MemoryContextDelete(memory);
	return result;
}
