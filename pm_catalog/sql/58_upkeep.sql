-- What only triggers write.  _category_counts comes first in a dump: one that is restored
-- so that triggers run ends there.
DO $$
DECLARE
  kept name;
BEGIN
  FOREACH kept IN ARRAY '{_category_counts,_category_deltas,_unique_values,product_attribute_versions,product_numbers,product_versions}'::name[] LOOP
    EXECUTE format('CREATE TRIGGER kept_by_server BEFORE INSERT ON pm_catalog.%I FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._kept_by_server()', kept);
  END LOOP;
END
$$;

-- Upkeep: what jobs do again and again.  Other parts of the extension add rows to
-- _upkeep for theirs.

CREATE TABLE pm_catalog._upkeep (
  kind text COLLATE "C" PRIMARY KEY,
  handler text NOT NULL,
  spec text NOT NULL
);
COMMENT ON TABLE pm_catalog._upkeep IS 'Not dumped: the kinds of jobs of schedule_upkeep() come with the extension';

CREATE FUNCTION pm_catalog._run_counts(job pm_jobs.job) RETURNS jsonb
LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  SELECT jsonb_build_object('folded', pm_catalog._fold_counts());
END;

-- What one run leaves is the next one's.
CREATE FUNCTION pm_catalog._run_popularity(job pm_jobs.job) RETURNS jsonb
LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  SELECT jsonb_build_object('folded', pm_catalog._fold_events());
END;

INSERT INTO pm_catalog._upkeep (kind, handler, spec) VALUES
  ('pm_catalog.counts', 'pm_catalog._run_counts(pm_jobs.job)', '10 s'),
  ('pm_catalog.popularity', 'pm_catalog._run_popularity(pm_jobs.job)', '10 s');

CREATE FUNCTION pm_catalog.schedule_upkeep(queue text DEFAULT 'catalog') RETURNS integer
LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
  SELECT cardinality(pm_jobs.set_up_queue(queue, array_agg((u.kind, u.handler, true, u.spec, 'skip')::pm_jobs.task ORDER BY u.kind), max_attempts => 3))
  FROM pm_catalog._upkeep AS u;
END;
COMMENT ON FUNCTION pm_catalog.schedule_upkeep(text) IS
'schedules the jobs by which search follows what changes and figures are kept small and fresh, in a queue that is made if there is none and that pm_worker may use; returns how many. They run as role pm_worker if there is one that the caller is a member of, else as the caller. To be called once in each database, and again after an update of the extension. Administrators only. Errors: 42501 no administrator, or the schedules are another role''s; 22023 invalid name of a queue';

REVOKE ALL ON FUNCTION pm_catalog._run_counts(pm_jobs.job), pm_catalog._run_popularity(pm_jobs.job), pm_catalog.schedule_upkeep(text) FROM PUBLIC;
