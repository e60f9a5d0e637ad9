-- Tables of pm_xref.  ARCHITECTURE.md says who writes which.

CREATE TABLE pm_xref._references (
  name text PRIMARY KEY CHECK (name <> '' AND length(name) <= 63),
  local_table regclass NOT NULL,
  local_column name NOT NULL,
  server name,  -- NULL: this database
  remote_table text NOT NULL,  -- schema and name, quoted where needed
  remote_column name NOT NULL,
  on_orphan text NOT NULL CHECK (on_orphan IN ('report', 'quarantine', 'set_null', 'delete')),
  checked_at timestamptz,  -- end of the last check that found out anything
  known_orphans bigint,  -- those in state orphan, since then
  -- up to where it knows what was noted, on this side and on the parent's; NULL: not watched
  child_seen pg_snapshot,
  child_shape text,
  parent_seen pg_snapshot,
  parent_shape text
);

-- Keys that came to a watched column or went from it; NULL: everything may have changed.
CREATE TABLE pm_xref._changes (
  table_id oid NOT NULL,
  column_name text NOT NULL,
  key text,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  noted_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON pm_xref._changes (table_id, column_name, xid);
COMMENT ON TABLE pm_xref._changes IS 'Not dumped: keys that watched columns noted; a restored table has another shape, so they would be of no use.';

-- The last transaction whose notes may be gone; one row at most.
CREATE TABLE pm_xref._forgotten (
  xid xid8 NOT NULL
);
CREATE UNIQUE INDEX ON pm_xref._forgotten ((true));
COMMENT ON TABLE pm_xref._forgotten IS 'Not dumped: the last transaction whose notes may be gone, as _changes.';

CREATE TABLE pm_xref.checks (
  reference text NOT NULL REFERENCES pm_xref._references ON DELETE CASCADE,
  started_at timestamptz NOT NULL,
  mode text NOT NULL,
  engine text,
  rows_checked bigint,
  nulls bigint,
  orphans bigint,
  new_orphans bigint,
  resolved bigint,
  elapsed interval NOT NULL,
  sqlstate text,
  message text,
  detail text,
  hint text,
  PRIMARY KEY (reference, started_at)
);
COMMENT ON TABLE pm_xref.checks IS 'Every check of a reference, also those that failed.';
COMMENT ON COLUMN pm_xref.checks.reference IS 'name of the reference';
COMMENT ON COLUMN pm_xref.checks.started_at IS 'when it began';
COMMENT ON COLUMN pm_xref.checks.mode IS 'full: every row was looked at; incremental: only what changed since the last check';
COMMENT ON COLUMN pm_xref.checks.engine IS 'stream, fdw, or lookup in mode incremental; NULL: it failed';
COMMENT ON COLUMN pm_xref.checks.rows_checked IS 'rows of the table, those without a key too; in mode incremental keys that were looked up; NULL: it failed';
COMMENT ON COLUMN pm_xref.checks.nulls IS 'rows without a key, 0 in mode incremental; NULL: it failed';
COMMENT ON COLUMN pm_xref.checks.orphans IS 'rows whose key was not there; NULL: it failed';
COMMENT ON COLUMN pm_xref.checks.new_orphans IS 'those of them that the check before did not find; NULL: it failed';
COMMENT ON COLUMN pm_xref.checks.resolved IS 'orphans known before that are none any more; NULL: it failed';
COMMENT ON COLUMN pm_xref.checks.elapsed IS 'how long it took';
COMMENT ON COLUMN pm_xref.checks.sqlstate IS 'why it failed: code of the error; NULL: it did not';
COMMENT ON COLUMN pm_xref.checks.message IS 'its message';
COMMENT ON COLUMN pm_xref.checks.detail IS 'its detail';
COMMENT ON COLUMN pm_xref.checks.hint IS 'its hint';

-- The id stands for row and key, which can be too long for an index.  A check that finds
-- an orphan again changes no index entry, and there is room for it; nor is there a
-- foreign key, which would be looked up for each: drop_reference() deletes them.
CREATE TABLE pm_xref.orphans (
  reference text NOT NULL,
  row_key jsonb NOT NULL,
  key text NOT NULL,
  first_seen timestamptz NOT NULL,
  last_seen timestamptz NOT NULL,
  state text NOT NULL CHECK (state IN ('orphan', 'resolved', 'quarantined', 'set_null', 'deleted')),
  id uuid NOT NULL GENERATED ALWAYS AS (md5(row_key::text || E'\n' || key)::uuid) STORED,
  PRIMARY KEY (id, reference)
) WITH (fillfactor = 50);
CREATE INDEX ON pm_xref.orphans (reference) WHERE state = 'orphan';
CREATE INDEX ON pm_xref.orphans USING hash (key) WHERE state = 'orphan';
COMMENT ON TABLE pm_xref.orphans IS 'Rows that refer to a key that is not there, as the last good check of their reference found them, and what became of those found before.';
COMMENT ON COLUMN pm_xref.orphans.reference IS 'name of the reference';
COMMENT ON COLUMN pm_xref.orphans.row_key IS 'the row: its primary key as an object; its place as {"ctid": ...} if the table has none';
COMMENT ON COLUMN pm_xref.orphans.key IS 'the key it refers to, as text';
COMMENT ON COLUMN pm_xref.orphans.first_seen IS 'start of the first check that found it, since it was last resolved';
COMMENT ON COLUMN pm_xref.orphans.last_seen IS 'start of the last check that found it; in mode incremental only rows whose key came or went are looked at again';
COMMENT ON COLUMN pm_xref.orphans.state IS 'orphan; resolved: a later check, repair or restore found that it is none any more; quarantined, set_null, deleted: what repair did with it';
COMMENT ON COLUMN pm_xref.orphans.id IS 'stands for row_key and key';

-- A row leaves when it is restored: it is not kept twice.
CREATE TABLE pm_xref.quarantined (
  id uuid PRIMARY KEY DEFAULT pm_xref.uuid7(),
  reference text NOT NULL REFERENCES pm_xref._references,
  local_table regclass NOT NULL,
  row_key jsonb NOT NULL,
  key text NOT NULL,
  action text NOT NULL CHECK (action IN ('quarantine', 'set_null', 'delete')),
  copy jsonb NOT NULL,
  quarantined_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ON pm_xref.quarantined (reference, id);
COMMENT ON TABLE pm_xref.quarantined IS 'Copies of rows as they were before repair took them, or their keys, away.';
COMMENT ON COLUMN pm_xref.quarantined.id IS 'a number of version 7: in the order in which they went';
COMMENT ON COLUMN pm_xref.quarantined.reference IS 'name of the reference';
COMMENT ON COLUMN pm_xref.quarantined.local_table IS 'the table';
COMMENT ON COLUMN pm_xref.quarantined.row_key IS 'the row, as in pm_xref.orphans';
COMMENT ON COLUMN pm_xref.quarantined.key IS 'the key it referred to, as text';
COMMENT ON COLUMN pm_xref.quarantined.action IS 'quarantine and delete: the row went; set_null: its key';
COMMENT ON COLUMN pm_xref.quarantined.copy IS 'its columns, but for generated ones: each as the text that the output function of its type gave, null for NULL';
COMMENT ON COLUMN pm_xref.quarantined.quarantined_at IS 'when';

SELECT pg_extension_config_dump('pm_xref._references', '');
SELECT pg_extension_config_dump('pm_xref.checks', '');
SELECT pg_extension_config_dump('pm_xref.orphans', '');
SELECT pg_extension_config_dump('pm_xref.quarantined', '');
