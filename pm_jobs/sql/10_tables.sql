-- Tables of pm_jobs.  ARCHITECTURE.md says who writes which.

CREATE TABLE pm_jobs._queues (
  name text PRIMARY KEY CHECK (name <> '' AND length(name) <= 63),
  concurrency integer NOT NULL CHECK (concurrency > 0),
  max_attempts integer NOT NULL CHECK (max_attempts > 0),
  backoff interval[] NOT NULL CHECK (cardinality(backoff) > 0 AND array_position(backoff, NULL) IS NULL AND interval '0' <= ALL (backoff)),
  rate_per_second numeric CHECK (rate_per_second > 0),
  rate_burst integer CHECK (rate_burst > 0),  -- never NULL when there is a rate
  key_concurrency integer CHECK (key_concurrency > 0),
  retention interval NOT NULL CHECK (retention >= interval '0'),
  events boolean NOT NULL,
  ordered boolean NOT NULL,
  own_commit boolean NOT NULL,
  paused boolean NOT NULL DEFAULT false,
  owner regrole NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK (rate_per_second IS NULL OR rate_burst IS NOT NULL)
);

-- Who may enqueue besides the owner and administrators; 0 is PUBLIC.
CREATE TABLE pm_jobs._queue_grants (
  queue text NOT NULL REFERENCES pm_jobs._queues ON DELETE CASCADE,
  role regrole NOT NULL,
  PRIMARY KEY (queue, role)
);

-- The token bucket of each queue with a rate, as it was at filled_at.
CREATE TABLE pm_jobs._buckets (
  queue text PRIMARY KEY REFERENCES pm_jobs._queues ON DELETE CASCADE,
  tokens numeric NOT NULL,
  filled_at timestamptz NOT NULL
);

CREATE TABLE pm_jobs._handlers (
  kind text PRIMARY KEY CHECK (kind <> '' AND length(kind) <= 63),
  handler text NOT NULL,  -- schema-qualified signature
  transactional boolean NOT NULL,
  owner regrole NOT NULL
);

CREATE SEQUENCE pm_jobs._job_id;

-- Unfinished jobs only.  No foreign key on queue: it would lock the queue's row for
-- each job; drop_queue() waits for writers of this table instead.
CREATE TABLE pm_jobs._job (
  id bigint PRIMARY KEY DEFAULT nextval('pm_jobs._job_id'),
  queue text NOT NULL,
  kind text NOT NULL,
  payload jsonb NOT NULL CHECK (jsonb_typeof(payload) = 'object'),
  priority integer NOT NULL,
  run_at timestamptz,  -- NULL: at once
  dedup_key text,
  dedup_running boolean NOT NULL DEFAULT false,
  dedup_slot smallint NOT NULL DEFAULT 0,  -- above 0: enqueued while another with the key was running
  limit_key text,
  max_attempts integer NOT NULL CHECK (max_attempts > 0),
  attempts integer NOT NULL DEFAULT 0,
  earlier_attempts integer NOT NULL DEFAULT 0,  -- those before retry(), and crashes that count as none; the numbers in _attempts go on
  crashes integer NOT NULL DEFAULT 0,  -- how often the process that ran it died with it
  enqueued_by regrole NOT NULL,
  enqueued_at timestamptz NOT NULL DEFAULT now(),
  last_error text,
  started_at timestamptz,  -- of an attempt with outside effects that is under way, or whose process died
  seq bigint NOT NULL DEFAULT currval('pm_jobs._job_id')  -- order among the ready jobs of a priority: the id, or a later number
);
-- What a claim looks for: ready now, or due later.  No two entries with seq are alike:
-- looking for duplicates at each split of a page would be in vain.
CREATE INDEX _job_ready ON pm_jobs._job (queue, priority DESC, seq) WITH (deduplicate_items = off) WHERE run_at IS NULL;
CREATE INDEX _job_scheduled ON pm_jobs._job (queue, run_at) WHERE run_at IS NOT NULL;
-- The ready jobs of one key, and the ones that hold their key in an ordered queue.
CREATE INDEX _job_key ON pm_jobs._job (queue, limit_key, priority DESC, seq) WITH (deduplicate_items = off)
WHERE limit_key IS NOT NULL AND run_at IS NULL;
CREATE INDEX _job_retry ON pm_jobs._job (queue, limit_key) WHERE attempts + crashes > 0 AND limit_key IS NOT NULL;
CREATE UNIQUE INDEX _job_dedup ON pm_jobs._job (queue, dedup_key, dedup_slot) WHERE dedup_key IS NOT NULL;

-- Finished jobs, by blocks of ten million ids: partition _finished_N holds those of _block() N.
CREATE TABLE pm_jobs._finished (
  id bigint NOT NULL,
  queue text NOT NULL,
  kind text NOT NULL,
  payload jsonb NOT NULL,
  priority integer NOT NULL,
  run_at timestamptz,
  dedup_key text,
  dedup_running boolean NOT NULL,
  limit_key text,
  max_attempts integer NOT NULL,
  attempts integer NOT NULL,
  earlier_attempts integer NOT NULL,
  crashes integer NOT NULL,
  enqueued_by regrole NOT NULL,
  enqueued_at timestamptz NOT NULL,
  started_at timestamptz,
  finished_at timestamptz NOT NULL,
  status text NOT NULL CHECK (status IN ('succeeded', 'dead', 'cancelled')),
  result jsonb,
  last_error text
) PARTITION BY RANGE (id);
CREATE TABLE pm_jobs._finished_0 PARTITION OF pm_jobs._finished FOR VALUES FROM (0) TO (10000000);
CREATE TABLE pm_jobs._finished_1 PARTITION OF pm_jobs._finished FOR VALUES FROM (10000000) TO (20000000);

-- Executions: each that failed, and each of a handler with outside effects.
CREATE TABLE pm_jobs._attempts (
  job_id bigint NOT NULL,
  attempt integer NOT NULL,
  started_at timestamptz NOT NULL,
  finished_at timestamptz,  -- NULL: running, or its process died
  outcome text CHECK (outcome IN ('succeeded', 'failed', 'cancelled', 'crashed')),
  sqlstate text,
  message text,
  detail text,
  hint text,
  context text,
  pid integer NOT NULL
) PARTITION BY RANGE (job_id);
CREATE TABLE pm_jobs._attempts_0 PARTITION OF pm_jobs._attempts FOR VALUES FROM (0) TO (10000000);
CREATE TABLE pm_jobs._attempts_1 PARTITION OF pm_jobs._attempts FOR VALUES FROM (10000000) TO (20000000);

-- Each partition has its own keys and indexes, as _add_partitions() makes them.  The
-- parents have none: a dump restores the partitions that came later by attaching
-- them, which would give them the parent's before their own.
ALTER TABLE pm_jobs._finished_0 ADD PRIMARY KEY (id);
ALTER TABLE pm_jobs._finished_1 ADD PRIMARY KEY (id);
CREATE INDEX ON pm_jobs._finished_0 (queue, id) WHERE status = 'dead';
CREATE INDEX ON pm_jobs._finished_1 (queue, id) WHERE status = 'dead';
CREATE INDEX ON pm_jobs._finished_0 USING brin (finished_at);
CREATE INDEX ON pm_jobs._finished_1 USING brin (finished_at);
ALTER TABLE pm_jobs._attempts_0 ADD PRIMARY KEY (job_id, attempt);
ALTER TABLE pm_jobs._attempts_1 ADD PRIMARY KEY (job_id, attempt);
CREATE INDEX ON pm_jobs._attempts_0 USING brin (started_at);
CREATE INDEX ON pm_jobs._attempts_1 USING brin (started_at);

CREATE TABLE pm_jobs._schedules (
  name text PRIMARY KEY CHECK (name <> '' AND length(name) <= 63),
  spec text NOT NULL,
  queue text NOT NULL REFERENCES pm_jobs._queues,
  kind text NOT NULL,
  payload jsonb NOT NULL CHECK (jsonb_typeof(payload) = 'object'),
  missed text NOT NULL CHECK (missed IN ('skip', 'once', 'all')),
  owner regrole NOT NULL,
  next_run timestamptz NOT NULL,
  last_run timestamptz,
  last_error text  -- why the last run could not be enqueued
);
CREATE INDEX ON pm_jobs._schedules (queue);
CREATE INDEX ON pm_jobs._schedules (next_run);

SELECT pg_extension_config_dump('pm_jobs._queues', '');
SELECT pg_extension_config_dump('pm_jobs._queue_grants', '');
SELECT pg_extension_config_dump('pm_jobs._buckets', '');
SELECT pg_extension_config_dump('pm_jobs._handlers', '');
SELECT pg_extension_config_dump('pm_jobs._job_id', '');
SELECT pg_extension_config_dump('pm_jobs._job', '');
SELECT pg_extension_config_dump('pm_jobs._finished', '');
SELECT pg_extension_config_dump('pm_jobs._finished_0', '');
SELECT pg_extension_config_dump('pm_jobs._finished_1', '');
SELECT pg_extension_config_dump('pm_jobs._attempts', '');
SELECT pg_extension_config_dump('pm_jobs._attempts_0', '');
SELECT pg_extension_config_dump('pm_jobs._attempts_1', '');
SELECT pg_extension_config_dump('pm_jobs._schedules', '');
