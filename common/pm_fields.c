/*
 * pm_fields.c - a record whose columns are met as it is read (XML, JSON)
 *
 * Names stay from record to record.  The one that came after this one the last time is
 * looked at first, as records have their keys in the same order; else it is searched for
 * among all in their order, in which no choice of names makes it slow.
 *
 * Values of a record stand one after another in one buffer; those of one column are chained
 * from the last to the first, the ones that were dropped among them.  Every array has a
 * bound that comes from max_columns or max_size, so that no record can make it grow without
 * end.
 */
#include "pm_fields.h"

#include <stdlib.h>
#include <string.h>

#include "pm_char.h"
#include "pm_reader_private.h"

#define NONE -1

typedef struct Name
{
	PmText text; /* with those it stands under */
	size_t key;  /* where its own part starts */
	int parent;
	int next;       /* that came after it the last time; NONE: none has */
	int column;     /* NONE: it has had no value yet */
	int latest;     /* number of values there were after the last one of it or under it */
	int64_t object; /* where pm_fields_once() met it */
	int mark;       /* and how many values there were then */
} Name;

typedef struct Value
{
	uint32_t start;
	uint32_t size;
	int column;   /* NONE: it was dropped */
	int previous; /* of the same column */
	bool is_number;
} Value;

typedef struct Column
{
	int last; /* value */
	int count;
} Column;

struct PmFields
{
	int max_columns;
	int max_names;
	int max_values;
	size_t max_size;
	char *joiner;
	size_t joiner_size;
	char separator;

	Name *names;
	int name_count;
	int name_room;
	int *sorted; /* by parent and key; without the root */
	int sorted_room;
	int name_before; /* that pm_fields_child() gave */

	Column *columns;
	PmText *column_names;
	PmText *result;
	bool *numbers;
	int column_count;
	int column_room;

	Value *values;
	int value_count;
	int value_room;
	PmBuffer text;
	PmBuffer joined;
};

/* Room for one more in an array of count elements of a size; NULL: no memory. */
static void *
grown(void *array, int count, int *room, size_t size)
{
	int more = *room == 0 ? 64 : *room * 2;

	if (count < *room)
		return array;
	array = realloc(array, (size_t) more * size);
	if (array != NULL)
		*room = more;
	return array;
}

/* Is key under parent before the name (negative), after it (positive), or the name? */
static inline int
compare(int parent, const char *key, size_t size, const Name *name)
{
	size_t name_size = name->text.size - name->key;

	if (parent != name->parent)
		return parent < name->parent ? -1 : 1;
	if (size != name_size)
		return size < name_size ? -1 : 1;
	return memcmp(key, name->text.data + name->key, size);
}

/* The place of key under parent among the names; *found: it is there. */
static int
find_place(const PmFields *fields, int parent, const char *key, size_t size, bool *found)
{
	int low = 0;
	int high = fields->name_count - 1;

	while (low < high)
	{
		int middle = low + (high - low) / 2;
		int order = compare(parent, key, size, &fields->names[fields->sorted[middle]]);

		if (order == 0)
		{
			*found = true;
			return middle;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	*found = false;
	return low;
}

/*
 * An empty record without columns.  joiner goes between values of one column, separator
 * between the parts of a name.  NULL: no memory.
 */
PmFields *
pm_fields_make(int max_columns, size_t max_size, const char *joiner, char separator)
{
	PmFields *fields = calloc(1, sizeof(*fields));

	if (fields == NULL)
		return NULL;
	if (max_size > INT32_MAX / 4)
		max_size = INT32_MAX / 4;
	fields->max_columns = max_columns;
	fields->max_names = max_columns < INT32_MAX / 8 ? max_columns * 4 + 64 : INT32_MAX / 2;
	fields->max_size = max_size;
	fields->max_values = (int) (max_size / 8) + 64;
	fields->joiner = strdup(joiner);
	fields->joiner_size = strlen(joiner);
	fields->separator = separator;
	fields->names = grown(NULL, 0, &fields->name_room, sizeof(Name));
	fields->sorted = grown(NULL, 0, &fields->sorted_room, sizeof(int));
	if (fields->joiner == NULL || fields->names == NULL || fields->sorted == NULL)
	{
		pm_fields_free(fields);
		return NULL;
	}
	memset(&fields->names[PM_FIELDS_ROOT], 0, sizeof(Name));
	fields->names[PM_FIELDS_ROOT].parent = NONE;
	fields->names[PM_FIELDS_ROOT].column = NONE;
	fields->names[PM_FIELDS_ROOT].next = NONE;
	fields->name_before = PM_FIELDS_ROOT;
	fields->names[PM_FIELDS_ROOT].text.data = strdup("");
	fields->name_count = 1;
	if (fields->names[PM_FIELDS_ROOT].text.data == NULL)
	{
		pm_fields_free(fields);
		return NULL;
	}
	return fields;
}

void
pm_fields_free(PmFields *fields)
{
	if (fields == NULL)
		return;
	for (int i = 0; i < fields->name_count; i++)
		free((char *) fields->names[i].text.data);
	free(fields->names);
	free(fields->sorted);
	free(fields->columns);
	free(fields->column_names);
	free(fields->result);
	free(fields->numbers);
	free(fields->values);
	free(fields->joiner);
	pm_buffer_free(&fields->text);
	pm_buffer_free(&fields->joined);
	free(fields);
}

/* Begins a record. */
void
pm_fields_clear(PmFields *fields)
{
	for (int i = 0; i < fields->column_count; i++)
	{
		fields->columns[i].last = NONE;
		fields->columns[i].count = 0;
	}
	for (int i = 0; i < fields->name_count; i++)
		fields->names[i].latest = 0;
	fields->value_count = 0;
	fields->text.size = 0;
	fields->joined.size = 0;
}

/* The name key under parent; negative: PM_FIELDS_NO_MEMORY, _TOO_MANY or _TOO_LONG. */
int
pm_fields_child(PmFields *fields, int parent, const char *key, size_t size)
{
	size_t above = fields->names[parent].text.size;
	int before = fields->name_before;
	int i = fields->names[before].next;
	bool found;
	Name *names;
	Name *name;
	char *text;
	int *sorted;
	int place;

	if (i != NONE && compare(parent, key, size, &fields->names[i]) == 0)
		return fields->name_before = i;
	place = find_place(fields, parent, key, size, &found);
	if (found)
		return fields->name_before = fields->names[before].next = fields->sorted[place];

	if (fields->name_count >= fields->max_names)
		return PM_FIELDS_TOO_MANY;
	if (size > PM_FIELDS_NAME_MAX || above + 1 + size > PM_FIELDS_NAME_MAX)
		return PM_FIELDS_TOO_LONG;
	sorted =
	    grown(fields->sorted, fields->name_count - 1, &fields->sorted_room, sizeof(int));
	if (sorted == NULL)
		return PM_FIELDS_NO_MEMORY;
	fields->sorted = sorted;
	names = grown(fields->names, fields->name_count, &fields->name_room, sizeof(Name));
	if (names == NULL)
		return PM_FIELDS_NO_MEMORY;
	fields->names = names;
	text = malloc(above + size + 2);
	if (text == NULL)
		return PM_FIELDS_NO_MEMORY;

	i = fields->name_count++;
	name = &names[i];
	memset(name, 0, sizeof(*name));
	if (parent != PM_FIELDS_ROOT)
	{
		memcpy(text, names[parent].text.data, above);
		text[above] = fields->separator;
		name->key = above + 1;
	}
	memcpy(text + name->key, key, size);
	text[name->key + size] = '\0';
	name->text.data = text;
	name->text.size = name->key + size;
	name->parent = parent;
	name->column = NONE;
	name->next = NONE;
	memmove(&sorted[place + 1], &sorted[place], (size_t) (i - 1 - place) * sizeof(int));
	sorted[place] = i;
	return fields->name_before = names[before].next = i;
}

/* Makes a name a column, the one of the same text if there is one ("a.b" as one key). */
static int
make_column(PmFields *fields, int name)
{
	const PmText *text = &fields->names[name].text;
	int room = fields->column_room;
	Column *columns;
	PmText *texts;
	PmText *result;
	bool *numbers;
	int i;

	for (i = 0; i < fields->column_count; i++)
		if (fields->column_names[i].size == text->size &&
		    memcmp(fields->column_names[i].data, text->data, text->size) == 0)
			return fields->names[name].column = i;
	if (fields->column_count >= fields->max_columns)
		return PM_FIELDS_TOO_MANY;

	columns = grown(fields->columns, fields->column_count, &room, sizeof(Column));
	if (columns == NULL)
		return PM_FIELDS_NO_MEMORY;
	fields->columns = columns;
	room = fields->column_room;
	texts = grown(fields->column_names, fields->column_count, &room, sizeof(PmText));
	if (texts == NULL)
		return PM_FIELDS_NO_MEMORY;
	fields->column_names = texts;
	room = fields->column_room;
	result = grown(fields->result, fields->column_count, &room, sizeof(PmText));
	if (result == NULL)
		return PM_FIELDS_NO_MEMORY;
	fields->result = result;
	room = fields->column_room;
	numbers = grown(fields->numbers, fields->column_count, &room, sizeof(bool));
	if (numbers == NULL)
		return PM_FIELDS_NO_MEMORY;
	fields->numbers = numbers;
	fields->column_room = room;

	i = fields->column_count++;
	columns[i].last = NONE;
	columns[i].count = 0;
	texts[i] = *text;
	return fields->names[name].column = i;
}

/*
 * Room for the next value, of which the source has size bytes: three times as many, for
 * U+FFFD.  NULL: no memory, or the record is longer than max_size.
 */
char *
pm_fields_room(PmFields *fields, size_t size)
{
	if (size > fields->max_size || fields->text.size > fields->max_size - size ||
	    !pm_buffer_reserve(&fields->text, fields->text.size + 3 * size))
		return NULL;
	return fields->text.data + fields->text.size;
}

/*
 * The first size bytes of that room are a value of name, which the source has as a number
 * or not; zero or a negative status.
 */
int
pm_fields_add(PmFields *fields, int name, size_t size, bool is_number)
{
	int column = fields->names[name].column;
	Value *values;

	if (column == NONE && (column = make_column(fields, name)) < 0)
		return column;
	if (fields->value_count >= fields->max_values)
		return PM_FIELDS_TOO_LONG;
	values = grown(fields->values, fields->value_count, &fields->value_room, sizeof(Value));
	if (values == NULL)
		return PM_FIELDS_NO_MEMORY;
	fields->values = values;

	values[fields->value_count].start = (uint32_t) fields->text.size;
	values[fields->value_count].size = (uint32_t) size;
	values[fields->value_count].column = column;
	values[fields->value_count].is_number = is_number;
	values[fields->value_count].previous = fields->columns[column].last;
	fields->columns[column].last = fields->value_count++;
	fields->columns[column].count++;
	fields->text.size += size;
	for (int i = name; i != NONE; i = fields->names[i].parent)
		fields->names[i].latest = fields->value_count;
	return 0;
}

/*
 * A key is met in an object (a number that no other object of the reader has).  If the
 * same object had it before, its values and those under it are dropped: the last one wins.
 * They are the ones from when it was met then up to its latest, as what is under a key
 * comes before the key after it.
 */
void
pm_fields_once(PmFields *fields, int name, int64_t object)
{
	Name *met = &fields->names[name];

	if (met->object == object)
		for (int i = met->mark; i < met->latest; i++)
		{
			Value *value = &fields->values[i];

			if (value->column != NONE)
				fields->columns[value->column].count--;
			value->column = NONE;
		}
	met->object = object;
	met->mark = fields->value_count;
}

/* The column of a name; -1: none yet. */
int
pm_fields_column(const PmFields *fields, int name)
{
	return fields->names[name].column;
}

/* A value, or the one before it in its column that was not dropped; NONE if there is none. */
static inline int
kept(const PmFields *fields, int value)
{
	while (value != NONE && fields->values[value].column == NONE)
		value = fields->values[value].previous;
	return value;
}

/* Ends a record: its values by column, there until the next record.  NULL: no memory. */
const PmText *
pm_fields_finish(PmFields *fields)
{
	static const PmText nothing = {NULL, 0};
	size_t size = 0;

	for (int i = 0; i < fields->column_count; i++)
	{
		const Column *column = &fields->columns[i];

		if (column->count < 2)
			continue;
		size += (size_t) (column->count - 1) * fields->joiner_size;
		for (int v = kept(fields, column->last); v != NONE;
		     v = kept(fields, fields->values[v].previous))
			size += fields->values[v].size;
	}
	/* at least a byte, so that an empty text has an address */
	if (!pm_buffer_reserve(&fields->joined, size + 1) ||
	    !pm_buffer_reserve(&fields->text, fields->text.size + 1))
		return NULL;

	for (int i = 0; i < fields->column_count; i++)
	{
		const Column *column = &fields->columns[i];
		PmText *result = &fields->result[i];
		const Value *value;
		size_t end;

		*result = nothing;
		fields->numbers[i] = false;
		if (column->count == 0)
			continue;
		if (column->count == 1)
		{
			value = &fields->values[kept(fields, column->last)];
			result->data = fields->text.data + value->start;
			result->size = value->size;
			fields->numbers[i] = value->is_number;
			continue;
		}

		/* chained from the last to the first: written from the end */
		result->size = (size_t) (column->count - 1) * fields->joiner_size;
		for (int v = kept(fields, column->last); v != NONE;
		     v = kept(fields, fields->values[v].previous))
			result->size += fields->values[v].size;
		result->data = fields->joined.data + fields->joined.size;
		end = fields->joined.size += result->size;
		for (int v = kept(fields, column->last), before; v != NONE; v = before)
		{
			value = &fields->values[v];
			before = kept(fields, value->previous);
			end -= value->size;
			memcpy(fields->joined.data + end, fields->text.data + value->start,
			       value->size);
			if (before != NONE)
			{
				end -= fields->joiner_size;
				memcpy(fields->joined.data + end, fields->joiner, fields->joiner_size);
			}
		}
	}
	return fields->column_count == 0 ? &nothing : fields->result;
}

/* Which of those values are single numbers, by column. */
const bool *
pm_fields_numbers(const PmFields *fields)
{
	return fields->numbers;
}

/* Has no value of the record anything but blanks? */
bool
pm_fields_are_blank(const PmFields *fields)
{
	for (int i = 0; i < fields->column_count; i++)
		for (int v = kept(fields, fields->columns[i].last); v != NONE;
		     v = kept(fields, fields->values[v].previous))
			for (uint32_t at = 0; at < fields->values[v].size; at++)
				if (!pm_is_space(fields->text.data[fields->values[v].start + at]))
					return false;
	return true;
}

/* How many columns there are, and their names in the order in which they were met. */
int
pm_fields_columns(const PmFields *fields, const PmText **names)
{
	*names = fields->column_names;
	return fields->column_count;
}
