/*
 * pm_catalog_module.h - the map of this folder
 *
 *   pm_catalog.c   the settings, and what happens when the module is loaded
 *   rules.c        rules of single values, behind the CHECKs of columns
 *   change.c       the row that says who changes what in this transaction
 *   product_row.c  trigger before each row of products: version, change, time, status
 */
#ifndef PM_CATALOG_MODULE_H
#define PM_CATALOG_MODULE_H

#include "postgres.h"

#include "access/tupdesc.h"
#include "fmgr.h"
#include "utils/relcache.h"

#include "pm_compat.h"

/* pm_catalog.c: settings, NULL or empty if nothing was said */
extern char *pm_catalog_user_id;
extern char *pm_catalog_reason;

/* change.c */
typedef struct PmCatalogCaller
{
	Oid user;
	int context;
} PmCatalogCaller;

extern int64 pm_catalog_current_change(void);
extern void pm_catalog_forget_change(void);
extern void pm_catalog_begin_as_owner(Relation table, PmCatalogCaller *caller);
extern void pm_catalog_end_as_owner(const PmCatalogCaller *caller);
extern void pm_catalog_change_init(void);

/* product_row.c */
extern bool pm_catalog_same_value(Form_pg_attribute attribute, Datum a, bool a_null,
                                  Datum b, bool b_null);

#endif
