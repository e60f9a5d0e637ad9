#
# 012_meanwhile.pl - rows and keys that change while they are checked: no false report
#
# The parents are a view that waits for a lock before its last row.  Until the lock is
# released, everything has been read but that.
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
make_reference($child, $parent, 1000);
$parent->safe_psql('shop', <<'SQL');
ALTER TABLE products RENAME TO rows;
CREATE FUNCTION last() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(1);
  RETURN 5;
END $$;
CREATE VIEW products AS SELECT id FROM rows UNION ALL SELECT last();
GRANT SELECT ON products TO reader;
SQL
$child->safe_psql('postgres', 'CREATE TABLE bare AS SELECT product_id FROM media WHERE id < 1');
$child->safe_psql('postgres', q{SELECT pm_xref.add_reference('bare', 'bare', 'product_id', 'shop', 'public.products')});

# Orphans that a check finds while something is done on both sides.
sub orphans_meanwhile
{
	my ($reference, $engine, $here, $there) = @_;
	my $holder = $parent->background_psql('shop');
	my ($out, $err) = ('', '');
	$holder->query_safe('SELECT pg_advisory_lock(1)');
	my $run = IPC::Run::start([ 'psql', '-XAtq', '-d', $child->connstr('postgres'), '-c',
		"SELECT row_key, key FROM pm_xref.find_orphans('$reference', '$engine') ORDER BY key::bigint" ], '>', \$out, '2>', \$err);
	$parent->poll_query_until('shop', q{SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted}) or die 'no lock';
	$child->safe_psql('postgres', $here) if $here;
	$parent->safe_psql('shop', $there) if $there;
	$holder->quit;
	$run->finish;
	diag($err) if $err;
	return $out;
}

foreach my $engine (qw(stream fdw))
{
	my $both = qq({"id": -1}|-1\n{"id": 0}|0\n);
	is(orphans_meanwhile('media to products', $engine, '', ''), $both, "$engine: nothing changes");
	is(orphans_meanwhile('media to products', $engine, '', 'INSERT INTO rows VALUES (0)'), qq({"id": -1}|-1\n), "$engine: a parent comes");
	$parent->safe_psql('shop', 'DELETE FROM rows WHERE id = 0');
	is(orphans_meanwhile('media to products', $engine, 'DELETE FROM media WHERE id = 0', ''), qq({"id": -1}|-1\n), "$engine: an orphan goes");
	is(orphans_meanwhile('media to products', $engine, 'INSERT INTO media VALUES (0, 0)', ''), qq({"id": -1}|-1\n),
		"$engine: an orphan that comes is the next check's");
	is(orphans_meanwhile('media to products', $engine, 'UPDATE media SET product_id = 7 WHERE id = 0', ''), qq({"id": -1}|-1\n), "$engine: an orphan is mended");
	$child->safe_psql('postgres', 'UPDATE media SET product_id = 0 WHERE id = 0');
	is(orphans_meanwhile('media to products', $engine, 'UPDATE media SET product_id = NULL WHERE id = 0', ''), qq({"id": -1}|-1\n), "$engine: it is set null");
	$child->safe_psql('postgres', 'UPDATE media SET product_id = 0 WHERE id = 0');
	is(orphans_meanwhile('media to products', $engine, 'UPDATE media SET product_id = product_id WHERE id < 1', ''), $both,
		"$engine: rows that changed elsewhere are found by their primary key");
	# a child and its parent come together, the parent after all parents have been read
	is(orphans_meanwhile('media to products', $engine, 'INSERT INTO media VALUES (5000, 5000)', 'INSERT INTO rows VALUES (5000)'), $both, "$engine: a pair comes");
	# and go together
	is(orphans_meanwhile('media to products', $engine, 'DELETE FROM media WHERE id = 5000', 'DELETE FROM rows WHERE id = 5000'), $both, "$engine: a pair goes");
	is(orphans_meanwhile('bare', $engine, 'UPDATE bare SET product_id = product_id WHERE product_id = 0', ''), qq({"ctid": "(0,1)"}|-1\n),
		"$engine: without a primary key a row that changed is the next check's");
	$child->safe_psql('postgres', 'VACUUM FULL bare');
}

# two checks of one reference take turns
my $first = $child->background_psql('postgres');
$first->query_safe('BEGIN');
$first->query_safe(q{SELECT orphans FROM pm_xref.check('media to products')});
my ($out, $err) = ('', '');
my $second = IPC::Run::start([ 'psql', '-XAtq', '-d', $child->connstr('postgres'), '-c',
	q{SELECT orphans, new_orphans FROM pm_xref.check('media to products')} ], '>', \$out, '2>', \$err);
ok($child->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%pm_xref.check%'}),
	'the second check waits for the first');
$first->query_safe('COMMIT');
$first->quit;
$second->finish;
is($out, "2|0\n", 'and finds its orphans known');
$child->stop;
$parent->stop;
done_testing();
