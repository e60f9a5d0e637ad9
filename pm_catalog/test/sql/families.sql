-- What a family may declare, and what contradicts itself.
SET search_path = pm_catalog, pm_gtin, public;
\set VERBOSITY terse
\set SHOW_CONTEXT never
INSERT INTO families (id, code, name) VALUES ('00000000-0000-7000-8000-000000000001', 'lamp', 'Lamps'), ('00000000-0000-7000-8000-000000000002', 'bulb', 'Bulbs');
\set lamp '\'00000000-0000-7000-8000-000000000001\''
\set bulb '\'00000000-0000-7000-8000-000000000002\''
-- each rule is of its types
CREATE FUNCTION declare(data_type text, columns text, VARIADIC literals text[]) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('INSERT INTO pm_catalog.family_attributes (family_id, code, name, data_type, %s) VALUES (%L, ''a'', ''A'', %L, %s)',
    columns, '00000000-0000-7000-8000-000000000001', data_type, (SELECT string_agg(quote_nullable(l), ', ') FROM unnest(literals) AS l));
  RAISE EXCEPTION USING ERRCODE = 'PM000';  -- undoes it
EXCEPTION
  WHEN SQLSTATE 'PM000' THEN RETURN 'is declared';
  WHEN OTHERS THEN RETURN sqlstate || ' ' || sqlerrm;
END $$;
SELECT rule, string_agg(t, ', ' ORDER BY t) AS data_types
FROM (VALUES ('unit', '{MMT}'::text[]), ('min_value', '{1}'), ('min_date', '{2026-01-01}'), ('decimals', '{2}'), ('max_length', '{9}'), ('pattern', '{[a-z]+}'),
  ('is_unique', '{true}'), ('is_unique, max_length', '{true,20}'), ('per_locale', '{true}'), ('is_mandatory', '{true}'), ('expression', '{"{title}"}'),
  ('expression, decimals', '{weight * 2,2}'), ('expression, position', '{weight * 2,0}')) AS r(rule, values)
CROSS JOIN unnest('{text,integer,number,boolean,date,url,choice,choices}'::text[]) AS t
WHERE declare(t, rule, VARIADIC values) = 'is declared'
GROUP BY rule ORDER BY rule;
SELECT declare('text', 'min_value', '1');
SELECT declare('string', 'position', '1');
SELECT declare('number', 'min_value, max_value', '2', '1');
SELECT declare('number', 'min_value', 'NaN');
INSERT INTO families (code, name, next_bit) VALUES ('low', 'Low', 5);
SELECT declare('date', 'min_date, max_date', '2026-01-02', '2026-01-01');
SELECT declare('date', 'max_date', 'infinity');
SELECT declare('text', 'pattern', 'a(');
SELECT declare('text', 'pattern', 'a)|(b');
SELECT declare('text', 'is_mandatory, per_locale', 'true', 'true');
SELECT declare('text', 'is_mandatory, expression', 'true', '{title}');
SELECT declare('text', 'per_channel, expression', 'true', '{title}');
SELECT declare('text', 'expression', '{title');
SELECT declare('text', 'is_required, required_channels', 'false', '{web}');
SELECT declare('text', 'is_required, required_channels', 'true', '{}');
SELECT declare('text', 'is_required, required_channels', 'true', '{web}');
INSERT INTO family_attributes (family_id, code, name, data_type) VALUES (:lamp, 'Größe', 'x', 'text');
INSERT INTO family_attributes (family_id, code, name, data_type) VALUES (:lamp, 'title', 'x', 'text');
INSERT INTO family_attributes (family_id, code, name, data_type) VALUES (:lamp, 'status', 'x', 'column');
INSERT INTO family_attributes (family_id, code, name, data_type, is_unique) VALUES (:lamp, 'sku', 'x', 'column', true);
INSERT INTO family_attributes (family_id, code, name, data_type) VALUES ('00000000-0000-7000-8000-000000000009', 'a', 'x', 'text');
-- what attributes say together, all faults at once
INSERT INTO family_attributes (family_id, code, name, data_type, per_locale, decimals, expression) VALUES
  (:lamp, 'power', 'Power', 'number', false, 1, NULL), (:lamp, 'colour', 'Colour', 'choice', false, NULL, NULL), (:lamp, 'words', 'Words', 'text', true, NULL, NULL),
  (:lamp, 'rooms', 'Rooms', 'choices', false, NULL, NULL), (:lamp, 'energy', 'Energy', 'number', false, 1, 'power * 24 / 1000');
\set VERBOSITY default
INSERT INTO family_attributes (family_id, code, name, data_type, decimals, expression) VALUES
  (:lamp, 'wrong', 'W', 'number', 2, 'power + colour + energy + nothing + sku'), (:lamp, 'worse', 'W', 'text', NULL, '{rooms} {words} {brand_id} {title}');
INSERT INTO family_rules VALUES (:lamp, 'power', '<', 'colour'), (:lamp, 'colour', '<>', 'words');
UPDATE family_attributes SET per_locale = true WHERE code = 'power';
\set VERBOSITY terse
INSERT INTO family_rules VALUES (:lamp, 'power', '>', 'energy');
INSERT INTO family_rules VALUES (:lamp, 'power', '<', 'power');
INSERT INTO family_rules VALUES (:lamp, 'power', '<>', 'energy');
INSERT INTO family_options (family_id, attribute, code, name) VALUES (:lamp, 'power', '5', 'Five');
INSERT INTO family_options (family_id, attribute, code, name) VALUES (:lamp, 'colour', 'red', 'Red'), (:lamp, 'colour', 'blue', 'Red');
INSERT INTO family_options (family_id, attribute, code, name) VALUES (:lamp, 'colour', 'red', 'Red'), (:lamp, 'colour', 'blue', 'Blue');
UPDATE family_attributes SET data_type = 'text' WHERE code = 'colour';
-- a name that is changed takes along what refers to it
UPDATE family_attributes SET code = 'hue' WHERE code = 'colour';
SELECT attribute, code FROM family_options ORDER BY code;
-- a bit is never used again, whatever a statement says
SELECT code, bit FROM family_attributes ORDER BY bit;
DELETE FROM family_attributes WHERE code = 'energy';
UPDATE families SET next_bit = 0, version = 0;
UPDATE family_attributes SET bit = 2000 WHERE code = 'power';
INSERT INTO family_attributes (family_id, code, name, data_type, bit) VALUES (:lamp, 'height', 'Height', 'column', 7), (:lamp, 'late', 'Late', 'date', 7);
SELECT code, bit FROM family_attributes ORDER BY bit;
SELECT code, next_bit, version > 0 AS declared FROM families ORDER BY code;
-- an attribute that moves to another family gets a bit there
UPDATE family_attributes SET family_id = :bulb WHERE code = 'late';
SELECT family_id, code, bit FROM family_attributes WHERE code = 'late';
-- only READ COMMITTED sees all products
BEGIN ISOLATION LEVEL REPEATABLE READ;
UPDATE family_attributes SET name = name;
ROLLBACK;
DROP FUNCTION declare;
TRUNCATE family_attributes CASCADE;
DELETE FROM families;
