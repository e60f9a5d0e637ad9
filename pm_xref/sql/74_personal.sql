-- Where data about persons is, and how a person's is erased: see src/person.c.
--
-- An extension declares its columns by a view _personal_columns in its schema, of columns
-- relation, column_name, action, note (text), so that it needs nothing of ours.  The view is
-- a superuser's, since it is run with the rights of one.  Actions:
--
--   row        the column is a user's id: rows of the user are deleted
--   document   of jsonb: mentions are erased in it
--   text       likewise of text
--   message    likewise of what a program says, which has names in quotes
--   name       of text: somebody's name, which may be all of it
--   clear      becomes NULL, if it mentions the person
--   delete     the row is deleted, if the column mentions the person
--   cached     of a view of cached values: function cache_invalidate('') of the schema
--   tombstone  of a table of users with columns id and erased_at: cleared by who sets that
--   keep       is not touched, for the reason that note gives

CREATE FUNCTION pm_xref._erased_text(value text, person uuid, words text[], kind text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_xref__erased_text';
CREATE FUNCTION pm_xref._erased_document(value jsonb, person uuid, words text[]) RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_xref__erased_document';

CREATE VIEW pm_xref._personal_columns WITH (security_invoker) AS
SELECT v.relation, v.column_name, v.action, v.note
FROM (VALUES
  ('pm_xref._changes', 'key', 'clear', NULL),
  ('pm_xref.checks', 'message', 'message', NULL),
  ('pm_xref.checks', 'detail', 'message', NULL),
  ('pm_xref.checks', 'hint', 'message', NULL),
  ('pm_xref.orphans', 'row_key', 'delete', NULL),
  ('pm_xref.orphans', 'key', 'delete', NULL),
  ('pm_xref.quarantined', 'row_key', 'document', NULL),
  ('pm_xref.quarantined', 'key', 'text', NULL),
  ('pm_xref.quarantined', 'copy', 'document', NULL),
  ('pm_xref._topics', 'schema', 'keep', 'the shape of events'),
  ('pm_xref._events', 'key', 'text', NULL),
  ('pm_xref._events', 'payload', 'document', NULL),
  ('pm_xref._subscriptions', 'start', 'keep', 'a position in the outbox'),
  ('pm_xref._subscriptions', 'confirmed', 'keep', 'a position in the outbox'),
  ('pm_xref._subscriptions', 'position', 'keep', 'a position in the outbox'),
  ('pm_xref._subscriptions', 'message', 'message', NULL),
  ('pm_xref._subscriptions', 'detail', 'message', NULL),
  ('pm_xref._subscriptions', 'hint', 'message', NULL),
  ('pm_xref._inbox', 'position', 'keep', 'a position in the outbox'),
  ('pm_xref._saga_definitions', 'steps', 'keep', 'names of functions'),
  ('pm_xref._sagas', 'steps', 'keep', 'names of functions'),
  ('pm_xref._sagas', 'payload', 'document', NULL),
  ('pm_xref._sagas', 'results', 'document', NULL),
  ('pm_xref._sagas', 'message', 'message', NULL),
  ('pm_xref._sagas', 'detail', 'message', NULL),
  ('pm_xref._saga_transitions', 'message', 'message', NULL),
  ('pm_xref._saga_transitions', 'detail', 'message', NULL),
  ('pm_xref._saga_steps', 'result', 'document', NULL),
  ('pm_xref._saga_steps', 'message', 'message', NULL),
  ('pm_xref._saga_steps', 'detail', 'message', NULL)
) AS v(relation, column_name, action, note);

CREATE FUNCTION pm_xref.personal_columns() RETURNS TABLE(relation regclass, column_name text, action text, note text)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  declaration regclass;
BEGIN
  FOR declaration IN
    SELECT c.oid
    FROM pg_extension AS e
    JOIN pg_depend AS d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e'
    JOIN pg_class AS c ON c.oid = d.objid AND c.relnamespace = e.extnamespace AND c.relname = '_personal_columns' AND c.relkind = 'v'
    JOIN pg_roles AS o ON o.oid = c.relowner AND o.rolsuper
    ORDER BY e.extname
  LOOP
    RETURN QUERY EXECUTE format('SELECT p.relation::regclass, p.column_name, p.action, p.note FROM %s AS p', declaration);
  END LOOP;
END
$$;
COMMENT ON FUNCTION pm_xref.personal_columns() IS
'where this database may have data about users, by the declarations of its extensions, and what becomes of it when one is erased. action: row, rows of the user are deleted; document, text, message, name: mentions become "[erased]"; clear: NULL, if it mentions the user; delete: so is the row; cached: the cache is emptied; tombstone: cleared by pm_core; keep: nothing, for the reason in note';

-- The condition under which a column has something of person $1 with words $2; NULL: never.
CREATE FUNCTION pm_xref._personal_condition(column_name text, action text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE
    WHEN action = 'row' THEN format('t.%I = $1', column_name)
    WHEN action = 'document' THEN format('pm_xref._erased_document(t.%I, $1, $2) IS NOT NULL', column_name)
    WHEN action IN ('text', 'message', 'name') THEN format('pm_xref._erased_text(t.%I, $1, $2, %L) IS NOT NULL', column_name, action)
    WHEN action IN ('clear', 'delete', 'cached') THEN format('pm_xref._erased_text(t.%I::text, $1, $2, ''message'') IS NOT NULL', column_name)
    WHEN action = 'tombstone' THEN format('t.id = $1 AND t.erased_at IS NULL AND t.%I IS NOT NULL', column_name) END
$$;

-- Refuses words that would name too much.
CREATE FUNCTION pm_xref._check_person(person uuid, words text[]) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF person IS NULL OR words IS NULL OR array_position(words, NULL) IS NOT NULL THEN
    RAISE EXCEPTION 'a person is an id and a list of words, without NULL' USING ERRCODE = '22004';
  END IF;
  IF cardinality(words) > 100 OR EXISTS (SELECT FROM unnest(words) AS w WHERE length(w) NOT BETWEEN 2 AND 1000 OR w <> btrim(w)) THEN
    RAISE EXCEPTION 'invalid words for a person'
      USING ERRCODE = '22023', DETAIL = 'They are 100 at most, of 2 to 1000 characters each, without blanks around.';
  END IF;
END
$$;

CREATE FUNCTION pm_xref.find_person(person uuid, words text[] DEFAULT '{}') RETURNS TABLE(relation text, column_name text, found bigint)
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  p record;
  condition text;
BEGIN
  PERFORM pm_xref._check_person(person, words);
  FOR p IN SELECT c.* FROM pm_xref.personal_columns() AS c LOOP
    condition := pm_xref._personal_condition(p.column_name, p.action);
    CONTINUE WHEN condition IS NULL;
    RETURN QUERY EXECUTE format('SELECT %L, %L, count(*) FROM %s AS t WHERE %s', p.relation, p.column_name, p.relation, condition) USING person, words;
  END LOOP;
END
$$;
COMMENT ON FUNCTION pm_xref.find_person(uuid, text[]) IS
'in how many rows each declared column of this database has something of a user: rows of the user, or mentions by the words, which are addresses and names. A column that has nothing is a row with 0, so that is seen what was searched. It reads everything: minutes, if there is much. Workers and administrators only. Errors: 22004 a NULL; 22023 over 100 words, or one of less than 2 characters';

-- As the owner, who alone may write these tables, and under session_replication_role =
-- replica: what is erased is no change of the product, of which history and outbox would
-- keep a copy, and states are not moved.
CREATE FUNCTION pm_xref.erase_person(person uuid, words text[] DEFAULT '{}') RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET session_replication_role = replica SET lock_timeout = '10s'
AS $$
DECLARE
  p record;
  condition text;
  n bigint;
  erased bigint := 0;
BEGIN
  PERFORM pm_xref._check_person(person, words);
  FOR p IN SELECT c.*, n.nspname FROM pm_xref.personal_columns() AS c JOIN pg_class AS r ON r.oid = c.relation JOIN pg_namespace AS n ON n.oid = r.relnamespace LOOP
    condition := pm_xref._personal_condition(p.column_name, p.action);
    CONTINUE WHEN condition IS NULL OR p.action = 'tombstone';
    IF p.action = 'cached' THEN
      EXECUTE format('SELECT count(*) FROM %s AS t WHERE %s', p.relation, condition) INTO n USING person, words;
      EXECUTE format('SELECT %I.cache_invalidate('''')', p.nspname);
    ELSE
      EXECUTE CASE
        WHEN p.action IN ('row', 'delete') THEN format('DELETE FROM %s AS t WHERE %s', p.relation, condition)
        WHEN p.action = 'clear' THEN format('UPDATE %s AS t SET %I = NULL WHERE %s', p.relation, p.column_name, condition)
        WHEN p.action = 'document' THEN format('UPDATE %1$s AS t SET %2$I = pm_xref._erased_document(t.%2$I, $1, $2) WHERE %3$s', p.relation, p.column_name, condition)
        ELSE format('UPDATE %1$s AS t SET %2$I = pm_xref._erased_text(t.%2$I, $1, $2, %4$L) WHERE %3$s', p.relation, p.column_name, condition, p.action) END
      USING person, words;
      GET DIAGNOSTICS n = ROW_COUNT;
    END IF;
    erased := erased + n;
  END LOOP;
  RETURN erased;
END
$$;
COMMENT ON FUNCTION pm_xref.erase_person(uuid, text[]) IS
'erases what find_person() would find in this database, but for the users themselves, and empties its cache; returns how many values and rows that were. What is pending goes on without what was erased. Triggers that keep history or publish do not fire. To be called again until it returns 0: others may write meanwhile. Workers and administrators only. Errors: as find_person(); 55P03 a row was locked for 10 s';

REVOKE ALL ON FUNCTION pm_xref._erased_text(text, uuid, text[], text), pm_xref._erased_document(jsonb, uuid, text[]), pm_xref.personal_columns(),
  pm_xref._personal_condition(text, text), pm_xref._check_person(uuid, text[]), pm_xref.find_person(uuid, text[]), pm_xref.erase_person(uuid, text[]) FROM PUBLIC;
