/*
 * token.c - tokens are signed and verified
 *
 * A token is a session's: of its user, and of no use once the session is revoked, whatever
 * its signature says.  What has to be read for that, the keys and the live sessions, is
 * kept until something changes (changed.c); so is, of a key, the state of the hash after
 * the key's block, which is half the work of an HMAC.  At most SESSIONS_MAX sessions and
 * KEYS_MAX keys are kept; then all are forgotten.
 *
 * Nothing of the claims is read before the signature is found right, and errors do not
 * repeat any part of a token.
 */
#include "pm_core_module.h"

#include <openssl/evp.h>

#include "catalog/pg_type.h"
#include "pm_jwt.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#define SESSIONS_MAX 16384
#define KEYS_MAX     32
#define UUID_TEXT    37
#define BLOCK        64 /* bytes that SHA-256 takes at a time */

/* A live session. */
typedef struct Session
{
	pg_uuid_t id; /* key */
	pg_uuid_t user;
} Session;

/* A signing key: SHA-256 after its inner and outer block. */
typedef struct Key
{
	char kid[PM_JWT_KID_MAX + 1];
	EVP_MD_CTX *inner;
	EVP_MD_CTX *outer;
} Key;

static MemoryContext context;
static HTAB *sessions;
static Key keys[KEYS_MAX];
static int nkeys;
static uint64 generation;
static EVP_MD *sha256;
static EVP_MD_CTX *work;

/* OpenSSL fails for want of memory, or because SHA-256 is not provided. */
static void
must(int success)
{
	if (success != 1)
		ereport(ERROR, errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
		        errmsg("SHA-256 could not be computed"));
}

/* Forgets sessions and keys. */
static void
forget(void)
{
	HASHCTL info = {.keysize = sizeof(pg_uuid_t), .entrysize = sizeof(Session)};

	while (nkeys > 0)
	{
		nkeys--;
		EVP_MD_CTX_free(keys[nkeys].inner);
		EVP_MD_CTX_free(keys[nkeys].outer);
	}
	sessions = NULL;
	if (context == NULL)
		context = AllocSetContextCreate(TopMemoryContext, "pm_core sessions",
		                                ALLOCSET_SMALL_SIZES);
	MemoryContextReset(context);
	info.hcxt = context;
	sessions =
	    hash_create("pm_core sessions", 256, &info, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* Makes sure that what is kept is up to date; the generation. */
static uint64
refresh(void)
{
	uint64 now = pm_core_generation(CHANGED_SESSIONS);

	if (sessions == NULL || generation != now)
	{
		forget();
		generation = now;
	}
	if (sha256 == NULL)
		sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (work == NULL)
		work = EVP_MD_CTX_new();
	must(sha256 != NULL && work != NULL);
	return now;
}

/* Calls one of our functions of one argument; *keep: may the answer be kept? */
static Datum
ask(FmgrInfo *caller, const char *name, Oid type, Datum argument, bool *isnull, bool *keep)
{
	uint64 before = generation;
	bool pushed = pm_core_push_latest_snapshot();
	Datum answer = pm_core_call_inner(caller, name, 1, &type, &argument, isnull);

	if (pushed)
		PopActiveSnapshot();
	*keep = pushed && pm_core_generation(CHANGED_SESSIONS) == before;
	return answer;
}

/* A hash whose state is after a block: the key, each byte changed by pad. */
static EVP_MD_CTX *
start_hash(const uint8 *secret, Size size, uint8 pad)
{
	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	uint8 block[BLOCK];

	memset(block, pad, BLOCK);
	for (Size i = 0; i < size; i++)
		block[i] ^= secret[i];
	if (hash == NULL || EVP_DigestInit_ex2(hash, sha256, NULL) != 1 ||
	    EVP_DigestUpdate(hash, block, BLOCK) != 1)
	{
		EVP_MD_CTX_free(hash);
		must(0);
	}
	explicit_bzero(block, BLOCK);
	return hash;
}

/*
 * The key of a kid, or NULL.  *temporary: it is not kept, and the caller frees its hashes.
 */
static Key *
find_key(FmgrInfo *caller, const char *kid, Key *temporary)
{
	bytea *secret;
	bool isnull;
	bool keep;
	Datum answer;

	temporary->inner = temporary->outer = NULL;
	for (int i = 0; i < nkeys; i++)
		if (strcmp(keys[i].kid, kid) == 0)
			return &keys[i];
	answer =
	    ask(caller, "_signing_secret", TEXTOID, CStringGetTextDatum(kid), &isnull, &keep);
	if (isnull)
		return NULL;
	secret = DatumGetByteaPP(answer);
	if (VARSIZE_ANY_EXHDR(secret) > BLOCK)
		elog(ERROR, "signing key is too long");
	strlcpy(temporary->kid, kid, sizeof(temporary->kid));
	temporary->inner =
	    start_hash((uint8 *) VARDATA_ANY(secret), VARSIZE_ANY_EXHDR(secret), 0x36);
	temporary->outer =
	    start_hash((uint8 *) VARDATA_ANY(secret), VARSIZE_ANY_EXHDR(secret), 0x5c);
	if (!keep)
		return temporary;
	if (nkeys == KEYS_MAX)
		forget();
	keys[nkeys] = *temporary;
	temporary->inner = temporary->outer = NULL;
	return &keys[nkeys++];
}

/* HMAC-SHA-256 of a text by a key. */
static void
sign(const Key *key, const char *text, Size size, uint8 *signature)
{
	must(EVP_MD_CTX_copy_ex(work, key->inner) == 1 &&
	     EVP_DigestUpdate(work, text, size) == 1 &&
	     EVP_DigestFinal_ex(work, signature, NULL) == 1 &&
	     EVP_MD_CTX_copy_ex(work, key->outer) == 1 &&
	     EVP_DigestUpdate(work, signature, PM_JWT_SIGNATURE) == 1 &&
	     EVP_DigestFinal_ex(work, signature, NULL) == 1);
}

/* HMAC by the key of a kid; false if there is none. */
static bool
sign_by(FmgrInfo *caller, const char *kid, const char *text, Size size, uint8 *signature)
{
	Key temporary;
	Key *key = find_key(caller, kid, &temporary);

	if (key == NULL)
		return false;
	sign(key, text, size, signature);
	EVP_MD_CTX_free(temporary.inner);
	EVP_MD_CTX_free(temporary.outer);
	return true;
}

/* Refuses a token. */
static void
refuse(const char *message, const char *detail)
{
	ereport(ERROR, errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
	        errmsg("%s", message), errdetail("%s", detail));
}

/* Refuses what pm_jwt_open() refuses. */
static void
refuse_fault(PmJwtFault fault)
{
	static const char *const details[] = {
	    [PM_JWT_SIZE] = "It is empty, or longer than 2048 bytes.",
	    [PM_JWT_PARTS] = "It has not three parts with dots between them.",
	    [PM_JWT_BASE64] = "A part of it is not base64url without padding.",
	    [PM_JWT_HEADER] = "Its header is not a JSON object of alg, kid and typ.",
	    [PM_JWT_ALGORITHM] = "Its algorithm is not HS256.",
	    [PM_JWT_KEY] = "It names no key.",
	    [PM_JWT_LENGTH] = "Its signature has not the length of an HS256 one.",
	    [PM_JWT_CLAIMS] = "Its claims are not those of a token of ours."};

	refuse("invalid token", details[fault]);
}

/* The user of a session that is live, or NULL; *found is where it may be written. */
static const pg_uuid_t *
find_session(FmgrInfo *caller, const pg_uuid_t *id, Session *found)
{
	Session *kept = hash_search(sessions, id, HASH_FIND, NULL);
	bool isnull;
	bool keep;
	bool there;
	Datum answer;

	if (kept != NULL)
		return &kept->user;
	answer = ask(caller, "_session_user", UUIDOID, UUIDPGetDatum(id), &isnull, &keep);
	if (isnull)
		return NULL;
	found->user = *DatumGetUUIDP(answer);
	if (!keep)
		return &found->user;
	if (hash_get_num_entries(sessions) >= SESSIONS_MAX)
		forget();
	kept = hash_search(sessions, id, HASH_ENTER, &there);
	kept->user = found->user;
	return &kept->user;
}

/*
 * Verifies a token.  A live one has not expired and belongs to a live session of an active
 * user; without live only its signature has to be right.  Throws 28000.
 */
static void
verify(FmgrInfo *caller, text *token, bool live, PmJwt *jwt, PmJwtClaims *claims,
       pg_uuid_t *user)
{
	uint8 signature[PM_JWT_SIGNATURE];
	PmJwtFault fault = pm_jwt_open(VARDATA_ANY(token), VARSIZE_ANY_EXHDR(token), jwt);
	pg_uuid_t session;
	Session found;
	const pg_uuid_t *owner;

	if (fault != PM_JWT_OK)
		refuse_fault(fault);
	(void) refresh();
	if (!sign_by(caller, jwt->kid, VARDATA_ANY(token), jwt->signed_size, signature))
		refuse("invalid token", "Its key is unknown, or was retired.");
	if (!pm_same_bytes(signature, jwt->signature, PM_JWT_SIGNATURE))
		refuse("invalid token", "Its signature does not match.");
	fault = pm_jwt_claims(jwt->claims, jwt->claims_size, claims);
	if (fault != PM_JWT_OK)
		refuse_fault(fault);
	memcpy(user, claims->sub, sizeof(*user));
	if (!live)
		return;
	if (claims->exp <= timestamptz_to_time_t(GetCurrentTimestamp()))
		refuse("token has expired", "Refresh it, or log in again.");
	memcpy(&session, claims->sid, sizeof(session));
	owner = find_session(caller, &session, &found);
	if (owner == NULL || memcmp(owner, user, sizeof(*user)) != 0 ||
	    pm_core_is_ended(&session))
		refuse("token was revoked", "Its session has ended, or its user is not active.");
}

/* Verifies an access token; its user.  Throws 28000. */
void
pm_core_verify_access(FmgrInfo *caller, text *token, pg_uuid_t *user)
{
	PmJwt jwt;
	PmJwtClaims claims;

	verify(caller, token, true, &jwt, &claims, user);
	if (claims.use != PM_JWT_ACCESS)
		refuse("invalid token", "It is a refresh token; an access token is needed.");
}

/* Adds a member to an object; the text is not copied. */
static void
add_text(JsonbParseState **state, char *key, char *text)
{
	JsonbValue name = {
	    .type = jbvString, .val.string = {(int) strlen(key), key}
    };
	JsonbValue value = {
	    .type = jbvString, .val.string = {(int) strlen(text), text}
    };

	pushJsonbValue(state, WJB_KEY, &name);
	pushJsonbValue(state, WJB_VALUE, &value);
}

static void
add_number(JsonbParseState **state, char *key, int64 number)
{
	JsonbValue name = {
	    .type = jbvString, .val.string = {(int) strlen(key), key}
    };
	JsonbValue value = {.type = jbvNumeric, .val.numeric = int64_to_numeric(number)};

	pushJsonbValue(state, WJB_KEY, &name);
	pushJsonbValue(state, WJB_VALUE, &value);
}

/* A UUID as text, into a buffer of UUID_TEXT bytes. */
static char *
uuid_text(const uint8 *uuid, char *text)
{
	static const char digits[] = "0123456789abcdef";
	char *to = text;

	for (int i = 0; i < UUID_LEN; i++)
	{
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*to++ = '-';
		*to++ = digits[uuid[i] >> 4];
		*to++ = digits[uuid[i] & 15];
	}
	*to = '\0';
	return text;
}

/* The claims as jsonb; its keys in the order in which jsonb keeps them, for it to sort. */
static Datum
claims_jsonb(PmJwtClaims *claims)
{
	JsonbParseState *state = NULL;
	bool access = claims->use == PM_JWT_ACCESS;
	char session[UUID_TEXT];
	char user[UUID_TEXT];

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	add_number(&state, "exp", claims->exp);
	if (!access)
		add_number(&state, "gen", claims->gen);
	add_number(&state, "iat", claims->iat);
	add_text(&state, "sid", uuid_text(claims->sid, session));
	add_text(&state, "sub", uuid_text(claims->sub, user));
	add_text(&state, "use", access ? "access" : "refresh");
	if (access)
		add_text(&state, "role", claims->role);
	return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
}

PG_FUNCTION_INFO_V1(pm_core_verify_token);

/* verify_token(token): the claims of a live access token */
Datum
pm_core_verify_token(PG_FUNCTION_ARGS)
{
	PmJwt jwt;
	PmJwtClaims claims;
	pg_uuid_t user;

	verify(fcinfo->flinfo, PG_GETARG_TEXT_PP(0), true, &jwt, &claims, &user);
	if (claims.use != PM_JWT_ACCESS)
		refuse("invalid token", "It is a refresh token; an access token is needed.");
	return claims_jsonb(&claims);
}

PG_FUNCTION_INFO_V1(pm_core_read_token);

/* _read_token(token, live): the claims of any token of ours, or of a live one */
Datum
pm_core_read_token(PG_FUNCTION_ARGS)
{
	PmJwt jwt;
	PmJwtClaims claims;
	pg_uuid_t user;

	verify(fcinfo->flinfo, PG_GETARG_TEXT_PP(0), PG_GETARG_BOOL(1), &jwt, &claims, &user);
	return claims_jsonb(&claims);
}

PG_FUNCTION_INFO_V1(pm_core_sign_claims);

/* _sign_claims(kid, claims): the token.  What would not be accepted is not signed. */
Datum
pm_core_sign_claims(PG_FUNCTION_ARGS)
{
	char *kid = text_to_cstring(PG_GETARG_TEXT_PP(0));
	text *claims = PG_GETARG_TEXT_PP(1);
	Size size = VARSIZE_ANY_EXHDR(claims);
	char *header = psprintf("{\"alg\":\"HS256\",\"kid\":\"%s\",\"typ\":\"JWT\"}", kid);
	uint8 signature[PM_JWT_SIGNATURE];
	char token[PM_JWT_MAX];
	PmJwtClaims read;
	Size used;

	if (strlen(kid) > PM_JWT_KID_MAX || size > PM_JWT_MAX / 2 ||
	    pm_jwt_claims(VARDATA_ANY(claims), size, &read) != PM_JWT_OK)
		elog(ERROR, "claims are not valid");
	used = pm_base64url_encode((uint8 *) header, strlen(header), token);
	token[used++] = '.';
	used += pm_base64url_encode((uint8 *) VARDATA_ANY(claims), size, token + used);
	(void) refresh();
	if (!sign_by(fcinfo->flinfo, kid, token, used, signature))
		elog(ERROR, "signing key is missing");
	token[used++] = '.';
	used += pm_base64url_encode(signature, PM_JWT_SIGNATURE, token + used);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(token, (int) used));
}

PG_FUNCTION_INFO_V1(pm_core_base64url);

/* _base64url(bytea) */
Datum
pm_core_base64url(PG_FUNCTION_ARGS)
{
	bytea *data = PG_GETARG_BYTEA_PP(0);
	Size size = VARSIZE_ANY_EXHDR(data);
	char *text = palloc(size * 4 / 3 + 4);

	PG_RETURN_TEXT_P(cstring_to_text_with_len(
	    text, (int) pm_base64url_encode((uint8 *) VARDATA_ANY(data), size, text)));
}
