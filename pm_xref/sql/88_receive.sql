-- The subscriber's side.

CREATE FUNCTION pm_xref.receive_events(queue text, kind text, handler regprocedure) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM pm_jobs._queues AS q WHERE q.name = receive_events.queue) THEN
    PERFORM pm_jobs.create_queue(queue, ordered => true);
  END IF;
  PERFORM pm_jobs.register_handler(kind, handler);
  IF to_regrole('pm_worker') IS NOT NULL THEN
    PERFORM pm_jobs.grant_queue(queue, 'pm_worker');
  END IF;
END
$$;
COMMENT ON FUNCTION pm_xref.receive_events(text, text, regprocedure) IS
'what a database needs before another, or itself, can subscribe it to events: an ordered queue, unless there is one of the name, which keeps its settings; pm_worker, if there is such a role, may use it; the handler of the kind is registered. Again does no harm. Errors: 42501 the caller is no administrator of pm_jobs; 22023, 42883 and 42P13 as create_queue() and register_handler()';

-- What follows is called by the publisher as the role of its user mapping, as which the
-- jobs run.

-- Begins or restarts a subscription; refuses a queue or kind that no job could have.
-- Returns whether the queue is ordered.
CREATE FUNCTION pm_xref._open_inbox(subscription uuid, publisher text, queue text, kind text, "position" jsonb) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM FROM pm_jobs.enqueue_many(queue, kind, '{}');
  INSERT INTO pm_xref._inbox VALUES (subscription, publisher, queue, kind, position);
  RETURN (SELECT q.ordered FROM pm_jobs._queues AS q WHERE q.name = queue);
END
$$;

-- Enqueues a batch and moves on from the position that the publisher expects; if it is
-- another one, or there is none (NULL), says so and does nothing.
CREATE FUNCTION pm_xref._receive(subscription uuid, expected jsonb, next jsonb, jobs jsonb, OUT accepted boolean, OUT "position" jsonb)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  i pm_xref._inbox;
BEGIN
  SELECT * INTO i FROM pm_xref._inbox AS s WHERE s.subscription = _receive.subscription FOR UPDATE;
  accepted := coalesce(i.position = expected, false);
  position := i.position;
  IF accepted THEN
    PERFORM count(*)
    FROM (SELECT array_agg(j.job ORDER BY j.n) AS payloads, array_agg(j.job ->> 'key' ORDER BY j.n) AS keys
          FROM jsonb_array_elements(jobs) WITH ORDINALITY AS j(job, n)) AS a
    CROSS JOIN LATERAL pm_jobs.enqueue_keyed(i.queue, i.kind, a.payloads, a.keys)
    WHERE a.payloads IS NOT NULL;
    position := next;
    UPDATE pm_xref._inbox AS s SET position = next, received = s.received + coalesce(jsonb_array_length(jobs), 0), updated_at = now()
    WHERE s.subscription = _receive.subscription;
  END IF;
END
$$;

-- Ends a subscription.
CREATE FUNCTION pm_xref._close_inbox(subscription uuid) RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
  DELETE FROM pm_xref._inbox AS i WHERE i.subscription = $1
$$;

REVOKE ALL ON FUNCTION pm_xref.receive_events(text, text, regprocedure), pm_xref._open_inbox(uuid, text, text, text, jsonb), pm_xref._receive(uuid, jsonb, jsonb, jsonb), pm_xref._close_inbox(uuid) FROM PUBLIC;
