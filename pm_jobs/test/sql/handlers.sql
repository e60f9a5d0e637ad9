-- Handlers: what can be one, how it is remembered, what happens when it goes.
\set SHOW_CONTEXT never
CREATE SCHEMA "My App";
CREATE FUNCTION "My App"."Send mail"(job pm_jobs.job) RETURNS jsonb LANGUAGE sql AS $$ SELECT job.payload $$;
CREATE PROCEDURE tidy(job pm_jobs.job) LANGUAGE plpgsql AS $$ BEGIN END $$;
SELECT pm_jobs.register_handler('mail', '"My App"."Send mail"(pm_jobs.job)');
SELECT pm_jobs.register_handler('tidy', 'tidy(pm_jobs.job)', transactional => false);
SELECT kind, handler, transactional, owner = quote_ident(current_user)::regrole AS mine, present FROM pm_jobs.handlers ORDER BY kind;

-- once more is another handler, not another kind
SELECT pm_jobs.register_handler('tidy', '"My App"."Send mail"(pm_jobs.job)');
SELECT kind, handler, transactional FROM pm_jobs.handlers WHERE kind = 'tidy';

-- what cannot be one
CREATE FUNCTION f_text(job pm_jobs.job) RETURNS text LANGUAGE sql AS $$ SELECT '' $$;
CREATE FUNCTION f_set(job pm_jobs.job) RETURNS SETOF jsonb LANGUAGE sql AS $$ SELECT '{}'::jsonb $$;
CREATE FUNCTION f_none() RETURNS jsonb LANGUAGE sql AS $$ SELECT '{}'::jsonb $$;
CREATE FUNCTION f_two(job pm_jobs.job, n integer DEFAULT 1) RETURNS jsonb LANGUAGE sql AS $$ SELECT '{}'::jsonb $$;
CREATE FUNCTION f_any(job anyelement) RETURNS jsonb LANGUAGE sql AS $$ SELECT '{}'::jsonb $$;
CREATE FUNCTION f_many(VARIADIC job pm_jobs.job[]) RETURNS jsonb LANGUAGE sql AS $$ SELECT '{}'::jsonb $$;
CREATE PROCEDURE p_out(job pm_jobs.job, OUT n integer) LANGUAGE plpgsql AS $$ BEGIN n := 1; END $$;
CREATE PROCEDURE p_inout(INOUT job pm_jobs.job) LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE FUNCTION f_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
SELECT pm_jobs.register_handler('bad', 'f_text(pm_jobs.job)');
SELECT pm_jobs.register_handler('bad', 'f_set(pm_jobs.job)');
SELECT pm_jobs.register_handler('bad', 'f_none()');
SELECT pm_jobs.register_handler('bad', 'f_two(pm_jobs.job, integer)');
SELECT pm_jobs.register_handler('bad', 'f_any(anyelement)');
SELECT pm_jobs.register_handler('bad', 'f_many(pm_jobs.job[])');
SELECT pm_jobs.register_handler('bad', 'p_out(pm_jobs.job)');
SELECT pm_jobs.register_handler('bad', 'p_inout(pm_jobs.job)');
SELECT pm_jobs.register_handler('bad', 'f_trigger()');
CREATE FUNCTION pg_temp.f_temp(job pm_jobs.job) RETURNS jsonb LANGUAGE sql AS $$ SELECT '{}'::jsonb $$;
DO $$ BEGIN PERFORM pm_jobs.register_handler('bad', 'pg_temp.f_temp(pm_jobs.job)');
EXCEPTION WHEN invalid_function_definition THEN RAISE NOTICE '%', regexp_replace(SQLERRM, '\d+', 'N'); END $$;
SELECT pm_jobs.register_handler('bad', 'count(*)');
SELECT pm_jobs.register_handler('bad', 'missing(pm_jobs.job)');
SELECT pm_jobs.register_handler('bad', NULL);
SELECT pm_jobs.register_handler('bad', 4294967295::oid::regprocedure);
SELECT pm_jobs.register_handler(NULL, 'tidy(pm_jobs.job)');
SELECT pm_jobs.register_handler('', 'tidy(pm_jobs.job)');
SELECT pm_jobs.register_handler(repeat('x', 64), 'tidy(pm_jobs.job)');
SELECT pm_jobs.register_handler('bad', 'tidy(pm_jobs.job)', NULL);
SELECT count(*) FROM pm_jobs.handlers;

-- a handler that is gone is known by its name
DROP FUNCTION "My App"."Send mail";
SELECT kind, handler, present FROM pm_jobs.handlers ORDER BY kind;
SELECT pm_jobs.unregister_handler('mail');
SELECT pm_jobs.unregister_handler('mail');
SELECT pm_jobs.unregister_handler('tidy');
SELECT pm_jobs.create_queue('q');
SELECT pm_jobs.enqueue('q', 'mail');

SELECT pm_jobs.drop_queue('q');
DROP FUNCTION f_text, f_set, f_none, f_two, f_any, f_many, f_trigger;
DROP PROCEDURE tidy, p_out, p_inout;
DROP SCHEMA "My App";
