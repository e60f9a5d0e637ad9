#
# 002_pg_upgrade.pl - pg_upgrade carries a cluster that uses every type
#
# The upgrade is from version 15 to 15: it moves the files and the catalog as
# any other does, and the types must mean the same bytes afterwards.
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PmGtin qw(seeded soaking fill_database picture index_faults);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seed = seeded();
my $rows = soaking() ? 5_000 : 300;
my @settings = (extra => [ '--encoding=UTF8', '--locale=C' ]);
my $bindir = `$ENV{PG_CONFIG} --bindir`;
chomp $bindir;

# pg_upgrade writes where it is started.
chdir PostgreSQL::Test::Utils::tempdir() or die "could not change directory: $!";

my $old = PostgreSQL::Test::Cluster->new('old');
$old->init(@settings);
$old->start;
fill_database($old, 'products', $rows, $seed);
my $picture = picture($old, 'products');
$old->stop;

# Copied first, so that the old cluster is whole for the second way.
foreach my $mode (soaking() ? 'copy' : (), 'link')
{
	my $new = PostgreSQL::Test::Cluster->new("new_$mode");

	$new->init(@settings);
	command_ok(
		[
			'pg_upgrade', '--no-sync', ($mode eq 'link' ? '--link' : ()),
			'-d', $old->data_dir, '-D', $new->data_dir,
			'-b', $bindir, '-B', $bindir, '-s', $new->host,
			'-p', $old->port, '-P', $new->port
		],
		"pg_upgrade $mode") or show_logs($new->data_dir);
	$new->start;
	ok(picture($new, 'products') eq $picture, "$mode: all is as it was");
	is(index_faults($new, 'products'), '', "$mode: tables and indexes are sound");
	is($new->safe_psql('products', q{SELECT gtin_resolve('EAN 4006381333931')}),
		'(4006381333931,label,0.97,,{})', "$mode: the functions work");
	is($new->safe_psql('products', q{DELETE FROM by_hash; DELETE FROM items WHERE code > '90000003'; SELECT count(*) FROM items WHERE code > '90000003'}),
		'0', "$mode: rows can be changed");
	is(index_faults($new, 'products'), '', "$mode: and the indexes stay sound");
	$new->stop;
}
done_testing();

# What pg_upgrade left in its logs about errors.
sub show_logs
{
	my ($data_dir) = @_;

	foreach my $file (map { glob "$data_dir/pg_upgrade_output.d/*/$_" } '*.txt', 'log/*.log')
	{
		diag("$file: $_") foreach slurp_file($file) =~ /^(.*\berror:.*(?:\n.*){0,9})/mg;
	}
	return;
}
