#
# 024_pg_upgrade.pl - pg_upgrade carries jobs in every state; workers stay out of it
#
# Both clusters preload the library.  While pg_upgrade runs its servers there must be no
# worker: they would run jobs of a half-made database.  Afterwards the jobs that were
# ready run.
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PmJobs;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

chomp(my $bindir = `$ENV{PG_CONFIG} --bindir`);

# pg_upgrade writes where it is started.
chdir PostgreSQL::Test::Utils::tempdir() or die "could not change directory: $!";

# What there is, in each state.
my $states = q{SELECT string_agg(status || ' ' || n, ', ' ORDER BY status) FROM
	(SELECT status, count(*) AS n FROM pm_jobs.jobs GROUP BY status) t};

my $old = make_node('old', '');
$old->start;
set_up($old, 'postgres');
run_job($old, 'postgres') foreach 1 .. 3;
$old->append_conf('postgresql.conf', 'pm_jobs.enabled = off');
$old->restart;
my $ready = enqueue_in($old, 'postgres', '{}', 20);
$old->safe_psql('postgres', q{SELECT pm_jobs.enqueue('q', 'work', run_at => now() + interval '1 day')});
$old->safe_psql('postgres', q{SELECT pm_jobs.schedule('nightly', '30 4 * * *', 'q', 'work')});
$old->stop;
# from now on workers could run what is ready
$old->append_conf('postgresql.conf', 'pm_jobs.enabled = on');

my $new = make_node('new', '');
command_ok(
	[
		'pg_upgrade', '--no-sync', '-d', $old->data_dir, '-D', $new->data_dir, '-b', $bindir, '-B', $bindir,
		'-s', $new->host, '-p', $old->port, '-P', $new->port
	],
	'pg_upgrade');
$new->append_conf('postgresql.conf', 'pm_jobs.enabled = off');
$new->start;
is($new->safe_psql('postgres', $states), 'ready 20, scheduled 1, succeeded 3', 'every job is as it was');
is($new->safe_psql('postgres', 'SELECT count(*) FROM done'), '3', 'no worker ran meanwhile');
$new->append_conf('postgresql.conf', 'pm_jobs.enabled = on');
$new->reload;
is($new->safe_psql('postgres', "SELECT pm_jobs.wait($ready, '30 s')"), 'succeeded', 'what was ready runs');
ok(wait_for(sub { $new->safe_psql('postgres', $states) eq 'scheduled 1, succeeded 23' }), 'all of it');
cmp_ok(run_job($new, 'postgres'), '<', 2, 'and new jobs');
is($new->safe_psql('postgres', q{SELECT name FROM pm_jobs.schedules}), 'nightly', 'schedules are there');
$new->stop;
done_testing();
