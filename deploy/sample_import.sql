-- sample_import.sql - imports a file of "make run" in db_imports and reports as a person
-- reads it; psql variables: config, name, content (the bytes in hex)
\set ON_ERROR_STOP on
\pset footer off
SET ROLE pm_worker; -- who has the connection to the catalog
SELECT pm_imports.import_data(:'config', :'name', :'content', force => true) AS job \gset
\o /dev/null
SELECT pm_imports.wait(:'job');
\o
\unset content
\x on
SELECT r.file_name AS file, r.status, r.rows, r.created, r.updated, r.unchanged, r.duplicate, r.rejected, r.duration, r.rows_per_second AS "rows/s", r.top_errors AS "most errors", r.last_error
FROM pm_imports.job_reports AS r WHERE r.job_id = :'job';
