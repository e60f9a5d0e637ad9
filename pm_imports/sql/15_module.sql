-- What is in C.

-- The value of pm_imports.NAME, also where the module was not loaded before.
CREATE FUNCTION pm_imports._setting(name text) RETURNS text
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_imports__setting';

-- An expression over target_row, as computed_attributes and validation_rules have it;
-- throws what is wrong with it: see src/expression.c.
CREATE FUNCTION pm_imports._check_expression(expression text, type regtype) RETURNS void
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_imports__check_expression';

-- Compiles a plan as a job would; throws what is wrong with it: see src/check_plan.c.
CREATE FUNCTION pm_imports._check_plan(plan jsonb) RETURNS void
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_imports__check_plan';

-- What is wrong with the constants and defaults of a plan, converted as an import does: see
-- src/check_plan.c.
CREATE FUNCTION pm_imports._check_values(plan jsonb) RETURNS TABLE (document text, target text, problem text)
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_imports__check_values';

-- Files of the server: see src/files.c.  Errors: 42501 the role or the directory may not,
-- 58P01 and others of the file system, 42809 no regular file, 55000 it is being written.
CREATE FUNCTION pm_imports._file_facts(file text, OUT path text, OUT size bigint, OUT device bigint, OUT inode bigint, OUT modified_at timestamptz, OUT changed_at timestamptz,
  OUT sha256 bytea)
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_imports__file_facts';
CREATE FUNCTION pm_imports._list_directory(directory text, pattern text)
RETURNS TABLE (path text, size bigint, device bigint, inode bigint, modified_at timestamptz)
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_imports__list_directory';

-- SHA-256 of the chunks of an upload.
CREATE FUNCTION pm_imports._upload_sha256(upload uuid) RETURNS bytea
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_imports__upload_sha256';

REVOKE ALL ON FUNCTION pm_imports._setting(text), pm_imports._check_expression(text, regtype), pm_imports._check_plan(jsonb), pm_imports._check_values(jsonb), pm_imports._file_facts(text), pm_imports._list_directory(text, text),
  pm_imports._upload_sha256(uuid) FROM PUBLIC;
