#
# 034_valgrind.pl - no access outside of memory, no use of what was never set, in the workers
#
# The whole server runs under valgrind's memcheck: launcher, workers and sessions,
# with jobs of every kind.  Slow: runs with PM_SOAK=1 only.
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin, "$FindBin::RealBin/../../../test/t";
use PmJobs qw(make_node query_reaches);
use PmValgrind;
use PostgreSQL::Test::Utils;
use Test::More;

needs_valgrind();

my $node = make_node('valgrind', <<CONF);
pm_jobs.idle_exit = 2
pm_jobs.poll_interval = 5
CONF

sub sql
{
	return $node->safe_psql('postgres', $_[0]);
}

my $server = start_under_valgrind($node);

sql(<<'SQL');
CREATE EXTENSION pm_jobs;
CREATE ROLE ann;
CREATE FUNCTION work(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pm_jobs.set_progress(0.5, repeat('half ', 100));
  EXECUTE coalesce(job.payload ->> 'sql', 'SELECT 1');
  RETURN job.payload;
END $$;
CREATE PROCEDURE steps(job pm_jobs.job) LANGUAGE plpgsql AS $$
DECLARE
  i int;
BEGIN
  COMMIT;
  FOR i IN SELECT generate_series(1, 3) LOOP
    CALL pm_jobs.sleep('1 ms');
    ROLLBACK;
  END LOOP;
  EXECUTE coalesce(job.payload ->> 'sql', 'SELECT 1');
END $$;
SELECT pm_jobs.register_handler('work', 'work(pm_jobs.job)'), pm_jobs.register_handler('out', 'work(pm_jobs.job)', false),
  pm_jobs.register_handler('steps', 'steps(pm_jobs.job)', false);
SELECT pm_jobs.create_queue('plain', events => true), pm_jobs.create_queue('own', own_commit => true), pm_jobs.create_queue('keys', key_concurrency => 1),
  pm_jobs.create_queue('line', ordered => true), pm_jobs.create_queue('rate', rate_per_second => 50);
SELECT pm_jobs.alter_queue(name, backoff => '{10 ms}', max_attempts => 2) FROM pm_jobs.queues;
SELECT pm_jobs.grant_queue(q, 'ann') FROM unnest(ARRAY['plain', 'own', 'keys', 'line', 'rate']) AS q;
SELECT pm_jobs.schedule('tick', '1 s', 'plain', 'work'), pm_jobs.schedule('cron', '* * * * * Europe/Paris', 'plain', 'work');
SQL
foreach my $role ('postgres', 'ann')
{
	foreach my $queue ('plain', 'own', 'keys', 'line', 'rate')
	{
		foreach my $kind ('work', 'out', 'steps')
		{
			sql(qq{SET ROLE $role; SELECT pm_jobs.enqueue('$queue', '$kind', jsonb_build_object('sql', s), priority => p, limit_key => 'key ' || p,
					run_at => CASE WHEN p = 3 THEN now() + interval '50 ms' END)
				FROM generate_series(1, 20) AS p, unnest(ARRAY['SELECT 1', 'SELECT 1 / 0', 'CREATE TEMP TABLE t ()']) AS s});
		}
		sql(qq{SET ROLE $role; SELECT count(*) FROM pm_jobs.enqueue_many('$queue', 'work', array_fill(jsonb_build_object('x', repeat('y', 3000)), ARRAY[50]), limit_key => 'many')});
	}
}
sql(q{SELECT pm_jobs.enqueue('plain', 'work', '{"sql": "SELECT pg_sleep(600)"}')});
ok(query_reaches($node, 'postgres', q{SELECT count(*) FROM pm_jobs.jobs WHERE status = 'running' AND payload ->> 'sql' LIKE '%600%'}, '1'), 'a long job');
sql(q{SELECT pm_jobs.cancel(id) FROM pm_jobs.jobs WHERE payload ->> 'sql' LIKE '%600%' AND status <> 'cancelled'});
sql(q{SELECT count(*) FROM pm_jobs.workers; SELECT count(*) FROM pm_jobs.stats; CALL pm_jobs.run(max_jobs => 20); SELECT pm_jobs.run_pending(max_jobs => 20)});
sql('NOTIFY pm_jobs');
my $deadline = time + 600;
my $left;
do { $left = sql(q{SELECT count(*) FROM pm_jobs._job}) } while ($left > 0 && time < $deadline);
is($left, '0', 'all jobs have ended');
is(sql(q{SELECT string_agg(DISTINCT status, ' ' ORDER BY status) FROM pm_jobs.jobs}), 'cancelled dead succeeded', 'in every way');
sql(q{SELECT pm_jobs.unschedule('tick'), pm_jobs.unschedule('cron')});
sql('DROP EXTENSION pm_jobs CASCADE');
stop_without_error($server, qr/\bpm_jobs/);
done_testing();
