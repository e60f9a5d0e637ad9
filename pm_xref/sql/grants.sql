-- What the roles of a deployment may do: pm_admin declares, pm_worker checks.

GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO pm_admin;
GRANT SELECT, INSERT, UPDATE, DELETE ON pm_xref._references, pm_xref.checks, pm_xref.orphans TO pm_admin;
GRANT SELECT ON pm_xref._references, pm_xref.coverage TO pm_worker;
GRANT UPDATE (checked_at, child_seen, child_shape, parent_seen, parent_shape) ON pm_xref._references TO pm_worker;
GRANT SELECT, INSERT ON pm_xref.checks TO pm_worker;
GRANT SELECT, INSERT, UPDATE ON pm_xref.orphans TO pm_worker;
GRANT SELECT ON pm_xref.coverage TO pm_admin;
GRANT EXECUTE ON FUNCTION pm_xref.add_database(text, text, integer, text, text),
  pm_xref.add_reference(text, regclass, name, name, text, name, text), pm_xref.drop_reference(text) TO pm_admin;
GRANT EXECUTE ON FUNCTION pm_xref._scan(text, text, boolean), pm_xref._scan_changed(text, text[], text, text), pm_xref._no_reference(text), pm_xref.find_orphans(text, text),
  pm_xref._check_one(text, timestamptz, pm_xref.checks), pm_xref._check(text, text), pm_xref.check(text, text) TO pm_admin, pm_worker;

-- Watching: administrators who own a table, or may make triggers on it; workers read.
GRANT SELECT ON pm_xref._changes, pm_xref._forgotten TO pm_admin, pm_worker;
GRANT INSERT, DELETE ON pm_xref._forgotten TO pm_admin, pm_worker;
GRANT DELETE ON pm_xref._changes TO pm_admin, pm_worker;
GRANT EXECUTE ON FUNCTION pm_xref._members(regclass), pm_xref._noted_events(), pm_xref._note_triggers(oid, text),
  pm_xref._watch_shape(regclass, text), pm_xref._seen_now(), pm_xref._changes_since(text, text, text, text),
  pm_xref.forget_changes(timestamptz) TO pm_admin, pm_worker;
GRANT EXECUTE ON FUNCTION pm_xref._note_changes(), pm_xref.watch_key(regclass, name), pm_xref.unwatch_key(regclass, name) TO pm_admin;
