/*
 * pm_imports_module.h - the map of this folder
 *
 *   pm_imports.c   the settings, and what happens when the module is loaded
 *   files.c        files of the server that may be read, and their SHA-256
 *   expression.c   expressions of SQL over a row of targets
 *   rejected.c     rejected records as bytes
 */
#ifndef PM_IMPORTS_MODULE_H
#define PM_IMPORTS_MODULE_H

#include "postgres.h"

#include <sys/stat.h>

#include "fmgr.h"
#include "nodes/primnodes.h"

/* Settings; strings are never NULL. */
extern char *pm_imports_directories;
extern char *pm_imports_catalog;
extern int pm_imports_merge_sessions;

/*
 * Opens a file of the server for reading: a regular one, in a directory of the setting
 * pm_imports.directories, by a role that may read files of the server.  The descriptor is
 * the caller's, who closes it with close().  real_path, unless NULL, gets where the file
 * is without symbolic links, palloc'd; facts what fstat() says.
 */
extern int pm_imports_open_file(const char *path, char **real_path, struct stat *facts);

/*
 * An expression of SQL over the columns of pm_imports.target_row, which are Vars of
 * varno 1 by the number of the column, ready for ExecInitExpr(): coerced to the type as
 * an assignment would, and simplified.  Functions that are not immutable, or owned by
 * somebody who is no superuser, are refused, and so is all but one plain expression.
 */
extern Expr *pm_imports_expression(const char *text, Oid type);

#endif /* PM_IMPORTS_MODULE_H */
