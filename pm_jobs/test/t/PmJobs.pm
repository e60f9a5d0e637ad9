#
# PmJobs.pm - servers with workers, for the TAP tests of pm_jobs
#
# Nothing here sleeps: whatever is waited for is asked for again until a deadline.
#
package PmJobs;

use strict;
use warnings;

use Exporter qw(import);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

our @EXPORT = qw(make_node set_up enqueue_in enqueue_stuck status_of run_job workers_of wait_for in_time quickly query_reaches);

# Makes a server that preloads pm_jobs, not yet started.
sub make_node
{
	my ($name, $settings) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init(allows_streaming => 1);
	$node->append_conf('postgresql.conf', <<CONF);
shared_preload_libraries = 'pm_jobs'
fsync = off
log_statement = none
max_prepared_transactions = 5
$settings
CONF
	return $node;
}

# Makes the extension, owned by a role if one is given, in a database, with a queue q, a table "done" of the jobs that ended and
# these keys of the payload: "stuck": the first execution of all sleeps for a minute; "sleep":
# every one sleeps so long; "sql": is executed.
sub set_up
{
	my ($node, $database, $owner) = @_;
	my $as = defined $owner ? "SET ROLE $owner; CREATE EXTENSION pm_jobs; RESET ROLE;" : 'CREATE EXTENSION pm_jobs;';
	$node->safe_psql($database, $as . <<'SQL');
CREATE TABLE done (id bigint, at timestamptz DEFAULT clock_timestamp());
CREATE SEQUENCE tries;
CREATE FUNCTION work(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  IF job.payload ? 'stuck' AND nextval('public.tries') = 1 THEN
    PERFORM pg_sleep(60);
  ELSIF job.payload ? 'sleep' THEN
    PERFORM pg_sleep((job.payload ->> 'sleep')::float8);
  ELSIF job.payload ? 'sql' THEN
    EXECUTE job.payload ->> 'sql';
  END IF;
  INSERT INTO public.done VALUES (job.id);
  RETURN job.payload;
END $$;
SELECT pm_jobs.create_queue('q', concurrency => 8, max_attempts => 1);
SELECT pm_jobs.register_handler('work', 'work(pm_jobs.job)');
SQL
}

# Enqueues jobs; returns the id of the last.
sub enqueue_in
{
	my ($node, $database, $payload, $count) = @_;
	$payload = '{}' unless defined $payload;
	$count = 1 unless defined $count;
	return $node->safe_psql($database,
		"SELECT max(id) FROM pm_jobs.enqueue_many('q', 'work', array_fill('$payload'::jsonb, ARRAY[$count])) AS id");
}

# Enqueues a job whose first execution takes a minute, and waits until it runs.
sub enqueue_stuck
{
	my ($node, $database) = @_;
	my $id = enqueue_in($node, $database, '{"stuck": 1}');

	wait_for(sub {
		$node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity
			WHERE backend_type = 'pm_jobs worker' AND datname = '$database' AND wait_event = 'PgSleep'");
	}) or die "job $id in $database does not run\n";
	return $id;
}

sub status_of
{
	my ($node, $database, $id) = @_;
	return $node->safe_psql($database, "SELECT status FROM pm_jobs.jobs WHERE id = $id");
}

# Enqueues a job and waits until it has run; returns the seconds that took.
sub run_job
{
	my ($node, $database, $payload) = @_;
	my $started = time;
	my $id = enqueue_in($node, $database, $payload);
	my $status = $node->safe_psql($database, "SELECT pm_jobs.wait($id, '30 s')");

	die "job $id in $database: " . ($status || 'it did not run') . "\n" if $status ne 'succeeded';
	return time - $started;
}

# The pids of the workers of a database, or of all.
sub workers_of
{
	my ($node, $database) = @_;
	my $which = defined $database ? "AND datname = '$database'" : '';
	return split /\n/,
	  $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'pm_jobs worker' $which ORDER BY backend_start");
}

# Asks until the answer is true, for 30 s at most; returns the last answer.
sub wait_for
{
	my ($ask) = @_;
	my $deadline = time + 30;
	my $answer;

	do { $answer = $ask->(); } until $answer || time > $deadline;
	return $answer;
}

# Does something; a test that it took less than so many seconds.  Returns what it returns.
sub in_time
{
	my ($limit, $name, $do) = @_;
	my $started = time;
	my $result = $do->();
	my $seconds = time - $started;

	cmp_ok($seconds, '<', $limit, sprintf('%s: in %.2f s', $name, $seconds));
	return $result;
}

# A test that a statement succeeds in less than 2 s.
sub quickly
{
	my ($node, $database, $sql, $name) = @_;
	my ($status, $out, $err);

	in_time(2, $name, sub { ($status, $out, $err) = $node->psql($database, $sql); });
	is($err, '', "$name: without complaint");
	return $out;
}

# Waits until a query gives what is expected; 0 after half a minute.
sub query_reaches
{
	my ($node, $database, $query, $expected) = @_;
	my $deadline = time + 30;
	my $got;
	while (time < $deadline)
	{
		$got = $node->safe_psql($database, $query);
		return 1 if $got eq $expected;
	}
	diag("$query: got \"$got\", not \"$expected\"");
	return 0;
}

1;
