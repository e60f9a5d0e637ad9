#
# 010_same.pl - with shared memory the answers are those that the SQL and isolation tests
# expect without: they run again, on a server that has preloaded the library
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use File::Basename;
use PmCache;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = make_node('shared', 1);
my $test = dirname($FindBin::RealBin);
my $dir = PostgreSQL::Test::Utils::tempdir();
chomp(my $bindir = `$ENV{PG_CONFIG} --bindir`);
my $isolation = dirname($ENV{PG_REGRESS}) . '/../isolation/pg_isolation_regress';

# Runs the tests that have files of this name.
sub same
{
	my ($runner, $files, $first, @options) = @_;
	my @names = sort grep { $_ ne $first } map { basename($_) =~ s/\.\w+$//r } glob "$test/$files";

	cmp_ok(scalar @names, '>=', 1, "$files are there");
	command_ok([ $runner, '--host=' . $node->host, '--port=' . $node->port, "--bindir=$bindir", "--inputdir=$test", "--outputdir=$dir", @options, $first, @names ], "$files: the same answers")
	  or diag(-e "$dir/regression.diffs" ? slurp_file("$dir/regression.diffs") : 'no differences');
	return;
}
same($ENV{PG_REGRESS}, 'sql/*.sql', 'install', '--dbname=same_sql');
same($isolation, 'specs/*.spec', 'order', '--dbname=same_isolation', '--load-extension=pm_cache');
$node->stop;
done_testing();
