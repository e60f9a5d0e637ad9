#
# PmXref.pm - two servers and a reference from one to the other, for the TAP tests
#
# Nothing here sleeps: whatever is waited for is asked for again until a deadline.
#
package PmXref;

use strict;
use warnings;

use Exporter qw(import);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(make_servers make_reference fails_with checks_of);

# Makes and starts two servers: the one with the references, and the one with the
# parents, to which role reader can connect.
sub make_servers
{
	my @nodes;
	foreach my $name (qw(child parent))
	{
		my $node = PostgreSQL::Test::Cluster->new($name);
		$node->init;
		$node->append_conf('postgresql.conf', "fsync = off\nlog_statement = none\n");
		$node->start;
		push @nodes, $node;
	}
	my ($child, $parent) = @nodes;
	$parent->safe_psql('postgres', 'CREATE ROLE reader LOGIN; CREATE DATABASE shop');
	$child->safe_psql('postgres', sprintf(q{CREATE EXTENSION pm_xref CASCADE;
		SELECT pm_xref.add_database('shop', '%s', %d, 'shop', 'reader')}, $parent->host, $parent->port));
	return ($child, $parent);
}

# Makes the tables: so many parents, and two children, 0 and -1, that have none.
sub make_reference
{
	my ($child, $parent, $rows) = @_;
	$parent->safe_psql('shop', <<SQL);
CREATE TABLE products (id bigint PRIMARY KEY, code text);
INSERT INTO products SELECT i, i FROM generate_series(1, $rows) AS i;
GRANT SELECT ON products TO reader;
ANALYZE products;
SQL
	$child->safe_psql('postgres', <<SQL);
CREATE TABLE media (id bigint PRIMARY KEY, product_id bigint);
INSERT INTO media SELECT i, i FROM generate_series(-1, $rows) AS i;
ANALYZE media;
SELECT pm_xref.add_reference('media to products', 'media', 'product_id', 'shop', 'public.products');
SQL
}

# Tests that a statement fails with this SQLSTATE and a message that names reference and
# server, and that a check notes the same and keeps the orphans known before.
sub fails_with
{
	my ($node, $code, $message, $name) = @_;
	my $before = $node->safe_psql('postgres', 'SELECT o::text FROM pm_xref.orphans AS o ORDER BY 1');
	my ($status, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\nSELECT * FROM pm_xref.find_orphans('media to products')");

	like($err, qr/ERROR:  $code: .*$message/, "$name: the error");
	like($err, qr/reference "media to products"/, "$name: names the reference");
	like($err, qr/server "shop"/, "$name: names the server");
	like($err, qr/HINT:/, "$name: has a hint");
	is($node->safe_psql('postgres', q{SELECT count(*) FROM pm_xref.check() WHERE orphans IS NULL}), '1', "$name: the check goes on");
	is(checks_of($node, 'sqlstate'), $code, "$name: and is recorded");
	is($node->safe_psql('postgres', 'SELECT o::text FROM pm_xref.orphans AS o ORDER BY 1'), $before, "$name: the orphans are kept");
}

# A column of the last check.
sub checks_of
{
	my ($node, $column) = @_;
	return $node->safe_psql('postgres', "SELECT $column FROM pm_xref.checks ORDER BY started_at DESC LIMIT 1");
}

1;
