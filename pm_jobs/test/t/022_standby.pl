#
# 022_standby.pl - no workers on a standby; after its promotion they run what was ready
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use PmJobs;

my $primary = make_node('primary', 'pm_jobs.enabled = off');
$primary->start;
set_up($primary, 'postgres');
$primary->backup('copy');

my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'copy', has_streaming => 1);
$standby->append_conf('postgresql.conf', 'pm_jobs.enabled = on');
$standby->start;
my $id = enqueue_in($primary, 'postgres', '{}', 100);
$primary->wait_for_catchup($standby);

my $ours = q{SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'pm_jobs%'};
is($standby->safe_psql('postgres', $ours), '0', 'a standby has neither launcher nor workers');
is(status_of($standby, 'postgres', $id), 'ready', 'its jobs can be read');
my ($code, $out, $err) = $standby->psql('postgres', q{SELECT pm_jobs.enqueue('q', 'work')});
like($err, qr/read-only transaction/, 'but not made');
is(status_of($primary, 'postgres', $id), 'ready', 'where workers are disabled nothing runs');

$primary->stop;
$standby->promote;
my $status = in_time(2, 'the jobs of a promoted standby', sub { $standby->safe_psql('postgres', "SELECT pm_jobs.wait($id, '30 s')") });
is($status, 'succeeded', 'the jobs of a promoted standby run');
cmp_ok(run_job($standby, 'postgres'), '<', 2, 'and new ones');
ok(wait_for(sub { $standby->safe_psql('postgres', 'SELECT count(*) FROM pm_jobs._job') eq '0' }), 'all have run');
is($standby->safe_psql('postgres', 'SELECT count(*), count(DISTINCT id) FROM done'), '101|101', 'once each');
$standby->stop;
done_testing();
