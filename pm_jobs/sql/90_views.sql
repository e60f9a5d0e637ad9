-- What people look at.  Views take the reader's rights: row-level security shows a
-- role its own jobs.

CREATE VIEW pm_jobs.queues WITH (security_invoker) AS
SELECT q.name, q.paused, q.concurrency, q.max_attempts, q.backoff, q.rate_per_second, q.rate_burst, q.key_concurrency, q.retention,
       q.events, q.ordered, q.own_commit, q.owner,
       (SELECT array_agg(g.role ORDER BY g.role) FROM pm_jobs._queue_grants AS g WHERE g.queue = q.name) AS granted_to, q.created_at
FROM pm_jobs._queues AS q;
COMMENT ON VIEW pm_jobs.queues IS 'The queues and their settings, as in create_queue(). For everybody.';
COMMENT ON COLUMN pm_jobs.queues.name IS 'name of the queue';
COMMENT ON COLUMN pm_jobs.queues.paused IS 'are no jobs started?';
COMMENT ON COLUMN pm_jobs.queues.concurrency IS 'jobs that may run at once';
COMMENT ON COLUMN pm_jobs.queues.max_attempts IS 'executions before a job is dead, unless enqueue() says otherwise';
COMMENT ON COLUMN pm_jobs.queues.backoff IS 'wait after the first, second ... failure; the last one serves all later ones';
COMMENT ON COLUMN pm_jobs.queues.rate_per_second IS 'jobs that may start in a second, on average; NULL: no limit';
COMMENT ON COLUMN pm_jobs.queues.rate_burst IS 'jobs that may start at once after a rest; NULL: no limit';
COMMENT ON COLUMN pm_jobs.queues.key_concurrency IS 'jobs with one limit_key that may run at once; NULL: no limit';
COMMENT ON COLUMN pm_jobs.queues.retention IS 'how long finished jobs are kept at least';
COMMENT ON COLUMN pm_jobs.queues.events IS 'is the queue''s name sent by NOTIFY pm_jobs_events when jobs finish?';
COMMENT ON COLUMN pm_jobs.queues.ordered IS 'does each limit_key run one job at a time, in order?';
COMMENT ON COLUMN pm_jobs.queues.own_commit IS 'do workers commit each job by itself?';
COMMENT ON COLUMN pm_jobs.queues.owner IS 'role that made it';
COMMENT ON COLUMN pm_jobs.queues.granted_to IS 'roles that may enqueue besides the owner and administrators; - is everybody';
COMMENT ON COLUMN pm_jobs.queues.created_at IS 'when it was made';

CREATE VIEW pm_jobs.handlers WITH (security_invoker) AS
SELECT h.kind, h.handler, h.transactional, h.owner, to_regprocedure(h.handler) IS NOT NULL AS present
FROM pm_jobs._handlers AS h;
COMMENT ON VIEW pm_jobs.handlers IS 'The kinds of jobs and the functions that run them. For everybody.';
COMMENT ON COLUMN pm_jobs.handlers.kind IS 'kind, as enqueue() takes it';
COMMENT ON COLUMN pm_jobs.handlers.handler IS 'signature of the function or procedure';
COMMENT ON COLUMN pm_jobs.handlers.transactional IS 'true: run with the job''s completion, exactly once; false: effects outside, at least once, by workers and CALL run()';
COMMENT ON COLUMN pm_jobs.handlers.owner IS 'role that registered it';
COMMENT ON COLUMN pm_jobs.handlers.present IS 'does the function exist now?';

CREATE VIEW pm_jobs.jobs WITH (security_invoker) AS
SELECT j.id, j.queue, j.kind, pm_jobs._status(j.ctid, j.xmax, j.id, j.run_at, j.started_at) AS status, j.payload, j.priority, j.run_at,
       j.attempts, j.max_attempts, j.crashes, j.dedup_key, j.limit_key, pm_jobs._progress(j.id) AS progress,
       pm_jobs._progress_message(j.id) AS progress_message, pm_jobs._eta(j.id) AS eta, NULL::jsonb AS result, j.last_error,
       j.enqueued_by, j.enqueued_at, coalesce(j.started_at, pm_jobs._running_since(j.id)) AS started_at, NULL::timestamptz AS finished_at
FROM pm_jobs._job AS j
UNION ALL
SELECT f.id, f.queue, f.kind, f.status, f.payload, f.priority, f.run_at, f.attempts, f.max_attempts, f.crashes, f.dedup_key, f.limit_key,
       CASE f.status WHEN 'succeeded' THEN 1::double precision END, NULL, NULL, f.result, f.last_error, f.enqueued_by, f.enqueued_at,
       f.started_at, f.finished_at
FROM pm_jobs._finished AS f;
COMMENT ON VIEW pm_jobs.jobs IS 'Jobs in every state, until their retention ends. A role sees its own, administrators all.';
COMMENT ON COLUMN pm_jobs.jobs.id IS 'number of the job, given by enqueue()';
COMMENT ON COLUMN pm_jobs.jobs.queue IS 'its queue';
COMMENT ON COLUMN pm_jobs.jobs.kind IS 'its kind, which names the handler';
COMMENT ON COLUMN pm_jobs.jobs.status IS 'scheduled (run_at is to come), ready, running, succeeded, dead (attempts used up), cancelled';
COMMENT ON COLUMN pm_jobs.jobs.payload IS 'what the handler is given';
COMMENT ON COLUMN pm_jobs.jobs.priority IS 'higher first';
COMMENT ON COLUMN pm_jobs.jobs.run_at IS 'not before; after a failure, the time of the next attempt; NULL: at once';
COMMENT ON COLUMN pm_jobs.jobs.attempts IS 'executions that ended, since it was enqueued or retried';
COMMENT ON COLUMN pm_jobs.jobs.max_attempts IS 'executions before it is dead';
COMMENT ON COLUMN pm_jobs.jobs.crashes IS 'how often the process that ran it crashed; not among the attempts; dead at pm_jobs.max_crashes';
COMMENT ON COLUMN pm_jobs.jobs.dedup_key IS 'key that lets no second job wait in the queue';
COMMENT ON COLUMN pm_jobs.jobs.limit_key IS 'what key_concurrency and ordered count by';
COMMENT ON COLUMN pm_jobs.jobs.progress IS 'how far it is, 0 to 1, if it runs in a worker and its handler tells; 1 if it succeeded';
COMMENT ON COLUMN pm_jobs.jobs.progress_message IS 'what its handler said last';
COMMENT ON COLUMN pm_jobs.jobs.eta IS 'when it should end, if the rest goes on as fast as what is done so far: now + time since started_at * (1 - progress) / progress';
COMMENT ON COLUMN pm_jobs.jobs.result IS 'what the handler returned';
COMMENT ON COLUMN pm_jobs.jobs.last_error IS 'message of the last failure; view attempts has all of it';
COMMENT ON COLUMN pm_jobs.jobs.enqueued_by IS 'role it was enqueued by and runs as';
COMMENT ON COLUMN pm_jobs.jobs.enqueued_at IS 'start of the transaction that enqueued it';
COMMENT ON COLUMN pm_jobs.jobs.started_at IS 'start of the execution that is running in a worker, or of the last one once it is recorded';
COMMENT ON COLUMN pm_jobs.jobs.finished_at IS 'when it succeeded, died or was cancelled';

CREATE VIEW pm_jobs.attempts WITH (security_invoker) AS
SELECT a.job_id, a.attempt, a.started_at, a.finished_at, a.outcome, a.sqlstate, a.message, a.detail, a.hint, a.context, a.pid
FROM pm_jobs._attempts AS a;
COMMENT ON VIEW pm_jobs.attempts IS 'Executions that failed, and all those of handlers with effects outside. A role sees those of its own jobs.';
COMMENT ON COLUMN pm_jobs.attempts.job_id IS 'id of the job';
COMMENT ON COLUMN pm_jobs.attempts.attempt IS 'which execution of the job, from 1; goes on after retry()';
COMMENT ON COLUMN pm_jobs.attempts.started_at IS 'when the handler was called';
COMMENT ON COLUMN pm_jobs.attempts.finished_at IS 'when it returned or failed; NULL: it runs, or its process died';
COMMENT ON COLUMN pm_jobs.attempts.outcome IS 'succeeded, failed, cancelled, crashed; NULL: it runs, or its process died';
COMMENT ON COLUMN pm_jobs.attempts.sqlstate IS 'code of the error';
COMMENT ON COLUMN pm_jobs.attempts.message IS 'its message';
COMMENT ON COLUMN pm_jobs.attempts.detail IS 'its detail';
COMMENT ON COLUMN pm_jobs.attempts.hint IS 'its hint';
COMMENT ON COLUMN pm_jobs.attempts.context IS 'where in the handler it was raised';
COMMENT ON COLUMN pm_jobs.attempts.pid IS 'process that ran it';

CREATE VIEW pm_jobs.dead WITH (security_invoker) AS
SELECT f.id, f.queue, f.kind, f.payload, f.attempts, a.sqlstate, f.last_error, a.detail, a.hint, a.context, f.enqueued_by, f.enqueued_at,
       f.finished_at
FROM pm_jobs._finished AS f
LEFT JOIN pm_jobs._attempts AS a ON a.job_id = f.id AND a.attempt = f.earlier_attempts + f.attempts
WHERE f.status = 'dead';
COMMENT ON VIEW pm_jobs.dead IS 'Dead letters: jobs whose attempts are used up, with the last error. retry() and redrive() run them again. A role sees its own.';
COMMENT ON COLUMN pm_jobs.dead.id IS 'id of the job';
COMMENT ON COLUMN pm_jobs.dead.queue IS 'its queue';
COMMENT ON COLUMN pm_jobs.dead.kind IS 'its kind';
COMMENT ON COLUMN pm_jobs.dead.payload IS 'what the handler was given';
COMMENT ON COLUMN pm_jobs.dead.attempts IS 'executions since it was enqueued or retried';
COMMENT ON COLUMN pm_jobs.dead.sqlstate IS 'code of the last error';
COMMENT ON COLUMN pm_jobs.dead.last_error IS 'its message';
COMMENT ON COLUMN pm_jobs.dead.detail IS 'its detail';
COMMENT ON COLUMN pm_jobs.dead.hint IS 'its hint';
COMMENT ON COLUMN pm_jobs.dead.context IS 'where in the handler it was raised';
COMMENT ON COLUMN pm_jobs.dead.enqueued_by IS 'role that enqueued it';
COMMENT ON COLUMN pm_jobs.dead.enqueued_at IS 'when it was enqueued';
COMMENT ON COLUMN pm_jobs.dead.finished_at IS 'when it died';

CREATE VIEW pm_jobs.schedules WITH (security_invoker) AS
SELECT s.name, s.spec, s.queue, s.kind, s.payload, s.missed, s.owner, s.next_run, s.last_run, s.last_error
FROM pm_jobs._schedules AS s;
COMMENT ON VIEW pm_jobs.schedules IS 'Jobs that are enqueued again and again. A role sees its own, administrators all.';
COMMENT ON COLUMN pm_jobs.schedules.name IS 'name of the schedule';
COMMENT ON COLUMN pm_jobs.schedules.spec IS 'cron line with an optional time zone, or interval';
COMMENT ON COLUMN pm_jobs.schedules.queue IS 'queue of the jobs';
COMMENT ON COLUMN pm_jobs.schedules.kind IS 'their kind';
COMMENT ON COLUMN pm_jobs.schedules.payload IS 'their payload';
COMMENT ON COLUMN pm_jobs.schedules.missed IS 'what happens for times at which nobody looked: skip, once or all';
COMMENT ON COLUMN pm_jobs.schedules.owner IS 'role they run as';
COMMENT ON COLUMN pm_jobs.schedules.next_run IS 'next time; infinity: never';
COMMENT ON COLUMN pm_jobs.schedules.last_run IS 'last time for which a job was enqueued';
COMMENT ON COLUMN pm_jobs.schedules.last_error IS 'why no job could be enqueued last time';

-- Median and 95th percentile of the times between two times: see src/spread.c.
CREATE FUNCTION pm_jobs._spread_add(internal, timestamptz, timestamptz) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_jobs__spread_add';
CREATE FUNCTION pm_jobs._spread_end(internal) RETURNS interval[]
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_jobs__spread';
CREATE AGGREGATE pm_jobs._spread(timestamptz, timestamptz) (
  SFUNC = pm_jobs._spread_add, STYPE = internal, SSPACE = 8192, FINALFUNC = pm_jobs._spread_end, FINALFUNC_MODIFY = READ_WRITE, PARALLEL = SAFE
);
REVOKE ALL ON FUNCTION pm_jobs._spread_add(internal, timestamptz, timestamptz), pm_jobs._spread_end(internal) FROM PUBLIC;

CREATE VIEW pm_jobs.stats WITH (security_invoker) AS
SELECT q.name AS queue, q.paused, coalesce(w.scheduled, 0) AS scheduled, coalesce(w.ready, 0) AS ready, coalesce(w.running, 0) AS running,
       (SELECT count(*) FROM pm_jobs._finished AS f WHERE f.queue = q.name AND f.status = 'dead') AS dead,
       clock_timestamp() - w.oldest_ready AS oldest_ready, coalesce(h.succeeded, 0) AS succeeded_hour, coalesce(a.failed, 0) AS failed_hour,
       round(coalesce(h.recent, 0) / 5.0, 1) AS per_minute, h.run[1] AS run_p50, h.run[2] AS run_p95, h.wait[1] AS wait_p50, h.wait[2] AS wait_p95
FROM pm_jobs._queues AS q
LEFT JOIN (
  SELECT j.queue, count(*) FILTER (WHERE j.status = 'scheduled') AS scheduled, count(*) FILTER (WHERE j.status = 'ready') AS ready,
         count(*) FILTER (WHERE j.status = 'running') AS running,
         min(greatest(j.enqueued_at, j.run_at)) FILTER (WHERE j.status = 'ready') AS oldest_ready
  FROM (SELECT u.queue, pm_jobs._status(u.ctid, u.xmax, u.id, u.run_at, u.started_at) AS status, u.enqueued_at, u.run_at
        FROM pm_jobs._job AS u) AS j
  GROUP BY j.queue
) AS w ON w.queue = q.name
LEFT JOIN (
  SELECT f.queue, count(*) FILTER (WHERE f.status = 'succeeded') AS succeeded,
         count(*) FILTER (WHERE f.status = 'succeeded' AND f.finished_at > now() - interval '5 min') AS recent,
         pm_jobs._spread(f.started_at, f.finished_at) AS run, pm_jobs._spread(greatest(f.enqueued_at, f.run_at), f.started_at) AS wait
  FROM pm_jobs._finished AS f WHERE f.finished_at > now() - interval '1 hour'
  GROUP BY f.queue
) AS h ON h.queue = q.name
LEFT JOIN (
  SELECT j.queue, count(*) AS failed
  FROM pm_jobs._attempts AS t JOIN pm_jobs.jobs AS j ON j.id = t.job_id
  WHERE t.started_at > now() - interval '1 hour' AND t.outcome IN ('failed', 'crashed')
  GROUP BY j.queue
) AS a ON a.queue = q.name
ORDER BY q.name;
COMMENT ON VIEW pm_jobs.stats IS 'A line for each queue, counting the jobs that the reader may see.';
COMMENT ON COLUMN pm_jobs.stats.queue IS 'name of the queue';
COMMENT ON COLUMN pm_jobs.stats.paused IS 'are no jobs started?';
COMMENT ON COLUMN pm_jobs.stats.scheduled IS 'jobs that wait for their time';
COMMENT ON COLUMN pm_jobs.stats.ready IS 'jobs that could run now';
COMMENT ON COLUMN pm_jobs.stats.running IS 'jobs that run';
COMMENT ON COLUMN pm_jobs.stats.dead IS 'dead letters that are kept';
COMMENT ON COLUMN pm_jobs.stats.oldest_ready IS 'how long the oldest ready job has been ready';
COMMENT ON COLUMN pm_jobs.stats.succeeded_hour IS 'jobs that succeeded in the last hour';
COMMENT ON COLUMN pm_jobs.stats.failed_hour IS 'attempts that failed in the last hour';
COMMENT ON COLUMN pm_jobs.stats.per_minute IS 'jobs that succeeded in a minute, over the last five';
COMMENT ON COLUMN pm_jobs.stats.run_p50 IS 'median time an execution took, over the last hour''s finished jobs';
COMMENT ON COLUMN pm_jobs.stats.run_p95 IS '95th percentile of it';
COMMENT ON COLUMN pm_jobs.stats.wait_p50 IS 'median time from being due to being started, over the last hour';
COMMENT ON COLUMN pm_jobs.stats.wait_p95 IS '95th percentile of it';

GRANT SELECT ON pm_jobs.queues, pm_jobs.handlers, pm_jobs.jobs, pm_jobs.attempts, pm_jobs.dead, pm_jobs.schedules, pm_jobs.stats TO PUBLIC;
