#
# 016_busy.pl - what is due, or asked for, while workers are at work that takes long
#
# Jobs of kind "gated" run until the test opens their gate.  The poll and the end of idle
# workers are far away: whoever comes was asked for, or something was due.
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use PmJobs;

my $node = make_node('busy', "pm_jobs.max_workers = 3\npm_jobs.idle_exit = '1h'\npm_jobs.poll_interval = '1d'");
$node->start;
my @databases = qw(a b c d);
foreach my $database (@databases)
{
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	set_up($node, $database);
	$node->safe_psql($database, <<'SQL');
CREATE FUNCTION gated(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql
AS 'BEGIN PERFORM pg_advisory_xact_lock_shared((job.payload ->> ''gate'')::bigint); RETURN NULL; END';
SELECT pm_jobs.register_handler('gated', 'gated(pm_jobs.job)');
SQL
}

# A session that holds gates shut; opening one lets its jobs end.
my %gate;

sub shut
{
	my ($database, $gate) = @_;
	$gate{$gate} = $node->background_psql($database);
	$gate{$gate}->query_safe("SELECT pg_advisory_lock($gate)");
}

sub open_gate
{
	my ($gate) = @_;
	$gate{$gate}->quit;
}

# Enqueues a job behind a gate that is shut, and waits until it runs.
sub enqueue_gated
{
	my ($database, $gate) = @_;
	my $id = $node->safe_psql($database, "SELECT pm_jobs.enqueue('q', 'gated', '{\"gate\": $gate}')");

	ok(query_reaches($node, $database, "SELECT status FROM pm_jobs.jobs WHERE id = $id", 'running'), "$database: a long job runs");
	return $id;
}

sub ends_well
{
	my ($database, $id, $name) = @_;
	is($node->safe_psql($database, "SELECT pm_jobs.wait($id, '30 s')"), 'succeeded', $name);
}

# ---- the only worker of a database is at work when something becomes due
run_job($node, 'a');
shut('a', 1);
# those that had no job leave after some seconds
ok(wait_for(sub { workers_of($node, 'a') == 1 }), 'a has one worker');
my $due = $node->safe_psql('a', q{SELECT pm_jobs.enqueue('q', 'work', jsonb_build_object('due', t), run_at => t) FROM (SELECT clock_timestamp() + interval '2 s') AS d(t)});
my $long = enqueue_gated('a', 1);
ends_well('a', $due, 'a job that becomes due meanwhile runs');
is($node->safe_psql('a', "SELECT started_at - (payload ->> 'due')::timestamptz < '2 s' FROM pm_jobs.jobs WHERE id = $due"), 't', 'in time');
$node->safe_psql('a', q{SELECT pm_jobs.schedule('tick', '1 s', 'q', 'work', '{"tick": 1}')});
ok(query_reaches($node, 'a', q{SELECT count(*) > 1 FROM pm_jobs.jobs WHERE payload ? 'tick' AND status = 'succeeded'}, 't'), 'a schedule fires');
$node->safe_psql('a', q{SELECT pm_jobs.unschedule('tick')});
is(status_of($node, 'a', $long), 'running', 'the long one still runs');
open_gate(1);
ends_well('a', $long, 'and ends');

# ---- all entries are taken, some by workers that are idle: a database that has one asks for another
run_job($node, $_) foreach qw(b c);
shut('a', 1);
$long = enqueue_gated('a', 1);
my $second = enqueue_gated('a', 1);
my $third = $node->safe_psql('a', q{SELECT pm_jobs.enqueue('q', 'work')});
ends_well('a', $third, 'idle workers of other databases leave for it');
open_gate(1);
ends_well('a', $_, 'the long ones end') foreach $long, $second;

# ---- a worker that was asked to leave stays, at work: others leave instead
run_job($node, $_) foreach qw(a b c);
shut('a', 1);
shut('b', 2);
shut('c', 3);
my %job = (a => enqueue_gated('a', 1), b => enqueue_gated('b', 2), c => enqueue_gated('c', 3));
my $waiting = $node->safe_psql('d', q{SELECT pm_jobs.enqueue('q', 'work')});
open_gate(3);
ends_well('d', $waiting, 'the first that can leave does');
open_gate($_) foreach 1, 2;
ends_well($_, $job{$_}, "$_: the long job ends") foreach qw(a b c);

$node->stop('fast');
is(slurp_file($node->logfile) =~ /(PANIC|TRAP|server process .* was terminated|pm_jobs worker: .*)/ ? $1 : 'none', 'none', 'no trouble in the log');
done_testing();
