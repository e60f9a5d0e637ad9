#
# 014_cancel.pl - a search for a person can be cancelled in the midst of one value
#
# The value would take hours: each place of 100 MB almost is each of 100 long words.
#
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION pm_xref CASCADE');

my %searches = (
	text => 'pm_xref._erased_text(v.value, s.person, s.words, %s)',
	document => 'pm_xref._erased_document(to_jsonb(v.value), s.person, s.words)');
foreach my $kind (sort keys %searches)
{
	my $search = sprintf $searches{$kind}, q{'text'};
	my $timed_out;
	my ($rc, undef, $err) = $node->psql('postgres', <<SQL, timeout => $PostgreSQL::Test::Utils::timeout_default, timed_out => \$timed_out);
SET statement_timeout = '2s';
SELECT $search IS NULL
FROM (SELECT repeat('a', 100 * 1000 * 1000) AS value OFFSET 0) AS v,
  (SELECT pm_xref.uuid7() AS person, array_fill(repeat('a', 1000) || 'b', '{100}') AS words OFFSET 0) AS s
SQL
	ok(!$timed_out, "$kind: it ends");
	like($err // '', qr/canceling statement due to statement timeout/, "$kind: cancelled");
}
$node->stop('immediate');
done_testing();
