-- Users are made, log in, and get new passwords.  See src/password.c and src/attempts.c.

CREATE FUNCTION pm_core._hash_password(password text) RETURNS text
LANGUAGE c VOLATILE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_core_hash_password';
CREATE FUNCTION pm_core._same_password(password text, hash text) RETURNS boolean
LANGUAGE c VOLATILE PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_core_same_password';
CREATE FUNCTION pm_core._password_cost(hash text) RETURNS integer
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_core_password_cost';
CREATE FUNCTION pm_core._bcrypt_rounds() RETURNS bigint
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'pm_core_bcrypt_rounds';
CREATE FUNCTION pm_core._random_bytes(n integer) RETURNS bytea
LANGUAGE c VOLATILE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_core_random_bytes';
CREATE FUNCTION pm_core._base64url(data bytea) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_core_base64url';

CREATE FUNCTION pm_core._count_attempt(key bytea, failures integer, last timestamptz) RETURNS double precision
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_count_attempt';
CREATE FUNCTION pm_core._next_attempt(INOUT failures integer, INOUT last timestamptz, OUT rest double precision)
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_next_attempt';
CREATE FUNCTION pm_core._forgive(key bytea) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_forgive';
CREATE FUNCTION pm_core._attempts(OUT key bytea, OUT failures integer, OUT last timestamptz) RETURNS SETOF record
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_attempts';

CREATE TABLE pm_core._login_failures (
  key bytea PRIMARY KEY,
  failures integer NOT NULL,
  last timestamptz NOT NULL
);
COMMENT ON TABLE pm_core._login_failures IS 'Not dumped: failed logins in a row, forgotten after a day';

-- Tokens of one use: only a digest is kept.
CREATE TABLE pm_core._user_tokens (
  digest bytea PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES pm_core.users ON DELETE CASCADE,
  purpose text NOT NULL,
  address bytea NOT NULL,  -- digest of the one that it was made for: it is good for no other
  expires_at timestamptz NOT NULL,
  UNIQUE (user_id, purpose),
  CONSTRAINT purpose_is_verify_or_reset CHECK (purpose IN ('verify', 'reset'))
);
COMMENT ON TABLE pm_core._user_tokens IS 'Not dumped: what was mailed to users holds for days';

-- The user of an address or a user name; NULL: none.
CREATE FUNCTION pm_core._find_user(login text) RETURNS uuid
LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
  SELECT u.id FROM pm_core.users AS u WHERE lower(u.email COLLATE "C") = lower(login COLLATE "C")
  UNION ALL
  SELECT u.id FROM pm_core.users AS u WHERE lower(u.username COLLATE "C") = lower(login COLLATE "C")
  LIMIT 1;
END;

-- What failures are counted by: the user, whatever name was given, or a name of nobody.
CREATE FUNCTION pm_core._attempt_key(user_id uuid, login text) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN sha256(convert_to(coalesce(user_id::text, 'x' || lower(login COLLATE "C")), 'UTF8'));

CREATE FUNCTION pm_core._check_password(password text) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF length(password) < 8 THEN
    RAISE EXCEPTION 'password is shorter than 8 characters' USING ERRCODE = '22023';
  END IF;
  IF octet_length(convert_to(password, 'UTF8')) > 72 THEN
    RAISE EXCEPTION 'password is longer than 72 bytes' USING ERRCODE = '22023', HINT = 'Letters outside ASCII have 2 to 4 bytes.';
  END IF;
END
$$;

CREATE FUNCTION pm_core._require_user(user_id uuid) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  erased timestamptz;
BEGIN
  SELECT u.erased_at INTO erased FROM pm_core.users AS u WHERE u.id = _require_user.user_id FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'user "%" does not exist', coalesce(user_id::text, 'NULL') USING ERRCODE = '23503';
  END IF;
  IF erased IS NOT NULL THEN
    RAISE EXCEPTION 'user "%" was erased', user_id USING ERRCODE = '23503', DETAIL = format('It was at %s.', erased);
  END IF;
END
$$;

CREATE FUNCTION pm_core._create_user(email text, password text, username text, first_name text, last_name text, role text) RETURNS uuid
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  made uuid;
BEGIN
  PERFORM pm_core._check_password(password);
  -- without the hash: the error about a row that is refused shows all of it
  INSERT INTO pm_core.users (email, username, first_name, last_name, role)
  VALUES (email, username, first_name, last_name, coalesce(role, 'user'))
  RETURNING id INTO made;
  UPDATE pm_core.users AS u SET hashed_password = pm_core._hash_password(password) WHERE u.id = made AND password IS NOT NULL;
  RETURN made;
END
$$;

CREATE FUNCTION pm_core._set_password(user_id uuid, password text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pm_core._require_user(user_id);
  PERFORM pm_core._check_password(password);
  UPDATE pm_core.users AS u SET hashed_password = coalesce(pm_core._hash_password(password), '!') WHERE u.id = _set_password.user_id;
  UPDATE pm_core._sessions AS s SET revoked_at = now() WHERE s.user_id = _set_password.user_id AND s.revoked_at IS NULL;
  DELETE FROM pm_core._user_tokens AS t WHERE t.user_id = _set_password.user_id AND t.purpose = 'reset';
  DELETE FROM pm_core._login_failures AS f WHERE f.key = pm_core._attempt_key(user_id, NULL);
  PERFORM pm_core._forgive(pm_core._attempt_key(user_id, NULL));
END
$$;

-- Counts an attempt as failed, or raises.
CREATE FUNCTION pm_core._begin_attempt(attempt_key bytea) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  known pm_core._login_failures;
  next record;
  rest double precision;
BEGIN
  SELECT * INTO known FROM pm_core._login_failures AS f WHERE f.key = attempt_key;
  rest := pm_core._count_attempt(attempt_key, coalesce(known.failures, 0), coalesce(known.last, '2000-01-01'));
  IF rest IS NULL THEN
    INSERT INTO pm_core._login_failures AS f (key, failures, last) VALUES (attempt_key, 0, '2000-01-01')
    ON CONFLICT (key) DO UPDATE SET failures = f.failures RETURNING f.* INTO known;
    SELECT * INTO next FROM pm_core._next_attempt(known.failures, known.last);
    UPDATE pm_core._login_failures AS f SET failures = next.failures, last = next.last WHERE f.key = attempt_key;
    rest := next.rest;
  END IF;
  IF rest > 0 THEN
    RAISE EXCEPTION 'too many failed logins'
      USING ERRCODE = '28000', HINT = format('Try again in %s s.', ceil(rest));
  END IF;
END
$$;

CREATE FUNCTION pm_core._verify_password(login text, password text) RETURNS uuid
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  found uuid := pm_core._find_user(login);
  attempt_key bytea := pm_core._attempt_key(found, login);
  hash text;
  active boolean;
  same boolean;
BEGIN
  IF login IS NULL OR password IS NULL THEN
    RETURN NULL;
  END IF;
  PERFORM pm_core._begin_attempt(attempt_key);
  SELECT u.hashed_password, u.is_active INTO hash, active FROM pm_core.users AS u WHERE u.id = found;
  -- alone in its statement: the work is done whatever else is known
  same := pm_core._same_password(password, hash);
  IF NOT same OR NOT active THEN
    RETURN NULL;
  END IF;
  -- meanwhile the user may have got another password, or be gone
  UPDATE pm_core.users AS u SET last_login = now() WHERE u.id = found AND u.is_active AND u.hashed_password = hash RETURNING u.id INTO found;
  IF found IS NULL THEN
    RETURN NULL;
  END IF;
  PERFORM pm_core._forgive(attempt_key);
  DELETE FROM pm_core._login_failures AS f WHERE f.key = attempt_key;
  IF pm_core._password_cost(hash) < current_setting('pm_core.bcrypt_cost')::integer THEN
    UPDATE pm_core.users AS u SET hashed_password = pm_core._hash_password(password) WHERE u.id = found AND u.hashed_password = hash;
  END IF;
  RETURN found;
END
$$;

CREATE FUNCTION pm_core._deactivate_user(user_id uuid) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pm_core._require_user(user_id);
  UPDATE pm_core.users AS u SET is_active = false WHERE u.id = _deactivate_user.user_id;
  UPDATE pm_core._sessions AS s SET revoked_at = now() WHERE s.user_id = _deactivate_user.user_id AND s.revoked_at IS NULL;
  DELETE FROM pm_core._user_tokens AS t WHERE t.user_id = _deactivate_user.user_id;
END
$$;

-- What stands for an address in a token.
CREATE FUNCTION pm_core._address_digest(email text) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN sha256(convert_to(lower(email COLLATE "C"), 'UTF8'));

-- Makes a token of one use, in the place of an earlier one for the same purpose.
CREATE FUNCTION pm_core._make_user_token(user_id uuid, purpose text, ttl interval) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  token text := pm_core._base64url(pm_core._random_bytes(32));
BEGIN
  IF ttl IS NULL OR ttl <= '0' OR ttl > '30 days' THEN
    RAISE EXCEPTION 'invalid time for a token to hold: "%"', coalesce(ttl::text, 'NULL')
      USING ERRCODE = '22023', HINT = 'It is above 0 and at most 30 days.';
  END IF;
  INSERT INTO pm_core._user_tokens AS t (digest, user_id, purpose, address, expires_at)
  SELECT sha256(convert_to(token, 'UTF8')), u.id, purpose, pm_core._address_digest(u.email), clock_timestamp() + ttl
  FROM pm_core.users AS u WHERE u.id = _make_user_token.user_id
  ON CONFLICT ON CONSTRAINT _user_tokens_user_id_purpose_key DO UPDATE SET digest = EXCLUDED.digest, address = EXCLUDED.address, expires_at = EXCLUDED.expires_at;
  RETURN token;
END
$$;

-- Takes a token of one use: its user.  Who comes second finds it gone.
CREATE FUNCTION pm_core._use_user_token(token text, purpose text) RETURNS uuid
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  owner uuid;
BEGIN
  DELETE FROM pm_core._user_tokens AS t USING pm_core.users AS u
  WHERE t.digest = sha256(convert_to(token, 'UTF8')) AND t.purpose = _use_user_token.purpose AND t.expires_at > clock_timestamp()
    AND u.id = t.user_id AND pm_core._address_digest(u.email) = t.address
  RETURNING t.user_id INTO owner;
  IF owner IS NULL THEN
    RAISE EXCEPTION 'invalid token' USING ERRCODE = '28000', DETAIL = 'It is unknown, was used, was replaced by a newer one, was made for another address, or has expired.';
  END IF;
  RETURN owner;
END
$$;

CREATE FUNCTION pm_core._request_verification(user_id uuid, ttl interval) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pm_core._require_user(user_id);
  RETURN pm_core._make_user_token(user_id, 'verify', ttl);
END
$$;

CREATE FUNCTION pm_core._verify_email(token text) RETURNS uuid
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  owner uuid := pm_core._use_user_token(token, 'verify');
BEGIN
  UPDATE pm_core.users AS u SET is_verified = true WHERE u.id = owner;
  RETURN owner;
END
$$;

CREATE FUNCTION pm_core._request_password_reset(email text, ttl interval) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  owner uuid;
BEGIN
  SELECT u.id INTO owner FROM pm_core.users AS u WHERE lower(u.email COLLATE "C") = lower(_request_password_reset.email COLLATE "C") AND u.is_active FOR KEY SHARE;
  RETURN CASE WHEN owner IS NOT NULL THEN pm_core._make_user_token(owner, 'reset', ttl) END;
END
$$;

CREATE FUNCTION pm_core._reset_password(token text, password text) RETURNS uuid
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  owner uuid;
BEGIN
  IF password IS NULL THEN
    RAISE EXCEPTION 'password is NULL' USING ERRCODE = '22004';
  END IF;
  owner := pm_core._use_user_token(token, 'reset');
  PERFORM pm_core._set_password(owner, password);
  RETURN owner;
END
$$;

CREATE FUNCTION pm_core.create_user(email text, password text DEFAULT NULL, username text DEFAULT NULL, first_name text DEFAULT NULL, last_name text DEFAULT NULL,
  role text DEFAULT 'user') RETURNS uuid
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_as_owner';
COMMENT ON FUNCTION pm_core.create_user(text, text, text, text, text, text) IS 'makes a user and returns the id. Without a password nobody can log in as the user, until one is set. Errors: 22023 password of less than 8 characters or more than 72 bytes; 23505 address or user name is another user''s; 23503 unknown role (see create_default_roles()); 23514 no address, no name';

CREATE FUNCTION pm_core.set_password(user_id uuid, password text) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_as_owner';
COMMENT ON FUNCTION pm_core.set_password(uuid, text) IS 'sets the password, or with NULL none; ends the user''s sessions, forgets failed logins, and takes back a token of request_password_reset(). Errors: 22023 less than 8 characters or more than 72 bytes; 23503 unknown or erased user';

CREATE FUNCTION pm_core.verify_password(login text, password text) RETURNS uuid
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_as_owner';
COMMENT ON FUNCTION pm_core.verify_password(text, text) IS 'the user of this address or user name, if the password is right; else NULL, after the same work whether there is such a user or not. Failures are counted before the password is looked at, in shared memory, so that rolling back does not undo it; where pm_core is not preloaded, in the transaction. After pm_core.lockout_failures of them each further attempt has to wait, twice as long as the one before. A hash of a lower cost than pm_core.bcrypt_cost is made again. Errors: 28000 too many failures, the hint says how long to wait; 22023 password of more than 72 bytes';

CREATE FUNCTION pm_core.deactivate_user(user_id uuid) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_as_owner';
COMMENT ON FUNCTION pm_core.deactivate_user(uuid) IS 'the user cannot log in any more, has no permission, and tokens are refused from commit on. Errors: 23503 unknown or erased user';

CREATE FUNCTION pm_core.request_verification(user_id uuid, ttl interval DEFAULT '2 days') RETURNS text
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_as_owner';
COMMENT ON FUNCTION pm_core.request_verification(uuid, interval) IS 'a token to be mailed to the user, for verify_email(); only a digest is kept, and an earlier one is replaced. Errors: 23503 unknown or erased user; 22023 ttl not above 0 and at most 30 days';

CREATE FUNCTION pm_core.verify_email(token text) RETURNS uuid
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_as_owner';
COMMENT ON FUNCTION pm_core.verify_email(text) IS 'takes a token of request_verification(), once: the user, whose address is verified. Errors: 28000 unknown, used, replaced, made for another address, or expired';

CREATE FUNCTION pm_core.request_password_reset(email text, ttl interval DEFAULT '1 hour') RETURNS text
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_as_owner';
COMMENT ON FUNCTION pm_core.request_password_reset(text, interval) IS 'a token to be mailed to that address, for reset_password(); NULL, if no active user has it, which is not to be told to who asks. Errors: 22023 ttl not above 0 and at most 30 days';

CREATE FUNCTION pm_core.reset_password(token text, password text) RETURNS uuid
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_as_owner';
COMMENT ON FUNCTION pm_core.reset_password(text, text) IS 'takes a token of request_password_reset(), once, and sets the password as set_password() does: the user. Errors: 28000 unknown, used, replaced, made for another address, or expired; 22023, 22004 the password, and the token still holds';

REVOKE ALL ON FUNCTION pm_core._hash_password(text), pm_core._same_password(text, text), pm_core._password_cost(text), pm_core._bcrypt_rounds(),
  pm_core._random_bytes(integer), pm_core._base64url(bytea), pm_core._count_attempt(bytea, integer, timestamptz), pm_core._next_attempt(integer, timestamptz),
  pm_core._forgive(bytea), pm_core._attempts(), pm_core._find_user(text), pm_core._attempt_key(uuid, text), pm_core._check_password(text),
  pm_core._require_user(uuid), pm_core._create_user(text, text, text, text, text, text), pm_core._set_password(uuid, text), pm_core._begin_attempt(bytea),
  pm_core._verify_password(text, text), pm_core._deactivate_user(uuid), pm_core._address_digest(text), pm_core._make_user_token(uuid, text, interval), pm_core._use_user_token(text, text),
  pm_core._request_verification(uuid, interval), pm_core._verify_email(text), pm_core._request_password_reset(text, interval), pm_core._reset_password(text, text),
  pm_core.create_user(text, text, text, text, text, text), pm_core.set_password(uuid, text), pm_core.verify_password(text, text), pm_core.deactivate_user(uuid),
  pm_core.request_verification(uuid, interval), pm_core.verify_email(text), pm_core.request_password_reset(text, interval), pm_core.reset_password(text, text) FROM PUBLIC;
