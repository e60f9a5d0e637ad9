#
# 022_timing.pl - a login takes as long for an unknown user, one without a password and one
# who is not active as for a wrong password: measured as processor time of the session, which
# a loaded machine does not change, in turns, by medians
#
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $rounds = $ENV{PM_SOAK} ? 101 : 15;
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
# bcrypt of this cost takes more than ten times what is around it
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pm_core'\npm_core.bcrypt_cost = 8\npm_core.lockout_failures = 1000\n");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION pm_core CASCADE;
SELECT pm_core.create_default_roles();
SELECT pm_core.create_user('anne@x', 'correct horse'), pm_core.create_user('without@x'), pm_core.deactivate_user(pm_core.create_user('inactive@x', 'correct horse'));
SET pm_core.bcrypt_cost = 5;
SELECT pm_core.create_user('old@x', 'correct horse');
SQL
my @cases = (
	[ 'wrong password', 'anne@x', 'wrong horse' ], [ 'unknown user', 'nobody@x', 'wrong horse' ], [ 'without a password', 'without@x', 'wrong horse' ],
	[ 'not active', 'inactive@x', 'correct horse' ], [ 'hash of a lower cost', 'old@x', 'wrong horse' ],);

foreach my $call ('verify_password', 'login')
{
	# The server says of each statement how much time of the processor it took.
	my $script = "LOAD 'pm_core';\nSET client_min_messages = log;\nSET log_statement_stats = on;\n";
	$script .= join '', map { "SELECT FROM pm_core.$call('$_->[1]', '$_->[2]') AS turn;\n" } @cases foreach 1 .. $rounds;
	my (undef, undef, $err) = $node->psql('postgres', $script);
	my @times;
	push @times, $1 + $2 while $err =~ /QUERY STATISTICS\n.*?!\s+([0-9.]+) s user, ([0-9.]+) s system/sg;
	# the last statements are the calls
	splice @times, 0, @times - $rounds * @cases;
	is(scalar(@times), $rounds * @cases, "$call: every call was measured");
	my @medians = map { my $n = $_; (sort { $a <=> $b } @times[ map { $_ * @cases + $n } 0 .. $rounds - 1 ])[ $rounds / 2 ] } 0 .. $#cases;
	cmp_ok($medians[0], '>', 0.002, sprintf('%s: a wrong password takes %.1f ms', $call, $medians[0] * 1000));
	foreach my $n (1 .. $#cases)
	{
		my $ratio = $medians[$n] / $medians[0];
		ok($ratio > 0.65 && $ratio < 1.5, sprintf('%s: %s takes %.2f times that', $call, $cases[$n][0], $ratio));
	}
}
$node->stop;
done_testing();
