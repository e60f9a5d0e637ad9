-- Publishing: see src/outbox.c.

-- Is the topic meant by a subscription's, which may end in *?
CREATE FUNCTION pm_xref._is_of(topic text, pattern text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN topic = pattern OR (right(pattern, 1) = '*' AND starts_with(topic, left(pattern, -1)));

-- Says why an event was not taken.
CREATE FUNCTION pm_xref._refuse_event(topic text, payload jsonb) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  needs text[] := (SELECT t.required FROM pm_xref._topics AS t WHERE t.topic = _refuse_event.topic);
BEGIN
  IF needs IS NULL THEN
    RAISE EXCEPTION 'topic "%" does not exist', left(topic, 64)
      USING ERRCODE = '42704', HINT = 'View pm_xref.topics lists the topics; an administrator makes one with define_topic().';
  END IF;
  IF jsonb_typeof(payload) <> 'object' THEN
    RAISE EXCEPTION 'payload of an event "%" is not a JSON object: "%"', topic, left(payload::text, 64)
      USING ERRCODE = '22023', HINT = 'Give the values names, such as {"id": 1}.';
  END IF;
  RAISE EXCEPTION 'payload of an event "%" lacks "%"', topic, (SELECT n.name FROM unnest(needs) AS n(name) WHERE NOT payload ? n.name LIMIT 1)
    USING ERRCODE = '22023', DETAIL = format('The payload is %s.', left(payload::text, 200)), HINT = 'View pm_xref.topics has the schema of each topic''s payload.';
END
$$;

-- Lets the subscriptions of a topic be looked at once the caller's transaction has
-- committed: by jobs of their owners.  One that waits after a failure is left alone.
CREATE FUNCTION pm_xref._wake(topic text) RETURNS bigint
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT count(pm_jobs.enqueue_as(s.owner, 'pm_xref', 'pm_xref.deliver', jsonb_build_object('subscription', s.id), limit_key => s.id::text))
  FROM pm_xref._subscriptions AS s JOIN pg_roles AS r ON r.oid = s.owner
  WHERE pm_xref._is_of(topic, s.topic) AND (s.next_try <= clock_timestamp()) IS NOT FALSE AND pg_has_role(s.owner, 'MEMBER')
$$;

CREATE FUNCTION pm_xref._epoch() RETURNS bigint
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_xref__epoch';

CREATE FUNCTION pm_xref._make_durable() RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_xref__make_durable';

CREATE FUNCTION pm_xref.publish(topic text, key text, payload jsonb) RETURNS bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_xref_publish';
COMMENT ON FUNCTION pm_xref.publish(text, text, jsonb) IS
'writes an event as part of the caller''s transaction; returns its id. It reaches each subscriber exactly once after the commit, and events of one key in the order of their commits if the row that the key stands for is locked before publishing, as a change of the row does. Does nothing and returns NULL under session_replication_role = replica. Errors: 42704 unknown topic, 22023 the payload is no object or lacks a required member, 22004 NULL, 0A000 PREPARE TRANSACTION afterwards';

CREATE FUNCTION pm_xref.publish_many(topic text, keys text[], payloads jsonb[]) RETURNS bigint
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_xref_publish_many';
COMMENT ON FUNCTION pm_xref.publish_many(text, text[], jsonb[]) IS
'publishes many events of a topic as publish() does one, in the order of the arrays and with one published_at, for about the cost of an INSERT ... SELECT; returns how many, 0 under session_replication_role = replica. All or none. Errors: those of publish(), 2202E the arrays differ in length';

CREATE FUNCTION pm_xref.is_subscribed(topic text) RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_xref_is_subscribed';
COMMENT ON FUNCTION pm_xref.is_subscribed(text) IS
'is there a subscription to the topic? If not, the caller''s transaction may do without publishing until its end: whoever subscribes meanwhile waits for that, and sees what it did';

-- What subscribe() does between the row of the subscription and its position.
CREATE FUNCTION pm_xref._wait_for_skippers() RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_xref__wait_for_skippers';

REVOKE ALL ON FUNCTION pm_xref._is_of(text, text), pm_xref._refuse_event(text, jsonb), pm_xref._wake(text), pm_xref._epoch(), pm_xref._make_durable(),
  pm_xref.publish(text, text, jsonb), pm_xref.publish_many(text, text[], jsonb[]), pm_xref.is_subscribed(text), pm_xref._wait_for_skippers() FROM PUBLIC;
