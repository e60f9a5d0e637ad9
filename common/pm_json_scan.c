/*
 * pm_json_scan.c - where the values of a JSON text start and end, as it comes in
 *
 * A machine with a state a byte: what may come next, which containers are open.  A number
 * ends only with the byte after it, so it may be the end of the text without being told.
 */
#include <string.h>

#include "pm_char.h"
#include "pm_json_scan.h"

enum
{
	VALUE,       /* a value */
	FIRST_VALUE, /* or the end of the array */
	KEY,         /* the key of a member */
	FIRST_KEY,   /* or the end of the object */
	COLON,
	NEXT, /* a comma, or the end of the container */
	OVER, /* white space */
	STRING,
	ESCAPE, /* what follows a backslash */
	HEX_1,  /* four of them */
	HEX_2,
	HEX_3,
	HEX_4,
	LITERAL,
	MINUS, /* a digit */
	ZERO,  /* of the integer part; no other digit may follow */
	INTEGER,
	POINT, /* a digit of the fraction */
	FRACTION,
	E, /* a sign or digit */
	SIGN,
	EXPONENT
};

/* Begins a text.  Values and keys in up to watch containers are told. */
void
pm_json_scan_start(PmJsonScan *scan, int watch)
{
	memset(scan, 0, offsetof(PmJsonScan, key));
	scan->state = VALUE;
	scan->watch = (uint8_t) watch;
}

static inline bool
is_hex(char c)
{
	return pm_is_digit(c) || (pm_lower(c) >= 'a' && pm_lower(c) <= 'f');
}

/* A value has ended: what may follow, and whether to tell. */
static inline bool
ended(PmJsonScan *scan)
{
	scan->state = scan->depth == 0 ? OVER : NEXT;
	return scan->depth <= scan->watch;
}

/* Opens a container; false: too deep. */
static bool
opened(PmJsonScan *scan, bool is_object)
{
	uint64_t bit;

	if (scan->depth == PM_JSON_DEPTH)
		return false;
	bit = UINT64_C(1) << scan->depth;
	scan->objects = is_object ? scan->objects | bit : scan->objects & ~bit;
	scan->depth++;
	scan->state = is_object ? FIRST_KEY : FIRST_VALUE;
	return true;
}

static inline bool
in_object(const PmJsonScan *scan)
{
	return scan->objects >> (scan->depth - 1) & 1;
}

/* The first byte of a value; false: it is none. */
static bool
begun(PmJsonScan *scan, char c)
{
	switch (c)
	{
		case '{':
		case '[':
			return opened(scan, c == '{');
		case '"':
			scan->is_key = false;
			scan->state = STRING;
			return true;
		case '-':
			scan->state = MINUS;
			return true;
		case '0':
			scan->state = ZERO;
			return true;
		case 't':
			scan->rest = "rue";
			break;
		case 'f':
			scan->rest = "alse";
			break;
		case 'n':
			scan->rest = "ull";
			break;
		default:
			scan->state = INTEGER;
			return c >= '1' && c <= '9';
	}
	scan->state = LITERAL;
	return true;
}

/* Goes through the plain bytes of a string. */
static inline const char *
through_string(const char *at, const char *end)
{
	while (at < end && (unsigned char) *at >= 0x20 && *at != '"' && *at != '\\')
		at++;
	return at;
}

/* A byte of a string, which is kept if it is a key that is told. */
static inline void
keep(PmJsonScan *scan, char c)
{
	if (!scan->is_key || scan->depth > scan->watch)
		return;
	if (scan->key_size < PM_JSON_KEY_MAX)
		scan->key[scan->key_size++] = c;
	else
		scan->is_cut = true;
}

/*
 * Goes on from *at, which it moves, until there is something to tell or all is taken.
 * After PM_JSON_ERROR only pm_json_scan_go_on() or a new start make sense.
 */
PmJsonEvent
pm_json_scan(PmJsonScan *scan, const char **at, const char *end)
{
	while (*at < end)
	{
		char c = **at;

		switch (scan->state)
		{
			case FIRST_VALUE:
			case VALUE:
				if (pm_is_white(c))
					break;
				if (c == ']' && scan->state == FIRST_VALUE)
				{
					scan->depth--;
					(*at)++;
					if (ended(scan))
						return PM_JSON_FINISH;
					continue;
				}
				if (scan->depth <= scan->watch && !scan->is_told)
				{
					scan->is_told = true;
					return PM_JSON_BEGIN;
				}
				scan->is_told = false;
				if (!begun(scan, c))
					return PM_JSON_ERROR;
				break;

			case FIRST_KEY:
			case KEY:
				if (pm_is_white(c))
					break;
				if (c == '}' && scan->state == FIRST_KEY)
				{
					scan->depth--;
					(*at)++;
					if (ended(scan))
						return PM_JSON_FINISH;
					continue;
				}
				if (c != '"')
					return PM_JSON_ERROR;
				scan->is_key = true;
				scan->is_cut = false;
				scan->key_size = 0;
				scan->state = STRING;
				break;

			case COLON:
				if (pm_is_white(c))
					break;
				if (c != ':')
					return PM_JSON_ERROR;
				scan->state = VALUE;
				break;

			case NEXT:
				if (pm_is_white(c))
					break;
				if (c == ',')
				{
					scan->state = in_object(scan) ? KEY : VALUE;
					break;
				}
				if (c != (in_object(scan) ? '}' : ']'))
					return PM_JSON_ERROR;
				scan->depth--;
				(*at)++;
				if (ended(scan))
					return PM_JSON_FINISH;
				continue;

			case OVER:
				if (!pm_is_white(c))
					return PM_JSON_ERROR;
				break;

			case STRING:
				if (!scan->is_key || scan->depth > scan->watch)
				{
					*at = through_string(*at, end);
					if (*at == end)
						return PM_JSON_MORE;
					c = **at;
				}
				if (c == '"')
				{
					(*at)++;
					if (scan->is_key)
					{
						scan->state = COLON;
						if (scan->depth <= scan->watch)
							return PM_JSON_KEY;
					}
					else if (ended(scan))
						return PM_JSON_FINISH;
					continue;
				}
				if (c == '\\')
					scan->state = ESCAPE;
				else if ((unsigned char) c < 0x20)
					return PM_JSON_ERROR;
				keep(scan, c);
				break;

			case ESCAPE:
				if (c == '\0' || strchr("\"\\/bfnrtu", c) == NULL)
					return PM_JSON_ERROR;
				scan->state = c == 'u' ? HEX_1 : STRING;
				keep(scan, c);
				break;

			case HEX_1:
			case HEX_2:
			case HEX_3:
			case HEX_4:
				if (!is_hex(c))
					return PM_JSON_ERROR;
				scan->state = scan->state == HEX_4 ? STRING : scan->state + 1;
				keep(scan, c);
				break;

			case LITERAL:
				if (c != *scan->rest)
					return PM_JSON_ERROR;
				if (*++scan->rest == '\0')
				{
					(*at)++;
					if (ended(scan))
						return PM_JSON_FINISH;
					continue;
				}
				break;

			case MINUS:
				if (!pm_is_digit(c))
					return PM_JSON_ERROR;
				scan->state = c == '0' ? ZERO : INTEGER;
				break;

			case POINT:
			case SIGN:
				if (!pm_is_digit(c))
					return PM_JSON_ERROR;
				scan->state = scan->state == POINT ? FRACTION : EXPONENT;
				break;

			case E:
				if (c == '+' || c == '-')
					scan->state = SIGN;
				else if (pm_is_digit(c))
					scan->state = EXPONENT;
				else
					return PM_JSON_ERROR;
				break;

			default: /* in a number that may end here */
				if (pm_is_digit(c) && scan->state != ZERO)
					break;
				if (c == '.' && (scan->state == ZERO || scan->state == INTEGER))
					scan->state = POINT;
				else if ((c == 'e' || c == 'E') && scan->state != EXPONENT)
					scan->state = E;
				else if (ended(scan))
					return PM_JSON_FINISH; /* the byte is not part of it */
				else
					continue;
				break;
		}
		(*at)++;
	}
	return PM_JSON_MORE;
}

/* Was there nothing but white space so far? */
bool
pm_json_scan_is_new(const PmJsonScan *scan)
{
	return scan->state == VALUE && scan->depth == 0 && !scan->is_told;
}

/* Could the text end here? */
bool
pm_json_scan_is_over(const PmJsonScan *scan)
{
	return scan->depth == 0 &&
	       (scan->state == OVER || scan->state == ZERO || scan->state == INTEGER ||
	        scan->state == FRACTION || scan->state == EXPONENT);
}

/* Did the text stop, or fail, within a string? */
bool
pm_json_scan_in_string(const PmJsonScan *scan)
{
	return scan->state >= STRING && scan->state <= HEX_4;
}

/* After an error: as if a value in depth containers, one at least, had just ended. */
void
pm_json_scan_go_on(PmJsonScan *scan, int depth)
{
	scan->depth = (uint8_t) depth;
	scan->is_told = false;
	scan->state = NEXT;
}
