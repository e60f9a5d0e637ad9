#
# 011_roles.pl - what each role of a deployment may do, with its grants and no others
#
use strict;
use warnings;

use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', 'pm_core.bcrypt_cost = 4');
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION pm_core CASCADE;
CREATE ROLE pm_reader; CREATE ROLE pm_writer; CREATE ROLE pm_worker BYPASSRLS; CREATE ROLE pm_admin; CREATE ROLE other;
SELECT pm_core.create_default_roles();
SELECT pm_core.create_user('anne@x', 'correct horse', 'anne', role => 'admin');
SELECT pm_core.define_setting('general', 'a', 'text', '"x"');
SQL
# each role is tried alone: in a deployment they are members of each other
$node->safe_psql('postgres', slurp_file("$FindBin::RealBin/../../../$_/sql/grants.sql")) foreach qw(pm_jobs pm_xref pm_core);
my $anne = $node->safe_psql('postgres', 'SELECT id FROM pm_core.users');
my ($access, $refresh) = split /\|/, $node->safe_psql('postgres', "SELECT access_token, refresh_token FROM pm_core.issue_token('$anne')");
my $mail = $node->safe_psql('postgres', "SELECT pm_core.request_verification('$anne')");
my $reset = $node->safe_psql('postgres', "SELECT pm_core.request_password_reset('anne\@x')");

# The statements, by what they do, and who may.
my %all = map { $_ => 1 } qw(pm_reader pm_writer pm_worker pm_admin);
my %work = (pm_worker => 1, pm_admin => 1);
my %admin = (pm_admin => 1);
my @cases = (
	[ 'logs in', \%all, q{SELECT 1 / (access_token IS NOT NULL)::int FROM pm_core.login('anne', 'correct horse')} ],
	[ 'verifies a password', \%all, q{SELECT pm_core.verify_password('anne', 'correct horse')} ],
	[ 'verifies a token', \%all, "SELECT pm_core.verify_token('$access')" ],
	[ 'refreshes a token', \%all, "SELECT pm_core.refresh_token('$refresh')" ],
	[ 'revokes a token', \%all, "SELECT pm_core.revoke_token('$access')" ],
	[ 'authenticates', \%all, "SELECT pm_core.authenticate('$access'); SELECT 1 / count(id) FROM pm_core.users" ],
	[ 'authenticates for PostgREST', \%all, 'SELECT pm_core.authenticate_request(), pm_core.current_user_id()' ],
	[ 'asks for permissions', \%all, "SELECT pm_core.has_permission('$anne', 'a', 'b'), pm_core.authorize('$anne', 'a', 'b')" ],
	[ 'authorizes', \%all, "SELECT pm_core.authenticate('$access'), pm_core.authorize('a', 'b')" ],
	[ 'verifies an address', \%all, "SELECT pm_core.verify_email('$mail')" ],
	[ 'resets a password', \%all, "SELECT pm_core.reset_password('$reset', 'battery staple')" ],
	[ 'reads users but for their hashes', \%all, 'SELECT id, email, username, first_name, last_name, role, is_active, is_verified, is_superuser, is_admin, permissions, last_login, created_at, updated_at FROM pm_core.users' ],
	[ 'reads rights', \%all, 'SELECT FROM pm_core.roles, pm_core.permissions, pm_core.role_permissions, pm_core.user_roles' ],
	[ 'reads settings', \%all, q{SELECT pm_core.get_setting('general', 'a'); SELECT * FROM pm_core.app_settings} ],
	[ 'marks notifications', \%all, 'SELECT pm_core.unread_count(), pm_core.mark_read(); SELECT * FROM pm_core.notifications; UPDATE pm_core.notifications SET read = true' ],
	[ 'notifies', \%work, "SELECT pm_core.send_notification('$anne', 'x', 'x')" ],
	[ 'does the upkeep', \%work, 'SELECT pm_core.announce_notifications(), pm_core.forget_expired(), pm_core.save_login_failures()' ],
	[ 'sees every user', \%work, 'SELECT 1 / count(id) FROM pm_core.users', 'division by zero' ],
	[ 'makes a user', \%admin, q{SELECT pm_core.create_user('b@x', 'correct horse')} ],
	[ 'sets a password', \%admin, "SELECT pm_core.set_password('$anne', 'battery staple')" ],
	[ 'deactivates a user', \%admin, "SELECT pm_core.deactivate_user('$anne')" ],
	[ 'changes a user', \%admin, q{UPDATE pm_core.users SET email = 'c@x', permissions = '{"a": ["b"]}', is_admin = true, role = 'user', first_name = 'A'} ],
	[ 'deletes a user', \%admin, "DELETE FROM pm_core.users WHERE id = '$anne'" ],
	[ 'keeps rights', \%admin, q{INSERT INTO pm_core.roles (name) VALUES ('x'); INSERT INTO pm_core.permissions (name, resource, action) VALUES ('x', 'x', 'x');
		INSERT INTO pm_core.role_permissions SELECT r.id, p.id FROM pm_core.roles AS r, pm_core.permissions AS p WHERE r.name = 'x' AND p.name = 'x';
		INSERT INTO pm_core.user_roles SELECT u.id, r.id FROM pm_core.users AS u, pm_core.roles AS r WHERE r.name = 'x'; UPDATE pm_core.roles SET description = 'y'; DELETE FROM pm_core.user_roles} ],
	[ 'makes the first roles', \%admin, 'SELECT pm_core.create_default_roles()' ],
	[ 'asks for tokens to mail', \%admin, "SELECT pm_core.request_verification('$anne'), pm_core.request_password_reset('anne\@x')" ],
	[ 'issues tokens', \%admin, "SELECT pm_core.issue_token('$anne'), pm_core.revoke_tokens('$anne')" ],
	[ 'erases users', \%admin, "SELECT pm_core.erase_user('$anne'); SELECT * FROM pm_core.erasures; SELECT sum(found) FROM pm_core.erasure_proof('$anne', '{anne\@x}')" ],
	[ 'does a step of an erasure', { pm_worker => 1 }, "SELECT pm_core.erasure_words('$anne', NULL, 1), pm_core.end_erasure_step('$anne', NULL, 1, 0)" ],
	[ 'reads what is searched for', {}, 'SELECT words FROM pm_core._erasures' ],
	[ 'asks other databases by itself', {}, "SELECT pm_core._find_person('x', '$anne', '{}')" ],
	[ 'keeps keys', \%admin, 'SELECT pm_core.rotate_signing_key(), pm_core.signing_jwks()' ],
	[ 'keeps settings', \%admin, q{SELECT pm_core.define_setting('general', 'b', 'text', '"x"'), pm_core.set_setting('general', 'a', '"y"'), pm_core.reset_setting('general', 'a'); SELECT * FROM pm_core.app_setting_changes} ],
	[ 'reads hashes', {}, 'SELECT hashed_password FROM pm_core.users' ],
	[ 'writes hashes', {}, q{UPDATE pm_core.users SET hashed_password = '!'} ],
	[ 'reads keys', {}, 'SELECT * FROM pm_core._signing_keys' ],
	[ 'reads sessions', {}, 'SELECT * FROM pm_core._sessions' ],
	[ 'writes history', {}, 'DELETE FROM pm_core.app_setting_changes' ],
	[ 'writes settings past their history', {}, 'DELETE FROM pm_core.app_settings' ],
	[ 'writes notifications', {}, "INSERT INTO pm_core.notifications (user_id, title, message) VALUES ('$anne', 'x', 'x')" ],);
foreach my $case (@cases)
{
	my ($name, $may, $sql, $refusal) = @$case;
	foreach my $role (sort(keys %all), 'other')
	{
		my ($status, undef, $err) = $node->psql('postgres', "BEGIN;\nSET LOCAL ROLE $role;\n$sql;\nRESET ROLE;\nROLLBACK;\n", on_error_stop => 1, extra_params => [ '-v', 'VERBOSITY=verbose' ]);
		if ($may->{$role})
		{
			is($status, 0, "$role $name") or diag($err);
		}
		else
		{
			like($err, $refusal && $role ne 'other' ? qr/$refusal/ : qr/ERROR:  42501: permission denied/, "not $role: $name");
		}
	}
}

# pm_worker, as pm_xref checks what other databases refer to: every user is there
is($node->safe_psql('postgres', 'SET ROLE pm_worker; SET row_security = off; COPY (SELECT id FROM pm_core.users) TO STDOUT'), $anne, 'a worker sees all users');
$node->stop;
done_testing();
