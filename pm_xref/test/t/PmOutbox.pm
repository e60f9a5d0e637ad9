#
# PmOutbox.pm - a publisher and a subscriber with workers, for the TAP tests of the outbox
#
# Nothing here sleeps: whatever is waited for is asked for again until a deadline.
#
package PmOutbox;

use strict;
use warnings;

use Exporter qw(import);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

our @EXPORT = qw(make_server set_up_publisher set_up_subscriber subscribe_to lead_to ask reaches arrived);

# Makes a server with workers, not yet started.
sub make_server
{
	my ($name, $settings) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init(allows_streaming => 1);
	$node->append_conf('postgresql.conf', <<CONF);
shared_preload_libraries = 'pm_jobs'
restart_after_crash = on
fsync = off
log_min_messages = fatal
log_statement = none
$settings
CONF
	return $node;
}

# A thing for each key; change() makes the next version of it and publishes that.
sub set_up_publisher
{
	my ($node, $database, $keys) = @_;
	$node->safe_psql($database, <<SQL);
CREATE EXTENSION pm_xref CASCADE;
CREATE TABLE things (id int PRIMARY KEY, n int NOT NULL DEFAULT 0);
INSERT INTO things SELECT generate_series(1, $keys);
CREATE FUNCTION change(thing int) RETURNS bigint LANGUAGE sql AS \$\$
  WITH changed AS (UPDATE public.things SET n = n + 1 WHERE id = thing RETURNING n)
  SELECT pm_xref.publish('thing', thing::text, jsonb_build_object('n', n)) FROM changed
\$\$;
SELECT pm_xref.define_topic('thing', 'a thing changed');
SQL
}

# Events are noted in table got as they are handled.
sub set_up_subscriber
{
	my ($node, $database) = @_;
	$node->safe_psql($database, <<'SQL');
CREATE EXTENSION pm_xref CASCADE;
CREATE TABLE got (id bigint GENERATED ALWAYS AS IDENTITY, key int NOT NULL, n int NOT NULL, event bigint NOT NULL, job bigint NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE FUNCTION note(job pm_jobs.job) RETURNS jsonb LANGUAGE sql SET search_path = public AS $$
  INSERT INTO got (key, n, event, job)
  VALUES ((job.payload ->> 'key')::int, (job.payload -> 'payload' ->> 'n')::int, (job.payload ->> 'event')::bigint, job.id) RETURNING NULL::jsonb
$$;
SELECT pm_jobs.register_handler('note', 'note(pm_jobs.job)');
SELECT pm_jobs.create_queue('things', concurrency => 4, max_attempts => 1000, backoff => '{0}', ordered => true);
SQL
}

# Subscribes queue "things" of a database on another server.
sub subscribe_to
{
	my ($publisher, $database, $subscriber, $its_database) = @_;
	$publisher->safe_psql($database, sprintf(q{SELECT pm_xref.add_database('subscriber', '%s', %d, '%s');
		SELECT pm_xref.subscribe('thing', 'subscriber', 'things', 'note')}, $subscriber->host, $subscriber->port, $its_database));
}

# Lets the subscription lead to another server or database from now on.
sub lead_to
{
	my ($publisher, $database, $subscriber, $its_database) = @_;
	$publisher->safe_psql($database, sprintf(q{ALTER SERVER subscriber OPTIONS (SET host '%s', SET port '%d', SET dbname '%s')},
		$subscriber->host, $subscriber->port, $its_database));
}

# Asks, again while the server comes back.
sub ask
{
	my ($node, $database, $sql) = @_;
	my $deadline = time + 60;
	while (time < $deadline)
	{
		# dies when psql is gone before it has read the query
		my ($status, $out) = eval { $node->psql($database, $sql) };
		return $out if defined $status && $status == 0;
	}
	die 'server "' . $node->name . "\" did not come back\n";
}

# Waits until a query gives what is expected; false after a minute and a half.
sub reaches
{
	my ($node, $database, $query, $expected) = @_;
	my $deadline = time + 90;
	my $got = '';
	while (time < $deadline)
	{
		$got = ask($node, $database, $query);
		return 1 if $got eq $expected;
	}
	diag("$query: got \"$got\", not \"$expected\"");
	return 0;
}

# Tests that every version of every thing has arrived, once, in order for each thing.
sub arrived
{
	my ($publisher, $database, $subscriber, $its_database, $name) = @_;
	my $things = ask($publisher, $database, q{SELECT string_agg(id || ': ' || n, ' ' ORDER BY id) FROM things WHERE n > 0});

	ok(reaches($subscriber, $its_database, q{SELECT string_agg(key || ': ' || n, ' ' ORDER BY key) FROM (SELECT key, count(*) AS n FROM got GROUP BY key) AS g}, $things),
		"$name: as many events as changes");
	is(ask($subscriber, $its_database, q{SELECT count(*) FROM (SELECT n, row_number() OVER (PARTITION BY key ORDER BY id) AS place FROM got) AS g WHERE n <> place}),
		'0', "$name: each once, in order")
	  or diag(ask($subscriber, $its_database, q{SELECT string_agg(format('key %s, place %s: %s', key, place, g), E'\n' ORDER BY key, place) FROM (
			SELECT key, row_number() OVER w AS place, bool_or(n <> row_number) OVER (PARTITION BY key ORDER BY id ROWS BETWEEN 2 PRECEDING AND 2 FOLLOWING) AS near, g
			FROM (SELECT g.*, row_number() OVER (PARTITION BY key ORDER BY id) FROM got AS g) AS g WINDOW w AS (PARTITION BY key ORDER BY id)) AS g WHERE near}));
}

1;
