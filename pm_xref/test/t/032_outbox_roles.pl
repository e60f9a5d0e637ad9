#
# 032_outbox_roles.pl - who may publish, subscribe and deliver; what a subscriber refuses
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PmOutbox;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $publisher = make_server('publisher', '');
my $subscriber = make_server('subscriber', '');
$_->start foreach $publisher, $subscriber;
set_up_publisher($publisher, 'postgres', 5);
set_up_subscriber($subscriber, 'postgres');
foreach my $node ($publisher, $subscriber)
{
	$node->safe_psql('postgres', "CREATE ROLE $_ LOGIN") foreach qw(pm_reader pm_writer pm_admin pm_worker other);
	$node->safe_psql('postgres', slurp_file("$FindBin::RealBin/../../../pm_jobs/sql/grants.sql"));
	$node->safe_psql('postgres', slurp_file("$FindBin::RealBin/../../sql/grants.sql"));
}
$publisher->safe_psql('postgres', sprintf(q{SELECT pm_xref.add_database('subscriber', '%s', %d, 'postgres');
	GRANT USAGE ON FOREIGN SERVER subscriber TO pm_worker; GRANT UPDATE, SELECT ON things TO pm_writer}, $subscriber->host, $subscriber->port));
$subscriber->safe_psql('postgres', 'GRANT INSERT ON got TO pm_worker');

sub as
{
	my ($role, $sql) = @_;
	my ($status, $out, $err) = $publisher->psql('postgres', "\\set VERBOSITY verbose\nSET ROLE $role;\n$sql");
	return $status == 0 ? $out : $err;
}
my $subscribe = q{SELECT pm_xref.subscribe('thing', 'subscriber', 'things', 'note') IS NOT NULL};

like(as('other', q{SELECT pm_xref.publish('thing', '1', '{}')}), qr/42501: permission denied for function publish/, 'others do not publish');
like(as('pm_writer', q{INSERT INTO pm_xref._events (epoch, topic, key, payload) VALUES (1, 'thing', '1', '{}')}),
	qr/42501: permission denied for table _events/, 'pm_writer publishes by the function alone');
like(as('pm_writer', 'SELECT * FROM pm_xref._events'), qr/42501/, 'and reads no events');
like(as('pm_reader', $subscribe), qr/42501: permission denied for function subscribe/, 'pm_reader does not subscribe');
like(as('pm_writer', q{SELECT pm_xref.define_topic('mine', 'mine')}), qr/42501/, 'pm_writer defines no topic');
is(as('pm_admin', q{SELECT pm_xref.define_topic('more', 'more')}), '', 'pm_admin does');

# the first subscription needs an administrator's queue
like(as('pm_worker', $subscribe), qr/42704: queue "pm_xref", by which events are delivered, does not exist/, 'pm_worker makes no queue');
is(as('pm_admin', 'SELECT pm_xref.schedule_delivery()'), '', 'pm_admin does');
like(as('pm_worker', $subscribe), qr/42501: subscription to "thing": server "subscriber" says: role "pm_worker" may not enqueue in queue "things"/,
	'the subscriber grants the queue to whom the mapping names');
$subscriber->safe_psql('postgres', q{SELECT pm_jobs.grant_queue('things', 'pm_worker')});
is(as('pm_worker', $subscribe), 't', 'pm_worker subscribes');
my $receive = q{SELECT pm_xref.receive_events('mine', 'mine', 'pm_xref._run_delivery(pm_jobs.job)')};
like(as('pm_worker', $receive), qr/42501: permission denied for function receive_events/, 'pm_worker makes no receiver');
is(as('pm_admin', $receive), '', 'pm_admin does');
is(as('pm_worker', q{SELECT name, ordered, granted_to FROM pm_jobs.queues WHERE name = 'mine'}), 'mine|t|{pm_worker}', 'and pm_worker may use its queue');
like(as('pm_worker', q{INSERT INTO pm_xref._subscriptions (topic, queue, kind, owner, start, confirmed, position) VALUES ('*', 'q', 'k', 'postgres', '{}', '{}', '{}')}),
	qr/42501: new row violates row-level security policy/, 'for itself alone');

# a writer's event is delivered by pm_worker
like(as('pm_writer', 'SELECT change(1)'), qr/^\d+$/, 'pm_writer publishes');
arrived($publisher, 'postgres', $subscriber, 'postgres', 'delivered');
is($publisher->safe_psql('postgres', q{SELECT DISTINCT enqueued_by FROM pm_jobs.jobs WHERE kind = 'pm_xref.deliver'}), 'pm_worker', 'by pm_worker');
is($subscriber->safe_psql('postgres', q{SELECT DISTINCT enqueued_by FROM pm_jobs.jobs WHERE kind = 'note'}), 'pm_worker', 'and handled there by pm_worker');
is(as('pm_worker', 'SELECT pm_xref.deliver()'), '0', 'in its own session too');
is(as('postgres', 'SELECT pm_xref.deliver()'), '0', 'another delivers nothing for it');

# what the subscriber refuses is recorded, and delivery goes on when it is put right
sub refused
{
	my ($code, $message, $name) = @_;
	$publisher->safe_psql('postgres', 'UPDATE pm_xref._subscriptions SET next_try = NULL; SELECT change(2)');
	ok(reaches($publisher, 'postgres', q{SELECT sqlstate FROM pm_xref.outbox_lag WHERE failures > 0}, $code), "$name: recorded");
	like($publisher->safe_psql('postgres', 'SELECT message FROM pm_xref.outbox_lag'), $message, "$name: with its message");
}
sub put_right
{
	my ($name) = @_;
	$publisher->safe_psql('postgres', 'UPDATE pm_xref._subscriptions SET next_try = NULL; SELECT change(3)');
	arrived($publisher, 'postgres', $subscriber, 'postgres', $name);
}
$subscriber->safe_psql('postgres', q{SELECT pm_jobs.revoke_queue('things', 'pm_worker')});
refused('42501', qr/server "subscriber" says: role "pm_worker" may not enqueue in queue "things"/, 'queue revoked');
$subscriber->safe_psql('postgres', q{SELECT pm_jobs.grant_queue('things', 'pm_worker')});
put_right('queue granted again');
$subscriber->safe_psql('postgres', q{SELECT pm_jobs.unregister_handler('note')});
refused('42704', qr/job kind "note" is not registered/, 'kind gone');
$subscriber->safe_psql('postgres', q{SELECT pm_jobs.register_handler('note', 'note(pm_jobs.job)')});
put_right('kind registered again');
$subscriber->safe_psql('postgres', q{REVOKE EXECUTE ON FUNCTION pm_xref._receive(uuid, jsonb, jsonb, jsonb) FROM pm_worker});
refused('42501', qr/permission denied for function _receive/, 'function revoked');
$subscriber->safe_psql('postgres', q{GRANT EXECUTE ON FUNCTION pm_xref._receive(uuid, jsonb, jsonb, jsonb) TO pm_worker});
put_right('function granted again');

# another role's subscription: seen, but ended by its owner or pm_admin
$publisher->safe_psql('postgres', 'CREATE ROLE second LOGIN IN ROLE pm_worker');
like(as('second', q{SELECT pm_xref.unsubscribe('thing', 'subscriber')}), qr/42704: server "subscriber" has no subscription to "thing" that is yours/, 'another cannot end it');
is(as('pm_reader', 'SELECT topic, owner FROM pm_xref.subscriptions'), 'thing|pm_worker', 'pm_reader sees it');
my ($status, $out, $err) = $publisher->psql('postgres', q{SET ROLE pm_admin; SELECT pm_xref.unsubscribe('thing', 'subscriber')});
like($err, qr/WARNING:  the subscriber was not told: permission denied for foreign server subscriber/, 'pm_admin can, without a mapping of its own');
is($publisher->safe_psql('postgres', 'SELECT count(*) FROM pm_xref._subscriptions'), '0', 'and has');
like(as('pm_writer', 'SELECT change(1)'), qr/^\d+$/, 'publishing goes on');
is(as('pm_worker', 'SELECT pm_xref.purge_events()'), '0', 'pm_worker purges, also in a session that has done nothing else');
$publisher->stop;
$subscriber->stop;
done_testing();
