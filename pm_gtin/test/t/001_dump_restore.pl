#
# 001_dump_restore.pl - a dump holds every type, index and changed reference row
#
# A database that uses every type wherever a type can be used is dumped in every
# format and restored; the copy must look the same, to the last row, index
# definition and answer.  COPY must read what it wrote, byte for byte.
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin, "$FindBin::RealBin/../../../test/t";
use PmGtin qw(seeded soaking fill_database picture index_faults);
use PmRestore;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seed = seeded();
my $rows = soaking() ? 5_000 : 300;
my $node = PostgreSQL::Test::Cluster->new('dump');

$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', 'log_statement = none');
$node->start;
fill_database($node, 'original', $rows, $seed);

my $picture = picture($node, 'original');
my $shipped = q{SELECT t::text FROM (SELECT 1 AS k, x::text AS t FROM pm_gtin._isbn_ranges x WHERE shipped
	UNION ALL SELECT 2, x::text FROM pm_gtin._gs1_prefixes x WHERE shipped
	UNION ALL SELECT 3, x::text FROM pm_gtin._gs1_application_identifiers x WHERE shipped) t ORDER BY k, t};
my $shipped_rows = $node->safe_psql('original', $shipped);
my $host = $node->host;
my $port = $node->port;

cmp_ok(length $picture, '>', $rows * 500, 'the picture shows something');
is(index_faults($node, 'original'), '', 'the original is sound');

my $dir = survives_restore(
	$node, 'original',
	\&picture,
	sub {
		my ($on, $copy, $name) = @_;
		is(index_faults($on, $copy), '', "$name: the copy is sound");
		is($on->safe_psql($copy, $shipped), $shipped_rows, "$name: the shipped rows are there once");
	},
	ways => [qw(plain inserts custom directory)],
	prepare => 'SET search_path = "$user", public, pm_gtin');

# The user's rows are what the dump carries, and what one command takes away.
my $isbn = "SELECT pm_gtin.isbn_format('9783161484100')";
is($node->safe_psql('custom', $isbn), '978-3-1-6148410-0', 'the user\'s ranges are in force');
$node->safe_psql('custom', q{SELECT pm_gtin.refresh_reference(r, NULL) FROM unnest('{isbn_ranges,gs1_prefixes}'::text[]) r});
is($node->safe_psql('custom', $isbn), '978-3-16-148410-0', 'the shipped ranges are back');
$node->safe_psql('postgres', 'CREATE DATABASE fresh');
$node->safe_psql('fresh', 'CREATE EXTENSION pm_gtin');
is($node->safe_psql('fresh', $shipped), $shipped_rows, 'a fresh extension ships the same rows');
unlike(slurp_file("$dir/plain"), qr/^COPY pm_gtin\._gs1_application_identifiers .*\n(?!\\\.)/m,
	'what was not changed is not dumped');

# A dump restored over an extension that is already there, and has rows of its own.
$node->safe_psql('fresh', q{SELECT pm_gtin.refresh_reference('isbn_ranges', NULL)});
$node->command_ok(
	[ 'pg_restore', '-e', '--clean', '--if-exists', '-h', $host, '-p', $port, '-d', 'fresh', "$dir/custom" ],
	'restored over an existing extension');
is($node->safe_psql('fresh', $isbn), '978-3-1-6148410-0', 'with the user\'s ranges');

# COPY out, in, out: the same bytes; every format, all columns.
foreach my $format ('text', 'csv', 'binary')
{
	foreach my $table ('every_type', 'by_hash')
	{
		my @files = map { "$dir/$table.$format.$_" } 1, 2;

		# a partitioned table is copied by a query
		$node->safe_psql(
			'original', qq{
			CREATE TEMP TABLE again (LIKE $table);
			COPY (SELECT * FROM $table ORDER BY 1) TO '$files[0]' (FORMAT $format);
			COPY again FROM '$files[0]' (FORMAT $format);
			COPY (SELECT * FROM again ORDER BY 1) TO '$files[1]' (FORMAT $format)});
		ok(slurp_file($files[0]) eq slurp_file($files[1]), "COPY $format of $table reads what it wrote");
		cmp_ok(-s $files[0], '>', $rows * 10, "COPY $format of $table wrote something");
	}
}

$node->stop;
done_testing();
