#
# 012_page.pl - the statements of docs/pm_cache.md run, in their order, and answer what the
# page says, in both ways
#
# A line that begins with "--  " is a row of the answer to the statement above it, its
# columns separated by " | ".  "--" alone: rows of nothing, which are not compared.
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PmCache;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my @blocks = slurp_file("$FindBin::RealBin/../../../docs/pm_cache.md") =~ /^```sql\n(.*?)^```/msg;
my $script = join '', map { "$_\n\\echo end\n" } @blocks;

# Blanks around columns, and rows of nothing, say nothing.
sub plain
{
	my ($text) = @_;
	return join "\n", grep { !/^\|*$/ } map { s/^\s+|\s+$//gr =~ s/\s*\|\s*/|/gr } split /\n/, $text;
}

foreach my $way (ways())
{
	my ($name, $shared) = @$way;
	my $node = make_node($shared ? 'shared' : 'tables', $shared);

	$node->safe_psql('postgres', 'CREATE DATABASE page');
	my ($status, $out, $err) = $node->psql('page', "\\pset fieldsep ' | '\n$script", on_error_stop => 1);
	is($status, 0, "$name: every statement runs") or diag($err);
	my @answers = split /^end\n?/m, "$out\n", -1;
	is(scalar(@answers) - 1, scalar(@blocks), "$name: every block has ended");
	my $compared = 0;
	foreach my $i (0 .. $#blocks)
	{
		my $said = join "\n", $blocks[$i] =~ /^--  (.*)$/mg;
		my ($first) = $blocks[$i] =~ /^(.{1,60})/;

		# without preload nothing counts hits
		next if $blocks[$i] =~ /cache_stats/ && !$shared;
		$compared++ if $said ne '';
		is(plain($answers[$i]), plain($said), "$name, block $i: $first");
	}
	cmp_ok($compared, '>=', 6, "$name: most blocks have answers");
	$node->stop;
}
done_testing();
