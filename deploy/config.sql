-- config.sql - reads the rows that databases.sh feeds (config_rows) from standard
-- input into temporary tables, for the scripts that include it
\set ON_ERROR_STOP on
CREATE TEMPORARY TABLE databases (name text, host text, port integer, pool integer, links integer, session_limit integer, extensions text[], schemas text[]);
CREATE TEMPORARY TABLE queues (name text, concurrency integer, extension text);
CREATE TEMPORARY TABLE schedules (name text, spec text, queue text, kind text);
\copy databases FROM pstdin
\copy queues FROM pstdin
\copy schedules FROM pstdin
