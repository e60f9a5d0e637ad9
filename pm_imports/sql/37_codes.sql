-- What was decided about codes of a supplier (pm_suppliers), and what was read of others.

-- Decisions that an import goes by: those of its start, so that a record is read as it was
-- before when it is read again.  Gone with the end of the import.
CREATE TABLE pm_imports._job_codes (
  job_id uuid NOT NULL REFERENCES pm_imports.import_jobs ON DELETE CASCADE,
  key text COLLATE "C" NOT NULL,
  gtin pm_gtin.gtin,
  reason text,
  PRIMARY KEY (job_id, key)
);
SELECT pg_extension_config_dump('pm_imports._job_codes', '');

-- Copies the decisions of the import's supplier from where pm_suppliers is: this database,
-- the server of setting suppliers, or nowhere; returns how many there are.
CREATE FUNCTION pm_imports._copy_codes(job uuid, supplier text) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  server CONSTANT text := pm_imports._setting('suppliers');
  decisions CONSTANT text := 'SELECT d.key, d.gtin::text, d.reason FROM pm_suppliers.decisions($1::text) AS d';
  copied bigint := 0;
BEGIN
  IF to_regprocedure('pm_suppliers.decisions(text)') IS NOT NULL THEN
    EXECUTE format('INSERT INTO pm_imports._job_codes (job_id, key, gtin, reason) SELECT $2, d.key, d.gtin::pm_gtin.gtin, d.reason FROM (%s) AS d', decisions)
    USING supplier, job;
    GET DIAGNOSTICS copied = ROW_COUNT;
  ELSIF EXISTS (SELECT FROM pg_foreign_server AS s WHERE s.srvname = server) THEN
    INSERT INTO pm_imports._job_codes (job_id, key, gtin, reason)
    SELECT job, c.r[1], c.r[2]::pm_gtin.gtin, c.r[3] FROM pm_xref._call('decided codes', server::name, decisions, supplier) AS c(r);
    GET DIAGNOSTICS copied = ROW_COUNT;
  END IF;
  RETURN copied;
EXCEPTION WHEN foreign_key_violation THEN
  RETURN 0; -- the supplier is not known there: nothing was decided
END
$$;

-- The decisions that an import goes by, copied once, before its first batch.  If they
-- cannot be had, attempts up to the third, or the last one if that is before, fail with the
-- reason; then it goes on without.
CREATE FUNCTION pm_imports._codes(job uuid, attempt integer, max_attempts integer) RETURNS TABLE (key text, gtin pm_gtin.gtin, reason text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  j pm_imports.import_jobs := pm_imports._job(job);
  copied bigint := 0;
BEGIN
  IF j.decided_codes IS NULL THEN
    BEGIN
      copied := pm_imports._copy_codes(job, j.supplier_code);
    EXCEPTION WHEN OTHERS THEN
      IF attempt < least(3, max_attempts) THEN
        RAISE;
      END IF;
      PERFORM pm_imports._log(job, 'warning', 'goes on without the decisions about codes', jsonb_build_object('last_error', SQLSTATE || ': ' || SQLERRM));
    END;
    UPDATE pm_imports.import_jobs AS s SET decided_codes = copied WHERE s.id = job;
  END IF;
  RETURN QUERY SELECT c.key::text, c.gtin, c.reason FROM pm_imports._job_codes AS c WHERE c.job_id = job;
END
$$;

-- Tells pm_suppliers how codes of a batch were read, in the transaction that counts it.
CREATE FUNCTION pm_imports._publish_codes(job uuid, rows jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  supplier CONSTANT text := (pm_imports._job(job)).supplier_code;
BEGIN
  IF pm_xref.is_subscribed('imports.codes.resolved') THEN
    PERFORM pm_xref.publish('imports.codes.resolved', supplier, jsonb_build_object('supplier_code', supplier, 'job', job, 'rows', rows));
  END IF;
END
$$;

REVOKE ALL ON FUNCTION pm_imports._copy_codes(uuid, text), pm_imports._codes(uuid, integer, integer), pm_imports._publish_codes(uuid, jsonb) FROM PUBLIC;
