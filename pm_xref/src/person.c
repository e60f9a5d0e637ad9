/*
 * person.c - takes mentions of a person out of texts and documents
 *
 * Given are the person's id and words that name it: addresses of mail, which name it
 * wherever they stand, and names, which count where a value is known to be about the
 * person (common/pm_mention.h).  Ids stay: they lead to a row that says nothing more.
 *
 * In a text a mention becomes "[erased]".  In a document
 *
 *   - the same in each string and each name of a member; names of the person count
 *     everywhere once the document has its id or an address, and else only as the whole
 *     value of a member that says who;
 *   - an object that is about the person (a member id, user_id ... has the id, or email,
 *     username ... is one of the words) loses the values of all members that are personal by
 *     their name, and so do the objects within it.
 *
 * What is erased is found no more, so the same functions erase and prove: they return NULL
 * if there is nothing to erase.
 */
#include "pm_xref_module.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/uuid.h"

#include "pm_mention.h"

#define ERASED     "[erased]"
#define FIRST_ROOM 16 /* for what grows */
#define ID_SIZE    36

/* Bytes that are compared before interrupts are looked for. */
#define PIECE_WORK ((size_t) 4 * 1024 * 1024)

typedef struct Person
{
	char id[ID_SIZE + 1];
	PmNaming *words;
	size_t count;
	size_t piece; /* places of a text that are looked at before interrupts are */
} Person;

/* The person of arguments 1 and 2; what they point to is kept in the current context. */
static Person
person_of(FunctionCallInfo fcinfo)
{
	Person person;
	size_t bytes = ID_SIZE; /* that may be compared at one place */
	Datum *elements;
	bool *nulls;
	int n;

	strlcpy(person.id, DatumGetCString(DirectFunctionCall1(uuid_out, PG_GETARG_DATUM(1))),
	        sizeof(person.id));
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(2), TEXTOID, -1, false, TYPALIGN_INT, &elements,
	                  &nulls, &n);
	person.words = palloc(sizeof(PmNaming) * Max(n, 1));
	person.count = 0;
	for (int i = 0; i < n; i++)
	{
		text *word = nulls[i] ? NULL : DatumGetTextPP(elements[i]);
		PmNaming *naming = &person.words[person.count];
		const PmNaming *found;

		if (word == NULL || VARSIZE_ANY_EXHDR(word) == 0)
			continue;
		naming->text = VARDATA_ANY(word);
		naming->size = VARSIZE_ANY_EXHDR(word);
		naming->strong = pm_mention_is_strong(naming->text, naming->size);
		(void) pm_mention_find(ERASED, strlen(ERASED), 0, strlen(ERASED), naming, 1,
		                       PM_MENTION_ALL, &found);
		if (found != NULL) /* what was erased would be for ever */
			continue;
		bytes += naming->size;
		person.count++;
	}
	person.piece = Max(PIECE_WORK / bytes, 1);
	return person;
}

/* Is the text the id, in whatever case? */
static bool
is_id(const Person *person, const char *text, size_t size)
{
	return size == ID_SIZE && pg_strncasecmp(text, person->id, size) == 0;
}

/* Does the text have the id somewhere? */
static bool
has_id(const Person *person, const char *text, size_t size)
{
	for (size_t at = 0; at + ID_SIZE <= size; at++)
	{
		if (at % person->piece == 0)
			CHECK_FOR_INTERRUPTS();
		if (is_id(person, text + at, ID_SIZE))
			return true;
	}
	return false;
}

/* Finds the first mention at or after from, as pm_mention_find(), in pieces. */
static size_t
find_mention(const Person *person, const char *text, size_t size, size_t from,
             PmMentionScope scope, const PmNaming **found)
{
	do
	{
		size_t until = from + Min(person->piece, size - from);

		CHECK_FOR_INTERRUPTS();
		from = pm_mention_find(text, size, from, until, person->words, person->count, scope,
		                       found);
	} while (*found == NULL && from < size);
	return from;
}

static bool
mentions(const Person *person, const char *text, size_t size, PmMentionScope scope)
{
	const PmNaming *found;

	(void) find_mention(person, text, size, 0, scope, &found);
	return found != NULL;
}

/* Is it certain that the text is about the person? */
static bool
is_about(const Person *person, const char *text, size_t size)
{
	return has_id(person, text, size) || mentions(person, text, size, PM_MENTION_STRONG);
}

/* Appends the text without its mentions; false, if there are none, and nothing is. */
static bool
append_erased(StringInfo out, const Person *person, const char *text, size_t size,
              PmMentionScope scope)
{
	size_t from = 0;

	for (;;)
	{
		const PmNaming *found;
		size_t at = find_mention(person, text, size, from, scope, &found);

		if (found == NULL)
			break;
		appendBinaryStringInfo(out, text + from, at - from);
		appendStringInfoString(out, ERASED);
		from = at + found->size;
	}
	if (from == 0)
		return false;
	appendBinaryStringInfo(out, text + from, size - from);
	return true;
}

PG_FUNCTION_INFO_V1(pm_xref__erased_text);

/*
 * _erased_text(value, person, words, kind): the text without mentions, NULL if it has
 * none.  kind "name": it is somebody's name and nothing else, so a word that is all of it
 * counts; "message": names in quotes or parentheses count; else "text".
 */
Datum
pm_xref__erased_text(PG_FUNCTION_ARGS)
{
	text *value = PG_GETARG_TEXT_PP(0);
	const char *from = VARDATA_ANY(value);
	size_t size = VARSIZE_ANY_EXHDR(value);
	char *kind = text_to_cstring(PG_GETARG_TEXT_PP(3));
	Person person = person_of(fcinfo);
	PmMentionScope scope = PM_MENTION_STRONG;
	StringInfoData out;

	if (is_about(&person, from, size))
		scope = PM_MENTION_ALL;
	else if (strcmp(kind, "message") == 0)
		scope = PM_MENTION_QUOTED;
	if (strcmp(kind, "name") == 0 &&
	    pm_mention_is_word(from, size, person.words, person.count))
		PG_RETURN_TEXT_P(cstring_to_text(ERASED));
	initStringInfo(&out);
	if (!append_erased(&out, &person, from, size, scope))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}

/* A container that the iteration is in: an array is as the object that it is in. */
typedef struct Frame
{
	int object;             /* which, in the order in which they begin; -1: none */
	PmMentionMember member; /* what the name of the current member says */
	bool about;             /* it is about the person */
	bool personal;          /* it is the value of a personal member of such an object */
} Frame;

/* What is known of a document before it is copied. */
typedef struct Reading
{
	bool about;   /* it has the id or a strong word */
	bool *abouts; /* of each object: is it about the person? */
} Reading;

/* Containers around the current place, the innermost last. */
typedef struct Nest
{
	Frame *frames;
	int depth;
	int size;
	int objects; /* so far */
} Nest;

static Frame *
innermost(Nest *nest)
{
	return &nest->frames[nest->depth - 1];
}

/* Outside of any container. */
static Nest
outermost(void)
{
	return (Nest){.frames = palloc(sizeof(Frame) * FIRST_ROOM), .size = FIRST_ROOM};
}

/* A container begins. */
static void
enter(Nest *nest, bool is_object)
{
	Frame frame = {.object = -1, .member = PM_MEMBER_OTHER};

	if (nest->depth > 0)
		frame = *innermost(nest);
	if (is_object)
		frame.object = nest->objects++;
	if (nest->depth == nest->size)
	{
		nest->size *= 2;
		nest->frames = repalloc(nest->frames, sizeof(Frame) * nest->size);
	}
	nest->frames[nest->depth++] = frame;
}

/* Is a string, the value of such a member, what makes an object one about the person? */
static bool
makes_about(const Person *person, PmMentionMember member, const JsonbValue *string)
{
	const char *from = string->val.string.val;
	size_t size = string->val.string.len;

	return (member == PM_MEMBER_ID && is_id(person, from, size)) ||
	       (member == PM_MEMBER_PERSONAL &&
	        (pm_mention_is_word(from, size, person->words, person->count) ||
	         mentions(person, from, size, PM_MENTION_STRONG)));
}

/* Finds out what of the document is about the person. */
static Reading
read_document(Jsonb *document, const Person *person)
{
	int room = FIRST_ROOM;
	Reading reading = {.abouts = palloc(sizeof(bool) * room)};
	Nest nest = outermost();
	JsonbIterator *it = JsonbIteratorInit(&document->root);
	JsonbIteratorToken token;
	JsonbValue value;

	while ((token = JsonbIteratorNext(&it, &value, false)) != WJB_DONE)
	{
		CHECK_FOR_INTERRUPTS();
		if (token == WJB_BEGIN_OBJECT || token == WJB_BEGIN_ARRAY)
		{
			enter(&nest, token == WJB_BEGIN_OBJECT);
			if (nest.objects > room)
			{
				room *= 2;
				reading.abouts = repalloc(reading.abouts, sizeof(bool) * room);
			}
			if (token == WJB_BEGIN_OBJECT)
				reading.abouts[nest.objects - 1] = false;
		}
		else if (token == WJB_END_OBJECT || token == WJB_END_ARRAY)
			nest.depth--;
		else if (value.type == jbvString)
		{
			Frame *frame = innermost(&nest);

			if (!reading.about)
				reading.about =
				    is_about(person, value.val.string.val, value.val.string.len);
			if (token == WJB_KEY)
				frame->member =
				    pm_mention_member(value.val.string.val, value.val.string.len);
			else if (frame->object >= 0 && makes_about(person, frame->member, &value))
				reading.abouts[frame->object] = true;
		}
	}
	return reading;
}

/* Makes the value a string that says that it was erased. */
static void
erase_value(JsonbValue *value)
{
	value->type = jbvString;
	value->val.string.val = pstrdup(ERASED);
	value->val.string.len = strlen(ERASED);
}

/* Is it what erase_value() makes? */
static bool
is_erased(const JsonbValue *value)
{
	return value->type == jbvString && value->val.string.len == (int) strlen(ERASED) &&
	       memcmp(value->val.string.val, ERASED, strlen(ERASED)) == 0;
}

/* Takes mentions out of a string; was there one? */
static bool
erase_in_string(JsonbValue *string, const Person *person, PmMentionScope scope)
{
	StringInfoData out;

	initStringInfo(&out);
	if (!append_erased(&out, person, string->val.string.val, string->val.string.len, scope))
		return false;
	string->val.string.val = out.data;
	string->val.string.len = out.len;
	return true;
}

/* Takes what is about the person out of a value that is no container; was there anything? */
static bool
erase_scalar(JsonbValue *value, const Person *person, const Frame *frame,
             PmMentionScope scope)
{
	bool personal =
	    frame->personal || (frame->about && frame->member == PM_MEMBER_PERSONAL);

	if (personal && value->type != jbvNull && !is_erased(value))
	{
		erase_value(value);
		return true;
	}
	if (value->type != jbvString)
		return false;
	if ((frame->member == PM_MEMBER_WHO || frame->member == PM_MEMBER_ID ||
	     frame->member == PM_MEMBER_PERSONAL) &&
	    pm_mention_is_word(value->val.string.val, value->val.string.len, person->words,
	                       person->count))
	{
		erase_value(value);
		return true;
	}
	return erase_in_string(value, person, scope);
}

PG_FUNCTION_INFO_V1(pm_xref__erased_document);

/* _erased_document(value, person, words): the document without mentions, NULL if it has none */
Datum
pm_xref__erased_document(PG_FUNCTION_ARGS)
{
	Jsonb *document = PG_GETARG_JSONB_P(0);
	Person person = person_of(fcinfo);
	Reading reading = read_document(document, &person);
	PmMentionScope scope = reading.about ? PM_MENTION_ALL : PM_MENTION_STRONG;
	Nest nest = outermost();
	JsonbParseState *state = NULL;
	JsonbValue *result = NULL;
	JsonbIterator *it = JsonbIteratorInit(&document->root);
	JsonbIteratorToken token;
	JsonbValue value;
	bool changed = false;

	while ((token = JsonbIteratorNext(&it, &value, false)) != WJB_DONE)
	{
		bool is_scalar = token == WJB_BEGIN_ARRAY && value.val.array.rawScalar;

		CHECK_FOR_INTERRUPTS();
		if (token == WJB_BEGIN_OBJECT || token == WJB_BEGIN_ARRAY)
		{
			Frame *frame;

			enter(&nest, token == WJB_BEGIN_OBJECT);
			frame = innermost(&nest);
			frame->personal |= frame->about && frame->member == PM_MEMBER_PERSONAL;
			if (token == WJB_BEGIN_OBJECT)
				frame->about |= reading.abouts[frame->object];
		}
		else if (token == WJB_END_OBJECT || token == WJB_END_ARRAY)
			nest.depth--;
		else if (token == WJB_KEY)
		{
			innermost(&nest)->member =
			    pm_mention_member(value.val.string.val, value.val.string.len);
			changed |= erase_in_string(&value, &person, scope);
		}
		else
			changed |= erase_scalar(&value, &person, innermost(&nest), scope);
		result = pushJsonbValue(&state, token,
		                        token < WJB_BEGIN_ARRAY || is_scalar ? &value : NULL);
	}
	if (!changed)
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(JsonbValueToJsonb(result));
}
