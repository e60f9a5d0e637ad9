-- Who gets what, and how far behind.

CREATE VIEW pm_xref.subscriptions WITH (security_invoker = true) AS
SELECT s.id, s.topic, s.server, s.queue, s.kind, s.owner, s.created_at, s.delivered, s.last_delivery
FROM pm_xref._subscriptions AS s;
COMMENT ON VIEW pm_xref.subscriptions IS 'Who gets which events: at the publisher.';
COMMENT ON COLUMN pm_xref.subscriptions.id IS 'the same at the publisher and at the subscriber';
COMMENT ON COLUMN pm_xref.subscriptions.topic IS 'the topic, or its beginning and *';
COMMENT ON COLUMN pm_xref.subscriptions.server IS 'foreign server of the subscriber; NULL: this database';
COMMENT ON COLUMN pm_xref.subscriptions.queue IS 'queue there';
COMMENT ON COLUMN pm_xref.subscriptions.kind IS 'kind of jobs there';
COMMENT ON COLUMN pm_xref.subscriptions.owner IS 'role that delivery runs as';
COMMENT ON COLUMN pm_xref.subscriptions.created_at IS 'when it was made; it gets what was published later';
COMMENT ON COLUMN pm_xref.subscriptions.delivered IS 'events delivered; one whose delivery was not noted because of a crash is not counted';
COMMENT ON COLUMN pm_xref.subscriptions.last_delivery IS 'when an event was last delivered; NULL: never';

-- Who publishes and has not ended is known by the lock on _events.
CREATE VIEW pm_xref.outbox_lag WITH (security_invoker = true) AS
SELECT s.id AS subscription, s.topic, s.server, s.queue, u.events AS undelivered, clock_timestamp() - u.oldest AS age, s.last_delivery,
       s.failures, s.failed_at, s.sqlstate, s.message, s.detail, s.hint, s.next_try, w.pid AS publishing_pid, w.xact_start AS publishing_since
FROM pm_xref._subscriptions AS s
CROSS JOIN LATERAL pm_xref._undelivered(s.topic, jsonb_populate_record(NULL::pm_xref._position, s.position)) AS u
LEFT JOIN (
  SELECT a.pid, a.xact_start
  FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid
  WHERE l.locktype = 'relation' AND l.relation = 'pm_xref._events'::regclass AND l.mode = 'RowExclusiveLock' AND l.granted
    AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
  ORDER BY a.xact_start
  LIMIT 1
) AS w ON true;
COMMENT ON VIEW pm_xref.outbox_lag IS 'How far behind each subscription is; takes time in proportion to what is undelivered.';
COMMENT ON COLUMN pm_xref.outbox_lag.subscription IS 'id of the subscription';
COMMENT ON COLUMN pm_xref.outbox_lag.topic IS 'the topic, or its beginning and *';
COMMENT ON COLUMN pm_xref.outbox_lag.server IS 'foreign server of the subscriber; NULL: this database';
COMMENT ON COLUMN pm_xref.outbox_lag.queue IS 'queue there';
COMMENT ON COLUMN pm_xref.outbox_lag.undelivered IS 'committed events it has not been sent, as far as the publisher knows';
COMMENT ON COLUMN pm_xref.outbox_lag.age IS 'how long ago the oldest of them was published; NULL: there is none';
COMMENT ON COLUMN pm_xref.outbox_lag.last_delivery IS 'when an event was last delivered; NULL: never';
COMMENT ON COLUMN pm_xref.outbox_lag.failures IS 'failures since the last success; 0: all is well, and the columns that follow tell of an earlier failure';
COMMENT ON COLUMN pm_xref.outbox_lag.failed_at IS 'when delivery last failed; NULL: never';
COMMENT ON COLUMN pm_xref.outbox_lag.sqlstate IS 'code of that error';
COMMENT ON COLUMN pm_xref.outbox_lag.message IS 'its message';
COMMENT ON COLUMN pm_xref.outbox_lag.detail IS 'its detail';
COMMENT ON COLUMN pm_xref.outbox_lag.hint IS 'its hint';
COMMENT ON COLUMN pm_xref.outbox_lag.next_try IS 'not before then is it tried again, except once a minute; NULL: it has not failed';
COMMENT ON COLUMN pm_xref.outbox_lag.publishing_pid IS 'the oldest transaction that has published and not ended, whose events wait for its commit, of whatever topic; others do not wait for it';
COMMENT ON COLUMN pm_xref.outbox_lag.publishing_since IS 'when that transaction began; NULL: none, or the caller may not know (pg_read_all_stats)';
