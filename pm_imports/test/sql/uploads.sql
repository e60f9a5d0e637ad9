-- Files from clients, in parts.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET search_path = pm_imports, public;
INSERT INTO import_configs (supplier_code, config_name, field_mapping) VALUES ('acme', 'u', '{"gtin": "EAN"}');
SELECT begin_upload('/home/x/big.csv') AS up \gset
SELECT append_upload(:'up', 'abc');
SELECT append_upload(:'up', 'de', 3);
-- the connection was lost, and the client does not know: once more, and the part before
SELECT append_upload(:'up', 'de', 3);
SELECT append_upload(:'up', 'xx', 3);
SELECT append_upload(:'up', 'abc', 0);
SELECT append_upload(:'up', 'f', 9);
SELECT append_upload(:'up', '');
SELECT append_upload(:'up', NULL);
SELECT append_upload(:'up', convert_to(repeat('x', 16777217), 'UTF8'));
SELECT append_upload(:'up', convert_to(repeat('x', 16777216), 'UTF8'));
SELECT file_name, size, chunks, sha256, finished_at IS NULL AS under_way FROM import_files WHERE id = :'up';
SET pm_imports.max_upload = '17MB';
\set VERBOSITY sqlstate
SELECT append_upload(:'up', convert_to(repeat('x', 2000000), 'UTF8'));
\set VERBOSITY default
RESET pm_imports.max_upload;
SELECT finish_upload(:'up', 'u') AS job \gset
SELECT f.sha256 = sha256(convert_to('abcde' || repeat('x', 16777216), 'UTF8')) AS right, f.size, j.status
FROM import_jobs AS j JOIN import_files AS f ON f.id = j.file_id WHERE j.id = :'job';
-- finished; unknown; of a file of the server; of another role
\set VERBOSITY sqlstate
SELECT append_upload(:'up', 'x');
SELECT finish_upload(:'up', 'u');
SELECT append_upload('01a21d28-7d45-7936-84e2-000000000000', 'x');
SELECT append_upload(NULL, 'x');
INSERT INTO import_files (id, file_name, path, device, inode, sha256, finished_at) VALUES ('01a21d28-7d45-7936-84e2-000000000001', 'x', '/x', 1, 1, sha256(''), now());
SELECT append_upload('01a21d28-7d45-7936-84e2-000000000001', 'x');
\set VERBOSITY default
-- names that no file can have
SELECT begin_upload(NULL);
SELECT begin_upload('');
SELECT begin_upload('some/directory/');
SELECT begin_upload(E'tab\t.csv');
SELECT begin_upload(repeat('d', 300) || '/' || repeat('x', 256));
SELECT import_data('u', NULL, 'x');
SELECT import_data('u', repeat('x', 256), 'x');
SELECT begin_upload(repeat('d', 300) || '/' || repeat('é', 255)) AS up \gset
DELETE FROM import_files WHERE id = :'up' RETURNING length(file_name);
CREATE ROLE regress_imports_other;
GRANT USAGE ON SCHEMA pm_imports TO regress_imports_other;
GRANT SELECT, UPDATE ON import_files TO regress_imports_other;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA pm_imports TO regress_imports_other;
SELECT begin_upload('mine') AS up \gset
SET ROLE regress_imports_other;
DO $$ BEGIN PERFORM pm_imports._upload(id) FROM pm_imports.import_files WHERE file_name = 'mine'; EXCEPTION WHEN insufficient_privilege THEN RAISE WARNING '%', regexp_replace(SQLERRM, '"[^"]*"', '...', 'g'); END $$;
RESET ROLE;
-- import_data() makes parts of it; an empty file is one
SELECT import_data('u', 'two.csv', convert_to(repeat('y', 9000000), 'UTF8')) AS job \gset
SELECT f.chunks, f.size, f.sha256 = sha256(convert_to(repeat('y', 9000000), 'UTF8')) AS right, (SELECT array_agg(octet_length(c.content) ORDER BY c.chunk) FROM import_file_chunks AS c WHERE c.file_id = f.id) AS parts
FROM import_jobs AS j JOIN import_files AS f ON f.id = j.file_id WHERE j.id = :'job';
SELECT import_data('u', 'none.csv', '') AS job \gset
SELECT f.chunks, f.size, f.sha256 = sha256('') AS right FROM import_jobs AS j JOIN import_files AS f ON f.id = j.file_id WHERE j.id = :'job';
-- the night: uploads that nobody goes on with, and contents that no job will read again
UPDATE import_files SET modified_at = now() - interval '25 hours' WHERE id = :'up';
SELECT count(begin_upload('new'));
UPDATE import_files SET finished_at = now() - interval '31 days' WHERE file_name = 'big.csv' OR file_name = 'two.csv';
UPDATE import_jobs SET status = 'failed', completed_at = now() - interval '31 days' WHERE file_id IN (SELECT id FROM import_files WHERE file_name = 'big.csv');
SELECT _run_nightly(NULL);
SELECT file_name, size, chunks, finished_at IS NULL AS under_way, (SELECT count(*) FROM import_file_chunks AS c WHERE c.file_id = f.id) AS kept FROM import_files AS f ORDER BY 1;
-- months of logs that are old enough go; this one and the next two are there
CREATE TABLE import_logs_2020_01 (LIKE import_logs INCLUDING ALL);
ALTER TABLE import_logs ATTACH PARTITION import_logs_2020_01 FOR VALUES FROM ('2020-01-01 00:00+00') TO ('2020-02-01 00:00+00');
INSERT INTO import_logs (logged_at, message) VALUES ('2020-01-31 23:59:59+00', 'old');
SELECT r -> 'log_months' AS log_months FROM _run_nightly(NULL) AS r;
SELECT count(*) AS months, min(c.relname) = 'import_logs_' || to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM') AS from_this FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid WHERE i.inhparent = 'import_logs'::regclass;
INSERT INTO import_logs (logged_at, message) VALUES ('2020-01-31 23:59:59+00', 'no partition');
DELETE FROM import_jobs;
DELETE FROM import_configs;
DELETE FROM import_files;
DROP OWNED BY regress_imports_other;
DROP ROLE regress_imports_other;
DELETE FROM import_logs;
