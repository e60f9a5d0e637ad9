-- Imports from being asked for to being undone.  What runs them here is a stand-in that
-- does with each line of the file what its first word says.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET search_path = pm_imports, public;
CREATE FUNCTION public.stand_in(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  j pm_imports.import_jobs := pm_imports._begin_job((job.payload ->> 'job')::uuid);
  b pm_imports.import_batches;
  line text;
  n bigint := 0;
  go_on boolean;
BEGIN
  IF j.status <> 'running' THEN
    RETURN NULL;
  END IF;
  UPDATE pm_imports.import_jobs AS s SET found = '{"format": "csv", "delimiter": ";", "quote": "\"", "header": true, "columns": ["EAN", "Na;me"]}' WHERE s.id = j.id;
  b := ROW(j.id, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL);
  FOR line IN SELECT l FROM pm_imports.import_file_chunks AS c, regexp_split_to_table(convert_from(c.content, 'UTF8'), E'\n') AS l WHERE c.file_id = j.file_id AND l <> '' AND l NOT LIKE 'EAN%' ORDER BY c.chunk LOOP
    n := n + 1;
    CASE split_part(line, ';', 1)
      WHEN 'new' THEN b.successful_rows := b.successful_rows + 1; b.products_created := b.products_created + 1;
      WHEN 'changed' THEN b.successful_rows := b.successful_rows + 1; b.products_updated := b.products_updated + 1;
      WHEN 'same' THEN b.products_unchanged := b.products_unchanged + 1;
      WHEN 'twice' THEN b.duplicate_rows := b.duplicate_rows + 1;
      WHEN 'bad' THEN
        b.failed_rows := b.failed_rows + 1;
        b.error_count := b.error_count + 2;
        INSERT INTO pm_imports.import_errors VALUES (j.id, n, 1, n + 1, 10 * n, 'EAN', 'gtin', 'bad', 'bad_gtin', 'is no GTIN', 'error', line), (j.id, n, 2, n + 1, 10 * n, NULL, 'title', NULL, 'required', 'is missing', 'error', NULL);
      WHEN 'dear' THEN
        b.successful_rows := b.successful_rows + 1;
        b.warning_count := b.warning_count + 1;
        INSERT INTO pm_imports.import_errors VALUES (j.id, n, 1, n + 1, 10 * n, 'P', 'price', '1000', 'max', 'is more than 999', 'warning', NULL);
      WHEN 'crash' THEN RAISE EXCEPTION 'it crashed';
    END CASE;
  END LOOP;
  b.last_record := n;
  go_on := pm_imports._count_batch(b, 10 * n);
  PERFORM pm_imports._end_job(j.id, CASE WHEN go_on THEN 'completed' ELSE 'cancelled' END);
  RETURN NULL;
END
$$;
-- what a statement is refused with, without ids
CREATE FUNCTION public.refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  hint text;
  detail text;
BEGIN
  EXECUTE statement;
  RETURN 'it is not';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT, detail = PG_EXCEPTION_DETAIL;
  RETURN regexp_replace(format(E'%s: %s', SQLSTATE, concat_ws(E'\n', SQLERRM, nullif(detail, ''), nullif(hint, ''))), '[0-9a-f]{8}-[-0-9a-f]{27}', 'ID', 'g');
END
$$;
SELECT pm_jobs.register_handler('run_import', 'public.stand_in(pm_jobs.job)', false);
INSERT INTO import_configs (supplier_code, config_name, field_mapping) VALUES ('acme', 'a', '{"gtin": "EAN"}'), ('acme', 'off', '{"gtin": "EAN"}');
UPDATE import_configs SET is_active = false WHERE config_name = 'off';
-- before there is a queue
SELECT import_data('a', 'x.csv', '');
SELECT schedule_upkeep();
SELECT schedule_upkeep();
SELECT name, concurrency, key_concurrency FROM pm_jobs.queues;
SELECT kind, handler, transactional FROM pm_jobs.handlers ORDER BY kind;
SELECT name, spec, queue FROM pm_jobs.schedules ORDER BY name;
CREATE FUNCTION public.go(content text, dry_run boolean DEFAULT false, force boolean DEFAULT false, file_name text DEFAULT 'C:\in\a.csv') RETURNS uuid
LANGUAGE sql AS $$ SELECT pm_imports.import_data('a', $4, convert_to($1, 'UTF8'), $2, $3) $$;
CREATE VIEW public.counts AS SELECT status, dry_run, total_rows AS total, processed_rows AS processed, successful_rows AS ok, products_created AS created, products_updated AS updated,
  products_unchanged AS same, duplicate_rows AS twice, failed_rows AS failed, error_count AS errors, warning_count AS warnings, same_as IS NOT NULL AS had_it, last_error
FROM import_jobs ORDER BY created_at, id;

SELECT pm_jobs.register_handler('told', 'public.stand_in(pm_jobs.job)'), pm_jobs.create_queue('events');
SELECT count(pm_xref.subscribe(topic, NULL, 'events', 'told')) FROM pm_xref.topics WHERE topic LIKE 'imports.job.%';
-- all kinds of rows; what is asked for, and what it is then
SET pm_imports.user_id = '01a21d28-7d45-7936-84e2-000000000099';
SELECT go(E'EAN;Na;me\nnew;1\nnew;2\nchanged\nsame\ntwice\nbad;"x"\ndear\nbad;y\n') AS job \gset
RESET pm_imports.user_id;
SELECT j.status, j.config_name, j.supplier_code, j.import_type, j.role = quote_ident(current_user)::regrole AS own, j.created_by, f.file_name, f.size, encode(f.sha256, 'hex') AS sha256, f.uploaded_by = j.role AS uploaded, j.plan -> 'field_mapping' AS mapping
FROM import_jobs AS j JOIN import_files AS f ON f.id = j.file_id;
SELECT q.queue, q.kind, q.limit_key, q.payload ->> 'job' = :'job' AS names_it FROM pm_jobs.jobs AS q JOIN import_jobs AS j ON j.job_id = q.id;
SELECT status, file_name, processed_rows, fraction, eta FROM progress;
SELECT wait(:'job', '0');
CALL pm_jobs.run('imports');
SELECT * FROM counts;
SELECT wait(:'job');
SELECT count(*) FROM progress;
SELECT r - '{job,created_at,started_at,completed_at,seconds,rows}'::text[] || jsonb_build_object('rows', (r -> 'rows') - 'per_second') FROM job_report(:'job') AS r;
SELECT status, rows, merged, created, updated, unchanged, duplicate, rejected, percent, top_errors FROM job_reports;
SELECT severity, code, column_name, target, errors, example_line, example_value FROM error_kinds ORDER BY 1, 2;
SELECT level, message, details - '{sha256,config}'::text[] AS details FROM import_logs ORDER BY id;
SELECT e.topic, e.key = :'job' AS of_the_job, e.payload - '{id,rows_per_second,eta}'::text[] AS payload FROM pm_xref._events AS e ORDER BY e.id;
SELECT supplier_code, imports, failed_imports, total_rows, successful_rows, failed_rows, products_created, products_unchanged, error_count, bytes, duration > '0' AS took_time FROM import_statistics;

-- the same file: nothing to do, unless forced, or another file came between, or the plan is another
SELECT count(go(E'EAN;Na;me\nnew;1\nnew;2\nchanged\nsame\ntwice\nbad;"x"\ndear\nbad;y\n', file_name => 'b.csv'));
CALL pm_jobs.run('imports');
SELECT status, total, had_it FROM counts;
SELECT count(go(E'EAN;Na;me\nnew;1\nnew;2\nchanged\nsame\ntwice\nbad;"x"\ndear\nbad;y\n', force => true)), count(go(E'new', file_name => 'a.csv'));
CALL pm_jobs.run('imports');
SELECT count(go(E'EAN;Na;me\nnew;1\nnew;2\nchanged\nsame\ntwice\nbad;"x"\ndear\nbad;y\n'));
CALL pm_jobs.run('imports');
SELECT status, total, had_it FROM counts;
UPDATE import_configs SET file_options = '{"skip": 0}' WHERE config_name = 'a';
SELECT count(go(E'EAN;Na;me\nnew;1\nnew;2\nchanged\nsame\ntwice\nbad;"x"\ndear\nbad;y\n'));
UPDATE import_configs SET file_options = '{"skip": 1}' WHERE config_name = 'a';
SELECT count(go(E'EAN;Na;me\nnew;1\nnew;2\nchanged\nsame\ntwice\nbad;"x"\ndear\nbad;y\n'));
CALL pm_jobs.run('imports');
SELECT had_it, count(*) FROM counts GROUP BY 1 ORDER BY 1;
SELECT imports FROM import_statistics;

-- rejected rows: as a file, and again
SELECT convert_from(rejected_file(:'job'), 'UTF8') AS rejected_file;
SELECT retry_rejected(:'job') AS again \gset
SELECT refused(format('SELECT retry_rejected(%L)', :'job'));
SELECT j.retry_of = :'job' AS retries, f.file_name, j.plan #> '{file_options}' AS file_options, j.plan ->> 'encoding' AS encoding, j.plan ->> 'delimiter' AS delimiter, j.plan #>> '{import_options,missing}' AS missing,
       convert_from(c.content, 'UTF8') AS content
FROM import_jobs AS j JOIN import_files AS f ON f.id = j.file_id JOIN import_file_chunks AS c ON c.file_id = f.id WHERE j.id = :'again';
CALL pm_jobs.run('imports');
SELECT processed_rows, failed_rows FROM import_jobs WHERE id = :'again';

-- dry runs count nothing and cannot be undone
SELECT imports AS before FROM import_statistics \gset
SELECT go('new', dry_run => true) AS dry \gset
CALL pm_jobs.run('imports');
SELECT status, created, dry_run FROM counts WHERE dry_run;
SELECT imports - :before AS counted FROM import_statistics;
SELECT refused(format('SELECT undo(%L)', :'dry'));
SELECT refused(format('SELECT retry_rejected(%L)', :'dry'));

-- cancel
SELECT go('new') AS waits \gset
SELECT cancel(:'waits');
SELECT cancel(:'waits');
SELECT wait(:'waits');
SELECT status, processed_rows, completed_at IS NOT NULL AS ended FROM import_jobs WHERE id = :'waits';
SELECT q.status FROM pm_jobs.jobs AS q JOIN import_jobs AS j ON j.job_id = q.id WHERE j.id = :'waits';
-- one that runs ends after its batch; one that is about to begin at once
SELECT go('new', force => true) AS runs \gset
SELECT (_begin_job(:'runs')).status;
SELECT cancel(:'runs');
SELECT (_begin_job(:'runs')).status;
SELECT _count_batch(ROW(:'runs', 1, 5, 5, 50, 3, 0, 3, 0, 2, 0, 0, 0, NULL), 60);
SELECT (_end_job(:'runs', 'cancelled')).status;
SELECT go('new', force => true) AS begins \gset
UPDATE import_jobs SET cancel_requested = true WHERE id = :'begins';
CALL pm_jobs.run('imports');
SELECT status, processed_rows FROM import_jobs WHERE id IN (:'runs', :'begins') ORDER BY id;
SELECT failed_imports FROM import_statistics;

-- an attempt that fails: why is shown while it waits for the next one
SELECT pm_jobs.alter_queue('imports', backoff => '{1 h}');
SELECT go('crash', force => true) AS tried \gset
CALL pm_jobs.run('imports');
SELECT status, last_error FROM progress WHERE job_id = :'tried';
SELECT last_error FROM job_reports WHERE job_id = :'tried';
SELECT cancel(:'tried');

-- a job of pm_jobs that dies: tried again, then its import has failed
SELECT pm_jobs.alter_queue('imports', max_attempts => 2, backoff => '{0}');
SELECT go('crash', force => true) AS dies \gset
CALL pm_jobs.run('imports');
SELECT status FROM import_jobs WHERE id = :'dies';
SELECT _settle();
SELECT status, last_error FROM import_jobs WHERE id = :'dies';
SELECT go('crash', force => true) AS dies \gset
CALL pm_jobs.run('imports');
SELECT wait(:'dies');
SELECT go('new', force => true) AS gone \gset
SELECT pm_jobs.cancel(job_id) FROM import_jobs WHERE id = :'gone';
SELECT wait(:'gone');
SELECT level, message, details FROM import_logs WHERE job_id = :'dies' AND message = 'failed';

-- states: no other moves, and counts that add up
SELECT status FROM import_jobs WHERE id = :'job';
SELECT refused(format('UPDATE import_jobs SET status = ''running'' WHERE id = %L', :'job'));
SELECT refused(format('UPDATE import_jobs SET status = ''completed'' WHERE id = %L', :'gone'));
INSERT INTO import_jobs (config_name, supplier_code, import_type, file_id, plan, status) SELECT config_name, supplier_code, import_type, file_id, plan, 'running' FROM import_jobs WHERE id = :'gone';
\set VERBOSITY terse
UPDATE import_jobs SET failed_rows = failed_rows + 1 WHERE id = :'job';
UPDATE import_jobs SET successful_rows = -1, processed_rows = -1 WHERE id = :'gone';
UPDATE import_jobs SET error_count = 0 WHERE id = :'job';
UPDATE import_jobs SET total_rows = total_rows + 1 WHERE id = :'job';
UPDATE import_jobs SET products_created = 100 WHERE id = :'job';
UPDATE import_jobs SET completed_at = NULL WHERE id = :'job';
UPDATE import_jobs SET status = 'undone' WHERE id = :'dry';
\set VERBOSITY default
SELECT refused(format('SELECT _count_batch(ROW(%L, 9, 5, 5, 50, 3, 0, 3, 0, 2, 0, 0, 0, NULL), 60)', :'job'));

-- what is refused
SELECT import_data('nope', 'x.csv', '');
SELECT import_data('off', 'x.csv', '');
SELECT import_data('a', 'x.csv', NULL);
SELECT refused($$SELECT import_data('a', E'x\ny', '')$$) LIKE '22023: file name % is not possible%' AS refused;
SELECT import_data('a', 'x.csv', '', NULL);
SELECT wait('01a21d28-7d45-7936-84e2-000000000000');
SELECT cancel(NULL);
SELECT wait(:'job', NULL);
SELECT job_report('01a21d28-7d45-7936-84e2-000000000000');
SELECT rejected_file(NULL);
SELECT undo(NULL);
BEGIN;
SELECT go('new', force => true) AS own \gset
SELECT refused(format('SELECT wait(%L)', :'own')) ~ '^55000: job .* was enqueued or changed by this transaction' AS refused;
ROLLBACK;

BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT wait(:'job');
ROLLBACK;

-- undo: here there is no catalog, and no server of the name
SELECT undo(:'job');
-- the last import of a config is not forgotten
BEGIN;
SELECT forget('0') > 0 AS gone;
SELECT config_name, count(*) FROM import_jobs GROUP BY 1;
ROLLBACK;
-- a config that goes leaves its imports
DELETE FROM import_configs WHERE config_name = 'a';
SELECT count(*) AS jobs, count(config_id) AS with_config FROM import_jobs;
SELECT refused(format('SELECT retry_rejected(%L)', :'job'));

-- forgetting
SELECT forget('1 day'), (SELECT count(*) FROM import_jobs) > 0 AS are_there;
SELECT forget('-1 day');
SELECT forget('0') > 0 AS gone;
SELECT (SELECT count(*) FROM import_jobs) AS jobs, (SELECT count(*) FROM import_errors) AS errors, (SELECT count(*) FROM import_files) AS files, (SELECT count(*) FROM import_file_chunks) AS chunks,
       (SELECT count(*) FROM import_statistics) AS statistics;
DELETE FROM import_statistics;
DELETE FROM import_logs;
DELETE FROM import_configs;
SELECT count(pm_xref.unsubscribe(topic, NULL, 'events')) FROM pm_xref.topics WHERE topic LIKE 'imports.job.%';
DROP VIEW public.counts;
DROP FUNCTION public.go(text, boolean, boolean, text), public.refused(text);
