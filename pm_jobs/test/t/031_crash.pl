#
# 031_crash.pl - who is charged when a process crashes
#
# A job whose own process dies is charged, and dead after pm_jobs.max_crashes of
# them; its attempts are not used up, its neighbours lose nothing.  A job that ran
# while another process crashed, or when the server was stopped or killed, is
# charged nothing.  Handlers stop at gates, advisory locks that the test holds.
#
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $node = PostgreSQL::Test::Cluster->new('crash');
$node->init;
$node->append_conf('postgresql.conf', <<CONF);
shared_preload_libraries = 'pm_jobs'
pm_jobs.max_workers = 3
pm_jobs.max_crashes = 2
pm_jobs.poll_interval = '1d'
pm_jobs.idle_exit = '1h'
restart_after_crash = on
fsync = off
log_statement = none
CONF
$node->start;

# Runs a query, again while the server comes back.
sub ask
{
	my ($sql) = @_;
	my $deadline = time + 60;
	while (time < $deadline)
	{
		# psql can be gone before it has read the query
		my ($status, $out) = eval { $node->psql('postgres', $sql) };
		return $out if defined $status && $status == 0;
	}
	die "the server did not come back\n";
}

# Waits until a query gives what is expected; 0 after a minute.
sub reaches
{
	my ($query, $expected) = @_;
	my $deadline = time + 60;
	my $got;
	while (time < $deadline)
	{
		$got = ask($query);
		return 1 if $got eq $expected;
	}
	diag("$query: got \"$got\", not \"$expected\"");
	return 0;
}

sub enqueue
{
	my ($kind, $payload, $queue) = @_;
	$payload //= '{}';
	$queue //= 'q';
	return ask("SELECT pm_jobs.enqueue('$queue', '$kind', '$payload')");
}

# Does something with jobs that crash the server as soon as they may run: once only.
sub ask_paused
{
	my ($queue, $sql) = @_;
	ask("SELECT pm_jobs.pause_queue('$queue')");
	my $answer = ask($sql);
	ask("SELECT pm_jobs.resume_queue('$queue')");
	return $answer;
}

sub enqueue_bad
{
	my ($kind, $payload) = @_;
	return ask_paused('bad', "SELECT pm_jobs.enqueue('bad', '$kind', '$payload')");
}

sub job
{
	my ($id, $columns) = @_;
	return ask("SELECT $columns FROM pm_jobs.jobs WHERE id = $id");
}

# Waits until the handler of a job stands at its gate.
sub stands
{
	my ($id) = @_;
	return reaches(
		"SELECT count(*) FROM pm_jobs.workers AS w JOIN pg_stat_activity AS a USING (pid)
		 WHERE w.job_id = $id AND a.wait_event_type = 'Lock'", 1);
}

# A session that keeps the gate shut until it is told to open, or dies.
sub shut
{
	my $keeper = $node->background_psql('postgres', on_error_stop => 0);
	$keeper->query_safe('SELECT pg_advisory_lock(1)');
	return $keeper;
}

# How often the server has started its processes again.
sub restarts
{
	my @all = slurp_file($node->logfile) =~ /all server processes terminated; reinitializing/g;
	return scalar @all;
}

# How often a crash was found to be a job's doing.
sub blamed
{
	my @all = slurp_file($node->logfile) =~ /crashed while it ran job/g;
	return scalar @all;
}

my $mark = $node->basedir . '/mark';
$node->safe_psql('postgres', <<SQL);
CREATE EXTENSION pm_jobs;
CREATE TABLE done (n bigint GENERATED ALWAYS AS IDENTITY, id bigint);
CREATE FUNCTION pass(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS \$\$
BEGIN
  INSERT INTO public.done (id) VALUES (job.id);
  IF job.payload ? 'gate' THEN
    PERFORM pg_advisory_xact_lock(1);
  END IF;
  RETURN NULL;
END \$\$;
CREATE FUNCTION kills(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS \$\$
BEGIN
  INSERT INTO public.done (id) VALUES (job.id);
  IF job.payload ->> 'signal' = 'TERM' THEN
    PERFORM pg_terminate_backend(pg_backend_pid());
  ELSIF job.payload ->> 'signal' = 'QUIT' THEN
    COPY (SELECT 1) TO PROGRAM 'kill -QUIT \$PPID';
  ELSIF job.payload ? 'once' THEN
    COPY (SELECT 1) TO PROGRAM 'cat >/dev/null; test -e $mark || { touch $mark; kill -KILL \$PPID; }';
  ELSE
    COPY (SELECT 1) TO PROGRAM 'kill -KILL \$PPID';
  END IF;
  PERFORM pg_sleep(1000);
  RETURN NULL;
END \$\$;
SELECT pm_jobs.register_handler('pass', 'pass(pm_jobs.job)'), pm_jobs.register_handler('kills', 'kills(pm_jobs.job)'),
  pm_jobs.register_handler('kills outside', 'kills(pm_jobs.job)', transactional => false);
SELECT pm_jobs.create_queue('q', backoff => '{0}');
SELECT pm_jobs.create_queue('bad', concurrency => 1, backoff => '{0}');
SELECT pm_jobs.create_queue('ordered', ordered => true, backoff => '{0}');
SQL
unlink $mark;

my $id;

# ---- the culprit dies, its neighbours live
ask(q{SELECT count(*) FROM pm_jobs.enqueue_many('q', 'pass', array_fill('{}'::jsonb, ARRAY[30]))});
ok(reaches('SELECT count(*) FROM done', 30), 'the kind is known to be quick');
my $keeper = shut();
my $gated = enqueue('pass', '{"gate": 1}');
ok(stands($gated), 'a job runs when another crashes its process');
my ($good, $bad) = split /\|/, ask_paused('bad', q{
	BEGIN;
	SELECT pm_jobs.enqueue('bad', 'pass') FROM generate_series(1, 5);
	SELECT pm_jobs.enqueue('bad', 'kills', max_attempts => 1);
	SELECT pm_jobs.enqueue('bad', 'pass') FROM generate_series(1, 5);
	SELECT pm_jobs.enqueue('q', 'pass') FROM generate_series(1, 100);
	COMMIT;
	SELECT count(*) FILTER (WHERE kind = 'pass'), max(id) FILTER (WHERE kind = 'kills') FROM pm_jobs.jobs}) =~ s/.*\n//sr;
ok(reaches("SELECT status FROM pm_jobs.jobs WHERE id = $bad", 'dead'), 'the culprit is dead in the end');
is(job($bad, 'attempts, max_attempts, crashes, last_error'),
	'0|1|2|the process that ran it crashed (crashes: 2)', 'after its crashes, without an attempt used up');
is( ask("SELECT attempt, outcome, message, pid > 0, started_at < finished_at FROM pm_jobs.attempts WHERE job_id = $bad ORDER BY attempt"),
	"1|crashed|the process that ran it crashed|t|t\n2|crashed|the process that ran it crashed|t|t", 'each crash is on record');
is(ask("SELECT count(*) FROM pm_jobs.dead WHERE id = $bad"), '1', 'it is among the dead letters');
ok(reaches("SELECT count(*) FROM pm_jobs.jobs WHERE kind = 'pass' AND status = 'succeeded'", $good), 'all others succeed');
is(ask("SELECT count(*), count(DISTINCT id) FROM done"), "$good|$good", 'each once');
is(ask("SELECT count(*) FROM pm_jobs.jobs WHERE kind = 'pass' AND (crashes > 0 OR attempts <> 1)"), '0', 'charged nothing');
is(ask("SELECT count(*) FROM pm_jobs.attempts WHERE job_id <> $bad"), '0', 'nothing about them on record');
$keeper->quit;
is(restarts() . '|' . blamed(), '2|2', 'the server restarted its processes as often as the job crashed');
ask_paused('bad', "SELECT pm_jobs.retry($bad)");
ok(reaches("SELECT status FROM pm_jobs.jobs WHERE id = $bad", 'dead'), 'redriven, it is dead again');
is(job($bad, 'attempts, crashes'), '0|2', 'with all its chances used');
is(ask("SELECT string_agg(attempt::text, ' ' ORDER BY attempt) FROM pm_jobs.attempts WHERE job_id = $bad"), '1 2 3 4', 'numbered on');
is(restarts() . '|' . blamed(), '4|4', 'and nobody else is blamed');

# ---- a handler that sends SIGQUIT to itself is no victim
$bad = enqueue_bad('kills', '{"signal": "QUIT"}');
ok(reaches("SELECT status FROM pm_jobs.jobs WHERE id = $bad", 'dead'), 'who quits by itself is charged');
is(job($bad, 'attempts, crashes'), '0|2', 'as a crash');

# ---- nor is one that ends its worker without a crash: it would end them all
my $restarts = restarts();
$bad = enqueue_bad('kills', '{"signal": "TERM"}');
$id = enqueue('pass');
ok(reaches("SELECT status FROM pm_jobs.jobs WHERE id = $bad", 'dead'), 'who ends its worker is charged');
cmp_ok(job($bad, 'crashes'), '>=', 2, 'for each');
ok(reaches("SELECT status FROM pm_jobs.jobs WHERE id = $id", 'succeeded'), 'others run');
is(restarts(), $restarts, 'nothing was restarted');

# ---- effects outside: the attempts count too
$bad = enqueue_bad('kills outside', '{}');
ok(reaches("SELECT status FROM pm_jobs.jobs WHERE id = $bad", 'dead'), 'a culprit with effects outside is dead in the end');
is(job($bad, 'attempts, crashes'), '2|2', 'its attempts count');
is(ask("SELECT string_agg(attempt || ' ' || outcome, ', ' ORDER BY attempt) FROM pm_jobs.attempts WHERE job_id = $bad"),
	'1 crashed, 2 crashed', 'and are on record');

# ---- crashed once; in an ordered queue the key waits for it
ask(q{SELECT pm_jobs.pause_queue('ordered')});
my ($head, $next) = split /\n/, ask(q{SELECT pm_jobs.enqueue('ordered', k, '{"once": 1}', limit_key => 'k') FROM unnest('{kills,pass}'::text[]) AS k});
ask(q{UPDATE pm_jobs._queues SET backoff = '{1 h}' WHERE name = 'ordered'; SELECT pm_jobs.resume_queue('ordered')});
ok(reaches("SELECT status FROM pm_jobs.jobs WHERE id = $head", 'scheduled'), 'the head of a key waits after its crash');
is(job($head, 'attempts, crashes, last_error'), '0|1|the process that ran it crashed', 'for its next chance');
is(job($next, 'status'), 'ready', 'and the next one of the key for it');
ask("SELECT pm_jobs.cancel($head)");
ok(reaches("SELECT status FROM pm_jobs.jobs WHERE id = $next", 'succeeded'), 'until it is cancelled');
unlink $mark;
$head = enqueue_bad('kills', '{"once": 1}');
ok(reaches("SELECT count(*) FROM pm_jobs.workers AS w JOIN pg_stat_activity AS a USING (pid) WHERE w.job_id = $head AND a.wait_event = 'PgSleep' AND w.attempt = 1", 1),
	'one that crashes only once goes on in its first attempt');
is(job($head, 'attempts, crashes, status'), '0|1|running', 'with one crash');
ask("SELECT pm_jobs.cancel($head)");
ok(reaches("SELECT status FROM pm_jobs.jobs WHERE id = $head", 'cancelled'), 'and ends');
is(ask("SELECT string_agg(attempt || ' ' || outcome, ', ' ORDER BY attempt) FROM pm_jobs.attempts WHERE job_id = $head"),
	'1 crashed, 2 cancelled', 'both executions are on record');

# ---- others' crashes, stops and kills charge nobody
my $blamed = blamed();
foreach my $how ('backend', 'immediate', 'postmaster', 'fast')
{
	$keeper = shut();
	$id = enqueue('pass', '{"gate": 1}');
	ok(stands($id), "$how: a job runs");
	if ($how eq 'backend')
	{
		kill 'KILL', $keeper->query_safe('SELECT pg_backend_pid()');
	}
	elsif ($how eq 'postmaster')
	{
		$node->kill9;
		# memory of a server whose processes are still there cannot be used
		my $deadline = time + 60;
		do { $node->{_pid} = undef; } until $node->start(fail_ok => 1) || time > $deadline;
	}
	else
	{
		$node->stop($how);
		$node->start;
	}
	$keeper->quit;
	ok(reaches("SELECT status FROM pm_jobs.jobs WHERE id = $id", 'succeeded'), "$how: it runs again");
	is(job($id, 'attempts, crashes'), '1|0', "$how: and is charged nothing");
	is(ask("SELECT count(*) FROM done WHERE id = $id"), '1', "$how: having done its work once");
}
is(blamed(), $blamed, 'nobody was blamed');

# ---- a job that somebody holds is charged later
$keeper = $node->background_psql('postgres');
$id = ask("SELECT pm_jobs.pause_queue('bad'); SELECT pm_jobs.enqueue('bad', 'pass')") =~ s/.*\n//sr;
$keeper->query_safe("BEGIN; SELECT id FROM pm_jobs._job WHERE id = $id FOR SHARE");
is(ask("SELECT pm_jobs._charge_crash($id, 9)"), 'f', 'a locked job is not charged');
$keeper->query_safe('COMMIT');
is(ask("SELECT pm_jobs._charge_crash($id, 9)"), 't', 'a free one is');
ask("SELECT pm_jobs.resume_queue('bad')");
ok(reaches("SELECT status FROM pm_jobs.jobs WHERE id = $id", 'succeeded'), 'and runs');
$keeper->query_safe('SELECT pg_advisory_lock(1)');
$id = enqueue('pass', '{"gate": 1}');
ok(stands($id), 'a job runs');
is(ask("SELECT pm_jobs._charge_crash($id, 9)"), 'f', 'and is not charged meanwhile');
$keeper->query_safe('SELECT pg_advisory_unlock(1)');
ok(reaches("SELECT status FROM pm_jobs.jobs WHERE id = $id", 'succeeded'), 'its attempt is not disturbed');
is(job($id, 'attempts, crashes'), '1|0', 'by that');
$keeper->quit;

# ---- a server that does not restart after a crash: the next one knows
$node->append_conf('postgresql.conf', "restart_after_crash = off\n");
$node->reload;
ok(reaches(q{SHOW restart_after_crash}, 'off'), 'a server that does not restart by itself');
$bad = ask("SELECT pm_jobs.pause_queue('bad'); SELECT pm_jobs.enqueue('bad', 'kills')") =~ s/.*\n//sr;
eval { $node->psql('postgres', "SELECT pm_jobs.resume_queue('bad')") };
my $file = $node->data_dir . '/pg_stat_tmp/pm_jobs.crashed';
foreach my $crash (1, 2)
{
	my $deadline = time + 60;
	1 while !-e $file && time < $deadline;
	ok(-e $file, "crash $crash: the server leaves word");
	1 while -e $node->data_dir . '/postmaster.pid' && time < $deadline;
	# the next one is gone again soon, perhaps before it was seen
	system_log('pg_ctl', '-w', '-D', $node->data_dir, '-l', $node->logfile, 'start');
}
$node->_update_pid(1);
ok(reaches("SELECT status FROM pm_jobs.jobs WHERE id = $bad", 'dead'), 'the culprit is dead in the end');
is(job($bad, 'attempts, crashes'), '0|2', 'after its crashes');
ok(!-e $file, 'the word is gone');
$node->stop;

# ---- rubbish in the file is no reason not to start
append_to_file($file, "pm_jobs crashed jobs, version 1\n5 1 1 1\nrubbish\n" . "\0" x 1000);
$node->start;
ok(reaches(q{SELECT count(*) FROM pm_jobs.workers WHERE process = 'launcher' AND state = 'up'}, 1), 'a server starts with a damaged file');
ok(!-e $file, 'and forgets it');
$node->stop;
unlink $mark;
done_testing();
