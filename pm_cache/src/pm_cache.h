/*
 * pm_cache.h - the map of this folder
 *
 * With shared memory (preloaded): entry.c finds, lends and stores, pending.c keeps what a
 * transaction invalidates and settles it, lease.c the session's leases.  Without: table.c.  kinds.c knows lifetimes.
 * ARCHITECTURE.md says why no reader sees a stale value; what relies on an order of steps
 * refers to that.
 */
#ifndef PM_CACHE_H
#define PM_CACHE_H

#include "postgres.h"

#include "access/transam.h"
#include "access/xact.h"
#include "datatype/timestamp.h"
#include "fmgr.h"
#include "port/atomics.h"
#include "storage/condition_variable.h"
#include "storage/lwlock.h"
#include "utils/jsonb.h"
#include "utils/snapshot.h"

#include "pm_compat.h"
#include "pm_store.h"

#define KEY_MAX      255
#define KIND_MAX     63
/* Doubts of a session, and settled marks of a transaction. */
#define MARKS_MAX    8
/* Prefixes that a transaction keeps apart. */
#define PREFIXES_MAX 256
#define LEASES_MAX   16
#define LOCKS        16
#define WAKES        64
/* Transaction ids given out since a snapshot that may still lead to a lease. */
#define BEHIND_MAX   1024

/* A key as the store has it: the database's oid and the text. */
typedef struct Key
{
	unsigned char bytes[sizeof(Oid) + KEY_MAX];
	uint16 len;
	uint64 hash;
} Key;

/* The beginning of a prefix, which covers at least what the prefix does. */
typedef struct Mark
{
	uint8 len;
	unsigned char bytes[59];
} Mark;

/* A prefix that a process is committing. */
typedef struct Doubt
{
	int32 owner;
	Mark mark;
} Doubt;

/* What became of a kind's values; kind "": of keys of unknown kind. */
typedef struct Slot
{
	Oid database;
	char kind[KIND_MAX + 1];
	pg_atomic_uint64 hits;
	pg_atomic_uint64 misses;
	pg_atomic_uint64 waits;    /* hits that waited for the value */
	pg_atomic_uint64 bypasses; /* neither looked up nor lent */
	pg_atomic_uint64 stored;
	pg_atomic_uint64 dropped; /* came without a lease, too late or too large */
} Slot;

typedef enum EntryState
{
	ENTRY_LOADING, /* somebody has a lease */
	ENTRY_READY,
	ENTRY_SKIPPED /* its value was too large */
} EntryState;

typedef struct Shared
{
	LWLockPadded *locks;
	uint64 seed;
	uint64 serial; /* of the last lease */
	int ndoubts;
	int settled_max; /* marks that the ring holds */
	uint64 nsettled; /* marks that went in, ever */
	ConditionVariable wakes[WAKES];
	Slot slots[PM_STORE_TAGS]; /* as tags of the store; 0: those that found none */
} Shared;

/* The right to store what a miss led to. */
typedef struct Lease
{
	bool held;
	Key key;
	uint64 given; /* which of the session's came first */
	/* with shared memory */
	uint64 serial; /* of the entry */
	uint64 number; /* of the lease */
	Jsonb *value;  /* waits for the commit; of the transaction's memory */
	uint16 slot;
	TimestampTz expires;
	/* without */
	void *snapshot; /* pg_snapshot of the miss */
} Lease;

/* A kind of values. */
typedef struct Kind
{
	char name[KIND_MAX + 1];
	int len;
	Interval ttl;
	uint16 slot;
} Kind;

typedef struct CallArgument
{
	Oid type;
	Datum value;
} CallArgument;

/* in pm_cache.c */
extern int pm_cache_size;         /* kB */
extern int pm_cache_max_value;    /* kB */
extern int pm_cache_load_timeout; /* ms */
extern bool pm_cache_enabled;

/* in shared.c; all NULL without shared memory */
extern Shared *pm_cache_shared;
extern Doubt *pm_cache_doubts;
extern uint64 *pm_cache_settled_xids; /* full transaction ids */
extern Mark *pm_cache_settled_marks;
extern PmStore *pm_cache_store;
extern void pm_cache_shared_init(void);
extern void pm_cache_lock_one(void);
extern void pm_cache_unlock_one(void);
extern void pm_cache_lock_all(void);
extern void pm_cache_unlock_all(void);
extern uint16 pm_cache_slot(const char *kind);
extern void pm_cache_forget_database(Oid database);

/* in entry.c */
extern void pm_cache_count_bypass(void);
extern bool pm_cache_look(const Key *key, Jsonb **value);
extern Jsonb *pm_cache_miss(const Key *key, bool may_store);
extern bool
pm_cache_keep(const Lease *lease, const Jsonb *value, uint16 slot, TimestampTz expires);
extern void pm_cache_give_back(const Lease *lease);

/* in lease.c */
extern Lease *pm_cache_find_lease(const Key *key);
extern bool pm_cache_has_lease(void);
extern Lease *pm_cache_spare_lease(void);
extern void pm_cache_hold(Lease *lease, const Key *key);
extern void pm_cache_end_lease(Lease *lease, bool give_back);
extern void pm_cache_end_leases(void);
extern void pm_cache_keep_waiting_values(void);

/* in pending.c */
extern void pm_cache_pending_init(void);
extern void pm_cache_add_prefix(const char *prefix, int len);
extern bool pm_cache_is_pending(const Key *key);

/* in table.c */
extern Jsonb *pm_cache_table_get(const Key *key);
extern void pm_cache_table_miss(const Key *key);
extern bool
pm_cache_table_set(const Lease *lease, Jsonb *value, text *kind, TimestampTz expires);
extern void pm_cache_table_invalidate(text *prefix);
extern bool pm_cache_call_as_owner(const char *name, int count,
                                   const CallArgument *arguments, Datum *result);

/* in kinds.c */
extern bool pm_cache_find_kind(const text *name, Kind *kind);

/* Does a mark cover a key? */
static inline bool
pm_cache_covers(const Mark *mark, const Key *key)
{
	return mark->len <= key->len && memcmp(mark->bytes, key->bytes, mark->len) == 0;
}

static inline bool
pm_cache_has_written(void)
{
	return TransactionIdIsValid(GetTopTransactionIdIfAny());
}

#endif /* PM_CACHE_H */
