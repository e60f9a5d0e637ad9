#
# 050_erasure.pl - a worker erases in another database who erase_user() was called for, by
# the words of that call, and nobody else
#
use strict;
use warnings;

use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', 'pm_core.bcrypt_cost = 4');
$node->start;
$node->safe_psql('postgres', $_) foreach 'CREATE DATABASE core', 'CREATE DATABASE shop', 'CREATE ROLE pm_reader', 'CREATE ROLE pm_writer', 'CREATE ROLE pm_worker LOGIN BYPASSRLS',
  'CREATE ROLE pm_admin';
$node->safe_psql('core', 'CREATE EXTENSION pm_core CASCADE');
$node->safe_psql('shop', 'CREATE EXTENSION pm_xref CASCADE');
my %others = (core => 'shop', shop => 'core');
foreach my $database (sort keys %others)
{
	foreach my $extension (qw(pm_jobs pm_xref), $database eq 'core' ? 'pm_core' : ())
	{
		$node->safe_psql($database, slurp_file("$FindBin::RealBin/../../../$extension/sql/grants.sql"));
	}
	$node->safe_psql($database, sprintf 'SELECT pm_xref.add_database(%s); GRANT USAGE ON FOREIGN SERVER %s TO pm_worker',
		join(', ', "'$others{$database}'", "'" . $node->host . "'", $node->port, "'$others{$database}'"), $others{$database});
}
$node->safe_psql('core', 'SELECT pm_core.create_default_roles()');
my ($anne, $bea) = map { $node->safe_psql('core', "SELECT pm_core.create_user('$_\@example.com', 'correct horse', '$_', '$_', 'Person', 'user')") } qw(anne bea);

# What there is about both.
my $known = q{SELECT key FROM pm_xref._events WHERE topic = 'mail' ORDER BY id};
my %at = map { $_ => "$_\@example.com" } qw(anne bea);
$node->safe_psql($_, "INSERT INTO pm_xref._events (epoch, topic, key, payload) VALUES (0, 'mail', '$at{anne}', '{}'), (0, 'mail', '$at{bea}', '{}')") foreach sort keys %others;

sub as_worker
{
	my ($database, $statement) = @_;
	my (undef, $out, $err) = $node->psql($database, "\\set VERBOSITY verbose\nSET ROLE pm_worker;\n$statement");
	return $out . ($err =~ /^psql:\S+ (ERROR: .*(?:\nHINT: .*)?)/m ? $1 : $err);
}
sub request
{
	my ($asker, $database, $person, $round) = @_;
	return as_worker('shop', "SELECT coalesce(pm_xref.erase_on_request('$asker', '$database', '$person', $round)::text, 'nothing')");
}

like(as_worker($_, "SELECT pm_xref.erase_person('$anne', '{$at{anne}}')"), qr/42501: permission denied for function erase_person/, "$_: a worker erases nobody by itself") foreach sort keys %others;
is(request('core', 'shop', $anne, 1), 'nothing', 'nobody asked for it');
is(as_worker('core', "SELECT pm_core.erase_here('$anne', 1) IS NULL"), 't', 'nor for this database');
is($node->safe_psql('core', "SET ROLE pm_admin; SELECT pm_core.erase_user('$anne')"), 2, 'an administrator does');
is(request('core', 'shop', $bea, 1), 'nothing', 'not for another one');
is(request('core', 'shop', $anne, 2), 'nothing', 'not in this round');
is(request('core', 'mall', $anne, 1), 'nothing', 'not for such a database');
like(request('shop', 'shop', $anne, 1), qr/42704: server "shop" does not exist\nHINT: .*make a server "shop" .* by pm_xref\.add_database\(\)/, 'who is asked is another database');
is($node->safe_psql('shop', $known), "$at{anne}\n$at{bea}", 'all is there');
is(request('core', 'shop', $anne, 1), 1, 'what was asked for is done');
is($node->safe_psql('shop', $known), "[erased]\n$at{bea}", 'and nothing else');
$node->safe_psql('shop', 'CREATE SERVER unmapped FOREIGN DATA WRAPPER postgres_fdw; GRANT USAGE ON FOREIGN SERVER unmapped TO pm_worker');
like(request('unmapped', 'shop', $bea, 1), qr/42704: user mapping not found for "pm_worker"\nHINT: .*make a server "unmapped"/, 'nor is a server without a user mapping asked');
# A server that has no pm_core says nothing that counts.
$node->safe_psql('postgres', 'CREATE DATABASE plain');
$node->safe_psql('shop', sprintf q{SELECT pm_xref.add_database('plain', '%s', %s, 'plain'); GRANT USAGE ON FOREIGN SERVER plain TO pm_worker}, $node->host, $node->port);
like(request('plain', 'shop', $bea, 1), qr/3F000: .*server "plain" says: schema "pm_core" does not exist/, 'a database that has no pm_core');

# The jobs do the same, to the end; then nothing is asked for any more.
$node->safe_psql('core', q{CALL pm_jobs.run('pm_core.erasure')});
is($node->safe_psql('core', "SELECT finished_at IS NOT NULL, pending, failed FROM pm_core.erasures WHERE user_id = '$anne'"), 't||', 'the erasure ends');
is($node->safe_psql($_, $known), "[erased]\n$at{bea}", "$_: erased, and the other one is there") foreach sort keys %others;
is(request('core', 'shop', $anne, $node->safe_psql('core', "SELECT round FROM pm_core.erasures WHERE user_id = '$anne'")), 'nothing', 'then there is no request');
$node->stop;
done_testing();
