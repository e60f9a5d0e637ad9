/*
 * test_mention.c - where a text mentions a person
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "pm_mention.h"
#include "tap.h"

#define WORD(word, strong)             \
	{                                  \
		word, sizeof(word) - 1, strong \
	}

static const PmNaming words[] = {WORD("anne@example.com", true),
                                 WORD("anne%40example.com", true), WORD("anne", false),
                                 WORD("Anne Martin", false), WORD("Zo\xC3\xAB", false)};

/* The text with what is found in brackets, searched in pieces. */
static const char *
marked_in_pieces(const char *text, PmMentionScope scope, size_t piece)
{
	static char out[512];
	size_t size = strlen(text);
	size_t n = 0;
	const PmNaming *found;

	for (size_t from = 0;;)
	{
		size_t until = size - from < piece ? size : from + piece;
		size_t at = pm_mention_find(text, size, from, until, words, 5, scope, &found);

		memcpy(out + n, text + from, at - from);
		n += at - from;
		from = at;
		if (found == NULL && at == size)
			break;
		if (found == NULL)
			continue;
		out[n++] = '[';
		memcpy(out + n, text + at, found->size);
		n += found->size;
		out[n++] = ']';
		from = at + found->size;
	}
	out[n] = '\0';
	return out;
}

/* The text with what is found in brackets. */
static const char *
marked(const char *text, PmMentionScope scope)
{
	return marked_in_pieces(text, scope, SIZE_MAX);
}

/* A mention counts once, wherever the border of two pieces is: in it, before or after. */
static void
test_pieces(void)
{
	static const char text[] =
	    "Anne Martin <anne@example.com>, marianne@example.com, anne@example.com.au \"anne\"";

	for (size_t piece = 1; piece <= sizeof(text); piece++)
	{
		char name[32];

		(void) snprintf(name, sizeof(name), "pieces of %zu bytes", piece);
		is_str(marked_in_pieces(text, PM_MENTION_ALL, piece),
		       "[Anne Martin] <[anne@example.com]>, marianne@example.com, "
		       "[anne]@example.com.au \"[anne]\"",
		       name);
	}
}

/* Where an address begins and ends. */
static void
test_addresses(void)
{
	static const struct
	{
		const char *text, *expected;
	} cases[] = {
	    {"anne@example.com",                          "[anne@example.com]"                                },
	    {"To: <Anne@EXAMPLE.com>.",                   "To: <[Anne@EXAMPLE.com]>."                         },
	    {"mailto:anne@example.com?subject=x",         "mailto:[anne@example.com]?subject=x"               },
	    {"anne@example.com,anne@example.com",         "[anne@example.com],[anne@example.com]"             },
	    {"?to=anne%40example.com&x",                  "?to=[anne%40example.com]&x"                        },
	    {"to%3Aanne@example.com",                     "to%3A[anne@example.com]"                           },
	    {"line\\nanne@example.com\\n",                "line\\n[anne@example.com]\\n"                      },
	    {"\xC2\xAB\xC2\xA0"
	     "anne@example.com\xC2\xA0\xC2\xBB", "\xC2\xAB\xC2\xA0[anne@example.com]\xC2\xA0\xC2\xBB"},
	    {"ends anne@example.com.",                    "ends [anne@example.com]."                          },
	    {"marianne@example.com",                      "marianne@example.com"                              },
	    {"x.anne@example.com",                        "x.anne@example.com"                                },
	    {"x+anne@example.com",                        "x+anne@example.com"                                },
	    {"anne@example.com.au",                       "anne@example.com.au"                               },
	    {"anne@example.company",                      "anne@example.company"                              },
	    {"anne@example.com-x",                        "anne@example.com-x"                                },
	    {"anne@example.co",                           "anne@example.co"                                   },
	    {"",	                                      ""	                                              },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_str(marked(cases[i].text, PM_MENTION_STRONG), cases[i].expected, cases[i].text);
}

/* When a name counts. */
static void
test_names(void)
{
	is_str(marked("Dear Anne, (anne) anne@example.com", PM_MENTION_STRONG),
	       "Dear Anne, (anne) [anne@example.com]", "strong words alone");
	is_str(marked("user \"anne\" is anne, Key (username)=(anne), 'ANNE' (anne",
	              PM_MENTION_QUOTED),
	       "user \"[anne]\" is anne, Key (username)=([anne]), '[ANNE]' (anne", "in quotes");
	is_str(
	    marked("Dear Anne Martin, Anne-Marie and Marianne, anne_2 anne.", PM_MENTION_ALL),
	    "Dear [Anne Martin], [Anne]-Marie and Marianne, anne_2 [anne].",
	    "all, the longest first");
	is_str(marked("Zo\xC3\xAB Zo\xC3\xAB\xC3\xA9 \xC3\xA9"
	              "anne",
	              PM_MENTION_ALL),
	       "[Zo\xC3\xAB] Zo\xC3\xAB\xC3\xA9 \xC3\xA9"
	       "anne",
	       "letters above ASCII go on with a name");
	ok(pm_mention_is_word("ANNE", 4, words, 5), "a word alone");
	ok(!pm_mention_is_word("anne ", 5, words, 5) && !pm_mention_is_word("", 0, words, 5),
	   "no word");
	ok(pm_mention_is_strong("a@b", 3) && pm_mention_is_strong("a%40b", 5) &&
	       !pm_mention_is_strong("a%4", 3) && !pm_mention_is_strong("", 0),
	   "what is strong");
}

/* What names of members say. */
static void
test_members(void)
{
	char long_name[257];

	memset(long_name, ' ', sizeof(long_name));
	memcpy(long_name + 251, "email", 5);
	is_int(pm_mention_member("First_Name", 10), PM_MEMBER_PERSONAL, "First_Name");
	is_int(pm_mention_member("e-mail", 6), PM_MEMBER_PERSONAL, "e-mail");
	is_int(pm_mention_member("user_id", 7), PM_MEMBER_ID, "user_id");
	is_int(pm_mention_member("created_by", 10), PM_MEMBER_WHO, "created_by");
	is_int(pm_mention_member("emails", 6), PM_MEMBER_OTHER, "emails");
	is_int(pm_mention_member("email\0", 6), PM_MEMBER_OTHER, "a zero byte");
	is_int(pm_mention_member("", 0), PM_MEMBER_OTHER, "empty");
	is_int(pm_mention_member(long_name, 256), PM_MEMBER_PERSONAL, "blanks before it");
	is_int(pm_mention_member(long_name, 257), PM_MEMBER_OTHER, "too long to mean anything");
	is_int(pm_mention_member("emailemailemailemailemailemailemailemail", 40),
	       PM_MEMBER_OTHER, "long");
}

int
main(void)
{
	test_addresses();
	test_names();
	test_pieces();
	test_members();
	return tap_done();
}
