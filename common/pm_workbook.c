/*
 * pm_workbook.c - what of a workbook a reader of one sheet needs: which parts, which formats
 *
 * All lists have bounds well above what Excel allows.
 */
#include "pm_workbook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pm_char.h"

#define MAX_SHEETS  10000
#define MAX_FORMATS 2000
#define MAX_STYLES  70000
#define MAX_NAME    1024 /* bytes of a name, a place, a format's code */

static bool
no_memory(PmTags *tags)
{
	return pm_reader_fail(tags->input->failure, PM_READER_MEMORY, 0, "");
}

static bool
too_many(PmTags *tags, const char *what)
{
	return pm_reader_fail(tags->input->failure, PM_READER_SYNTAX, 0, what);
}

/* The value of an attribute as text of its own, "" if there is none; NULL: failure is set. */
static char *
attribute(PmTags *tags, const char *name)
{
	const PmText *value = pm_tags_attribute(tags, name);
	PmRecordFault fault = PM_RECORD_GOOD;
	char *text;
	size_t size = 0;

	if (value != NULL && value->size > MAX_NAME)
	{
		too_many(tags, "too long a name");
		return NULL;
	}
	text = malloc(value == NULL ? 1 : 3 * value->size + 1);
	if (text == NULL)
	{
		no_memory(tags);
		return NULL;
	}
	if (value != NULL)
		size = pm_tags_decode(value->data, value->size, text, false, &fault);
	text[size] = '\0';
	return text;
}

/* The value of an attribute as a number from 0; -1: it is none. */
static int
number(const PmTags *tags, const char *name)
{
	const PmText *value = pm_tags_attribute(tags, name);
	int result = 0;

	if (value == NULL || value->size == 0 || value->size > 9)
		return -1;
	for (size_t i = 0; i < value->size; i++)
	{
		if (!pm_is_digit(value->data[i]))
			return -1;
		result = result * 10 + (value->data[i] - '0');
	}
	return result;
}

/* Does a text end with another one? */
static bool
ends_with(const char *text, const char *end)
{
	size_t size = strlen(text);

	return size >= strlen(end) && strcmp(text + size - strlen(end), end) == 0;
}

/* Takes "." and ".." out of a path, in place. */
static void
normalize(char *path)
{
	char *out = path;

	for (char *at = path; *at != '\0';)
	{
		size_t size = strcspn(at, "/");
		bool is_last = at[size] == '\0';

		if (size == 2 && at[0] == '.' && at[1] == '.')
		{
			/* back behind the slash before the last one */
			if (out > path)
				out--;
			while (out > path && out[-1] != '/')
				out--;
		}
		else if (size > 0 && !(size == 1 && at[0] == '.'))
		{
			memmove(out, at, size);
			out += size;
			if (!is_last)
				*out++ = '/';
		}
		at += is_last ? size : size + 1;
	}
	*out = '\0';
}

/* Where a target is that a part refers to; takes target over.  NULL: no memory. */
static char *
resolve(const char *part, char *target)
{
	const char *slash = part == NULL ? NULL : strrchr(part, '/');
	size_t folder = slash == NULL || target[0] == '/' ? 0 : (size_t) (slash + 1 - part);
	char *path = malloc(folder + strlen(target) + 1);

	if (path != NULL)
	{
		memcpy(path, part == NULL ? "" : part, folder);
		strcpy(path + folder, target);
		normalize(path);
	}
	free(target);
	return path;
}

/* Room for one more element of a size in a list; false: no memory. */
static bool
grow(void **list, int count, int *room, size_t size)
{
	int more = *room == 0 ? 16 : *room * 2;
	void *grown;

	if (count < *room)
		return true;
	grown = realloc(*list, (size_t) more * size);
	if (grown == NULL)
		return false;
	*list = grown;
	*room = more;
	return true;
}

/* Sets a place to that of a relationship's target. */
static bool
set_part(PmTags *tags, const char *base, char **part)
{
	char *target = attribute(tags, "Target");

	if (target == NULL)
		return false;
	free(*part);
	*part = resolve(base, target);
	return *part != NULL || no_memory(tags);
}

/* Of the relationships of the package: the workbook. */
bool
pm_workbook_root_rels(PmWorkbook *book, PmTags *tags, PmTagsEvent event)
{
	char *type;
	bool is_workbook;

	if (event != PM_TAGS_OPEN || !pm_tags_is(tags, "Relationship"))
		return true;
	type = attribute(tags, "Type");
	if (type == NULL)
		return false;
	is_workbook = ends_with(type, "/officeDocument");
	free(type);
	return !is_workbook || set_part(tags, NULL, &book->workbook);
}

/* Adds a sheet that a relationship refers to. */
static bool
add_sheet(PmWorkbook *book, PmTags *tags)
{
	PmSheet *sheet;

	if (book->sheet_count == MAX_SHEETS)
		return too_many(tags, "too many sheets");
	if (!grow((void **) &book->sheets, book->sheet_count, &book->sheet_room,
	          sizeof(PmSheet)))
		return no_memory(tags);
	sheet = &book->sheets[book->sheet_count++];
	sheet->part = NULL;
	sheet->id = attribute(tags, "Id");
	return sheet->id != NULL && set_part(tags, book->workbook, &sheet->part);
}

/* Of the relationships of the workbook: its sheets, shared strings and styles. */
bool
pm_workbook_rels(PmWorkbook *book, PmTags *tags, PmTagsEvent event)
{
	char *type;
	bool done = true;

	if (event != PM_TAGS_OPEN || !pm_tags_is(tags, "Relationship"))
		return true;
	type = attribute(tags, "Type");
	if (type == NULL)
		return false;
	if (ends_with(type, "/worksheet"))
		done = add_sheet(book, tags);
	else if (ends_with(type, "/sharedStrings"))
		done = set_part(tags, book->workbook, &book->strings);
	else if (ends_with(type, "/styles"))
		done = set_part(tags, book->workbook, &book->styles);
	free(type);
	return done;
}

/* Are two names of sheets the same?  Whatever the case of ASCII letters, as in Excel. */
static bool
same_name(const char *a, const char *b)
{
	while (*a != '\0' && pm_lower(*a) == pm_lower(*b))
	{
		a++;
		b++;
	}
	return *a == *b;
}

/* Is a sheet hidden, or veryHidden? */
static bool
is_hidden(const PmTags *tags)
{
	const PmText *state = pm_tags_attribute(tags, "state");

	return state != NULL &&
	       (state->size != 7 || memcmp(state->data, "visible", state->size) != 0);
}

/* Takes a sheet if it is the one that is meant: of the name, or the first one visible. */
static bool
consider_sheet(PmWorkbook *book, PmTags *tags)
{
	const char *meant = tags->input->options->sheet;
	char *name;
	char *id;
	bool done;

	if (book->sheet != NULL || (meant == NULL && is_hidden(tags)))
		return true;
	name = attribute(tags, "name");
	id = attribute(tags, "id");
	done = name != NULL && id != NULL;
	for (int i = 0; done && i < book->sheet_count; i++)
	{
		PmReaderFound *found = tags->input->found;

		if (strcmp(book->sheets[i].id, id) != 0 ||
		    (meant != NULL && !same_name(meant, name)))
			continue;
		book->sheet = strdup(book->sheets[i].part);
		done = book->sheet != NULL || no_memory(tags);
		pm_reader_note(found->sheet, sizeof(found->sheet), name);
		break;
	}
	free(name);
	free(id);
	return done;
}

/* Of the workbook: its calendar, and which sheet is meant. */
bool
pm_workbook_sheets(PmWorkbook *book, PmTags *tags, PmTagsEvent event)
{
	if (event != PM_TAGS_OPEN)
		return true;
	if (pm_tags_is(tags, "workbookPr"))
	{
		const PmText *value = pm_tags_attribute(tags, "date1904");

		book->from_1904 = value != NULL && value->size > 0 &&
		                  (value->data[0] == '1' || value->data[0] == 't');
	}
	return !pm_tags_is(tags, "sheet") || consider_sheet(book, tags);
}

/* A format of numbers that the workbook defines. */
static bool
add_format(PmWorkbook *book, PmTags *tags)
{
	char *code = attribute(tags, "formatCode");

	if (code == NULL)
		return false;
	if (book->format_count == MAX_FORMATS)
	{
		free(code);
		return too_many(tags, "too many number formats");
	}
	if (!grow((void **) &book->formats, book->format_count, &book->format_room,
	          sizeof(PmNumberFormat)))
	{
		free(code);
		return no_memory(tags);
	}
	book->formats[book->format_count].id = number(tags, "numFmtId");
	book->formats[book->format_count++].kind = pm_cell_kind_of_code(code, strlen(code));
	free(code);
	return true;
}

/* The next style of cells: what its format shows. */
static bool
add_style(PmWorkbook *book, PmTags *tags)
{
	int id = number(tags, "numFmtId");
	PmCellKind kind = pm_cell_kind_of_id(id);

	if (book->kind_count == MAX_STYLES)
		return too_many(tags, "too many styles");
	if (!grow((void **) &book->kinds, book->kind_count, &book->kind_room, sizeof(uint8_t)))
		return no_memory(tags);
	for (int i = 0; i < book->format_count; i++)
		if (book->formats[i].id == id)
			kind = book->formats[i].kind;
	book->kinds[book->kind_count++] = (uint8_t) kind;
	return true;
}

/* Of the styles: what the cells show that have them. */
bool
pm_workbook_styles(PmWorkbook *book, PmTags *tags, PmTagsEvent event)
{
	if (event != PM_TAGS_OPEN && event != PM_TAGS_CLOSE)
		return true;
	if (pm_tags_is(tags, "cellXfs"))
		book->in_cell_styles = event == PM_TAGS_OPEN;
	if (event == PM_TAGS_CLOSE)
		return true;
	if (pm_tags_is(tags, "numFmt") && !book->in_cell_styles)
		return add_format(book, tags);
	return !book->in_cell_styles || !pm_tags_is(tags, "xf") || add_style(book, tags);
}

/* Where the relationships of the workbook are.  NULL: no memory. */
char *
pm_workbook_rels_part(const PmWorkbook *book)
{
	const char *slash = strrchr(book->workbook, '/');
	const char *base = slash == NULL ? book->workbook : slash + 1;
	size_t folder = (size_t) (base - book->workbook);
	size_t room = strlen(book->workbook) + sizeof("_rels/.rels");
	char *part = malloc(room);

	if (part != NULL)
		snprintf(part, room, "%.*s_rels/%s.rels", (int) folder, book->workbook, base);
	return part;
}

void
pm_workbook_free(PmWorkbook *book)
{
	for (int i = 0; i < book->sheet_count; i++)
	{
		free(book->sheets[i].id);
		free(book->sheets[i].part);
	}
	free(book->sheets);
	free(book->workbook);
	free(book->strings);
	free(book->styles);
	free(book->sheet);
	free(book->formats);
	free(book->kinds);
}
