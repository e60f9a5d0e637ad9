-- What may be about persons: see pm_xref.personal_columns().

CREATE FUNCTION pm_cache._values(OUT key text, OUT value jsonb) RETURNS SETOF record
LANGUAGE c VOLATILE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'pm_cache__values';

-- Values in shared memory.
CREATE VIEW pm_cache._cached WITH (security_invoker = true) AS SELECT v.key, v.value FROM pm_cache._values() AS v;

CREATE VIEW pm_cache._personal_columns WITH (security_invoker = true) AS
SELECT v.relation, v.column_name, v.action, v.note
FROM (VALUES
  ('pm_cache._cached', 'key', 'cached', NULL),
  ('pm_cache._cached', 'value', 'cached', NULL),
  ('pm_cache._entries', 'key', 'delete', NULL),
  ('pm_cache._entries', 'value', 'delete', NULL),
  ('pm_cache._invalidations', 'prefix', 'text', NULL)
) AS v(relation, column_name, action, note);

REVOKE ALL ON FUNCTION pm_cache._values() FROM PUBLIC;
