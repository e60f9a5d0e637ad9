#
# 003_binary.pl - a hostile client of the binary protocol stores nothing wrong
#
# Files for COPY (FORMAT binary) are built byte by byte: wrong numbers, wrong
# lengths, random bytes, also inside arrays and rows.  Each must be refused with
# the SQLSTATE that the rules, written here once more, call for; what is right
# must be stored as it was sent.
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PmGtin qw(seeded soaking one_of digits check10 random_gtin);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

seeded();
my $count = soaking() ? 2_000 : 100;
my $dir = PostgreSQL::Test::Utils::tempdir();
my $node = PostgreSQL::Test::Cluster->new('binary');
my @attacks;    # [ table, what it is, bytes of the field, expected: SQLSTATE or text ]

my %fits = (
	gtin      => sub { return 1; },
	gtin8     => sub { return $_[0] < 1e8; },
	gtin12    => sub { return $_[0] >= 1e8 && $_[0] < 1e12; },
	gtin13    => sub { return $_[0] >= 1e8 && $_[0] < 1e13; },
	gtin14    => sub { return 1; },
	gtin_isbn => sub { return $_[0] =~ /^97(8|9[^0])\d{9,10}$/ && length $_[0] == 13; },
	gtin_issn => sub { return $_[0] =~ /^977\d{10}$/; },
	gtin_ismn => sub { return $_[0] =~ /^9790\d{9}$/; },);

# The SQLSTATE of a number as a type, or the digits that it is stored as.
sub verdict
{
	my ($type, $number) = @_;
	return '22003' if $number < 0 || $number >= 1e14;
	return '22P03' if $number == 0;
	return '22P03' if check10(int($number / 10)) != $number % 10;
	return $fits{$type}->($number) ? sprintf('%08d', $number) : '22003';
}

# An ASIN's number: ten base-36 digits, B or an ISBN-10.
sub asin_number
{
	my $number = 0;
	$number = $number * 36 + index('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ', $_)
	  foreach split //, $_[0];
	return $number;
}

sub attack { push @attacks, [@_]; return; }
sub int8   { return pack 'q>', $_[0]; }

foreach my $type (sort keys %fits)
{
	my @numbers = (0, 1, -1, -96385074, 17, 10**14, 10**14 + 1, 10**14 - 1, 2**62, -2**62,
		9223372036854775807, -9223372036854775807 - 1, 4006381333931, 4006381333930, 96385074,
		10**13, 10**12, 10**8, 99999999999991, 9771144875007, 9783161484100, 9790230671187);

	push @numbers, random_gtin() + 0, random_gtin() + one_of(1 .. 9), int rand 2**50, -int rand 2**50
	  foreach 1 .. $count;
	push @numbers, map { $_ . check10($_) } one_of('978', '977', '9790', '9791') . digits(9) =~ s/^(.{12}).*/$1/r
	  foreach 1 .. $count;
	attack($type, "number $_", int8($_), verdict($type, $_)) foreach @numbers;

	# The right number in a field of the wrong length.
	my $good = int8(96385074);
	attack($type, 'no byte', '', '08P01');
	attack($type, "$_ bytes", substr($good, 0, $_), '08P01') foreach 1 .. 7;
	attack($type, '9 bytes', "$good\0", '22P03') if verdict($type, 96385074) eq '96385074';
	attack($type, 'the digits as text', '96385074', '22003');
	attack($type, 'a megabyte', "\xFF" x 1_000_000, '22003');
	attack($type, 'length -2', undef, '22P04');
}

my @asins = ('B00BLLINKI', 'BT00LLINKI', 'BZZZZZZZZZ', 'B000000000', '0306406152', '080442957X');
attack('asin', $_, int8(asin_number($_)), $_) foreach @asins;
attack('asin', $_, int8(asin_number($_)), '22P03')
  foreach '0000000000', '0306406153', 'A000000000', 'C00BLLINKI', 'ZZZZZZZZZZ', '0804429570', '000000000X';
attack('asin', "number $_", int8($_), '22P03')
  foreach -1, 36**10, 36**10 + asin_number('B00BLLINKI'), 9223372036854775807, -9223372036854775807 - 1;
attack('asin', '7 bytes', substr(int8(asin_number('B00BLLINKI')), 0, 7), '08P01');
attack('asin', '9 bytes', int8(asin_number('B00BLLINKI')) . "\0", '22P03');
foreach (1 .. $count)
{
	my $asin = 'B' . join '', map { one_of(0 .. 9, 'A' .. 'Z') } 1 .. 9;
	attack('asin', $asin, int8(asin_number($asin)), $asin);
}

my $gtin14 = '0' . random_gtin(13);
attack('gs1_elements', 'brackets', "(01)$gtin14", "(01)$gtin14");
attack('gs1_elements', 'FNC1', "]C101${gtin14}10A\x1D", "(01)$gtin14(10)A");
attack('gs1_elements', $_->[0], $_->[1], $_->[2]) foreach
  [ 'no byte', '', '22P02' ], [ 'a NUL', "\0", '22021' ], [ 'a NUL inside', "(01)$gtin14\0", '22021' ],
  [ 'overlong UTF-8', "(10)\xC0\x80", '22021' ], [ 'half a character', "(01)$gtin14(10)\xE2\x82", '22021' ],
  [ 'a surrogate', "\xED\xA0\x80", '22021' ], [ 'beyond Unicode', "\xF4\x90\x80\x80", '22021' ],
  [ 'text of another alphabet', "(01)$gtin14(10)\xC3\xA9", '22P02' ],
  [ 'a megabyte', "(01)$gtin14" x 55_000, '22P02' ], [ 'a megabyte of brackets', '(' x 1_000_000, '22P02' ],
  [ 'a megabyte of FNC1', "\x1D" x 1_000_000, '22P02' ], [ 'a wrong check digit', '(01)04006381333930', '22P02' ];
attack('gs1_elements', 'random bytes', join('', map { chr rand 256 } 1 .. 1 + rand 60), qr/^22(021|P02)$/)
  foreach 1 .. $count * 5;

# Arrays: dimensions, flags, element type, size, lower bound, elements (-1 is NULL).
my %oid;
sub array
{
	my ($type, @elements) = @_;
	return pack('N3 N2', 1, 0, $oid{$type}, scalar @elements, 1) . join '', map { pack('N/a*', $_) } @elements;
}

# A row: number of columns, then type and field of each.
sub row
{
	my ($number) = @_;
	return pack('N', 2) . pack('N N/a*', $oid{gtin13}, int8($number)) . pack('N N/a*', $oid{gtin}, int8($number));
}

$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', 'log_statement = none');
$node->start;
my @types = (sort(keys %fits), 'asin', 'gs1_elements');
$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION pm_gtin;
	ALTER DATABASE postgres SET search_path = public, pm_gtin;
	CREATE TYPE pm_gtin.pair AS (one pm_gtin.gtin13, two pm_gtin.gtin);
	CREATE DOMAIN pm_gtin.sold AS pm_gtin.gtin CHECK (NOT pm_gtin.is_restricted(VALUE));
	} . join '', map { "CREATE TABLE \"$_\" (x pm_gtin.$_);" } @types, 'gtin[]', 'pair', 'sold');
%oid = split /[|\n]/, $node->safe_psql('postgres',
	"SELECT typname, oid FROM pg_type WHERE typnamespace = 'pm_gtin'::regnamespace");

attack('gtin[]', 'an array', array('gtin', int8(96385074), int8(4006381333931)), '{96385074,4006381333931}');
attack('gtin[]', 'a wrong check digit', array('gtin', int8(96385074), int8(96385075)), '22P03');
attack('gtin[]', 'short elements', array('gtin', int8(96385074), 'abc'), '08P01');
attack('gtin[]', 'long elements', array('gtin', int8(96385074) . 'x'), '22P03');
attack('gtin[]', 'another type named', array('gtin8', int8(4006381333931)), '{4006381333931}');
attack('gtin[]', 'nothing', '', '08P01');
attack('pair', 'a row', row(4006381333931), '(4006381333931,4006381333931)');
attack('pair', 'a GTIN-8 as gtin13', row(96385074), '22003');
attack('pair', 'a wrong check digit', row(4006381333932), '22P03');
attack('sold', 'a domain', int8(4006381333931), '4006381333931');
attack('sold', 'what the domain refuses', int8(2000000000008), '23514');
attack('sold', 'what the type refuses', int8(2000000000007), '22P03');

# The function answers with the SQLSTATE, or with what was stored.
foreach my $i (0 .. $#attacks)
{
	my ($table, $what, $field, $expected) = @{ $attacks[$i] };

	open my $file, '>:raw', "$dir/$i" or die "could not write $dir/$i: $!";
	print $file "PGCOPY\n\xFF\r\n\0", pack('N2 n', 0, 0, 1),
	  defined $field ? pack('N/a*', $field) : pack('N', 2**32 - 2), pack('n', 0xFFFF);
	close $file or die "could not write $dir/$i: $!";
	append_to_file("$dir/list", "$i\t$table\n");
}

my ($status, $out, $error) = $node->psql('postgres', qq{
	CREATE FUNCTION pg_temp.attack(i int, target text) RETURNS text LANGUAGE plpgsql AS \$function\$
	DECLARE stored text;
	BEGIN
		EXECUTE format('COPY %I FROM %L (FORMAT binary)', target, '$dir/' || i);
		EXECUTE format('DELETE FROM %I RETURNING x::text', target)
			INTO STRICT stored;
		RETURN stored;
	EXCEPTION WHEN OTHERS THEN
		RETURN SQLSTATE;
	END
	\$function\$;
	CREATE TEMP TABLE list (i int, target text);
	COPY list FROM '$dir/list';
	SELECT pg_temp.attack(i, target) FROM list ORDER BY i});
is($status, 0, 'the server has answered') or diag($error);
my @answers = split /\n/, $out;
is(scalar @answers, scalar @attacks, 'every attack has an answer');

my (%right, %wrong);
foreach my $i (0 .. $#attacks)
{
	my ($table, $what, $field, $expected) = @{ $attacks[$i] };
	my $answer = $answers[$i] // 'nothing';

	# Each type has its own number of leading zeros.
	$expected = sprintf '%0' . length($answer) . 's', $expected
	  if $table =~ /^gtin\w*$/ && $expected =~ /^\d{8,}$/;
	my $fine = ref $expected ? $answer =~ $expected : $answer eq $expected;
	$right{$table}++ if $fine;
	push @{ $wrong{$table} }, "$what: expected $expected, got $answer" unless $fine;
}
foreach my $table (@types, 'gtin[]', 'pair', 'sold')
{
	is(join("\n", @{ $wrong{$table} || [] }), '', "$table: $right{$table} right answers");
	is($node->safe_psql('postgres', "SELECT count(*) FROM \"$table\""), '0', "$table: nothing is left");
}

$node->stop;
done_testing();
