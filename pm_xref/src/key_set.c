/*
 * key_set.c - a set of keys in memory
 *
 * Open addressing with linear probing, at most three quarters full.  A slot holds an
 * integer (8 bytes), a uuid (16), or the hash of a text and a pointer to its bytes.
 * All bits zero is an empty slot, so the key zero is kept apart.  A set with marks has
 * one more bit a slot: whether somebody named the key again.
 *
 * Work is done by batches: every slot of a batch is prefetched before the first is
 * looked at, or each look would wait for memory.
 *
 * The set never takes more than its limit: when it would have to grow beyond,
 * pm_xref_set_add() says so and adds nothing.  Keys cannot be removed.
 */
#include "pm_xref_module.h"

#include <sys/mman.h>

#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#define SLOTS_MIN   1024
#define HUGE_PAGE   ((Size) 2 * 1024 * 1024)
#define CHUNK_BYTES ((Size) 256 * 1024)

/* A slot of a text. */
typedef struct TextSlot
{
	uint64 hash;
	char *text; /* length in an int32, then the bytes; NULL: empty */
} TextSlot;

/* Texts follow each other in chunks. */
typedef struct Chunk
{
	struct Chunk *next;
	Size used;
	Size size;
	char data[FLEXIBLE_ARRAY_MEMBER];
} Chunk;

struct KeySet
{
	KeyKind kind;
	uint32 width; /* of a slot, in uint64 */
	uint64 mask;  /* slots - 1 */
	uint64 count; /* keys in slots */
	uint64 *slots;
	uint8 *marks; /* or NULL */
	bool has_zero;
	bool zero_marked;
	Size limit;
	Size text_bytes; /* in chunks */
	Chunk *chunks;
	MemoryContext context;
};

/* Slots of what the kind needs, in uint64. */
static uint32
slot_width(KeyKind kind)
{
	return kind == KEY_UUID || kind == KEY_TEXT ? 2 : 1;
}

/* Memory of so many slots. */
static Size
slots_size(const KeySet *set, uint64 slots, bool marks)
{
	return slots * set->width * sizeof(uint64) + (marks ? slots / 8 : 0);
}

/*
 * Asks for huge pages for what lies within: slots are looked at all over, and small
 * pages would have to be looked up for almost each.  No harm is done if there are none.
 */
static void
want_huge_pages(void *memory, Size size)
{
#ifdef MADV_HUGEPAGE
	char *from = (char *) TYPEALIGN(HUGE_PAGE, memory);
	char *to = (char *) TYPEALIGN_DOWN(HUGE_PAGE, (char *) memory + size);

	if (from < to)
		(void) madvise(from, to - from, MADV_HUGEPAGE);
#endif
}

/* Gives the set empty slots, as many as a power of two. */
static void
make_slots(KeySet *set, uint64 slots, bool marks)
{
	Size size = slots_size(set, slots, false);

	set->slots = MemoryContextAllocHuge(set->context, size);
	want_huge_pages(set->slots, size);
	memset(set->slots, 0, size);
	if (marks)
		set->marks = MemoryContextAllocExtended(set->context, slots / 8,
		                                        MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	set->mask = slots - 1;
}

/*
 * An empty set for about so many keys, in a memory context of its own.  It starts as
 * large as the estimate asks for, but within the limit in bytes.
 */
KeySet *
pm_xref_make_set(KeyKind kind, double estimate, Size limit, bool marks)
{
	MemoryContext context =
	    AllocSetContextCreate(CurrentMemoryContext, "pm_xref keys", ALLOCSET_DEFAULT_SIZES);
	KeySet *set = MemoryContextAllocZero(context, sizeof(KeySet));
	uint64 slots = SLOTS_MIN;

	set->context = context;
	set->kind = kind;
	set->width = slot_width(kind);
	set->limit = limit;
	/* texts need room beside their slots */
	if (kind == KEY_TEXT)
		limit /= 2;
	while (slots * 0.75 < estimate * 1.05 && slots_size(set, slots * 2, marks) <= limit)
		slots *= 2;
	make_slots(set, slots, marks);
	return set;
}

/* Frees the set and all its memory. */
void
pm_xref_free_set(KeySet *set)
{
	MemoryContextDelete(set->context);
}

/* How many keys a set of this limit holds at least; texts are taken to be short. */
double
pm_xref_set_capacity(KeyKind kind, Size limit)
{
	Size each = slot_width(kind) * sizeof(uint64);
	uint64 slots = SLOTS_MIN;

	if (kind == KEY_TEXT)
		limit /= 2;
	while (slots * 2 * each + slots / 4 <= limit)
		slots *= 2;
	return slots * 0.75;
}

/* Bytes of a set for so many keys that is made for them. */
double
pm_xref_set_need(KeyKind kind, double keys)
{
	double slots = SLOTS_MIN;

	while (slots * 0.75 < keys * 1.05)
		slots *= 2;
	return slots * slot_width(kind) * sizeof(uint64);
}

/*
 * The slot of a key, or the empty one where it belongs.  The width is a constant
 * where this is inlined.
 */
static inline uint64
find_slot(const KeySet *set, const KeyBatch *batch, int i, uint32 width, bool text)
{
	const uint64 *word = batch->word[i];
	uint64 at = batch->hash[i] & set->mask;

	for (;; at = (at + 1) & set->mask)
	{
		const uint64 *slot = set->slots + at * width;

		if (text)
		{
			const TextSlot *t = (const TextSlot *) slot;
			int32 length;

			if (t->text == NULL)
				return at;
			if (t->hash != batch->hash[i])
				continue;
			memcpy(&length, t->text, sizeof(length));
			if (length == (int32) word[1] &&
			    memcmp(t->text + sizeof(length), batch->bytes.data + word[0], length) == 0)
				return at;
			continue;
		}
		if (slot[0] == word[0] && (width == 1 || slot[1] == word[1]))
			return at;
		if (slot[0] == 0 && (width == 1 || slot[1] == 0))
			return at;
	}
}

/* The same for whatever the set holds. */
static inline uint64
find_any(const KeySet *set, const KeyBatch *batch, int i)
{
	if (set->kind == KEY_TEXT)
		return find_slot(set, batch, i, 2, true);
	return set->width == 1 ? find_slot(set, batch, i, 1, false)
	                       : find_slot(set, batch, i, 2, false);
}

/* Is it a key whose slot would look empty? */
static inline bool
is_zero(const KeySet *set, const KeyBatch *batch, int i)
{
	return set->kind != KEY_TEXT && batch->word[i][0] == 0 && batch->word[i][1] == 0;
}

/* Is the slot empty? */
static inline bool
is_empty(const KeySet *set, uint64 at)
{
	const uint64 *slot = set->slots + at * set->width;

	if (set->kind == KEY_TEXT)
		return ((const TextSlot *) slot)->text == NULL;
	return slot[0] == 0 && (set->width == 1 || slot[1] == 0);
}

/* Fetches the slots of the batch into the cache. */
static void
prefetch(const KeySet *set, const KeyBatch *batch)
{
	for (int i = 0; i < batch->count; i++)
		__builtin_prefetch(set->slots + (batch->hash[i] & set->mask) * set->width);
	if (set->kind != KEY_TEXT)
		return;
	for (int i = 0; i < batch->count; i++)
	{
		const TextSlot *slot = (const TextSlot *) set->slots + (batch->hash[i] & set->mask);

		__builtin_prefetch(slot->text);
	}
}

/* Doubles the slots.  Nothing has been marked yet. */
static void
grow(KeySet *set)
{
	uint64 *old = set->slots;
	uint64 slots = set->mask + 1;
	KeyBatch *batch = pm_xref_make_batch(set->kind);
	bool marks = set->marks != NULL;

	if (marks)
		pfree(set->marks);
	make_slots(set, slots * 2, marks);
	for (uint64 from = 0; from < slots; from++)
	{
		const uint64 *slot = old + from * set->width;

		if (set->kind == KEY_TEXT)
		{
			const TextSlot *text = (const TextSlot *) slot;
			uint64 at = text->hash & set->mask;

			if (text->text == NULL)
				continue;
			while (!is_empty(set, at))
				at = (at + 1) & set->mask;
			((TextSlot *) set->slots)[at] = *text;
			continue;
		}
		batch->word[0][0] = slot[0];
		batch->word[0][1] = set->width == 2 ? slot[1] : 0;
		if (is_zero(set, batch, 0))
			continue;
		batch->count = 1;
		pm_xref_hash_batch(batch);
		memcpy(set->slots + find_any(set, batch, 0) * set->width, slot,
		       set->width * sizeof(uint64));
	}
	pfree(old);
	pfree(batch->bytes.data);
	pfree(batch);
}

/*
 * Makes sure that a whole batch has room.  False: that would take more than the limit.
 */
static bool
make_room(KeySet *set, const KeyBatch *batch)
{
	uint64 slots = set->mask + 1;
	bool marks = set->marks != NULL;
	/* at the end of a chunk some is lost, no more than the largest text of a batch */
	Size texts = set->text_bytes +
	             (set->kind == KEY_TEXT
	                  ? 2 * ((Size) batch->bytes.len + BATCH_KEYS * 8) + CHUNK_BYTES
	                  : 0);

	if (slots_size(set, slots, marks) + texts > set->limit && set->count > 0)
		return false;
	if (set->count + batch->count <= slots / 4 * 3)
		return true;
	/* the old slots are there until the new ones are filled */
	if (slots_size(set, slots * 3, marks) + texts > set->limit)
		return false;
	grow(set);
	return true;
}

/* A copy of a text in the set's memory. */
static char *
keep_text(KeySet *set, const char *bytes, int32 length)
{
	Size size = MAXALIGN(sizeof(int32) + length);
	Chunk *chunk = set->chunks;
	char *text;

	if (chunk == NULL || chunk->size - chunk->used < size)
	{
		Size data = Max(size, CHUNK_BYTES - offsetof(Chunk, data));

		chunk = MemoryContextAllocHuge(set->context, offsetof(Chunk, data) + data);
		chunk->size = data;
		chunk->used = 0;
		chunk->next = set->chunks;
		set->chunks = chunk;
		set->text_bytes += data;
	}
	text = chunk->data + chunk->used;
	chunk->used += size;
	memcpy(text, &length, sizeof(length));
	memcpy(text + sizeof(length), bytes, length);
	return text;
}

/*
 * Adds the keys of a batch that has its hashes.  False: there is no room for them
 * within the limit, and none was added.
 */
bool
pm_xref_set_add(KeySet *set, const KeyBatch *batch)
{
	if (!make_room(set, batch))
		return false;
	prefetch(set, batch);
	for (int i = 0; i < batch->count; i++)
	{
		uint64 at;

		if (is_zero(set, batch, i))
		{
			set->has_zero = true;
			continue;
		}
		at = find_any(set, batch, i);
		if (!is_empty(set, at))
			continue;
		set->count++;
		if (set->kind == KEY_TEXT)
		{
			TextSlot *slot = (TextSlot *) set->slots + at;

			slot->hash = batch->hash[i];
			slot->text = keep_text(set, batch->bytes.data + batch->word[i][0],
			                       (int32) batch->word[i][1]);
		}
		else
			memcpy(set->slots + at * set->width, batch->word[i],
			       set->width * sizeof(uint64));
	}
	return true;
}

/* Marks those keys of a batch that the set has; it must have been made with marks. */
void
pm_xref_set_mark(KeySet *set, const KeyBatch *batch)
{
	prefetch(set, batch);
	for (int i = 0; i < batch->count; i++)
	{
		uint64 at;

		if (is_zero(set, batch, i))
		{
			set->zero_marked = true;
			continue;
		}
		at = find_any(set, batch, i);
		if (!is_empty(set, at))
			set->marks[at / 8] |= 1 << at % 8;
	}
}

/*
 * Sets for each key of a batch whether it lacks its mark in a set with marks, or is
 * not in a set without.  Every key asked for must be in a set with marks.
 */
void
pm_xref_set_lacks(KeySet *set, const KeyBatch *batch, bool *lacks)
{
	prefetch(set, batch);
	for (int i = 0; i < batch->count; i++)
	{
		uint64 at;

		if (is_zero(set, batch, i))
			lacks[i] = set->marks ? !set->zero_marked : !set->has_zero;
		else
		{
			at = find_any(set, batch, i);
			lacks[i] = set->marks ? !(set->marks[at / 8] & 1 << at % 8) : is_empty(set, at);
		}
	}
}

/*
 * Takes the next keys of the set into an empty batch, with their hashes; *place is 0
 * at first.  False: there are no more.
 */
bool
pm_xref_set_next(KeySet *set, uint64 *place, KeyBatch *batch)
{
	static const uint64 zero[2] = {0, 0};
	uint64 slots = set->mask + 1;

	for (; *place < slots && batch->count < BATCH_KEYS; (*place)++)
	{
		const uint64 *slot = set->slots + *place * set->width;

		if (is_empty(set, *place))
			continue;
		if (set->kind == KEY_TEXT)
		{
			const char *text = ((const TextSlot *) slot)->text;
			int32 length;

			memcpy(&length, text, sizeof(length));
			(void) pm_xref_add_bytes(batch, text + sizeof(length), length);
			continue;
		}
		memcpy(batch->word[batch->count], zero, sizeof(zero));
		memcpy(batch->word[batch->count], slot, set->width * sizeof(uint64));
		batch->count++;
	}
	if (*place == slots && batch->count < BATCH_KEYS)
	{
		(*place)++;
		if (set->has_zero)
			memcpy(batch->word[batch->count++], zero, sizeof(zero));
	}
	pm_xref_hash_batch(batch);
	return batch->count > 0;
}
