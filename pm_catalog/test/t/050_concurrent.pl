#
# 050_concurrent.pl - many clients write prices, stocks, categories, products and events
# at once, while counts and events are folded: every derived value stays exact
#
# What the clients do is drawn by pgbench from a seed that is printed.  Derived values
# are compared with their definition, each in one snapshot, while everybody writes.
#
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seed = $ENV{PM_SEED} // int(rand(1 << 31));
my $transactions = $ENV{PM_SOAK} ? 20_000 : 500;
note("PM_SEED=$seed");

my $node = PostgreSQL::Test::Cluster->new('concurrent');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nlog_statement = none\ndeadlock_timeout = 100ms\n");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION pm_catalog CASCADE;
ALTER DATABASE postgres SET search_path = pm_catalog, pm_gtin, public;
CREATE FUNCTION public.nth(n bigint) RETURNS uuid IMMUTABLE RETURN ('01a21d28-7d45-7936-84e2-' || lpad(n::text, 12, '0'))::uuid;
CREATE FUNCTION public.day(n bigint) RETURNS timestamptz IMMUTABLE RETURN '2026-01-01 00:00:00Z'::timestamptz + n * interval '24 hours';
INSERT INTO pm_catalog.categories (id, name, parent_id)
SELECT public.nth(i), 'Category ' || i, CASE WHEN i > 4 THEN public.nth(i / 3) END FROM generate_series(1, 60) AS i;
INSERT INTO pm_catalog.products (id, title, category_id) SELECT public.nth(i), 'Product ' || i, public.nth(1 + i % 60) FROM generate_series(1, 200) AS i;
INSERT INTO pm_catalog.product_stocks (product_id, on_hand) SELECT public.nth(i), 1000 FROM generate_series(1, 5) AS i;
CREATE TABLE public.promised (product_id uuid, pieces integer);
-- does it, unless it is refused
CREATE FUNCTION public.try(statement text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE statement;
  RETURN true;
EXCEPTION WHEN check_violation OR unique_violation OR foreign_key_violation THEN
  RETURN false;
END $$;
SQL

my %script = (
	# a price comes, a few of several products, one goes, one moves
	prices => <<'SQL',
\set p random(1, 20)
\set q random(1, 20)
\set d random(1, 400)
\set what random(1, 4)
\if :what = 1
SELECT try(format('INSERT INTO product_prices (product_id, price, valid_from) VALUES (nth(%s), 1, day(%s))', :p, :d));
\elif :what = 2
INSERT INTO product_prices (product_id, price, valid_from, valid_until) SELECT nth(i), 2, day(:d), day(:d + 7) FROM generate_series(least(:p, :q), greatest(:p, :q)) AS i ON CONFLICT DO NOTHING;
\elif :what = 3
DELETE FROM product_prices WHERE id = (SELECT id FROM product_prices WHERE product_id = nth(:p) ORDER BY valid_from LIMIT 1);
\else
SELECT try(format('UPDATE product_prices SET valid_from = day(%s) WHERE id = (SELECT id FROM product_prices WHERE product_id = nth(%s) AND ends_at IS NULL LIMIT 1)', :d, :q));
\endif
SQL
	stocks => <<'SQL',
\set p random(1, 5)
\set n random(1, 90)
SELECT try(format('INSERT INTO promised SELECT nth(%1$s), %2$s WHERE reserve_stock(nth(%1$s), %2$s) >= 0', :p, :n));
SQL
	# a subtree moves, a path is wanted, a leaf goes
	categories => <<'SQL',
\set c random(1, 60)
\set d random(1, 60)
\set what random(1, 4)
\if :what <= 2
SELECT try(format('UPDATE categories SET parent_id = nth(%s) WHERE id = nth(%s)', :d, :c));
\elif :what = 3
SELECT ensure_category('main', ARRAY['Top', 'New ' || :c % 7, 'Newer ' || :d % 3]);
\else
SELECT try(format('DELETE FROM categories WHERE id = (SELECT id FROM categories WHERE name = ''Newer %s'' LIMIT 1)', :d % 3));
\endif
SQL
	# products come, change category, hide and go
	products => <<'SQL',
\set p random(21, 200)
\set q random(21, 200)
\set c random(1, 60)
\set what random(1, 5)
\if :what = 1
INSERT INTO products (title, category_id) SELECT 'More', nth(1 + (i + :c) % 60) FROM generate_series(1, 3) AS i;
\elif :what = 2
UPDATE products SET deleted_at = now() WHERE id = (SELECT id FROM products WHERE title = 'More' AND deleted_at IS NULL LIMIT 1) AND deleted_at IS NULL;
DELETE FROM products WHERE id = (SELECT id FROM products WHERE title = 'More' AND deleted_at IS NOT NULL LIMIT 1);
\elif :what = 3
UPDATE products SET category_id = nth(:c) WHERE id = nth(:p);
\elif :what = 4
UPDATE products SET is_active = NOT is_active WHERE id = nth(:p);
\else
UPDATE products SET category_id = NULL WHERE id = nth(:q);
\endif
SQL
	events => <<'SQL',
\set p random(1, 20)
SELECT record_event(nth(:p), 'view');
SQL
	folds => <<'SQL',
SELECT _fold_counts(), _fold_events(50);
SQL
);

my @weights = ([ prices => 5 ], [ stocks => 3 ], [ categories => 3 ], [ products => 5 ], [ events => 3 ], [ folds => 1 ]);
my @files;
foreach my $part (@weights)
{
	my ($name, $weight) = @$part;
	my $path = $node->basedir . "/$name.pgbench";
	append_to_file($path, $script{$name});
	push @files, '-f', "$path\@$weight";
}

# How many rows a reader sees that are wrong.
my %wrong = (
	counts => <<'SQL',
WITH shown AS MATERIALIZED (SELECT p.category_id FROM products AS p WHERE p.status = 'active' AND p.is_active AND p.deleted_at IS NULL)
SELECT count(*) FROM category_counts AS n
WHERE n.products <> (SELECT count(*) FROM shown AS s WHERE s.category_id = n.category_id)
   OR n.products_below <> (SELECT count(*) FROM shown AS s JOIN category_subtree(n.category_id) AS t ON t.id = s.category_id)
SQL
	paths => <<'SQL',
WITH RECURSIVE down(id, path) AS (
  SELECT id, ARRAY[number] FROM categories WHERE parent_id IS NULL
  UNION ALL
  SELECT c.id, d.path || c.number FROM down AS d JOIN categories AS c ON c.parent_id = d.id
)
SELECT count(*) FROM categories AS c LEFT JOIN down AS d ON d.id = c.id WHERE c.path IS DISTINCT FROM d.path
SQL
	periods => <<'SQL',
SELECT count(*) FROM product_prices AS p
WHERE p.valid_until IS DISTINCT FROM least(p.ends_at, (SELECT min(n.valid_from) FROM product_prices AS n WHERE n.product_id = p.product_id AND n.valid_from > p.valid_from))
SQL
	stocks => <<'SQL',
SELECT count(*) FROM product_stocks AS s
WHERE s.reserved > s.on_hand OR s.reserved <> (SELECT coalesce(sum(p.pieces), 0) FROM promised AS p WHERE p.product_id = s.product_id)
SQL
);

my ($out, $err) = ('', '');
my $run = IPC::Run::start(
	[ 'pgbench', '-n', '-c', 6, '-j', 1, '-t', $transactions, "--random-seed=$seed", '--max-tries=100', @files,
		'-h', $node->host, '-p', $node->port, 'postgres' ],
	'>', \$out, '2>', \$err);
my $looks = 0;
my %faults;
while ($run->pumpable)
{
	$run->pump_nb;
	$faults{$_} += $node->safe_psql('postgres', $wrong{$_}) foreach sort keys %wrong;
	$looks++;
}
$run->finish;
is($run->full_result(0), 0, 'every client did all of its transactions') or diag($err);
like($out, qr/number of failed transactions: 0 /, 'no transaction was given up') or diag($out);
my ($retried) = $out =~ /number of transactions retried: (\d+)/;
note('tried again after a deadlock: ', $retried // 0);
cmp_ok($looks, '>', 1, 'looked meanwhile') and note("$looks times");
is($faults{$_}, 0, "$_ were right whenever looked at") foreach sort keys %wrong;

$node->safe_psql('postgres', 'SELECT _fold_counts(), _fold_events()');
is($node->safe_psql('postgres', 'SELECT (SELECT count(*) FROM _category_deltas), (SELECT count(*) FROM _product_events)'), '0|0', 'everything is folded');
is($node->safe_psql('postgres', $wrong{$_}), '0', "$_ are right in the end") foreach sort keys %wrong;
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM product_prices'), '>', 20, 'prices were written');
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM product_stocks WHERE available < 90'), '>', 0, 'there was not enough stock for all');
cmp_ok($node->safe_psql('postgres', 'SELECT max(depth) FROM categories'), '>', 3, 'categories were moved');

# no event is lost or counted twice: the half-life is a week
my ($events) = $out =~ /events\.pgbench\n.*?- (\d+) transactions/s;
is($node->safe_psql('postgres', q{SELECT round(sum(score)::numeric) FROM popularity WHERE kind = 'view'}), $events, 'each event counts once');

done_testing();
