#
# 033_rest.pl - workers rest when there is nothing to do, and miss nothing for it
#
# The poll is a day away: whatever is done here was told.
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PmJobs qw(make_node query_reaches wait_for workers_of);
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

# the time that fifty clients take on a quiet machine
my $quiet_s = 2.5;

my $node = make_node('rest', <<CONF);
pm_jobs.max_workers = 2
pm_jobs.idle_exit = '1h'
pm_jobs.poll_interval = '1d'
max_locks_per_transaction = 10
CONF
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION pm_jobs;
CREATE SEQUENCE calls;
CREATE FUNCTION run(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  PERFORM nextval('public.calls');
  IF job.payload ? 'sql' THEN
    EXECUTE job.payload ->> 'sql';
  END IF;
  RETURN NULL;
END $$;
SELECT pm_jobs.register_handler('run', 'run(pm_jobs.job)');
SELECT pm_jobs.create_queue('q', max_attempts => 1, concurrency => 1), pm_jobs.create_queue('keys', key_concurrency => 1);
SQL

sub sql
{
	return $node->safe_psql('postgres', $_[0]);
}

sub ends
{
	my ($id) = @_;
	return sql("SELECT pm_jobs.wait($id, '30 s')");
}

# A session in a transaction that has executed these statements.
sub session
{
	my $session = $node->background_psql('postgres');
	$session->query_safe("BEGIN; $_[0]");
	return $session;
}

# A test that the workers are idle and use no time: clock ticks of their processes, while
# fifty clients come and go; one that does not rest would use most of that.
sub rests
{
	my ($name) = @_;
	my $ticks = sub {
		my $sum = 0;
		foreach my $pid (workers_of($node, 'postgres'))
		{
			my @fields = split / /, slurp_file("/proc/$pid/stat");
			$sum += $fields[13] + $fields[14];
		}
		return $sum;
	};

	ok(query_reaches($node, 'postgres', q{SELECT count(*) FROM pm_jobs.workers WHERE process = 'worker' AND state <> 'idle'}, '0'),
		"$name: the workers are idle");
	my ($before, $begun) = ($ticks->(), time);
	sql('SELECT 1') foreach 1 .. 50;
	my $used = $ticks->() - $before;
	# ten ticks while fifty clients of a quiet machine come and go; as large a share if that takes longer
	my $longer = (time - $begun) / $quiet_s;
	cmp_ok($used, '<', 10 * ($longer > 1 ? $longer : 1), "$name: and use no time ($used ticks)");
}

is(ends(sql(q{SELECT pm_jobs.enqueue('q', 'run')})), 'succeeded', 'a worker is there');

# what makes a worker look again and again
sql(q{SELECT pm_jobs.create_queue('queue ' || i) FROM generate_series(1, 80) AS i});
is(ends(sql(q{SELECT pm_jobs.enqueue('queue 80', 'run')})), 'succeeded', 'one of many queues');
rests('many queues');

sql(q{SELECT pm_jobs.schedule('later', '1 h', 'q', 'run'), pm_jobs.schedule('lost', '0 0 * * * Europe/Paris', 'q', 'run')});
my $holder = session(q{UPDATE pm_jobs._schedules SET next_run = now() - interval '1 s' WHERE name = 'later'; SELECT pm_jobs.run_pending()});
sql(q{UPDATE pm_jobs._schedules SET spec = '0 0 * * * Nowhere/Lost', next_run = now() WHERE name = 'lost'});
ok(query_reaches($node, 'postgres', q{SELECT last_error LIKE '%Nowhere%' AND next_run > now() FROM pm_jobs._schedules WHERE name = 'lost'}, 't'),
	'a schedule whose time zone is gone says so and is looked at later');
rests('a schedule that another session fires');
$holder->query_safe('COMMIT');
$holder->quit;
sql(q{UPDATE pm_jobs._schedules SET next_run = clock_timestamp() + interval '1 s' WHERE name = 'later'});
$holder = session(q{SELECT FROM pm_jobs._schedules FOR UPDATE});
my $before = sql('SELECT last_value FROM calls');
ok(query_reaches($node, 'postgres', q{SELECT next_run < clock_timestamp() FROM pm_jobs._schedules WHERE name = 'later'}, 't'), 'due');
rests('a schedule that is locked');
is(sql('SELECT last_value FROM calls'), $before, 'it does not fire');
$holder->query_safe('COMMIT');
$holder->quit;
ok(query_reaches($node, 'postgres', "SELECT last_value > $before FROM calls", 't'), 'it fires when it is free');

sql(q{SELECT pm_jobs.create_queue('far', backoff => '{200000 years}')});
$before = sql('SELECT last_value FROM calls');
sql(q{SELECT pm_jobs.enqueue('far', 'run', '{"sql": "SELECT 1 / 0"}')});
ok(query_reaches($node, 'postgres', "SELECT last_value > $before FROM calls", 't'), 'a failure that cannot be recorded');
rests('an attempt that cannot be recorded');
cmp_ok(sql('SELECT last_value FROM calls') - $before, '<', 20, 'is not made again at once');
sql(q{SELECT pm_jobs.pause_queue('far')});

# rows that were locked
foreach my $queue ('q', 'keys')
{
	my $key = $queue eq 'keys' ? "'a'" : 'NULL';
	my @rollbacks = (
		q{SELECT FROM pm_jobs._job WHERE id = ID FOR UPDATE},
		q{SELECT pm_jobs.enqueue('QUEUE', 'run', dedup_key => 'd'); SAVEPOINT s; SELECT pm_jobs.cancel(ID)},
		q{SAVEPOINT s; DELETE FROM pm_jobs._job WHERE id = ID});
	foreach my $rollback (@rollbacks)
	{
		sql("SELECT pm_jobs.pause_queue('$queue')");
		my $id = sql("SELECT pm_jobs.enqueue('$queue', 'run', dedup_key => 'd', limit_key => $key)");
		$rollback =~ s/ID/$id/;
		$rollback =~ s/QUEUE/$queue/;
		$holder = session($rollback);
		sql("SELECT pm_jobs.resume_queue('$queue')");
		ok(query_reaches($node, 'postgres', q{SELECT count(*) FROM pm_jobs.workers WHERE process = 'worker' AND state <> 'idle'}, '0'), 'they look');
		is(sql("SELECT count(*) FROM pm_jobs._job WHERE id = $id"), '1', "$queue: a job that a session has locked waits");
		$holder->query_safe('ROLLBACK');
		$holder->quit;
		is(ends($id), 'succeeded', "$queue: and runs after the rollback: $rollback");
	}
}

# keys whose jobs are done, under an old snapshot
$holder = session(q{SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT FROM pg_class LIMIT 1});
sql(q{SELECT count(pm_jobs.enqueue('keys', 'run', limit_key => 'key ' || i)) FROM generate_series(1, 3000) AS i});
ok(query_reaches($node, 'postgres', q{SELECT count(*) FROM pm_jobs._job WHERE queue = 'keys'}, '0'), 'more keys than locks');
is(ends(sql(q{SELECT pm_jobs.enqueue('keys', 'run', limit_key => 'zz')})), 'succeeded', 'another one');
unlike(slurp_file($node->logfile), qr/out of shared memory/, 'the lock table is not full');
$holder->quit;

# a neighbour in the same batch, which they share only if the last ones were quick
my ($failed, $canceller, $why);
foreach (1 .. 50)
{
	sql(q{SELECT pm_jobs.pause_queue('q')});
	($failed, $canceller) = split /\|/, sql(q{
		WITH a AS (SELECT pm_jobs.enqueue('q', 'run', '{"sql": "SELECT 1 / 0"}', max_attempts => 2) AS id)
		SELECT id, pm_jobs.enqueue('q', 'run', jsonb_build_object('sql', format('SELECT pm_jobs.cancel(%s)', id))) FROM a});
	sql(q{SELECT count(*) FROM pm_jobs.enqueue_many('q', 'run', array_fill('{}'::jsonb, ARRAY[100]), priority => 1)});
	sql(q{SELECT pm_jobs.resume_queue('q')});
	ends($canceller);
	$why = sql("SELECT last_error FROM pm_jobs.jobs WHERE id = $canceller");
	last if $why ne '';
}
is($why, "job $failed is running", 'a handler cannot cancel a job of its own batch that has failed');
is(sql("SELECT pm_jobs.cancel($failed)"), 't', 'others can');

# wait() where the WAL ends with a page
my $id = sql(q{SELECT pm_jobs.enqueue('q', 'run')});
ends($id);
my $waiter = $node->background_psql('postgres');
my $reached = 0;
foreach (1 .. 2000)
{
	# fills the page but for what a record takes, then tries sizes
	my $left = 8192 - $waiter->query_safe(q{SELECT (pg_current_wal_insert_lsn() - '0/0') % 8192});
	$waiter->query_safe("SELECT pg_logical_emit_message(false, '', repeat('x', greatest(0, $left - 56)))");
	$reached = $waiter->query_safe(q{SELECT (pg_current_wal_insert_lsn() - '0/0') % 8192}) == 24;
	last if $reached;
}
ok($reached, 'the WAL ends with a page');
is($waiter->query_safe("SELECT pm_jobs.wait($id)"), 'succeeded', 'wait() does not mind');
$waiter->quit;

# a reload that comes while a worker waits for something else
$holder = session('LOCK TABLE pm_jobs._job IN ACCESS EXCLUSIVE MODE');
sql('NOTIFY pm_jobs');
ok(query_reaches($node, 'postgres', q{SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'pm_jobs worker' AND wait_event_type = 'Lock'}, 't'),
	'a worker waits for a lock');
sql(q{ALTER SYSTEM SET pm_jobs.idle_exit = 1});
$node->reload;
$holder->query_safe('COMMIT');
$holder->quit;
ok(wait_for(sub { !workers_of($node, 'postgres') }), 'it obeys afterwards: the workers leave');
$node->stop;
done_testing();
