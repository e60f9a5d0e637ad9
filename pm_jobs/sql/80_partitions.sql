-- Partitions of finished jobs and their attempts: made ahead of need, dropped when
-- all that is in them is older than its queue keeps it.
--
-- A block is ten million ids (PARTITION_IDS in src/pm_jobs_module.h).  Nothing waits behind these locks for more than a
-- moment: who cannot have them at once leaves the work to the next.

-- The block of an id, and the first id of a block.
CREATE FUNCTION pm_jobs._block(id bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN id / 10000000;

CREATE FUNCTION pm_jobs._block_start(block bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN block * 10000000;

-- Makes the partitions of this id's block and of the one after it.
CREATE FUNCTION pm_jobs._add_partitions(id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s'
AS $$
DECLARE
  block bigint := pm_jobs._block(id);
  parent text;
BEGIN
  FOR b IN block .. block + 1 LOOP
    CONTINUE WHEN to_regclass('pm_jobs._finished_' || b) IS NOT NULL AND to_regclass('pm_jobs._attempts_' || b) IS NOT NULL;
    IF b = block THEN
      LOCK TABLE pm_jobs._finished, pm_jobs._attempts IN SHARE UPDATE EXCLUSIVE MODE;
    ELSE
      BEGIN
        LOCK TABLE pm_jobs._finished, pm_jobs._attempts IN SHARE UPDATE EXCLUSIVE MODE NOWAIT;
      EXCEPTION WHEN lock_not_available THEN
        RETURN;
      END;
    END IF;
    FOREACH parent IN ARRAY '{_finished,_attempts}'::text[] LOOP
      -- another may have made it before the lock was ours
      CONTINUE WHEN to_regclass(format('pm_jobs.%s_%s', parent, b)) IS NOT NULL;
      EXECUTE format('CREATE TABLE pm_jobs.%1$I (LIKE pm_jobs.%2$I INCLUDING ALL)', parent || '_' || b, parent);
      IF parent = '_finished' THEN
        EXECUTE format('ALTER TABLE pm_jobs.%I ADD PRIMARY KEY (id)', '_finished_' || b);
        EXECUTE format('CREATE INDEX ON pm_jobs.%I (queue, id) WHERE status = %L', '_finished_' || b, 'dead');
        EXECUTE format('CREATE INDEX ON pm_jobs.%I USING brin (finished_at)', '_finished_' || b);
      ELSE
        EXECUTE format('ALTER TABLE pm_jobs.%I ADD PRIMARY KEY (job_id, attempt)', '_attempts_' || b);
        EXECUTE format('CREATE INDEX ON pm_jobs.%I USING brin (started_at)', '_attempts_' || b);
      END IF;
      EXECUTE format('ALTER TABLE pm_jobs.%2$I ATTACH PARTITION pm_jobs.%1$I FOR VALUES FROM (%3$s) TO (%4$s)',
                     parent || '_' || b, parent, pm_jobs._block_start(b), pm_jobs._block_start(b + 1));
    END LOOP;
  END LOOP;
END
$$;

-- Drops a partition; those that came with the extension leave it first.
CREATE FUNCTION pm_jobs._drop_partition(partition regclass) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = partition AND d.deptype = 'e') THEN
    EXECUTE format('ALTER EXTENSION pm_jobs DROP TABLE %s', partition);
  END IF;
  EXECUTE format('DROP TABLE %s', partition);
END
$$;

-- Does a queue keep any job of the partition?  A queue that is gone keeps its jobs a week.
CREATE FUNCTION pm_jobs._is_kept(partition regclass) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  kept boolean;
BEGIN
  EXECUTE format(
    'SELECT EXISTS (SELECT FROM pm_jobs._queues AS q WHERE EXISTS (
                      SELECT FROM %1$s AS f WHERE f.finished_at > now() - q.retention AND f.queue = q.name))
         OR EXISTS (SELECT FROM %1$s AS f WHERE f.finished_at > now() - interval ''7 days''
                      AND NOT EXISTS (SELECT FROM pm_jobs._queues AS q WHERE q.name = f.queue))', partition) INTO kept;
  RETURN kept;
END
$$;

-- Drops what no queue keeps any more; returns how many blocks.  A block is looked at
-- once the ids have left it; the ids leave a block early when it is a day old, or as
-- old as the shortest retention, so that little traffic does not keep jobs for years.
CREATE FUNCTION pm_jobs._drop_old() RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET lock_timeout = '200ms'
AS $$
DECLARE
  span interval := greatest(interval '1 hour', least(interval '1 day', (SELECT min(q.retention) FROM pm_jobs._queues AS q)));
  block bigint;
  first_finished timestamptz;
  b record;
  dropped integer := 0;
BEGIN
  -- an old snapshot would not show what has been finished since
  IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
    RAISE EXCEPTION 'finished jobs cannot be dropped in a % transaction', current_setting('transaction_isolation')
      USING ERRCODE = '25001', HINT = 'Use READ COMMITTED.';
  END IF;
  SELECT pm_jobs._block(s.last_value) INTO block FROM pm_jobs._job_id AS s;
  IF to_regclass('pm_jobs._finished_' || block) IS NOT NULL THEN
    EXECUTE format('SELECT f.finished_at FROM pm_jobs.%I AS f ORDER BY f.id LIMIT 1', '_finished_' || block) INTO first_finished;
    IF first_finished < now() - span THEN
      PERFORM pm_jobs._add_partitions(pm_jobs._block_start(block + 1));
      -- in one statement, and far from the block's end: nobody can get past it meanwhile
      PERFORM setval('pm_jobs._job_id', pm_jobs._block_start(block + 1), false)
      FROM pm_jobs._job_id AS s WHERE s.last_value < (pm_jobs._block_start(block) + pm_jobs._block_start(block + 1)) / 2;
    END IF;
  END IF;

  FOR b IN
    SELECT c.oid::regclass AS finished, to_regclass('pm_jobs._attempts_' || n.number) AS attempts, n.number
    FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
    CROSS JOIN LATERAL (SELECT substr(c.relname, length('_finished_') + 1)::bigint AS number) AS n
    WHERE i.inhparent = 'pm_jobs._finished'::regclass AND c.relname ~ '^_finished_[0-9]+$' AND n.number < block
    ORDER BY n.number
  LOOP
    CONTINUE WHEN pm_jobs._is_kept(b.finished);
    -- who was finishing a job there has ended when the lock is ours
    LOCK TABLE ONLY pm_jobs._finished IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', b.finished);
    CONTINUE WHEN pm_jobs._is_kept(b.finished);
    PERFORM pm_jobs._drop_partition(b.finished);
    -- a job that still waits keeps its attempts
    IF b.attempts IS NOT NULL AND NOT EXISTS (
      SELECT FROM pm_jobs._job AS j WHERE j.id >= pm_jobs._block_start(b.number) AND j.id < pm_jobs._block_start(b.number + 1)) THEN
      PERFORM pm_jobs._drop_partition(b.attempts);
    END IF;
    dropped := dropped + 1;
  END LOOP;
  RETURN dropped;
END
$$;

-- What CALL run() does at its end, in a transaction of its own.
CREATE FUNCTION pm_jobs._after_run() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pm_jobs._drop_old();
EXCEPTION WHEN lock_not_available THEN
  NULL;  -- somebody is reading: the next one will
END
$$;

CREATE FUNCTION pm_jobs._purge(caller regrole) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pm_jobs._require_admin(caller, 'drop finished jobs');
  RETURN pm_jobs._drop_old();
END
$$;

CREATE FUNCTION pm_jobs.purge() RETURNS integer
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_jobs_as_owner';
COMMENT ON FUNCTION pm_jobs.purge() IS
'drops the partitions in which every finished job is older than its queue''s retention; returns how many. CALL pm_jobs.run() does this by itself. Administrators only. Errors: 55P03 somebody is using them, 25001 not READ COMMITTED, 42501';

REVOKE ALL ON FUNCTION pm_jobs._block(bigint), pm_jobs._block_start(bigint), pm_jobs._add_partitions(bigint), pm_jobs._drop_partition(regclass), pm_jobs._is_kept(regclass), pm_jobs._drop_old(), pm_jobs._after_run(),
  pm_jobs._purge(regrole), pm_jobs.purge() FROM PUBLIC;
