#
# 020_lifecycle.pl - workers come when there is something to do, and leave
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);
use PmJobs;

my $node = make_node('lifecycle', "pm_jobs.idle_exit = 1\npm_jobs.poll_interval = 1h");
$node->start;

# Sets settings of the server and has it read them.
sub configure
{
	my ($setting) = @_;
	$node->safe_psql('postgres', $setting);
	$node->reload;
}

sub launcher
{
	return $node->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'pm_jobs launcher'});
}

# --- no extension: nobody stays

ok(launcher(), 'the launcher is there');
ok(wait_for(sub { !workers_of($node) }), 'where there is no extension no worker stays');
$node->safe_psql('postgres', 'CREATE DATABASE a');
$node->safe_psql('postgres', 'CREATE DATABASE b');

# --- the extension comes later

set_up($node, $_) foreach qw(a b);
cmp_ok(run_job($node, 'a'), '<', 2, 'the first job of a database that had no extension');
cmp_ok(run_job($node, 'b'), '<', 2, 'and of another');

# --- idle exit, and coming back

ok(wait_for(sub { !workers_of($node) }), 'workers leave when there is nothing to do');
cmp_ok(run_job($node, 'a'), '<', 2, 'a job wakes a database without workers');
ok(wait_for(sub { !workers_of($node) }), 'and they leave again');
my $id = $node->safe_psql('a', q{SELECT pm_jobs.enqueue('q', 'work', run_at => clock_timestamp() + interval '3 s')});
ok(wait_for(sub { !workers_of($node) }), 'none waits for a job that is due later');
is($node->safe_psql('a', "SELECT pm_jobs.wait($id)"), 'succeeded', 'a worker comes when it is due');
cmp_ok($node->safe_psql('a', "SELECT extract(epoch FROM started_at - run_at) FROM pm_jobs.jobs WHERE id = $id"), '<', 1, 'in time');
$node->safe_psql('a', q{SELECT pm_jobs.schedule('often', '1 s', 'q', 'work', '{"often": 1}')});
ok(wait_for(sub { $node->safe_psql('a', q{SELECT count(*) FROM pm_jobs.jobs WHERE payload ? 'often' AND status = 'succeeded'}) > 2 }),
	'schedules fire');
$node->safe_psql('a', q{SELECT pm_jobs.unschedule('often')});

# --- rows that nobody reported

$node->safe_psql('a', q{BEGIN; SELECT pm_jobs.enqueue('q', 'work', '{"prepared": 1}'); PREPARE TRANSACTION 'later'});
$node->restart;
ok(wait_for(sub { !workers_of($node) }), 'a transaction was prepared before a restart');
$node->safe_psql('a', q{COMMIT PREPARED 'later'});
$id = $node->safe_psql('a', q{SELECT id FROM pm_jobs.jobs WHERE payload ? 'prepared'});
is($node->safe_psql('a', "SELECT pm_jobs.wait($id, '10 s')"), 'succeeded', 'COMMIT PREPARED wakes');

# Brings a row behind the workers' backs, when there are none.
sub enqueue_silently
{
	my ($name) = @_;
	ok(wait_for(sub { !workers_of($node) }), "$name: no worker is there");
	my $job = $node->safe_psql('a', q{
		BEGIN;
		ALTER TABLE pm_jobs._job DISABLE TRIGGER report;
		INSERT INTO pm_jobs._job (queue, kind, payload, priority, max_attempts, enqueued_by)
		VALUES ('q', 'work', '{}', 0, 1, 'postgres') RETURNING id;
		ALTER TABLE pm_jobs._job ENABLE ALWAYS TRIGGER report;
		COMMIT});
	is(status_of($node, 'a', $job), 'ready', "$name: a job that nobody was told of");
	is(scalar workers_of($node, 'a'), 0, "$name: nobody came");
	return $job;
}
$id = enqueue_silently('NOTIFY');
is($node->safe_psql('a', "NOTIFY pm_jobs; SELECT pm_jobs.wait($id, '10 s')"), 'succeeded', 'NOTIFY pm_jobs wakes');
$id = enqueue_silently('poll');
configure(q{ALTER SYSTEM SET pm_jobs.poll_interval = '1 s'});
is($node->safe_psql('a', "SELECT pm_jobs.wait($id, '10 s')"), 'succeeded', 'the poll finds it');
configure(q{ALTER SYSTEM RESET pm_jobs.poll_interval});

# --- processes that end

$id = enqueue_stuck($node, 'a');
my ($worker) = workers_of($node, 'a');
my $status;
in_time(2, 'a worker is terminated', sub {
	$node->safe_psql('postgres', "SELECT pg_terminate_backend($worker)");
	$status = $node->safe_psql('a', "SELECT pm_jobs.wait($id, '30 s')");
});
is($status, 'succeeded', 'its job is run by another one');
is($node->safe_psql('a', "SELECT count(*) FROM done WHERE id = $id"), '1', 'once');

configure(q{ALTER SYSTEM SET pm_jobs.idle_exit = '1 h'});
run_job($node, 'a');
($worker) = workers_of($node, 'a');
my $launcher = launcher();
in_time(3, 'the launcher is terminated, another one is there', sub {
	$node->safe_psql('postgres', "SELECT pg_terminate_backend($launcher)");
	run_job($node, 'a');
	ok(wait_for(sub { my $pid = launcher(); $pid && $pid ne $launcher }), 'the launcher comes back');
});
is((workers_of($node, 'a'))[0], $worker, 'the worker went on meanwhile');
cmp_ok(run_job($node, 'b'), '<', 2, 'the new launcher starts workers');
$node->safe_psql('postgres', "SELECT pg_terminate_backend($worker)");
ok(wait_for(sub { my @w = workers_of($node, 'a'); @w == 1 && $w[0] ne $worker || run_job($node, 'a') && 0; }),
	'and replaces one of the former launcher');
configure(q{ALTER SYSTEM RESET pm_jobs.idle_exit});

# --- restart

$id = enqueue_in($node, 'a', '{}', 3000);
in_time(10, 'the server stops while workers work', sub { $node->stop('fast') });
$node->start;
is($node->safe_psql('a', "SELECT pm_jobs.wait($id, '30 s')"), 'succeeded', 'jobs run after a restart');
ok(wait_for(sub { $node->safe_psql('a', 'SELECT count(*) FROM pm_jobs._job') eq '0' }), 'all of them');
is($node->safe_psql('a', 'SELECT count(*) - count(DISTINCT id) FROM done'), '0', 'once each');

# --- databases that may not have workers

# that a job does not run is seen once another one, enqueued later elsewhere, has run
sub stays_ready
{
	my ($database, $job, $name) = @_;
	run_job($node, 'b');
	is(status_of($node, $database, $job), 'ready', "$name: its job waits");
	is(scalar workers_of($node, $database), 0, "$name: no worker");
}

$node->safe_psql('postgres', 'CREATE DATABASE form');
set_up($node, 'form');
$node->safe_psql('postgres', 'ALTER DATABASE form IS_TEMPLATE true');
$id = enqueue_in($node, 'form');
stays_ready('form', $id, 'a template');
in_time(2, 'a copy of the template', sub {
	$node->safe_psql('postgres', 'CREATE DATABASE copy TEMPLATE form');
	$status = $node->safe_psql('copy', "SELECT pm_jobs.wait($id, '10 s')");
});
is($status, 'succeeded', 'a copy of the template has workers, though nobody reports there');
is(status_of($node, 'form', $id), 'ready', 'the template still has none');
$node->safe_psql('postgres', 'ALTER DATABASE form IS_TEMPLATE false');
is($node->safe_psql('form', "SELECT pm_jobs.wait($id, '10 s')"), 'succeeded', 'a template no more: its job runs');

run_job($node, 'a');
configure(q{ALTER SYSTEM SET pm_jobs.databases = b, "Copy"});
ok(wait_for(sub { !workers_of($node, 'a') }), 'workers leave a database that is not listed');
$id = enqueue_in($node, 'a');
stays_ready('a', $id, 'a database that is not listed');
configure(q{ALTER SYSTEM RESET pm_jobs.databases});
is($node->safe_psql('a', "SELECT pm_jobs.wait($id, '10 s')"), 'succeeded', 'listed again: its job runs');
my ($code, $out, $err) = $node->psql('postgres', q{ALTER SYSTEM SET pm_jobs.databases = 'a,,b'});
like($err, qr/invalid value for parameter "pm_jobs.databases".*list of database names/s, 'a list that is none');

run_job($node, 'a');
$node->safe_psql('postgres', 'ALTER DATABASE a SET pm_jobs.enabled = off');
ok(wait_for(sub { !workers_of($node, 'a') }), 'workers leave a database where they are disabled');
$id = enqueue_in($node, 'a');
stays_ready('a', $id, 'a database where workers are disabled');
is($node->safe_psql('a', 'SELECT pm_jobs.run_pending()'), '1', 'run_pending works there');
$id = enqueue_in($node, 'a');
in_time(2, 'enabled again', sub {
	$node->safe_psql('postgres', 'ALTER DATABASE a RESET pm_jobs.enabled');
	$status = $node->safe_psql('a', "SELECT pm_jobs.wait($id, '10 s')");
});
is($status, 'succeeded', 'enabled again: its job runs');

run_job($node, 'a');
$node->safe_psql('postgres', 'ALTER ROLE postgres SET pm_jobs.enabled = off');
ok(wait_for(sub { !workers_of($node) }), 'workers leave when they are disabled for their role');
$node->safe_psql('postgres', 'ALTER ROLE postgres RESET pm_jobs.enabled');
cmp_ok(run_job($node, 'a'), '<', 2, 'and come back');

run_job($node, 'a');
configure('ALTER SYSTEM SET pm_jobs.enabled = off');
ok(wait_for(sub { !workers_of($node) }), 'workers leave when they are disabled everywhere');
$id = enqueue_in($node, 'a');
configure('ALTER SYSTEM RESET pm_jobs.enabled');
is($node->safe_psql('a', "SELECT pm_jobs.wait($id, '10 s')"), 'succeeded', 'enabled everywhere: its job runs');

$node->safe_psql('postgres', 'ALTER DATABASE a ALLOW_CONNECTIONS false');
ok(wait_for(sub { !workers_of($node, 'a') }), 'workers leave a database that takes no connections');
$node->safe_psql('postgres', 'ALTER DATABASE a ALLOW_CONNECTIONS true');
cmp_ok(run_job($node, 'a'), '<', 2, 'and come back when it does');
$node->stop;

# --- more databases than workers

$node = make_node('share', "pm_jobs.max_workers = 1");
$node->start;
foreach my $database (qw(a b c))
{
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	set_up($node, $database);
}
run_job($node, 'a');
cmp_ok(run_job($node, 'b'), '<', 2, 'an idle worker makes room for another database');
cmp_ok(run_job($node, 'c'), '<', 2, 'and for a third');
enqueue_in($node, 'a', '{"sleep": 0.05}', 100);
enqueue_in($node, 'b', '{"sleep": 0.05}', 100);
ok(wait_for(sub { $node->safe_psql('a', 'SELECT count(*) FROM done') > 1 }), 'a works');
cmp_ok(run_job($node, 'c'), '<', 4, 'a busy worker makes room too');
foreach my $database (qw(a b))
{
	ok(wait_for(sub { $node->safe_psql($database, 'SELECT count(*) FROM pm_jobs._job') eq '0' }), "$database: all have run");
	is($node->safe_psql($database, 'SELECT count(*), count(DISTINCT id) FROM done'), '101|101', "$database: once each");
}
$node->stop;
done_testing();
