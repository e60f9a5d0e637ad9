/*
 * pm_gtin.c - module magic
 *
 * The module has no settings, no state and no hooks: what a code means must
 * never depend on a session.
 */
#include "pm_gtin_module.h"

#if !FLOAT8PASSBYVAL
#error "pm_gtin needs a server that passes 8-byte values by value"
#endif

PG_MODULE_MAGIC;
