-- A statement on another server.
SELECT pm_xref.add_database('self', split_part(current_setting('unix_socket_directories'), ', ', 1), current_setting('port')::integer, current_database());
CREATE TABLE called (n integer, t text);

SELECT pm_xref._call('test "1"', 'self', 'INSERT INTO public.called VALUES ($1::integer, $2), (2, NULL) RETURNING *', '1', 'it''s');
SELECT * FROM pm_xref._call('test "1"', 'self', 'SELECT count(*), NULL, current_setting(''search_path'') FROM public.called');
SELECT pm_xref._call('test "1"', 'self', 'SELECT $1::text IS NULL', NULL);
SELECT count(*) FROM pm_xref._call('test "1"', 'self', 'SELECT');
SELECT count(*) FROM pm_xref._call('test "1"', 'self', 'DELETE FROM public.called WHERE false');

-- the connection is kept until the end of the transaction, or an error
BEGIN;
SELECT c[1] AS pid FROM pm_xref._call('test "1"', 'self', 'SELECT pg_backend_pid()') AS c \gset
SELECT c[1] = :'pid' AS kept, c[2] AS committed FROM pm_xref._call('test "1"', 'self', 'SELECT pg_backend_pid(), pg_current_xact_id_if_assigned() IS NULL') AS c;
SAVEPOINT s;
SELECT pm_xref._call('test "1"', 'self', 'SELECT nothing');
ROLLBACK TO s;
SELECT c[1] = :'pid' AS kept, c[1] AS pid FROM pm_xref._call('test "1"', 'self', 'SELECT pg_backend_pid()') AS c \gset
\echo :kept
SELECT c[1] = :'pid' AS kept FROM pm_xref._call('test "1"', 'self', 'SELECT pg_terminate_backend(pg_backend_pid())') AS c;
ROLLBACK;
SELECT c[1] = :'pid' AS kept FROM pm_xref._call('test "1"', 'self', 'SELECT pg_backend_pid()') AS c;

\set SHOW_CONTEXT never
-- what goes wrong there, with its SQLSTATE
DO $$
BEGIN
  PERFORM pm_xref._call('test "1"', 'self', 'SELECT 1 / 0');
EXCEPTION WHEN division_by_zero THEN
  RAISE NOTICE '%', SQLERRM;
END
$$;
SELECT pm_xref._call('test "1"', 'self', 'COMMIT; BEGIN; ROLLBACK', 'x');
SELECT pm_xref._call('test "1"', 'nowhere', 'SELECT 1');

DROP TABLE called;
DROP SERVER self CASCADE;
