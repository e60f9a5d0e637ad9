/*
 * pm_catalog_module.h - the map of this folder
 *
 *   pm_catalog.c   the settings, and what happens when the module is loaded
 *   rules.c        rules of single values, behind the CHECKs of columns
 *   change.c       the row that says who changes what in this transaction
 *   statement.c    triggers that keep what is derived from several rows
 *   written.c      columns that a row's own writing sets
 *   bulk_insert.c  many rows into several tables, with their triggers and constraints
 *   digest.c       the digest of a row that a supplier sends
 *   search_*.c     search: search_module.h is their map
 *   family.c       families as this process knows them (family.h)
 *   family_check.c, family_formula.c, family_trigger.c
 *                  values against a family; computed ones; the triggers
 *   bits.c         sets of small numbers, from which completeness is computed
 */
#ifndef PM_CATALOG_MODULE_H
#define PM_CATALOG_MODULE_H

#include "postgres.h"

#include "fmgr.h"

#include "pm_compat.h"

/* pm_catalog.c: settings, NULL or empty if nothing was said */
extern char *pm_catalog_user_id;
extern char *pm_catalog_reason;

/* change.c */
extern int64 pm_catalog_current_change(void);
extern void pm_catalog_change_init(void);

/* statement.c */
extern bool pm_catalog_is_derived(Oid table);
/* search_fold.c */
extern const char *pm_catalog_to_utf8(const char *data, int *len);
extern text *pm_catalog_from_utf8(const char *data, int len);

#endif
