/*
 * pm_transform_table.c - transforms by tables of texts: empty, lookup
 *
 * A table is sorted when it is compiled and searched by halves.  Unless told otherwise it is
 * searched for a value as people compare them: folded, without blanks around it.
 */
#include <string.h>

#include "pm_attribute.h"
#include "pm_blank.h"
#include "pm_fold.h"
#include "pm_transform_private.h"

#define SHORT_MAX 64 /* bytes that are folded without the arena */
#define NONE_MAX  24 /* bytes of a word for nothing, not folded */

/* Words for nothing, folded, in the order of pm_text_compare. */
#define NONE(text)                \
	{                             \
		{text, sizeof(text) - 1}, \
		{                         \
			NULL, 0               \
		}                         \
	}

/* clang-format off */
static const PmKeyEntry none_entries[] = {
    NONE(""), NONE("-"), NONE("."), NONE("?"), NONE("--"), NONE("\\n"), NONE("---"),
    NONE("k.a"), NONE("n.a"), NONE("n.c"), NONE("n.d"), NONE("n/a"), NONE("n/c"),
    NONE("n/d"), NONE("nan"), NONE("nil"), NONE("s/o"), NONE("–"), NONE("—"), NONE("#n/a"),
    NONE("k.a."), NONE("n.a."), NONE("n.c."), NONE("n.d."), NONE("null"), NONE("#num!"),
    NONE("#ref!"), NONE("k. a."), NONE("#name?"), NONE("#null!"), NONE("(leer)"),
    NONE("(null)"), NONE("(vide)"), NONE("#div/0!"), NONE("#value!"), NONE("(blank)"),
    NONE("(vacio)"), NONE("(vuoto)"), NONE("inconnu"), NONE("unknown"), NONE("no aplica"),
    NONE("unbekannt"), NONE("desconocido"), NONE("sconosciuto"), NONE("keine angabe"),
    NONE("no disponible"), NONE("non renseigne"), NONE("not available"),
    NONE("non applicable"), NONE("non communique"), NONE("non disponible"),
    NONE("not applicable"), NONE("nicht verfugbar"), NONE("non applicabile"),
    NONE("non disponibile"),
};
/* clang-format on */

/* How a key is written in a table. */
static PmTransformStatus
normalize(const PmKeys *keys, PmText text, PmArena *arena, PmText *key)
{
	char *bytes;

	if (keys->exact)
		return pm_copy_text(arena, text, key) ? PM_TRANSFORM_OK : PM_TRANSFORM_FULL;
	text = pm_blank_trim(text);
	bytes = pm_arena_bytes(arena, text.size);
	if (bytes == NULL)
		return PM_TRANSFORM_FULL;
	key->data = bytes;
	key->size = pm_fold(text.data, text.size, bytes);
	return PM_TRANSFORM_OK;
}

/* Makes room for a table of so many entries; false if the arena is too small. */
bool
pm_keys_make(PmCompile *from, PmKeys *keys, size_t count)
{
	keys->count = 0;
	keys->room = pm_arena_object(from->arena, count * sizeof(PmKeyEntry));
	keys->entries = keys->room;
	return keys->room != NULL;
}

/* Adds a key to a table whose entries have room for it. */
PmTransformStatus
pm_keys_add(PmCompile *from, PmKeys *keys, PmText key, PmText value)
{
	PmKeyEntry *entry = &keys->room[keys->count];

	entry->value = value;
	if (normalize(keys, key, from->arena, &entry->key) != PM_TRANSFORM_OK ||
	    (value.data != NULL && !pm_copy_text(from->arena, value, &entry->value)))
		return PM_TRANSFORM_FULL;
	keys->count++;
	return PM_TRANSFORM_OK;
}

/* Lets an entry sink to its place in a heap of count entries, the last one on top. */
static void
sink(PmKeyEntry *entries, size_t at, size_t count)
{
	PmKeyEntry entry = entries[at];

	for (size_t child; (child = 2 * at + 1) < count; at = child)
	{
		if (child + 1 < count &&
		    pm_text_compare(entries[child].key, entries[child + 1].key) < 0)
			child++;
		if (pm_text_compare(entry.key, entries[child].key) >= 0)
			break;
		entries[at] = entries[child];
	}
	entries[at] = entry;
}

/* Sorts a table; a key that is there twice with different values is a problem. */
PmTransformStatus
pm_keys_sort(PmCompile *from, PmKeys *keys)
{
	for (size_t i = keys->count / 2; i-- > 0;)
		sink(keys->room, i, keys->count);
	for (size_t i = keys->count; i-- > 1;)
	{
		PmKeyEntry entry = keys->room[i];

		keys->room[i] = keys->room[0];
		keys->room[0] = entry;
		sink(keys->room, 0, i);
	}
	for (size_t i = 1; i < keys->count; i++)
	{
		const PmKeyEntry *one = &keys->room[i - 1];
		const PmKeyEntry *other = &keys->room[i];

		if (pm_text_compare(one->key, other->key) == 0 &&
		    pm_text_compare(one->value, other->value) != 0)
			return pm_problem(from, "\"%.*s\" is there twice, with different values",
			                  other->key);
	}
	return PM_TRANSFORM_OK;
}

/* Finds the entry of a text; *entry is NULL if there is none.  Needs the arena for long texts. */
PmTransformStatus
pm_keys_find(const PmKeys *keys, PmText text, PmArena *arena, const PmKeyEntry **entry)
{
	char brief[SHORT_MAX];
	PmArena own = {brief, sizeof(brief), 0};
	PmText key = text;
	size_t used = arena->used;
	size_t low = 0;
	size_t high = keys->count;

	*entry = NULL;
	if (!keys->exact && normalize(keys, text, &own, &key) != PM_TRANSFORM_OK &&
	    normalize(keys, text, arena, &key) != PM_TRANSFORM_OK)
		return PM_TRANSFORM_FULL;
	while (low < high)
	{
		size_t middle = low + (high - low) / 2;
		int order = pm_text_compare(key, keys->entries[middle].key);

		if (order == 0)
		{
			*entry = &keys->entries[middle];
			break;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	arena->used = used;
	return PM_TRANSFORM_OK;
}

/* The list of values that mean none, or the one above. */
static PmTransformStatus
compile_empty(PmCompile *from, const void **compiled)
{
	PmKeys *keys = pm_arena_object(from->arena, sizeof(*keys));
	PmText nothing = {NULL, 0};

	*compiled = keys;
	if (keys == NULL)
		return PM_TRANSFORM_FULL;
	keys->exact = false;
	keys->entries = none_entries;
	keys->count = sizeof(none_entries) / sizeof(none_entries[0]);
	if (from->count == 0)
		return PM_TRANSFORM_OK;
	if (!pm_keys_make(from, keys, from->count))
		return PM_TRANSFORM_FULL;
	for (size_t i = 0; i < from->count; i++)
	{
		if (pm_keys_add(from, keys, from->arguments[i].text, nothing) != PM_TRANSFORM_OK)
			return PM_TRANSFORM_FULL;
	}
	return pm_keys_sort(from, keys);
}

/* Makes none of what means none. */
static PmTransformStatus
run_empty(const void *compiled, PmText *value, PmArena *arena, PmValueFault *fault)
{
	const PmKeys *keys = compiled;
	const PmKeyEntry *entry = NULL;

	(void) fault;
	if (value->data == NULL)
		return PM_TRANSFORM_OK;
	if (keys->entries == none_entries && pm_blank_trim(*value).size > NONE_MAX)
		return PM_TRANSFORM_OK;
	if (pm_keys_find(keys, *value, arena, &entry) != PM_TRANSFORM_OK)
		return PM_TRANSFORM_FULL;
	if (entry != NULL)
	{
		value->data = NULL;
		value->size = 0;
	}
	return PM_TRANSFORM_OK;
}

/* What becomes of a value that a table does not have. */
typedef enum Otherwise
{
	OTHERWISE_FAULT,
	OTHERWISE_KEEP,
	OTHERWISE_EMPTY
} Otherwise;

static const char *const otherwise_names[] = {"fault", "keep", "empty", NULL};
static const char *const matches[] = {"folded", "exact", NULL};

typedef struct Lookup
{
	PmKeys keys;
	Otherwise otherwise;
} Lookup;

static PmTransformStatus
compile_lookup(PmCompile *from, const void **compiled)
{
	Lookup *lookup = pm_arena_object(from->arena, sizeof(*lookup));

	*compiled = lookup;
	if (lookup == NULL || !pm_keys_make(from, &lookup->keys, from->count))
		return PM_TRANSFORM_FULL;
	lookup->otherwise = (Otherwise) pm_given_choice(from, 1, OTHERWISE_FAULT);
	lookup->keys.exact = pm_given_choice(from, 2, 0) == 1;
	for (size_t i = 0; i < from->count; i++)
	{
		const PmArgument *argument = &from->arguments[i];

		if (argument->key.data != NULL && pm_keys_add(from, &lookup->keys, argument->key,
		                                              argument->text) != PM_TRANSFORM_OK)
			return PM_TRANSFORM_FULL;
	}
	return pm_keys_sort(from, &lookup->keys);
}

/* Writes what the table has for a value. */
static PmTransformStatus
run_lookup(const void *compiled, PmText *value, PmArena *arena, PmValueFault *fault)
{
	const Lookup *lookup = compiled;
	const PmKeyEntry *entry;

	if (value->data == NULL)
		return PM_TRANSFORM_OK;
	if (pm_keys_find(&lookup->keys, *value, arena, &entry) != PM_TRANSFORM_OK)
		return PM_TRANSFORM_FULL;
	if (entry != NULL)
		*value = entry->value;
	else if (lookup->otherwise == OTHERWISE_EMPTY || pm_blank_trim(*value).size == 0)
	{
		value->data = NULL;
		value->size = 0;
	}
	else if (lookup->otherwise == OTHERWISE_FAULT)
	{
		*fault = PM_VALUE_NOT_IN_TABLE;
		return PM_TRANSFORM_BAD;
	}
	return PM_TRANSFORM_OK;
}

/* clang-format off */
const PmTransformKind pm_table_transforms[] = {
    {"empty", run_empty, compile_empty, {PM_LIST("values")}},
    {"lookup", run_lookup, compile_lookup,
     {PM_TABLE("table"), PM_CHOICE("else", otherwise_names), PM_CHOICE("match", matches)}},
    {NULL, NULL, NULL, {{0}}},
};
/* clang-format on */
