#
# 008_planner.pl - one answer however it is computed
#
# Parallel workers, JIT code, index scans on every access method, generic plans
# and partition pruning must give what a plain sequential scan gives, above all
# for ^@, which the planner rewrites.  The extension can be dropped and made
# anew, but not while it is used, and it cannot be moved.
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PmGtin qw(seeded soaking one_of digits random_gtin);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seed = seeded();
my $rows = soaking() ? 100_000 : 20_000;
my $node = PostgreSQL::Test::Cluster->new('planner');

$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "log_statement = none\njit = off");
$node->start;
sub query { return $node->safe_psql('postgres', $_[0]); }

my $fraction = ($seed % 1_000_000) / 1e6;
query(qq{
	ALTER DATABASE postgres SET search_path = public, pm_gtin;
	SET search_path = public, pm_gtin;
	CREATE EXTENSION pm_gtin;
	SELECT setseed($fraction);
	CREATE TABLE codes AS SELECT i, gtin_complete(substr(d, 1, (ARRAY[7, 11, 12, 12, 12, 13])[1 + i % 6])) AS code,
	    gtin_complete(substr(d, 1, 12))::gtin13 AS code13, CASE WHEN i % 3 = 0 THEN substr(d, 1, i % 15) ELSE d || '|' || md5(d) END AS dirty
	  FROM (SELECT i, lpad(floor(1 + random() * 9e12)::bigint::text, 13, '1') AS d FROM generate_series(1, $rows) AS i) AS made;
	CREATE TABLE parts (LIKE codes) PARTITION BY RANGE (code);
	CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (MINVALUE) TO ('4000000000006');
	CREATE TABLE parts_high PARTITION OF parts FOR VALUES FROM ('4000000000006') TO (MAXVALUE);
	INSERT INTO parts SELECT * FROM codes;
	CREATE INDEX by_code ON codes (code);
	CREATE INDEX by_code13 ON codes (code13);
	CREATE INDEX by_brin ON codes USING brin (code);
	CREATE INDEX by_hash ON codes USING hash (code);
	CREATE INDEX ON parts (code);
	ANALYZE});

# ---------------------------------------------------------------------------
# Parallel workers and JIT
# ---------------------------------------------------------------------------

my $everything = q{
	SELECT count(*), sum(hashtext(r::text)::bigint) FROM (
	  SELECT code, gtin_kind(code), gtin_digits(code, 14), gtin_indicator(code), gtin_inner(code), gtin_with_indicator(code, 3),
	    gtin_to_upc_e(code), isbn10(code), issn_of(code), issn_variant(code), is_restricted(code), is_coupon(code),
	    gtin_measure(code, 'DE'), asin_of(code), SQL_FUNCTIONS
	    gtin_try(dirty), gtin_valid(dirty), asin_try(dirty), gtin_resolve(dirty), code ^@ left(dirty, 2),
	    code::text::gtin, code::bigint::gtin, code13::gtin,
	    ('(01)' || gtin_digits(code, 14) || '(10)' || i)::gs1_elements FROM codes) AS r;
	SELECT min(code), max(code), min(code13), count(DISTINCT code13) FROM codes;
	SELECT count(*) FROM codes AS a JOIN codes AS b ON a.code = b.code13;
	SELECT gtin_kind(code), count(*), max(code) FROM codes GROUP BY 1 ORDER BY 1};
# Those in SQL compile each time they are called, which takes JIT too long.
my $compiled = $everything =~ s/SQL_FUNCTIONS//r;
$everything =~ s/SQL_FUNCTIONS/gtin_prefix_class(code), gtin_prefix_holder(code), isbn_format(code), gs1_digital_link(code, 'A'),/;
my $serial = 'SET max_parallel_workers_per_gather = 0;';
my $parallel = q{SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;
	SET min_parallel_table_scan_size = 0; SET parallel_leader_participation = off;};
my $jit = q{SET max_parallel_workers_per_gather = 0; SET jit = on; SET jit_above_cost = 0; SET jit_inline_above_cost = 0;
	SET jit_optimize_above_cost = 0;};
my $answer = query("$serial $everything");

is(query("$parallel $everything"), $answer, 'parallel workers give the serial answer');
like(query("$parallel EXPLAIN (ANALYZE, COSTS off) $everything"), qr/Workers Launched: [12]/, 'and workers did it');
SKIP:
{
	skip 'no JIT in this server', 2 unless query('SET jit = on; SELECT pg_jit_available()') eq 't';
	is(query("$jit $compiled"), query("$serial $compiled"), 'compiled code gives the same answer');
	like(query("$jit EXPLAIN ANALYZE $compiled"), qr/JIT:/, 'and was compiled');
}

# ---------------------------------------------------------------------------
# Prefixes
# ---------------------------------------------------------------------------

my @prefixes = ('', '0', '9', '978', '0000000000000', '9999999999999', '99999999999999', '4006381333931', '00000',
	'x', '4x', ' 4', '-1', '4 ', "\x{1}", '+4', '04', '4.0', 'NULL', map { digits(1 + int rand 14) } 1 .. 20);
push @prefixes, substr(query("SELECT gtin_digits(code, 14) FROM codes WHERE i = @{[ 1 + int rand $rows ]}"), 1, 1 + int rand 13) foreach 1 .. 10;
my $list = join ', ', map { $_ eq 'NULL' ? $_ : 'E' . "'$_'" } @prefixes;

# count, sum and order of what each prefix finds
my $found = 'SELECT p, (SELECT (count(*), sum(code::bigint)) FROM %s WHERE %s ^@ p) FROM unnest(ARRAY[' . $list . ']) WITH ORDINALITY AS u (p, n) ORDER BY n';
my $plain = query('SET enable_indexscan = off; SET enable_bitmapscan = off; SET enable_indexonlyscan = off;' . sprintf $found, 'codes', 'code');
my $oracle = query("SELECT p, (SELECT (count(*), sum(code::bigint)) FROM codes WHERE p ~ '^[0-9]{0,13}\$'
	AND code < '10000000000007' AND starts_with(lpad(code::bigint::text, 13, '0'), p)) FROM unnest(ARRAY[$list]) WITH ORDINALITY AS u (p, n) ORDER BY n");
is($plain, $oracle, 'the 13-digit form begins with the prefix');

my %ways = (
	btree => [ 'enable_seqscan = off; SET enable_bitmapscan = off', 'codes', 'DROP INDEX by_brin, by_hash', qr/Index (Only )?Scan using by_code/ ],
	bitmap => [ 'enable_seqscan = off; SET enable_indexscan = off; SET enable_indexonlyscan = off', 'codes', 'DROP INDEX by_brin', qr/Bitmap Index Scan on by_code\b/ ],
	brin => [ 'enable_seqscan = off', 'codes', 'DROP INDEX by_code', qr/Bitmap Index Scan on by_brin/ ],
	hash => [ 'enable_seqscan = off', 'codes', 'DROP INDEX by_code, by_brin', qr/Seq Scan on codes/ ],
	partitions => [ 'enable_seqscan = off', 'parts', 'SELECT 1', qr/parts_low_code_idx/ ],);
foreach my $way (sort keys %ways)
{
	my ($set, $table, $ddl, $plan) = @{ $ways{$way} };
	my $prepared = "SET $set; BEGIN; $ddl; ";
	my $query = sprintf $found, $table, 'code';

	is(query("$prepared $query") =~ s/^1\n//r, $plain, "$way: the same rows");
	like(query("$prepared EXPLAIN (COSTS off) $query"), $plan, "$way: by that plan");

	# A generic plan knows no prefix, a custom plan does.
	foreach my $mode ('force_generic_plan', 'force_custom_plan')
	{
		my $execute = join ';', map { "EXECUTE p($_)" } split /, /, $list;
		my $answers = query("SET plan_cache_mode = $mode; $prepared PREPARE p(text) AS SELECT \$1, (count(*), sum(code::bigint)) FROM $table WHERE code ^@ \$1; $execute");
		is($answers =~ s/^1\n//r, $plain, "$way: $mode");
	}
}
like(query(q{SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; PREPARE p(text) AS SELECT code13 FROM codes WHERE code13 ^@ $1;
	EXPLAIN (COSTS off) EXECUTE p('400')}), qr/Index Cond: .*_prefix_low\(\$1\).*_prefix_high\(\$1\)/, 'a subtype by its index, the prefix as a parameter');

# ---------------------------------------------------------------------------
# The extension itself
# ---------------------------------------------------------------------------

sub refused
{
	my ($statement, $sqlstate, $name) = @_;
	my ($status, $out, $error) = $node->psql('postgres', "\\set VERBOSITY sqlstate\n$statement");
	return like($error, qr/ERROR:  $sqlstate/, $name);
}
refused('DROP EXTENSION pm_gtin', '2BP01', 'not dropped while it is used');
refused('DROP SCHEMA pm_gtin', '2BP01', 'nor its schema');
refused('DROP TYPE gtin CASCADE', '2BP01', 'nor its type alone');
refused('ALTER EXTENSION pm_gtin SET SCHEMA public', '0A000', 'not moved');
refused("ALTER EXTENSION pm_gtin UPDATE TO '9.9'", '22023', 'not updated to what there is not');
refused('CREATE EXTENSION pm_gtin', '42710', 'not made twice');
query('DROP TABLE codes, parts');
query('DROP EXTENSION pm_gtin; CREATE EXTENSION pm_gtin; DROP EXTENSION pm_gtin; CREATE EXTENSION pm_gtin');
is(query(q{SELECT gtin_resolve('4006381333931')}), '(4006381333931,exact,1,,{})', 'dropped and made anew, it works');
$node->stop;
done_testing();
