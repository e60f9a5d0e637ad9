-- What the roles of a deployment may do: pm_admin declares, repairs and restores,
-- pm_worker checks, and repairs every night what was declared so.

GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO pm_admin;
GRANT SELECT, INSERT, UPDATE, DELETE ON pm_xref._references, pm_xref.checks, pm_xref.orphans, pm_xref.quarantined TO pm_admin;
GRANT SELECT ON pm_xref._references, pm_xref.coverage TO pm_worker;
GRANT UPDATE (checked_at, known_orphans, child_seen, child_shape, parent_seen, parent_shape) ON pm_xref._references TO pm_worker;
GRANT SELECT, INSERT, DELETE ON pm_xref.checks TO pm_worker;
GRANT SELECT, INSERT, UPDATE ON pm_xref.orphans TO pm_worker;
GRANT SELECT, INSERT, DELETE ON pm_xref.quarantined TO pm_worker;
GRANT SELECT ON pm_xref.coverage TO pm_admin;
GRANT EXECUTE ON FUNCTION pm_xref.add_database(text, text, integer, text, text),
  pm_xref.add_reference(text, regclass, name, name, text, name, text), pm_xref.drop_reference(text),
  pm_xref._check_copies(text, regclass), pm_xref._give_back(pm_xref._references, pm_xref.quarantined),
  pm_xref._put_back(pm_xref._references, pm_xref.quarantined), pm_xref._restore(pm_xref._references, boolean),
  pm_xref.restore_quarantined(text, boolean), pm_xref.forget_quarantined(text, timestamptz) TO pm_admin;
GRANT EXECUTE ON FUNCTION pm_xref._scan(text, text, boolean), pm_xref._scan_changed(text), pm_xref._no_reference(text), pm_xref.find_orphans(text, text),
  pm_xref._check_one(text, timestamptz, pm_xref.checks), pm_xref._check(text, text), pm_xref.check(text, text),
  pm_xref._check_action(text, text, text, regclass, name), pm_xref._row_lock(text), pm_xref._hold(text, text[]), pm_xref._setting(text),
  pm_xref._lock_reference(text), pm_xref._copy(regclass), pm_xref._referred(oid, name), pm_xref._act(pm_xref._references, text),
  pm_xref._repair_pass(pm_xref._references, text, boolean), pm_xref._guard(text, boolean, bigint, bigint, real), pm_xref._repair(text, text, boolean), pm_xref.repair(text, text, boolean),
  pm_xref._forget_old(), pm_xref._check_and_repair(text), pm_xref._nightly(pm_jobs.job), pm_xref.schedule_checks(text) TO pm_admin, pm_worker;

-- Watching: administrators who own a table, or may make triggers on it; workers read.
GRANT SELECT ON pm_xref._changes, pm_xref._forgotten TO pm_admin, pm_worker;
GRANT INSERT, DELETE ON pm_xref._forgotten TO pm_admin, pm_worker;
GRANT DELETE ON pm_xref._changes TO pm_admin, pm_worker;
GRANT EXECUTE ON FUNCTION pm_xref._members(regclass), pm_xref._noted_events(), pm_xref._note_triggers(oid, text),
  pm_xref._watch_shape(regclass, text), pm_xref._snapshot(), pm_xref._changes_since(text, text, text, text),
  pm_xref.forget_changes(timestamptz) TO pm_admin, pm_worker;
GRANT EXECUTE ON FUNCTION pm_xref._note_changes(), pm_xref.watch_key(regclass, name), pm_xref.unwatch_key(regclass, name) TO pm_admin;

-- Sagas: pm_admin defines them; pm_worker, as which they run, starts them, and does
-- steps of those of other databases.
GRANT SELECT, INSERT, UPDATE, DELETE ON pm_xref._saga_definitions TO pm_admin;
GRANT SELECT ON pm_xref._saga_definitions TO pm_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON pm_xref._sagas TO pm_admin, pm_worker;
GRANT SELECT, INSERT ON pm_xref._saga_transitions TO pm_admin, pm_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON pm_xref._saga_steps TO pm_admin, pm_worker;
GRANT SELECT ON pm_xref.sagas, pm_xref.saga_transitions TO pm_admin, pm_worker;
GRANT EXECUTE ON FUNCTION pm_xref._saga_queue(), pm_xref._check_step(text, text, jsonb), pm_xref._check_step_functions(text, jsonb),
  pm_xref.define_saga(text, jsonb), pm_xref.drop_saga(text) TO pm_admin;
GRANT EXECUTE ON FUNCTION pm_xref._call(text, name, text, text[]), pm_xref._saga_signature(text), pm_xref._saga_function(text), pm_xref._saga_refusals(text[]),
  pm_xref._is_passing(text), pm_xref._call_step(text, uuid, jsonb), pm_xref._saga_step(uuid, integer, text, text, jsonb),
  pm_xref._ask_step(name, text, uuid, integer, text, text, jsonb), pm_xref._no_definition(text),
  pm_xref._enqueue_step(pm_xref._sagas, timestamptz), pm_xref.start_saga(text, jsonb), pm_xref._lock_saga(uuid),
  pm_xref._goes_on(pm_xref._sagas), pm_xref._wake_saga(pm_xref._sagas), pm_xref.retry_saga(uuid), pm_xref.cancel_saga(uuid),
  pm_xref._forget_steps(uuid[]), pm_xref.purge_sagas(interval),
  pm_xref._after_step(pm_xref._sagas, text, jsonb), pm_xref._saga_backoff(integer), pm_xref._run_saga(pm_jobs.job) TO pm_admin, pm_worker;

-- Outbox: pm_writer publishes, pm_worker subscribes and delivers, at both ends.
GRANT SELECT ON pm_xref._topics, pm_xref.topics, pm_xref._subscriptions, pm_xref.subscriptions TO pm_reader, pm_writer, pm_admin, pm_worker;
GRANT SELECT ON pm_xref._events, pm_xref._purged, pm_xref._inbox, pm_xref.outbox_lag TO pm_admin, pm_worker;
GRANT INSERT, UPDATE, DELETE ON pm_xref._topics TO pm_admin;
GRANT DELETE ON pm_xref._subscriptions, pm_xref._inbox TO pm_admin;
GRANT INSERT, UPDATE, DELETE ON pm_xref._subscriptions, pm_xref._inbox TO pm_worker;
GRANT DELETE ON pm_xref._events TO pm_worker;
GRANT INSERT, UPDATE ON pm_xref._purged TO pm_worker;
GRANT EXECUTE ON FUNCTION pm_xref.publish(text, text, jsonb), pm_xref.publish_many(text, text[], jsonb[]), pm_xref.is_subscribed(text) TO pm_writer, pm_admin, pm_worker;
GRANT EXECUTE ON FUNCTION pm_xref._check_topic(text), pm_xref.define_topic(text, text, jsonb), pm_xref.drop_topic(text), pm_xref._required(jsonb),
  pm_xref.schedule_delivery(), pm_xref.receive_events(text, text, regprocedure) TO pm_admin;
GRANT EXECUTE ON FUNCTION pm_xref._call(text, name, text, text[]), pm_xref._is_of(text, text), pm_xref._epochs(), pm_xref._undelivered(text, pm_xref._position),
  pm_xref._schedule_name(), pm_xref._server_text(name), pm_xref._close_inbox(uuid), pm_xref.unsubscribe(text, name, text) TO pm_admin, pm_worker;
GRANT EXECUTE ON FUNCTION pm_xref._epoch(), pm_xref._make_durable(), pm_xref._now(), pm_xref._open_window(text, pm_xref._position),
  pm_xref._window_events(text, pm_xref._position, integer), pm_xref._next_batch(text, pm_xref._position),
  pm_xref._open_inbox(uuid, text, text, text, jsonb), pm_xref._receive(uuid, jsonb, jsonb, jsonb),
  pm_xref._send(pm_xref._subscriptions, jsonb, jsonb), pm_xref._open(pm_xref._subscriptions), pm_xref._go_on_from(text, jsonb),
  pm_xref._deliver(uuid, boolean, timestamptz), pm_xref._has_events(uuid), pm_xref.purge_events(), pm_xref.deliver(uuid),
  pm_xref._run_delivery(pm_jobs.job), pm_xref._wait_for_skippers(), pm_xref.subscribe(text, name, text, text) TO pm_worker;

-- Persons: pm_core has pm_worker erase them in each database, and nobody whom it did not ask for.
GRANT SELECT ON pm_xref._personal_columns TO pm_admin, pm_worker;
GRANT EXECUTE ON FUNCTION pm_xref.personal_columns(), pm_xref.find_person(uuid, text[]) TO pm_admin, pm_worker;
GRANT EXECUTE ON FUNCTION pm_xref.erase_person(uuid, text[]) TO pm_admin;
GRANT EXECUTE ON FUNCTION pm_xref.erase_on_request(name, text, uuid, integer) TO pm_worker;
