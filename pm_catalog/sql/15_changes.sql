-- Who changes what: one row for each transaction that changes a product.

CREATE TABLE pm_catalog.changes (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  changed_at timestamptz NOT NULL,
  role name NOT NULL,
  user_id uuid,
  job uuid,
  batch integer,
  reason text,
  CONSTRAINT batch_is_of_a_job CHECK (batch IS NULL OR job IS NOT NULL)
);
CREATE INDEX ON pm_catalog.changes (job, batch) WHERE job IS NOT NULL;
COMMENT ON TABLE pm_catalog.changes IS 'transactions that changed products, one row each, or more if it said different things about itself: when, by which role, for which user, from which import; products.change_id and product_versions.change_id say which';
COMMENT ON COLUMN pm_catalog.changes.id IS 'key';
COMMENT ON COLUMN pm_catalog.changes.changed_at IS 'start of the transaction';
COMMENT ON COLUMN pm_catalog.changes.role IS 'the role of PostgreSQL that made it';
COMMENT ON COLUMN pm_catalog.changes.user_id IS 'the user that the client says it acts for: setting pm_catalog.user_id';
COMMENT ON COLUMN pm_catalog.changes.job IS 'the import whose rows were merged';
COMMENT ON COLUMN pm_catalog.changes.batch IS 'which of its batches';
COMMENT ON COLUMN pm_catalog.changes.reason IS 'why, in the words of who made it: setting pm_catalog.reason';

-- The id of the current transaction's row, which the first call makes, and the first one
-- after a setting has changed.
CREATE FUNCTION pm_catalog._change() RETURNS bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_catalog_change';

-- Makes a row of its own for what the transaction changes from now on; returns its id.
-- Job NULL: it is of no import from now on.
CREATE FUNCTION pm_catalog._change_of(job uuid, batch integer) RETURNS bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_catalog_change_of';
REVOKE ALL ON FUNCTION pm_catalog._change(), pm_catalog._change_of(uuid, integer) FROM PUBLIC;

SELECT pg_extension_config_dump('pm_catalog.changes', '');
SELECT pg_extension_config_dump('pm_catalog.changes_id_seq', '');
