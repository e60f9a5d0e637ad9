-- Tables of the outbox.  ARCHITECTURE.md says who writes which.

-- What the payload must have, of a schema of JSON Schema's shape.
CREATE FUNCTION pm_xref._required(schema jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(array_agg(r.name), '{}')
  FROM jsonb_array_elements_text(CASE WHEN jsonb_typeof(schema -> 'required') = 'array' THEN schema -> 'required' ELSE '[]' END) AS r(name)
$$;

CREATE TABLE pm_xref._topics (
  topic text PRIMARY KEY CHECK (topic <> '' AND length(topic) <= 200 AND topic !~ '[*\s]'),
  description text NOT NULL,
  schema jsonb NOT NULL CHECK (jsonb_typeof(schema) = 'object'),
  required text[] NOT NULL GENERATED ALWAYS AS (pm_xref._required(schema)) STORED,
  shipped boolean NOT NULL DEFAULT false
);

-- The epoch says which run of the server the transaction id is of: see src/outbox.c.
CREATE TABLE pm_xref._events (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  epoch bigint NOT NULL,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  topic text NOT NULL,
  key text NOT NULL,
  payload jsonb NOT NULL,
  published_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX _events_xid ON pm_xref._events (epoch, xid);

-- The newest transaction of each epoch of which an event of the topic was purged.
CREATE TABLE pm_xref._purged (
  epoch bigint NOT NULL,
  topic text NOT NULL,
  xid xid8 NOT NULL,
  PRIMARY KEY (epoch, topic)
);

-- What a subscriber has been sent: everything of the closed epochs; of one more epoch
-- what is visible in since, and, if a window is open, what is visible in upto up to
-- the id last.  low and high are the first and last id of those of its events whose
-- transactions began after since.
CREATE TYPE pm_xref._position AS (
  closed bigint[],
  epoch bigint,
  since pg_snapshot,
  upto pg_snapshot,
  low bigint,
  high bigint,
  last bigint
);

CREATE TABLE pm_xref._subscriptions (
  id uuid PRIMARY KEY DEFAULT pm_xref.uuid7(),
  topic text NOT NULL CHECK (topic <> ''),
  server name,  -- NULL: this database
  queue text NOT NULL,
  kind text NOT NULL,
  owner regrole NOT NULL DEFAULT quote_ident(current_user)::regrole,
  created_at timestamptz NOT NULL DEFAULT now(),
  start jsonb NOT NULL,  -- position when it was made
  confirmed jsonb NOT NULL,  -- the subscriber's position as far as is known
  position jsonb NOT NULL,  -- the same, moved on past what there was no event in
  delivered bigint NOT NULL DEFAULT 0,
  last_delivery timestamptz,
  failures integer NOT NULL DEFAULT 0,  -- since the last success
  failed_at timestamptz,
  sqlstate text,
  message text,
  detail text,
  hint text,
  next_try timestamptz  -- NULL: at once
);
CREATE UNIQUE INDEX _subscriptions_target ON pm_xref._subscriptions (topic, coalesce(server, ''), queue);

-- The subscriber's side: one row for each subscription that leads here.
CREATE TABLE pm_xref._inbox (
  subscription uuid PRIMARY KEY,
  publisher text NOT NULL,
  queue text NOT NULL,
  kind text NOT NULL,
  position jsonb NOT NULL,
  received bigint NOT NULL DEFAULT 0,
  updated_at timestamptz NOT NULL DEFAULT now()
);

-- A role changes its own subscriptions; an administrator may end any.
ALTER TABLE pm_xref._subscriptions ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible ON pm_xref._subscriptions FOR SELECT USING (true);
CREATE POLICY own ON pm_xref._subscriptions USING (owner = quote_ident(current_user)::regrole) WITH CHECK (owner = quote_ident(current_user)::regrole);
CREATE POLICY admin ON pm_xref._subscriptions FOR DELETE USING (coalesce(pg_has_role(to_regrole('pm_admin'), 'USAGE'), false));

SELECT pg_extension_config_dump('pm_xref._topics', 'WHERE NOT shipped');
SELECT pg_extension_config_dump('pm_xref._events', '');
SELECT pg_extension_config_dump('pm_xref._events_id_seq', '');
SELECT pg_extension_config_dump('pm_xref._purged', '');
SELECT pg_extension_config_dump('pm_xref._subscriptions', '');
SELECT pg_extension_config_dump('pm_xref._inbox', '');

REVOKE ALL ON FUNCTION pm_xref._required(jsonb) FROM PUBLIC;
REVOKE ALL ON TYPE pm_xref._position FROM PUBLIC;
