#
# 015_workers.pl - workers run what is committed, at once, as who enqueued it
#
# The poll is a day away: what runs here was reported, became due, or was asked for
# by NOTIFY.
#
use strict;
use warnings;

use FindBin;
use IPC::Run qw(start pump finish timeout);
use lib $FindBin::RealBin;
use PmJobs qw(query_reaches);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $node = PostgreSQL::Test::Cluster->new('workers');
$node->init;
$node->append_conf('postgresql.conf', <<CONF);
shared_preload_libraries = 'pm_jobs'
pm_jobs.poll_interval = '1d'
pm_jobs.idle_exit = '1h'
max_prepared_transactions = 5
fsync = off
CONF
$node->start;

sub sql
{
	return $node->safe_psql('postgres', $_[0]);
}

# Waits until a query gives what is expected.
sub reaches
{
	return query_reaches($node, 'postgres', @_);
}

sql(<<SQL);
CREATE EXTENSION pm_jobs;
CREATE TABLE done (n bigint GENERATED ALWAYS AS IDENTITY, id bigint, who text, session text, path text, pid int, at timestamptz DEFAULT clock_timestamp());
GRANT INSERT, SELECT ON done TO PUBLIC;
CREATE FUNCTION note(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS \$\$
BEGIN
  INSERT INTO public.done (id, who, session, path, pid)
  VALUES (job.id, current_user, session_user, current_setting('search_path'), pg_backend_pid());
  RETURN to_jsonb(job.id);
END \$\$;
SELECT pm_jobs.create_queue('q'), pm_jobs.register_handler('note', 'note(pm_jobs.job)');
CREATE ROLE ann;
CREATE ROLE bob;
SELECT pm_jobs.grant_queue('q', 'ann'), pm_jobs.grant_queue('q', 'bob');
SQL

# ---- at once, with its result
my $id = sql(q{SELECT pm_jobs.enqueue('q', 'note')});
is(sql("SELECT pm_jobs.wait($id)"), 'succeeded', 'a committed job runs by itself');
is(sql("SELECT result = to_jsonb($id) AND attempts = 1 FROM pm_jobs.jobs WHERE id = $id"), 't', 'its result is kept');
is( sql("SELECT count(*) FROM done AS d JOIN pg_stat_activity AS a USING (pid) WHERE a.backend_type = 'pm_jobs worker'"),
	'1', 'a worker ran it');

# ---- a rollback wakes nobody
my $asleep = q{SELECT string_agg(state || ' ' || state_change, ', ' ORDER BY pid) FROM pg_stat_activity WHERE backend_type = 'pm_jobs worker'};
# those that had no job leave
reaches(q{SELECT count(*) = 1 AND bool_and(state = 'idle') FROM pg_stat_activity WHERE backend_type = 'pm_jobs worker'}, 't');
my $before = sql($asleep);
sql(q{BEGIN; SELECT pm_jobs.enqueue('q', 'note'); ROLLBACK;}) for 1 .. 20;
is(sql($asleep), $before, 'a rollback wakes no worker');
sql(q{BEGIN; SAVEPOINT s; SELECT pm_jobs.enqueue('q', 'note'); ROLLBACK TO s; SELECT pm_jobs.enqueue('q', 'note'); COMMIT;});
ok(reaches('SELECT count(*) FROM done', 2), 'what is left of a transaction runs');

# ---- as the role that enqueued, and so is session_user
sql(q{SET ROLE ann; SELECT pm_jobs.enqueue('q', 'note') FROM generate_series(1, 50)});
sql(q{SET ROLE bob; SELECT pm_jobs.enqueue('q', 'note') FROM generate_series(1, 50)});
ok(reaches(q{SELECT string_agg(who || ' ' || session || ' ' || n, ', ' ORDER BY who) FROM
	(SELECT who, session, count(*) AS n FROM done WHERE who <> 'postgres' GROUP BY who, session) t},
	'ann ann 50, bob bob 50'), 'jobs run as their roles, in sessions of their roles');
is(sql(q{SELECT DISTINCT path FROM done}), 'pg_catalog, pg_temp', 'with the pinned search_path');

# ---- rows that arrive another way
sql(q{INSERT INTO pm_jobs._job (queue, kind, payload, priority, max_attempts, enqueued_by) VALUES ('q', 'note', '{}', 0, 1, 'postgres')});
ok(reaches('SELECT count(*) FROM done', 103), 'a row inserted into the table runs');
sql(q{ALTER TABLE pm_jobs._job DISABLE TRIGGER report;
	INSERT INTO pm_jobs._job (queue, kind, payload, priority, max_attempts, enqueued_by) VALUES ('q', 'note', '{}', -5, 1, 'postgres')});
is(sql(q{SELECT count(*) FROM pm_jobs.jobs WHERE status = 'ready'}), '1', 'one that nobody told of waits');
my $told = time;
sql('NOTIFY pm_jobs');
ok(reaches('SELECT count(*) FROM done', 104), 'NOTIFY pm_jobs makes the workers look');
sql(q{ALTER TABLE pm_jobs._job ENABLE ALWAYS TRIGGER report});
my $name = 'x' x 10;
sql(qq{BEGIN; SELECT pm_jobs.enqueue('q', 'note'); PREPARE TRANSACTION '$name'});
sql(qq{COMMIT PREPARED '$name'});
ok(reaches('SELECT count(*) FROM done', 105), 'a job of a prepared transaction runs after COMMIT PREPARED');

# ---- in order of priority, more of them than places
sql(q{SELECT pm_jobs.create_queue('line', concurrency => 1), pm_jobs.pause_queue('line')});
sql(q{SELECT pm_jobs.enqueue('line', 'note', priority => (i * 7) % 40) FROM generate_series(1, 200) AS i});
is(sql(q{SELECT count(*) FROM pm_jobs.jobs WHERE queue = 'line' AND status = 'ready'}), '200', 'a paused queue holds its jobs');
sql(q{SELECT pm_jobs.resume_queue('line')});
ok(reaches(q{SELECT count(*) FROM pm_jobs.jobs WHERE queue = 'line' AND status = 'succeeded'}, 200), 'and goes on when resumed');
is( sql(q{SELECT array_agg(d.id ORDER BY d.n) = array_agg(d.id ORDER BY j.priority DESC, j.id)
	FROM done AS d JOIN pm_jobs.jobs AS j USING (id) WHERE j.queue = 'line'}),
	't', 'in order of priority and id');

# ---- payloads and results that are stored out of line
sql(<<SQL);
CREATE TABLE large (value jsonb);
ALTER TABLE large ALTER value SET STORAGE EXTERNAL;
INSERT INTO large SELECT jsonb_build_object('list', (SELECT jsonb_agg(md5(i::text)) FROM generate_series(1, 4000) AS i));
CREATE FUNCTION give(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS \$\$
BEGIN
  IF job.payload ? 'fail' THEN
    RAISE EXCEPTION 'as asked';
  END IF;
  RETURN (SELECT value FROM public.large) || jsonb_build_object('same', job.payload -> 'list' = (SELECT value -> 'list' FROM public.large));
END \$\$;
CREATE FUNCTION give_stored(job pm_jobs.job) RETURNS jsonb LANGUAGE sql BEGIN ATOMIC SELECT value FROM public.large; END;
CREATE PROCEDURE take(job pm_jobs.job) LANGUAGE plpgsql AS \$\$
BEGIN
  INSERT INTO public.done (id, who) VALUES (job.id, CASE WHEN job.payload -> 'list' = (SELECT value -> 'list' FROM public.large) THEN 'took it' END);
  COMMIT;
END \$\$;
SELECT pm_jobs.register_handler('give', 'give(pm_jobs.job)'), pm_jobs.register_handler('stored', 'give_stored(pm_jobs.job)'),
  pm_jobs.register_handler('outside give', 'give(pm_jobs.job)', transactional => false), pm_jobs.register_handler('take', 'take(pm_jobs.job)', transactional => false),
  pm_jobs.create_queue('large', max_attempts => 1), pm_jobs.create_queue('large in order', ordered => true, max_attempts => 1);
SELECT pm_jobs.enqueue(q, k, l.value || p, limit_key => 'x')
FROM large AS l, (VALUES ('large'), ('large in order')) AS q(q), (VALUES ('give'), ('stored'), ('outside give'), ('take')) AS k(k), (VALUES ('{}'::jsonb)) AS p(p);
SELECT pm_jobs.enqueue('large', 'give', l.value || '{"fail": true}') FROM large AS l;
SQL
ok(reaches(q{SELECT string_agg(DISTINCT status || ' ' || n, ', ') FROM (SELECT status, count(*) AS n FROM pm_jobs.jobs WHERE queue LIKE 'large%' GROUP BY status) AS s}, 'dead 1, succeeded 8'), 'large payloads: all have run')
	or diag(sql(q{SELECT DISTINCT queue, kind, status, last_error FROM pm_jobs.jobs WHERE queue LIKE 'large%'}));
is(sql(q{SELECT count(*), bool_and(result ->> 'same' = 'true') FROM pm_jobs.jobs WHERE queue LIKE 'large%' AND kind LIKE '%give' AND status = 'succeeded'}), '4|t', 'they reach their handlers');
is(sql(q{SELECT count(*) FROM pm_jobs.jobs AS j, large AS l WHERE queue LIKE 'large%' AND kind = 'stored' AND result = l.value}), '2', 'and large results their jobs');
is(sql(q{SELECT count(*) FROM done WHERE who = 'took it'}), '2', 'also procedures');
is(sql(q{SELECT last_error FROM pm_jobs.dead WHERE queue = 'large'}), 'as asked', 'one that fails dies of its error');

# ---- jobs without a key beside those that have one, one at a time
sql(<<SQL);
SELECT pm_jobs.create_queue('mixed', concurrency => 1, own_commit => true), pm_jobs.pause_queue('mixed');
SELECT count(*) FROM pm_jobs.enqueue_many('mixed', 'note', array_fill('{}'::jsonb, ARRAY[20]), limit_key => 'k');
SELECT count(*) FROM pm_jobs.enqueue_many('mixed', 'note', array_fill('{}'::jsonb, ARRAY[5]));
SELECT pm_jobs.resume_queue('mixed');
SQL
ok(reaches(q{SELECT count(*) FROM pm_jobs.jobs WHERE queue = 'mixed' AND status = 'succeeded'}, 25), 'jobs without a key run in a queue that has keys');
is( sql(q{SELECT max(n) FILTER (WHERE limit_key IS NULL) < max(n) FILTER (WHERE limit_key IS NOT NULL) FROM (SELECT j.limit_key, row_number() OVER (ORDER BY d.n) AS n FROM done AS d JOIN pm_jobs.jobs AS j USING (id) WHERE j.queue = 'mixed') AS o}),
	't', 'in turn with those that have one');

# ---- later
sql(q{SELECT pm_jobs.enqueue('q', 'note', run_at => clock_timestamp() + i * interval '10 ms') FROM generate_series(1, 30) AS i});
ok(reaches(q{SELECT count(*) FROM pm_jobs.jobs WHERE run_at IS NULL AND queue = 'q' AND status <> 'succeeded' OR status = 'scheduled'}, 0), 'scheduled jobs run when they are due');
is( sql(q{SELECT count(*) FROM pm_jobs.schedule('tick', '1 s', 'q', 'note', '{"tick": 1}')}), '1', 'a schedule');
ok(reaches(q{SELECT count(*) >= 2 FROM pm_jobs.jobs WHERE payload ? 'tick' AND status = 'succeeded'}, 't'), 'is fired by a worker');
sql(q{SELECT pm_jobs.unschedule('tick')});

# ---- retries, and a failure takes no other job of its batch down
sql(<<SQL);
CREATE FUNCTION sometimes(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS \$\$
BEGIN
  INSERT INTO public.done (id, who) VALUES (job.id, 'sometimes');
  IF job.id % 3 = 0 AND job.attempt < 3 THEN
    RAISE EXCEPTION 'not yet';
  END IF;
  RETURN NULL;
END \$\$;
SELECT pm_jobs.register_handler('sometimes', 'sometimes(pm_jobs.job)'), pm_jobs.create_queue('r', backoff => '{10 ms}');
SELECT count(*) FROM pm_jobs.enqueue_many('r', 'sometimes', array_fill('{}'::jsonb, ARRAY[300]));
SQL
ok(reaches(q{SELECT count(*) FROM pm_jobs.jobs WHERE queue = 'r' AND status = 'succeeded'}, 300), 'failed jobs are tried again');
is(sql(q{SELECT count(*), count(DISTINCT id) FROM done WHERE who = 'sometimes'}), '300|300', 'a failed attempt leaves nothing');
is(sql(q{SELECT count(*) FROM pm_jobs.attempts WHERE message = 'not yet'}), '200', 'each failure is on record');

# ---- a job that changes its own row: the batch is undone, the others succeed alone
sql(<<SQL);
CREATE FUNCTION meddle(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS \$\$
BEGIN
  INSERT INTO public.done (id, who) VALUES (job.id, 'meddle');
  IF job.payload ? 'bad' THEN
    UPDATE pm_jobs._job SET priority = 0 WHERE id = job.id;
  END IF;
  RETURN NULL;
END \$\$;
SELECT pm_jobs.register_handler('meddle', 'meddle(pm_jobs.job)'), pm_jobs.create_queue('m', max_attempts => 1), pm_jobs.pause_queue('m');
SELECT pm_jobs.enqueue('m', 'meddle', CASE WHEN i = 20 THEN '{"bad": 1}' ELSE '{}' END::jsonb) FROM generate_series(1, 40) AS i;
SELECT pm_jobs.resume_queue('m');
SQL
ok(reaches(q{SELECT string_agg(status || ' ' || n, ', ' ORDER BY status) FROM
	(SELECT status, count(*) AS n FROM pm_jobs.jobs WHERE queue = 'm' GROUP BY status) t}, 'dead 1, succeeded 39'),
	'a job that cannot be completed dies alone');
is(sql(q{SELECT count(*), count(DISTINCT id) FROM done WHERE who = 'meddle'}), '39|39', 'and leaves nothing');
like(sql(q{SELECT last_error FROM pm_jobs.dead WHERE queue = 'm'}), qr/was changed while its handler ran/, 'saying why');

# ---- what a handler leaves in its session is gone
sql(<<SQL);
CREATE FUNCTION litter(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS \$\$
DECLARE
  found jsonb := jsonb_build_object(
    'prepared', (SELECT count(*) FROM pg_prepared_statements),
    'temporary', (SELECT count(*) FROM pg_class WHERE relpersistence = 't' AND relnamespace = pg_my_temp_schema()),
    'setting', current_setting('pm_test.left', true), 'path', current_setting('search_path'));
BEGIN
  EXECUTE 'PREPARE left_over AS SELECT 1';
  CREATE TEMP TABLE left_over (a int);
  PERFORM set_config('pm_test.left', 'x', false), set_config('search_path', 'public', false);
  PERFORM pg_advisory_lock(42);
  RETURN found;
END \$\$;
GRANT TEMP ON DATABASE postgres TO PUBLIC;
SELECT pm_jobs.register_handler('litter', 'litter(pm_jobs.job)');
SELECT pm_jobs.create_queue('l', concurrency => 1), pm_jobs.grant_queue('l', '-');
SET ROLE ann;
SELECT pm_jobs.enqueue('l', 'litter') FROM generate_series(1, 30);
SET ROLE bob;
SELECT pm_jobs.enqueue('l', 'litter') FROM generate_series(1, 30);
SQL
ok(reaches(q{SELECT count(*) FROM pm_jobs.jobs WHERE queue = 'l' AND status = 'succeeded'}, 60), 'handlers that litter succeed each time');
is( sql(q{SELECT DISTINCT result ->> 'prepared', result ->> 'temporary', coalesce(result ->> 'setting', ''), result ->> 'path' FROM pm_jobs.jobs WHERE queue = 'l'}),
	'0|0||pg_catalog, pg_temp', 'none finds what another left');
is(sql(q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'}), '0', 'no lock stays');

# ---- effects outside
sql(<<SQL);
CREATE FUNCTION outside(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS \$\$
BEGIN
  PERFORM pg_advisory_xact_lock(7);
  RETURN '"sent"';
END \$\$;
SELECT pm_jobs.register_handler('outside', 'outside(pm_jobs.job)', transactional => false);
SQL
my ($in, $out, $err) = ('', '', '');
my $blocker = start [ 'psql', '-XAtq', '-d', $node->connstr('postgres') ], '<', \$in, '>', \$out, '2>', \$err, timeout(60);
$in .= "BEGIN; SELECT pg_advisory_xact_lock(7); \\echo locked\n";
$blocker->pump until $out =~ /locked/;
$id = sql(q{SELECT pm_jobs.enqueue('q', 'outside')});
ok(reaches("SELECT count(*) FROM pm_jobs.attempts WHERE job_id = $id AND finished_at IS NULL", 1), 'an attempt with outside effects is on record while it runs');
is(sql("SELECT status FROM pm_jobs.jobs WHERE id = $id"), 'running', 'the job is running');
is(sql(q{SELECT pm_jobs.create_queue('brief'), pm_jobs.drop_queue('brief')}), '|', 'and keeps nobody from dropping another queue');
$in .= "COMMIT; \\echo unlocked\n";
$blocker->pump until $out =~ /unlocked/;
is(sql("SELECT pm_jobs.wait($id)"), 'succeeded', 'and ends');
is(sql("SELECT outcome FROM pm_jobs.attempts WHERE job_id = $id"), 'succeeded', 'as its attempt says');

# ---- sessions and workers respect each other
sql(q{SELECT pm_jobs.pause_queue('q')});
sql(q{SELECT pm_jobs.enqueue('q', 'note', '{"both": 1}') FROM generate_series(1, 100)});
sql(q{ALTER SYSTEM SET pm_jobs.enabled = off; SELECT pg_reload_conf()});
reaches(q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'pm_jobs worker'}, 0);
sql(q{SELECT pm_jobs.resume_queue('q')});
$in .= "BEGIN; SELECT 'ran ' || pm_jobs.run_pending('q', 40);\n";
$blocker->pump until $out =~ /ran 40/;
sql(q{ALTER SYSTEM RESET pm_jobs.enabled; SELECT pg_reload_conf()});
sql('NOTIFY pm_jobs');
ok(reaches(q{SELECT count(*) FROM pm_jobs.jobs WHERE payload ? 'both' AND status = 'succeeded'}, 60), 'workers leave the jobs that a session runs');
$in .= "ROLLBACK; \\echo undone\n";
$blocker->pump until $out =~ /undone/;
ok(reaches(q{SELECT count(*) FROM pm_jobs.jobs WHERE payload ? 'both' AND status = 'succeeded'}, 100), 'and take them when it has rolled back');
is(sql(q{SELECT count(*), count(DISTINCT id) FROM done JOIN pm_jobs.jobs USING (id) WHERE payload ? 'both'}), '100|100', 'each ran once');

# ---- events, many jobs in few notifications
sql(q{SELECT pm_jobs.create_queue('e', events => true)});
$in .= "LISTEN pm_jobs_events; \\echo listening\n";
$blocker->pump until $out =~ /listening/;
sql(q{SELECT count(*) FROM pm_jobs.enqueue_many('e', 'note', array_fill('{}'::jsonb, ARRAY[3000]))});
ok(reaches(q{SELECT count(*) FROM pm_jobs.jobs WHERE queue = 'e' AND status = 'succeeded'}, 3000), 'jobs of a queue with events run');
my $deadline = time + 30;
while ($out !~ /notification "pm_jobs_events" with payload "e"/ && time < $deadline)
{
	my $turn = 'turn' . int(1000 * time);
	$in .= "\\echo $turn\nSELECT 1;\n";
	$blocker->pump until $out =~ /$turn\n1/;
}
my $events = () = $out =~ /notification "pm_jobs_events" with payload "e"/g;
cmp_ok($events, '>=', 1, 'listeners hear of them');
cmp_ok($events, '<=', 60, "in few notifications ($events)");

# ---- two tenants of one queue: the first job of the large one runs until the small one has come
$in .= "SELECT pg_advisory_lock(7); \\echo shut\n";
$blocker->pump until $out =~ /shut/;
sql(<<SQL);
CREATE FUNCTION gated(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NULL; END';
SELECT pm_jobs.register_handler('gated', 'gated(pm_jobs.job)'), pm_jobs.create_queue('shared', concurrency => 1);
SELECT count(*) FROM pm_jobs.enqueue_many('shared', 'gated', array_fill('{}'::jsonb, ARRAY[200]), limit_key => 'large');
SQL
ok(reaches(q{SELECT count(*) FROM pm_jobs.jobs WHERE queue = 'shared' AND status = 'running'}, 1), 'a large tenant is served');
sql(q{SELECT count(*) FROM pm_jobs.enqueue_many('shared', 'gated', array_fill('{}'::jsonb, ARRAY[10]), limit_key => 'small')});
$in .= "\\q\n";
$blocker->finish;
ok(reaches(q{SELECT count(*) FROM pm_jobs.jobs WHERE queue = 'shared' AND status = 'succeeded'}, 210), 'and a small one that comes later');
is( sql(q{SELECT count(*) FROM pm_jobs.jobs WHERE limit_key = 'large' AND started_at BETWEEN
		(SELECT min(started_at) FROM pm_jobs.jobs WHERE limit_key = 'small') AND (SELECT max(started_at) FROM pm_jobs.jobs WHERE limit_key = 'small')}),
	'9', 'taking turns with the large one');

$node->stop('fast');
is(slurp_file($node->logfile) =~ /(PANIC|TRAP|server process .* was terminated|pm_jobs worker: .*)/ ? $1 : 'none', 'none', 'no trouble in the log');
done_testing();
