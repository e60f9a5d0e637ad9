/*
 * fuzz_jwt.c - any bytes as a token, as claims, and as base64url
 *
 * What is taken has one form only: base64url that is read is what writing gives, and
 * claims stay within their limits.
 */
#include <string.h>

#include "must_hold.h"
#include "pm_jwt.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *) data;
	uint8_t bytes[PM_JWT_MAX];
	char again[PM_JWT_MAX + 2];
	size_t used;
	PmJwt jwt;
	PmJwtClaims claims;

	if (size <= PM_JWT_MAX && pm_base64url_decode(text, size, bytes, &used))
	{
		MUST_HOLD(used <= size * 3 / 4);
		MUST_HOLD(pm_base64url_encode(bytes, used, again) == size);
		MUST_HOLD(memcmp(again, text, size) == 0);
	}
	if (pm_jwt_claims(text, size, &claims) == PM_JWT_OK)
	{
		MUST_HOLD((claims.use == PM_JWT_ACCESS) == (claims.role[0] != '\0'));
		MUST_HOLD(claims.iat >= 0 && claims.exp >= 0 && claims.gen >= 0);
	}
	if (pm_jwt_open(text, size, &jwt) == PM_JWT_OK)
	{
		MUST_HOLD(size <= PM_JWT_MAX && text[jwt.signed_size] == '.');
		MUST_HOLD(size - jwt.signed_size - 1 == 43);
		MUST_HOLD(strlen(jwt.kid) >= 1 && strlen(jwt.kid) <= PM_JWT_KID_MAX);
		MUST_HOLD(jwt.claims_size < jwt.signed_size);
		(void) pm_jwt_claims(jwt.claims, jwt.claims_size, &claims);
	}
	return 0;
}
