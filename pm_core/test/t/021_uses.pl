#
# 021_uses.pl - a refresh token is good once whatever its caller does: rolls back the first
# use or the second, in a savepoint, in two sessions at once; a job saves it for the time
# after a restart
#
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pm_core'\nautovacuum = off\n");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION pm_core CASCADE;
SELECT pm_core.create_default_roles();
SELECT pm_core.create_user('anne@x');
CREATE FUNCTION verified(token text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN pm_core.verify_token(token)->>'use';
EXCEPTION WHEN invalid_authorization_specification THEN
  RETURN SQLERRM;
END
$$;
CREATE FUNCTION refreshed(token text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  made record;
BEGIN
  made := pm_core.refresh_token(token);
  RETURN CASE WHEN made.access_token IS NULL THEN 'came again' ELSE made.access_token || '|' || made.refresh_token END;
EXCEPTION WHEN invalid_authorization_specification THEN
  RETURN SQLERRM;
END
$$;
SQL

# A new session of the product: access and refresh token.
sub open_session
{
	return split /\|/, $node->safe_psql('postgres', 'SELECT t.access_token, t.refresh_token FROM pm_core.users AS u, pm_core.issue_token(u.id) AS t');
}
# What another session says of a token, and of its refreshing.
sub verified { my ($token) = @_; return $node->safe_psql('postgres', "SELECT verified('$token')"); }
sub refreshed { my ($token) = @_; return $node->safe_psql('postgres', "SELECT refreshed('$token')"); }
sub refreshed_and { my ($token, $end) = @_; return $node->safe_psql('postgres', "BEGIN; SELECT refreshed('$token'); $end"); }
# What the tables say: the highest generation, and how many sessions are revoked.
sub tables { return $node->safe_psql('postgres', 'SELECT max(generation), count(revoked_at) FROM pm_core._sessions'); }
sub save { return $node->safe_psql('postgres', 'SELECT pm_core.save_token_uses()'); }
sub forget_sessions { $node->safe_psql('postgres', 'DELETE FROM pm_core._sessions; SELECT pm_core.save_token_uses()'); return; }

# the first use is rolled back
my ($access, $refresh) = open_session();
my ($access2, $refresh2) = split /\|/, refreshed_and($refresh, 'ROLLBACK');
is(tables(), '0|0', 'rolled back: no row says that a token was used');
is(verified($access2), 'access', 'rolled back: what it was answered is good');
is(refreshed($refresh), 'came again', 'rolled back: the token is not, a second time');
is(verified($_), 'token was revoked', 'rolled back: and the session has ended') foreach $access, $access2;
is(refreshed($refresh2), 'token was revoked', 'rolled back: for whoever has a token of it');

# so is the second use
($access, $refresh) = open_session();
($access2, $refresh2) = split /\|/, refreshed($refresh);
my $watcher = $node->background_psql('postgres');
is($watcher->query_safe("SELECT verified('$access2')"), 'access', 'second use: a session that has verified the token');
is(refreshed_and($refresh, 'ROLLBACK'), 'came again', 'second use: it is told, and rolled back');
is($watcher->query_safe("SELECT verified('$access2')"), 'token was revoked', 'second use: which does not undo the end of the session');
is(verified($access), 'token was revoked', 'second use: nor for others');
is(refreshed($refresh2), 'token was revoked', 'second use: nor for the token that follows');
is(tables(), '1|1', 'second use: the tables have one session that is revoked, the one before');
$watcher->quit;

# in a savepoint, and in a transaction that fails
($access, $refresh) = open_session();
like($node->safe_psql('postgres', "BEGIN; SAVEPOINT s; SELECT refreshed('$refresh'); ROLLBACK TO s; COMMIT"), qr/\|/, 'savepoint: used');
is(refreshed($refresh), 'came again', 'savepoint: and rolled back alone');
($access, $refresh) = open_session();
$node->psql('postgres', "BEGIN; SELECT refreshed('$refresh'); SELECT 1 / 0; COMMIT");
is(refreshed($refresh), 'came again', 'failure: it counts');

# the one who has the answer of a use that was rolled back goes on with it
($access, $refresh) = open_session();
foreach my $n (1 .. 3)
{
	(undef, $refresh2) = split /\|/, refreshed_and($refresh, $n == 2 ? 'COMMIT' : 'ROLLBACK');
	isnt($refresh2, undef, "answers: use $n");
	is(refreshed_and($refresh, 'ROLLBACK'), 'came again', 'answers: only the last one is good') if $n == 3;
	$refresh = $refresh2;
}

# two at once: the second waits, and the first rolls back
($access, $refresh) = open_session();
my @both = map { $node->background_psql('postgres') } 1 .. 2;
$both[0]->query_safe('BEGIN');
like($both[0]->query_safe("SELECT refreshed('$refresh')"), qr/\|/, 'at once: the first is answered');
$both[1]{stdin} .= "SELECT refreshed('$refresh');\n";
$both[1]{run}->pump_nb;
ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'}), 'at once: the second waits');
$both[0]->query_safe('ROLLBACK');
like($both[1]->query_safe('SELECT 1'), qr/^came again$/m, 'at once: and finds the token used');
$_->quit foreach @both;

# saved for the time after a restart, and only then forgotten
forget_sessions();
my (undef, $lost) = open_session();
my ($ended) = open_session();
my (undef, $open) = open_session();
($access2, $refresh2) = split /\|/, refreshed_and($lost, 'ROLLBACK');
my $sid = $node->safe_psql('postgres', "SELECT pm_core.verify_token('$ended')->>'sid'");
refreshed_and($node->safe_psql('postgres', "SELECT pm_core._sign_claims(k.kid, format('{\"sub\":\"%s\",\"sid\":\"%s\",\"use\":\"refresh\",\"gen\":7,\"iat\":1,\"exp\":4102444800}', user_id, id)) FROM pm_core._signing_keys AS k, pm_core._sessions WHERE id = '$sid'"), 'ROLLBACK');
is(verified($ended), 'token was revoked', 'saved: a session that memory alone has ended');
my $user = $node->background_psql('postgres');
$user->query_safe('BEGIN');
like($user->query_safe("SELECT refreshed('$open')"), qr/\|/, 'saved: and a token in use');
is(tables(), '0|0', 'saved: nothing yet');
is(save(), '2', 'saved: what was rolled back, and what is in use is not waited for');
is(tables(), '1|1', 'saved: in the tables');
is($node->safe_psql('postgres', 'SELECT count(*) FROM pm_core._uses()'), '3', 'saved: memory keeps it until that is committed');
$user->query_safe('COMMIT');
$user->quit;
is(save(), '0', 'saved: once');
is($node->safe_psql('postgres', 'SELECT count(*) FROM pm_core._uses()'), '0', 'saved: and memory is free');
$node->restart;
is(refreshed($lost), 'came again', 'restart: the token is still used');
is(verified($ended), 'token was revoked', 'restart: the session is still ended');

# more sessions than there is room for: nothing breaks, and those that are ended stay
forget_sessions();
($access, $refresh) = open_session();
($access2, $refresh2) = split /\|/, refreshed($refresh);
refreshed_and($refresh, 'ROLLBACK');
is($node->safe_psql('postgres', q{SELECT count(*) FROM generate_series(1, 40000) AS n WHERE pm_core._use_generation(gen_random_uuid(), 0, 0);
	SELECT count(*) BETWEEN 16000 AND 16384, count(*) FILTER (WHERE ended) FROM pm_core._uses()}), "40000\nt|1", 'room for 16 384 sessions');
is(verified($access2), 'token was revoked', 'and one that is ended is the last to go');
$node->safe_psql('postgres', q{SELECT count(*) FROM generate_series(1, 40000) AS n WHERE pm_core._use_generation(gen_random_uuid(), 0, 1)});
save();
is($node->safe_psql('postgres', 'SELECT count(*) <= 1 FROM pm_core._uses()'), 't', 'sessions that are none are forgotten');

# another database has its own
$node->safe_psql('postgres', 'CREATE DATABASE other');
is($node->safe_psql('other', 'CREATE EXTENSION pm_core CASCADE; SELECT count(*) FROM pm_core._uses()'), '0', 'another database sees none');

# without preloading: in the transaction
$node->adjust_conf('postgresql.conf', 'shared_preload_libraries', "''");
$node->restart;
($access, $refresh) = open_session();
like(refreshed_and($refresh, 'ROLLBACK'), qr/\|/, 'not preloaded: used');
like(refreshed($refresh), qr/\|/, 'not preloaded: and used again, after a rollback');
is(refreshed($refresh), 'came again', 'not preloaded: but not after a commit');
is(save(), '0', 'not preloaded: nothing to save');
$node->stop;
done_testing();
