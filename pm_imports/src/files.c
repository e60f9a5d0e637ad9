/*
 * files.c - files of the server that may be read, and their SHA-256
 *
 * Two things are asked of whoever reads a file of the server: the rights of
 * pg_read_server_files, and that the administrator listed a directory above it in
 * pm_imports.directories.  Where a file is counts, not what it is called: symbolic links
 * and .. are followed first, and after the file is open its path is followed again, so
 * that a link which was turned meanwhile is met.
 */
#include "pm_imports_module.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <unistd.h>

#include "catalog/pg_authid.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

PG_FUNCTION_INFO_V1(pm_imports__file_facts);
PG_FUNCTION_INFO_V1(pm_imports__list_directory);
PG_FUNCTION_INFO_V1(pm_imports__upload_sha256);

/* Throws unless the current role may read files of the server. */
static void
check_role(void)
{
	if (!has_privs_of_role(GetUserId(), ROLE_PG_READ_SERVER_FILES))
		ereport(ERROR,
		        (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
		         errmsg("role \"%s\" may not read files of the server",
		                GetUserNameFromId(GetUserId(), false)),
		         errhint("Members of role pg_read_server_files may; import_data() takes a "
		                 "file from any client.")));
}

/* Is the path, which is without symbolic links, the directory or below it? */
static bool
is_below(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	if (strcmp(directory, "/") == 0)
		return true;
	return strncmp(path, directory, length) == 0 &&
	       (path[length] == '/' || path[length] == '\0');
}

/* Is the path, which is without symbolic links, below a directory of the setting? */
static bool
is_allowed(const char *path)
{
	char *list = pstrdup(pm_imports_directories);
	char *rest = list;
	char *directory;
	bool allowed = false;

	while (!allowed && (directory = strsep(&rest, ":")) != NULL)
	{
		char *real = directory[0] == '/' ? realpath(directory, NULL) : NULL;

		allowed = real != NULL && is_below(path, real);
		free(real);
	}
	pfree(list);
	return allowed;
}

/* The path without symbolic links, palloc'd; throws if it is not one that may be read. */
static char *
allowed_path(const char *path, const char *kind)
{
	char *real;
	char *copy;

	if (!is_absolute_path(path))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("path is not absolute: \"%s\"", path)));
	real = realpath(path, NULL);
	if (real == NULL)
		ereport(ERROR, (errcode_for_file_access(),
		                errmsg("could not open %s \"%s\": %m", kind, path)));
	copy = pstrdup(real);
	free(real);
	if (!is_allowed(copy))
		ereport(ERROR,
		        (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
		         errmsg("%s \"%s\" is not in a directory of imports", kind, path),
		         errhint("An administrator lists directories in pm_imports.directories, "
		                 "by ALTER DATABASE or ALTER SYSTEM.")));
	return copy;
}

/* See pm_imports_module.h. */
int
pm_imports_open_file(const char *path, char **real_path, struct stat *facts)
{
	char *real;
	char *again;
	struct stat there;
	int fd;
	bool same;

	check_role();
	real = allowed_path(path, "file");
	/* without waiting for the other end of a pipe */
	fd = BasicOpenFile(real, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | PG_BINARY);
	if (fd < 0)
		ereport(ERROR, (errcode_for_file_access(),
		                errmsg("could not open file \"%s\": %m", path)));
	again = realpath(real, NULL);
	same = fstat(fd, facts) == 0 && again != NULL && strcmp(again, real) == 0 &&
	       lstat(again, &there) == 0 && there.st_dev == facts->st_dev &&
	       there.st_ino == facts->st_ino;
	free(again);
	if (!same || !S_ISREG(facts->st_mode))
	{
		close(fd);
		if (!same)
			ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			                errmsg("file \"%s\" was replaced while it was opened", path)));
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
		                errmsg("\"%s\" is not a regular file", path)));
	}
	if (real_path)
		*real_path = real;
	return fd;
}

/* Throws what the hash says. */
static void
hash_failed(pg_cryptohash_ctx *hash)
{
	ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
	                errmsg("could not compute SHA-256: %s", pg_cryptohash_error(hash))));
}

/* A new SHA-256; freed with pg_cryptohash_free(). */
static pg_cryptohash_ctx *
start_hash(void)
{
	pg_cryptohash_ctx *hash = pg_cryptohash_create(PG_SHA256);

	if (hash == NULL || pg_cryptohash_init(hash) < 0)
		hash_failed(hash);
	return hash;
}

/* The digest as bytea. */
static bytea *
finish_hash(pg_cryptohash_ctx *hash)
{
	bytea *digest = palloc(VARHDRSZ + PG_SHA256_DIGEST_LENGTH);

	SET_VARSIZE(digest, VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
	if (pg_cryptohash_final(hash, (uint8 *) VARDATA(digest), PG_SHA256_DIGEST_LENGTH) < 0)
		hash_failed(hash);
	return digest;
}

/* SHA-256 of an open file of the size; throws if it is shorter, or cannot be read. */
static bytea *
hash_file(int fd, const char *path, off_t size, pg_cryptohash_ctx *hash)
{
	const size_t portion = 1024 * 1024;
	char *buffer = palloc(portion);
	off_t offset = 0;

	while (offset < size)
	{
		ssize_t got;

		CHECK_FOR_INTERRUPTS();
		got = pg_pread(fd, buffer, Min(portion, (size_t) (size - offset)), offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			ereport(ERROR, (errcode_for_file_access(),
			                errmsg("could not read file \"%s\": %m", path)));
		if (got == 0)
			break; /* it has become shorter: the caller sees that */
		if (pg_cryptohash_update(hash, (uint8 *) buffer, got) < 0)
			hash_failed(hash);
		offset += got;
	}
	pfree(buffer);
	return finish_hash(hash);
}

/* A time of a file. */
static TimestampTz
time_of(struct timespec time)
{
	return (time.tv_sec -
	        (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (int64) SECS_PER_DAY) *
	           USECS_PER_SEC +
	       time.tv_nsec / 1000;
}

/*
 * _file_facts(file text, OUT path text, OUT size bigint, OUT device bigint, OUT inode
 * bigint, OUT modified_at timestamptz, OUT changed_at timestamptz, OUT sha256 bytea): a
 * file of the server that may be read, with its SHA-256; 55000 if it is written meanwhile.
 * changed_at, unlike modified_at, nobody can set.
 */
Datum
pm_imports__file_facts(PG_FUNCTION_ARGS)
{
	char *given = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char *path;
	struct stat facts;
	struct stat after;
	TupleDesc shape;
	Datum values[7];
	bool nulls[7] = {false};
	pg_cryptohash_ctx *volatile hash = NULL;
	bytea *volatile digest = NULL;
	int fd;

	if (get_call_result_type(fcinfo, NULL, &shape) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	fd = pm_imports_open_file(given, &path, &facts);
	PG_TRY();
	{
		hash = start_hash();
		digest = hash_file(fd, path, facts.st_size, hash);
		if (fstat(fd, &after) < 0 || after.st_size != facts.st_size ||
		    after.st_mtim.tv_sec != facts.st_mtim.tv_sec ||
		    after.st_mtim.tv_nsec != facts.st_mtim.tv_nsec ||
		    after.st_ctim.tv_sec != facts.st_ctim.tv_sec ||
		    after.st_ctim.tv_nsec != facts.st_ctim.tv_nsec)
			ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			                errmsg("file \"%s\" is being written", path),
			                errhint("Import it once it is complete.")));
	}
	PG_FINALLY();
	{
		if (hash)
			pg_cryptohash_free(hash);
		close(fd);
	}
	PG_END_TRY();

	values[0] = CStringGetTextDatum(path);
	values[1] = Int64GetDatum((int64) facts.st_size);
	values[2] = Int64GetDatum((int64) facts.st_dev);
	values[3] = Int64GetDatum((int64) facts.st_ino);
	values[4] = TimestampTzGetDatum(time_of(facts.st_mtim));
	values[5] = TimestampTzGetDatum(time_of(facts.st_ctim));
	values[6] = PointerGetDatum(digest);
	PG_RETURN_DATUM(
	    HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(shape), values, nulls)));
}

/*
 * _list_directory(directory text, pattern text) returns setof (path text, size bigint,
 * device bigint, inode bigint, modified_at timestamptz): its regular files whose name the
 * pattern of a shell matches.  Names that are not valid in the database's encoding are
 * left out, and so are files that go meanwhile.
 */
Datum
pm_imports__list_directory(PG_FUNCTION_ARGS)
{
	char *given = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char *pattern = text_to_cstring(PG_GETARG_TEXT_PP(1));
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	char *directory;
	DIR *dir;
	struct dirent *entry;

	check_role();
	directory = allowed_path(given, "directory");
	InitMaterializedSRF(fcinfo, 0);
	dir = AllocateDir(directory);
	while ((entry = ReadDir(dir, directory)) != NULL)
	{
		struct stat facts;
		char *path;
		Datum values[5];
		bool nulls[5] = {false};

		CHECK_FOR_INTERRUPTS();
		if (fnmatch(pattern, entry->d_name, FNM_PERIOD) != 0 ||
		    !pg_verifymbstr(entry->d_name, strlen(entry->d_name), true))
			continue;
		path =
		    psprintf("%s/%s", strcmp(directory, "/") == 0 ? "" : directory, entry->d_name);
		if (lstat(path, &facts) == 0 && S_ISREG(facts.st_mode))
		{
			values[0] = CStringGetTextDatum(path);
			values[1] = Int64GetDatum((int64) facts.st_size);
			values[2] = Int64GetDatum((int64) facts.st_dev);
			values[3] = Int64GetDatum((int64) facts.st_ino);
			values[4] = TimestampTzGetDatum(time_of(facts.st_mtim));
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
		pfree(path);
	}
	FreeDir(dir);
	return (Datum) 0;
}

/* Adds chunks of an upload to the hash, a few at a time; throws. */
static void
hash_chunks(Datum upload, pg_cryptohash_ctx *hash)
{
	Oid types[1] = {UUIDOID};
	Portal chunks = SPI_cursor_open_with_args(
	    NULL,
	    "SELECT c.content FROM pm_imports.import_file_chunks AS c WHERE c.file_id = "
	    "$1 ORDER BY c.chunk",
	    1, types, &upload, NULL, true, 0);

	for (;;)
	{
		bool is_null;
		Datum stored;
		bytea *content;

		CHECK_FOR_INTERRUPTS();
		SPI_cursor_fetch(chunks, true, 1);
		if (SPI_processed == 0)
			break;
		stored = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);
		content = DatumGetByteaPP(stored);
		if (pg_cryptohash_update(hash, (uint8 *) VARDATA_ANY(content),
		                         VARSIZE_ANY_EXHDR(content)) < 0)
			hash_failed(hash);
		if ((Pointer) content != DatumGetPointer(stored))
			pfree(content); /* fetched from the TOAST table, megabytes each */
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_cursor_close(chunks);
}

/* _upload_sha256(upload uuid) returns bytea: SHA-256 of its chunks, in their order. */
Datum
pm_imports__upload_sha256(PG_FUNCTION_ARGS)
{
	pg_cryptohash_ctx *volatile hash = NULL;
	MemoryContext outer = CurrentMemoryContext;
	bytea *volatile digest = NULL;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	PG_TRY();
	{
		hash = start_hash();
		hash_chunks(PG_GETARG_DATUM(0), hash);
		MemoryContextSwitchTo(outer);
		digest = finish_hash(hash);
	}
	PG_FINALLY();
	{
		if (hash)
			pg_cryptohash_free(hash);
	}
	PG_END_TRY();
	SPI_finish();
	PG_RETURN_BYTEA_P(digest);
}
