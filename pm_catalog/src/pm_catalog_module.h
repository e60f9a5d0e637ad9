/*
 * pm_catalog_module.h - the map of this folder
 *
 *   pm_catalog.c   the settings, and what happens when the module is loaded
 *   rules.c        rules of single values, behind the CHECKs of columns
 *   change.c       the row that says who changes what in this transaction
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

#endif
