/*
 * import.h - running an import: the map of this part of the folder
 *
 *   codes.c     what was decided about codes of the supplier, and what was read
 *   plan.c      the plan of a job, compiled: sources, transforms, types, rules (plan.h)
 *   pattern.c   regular expressions
 *   computed.c  expressions of SQL over a row
 *   row.c       a record becomes a row in the binary format of COPY, or errors (row.h)
 *   seen.c      exact sets of 128-bit values in bounded memory
 *   source.c    the file of a job, checked to be the one that it was, as a descriptor
 *   catalog.c   the catalog, in this database or behind connections (catalog.h)
 *   merge.c     batches that are merged, several at the same time
 *   batch.c     records that are merged and counted as one
 *   preview.c   the first records of a file
 *   suggest.c   which column of a file is what
 *   run.c       run_import(): reads, sends, counts, commits; run.h: its parts
 *
 * One run is one call of run_import().  Its memory is one context below the portal's, so
 * that it outlives COMMIT; what is not memory (reader, descriptors, files, connection)
 * hangs on callbacks of that context, so that nothing is left behind whatever happens.
 * PostgreSQL's functions are called once a batch, and for expressions; a value is
 * converted by pure code alone.
 */
#ifndef IMPORT_H
#define IMPORT_H

#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/hsearch.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "pm_arena.h"
#include "pm_compat.h"
#include "pm_decimal.h"
#include "pm_reader.h"
#include "pm_resolve.h"
#include "pm_text.h"
#include "pm_transform.h"

#define BATCH_ROWS      15000
#define BATCH_BYTES     (12 * 1024 * 1024) /* of records, rows and errors: ends a batch early */
#define ARENA_BYTES     (64 * 1024)
#define ARENA_BYTES_MAX (32 * 1024 * 1024) /* what the values of one record may take */
#define ERROR_VALUE     200                /* characters of a value that an error keeps */
#define TARGETS_MAX     1000

/* in seen.c: a set of values of 128 bits */
typedef struct Seen Seen;

typedef struct SeenValue
{
	uint64 high;
	uint64 low;
} SeenValue;

extern Seen *pm_imports_seen_create(MemoryContext memory, int kilobytes);
extern void pm_imports_seen_prefetch(const Seen *seen, SeenValue value);
extern bool pm_imports_seen_add(Seen *seen, SeenValue value);
extern bool pm_imports_seen_has(Seen *seen, SeenValue value);

/* What the value of a target becomes. */
typedef enum TargetType
{
	TARGET_TEXT,
	TARGET_GTIN,
	TARGET_ASIN,
	TARGET_BOOLEAN,
	TARGET_INTEGER,
	TARGET_NUMERIC,
	TARGET_TEXTS,     /* text[] */
	TARGET_ADDRESSES, /* the same, of images */
	TARGET_JSONB
} TargetType;

/* How the value of an attribute stands in technical_specs. */
typedef enum AttributeForm
{
	ATTRIBUTE_STRING,
	ATTRIBUTE_NUMBER,
	ATTRIBUTE_BOOLEAN
} AttributeForm;

typedef enum RuleKind
{
	RULE_REQUIRED,
	RULE_TYPE,
	RULE_MIN,
	RULE_MAX,
	RULE_LENGTH,
	RULE_PATTERN,
	RULE_LIST,
	RULE_UNIQUE,
	RULE_GTIN_CONFIDENCE,
	RULE_EXPRESSION,
	RULE_DECIMALS /* more than the catalog keeps: of the plan itself */
} RuleKind;

#define ROUNDED_NOTED 100 /* of the values of a target that are rounded */

typedef struct Expression Expression;
typedef struct Computed Computed;
typedef struct Pattern Pattern;

/* What rules of type ask for. */
typedef enum ValueType
{
	VALUE_TEXT,
	VALUE_INTEGER,
	VALUE_NUMBER,
	VALUE_BOOLEAN,
	VALUE_DATE,
	VALUE_GTIN,
	VALUE_URL
} ValueType;

/* What a value, or a row, must be. */
typedef struct Rule
{
	RuleKind kind;
	int target; /* -1: the row's */
	bool warning;
	char *message;   /* NULL: ours */
	PmDecimal bound; /* of min and max */
	int decimals;    /* of decimals */
	int64 rounded;   /* values that had more */
	int64 least;     /* of length, in characters */
	int64 most;
	PmText *words; /* of list, sorted */
	int word_count;
	PmDecimal *numbers; /* of these words, sorted */
	int number_count;
	Seen *seen; /* of unique */
	Pattern *pattern;
	ValueType type; /* of type */
	Expression *expression;
} Rule;

/* Whose way of writing numbers and dates a value has. */
typedef enum Writing
{
	WRITING_OF_FILE,
	WRITING_OURS,    /* what a transform has read */
	WRITING_OF_PLAN, /* what a lookup has */
	WRITING_UNKNOWN
} Writing;

/* Where the value of a target comes from, and what it becomes. */
typedef struct Target
{
	char *name; /* as the plan has it */
	TargetType type;
	int column; /* number in target_row, from 1; of an attribute that of technical_specs */
	char *attribute; /* its code; NULL: it is a column */
	AttributeForm form;
	bool form_warning; /* what has not this form is a text */

	bool is_constant;
	PmText constant;
	int position; /* of a column, from 1; 0: by name */
	char **names; /* of columns; the first that the file has, or all that are joined */
	int name_count;
	int field;      /* of the record; -1: the file has none of them */
	bool is_absent; /* so nothing is said of it */
	bool is_joined;
	int *positions; /* of those that are joined; 0: by name */
	int *fields;    /* likewise */
	PmText separator;

	PmTransform *chain;
	PmTransform *number_chain; /* of what the file has as a number */
	int chain_length;
	Writing writing;          /* of what the chain leaves */
	const char *rewritten_by; /* the transform after which it is unknown */
	int default_at;           /* place of the first transform default; -1: none */
	int try_at;               /* of one that need not succeed; -1: none */
	bool is_number;           /* of an attribute: a rule says so, or asks how large it is */
	bool is_date;             /* a rule says so */
	bool has_default;
	PmText default_value;
	float confidence; /* of gtin */
	Expression *computed;
} Target;

/* A value in binary form; data NULL: none. */
typedef struct Field
{
	const char *data;
	int32 size;
} Field;

#define COLUMNS_MAX 64

/* A plan, ready to run.  Lives in memory. */
typedef struct ImportPlan
{
	MemoryContext memory;
	PmReaderOptions reader;
	char *supplier_code;

	char *key; /* name of the key column */
	int key_target;
	int gtin_target;     /* that is not the key; -1: none */
	Seen *gtins;         /* of the records that were good */
	char *merge_options; /* JSON of merge_batch() */
	int batch_rows;
	int64 max_errors;       /* -1: no limit */
	double max_error_ratio; /* 1: no limit */
	bool reject_duplicates;
	bool full; /* products that the file has no more are missing */
	double missing_ratio;

	Target *targets;
	int target_count;
	Rule *rules;
	int rule_count;
	Computed *computed; /* NULL: there are no expressions */
	HTAB *codes;        /* NULL: nothing was decided */
	bool has_computed;
	bool has_computed_specs; /* as a whole, or an attribute */
	bool has_rule_expressions;

	int columns[COLUMNS_MAX]; /* of target_row, that rows are sent with */
	int column_count;
	char *column_list; /* their names as an array */
	uint64 shape;      /* goes into each digest */

	/* of the record that is being read */
	MemoryContext scratch;
	PmArena arena;
	Field *values;                  /* by target */
	PmText *inputs;                 /* by target: as they stand in the file */
	PmText *texts;                  /* by target: once they are transformed */
	PmText *parts;                  /* those that are joined */
	struct ComputedResult *results; /* by target, or by rule */
	bool *broken;                   /* by target: it has an error */
	Field fields[COLUMNS_MAX];      /* by number of the column */
	int columns_known;              /* of the reader, when fields were found */
} ImportPlan;

/* What an expression came to. */
typedef struct ComputedResult
{
	Field value;
	PmText text;
	bool is_false; /* of a rule */
} ComputedResult;

/* in computed.c */
extern Oid pm_imports_computed_type(ImportPlan *plan, int column);
extern Expression *
pm_imports_computed_compile(ImportPlan *plan, const char *text, Oid type);
extern bool
pm_imports_computed_evaluate(ImportPlan *plan, bool rules, ComputedResult results[],
                             int *at, ErrorData **error);
extern void pm_imports_computed_close(ImportPlan *plan);

/* in pattern.c */
extern Pattern *pm_imports_pattern_compile(MemoryContext memory, const char *text);
extern bool pm_imports_pattern_matches(Pattern *pattern, PmText text);
extern const char *
pm_imports_pattern_transform(MemoryContext memory, const PmArgument *arguments, int count,
                             PmTransform *transform);

/* in plan.c */
extern ImportPlan *pm_imports_plan_compile(MemoryContext memory, Jsonb *document);

/* in plan_columns.c */
extern int pm_imports_plan_leave_out(ImportPlan *plan);
extern void pm_imports_plan_bind(ImportPlan *plan, const PmReader *reader);
extern int pm_imports_plan_column(const char *name, TargetType *type);
extern const char *pm_imports_plan_column_name(int column);

/* What was wrong with a record. */
typedef struct ImportError
{
	int64 record;
	int ordinal; /* from 1, once they are in order */
	int64 line;
	int64 offset;
	char *column; /* of the file; NULL */
	char *target; /* NULL */
	char *value;  /* NULL */
	const char *code;
	char *message;
	char *raw; /* with the first error of a rejected record */
	bool warning;
} ImportError;

/* A row that was sent, should the catalog refuse it. */
typedef struct SentRow
{
	int64 record;
	int64 line;
	int64 offset;
	int64 raw; /* where in raws */
	int32 raw_size;
} SentRow;

/* How a code of the supplier was read. */
typedef struct ReadCode
{
	PmText code;
	const char *method;
	int64 gtin;
	int64 suggestion;
	float confidence;
} ReadCode;

/* Records that are merged and counted as one. */
typedef struct Batch
{
	MemoryContext memory; /* emptied for the next batch */
	int number;
	int64 records;
	int64 last_record;
	int64 line;
	int64 offset;
	int64 bytes;      /* of records, rows and errors */
	int64 file_bytes; /* of the file, read so far */

	StringInfoData rows; /* a bytea: a header, then rows */
	SentRow *sent;
	int sent_count;
	int sent_room;
	StringInfoData raws;

	ImportError *errors;
	int error_count;
	int error_room;

	ReadCode *codes; /* that were not read as they stand */
	int code_count;
	int code_room;

	int64 good; /* neither rejected nor duplicates */
	int64 failed;
	int64 duplicates;
	int64 unchanged;
	int64 warnings;
	int64 created;
	int64 updated;
} Batch;

/* What became of the rows of a batch. */
typedef struct Merged
{
	int64 created;
	int64 updated;
	int64 unchanged;
	int64 conflicts;
	int conflict_count; /* those that are listed */
	int64 *row_nos;
	char **reasons;
} Merged;

/* in batch.c */
extern Batch *pm_imports_batch_create(MemoryContext memory);
extern void pm_imports_batch_reset(Batch *batch, int number);
extern void pm_imports_batch_error(Batch *batch, const PmRecord *record, const char *column,
                                   const char *target, PmText value, const char *code,
                                   const char *message, bool warning);
extern void pm_imports_batch_reject(Batch *batch, const PmRecord *record, int first_error);
extern void pm_imports_batch_take(Batch *batch, const ImportPlan *plan,
                                  const PmReader *reader, const Merged *merged);
extern void pm_imports_batch_send(Batch *batch, const PmRecord *record);
extern bool pm_imports_batch_count(Batch *batch, const char *job);

/* in codes.c */
extern void
pm_imports_codes_open(ImportPlan *plan, const char *job, int attempt, int max_attempts);
extern const char *
pm_imports_codes_read(const ImportPlan *plan, Batch *batch, const Target *target,
                      PmText input, PmText text, PmResolution *resolution);
extern void pm_imports_codes_publish(const Batch *batch, const char *job);

/* in open.c */
extern char *pm_imports_found(const PmReader *reader);

/* in preview.c */
extern PmReader *pm_imports_preview_open(FunctionCallInfo fcinfo, MemoryContext memory,
                                         ImportPlan **compiled);
extern bool pm_imports_preview_next(PmReader *reader, PmRecord *record);

/* in row.c */
typedef enum RowOutcome
{
	ROW_GOOD,    /* in plan->fields */
	ROW_REJECTED /* its errors are in the batch */
} RowOutcome;

extern bool pm_imports_row_repeats_gtin(ImportPlan *plan, const PmReader *reader,
                                        const PmRecord *record, Batch *batch);
extern RowOutcome pm_imports_row_read(ImportPlan *plan, const PmReader *reader,
                                      const PmRecord *record, Batch *batch);
extern bool pm_imports_row_key(ImportPlan *plan, SeenValue *key);
extern bool pm_imports_row_key_of_text(ImportPlan *plan, PmText text, SeenValue *key);
extern SeenValue
pm_imports_row_append(ImportPlan *plan, const PmRecord *record, StringInfo rows);

/* in source.c: the bytes of a file, for as long as memory lasts */
extern int pm_imports_source_of_path(MemoryContext memory, const char *path, int64 device,
                                     int64 inode, int64 size, int64 modified_at);
extern int
pm_imports_source_of_upload(MemoryContext memory, const char *file_id, int64 size);
extern bool pm_imports_source_is_settled(int fd, int64 changed_at);
extern void pm_imports_source_check_digest(int fd, const uint8 *sha256);
extern char *pm_imports_source_temporary(MemoryContext memory);
extern int pm_imports_source_of_file(MemoryContext memory, const char *path);
extern int pm_imports_source_of_bytes(MemoryContext memory, const char *bytes, size_t size);
extern char *pm_imports_reader_fault(const PmReaderFailure *failure);
extern char *pm_imports_source_change(int fd, int64 size, int64 modified_at);

/* in run.c */
extern void pm_imports_give_back(void);

/* in catalog.c */
typedef struct Catalog Catalog;
typedef void (*TextSeen)(void *context, const char *text, int length);

extern Catalog *pm_imports_catalog_open(MemoryContext memory, int sessions, int mergers);
extern int pm_imports_catalog_sessions(const Catalog *catalog);
extern char *pm_imports_catalog_supplier(Catalog *catalog, const char *code);
extern int pm_imports_catalog_last_batch(Catalog *catalog, const char *job);
extern void pm_imports_catalog_digests(Catalog *catalog, const char *supplier,
                                       const char *columns, Seen *digests);
extern void pm_imports_catalog_keys(Catalog *catalog, const char *supplier, const char *key,
                                    TextSeen seen, void *context);
extern int64 pm_imports_catalog_end_offers(Catalog *catalog, const char *job,
                                           const char *supplier, const char *products);
extern int pm_imports_hex_digit(char c);
extern void pm_imports_catalog_forget(Catalog *catalog, const char *job);

/* in merge.c: how the batches of a run are merged */
typedef struct MergeOrder
{
	const char *job;
	const char *supplier;
	const ImportPlan *plan;
	bool is_trial; /* they are only tried */
} MergeOrder;

extern bool
pm_imports_catalog_counts(Catalog *catalog, const char *job, int batch, Merged *merged);
extern void pm_imports_merge_here(Catalog *catalog, const MergeOrder *order,
                                  const Batch *batch, Merged *merged);
extern void
pm_imports_merge_begin(Catalog *catalog, const MergeOrder *order, const Batch *batch);
extern void pm_imports_merge_end(Catalog *catalog, const MergeOrder *order,
                                 const Batch *batch, Merged *merged);
extern void pm_imports_merge_abandon(Catalog *catalog);

#endif /* IMPORT_H */
