-- What the roles of a deployment may do: pm_admin declares, pm_worker checks.

GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO pm_admin;
GRANT SELECT, INSERT, UPDATE, DELETE ON pm_xref._references, pm_xref.checks, pm_xref.orphans TO pm_admin;
GRANT SELECT ON pm_xref._references, pm_xref.coverage TO pm_worker;
GRANT UPDATE (checked_at) ON pm_xref._references TO pm_worker;
GRANT SELECT, INSERT ON pm_xref.checks TO pm_worker;
GRANT SELECT, INSERT, UPDATE ON pm_xref.orphans TO pm_worker;
GRANT SELECT ON pm_xref.coverage TO pm_admin;
GRANT EXECUTE ON FUNCTION pm_xref.add_database(text, text, integer, text, text),
  pm_xref.add_reference(text, regclass, name, name, text, name, text), pm_xref.drop_reference(text) TO pm_admin;
GRANT EXECUTE ON FUNCTION pm_xref._scan(text, text), pm_xref._no_reference(text), pm_xref.find_orphans(text, text),
  pm_xref._check_one(text, timestamptz, pm_xref.checks), pm_xref._check(text, text), pm_xref.check(text, text) TO pm_admin, pm_worker;

-- Outbox: pm_writer publishes, pm_worker subscribes and delivers, at both ends.
GRANT SELECT ON pm_xref._topics, pm_xref.topics, pm_xref._subscriptions, pm_xref.subscriptions TO pm_reader, pm_writer, pm_admin, pm_worker;
GRANT SELECT ON pm_xref._events, pm_xref._purged, pm_xref._inbox, pm_xref.outbox_lag TO pm_admin, pm_worker;
GRANT INSERT, UPDATE, DELETE ON pm_xref._topics TO pm_admin;
GRANT DELETE ON pm_xref._subscriptions, pm_xref._inbox TO pm_admin;
GRANT INSERT, UPDATE, DELETE ON pm_xref._subscriptions, pm_xref._inbox TO pm_worker;
GRANT DELETE ON pm_xref._events TO pm_worker;
GRANT INSERT, UPDATE ON pm_xref._purged TO pm_worker;
GRANT EXECUTE ON FUNCTION pm_xref.publish(text, text, jsonb) TO pm_writer, pm_admin, pm_worker;
GRANT EXECUTE ON FUNCTION pm_xref._check_topic(text), pm_xref.define_topic(text, text, jsonb), pm_xref.drop_topic(text), pm_xref._required(jsonb),
  pm_xref.schedule_delivery() TO pm_admin;
GRANT EXECUTE ON FUNCTION pm_xref._call(text, name, text, text[]), pm_xref._is_of(text, text), pm_xref._epochs(), pm_xref._undelivered(text, pm_xref._position),
  pm_xref._schedule_name(), pm_xref._server_text(name), pm_xref._close_inbox(uuid), pm_xref.unsubscribe(text, name, text) TO pm_admin, pm_worker;
GRANT EXECUTE ON FUNCTION pm_xref._epoch(), pm_xref._make_durable(), pm_xref._snapshot(), pm_xref._now(), pm_xref._open_window(text, pm_xref._position),
  pm_xref._window_events(text, pm_xref._position, integer), pm_xref._next_batch(text, pm_xref._position),
  pm_xref._open_inbox(uuid, text, text, text, jsonb), pm_xref._receive(uuid, jsonb, jsonb, jsonb),
  pm_xref._send(pm_xref._subscriptions, jsonb, jsonb), pm_xref._open(pm_xref._subscriptions), pm_xref._go_on_from(text, jsonb),
  pm_xref._deliver(uuid, boolean, timestamptz), pm_xref._has_events(uuid), pm_xref.purge_events(), pm_xref.deliver(uuid),
  pm_xref._run_delivery(pm_jobs.job), pm_xref.subscribe(text, name, text, text) TO pm_worker;
