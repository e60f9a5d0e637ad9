#
# 010_faults.pl - whatever goes wrong on the other server: a clear error, nothing half
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PmXref;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($child, $parent) = make_servers();
make_reference($child, $parent, 300000);
is($child->safe_psql('postgres', 'SELECT orphans, engine FROM pm_xref.check()'), '2|stream', 'two orphans');

$parent->safe_psql('shop', 'ALTER TABLE products RENAME TO elsewhere');
fails_with($child, '42P01', 'table public.products does not exist on server "shop"', 'table missing');
$parent->safe_psql('shop', 'ALTER TABLE elsewhere RENAME TO products; ALTER TABLE products RENAME id TO key');
fails_with($child, '42703', 'column "id" of table public.products does not exist on server "shop"', 'column missing');
$parent->safe_psql('shop', 'ALTER TABLE products RENAME key TO id; REVOKE SELECT ON products FROM reader');
fails_with($child, '42501', 'permission denied for table products', 'permission denied');
$parent->safe_psql('shop', 'GRANT SELECT ON products TO reader; REVOKE CONNECT ON DATABASE shop FROM PUBLIC');
fails_with($child, '08001', 'could not connect to server "shop"', 'no right to connect');
$parent->safe_psql('shop', q{GRANT CONNECT ON DATABASE shop TO PUBLIC; ALTER TABLE products ENABLE ROW LEVEL SECURITY});
fails_with($child, '42501', 'query would be affected by row-level security policy', 'a policy hides rows');
$parent->safe_psql('shop', q{ALTER TABLE products DISABLE ROW LEVEL SECURITY;
	ALTER TABLE products ALTER id TYPE uuid USING lpad(id::text, 32, '0')::uuid});
fails_with($child, '42804', 'the types of the two columns do not match', 'type changed');
$parent->safe_psql('shop', q{ALTER TABLE products ALTER id TYPE bigint USING replace(id::text, '-', '')::bigint});
is($child->safe_psql('postgres', 'SELECT orphans, new_orphans, resolved FROM pm_xref.check()'), '2|0|0', 'all is well again');

# the other session is killed in the midst of its answer: the table is larger than what
# sockets hold, and a lock holds the session after the first rows have come
$parent->safe_psql('shop', <<'SQL');
ALTER TABLE products RENAME TO rows;
CREATE FUNCTION stop_at(n bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  IF n = 200000 THEN
    PERFORM pg_advisory_xact_lock_shared(1);
  END IF;
  RETURN n;
END $$;
CREATE VIEW products AS SELECT stop_at(id) AS id FROM rows OFFSET 0;
GRANT SELECT ON products TO reader;
SQL
# Runs a statement that stops in the midst of the stream and does something then.
sub in_the_midst
{
	my ($statement, $do) = @_;
	my $holder = $parent->background_psql('shop');
	my ($out, $err) = ('', '');
	$holder->query_safe('SELECT pg_advisory_lock(1)');
	my $run = IPC::Run::start([ 'psql', '-XAtq', '-d', $child->connstr('postgres'), '-c', '\set VERBOSITY verbose', '-c', $statement ],
		'>', \$out, '2>', \$err);
	$parent->poll_query_until('shop', q{SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted})
	  or die 'the stream did not stop';
	$do->();
	eval { $holder->quit; };
	$run->finish;
	return ($out, $err);
}
my $find = q{SELECT count(*) FROM pm_xref.find_orphans('media to products')};
my $kill = q{SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'reader'};
my ($out, $err) = in_the_midst($find, sub { $parent->safe_psql('shop', $kill); });
like($err, qr/ERROR:  08006: reference "media to products": the connection to server "shop" was lost/, 'killed mid-stream');
like($err, qr/terminating connection due to administrator command/, 'with the reason');
my $before = $child->safe_psql('postgres', 'SELECT o::text FROM pm_xref.orphans AS o ORDER BY 1');
($out, $err) = in_the_midst('SELECT orphans IS NULL FROM pm_xref.check()', sub { $parent->safe_psql('shop', $kill); });
is($out, "t\n", 'killed during a check');
is(checks_of($child, 'sqlstate'), '08006', 'which is recorded');
is($child->safe_psql('postgres', 'SELECT o::text FROM pm_xref.orphans AS o ORDER BY 1'), $before, 'the orphans are kept');

# a cancel comes through at once, and leaves no connection behind
my $cancel = q{SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE query LIKE '%find_orphans%' AND pid <> pg_backend_pid()};
($out, $err) = in_the_midst($find, sub {
	$child->safe_psql('postgres', $cancel);
	$child->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE query LIKE '%find_orphans%' AND pid <> pg_backend_pid()});
});
like($err, qr/ERROR:  57014: canceling statement due to user request/, 'cancelled mid-stream');
ok($parent->poll_query_until('shop', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE usename = 'reader'}), 'no session is left');
# the server itself goes
($out, $err) = in_the_midst($find, sub { $parent->stop('immediate'); });
like($err, qr/ERROR:  08006: reference "media to products": the connection to server "shop" was lost/, 'server stopped mid-stream');
fails_with($child, '08001', 'could not connect to server "shop"', 'server down');
$parent->start;
is($child->safe_psql('postgres', 'SELECT orphans, new_orphans, resolved FROM pm_xref.check()'), '2|0|0', 'it is back');

# many failures leave no descriptor behind
my $loop = q{DO $$ BEGIN
  FOR i IN 1 .. 300 LOOP
    BEGIN
      PERFORM * FROM pm_xref.find_orphans('media to products');
    EXCEPTION WHEN insufficient_privilege THEN
      NULL;
    END;
  END LOOP;
END $$};
$parent->safe_psql('shop', 'REVOKE SELECT ON products FROM reader');
is(($child->psql('postgres', $loop))[0], 0, '300 failures in one session');
ok($parent->poll_query_until('shop', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE usename = 'reader'}), 'no session is left');
$child->stop;
$parent->stop;
done_testing();
