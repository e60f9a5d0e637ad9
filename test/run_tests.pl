#!/usr/bin/perl
#
# run_tests.pl - run every test of the project and count
#
#   test/sandbox.sh test/with_cluster.sh test/run_tests.pl [--only=KIND,...] PART...
#
# PART: an extension, whose tests are in its test/; or "system" for those in the top test/
# (pg_regress over the whole system: sql/ and expected/).  Kinds:
#
#   unit       build/unit/test_*           TAP programs in plain C
#   regress    REGRESS of the Makefile     pg_regress
#   isolation  ISOLATION of the Makefile   pg_isolation_regress
#   pgtap      pgtap/*.pg                  a new database each
#   tap        t/*.pl                      PostgreSQL::Test, servers of their own
#
# All but the TAP files share the server that is up: they run one after another, part
# by part, in this order.  TAP files run beside them and after them; there are as
# many at work as there are processors.  What TAP files print comes last.
#
# Works inside the sandbox and leaves its results there.  The last line is
# "N passed, N failed", with ", N skipped" where tests said that they lack
# something; the lines before it say once more what failed.  The exit status is 0 only
# if something passed and nothing failed.
#
use strict;
use warnings;

use Cwd qw(getcwd);
use File::Basename qw(basename);
use File::Path qw(make_path);
use TAP::Parser;

$| = 1;

my $tmp = $ENV{PM_TMP} // die "run this inside test/sandbox.sh\n";
my $top = getcwd();
my %only;
@ARGV = grep { /^--only=(.*)/ ? (@only{ split /,/, $1 } = ()) x 0 : 1 } @ARGV;
my @directories = map { $_ eq 'system' ? '.' : $_ } @ARGV;

my $pgxs = `$ENV{PG_CONFIG} --pgxs`;
chomp(my $bindir = `$ENV{PG_CONFIG} --bindir`);
$pgxs =~ s{/src/makefiles/pgxs\.mk\s*$}{} or die "no PGXS: postgresql-server-dev is missing\n";
my $pg_regress = "$pgxs/src/test/regress/pg_regress";

my %count = (passed => 0, failed => 0, skipped => 0);
my @failures;
my %running;    # by process: the name of its work and the file of its results
my $begun = 0;

# Is this kind of test asked for?
sub wanted
{
	my ($kind) = @_;
	return !%only || exists $only{$kind};
}

# The words of a make variable in a directory.
sub make_list
{
	my ($dir, $name) = @_;
	my $words = `make -s --no-print-directory -C $dir show-$name`;
	die "cannot read $name of $dir/Makefile\n" if $? != 0;
	return split ' ', $words;
}

# The lines of a file.
sub lines_of
{
	my ($file) = @_;
	open(my $in, '<', $file) or die "$file: $!\n";
	return <$in>;
}

# Prints the last lines of a file, if it is there.
sub show_tail
{
	my ($file, $lines) = @_;
	return if !-f $file;
	my @all = lines_of($file);
	my $first = @all > $lines ? @all - $lines : 0;
	print "---- $file\n", @all[ $first .. $#all ], "----\n";
}

sub heading
{
	print "== @_\n";
}

# Prints that a test failed and why, and remembers it for the end.
sub failure
{
	my ($name, $what, @reasons) = @_;
	my @said = (sprintf("%-44s FAILED%s\n", $name, $what), map { "  $_\n" } @reasons);

	print @said;
	push @failures, @said;
}

# Runs one TAP producer and adds its tests up; shows what it printed if any failed.
# Returns true unless something failed.
sub run_tap
{
	my ($name, @command) = @_;
	my $started = time;
	my $parser = TAP::Parser->new({ exec => \@command, merge => 1 });
	my (@lines, @not_ok);

	while (my $result = $parser->next)
	{
		push @lines, $result->raw . "\n";
		push @not_ok, $result->raw if $result->is_test && !$result->is_ok;
	}

	my $skipped = $parser->skip_all ? 1 : scalar $parser->skipped;
	my $failed = scalar $parser->failed;
	my $passed = scalar($parser->passed) - scalar($parser->skipped);
	my @wrong = $parser->parse_errors;
	push @wrong, 'exit status ' . $parser->exit if $parser->exit != 0;
	push @wrong, 'no test at all' if !$passed && !$failed && !$skipped;
	$failed ||= 1 if @wrong;

	my $seconds = time - $started;
	my $rest = ($skipped ? ", skipped $skipped" : '') . ($seconds > 1 ? " ($seconds s)" : '');
	if ($failed)
	{
		failure($name, " $failed, ok $passed$rest", @not_ok, @wrong);
	}
	else
	{
		printf "%-44s ok %s%s\n", $name, $passed, $rest;
	}
	print '  skipped: ', $parser->skip_all, "\n" if $parser->skip_all;
	foreach my $line (@lines)
	{
		print "  skipped: $1\n" if $line =~ /^ok \d+ # skip (.*)/i;
	}
	if ($failed)
	{
		splice @lines, 0, @lines - 200 if @lines > 200;
		print '  ', $_ foreach grep { !/^ok / } @lines;
	}

	$count{passed} += $passed;
	$count{failed} += $failed;
	$count{skipped} += $skipped;
	return !$failed;
}

# Runs pg_regress or pg_isolation_regress on a list of tests.
sub run_regress
{
	my ($name, $program, $inputdir, $database, @arguments) = @_;
	my $outputdir = "$tmp/results/$database";
	my $failed = 0;

	make_path($outputdir);
	open(my $out, '-|', $program, "--bindir=$bindir", "--inputdir=$inputdir",
		"--outputdir=$outputdir", "--dbname=$database", @arguments)
	  or die "cannot run $program: $!\n";
	while (my $line = <$out>)
	{
		# "test x ... ok" before PostgreSQL 16, TAP from then on
		if ($line =~ /^test (\S+)\s+\.\.\. ok/ || $line =~ /^ok \d+\s+[-+] (\S+)/)
		{
			printf "%-44s ok\n", $1;
			$count{passed}++;
		}
		elsif ($line =~ /^test (\S+)\s+\.\.\. FAILED/ || $line =~ /^not ok \d+\s+[-+] (\S+)/)
		{
			failure($1, '');
			$failed++;
		}
		elsif ($line =~ /could not|cannot|error|command failed|terminated|crash/i)
		{
			print "  $line";
		}
	}
	close $out;
	if ($? != 0 && !$failed)
	{
		failure($name, '', "$program: exit status " . ($? >> 8));
		$failed = 1;
	}
	$count{failed} += $failed;
	if ($failed)
	{
		show_tail("$outputdir/regression.diffs", 500);
		show_tail($ENV{PM_SERVER_LOG}, 30) if !-s "$outputdir/regression.diffs";
	}
}

# Regress, isolation and pgTAP of one extension or, with the directory ".", of the system.
sub run_directory
{
	my ($dir) = @_;
	my $system = $dir eq '.';
	my $name = $system ? 'system' : $dir;
	my @load = $system ? () : map { "--load-extension=$_" } make_list($dir, 'REQUIRES'), $dir;

	if (wanted('regress') and my @tests = make_list($dir, 'REGRESS'))
	{
		heading("$name: regress");
		run_regress($name, $pg_regress, $system ? '.' : "$dir/test", "regress_$name", @tests);
	}
	if (wanted('isolation') and my @tests = make_list($dir, 'ISOLATION'))
	{
		heading("$name: isolation");
		run_regress($name, "$pgxs/src/test/isolation/pg_isolation_regress",
			"$dir/test", "isolation_$name", @load, @tests);
	}
	if (wanted('pgtap') and my @files = glob "$dir/test/pgtap/*.pg")
	{
		heading("$name: pgtap");
		foreach my $file (@files)
		{
			my $database = "pgtap_${name}_" . basename($file, '.pg');
			system('createdb', $database) == 0 or die "createdb failed\n";
			run_tap(basename($file), 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $database,
				'-f', $file);
			system('dropdb', $database) == 0 or die "dropdb failed\n";
		}
	}
}

# Everything that shares the server that is up.
sub run_on_shared_server
{
	if (wanted('unit'))
	{
		heading('unit');
		run_tap(basename($_), $_) foreach grep { -x && !/\./ } glob "$top/build/unit/test_*";
	}
	run_directory($_) foreach @directories;
}

# One TAP file.
sub run_tap_file
{
	my ($name, $file) = @_;

	$ENV{TESTDIR} = "$tmp/tap/$name";
	make_path($ENV{TESTDIR});
	run_tap($name, 'perl', $file) and return;
	show_tail($_, 60) foreach glob "$ENV{TESTDIR}/tmp_check/log/*";
}

# Has a process of its own do some work, counted from zero.  What it prints is kept in a
# file if it is for later.
sub begin
{
	my ($name, $is_for_later, $work, @arguments) = @_;
	my $file = "$tmp/run/" . ++$begun;
	my $pid = fork() // die "cannot fork: $!\n";

	if ($pid == 0)
	{
		!$is_for_later or open(STDOUT, '>', $file) && open(STDERR, '>&', \*STDOUT) or die "$file: $!\n";
		$count{$_} = 0 foreach keys %count;
		@failures = ();
		$work->(@arguments);
		open(my $result, '>', "$file.result") or die "$file.result: $!\n";
		print $result join(' ', %count), "\n", @failures;
		exit(close($result) ? 0 : 1);
	}
	$running{$pid} = [ $name, $file ];
	return $pid;
}

# Shows what was kept for later of work that has ended, and adds up what it counted.
sub settle
{
	my ($name, $file, $status) = @_;

	print lines_of($file) if -e $file;
	if ($status != 0)
	{
		failure($name, '', 'the one who ran it died');
		$count{failed}++;
		return;
	}
	my ($counted, @failed) = lines_of("$file.result");
	my %counted = split ' ', $counted;
	$count{$_} += $counted{$_} foreach keys %count;
	push @failures, @failed;
}

# Everything.  TAP files have servers of their own and wait for nobody; those of the
# system, which take longest, come first, that none of them is left alone at the end.
sub run_all
{
	my @waiting = map { my $dir = $_; map { [ $dir, $_ ] } glob "$dir/test/t/*.pl" } reverse @directories;
	my $at_once = `nproc`;
	my @ended;

	@waiting = () if !wanted('tap');
	local $ENV{PG_TEST_PORT_DIR} = "$tmp/ports";
	make_path($ENV{PG_TEST_PORT_DIR}, "$tmp/tap", "$tmp/run");
	my $sharing = begin('the tests of the shared server', 0, \&run_on_shared_server);
	local $ENV{PG_REGRESS} = $pg_regress;
	local $ENV{PERL5LIB} = "$pgxs/src/test/perl";
	while (@waiting || %running)
	{
		if (@waiting && keys %running < $at_once)
		{
			my ($dir, $file) = @{ shift @waiting };
			my $name = ($dir eq '.' ? 'system' : $dir) . '/' . basename($file, '.pl');
			begin($name, 1, \&run_tap_file, $name, $file);
			next;
		}
		my $pid = wait();
		my @work = (@{ delete $running{$pid} }, $?);
		if ($pid == $sharing)
		{
			settle(@work);
			heading('tap') if wanted('tap');
			$sharing = 0;
		}
		else
		{
			push @ended, \@work;
		}
		while (!$sharing && @ended)
		{
			settle(@{ shift @ended });
		}
	}
}

run_all();

print "== failed\n", @failures if @failures;
print "$count{passed} passed, $count{failed} failed",
  $count{skipped} ? ", $count{skipped} skipped\n" : "\n";
exit($count{failed} == 0 && $count{passed} > 0 ? 0 : 1);
