#
# 001_dump_restore.pl - dump, restore and pg_upgrade carry users, rights, settings,
# notifications and erasures, and neither signing keys nor sessions leave in a dump
#
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../../../test/t";
use PmRestore;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('old');
$node->init;
$node->append_conf('postgresql.conf', 'pm_core.bcrypt_cost = 4');
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE original');
$node->safe_psql('original', <<'SQL');
CREATE EXTENSION pm_core CASCADE;
SELECT pm_core.create_default_roles();
-- rows that create_default_roles() made, changed and deleted
UPDATE pm_core.roles SET name = 'éditeur', is_active = false, database_role = 'web' WHERE name = 'manager';
DELETE FROM pm_core.roles WHERE name = 'customer';
DELETE FROM pm_core.permissions WHERE name = 'import:delete';
INSERT INTO pm_core.roles (name) VALUES ('own "role"');
INSERT INTO pm_core.permissions (name, resource, action) VALUES ('orders', 'order', 'create');
INSERT INTO pm_core.role_permissions SELECT r.id, p.id FROM pm_core.roles AS r, pm_core.permissions AS p WHERE r.name LIKE 'own%' AND p.name = 'orders';
SELECT pm_core.create_user('Anne@example.com', 'correct horse', 'anne', 'Zoë "x" \', E'O''Hara', 'éditeur'), pm_core.create_user('bob@example.com');
UPDATE pm_core.users SET permissions = '{"stock": ["*"]}', is_verified = true WHERE username = 'anne';
INSERT INTO pm_core.user_roles SELECT u.id, r.id FROM pm_core.users AS u, pm_core.roles AS r WHERE r.name LIKE 'own%';
SELECT pm_core.define_setting('general', 'page', 'integer', '50', E'a\tb'), pm_core.define_setting('general', 'gone', 'text', '"x"');
SELECT pm_core.set_setting('general', 'page', '20');
DELETE FROM pm_core.app_settings WHERE key = 'gone';
SELECT pm_core.send_notification(id, 'Hello "you"', E'two\nlines', 'warning', '{"a": [1]}', NULL) FROM pm_core.users;
SELECT pm_core.issue_token(id), pm_core.request_verification(id) FROM pm_core.users;
SELECT pm_core.erase_user(pm_core.create_user('carl@example.com', username => 'carl'));
SQL

# Every row of every table that is dumped, and where numbers go on.
sub picture
{
	my ($on, $database) = @_;
	return join "\n", map { "$_\n" . $on->safe_psql($database, "SELECT t::text FROM $_ AS t ORDER BY 1") }
	  qw(pm_core.users pm_core.roles pm_core.permissions pm_core.role_permissions pm_core.user_roles pm_core.app_settings pm_core.app_setting_changes pm_core.notifications pm_core._erasures pm_core._erasure_steps),
	  map { "(SELECT last_value, is_called FROM pm_core.$_)" } qw(roles_id_seq permissions_id_seq app_setting_changes_id_seq);
}

# Tests that everything goes on from there.
sub goes_on
{
	my ($on, $database, $name) = @_;
	is($on->safe_psql($database, q{SELECT u.username FROM pm_core.users AS u WHERE u.id = pm_core.verify_password('ANNE@example.com', 'correct horse')}), 'anne', "$name: the password is good");
	is($on->safe_psql($database, q{SELECT string_agg(pm_core.has_permission(id, r, 'create')::text, ' ' ORDER BY email, r) FROM pm_core.users, unnest('{order,product,stock}'::text[]) AS r}),
		'false false false true false true true false false', "$name: rights are what they were");
	is($on->safe_psql($database, q{SELECT pm_core.verify_token(access_token)->>'role' FROM pm_core.users AS u, pm_core.issue_token(u.id) WHERE u.username = 'anne'}), 'web', "$name: tokens are issued and verified");
	is($on->safe_psql($database, q{SELECT pm_core.reset_setting('general', 'page'); SELECT count(*) FROM pm_core.app_setting_changes}), "50\n5", "$name: settings and their history go on");
	is($on->safe_psql($database, q{CALL pm_jobs.run('pm_core.erasure'); SELECT finished_at IS NOT NULL FROM pm_core.erasures}), 't', "$name: an erasure goes on to its end");
	isnt($on->psql($database, q{SELECT pm_core.create_user('anne@EXAMPLE.com')}), 0, "$name: addresses are unique");
}

my $dir = survives_restore($node, 'original', \&picture, \&goes_on, ways => [ 'plain', 'inserts' ]);
my $dump = slurp_file("$dir/plain") . slurp_file("$dir/inserts");
my ($secret) = $node->safe_psql('original', q{SELECT encode(secret, 'hex') FROM pm_core._signing_keys});
like($secret, qr/^[0-9a-f]{64}$/, 'there is a signing key');
unlike($dump, qr/$secret/, 'which is not in the dump');
unlike($dump, qr/(?:COPY|INTO) pm_core\._(?!erasure)/, 'nor is any other internal table, but for erasures that go on');
survives_restore($node, 'original', \&picture, \&goes_on, ways => ['custom'], replica => 1);
survives_upgrade($node, 'original', \&picture, \&goes_on);
done_testing();
