-- Secrets: what other systems let us in by, as ciphertext.  The keys stand in a file: see src/secrets.c.

CREATE TABLE pm_core.secrets (
  name text PRIMARY KEY,
  key_id text NOT NULL,
  ciphertext bytea NOT NULL,
  description text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT name_is_1_to_100_printable_characters CHECK (pm_core._is_line(name, 100)),
  CONSTRAINT key_id_is_a_word CHECK (key_id COLLATE "C" ~ '^[A-Za-z0-9._-]{1,32}$'),
  CONSTRAINT ciphertext_is_of_1_to_65536_bytes CHECK (octet_length(ciphertext) BETWEEN 29 AND 65564)
);
CREATE INDEX secrets_key_id ON pm_core.secrets (key_id, name);
COMMENT ON TABLE pm_core.secrets IS 'Secrets, encrypted by AES-256-GCM; a dump has the ciphertext, and never the keys';
COMMENT ON COLUMN pm_core.secrets.name IS 'what it is called; the ciphertext opens under this name alone';
COMMENT ON COLUMN pm_core.secrets.key_id IS 'key of the key file that it is encrypted by';
COMMENT ON COLUMN pm_core.secrets.ciphertext IS 'nonce (12 bytes), the secret in UTF-8 encrypted, tag (16 bytes); for nobody to read';
COMMENT ON COLUMN pm_core.secrets.description IS 'what it is for; every administrator and worker reads it';
COMMENT ON COLUMN pm_core.secrets.created_at IS 'when it was first set';
COMMENT ON COLUMN pm_core.secrets.updated_at IS 'when it was last set; a rotation of keys does not count';

CREATE TABLE pm_core.secret_changes (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  action text NOT NULL,
  key_id text NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  user_id uuid,
  role name NOT NULL DEFAULT session_user,
  CONSTRAINT action_is_known CHECK (action IN ('set', 'rotated', 'dropped'))
);
CREATE INDEX secret_changes_of ON pm_core.secret_changes (name, id);
COMMENT ON TABLE pm_core.secret_changes IS 'Who changed which secret, and when; written by every change, kept';
COMMENT ON COLUMN pm_core.secret_changes.id IS 'number, in the order of the changes';
COMMENT ON COLUMN pm_core.secret_changes.name IS 'name of the secret';
COMMENT ON COLUMN pm_core.secret_changes.action IS 'set, rotated (encrypted by another key) or dropped';
COMMENT ON COLUMN pm_core.secret_changes.key_id IS 'key that it is encrypted by since; of one that was dropped, the last one';
COMMENT ON COLUMN pm_core.secret_changes.changed_at IS 'when';
COMMENT ON COLUMN pm_core.secret_changes.user_id IS 'user who was authenticated; NULL: nobody';
COMMENT ON COLUMN pm_core.secret_changes.role IS 'role of the database that was logged in';

CREATE FUNCTION pm_core._current_secret_key() RETURNS text
LANGUAGE c VOLATILE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'pm_core_current_secret_key';
CREATE FUNCTION pm_core._encrypt_secret(name text, key_id text, value text) RETURNS bytea
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'pm_core_encrypt_secret';
CREATE FUNCTION pm_core._decrypt_secret(name text, key_id text, ciphertext bytea) RETURNS text
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'pm_core_decrypt_secret';
CREATE FUNCTION pm_core._reencrypt_secret(name text, key_id text, ciphertext bytea, new_key_id text) RETURNS bytea
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'pm_core_reencrypt_secret';

-- A name that is none is not repeated: it may be the secret, in the wrong place.  What
-- takes the value is an expression, never a statement, whose parameters might be logged.
CREATE FUNCTION pm_core._set_secret(name text, value text, description text) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  current_key text;
  sealed bytea;
  is_new boolean;
BEGIN
  IF pm_core._is_line(name, 100) IS NOT TRUE THEN
    RAISE EXCEPTION 'invalid name for a secret' USING ERRCODE = '22023', HINT = 'It is 1 to 100 printable characters, without blanks around them.';
  END IF;
  current_key := pm_core._current_secret_key();
  sealed := pm_core._encrypt_secret(name, current_key, coalesce(value, ''));
  LOOP  -- it may be dropped between the two
    INSERT INTO pm_core.secrets AS s (name, key_id, ciphertext, description) VALUES (name, current_key, sealed, description)
    ON CONFLICT ON CONSTRAINT secrets_pkey DO NOTHING;
    is_new := FOUND;
    EXIT WHEN is_new;
    UPDATE pm_core.secrets AS s
    SET key_id = current_key, ciphertext = sealed, description = coalesce(_set_secret.description, s.description), updated_at = now()
    WHERE s.name = _set_secret.name;
    EXIT WHEN FOUND;
  END LOOP;
  INSERT INTO pm_core.secret_changes (name, action, key_id, user_id) VALUES (name, 'set', current_key, pm_core.current_user_id());
  RETURN is_new;
END
$$;

CREATE FUNCTION pm_core._get_secret(name text) RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  found pm_core.secrets;
BEGIN
  SELECT * INTO found FROM pm_core.secrets AS s WHERE s.name = _get_secret.name;
  IF found.name IS NULL THEN
    RAISE EXCEPTION 'there is no secret of this name' USING ERRCODE = '22023', HINT = 'pm_core.secrets has the names; pm_core.set_secret() makes one.';
  END IF;
  RETURN pm_core._decrypt_secret(found.name, found.key_id, found.ciphertext);
END
$$;

CREATE FUNCTION pm_core._drop_secret(name text) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  last_key text;
BEGIN
  DELETE FROM pm_core.secrets AS s WHERE s.name = _drop_secret.name RETURNING s.key_id INTO last_key;
  IF last_key IS NULL THEN
    RETURN false;
  END IF;
  INSERT INTO pm_core.secret_changes (name, action, key_id, user_id) VALUES (name, 'dropped', last_key, pm_core.current_user_id());
  RETURN true;
END
$$;

CREATE FUNCTION pm_core._rotate_secrets(most integer) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  current_key text := pm_core._current_secret_key();
  old record;
  rotated integer := 0;
BEGIN
  IF most < 1 THEN
    RAISE EXCEPTION 'invalid number of secrets: "%"', most USING ERRCODE = '22023', HINT = 'It is 1 or more, or NULL for all.';
  END IF;
  FOR old IN
    SELECT s.name, s.key_id, s.ciphertext FROM pm_core.secrets AS s WHERE s.key_id <> current_key ORDER BY s.name LIMIT most FOR NO KEY UPDATE
  LOOP
    UPDATE pm_core.secrets AS s
    SET key_id = current_key, ciphertext = pm_core._reencrypt_secret(old.name, old.key_id, old.ciphertext, current_key)
    WHERE s.name = old.name;
    INSERT INTO pm_core.secret_changes (name, action, key_id, user_id) VALUES (old.name, 'rotated', current_key, pm_core.current_user_id());
    rotated := rotated + 1;
  END LOOP;
  RETURN rotated;
END
$$;

CREATE FUNCTION pm_core.set_secret(name text, value text, description text DEFAULT NULL) RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_as_owner';
COMMENT ON FUNCTION pm_core.set_secret(text, text, text) IS 'makes a secret, or changes its value, and its description unless that is NULL. True: it is new. The value is passed as a parameter of the protocol; a warning says where it was a literal of the statement, or the server logs parameters. Administrators only. Errors: 22023 name is none, value is empty, NULL or longer than 65536 bytes; 55000 pm_core.secret_key_file is not set; F0000 the file is not as it should be; 58P01, 42501 it cannot be opened. None of them repeats the value';

CREATE FUNCTION pm_core.get_secret(name text) RETURNS text
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_as_owner';
COMMENT ON FUNCTION pm_core.get_secret(text) IS 'the value of a secret. Administrators and workers only. Errors: 22023 there is no such secret; XX001 its row was changed past set_secret(), or the key is another one; 55000 its key is not in the key file; those of the file as of set_secret()';

CREATE FUNCTION pm_core.drop_secret(name text) RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_as_owner';
COMMENT ON FUNCTION pm_core.drop_secret(text) IS 'deletes a secret; false: there was none. Needs no key. Administrators only. Errors: 23503 a connection names it';

CREATE FUNCTION pm_core.rotate_secrets(most integer DEFAULT 1000) RETURNS integer
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_as_owner';
COMMENT ON FUNCTION pm_core.rotate_secrets(integer) IS 'encrypts secrets of earlier keys by the current one, the first of the key file, at most so many, NULL for all; returns how many. To be called until it returns 0; then no secret needs an earlier key. Secrets can be read all the while. Administrators only. Errors: 22023 less than 1; 55000, XX001 as of get_secret(), which name the secret: then none of the call is changed';

REVOKE ALL ON FUNCTION pm_core._current_secret_key(), pm_core._encrypt_secret(text, text, text), pm_core._decrypt_secret(text, text, bytea),
  pm_core._reencrypt_secret(text, text, bytea, text), pm_core._set_secret(text, text, text), pm_core._get_secret(text), pm_core._drop_secret(text),
  pm_core._rotate_secrets(integer), pm_core.set_secret(text, text, text), pm_core.get_secret(text), pm_core.drop_secret(text),
  pm_core.rotate_secrets(integer) FROM PUBLIC;
SELECT pg_extension_config_dump('pm_core.secrets', '');
SELECT pg_extension_config_dump('pm_core.secret_changes', '');
SELECT pg_extension_config_dump('pm_core.secret_changes_id_seq', '');
