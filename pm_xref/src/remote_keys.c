/*
 * remote_keys.c - keys that stream from another server
 *
 * COPY (SELECT key FROM parent) TO STDOUT (FORMAT binary): a header, then for each row
 * the number of fields (one), the length (-1: NULL) and the bytes; -1 instead of the
 * number of fields ends it.  Rows may be cut anywhere by the messages they come in:
 * what is left of a message waits for the next.
 */
#include "pm_xref_module.h"

#include "miscadmin.h"
#include "port/pg_bswap.h"

/* Signature, flags and the length of the header's extension. */
#define HEADER_SIZE 19
static const char signature[11] = "PGCOPY\n\377\r\n";

/* A stream that is being taken apart. */
typedef struct KeyStream
{
	Reference *reference;
	bool begun;          /* the header has been read */
	bool ended;          /* the trailer has been read */
	StringInfoData rest; /* of messages before */
	KeyBatch *batch;
	KeyBatchSeen seen;
	void *context;
} KeyStream;

/* Throws that what came is not what was asked for. */
static void
pg_attribute_noreturn() bad_stream(KeyStream *stream, const char *detail)
{
	ereport(ERROR, (errcode(ERRCODE_PROTOCOL_VIOLATION),
	                errmsg("reference \"%s\": server \"%s\" sent keys that cannot be read",
	                       stream->reference->name, stream->reference->server),
	                errdetail_internal("%s", detail)));
}

/* An integer as it is sent. */
static inline int32
read_int32(const char *bytes)
{
	uint32 value;

	memcpy(&value, bytes, sizeof(value));
	return (int32) pg_ntoh32(value);
}

static inline int16
read_int16(const char *bytes)
{
	uint16 value;

	memcpy(&value, bytes, sizeof(value));
	return (int16) pg_ntoh16(value);
}

/* Hands the batch on and empties it. */
static void
flush_batch(KeyStream *stream)
{
	CHECK_FOR_INTERRUPTS();
	if (stream->batch->count > 0)
		stream->seen(stream->context, stream->batch);
	pm_xref_clear_batch(stream->batch);
}

/* Reads the header if it is all there; returns its size, else 0. */
static int
read_header(KeyStream *stream, const char *data, int length)
{
	int32 extension;

	if (length < HEADER_SIZE)
		return 0;
	if (memcmp(data, signature, sizeof(signature)) != 0)
		bad_stream(stream, "It is not binary COPY.");
	extension = read_int32(data + HEADER_SIZE - sizeof(int32));
	if (extension < 0 || extension > length - HEADER_SIZE)
		return 0;
	stream->begun = true;
	return HEADER_SIZE + extension;
}

/* Reads one row if it is all there; returns its size, else 0. */
static inline int
read_row(KeyStream *stream, const char *data, int length)
{
	const int head = sizeof(int16) + sizeof(int32);
	int32 size;

	if (length < sizeof(int16))
		return 0;
	if (read_int16(data) == -1)
	{
		stream->ended = true;
		return sizeof(int16);
	}
	if (read_int16(data) != 1)
		bad_stream(stream, "A row has not one column.");
	if (length < head)
		return 0;
	size = read_int32(data + sizeof(int16));
	if (size == -1)
		return head;
	if (size < 0)
		bad_stream(stream, "A key has a negative length.");
	if (size > length - head)
		return 0;
	if (!pm_xref_add_bytes(stream->batch, data + head, size))
		bad_stream(stream, psprintf("A key has %d bytes.", size));
	if (stream->batch->count == BATCH_KEYS)
		flush_batch(stream);
	return head + size;
}

/* Reads what is complete; returns how many bytes that was. */
static int
read_rows(KeyStream *stream, const char *data, int length)
{
	int done = 0;
	int size;

	if (!stream->begun)
		done = read_header(stream, data, length);
	if (stream->begun)
		while (!stream->ended && (size = read_row(stream, data + done, length - done)) > 0)
			done += size;
	return done;
}

/* Takes one message. */
static void
take_message(KeyStream *stream, const char *data, int length)
{
	StringInfo rest = &stream->rest;
	int done;

	if (rest->len == 0)
	{
		done = read_rows(stream, data, length);
		appendBinaryStringInfo(rest, data + done, length - done);
		return;
	}
	appendBinaryStringInfo(rest, data, length);
	done = read_rows(stream, rest->data, rest->len);
	memmove(rest->data, rest->data + done, rest->len - done);
	rest->len -= done;
}

/*
 * Calls seen for the parent's keys, a batch at a time, without their hashes; NULLs are
 * left out.  When nothing has come yet, meanwhile may do something else; it says
 * whether it did.  Throws if the stream does not come to its proper end.
 */
void
pm_xref_stream_keys(Reference *reference, KeyBatch *batch, KeyBatchSeen seen,
                    KeyStreamPause meanwhile, void *context)
{
	Remote *remote = reference->remote;
	KeyStream stream = {
	    .reference = reference, .batch = batch, .seen = seen, .context = context};
	char *volatile message = NULL;

	initStringInfo(&stream.rest);
	pm_xref_send(remote,
	             psprintf("COPY (SELECT p.%s FROM %s AS p) TO STDOUT (FORMAT binary)",
	                      reference->parent_column, reference->parent_name),
	             0, NULL);
	(void) pm_xref_receive(remote);

	PG_TRY();
	{
		for (;;)
		{
			char *data;
			int length = PQgetCopyData(remote->conn, &data, true);

			if (length == -1)
				break;
			if (length == 0)
			{
				pm_xref_take_in(remote, !meanwhile(context));
				continue;
			}
			if (length < 0)
				pm_xref_remote_error(remote);
			message = data;
			take_message(&stream, data, length);
			message = NULL;
			PQfreemem(data);
		}
	}
	PG_FINALLY();
	{
		if (message != NULL)
			PQfreemem(message);
	}
	PG_END_TRY();

	/* an error that ended it is in the result */
	while (pm_xref_receive(remote) != NULL)
		;
	if (!stream.ended || stream.rest.len > 0)
		bad_stream(&stream, "The stream ended early.");
	flush_batch(&stream);
	pfree(stream.rest.data);
}
