-- What is known about each code of a supplier, and how many codes were good.

-- No foreign key, which would be looked up for each of a hundred thousand codes: who
-- writes holds the supplier's row, and with a supplier go its rows.
CREATE TABLE pm_suppliers._resolutions (
  id uuid PRIMARY KEY DEFAULT pm_xref.uuid7(),
  supplier_id uuid NOT NULL,
  original_ean text NOT NULL,
  resolved_ean pm_gtin.gtin,
  suggestion pm_gtin.gtin,
  resolution_method text NOT NULL,
  confidence real NOT NULL,
  reason text,
  status text NOT NULL DEFAULT 'automatic',
  decided_by text,
  decided_at timestamptz,
  seen bigint NOT NULL DEFAULT 0,
  last_seen timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT original_ean_is_1_to_200_characters CHECK (length(original_ean) BETWEEN 1 AND 200 AND original_ean = btrim(original_ean, E' \t\n\x0B\f\r')),
  CONSTRAINT resolution_method_is_1_to_50_characters CHECK (length(resolution_method) BETWEEN 1 AND 50),
  CONSTRAINT confidence_is_0_to_1 CHECK (confidence BETWEEN 0 AND 1),
  CONSTRAINT reason_is_up_to_1000_characters CHECK (length(reason) BETWEEN 1 AND 1000),
  CONSTRAINT status_is_automatic_confirmed_or_rejected CHECK (status IN ('automatic', 'confirmed', 'rejected')),
  CONSTRAINT decision_has_author_and_time CHECK (CASE status WHEN 'automatic' THEN decided_by IS NULL AND decided_at IS NULL
                                                 ELSE length(decided_by) BETWEEN 1 AND 255 AND decided_by IS NOT NULL AND decided_at IS NOT NULL END),
  CONSTRAINT confirmed_has_a_number CHECK (status <> 'confirmed' OR resolved_ean IS NOT NULL),
  CONSTRAINT rejected_has_a_reason_and_no_number CHECK (status <> 'rejected' OR reason IS NOT NULL AND resolved_ean IS NULL),
  CONSTRAINT seen_is_counted CHECK (seen >= 0)
) WITH (fillfactor = 70);
-- one row a supplier and code_key(); seen changes no index entry
CREATE UNIQUE INDEX _resolutions_code ON pm_suppliers._resolutions (supplier_id, upper(original_ean COLLATE "C"));
CREATE INDEX _resolutions_confirmed ON pm_suppliers._resolutions (supplier_id, resolved_ean) WHERE status = 'confirmed';
CREATE INDEX _resolutions_rejected ON pm_suppliers._resolutions (supplier_id) WHERE status = 'rejected';

CREATE FUNCTION pm_suppliers._refuse_transition() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF (NEW.id, NEW.supplier_id) IS DISTINCT FROM (OLD.id, OLD.supplier_id) OR upper(NEW.original_ean COLLATE "C") <> upper(OLD.original_ean COLLATE "C") THEN
    RAISE EXCEPTION 'the resolution of code "%" cannot become that of another', OLD.original_ean
      USING ERRCODE = '55000', HINT = 'pm_suppliers.forget_resolution() forgets it.';
  END IF;
  RAISE EXCEPTION 'the resolution of code "%" is % and cannot become automatic again', OLD.original_ean, OLD.status
    USING ERRCODE = '55000', HINT = 'Confirm or reject it, or forget it with pm_suppliers.forget_resolution().';
END
$$;
CREATE TRIGGER refuse_transition BEFORE UPDATE ON pm_suppliers._resolutions
FOR EACH ROW WHEN (OLD.status <> 'automatic' AND NEW.status = 'automatic' OR OLD.id <> NEW.id OR OLD.supplier_id <> NEW.supplier_id
                   OR upper(OLD.original_ean COLLATE "C") <> upper(NEW.original_ean COLLATE "C"))
EXECUTE FUNCTION pm_suppliers._refuse_transition();

CREATE FUNCTION pm_suppliers._delete_resolutions() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  DELETE FROM pm_suppliers._resolutions AS t USING old_rows AS o WHERE t.supplier_id = o.id;
  RETURN NULL;
END
$$;
CREATE TRIGGER delete_resolutions AFTER DELETE ON pm_suppliers.suppliers
REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_suppliers._delete_resolutions();

-- Several rows a supplier and day: as many as there were transactions at once.
CREATE TABLE pm_suppliers._code_counts (
  id uuid PRIMARY KEY DEFAULT pm_xref.uuid7(),
  supplier_id uuid NOT NULL REFERENCES pm_suppliers.suppliers ON DELETE CASCADE,
  day date NOT NULL,
  exact bigint NOT NULL DEFAULT 0,
  resolved bigint NOT NULL DEFAULT 0,
  confirmed bigint NOT NULL DEFAULT 0,
  rejected bigint NOT NULL DEFAULT 0,
  unresolved bigint NOT NULL DEFAULT 0,
  missing bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
CREATE INDEX _code_counts_day ON pm_suppliers._code_counts (supplier_id, day);

SELECT pg_extension_config_dump('pm_suppliers._resolutions', '');
SELECT pg_extension_config_dump('pm_suppliers._code_counts', '');

REVOKE ALL ON FUNCTION pm_suppliers._refuse_transition(), pm_suppliers._delete_resolutions() FROM PUBLIC;
