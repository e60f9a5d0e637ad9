-- An invalidation is part of its transaction, and of its subtransaction.
SET search_path = public, pm_cache;
CREATE TABLE item (id integer PRIMARY KEY, version integer NOT NULL);
INSERT INTO item VALUES (1, 1);
CREATE FUNCTION through() RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v jsonb := pm_cache.cache_get('item:1');
  stored boolean;
BEGIN
  IF v IS NULL THEN
    v := (SELECT to_jsonb(version) FROM public.item WHERE id = 1);
    stored := pm_cache.cache_set('item:1', v, 'products');
    RAISE NOTICE 'loaded %, %', v, CASE WHEN stored THEN 'stored' ELSE 'not stored' END;
  END IF;
  RETURN v::integer;
END $$;
SELECT through();
SELECT through();

-- rolled back: as before, in the transaction and after it
BEGIN;
UPDATE item SET version = 2;
SELECT cache_invalidate('item:');
SELECT through();
ROLLBACK;
SELECT through();
-- committed
BEGIN;
UPDATE item SET version = 3;
SELECT cache_invalidate('item:');
SELECT through();
COMMIT;
SELECT through();
SELECT through();

-- undone by a savepoint: the value is there again
BEGIN;
SAVEPOINT a;
UPDATE item SET version = 4;
SELECT cache_invalidate('item:1');
SAVEPOINT b;
SELECT cache_invalidate('item:2');
RELEASE b;
SELECT through();
ROLLBACK TO a;
SELECT through();
COMMIT;
SELECT through();
-- of two, the outer one stays
BEGIN;
UPDATE item SET version = 5;
SELECT cache_invalidate('item:');
SAVEPOINT a;
SELECT cache_invalidate('item:1');
ROLLBACK TO a;
SELECT through();
COMMIT;
SELECT through();
-- the inner one is the outer one's when it is released
BEGIN;
SAVEPOINT a;
SAVEPOINT b;
UPDATE item SET version = 6;
SELECT cache_invalidate('item:1');
RELEASE b;
RELEASE a;
SAVEPOINT c;
ROLLBACK TO c;
COMMIT;
SELECT through();

-- what a transaction reads after it has written goes out when it commits
SELECT cache_invalidate('');
BEGIN;
UPDATE item SET version = 7;
SELECT through(), through();
ROLLBACK;
SELECT through();
SELECT cache_invalidate('');
BEGIN;
UPDATE item SET version = 8;
SELECT through();
COMMIT;
SELECT through();
-- not if it invalidates the key afterwards
SELECT cache_invalidate('');
BEGIN;
UPDATE item SET version = 9;
SELECT through();
UPDATE item SET version = 10;
SELECT cache_invalidate('item:1');
COMMIT;
SELECT through();
-- nor if what it read is undone
SELECT cache_invalidate('');
BEGIN;
SAVEPOINT a;
UPDATE item SET version = 11;
SELECT through();
ROLLBACK TO a;
COMMIT;
SELECT through();
SELECT cache_invalidate('');
BEGIN;
SELECT cache_get('item:1');
SAVEPOINT a;
UPDATE item SET version = 12;
ROLLBACK TO a;
SELECT cache_set('item:1', '12', 'products') AS read_before_rollback;
COMMIT;
SELECT through();

-- look, read and store in transactions of their own; a failure in between ends the right
SELECT cache_invalidate('');
SELECT cache_get('item:1');
SELECT version FROM item;
SELECT cache_set('item:1', '10', 'products');
SELECT cache_get('item:2');
SELECT 1 / 0;
SELECT cache_set('item:2', '1', 'products');
-- a block that fails and has written nothing ends none
SELECT cache_get('item:3');
DO $$ BEGIN PERFORM 1 / 0; EXCEPTION WHEN division_by_zero THEN NULL; END $$;
SELECT cache_set('item:3', '1', 'products');

-- serializable: neither found nor stored
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT through();
COMMIT;
-- prepared: refused after an invalidation
BEGIN;
SELECT cache_invalidate('none');
PREPARE TRANSACTION 'cache';

-- more prefixes than are kept apart become one that covers them
SELECT cache_get('many:1'), cache_set('many:1', '1', 'products'), cache_get('other:1'), cache_set('other:1', '1', 'products');
BEGIN;
SELECT count(cache_invalidate('many:x' || n)) FROM generate_series(1, 256) AS n;
SELECT cache_get('many:1'), cache_get('many:x1'), cache_get('other:1');
SELECT cache_invalidate('many:x257');
SELECT cache_get('other:1');
COMMIT;
SELECT cache_get('other:1');
-- read only
BEGIN READ ONLY;
SELECT cache_get('other:1');
COMMIT;
DROP FUNCTION through;
DROP TABLE item;
