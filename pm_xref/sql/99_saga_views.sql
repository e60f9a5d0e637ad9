-- Sagas as everybody may see them who may see any.

CREATE VIEW pm_xref.sagas WITH (security_invoker) AS
SELECT s.id, s.name,
       CASE WHEN s.finished_at IS NOT NULL OR pm_xref._goes_on(s) THEN s.state ELSE 'stuck' END AS state,
       CASE WHEN s.finished_at IS NULL THEN s.steps -> s.step - 1 ->> 'name' END AS step,
       CASE WHEN s.finished_at IS NULL THEN s.direction END AS direction,
       s.attempts, s.cancelled, s.code AS sqlstate, s.message, s.detail, s.payload, s.results, s.job, s.started_by, s.started_at, s.finished_at
FROM pm_xref._sagas AS s;
COMMENT ON VIEW pm_xref.sagas IS 'Sagas, those that run and those that have finished. A role sees its own, administrators all.';
COMMENT ON COLUMN pm_xref.sagas.id IS 'id of the saga';
COMMENT ON COLUMN pm_xref.sagas.name IS 'name of its definition';
COMMENT ON COLUMN pm_xref.sagas.state IS 'running; completed: all steps are done; compensating, compensated: what was done is being undone, is undone; stuck: it does not go on by itself, see sqlstate and message, or pm_jobs.dead if its job died or was cancelled';
COMMENT ON COLUMN pm_xref.sagas.step IS 'name of the step that is to be done or undone next; NULL: it has finished';
COMMENT ON COLUMN pm_xref.sagas.direction IS 'action or compensation: what of the step; NULL: it has finished';
COMMENT ON COLUMN pm_xref.sagas.attempts IS 'of the step in this direction, since it was last begun or retried: those that decided nothing';
COMMENT ON COLUMN pm_xref.sagas.cancelled IS 'has cancel_saga() been called?';
COMMENT ON COLUMN pm_xref.sagas.sqlstate IS 'code of the last error since an action was last done; NULL: there was none';
COMMENT ON COLUMN pm_xref.sagas.message IS 'its message';
COMMENT ON COLUMN pm_xref.sagas.detail IS 'its detail';
COMMENT ON COLUMN pm_xref.sagas.payload IS 'what it was started with';
COMMENT ON COLUMN pm_xref.sagas.results IS 'what the actions that are done have returned, by name of the step';
COMMENT ON COLUMN pm_xref.sagas.job IS 'id of the job in pm_jobs that goes on with it; NULL: it has finished';
COMMENT ON COLUMN pm_xref.sagas.started_by IS 'role that started it, and as which its steps run';
COMMENT ON COLUMN pm_xref.sagas.started_at IS 'start of the transaction that started it';
COMMENT ON COLUMN pm_xref.sagas.finished_at IS 'when it was completed or compensated; NULL: it is not';

CREATE VIEW pm_xref.saga_transitions WITH (security_invoker) AS
SELECT t.saga, t.n, t.at, t.step, t.direction, t.event, t.state, t.code AS sqlstate, t.message, t.detail
FROM pm_xref._saga_transitions AS t;
COMMENT ON VIEW pm_xref.saga_transitions IS 'Everything that happened to sagas. A role sees its own, administrators all.';
COMMENT ON COLUMN pm_xref.saga_transitions.saga IS 'id of the saga';
COMMENT ON COLUMN pm_xref.saga_transitions.n IS 'number of the transition, from 1, without gaps';
COMMENT ON COLUMN pm_xref.saga_transitions.at IS 'when it was written';
COMMENT ON COLUMN pm_xref.saga_transitions.step IS 'name of the step it is about';
COMMENT ON COLUMN pm_xref.saga_transitions.direction IS 'action or compensation: what of the step';
COMMENT ON COLUMN pm_xref.saga_transitions.event IS 'started; done; failed; undecided: an error that may pass, or that says nothing about the step, which is tried again; skipped: the step has no compensation; cancelled: it was not begun; stuck: it has failed too often; cancel, retried: somebody called cancel_saga() or retry_saga()';
COMMENT ON COLUMN pm_xref.saga_transitions.state IS 'state of the saga from then on';
COMMENT ON COLUMN pm_xref.saga_transitions.sqlstate IS 'code of the error; NULL: there was none';
COMMENT ON COLUMN pm_xref.saga_transitions.message IS 'its message';
COMMENT ON COLUMN pm_xref.saga_transitions.detail IS 'its detail';
