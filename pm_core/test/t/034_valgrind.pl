#
# 034_valgrind.pl - no access outside of memory, no use of what was never set, in anything that is written in C
#
# Regression tests, which call everything with what is ordinary and what is not, run on a
# server under valgrind's memcheck; then tokens and rights that are read while they change,
# more of them than are kept, databases that are dead in every way, and hosts whose names
# threads look up.  Then each function in C must have been called.  Slow: runs with
# PM_SOAK=1 only.
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin, "$FindBin::RealBin/../../../test/t";
use IO::Socket::INET;
use PmResolver;
use PmValgrind;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

needs_valgrind();

my ($preload, $pipe) = make_resolver();
my $node = PostgreSQL::Test::Cluster->new('valgrind');
$node->init;
$node->append_conf('postgresql.conf', <<CONF);
listen_addresses = '127.0.0.1'
unix_socket_directories = '@{[ $node->host ]}'
shared_preload_libraries = 'pm_core'
pm_core.bcrypt_cost = 4
max_prepared_transactions = 2
track_functions = all
fsync = off
CONF
# functions that were called; a script makes the extension anew, and who is asked then knows no more of them
my %called;
sub note_called
{
	$called{$_} = 1 foreach split ' ', $node->safe_psql('postgres', q{SELECT string_agg(p.prosrc, ' ') FROM pg_stat_user_functions AS f JOIN pg_proc AS p ON p.oid = f.funcid JOIN pg_language AS l ON l.oid = p.prolang
		WHERE f.schemaname = 'pm_core' AND l.lanname = 'c'});
}

my $server;
{
	local $ENV{LD_PRELOAD} = $preload;
	$server = start_under_valgrind($node);
}
# extensions grant to them what they may do
$node->safe_psql('postgres', "CREATE ROLE $_") foreach 'pm_admin', 'pm_reader', 'pm_writer', 'pm_worker LOGIN BYPASSRLS';

{
	local $ENV{PGTZ} = 'PST8PDT';
	local $ENV{PGDATESTYLE} = 'Postgres, MDY';
	foreach my $script (qw(install users rights passwords tokens identity settings notifications secrets connections topology health erasure))
	{
		my ($status, $out, $err) = $node->psql('postgres', slurp_file("$FindBin::RealBin/../sql/$script.sql"), on_error_stop => 0, timeout => 1800);
		is($status, 0, "$script has come to its end") or diag($err);
		unlike($err, qr/connection to server was lost|server closed the connection/, "$script: the server is up");
		note_called();
	}
}

# what no script calls, or wrongly
my $claims = q{format('{"sub":"%1$s","sid":"%1$s","use":"access","role":"r","iat":1,"exp":2}', gen_random_uuid())};
foreach my $call (
	'_changed()', '_is_inside()', q{_count_attempt('x', 0, 'now')}, q{_forgive('')}, '_use_generation(gen_random_uuid(), 0, 1)', '_forget_use(gen_random_uuid(), 0, false)', '_uses()', q{_next_attempt(2147483647, 'infinity')}, q{_next_attempt(-2147483648, '-infinity')},
	'_random_bytes(0)', '_random_bytes(1025)', '_random_bytes(1024)',
	q{_password_cost('')}, q{_password_cost('$2a$9' || repeat('$', 55))}, q{_same_password('x', '$2a$99$' || repeat('.', 53))}, q{_same_password('x', repeat('x', 60))}, q{_hash_password(repeat('x', 73))},
	q{_base64url('')}, q{_base64url('\x00')}, q{_base64url(decode(repeat('ff', 1000), 'hex'))},
	"_sign_claims(repeat('k', 100), $claims)", "_sign_claims('none', $claims)", "_sign_claims('', '')", q!_sign_claims('none', '{"sub":' || repeat('[', 900))!, q{_sign_claims('none', repeat(' ', 3000))},
	q{_read_token('', true)}, q{_read_token('..', false)}, q{verify_token(repeat('.', 2048))}, q{verify_token(repeat('e30', 600) || '.e30.')},
	q{_decrypt_secret('n', 'k', '')}, q{_decrypt_secret('n', 'k', decode(repeat('00', 28), 'hex'))}, q{_decrypt_secret('n', 'k', decode(repeat('00', 70000), 'hex'))},
	q{_encrypt_secret('n', 'none', 'value')}, q{_reencrypt_secret('n', 'k', decode(repeat('00', 29), 'hex'), 'none')},
	q{has_permission(gen_random_uuid(), repeat('r', 101), 'a')}, q{authorize(gen_random_uuid(), repeat('r', 100), repeat('a', 100))}, q{authorize(NULL, NULL, NULL)},
	q{_ask_databases('here', '{}')}, q{_ask_databases('here', '{none,none,""}')}, q{_ask_databases('here', '{NULL}')})
{
	my ($status) = $node->psql('postgres', "SET pm_core.secret_key_file = '@{[ $node->data_dir ]}_keys'; SELECT pm_core.$call", on_error_stop => 1);
	isnt($status, 2, "$call: the server is up");
}
# names, rights and keys that come after the room for them is full
is($node->safe_psql('postgres', q{SELECT count(*) FROM generate_series(1, 20000) AS n, pm_core._count_attempt(sha256(n::text::bytea), 0, '2000-01-01') AS w WHERE w = 0}), '20000', 'failed logins of many names');
is($node->safe_psql('postgres', q{SELECT count(*) FROM generate_series(1, 4200) AS n WHERE pm_core.has_permission(gen_random_uuid(), 'order', n::text)}), '0', 'rights of many users');
is($node->safe_psql('postgres', <<'SQL'), "40\n0\n40\n40", 'tokens of many keys');
INSERT INTO pm_core.roles (name) VALUES ('user') ON CONFLICT DO NOTHING;
CREATE TABLE tokens (token text);
DO $$
DECLARE
  anne uuid := pm_core.create_user('anne@valgrind', 'correct horse');
BEGIN
  FOR i IN 1 .. 40 LOOP
    PERFORM pm_core.rotate_signing_key();
    INSERT INTO tokens SELECT access_token FROM pm_core.issue_token(anne);
  END LOOP;
END $$;
SELECT count(pm_core.verify_token(token)) FROM tokens;
BEGIN;
DELETE FROM pm_core._sessions;
SELECT count(*) FROM pm_core._sessions;
ROLLBACK;
SELECT count(pm_core.verify_token(token)) FROM tokens;
BEGIN;
SELECT count(pm_core.authenticate(token)) FROM tokens;
COMMIT;
SQL
# in a transaction that another session ends, what it has changed is no less out of date
is($node->safe_psql('postgres', q{BEGIN; UPDATE pm_core.users SET is_admin = true WHERE email = 'anne@valgrind'; PREPARE TRANSACTION 'admin';
	SELECT pm_core.has_permission(id, 'order', 'read') FROM pm_core.users WHERE email = 'anne@valgrind'; COMMIT PREPARED 'admin';
	SELECT pm_core.has_permission(id, 'order', 'read') FROM pm_core.users WHERE email = 'anne@valgrind'}), "f\nt", 'rights by a prepared transaction');

# sessions that read while others change
$node->safe_psql('postgres', q{SELECT count(pm_core.create_user('u' || n || '@valgrind', 'correct horse')) FROM generate_series(1, 8) AS n});
$node->pgbench(
	'--no-vacuum --client=4 --jobs=2 --transactions=40', 0,
	[qr/number of failed transactions: 0 /], [qr/^$/], 'sessions work',
	{
		'read@3' => <<'SQL',
\set n random(1, 8)
SELECT pm_core.has_permission(id, 'order', 'read') FROM pm_core.users WHERE email = 'u' || :n || '@valgrind';
BEGIN;
SELECT quote_literal(access_token) AS token FROM pm_core.issue_token((SELECT id FROM pm_core.users WHERE email = 'u' || :n || '@valgrind')) \gset
SELECT pm_core.authenticate(:token), pm_core.current_user_id(), pm_core.verify_token(:token);
COMMIT;
SQL
		'write@1' => <<'SQL',
\set n random(1, 8)
\set odd :n % 2
SELECT pm_core.verify_password('u' || :n || '@valgrind', CASE WHEN :odd = 0 THEN 'correct horse' END);
BEGIN;
UPDATE pm_core.users SET is_admin = NOT is_admin WHERE email = 'u' || :n || '@valgrind';
SAVEPOINT s;
SELECT pm_core.revoke_tokens(id) FROM pm_core.users WHERE email = 'u' || :n || '@valgrind';
ROLLBACK TO s;
COMMIT;
SQL
	});

# databases: one that lives, one whose questions are refused, and dead ones
$node->safe_psql('postgres', $_) foreach 'CREATE DATABASE plain', 'CREATE DATABASE busy';
$node->safe_psql('busy', 'CREATE EXTENSION pm_xref CASCADE; GRANT USAGE ON SCHEMA pm_xref TO pm_worker; GRANT EXECUTE ON FUNCTION pm_xref.find_person(uuid, text[]) TO pm_worker');
my $silent = IO::Socket::INET->new(Listen => 50, LocalAddr => '127.0.0.1') or die;
my ($host, $port) = ($node->host, $node->port);
my %databases = (
	plain => [ $host, $port, 'plain' ],
	named => [ "localhost,$host", "$port,$port", 'plain' ],
	busy => [ '127.0.0.1', $port, 'busy' ],
	absent => [ $host, $port, 'absent' ],
	nameless => [ 'x' x 64, $port, 'x' ],
	silent => [ '127.0.0.1', $silent->sockport, 'x' ],
	unnamed => [ 'some.silent', $port, 'x' ],
	late => [ '127.0.0.1,some.late,other.late', $port, 'plain' ]);
foreach my $name (sort keys %databases)
{
	my ($hosts, $ports, $database) = @{ $databases{$name} };
	$node->safe_psql('postgres', "SELECT pm_xref.add_database('$name', '$hosts', $port, '$database'); ALTER SERVER $name OPTIONS (SET port '$ports'); GRANT USAGE ON FOREIGN SERVER $name TO pm_worker; CREATE USER MAPPING FOR CURRENT_USER SERVER $name; CREATE USER MAPPING IF NOT EXISTS FOR pm_worker SERVER $name");
}
my $session = $node->background_psql('postgres', on_error_stop => 0);
my $asked = join ',', sort keys %databases;
my $ask = "SELECT string_agg(database || ' ' || reachable, ' ' ORDER BY database) FROM pm_core._ask_databases('here', '{$asked}')";
$session->query_safe(q{SET pm_core.health_timeout = '20s'});
is($session->query($ask), 'absent false busy true here true late false named true nameless false plain true silent false unnamed false', "health, call $_") foreach 1, 2;
$node->safe_psql('postgres', 'GRANT USAGE ON SCHEMA pm_xref TO pm_worker; GRANT EXECUTE ON FUNCTION pm_xref._call(text, name, text, text[]) TO pm_worker');
is($node->safe_psql('postgres', q{SELECT count(*) > 30, sum(found) FROM pm_core._find_person('busy', gen_random_uuid(), '{valgrind}')}), 't|0', 'a search elsewhere');
my $lock = $node->background_psql('postgres');
$lock->query_safe('BEGIN; LOCK pm_jobs._queues');
$session->query_safe(q{SET pm_core.health_timeout = '10s'});
like($session->query(q{SELECT error FROM pm_core._ask_databases('here', '{plain}') WHERE database = 'here'}), qr/^pm_jobs: no answer within \d+ ms/, 'a question that waits for a lock');
$lock->query_safe('COMMIT');
$lock->quit;
$session->query(q{SET pm_core.health_timeout = '1min'; SET statement_timeout = '10s'});
foreach my $sql ($ask, q{SELECT pm_xref._call('test', 'unnamed', 'SELECT 1')}, q{SELECT pm_xref._call('test', 'late', 'SELECT 1')})
{
	$session->{stderr} = '';
	$session->query($sql);
	like($session->{stderr}, qr/canceling statement due to statement timeout/, "cancelled: $sql");
}
# both names are answered about at last, and from then on at once: a file never waits for a
# writer, nor does a pipe that has one
{
	local $SIG{ALRM} = sub { die 'nobody asks' };
	alarm 300;
	open(my $answer, '>', $pipe) or die $!;
	alarm 0;
}
rename($pipe, "$pipe.asked") or die $!;
append_to_file($pipe, '');
open(my $answers, '+<', "$pipe.asked") or die $!;
$session->{stderr} = '';
$session->query_safe('RESET statement_timeout');
is($session->query(q{SELECT pm_xref._call('test', 'late', 'SELECT 1')}), '{1}', 'a name that was answered about late');
$session->quit;
close $answers;

note_called();
is(join(' ', grep { !$called{$_} } split ' ', $node->safe_psql('postgres', q{SELECT string_agg(DISTINCT p.prosrc, ' ' ORDER BY p.prosrc) FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang
		WHERE p.pronamespace = 'pm_core'::regnamespace AND l.lanname = 'c'})),
	'', 'every function in C was called');

stop_without_error($server, qr/\bpm_|\bask_resolver\b/);
done_testing();
