#
# 001_dump_restore.pl - dump, restore and pg_upgrade carry lifetimes, and no values
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin, "$FindBin::RealBin/../../../test/t";
use PmCache;
use PmRestore;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = make_node('tables', 0);
$node->safe_psql('postgres', 'CREATE DATABASE original');
$node->safe_psql('original', <<'SQL');
CREATE EXTENSION pm_cache;
SELECT pm_cache.set_ttl('brands', '10 min'), pm_cache.set_ttl('my "own" kind', '1 month 2 days 3.5 s'), pm_cache.set_ttl('gone', '1 h'), pm_cache.set_ttl('gone', NULL);
SELECT pm_cache.cache_get('k'), pm_cache.cache_set('k', '1', 'brands'), pm_cache.cache_invalidate('x');
SQL
is($node->safe_psql('original', q{SELECT pm_cache.cache_get('k')}), '1', 'there is a value');

sub picture
{
	my ($on, $database) = @_;
	return $on->safe_psql($database, q{SELECT t::text FROM pm_cache._ttls AS t ORDER BY 1; SELECT k::text FROM pm_cache.kinds AS k ORDER BY 1});
}

# Tests that there is no value, and that one can be stored.
sub goes_on
{
	my ($on, $database, $name) = @_;
	is($on->safe_psql($database, q{SELECT pm_cache.cache_get('k'), pm_cache.cache_set('k', '2', 'my "own" kind'), pm_cache.cache_get('k')}), '|t|2', "$name: a new value");
	is($on->safe_psql($database, q{SELECT pm_cache.set_ttl('brands', NULL); SELECT ttl FROM pm_cache.kinds WHERE kind = 'brands'}) =~ s/\s//gr, '01:00:00', "$name: lifetimes change");
	return;
}
my $dir = survives_restore($node, 'original', \&picture, \&goes_on, ways => [qw(plain inserts custom directory)]);
unlike(slurp_file("$dir/inserts"), qr/INSERT INTO pm_cache\._(?:entries|invalidations|horizon)/, 'no values in the dump');
survives_upgrade($node, 'original', \&picture, \&goes_on);
done_testing();
