#
# 050_completeness.pl - completeness, computed and unique values while all is written at once
#
# Four clients change products, values by locale and channel, families and what these
# declare.  Meanwhile one statement after the other compares, each in a snapshot of its
# own, what the server keeps with what follows from the values.
#
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $clients = 4;
my $steps = $ENV{PM_SOAK} ? 5000 : 250;
my $seed = $ENV{PM_SEED} // int(rand(2**31));
note("seed $seed: run again with PM_SEED=$seed");

my $node = PostgreSQL::Test::Cluster->new('catalog');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\njit = off\nlog_statement = none\ndeadlock_timeout = 20ms\n");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION pm_catalog CASCADE;
INSERT INTO pm_catalog.locales VALUES ('fr', 'Français'), ('de', 'Deutsch');
INSERT INTO pm_catalog.channels VALUES ('web', 'Web'), ('print', 'Print');
INSERT INTO pm_catalog.families (code, name) SELECT 'f' || n, 'Family ' || n FROM generate_series(1, 3) AS n;
INSERT INTO pm_catalog.family_attributes (family_id, code, name, data_type, is_required, per_locale, per_channel, is_unique, decimals, expression, max_length)
SELECT f.id, a.* FROM pm_catalog.families AS f CROSS JOIN (VALUES
  ('a', 'A', 'integer', true, false, false, false, NULL, NULL, NULL), ('b', 'B', 'integer', false, false, false, false, NULL, NULL, NULL),
  ('serial', 'Serial', 'integer', true, false, false, true, NULL, NULL, NULL),
  ('ratio', 'Ratio', 'number', true, false, false, false, 3, 'a / b + weight', NULL),
  ('l', 'L', 'text', true, true, false, true, NULL, NULL, 20), ('c', 'C', 'text', true, false, true, false, NULL, NULL, NULL),
  ('lc', 'LC', 'text', true, true, true, false, NULL, NULL, NULL),
  ('sku', 'Number', 'column', true, false, false, false, NULL, NULL, NULL), ('weight', 'Weight', 'column', false, false, false, false, NULL, NULL, NULL)) AS a;
INSERT INTO pm_catalog.products (title, family_id) SELECT 'P' || n, f.id FROM generate_series(1, 20) AS n, pm_catalog.families AS f WHERE f.code = 'f' || n % 3 + 1;

-- One of the changes; what another client makes impossible is left.
CREATE PROCEDURE step(n integer) LANGUAGE plpgsql AS $$
DECLARE
  anyone uuid := (SELECT id FROM pm_catalog.products ORDER BY md5(id::text || n) LIMIT 1);
  one uuid := (SELECT id FROM pm_catalog.products WHERE deleted_at IS NULL ORDER BY md5(id::text || n) LIMIT 1);
  f uuid := (SELECT id FROM pm_catalog.families ORDER BY md5(id::text || n) LIMIT 1);
  l text := (ARRAY['fr', 'de', NULL])[n / 7 % 3 + 1];
  c text := (ARRAY['web', 'print', NULL])[n / 29 % 3 + 1];
  code text := CASE WHEN l IS NULL THEN 'c' WHEN c IS NULL THEN 'l' ELSE 'lc' END;
BEGIN
  CASE n % 13
    WHEN 0, 1, 2 THEN
      UPDATE pm_catalog.products SET technical_specs = jsonb_strip_nulls(jsonb_build_object('a', nullif(n / 17 % 4, 3), 'b', nullif(n / 31 % 4, 3), 'serial', nullif(n / 41 % 60, 0)))
      WHERE id = one AND family_id IS NOT NULL;
    WHEN 3 THEN
      UPDATE pm_catalog.products SET sku = nullif('S' || n % 100, 'S50'), weight = nullif(n % 5, 0) WHERE id = one;
    WHEN 4 THEN
      UPDATE pm_catalog.products SET deleted_at = CASE WHEN deleted_at IS NULL THEN now() END WHERE id = anyone;
    WHEN 5 THEN
      UPDATE pm_catalog.products SET family_id = nullif(f, (SELECT id FROM pm_catalog.families WHERE pm_catalog.families.code = 'f1' AND n % 5 = 0)) WHERE id = one;
    WHEN 6 THEN
      INSERT INTO pm_catalog.products (title, family_id, technical_specs) VALUES ('P' || n, f, jsonb_build_object('serial', n % 60 + 1));
    WHEN 7, 8 THEN
      IF coalesce(l, c) IS NOT NULL THEN
        INSERT INTO pm_catalog.product_attributes (product_id, locale, channel, attributes) VALUES (one, l, c, jsonb_build_object(code, 'v' || n % 40))
        ON CONFLICT (product_id, locale, channel) DO UPDATE SET attributes = CASE WHEN n % 4 = 0 THEN '{}' ELSE excluded.attributes END;
      END IF;
    WHEN 9 THEN
      DELETE FROM pm_catalog.product_attributes WHERE product_id = one AND locale IS NOT DISTINCT FROM l;
    WHEN 10 THEN
      UPDATE pm_catalog.family_attributes AS a SET is_required = NOT a.is_required, required_channels = CASE WHEN NOT a.is_required AND n % 2 = 0 THEN '{web}'::text[] END
      WHERE a.family_id = f AND a.code = (ARRAY['a', 'b', 'l', 'c', 'lc', 'sku', 'weight', 'ratio'])[n / 13 % 8 + 1];
    WHEN 11 THEN
      UPDATE pm_catalog.family_attributes AS a
      SET expression = CASE a.expression WHEN 'a / b + weight' THEN '(a + b) * 2' ELSE 'a / b + weight' END WHERE a.family_id = f AND a.code = 'ratio';
    ELSE
      DELETE FROM pm_catalog.products WHERE id = anyone AND deleted_at IS NOT NULL AND (SELECT count(*) > 15 FROM pm_catalog.products);
  END CASE;
EXCEPTION
  WHEN check_violation OR unique_violation OR foreign_key_violation OR deadlock_detected OR serialization_failure
    OR object_not_in_prerequisite_state THEN NULL;  -- the last: deleted meanwhile
END $$;

-- What must be, from the values alone.
CREATE VIEW expected AS
WITH held AS (
  SELECT product_id, attribute, locale, channel FROM pm_catalog.product_values WHERE value <> 'null'
  UNION ALL SELECT id, 'sku', NULL, NULL FROM pm_catalog.products WHERE sku <> ''
  UNION ALL SELECT id, 'weight', NULL, NULL FROM pm_catalog.products WHERE weight IS NOT NULL)
SELECT p.id AS product_id, l.code AS locale, c.code AS channel, count(a.code)::int AS required, count(h.product_id)::int AS filled,
  coalesce(array_agg(a.code ORDER BY a.position, a.code) FILTER (WHERE a.code IS NOT NULL AND h.product_id IS NULL), '{}') AS missing
FROM pm_catalog.products AS p
CROSS JOIN pm_catalog.locales AS l CROSS JOIN pm_catalog.channels AS c
LEFT JOIN pm_catalog.family_attributes AS a ON a.family_id = p.family_id AND a.is_required AND coalesce(c.code = ANY (a.required_channels), true)
LEFT JOIN held AS h ON h.product_id = p.id AND h.attribute = a.code AND coalesce(h.locale, l.code) = l.code AND coalesce(h.channel, c.code) = c.code
WHERE p.family_id IS NOT NULL AND p.deleted_at IS NULL
GROUP BY 1, 2, 3;
CREATE VIEW mismatches AS
SELECT 'completeness' AS what, count(*) FROM (
  (SELECT product_id, locale, channel, required, filled, missing FROM pm_catalog.product_completeness EXCEPT ALL SELECT * FROM expected)
  UNION ALL (SELECT * FROM expected EXCEPT ALL SELECT product_id, locale, channel, required, filled, missing FROM pm_catalog.product_completeness)) AS d
UNION ALL
SELECT 'unique values', count(*) FROM ((TABLE pm_catalog._unique_values EXCEPT ALL TABLE pm_catalog._held_values) UNION ALL (TABLE pm_catalog._held_values EXCEPT ALL TABLE pm_catalog._unique_values)) AS d
UNION ALL
SELECT 'computed values', count(*) FROM pm_catalog.products AS p JOIN pm_catalog.family_attributes AS r ON r.family_id = p.family_id AND r.code = 'ratio'
CROSS JOIN LATERAL (SELECT (p.technical_specs ->> 'a')::numeric AS a, (p.technical_specs ->> 'b')::numeric AS b) AS v
WHERE p.deleted_at IS NULL AND (p.technical_specs ->> 'ratio')::numeric IS DISTINCT FROM round(CASE r.expression WHEN 'a / b + weight' THEN v.a / nullif(v.b, 0) + p.weight ELSE (v.a + v.b) * 2 END, 3);
SQL

my $script = PostgreSQL::Test::Utils::tempdir() . '/step.sql';
append_to_file($script, "\\set n random(0, 1000000000)\nCALL step(:n);\n");
my ($out, $err) = ('', '');
my $load = IPC::Run::start([ 'pgbench', '-n', '-f', $script, '-c', $clients, '-t', $steps, '--random-seed', $seed, $node->connstr('postgres') ],
	'>', \$out, '2>', \$err);
my $checks = 0;
my %wrong;
my $session = $node->background_psql('postgres');
while ($load->pumpable)
{
	foreach (split /\n/, $session->query_safe('SELECT * FROM mismatches'))
	{
		my ($what, $count) = split /\|/;
		$wrong{$what} += $count;
	}
	$checks++;
	$load->pump_nb;
}
$session->quit;
$load->finish;
like($out, qr{number of transactions actually processed: @{[ $clients * $steps ]}/}, "$clients clients took $steps steps each")
  or diag($err);
cmp_ok($checks, '>', 5, 'what is kept was compared while they did');
note("$checks comparisons");
is($wrong{$_}, 0, "no mismatch of $_, ever") foreach ('completeness', 'unique values', 'computed values');
is($node->safe_psql('postgres', 'SELECT sum(count) FROM mismatches'), '0', 'nor at the end');
is($node->safe_psql('postgres', 'SELECT count(*) FROM pm_catalog.families AS f CROSS JOIN LATERAL pm_catalog._product_faults(f.id)'), '0', 'all products fit their families');
cmp_ok($node->safe_psql('postgres', 'SELECT count(DISTINCT score) FROM pm_catalog.product_completeness'), '>', 3, 'products differ in completeness');
$node->stop;
done_testing();
