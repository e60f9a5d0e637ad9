#
# 030_at_once.pl - what has been committed counts in every session at its next call: rights
# and tokens, in a transaction that goes on, at every isolation level, and in a race
#
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $rounds = $ENV{PM_SOAK} ? 20_000 : 1_500;
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', 'pm_core.bcrypt_cost = 4');
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION pm_core CASCADE;
SELECT pm_core.create_default_roles();
SELECT pm_core.create_user('anne@x', role => 'customer');
CREATE VIEW may AS SELECT pm_core.has_permission((SELECT id FROM pm_core.users), 'product', 'read') AS may;
CREATE FUNCTION token_state(token text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN pm_core.verify_token(token)->>'use';
EXCEPTION WHEN invalid_authorization_specification THEN
  RETURN SQLERRM;
END
$$;
SQL
my $anne = $node->safe_psql('postgres', 'SELECT id FROM pm_core.users');
my $grant = q{INSERT INTO pm_core.user_roles SELECT u.id, r.id FROM pm_core.users AS u, pm_core.roles AS r WHERE r.name = 'user'};
my $take = 'DELETE FROM pm_core.user_roles';
my $asked = "SELECT pm_core.has_permission('$anne', 'product', 'read')";

foreach my $level ('READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE')
{
	my $token = $node->safe_psql('postgres', "SELECT access_token FROM pm_core.issue_token('$anne')");
	my $other = $node->background_psql('postgres');

	# no table is touched between the calls: nothing but the call itself takes in what has come
	$other->query_safe("BEGIN ISOLATION LEVEL $level");
	is($other->query_safe($asked), 'f', "$level: not yet");
	is($other->query_safe("SELECT token_state('$token')"), 'access', "$level: a good token");
	$node->safe_psql('postgres', $grant);
	is($other->query_safe($asked), 't', "$level: granted");
	$node->safe_psql('postgres', "$take; SELECT pm_core.revoke_token('$token')");
	is($other->query_safe($asked), 'f', "$level: taken");
	is($other->query_safe("SELECT token_state('$token')"), 'token was revoked', "$level: revoked");
	$node->safe_psql('postgres', "BEGIN; $grant; ROLLBACK");
	is($other->query_safe($asked), 'f', "$level: what was undone never was");
	$other->query_safe('COMMIT');
	$other->quit;
}

# A race: the writer commits a change, and notes that it has; whoever finds the note asks,
# and has to see the change.  The note is a sequence, which is seen without a snapshot.
# It goes on until each of the watchers has looked between a change and the next one.
$node->safe_psql('postgres', <<'SQL');
CREATE SEQUENCE committed;
SELECT setval('committed', 1);
CREATE SEQUENCE seen_0;
CREATE SEQUENCE seen_1;
CREATE SEQUENCE seen_2;
CREATE SEQUENCE ended;
CREATE PROCEDURE change(rounds integer) LANGUAGE plpgsql AS $$
DECLARE
  anne uuid := (SELECT id FROM pm_core.users);
  r integer := (SELECT id FROM pm_core.roles WHERE name = 'user');
BEGIN
  FOR n IN 1 .. 1000 * rounds LOOP
    EXIT WHEN n > rounds AND (SELECT a.is_called AND b.is_called AND c.is_called FROM seen_0 AS a, seen_1 AS b, seen_2 AS c);
    -- round n: granted while the number is even, whatever was before
    INSERT INTO pm_core.user_roles VALUES (anne, r) ON CONFLICT DO NOTHING;
    COMMIT;
    PERFORM nextval('committed');
    PERFORM nextval('committed');
    DELETE FROM pm_core.user_roles;
    COMMIT;
    PERFORM nextval('committed');
    PERFORM nextval('committed');
  END LOOP;
  PERFORM nextval('ended');
END
$$;
CREATE FUNCTION watch(watcher integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  anne uuid := (SELECT id FROM pm_core.users);
  before bigint;
  after bigint;
  answer boolean;
  sure integer := 0;
  wrong integer := 0;
BEGIN
  LOOP
    SELECT last_value INTO before FROM committed;
    answer := pm_core.has_permission(anne, 'product', 'read');
    SELECT last_value INTO after FROM committed;
    -- between the two notes of a commit nothing changes: 2, 6 ... granted, 4, 8 ... taken
    IF before = after AND before % 2 = 0 THEN
      sure := sure + 1;
      PERFORM nextval('seen_' || watcher);
      wrong := wrong + (answer <> (before % 4 = 2))::integer;
    END IF;
    EXIT WHEN (SELECT is_called FROM ended);
  END LOOP;
  RETURN CASE WHEN sure > 0 THEN 'watched' ELSE 'saw nothing' END || ', wrong: ' || wrong;
END
$$;
SQL
my @watchers = map { $node->background_psql('postgres') } 0 .. 2;
$watchers[$_]{stdin} .= "SELECT watch($_);\n\\echo watched it\n" foreach 0 .. $#watchers;
$_->{run}->pump_nb foreach @watchers;
$node->safe_psql('postgres', "CALL change($rounds)");
foreach my $n (0 .. $#watchers)
{
	my $watcher = $watchers[$n];
	$watcher->{run}->pump until $watcher->{stdout} =~ /watched it/ || $watcher->{timeout}->is_expired;
	like($watcher->{stdout}, qr/^watched, wrong: 0$/m, "race: watcher $n sees every change, in $rounds rounds or more");
	$watcher->quit;
}
$node->stop;
done_testing();
