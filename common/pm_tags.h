/*
 * pm_tags.h - tags and text of the parts of a workbook, one after another
 *
 * For the XML that programs write into Office Open XML files, at several times the speed
 * of a parser for all of XML: UTF-8, no document type.  Elements must nest; of what else
 * XML asks for it checks what it needs.  A part is read in a window of bounded size.
 */
#ifndef PM_TAGS_H
#define PM_TAGS_H

#include <string.h>

#include "pm_zip.h"

#define PM_TAGS_DEPTH      64
#define PM_TAGS_ATTRIBUTES 48 /* of one tag; more are passed over */

typedef enum PmTagsEvent
{
	PM_TAGS_MORE,  /* nothing yet */
	PM_TAGS_OPEN,  /* name and attributes */
	PM_TAGS_CLOSE, /* name */
	PM_TAGS_TEXT,  /* text */
	PM_TAGS_END,   /* of the part */
	PM_TAGS_FAILED /* the input's failure is set */
} PmTagsEvent;

typedef struct PmAttribute
{
	PmText name;  /* without its prefix */
	PmText value; /* as it stands there */
} PmAttribute;

/* What points into the window is there until the next call of pm_tags_next(). */
typedef struct PmTags
{
	PmZip *zip;
	PmInput *input;
	size_t chunk;
	size_t max_token;
	PmBuffer window;
	size_t at;
	bool at_end;
	bool was_empty;    /* the tag that was told closes itself */
	bool is_looked_at; /* for a byte order mark */
	bool is_begun;

	PmText name; /* without its prefix */
	PmAttribute attributes[PM_TAGS_ATTRIBUTES];
	int attribute_count;
	PmText text; /* as it stands there */
	bool is_cdata;

	int depth;
	size_t starts[PM_TAGS_DEPTH]; /* of the names of open elements, prefix included */
	PmBuffer names;
} PmTags;

extern void pm_tags_make(PmTags *tags, PmInput *input, size_t chunk, size_t max_token);
extern bool pm_tags_begin(PmTags *tags, PmZip *zip, int64_t member);
extern PmTagsEvent pm_tags_next(PmTags *tags);
extern const PmText *pm_tags_attribute(const PmTags *tags, const char *name);
extern PmTagsEvent pm_tags_failed(PmTags *tags, PmReaderFault fault, const char *detail);
extern void pm_tags_free(PmTags *tags);

extern size_t pm_tags_decode(const char *data, size_t size, char *out, bool is_cdata,
                             PmRecordFault *fault);

/* Is the tag that was told one of a name?  Inline, as names are literals. */
static inline bool
pm_tags_is(const PmTags *tags, const char *name)
{
	size_t size = strlen(name);

	return tags->name.size == size && memcmp(tags->name.data, name, size) == 0;
}

#endif /* PM_TAGS_H */
