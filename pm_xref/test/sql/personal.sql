-- What names a person is erased from texts and documents, and nothing else is.
\set person '\'018f0000-0000-7000-8000-000000000001\''
\set words '\'{anne@example.com,anne%40example.com,anne,Anne Martin}\''
CREATE FUNCTION pg_temp.t(value text, kind text) RETURNS text LANGUAGE sql
RETURN pm_xref._erased_text(value, '018f0000-0000-7000-8000-000000000001', '{anne@example.com,anne%40example.com,anne,Anne Martin}', kind);
SELECT kind, value, pg_temp.t(value, kind) FROM (VALUES
  ('text', 'To: Anne@Example.com'),
  ('text', 'Dear Anne Martin, user "anne"'),
  ('text', 'Dear Anne Martin: anne@example.com, not marianne@example.com'),
  ('text', 'anne (018F0000-0000-7000-8000-000000000001)'),
  ('text', 'anne@example.com.au'),
  ('message', 'Key (lower(username))=(anne) of user "Anne", not anne'),
  ('name', 'ANNE'),
  ('name', 'anne and others'),
  ('text', 'anne'),
  ('text', '')) AS c(kind, value);

CREATE FUNCTION pg_temp.d(value jsonb) RETURNS jsonb LANGUAGE sql
RETURN pm_xref._erased_document(value, '018f0000-0000-7000-8000-000000000001', '{anne@example.com,anne%40example.com,anne,Anne Martin}');
SELECT value, pg_temp.d(value) FROM (VALUES
  ('{"to": ["anne@example.com", "bea@example.com"], "n": 1}'::jsonb),
  ('{"user_id": "018f0000-0000-7000-8000-000000000001", "phone": 123, "first_name": "Anna", "address": {"city": "x", "zip": [1, null]}, "sku": "A-1"}'),
  ('[{"id": "018f0000-0000-7000-8000-000000000001", "email": "old@example.com"}, {"id": 2, "email": "bea@example.com", "text": "Anne Martin"}]'),
  ('{"username": "anne", "last_name": "M"}'),
  ('{"created_by": "anne", "brand": "anne", "title": "anne"}'),
  ('{"anne@example.com": {"anne": true}}'),
  ('{"requested_by": "018f0000-0000-7000-8000-000000000001", "supplier": {"email": "s@example.com"}}'),
  ('"anne@example.com"'), ('7'), ('null'), ('[]'), ('{}'), ('{"brand": "anne"}')) AS c(value);
-- what was erased is found no more
SELECT count(*) FROM (VALUES ('{"username": "anne", "x": "anne@example.com"}'::jsonb), ('{"id": "018f0000-0000-7000-8000-000000000001", "email": 1, "address": [1, {"a": 2}]}')) AS c(value)
WHERE pg_temp.d(pg_temp.d(value)) IS NOT NULL;
-- not even if a name is what stands in the place
SELECT pm_xref._erased_text('"erased" erased@x', :person, '{erased,erased@x}', 'message');
-- a deep document
SELECT pg_temp.d((repeat('[', 3000) || '"anne@example.com"' || repeat(']', 3000))::jsonb) = (repeat('[', 3000) || '"[erased]"' || repeat(']', 3000))::jsonb;
-- many objects, of which two are about the person
SELECT count(*), string_agg(o ->> 'id', ' ') AS about FROM (
  SELECT pg_temp.d(jsonb_agg(CASE WHEN n IN (7, 77) THEN '{"user_id": "018f0000-0000-7000-8000-000000000001", "id": ' || n || ', "phone": "1"}' ELSE '{"id": ' || n || ', "phone": "1"}' END::jsonb)) AS d
  FROM generate_series(1, 100) AS n) AS x, jsonb_array_elements(x.d) AS o WHERE o ->> 'phone' = '[erased]';

-- the tables
INSERT INTO pm_xref.orphans VALUES ('personal', '{"email": "anne@example.com"}', 'x', now(), now(), 'resolved'), ('personal', '{"id": 2}', 'y', now(), now(), 'resolved');
SELECT pm_jobs.create_queue('personal');
INSERT INTO pm_jobs._handlers VALUES ('personal', 'pm_xref._nightly(pm_jobs.job)', true, 'postgres');
SELECT pm_jobs.enqueue('personal', 'personal', '{"to": "anne@example.com"}', dedup_key => 'mail anne@example.com', run_at => 'infinity') > 0,
  pm_jobs.enqueue('personal', 'personal', '{"to": "bea@example.com"}', dedup_key => 'mail bea@example.com', run_at => 'infinity') > 0;
INSERT INTO pm_xref._events (epoch, topic, key, payload) VALUES (0, 'personal', 'anne@example.com', '{"name": "Anne Martin", "by": "anne@example.com"}');
INSERT INTO pm_xref._sagas (id, name, steps, payload, started_by, started_at, finished_at, state, step)
VALUES (pm_xref.uuid7(), 'personal', '[{}]', '{"to": "anne@example.com"}', 'postgres', now(), now(), 'completed', 2);
SELECT relation, column_name, found FROM pm_xref.find_person(:person, :words) WHERE found > 0 ORDER BY 1, 2;
-- each table is read once for all of its columns, of which sagas have four
BEGIN;
SELECT coalesce(sum(seq_scan), 0) AS scans FROM pg_stat_xact_user_tables WHERE relid = 'pm_xref._sagas'::regclass \gset
SELECT count(*) FROM pm_xref.find_person(:person) WHERE relation = 'pm_xref._sagas';
SELECT seq_scan - :scans AS scans FROM pg_stat_xact_user_tables WHERE relid = 'pm_xref._sagas'::regclass;
SELECT pm_xref.erase_person(:person);
SELECT seq_scan - :scans AS scans FROM pg_stat_xact_user_tables WHERE relid = 'pm_xref._sagas'::regclass;
ROLLBACK;
SELECT pm_xref.erase_person(:person, :words);
SELECT sum(found), count(*) > 20 AS searched FROM pm_xref.find_person(:person, :words);
SELECT row_key FROM pm_xref.orphans WHERE reference = 'personal';
SELECT payload, dedup_key FROM pm_jobs._job WHERE queue = 'personal' ORDER BY id;
SELECT key, payload FROM pm_xref._events WHERE topic = 'personal';
SELECT payload, event, transitions FROM pm_xref._sagas WHERE name = 'personal';
SELECT pm_xref.erase_person(:person, :words);

-- arguments
SELECT pm_xref.erase_person(NULL, '{}');
SELECT pm_xref.erase_person(:person, '{a,NULL}');
SELECT pm_xref.erase_person(:person, '{a}');
SELECT pm_xref.find_person(:person, '{" anne"}');
SELECT pm_xref.find_person(:person, array_fill('ab'::text, '{101}'));
SET ROLE pg_read_all_data;
SELECT pm_xref.find_person(:person);
SELECT pm_xref.erase_person(:person);
SELECT pm_xref.personal_columns();
SELECT pm_xref.erase_on_request('nobody', 'x', :person, 1);
RESET ROLE;
SELECT pm_xref.erase_on_request('nobody', 'x', :person, 1);
SELECT pm_xref.erase_on_request('nobody', 'x', NULL, 1);

-- a declaration of whoever may make a view counts for nothing
CREATE SCHEMA liar;
CREATE VIEW liar._personal_columns AS SELECT 'pm_xref.checks'::text AS relation, 'reference'::text AS column_name, 'delete'::text AS action, NULL::text AS note;
SELECT count(*) FROM pm_xref.personal_columns() WHERE column_name = 'reference';
DROP SCHEMA liar CASCADE;
-- nor if it is put into an extension of his: what it calls would be called as a superuser
CREATE ROLE t_liar;
SELECT format('GRANT CREATE ON DATABASE %I TO t_liar', current_database()) \gexec
SET ROLE t_liar;
CREATE SCHEMA liar;
CREATE EXTENSION hstore SCHEMA liar;
CREATE VIEW liar._personal_columns AS SELECT 'pm_xref.checks'::text AS relation, 'reference'::text AS column_name, 'keep'::text AS action, current_user::text AS note;
ALTER EXTENSION hstore ADD VIEW liar._personal_columns;
RESET ROLE;
SELECT note FROM pm_xref.personal_columns() WHERE column_name = 'reference';
SET client_min_messages = warning;
DROP SCHEMA liar CASCADE;
RESET client_min_messages;
DROP OWNED BY t_liar;
DROP ROLE t_liar;
SELECT count(*) > 0 AS declared, count(*) FILTER (WHERE action = 'keep' AND note IS NULL) AS kept_without_reason FROM pm_xref.personal_columns();
DELETE FROM pm_xref._sagas WHERE name = 'personal';
DELETE FROM pm_xref._events WHERE topic = 'personal';
DELETE FROM pm_xref.orphans WHERE reference = 'personal';
DELETE FROM pm_jobs._job WHERE queue = 'personal';
SELECT pm_jobs.drop_queue('personal'), pm_jobs.unregister_handler('personal');
