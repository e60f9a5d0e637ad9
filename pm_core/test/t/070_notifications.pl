#
# 070_notifications.pl - upkeep by workers, as it is scheduled: who listens is told once of each
# user who has new notifications, and of nothing that was rolled back; what has expired is deleted
#
use strict;
use warnings;

use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = "$FindBin::RealBin/../../..";
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', <<CONF);
shared_preload_libraries = 'pm_jobs, pm_core'
pm_jobs.databases = 'postgres'
pm_jobs.idle_exit = '1h'
fsync = off
CONF
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION pm_core CASCADE;
CREATE ROLE pm_reader; CREATE ROLE pm_writer; CREATE ROLE pm_worker LOGIN BYPASSRLS; CREATE ROLE pm_admin;
CREATE ROLE client LOGIN IN ROLE pm_reader;
SQL
$node->safe_psql('postgres', slurp_file("$top/$_/sql/grants.sql")) foreach qw(pm_jobs pm_xref pm_core);
my ($anne, $bob, $carl) = split /\|/, $node->safe_psql('postgres', <<'SQL');
\o /dev/null
SELECT pm_core.create_default_roles();
\o
SELECT pm_core.create_user('anne@x'), pm_core.create_user('bob@x'), pm_core.create_user('carl@x');
SQL
sub sql { return $node->safe_psql('postgres', $_[0]); }
# Waits until one more job of this kind has begun and succeeded.
sub next_job
{
	my ($kind) = @_;
	my $last = sql(q{SELECT coalesce(max(id), 0) FROM pm_jobs.jobs});
	return $node->poll_query_until('postgres', "SELECT count(*) > 0 FROM pm_jobs.jobs WHERE id > $last AND kind = '$kind' AND status = 'succeeded'");
}

my $listener = $node->background_psql('postgres', extra_params => [ '-U', 'client' ]);
$listener->query_safe('LISTEN pm_core_notifications');
sql("SELECT count(pm_core.send_notification('$anne', 'n ' || n, 'text')) FROM generate_series(1, 5) AS n");
sql("SELECT pm_core.send_notification('$bob', 'n ' || n, 'text') FROM generate_series(1, 2) AS n");
sql("BEGIN; SELECT pm_core.send_notification('$carl', 'undone', 'text'); ROLLBACK");
is(sql('SELECT pm_core.schedule_upkeep()'), '3', 'scheduled');
is(sql(q{SELECT DISTINCT owner FROM pm_jobs.schedules WHERE name LIKE 'pm\_core.%'}), 'pm_worker', 'as pm_worker');
ok(next_job('pm_core.announce'), 'a worker announces');
ok(next_job('pm_core.announce'), 'again, with nothing to tell');

# By the second job the first one's notifications have come.
my $heard = $listener->query_safe('SELECT 1');
my @told = $heard =~ /^Asynchronous notification "(.*)" received from server process with PID \d+\.$/mg;
is_deeply([ sort @told ], [ sort map { qq{pm_core_notifications" with payload "$_} } $anne, $bob ], 'heard: each user once, of five and two notifications, and no other');
my %workers = map { $_ => 1 } split /\n/, sql(q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'pm_jobs worker'});
is(scalar(grep { !$workers{$_} } $heard =~ /with PID (\d+)/g), 0, 'heard: from workers');
is(sql('SELECT count(*) FROM pm_core._unsent'), '0', 'heard: none is told again');

sql("SELECT pm_core.send_notification('$anne', 'one more', 'text')");
ok(next_job('pm_core.announce') && next_job('pm_core.announce'), 'one more');
@told = $listener->query_safe('SELECT 1') =~ /^Asynchronous notification "(.*)" received/mg;
is_deeply(\@told, [qq{pm_core_notifications" with payload "$anne}], 'one more: heard');
$listener->quit;

# what has expired, as soon as its schedule comes
sql(q{UPDATE pm_core.notifications SET expires_at = now() - interval '1 s' WHERE title = 'n 2'});
sql(q{INSERT INTO pm_core._sessions (user_id, expires_at) SELECT id, now() - interval '1 s' FROM pm_core.users WHERE email = 'anne@x'});
sql(q{UPDATE pm_jobs._schedules SET next_run = now() WHERE name = 'pm_core.expire'});
ok($node->poll_query_until('postgres', q{SELECT count(*) FROM pm_core.notifications WHERE title = 'n 2'}, '0'), 'a worker deletes what has expired');
is(sql(q{SELECT sum((result->>'notifications')::int), sum((result->>'sessions')::int) FROM pm_jobs.jobs WHERE kind = 'pm_core.expire'}), '2|1', 'expired: counted by jobs');
is(sql(q{SELECT string_agg(title, ', ' ORDER BY title, user_id) FROM pm_core.notifications}), 'n 1, n 1, n 3, n 4, n 5, one more', 'expired: and gone, and no other');
is(sql(q{SELECT count(*) FROM pm_jobs.jobs WHERE status NOT IN ('queued', 'running', 'succeeded')}), '0', 'no job has failed');

# what shared memory counts
sql(q{SELECT pm_core.verify_password('nobody@x', 'wrong')});
sql(q{UPDATE pm_jobs._schedules SET next_run = now() WHERE name = 'pm_core.failures'});
ok($node->poll_query_until('postgres', 'SELECT count(*) FROM pm_core._login_failures', '1'), 'a worker saves failed logins');
$node->stop;
done_testing();
