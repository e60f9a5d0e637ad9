#
# 034_valgrind.pl - no access outside of memory, no use of what was never set, in checks, repairs and deliveries
#
# The whole server runs under valgrind's memcheck: sessions, workers, and the sessions
# that both of them make in another database.  Everything that is written in C is
# called, with keys of every kind, and made to fail.  Slow: runs with PM_SOAK=1 only.
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin, map { "$FindBin::RealBin/../../../$_" } qw(pm_jobs/test/t test/t);
use PmJobs qw(make_node);
use PmValgrind;
use PostgreSQL::Test::Utils;
use Test::More;

needs_valgrind();

my $node = make_node('valgrind', <<CONF);
pm_jobs.idle_exit = 5
pm_jobs.poll_interval = 5
track_functions = all
CONF
my $server = start_under_valgrind($node);

# Here the children are, in shop the parents.
sub here
{
	return $node->safe_psql('postgres', $_[0]);
}

sub shop
{
	return $node->safe_psql('shop', $_[0]);
}

# Tests that statements fail with this error.
sub fails
{
	my ($sql, $error, $name) = @_;
	my ($status, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\n$sql");
	like($err, $error, $name);
}

# Waits until a query of a database gives what is expected: workers are slow here.
sub comes
{
	my ($database, $query, $expected, $name) = @_;
	my $deadline = time + 300;
	my $got;
	do { $got = $node->safe_psql($database, $query) } until $got eq $expected || time > $deadline;
	is($got, $expected, $name);
}

# sixty thousand keys of each kind there, the same and four more here; and a few rows
my $rows = 60000;
$node->safe_psql('postgres', 'CREATE DATABASE shop; CREATE ROLE reader LOGIN');
foreach my $where ([ 'postgres', -3 ], [ 'shop', 1 ])
{
	my ($database, $first) = @$where;
	$node->safe_psql($database, <<SQL);
CREATE EXTENSION pm_gtin;
CREATE EXTENSION pm_xref CASCADE;
CREATE TABLE keys (i bigint PRIMARY KEY, u uuid, t text, g pm_gtin.gtin, n numeric);
INSERT INTO keys SELECT i, md5(i::text)::uuid, 'key number ' || i, (d || pm_gtin.gtin_check_digit(d))::pm_gtin.gtin, i
FROM generate_series($first, $rows) AS i, LATERAL (SELECT (400000000000 + i)::text) AS l(d);
CREATE INDEX ON keys (u);
CREATE INDEX ON keys (t);
CREATE INDEX ON keys (g);
CREATE TABLE few (LIKE keys INCLUDING ALL);
INSERT INTO few SELECT * FROM keys WHERE i < 1000;
GRANT SELECT, UPDATE (i, u, t, g) ON keys TO reader;
ANALYZE keys, few;
SQL
}
here(sprintf(q{SELECT pm_xref.add_database('shop', '%1$s', %2$d, 'shop', 'reader'), pm_xref.add_database('down', '%1$s', 1, 'shop'), pm_xref.add_database('nowhere', '%1$s', %2$d, 'none')},
	$node->host, $node->port));
here(<<'SQL');
SELECT pm_xref.add_reference('all ' || k, 'keys', k, 'shop', 'public.keys', k), pm_xref.add_reference('few ' || k, 'few', k, 'shop', 'public.keys', k),
  pm_xref.add_reference('here ' || k, 'few', k, NULL, 'public.keys', k)
FROM unnest('{i,u,t,g}'::name[]) AS k;
SELECT pm_xref.add_reference('numeric', 'few', 'n', 'shop', 'public.keys', 'n');
SQL

# finding: the smaller side in memory, both in files, and by the other engine
foreach my $memory ('256MB', '1MB')
{
	is(here("SET pm_xref.work_mem = '$memory'; SELECT split_part(name, ' ', 1), string_agg(n::text, ' ') FROM (SELECT name, (SELECT count(*) FROM pm_xref.find_orphans(name)) AS n
			FROM pm_xref._references WHERE name <> 'numeric') AS f GROUP BY 1 ORDER BY 1"),
		"all|4 4 4 4\nfew|4 4 4 4\nhere|0 0 0 0", "engine stream, $memory");
}
is(here(q{SELECT count(*) FROM unnest('{numeric,few t,here i}'::text[]) AS f, pm_xref.find_orphans(f, 'fdw')}), '8', 'engine fdw');
is(here(q{SELECT count(DISTINCT pm_xref.uuid7()) FROM generate_series(1, 10000)}), '10000', 'numbers');

# checks, in full and of what changes
shop(q{SELECT pm_xref.watch_key('keys', k) FROM unnest('{i,u,t,g}'::name[]) AS k; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA pm_xref TO reader;
	GRANT USAGE ON SCHEMA pm_xref TO reader; GRANT SELECT ON pm_xref._changes, pm_xref._forgotten TO reader});
here(q{SELECT pm_xref.watch_key(t::regclass, k) FROM unnest('{keys,few}'::text[]) AS t, unnest('{i,u,t,g}'::name[]) AS k});
my $incremental = q{SELECT string_agg(reference || ' ' || orphans || ' ' || mode, E'\n' ORDER BY reference) FROM pm_xref._references AS f, pm_xref.check(f.name, 'incremental') WHERE f.name LIKE 'few%'};
my $result = sub { join("\n", map { "few $_ $_[0]" } qw(g i t u)) };
is(here(q{SELECT count(*) FROM pm_xref.check() WHERE orphans IS NULL}), '0', 'checks in full');
is(here($incremental), $result->('4 incremental'), 'nothing has changed');
here(q{BEGIN; INSERT INTO few SELECT -i, md5((-i)::text)::uuid, 'key number -' || i, '12345670', 1 FROM generate_series(4, 600) AS i;
	SAVEPOINT s; UPDATE few SET i = i - 10000, u = NULL, t = NULL, g = NULL; ROLLBACK TO s; UPDATE few SET n = n + 1; COMMIT});
shop(q{DELETE FROM keys WHERE i < 100; UPDATE keys SET t = t || ' ' || repeat('long ', 2000) WHERE i = 500});
is(here($incremental), join("\n", 'few g 700 incremental', 'few i 700 incremental', 'few t 701 incremental', 'few u 700 incremental'), 'rows come, keys go');
here(q{DELETE FROM few WHERE i < -3});
is(here($incremental), join("\n", 'few g 103 incremental', 'few i 103 incremental', 'few t 104 incremental', 'few u 103 incremental'), 'and rows go');
here(q{ALTER TABLE few RENAME t TO s; UPDATE few SET s = NULL WHERE i = 500; ALTER TABLE few RENAME s TO t; BEGIN; TRUNCATE few; ROLLBACK});
is(here(q{SELECT orphans, mode FROM pm_xref.check('few t', 'incremental')}), '103|full', 'something else has happened');
shop(q{UPDATE keys SET u = md5(u::text)::uuid WHERE i > 9000});
is(here(q{SELECT orphans, mode FROM pm_xref.check('few u', 'incremental')}), '103|full', 'too much has happened');

# repair: rows that are named by a primary key, and by their place in a partition
here(<<'SQL');
CREATE TABLE parts (u uuid, note json) PARTITION BY HASH (u);
CREATE TABLE part_0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE part_1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parts SELECT u, '{"a":  1}' FROM few;
SELECT pm_xref.add_reference('parts', 'parts', 'u', 'shop', 'public.keys', 'u');
SELECT count(*) FROM pm_xref.check('parts');
SQL
foreach my $repair ([ 'few u', 'report' ], [ 'few u', 'quarantine' ], [ 'few u', 'set_null' ], [ 'parts', 'set_null' ], [ 'parts', 'delete' ])
{
	my ($reference, $action) = @$repair;
	my $doing = "SET pm_xref.max_repair_ratio = 1; SELECT count(*) FROM pm_xref.repair('$reference', '$action'";
	is(here("$doing); $doing, false); SELECT outcome, count(*) FROM pm_xref.restore_quarantined('$reference') GROUP BY 1; "
			. "SELECT outcome, count(*) FROM pm_xref.restore_quarantined('$reference', true) GROUP BY 1; SELECT orphans FROM pm_xref.check('$reference')"),
		join("\n", 103, 103, $action eq 'report' ? () : ('no parent|103', 'restored|103'), 103), "$reference: $action");
}
shop(q{INSERT INTO keys (i, u) SELECT i, md5(i::text)::uuid FROM generate_series(1, 49) AS i});
is(here(q{BEGIN; SAVEPOINT s; SET LOCAL pm_xref.max_repair_ratio = 1; SELECT outcome, count(*) FROM pm_xref.repair('parts', 'delete', false) GROUP BY 1 ORDER BY 1; RELEASE s;
		SELECT outcome, count(*) FROM pm_xref.repair('few u', 'report', false) GROUP BY 1 ORDER BY 1; SAVEPOINT s; SELECT count(*) FROM pm_xref.restore_quarantined('parts'); ROLLBACK TO s; COMMIT}),
	"deleted|54\nresolved|49\norphan|54\nresolved|49\n54", 'keys are held until the commit');

# statements elsewhere
is(here(q{SELECT pm_xref._call('t', 'shop', 'SELECT $1, $2, NULL, i FROM public.keys ORDER BY i DESC LIMIT 2', 'a', NULL)}), "{a,NULL,NULL,$rows}\n{a,NULL,NULL,@{[ $rows - 1 ]}}", '_call()');
is(here(q{BEGIN; SELECT pm_xref._call('t', 'shop', 'SELECT'); SAVEPOINT s; SELECT pm_xref._call('u', 'shop', 'SELECT 2'); ROLLBACK TO s; SELECT pm_xref._call('v', 'shop', 'SELECT 3'); COMMIT}),
	"{}\n{2}\n{3}", 'its connection is kept');

# events, to a queue of this database and to one of shop
foreach my $database ('postgres', 'shop')
{
	$node->safe_psql($database, <<'SQL');
CREATE TABLE got (topic text, key text);
CREATE FUNCTION note(job pm_jobs.job) RETURNS jsonb LANGUAGE sql SET search_path = public AS $$
  INSERT INTO got VALUES (job.payload ->> 'topic', job.payload ->> 'key') RETURNING NULL::jsonb
$$;
SELECT pm_jobs.register_handler('note', 'note(pm_jobs.job)'), pm_jobs.create_queue('events', ordered => true);
SQL
}
here(q{ALTER USER MAPPING FOR CURRENT_USER SERVER shop OPTIONS (SET "user" 'postgres')});
here(sprintf(q{ALTER USER MAPPING FOR CURRENT_USER SERVER shop OPTIONS (SET "user" '%s')}, here('SELECT current_user')));
here(q{SELECT pm_xref.define_topic('seen', 'seen', '{"required": ["n"]}'), pm_xref.define_topic('gone', 'gone'); SELECT pm_xref.subscribe('seen', NULL, 'events', 'note'), pm_xref.subscribe('*', 'shop', 'events', 'note')});
here(q{SELECT count(pm_xref.publish('seen', (n % 7)::text, jsonb_build_object('n', n, 'text', repeat('long ', n)))) FROM generate_series(1, 700) AS n});
here(q{SELECT pm_xref.publish_many('seen', ARRAY(SELECT n::text FROM generate_series(1, 50) AS n), ARRAY(SELECT jsonb_build_object('n', n) FROM generate_series(1, 50) AS n)), pm_xref.is_subscribed('seen')});
here(q{BEGIN; SAVEPOINT s; SELECT pm_xref.publish('gone', 'away', '{}'); ROLLBACK TO s; SELECT pm_xref.publish('gone', 'kept', '{}'); COMMIT});
here(q{SET session_replication_role = replica; SELECT pm_xref.publish('gone', 'replica', '{}')});
comes('postgres', q{SELECT string_agg(topic || ' ' || n, ' ' ORDER BY topic) FROM (SELECT topic, count(*) AS n FROM got GROUP BY topic) AS g}, 'seen 750', 'events have come here');
comes('shop', q{SELECT string_agg(topic || ' ' || n, ' ' ORDER BY topic) FROM (SELECT topic, count(*) AS n FROM got GROUP BY topic) AS g}, 'gone 1 seen 750', 'and there');
fails(q{SELECT pm_xref.publish('none', '1', '{}')}, qr/42704/, 'an event of no topic');
fails(q{SELECT pm_xref.publish('seen', '1', '{}')}, qr/22023|23514/, 'one that lacks something');
fails(q{SELECT pm_xref.publish('seen', NULL, '{}')}, qr/22004/, 'one without a key');
fails(q{BEGIN; SELECT pm_xref.publish('gone', '1', '{}'); PREPARE TRANSACTION 't'}, qr/0A000/, 'one that is prepared');

# a saga: the second step is done in shop, the third fails, and all is undone
foreach my $database ('postgres', 'shop')
{
	$node->safe_psql($database, <<'SQL');
CREATE TABLE steps (n int GENERATED ALWAYS AS IDENTITY, step text);
CREATE FUNCTION act(saga uuid, payload jsonb) RETURNS jsonb LANGUAGE sql AS $$ INSERT INTO public.steps (step) VALUES ('act') RETURNING to_jsonb(n) $$;
CREATE FUNCTION undo(saga uuid, payload jsonb) RETURNS jsonb LANGUAGE sql AS $$ INSERT INTO public.steps (step) VALUES ('undo') RETURNING to_jsonb(n) $$;
CREATE FUNCTION refuse(saga uuid, payload jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
SQL
}
my %step = map { ($_->[0] => qq({"name": "$_->[0]", $_->[1]})) } [ 'near', '"action": "public.act", "compensation": "public.undo"' ],
  [ 'far', '"server": "shop", "action": "public.act", "compensation": "public.undo"' ], [ 'refuse', '"server": "shop", "action": "public.refuse"' ];
here("SELECT pm_xref.define_saga('good', '[$step{near}, $step{far}]'), pm_xref.define_saga('bad', '[$step{near}, $step{far}, $step{refuse}]')");
here(q{SELECT pm_xref.start_saga('good', '{}'), pm_xref.start_saga('bad', '{}')});
comes('postgres', q{SELECT string_agg(name || ' ' || state, ', ' ORDER BY name) FROM pm_xref.sagas}, 'bad compensated, good completed', 'sagas');
foreach my $database ('postgres', 'shop')
{
	is($node->safe_psql($database, q{SELECT string_agg(step, ' ' ORDER BY step) FROM steps}), 'act act undo', "steps in $database");
}

# what is known of a person, in texts and documents
my ($status, undef, $err) = $node->psql('postgres', slurp_file("$FindBin::RealBin/../sql/personal.sql"), on_error_stop => 0, timeout => 1800);
is($status, 0, 'persons are erased') or diag($err);
here(q{SELECT count(pm_xref._erased_text(v, '018f0000-0000-7000-8000-000000000001', w, k)), count(pm_xref._erased_document(jsonb_build_array(v, jsonb_build_object(v, v, 'login', v, 'id', v)), '018f0000-0000-7000-8000-000000000001', w))
	FROM unnest(ARRAY['', 'a', 'Anne', '018f0000-0000-7000-8000-000000000001', '@anne@', repeat('anne ', 500), repeat('é', 500) || '%40']) AS v, unnest('{text,message,name,other}'::text[]) AS k,
	  (VALUES ('{}'::text[]), ('{anne}'), (array_fill('Anne@example.com'::text, '{200}')), ('{"",NULL,é,%40}')) AS w(w)});

# what goes wrong
here(q{ALTER USER MAPPING FOR CURRENT_USER SERVER shop OPTIONS (SET "user" 'reader')});
my $find = q{SELECT count(*) FROM pm_xref.find_orphans('few i')};
here(q{SELECT pm_xref.add_reference('down', 'few', 'i', 'down', 'public.keys', 'i'), pm_xref.add_reference('nowhere', 'few', 'i', 'nowhere', 'public.keys', 'i')});
fails(q{SELECT * FROM pm_xref.find_orphans('down')}, qr/08001/, 'the server is down');
fails(q{SELECT * FROM pm_xref.find_orphans('nowhere')}, qr/08001/, 'the database is missing');
fails(q{SELECT * FROM pm_xref.find_orphans('none')}, qr/42704/, 'the reference is missing');
fails(q{SELECT * FROM pm_xref.find_orphans('few i', 'none')}, qr/22023/, 'the engine is missing');
fails(q{SELECT * FROM pm_xref.find_orphans('numeric')}, qr/0A000/, 'stream cannot compare them');
fails(q{SELECT * FROM pm_xref.check('numeric', 'incremental')}, qr/55000/, 'a column is not watched');
fails(q{SELECT pm_xref._call('t', 'shop', 'SELECT 1 / 0')}, qr/22012/, 'a statement fails there');
fails(q{SELECT pm_xref._call('t', 'shop', 'SELECT pg_terminate_backend(pg_backend_pid())')}, qr/08006/, 'the connection is lost');
fails(q{BEGIN; SELECT * FROM pm_xref.repair('few u', 'report'); PREPARE TRANSACTION 't'}, qr/0A000/, 'keys are held, and PREPARE');
fails(q{BEGIN; SELECT * FROM pm_xref.repair('few u', 'report'); SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE application_name = 'pm_xref'; COMMIT}, qr/08006/, 'and their connection is lost');
shop(q{REVOKE SELECT ON keys FROM reader});
fails($find, qr/42501/, 'permission denied');
fails(q{SELECT * FROM pm_xref.repair('few u', 'report')}, qr/42501/, 'for a repair');
shop(q{GRANT SELECT ON keys TO reader; ALTER TABLE keys RENAME i TO j});
fails($find, qr/42703/, 'the column is missing');
shop(q{ALTER TABLE keys RENAME j TO i; ALTER TABLE keys RENAME TO elsewhere});
fails($find, qr/42P01/, 'the table is missing');
shop(q{CREATE TABLE keys (i uuid); GRANT SELECT ON keys TO reader});
fails($find, qr/42804/, 'the types do not match');
shop(q{DROP TABLE keys; CREATE VIEW keys AS SELECT i / (i - 50000) AS i FROM elsewhere; GRANT SELECT ON keys TO reader});
fails($find, qr/22012/, 'an error in the midst of the keys');
shop(q{DROP VIEW keys; CREATE VIEW keys AS SELECT i FROM elsewhere UNION ALL SELECT 1 FROM pg_sleep(600); GRANT SELECT ON keys TO reader});
fails("SET statement_timeout = '5 s'; $find", qr/57014/, 'no answer');
here(q{DROP TABLE few CASCADE});
fails($find, qr/42P01/, 'the table here is missing');

# each function in C was called, in one of the databases
my $not_called = q{SELECT p.oid::regprocedure FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang
	WHERE p.pronamespace = 'pm_xref'::regnamespace AND l.lanname = 'c' AND NOT EXISTS (SELECT FROM pg_stat_user_functions AS f WHERE f.funcid = p.oid)};
my %not_called_there = map { $_ => 1 } split /\n/, shop($not_called);
is(join(' ', grep { $not_called_there{$_} } split /\n/, here($not_called)), '', 'every function in C was called');

stop_without_error($server, qr/\bpm_|\bask_resolver\b/);
done_testing();
