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

-- What is left of a column's value without mentions of person $1 with words $2, NULL if it has none.
CREATE FUNCTION pm_xref._personal_rest(column_name text, action text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE
    WHEN action = 'document' THEN format('pm_xref._erased_document(t.%I, $1, $2)', column_name)
    WHEN action IN ('text', 'message', 'name') THEN format('pm_xref._erased_text(t.%I, $1, $2, %L)', column_name, action)
    WHEN action IN ('clear', 'delete', 'cached') THEN format('pm_xref._erased_text(t.%I::text, $1, $2, ''message'')', column_name) END
$$;

-- What is to be found and done in a table, for all of its columns at once; NULL: nothing.
CREATE FUNCTION pm_xref._personal_tables() RETURNS TABLE(relation regclass, schema_name name, column_names text[], counts text, any_column text,
  gone text, mentioned text, assignments text, is_cache boolean)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT p.relation, n.nspname, array_agg(p.column_name ORDER BY p.column_name), string_agg(format('count(*) FILTER (WHERE %s)', h.has), ', ' ORDER BY p.column_name),
    string_agg(h.has, ' OR '), string_agg(h.has, ' OR ') FILTER (WHERE p.action IN ('row', 'delete')),
    string_agg(h.has, ' OR ') FILTER (WHERE a.assignment IS NOT NULL), string_agg(a.assignment, ', '), bool_or(p.action = 'cached')
  FROM pm_xref.personal_columns() AS p JOIN pg_class AS c ON c.oid = p.relation JOIN pg_namespace AS n ON n.oid = c.relnamespace
  CROSS JOIN LATERAL (SELECT pm_xref._personal_rest(p.column_name, p.action) AS rest) AS r
  CROSS JOIN LATERAL (SELECT CASE p.action
    WHEN 'row' THEN format('t.%I = $1', p.column_name)
    WHEN 'tombstone' THEN format('(t.id = $1 AND t.erased_at IS NULL AND t.%I IS NOT NULL)', p.column_name)
    ELSE r.rest || ' IS NOT NULL' END AS has) AS h
  CROSS JOIN LATERAL (SELECT CASE
    WHEN p.action IN ('document', 'text', 'message', 'name') THEN format('%1$I = coalesce(%2$s, t.%1$I)', p.column_name, r.rest)
    WHEN p.action = 'clear' THEN format('%1$I = CASE WHEN %2$s THEN NULL ELSE t.%1$I END', p.column_name, h.has) END AS assignment) AS a
  WHERE h.has IS NOT NULL
  GROUP BY p.relation, n.nspname
  ORDER BY p.relation::text
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
BEGIN
  PERFORM pm_xref._check_person(person, words);
  FOR p IN SELECT * FROM pm_xref._personal_tables() LOOP
    RETURN QUERY EXECUTE format('SELECT %L, u.column_name, u.found FROM (SELECT ARRAY[%s] AS found FROM %s AS t WHERE %s) AS f, unnest($3, f.found) AS u(column_name, found)',
      p.relation, p.counts, p.relation, p.any_column)
    USING person, words, p.column_names;
  END LOOP;
END
$$;
COMMENT ON FUNCTION pm_xref.find_person(uuid, text[]) IS
'in how many rows each declared column of this database has something of a user: rows of the user, or mentions by the words, which are addresses and names. A column that has nothing is a row with 0, so that is seen what was searched. It reads each table once, and all of it: minutes, if there is much. Workers and administrators only. Errors: 22004 a NULL; 22023 over 100 words, or one of less than 2 characters';

-- As the owner, who alone may write these tables, and under session_replication_role =
-- replica: what is erased is no change of the product, of which history and outbox would
-- keep a copy, and states are not moved.
CREATE FUNCTION pm_xref.erase_person(person uuid, words text[] DEFAULT '{}') RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET session_replication_role = replica SET lock_timeout = '10s'
AS $$
DECLARE
  p record;
  n bigint;
  erased bigint := 0;
BEGIN
  PERFORM pm_xref._check_person(person, words);
  FOR p IN SELECT * FROM pm_xref._personal_tables() LOOP
    IF p.is_cache THEN
      EXECUTE format('SELECT count(*) FROM %s AS t WHERE %s', p.relation, p.any_column) INTO n USING person, words;
      EXECUTE format('SELECT %I.cache_invalidate('''')', p.schema_name);
      erased := erased + n;
    END IF;
    IF p.gone IS NOT NULL THEN
      EXECUTE format('DELETE FROM %s AS t WHERE %s', p.relation, p.gone) USING person, words;
      GET DIAGNOSTICS n = ROW_COUNT;
      erased := erased + n;
    END IF;
    IF p.assignments IS NOT NULL THEN
      EXECUTE format('UPDATE %s AS t SET %s WHERE %s', p.relation, p.assignments, p.mentioned) USING person, words;
      GET DIAGNOSTICS n = ROW_COUNT;
      erased := erased + n;
    END IF;
  END LOOP;
  RETURN erased;
END
$$;
COMMENT ON FUNCTION pm_xref.erase_person(uuid, text[]) IS
'erases what find_person() would find in this database, but for the users themselves, and empties its cache; returns how many rows were deleted or changed. What is pending goes on without what was erased. Triggers that keep history or publish do not fire. To be called again until it returns 0: others may write meanwhile. Administrators only; jobs call erase_on_request(). Errors: as find_person(); 55P03 a row was locked for 10 s';

-- Asks as the caller, erases as erase_person() does: see src/call.c.
CREATE FUNCTION pm_xref.erase_on_request(asker name, database text, person uuid, round integer) RETURNS bigint
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_xref_erase_on_request';
COMMENT ON FUNCTION pm_xref.erase_on_request(name, text, uuid, integer) IS
'erases a user in this database as erase_person() does, if pm_core.erase_user() was called for it: database asker, which has pm_core, is asked for the words, by the caller''s user mapping. database: what asker calls this one; round: of the erasure. Returns how many rows were deleted or changed; NULL: asker knows of no such request, or it was answered. For the jobs of pm_core. Errors: as erase_person(); 42704 there is no server or user mapping for asker; 08001 it cannot be reached; 3F000, 42883 it has no pm_core';

REVOKE ALL ON FUNCTION pm_xref._erased_text(text, uuid, text[], text), pm_xref._erased_document(jsonb, uuid, text[]), pm_xref.personal_columns(),
  pm_xref._personal_rest(text, text), pm_xref._personal_tables(), pm_xref._check_person(uuid, text[]), pm_xref.find_person(uuid, text[]), pm_xref.erase_person(uuid, text[]),
  pm_xref.erase_on_request(name, text, uuid, integer) FROM PUBLIC;
