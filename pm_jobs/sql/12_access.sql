-- Who is who, and who may see what.
--
-- A public function that changes something is C and calls its inner function, named
-- with a leading _ and one more argument, the caller's role, as the owner: see
-- src/definer.c.  Inner functions are granted to nobody.

-- May the role administer: a superuser, the extension's owner, or pm_admin.
CREATE FUNCTION pm_jobs._is_admin(role oid) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT pg_has_role(role, e.extowner, 'USAGE') OR coalesce(pg_has_role(role, to_regrole('pm_admin'), 'USAGE'), false)
  FROM pg_extension AS e WHERE e.extname = 'pm_jobs'
$$;

CREATE FUNCTION pm_jobs._is_admin() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN pm_jobs._is_admin(quote_ident(current_user)::regrole);

CREATE FUNCTION pm_jobs._require_admin(role oid, what text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF NOT pm_jobs._is_admin(role) THEN
    RAISE EXCEPTION 'role "%" may not %', pg_get_userbyid(role), what
      USING ERRCODE = '42501', HINT = 'Members of role pm_admin, the owner of the extension and superusers may.';
  END IF;
END
$$;

-- A role sees its own jobs; administrators see all.
ALTER TABLE pm_jobs._job ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON pm_jobs._job FOR SELECT
USING ((SELECT pm_jobs._is_admin()) OR enqueued_by = (SELECT quote_ident(current_user)::regrole));

ALTER TABLE pm_jobs._finished ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON pm_jobs._finished FOR SELECT
USING ((SELECT pm_jobs._is_admin()) OR enqueued_by = (SELECT quote_ident(current_user)::regrole));

ALTER TABLE pm_jobs._attempts ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON pm_jobs._attempts FOR SELECT
USING ((SELECT pm_jobs._is_admin())
  OR EXISTS (SELECT FROM pm_jobs._job AS j WHERE j.id = job_id) OR EXISTS (SELECT FROM pm_jobs._finished AS f WHERE f.id = job_id));

ALTER TABLE pm_jobs._schedules ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON pm_jobs._schedules FOR SELECT
USING ((SELECT pm_jobs._is_admin()) OR owner = (SELECT quote_ident(current_user)::regrole));

GRANT SELECT ON pm_jobs._job, pm_jobs._finished, pm_jobs._attempts, pm_jobs._schedules,
  pm_jobs._queues, pm_jobs._queue_grants, pm_jobs._handlers TO PUBLIC;
REVOKE ALL ON FUNCTION pm_jobs._require_admin(oid, text) FROM PUBLIC;
