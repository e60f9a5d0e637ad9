#
# PmHostile.pm - random text that a careless parser stumbles over
#
package PmHostile;

use strict;
use warnings;

use Exporter 'import';
use PmGtin qw(one_of digits random_gtin);

our @EXPORT_OK = qw(hostile_text);

# Characters of each encoding, as bytes; some that matter come often.
my @ascii = map { chr } 1 .. 127;
my @marks = map { my $c = chr; utf8::encode($c); $c } 0xFEFF, 0xA0, 0x200B, 0x200E, 0x202E, 0x2060, 0x3000,
  0x2013, 0x2212, 0x201C, 0x2019, 0xAB, 0x301, 0x66B, 0xFF10 .. 0xFF1F, 0x660 .. 0x669, 0x6F0 .. 0x6F9,
  0x966 .. 0x96F, 0x1D7CE .. 0x1D7D7, 0x10FFFF, 0xFFFD, 0x2028, 0x85;
sub bytes { return map { chr } $_[0] .. $_[1]; }
my %letter = (
	UTF8 => sub {
		return one_of(@marks) if rand() < 0.7;
		my $c = chr one_of(map { int rand $_ } 0x80, 0x800, 0xD800, 0x110000);
		$c = '?' if $c =~ /[\0\x{D800}-\x{DFFF}]/;
		utf8::encode($c);
		return $c;
	},
	LATIN1    => sub { return one_of(bytes(128, 255), "\xA0"); },
	SQL_ASCII => sub { return one_of(bytes(128, 255), @marks); },
	EUC_JP    => sub {
		return "\xA3" . one_of(bytes(0xB0, 0xB9)) if rand() < 0.4;
		return one_of("\xA1\xA1", "\x8E" . one_of(bytes(0xA1, 0xDF)),
			one_of('', "\x8F") . one_of(bytes(0xA1, 0xFE)) . one_of(bytes(0xA1, 0xFE)));
	},);

# What suppliers send, and what the functions take.
my @forms = (
	' 4006381333931 ', '400-6381-333931', '"4006381333931"', '="4006381333931"', "'4006381333931", '4006381333931.0',
	'EAN13: 4006381333931', '(01)04006381333931(10)ABC', "]C1010400638133393110ABC\x1D21X", '4.006381333931E+12',
	'https://id.gs1.org/01/04006381333931/10/ABC?17=251231', 'http://x.y/gtin/4006381333931', 'ISBN 0-306-40615-2',
	'978-3-16-148410-0 51999', 'ISSN 0264-3596', 'M-2306-7118-7', '0000004006381333931', '40063813339314006381333931',
	'96385074;4006381333931', '4006381333931,4006381333931', '6381333931', '04252614', 'SKU-4006381333931-BLK',
	'4OO638l333931', '4006381333930', '4.00638E+12', '0000000000000', 'N/A', 'kein EAN', 'B00BLLINKI', '080442957X',
	'(8006)040063813339310102', '(00)006141411234567890', '(3103)001750', '(02)04006381333931(37)12', '400638133393', '', ' ',
	'(01)04006381333931(17)250231', '(91)(92)', '\\(', '%30%31', '(253)9501101020917(8020)', '2912345012345', '1e400', '-0', '+1');

sub random_form { return rand() < 0.3 ? random_gtin() : one_of(@forms, digits(1 + int rand 20)); }

# A text in this encoding, as bytes: characters of a form, changed here and there;
# sometimes noise alone.
sub hostile_text
{
	my ($encoding) = @_;
	my $letter = $letter{$encoding};
	my $any = sub { return rand() < 0.6 ? one_of(@ascii, 0 .. 9, '(', ')', '-', ' ', "\x1D") : $letter->(); };
	my @c = rand() < 0.15 ? map { $any->() } 1 .. rand 40 : split //, random_form();

	foreach (1 .. rand 4)
	{
		my ($at, $way) = (int rand(@c + 1), rand);
		if    ($way < 0.40) { splice @c, $at, 0, $any->(); }
		elsif ($way < 0.60) { splice @c, $at, 1; }
		elsif ($way < 0.75) { splice @c, $at, 1, $any->(); }
		elsif ($way < 0.85) { splice @c, $at, 0, split //, random_form(); }
		elsif ($way < 0.92) { splice @c, $at, 0, splice @c, int rand(@c + 1), 1 + int rand 6; }
		else                { @c = (@c, one_of(';', ',', ' ', "\n", '/', ''), @c); }
	}
	return join '', @c;
}

1;
