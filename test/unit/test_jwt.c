/*
 * test_jwt.c - tokens: the example of RFC 7515, what is refused and why, and each change of
 * one bit of a good token
 */
#include <stdlib.h>

#include "pm_jwt.h"
#include "tap.h"

#define UUID  "0190b3f1-0000-7000-8000-000000000001"
#define UUID2 "0190b3f1-0000-7000-8000-00000000abcd"

typedef struct Case
{
	const char *header;
	const char *claims;
	PmJwtFault fault;
	const char *name;
} Case;

#define HEADER "{\"alg\":\"HS256\",\"kid\":\"k1\",\"typ\":\"JWT\"}"
#define COMMON "\"sub\":\"" UUID "\",\"sid\":\"" UUID2 "\",\"iat\":1,\"exp\":2"

static const Case cases[] = {
    {HEADER,                                                                  "{}", PM_JWT_OK,        "the claims are not looked at yet"},
    {"{\"kid\":\"k1\",\"alg\":\"HS256\"}",                                    "{}", PM_JWT_OK,        "typ may be missing"              },
    {" {\n\"kid\" : \"k1\" ,\t\"alg\":\"HS256\"}\r\n",                        "{}", PM_JWT_OK,        "white space"                     },
    {"{\"alg\":\"none\",\"kid\":\"k1\"}",                                     "{}", PM_JWT_ALGORITHM, "none"                            },
    {"{\"alg\":\"None\",\"kid\":\"k1\"}",                                     "{}", PM_JWT_ALGORITHM, "None"                            },
    {"{\"alg\":\"hs256\",\"kid\":\"k1\"}",                                    "{}", PM_JWT_ALGORITHM, "hs256"                           },
    {"{\"alg\":\"RS256\",\"kid\":\"k1\"}",                                    "{}", PM_JWT_ALGORITHM, "RS256"                           },
    {"{\"alg\":\"HS256\\u0000\",\"kid\":\"k1\"}",                             "{}", PM_JWT_HEADER,    "an escape"                       },
    {"{\"kid\":\"k1\"}",                                                      "{}", PM_JWT_ALGORITHM, "no alg"                          },
    {"{\"alg\":0,\"kid\":\"k1\"}",                                            "{}", PM_JWT_ALGORITHM, "alg is a number"                 },
    {"{\"alg\":\"HS256\"}",                                                   "{}", PM_JWT_KEY,       "no kid"                          },
    {"{\"alg\":\"HS256\",\"kid\":\"\"}",                                      "{}", PM_JWT_KEY,       "an empty kid"                    },
    {"{\"alg\":\"HS256\",\"kid\":\"0123456789012345678901234567890123456\"}", "{}",
     PM_JWT_KEY,                                                                                      "a long kid"                      },
    {"{\"alg\":\"HS256\",\"alg\":\"none\",\"kid\":\"k1\"}",                   "{}", PM_JWT_HEADER,
     "alg twice"                                                                                                                        },
    {"{\"alg\":\"HS256\",\"kid\":\"k1\",\"crit\":\"x\"}",                     "{}", PM_JWT_HEADER,
     "a member that nobody knows"                                                                                                       },
    {"{\"alg\":\"HS256\",\"kid\":\"k1\",\"typ\":\"at\"}",                     "{}", PM_JWT_HEADER,
     "another typ"                                                                                                                      },
    {"{\"alg\":\"HS256\",\"kid\":\"k1\"}x",                                   "{}", PM_JWT_HEADER,    "something behind"                },
    {"{\"alg\":\"HS256\",\"kid\":\"k1\",}",                                   "{}", PM_JWT_HEADER,    "a comma at the end"              },
    {"[\"alg\",\"HS256\"]",                                                   "{}", PM_JWT_HEADER,    "an array"                        },
    {"{\"alg\":{},\"kid\":\"k1\"}",                                           "{}", PM_JWT_HEADER,    "an object within"                },
    {"",                                                                      "{}", PM_JWT_HEADER,    "an empty header"                 },
};

static const Case claims_cases[] = {
    {NULL, "{" COMMON ",\"use\":\"access\",\"role\":\"web\"}",              PM_JWT_OK,     "access"                    },
    {NULL, "{" COMMON ",\"use\":\"refresh\",\"gen\":7}",                    PM_JWT_OK,     "refresh"                   },
    {NULL, "{" COMMON ",\"use\":\"access\"}",                               PM_JWT_CLAIMS, "access without role"       },
    {NULL, "{" COMMON ",\"use\":\"access\",\"role\":\"\"}",                 PM_JWT_CLAIMS, "an empty role"             },
    {NULL, "{" COMMON ",\"use\":\"refresh\",\"role\":\"web\"}",             PM_JWT_CLAIMS,
     "refresh with a role"                                                                                             },
    {NULL, "{" COMMON ",\"use\":\"refresh\",\"gen\":\"7\"}",                PM_JWT_CLAIMS,
     "gen is a string"                                                                                                 },
    {NULL, "{" COMMON ",\"use\":\"refresh\",\"gen\":-1}",                   PM_JWT_CLAIMS,
     "a negative number"                                                                                               },
    {NULL, "{" COMMON ",\"use\":\"refresh\",\"gen\":01}",                   PM_JWT_CLAIMS, "a zero in front"           },
    {NULL, "{" COMMON ",\"use\":\"refresh\",\"gen\":1.5}",                  PM_JWT_CLAIMS, "a fraction"                },
    {NULL, "{" COMMON ",\"use\":\"refresh\",\"gen\":1e3}",                  PM_JWT_CLAIMS, "an exponent"               },
    {NULL, "{" COMMON ",\"use\":\"refresh\",\"gen\":1234567890123456}",     PM_JWT_CLAIMS,
     "a number of 16 digits"                                                                                           },
    {NULL, "{" COMMON ",\"use\":\"refresh\",\"gen\":true}",                 PM_JWT_CLAIMS, "a boolean"                 },
    {NULL, "{" COMMON ",\"use\":\"admin\",\"role\":\"web\"}",               PM_JWT_CLAIMS, "another use"               },
    {NULL, "{" COMMON ",\"use\":\"access\",\"role\":\"web\",\"x\":1}",      PM_JWT_CLAIMS,
     "a claim that nobody knows"                                                                                       },
    {NULL, "{" COMMON ",\"use\":\"access\",\"role\":\"a\",\"role\":\"b\"}", PM_JWT_CLAIMS,
     "a claim twice"                                                                                                   },
    {NULL,
     "{\"sub\":\"0190B3F1-0000-7000-8000-000000000001\",\"sid\":\"" UUID
     "\",\"iat\":1,\"exp\":2,\"use\":\"access\",\"role\":\"w\"}",           PM_JWT_CLAIMS, "a UUID in upper case"      },
    {NULL,
     "{\"sub\":\"0190b3f1000070008000000000000001----\",\"sid\":\"" UUID
     "\",\"iat\":1,\"exp\":2,\"use\":\"access\",\"role\":\"w\"}",           PM_JWT_CLAIMS, "a UUID's hyphens elsewhere"},
    {NULL, "{}",                                                            PM_JWT_CLAIMS, "nothing"                   },
};

/* Writes header.claims.signature; the signature is 32 zeros.  Returns the size. */
static size_t
make(const char *header, const char *claims, char *token)
{
	static const uint8_t zeros[PM_JWT_SIGNATURE];
	size_t size = pm_base64url_encode((const uint8_t *) header, strlen(header), token);

	token[size++] = '.';
	size += pm_base64url_encode((const uint8_t *) claims, strlen(claims), token + size);
	token[size++] = '.';
	return size + pm_base64url_encode(zeros, sizeof(zeros), token + size);
}

/* Base64url: the vectors of RFC 4648, and what is refused. */
static void
base64url(void)
{
	static const char *const pairs[][2] = {
	    {"",         ""        },
	    {"f",        "Zg"      },
	    {"fo",       "Zm8"     },
	    {"foo",      "Zm9v"    },
	    {"foob",     "Zm9vYg"  },
	    {"fooba",    "Zm9vYmE" },
	    {"foobar",   "Zm9vYmFy"},
	    {"\xfb\xff", "-_8"     }
    };
	static const char *const bad[] = {
	    "Z", "Zh", "Zm9", "Zg==", "Zm9v\n", "Zm+v", "Zm/v", " Zg"};
	char text[16];
	uint8_t bytes[16];
	size_t size;

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
	{
		size_t expected = strlen(pairs[i][0]);

		size = pm_base64url_encode((const uint8_t *) pairs[i][0], expected, text);
		text[size] = '\0';
		is_str(text, pairs[i][1], "written");
		ok(pm_base64url_decode(text, size, bytes, &size) && size == expected &&
		       memcmp(bytes, pairs[i][0], size) == 0,
		   "read back");
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ok(!pm_base64url_decode(bad[i], strlen(bad[i]), bytes, &size) && size == 0, bad[i]);
}

int
main(void)
{
	/* RFC 7515, appendix A.1: its header has no kid, which is refused after alg is seen */
	static const char rfc[] =
	    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0d"
	    "HA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
	static const uint8_t uuid[PM_JWT_UUID] = {1,    0x90, 0xb3, 0xf1, 0, 0, 0x70, 0,
	                                          0x80, 0,    0,    0,    0, 0, 0,    1};
	char token[PM_JWT_MAX * 2];
	char changed[PM_JWT_MAX * 2];
	size_t size;
	PmJwt jwt;
	PmJwtClaims claims;
	int taken = 0;

	base64url();
	is_int(pm_jwt_open(rfc, strlen(rfc), &jwt), PM_JWT_KEY, "the example of RFC 7515");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
	{
		size = make(cases[i].header, cases[i].claims, token);
		is_int(pm_jwt_open(token, size, &jwt), cases[i].fault, cases[i].name);
	}
	for (size_t i = 0; i < sizeof(claims_cases) / sizeof(*claims_cases); i++)
		is_int(
		    pm_jwt_claims(claims_cases[i].claims, strlen(claims_cases[i].claims), &claims),
		    claims_cases[i].fault, claims_cases[i].name);

	size = make(HEADER, claims_cases[1].claims, token);
	is_int(pm_jwt_open(token, size, &jwt), PM_JWT_OK, "a good token");
	is_str(jwt.kid, "k1", "kid");
	is_int((long long) jwt.signed_size, (long long) size - 44, "what is signed");
	is_int(pm_jwt_claims(jwt.claims, jwt.claims_size, &claims), PM_JWT_OK, "its claims");
	ok(memcmp(claims.sub, uuid, PM_JWT_UUID) == 0, "sub");
	ok(memcmp(claims.sid, uuid, PM_JWT_UUID - 2) == 0 && claims.sid[14] == 0xab &&
	       claims.sid[15] == 0xcd,
	   "sid");
	is_int(claims.gen, 7, "gen");
	is_int(claims.exp, 2, "exp");

	/* cut at each byte: none is taken */
	for (size_t cut = 0; cut < size; cut++)
		taken += pm_jwt_open(token, cut, &jwt) == PM_JWT_OK;
	is_int(taken, 0, "a token that is cut anywhere is refused");
	/* with one more byte anywhere, of any value: a dot, a longer signature or no token */
	taken = 0;
	for (int c = 0; c < 256; c++)
	{
		memcpy(changed, token, size);
		changed[size] = (char) c;
		taken += pm_jwt_open(changed, size + 1, &jwt) == PM_JWT_OK;
	}
	is_int(taken, 0, "nor one with something behind it");
	/* one bit of the header or signature changed: not taken, or seen by its bytes */
	taken = 0;
	for (size_t bit = 0; bit < size * 8; bit++)
	{
		memcpy(changed, token, size);
		changed[bit / 8] = (char) (changed[bit / 8] ^ 1 << bit % 8);
		if (pm_jwt_open(changed, size, &jwt) == PM_JWT_OK &&
		    memcmp(changed, token, jwt.signed_size) == 0)
		{
			static const uint8_t zeros[PM_JWT_SIGNATURE];

			taken += pm_same_bytes(jwt.signature, zeros, sizeof(zeros));
		}
	}
	is_int(taken, 0, "no two tokens have the same signature and signed text");
	memset(changed, 'A', sizeof(changed));
	is_int(pm_jwt_open(changed, PM_JWT_MAX + 1, &jwt), PM_JWT_SIZE, "a long token");
	is_int(pm_jwt_open("", 0, &jwt), PM_JWT_SIZE, "an empty token");
	is_int(pm_jwt_open("a.b.c.d", 7, &jwt), PM_JWT_PARTS, "four parts");
	ok(pm_same_bytes("abc", "abd", 2) && !pm_same_bytes("abc", "abd", 3),
	   "bytes are compared");
	return tap_done();
}
