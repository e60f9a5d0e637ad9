-- Whose turn it is in an ordered queue: the first of the key, but one that was tried
-- before holds the key; and one that only crashed does not come before what a crash
-- has undone (a commit need not have waited for the disk).
CREATE TABLE trace (n bigint GENERATED ALWAYS AS IDENTITY, name text);
CREATE FUNCTION work(job pm_jobs.job) RETURNS jsonb LANGUAGE sql SET search_path = public AS $$
  INSERT INTO trace (name) VALUES (job.payload ->> 'name') RETURNING NULL::jsonb
$$;
SELECT pm_jobs.create_queue('line', ordered => true), pm_jobs.register_handler('work', 'work(pm_jobs.job)');
-- runs jobs a to d of one key, changed as it says, and forgets them
CREATE FUNCTION turns(change text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  took text;
BEGIN
  PERFORM pm_jobs.enqueue('line', 'work', jsonb_build_object('name', name), limit_key => 'k') FROM unnest('{a,b,c,d}'::text[]) AS name;
  IF change IS NOT NULL THEN
    EXECUTE replace(replace(change, 'SET', 'UPDATE pm_jobs._job SET'), 'FOR', 'WHERE payload ->> ''name'' =');
  END IF;
  PERFORM pm_jobs.run_pending('line');
  took := (SELECT string_agg(t.name, ' ' ORDER BY t.n) FROM trace AS t);
  DELETE FROM trace;
  DELETE FROM pm_jobs._job;
  RETURN took;
END
$$;

SELECT turns();
-- tried before: failed, or crashed when nothing was before it
SELECT turns($$SET attempts = 1 FOR 'c'$$), turns($$SET crashes = 1 FOR 'a'$$);
SELECT turns($$SET attempts = 1, run_at = now() + interval '1 hour' FOR 'a'$$);
SELECT turns($$SET crashes = 1, run_at = now() + interval '1 hour' FOR 'a'$$);
-- crashed, and what was before it is there again
SELECT turns($$SET crashes = 1 FOR 'c'$$);
SELECT turns($$SET crashes = 1, run_at = now() + interval '1 hour' FOR 'c'$$);
SELECT turns($$SET crashes = 1, run_at = now() - interval '1 hour' FOR 'c'$$);
-- so is one that had failed before it succeeded, or had crashed
SELECT turns($$SET crashes = 1 FOR 'c'; SET attempts = 1, seq = nextval('pm_jobs._job_id') FOR 'b'$$);
SELECT turns($$SET crashes = 1 FOR 'd'; SET crashes = 1 FOR 'b'$$);
-- what was not before it: of lower priority, or ready later
SELECT turns($$SET crashes = 1 FOR 'c'; SET priority = -1 FOR 'a'$$);
SELECT turns($$SET crashes = 1 FOR 'c'; SET seq = nextval('pm_jobs._job_id') FOR 'a'$$);
SELECT turns($$SET crashes = 1 FOR 'b'; SET priority = 5 FOR 'd'$$);

SELECT pm_jobs.drop_queue('line');
SELECT pm_jobs.unregister_handler('work');
DROP FUNCTION turns, work;
DROP TABLE trace;
