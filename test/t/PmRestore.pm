#
# PmRestore.pm - a database that was dumped, restored or upgraded is as it was, for the TAP tests
#
package PmRestore;

use strict;
use warnings;

use Exporter qw(import);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(survives_restore survives_upgrade);

# How to dump, and how to restore from a file or directory; the database's name comes behind.
my %ways = (
	plain     => [ ['-Fp'],                sub { 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-f', @_ } ],
	inserts   => [ [ '-Fp', '--inserts' ], sub { 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-f', @_ } ],
	custom    => [ ['-Fc'],                sub { 'pg_restore', '-e', @_ } ],
	directory => [ [ '-Fd', '-j2' ],       sub { 'pg_restore', '-e', '-j2', @_ } ],);

# Dumps a database in each way into a directory as WAY, and restores it as one named WAY.
# The copy must be as picture(node, database) shows the original, and then pass
# goes_on(node, database, name).  Returns the directory.  Options: ways (plain and custom), replica => 1 to
# restore as deploy does, prepare => SQL on what is to be restored into.
sub survives_restore
{
	my ($node, $database, $picture, $goes_on, %options) = @_;
	my $original = $picture->($node, $database);
	my @server = ('-h', $node->host, '-p', $node->port);
	my $dir = PostgreSQL::Test::Utils::tempdir();

	foreach my $way (@{ $options{ways} // [qw(plain custom)] })
	{
		my ($dump, $restore) = @{ $ways{$way} };

		$node->command_ok([ 'pg_dump', @server, '-f', "$dir/$way", @$dump, $database ], "$way: dumped");
		$node->safe_psql('postgres', "CREATE DATABASE $way TEMPLATE template0");
		$node->safe_psql('postgres', "ALTER DATABASE $way $options{prepare}") if $options{prepare};
		{
			local $ENV{PGOPTIONS} = $options{replica} ? '-c session_replication_role=replica' : $ENV{PGOPTIONS} // '';
			my ($program, @options) = $restore->("$dir/$way");
			$node->command_ok([ $program, @server, @options, '-d', $way ], "$way: restored");
		}
		same($picture->($node, $way), $original, $way);
		$goes_on->($node, $way, $way);
	}
	return $dir;
}

# Upgrades the node, which it stops, to a new one by pg_upgrade, with the same tests.
sub survives_upgrade
{
	my ($node, $database, $picture, $goes_on) = @_;
	my $original = $picture->($node, $database);
	my $new = PostgreSQL::Test::Cluster->new('upgraded');
	my $dir = PostgreSQL::Test::Utils::tempdir();
	chomp(my $bindir = `$ENV{PG_CONFIG} --bindir`);

	$node->stop;
	$new->init;
	# it writes where it is started
	chdir $dir or die "could not change directory: $!";
	command_ok(
		[
			'pg_upgrade', '--no-sync', '-d', $node->data_dir, '-D', $new->data_dir, '-b', $bindir, '-B', $bindir,
			'-s', $new->host, '-p', $node->port, '-P', $new->port
		],
		'pg_upgrade');
	$new->start;
	same($picture->($new, $database), $original, 'pg_upgrade');
	$goes_on->($new, $database, 'pg_upgrade');
	$new->stop;
	return;
}

# Tests that two pictures are the same; shows the lines where they part.
sub same
{
	my ($after, $before, $name) = @_;
	my @before = split /\n/, $before;
	my @after = split /\n/, $after;
	my $i = 0;

	return if ok($after eq $before, "$name: row for row the same");
	$i++ while $i < @before && $i < @after && $before[$i] eq $after[$i];
	diag("line $i: \"" . ($before[$i] // 'end') . '" became "' . ($after[$i] // 'end') . '"');
	return;
}

1;
