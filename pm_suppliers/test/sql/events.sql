-- What happens to suppliers is told to those who subscribe.
CREATE TABLE got (id bigint GENERATED ALWAYS AS IDENTITY, key text, payload jsonb);
CREATE FUNCTION note(job pm_jobs.job) RETURNS jsonb LANGUAGE sql SET search_path = public AS $$
  INSERT INTO got (key, payload) VALUES (job.payload ->> 'key', job.payload -> 'payload') RETURNING NULL::jsonb
$$;
SELECT pm_jobs.register_handler('supplier_changed', 'note(pm_jobs.job)'), pm_jobs.create_queue('copies', ordered => true);
SELECT pm_xref.subscribe('suppliers.supplier.changed', NULL, 'copies', 'supplier_changed') IS NOT NULL AS subscribed;
-- what came since the last time: its key is the id
CREATE FUNCTION come() RETURNS TABLE (key_is_id boolean, code text, name text, is_active boolean, deleted boolean, others text[]) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pm_xref.deliver(), pm_jobs.run_pending('copies');
  RETURN QUERY WITH d AS (DELETE FROM got RETURNING *)
    SELECT d.key = d.payload ->> 'id', d.payload ->> 'code', d.payload ->> 'name', (d.payload -> 'is_active')::boolean, (d.payload -> 'deleted')::boolean,
           ARRAY(SELECT k FROM jsonb_object_keys(d.payload) AS k WHERE k NOT IN ('id', 'code', 'name', 'is_active', 'deleted'))
    FROM d ORDER BY d.id;
END $$;

INSERT INTO pm_suppliers.suppliers (code, name) VALUES ('one', 'One'), ('two', 'Two'), ('three', 'Three');
SELECT * FROM come();
-- a change of what others keep, and of what they do not
UPDATE pm_suppliers.suppliers SET name = 'Two!' WHERE code = 'two';
UPDATE pm_suppliers.suppliers SET is_active = false, address = 'away' WHERE code = 'three';
UPDATE pm_suppliers.suppliers SET code = 'ONE', name = 'One' WHERE code = 'one';
UPDATE pm_suppliers.suppliers SET address = 'here', country = NULL, contact_email = 'a@b', contact_phone = '123';
UPDATE pm_suppliers.suppliers SET name = name, code = code, is_active = is_active;
UPDATE pm_suppliers.suppliers SET name = 'nobody' WHERE false;
SELECT * FROM come();
-- of many, those that changed
UPDATE pm_suppliers.suppliers SET is_active = (code = 'ONE') WHERE code IN ('ONE', 'two', 'three');
SELECT * FROM come();
-- by other ways of writing
INSERT INTO pm_suppliers.suppliers (code, name) VALUES ('ONE', 'One, again'), ('four', 'Four')
ON CONFLICT (code) DO UPDATE SET name = excluded.name;
MERGE INTO pm_suppliers.suppliers AS s USING (VALUES ('two', 'Two, merged'), ('five', 'Five'), ('four', NULL)) AS n(code, name) ON s.code = n.code
WHEN MATCHED AND n.name IS NULL THEN DELETE WHEN MATCHED THEN UPDATE SET name = n.name WHEN NOT MATCHED THEN INSERT (code, name) VALUES (n.code, n.name);
COPY pm_suppliers.suppliers (code, name) FROM stdin;
six	Six
seven	Seven
\.
SELECT * FROM come() ORDER BY code, deleted NULLS FIRST;
-- what is rolled back was nothing
BEGIN;
UPDATE pm_suppliers.suppliers SET name = 'never';
SAVEPOINT s;
DELETE FROM pm_suppliers.suppliers;
ROLLBACK TO s;
ROLLBACK;
SELECT * FROM come();
-- nor is what a restore or a replica writes
SET session_replication_role = replica;
INSERT INTO pm_suppliers.suppliers (code, name) VALUES ('replica', 'Replica');
UPDATE pm_suppliers.suppliers SET name = 'Replica!' WHERE code = 'replica';
DELETE FROM pm_suppliers.suppliers WHERE code = 'replica';
RESET session_replication_role;
SELECT * FROM come();
-- one that is made and goes in one transaction
BEGIN;
INSERT INTO pm_suppliers.suppliers (code, name) VALUES ('short', 'Short');
DELETE FROM pm_suppliers.suppliers WHERE code = 'short';
COMMIT;
SELECT * FROM come();
-- all, for one that has no copy yet
SELECT pm_suppliers.publish_suppliers() = count(*) AS all FROM pm_suppliers.suppliers;
SELECT code, name, is_active, deleted FROM come() ORDER BY code;
DELETE FROM pm_suppliers.suppliers WHERE code <> 'Acme';
SELECT code, name, is_active, deleted FROM come() ORDER BY code;

-- a statement of many is an event each, and none is lost
INSERT INTO pm_suppliers.suppliers (code, name) SELECT 's' || n, 'S' FROM generate_series(1, 3000) AS n;
UPDATE pm_suppliers.suppliers SET is_active = false WHERE code LIKE 's%' AND substr(code, 2)::int % 3 = 0;
DELETE FROM pm_suppliers.suppliers WHERE code LIKE 's%';
SELECT count(*), count(*) FILTER (WHERE payload ? 'deleted') AS deleted, count(*) FILTER (WHERE payload -> 'is_active' = 'false' AND NOT payload ? 'deleted') AS stopped,
       count(DISTINCT key) AS suppliers, bool_and(in_order) AS in_order
FROM (SELECT e.*, e.id > coalesce(lag(e.id) OVER (PARTITION BY e.key ORDER BY e.id), 0) AS in_order FROM pm_xref._events AS e WHERE e.payload ->> 'code' ~ '^s[0-9]') AS e;
-- none is published where nobody is subscribed
SELECT pm_xref.unsubscribe('suppliers.supplier.changed');
INSERT INTO pm_suppliers.suppliers (code, name) VALUES ('quiet', 'Quiet');
DELETE FROM pm_suppliers.suppliers WHERE code = 'quiet';
SELECT count(*) FROM pm_xref._events AS e WHERE e.payload ->> 'code' = 'quiet';
DELETE FROM pm_jobs._job;
SELECT pm_jobs.drop_queue('copies'), pm_jobs.drop_queue('pm_xref');
SELECT pm_jobs.unregister_handler('supplier_changed'), pm_jobs.unregister_handler('pm_xref.deliver');
DROP FUNCTION come(), note(pm_jobs.job);
DROP TABLE got;
