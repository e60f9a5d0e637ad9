-- Tokens: what they say, what is refused and why, rotation of refresh tokens and of keys.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET pm_core.bcrypt_cost = 4;
SELECT pm_core.create_default_roles();
SELECT pm_core.create_user('anne@example.com', 'correct horse', role => 'manager') AS anne, pm_core.create_user('bob@example.com') AS bob \gset
SELECT access_token AS access, refresh_token AS refresh, expires_at - now() > '59 min 58 s' AND expires_at - now() <= '1 h 1 s' AS an_hour,
  refresh_expires_at - now() > '29 days 23:59:58' AS a_month FROM pm_core.issue_token(:'anne') \gset
SELECT :'an_hour', :'a_month';
CREATE FUNCTION part(token text, n integer) RETURNS text LANGUAGE sql AS $$
  SELECT convert_from(decode(rpad(translate(split_part(token, '.', n), '-_', '+/'), (length(split_part(token, '.', n)) + 3) / 4 * 4, '='), 'base64'), 'UTF8')
$$;
SELECT regexp_replace(part(:'access', 1), '[0-9a-f]{16}', 'KID') AS header, regexp_replace(regexp_replace(part(:'access', 2), '[0-9a-f-]{36}', 'UUID', 'g'), '\d{10}', 'TIME', 'g') AS claims;
SELECT regexp_replace(regexp_replace(part(:'refresh', 2), '[0-9a-f-]{36}', 'UUID', 'g'), '\d{10}', 'TIME', 'g') AS claims;
SELECT c->>'sub' = :'anne' AS hers, c->>'role' AS role, c->>'use' AS use, (c->>'exp')::bigint - (c->>'iat')::bigint AS holds FROM pm_core.verify_token(:'access') AS c;
-- the signature is HMAC-SHA-256, by another implementation
SELECT translate(rtrim(encode(public.hmac(convert_to(split_part(:'access', '.', 1) || '.' || split_part(:'access', '.', 2), 'UTF8'), k.secret, 'sha256'), 'base64'), '='), '+/', '-_') = split_part(:'access', '.', 3) AS same
FROM pm_core._signing_keys AS k;
-- no part of a token in a message: see TAP test 010_hostile.pl; here what is wrong with each
CREATE FUNCTION refused(token text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  message text;
  detail text;
BEGIN
  PERFORM pm_core.verify_token(token);
  RETURN 'taken';
EXCEPTION WHEN invalid_authorization_specification THEN
  GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
  RETURN message || ': ' || detail;
END
$$;
CREATE FUNCTION url(value text) RETURNS text LANGUAGE sql AS $$ SELECT pm_core._base64url(convert_to(value, 'UTF8')) $$;
SELECT refused(''), refused('x'), refused('a.b'), refused(repeat('x', 3000));
SELECT refused(url('{"alg":"none"}') || '.' || split_part(:'access', '.', 2) || '.') AS none,
  refused(url('{"alg":"none","kid":"' || kid || '"}') || '.' || split_part(:'access', '.', 2) || '.' || split_part(:'access', '.', 3)) AS none_signed,
  refused(url('{"alg":"HS256","kid":"' || kid || '"}') || '.' || split_part(:'access', '.', 2) || '.') AS cut,
  refused(url('{"alg":"HS256","kid":"other"}') || '.' || split_part(:'access', '.', 2) || '.' || split_part(:'access', '.', 3)) AS other_key,
  refused(split_part(:'access', '.', 1) || '.' || url(replace(part(:'access', 2), 'pm_reader', 'pm_admin')) || '.' || split_part(:'access', '.', 3)) AS changed,
  refused(:'refresh') AS refresh
FROM pm_core._signing_keys \gx
SELECT pm_core.verify_token(NULL) IS NULL AS null_is_null;
-- expired; of a session that never was; signed by us, yet no claims of ours
SELECT refused(pm_core._sign_claims(k.kid, format('{"sub":"%s","sid":"%s","use":"access","role":"pm_reader","iat":1,"exp":2}', :'anne', s.id))) AS expired,
  refused(pm_core._sign_claims(k.kid, format('{"sub":"%s","sid":"%s","use":"access","role":"pm_reader","iat":1,"exp":4102444800}', :'anne', gen_random_uuid()))) AS no_session,
  refused(pm_core._sign_claims(k.kid, format('{"sub":"%s","sid":"%s","use":"access","role":"pm_reader","iat":1,"exp":4102444800}', :'bob', s.id))) AS of_another
FROM pm_core._signing_keys AS k, pm_core._sessions AS s \gx
SELECT pm_core._sign_claims(kid, '{"sub":"me"}') FROM pm_core._signing_keys;
-- a refresh token is good once; the second use ends the session
SELECT access_token AS access2, refresh_token AS refresh2 FROM pm_core.refresh_token(:'refresh') \gset
SELECT refused(:'access'), refused(:'access2');
SELECT * FROM pm_core.refresh_token(:'access2');
SELECT * FROM pm_core.refresh_token(:'refresh');
SELECT refused(:'access'), refused(:'access2');
SELECT * FROM pm_core.refresh_token(:'refresh2');
-- revoked by either token, also by one that has expired
SELECT access_token AS access, refresh_token AS refresh FROM pm_core.issue_token(:'anne', '1 s') \gset
SELECT pm_core.revoke_token(:'refresh'), pm_core.revoke_token(:'refresh') AS again, refused(:'access');
SELECT access_token AS access, refresh_token AS refresh FROM pm_core.issue_token(:'anne') \gset
SELECT pm_core._sign_claims(k.kid, regexp_replace(part(:'access', 2), '"exp":[0-9]+', '"exp":2')) AS access_late,
  pm_core._sign_claims(k.kid, regexp_replace(part(:'refresh', 2), '"exp":[0-9]+', '"exp":2')) AS refresh_late FROM pm_core._signing_keys AS k \gset
SELECT refused(:'access_late');
SELECT * FROM pm_core.refresh_token(:'refresh_late');
SELECT refused(:'access'), pm_core.revoke_token(:'access_late') AS by_one_that_has_expired, refused(:'access');
SELECT pm_core.revoke_token(:'refresh_late') AS again;
SELECT pm_core.revoke_token('x');
-- at once, and undone with its transaction
SELECT access_token AS access FROM pm_core.issue_token(:'anne') \gset
BEGIN;
SELECT refused(:'access');
SELECT pm_core.revoke_token(:'access');
SELECT refused(:'access');
ROLLBACK;
SELECT refused(:'access');
SELECT access_token AS access3 FROM pm_core.issue_token(:'anne') \gset
SELECT pm_core.revoke_tokens(:'anne'), refused(:'access'), refused(:'access3');
-- of a user who is deactivated, or deleted
SELECT access_token AS access FROM pm_core.issue_token(:'bob') \gset
SELECT refused(:'access');
UPDATE pm_core.users SET is_active = false WHERE id = :'bob';
SELECT refused(:'access');
\set VERBOSITY sqlstate
SELECT * FROM pm_core.issue_token(:'bob');
\set VERBOSITY default
UPDATE pm_core.users SET is_active = true WHERE id = :'bob';
SELECT refused(:'access');
-- new keys: tokens of the old one hold, until it expires
SELECT access_token AS access, refresh_token AS refresh FROM pm_core.issue_token(:'bob') \gset
SELECT length(pm_core.rotate_signing_key()) AS kid;
SELECT count(*), count(expires_at), min(expires_at) - now() > '29 days 23:59' AS as_long_as_a_refresh_token FROM pm_core._signing_keys;
SELECT access_token AS access2, refresh_token AS refresh2 FROM pm_core.refresh_token(:'refresh') \gset
SELECT refused(:'access'), refused(:'access2'), part(:'access', 1) <> part(:'access2', 1) AS another_key;
SELECT jsonb_array_length(j->'keys') AS keys, (SELECT array_agg(k ORDER BY k) FROM jsonb_object_keys(j->'keys'->0) AS k) AS of_each, length(j->'keys'->0->>'k') AS k FROM pm_core.signing_jwks() AS j;
UPDATE pm_core._signing_keys SET expires_at = clock_timestamp() WHERE expires_at IS NOT NULL;
SELECT refused(:'access'), refused(:'access2');
SELECT pm_core.forget_expired();
SELECT count(*) FROM pm_core._signing_keys;
INSERT INTO pm_core._signing_keys (kid, secret) VALUES ('second', pm_core._random_bytes(32));
-- the role of a token
UPDATE pm_core.roles SET database_role = 'shop' WHERE name = 'user';
SELECT pm_core.verify_token(access_token)->>'role' AS role FROM pm_core.issue_token(:'bob');
\set VERBOSITY terse
UPDATE pm_core.roles SET database_role = 'sh"op' WHERE name = 'user';
SET pm_core.token_role = 'x"y';
-- bad input
SELECT * FROM pm_core.issue_token(:'bob', '0');
SELECT * FROM pm_core.issue_token(:'bob', '31 days');
SELECT * FROM pm_core.issue_token('00000000-0000-0000-0000-000000000000');
SELECT * FROM pm_core.issue_token(NULL);
-- login
SELECT user_id = :'anne' AS hers, refused(access_token) FROM pm_core.login('anne@example.com', 'correct horse');
SELECT * FROM pm_core.login('anne@example.com', 'wrong');
-- sessions that are over are deleted
UPDATE pm_core._sessions SET expires_at = clock_timestamp();
SELECT pm_core.save_token_uses();
SELECT pm_core.forget_expired()->'sessions' <> '0' AS deleted;
SELECT count(*) FROM pm_core._sessions;
-- more sessions than are kept
INSERT INTO pm_core._sessions (user_id, expires_at) SELECT :'bob', now() + interval '1 day' FROM generate_series(1, 20000);
SELECT count(pm_core.verify_token(pm_core._sign_claims(k.kid, format('{"sub":"%s","sid":"%s","use":"access","role":"pm_reader","iat":1,"exp":4102444800}', s.user_id, s.id)))) FROM pm_core._sessions AS s, pm_core._signing_keys AS k WHERE k.expires_at IS NULL;
DROP FUNCTION part(text, integer), refused(text), url(text);
DELETE FROM pm_core.users;
DELETE FROM pm_core.roles;
DELETE FROM pm_core.permissions;
