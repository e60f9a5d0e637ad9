#
# 001_dump_restore.pl - dump, restore and pg_upgrade carry the whole catalog, row for row:
# what was derived is not derived again, ids and numbers go on, and so does the history
#
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../../../test/t";
use PmRestore;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('old');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE original');
$node->safe_psql('original', <<'SQL');
SET client_min_messages = warning;
CREATE EXTENSION pm_catalog CASCADE;
CREATE FUNCTION noop(job pm_jobs.job) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb';
SELECT pm_jobs.register_handler('noop', 'noop(pm_jobs.job)'), pm_jobs.create_queue('line', ordered => true);
SELECT pm_xref.subscribe('catalog.*', NULL, 'line', 'noop');
SET search_path = pm_catalog, pm_gtin, public;
INSERT INTO suppliers (id, code, name) VALUES ('01a21d28-0000-7000-8000-000000000001', 'acme', 'Acme');
INSERT INTO brands (id, code, name) VALUES ('01a21d28-0000-7000-8000-000000000002', 'hp', 'Hewlett-Packard');
INSERT INTO families (id, code, name) VALUES ('01a21d28-0000-7000-8000-000000000003', 'pens', 'Pens');
INSERT INTO tags (id, name, slug) VALUES ('01a21d28-0000-7000-8000-000000000004', 'New', 'new');
INSERT INTO price_bands VALUES ('JPY', '{1000,2000}');
SQL

# A child is stored before its parent once the parent has been updated.
$node->safe_psql('original', <<'SQL');
SET search_path = pm_catalog, pm_gtin, public;
SET session_replication_role = replica;
INSERT INTO categories (id, name, parent_id, number, path) OVERRIDING SYSTEM VALUE VALUES
  ('01a21d28-0000-7000-8000-000000000012', 'Fountain pens', '01a21d28-0000-7000-8000-000000000011', 2, '{1,2}'),
  ('01a21d28-0000-7000-8000-000000000011', 'Pens', NULL, 1, '{1}');
SELECT setval('categories_number_seq', 2);
SQL
$node->safe_psql('original', <<'SQL');
SET search_path = pm_catalog, pm_gtin, public;
INSERT INTO products (id, title, gtin, sku, supplier_id, brand_id, category_id, technical_specs, weight) VALUES
  ('01a21d28-0000-7000-8000-000000000101', 'A pen', '4006381333931', 'PEN', '01a21d28-0000-7000-8000-000000000001', '01a21d28-0000-7000-8000-000000000002',
   '01a21d28-0000-7000-8000-000000000012', '{"colour": "red"}', 1.50),
  ('01a21d28-0000-7000-8000-000000000102', 'A set', '012345678905', 'SET', NULL, NULL, NULL, '{}', NULL);
SET pm_catalog.user_id = '01a21d28-0000-7000-8000-0000000000ff';
SET pm_catalog.reason = 'it''s "new"';
UPDATE products SET title = 'A red pen', technical_specs = '{"colour": "dark red", "nib": 0.50}', weight = NULL WHERE sku = 'PEN';
UPDATE products SET status = 'discontinued' WHERE sku = 'SET';
INSERT INTO supplier_products (product_id, supplier_id, supplier_sku, cost, digest) VALUES ('01a21d28-0000-7000-8000-000000000101', '01a21d28-0000-7000-8000-000000000001', 'A-1', 0.3333, md5('x')::uuid);
INSERT INTO product_prices (product_id, price, valid_from, valid_until) VALUES ('01a21d28-0000-7000-8000-000000000101', 9.9900, '2026-01-01', '2026-02-01');
INSERT INTO product_prices (product_id, price, valid_from) VALUES ('01a21d28-0000-7000-8000-000000000101', 10, '2026-02-01');
INSERT INTO product_variants (id, product_id, name, attributes) VALUES ('01a21d28-0000-7000-8000-000000000201', '01a21d28-0000-7000-8000-000000000101', 'Broad', '{"nib": "B"}');
INSERT INTO product_stocks (product_id, variant_id, on_hand, reserved, low_stock_threshold) VALUES ('01a21d28-0000-7000-8000-000000000101', '01a21d28-0000-7000-8000-000000000201', 5, 2, 3);
INSERT INTO product_bundles (id, product_id) VALUES ('01a21d28-0000-7000-8000-000000000301', '01a21d28-0000-7000-8000-000000000102');
INSERT INTO product_bundle_items (bundle_id, product_id, quantity) VALUES ('01a21d28-0000-7000-8000-000000000301', '01a21d28-0000-7000-8000-000000000101', 3);
INSERT INTO product_categories (product_id, category_id) VALUES ('01a21d28-0000-7000-8000-000000000102', '01a21d28-0000-7000-8000-000000000011');
INSERT INTO product_images (product_id, supplier_id, url, position) SELECT '01a21d28-0000-7000-8000-000000000101', s.id, 'https://x.example/a.jpg', 2 FROM suppliers AS s ORDER BY s.id LIMIT 1;
INSERT INTO product_tags (product_id, tag_id) VALUES ('01a21d28-0000-7000-8000-000000000101', '01a21d28-0000-7000-8000-000000000004');
INSERT INTO product_relations (product_id, related_id) VALUES ('01a21d28-0000-7000-8000-000000000101', '01a21d28-0000-7000-8000-000000000102');
INSERT INTO product_seo (product_id, meta_title, meta_keywords) VALUES ('01a21d28-0000-7000-8000-000000000101', 'Buy a "pen"', '{pen,"red, dark"}');
SELECT delete_product('01a21d28-0000-7000-8000-000000000102', 'not sold any more');
CREATE TABLE public.file (row_no bigint, gtin gtin, title text, brand text, category text, price numeric, stock integer, on_hand integer);
INSERT INTO public.file VALUES (1, '5901234123457', 'A pencil', 'Pencils & Co', 'Office > Pencils', 1.50, 7, 3), (2, '9780306406157', NULL, NULL, NULL, NULL, NULL, NULL);
SELECT count(*) FROM merge_products('01a21d28-7d45-7936-84e2-00000000000a', 1, 'public.file', '01a21d28-0000-7000-8000-000000000001');
SQL

# Every row of every table that is dumped, and where its sequences are.
sub picture
{
	my ($on, $database) = @_;
	my $tables = $on->safe_psql($database, q{SELECT c.oid::regclass FROM pg_class AS c WHERE c.relnamespace = 'pm_catalog'::regnamespace AND c.relkind = 'r'
		AND coalesce(obj_description(c.oid, 'pg_class'), '') NOT LIKE 'Not dumped: %' ORDER BY 1});
	my @rows = map { "$_\n" . $on->safe_psql($database, "SELECT t::text FROM $_ AS t ORDER BY 1") } split /\n/, $tables;
	return join "\n", @rows,
	  $on->safe_psql($database, q{SELECT sequencename, last_value FROM pg_sequences AS s WHERE schemaname = 'pm_catalog'
		AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = format('pm_catalog.%I', s.sequencename)::regclass
			AND obj_description(d.refobjid, 'pg_class') LIKE 'Not dumped: %') ORDER BY 1}),
	  $on->safe_psql($database, q{SELECT topic, key, payload FROM pm_xref._events ORDER BY id});
}

# Tests that what comes next is as if nothing had been restored.
sub goes_on
{
	my ($on, $database, $name) = @_;
	my $events = $on->safe_psql($database, 'SELECT count(*) FROM pm_xref._events');

	is($on->safe_psql($database, q{SELECT v.title, v.weight, v.technical_specs FROM pm_catalog.product_versions AS p, pm_catalog.product_as_of(p.product_id, p.made_at) AS v WHERE p.version = 1 AND v.sku = 'PEN'}),
		'A pen|1.500|{"colour": "red"}', "$name: the past is there");
	is($on->safe_psql($database, q{SELECT reason, new_value FROM pm_catalog.product_history('01a21d28-0000-7000-8000-000000000101') WHERE column_name = 'title'}),
		q{it's "new"|"A red pen"}, "$name: and who made the present");
	is($on->safe_psql($database, q{UPDATE pm_catalog.products SET title = 'A blue pen' WHERE sku = 'PEN' RETURNING version, change_id = (SELECT max(change_id) + 1 FROM pm_catalog.products)}),
		'3|t', "$name: versions and changes go on");
	is($on->safe_psql($database, q{SELECT pm_catalog.revert('01a21d28-0000-7000-8000-000000000101', 1)}), '4', "$name: and back");
	is($on->safe_psql($database, 'SELECT count(*) FROM pm_xref._events') - $events, 2, "$name: with their events");
	my $merge = sub { my ($batch) = @_; return $on->safe_psql($database, sprintf q{SELECT row_no, outcome, product_id IS NOT NULL, reason
		FROM pm_catalog.merge_products('01a21d28-7d45-7936-84e2-00000000000a', %d, 'public.file', '01a21d28-0000-7000-8000-000000000001') ORDER BY row_no}, $batch) };
	is($merge->(1), "1|created|t|\n2|conflict|f|23502: a new product needs a title", "$name: a batch that was merged is remembered");
	is($merge->(2), "1|unchanged|t|\n2|conflict|f|23502: a new product needs a title", "$name: and its rows are unchanged");
	my ($status, undef, $error) = $on->psql($database, q{UPDATE pm_catalog.products SET sku = 'S' WHERE id = '01a21d28-0000-7000-8000-000000000102'});
	like($error, qr/is deleted/, "$name: rules hold");
	return;
}

my $picture = picture($node, 'original');
foreach my $table (qw(changes suppliers brands categories families tags products product_versions supplier_products product_prices product_stocks product_variants
	product_bundles product_bundle_items product_categories product_tags product_relations product_seo product_images price_bands merges merge_outcomes))
{
	like($picture, qr/^(?:pm_catalog\.)?\Q$table\E\n\(/m, "$table has a row");
}
like($picture, qr/^catalog\.product\.deleted/m, 'an event of a product');

# as deploy restores: nothing is derived, and references may come in any order
my $dir = survives_restore($node, 'original', \&picture, \&goes_on, replica => 1);
$node->safe_psql('postgres', 'CREATE DATABASE derived TEMPLATE template0');
$node->command_checks_all([ 'psql', '-Xq', '-h', $node->host, '-p', $node->port, '-v', 'ON_ERROR_STOP=1', '-f', "$dir/plain", '-d', 'derived' ],
	3, [], [qr/table "pm_catalog\._category_counts" is kept by the server.*session_replication_role=replica/s], 'a restore that would derive anew says how to do it');
is($node->safe_psql('derived', 'SELECT count(*) FROM pm_catalog.products'), '0', 'at once');
survives_upgrade($node, 'original', \&picture, \&goes_on);
done_testing();
