/*
 * secrets.c - secrets are encrypted and decrypted, by AES-256-GCM
 *
 * A ciphertext is a nonce of 12 random bytes, the secret's bytes (UTF-8) encrypted, and a
 * tag of 16.  The tag also covers the table, the key's id and the secret's name: what is
 * put into another row, or called by another name, does not open.
 *
 * Keys stand in a file that the database has no copy of.  It is read by each call and
 * wiped before the call ends, so that a new file counts at once and no process keeps a
 * key.  Between reading and wiping nothing can throw; what may throw is done before or
 * after.  No message repeats a part of a secret, of a key, or of a line of the file.
 */
#include "pm_core_module.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/string.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "pm_key_file.h"
#include "storage/fd.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#define NONCE       12
#define TAG         16
#define SECRET_MAX  65536 /* bytes */
#define LITERAL_MIN 8     /* bytes that a statement does not have by chance */
#define COLUMN      "pm_core.secrets.ciphertext"
#define MAKE_ONE \
	"A line is an id, a blank and 64 hexadecimal digits, as of \"openssl rand -hex 32\"; deploy/secret_key.sh makes the file."

/* Is the file within the data directory, which every copy of the server has? */
static bool
is_in_data_directory(const char *name)
{
	char *file = realpath(name, NULL);
	char *data = realpath(DataDir, NULL);
	bool inside = file == NULL || data == NULL || path_is_prefix_of_path(data, file);

	free(file);
	free(data);
	return inside;
}

/* Refuses a file that others may read or change, or that is copied with the data. */
static void
check_file(int descriptor)
{
	struct stat status;

	if (fstat(descriptor, &status) != 0)
		ereport(ERROR, errcode_for_file_access(),
		        errmsg("key file of secrets could not be examined: %m"));
	if (!S_ISREG(status.st_mode))
		ereport(ERROR, errcode(ERRCODE_CONFIG_FILE_ERROR),
		        errmsg("key file of secrets is not a regular file"));
	if (status.st_uid != geteuid())
		ereport(ERROR, errcode(ERRCODE_CONFIG_FILE_ERROR),
		        errmsg("key file of secrets belongs to another user"),
		        errhint("It must belong to the user as whom the server runs."));
	if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		ereport(ERROR, errcode(ERRCODE_CONFIG_FILE_ERROR),
		        errmsg("key file of secrets has group or world access"),
		        errdetail("Its permissions should be u=rw (0600) or less."));
	if (is_in_data_directory(pm_core_secret_key_file))
		ereport(ERROR, errcode(ERRCODE_CONFIG_FILE_ERROR),
		        errmsg("key file of secrets is in the data directory"),
		        errdetail("A copy of the data would have the keys with it."));
}

/* Says what is wrong with the text of the file, and nothing that stands in it. */
static void
refuse_text(PmKeyFault fault, int line)
{
	static const char *const faults[] = {
	    [PM_KEY_LONG] = "The file is longer than 16384 bytes.",
	    [PM_KEY_NONE] = "It has no key.",
	    [PM_KEY_ID] =
	        "does not begin with an id of at most 32 characters A-Z a-z 0-9 . _ -",
	    [PM_KEY_VALUE] = "has no key of 64 hexadecimal digits after its id",
	    [PM_KEY_TWICE] = "has the id of an earlier one",
	    [PM_KEY_MANY] = "has one key more than 64",
	};

	ereport(ERROR, errcode(ERRCODE_CONFIG_FILE_ERROR),
	        errmsg("key file of secrets is not as it should be"),
	        line > 0 ? errdetail("Line %d %s.", line, faults[fault])
	                 : errdetail("%s", faults[fault]),
	        errhint(MAKE_ONE));
}

/*
 * Copies the key of this id, or with NULL the current one; false: there is none.  Throws
 * if the file cannot be used.  No key is left in memory but the copy, which the caller
 * wipes before it does what may throw.
 */
static bool
read_key(const char *id, PmKey *key)
{
	char text[PM_KEY_FILE_MAX + 1];
	PmKeyFile file;
	PmKeyFault fault;
	const PmKey *found = NULL;
	size_t size = 0;
	ssize_t got;
	int descriptor;
	int error;

	if (pm_core_secret_key_file[0] == '\0')
		ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		        errmsg("there is no key file of secrets"),
		        errdetail("Setting pm_core.secret_key_file is empty."), errhint(MAKE_ONE));
	/* O_NONBLOCK: a pipe in the file's place would be waited for */
	descriptor =
	    OpenTransientFile(pm_core_secret_key_file, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (descriptor < 0)
		ereport(ERROR, errcode_for_file_access(),
		        errmsg("key file of secrets could not be opened: %m"),
		        errhint("Superusers see its name in pm_core.secret_key_file."));
	check_file(descriptor);

	while ((got = read(descriptor, text + size, sizeof(text) - size)) > 0)
		size += got;
	error = errno;
	CloseTransientFile(descriptor);
	fault = pm_key_file_read(text, size, &file);
	if (got == 0 && fault == PM_KEY_OK)
		found = id == NULL ? &file.keys[0] : pm_key_file_find(&file, id, strlen(id));
	if (found != NULL)
		*key = *found;
	OPENSSL_cleanse(text, size);
	OPENSSL_cleanse(file.keys, sizeof(file.keys));
	if (got < 0)
	{
		errno = error;
		ereport(ERROR, errcode_for_file_access(),
		        errmsg("key file of secrets could not be read: %m"));
	}
	if (fault != PM_KEY_OK)
		refuse_text(fault, file.line);
	return found != NULL;
}

/*
 * Encrypts or decrypts size bytes, and writes or checks the tag, which covers them and
 * what stands in covered.  Does not throw; false: OpenSSL failed, or the tag is not right,
 * and then nothing of what was written is to be looked at.
 */
static bool
run_cipher(bool encrypt, const PmKey *key, const StringInfoData *covered,
           const uint8 *nonce, const uint8 *from, int size, uint8 *to, uint8 *tag)
{
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	int n = 0;
	bool done =
	    cipher != NULL &&
	    EVP_CipherInit_ex2(cipher, EVP_aes_256_gcm(), key->bytes, nonce, encrypt, NULL) ==
	        1 &&
	    EVP_CipherUpdate(cipher, NULL, &n, (uint8 *) covered->data, covered->len) == 1 &&
	    EVP_CipherUpdate(cipher, to, &n, from, size) == 1 &&
	    (encrypt || EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, TAG, tag) == 1) &&
	    EVP_CipherFinal_ex(cipher, to + n, &n) == 1 &&
	    (!encrypt || EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, TAG, tag) == 1);

	EVP_CIPHER_CTX_free(cipher);
	ERR_clear_error();
	return done;
}

/*
 * What the tag covers besides the secret: it is UTF-8, whatever the database is, so that a
 * secret outlives a restore into another encoding.
 */
static void
cover(StringInfo covered, text *name, const char *key_id)
{
	char *text = text_to_cstring(name);

	initStringInfo(covered);
	appendBinaryStringInfo(covered, COLUMN, sizeof(COLUMN));
	appendBinaryStringInfo(covered, key_id, strlen(key_id) + 1);
	appendStringInfoString(covered, pg_server_to_any(text, strlen(text), PG_UTF8));
}

/* The ciphertext of some bytes. */
static bytea *
seal(text *name, const char *key_id, const uint8 *bytes, Size size)
{
	bytea *sealed = palloc(VARHDRSZ + NONCE + size + TAG);
	uint8 *nonce = (uint8 *) VARDATA(sealed);
	StringInfoData covered;
	PmKey key;
	bool done;

	SET_VARSIZE(sealed, VARHDRSZ + NONCE + size + TAG);
	cover(&covered, name, key_id);
	if (!pg_strong_random(nonce, NONCE))
		ereport(ERROR, errcode(ERRCODE_INTERNAL_ERROR),
		        errmsg("could not generate random bytes"));
	if (!read_key(key_id, &key))
		ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		        errmsg("key \"%s\" is not in the key file of secrets", key_id));
	done = run_cipher(true, &key, &covered, nonce, bytes, (int) size, nonce + NONCE,
	                  nonce + NONCE + size);
	OPENSSL_cleanse(&key, sizeof(key));
	if (!done)
		ereport(ERROR, errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
		        errmsg("secret could not be encrypted"));
	return sealed;
}

/* The bytes of a ciphertext, and a zero behind them; the caller wipes them if it can. */
static uint8 *
unseal(text *name, const char *key_id, bytea *sealed, Size *size)
{
	Size all = VARSIZE_ANY_EXHDR(sealed);
	uint8 *nonce = (uint8 *) VARDATA_ANY(sealed);
	uint8 tag[TAG];
	uint8 *bytes;
	StringInfoData covered;
	PmKey key;
	bool done;

	if (all <= NONCE + TAG || all > NONCE + SECRET_MAX + TAG)
		elog(ERROR, "invalid size of a ciphertext");
	*size = all - NONCE - TAG;
	bytes = palloc(*size + 1);
	cover(&covered, name, key_id);
	memcpy(tag, nonce + NONCE + *size, TAG);
	if (!read_key(key_id, &key))
		ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		        errmsg("secret \"%s\" needs key \"%s\", which is not in the key file",
		               text_to_cstring(name), key_id),
		        errhint("Put the key back, or set the secret anew."));
	done = run_cipher(false, &key, &covered, nonce, nonce + NONCE, (int) *size, bytes, tag);
	OPENSSL_cleanse(&key, sizeof(key));
	if (!done)
	{
		OPENSSL_cleanse(bytes, *size);
		ereport(
		    ERROR, errcode(ERRCODE_DATA_CORRUPTED),
		    errmsg("secret \"%s\" could not be decrypted", text_to_cstring(name)),
		    errdetail("Key \"%s\" of the key file is another one than it was, or the row "
		              "was changed past pm_core.set_secret().",
		              key_id),
		    errhint("Put the key back, or set the secret anew."));
	}
	bytes[*size] = '\0';
	return bytes;
}

/* Do plans that are logged show the values of parameters?  They do if they are verbose. */
static bool
explains_verbosely(void)
{
	const char *verbose = GetConfigOption("auto_explain.log_verbose", true, false);
	const char *duration = GetConfigOption("auto_explain.log_min_duration", true, false);

	return verbose != NULL && strcmp(verbose, "on") == 0 && duration != NULL &&
	       strcmp(duration, "-1") != 0;
}

/*
 * Warns where the server may write the secret down: the statement has it as a literal (as
 * it stands; one that is quoted otherwise is not seen), or parameters are logged.
 */
static void
warn_of_log(const char *value, Size size)
{
	if (debug_query_string != NULL && size >= LITERAL_MIN &&
	    strstr(debug_query_string, value) != NULL)
		ereport(WARNING, errmsg("the secret stands in the statement"),
		        errdetail("The server shows statements to others, and logs them."),
		        errhint("Pass it as a parameter, and change it where it is used."));
	else if (explains_verbosely() ||
	         (log_parameter_max_length != 0 &&
	          (log_statement == LOGSTMT_ALL || log_min_duration_statement >= 0 ||
	           log_min_duration_sample >= 0 || log_xact_sample_rate > 0)))
		ereport(WARNING, errmsg("the server may have logged the secret"),
		        errdetail("It logs statements with their parameters."),
		        errhint("Set log_parameter_max_length to 0 and auto_explain.log_verbose to "
		                "off, and change the secret where it is used."));
}

PG_FUNCTION_INFO_V1(pm_core_current_secret_key);

/* _current_secret_key(): id of the key that encrypts */
Datum
pm_core_current_secret_key(PG_FUNCTION_ARGS)
{
	PmKey key;

	(void) read_key(NULL, &key);
	OPENSSL_cleanse(key.bytes, sizeof(key.bytes));
	PG_RETURN_TEXT_P(cstring_to_text(key.id));
}

PG_FUNCTION_INFO_V1(pm_core_encrypt_secret);

/* _encrypt_secret(name, key_id, value) */
Datum
pm_core_encrypt_secret(PG_FUNCTION_ARGS)
{
	char *value = text_to_cstring(PG_GETARG_TEXT_PP(2));
	char *bytes;
	Size size;
	bytea *sealed;

	/* the database may hold anything, and the error of a conversion would show it */
	if (GetDatabaseEncoding() == PG_SQL_ASCII && !pg_is_ascii(value))
		ereport(ERROR, errcode(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE),
		        errmsg("a secret of a database in SQL_ASCII must be ASCII"));
	bytes = pg_server_to_any(value, strlen(value), PG_UTF8);
	size = strlen(bytes);
	if (size == 0 || size > SECRET_MAX)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		        errmsg("a secret has 1 to %d bytes", SECRET_MAX));
	sealed = seal(PG_GETARG_TEXT_PP(0), text_to_cstring(PG_GETARG_TEXT_PP(1)),
	              (uint8 *) bytes, size);
	warn_of_log(value, strlen(value));
	OPENSSL_cleanse(bytes, size);
	PG_RETURN_BYTEA_P(sealed);
}

PG_FUNCTION_INFO_V1(pm_core_decrypt_secret);

/* _decrypt_secret(name, key_id, ciphertext) */
Datum
pm_core_decrypt_secret(PG_FUNCTION_ARGS)
{
	Size size;
	char *bytes =
	    (char *) unseal(PG_GETARG_TEXT_PP(0), text_to_cstring(PG_GETARG_TEXT_PP(1)),
	                    PG_GETARG_BYTEA_PP(2), &size);
	text *value = cstring_to_text(pg_any_to_server(bytes, (int) size, PG_UTF8));

	OPENSSL_cleanse(bytes, size);
	PG_RETURN_TEXT_P(value);
}

PG_FUNCTION_INFO_V1(pm_core_reencrypt_secret);

/* _reencrypt_secret(name, key_id, ciphertext, new_key_id) */
Datum
pm_core_reencrypt_secret(PG_FUNCTION_ARGS)
{
	text *name = PG_GETARG_TEXT_PP(0);
	char *new_key_id = text_to_cstring(PG_GETARG_TEXT_PP(3));
	Size size;
	uint8 *bytes =
	    unseal(name, text_to_cstring(PG_GETARG_TEXT_PP(1)), PG_GETARG_BYTEA_PP(2), &size);
	bytea *sealed = seal(name, new_key_id, bytes, size);

	OPENSSL_cleanse(bytes, size);
	PG_RETURN_BYTEA_P(sealed);
}
