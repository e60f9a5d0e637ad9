#
# 020_attempts.pl - failed logins count whatever the caller does: rolls back, cancels, tries
# in many sessions at once; delays end, counts outlive a restart
#
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pm_core'\npm_core.bcrypt_cost = 4\npm_core.lockout_delay = '1h'\npm_core.lockout_failures = 5\n");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION pm_core CASCADE;
SELECT pm_core.create_default_roles();
SELECT pm_core.create_user(n || '@x', 'correct horse') FROM generate_series(1, 9) AS n;
SQL
my $locked = qr/too many failed logins/;

# What a login with the right password says.
sub right
{
	my ($user) = @_;
	my (undef, $out, $err) = $node->psql('postgres', "SELECT pm_core.verify_password('$user', 'correct horse') IS NOT NULL");
	return $out eq '' ? $err : $out;
}

# rolled back, six times
$node->safe_psql('postgres', "BEGIN;\nSELECT pm_core.verify_password('1\@x', 'wrong');\nROLLBACK;\n" x 6);
like(right('1@x'), $locked, 'who rolls back has been counted');
is($node->safe_psql('postgres', 'SELECT count(*) FROM pm_core._login_failures'), '0', 'and no row says so');

# cancelled: at cost 16 an attempt lasts longer than its time limit
$node->psql('postgres', "SET pm_core.bcrypt_cost = 16;\nSET statement_timeout = '1s';\n" . "SELECT pm_core.verify_password('nobody\@x', 'wrong');\n" x 6, on_error_stop => 0);
my (undef, undef, $err) = $node->psql('postgres', q{SELECT pm_core.verify_password('nobody@x', 'wrong')});
like($err, $locked, 'who cancels has been counted, and an unknown name is as a known one');

# many sessions at once: 40 attempts, 6 of which are looked at
my $script = "SELECT pm_core.verify_password('2\@x', 'wrong') IS NULL;\n";
$node->command_checks_all(
	[ 'pgbench', '-n', '-c', '8', '-j', '2', '-t', '5', '-f', do { my $f = PostgreSQL::Test::Utils::tempdir() . '/try'; append_to_file($f, $script); $f }, '-h', $node->host, '-p', $node->port, 'postgres' ],
	2, [qr/actually processed: 6\/40/], [$locked], 'sessions at once share one count');

# another user is not concerned, and a right password ends the count
is(right('3@x'), 't', 'another user logs in');
$node->safe_psql('postgres', q{SELECT pm_core.verify_password('3@x', 'wrong') FROM generate_series(1, 5)});
is(right('3@x'), 't', 'after five failures');
$node->safe_psql('postgres', q{SELECT pm_core.verify_password('3@x', 'wrong') FROM generate_series(1, 5)});
is(right('3@x'), 't', 'and after five more, since the right one has ended the count');

# a delay ends
$node->safe_psql('postgres', q{SELECT pm_core.verify_password('4@x', 'wrong') FROM generate_series(1, 6)});
like(right('4@x'), $locked, 'six failures: a delay');
$node->append_conf('postgresql.conf', "pm_core.lockout_delay = '1ms'");
$node->reload;
ok($node->poll_query_until('postgres', "SELECT current_setting('pm_core.lockout_delay') = '1ms'"), 'a shorter delay');
ok($node->poll_query_until('postgres', q{SELECT pm_core.verify_password('4@x', 'correct horse') IS NOT NULL}), 'is over, and the login is good');
$node->append_conf('postgresql.conf', "pm_core.lockout_delay = '1h'");

# after a restart: saved counts hold, those that were ended are not back
$node->safe_psql('postgres', q{SELECT pm_core.verify_password('5@x', 'wrong') FROM generate_series(1, 3)});
is($node->safe_psql('postgres', 'SELECT pm_core.save_login_failures()'), '4', 'counts of 1@x, 2@x, 5@x and nobody@x are saved');
is($node->safe_psql('postgres', 'SELECT pm_core.save_login_failures()'), '0', 'once');
$node->restart;
like(right('1@x'), $locked, 'restart: the delay goes on');
is(right('3@x'), 't', 'restart: and there is none for others');
$node->safe_psql('postgres', q{SELECT pm_core.verify_password('5@x', 'wrong') FROM generate_series(1, 3)});
like(right('5@x'), $locked, 'restart: three failures before and three after are six');

# another database has its own counts
$node->safe_psql('postgres', 'CREATE DATABASE other');
$node->safe_psql('other', q{CREATE EXTENSION pm_core CASCADE; SELECT pm_core.create_default_roles(); SELECT pm_core.create_user('1@x', 'correct horse')});
is($node->safe_psql('other', q{SELECT pm_core.verify_password('1@x', 'correct horse') IS NOT NULL}), 't', 'another database has its own counts');

# more names than there is room for: nothing breaks
is($node->safe_psql('postgres', q{SET pm_core.lockout_failures = 1000; SELECT count(*) FROM generate_series(1, 40000) AS n, pm_core._count_attempt(sha256(n::text::bytea), 0, '2000-01-01') AS w WHERE w = 0;
	SELECT count(*) BETWEEN 16000 AND 16384 FROM pm_core._attempts()}), "40000\nt", 'room for 16 384 names');

# without preloading: counted in the transaction
$node->adjust_conf('postgresql.conf', 'shared_preload_libraries', "''");
$node->restart;
$node->safe_psql('postgres', "BEGIN;\nSELECT pm_core.verify_password('6\@x', 'wrong');\nROLLBACK;\n" x 6);
is(right('6@x'), 't', 'not preloaded: who rolls back has not been counted');
$node->safe_psql('postgres', "SELECT pm_core.verify_password('6\@x', 'wrong');\n" x 6);
like(right('6@x'), $locked, 'not preloaded: who commits has');
$node->stop;
done_testing();
