/*
 * pm_mention.h - where a text mentions a person, by words that name the person
 *
 * A strong word names one person wherever it stands: an address of mail.  A weak one is a
 * name that others may have, or that is a word besides: it counts where the caller knows
 * that the text is about the person, or where it stands in quotes or parentheses alone.
 * Words are compared without regard to the case of a to z, and are whole: no letter, digit
 * or sign that could go on with the address or name stands at either side.
 *
 * Pure: no allocation, no global state.
 */
#ifndef PM_MENTION_H
#define PM_MENTION_H

#include <stdbool.h>
#include <stddef.h>

typedef struct PmNaming
{
	const char *text;
	size_t size; /* above 0 */
	bool strong;
} PmNaming;

/* Which words count. */
typedef enum PmMentionScope
{
	PM_MENTION_STRONG, /* strong ones */
	PM_MENTION_QUOTED, /* and weak ones in quotes or parentheses */
	PM_MENTION_ALL     /* all */
} PmMentionScope;

/* What the name of a member or column says about its value. */
typedef enum PmMentionMember
{
	PM_MEMBER_OTHER,
	PM_MEMBER_ID,      /* the id of somebody or something: id, user_id, sub ... */
	PM_MEMBER_WHO,     /* somebody, in whatever way: user, author, created_by ... */
	PM_MEMBER_PERSONAL /* is about a person: email, first_name, phone ... */
} PmMentionMember;

/* Is it an address, perhaps with the @ as a URL has it? */
extern bool pm_mention_is_strong(const char *word, size_t size);
/*
 * Finds the first mention that begins at or after from and before until, which is size at
 * most: its offset, and which word it is; of several at one place the longest.  It may
 * reach beyond until, so who looks for interrupts searches a long text in pieces, and
 * finds the same.  If there is none, found is NULL, and the offset until.
 */
extern size_t pm_mention_find(const char *text, size_t size, size_t from, size_t until,
                              const PmNaming *words, size_t count, PmMentionScope scope,
                              const PmNaming **found);
/* Is the text one of the words, weak or strong, and nothing else? */
extern bool
pm_mention_is_word(const char *text, size_t size, const PmNaming *words, size_t count);
/* Letters, digits and signs of the name; case, _, - and blanks do not count. */
extern PmMentionMember pm_mention_member(const char *name, size_t size);

#endif /* PM_MENTION_H */
