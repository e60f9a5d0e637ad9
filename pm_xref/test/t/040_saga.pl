#
# 040_saga.pl - the change of a title in two databases, whatever dies meanwhile
#
# Runs the example of docs/pm_xref.md.  Triggers of the test stop a saga at a point: in
# the function of a step, before its transaction commits; or where its transition is
# recorded, when the step has been done and committed on the other server.  A session
# holds the lock that they wait for.  Then something is killed.
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin, "$FindBin::RealBin/../../../pm_jobs/test/t";
use PmJobs qw(make_node query_reaches);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my %node = map { ($_ => make_node($_, "restart_after_crash = on\nlog_min_messages = fatal\npm_jobs.max_workers = 2\npm_jobs.idle_exit = '1h'")) } qw(catalog media);
my $product = '0192d3c1-7a6e-7000-8000-000000000001';

sub sql
{
	my ($where, $sql) = @_;
	return $node{$where}->safe_psql("db_$where", $sql);
}

# The tables of the example; every change of one is noted, and can be stopped.
sub set_up
{
	my ($where, $tables) = @_;
	my $node = $node{$where};
	$node->start;
	$node->safe_psql('postgres', "CREATE DATABASE db_$where; CREATE ROLE pm_reader; CREATE ROLE pm_writer; CREATE ROLE pm_admin; CREATE ROLE pm_worker LOGIN");
	sql($where, <<SQL);
CREATE EXTENSION pm_xref CASCADE;
CREATE SCHEMA shop;
$tables
CREATE TABLE stops (step text, direction text, at text);
CREATE FUNCTION stop(step text, direction text, at text) RETURNS void LANGUAGE plpgsql AS \$\$
BEGIN
  IF EXISTS (SELECT FROM public.stops AS s WHERE (s.step, s.direction, s.at) = (stop.step, stop.direction, stop.at)) THEN
    PERFORM pg_advisory_xact_lock_shared(1);
  END IF;
END \$\$;
CREATE TABLE changes (n int GENERATED ALWAYS AS IDENTITY, old text, new text);
GRANT USAGE ON SCHEMA shop TO pm_worker;
GRANT SELECT, UPDATE ON ALL TABLES IN SCHEMA shop TO pm_worker;
GRANT SELECT ON stops TO pm_worker;
GRANT INSERT ON changes TO pm_worker;
SQL
	sql($where, slurp_file("$FindBin::RealBin/../../../$_/sql/grants.sql")) foreach qw(pm_jobs pm_xref);
}

# Has changes of a column noted; a change to something old is by a compensation.
sub watch
{
	my ($where, $table, $column, $step) = @_;
	sql($where, <<SQL);
CREATE FUNCTION changed() RETURNS trigger LANGUAGE plpgsql AS \$\$
BEGIN
  INSERT INTO public.changes (old, new) VALUES (OLD.$column, NEW.$column);
  PERFORM public.stop('$step', CASE WHEN NEW.$column LIKE 'old%' THEN 'compensation' ELSE 'action' END, 'function');
  RETURN NULL;
END \$\$;
CREATE TRIGGER changed AFTER UPDATE ON shop.$table FOR EACH ROW EXECUTE FUNCTION changed();
SQL
}

set_up('media', <<SQL);
CREATE TABLE shop.media_files (id int PRIMARY KEY, product_id uuid, alt_text text CHECK (alt_text <> 'refused'));
INSERT INTO shop.media_files VALUES (1, '$product', 'old alt');
SQL
set_up('catalog', <<SQL);
CREATE TABLE shop.products (id uuid PRIMARY KEY, title text);
INSERT INTO shop.products VALUES ('$product', 'old title');
SQL
watch('media', 'media_files', 'alt_text', 'alt text');
watch('catalog', 'products', 'title', 'title');
sql('catalog', sprintf(q{SELECT pm_xref.add_database('media', '%s', %d, 'db_media', 'pm_worker'); GRANT USAGE ON FOREIGN SERVER media TO pm_worker},
	$node{media}->host, $node{media}->port));

# the statements of the page
my ($page) = slurp_file("$FindBin::RealBin/../../../docs/pm_xref.md") =~ /^## Sagas$(.*?)^## /ms;
my @blocks = $page =~ /^```sql\n(-- in db_\w+\n.*?)^```/msg;
is(scalar(@blocks), 3, 'three blocks of statements');
my $warnings = '';
foreach my $block (@blocks)
{
	my ($where) = $block =~ /^-- in db_(\w+)/;
	my $role = $block =~ /define_saga/ ? 'SET ROLE pm_admin;' : '';
	my ($status, $out, $err) = $node{$where}->psql("db_$where", "$role\n$block", on_error_stop => 1);
	is($status, 0, "a block runs in db_$where") or diag($err);
	$warnings .= $err;
}
like($warnings, qr/WARNING:  saga "change title", step "alt text": its functions are not checked\nDETAIL:  permission denied for foreign server media/,
	'pm_admin cannot ask db_media, which is no reason to refuse');
# the same with a third step that refuses; and the transitions can be stopped
sql('catalog', <<'SQL');
CREATE FUNCTION shop.refuse(saga uuid, payload jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
SELECT pm_xref.define_saga('change title in vain', (SELECT steps || '{"name": "refuse", "action": "shop.refuse"}' FROM pm_xref._saga_definitions WHERE name = 'change title'));
CREATE FUNCTION recorded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM public.stop(NEW.step, NEW.direction, 'record') WHERE NEW.event IN ('done', 'failed');
  RETURN NEW;
END $$;
CREATE TRIGGER recorded BEFORE INSERT ON pm_xref._saga_transitions FOR EACH ROW EXECUTE FUNCTION recorded();
SELECT pm_jobs.alter_queue('pm_xref.sagas', backoff => '{20 ms}');
SQL

# Starts a saga as pm_worker; returns its id.
sub start
{
	my ($saga, $title) = @_;
	return sql('catalog', qq{SET ROLE pm_worker; SELECT pm_xref.start_saga('$saga', '{"product": "$product", "title": "$title"}')});
}

# Tests how a saga ends, and that everything has been done exactly once; puts it all back.
sub ends
{
	my ($id, $state, $name) = @_;
	my $new = $state eq 'completed';

	ok(query_reaches($node{catalog}, 'db_catalog', "SELECT state FROM pm_xref.sagas WHERE id = '$id'", $state), "$name: $state");
	is(sql('catalog', 'SELECT title FROM shop.products') . ', ' . sql('media', 'SELECT alt_text FROM shop.media_files'),
		$new ? 'new, new' : 'old title, old alt', "$name: both texts are " . ($new ? 'new' : 'old'));
	is(sql('catalog', q{SELECT string_agg(old || ' > ' || new, ', ' ORDER BY n) FROM changes}),
		'old title > new' . ($new ? '' : ', new > old title'), "$name: the title was changed once each way");
	is(sql('media', q{SELECT string_agg(old || ' > ' || new, ', ' ORDER BY n) FROM changes}),
		'old alt > new' . ($new ? '' : ', new > old alt'), "$name: the other text, too");
	is(sql('catalog', "SELECT string_agg(step || ' ' || direction || ' ' || event, ', ' ORDER BY n) FROM pm_xref.saga_transitions WHERE saga = '$id' AND event <> 'undecided'"),
		join(', ', 'title action started', 'title action done', 'alt text action done',
			$new ? () : ('refuse action failed', 'alt text compensation done', 'title compensation done')),
		"$name: every transition is recorded");
	is(sql('catalog', "SELECT count(*) = max(n) AND max(n) = (SELECT transitions FROM pm_xref._sagas WHERE id = '$id') FROM pm_xref.saga_transitions WHERE saga = '$id'"),
		't', "$name: without gaps");
	is(sql('catalog', 'SELECT count(*) FROM pm_jobs._job'), '0', "$name: no job is left");
	put_back();
}

sub put_back
{
	sql('catalog', q{UPDATE shop.products SET title = 'old title'; TRUNCATE changes});
	sql('media', q{UPDATE shop.media_files SET alt_text = 'old alt'; TRUNCATE changes});
}

# nothing dies
ends(start('change title', 'new'), 'completed', 'undisturbed');
ends(start('change title in vain', 'new'), 'compensated', 'undisturbed, in vain');
# who has no mapping starts it in a function of pm_worker's
sql('catalog', <<'SQL');
CREATE ROLE app;
CREATE FUNCTION shop.rename(product uuid, title text) RETURNS uuid LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT pm_xref.start_saga('change title', jsonb_build_object('product', product, 'title', title)) $$;
ALTER FUNCTION shop.rename(uuid, text) OWNER TO pm_worker;
GRANT USAGE ON SCHEMA shop TO app;
SQL
ends(sql('catalog', "SET ROLE app; SELECT shop.rename('$product', 'new')"), 'completed', 'started by another role');
# db_media refuses
my $id = start('change title', 'refused');
query_reaches($node{catalog}, 'db_catalog', "SELECT state FROM pm_xref.sagas WHERE id = '$id'", 'compensated');
is(sql('catalog', "SELECT state, sqlstate, message FROM pm_xref.sagas WHERE id = '$id'"),
	'compensated|23514|new row for relation "media_files" violates check constraint "media_files_alt_text_check"', 'refused there: compensated here');
is(sql('catalog', 'SELECT title FROM shop.products') . ', ' . sql('media', 'SELECT alt_text FROM shop.media_files'), 'old title, old alt',
	'refused there: both texts are old');
put_back();

# Asks until the answer is true, for half a minute at most; dies if it never is.
sub wait_until
{
	my ($what, $ask) = @_;
	my $deadline = time + 30;
	my $answer;

	do { $answer = $ask->(); } until $answer || time > $deadline;
	die "$what: waited in vain\n" unless $answer;
}

# Kills a server, and starts it again as soon as its processes are gone.
sub kill_server
{
	my ($node) = @_;
	$node->kill9;
	wait_until($node->name . ' starts', sub { $node->{_pid} = undef; $node->start(fail_ok => 1) });
}

# Kills the process that a query gives; the server restarts all its processes.
sub kill_process
{
	my ($where, $query) = @_;
	my $ask = q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'};
	my $before = sql($where, $ask);

	kill('KILL', sql($where, $query)) == 1 or die "no process to kill\n";
	wait_until("db_$where restarts", sub {
		my ($status, $pid) = $node{$where}->psql('postgres', $ask);
		return $status == 0 && $pid ne '' && $pid ne $before;
	});
}

my %kill = (
	'the worker' => sub { kill_process('catalog', q{SELECT pid FROM pm_jobs.workers WHERE job_id IS NOT NULL}) },
	'db_catalog' => sub { kill_server($node{catalog}) },
	'the session in db_media' => sub { kill_process('media', q{SELECT pid FROM pg_stat_activity WHERE application_name = 'pm_xref'}) },
	'db_media' => sub { kill_server($node{media}) },);

# A saga that is stopped at a point, where something is killed.
sub killed_at
{
	my ($who, $saga, $state, $step, $direction, $at) = @_;
	my $where = $step eq 'alt text' && $at eq 'function' ? 'media' : 'catalog';
	my $name = "$saga, $step, $direction, $at: $who killed";
	my $holder = $node{$where}->background_psql("db_$where");

	$holder->query_safe('SELECT pg_advisory_lock(1)');
	sql($where, "INSERT INTO stops VALUES ('$step', '$direction', '$at')");
	my $saga_id = start($saga, 'new');
	ok(query_reaches($node{$where}, "db_$where", q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = 1}, 1),
		"$name: it stops there");
	if ($step eq 'alt text' && $at eq 'record')
	{
		is(sql('media', "SELECT outcome FROM pm_xref._saga_steps WHERE (saga, direction) = ('$saga_id', '$direction')"), 'done',
			"$name: when it was done and committed there");
	}
	$kill{$who}->();
	sql($where, 'DELETE FROM stops');
	eval { $holder->quit; };
	ends($saga_id, $state, $name);
	if ($who =~ /media/ && $at eq 'function')
	{
		is(sql('catalog', "SELECT DISTINCT state || ' ' || left(sqlstate, 2) FROM pm_xref.saga_transitions WHERE saga = '$saga_id' AND event = 'undecided'"),
			$state eq 'completed' ? 'running 08' : 'compensating 08', "$name: that decided nothing");
	}
}

# db_media has a part in a step of its own only, and a session of ours while that runs
my @forth = (['title', 'action'], ['alt text', 'action']);
my @back = (['refuse', 'action'], ['alt text', 'compensation'], ['title', 'compensation']);
foreach (['change title', 'completed', @forth], ['change title in vain', 'compensated', @back])
{
	my ($saga, $state, @steps) = @$_;
	foreach my $step (@steps)
	{
		foreach my $at ($step->[0] eq 'refuse' ? 'record' : ('function', 'record'))
		{
			foreach my $who (sort keys %kill)
			{
				next if $who =~ /media/ && $step->[0] ne 'alt text';
				next if $who =~ /session/ && $at eq 'record';
				killed_at($who, $saga, $state, @$step, $at);
			}
		}
	}
}

# commits that do not wait for the disk: what db_media has done does not outlive what it rests on.
# The WAL writer is stopped, and buffers suffice, so that nothing else writes what has been committed.
$node{catalog}->append_conf('postgresql.conf', "synchronous_commit = off\nshared_buffers = '64MB'");
$node{catalog}->restart;
my $holder = $node{catalog}->background_psql('db_catalog');
$holder->query_safe('SELECT pg_advisory_lock(1)');
sql('catalog', q{INSERT INTO stops VALUES ('alt text', 'action', 'record')});
my $wal_writer = sql('catalog', q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'});
kill('STOP', $wal_writer) == 1 or die "no WAL writer\n";
$id = start('change title', 'new');
ok(query_reaches($node{catalog}, 'db_catalog', q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = 1}, 1), 'stopped at the record');
is(sql('media', "SELECT outcome FROM pm_xref._saga_steps WHERE saga = '$id'"), 'done', 'db_media has done its step');
$node{catalog}->append_conf('postgresql.conf', 'pm_jobs.enabled = off');
$node{catalog}->kill9;
kill 'KILL', $wal_writer;
wait_until('catalog starts', sub { $node{catalog}->{_pid} = undef; $node{catalog}->start(fail_ok => 1) });
is(sql('catalog', "SELECT state, step FROM pm_xref.sagas WHERE id = '$id'"), 'running|alt text', 'db_catalog has not lost the step before it');
is(sql('catalog', 'SELECT title FROM shop.products'), 'new', 'nor what that did');
eval { $holder->quit; };
sql('catalog', 'DELETE FROM stops');
$node{catalog}->append_conf('postgresql.conf', "pm_jobs.enabled = on\nsynchronous_commit = on");
$node{catalog}->restart;
ends($id, 'completed', 'on disk in order');

# a call that was given up goes on there; whoever asks waits for it, and has it undone
$holder = $node{media}->background_psql('db_media');
$holder->query_safe('SELECT pg_advisory_lock(1)');
sql('media', q{INSERT INTO stops VALUES ('alt text', 'action', 'function')});
$id = start('change title', 'new');
ok(query_reaches($node{media}, 'db_media', q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = 1}, 1), 'a step that hangs');
my $job = sql('catalog', "SELECT job FROM pm_xref.sagas WHERE id = '$id'");
is(sql('catalog', "SELECT pm_jobs.cancel($job)") . sql('catalog', "SELECT pm_jobs.wait($job, '30 s')"), 'tcancelled', 'its job is cancelled');
is(sql('catalog', "SELECT state, step, direction FROM pm_xref.sagas WHERE id = '$id'"), 'stuck|alt text|action', 'so its saga is stuck');
sql('catalog', "SELECT pm_xref.cancel_saga('$id')");
ok(query_reaches($node{media}, 'db_media', q{SELECT count(*) FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted}, 1), 'whoever asks waits for the first call');
$holder->quit;
sql('media', 'DELETE FROM stops');
ok(query_reaches($node{catalog}, 'db_catalog', "SELECT state FROM pm_xref.sagas WHERE id = '$id'", 'compensated'), 'the saga is compensated');
is(sql('catalog', "SELECT string_agg(step || ' ' || direction || ' ' || event, ', ' ORDER BY n) FROM pm_xref.saga_transitions WHERE saga = '$id'"),
	'title action started, title action done, alt text action cancel, alt text action done, alt text compensation done, title compensation done',
	'for the step was done when that was known');
is(sql('media', q{SELECT string_agg(old || ' > ' || new, ', ' ORDER BY n) FROM changes}), 'old alt > new, new > old alt', 'and undone, once each');
put_back();

# db_media is away; the saga waits, is dumped, and two go on with it: what was done there once counts for both
$node{media}->stop;
$id = start('change title', 'new');
query_reaches($node{catalog}, 'db_catalog', "SELECT attempts > 2 FROM pm_xref.sagas WHERE id = '$id'", 't');
is(sql('catalog', "SELECT state, step, direction, sqlstate FROM pm_xref.sagas WHERE id = '$id'"), 'running|alt text|action|08001', 'db_media is away');
sql('catalog', q{SELECT pm_jobs.pause_queue('pm_xref.sagas')});
query_reaches($node{catalog}, 'db_catalog', q{SELECT count(*) FROM pm_jobs.jobs WHERE status = 'running'}, 0);
my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump';
$node{catalog}->command_ok([ 'pg_dump', '-h', $node{catalog}->host, '-p', $node{catalog}->port, '-Fc', '-f', $dump, 'db_catalog' ], 'dumped');
$node{catalog}->safe_psql('postgres', 'CREATE DATABASE restored TEMPLATE template0; ALTER DATABASE restored SET pm_jobs.enabled = off');
$node{catalog}->command_ok([ 'pg_restore', '-h', $node{catalog}->host, '-p', $node{catalog}->port, '-e', '-d', 'restored', $dump ], 'restored');
foreach my $table (qw(_saga_definitions _sagas _saga_transitions _saga_steps))
{
	my $rows = "SELECT t::text FROM pm_xref.$table AS t ORDER BY 1";
	is($node{catalog}->safe_psql('restored', $rows), sql('catalog', $rows), "$table: row for row the same");
}
$node{media}->start;
$node{catalog}->safe_psql('postgres', 'ALTER DATABASE restored RESET pm_jobs.enabled');
sql('catalog', q{SELECT pm_jobs.resume_queue('pm_xref.sagas')});
$node{catalog}->safe_psql('restored', q{SELECT pm_jobs.resume_queue('pm_xref.sagas')});
ok(query_reaches($node{catalog}, 'restored', "SELECT state FROM pm_xref.sagas WHERE id = '$id'", 'completed'), 'the restored one is completed');
is($node{catalog}->safe_psql('restored', "SELECT results FROM pm_xref.sagas WHERE id = '$id'"), '{"title": "old title", "alt text": {"1": "old alt"}}',
	'with what the steps returned');
ends($id, 'completed', 'db_media back');

# what has finished long enough is forgotten, here and there; but not what a server cannot be told
my $purge = q{SET ROLE pm_worker; SELECT pm_xref.purge_sagas('0')};
$node{media}->stop;
my (undef, $out, $err) = $node{catalog}->psql('db_catalog', $purge);
is($out, '0', 'db_media is away: nothing is forgotten');
like($err, qr/WARNING:  sagas with steps on server "media" are kept/, 'db_media is away: which is told');
$node{media}->start;
cmp_ok(sql('catalog', $purge), '>', 20, 'all are forgotten');
is(sql('catalog', 'SELECT count(*) FROM pm_xref.sagas') . ' ' . sql('catalog', 'SELECT count(*) FROM pm_xref.saga_transitions') . ' '
	. sql('media', 'SELECT count(*) FROM pm_xref._saga_steps'), '0 0 0', 'here and there');
$node{$_}->stop foreach sort keys %node;
done_testing();
