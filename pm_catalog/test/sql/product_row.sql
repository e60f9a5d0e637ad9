-- What the server keeps in each row of products, and the moves that it refuses.
SET search_path = pm_catalog, pm_gtin, public;
\set p '''01a21d28-7d45-7936-84e2-06bc7f30a5bb'''
PREPARE look AS SELECT version, change_id = (SELECT max(id) FROM changes) AS by_last_change, updated_at = c.changed_at AS at_its_time, created_at
FROM products JOIN changes AS c ON c.id = change_id WHERE products.id = :p;
-- whatever a statement says
INSERT INTO products (id, title, version, change_id, updated_at, created_at) VALUES (:p, 'A pen', 7, -7, 'epoch', '2020-01-01 UTC');
EXECUTE look;
UPDATE products SET title = 'A red pen', version = 1, change_id = 3, updated_at = 'epoch', created_at = 'epoch' WHERE id = :p;
EXECUTE look;
-- no number is no measure
\set VERBOSITY terse
UPDATE products SET weight = 'NaN' WHERE id = :p;
UPDATE products SET depth = 'NaN' WHERE id = :p;
-- a user is one whose UUID can be cast
SET pm_catalog.user_id = '01a21d287-d45-7936-84e2-06bc7f30a5b';
SET pm_catalog.user_id = '-01a21d287d45793684e206bc7f30a5bb';
SET pm_catalog.user_id = '01a21d287d45-793684e2-06bc7f30a5bb';
RESET pm_catalog.user_id;
\set VERBOSITY default
-- what changes nothing keeps version and change; the same value in another form is another
UPDATE products SET title = 'A red pen', weight = NULL, version = 9, filled = '\x01' WHERE id = :p;
EXECUTE look;
UPDATE products SET technical_specs = '{"n": 1.0}' WHERE id = :p RETURNING version;
UPDATE products SET technical_specs = '{"n": 1.00}' WHERE id = :p RETURNING version;
UPDATE products SET technical_specs = '{"n": 1.00}' WHERE id = :p RETURNING version;
-- values that are stored apart
UPDATE products SET long_description = (SELECT string_agg(md5(i::text), ' ') FROM generate_series(1, 2000) AS i) WHERE id = :p RETURNING version;
UPDATE products SET long_description = long_description || '' WHERE id = :p RETURNING version;
UPDATE products SET weight = 1 WHERE id = :p RETURNING version, length(long_description);
UPDATE products SET long_description = long_description || '.' WHERE id = :p RETURNING version;
-- one more is a touch
UPDATE products SET version = version + 1 WHERE id = :p RETURNING version;
-- one change a transaction and what it says about itself, and one more after a rollback
BEGIN;
UPDATE products SET title = 'One' WHERE id = :p;
UPDATE products SET title = 'Two' WHERE id = :p;
SELECT count(*), max(reason) FROM changes WHERE changed_at = now();
SET LOCAL pm_catalog.reason = 'tidying';
SET LOCAL pm_catalog.user_id = '01a21d28-0000-7936-84e2-06bc7f30a5bb';
UPDATE products SET title = 'Three' WHERE id = :p;
SAVEPOINT s;
SET LOCAL pm_catalog.reason = 'undone';
UPDATE products SET title = 'Four' WHERE id = :p;
ROLLBACK TO s;
UPDATE products SET title = 'Five' WHERE id = :p;
SELECT _change_of('01a21d28-7d45-7936-84e2-06bc7f30a5cc', 3) > 0 AS import;
UPDATE products SET title = 'Six' WHERE id = :p;
SELECT p.title, p.version, c.role = current_user AS role, c.user_id, c.job, c.batch, c.reason FROM products AS p JOIN changes AS c ON c.id = p.change_id WHERE p.id = :p;
SELECT reason, job, count(*) FROM changes WHERE changed_at = now() GROUP BY reason, job ORDER BY min(id);
ROLLBACK;
SELECT title FROM products WHERE id = :p;
-- a change that nothing came of is none
SELECT count(*) AS before FROM changes \gset
\set VERBOSITY terse
UPDATE products SET title = NULL WHERE id = :p;
\set VERBOSITY default
UPDATE products SET title = title WHERE id = :p;
SELECT count(*) - :before AS made FROM changes;
-- every move of status
CREATE FUNCTION pg_temp.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  detail text;
  relation text;
  attribute text;
BEGIN
  EXECUTE statement;
  RAISE EXCEPTION 'undone' USING ERRCODE = 'P0004';
EXCEPTION WHEN assert_failure THEN
  RETURN 'done';
WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, relation = TABLE_NAME, attribute = COLUMN_NAME;
  RETURN concat_ws(' ', SQLSTATE, relation || '.' || attribute || ':', SQLERRM, CASE WHEN SQLSTATE <> '23502' THEN detail END);
END $$;
SELECT a AS from, b AS to, pg_temp.outcome(format('INSERT INTO products (id, title, status) VALUES (''01a21d28-7d45-7936-84e2-06bc7f30a500'', ''moving'', %L); UPDATE products SET status = %L WHERE title = ''moving''', a, b))
FROM unnest('{draft,active,inactive,discontinued}'::text[]) AS a, unnest('{draft,active,inactive,discontinued}'::text[]) AS b WHERE a <> b;
SELECT pg_temp.outcome('UPDATE products SET id = ''01a21d28-7d45-7936-84e2-06bc7f30a5cc''');
SELECT pg_temp.outcome('UPDATE products SET status = NULL, version = NULL, updated_at = NULL');
SELECT pg_temp.outcome('INSERT INTO products (id, title, version) VALUES (NULL, ''no id'', NULL)');
-- a statement that inserts or updates
INSERT INTO products (id, title, sku) VALUES (:p, 'Again', 'x') ON CONFLICT (id) DO UPDATE SET sku = excluded.sku RETURNING version, title, sku;
-- nothing is derived from what is restored or replicated
SET session_replication_role = replica;
UPDATE products SET title = 'Elsewhere', version = 70, change_id = 0, status = 'draft' WHERE id = :p RETURNING version, change_id;
RESET session_replication_role;
-- an unknown supplier
INSERT INTO products (title, supplier_id) VALUES ('orphan', '01a21d28-7d45-7936-84e2-06bc7f30a5dd');
UPDATE products SET deleted_at = now();
DELETE FROM products;
