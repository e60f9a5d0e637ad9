#
# 013_encodings.pl - texts as keys in databases of different encodings
#
# UTF8 has characters that LATIN1 has not.  Engine stream refuses; engine fdw has the
# keys converted, so that the same text is the same key.
#
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

$ENV{PGCLIENTENCODING} = 'UTF8';
my $node = PostgreSQL::Test::Cluster->new('encodings');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nlog_statement = none\n");
$node->start;

# Statements are sent, and answers come, in UTF8.
sub sql
{
	my ($database, $sql) = @_;
	return $node->safe_psql($database, $sql);
}

sub error_of
{
	my ($database, $sql) = @_;
	my ($status, $out, $err) = $node->psql($database, "\\set VERBOSITY verbose\n$sql");
	return $err;
}

foreach my $encoding ('UTF8', 'LATIN1')
{
	$node->safe_psql('postgres', qq{CREATE DATABASE "\L$encoding\E" ENCODING '$encoding' LOCALE 'C' TEMPLATE template0});
}
foreach my $way ([ 'utf8', 'latin1', qw(a é ü Ж €) ], [ 'latin1', 'utf8', qw(a é ü) ])
{
	my ($child, $parent, @keys) = @$way;
	sql($child, sprintf(q{CREATE EXTENSION pm_xref CASCADE; CREATE TABLE child (id int PRIMARY KEY, t text); INSERT INTO child SELECT n, k FROM unnest('{%s}'::text[]) WITH ORDINALITY AS u(k, n);
		SELECT pm_xref.add_database('%s', '%s', %d, '%2$s'), pm_xref.add_reference('t', 'child', 't', '%2$s', 'public.parent', 't'), pm_xref.add_reference('id', 'child', 'id', '%2$s', 'public.parent', 'id')},
		join(',', @keys), $parent, $node->host, $node->port));
	sql($child, q{SELECT pm_xref.watch_key('child', 't')});
}
sql($_, q{CREATE TABLE parent (id int PRIMARY KEY, t text UNIQUE); INSERT INTO parent VALUES (1, 'a'), (2, 'é'); SELECT pm_xref.watch_key('parent', 't')}) foreach qw(utf8 latin1);

my $orphans = q{SELECT string_agg(key, ' ' ORDER BY key COLLATE "C") FROM pm_xref.orphans WHERE reference = 't' AND state = 'orphan'};
my %missing = (utf8 => 'ü Ж €', latin1 => 'ü');
foreach my $child ('utf8', 'latin1')
{
	like(error_of($child, q{SELECT * FROM pm_xref.find_orphans('t')}), qr/0A000: engine stream cannot check reference "t"\nDETAIL:  The two databases have different encodings\./, "$child: engine stream refuses");
	like(error_of($child, q{SELECT * FROM pm_xref.check('t', 'incremental')}), qr/mode incremental cannot check reference "t"/, "$child: mode incremental refuses");
	is(sql($child, q{SELECT reference, orphans, engine FROM pm_xref.check() ORDER BY 1}), sprintf("id|%d|stream\nt|%d|fdw", $child eq 'utf8' ? (3, 3) : (1, 1)), "$child: a check takes engine fdw, for texts only");
	is(sql($child, $orphans), $missing{$child}, "$child: the same text is the same key");
	is(sql($child, q{SELECT string_agg(key, ' ' ORDER BY key COLLATE "C") FROM pm_xref.find_orphans('t', 'fdw')}), $missing{$child}, "$child: by name");
}

# repair, for keys that the other database could not even hold
sql('latin1', q{INSERT INTO parent VALUES (3, 'ü')});
my $repair = q{SET pm_xref.max_repair_ratio = 1; SELECT key, outcome FROM pm_xref.repair('t', 'quarantine', false) ORDER BY key COLLATE "C"};
is(sql('utf8', $repair), "ü|resolved\nЖ|quarantined\n€|quarantined", 'repair');
is(sql('utf8', q{SELECT key, outcome FROM pm_xref.restore_quarantined('t') ORDER BY key COLLATE "C"}), "Ж|no parent\n€|no parent", 'restore');
is(sql('utf8', q{SELECT orphans FROM pm_xref.check('t')}), '0', 'which is right');

# keys there that cannot be read here: an error, and what was known is kept
sql('utf8', q{INSERT INTO parent VALUES (3, 'ü'), (4, 'Ж')});
is(sql('latin1', q{SELECT orphans IS NULL FROM pm_xref.check('t')}), 't', 'a key that has no equivalent here: no answer');
is(sql('latin1', q{SELECT sqlstate, message FROM pm_xref.checks ORDER BY started_at DESC LIMIT 1}), '22P05|character with byte sequence 0xd0 0x96 in encoding "UTF8" has no equivalent in encoding "LATIN1"', 'which is recorded');
is(sql('latin1', $orphans), 'ü', 'the orphans are kept');
is(sql('latin1', $repair), 'ü|resolved', 'repair asks only for keys of this side');
$node->stop;
done_testing();
