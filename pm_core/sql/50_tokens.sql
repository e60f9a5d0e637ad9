-- Tokens: who logged in, without a question to the tables.  See src/token.c.

CREATE TABLE pm_core._signing_keys (
  kid text PRIMARY KEY,
  secret bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz,
  CONSTRAINT secret_has_32_bytes CHECK (octet_length(secret) = 32)
);
CREATE UNIQUE INDEX _signing_keys_current ON pm_core._signing_keys ((true)) WHERE expires_at IS NULL;
COMMENT ON TABLE pm_core._signing_keys IS 'Not dumped: a dump would carry the keys. One key signs; those that were rotated out verify until they expire';

CREATE TABLE pm_core._sessions (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id uuid NOT NULL REFERENCES pm_core.users ON DELETE CASCADE,
  generation bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz
);
CREATE INDEX _sessions_user_id ON pm_core._sessions (user_id);
CREATE INDEX _sessions_expires_at ON pm_core._sessions (expires_at);
COMMENT ON TABLE pm_core._sessions IS 'Not dumped: no token outlives its key';

CREATE TRIGGER changed AFTER UPDATE OF id, user_id, revoked_at OR DELETE OR TRUNCATE ON pm_core._sessions
FOR EACH STATEMENT EXECUTE FUNCTION pm_core._changed('sessions');
ALTER TABLE pm_core._sessions ENABLE ALWAYS TRIGGER changed;
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON pm_core._signing_keys
FOR EACH STATEMENT EXECUTE FUNCTION pm_core._changed('sessions');
ALTER TABLE pm_core._signing_keys ENABLE ALWAYS TRIGGER changed;

-- What src/token.c reads, by the snapshot that it has taken.
CREATE FUNCTION pm_core._signing_secret(kid text) RETURNS bytea
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN (SELECT k.secret FROM pm_core._signing_keys AS k WHERE k.kid = _signing_secret.kid AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp()));
END
$$;

CREATE FUNCTION pm_core._session_user(id uuid) RETURNS uuid
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN (SELECT s.user_id FROM pm_core._sessions AS s JOIN pm_core.users AS u ON u.id = s.user_id
    WHERE s.id = _session_user.id AND s.revoked_at IS NULL AND u.is_active);
END
$$;

CREATE FUNCTION pm_core._read_token(token text, live boolean) RETURNS jsonb
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'pm_core_read_token';
CREATE FUNCTION pm_core._sign_claims(kid text, claims text) RETURNS text
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'pm_core_sign_claims';

-- What src/uses.c keeps.
CREATE FUNCTION pm_core._use_generation(session uuid, known bigint, given bigint) RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_use_generation';
CREATE FUNCTION pm_core._forget_use(session uuid, generation bigint, ended boolean) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_forget_use';
CREATE FUNCTION pm_core._uses(OUT session uuid, OUT generation bigint, OUT ended boolean) RETURNS SETOF record
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_uses';

-- Seconds of a setting that is a time.
CREATE FUNCTION pm_core._seconds(setting text) RETURNS integer
LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
  SELECT s.setting::integer FROM pg_settings AS s WHERE s.name = _seconds.setting;
END;

CREATE FUNCTION pm_core._rotate_signing_key() RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  made text;
BEGIN
  LOCK TABLE pm_core._signing_keys IN SHARE ROW EXCLUSIVE MODE;
  DELETE FROM pm_core._signing_keys AS k WHERE k.expires_at <= clock_timestamp();
  UPDATE pm_core._signing_keys AS k
  SET expires_at = greatest(clock_timestamp() + make_interval(secs => pm_core._seconds('pm_core.refresh_ttl')), (SELECT max(s.expires_at) FROM pm_core._sessions AS s))
  WHERE k.expires_at IS NULL;
  INSERT INTO pm_core._signing_keys (kid, secret) VALUES (encode(pm_core._random_bytes(8), 'hex'), pm_core._random_bytes(32)) RETURNING kid INTO made;
  RETURN made;
END
$$;

-- The tokens of a session as its row says.
CREATE FUNCTION pm_core._make_tokens(session pm_core._sessions, ttl double precision, OUT access_token text, OUT refresh_token text,
  OUT expires_at timestamptz, OUT refresh_expires_at timestamptz)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  signer text := (SELECT k.kid FROM pm_core._signing_keys AS k WHERE k.expires_at IS NULL);
  issued bigint := floor(extract(epoch FROM clock_timestamp()));
  ends bigint := floor(extract(epoch FROM session.expires_at));
  database_role text;
BEGIN
  SELECT coalesce(r.database_role, current_setting('pm_core.token_role')) INTO database_role
  FROM pm_core.users AS u JOIN pm_core.roles AS r ON r.name = u.role WHERE u.id = session.user_id;
  signer := coalesce(signer, pm_core._rotate_signing_key());
  expires_at := to_timestamp(least(issued + ceil(ttl), ends));
  refresh_expires_at := to_timestamp(ends);
  access_token := pm_core._sign_claims(signer, format('{"sub":"%s","sid":"%s","use":"access","role":"%s","iat":%s,"exp":%s}',
    session.user_id, session.id, database_role, issued, extract(epoch FROM expires_at)::bigint));
  refresh_token := pm_core._sign_claims(signer, format('{"sub":"%s","sid":"%s","use":"refresh","gen":%s,"iat":%s,"exp":%s}',
    session.user_id, session.id, session.generation, issued, ends));
END
$$;

CREATE FUNCTION pm_core._issue_token(user_id uuid, ttl interval, OUT access_token text, OUT refresh_token text,
  OUT expires_at timestamptz, OUT refresh_expires_at timestamptz)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  longest integer := pm_core._seconds('pm_core.refresh_ttl');
  seconds double precision := coalesce(extract(epoch FROM ttl), pm_core._seconds('pm_core.token_ttl'));
  session pm_core._sessions;
BEGIN
  PERFORM FROM pm_core.users AS u WHERE u.id = _issue_token.user_id AND u.is_active FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'user "%" does not exist or is not active', coalesce(user_id::text, 'NULL') USING ERRCODE = '28000';
  END IF;
  IF seconds < 1 OR (ttl IS NOT NULL AND seconds > longest) THEN
    RAISE EXCEPTION 'invalid time for a token to hold: "%"', ttl
      USING ERRCODE = '22023', HINT = format('It is 1 to %s s: see pm_core.refresh_ttl.', longest);
  END IF;
  INSERT INTO pm_core._sessions AS s (user_id, expires_at) VALUES (user_id, clock_timestamp() + make_interval(secs => longest)) RETURNING s.* INTO session;
  SELECT * INTO access_token, refresh_token, expires_at, refresh_expires_at FROM pm_core._make_tokens(session, seconds);
END
$$;

CREATE FUNCTION pm_core._login(login text, password text, OUT user_id uuid, OUT access_token text, OUT refresh_token text,
  OUT expires_at timestamptz, OUT refresh_expires_at timestamptz)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  user_id := pm_core._verify_password(login, password);
  IF user_id IS NOT NULL THEN
    SELECT * INTO access_token, refresh_token, expires_at, refresh_expires_at FROM pm_core._issue_token(user_id, NULL);
  END IF;
END
$$;

CREATE FUNCTION pm_core._refresh_token(token text, OUT access_token text, OUT refresh_token text,
  OUT expires_at timestamptz, OUT refresh_expires_at timestamptz)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  claims jsonb := pm_core._read_token(token, true);
  given bigint := claims->>'gen';
  session pm_core._sessions;
BEGIN
  IF claims->>'use' IS DISTINCT FROM 'refresh' THEN
    RAISE EXCEPTION 'invalid token' USING ERRCODE = '28000', DETAIL = 'It is no refresh token.';
  END IF;
  SELECT * INTO session FROM pm_core._sessions AS s WHERE s.id = (claims->>'sid')::uuid FOR UPDATE;
  IF session.revoked_at IS NOT NULL OR session.id IS NULL THEN
    RAISE EXCEPTION 'token was revoked' USING ERRCODE = '28000', DETAIL = 'Its session has ended, or its user is not active.';
  END IF;
  IF NOT pm_core._use_generation(session.id, session.generation, given) THEN
    UPDATE pm_core._sessions AS s SET revoked_at = now() WHERE s.id = session.id;
    RETURN;
  END IF;
  UPDATE pm_core._sessions AS s
  SET generation = given + 1, expires_at = clock_timestamp() + make_interval(secs => pm_core._seconds('pm_core.refresh_ttl'))
  WHERE s.id = session.id RETURNING s.* INTO session;
  SELECT * INTO access_token, refresh_token, expires_at, refresh_expires_at FROM pm_core._make_tokens(session, pm_core._seconds('pm_core.token_ttl'));
END
$$;

CREATE FUNCTION pm_core._revoke_token(token text) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  claims jsonb := pm_core._read_token(token, false);
BEGIN
  UPDATE pm_core._sessions AS s SET revoked_at = now() WHERE s.id = (claims->>'sid')::uuid AND s.revoked_at IS NULL;
  RETURN FOUND;
END
$$;

CREATE FUNCTION pm_core._revoke_tokens(user_id uuid) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  ended integer;
BEGIN
  UPDATE pm_core._sessions AS s SET revoked_at = now() WHERE s.user_id = _revoke_tokens.user_id AND s.revoked_at IS NULL;
  GET DIAGNOSTICS ended = ROW_COUNT;
  RETURN ended;
END
$$;

CREATE FUNCTION pm_core._signing_jwks() RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN jsonb_build_object('keys', (
    SELECT coalesce(jsonb_agg(jsonb_build_object('kty', 'oct', 'alg', 'HS256', 'use', 'sig', 'kid', k.kid, 'k', pm_core._base64url(k.secret)) ORDER BY k.created_at DESC), '[]')
    FROM pm_core._signing_keys AS k WHERE k.expires_at IS NULL OR k.expires_at > clock_timestamp()));
END
$$;

CREATE FUNCTION pm_core.issue_token(user_id uuid, ttl interval DEFAULT NULL, OUT access_token text, OUT refresh_token text,
  OUT expires_at timestamptz, OUT refresh_expires_at timestamptz)
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_as_owner';
COMMENT ON FUNCTION pm_core.issue_token(uuid, interval) IS 'opens a session of the user: an access token, which holds for ttl or pm_core.token_ttl, and a refresh token, which holds for pm_core.refresh_ttl. Whoever may call it may be anyone: administrators only. Signed JWTs (HS256) with claims sub (the user), sid (the session), use, role (of the database, for PostgREST), iat, exp. Errors: 28000 user unknown or not active; 22023 ttl';

CREATE FUNCTION pm_core.login(login text, password text, OUT user_id uuid, OUT access_token text, OUT refresh_token text,
  OUT expires_at timestamptz, OUT refresh_expires_at timestamptz)
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_as_owner';
COMMENT ON FUNCTION pm_core.login(text, text) IS 'verify_password(), then issue_token(); all NULL, if the password is not right. Errors: as those';

CREATE FUNCTION pm_core.verify_token(token text) RETURNS jsonb
LANGUAGE c STABLE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'pm_core_verify_token';
COMMENT ON FUNCTION pm_core.verify_token(text) IS 'the claims of an access token whose signature, time, session and user are good. What was committed when the call begins counts. Errors: 28000 with what is wrong with it; no error repeats a part of the token';

CREATE FUNCTION pm_core.refresh_token(token text, OUT access_token text, OUT refresh_token text,
  OUT expires_at timestamptz, OUT refresh_expires_at timestamptz)
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_as_owner';
COMMENT ON FUNCTION pm_core.refresh_token(text) IS 'takes a refresh token, once, and gives new tokens of its session. All NULL: it was used before, so somebody else may have it, and the session is revoked (no error, which might undo that). Either is noted in shared memory before the answer, so that rolling back does not undo it; where pm_core is not preloaded, in the transaction. Errors: 28000 with what is wrong with it';

CREATE FUNCTION pm_core.revoke_token(token text) RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_as_owner';
COMMENT ON FUNCTION pm_core.revoke_token(text) IS 'ends the session of an access or refresh token, also of one that has expired: no token of it is good from commit on. False: it had ended. Errors: 28000 no token of ours';

CREATE FUNCTION pm_core.revoke_tokens(user_id uuid) RETURNS integer
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_as_owner';
COMMENT ON FUNCTION pm_core.revoke_tokens(uuid) IS 'ends all sessions of a user; returns how many';

CREATE FUNCTION pm_core.rotate_signing_key() RETURNS text
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_as_owner';
COMMENT ON FUNCTION pm_core.rotate_signing_key() IS 'makes a new signing key and returns its id. Tokens that the earlier ones have signed hold on: a key verifies for as long as a refresh token of its can last';

CREATE FUNCTION pm_core.signing_jwks() RETURNS jsonb
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_as_owner';
COMMENT ON FUNCTION pm_core.signing_jwks() IS 'the keys that verify, as a JSON Web Key Set: jwt-secret of PostgREST. Whoever has it can make tokens: administrators only';

CREATE FUNCTION pm_core.authenticate(token text) RETURNS uuid
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_authenticate';
COMMENT ON FUNCTION pm_core.authenticate(text) IS 'verifies an access token as verify_token() does; its user is current_user_id() until the transaction ends, or the savepoint is rolled back. Errors: 28000 with what is wrong with the token; 25001 another user is authenticated in this transaction';

CREATE FUNCTION pm_core.authenticate_request() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  header text := nullif(current_setting('request.headers', true), '')::json->>'authorization';
BEGIN
  IF header IS NOT NULL THEN
    IF header !~* '^Bearer ' THEN
      RAISE EXCEPTION 'invalid authorization header' USING ERRCODE = '28000', DETAIL = 'It is not of kind Bearer.';
    END IF;
    PERFORM pm_core.authenticate(substr(header, 8));
  END IF;
END
$$;
COMMENT ON FUNCTION pm_core.authenticate_request() IS 'db-pre-request of PostgREST: authenticate() by the Authorization header, if there is one. The claims that PostgREST puts into settings are not looked at: anyone may set those. Errors: as authenticate()';

REVOKE ALL ON FUNCTION pm_core._signing_secret(text), pm_core._session_user(uuid), pm_core._read_token(text, boolean), pm_core._sign_claims(text, text),
  pm_core._use_generation(uuid, bigint, bigint), pm_core._forget_use(uuid, bigint, boolean), pm_core._uses(), pm_core._rotate_signing_key(), pm_core._seconds(text), pm_core._make_tokens(pm_core._sessions, double precision), pm_core._issue_token(uuid, interval),
  pm_core._login(text, text), pm_core._refresh_token(text), pm_core._revoke_token(text), pm_core._revoke_tokens(uuid), pm_core._signing_jwks(),
  pm_core.issue_token(uuid, interval), pm_core.login(text, text), pm_core.verify_token(text), pm_core.refresh_token(text), pm_core.revoke_token(text),
  pm_core.revoke_tokens(uuid), pm_core.rotate_signing_key(), pm_core.signing_jwks(), pm_core.authenticate(text), pm_core.authenticate_request() FROM PUBLIC;
