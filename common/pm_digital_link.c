/*
 * pm_digital_link.c - GS1 Digital Link URIs: from URI to pairs
 *
 * https://example.com/any/stem/01/09521234543213/10/ABC?17=271231
 *
 * The path ends with identifier/value pairs: a primary key, then qualifiers of
 * that key in their fixed order; what stands before them is the stem and means
 * nothing.  Since a stem may look like pairs too, they are read from the right
 * up to the first primary key.  The query holds the other identifiers; keys that
 * are not all digits belong to somebody else and are skipped, as is a fragment.
 * An identifier that could stand in the path must stand there, and none occurs
 * twice.  (GS1 Digital Link Standard: URI Syntax.)
 *
 * A "%" that no two hexadecimal digits follow stands for itself.  "+" is a space
 * in the query only, and no value may hold a space.
 */
#include <string.h>

#include "pm_gs1_private.h"

#define GTIN_DIGITS 14

#define IN_URI    1 /* may stand in a URI */
#define IN_DOMAIN 2 /* may stand in a domain, port or address */

/* What each byte may be used for. */
static const uint8_t uri_classes[256] = {
    ['A' ... 'Z'] = IN_URI | IN_DOMAIN,
    ['a' ... 'z'] = IN_URI | IN_DOMAIN,
    ['0' ... '9'] = IN_URI | IN_DOMAIN,
    ['-'] = IN_URI | IN_DOMAIN,
    ['.'] = IN_URI | IN_DOMAIN,
    ['_'] = IN_URI,
    ['~'] = IN_URI,
    [':'] = IN_URI | IN_DOMAIN,
    ['['] = IN_URI | IN_DOMAIN,
    [']'] = IN_URI | IN_DOMAIN,
    ['/'] = IN_URI,
    ['?'] = IN_URI,
    ['#'] = IN_URI,
    ['@'] = IN_URI,
    ['!'] = IN_URI,
    ['$'] = IN_URI,
    ['&'] = IN_URI,
    ['\''] = IN_URI,
    ['('] = IN_URI,
    [')'] = IN_URI,
    ['*'] = IN_URI,
    ['+'] = IN_URI,
    [','] = IN_URI,
    [';'] = IN_URI,
    ['='] = IN_URI,
    ['%'] = IN_URI,
};

/* The names that older versions of the standard allowed instead of digits in the path. */
static const struct
{
	const char *name;
	const char *ai;
} short_names[] = {
    {"cpid",  "8010"},
    {"cpsn",  "8011"},
    {"cpv",   "22"  },
    {"gcn",   "255" },
    {"gdti",  "253" },
    {"giai",  "8004"},
    {"ginc",  "401" },
    {"gln",   "414" },
    {"glnx",  "254" },
    {"gmn",   "8013"},
    {"grai",  "8003"},
    {"gsin",  "402" },
    {"gsrn",  "8018"},
    {"gsrnp", "8017"},
    {"gtin",  "01"  },
    {"itip",  "8006"},
    {"lot",   "10"  },
    {"party", "417" },
    {"refno", "8020"},
    {"ser",   "21"  },
    {"srin",  "8019"},
    {"sscc",  "00"  },
};

/* One run of the parser. */
typedef struct Parse
{
	PmGs1Builder builder;
	const char *uri;
	bool legacy_allowed;
	bool legacy_met;
} Parse;

/* Fails with no identifier concerned; where is the place in the URI. */
static PmGs1Status
fail_at(Parse *parse, PmGs1Status status, const char *where, const char *other)
{
	return pm_gs1_fail(&parse->builder, status, (size_t) (where - parse->uri), "", 0,
	                   other);
}

/* Fails because of the identifier with these digits. */
static PmGs1Status
fail_ai(Parse *parse, PmGs1Status status, const char *where, const char *digits, size_t len,
        const char *other)
{
	return pm_gs1_fail(&parse->builder, status, (size_t) (where - parse->uri), digits, len,
	                   other);
}

/* The value of a hexadecimal digit, or -1. */
static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* Decodes the next character of an encoded value that is not at its end yet. */
static unsigned char
next_decoded(PmGs1Span *encoded, bool plus_is_space)
{
	const char *at = encoded->at++;

	if (*at == '+' && plus_is_space)
		return ' ';
	if (*at == '%' && encoded->end - at >= 3)
	{
		int high = hex_value(at[1]);
		int low = hex_value(at[2]);

		if (high >= 0 && low >= 0)
		{
			encoded->at += 2;
			return (unsigned char) (high * 16 + low);
		}
	}
	return (unsigned char) *at;
}

/* Where the decoded character at this offset is written in the URI. */
static const char *
encoded_position(PmGs1Span encoded, bool plus_is_space, size_t offset)
{
	while (offset-- > 0 && encoded.at < encoded.end)
		next_decoded(&encoded, plus_is_space);
	return encoded.at;
}

/* Are the decoded bytes a GTIN without its leading zeros? */
static bool
is_zero_suppressed(const PmGs1Ai *ai, size_t len)
{
	return ai->from == 1 && ai->digits == 2 && (len == 8 || len == 12 || len == 13);
}

/*
 * Decodes, checks and adds one pair.  The identifier's digits may be those of a
 * short name; where is what stands in the URI for it.  There is room for the
 * values of any URI: decoding never lengthens one, and the at most six zeros
 * that the only GTIN gets are fewer than the characters of the scheme.
 */
static PmGs1Status
add_pair(Parse *parse, const PmGs1Ai *ai, const char *digits, const char *where,
         PmGs1Span encoded, bool in_query)
{
	PmGs1Message *message = parse->builder.message;
	char *value = message->values + message->used;
	size_t len = 0;
	size_t zeros = 0;
	size_t bad;
	const char *other;
	PmGs1Status status;
	PmGs1Span rest = encoded;

	while (rest.at < rest.end)
	{
		const char *at = rest.at;
		unsigned char c = next_decoded(&rest, in_query);

		if (c == '\0')
			return fail_ai(parse, PM_GS1_BAD_CHARACTER, at, digits, ai->digits,
			               "a character other than %00");
		value[len++] = (char) c;
	}
	if (is_zero_suppressed(ai, len))
	{
		parse->legacy_met = true;
		if (parse->legacy_allowed)
		{
			zeros = GTIN_DIGITS - len;
			memmove(value + zeros, value, len);
			memset(value, '0', zeros);
			len = GTIN_DIGITS;
		}
	}
	status = pm_gs1_check_value(ai, value, len, &bad, &other);
	if (status != PM_GS1_OK)
		return fail_ai(parse, status,
		               encoded_position(encoded, in_query, bad > zeros ? bad - zeros : 0),
		               digits, ai->digits, other);
	return pm_gs1_add(&parse->builder, ai, digits, (size_t) (where - parse->uri),
	                  message->used, len);
}

/* Refuses an identifier that the URI already has, even with the same value. */
static PmGs1Status
check_new(Parse *parse, const PmGs1Ai *ai, const char *digits, const char *where)
{
	const PmGs1Message *message = parse->builder.message;

	for (int i = 0; i < message->count; i++)
		if (parse->builder.ais[i] == ai &&
		    memcmp(message->elements[i].ai, digits, ai->digits) == 0)
			return fail_ai(parse, PM_GS1_REPEATED, where, digits, ai->digits,
			               "a Digital Link names an identifier once");
	return PM_GS1_OK;
}

/*
 * The identifier that a segment of the path names by digits or, in old links, by
 * a short name; NULL if none.  *digits is set to its digits.
 */
static const PmGs1Ai *
segment_ai(Parse *parse, PmGs1Span segment, const char **digits)
{
	size_t len = (size_t) (segment.end - segment.at);

	*digits = segment.at;
	if (len > 0 && segment.at[0] >= 'a')
		for (size_t i = 0; i < sizeof(short_names) / sizeof(short_names[0]); i++)
		{
			const char *name = short_names[i].name;

			if (strlen(name) != len || memcmp(name, segment.at, len) != 0)
				continue;
			parse->legacy_met = true;
			*digits = short_names[i].ai;
			return parse->legacy_allowed ? pm_gs1_ai_lookup(*digits, strlen(*digits))
			                             : NULL;
		}
	return pm_gs1_ai_lookup(segment.at, len);
}

/*
 * Skips scheme and domain of a URI or a stem; returns where the path begins,
 * which is a slash or the end.  Returns NULL if they are wrong: *bad then says
 * where and *wanted what should be there.
 */
const char *
pm_digital_link_skip_domain(PmGs1Span uri, const char **bad, const char **wanted)
{
	static const char *const schemes[] = {"https://", "http://", "HTTPS://", "HTTP://"};
	size_t len = (size_t) (uri.end - uri.at);
	const char *at = NULL;
	const char *domain;

	for (*bad = uri.at; *bad < uri.end; ++*bad)
		if (!(uri_classes[(unsigned char) **bad] & IN_URI))
		{
			*wanted = "a character allowed in a URI";
			return NULL;
		}
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]) && at == NULL; i++)
		if (len >= strlen(schemes[i]) &&
		    memcmp(uri.at, schemes[i], strlen(schemes[i])) == 0)
			at = uri.at + strlen(schemes[i]);
	if (at == NULL)
	{
		*bad = uri.at;
		*wanted = "https:// or http://, all in small or all in capital letters";
		return NULL;
	}
	for (domain = at; at < uri.end && *at != '/'; at++)
		if (!(uri_classes[(unsigned char) *at] & IN_DOMAIN))
			break;
	*bad = at;
	*wanted = "a character allowed in a domain";
	if (at < uri.end && *at != '/')
		return NULL;
	*wanted = "a domain";
	return at > domain ? at : NULL;
}

/* The last slash of a span that begins with one, before its end. */
static const char *
last_slash(PmGs1Span path)
{
	const char *at = path.end - 1;

	while (*at != '/')
		at--;
	return at;
}

/*
 * Where the pairs of a path begin: at the slash before the rightmost primary key,
 * all pairs after it having known identifiers.  NULL if there is no such key.
 */
static const char *
find_pairs(Parse *parse, PmGs1Span path)
{
	PmGs1Span left = path;

	while (left.end > left.at)
	{
		const char *before_value = last_slash(left);
		const PmGs1Ai *ai;
		const char *digits;
		PmGs1Span segment;

		if (before_value == path.at)
			return NULL;
		left.end = before_value;
		segment.at = last_slash(left) + 1;
		segment.end = before_value;
		ai = segment_ai(parse, segment, &digits);
		if (ai == NULL)
			return NULL;
		if (ai->dl_key)
			return segment.at - 1;
		left.end = segment.at - 1;
	}
	return NULL;
}

/* Are all elements after the first qualifiers of one alternative, in its order? */
static bool
are_qualifiers_of(const PmGs1Builder *builder, int n_path, const char *alternative)
{
	int last = -1;

	for (int i = 1; i < n_path; i++)
	{
		const char *digits = builder->message->elements[i].ai;
		int place = pm_digital_link_place_in(alternative, digits, strlen(digits));

		if (place <= last)
			return false;
		last = place;
	}
	return true;
}

/* Parses the pairs of the path, and checks that they are a key and its qualifiers. */
static PmGs1Status
parse_path(Parse *parse, PmGs1Span pairs)
{
	const PmGs1Builder *builder = &parse->builder;
	const char *alternative;

	while (pairs.at < pairs.end)
	{
		PmGs1Span segment = {pairs.at + 1, NULL};
		PmGs1Span value;
		const PmGs1Ai *ai;
		const char *digits;
		PmGs1Status status;

		segment.end = memchr(segment.at, '/', (size_t) (pairs.end - segment.at));
		ai = segment_ai(parse, segment, &digits);
		value.at = segment.end + 1;
		value.end = memchr(value.at, '/', (size_t) (pairs.end - value.at));
		if (value.end == NULL)
			value.end = pairs.end;
		status = check_new(parse, ai, digits, segment.at);
		if (status == PM_GS1_OK)
			status = add_pair(parse, ai, digits, segment.at, value, false);
		if (status != PM_GS1_OK)
			return status;
		pairs.at = value.end;
	}

	for (alternative = builder->ais[0]->qualifiers; alternative != NULL;
	     alternative = pm_digital_link_next_choice(alternative))
		if (are_qualifiers_of(builder, builder->message->count, alternative))
			return PM_GS1_OK;
	return pm_gs1_fail(&parse->builder, PM_GS1_SYNTAX, builder->positions[1],
	                   builder->message->elements[1].ai, builder->ais[1]->digits,
	                   "qualifiers of the primary key, in their order");
}

/* Must this identifier stand in the path, whose elements are the first n_path ones? */
static bool
belongs_in_path(const Parse *parse, int n_path, const PmGs1Ai *ai, const char *digits)
{
	const PmGs1Builder *builder = &parse->builder;

	for (const char *alternative = builder->ais[0]->qualifiers; alternative != NULL;
	     alternative = pm_digital_link_next_choice(alternative))
		if (pm_digital_link_place_in(alternative, digits, ai->digits) >= 0 &&
		    are_qualifiers_of(builder, n_path, alternative))
			return true;
	return false;
}

/* Is no byte other than a digit? */
static bool
are_digits(PmGs1Span text)
{
	for (; text.at < text.end; text.at++)
		if (*text.at < '0' || *text.at > '9')
			return false;
	return true;
}

/* Parses one parameter of the query. */
static PmGs1Status
parse_parameter(Parse *parse, PmGs1Span parameter, int n_path)
{
	const char *equals = memchr(parameter.at, '=', (size_t) (parameter.end - parameter.at));
	PmGs1Span key = {parameter.at, equals};
	PmGs1Span value;
	size_t len;
	const PmGs1Ai *ai;
	PmGs1Status status;

	if (equals == NULL || !are_digits(key))
		return PM_GS1_OK;
	value.at = equals + 1;
	value.end = parameter.end;
	len = (size_t) (key.end - key.at);
	ai = pm_gs1_ai_lookup(key.at, len);
	if (ai == NULL && (len < 2 || len > 4))
		return fail_at(parse, PM_GS1_SYNTAX, key.at, "an identifier of 2 to 4 digits");
	if (ai == NULL)
		return fail_ai(parse, PM_GS1_UNKNOWN_AI, key.at, key.at, len, NULL);
	status = check_new(parse, ai, key.at, key.at);
	if (status != PM_GS1_OK)
		return status;
	if (belongs_in_path(parse, n_path, ai, key.at))
		return fail_ai(parse, PM_GS1_SYNTAX, key.at, key.at, len,
		               "qualifiers of the primary key in the path");
	if (!ai->dl_attribute)
		return fail_ai(parse, PM_GS1_SYNTAX, key.at, key.at, len,
		               "identifiers that may be attributes in the query");
	return add_pair(parse, ai, key.at, key.at, value, true);
}

/* Parses the parameters of the query. */
static PmGs1Status
parse_query(Parse *parse, PmGs1Span query)
{
	int n_path = parse->builder.message->count;

	while (query.at < query.end)
	{
		PmGs1Span parameter = query;
		const char *ampersand = memchr(query.at, '&', (size_t) (query.end - query.at));
		PmGs1Status status;

		if (ampersand != NULL)
			parameter.end = ampersand;
		status = parse_parameter(parse, parameter, n_path);
		if (status != PM_GS1_OK)
			return status;
		query.at = ampersand != NULL ? ampersand + 1 : query.end;
	}
	return PM_GS1_OK;
}

/* Parses the whole, which is not too long. */
static PmGs1Status
parse_uri(Parse *parse, PmGs1Span uri)
{
	PmGs1Span path;
	PmGs1Span query;
	const char *mark;
	const char *wanted;
	PmGs1Status status;

	path.at = pm_digital_link_skip_domain(uri, &mark, &wanted);
	if (path.at == NULL)
		return fail_at(parse, PM_GS1_SYNTAX, mark, wanted);
	mark = memchr(path.at, '#', (size_t) (uri.end - path.at));
	query.end = mark != NULL ? mark : uri.end;
	mark = memchr(path.at, '?', (size_t) (query.end - path.at));
	path.end = mark != NULL ? mark : query.end;
	query.at = mark != NULL ? mark + 1 : query.end;

	mark = path.at < path.end ? find_pairs(parse, path) : NULL;
	if (mark == NULL)
		return fail_at(parse, PM_GS1_SYNTAX, path.at,
		               "a path that ends with a primary key, its value, and qualifiers");
	path.at = mark;
	status = parse_path(parse, path);
	if (status == PM_GS1_OK)
		status = parse_query(parse, query);
	if (status == PM_GS1_OK)
		status = pm_gs1_finish(&parse->builder);
	return status;
}

/*
 * Parses a Digital Link.  options is 0 or PM_DIGITAL_LINK_LEGACY; *legacy tells
 * whether an old form was met, also when that is why the link is refused.
 * Unless the result is PM_GS1_OK the message is empty; legacy and error may be
 * NULL.
 */
PmGs1Status
pm_digital_link_parse(const char *uri, size_t len, int options, PmGs1Message *message,
                      bool *legacy, PmGs1Error *error)
{
	PmGs1Error ignored;
	Parse parse;
	PmGs1Status status;

	pm_gs1_begin(&parse.builder, message, error != NULL ? error : &ignored);
	parse.uri = uri;
	parse.legacy_allowed = (options & PM_DIGITAL_LINK_LEGACY) != 0;
	parse.legacy_met = false;
	if (len == 0)
		status = fail_at(&parse, PM_GS1_EMPTY, uri, NULL);
	else if (len > PM_GS1_MAX_INPUT)
		status = fail_at(&parse, PM_GS1_TOO_LONG, uri + PM_GS1_MAX_INPUT, NULL);
	else
		status = parse_uri(&parse, (PmGs1Span){uri, uri + len});
	if (legacy != NULL)
		*legacy = parse.legacy_met;
	return status;
}
