/*
 * pm_mention.c - where a text mentions a person: see pm_mention.h
 *
 * What ends an address is what cannot be part of one in practice: "anne@example.com" is
 * not in "marianne@example.com", "anne@example.com.au" or "x.anne@example.com", but is in
 * "<anne@example.com>." and "mailto:anne@example.com".  A byte above ASCII ends an
 * address, since it is a quote or a dash far more often than part of one, and goes on
 * with a name, since there it is a letter.
 */
#include "pm_mention.h"

#include <string.h>

#include "pm_char.h"

/* Bytes of the longest name of a member that means something: plain, and as it is. */
#define PLAIN_MAX 32
#define NAME_MAX  256

static const char *const ids[] = {"id", "userid", "user", "uid", "sub", "personid", NULL};

static const char *const whos[] = {
    "user",      "author", "owner",       "by",        "createdby", "updatedby",
    "changedby", "who",    "requestedby", "decidedby", "sender",    "recipient",
    "from",      "to",     "cc",          "contact",   NULL};

static const char *const personals[] = {
    "email",          "mail",        "emailaddress", "mailaddress", "username",
    "login",          "userlogin",   "firstname",    "lastname",    "fullname",
    "displayname",    "givenname",   "familyname",   "surname",     "nickname",
    "phone",          "phonenumber", "mobile",       "address",     "street",
    "birthday",       "birthdate",   "dateofbirth",  "ip",          "ipaddress",
    "useragent",      "lastlogin",   "avatar",       "photo",       "password",
    "hashedpassword", NULL};

static bool
is_alphanumeric(char c)
{
	return pm_is_digit(c) || (pm_lower(c) >= 'a' && pm_lower(c) <= 'z');
}

static bool
is_high(char c)
{
	return (unsigned char) c >= 0x80;
}

/* Are these the same without regard to the case of a to z? */
static bool
same(const char *a, const char *b, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (pm_lower(a[i]) != pm_lower(b[i]))
			return false;
	return true;
}

/* Is there an escape sequence of a URL or of C and JSON, such as %3A or \\n, before? */
static bool
is_escape_before(const char *text, size_t at)
{
	if (at >= 2 && text[at - 2] == '\\')
		return strchr("bfnrtv", text[at - 1]) != NULL && text[at - 1] != '\0';
	return at >= 3 && text[at - 3] == '%' && is_alphanumeric(text[at - 2]) &&
	       is_alphanumeric(text[at - 1]);
}

/* Could what stands before, a byte at least, go on with the word? */
static bool
continues_before(const char *text, size_t at, bool strong)
{
	char c = text[at - 1];

	if (is_escape_before(text, at))
		return false;
	if (is_alphanumeric(c) || c == '_')
		return true;
	return strong ? c == '.' || c == '+' || c == '-' : is_high(c);
}

/* Could what follows, of which there is a byte at least, go on with the word? */
static bool
continues_after(const char *text, size_t size, bool strong)
{
	if (is_alphanumeric(text[0]) || text[0] == '_')
		return true;
	if (!strong)
		return is_high(text[0]);
	return (text[0] == '-' || text[0] == '.') && size > 1 && is_alphanumeric(text[1]);
}

/* Does the place stand in quotes or parentheses, with nothing else in them? */
static bool
is_enclosed(const char *text, size_t size, size_t at, size_t end)
{
	char before, after;

	if (at == 0 || end == size)
		return false;
	before = text[at - 1];
	after = text[end];
	return (before == '"' && after == '"') || (before == '\'' && after == '\'') ||
	       (before == '(' && after == ')');
}

bool
pm_mention_is_strong(const char *word, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (word[i] == '@' || (size - i >= 3 && memcmp(word + i, "%40", 3) == 0))
			return true;
	return false;
}

size_t
pm_mention_find(const char *text, size_t size, size_t from, size_t until,
                const PmNaming *words, size_t count, PmMentionScope scope,
                const PmNaming **found)
{
	*found = NULL;
	for (size_t at = from; at < until; at++)
	{
		for (size_t i = 0; i < count; i++)
		{
			const PmNaming *word = &words[i];
			size_t end = at + word->size;

			if (word->size > size - at || pm_lower(text[at]) != pm_lower(word->text[0]) ||
			    !same(text + at, word->text, word->size))
				continue;
			if ((at > 0 && continues_before(text, at, word->strong)) ||
			    (end < size && continues_after(text + end, size - end, word->strong)))
				continue;
			if (!word->strong && scope != PM_MENTION_ALL &&
			    (scope == PM_MENTION_STRONG || !is_enclosed(text, size, at, end)))
				continue;
			if (*found == NULL || (*found)->size < word->size)
				*found = word;
		}
		if (*found != NULL)
			return at;
	}
	return until;
}

bool
pm_mention_is_word(const char *text, size_t size, const PmNaming *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (words[i].size == size && same(text, words[i].text, size))
			return true;
	return false;
}

/* Is the name in the list? */
static bool
is_in(const char *name, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strcmp(name, *list) == 0)
			return true;
	return false;
}

PmMentionMember
pm_mention_member(const char *name, size_t size)
{
	char plain[PLAIN_MAX + 1];
	size_t n = 0;

	if (size > NAME_MAX)
		return PM_MEMBER_OTHER;
	for (size_t i = 0; i < size; i++)
	{
		if (name[i] == '_' || name[i] == '-' || name[i] == ' ')
			continue;
		if (n == PLAIN_MAX || name[i] == '\0')
			return PM_MEMBER_OTHER;
		plain[n++] = pm_lower(name[i]);
	}
	plain[n] = '\0';
	if (is_in(plain, personals))
		return PM_MEMBER_PERSONAL;
	if (is_in(plain, ids))
		return PM_MEMBER_ID;
	return is_in(plain, whos) ? PM_MEMBER_WHO : PM_MEMBER_OTHER;
}
