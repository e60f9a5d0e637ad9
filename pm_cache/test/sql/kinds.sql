-- Kinds and lifetimes.
SET search_path = public, pm_cache;
\set VERBOSITY terse
SELECT * FROM kinds ORDER BY ttl DESC, kind COLLATE "C";
SELECT set_ttl('brands', '10 min'), set_ttl('my own', '1 month');
SELECT * FROM kinds WHERE kind IN ('brands', 'my own') ORDER BY kind COLLATE "C";
SELECT cache_get('kind:1'), cache_set('kind:1', '1', 'my own') AS stored;
SELECT set_ttl('my own', '1 us');
-- a value keeps the lifetime it was stored with; the next one has the new one
SELECT cache_get('kind:1');
SELECT cache_get('kind:2'), cache_set('kind:2', '1', 'my own') AS stored;
SELECT cache_get('kind:2');
-- back to what it was
SELECT set_ttl('brands', NULL), set_ttl('my own', NULL), set_ttl('none such', NULL);
SELECT * FROM kinds WHERE kind IN ('brands', 'my own') ORDER BY kind COLLATE "C";
SELECT cache_get('kind:3'), cache_set('kind:3', '1', 'my own');
-- a change that is rolled back was none
BEGIN;
SELECT set_ttl('short', '1 h');
SELECT cache_get('kind:4'), cache_set('kind:4', '1', 'short');
ROLLBACK;
SELECT cache_get('kind:4'), cache_set('kind:4', '1', 'short');
-- a lifetime of the value's own, whatever its kind
SELECT cache_get('kind:5'), cache_set('kind:5', '1', 'brands', '1 us') AS stored;
SELECT cache_get('kind:5') AS gone, cache_set('kind:5', '2', 'brands', '1 day') AS stored, cache_get('kind:5');
-- what is refused
SELECT set_ttl('brands', '0'), set_ttl('brands', '-1 s');
SELECT set_ttl('brands', '-1 s');
SELECT set_ttl('', '1 h');
SELECT set_ttl(NULL, '1 h');
SELECT set_ttl(repeat('k', 64), '1 h');
SELECT set_ttl(repeat('k', 63), '1 h'), set_ttl(repeat('k', 63), NULL);
INSERT INTO _ttls VALUES ('x', '-1 s');
