-- Notifications to users.

CREATE TABLE pm_core.notifications (
  id uuid PRIMARY KEY DEFAULT pm_xref.uuid7(),
  user_id uuid NOT NULL REFERENCES pm_core.users ON DELETE CASCADE,
  title text NOT NULL,
  message text NOT NULL,
  type text NOT NULL DEFAULT 'info',
  read boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz DEFAULT now() + interval '7 days',
  metadata jsonb NOT NULL DEFAULT '{}',
  CONSTRAINT title_is_1_to_255_printable_characters CHECK (pm_core._is_line(title, 255)),
  CONSTRAINT type_is_info_success_warning_or_error CHECK (type IN ('info', 'success', 'warning', 'error')),
  CONSTRAINT metadata_is_an_object CHECK (jsonb_typeof(metadata) = 'object')
);
CREATE INDEX notifications_user_id ON pm_core.notifications (user_id, id);
CREATE INDEX notifications_unread ON pm_core.notifications (user_id) WHERE NOT read;
CREATE INDEX notifications_expires_at ON pm_core.notifications (expires_at);
COMMENT ON TABLE pm_core.notifications IS 'Notifications to users. Row-level security, also for the owner: whoever is authenticated sees the own ones until they expire, and all with permission notification:read';
COMMENT ON COLUMN pm_core.notifications.id IS 'a UUID of version 7';
COMMENT ON COLUMN pm_core.notifications.user_id IS 'whom it is for';
COMMENT ON COLUMN pm_core.notifications.title IS 'one line';
COMMENT ON COLUMN pm_core.notifications.message IS 'text';
COMMENT ON COLUMN pm_core.notifications.type IS 'info, success, warning or error';
COMMENT ON COLUMN pm_core.notifications.read IS 'the user has read it: mark_read()';
COMMENT ON COLUMN pm_core.notifications.created_at IS 'when it was made';
COMMENT ON COLUMN pm_core.notifications.expires_at IS 'from then on the user does not see it, and a job deletes it; NULL: never';
COMMENT ON COLUMN pm_core.notifications.metadata IS 'what a client needs to show it';

ALTER TABLE pm_core.notifications ENABLE ROW LEVEL SECURITY;
ALTER TABLE pm_core.notifications FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON pm_core.notifications FOR SELECT USING (
  user_id = (SELECT pm_core.current_user_id()) AND (expires_at IS NULL OR expires_at > now()) OR (SELECT pm_core._sees_all('notification')));
CREATE POLICY marked ON pm_core.notifications FOR UPDATE USING (user_id = (SELECT pm_core.current_user_id()));
CREATE POLICY kept ON pm_core.notifications USING ((SELECT pm_core._keeps()));

-- Whom listeners have not been told of yet; one row a statement and user.
CREATE TABLE pm_core._unsent (user_id uuid NOT NULL);
COMMENT ON TABLE pm_core._unsent IS 'Not dumped: listeners of a restored database look for themselves';

CREATE FUNCTION pm_core._note_unsent() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  INSERT INTO pm_core._unsent (user_id) SELECT DISTINCT m.user_id FROM made AS m;
  RETURN NULL;
END
$$;
CREATE TRIGGER note AFTER INSERT ON pm_core.notifications REFERENCING NEW TABLE AS made
FOR EACH STATEMENT EXECUTE FUNCTION pm_core._note_unsent();

CREATE FUNCTION pm_core._send_notification(user_id uuid, title text, message text, type text, metadata jsonb, ttl interval) RETURNS uuid
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  made uuid;
  erased timestamptz;
BEGIN
  IF ttl <= '0' THEN
    RAISE EXCEPTION 'invalid time for a notification to last: "%"', ttl USING ERRCODE = '22023', HINT = 'It is above 0; NULL is for ever.';
  END IF;
  SELECT u.erased_at INTO erased FROM pm_core.users AS u WHERE u.id = _send_notification.user_id FOR KEY SHARE;
  IF erased IS NOT NULL THEN
    RAISE EXCEPTION 'user "%" was erased', user_id USING ERRCODE = '23503';
  END IF;
  INSERT INTO pm_core.notifications (user_id, title, message, type, metadata, expires_at)
  VALUES (user_id, title, message, type, metadata, now() + ttl) RETURNING id INTO made;
  RETURN made;
END
$$;

CREATE FUNCTION pm_core.send_notification(user_id uuid, title text, message text, type text DEFAULT 'info', metadata jsonb DEFAULT '{}', ttl interval DEFAULT '7 days') RETURNS uuid
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_as_owner';
COMMENT ON FUNCTION pm_core.send_notification(uuid, text, text, text, jsonb, interval) IS 'makes a notification and returns its id; after commit a worker tells who listens on channel pm_core_notifications. Errors: 23503 unknown or erased user; 23514 type, title, metadata; 23502 a NULL; 22023 ttl';

CREATE FUNCTION pm_core.unread_count() RETURNS bigint
LANGUAGE sql STABLE PARALLEL RESTRICTED
BEGIN ATOMIC
  SELECT count(*) FROM pm_core.notifications AS n
  WHERE n.user_id = (SELECT pm_core.current_user_id()) AND NOT n.read AND (n.expires_at IS NULL OR n.expires_at > now());
END;
COMMENT ON FUNCTION pm_core.unread_count() IS 'notifications of whoever is authenticated that are neither read nor expired; 0: also if nobody is';

CREATE FUNCTION pm_core.mark_read(ids uuid[] DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  marked integer;
BEGIN
  UPDATE pm_core.notifications AS n SET read = true
  WHERE n.user_id = pm_core.current_user_id() AND NOT n.read AND (ids IS NULL OR n.id = ANY (ids));
  GET DIAGNOSTICS marked = ROW_COUNT;
  RETURN marked;
END
$$;
COMMENT ON FUNCTION pm_core.mark_read(uuid[]) IS 'marks notifications of whoever is authenticated as read, these or all; returns how many were unread. Those of others are passed over';

CREATE FUNCTION pm_core._announce_notifications() RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  told integer;
BEGIN
  WITH taken AS (DELETE FROM pm_core._unsent RETURNING user_id)
  SELECT count(*) INTO told
  FROM (SELECT pg_notify('pm_core_notifications', t.user_id::text) FROM (SELECT DISTINCT user_id FROM taken) AS t OFFSET 0) AS n;
  RETURN told;
END
$$;

CREATE FUNCTION pm_core.announce_notifications() RETURNS integer
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_as_owner';
COMMENT ON FUNCTION pm_core.announce_notifications() IS 'tells who listens on channel pm_core_notifications which users have new notifications, each user once however many there are; returns how many users. A job does it every few seconds: see schedule_upkeep(). The payload is the user''s id and nothing else, since anyone may LISTEN';

REVOKE ALL ON FUNCTION pm_core._note_unsent(), pm_core._send_notification(uuid, text, text, text, jsonb, interval), pm_core._announce_notifications(),
  pm_core.send_notification(uuid, text, text, text, jsonb, interval), pm_core.unread_count(), pm_core.mark_read(uuid[]), pm_core.announce_notifications() FROM PUBLIC;
SELECT pg_extension_config_dump('pm_core.notifications', '');
