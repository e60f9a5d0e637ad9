#
# 020_repair.pl - repair and restore with the parent on another server
#
# What is found there is locked until the commit here; whatever fails on either side,
# nothing has been changed; and who may do what, also at night.
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
$child->safe_psql('postgres', 'SELECT * FROM pm_xref.check()');
my $repair = q{SELECT key, outcome FROM pm_xref.repair('media to products', 'quarantine', false) ORDER BY key::bigint};
my $restore = q{SELECT key, outcome FROM pm_xref.restore_quarantined('media to products') ORDER BY key::bigint};
my $sessions = q{SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pm_xref'};

# Everything that a repair may change.
sub picture
{
	return $child->safe_psql('postgres', q{SELECT m::text FROM media AS m WHERE id < 1 OR id > 1000 UNION ALL SELECT reference || key || state FROM pm_xref.orphans
		UNION ALL SELECT q::text FROM pm_xref.quarantined AS q ORDER BY 1});
}

# Tests that a statement fails so, and has changed nothing.
sub changes_nothing
{
	my ($sql, $error, $name) = @_;
	my $before = picture();
	my ($status, $out, $err) = $child->psql('postgres', "\\set VERBOSITY verbose\n$sql");
	isnt($status, 0, "$name: fails");
	like($err, $error, "$name: the error");
	is(picture(), $before, "$name: nothing has been changed");
	return $err;
}

# Tests that so many of our sessions are there, or soon will be.
sub has_sessions
{
	my ($count, $name) = @_;
	ok($parent->poll_query_until('shop', $sessions, $count), $name);
}

# Starts a statement in the background; the second value is its output, once it has been finished.
sub start
{
	my ($node, $database, $sql) = @_;
	my $out = '';
	return (IPC::Run::start([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-v', 'VERBOSITY=verbose', '-d', $node->connstr($database), '-c', $sql ], '>&', \$out), \$out);
}

# rights on the other server
my $err = changes_nothing($repair, qr/ERROR:  42501: reference "media to products": server "shop" says: permission denied for table products/, 'no UPDATE there');
like($err, qr/HINT: .*GRANT SELECT, UPDATE \(id\) ON public\.products TO reader/, 'the hint says what to grant');
$parent->safe_psql('shop', 'GRANT UPDATE (id) ON products TO reader; ALTER TABLE products ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON products USING (id > 10)');
changes_nothing($repair, qr/42501: .*row-level security policy/, 'hidden keys are not taken for gone');
$parent->safe_psql('shop', 'ALTER TABLE products DISABLE ROW LEVEL SECURITY');
is($child->safe_psql('postgres', q{SELECT outcome, count(*) FROM pm_xref.repair('media to products', 'report') GROUP BY 1}), 'orphan|2', 'with the rights it works');
has_sessions(0, 'and the connection is closed');

# the key that was found is held until the commit here
$parent->safe_psql('shop', 'INSERT INTO products VALUES (0)');
my $session = $child->background_psql('postgres', on_error_stop => 0);
$session->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
$session->query_safe('SELECT count(*) FROM media');
is($session->query_safe($repair), "-1|quarantined\n0|resolved", 'one key is there again');
my ($delete, $deleted) = start($parent, 'shop', 'DELETE FROM products WHERE id = 0 RETURNING id');
ok( $parent->poll_query_until(
		'shop', q{SELECT count(*) = 1 FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = ANY (pg_blocking_pids(l.pid))
		WHERE NOT l.granted AND a.application_name = 'pm_xref' AND a.state = 'idle in transaction'}),
	'DELETE of it waits for us');
$session->query_safe('COMMIT');
$delete->finish;
is($$deleted, "0\n", 'until we commit');
has_sessions(0, 'after the commit the connection is closed');

# and while a row is put back
$parent->safe_psql('shop', 'INSERT INTO products VALUES (-1)');
$session->query_safe('BEGIN');
is($session->query_safe($restore), '-1|restored', 'its parent has come');
($delete, $deleted) = start($parent, 'shop', 'DELETE FROM products WHERE id = -1 RETURNING id');
ok($parent->poll_query_until('shop', q{SELECT count(*) = 1 FROM pg_locks WHERE NOT granted}), 'which cannot go');
$session->query_safe('ROLLBACK');
$delete->finish;
is($$deleted, "-1\n", 'until we roll back');
has_sessions(0, 'after a rollback the connection is closed');
is($child->safe_psql('postgres', $restore), '-1|no parent', 'the parent has gone, the row stays away');

# connections belong to subtransactions
$child->safe_psql('postgres', 'SELECT * FROM pm_xref.check()');
$session->query_safe('BEGIN; SAVEPOINT one');
is($session->query_safe($repair), '0|quarantined', 'in a subtransaction');
is($parent->safe_psql('shop', $sessions), '1', 'a connection');
$session->query_safe('ROLLBACK TO one');
has_sessions(0, 'that goes with it');
is($session->query_safe($repair), '0|quarantined', 'again');
$session->query_safe('RELEASE one');
is($parent->safe_psql('shop', $sessions), '1', 'one that is handed on');
is($session->query_safe($restore), "-1|no parent\n0|no parent", 'and used again');
is($parent->safe_psql('shop', $sessions), '1', 'by the outer transaction');

# the other server forgets its locks before we commit
$parent->safe_psql('shop', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pm_xref'});
my $before = picture();
$session->query('COMMIT');
like($session->{stderr}, qr/reference "media to products": the connection to server "shop" was lost/, 'connection lost before the commit: it fails');
$session->quit;
is(picture(), $before, 'and nothing has been changed');
changes_nothing("BEGIN;\n$repair;\n\\! pg_ctl -D @{[ $parent->data_dir ]} -m immediate -w stop >/dev/null\nCOMMIT", qr/08006: .*the connection to server "shop" was lost/, 'server stopped before the commit');
changes_nothing($repair, qr/08001: .*could not connect to server "shop"/, 'server down');
changes_nothing($restore, qr/08001: .*could not connect to server "shop"/, 'server down, restore');
is($child->safe_psql('postgres', q{SELECT outcome FROM pm_xref.restore_quarantined('media to products', true)}), 'restored', 'what is restored by force needs no server');
$parent->_update_pid(0);
$parent->start;

# half an answer: the first batch of orphans is done with, the second waits for a lock
$child->safe_psql('postgres', 'INSERT INTO media SELECT i, i FROM generate_series(2001, 3500) AS i; SET pm_xref.max_repair_ratio = 1; SELECT * FROM pm_xref.check()');
my $late = $child->safe_psql('postgres', q{SELECT key FROM pm_xref.orphans WHERE state = 'orphan' ORDER BY id DESC LIMIT 1});
$parent->safe_psql('shop', "INSERT INTO products VALUES ($late)");
my $holder = $parent->background_psql('shop');
$holder->query_safe("BEGIN; DELETE FROM products WHERE id = $late");
$before = picture();
my ($run, $said) = start($child, 'postgres', "SET pm_xref.max_repair_ratio = 1; $repair");
my $waits = q{SELECT pid FROM pg_stat_activity WHERE application_name = 'pm_xref' AND wait_event_type = 'Lock'};
ok($parent->poll_query_until('shop', "SELECT count(*) = 1 FROM ($waits) AS w"), 'the second batch waits');
$parent->safe_psql('shop', "SELECT pg_terminate_backend(pid) FROM ($waits) AS w");
$run->finish;
like($$said, qr/08006: .*the connection to server "shop" was lost/, 'killed meanwhile');
is(picture(), $before, 'nothing has been changed');
($run, $said) = start($child, 'postgres', "SET pm_xref.max_repair_ratio = 1; $repair");
ok($parent->poll_query_until('shop', "SELECT count(*) = 1 FROM ($waits) AS w"), 'again');
$parent->safe_psql('shop', "SELECT pg_cancel_backend(pid) FROM ($waits) AS w");
$run->finish;
like($$said, qr/57014: .*server "shop" says: canceling statement due to user request/, 'canceled there');
is(picture(), $before, 'nothing has been changed');
($run, $said) = start($child, 'postgres', "SET pm_xref.max_repair_ratio = 1; $repair");
ok($parent->poll_query_until('shop', "SELECT count(*) = 1 FROM ($waits) AS w"), 'again');
$child->safe_psql('postgres', q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pm_xref.repair%' AND pid <> pg_backend_pid()});
$run->finish;
like($$said, qr/57014: canceling statement due to user request/, 'canceled here');
is(picture(), $before, 'nothing has been changed');
changes_nothing("SET pm_xref.max_repair_ratio = 1; $repair", qr/55P03: reference "media to products": server "shop" says: canceling statement due to lock timeout\nHINT:  Another transaction there holds a lock/,
	'it waits for ten seconds, no longer');
has_sessions(0, 'and leaves no lock there');
$holder->query_safe('ROLLBACK');
$holder->quit;
is($child->safe_psql('postgres', qq{SET pm_xref.max_repair_ratio = 1; SELECT outcome, count(*) FROM ($repair) AS r GROUP BY 1 ORDER BY 1}), "quarantined|1501\nresolved|1", 'then it is done');
is($child->safe_psql('postgres', q{SELECT pm_xref.forget_quarantined('media to products')}), '1501', 'and forgotten');

# the nightly job, in a worker of the server: pm_worker runs what pm_admin has declared
$child->append_conf('postgresql.conf', "shared_preload_libraries = 'pm_jobs'\n");
$child->restart;
$child->safe_psql('postgres', 'CREATE ROLE pm_reader; CREATE ROLE pm_writer; CREATE ROLE pm_worker LOGIN; CREATE ROLE pm_admin LOGIN; CREATE ROLE other LOGIN; GRANT SELECT, UPDATE, DELETE ON media TO pm_worker; GRANT SELECT, UPDATE, INSERT ON media TO pm_admin');
$child->safe_psql('postgres', slurp_file("$FindBin::RealBin/../../sql/grants.sql"));
$child->safe_psql('postgres', q{GRANT USAGE ON FOREIGN SERVER shop TO pm_worker, pm_admin;
	CREATE USER MAPPING FOR pm_worker SERVER shop OPTIONS ("user" 'reader', password_required 'false');
	CREATE USER MAPPING FOR pm_admin SERVER shop OPTIONS ("user" 'reader', password_required 'false');
	UPDATE pm_xref._references SET on_orphan = 'delete';
	INSERT INTO media VALUES (-7, -7)});
like(($child->psql('postgres', "SET ROLE pm_worker; SELECT pm_xref.schedule_checks()"))[2], qr/permission denied for function|may not register handlers/, 'an administrator comes first');
is($child->safe_psql('postgres', 'SELECT pm_xref.schedule_checks() > now()'), 't', 'scheduled');
is($child->safe_psql('postgres', 'SELECT owner, spec FROM pm_jobs._schedules'), 'pm_worker|30 2 * * *', 'to run as pm_worker');
is($child->safe_psql('postgres', 'SET ROLE pm_worker; SELECT pm_xref.schedule_checks(\'0 3 * * *\') > now()'), 't', 'which may change the time');
$child->safe_psql('postgres', 'SET ROLE pm_worker; SELECT pm_jobs.enqueue(\'pm_xref\', \'pm_xref.nightly\')');
ok($child->poll_query_until('postgres', q{SELECT count(*) = 2 FROM pm_jobs.jobs WHERE status = 'succeeded'}), 'the night has passed');
is($child->safe_psql('postgres', q{SELECT result ->> 'orphans', result -> 'repair' FROM pm_jobs.jobs ORDER BY id DESC LIMIT 1}), '1|{"deleted": 1}', 'and an orphan with it');
is($child->safe_psql('postgres', 'SELECT key, action FROM pm_xref.quarantined'), '-7|delete', 'of which a copy is kept');
has_sessions(0, 'the worker keeps no connection');
like(($child->psql('postgres', "SET ROLE pm_worker; $restore"))[2], qr/permission denied for function restore_quarantined/, 'pm_worker restores nothing');
like(($child->psql('postgres', "SET ROLE other; $repair"))[2], qr/permission denied for function repair/, 'others repair nothing');
is($child->safe_psql('postgres', "SET ROLE pm_admin; $restore"), '-7|no parent', 'pm_admin asks');
is($child->safe_psql('postgres', q{SET ROLE pm_admin; SELECT outcome FROM pm_xref.restore_quarantined('media to products', true)}), 'restored', 'and restores');
is($child->safe_psql('postgres', q{SET ROLE pm_admin; SELECT count(*) FROM pm_xref.check()}), '1', 'checks');
like(($child->psql('postgres', "SET ROLE pm_admin; $repair"))[2], qr/permission denied for table media/, 'without DELETE it takes nothing away');
is($child->safe_psql('postgres', q{SET ROLE pm_admin; SELECT outcome FROM pm_xref.repair('media to products', 'set_null', false)}), 'set_null', 'but sets null');
is($child->safe_psql('postgres', q{SET ROLE pm_admin; SELECT pm_xref.forget_quarantined('media to products')}), '1', 'and forgets');
$child->stop;
$parent->stop;
done_testing();
