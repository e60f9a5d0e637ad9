#
# 010_page.pl - the statements of docs/pm_imports.md run, in their order, and answer what
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
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pm_jobs'");
$node->start;
$node->safe_psql('postgres', q{CREATE EXTENSION pm_catalog CASCADE; CREATE EXTENSION pm_imports; INSERT INTO pm_catalog.suppliers (id, code, name) VALUES (pm_xref.uuid7(), 'acme', 'Acme')});
my @blocks = slurp_file("$FindBin::RealBin/../../../docs/pm_imports.md") =~ /^```sql\n(.*?)^```/msg;

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
cmp_ok($compared, '>=', 9, 'most blocks have answers');
$node->stop;
done_testing();
