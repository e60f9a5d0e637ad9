-- Running an import: see src/run.c.

CREATE PROCEDURE pm_imports.run_import(job pm_jobs.job)
LANGUAGE c AS 'MODULE_PATHNAME', 'pm_imports_run_import';
COMMENT ON PROCEDURE pm_imports.run_import(pm_jobs.job) IS
'handler of the kind run_import: runs the import that the payload names, {"job": id}, or goes on with it; commits after each batch. Errors, after which it is to be tried again: 2D000 it is called inside of a transaction; 23503 the supplier is not in the catalog yet; 08001, 08006 the catalog cannot be reached; what merge_batch() says. What trying again would not mend ends the import as failed';

REVOKE ALL ON PROCEDURE pm_imports.run_import(pm_jobs.job) FROM PUBLIC;
