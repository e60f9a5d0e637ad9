/*
 * pm_gtin_module.h - the map of this folder
 *
 * The SQL side of pm_gtin: thin wrappers over the pure code in ../common.  A C
 * symbol is "pm_gtin_" followed by the name of the SQL function.
 *
 *   pm_gtin.c        module magic
 *   gtin_error.c     what is said when a text or number is not a GTIN
 *   gtin_type.c      text and binary forms of gtin and its subtypes, casts
 *   gtin_func.c      strict functions: digits, packaging, UPC-E, ISBN, ISSN, measures
 *   gtin_prefix.c    gtin ^@ text and its planner support
 *   gtin_resolve.c   gtin_resolve, gtin_resolve_all
 *   asin_type.c      type asin
 *   gs1_type.c       type gs1_elements, element strings and Digital Links
 */
#ifndef PM_GTIN_MODULE_H
#define PM_GTIN_MODULE_H

#include "postgres.h"

#include "fmgr.h"

#include "pm_compat.h"
#include "pm_gtin.h"

/* A gtin travels as its number, by value (the build requires 8-byte Datums). */
#define DatumGetGtin(datum) DatumGetInt64(datum)
#define GtinGetDatum(gtin)  Int64GetDatum(gtin)
#define PG_GETARG_GTIN(n)   DatumGetGtin(PG_GETARG_DATUM(n))
#define PG_RETURN_GTIN(x)   return GtinGetDatum(x)

/* Echoed input is cut at this many characters. */
#define ECHO_LENGTH 64

/* One of the types that hold a GTIN. */
typedef struct GtinType
{
	const char *name;            /* SQL name */
	int width;                   /* digits printed; 0: as many as the number's kind has */
	int64 low;                   /* smallest number, inclusive */
	int64 high;                  /* largest number, exclusive */
	bool (*accepts)(int64 gtin); /* further condition, or NULL */
	const char *noun;            /* with article, for messages; only with accepts */
	const char *rule;            /* sentence that states the condition; likewise */
	/* a short form of the type's own, tried when the text is no GTIN; or NULL */
	PmGtinStatus (*parse_short)(const char *str, size_t len, int64 *gtin,
	                            PmGtinError *error);
} GtinType;

/* in gtin_error.c */
extern char *pm_gtin_echo(const char *str, size_t len);
extern void pm_gtin_report_text(Node *escontext, const char *type_name, const char *str,
                                size_t len, PmGtinStatus status, const PmGtinError *error);
extern void pm_gtin_report_number(int sqlstate, const char *type_name, int64 number,
                                  PmGtinStatus status, const PmGtinError *error)
    pg_attribute_noreturn();
extern void pm_gtin_report_misfit(Node *escontext, const GtinType *type, int64 gtin);

#endif /* PM_GTIN_MODULE_H */
