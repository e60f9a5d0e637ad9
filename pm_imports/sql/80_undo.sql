-- An import is taken back.  What it did is the catalog's to know: pm_catalog.undo_job().

-- A step of it, here or on the server that the catalog is on, where it is a transaction of
-- its own.
CREATE FUNCTION pm_imports._undo_step(job uuid, after uuid) RETURNS TABLE (product_id uuid, outcome text, reason text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF to_regprocedure('pm_catalog.undo_job(uuid, uuid, integer)') IS NOT NULL THEN
    RETURN QUERY EXECUTE 'SELECT u.product_id, u.outcome, u.reason FROM pm_catalog.undo_job($1, $2) AS u' USING job, after;
  ELSE
    RETURN QUERY SELECT c.r[1]::uuid, c.r[2], c.r[3]
    FROM pm_xref._call(format('undo import "%s"', job), pm_imports._setting('catalog')::name,
      'SELECT u.product_id::text, u.outcome, u.reason FROM pm_catalog.undo_job($1::uuid, $2::uuid) AS u', job::text, after::text) AS c(r);
  END IF;
END
$$;

CREATE FUNCTION pm_imports.undo(job uuid) RETURNS TABLE (product_id uuid, outcome text, reason text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  j pm_imports.import_jobs := pm_imports._hold_job(job);
  last uuid := '00000000-0000-0000-0000-000000000000';
  counts jsonb := '{}';
  why text;
BEGIN
  PERFORM pm_imports._require_own(j);
  why := CASE WHEN j.status IN ('pending', 'running') THEN 'has not ended' WHEN j.dry_run THEN 'is a dry run' WHEN j.same_as IS NOT NULL THEN 'had nothing to do' END;
  IF why IS NOT NULL THEN
    RAISE EXCEPTION 'import "%" %', job, why USING ERRCODE = '55000', HINT = 'undo() takes back what an import has done to the catalog.';
  END IF;
  LOOP
    product_id := NULL;
    FOR product_id, outcome, reason IN SELECT * FROM pm_imports._undo_step(job, last) LOOP
      counts := counts || jsonb_build_object(outcome, coalesce((counts ->> outcome)::bigint, 0) + 1);
      RETURN NEXT;
    END LOOP;
    EXIT WHEN product_id IS NULL;
    last := product_id;
  END LOOP;
  IF j.status <> 'undone' THEN
    PERFORM pm_imports._log(job, 'warning', 'undone', counts || jsonb_build_object('role', current_user));
    UPDATE pm_imports.import_jobs AS s SET status = 'undone' WHERE s.id = job RETURNING * INTO j;
    PERFORM pm_imports._publish('imports.job.undone', j);
  END IF;
END
$$;
COMMENT ON FUNCTION pm_imports.undo(uuid) IS
'takes back what an import did to the catalog; a row a product: put back, deleted (the import had made it), kept (reason: somebody edited it since), failed (reason); see pm_catalog.undo_job(). Addresses of images that it recorded stay. On another server each ten thousand products are a transaction there: if it is interrupted, call it again. Its next file is merged as if it were new. For who asked for the import and administrators, who must be pm_worker or pm_admin to the catalog. Errors: P0002 no such import, 55000 it has not ended, or did nothing to the catalog, 42501, 08001 and others: the catalog cannot be reached';

REVOKE ALL ON FUNCTION pm_imports._undo_step(uuid, uuid), pm_imports.undo(uuid) FROM PUBLIC;
