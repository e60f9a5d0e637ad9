#
# 061_merge_roles.pl - pm_worker may do all that a merge does, with grants.sql alone
#
use strict;
use warnings;

use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', 'SET client_min_messages = warning; CREATE EXTENSION pm_catalog CASCADE');
$node->safe_psql('postgres', "CREATE ROLE $_ LOGIN") foreach qw(pm_reader pm_writer pm_admin pm_worker);
$node->safe_psql('postgres', slurp_file("$FindBin::RealBin/../../../$_/sql/grants.sql")) foreach qw(pm_jobs pm_xref pm_catalog);
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION noop(job pm_jobs.job) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb';
SELECT pm_jobs.register_handler('noop', 'noop(pm_jobs.job)'), pm_jobs.create_queue('line', ordered => true);
SELECT pm_xref.subscribe('catalog.*', NULL, 'line', 'noop');
INSERT INTO pm_catalog.suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-000000000001', 'acme', 'Acme');
INSERT INTO pm_catalog.families (code, name) VALUES ('pens', 'Pens');
GRANT TEMPORARY ON DATABASE postgres TO pm_worker;
SQL

# Merges two good rows and two that break a rule, as pm_worker; all columns have values.
sub merge
{
	my ($batch, $price) = @_;
	return $node->safe_psql('postgres', <<SQL);
SET ROLE pm_worker;
CREATE TEMP TABLE staged OF pm_catalog.merge_row;
INSERT INTO staged (row_no, gtin, supplier_sku, title, brand, category, family, technical_specs, tags, cost, price, currency, stock, location, on_hand, low_stock_threshold, weight)
VALUES (1, '4006381333931', 'S-1', 'A pen', 'Stabilo', 'Office > Pens', 'pens', '{}', '{new,red}', 1, $price, 'EUR', 5, 'main', 7, 3, 0.01),
       (2, '4006381333948', 'S-2', 'A marker', 'Bic', 'Office > Markers', NULL, NULL, '{new}', 1, 2, 'EUR', 5, 'main', 1, 3, 0.01),
       (3, '4006381333955', 'S-3', 'A brush', 'Bic', 'Office > Pens', 'pens', '{"unknown": 1}', NULL, 1, 2, 'EUR', 5, NULL, NULL, NULL, NULL),
       (4, '4006381333962', 'S-4', 'A ruler', 'Bic', 'Office > Pens', NULL, NULL, NULL, 1, -2, 'EUR', 5, NULL, NULL, NULL, NULL);
SELECT row_no, outcome, left(reason, 5) FROM pm_catalog.merge_products('01a21d28-7d45-7936-84e2-06bc7f30a5bb', $batch, 'staged', '01a21d28-7d45-7936-84e2-000000000001') ORDER BY row_no;
SQL
}

is(merge(1, 1.5), "1|created|\n2|created|\n3|conflict|23514\n4|conflict|23514", 'products with brands, categories, attributes, prices, stocks and tags');
is(merge(2, 1.8), "1|updated|\n2|unchanged|\n3|conflict|23514\n4|conflict|23514", 'changes of them');
is($node->safe_psql('postgres', <<'SQL'), "1|1|2|{6}", 'what a merge would do: what there is, what an earlier batch would have made, and what stands in the way');
SET ROLE pm_worker;
CREATE FUNCTION pg_temp.bytes(row_no bigint, gtin pm_gtin.gtin, supplier_sku text, title text, price numeric) RETURNS bytea LANGUAGE sql AS $$
  SELECT int2send(13::int2) || string_agg(coalesce(int4send(length(f)) || f, '\xffffffff'), '' ORDER BY n)
  FROM unnest(ARRAY[int8send(row_no), uuid_send(md5(title)::uuid), pm_gtin.gtin_send(gtin), textsend(supplier_sku), textsend(title), numeric_send(price), textsend('Bic'), textsend('Office > Pens'),
    textsend('pens'), jsonb_send('{}'), int4send(3), array_send('{new}'::text[]), array_send('{http://a/1}'::text[])]) WITH ORDINALITY AS u(f, n)
$$;
SELECT one.created, one.updated, two.created + two.updated, two.row_nos
FROM pm_catalog.try_batch('01a21d28-7d45-7936-84e2-06bc7f30a5bc', 1, '{gtin,supplier_sku,title,price,brand,category,family,technical_specs,on_hand,tags,images}',
       pg_temp.bytes(1, '4006381333931', 'S-1', 'A blue pen', 3) || pg_temp.bytes(2, '4006381333979', 'S-5', 'A rubber', 3), '01a21d28-7d45-7936-84e2-000000000001', 'supplier_sku', '{}', 0) AS one,
     LATERAL pm_catalog.try_batch('01a21d28-7d45-7936-84e2-06bc7f30a5bc', 2, '{gtin,supplier_sku,title,price,brand,category,family,technical_specs,on_hand,tags,images}',
       pg_temp.bytes(4, '4006381333979', 'S-6', 'The rubber', one.created) || pg_temp.bytes(5, '4006381333986', 'S-7', 'A pin', 3) || pg_temp.bytes(6, '4006381333993', 'S-8', 'A clip', -1),
       '01a21d28-7d45-7936-84e2-000000000001', 'supplier_sku', '{}', 1) AS two;
SQL
is($node->safe_psql('postgres', 'SELECT DISTINCT role FROM pm_catalog.changes'), 'pm_worker', 'in its name');
is($node->safe_psql('postgres', "SET ROLE pm_worker; SELECT outcome, count(*) FROM pm_catalog.undo_job('01a21d28-7d45-7936-84e2-06bc7f30a5bb') GROUP BY 1"), 'deleted|2', 'and takes them back');
$node->stop;
done_testing();
