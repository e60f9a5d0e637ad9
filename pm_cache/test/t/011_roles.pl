#
# 011_roles.pl - what each role of a deployment may do, with its grants and no others, in
# both ways
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PmCache;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# The statements, by what they do, and who may.
my %all = map { $_ => 1 } qw(pm_reader pm_writer pm_worker pm_admin);
my %work = map { $_ => 1 } qw(pm_writer pm_worker pm_admin);
my @cases = (
	[ 'looks', \%all, q{SELECT pm_cache.cache_get('k')} ],
	[ 'reads kinds', \%all, 'SELECT * FROM pm_cache.kinds' ],
	[ 'reads figures', \%all, 'SELECT * FROM pm_cache.cache_stats' ],
	[ 'stores', \%work, q{SELECT pm_cache.cache_get('other'); SELECT pm_cache.cache_set('other', '1', 'products')} ],
	[ 'invalidates', \%work, q{SELECT pm_cache.cache_invalidate('k')} ],
	[ 'sets lifetimes', { pm_admin => 1 }, q{SELECT pm_cache.set_ttl('x', '1 h'); SELECT pm_cache.set_ttl('x', NULL)} ],
	[ 'reads values behind the functions', {}, 'SELECT value FROM pm_cache._entries' ],
	[ 'reads keys behind the functions', {}, 'SELECT key FROM pm_cache._entries' ],
	[ 'writes values behind the functions', {}, q{SELECT pm_cache._store('k', '2', 'products', now() + '1 h', pg_current_snapshot())} ],
	[ 'deletes values', {}, 'DELETE FROM pm_cache._entries' ],
	[ 'writes invalidations', {}, q{SELECT pm_cache._invalidate('')} ],
	[ 'trims', {}, 'SELECT pm_cache._trim()' ],);

foreach my $way (ways())
{
	my ($name, $shared) = @$way;
	my $node = make_node($shared ? 'shared' : 'tables', $shared);

	$node->safe_psql('postgres', 'CREATE ROLE pm_reader; CREATE ROLE pm_writer; CREATE ROLE pm_worker; CREATE ROLE pm_admin; CREATE ROLE other');
	# each role is tried alone: in a deployment they are members of each other
	$node->safe_psql('postgres', slurp_file("$FindBin::RealBin/../../sql/grants.sql"));
	foreach my $case (@cases)
	{
		my ($what, $may, $sql) = @$case;
		foreach my $role (sort(keys %all), 'other')
		{
			my ($status, undef, $err) =
			  $node->psql('postgres', "BEGIN;\nSET LOCAL ROLE $role;\n$sql;\nRESET ROLE;\nROLLBACK;\n", on_error_stop => 1, extra_params => [ '-v', 'VERBOSITY=verbose' ]);
			if ($may->{$role})
			{
				is($status, 0, "$name: $role $what") or diag($err);
			}
			else
			{
				like($err, qr/ERROR:  42501: permission denied/, "$name: not $role: $what");
			}
		}
	}
	is($node->safe_psql('postgres', q{SET ROLE pm_worker; SELECT pm_cache.cache_get('k'), pm_cache.cache_set('k', '1', 'products'); SET ROLE pm_reader; SELECT pm_cache.cache_get('k')}),
		"|t\n1", "$name: what one role stores, others find");
	is($node->safe_psql('postgres', q{SET ROLE pm_writer; SELECT pm_cache.cache_invalidate('k'); SET ROLE pm_reader; SELECT pm_cache.cache_get('k')}) =~ s/\n//r,
		'', "$name: and until a third invalidates it");
	# the rights of the owner end with the call
	is($node->safe_psql('postgres', q{SET ROLE pm_writer; SELECT pm_cache.cache_get('k'), pm_cache.cache_set('k', '1', 'products'), pm_cache.cache_invalidate('x'), current_user}), '|t||pm_writer', "$name: the role is as before");
	$node->stop;
}
done_testing();
