#
# 062_foretell.pl - what try_batch() foretells is what merge_batch() then does
#
# Random files of one supplier, over a small number of products and codes, so that rows
# meet: new, known and changed products, codes that move within a batch and from one to
# another, values that break each rule, families with unique and computed attributes, all
# keys and options.  The batches of a file are tried in order, then merged in order; each
# must have the same counts and the same reasons, and trying must have left the catalog as
# it was.  Ids of products that do not exist yet are not compared.
#
# The seed is printed; PM_SEED=n repeats a run, PM_SOAK=1 makes it long.
#
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $files = $ENV{PM_SOAK} ? 2000 : 120;
my $seed = defined $ENV{PM_SEED} ? $ENV{PM_SEED} : (int(time) ^ $$ << 8) % 1_000_000_000;
note("PM_SEED=$seed, $files files");

my $node = PostgreSQL::Test::Cluster->new('node');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nlog_statement = none\nautovacuum = off\n");
$node->start;

$node->safe_psql('postgres', <<'SQL');
SET client_min_messages = warning;
CREATE EXTENSION pm_catalog CASCADE;
ALTER DATABASE postgres SET search_path = public, pm_catalog, pm_gtin;
SET search_path = public, pm_catalog, pm_gtin;
INSERT INTO suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-000000000001', 'acme', 'Acme'), ('01a21d28-7d45-7936-84e2-000000000002', 'best', 'Best');
INSERT INTO locales VALUES ('fr', 'French');
INSERT INTO channels VALUES ('web', 'Web');
INSERT INTO families (code, name) VALUES ('pen', 'Pens'), ('ink', 'Inks');
INSERT INTO family_attributes (family_id, code, name, data_type, is_unique, is_mandatory, min_value, max_value, decimals, max_length, per_locale, expression)
SELECT f.id, a.code, a.code, a.type, a.is_unique, a.is_mandatory, a.low, a.high, a.decimals, a.size, a.per_locale, a.expression
FROM (VALUES ('pen', 'serial', 'text', true, false, NULL, NULL, NULL::int, 40, false, NULL), ('pen', 'tip', 'number', false, false, 0, 10, 2, NULL, false, NULL),
             ('pen', 'weight', 'column', false, true, NULL, NULL, NULL, NULL, false, NULL), ('pen', 'label', 'text', true, false, NULL, NULL, NULL, 200, false, '{title} ({tip})'),
             ('ink', 'sku', 'column', false, true, NULL, NULL, NULL, NULL, false, NULL), ('pen', 'gtin', 'column', false, true, NULL, NULL, NULL, NULL, false, NULL),
             ('ink', 'serial', 'integer', true, false, NULL, NULL, NULL, NULL, false, NULL), ('ink', 'motto', 'text', true, false, NULL, NULL, NULL, 40, true, NULL),
             ('ink', 'volume', 'number', false, false, NULL, NULL, 3, NULL, false, 'width * height / depth')) AS a(family, code, type, is_unique, is_mandatory, low, high, decimals, size, per_locale, expression)
JOIN families AS f ON f.code = a.family;
INSERT INTO category_aliases (alias, category_id) VALUES ('Bureau', ensure_category('main', '{Office}')), ('Short', ensure_category('main', ARRAY(SELECT 'n' || i FROM generate_series(1, 50) AS i)));
-- a rule of somebody's own, on columns that a file may have in part, and one that throws
ALTER TABLE products ADD CONSTRAINT sku_is_not_the_slug CHECK (sku <> slug);
ALTER TABLE supplier_products ADD CONSTRAINT stock_divides CHECK (100 / (stock - 13) IS NOT NULL OR lead_time_days IS NULL);
ALTER TABLE supplier_products ALTER cost TYPE numeric(9, 2);

-- one of some values, or NULL now and then
CREATE FUNCTION pick(VARIADIC choices text[]) RETURNS text VOLATILE LANGUAGE sql AS $$
  SELECT CASE WHEN random() < 0.9 THEN choices[1 + floor(random() * cardinality(choices))::int] END
$$;
-- a good value nearly always
CREATE FUNCTION mostly(bad double precision, good text, VARIADIC choices text[]) RETURNS text VOLATILE LANGUAGE sql AS $$
  SELECT CASE WHEN random() < bad THEN choices[1 + floor(random() * cardinality(choices))::int] ELSE good END
$$;
CREATE FUNCTION code(prefix text, most integer) RETURNS text VOLATILE LANGUAGE sql AS $$ SELECT prefix || floor(random() * most)::int $$;

CREATE FUNCTION a_value(name text, most integer, bad double precision) RETURNS text VOLATILE LANGUAGE plpgsql AS $$
BEGIN
  RETURN CASE name
    WHEN 'gtin' THEN gtin_complete(lpad(floor(random() * most)::int::text, 12, '7'))::text
    WHEN 'sku' THEN mostly(bad, code('k', most), ' k', '', NULL, E'a\tb')
    WHEN 'slug' THEN mostly(bad, code('k', most), 'A b', NULL)
    WHEN 'supplier_sku' THEN mostly(bad, code('s', most), ' s', NULL)
    WHEN 'asin' THEN pick('B000000001')
    WHEN 'external_id' THEN mostly(bad, code('e', 9), repeat('e', 256))
    WHEN 'title' THEN mostly(bad, code('Title ', 4), NULL, E'a\nb', '')
    WHEN 'short_description' THEN mostly(bad, pick('Short'), repeat('x', 501))
    WHEN 'brand' THEN mostly(bad, pick('Acme', 'ACME', 'Bic', 'Stabilo', '--'), E'Ac\tme', E'B\tic', repeat('y', 501))
    WHEN 'category' THEN mostly(bad, pick('Office > Pens', 'Office>Ink', E'Office\t>\tPens', 'office>PENS', 'Bureau > Pens', 'BUREAU>' || code('New ', 40), code('Top-', 40) || ' > a', 'short > a'),
                             'Office > ', repeat('a>', 52) || 'a', E'Off\x07ice > Pens', 'short > a > b', E'short > \x07', E'Bureau > \x07', E'Bureau\x07 > Pens', 'short' || repeat('>a', 51))
    WHEN 'family' THEN mostly(bad, pick('pen', 'ink', NULL), 'none')
    WHEN 'status' THEN mostly(bad, pick('active', 'inactive', 'discontinued'), 'draft', 'sold')
    WHEN 'is_active' THEN pick('true', 'false')
    WHEN 'weight' THEN mostly(bad, pick('1', '0.5', '2.0005'), '-1', '9999999.9999', 'NaN', '-0.0001')
    WHEN 'width' THEN mostly(bad, pick('1', '2.505'), '100000000', '99999999.999', 'Infinity')
    WHEN 'height' THEN pick('1', '3')
    WHEN 'depth' THEN mostly(bad, pick('1', '3'), '0')
    WHEN 'technical_specs' THEN mostly(bad, mostly(0.3, format('{"serial": "%s", "tip": %s}', code('x', most), floor(random() * 12)),
                                                   format('{"serial": %s}', floor(random() * most)), '{"tip": null}', '{}', '{"serial": null, "tip": 1.00}', NULL), '[1]', '1', '{"nib": 1}', 'null')
    WHEN 'tags' THEN mostly(bad, pick('{a,b}', '{}', '{b,"B b","b-b",NULL}'), E'{"a\tb"}', '{""}')
    WHEN 'cost' THEN mostly(bad, pick('1', '2.555'), '-1', '99999999', '9999999.999')
    WHEN 'stock' THEN mostly(bad, pick('1', '2'), '-1', '13')
    WHEN 'lead_time_days' THEN mostly(bad, pick('1', '2'), '-1')
    WHEN 'min_quantity' THEN mostly(bad, pick('1', '2'), '0')
    WHEN 'price' THEN mostly(bad, pick('1', '2', '3.5'), '-1', '0.00001', 'NaN', '1000000000000')
    WHEN 'compare_at_amount' THEN mostly(bad, pick('4', NULL), '1')
    WHEN 'price_type' THEN mostly(bad, pick('retail', 'wholesale'), 'No slug')
    WHEN 'price_min_quantity' THEN mostly(bad, pick('1', '10'), '0')
    WHEN 'currency' THEN mostly(bad, pick('EUR', 'CHF'), 'XTS')
    WHEN 'location' THEN mostly(bad, pick('main', 'shop'), 'No slug')
    WHEN 'on_hand' THEN mostly(bad, pick('5', '6', '7'), '-1', '1')
    WHEN 'low_stock_threshold' THEN mostly(bad, pick('1'), '-1')
    WHEN 'images' THEN mostly(bad, pick('{http://a/1,http://a/2}', '{}', '{http://a/2,NULL,http://a/2}'), '{ftp://a}')
  END;
END
$$;

CREATE TABLE file OF merge_row;
CREATE TABLE foretold (batch integer PRIMARY KEY, answer text);
CREATE TABLE wrong (file integer, batch integer, question text, foretold text, merged text);
CREATE TABLE outcomes (created bigint, updated bigint, conflicts bigint, reason text);

CREATE FUNCTION a_row(f file, columns text[]) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
  fields text;
  bytes bytea;
BEGIN
  SELECT string_agg(format('coalesce((SELECT int4send(length(v)) || v FROM (SELECT %s(f.%I) AS v) AS s WHERE v IS NOT NULL), ''\xffffffff'')',
                           CASE WHEN t.typelem <> 0 AND t.typlen = -1 THEN 'array_send' ELSE t.typsend::text END, c.name), ' || ' ORDER BY c.nth) INTO fields
  FROM unnest(columns) WITH ORDINALITY AS c(name, nth) JOIN pg_attribute AS a ON a.attrelid = 'file'::regclass AND a.attname = c.name JOIN pg_type AS t ON t.oid = a.atttypid;
  EXECUTE format('SELECT int2send(%s::int2) || int4send(8) || int8send($1.row_no) || int4send(16) || uuid_send(md5($1::text)::uuid) || %s FROM (SELECT ($1).*) AS f', cardinality(columns) + 2, fields)
  INTO bytes USING f;
  RETURN bytes;
END
$$;

-- What a batch came to, without ids of products that may not exist yet.
CREATE FUNCTION answer(function_name text, more text, job uuid, batch integer, columns text[], rows bytea, key text, options jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  r record;
BEGIN
  EXECUTE format('SELECT * FROM %I($1, $2, $3, $4, ''01a21d28-7d45-7936-84e2-000000000001'', $5, $6%s)', function_name, more) INTO r USING job, batch, columns, rows, key, options;
  RETURN format(E'%s created, %s updated, %s unchanged, %s conflicts\n', r.created, r.updated, r.unchanged, r.conflicts)
    || (SELECT coalesce(string_agg(format('%s: %s', u.n, regexp_replace(u.reason, '[0-9a-f]{8}-[0-9a-f-]{27}', 'ID', 'g')), E'\n' ORDER BY u.n), '') FROM unnest(r.row_nos, r.reasons) AS u(n, reason));
END
$$;

-- All that the catalog has, but what each database counts for itself.
CREATE FUNCTION catalog() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  t regclass;
  part text;
  parts text := '';
BEGIN
  FOR t IN SELECT c.oid FROM pg_class AS c WHERE c.relnamespace = 'pm_catalog'::regnamespace AND c.relkind = 'r' AND c.relpersistence = 'p' ORDER BY 1 LOOP
    EXECUTE format('SELECT md5(string_agg(r.xmin::text || r.xmax || r.ctid::text || r::text, '','' ORDER BY r.ctid)) FROM %s AS r', t) INTO part;
    parts := parts || format(E'%s %s %s\n', t, part, pg_relation_size(t));
  END LOOP;
  RETURN parts;
END
$$;

CREATE PROCEDURE play(nth integer) LANGUAGE plpgsql AS $$
DECLARE
  dry CONSTANT uuid := pm_xref.uuid7();
  real CONSTANT uuid := pm_xref.uuid7();
  key text := (ARRAY['gtin', 'sku', 'supplier_sku'])[1 + floor(random() * 3)::int];
  most CONSTANT integer := 8 + floor(random() * 40)::int;
  bad CONSTANT double precision := (ARRAY[0, 0, 0.01, 0.05])[1 + floor(random() * 4)::int];
  size CONSTANT integer := 3 + floor(random() * 30)::int;
  options CONSTANT jsonb := jsonb_strip_nulls(jsonb_build_object('content', pick('own', 'always', 'never'), 'prices', pick('own', 'ours', 'supplier')));
  columns text[];
  batches integer[];
  b integer;
  before text;
  told text;
  merged text;
  batch_rows bytea;
BEGIN
  columns := ARRAY(SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid = 'file'::regclass AND a.attnum > 0 AND a.attname <> ALL ('{row_no,description,long_description,is_featured,manufacturer_reference}')
                   AND (a.attname = key OR a.attname IN ('title') AND random() < 0.9 OR random() < 0.35) ORDER BY random());
  DELETE FROM file;
  FOR i IN 1 .. 20 + floor(random() * 80)::int LOOP
    INSERT INTO file SELECT r.* FROM jsonb_populate_record(NULL::file, (
      SELECT jsonb_object_agg(c, CASE WHEN c IN ('tags', 'images') THEN to_jsonb(a_value(c, most, bad)::text[]) WHEN c = 'technical_specs' THEN a_value(c, most, bad)::jsonb ELSE to_jsonb(a_value(c, most, bad)) END)
      FROM unnest(columns) AS c)
      || jsonb_build_object('row_no', i)) AS r;
  END LOOP;
  -- a key comes once, as imports see to, but for some within a batch
  EXECUTE format('DELETE FROM file AS f WHERE EXISTS (SELECT FROM file AS o WHERE o.%I = f.%1$I AND o.row_no < f.row_no AND (o.row_no / $1 <> f.row_no / $1 OR o.row_no %% 3 > 0))', key) USING size;
  batches := ARRAY(SELECT DISTINCT f.row_no / size + 1 FROM file AS f ORDER BY 1);
  DELETE FROM foretold;
  COMMIT;
  before := catalog();
  FOR i IN 1 .. cardinality(batches) LOOP
    b := batches[i];
    batch_rows := (SELECT string_agg(a_row(f, columns), '' ORDER BY f.row_no) FROM file AS f WHERE f.row_no / size + 1 = b);
    INSERT INTO foretold VALUES (b, answer('try_batch', ', ' || coalesce(batches[i - 1], 0), dry, b, columns, batch_rows, key, options));
    IF EXISTS (SELECT FROM pg_locks AS l JOIN pg_class AS c ON c.oid = l.relation WHERE l.pid = pg_backend_pid() AND c.relnamespace = 'pm_catalog'::regnamespace AND l.mode <> 'AccessShareLock') THEN
      INSERT INTO wrong SELECT nth, b, 'locks', string_agg(DISTINCT c.relname || ' ' || l.mode, ', '), NULL
      FROM pg_locks AS l JOIN pg_class AS c ON c.oid = l.relation WHERE l.pid = pg_backend_pid() AND c.relnamespace = 'pm_catalog'::regnamespace AND l.mode <> 'AccessShareLock';
    END IF;
    COMMIT;
  END LOOP;
  IF catalog() <> before THEN
    INSERT INTO wrong VALUES (nth, NULL, 'the catalog', before, catalog());
  END IF;
  FOR i IN 1 .. cardinality(batches) LOOP
    b := batches[i];
    batch_rows := (SELECT string_agg(a_row(f, columns), '' ORDER BY f.row_no) FROM file AS f WHERE f.row_no / size + 1 = b);
    BEGIN
      merged := answer('merge_batch', '', real, b, columns, batch_rows, key, options);
    EXCEPTION WHEN OTHERS THEN
      merged := format('%s: %s', SQLSTATE, SQLERRM);
    END;
    SELECT f.answer INTO told FROM foretold AS f WHERE f.batch = b;
    IF told IS DISTINCT FROM merged THEN
      INSERT INTO wrong VALUES (nth, b, format('key %s, %s, columns %s, batch size %s', key, options, columns, size), told, merged);
    END IF;
    COMMIT;
  END LOOP;
  INSERT INTO outcomes SELECT m.created, m.updated, m.conflicts, NULL FROM merges AS m WHERE m.job = real;
  INSERT INTO outcomes (reason) SELECT left(u, 5) FROM merge_outcomes AS o, unnest(o.reasons) AS u WHERE o.job = real;
  PERFORM forget_job(real);
  PERFORM forget_job(dry);
  -- what others do between two files
  UPDATE products SET deleted_at = now() WHERE random() < 0.03 AND deleted_at IS NULL;
  UPDATE products SET supplier_id = CASE WHEN random() < 0.5 THEN '01a21d28-7d45-7936-84e2-000000000002'::uuid END WHERE random() < 0.05 AND deleted_at IS NULL;
  UPDATE product_stocks SET reserved = least(on_hand, 3) WHERE random() < 0.3;
  INSERT INTO product_attributes (product_id, locale, attributes)
  SELECT p.id, 'fr', format('{"motto": "%s"}', p.version)::jsonb FROM products AS p JOIN families AS f ON f.id = p.family_id AND f.code = 'ink'
  WHERE random() < 0.1 AND p.deleted_at IS NULL AND NOT EXISTS (SELECT FROM _unique_values AS u WHERE u.attribute = 'motto' AND u.value = p.version::text) ORDER BY random() LIMIT 1 ON CONFLICT DO NOTHING;
  IF random() < 0.05 THEN
    TRUNCATE products CASCADE;
  END IF;
  COMMIT;
END
$$;
SQL

my $script = sprintf("SET client_min_messages = error; SELECT setseed(%.9f);\n", $seed / 1e9) . join('', map { "CALL play($_);\n" } 1 .. $files);
$node->safe_psql('postgres', $script);
is($node->safe_psql('postgres', 'SELECT format(E\'file %s, batch %s, %s:\n%s\n-- merged:\n%s\', file, batch, question, foretold, merged) FROM wrong ORDER BY file, batch LIMIT 3'),
	'', "each batch comes to what was foretold (PM_SEED=$seed)");
is($node->safe_psql('postgres', 'SELECT sum(created) > 50, sum(updated) > 50, sum(conflicts) > 50, count(DISTINCT reason) > 3 FROM outcomes'), 't|t|t|t', 'and all happens, with conflicts of many kinds');
$node->stop;
done_testing();
