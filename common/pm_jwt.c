/*
 * pm_jwt.c - signed tokens in compact form, taken apart and checked
 */
#include "pm_jwt.h"

#include <string.h>

#define MEMBERS_MAX 8

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/*
 * Writes bytes as base64url without padding and without a terminator; text has room for
 * (size * 4 + 2) / 3 characters, whose number is returned.
 */
size_t
pm_base64url_encode(const uint8_t *data, size_t size, char *text)
{
	char *to = text;
	uint32_t bits = 0;
	int nbits = 0;

	for (size_t i = 0; i < size; i++)
	{
		bits = bits << 8 | data[i];
		for (nbits += 8; nbits >= 6; nbits -= 6)
			*to++ = alphabet[bits >> (nbits - 6) & 63];
	}
	if (nbits > 0)
		*to++ = alphabet[bits << (6 - nbits) & 63];
	return (size_t) (to - text);
}

/* The six bits of a character; 64: it is none of the alphabet. */
static const uint8_t six_bits[256] = {
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 62, 64, 64, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 64, 64, 64, 64, 64, 64, 64, 0,
    1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22,
    23, 24, 25, 64, 64, 64, 64, 63, 64, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38,
    39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
};

/*
 * Reads base64url without padding into data, which has room for size * 3 / 4 bytes.
 * False if a character is another one, the length cannot be, or bits are left over that
 * are not zero: no two texts give the same bytes.
 */
bool
pm_base64url_decode(const char *text, size_t size, uint8_t *data, size_t *used)
{
	const uint8_t *from = (const uint8_t *) text;
	uint8_t *to = data;
	uint32_t bits = 0;
	uint8_t seen = 0;
	size_t rest = size % 4;

	*used = 0;
	if (rest == 1)
		return false;
	for (size_t i = 0; i < size - rest; i += 4)
	{
		uint8_t a = six_bits[from[i]];
		uint8_t b = six_bits[from[i + 1]];
		uint8_t c = six_bits[from[i + 2]];
		uint8_t d = six_bits[from[i + 3]];

		seen |= a | b | c | d;
		bits = (uint32_t) a << 18 | (uint32_t) b << 12 | (uint32_t) c << 6 | d;
		*to++ = (uint8_t) (bits >> 16);
		*to++ = (uint8_t) (bits >> 8);
		*to++ = (uint8_t) bits;
	}
	if (rest > 0)
	{
		uint8_t a = six_bits[from[size - rest]];
		uint8_t b = six_bits[from[size - rest + 1]];
		uint8_t c = rest == 3 ? six_bits[from[size - 1]] : 0;

		seen |= a | b | c;
		bits = (uint32_t) a << 18 | (uint32_t) b << 12 | (uint32_t) c << 6;
		*to++ = (uint8_t) (bits >> 16);
		if (rest == 3)
			*to++ = (uint8_t) (bits >> 8);
		bits &= rest == 3 ? 0xff : 0xffff;
	}
	else
		bits = 0;
	if ((seen & 64) != 0 || bits != 0)
		return false;
	*used = (size_t) (to - data);
	return true;
}

/* Are as many bytes the same?  Takes as long whatever they are. */
bool
pm_same_bytes(const void *a, const void *b, size_t size)
{
	const volatile uint8_t *x = a;
	const volatile uint8_t *y = b;
	uint8_t different = 0;

	for (size_t i = 0; i < size; i++)
		different |= x[i] ^ y[i];
	return different == 0;
}

/* A member of a flat object: its name and value, within the text. */
typedef struct Member
{
	const char *name;
	size_t name_size;
	const char *string; /* NULL: the value is a number */
	size_t string_size;
	int64_t number;
} Member;

typedef struct Reader
{
	const char *at;
	const char *end;
} Reader;

static void
skip_space(Reader *reader)
{
	while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\t' ||
	                                    *reader->at == '\n' || *reader->at == '\r'))
		reader->at++;
}

/* Goes on over white space; is the next byte this one?  Then takes it. */
static bool
take(Reader *reader, char wanted)
{
	skip_space(reader);
	if (reader->at == reader->end || *reader->at != wanted)
		return false;
	reader->at++;
	return true;
}

/* Takes a string of printable ASCII without escapes. */
static bool
take_string(Reader *reader, const char **string, size_t *size)
{
	if (!take(reader, '"'))
		return false;
	*string = reader->at;
	while (reader->at < reader->end && *reader->at >= ' ' && *reader->at <= '~' &&
	       *reader->at != '"' && *reader->at != '\\')
		reader->at++;
	*size = (size_t) (reader->at - *string);
	return reader->at < reader->end && *reader->at++ == '"';
}

/* Takes an integer from 0 to 10^15 - 1, without sign and without zeros in front. */
static bool
take_number(Reader *reader, int64_t *number)
{
	const char *start;

	start = reader->at;
	*number = 0;
	while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9' &&
	       reader->at - start < 16)
		*number = *number * 10 + (*reader->at++ - '0');
	return reader->at > start && reader->at - start < 16 &&
	       (*start != '0' || reader->at - start == 1);
}

/*
 * Reads a flat object of at most MEMBERS_MAX members, no name twice, and nothing behind
 * it.  The number of members, or -1.
 */
static int
read_object(const char *json, size_t size, Member *members)
{
	Reader reader = {json, json + size};
	int n = 0;

	if (!take(&reader, '{'))
		return -1;
	if (!take(&reader, '}'))
	{
		do
		{
			Member *member = &members[n];

			if (n == MEMBERS_MAX ||
			    !take_string(&reader, &member->name, &member->name_size) ||
			    !take(&reader, ':'))
				return -1;
			for (int i = 0; i < n; i++)
				if (members[i].name_size == member->name_size &&
				    memcmp(members[i].name, member->name, member->name_size) == 0)
					return -1;
			member->string = NULL;
			member->string_size = 0;
			member->number = 0;
			if (take(&reader, '"'))
			{
				reader.at--;
				if (!take_string(&reader, &member->string, &member->string_size))
					return -1;
			}
			else if (!take_number(&reader, &member->number))
				return -1;
			n++;
		} while (take(&reader, ','));
		if (!take(&reader, '}'))
			return -1;
	}
	skip_space(&reader);
	return reader.at == reader.end ? n : -1;
}

/* The member of a name, or NULL; *found counts those that were asked for and are there. */
static const Member *
find(const Member *members, int n, const char *name, int *found)
{
	for (int i = 0; i < n; i++)
		if (members[i].name_size == strlen(name) &&
		    memcmp(members[i].name, name, members[i].name_size) == 0)
		{
			(*found)++;
			return &members[i];
		}
	return NULL;
}

/* Is the member there, a string, and this one? */
static bool
is(const Member *member, const char *text)
{
	return member != NULL && member->string != NULL &&
	       member->string_size == strlen(text) &&
	       memcmp(member->string, text, member->string_size) == 0;
}

/* Copies a string of least to most bytes; false if the member is no such string. */
static bool
copy(const Member *member, char *to, size_t least, size_t most)
{
	if (member == NULL || member->string == NULL || member->string_size < least ||
	    member->string_size > most)
		return false;
	memcpy(to, member->string, member->string_size);
	to[member->string_size] = '\0';
	return true;
}

/* Reads a UUID of lower-case digits with its four hyphens. */
static bool
read_uuid(const Member *member, uint8_t *to)
{
	const char *at;

	if (member == NULL || member->string == NULL || member->string_size != 36)
		return false;
	at = member->string;
	for (int i = 0; i < PM_JWT_UUID; i++)
	{
		int digits[2];

		if ((i == 4 || i == 6 || i == 8 || i == 10) && *at++ != '-')
			return false;
		for (int j = 0; j < 2; j++, at++)
		{
			if (*at >= '0' && *at <= '9')
				digits[j] = *at - '0';
			else if (*at >= 'a' && *at <= 'f')
				digits[j] = *at - 'a' + 10;
			else
				return false;
		}
		to[i] = (uint8_t) (digits[0] << 4 | digits[1]);
	}
	return true;
}

/*
 * Takes a token apart and checks its header.  On a fault *jwt is not to be read.
 */
PmJwtFault
pm_jwt_open(const char *token, size_t size, PmJwt *jwt)
{
	const char *claims;
	const char *signature;
	char header[PM_JWT_MAX];
	size_t used;
	Member members[MEMBERS_MAX];
	int n;
	int found = 0;
	const Member *typ;

	if (size == 0 || size > PM_JWT_MAX)
		return PM_JWT_SIZE;
	claims = memchr(token, '.', size);
	if (claims == NULL)
		return PM_JWT_PARTS;
	claims++;
	signature = memchr(claims, '.', size - (size_t) (claims - token));
	if (signature == NULL)
		return PM_JWT_PARTS;
	signature++;
	if (memchr(signature, '.', size - (size_t) (signature - token)) != NULL)
		return PM_JWT_PARTS;
	jwt->signed_size = (size_t) (signature - token) - 1;

	if (!pm_base64url_decode(token, (size_t) (claims - token) - 1, (uint8_t *) header,
	                         &used))
		return PM_JWT_BASE64;
	n = read_object(header, used, members);
	if (n < 0)
		return PM_JWT_HEADER;
	if (!is(find(members, n, "alg", &found), "HS256"))
		return PM_JWT_ALGORITHM;
	if (!copy(find(members, n, "kid", &found), jwt->kid, 1, PM_JWT_KID_MAX))
		return PM_JWT_KEY;
	typ = find(members, n, "typ", &found);
	if ((typ != NULL && !is(typ, "JWT")) || found != n)
		return PM_JWT_HEADER;

	if (!pm_base64url_decode(claims, (size_t) (signature - claims) - 1,
	                         (uint8_t *) jwt->claims, &jwt->claims_size))
		return PM_JWT_BASE64;
	used = size - (size_t) (signature - token);
	if (used != (PM_JWT_SIGNATURE * 4 + 2) / 3)
		return PM_JWT_LENGTH;
	return pm_base64url_decode(signature, used, jwt->signature, &used) ? PM_JWT_OK
	                                                                   : PM_JWT_BASE64;
}

/*
 * Reads the claims of an access token (sub, sid, use, role, iat, exp) or of a refresh
 * token (sub, sid, use, gen, iat, exp); all of them, and no others.
 */
PmJwtFault
pm_jwt_claims(const char *json, size_t size, PmJwtClaims *claims)
{
	Member members[MEMBERS_MAX];
	int n = read_object(json, size, members);
	int found = 0;
	const Member *use;
	const Member *gen;
	const Member *iat;
	const Member *exp;

	memset(claims, 0, sizeof(*claims));
	if (n < 0 || !read_uuid(find(members, n, "sub", &found), claims->sub) ||
	    !read_uuid(find(members, n, "sid", &found), claims->sid))
		return PM_JWT_CLAIMS;
	iat = find(members, n, "iat", &found);
	exp = find(members, n, "exp", &found);
	use = find(members, n, "use", &found);
	if (iat == NULL || iat->string != NULL || exp == NULL || exp->string != NULL)
		return PM_JWT_CLAIMS;
	claims->iat = iat->number;
	claims->exp = exp->number;
	if (is(use, "access"))
	{
		claims->use = PM_JWT_ACCESS;
		if (!copy(find(members, n, "role", &found), claims->role, 1, PM_JWT_ROLE_MAX))
			return PM_JWT_CLAIMS;
	}
	else if (is(use, "refresh"))
	{
		claims->use = PM_JWT_REFRESH;
		gen = find(members, n, "gen", &found);
		if (gen == NULL || gen->string != NULL)
			return PM_JWT_CLAIMS;
		claims->gen = gen->number;
	}
	else
		return PM_JWT_CLAIMS;
	return found == n ? PM_JWT_OK : PM_JWT_CLAIMS;
}
