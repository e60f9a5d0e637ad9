#
# 010_page.pl - the statements of docs/pm_suppliers.md run, in their order, and answer what
# the page says
#
# A line that begins with "--  " is a row of the answer to the statement above it, its
# columns separated by " | ".
#
use strict;
use warnings;

use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('page');
$node->init;
$node->start;
my @blocks = slurp_file("$FindBin::RealBin/../../../docs/pm_suppliers.md") =~ /^```sql\n(.*?)^```/msg;

# One session for all: each block, and then a line that ends its answers.
my $script = join '', map { "$_\n\\echo end\n" } @blocks;
my ($status, $out, $err) = $node->psql('postgres', "\\pset fieldsep ' | '\nSET client_min_messages = warning;\n$script", on_error_stop => 1);
is($status, 0, 'every statement runs') or diag($err);
my @answers = split /^end\n?/m, "$out\n", -1;
is(scalar(@answers) - 1, scalar(@blocks), 'every block has ended');

# Blanks at the end of a line, and how many stand for an empty column, say nothing.
sub plain
{
	my ($text) = @_;
	return join "\n", map { s/^\s+|\s+$//gr =~ s/\s*\|\s*/|/gr } grep { /\S/ } split /\n/, $text;
}
my $compared = 0;
foreach my $i (0 .. $#blocks)
{
	my $said = join "\n", $blocks[$i] =~ /^--  (.*)$/mg;
	my ($first) = $blocks[$i] =~ /^(.{1,60})/;

	$compared++ if $said ne '';
	is(plain($answers[$i]), plain($said), "block $i: $first");
}
cmp_ok($compared, '>=', 10, 'most blocks have answers');
$node->stop;
done_testing();
