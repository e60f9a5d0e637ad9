#
# 011_roles.pl - passwords, and who may do what
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PmXref;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($child, $parent) = make_servers();
make_reference($child, $parent, 10);
my $find = q{SELECT count(*) FROM pm_xref.find_orphans('media to products')};

# role reader has to show a password from now on, others not
$parent->safe_psql('postgres', q{ALTER ROLE reader PASSWORD 'right'});
unlink($parent->data_dir . '/pg_hba.conf');
$parent->append_conf('pg_hba.conf', "local all reader scram-sha-256\nlocal all all trust\n");
$parent->reload;

# a passfile of the server's operating system user
my $passfile = PostgreSQL::Test::Utils::tempdir() . '/passfile';
sub write_passfile
{
	my ($password) = @_;
	unlink $passfile;
	append_to_file($passfile, "*:*:*:reader:$password\n");
	chmod 0600, $passfile;
}
write_passfile('right');
$child->safe_psql('postgres', "ALTER SERVER shop OPTIONS (ADD passfile '$passfile')");
is($child->safe_psql('postgres', $find), '2', 'the password is in the passfile');
write_passfile('wrong');
fails_with($child, '08001', 'could not connect to server "shop"', 'password wrong');
like(checks_of($child, 'detail'), qr/password authentication failed for user "reader"/, 'the detail says so');
unlink $passfile;
fails_with($child, '08001', 'could not connect to server "shop"', 'no password');
write_passfile('right');

# no superuser: pm_worker checks, pm_admin declares, others nothing
$child->safe_psql('postgres', 'CREATE ROLE pm_worker LOGIN; CREATE ROLE pm_admin LOGIN; CREATE ROLE pm_reader; CREATE ROLE pm_writer; CREATE ROLE other LOGIN; GRANT CREATE ON SCHEMA public TO pm_admin');
$child->safe_psql('postgres', slurp_file("$FindBin::RealBin/../../sql/grants.sql"));
sub as
{
	my ($role, $sql) = @_;
	my ($status, $out, $err) = $child->psql('postgres', "\\set VERBOSITY verbose\nSET ROLE $role;\n$sql");
	return $status == 0 ? $out : $err;
}
like(as('other', $find), qr/42501: permission denied for function find_orphans/, 'others may not');
like(as('pm_worker', $find), qr/42501: permission denied for foreign server shop/, 'the server has to be granted');
$child->safe_psql('postgres', 'GRANT USAGE ON FOREIGN SERVER shop TO pm_worker');
like(as('pm_worker', $find), qr/42704: user mapping not found for "pm_worker"/, 'and a mapping is needed');
$child->safe_psql('postgres', q{CREATE USER MAPPING FOR pm_worker SERVER shop OPTIONS ("user" 'reader')});
like(as('pm_worker', $find), qr/2F003: reference "media to products": server "shop" needs a password/, 'no password of its own');
$child->safe_psql('postgres', q{ALTER USER MAPPING FOR pm_worker SERVER shop OPTIONS (ADD password 'wrong')});
like(as('pm_worker', $find), qr/08001: .*could not connect/, 'a wrong one');
$child->safe_psql('postgres', q{ALTER USER MAPPING FOR pm_worker SERVER shop OPTIONS (SET password 'right')});
like(as('pm_worker', $find), qr/42501: permission denied for table media/, 'a right one; but the table is not readable');
$child->safe_psql('postgres', 'GRANT SELECT (id, product_id) ON media TO pm_worker');
like(as('pm_worker', $find), qr/42501: permission denied for table media/, 'all of it must be');
$child->safe_psql('postgres', 'GRANT SELECT ON media TO pm_worker');
is(as('pm_worker', $find), '2', 'now it is');
$child->safe_psql('postgres', q{ALTER USER MAPPING FOR pm_worker SERVER shop OPTIONS (SET "user" 'postgres')});
like(as('pm_worker', $find), qr/2F003: .*needs a password/, 'a server that does not ask for the password');
$child->safe_psql('postgres', q{ALTER USER MAPPING FOR pm_worker SERVER shop OPTIONS (SET "user" 'reader', DROP password, ADD password_required 'false')});
is(as('pm_worker', 'SELECT orphans, engine FROM pm_xref.check()'), '2|stream', 'a superuser said that none is needed');
$child->safe_psql('postgres', 'ALTER TABLE media ENABLE ROW LEVEL SECURITY; CREATE POLICY visible ON media USING (id > 0)');
like(as('pm_worker', $find), qr/42501: query would be affected by row-level security policy for table "media"/, 'hidden rows are no sound rows');
$child->safe_psql('postgres', 'ALTER TABLE media DISABLE ROW LEVEL SECURITY');

like(as('pm_worker', q{SELECT pm_xref.drop_reference('media to products')}), qr/42501/, 'pm_worker declares nothing');
is(as('pm_admin', q{SELECT pm_xref.add_reference('second', 'media', 'product_id', 'shop', 'public.products')}), '', 'pm_admin does');
is(as('pm_admin', q{SELECT pm_xref.add_database('more', NULL, NULL, 'more')}), '', 'also databases');
is($child->safe_psql('postgres', q{SELECT usename, umoptions FROM pg_user_mappings WHERE srvname = 'more'}), 'pm_worker|{user=pm_worker}',
	'whose mapping is pm_worker\'s, and needs a password');
is(as('pm_admin', q{SELECT pm_xref.drop_reference('second')}), '', 'and drops them');
$child->stop;
$parent->stop;
done_testing();
