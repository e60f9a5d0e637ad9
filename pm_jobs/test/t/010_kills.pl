#
# 010_kills.pl - runners killed at random lose no job and apply none twice
#
# Several sessions run counting jobs by CALL run and by run_pending in batches,
# while a killer ends one of them with kill -9 (the server then restarts all of
# its processes), or stops the server at once.  In the end every transactional
# job has counted exactly once; a job with outside effects has as many attempts
# on record as it was started, and at least one.
#
# The seed is printed; PM_SEED=n repeats a run, PM_SOAK=1 makes it long.
#
use strict;
use warnings;

use IPC::Run qw(start);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $kills = $ENV{PM_SOAK} ? 200 : 10;
my $jobs = $ENV{PM_SOAK} ? 100_000 : 20_000;
my $more = 5_000;
my $outside = $ENV{PM_SOAK} ? 5_000 : 500;
my $seed = defined $ENV{PM_SEED} ? $ENV{PM_SEED} : time ^ $$ << 8;
srand($seed);
note("PM_SEED=$seed, $kills kills, $jobs jobs");

my $node = PostgreSQL::Test::Cluster->new('kills');
$node->init;
$node->append_conf('postgresql.conf', <<CONF);
restart_after_crash = on
synchronous_commit = on
fsync = off
log_min_messages = fatal
log_statement = none
CONF
$node->start;

$node->safe_psql('postgres', <<SQL);
CREATE EXTENSION pm_jobs;
CREATE TABLE counted (id bigint);
CREATE TABLE started (id bigint, attempt int);
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
SELECT count(*) FROM pm_jobs.enqueue_many('q', 'count', array_fill('{}'::jsonb, ARRAY[$jobs]));
SELECT count(*) FROM pm_jobs.enqueue_many('out', 'count_outside', array_fill('{}'::jsonb, ARRAY[$outside]));
SQL

# Three sessions that run jobs and start again when they are cut off.
my @work = (
	'CALL pm_jobs.run(max_jobs => 100)',
	"SELECT pm_jobs.run_pending('q', 60)",
	'CALL pm_jobs.run(max_jobs => 100)',);
my $connection = $node->connstr('postgres') . ' connect_timeout=5';
my @workers;
foreach my $sql (@work)
{
	my $out = '';
	push @workers,
	  start(
		[
			'bash', '-c',
			'while [ ! -e "$1" ]; do for i in 1 2 3 4 5 6 7 8; do echo "$2;"; done'
			  . ' 2>/dev/null | psql -XAtq -d "$3" >/dev/null 2>&1 || true; done',
			'worker', $node->basedir . '/stop', $sql, $connection
		],
		'>', \$out);
}

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
		my ($status, $out) = $node->psql('postgres', $sql);
		return $out if defined $status && $status == 0;
	}
	die "the server did not come back\n";
}

my $done = 0;
my $struck = 0;
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
		$node->stop('immediate');
		$node->start;
		next;
	}
	my $pids = ask(q{SELECT pid FROM pg_stat_activity WHERE query LIKE '%pm_jobs.run%' AND pid <> pg_backend_pid()});
	my @pids = split /\n/, $pids;
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
my $deadline = time + 600;
my $left;
do { $left = ask('SELECT count(*) FROM pm_jobs._job'); } until $left == 0 || time > $deadline;
append_to_file($node->basedir . '/stop', '');
$_->finish foreach @workers;

cmp_ok($struck, '>=', $kills / 2, 'most kills hit a runner');
is($left, 0, 'every job ended');
is($node->safe_psql('postgres', q{SELECT count(*), count(DISTINCT id) FROM counted}),
	($jobs + $outside) . '|' . ($jobs + $outside),
	'each counted exactly once');
is( $node->safe_psql('postgres',
		q{SELECT status, count(*) FROM pm_jobs.jobs GROUP BY status}),
	'succeeded|' . ($jobs + $outside),
	'each is finished once, and none is dead');
is( $node->safe_psql('postgres',
		q{SELECT count(*) FROM pm_jobs.jobs j WHERE kind = 'count_outside' AND attempts <>
		  (SELECT count(*) FROM pm_jobs.attempts a WHERE a.job_id = j.id)}),
	'0',
	'each attempt with outside effects is on record');
is( $node->safe_psql('postgres', q{SELECT count(*) FROM pm_jobs._attempts WHERE finished_at IS NULL}),
	'0', 'no attempt is left open');
note('attempts by outcome: ',
	$node->safe_psql('postgres', q{SELECT string_agg(outcome || ' ' || n, ', ') FROM
		(SELECT outcome, count(*) AS n FROM pm_jobs._attempts GROUP BY outcome) t}));
$node->stop;
done_testing();
