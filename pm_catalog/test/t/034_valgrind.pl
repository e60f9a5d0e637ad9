#
# 034_valgrind.pl - no access outside of memory, no use of what was never set, in anything that is written in C
#
# Regression tests, which call everything with what is ordinary and what is not, run on a
# server under valgrind's memcheck; then each function in C must have been called.  Slow:
# runs with PM_SOAK=1 only.
#
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../../../test/t";
use PmValgrind;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

needs_valgrind();

my $node = PostgreSQL::Test::Cluster->new('valgrind');
$node->init;
$node->append_conf('postgresql.conf', "track_functions = all\nfsync = off\n");
my $server = start_under_valgrind($node);

local $ENV{PGTZ} = 'PST8PDT';
local $ENV{PGDATESTYLE} = 'Postgres, MDY';
foreach my $script (qw(install rules fold product_row altered attribute_history product_events price_events specs computed completeness variant_prices stocks
	further_categories bulk_insert merge merge_specs merge_batch search search_index search_hostile suggest))
{
	my ($status, $out, $err) = $node->psql('postgres', slurp_file("$FindBin::RealBin/../sql/$script.sql"), on_error_stop => 0, timeout => 1800);
	is($status, 0, "$script has come to its end") or diag($err);
	unlike($err, qr/connection to server was lost|server closed the connection/, "$script: the server is up");
}

# what no script calls, or wrongly
foreach my $call ('_change()', '_bits(ARRAY[-1])', '_bits(ARRAY[2048])', 'is_formula(repeat(\'(\', 1000), \'number\')', 'check_specs(pm_xref.uuid7(), \'{}\')', '_bulk_insert(NULL, NULL)')
{
	my ($status) = $node->psql('postgres', "SELECT pm_catalog.$call", on_error_stop => 1);
	isnt($status, 2, "$call: the server is up");
}
is($node->safe_psql('postgres', q{SELECT string_agg(p.proname, ' ' ORDER BY p.proname) FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang
		WHERE p.pronamespace = 'pm_catalog'::regnamespace AND l.lanname = 'c' AND NOT EXISTS (SELECT FROM pg_stat_user_functions AS f WHERE f.funcid = p.oid)}),
	'', 'every function in C was called');

stop_without_error($server, qr/\bpm_catalog/);
done_testing();
