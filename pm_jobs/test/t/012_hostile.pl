#
# 012_hostile.pl - a handler cannot become another role or leave anything behind
#
# The superuser runs jobs that the role mallory enqueued.  Each handler tries one
# way out; whatever it does must happen as mallory, or not at all, and the
# session must be as before.
#
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('hostile');
$node->init;
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE ROLE mallory LOGIN;
CREATE ROLE victim LOGIN;
CREATE ROLE friends;
GRANT friends TO mallory;
CREATE EXTENSION pm_jobs;
GRANT CREATE ON SCHEMA public TO mallory;
SELECT pm_jobs.create_queue('q', concurrency => 2, max_attempts => 1);
SELECT pm_jobs.grant_queue('q', 'mallory');
SELECT pm_jobs.grant_queue('q', 'victim');
SET ROLE mallory;
-- whoever runs this, and with which rights
CREATE TABLE public.evidence (what text, role text, is_super text);
CREATE FUNCTION public.evil(what text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.evidence VALUES (what, current_user, (SELECT rolsuper::text FROM pg_roles WHERE rolname = current_user));
  RETURN current_user;
END $$;
GRANT ALL ON public.evidence TO PUBLIC;
CREATE TABLE public.bait (n int);
CREATE FUNCTION public.trap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM public.evil(TG_NAME);
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER deferred_trap AFTER INSERT ON public.bait
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.trap();
-- a deferred trigger that defers again what it does
CREATE TABLE public.chain (n int);
CREATE FUNCTION public.link() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM public.evil(TG_NAME);
  SET CONSTRAINTS ALL DEFERRED;
  IF NEW.n < 5 THEN
    INSERT INTO public.chain VALUES (NEW.n + 1);
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER deferred_link AFTER INSERT ON public.chain
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.link();
CREATE FUNCTION public.do_it(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE job.payload ->> 'sql';
  RETURN to_jsonb(current_user);
END $$;
CREATE PROCEDURE public.do_call(job pm_jobs.job) LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.evidence VALUES ('call', current_user, 'false');
  COMMIT;
END $$;
CREATE FUNCTION public.private(job pm_jobs.job) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb';
REVOKE ALL ON FUNCTION public.private(pm_jobs.job) FROM PUBLIC;
RESET ROLE;
CREATE FUNCTION public.as_friends() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  CREATE TEMPORARY TABLE pg_roles (n int);
  GRANT ALL ON pg_roles TO PUBLIC;
END $$;
ALTER FUNCTION public.as_friends() OWNER TO friends;
SELECT pm_jobs.register_handler('do', 'public.do_it(pm_jobs.job)');
SELECT pm_jobs.register_handler('do_outside', 'public.do_it(pm_jobs.job)', transactional => false);
SELECT pm_jobs.register_handler('call', 'public.do_call(pm_jobs.job)');
SELECT pm_jobs.register_handler('private', 'public.private(pm_jobs.job)');
SQL

# What a session looks like: who it is, its settings, and what it holds.
my $picture = q{
	SELECT current_user, session_user, current_setting('search_path'), current_setting('work_mem'),
	       current_setting('my.own', true), (SELECT count(*) FROM pg_cursors),
	       (SELECT count(*) FROM pg_class WHERE relpersistence = 't'),
	       (SELECT count(*) FROM pg_type WHERE typnamespace = pg_my_temp_schema())};

# name => [ what the handler executes, message of the failure or '' ]
my @attacks = (
	[ 'SET ROLE', 'SET ROLE postgres', 'within security-definer function' ],
	[ 'RESET ROLE', 'RESET ROLE', 'within security-definer function' ],
	[ 'SET SESSION AUTHORIZATION', 'SET SESSION AUTHORIZATION postgres', 'within security-definer function' ],
	[ 'RESET SESSION AUTHORIZATION', 'RESET SESSION AUTHORIZATION', 'within security-definer function' ],
	[ 'role by set_config', q{SELECT set_config('role', 'postgres', false)}, 'within security-definer function' ],
	[ 'a setting', 'SET work_mem = 64', '' ],
	[ 'the search_path', 'SET search_path = mallory', '' ],
	[ 'a setting of its own', q{SELECT set_config('my.own', 'x', false)}, '' ],
	[ 'COMMIT', 'COMMIT', 'EXECUTE of transaction commands' ],
	[ 'ROLLBACK in DO', 'DO $x$BEGIN ROLLBACK; END$x$', 'invalid transaction termination' ],
	[ 'a deferred trigger', 'INSERT INTO public.bait VALUES (1)', '' ],
	[ 'a trigger deferred again', q{DO $x$BEGIN SET CONSTRAINTS ALL DEFERRED; INSERT INTO public.bait VALUES (2); END$x$}, '' ],
	[ 'a trigger that defers another', q{DO $x$BEGIN SET CONSTRAINTS ALL DEFERRED; INSERT INTO public.chain VALUES (1); END$x$},
		'cannot fire deferred trigger within security-restricted operation' ],
	[ 'a trigger that was not deferred and defers', 'INSERT INTO public.chain VALUES (4)', undef ],
	[ 'a cursor WITH HOLD', q{DO $x$BEGIN EXECUTE 'DECLARE c CURSOR WITH HOLD FOR SELECT public.evil(''held'')'; END$x$}, undef ],
	[ 'a cursor', q{DO $x$DECLARE c refcursor := 'trap'; BEGIN OPEN c FOR SELECT public.evil('open'); END$x$}, undef ],
	[ 'a temporary table', 'CREATE TEMPORARY TABLE pg_roles AS SELECT 1 AS rolsuper', '' ],
	[ 'a temporary view', q{CREATE TEMPORARY VIEW pg_class AS SELECT public.evil('view')}, '' ],
	[ 'a temporary domain', 'CREATE DOMAIN pg_temp.text AS int', '' ],
	[ 'a temporary table of a third role', 'SELECT public.as_friends()', '' ],
	[ 'LISTEN', 'LISTEN anything', 'a handler cannot LISTEN' ],
	[ 'UNLISTEN', 'UNLISTEN *', 'a handler cannot UNLISTEN' ],
	[ 'unlocking all', 'SELECT pg_advisory_unlock_all()', 'a handler cannot call pg_advisory_unlock_all' ],
	[ 'unlocking', 'SELECT pg_advisory_unlock(1)', 'a handler cannot call pg_advisory_unlock here' ],
	[ 'a lock that stays', 'SELECT pg_advisory_lock_shared(1, 2)', 'a handler cannot call pg_advisory_lock_shared here' ],
	[ 'a lock that ends', 'SELECT pg_advisory_xact_lock(1)', '' ],
	[ 'running jobs', 'SELECT pm_jobs.run_pending()', 'a handler cannot run jobs' ],
	[ 'another\'s table', 'DELETE FROM pm_jobs._job', 'permission denied' ],
	[ 'the lock of orders', q{SELECT pm_jobs._lock_order('q', 'x')}, 'permission denied' ],
	[ 'a faked cancel', q{DO $x$BEGIN RAISE 'stop' USING ERRCODE = '57014'; END$x$}, 'stop' ],);

foreach my $way ('SELECT pm_jobs.run_pending()', 'CALL pm_jobs.run()')
{
	foreach my $attack (@attacks)
	{
		my ($name, $sql, $message) = @$attack;
		my $kind = $way =~ /CALL/ ? 'do_outside' : 'do';

		$node->safe_psql('postgres', 'DELETE FROM public.evidence');
		my $id = $node->safe_psql('postgres',
			"SET ROLE mallory; SELECT pm_jobs.enqueue('q', '$kind', jsonb_build_object('sql', \$s\$$sql\$s\$))");
		my $out = $node->safe_psql('postgres',
			"CREATE TEMPORARY TABLE mine (); DECLARE mine CURSOR WITH HOLD FOR SELECT 1; SET work_mem = '5MB'; $picture; $way; $picture; FETCH mine; SELECT FROM mine");
		my @lines = split /\n/, $out;
		@lines = ($lines[0], grep({ /^postgres/ } @lines[ 1 .. $#lines ]));
		is($lines[1], $lines[0], "$way, $name: the session is as before");
		my ($status, $error) = split /\|/,
		  $node->safe_psql('postgres', "SELECT status, last_error FROM pm_jobs.jobs WHERE id = $id"), 2;
		if (defined $message)
		{
			is($status, $message eq '' ? 'succeeded' : 'dead', "$way, $name: $status");
			like($error // '', qr/\Q$message\E/, "$way, $name: why") if $message ne '';
		}
		is($node->safe_psql('postgres', q{SELECT count(*) FROM public.evidence WHERE role <> 'mallory'}),
			'0', "$way, $name: nothing ran as anybody else");
	}
}
is($node->safe_psql('postgres', q{SELECT count(*) FROM public.bait}), '4', 'the deferred triggers fired');

# a procedure cannot commit; nobody calls what he may not execute
$node->safe_psql('postgres', q{SET ROLE victim; SELECT pm_jobs.enqueue('q', 'call'), pm_jobs.enqueue('q', 'private')});
$node->safe_psql('postgres', 'SELECT pm_jobs.run_pending()');
is($node->safe_psql('postgres', q{SELECT kind, status, last_error FROM pm_jobs.jobs WHERE kind IN ('call', 'private') ORDER BY kind}),
	"call|dead|invalid transaction termination\nprivate|dead|permission denied for function public.private(pm_jobs.job)",
	'COMMIT in a procedure and a missing EXECUTE');

# who is no member of the job's role cannot run it; a dropped role's job fails
$node->safe_psql('postgres', q{SET ROLE victim; SELECT pm_jobs.enqueue('q', 'do', '{"sql": "SELECT 1"}')});
is($node->safe_psql('postgres', 'SET ROLE mallory; SELECT pm_jobs.run_pending()'), '0', 'not the jobs of others');
is($node->safe_psql('postgres', 'SET ROLE victim; SELECT pm_jobs.run_pending()'), '1', 'but one\'s own');
$node->safe_psql('postgres', q{CREATE ROLE gone; SELECT pm_jobs.grant_queue('q', 'gone'); SET ROLE gone;
	SELECT pm_jobs.enqueue('q', 'do', '{"sql": "SELECT 1"}'); RESET ROLE;
	SELECT pm_jobs.revoke_queue('q', 'gone'); DROP ROLE gone; SELECT pm_jobs.run_pending()});
like($node->safe_psql('postgres', 'SELECT status, last_error FROM pm_jobs._finished ORDER BY id DESC LIMIT 1'),
	qr/^dead\|the role that enqueued the job, with OID \d+, does not exist$/, 'a dropped role');

# operators on the runner's search_path are not used
$node->safe_psql('postgres', q{
	SET ROLE mallory; CREATE FUNCTION public.eq(text, text) RETURNS boolean LANGUAGE plpgsql AS
	$$BEGIN PERFORM public.evil('operator'); RETURN true; END$$;
	CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = text, FUNCTION = public.eq); RESET ROLE;
	DELETE FROM public.evidence; SELECT pm_jobs.enqueue('q', 'do', '{"sql": "SELECT 1"}')});
$node->safe_psql('postgres', q{SET search_path = public, pg_catalog; SELECT pm_jobs.run_pending('q'); CALL pm_jobs.run(); SELECT pm_jobs.wait((SELECT max(id) FROM pm_jobs._finished))});
is($node->safe_psql('postgres', 'SELECT count(*) FROM public.evidence'), '0', 'the caller\'s search_path is not ours');
$node->stop;
done_testing();
