#
# 001_dump_restore.pl - dump, restore and pg_upgrade carry references and results
#
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir();
my $node = PostgreSQL::Test::Cluster->new('old');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE original');
$node->safe_psql('original', sprintf(<<'SQL', $node->host, $node->port));
CREATE EXTENSION pm_xref CASCADE;
SELECT pm_xref.add_database('self', '%s', %d, 'original');
CREATE SCHEMA zoo;
CREATE TABLE zoo."Child table" (id uuid PRIMARY KEY DEFAULT pm_xref.uuid7(), parent_id bigint);
CREATE TABLE zoo.parent (id bigint PRIMARY KEY);
INSERT INTO zoo.parent VALUES (1), (2);
INSERT INTO zoo."Child table" (parent_id) VALUES (1), (2), (3), (4), (NULL);
SELECT pm_xref.add_reference('far', 'zoo."Child table"', 'parent_id', 'self', 'zoo.parent');
SELECT pm_xref.add_reference('near', 'zoo."Child table"', 'parent_id', NULL, 'zoo.parent');
SELECT pm_xref.add_reference('broken', 'zoo."Child table"', 'parent_id', 'self', 'zoo.nothing');
SQL
$node->safe_psql('original', 'SELECT * FROM pm_xref.check()');
$node->safe_psql('original', 'INSERT INTO zoo.parent VALUES (3)');
$node->safe_psql('original', 'SELECT * FROM pm_xref.check()');
$node->safe_psql('original', q{SET pm_xref.max_repair_ratio = 1; SELECT * FROM pm_xref.repair('far', 'quarantine', false)});

# Every row of every table.
sub picture
{
	my ($on, $database) = @_;
	return join "\n", map { "$_\n" . $on->safe_psql($database, "SELECT t::text FROM pm_xref.$_ AS t ORDER BY 1") } qw(_references checks orphans quarantined);
}

my $picture = picture($node, 'original');
like($picture, qr/resolved/, 'orphans of both states');
like($picture, qr/42P01/, 'a check that failed');
like($picture, qr/,quarantine,/, 'a row in quarantine');

my %ways = (
	plain  => [ ['-Fp'], [ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/plain", '-d' ] ],
	custom => [ ['-Fc'], [ 'pg_restore', '-e', "$dir/custom", '-d' ] ],);
foreach my $way (sort keys %ways)
{
	my ($dump, $restore) = @{ $ways{$way} };
	my @server = ('-h', $node->host, '-p', $node->port);

	$node->command_ok([ 'pg_dump', @server, '-f', "$dir/$way", @$dump, 'original' ], "$way: dumped");
	$node->safe_psql('postgres', "CREATE DATABASE $way TEMPLATE template0");
	$node->command_ok([ $restore->[0], @server, @$restore[ 1 .. $#$restore ], $way ], "$way: restored");
	is(picture($node, $way), $picture, "$way: row for row the same");
	is($node->safe_psql($way, q{SELECT orphans, new_orphans, resolved FROM pm_xref.check('near')}), '0|0|1', "$way: the next check goes on from there");
	is($node->safe_psql($way, q{SELECT outcome FROM pm_xref.restore_quarantined('far', true)}), 'restored', "$way: what is in quarantine can be restored");
	is($node->safe_psql($way, 'SELECT count(*) FROM zoo."Child table"'), '5', "$way: and is there");
}
$node->stop;

# pg_upgrade keeps the OIDs of tables; it writes where it is started
my $new = PostgreSQL::Test::Cluster->new('new');
chomp(my $bindir = `$ENV{PG_CONFIG} --bindir`);
chdir $dir or die "could not change directory: $!";
$new->init;
command_ok(
	[
		'pg_upgrade', '--no-sync', '-d', $node->data_dir, '-D', $new->data_dir, '-b', $bindir, '-B', $bindir,
		'-s', $new->host, '-p', $node->port, '-P', $new->port
	],
	'pg_upgrade');
$new->start;
is(picture($new, 'original'), $picture, 'pg_upgrade: row for row the same');
is($new->safe_psql('original', q{SELECT orphans, new_orphans, resolved FROM pm_xref.check('near')}), '0|0|1', 'pg_upgrade: the next check goes on from there');
is($new->safe_psql('original', q{SELECT outcome FROM pm_xref.restore_quarantined('far', true)}), 'restored', 'pg_upgrade: what is in quarantine can be restored');
$new->stop;
done_testing();
