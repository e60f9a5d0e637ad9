#
# PmPage.pm - are the answers that a page of docs/ shows those of the server?
#
# A page has blocks of SQL.  In them a line that begins with "--  " is a row of the answer
# to the statement above it, its columns separated by " | ".
#
package PmPage;

use strict;
use warnings;

use Exporter 'import';
use FindBin;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(page_answers);

# Blanks at the end of a line, and how many stand for an empty column, say nothing.
sub plain
{
	my ($text) = @_;
	return join "\n", map { s/^\s+|\s+$//gr =~ s/\s*\|\s*/|/gr } grep { /\S/ } split /\n/, $text;
}

# Runs the blocks of docs/NAME in their order, in one session of the server: a test for
# each.  At least so many must show an answer.
sub page_answers
{
	my ($node, $name, $least) = @_;
	my @blocks = slurp_file("$FindBin::RealBin/../../../docs/$name") =~ /^```sql\n(.*?)^```/msg;
	# a line ends the answers of each block
	my $script = join '', map { "$_\n\\echo end\n" } @blocks;
	my ($status, $out, $err) = $node->psql('postgres', "\\pset fieldsep ' | '\nSET client_min_messages = warning;\n$script", on_error_stop => 1);
	my @answers = split /^end\n?/m, "$out\n", -1;
	my $compared = 0;

	is($status, 0, 'every statement runs') or diag($err);
	is(scalar(@answers) - 1, scalar(@blocks), 'every block has ended');
	foreach my $i (0 .. $#blocks)
	{
		my $said = join "\n", $blocks[$i] =~ /^--  (.*)$/mg;
		my ($first) = $blocks[$i] =~ /^(.{1,60})/;

		$compared++ if $said ne '';
		is(plain($answers[$i]), plain($said), "block $i: $first");
	}
	cmp_ok($compared, '>=', $least, 'most blocks have answers');
}

1;
