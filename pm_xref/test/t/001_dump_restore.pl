#
# 001_dump_restore.pl - dump, restore and pg_upgrade carry references and results, topics,
# events and who has been sent what
#
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../../../test/t";
use PmRestore;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('old');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE original');
$node->safe_psql('original', sprintf(<<'SQL', $node->host, $node->port));
CREATE EXTENSION pm_xref CASCADE;
SELECT pm_xref.add_database('self', '%s', %d, 'original');
CREATE SCHEMA zoo;
CREATE TABLE zoo."Child table" (id uuid PRIMARY KEY DEFAULT pm_xref.uuid7(), parent_id bigint);
CREATE TABLE zoo.parent (id bigint PRIMARY KEY);
INSERT INTO zoo.parent VALUES (1), (2);
INSERT INTO zoo."Child table" (parent_id) VALUES (1), (2), (3), (4), (NULL);
SELECT pm_xref.add_reference('far', 'zoo."Child table"', 'parent_id', 'self', 'zoo.parent');
SELECT pm_xref.add_reference('near', 'zoo."Child table"', 'parent_id', NULL, 'zoo.parent');
SELECT pm_xref.add_reference('broken', 'zoo."Child table"', 'parent_id', 'self', 'zoo.nothing');
CREATE FUNCTION zoo.noop(job pm_jobs.job) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb';
SELECT pm_jobs.register_handler('noop', 'zoo.noop(pm_jobs.job)'), pm_jobs.create_queue('line', ordered => true);
SELECT pm_xref.define_topic('zoo.fed', 'an animal was fed', '{"required": ["food"]}');
SELECT pm_xref.subscribe('zoo.*', NULL, 'line', 'noop');
SET pm_xref.keep_events = 0;
SELECT pm_xref.publish('zoo.fed', 'lion', '{"food": "meat"}');
SELECT pm_xref.deliver(), pm_xref.purge_events();
SELECT pm_xref.publish('zoo.fed', 'lion', '{"food": "more meat"}');
SELECT pm_xref.deliver();
SELECT pm_xref.publish('zoo.fed', 'zebra', '{"food": "grass"}');
SQL
$node->safe_psql('original', 'SELECT * FROM pm_xref.check()');
$node->safe_psql('original', 'INSERT INTO zoo.parent VALUES (3)');
$node->safe_psql('original', 'SELECT * FROM pm_xref.check()');
$node->safe_psql('original', q{SET pm_xref.max_repair_ratio = 1; SELECT * FROM pm_xref.repair('far', 'quarantine', false)});

# Every row of every table.
sub picture
{
	my ($on, $database) = @_;
	return join "\n", map { "$_\n" . $on->safe_psql($database, "SELECT t::text FROM pm_xref.$_ AS t ORDER BY 1") } qw(_references checks orphans quarantined _topics _events _purged _subscriptions _inbox);
}

my $picture = picture($node, 'original');
like($picture, qr/resolved/, 'orphans of both states');
like($picture, qr/42P01/, 'a check that failed');
like($picture, qr/,quarantine,/, 'a row in quarantine');

# Tests that checks, quarantine and ids go on, and that what had not been delivered is, with what is new.
sub goes_on
{
	my ($on, $database, $name) = @_;
	is($on->safe_psql($database, q{SELECT orphans, new_orphans, resolved FROM pm_xref.check('near')}), '0|0|1', "$name: the next check goes on from there");
	is($on->safe_psql($database, q{SELECT outcome FROM pm_xref.restore_quarantined('far', true)}), 'restored', "$name: what is in quarantine can be restored");
	is($on->safe_psql($database, 'SELECT count(*) FROM zoo."Child table"'), '5', "$name: and is there");
	is($on->safe_psql($database, q{SELECT pm_xref.publish('zoo.fed', 'zebra', '{"food": "more grass"}')}), '4', "$name: the next event");
	is($on->safe_psql($database, q{SELECT pm_xref.deliver()}), '2', "$name: delivered with the one that waited");
	is($on->safe_psql($database, q{SELECT string_agg(payload -> 'payload' ->> 'food', ', ' ORDER BY id) FROM pm_jobs.jobs WHERE queue = 'line'}),
		'meat, more meat, grass, more grass', "$name: each once");
}

survives_restore($node, 'original', \&picture, \&goes_on);
survives_upgrade($node, 'original', \&picture, \&goes_on); # OIDs of tables stay
done_testing();
