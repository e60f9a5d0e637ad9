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
my $keys = PostgreSQL::Test::Utils::tempdir() . '/keys';
append_to_file($keys, 'k ' . '1a' x 32 . "\n");
chmod 0600, $keys;
# of the role, so that the upgraded server has it, too
$node->safe_psql('postgres', "ALTER ROLE CURRENT_USER SET pm_core.secret_key_file = '$keys'");
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
SELECT pm_xref.add_database('elsewhere', NULL, NULL, 'elsewhere'), pm_core.set_home('pm_catalog', 'elsewhere');
SELECT pm_core.record_backup('original', 'dump', now(), now(), '/a "b"', 1, true);
SELECT pm_core.issue_token(id), pm_core.request_verification(id) FROM pm_core.users;
SELECT pm_core.set_secret('shop "key"', E'h\u00e9 "x" \t'), pm_core.set_secret('pair', 'kept here', 'of Amazon'), pm_core.set_secret('gone', 'x');
SELECT pm_core.drop_secret('gone');
INSERT INTO pm_core.amazon_api_configs (name, marketplace, partner_tag, access_key, secret_name) VALUES ('c', 'www.amazon.fr', 'x', 'x', 'pair');
INSERT INTO pm_core.odoo_configs (name, url, database, username, secret_name) VALUES ('c', 'https://a', 'x', 'x', 'pair');
INSERT INTO pm_core.prestashop_configs (name, url, secret_name) VALUES ('c', 'https://a', 'shop "key"');
UPDATE pm_core.amazon_api_configs SET requests_per_day = 1;
SELECT pm_core.erase_user(pm_core.create_user('carl@example.com', username => 'carl'));
SQL

# Every row of every table that is dumped, and where numbers go on.
sub picture
{
	my ($on, $database) = @_;
	return join "\n", map { "$_\n" . $on->safe_psql($database, "SELECT t::text FROM $_ AS t ORDER BY 1") }
	  qw(pm_core.users pm_core.roles pm_core.permissions pm_core.role_permissions pm_core.user_roles pm_core.app_settings pm_core.app_setting_changes pm_core.notifications
	  pm_core.secrets pm_core.secret_changes pm_core.amazon_api_configs pm_core.odoo_configs pm_core.prestashop_configs pm_core.connection_changes pm_core._homes pm_core.backups
	  pm_core._erasures pm_core._erasure_steps),
	  map { "(SELECT last_value, is_called FROM pm_core.$_)" } qw(roles_id_seq permissions_id_seq app_setting_changes_id_seq secret_changes_id_seq connection_changes_id_seq);
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
	is($on->safe_psql($database, q{SELECT pm_core.get_connection('prestashop', 'c')->>'secret' = E'h\u00e9 "x" \t', pm_core.get_secret('pair')}), 't|kept here', "$name: secrets are read by the key file");
	is($on->safe_psql($database, q{BEGIN; UPDATE pm_core.odoo_configs SET company_id = 1; SELECT pm_core.drop_secret('gone'), (SELECT count(*) FROM pm_core.connection_changes); ROLLBACK}), 'f|2', "$name: connections and their history go on");
	is($on->safe_psql($database, q{SELECT database FROM pm_core.route('Product')}), 'elsewhere', "$name: routes are what they were");
	is($on->safe_psql($database, q{CALL pm_jobs.run('pm_core.erasure'); SELECT database, done_at IS NOT NULL FROM pm_core._erasure_steps ORDER BY database}), "elsewhere|f\n|t", "$name: an erasure goes on, and elsewhere waits for a database that is not there");
	isnt($on->psql($database, q{SELECT pm_core.create_user('anne@EXAMPLE.com')}), 0, "$name: addresses are unique");
}

my $dir = survives_restore($node, 'original', \&picture, \&goes_on, ways => [ 'plain', 'inserts' ]);
my $dump = slurp_file("$dir/plain") . slurp_file("$dir/inserts");
my ($secret) = $node->safe_psql('original', q{SELECT encode(secret, 'hex') FROM pm_core._signing_keys});
like($secret, qr/^[0-9a-f]{64}$/, 'there is a signing key');
unlike($dump, qr/$secret/, 'which is not in the dump');
unlike($dump, qr/kept here|(1a){32}/, 'nor is a secret, or the key of secrets');
unlike($dump, qr/(?:COPY|INTO) pm_core\._(?!erasure|homes )/, 'nor is any other internal table, but for homes of extensions and erasures that go on');
survives_restore($node, 'original', \&picture, \&goes_on, ways => ['custom'], replica => 1);
survives_upgrade($node, 'original', \&picture, \&goes_on);
done_testing();
