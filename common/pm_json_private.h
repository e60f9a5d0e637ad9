/*
 * pm_json_private.h - the state of a reader of JSON
 */
#ifndef PM_JSON_PRIVATE_H
#define PM_JSON_PRIVATE_H

#include "pm_fields.h"
#include "pm_json_scan.h"
#include "pm_reader_private.h"

typedef enum PmJsonMode
{
	PM_JSON_UNDECIDED,
	PM_JSON_DOCUMENT, /* records are elements of an array, or values one after another */
	PM_JSON_LINES
} PmJsonMode;

typedef struct PmJson
{
	PmReader *reader;
	PmFields *fields;
	size_t max_record;

	/* the file from offset base on; what is before at is done with */
	PmBuffer window;
	size_t at;
	int64_t base;
	bool at_end;  /* the window holds all that is left */
	int64_t line; /* of window.data[line_at] */
	size_t line_at;

	PmJsonMode mode;
	PmJsonScan scan;
	PmText steps[PM_JSON_DEPTH];
	int step_count;
	int matched;   /* steps whose object is open, without the last step */
	bool pending;  /* the next value is that of the next step */
	bool found;    /* something is at the path */
	bool in_array; /* at the path */

	/* the record of the moment */
	bool in_record;
	bool is_long;
	bool skipping;
	bool skip_string;
	bool skip_escape;
	int skip_depth;
	int64_t skipped;
	int depth; /* containers around it */
	size_t start;
	PmRecord record;
	PmBuffer key;
	PmBuffer clean;
	int64_t object; /* number of the last object */
	int64_t count;
} PmJson;

/* in pm_json.c */
extern int64_t pm_json_line_of(PmJson *json, size_t place);
extern PmReadStatus
pm_json_failed(PmJson *json, PmReaderFault fault, size_t place, const char *detail);

/* in pm_json_record.c */
extern void pm_json_fault(PmJson *json, PmRecordFault kind, int name, size_t place);
extern size_t pm_json_decode(const char *at, const char *end, char *out, const char **bad,
                             PmRecordFault *kind);
extern bool pm_json_give_up(PmJson *json, size_t start);
extern PmReadStatus pm_json_give(PmJson *json, size_t start, size_t end, PmRecord *record);

#endif /* PM_JSON_PRIVATE_H */
