#
# 012_concurrent.pl - many sessions resolve overlapping codes and decide about them: nobody
# fails, each code has one row, and every code is counted
#
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $sessions = 6;
my $rounds   = $ENV{PM_SOAK} ? 500 : 40;
my $node     = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nlog_statement = none\ndeadlock_timeout = 100ms\n");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION pm_suppliers CASCADE;
INSERT INTO pm_suppliers.suppliers (code, name) VALUES ('a', 'A'), ('b', 'B');
-- codes in no order, many of them several times
CREATE FUNCTION some_codes() RETURNS text[] LANGUAGE sql VOLATILE AS $$
  SELECT array_agg('code ' || floor(random() * 60)) FROM generate_series(1, 20)
$$;
SQL

# What one session does in a round: 20 codes of one supplier at once, and one of the other;
# a decision now and then, each in a transaction of its own.
$node->pgbench(
	"--no-vacuum --client=$sessions --jobs=2 --transactions=$rounds",
	0,
	[qr/number of transactions actually processed: @{[ $sessions * $rounds ]}\/@{[ $sessions * $rounds ]}/, qr/number of failed transactions: 0 /],
	[qr/^$/],
	'no session fails',
	{
		'round' => <<'SQL'
\set n random(1, 60)
\set what random(1, 4)
SELECT count(*) FROM pm_suppliers.resolve_eans('a', some_codes());
SELECT status FROM pm_suppliers.resolve_ean('b', 'code ' || :n);
\if :what = 1
SELECT pm_suppliers.confirm_resolution('a', 'code ' || :n, '4006381333931');
\elif :what = 2
SELECT pm_suppliers.reject_resolution('a', 'CODE ' || :n, 'no');
\endif
SQL
	});
my $all = $sessions * $rounds;
is($node->safe_psql('postgres', q{SELECT supplier_code, sum(seen) FROM pm_suppliers.supplier_ean_resolutions GROUP BY 1 ORDER BY 1}),
	'a|' . 20 * $all . "\nb|$all", 'every code is in its row');
is($node->safe_psql('postgres', q{SELECT supplier_code, sum(codes) FROM pm_suppliers.supplier_quality WHERE period = 'day' GROUP BY 1 ORDER BY 1}),
	'a|' . 20 * $all . "\nb|$all", 'and in the figures');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pm_suppliers._resolutions GROUP BY supplier_id, pm_suppliers.code_key(original_ean) HAVING count(*) > 1}), '', 'one row a code');
cmp_ok($node->safe_psql('postgres', q{SELECT max(n) FROM (SELECT count(*) AS n FROM pm_suppliers._code_counts GROUP BY supplier_id, day) AS c}), '<=', $sessions,
	'no more rows of counts than there were sessions');
is($node->safe_psql('postgres', q{SELECT count(*) > 0 AND bool_and(decided_by IS NOT NULL) FROM pm_suppliers.supplier_ean_resolutions WHERE status <> 'automatic'}), 't', 'decisions were made');
$node->stop;
done_testing();
