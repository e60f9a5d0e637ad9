-- The copy of the suppliers of pm_suppliers.

CREATE FUNCTION pm_catalog.supplier_changed(job pm_jobs.job) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s jsonb := job.payload -> 'payload';
  s_id uuid := s ->> 'id';
  s_code text := s ->> 'code';
  published timestamptz := job.payload ->> 'published_at';
  deleted boolean := coalesce((s ->> 'deleted')::boolean, false);
BEGIN
  IF s_id IS NULL OR published IS NULL THEN
    RAISE EXCEPTION 'no event of a supplier: "%"', left(job.payload::text, 200)
      USING ERRCODE = '22023', HINT = 'The job is made by a subscription to "suppliers.supplier.changed".';
  END IF;
  -- two suppliers may exchange their codes; products that are written do not wait for this
  LOCK TABLE pm_catalog.suppliers IN SHARE ROW EXCLUSIVE MODE;
  IF EXISTS (SELECT FROM pm_catalog.suppliers AS k WHERE k.id = s_id AND k.changed_at > published) THEN
    RETURN jsonb_build_object('outcome', 'older');
  END IF;
  IF deleted THEN
    UPDATE pm_catalog.suppliers AS k SET is_active = false, changed_at = published WHERE k.id = s_id;
    RETURN jsonb_build_object('outcome', 'deleted');
  END IF;
  -- who had the code has lost it, or has it since: then ours is old
  UPDATE pm_catalog.suppliers AS k SET code = k.id::text WHERE k.code = s_code AND k.id <> s_id AND k.changed_at <= published;
  IF EXISTS (SELECT FROM pm_catalog.suppliers AS k WHERE k.code = s_code AND k.id <> s_id) THEN
    s_code := s_id::text;
  END IF;
  INSERT INTO pm_catalog.suppliers AS k (id, code, name, is_active, changed_at) VALUES (s_id, s_code, s ->> 'name', (s ->> 'is_active')::boolean, published)
  ON CONFLICT (id) DO UPDATE SET code = excluded.code, name = excluded.name, is_active = excluded.is_active, changed_at = excluded.changed_at;
  RETURN jsonb_build_object('outcome', 'copied');
END
$$;
COMMENT ON FUNCTION pm_catalog.supplier_changed(pm_jobs.job) IS
'handler of jobs "supplier_changed", events suppliers.supplier.changed: keeps the copy in suppliers. An event that was published before the last one known does nothing. A supplier that takes the code of another leaves it its id as code until its own event comes. One that is deleted stays, inactive. Returns {"outcome": copied, deleted or older}. Errors: 22023, 23502 and 23514 for values that a supplier cannot have';

CREATE FUNCTION pm_catalog.receive_suppliers(queue text DEFAULT 'suppliers') RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  SELECT pm_xref.receive_events(queue, 'supplier_changed', 'pm_catalog.supplier_changed(pm_jobs.job)');
END;
COMMENT ON FUNCTION pm_catalog.receive_suppliers(text) IS
'makes the ordered queue, if there is none of the name, grants it to pm_worker, and registers kind "supplier_changed". Then, in the suppliers'' database: SELECT pm_xref.subscribe(''suppliers.supplier.changed'', server of this database, queue, ''supplier_changed''). Errors: 42501 the caller is no administrator of pm_jobs';

REVOKE ALL ON FUNCTION pm_catalog.supplier_changed(pm_jobs.job), pm_catalog.receive_suppliers(text) FROM PUBLIC;
