#
# 001_dump_restore.pl - a dump holds queues, jobs in every state, and the sequence
#
# The ids reach over two partitions, one of which the extension did not ship.
# The copy must look the same row for row, give the next id, and run its jobs.
#
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../../../test/t";
use PmRestore;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('dump');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE clerk; CREATE DATABASE original');
$node->safe_psql('original', <<'SQL');
CREATE EXTENSION pm_jobs;
CREATE TABLE counted (id bigint);
GRANT ALL ON counted TO clerk;
CREATE FUNCTION count_it(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  IF job.payload ? 'fail' THEN
    RAISE EXCEPTION 'refused' USING DETAIL = 'of course', HINT = 'try again';
  END IF;
  INSERT INTO public.counted VALUES (job.id);
  RETURN job.payload;
END $$;
SELECT pm_jobs.create_queue('q', concurrency => 3, backoff => '{1 h,2 h}', retention => '30 days');
SELECT pm_jobs.create_queue('once', max_attempts => 1, rate_per_second => 5, rate_burst => 7);
SELECT pm_jobs.create_queue('line', ordered => true);
SELECT pm_jobs.pause_queue('line');
SELECT pm_jobs.grant_queue('q', 'clerk'), pm_jobs.grant_queue('line', 'clerk');
SELECT pm_jobs.register_handler('count', 'count_it(pm_jobs.job)');
SELECT pm_jobs.register_handler('count_outside', 'count_it(pm_jobs.job)', false);
SELECT count(*) FROM pm_jobs.enqueue_many('q', 'count', ARRAY['{"n": 1}', '{"n": 2}', '{"fail": 1}']::jsonb[], priority => 3);
SELECT pm_jobs.enqueue('once', 'count', '{"fail": 2}'), pm_jobs.enqueue('q', 'count_outside');
CALL pm_jobs.run();
-- the next ids belong to partitions that are not there yet
SELECT setval('pm_jobs._job_id', 19999998);
SET ROLE clerk;
SELECT count(*) FROM pm_jobs.enqueue_many('q', 'count', array_fill('{"late": true}'::jsonb, ARRAY[4]));
RESET ROLE;
SELECT pm_jobs.run_pending('q', 3);
SELECT pm_jobs.cancel(pm_jobs.enqueue('q', 'count', '{"never": 1}'));
SELECT pm_jobs.enqueue('q', 'count', '{"later": 1}', run_at => now() + '1 day', dedup_key => 'd', dedup_running => true);
SELECT pm_jobs.enqueue('line', 'count', '{"k": 1}', limit_key => 'k', max_attempts => 9);
SELECT pm_jobs.schedule('nightly', '30 4 * * * Europe/Paris', 'q', 'count', '{"s": 1}', 'all');
SQL

# Every row of every table, and what the sequence gives next.
sub picture
{
	my ($on, $database) = @_;
	my $out = '';
	foreach my $table (qw(_queues _queue_grants _buckets _handlers _job _finished _attempts _schedules))
	{
		$out .= "$table\n" . $on->safe_psql($database, "SELECT t::text FROM pm_jobs.$table AS t ORDER BY 1") . "\n";
	}
	return $out . $on->safe_psql($database, 'SELECT last_value, is_called FROM pm_jobs._job_id');
}

is($node->safe_psql('original', 'SELECT string_agg(DISTINCT status, \',\') FROM pm_jobs.jobs'),
	'cancelled,dead,ready,scheduled,succeeded', 'jobs in every state');
is($node->safe_psql('original', 'SELECT count(DISTINCT tableoid) FROM pm_jobs._finished'), '3', 'in three partitions');

# Tests that what is ready runs.
sub goes_on
{
	my ($on, $database, $name) = @_;
	$on->safe_psql($database, q{SELECT pm_jobs.resume_queue('line'); CALL pm_jobs.run()});
	is($on->safe_psql($database, q{SELECT string_agg(status || ' ' || n, ',' ORDER BY status) FROM
		(SELECT status, count(*) AS n FROM pm_jobs.jobs GROUP BY status) t}),
		'cancelled 1,dead 1,scheduled 2,succeeded 8', "$name: what was ready runs");
}

survives_restore($node, 'original', \&picture, \&goes_on);
survives_upgrade($node, 'original', \&picture, \&goes_on);
done_testing();
