-- What may be about users: see pm_xref.personal_columns().

CREATE VIEW pm_jobs._personal_columns WITH (security_invoker) AS
SELECT v.relation, v.column_name, v.action, v.note
FROM (VALUES
  ('pm_jobs._job', 'payload', 'document', NULL),
  ('pm_jobs._job', 'dedup_key', 'clear', NULL),
  ('pm_jobs._job', 'limit_key', 'text', NULL),
  ('pm_jobs._job', 'last_error', 'message', NULL),
  ('pm_jobs._finished', 'payload', 'document', NULL),
  ('pm_jobs._finished', 'result', 'document', NULL),
  ('pm_jobs._finished', 'dedup_key', 'clear', NULL),
  ('pm_jobs._finished', 'limit_key', 'text', NULL),
  ('pm_jobs._finished', 'last_error', 'message', NULL),
  ('pm_jobs._attempts', 'message', 'message', NULL),
  ('pm_jobs._attempts', 'detail', 'message', NULL),
  ('pm_jobs._attempts', 'hint', 'message', NULL),
  ('pm_jobs._attempts', 'context', 'message', NULL),
  ('pm_jobs._schedules', 'payload', 'document', NULL),
  ('pm_jobs._schedules', 'last_error', 'message', NULL)
) AS v(relation, column_name, action, note);
