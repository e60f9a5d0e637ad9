#
# 010_hostile.pl - a hostile user with the rights of pm_reader: injection through every
# argument of type text, name, text[] or jsonb, rows of others, escalation through search_path and through functions that run as
# their owner, forged, replayed, expired, cut and 10 000 fuzzed tokens; and no message,
# log included, repeats a password or a token
#
use strict;
use warnings;

use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $top    = "$FindBin::RealBin/../../..";
my $seed   = $ENV{PM_SEED} // int(rand(2**31));
my $tokens = 10_000;
srand($seed);
note("PM_SEED=$seed");

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
my $keys = PostgreSQL::Test::Utils::tempdir() . '/keys';
append_to_file($keys, 'k ' . '1' x 64 . "\n");
chmod 0600, $keys;
$node->append_conf('postgresql.conf', "pm_core.bcrypt_cost = 4\npm_core.secret_key_file = '$keys'\nlog_statement = none\nlog_min_error_statement = panic\nshared_preload_libraries = 'pm_core'");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION pm_core CASCADE;
CREATE ROLE pm_reader; CREATE ROLE pm_writer; CREATE ROLE pm_worker; CREATE ROLE pm_admin;
CREATE ROLE mallory LOGIN IN ROLE pm_reader;
GRANT CREATE ON SCHEMA public TO mallory;
GRANT CREATE ON DATABASE postgres TO mallory;
SELECT pm_core.create_default_roles();
SELECT pm_core.create_user('anne@example.com', 'correct horse', role => 'admin'), pm_core.create_user('mallory@example.com', 'battery staple', role => 'customer');
SELECT pm_core.send_notification(id, 'secret of ' || split_part(email, '@', 1), 'text') FROM pm_core.users;
SELECT pm_core.define_setting('general', 'a', 'text', '"x"');
SELECT pm_core.set_secret('x', 'secret of Odoo');
INSERT INTO pm_core.odoo_configs (name, url, database, username, secret_name) VALUES ('x', 'https://odoo.example.com', 'x', 'x', 'x');
SQL
$node->safe_psql('postgres', slurp_file("$top/$_/sql/grants.sql")) foreach qw(pm_jobs pm_xref pm_core);

# Runs SQL as mallory: exit status, output, errors.
sub mallory
{
	my ($sql) = @_;
	my ($status, $out, $err) = $node->psql('postgres', $sql, extra_params => [ '-U', 'mallory', '-v', 'VERBOSITY=verbose' ], on_error_stop => 0);
	return ($status, $out // '', $err // '');
}

# Everything that an attack might change.
sub picture
{
	return $node->safe_psql('postgres', q{
		SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM (
			SELECT (u.id, u.email, u.hashed_password, u.role, u.is_active, u.is_superuser, u.is_admin, u.permissions)::text FROM pm_core.users AS u
			UNION ALL SELECT r::text FROM pm_core.roles AS r UNION ALL SELECT p::text FROM pm_core.permissions AS p
			UNION ALL SELECT ur::text FROM pm_core.user_roles AS ur UNION ALL SELECT rp::text FROM pm_core.role_permissions AS rp
			UNION ALL SELECT s::text FROM pm_core.app_settings AS s UNION ALL SELECT n::text FROM pm_core.notifications AS n
			UNION ALL SELECT s::text FROM pm_core.secrets AS s UNION ALL SELECT o::text FROM pm_core.odoo_configs AS o
			UNION ALL SELECT k::text FROM pm_core._signing_keys AS k) AS x (t)});
}
my $anne = $node->safe_psql('postgres', q{SELECT u.id FROM pm_core.users AS u, pm_core.issue_token(u.id) WHERE u.email LIKE 'anne%'});
my $key = $node->safe_psql('postgres', 'SELECT kid FROM pm_core._signing_keys');
my ($out, $err);
(undef, $out) = mallory(q{SELECT access_token, refresh_token FROM pm_core.login('mallory@example.com', 'battery staple')});
my ($access, $refresh) = split /\|/, $out;
my $before = picture();

# ---------------------------------------------------------------------------
# Injection: every public function, each argument that holds text in turn
# ---------------------------------------------------------------------------
my @attacks = (
	q{'; DROP TABLE pm_core.users; --}, q{' OR '1'='1}, q{" OR ""="}, q{$$; UPDATE pm_core.users SET is_superuser = true; $$}, q{\\'; SELECT 1; --},
	q{%' --}, q{%s%n%I%L}, q{anne@example.com' --}, q{x') RETURNING hashed_password --}, "e\x{301}\x01\x7f", 'a' x 5000, q{{"$ne": null}}, q{${jndi:x}},);
my @functions = map { [ split /\|/, $_, -1 ] } split /\n/, $node->safe_psql('postgres', q{
	SELECT p.oid::regprocedure, p.proname, array_to_string(ARRAY(SELECT t::regtype FROM unnest(p.proargtypes) AS t), ',')
	FROM pg_proc AS p WHERE p.pronamespace = 'pm_core'::regnamespace AND p.prokind = 'f' AND p.proname NOT LIKE '\_%' AND p.proargtypes::oid[] && '{text,name,text[],jsonb}'::regtype[]::oid[] ORDER BY 1});
cmp_ok(scalar(@functions), '>=', 20, 'functions with arguments that hold text');
my $calls = 0;
my $script = '';
# how an attack is put into an argument of each type
my %wrapped = (text => '%s::text', name => '%s::name', 'text[]' => "ARRAY['x', %s]", jsonb => "jsonb_build_object(%1\$s, %1\$s)");
my %plain = (text => q{'x'}, name => q{'x'}, integer => 1, bigint => 1, uuid => "'$anne'", interval => q{'1 h'}, jsonb => q{'"x"'}, 'uuid[]' => 'NULL', 'text[]' => "'{}'", boolean => 'true', 'timestamp with time zone' => 'now()');
foreach my $function (@functions)
{
	my (undef, $name, $types) = @$function;
	my @types = split /,/, $types;
	foreach my $n (grep { $wrapped{ $types[$_] } } 0 .. $#types)
	{
		foreach my $attack (@attacks)
		{
			my @arguments = map { $plain{ $types[$_] } // die "no value for $types[$_]" } 0 .. $#types;
			(my $quoted = $attack) =~ s/'/''/g;
			$arguments[$n] = sprintf($wrapped{ $types[$n] }, "'$quoted'");
			$script .= "SELECT pm_core.$name(" . join(', ', map { "$arguments[$_]::$types[$_]" } 0 .. $#types) . ");\n";
			$calls++;
		}
	}
}
# as a superuser, so that no privilege stands in the way, and each undone
$script =~ s/^(SELECT .*;)$/BEGIN; $1 ROLLBACK;/mg;
(undef, $out, $err) = $node->psql('postgres', "SET pm_core.lockout_failures = 1000;\n$script", on_error_stop => 0, extra_params => [ '-v', 'VERBOSITY=verbose' ]);
note("$calls calls");
my %codes = map { $_ => 1 } $err =~ /ERROR:  ([0-9A-Z]{5}):/g;
is_deeply([ sort grep { !/^(22023|22P02|23502|23503|23505|23514|28000|42501|42704|22004)$/ } keys %codes ], [], 'injection: what is refused is refused as a value')
  or diag(join "\n", grep { /42601|XX000/ } split /\n/, $err);
is(picture(), $before, 'injection: nothing has changed');
is_deeply([ grep { my $type = $_; !grep { $_->[2] =~ /(?:^|,)\Q$type\E(?:,|$)/ } @functions } sort keys %wrapped ], [], 'injection: each type was there');

# ---------------------------------------------------------------------------
# What belongs to others
# ---------------------------------------------------------------------------
(undef, $out) = mallory(q{SELECT count(*) FROM pm_core.users; SELECT count(*) FROM pm_core.notifications; SELECT count(*) FROM pm_core.user_roles});
is($out, "0\n0\n0", 'others: without a token nothing is seen');
(undef, $out) = mallory("BEGIN; SELECT FROM pm_core.authenticate('$access'); SELECT email FROM pm_core.users; SELECT title FROM pm_core.notifications; COMMIT; SELECT count(*) FROM pm_core.users");
is($out, "mallory\@example.com\nsecret of mallory\n0", 'others: with a token the own rows, and none after the transaction');
foreach my $attack (
	[ 'hash', 'SELECT hashed_password FROM pm_core.users' ],
	[ 'whole row', 'SELECT u FROM pm_core.users AS u' ],
	[ 'keys', 'SELECT * FROM pm_core._signing_keys' ],
	[ 'sessions', 'SELECT * FROM pm_core._sessions' ],
	[ 'key set', 'SELECT pm_core.signing_jwks()' ],
	[ 'statistics of hashes', q{SELECT 1 / count(*) FROM pg_stats WHERE tablename = 'users' AND attname = 'hashed_password'} ],
	[ 'own rank', 'UPDATE pm_core.users SET is_superuser = true' ],
	[ 'own role', 'INSERT INTO pm_core.user_roles SELECT u.id, r.id FROM pm_core.users AS u, pm_core.roles AS r' ],
	[ 'role', q{UPDATE pm_core.roles SET database_role = 'pm_admin'} ],
	[ 'notification of another', qq{INSERT INTO pm_core.notifications (user_id, title, message) VALUES ('$anne', 'x', 'x')} ],
	[ 'to whom it belongs', qq{UPDATE pm_core.notifications SET user_id = '$anne'} ],
	[ 'issue', "SELECT pm_core.issue_token('$anne')" ],
	[ 'inner issue', "SELECT pm_core._issue_token('$anne', '1 h')" ],
	[ 'sign', qq{SELECT pm_core._sign_claims('$key', '{}')} ],
	[ 'read without life', "SELECT pm_core._read_token('$access', false)" ],
	[ 'password of another', "SELECT pm_core.set_password('$anne', 'battery staple')" ],
	[ 'reset', q{SELECT pm_core.request_password_reset('anne@example.com')} ],
	[ 'inner rights', "SELECT pm_core._rights('$anne')" ],
	[ 'disable security', 'ALTER TABLE pm_core.users DISABLE ROW LEVEL SECURITY' ],
	[ 'setting', q{SELECT pm_core.set_setting('general', 'a', '"y"')} ],
	[ 'secret', q{SELECT pm_core.get_secret('x')} ],
	[ 'inner secret', q{SELECT pm_core._get_secret('x')} ],
	[ 'ciphertext', 'SELECT ciphertext FROM pm_core.secrets' ],
	[ 'connection', q{SELECT pm_core.get_connection('odoo', 'x')} ],
	[ 'where a secret goes', q{UPDATE pm_core.odoo_configs SET url = 'https://mallory.example.com'} ],
	[ 'key file', q{SET pm_core.secret_key_file = '/tmp/mine'} ],
	[ 'cost', 'SET pm_core.bcrypt_cost = 4' ],
	[ 'lock-out', 'SET pm_core.lockout_failures = 1000' ],
	[ 'role of tokens', q{SET pm_core.token_role = 'pm_admin'} ],)
{
	(undef, undef, $err) = mallory("BEGIN; SELECT FROM pm_core.authenticate('$access'); $attack->[1]; COMMIT");
	like($err, qr/ERROR:  (42501|22012)/, "others: $attack->[0]");
}
(undef, $out) = mallory("BEGIN; SELECT FROM pm_core.authenticate('$access'); WITH d AS (UPDATE pm_core.notifications SET read = true RETURNING 1) SELECT count(*) FROM d; ROLLBACK");
is($out, "1", 'others: only the own notification is marked');
# a leaky function in a condition is not asked before the policy
(undef, $out, $err) = mallory(q{CREATE FUNCTION public.leak(t text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$ BEGIN RAISE NOTICE 'leaked %', t; RETURN true; END $$;
	SELECT email FROM pm_core.users WHERE public.leak(email); SELECT title FROM pm_core.notifications WHERE public.leak(title)});
unlike("$out$err", qr/leaked/, 'others: a condition that leaks');
is(picture(), $before, 'others: nothing has changed');

# ---------------------------------------------------------------------------
# Escalation: objects of mallory's in front of the real ones
# ---------------------------------------------------------------------------
mallory(<<'SQL');
CREATE SCHEMA trap;
CREATE FUNCTION trap.spring() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  IF current_user <> 'mallory' OR pm_core._is_inside() THEN
    RAISE WARNING 'sprung as %', current_user;
  END IF;
  RETURN current_user;
END
$$;
CREATE FUNCTION trap.lower(text) RETURNS text LANGUAGE sql AS 'SELECT trap.spring()';
CREATE FUNCTION trap.sha256(bytea) RETURNS bytea LANGUAGE sql AS $$ SELECT trap.spring()::bytea $$;
CREATE FUNCTION trap.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT '2000-01-01'::timestamptz FROM (SELECT trap.spring()) AS x $$;
CREATE FUNCTION trap.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$ SELECT '2000-01-01'::timestamptz FROM (SELECT trap.spring()) AS x $$;
CREATE FUNCTION trap.crypt(text, text) RETURNS text LANGUAGE sql AS $$ SELECT $2 FROM (SELECT trap.spring()) AS x $$;
CREATE FUNCTION trap.equal(uuid, uuid) RETURNS boolean LANGUAGE sql AS $$ SELECT true FROM (SELECT trap.spring()) AS x $$;
CREATE FUNCTION trap.equal(text, text) RETURNS boolean LANGUAGE sql AS $$ SELECT true FROM (SELECT trap.spring()) AS x $$;
CREATE OPERATOR trap.= (FUNCTION = trap.equal, LEFTARG = uuid, RIGHTARG = uuid);
CREATE OPERATOR trap.= (FUNCTION = trap.equal, LEFTARG = text, RIGHTARG = text);
CREATE TABLE trap.users (id uuid, is_active boolean, hashed_password text);
CREATE FUNCTION trap.current_user_id() RETURNS uuid LANGUAGE sql AS $$ SELECT gen_random_uuid() FROM (SELECT trap.spring()) AS x $$;
SQL
my $trap = q{SET search_path = trap, pg_temp, pg_catalog, pm_core; CREATE TEMP TABLE users (id uuid); CREATE TEMP TABLE _sessions (id uuid);};
(undef, $out, $err) = mallory(qq{$trap
	SELECT pm_core.verify_password('mallory\@example.com', 'battery staple') IS NULL;
	SELECT pm_core.verify_password('anne\@example.com', 'wrong') IS NULL;
	SELECT pm_core.has_permission('$anne', 'product', 'read');
	SELECT access_token IS NULL FROM pm_core.login('mallory\@example.com', 'battery staple');
	BEGIN;
	SELECT FROM pm_core.authenticate('$access');
	SELECT email FROM pm_core.users;
	SELECT pm_core.unread_count();
	SELECT pm_core.mark_read();
	ROLLBACK;
	SELECT pm_core.get_setting('general', 'a')});
unlike($err, qr/sprung/, 'search_path: nothing of the caller runs with other rights') or diag($err);
is($out, "f\nt\nt\nf\nmallory\@example.com\n1\n1\n\"x\"", 'search_path: and the answers are the same');
# functions and tables of the extension cannot be replaced, nor triggers put on its tables
foreach my $sql ('CREATE OR REPLACE FUNCTION pm_core._is_admin() RETURNS boolean LANGUAGE sql RETURN true', 'CREATE FUNCTION pm_core._verify_password(text) RETURNS uuid LANGUAGE sql RETURN NULL',
	'CREATE TRIGGER t BEFORE UPDATE ON pm_core.users FOR EACH ROW EXECUTE FUNCTION trap.spring()', 'CREATE POLICY p ON pm_core.users USING (true)', 'SET ROLE pm_admin', 'SET SESSION AUTHORIZATION postgres')
{
	(undef, undef, $err) = mallory($sql);
	like($err, qr/ERROR:  42501/, "escalation: " . substr($sql, 0, 40));
}
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_proc WHERE pronamespace = 'pm_core'::regnamespace AND prosecdef}), '0', 'escalation: no SECURITY DEFINER');
(undef, $out) = mallory('SELECT pm_core._is_inside(), pm_core._is_admin(), pm_core._keeps()');
is($out, 'f|f|f', 'escalation: mallory is neither inside nor an administrator');
(undef, $out) = mallory(qq{SET request.jwt.claims = '{"sub": "$anne", "role": "pm_admin"}'; SET "pm.user_id" = '$anne'; SELECT pm_core.current_user_id() IS NULL, count(*) FROM pm_core.users});
is($out, 't|0', 'escalation: settings are no identity');
is(picture(), $before, 'escalation: nothing has changed');

# ---------------------------------------------------------------------------
# Tokens
# ---------------------------------------------------------------------------
# replayed: a refresh token used twice ends the session, also if a use is rolled back
my ($access2, $refresh2);
foreach my $case ([ 'both commit', 'COMMIT', 'COMMIT' ], [ 'the first rolls back', 'ROLLBACK', 'COMMIT' ], [ 'the second rolls back', 'COMMIT', 'ROLLBACK' ], [ 'both roll back', 'ROLLBACK', 'ROLLBACK' ])
{
	my ($name, $first, $second) = @$case;
	(undef, $out) = mallory(q{SELECT refresh_token FROM pm_core.login('mallory@example.com', 'battery staple')});
	$refresh = $out;
	($access2, $refresh2) = split /\|/, (mallory("BEGIN; SELECT access_token, refresh_token FROM pm_core.refresh_token('$refresh'); $first"))[1];
	(undef, $out) = mallory("BEGIN; SELECT access_token IS NULL FROM pm_core.refresh_token('$refresh'); $second");
	is($out, 't', "tokens: a refresh token is good once, $name");
	(undef, undef, $err) = mallory("SELECT pm_core.verify_token('$access2')");
	like($err, qr/28000: token was revoked/, "tokens: and its session has ended, $name");
}
(undef, $out) = mallory(q{SELECT access_token FROM pm_core.login('mallory@example.com', 'battery staple')});
$access = $out;
my @parts = split /\./, $access;

# 10 000 tokens made from good ones: bytes changed, cut, added, parts exchanged
my @bases = ($access, $access2, $refresh2);
my @alphabet = ('A' .. 'Z', 'a' .. 'z', 0 .. 9, '-', '_', '.', '=', '+', '/', '"', '{', '}', ' ', "\x01", 'é');
my @fuzzed;
while (@fuzzed < $tokens)
{
	my $token = $bases[ rand @bases ];
	foreach (0 .. int(rand(3)))
	{
		my $at = int(rand(length($token)));
		my $how = int(rand(6));
		if ($how <= 1) { substr($token, $at, 1) = $alphabet[ rand @alphabet ]; }
		elsif ($how == 2) { $token = substr($token, 0, $at); }
		elsif ($how == 3) { substr($token, $at, 0) = $alphabet[ rand @alphabet ] x (1 + int(rand(3))); }
		elsif ($how == 4) { substr($token, $at, 1 + int(rand(8))) = ''; }
		else { my @p = map { (split /\./, $bases[ rand @bases ])[$_] // '' } 0 .. 2; $token = join '.', @p; }
		last if $token eq '';
	}
	# half a character never reaches the function
	push @fuzzed, $token if utf8::decode(my $text = $token) && !grep { $token eq $_ } @bases;
}
my $file = PostgreSQL::Test::Utils::tempdir() . '/tokens';
append_to_file($file, join '', map { "$_\n" } @fuzzed);
$node->safe_psql('postgres', qq{CREATE TABLE fuzzed (n serial, token text);
CREATE FUNCTION outcome(token text) RETURNS text LANGUAGE plpgsql AS \$\$
DECLARE m text; d text; h text;
BEGIN
  PERFORM pm_core.verify_token(token);
  RETURN 'taken';
EXCEPTION WHEN others THEN
  GET STACKED DIAGNOSTICS m = MESSAGE_TEXT, d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT;
  IF length(token) >= 12 AND strpos(m || d || h, substr(token, 1, 12)) > 0 THEN RETURN 'repeated'; END IF;
  RETURN SQLSTATE;
END
\$\$;});
$node->safe_psql('postgres', "\\copy fuzzed (token) FROM '$file' (FORMAT csv, FORCE_NOT_NULL (token), QUOTE E'\\x02', DELIMITER E'\\x03')");
is($node->safe_psql('postgres', 'SELECT outcome(token), count(*) FROM fuzzed GROUP BY 1 ORDER BY 1'), "28000|$tokens", "tokens: $tokens fuzzed ones are refused, seed $seed");
is($node->safe_psql('postgres', "SELECT outcome('$access')"), 'taken', 'tokens: the good one is taken');
my $short = $node->safe_psql('postgres', q{SELECT t.access_token FROM pm_core.users AS u, pm_core.issue_token(u.id, '1 s') AS t WHERE u.email LIKE 'mallory%'});
ok($node->poll_query_until('postgres', "SELECT outcome('$short')", '28000'), 'tokens: one that has outlived its time');
(undef, undef, $err) = mallory("SELECT pm_core.verify_token('$short')");
like($err, qr/28000: token has expired/, 'tokens: and the error says it');
is($node->safe_psql('postgres', qq{SELECT count(*) FILTER (WHERE outcome(left('$access', n)) <> '28000') FROM generate_series(0, length('$access') - 1) AS n}), '0', 'tokens: cut anywhere');
# every single bit of the signature
is($node->safe_psql('postgres', qq{SELECT count(*), count(*) FILTER (WHERE outcome('$parts[0].$parts[1].' || pm_core._base64url(set_bit(s, n, 1 - get_bit(s, n)))) = '28000')
	FROM (SELECT decode(translate('$parts[2]', '-_', '+/') || '=', 'base64')) AS x (s), generate_series(0, 255) AS n}), '256|256', 'tokens: any bit of the signature');

# ---------------------------------------------------------------------------
# Nothing repeats a secret: what this test has tried is in the log of the server
# ---------------------------------------------------------------------------
$node->psql('postgres', q{SELECT pm_core.create_user('no address', 'my secret password')});
$node->psql('postgres', q{SELECT pm_core.set_password('00000000-0000-0000-0000-000000000000', 'my secret password')});
$node->psql('postgres', q{SELECT pm_core.verify_password('anne@example.com', 'my secret password')});
$node->psql('postgres', q{SELECT pm_core.reset_password('my secret token', 'my secret password')});
$node->psql('postgres', qq{SELECT pm_core.create_user('anne\@example.com', 'my secret password', first_name => E'\\n')});
my $log = slurp_file($node->logfile);
like($log, qr/email_is_like_name_at_domain/, 'log: errors are in it');
unlike($log, qr/my secret|correct horse|battery staple/, 'log: no password');
unlike($log, qr/\$2a\$/, 'log: no hash');
my %given = map { $_ => 1 } map { /(.{20,})/ ? $1 : () } map { split /\./ } ($access, $access2, $refresh, $refresh2);
is_deeply([ grep { index($log, $_) >= 0 } keys %given ], [], 'log: no part of a token');
$node->stop;
done_testing();
