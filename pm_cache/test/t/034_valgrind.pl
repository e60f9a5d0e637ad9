#
# 034_valgrind.pl - no access outside of memory, no use of what was never set
#
# The whole server runs under valgrind's memcheck while several sessions look, store,
# invalidate, fail and are full.  Slow: runs with PM_SOAK=1 only.
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin, "$FindBin::RealBin/../../../test/t";
use PmValgrind;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

needs_valgrind();

my $node = PostgreSQL::Test::Cluster->new('valgrind');
$node->init;
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pm_cache'\npm_cache.size = 1MB\nfsync = off\nlog_statement = none\nmax_connections = 20\n");
my $server = start_under_valgrind($node);

$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION pm_cache;
CREATE FUNCTION through(k text, bytes integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF pm_cache.cache_get(k) IS NULL THEN
    PERFORM pm_cache.cache_set(k, to_jsonb(repeat('x', bytes)), 'products', CASE WHEN bytes % 7 = 0 THEN interval '1 ms' END);
  END IF;
END $$;
SQL
$node->pgbench(
	'--no-vacuum --client=4 --jobs=2 --transactions=100', 0,
	[qr/number of failed transactions: 0 /], [qr/^$/], 'sessions work',
	{
		'look' => "\\set n random(1, 200)\n\\set size random(0, 30000)\nSELECT through('key:' || :n, :size);\n",
		'change' => <<'SQL',
\set n random(1, 20)
BEGIN;
CREATE TEMP TABLE written ();
SELECT through('key:' || :n, 100);
SAVEPOINT a;
SELECT pm_cache.cache_invalidate('key:' || :n);
SELECT through('other:' || :n, 100);
ROLLBACK TO a;
SELECT count(pm_cache.cache_invalidate('key:' || i || ':' || repeat('y', i % 250))) FROM generate_series(1, 20 * :n) AS i;
DROP TABLE written;
COMMIT;
SELECT count(*) FROM pm_cache.cache_stats;
SQL
	});
foreach my $sql (q{SELECT pm_cache.cache_get(repeat('k', 300))}, q{SELECT pm_cache.cache_set('k', '1', repeat('k', 300))}, q{SELECT pm_cache.cache_set('k', '1', 'products', '-1 s')},
	q{SELECT pm_cache.cache_get('k'); SELECT pm_cache.cache_set('k', to_jsonb(repeat('x', 2000000)), 'products')}, q{SELECT pm_cache.cache_get('l'); SELECT 1 / 0})
{
	$node->psql('postgres', $sql);
}
$node->safe_psql('postgres', 'CREATE DATABASE other');
$node->safe_psql('other', q{CREATE EXTENSION pm_cache; SELECT pm_cache.cache_get('k'), pm_cache.cache_set('k', '1', 'products')});
$node->safe_psql('postgres', 'DROP DATABASE other');
$node->safe_psql('postgres', 'DROP EXTENSION pm_cache CASCADE');
stop_without_error($server, qr/\bpm_cache|\bpm_store/);
done_testing();
