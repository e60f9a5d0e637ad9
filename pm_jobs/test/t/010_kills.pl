#
# 010_kills.pl - runners killed at random lose no job and apply none twice
#
# First sessions run counting jobs by CALL run and by run_pending in batches, then
# the server's own workers do.  Meanwhile a killer ends one of them, or with
# workers any process of the server, with kill -9 (the server then restarts all of
# its processes), by pg_terminate_backend, or stops the server at once, or kills
# the postmaster.  In the end every transactional job has counted exactly once; a
# job with outside effects has as many attempts on record as it was started, and
# at least one.  Workers go on within 2 s of the server's first connection.
#
# The seed is printed; PM_SEED=n repeats a run, PM_SOAK=1 makes it long.
#
use strict;
use warnings;

use IPC::Run qw(start);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $kills = $ENV{PM_SOAK} ? 200 : 10;
my $all = $ENV{PM_SOAK} ? 100_000 : 20_000;
my $more = 5_000;
my $outside = $ENV{PM_SOAK} ? 5_000 : 500;
my $seed = defined $ENV{PM_SEED} ? $ENV{PM_SEED} : int(time) ^ $$ << 8;
srand($seed);
note("PM_SEED=$seed, $kills kills, $all jobs");

my $node;

# Also when the test dies.
END
{
	my $status = $?;
	append_to_file($node->basedir . '/stop', '') if defined $node;
	$? = $status;
}

# Runs a query, again while the server comes back.
sub ask
{
	my ($sql) = @_;
	my $deadline = time + 60;
	while (time < $deadline)
	{
		# dies when psql is gone before it has read the query
		my ($status, $out) = eval { $node->psql('postgres', $sql) };
		return $out if defined $status && $status == 0;
	}
	die "the server did not come back\n";
}

# Makes a server with jobs that count themselves.
sub make_node
{
	my ($name, $settings) = @_;

	$node = PostgreSQL::Test::Cluster->new($name);
	$node->init;
	$node->append_conf('postgresql.conf', <<CONF);
restart_after_crash = on
synchronous_commit = on
fsync = off
log_min_messages = fatal
log_statement = none
$settings
CONF
	$node->start;
	$node->safe_psql('postgres', <<SQL);
CREATE EXTENSION pm_jobs;
CREATE TABLE counted (id bigint);
CREATE FUNCTION count_it(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS \$\$
BEGIN
  IF random() < 0.001 THEN
    RAISE EXCEPTION 'by chance';
  END IF;
  INSERT INTO public.counted VALUES (job.id);
  RETURN to_jsonb(job.id);
END \$\$;
SELECT pm_jobs.create_queue('q', concurrency => 4, max_attempts => 1000, backoff => '{0}');
SELECT pm_jobs.create_queue('out', concurrency => 4, max_attempts => 1000, backoff => '{0}');
SELECT pm_jobs.register_handler('count', 'count_it(pm_jobs.job)');
SELECT pm_jobs.register_handler('count_outside', 'count_it(pm_jobs.job)', transactional => false);
SELECT count(*) FROM pm_jobs.enqueue_many('q', 'count', array_fill('{}'::jsonb, ARRAY[$all]));
SELECT count(*) FROM pm_jobs.enqueue_many('out', 'count_outside', array_fill('{}'::jsonb, ARRAY[$outside]));
SQL
}

# Three sessions that run jobs and start again when they are cut off.
sub start_sessions
{
	my @work = (
		'CALL pm_jobs.run(max_jobs => 100)',
		"SELECT pm_jobs.run_pending('q', 60)",
		'CALL pm_jobs.run(max_jobs => 100)',);
	my $connection = $node->connstr('postgres') . ' connect_timeout=5';
	my @sessions;
	foreach my $sql (@work)
	{
		my $out = '';
		push @sessions,
		  start(
			[
				'bash', '-c',
				'while [ ! -e "$1" ]; do for i in 1 2 3 4 5 6 7 8; do echo "$2;"; done'
				  . ' 2>/dev/null | psql -XAtq -d "$3" >/dev/null 2>&1 || true; done',
				'worker', $node->basedir . '/stop', $sql, $connection
			],
			'>', \$out);
	}
	return @sessions;
}

# Kills until so many blows were struck, then waits for the end and compares.
# victims: what to ask for the processes; returns how long work took to go on.
sub strike
{
	my ($name, $victims, $with_postmaster) = @_;
	my $jobs = $all;
	my $done = 0;
	my $struck = 0;
	my @pauses;

	foreach my $kill (1 .. $kills)
	{
		# never without a backlog
		if (ask('SELECT count(*) FROM pm_jobs._job') < $more / 2)
		{
			ask("SELECT count(*) FROM pm_jobs.enqueue_many('q', 'count', array_fill('{}'::jsonb, ARRAY[$more]))");
			$jobs += $more;
		}
		# strike once some more jobs have been counted, so that every kill hits work
		my $target = $done + 1 + int rand($more / 10);
		my $deadline = time + 60;
		do { $done = ask('SELECT count(*) FROM counted'); } until $done >= $target || time > $deadline;
		if ($kill % 5 == 0)
		{
			$struck++;
			if ($with_postmaster && $kill % 10 == 0)
			{
				$node->kill9;
				# what it left behind has to be gone before it can start again
				$deadline = time + 60;
				do { $node->{_pid} = undef; } until $node->start(fail_ok => 1) || time > $deadline;
			}
			else
			{
				$node->stop('immediate');
				$node->start;
			}
		}
		else
		{
			my @pids = split /\n/, ask($victims);
			next if !@pids;
			my $pid = $pids[ int rand @pids ];
			$struck++;
			if ($kill % 5 == 1)
			{
				ask("SELECT pg_terminate_backend($pid)");
			}
			else
			{
				kill 'KILL', $pid;
			}
		}
		# from the first answer to the first job counted after it
		my $before = ask('SELECT count(*) FROM counted');
		my $back = time;
		if (ask('SELECT count(*) FROM pm_jobs._job') > 0)
		{
			$deadline = time + 60;
			do { $done = ask('SELECT count(*) FROM counted'); } until $done > $before || time > $deadline;
			push @pauses, time - $back;
		}
	}
	my $deadline = time + 600;
	my $left;
	do { $left = ask('SELECT count(*) FROM pm_jobs._job'); } until $left == 0 || time > $deadline;
	append_to_file($node->basedir . '/stop', '');

	cmp_ok($struck, '>=', $kills / 2, "$name: most kills hit a runner");
	is($left, 0, "$name: every job ended");
	is($node->safe_psql('postgres', q{SELECT count(*), count(DISTINCT id) FROM counted}),
		($jobs + $outside) . '|' . ($jobs + $outside),
		"$name: each counted exactly once");
	is( $node->safe_psql('postgres',
			q{SELECT status, count(*) FROM pm_jobs.jobs GROUP BY status}),
		'succeeded|' . ($jobs + $outside),
		"$name: each is finished once, and none is dead");
	is( $node->safe_psql('postgres',
			q{SELECT count(*) FROM pm_jobs.jobs j WHERE kind = 'count_outside' AND attempts <>
			  (SELECT count(*) FROM pm_jobs.attempts a WHERE a.job_id = j.id AND a.outcome IS DISTINCT FROM 'crashed'
			   OR a.job_id = j.id AND a.outcome = 'crashed' AND a.attempt <= j.attempts)}),
		'0',
		"$name: each attempt with outside effects is on record");
	is( $node->safe_psql('postgres', q{SELECT count(*) FROM pm_jobs._attempts WHERE finished_at IS NULL}),
		'0', "$name: no attempt is left open");
	note("$name: attempts by outcome: ",
		$node->safe_psql('postgres', q{SELECT string_agg(outcome || ' ' || n, ', ') FROM
			(SELECT outcome, count(*) AS n FROM pm_jobs._attempts GROUP BY outcome) t}));
	return sort { $a <=> $b } @pauses;
}

make_node('sessions', '');
my @sessions = start_sessions();
strike('sessions',
	q{SELECT pid FROM pg_stat_activity WHERE query LIKE '%pm_jobs.run%' AND pid <> pg_backend_pid()});
$_->finish foreach @sessions;
$node->stop;

make_node('workers', "shared_preload_libraries = 'pm_jobs'\npm_jobs.max_crashes = 100");
my @pauses = strike('workers',
	q{SELECT pid FROM pg_stat_activity WHERE backend_type LIKE 'pm_jobs%' OR backend_type IN ('checkpointer', 'walwriter')}, 1);
note(sprintf 'workers: paused %.2f s at the median, %.2f s at most', $pauses[ @pauses / 2 ], $pauses[-1]);
cmp_ok($pauses[-1], '<', 2, 'workers: work goes on within 2 s');
$node->stop;
done_testing();
