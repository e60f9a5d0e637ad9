-- Versions of a product: who changed what, what it was, and how it gets back.
\set SHOW_CONTEXT never
SET search_path = pm_catalog, pm_gtin, public;
\set p '''01a21d28-7d45-7936-84e2-06bc7f30a5bb'''
INSERT INTO brands (id, name) VALUES ('01a21d28-7d45-7936-84e2-06bc7f30a511', 'Penmaker');
INSERT INTO products (id, title, gtin, weight, technical_specs) VALUES (:p, 'A pen', '4006381333931', 0.5, '{"colour": "red", "nib": {"mm": 0.5}, "cap": null}');
-- what is created has no history, and what does not change gets none
UPDATE products SET title = title;
SELECT count(*) FROM product_versions;
SELECT version, role = current_user AS mine, column_name, old_value, new_value FROM product_history(:p);

SET pm_catalog.user_id = '01a21d28-7d45-7936-84e2-06bc7f30a5aa';
SET pm_catalog.reason = 'new packaging';
UPDATE products SET title = 'A fine pen', gtin = '012345678905', weight = NULL, brand_id = '01a21d28-7d45-7936-84e2-06bc7f30a511';
RESET pm_catalog.user_id;
RESET pm_catalog.reason;
-- members of technical_specs come, change and go
UPDATE products SET technical_specs = '{"colour": "blue", "nib": {"mm": 0.50}, "ink": "gel"}';
UPDATE products SET technical_specs = technical_specs || '{"cap": false, "ink": "gel"}', weight = 2.5, is_featured = true;
UPDATE products SET technical_specs = '{}', status = 'inactive';
SELECT version, ended_by > change_id AS in_order, made_at < ended_at AS in_time, old, lacked FROM product_versions ORDER BY version;
SELECT version, user_id, reason, column_name, old_value, new_value FROM product_history(:p);
SELECT version, title, gtin, ean, upc, weight, status, technical_specs FROM generate_series(0, 6) AS n, _product_version(:p, n);
-- each version at its time, and the moment before
SELECT h.version, (product_as_of(:p, h.changed_at)).version AS at_it, (product_as_of(:p, h.changed_at - interval '1 us')).version AS before_it
FROM (SELECT DISTINCT version, changed_at FROM product_history(:p)) AS h ORDER BY 1;
SELECT count(*) FROM product_as_of(:p, '-infinity');
SELECT version FROM product_as_of(:p, 'infinity');
SELECT count(*) FROM product_as_of('01a21d28-7d45-7936-84e2-06bc7f30a5cc', now());
SELECT count(*) FROM product_history('01a21d28-7d45-7936-84e2-06bc7f30a5cc');
SELECT product_as_of(:p, NULL);

-- back to the start, as a new version
SELECT revert(:p, 1);
SELECT version, title, gtin, weight, status, brand_id, technical_specs FROM products;
SELECT version, reason, column_name, old_value, new_value FROM product_history(:p) WHERE version = 6;
SELECT revert(:p, 6), count(*) FROM product_versions;
SELECT revert(:p, 2);
-- what rules do not let back
DELETE FROM brands;
UPDATE products SET brand_id = NULL;
DELETE FROM brands;
SELECT revert(:p, 2);
SELECT revert(:p, 9);
SELECT revert(:p, 99);
SELECT revert(:p, NULL);
SELECT revert('01a21d28-7d45-7936-84e2-06bc7f30a5cc', 1);
UPDATE products SET gtin = NULL;
INSERT INTO products (id, title, gtin) VALUES ('01a21d28-7d45-7936-84e2-06bc7f30a5cc', 'Another', '4006381333931');
SELECT revert(:p, 1);
UPDATE products SET status = 'draft' WHERE title = 'Another';
INSERT INTO products (id, title, status) VALUES ('01a21d28-7d45-7936-84e2-06bc7f30a5dd', 'Idea', 'draft');
UPDATE products SET status = 'active' WHERE title = 'Idea';
SELECT revert('01a21d28-7d45-7936-84e2-06bc7f30a5dd', 1);

-- several changes in one transaction: the last one counts
BEGIN;
UPDATE products SET title = 'First' WHERE id = :p;
UPDATE products SET title = 'Second' WHERE id = :p;
SELECT title FROM product_as_of(:p, now());
COMMIT;
SELECT column_name, old_value, new_value FROM product_history(:p) LIMIT 2;

-- forgetting
SELECT forget_versions('1 day'), forget_versions('0') > 0 AS some;
SELECT count(*) FROM product_versions;
SELECT version, column_name FROM product_history(:p);
SELECT title FROM product_as_of(:p, now());
\set VERBOSITY sqlstate
SELECT product_as_of(:p, '-infinity');
\set VERBOSITY default
SELECT count(*) FROM product_as_of('01a21d28-7d45-7936-84e2-06bc7f30a5cc', '-infinity');
SELECT forget_versions('-1 s');
SELECT forget_versions(NULL);
UPDATE products SET deleted_at = now();
DELETE FROM products;
