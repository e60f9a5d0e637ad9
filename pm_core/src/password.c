/*
 * password.c - passwords are hashed and compared, by pgcrypto's bcrypt
 *
 * crypt() is that of extension pgcrypto, whatever schema that is in.  The rounds that a
 * session has computed are counted: tests compare what was done for an unknown user with
 * what was done for a wrong password.
 */
#include "pm_core_module.h"

#include "access/htup_details.h"
#include "catalog/dependency.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "pm_jwt.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/syscache.h"

#define PASSWORD_MAX 72 /* bytes that bcrypt looks at */
#define PREFIX       7  /* $2a$12$ */
#define HASH         60
#define SALT         16 /* bytes */
#define COST_MIN     4  /* of bcrypt */
#define COST_MAX     31

static uint64 rounds = 0;

/* The function crypt(text, text) of extension pgcrypto.  Throws if there is none. */
static Oid
find_crypt(void)
{
	Oid extension = get_extension_oid("pgcrypto", false);
	CatCList *list = SearchSysCacheList1(PROCNAMEARGSNSP, CStringGetDatum("crypt"));
	Oid found = InvalidOid;

	for (int i = 0; i < list->n_members; i++)
	{
		Form_pg_proc form = (Form_pg_proc) GETSTRUCT(&list->members[i]->tuple);

		if (form->pronargs == 2 && form->proargtypes.values[0] == TEXTOID &&
		    form->proargtypes.values[1] == TEXTOID &&
		    getExtensionOfObject(ProcedureRelationId, form->oid) == extension)
			found = form->oid;
	}
	ReleaseCatCacheList(list);
	if (!OidIsValid(found))
		elog(ERROR, "function crypt of extension pgcrypto is missing");
	return found;
}

/* Calls crypt(password, salt) of pgcrypto. */
static text *
bcrypt(text *password, const char *salt)
{
	rounds += UINT64CONST(1) << atoi(salt + 4);
	return DatumGetTextPP(OidFunctionCall2(find_crypt(), PointerGetDatum(password),
	                                       CStringGetTextDatum(salt)));
}

/* Refuses what bcrypt would cut. */
static void
check_size(text *password)
{
	if (VARSIZE_ANY_EXHDR(password) > PASSWORD_MAX)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		        errmsg("password is longer than %d bytes", PASSWORD_MAX),
		        errhint("Letters outside ASCII have 2 to 4 bytes."));
}

/* Writes $2a$cost$ and 16 bytes in bcrypt's base 64, of which it has its own kind. */
static void
make_salt(char *salt, int cost, const uint8 *bytes)
{
	static const char alphabet[] =
	    "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	uint32 bits = 0;
	int nbits = 0;
	char *to = salt + sprintf(salt, "$2a$%02d$", cost);

	for (int i = 0; i < SALT; i++)
	{
		bits = bits << 8 | bytes[i];
		for (nbits += 8; nbits >= 6; nbits -= 6)
			*to++ = alphabet[bits >> (nbits - 6) & 63];
	}
	*to++ = alphabet[bits << (6 - nbits) & 63];
	*to = '\0';
}

PG_FUNCTION_INFO_V1(pm_core_hash_password);

/* _hash_password(password): a hash of the cost that is set */
Datum
pm_core_hash_password(PG_FUNCTION_ARGS)
{
	text *password = PG_GETARG_TEXT_PP(0);
	uint8 bytes[SALT];
	char salt[PREFIX + 24];

	check_size(password);
	if (!pg_strong_random(bytes, SALT))
		ereport(ERROR, errcode(ERRCODE_INTERNAL_ERROR),
		        errmsg("could not generate random bytes"));
	make_salt(salt, pm_core_bcrypt_cost, bytes);
	PG_RETURN_TEXT_P(bcrypt(password, salt));
}

/* The cost in a hash, or 0: it is none of bcrypt's. */
static int
cost_of(text *hash)
{
	const char *at = VARDATA_ANY(hash);
	int cost;

	if (VARSIZE_ANY_EXHDR(hash) != HASH || memcmp(at, "$2a$", 4) != 0 || at[6] != '$' ||
	    !isdigit((unsigned char) at[4]) || !isdigit((unsigned char) at[5]))
		return 0;
	cost = (at[4] - '0') * 10 + at[5] - '0';
	return cost >= COST_MIN && cost <= COST_MAX ? cost : 0;
}

PG_FUNCTION_INFO_V1(pm_core_password_cost);

/* _password_cost(hash) */
Datum
pm_core_password_cost(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(cost_of(PG_GETARG_TEXT_PP(0)));
}

PG_FUNCTION_INFO_V1(pm_core_same_password);

/*
 * _same_password(password, hash): is the hash that of the password?
 *
 * A hash that is NULL or none (an unknown user, one without a password) is not, after the
 * work that a hash of the present cost takes.  One of a lower cost, if it is not that of
 * the password, is followed by the work that it lacks: costs c, c, c+1 ... n-1 are
 * together 2^n rounds.
 */
Datum
pm_core_same_password(PG_FUNCTION_ARGS)
{
	static const uint8 zeros[SALT];
	text *password;
	text *hash;
	char salt[PREFIX + 24];
	int cost = 0;

	if (PG_ARGISNULL(0))
		PG_RETURN_BOOL(false);
	password = PG_GETARG_TEXT_PP(0);
	check_size(password);
	if (!PG_ARGISNULL(1))
	{
		hash = PG_GETARG_TEXT_PP(1);
		cost = cost_of(hash);
	}
	if (cost == 0)
	{
		make_salt(salt, pm_core_bcrypt_cost, zeros);
		(void) bcrypt(password, salt);
		PG_RETURN_BOOL(false);
	}
	else
	{
		text *again = bcrypt(password, text_to_cstring(hash));

		if (VARSIZE_ANY_EXHDR(again) == HASH &&
		    pm_same_bytes(VARDATA_ANY(again), VARDATA_ANY(hash), HASH))
			PG_RETURN_BOOL(true);
	}
	for (; cost < pm_core_bcrypt_cost; cost++)
	{
		make_salt(salt, cost, zeros);
		(void) bcrypt(password, salt);
	}
	PG_RETURN_BOOL(false);
}

PG_FUNCTION_INFO_V1(pm_core_bcrypt_rounds);

/* _bcrypt_rounds(): how many this session has computed */
Datum
pm_core_bcrypt_rounds(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64((int64) rounds);
}

PG_FUNCTION_INFO_V1(pm_core_random_bytes);

/* _random_bytes(n): n of them, from 1 to 1024 */
Datum
pm_core_random_bytes(PG_FUNCTION_ARGS)
{
	int32 n = PG_GETARG_INT32(0);
	bytea *result;

	if (n < 1 || n > 1024)
		elog(ERROR, "invalid number of bytes: %d", n);
	result = palloc(VARHDRSZ + n);
	SET_VARSIZE(result, VARHDRSZ + n);
	if (!pg_strong_random(VARDATA(result), n))
		ereport(ERROR, errcode(ERRCODE_INTERNAL_ERROR),
		        errmsg("could not generate random bytes"));
	PG_RETURN_BYTEA_P(result);
}
