/*
 * pm_jwt.h - signed tokens in compact form (RFC 7515, 7519): taken apart and checked
 *
 * Takes less than the RFCs allow, so that a token has one form only: the header is a
 * flat object with alg "HS256", kid and perhaps typ "JWT"; the claims are a flat object
 * of those that we issue, each once; strings are printable ASCII without escapes, numbers
 * are integers; base64url has no padding and no bits left over.  Whether the signature
 * is right is for the caller to find out, before pm_jwt_claims() is asked.
 *
 * Pure: no allocation, no global state.
 */
#ifndef PM_JWT_H
#define PM_JWT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PM_JWT_MAX       2048 /* bytes of a token */
#define PM_JWT_SIGNATURE 32   /* bytes of HMAC-SHA-256 */
#define PM_JWT_KID_MAX   36
#define PM_JWT_UUID      16
#define PM_JWT_ROLE_MAX  63

typedef enum PmJwtFault
{
	PM_JWT_OK,
	PM_JWT_SIZE,      /* empty, or longer than PM_JWT_MAX */
	PM_JWT_PARTS,     /* not three parts between dots */
	PM_JWT_BASE64,    /* a part is not base64url */
	PM_JWT_HEADER,    /* the header is no such object */
	PM_JWT_ALGORITHM, /* alg is missing, or not HS256 */
	PM_JWT_KEY,       /* kid is missing, empty, or too long */
	PM_JWT_LENGTH,    /* the signature has not 32 bytes */
	PM_JWT_CLAIMS     /* the claims are no such object, or one is missing */
} PmJwtFault;

/* What is known before the signature is checked. */
typedef struct PmJwt
{
	char kid[PM_JWT_KID_MAX + 1];
	size_t signed_size; /* bytes at the front of the token that are signed */
	uint8_t signature[PM_JWT_SIGNATURE];
	char claims[PM_JWT_MAX];
	size_t claims_size;
} PmJwt;

typedef enum PmJwtUse
{
	PM_JWT_ACCESS,
	PM_JWT_REFRESH
} PmJwtUse;

typedef struct PmJwtClaims
{
	uint8_t sub[PM_JWT_UUID];       /* the user */
	uint8_t sid[PM_JWT_UUID];       /* the session */
	char role[PM_JWT_ROLE_MAX + 1]; /* of the database; empty in a refresh token */
	PmJwtUse use;
	int64_t iat; /* seconds since 1970 */
	int64_t exp;
	int64_t gen; /* how often the session was refreshed; 0 in an access token */
} PmJwtClaims;

extern size_t pm_base64url_encode(const uint8_t *data, size_t size, char *text);
extern bool pm_base64url_decode(const char *text, size_t size, uint8_t *data, size_t *used);
extern PmJwtFault pm_jwt_open(const char *token, size_t size, PmJwt *jwt);
extern PmJwtFault pm_jwt_claims(const char *json, size_t size, PmJwtClaims *claims);
extern bool pm_same_bytes(const void *a, const void *b, size_t size);

#endif /* PM_JWT_H */
