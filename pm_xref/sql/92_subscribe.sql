-- Subscriptions, at the publisher.

CREATE FUNCTION pm_xref.schedule_delivery() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM pm_jobs._queues AS q WHERE q.name = 'pm_xref') THEN
    PERFORM pm_jobs.create_queue('pm_xref', concurrency => 8, backoff => '{1 s,10 s,1 min}', key_concurrency => 1, retention => '1 hour');
  END IF;
  PERFORM pm_jobs.register_handler('pm_xref.deliver', 'pm_xref._run_delivery(pm_jobs.job)');
  IF to_regrole('pm_worker') IS NOT NULL THEN
    PERFORM pm_jobs.grant_queue('pm_xref', 'pm_worker');
  END IF;
END
$$;
COMMENT ON FUNCTION pm_xref.schedule_delivery() IS
'makes queue "pm_xref" and registers kind "pm_xref.deliver", by which events are delivered, and grants the queue to pm_worker. The first subscribe() of an administrator of pm_jobs does it by itself. Errors: 42501 the caller is no administrator of pm_jobs';

-- The name of the schedule that looks at a role's subscriptions.
CREATE FUNCTION pm_xref._schedule_name() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN left('pm_xref.deliver ' || current_user, 63);

CREATE FUNCTION pm_xref._server_text(server name) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce('server "' || server || '"', 'this database');

CREATE FUNCTION pm_xref.subscribe(topic text, server name, queue text, kind text) RETURNS uuid
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  wrong text := CASE WHEN topic IS NULL OR topic = '' THEN 'topic' WHEN queue IS NULL THEN 'queue' WHEN kind IS NULL THEN 'kind' END;
  beginning jsonb;
  s pm_xref._subscriptions;
BEGIN
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'invalid % of a subscription: %', wrong, CASE WHEN topic = '' THEN '""' ELSE 'NULL' END
      USING ERRCODE = '22023', HINT = 'It names a topic, and a queue and a kind of jobs in the database that is to get its events.';
  END IF;
  IF topic !~ '^[^*\s]*\*$' AND NOT EXISTS (SELECT FROM pm_xref._topics AS t WHERE t.topic = subscribe.topic) THEN
    RAISE EXCEPTION 'topic "%" does not exist', left(topic, 64)
      USING ERRCODE = '42704', HINT = 'View pm_xref.topics lists the topics; a * at the end stands for all that begin so.';
  END IF;
  IF NOT EXISTS (SELECT FROM pm_jobs._queues AS q WHERE q.name = 'pm_xref') THEN
    IF NOT has_function_privilege('pm_xref.schedule_delivery()', 'EXECUTE') THEN
      RAISE EXCEPTION 'queue "pm_xref", by which events are delivered, does not exist'
        USING ERRCODE = '42704', HINT = 'An administrator makes it: SELECT pm_xref.schedule_delivery();';
    END IF;
    PERFORM pm_xref.schedule_delivery();
  END IF;
  BEGIN
    INSERT INTO pm_xref._subscriptions (topic, server, queue, kind, start, confirmed, position)
    VALUES (topic, server, queue, kind, 'null', 'null', 'null') RETURNING id INTO s.id;
  EXCEPTION WHEN unique_violation THEN
    RAISE EXCEPTION 'queue "%" of % has a subscription to "%"', queue, pm_xref._server_text(server), topic
      USING ERRCODE = '42710', HINT = 'unsubscribe() ends it.';
  END;
  -- the row is there for is_subscribed(); what was left out before is visible now
  PERFORM pm_xref._wait_for_skippers();
  beginning := to_jsonb(pm_xref._now());
  UPDATE pm_xref._subscriptions AS u SET start = beginning, confirmed = beginning, position = beginning
  WHERE u.id = s.id RETURNING * INTO s;
  IF NOT EXISTS (SELECT FROM pm_jobs._schedules AS d WHERE d.name = pm_xref._schedule_name()) THEN
    PERFORM pm_jobs.schedule(pm_xref._schedule_name(), '1 min', 'pm_xref', 'pm_xref.deliver');
  END IF;
  IF NOT pg_has_role(e.extowner, s.owner, 'MEMBER') FROM pg_extension AS e WHERE e.extname = 'pm_xref' THEN
    RAISE WARNING 'publishing will not wake the subscriptions of role "%"', current_user
      USING HINT = 'Events are delivered every minute. The owner of extension pm_xref has to be a superuser or a member of the role.';
  END IF;
  IF NOT pm_xref._open(s) THEN
    RAISE WARNING 'queue "%" is not ordered: events of one key may be handled out of order', queue
      USING HINT = 'Run there: SELECT pm_jobs.alter_queue(' || quote_literal(queue) || ', ordered => true);';
  END IF;
  RETURN s.id;
END
$$;
COMMENT ON FUNCTION pm_xref.subscribe(text, name, text, text) IS
'from now on each event of the topic becomes a job of this kind in this queue of the database behind the server, or of this one (server NULL), exactly once, in order per key if the queue is ordered; topic may end in *, for all that begin so. Job: payload {event, topic, key, payload, published_at}, limit_key the event''s key; it runs there as the role of the caller''s user mapping. Delivery runs as the caller. Returns the id of the subscription. Errors: 42704 unknown topic, server, user mapping, or there unknown queue or kind; 42710 there is one; 08001 the server does not answer; 42501; 22023. What the subscriber was told stays if the caller rolls back, and does no harm. Waits for the transactions that have published nothing because nobody was subscribed (is_subscribed()); what they did is no event, but visible to the caller. 25001: not in isolation level repeatable read or serializable';

CREATE FUNCTION pm_xref.unsubscribe(topic text, server name DEFAULT NULL, queue text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s pm_xref._subscriptions;
  ended integer := 0;
BEGIN
  FOR s IN DELETE FROM pm_xref._subscriptions AS u
           WHERE u.topic = unsubscribe.topic AND u.server IS NOT DISTINCT FROM unsubscribe.server AND (unsubscribe.queue = u.queue) IS NOT FALSE
           RETURNING * LOOP
    ended := ended + 1;
    BEGIN
      IF s.server IS NULL THEN
        PERFORM pm_xref._close_inbox(s.id);
      ELSE
        PERFORM FROM pm_xref._call(format('subscription to "%s"', s.topic), s.server, 'SELECT pm_xref._close_inbox($1)', s.id::text);
      END IF;
    EXCEPTION WHEN OTHERS THEN
      RAISE WARNING 'the subscriber was not told: %', SQLERRM
        USING HINT = format('It keeps a row of no use: DELETE FROM pm_xref._inbox WHERE subscription = %L;', s.id);
    END;
  END LOOP;
  IF ended = 0 THEN
    RAISE EXCEPTION '% has no subscription to % that is yours', pm_xref._server_text(server), coalesce('"' || left(topic, 64) || '"', 'NULL')
      USING ERRCODE = '42704', HINT = 'View pm_xref.subscriptions lists the subscriptions; members of pm_admin may end any.';
  END IF;
  IF NOT EXISTS (SELECT FROM pm_xref._subscriptions AS u WHERE u.owner = quote_ident(current_user)::regrole)
    AND EXISTS (SELECT FROM pm_jobs._schedules AS d WHERE d.name = pm_xref._schedule_name()) THEN
    PERFORM pm_jobs.unschedule(pm_xref._schedule_name());
  END IF;
END
$$;
COMMENT ON FUNCTION pm_xref.unsubscribe(text, name, text) IS
'ends the subscriptions to the topic, as it was written, of this server (NULL: of this database) and queue (NULL: any); what they have not been sent is not sent. Jobs that are there stay. A subscriber that does not answer gives a WARNING. Errors: 42704 there is none of the caller''s; members of pm_admin may end any';

REVOKE ALL ON FUNCTION pm_xref.schedule_delivery(), pm_xref._schedule_name(), pm_xref._server_text(name), pm_xref.subscribe(text, name, text, text), pm_xref.unsubscribe(text, name, text) FROM PUBLIC;
