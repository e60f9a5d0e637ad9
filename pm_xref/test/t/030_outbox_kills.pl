#
# 030_outbox_kills.pl - whatever is killed, every event arrives once and in order
#
# Clients change things, and publish each change, while a killer ends processes of
# the publisher or the subscriber with kill -9 (the server then restarts all of its
# processes), stops one of the servers at once, or terminates the sessions by which
# events are delivered.  Commits wait for no disk on either side, so a crash undoes
# some: what a subscriber was told must not be among them.  In the end each thing
# has had all its versions noted at the subscriber, in order.
#
# The seed is printed; PM_SEED=n repeats a run, PM_SOAK=1 makes it long.
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use IPC::Run qw(start);
use PmOutbox;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $kills = $ENV{PM_SOAK} ? 200 : 10;
my $seed = defined $ENV{PM_SEED} ? $ENV{PM_SEED} : int(time) ^ $$ << 8;
srand($seed);
note("PM_SEED=$seed, $kills kills");

my $publisher = make_server('publisher', 'synchronous_commit = off');
my $subscriber = make_server('subscriber', "synchronous_commit = off\npm_jobs.workers = 2");
$_->start foreach $publisher, $subscriber;
set_up_publisher($publisher, 'postgres', 20);
set_up_subscriber($subscriber, 'postgres');
subscribe_to($publisher, 'postgres', $subscriber, 'postgres');

# one change; several and some undone; one in a transaction that takes longer
my $dir = PostgreSQL::Test::Utils::tempdir();
append_to_file("$dir/one.sql", "\\set k random(1, 20)\nSELECT change(:k);\n");
append_to_file("$dir/several.sql", <<'SQL');
\set k random(1, 10)
\set l random(11, 20)
BEGIN;
SELECT change(:k);
SAVEPOINT s;
SELECT change(:l);
ROLLBACK TO s;
SELECT change(:k);
SELECT change(:l);
COMMIT;
SQL
append_to_file("$dir/long.sql", <<'SQL');
\set k random(1, 20)
BEGIN;
SELECT pg_current_xact_id();
SELECT count(*) FROM generate_series(1, 20000);
SELECT change(:k);
SELECT count(*) FROM generate_series(1, 200000);
COMMIT;
SQL

# Starts clients that publish until the server goes.
my $clients;
sub start_clients
{
	stop_clients() if defined $clients;
	ask($publisher, 'postgres', 'SELECT 1');
	$clients = start([
			'pgbench', '-n', '-c', '4', '-T', '600', '-R', '400', '-h', $publisher->host, '-p', $publisher->port,
			'-f', "$dir/one.sql\@6", '-f', "$dir/several.sql\@3", '-f', "$dir/long.sql\@1", 'postgres'
		], '>', '/dev/null', '2>', '/dev/null');
}

# Those whose server has gone have ended already.
sub stop_clients
{
	$clients->kill_kill;
	eval { $clients->finish };
}

# A process of the server, at random.
sub victim
{
	my ($node) = @_;
	my @pids = split /\n/, ask($node, 'postgres',
		q{SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type IN ('client backend', 'pm_jobs worker', 'checkpointer')});
	return $pids[ rand @pids ];
}

my %ways = (
	'kill -9'   => sub { my $pid = victim($_[0]); kill('KILL', $pid) if defined $pid; },
	stop        => sub { $_[0]->stop('immediate'); $_[0]->start; },
	terminate   => sub { ask($subscriber, 'postgres', q{SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'pm_xref'}); },
	'terminate workers' => sub { ask($publisher, 'postgres', q{SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE backend_type = 'pm_jobs worker'}); },
);
my @ways = ('kill -9', 'kill -9', 'kill -9', 'kill -9', 'stop', 'terminate', 'terminate workers');
my $killed = 0;
start_clients();
while ($killed < $kills)
{
	my $way = $ways[ rand @ways ];
	my $node = rand() < 0.5 ? $publisher : $subscriber;
	my $got = ask($subscriber, 'postgres', 'SELECT count(*) FROM got');
	my $enough = int rand 300;

	last unless ok(reaches($subscriber, 'postgres', "SELECT count(*) >= $got + $enough FROM got", 't'), "$enough more events arrive");
	note($way, ' ', $node->name);
	$ways{$way}->($node);
	$killed++;
	start_clients() if $node == $publisher;
}
is($killed, $kills, "killed $killed times");
stop_clients();
# a statement goes on when its client is gone, and may commit yet
ok(reaches($publisher, 'postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()}, '0'),
	'no client is at work');
arrived($publisher, 'postgres', $subscriber, 'postgres', 'in the end');
cmp_ok(ask($publisher, 'postgres', 'SELECT sum(n) FROM things'), '>', 100, 'it was worth while');
is(ask($publisher, 'postgres', q{SELECT undelivered FROM pm_xref.outbox_lag}), '0', 'nothing is left');
$publisher->stop;
$subscriber->stop;
done_testing();
