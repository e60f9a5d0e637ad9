#
# 031_outbox_restore.pl - what one of the sides had when it comes back from the past
#
# After each restore every event that the publisher has now has been handled once, in
# order for each thing; what was published and delivered after the backup that the
# publisher is restored from is gone there and stays at the subscriber.
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PmOutbox;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir();
my $publisher = make_server('publisher', 'max_wal_senders = 4');
my $subscriber = make_server('subscriber', 'max_wal_senders = 4');
$_->start foreach $publisher, $subscriber;
set_up_publisher($publisher, 'postgres', 5);
$subscriber->safe_psql('postgres', 'CREATE DATABASE shop');
set_up_subscriber($subscriber, 'shop');
subscribe_to($publisher, 'postgres', $subscriber, 'shop');

# So many changes of every thing, each in a transaction of its own.
sub change
{
	my ($node, $times, $database) = @_;
	$node->safe_psql($database // 'postgres', "SELECT change(t) FROM generate_series(1, 5) AS t;\n" x $times);
}

change($publisher, 3);
arrived($publisher, 'postgres', $subscriber, 'shop', 'to begin with');

# the subscriber is away for hours: no job fails, nothing wakes it, the view says so
$subscriber->stop;
change($publisher, 20);
ok(reaches($publisher, 'postgres', q{SELECT failures > 0 AND undelivered = 100 AND age > '0' FROM pm_xref.outbox_lag}, 't'), 'away: seen in the view');
is($publisher->safe_psql('postgres', q{SELECT sqlstate FROM pm_xref.outbox_lag}), '08001', 'away: the reason');
$publisher->safe_psql('postgres', q{UPDATE pm_xref._subscriptions SET next_try = now() + interval '5 h'});
change($publisher, 20);
is($publisher->safe_psql('postgres', q{SELECT count(*) FROM pm_jobs.dead}), '0', 'away: no job is dead');
$subscriber->start;
$publisher->safe_psql('postgres', q{UPDATE pm_xref._subscriptions SET next_try = now(); SELECT change(1)});
arrived($publisher, 'postgres', $subscriber, 'shop', 'back');
is($publisher->safe_psql('postgres', q{SELECT failures, undelivered FROM pm_xref.outbox_lag}), '0|0', 'back: seen in the view');

# the subscriber is restored from a base backup, then from a dump
$subscriber->backup('old');
$subscriber->command_ok([ 'pg_dump', '-Fc', '-f', "$dir/shop", '-h', $subscriber->host, '-p', $subscriber->port, 'shop' ], 'the subscriber is dumped');
change($publisher, 30);
arrived($publisher, 'postgres', $subscriber, 'shop', 'after the backup');
$subscriber->stop;
my $second = PostgreSQL::Test::Cluster->new('subscriber_restored');
$second->init_from_backup($subscriber, 'old');
$second->start;
lead_to($publisher, 'postgres', $second, 'shop');
change($publisher, 2);
arrived($publisher, 'postgres', $second, 'shop', 'the subscriber from its base backup');
$second->safe_psql('postgres', 'CREATE DATABASE dumped TEMPLATE template0');
$second->command_ok([ 'pg_restore', '-e', '-h', $second->host, '-p', $second->port, '-d', 'dumped', "$dir/shop" ], 'the dump of the subscriber is restored');
lead_to($publisher, 'postgres', $second, 'dumped');
change($publisher, 2);
arrived($publisher, 'postgres', $second, 'dumped', 'the subscriber from its dump');
lead_to($publisher, 'postgres', $second, 'shop');
change($publisher, 2);
arrived($publisher, 'postgres', $second, 'shop', 'and the other again');

# the publisher is restored from a base backup in which some events are not yet delivered
my $id = $publisher->safe_psql('postgres', q{UPDATE pm_xref._subscriptions SET next_try = now() + interval '5 h' RETURNING id});
$id =~ s/\n.*//s;
change($publisher, 3);
$publisher->backup('old');
my $at_backup = $publisher->safe_psql('postgres', 'SELECT sum(n) FROM things');
$publisher->safe_psql('postgres', q{UPDATE pm_xref._subscriptions SET next_try = NULL});
change($publisher, 30);
arrived($publisher, 'postgres', $second, 'shop', 'before the publisher goes');
my $received = $second->safe_psql('shop', 'SELECT received FROM pm_xref._inbox');
$publisher->stop;

my $restored = PostgreSQL::Test::Cluster->new('publisher_restored');
$restored->init_from_backup($publisher, 'old');
$restored->start;
is($restored->safe_psql('postgres', 'SELECT sum(n) FROM things'), $at_backup, 'the publisher is at an older state');
# it comes to as many transactions as the other had, and more, before it delivers any
$restored->safe_psql('postgres', q{UPDATE pm_xref._subscriptions SET next_try = now() + interval '5 h'});
$restored->safe_psql('postgres', "SELECT pg_current_xact_id();\n" x 100);
change($restored, 40);
my $again = $restored->safe_psql('postgres', q{SELECT string_agg(key || ': ' || n, ' ' ORDER BY key) FROM
	(SELECT key, count(*) AS n FROM pm_xref._events WHERE epoch = pm_xref._epoch() GROUP BY key) AS e});
$second->safe_psql('shop', 'CREATE TABLE before AS SELECT key, max(id) AS id FROM got GROUP BY key');
$restored->safe_psql('postgres', q{UPDATE pm_xref._subscriptions SET next_try = NULL; SELECT change(1)});
ok(reaches($second, 'shop', 'SELECT received FROM pm_xref._inbox', $received + 201), 'as many events arrive as it has published since');
ok(reaches($second, 'shop', q{SELECT count(*) FROM pm_jobs.jobs WHERE queue = 'things' AND finished_at IS NULL}, '0'), 'and are handled');
is($second->safe_psql('shop', q{SELECT string_agg(key || ': ' || n, ' ' ORDER BY key) FROM
	(SELECT g.key, count(*) - (g.key = 1)::int AS n FROM got AS g JOIN before AS b ON b.key = g.key AND g.id > b.id GROUP BY g.key) AS e}),
	$again, 'for each thing those of the restored publisher');
is($second->safe_psql('shop', q{SELECT count(*) FROM (SELECT g.n, lag(g.n) OVER (PARTITION BY g.key ORDER BY g.id) AS previous
	FROM got AS g JOIN before AS b ON b.key = g.key AND g.id > b.id) AS e WHERE n <> previous + 1}), '0', 'in order, none left out');
is($restored->safe_psql('postgres', q{SELECT undelivered, failures FROM pm_xref.outbox_lag}), '0|0', 'nothing is left');

# the publisher goes on as another database: a dump, with events of two epochs in it
# that have not been delivered
$second->safe_psql('shop', 'TRUNCATE got; DROP TABLE before');
$restored->safe_psql('postgres', q{UPDATE things SET n = 0; UPDATE pm_xref._subscriptions SET next_try = now() + interval '5 h'});
change($restored, 2);
$restored->restart;
change($restored, 2);
$restored->command_ok([ 'pg_dump', '-Fc', '-f', "$dir/publisher", '-h', $restored->host, '-p', $restored->port, 'postgres' ], 'the publisher is dumped');
my $fresh = make_server('publisher_dumped', '');
$fresh->start;
$fresh->safe_psql('postgres', 'CREATE DATABASE dumped TEMPLATE template0');
$fresh->command_ok([ 'pg_restore', '-e', '-h', $fresh->host, '-p', $fresh->port, '-d', 'dumped', "$dir/publisher" ], 'the dump is restored');
is($fresh->safe_psql('dumped', q{SELECT count(DISTINCT epoch), count(*) > 20 FROM pm_xref._events}), '3|t', 'it holds events of three epochs');
$restored->stop;
change($fresh, 2, 'dumped');
is($fresh->safe_psql('dumped', q{SELECT undelivered FROM pm_xref.outbox_lag}), '30', 'two of which, and what is published now, are not delivered');
$fresh->safe_psql('dumped', q{UPDATE pm_xref._subscriptions SET next_try = NULL; SELECT change(1)});
arrived($fresh, 'dumped', $second, 'shop', 'the publisher from its dump');
is($fresh->safe_psql('dumped', q{SELECT topic, description FROM pm_xref.topics WHERE NOT shipped}), 'thing|a thing changed', 'topics of the user are in the dump');

# a server that has been left and one that has taken over do not deliver in turns
$restored->start;
$restored->safe_psql('postgres', q{UPDATE pm_xref._subscriptions SET next_try = NULL; SELECT change(1)});
ok(reaches($restored, 'postgres', q{SELECT undelivered FROM pm_xref.outbox_lag}, '0'), 'the old one comes back and delivers');
$fresh->safe_psql('dumped', 'SELECT change(1)');
ok(reaches($fresh, 'dumped', q{SELECT sqlstate FROM pm_xref.outbox_lag WHERE failures > 0}, '55000'), 'the new one stops');
like($fresh->safe_psql('dumped', q{SELECT message FROM pm_xref.outbox_lag}), qr/another server has taken over/, 'and says why');
$restored->stop;
$fresh->restart;
$fresh->safe_psql('dumped', q{UPDATE pm_xref._subscriptions SET next_try = NULL; SELECT change(1)});
ok(reaches($fresh, 'dumped', q{SELECT undelivered, failures FROM pm_xref.outbox_lag}, '0|0'), 'when it is started again, it goes on');
my $n = $fresh->safe_psql('dumped', 'SELECT n FROM things WHERE id = 1');
ok(reaches($second, 'shop', q{SELECT n FROM got WHERE key = 1 ORDER BY id DESC LIMIT 1}, $n), 'with what it publishes from then on');
$_->stop foreach $fresh, $second;
done_testing();
