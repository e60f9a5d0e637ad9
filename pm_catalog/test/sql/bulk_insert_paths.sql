-- _bulk_insert(): tables whose rows must be inserted by INSERT, and what would break else.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET search_path = pm_catalog, public;
CREATE TABLE parents (id uuid PRIMARY KEY, name text);
CREATE TABLE children (parent_id uuid REFERENCES parents, note text);
CREATE FUNCTION id(n integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT format('00000000-0000-0000-0000-%s', lpad(n::text, 12, '0'))::uuid $$;
-- a foreign key that waits for the end of the transaction
ALTER TABLE children ALTER CONSTRAINT children_parent_id_fkey DEFERRABLE INITIALLY DEFERRED;
BEGIN;
SELECT _bulk_insert('{children}', ARRAY['SELECT id(1) AS parent_id']);
INSERT INTO parents VALUES (id(1), 'one');
COMMIT;
ALTER TABLE children ALTER CONSTRAINT children_parent_id_fkey NOT DEFERRABLE;
-- one that is switched off, for all or for the session
ALTER TABLE children DISABLE TRIGGER ALL;
SELECT _bulk_insert('{children}', ARRAY['SELECT id(8) AS parent_id']);
ALTER TABLE children ENABLE TRIGGER ALL;
SET session_replication_role = replica;
SELECT _bulk_insert('{children}', ARRAY['SELECT id(9) AS parent_id']);
RESET session_replication_role;
SELECT parent_id FROM children ORDER BY 1;
TRUNCATE children;
-- a trigger that gives the column a value that the query does not have
CREATE FUNCTION set_parent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.parent_id := pm_catalog.id(7);
  RETURN NEW;
END
$$;
CREATE TRIGGER set_parent BEFORE INSERT ON children FOR EACH ROW EXECUTE FUNCTION set_parent();
SELECT _bulk_insert('{children}', ARRAY['SELECT ''x''::text AS note']);
-- one that looks at the rows before
CREATE OR REPLACE FUNCTION set_parent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.note := (SELECT count(*) FROM pm_catalog.children);
  RETURN NEW;
END
$$;
SELECT _bulk_insert('{children}', ARRAY['SELECT ''x''::text AS note FROM generate_series(1, 3)']);
SELECT note FROM children ORDER BY 1;
DROP TRIGGER set_parent ON children;
-- one that deletes what the same call has inserted: then the key is not there, in whichever table it stands
CREATE FUNCTION remove() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM pm_catalog.parents WHERE name = 'remove';
  RETURN NULL;
END
$$;
CREATE TRIGGER remove AFTER INSERT ON parents FOR EACH STATEMENT EXECUTE FUNCTION remove();
SELECT _bulk_insert('{parents,children}', ARRAY['SELECT id(20 + i) AS id, CASE i WHEN 2 THEN ''remove'' ELSE ''stay'' END AS name FROM generate_series(1, 3) AS i', 'SELECT id(20 + i) AS parent_id FROM generate_series(1, 3) AS i']);
SELECT _bulk_insert('{parents,children}', ARRAY['SELECT id(20 + i) AS id, ''stay''::text AS name FROM generate_series(1, 3) AS i', 'SELECT id(20 + i) AS parent_id FROM generate_series(1, 3) AS i']);
DROP TRIGGER remove ON parents;
CREATE TABLE between_them (id uuid);
CREATE TRIGGER remove AFTER INSERT ON between_them FOR EACH STATEMENT EXECUTE FUNCTION remove();
SELECT _bulk_insert('{parents,between_them,children}', ARRAY['SELECT id(31) AS id, ''remove''::text AS name', 'SELECT id(1) AS id', 'SELECT id(31) AS parent_id']);
-- a domain's rule holds for a column that no query has; an identity is the table's to give
CREATE DOMAIN said AS text NOT NULL;
CREATE TABLE domains (id integer, what said);
SELECT _bulk_insert('{domains}', ARRAY['SELECT 1 AS id']);
CREATE TABLE numbered (id integer GENERATED ALWAYS AS IDENTITY, name text);
SELECT _bulk_insert('{numbered}', ARRAY['SELECT 7 AS id']);
SELECT _bulk_insert('{numbered}', ARRAY['SELECT ''a''::text AS name']);
TABLE numbered;
-- without the right to insert: the server's error
CREATE ROLE regress_reader;
GRANT USAGE ON SCHEMA pm_catalog TO regress_reader;
GRANT EXECUTE ON FUNCTION _bulk_insert(regclass[], text[]) TO regress_reader;
GRANT INSERT (name) ON numbered TO regress_reader;
SET ROLE regress_reader;
SELECT _bulk_insert('{parents}', ARRAY['SELECT NULL::uuid AS id']);
SELECT _bulk_insert('{numbered}', ARRAY['SELECT ''b''::text AS name']);
RESET ROLE;
REVOKE ALL ON FUNCTION _bulk_insert(regclass[], text[]) FROM regress_reader;
REVOKE USAGE ON SCHEMA pm_catalog FROM regress_reader;
DROP TABLE numbered, domains, between_them, children, parents;
DROP ROLE regress_reader;
DROP DOMAIN said;
DROP FUNCTION set_parent(), remove(), id(integer);
