-- uuid7(): form, time, order.
CREATE TABLE made (n bigint, id uuid DEFAULT pm_xref.uuid7());
INSERT INTO made SELECT i FROM generate_series(1, 1000000) AS i;
SELECT count(*), count(DISTINCT id) AS different,
       bool_and(substr(id::text, 15, 1) = '7') AS version, bool_and(substr(id::text, 20, 1) IN ('8', '9', 'a', 'b')) AS variant
FROM made;
-- in the order of their making, also within a millisecond
SELECT count(*) AS out_of_order FROM (SELECT id, lag(id) OVER (ORDER BY n) AS before FROM made) AS m WHERE id <= before;
SELECT count(DISTINCT left(id::text, 13)) < 500000 AS many_in_a_millisecond FROM made;
-- over statements and transactions too
SELECT pm_xref.uuid7() > max(id::text)::uuid AS grows FROM made;
-- the time is the time
SELECT abs(extract(epoch FROM clock_timestamp()) * 1000 - ('x' || lpad(replace(left(pm_xref.uuid7()::text, 13), '-', ''), 16, '0'))::bit(64)::bigint) < 10000 AS now;
-- for everybody
SET ROLE pg_read_server_files;
SELECT pm_xref.uuid7() IS NOT NULL AS made;
RESET ROLE;
DROP TABLE made;
