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
my $keys = PostgreSQL::Test::Utils::tempdir() . '/keys';
append_to_file($keys, 'k ' . '1' x 64 . "\n");
chmod 0600, $keys;
$node->append_conf('postgresql.conf', "pm_core.bcrypt_cost = 4\npm_core.secret_key_file = '$keys'");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION pm_core CASCADE;
CREATE ROLE pm_reader; CREATE ROLE pm_writer; CREATE ROLE pm_worker BYPASSRLS; CREATE ROLE pm_admin; CREATE ROLE other;
SELECT pm_core.create_default_roles();
SELECT pm_core.create_user('anne@x', 'correct horse', 'anne', role => 'admin');
SELECT pm_core.define_setting('general', 'a', 'text', '"x"');
SELECT pm_core.set_secret('s', 'x');
INSERT INTO pm_core.amazon_api_configs (name, marketplace, partner_tag, access_key, secret_name) VALUES ('c', 'www.amazon.fr', 'x', 'x', 's');
INSERT INTO pm_core.odoo_configs (name, url, database, username, secret_name) VALUES ('c', 'https://a', 'x', 'x', 's');
INSERT INTO pm_core.prestashop_configs (name, url, secret_name) VALUES ('c', 'https://a', 's');
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
	[ 'does the upkeep', \%work, 'SELECT pm_core.announce_notifications(), pm_core.forget_expired(), pm_core.save_login_failures(), pm_core.save_token_uses()' ],
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
	[ 'does a step of an erasure', { pm_worker => 1 }, "SELECT pm_core.erasure_words('$anne', NULL, 1), pm_core.erase_here('$anne', 1), pm_core.end_erasure_step('$anne', NULL, 1, 0)" ],
	[ 'erases whom it likes', \%admin, "SELECT pm_xref.erase_person('$anne')" ],
	[ 'reads what is searched for', {}, 'SELECT words FROM pm_core._erasures' ],
	[ 'asks other databases by itself', {}, "SELECT pm_core._find_person('x', '$anne', '{}')" ],
	[ 'keeps keys', \%admin, 'SELECT pm_core.rotate_signing_key(), pm_core.signing_jwks()' ],
	[ 'keeps settings', \%admin, q{SELECT pm_core.define_setting('general', 'b', 'text', '"x"'), pm_core.set_setting('general', 'a', '"y"'), pm_core.reset_setting('general', 'a'); SELECT * FROM pm_core.app_setting_changes} ],
	[ 'reads settings of connections', \%all, 'SELECT id, name, marketplace, host, region, partner_tag, requests_per_second, requests_per_day, is_active, created_at, updated_at FROM pm_core.amazon_api_configs;
		SELECT id, name, url, database, company_id, language, is_active, created_at, updated_at FROM pm_core.odoo_configs; SELECT id, name, url, shop_id, language_id, is_active, created_at, updated_at FROM pm_core.prestashop_configs' ],
	[ 'reads the access keys of connections', \%work, 'SELECT access_key FROM pm_core.amazon_api_configs' ],
	[ 'reads the logins of connections', \%work, 'SELECT username FROM pm_core.odoo_configs' ],
	[ 'reads the names of the secrets of connections', \%work, 'SELECT secret_name FROM pm_core.prestashop_configs' ],
	[ 'connects', \%work, q{SELECT pm_core.get_connection('amazon', 'c'), pm_core.get_connection('odoo', 'c'), pm_core.get_connection('prestashop', 'c')} ],
	[ 'reads a secret', \%work, q{SELECT pm_core.get_secret('s')} ],
	[ 'reads which secrets there are', \%work, 'SELECT name, key_id, description, created_at, updated_at FROM pm_core.secrets' ],
	[ 'sets a secret', \%admin, q{SELECT pm_core.set_secret('t', 'x')} ],
	[ 'drops a secret', \%admin, q{SELECT pm_core.drop_secret('t')} ],
	[ 'rotates secrets', \%admin, 'SELECT pm_core.rotate_secrets()' ],
	[ 'reads who changed secrets and connections', \%admin, 'SELECT * FROM pm_core.secret_changes; SELECT * FROM pm_core.connection_changes' ],
	[ 'keeps connections', \%admin, q{INSERT INTO pm_core.amazon_api_configs (name, marketplace, partner_tag, access_key, secret_name) VALUES ('d', 'www.amazon.fr', 'x', 'x', 's');
		INSERT INTO pm_core.odoo_configs (name, url, database, username, secret_name) VALUES ('d', 'https://a', 'x', 'x', 's');
		INSERT INTO pm_core.prestashop_configs (name, url, secret_name) VALUES ('d', 'https://a', 's');
		UPDATE pm_core.amazon_api_configs SET requests_per_day = 1; UPDATE pm_core.odoo_configs SET url = 'https://b'; UPDATE pm_core.prestashop_configs SET is_active = false;
		DELETE FROM pm_core.amazon_api_configs; DELETE FROM pm_core.odoo_configs; DELETE FROM pm_core.prestashop_configs;
		SELECT 1 / (count(*) = 12)::int FROM pm_core.connection_changes} ],
	[ 'says who made a connection', {}, q{UPDATE pm_core.odoo_configs SET created_role = 'x'} ],
	[ 'reads ciphertext', {}, 'SELECT ciphertext FROM pm_core.secrets' ],
	[ 'writes ciphertext', {}, q{UPDATE pm_core.secrets SET ciphertext = '\x'} ],
	[ 'decrypts', {}, q{SELECT pm_core._decrypt_secret('s', 'k', '\x')} ],
	[ 'reads secrets from within', {}, q{SELECT pm_core._get_secret('s')} ],
	[ 'writes the history of connections', {}, 'DELETE FROM pm_core.connection_changes' ],
	[ 'writes the history of secrets', {}, 'DELETE FROM pm_core.secret_changes' ],
	[ 'chooses the key file', {}, q{SELECT pm_core.current_user_id(); SET pm_core.secret_key_file = '/tmp/x'} ],
	[ 'sees the key file', {}, 'SELECT pm_core.current_user_id(); SHOW pm_core.secret_key_file', 'ERROR:  42501: must be superuser' ],
	[ 'asks where entities live', \%all, q{SELECT pm_core.route('User'); SELECT * FROM pm_core.databases} ],
	[ 'asks how the databases are', \%work, 'SELECT * FROM pm_core.health()' ],
	[ 'reads of backups', \%work, 'SELECT * FROM pm_core.backups' ],
	[ 'keeps backups', \%admin, q{SELECT pm_core.record_backup('x', 'dump', now(), now(), 'x', 1, true); DELETE FROM pm_core.backups} ],
	[ 'tells where extensions are', \%admin, q{SELECT pm_core.set_home('pm_x', NULL); DELETE FROM pm_core._homes} ],
	[ 'changes backups', {}, 'UPDATE pm_core.backups SET ok = true' ],
	[ 'asks databases by itself', {}, q{SELECT pm_core._ask_databases('x', '{}')} ],
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
