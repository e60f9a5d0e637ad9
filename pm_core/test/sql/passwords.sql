-- Passwords: set, verified, hashed again; delays; tokens of one use.
\set VERBOSITY terse
SET pm_core.bcrypt_cost = 5;
SELECT pm_core.create_default_roles();
SELECT pm_core.create_user('anne@example.com', 'correct horse', 'anne') AS anne, pm_core.create_user('bob@example.com') AS bob, pm_core.create_user('carl@example.com', 'correct horse') AS carl \gset
SELECT pm_core.verify_password('anne', 'correct horse') = :'anne' AS by_name, pm_core.verify_password('ANNE@example.com', 'correct horse') = :'anne' AS by_address;
SELECT last_login IS NOT NULL AS noted FROM pm_core.users WHERE id = :'anne';
SELECT pm_core.verify_password('anne', 'Correct horse'), pm_core.verify_password('bob@example.com', '!'), pm_core.verify_password('bob@example.com', ''),
  pm_core.verify_password('nobody', 'correct horse'), pm_core.verify_password(NULL, 'x'), pm_core.verify_password('anne', NULL);
SELECT pm_core.verify_password('anne', repeat('x', 73));
-- two hashes of one password differ
SELECT count(DISTINCT hashed_password) FROM pm_core.users WHERE email IN ('anne@example.com', 'carl@example.com');
-- the hash is PostgreSQL's own crypt(): known answer
SELECT pm_core._same_password('U*U', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'), pm_core._same_password('U*V', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW');
-- a cost that bcrypt does not have: no hash, and no error either
SELECT hash, pm_core._password_cost(hash), pm_core._same_password('x', hash) FROM unnest('{$2a$00$,$2a$03$,$2a$04$,$2a$32$,$2a$99$}'::text[]) AS p, LATERAL (SELECT p || repeat('.', 53)) AS h(hash);
-- the same work, whoever is asked for: 2^5 rounds, also for a hash of cost 4
SET pm_core.bcrypt_cost = 4;
SELECT pm_core.create_user('old@example.com', 'correct horse') AS old \gset
SET pm_core.bcrypt_cost = 5;
CREATE FUNCTION work(login text, password text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  before bigint := pm_core._bcrypt_rounds();
BEGIN
  PERFORM pm_core.verify_password(login, password);
  RETURN pm_core._bcrypt_rounds() - before;
END
$$;
SELECT pm_core.deactivate_user(:'carl');
SELECT work('anne', 'wrong') AS wrong, work('nobody', 'wrong') AS unknown, work('bob@example.com', 'wrong') AS without, work('carl@example.com', 'correct horse') AS inactive,
  work('carl@example.com', 'wrong') AS inactive_wrong, work('old@example.com', 'wrong') AS old_hash, work('anne', 'correct horse') AS right;
-- a hash of a lower cost is made again at login, with the password, and one of a higher cost is not
SELECT work('old@example.com', 'correct horse') AS twice, left(hashed_password, 7) AS hash FROM pm_core.users WHERE id = :'old';
SELECT left(hashed_password, 7) AS hash, pm_core.verify_password('old@example.com', 'correct horse') = id AS good FROM pm_core.users WHERE id = :'old';
SET pm_core.bcrypt_cost = 4;
SELECT pm_core.verify_password('old@example.com', 'correct horse') = :'old' AS good;
SELECT left(hashed_password, 7) AS hash FROM pm_core.users WHERE id = :'old';
-- a new password ends what the old one gave
SELECT access_token AS access, refresh_token AS refresh FROM pm_core.login('anne', 'correct horse') \gset
SELECT pm_core.request_password_reset('anne@example.com') AS reset \gset
SELECT pm_core.set_password(:'anne', 'battery staple');
SELECT pm_core.verify_token(:'access');
SELECT pm_core.refresh_token(:'refresh');
SELECT pm_core.reset_password(:'reset', 'another one');
SELECT pm_core.verify_password('anne', 'correct horse') IS NULL AS refused, pm_core.verify_password('anne', 'battery staple') = :'anne' AS good;
SELECT pm_core.set_password(:'anne', NULL);
SELECT pm_core.verify_password('anne', 'battery staple') IS NULL AS refused;
SELECT pm_core.set_password(:'anne', 'short');
SELECT pm_core.set_password('00000000-0000-0000-0000-000000000000', 'correct horse');
SELECT pm_core.set_password(:'anne', 'correct horse');
-- delays: this session's server may have the module preloaded or not, and behaves the same
SET pm_core.lockout_failures = 3;
SET pm_core.lockout_delay = '1h';
SELECT pm_core.verify_password('anne', 'wrong 1'), pm_core.verify_password('anne', 'wrong 2'), pm_core.verify_password('anne', 'wrong 3'), pm_core.verify_password('anne', 'wrong 4');
SELECT pm_core.verify_password('anne', 'correct horse');
SELECT pm_core.verify_password('anne@example.com', 'correct horse');
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT pm_core.verify_password('unknown', 'x') FROM generate_series(1, 4);
\set VERBOSITY sqlstate
SELECT pm_core.verify_password('UNKNOWN', 'x');
\set VERBOSITY default
SELECT pm_core.set_password(:'anne', 'correct horse');
SELECT pm_core.verify_password('anne', 'correct horse') = :'anne' AS good;
-- by how much: twice as much each time, to 15 minutes, forgotten after a day
SET pm_core.lockout_delay = '1s';
SELECT n AS failures, ceil((pm_core._next_attempt(n, clock_timestamp())).rest) AS wait FROM generate_series(2, 16) AS n;
SELECT (pm_core._next_attempt(1000, clock_timestamp() - interval '15 min')).failures, (pm_core._next_attempt(1000, clock_timestamp() - interval '1 day')).failures AS forgotten;
RESET pm_core.lockout_failures;
-- tokens of one use
SELECT pm_core.request_verification(:'bob') AS first \gset
SELECT pm_core.request_verification(:'bob') AS second \gset
SELECT length(:'second'), count(*) FILTER (WHERE encode(digest, 'escape') LIKE '%' || :'second' || '%') AS in_clear, count(*) FROM pm_core._user_tokens GROUP BY 1;
SELECT pm_core.verify_email(:'first');
SELECT pm_core.reset_password(:'second', 'correct horse');
SELECT pm_core.verify_email(:'second') = :'bob' AS verified;
SELECT is_verified FROM pm_core.users WHERE id = :'bob';
SELECT pm_core.verify_email(:'second');
SELECT pm_core.verify_email(NULL);
SELECT pm_core.request_password_reset('nobody@example.com'), pm_core.request_password_reset('carl@example.com') AS inactive, pm_core.request_password_reset(NULL) AS nobody;
SELECT pm_core.request_password_reset('BOB@example.com') AS reset \gset
SELECT pm_core.reset_password(:'reset', 'short');
SELECT pm_core.reset_password(:'reset', NULL);
SELECT pm_core.reset_password(:'reset', 'bob''s password') = :'bob' AS done, pm_core.verify_password('bob@example.com', 'bob''s password') = :'bob' AS good;
SELECT pm_core.reset_password(:'reset', 'bob''s password');
SELECT pm_core.request_verification(:'bob', '0'), 1;
SELECT pm_core.request_verification(:'bob', '31 days');
SELECT pm_core.request_verification('00000000-0000-0000-0000-000000000000');
SELECT pm_core.request_verification(:'bob') AS late \gset
UPDATE pm_core._user_tokens SET expires_at = clock_timestamp();
SELECT pm_core.verify_email(:'late');
SELECT pm_core.forget_expired();
SELECT count(*) FROM pm_core._user_tokens;
-- they are good for the address that they were made for, and no other is verified by them
SELECT pm_core.request_verification(:'bob') AS verify, pm_core.request_password_reset('bob@example.com') AS reset \gset
UPDATE pm_core.users SET email = 'robert@example.com' WHERE id = :'bob' RETURNING is_verified;
SELECT pm_core.verify_email(:'verify');
SELECT pm_core.reset_password(:'reset', 'stolen mailbox');
UPDATE pm_core.users SET email = 'BOB@example.com' WHERE id = :'bob';
SELECT pm_core.verify_email(:'verify') = :'bob' AS verified, pm_core.reset_password(:'reset', 'bob''s password') = :'bob' AS done;
UPDATE pm_core.users SET email = 'bob@example.com' WHERE id = :'bob' RETURNING is_verified;
DROP FUNCTION work(text, text);
DELETE FROM pm_core.users;
DELETE FROM pm_core.roles;
DELETE FROM pm_core.permissions;
