#
# 022_faults.pl - crashes, restarts, standbys, databases that go and come, commits that
# take long, memory that is full: never a stale value, and never an error
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PmCache;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $store = q{SELECT pm_cache.cache_get('k'), pm_cache.cache_set('k', '1', 'products'), pm_cache.cache_get('k')};
my $look = q{SELECT pm_cache.cache_get('k')};

foreach my $way (ways())
{
	my ($name, $shared) = @$way;
	my $node = make_node($shared ? 'shared' : 'tables', $shared, "restart_after_crash = on\nsynchronous_standby_names = ''\n");

	# Prepared transactions: what they have read for the cache does not get out.
	is($node->safe_psql('postgres', <<'SQL'), "|t\n\nf\n\n", "$name: read in a transaction that is prepared");
CREATE TABLE written ();
BEGIN;
DROP TABLE written;
SELECT pm_cache.cache_get('p'), pm_cache.cache_set('p', '1', 'products');
SELECT pm_cache.cache_get('q');
PREPARE TRANSACTION 'prepared';
SELECT pm_cache.cache_set('q', '1', 'products');
SELECT pm_cache.cache_get('p');
ROLLBACK PREPARED 'prepared';
SELECT pm_cache.cache_get('p');
SQL

	# A restart, and the crash of a process: everything is gone.
	is($node->safe_psql('postgres', $store), '|t|1', "$name: a value");
	$node->restart;
	is($node->safe_psql('postgres', $look), '', "$name: none after a restart");
	is($node->safe_psql('postgres', $store), '|t|1', "$name: a new one");
	# while one is in the middle of an invalidation
	my $victim = $node->background_psql('postgres', on_error_stop => 0);
	my $pid = $victim->query_safe('SELECT pg_backend_pid()');
	$victim->query_safe(q{BEGIN; SELECT pm_cache.cache_invalidate('k')});
	PostgreSQL::Test::Utils::system_log('pg_ctl', 'kill', 'KILL', $pid);
	$node->poll_query_until('postgres', 'SELECT true');
	is($node->safe_psql('postgres', $look), '', "$name: none after a crash");
	is($node->safe_psql('postgres', $store), '|t|1', "$name: a new one");
	eval { $victim->quit };

	# A backend that is ended in the middle of an invalidation has made none.
	$victim = $node->background_psql('postgres', on_error_stop => 0);
	$pid = $victim->query_safe('SELECT pg_backend_pid()');
	$victim->query_safe(q{BEGIN; SELECT pm_cache.cache_invalidate('k')});
	$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid, 10000)");
	is($node->safe_psql('postgres', $look), '1', "$name: the value stays when the invalidator is ended");
	eval { $victim->quit };

	# A database has its own keys, and none of one that had its oid before.
	$node->safe_psql('postgres', 'CREATE DATABASE one OID = 50000');
	$node->safe_psql('one', 'CREATE EXTENSION pm_cache');
	is($node->safe_psql('one', $look), '', "$name: another database has its own keys");
	$node->safe_psql('one', $store);
	$node->safe_psql('one', q{SELECT pm_cache.cache_invalidate('')});
	is($node->safe_psql('postgres', $look), '1', "$name: and its own invalidations");
	$node->safe_psql('one', 'CREATE TABLE changed ()');
	$node->safe_psql('postgres', 'CREATE DATABASE two TEMPLATE one');
	$node->safe_psql('one', $store);
	$node->safe_psql('postgres', 'DROP DATABASE one');
	$node->safe_psql('postgres', 'CREATE DATABASE one OID = 50000 TEMPLATE two');
	is($node->safe_psql('one', $look), '', "$name: nothing of a dropped database with the same oid");
	is($node->safe_psql('one', q{SELECT pm_cache.cache_get('s'), pm_cache.cache_set('s', '1', 'products'); SELECT stored FROM pm_cache.cache_stats WHERE kind = 'products'}), $shared ? "|t\n1" : "|t\n", "$name: nor of its counts");

	# A function in a parallel plan is called by the leader.
	is($node->safe_psql('postgres', <<'SQL'), '200', "$name: in a parallel query");
CREATE TABLE many AS SELECT n FROM generate_series(1, 200) AS n;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET force_parallel_mode = on;
SELECT count(pm_cache.cache_get('k')) FROM many;
SQL

	# A standby finds nothing and may not invalidate; promoted, it begins with nothing.
	$node->backup('copy');
	my $standby = PostgreSQL::Test::Cluster->new($shared ? 'standby_shared' : 'standby_tables');
	$standby->init_from_backup($node, 'copy', has_streaming => 1);
	$standby->start;
	is($standby->safe_psql('postgres', $look), '', "$name: a standby finds nothing");
	is($standby->safe_psql('postgres', q{SELECT pm_cache.cache_set('k', '2', 'products')}), 'f', "$name: and stores nothing");
	is($standby->safe_psql('postgres', 'SELECT entries FROM pm_cache.cache_stats WHERE kind IS NULL'), '0', "$name: it has figures");
	my (undef, undef, $err) = $standby->psql('postgres', q{SELECT pm_cache.cache_invalidate('k')}, extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	like($err, qr/ERROR:  25006: cannot execute pm_cache.cache_invalidate\(\) during recovery/, "$name: and invalidates nothing");
	$standby->promote;
	is($standby->safe_psql('postgres', $look), '', "$name: promoted, it has nothing");
	is($standby->safe_psql('postgres', $store), '|t|1', "$name: and stores");
	$standby->stop;

	# A commit that takes long: its keys are in doubt, others not; whatever comes of it.
	$node->safe_psql('postgres', q{SELECT pm_cache.cache_get('other'), pm_cache.cache_set('other', '1', 'products')});
	$node->append_conf('postgresql.conf', "synchronous_standby_names = 'nobody'\n");
	$node->reload;
	my $slow = $node->background_psql('postgres', on_error_stop => 0);
	$pid = $slow->query_safe('SELECT pg_backend_pid()');
	$slow->{stdin} .= "BEGIN; CREATE TABLE slow (); SELECT pm_cache.cache_invalidate('k'); COMMIT;\n";
	$slow->{run}->pump_nb;
	$node->poll_query_until('postgres', "SELECT wait_event = 'SyncRep' FROM pg_stat_activity WHERE pid = $pid");
	if ($shared)
	{
		is($node->safe_psql('postgres', q{SELECT to_regclass('slow'), pm_cache.cache_get('k'), pm_cache.cache_set('k', '2', 'products'), pm_cache.cache_get('other')}), '||f|1',
			"$name: a key that is being committed is in doubt, another is not");
	}
	else
	{
		is($node->safe_psql('postgres', q{SELECT to_regclass('slow'), pm_cache.cache_get('k'), pm_cache.cache_get('other')}), '|1|1', "$name: the rows are as before, and so is the value");
	}
	$node->safe_psql('postgres', "SELECT pg_cancel_backend($pid)");
	$node->poll_query_until('postgres', q{SELECT to_regclass('slow') IS NOT NULL});
	is($node->safe_psql('postgres', q{SELECT pm_cache.cache_get('k'), pm_cache.cache_get('other')}), '|1', "$name: committed, it is gone");
	$node->append_conf('postgresql.conf', "synchronous_standby_names = ''\n");
	$node->reload;
	eval { $slow->quit };
	is($node->safe_psql('postgres', $store), '|t|1', "$name: and nothing is in doubt any more");

	# Between the two ways: what one has stored, the other does not believe.
	$node->append_conf('postgresql.conf', $shared ? "shared_preload_libraries = ''\n" : "shared_preload_libraries = 'pm_cache'\n");
	$node->restart;
	is($node->safe_psql('postgres', $look), '', "$name: the other way begins with nothing");
	$node->safe_psql('postgres', q{SELECT pm_cache.cache_invalidate('k')});
	$node->append_conf('postgresql.conf', $shared ? "shared_preload_libraries = 'pm_cache'\n" : "shared_preload_libraries = ''\n");
	$node->restart;
	is($node->safe_psql('postgres', $look), '', "$name: and so does this way again");
	$node->stop;
}

# Memory is bounded: what is read stays.
my $node = make_node('small', 1, "pm_cache.size = 1MB\n");
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION fill(first integer, last integer, bytes integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN first .. last LOOP
    IF pm_cache.cache_get('fill:' || i) IS NULL THEN
      PERFORM pm_cache.cache_set('fill:' || i, to_jsonb(repeat('x', bytes)), 'products');
    END IF;
    PERFORM pm_cache.cache_get('hot:' || i % 10);
  END LOOP;
END $$;
SELECT pm_cache.cache_get('hot:' || i), pm_cache.cache_set('hot:' || i, to_jsonb(i), 'brands') FROM generate_series(0, 9) AS i;
SELECT fill(1, 20000, 100), fill(20001, 20400, 9000);
SQL
is($node->safe_psql('postgres', q{SELECT count(pm_cache.cache_get('hot:' || i)) FROM generate_series(0, 9) AS i}), '10', 'what is read stays');
is($node->safe_psql('postgres', q{SELECT bytes <= 1024 * 1024, bytes > 900 * 1024, evictions > 20000, entries + evictions = stored FROM pm_cache.cache_stats WHERE kind = 'products'}), 't|t|t|t',
	'the rest is evicted, and memory is full');
is($node->safe_psql('postgres', q{SELECT pm_cache.cache_get('large'), pm_cache.cache_set('large', to_jsonb(repeat('x', 300000)), 'products')}), '|f', 'a quarter of it is the most for one value');
$node->stop;

# Tables are trimmed: expired, invalidated, twice stored, too much.
$node = make_node('trimmed', 0, "pm_cache.size = 1MB\nautovacuum = off\n");
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION fill(first integer, last integer, bytes integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN first .. last LOOP
    IF pm_cache.cache_get('fill:' || i) IS NULL THEN
      PERFORM pm_cache.cache_set('fill:' || i, (SELECT jsonb_agg(md5(i || ' ' || n)) FROM generate_series(1, bytes / 34) AS n), 'products');
    END IF;
  END LOOP;
END $$;
SQL
$node->safe_psql('postgres', 'SELECT fill(1, 600, 4000)');
is($node->safe_psql('postgres', q{SELECT bytes < 1700000, bytes > 500000 FROM pm_cache.cache_stats WHERE kind = 'products'}), 't|t', 'tables: no more than the size, and what comes between two trims');
is($node->safe_psql('postgres', q{SELECT pm_cache.cache_get('fill:600') IS NOT NULL, pm_cache.cache_get('fill:1') IS NULL}), 't|t', 'tables: the oldest go');
# an old snapshot must still be able to tell
my $old = $node->background_psql('postgres');
$old->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
$node->safe_psql('postgres', "SELECT pm_cache.cache_invalidate('fill:60')") foreach 1 .. 300;
$old->query_safe('COMMIT');
$old->quit;
$node->safe_psql('postgres', "SELECT pm_cache.cache_invalidate('fill:60')") foreach 1 .. 130;
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM pm_cache._invalidations'), '<=', 130, 'tables: invalidations that everybody sees are deleted');
is($node->safe_psql('postgres', q{SELECT pm_cache.cache_get('fill:600')}), '', 'tables: and what they took out does not come back');
$node->stop;
done_testing();
