/*
 * pm_xref_module.h - the map of this folder
 *
 *   pm_xref.c      the settings, and what happens when the module is loaded
 *   uuid7.c        uuid7()
 *   reference.c    a reference as declared, and the two columns as they are now
 *   ask.c          one query to where the parent is, here or on another server
 *   lookup.c       the addresses of hosts, found without waiting for them
 *   connect.c      connections to foreign servers by libpq
 *   remote.c       statements on foreign servers by libpq, and their errors; pm_xref_connection.h
 *                  is for other modules
 *   call.c         _call(): a statement on another server, for SQL; erase_on_request()
 *   remote_keys.c  keys that stream from another server
 *   local_rows.c   rows of this database, a portion at a time
 *   key.c          which types have keys that compare by their bytes; batches of keys
 *   key_set.c      a set of keys in memory
 *   key_spill.c    what does not fit: partitions in temporary files
 *   statement.c    the statements that find rows and keys again
 *   watch.c        the trigger that notes keys which come or go
 *   shape.c        what stands for a column as it is watched
 *   changed.c      _scan_changed(): only keys that have been noted
 *   suspects.c     rows without a parent, looked at again before they count
 *   hold.c         keys of another server that stay until our transaction ends
 *   scan.c         _scan(): the engines
 *   outbox.c       publish(), publish_many(): events as part of the caller's transaction
 *   event_rows.c   many rows of the outbox at once
 *   subscribed.c   is anybody subscribed, so that publishing can be left out?
 *   person.c       takes mentions of a person out of texts and documents
 *
 * The parent is the column that must hold a key, the child the one that refers to it.
 * ARCHITECTURE.md says in which order both are read, and why that is right.
 */
#ifndef PM_XREF_MODULE_H
#define PM_XREF_MODULE_H

#include "postgres.h"

#include "executor/tuptable.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "storage/itemptr.h"
#include "utils/snapshot.h"
#include "utils/tuplestore.h"

#include "libpq-fe.h"

#include "pm_compat.h"

/* How keys of a type compare by their bytes. */
typedef enum KeyKind
{
	KEY_OTHER, /* not at all: engine fdw */
	KEY_INT,   /* smallint, integer, bigint: as a bigint */
	KEY_UUID,  /* 16 bytes */
	KEY_TEXT,  /* text, varchar */
	KEY_GTIN,  /* pm_gtin's trade items, of whatever form: as a bigint */
	KEY_ASIN   /* pm_gtin.asin: as a bigint */
} KeyKind;

/* A row of this database: a table, or a partition of it, and its place. */
typedef struct RowPlace
{
	Oid table;
	ItemPointerData tid;
} RowPlace;

#define BATCH_KEYS 256

/*
 * Keys that are handled together, so that memory is fetched for all of them at once.
 * A key of fixed size stands in word, the rest zero; of a text, word[0] is its place
 * in bytes and word[1] its length.
 */
typedef struct KeyBatch
{
	KeyKind kind;
	int count;
	uint64 word[BATCH_KEYS][2];
	uint64 hash[BATCH_KEYS];
	RowPlace row[BATCH_KEYS]; /* of child keys */
	StringInfoData bytes;     /* of texts */
} KeyBatch;

typedef struct KeySet KeySet;
typedef struct KeySpill KeySpill;

/* A connection to a foreign server. */
typedef struct Lookup Lookup;

typedef struct Remote
{
	PGconn *conn;     /* NULL: not connected */
	PGresult *result; /* the last one, freed with the next or at the end */
	char *purpose;    /* begins the messages */
	char *server;
	char *permission_hint; /* to 42501; NULL: the usual one */
	bool writes;           /* the session may change something there */
	bool must_show;        /* the caller must have shown a password of its own */

	/* while it connects */
	const char **keywords;
	const char **values;
	int options;
	Lookup *lookup; /* of its addresses; NULL: not under way */
	PostgresPollingStatusType connecting;
	char *failure; /* why it failed, if libpq does not know */
	bool unshown;  /* it is that no password was shown */
} Remote;

/* The rows of an answer, as text; NULL is NULL. */
typedef struct Answer
{
	int rows;
	int columns;
	char **values; /* by row, then column */
} Answer;

/*
 * Up to where the noted changes of a column are known, as text: a snapshot of its
 * database, and what the column was then.  NULL: it is not watched.
 */
typedef struct Position
{
	char *seen;
	char *shape;
} Position;

/* A reference: as declared, then as its columns are found to be. */
typedef struct Reference
{
	char *name;
	Oid table;        /* the child's */
	char *table_name; /* qualified and quoted */
	char *column;
	char *quoted_column;
	Oid type; /* the base type, if it is a domain */
	char *type_name;
	bool deterministic;
	KeyKind kind;
	List *primary_key; /* names of the columns; NIL: none */
	double child_rows; /* estimate */
	char *server;      /* NULL: this database */
	char *remote_table;
	char *remote_column;
	Position child; /* as the last check left them */
	Position parent;
	/* the parent, once it has been asked */
	Remote *remote;    /* NULL: this database */
	char *parent_name; /* qualified and quoted */
	char *parent_schema;
	char *parent_table;
	char *parent_column; /* quoted */
	char *parent_type;
	char *operator_schema; /* where its equality is, quoted */
	bool parent_deterministic;
	int parent_encoding;
	bool parent_has_notes; /* what watches columns is there, and may be used */
	KeyKind parent_kind;
	/* of a parent that was looked at closely */
	bool parent_unique; /* by an index that a foreign key could use */
	double parent_rows; /* estimate */
	bool asked;         /* a question is open */
	Answer *answer;     /* to it, if it is known */
} Reference;

/* What a statement of ours reads in this database, a portion at a time. */
typedef struct LocalRows LocalRows;
typedef void (*LocalRowSeen)(void *context, TupleTableSlot *slot);

/* Rows that seem to have no parent. */
typedef struct Suspects Suspects;

/* row_key, key; then the totals */
#define SCAN_COLUMNS 10

/* The totals of a scan, its last row. */
typedef struct Totals
{
	int64 rows;         /* that were looked at */
	int64 nulls;        /* those of them without a key */
	const char *engine; /* NULL: another scan is needed */
	Position child;     /* before anything was read */
	Position parent;
	const char
	    *touched; /* ids of known orphans that were looked at again, as text; NULL: all */
} Totals;

extern int pm_xref_work_mem; /* kB */

/* in reference.c */
extern Reference *pm_xref_read_reference(const char *name);
extern void pm_xref_look_at_parent(Reference *reference, bool closely);
extern const char *pm_xref_stream_refusal(const Reference *reference);
typedef void (*ReferenceBody)(Reference *reference, void *context);
extern void pm_xref_with_parent(const char *name, ReferenceBody before, bool closely,
                                ReferenceBody body, void *context);

/* in ask.c */
extern Answer *pm_xref_ask(Reference *reference, const char *sql, int nparams,
                           const Oid *types, const char *const *params);
extern void pm_xref_ask_start(Reference *reference, const char *sql, int nparams,
                              const Oid *types, const char *const *params);
extern Answer *pm_xref_ask_finish(Reference *reference);

/* in lookup.c */
extern bool pm_xref_lookup_needed(const char *hosts, const char *ports);
extern Lookup *pm_xref_lookup_start(const char *hosts, const char *ports);
extern pgsocket pm_xref_lookup_socket(const Lookup *lookup);
extern bool pm_xref_lookup_done(const Lookup *lookup);
extern bool pm_xref_lookup_answer(const Lookup *lookup, char **hosts, char **addresses,
                                  char **ports, char **failure);
extern void pm_xref_lookup_end(Lookup *lookup);

/* in connect.c */
extern Remote *pm_xref_connect(const char *purpose, const char *server_name, bool writes);
extern Remote *
pm_xref_connect_start(const char *purpose, const char *server_name, bool writes);
extern PostgresPollingStatusType
pm_xref_connect_poll(Remote *remote, bool ready, pgsocket *socket);
extern const char *pm_xref_connect_failure(Remote *remote);
extern void pm_xref_connect_finish(Remote *remote);

/* in remote.c */
extern void pm_xref_disconnect(Remote *remote);
extern bool pm_xref_wait_for(pgsocket socket, int events);
extern void
pm_xref_send(Remote *remote, const char *sql, int nparams, const char *const *params);
extern const PGresult *pm_xref_receive(Remote *remote);
extern void pm_xref_take_in(Remote *remote, bool wait);
extern void pm_xref_remote_error(Remote *remote) pg_attribute_noreturn();

/* in remote_keys.c */
typedef void (*KeyBatchSeen)(void *context, KeyBatch *batch);
typedef bool (*KeyStreamPause)(void *context);
extern void pm_xref_stream_keys(Reference *reference, KeyBatch *batch, KeyBatchSeen seen,
                                KeyStreamPause meanwhile, void *context);

/* in local_rows.c */
extern LocalRows *
pm_xref_open_rows(const char *sql, Snapshot snapshot, LocalRowSeen seen, void *context);
extern bool pm_xref_next_rows(LocalRows *rows, uint64 count);
extern void pm_xref_close_rows(LocalRows *rows);

/* in key.c */
extern KeyKind pm_xref_key_kind(const char *schema, const char *type);
extern KeyBatch *pm_xref_make_batch(KeyKind kind);
extern void pm_xref_clear_batch(KeyBatch *batch);
extern void pm_xref_add_datum(KeyBatch *batch, Oid type, Datum value);
extern bool pm_xref_add_bytes(KeyBatch *batch, const char *bytes, int length);
extern void pm_xref_hash_batch(KeyBatch *batch);

/* in key_set.c */
extern KeySet *pm_xref_make_set(KeyKind kind, double estimate, Size limit, bool marks);
extern void pm_xref_free_set(KeySet *set);
extern bool pm_xref_set_add(KeySet *set, const KeyBatch *batch);
extern void pm_xref_set_mark(KeySet *set, const KeyBatch *batch);
extern void pm_xref_set_lacks(KeySet *set, const KeyBatch *batch, bool *lacks);
extern bool pm_xref_set_next(KeySet *set, uint64 *place, KeyBatch *batch);
extern double pm_xref_set_capacity(KeyKind kind, Size limit);
extern double pm_xref_set_need(KeyKind kind, double keys);

/* in key_spill.c */
typedef void (*RowFound)(void *context, const RowPlace *row);
extern KeySpill *pm_xref_make_spill(KeyKind kind, double estimate, Size limit);
extern void pm_xref_spill_parents(KeySpill *spill, const KeyBatch *batch);
extern void pm_xref_spill_children(KeySpill *spill, const KeyBatch *batch);
extern void pm_xref_match_spilled(KeySpill *spill, RowFound found, void *context);

/* in changed.c */
extern void pm_xref_ask_child_position(const Reference *reference, Position *position);
extern void pm_xref_ask_parent_position(Reference *reference, Position *position);

/* in statement.c */
extern const char *pm_xref_question_type(const Reference *reference);
extern char *pm_xref_key_question(const Reference *reference, bool lock);
extern char *
pm_xref_key_parameter(const Reference *reference, const Datum *keys, int count);
extern void pm_xref_append_primary_key_match(StringInfo sql, const Reference *reference);

/* in suspects.c */
extern Suspects *pm_xref_make_suspects(Reference *reference, Snapshot first,
                                       Tuplestorestate *store, TupleDesc desc);
extern void pm_xref_add_suspect(Suspects *suspects, const RowPlace *row);
extern void pm_xref_check_suspects(Suspects *suspects, bool all);
extern void pm_xref_end_suspects(Suspects *suspects);
extern void
pm_xref_put_totals(Tuplestorestate *store, TupleDesc desc, const Totals *totals);

/* in call.c */
extern void pm_xref_call_init(void);

/* in outbox.c */
extern void pm_xref_outbox_init(void);

/* event_rows.c */
extern bool pm_xref_insert_events(Datum topic, const Datum *keys, const Datum *payloads,
                                  int count, Datum epoch, Datum published_at);

#endif /* PM_XREF_MODULE_H */
