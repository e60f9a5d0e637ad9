/*
 * pm_json_scan.h - where the values of a JSON text start and end, as it comes in
 *
 * Takes exactly the texts of RFC 8259, in pieces of any size, nested up to PM_JSON_DEPTH.
 * Two things are not looked at: whether the bytes of strings are UTF-8, and whether
 * surrogates come in pairs; who takes a string looks at them.
 *
 * Pure: no allocation, no global state.
 */
#ifndef PM_JSON_SCAN_H
#define PM_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PM_JSON_DEPTH   64
#define PM_JSON_KEY_MAX 255 /* bytes of a key that are kept */

typedef enum PmJsonEvent
{
	PM_JSON_MORE,   /* all is taken, the text may go on */
	PM_JSON_BEGIN,  /* a value begins at the next byte, which is not taken */
	PM_JSON_KEY,    /* the key of an object's member was taken */
	PM_JSON_FINISH, /* a value has ended */
	PM_JSON_ERROR   /* the next byte cannot stand there */
} PmJsonEvent;

typedef struct PmJsonScan
{
	uint8_t state;
	uint8_t depth; /* containers that are open */
	uint8_t watch; /* tells of values and keys within as many containers, no deeper */
	bool is_key;   /* the string is one */
	bool is_told;  /* that a value begins */
	bool is_cut;   /* the key is longer than what is kept */
	uint8_t key_size;
	uint64_t objects; /* bit n: the container at depth n + 1 is an object */
	const char *rest; /* of a literal */
	char key[PM_JSON_KEY_MAX];
} PmJsonScan;

extern void pm_json_scan_start(PmJsonScan *scan, int watch);
extern PmJsonEvent pm_json_scan(PmJsonScan *scan, const char **at, const char *end);
extern bool pm_json_scan_is_new(const PmJsonScan *scan);
extern bool pm_json_scan_is_over(const PmJsonScan *scan);
extern bool pm_json_scan_in_string(const PmJsonScan *scan);
extern void pm_json_scan_go_on(PmJsonScan *scan, int depth);

#endif /* PM_JSON_SCAN_H */
