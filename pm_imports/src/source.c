/*
 * source.c - the file of a job, as a descriptor
 *
 * The reader wants a descriptor that it can read at any place.  A file of the server is
 * opened by its path, and must be the one that the job was made for: device, inode, size
 * and time of the last writing; and SHA-256, which is computed again only if the file
 * system cannot say that nothing has changed since.  An upload, which is rows, is written
 * to a temporary file first; the file loses its name at once, so that it goes with its
 * descriptor.  Descriptors last as long as the memory they are opened for, across
 * transactions.
 */
#include "import.h"
#include "pm_imports_module.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catalog/pg_tablespace_d.h"
#include "catalog/pg_type.h"
#include "commands/tablespace.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/builtins.h"

#define PIECE (1024 * 1024) /* read at once */

/* Mistakes of these functions name what the file should be. */
#define FILE_IS_ANOTHER(what)                                                          \
	ereport(ERROR,                                                                     \
	        (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),                        \
	         errmsg("the file is not the one that the import was made for: %s", what), \
	         errhint("Import it again.")))

/* A descriptor that is closed with memory. */
typedef struct Source
{
	MemoryContextCallback callback;
	int fd;
} Source;

static void
close_source(void *arg)
{
	Source *source = arg;

	if (source->fd >= 0)
		(void) close(source->fd);
	source->fd = -1;
	ReleaseExternalFD();
}

/* Keeps a descriptor for as long as memory lasts; it counts as external. */
static void
keep(MemoryContext memory, int fd)
{
	Source *source = MemoryContextAllocZero(memory, sizeof(Source));

	source->fd = fd;
	source->callback.func = close_source;
	source->callback.arg = source;
	MemoryContextRegisterResetCallback(memory, &source->callback);
}

/* How the file differs from what it was; NULL: it does not. */
char *
pm_imports_source_change(int fd, int64 size, int64 modified_at)
{
	struct stat now;

	if (fstat(fd, &now) != 0)
		ereport(ERROR,
		        (errcode_for_file_access(), errmsg("could not look at the file: %m")));
	if (now.st_size != size)
		return "its size has changed";
	if ((int64) now.st_mtim.tv_sec * 1000000 + now.st_mtim.tv_nsec / 1000 != modified_at)
		return "it was written to";
	return NULL;
}

/*
 * Has nothing of the file changed since changed_at, in microseconds since 1970?  That is a
 * time which the file system alone sets.  -1: nobody has noted it.
 */
bool
pm_imports_source_is_settled(int fd, int64 changed_at)
{
	struct stat now;

	if (fstat(fd, &now) != 0)
		ereport(ERROR,
		        (errcode_for_file_access(), errmsg("could not look at the file: %m")));
	return changed_at >= 0 &&
	       (int64) now.st_ctim.tv_sec * 1000000 + now.st_ctim.tv_nsec / 1000 == changed_at;
}

/* Opens a file of the server as it is.  Throws what keeps the role from it. */
static int
open_file(MemoryContext memory, const char *path, struct stat *facts)
{
	int fd;

	if (!AcquireExternalFD())
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_RESOURCES),
		                errmsg("too many files are open")));
	PG_TRY();
	{
		fd = pm_imports_open_file(path, NULL, facts);
	}
	PG_CATCH();
	{
		ReleaseExternalFD();
		PG_RE_THROW();
	}
	PG_END_TRY();
	keep(memory, fd);
	return fd;
}

/* The same for others. */
int
pm_imports_source_of_file(MemoryContext memory, const char *path)
{
	struct stat facts;

	return open_file(memory, path, &facts);
}

/*
 * Opens a file of the server; modified_at is in microseconds since 1970.  Throws what
 * keeps the role from it, 55000 if it is another one.
 */
int
pm_imports_source_of_path(MemoryContext memory, const char *path, int64 device, int64 inode,
                          int64 size, int64 modified_at)
{
	struct stat now;
	const char *change;
	int fd;

	fd = open_file(memory, path, &now);
	if ((int64) now.st_dev != device || (int64) now.st_ino != inode)
		FILE_IS_ANOTHER("there is another one at its place");
	change = pm_imports_source_change(fd, size, modified_at);
	if (change != NULL)
		FILE_IS_ANOTHER(change);
	return fd;
}

/* Writes all of it; throws what the disk says. */
static void
write_all(int fd, const char *data, size_t size)
{
	while (size > 0)
	{
		ssize_t written;

		errno = 0;
		written = write(fd, data, size);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
		{
			if (errno == 0)
				errno = ENOSPC;
			ereport(ERROR, (errcode_for_file_access(),
			                errmsg("could not write the temporary file of an import: %m")));
		}
		data += written;
		size -= written;
	}
}

/*
 * The directory, in memory, where the server's temporary files are; made if nobody has had
 * any yet.
 */
char *
pm_imports_source_temporary(MemoryContext memory)
{
	char *directory = MemoryContextAlloc(memory, MAXPGPATH);
	Oid tablespace;

	PrepareTempTablespaces();
	tablespace = GetNextTempTableSpace();
	if (!OidIsValid(tablespace))
		tablespace =
		    OidIsValid(MyDatabaseTableSpace) ? MyDatabaseTableSpace : DEFAULTTABLESPACE_OID;
	TempTablespacePath(directory, tablespace);
	/* whoever needs it says what is wrong with it */
	if (MakePGDirectory(directory) != 0 && errno != EEXIST)
		ereport(DEBUG1,
		        (errcode_for_file_access(),
		         errmsg_internal("could not make directory \"%s\": %m", directory)));
	return directory;
}

/* A temporary file without a name. */
static int
open_temporary(MemoryContext memory)
{
	static int counter = 0;
	char *directory = pm_imports_source_temporary(CurrentMemoryContext);
	char *path;
	int fd;

	path =
	    psprintf("%s/%s%d.import.%d", directory, PG_TEMP_FILE_PREFIX, MyProcPid, ++counter);
	if (!AcquireExternalFD())
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_RESOURCES),
		                errmsg("too many files are open")));
	fd = BasicOpenFile(path, O_RDWR | O_CREAT | O_EXCL | PG_BINARY);
	if (fd < 0)
	{
		int code = errno;

		ReleaseExternalFD();
		errno = code;
		ereport(ERROR, (errcode_for_file_access(),
		                errmsg("could not make the temporary file of an import: %m")));
	}
	keep(memory, fd);
	if (unlink(path) != 0)
		ereport(ERROR, (errcode_for_file_access(),
		                errmsg("could not take the name of a temporary file: %m")));
	return fd;
}

/* Opens a file of these bytes. */
int
pm_imports_source_of_bytes(MemoryContext memory, const char *bytes, size_t size)
{
	int fd = open_temporary(memory);

	write_all(fd, bytes, size);
	return fd;
}

/*
 * Opens the content of an upload, in a transaction with a snapshot.  Throws 55000 if it is
 * not there any more.
 */
int
pm_imports_source_of_upload(MemoryContext memory, const char *file_id, int64 size)
{
	int fd = open_temporary(memory);
	int64 written = 0;
	Oid type = TEXTOID;
	Datum value = CStringGetTextDatum(file_id);
	Portal cursor = SPI_cursor_open_with_args(
	    NULL,
	    "SELECT c.content FROM pm_imports.import_file_chunks AS c "
	    "WHERE c.file_id = $1::pg_catalog.uuid ORDER BY c.chunk",
	    1, &type, &value, NULL, true, 0);

	for (;;)
	{
		bytea *content;
		Datum chunk;
		bool is_null;

		SPI_cursor_fetch(cursor, true, 1);
		if (SPI_processed == 0)
			break;
		chunk = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);
		content = DatumGetByteaPP(chunk);
		write_all(fd, VARDATA_ANY(content), VARSIZE_ANY_EXHDR(content));
		written += VARSIZE_ANY_EXHDR(content);
		if (PointerGetDatum(content) != chunk)
			pfree(content);
		SPI_freetuptable(SPI_tuptable);
		CHECK_FOR_INTERRUPTS();
	}
	SPI_cursor_close(cursor);
	if (written != size)
		FILE_IS_ANOTHER("its content was forgotten");
	return fd;
}

/* Throws 55000 unless the bytes have this SHA-256. */
void
pm_imports_source_check_digest(int fd, const uint8 *sha256)
{
	pg_cryptohash_ctx *context = pg_cryptohash_create(PG_SHA256);
	uint8 found[PG_SHA256_DIGEST_LENGTH];
	uint8 *piece = palloc(PIECE);
	off_t place = 0;

	if (context == NULL || pg_cryptohash_init(context) < 0)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	for (;;)
	{
		ssize_t size = pread(fd, piece, PIECE, place);

		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			ereport(ERROR,
			        (errcode_for_file_access(), errmsg("could not read the file: %m")));
		if (size == 0)
			break;
		if (pg_cryptohash_update(context, piece, size) < 0)
			elog(ERROR, "SHA-256 failed: %s", pg_cryptohash_error(context));
		place += size;
		CHECK_FOR_INTERRUPTS();
	}
	if (pg_cryptohash_final(context, found, sizeof(found)) < 0)
		elog(ERROR, "SHA-256 failed: %s", pg_cryptohash_error(context));
	pg_cryptohash_free(context);
	pfree(piece);
	if (memcmp(found, sha256, sizeof(found)) != 0)
		FILE_IS_ANOTHER("its SHA-256 differs");
}

/* What is wrong with the file as a whole. */
char *
pm_imports_reader_fault(const PmReaderFailure *failure)
{
	static const char *const faults[] = {
	    [PM_READER_IO] = "could not be read",
	    [PM_READER_MEMORY] = "needs more memory than there is",
	    [PM_READER_NO_FORMAT] = "is of none of the formats that can be read",
	    [PM_READER_BAD_ENCODING] = "is not of its encoding",
	    [PM_READER_BAD_ARCHIVE] = "is a damaged archive, or an encrypted one",
	    [PM_READER_NO_MEMBER] =
	        "is an archive without the file that is asked for, or with several",
	    [PM_READER_BOMB] = "becomes too large once it is expanded",
	    [PM_READER_TOO_MANY_COLUMNS] = "has too many columns",
	    [PM_READER_NO_HEADER] = "has no header",
	    [PM_READER_NO_SHEET] = "has no such sheet",
	    [PM_READER_NO_PATH] = "has nothing at the path of the records",
	    [PM_READER_SYNTAX] = "cannot be read on",
	    [PM_READER_FORBIDDEN] = "has a document type with entities, which is refused"};
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text, "the file %s", faults[failure->fault]);
	if (failure->detail[0] != '\0')
		appendStringInfo(&text, ": %s", failure->detail);
	if (failure->line > 0)
		appendStringInfo(&text, "; line %lld", (long long) failure->line);
	if (failure->offset >= 0)
		appendStringInfo(&text, "; byte %lld", (long long) failure->offset);
	return text.data;
}
