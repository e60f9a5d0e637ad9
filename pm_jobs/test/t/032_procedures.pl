#
# 032_procedures.pl - procedures with effects outside: their own transactions, and nothing more
#
# The procedure "steps" does what its payload lists, a step each; "wait" sleeps in
# pm_jobs.sleep until the test wakes it by a cancel or the end of its process.
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PmJobs qw(make_node query_reaches);
use PostgreSQL::Test::Utils;
use Test::More;

my $node = make_node('procedures', "pm_jobs.max_workers = 2\npm_jobs.idle_exit = '1h'\nlog_min_messages = fatal");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION pm_jobs;
CREATE ROLE worker;
CREATE ROLE friend;
GRANT friend TO worker;
CREATE TABLE seen (n int GENERATED ALWAYS AS IDENTITY, id bigint, what text, role text DEFAULT session_user || '/' || current_user);
CREATE TABLE checked (id bigint UNIQUE DEFERRABLE INITIALLY DEFERRED);
GRANT ALL ON seen, checked TO worker;
CREATE PROCEDURE steps(job pm_jobs.job) LANGUAGE plpgsql AS $$
DECLARE
  step text;
BEGIN
  FOR step IN SELECT jsonb_array_elements_text(job.payload -> 'do') LOOP
    IF step = 'commit' THEN
      COMMIT;
    ELSIF step = 'rollback' THEN
      ROLLBACK;
    ELSIF step = 'wait' THEN
      CALL pm_jobs.sleep('1 d');
    ELSIF step = 'nap' THEN
      CALL pm_jobs.sleep('1 ms');
    ELSIF step LIKE 'sql %' THEN
      EXECUTE substr(step, 5);
    ELSE
      INSERT INTO public.seen (id, what) VALUES (job.id, step);
    END IF;
  END LOOP;
END $$;
SELECT pm_jobs.create_queue('q', concurrency => 1, max_attempts => 1), pm_jobs.grant_queue('q', 'worker'),
  pm_jobs.create_queue('beside', max_attempts => 2, backoff => '{0}'), pm_jobs.grant_queue('beside', 'worker');
SELECT pm_jobs.register_handler('steps', 'steps(pm_jobs.job)', transactional => false),
  pm_jobs.register_handler('atomic', 'steps(pm_jobs.job)');
SQL

sub sql
{
	return $node->safe_psql('postgres', $_[0]);
}

# Enqueues a job of role worker with these steps.
sub enqueue
{
	my ($kind, $queue, @steps) = @_;
	my $do = join ', ', map { my $step = $_; $step =~ s/(["\\])/\\$1/g; $step =~ s/'/''/g; qq{"$step"} } @steps;
	return sql(qq{SET ROLE worker; SELECT pm_jobs.enqueue('$queue', '$kind', '{"do": [$do]}')});
}

# The same, until it has ended; returns its id.
sub run
{
	my $id = enqueue(@_);
	sql("SELECT pm_jobs.wait($id, '30 s')");
	return $id;
}

sub job
{
	my ($id, $columns) = @_;
	return sql("SELECT $columns FROM pm_jobs.jobs WHERE id = $id");
}

sub seen
{
	my ($id) = @_;
	return sql("SELECT string_agg(what, ' ' ORDER BY n) FROM seen WHERE id = $id");
}

# The pid of the worker that runs a job, once that waits in an empty transaction.
sub pid_of_waiting
{
	my ($id) = @_;
	query_reaches($node, 'postgres', "SELECT count(*) FROM pm_jobs.workers AS w JOIN pg_stat_activity AS a USING (pid)
		WHERE w.job_id = $id AND a.wait_event = 'Extension' AND a.backend_xmin IS NULL", 1) or die;
	return sql("SELECT pid FROM pm_jobs.workers WHERE job_id = $id");
}

# its own transactions
my $id = enqueue('steps', 'q', 'one', 'commit', 'two', 'rollback', 'three', 'wait', 'four');
my $pid = pid_of_waiting($id);
is(seen($id), 'one three', 'what it committed is there while it runs, what it rolled back is not');
is(job($id, 'status, attempts'), 'running|1', 'it runs');
is(sql("SELECT backend_xid IS NULL, backend_xmin IS NULL FROM pg_stat_activity WHERE pid = $pid"), 't|t',
	'it holds no transaction number and no snapshot while it waits');
is(sql("SELECT string_agg(DISTINCT locktype, ' ' ORDER BY locktype) FROM pg_locks WHERE pid = $pid"), 'advisory virtualxid',
	'and no lock but those of its queue');
is(sql(qq{SELECT string_agg(DISTINCT role, ' ') FROM seen}), 'worker/worker', 'as who enqueued it, after COMMIT and ROLLBACK too');
my $next = enqueue('steps', 'q', 'next');
my $other = run('steps', 'beside', 'beside');
is(job($other, 'status'), 'succeeded', 'another queue goes on meanwhile');
is(job($next, 'status'), 'ready', 'the slot of its queue is taken, though it has committed');
like($node->psql('postgres', "SELECT pm_jobs.cancel($id)") ? 'error' : sql("SELECT pm_jobs.wait($id, '30 s')"),
	qr/^cancelled$/, 'it can be cancelled while it waits');
is(seen($id), 'one three', 'what it committed stays');
is(sql("SELECT attempt, outcome FROM pm_jobs.attempts WHERE job_id = $id"), '1|cancelled', 'as the attempt says');
is(sql("SELECT pm_jobs.wait($next, '30 s')"), 'succeeded', 'the next one of the queue runs');

# failures
$id = run('steps', 'q', 'kept', 'commit', 'undone', 'sql SELECT 1 / 0');
is(job($id, 'status, last_error'), 'dead|division by zero', 'an error is the failure of the attempt');
is(seen($id), 'kept', 'what it had not committed is undone');
is(sql("SELECT outcome, sqlstate FROM pm_jobs.attempts WHERE job_id = $id"), 'failed|22012', 'and it is on record');
$id = run('steps', 'q', 'sql INSERT INTO public.checked VALUES (1), (1)');
like(job($id, 'status, last_error'), qr/^dead\|duplicate key value/, 'so is one at its last COMMIT');
$id = run('steps', 'beside', 'again', 'commit', 'sql SELECT 1 / (SELECT count(*) - 1 FROM public.seen WHERE what = \'again\')');
is(job($id, 'status, attempts') . ' ' . seen($id), 'succeeded|2 again again', 'it is tried again');
$id = enqueue('steps', 'beside', 'crash', 'commit',
	'sql SELECT pm_jobs.set_progress(0.5)', 'sql SELECT 1 / (count(*) - 1) FROM public.seen WHERE what = \'crash\'', 'wait');
query_reaches($node, 'postgres', "SELECT count(*) FROM pm_jobs.attempts WHERE job_id = $id", 2);
$pid = pid_of_waiting($id);
is(job($id, 'progress'), '0.5', 'progress is seen');
sql("SELECT pg_terminate_backend($pid)");
is(sql("SELECT pm_jobs.wait($id, '30 s')"), 'dead', 'an attempt whose worker ends is used up');
is(sql("SELECT string_agg(outcome, ' ' ORDER BY attempt) FROM pm_jobs.attempts WHERE job_id = $id"), 'failed crashed', 'as the record says');

# nobody gets out of the role
foreach my $way (
	'RESET ROLE', 'SET ROLE postgres', 'SET ROLE friend', 'RESET SESSION AUTHORIZATION', 'SET SESSION AUTHORIZATION DEFAULT',
	'SET SESSION AUTHORIZATION postgres', "SELECT set_config('role', 'postgres', false)", "SELECT set_config('session_authorization', 'postgres', true)")
{
	foreach my $when ('commit', 'rollback', 'nap')
	{
		$id = run('steps', 'q', $when, "sql $way", "sql CREATE TABLE public.taken ()");
		like(job($id, 'last_error'), qr/cannot be changed/, "$way after $when");
	}
}
$id = run('steps', 'q', 'commit', 'sql RESET ALL', 'who', 'rollback', 'who', 'nap', 'who');
is(sql("SELECT string_agg(DISTINCT role, ' ') FROM seen WHERE id = $id"), 'worker/worker', 'nor by RESET ALL');
$id = run('steps', 'q', 'commit', 'sql CREATE TABLE public.taken ()');
like(job($id, 'last_error'), qr/permission denied for schema public/, 'it has the rights of its role');
$id = run('steps', 'q', 'rollback', 'sql CREATE TABLE public.taken ()');
like(job($id, 'last_error'), qr/permission denied for schema public/, 'also after its first ROLLBACK');

# nothing is left for the next one
my $picture = q{sql INSERT INTO public.seen (id, what) SELECT job_id, concat_ws(' ', current_setting('work_mem'),
	(SELECT count(*) FROM pg_prepared_statements), (SELECT count(*) FROM pg_cursors),
	(SELECT count(*) FROM pg_class WHERE relname = 'mine'), current_setting('search_path'),
	(SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory' AND objsubid < 3))
	FROM pm_jobs.workers WHERE pid = pg_backend_pid()};
$picture =~ s/\s+/ /g;
my $before = seen(run('steps', 'q', $picture));
foreach my $end ('sql SELECT 1', 'sql SELECT 1 / 0')
{
	$id = run('steps', 'q', 'sql SET work_mem = \'5MB\'', 'sql SET search_path = public', 'sql PREPARE mine AS SELECT 1',
		'sql CREATE TEMPORARY TABLE mine ()', 'sql SELECT pg_advisory_lock(7)', 'sql DECLARE mine CURSOR WITH HOLD FOR SELECT 1',
		'commit', $picture, 'commit', 'sql SET TRANSACTION READ ONLY', $end);
	isnt(seen($id), $before, "a procedure may use its session; $end");
	is(job($id, 'status'), $end eq 'sql SELECT 1' ? 'succeeded' : 'dead', 'whatever its last transaction is like');
	is(seen(run('steps', 'q', $picture)), $before, 'the next one finds nothing of it');
}

# where it may not
$id = run('atomic', 'q', 'commit');
is(job($id, 'status, last_error'), 'dead|invalid transaction termination', 'a transactional procedure cannot commit');
$id = run('atomic', 'q', 'wait');
like(job($id, 'status, last_error'), qr/^dead\|pm_jobs.sleep commits/, 'nor sleep so');
sql('DROP PROCEDURE steps');
$id = run('steps', 'q', 'commit');
like(job($id, 'status, last_error'), qr/^dead\|function "?public.steps\(pm_jobs.job\)"? does not exist/, 'a procedure that is gone');
foreach (['NULL', 'is NULL'], [q{'-1 s'}, 'is negative: -00:00:01'])
{
	my ($status, $out, $error) = $node->psql('postgres', "CALL pm_jobs.sleep($_->[0])");
	like($error, qr/\Q$_->[1]\E/, "sleep($_->[0])");
}
my ($status, $out, $error) = $node->psql('postgres', q{BEGIN; CALL pm_jobs.sleep('1 s')});
like($error, qr/cannot be called inside a transaction/, 'sleep in a transaction');
is(sql(q{CALL pm_jobs.sleep('1 ms'); SELECT 'awake'}), 'awake', 'a client may call it');
$node->stop;
done_testing();
