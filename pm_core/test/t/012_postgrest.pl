#
# 012_postgrest.pl - what PostgREST relies on, by another implementation of JSON Web Tokens:
# tokens verify by the key set that signing_jwks() gives it, before and after a rotation, and
# have the claims that it reads; a request as it makes one sees what the token's user may
#
use strict;
use warnings;

use Digest::SHA qw(hmac_sha256);
use FindBin;
use JSON::PP;
use MIME::Base64 qw(decode_base64url encode_base64url);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = "$FindBin::RealBin/../../..";
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', 'pm_core.bcrypt_cost = 4');
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION pm_core CASCADE;
CREATE ROLE pm_reader; CREATE ROLE pm_writer; CREATE ROLE pm_worker; CREATE ROLE pm_admin;
CREATE ROLE authenticator LOGIN NOINHERIT IN ROLE pm_reader, pm_writer;
SELECT pm_core.create_default_roles();
UPDATE pm_core.roles SET database_role = 'pm_writer' WHERE name = 'manager';
SELECT pm_core.create_user('anne@x', 'correct horse', role => 'customer'), pm_core.create_user('bob@x', role => 'manager');
SELECT pm_core.send_notification(id, 'for ' || email, 'text') FROM pm_core.users;
SQL
$node->safe_psql('postgres', slurp_file("$top/$_/sql/grants.sql")) foreach qw(pm_jobs pm_xref pm_core);
sub sql { return $node->safe_psql('postgres', $_[0]); }
my %users = map { split /\|/ } split /\n/, sql('SELECT email, id FROM pm_core.users');

# The claims of a token that a key of the set has signed; else what is wrong with it.
sub verify
{
	my ($token, $jwks) = @_;
	my @parts = split /\./, $token, -1;
	return 'not three parts' if @parts != 3;
	return 'not base64url without padding' if grep { !/^[A-Za-z0-9_-]+$/ } @parts;
	my $header = decode_json(decode_base64url($parts[0]));
	return 'algorithm' if $header->{alg} ne 'HS256';
	return 'type' if ($header->{typ} // 'JWT') ne 'JWT' || exists $header->{crit};
	my ($key) = grep { $_->{kid} eq $header->{kid} } @{ decode_json($jwks)->{keys} };
	return 'unknown key' if !$key;
	return 'kind of key' if $key->{kty} ne 'oct' || $key->{alg} ne 'HS256' || $key->{use} ne 'sig';
	return 'signature' if encode_base64url(hmac_sha256("$parts[0].$parts[1]", decode_base64url($key->{k}))) ne $parts[2];
	return decode_json(decode_base64url($parts[1]));
}
sub jwks { return sql('SELECT pm_core.signing_jwks()'); }
sub issue { my ($user) = @_; return split /\|/, sql("SELECT access_token, refresh_token FROM pm_core.issue_token('$users{$user}')"); }

my ($access, $refresh) = issue('anne@x');
my $first = jwks();
my $claims = verify($access, $first);
is(ref $claims, 'HASH', 'access token: verified') or diag($claims);
is($claims->{sub}, $users{'anne@x'}, 'access token: sub is the user');
is($claims->{role}, 'pm_reader', 'access token: role is a role of the database');
is_deeply([ grep { $claims->{$_} !~ /^\d+$/ || encode_json([ $claims->{$_} ]) =~ /"/ } qw(iat exp) ], [], 'access token: times are numbers of seconds');
is($claims->{exp} - $claims->{iat}, 3600, 'access token: which hold for an hour');
cmp_ok(abs($claims->{iat} - time), '<=', 60, 'access token: from now on');
ok(!exists $claims->{$_}, "access token: no $_, which PostgREST would look at") foreach qw(aud nbf);
$claims = verify($refresh, $first);
is(ref $claims, 'HASH', 'refresh token: verified') or diag($claims);
ok(!exists $claims->{role}, 'refresh token: no role, so that PostgREST takes on none by it');

# a key of the set is one key, and no other verifies
my $wrong = decode_json($first);
$wrong->{keys}[0]{k} = encode_base64url(decode_base64url($wrong->{keys}[0]{k}) ^ "\x01");
is(verify($access, encode_json($wrong)), 'signature', 'another key by a bit does not verify');
(my $changed = $access) =~ s/\.(.)/$1 eq 'e' ? '.f' : '.e'/e;
is(verify($changed, $first), 'signature', 'nor does the key another token');

# what is signed elsewhere by a key of the set is a token here
my ($header, $body) = split /\./, $access;
my $longer = { %{ verify($access, $first) } };
$longer->{exp} += 5;
my $signed = join '.', $header, encode_base64url(encode_json($longer));
$signed .= '.' . encode_base64url(hmac_sha256($signed, decode_base64url(decode_json($first)->{keys}[0]{k})));
is(sql("SELECT pm_core.verify_token('$signed')->>'exp'"), $longer->{exp}, 'and a token that is signed elsewhere by it is good here');

# a rotation: the set has both keys
my $kid = sql('SELECT pm_core.rotate_signing_key()');
my ($bobs) = issue('bob@x');
my $second = jwks();
is_deeply([ map { $_->{kid} } @{ decode_json($second)->{keys} } ], [ $kid, decode_json($first)->{keys}[0]{kid} ], 'rotation: the new key, then the old one');
isnt(decode_json($second)->{keys}[0]{k}, decode_json($second)->{keys}[1]{k}, 'rotation: which differ');
is(ref verify($access, $second), 'HASH', 'rotation: a token of the old key');
is(ref verify($bobs, $second), 'HASH', 'rotation: one of the new key');
is(verify($bobs, $first), 'unknown key', 'rotation: the set of before does not know it');
is(verify($bobs, $second)->{role}, 'pm_writer', "the role that the user's role names");

# A request as PostgREST makes it, after it has verified the token: role, claims and headers
# are set for the transaction, then db-pre-request is called, then what was asked for.
sub request
{
	my ($token, $sql) = @_;
	my $claims = $token ? verify($token, $second) : { role => 'pm_reader' };
	my $headers = encode_json({ host => 'shop', $token ? (authorization => "Bearer $token") : () });
	my ($status, $out, $err) = $node->psql('postgres', <<"SQL", extra_params => [ '-U', 'authenticator' ], on_error_stop => 1);
BEGIN;
SET LOCAL ROLE $claims->{role};
\\o /dev/null
SELECT set_config('request.jwt.claims', '@{[ encode_json($claims) ]}', true), set_config('request.headers', '$headers', true);
SELECT pm_core.authenticate_request();
\\o
$sql;
COMMIT;
SQL
	return $status == 0 ? $out : $err;
}
is(request($access, 'SELECT current_user, title FROM pm_core.notifications'), 'pm_reader|for anne@x', 'request: of anne');
is(request($bobs, 'SELECT current_user, title FROM pm_core.notifications'), 'pm_writer|for bob@x', 'request: of bob');
is(request(undef, 'SELECT count(*) FROM pm_core.notifications'), '0', 'request: of nobody');
like(request($access, 'SELECT pm_core.signing_jwks()'), qr/permission denied for function signing_jwks/, 'request: nobody gets keys');
sql("SELECT pm_core.revoke_token('$access')");
is(ref verify($access, $second), 'HASH', 'request: PostgREST does not know that a token was revoked');
like(request($access, 'SELECT title FROM pm_core.notifications'), qr/ERROR:  token was revoked/, 'request: db-pre-request does');
$node->stop;
done_testing();
