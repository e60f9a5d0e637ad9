-- Users are erased, here at once and in all databases by jobs: see ARCHITECTURE.md.

CREATE VIEW pm_core._personal_columns WITH (security_invoker) AS
SELECT v.relation, v.column_name, v.action, v.note
FROM (VALUES
  ('pm_core.users', 'email', 'tombstone', NULL),
  ('pm_core.users', 'username', 'tombstone', NULL),
  ('pm_core.users', 'hashed_password', 'tombstone', NULL),
  ('pm_core.users', 'first_name', 'tombstone', NULL),
  ('pm_core.users', 'last_name', 'tombstone', NULL),
  ('pm_core.users', 'permissions', 'tombstone', NULL),
  ('pm_core.users', 'last_login', 'tombstone', NULL),
  ('pm_core.user_roles', 'user_id', 'row', NULL),
  ('pm_core.roles', 'description', 'text', NULL),
  ('pm_core._sessions', 'user_id', 'row', NULL),
  ('pm_core._user_tokens', 'user_id', 'row', NULL),
  ('pm_core._user_tokens', 'address', 'keep', 'a digest, of rows that go by user_id'),
  ('pm_core._login_failures', 'key', 'keep', 'a digest, for a day'),
  ('pm_core.notifications', 'user_id', 'row', NULL),
  ('pm_core.notifications', 'title', 'text', NULL),
  ('pm_core.notifications', 'message', 'text', NULL),
  ('pm_core.notifications', 'metadata', 'document', NULL),
  ('pm_core._unsent', 'user_id', 'row', NULL),
  ('pm_core.app_settings', 'value', 'document', NULL),
  ('pm_core.app_settings', 'default_value', 'document', NULL),
  ('pm_core.app_settings', 'description', 'text', NULL),
  ('pm_core.app_setting_changes', 'old_value', 'document', NULL),
  ('pm_core.app_setting_changes', 'new_value', 'document', NULL),
  ('pm_core.app_setting_changes', 'user_id', 'keep', 'an id, of a user without a name from then on'),
  ('pm_core.secrets', 'description', 'text', NULL),
  ('pm_core.secret_changes', 'user_id', 'keep', 'an id, of a user without a name from then on'),
  ('pm_core.amazon_api_configs', 'created_by', 'keep', 'an id, of a user without a name from then on'),
  ('pm_core.odoo_configs', 'created_by', 'keep', 'an id, of a user without a name from then on'),
  ('pm_core.odoo_configs', 'username', 'keep', 'the account by which the connection logs in'),
  ('pm_core.prestashop_configs', 'created_by', 'keep', 'an id, of a user without a name from then on'),
  ('pm_core.connection_changes', 'user_id', 'keep', 'an id, of a user without a name from then on'),
  ('pm_core.connection_changes', 'old_value', 'document', NULL),
  ('pm_core.connection_changes', 'new_value', 'document', NULL),
  ('pm_core._erasures', 'user_id', 'keep', 'who was erased: an id'),
  ('pm_core._erasures', 'words', 'keep', 'what is still to be searched for; NULL once that is over'),
  ('pm_core._erasure_steps', 'user_id', 'keep', 'who was erased: an id')
) AS v(relation, column_name, action, note);

CREATE TABLE pm_core._erasures (
  user_id uuid PRIMARY KEY REFERENCES pm_core.users ON DELETE CASCADE,
  words text[],
  requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  round integer NOT NULL DEFAULT 1,
  quiet integer NOT NULL DEFAULT 0,  -- rounds in a row, the last ones, that found nothing
  finished_at timestamptz,
  CONSTRAINT words_are_kept_as_long_as_needed CHECK ((words IS NULL) = (finished_at IS NOT NULL))
);
-- What a database has said in the current round; database NULL is this one.
CREATE TABLE pm_core._erasure_steps (
  user_id uuid NOT NULL REFERENCES pm_core._erasures ON DELETE CASCADE,
  database text,
  found bigint,  -- NULL: not yet
  job bigint NOT NULL,
  done_at timestamptz,
  UNIQUE NULLS NOT DISTINCT (user_id, database)
);

-- The words that name a user: addresses, also as a URL has them, the user name, the name.
CREATE FUNCTION pm_core._words_of(u pm_core.users, also text[]) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(array_agg(DISTINCT w.word), '{}')
  FROM (
    SELECT v.word FROM unnest(also || CASE WHEN u.erased_at IS NULL THEN ARRAY[u.email, u.username, u.first_name || ' ' || u.last_name, u.last_name || ' ' || u.first_name] END) AS v(word)
    UNION ALL
    SELECT replace(v.word, '@', '%40') FROM unnest(also || CASE WHEN u.erased_at IS NULL THEN u.email END) AS v(word)
  ) AS w
  WHERE length(w.word) >= 2
$$;

-- Has each database asked in the next round: a job for each, as pm_worker, who alone
-- reaches others.
CREATE FUNCTION pm_core._enqueue_erasure(person uuid, databases text[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  worker regrole := coalesce(to_regrole('pm_worker'), quote_ident(session_user)::regrole);
  current integer := (SELECT e.round FROM pm_core._erasures AS e WHERE e.user_id = person);
  name text;
  n bigint;
BEGIN
  FOREACH name IN ARRAY databases LOOP
    n := pm_jobs.enqueue_as(worker, 'pm_core.erasure', CASE WHEN name IS NULL THEN 'pm_core.erase' ELSE 'pm_core.erase_remote' END,
      jsonb_build_object('person', person, 'database', name, 'round', current));
    INSERT INTO pm_core._erasure_steps AS s (user_id, database, job) VALUES (person, name, n)
    ON CONFLICT ON CONSTRAINT _erasure_steps_user_id_database_key DO UPDATE SET found = NULL, done_at = NULL, job = EXCLUDED.job;
  END LOOP;
END
$$;

-- The databases that have to be asked: this one, and the servers that pm_worker reaches.
CREATE FUNCTION pm_core._erasure_databases() RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT ARRAY[NULL::text] || array(
    SELECT s.srvname::text
    FROM pg_foreign_server AS s JOIN pg_foreign_data_wrapper AS w ON w.oid = s.srvfdw
    WHERE w.fdwname = 'postgres_fdw'
      AND EXISTS (SELECT FROM pg_user_mapping AS m WHERE m.umserver = s.oid AND m.umuser = coalesce(to_regrole('pm_worker'), quote_ident(session_user)::regrole))
    ORDER BY s.srvname)
$$;

-- Makes what jobs of erasures need, unless it is there; of two who are the first, one does.
CREATE FUNCTION pm_core._prepare_erasures() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF EXISTS (SELECT FROM pm_jobs._handlers AS h WHERE h.kind = 'pm_core.erase_remote') AND EXISTS (SELECT FROM pm_jobs._queues AS q WHERE q.name = 'pm_core.erasure') THEN
    RETURN;
  END IF;
  LOCK TABLE pm_core._erasures IN SHARE ROW EXCLUSIVE MODE;
  IF NOT EXISTS (SELECT FROM pm_jobs._handlers AS h WHERE h.kind = 'pm_core.erase_remote') THEN
    PERFORM pm_jobs.register_handler('pm_core.erase', 'pm_core._run_erasure(pm_jobs.job)'),
      pm_jobs.register_handler('pm_core.erase_remote', 'pm_core._run_erasure(pm_jobs.job)', transactional => false);
  END IF;
  IF NOT EXISTS (SELECT FROM pm_jobs._queues AS q WHERE q.name = 'pm_core.erasure') THEN
    PERFORM pm_jobs.create_queue('pm_core.erasure', max_attempts => 12);
    PERFORM pm_jobs.grant_queue('pm_core.erasure', coalesce(to_regrole('pm_worker'), quote_ident(session_user)::regrole));
  END IF;
END
$$;

CREATE FUNCTION pm_core._erase_user(user_id uuid, also text[]) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  u pm_core.users;
  erasure pm_core._erasures;
  databases text[] := pm_core._erasure_databases();
  named text[];
BEGIN
  -- whoever is logging in, or notifies the user, comes before or after all of this
  SELECT * INTO u FROM pm_core.users AS f WHERE f.id = _erase_user.user_id FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'user "%" does not exist', coalesce(user_id::text, 'NULL') USING ERRCODE = '23503';
  END IF;
  IF also IS NULL OR array_position(also, NULL) IS NOT NULL OR EXISTS (SELECT FROM unnest(also) AS w WHERE length(w) NOT BETWEEN 2 AND 300 OR w <> btrim(w))
     OR cardinality(also) > 20 THEN
    RAISE EXCEPTION 'invalid further names of a user'
      USING ERRCODE = '22023', HINT = 'They are 20 addresses and names at most, of 2 to 300 characters each, without blanks around.';
  END IF;
  named := pm_core._words_of(u, also);
  SELECT * INTO erasure FROM pm_core._erasures AS e WHERE e.user_id = u.id;
  named := array(SELECT DISTINCT w FROM unnest(named || erasure.words) AS w);

  DELETE FROM pm_core._sessions AS s WHERE s.user_id = u.id;
  DELETE FROM pm_core._user_tokens AS t WHERE t.user_id = u.id;
  DELETE FROM pm_core.user_roles AS r WHERE r.user_id = u.id;
  DELETE FROM pm_core.notifications AS n WHERE n.user_id = u.id;
  DELETE FROM pm_core._login_failures AS f WHERE f.key = pm_core._attempt_key(u.id, NULL);
  PERFORM pm_core._forgive(pm_core._attempt_key(u.id, NULL));
  UPDATE pm_core.users AS t
  SET email = u.id || '@erased.invalid', username = NULL, hashed_password = '!', first_name = NULL, last_name = NULL, is_active = false, is_verified = false,
    is_superuser = false, is_admin = false, permissions = '{}', last_login = NULL, erased_at = coalesce(u.erased_at, clock_timestamp())
  WHERE t.id = u.id;
  BEGIN
    PERFORM pm_xref.erase_person(u.id, named);
  EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
    NULL;  -- the job will find it
  END;

  PERFORM pm_core._prepare_erasures();
  -- a job of an earlier call finds that its round is over
  INSERT INTO pm_core._erasures AS e (user_id, words) VALUES (u.id, named)
  ON CONFLICT ON CONSTRAINT _erasures_pkey DO UPDATE
    SET words = EXCLUDED.words, requested_at = EXCLUDED.requested_at, round = e.round + 1, quiet = 0, finished_at = NULL;
  DELETE FROM pm_core._erasure_steps AS s WHERE s.user_id = u.id;
  PERFORM pm_core._enqueue_erasure(u.id, databases);
  RETURN cardinality(databases);
END
$$;

-- What a job has to search for; NULL: its round is over, or its database has answered.
CREATE FUNCTION pm_core._erasure_words(person uuid, database text, round integer) RETURNS text[]
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN (SELECT e.words FROM pm_core._erasures AS e JOIN pm_core._erasure_steps AS s ON s.user_id = e.user_id
    WHERE e.user_id = person AND e.round = _erasure_words.round AND s.database IS NOT DISTINCT FROM _erasure_words.database AND s.found IS NULL);
END
$$;

-- A database has answered.  After the last one comes another round, until two have found
-- nothing: in one, an event may be on its way from a database that has not been asked to
-- one that has.
CREATE FUNCTION pm_core._end_erasure_step(person uuid, database text, round integer, erased bigint) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  erasure pm_core._erasures;
BEGIN
  SELECT * INTO erasure FROM pm_core._erasures AS e WHERE e.user_id = person FOR UPDATE;
  UPDATE pm_core._erasure_steps AS s SET found = _end_erasure_step.erased, done_at = clock_timestamp()
  WHERE s.user_id = person AND s.database IS NOT DISTINCT FROM _end_erasure_step.database AND s.found IS NULL AND erasure.round = _end_erasure_step.round;
  IF NOT FOUND OR EXISTS (SELECT FROM pm_core._erasure_steps AS s WHERE s.user_id = person AND s.found IS NULL) THEN
    RETURN;
  END IF;
  IF (SELECT sum(s.found) FROM pm_core._erasure_steps AS s WHERE s.user_id = person) > 0 THEN
    erasure.quiet := 0;
  ELSE
    erasure.quiet := erasure.quiet + 1;
  END IF;
  UPDATE pm_core._erasures AS e
  SET quiet = erasure.quiet, round = e.round + CASE WHEN erasure.quiet < 2 THEN 1 ELSE 0 END,
    words = CASE WHEN erasure.quiet < 2 THEN e.words END, finished_at = CASE WHEN erasure.quiet >= 2 THEN clock_timestamp() END
  WHERE e.user_id = person;
  IF erasure.quiet < 2 THEN
    PERFORM pm_core._enqueue_erasure(person, pm_core._erasure_databases());
  END IF;
END
$$;

CREATE FUNCTION pm_core.erase_user(user_id uuid, also text[] DEFAULT '{}') RETURNS integer
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_as_owner';
COMMENT ON FUNCTION pm_core.erase_user(uuid, text[]) IS
'erases what is known of a user; returns how many databases that concerns. At once: the row says nothing about anybody from then on and stays for what refers to it, sessions end, and this database is searched; from commit on jobs search all databases, until two rounds have found nothing: view erasures says how far it is. also: further addresses and names to be searched for. Called again it begins anew, also where a database could not be reached for too long. Administrators only. Errors: 23503 unknown user; 22023 further names';

CREATE FUNCTION pm_core.erasure_words(person uuid, database text, round integer) RETURNS text[]
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_as_owner';
COMMENT ON FUNCTION pm_core.erasure_words(uuid, text, integer) IS 'what an erasure searches a database for in a round, NULL being this one; NULL: nothing any more. For the job, and for pm_xref.erase_on_request() of that database';
CREATE FUNCTION pm_core.end_erasure_step(person uuid, database text, round integer, erased bigint) RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_as_owner';
COMMENT ON FUNCTION pm_core.end_erasure_step(uuid, text, integer, bigint) IS 'notes what a job of an erasure has found in a database; the last one of a round begins the next, or ends the erasure. For the job';

-- Erases a user in this database, if that is asked for in this round; NULL: it is not.
CREATE FUNCTION pm_core._erase_here(person uuid, round integer) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  words text[] := pm_core._erasure_words(person, NULL, round);
BEGIN
  RETURN CASE WHEN words IS NOT NULL THEN pm_xref.erase_person(person, words) END;
END
$$;
CREATE FUNCTION pm_core.erase_here(person uuid, round integer) RETURNS bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_as_owner';
COMMENT ON FUNCTION pm_core.erase_here(uuid, integer) IS 'does what a job of an erasure has to do in this database; returns how many rows were deleted or changed; NULL: nothing is to be done any more, or was asked for. For the job. Errors: as pm_xref.erase_person()';

-- Handler of both kinds: a database, once.  The words go from here to whoever asks for them:
-- what may be erased elsewhere is what erase_user() has noted.
CREATE FUNCTION pm_core._run_erasure(job pm_jobs.job) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  person uuid := (job).payload ->> 'person';
  database text := (job).payload ->> 'database';
  round integer := (job).payload ->> 'round';
  found bigint;
BEGIN
  IF pm_core.erasure_words(person, database, round) IS NULL THEN
    RETURN NULL;
  END IF;
  IF database IS NULL THEN
    found := pm_core.erase_here(person, round);
  ELSE
    SELECT c.answer[1]::bigint INTO STRICT found
    FROM pm_xref._call(format('erasure of user %s', person), database, 'SELECT pm_xref.erase_on_request($1::name, $2, $3::uuid, $4::integer)',
      current_database()::text, database, person::text, round::text) AS c(answer);
  END IF;
  IF found IS NULL THEN  -- the round ended meanwhile
    RETURN NULL;
  END IF;
  PERFORM pm_core.end_erasure_step(person, database, round, found);
  RETURN jsonb_build_object('found', found);
END
$$;

-- What another database has; pm_worker asks.
CREATE FUNCTION pm_core.__find_person(database text, person uuid, words text[]) RETURNS TABLE(relation text, column_name text, found bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN QUERY SELECT c.answer[1], c.answer[2], c.answer[3]::bigint
  FROM pm_xref._call(format('search for user %s', person), database, 'SELECT relation, column_name, found FROM pm_xref.find_person($1::uuid, $2::text[])', person::text, words::text) AS c(answer);
END
$$;
CREATE FUNCTION pm_core._find_person(database text, person uuid, words text[]) RETURNS TABLE(relation text, column_name text, found bigint)
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_as_worker';

CREATE FUNCTION pm_core._erasure_proof(user_id uuid, words text[]) RETURNS TABLE(database text, relation text, column_name text, found bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  named text[] := CASE WHEN words IS NOT NULL THEN words || array(SELECT replace(v, '@', '%40') FROM unnest(words) AS v WHERE v LIKE '%@%') END;
  name text;
BEGIN
  FOREACH name IN ARRAY pm_core._erasure_databases() LOOP
    IF name IS NULL THEN
      RETURN QUERY SELECT current_database()::text, f.relation, f.column_name, f.found FROM pm_xref.find_person(user_id, named) AS f;
    ELSE
      RETURN QUERY SELECT name, f.relation, f.column_name, f.found FROM pm_core._find_person(name, user_id, named) AS f;
    END IF;
  END LOOP;
END
$$;
CREATE FUNCTION pm_core.erasure_proof(user_id uuid, words text[] DEFAULT '{}') RETURNS TABLE(database text, relation text, column_name text, found bigint)
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_as_owner';
COMMENT ON FUNCTION pm_core.erasure_proof(uuid, text[]) IS
'what each declared column of each database still has of a user: rows of the user, and mentions of the words, the former addresses and names. found is 0 everywhere once the user is erased. Reads everything. Administrators only. Errors: 22004 a NULL; 22023 over 100 words, or one of less than 2 characters; 08001 a database cannot be reached, for which there is then no proof';

CREATE VIEW pm_core.erasures WITH (security_invoker) AS
SELECT e.user_id, e.requested_at, e.finished_at, e.round, s.databases, s.pending, s.failed
FROM pm_core._erasures AS e
CROSS JOIN LATERAL (
  SELECT count(*)::integer AS databases,
    array_agg(coalesce(t.database, current_database()) ORDER BY t.database NULLS FIRST) FILTER (WHERE t.found IS NULL) AS pending,
    array_agg(coalesce(t.database, current_database()) ORDER BY t.database NULLS FIRST)
      FILTER (WHERE t.found IS NULL AND NOT EXISTS (SELECT FROM pm_jobs._job AS j WHERE j.id = t.job)) AS failed
  FROM pm_core._erasure_steps AS t WHERE t.user_id = e.user_id) AS s;
COMMENT ON VIEW pm_core.erasures IS 'Users that were erased, and how far that is. Also what has to be erased again after a restore of an older backup';
COMMENT ON COLUMN pm_core.erasures.user_id IS 'the user, whose row says nothing more';
COMMENT ON COLUMN pm_core.erasures.requested_at IS 'when erase_user() was last called';
COMMENT ON COLUMN pm_core.erasures.finished_at IS 'when two rounds had found nothing; NULL: it goes on';
COMMENT ON COLUMN pm_core.erasures.round IS 'which round over all databases this is, from 1';
COMMENT ON COLUMN pm_core.erasures.databases IS 'how many databases there are';
COMMENT ON COLUMN pm_core.erasures.pending IS 'those that have not answered in this round; NULL: none';
COMMENT ON COLUMN pm_core.erasures.failed IS 'those of them whose job was tried too often, or cancelled: mend what pm_jobs.attempts says, and call erase_user() again';

REVOKE ALL ON FUNCTION pm_core._words_of(pm_core.users, text[]), pm_core._enqueue_erasure(uuid, text[]), pm_core._erasure_databases(), pm_core._prepare_erasures(),
  pm_core._erase_user(uuid, text[]),
  pm_core._erasure_words(uuid, text, integer), pm_core._end_erasure_step(uuid, text, integer, bigint), pm_core.erase_user(uuid, text[]),
  pm_core.erasure_words(uuid, text, integer), pm_core.end_erasure_step(uuid, text, integer, bigint), pm_core._erase_here(uuid, integer), pm_core.erase_here(uuid, integer),
  pm_core._run_erasure(pm_jobs.job),
  pm_core.__find_person(text, uuid, text[]), pm_core._find_person(text, uuid, text[]), pm_core._erasure_proof(uuid, text[]), pm_core.erasure_proof(uuid, text[]) FROM PUBLIC;
SELECT pg_extension_config_dump('pm_core._erasures', '');
SELECT pg_extension_config_dump('pm_core._erasure_steps', '');
