/*
 * pm_transform_private.h - what the sources of transforms share
 *
 * A transform is one row of a list: its name, its arguments, how they are compiled, and the
 * function that runs it.  pm_transform.c checks arguments against the row before they are
 * compiled, so a compiler only reads them.
 */
#ifndef PM_TRANSFORM_PRIVATE_H
#define PM_TRANSFORM_PRIVATE_H

#include "pm_transform.h"

#define PM_TRANSFORM_ARGUMENTS 8

typedef enum PmArgumentKind
{
	PM_ARGUMENT_TEXT,
	PM_ARGUMENT_CHOICE,
	PM_ARGUMENT_NUMBER,
	PM_ARGUMENT_LIST,
	PM_ARGUMENT_TABLE
} PmArgumentKind;

/* An argument that a transform has. */
typedef struct PmParameter
{
	const char *name;
	PmArgumentKind kind;
	bool required;
	const char *const *choices; /* of a choice, NULL after the last one */
	int low;                    /* of a number; bytes of a text */
	int high;                   /* 0 of a text: any */
} PmParameter;

#define PM_TEXT(name, required, low, high)                \
	{                                                     \
		name, PM_ARGUMENT_TEXT, required, NULL, low, high \
	}
#define PM_NUMBER(name, required, low, high)                \
	{                                                       \
		name, PM_ARGUMENT_NUMBER, required, NULL, low, high \
	}
#define PM_CHOICE(name, choices)                       \
	{                                                  \
		name, PM_ARGUMENT_CHOICE, false, choices, 0, 0 \
	}
#define PM_LIST(name)                             \
	{                                             \
		name, PM_ARGUMENT_LIST, false, NULL, 0, 0 \
	}
#define PM_TABLE(name)                            \
	{                                             \
		name, PM_ARGUMENT_TABLE, true, NULL, 0, 0 \
	}

/* The arguments that were given, and where what is compiled goes. */
typedef struct PmCompile
{
	const struct PmTransformKind *kind;
	const PmArgument *arguments;
	size_t count;
	PmArena *arena;
	char *problem;
} PmCompile;

/* Makes *compiled, or says what the problem is. */
typedef PmTransformStatus (*PmTransformCompile)(PmCompile *from, const void **compiled);

typedef struct PmTransformKind
{
	const char *name;
	PmTransformRun run;
	PmTransformCompile compile;                     /* NULL: there is nothing to compile */
	PmParameter parameters[PM_TRANSFORM_ARGUMENTS]; /* up to one without a name */
} PmTransformKind;

/* in pm_transform.c: the arguments; "which" is the place of its parameter */
extern const PmArgument *pm_given(const PmCompile *from, int which, size_t skip);
extern int pm_given_number(const PmCompile *from, int which, int otherwise);
extern int pm_given_choice(const PmCompile *from, int which, int otherwise);
extern PmTransformStatus pm_given_text(const PmCompile *from, int which, PmText *text);
extern PmTransformStatus pm_done(PmArena *arena, char *out, const char *end, PmText *value);
extern bool pm_copy_text(PmArena *arena, PmText text, PmText *copy);
extern PmTransformStatus pm_problem(PmCompile *from, const char *format, PmText value);

/* A table of texts, in the order of pm_text_compare. */
typedef struct PmKeyEntry
{
	PmText key;
	PmText value;
} PmKeyEntry;

typedef struct PmKeys
{
	const PmKeyEntry *entries;
	PmKeyEntry *room; /* the same while they are being added */
	size_t count;
	bool exact; /* else keys are folded, without blanks around them */
} PmKeys;

/* in pm_transform_table.c */
extern bool pm_keys_make(PmCompile *from, PmKeys *keys, size_t count);
extern PmTransformStatus
pm_keys_add(PmCompile *from, PmKeys *keys, PmText key, PmText value);
extern PmTransformStatus pm_keys_sort(PmCompile *from, PmKeys *keys);
extern PmTransformStatus
pm_keys_find(const PmKeys *keys, PmText text, PmArena *arena, const PmKeyEntry **entry);

/* in pm_transform_text.c, pm_transform_table.c, pm_transform_typed.c */
extern const PmTransformKind pm_text_transforms[];
extern const PmTransformKind pm_table_transforms[];
extern const PmTransformKind pm_typed_transforms[];

#endif /* PM_TRANSFORM_PRIVATE_H */
