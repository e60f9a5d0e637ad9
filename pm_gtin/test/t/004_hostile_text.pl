#
# 004_hostile_text.pl - any text, in any encoding: an answer or an error of class 22
#
# Random bytes and mutated codes go through every function that takes text.  No
# error may be of another class than 22 (data), the resolver may raise none at
# all, and the answers of the functions must agree with each other.
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

seeded();
my $dir = PostgreSQL::Test::Utils::tempdir();
my $node = PostgreSQL::Test::Cluster->new('hostile');

# Makes a database of this encoding and lets $count inputs in, 20 000 at a time.
sub attack_encoding
{
	my ($encoding, $count) = @_;
	my $database = lc "db_$encoding";
	my ($wrong, $answers) = ('', 0);

	$node->safe_psql('postgres', qq{
		CREATE DATABASE $database TEMPLATE template0 ENCODING '$encoding';
		ALTER DATABASE $database SET search_path = public, pm_gtin});
	$node->safe_psql($database, slurp_file("$FindBin::RealBin/hostile_text.sql"));
	while ($count > 0 && $wrong eq '')
	{
		my $chunk = $count > 20_000 ? 20_000 : $count;

		$count -= $chunk;
		open my $file, '>', "$dir/inputs" or die "could not write $dir/inputs: $!";
		print $file random_gtin(), "\t\\\\x", unpack('H*', hostile_text($encoding)), "\n" foreach 1 .. $chunk;
		close $file or die "could not write $dir/inputs: $!";
		my ($status, $out, $error) = $node->psql($database, qq{
			TRUNCATE inputs;
			COPY inputs FROM '$dir/inputs';
			CREATE TEMP TABLE complaints AS
				SELECT input, complaint(convert_from(input, '$encoding'), g) AS complaint FROM inputs;
			SELECT count(*) FROM complaints WHERE complaint IS NULL;
			SELECT input, convert_to(complaint, 'SQL_ASCII') FROM complaints WHERE complaint IS NOT NULL LIMIT 10},
			timeout => 3600);
		$answers += $1 if $out =~ s/^(\d+)\n?//;
		$wrong = join '', map { /(\S+)\|\\x(\S+)/ ? "$1: " . pack('H*', $2) . "\n" : $_ } split /\n/, "$out$error";
	}
	is($wrong, '', "$encoding: $answers texts");
	return;
}

# A megabyte of what makes a careless parser slow: all of it within seconds.
sub attack_by_length
{
	my ($status, $out, $error) = $node->psql('db_utf8', q{
		SET statement_timeout = '60s';
		SELECT left(input, 40), convert_to(complaint(input, '4006381333931'), 'SQL_ASCII') FROM (
			SELECT repeat(part, 1000000 / length(part)) FROM unnest(ARRAY['4006381333931', '4006381333931;', '0', '9', '(', ')', ' ', '-', '1-', 'E',
				'%41', '/', '/01/', '\(', '(01)04006381333931', '"', '=', ';', 'EAN', 'EAN:', U&'\FF11', U&'\200B', U&'\0301', E'\x1d', '01', 'ISBN ',
				'B00BLLINKI', 'B00BLLINKI ', '4.0E+', '1.', 'O', 'l', 'X', '?', '&', '#']) AS part
			UNION ALL SELECT '(01)04006381333931(10)' || repeat('A', 1000000)
			UNION ALL SELECT 'https://id.gs1.org/01/' || repeat('0', 1000000) || '4006381333931'
			UNION ALL SELECT 'https://id.gs1.org/01/04006381333931?' || repeat('a=b&', 250000)
			UNION ALL SELECT repeat(' ', 1000000) || '4006381333931'
			UNION ALL SELECT '4006381333931' || repeat(' ', 1000000)) AS long (input)
		WHERE complaint(input, '4006381333931') IS NOT NULL});
	is($status, 0, 'long texts are answered') or diag($error);
	is($out, '', 'long texts');
	return;
}

$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', 'log_statement = none');
$node->start;
attack_encoding('UTF8', soaking() ? 50_000 : 1_000);
attack_encoding('LATIN1', soaking() ? 20_000 : 400);
attack_encoding('SQL_ASCII', soaking() ? 15_000 : 300);
attack_encoding('EUC_JP', soaking() ? 15_000 : 300);
attack_by_length();

# What the attacks have found.
is($node->safe_psql('db_euc_jp', q{SELECT method, raw = code FROM convert_from('\xa9fe34303036333831333333393331', 'EUC_JP') AS code,
	gtin_resolve_all(code) AS r WHERE r.gtin = '4006381333931' AND r.raw = '4006381333931'}),
	'extract|f', 'a character that Unicode lacks is no error');
foreach my $encoding ('utf8', 'latin1', 'euc_jp')
{
	my $area = $encoding eq 'euc_jp' ? "'AREA (m2)'" : "U&'AREA (m\\00B2)'";

	is($node->safe_psql("db_$encoding", qq{SELECT array_agg(title) = ARRAY['GTIN', $area],
		(SELECT title FROM gs1_application_identifiers WHERE ai_from = '3140') = $area,
		(SELECT count(*) > 0 FROM isbn_ranges WHERE agency = U&'T\\00FCrkiye')
		FROM gs1_parse('(01)04006381333931(3140)001750')}), 't|t|t', "$encoding: titles and names are right");
}
is($node->safe_psql('db_utf8', q{SELECT method, low, high FROM gtin_resolve_all('4.00381333931E+12')}),
	'sci_lossy||', 'no gtin is rounded to this number: no range');
is($node->safe_psql('db_utf8', q{SELECT gs1_value(digital_link_elements(gs1_digital_link('4006381333931'::gtin, expiry => d)), '17')
	FROM unnest('{2000-01-01,2031-02-03,2099-12-31}'::date[]) AS d}), "000101\n310203\n991231", 'an expiry date is kept');
foreach my $date ('1999-12-31', '2100-01-01', '12025-01-01', '0044-03-15 BC', 'infinity', '-infinity')
{
	my ($status, $out, $error) = $node->psql('db_utf8', "\\set VERBOSITY sqlstate\nSELECT gs1_digital_link('4006381333931'::gtin, expiry => '$date')");
	like("$out$error", qr/ERROR:  22P02/, "an expiry date of $date is refused");
}
is($node->safe_psql('db_utf8', q{SELECT (gtin_resolve(code, 0.5, ARRAY['06742967795943'])).method
	FROM unnest('{06742967795943,6742967795943}'::text[]) AS code}),
	"placeholder\nexact", 'a placeholder may begin with 0');
$node->stop;
done_testing();
