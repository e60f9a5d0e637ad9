#
# 023_trouble.pl - what keeps workers from running jobs is told, and ends when it ends
#
# No background worker process is free; workers of a database end with an error; the
# role of a job is gone.
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use PmJobs;

# the launcher takes one of two processes, a parallel query the other
my $node = make_node('trouble', "max_worker_processes = 2\nmax_logical_replication_workers = 0\npm_jobs.idle_exit = 1");
$node->start;
set_up($node, 'postgres');
run_job($node, 'postgres');
my $trouble = q{SELECT trouble FROM pm_jobs.workers WHERE process = 'launcher'};
ok(wait_for(sub { $node->safe_psql('postgres', $trouble) eq '' }), 'no trouble');

ok(wait_for(sub { !workers_of($node) }), 'a process is free');
my $session = $node->background_psql('postgres');
$session->query('SET force_parallel_mode = on');
my $pid = $session->query('SELECT pg_backend_pid()');
$session->query_until(qr/begun/, "\\echo begun\nSELECT pg_sleep(120);\n");
ok(wait_for(sub { $node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'parallel worker'}) }),
	'it is used by somebody else');
my $id = enqueue_in($node, 'postgres');
ok(wait_for(sub { $node->safe_psql('postgres', $trouble) ne '' }), 'a job waits');
is($node->safe_psql('postgres', $trouble), 'all background worker processes are in use: max_worker_processes is 2', 'the view tells why');
is(status_of($node, 'postgres', $id), 'ready', 'the job is ready');
my $log = slurp_file($node->logfile);
is(scalar(() = $log =~ /pm_jobs could not start a worker: all background worker processes are in use/g), 1, 'the log says so once');
my $status = in_time(2, 'a process is free again', sub {
	$node->safe_psql('postgres', "SELECT pg_cancel_backend($pid)");
	$node->safe_psql('postgres', "SELECT pm_jobs.wait($id, '30 s')");
});
is($status, 'succeeded', 'the job runs');
ok(wait_for(sub { $node->safe_psql('postgres', $trouble) eq '' }), 'no trouble any more');
eval { $session->quit };

# --- a database whose workers fail

$node->safe_psql('postgres', 'CREATE DATABASE broken');
set_up($node, 'broken');
run_job($node, 'broken');
ok(wait_for(sub { !workers_of($node) }), 'the worker leaves');
$node->safe_psql('broken', 'ALTER TABLE pm_jobs._queues RENAME TO _hidden');
$node->safe_psql('broken', 'NOTIFY pm_jobs');
ok(wait_for(sub { $node->safe_psql('postgres', $trouble) ne '' }), 'workers end with an error');
like($node->safe_psql('postgres', $trouble), qr/^workers of database "broken" ended with an error \d+ times in a row: see the server's log$/,
	'the view tells');
cmp_ok(run_job($node, 'postgres'), '<', 2, 'other databases go on');
$node->safe_psql('broken', 'ALTER TABLE pm_jobs._hidden RENAME TO _queues');
run_job($node, 'broken');
ok(wait_for(sub { $node->safe_psql('postgres', $trouble) eq '' }), 'mended: no trouble any more');
quickly($node, 'postgres', 'DROP DATABASE broken', 'DROP DATABASE after it');

# --- a role that is gone

$node->safe_psql('postgres', <<'SQL');
CREATE ROLE clerk;
GRANT ALL ON done TO clerk;
SELECT pm_jobs.grant_queue('q', 'clerk'), pm_jobs.pause_queue('q');
SQL
$id = $node->safe_psql('postgres', q{SET ROLE clerk; SELECT pm_jobs.enqueue('q', 'work')});
$node->safe_psql('postgres', q{SELECT pm_jobs.revoke_queue('q', 'clerk'); DROP OWNED BY clerk; DROP ROLE clerk});
$status = in_time(2, 'the job of a role that is gone', sub {
	$node->safe_psql('postgres', "SELECT pm_jobs.resume_queue('q')");
	$node->safe_psql('postgres', "SELECT pm_jobs.wait($id, '30 s')");
});
is($status, 'dead', 'the job of a role that is gone fails');
like($node->safe_psql('postgres', "SELECT last_error FROM pm_jobs.jobs WHERE id = $id"), qr/role.* does not exist/, 'and says why');
cmp_ok(run_job($node, 'postgres'), '<', 2, 'others run');
$node->stop;
done_testing();
