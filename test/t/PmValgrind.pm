#
# PmValgrind.pm - a whole server under valgrind's memcheck, for the TAP tests
#
# Every process of the server reports into a file of its own.  Slow: for make soak only.
#
package PmValgrind;

use strict;
use warnings;

use Exporter qw(import);
use IPC::Run ();
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(needs_valgrind start_under_valgrind stop_without_error);

# Ends a test that cannot be run now.
sub needs_valgrind
{
	plan skip_all => 'takes minutes: set PM_SOAK=1' unless $ENV{PM_SOAK};
	plan skip_all => 'valgrind is not installed' if system('valgrind --version >/dev/null 2>&1') != 0;
}

# Starts the server of a node that has been made, and tests that it is up.
sub start_under_valgrind
{
	my ($node) = @_;
	my $dir = PostgreSQL::Test::Utils::tempdir();
	my $bindir = `$ENV{PG_CONFIG} --bindir`;
	chomp $bindir;

	$node->append_conf('postgresql.conf', "jit = off\nautovacuum = off\n");
	# is not for the sessions that the server makes
	local $ENV{PGAPPNAME};
	delete $ENV{PGAPPNAME};
	my $process = IPC::Run::start(
		['valgrind', '--trace-children=yes', '--num-callers=60', '--error-limit=no', '--leak-check=no', "--log-file=$dir/valgrind.%p",
			"$bindir/postgres", '-D', $node->data_dir ],
		'>', "$dir/out", '2>', "$dir/err");
	my $deadline = time + 180;
	my $up;
	# dies when psql is gone before it has read the query
	do { $up = eval { $node->psql('postgres', 'SELECT 1') == 0 } } until $up || time > $deadline;
	ok($up, 'the server is up') or diag(slurp_file("$dir/err"));
	return { node => $node, process => $process, dir => $dir };
}

# Stops it, and tests that no report is of an error with this pattern in its stack.
sub stop_without_error
{
	my ($server, $pattern) = @_;

	system_or_bail('pg_ctl', '-D', $server->{node}->data_dir, '-m', 'fast', '-t', '180', 'stop');
	$server->{process}->finish;

	my @reports = map { slurp_file($_) } glob "$server->{dir}/valgrind.*";
	cmp_ok(scalar @reports, '>', 5, 'several processes have reported');
	is(scalar(grep { !/ERROR SUMMARY: \d+ errors/ } @reports), 0, 'each to its end');
	# padding that the server itself sends, logs and writes, which its own list of suppressions leaves out too
	my $padding = qr/\bsmgrclosenode\b|Syscall param pwrite64\(buf\)|\bRelationCacheInitializePhase3\b/;
	# the server's cache of regular expressions moves its entries by memmove(), which is taken for memcpy()
	my $overlap = qr/Source and destination overlap in memcpy_chk[^\n]*\n[^\n]*\n[^\n]*\bRE_compile_and_cache\b/;
	my @errors = grep { /$pattern/ && !/$padding|$overlap/ } grep { /^==\d+==    at /m } map { split /^==\d+== \n/m } @reports;
	is(join("\n", @errors[ 0 .. ($#errors < 4 ? $#errors : 4) ]), '', 'no error in our code');
}

1;
