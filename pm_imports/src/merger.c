/*
 * merger.c - a process that merges, where the catalog is in this database
 *
 * What a connection is to a catalog elsewhere, a merger is to this one: statements are sent
 * to it, run in a session and a transaction of its own, and their answers are fetched when
 * they are needed, so that the import reads on meanwhile.  It is a background worker of the
 * import's role, which has to be one that may log in: nothing that the role has done in its
 * session leads to another role, and no pg_hba.conf has to let it in.
 *
 * Both sides share two queues.  A statement is its text, the number of its parameters, for
 * each a letter and its value, and then the rows of the one that is rows.  An answer is a
 * letter and values, each after its size; what failed is the last answer of a merger.
 *
 * It ends with the import, whatever becomes of that: nobody is at the other end then.  What
 * it has not committed is undone.
 */
#include "catalog.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "executor/spi.h"
#include "libpq/pqformat.h"
#include "libpq/pqsignal.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "storage/dsm.h"
#include "storage/ipc.h"
#include "storage/proc.h"
#include "storage/shm_mq.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#define QUEUE_SIZE (128 * 1024)

/* An answer: rows of one column or more, no row, or an error. */
#define ANSWER_ROW   'r'
#define ANSWER_NONE  'n'
#define ANSWER_ERROR 'e'

/* A parameter. */
#define IS_TEXT 't'
#define IS_ROWS 'r'

extern PGDLLEXPORT void pm_imports_merger_main(Datum arg);

/* What both sides share; the queues are behind it. */
typedef struct Shared
{
	Oid database;
	Oid role;
} Shared;

#define QUEUES_START MAXALIGN(sizeof(Shared))

struct Merger
{
	dsm_segment *segment;
	BackgroundWorkerHandle *worker;
	shm_mq_handle *statements;
	shm_mq_handle *answers;
	shm_mq_result result; /* of the last look for an answer */
	void *answer;         /* if it is SHM_MQ_SUCCESS: there, and not yet taken */
	Size answer_size;
};

/* The queue of statements, or of answers. */
static shm_mq *
queue_of(dsm_segment *segment, bool answers)
{
	return (shm_mq *) ((char *) dsm_segment_address(segment) + QUEUES_START +
	                   (answers ? QUEUE_SIZE : 0));
}

/* ---- the side of the import ---- */

/* May the role be that of a background worker? */
static bool
may_log_in(Oid role)
{
	HeapTuple tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(role));
	bool may = HeapTupleIsValid(tuple) && ((Form_pg_authid) GETSTRUCT(tuple))->rolcanlogin;

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return may;
}

/* Looks for an answer; wait: until it is there, or nobody is who could give one. */
static void
look_for_answer(Merger *merger, bool wait)
{
	if (merger->result == SHM_MQ_WOULD_BLOCK)
		merger->result =
		    shm_mq_receive(merger->answers, &merger->answer_size, &merger->answer, !wait);
}

/*
 * Starts a merger for the current role, which has to be stopped before memory, the current
 * one, is gone.  NULL: the role may not log in or connect, or the server has no room for one more.
 */
Merger *
pm_imports_merger_start(void)
{
	Merger *merger = palloc0(sizeof(Merger));
	BackgroundWorker worker = {.bgw_flags = BGWORKER_SHMEM_ACCESS |
	                                        BGWORKER_BACKEND_DATABASE_CONNECTION,
	                           .bgw_start_time = BgWorkerStart_RecoveryFinished,
	                           .bgw_restart_time = BGW_NEVER_RESTART,
	                           .bgw_notify_pid = MyProcPid};
	Shared *shared;

	if (!may_log_in(GetUserId()))
		return NULL;
	merger->segment = dsm_create(QUEUES_START + 2 * QUEUE_SIZE, 0);
	/* not only for this transaction */
	dsm_pin_mapping(merger->segment);
	shared = dsm_segment_address(merger->segment);
	*shared = (Shared){MyDatabaseId, GetUserId()};
	shm_mq_set_sender(shm_mq_create(queue_of(merger->segment, false), QUEUE_SIZE), MyProc);
	shm_mq_set_receiver(shm_mq_create(queue_of(merger->segment, true), QUEUE_SIZE), MyProc);

	strlcpy(worker.bgw_library_name, "pm_imports", BGW_MAXLEN);
	strlcpy(worker.bgw_function_name, "pm_imports_merger_main", BGW_MAXLEN);
	strlcpy(worker.bgw_name, "pm_imports merger", BGW_MAXLEN);
	strlcpy(worker.bgw_type, "pm_imports merger", BGW_MAXLEN);
	worker.bgw_main_arg = UInt32GetDatum(dsm_segment_handle(merger->segment));
	if (!RegisterDynamicBackgroundWorker(&worker, &merger->worker))
	{
		dsm_detach(merger->segment);
		return NULL;
	}
	merger->statements =
	    shm_mq_attach(queue_of(merger->segment, false), merger->segment, merger->worker);
	merger->answers =
	    shm_mq_attach(queue_of(merger->segment, true), merger->segment, merger->worker);
	return merger;
}

/*
 * Waits until a merger is ready, or cannot be; why not is in the log of the server.
 */
bool
pm_imports_merger_is_ready(Merger *merger)
{
	merger->result = SHM_MQ_WOULD_BLOCK;
	look_for_answer(merger, true);
	return merger->result == SHM_MQ_SUCCESS;
}

/* Throws that a merger is no more. */
static void
merger_is_lost(void)
{
	ereport(ERROR, (errcode(ERRCODE_CONNECTION_FAILURE),
	                errmsg("the process that merges batches of the import has ended")));
}

/* Sends a statement to a merger that has answered. */
void
pm_imports_merger_send(Merger *merger, const char *sql, const Parameter *parameters,
                       int count)
{
	const StringInfoData *rows = NULL;
	StringInfoData head;
	shm_mq_iovec parts[2];

	initStringInfo(&head);
	appendBinaryStringInfo(&head, sql, (int) strlen(sql) + 1);
	appendStringInfoChar(&head, (char) count);
	for (int i = 0; i < count; i++)
	{
		appendStringInfoChar(&head, parameters[i].rows != NULL ? IS_ROWS : IS_TEXT);
		if (parameters[i].rows != NULL)
			rows = parameters[i].rows;
		else
			appendBinaryStringInfo(&head, parameters[i].text,
			                       (int) strlen(parameters[i].text) + 1);
	}
	/* rows begin where a value of type bytea can */
	while (head.len % MAXIMUM_ALIGNOF != 0)
		appendStringInfoChar(&head, '\0');
	parts[0] = (shm_mq_iovec){head.data, head.len};
	if (rows != NULL)
		parts[1] = (shm_mq_iovec){rows->data, rows->len};
	merger->result = SHM_MQ_WOULD_BLOCK;
	if (shm_mq_sendv(merger->statements, parts, rows != NULL ? 2 : 1, false, true) !=
	    SHM_MQ_SUCCESS)
		merger_is_lost();
	pfree(head.data);
}

/* Is there no answer yet?  If it never comes, it is not busy. */
bool
pm_imports_merger_is_busy(Merger *merger)
{
	look_for_answer(merger, false);
	return merger->result == SHM_MQ_WOULD_BLOCK;
}

/* The next text of a message, in current memory; NULL for NULL. */
static char *
next_text(StringInfo message)
{
	int size = (int) pq_getmsgint(message, 4);

	return size < 0 ? NULL : pnstrdup(pq_getmsgbytes(message, size), size);
}

/*
 * The answer to what was sent, as pm_imports_answer() has it.  Throws what was thrown there;
 * then nothing but pm_imports_merger_stop() may follow.
 */
char **
pm_imports_merger_answer(Merger *merger)
{
	StringInfoData message = {0};
	char **row = NULL;
	int kind;

	look_for_answer(merger, true);
	if (merger->result != SHM_MQ_SUCCESS)
		merger_is_lost();
	message.data = merger->answer;
	message.len = (int) merger->answer_size;
	kind = pq_getmsgbyte(&message);
	if (kind == ANSWER_ROW)
	{
		int columns = (int) pq_getmsgint(&message, 2);

		row = palloc(columns * sizeof(char *));
		for (int i = 0; i < columns; i++)
			row[i] = next_text(&message);
	}
	else if (kind == ANSWER_ERROR)
	{
		int code = (int) pq_getmsgint(&message, 4);
		char *text = next_text(&message);
		char *detail = next_text(&message);
		char *hint = next_text(&message);
		char *context = next_text(&message);

		ereport(ERROR, (errcode(code), errmsg_internal("%s", text),
		                detail == NULL ? 0 : errdetail_internal("%s", detail),
		                hint == NULL ? 0 : errhint("%s", hint),
		                context == NULL ? 0 : errcontext("%s", context)));
	}
	return row;
}

/* Ends a merger, whatever it does; what it has not committed is undone.  Does not throw. */
void
pm_imports_merger_stop(Merger *merger)
{
	TerminateBackgroundWorker(merger->worker);
	dsm_detach(merger->segment);
}

/* ---- the side of the merger ---- */

/* Adds a text to a message. */
static void
add_text(StringInfo message, const char *text)
{
	pq_sendint32(message, text == NULL ? (uint32) -1 : (uint32) strlen(text));
	if (text != NULL)
		appendBinaryStringInfo(message, text, (int) strlen(text));
}

/* Runs a statement in the transaction of the moment, and writes its answer. */
static void
ask(const char *sql, const Parameter *parameters, int count, StringInfo answer)
{
	SPI_connect();
	PushActiveSnapshot(GetTransactionSnapshot());
	pm_imports_ask_here(sql, parameters, count);
	if (SPI_processed > 0)
	{
		TupleDesc desc = SPI_tuptable->tupdesc;

		appendStringInfoChar(answer, ANSWER_ROW);
		pq_sendint16(answer, (uint16) desc->natts);
		for (int i = 0; i < desc->natts; i++)
			add_text(answer, SPI_getvalue(SPI_tuptable->vals[0], desc, i + 1));
	}
	else
		appendStringInfoChar(answer, ANSWER_NONE);
	PopActiveSnapshot();
	SPI_finish();
}

/*
 * Does what a message says, in a transaction of its own unless one was begun, and writes
 * the answer.
 */
static void
obey(StringInfo message, bool *in_transaction, StringInfo answer)
{
	const char *sql = pq_getmsgrawstring(message);
	int count = pq_getmsgbyte(message);
	Parameter parameters[8] = {0};
	StringInfoData rows = {0};

	Assert(count <= lengthof(parameters));
	for (int i = 0; i < count; i++)
		if (pq_getmsgbyte(message) == IS_ROWS)
			parameters[i].rows = &rows;
		else
			parameters[i].text = pq_getmsgrawstring(message);
	rows.data = message->data + MAXALIGN(message->cursor);
	rows.len = message->len - (int) MAXALIGN(message->cursor);

	debug_query_string = sql;
	pgstat_report_activity(STATE_RUNNING, sql);
	SetCurrentStatementStartTimestamp();
	if (!*in_transaction)
		StartTransactionCommand();
	if (strcmp(sql, "BEGIN") == 0)
		*in_transaction = true;
	else if (strcmp(sql, "COMMIT") == 0)
		*in_transaction = false;
	else if (strcmp(sql, "ROLLBACK") == 0)
	{
		AbortCurrentTransaction();
		StartTransactionCommand();
		*in_transaction = false;
	}
	else
		ask(sql, parameters, count, answer);
	if (answer->len == 0)
		appendStringInfoChar(answer, ANSWER_NONE);
	if (!*in_transaction)
	{
		CommitTransactionCommand();
		pgstat_report_stat(true);
		pm_imports_give_back();
	}
	debug_query_string = NULL;
	pgstat_report_activity(*in_transaction ? STATE_IDLEINTRANSACTION : STATE_IDLE, NULL);
}

/* Writes what is wrong. */
static void
write_error(const ErrorData *error, StringInfo answer)
{
	resetStringInfo(answer);
	appendStringInfoChar(answer, ANSWER_ERROR);
	pq_sendint32(answer, error->sqlerrcode);
	add_text(answer, error->message == NULL ? "unknown error" : error->message);
	add_text(answer, error->detail);
	add_text(answer, error->hint);
	add_text(answer, error->context);
}

/* Obeys until nobody is there who could say something. */
static void
serve(shm_mq_handle *statements, shm_mq_handle *answers)
{
	MemoryContext memory = AllocSetContextCreate(TopMemoryContext, "pm_imports merger",
	                                             ALLOCSET_DEFAULT_SIZES);
	bool in_transaction = false;
	StringInfoData message = {0};
	StringInfoData answer;
	void *data;
	Size size;

	MemoryContextSwitchTo(memory);
	initStringInfo(&answer);
	appendStringInfoChar(&answer, ANSWER_NONE); /* ready */
	while (shm_mq_send(answers, answer.len, answer.data, false, true) == SHM_MQ_SUCCESS &&
	       answer.data[0] != ANSWER_ERROR &&
	       shm_mq_receive(statements, &size, &data, false) == SHM_MQ_SUCCESS)
	{
		MemoryContextReset(memory);
		initStringInfo(&answer);
		message.data = data;
		message.len = (int) size;
		message.cursor = 0;
		PG_TRY();
		{
			obey(&message, &in_transaction, &answer);
		}
		PG_CATCH();
		{
			MemoryContextSwitchTo(memory);
			EmitErrorReport();
			write_error(CopyErrorData(), &answer);
			FlushErrorState();
			AbortOutOfAnyTransaction();
		}
		PG_END_TRY();
		MemoryContextSwitchTo(memory);
	}
}

/* Main function of a merger; arg is the handle of the segment. */
void
pm_imports_merger_main(Datum arg)
{
	dsm_segment *segment;
	const Shared *shared;
	shm_mq *statements;
	shm_mq *answers;

	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	/* there is no owner of resources yet: for as long as the process */
	segment = dsm_attach(DatumGetUInt32(arg));
	if (segment == NULL)
		proc_exit(0);
	shared = dsm_segment_address(segment);
	statements = queue_of(segment, false);
	answers = queue_of(segment, true);
	shm_mq_set_receiver(statements, MyProc);
	shm_mq_set_sender(answers, MyProc);
	BackgroundWorkerInitializeConnectionByOid(shared->database, shared->role, 0);
	SetConfigOption("application_name", "pm_imports", PGC_USERSET, PGC_S_OVERRIDE);
	serve(shm_mq_attach(statements, segment, NULL), shm_mq_attach(answers, segment, NULL));
	proc_exit(0);
}
