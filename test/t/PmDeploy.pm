#
# PmDeploy.pm - servers, and the scripts of deploy/ on them, for the TAP tests
#
package PmDeploy;

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter qw(import);
use FindBin;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(deploy_dir make_server write_file deploy deploy_ok deploy_fails servers_of);

my $deploy = abs_path("$FindBin::RealBin/../../deploy");

# The folder of the scripts.
sub deploy_dir
{
	return $deploy;
}

# Starts a server that preloads pm_jobs, pm_cache and pm_core, with more lines for its postgresql.conf.
sub make_server
{
	my ($name, $conf) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init;
	$node->append_conf('postgresql.conf', "fsync = off\nshared_preload_libraries = 'pm_jobs, pm_cache, pm_core'\nmax_connections = 400\n" . ($conf // ''));
	$node->start;
	return $node;
}

# Writes a file, and returns its name.
sub write_file
{
	my ($path, $text) = @_;

	open my $file, '>', $path or die "could not write $path: $!";
	print $file $text;
	close $file;
	return $path;
}

# The words that name a node in a line "server DATABASE HOST PORT".
sub servers_of
{
	my ($node) = @_;
	return $node->host . ' ' . $node->port;
}

# Runs a script of deploy/ as if the node were the server of PGHOST and PGPORT.
# Returns its exit status, output and error output.
sub deploy
{
	my ($node, $script, @arguments) = @_;
	my ($out, $err) = ('', '');

	local $ENV{PGHOST} = $node->host;
	local $ENV{PGPORT} = $node->port;
	IPC::Run::run [ "$deploy/$script", @arguments ], '<', \undef, '>', \$out, '2>', \$err;
	return ($? >> 8, $out, $err);
}

# Tests that it succeeds and has nothing to complain of; returns its output.
sub deploy_ok
{
	my ($name, @command) = @_;
	my ($status, $out, $err) = deploy(@command);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is("$status $err", '0 ', $name);
	return $out;
}

# Tests that it fails with a status and a message.
sub deploy_fails
{
	my ($name, $expected, $message, @command) = @_;
	my ($status, $out, $err) = deploy(@command);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($status, $expected, "$name: the exit status");
	like($err, $message, "$name: the message");
}

1;
