#
# 030_running.pl - progress of jobs that workers run, and cancelling them
#
# Handlers stop at gates, advisory locks that the test holds, so that every moment
# lasts as long as the test wants.  The poll is a day away.
#
# PM_SEED=n repeats the race, PM_SOAK=1 makes it long.
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PmJobs qw(query_reaches);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $node = PostgreSQL::Test::Cluster->new('running');
$node->init;
$node->append_conf('postgresql.conf', <<CONF);
shared_preload_libraries = 'pm_jobs'
pm_jobs.max_workers = 1
pm_jobs.poll_interval = '1d'
pm_jobs.idle_exit = '1h'
fsync = off
log_statement = none
CONF
$node->start;
$node->safe_psql('postgres', q{ALTER SYSTEM SET pm_jobs.batch_time = '1h'});
$node->reload;

sub sql
{
	return $node->safe_psql('postgres', $_[0]);
}

# Waits until a query gives what is expected.
sub reaches
{
	return query_reaches($node, 'postgres', @_);
}

# The columns of a job, or the attempts made of it.
sub job
{
	my ($id, $columns) = @_;
	return sql("SELECT $columns FROM pm_jobs.jobs WHERE id = $id");
}

sub attempts
{
	my ($id) = @_;
	return sql("SELECT attempt, outcome, sqlstate FROM pm_jobs.attempts WHERE job_id = $id ORDER BY attempt");
}

sub enqueue
{
	my ($kind, $payload, $queue) = @_;
	$payload //= '{}';
	$queue //= 'q';
	return sql("SELECT pm_jobs.enqueue('$queue', '$kind', '$payload')");
}

sub cancel
{
	my ($id) = @_;
	return sql("SELECT pm_jobs.cancel($id)");
}

sub finished
{
	my ($id) = @_;
	return sql("SELECT pm_jobs.wait($id, '30 s')");
}

# Waits until the handler of a job has been called and stands at its gate.
sub stands
{
	my ($id) = @_;
	return reaches(
		"SELECT count(*) FROM pm_jobs.workers AS w JOIN pg_stat_activity AS a USING (pid)
		 WHERE w.job_id = $id AND a.wait_event_type IN ('Lock', 'Timeout')", 1);
}

my $keeper = $node->background_psql('postgres');

sub shut
{
	$keeper->query_safe("SELECT pg_advisory_lock($_)") foreach @_;
}

sub open_gate
{
	$keeper->query_safe("SELECT pg_advisory_unlock($_)") foreach @_;
}

sql(<<'SQL');
CREATE EXTENSION pm_jobs;
CREATE ROLE pm_admin;
CREATE ROLE ann;
CREATE ROLE bob;
CREATE TABLE done (id bigint, at timestamptz DEFAULT clock_timestamp());
GRANT INSERT ON done TO PUBLIC;
CREATE FUNCTION steps(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  s jsonb;
BEGIN
  FOR s IN SELECT * FROM jsonb_array_elements(job.payload -> 'steps') LOOP
    PERFORM pm_jobs.set_progress((s ->> 'f')::float8, s ->> 'm');
    PERFORM pg_advisory_xact_lock((s ->> 'gate')::int);
  END LOOP;
  RETURN NULL;
END $$;
CREATE FUNCTION pass(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.done (id) VALUES (job.id);
  IF job.payload ? 'gate' THEN
    PERFORM pg_advisory_xact_lock((job.payload ->> 'gate')::int);
  END IF;
  IF job.payload ? 'fail' THEN
    RAISE EXCEPTION 'as asked';
  END IF;
  IF job.payload ? 'spoil' THEN
    UPDATE pm_jobs._job SET priority = 1 WHERE id = job.id;
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION naps(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.done (id) VALUES (job.id);
  PERFORM pg_sleep(1000);
  RETURN NULL;
END $$;
CREATE FUNCTION spins(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  n int := 0;
BEGIN
  INSERT INTO public.done (id) VALUES (job.id);
  PERFORM pm_jobs.set_progress(0.1);
  WHILE n >= 0 LOOP
    n := (n + 1) % 1000;
  END LOOP;
  RETURN NULL;
END $$;
CREATE FUNCTION swallows(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.done (id) VALUES (job.id);
  FOR i IN 1 .. (job.payload ->> 'times')::int LOOP
    BEGIN
      PERFORM pm_jobs.set_progress(i / 10.0);
      PERFORM pg_sleep(1000);
    EXCEPTION WHEN query_canceled THEN
      NULL;
    END;
  END LOOP;
  RETURN NULL;
END $$;
CREATE FUNCTION selves(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pm_jobs.cancel(job.id);
  RETURN NULL;
END $$;
CREATE FUNCTION signals(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  -- delivered when the program has ended; the next statement looks for interrupts
  COPY (SELECT 1) TO PROGRAM 'cat >/dev/null; kill -USR2 $PPID';
  RETURN NULL;
END $$;
CREATE FUNCTION races(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.done (id) VALUES (job.id);
  IF job.id % 3 = 0 THEN
    PERFORM pg_sleep(random() * 0.003);
  END IF;
  RETURN NULL;
END $$;
SELECT pm_jobs.register_handler(k, format('%s(pm_jobs.job)', k)::regprocedure)
FROM unnest('{steps,pass,naps,spins,swallows,selves,signals,races}'::text[]) AS k;
SELECT pm_jobs.register_handler('outside', 'naps(pm_jobs.job)', transactional => false);
SELECT pm_jobs.create_queue('q', backoff => '{1 h}'), pm_jobs.grant_queue('q', 'ann');
SELECT pm_jobs.create_queue('one', concurrency => 1, backoff => '{1 h}');
SELECT pm_jobs.create_queue('ordered', concurrency => 4, ordered => true, backoff => '{1 h}');
SQL

# ---- progress, seen by other sessions while the job runs
shut(1, 2, 3, 4);
my $long = 'ö' x 200;
my $id = sql(qq{SET ROLE ann; SELECT pm_jobs.enqueue('q', 'steps', '{"steps": [
	{"f": 0, "gate": 1}, {"f": 0.25, "m": "reading", "gate": 2}, {"f": 0.5, "gate": 3}, {"f": 1, "m": "$long", "gate": 4}]}')});
ok(stands($id), 'a job runs');
is(job($id, 'status, progress, progress_message, eta, started_at IS NOT NULL, attempts'), 'running|0|||t|0', 'and has done nothing yet');
open_gate(1);
ok(reaches("SELECT progress FROM pm_jobs.jobs WHERE id = $id", 0.25), 'its progress is seen');
is(job($id, 'progress_message'), 'reading', 'and its message');
is(job($id, 'abs(extract(epoch FROM eta - clock_timestamp()) - 3 * extract(epoch FROM clock_timestamp() - started_at)) < 1'),
	't', 'three times as long remains after a quarter');
is( sql("SELECT process, database, state, queue, kind, attempt, role, progress, message FROM pm_jobs.workers WHERE job_id = $id"),
	'worker|postgres|running|q|steps|1|ann|0.25|reading', 'the worker shows what it does');
is(sql("SELECT process, state, trouble FROM pm_jobs.workers WHERE process = 'launcher'"), 'launcher|up|', 'so does the launcher');
is(sql("SET ROLE ann; SELECT progress, progress_message FROM pm_jobs.jobs WHERE id = $id"), '0.25|reading', 'its role sees it');
is( sql("SET ROLE ann; SELECT job_id, kind, message FROM pm_jobs.workers WHERE state = 'running'"),
	"$id|steps|reading", 'in the view of workers too');
is( sql("SET ROLE bob; SELECT queue, kind, job_id, attempt, role, started_at, progress, message FROM pm_jobs.workers WHERE state = 'running'"),
	'|||||||', 'another role sees that a worker is running, and no more');
is(sql("SET ROLE bob; SELECT pm_jobs._progress($id), pm_jobs._progress_message($id), pm_jobs._eta($id), pm_jobs._running_since($id)"),
	'|||', 'nor behind the view');
sql('CREATE DATABASE other');
$node->safe_psql('other', 'CREATE EXTENSION pm_jobs');
is( $node->safe_psql('other', "SELECT database, pid IS NOT NULL, since, queue, kind, job_id, role, progress, message FROM pm_jobs.workers WHERE state = 'running'"),
	'postgres|t|||||||', 'another database sees no more either');
open_gate(2);
ok(reaches("SELECT progress FROM pm_jobs.jobs WHERE id = $id", 0.5), 'it goes on');
is(job($id, 'progress_message'), 'reading', 'a step without message leaves the last');
open_gate(3);
ok(reaches("SELECT progress FROM pm_jobs.jobs WHERE id = $id", 1), 'up to the end');
is(job($id, "progress_message = repeat('ö', 127), octet_length(progress_message)"), 't|254', 'a long message is cut between characters');
open_gate(4);
is(finished($id), 'succeeded', 'and succeeds');
is(job($id, 'progress, progress_message, eta'), '1||', 'a job that succeeded is done');
is(sql("SELECT count(*) FROM pm_jobs.workers WHERE job_id = $id"), '0', 'nobody runs it');
my $bad = enqueue('steps', '{"steps": [{"f": 1.5}]}', 'one');
ok(reaches("SELECT status FROM pm_jobs.jobs WHERE id = $bad", 'scheduled'), 'a fraction above 1');
is(attempts($bad), '1|failed|22023', 'is an error of the handler');

# ---- cancelling what runs
foreach my $kind ('naps', 'spins')
{
	$id = enqueue($kind);
	ok(reaches("SELECT count(*) FROM pm_jobs.workers WHERE job_id = $id", 1), "$kind runs");
	my $began = time;
	is(cancel($id), 't', 'is cancelled');
	is(finished($id), 'cancelled', 'ends');
	cmp_ok(time - $began, '<', 5, 'at once');
	is(job($id, 'attempts, crashes, started_at < finished_at, progress'), '1|0|t|', 'after one attempt');
	is(attempts($id), '1|cancelled|57014', 'that is on record');
	is(sql("SELECT count(*) FROM done WHERE id = $id"), '0', 'and undone');
	is(cancel($id), 'f', 'and cannot be cancelled again');
}
$id = enqueue('swallows', '{"times": 2}');
ok(reaches("SELECT progress FROM pm_jobs.jobs WHERE id = $id", 0.1), 'a handler that catches cancels');
is(cancel($id), 't', 'is cancelled');
ok(reaches("SELECT progress FROM pm_jobs.jobs WHERE id = $id", 0.2), 'goes on');
is(cancel($id), 't', 'is cancelled again');
is(finished($id), 'cancelled', 'returns, and is cancelled all the same');
is( sql("SELECT attempt, outcome, message FROM pm_jobs.attempts WHERE job_id = $id"),
	'1|cancelled|the handler caught the cancel of its job', 'as the record says');
is(sql("SELECT count(*) FROM done WHERE id = $id"), '0', 'what it did is undone');
$id = enqueue('outside');
ok(reaches("SELECT count(*) FROM pm_jobs.workers WHERE job_id = $id", 1), 'a handler with effects outside runs');
is(cancel($id), 't', 'is cancelled');
is(finished($id), 'cancelled', 'ends');
is(attempts($id), '1|cancelled|57014', 'and its attempt is closed');
$id = enqueue('selves', '{}', 'one');
ok(reaches("SELECT status FROM pm_jobs.jobs WHERE id = $id", 'scheduled'), 'a handler that cancels its own job');
is(attempts($id), '1|failed|55006', 'fails');
is(finished(enqueue('signals')), 'succeeded', 'a signal that nobody meant does nothing');

# ---- who may
$id = sql("SET ROLE ann; SELECT pm_jobs.enqueue('q', 'naps')");
ok(reaches("SELECT count(*) FROM pm_jobs.workers WHERE job_id = $id", 1), 'a job of ann runs');
my ($status, $out, $err) = $node->psql('postgres', "SET ROLE bob; SELECT pm_jobs.cancel($id)");
like($err, qr/job $id does not exist/, 'bob cannot cancel it');
is(job($id, 'status'), 'running', 'it runs on');
is(sql("SET ROLE ann; BEGIN; SELECT pm_jobs.cancel($id); ROLLBACK"), 't', 'ann can, whatever becomes of her transaction');
is(finished($id), 'cancelled', 'it ends');

# Runs jobs until their kind is known to be quick: then they share transactions.
sub hurry
{
	my $deadline = time + 60;
	while (time < $deadline)
	{
		my $first = sql(q{SELECT min(id) FROM pm_jobs.enqueue_many('one', 'pass', array_fill('{}'::jsonb, ARRAY[100])) AS id});
		reaches("SELECT count(*) FROM pm_jobs._finished WHERE id >= $first", 100) or return 0;
		return 1 if sql("SELECT count(DISTINCT xmin::text) FROM pm_jobs._finished WHERE id >= $first") <= 5;
	}
	return 0;
}

# ---- jobs of one batch: claimed together, run one after the other
ok(hurry(), 'quick jobs share a transaction');
shut(5);
my @ids = split /\n/, sql(q{SELECT pm_jobs.enqueue('one', 'pass', p) FROM unnest('{
	"{\"n\": 0}", "{\"fail\": 1}", "{\"n\": 2, \"gate\": 5}", "{\"n\": 3}", "{\"n\": 4}"}'::jsonb[]) AS p});
ok(stands($ids[2]), 'the third of five stands at the gate');
is( sql(qq{SELECT string_agg(status, ' ' ORDER BY id) FROM pm_jobs.jobs WHERE id >= $ids[0]}),
	'running running running running running', 'all are claimed');
is(cancel($ids[0]), 'f', 'one that has succeeded cannot be cancelled');
is(cancel($ids[3]), 't', 'one that has not begun can');
is(job($ids[3], 'status'), 'running', 'it waits for its turn');
my $canceller = $node->background_psql('postgres');
$canceller->{stdin} .= "SELECT 'answer ' || pm_jobs.cancel($ids[1]);\n";
$canceller->{run}->pump_nb();
ok(reaches(q{SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%answer%' AND wait_event = 'Extension'}, 1),
	'who cancels one that has failed waits');
open_gate(5);
is(finished($_), 'succeeded', 'one succeeds') foreach @ids[0, 2, 4];
is(finished($ids[3]), 'cancelled', 'the one that had not begun is cancelled');
is(job($ids[3], 'attempts, started_at'), '0|', 'without an attempt');
is(attempts($ids[3]), '', 'on record');
like($canceller->query('SELECT 1'), qr/answer true/, 'the one that failed is cancelled');
is(finished($ids[1]), 'cancelled', 'instead of being tried again');
is(attempts($ids[1]), '1|failed|P0001', 'its attempt is on record');
$canceller->quit;

# ---- a batch that is undone does not forget
ok(hurry(), 'quick jobs again');
shut(6);
@ids = split /\n/, sql(q{SELECT pm_jobs.enqueue('one', 'pass', p) FROM unnest('{
	"{\"n\": 0}", "{\"n\": 1, \"gate\": 6}", "{\"n\": 2}", "{\"spoil\": 1}", "{\"n\": 4}"}'::jsonb[]) AS p});
ok(stands($ids[1]), 'the second of five stands at the gate');
is( sql(qq{SELECT string_agg(status, ' ' ORDER BY id) FROM pm_jobs.jobs WHERE id >= $ids[0]}),
	'running running running running running', 'all are claimed');
is(cancel($_), 't', 'is cancelled') foreach @ids[2, 1];
open_gate(6);
is(finished($_), 'succeeded', 'one succeeds') foreach @ids[0, 4];
is(finished($_), 'cancelled', 'one is cancelled') foreach @ids[1, 2];
ok(reaches("SELECT attempts FROM pm_jobs.jobs WHERE id = $ids[3]", 1), 'the one that undid them all has failed');
is( sql("SELECT string_agg(id::text, ' ' ORDER BY id) FROM done WHERE id >= $ids[0]"), "$ids[0] $ids[4]", 'each did its work once, or not at all');

# ---- the head of a key
my ($head, $next) = split /\n/, sql(q{SELECT pm_jobs.enqueue('ordered', 'pass', p, limit_key => 'k') FROM unnest('{
	"{\"fail\": 1}", "{\"n\": 1}"}'::jsonb[]) AS p});
ok(reaches("SELECT status FROM pm_jobs.jobs WHERE id = $head", 'scheduled'), 'the head of a key has failed');
is(job($next, 'status'), 'ready', 'the next one waits');
is(cancel($head), 't', 'the head is cancelled');
is(finished($next), 'succeeded', 'the next one runs');

# ---- signals of the server's own
$id = enqueue('naps');
ok(reaches("SELECT count(*) FROM pm_jobs.workers WHERE job_id = $id", 1), 'a job runs');
sql("SELECT pg_cancel_backend(pid) FROM pm_jobs.workers WHERE job_id = $id");
ok(reaches("SELECT status FROM pm_jobs.jobs WHERE id = $id", 'scheduled'), 'pg_cancel_backend ends its attempt');
is(attempts($id), '1|failed|57014', 'which has failed');
my $idle = q{SELECT string_agg(pid::text, ' ' ORDER BY pid) FROM pg_stat_activity WHERE backend_type = 'pm_jobs worker'};
ok(reaches(q{SELECT count(*) FROM pm_jobs.workers WHERE process = 'worker' AND database = 'postgres' AND state <> 'idle'}, 0), 'all workers are idle');
my $before = sql($idle);
sql(q{SELECT pg_cancel_backend(pid) FROM pm_jobs.workers WHERE process = 'worker'});
is(finished(enqueue('pass')), 'succeeded', 'an idle worker that gets it works on');
is(sql($idle), $before, 'as the same process');
shut(7);
$id = enqueue('pass', '{"gate": 7}');
ok(stands($id), 'a job stands at the gate');
sql("SELECT pg_terminate_backend(pid, 10000) FROM pm_jobs.workers WHERE job_id = $id");
ok(stands($id), 'after pg_terminate_backend it stands there again');
open_gate(7);
is(finished($id), 'succeeded', 'and ends');
is(job($id, 'attempts, crashes'), '1|0', 'with one attempt and no crash');
is(sql("SELECT count(*) FROM done WHERE id = $id"), '1', 'having done its work once');

# ---- cancels that race with the ends of short jobs
my $cancels = $ENV{PM_SOAK} ? 5000 : 200;
my $seed = defined $ENV{PM_SEED} ? $ENV{PM_SEED} : int(time) ^ $$ << 8;
note("PM_SEED=$seed, $cancels cancels");
my $jobs = $cancels * 8;
$keeper->quit;
$node->append_conf('postgresql.conf', 'pm_jobs.max_workers = 4');
$node->restart;
sql('TRUNCATE done; CREATE TABLE answers (id bigint, cancelled boolean)');
sql('ALTER SYSTEM RESET pm_jobs.batch_time; SELECT pg_reload_conf()');
# one queue whose jobs share transactions, and one whose jobs do not
foreach my $queue ('race', 'race alone')
{
	sql("SELECT pm_jobs.create_queue('$queue', concurrency => 2, own_commit => '$queue' <> 'race'), pm_jobs.pause_queue('$queue')");
	sql("SELECT count(*) FROM pm_jobs.enqueue_many('$queue', 'races', array_fill('{}'::jsonb, ARRAY[$jobs]))");
}
# the jobs near the front: about to be claimed, claimed, running, just ended
sql(q{SELECT pm_jobs.resume_queue(name) FROM pm_jobs.queues WHERE paused});
my @cancellers;
foreach my $queue ('race', 'race alone')
{
	my $answer = '';
	my $in = "SELECT setseed(" . ($seed % 1000) / 1000 . ");\n"
	  . qq{INSERT INTO answers SELECT id, pm_jobs.cancel(id) FROM (
	SELECT id FROM pm_jobs._job WHERE queue = '$queue' ORDER BY id OFFSET floor(random() * random() * 100) LIMIT 1) AS t;
} x ($cancels / 2);
	push @cancellers, IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ], '<', \$in, '>', \$answer, '2>&1');
}
$_->finish foreach @cancellers;
ok(reaches("SELECT count(*) FROM pm_jobs._job WHERE kind = 'races'", 0), 'all jobs end');
is( sql("SELECT count(*) FROM pm_jobs.jobs WHERE kind = 'races' AND status IN ('succeeded', 'cancelled')"), 2 * $jobs, 'as they should');
is( sql("SELECT count(*) FROM pm_jobs.attempts AS a JOIN pm_jobs.jobs AS j ON j.id = a.job_id WHERE j.kind = 'races' AND a.outcome <> 'cancelled'"),
	'0', 'no cancel hit another job');
is( sql(q{SELECT count(*) FROM (SELECT id FROM answers WHERE cancelled) AS a
	FULL JOIN (SELECT id FROM pm_jobs.jobs WHERE kind = 'races' AND status = 'cancelled') AS j USING (id) WHERE a.id IS NULL OR j.id IS NULL}),
	'0', 'those that were said to be cancelled are, and no others');
is( sql(q{SELECT count(*) FROM (SELECT id FROM done) AS d
	FULL JOIN (SELECT id FROM pm_jobs.jobs WHERE kind = 'races' AND status = 'succeeded') AS j USING (id) WHERE d.id IS NULL OR j.id IS NULL}),
	'0', 'the others did their work');
is(sql('SELECT count(*) - count(DISTINCT id) FROM done'), '0', 'once each');
cmp_ok(sql('SELECT count(*) FROM answers WHERE cancelled'), '>', $cancels / 10, 'many were cancelled');
note('cancelled while running: ',
	sql("SELECT count(*) FROM pm_jobs.attempts AS a JOIN pm_jobs.jobs AS j ON j.id = a.job_id WHERE j.kind = 'races'"),
	', said to be cancelled: ', sql('SELECT count(*) FROM answers WHERE cancelled'), ', too late: ', sql('SELECT count(*) FROM answers WHERE NOT cancelled'));

$node->stop;
my $log = slurp_file($node->logfile);
unlike($log, qr/PANIC|TRAP|signal 11|pm_jobs worker: (?!canceling)/, 'no trouble in the log');
done_testing();
