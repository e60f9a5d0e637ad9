-- pm_jobs_round.sql - one round of pm_jobs.sql; every variant starts without a backlog
\set note 'INSERT INTO bench.runs SELECT :''test'', :''variant'', :round, extract(epoch FROM clock_timestamp() - :''started''::timestamptz)'
TRUNCATE plain;
VACUUM pm_jobs._job;
CHECKPOINT;

\set test 'enqueue in one statement'
\set variant 'INSERT'
SELECT clock_timestamp() AS started \gset
INSERT INTO plain (queue, kind, payload) SELECT 'bench', 'none', '{}' FROM generate_series(1, :jobs);
:note;
\set variant 'enqueue_many'
SELECT clock_timestamp() AS started \gset
SELECT count(*) AS n FROM pm_jobs.enqueue_many('bench', 'none', array_fill('{}'::jsonb, ARRAY[:jobs])) \gset
:note;

\set test 'drain, 60 a commit'
\set variant 'DELETE SKIP LOCKED'
SELECT clock_timestamp() AS started \gset
CALL drain_plain(60);
:note;
\set variant 'run_pending'
SELECT clock_timestamp() AS started \gset
CALL drain_pending(60);
:note;

TRUNCATE plain;
VACUUM pm_jobs._job;
INSERT INTO plain (queue, kind, payload) SELECT 'bench', 'none', '{}' FROM generate_series(1, :jobs);
SELECT count(*) AS n FROM pm_jobs.enqueue_many('bench', 'none', array_fill('{}'::jsonb, ARRAY[:jobs])) \gset
CHECKPOINT;
\set test 'drain, one transaction'
\set variant 'run_pending'
SELECT clock_timestamp() AS started \gset
SELECT pm_jobs.run_pending('bench') AS n \gset
:note;
\set variant 'DELETE SKIP LOCKED 1000'
SELECT clock_timestamp() AS started \gset
CALL drain_plain(1000);
:note;

TRUNCATE plain;
VACUUM pm_jobs._job;
\set test 'enqueue one by one'
\set variant 'enqueue'
SELECT clock_timestamp() AS started \gset
CALL enqueue_one_by_one(:few);
:note;
\set variant 'INSERT'
SELECT clock_timestamp() AS started \gset
CALL insert_one_by_one(:few);
:note;

\set test 'drain, one commit a job'
\set variant 'CALL run'
SELECT clock_timestamp() AS started \gset
CALL pm_jobs.run('bench');
:note;
\set variant 'DELETE SKIP LOCKED'
SELECT clock_timestamp() AS started \gset
CALL drain_plain(1);
:note;
