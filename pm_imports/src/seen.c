/*
 * seen.c - exact sets of 128-bit values in bounded memory
 *
 * Values are what hashes give, or numbers mixed by one, so they are spread evenly.  New
 * ones go into a table in memory, which grows to three quarters of what the set may take.
 * A table that is full is sorted and becomes a run in a temporary file; of all that is in
 * runs a filter of bits stays in memory, which says no at once to most values that are
 * new.  A value that it lets pass is looked for in the runs, in each by guessing its place
 * from its height and reading around there: a block or two.  The filter may be wrong about
 * a value that is new, the runs are not.
 *
 * Files are temporary files of the server that outlive transactions.
 */
#include "import.h"

#include <sys/mman.h>

#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/wait_event.h"

#define BLOCK_VALUES 256 /* read at once: 4 kB */
#define LARGE_PAGE   (2 * 1024 * 1024)

/* Sorted values in the file. */
typedef struct Run
{
	int64 start; /* number of the first one in the file */
	int64 count;
	SeenValue lowest;
	SeenValue highest;
} Run;

struct Seen
{
	MemoryContext memory;
	MemoryContextCallback callback;
	SeenValue *table; /* open addressing, by height; zero is a free place */
	uint64 places;
	uint64 most_places;
	uint64 used;
	bool has_zero; /* the value that a free place looks like */

	uint64 *filter; /* NULL: nothing was written */
	uint64 filter_words;
	File file; /* -1: nothing was written */
	Run *runs;
	int run_count;
	int64 written;
	SeenValue block[BLOCK_VALUES];
	int64 block_start; /* of the block that was read last; -1: none */
	int64 block_count;
};

/* Which of two is lower. */
static int
compare_values(const void *left, const void *right)
{
	const SeenValue *a = left;
	const SeenValue *b = right;

	if (a->high != b->high)
		return a->high < b->high ? -1 : 1;
	return a->low < b->low ? -1 : a->low > b->low;
}

/* Closes the file with the memory, perhaps because it could not be written: nothing may be
 * thrown. */
static void
close_file(void *arg)
{
	Seen *seen = arg;

	if (seen->file >= 0)
		FileClose(seen->file);
	seen->file = -1;
}

/*
 * Memory of so many bytes, all zero.  Its places are visited at random, so it asks for
 * large pages where the system gives them to who asks: addresses of small ones are looked
 * up anew each time.
 */
static void *
make_room(const Seen *seen, Size size)
{
	char *room = MemoryContextAllocHuge(seen->memory, size);

#ifdef MADV_HUGEPAGE
	char *start = (char *) TYPEALIGN(LARGE_PAGE, room);
	char *end = (char *) TYPEALIGN_DOWN(LARGE_PAGE, room + size);

	if (start < end)
		(void) madvise(start, end - start, MADV_HUGEPAGE);
#endif
	return memset(room, 0, size);
}

/* A set for at most so many kilobytes. */
Seen *
pm_imports_seen_create(MemoryContext memory, int kilobytes)
{
	Seen *seen = MemoryContextAllocZero(memory, sizeof(Seen));
	uint64 quarter = (uint64) kilobytes * 1024 / 4;

	seen->memory = memory;
	seen->most_places = quarter * 3 / sizeof(SeenValue);
	seen->places = Min(1024, seen->most_places);
	seen->table = make_room(seen, seen->places * sizeof(SeenValue));
	seen->filter_words = quarter / sizeof(uint64);
	seen->block_start = -1;
	seen->file = -1;
	seen->callback.func = close_file;
	seen->callback.arg = seen;
	MemoryContextRegisterResetCallback(memory, &seen->callback);
	return seen;
}

/* The share of many that a number has of all. */
static inline uint64
scaled(uint64 number, uint64 many)
{
	return (uint64) (((unsigned __int128) number * many) >> 64);
}

/* The word of the filter that a value is in, and its bits there. */
static inline uint64 *
filter_word(const Seen *seen, SeenValue value, uint64 *bits)
{
	*bits = UINT64CONST(1) << (value.low & 63) | UINT64CONST(1) << (value.low >> 6 & 63) |
	        UINT64CONST(1) << (value.low >> 12 & 63);
	return &seen->filter[scaled(value.low, seen->filter_words)];
}

/* The place of a value in the table, or the free one where it would be. */
static inline SeenValue *
find_place(const Seen *seen, SeenValue value)
{
	uint64 at = scaled(value.high, seen->places);

	while ((seen->table[at].high != value.high || seen->table[at].low != value.low) &&
	       (seen->table[at].high != 0 || seen->table[at].low != 0))
		at = at + 1 < seen->places ? at + 1 : 0;
	return &seen->table[at];
}

/* Says that a value will be asked for soon. */
void
pm_imports_seen_prefetch(const Seen *seen, SeenValue value)
{
	__builtin_prefetch(&seen->table[scaled(value.high, seen->places)]);
	if (seen->filter != NULL)
		__builtin_prefetch(&seen->filter[scaled(value.low, seen->filter_words)]);
}

/* Reads the block that has the value of this number in the file. */
static void
read_block(Seen *seen, int64 number)
{
	int64 start = number / BLOCK_VALUES * BLOCK_VALUES;
	size_t size;

	if (start == seen->block_start)
		return;
	CHECK_FOR_INTERRUPTS();
	seen->block_count = Min(BLOCK_VALUES, seen->written - start);
	size = seen->block_count * sizeof(SeenValue);
	seen->block_start = -1;
	if (FileRead(seen->file, (char *) seen->block, (int) size,
	             (off_t) start * sizeof(SeenValue), WAIT_EVENT_BUFFILE_READ) != (int) size)
		ereport(ERROR, (errcode_for_file_access(),
		                errmsg("could not read the temporary file of an import: %m")));
	seen->block_start = start;
}

/* Is the value in a run? */
static bool
run_has(Seen *seen, const Run *run, SeenValue value)
{
	int64 low = 0;
	int64 high = run->count - 1;
	uint64 bottom = run->lowest.high;
	uint64 top = run->highest.high;

	if (compare_values(&value, &run->lowest) < 0 ||
	    compare_values(&value, &run->highest) > 0)
		return false;
	for (int step = 0; low <= high; step++)
	{
		int64 guess = low + (high - low) / 2;
		SeenValue found;
		int order;

		/* heights are even; should they not be, halving ends it */
		if (step < 8 && top > bottom && value.high >= bottom && value.high <= top)
			guess = low + (int64) ((double) (value.high - bottom) /
			                       (double) (top - bottom) * (double) (high - low));
		guess = Max(low, Min(high, guess));
		read_block(seen, run->start + guess);
		found = seen->block[run->start + guess - seen->block_start];
		order = compare_values(&value, &found);
		if (order == 0)
			return true;
		if (order < 0)
		{
			high = guess - 1;
			top = found.high;
		}
		else
		{
			low = guess + 1;
			bottom = found.high;
		}
	}
	return false;
}

/* Is the value in what was written? */
static bool
was_written(Seen *seen, SeenValue value)
{
	uint64 bits;

	if (seen->filter == NULL || (*filter_word(seen, value, &bits) & bits) != bits)
		return false;
	for (int i = 0; i < seen->run_count; i++)
		if (run_has(seen, &seen->runs[i], value))
			return true;
	return false;
}

/* Is the value in the set? */
bool
pm_imports_seen_has(Seen *seen, SeenValue value)
{
	SeenValue *place;

	if (value.high == 0 && value.low == 0)
		return seen->has_zero;
	place = find_place(seen, value);
	if (place->high != 0 || place->low != 0)
		return true;
	return was_written(seen, value);
}

/* Writes what is in the table as a run, and empties it. */
static void
write_run(Seen *seen)
{
	MemoryContext old = MemoryContextSwitchTo(seen->memory);
	uint64 count = 0;
	size_t size;
	Run *run;

	if (seen->file < 0)
	{
		seen->file = OpenTemporaryFile(true);
		seen->filter = make_room(seen, seen->filter_words * sizeof(uint64));
		seen->runs = palloc(sizeof(Run));
	}
	else
		seen->runs = repalloc(seen->runs, (seen->run_count + 1) * sizeof(Run));

	for (uint64 i = 0; i < seen->places; i++)
		if (seen->table[i].high != 0 || seen->table[i].low != 0)
		{
			uint64 bits;
			uint64 *word = filter_word(seen, seen->table[i], &bits);

			*word |= bits;
			seen->table[count++] = seen->table[i];
		}
	qsort(seen->table, count, sizeof(SeenValue), compare_values);

	run = &seen->runs[seen->run_count++];
	*run = (Run){.start = seen->written,
	             .count = count,
	             .lowest = seen->table[0],
	             .highest = seen->table[count - 1]};
	size = count * sizeof(SeenValue);
	if (FileWrite(seen->file, (char *) seen->table, (int) size,
	              (off_t) seen->written * sizeof(SeenValue),
	              WAIT_EVENT_BUFFILE_WRITE) != (int) size)
		ereport(ERROR, (errcode_for_file_access(),
		                errmsg("could not write the temporary file of an import: %m")));
	seen->written += count;
	seen->block_start = -1;
	memset(seen->table, 0, seen->places * sizeof(SeenValue));
	seen->used = 0;
	MemoryContextSwitchTo(old);
}

/* Makes the table larger, or empties it. */
static void
make_larger(Seen *seen)
{
	SeenValue *old = seen->table;
	uint64 old_places = seen->places;

	if (seen->places == seen->most_places)
	{
		write_run(seen);
		return;
	}
	/* few steps, the last one a long one: what was left may not be used again */
	seen->places =
	    seen->places * 16 < seen->most_places ? seen->places * 4 : seen->most_places;
	seen->table = make_room(seen, seen->places * sizeof(SeenValue));
	for (uint64 i = 0; i < old_places; i++)
		if (old[i].high != 0 || old[i].low != 0)
			*find_place(seen, old[i]) = old[i];
	pfree(old);
}

/* Adds a value; false: it was there. */
bool
pm_imports_seen_add(Seen *seen, SeenValue value)
{
	SeenValue *place;

	if (value.high == 0 && value.low == 0)
	{
		bool added = !seen->has_zero;

		seen->has_zero = true;
		return added;
	}
	place = find_place(seen, value);
	if (place->high != 0 || place->low != 0 || was_written(seen, value))
		return false;
	*place = value;
	if (++seen->used >= seen->places / 4 * 3)
		make_larger(seen);
	return true;
}
