#
# 030_history_roles.pl - who writes products is who the history names, and cannot write the
# history itself
#
use strict;
use warnings;

use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', 'SET client_min_messages = warning; CREATE EXTENSION pm_catalog CASCADE');
$node->safe_psql('postgres', "CREATE ROLE $_ LOGIN") foreach qw(pm_reader pm_writer pm_admin pm_worker other);
$node->safe_psql('postgres', slurp_file("$FindBin::RealBin/../../../$_/sql/grants.sql")) foreach qw(pm_jobs pm_xref pm_catalog);
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION noop(job pm_jobs.job) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb';
SELECT pm_jobs.register_handler('noop', 'noop(pm_jobs.job)'), pm_jobs.create_queue('line', ordered => true);
SELECT pm_xref.subscribe('catalog.*', NULL, 'line', 'noop');
SQL

my $id = '01a21d28-7d45-7936-84e2-06bc7f30a5bb';
sub as
{
	my ($role, $sql) = @_;
	my ($status, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\nSET ROLE $role;\n$sql");
	return $status == 0 ? $out : $err;
}

is(as('pm_writer', "INSERT INTO pm_catalog.products (id, title) VALUES ('$id', 'A pen') RETURNING version"), '1', 'pm_writer creates a product');
is(as('pm_worker', "UPDATE pm_catalog.products SET title = 'A red pen' RETURNING version"), '2', 'pm_worker changes it');
is(as('pm_reader', "SELECT version, role FROM pm_catalog.product_history('$id')"), "2|pm_worker\n1|pm_writer", 'the history names both, and pm_reader reads it');
is(as('pm_reader', "SELECT title FROM pm_catalog.product_as_of('$id', (SELECT made_at FROM pm_catalog.product_versions))"), 'A pen', 'and what it was');
is(as('pm_writer', "SELECT pm_catalog.revert('$id', 1)"), '3', 'pm_writer reverts');
is(as('pm_writer', "SELECT pm_catalog.delete_product('$id', 'gone'); SELECT pm_catalog.restore_product('$id'); SELECT pm_catalog.delete_product('$id')"), "\n\n", 'deletes and restores');
is($node->safe_psql('postgres', "SELECT string_agg(DISTINCT role, ' ') FROM pm_catalog.product_history('$id') WHERE version > 2"),
	'pm_writer', 'all of it by its name, though the owner of the tables writes them');
is($node->safe_psql('postgres', 'SELECT count(*) FROM pm_xref._events'), '6', 'each change is an event');
is(as('pm_writer', "INSERT INTO pm_catalog.product_prices (product_id, price) VALUES ('$id', 1); INSERT INTO pm_catalog.product_stocks (product_id, low_stock_threshold) VALUES ('$id', 1)"),
	'', 'prices and stock');
is($node->safe_psql('postgres', 'SELECT count(*) FROM pm_xref._events'), '8', 'are events, too');

foreach my $role (qw(pm_reader pm_writer pm_worker other))
{
	like(as($role, 'DELETE FROM pm_catalog.products'), qr/42501/, "$role removes no row");
	like(as($role, "SELECT pm_catalog.forget_versions('0')"), qr/42501/, "$role forgets nothing");
}
foreach my $role (qw(pm_reader pm_writer pm_worker pm_admin))
{
	like(as($role, "INSERT INTO pm_catalog.changes (changed_at, role) VALUES (now(), 'other')"), qr/42501/, "$role passes for nobody");
	like(as($role, "UPDATE pm_catalog.product_versions SET old = '{}'"), qr/42501/, "$role changes no history");
}
like(as('pm_writer', "SELECT pm_catalog._change_of('$id', 1)"), qr/42501/, 'pm_writer is no import');
like(as('pm_reader', "UPDATE pm_catalog.products SET title = 'x'"), qr/42501/, 'pm_reader writes nothing');
like(as('other', "SELECT * FROM pm_catalog.product_history('$id')"), qr/42501/, 'others read nothing');
is(as('pm_admin', "SELECT pm_catalog.forget_versions('0') > 0; DELETE FROM pm_catalog.products"), 't', 'pm_admin forgets and removes');
is($node->safe_psql('postgres', 'SELECT count(*) FROM pm_catalog.product_versions'), '0', 'and nothing is left');
$node->stop;
done_testing();
