/*
 * test_key_file.c - files of keys: what is taken, what is refused and at which line, and
 * each change of one character of a good file
 */
#include <stdlib.h>

#include "pm_key_file.h"
#include "tap.h"

#define HEX "0123456789abcdef0123456789ABCDEF00112233445566778899aabbccddeeff"
#define ID  "abcdefghijABCDEFGHIJ0123456789._"

typedef struct Case
{
	const char *text;
	PmKeyFault fault;
	int line;
	int nkeys;
	const char *name;
} Case;

static const Case cases[] = {
    {"k " HEX "\n",                        PM_KEY_OK,    0, 1, "one key"                 },
    {"k " HEX,                             PM_KEY_OK,    0, 1, "no end of line"          },
    {"# of today\n\n \t\nk " HEX "\n#k\n", PM_KEY_OK,    0, 1, "comments and empty lines"},
    {"k " HEX "\r\nl " HEX "\r\n",         PM_KEY_OK,    0, 2, "lines of DOS"            },
    {" \tk\t  " HEX " \t\n",               PM_KEY_OK,    0, 1, "blanks"                  },
    {ID " " HEX "\n" ID "\n",              PM_KEY_ID,    2, 0, "an id alone"             },
    {ID " " HEX "\n" ID "- " HEX,          PM_KEY_ID,    2, 0, "a long id"               },
    {"",                                   PM_KEY_NONE,  0, 0, "empty"                   },
    {"\n# k " HEX "\n",                    PM_KEY_NONE,  0, 0, "comments alone"          },
    {HEX "\n",                             PM_KEY_ID,    1, 0, "a key without an id"     },
    {"\n\nk: " HEX,                        PM_KEY_ID,    3, 0, "an id with a colon"      },
    {"k\xc3\xa9 " HEX,                     PM_KEY_ID,    1, 0, "an id beyond ASCII"      },
    {"k \n",                               PM_KEY_VALUE, 1, 0, "no key"                  },
    {"k " HEX "0\n",                       PM_KEY_VALUE, 1, 0, "a digit too much"        },
    {"k " HEX " l\n",                      PM_KEY_VALUE, 1, 0, "a third word"            },
    {"k " HEX "\nk " HEX "\n",             PM_KEY_TWICE, 2, 0, "an id twice"             },
    {"k " HEX "\nK " HEX "\n",             PM_KEY_OK,    0, 2, "ids differ by case"      },
};

/* One case of the table. */
static void
check(const Case *c)
{
	PmKeyFile file;

	is_int(pm_key_file_read(c->text, strlen(c->text), &file), c->fault, c->name);
	is_int(file.line, c->line, "at that line");
	is_int(file.nkeys, c->nkeys, "as many keys");
}

/* What was read is what was written. */
static void
check_values(void)
{
	static const char text[] =
	    "new " HEX "\nold "
	    "ff00000000000000000000000000000000000000000000000000000000000001";
	PmKeyFile file;
	const PmKey *old;

	ok(pm_key_file_read(text, sizeof(text) - 1, &file) == PM_KEY_OK, "two keys");
	is_str(file.keys[0].id, "new", "the first one is the current one");
	is_int(file.keys[0].bytes[7], 0xef, "small digits");
	is_int(file.keys[0].bytes[15], 0xef, "capital digits");
	is_int(file.keys[0].bytes[31], 0xff, "the last byte");
	old = pm_key_file_find(&file, "old", 3);
	ok(old == &file.keys[1] && old->bytes[0] == 0xff && old->bytes[31] == 1, "found by id");
	ok(pm_key_file_find(&file, "ol", 2) == NULL, "not by a part of it");
	ok(pm_key_file_find(&file, "older", 5) == NULL, "nor by more than it");
	ok(pm_key_file_find(&file, "", 0) == NULL, "nor by nothing");
}

/* Each place of a good file with a character that is none of a key's, and the file cut. */
static void
check_damage(void)
{
	static const char good[] = "k " HEX;
	char text[sizeof(good)];
	PmKeyFile file;
	int taken = 0;

	for (size_t i = 0; i + 1 < sizeof(good); i++)
	{
		memcpy(text, good, sizeof(good));
		text[i] = '\0';
		taken += pm_key_file_read(text, sizeof(good) - 1, &file) == PM_KEY_OK;
		text[i] = 'g';
		taken += i > 0 && pm_key_file_read(text, sizeof(good) - 1, &file) == PM_KEY_OK;
		text[i] = '\n';
		taken += pm_key_file_read(text, sizeof(good) - 1, &file) == PM_KEY_OK;
		taken += pm_key_file_read(good, i, &file) == PM_KEY_OK;
	}
	is_int(taken, 0, "no damaged file is taken");
}

/* As many keys as a file may have, one more, and more bytes than it may have. */
static void
check_limits(void)
{
	char *text = malloc(PM_KEY_FILE_MAX + 2);
	char *to = text;
	PmKeyFile file;

	for (int i = 0; i < PM_KEYS_MAX; i++)
		to += sprintf(to, "k%d " HEX "\n", i);
	is_int(pm_key_file_read(text, (size_t) (to - text), &file), PM_KEY_OK, "64 keys");
	is_int(file.nkeys, PM_KEYS_MAX, "all of them");
	to += sprintf(to, "more " HEX "\n");
	is_int(pm_key_file_read(text, (size_t) (to - text), &file), PM_KEY_MANY, "65 keys");
	is_int(file.line, PM_KEYS_MAX + 1, "at the last line");

	memset(text, '\n', PM_KEY_FILE_MAX + 1);
	to = text + sprintf(text, "k " HEX);
	*to = '\n';
	is_int(pm_key_file_read(text, PM_KEY_FILE_MAX, &file), PM_KEY_OK, "16384 bytes");
	is_int(pm_key_file_read(text, PM_KEY_FILE_MAX + 1, &file), PM_KEY_LONG, "16385 bytes");
	free(text);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check(&cases[i]);
	check_values();
	check_damage();
	check_limits();
	return tap_done();
}
