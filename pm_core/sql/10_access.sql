-- Who is who.  Public functions that work on what their callers may not see are C: f(a, b)
-- calls _f(a, b), granted to nobody, as its owner; see src/as_owner.c.

CREATE FUNCTION pm_core._is_inside() RETURNS boolean
LANGUAGE c STABLE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'pm_core_is_inside';

-- A superuser, the extension's owner, or pm_admin.
CREATE FUNCTION pm_core._is_admin() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT pg_has_role(e.extowner, 'USAGE') OR coalesce(pg_has_role(to_regrole('pm_admin'), 'USAGE'), false)
  FROM pg_extension AS e WHERE e.extname = 'pm_core'
$$;

-- May the session do all with a table of ours: an administrator, or one of our functions?
CREATE FUNCTION pm_core._keeps() RETURNS boolean
LANGUAGE sql STABLE PARALLEL RESTRICTED
RETURN pm_core._is_inside() OR pm_core._is_admin();

-- Empty tables whose invalidation tells all sessions to read again: see src/changed.c.
CREATE TABLE pm_core._rights_changed ();
COMMENT ON TABLE pm_core._rights_changed IS 'Not dumped: empty; its invalidation says that rights have changed';
CREATE TABLE pm_core._sessions_changed ();
COMMENT ON TABLE pm_core._sessions_changed IS 'Not dumped: empty; its invalidation says that sessions or signing keys have changed';

CREATE FUNCTION pm_core._changed() RETURNS trigger
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_changed';

CREATE FUNCTION pm_core.current_user_id() RETURNS uuid
LANGUAGE c STABLE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'pm_core_current_user_id';
COMMENT ON FUNCTION pm_core.current_user_id() IS 'the user whom authenticate() has found in this transaction; NULL: nobody';

CREATE FUNCTION pm_core._set_updated_at() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END
$$;

-- A name, for people: some characters, none of them a control character, no white space around.
CREATE FUNCTION pm_core._is_line(value text, most integer) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN length(value) BETWEEN 1 AND most AND value = btrim(value) AND value COLLATE "C" !~ '[\x01-\x1f\x7f]';

-- A word of rights: a resource, an action, or * for any.
CREATE FUNCTION pm_core._is_word(value text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN value COLLATE "C" ~ '^([a-z][a-z0-9_.-]{0,63}|[*])$';

REVOKE ALL ON FUNCTION pm_core._is_inside(), pm_core._is_admin(), pm_core._keeps(), pm_core._changed(), pm_core.current_user_id(),
  pm_core._set_updated_at(), pm_core._is_line(text, integer), pm_core._is_word(text) FROM PUBLIC;
