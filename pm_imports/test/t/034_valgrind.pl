#
# 034_valgrind.pl - no access outside of memory, no use of what was never set, in anything that is written in C
#
# Regression tests, which call everything with what is ordinary and what is not, run on a
# server under valgrind's memcheck; then each function in C must have been called.  Slow:
# runs with PM_SOAK=1 only.
#
use strict;
use warnings;

use Cwd qw(abs_path);
use FindBin;
use lib "$FindBin::RealBin/../../../test/t";
use PmValgrind;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

needs_valgrind();

my $in = abs_path(PostgreSQL::Test::Utils::tempdir());
append_to_file("$in/a.csv", "EAN\n4006381333931\n");
chmod 0755, $in;
my $node = PostgreSQL::Test::Cluster->new('valgrind');
$node->init;
$node->append_conf('postgresql.conf', "track_functions = all\nfsync = off\npm_imports.directories = '$in'\n");
my $server = start_under_valgrind($node);

local $ENV{PGTZ} = 'PST8PDT';
local $ENV{PGDATESTYLE} = 'Postgres, MDY';
foreach my $script (qw(install configs uploads rejected import import_errors import_again duplicates computed codes progress values preview suggest undo retry import_rules several_files))
{
	my ($status, $out, $err) = $node->psql('postgres', slurp_file("$FindBin::RealBin/../sql/$script.sql"), on_error_stop => 0, timeout => 1800);
	is($status, 0, "$script has come to its end") or diag($err);
	unlike($err, qr/connection to server was lost|server closed the connection/, "$script: the server is up");
}

# files of the server, a workbook's worth of quotes in one record, many errors, and sets that go to disk
foreach my $call (
	"SELECT count(*) FROM pm_imports._list_directory('$in', '*.csv')", "SELECT path FROM pm_imports._file_facts('$in/a.csv')", "SELECT count(*) FROM pm_imports.preview_file('all kinds', '$in/a.csv')",
	q{SELECT count(*) FROM pm_imports.preview_data('all kinds', convert_to(repeat(repeat('"', 5000) || E';x\n', 20), 'UTF8'), 1000)},
	q{SELECT count(*) FROM pm_imports.preview_data('all kinds', decode(repeat('00ff22', 5000), 'hex'), 1000)})
{
	my ($status) = $node->psql('postgres', $call, on_error_stop => 1);
	isnt($status, 2, "$call: the server is up");
}
is($node->safe_psql('postgres', q{SELECT string_agg(p.proname, ' ' ORDER BY p.proname) FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang
		WHERE p.pronamespace = 'pm_imports'::regnamespace AND l.lanname = 'c' AND NOT EXISTS (SELECT FROM pg_stat_user_functions AS f WHERE f.funcid = p.oid)}),
	'', 'every function in C was called');

stop_without_error($server, qr/\bpm_(?:imports|reader|csv|input|transform)/);
done_testing();
