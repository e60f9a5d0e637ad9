#
# 014_limits.pl - no limit is passed while many sessions, or many workers, run jobs
#
# Every job notes when it started and ended.  Afterwards the notes must show no
# more jobs at once than a queue or a key allows, the order of ordered keys, and
# no interval with more starts than burst and rate give.
#
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node;
my $jobs;

# A server with queues of every limit, and $jobs jobs in them.
sub make_node
{
	my ($name, $settings, $count) = @_;

	$jobs = $count;
	$node = PostgreSQL::Test::Cluster->new($name);
	$node->init;
	$node->append_conf('postgresql.conf', "fsync = off\nsynchronous_commit = off\nlog_statement = none\n$settings");
	$node->start;
	$node->safe_psql('postgres', <<SQL);
CREATE EXTENSION pm_jobs;
CREATE TABLE note (id bigint, queue text, key text, attempt int, started timestamptz, ended timestamptz);
CREATE FUNCTION work(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS \$\$
DECLARE
  started timestamptz := clock_timestamp();
BEGIN
  -- long enough to meet others, without sleeping
  PERFORM count(*) FROM generate_series(1, 500 + (random() * 2000)::int);
  IF random() < 0.02 THEN
    RAISE EXCEPTION 'by chance';
  END IF;
  INSERT INTO public.note VALUES (job.id, job.queue, job.payload ->> 'key', job.attempt, started, clock_timestamp());
  RETURN NULL;
END \$\$;
SELECT pm_jobs.create_queue('single', concurrency => 1, max_attempts => 100, backoff => '{0}'),
       pm_jobs.create_queue('three', concurrency => 3, max_attempts => 100, backoff => '{0}'),
       pm_jobs.create_queue('keyed', concurrency => 5, key_concurrency => 2, max_attempts => 100, backoff => '{0}'),
       pm_jobs.create_queue('ordered', concurrency => 5, ordered => true, max_attempts => 100, backoff => '{0}'),
       pm_jobs.create_queue('rated', concurrency => 5, rate_per_second => $jobs / 10, rate_burst => 10, max_attempts => 100, backoff => '{0}');
SELECT pm_jobs.register_handler('work', 'work(pm_jobs.job)'), pm_jobs.register_handler('outside', 'work(pm_jobs.job)', false);
SELECT count(pm_jobs.enqueue(q, CASE WHEN n % 3 = 0 THEN 'outside' ELSE 'work' END, jsonb_build_object('key', 'k' || n % 7), limit_key => 'k' || n % 7))
FROM generate_series(1, $jobs / 5) AS n, unnest('{single,three,keyed,ordered,rated}'::text[]) AS q;
SQL

}

my $dir = PostgreSQL::Test::Utils::tempdir();
append_to_file("$dir/pending.sql", "SELECT pm_jobs.run_pending(NULL, 5);\n");
append_to_file("$dir/run.sql", "CALL pm_jobs.run(NULL, 25);\n");

# Has sessions run jobs until there are none left, at most so many times.
sub run_sessions
{
	my ($sessions, $transactions, $most) = @_;
	my $rounds = 0;
	my $left;
	do
	{
		$node->command_ok([ 'pgbench', '-n', '-c', $sessions, '-j', '2', '-t', $transactions, '-M', 'simple',
				'-f', "$dir/pending.sql\@2", '-f', "$dir/run.sql\@1", 'postgres' ],
			"$sessions sessions run jobs");
		$left = $node->safe_psql('postgres', 'SELECT count(*) FROM pm_jobs._job');
	} while ($left > 0 && ++$rounds < $most);
	return $left;
}

# The most jobs at once, for each group: a start counts 1, an end -1.
sub most_at_once
{
	my ($condition, $group) = @_;
	return $node->safe_psql('postgres', qq{
		SELECT max(running) FROM (
			SELECT sum(step) OVER (PARTITION BY grp ORDER BY at, step ROWS UNBOUNDED PRECEDING) AS running
			FROM (SELECT $group AS grp, started AS at, 1 AS step FROM note WHERE $condition
			      UNION ALL SELECT $group, ended, -1 FROM note WHERE $condition) AS s) AS r});
}

# What the jobs noted shows that every limit was kept.
sub compare
{
	my ($name, $left) = @_;

	is($left, '0', "$name: all ran");
	is($node->safe_psql('postgres', 'SELECT count(*), count(DISTINCT id) FROM note'), "$jobs|$jobs", "$name: each once");

	cmp_ok(most_at_once("queue = 'single'", "queue"), '==', 1, "$name: one at a time");
	cmp_ok(most_at_once("queue = 'three'", "queue"), '<=', 3, "$name: three at a time");
	cmp_ok(most_at_once("queue = 'three'", "queue"), '>', 1, "$name: and more than one");
	cmp_ok(most_at_once("queue = 'keyed'", "queue"), '<=', 5, "$name: five at a time in the queue with keys");
	cmp_ok(most_at_once("queue = 'keyed'", "key"), '<=', 2, "$name: two at a time of a key");
	cmp_ok(most_at_once("queue = 'ordered'", "key"), '==', 1, "$name: one at a time of an ordered key");
	cmp_ok(most_at_once("queue = 'ordered'", "queue"), '>', 1, "$name: of several keys at once");
	is( $node->safe_psql('postgres', q{
			SELECT count(*) FROM (SELECT id, lag(id) OVER (PARTITION BY key ORDER BY started) AS before
				FROM note WHERE queue = 'ordered') AS o WHERE id < before}),
		'0', "$name: in order within a key");
	# the starts from the i-th to the j-th are at most burst + rate * time between them, and
	# one more for each runner that is between its token and its start
	is( $node->safe_psql('postgres', qq{
			WITH s AS (SELECT row_number() OVER (ORDER BY a.started_at) - $jobs / 10.0 *
					extract(epoch FROM a.started_at - min(a.started_at) OVER ()) AS ahead, a.started_at
				FROM (SELECT started_at FROM pm_jobs._finished WHERE queue = 'rated'
				      UNION ALL SELECT a.started_at FROM pm_jobs._attempts AS a JOIN pm_jobs._finished AS f ON f.id = a.job_id
				                WHERE f.queue = 'rated' AND a.outcome = 'failed') AS a)
			SELECT count(*) FROM (SELECT ahead - min(ahead) OVER (ORDER BY started_at) + 1 AS starts FROM s) AS t
			WHERE starts > 10 + 5}),
		'0', "$name: no interval has more starts than burst and rate give");
	note("$name: attempts: ", $node->safe_psql('postgres', q{SELECT string_agg(outcome || ' ' || n, ', ') FROM
		(SELECT outcome, count(*) AS n FROM pm_jobs._attempts GROUP BY outcome) t}));
	$node->stop;
}

make_node('sessions', '', $ENV{PM_SOAK} ? 200_000 : 2_000);
compare('sessions', run_sessions(6, $jobs / 200, 100));

# workers, and two sessions that take some jobs away from them
make_node('workers', "shared_preload_libraries = 'pm_jobs'\npm_jobs.max_workers = 6\nmax_worker_processes = 16\n",
	$ENV{PM_SOAK} ? 1_000_000 : 4_000);
my $left = run_sessions(2, 5, 1);
$node->poll_query_until('postgres', 'SELECT count(*) = 0 FROM (SELECT FROM pm_jobs._job LIMIT 1) AS j') foreach 1 .. 20;
$left = $node->safe_psql('postgres', 'SELECT count(*) FROM pm_jobs._job');
cmp_ok($node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'pm_jobs worker'}),
	'>', 1, 'several workers ran');
compare('workers', $left);
done_testing();
