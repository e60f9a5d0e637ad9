#
# 007_valgrind.pl - no access outside of memory, no use of what was never set
#
# A single-user server runs every function under valgrind's memcheck.  Its own
# allocator hides most blocks from valgrind, but not those above 8 kB: so each
# text comes a second time with spaces behind it, in a block of its own.  Slow:
# runs with PM_SOAK=1 only.
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PmGtin qw(seeded soaking random_gtin);
use PmHostile qw(hostile_text);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'takes minutes: set PM_SOAK=1' unless soaking();
plan skip_all => 'valgrind is not installed' if system('valgrind --version >/dev/null 2>&1') != 0;

seeded();
my $count = 300;
my $dir = PostgreSQL::Test::Utils::tempdir();
my $node = PostgreSQL::Test::Cluster->new('valgrind');
my $bindir = `$ENV{PG_CONFIG} --bindir`;
chomp $bindir;

$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "log_statement = none\njit = off");
$node->start;
$node->safe_psql('postgres', 'ALTER DATABASE postgres SET search_path = public, pm_gtin');
$node->safe_psql('postgres', slurp_file("$FindBin::RealBin/hostile_text.sql"));
append_to_file("$dir/inputs", random_gtin() . "\t\\\\x" . unpack('H*', hostile_text('UTF8')) . "\n") foreach 1 .. $count;
append_to_file("$dir/inputs", random_gtin() . "\t\\\\x" . unpack('H*', random_gtin()) . "\n") foreach 1 .. 20;
$count += 20;
$node->safe_psql('postgres', "COPY inputs FROM '$dir/inputs'");
$node->stop;

# Statements end with an empty line; each says how many rows it has seen.
my @statements = (
	'SET search_path = public, pm_gtin',
	"SELECT count(*), count(complaint(convert_from(input, 'UTF8'), g)) AS complaints FROM inputs",
	"SELECT count(*), count(complaint(convert_from(input, 'UTF8') || repeat(' ', 9000), g)) AS complaints FROM inputs",
	"SELECT count(*), count(complaint(repeat(' ', 9000) || convert_from(input, 'UTF8'), g)) AS complaints FROM inputs",
	q{SELECT count(*), 0 AS complaints FROM (SELECT g, gtin_kind(g), gtin_digits(g, 14), gtin_indicator(g), gtin_inner(g),
	  gtin_with_indicator(g, 3), gtin_to_upc_e(g), isbn10(g), issn_of(g), issn_variant(g), is_restricted(g), is_coupon(g),
	  gtin_measure(g, 'DE'), asin_of(g), gtin_prefix_class(g), gtin_prefix_holder(g), isbn_format(g), g::bigint::gtin,
	  gs1_digital_link(g, 'A(', 'B'), gs1_value(('(01)' || gtin_digits(g, 14) || '(10)A')::gs1_elements, '10'),
	  gtin_resolve(g::text || ';' || g::text, 0.9, ARRAY['x', NULL, g::text]) FROM inputs OFFSET 0) AS r},
	'CREATE TABLE indexed AS SELECT g, gtin_inner(g) AS item, ARRAY[g] AS many FROM inputs',
	'CREATE INDEX by_g ON indexed (g, item)',
	'CREATE INDEX by_hash ON indexed USING hash (g)',
	'CREATE INDEX by_brin ON indexed USING brin (g)',
	'CREATE INDEX by_many ON indexed USING gin (many)',
	'ANALYZE indexed',
	q{SELECT count(*), 0 AS complaints FROM inputs AS i WHERE EXISTS (SELECT FROM indexed AS x WHERE x.g ^@ left(gtin_digits(i.g, 14), 3)) OR true},
	"COPY indexed TO '$dir/binary' (FORMAT binary)",
	"COPY indexed FROM '$dir/binary' (FORMAT binary)",
	q{SELECT count(*) / 2 AS count, 0 AS complaints FROM indexed},
	q{SELECT pm_gtin.refresh_reference('isbn_ranges', E'prefix,registration_group,registrant_from,registrant_to,agency\n978,3,1,8,"x ""y"""\n')},);
append_to_file("$dir/script", join("\n", map { s/\n\s*/ /gr . ";\n" } @statements));

my $log = "$dir/valgrind.log";
my $status = system("valgrind --num-callers=50 --error-limit=no --leak-check=no --log-file=$log "
	  . "$bindir/postgres --single -j -D @{[ $node->data_dir ]} postgres <$dir/script >$dir/out 2>$dir/err");
is($status, 0, 'the server ended well') or diag(slurp_file("$dir/err"));
my $out = slurp_file("$dir/out");
my @counts = $out =~ /\bcount = "(\d+)"/g;
is(join(' ', @counts), join(' ', ($count) x 6), 'every statement has seen its rows') or diag(grep { /ERROR/ } split /^/m, slurp_file("$dir/err"));
is(join(' ', $out =~ /complaints = "(\d+)"/g), join(' ', (0) x 6), 'and all is right as elsewhere');

my $report = slurp_file($log);
like($report, qr/ERROR SUMMARY: \d+ errors/, 'valgrind has reported');
my @errors = grep { /\b(?:pm_|gtin_|gs1_|asin_)\w*/ } grep { /^==\d+==    at /m } split /^==\d+== \n/m, $report;
is(join("\n", @errors[ 0 .. ($#errors < 4 ? $#errors : 4) ]), '', 'no error in our code');
done_testing();
