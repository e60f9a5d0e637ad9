#
# 013_memory.pl - a session or a worker that runs many jobs does not grow
#
# Among the jobs are some that weigh the memory contexts of the session they run
# in.  The weight after the first tenth and at the end must be about the same:
# for successes, failures and handlers with outside effects alike.
#
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $jobs = $ENV{PM_SOAK} ? 1_000_000 : 20_000;
my $node;

# Makes a server with a queue of each kind.
sub make_node
{
	my ($name, $settings) = @_;

	$node = PostgreSQL::Test::Cluster->new($name);
	$node->init;
	$node->append_conf('postgresql.conf', "fsync = off\nsynchronous_commit = off\nlog_min_messages = fatal\nautovacuum = on\n$settings");
	$node->start;
	$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION pm_jobs;
CREATE FUNCTION work(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  IF job.kind = 'fail' THEN
    RAISE EXCEPTION 'no' USING DETAIL = repeat('x', 200);
  ELSIF job.kind = 'weigh' THEN
    RETURN (SELECT to_jsonb(sum(used_bytes)) FROM pg_backend_memory_contexts);
  END IF;
  RETURN job.payload;
END $$;
SELECT pm_jobs.create_queue('q', max_attempts => 1), pm_jobs.create_queue('keys', max_attempts => 1, key_concurrency => 1),
       pm_jobs.create_queue('rate', max_attempts => 1, rate_per_second => 1e6, rate_burst => 1000000);
SELECT pm_jobs.register_handler(k, 'work(pm_jobs.job)') FROM unnest('{succeed,fail,weigh}'::text[]) AS k;
SELECT pm_jobs.register_handler('outside', 'work(pm_jobs.job)', false);
SQL
}

# Runs that many jobs of a kind and compares the two weights.  Without a statement
# that runs them the worker does.
sub weigh
{
	my ($name, $queue, $kind, $key, $count, $run) = @_;
	# a transaction remembers the number of each of its subtransactions
	my $most = 200_000 + ($name =~ /one transaction/ ? 8 * $count : 0);
	my ($early, $late) = (int($count / 10), $count - int($count / 10));
	my $enqueue = "FROM pm_jobs.enqueue_many('$queue', '$kind', array_fill(jsonb_build_object('text', repeat('y', 300)), ARRAY[%d]), limit_key => $key);";
	my $weigh = "SELECT pm_jobs.enqueue('$queue', 'weigh', limit_key => $key);";

	$node->safe_psql('postgres', join("\n", 'SELECT count(*) ' . sprintf($enqueue, $early), $weigh, 'SELECT count(*) ' . sprintf($enqueue, $late), $weigh));
	if (defined $run)
	{
		$node->safe_psql('postgres', $run);
	}
	else
	{
		$node->poll_query_until('postgres', 'SELECT count(*) = 0 FROM pm_jobs._job');
	}
	my ($first, $last) = split /\n/,
	  $node->safe_psql('postgres', "SELECT result FROM pm_jobs.jobs WHERE kind = 'weigh' AND status = 'succeeded' ORDER BY id DESC LIMIT 2");
	($first, $last) = ($last, $first);
	is($node->safe_psql('postgres', "SELECT count(*) FROM pm_jobs._job WHERE queue = '$queue'"), '0', "$name: all ran");
	cmp_ok($last - $first, '<', $most, "$name: $first bytes in use, then $last");
}

make_node('sessions', '');
weigh('one transaction', 'q', 'succeed', 'NULL', $jobs, "SELECT pm_jobs.run_pending('q')");
weigh('a commit each', 'q', 'succeed', 'NULL', $jobs, "CALL pm_jobs.run('q')");
weigh('failures', 'q', 'fail', 'NULL', $jobs / 5, "CALL pm_jobs.run('q')");
weigh('failures in one transaction', 'q', 'fail', 'NULL', $jobs / 5, "SELECT pm_jobs.run_pending('q')");
weigh('outside effects', 'q', 'outside', 'NULL', $jobs / 5, "CALL pm_jobs.run('q')");
weigh('keys', 'keys', 'succeed', q{'k'}, $jobs / 5, "CALL pm_jobs.run('keys')");
weigh('rate', 'rate', 'succeed', 'NULL', $jobs / 5, "CALL pm_jobs.run('rate')");
$node->stop;

# one worker alone: both weights are its own
make_node('worker', "shared_preload_libraries = 'pm_jobs'\npm_jobs.max_workers = 1\n");
weigh('worker', 'q', 'succeed', 'NULL', $jobs);
weigh('worker: failures', 'q', 'fail', 'NULL', $jobs / 5);
weigh('worker: outside effects', 'q', 'outside', 'NULL', $jobs / 5);
weigh('worker: keys', 'keys', 'succeed', q{'k'}, $jobs / 5);
weigh('worker: rate', 'rate', 'succeed', 'NULL', $jobs / 5);
$node->stop;
done_testing();
