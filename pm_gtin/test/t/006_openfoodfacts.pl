#
# 006_openfoodfacts.pl - every code of a real file is a gtin or has a stated reason
#
# Reads data/openfoodfacts-sample.csv below $PM_SHARED or ../shared; it is not
# part of the repository, and without it the test is skipped.
#
use strict;
use warnings;

use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $shared = $ENV{PM_SHARED} || "$FindBin::RealBin/../../../../shared";
my $file = "$shared/data/openfoodfacts-sample.csv";
plan skip_all => "there is no $file (PM_SHARED names the directory above data)" unless -r $file;

my $node = PostgreSQL::Test::Cluster->new('off');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->start;
my $rows = $node->safe_psql(
	'postgres', qq{
	ALTER DATABASE postgres SET search_path = public, pm_gtin;
	SET search_path = public, pm_gtin;
	CREATE EXTENSION pm_gtin;
	CREATE TABLE off (ean text, name text, ingredients text, image_url text, fat text, saturated_fat text,
	  carbohydrate text, sugar text, fiber text, protein text, salt text, sodium text, alcohol text);
	COPY off FROM '$file' (FORMAT csv, HEADER match, DELIMITER ';', FORCE_NOT_NULL (ean));
	CREATE TABLE resolved AS SELECT ean, r.* FROM off, gtin_resolve(ean) AS r;
	ALTER TABLE resolved ADD digits text GENERATED ALWAYS AS (ltrim(ean, '0')) STORED;
	SELECT count(*) FROM off});
cmp_ok($rows, '>', 50_000, "$rows rows were read");

note("method, rows, of these a gtin:\n" . $node->safe_psql('postgres', q{
	SELECT method, count(*), count(gtin), (array_agg(DISTINCT ean ORDER BY ean))[1:3] FROM resolved GROUP BY 1 ORDER BY 2 DESC}));

# name => a query for the rows that break the rule
my @rules = (
	[ 'every row has a verdict' => q{method IS NULL OR confidence NOT BETWEEN 0 AND 1 OR flags IS NULL} ],
	[ 'a row is a gtin, or its method says why it is none' => q{(gtin IS NULL) <> (confidence < 0.5 OR method IN
		('missing_check_digit', 'bad_check_digit', 'sci_lossy', 'multiple', 'placeholder', 'asin', 'not_a_gtin', 'empty'))} ],
	[ 'every gtin is one' => q{gtin(gtin::bigint) <> gtin OR NOT gtin_valid(gtin::text)} ],
	[ 'what is valid is taken as it is' => q{gtin_valid(ean) AND method <> 'placeholder' AND (gtin <> ean::gtin OR method <> 'exact')} ],
	[ 'no placeholder hides a sold item' => q{method = 'placeholder' AND digits !~ '^(.)?\1*$'
		AND strpos('1234567890128', digits) <> 1} ],
	[ 'exact, zero_pad and zero_strip keep the digits' => q{method IN ('exact', 'zero_pad', 'zero_strip') AND gtin::bigint::text <> digits} ],
	[ 'zero_pad names a code of 9 to 11 digits' => q{method = 'zero_pad' AND length(ean) NOT BETWEEN 9 AND 11} ],
	[ 'zero_strip names a code of more than 14 digits' => q{method = 'zero_strip' AND length(ean) <= 14} ],
	[ 'upce_expand names eight digits' => q{method = 'upce_expand' AND (ean !~ '^[0-9]{8}$' OR gtin <> upc_e_to_gtin(ean))} ],
	[ 'a suggestion is not applied' => q{suggestion IS NOT NULL AND gtin IS NOT NULL AND confidence < 1} ],
	[ 'a missing check digit is completed' => q{method = 'missing_check_digit' AND suggestion <> gtin_complete(ean)} ],);
foreach my $rule (@rules)
{
	my ($name, $broken) = @$rule;
	is($node->safe_psql('postgres', "SELECT DISTINCT ean, gtin, method, confidence, suggestion FROM resolved WHERE $broken LIMIT 20"),
		'', $name);
}

is($node->safe_psql('postgres', 'SELECT sum(n) FROM (SELECT count(*) AS n FROM resolved GROUP BY method) AS m'),
	$rows, 'the methods add up to all rows');
is($node->safe_psql('postgres', 'SELECT count(gtin) + count(*) FILTER (WHERE gtin IS NULL) FROM resolved'),
	$rows, 'and so do the answers');
is($node->safe_psql('postgres', 'SELECT count(*) FROM off WHERE NOT EXISTS (SELECT FROM gtin_resolve_all(ean))'),
	'0', 'gtin_resolve_all has a row for each');
is($node->safe_psql('postgres', q{SELECT count(*) FROM off, gtin_resolve(ean) AS r LEFT JOIN LATERAL gtin_resolve_all(ean) AS a ON true
	WHERE r.method <> 'multiple' AND (r.gtin, r.method, r.suggestion) IS DISTINCT FROM (a.gtin, a.method, a.suggestion)}),
	'0', 'and the same answer');

# The numbers work as a key: as many items as distinct numbers, found by index.
$node->safe_psql('postgres', 'CREATE TABLE items (code gtin PRIMARY KEY); INSERT INTO items SELECT DISTINCT gtin FROM resolved WHERE gtin IS NOT NULL');
is($node->safe_psql('postgres', q{SET enable_seqscan = off; SELECT count(*) FROM resolved AS r WHERE EXISTS (SELECT FROM items WHERE code = r.gtin)}),
	$node->safe_psql('postgres', 'SELECT count(gtin) FROM resolved'), 'every gtin is found again');
is($node->safe_psql('postgres', q{SET enable_seqscan = off; SELECT count(*) FROM items WHERE code ^@ '300'}),
	$node->safe_psql('postgres', q{SELECT count(*) FROM items WHERE gtin_kind(code) < 14 AND gtin_digits(code, 13) LIKE '300%'}),
	'and by its prefix');
$node->stop;
done_testing();
