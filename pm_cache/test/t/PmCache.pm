#
# PmCache.pm - servers with and without shared memory, for the TAP tests of pm_cache
#
package PmCache;

use strict;
use warnings;

use Exporter qw(import);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(make_node ways);

# The two ways in which the cache works, by name: is the library preloaded?
sub ways
{
	return ([ 'shared memory', 1 ], [ 'tables', 0 ]);
}

# Starts a server, with the extension in database postgres.
sub make_node
{
	my ($name, $shared, $settings) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init(allows_streaming => 1);
	$node->append_conf('postgresql.conf', "fsync = off\nlog_statement = none\nmax_prepared_transactions = 5\nmax_connections = 50\n" . ($settings // ''));
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pm_cache'") if $shared;
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION pm_cache');
	is($node->safe_psql('postgres', 'SELECT pm_cache._is_shared()'), $shared ? 't' : 'f', "$name: which way");
	return $node;
}

1;
