#
# 011_outside.pl - a crash in a handler with outside effects uses its attempt
#
# The handler waits for a lock that the test holds, so that the moment between
# the committed attempt and its result lasts as long as the test wants.
#
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('outside');
$node->init;
$node->append_conf('postgresql.conf', "restart_after_crash = on\nlog_min_messages = fatal\n");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION pm_jobs;
CREATE TABLE effects (id bigint, attempt int);
CREATE FUNCTION outside(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(1);
  INSERT INTO public.effects VALUES (job.id, job.attempt);
  RETURN jsonb_build_object('attempt', job.attempt);
END $$;
SELECT pm_jobs.create_queue('q', concurrency => 2, max_attempts => 2, backoff => '{0}');
SELECT pm_jobs.register_handler('outside', 'outside(pm_jobs.job)', transactional => false);
SELECT pm_jobs.enqueue('q', 'outside');
SELECT pm_jobs.enqueue('q', 'outside', max_attempts => 1);
SQL

is($node->safe_psql('postgres', 'SELECT pm_jobs.run_pending()'), '0', 'run_pending leaves them alone');
my ($ret, $out, $err) = $node->psql('postgres', 'BEGIN; CALL pm_jobs.run(); COMMIT');
like($err, qr/cannot run inside a transaction/, 'run refuses a transaction block');

# Starts a runner that stops inside the handler; returns it, its pid, and the lock's holder.
sub stuck_runner
{
	my $holder = $node->background_psql('postgres');
	$holder->query_safe('SELECT pg_advisory_lock(1)');
	my $runner = $node->background_psql('postgres', on_error_stop => 0);
	my $pid = $runner->query_safe('SELECT pg_backend_pid()');
	$runner->{stdin} .= "CALL pm_jobs.run();\n";
	$runner->{run}->pump_nb();
	$node->poll_query_until('postgres',
		"SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $pid") or die;
	return ($runner, $pid, $holder);
}

my ($runner, $pid, $holder) = stuck_runner();
is($node->safe_psql('postgres', 'SELECT status, attempts FROM pm_jobs.jobs ORDER BY id LIMIT 1'),
	'running|1', 'the attempt is on record, and the job shows as running');
is($node->safe_psql('postgres', 'SELECT outcome IS NULL, finished_at IS NULL FROM pm_jobs._attempts'),
	't|t', 'the attempt is open');
($ret, $out, $err) = $node->psql('postgres', 'SELECT pm_jobs.cancel((SELECT min(id) FROM pm_jobs._job))');
like($err, qr/is running/, 'a running job cannot be cancelled');
# another runner takes the other job and not this one
my $other = $node->background_psql('postgres', on_error_stop => 0);
my $other_pid = $other->query_safe('SELECT pg_backend_pid()');
$other->{stdin} .= "CALL pm_jobs.run();\n";
$other->{run}->pump_nb();
$node->poll_query_until('postgres',
	"SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $other_pid") or die;
is($node->safe_psql('postgres', 'CALL pm_jobs.run(); SELECT sum(attempts) FROM pm_jobs._job'),
	'2', 'each is started once, and a third runner finds nothing');

kill 'KILL', $pid;
$_->{run}->finish foreach ($runner, $other, $holder);
$node->poll_query_until('postgres', 'SELECT true') or die;
is($node->safe_psql('postgres', 'SELECT count(*) FROM effects'), '0', 'nothing was done');
is($node->safe_psql('postgres', "SELECT count(*) FROM pm_jobs.jobs WHERE status = 'running'"),
	'0', 'nobody runs them now');
$node->safe_psql('postgres', 'CALL pm_jobs.run()');
is($node->safe_psql('postgres', 'SELECT status, attempts, result, last_error FROM pm_jobs.jobs ORDER BY id'),
	qq{succeeded|2|{"attempt": 2}|the process that ran this attempt ended\n}
	  . q{dead|1||the process that ran this attempt ended},
	'the crashed attempt was used: one runs again, the other is dead');
is($node->safe_psql('postgres', 'SELECT job_id, attempt, outcome FROM pm_jobs.attempts ORDER BY 1, 2'),
	"1|1|crashed\n1|2|succeeded\n2|1|crashed", 'and is on record');

# a runner that is told to stop has no failed job: nothing changes but the attempt
$node->safe_psql('postgres', "SELECT pm_jobs.enqueue('q', 'outside')");
($runner, $pid, $holder) = stuck_runner();
$node->safe_psql('postgres', "SELECT pg_cancel_backend($pid)");
$node->poll_query_until('postgres', "SELECT state = 'idle' FROM pg_stat_activity WHERE pid = $pid") or die;
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = $pid"),
	'0', 'a cancelled runner keeps no lock');
$holder->quit;
$node->safe_psql('postgres', 'CALL pm_jobs.run()');
is($node->safe_psql('postgres', 'SELECT status, attempts FROM pm_jobs.jobs ORDER BY id DESC LIMIT 1'),
	'succeeded|2', 'its job runs again');
$runner->quit;

# wait() ends when the job does, and can be interrupted
my $id = $node->safe_psql('postgres', "SELECT pm_jobs.enqueue('q', 'outside')");
my $waiter = $node->background_psql('postgres', on_error_stop => 0);
my $waiter_pid = $waiter->query_safe('SELECT pg_backend_pid()');
foreach my $end ('run', 'cancel')
{
	$waiter->{stdin} .= "SELECT 'status ' || pm_jobs.wait($id, '1 h');\n";
	$waiter->{run}->pump_nb();
	$node->poll_query_until('postgres',
		"SELECT wait_event = 'Extension' FROM pg_stat_activity WHERE pid = $waiter_pid") or die;
	if ($end eq 'run')
	{
		$node->safe_psql('postgres', 'CALL pm_jobs.run()');
		like($waiter->query('SELECT 1'), qr/status succeeded/, 'wait returns the status');
		$id = $node->safe_psql('postgres', "SELECT pm_jobs.enqueue('q', 'outside')");
	}
	else
	{
		$node->safe_psql('postgres', "SELECT pg_cancel_backend($waiter_pid)");
		$node->poll_query_until('postgres', "SELECT state = 'idle' FROM pg_stat_activity WHERE pid = $waiter_pid") or die;
		pass('a waiter can be cancelled');
	}
}
$waiter->quit;
$node->stop;
done_testing();
