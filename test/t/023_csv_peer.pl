#
# 023_csv_peer.pl - our reader of CSV against the csv module of Python
#
# Two readers that share no code read the same random files; what must be the same is
# said in csv_peer.py, which makes them.  Python is a peer of this test alone.
#
# The seed is printed; PM_SEED=n repeats a run, PM_SOAK=1 makes it long.
#
use strict;
use warnings;

use FindBin;
use PostgreSQL::Test::Utils;
use Test::More;

my $python  = '/usr/bin/python3';
my $printer = "$FindBin::RealBin/../../build/unit/print_csv";

plan skip_all => "$python is not installed" if !-x $python;
plan skip_all => 'the unit tests are not built' if !-x $printer;

my $count = $ENV{PM_SOAK} ? 20_000 : 300;
my $seed = defined $ENV{PM_SEED} ? $ENV{PM_SEED} : time ^ $$ << 8;
note("PM_SEED=$seed, $count files a kind");

my $directory = PostgreSQL::Test::Utils::tempdir();
my $out       = qx("$python" "$FindBin::RealBin/csv_peer.py" "$printer" "$directory" $seed $count 2>&1);
is($?, 0, 'the peer ran to its end');

foreach my $line (split /\n/, $out)
{
	if    ($line =~ /^(not )?ok \d+ - (.*)/) { ok(!$1, $2); }
	elsif ($line !~ /^1\.\.2$/)              { diag($line); }
}
done_testing(3);
