/*
 * pm_arena.h - memory that a caller brings, taken piece by piece
 *
 * The caller sets data and size, and used to 0, again for each record; what was taken is
 * there until then.  A function that finds too little says so and has done nothing; the
 * caller brings more and calls again.
 */
#ifndef PM_ARENA_H
#define PM_ARENA_H

#include <stddef.h>
#include <stdint.h>

typedef struct PmArena
{
	char *data;
	size_t size;
	size_t used;
} PmArena;

/* Room for so many bytes of text; NULL if there is not so much. */
static inline char *
pm_arena_bytes(PmArena *arena, size_t size)
{
	char *bytes = arena->data + arena->used;

	if (size > arena->size - arena->used)
		return NULL;
	arena->used += size;
	return bytes;
}

/* Gives back what was not needed: end is before the end of what was taken last. */
static inline void
pm_arena_end(PmArena *arena, const char *end)
{
	arena->used = (size_t) (end - arena->data);
}

/* Room for an object, aligned for any; NULL if there is not so much. */
static inline void *
pm_arena_object(PmArena *arena, size_t size)
{
	size_t gap = (size_t) (-(uintptr_t) (arena->data + arena->used) & 15);

	if (arena->size - arena->used < gap || arena->size - arena->used - gap < size)
		return NULL;
	arena->used += gap;
	return pm_arena_bytes(arena, size);
}

#endif /* PM_ARENA_H */
